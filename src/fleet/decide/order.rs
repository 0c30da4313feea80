//! The order of a decision: receipt, existence, fence, condition, then the noun; then consequences.

use super::super::actions::{ACTIONS, Action};
use super::super::command::{Command, Now, Order};
use super::super::event::{Event, What};
use super::super::job::Job;
use super::super::refusal::{Code, Refusal};
use super::super::state::State;
use super::{
    account, attempt, claim, consequence, gate, operator, product, pull_request, review, ship, submit,
};
use crate::job::JobId;

/// Decides one order against the state, which it does not change.
///
/// # Errors
/// A [`Refusal`] with code, sentence and hint; the state then stays as it is.
pub fn decide(state: &State, order: &Order, now: Now) -> Result<Vec<What>, Refusal> {
    if let Some(seq) = order.key.as_ref().and_then(|key| state.receipts.get(key)) {
        let message = format!("this was done already, as event {seq}");
        return Err(Refusal::new(
            Code::AlreadyDone,
            message,
            format!("see it: aq events --after {}", seq - 1),
        ));
    }
    let Some(id) = order.command.job() else { return decide_product(state, order, now) };
    let job = find(state, id)?;
    fence(job, order)?;
    if let Some((stage, epoch)) = order.from
        && (job.stage, job.epoch) != (stage, epoch)
    {
        let message =
            format!("{} moved on: it is {}@{}, you looked at {stage}@{epoch}", job.id, job.stage, job.epoch);
        let mut refusal = Refusal::new(Code::Moved, message, format!("look again: aq show {}", job.id));
        (refusal.epoch, refusal.stage) = (Some(job.epoch), Some(job.stage));
        return Err(refusal);
    }
    decide_job(state, job, order, now)
}

fn decide_product(state: &State, order: &Order, now: Now) -> Result<Vec<What>, Refusal> {
    match &order.command {
        Command::Submit { new, parent } => submit::submit(state, order, new, parent.as_ref(), now),
        Command::OrderReview { new, of } => review::order(state, new, of),
        Command::Claim { who } => Ok(claim::claim(state, who, now)),
        Command::Archive { jobs } => product::archive(state, jobs),
        Command::OpenAccount { engine, account } => account::open(state, engine, account, order, now),
        Command::SetCeiling { ceiling, window, lifts } => {
            product::set_ceiling(state, (*ceiling, *window), *lifts, order, now)
        }
        Command::SetEngineCeiling { engine, ceiling } => product::cap_engine(state, engine, *ceiling, order),
        Command::Pause { mode, until } => product::pause(state, *mode, *until, order),
        Command::Resume {} => product::resume(state, order),
        Command::Suspend { jobs } => product::suspend(state, jobs),
        other => {
            Err(Refusal::new(Code::InvalidState, format!("{} is about a job", other.name()), "name a job"))
        }
    }
}

fn decide_job(state: &State, job: &Job, order: &Order, now: Now) -> Result<Vec<What>, Refusal> {
    use Command as C;
    match &order.command {
        C::Supersede { spec, body, effective, .. } => {
            submit::supersede(state, job, spec, body, effective, now)
        }
        C::Adopt { gone, holder, .. } => claim::adopt(job, gone, holder),
        C::ExpireLease { gone, reason, .. } => claim::expire(job, gone, reason),
        C::Release { reason, .. } => claim::release(job, reason),
        C::Start { engine, run, base, .. } => attempt::start(state, job, engine, run, base.as_ref()),
        C::Progress { word, usage, .. } => attempt::progress(state, job, word, usage.as_ref(), now),
        C::Checkpoint { rev, lines, .. } => attempt::checkpoint(job, rev, *lines),
        C::Verify { passed, rev, took, .. } => attempt::verify(job, *passed, rev.as_ref(), *took),
        C::Verdict { verdict, .. } => review::verdict(job, verdict),
        C::End { ending, .. } => attempt::end(state, job, ending, now),
        C::Settle { attempt, run, usage, rev, .. } => {
            attempt::settle(job, *attempt, run, usage, rev.as_ref())
        }
        C::Ask { question, .. } => attempt::ask(job, question),
        C::Park { until, reason, .. } => operator::park(job, *until, *reason),
        C::Unpark { .. } => operator::unpark(state, job, now),
        C::Wake { .. } => operator::wake(job, now),
        C::Answer { answer, .. } => operator::answer(job, answer),
        C::RequestReview { rule, .. } => gate::request(job, rule),
        C::Review { approve, rev, .. } => gate::review(job, order, *approve, rev.as_ref()),
        C::Promote { .. } => gate::promote(job),
        C::Reject { requeue, .. } => gate::reject(state, job, *requeue, now),
        C::ShipStart { holder, rev, .. } => ship::start(job, holder, rev.as_ref(), order, now),
        C::ShipDone { how, rev, .. } => ship::done(job, how, rev.as_ref()),
        C::ShipFail { reason, conflict, .. } => ship::fail(job, reason, *conflict),
        C::PrOpen { number, url, rev, .. } => pull_request::open(job, *number, url, rev),
        C::PrSee { look, words, .. } => pull_request::see(state, job, look, words.as_ref(), order, now),
        C::Requeue { raised, from, park, .. } => {
            operator::requeue(state, job, raised, from.as_ref(), park.as_deref(), now)
        }
        C::Redrive { .. } => operator::redrive(state, job, now),
        C::Cancel { .. } => operator::cancel(job),
        C::Preempt { .. } => operator::preempt(job),
        C::Submit { .. }
        | C::OrderReview { .. }
        | C::Claim { .. }
        | C::Archive { .. }
        | C::OpenAccount { .. }
        | C::SetCeiling { .. }
        | C::SetEngineCeiling { .. }
        | C::Pause { .. }
        | C::Resume {}
        | C::Suspend { .. } => decide_product(state, order, now),
    }
}

