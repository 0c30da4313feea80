//! What dead processes hold: adopted where the engine lives on, given back where nothing of it is left.
//!
//! A lease is lost only when its process is provably gone, and the job is free again only after its
//! engine has no survivors. A run whose shim still works, or has written its verdict, is adopted under
//! the same epoch: nothing that ran is run twice. A holder that cannot be judged from here (another pid
//! namespace) is believed as long as its agent's sign of life is younger than the fallback.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use super::late::settle_closed;
use super::place::listed;
use super::work::{PREPARED_FILE, Phase, Prepared, SAVED_FILE, Saved, Work};
use crate::board::{Board as _, Local};
use crate::engine::{
    KILL_GRACE, Liveness, ProcessIdentity, Run, RunKind, RunState, ShipRun, StopCause, is_alive,
    process_identity,
};
use crate::fleet::{Actor, ActorKind, Command, Job, LeaseKind, Order, State};
use crate::job::{HolderId, plain_error};
use crate::store::Fault;
use crate::time::{Clock, Span, Stamp};

/// A holder that cannot be checked is given up after this long without a sign of life.
const FALLBACK: Span = Span::from_secs(900);

/// What can be done about a job whose holder is gone.
enum Left {
    /// Its run goes on or has ended by itself; an agent takes it up.
    Run(Box<Work>),
    /// Nothing of it runs any more.
    Nothing(String),
    /// Something of it still runs and cannot be ended from here.
    Stuck(String),
}

/// Gives back every lease of a dead process that no agent can take up, and ends and books what runs on of
/// attempts that are closed. Blocks while survivors are ended.
/// Gives a line for people for each.
///
/// # Errors
/// A [`Fault`] of the log.
pub async fn make_whole(local: &Local) -> Result<Vec<String>, Fault> {
    let state = local.snapshot();
    let mut lines = Vec::new();
    for job in dead(&state, &local.place().side, local.clock()) {
        if let Left::Nothing(why) = left_of(local, &job) {
            lines.extend(expire(local, &job, &why).await?);
        }
    }
    lines.extend(settle_closed(local).await?);
    Ok(lines)
}

/// Jobs whose holder is gone: shown as `orphaned` by verbs that only read.
pub fn orphaned(local: &Local) -> Vec<crate::job::JobId> {
    dead(&local.snapshot(), &local.place().side, local.clock()).into_iter().map(|job| job.id).collect()
}

/// What came of a look at what dead holders left.
pub(super) struct Taken {
    /// Runs that are ours now.
    pub works: Vec<Work>,
    /// For people.
    pub lines: Vec<String>,
    /// Runs that wait for a slot.
    pub waiting: usize,
    /// Jobs that cannot be freed yet.
    pub stuck: usize,
}

/// Takes up what an agent can take up, at most `slots` runs, and gives back the rest of what is dead.
pub(super) async fn adopt(local: &Local, me: &HolderId, slots: usize) -> Result<Taken, Fault> {
    let mut taken = Taken { works: Vec::new(), lines: Vec::new(), waiting: 0, stuck: 0 };
    let state = local.snapshot();
    for job in dead(&state, &local.place().side, local.clock()) {
        let found = {
            let (place, job) = (local.place().clone(), job.clone());
            super::act::blocking(move || left_in(&place.runs(&job.id), &job)).await
        };
        match found {
            Left::Run(work) if taken.works.len() < slots => {
                let gone = job.lease.as_ref().map_or(HolderId::new(""), |lease| lease.holder.clone());
                let command =
                    Command::Adopt { job: job.id.clone(), epoch: job.epoch, gone, holder: me.clone() };
                if ask(local, me.as_str(), command).await? {
                    taken.lines.push(format!("took up {} where its agent left it", job.id));
                    taken.works.push(*work);
                }
            }
            // No slot for it now: its engine goes on meanwhile, and a slot comes free.
            Left::Run(_) => taken.waiting += 1,
            Left::Nothing(why) => taken.lines.extend(expire(local, &job, &why).await?),
            Left::Stuck(why) => {
                taken.stuck += 1;
                taken.lines.push(format!("{}: {why}", job.id));
            }
        }
    }
    taken.lines.extend(settle_closed(local).await?);
    Ok(taken)
}

