//! What verbs say where things are odd: every answer is a person's words, says what is so, and says it once.

use std::path::Path;
use std::process::Command;

use super::bench::Bench;

#[track_caller]
fn has(said: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(said.contains(part), "no {part:?} in:\n{said}"));
}

#[track_caller]
fn lacks(said: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(!said.contains(part), "{part:?} in:\n{said}"));
}

fn write(bench: &Bench, name: &str, text: &str) {
    std::fs::write(bench.work().join(name), text).expect("written");
}

#[test]
fn of_refused_and_bad_files_the_bad_ones_decide_the_exit() {
    let bench = Bench::queue();
    bench.job("whole-1", |_| {});
    write(&bench, "loop.md", "---\nengine: shell\nidempotency-key: k\n---\n```sh\ntrue\n```\n");
    has(&bench.run("add loop.md"), &["exit 0\n"]);
    bench.claim_alive();
    bench.claim_alive();
    write(&bench, "loop.md", "---\nengine: shell\nidempotency-key: k\n---\n```sh\nfalse\n```\n");
    write(&bench, "bad.md", "---\ncolour: red\n---\nx\n");
    has(&bench.run("add loop.md"), &["exit 4\n"]);
    let said = bench.run("add loop.md bad.md");
    has(&said, &["error: bad.md cannot be submitted", "exit 2\n"]);
    has(&bench.run("add bad.md loop.md"), &["error: bad.md cannot be submitted", "exit 2\n"]);
}

#[test]
fn a_noun_alone_shows_itself() {
    let bench = Bench::queue();
    assert_eq!(bench.run("profile"), bench.run("profile ls"));
    assert_eq!(bench.run("config"), bench.run("config show"));
    assert_eq!(bench.run("budget"), bench.run("budget show"));
    has(&bench.run("budget"), &["ceiling", "exit 0\n"]);
    has(&bench.run("profile nope"), &["no such verb: nope", "aq profile has: ls, show", "exit 2\n"]);
}

#[test]
fn values_of_flags_are_refused_in_words() {
    let bench = Bench::queue();
    let check = |words: &str, why: &str| {
        let said = bench.run(words);
        has(&said, &[why, "exit 2\n"]);
        lacks(&said, &["digit", "..="]);
    };
    check("ls --limit x", "it is a whole number");
    check("undo x", "it is a whole number");
    check("agent --slots 0", "it is a whole number from 1 to 256");
    check("agent --slots many", "it is a whole number");
    check("log x --tail -1", "");
    check("bench x", "");
}

#[test]
fn what_is_asked_about_a_missing_file_says_so_without_numbers() {
    let bench = Bench::queue();
    write(&bench, "folder.md", "");
    std::fs::remove_file(bench.work().join("folder.md")).expect("removed");
    std::fs::create_dir(bench.work().join("folder.md")).expect("a folder");
    has(&bench.run("add folder.md"), &["folder.md is a folder", "name the markdown files", "exit 2\n"]);
    let said = bench.run("man /proc/none");
    has(&said, &["cannot make /proc/none: No such file or directory\n"]);
    lacks(&said, &["os error"]);
}

#[test]
fn a_stray_file_is_told_of_once() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {});
    write(&bench, "queue/shipped/stray.md", "# x\n");
    let told = "shipped/stray.md belongs to no job";
    has(&bench.run("park a"), &[told]);
    lacks(&bench.run("unpark a"), &[told]);
    write(&bench, "queue/shipped/another.md", "# x\n");
    let said = bench.run("park a");
    has(&said, &["shipped/another.md belongs to no job"]);
    lacks(&said, &[told]);
    // Gone and there again, it is another stray.
    std::fs::remove_file(bench.work().join("queue/shipped/stray.md")).expect("removed");
    bench.run("unpark a");
    write(&bench, "queue/shipped/stray.md", "# x\n");
    has(&bench.run("park a"), &[told]);
}

