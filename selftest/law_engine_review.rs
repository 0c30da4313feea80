//! Reviews by engines: asked once per commit, never by the author's engine, and what a verdict does.

use expect_test::expect;

use crate::law_script::check;

/// Brings `a`, made by codex, to review with a head `r1` and an engine asked about it in `v`.
fn asked(rule: &str) -> String {
    format!(
        "~ submit a review=1 reviewers=profile:reviewer class=agentic-coder {rule} by=ann
        ~ claim h1 engines=codex\n~ start a\n~ checkpoint a r1\n~ end a ok rev=r1
        ~ order_review v a rev=r1 class=agentic-coder
        "
    )
}

/// The same, and claude is at it.
fn under_review(rule: &str) -> String {
    format!("{}~ claim h2 engines=claude\n~ start v\n", asked(rule))
}

#[test]
fn an_engine_is_asked_once_per_commit_and_only_as_the_rule_says() {
    check(
        &format!(
            "{}
            order_review w a rev=r1 class=agentic-coder
            order_review w a rev=r0 class=agentic-coder
            order_review w a rev=r1 as=engine:claude
            order_review v a rev=r1
            order_review w nobody rev=r1
            ~ submit b
            order_review w b rev=r1
            submit c parent=v
            ",
            asked("")
        ),
        expect![[r#"
            > order_review w a rev=r1 class=agentic-coder
              ! already_done: profile:reviewer was asked about this commit of a already
            > order_review w a rev=r0 class=agentic-coder
              ! rev_moved: a is no longer at r0
            > order_review w a rev=r1 as=engine:claude
              ! not_reviewer: the review of a does not ask for engine:claude
            > order_review v a rev=r1
              ! id_taken: the id v is taken
            > order_review w nobody rev=r1
              ! unknown_job: no job nobody
            > order_review w b rev=r1
              ! invalid_state: b is in queued: there is nothing to review
            > submit c parent=v
              ! invalid_state: v is in queued: a review judges and has no parts
        "#]],
    );
}

#[test]
fn the_engine_that_made_the_work_never_reviews_it() {
    check(
        &format!(
            "{}
            gates v h2 engines=codex
            claim h2 engines=codex
            gates v h2 engines=codex,claude
            claim h2 engines=codex,claude
            ",
            asked("")
        ),
        expect![[r#"
            > gates v h2 engines=codex
              gates: author
            > claim h2 engines=codex
              nothing
            > gates v h2 engines=codex,claude
              gates: none
            > claim h2 engines=codex,claude
              lease_granted v e1 holder=h2
              = v assigned@1 h2 "claimed"
        "#]],
    );
}

#[test]
fn a_yes_counts_with_a_check_that_passed() {
    check(
        &format!(
            "{}
            verdict v approve check=pass
            end v ok usd=0.5
            show a
            show v
            ",
            under_review("")
        ),
        expect![[r#"
            > verdict v approve check=pass
              verdict_given v e1 verdict={approve:true,checked:true,words:words}
              = v building@1 h2 "attempt started"
            > end v ok usd=0.5
              attempt_ended v e1 outcome=ok reason=it to=testing
              shipped v e1 how="verdict: approve"
              review_given a e2 approve=true checked=true rev=r1 review=v reviewer=engine:profile:reviewer to=testing words=words
              = a testing@2 "approved"
              = v shipped@1 "verdict: approve"
            > show a
              = a testing@2 "approved"
                attempt 1 e1 h1: ok (it)
                spent $0.50
                checkpoint r1 of e1
                head r1 Verified, 1 approvals
            > show v
              = v shipped@1 "verdict: approve"
                attempt 1 e1 h2: ok (it)
                spent $0.50
                head none Unproven, 0 approvals
        "#]],
    );
}

#[test]
fn a_yes_without_a_check_is_unproven_and_a_person_decides() {
    check(
        &format!(
            "{}
            verdict v approve
            end v ok
            show a
            approve a rev=r1 by=bob
            ",
            under_review("")
        ),
        expect![[r#"
            > verdict v approve
              verdict_given v e1 verdict={approve:true,words:words}
              = v building@1 h2 "attempt started"
            > end v ok
              attempt_ended v e1 outcome=ok reason=it to=testing
              shipped v e1 how="verdict: approve"
              review_given a e1 approve=true rev=r1 review=v reviewer=engine:profile:reviewer words=words
              = a review@1 "attempt ended well"
              = v shipped@1 "verdict: approve"
            > show a
              = a review@1 "attempt ended well"
                attempt 1 e1 h1: ok (it)
                checkpoint r1 of e1
                head r1 Unproven, 0 approvals
            > approve a rev=r1 by=bob
              review_given a e2 approve=true rev=r1 to=testing
              = a testing@2 "approved"
        "#]],
    );
}

#[test]
fn a_check_that_fails_is_a_no_whatever_the_engine_says() {
    check(
        &format!(
            "{}
            verdict v approve check=fail
            end v ok
            show a
            ",
            under_review("")
        ),
        expect![[r#"
            > verdict v approve check=fail
              verdict_given v e1 verdict={approve:true,checked:false,words:words}
              = v building@1 h2 "attempt started"
            > end v ok
              attempt_ended v e1 outcome=ok reason=it to=testing
              shipped v e1 how="verdict: reject, the check failed"
              review_given a e1 approve=false checked=false rev=r1 review=v reviewer=engine:profile:reviewer words=words
              rejected a e2 to=queued words=words
              = a queued@2 "rejected"
              = v shipped@1 "verdict: reject, the check failed"
            > show a
              = a queued@2 "rejected"
                attempt 1 e1 h1: ok (it)
                checkpoint r1 of e1
                head r1 Unproven, 0 approvals
                handoff [Reviewed("words")]
        "#]],
    );
}

#[test]
fn an_engine_sends_back_twice_and_then_a_person_decides() {
    let round = |n: u32| {
        format!(
            "~ claim h1 engines=codex\n~ start a\n~ checkpoint a r{n}\n~ end a ok rev=r{n}
            ~ order_review v{n} a rev=r{n} class=agentic-coder\n~ claim h2 engines=claude\n~ start v{n}
            ~ verdict v{n} reject check=pass
            end v{n} ok
            "
        )
    };
    check(
        &format!(
            "{}verdict v reject\nend v ok\nshow a\n{}{}show a\napprove a rev=r3 by=bob\npromote a",
            under_review(""),
            round(2),
            round(3)
        ),
        expect![[r#"
            > verdict v reject
              verdict_given v e1 verdict={approve:false,words:words}
              = v building@1 h2 "attempt started"
            > end v ok
              attempt_ended v e1 outcome=ok reason=it to=testing
              shipped v e1 how="verdict: reject"
              review_given a e1 approve=false rev=r1 review=v reviewer=engine:profile:reviewer words=words
              rejected a e2 to=queued words=words
              = a queued@2 "rejected"
              = v shipped@1 "verdict: reject"
            > show a
              = a queued@2 "rejected"
                attempt 1 e1 h1: ok (it)
                checkpoint r1 of e1
                head r1 Unproven, 0 approvals
                handoff [Reviewed("words")]
            > end v2 ok
              attempt_ended v2 e1 outcome=ok reason=it to=testing
              shipped v2 e1 how="verdict: reject"
              review_given a e3 approve=false checked=true rev=r2 review=v2 reviewer=engine:profile:reviewer words=words
              rejected a e4 to=queued words=words
              = a queued@4 "rejected"
              = v2 shipped@1 "verdict: reject"
            > end v3 ok
              attempt_ended v3 e1 outcome=ok reason=it to=testing
              shipped v3 e1 how="verdict: reject"
              review_given a e5 approve=false checked=true rev=r3 review=v3 reviewer=engine:profile:reviewer words=words
              = a review@5 "attempt ended well"
              = v3 shipped@1 "verdict: reject"
            > show a
              = a review@5 "attempt ended well"
                attempt 1 e1 h1: ok (it)
                attempt 2 e3 h1: ok (it)
                attempt 3 e5 h1: ok (it)
                checkpoint r3 of e5
                head r3 Verified, 0 approvals
            > approve a rev=r3 by=bob
              review_given a e5 approve=true rev=r3
              = a review@5 "attempt ended well"
            > promote a
              promoted a e6 reason="promoted by a person"
              = a testing@6 "promoted by a person"
        "#]],
    );
}

#[test]
fn no_verdict_changes_nothing() {
    check(
        &format!(
            "{}
            end v ok
            show a
            verdict v approve check=pass
            verdict a approve check=pass
            ",
            under_review("")
        ),
        expect![[r#"
            > end v ok
              attempt_ended v e1 outcome=ok reason=it to=failed
              = v failed@1 "attempt ended well"
            > show a
              = a review@1 "attempt ended well"
                attempt 1 e1 h1: ok (it)
                checkpoint r1 of e1
                head r1 Unproven, 0 approvals
            > verdict v approve check=pass
              ! invalid_state: v is in failed: verdict needs a lease, and nobody holds one
            > verdict a approve check=pass
              ! invalid_state: a is in review: verdict needs a lease, and nobody holds one
        "#]],
    );
    check(
        &format!("{}end v task_failed why=no-verdict\nshow a", under_review("")),
        expect![[r#"
        > end v task_failed why=no-verdict
          attempt_ended v e1 outcome=task_failed reason=no-verdict to=failed
          = v failed@1 "task_failed"
        > show a
          = a review@1 "attempt ended well"
            attempt 1 e1 h1: ok (it)
            checkpoint r1 of e1
            head r1 Unproven, 0 approvals
    "#]],
    );
    check(
        &format!("{}end v unknown", under_review("")),
        expect![[r#"
        > end v unknown
          attempt_ended v e1 outcome=unknown reason=it to=failed
          = v failed@1 "unknown"
    "#]],
    );
}

#[test]
fn a_review_ends_with_its_commit() {
    check(
        &format!("{}promote a", under_review("")),
        expect![[r#"
        > promote a
          promoted a e2 reason="promoted by a person"
          cancelled v e2
          = a testing@2 "promoted by a person"
          = v failed@2 "cancelled"
    "#]],
    );
    check(
        &format!("{}cancel a", asked("")),
        expect![[r#"
        > cancel a
          cancelled a e2
          cancelled v e1
          = a failed@2 "cancelled"
          = v failed@1 "cancelled"
    "#]],
    );
    check(
        &format!("{}~ end v task_failed\n~ promote a\nredrive v\nrequeue v", under_review("")),
        expect![[r#"
            > redrive v
              redriven v e2 to=queued
              cancelled v e3
              = v failed@3 "cancelled"
            > requeue v
              requeued v e4 to=queued
              cancelled v e5
              = v failed@5 "cancelled"
        "#]],
    );
}

#[test]
fn a_review_is_paid_for_by_the_job_it_is_about() {
    check(
        &format!(
            "{}
            verdict v reject
            end v ok usd=5
            show a
            show product
            ",
            under_review("budget.usd=4")
        ),
        expect![[r#"
            > verdict v reject
              verdict_given v e1 verdict={approve:false,words:words}
              = v building@1 h2 "attempt started"
            > end v ok usd=5
              attempt_ended v e1 outcome=ok reason=it to=testing
              shipped v e1 how="verdict: reject"
              review_given a e1 approve=false rev=r1 review=v reviewer=engine:profile:reviewer words=words
              rejected a e2 to=queued words=words
              = a queued@2 "rejected"
              = v shipped@1 "verdict: reject"
            > show a
              = a queued@2 "rejected"
                attempt 1 e1 h1: ok (it)
                spent $5.00
                checkpoint r1 of e1
                head r1 Unproven, 0 approvals
                handoff [Reviewed("words")]
            > show product
              = product spent=$5.00 reserved=$0.00
        "#]],
    );
    check(
        &format!(
            "{}
            ~ end v crash usd=5
            pass 31s
            wake v
            gates v h2 engines=claude
            ",
            under_review("budget.usd=4")
        ),
        expect![[r#"
            > pass 31s
            > wake v
              job_unparked v reason="its time has come"
              = v queued@1 "its time has come"
            > gates v h2 engines=claude
              gates: budget
        "#]],
    );
}

#[test]
fn an_engine_divides_no_deeper_than_three_levels() {
    check(
        "~ submit a\n~ claim h1\n~ start a
        ~ submit b parent=a by=engine:a
        ~ submit c parent=b by=engine:b
        submit d parent=c by=engine:c
        submit e parent=d by=engine:d
        submit e parent=d by=ann
        ",
        expect![[r#"
            > submit d parent=c by=engine:c
              job_submitted d parent=c stage=queued
              children_added c children=[d]
              job_blocked c reason="waits for other jobs"
              = c blocked@0 "waits for other jobs"
              = d queued@0 "submitted"
            > submit e parent=d by=engine:d
              ! too_many: d is 3 levels deep already, and an engine divides no further
            > submit e parent=d by=ann
              job_submitted e parent=d stage=queued
              children_added d children=[e]
              job_blocked d reason="waits for other jobs"
              = d blocked@0 "waits for other jobs"
              = e queued@0 "submitted"
        "#]],
    );
}

#[test]
fn an_engine_adds_a_hundred_parts_and_no_more() {
    let parts: String = (0..100).map(|n| format!("~ submit p{n} parent=a by=engine:a\n")).collect();
    check(
        &format!("~ submit a\n{parts}submit more parent=a by=engine:a\nsubmit more parent=a by=ann"),
        expect![[r#"
            > submit more parent=a by=engine:a
              ! too_many: a has 100 parts already, and an engine adds no more
            > submit more parent=a by=ann
              job_submitted more parent=a stage=queued
              children_added a children=[more]
              = a blocked@0 "waits for other jobs"
              = more queued@0 "submitted"
        "#]],
    );
}
