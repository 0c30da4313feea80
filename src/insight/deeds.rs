//! What people did, read back from the log, and what would take it back.
//!
//! Undo needs no store of its own. The log says who did what when, and the state before each action,
//! made by applying the events up to it, has the values to come back to: when a park would have ended,
//! what the ceiling was. Events of one call of a verb share the name in their keys, so that they are one
//! action here; an undo carries the number of what it undid, so that nothing is undone twice.
//!
//! A redo does anew what the last undo took back, as an action of its own that can be undone again. It carries
//! the number of that undo, so that nothing is redone twice either.

use super::halt::stops_at;
use super::level::is_gate;
use crate::fleet::{
    ACTIONS, Actor, ActorKind, CEILING_TAKEN_BACK, Command, Event, Job, Park, ParkReason, PauseMode,
    SUPERSEDED, State, What,
};
use crate::job::{Budget, IdempotencyKey, JobId, Seq, Stage, usd};
use crate::time::Stamp;

/// The product of a folder, where an action is about no job.
pub const LOCAL: &str = "local";

/// Keys of what was done again begin so.
const REDO: &str = "redo-";

/// One effect of an action on one target.
#[derive(Clone, PartialEq, Debug)]
pub struct Deed {
    /// The event.
    pub seq: Seq,
    /// The job; `None` is the whole queue.
    pub job: Option<JobId>,
    /// What takes it back, or none.
    pub inverse: Option<Inverse>,
    /// An undo of it stands in the log.
    pub undone: bool,
    /// The gate that the job stood at, its work done.
    gate: Option<Stage>,
    /// What was done.
    what: What,
    /// The last undo of it, unless it was done again since.
    taken_back: Option<TakenBack>,
    /// The event that stands for it now: its own, or the undo of what came after it.
    stands: Seq,
    /// The event that stood before it.
    was: Seq,
}

/// An undo.
#[derive(Clone, Copy, PartialEq, Debug)]
struct TakenBack {
    /// The event.
    by: Seq,
    /// The event that stands for it now: its own, or the redo of an undo that came after it.
    stands: Seq,
    /// The event of its job that stood before it.
    was: Seq,
}

/// A way back, good as long as the thing still stands as the event left it.
#[derive(Clone, PartialEq, Debug)]
pub enum Inverse {
    /// Lift the park.
    Unpark,
    /// Park again as it was.
    Park(Option<Stamp>, ParkReason),
    /// Requeue from the last checkpoint; a job that was cancelled is put aside again as it was.
    Requeue(Option<Box<Park>>),
    /// The gate as it was; with the gate that was asked for.
    Review(crate::job::ReviewRule, crate::job::ReviewRule),
    /// Let the queue go on.
    Resume,
    /// The old ceiling; with the one that was set.
    Ceiling((Option<u64>, crate::fleet::Window), (Option<u64>, crate::fleet::Window)),
    /// The old ceiling of an engine; with the one that was set.
    EngineCeiling(String, Option<u64>, Option<u64>),
}

/// One action of a person: everything that one call of a verb did.
#[derive(Clone, PartialEq, Debug)]
pub struct PastAction {
    /// When.
    pub at: Stamp,
    /// Who.
    pub by: Actor,
    /// The verb.
    pub verb: &'static str,
    /// What it did, target by target.
    pub deeds: Vec<Deed>,
    /// What its orders' keys have in common.
    name: String,
}

impl PastAction {
    /// Whether any of it can be taken back at all, and was not yet. A pause that is over leaves nothing to take
    /// back, and does not stand before what was done earlier.
    pub fn is_open(&self, state: &State) -> bool {
        let over = |deed: &Deed| deed.inverse == Some(Inverse::Resume) && state.product.paused.is_none();
        self.deeds.iter().any(|deed| deed.inverse.is_some() && !deed.undone && !over(deed))
    }

    /// Whether none of it could ever be taken back.
    pub fn has_no_inverse(&self) -> bool {
        self.deeds.iter().all(|deed| deed.inverse.is_none())
    }

    /// Whether it stands as the last thing that its person did: whatever was taken back or is over does not.
    pub fn stands(&self, state: &State) -> bool {
        self.has_no_inverse() || self.is_open(state)
    }

