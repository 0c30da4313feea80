//! The agent as an enemy meets it: scripts that do their worst, and kills at the worst moment.

use aq::board::Board as _;
use aq::engine::StopCause;
use aq::fleet::{Code, Command, PauseMode};
use aq::job::{BlobId, JobId};
use aq::time::Span;
use rustix::process::Signal;

use super::agent_bench::{Factory, git_in, kill};

/// One job with these fields and this script, worked off; its course.
#[track_caller]
fn check(fields: &str, script: &str, expected: &str) -> Factory {
    let factory = Factory::new();
    let before = factory.checkout();
    factory.job("it", fields, script).once();
    assert_eq!(factory.course("it"), expected, "{}", factory.reason("it"));
    assert_eq!(before, factory.checkout(), "the user's checkout");
    factory.wait_quiet();
    factory
}

/// The job's last commit by the log.
fn head(factory: &Factory, name: &str) -> String {
    let id = factory.id(name).expect("a job");
    let events = factory.events();
    let revs = events.iter().rev().filter_map(|e| e["what"].get("checkpointed"));
    let mut mine = revs.filter(|w| w["job"] == *id);
    mine.next().and_then(|w| w["rev"].as_str()).expect("a checkpoint").to_string()
}

#[test]
fn scripts_that_behave_badly_end_by_the_book() {
    check("verify: test -f a", "echo 1 > a", "start1 proven ok>testing");
    check("verify: \"false\"", "echo 1 > a", "start1 disproven verify_failed>failed");
    check("timeout: 1s", "sleep 30", "start1 timeout>failed");
    check("budget: {wall: 1s}", "sleep 30", "start1 budget_exceeded>failed");
    check("", "exit 3", "start1 task_failed>failed");
    check("", "printf '\\377\\376 no text\\n'", "start1 ok>review");
    check("setup: \"exit 4\"", "echo never", "start1 config>failed");
    check("allowed-scope: [ok/**] | scope: strict", "echo x > wrong", "start1 task_failed>failed");
    check("base: no-such-branch", "echo x > a", "start1 config>failed");
}

#[test]
fn changes_outside_the_scope_are_counted_where_they_only_warn() {
    let outside = |factory: &Factory| {
        let ended = factory.events().into_iter().rev().find_map(|e| e["what"].get("attempt_ended").cloned());
        ended.expect("an end")["insight"]["outside"].as_u64()
    };
    let factory =
        check("allowed-scope: [ok/**]", "mkdir ok; echo x > ok/a; echo x > wrong", "start1 ok>review");
    assert_eq!(outside(&factory), Some(1));
    assert_eq!(outside(&check("", "echo x > wrong", "start1 ok>review")), None, "nothing limits it");
}

#[test]
fn nothing_outlives_its_attempt() {
    check("verify: test -f a", "sleep 60 & (setsid sleep 60 &) ; echo 1 > a", "start1 proven ok>testing");
    check(
        "timeout: 1s",
        "trap '' TERM; (setsid sh -c 'trap \"\" TERM; sleep 4' &); sleep 3; sleep 3",
        "start1 timeout>failed",
    );
}

#[test]
fn a_flood_of_output_is_bounded() {
    let factory = check("", "head -c 200000000 /dev/zero | tr '\\0' x; echo; echo done", "start1 ok>review");
    let kept: u64 =
        walk(&factory.place.side.join("runs")).iter().map(|p| p.metadata().map_or(0, |m| m.len())).sum();
    assert!(kept < 80 << 20, "{kept} bytes kept");
}

fn walk(top: &std::path::Path) -> Vec<std::path::PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![top.to_path_buf()]);
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            if entry.path().is_dir() { open.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found
}

