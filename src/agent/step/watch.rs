//! What cuts in at any point: the law moved a job on, a pause, a deadline, a ship by rule, work to claim.

use super::words::Act;
use crate::agent::desk::{Desk, Mood, PrWatch};
use crate::agent::work::{Phase, Work};
use crate::engine::StopCause;
use crate::fleet::{Job, PauseMode, State};
use crate::job::{Autoship, Epoch, JobId, Outcome, ShipKind, Stage};
use crate::time::{Span, Stamp};

/// A running tree is put into a commit this often, if it changed (`jobs.md` section 5).
pub const SAVE_EVERY: Span = Span::from_mins(5);
/// A run is looked at this often; a progress event is at most as frequent.
pub(super) const LOOK_EVERY: Span = Span::from_secs(10);
/// A run with ceilings is looked at this often: its own are the shim's to hold, but what it has used counts
/// towards those of the queue too.
pub(super) const LOOK_CLOSELY: Span = Span::from_secs(1);

/// A pull request is looked at again after this at first: checks take minutes, and the forge counts requests.
const PR_LOOK_FIRST: Span = Span::from_secs(30);
/// And after this at last: a reviewer takes hours, and nobody wants to wait longer for a merge to be noticed.
const PR_LOOK_LAST: Span = Span::from_mins(5);
/// So many at a time: a folder with a hundred of them shall not start a hundred programs at once.
const PR_LOOKS_MOST: usize = 4;

/// A job that the law gave a higher epoch, or somebody else, is not ours any more.
pub(super) fn watch_fence(desk: &mut Desk, state: &State, acts: &mut Vec<Act>) {
    for slot in 0..desk.slots.len() {
        let Some(work) = desk.slots[slot].as_mut().filter(|w| !w.fenced) else { continue };
        let job = state.job(&work.job);
        let ours = job.is_none_or(|job| {
            // A grant may be newer than the state at hand: only a state that has seen it can fence.
            job.epoch < work.epoch
                || (job.epoch == work.epoch && job.work_lease().is_some_and(|l| l.holder == desk.who.holder))
        });
        if ours || work.phase == Phase::Reporting {
            continue;
        }
        work.fenced = true;
        if let Phase::Running(kind) = work.phase {
            let cause = job.map_or(StopCause::Fenced, |job| how_closed(job, work.epoch));
            work.stop = Some(cause);
            acts.push(Act::Stop { slot, kind, cause, now: false });
        }
    }
}

/// Why the run of that epoch is to end: by how its attempt was closed.
fn how_closed(job: &Job, epoch: Epoch) -> StopCause {
    let closed = job.attempts.iter().rev().find(|attempt| attempt.epoch == epoch);
    match closed.and_then(|attempt| attempt.outcome) {
        Some(Outcome::Cancelled) => StopCause::Cancelled,
        Some(Outcome::Preempted) => StopCause::Preempted,
        _ => StopCause::Fenced,
    }
}

/// A pause that stops running work asks each run to end; the jobs go back to wait.
pub(super) fn watch_pause(desk: &mut Desk, state: &State, acts: &mut Vec<Act>) {
    let paused = state.product.paused.as_ref().map(|p| p.0);
    if paused != desk.paused {
        desk.paused = paused;
        desk.empty_at = None;
        if paused == Some(PauseMode::Stop) {
            stop_all(desk, StopCause::Drained, &why_paused(state), acts);
        }
    }
}

/// What stopped the queue, for the end of each attempt that it stops: a ceiling, or a person.
pub(super) fn why_paused(state: &State) -> String {
    let stopped = state.product.paused.as_ref().filter(|paused| paused.0 == PauseMode::Stop);
    stopped.map_or(String::new(), |paused| format!("the queue was stopped: {}", paused.1))
}

pub(super) fn stop_all(desk: &mut Desk, cause: StopCause, why: &str, acts: &mut Vec<Act>) {
    let now = desk.mood == Mood::Stopping;
    for (slot, work) in desk.slots.iter_mut().enumerate() {
        let Some(work) = work else { continue };
        if let Phase::Running(kind) = work.phase
            && (work.stop.is_none() || now)
        {
            acts.push(Act::Stop { slot, kind, cause, now });
        }
        if work.stop.is_none() {
            (work.stop, work.stop_why) = (Some(cause), why.to_string());
        }
    }
}

pub(super) fn deadlines(desk: &mut Desk, state: &State, now: Span, acts: &mut Vec<Act>) {
    let capped = state.product.ceiling.is_some();
    for (slot, work) in desk.slots.iter_mut().enumerate() {
        let Some(work) = work else { continue };
        if capped {
            work.look_at = work.look_at.map(|at| at.min(later(now, LOOK_CLOSELY)));
        }
        if work.look_at.is_some_and(|at| at <= now) {
            work.look_at = Some(later(now, if capped { LOOK_CLOSELY } else { look_every(work) }));
            acts.push(Act::Look { slot });
        }
        if work.save_at.is_some_and(|at| at <= now) && !work.saving {
            work.save_at = Some(later(now, SAVE_EVERY));
            work.saving = true;
            acts.push(Act::Save { slot, last: false });
        }
    }
}

