//! The first table of the stages, row by row: from where to where a job goes, and what is refused.

use expect_test::expect;

use crate::law_script::check;

#[test]
fn a_job_from_submit_to_shipped() {
    check(
        "
        submit a
        claim h1
        start a
        progress a thinking
        progress a thinking
        checkpoint a r1
        verify a pass rev=r1
        end a ok rev=r1
        ship a cli rev=r1
        shipped a rev=r1
        show a
        ",
        expect![[r#"
            > submit a
              job_submitted a stage=queued
              = a queued@0 "submitted"
            > claim h1
              lease_granted a e1 holder=h1
              = a assigned@1 h1 "claimed"
            > start a
              attempt_started a e1
              = a building@1 h1 "attempt started"
            > progress a thinking
              progressed a e1 word=thinking
              = a building@1 h1 "attempt started"
            > progress a thinking
              ! no_change: a is thinking already
            > checkpoint a r1
              checkpointed a e1 rev=r1
              = a building@1 h1 "attempt started"
            > verify a pass rev=r1
              verified a e1 passed=true rev=r1
              = a building@1 h1 "attempt started"
            > end a ok rev=r1
              attempt_ended a e1 outcome=ok reason=it rev=r1 to=testing
              = a testing@1 "attempt ended well"
            > ship a cli rev=r1
              ship_started a e2 holder=cli rev=r1
              = a testing@2 cli "attempt ended well"
            > shipped a rev=r1
              shipped a e2 how=branch rev=r1
              = a shipped@2 "branch"
            > show a
              = a shipped@2 "branch"
                attempt 1 e1 h1: ok (it)
                checkpoint r1 of e1
                head r1 Verified, 0 approvals
        "#]],
    );
}

#[test]
fn shipped_is_final() {
    check(
        "
        ~ submit a
        ~ claim h1
        ~ start a
        ~ verify a pass
        ~ end a ok
        ~ ship a cli
        ~ shipped a
        cancel a
        requeue a
        redrive a
        reject a
        promote a
        approve a
        park a
        unpark a
        preempt a
        ship a cli
        answer a
        start a
        edit a body=new
        submit b parent=a
        expire a
        ",
        expect![[r#"
            > cancel a
              ! invalid_state: a is in shipped: cancel is lawful from queued, blocked, assigned, building, review, testing, failed
            > requeue a
              ! invalid_state: a is in shipped: requeue is lawful from failed, assigned, building
            > redrive a
              ! invalid_state: a is in shipped: redrive is lawful from failed, dead_letter
            > reject a
              ! invalid_state: a is in shipped: reject is lawful from review, testing, failed
            > promote a
              ! invalid_state: a is in shipped: promote is lawful from review
            > approve a
              ! invalid_state: a is in shipped: approve is lawful from review
            > park a
              ! invalid_state: a is in shipped: park is lawful from queued, assigned, building
            > unpark a
              ! invalid_state: a is in shipped: unpark is lawful from queued
            > preempt a
              ! invalid_state: a is in shipped: preempt is lawful from assigned, building
            > ship a cli
              ! invalid_state: a is in shipped: ship is lawful from testing
            > answer a
              ! invalid_state: a is in shipped: answer is lawful from queued
            > start a
              ! invalid_state: a is in shipped: start needs a lease, and nobody holds one
            > edit a body=new
              ! invalid_state: a is in shipped: an edit takes effect only while it waits; requeue it to use the new text
            > submit b parent=a
              ! invalid_state: a is in shipped: it takes no more children
            > expire a
              ! invalid_state: a is in shipped: expire_lease needs a lease, and nobody holds one
        "#]],
    );
}

#[test]
fn without_a_verify_that_passed_on_this_very_tree_a_person_looks() {
    check(
        "
        # no verify at all
        ~ submit a
        ~ claim h1
        ~ start a
        end a ok
        # verify looked at another tree
        ~ submit b
        ~ claim h1
        ~ start b
        ~ checkpoint b r1
        ~ verify b pass rev=r1
        ~ checkpoint b r2
        end b ok
        show b
        # the last checkpoint is the tree, though the end does not name it
        ~ submit c
        ~ claim h1
        ~ start c
        ~ checkpoint c r1
        ~ verify c pass rev=r1
        end c ok
        # verify named no tree, and there is one
        ~ submit d
        ~ claim h1
        ~ start d
        ~ checkpoint d r1
        ~ verify d pass
        end d ok
        show d
        # verify said no
        ~ submit e
        ~ claim h1
        ~ start e
        ~ verify e fail
        end e ok
        # proven, but approvals are asked for
        ~ submit f review=1
        ~ claim h1
        ~ start f
        ~ verify f pass
        end f ok
        ",
        expect![[r##"
            # no verify at all
            > end a ok
              attempt_ended a e1 outcome=ok reason=it to=review
              = a review@1 "attempt ended well"
            # verify looked at another tree
            > end b ok
              attempt_ended b e1 outcome=ok reason=it to=review
              = b review@1 "attempt ended well"
            > show b
              = b review@1 "attempt ended well"
                attempt 1 e1 h1: ok (it)
                checkpoint r2 of e1
                head r2 Unproven, 0 approvals
            # the last checkpoint is the tree, though the end does not name it
            > end c ok
              attempt_ended c e1 outcome=ok reason=it to=testing
              = c testing@1 "attempt ended well"
            # verify named no tree, and there is one
            > end d ok
              attempt_ended d e1 outcome=ok reason=it to=review
              = d review@1 "attempt ended well"
            > show d
              = d review@1 "attempt ended well"
                attempt 1 e1 h1: ok (it)
                checkpoint r1 of e1
                head r1 Unproven, 0 approvals
            # verify said no
            > end e ok
              attempt_ended e e1 outcome=ok reason=it to=review
              = e review@1 "attempt ended well"
            # proven, but approvals are asked for
            > end f ok
              attempt_ended f e1 outcome=ok reason=it to=review
              = f review@1 "attempt ended well"
        "##]],
    );
}

#[test]
fn a_held_job_is_sent_back_by_operators_and_the_worker_is_fenced_out() {
    check(
        "
        ~ submit a
        ~ claim h1
        preempt a
        start a epoch=1
        ~ claim h1
        ~ start a
        preempt a
        end a ok epoch=3
        ~ claim h2
        ~ start a
        requeue a
        ~ claim h2
        requeue a
        ~ claim h2
        ~ start a
        park a
        progress a x epoch=9
        unpark a
        ~ claim h2
        park a until=+1h
        show a
        ",
        expect![[r#"
            > preempt a
              preempted a e2
              = a queued@2 "preempted by op"
            > start a epoch=1
              ! fenced: refused: start of a at epoch 1 < 2
            > preempt a
              preempted a e4
              = a queued@4 "preempted by op"
            > end a ok epoch=3
              ! fenced: refused: end of a at epoch 3 < 4
            > requeue a
              requeued a e6 to=queued
              = a queued@6 "requeued"
            > requeue a
              requeued a e8 to=queued
              = a queued@8 "requeued"
            > park a
              job_parked a e10 reason=operator
              = a queued@10 parked "put aside by a person"
            > progress a x epoch=9
              ! fenced: refused: progress of a at epoch 9 < 10
            > unpark a
              job_unparked a reason="unparked by a person"
              = a queued@10 "unparked by a person"
            > park a until=+1h
              job_parked a e12 reason=operator until=+1h
              = a queued@12 parked until +1h "put aside by a person"
            > show a
              = a queued@12 parked until +1h "put aside by a person"
                attempt 1 e3 h1: preempted (stopped by an operator)
                attempt 2 e5 h2: cancelled (stopped by an operator)
                attempt 3 e9 h2: preempted (put aside by a person)
        "#]],
    );
}

#[test]
fn what_is_parked_is_parked_anew_only_with_another_date() {
    check(
        "
        ~ submit a
        park a
        park a
        park a until=+1h
        park a until=+1h
        park a until=+2h
        park a
        ~ submit b not-before=+3h
        park b
        park b until=+4h
        ",
        expect![[r#"
            > park a
              job_parked a e0 reason=operator
              = a queued@0 parked "put aside by a person"
            > park a
              ! no_change: a is parked so already
            > park a until=+1h
              job_parked a e0 reason=operator until=+1h
              = a queued@0 parked until +1h "put aside by a person"
            > park a until=+1h
              ! no_change: a is parked so already
            > park a until=+2h
              job_parked a e0 reason=operator until=+2h
              = a queued@0 parked until +2h "put aside by a person"
            > park a
              job_parked a e0 reason=operator
              = a queued@0 parked "put aside by a person"
            > park b
              ! invalid_state: b is in queued: it is parked already: unpark it, or say until when
            > park b until=+4h
              job_parked b e0 reason=operator until=+4h
              = b queued@0 parked until +4h "put aside by a person"
        "#]],
    );
}

#[test]
fn a_holder_gives_a_job_back_only_before_its_attempt() {
    check(
        "
        ~ submit a
        ~ claim h1
        release a
        release a
        ~ claim h1
        ~ start a
        release a
        end a drained
        show a
        ",
        expect![[r#"
            > release a
              lease_released a e2 reason="given back"
              = a queued@2 "given back"
            > release a
              ! invalid_state: a is in queued: release needs a lease, and nobody holds one
            > release a
              ! invalid_state: a is in building: an attempt has begun; it must be ended, not released
            > end a drained
              attempt_ended a e3 outcome=drained reason=it to=queued
              = a queued@3 "drained"
            > show a
              = a queued@3 "drained"
                attempt 1 e3 h1: drained (it)
        "#]],
    );
}

#[test]
fn a_lost_lease_requeues_and_keeps_the_checkpoint() {
    check(
        "
        ~ submit a
        ~ claim h1
        expire a why=asleep
        ~ claim h1
        ~ start a
        ~ checkpoint a r1
        expire a epoch=2
        expire a
        expire a
        show a
        ",
        expect![[r#"
            > expire a why=asleep
              lease_expired a e2 reason=asleep
              = a queued@2 "asleep"
            > expire a epoch=2
              ! fenced: refused: expire_lease of a at epoch 2 < 3
            > expire a
              lease_expired a e4 reason="holder is gone"
              = a queued@4 "holder is gone"
            > expire a
              ! invalid_state: a is in queued: expire_lease needs a lease, and nobody holds one
            > show a
              = a queued@4 "holder is gone"
                attempt 1 e3 h1: lost (holder is gone)
                checkpoint r1 of e3
        "#]],
    );
}

#[test]
fn review_lets_pass_or_says_no() {
    check(
        "
        ~ submit a review=1
        ~ claim h1
        ~ start a
        ~ end a ok rev=r1
        promote a from=review@0
        promote a from=review@1
        promote a
        reject a requeue note=again
        show a
        ~ claim h1
        ~ start a
        ~ end a ok rev=r2
        show a
        reject a
        requeue a
        ~ claim h1
        ~ start a
        ~ end a ok rev=r3
        ~ promote a
        reject a
        reject a
        redrive a
        ",
        expect![[r#"
            > promote a from=review@0
              ! moved: a moved on: it is review@1, you looked at review@0
            > promote a from=review@1
              promoted a e2 reason="promoted by a person"
              = a testing@2 "promoted by a person"
            > promote a
              ! invalid_state: a is in testing: promote is lawful from review
            > reject a requeue note=again
              rejected a e3 to=queued
              = a queued@3 "rejected"
            > show a
              = a queued@3 "rejected"
                attempt 1 e1 h1: ok (it)
                head r1 Unproven, 0 approvals
                handoff [Rejected("again")]
            > show a
              = a review@4 "attempt ended well"
                attempt 1 e1 h1: ok (it)
                attempt 2 e4 h1: ok (it)
                head r2 Unproven, 0 approvals
            > reject a
              rejected a e5 to=failed
              = a failed@5 "rejected"
            > requeue a
              requeued a e6 to=queued
              = a queued@6 "requeued"
            > reject a
              rejected a e9 to=failed
              = a failed@9 "rejected"
            > reject a
              dead_lettered a e10 reason="given up by a person"
              = a dead_letter@10 "given up by a person"
            > redrive a
              redriven a e11 to=queued
              = a queued@11 "redriven"
        "#]],
    );
}

#[test]
fn cancel_from_everywhere_but_shipped_and_dead_letter() {
    check(
        "
        submit queued
        cancel queued
        cancel queued
        submit blocked deps=nobody
        cancel blocked
        ~ submit assigned
        ~ claim h1
        cancel assigned
        release assigned epoch=1
        ~ submit building
        ~ claim h1
        ~ start building
        cancel building
        ~ submit review
        ~ claim h1
        ~ start review
        ~ end review ok
        cancel review
        ~ submit testing
        ~ claim h1
        ~ start testing
        ~ verify testing pass
        ~ end testing ok
        cancel testing
        ~ submit failed
        ~ claim h1
        ~ start failed
        ~ end failed no_work
        cancel failed
        reject failed
        cancel failed
        requeue failed
        show building
        ",
        expect![[r#"
            > submit queued
              job_submitted queued stage=queued
              = queued queued@0 "submitted"
            > cancel queued
              cancelled queued e1
              = queued failed@1 "cancelled"
            > cancel queued
              ! no_change: queued is cancelled already
            > submit blocked deps=nobody
              job_submitted blocked deps=[{name:nobody}] stage=blocked
              = blocked blocked@0 "waits for other jobs"
            > cancel blocked
              cancelled blocked e1
              = blocked failed@1 "cancelled"
            > cancel assigned
              cancelled assigned e2
              = assigned failed@2 "cancelled"
            > release assigned epoch=1
              ! fenced: refused: release of assigned at epoch 1 < 2
            > cancel building
              cancelled building e2
              = building failed@2 "cancelled"
            > cancel review
              cancelled review e2
              = review failed@2 "cancelled"
            > cancel testing
              cancelled testing e2
              = testing failed@2 "cancelled"
            > cancel failed
              cancelled failed e2
              = failed failed@2 "cancelled"
            > reject failed
              dead_lettered failed e3 reason="given up by a person"
              = failed dead_letter@3 "given up by a person"
            > cancel failed
              ! invalid_state: failed is in dead_letter: cancel is lawful from queued, blocked, assigned, building, review, testing, failed
            > requeue failed
              ! invalid_state: failed is in dead_letter: requeue is lawful from failed, assigned, building
            > show building
              = building failed@2 "cancelled"
                attempt 1 e1 h1: cancelled (stopped by an operator)
        "#]],
    );
}
