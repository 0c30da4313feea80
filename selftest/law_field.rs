//! What must never happen, as far as it is the law's to prevent; each test names its row.

use expect_test::expect;

use aq::fleet::{Actor, ActorKind, Code, Command, Order, State, gates, handle};
use aq::job::{JobId, STAGES, Stage};

use crate::law_dice::worker_verbs;
use crate::law_script::{World, check};

/// Commands that nobody gives under an epoch. A new command belongs here or among the worker's verbs.
const WITHOUT_EPOCH: [&str; 25] = [
    "settle",
    "order_review",
    "supersede",
    "claim",
    "park",
    "unpark",
    "wake",
    "answer",
    "request_review",
    "review",
    "promote",
    "ship_start",
    "reject",
    "requeue",
    "redrive",
    "cancel",
    "preempt",
    "archive",
    "open_account",
    "set_ceiling",
    "set_engine_ceiling",
    "pause",
    "resume",
    "suspend",
    // Without a parent, or with a parent and no epoch, it is a person's.
    "submit",
];

/// A script that leaves `a` in that stage, at an epoch above 1.
fn to(stage: Stage) -> String {
    let begin = "~ submit a\n~ claim h1\n~ preempt a\n~ claim h1\n~ start a\n~ verify a pass\n";
    match stage {
        Stage::Queued => "~ submit a\n~ claim h1\n~ preempt a".to_string(),
        Stage::Blocked => "~ submit a\n~ claim h1\n~ start a\n~ submit c parent=a\n~ preempt a".to_string(),
        Stage::Assigned => "~ submit a\n~ claim h1\n~ preempt a\n~ claim h1".to_string(),
        Stage::Building => begin.to_string(),
        Stage::Review => format!("{begin}~ end a unknown"),
        Stage::Testing => format!("{begin}~ end a ok"),
        Stage::Shipped => format!("{begin}~ end a ok\n~ ship a cli\n~ shipped a"),
        Stage::Failed => format!("{begin}~ end a no_work"),
        Stage::DeadLetter => format!("{begin}~ end a no_work\n~ reject a"),
    }
}

fn world(script: &str) -> World {
    let mut world = World::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        world.line(line);
    }
    world
}

fn person(command: Command) -> Order {
    Order::new(Actor::new(ActorKind::Person, "op"), command)
}

/// Rows 3 and 4, R3.
#[test]
fn every_verb_of_a_worker_is_fenced_in_every_stage() {
    let job = JobId::new("a");
    for name in Command::NAMES {
        let rows = worker_verbs(&job, 1).iter().filter(|command| command.name() == *name).count();
        let listed = WITHOUT_EPOCH.contains(name);
        assert!(
            rows == 1 || listed,
            "{name} is new: give it a row among the worker's verbs, or list it here"
        );
    }
    let mut worlds: Vec<World> = STAGES.iter().map(|row| world(&to(row.0))).collect();
    worlds.push(world(&format!("{}\n~ ship a cli", to(Stage::Testing))));
    for world in &worlds {
        let now = world.state.job(&job).expect("a").epoch;
        for command in worker_verbs(&job, now - 1) {
            assert_eq!(command.epoch(), Some(now - 1), "{} shows its epoch", command.name());
            let mut state = world.state.clone();
            let name = command.name();
            let refusal = handle(&mut state, &person(command), world.now).expect_err(name);
            assert_eq!((refusal.code, refusal.epoch), (Code::Fenced, Some(now)), "{name}");
            assert_eq!(state.hash(), world.state.hash(), "{name}");
        }
    }
}

/// Row 1, R2.
#[test]
fn a_late_rescue_puts_no_finished_job_back() {
    for end in ["end a ok", "end a no_work", "ask a", "preempt a", "cancel a", "park a"] {
        let mut first = world(&format!("{}\n~ {end}", to(Stage::Building)));
        let (hash, lines) = (first.state.hash(), first.events.len());
        first.line("expire a epoch=3");
        assert_eq!((first.state.hash(), first.events.len()), (hash, lines), "after {end}");
        // The other order: the job was lost first, so the completion is what comes too late.
        let mut second = world(&format!("{}\n~ expire a", to(Stage::Building)));
        let hash = second.state.hash();
        if end.starts_with("end") || end.starts_with("ask") {
            second.line(&format!("{end} epoch=3"));
            assert_eq!(second.state.hash(), hash, "{end} after the expiry");
        }
    }
}

