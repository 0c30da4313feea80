//! What stands around a verb: completion by the shell, traces, the user's notify command.

use std::process::Stdio;

use super::bench::{Bench, same, until};

/// What a shell would offer behind these words; the last is the one under the cursor.
fn offered(bench: &Bench, shell: &str, words: &[&str]) -> String {
    let mut all = vec!["--", "aq"];
    all.extend(words);
    let mut process = bench.process(&all);
    process.env("AQ_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    process.env("_CLAP_IFS", "\n").env("XDG_CACHE_HOME", bench.work().join("cache"));
    let out = process.output().expect("aq runs");
    assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

#[track_caller]
fn check(words: &[&str], expected: &[&str]) {
    let bench = Bench::queue();
    bench.job("fix-login-7k2m", |spec| spec.title = "Fix the login".to_string());
    bench.job("fix-logout-9x3n", |_| {}).job("other-1", |_| {});
    let offers = offered(&bench, "bash", words);
    assert_eq!(offers.lines().collect::<Vec<_>>(), expected, "{words:?}");
}

#[test]
fn a_shell_is_offered_verbs_flags_and_names() {
    check(&["expl"], &["explain"]);
    check(&["show", "fix-log"], &["fix-login-7k2m", "fix-logout-9x3n"]);
    check(&["show", "fix-login-7k2m", "--eff"], &["--effective"]);
    check(&["park", "other-1", "fix-logo"], &["fix-logout-9x3n"]);
    check(&["add", "--parent", "oth"], &["other-1"]);
    check(&["ls", "stage:bu"], &["stage:building"]);
    check(&["ls", "engi"], &["engine:"]);
    check(&["profile", "show", "back"], &["backend-engineer"]);
    check(&["wait", "other-1", "--for", "sett"], &["settled"]);
    check(&["risk", "rescue", "oth"], &["other-1"]);
    check(&["show", "zzz"], &[]);
}

#[test]
fn titles_are_shown_and_no_queue_is_no_error() {
    let bench = Bench::queue();
    bench.job("fix-login-7k2m", |spec| spec.title = "Fix the \u{1b}[31mlogin".to_string());
    assert!(offered(&bench, "zsh", &["show", "fix"]).contains("fix-login-7k2m:Fix the login"));
    assert_eq!(offered(&Bench::empty(), "bash", &["show", "fix"]), "");
    let elsewhere = bench.work().join("queue").to_string_lossy().into_owned();
    let empty = Bench::empty();
    assert_eq!(offered(&empty, "bash", &["--queue", &elsewhere, "show", "fix"]), "fix-login-7k2m");
}

#[test]
fn a_queue_that_does_not_answer_gives_what_it_gave_before() {
    let bench = Bench::queue();
    bench.job("fix-login-7k2m", |_| {});
    assert_eq!(offered(&bench, "bash", &["show", "fix"]), "fix-login-7k2m");
    // A log that cannot be read is one that never answers.
    std::fs::write(bench.work().join("queue/.aq/events.jsonl"), "damaged\n").expect("written");
    assert_eq!(offered(&bench, "bash", &["show", "fix"]), "fix-login-7k2m");
}

#[test]
fn scripts_ask_aq_or_stand_alone() {
    let bench = Bench::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = bench.run(&format!("completions {shell}"));
        assert!(script.contains("AQ_COMPLETE") && script.ends_with("exit 0\n"), "{shell}: {script}");
        let script = bench.run(&format!("completions {shell} --static"));
        assert!(script.contains("explain") && script.ends_with("exit 0\n"), "{shell}");
    }
}

#[test]
fn traces_go_to_standard_error_and_change_nothing() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {});
    let run = |words: &[&str], level: &str| {
        let out = bench.process(words).env("AQ_LOG", level).output().expect("aq runs");
        (String::from_utf8_lossy(&out.stdout).into_owned(), String::from_utf8_lossy(&out.stderr).into_owned())
    };
    let (plain, quiet) = run(&["ls"], "");
    assert_eq!(quiet, "");
    for (words, level) in [(vec!["ls", "--debug"], ""), (vec!["ls"], "debug"), (vec!["ls", "-vv"], "")] {
        let (data, traces) = run(&words, level);
        assert_eq!(data, plain);
        for part in ["DEBUG", "found the queue", "reads the log from here", "exit=0"] {
            assert!(traces.contains(part), "no {part:?} in:\n{traces}");
        }
    }
    let (data, said) = run(&["ls"], "loud");
    assert_eq!(data, plain);
    same(&said, "warning: AQ_LOG=loud is no level: it is one of error, warn, info, debug, trace, off\n");
    assert_eq!(run(&["ls", "--debug", "--json"], "").0.lines().count(), 1);
}

#[test]
fn watch_runs_the_users_command_at_each_line() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {});
    let said = bench.run("watch --notify");
    assert!(said.contains("your settings name none") && said.ends_with("exit 2\n"), "{said}");
    let home = bench.work().parent().expect("above").join("home/config/aq");
    std::fs::create_dir_all(&home).expect("a folder");
    let told = bench.work().join("told");
    let script = format!("printf '%s|%s|%s\\n' \"$1\" \"$AQ_JOB\" \"$AQ_STAGE\" >> '{}'", told.display());
    let command = serde_json::json!(["sh", "-c", script, "notify"]);
    std::fs::write(home.join("config.toml"), format!("notify.command = {command}\n")).expect("written");
    let mut watch = bench.process(&["watch", "--notify"]);
    let mut watch = watch.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("aq runs");
    let read = || std::fs::read_to_string(&told).unwrap_or_default();
    // It tells of what comes after it has begun to look.
    until("word of the command", || {
        bench.run("park a-1");
        bench.run("unpark a-1");
        !read().is_empty()
    });
    let read = read();
    watch.kill().expect("ended");
    watch.wait().expect("ended");
    let first = read.lines().next().unwrap_or_default();
    assert!(first.starts_with("a 1: ") && first.contains("|a-1|"), "{read:?}");
}

#[test]
fn an_agent_calls_the_users_command_once_for_what_needs_a_person() {
    let bench = Bench::empty();
    bench.run("init");
    let home = bench.work().parent().expect("above").join("home/config/aq");
    std::fs::create_dir_all(&home).expect("a folder");
    let told = bench.work().join("told");
    let script = format!("echo \"$1\" >> '{}'", told.display());
    let command = serde_json::json!(["sh", "-c", script, "notify"]);
    std::fs::write(home.join("config.toml"), format!("notify.command = {command}\n")).expect("written");
    let job = "---\ntitle: Break it\nengine: shell\n---\n```sh\nexit 1\n```\n";
    std::fs::write(bench.work().join("queue/inbox/break.md"), job).expect("written");
    // The second finds nothing that it held itself.
    for _ in 0..2 {
        let said = bench.run("agent --once");
        assert!(!said.contains("warning"), "{said}");
    }
    let lines = || std::fs::read_to_string(&told).unwrap_or_default();
    until("word of the command", || !lines().is_empty());
    let lines = lines();
    let id = lines.split(' ').next().unwrap_or_default().to_string();
    assert!(id.starts_with("break-it-"), "{lines:?}");
    same(&lines, &format!("{id} failed: task_failed\n"));
}