/// When the next deadline of a running job is, in boot time.
pub(in crate::agent) fn next_deadline(desk: &Desk) -> Option<Span> {
    let runs = desk.slots.iter().flatten().flat_map(|work| [work.look_at, work.save_at]).flatten();
    // Where as many are looked at as may be, the end of a look wakes the next.
    let full = desk.prs.values().filter(|watch| watch.busy).count() >= PR_LOOKS_MOST;
    let works = desk.mood == Mood::Working && !full;
    let prs = desk.prs.values().filter(|watch| works && !watch.busy).map(|watch| watch.at);
    runs.chain(prs).min()
}

/// Ships what is due by its rule. Merges go one after the other, the oldest first: each moves the base that the
/// next is verified on, so that several at once would verify again and again what only one of them can win.
pub(super) fn ship_by_rule(desk: &mut Desk, state: &State, law: Stamp, acts: &mut Vec<Act>) {
    if desk.mood != Mood::Working {
        return;
    }
    let is_due = |job: &&Job| match job.spec.autoship {
        Autoship::Never => false,
        Autoship::Verified => true,
        Autoship::After(wait) => law.since(job.since) >= wait,
    };
    let is_free = |job: &&Job| job.stage == Stage::Testing && job.ship_lease().is_none();
    let merges = |job: &Job| job.spec.ship == ShipKind::Merge;
    let mut due: Vec<&Job> =
        state.autoship().filter(|job| job.ships_itself()).filter(is_due).filter(is_free).collect();
    due.sort_by_key(|job| job.since);
    for job in due {
        let busy = merges(job) && desk.shipping.iter().filter_map(|id| state.job(id)).any(merges);
        if !busy && !desk.shipping.contains(&job.id) {
            desk.shipping.push(job.id.clone());
            acts.push(Act::Ship { job: job.id.clone() });
        }
    }
}

/// Asks the engines that reviews wait for, as soon as the work is there.
pub(super) fn ask_reviewers(desk: &mut Desk, state: &State, acts: &mut Vec<Act>) {
    if desk.mood != Mood::Working {
        return;
    }
    for job in state.to_review() {
        if may_ask(desk, job) && !desk.asking.contains(&job.id) {
            desk.asking.push(job.id.clone());
            acts.push(Act::AskReviewers { job: job.id.clone() });
        }
    }
}

/// Looks at each pull request that is due, a few at a time; what nobody waits for any more is forgotten.
pub(super) fn look_at_prs(desk: &mut Desk, state: &State, now: Span, acts: &mut Vec<Act>) {
    desk.prs.retain(|id, watch| watch.busy || state.job(id).is_some_and(|job| job.awaited_pr().is_some()));
    if desk.mood != Mood::Working {
        return;
    }
    for job in state.in_pr() {
        let busy = desk.prs.values().filter(|watch| watch.busy).count();
        let first = PrWatch { at: now, wait: PR_LOOK_FIRST, busy: false };
        let watch = desk.prs.entry(job.id.clone()).or_insert(first);
        if busy < PR_LOOKS_MOST && !watch.busy && watch.at <= now {
            watch.busy = true;
            acts.push(Act::LookAtPr { job: job.id.clone() });
        }
    }
}

/// Whether this agent has not failed at it before.
pub(super) fn may_ask(desk: &Desk, job: &Job) -> bool {
    !desk.unasked.iter().any(|(id, epoch)| *id == job.id && *epoch == job.epoch)
}

/// News may be followed by more; where nothing moves, looks grow rare.
pub(super) fn pr_looked(desk: &mut Desk, job: &JobId, news: bool, now: Span) {
    let Some(watch) = desk.prs.get_mut(job) else { return };
    let wait = if news { PR_LOOK_FIRST } else { watch.wait };
    let next = later(wait, wait).min(PR_LOOK_LAST);
    *watch = PrWatch { at: later(now, wait), wait: next, busy: false };
}

/// Asks for work for every slot that is free, unpromised, and not kept for the run of a dead agent.
pub(super) fn claim(desk: &mut Desk, state: &State, acts: &mut Vec<Act>) {
    let room = desk.room().saturating_sub(desk.orphans);
    let reporting = acts.iter().any(|act| matches!(act, Act::Report { claim: true, .. }));
    if desk.mood != Mood::Working || desk.hold || desk.claiming > 0 || reporting || room == 0 {
        return;
    }
    if state.ready_len() == 0 {
        desk.empty_at = Some(state.seq);
        return;
    }
    if desk.empty_at == Some(state.seq) {
        return;
    }
    (desk.claiming, desk.claimed_at) = (room, Some(state.seq));
    acts.push(Act::Claim(room));
}

/// How often a run is looked at.
pub(super) fn look_every(work: &Work) -> Span {
    if work.left.is_open() { LOOK_EVERY } else { LOOK_CLOSELY }
}

/// `at`, moved on by `more`.
pub(super) fn later(at: Span, more: Span) -> Span {
    Span::from_millis(at.as_millis().saturating_add(more.as_millis()))
}
