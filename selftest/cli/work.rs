//! From adding to cleaning: manifests in, an agent, ship, drain, doctor, clean.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::bench::{Bench, same, until};

/// Runs aq with something on standard input; gives the text of it all.
fn fed(bench: &Bench, words: &[&str], text: &str) -> (Option<i32>, String, String) {
    let mut process = bench.process(words);
    let process = process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = process.spawn().expect("aq runs");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
    let out = child.wait_with_output().expect("ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

fn write(bench: &Bench, name: &str, text: &str) -> PathBuf {
    let path = bench.work().join(name);
    std::fs::write(&path, text).expect("written");
    path
}

#[track_caller]
fn has(said: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(said.contains(part), "no {part:?} in:\n{said}"));
}

#[test]
fn good_files_are_added_where_others_are_bad() {
    let bench = Bench::queue();
    write(&bench, "good.md", "# Good work\n");
    write(&bench, "bad.md", "---\nprioritee: high\ntimeout: soon\n---\n# Bad\n");
    let said = bench.run("add good.md bad.md");
    has(&said, &["good-work-", "\tdone\t\tqueued@0\t1\n", "bad.md\trefused\t\t\tusage\n"]);
    has(
        &said,
        &["! error: bad.md cannot be submitted", "bad.md:2:1: unknown field \"prioritee\"", "^^^^^^^^^"],
    );
    has(&said, &["bad.md:3:10:", "exit 8\n"]);
    assert!(bench.work().join("queue/inbox/good.md").is_file());
    let said = bench.run("add bad.md");
    has(&said, &["! error: bad.md cannot be submitted", "exit 2\n"]);
    let said = bench.run("add bad.md --json");
    has(&said, &[r#""code":"usage""#, r#""file":"bad.md""#, "exit 2\n"]);
}

#[test]
fn every_problem_is_told_in_one_pass_with_its_place() {
    let bench = Bench::queue();
    let check = |text: &str, expected: &str| {
        write(&bench, "bad.md", text);
        let said = bench.run("add bad.md");
        let shown: String =
            said.lines().filter(|line| !line.contains("mend it, then")).map(|l| format!("{l}\n")).collect();
        same(&shown, expected);
    };
    check(
        "---\ntimeout: soon\ncwd: no/where\n---\nx\n",
        "! error: bad.md cannot be submitted\n!   bad.md:2:10: timeout: not a duration: \"soon\" (write 500ms, 90s, 45m, 2h or 1d)\n!       timeout: soon\n!                ^^^^\n!   bad.md:3:6: cwd: there is no folder ROOT/work/no/where\n!       cwd: no/where\n!            ^^^^^^^^\n!       name a folder to work in; a relative path begins at ROOT/work\nexit 2\n",
    );
    check(
        "---\nrepo: https://example.com/a.git\nship: fork\nworktree: true\n---\nx\n",
        "! error: bad.md cannot be submitted\n!   bad.md:2:7: repo: a URL is not in this version\n!       repo: https://example.com/a.git\n!             ^^^^^^^^^^^^^^^^^^^^^^^^^\n!       clone it, and name the folder of the clone\n!   bad.md:3:7: ship: no such choice: \"fork\"\n!       ship: fork\n!             ^^^^\n!       one of: branch, merge, pr\nexit 2\n",
    );
    check(
        "---\nworktree: true\n---\nx\n",
        "! error: bad.md cannot be submitted\n!   bad.md:2:11: worktree: true, but ROOT/work is in no git repository\n!       worktree: true\n!                 ^^^^\n!       name a repo, or write worktree: false\nexit 2\n",
    );
    write(&bench, "queue/inbox/part.md", "---\ncolour: red\n---\nx\n");
    check(
        "---\ncwd: bad.md\nchildren:\n  - part.md\n  - none.md\n  - {body: x, engine: shell}\n---\nx\n",
        "! error: bad.md cannot be submitted\n!   bad.md:2:6: cwd: ROOT/work/bad.md is not a folder\n!       cwd: bad.md\n!            ^^^^^^\n!       name a folder to work in; a relative path begins at ROOT/work\n!   bad.md:6:1: no script for the shell engine\n!         - {body: x, engine: shell}\n!       ^\n!       put the commands into one block fenced by ```sh and ```\n!   part.md:2:1: unknown field \"colour\"\n!       colour: red\n!       ^^^^^^\n!       the fields: aq help manifest\n!   there is no file for the child ROOT/work/queue/inbox/none.md\nexit 2\n",
    );
}

#[test]
fn files_that_are_not_there_and_files_that_are_in_already() {
    let bench = Bench::queue();
    same(
        &bench.run("add none.md"),
        "! error: none.md is not there\n!   no such file\n!   name a markdown file, or - for standard input\nexit 2\n",
    );
    write(&bench, "queue/inbox/here.md", "# Here\n");
    let said = bench.run("add queue/inbox/here.md");
    has(&said, &["is in the inbox of this queue already", "exit 2\n"]);
    let said = bench.run("add");
    has(&said, &["error: missing: ", "exit 2\n"]);
}

#[test]
fn a_manifest_comes_from_standard_input() {
    let bench = Bench::queue();
    let (code, out, err) = fed(&bench, &["add", "-"], "# From a pipe\n\ndo it\n");
    assert_eq!(code, Some(0), "{err}");
    has(&out, &["from-a-pipe-"]);
    let (code, _, err) = fed(&bench, &["add", "-"], "---\nx: 1\n---\n");
    assert_eq!(code, Some(2));
    has(&err, &["stdin.md:2:1: unknown field"]);
}

#[test]
fn a_key_makes_a_repeated_add_a_no_op() {
    let bench = Bench::queue();
    write(&bench, "k.md", "---\nidempotency-key: once\n---\n# Keyed\n");
    has(&bench.run("add k.md"), &["\tdone\t", "exit 0\n"]);
    has(&bench.run("add k.md"), &["k.md\tunchanged\t\t\talready_done", "exit 0\n"]);
    write(&bench, "k.md", "---\nidempotency-key: once\n---\n# Keyed anew\n");
    has(&bench.run("add k.md"), &["gave its new text to keyed-", "exit 0\n"]);
}

#[test]
fn children_are_added_below_a_parent_and_circles_are_refused() {
    let bench = Bench::queue();
    bench.job("whole-1", |_| {});
    write(&bench, "part.md", "# A part\n");
    has(&bench.run("add part.md --parent whole"), &["added a-part-", "exit 0\n"]);
    write(&bench, "loop.md", "---\ndeps: [whole-1]\n---\n# Loop\n");
    has(&bench.run("add loop.md --parent whole-1"), &["would close a circle", "exit 2\n"]);
    has(&bench.run("add part.md --parent nobody"), &["no job nobody", "exit 3\n"]);
}

#[test]
fn a_dry_add_checks_and_submits_nothing() {
    let bench = Bench::queue();
    write(&bench, "good.md", "# Good\n");
    has(&bench.run("add -n good.md"), &["good.md is good", "exit 0\n"]);
    same(&bench.run("ls"), "exit 0\n");
}

#[test]
fn a_manifest_is_written_in_the_editor() {
    let bench = Bench::queue();
    let run = |script: &str| {
        let editor = write(&bench, "editor.sh", script);
        let mut process = bench.process(&["add", "--edit"]);
        let editor = format!("sh '{}'", editor.display());
        let out = process.env("VISUAL", editor).env("PATH", "/usr/bin:/bin").output().expect("aq runs");
        (out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned())
    };
    let (code, said) = run("printf '# Edited work\\n' > \"$1\"\n");
    assert_eq!(code, Some(0), "{said}");
    has(&said, &["added edited-work-"]);
    let (code, said) = run("true\n");
    assert_eq!(code, Some(0), "{said}");
    has(&said, &["nothing was added: the text was left as it was"]);
    let (code, said) = run("printf -- '---\\nx: 1\\n---\\n' > \"$1\"\n");
    assert_eq!(code, Some(2), "{said}");
    has(&said, &["unknown field", "your text is in "]);
    let (code, said) = run("exit 3\n");
    assert_eq!(code, Some(2), "{said}");
    has(&said, &["ended with"]);
    has(&bench.run("add --edit --no-input"), &["--no-input says not to", "exit 2\n"]);
}

#[test]
fn an_engine_without_its_agent_is_told() {
    let bench = Bench::queue();
    write(&bench, "part.md", "# A part\n");
    let run = |words: &[&str]| {
        let mut process = bench.process(words);
        let process = process.env("AQ_FENCE_URL", "unix:/nowhere/fence").env("AQ_JOB", "whole-1");
        let out = process.output().expect("aq runs");
        (out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned())
    };
    let (code, said) = run(&["add", "part.md"]);
    assert_eq!(code, Some(1), "{said}");
    has(&said, &["cannot reach the agent at /nowhere/fence"]);
    let (code, said) = run(&["add", "part.md", "--parent", "other-2"]);
    assert_eq!(code, Some(2), "{said}");
    has(&said, &["below whole-1 alone"]);
}

fn git(at: &Path, words: &[&str]) -> String {
    let mut git = Command::new("git");
    let out =
        git.args(words).current_dir(at).env("GIT_CONFIG_GLOBAL", "/dev/null").output().expect("git runs");
    assert!(out.status.success(), "{words:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// A repository with a commit and a queue in it.
fn repository() -> Bench {
    let bench = Bench::empty();
    let at = bench.work();
    git(&at, &["init", "-q", "-b", "main"]);
    git(&at, &["config", "user.name", "ann"]);
    git(&at, &["config", "user.email", "ann@here"]);
    has(&bench.run("init"), &["exit 0\n"]);
    git(&at, &["add", "-A"]);
    git(&at, &["commit", "-q", "-m", "first"]);
    bench
}

/// A repository with a commit and a queue in it, and a job that an agent has worked.
fn worked(ship: &str) -> Bench {
    let bench = repository();
    let at = bench.work();
    let text = format!(
        "---\nengine: shell\nverify: test -f made.txt\nship: {ship}\n---\n# Make it\n\n```sh\necho made > made.txt\n```\n"
    );
    write(&bench, "make-it.md", &text);
    has(&bench.run("add make-it.md"), &["exit 0\n"]);
    std::fs::remove_file(at.join("make-it.md")).expect("removed");
    let mut agent = bench.process(&["agent", "--once"]);
    let out = agent.env("PATH", "/usr/bin:/bin").output().expect("aq runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    bench
}

fn run(bench: &Bench, words: &str) -> String {
    let words: Vec<&str> = words.split_whitespace().collect();
    let out = bench.process(&words).env("PATH", "/usr/bin:/bin").output().expect("aq runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}exit {}\n", text(&out.stdout), text(&out.stderr), out.status.code().unwrap_or(-1))
}

#[test]
fn a_job_goes_back_to_an_earlier_checkpoint_and_loses_nothing() {
    let bench = repository();
    let script = "---\nengine: shell\nverify: none\n---\n```sh\necho x >> count.txt\nexit 1\n```\n";
    write(&bench, "count.md", script);
    has(&bench.run("add count.md"), &["exit 0\n"]);
    has(&run(&bench, "requeue count --checkpoint 1"), &["has no checkpoint 1", "none yet", "exit 3\n"]);
    has(&run(&bench, "agent --once"), &["exit 8\n"]);
    has(&run(&bench, "requeue count --budget turns=9"), &["at checkpoint 1, ", "exit 0\n"]);
    has(&run(&bench, "agent --once"), &["exit 8\n"]);
    let list = git(&bench.work(), &["worktree", "list", "--porcelain"]);
    let tree = list.lines().rev().find_map(|line| line.strip_prefix("worktree ")).expect("a worktree");
    let count = || std::fs::read_to_string(Path::new(tree).join("count.txt")).expect("read").lines().count();
    assert_eq!(count(), 2);
    has(&run(&bench, "show count"), &["checkpoint\t2 at "]);
    has(
        &run(&bench, "requeue count --checkpoint 9"),
        &["checkpoint 1 is ", "name one from 1 to 2", "exit 3\n"],
    );
    // What nobody has saved yet is saved before the tree goes back.
    std::fs::write(Path::new(tree).join("mine.txt"), "unsaved\n").expect("written");
    has(&run(&bench, "requeue count --checkpoint 1"), &["exit 0\n"]);
    has(&run(&bench, "show count"), &["starts again from "]);
    has(&run(&bench, "agent --once"), &["exit 8\n"]);
    assert_eq!(count(), 2, "one of checkpoint 1, one of this attempt");
    assert!(!Path::new(tree).join("mine.txt").exists());
    let refs = git(&bench.work(), &["for-each-ref", "--format=%(refname)", "refs/aq/"]);
    let kept = refs.lines().any(|name| {
        let files = git(&bench.work(), &["ls-tree", "--name-only", name]);
        files.contains("mine.txt") && git(&bench.work(), &["show", &format!("{name}:count.txt")]) == "x\nx\n"
    });
    assert!(kept, "what was left behind stands in its epoch's ref: {refs}");
}

#[test]
fn what_is_shipped_is_cleaned_away() {
    let bench = worked("merge");
    let said = run(&bench, "ship make-it");
    has(&said, &["say which revision you looked at", "exit 2\n"]);
    let said = run(&bench, "ship make-it --yes -n");
    has(&said, &["would ship make-it-", "proof", "1 file, +1 -0", "exit 0\n"]);
    let said = run(&bench, "ship make-it --yes");
    has(&said, &["shipped make-it-", "testing@", "\tshipped@", "exit 0\n"]);
    assert!(bench.work().join("made.txt").is_file());
    let said = run(&bench, "ship make-it --yes");
    has(&said, &["cannot ship make-it-", "it is in shipped, not in testing", "exit 4\n"]);
    let said = run(&bench, "clean");
    has(&said, &["nothing is old enough", "exit 0\n"]);
    let said = run(&bench, "clean --keep 0");
    has(&said, &["add: --yes", "exit 2\n"]);
    let said = run(&bench, "clean --keep 0 -n");
    has(&said, &["would prune make-it-", "worktree, transcripts, archive", "exit 0\n"]);
    let said = run(&bench, "clean --keep 0 --yes");
    has(&said, &["worktree, transcripts, branch, archived, file", "exit 0\n"]);
    assert_eq!(git(&bench.work(), &["branch", "--list", "aq/*"]), "");
    assert_eq!(git(&bench.work(), &["worktree", "list"]).lines().count(), 1);
    assert_eq!(std::fs::read_dir(bench.work().join("queue/shipped")).expect("a folder").count(), 0);
    has(&run(&bench, "doctor"), &["log\tfine", "files\tfine"]);
}

#[test]
fn a_branch_that_was_shipped_as_a_branch_stands() {
    let bench = worked("branch");
    has(&run(&bench, "ship make-it --yes"), &["exit 0\n"]);
    has(&run(&bench, "clean --keep 0 --yes"), &["worktree, transcripts, archived, file", "exit 0\n"]);
    assert_eq!(git(&bench.work(), &["branch", "--list", "aq/job/*"]).lines().count(), 1);
}

#[test]
fn work_at_risk_is_never_cleaned_away() {
    let bench = worked("merge");
    has(&run(&bench, "ship make-it --yes"), &["exit 0\n"]);
    let list = git(&bench.work(), &["worktree", "list", "--porcelain"]);
    let tree = list.lines().rev().find_map(|line| line.strip_prefix("worktree ")).expect("a worktree");
    let mine = Path::new(tree).join("mine.txt");
    std::fs::write(&mine, "unsaved\n").expect("written");
    let said = run(&bench, "clean --keep 0 --yes");
    has(&said, &["is left alone", "mine.txt", "save it: aq risk rescue make-it-", "exit 4\n"]);
    assert!(mine.is_file());
    same(&run(&bench, "ls --all --columns stage,tags tag:at-risk"), "shipped\tat-risk\nexit 0\n");
    std::fs::write(Path::new(tree).join(".env"), "KEY=1\n").expect("written");
    has(
        &run(&bench, "risk"),
        &["1 line in 1 file: mine.txt; no checkpoint takes .env: its name says it is a secret"],
    );
    let said = run(&bench, "risk let-go make-it");
    has(&said, &["mine.txt; no checkpoint takes .env", "--yes", "exit 2\n"]);
    std::fs::remove_file(&mine).expect("removed");
    let said = run(&bench, "risk let-go make-it");
    has(&said, &[": no checkpoint takes .env", "exit 2\n"]);
    let said = run(&bench, "diff make-it --rev nope");
    has(&said, &["error: \"nope\" is no branch, tag or commit here", "exit 3\n"]);
}

#[test]
fn what_ended_long_ago_leaves_by_itself_and_its_files_stay() {
    use aq::board::{Board as _, HOT_ENDED_MOST};
    use aq::fleet::Command;
    let bench = Bench::queue();
    let many = HOT_ENDED_MOST + 120;
    bench.jobs("job", many);
    let id = |n: usize| aq::job::JobId::new(format!("job-{n:05}"));
    bench.pass("1m").act((0..many).map(|n| Command::Cancel { job: id(n) }).collect());
    bench.job("waits-1", |spec| spec.deps = vec!["job-00007".to_string()].into());
    let said = run(&bench, "agent --once");
    has(&said, &["archived 119 jobs that ended long ago", "exit 0\n"]);
    let state = bench.board().snapshot();
    assert_eq!((state.jobs.len(), state.tombs.len()), (HOT_ENDED_MOST + 2, 119));
    assert!(state.jobs.contains_key("job-00007"), "somebody waits for it");
    let files = std::fs::read_dir(bench.work().join("queue/failed")).expect("a folder").count();
    assert_eq!(files, many, "files are a person's to remove");
    let said = run(&bench, "park waits-1");
    assert!(!said.contains("belongs to no job"), "{said}");
    has(&run(&bench, "doctor"), &["files\tfine", "log\tfine"]);
    has(&run(&bench, "show job-00003"), &["cancelled", "exit 0\n"]);
    // Deleted, it is forgotten; moved to inbox, it is a new job.
    std::fs::remove_file(bench.work().join("queue/failed/job-00001.md")).expect("removed");
    let (from, to) = ("queue/failed/job-00002.md", "queue/inbox/job-00002.md");
    std::fs::rename(bench.work().join(from), bench.work().join(to)).expect("moved");
    has(&run(&bench, "unpark waits-1"), &["submitted one-of-many-", "from job-00002.md"]);
}

#[test]
fn an_agent_is_drained_by_its_first_signal_and_stopped_by_both() {
    for (verb, exit) in [("drain", 0), ("stop", 143)] {
        let bench = Bench::empty();
        has(&bench.run("init"), &["exit 0\n"]);
        has(&bench.run(verb), &["no agent of this queue runs on this host", "exit 0\n"]);
        let mut agent = bench.process(&["agent"]);
        let mut agent = agent.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("aq runs");
        let agents = bench.work().join("queue/.aq/agents");
        let registered = || std::fs::read_dir(&agents).is_ok_and(|dir| dir.count() > 0);
        until("agent", registered);
        let said = bench.run(&format!("{verb} -n"));
        has(&said, &["would ", "exit 0\n"]);
        let said = bench.run(&format!("{verb} --all"));
        has(&said, &[&format!("agent {} ", agent.id()), "exit 0\n"]);
        let ended = agent.wait().expect("ends").code();
        assert!(ended == Some(exit) || ended == Some(0), "{verb}: {ended:?}");
    }
}

#[test]
fn doctor_finds_what_is_wrong_and_says_how_to_mend_it() {
    let bench = Bench::empty();
    has(&bench.run("doctor"), &["queue\tbad\tno queue at or above", "make one here: aq init", "exit 8\n"]);
    let bench = Bench::queue();
    bench.job("a-1", |_| {}).claim();
    write(&bench, "queue/shipped/stray.md", "# x\n");
    write(&bench, "queue/rejected/bad.md", "# x\n");
    write(&bench, "aq.toml", "slots = \"x\"\n");
    let said = bench.run("doctor");
    has(&said, &["settings\tbad\t", "aq.toml:1:9", "leases\tbad\t1 held by processes that are gone: a-1"]);
    has(
        &said,
        &[
            "files\tbad\t1 belong to no job: shipped/stray.md",
            "rejected\tnote\t1 could not be read",
            "exit 8\n",
        ],
    );
    has(&bench.run("doctor --json"), &[r#""kind":"doctor""#, r#""check":"leases","health":"bad""#]);
    write(&bench, "aq.toml", "[engines.mine]\nargv = [\"no-such-program\"]\n");
    has(&bench.run("doctor"), &["engine\tbad\tmine: no-such-program is not on PATH"]);
    let log = bench.work().join("queue/.aq/events.jsonl");
    let mut text = std::fs::read(&log).expect("read");
    text[30] ^= 1;
    std::fs::write(&log, text).expect("written");
    has(&bench.run("doctor"), &["log\tbad\t", "exit 8\n"]);
}