#[test]
fn problems_of_what_is_mended_go_away() {
    let bench = Bench::queue();
    let problems = |name: &str| bench.work().join(format!("queue/rejected/{name}.problems.txt"));
    bench.job("other-1", |_| {});
    write(&bench, "a.md", "# A\n");
    bench.run("add a.md");
    let file = "queue/inbox/a.md";
    let first = std::fs::read_to_string(bench.work().join(file)).expect("read");
    bench.put(file, "---\ncolour: red\n---\nx\n");
    has(&bench.run("park other"), &["the edit of a.md is not used"]);
    assert!(problems("a").exists());
    bench.put(file, &first);
    bench.run("unpark other");
    assert!(!problems("a").exists(), "the old text is back");
    // A rejected file that is mended and moved back.
    bench.put("queue/inbox/b.md", "---\ncolour: red\n---\nx\n");
    bench.run("park other");
    assert!(problems("b").exists());
    bench.run("unpark other");
    assert!(problems("b").exists(), "beside its file they stay");
    bench.put("queue/rejected/b.md", "# B\n");
    let (from, to) = ("queue/rejected/b.md", "queue/inbox/b.md");
    std::fs::rename(bench.work().join(from), bench.work().join(to)).expect("moved");
    has(&bench.run("park other"), &["submitted b-"]);
    assert!(!problems("b").exists());
}

#[test]
fn a_file_that_cannot_follow_is_told() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {});
    // What is on another file system cannot be moved there in one step; no right helps, as root has them all.
    let Ok(far) = tempfile::tempdir_in("/dev/shm") else { return };
    let failed = bench.work().join("queue/failed");
    let same_disk = {
        use std::os::unix::fs::MetadataExt as _;
        let device = |path: &Path| std::fs::metadata(path).expect("there").dev();
        device(far.path()) == device(&failed)
    };
    if same_disk {
        return;
    }
    std::fs::remove_dir(&failed).expect("removed");
    std::os::unix::fs::symlink(far.path(), &failed).expect("linked");
    has(&bench.run("doctor"), &["folders\tbad\t", "is on another file system", "exit 8\n"]);
    let said = bench.run("cancel a");
    has(&said, &["a-1\tdone", "warning: it is done, but its file did not follow: cannot move", "aq doctor"]);
    assert!(bench.work().join("queue/inbox/a-1.md").exists());
}

#[test]
fn doctor_says_which_folder_cannot_be_written() {
    let bench = Bench::queue();
    let failed = bench.work().join("queue/failed");
    std::fs::remove_dir(&failed).expect("removed");
    std::fs::write(&failed, "").expect("written");
    has(&bench.run("doctor"), &["folders\tbad\tROOT/work/queue/failed is not a folder", "exit 8\n"]);
    std::fs::remove_file(&failed).expect("removed");
    has(&bench.run("doctor"), &["folders\tfine\t"]);
    if rustix::process::getuid().is_root() {
        return;
    }
    let mut closed = std::fs::metadata(bench.work().join("queue/inbox")).expect("there").permissions();
    closed.set_readonly(true);
    std::fs::set_permissions(bench.work().join("queue/inbox"), closed).expect("closed");
    has(&bench.run("doctor"), &["queue/inbox cannot be written", "chmod u+rwx"]);
}

#[test]
fn a_damaged_log_is_told_once_with_the_command_that_mends_it() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {}).job("b-2", |_| {});
    let log = bench.work().join("queue/.aq/events.jsonl");
    let whole = std::fs::read(&log).expect("read");
    let second = whole.iter().position(|b| *b == b'\n').expect("lines") + 1;
    let mut bent = whole;
    bent[second + 30] ^= 1;
    std::fs::write(&log, &bent).expect("written");
    let said = bench.run("doctor");
    has(&said, &["log\tbad\t", &format!("damaged at byte {second}, after event 1"), "exit 8\n"]);
    lacks(&said, &["state\t", "leases\t"]);
    let command = said.split("keep what stands before it: ").nth(1).expect("a command").lines().next();
    let command = command.expect("a line").replace("ROOT", &root(&bench));
    let done = Command::new("sh").arg("-c").arg(&command).status().expect("sh runs");
    assert!(done.success(), "{command}");
    let said = bench.run("doctor");
    has(&said, &["log\tfine\t1 events"]);
    assert_eq!(std::fs::read(log.with_extension("jsonl.damaged")).expect("kept"), bent);
}

