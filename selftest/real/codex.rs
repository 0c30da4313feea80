//! `codex exec` as `engines.md` section 3 describes it: what it prints for each thing that a model can do.

use expect_test::{Expect, expect};
use rustix::process::Signal;

use super::program::{Program, Ran, Running};

/// What every run of the section is given, with all questions answered.
const WORDS: &str = "codex exec --json --color never --skip-git-repo-check \
    --dangerously-bypass-approvals-and-sandbox -c model_provider=fake";
/// A model that the program does not know is offered its plain tools.
const UNKNOWN: &[&str] = &["-m", "fake-model"];
const KEY: (&str, &str) = ("FAKE_KEY", "canary-of-codex");

/// `more` stands before the word `resume`, which is part of `resume`. Reconnects are few, so that what lasts
/// ends soon.
fn start(program: &Program, more: &[&str], resume: &[&str], key: Option<(&str, &str)>) -> Running {
    let provider = format!(
        "model_providers.fake={{name=\"fake\",base_url=\"{}/v1\",wire_api=\"responses\",env_key=\"FAKE_KEY\",request_max_retries=2,stream_max_retries=2}}",
        program.models.url
    );
    let (work, home) = (program.folder("work"), program.folder("home/.codex"));
    let (work, home) = (work.display().to_string(), home.display().to_string());
    let mut words: Vec<&str> = WORDS.split_whitespace().collect();
    words.extend(["-c", &provider, "-C", &work].iter().chain(more).chain(resume).chain(&["-"]));
    let mut set = vec![("CODEX_HOME", home.as_str())];
    set.extend(key);
    program.start(&words, &set, "Do the job.\n")
}

/// A scenario and what the program makes of it.
#[track_caller]
fn check(scenario: &str, more: &[&str], expected: &Expect) -> (Program, Ran) {
    let program = Program::new(scenario);
    let ran = start(&program, more, &[], Some(KEY)).end();
    expected.assert_eq(&ran.course());
    (program, ran)
}

