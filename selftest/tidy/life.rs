//! The life of a job as a table of moves, proven against the law by commands thrown at random.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use aq::fleet::{Event, Now, State, handle};
use aq::job::{STAGES, Stage};
use aq::time::{Span, Stamp};

use crate::law_dice::{Dice, order_at};
use crate::law_script::World;

use Stage::{Assigned, Blocked, Building, DeadLetter, Failed, Queued, Review, Shipped, Testing};

/// A move: from which stage (none: the job is new), to which, and the kinds of event that do it.
pub type Move = (Option<Stage>, Stage, &'static [&'static str]);

/// Every move there is. README's diagram and table are drawn from it.
#[rustfmt::skip]
pub const TRANSITIONS: &[Move] = &[
    (None, Queued, &["job_submitted"]),
    (None, Blocked, &["job_submitted"]),
    (Some(Queued), Blocked, &["job_blocked", "job_superseded"]),
    (Some(Queued), Assigned, &["lease_granted"]),
    (Some(Queued), Testing, &["promoted"]),
    (Some(Queued), Failed, &["cancelled"]),
    (Some(Queued), DeadLetter, &["dead_lettered"]),
    (Some(Blocked), Queued, &["job_superseded", "job_unblocked"]),
    (Some(Blocked), Failed, &["cancelled"]),
    (Some(Assigned), Queued, &["job_parked", "lease_expired", "lease_released", "preempted", "requeued"]),
    (Some(Assigned), Blocked, &["requeued"]),
    (Some(Assigned), Building, &["attempt_started"]),
    (Some(Assigned), Failed, &["cancelled"]),
    (Some(Building), Queued, &["asked", "attempt_ended", "job_parked", "lease_expired", "preempted", "requeued"]),
    (Some(Building), Blocked, &["attempt_ended", "requeued"]),
    (Some(Building), Review, &["attempt_ended"]),
    (Some(Building), Testing, &["attempt_ended"]),
    (Some(Building), Failed, &["attempt_ended", "cancelled"]),
    (Some(Review), Queued, &["rejected"]),
    (Some(Review), Blocked, &["rejected"]),
    (Some(Review), Testing, &["promoted", "review_given"]),
    (Some(Review), Failed, &["cancelled", "rejected"]),
    (Some(Testing), Queued, &["pr_sent_back", "rejected"]),
    (Some(Testing), Blocked, &["pr_sent_back", "rejected"]),
    (Some(Testing), Review, &["ship_failed"]),
    (Some(Testing), Shipped, &["shipped"]),
    (Some(Testing), Failed, &["cancelled", "rejected"]),
    (Some(Failed), Queued, &["redriven", "rejected", "requeued"]),
    (Some(Failed), Blocked, &["redriven", "rejected", "requeued"]),
    (Some(Failed), DeadLetter, &["dead_lettered"]),
    (Some(DeadLetter), Queued, &["redriven"]),
    (Some(DeadLetter), Blocked, &["redriven"]),
];

/// Worlds that are tried by chance, and orders in each: none of them may make a move that is not in the table.
const WORLDS: u64 = 40;
const STEPS: usize = 1_000;

/// Every move, made on purpose. `RUN`, `BUILD`, `FAIL` and `LOSE` are several steps of one job.
const SCRIPTS: [&str; 37] = [
    "~submit a; ~cancel a; ~requeue a; ~cancel a; ~redrive a",
    "~submit a; ~submit b; ~edit b deps=a body=x; ~edit b body=y",
    "~submit a; ~submit b deps=a; ~cancel b",
    "~submit a; ~submit b deps=a; BUILD a; ~ship a cli rev=r1; ~shipped a rev=r1",
    "~submit a empty=1; ~submit b parent=a; BUILD b; ~ship b cli rev=r1; ~shipped b rev=r1",
    "~submit a; LOSE a; LOSE a; LOSE a; ~redrive a",
    // Held, and stopped.
    "~submit a; ~claim h1; ~park a; ~unpark a; ~claim h1; ~release a; ~claim h1; ~preempt a",
    "~submit a; ~claim h1; ~requeue a; ~claim h1; ~cancel a",
    "~submit a; RUN a; ~park a; ~unpark a; RUN a; ~expire a",
    "~submit a; RUN a; ~preempt a; RUN a; ~requeue a; RUN a; ~cancel a",
    "~submit a; RUN a; ~ask a",
    // Ended.
    "~submit a; RUN a; ~end a crash",
    "~submit a; RUN a; ~submit b parent=a; ~end a ok rev=r1",
    "~submit a; FAIL a; ~reject a requeue",
    "~submit a; FAIL a; ~reject a",
    // At the gate.
    "~submit a review=1; BUILD a; ~approve a rev=r1",
    "~submit a review=1; BUILD a; ~promote a",
    "~submit a review=1; BUILD a; ~reject a requeue",
    "~submit a review=1; BUILD a; ~reject a",
    "~submit a review=1; BUILD a; ~cancel a",
    "~submit a; BUILD a; ~reject a requeue",
    "~submit a; BUILD a; ~reject a",
    "~submit a; BUILD a; ~cancel a",
    "~submit a; BUILD a; ~ship a cli rev=r1; ~shipfail a conflict",
    "~submit a; BUILD a; ~ship a cli rev=r1; ~pr a 7 rev=r1; ~look a open checks=1/1/0 words=w",
    "~submit a; ~submit b deps=a mode=soft; BUILD a; BUILD b; ~ship b cli rev=r1; ~pr b 7 rev=r1; ~reject a; ~look b open checks=1/1/0 words=w",
    // A soft dependency that was there goes back while its waiter is under way: it waits again.
    "~submit a; ~submit b deps=a mode=soft; BUILD a; ~claim h1; ~reject a; ~requeue b",
    "~submit a; ~submit b deps=a mode=soft; BUILD a; RUN b; ~reject a; ~requeue b",
    "~submit a; ~submit b deps=a mode=soft review=1; BUILD a; BUILD b; ~reject a; ~reject b requeue",
    "~submit a; ~submit b deps=a mode=soft; BUILD a; BUILD b; ~reject a; ~reject b requeue",
    "~submit a; ~submit b deps=a mode=soft; BUILD a; FAIL b; ~reject a; ~requeue b",
    "~submit a; ~submit b deps=a mode=soft; BUILD a; FAIL b; ~reject a; ~redrive b",
    "~submit a; ~submit b deps=a mode=soft; BUILD a; FAIL b; ~reject a; ~reject b requeue",
    "~submit a; ~submit b deps=a mode=soft; BUILD a; FAIL b; ~reject b; ~reject a; ~redrive b",
    "~submit a; ~submit b deps=a mode=soft; BUILD a; ~claim h1; ~reject a; ~preempt b",
    "~submit a; ~submit b deps=a mode=soft; BUILD a; RUN b; ~reject a; ~expire b",
    "~submit a; ~submit b deps=a mode=soft; BUILD a; RUN b; ~reject a; ~cancel b; ~reject b",
];