fn root(bench: &Bench) -> String {
    let work = bench.work().canonicalize().expect("there");
    work.parent().expect("above").to_string_lossy().into_owned()
}

#[test]
fn an_approval_that_no_gate_asks_for_is_counted_the_same_everywhere() {
    let bench = Bench::queue();
    bench.job("a-1", |spec| spec.has_verify = false).claim_alive();
    let epoch = bench.epoch("a-1");
    let (engine, run) = ("shell".to_string(), "r1".to_string());
    bench.act(vec![aq::fleet::Command::Start { job: "a-1".into(), epoch, engine, run, base: None }]);
    let ending = aq::fleet::Ending {
        outcome: aq::job::Outcome::Ok,
        reason: "done".to_string(),
        usage: aq::job::Usage::default(),
        rev: Some(aq::job::Rev::from("8c1f2e0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")),
        until: None,
        window: None,
        engine_fault: false,
        insight: aq::job::Insight::default(),
    };
    bench.act(vec![aq::fleet::Command::End { job: "a-1".into(), epoch, ending: Box::new(ending) }]);
    for words in ["next", "approve a -n", "show a"] {
        has(&bench.run(words), &["0 of 1"]);
    }
    has(&bench.run("show a --json"), &[r#""approvals":0,"approvals_needed":1"#]);
}

#[test]
fn what_a_failed_verify_said_can_be_read() {
    let bench = Bench::empty();
    has(&bench.run("init"), &["exit 0\n"]);
    let head = "engine: shell\nverify: echo E0433 in winfd; exit 3";
    bench.put("queue/inbox/red.md", &format!("---\n{head}\n---\n```sh\necho built\n```\n"));
    bench.process(&["agent", "--once"]).env("PATH", "/usr/bin:/bin").output().expect("aq runs");
    let said = bench.run("log red");
    has(
        &said,
        &["built\nE0433 in winfd\n! engine: ", "! verify: echo E0433 in winfd; exit 3  exit 3, took "],
    );
    lacks(&bench.run("log red --run verify"), &["built", "engine:"]);
    has(&bench.run("log red --json --tail 1"), &[r#""run":"verify""#, "E0433 in winfd"]);
}

#[test]
fn a_run_that_wrote_nothing_is_no_error() {
    let bench = Bench::empty();
    has(&bench.run("init"), &["exit 0\n"]);
    bench.put("queue/inbox/quiet.md", "---\nengine: shell\nverify: none\n---\n```sh\ntrue\n```\n");
    let agent = |bench: &Bench| {
        let mut agent = bench.process(&["agent", "--once"]);
        agent.env("PATH", "/usr/bin:/bin").output().expect("aq runs")
    };
    agent(&bench);
    has(&bench.run("log quiet"), &["! attempt 1 of quiet-", " wrote nothing\n! engine: ", "exit 0\n"]);
    has(&bench.run("log quiet --json"), &[r#""kind":"log""#, r#""data":[]"#, "exit 0\n"]);
    bench.put(
        "queue/inbox/odd.md",
        "---\nengine: shell\nverify: none\n---\n```sh\necho '::aq {\"ev\":\"dance\"}'\n```\n",
    );
    agent(&bench);
    let said = bench.run("log odd --json");
    has(&said, &["warning: not understood, and not counted: no event", "started, model_text"]);
}
