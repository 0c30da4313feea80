//! `claude` as `engines.md` section 2 describes it: what it prints for each thing that a model can do.

use expect_test::{Expect, expect};
use rustix::process::Signal;

use super::program::{Program, Ran, Running};

/// What every run of the section is given, with all questions answered.
const WORDS: &str = "claude -p --output-format stream-json --verbose --include-partial-messages \
    --permission-mode bypassPermissions --model claude-sonnet-4-5 --setting-sources project --strict-mcp-config";
/// An account of the kind that pays by use.
const KEY: (&str, &str) = ("ANTHROPIC_API_KEY", "canary-of-claude");
/// An account of the kind that has windows.
const LOGIN: (&str, &str) = ("CLAUDE_CODE_OAUTH_TOKEN", "canary-of-claude");

fn start(program: &Program, more: &[&str], account: Option<(&str, &str)>) -> Running {
    let words: Vec<&str> = WORDS.split_whitespace().chain(more.iter().copied()).collect();
    let url = program.models.url.clone();
    let mut set =
        vec![("ANTHROPIC_BASE_URL", url.as_str()), ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")];
    set.extend(account);
    program.start(&words, &set, "Do the job.\n")
}

/// A scenario and what the program makes of it.
#[track_caller]
fn check(scenario: &str, more: &[&str], expected: &Expect) -> (Program, Ran) {
    let program = Program::new(scenario);
    let ran = start(&program, more, Some(KEY)).end();
    expected.assert_eq(&ran.course());
    (program, ran)
}

/// The same, ended by SIGTERM once the condition holds.
#[track_caller]
fn check_stopped(scenario: &str, mut when: impl FnMut(&Program, &Running) -> bool, expected: &Expect) {
    let program = Program::new(scenario);
    let mut run = start(&program, &[], Some(KEY));
    run.wait("time to stop it", |run| when(&program, run).then_some(()));
    run.signal(Signal::TERM);
    expected.assert_eq(&run.end().course());
}

fn retries(run: &Running, most: usize) -> bool {
    run.so_far().iter().filter(|line| line.contains("api_retry")).count() >= most
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn it_writes_files_and_runs_commands() {
    let (program, ran) = check(
        "bash echo hi > a.txt\nwrite b.txt hello\nbash exit 3\nsay Done.",
        &[],
        &expect![[r#"
            init
            tool Bash
            told well
            tool Write
            told well
            tool Bash
            told wrong
            say Done.
            result success, 4 turns, 0.017760 usd: Done.
            exit 0"#]],
    );
    assert_eq!((program.file("a.txt").as_str(), program.file("b.txt").as_str()), ("hi\n", "hello\n"));
    // The key is told to the model server alone, and nothing is asked on the side.
    let asked = program.models.asked();
    assert!(asked.iter().all(|asked| asked.headers.get("x-api-key").is_some_and(|key| key == KEY.1)));
    assert!(asked.iter().all(|asked| asked.is_turn() && !asked.body.to_string().contains(KEY.1)));
    assert!(!ran.lines.concat().contains(KEY.1));
    assert!(asked[0].body.to_string().contains("Do the job."), "the prompt came by standard input");
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn usage_is_told_while_it_runs() {
    let (_, ran) = check(
        "usage in 1000 cached 0 out 10\nbash true\nsay Done.",
        &[],
        &expect![[r#"
        init
        tool Bash
        told well
        say Done.
        result success, 2 turns, 0.006300 usd: Done.
        exit 0"#]],
    );
    let told: Vec<String> = ran
        .events()
        .iter()
        .filter(|event| event["type"] == "stream_event")
        .filter_map(|event| match event["event"]["type"].as_str()? {
            "message_start" => {
                Some(format!("start in {}", event["event"]["message"]["usage"]["input_tokens"]))
            }
            "message_delta" => Some(format!("delta out {}", event["event"]["usage"]["output_tokens"])),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["start in 1000", "delta out 10", "start in 1000", "delta out 10"]);
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_model_that_comes_back_is_waited_for() {
    check(
        "fail 529 x2\nbash echo hi > a.txt\nsay Done.",
        &[],
        &expect![[r#"
        init
        retry 529 overloaded
        retry 529 overloaded
        tool Bash
        told well
        say Done.
        result success, 2 turns, 0.008880 usd: Done.
        exit 0"#]],
    );
    check(
        "bash echo hi > a.txt\ndrop\nsay Done.",
        &[],
        &expect![[r#"
        init
        tool Bash
        told well
        retry null unknown
        say Done.
        result success, 2 turns, 0.008880 usd: Done.
        exit 0"#]],
    );
    check(
        "slow 2s\nfail 500\nsay Done.",
        &[],
        &expect![[r#"
        init
        retry 500 server_error
        say Done.
        result success, 1 turns, 0.004440 usd: Done.
        exit 0"#]],
    );
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn its_own_caps_end_it() {
    let scenario = "bash echo 1\nbash echo 2\nbash echo 3\nsay Done.";
    check(
        scenario,
        &["--max-turns", "2"],
        &expect![[r#"
        init
        tool Bash
        told well
        tool Bash
        told well
        result error_max_turns wrong, 3 turns, 0.008880 usd: Reached maximum number of turns (2)
        exit 1"#]],
    );
    check(
        scenario,
        &["--max-budget-usd", "0.005"],
        &expect![[r#"
        init
        tool Bash
        told well
        tool Bash
        result error_max_budget_usd wrong, 2 turns, 0.008880 usd: Reached maximum budget ($0.005)
        exit 1"#]],
    );
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_window_that_is_used_up_is_told_by_the_kind_of_account() {
    // 2100-01-01T00:00:00Z.
    let scenario = "window 0.91 4102444800\nbash echo hi\nlimit 4102444800";
    let program = Program::new(scenario);
    let ran = start(&program, &[], Some(LOGIN)).end();
    expect![[r#"
        init
        tool Bash
        window "allowed_warning"
        told well
        window "rejected"
        error rate_limit
        say You've hit your limit · resets Jan 1, 2100, 12am (UTC)
        result success wrong, 2 turns, 0.004440 usd: You've hit your limit · resets Jan 1, 2100, 12am (UTC)
        exit 1"#]]
    .assert_eq(&ran.course());
    check_stopped(
        scenario,
        |_, run| retries(run, 3),
        &expect![[r#"
        init
        tool Bash
        told well
        retry 429 rate_limit
        retry 429 rate_limit
        retry 429 rate_limit
        exit 143"#]],
    );
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_window_that_opens_again_is_not_missed() {
    let program = Program::new("limit 4102444800\nsay Done.");
    let mut run = start(&program, &[], Some(KEY));
    run.wait("a retry", |run| retries(run, 1).then_some(()));
    program.models.lift();
    expect![[r#"
        init
        retry 429 rate_limit
        say Done.
        result success, 1 turns, 0.004440 usd: Done.
        exit 0"#]]
    .assert_eq(&run.end().course());
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_login_that_is_refused_or_missing_is_told() {
    check_stopped(
        "fail 401 x99",
        |_, run| retries(run, 1),
        &expect![[r#"
        init
        retry 401 authentication_failed
        exit 143"#]],
    );
    let program = Program::new("say Done.");
    let ran = start(&program, &[], None).end();
    expect![[r#"
        init
        error authentication_failed
        say Not logged in · Please run /login
        result success wrong, 1 turns, 0.000000 usd: Not logged in · Please run /login
        exit 1"#]]
    .assert_eq(&ran.course());
    assert!(program.models.asked().is_empty());
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_stop_ends_it_without_a_verdict() {
    check_stopped(
        "bash echo hi\nhang",
        |program, _| program.models.is_over(),
        &expect![[r#"
        init
        tool Bash
        told well
        exit 143"#]],
    );
    let here = |program: &Program, _: &Running| program.folder("work").join("here").exists();
    check_stopped(
        "bash touch here; sleep 60\nsay Done.",
        here,
        &expect![[r#"
        init
        tool Bash
        exit 143"#]],
    );
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_session_is_made_once_and_resumed() {
    let id = "11111111-2222-4333-8444-555555555555";
    let program = Program::new("bash echo one\nsay One.\nbash echo two\nsay Two.");
    let run = |more: &[&str]| start(&program, more, Some(KEY)).end().course();
    expect![[r#"
        init
        tool Bash
        told well
        say One.
        result success, 2 turns, 0.008880 usd: One.
        exit 0"#]]
    .assert_eq(&run(&["--session-id", id]));
    expect![[r#"
        stderr Error: Session ID 11111111-2222-4333-8444-555555555555 is already in use.
        exit 1"#]]
    .assert_eq(&run(&["--session-id", id]));
    expect![[r#"
        init
        tool Bash
        told well
        say Two.
        result success, 2 turns, 0.008880 usd: Two.
        exit 0"#]]
    .assert_eq(&run(&["--resume", id]));
    expect![[r#"
        result error_during_execution wrong, 0 turns, 0.000000 usd: No conversation found with session ID: 11111111-2222-4333-8444-555555555556
        stderr No conversation found with session ID: 11111111-2222-4333-8444-555555555556
        exit 1"#]].assert_eq(&run(&["--resume", "11111111-2222-4333-8444-555555555556"]));
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn what_is_not_allowed_is_refused_and_counted() {
    let program = Program::new("bash wget http://127.0.0.1:9/\nsay Done.");
    let url = program.models.url.clone();
    let words = "claude -p --output-format stream-json --verbose --permission-mode acceptEdits --allowedTools \
        Read,Edit,Write --model claude-sonnet-4-5 --setting-sources project --strict-mcp-config";
    let words: Vec<&str> = words.split_whitespace().collect();
    let ran = program.start(&words, &[KEY, ("ANTHROPIC_BASE_URL", url.as_str())], "Do the job.\n").end();
    expect![[r#"
        init
        tool Bash
        told wrong
        say Done.
        result success, 2 turns, 0.008880 usd: Done.
        exit 0"#]]
    .assert_eq(&ran.course());
    let result = ran.events().pop().expect("a result");
    assert_eq!(result["permission_denials"][0]["tool_name"], "Bash", "{result}");
}
