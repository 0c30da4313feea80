//! Money and pauses: the ceilings of a job and of the product, and what stops the whole queue.

use expect_test::expect;

use crate::law_script::check;

#[test]
fn a_job_stops_at_its_own_ceiling() {
    check(
        "
        ~ submit a budget.usd=5
        claim h
        ~ start a
        progress a working usd=2
        show product
        # a lower or unknown figure takes nothing back
        progress a working usd=1
        progress a thinking unknown=1
        progress a thinking usd=3
        show product
        end a crash
        show a
        show product
        ~ pass 30s
        ~ wake a
        claim h
        ~ start a
        end a budget_exceeded usd=2
        show product
        requeue a
        requeue a usd=5
        requeue a usd=4
        requeue a tokens=5
        reject a requeue
        requeue a usd=8
        claim h
        cancel a
        requeue a
        ~ cancel a
        redrive a
        claim h
        ",
        expect![[r#"
            > claim h
              lease_granted a e1 holder=h reserve=$5.00
              = a assigned@1 h "claimed"
            > progress a working usd=2
              progressed a e1 word=working
              = a building@1 h "attempt started"
            > show product
              = product spent=$2.00 reserved=$3.00
            # a lower or unknown figure takes nothing back
            > progress a working usd=1
              progressed a e1 word=working
              = a building@1 h "attempt started"
            > progress a thinking unknown=1
              progressed a e1 word=thinking
              = a building@1 h "attempt started"
            > progress a thinking usd=3
              progressed a e1 word=thinking
              = a building@1 h "attempt started"
            > show product
              = product spent=$3.00 reserved=$2.00
            > end a crash
              attempt_ended a e1 outcome=crash reason=it to=queued
              job_parked a e1 reason=backoff text="retry 1 of 2 after crash" until=+30s
              = a queued@1 parked until +30s "pause before a retry"
            > show a
              = a queued@1 parked until +30s "pause before a retry"
                attempt 1 e1 h: crash (it)
                counted 1
                spent $3.00
            > show product
              = product spent=$3.00 reserved=$0.00
            > claim h
              lease_granted a e2 holder=h reserve=$2.00
              = a assigned@2 h "claimed"
            > end a budget_exceeded usd=2
              attempt_ended a e2 outcome=budget_exceeded reason=it to=failed
              = a failed@2 "budget_exceeded"
            > show product
              = product spent=$5.00 reserved=$0.00
            > requeue a
              ! budget_not_raised: the usd budget of a is used up
            > requeue a usd=5
              ! budget_not_raised: the usd budget of a is used up
            > requeue a usd=4
              ! budget_not_raised: the usd budget of a is used up
            > requeue a tokens=5
              ! budget_not_raised: the usd budget of a is used up
            > reject a requeue
              ! budget_not_raised: the usd budget of a is used up
            > requeue a usd=8
              requeued a e3 raised={micro_usd:8000000} to=queued
              = a queued@3 "requeued"
            > claim h
              lease_granted a e4 holder=h reserve=$3.00
              = a assigned@4 h "claimed"
            > cancel a
              cancelled a e5
              = a failed@5 "cancelled"
            > requeue a
              requeued a e6 to=queued
              = a queued@6 "requeued"
            > redrive a
              redriven a e8 to=queued
              = a queued@8 "redriven"
            > claim h
              lease_granted a e9 holder=h reserve=$8.00
              = a assigned@9 h "claimed"
        "#]],
    );
}

#[test]
fn the_last_word_of_a_run_replaces_what_was_estimated() {
    check(
        "
        ~ ceiling 10
        ~ submit a budget.usd=5
        ~ claim h
        ~ start a
        ~ progress a working usd=3 about=yes
        ~ end a drained usd=1
        claim h
        ~ start a
        ~ progress a working usd=2
        ~ end a drained usd=1
        claim h
        ~ start a
        ~ progress a working usd=1 about=yes
        ~ end a drained
        claim h
        ",
        expect![[r#"
            > claim h
              lease_granted a e2 holder=h reserve=$4.00
              = a assigned@2 h "claimed"
            > claim h
              lease_granted a e3 holder=h reserve=$2.00
              = a assigned@3 h "claimed"
            > claim h
              lease_granted a e4 holder=h reserve=$1.00
              = a assigned@4 h "claimed"
        "#]],
    );
}

#[test]
fn turns_are_a_ceiling_too() {
    check(
        "
        ~ submit a budget.turns=10
        ~ claim h
        ~ start a
        end a turns turns=9
        requeue a
        requeue a turns=9
        requeue a turns=20
        ",
        expect![[r#"
            > end a turns turns=9
              attempt_ended a e1 outcome=turns reason=it to=failed
              = a failed@1 "turns"
            > requeue a
              ! budget_not_raised: a ended over its budget
            > requeue a turns=9
              ! budget_not_raised: the turns budget of a is used up
            > requeue a turns=20
              requeued a e2 raised={turns:20} to=queued
              = a queued@2 "requeued"
        "#]],
    );
}

#[test]
fn the_products_ceiling_is_reserved_at_claim_and_pauses_when_reached() {
    check(
        "
        ceiling 10
        ceiling 10
        ~ submit a budget.usd=6
        claim h
        ~ submit b budget.usd=5
        ~ submit c budget.usd=4
        claim h
        claim h
        gates b
        show product
        ~ start a
        progress a working usd=6
        ~ end a no_work usd=6
        show product
        ~ start c
        progress c working usd=4
        show product
        end c drained usd=4
        show product
        claim h
        resume
        claim h
        ceiling 20
        claim h
        # below what is spent is reached too
        ceiling 9
        ",
        expect![[r#"
            > ceiling 10
              budget_changed ceiling=$10.00 window=total
            > ceiling 10
              ! no_change: the ceiling is that already
            > claim h
              lease_granted a e1 holder=h reserve=$6.00
              = a assigned@1 h "claimed"
            > claim h
              lease_granted c e1 holder=h passed=[[ceiling,1]] reserve=$4.00
              = c assigned@1 h "claimed"
            > claim h
              nothing
            > gates b
              gates: ceiling
            > show product
              = product spent=$0.00 reserved=$10.00
            > progress a working usd=6
              progressed a e1 word=working
              = a building@1 h "attempt started"
            > show product
              = product spent=$6.00 reserved=$4.00
            > progress c working usd=4
              progressed c e1 word=working
              budget_paused mode=stop reason="ceiling $10.00 reached"
              = c building@1 h "attempt started"
            > show product
              = product spent=$10.00 reserved=$0.00 paused Stop (ceiling $10.00 reached)
            > end c drained usd=4
              attempt_ended c e1 outcome=drained reason=it to=queued
              = c queued@1 "drained"
            > show product
              = product spent=$10.00 reserved=$0.00 paused Stop (ceiling $10.00 reached)
            > claim h
              nothing
            > resume
              budget_resumed reason=resumed
            > claim h
              nothing
            > ceiling 20
              budget_changed ceiling=$20.00 window=total
            > claim h
              lease_granted b e1 holder=h passed=[[budget,1]] reserve=$5.00
              = b assigned@1 h "claimed"
            # below what is spent is reached too
            > ceiling 9
              budget_changed ceiling=$9.00 window=total
              budget_paused mode=stop reason="ceiling $9.00 reached"
        "#]],
    );
}

#[test]
fn what_a_run_has_spent_is_not_set_aside_as_well() {
    check(
        "
        ~ ceiling 10
        ~ submit a budget.usd=6
        ~ claim h
        ~ submit b budget.usd=5
        gates b
        ~ start a
        progress a working usd=2
        show product
        # what is left of its ceiling stays set aside
        gates b
        ~ submit c budget.usd=4
        gates c
        # an overshoot sets nothing more aside, and gives nothing back
        progress a working usd=7
        show product
        ~ cancel a
        show product
        ",
        expect![[r#"
            > gates b
              gates: ceiling
            > progress a working usd=2
              progressed a e1 word=working
              = a building@1 h "attempt started"
            > show product
              = product spent=$2.00 reserved=$4.00
            # what is left of its ceiling stays set aside
            > gates b
              gates: ceiling
            > gates c
              gates: none
            # an overshoot sets nothing more aside, and gives nothing back
            > progress a working usd=7
              progressed a e1 word=working
              = a building@1 h "attempt started"
            > show product
              = product spent=$7.00 reserved=$0.00
            > show product
              = product spent=$7.00 reserved=$0.00
        "#]],
    );
}

#[test]
fn a_ceiling_counts_within_its_window() {
    check(
        "
        ~ ceiling 10 window=day
        ~ submit a
        ~ claim h
        ~ start a
        ~ end a crash usd=9
        show product
        ~ submit b budget.usd=2
        gates b
        pass 12h
        show product
        gates b
        ",
        expect![[r#"
            > show product
              = product spent=$9.00 reserved=$0.00
            > gates b
              gates: ceiling
            > pass 12h
            > show product
              = product spent=$0.00 reserved=$0.00
            > gates b
              gates: none
        "#]],
    );
}

#[test]
fn pause_drains_stops_or_kills() {
    check(
        "
        resume
        ~ submit a
        ~ submit b
        ~ submit c
        ~ claim h
        ~ claim h
        ~ start a
        pause drain
        pause drain
        claim h
        gates c
        start b
        pause stop
        end a drained
        pause kill until=+1h
        end b ok epoch=1
        show b
        resume
        claim h
        ",
        expect![[r#"
            > resume
              ! no_change: the queue is not paused
            > pause drain
              budget_paused mode=drain reason="paused by a person"
            > pause drain
              ! no_change: the queue is paused so already
            > claim h
              nothing
            > gates c
              gates: paused
            > start b
              attempt_started b e1
              = b building@1 h "attempt started"
            > pause stop
              budget_paused mode=stop reason="paused by a person"
            > end a drained
              attempt_ended a e1 outcome=drained reason=it to=queued
              = a queued@1 "drained"
            > pause kill until=+1h
              budget_paused mode=kill reason="paused by a person" until=+1h
              preempted b e2
              = b queued@2 "preempted by op"
            > end b ok epoch=1
              ! fenced: refused: end of b at epoch 1 < 2
            > show b
              = b queued@2 "preempted by op"
                attempt 1 e1 h: preempted (stopped by an operator)
            > resume
              budget_resumed reason=resumed
            > claim h
              lease_granted a e2 holder=h
              = a assigned@2 h "claimed"
        "#]],
    );
}

#[test]
fn vanished_files_suspend_the_queue_until_a_person_speaks() {
    check(
        "
        ~ submit a
        ~ submit b
        ~ submit c
        ~ claim h
        suspend a
        suspend b c
        suspend b c
        gates b
        claim h
        resume
        claim h
        ",
        expect![[r#"
            > suspend a
              ! no_change: none of these wait
            > suspend b c
              queue_suspended jobs=[b,c]
            > suspend b c
              ! no_change: none of these wait
            > gates b
              gates: suspended
            > claim h
              nothing
            > resume
              budget_resumed reason=resumed
            > claim h
              lease_granted b e1 holder=h
              = b assigned@1 h "claimed"
        "#]],
    );
}

#[test]
fn files_that_came_back_lift_a_suspension_but_no_pause() {
    check(
        "submit a
        pause drain
        suspend a
        resume by=system:folder
        resume
        suspend a
        resume by=system:folder
        claim h",
        expect![[r#"
            > submit a
              job_submitted a stage=queued
              = a queued@0 "submitted"
            > pause drain
              budget_paused mode=drain reason="paused by a person"
            > suspend a
              queue_suspended jobs=[a]
            > resume by=system:folder
              ! invalid_state: the queue is paused as well
            > resume
              budget_resumed reason=resumed
            > suspend a
              queue_suspended jobs=[a]
            > resume by=system:folder
              budget_resumed reason=resumed
            > claim h
              lease_granted a e1 holder=h
              = a assigned@1 h "claimed"
        "#]],
    );
}

#[test]
fn what_a_run_had_used_up_when_its_attempt_was_closed_is_booked_once() {
    check(
        "
        ~ submit a budget.usd=5
        ~ claim h
        ~ start a
        settle a 1 usd=3
        ~ progress a working usd=1
        ~ cancel a
        show product
        settle a 1 usd=3
        show a
        show product
        # told again, by whoever finds the run
        settle a 1 usd=3
        settle a 1 usd=2
        settle a 1 usd=9 run=another
        settle a 2 usd=9
        show product
        # it counts toward the ceilings
        settle a 1 usd=6
        requeue a
        requeue a usd=8
        claim h
        # a job that runs again is not fenced out of its own past
        ~ start a
        settle a 1 usd=7
        show product
        ",
        expect![[r#"
            > settle a 1 usd=3
              ! invalid_state: a is in building: the attempt is open: its end tells what it used up
            > show product
              = product spent=$1.00 reserved=$0.00
            > settle a 1 usd=3
              attempt_settled a
              = a failed@2 "cancelled"
            > show a
              = a failed@2 "cancelled"
                attempt 1 e1 h: cancelled (stopped by an operator)
                spent $3.00
            > show product
              = product spent=$3.00 reserved=$0.00
            # told again, by whoever finds the run
            > settle a 1 usd=3
              ! no_change: what attempt 1 of a used up is known
            > settle a 1 usd=2
              ! no_change: what attempt 1 of a used up is known
            > settle a 1 usd=9 run=another
              ! invalid_state: a is in failed: it had no such run as attempt 1
            > settle a 2 usd=9
              ! invalid_state: a is in failed: it had no such run as attempt 2
            > show product
              = product spent=$3.00 reserved=$0.00
            # it counts toward the ceilings
            > settle a 1 usd=6
              attempt_settled a
              = a failed@2 "cancelled"
            > requeue a
              ! budget_not_raised: the usd budget of a is used up
            > requeue a usd=8
              requeued a e3 raised={micro_usd:8000000} to=queued
              = a queued@3 "requeued"
            > claim h
              lease_granted a e4 holder=h reserve=$2.00
              = a assigned@4 h "claimed"
            # a job that runs again is not fenced out of its own past
            > settle a 1 usd=7
              attempt_settled a
              = a building@4 h "attempt started"
            > show product
              = product spent=$7.00 reserved=$1.00
        "#]],
    );
}

#[test]
fn a_queue_stops_at_its_ceiling_by_what_a_stopped_run_had_used_up() {
    check(
        "
        ~ ceiling 5
        ~ submit a
        ~ claim h
        ~ start a
        ~ cancel a
        settle a 1 usd=6
        show product
        ",
        expect![[r#"
            > settle a 1 usd=6
              attempt_settled a
              budget_paused mode=stop reason="ceiling $5.00 reached"
              = a failed@2 "cancelled"
            > show product
              = product spent=$6.00 reserved=$0.00 paused Stop (ceiling $5.00 reached)
        "#]],
    );
}

#[test]
fn what_was_granted_before_the_queue_was_stopped_does_not_begin() {
    check(
        "
        ~ submit a
        ~ claim h
        ~ pause drain
        start a
        ~ submit b
        ~ resume
        ~ claim h
        ~ pause stop
        start b
        release b
        ",
        expect![[r#"
            > start a
              attempt_started a e1
              = a building@1 h "attempt started"
            > start b
              ! invalid_state: b is in assigned: the queue was stopped: paused by a person
            > release b
              lease_released b e2 reason="given back"
              = b queued@2 "given back"
        "#]],
    );
}
