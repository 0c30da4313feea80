//! What stands between a job and a slot: class and age, hosts, locks, files, dates; and repeated orders.

use expect_test::expect;

use crate::law_script::check;

#[test]
fn class_before_age_before_name_and_age_lifts_the_class() {
    check(
        "
        ~ submit low priority=low
        ~ submit b
        ~ submit a
        ~ submit high priority=high
        ~ submit crit priority=critical
        claim h
        claim h
        claim h
        claim h
        claim h
        claim h
        # an hour later the low one is high and older than the fresh high one
        ~ preempt low
        ~ pass 60m
        ~ submit high2 priority=high
        ~ submit crit2 priority=critical
        claim h
        claim h
        ",
        expect![[r#"
            > claim h
              lease_granted crit e1 holder=h
              = crit assigned@1 h "claimed"
            > claim h
              lease_granted high e1 holder=h
              = high assigned@1 h "claimed"
            > claim h
              lease_granted a e1 holder=h
              = a assigned@1 h "claimed"
            > claim h
              lease_granted b e1 holder=h
              = b assigned@1 h "claimed"
            > claim h
              lease_granted low e1 holder=h
              = low assigned@1 h "claimed"
            > claim h
              nothing
            # an hour later the low one is high and older than the fresh high one
            > claim h
              lease_granted crit2 e1 holder=h
              = crit2 assigned@1 h "claimed"
            > claim h
              lease_granted low e3 holder=h
              = low assigned@3 h "claimed"
        "#]],
    );
}

#[test]
fn age_begins_where_a_job_begins_to_wait() {
    check(
        "
        ~ submit failed
        ~ cancel failed
        ~ submit dated not-before=+2h
        ~ pass 2h
        ~ requeue failed
        ~ wake dated
        ~ submit fresh priority=high
        claim h
        ",
        expect![[r#"
            > claim h
              lease_granted fresh e1 holder=h
              = fresh assigned@1 h "claimed"
        "#]],
    );
}

#[test]
fn a_host_must_have_what_the_job_needs() {
    check(
        "
        ~ submit a needs=os:linux,gpu,node>=20
        gates a h has=os:linux
        claim h has=os:linux
        claim h has=os:linux,gpu,node=20.1
        ~ submit b engine=claude
        gates b h
        claim h
        claim h engines=claude
        ~ submit c class=agentic-coder prefers=codex
        gates c h
        claim h engines=claude,codex
        show c
        ",
        expect![[r#"
            > gates a h has=os:linux
              gates: capability, capability
            > claim h has=os:linux
              nothing
            > claim h has=os:linux,gpu,node=20.1
              lease_granted a e1 holder=h
              = a assigned@1 h "claimed"
            > gates b h
              gates: engine
            > claim h
              nothing
            > claim h engines=claude
              lease_granted b e1 holder=h
              = b assigned@1 h "claimed"
            > gates c h
              gates: engine
            > claim h engines=claude,codex
              lease_granted c e1 holder=h
              = c assigned@1 h "claimed"
            > show c
              = c assigned@1 h "claimed"
        "#]],
    );
}

#[test]
fn one_running_job_per_lock() {
    check(
        "
        ~ submit a lock=db
        ~ submit b lock=db
        ~ submit c lock=other
        claim h
        claim h
        claim h
        gates b
        ~ start a
        ~ verify a pass
        end a ok
        # a ship holds no lock
        ~ ship a cli
        claim h
        ~ cancel b
        gates a
        ",
        expect![[r#"
            > claim h
              lease_granted a e1 holder=h
              = a assigned@1 h "claimed"
            > claim h
              lease_granted c e1 holder=h passed=[[lock,1]]
              = c assigned@1 h "claimed"
            > claim h
              nothing
            > gates b
              gates: lock
            > end a ok
              attempt_ended a e1 outcome=ok reason=it to=testing
              = a testing@1 "attempt ended well"
            # a ship holds no lock
            > claim h
              lease_granted b e1 holder=h
              = b assigned@1 h "claimed"
            > gates a
              gates: stage
        "#]],
    );
}

#[test]
fn running_jobs_do_not_touch_the_same_files() {
    check(
        "
        ~ submit a touches=src/**
        ~ submit b touches=docs/x.md,src/lib.rs
        ~ submit c touches=docs/**
        claim h
        claim h
        claim h
        gates b
        ~ release a
        claim h
        ~ release c
        gates a
        gates c
        claim h
        ",
        expect![[r#"
            > claim h
              lease_granted a e1 holder=h
              = a assigned@1 h "claimed"
            > claim h
              lease_granted c e1 holder=h passed=[[touches,1]]
              = c assigned@1 h "claimed"
            > claim h
              nothing
            > gates b
              gates: touches, touches
            > claim h
              lease_granted a e3 holder=h
              = a assigned@3 h "claimed"
            > gates a
              gates: stage
            > gates c
              gates: none
            > claim h
              lease_granted c e3 holder=h passed=[[touches,1]]
              = c assigned@3 h "claimed"
        "#]],
    );
}

#[test]
fn a_date_is_kept_by_the_wall() {
    check(
        "
        submit a not-before=+1h
        wake a
        pass 30m
        wake a
        # a wall set back makes it wait, one set forward does not
        wall -1h
        wake a
        wall +2h
        wake a
        submit b not-before=-1h
        # a requeue does not forget the date
        ~ submit c not-before=+5h
        ~ cancel c
        requeue c
        ~ cancel c
        redrive c
        unpark c
        # nor does a job that was blocked
        ~ submit d deps=e not-before=+5h
        ~ submit e not-before=+5h
        edit d body=d2 not-before=+5h
        edit d body=d3
        ",
        expect![[r#"
            > submit a not-before=+1h
              job_submitted a stage=queued
              job_parked a e0 reason=not_before until=+1h
              = a queued@0 parked until +1h "not before its time"
            > wake a
              ! not_due: a is not due
            > pass 30m
            > wake a
              ! not_due: a is not due
            # a wall set back makes it wait, one set forward does not
            > wall -1h
            > wake a
              ! not_due: a is not due
            > wall +2h
            > wake a
              job_unparked a reason="its time has come"
              = a queued@0 "its time has come"
            > submit b not-before=-1h
              job_submitted b stage=queued
              = b queued@0 "submitted"
            # a requeue does not forget the date
            > requeue c
              requeued c e2 to=queued
              job_parked c e2 reason=not_before until=+390m
              = c queued@2 parked until +390m "not before its time"
            > redrive c
              redriven c e4 to=queued
              job_parked c e4 reason=not_before until=+390m
              = c queued@4 parked until +390m "not before its time"
            > unpark c
              job_unparked c reason="unparked by a person"
              = c queued@4 "unparked by a person"
            # nor does a job that was blocked
            > edit d body=d2 not-before=+5h
              job_superseded d stage=queued
              job_parked d e0 reason=not_before until=+390m
              = d queued@0 parked until +390m "not before its time"
            > edit d body=d3
              job_superseded d stage=queued
              = d queued@0 "edited while waiting"
        "#]],
    );
}

#[test]
fn the_same_order_is_done_once() {
    check(
        "
        submit a order=o1
        submit b order=o1
        cancel a order=o2
        requeue a
        cancel a order=o2
        # a no leaves no receipt
        park nobody order=o3
        park a order=o3
        # a day later it is forgotten
        pass 25h
        submit c order=o4
        cancel a order=o2
        ",
        expect![[r#"
            > submit a order=o1
              job_submitted a stage=queued
              = a queued@0 "submitted"
            > submit b order=o1
              ! already_done: this was done already, as event 1
            > cancel a order=o2
              cancelled a e1
              = a failed@1 "cancelled"
            > requeue a
              requeued a e2 to=queued
              = a queued@2 "requeued"
            > cancel a order=o2
              ! already_done: this was done already, as event 2
            # a no leaves no receipt
            > park nobody order=o3
              ! unknown_job: no job nobody
            > park a order=o3
              job_parked a e2 reason=operator
              = a queued@2 parked "put aside by a person"
            # a day later it is forgotten
            > pass 25h
            > submit c order=o4
              job_submitted c stage=queued
              = c queued@0 "submitted"
            > cancel a order=o2
              cancelled a e3
              = a failed@3 "cancelled"
        "#]],
    );
}

#[test]
fn the_same_key_is_the_same_job() {
    check(
        "
        submit a key=k body=one
        submit b key=k body=one
        submit b key=k body=two
        ~ claim h
        submit b key=k body=one
        submit b key=k body=two
        submit b key=k body=three
        submit a
        ~ start a
        ~ end a no_work
        submit b key=k body=three
        ",
        expect![[r#"
            > submit a key=k body=one
              job_submitted a stage=queued
              = a queued@0 "submitted"
            > submit b key=k body=one
              ! already_done: the key k was submitted before with this very text, as a (queued)
            > submit b key=k body=two
              job_superseded a stage=queued
              = a queued@0 "edited while waiting"
            > submit b key=k body=one
              ! key_reused: the key k belongs to a, which is assigned and no longer waits
            > submit b key=k body=two
              ! already_done: the key k was submitted before with this very text, as a (assigned)
            > submit b key=k body=three
              ! key_reused: the key k belongs to a, which is assigned and no longer waits
            > submit a
              ! id_taken: the id a is taken
            > submit b key=k body=three
              ! key_reused: the key k belongs to a, which is failed and no longer waits
        "#]],
    );
}

#[test]
fn a_requeue_may_name_an_earlier_checkpoint() {
    check(
        "
        submit a
        claim
        cancel a
        requeue a back=early
        requeue a
        claim
        start a
        checkpoint a late
        end a task_failed
        requeue a back=early
        ",
        expect![[r#"
            > submit a
              job_submitted a stage=queued
              = a queued@0 "submitted"
            > claim
              lease_granted a e1 holder=
              = a assigned@1  "claimed"
            > cancel a
              cancelled a e2
              = a failed@2 "cancelled"
            > requeue a back=early
              ! invalid_state: a is in failed: it has no checkpoint to start from
            > requeue a
              requeued a e3 to=queued
              = a queued@3 "requeued"
            > claim
              lease_granted a e4 holder=
              = a assigned@4  "claimed"
            > start a
              attempt_started a e4
              = a building@4  "attempt started"
            > checkpoint a late
              checkpointed a e4 rev=late
              = a building@4  "attempt started"
            > end a task_failed
              attempt_ended a e4 outcome=task_failed reason=it to=failed
              = a failed@4 "task_failed"
            > requeue a back=early
              requeued a e5 from=early to=queued
              = a queued@5 "requeued"
        "#]],
    );
}

#[test]
fn a_ceiling_taken_back_lifts_the_pause_that_came_of_it_alone() {
    let over = "
        ~ submit a
        ~ submit b
        ~ claim h1
        ~ start a
        ~ progress a working usd=2
        ~ ceiling 1
        ";
    let lifts = |more: &str, expected| check(&format!("{over}{more}"), expected);
    lifts(
        "ceiling none lifts",
        expect![[r#"
        > ceiling none lifts
          budget_changed window=total
          budget_resumed reason="the ceiling that stopped it was taken back"
    "#]],
    );
    lifts(
        "ceiling 5 lifts",
        expect![[r#"
        > ceiling 5 lifts
          budget_changed ceiling=$5.00 window=total
          budget_resumed reason="the ceiling that stopped it was taken back"
    "#]],
    );
    // Reached too.
    lifts(
        "ceiling 2 lifts",
        expect![[r#"
        > ceiling 2 lifts
          budget_changed ceiling=$2.00 window=total
    "#]],
    );
    // Raised, it is a person's word that the queue goes on.
    lifts(
        "ceiling 5",
        expect![[r#"
        > ceiling 5
          budget_changed ceiling=$5.00 window=total
    "#]],
    );
    // A person's pause stands.
    lifts(
        "~ pause drain\nceiling 5 lifts",
        expect![[r#"
        > ceiling 5 lifts
          budget_changed ceiling=$5.00 window=total
    "#]],
    );
    // What was asked about files that vanished is not answered by it.
    lifts(
        "~ suspend b\nceiling 5 lifts",
        expect![[r#"
        > ceiling 5 lifts
          budget_changed ceiling=$5.00 window=total
          budget_resumed reason="the ceiling that stopped it was taken back"
    "#]],
    );
}
