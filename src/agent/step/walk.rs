//! The way of a job through a slot, and the step that leads it on.
//!
//! A job walks prepare, start, (setup,) engine, save, (verify,) report. Every step waits for the act
//! before it, and only `Report` frees the slot, after nothing of the run lives any more and the law has
//! its outcome. Two things can cut in at any point: the law moved the job on (fenced), or the agent is
//! asked to stop. Both stop the run, save the tree under the epoch it ran under, and free the slot; only
//! the second is reported.

use super::watch::{
    SAVE_EVERY, ask_reviewers, claim, deadlines, later, look_at_prs, look_every, may_ask, pr_looked,
    ship_by_rule, stop_all, watch_fence, watch_pause, why_paused,
};
use super::watchdog::{HANG_AFTER, Watched, is_watchdogs};
use super::words::{Act, At, Grant, Happening, Sight};
use crate::agent::desk::{Desk, Mood, Until};
use crate::agent::work::{Phase, Prepared, RunEnd, Saved, Work};
use crate::engine::{RunKind, StopCause};
use crate::fleet::{Actor, ActorKind, Command, Ending, Event, Job, Order, State, VerdictSaid, What};
use crate::job::{Insight, Outcome, Usage};
use crate::time::Span;

/// The next acts.
pub(in crate::agent) fn step(desk: &mut Desk, state: &State, what: Happening, at: At) -> Vec<Act> {
    let mut acts = Vec::new();
    let now = at.boot;
    match what {
        Happening::Moved | Happening::Tick => {}
        Happening::Granted { asked, jobs } => {
            desk.claiming = desk.claiming.saturating_sub(asked);
            if jobs.as_ref().is_some_and(Vec::is_empty) {
                // The answer is about the state of the claim or a later one, not about the one at hand.
                desk.empty_at = desk.claimed_at;
            }
            jobs.into_iter().flatten().for_each(|grant| granted(desk, grant, &mut acts));
        }
        Happening::Adopted(work) => adopted(desk, state, *work, now, &mut acts),
        Happening::Orphans(waiting) => desk.orphans = waiting,
        // Some gates open by time alone, a day's ceiling for one; and a nudge may have been lost.
        Happening::Net => desk.empty_at = None,
        Happening::Prepared { slot, result } => prepared(desk, slot, result, &mut acts),
        Happening::Started { slot, attempt } => started(desk, state, slot, attempt, now, &mut acts),
        Happening::Ended { slot, end } => ended(desk, slot, end, now, &mut acts),
        Happening::Saved { slot, result } => saved(desk, slot, result, &mut acts),
        Happening::Reported { slot, events, next } => {
            reported(desk, slot, &events);
            next.into_iter().for_each(|grant| granted(desk, grant, &mut acts));
        }
        Happening::Looked { slot, sight } => looked(desk, slot, &sight, now, &mut acts),
        Happening::Shipped { job } => desk.shipping.retain(|id| *id != job),
        Happening::ReviewersAsked { job, all } => {
            desk.asking.retain(|id| *id != job);
            let epoch = state.job(&job).map_or(0, |job| job.epoch);
            desk.unasked.extend((!all).then_some((job, epoch)));
        }
        Happening::PrLooked { job, news, .. } => pr_looked(desk, &job, news, now),
        Happening::Hold(hold) => desk.hold = hold,
        Happening::Asked => {
            desk.mood = if desk.mood == Mood::Working { Mood::Draining } else { Mood::Stopping };
            stop_all(desk, StopCause::Drained, "", &mut acts);
        }
    }
    watch_fence(desk, state, &mut acts);
    watch_pause(desk, state, &mut acts);
    deadlines(desk, state, now, &mut acts);
    ship_by_rule(desk, state, at.law, &mut acts);
    ask_reviewers(desk, state, &mut acts);
    look_at_prs(desk, state, now, &mut acts);
    claim(desk, state, &mut acts);
    acts
}

/// Whether the agent has nothing left to do and may end.
pub(in crate::agent) fn is_done(desk: &Desk, state: &State) -> bool {
    let asks = state.to_review().any(|job| may_ask(desk, job));
    let empty = desk.empty_at == Some(state.seq) && !desk.hold && !asks;
    let nothing_more = match desk.until {
        _ if desk.mood != Mood::Working => true,
        Until::Asked => false,
        Until::NothingReady => empty,
        Until::Settled => empty && is_settled(state),
    };
    desk.is_idle() && nothing_more
}

