//! Parents and children: what a composite waits for, when it runs, what it may not wait for.

use expect_test::expect;

use crate::law_script::check;

/// Takes `job` from queued to shipped without a word.
fn ship(job: &str) -> String {
    format!(
        "~ claim h1\n~ start {job}\n~ verify {job} pass\n~ end {job} ok\n~ ship {job} cli\n~ shipped {job}\n"
    )
}

#[test]
fn a_parent_with_a_body_runs_after_its_children() {
    check(
        &format!(
            "
            submit p
            submit c1 parent=p
            submit c2 parent=p
            {}{}show p
            claim h1
            ",
            ship("c1"),
            ship("c2"),
        ),
        expect![[r#"
            > submit p
              job_submitted p stage=queued
              = p queued@0 "submitted"
            > submit c1 parent=p
              job_submitted c1 parent=p stage=queued
              children_added p children=[c1]
              job_blocked p reason="waits for other jobs"
              = c1 queued@0 "submitted"
              = p blocked@0 "waits for other jobs"
            > submit c2 parent=p
              job_submitted c2 parent=p stage=queued
              children_added p children=[c2]
              = c2 queued@0 "submitted"
              = p blocked@0 "waits for other jobs"
            > show p
              = p queued@0 "dependencies satisfied"
            > claim h1
              lease_granted p e1 holder=h1
              = p assigned@1 h1 "claimed"
        "#]],
    );
}

#[test]
fn a_parent_without_a_body_is_the_sum_of_its_children() {
    check(
        &format!(
            "
            submit p empty=1
            submit after deps=p
            claim h1
            gates p
            submit c parent=p
            {}show p
            reject p requeue
            ~ cancel p
            requeue p
            ship p cli
            shipped p
            ",
            ship("c")
        ),
        expect![[r#"
            > submit p empty=1
              job_submitted p stage=queued
              = p queued@0 "submitted"
            > submit after deps=p
              job_submitted after deps=[{job:p,name:p}] stage=blocked
              = after blocked@0 "waits for other jobs"
            > claim h1
              nothing
            > gates p
              gates: stage
            > submit c parent=p
              job_submitted c parent=p stage=queued
              children_added p children=[c]
              job_blocked p reason="waits for other jobs"
              = c queued@0 "submitted"
              = p blocked@0 "waits for other jobs"
            > show p
              = p testing@1 "all its children are there"
            > reject p requeue
              rejected p e2 to=queued
              promoted p e3 reason="all its children are there"
              = p testing@3 "all its children are there"
            > requeue p
              requeued p e5 to=queued
              promoted p e6 reason="all its children are there"
              = p testing@6 "all its children are there"
            > ship p cli
              ship_started p e7 holder=cli
              = p testing@7 cli "all its children are there"
            > shipped p
              shipped p e7 how=branch
              job_unblocked after
              = after queued@0 "dependencies satisfied"
              = p shipped@7 "branch"
        "#]],
    );
}

#[test]
fn children_added_while_it_runs_come_before_the_next_attempt() {
    check(
        &format!(
            "
            submit p
            ~ claim h1
            ~ start p
            submit c parent=p epoch=1 by=engine:p
            submit late parent=p epoch=0 by=engine:p
            end p ok
            gates p
            {}claim h2
            start p
            ~ verify p pass
            end p ok
            submit d parent=p
            ",
            ship("c").replace("h1", "h3")
        ),
        expect![[r#"
            > submit p
              job_submitted p stage=queued
              = p queued@0 "submitted"
            > submit c parent=p epoch=1 by=engine:p
              job_submitted c parent=p stage=queued
              children_added p children=[c]
              = c queued@0 "submitted"
              = p building@1 h1 "attempt started"
            > submit late parent=p epoch=0 by=engine:p
              ! fenced: refused: submit of p at epoch 0 < 1
            > end p ok
              attempt_ended p e1 outcome=ok reason=it to=blocked
              = p blocked@1 "attempt ended well"
            > gates p
              gates: deps
            > claim h2
              lease_granted p e2 holder=h2
              = p assigned@2 h2 "claimed"
            > start p
              attempt_started p e2
              = p building@2 h2 "attempt started"
            > end p ok
              attempt_ended p e2 outcome=ok reason=it to=testing
              = p testing@2 "attempt ended well"
            > submit d parent=p
              ! invalid_state: p is in testing: it takes no more children
        "#]],
    );
}

#[test]
fn a_child_that_is_done_before_its_parent_ends_is_merged_by_another_attempt() {
    check(
        &format!(
            "
            ~ submit p
            ~ claim h1
            ~ start p
            ~ pass 1s
            ~ submit c parent=p
            {}~ verify p pass
            end p ok
            ~ claim h1
            ~ start p
            ~ verify p pass
            end p ok
            ",
            ship("c").replace("h1", "h3")
        ),
        expect![[r#"
            > end p ok
              attempt_ended p e1 outcome=ok reason=it to=blocked
              job_unblocked p
              = p queued@1 "dependencies satisfied"
            > end p ok
              attempt_ended p e2 outcome=ok reason=it to=testing
              = p testing@2 "attempt ended well"
        "#]],
    );
}

#[test]
fn however_a_run_with_new_children_ends_it_does_not_start_again_before_them() {
    check(
        "
        ~ submit p retry=5 backoff=1s
        ~ claim h1
        ~ start p
        ~ submit c parent=p lock=l
        ~ submit other lock=l
        ~ claim h2
        end p crash
        gates p
        ~ pass 1s
        wake p
        # lost, given back, preempted, asked, parked
        ~ submit lost
        ~ claim h1
        ~ submit c2 parent=lost
        expire lost
        ~ submit back
        ~ claim h1
        ~ submit c3 parent=back
        release back
        ",
        expect![[r#"
            > end p crash
              attempt_ended p e1 outcome=crash reason=it to=queued
              job_parked p e1 reason=backoff text="retry 1 of 5 after crash" until=+1s
              = p queued@1 parked until +1s "pause before a retry"
            > gates p
              gates: parked, deps
            > wake p
              job_unparked p reason="its time has come"
              job_blocked p reason="waits for other jobs"
              = p blocked@1 "waits for other jobs"
            # lost, given back, preempted, asked, parked
            > expire lost
              lease_expired lost e2 reason="holder is gone"
              job_blocked lost reason="waits for other jobs"
              = lost blocked@2 "waits for other jobs"
            > release back
              lease_released back e2 reason="given back"
              job_blocked back reason="waits for other jobs"
              = back blocked@2 "waits for other jobs"
        "#]],
    );
}

#[test]
fn children_are_added_while_the_parent_is_assigned_queued_or_parked() {
    check(
        "
        submit p
        ~ park p until=+1h
        submit c1 parent=p
        gates p
        ~ cancel c1
        unpark p
        submit q priority=critical
        claim h1
        submit c2 parent=q
        start q
        end q limit until=+1h
        gates q
        ~ pass 1h
        wake q
        ",
        expect![[r#"
            > submit p
              job_submitted p stage=queued
              = p queued@0 "submitted"
            > submit c1 parent=p
              job_submitted c1 parent=p stage=queued
              children_added p children=[c1]
              = c1 queued@0 "submitted"
              = p queued@0 parked until +1h "put aside by a person"
            > gates p
              gates: parked, deps
            > unpark p
              job_unparked p reason="unparked by a person"
              job_blocked p reason="waits for other jobs"
              = p blocked@0 "waits for other jobs"
            > submit q priority=critical
              job_submitted q stage=queued
              = q queued@0 "submitted"
            > claim h1
              lease_granted q e1 holder=h1
              = q assigned@1 h1 "claimed"
            > submit c2 parent=q
              job_submitted c2 parent=q stage=queued
              children_added q children=[c2]
              = c2 queued@0 "submitted"
              = q assigned@1 h1 "claimed"
            > start q
              attempt_started q e1
              = q building@1 h1 "attempt started"
            > end q limit until=+1h
              attempt_ended q e1 outcome=limit reason=it to=queued
              job_parked q e1 reason=limit text=it until=+1h
              = q queued@1 parked until +1h "usage limit"
            > gates q
              gates: parked, deps
            > wake q
              job_unparked q reason="its time has come"
              job_blocked q reason="waits for other jobs"
              = q blocked@1 "waits for other jobs"
        "#]],
    );
}

#[test]
fn a_question_is_not_forgotten_when_a_child_comes() {
    check(
        "
        ~ submit p
        ~ claim h1
        ~ start p
        ~ ask p
        submit c parent=p
        answer p
        ",
        expect![[r#"
            > submit c parent=p
              job_submitted c parent=p stage=queued
              children_added p children=[c]
              = c queued@0 "submitted"
              = p queued@2 parked "asks you"
            > answer p
              answered p answer=answer
              job_blocked p reason="waits for other jobs"
              = p blocked@2 "waits for other jobs"
        "#]],
    );
}

#[test]
fn a_child_may_not_wait_for_its_parent() {
    check(
        "
        submit p
        submit c parent=p deps=p
        submit w deps=p
        submit c parent=p deps=w
        submit c parent=nobody
        submit p2 deps=c2
        submit p3
        submit c2 parent=p3 deps=p2
        submit c2 parent=p3
        edit c2 deps=p3 body=new
        ",
        expect![[r#"
            > submit p
              job_submitted p stage=queued
              = p queued@0 "submitted"
            > submit c parent=p deps=p
              ! cycle: its dependencies would close a circle: c -> p -> c
            > submit w deps=p
              job_submitted w deps=[{job:p,name:p}] stage=blocked
              = w blocked@0 "waits for other jobs"
            > submit c parent=p deps=w
              ! cycle: its dependencies would close a circle: c -> w -> p -> c
            > submit c parent=nobody
              ! unknown_job: no job nobody
            > submit p2 deps=c2
              job_submitted p2 deps=[{name:c2}] stage=blocked
              = p2 blocked@0 "waits for other jobs"
            > submit p3
              job_submitted p3 stage=queued
              = p3 queued@0 "submitted"
            > submit c2 parent=p3 deps=p2
              ! cycle: its dependencies would close a circle: c2 -> p2 -> c2
            > submit c2 parent=p3
              job_submitted c2 parent=p3 stage=queued
              children_added p3 children=[c2]
              dep_resolved p2 name=c2 to=c2
              job_blocked p3 reason="waits for other jobs"
              = c2 queued@0 "submitted"
              = p2 blocked@0 "waits for other jobs"
              = p3 blocked@0 "waits for other jobs"
            > edit c2 deps=p3 body=new
              ! cycle: its dependencies would close a circle: c2 -> p3 -> c2
        "#]],
    );
}

#[test]
fn a_stale_worker_makes_no_child_not_even_by_a_key() {
    check(
        "
        ~ submit p
        ~ submit w key=k
        ~ claim h1
        ~ start p
        ~ preempt p
        submit c parent=p epoch=1 by=engine:p
        submit c parent=p epoch=1 by=engine:p key=k body=other
        submit c parent=p epoch=1 by=engine:p key=k body=w
        ",
        expect![[r#"
            > submit c parent=p epoch=1 by=engine:p
              ! fenced: refused: submit of p at epoch 1 < 2
            > submit c parent=p epoch=1 by=engine:p key=k body=other
              ! fenced: refused: submit of p at epoch 1 < 2
            > submit c parent=p epoch=1 by=engine:p key=k body=w
              ! fenced: refused: submit of p at epoch 1 < 2
        "#]],
    );
}
