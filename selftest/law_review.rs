//! The gate before testing and the road out of it: reviewers, revisions, shippers.

use expect_test::expect;

use crate::law_script::check;

/// Brings `a` to review with the given rule and a head `r1`.
fn in_review(rule: &str) -> String {
    format!(
        "~ submit a {rule} by=ann\n~ claim h1\n~ start a\n~ checkpoint a r1\n~ verify a pass rev=r1\n~ end a ok rev=r1\n"
    )
}

#[test]
fn one_decision_per_reviewer_and_the_last_one_counts() {
    check(
        &format!(
            "{}
            approve a rev=r1 by=bob
            approve a rev=r1 by=bob
            approve a rev=r1 by=Bob@desk
            show a
            approve a rev=r1 by=cy@laptop
            show a
            approve a rev=r1 by=dan
            ",
            in_review("review=2")
        ),
        expect![[r#"
            > approve a rev=r1 by=bob
              review_given a e1 approve=true rev=r1
              = a review@1 "attempt ended well"
            > approve a rev=r1 by=bob
              review_given a e1 approve=true rev=r1
            > approve a rev=r1 by=Bob@desk
              review_given a e1 approve=true rev=r1
              = a review@1 "attempt ended well"
            > show a
              = a review@1 "attempt ended well"
                attempt 1 e1 h1: ok (it)
                checkpoint r1 of e1
                head r1 Verified, 1 approvals
            > approve a rev=r1 by=cy@laptop
              review_given a e2 approve=true rev=r1 to=testing
              = a testing@2 "approved"
            > show a
              = a testing@2 "approved"
                attempt 1 e1 h1: ok (it)
                checkpoint r1 of e1
                head r1 Verified, 2 approvals
            > approve a rev=r1 by=dan
              ! invalid_state: a is in testing: approve is lawful from review
        "#]],
    );
}

#[test]
fn any_no_is_a_veto() {
    check(
        &format!(
            "{}
            approve a rev=r1 by=bob
            disapprove a rev=r1 by=cy note=wrong
            approve a rev=r1 by=dan
            show a
            ",
            in_review("review=3")
        ),
        expect![[r#"
            > approve a rev=r1 by=bob
              review_given a e1 approve=true rev=r1
              = a review@1 "attempt ended well"
            > disapprove a rev=r1 by=cy note=wrong
              review_given a e1 approve=false rev=r1
              rejected a e2 to=failed
              = a failed@2 "rejected"
            > approve a rev=r1 by=dan
              ! invalid_state: a is in failed: approve is lawful from review
            > show a
              = a failed@2 "rejected"
                attempt 1 e1 h1: ok (it)
                checkpoint r1 of e1
                head r1 Verified, 1 approvals
        "#]],
    );
}

#[test]
fn nobody_decides_about_work_that_stands_in_no_commit() {
    check(
        "
        ~ submit a
        ~ submit b deps=a mode=soft
        ~ claim h1
        ~ start a base=r0
        # a checkpoint on the way is not what it made
        ~ checkpoint a r1
        end a unsaved why=disk_full
        approve a
        approve a rev=r1
        promote a
        show a
        settle a 1 rev=r2
        show a
        approve a rev=r2
        ship a h2 rev=r2
        # without git there is nothing to save
        ~ submit c priority=critical
        ~ claim h1
        ~ start c
        ~ end c unknown
        approve c
        ",
        expect![[r##"
            # a checkpoint on the way is not what it made
            > end a unsaved why=disk_full
              attempt_ended a e1 outcome=unsaved reason=disk_full to=review
              = a review@1 "unsaved"
            > approve a
              ! not_saved: cannot approve a: disk_full
            > approve a rev=r1
              ! not_saved: cannot approve a: disk_full
            > promote a
              ! not_saved: cannot promote a: disk_full
            > show a
              = a review@1 "unsaved"
                attempt 1 e1 h1: unsaved (disk_full)
                checkpoint r1 of e1
                head none Unproven, 0 approvals
            > settle a 1 rev=r2
              attempt_settled a rev=r2
              = a review@1 "its work was saved after its end"
            > show a
              = a review@1 "its work was saved after its end"
                attempt 1 e1 h1: unsaved (disk_full)
                checkpoint r2 of e1
                head r2 Unproven, 0 approvals
            > approve a rev=r2
              review_given a e2 approve=true rev=r2 to=testing
              job_unblocked b
              = a testing@2 "approved"
              = b queued@0 "dependencies satisfied"
            > ship a h2 rev=r2
              ship_started a e3 holder=h2 rev=r2
              = a testing@3 h2 "approved"
            # without git there is nothing to save
            > approve c
              review_given c e2 approve=true to=testing
              = c testing@2 "approved"
        "##]],
    );
}

#[test]
fn a_decision_is_about_one_revision() {
    check(
        &format!(
            "{}
            approve a by=bob
            approve a rev=r0 by=bob
            approve a rev=r1 by=bob
            # a new head voids what was said
            reject a requeue by=cy note=more-tests
            ~ claim h1
            ~ start a
            ~ verify a pass rev=r2
            end a ok rev=r2
            show a
            approve a rev=r1 by=cy
            approve a rev=r2 by=cy
            approve a rev=r2 by=bob
            ",
            in_review("review=2")
        ),
        expect![[r#"
            > approve a by=bob
              ! rev_moved: cannot review a: the branch is at r1, you looked at nothing
            > approve a rev=r0 by=bob
              ! rev_moved: cannot review a: the branch is at r1, you looked at r0
            > approve a rev=r1 by=bob
              review_given a e1 approve=true rev=r1
              = a review@1 "attempt ended well"
            # a new head voids what was said
            > reject a requeue by=cy note=more-tests
              rejected a e2 to=queued
              = a queued@2 "rejected"
            > end a ok rev=r2
              attempt_ended a e3 outcome=ok reason=it rev=r2 to=review
              = a review@3 "attempt ended well"
            > show a
              = a review@3 "attempt ended well"
                attempt 1 e1 h1: ok (it)
                attempt 2 e3 h1: ok (it)
                checkpoint r1 of e1
                head r2 Verified, 0 approvals
            > approve a rev=r1 by=cy
              ! rev_moved: cannot review a: the branch is at r2, you looked at r1
            > approve a rev=r2 by=cy
              review_given a e3 approve=true rev=r2
              = a review@3 "attempt ended well"
            > approve a rev=r2 by=bob
              review_given a e4 approve=true rev=r2 to=testing
              = a testing@4 "approved"
        "#]],
    );
}

#[test]
fn authors_do_not_approve_their_own_work() {
    check(
        &format!(
            "{}
            approve a rev=r1 by=agent:h1
            approve a rev=r1 by=engine:a
            approve a rev=r1 by=engine:other
            # the submitter may, unless four eyes are asked for
            approve a rev=r1 by=ann
            ",
            in_review("review=3")
        ),
        expect![[r#"
            > approve a rev=r1 by=agent:h1
              ! self_approval: agent:h1 made this work
            > approve a rev=r1 by=engine:a
              ! self_approval: engine:a made this work
            > approve a rev=r1 by=engine:other
              ! not_reviewer: engine:other speaks for its own job; an engine decides by the verdict of a review
            # the submitter may, unless four eyes are asked for
            > approve a rev=r1 by=ann
              review_given a e1 approve=true rev=r1
              = a review@1 "attempt ended well"
        "#]],
    );
    check(
        &format!(
            "{}
            approve a rev=r1 by=ann
            approve a rev=r1 by=ANN@elsewhere
            approve a rev=r1 by=bob
            ",
            in_review("review=1 four-eyes=1")
        ),
        expect![[r#"
            > approve a rev=r1 by=ann
              ! self_approval: person:ann submitted a, and its review asks for four eyes
            > approve a rev=r1 by=ANN@elsewhere
              ! self_approval: person:ANN@elsewhere submitted a, and its review asks for four eyes
            > approve a rev=r1 by=bob
              review_given a e2 approve=true rev=r1 to=testing
              = a testing@2 "approved"
        "#]],
    );
    check(
        "
        # who took the run over is an author too
        ~ submit a review=1
        ~ claim h1
        ~ start a
        adopt a h1
        adopt a h2
        ~ end a ok
        show a
        approve a by=agent:h2
        ",
        expect![[r##"
            # who took the run over is an author too
            > adopt a h1
              ! no_change: a is yours already
            > adopt a h2
              lease_adopted a e1 holder=h2
              = a building@1 h2 "attempt started"
            > show a
              = a review@1 "attempt ended well"
                attempt 1 e1 h2: ok (it)
                head none Unproven, 0 approvals
            > approve a by=agent:h2
              ! self_approval: agent:h2 made this work
        "##]],
    );
}

#[test]
fn named_reviewers_alone_decide() {
    check(
        &format!(
            "{}
            approve a rev=r1 by=dan
            approve a rev=r1 by=Bob@desk
            ",
            in_review("review=1 reviewers=bob,cy")
        ),
        expect![[r#"
            > approve a rev=r1 by=dan
              ! not_reviewer: only bob, cy decide about a
            > approve a rev=r1 by=Bob@desk
              review_given a e2 approve=true rev=r1 to=testing
              = a testing@2 "approved"
        "#]],
    );
}

#[test]
fn reviewers_can_be_asked_later() {
    check(
        &format!(
            "{}
            request_review a review=2 reviewers=bob,cy
            request_review a review=2 reviewers=bob,cy
            approve a rev=r1 by=bob
            approve a rev=r1 by=cy
            request_review a review=1
            ",
            in_review("review=1")
        ),
        expect![[r#"
            > request_review a review=2 reviewers=bob,cy
              review_requested a rule={approvals:2,reviewers:[bob,cy]}
              = a review@1 "attempt ended well"
            > request_review a review=2 reviewers=bob,cy
              ! no_change: a asks for that already
            > approve a rev=r1 by=bob
              review_given a e1 approve=true rev=r1
              = a review@1 "attempt ended well"
            > approve a rev=r1 by=cy
              review_given a e2 approve=true rev=r1 to=testing
              = a testing@2 "approved"
            > request_review a review=1
              ! invalid_state: a is in testing: review is lawful from review
        "#]],
    );
}

#[test]
fn unproven_work_passes_by_a_persons_word() {
    check(
        "
        ~ submit a
        ~ claim h1
        ~ start a
        end a unknown rev=r1
        approve a rev=r1
        ship a timer rev=r1 by=system:timer
        ",
        expect![[r#"
            > end a unknown rev=r1
              attempt_ended a e1 outcome=unknown reason=it rev=r1 to=review
              = a review@1 "unknown"
            > approve a rev=r1
              review_given a e2 approve=true rev=r1 to=testing
              = a testing@2 "approved"
            > ship a timer rev=r1 by=system:timer
              ! invalid_state: a is in testing: it ships only by a person's word (autoship: never)
        "#]],
    );
}

#[test]
fn two_shippers_race_and_one_wins() {
    check(
        &format!(
            "{}
            ship a one rev=r0
            ship a one
            ship a one rev=r1
            ship a two rev=r1
            reject a
            cancel a
            start a
            end a ok
            release a
            verify a pass rev=r1
            shipped a rev=r1
            shipped a rev=r1
            ship a two rev=r1
            ",
            in_review("")
        ),
        expect![[r#"
            > ship a one rev=r0
              ! rev_moved: cannot ship a: the branch is at r1, you looked at r0
            > ship a one
              ! rev_moved: cannot ship a: the branch is at r1, you looked at nothing
            > ship a one rev=r1
              ship_started a e2 holder=one rev=r1
              = a testing@2 one "attempt ended well"
            > ship a two rev=r1
              ! shipping: a is being shipped since 2026-01-05T12:00:00Z by one
            > reject a
              ! shipping: a is being shipped
            > cancel a
              ! shipping: a is being shipped
            > start a
              ! invalid_state: a is in testing: start needs a lease, and nobody holds one
            > end a ok
              ! invalid_state: a is in testing: end needs a lease, and nobody holds one
            > release a
              ! invalid_state: a is in testing: release needs a lease, and nobody holds one
            > verify a pass rev=r1
              verified a e2 passed=true rev=r1
            > shipped a rev=r1
              shipped a e2 how=branch rev=r1
              = a shipped@2 "branch"
            > shipped a rev=r1
              ! invalid_state: a is in shipped: ship_done needs a lease, and nobody holds one
            > ship a two rev=r1
              ! invalid_state: a is in shipped: ship is lawful from testing
        "#]],
    );
}

#[test]
fn a_ship_that_does_not_happen_leaves_the_job_where_it_can_go_on() {
    check(
        &format!(
            "{}
            ~ ship a one rev=r1
            shipfail a dirty
            shipped a epoch=2
            ~ ship a one rev=r1
            shipfail a conflict
            show a
            ~ promote a
            ~ ship a one rev=r1
            expire a epoch=1
            expire a
            shipped a epoch=6
            ship a two rev=r1
            ",
            in_review("")
        ),
        expect![[r#"
            > shipfail a dirty
              ship_failed a e3 reason=dirty to=testing
              = a testing@3 "dirty"
            > shipped a epoch=2
              ! fenced: refused: ship_done of a at epoch 2 < 3
            > shipfail a conflict
              ship_failed a e5 reason=conflict to=review
              = a review@5 "conflict"
            > show a
              = a review@5 "conflict"
                attempt 1 e1 h1: ok (it)
                checkpoint r1 of e1
                head r1 Verified, 0 approvals
            > expire a epoch=1
              ! fenced: refused: expire_lease of a at epoch 1 < 7
            > expire a
              ship_failed a e8 reason="holder is gone" to=testing
              = a testing@8 "holder is gone"
            > shipped a epoch=6
              ! fenced: refused: ship_done of a at epoch 6 < 8
            > ship a two rev=r1
              ship_started a e9 holder=two rev=r1
              = a testing@9 two "holder is gone"
        "#]],
    );
}

#[test]
fn autoship_needs_proof_and_its_time() {
    check(
        &format!(
            "{}
            ship a timer rev=r1 by=system:timer
            ~ submit b autoship=verified
            ~ claim h1
            ~ start b
            ~ end b ok
            ~ promote b
            ship b timer by=system:timer
            ~ submit c autoship=30m
            ~ claim h1
            ~ start c
            ~ verify c pass
            ~ end c ok
            ship c timer by=system:timer
            wall +1h
            ship c timer by=system:timer
            pass 30m
            ship c timer by=system:timer
            ~ submit d autoship=verified
            ~ claim h1
            ~ start d
            ~ verify d pass
            ~ end d ok
            ship d timer by=system:timer
            ",
            in_review("")
        ),
        expect![[r#"
            > ship a timer rev=r1 by=system:timer
              ! invalid_state: a is in testing: it ships only by a person's word (autoship: never)
            > ship b timer by=system:timer
              ! invalid_state: b is in testing: autoship needs a verify that passed; it is UNPROVEN
            > ship c timer by=system:timer
              ! not_due: c is not due to ship
            > wall +1h
            > ship c timer by=system:timer
              ! not_due: c is not due to ship
            > pass 30m
            > ship c timer by=system:timer
              ship_started c e2 holder=timer
              = c testing@2 timer "attempt ended well"
            > ship d timer by=system:timer
              ship_started d e2 holder=timer
              = d testing@2 timer "attempt ended well"
        "#]],
    );
}