/// Several steps under one word; `J` is the job.
const WORDS: [(&str, &[&str]); 4] = [
    ("RUN", &["~claim h1", "~start J"]),
    ("BUILD", &["~claim h1", "~start J", "~checkpoint J r1", "~verify J pass rev=r1", "~end J ok rev=r1"]),
    ("FAIL", &["~claim h1", "~start J", "~end J task_failed"]),
    ("LOSE", &["~claim h1", "~expire J"]),
];

/// The diagram of README, in Mermaid.
pub fn diagram() -> String {
    let mut out = "```mermaid\nstateDiagram-v2\n".to_string();
    for (from, to, kinds) in TRANSITIONS {
        let from = from.map_or("[*]", Stage::name);
        let _ = writeln!(out, "    {from} --> {to}: {}", kinds.join(", "));
    }
    let ends =
        STAGES.iter().map(|row| row.0).filter(|stage| !TRANSITIONS.iter().any(|m| m.0 == Some(*stage)));
    for end in ends {
        let _ = writeln!(out, "    {end} --> [*]");
    }
    out + "```\n"
}

/// Moves with the kinds of event that made them.
type Seen = BTreeMap<(Option<Stage>, Stage), BTreeSet<&'static str>>;

/// Applies an event and notes the move it makes.
fn note(state: &mut State, event: &Event, seen: &mut Seen) {
    let stage = |state: &State| event.what.job().and_then(|id| state.job(id)).map(|job| job.stage);
    let from = stage(state);
    state.apply(event).expect("the law's own event");
    if let Some(to) = stage(state).filter(|to| Some(*to) != from) {
        seen.entry((from, to)).or_default().insert(event.what.name());
    }
}

fn by_chance(seed: u64, seen: &mut Seen) {
    let mut dice = Dice::new(seed);
    let start = Stamp::from_millis(1_767_614_400_000);
    let mut now = Now { law: start, wall: start };
    let mut state = State::default();
    for step in 0..STEPS {
        let ms = [1, 900, 31_000, 600_000][usize::try_from(dice.below(4)).expect("small")];
        now = Now { law: now.law.plus(Span::from_millis(ms)), wall: now.wall.plus(Span::from_millis(ms)) };
        let order = order_at(&state, now, step, &mut dice);
        let events = handle(&mut state.clone(), &order, now).unwrap_or_default();
        events.iter().for_each(|event| note(&mut state, event, seen));
    }
}

fn by_script(script: &str, seen: &mut Seen) {
    let mut world = World::new();
    for line in script.split(';').map(str::trim) {
        let steps = line.split_once(' ').and_then(|(word, job)| {
            let row = WORDS.iter().find(|row| row.0 == word)?;
            Some(row.1.iter().map(|step| step.replace('J', job)).collect())
        });
        for step in steps.unwrap_or_else(|| vec![line.to_string()]) {
            world.line(&step);
        }
    }
    let mut state = State::default();
    world.events.iter().for_each(|event| note(&mut state, event, seen));
}

/// Moves as rows, to be compared.
fn rows(seen: &Seen) -> BTreeSet<(Option<Stage>, Stage, &'static str)> {
    seen.iter().flat_map(|(at, kinds)| kinds.iter().map(move |kind| (at.0, at.1, *kind))).collect()
}

/// The table says what the law does: each move of it is made by a script, and chance makes no other.
#[test]
fn the_moves_are_those_of_the_law() {
    let (mut made, mut tried) = (Seen::new(), Seen::new());
    SCRIPTS.iter().for_each(|script| by_script(script, &mut made));
    (0..WORLDS).for_each(|seed| by_chance(seed, &mut tried));
    let table: BTreeSet<_> =
        TRANSITIONS.iter().flat_map(|m| m.2.iter().map(move |kind| (m.0, m.1, *kind))).collect();
    let (made, tried) = (rows(&made), rows(&tried));
    let law: BTreeSet<_> = made.union(&tried).copied().collect();
    let (more, idle) = (law.difference(&table), table.difference(&made));
    let (more, idle): (Vec<_>, Vec<_>) = (more.collect(), idle.collect());
    assert!(
        more.is_empty(),
        "give TRANSITIONS rows for what the law does too, and SCRIPTS that do it: {more:?}"
    );
    assert!(idle.is_empty(), "no script makes these moves; if the law does not either, drop them: {idle:?}");
}
