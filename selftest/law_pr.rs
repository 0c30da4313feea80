//! A pull request: opened, looked at, merged, sent back, given up.

use expect_test::expect;

use crate::law_script::check;

/// Brings `a` to testing at `r1` with pull request 7 open.
const OPEN: &str = "~ submit a\n~ claim h1\n~ start a\n~ checkpoint a r1\n~ verify a pass rev=r1\n~ end a ok rev=r1\n~ ship a cli rev=r1\n~ pr a 7 rev=r1\n";

/// Another attempt that leads to `REV`, shipped into the same pull request.
fn again(rev: &str) -> String {
    format!(
        "~ claim h1\n~ start a\n~ checkpoint a {rev}\n~ verify a pass rev={rev}\n~ end a ok rev={rev}\n~ ship a cli rev={rev}\n~ pr a 7 rev={rev}\n"
    )
}

#[test]
fn it_ships_when_merged_and_green() {
    check(
        &format!(
            "{OPEN}
            ship a auto rev=r1 by=system:timer
            look a open checks=1/0/2 by=agent:h1
            look a open checks=1/0/2 by=agent:h1
            look a open checks=1/0/2 by=ann
            pass 15m
            look a open checks=1/0/2 by=agent:h1
            look a open checks=3/0/0 review=approved
            look a merged checks=2/1/0 merged=m1
            look a merged checks=2/0/1 merged=m1
            look a merged checks=3/0/0 merged=m1 head=r9
            look a merged checks=3/0/0 merged=m1
            hash
            "
        ),
        expect![[r#"
            > ship a auto rev=r1 by=system:timer
              ! invalid_state: a is in testing: pr #7 ships it once it is merged
            > look a open checks=1/0/2 by=agent:h1
              pr_seen a e2 look={checks:{green:1,pending:2,red:0},head:r1,review:waiting,state:open} number=7
              = a testing@2 "pr #7 open"
            > look a open checks=1/0/2 by=agent:h1
              ! no_change: pr #7 is as it was
            > look a open checks=1/0/2 by=ann
              pr_seen a e2 look={checks:{green:1,pending:2,red:0},head:r1,review:waiting,state:open} number=7
            > pass 15m
            > look a open checks=1/0/2 by=agent:h1
              pr_seen a e2 look={checks:{green:1,pending:2,red:0},head:r1,review:waiting,state:open} number=7
              = a testing@2 "pr #7 open"
            > look a open checks=3/0/0 review=approved
              pr_seen a e2 look={checks:{green:3,pending:0,red:0},head:r1,review:approved,state:open} number=7
              = a testing@2 "pr #7 open"
            > look a merged checks=2/1/0 merged=m1
              pr_seen a e2 look={checks:{green:2,pending:0,red:1},head:r1,merged:m1,review:waiting,state:merged} number=7
              = a testing@2 "pr #7 open"
            > look a merged checks=2/0/1 merged=m1
              pr_seen a e2 look={checks:{green:2,pending:1,red:0},head:r1,merged:m1,review:waiting,state:merged} number=7
              = a testing@2 "pr #7 open"
            > look a merged checks=3/0/0 merged=m1 head=r9
              pr_seen a e2 look={checks:{green:3,pending:0,red:0},head:r9,merged:m1,review:waiting,state:merged} number=7
              shipped a e2 how="pr #7 was merged as m1" rev=m1
              = a shipped@2 "pr #7 was merged as m1"
            > look a merged checks=3/0/0 merged=m1
              ! invalid_state: a is in shipped: it waits for no pull request
            > hash
        "#]],
    );
}

#[test]
fn what_it_wants_goes_into_the_next_prompt_once() {
    let (second, third) = (again("r2"), again("r3"));
    check(
        &format!(
            "{OPEN}
            look a open checks=1/1/1
            look a open checks=1/1/0
            look a open checks=1/1/0 words=w1
            show a
            {second}
            look a open checks=1/1/0 head=r1 words=old
            look a open checks=2/0/0 head=r2 asks=R1 words=w2
            {third}
            look a open checks=2/0/0 head=r3 asks=R1 words=w2
            look a open checks=2/0/0 head=r3 asks=R1,R2 words=w3
            show a
            hash
            "
        ),
        expect![[r#"
            > look a open checks=1/1/1
              pr_seen a e2 look={checks:{green:1,pending:1,red:1},head:r1,review:waiting,state:open} number=7
              = a testing@2 "pr #7 open"
            > look a open checks=1/1/0
              pr_seen a e2 look={checks:{green:1,pending:0,red:1},head:r1,review:waiting,state:open} number=7
              = a testing@2 "pr #7 open"
            > look a open checks=1/1/0 words=w1
              pr_seen a e2 look={checks:{green:1,pending:0,red:1},head:r1,review:waiting,state:open} number=7
              pr_sent_back a e3 reason="pr #7: 1 check failed" to=queued words=w1
              = a queued@3 "pr #7: 1 check failed"
            > show a
              = a queued@3 "pr #7: 1 check failed"
                attempt 1 e1 h1: ok (it)
                checkpoint r1 of e1
                head r1 Verified, 0 approvals
                pr #7 at r1, answered [], sent back 1
                handoff [PullRequest("w1")]
            > look a open checks=1/1/0 head=r1 words=old
              pr_seen a e5 look={checks:{green:1,pending:0,red:1},head:r1,review:waiting,state:open} number=7
              = a testing@5 "pr #7 open"
            > look a open checks=2/0/0 head=r2 asks=R1 words=w2
              pr_seen a e5 look={asks:[R1],checks:{green:2,pending:0,red:0},head:r2,review:changes_requested,state:open} number=7
              pr_sent_back a e6 reason="pr #7: changes requested" to=queued words=w2
              = a queued@6 "pr #7: changes requested"
            > look a open checks=2/0/0 head=r3 asks=R1 words=w2
              pr_seen a e8 look={asks:[R1],checks:{green:2,pending:0,red:0},head:r3,review:changes_requested,state:open} number=7
              = a testing@8 "pr #7 open"
            > look a open checks=2/0/0 head=r3 asks=R1,R2 words=w3
              pr_seen a e8 look={asks:[R1,R2],checks:{green:2,pending:0,red:0},head:r3,review:changes_requested,state:open} number=7
              pr_sent_back a e9 reason="pr #7: changes requested" to=queued words=w3
              = a queued@9 "pr #7: changes requested"
            > show a
              = a queued@9 "pr #7: changes requested"
                attempt 1 e1 h1: ok (it)
                attempt 2 e4 h1: ok (it)
                attempt 3 e7 h1: ok (it)
                checkpoint r3 of e7
                head r3 Verified, 0 approvals
                pr #7 at r3, answered ["R1", "R2"], sent back 3
                handoff [PullRequest("w3")]
            > hash
        "#]],
    );
}

#[test]
fn a_person_decides_where_another_attempt_would_not_help() {
    check(
        &format!(
            "{OPEN}
            look a open conflict=1
            look a open conflict=1
            ~ promote a
            ~ ship a cli rev=r1
            ~ pr a 7 rev=r1
            look a closed
            look a open
            ~ promote a
            look a open
            ~ ship a cli rev=r1
            pr a 8 rev=r1 epoch=1
            ~ pr a 8 rev=r1
            cancel a
            pr a 9 rev=r1
            "
        ),
        expect![[r#"
            > look a open conflict=1
              pr_seen a e2 look={checks:{green:0,pending:0,red:0},conflict:true,head:r1,review:waiting,state:open} number=7
              ship_failed a e3 reason="pr #7 has a conflict with its base" to=review
              = a review@3 "pr #7 has a conflict with its base"
            > look a open conflict=1
              ! invalid_state: a is in review: it waits for no pull request
            > look a closed
              pr_seen a e5 look={checks:{green:0,pending:0,red:0},head:r1,review:waiting,state:closed} number=7
              ship_failed a e6 reason="pr #7 was closed without a merge" to=review
              = a review@6 "pr #7 was closed without a merge"
            > look a open
              ! invalid_state: a is in review: it waits for no pull request
            > look a open
              ! invalid_state: a is in testing: it waits for no pull request
            > pr a 8 rev=r1 epoch=1
              ! fenced: refused: pr_open of a at epoch 1 < 8
            > cancel a
              cancelled a e9
              = a failed@9 "cancelled"
            > pr a 9 rev=r1
              ! invalid_state: a is in failed: pr_open needs a lease, and nobody holds one
        "#]],
    );
    let rounds: String = (1..=5)
        .map(|n| format!("~ look a open checks=0/1/0 head=r{n} words=w\n{}", again(&format!("r{}", n + 1))))
        .collect();
    check(
        &format!("{OPEN}{rounds}look a open checks=0/1/0 head=r6 words=w\nshow a"),
        expect![[r#"
        > look a open checks=0/1/0 head=r6 words=w
          pr_seen a e17 look={checks:{green:0,pending:0,red:1},head:r6,review:waiting,state:open} number=7
          ship_failed a e18 reason="pr #7: 1 check failed; sent back 5 times already" to=review
          = a review@18 "pr #7: 1 check failed; sent back 5 times already"
        > show a
          = a review@18 "pr #7: 1 check failed; sent back 5 times already"
            attempt 1 e1 h1: ok (it)
            attempt 2 e4 h1: ok (it)
            attempt 3 e7 h1: ok (it)
            attempt 4 e10 h1: ok (it)
            attempt 5 e13 h1: ok (it)
            attempt 6 e16 h1: ok (it)
            checkpoint r6 of e16
            head r6 Verified, 0 approvals
            pr #7 at r6, answered [], sent back 5
    "#]],
    );
}