/// Row 2.
#[test]
fn nothing_that_comes_after_a_success_changes_it() {
    let late = ["end a timeout", "end a crash", "expire a", "end a cancelled", "release a"];
    for first in late {
        for second in late {
            let mut world = world(&format!("{}\n~ checkpoint a r1\n~ end a ok rev=r1", to(Stage::Building)));
            let hash = world.state.hash();
            world.line(first);
            world.line(second);
            assert_eq!(world.state.hash(), hash, "{first}, {second}");
        }
    }
}

/// Row 3, R4.
#[test]
fn a_holder_that_slept_is_told_the_epoch_and_a_repeated_receipt_is_a_success() {
    check(
        "
        ~ submit a
        ~ submit next deps=a mode=soft
        ~ claim one
        ~ start a
        ~ expire a why=silent
        ~ claim two
        ~ start a
        ~ verify a pass
        end a ok epoch=1
        submit child parent=a epoch=1 by=engine:a
        end a ok order=two-done
        end a ok order=two-done
        end a ok order=one-done epoch=1
        ",
        expect![[r#"
            > end a ok epoch=1
              ! fenced: refused: end of a at epoch 1 < 3
            > submit child parent=a epoch=1 by=engine:a
              ! fenced: refused: submit of a at epoch 1 < 3
            > end a ok order=two-done
              attempt_ended a e3 outcome=ok reason=it to=testing
              job_unblocked next
              = a testing@3 "attempt ended well"
              = next queued@0 "dependencies satisfied"
            > end a ok order=two-done
              ! already_done: this was done already, as event 9
            > end a ok order=one-done epoch=1
              ! fenced: refused: end of a at epoch 1 < 3
        "#]],
    );
}

/// Row 6: wherever a holder dies, the job can be taken again at once.
#[test]
fn a_dead_holders_job_is_free_after_one_expiry() {
    let steps = ["claim h1", "start a", "progress a thinking", "checkpoint a r1", "verify a pass rev=r1"];
    for n in 1..=steps.len() {
        let script: Vec<String> = steps[..n].iter().map(|step| format!("~ {step}")).collect();
        let mut world = world(&format!("~ submit a\n{}\n~ expire a", script.join("\n")));
        let job = world.state.job(&JobId::new("a")).expect("a");
        assert!(job.lease.is_none() && job.open_attempt().is_none(), "after {n} steps");
        world.line("~ claim h2");
        assert_eq!(world.state.job(&JobId::new("a")).map(|j| j.stage), Some(Stage::Assigned));
    }
    let mut shipping = world(&format!("{}\n~ ship a one\n~ expire a", to(Stage::Testing)));
    shipping.line("~ ship a two");
}

/// Row 8.
#[test]
fn a_fresh_claim_inherits_nothing_from_the_last_holder() {
    let mut world = world("~ submit a\n~ claim h1\n~ start a\n~ pass 1h\n~ expire a\n~ claim h2");
    let lease = world.state.job(&JobId::new("a")).and_then(|j| j.lease.clone()).expect("held");
    assert_eq!((lease.holder.as_str(), lease.granted), ("h2", world.now.law));
    let hash = world.state.hash();
    world.line("expire a epoch=1");
    assert_eq!(world.state.hash(), hash);
}

/// Row 10.
#[test]
fn every_way_out_of_a_run_closes_its_attempt() {
    for way in ["expire a", "preempt a", "requeue a", "cancel a", "park a", "ask a", "end a ok", "pause kill"]
    {
        let world = world(&format!("{}\n~ {way}", to(Stage::Building)));
        let job = world.state.job(&JobId::new("a")).expect("a");
        let closed = job.attempts.last().expect("an attempt");
        assert!(
            closed.ended.is_some() && !closed.reason.is_empty() && closed.epoch == 3,
            "{way}: {closed:?}"
        );
        assert!(job.lease.is_none(), "{way}");
    }
}

/// Row 19, R8.
#[test]
fn a_poison_job_dies_alone_and_its_counters_are_the_replays() {
    let round = "~ claim h1\n~ start poison\n~ expire poison\n";
    let world =
        world(&format!("~ submit poison priority=critical\n~ submit other\n{round}{round}{round}~ claim h1"));
    assert_eq!(world.state.stage_of(&JobId::new("poison")), Some(Stage::DeadLetter));
    assert_eq!(world.state.stage_of(&JobId::new("other")), Some(Stage::Assigned));
    let mut replay = State::default();
    for event in &world.events {
        replay.apply(event).expect("fits");
        let again = crate::law_script::reread(&replay);
        let lost = |state: &State| state.job(&JobId::new("poison")).map(|j| j.lost.clone());
        assert_eq!(lost(&again), lost(&replay));
    }
    assert_eq!(replay.hash(), world.state.hash());
}

/// Row 23.
#[test]
fn a_checkpoint_left_over_does_not_stand_in_the_way_of_a_clean_end() {
    check(
        "
        ~ submit a
        ~ claim h1
        ~ start a
        ~ checkpoint a wip
        ~ park a
        ~ unpark a
        ~ claim h1
        ~ start a base=wip
        ~ checkpoint a done
        ~ verify a pass rev=done
        end a ok rev=done
        ",
        expect![[r#"
            > end a ok rev=done
              attempt_ended a e3 outcome=ok reason=it rev=done to=testing
              = a testing@3 "attempt ended well"
        "#]],
    );
}

#[test]
fn what_a_stopped_run_was_saved_in_is_where_the_job_goes_on() {
    check(
        "
        ~ submit a
        ~ claim h1
        ~ start a
        ~ cancel a
        settle a 1 rev=r1
        settle a 1 rev=r1
        show a
        # a later attempt has its own tree
        requeue a
        ~ claim h1
        ~ start a base=r1
        ~ checkpoint a r2
        settle a 1 rev=r0
        show a
        # and so has what a person chose
        ~ cancel a
        requeue a back=r1
        settle a 2 rev=r3
        show a
        ",
        expect![[r#"
            > settle a 1 rev=r1
              attempt_settled a rev=r1
              = a failed@2 "cancelled"
            > settle a 1 rev=r1
              ! no_change: what attempt 1 of a used up is known
            > show a
              = a failed@2 "cancelled"
                attempt 1 e1 h1: cancelled (stopped by an operator)
                checkpoint r1 of e1
            # a later attempt has its own tree
            > requeue a
              requeued a e3 to=queued
              = a queued@3 "requeued"
            > settle a 1 rev=r0
              attempt_settled a rev=r0
              = a building@4 h1 "attempt started"
            > show a
              = a building@4 h1 "attempt started"
                attempt 1 e1 h1: cancelled (stopped by an operator)
                attempt 2 e4 h1: open
                checkpoint r2 of e4
            # and so has what a person chose
            > requeue a back=r1
              requeued a e6 from=r1 to=queued
              = a queued@6 "requeued"
            > settle a 2 rev=r3
              attempt_settled a rev=r3
              = a queued@6 "requeued"
            > show a
              = a queued@6 "requeued"
                attempt 1 e1 h1: cancelled (stopped by an operator)
                attempt 2 e4 h1: cancelled (stopped by an operator)
                checkpoint r1 of e6
        "#]],
    );
}

/// Row 32: why a job waited at a past event is told by the state replayed up to there.
#[test]
fn waiting_can_be_explained_afterwards() {
    let mut world = World::new();
    let script = "submit a lock=l
        submit b lock=l deps=c
        submit c
        claim h1
        claim h1
        start c
        verify c pass
        end c ok
        ship c cli
        shipped c
        claim h1
        pause drain
        preempt a
        resume
        claim h1";
    let mut told = Vec::new();
    let explain = |state: &State, now| -> Vec<String> {
        state.jobs.values().map(|job| format!("{} {:?}", job.id, gates(state, job, None, now))).collect()
    };
    for line in script.lines() {
        world.line(line.trim());
        told.push((world.events.len(), explain(&world.state, world.now)));
    }
    for (seq, said) in told {
        let mut past = State::default();
        for event in &world.events[..seq] {
            past.apply(event).expect("fits");
        }
        assert_eq!(explain(&past, world.now), said, "at event {seq}");
    }
}

/// Row 33: the verbs that lead out of each place, found by trying them all.
#[test]
fn an_operator_can_leave_every_place() {
    let places = [
        ("queued", to(Stage::Queued)),
        ("parked", format!("{}\n~ park a", to(Stage::Queued))),
        ("limit", format!("{}\n~ end a limit", to(Stage::Building))),
        ("backoff", format!("{}\n~ end a crash", to(Stage::Building))),
        ("asked", format!("{}\n~ ask a", to(Stage::Building))),
        ("not-before", "~ submit a not-before=+9h".to_string()),
        ("blocked", to(Stage::Blocked)),
        ("assigned", to(Stage::Assigned)),
        ("building", to(Stage::Building)),
        ("review", to(Stage::Review)),
        ("testing", to(Stage::Testing)),
        ("shipping", format!("{}\n~ ship a cli", to(Stage::Testing))),
        ("failed", to(Stage::Failed)),
        ("dead_letter", to(Stage::DeadLetter)),
        ("shipped", to(Stage::Shipped)),
    ];
    let verbs = [
        "cancel a",
        "park a",
        "unpark a",
        "answer a",
        "requeue a",
        "redrive a",
        "preempt a",
        "promote a",
        "approve a",
        "reject a",
        "ship a cli2",
        "expire a",
    ];
    let mut said = String::new();
    for (name, script) in places {
        let here = world(&script);
        let leads_out = |verb: &&&str| {
            let mut tried = world(&script);
            tried.line(verb);
            tried.state.seq > here.state.seq
        };
        let out: Vec<&str> =
            verbs.iter().filter(leads_out).map(|verb| verb.split(' ').next().unwrap_or("")).collect();
        said += &format!("{name:12} {}\n", out.join(" "));
    }
    expect![[r#"
        queued       cancel park
        parked       cancel unpark
        limit        cancel unpark
        backoff      cancel unpark
        asked        cancel unpark answer
        not-before   cancel unpark
        blocked      cancel
        assigned     cancel park requeue preempt expire
        building     cancel park requeue preempt expire
        review       cancel promote approve reject
        testing      cancel reject ship
        shipping     expire
        failed       cancel requeue redrive reject
        dead_letter  redrive
        shipped      
    "#]]
    .assert_eq(&said);
}

/// Row 38, R1.
#[test]
fn a_wall_that_jumps_ends_nothing_early_and_stops_nothing() {
    check(
        "
        ~ submit a
        ~ claim h1
        ~ start a
        ~ end a crash
        wall +1h
        wake a
        wall -2h
        ~ pass 30s
        wake a
        ~ claim h1
        ~ start a
        # a reset is a date on the wall: what it was told, not how long it took
        ~ end a limit until=+30m
        wall +1h
        wake a
        wall -1h
        wake a
        ~ claim h1
        show a
        ",
        expect![[r#"
            > wall +1h
            > wake a
              ! not_due: a is not due
            > wall -2h
            > wake a
              job_unparked a reason="its time has come"
              = a queued@1 "its time has come"
            # a reset is a date on the wall: what it was told, not how long it took
            > wall +1h
            > wake a
              job_unparked a reason="its time has come"
              = a queued@2 "its time has come"
            > wall -1h
            > wake a
              ! not_due: a is not due
            > show a
              = a assigned@3 h1 "claimed"
                attempt 1 e1 h1: crash (it)
                attempt 2 e2 h1: limit (it)
                counted 1, limits 1
        "#]],
    );
    let world =
        world("~ submit a\n~ wall -1h\n~ claim h1\n~ wall +2h\n~ start a\n~ pass 1s\n~ wall -1h\n~ end a ok");
    assert!(world.events.windows(2).all(|two| two[0].at <= two[1].at), "the law's time never goes back");
}