#[test]
fn git_used_against_us_loses_nothing() {
    let ident =
        "export GIT_AUTHOR_NAME=e GIT_AUTHOR_EMAIL=e@e GIT_COMMITTER_NAME=e GIT_COMMITTER_EMAIL=e@e; ";
    for (script, kept) in [
        ("echo 1 > a; git add a; git commit -qm mine; echo 2 > b", "b"),
        ("git checkout -q --detach; echo 1 > a; git add a; git commit -qm mine; echo 2 > b", "b"),
        ("echo 1 > a; git add a; git commit -qm mine; git reset -q --hard HEAD~1; echo 2 > b", "b"),
        ("echo 1 > a; git clean -qfdx; echo 2 > b", "b"),
        ("echo 1 > a; git stash -q -u; echo 2 > b", "b"),
        ("git checkout -q -b other; echo 2 > b; git add b; git commit -qm mine", "b"),
    ] {
        let factory = check("verify: test -f b", &format!("{ident}{script}"), "start1 proven ok>testing");
        assert_eq!(factory.file_at(&head(&factory, "it"), kept).as_deref(), Some("2\n"), "{script}");
    }
}

#[test]
fn a_job_that_deletes_its_worktree_can_be_tried_again() {
    let fields = "retry: {max: 2, backoff: 10ms, on: [crash, task_failed]} | verify: test -f b";
    let script = "if [ $AQ_ATTEMPT = 1 ]; then rm -rf \"$PWD\"; exit 1; fi; echo 2 > b";
    let factory = Factory::new();
    let mut agent = factory.job("it", fields, script).agent(&[]);
    factory.wait_in("it", "testing");
    assert_eq!(agent.drain(), 0);
    assert_eq!(factory.course("it"), "start1 task_failed>queued parked(backoff) start2 proven ok>testing");
}

#[test]
fn places_that_cannot_be_worked_in_are_refused_in_words() {
    let bare = Factory::at("no commits", false);
    assert!(git_in(&bare.project, &["init", "-q"]).status.success());
    bare.job("it", "", "echo 1 > a").once();
    assert_eq!(bare.course("it"), "start1 config>failed");
    assert!(bare.reason("it").contains("commit"), "{}", bare.reason("it"));

    let odd = Factory::at("ein Ordner – mit ü", true);
    odd.job("it", "verify: test -f 'ä b'", "echo 1 > 'ä b'").once();
    assert_eq!(odd.course("it"), "start1 proven ok>testing", "{}", odd.reason("it"));

    let gone = Factory::new();
    let nowhere = gone.top().join("nowhere");
    gone.job("it", &format!("cwd: {} | worktree: false", nowhere.display()), "true").once();
    assert!(gone.id("it").is_none() || gone.course("it") == "start1 config>failed", "{}", gone.course("it"));
}

#[test]
fn what_a_person_has_not_committed_stays_as_it_is() {
    let factory = Factory::new();
    std::fs::write(factory.project.join("README.md"), "changed\n").expect("written");
    std::fs::write(factory.project.join("new.txt"), "new\n").expect("written");
    factory.git(&["add", "new.txt"]);
    factory.git(&["checkout", "-q", "--detach"]);
    let before = factory.checkout();
    factory.job("it", "base: main | verify: test -f a", "echo 1 > a; cat README.md > seen").once();
    assert_eq!(factory.course("it"), "start1 proven ok>testing", "{}", factory.reason("it"));
    assert_eq!(before, factory.checkout());
    assert_eq!(factory.file_at(&head(&factory, "it"), "seen").as_deref(), Some("# A project\n"));
}

#[test]
fn one_writer_at_a_time_where_there_is_no_worktree() {
    let factory = Factory::at("plain", false);
    let script = "mkdir busy || { echo twice >> twice; exit 1; }; sleep 0.3; rmdir busy";
    for name in ["a", "b", "c"] {
        factory.job(name, "worktree: false", script);
    }
    factory.once();
    assert!(!factory.project.join("twice").exists());
    for name in ["a", "b", "c"] {
        assert_eq!(factory.course(name), "start1 ok>review", "{}", factory.reason(name));
    }
}

