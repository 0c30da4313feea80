//! Several accounts of one engine: which jobs go on when a person opens one of them.

use expect_test::expect;

use crate::law_script::check;

#[test]
fn an_account_that_a_person_opens_is_taken_by_whoever_waits_for_another() {
    check(
        "
        ~ submit a engine=claude
        ~ submit b engine=claude
        ~ claim forge/1 engines=claude accounts=work,home
        ~ start a
        ~ end a limit until=+2h window=five_hour
        ~ claim forge/1 engines=claude accounts=work,home
        ~ start a
        end a limit until=+3h window=five_hour
        open claude/home
        due
        wake a
        claim forge/1 engines=claude accounts=work,home
        ",
        expect![[r#"
            > end a limit until=+3h window=five_hour
              attempt_ended a e2 outcome=limit reason=it to=queued window=five_hour
              job_parked a e2 account=work reason=limit text=it until=+2h window=five_hour
              account_closed account=home of=a outcome=limit text=it until=+3h window=five_hour
              = a queued@2 parked until +2h "usage limit"
            > open claude/home
              account_opened account=home reason="opened by a person" window=five_hour
              job_parked a e2 account=work reason=limit text=it until=+0s window=five_hour
              = a queued@2 parked until +0s "usage limit"
            > due
              due: a
            > wake a
              job_unparked a reason="its time has come"
              = a queued@2 "its time has come"
            > claim forge/1 engines=claude accounts=work,home
              lease_granted a e3 account=home holder=forge/1 pool=[work,home]
              = a assigned@3 forge/1 "claimed"
        "#]],
    );
}