async fn expire(local: &Local, job: &Job, why: &str) -> Result<Option<String>, Fault> {
    let Some(lease) = &job.lease else { return Ok(None) };
    let (gone, reason) = (lease.holder.clone(), why.to_string());
    let command = Command::ExpireLease { job: job.id.clone(), epoch: job.epoch, gone, reason };
    Ok(ask(local, "reaper", command).await?.then(|| format!("{} is free again: {why}", job.id)))
}

/// Whether the law said yes; a no means that somebody else was faster.
async fn ask(local: &Local, by: &str, command: Command) -> Result<bool, Fault> {
    let by = Actor::new(ActorKind::Agent, by);
    Ok(local.act(vec![Order::new(by, command)]).await?.iter().all(Result::is_ok))
}

fn dead(state: &State, side: &Path, clock: &dyn Clock) -> Vec<Job> {
    state.held().filter(|(_, holder)| is_gone(holder, side, clock)).map(|(job, _)| job.clone()).collect()
}

pub(super) fn is_gone(holder: &HolderId, side: &Path, clock: &dyn Clock) -> bool {
    let who = ProcessIdentity::from_str(holder.as_str()).ok();
    match who.as_ref().map(is_alive) {
        Some(Liveness::Alive) => false,
        Some(Liveness::Gone) => true,
        Some(Liveness::Unknown) | None => {
            let boot = process_identity().boot;
            let shared = who.is_some_and(|who| !boot.is_empty() && who.boot == boot);
            silence(&beat_file(side, holder), shared, clock).is_none_or(|age| age > FALLBACK)
        }
    }
}

/// Where an agent leaves its sign of life.
pub(super) fn beat_file(side: &Path, holder: &HolderId) -> PathBuf {
    let name = blake3::hash(holder.as_str().as_bytes()).to_hex();
    side.join("agents").join(format!("{}.json", &name.as_str()[..16]))
}

/// How long an agent has given no sign of life. Under one boot that is waking time: neither a wall that is
/// set nor a night with the lid closed makes anybody silent. Else there is only the wall to measure by.
fn silence(path: &Path, shared: bool, clock: &dyn Clock) -> Option<Span> {
    if shared {
        let here: serde_json::Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        let last = here["awake"].as_u64()?;
        return Some(Span::from_millis(clock.awake().as_millis().saturating_sub(last)));
    }
    let changed = Stamp::from_system(std::fs::metadata(path).ok()?.modified().ok()?);
    Some(clock.wall().since(changed))
}

/// Renews an agent's sign of life. One that cannot be written is as good as none; the next comes in a
/// minute.
pub(super) fn beat(path: &Path, clock: &dyn Clock) {
    use std::os::unix::fs::FileExt as _;
    let Ok(text) = std::fs::read(path) else { return };
    let Ok(mut here) = serde_json::from_slice::<serde_json::Value>(&text) else { return };
    here["awake"] = clock.awake().as_millis().into();
    // Over itself in one write: the figure only grows, so no end of the old text is left over.
    let file = std::fs::File::options().write(true).open(path);
    let _ = file.and_then(|file| {
        file.write_all_at(format!("{here}\n").as_bytes(), 0)?;
        file.set_modified(clock.wall().to_system())
    });
}

fn left_of(local: &Local, job: &Job) -> Left {
    left_in(&local.place().runs(&job.id), job)
}

