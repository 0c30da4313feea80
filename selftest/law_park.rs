//! Jobs outside the line: parked by a person, by a timer, by a question; and the roads back from an end.

use expect_test::expect;

use crate::law_script::check;

#[test]
fn failed_goes_back_by_requeue_or_redrive_and_dead_letter_only_by_redrive() {
    check(
        "
        ~ submit a retry=1 backoff=1s
        ~ claim h1
        ~ start a
        ~ end a crash usd=1
        ~ pass 1s
        ~ wake a
        ~ claim h1
        ~ start a
        end a crash usd=1
        requeue a
        show a
        ~ claim h1
        ~ start a
        end a crash usd=1
        redrive a
        show a
        ~ claim h1
        ~ start a
        end a crash usd=1
        ~ cancel a
        reject a
        requeue a
        cancel a
        park a
        redrive a
        ",
        expect![[r#"
            > end a crash usd=1
              attempt_ended a e2 outcome=crash reason=it to=failed
              = a failed@2 "crash"
            > requeue a
              requeued a e3 to=queued
              = a queued@3 "requeued"
            > show a
              = a queued@3 "requeued"
                attempt 1 e1 h1: crash (it)
                attempt 2 e2 h1: crash (it)
                counted 2
                spent $2.00
            > end a crash usd=1
              attempt_ended a e4 outcome=crash reason=it to=failed
              = a failed@4 "crash"
            > redrive a
              redriven a e5 to=queued
              = a queued@5 "redriven"
            > show a
              = a queued@5 "redriven"
                attempt 1 e1 h1: crash (it)
                attempt 2 e2 h1: crash (it)
                attempt 3 e4 h1: crash (it)
            > end a crash usd=1
              attempt_ended a e6 outcome=crash reason=it to=queued
              job_parked a e6 reason=backoff text="retry 1 of 1 after crash" until=+2s
              = a queued@6 parked until +2s "pause before a retry"
            > reject a
              dead_lettered a e8 reason="given up by a person"
              = a dead_letter@8 "given up by a person"
            > requeue a
              ! invalid_state: a is in dead_letter: requeue is lawful from failed, assigned, building
            > cancel a
              ! invalid_state: a is in dead_letter: cancel is lawful from queued, blocked, assigned, building, review, testing, failed
            > park a
              ! invalid_state: a is in dead_letter: park is lawful from queued, assigned, building
            > redrive a
              redriven a e9 to=queued
              = a queued@9 "redriven"
        "#]],
    );
}

#[test]
fn an_order_may_say_where_it_saw_the_job() {
    check(
        "
        ~ submit a
        cancel a from=building@1
        ~ claim h1
        cancel a from=queued@0
        cancel a from=assigned@1
        cancel nobody
        ",
        expect![[r#"
            > cancel a from=building@1
              ! moved: a moved on: it is queued@0, you looked at building@1
            > cancel a from=queued@0
              ! moved: a moved on: it is assigned@1, you looked at queued@0
            > cancel a from=assigned@1
              cancelled a e2
              = a failed@2 "cancelled"
            > cancel nobody
              ! unknown_job: no job nobody
        "#]],
    );
}

#[test]
fn park_unpark_and_the_timer() {
    check(
        "
        ~ submit a
        unpark a
        wake a
        park a until=+1h
        park a until=+1h
        park a until=+2h
        claim h1
        wake a
        pass 90m
        due
        wake a
        pass 30m
        due
        wake a
        park a
        due
        unpark a
        claim h1
        ",
        expect![[r#"
            > unpark a
              ! invalid_state: a is in queued: it is not parked
            > wake a
              ! not_due: a is not due
            > park a until=+1h
              job_parked a e0 reason=operator until=+1h
              = a queued@0 parked until +1h "put aside by a person"
            > park a until=+1h
              ! no_change: a is parked so already
            > park a until=+2h
              job_parked a e0 reason=operator until=+2h
              = a queued@0 parked until +2h "put aside by a person"
            > claim h1
              nothing
            > wake a
              ! not_due: a is not due
            > pass 90m
            > due
              due: 
            > wake a
              ! not_due: a is not due
            > pass 30m
            > due
              due: a
            > wake a
              job_unparked a reason="its time has come"
              = a queued@0 "its time has come"
            > park a
              job_parked a e0 reason=operator
              = a queued@0 parked "put aside by a person"
            > due
              due: 
            > unpark a
              job_unparked a reason="unparked by a person"
              = a queued@0 "unparked by a person"
            > claim h1
              lease_granted a e1 holder=h1
              = a assigned@1 h1 "claimed"
        "#]],
    );
}

#[test]
fn a_question_parks_until_it_is_answered() {
    check(
        "
        ~ submit a
        ~ claim h1
        ~ start a
        answer a
        ask a
        end a ok epoch=1
        park a until=+1h
        claim h1
        answer a
        answer a
        show a
        claim h1
        ",
        expect![[r#"
            > answer a
              ! invalid_state: a is in building: answer is lawful from queued
            > ask a
              asked a e2 question=question
              = a queued@2 parked "asks you"
            > end a ok epoch=1
              ! fenced: refused: end of a at epoch 1 < 2
            > park a until=+1h
              ! invalid_state: a is in queued: it is parked already and asks you something
            > claim h1
              nothing
            > answer a
              answered a answer=answer
              = a queued@2 "answered"
            > answer a
              ! invalid_state: a is in queued: it asks nothing
            > show a
              = a queued@2 "answered"
                attempt 1 e1 h1: drained (asked a question)
                handoff [Answered { question: Some("question"), answer: "answer" }]
            > claim h1
              lease_granted a e3 holder=h1
              = a assigned@3 h1 "claimed"
        "#]],
    );
}

#[test]
fn a_question_passed_over_lifts_no_other_park() {
    check(
        "
        ~ submit a
        ~ claim h1
        ~ start a
        ~ ask a
        unpark a
        park a
        answer a
        unpark a
        ~ claim h1
        ~ start a
        ~ ask a
        ~ unpark a
        ~ claim h1
        ~ start a
        ~ end a limit until=+2h
        # the question was of an attempt that is long over
        answer a
        ",
        expect![[r#"
            > unpark a
              job_unparked a reason="unparked by a person"
              = a queued@2 "unparked by a person"
            > park a
              job_parked a e2 reason=operator
              = a queued@2 parked "put aside by a person"
            > answer a
              answered a answer=answer
              = a queued@2 parked "answered"
            > unpark a
              job_unparked a reason="unparked by a person"
              = a queued@2 "unparked by a person"
            # the question was of an attempt that is long over
            > answer a
              ! invalid_state: a is in queued: it asks nothing
        "#]],
    );
}

#[test]
fn what_was_parked_and_cancelled_goes_back_as_it_was() {
    check(
        "
        ~ submit a
        ~ submit b
        ~ cancel a
        requeue a as=limit until=+2h account=work
        ~ cancel a
        requeue a as=limit until=+0s
        ~ cancel a
        # nobody could answer what went with the cancel
        requeue a as=asked
        ~ submit c deps=b
        ~ cancel c
        # what it waits for is looked at when the park ends
        requeue c as=operator
        unpark c
        ",
        expect![[r#"
            > requeue a as=limit until=+2h account=work
              requeued a e2 to=queued
              job_parked a e2 account=work reason=limit until=+2h
              = a queued@2 parked until +2h "usage limit"
            > requeue a as=limit until=+0s
              requeued a e4 to=queued
              = a queued@4 "requeued"
            # nobody could answer what went with the cancel
            > requeue a as=asked
              requeued a e6 to=queued
              = a queued@6 "requeued"
            # what it waits for is looked at when the park ends
            > requeue c as=operator
              requeued c e2 to=queued
              job_parked c e2 reason=operator
              = c queued@2 parked "put aside by a person"
            > unpark c
              job_unparked c reason="unparked by a person"
              job_blocked c reason="waits for other jobs"
              = c blocked@2 "waits for other jobs"
        "#]],
    );
}
