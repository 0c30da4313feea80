//! What passes through the stages: how many jobs each gained in the last hour, and what the last day shipped and
//! failed. It follows the log event by event, so that nobody ever counts all jobs for it.

use std::collections::{HashMap, VecDeque};

use super::path::median;
use super::recording::is_failure;
use crate::fleet::{Event, State, What};
use crate::job::{JobId, STAGES, Seq, Stage};
use crate::time::{Span, Stamp};

/// Hours that are told.
pub const HOURS: usize = 24;
/// Minutes that are kept: those hours, and the one that has begun.
const MINUTES_KEPT: i64 = HOURS as i64 * 60 + 1;
/// Lead times that are kept, the newest: the median of a day of more than that many ships needs no more of them.
const LEADS_MOST: usize = 4_000;
const MINUTE_MS: i64 = 60_000;

/// How many jobs each stage gained, in the order of the stages.
pub type Net = [i64; STAGES.len()];

/// Where an event leaves its job that stood in `was` before it, `None` before it was submitted: as the law applies
/// it, without what else the law knows of the job.
pub fn stage_after(what: &What, was: Option<Stage>) -> Option<Stage> {
    Some(match what {
        What::JobSubmitted { stage, .. } | What::JobSuperseded { stage, .. } => *stage,
        What::JobBlocked { .. } => Stage::Blocked,
        What::JobUnblocked { .. }
        | What::JobParked { .. }
        | What::JobUnparked { .. }
        | What::Asked { .. }
        | What::Answered { .. }
        | What::LeaseReleased { .. }
        | What::Preempted { .. } => Stage::Queued,
        // A ship that was lost leaves its job where it was shipped from.
        What::LeaseExpired { .. } if was.is_some_and(|was| !was.is_held()) => return was,
        What::LeaseExpired { .. } => Stage::Queued,
        What::LeaseGranted { .. } => Stage::Assigned,
        What::AttemptStarted { .. } => Stage::Building,
        What::AttemptEnded { to, .. }
        | What::ShipFailed { to, .. }
        | What::PrSentBack { to, .. }
        | What::Rejected { to, .. }
        | What::Requeued { to, .. }
        | What::Redriven { to, .. }
        | What::ReviewGiven { to: Some(to), .. } => *to,
        What::Promoted { .. } | What::PrOpened { .. } => Stage::Testing,
        What::Shipped { .. } => Stage::Shipped,
        What::Cancelled { .. } => Stage::Failed,
        What::DeadLettered { .. } => Stage::DeadLetter,
        _ => return was,
    })
}

/// What happened in a minute.
#[derive(Clone, Copy, Debug, Default)]
struct Minute {
    nth: i64,
    net: Net,
    shipped: usize,
    failed: usize,
}

/// The last day of a log, as it is followed.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// What was taken is complete from here on; `None`: from the first event of the queue.
    since: Option<Stamp>,
    /// The last event that was taken.
    seq: Seq,
    /// Minutes in which something happened, the oldest first.
    minutes: VecDeque<Minute>,
    /// When a job was shipped, and how long after it was submitted.
    leads: VecDeque<(Stamp, Span)>,
    /// Some lead times of the last day are no longer kept.
    forgot: bool,
    /// Where jobs stand that moved since a state knew all that was taken.
    moved: HashMap<JobId, Option<(Stage, Stamp)>>,
}

/// The hours up to a moment, the oldest first; `None` where nothing is known of one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Day {
    /// Jobs that were shipped.
    pub shipped: [Option<usize>; HOURS],
    /// Jobs that failed or were given up.
    pub failed: [Option<usize>; HOURS],
    /// How long shipped jobs took from submit to ship: the median, where one was shipped.
    pub lead: [Option<Span>; HOURS],
}

impl Flow {
    /// Of a log that begins with this state.
    pub fn of(begin: &State) -> Flow {
        Flow { since: (begin.seq > 0).then_some(begin.at), seq: begin.seq, ..Flow::default() }
    }

    /// The last event that was taken.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// Where a job stands, and when it was submitted. `before` may lag behind: what moved since stands here.
    fn place(&self, before: &State, id: &JobId) -> Option<(Stage, Stamp)> {
        match self.moved.get(id) {
            Some(row) => *row,
            None => before.job(id).map(|job| (job.stage, job.submitted)),
        }
    }

    fn minute(&mut self, at: Stamp) -> &mut Minute {
        let nth = at.as_millis().div_euclid(MINUTE_MS);
        // The law's time never goes back.
        let last = self.minutes.back().map_or(i64::MIN, |minute| minute.nth);
        if nth > last {
            self.minutes.push_back(Minute { nth, ..Minute::default() });
        }
        while self.minutes.front().is_some_and(|first| first.nth <= nth - MINUTES_KEPT) {
            self.minutes.pop_front();
        }
        let end = self.minutes.len() - 1;
        &mut self.minutes[end]
    }