/// Whether the run of a job's open attempt goes on; where its agent is gone it works and costs, and nobody counts it.
pub fn goes_on(runs: &Path, job: &Job) -> bool {
    let Some(attempt) = job.open_attempt() else { return false };
    let dir = runs.join(attempt.no.to_string());
    let all = [RunKind::Verify, RunKind::Engine, RunKind::Setup].into_iter();
    let mut open = all.filter_map(|kind| Run::open(&dir.join(kind.name())).ok());
    open.any(|run| matches!(run.state(), Ok(RunState::Alive { .. })))
}

/// What is left of a job whose holder is gone. Ends survivors of a killed shim.
fn left_in(runs: &Path, job: &Job) -> Left {
    let Some(lease) = &job.lease else { return Left::Nothing("nobody holds it".to_string()) };
    let (holder, kind) = (lease.holder.clone(), lease.kind);
    let nothing = |what: &str| Left::Nothing(format!("{what}; its holder {holder} is gone"));
    if kind == LeaseKind::Ship {
        return left_of_ship(runs, job).map_or_else(|| nothing("the ship was not finished"), Left::Stuck);
    }
    let Some(attempt) = job.open_attempt() else { return nothing("the attempt had not begun") };
    let dir = runs.join(attempt.no.to_string());
    let found = [RunKind::Verify, RunKind::Engine, RunKind::Setup].into_iter().find_map(|kind| {
        let run = Run::open(&dir.join(kind.name())).ok()?;
        Some((kind, run))
    });
    let Some((kind, run)) = found else { return nothing("nothing had been started") };
    let fenced = run.stop_order().ok().flatten().is_some_and(|order| order.cause == StopCause::Fenced);
    match run.state() {
        // Ordered by one of us while its shim was about to begin: nobody's verdict, so nobody takes it up.
        Ok(RunState::Alive { .. }) if fenced => Left::Stuck("its run is being stopped".to_string()),
        Ok(RunState::Ended(report)) if report.stopped_by == Some(StopCause::Fenced) => {
            nothing("its run was stopped as it began")
        }
        Ok(RunState::Alive { .. }) => take_up(job, &dir, kind, &run).map_or_else(
            || {
                // Not written by an aq that can be continued: it is stopped, and looked at again later.
                let _ = run.stop(StopCause::Fenced, None);
                Left::Stuck("its run cannot be taken up and is being stopped".to_string())
            },
            |work| Left::Run(Box::new(work)),
        ),
        Ok(RunState::Ended(_)) => match take_up(job, &dir, kind, &run) {
            Some(work) => Left::Run(Box::new(work)),
            None => nothing("its run has ended"),
        },
        Ok(RunState::NotStarted) => {
            let _ = run.stop(StopCause::Fenced, None);
            match run.state() {
                Ok(RunState::NotStarted) => nothing("its run had not begun"),
                _ => Left::Stuck("its run is being stopped".to_string()),
            }
        }
        Ok(RunState::Lost { .. }) => match run.kill_survivors(KILL_GRACE) {
            Ok(pids) if pids.is_empty() => nothing("its run was killed"),
            Ok(pids) => Left::Stuck(format!("processes of its run cannot be ended: {}", listed(&pids))),
            Err(error) => Left::Stuck(format!("its run cannot be judged: {}", plain_error(&error))),
        },
        Ok(RunState::Elsewhere(who)) => Left::Stuck(format!("its run may still go on at {who}")),
        Err(error) => Left::Stuck(format!("its run cannot be judged: {}", plain_error(&error))),
    }
}