/// Nothing waits for a moment: no dated park, no ship by rule that is still to come.
fn is_settled(state: &State) -> bool {
    let (law, wall) = state.next_alarms();
    let ships = state.autoship().any(Job::ships_itself);
    // A closed account is waited for only while somebody stands in line.
    let opens = state.next_opening().filter(|_| state.ready_len() > 0);
    law.is_none() && wall.is_none() && opens.is_none() && !ships && state.held().next().is_none()
}

fn granted(desk: &mut Desk, (job, epoch, engine): Grant, acts: &mut Vec<Act>) {
    match desk.slots.iter().position(Option::is_none) {
        Some(slot) => {
            desk.slots[slot] = Some(Work::granted(job, epoch, engine));
            acts.push(Act::Prepare { slot });
        }
        // Claims never ask for more than there is room; a lease without a slot would be held for ever.
        None => acts.push(Act::GiveBack { job, epoch }),
    }
}

/// Takes up a run in the phase in which its agent left it.
fn adopted(desk: &mut Desk, state: &State, mut work: Work, now: Span, acts: &mut Vec<Act>) {
    let Some(slot) = desk.slots.iter().position(Option::is_none) else { return };
    if let Some(job) = state.job(&work.job) {
        work.meter(job);
    }
    if work.stop == Some(StopCause::Drained) {
        work.stop_why = why_paused(state);
    }
    let work = desk.slots[slot].insert(work);
    match work.phase {
        Phase::Running(kind) => {
            set_running(work, kind, now);
            acts.push(Act::Await { slot, kind });
        }
        _ => save_last(work, slot, acts),
    }
}

fn prepared(desk: &mut Desk, slot: usize, result: Result<Prepared, (Outcome, String)>, acts: &mut Vec<Act>) {
    let mood = desk.mood;
    let Some(work) = desk.slots[slot].as_mut() else { return };
    if work.fenced {
        desk.slots[slot] = None;
        return;
    }
    match result {
        Ok(_) if mood != Mood::Working || work.stop.is_some() => {
            work.phase = Phase::Reporting;
            acts.push(Act::Release { slot });
        }
        Ok(prepared) => {
            work.prepared = Some(prepared);
            work.phase = Phase::Starting;
            acts.push(Act::Start { slot });
        }
        Err((outcome, reason)) => {
            // An attempt that could not begin is an attempt with a reason, not a silence.
            work.ended = Some(RunEnd::without_run(outcome, reason));
            work.phase = Phase::Starting;
            acts.push(Act::Start { slot });
        }
    }
}

fn started(
    desk: &mut Desk,
    state: &State,
    slot: usize,
    attempt: Option<u32>,
    now: Span,
    acts: &mut Vec<Act>,
) {
    let Some(work) = desk.slots[slot].as_mut() else { return };
    if work.fenced {
        // The law moved on between grant and start, or right after it: nothing ran, nothing to tell.
        desk.slots[slot] = None;
        return;
    }
    let Some(attempt) = attempt else {
        // Refused for another reason than a newer epoch: the lease may still be ours, and goes back.
        work.phase = Phase::Reporting;
        acts.push(Act::Release { slot });
        return;
    };
    work.attempt = attempt;
    if work.ended.is_some() {
        report(desk, slot, acts);
        return;
    }
    if let Some(job) = state.job(&work.job) {
        work.meter(job);
    }
    let setup = work.prepared.as_ref().is_some_and(|p| p.setup);
    run(work, slot, if setup { RunKind::Setup } else { RunKind::Engine }, now, acts);
}

fn run(work: &mut Work, slot: usize, kind: RunKind, now: Span, acts: &mut Vec<Act>) {
    set_running(work, kind, now);
    acts.push(Act::Run { slot, kind });
}

fn set_running(work: &mut Work, kind: RunKind, now: Span) {
    work.phase = Phase::Running(kind);
    if kind == RunKind::Engine {
        // A review makes nothing that would be worth a commit.
        let saves = work.prepared.as_ref().is_some_and(|p| p.space.worktree.is_some() && p.review.is_none());
        work.watched = Watched::since(now);
        work.save_at = saves.then(|| later(now, SAVE_EVERY));
        work.look_at = Some(later(now, look_every(work)));
    }
}