#[test]
fn a_drain_gives_back_what_runs_and_a_second_word_hurries() {
    let factory = Factory::new();
    factory.job("it", "verify: test -f b", "echo 1 > a; [ $AQ_ATTEMPT -gt 1 ] || sleep 60; cat a > b");
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait_event("it", "attempt_started");
    factory.wait("the first line of work", || work_file(&factory, "a"));
    assert_eq!(agent.drain(), 0, "{}", agent.said());
    assert_eq!(factory.course("it"), "start1 drained>queued");
    factory.wait_quiet().once();
    assert_eq!(factory.course("it"), "start1 drained>queued start2 proven ok>testing");
    assert_eq!(factory.file_at(&head(&factory, "it"), "b").as_deref(), Some("1\n"), "the tree went on");

    factory.job("deaf", "", "trap '' TERM; echo 1 > c; while :; do sleep 1; done");
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait("the first line of work", || work_file(&factory, "c"));
    agent.term();
    factory.wait("a word of draining", || agent.said().contains("draining").then_some(()));
    let began = std::time::Instant::now();
    assert_eq!(agent.drain(), 143, "{}", agent.said());
    assert!(began.elapsed().as_secs() < 8, "the second word did not hurry");
    assert_eq!(factory.course("deaf"), "start1 drained>queued");
    factory.wait_quiet();
}

/// A file in any worktree of this factory.
fn work_file(factory: &Factory, name: &str) -> Option<()> {
    let trees = factory.top().join("home/state/aq/worktrees");
    walk(&trees).iter().any(|path| path.ends_with(name)).then_some(())
}

#[test]
fn cancel_and_pause_stop_what_runs() {
    for (command, course) in [
        (None, "start1 cancelled"),
        (Some(PauseMode::Stop), "start1 drained>queued"),
        (Some(PauseMode::Kill), "start1 preempted"),
    ] {
        let factory = Factory::new();
        factory.job("it", "", "echo 1 > a; (setsid sleep 60 &); sleep 60");
        let mut agent = factory.agent(&["--slots", "1"]);
        factory.wait("the first line of work", || work_file(&factory, "a"));
        let id = JobId::new(factory.id("it").expect("a job"));
        let asked = match command {
            None => factory.act(Command::Cancel { job: id.clone() }),
            Some(mode) => factory.act(Command::Pause { mode, until: None }),
        };
        asked.expect("lawful");
        factory.wait_quiet();
        factory.wait("the course", || (factory.course("it") == course).then_some(()));
        let kept = factory.wait("a kept tree", || {
            let refs = factory.git(&["for-each-ref", "--format=%(objectname)", &format!("refs/aq/{id}")]);
            let text = String::from_utf8_lossy(&refs.stdout).trim().to_string();
            (!text.is_empty()).then_some(text)
        });
        assert_eq!(factory.file_at(kept.lines().next().unwrap_or_default(), "a").as_deref(), Some("1\n"));
        assert_eq!(agent.drain(), 0);
    }
}

#[test]
fn a_killed_agent_leaves_its_run_to_the_next() {
    let factory = Factory::new();
    factory.job(
        "it",
        "verify: \"sleep 0.4; test -f b\" | setup: sleep 0.4",
        "echo $AQ_ATTEMPT >> a; sleep 0.4; cat a > b",
    );
    // Killed in setup, in the engine and in verify: each time the next takes up what goes on.
    for kind in ["setup", "engine", "verify"] {
        let mut agent = factory.agent(&["--slots", "1"]);
        factory.wait(&format!("{kind} under way"), || {
            walk(&factory.place.side.join("runs"))
                .iter()
                .any(|p| p.ends_with(format!("1/{kind}/engine.json")))
                .then_some(())
        });
        agent.kill();
    }
    factory.once();
    assert_eq!(
        factory.course("it"),
        "start1 adopted adopted adopted proven ok>testing",
        "{}",
        factory.reason("it")
    );
    assert_eq!(factory.file_at(&head(&factory, "it"), "b").as_deref(), Some("1\n"));
}