/// Why a ship's own verify still stands in the way: its tree must be nobody's before the next ship.
fn left_of_ship(runs: &Path, job: &Job) -> Option<String> {
    let attempt = job.attempts.last().map_or(0, |attempt| attempt.no);
    let all = ShipRun::all(runs, attempt).into_iter().filter(|ship| ship.epoch == job.epoch);
    let mut open = all.filter_map(|ship| Run::open(&ship.folder(runs, attempt)).ok());
    open.find_map(|run| match run.state() {
        Ok(RunState::Alive { .. }) => {
            let _ = run.stop(StopCause::Fenced, None);
            Some("the verify of its ship is being stopped".to_string())
        }
        Ok(RunState::NotStarted) => {
            let _ = run.stop(StopCause::Fenced, None);
            None
        }
        Ok(RunState::Lost { .. }) => {
            let left = run.kill_survivors(KILL_GRACE).ok()?;
            (!left.is_empty()).then(|| format!("processes of its ship cannot be ended: {}", listed(&left)))
        }
        Ok(RunState::Ended(_) | RunState::Elsewhere(_)) | Err(_) => None,
    })
}

/// The work as its agent had it, from what stands beside the run.
fn take_up(job: &Job, dir: &Path, kind: RunKind, run: &Run) -> Option<Work> {
    let text = std::fs::read(dir.join(PREPARED_FILE)).ok();
    let prepared: Option<Prepared> = text.and_then(|text| serde_json::from_slice(&text).ok());
    let prepared = prepared?;
    let attempt = job.open_attempt()?;
    let mut work = Work::granted(job.id.clone(), job.epoch, attempt.engine.clone());
    work.attempt = attempt.no;
    work.prepared = Some(prepared);
    // Whoever had given the run up was too late: its verdict stands, and is ours to tell.
    let order = run.stop_order().ok().flatten().filter(|order| order.cause != StopCause::Fenced);
    work.stop = order.map(|order| order.cause);
    work.phase = Phase::Running(kind);
    if kind == RunKind::Verify {
        // The engine had ended well, or nothing would have been verified.
        let engine = Run::open(&dir.join(RunKind::Engine.name())).ok()?;
        let RunState::Ended(report) = engine.state().ok()? else { return None };
        let mut end = super::work::RunEnd::without_run(crate::job::Outcome::Ok, "ended well".to_string());
        (end.usage, end.insight, end.wall) = (report.seen.usage, report.seen.insight(), report.wall);
        work.ended = Some(end);
        // What is being verified is what was saved right before, not the last checkpoint the law knows.
        let saved = std::fs::read(dir.join(SAVED_FILE)).ok()?;
        work.saved = serde_json::from_slice::<Saved>(&saved).ok()?;
    }
    Some(work)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::FakeClock;

    /// An agent in another container, under this boot or another, and what happens after its last beat.
    #[track_caller]
    fn check(same_boot: bool, then: impl Fn(&FakeClock), gone: bool) {
        let side = tempfile::tempdir().expect("a folder");
        let mut who = process_identity();
        who.namespace.push('9');
        if !same_boot {
            (who.host, who.boot) = ("elsewhere".to_string(), "other".to_string());
        }
        let holder = HolderId::new(who.to_string());
        let path = beat_file(side.path(), &holder);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, "{\"awake\":0,\"v\":1}\n").expect("written");
        let clock = FakeClock::at(Stamp::from_millis(1_800_000_000_000));
        clock.pass(Span::from_mins(60));
        beat(&path, &clock);
        then(&clock);
        assert_eq!(is_gone(&holder, side.path(), &clock), gone);
    }

    #[test]
    fn only_silence_while_awake_makes_a_holder_that_cannot_be_seen_gone() {
        let hour = Span::from_mins(60);
        let at =
            |clock: &FakeClock, ms: i64| clock.set_wall(Stamp::from_millis(clock.wall().as_millis() + ms));
        check(true, |_| {}, false);
        check(true, |clock| clock.pass(Span::from_secs(899)), false);
        check(true, |clock| clock.pass(Span::from_secs(901)), true);
        check(true, |clock| at(clock, 3_600_000), false);
        check(true, |clock| at(clock, -3_600_000), false);
        check(true, |clock| clock.sleep(hour.times(8)), false);
        check(false, |clock| clock.pass(Span::from_secs(899)), false);
        check(false, |clock| clock.pass(Span::from_secs(901)), true);
    }
}