    /// What was taken back of it and not done again.
    pub fn taken_back(&self) -> impl Iterator<Item = &Deed> {
        self.deeds.iter().filter(|deed| deed.taken_back.is_some())
    }

    /// The key by which one of its deeds is done again: fresh, because an undo is undone once.
    pub fn redo_key(&self, deed: &Deed) -> Option<IdempotencyKey> {
        let first = self.taken_back().next()?.taken_back?.by;
        Some(IdempotencyKey::new(format!("{REDO}{first}/{}", deed.taken_back?.by)))
    }

    /// Its targets: `fix-login-7k2m`, or `14 jobs`.
    pub fn targets(&self) -> String {
        match self.deeds.as_slice() {
            [one] => one.job.as_ref().map_or(LOCAL.to_string(), ToString::to_string),
            several => format!("{} jobs", several.len()),
        }
    }

    /// The same with what was set: `local: ceiling $5.00 per day`.
    pub fn told(&self) -> String {
        let set: Vec<String> = self.deeds.iter().filter_map(set_words).collect();
        if set.is_empty() { self.targets() } else { format!("{LOCAL}: {}", set.join(", ")) }
    }
}

/// What a ceiling was set to.
fn set_words(deed: &Deed) -> Option<String> {
    Some(match &deed.what {
        What::BudgetChanged { ceiling: Some(most), window } => {
            format!("ceiling {} {}", usd(*most), window.words())
        }
        What::BudgetChanged { ceiling: None, .. } => "no ceiling".to_string(),
        What::EngineBudgetChanged { engine, ceiling: Some(most) } => {
            format!("engine {engine} {}", usd(*most))
        }
        What::EngineBudgetChanged { engine, ceiling: None } => format!("engine {engine} no ceiling"),
        _ => return None,
    })
}

/// Takes the next event into the list of actions; `before` is the state it met.
pub fn take_deed(actions: &mut Vec<PastAction>, before: &State, seq: Seq, event: &Event) {
    let key = event.key.as_ref().map(crate::job::IdempotencyKey::as_str);
    let number = |text: &str| text.parse::<Seq>().ok();
    let job_at = event.what.job().and_then(|id| before.job(id)).map_or(0, |job| job.event);
    if let Some(of) = key.and_then(|key| key.strip_prefix("undo-")).and_then(number) {
        undo(actions, of, TakenBack { by: seq, stands: seq, was: job_at });
        return;
    }
    if key.is_none() && is_of_the_last(actions, before, event) {
        follow(actions, event.what.job(), job_at, seq);
        return;
    }
    if let Some((_, of)) = key.and_then(|key| key.strip_prefix(REDO)?.split_once('/')) {
        number(of).into_iter().for_each(|of| redone(actions, of, seq));
    }
    if event.by.kind != ActorKind::Person {
        return;
    }
    let Some((verb, inverse)) = meaning(before, event) else { return };
    let name =
        key.and_then(|key| key.rsplit_once('/')).map_or_else(|| format!("#{seq}"), |row| row.0.to_string());
    let deed = Deed {
        seq,
        job: event.what.job().cloned(),
        inverse,
        undone: false,
        gate: event
            .what
            .job()
            .and_then(|id| before.job(id))
            .map(|job| job.stage)
            .filter(|stage| is_gate(*stage)),
        what: event.what.clone(),
        taken_back: None,
        stands: seq,
        was: job_at,
    };
    match actions.last_mut().filter(|past| past.name == name && past.verb == verb) {
        Some(past) => past.deeds.push(deed),
        None => {
            actions.push(PastAction { at: event.at, by: event.by.clone(), verb, deeds: vec![deed], name })
        }
    }
}

/// Whether an event without a key came with the one before it: a job that was sent back is put aside at once,
/// and one that is put aside stays so when its text is another.
fn is_of_the_last(actions: &[PastAction], before: &State, event: &Event) -> bool {
    let Some(job) = event.what.job().and_then(|id| before.job(id)) else { return false };
    let is_next = job.event == before.seq && before.at == event.at;
    let stands = |deed: &Deed| {
        deed.stands == job.event || deed.taken_back.is_some_and(|undo| undo.stands == job.event)
    };
    let known = actions.iter().flat_map(|past| &past.deeds).any(stands);
    match event.what {
        What::JobParked { .. } => is_next && (known || &*job.why == SUPERSEDED),
        What::JobSuperseded { .. } => is_next && known,
        _ => false,
    }
}