fn ended(desk: &mut Desk, slot: usize, end: RunEnd, now: Span, acts: &mut Vec<Act>) {
    let mood = desk.mood;
    let Some(work) = desk.slots[slot].as_mut() else { return };
    (work.save_at, work.look_at) = (None, None);
    match end.kind {
        RunKind::Setup if end.outcome == Outcome::Ok && !work.fenced && mood == Mood::Working => {
            run(work, slot, RunKind::Engine, now, acts);
        }
        RunKind::Setup => {
            work.ended = Some(end_of_setup(&end, work.stop));
            save_last(work, slot, acts);
        }
        RunKind::Engine => {
            let end = work.held_to_budget(end);
            if work.stop.is_some_and(|cause| is_watchdogs(cause) && end.outcome != cause.outcome()) {
                // It was done before the order reached it: the verdict stands, and verify may speak.
                work.stop = None;
            }
            work.ended = Some(end);
            save_last(work, slot, acts);
        }
        RunKind::Verify | RunKind::Ship => {
            end_of_verify(work, &end);
            finish(desk, slot, acts);
        }
    }
}

/// A setup that did not lead on to the engine: it failed, or somebody asked to stop.
fn end_of_setup(end: &RunEnd, stop: Option<StopCause>) -> RunEnd {
    let stopped = stop.is_some() || end.outcome == Outcome::Ok;
    let (outcome, reason) = if stopped {
        let cause = stop.unwrap_or(StopCause::Drained);
        (cause.outcome(), cause.reason().to_string())
    } else if end.outcome == Outcome::Crash {
        // Killed in the middle says nothing about the command: another attempt may end it.
        (Outcome::Crash, format!("setup: {}", end.reason))
    } else {
        (Outcome::Config, format!("setup failed: {}", end.reason))
    };
    RunEnd { outcome, reason, ..end.clone() }
}

fn end_of_verify(work: &mut Work, end: &RunEnd) {
    let passed = end.outcome == Outcome::Ok;
    let stopped = work.stop.filter(|_| !passed);
    if stopped.is_none() && !end.lost {
        work.verified = Some((passed, end.wall));
    }
    // A review's check that fails is its answer, not its failure.
    if work.is_review() && stopped.is_none() && !end.lost {
        return;
    }
    let Some(engine) = work.ended.as_mut().filter(|_| !passed) else { return };
    (engine.outcome, engine.reason) = match stopped {
        Some(cause) => (cause.outcome(), cause.reason().to_string()),
        // A program that dies by a signal has failed its check; a killed shim has not spoken.
        None if end.lost => (Outcome::Crash, format!("verify: {}", end.reason)),
        None => (Outcome::VerifyFailed, format!("verify: {}", end.reason)),
    };
}

fn save_last(work: &mut Work, slot: usize, acts: &mut Vec<Act>) {
    work.phase = Phase::Saving;
    // A save made while it ran still runs; its end comes first and then this one is asked for.
    if !work.saving {
        acts.push(Act::Save { slot, last: true });
    }
}

fn saved(desk: &mut Desk, slot: usize, result: Result<Saved, String>, acts: &mut Vec<Act>) {
    let Some(work) = desk.slots[slot].as_mut() else { return };
    let was_last = work.phase == Phase::Saving && !work.saving;
    work.saving = false;
    match result {
        Ok(saved) => {
            let fresh = saved.rev.clone().filter(|rev| work.saved.rev.as_ref() != Some(rev));
            if let Some(rev) = fresh.filter(|_| !was_last && !work.fenced) {
                let (job, epoch, lines) = (work.job.clone(), work.epoch, saved.lines);
                acts.push(Act::Note(Box::new(order(
                    &desk.who,
                    Command::Checkpoint { job, epoch, rev, lines },
                ))));
            }
            // A planner's work is its parts, and those are in no tree.
            if !was_last && work.prepared.as_ref().is_some_and(|p| !p.plans) {
                work.watched.saved(saved.change);
            }
            work.saved = saved;
        }
        Err(why) if was_last => {
            // Work that stands in no commit: the attempt ends with that, the tree stays as it is.
            let of_review = work.is_review();
            if let Some(end) = &mut work.ended {
                let unsaved = format!("its work is NOT saved: {why}");
                match end.outcome {
                    Outcome::Ok if of_review => (end.outcome, end.reason) = (Outcome::Unknown, why),
                    Outcome::Ok => (end.outcome, end.reason) = (Outcome::Unsaved, unsaved),
                    _ => end.reason = format!("{}; {unsaved}", end.reason),
                }
            }
        }
        // The next one may go better; the last one decides.
        Err(_) => {}
    }
    if was_last {
        after_last_save(desk, slot, acts);
    } else if work.phase == Phase::Saving {
        acts.push(Act::Save { slot, last: true });
    }
}