/// It works and costs without being counted, so nobody may take it for a dead one.
#[test]
fn a_run_that_outlives_its_agent_is_told_from_a_dead_one() {
    let factory = Factory::new();
    factory.job("it", "verify: \"true\"", "echo 1 > a; while [ ! -e stop ]; do sleep 0.05; done");
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait("the first line of work", || work_file(&factory, "a"));
    agent.kill();
    let says = |words: &'static str| {
        factory.wait(words, || factory.say(&["ls", "--columns", "why"]).contains(words).then_some(()));
    };
    says("no agent, runs on");
    let trees = factory.top().join("home/state/aq/worktrees");
    let work = walk(&trees).into_iter().find(|path| path.ends_with("a")).expect("its work");
    std::fs::write(work.with_file_name("stop"), "").expect("a file");
    says("agent gone");
    factory.once();
    assert_eq!(factory.course("it"), "start1 adopted proven ok>testing");
}

#[test]
fn a_run_that_was_given_up_as_it_began_fails_nobody() {
    // The agent dies while a shim starts: whoever looks then gives the run up, and finds it ended later.
    for (given_up, script) in [("ended", "sleep 60"), ("ending", "trap '' TERM; while :; do sleep 0.1; done")]
    {
        let factory = Factory::new();
        let script = format!("echo $AQ_ATTEMPT >> a; [ $AQ_ATTEMPT -gt 1 ] && exit; {script}");
        factory.job("it", "verify: grep -q 2 a", &script);
        let mut first = factory.agent(&["--slots", "1"]);
        factory.wait("the first line of work", || work_file(&factory, "a"));
        first.kill();
        let id = factory.id("it").expect("a job");
        let dir = factory.place.side.join("runs").join(id).join("1/engine");
        aq::engine::order_stop(&dir, StopCause::Fenced, Some(Span::from_secs(2))).expect("ordered");
        if given_up == "ended" {
            factory.wait_quiet();
        }
        let mut second = factory.agent(&["--slots", "1"]);
        factory.wait_in("it", "testing");
        assert_eq!(second.drain(), 0, "{}", second.said());
        assert_eq!(factory.course("it"), "start1 lost start2 proven ok>testing", "{given_up}");
    }
}

#[test]
fn another_agent_takes_up_at_once_what_a_killed_one_leaves() {
    let factory = Factory::new();
    factory.job("it", "verify: test -f b", "echo 1 > a; sleep 1.5; echo 2 > b");
    let mut first = factory.agent(&["--slots", "1"]);
    factory.wait("the first line of work", || work_file(&factory, "a"));
    let mut second = factory.agent(&["--slots", "1"]);
    factory.wait("two agents", || second.said().contains("agent with").then_some(()));
    let began = std::time::Instant::now();
    first.kill();
    factory.wait_event("it", "lease_adopted");
    assert!(began.elapsed().as_secs() < 10, "it waited for the safety net");
    factory.wait_in("it", "testing");
    assert_eq!(second.drain(), 0);
    assert_eq!(factory.course("it"), "start1 adopted proven ok>testing");
}

#[test]
fn a_killed_shim_is_a_crash_and_the_tree_goes_on() {
    let factory = Factory::new();
    factory.job(
        "it",
        "retry: {max: 1, backoff: 10ms, on: [crash]} | verify: test -f b",
        "echo $AQ_ATTEMPT >> a; [ $AQ_ATTEMPT -gt 1 ] || sleep 60; cat a > b",
    );
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait("the first line of work", || work_file(&factory, "a"));
    let shim = factory.processes().iter().find(|row| *row.1 == "shim").map(|row| *row.0).expect("a shim");
    kill(shim, Signal::KILL);
    factory.wait_in("it", "testing");
    assert_eq!(agent.drain(), 0);
    assert_eq!(factory.course("it"), "start1 crash>queued parked(backoff) start2 proven ok>testing");
    assert_eq!(factory.file_at(&head(&factory, "it"), "b").as_deref(), Some("1\n2\n"));
    factory.wait_quiet();
}