/// What stood under the event `was` of a job stands under `now`.
fn follow(actions: &mut [PastAction], job: Option<&JobId>, was: Seq, now: Seq) {
    let deeds = actions.iter_mut().flat_map(|past| past.deeds.iter_mut());
    for deed in deeds.filter(|deed| deed.job.as_ref() == job) {
        if deed.stands == was {
            deed.stands = now;
        }
        if let Some(undo) = deed.taken_back.as_mut().filter(|undo| undo.stands == was) {
            undo.stands = now;
        }
    }
}

/// What was undone is done with; what stood before it stands again, under the number of the undo.
fn undo(actions: &mut [PastAction], of: Seq, by: TakenBack) {
    let deeds = || actions.iter().flat_map(|past| &past.deeds);
    let Some((job, was)) = deeds().find(|deed| deed.seq == of).map(|deed| (deed.job.clone(), deed.was))
    else {
        return;
    };
    for deed in actions.iter_mut().flat_map(|past| past.deeds.iter_mut()) {
        if deed.seq == of {
            deed.undone = true;
            deed.taken_back = Some(by);
        } else if job.is_some() && deed.job == job && deed.stands == was {
            deed.stands = by.by;
        }
    }
}

/// The undo `of` is over; the undo that stood before it stands again, under the number of the redo.
fn redone(actions: &mut [PastAction], of: Seq, by: Seq) {
    let deeds = || actions.iter().flat_map(|past| &past.deeds);
    let is_it = |deed: &&Deed| deed.taken_back.is_some_and(|undo| undo.by == of);
    let Some((job, was)) = deeds().find(is_it).map(|deed| (deed.job.clone(), deed.taken_back)) else {
        return;
    };
    let was = was.map_or(0, |undo| undo.was);
    for deed in actions.iter_mut().flat_map(|past| past.deeds.iter_mut()) {
        match &mut deed.taken_back {
            Some(undo) if undo.by == of => deed.taken_back = None,
            Some(undo) if job.is_some() && deed.job == job && undo.stands == was => undo.stands = by,
            _ => {}
        }
    }
}

/// What this person last undid, if they have done nothing else since.
pub fn to_redo<'a>(actions: &'a [PastAction], me: &Actor) -> Option<&'a PastAction> {
    let undone_at =
        |past: &PastAction| past.taken_back().filter_map(|deed| deed.taken_back).map(|it| it.by).max();
    let mine = || actions.iter().filter(|past| past.by.is(me));
    let (past, at) = mine().filter_map(|past| Some((past, undone_at(past)?))).max_by_key(|row| row.1)?;
    let since =
        mine().any(|other| !other.name.starts_with(REDO) && other.deeds.iter().any(|deed| deed.seq > at));
    Some(past).filter(|_| !since)
}

/// The verb behind an event and the way back. What follows from an action by law alone is none: it has
/// no key, or says another reason.
fn meaning(before: &State, event: &Event) -> Option<(&'static str, Option<Inverse>)> {
    let job = event.what.job().and_then(|id| before.job(id));
    Some(match &event.what {
        What::JobParked { reason: ParkReason::Operator, .. } => {
            let before = job.and_then(|job| job.park.as_ref());
            let before = before.map(|park| Inverse::Park(park.until, park.reason));
            ("park", Some(before.unwrap_or(Inverse::Unpark)))
        }
        What::JobUnparked { reason, .. } if reason == "unparked by a person" => {
            let park = job.and_then(|job| job.park.as_ref());
            ("unpark", park.map(|park| Inverse::Park(park.until, park.reason)))
        }
        What::JobUnparked { reason, .. } if reason == "a person lets it try" => ("unpark", None),
        What::AccountOpened { reason, .. } if reason == "opened by a person" => ("unpark --account", None),
        What::Cancelled { .. } => ("cancel", Some(Inverse::Requeue(job.and_then(|job| job.park.clone())))),
        What::Rejected { to: Stage::Failed, .. } => ("reject", Some(Inverse::Requeue(None))),
        What::Rejected { .. } => ("reject", None),
        What::DeadLettered { reason, .. } if reason == "given up by a person" => ("reject", None),
        What::ReviewRequested { rule, .. } => {
            ("review", job.map(|job| Inverse::Review(job.review_rule().clone(), rule.clone())))
        }
        What::ReviewGiven { approve: true, .. } => ("approve", None),
        What::Promoted { reason, .. } if reason == "promoted by a person" => ("promote", None),
        What::Requeued { .. } => ("requeue", None),
        What::Redriven { .. } => ("redrive", None),
        What::Answered { .. } => ("answer", None),
        What::Preempted { .. } if event.key.is_some() => ("preempt", None),
        What::Shipped { .. } => ("ship", None),
        What::BudgetPaused { reason, .. } if reason == "paused by a person" => {
            ("budget pause", Some(Inverse::Resume))
        }
        What::BudgetResumed { reason } if reason == CEILING_TAKEN_BACK => return None,
        What::BudgetResumed { .. } => ("budget resume", None),
        What::BudgetChanged { ceiling, window } => {
            let old = (before.product.ceiling, before.product.window);
            ("budget set", Some(Inverse::Ceiling(old, (*ceiling, *window))))
        }
        What::EngineBudgetChanged { engine, ceiling } => {
            ("budget set", Some(Inverse::EngineCeiling(engine.clone(), cap_of(before, engine), *ceiling)))
        }
        _ => return None,
    })
}