fn after_last_save(desk: &mut Desk, slot: usize, acts: &mut Vec<Act>) {
    let mood = desk.mood;
    let Some(work) = desk.slots[slot].as_mut() else { return };
    if work.fenced {
        finish(desk, slot, acts);
        return;
    }
    let Some(end) = work.ended.as_mut() else { return };
    if let (Outcome::Ok, Some(prepared)) = (end.outcome, &work.prepared) {
        let git = prepared.space.worktree.is_some();
        if prepared.review.is_some() && work.saved.verdict.is_none() {
            end.outcome = Outcome::TaskFailed;
            end.reason = format!("no verdict: {}", work.saved.no_verdict);
        } else if prepared.plans && !work.saved.parts && !work.saved.changed {
            // Whatever it read and ran: a plan that nobody can take up is none.
            end.outcome = Outcome::NoWork;
            end.reason = format!("it planned no parts and wrote nothing ({})", end.reason);
        } else if prepared.must_change
            && !work.saved.parts
            && git
            && !work.saved.changed
            && end.insight.tools.unwrap_or(0) == 0
        {
            // Its last words tell what was refused to it.
            end.outcome = prepared.idle;
            end.reason = format!("it ended well but changed nothing ({})", end.reason);
        } else if prepared.strict && !work.saved.outside.is_empty() {
            let files: Vec<String> = work.saved.outside.iter().map(|p| p.display().to_string()).collect();
            end.outcome = Outcome::TaskFailed;
            end.reason = format!("changed files outside its scope: {}", files.join(", "));
        } else if prepared.verify && mood == Mood::Working {
            work.phase = Phase::Running(RunKind::Verify);
            acts.push(Act::Run { slot, kind: RunKind::Verify });
            return;
        } else if prepared.verify {
            (end.outcome, end.reason) = (Outcome::Drained, "asked to stop before verify".to_string());
        }
    }
    finish(desk, slot, acts);
}

fn finish(desk: &mut Desk, slot: usize, acts: &mut Vec<Act>) {
    let Some(work) = desk.slots[slot].as_mut().filter(|work| work.fenced) else {
        return report(desk, slot, acts);
    };
    match settlement(work) {
        Some(settle) => {
            work.phase = Phase::Reporting;
            let orders = vec![Order::new(Actor::new(ActorKind::Agent, ""), settle)];
            acts.push(Act::Report { slot, orders, claim: false });
        }
        None => desk.slots[slot] = None,
    }
}

/// What an engine had used up at its end is spent and what it made is saved, whatever became of the job meanwhile.
/// Where the law takes the end itself, this is no news to it.
fn settlement(work: &Work) -> Option<Command> {
    let end = work.ended.as_ref().filter(|_| work.attempt > 0)?;
    let told =
        if end.kind == RunKind::Engine { Usage { wall: end.wall, ..end.usage } } else { Usage::default() };
    let (job, run) = (work.job.clone(), work.prepared.as_ref()?.run.clone());
    let rev = work.saved.rev.clone();
    let news = told != Usage::default() || rev.is_some();
    news.then_some(Command::Settle { job, attempt: work.attempt, run, usage: told, rev })
}