#[test]
fn two_agents_race_for_jobs_and_each_is_run_once() {
    let factory = Factory::new();
    let names: Vec<String> = (0..12).map(|nth| format!("j{nth}")).collect();
    let mut agents = [factory.agent(&["--slots", "2"]), factory.agent(&["--slots", "2"])];
    for name in &names {
        factory.job(name, "verify: test -f a", "echo 1 >> a");
    }
    for name in &names {
        factory.wait_in(name, "testing");
        assert_eq!(factory.course(name), "start1 proven ok>testing");
    }
    agents.iter_mut().for_each(|agent| assert_eq!(agent.drain(), 0));
}

#[test]
fn whoever_takes_up_a_lost_attempt_is_told_what_it_left() {
    let factory = Factory::new();
    let script = "cat > got.txt; [ $AQ_ATTEMPT = 2 ] || { echo 1 > one.txt; sleep 60; }";
    let engine = format!("[engines.talker]\nargv = [\"sh\", \"-c\", \"{script}\"]\nprompt = \"stdin\"\n");
    std::fs::write(factory.project.join("aq.toml"), engine).expect("written");
    factory.drop_in("it.md", "---\ntitle: it\nengine: talker\nverify: test -s one.txt\n---\nPaint it.\n");
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait("the first line of work", || work_file(&factory, "one.txt"));
    agent.kill();
    factory.processes().keys().for_each(|pid| kill(*pid, Signal::KILL));
    let mut agent = factory.wait_quiet().agent(&["--slots", "1"]);
    factory.wait_in("it", "testing");
    assert_eq!(agent.drain(), 0);
    assert_eq!(factory.course("it"), "start1 lost start2 proven ok>testing");
    let got = factory.file_at(&head(&factory, "it"), "got.txt").unwrap_or_default();
    assert!(got.contains("# Hand-off") && got.contains("- one.txt"), "{got}");
}

#[test]
fn clean_and_stash_in_the_checkout_lose_nothing_of_running_jobs() {
    let factory = Factory::new();
    std::fs::write(factory.place.queue.join(".gitignore"), "*\n").expect("written");
    factory.job("it", "verify: test -f b", "echo 1 > a; sleep 1; echo 2 > b");
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait("the first line of work", || work_file(&factory, "a"));
    factory.git(&["stash", "-q", "-u"]);
    factory.wait("an end", || factory.course("it").contains("ok>testing").then_some(()));
    let _ = agent.drain();
    assert_eq!(factory.file_at(&head(&factory, "it"), "b").as_deref(), Some("2\n"));
}

#[test]
fn an_idle_agent_does_not_wake() {
    let factory = Factory::new();
    let mut agent = factory.agent(&["--slots", "2"]);
    factory.job("it", "", "true").wait_in("it", "review");
    let read = |name: &str| {
        let text = std::fs::read_to_string(format!("/proc/{}/status", agent.pid())).expect("it lives");
        let row = text.lines().find_map(|line| line.strip_prefix(name)).expect("a row");
        row.trim().trim_end_matches(" kB").parse::<u64>().expect("a number")
    };
    let switches = || {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", agent.pid())).expect("it lives");
        let texts =
            tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("status")).ok());
        texts
            .filter_map(|text| {
                text.lines()
                    .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?
                    .trim()
                    .parse::<u64>()
                    .ok()
            })
            .sum::<u64>()
    };
    // Threads of finished acts go after ten seconds of idleness; a window after that has none of their own.
    let count = factory.wait("a quiet window", || {
        let before = switches();
        std::thread::sleep(std::time::Duration::from_secs(3));
        let count = switches().saturating_sub(before);
        (count <= 5).then_some(count)
    });
    println!("idle: {count} wake-ups in 3 s, {} KiB resident", read("VmRSS:"));
    assert_eq!(agent.drain(), 0);
}