/// The ceiling of an engine as it is.
fn cap_of(state: &State, engine: &str) -> Option<u64> {
    state.product.engines.get(engine).and_then(|money| money.ceiling)
}

/// The command that takes a deed back now.
///
/// # Errors
/// Why it no longer applies, as the end of a sentence.
pub fn way_back(state: &State, deed: &Deed, now: Stamp) -> Result<Command, String> {
    let Some(inverse) = &deed.inverse else { return Err("it has no inverse".to_string()) };
    if deed.undone {
        return Err("it was undone already".to_string());
    }
    let product = &state.product;
    match (inverse, &deed.job) {
        (Inverse::Resume, _) if product.paused.is_some() => Ok(Command::Resume {}),
        (Inverse::Resume, _) => Err("the queue is not paused any more".to_string()),
        (Inverse::Ceiling(old, set), _) if (product.ceiling, product.window) == *set => {
            Ok(Command::SetCeiling { ceiling: old.0, window: old.1, lifts: true })
        }
        (Inverse::EngineCeiling(engine, old, set), _) if cap_of(state, engine) == *set => {
            Ok(Command::SetEngineCeiling { engine: engine.clone(), ceiling: *old })
        }
        (Inverse::Ceiling(..) | Inverse::EngineCeiling(..), _) => {
            Err("the ceiling was set anew since".to_string())
        }
        (_, None) => Err("it is about no job".to_string()),
        (inverse, Some(id)) => match state.job(id) {
            Some(job) => of_job(inverse, job, deed.stands, now),
            None => Err("the job is archived".to_string()),
        },
    }
}

/// What is said of an action that nothing takes back: that, and what can be done instead.
pub fn no_way_back(state: &State, past: &PastAction) -> String {
    let verb = past.verb;
    let [Deed { job: Some(id), .. }] = past.deeds.as_slice() else {
        let instead = if verb == "budget resume" { ": aq budget pause local pauses it anew" } else { "" };
        return format!("{verb} of {} has no undo{instead}", past.targets());
    };
    let Some(job) = state.job(id) else { return format!("{verb} has no undo: {id} is archived") };
    let instead = match (verb, job.stage) {
        ("approve", Stage::Review) => format!("a later word of yours takes its place: aq reject {id} -m WHY"),
        ("approve" | "promote", Stage::Testing) => {
            format!("it may ship now; send it back: aq reject {id} --requeue -m WHY")
        }
        (_, Stage::Shipped) => format!("{id} is shipped, and a revert is a new job"),
        (_, stage) => {
            let lawful: Vec<&str> =
                ACTIONS.iter().filter(|row| row.from.contains(&stage)).map(|row| row.name).collect();
            format!("{id} is {stage}; lawful now: {}", lawful.join(", "))
        }
    };
    format!("{verb} has no undo: {instead}")
}

