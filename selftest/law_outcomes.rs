//! The second table of the stages: each outcome, whether it is retried, what it counts.

use expect_test::expect;

use aq::job::{Follow, OUTCOMES};

use crate::law_script::{check, run};

#[test]
fn every_outcome_leads_somewhere() {
    let mut said = String::new();
    for (_, name, _, _) in OUTCOMES {
        let text = run(&format!("~ submit a\n~ claim h1\n~ start a\n~ end a {name}\nshow a"));
        let lines: Vec<&str> = text.lines().skip(1).map(str::trim).collect();
        said += &format!("{name:20} {}\n", lines.join(" | "));
    }
    expect![[r#"
        ok                   = a review@1 "attempt ended well" | attempt 1 e1 h1: ok (it) | head none Unproven, 0 approvals
        no_work              = a failed@1 "no_work" | attempt 1 e1 h1: no_work (it)
        task_failed          = a failed@1 "task_failed" | attempt 1 e1 h1: task_failed (it)
        verify_failed        = a failed@1 "verify_failed" | attempt 1 e1 h1: verify_failed (it) | counted 1
        timeout              = a failed@1 "timeout" | attempt 1 e1 h1: timeout (it) | counted 1
        turns                = a failed@1 "turns" | attempt 1 e1 h1: turns (it)
        budget_exceeded      = a failed@1 "budget_exceeded" | attempt 1 e1 h1: budget_exceeded (it)
        auth                 = a failed@1 "auth" | attempt 1 e1 h1: auth (it)
        config               = a failed@1 "config" | attempt 1 e1 h1: config (it)
        no_engine            = a failed@1 "no_engine" | attempt 1 e1 h1: no_engine (it)
        capability_mismatch  = a failed@1 "capability_mismatch" | attempt 1 e1 h1: capability_mismatch (it)
        crash                = a queued@1 parked until +30s "pause before a retry" | attempt 1 e1 h1: crash (it) | counted 1
        stalled              = a queued@1 parked until +30s "pause before a retry" | attempt 1 e1 h1: stalled (it) | counted 1
        overloaded           = a queued@1 parked until +32s "pause before a retry" | attempt 1 e1 h1: overloaded (it) | overloads 1
        limit                = a queued@1 parked until +5m "usage limit" | attempt 1 e1 h1: limit (it) | limits 1
        cancelled            = a failed@1 "cancelled" | attempt 1 e1 h1: cancelled (it)
        preempted            = a queued@1 "preempted" | attempt 1 e1 h1: preempted (it)
        drained              = a queued@1 "drained" | attempt 1 e1 h1: drained (it)
        unknown              = a review@1 "unknown" | attempt 1 e1 h1: unknown (it) | head none Unproven, 0 approvals
        unsaved              = a review@1 "unsaved" | attempt 1 e1 h1: unsaved (it) | head none Unproven, 0 approvals
    "#]]
    .assert_eq(&said);
}

#[test]
fn named_in_on_every_retry_word_counts_and_is_exhausted() {
    let mut said = String::new();
    for (outcome, name, _, _) in OUTCOMES.iter().filter(|row| row.0.is_retry_word()) {
        let round = format!("~ claim h1\n~ start a\n~ end a {name}\n~ pass 1s\n");
        let wake = "~ wake a\n";
        let text = run(&format!(
            "~ submit a on={outcome} retry=2 backoff=1s\n{round}{wake}{round}{wake}{round}show a"
        ));
        let lines: Vec<&str> = text.lines().skip(1).map(str::trim).collect();
        said += &format!("{name:15} {}\n", lines.join(" | "));
    }
    expect![[r#"
        task_failed     = a failed@3 "task_failed" | attempt 1 e1 h1: task_failed (it) | attempt 2 e2 h1: task_failed (it) | attempt 3 e3 h1: task_failed (it) | counted 2
        verify_failed   = a failed@3 "verify_failed" | attempt 1 e1 h1: verify_failed (it) | attempt 2 e2 h1: verify_failed (it) | attempt 3 e3 h1: verify_failed (it) | counted 3
        timeout         = a failed@3 "timeout" | attempt 1 e1 h1: timeout (it) | attempt 2 e2 h1: timeout (it) | attempt 3 e3 h1: timeout (it) | counted 3
        crash           = a failed@3 "crash" | attempt 1 e1 h1: crash (it) | attempt 2 e2 h1: crash (it) | attempt 3 e3 h1: crash (it) | counted 3
        stalled         = a failed@3 "stalled" | attempt 1 e1 h1: stalled (it) | attempt 2 e2 h1: stalled (it) | attempt 3 e3 h1: stalled (it) | counted 3
    "#]]
    .assert_eq(&said);
}

#[test]
fn an_outcome_that_on_does_not_name_is_not_retried() {
    check(
        "
        ~ submit a on=timeout
        ~ claim h1
        ~ start a
        end a crash
        ~ submit b on=timeout retry=0
        ~ claim h1
        ~ start b
        end b timeout
        ",
        expect![[r#"
            > end a crash
              attempt_ended a e1 outcome=crash reason=it to=failed
              = a failed@1 "crash"
            > end b timeout
              attempt_ended b e1 outcome=timeout reason=it to=failed
              = b failed@1 "timeout"
        "#]],
    );
}

#[test]
fn retries_wait_with_backoff_by_the_laws_clock() {
    check(
        "
        ~ submit a
        ~ claim h1
        ~ start a
        end a crash
        # the wall does not matter
        wall +2h
        wake a
        claim h1
        pass 30s
        wake a
        ~ claim h1
        ~ start a
        end a stalled
        wall -3h
        ~ pass 60s
        wake a
        ~ claim h1
        ~ start a
        end a crash
        show a
        ",
        expect![[r#"
            > end a crash
              attempt_ended a e1 outcome=crash reason=it to=queued
              job_parked a e1 reason=backoff text="retry 1 of 2 after crash" until=+30s
              = a queued@1 parked until +30s "pause before a retry"
            # the wall does not matter
            > wall +2h
            > wake a
              ! not_due: a is not due
            > claim h1
              nothing
            > pass 30s
            > wake a
              job_unparked a reason="its time has come"
              = a queued@1 "its time has come"
            > end a stalled
              attempt_ended a e2 outcome=stalled reason=it to=queued
              job_parked a e2 reason=backoff text="retry 2 of 2 after stalled" until=+90s
              = a queued@2 parked until +90s "pause before a retry"
            > wall -3h
            > wake a
              job_unparked a reason="its time has come"
              = a queued@2 "its time has come"
            > end a crash
              attempt_ended a e3 outcome=crash reason=it to=failed
              = a failed@3 "crash"
            > show a
              = a failed@3 "crash"
                attempt 1 e1 h1: crash (it)
                attempt 2 e2 h1: stalled (it)
                attempt 3 e3 h1: crash (it)
                counted 3
        "#]],
    );
}

#[test]
fn overloads_back_off_five_times_in_a_row_and_never_use_up_max() {
    let round = "~ claim h1\n~ start a\nend a overloaded\n~ pass 1h\n";
    let wake = "~ wake a\n";
    let rounds = [round; 5].join(wake);
    check(
        &format!(
            "~ submit a\n{rounds}show a\n{wake}{round}show a
            # a person's word starts the row anew
            requeue a\nshow a\n{round}show a"
        ),
        expect![[r#"
            > end a overloaded
              attempt_ended a e1 outcome=overloaded reason=it to=queued
              job_parked a e1 reason=backoff text="overloaded, 1 of 5 in a row" until=+32s
              = a queued@1 parked until +32s "pause before a retry"
            > end a overloaded
              attempt_ended a e2 outcome=overloaded reason=it to=queued
              job_parked a e2 reason=backoff text="overloaded, 2 of 5 in a row" until=+3679s
              = a queued@2 parked until +3679s "pause before a retry"
            > end a overloaded
              attempt_ended a e3 outcome=overloaded reason=it to=queued
              job_parked a e3 reason=backoff text="overloaded, 3 of 5 in a row" until=+7371s
              = a queued@3 parked until +7371s "pause before a retry"
            > end a overloaded
              attempt_ended a e4 outcome=overloaded reason=it to=queued
              job_parked a e4 reason=backoff text="overloaded, 4 of 5 in a row" until=+11140s
              = a queued@4 parked until +11140s "pause before a retry"
            > end a overloaded
              attempt_ended a e5 outcome=overloaded reason=it to=queued
              job_parked a e5 reason=backoff text="overloaded, 5 of 5 in a row" until=+15033s
              = a queued@5 parked until +15033s "pause before a retry"
            > show a
              = a queued@5 parked until +15033s "pause before a retry"
                attempt 1 e1 h1: overloaded (it)
                attempt 2 e2 h1: overloaded (it)
                attempt 3 e3 h1: overloaded (it)
                attempt 4 e4 h1: overloaded (it)
                attempt 5 e5 h1: overloaded (it)
                overloads 5
            > end a overloaded
              attempt_ended a e6 outcome=overloaded reason=it to=failed
              = a failed@6 "overloaded"
            > show a
              = a failed@6 "overloaded"
                attempt 1 e1 h1: overloaded (it)
                attempt 2 e2 h1: overloaded (it)
                attempt 3 e3 h1: overloaded (it)
                attempt 4 e4 h1: overloaded (it)
                attempt 5 e5 h1: overloaded (it)
                attempt 6 e6 h1: overloaded (it)
                overloads 6
            # a person's word starts the row anew
            > requeue a
              requeued a e7 to=queued
              = a queued@7 "requeued"
            > show a
              = a queued@7 "requeued"
                attempt 1 e1 h1: overloaded (it)
                attempt 2 e2 h1: overloaded (it)
                attempt 3 e3 h1: overloaded (it)
                attempt 4 e4 h1: overloaded (it)
                attempt 5 e5 h1: overloaded (it)
                attempt 6 e6 h1: overloaded (it)
            > end a overloaded
              attempt_ended a e8 outcome=overloaded reason=it to=queued
              job_parked a e8 reason=backoff text="overloaded, 1 of 5 in a row" until=+21634s
              = a queued@8 parked until +21634s "pause before a retry"
            > show a
              = a queued@8 parked until +21634s "pause before a retry"
                attempt 1 e1 h1: overloaded (it)
                attempt 2 e2 h1: overloaded (it)
                attempt 3 e3 h1: overloaded (it)
                attempt 4 e4 h1: overloaded (it)
                attempt 5 e5 h1: overloaded (it)
                attempt 6 e6 h1: overloaded (it)
                attempt 7 e8 h1: overloaded (it)
                overloads 1
        "#]],
    );
}

#[test]
fn another_end_breaks_the_row_of_overloads() {
    let round = |outcome: &str| format!("~ claim h1\n~ start a\n~ end a {outcome}\n~ pass 1h\n~ wake a\n");
    let row = [round("overloaded").as_str(); 4].concat();
    check(
        &format!("~ submit a\n{row}show a\n{}show a\n{row}show a", round("crash")),
        expect![[r#"
        > show a
          = a queued@4 "its time has come"
            attempt 1 e1 h1: overloaded (it)
            attempt 2 e2 h1: overloaded (it)
            attempt 3 e3 h1: overloaded (it)
            attempt 4 e4 h1: overloaded (it)
            overloads 4
        > show a
          = a queued@5 "its time has come"
            attempt 1 e1 h1: overloaded (it)
            attempt 2 e2 h1: overloaded (it)
            attempt 3 e3 h1: overloaded (it)
            attempt 4 e4 h1: overloaded (it)
            attempt 5 e5 h1: crash (it)
            counted 1
        > show a
          = a queued@9 "its time has come"
            attempt 1 e1 h1: overloaded (it)
            attempt 2 e2 h1: overloaded (it)
            attempt 3 e3 h1: overloaded (it)
            attempt 4 e4 h1: overloaded (it)
            attempt 5 e5 h1: crash (it)
            attempt 6 e6 h1: overloaded (it)
            attempt 7 e7 h1: overloaded (it)
            attempt 8 e8 h1: overloaded (it)
            attempt 9 e9 h1: overloaded (it)
            counted 1, overloads 4
    "#]],
    );
}

#[test]
fn limits_park_until_the_reset_by_the_wall_or_with_growing_pauses() {
    check(
        "
        ~ submit a
        ~ claim h1
        ~ start a
        end a limit until=+3h
        show a
        pass 2h
        wake a
        wall +1h
        wake a
        ~ claim h1
        ~ start a
        # a reset time that has passed is none
        end a limit until=-1h
        ~ pass 10m
        ~ wake a
        ~ claim h1
        ~ start a
        end a limit
        show a
        unpark a
        show a
        ~ claim h1
        ~ start a
        end a limit
        cancel a
        ",
        expect![[r#"
            > end a limit until=+3h
              attempt_ended a e1 outcome=limit reason=it to=queued
              job_parked a e1 reason=limit text=it until=+3h
              = a queued@1 parked until +3h "usage limit"
            > show a
              = a queued@1 parked until +3h "usage limit"
                attempt 1 e1 h1: limit (it)
                limits 1
            > pass 2h
            > wake a
              ! not_due: a is not due
            > wall +1h
            > wake a
              job_unparked a reason="its time has come"
              = a queued@1 "its time has come"
            # a reset time that has passed is none
            > end a limit until=-1h
              attempt_ended a e2 outcome=limit reason=it to=queued
              job_parked a e2 reason=limit text=it until=+190m
              = a queued@2 parked until +190m "usage limit"
            > end a limit
              attempt_ended a e3 outcome=limit reason=it to=queued
              job_parked a e3 reason=limit text=it until=+210m
              = a queued@3 parked until +210m "usage limit"
            > show a
              = a queued@3 parked until +210m "usage limit"
                attempt 1 e1 h1: limit (it)
                attempt 2 e2 h1: limit (it)
                attempt 3 e3 h1: limit (it)
                limits 3
            > unpark a
              job_unparked a reason="unparked by a person"
              = a queued@3 "unparked by a person"
            > show a
              = a queued@3 "unparked by a person"
                attempt 1 e1 h1: limit (it)
                attempt 2 e2 h1: limit (it)
                attempt 3 e3 h1: limit (it)
            > end a limit
              attempt_ended a e4 outcome=limit reason=it to=queued
              job_parked a e4 reason=limit text=it until=+195m
              = a queued@4 parked until +195m "usage limit"
            > cancel a
              cancelled a e5
              = a failed@5 "cancelled"
        "#]],
    );
}

#[test]
fn three_lost_leases_in_an_hour_are_poison() {
    check(
        "
        ~ submit a
        ~ claim h1
        ~ expire a
        ~ pass 31m
        ~ claim h2
        ~ start a
        ~ expire a
        # the first is too old now
        ~ pass 30m
        ~ claim h3
        expire a
        ~ claim h1
        expire a
        show a
        requeue a
        redrive a
        ~ claim h1
        expire a
        ",
        expect![[r##"
            # the first is too old now
            > expire a
              lease_expired a e6 reason="holder is gone"
              = a queued@6 "holder is gone"
            > expire a
              lease_expired a e8 reason="holder is gone"
              dead_lettered a e9 reason="poison: 3 leases lost within 60 minutes"
              = a dead_letter@9 "poison: 3 leases lost within 60 minutes"
            > show a
              = a dead_letter@9 "poison: 3 leases lost within 60 minutes"
                attempt 1 e3 h2: lost (holder is gone)
            > requeue a
              ! invalid_state: a is in dead_letter: requeue is lawful from failed, assigned, building
            > redrive a
              redriven a e10 to=queued
              = a queued@10 "redriven"
            > expire a
              lease_expired a e12 reason="holder is gone"
              = a queued@12 "holder is gone"
        "##]],
    );
}

#[test]
fn failures_and_lost_leases_are_counted_apart() {
    check(
        "
        ~ submit a retry=5 backoff=1s
        ~ claim h1
        ~ expire a
        ~ claim h1
        ~ start a
        ~ end a crash
        ~ pass 1s
        ~ wake a
        ~ claim h1
        expire a
        show a
        ",
        expect![[r#"
            > expire a
              lease_expired a e5 reason="holder is gone"
              = a queued@5 "holder is gone"
            > show a
              = a queued@5 "holder is gone"
                attempt 1 e3 h1: crash (it)
                counted 1
        "#]],
    );
}

#[test]
fn the_table_of_outcomes_is_whole() {
    for (outcome, name, follow, _) in OUTCOMES {
        let stage = match follow {
            Follow::Gate | Follow::Unproven => "review",
            Follow::Fail | Follow::RetryIfNamed => "failed",
            Follow::Retry | Follow::Backoff | Follow::ParkUntilReset | Follow::Requeue => "queued",
        };
        let said = run(&format!("~ submit a\n~ claim h1\n~ start a\n~ end a {outcome}\nshow a"));
        assert!(said.contains(&format!("= a {stage}@1")), "{name}: {said}");
    }
}