/// Decides and applies an order together with everything that follows from it by law. All or nothing:
/// a refusal comes before the first change.
///
/// # Errors
/// As [`decide`].
///
/// # Panics
/// If the law decides an event that does not fit its own state: a bug of ours.
pub fn handle(state: &mut State, order: &Order, now: Now) -> Result<Vec<Event>, Refusal> {
    let mut events: Vec<Event> = Vec::new();
    let mut todo = decide(state, order, now)?;
    // What was decided together is applied together before anything follows from it: an end and its
    // park are one step, and a consequence that looked between them would undo the second.
    let mut settled = 0;
    loop {
        for what in todo {
            // The key rides on the first event; the note on every one, for each may be read alone.
            let key = order.key.clone().filter(|_| events.is_empty());
            let event = Event { at: now.law, by: order.by.clone(), key, note: order.note.clone(), what };
            state.apply(&event).unwrap_or_else(|broken| panic!("the law broke itself: {broken}"));
            events.push(event);
        }
        let Some(event) = events.get(settled) else { return Ok(events) };
        todo = consequence::of(state, &event.what, now);
        settled += 1;
    }
}

pub(super) fn find<'a>(state: &'a State, id: &JobId) -> Result<&'a Job, Refusal> {
    if let Some(job) = state.job(id) {
        return Ok(job);
    }
    if let Some(tomb) = state.tombs.get(id) {
        let message = format!("{id} is archived ({})", tomb.stage);
        return Err(Refusal::new(Code::Archived, message, format!("its history: aq events {id}")));
    }
    Err(Refusal::new(Code::UnknownJob, format!("no job {id}"), "see what there is: aq ls --all"))
}

/// A worker's command under any epoch but the present one changes nothing.
fn fence(job: &Job, order: &Order) -> Result<(), Refusal> {
    match order.command.epoch() {
        Some(epoch) if epoch != job.epoch => Err(fenced(job, epoch, order.command.name())),
        Some(_) if !holds(job, &order.command) => {
            Err(invalid(job, &format!("{} needs a lease, and nobody holds one", order.command.name())))
        }
        _ => Ok(()),
    }
}

fn holds(job: &Job, command: &Command) -> bool {
    match command {
        Command::ShipDone { .. } | Command::ShipFail { .. } | Command::PrOpen { .. } => {
            job.ship_lease().is_some()
        }
        // A look is nobody's right alone: what it shows is so for everybody.
        Command::PrSee { .. } => true,
        Command::ExpireLease { .. } | Command::Checkpoint { .. } | Command::Verify { .. } => {
            job.lease.is_some()
        }
        _ => job.work_lease().is_some(),
    }
}

pub(super) fn fenced(job: &Job, epoch: u64, verb: &str) -> Refusal {
    let message = format!("refused: {verb} of {} at epoch {epoch} < {}", job.id, job.epoch);
    let mut refusal = Refusal::new(Code::Fenced, message, "stop; the job has moved on without this worker");
    (refusal.epoch, refusal.stage) = (Some(job.epoch), Some(job.stage));
    refusal
}

/// Not lawful where the job stands; the hint lists what is.
pub(super) fn invalid(job: &Job, why: &str) -> Refusal {
    let message = format!("{} is in {}: {why}", job.id, job.stage);
    let mut refusal = Refusal::new(Code::InvalidState, message, lawful_hint(job));
    (refusal.epoch, refusal.stage) = (Some(job.epoch), Some(job.stage));
    refusal
}

/// Refuses an action that the table does not allow from the job's stage.
pub(super) fn must_allow(job: &Job, action: Action) -> Result<(), Refusal> {
    if action.row().from.contains(&job.stage) {
        return Ok(());
    }
    let from: Vec<&str> = action.row().from.iter().map(|s| s.name()).collect();
    Err(invalid(job, &format!("{} is lawful from {}", action.name(), from.join(", "))))
}

/// Refuses to decide about work that stands in no commit.
pub(super) fn must_be_saved(job: &Job, action: Action) -> Result<(), Refusal> {
    let Some(why) = job.unsaved() else { return Ok(()) };
    let message = format!("cannot {} {}: {why}", action.name(), job.id);
    let hint = format!("make room, then save it: aq risk rescue {}", job.id);
    Err(Refusal { stage: Some(job.stage), ..Refusal::new(Code::NotSaved, message, hint) })
}

fn lawful_hint(job: &Job) -> String {
    let lawful: Vec<&str> =
        ACTIONS.iter().filter(|row| row.from.contains(&job.stage)).map(|row| row.name).collect();
    if lawful.is_empty() {
        "nothing is lawful now; it is final".to_string()
    } else {
        format!("lawful now: {}", lawful.join(", "))
    }
}