/// What the way back of a deed cannot put back, in words.
pub fn left_out(deed: &Deed) -> Option<String> {
    match (&deed.inverse, deed.gate) {
        (Some(Inverse::Requeue(Some(park))), _) if park.reason == ParkReason::Asked => {
            Some("what it asked is not asked again: it goes on from its last checkpoint".to_string())
        }
        (Some(Inverse::Requeue(_)), Some(gate)) => {
            Some(format!("it does not stand in {gate} again: it runs anew from its last checkpoint"))
        }
        _ => None,
    }
}

/// The command that does again what was taken back.
///
/// # Errors
/// Why it no longer applies, as the end of a sentence.
pub fn way_again(state: &State, deed: &Deed, now: Stamp) -> Result<Command, String> {
    let Some(undo) = deed.taken_back else { return Err("it was not undone".to_string()) };
    let product = &state.product;
    match (&deed.what, &deed.inverse) {
        (What::BudgetPaused { mode: PauseMode::Drain, until, .. }, _) if product.paused.is_none() => {
            Ok(Command::Pause { mode: PauseMode::Drain, until: *until })
        }
        (What::BudgetPaused { mode: PauseMode::Drain, .. }, _) => Err("the queue is paused".to_string()),
        // What stops work is not done by the way.
        (What::BudgetPaused { .. }, _) => Err("a pause that stops work is asked for anew".to_string()),
        (What::BudgetChanged { ceiling, window }, Some(Inverse::Ceiling(old, _)))
            if (product.ceiling, product.window) == *old =>
        {
            match stops_at(state, *ceiling, *window, now) {
                Some(_) => Err("it would stop the queue at once: set it anew".to_string()),
                None => Ok(Command::SetCeiling { ceiling: *ceiling, window: *window, lifts: false }),
            }
        }
        (What::EngineBudgetChanged { engine, ceiling }, Some(Inverse::EngineCeiling(_, old, _)))
            if cap_of(state, engine) == *old =>
        {
            Ok(Command::SetEngineCeiling { engine: engine.clone(), ceiling: *ceiling })
        }
        (What::BudgetChanged { .. } | What::EngineBudgetChanged { .. }, _) => {
            Err("the ceiling was set anew since".to_string())
        }
        (what, _) => {
            let job = deed.job.as_ref().and_then(|id| state.job(id)).ok_or("the job is archived")?;
            let as_left = match &deed.inverse {
                Some(Inverse::Review(old, _)) => job.stage == Stage::Review && job.review_rule() == old,
                _ => job.event == undo.stands,
            };
            match again(what, job.id.clone()).filter(|_| as_left) {
                Some(command) => Ok(command),
                None => Err(format!("it is {} since ({})", job.stage, job.why)),
            }
        }
    }
}

fn again(what: &What, job: JobId) -> Option<Command> {
    Some(match what {
        What::JobParked { until, reason, .. } => Command::Park { job, until: *until, reason: *reason },
        What::JobUnparked { .. } => Command::Unpark { job },
        What::Cancelled { .. } => Command::Cancel { job },
        What::Rejected { .. } => Command::Reject { job, requeue: false },
        What::ReviewRequested { rule, .. } => Command::RequestReview { job, rule: rule.clone() },
        _ => return None,
    })
}

fn of_job(inverse: &Inverse, job: &Job, seq: Seq, now: Stamp) -> Result<Command, String> {
    let id = job.id.clone();
    let moved_on = || format!("it is {} since ({})", job.stage, job.why);
    match inverse {
        Inverse::Unpark if job.event == seq => Ok(Command::Unpark { job: id }),
        Inverse::Requeue(park) if job.event == seq => {
            Ok(Command::Requeue { job: id, raised: Budget::default(), from: None, park: park.clone() })
        }
        // What it waited for before the park is over by now.
        Inverse::Park(Some(until), _) if *until <= now && job.park.is_some() && job.event == seq => {
            Ok(Command::Unpark { job: id })
        }
        Inverse::Park(until, _) if until.is_some_and(|at| at <= now) => {
            Err("its park would be over by now".to_string())
        }
        Inverse::Park(until, reason) if job.event == seq => {
            Ok(Command::Park { job: id, until: *until, reason: *reason })
        }
        Inverse::Review(old, asked) if job.stage == Stage::Review && job.review_rule() == asked => {
            Ok(Command::RequestReview { job: id, rule: old.clone() })
        }
        _ => Err(moved_on()),
    }
}