/// The same, ended by SIGTERM once the condition holds.
#[track_caller]
fn check_stopped(scenario: &str, mut when: impl FnMut(&Program, &Running) -> bool, expected: &Expect) {
    let program = Program::new(scenario);
    let mut run = start(&program, UNKNOWN, &[], Some(KEY));
    run.wait("time to stop it", |run| when(&program, run).then_some(()));
    run.signal(Signal::TERM);
    expected.assert_eq(&run.end().course());
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn it_writes_files_and_runs_commands() {
    let scenario = "bash echo hi > a.txt\nwrite b.txt hello\nbash exit 3\nsay Done.";
    let (program, ran) = check(
        scenario,
        UNKNOWN,
        &expect![[r#"
        thread.started
        warning
        turn.started
        started command
        completed command 0
        started file in_progress
        completed file completed
        started command
        completed command 3
        say Done.
        turn.completed in 6000 cached 1200 out 200
        exit 0"#]],
    );
    assert_eq!((program.file("a.txt").as_str(), program.file("b.txt").as_str()), ("hi\n", "hello\n"));
    let (asked, bearer) = (program.models.asked(), format!("Bearer {}", KEY.1));
    assert!(asked.iter().all(|asked| asked.headers.get("authorization") == Some(&bearer)));
    assert!(asked.iter().all(|asked| asked.is_turn() && !asked.body.to_string().contains(KEY.1)));
    assert!(!ran.lines.concat().contains(KEY.1));
    assert!(asked[0].body.to_string().contains("Do the job."), "the prompt came by standard input");
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_model_that_comes_back_is_waited_for() {
    check(
        "fail 529 x2\nbash echo hi > a.txt\nsay Done.",
        UNKNOWN,
        &expect![[r#"
        thread.started
        warning
        turn.started
        started command
        completed command 0
        say Done.
        turn.completed in 3000 cached 600 out 100
        exit 0"#]],
    );
    check(
        "bash echo hi > a.txt\ndrop\nsay Done.",
        UNKNOWN,
        &expect![[r#"
        thread.started
        warning
        turn.started
        started command
        completed command 0
        say Done.
        turn.completed in 3000 cached 600 out 100
        exit 0"#]],
    );
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_model_that_stays_away_ends_it() {
    check(
        "fail 529 x99",
        UNKNOWN,
        &expect![[r#"
        thread.started
        warning
        turn.started
        error Reconnecting... 1/2 (unexpected status 529 <unknown status code>: the scenario says so, url: URL/v1/responses)
        error Reconnecting... 2/2 (unexpected status 529 <unknown status code>: the scenario says so, url: URL/v1/responses)
        error unexpected status 529 <unknown status code>: the scenario says so, url: URL/v1/responses
        turn.failed unexpected status 529 <unknown status code>: the scenario says so, url: URL/v1/responses
        exit 1"#]],
    );
    check(
        "fail 500 x99",
        UNKNOWN,
        &expect![[r#"
        thread.started
        warning
        turn.started
        error Reconnecting... 1/2 (We’re currently experiencing high demand, which may cause temporary errors.)
        error Reconnecting... 2/2 (We’re currently experiencing high demand, which may cause temporary errors.)
        error We’re currently experiencing high demand, which may cause temporary errors.
        turn.failed We’re currently experiencing high demand, which may cause temporary errors.
        exit 1"#]],
    );
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_window_that_is_used_up_is_told_at_once() {
    // 2100-01-01T00:00:00Z, which the program writes in its own time zone.
    check(
        "bash echo hi\nlimit 4102444800",
        UNKNOWN,
        &expect![[r#"
        thread.started
        warning
        turn.started
        started command
        completed command 0
        error You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/settings/usage to purchase more credits or try again at Jan 1st, 2100 12:00 AM.
        turn.failed You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/settings/usage to purchase more credits or try again at Jan 1st, 2100 12:00 AM.
        exit 1"#]],
    );
    check(
        "bash echo hi\nfail 429 x99",
        UNKNOWN,
        &expect![[r#"
        thread.started
        warning
        turn.started
        started command
        completed command 0
        error exceeded retry limit, last status: 429 Too Many Requests
        turn.failed exceeded retry limit, last status: 429 Too Many Requests
        exit 1"#]],
    );
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_login_that_is_refused_or_missing_is_told() {
    check(
        "fail 401 x99",
        UNKNOWN,
        &expect![[r#"
        thread.started
        warning
        turn.started
        error Reconnecting... 1/2 (unexpected status 401 Unauthorized: the scenario says so, url: URL/v1/responses)
        error Reconnecting... 2/2 (unexpected status 401 Unauthorized: the scenario says so, url: URL/v1/responses)
        error unexpected status 401 Unauthorized: the scenario says so, url: URL/v1/responses
        turn.failed unexpected status 401 Unauthorized: the scenario says so, url: URL/v1/responses
        exit 1"#]],
    );
    let program = Program::new("say Done.");
    let ran = start(&program, UNKNOWN, &[], None).end();
    expect![[r#"
        thread.started
        warning
        turn.started
        error Missing environment variable: `FAKE_KEY`.
        turn.failed Missing environment variable: `FAKE_KEY`.
        exit 1"#]]
    .assert_eq(&ran.course());
    assert!(program.models.asked().iter().all(|asked| !asked.is_turn()));
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_stop_ends_it_without_a_verdict() {
    check_stopped(
        "bash echo hi\nhang",
        |program, _| program.models.is_over(),
        &expect![[r#"
        thread.started
        warning
        turn.started
        started command
        completed command 0
        exit signal 15"#]],
    );
    let open = |program: &Program, run: &Running| {
        let told = run.so_far().iter().any(|line| line.contains("item.started"));
        told && program.folder("work").join("here").exists()
    };
    check_stopped(
        "bash touch here; sleep 60\nsay Done.",
        open,
        &expect![[r#"
        thread.started
        warning
        turn.started
        started command
        exit signal 15"#]],
    );
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_thread_is_resumed_and_its_usage_adds_up() {
    let program = Program::new("bash echo one\nsay One.\nbash echo two\nsay Two.");
    let one = start(&program, UNKNOWN, &[], Some(KEY)).end();
    expect![[r#"
        thread.started
        warning
        turn.started
        started command
        completed command 0
        say One.
        turn.completed in 3000 cached 600 out 100
        exit 0"#]]
    .assert_eq(&one.course());
    let thread = one.events()[0]["thread_id"].as_str().expect("a thread").to_string();
    let resume = |thread: &str| start(&program, UNKNOWN, &["resume", thread], Some(KEY)).end().course();
    expect![[r#"
        thread.started
        warning
        turn.started
        started command
        completed command 0
        say Two.
        turn.completed in 6000 cached 1200 out 200
        exit 0"#]]
    .assert_eq(&resume(&thread));
    expect![[r#"
        stderr Error: thread/resume: thread/resume failed: no rollout found for thread id 11111111-2222-4333-8444-555555555556 (code -32600)
        exit 1"#]].assert_eq(&resume("11111111-2222-4333-8444-555555555556"));
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn its_own_model_is_offered_no_shell_and_it_ends_well_all_the_same() {
    let (program, _) = check(
        "bash echo hi > a.txt\nsay Done.",
        &[],
        &expect![[r#"
        thread.started
        turn.started
        say Done.
        turn.completed in 3000 cached 600 out 100
        stderr ERROR codex_core::tools::router: error=unsupported call: shell
        exit 0"#]],
    );
    assert_eq!(program.file("a.txt"), "");
}