/// The orders that tell the law all about the attempt, in one batch, and ask for the next job with it.
fn report(desk: &mut Desk, slot: usize, acts: &mut Vec<Act>) {
    let claim = desk.mood == Mood::Working && !desk.hold && desk.orphans == 0;
    let Some(work) = desk.slots[slot].as_mut() else { return };
    work.phase = Phase::Reporting;
    let Some(mut end) = work.ended.clone() else { return };
    if end.outcome == Outcome::Drained && !work.stop_why.is_empty() {
        end.reason.clone_from(&work.stop_why);
    }
    if let Some(other) = &end.other_model {
        // Work and money of another model than a person chose; whatever the outcome, nobody finds out late.
        end.reason = format!("{}; warning: {other}", end.reason);
    }
    let (job, epoch) = (work.job.clone(), work.epoch);
    let rev = work.saved.rev.clone();
    let mut commands = Vec::new();
    if let Some(rev) = rev.clone() {
        commands.push(Command::Checkpoint { job: job.clone(), epoch, rev, lines: work.saved.lines });
    }
    if let Some((passed, took)) = work.verified {
        commands.push(Command::Verify { job: job.clone(), epoch, passed, rev: rev.clone(), took });
    }
    if let Some((approve, words)) = work.saved.verdict.clone().filter(|_| end.outcome == Outcome::Ok) {
        let verdict = VerdictSaid { approve, words, checked: work.verified.map(|(passed, _)| passed) };
        commands.push(Command::Verdict { job: job.clone(), epoch, verdict });
    }
    let usage = Usage { wall: end.wall, ..end.usage };
    let change = work.saved.change;
    let ending = Ending {
        outcome: end.outcome,
        reason: end.reason,
        usage,
        rev,
        until: end.until,
        window: end.window,
        engine_fault: end.judged && end.kind == RunKind::Engine,
        insight: Insight {
            files: change.map(|change| change.0),
            added: change.map(|change| change.1),
            removed: change.map(|change| change.2),
            outside: work.saved.strays,
            ..end.insight
        },
    };
    commands.push(Command::End { job, epoch, ending: Box::new(ending) });
    // The end may come too late.
    commands.extend(settlement(work));
    let by = Actor::new(ActorKind::Agent, "");
    let orders = commands.into_iter().map(|command| Order::new(by.clone(), command)).collect();
    acts.push(Act::Report { slot, orders, claim });
}

fn reported(desk: &mut Desk, slot: usize, events: &[Event]) {
    for event in events {
        if let What::AttemptEnded { outcome, .. } = &event.what {
            let well = *outcome == Outcome::Ok;
            desk.tally.0 += u32::from(well);
            desk.tally.1 += u32::from(!well);
        }
    }
    desk.slots[slot] = None;
}

fn looked(desk: &mut Desk, slot: usize, sight: &Sight, now: Span, acts: &mut Vec<Act>) {
    let Some(work) = desk.slots[slot].as_mut().filter(|w| w.phase == Phase::Running(RunKind::Engine)) else {
        return;
    };
    // The shim stops it at the very line that crosses; but one that an older aq started knows no ceilings.
    let over = work.left.crossed(&sight.usage).map(|_| StopCause::BudgetExceeded);
    let watched = work.watched.see(sight, now);
    if sight.ended && work.stop.is_none() {
        // It is looked at again when the time that the watchdog gives it to go is over.
        work.look_at = work.look_at.map(|_| later(now, HANG_AFTER));
    }
    if let (Some(cause), None) = (over.or(watched), work.stop) {
        work.stop = Some(cause);
        acts.push(Act::Stop { slot, kind: RunKind::Engine, cause, now: false });
    }
    let known = sight.usage != Usage::default();
    let (job, epoch, word) = (work.job.clone(), work.epoch, work.watched.word(sight));
    let command = Command::Progress { job, epoch, word, usage: known.then_some(sight.usage) };
    acts.push(Act::Note(Box::new(order(&desk.who, command))));
}

fn order(who: &crate::fleet::Claimant, command: Command) -> Order {
    Order::new(Actor::new(ActorKind::Agent, who.holder.as_str()), command)
}

impl RunEnd {
    /// The end of an attempt in which nothing ran.
    pub(in crate::agent) fn without_run(outcome: Outcome, reason: String) -> RunEnd {
        RunEnd {
            kind: RunKind::Engine,
            outcome,
            reason,
            until: None,
            window: None,
            judged: false,
            other_model: None,
            usage: Usage::default(),
            insight: Insight::default(),
            wall: Span::ZERO,
            lost: false,
        }
    }
}
