//! The frame: finding verbs, flags and the queue; errors and their exit codes; broken pipes.

use super::bench::{Bench, same};

#[track_caller]
fn check(words: &str, expected: &str) {
    same(&Bench::queue().job("fix-login-7k2m", |_| {}).job("fix-logout-9x3n", |_| {}).run(words), expected);
}

#[test]
fn verbs_are_found_or_named() {
    check("--version", "aq 0.1.0\nexit 0\n");
    check("lss", "! error: no verb lss\n!   did you mean: aq ls\n!   all verbs: aq help\nexit 2\n");
    check(
        "re",
        "! error: re could be any of 5 verbs\n!   reject, review, requeue, redrive, replay\n!   write more of the name\nexit 2\n",
    );
}

#[test]
fn names_taken_for_later_say_what_answers_today() {
    check(
        "replay",
        "! error: aq replay is not in this version\n!   the time machine is not built yet\n!   today: aq show JOB --at TIME\nexit 2\n",
    );
    check(
        "serve",
        "! error: aq serve is not in this version\n!   it needs a fleet: a coordinator and agents on several hosts\n!   today: several aq agent on one folder, on one host\nexit 2\n",
    );
    check(
        "--json replay",
        "! {\"v\":1,\"kind\":\"error\",\"code\":\"usage\",\"exit\":2,\"hint\":\"today: aq show JOB --at TIME\",\"message\":\"aq replay is not in this version\",\"verb\":\"replay\",\"why\":[\"the time machine is not built yet\"]}\nexit 2\n",
    );
}

#[test]
fn a_fleet_is_refused_in_words() {
    let fleet = "! error: a fleet is not in this version\n!   --fleet names a coordinator; this aq works on a folder queue\n!   leave it out to work on the folder\nexit 2\n";
    check("ls --fleet http://coord:7420", fleet);
}

#[test]
fn unknown_flags_are_named_with_the_nearest() {
    check(
        "ls --jsn",
        "! error: no flag --jsn\n!   did you mean: --json\n!   its flags: aq help ls\nexit 2\n",
    );
    check("--zzz", "! error: no flag --zzz\n!   all flags: aq --help\nexit 2\n");
    check(
        "completions tcsh",
        "! error: tcsh is no value of <SHELL>\n!   it is one of: bash, elvish, fish, powershell, zsh\n!   did you mean: zsh\n!   its flags: aq help completions\nexit 2\n",
    );
}

#[test]
fn no_queue_is_said_with_the_way_to_one() {
    let bench = Bench::empty();
    same(
        &bench.run("ls"),
        "! error: no queue at or above ROOT/work\n!   a queue is a folder queue/ with inbox/ and .aq in it\n!   make one here: aq init\nexit 3\n",
    );
    same(
        &bench.run("ls --queue elsewhere"),
        "! error: elsewhere (from --queue) is not a queue\n!   there is no such folder\n!   make one: aq init\nexit 3\n",
    );
    assert!(bench.run("").ends_with("no queue at or above ROOT/work\n  make one here: aq init\nexit 0\n"));
}

#[test]
fn the_queue_is_found_from_below_by_flag_and_by_environment() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {});
    std::fs::create_dir_all(bench.work().join("src/deep")).expect("a folder");
    let run = |set: &dyn Fn(&mut std::process::Command)| {
        let mut process = bench.process(&["ls"]);
        process.current_dir("/");
        set(&mut process);
        String::from_utf8_lossy(&process.output().expect("aq runs").stdout).lines().count()
    };
    assert_eq!(
        run(&|p| {
            p.current_dir(bench.work().join("src/deep"));
        }),
        1
    );
    assert_eq!(
        run(&|p| {
            p.arg("--queue").arg(bench.work());
        }),
        1
    );
    assert_eq!(
        run(&|p| {
            p.env("AQ_QUEUE", bench.work().join("queue"));
        }),
        1
    );
    assert_eq!(run(&|_| {}), 0);
}

#[test]
fn a_reader_that_goes_away_is_a_silent_success() {
    let bench = Bench::queue();
    for n in 0..40 {
        bench.job(&format!("job-{n:03}"), |spec| spec.title = "a long title ".repeat(300));
    }
    let mut child = bench.process(&["ls"]);
    let mut child = child
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("aq runs");
    drop(child.stdout.take());
    let out = child.wait_with_output().expect("ends");
    assert_eq!((out.status.code(), String::from_utf8_lossy(&out.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn help_of_every_verb_and_topic() {
    let bench = Bench::empty();
    let verbs = aq::cli::VERBS.iter().filter(|verb| verb.is_here()).map(|verb| verb.name);
    let topics = aq::cli::TOPICS.iter().map(|topic| topic.name);
    let mut all = bench.run("--help");
    for name in verbs.chain(topics) {
        all += &format!("\n$ aq help {name}\n{}", bench.run(&format!("help {name}")));
    }
    expect_test::expect_file!["help.txt"].assert_eq(&all);
}

#[test]
fn help_of_a_verb_is_the_same_text_either_way() {
    let bench = Bench::empty();
    same(&bench.run("ls -h"), &bench.run("help ls"));
    same(
        &bench.run("help filtr"),
        "! error: no help about filtr\n!   did you mean: aq help filter\n!   verbs and topics: aq help\nexit 2\n",
    );
    same(&bench.run("help serve"), &bench.run("serve"));
}

#[test]
fn completions_and_man_pages_are_made() {
    let bench = Bench::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = bench.run(&format!("completions {shell}"));
        assert!(script.ends_with("exit 0\n"), "{shell}");
    }
    assert!(bench.run("man").contains(".SH EXIT-CODES\n"), "{}", bench.run("man"));
    assert!(bench.run("man pages").ends_with("to pages\nexit 0\n"));
    let page = std::fs::read_to_string(bench.work().join("pages/aq-ls.1")).expect("a page");
    assert!(page.contains(".TH aq-ls 1"), "{page}");
}