#[test]
fn a_script_reads_the_answer_to_what_it_asked() {
    let factory = Factory::new();
    let program = env!("CARGO_BIN_EXE_aq");
    let script = format!(
        "if [ -n \"${{AQ_ANSWER_FILE:-}}\" ]; then cp \"$AQ_ANSWER_FILE\" answer; cp \"$AQ_HANDOFF_FILE\" note; exit 0; fi\n{program} ask 'which colour?'\nsleep 60"
    );
    factory.drop_in(
        "it.md",
        &format!("---\ntitle: it\nengine: shell\nverify: test -s answer\n---\n```sh\n{script}\n```\n"),
    );
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait_event("it", "asked");
    factory.wait_quiet();
    let said = factory.say(&["answer", "it", "-m", "blue"]);
    assert!(said.contains("AQ_ANSWER_FILE"), "{said}");
    factory.wait_in("it", "testing");
    assert_eq!(agent.drain(), 0);
    let file = |name: &str| factory.file_at(&head(&factory, "it"), name).unwrap_or_default();
    assert_eq!(file("answer"), "blue");
    assert!(file("note").contains("which colour?") && file("note").contains("blue"), "{}", file("note"));
}

#[test]
fn a_question_parks_the_job_and_its_answer_goes_on() {
    let factory = Factory::new();
    let exe = "import json,os,socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(os.environ['AQ_FENCE_URL'][5:])\ns.sendall((json.dumps({'op':'ask','question':'which colour?'})+chr(10)).encode())\nprint(s.recv(4096))\nimport time\ntime.sleep(60)";
    let asker = factory.top().join("ask.py");
    std::fs::write(&asker, exe).expect("written");
    std::fs::write(
        factory.project.join("aq.toml"),
        format!("[engines.talker]\nargv = [\"sh\", \"-c\", \"cat > got.txt; grep -q blue got.txt || python3 {}\"]\nprompt = \"stdin\"\n", asker.display()),
    )
    .expect("written");
    factory
        .drop_in("it.md", "---\ntitle: it\nengine: talker\nverify: grep -q blue got.txt\n---\nPaint it.\n");
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait_event("it", "asked");
    factory.wait_quiet();
    let id = JobId::new(factory.id("it").expect("a job"));
    let answer: BlobId =
        factory.board(|local, runtime| runtime.block_on(local.put_blob(b"blue".to_vec())).expect("stored"));
    factory.act(Command::Answer { job: id.clone(), answer }).expect("lawful");
    factory.wait_in("it", "testing");
    assert_eq!(agent.drain(), 0);
    let got = factory.file_at(&head(&factory, "it"), "got.txt").unwrap_or_default();
    assert!(got.contains("which colour?") && got.contains("blue") && got.contains("Hand-off"), "{got}");
    let stale = factory.act(Command::End {
        job: id,
        epoch: 1,
        ending: Box::new(aq::fleet::Ending {
            outcome: aq::job::Outcome::Ok,
            reason: String::new(),
            usage: aq::job::Usage::default(),
            rev: None,
            until: None,
            window: None,
            engine_fault: false,
            insight: aq::job::Insight::default(),
        }),
    });
    assert_eq!(stale.expect_err("stale").code, Code::Fenced);
}

#[test]
fn no_two_jobs_of_this_host_have_one_slot_or_port() {
    let factory = Factory::new();
    let top = factory.top().display().to_string();
    let script = format!(
        "echo $AQ_SLOT $AQ_PORT_BASE > {top}/seat.$AQ_JOB\nfor n in $(seq 600); do \
         [ $(ls {top}/seat.* | wc -l) -lt 2 ] || exit 0\nsleep 0.1\ndone\nexit 1"
    );
    factory.job("one", "", &script).job("other", "", &script);
    let mut agents = [factory.agent(&["--slots", "1"]), factory.agent(&["--slots", "1"])];
    factory.wait_event("one", "attempt_ended");
    factory.wait_event("other", "attempt_ended");
    agents.iter_mut().for_each(|agent| assert_eq!(agent.drain(), 0));
    let seat = |name: &str| {
        let path = format!("{top}/seat.{}", factory.id(name).expect("a job"));
        std::fs::read_to_string(path).expect("it ran")
    };
    assert_ne!(seat("one"), seat("other"), "two agents, each with its first slot");
}
