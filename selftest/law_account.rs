//! Accounts: closed by what an attempt met, opened by time, a person or a success, and never changed silently.

use expect_test::expect;

use crate::law_script::check;

/// A claim of a host that may use one account, and of one that may use two.
const ONE: &str = "claim forge/1 engines=claude accounts=work";
const TWO: &str = "claim forge/1 engines=claude accounts=work,home";

#[test]
fn a_limit_is_a_dated_gate_for_every_job_of_the_account() {
    check(
        &format!(
            "
            ~ submit a engine=claude
            ~ submit b engine=claude
            ~ submit c
            {ONE}
            start a
            end a limit until=+2h window=five_hour why=used_up
            gates b forge/1 engines=claude accounts=work
            # the same account on another host, another account, a host whose own login it is
            gates b other/1 engines=claude accounts=work
            gates b forge/1 engines=claude accounts=home
            gates b forge/1 engines=claude accounts=@forge
            {ONE}
            # what has no account goes on
            claim forge/2
            pass 90m
            {ONE}
            accounts
            ~ pass 30m
            due
            wake a
            open claude/work by=system:timer
            {ONE}
            accounts
            "
        ),
        expect![[r#"
            > claim forge/1 engines=claude accounts=work
              lease_granted a e1 account=work holder=forge/1 passed=[[engine,1]]
              = a assigned@1 forge/1 "claimed"
            > start a
              attempt_started a e1 account=work
              = a building@1 forge/1 "attempt started"
            > end a limit until=+2h window=five_hour why=used_up
              attempt_ended a e1 outcome=limit reason=used_up to=queued window=five_hour
              job_parked a e1 account=work reason=limit text=used_up until=+2h window=five_hour
              account_closed account=work of=a outcome=limit text=used_up until=+2h window=five_hour
              = a queued@1 parked until +2h "usage limit"
            > gates b forge/1 engines=claude accounts=work
              gates: account
            # the same account on another host, another account, a host whose own login it is
            > gates b other/1 engines=claude accounts=work
              gates: account
            > gates b forge/1 engines=claude accounts=home
              gates: none
            > gates b forge/1 engines=claude accounts=@forge
              gates: none
            > claim forge/1 engines=claude accounts=work
              nothing
            # what has no account goes on
            > claim forge/2
              lease_granted c e1 holder=forge/2 passed=[[engine,1]]
              = c assigned@1 forge/2 "claimed"
            > pass 90m
            > claim forge/1 engines=claude accounts=work
              nothing
            > accounts
              claude/work "five_hour" limit until +2h
            > due
              due: a claude/work
            > wake a
              job_unparked a reason="its time has come"
              = a queued@1 "its time has come"
            > open claude/work by=system:timer
              account_opened account=work reason="its time has come" window=five_hour
            > claim forge/1 engines=claude accounts=work
              lease_granted a e2 account=work holder=forge/1
              = a assigned@2 forge/1 "claimed"
            > accounts
              all open
        "#]],
    );
}

#[test]
fn a_pool_is_the_consent_to_go_on_with_the_next() {
    check(
        &format!(
            "
            ~ submit a engine=claude
            {TWO}
            ~ start a
            end a limit until=+5h window=five_hour
            # at once, with the next; the event says which
            {TWO}
            start a
            # until the first of them opens
            end a limit until=+1h window=five_hour
            {TWO}
            ~ pass 1h
            wake a
            {TWO}
            show a
            "
        ),
        expect![[r#"
            > claim forge/1 engines=claude accounts=work,home
              lease_granted a e1 account=work holder=forge/1 pool=[work,home]
              = a assigned@1 forge/1 "claimed"
            > end a limit until=+5h window=five_hour
              attempt_ended a e1 outcome=limit reason=it to=queued window=five_hour
              account_closed account=work of=a outcome=limit text=it until=+5h window=five_hour
              = a queued@1 "limit"
            # at once, with the next; the event says which
            > claim forge/1 engines=claude accounts=work,home
              lease_granted a e2 account=home holder=forge/1 pool=[work,home]
              = a assigned@2 forge/1 "claimed"
            > start a
              attempt_started a e2 account=home
              = a building@2 forge/1 "attempt started"
            # until the first of them opens
            > end a limit until=+1h window=five_hour
              attempt_ended a e2 outcome=limit reason=it to=queued window=five_hour
              job_parked a e2 account=home reason=limit text=it until=+1h window=five_hour
              account_closed account=home of=a outcome=limit text=it until=+1h window=five_hour
              = a queued@2 parked until +1h "usage limit"
            > claim forge/1 engines=claude accounts=work,home
              nothing
            > wake a
              job_unparked a reason="its time has come"
              = a queued@2 "its time has come"
            > claim forge/1 engines=claude accounts=work,home
              lease_granted a e3 account=home holder=forge/1 pool=[work,home]
              = a assigned@3 forge/1 "claimed"
            > show a
              = a assigned@3 forge/1 "claimed"
                attempt 1 e1 forge/1 on claude/work: limit (it)
                attempt 2 e2 forge/1 on claude/home: limit (it)
                limits 2
        "#]],
    );
}

#[test]
fn without_a_pool_a_limit_is_waited_out() {
    check(
        &format!(
            "
            ~ submit a engine=claude
            {ONE}
            ~ start a
            end a limit until=+5h
            # a host that would use another has no say: the job is parked
            claim other/1 engines=claude accounts=home
            ~ pass 5h
            ~ wake a
            # after that it goes by the accounts of whoever claims it, and the grant names it
            claim other/1 engines=claude accounts=home
            "
        ),
        expect![[r#"
            > claim forge/1 engines=claude accounts=work
              lease_granted a e1 account=work holder=forge/1
              = a assigned@1 forge/1 "claimed"
            > end a limit until=+5h
              attempt_ended a e1 outcome=limit reason=it to=queued
              job_parked a e1 account=work reason=limit text=it until=+5h
              account_closed account=work of=a outcome=limit text=it until=+5h
              = a queued@1 parked until +5h "usage limit"
            # a host that would use another has no say: the job is parked
            > claim other/1 engines=claude accounts=home
              nothing
            # after that it goes by the accounts of whoever claims it, and the grant names it
            > claim other/1 engines=claude accounts=home
              lease_granted a e2 account=home holder=other/1
              = a assigned@2 other/1 "claimed"
        "#]],
    );
}

#[test]
fn a_limit_that_names_no_reset_waits_longer_each_time_for_all_jobs_of_the_account() {
    let round = |job: &str, wait: &str| format!("~ {ONE}\n~ start {job}\nend {job} limit\n~ pass {wait}\n");
    check(
        &format!(
            "~ submit a engine=claude\n{}~ submit b engine=claude priority=high\n{}~ wake a\n~ wake b\n{}accounts",
            round("a", "5m"),
            round("b", "20m"),
            round("b", "2h"),
        ),
        expect![[r#"
            > end a limit
              attempt_ended a e1 outcome=limit reason=it to=queued
              job_parked a e1 account=work reason=limit text=it until=+5m
              account_closed account=work of=a outcome=limit text=it until=+5m
              = a queued@1 parked until +5m "usage limit"
            > end b limit
              attempt_ended b e1 outcome=limit reason=it to=queued
              job_parked b e1 account=work reason=limit text=it until=+15m
              account_closed account=work of=b outcome=limit text=it until=+15m
              = b queued@1 parked until +15m "usage limit"
            > end b limit
              attempt_ended b e2 outcome=limit reason=it to=queued
              job_parked b e2 account=work reason=limit text=it until=+45m
              account_closed account=work of=b outcome=limit text=it until=+45m
              = b queued@2 parked until +45m "usage limit"
            > accounts
              all open
        "#]],
    );
}

#[test]
fn an_unparked_job_tries_once_and_its_success_opens_the_account() {
    check(
        &format!(
            "
            ~ submit a engine=claude
            ~ submit b engine=claude
            ~ {ONE}
            ~ start a
            ~ end a limit until=+2h window=five_hour
            ~ pass 1m
            unpark a
            {ONE}
            {ONE}
            ~ start a
            end a limit until=+3h window=five_hour
            # one that only waits in line may be let try too
            unpark b
            unpark b
            ~ pass 1m
            ~ {ONE}
            ~ start b
            end b ok
            gates a forge/1 engines=claude accounts=work
            accounts
            "
        ),
        expect![[r#"
            > unpark a
              job_unparked a reason="unparked by a person"
              = a queued@1 "unparked by a person"
            > claim forge/1 engines=claude accounts=work
              lease_granted a e2 account=work holder=forge/1 passed=[[account,1]]
              = a assigned@2 forge/1 "claimed"
            > claim forge/1 engines=claude accounts=work
              nothing
            > end a limit until=+3h window=five_hour
              attempt_ended a e2 outcome=limit reason=it to=queued window=five_hour
              job_parked a e2 account=work reason=limit text=it until=+181m window=five_hour
              account_closed account=work of=a outcome=limit text=it until=+181m window=five_hour
              = a queued@2 parked until +181m "usage limit"
            # one that only waits in line may be let try too
            > unpark b
              job_unparked b reason="a person lets it try"
              = b queued@0 "a person lets it try"
            > unpark b
              ! invalid_state: b is in queued: it is not parked
            > end b ok
              attempt_ended b e1 outcome=ok reason=it to=review
              account_opened account=work reason="an attempt on it worked" window=five_hour
              = b review@1 "attempt ended well"
            > gates a forge/1 engines=claude accounts=work
              gates: parked
            > accounts
              all open
        "#]],
    );
}

#[test]
fn what_began_before_it_closed_proves_nothing() {
    check(
        &format!(
            "
            ~ submit a engine=claude
            ~ submit b engine=claude
            ~ {ONE}
            ~ start a
            ~ {ONE}
            ~ start b
            ~ pass 1m
            end a limit until=+2h
            ~ pass 1m
            end b ok
            accounts
            "
        ),
        expect![[r#"
            > end a limit until=+2h
              attempt_ended a e1 outcome=limit reason=it to=queued
              job_parked a e1 account=work reason=limit text=it until=+121m
              account_closed account=work of=a outcome=limit text=it until=+121m
              = a queued@1 parked until +121m "usage limit"
            > end b ok
              attempt_ended b e1 outcome=ok reason=it to=review
              = b review@1 "attempt ended well"
            > accounts
              claude/work "" limit until +121m
        "#]],
    );
}

#[test]
fn each_window_is_a_gate_of_its_own() {
    check(
        &format!(
            "
            ~ submit a engine=claude
            ~ submit b engine=claude
            ~ {ONE}
            ~ start a
            ~ {ONE}
            ~ start b
            ~ end a limit until=+5d window=seven_day
            end b limit until=+2h window=five_hour
            ~ pass 2h
            open claude/work by=system:timer
            open claude/work by=system:timer
            accounts
            open claude/work
            open claude/work
            "
        ),
        expect![[r#"
            > end b limit until=+2h window=five_hour
              attempt_ended b e1 outcome=limit reason=it to=queued window=five_hour
              job_parked b e1 account=work reason=limit text=it until=+5d window=seven_day
              account_closed account=work of=b outcome=limit text=it until=+2h window=five_hour
              = b queued@1 parked until +5d "usage limit"
            > open claude/work by=system:timer
              account_opened account=work reason="its time has come" window=five_hour
            > open claude/work by=system:timer
              ! not_due: claude/work is not due
            > accounts
              claude/work "seven_day" limit until +5d
            > open claude/work
              account_opened account=work reason="opened by a person" window=seven_day
              job_unparked a reason="claude/work was opened by a person"
              job_unparked b reason="claude/work was opened by a person"
              = a queued@1 "claude/work was opened by a person"
              = b queued@1 "claude/work was opened by a person"
            > open claude/work
              ! no_change: claude/work is not closed
        "#]],
    );
}

#[test]
fn a_refused_login_stops_the_second_job() {
    check(
        &format!(
            "
            ~ submit a engine=claude
            ~ submit b engine=claude
            ~ {ONE}
            ~ start a
            end a auth why=not_logged_in
            {ONE}
            gates b forge/1 engines=claude accounts=work
            # another account that the person allowed is no gate
            gates b forge/1 engines=claude accounts=work,home
            ~ pass 9d
            open claude/work by=system:timer
            # whoever sends the failed job back says that it is mended: it alone may try
            ~ requeue a
            {ONE}
            {ONE}
            ~ start a
            end a ok
            {ONE}
            "
        ),
        expect![[r#"
            > end a auth why=not_logged_in
              attempt_ended a e1 outcome=auth reason=not_logged_in to=failed
              account_closed account=work of=a outcome=auth text=not_logged_in
              = a failed@1 "auth"
            > claim forge/1 engines=claude accounts=work
              nothing
            > gates b forge/1 engines=claude accounts=work
              gates: account
            # another account that the person allowed is no gate
            > gates b forge/1 engines=claude accounts=work,home
              gates: none
            > open claude/work by=system:timer
              ! not_due: claude/work is not due
            # whoever sends the failed job back says that it is mended: it alone may try
            > claim forge/1 engines=claude accounts=work
              lease_granted a e3 account=work holder=forge/1 passed=[[account,1]]
              = a assigned@3 forge/1 "claimed"
            > claim forge/1 engines=claude accounts=work
              nothing
            > end a ok
              attempt_ended a e3 outcome=ok reason=it to=review
              account_opened account=work reason="an attempt on it worked"
              = a review@3 "attempt ended well"
            > claim forge/1 engines=claude accounts=work
              lease_granted b e1 account=work holder=forge/1
              = b assigned@1 forge/1 "claimed"
        "#]],
    );
}

#[test]
fn an_engine_that_two_jobs_find_broken_is_closed_on_that_host() {
    check(
        "
        ~ submit a engine=claude
        ~ submit b engine=claude
        ~ submit c engine=claude
        ~ submit d engine=claude
        ~ submit e engine=claude
        # a setup that fails is not the engine's
        ~ claim forge/1 engines=claude accounts=work
        ~ start a
        end a config why=setup_failed
        ~ claim forge/1 engines=claude accounts=work
        ~ start b
        end b config why=bad_flag fault=1
        # other words are another thing
        ~ claim forge/1 engines=claude accounts=work
        ~ start c
        end c config why=bad_model fault=1
        ~ claim forge/1 engines=claude accounts=home
        ~ start d
        end d config why=bad_model fault=1
        gates e forge/1 engines=claude accounts=work
        gates e other/1 engines=claude accounts=work
        open claude/@forge
        gates e forge/1 engines=claude accounts=work
        ",
        expect![[r##"
            # a setup that fails is not the engine's
            > end a config why=setup_failed
              attempt_ended a e1 outcome=config reason=setup_failed to=failed
              = a failed@1 "config"
            > end b config why=bad_flag fault=1
              attempt_ended b e1 engine_fault=true outcome=config reason=bad_flag to=failed
              = b failed@1 "config"
            # other words are another thing
            > end c config why=bad_model fault=1
              attempt_ended c e1 engine_fault=true outcome=config reason=bad_model to=failed
              = c failed@1 "config"
            > end d config why=bad_model fault=1
              attempt_ended d e1 engine_fault=true outcome=config reason=bad_model to=failed
              account_closed account=@forge of=d outcome=config text=bad_model
              = d failed@1 "config"
            > gates e forge/1 engines=claude accounts=work
              gates: account
            > gates e other/1 engines=claude accounts=work
              gates: none
            > open claude/@forge
              account_opened account=@forge reason="opened by a person"
            > gates e forge/1 engines=claude accounts=work
              gates: none
        "##]],
    );
}

#[test]
fn an_attempt_without_work_changes_neither_account_nor_engine() {
    check(
        &format!(
            "
            ~ submit a engine=claude
            ~ submit z engine=claude priority=critical
            ~ {TWO}
            ~ start z
            ~ end z limit until=+1h
            ~ cancel z
            # with the first account closed it began on the second, and keeps to it
            ~ {TWO}
            ~ start a
            ~ pass 2h
            ~ open claude/work by=system:timer
            end a no_work
            ~ requeue a
            {TWO}
            ~ start a
            ~ end a no_work
            show a
            "
        ),
        expect![[r##"
            # with the first account closed it began on the second, and keeps to it
            > end a no_work
              attempt_ended a e1 outcome=no_work reason=it to=failed
              = a failed@1 "no_work"
            > claim forge/1 engines=claude accounts=work,home
              lease_granted a e3 account=home holder=forge/1 pool=[work,home]
              = a assigned@3 forge/1 "claimed"
            > show a
              = a failed@3 "no_work"
                attempt 1 e1 forge/1 on claude/home: no_work (it)
                attempt 2 e3 forge/1 on claude/home: no_work (it)
        "##]],
    );
}

#[test]
fn a_job_of_a_class_takes_an_engine_whose_account_is_open() {
    check(
        &format!(
            "
            ~ submit a engine=claude
            ~ {ONE}
            ~ submit b class=agentic-coder prefers=claude
            ~ start a
            ~ end a limit until=+2h
            gates b forge/1 engines=claude accounts=work
            # and it is said that claude is passed over
            claim forge/1 engines=claude,codex accounts=work
            ~ start b
            show b
            "
        ),
        expect![[r#"
            > gates b forge/1 engines=claude accounts=work
              gates: account
            # and it is said that claude is passed over
            > claim forge/1 engines=claude,codex accounts=work
              lease_granted b e1 account=work holder=forge/1
              = b assigned@1 forge/1 "claimed"
            > show b
              = b building@1 forge/1 "attempt started"
                attempt 1 e1 forge/1 on codex/work: open
        "#]],
    );
}

#[test]
fn a_person_opens_an_account_and_takes_back_what_it_parked() {
    check(
        &format!(
            "
            ~ submit a engine=claude
            ~ submit b engine=claude
            ~ {ONE}
            ~ start a
            ~ {ONE}
            ~ start b
            ~ end a limit until=+2h
            ~ end b limit until=+2h
            open claude/work
            open claude/work
            # a word is no leave for what closes after it
            {ONE}
            ~ start a
            ~ pass 1m
            ~ end a limit until=+2h
            gates b forge/1 engines=claude accounts=work
            cancel b
            "
        ),
        expect![[r#"
            > open claude/work
              account_opened account=work reason="opened by a person"
              job_unparked a reason="claude/work was opened by a person"
              job_unparked b reason="claude/work was opened by a person"
              = a queued@1 "claude/work was opened by a person"
              = b queued@1 "claude/work was opened by a person"
            > open claude/work
              ! no_change: claude/work is not closed
            # a word is no leave for what closes after it
            > claim forge/1 engines=claude accounts=work
              lease_granted a e2 account=work holder=forge/1
              = a assigned@2 forge/1 "claimed"
            > gates b forge/1 engines=claude accounts=work
              gates: account
            > cancel b
              cancelled b e2
              = b failed@2 "cancelled"
        "#]],
    );
}