    /// Takes a job's move at that moment.
    fn moves(&mut self, at: Stamp, was: Option<Stage>, is: Option<Stage>) {
        if was != is {
            let net = &mut self.minute(at).net;
            was.into_iter().for_each(|stage| net[stage as usize] -= 1);
            is.into_iter().for_each(|stage| net[stage as usize] += 1);
        }
    }

    /// Takes the events that come next, and passes over those it has; `before` is a state of the log at most as new
    /// as what it has taken. False where they do not follow: then what it tells is worth nothing any more.
    pub fn follow<'a>(&mut self, before: &State, events: impl IntoIterator<Item = &'a (Seq, Event)>) -> bool {
        if before.seq >= self.seq {
            self.moved.clear();
        }
        let knows = before.seq <= self.seq;
        let first = self.seq;
        for (seq, event) in events.into_iter().filter(|row| row.0 > first) {
            if !knows || *seq != self.seq + 1 {
                return false;
            }
            self.take(before, *seq, event);
        }
        true
    }

    fn take(&mut self, before: &State, seq: Seq, event: &Event) {
        self.seq = seq;
        let at = event.at;
        if let What::JobsArchived { jobs } = &event.what {
            for job in jobs {
                let was = self.place(before, job).map(|row| row.0);
                self.moves(at, was, None);
                self.moved.insert(job.clone(), None);
            }
        }
        let Some(job) = event.what.job() else { return };
        let row = self.place(before, job);
        let is = stage_after(&event.what, row.map(|row| row.0));
        let submitted = row.map_or(at, |row| row.1);
        self.moves(at, row.map(|row| row.0), is);
        self.moved.insert(job.clone(), is.map(|stage| (stage, submitted)));
        if is_failure(&event.what) {
            self.minute(at).failed += 1;
        }
        if let What::Shipped { .. } = event.what {
            self.minute(at).shipped += 1;
            self.leads.push_back((at, at.since(submitted)));
            let over = self.leads.len().saturating_sub(LEADS_MOST);
            self.forgot |= over > 0;
            self.leads.drain(..over);
        }
    }

    /// Whether so many hours up to `now` are known as a whole.
    fn knows(&self, now: Stamp, hours: usize) -> bool {
        let from = now.as_millis().div_euclid(MINUTE_MS) - i64::try_from(hours).unwrap_or(0) * 60;
        self.since.is_none_or(|since| since.as_millis().div_euclid(MINUTE_MS) <= from)
    }

    /// The hour of the last day in which a minute lies, 0 the oldest.
    fn hour(now: Stamp, nth: i64) -> Option<usize> {
        let ago = now.as_millis().div_euclid(MINUTE_MS) - nth;
        let hours = usize::try_from(ago.max(0) / 60).ok()?;
        (HOURS - 1).checked_sub(hours)
    }

    /// How many jobs each stage gained in the hour up to `now`; `None` where not all of it is known.
    pub fn net(&self, now: Stamp) -> Option<Net> {
        self.knows(now, 1).then(|| {
            let mut net = Net::default();
            let last = |minute: &&Minute| Flow::hour(now, minute.nth) == Some(HOURS - 1);
            for minute in self.minutes.iter().rev().take_while(last) {
                net.iter_mut().zip(minute.net).for_each(|(sum, one)| *sum += one);
            }
            net
        })
    }

    /// Jobs that were shipped at or after `from`, which is at most a day ago; `None` where not all are known.
    pub fn shipped_since(&self, from: Stamp) -> Option<usize> {
        let first = from.as_millis().div_euclid(MINUTE_MS);
        let known = self.since.is_none_or(|since| since <= from);
        let later = self.minutes.iter().rev().take_while(|minute| minute.nth >= first);
        known.then(|| later.map(|minute| minute.shipped).sum())
    }

    /// The hours up to `now`.
    pub fn day(&self, now: Stamp) -> Day {
        let mut day = Day::default();
        for hour in (0..HOURS).filter(|hour| self.knows(now, HOURS - hour)) {
            (day.shipped[hour], day.failed[hour]) = (Some(0), Some(0));
        }
        for minute in &self.minutes {
            let Some(hour) = Flow::hour(now, minute.nth) else { continue };
            day.shipped[hour] = day.shipped[hour].map(|sum| sum + minute.shipped);
            day.failed[hour] = day.failed[hour].map(|sum| sum + minute.failed);
        }
        let mut leads: [Vec<Span>; HOURS] = Default::default();
        for (at, lead) in &self.leads {
            if let Some(hour) = Flow::hour(now, at.as_millis().div_euclid(MINUTE_MS)) {
                leads[hour].push(*lead);
            }
        }
        // Of the hour in which they begin to be kept only some are there.
        let begins = leads.iter().position(|leads| !leads.is_empty()).filter(|_| self.forgot);
        for (hour, leads) in leads.into_iter().enumerate() {
            day.lead[hour] = median(leads).filter(|_| begins != Some(hour));
        }
        day
    }

    /// Whether anything was shipped or failed in it, so that there is something to tell that time changes.
    pub fn stirs(&self, now: Stamp) -> bool {
        self.minutes.back().is_some_and(|minute| Flow::hour(now, minute.nth).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;

    fn whole(scene: &Scene) -> Flow {
        let mut flow = Flow::default();
        let log: Vec<(Seq, Event)> = (1..).zip(scene.events.clone()).collect();
        assert!(flow.follow(&State::default(), &log));
        flow
    }

    fn told(net: Net) -> String {
        let rows = STAGES.iter().map(|row| (row.1, net[row.0 as usize])).filter(|row| row.1 != 0);
        rows.map(|(name, n)| format!("{name}{n:+}")).collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn check(script: &str, expected: &str) {
        let scene = Scene::script(script);
        assert_eq!(whole(&scene).net(scene.now().law).map(told).as_deref(), Some(expected), "{script}");
    }

    const SHIPS: &str = "job a | claim | start a | pass 30m | verify a rev=r | end a ok rev=r | ship a rev=r";

    #[test]
    fn the_last_hour_is_what_came_less_what_left() {
        check("job a", "queued+1");
        check("job a | job b deps=a | claim", "blocked+1 assigned+1");
        check("job a | pass 61m | claim | start a", "queued-1 building+1");
        check("job a | pass 59m | claim | start a", "building+1");
        check("job a | pass 61m", "");
        check("job a | job b | pass 2h | cancel a", "queued-1 failed+1");
        check("job a | pass 2h | park a", "");
        check(SHIPS, "shipped+1");
    }

    #[test]
    fn what_follows_piece_by_piece_is_what_is_read_at_once() {
        let scene =
            Scene::script(&format!("{SHIPS} | pass 70m | job b | claim | start b | pass 5m | cancel b"));
        let log: Vec<(Seq, Event)> = (1..).zip(scene.events.clone()).collect();
        let now = scene.now().law;
        for chunk in 1..log.len() {
            let (mut flow, mut state) = (Flow::default(), State::default());
            let mut reader = Flow::of(&State::default());
            for events in log.chunks(chunk) {
                assert!(flow.follow(&state, events), "chunks of {chunk}");
                assert!(reader.follow(&State::default(), events), "no state but the first one");
                events.iter().for_each(|row| state.apply(&row.1).expect("applies"));
            }
            let flows = [flow, reader];
            for flow in &flows {
                assert_eq!(flow.net(now).map(told).as_deref(), Some("failed+1"), "chunks of {chunk}");
                assert_eq!((flow.seq(), flow.day(now)), (state.seq, whole(&scene).day(now)));
            }
        }
    }

    #[test]
    fn an_hour_that_began_before_anything_was_known_is_not_told() {
        let scene = Scene::script("job a | pass 10m | job b | pass 30m | job c | pass 40m | job d");
        let log: Vec<(Seq, Event)> = (1..).zip(scene.events.clone()).collect();
        let mut begin = State::default();
        log[..2].iter().for_each(|row| begin.apply(&row.1).expect("applies"));
        let mut flow = Flow::of(&begin);
        assert!(flow.follow(&begin, &log));
        assert_eq!(flow.net(scene.now().law).map(told).as_deref(), Some("queued+2"));
        assert_eq!(flow.net(scene.job("c").submitted), None);
        assert_eq!(flow.day(scene.now().law).shipped.iter().flatten().count(), 1);
        assert_eq!(flow.shipped_since(begin.at), Some(0));
        assert_eq!(flow.shipped_since(Stamp::from_millis(begin.at.as_millis() - 1)), None);
        // Events that do not follow on what was taken are not guessed at.
        let mut late = Flow::default();
        assert!(!late.follow(&begin, &log[2..]));
        assert!(!late.follow(&State::default(), &log[1..]));
    }

    #[test]
    fn a_day_tells_hour_by_hour_what_shipped_and_failed_and_how_long_it_took() {
        let script = format!(
            "{SHIPS} | pass 2h | job b | job c | pass 20m | claim | start b | verify b rev=r | end b ok rev=r \
             | ship b rev=r | claim | start c | end c verify_failed"
        );
        let scene = Scene::script(&script);
        let flow = whole(&scene);
        let at = |id: &str| scene.job(id).since;
        let day = flow.day(at("b").plus(Span::from_mins(5)));
        let shipped: Vec<usize> = day.shipped.iter().rev().take(4).map(|n| n.unwrap_or(9)).collect();
        assert_eq!(shipped, [1, 0, 1, 0]);
        let leads: Vec<String> =
            day.lead.iter().rev().take(3).map(|l| l.map_or("?".into(), Span::age)).collect();
        assert_eq!(leads, ["20 min", "?", "30 min"]);
        assert_eq!(day.failed.iter().flatten().sum::<usize>(), crashes(&scene));
        let later = Scene::script(&format!("{script} | pass 25h | job d"));
        let flow = whole(&later);
        let over = flow.day(later.now().law);
        assert_eq!(over.shipped.iter().flatten().sum::<usize>(), 0, "a day later nothing of it is left");
        assert_eq!(flow.minutes.len(), 1, "nor is it kept");
    }

    fn crashes(scene: &Scene) -> usize {
        scene.events.iter().filter(|event| is_failure(&event.what)).count()
    }
}
