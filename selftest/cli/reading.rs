//! The reading verbs over a queue with a bit of everything.

use super::bench::{Bench, same, until};

use aq::fleet::{Command, Ending, ParkReason};
use aq::job::{JobId, Outcome, Priority, Rev, ReviewRule, Usage};
use expect_test::expect_file;
use std::process::Stdio;

/// A queue with a job in most places: shipped history, a running one, a review, a chain, a parked one.
pub fn queue() -> Bench {
    let bench = Bench::queue();
    bench.job("lease-table-2222", |spec| {
        spec.review = ReviewRule { approvals: 1, ..ReviewRule::default() }.into()
    });
    attempt(&bench, "lease-table-2222", Outcome::Ok, Some("8c1f2e0aaaa"));
    bench.pass("10m").job("broken-3333", |_| {});
    attempt(&bench, "broken-3333", Outcome::TaskFailed, None);
    bench.job("event-schema-4444", |spec| {
        spec.priority = Priority::High;
        spec.lock = Some("db".to_string());
    });
    start(&bench, "event-schema-4444");
    bench.pass("1m");
    bench.job("needs-broken-5555", |spec| spec.deps = vec!["broken-3333".to_string()].into());
    bench.job("release-6666", |spec| {
        spec.deps = ["needs-broken-5555", "event-schema-4444"].map(String::from).into_iter().collect()
    });
    bench.job("migrate-7777", |spec| spec.lock = Some("db".to_string()));
    bench.job("docs-8888", |spec| spec.title = "Docs: \x1b[31mred\x1b[0m title".to_string());
    bench.act(vec![Command::Park {
        job: JobId::from("docs-8888"),
        until: None,
        reason: ParkReason::Operator,
    }]);
    bench
}

fn start(bench: &Bench, id: &str) {
    bench.claim();
    let epoch = bench.epoch(id);
    let (job, engine, run) = (JobId::from(id), "shell".to_string(), "r1".to_string());
    bench.act(vec![Command::Start { job, epoch, engine, run, base: None }]);
}

fn attempt(bench: &Bench, id: &str, outcome: Outcome, rev: Option<&str>) {
    start(bench, id);
    bench.pass("5m");
    let (job, epoch, rev) = (JobId::from(id), bench.epoch(id), rev.map(Rev::from));
    if let Some(rev) = &rev {
        let took = aq::time::Span::from_secs(3);
        bench.act(vec![Command::Verify {
            job: job.clone(),
            epoch,
            passed: true,
            rev: Some(rev.clone()),
            took,
        }]);
    }
    let usage = Usage { micro_usd: rev.as_ref().map(|_| 1_500_000), tokens: Some(900), ..Usage::default() };
    let ending = Ending {
        outcome,
        reason: "said so".to_string(),
        usage,
        rev,
        until: None,
        window: None,
        engine_fault: false,
        insight: aq::job::Insight::default(),
    };
    bench.act(vec![Command::End { job, epoch, ending: Box::new(ending) }]);
}

#[track_caller]
fn check(words: &str, expected: &str) {
    same(&queue().run(words), expected);
}

#[test]
fn ls_gives_stable_records() {
    check(
        "ls",
        "migrate-7777\tqueued\t2026-10-02T12:21:00Z\tmigrate 7777\tshell\t\t\tafter event-schema-4444 (lock db)\n\
         docs-8888\tqueued\t2026-10-02T12:21:00Z\tDocs: \x1b[31mred\x1b[0m title\tshell\t\tparked\tparked: put aside by a person\n\
         needs-broken-5555\tblocked\t2026-10-02T12:21:00Z\tneeds broken 5555\tshell\t\tcritical\tby broken-3333, failed\n\
         release-6666\tblocked\t2026-10-02T12:21:00Z\trelease 6666\tshell\t\tcritical\tby needs-broken-5555 +1\n\
         event-schema-4444\tbuilding\t2026-10-02T12:20:00Z\tevent schema 4444\tshell\t?\t\tworking\n\
         lease-table-2222\treview\t2026-10-02T12:05:00Z\tlease table 2222\tshell\t$1.50\t\tattempt ended well\n\
         broken-3333\tfailed\t2026-10-02T12:20:00Z\tbroken 3333\tshell\t?\tcritical\ttask_failed\nexit 0\n",
    );
    check("ls tag:parked --columns job,priority", "docs-8888\tmedium\nexit 0\n");
    check(
        "ls --columns job,cost --sort -cost,job --limit 2",
        "lease-table-2222\t$1.50\nbroken-3333\t?\nexit 0\n",
    );
    check(
        "ls -stage:queued,blocked --columns job --sort job",
        "broken-3333\nevent-schema-4444\nlease-table-2222\nexit 0\n",
    );
    check("ls no-such-word", "exit 0\n");
}

#[test]
fn ls_refuses_in_words_what_it_does_not_know() {
    check(
        "ls stage:bulding",
        "! error: the filter term stage:bulding cannot be read\n!   no stage bulding; did you mean building\n!   the filter language: aq help filter\nexit 2\n",
    );
    let columns = "job, stage, since, title, engine, cost, tags, why, status, priority, profile, attempts, place, score, tokens, submitted, holder, lock, parent, epoch, needs";
    let expected =
        format!("! error: no column titel\n!   did you mean: title\n!   columns: {columns}\nexit 2\n");
    check("ls --columns titel", &expected);
    check("ls --sort -titel", &expected);
}

#[test]
fn names_are_found_or_explained() {
    let then = queue().run("show event --plain --at 2026-10-02T12:20:30Z -q");
    expect_file!["show_event.txt"].assert_eq(&then);
    check(
        "show nope",
        "! error: no job nope\n!   no id, idempotency key or file name is or begins so\n!   list jobs: aq ls --all\nexit 3\n",
    );
    check(
        "show brokn-3333",
        "! error: no job brokn-3333\n!   did you mean: broken-3333\n!   list jobs: aq ls --all\nexit 3\n",
    );
    let bench = Bench::queue();
    bench.job("fix-login-7k2m", |_| {}).job("fix-logout-9x3n", |_| {});
    same(
        &bench.run("show fix"),
        "! error: fix could be any of 2 jobs\n!   fix-login-7k2m\n!   fix-logout-9x3n\n!   write more of the name\nexit 2\n",
    );
    same(
        &bench.run("explain fix --json"),
        "! {\"v\":1,\"kind\":\"error\",\"code\":\"usage\",\"exit\":2,\"candidates\":[\"fix-login-7k2m\",\"fix-logout-9x3n\"],\"hint\":\"write more of the name\",\"message\":\"fix could be any of 2 jobs\",\"why\":[\"fix-login-7k2m\",\"fix-logout-9x3n\"]}\nexit 2\n",
    );
}

#[test]
fn show_tells_of_attempts_and_proof() {
    expect_file!["show_lease.txt"].assert_eq(&queue().run("show lease"));
    expect_file!["effective.txt"].assert_eq(&queue().run("show docs --effective"));
}

#[test]
fn explain_names_the_gate_the_cause_and_the_way_out() {
    check(
        "explain release --at 2026-10-02T12:30:00Z",
        "release-6666 is blocked since 2026-10-02T12:21:00Z: waits for other jobs (event 14)\n\
         held by deps since 2026-10-02T12:21:00Z: waits for needs-broken-5555, which is blocked (waits for other jobs)\n\
         held by deps since 2026-10-02T12:21:00Z: waits for event-schema-4444, which is building (attempt started)\n\
         would start now if: needs-broken-5555 had shipped, and event-schema-4444 had shipped\n\
         chain: release-6666 < needs-broken-5555 < broken-3333 : broken-3333 is failed (task_failed) and will not get there by itself\n\
         chain: release-6666 < event-schema-4444 : event-schema-4444 is building\nexit 0\n",
    );
    // Where no agent runs, the host is what one started here would be.
    let me = aq::engine::process_identity().host;
    let me = me.split('~').next().expect("a name");
    check(
        "explain migrate --at 2026-10-02T12:30:00Z",
        &format!(
            "migrate-7777 is queued since 2026-10-02T12:21:00Z: submitted (event 15)\n\
         place 1 of 1 in line, class medium, rises at 2026-10-02T12:51:00Z\n\
         score 2.40 on {me} = capabilityFit 1.00 + affinity 0.00 + load 1.00 + costFit 0.75 + health 0.50? \
         + engineQuality 0.20 − starvation 1.05\n\
         ? is not known yet and counts as one half\n\
         held by lock since 2026-10-02T12:20:00Z: event-schema-4444 holds the lock db\n\
         would start now if: event-schema-4444 ended\nexit 0\n"
        ),
    );
    check(
        "explain",
        "docs-8888\tparked\t2026-10-02T12:21:00Z\t\tit was taken back into the line: aq unpark docs-8888\n\
         migrate-7777\tlock\t2026-10-02T12:20:00Z\t1\tevent-schema-4444 ended\n\
         needs-broken-5555\tdeps\t2026-10-02T12:21:00Z\t\tbroken-3333 had shipped\n\
         release-6666\tdeps\t2026-10-02T12:21:00Z\t\tneeds-broken-5555 had shipped\nexit 0\n",
    );
}

#[test]
fn next_lists_what_waits_for_a_person() {
    check(
        "next",
        "lease-table-2222\treview, 0 of 1 approvals\t2026-10-02T12:05:00Z\t0\taq approve lease-table-2222 --rev 8c1f2e0aaaa\n\
         broken-3333\tfailed: task_failed\t2026-10-02T12:20:00Z\t2\taq requeue broken-3333\nexit 0\n",
    );
    check(
        "next stage:failed --limit 1 -q",
        "broken-3333\tfailed: task_failed\t2026-10-02T12:20:00Z\t2\taq requeue broken-3333\nexit 0\n",
    );
}

#[test]
fn events_are_filtered_and_framed() {
    check(
        "events lease --type lease_granted,attempt_ended",
        "2\t2026-10-02T12:00:00Z\tlease_granted\tlease-table-2222\tperson:ann@here\t{\"engine\":\"shell\",\"epoch\":1,\"holder\":\"here/1\",\"score\":{\"aff\":0,\"cost\":1000,\"eng\":500,\"fit\":1000,\"hlth\":500,\"load\":1000,\"starv\":1000,\"total\":1950,\"unknown\":[\"hlth\",\"eng\"]}}\n\
         5\t2026-10-02T12:05:00Z\tattempt_ended\tlease-table-2222\tperson:ann@here\t{\"attempt\":1,\"epoch\":1,\"outcome\":\"ok\",\"reason\":\"said so\",\"rev\":\"8c1f2e0aaaa\",\"to\":\"review\",\"usage\":{\"micro_usd\":1500000,\"tokens\":900}}\nexit 0\n",
    );
    check(
        "events --after 16 --jsonl",
        "{\"v\":1,\"kind\":\"event\",\"seq\":17,\"at\":\"2026-10-02T12:21:00Z\",\"product\":\"local\",\"job\":\"docs-8888\",\"type\":\"job_parked\",\"by\":\"person:ann@here\",\"note\":null,\"epoch\":0,\"reason\":\"operator\"}\n\
         {\"v\":1,\"kind\":\"end\",\"reason\":\"the log ends here\"}\nexit 0\n",
    );
    check("events --since 2026-10-02T12:21:01Z", "exit 0\n");
    let wrong = queue().run("events --type lease_grated");
    assert!(
        wrong.starts_with("! error: no kind of event lease_grated\n!   did you mean: lease_granted\n"),
        "{wrong}"
    );
}

#[test]
fn insights_keep_unknown_unknown() {
    check("insights", "shell\t3\t1\t1\t1\t5m\t10m\t1800+1?\t$1.50+2?\nexit 0\n");
    check("insights --by day", "2026-10-02\t3\t1\t1\t1\t5m\t10m\t1800+1?\t$1.50+2?\nexit 0\n");
    check("insights broken", "1\tshell\ttask_failed\t5m\t900\t?\t?\t?\t?\t?\nexit 0\n");
    check("insights --since 2026-10-02T13:00:00Z", "exit 0\n");
}

#[test]
fn graph_and_path_show_what_waits_for_what() {
    check(
        "graph",
        "⊘      release-6666  release 6666  blocked\n├─╮\n⊘ │    needs-broken-5555  needs broken 5555  blocked\n\
         ✗ │    broken-3333  broken 3333  failed\n  ◐    event-schema-4444  event schema 4444  building\n\
         ! 3 without dependencies not shown\nexit 0\n",
    );
    check(
        "graph broken --hops 1 --format mermaid",
        "graph LR\n  n0[\"needs-broken-5555: needs broken 5555\"]\n  n1[\"broken-3333: broken 3333\"]\n  n1 --> n0\nexit 0\n",
    );
    let path = queue().run("path release");
    let jobs: Vec<&str> = path.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    assert_eq!(jobs, ["broken-3333", "needs-broken-5555", "release-6666", "event-schema-4444"], "{path}");
}

#[test]
fn wait_ends_with_the_code_of_what_happened() {
    check("wait lease --for review", "lease-table-2222\treview\tattempt ended well\nexit 0\n");
    check("wait lease --for settled -q", "lease-table-2222\treview\tattempt ended well\nexit 0\n");
    check("wait broken", "broken-3333\tfailed\ttask_failed\nexit 10\n");
    check(
        "wait lease migrate --timeout 20ms",
        "! lease-table-2222 is in review, waits for you: aq approve lease-table-2222 --rev 8c1f2e0aaaa\n\
         ! lease-table-2222 is still in review: aq explain lease-table-2222\n\
         ! migrate-7777 is still in queued: aq explain migrate-7777\nexit 13\n",
    );
    check(
        "wait lease broken --for building --any",
        "lease-table-2222\treview\tattempt ended well\nbroken-3333\tfailed\ttask_failed\nexit 0\n",
    );
    let bench = queue();
    bench.act(vec![Command::Cancel { job: JobId::from("migrate-7777") }]);
    same(&bench.run("wait migrate"), "migrate-7777\tfailed\tcancelled\nexit 12\n");
    check(
        "wait lease --for done",
        "! error: \"done\" is no value of --for <STAGE|settled>\n!   it is settled or a stage: queued, blocked, assigned, building, review, testing, shipped, failed, dead_letter\n!   its flags: aq help wait\nexit 2\n",
    );
}

#[test]
fn wait_sees_what_another_process_does() {
    let bench = queue();
    let child = bench
        .process(&["wait", "migrate", "--timeout", "20s"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("aq runs");
    std::thread::sleep(std::time::Duration::from_millis(300));
    bench.act(vec![Command::Cancel { job: JobId::from("migrate-7777") }]);
    let out = child.wait_with_output().expect("ends");
    assert_eq!(out.status.code(), Some(12));
}

#[test]
fn a_transcript_is_given_byte_for_byte() {
    let bench = queue();
    same(
        &bench.run("log lease"),
        "! error: no transcript of attempt 1 of lease-table-2222\n\
         !   there is no ROOT/work/queue/.aq/runs/lease-table-2222/1.jsonl; it was never written, or cleaned away\n\
         !   what the log says about it: aq events lease-table-2222\nexit 3\n",
    );
    let runs = bench.work().join("queue/.aq/runs/lease-table-2222");
    std::fs::create_dir_all(&runs).expect("a folder");
    let lines = concat!(
        "{\"at\":1790942400000,\"s\":\"aq\",\"line\":\"started\"}\n",
        "{\"at\":1790942400000,\"s\":\"out\",\"line\":\"\\u001b[31mred\\u001b[0m\"}\n",
        "{\"at\":1790942401000,\"s\":\"err\",\"line\":\"oh\",\"eol\":false}\n",
    );
    std::fs::write(runs.join("1.jsonl"), lines).expect("written");
    same(&bench.run("log lease"), "\x1b[31mred\x1b[0m\nohexit 0\n");
    same(&bench.run("log lease --tail 1"), "ohexit 0\n");
    same(&bench.run("log lease -f"), "\x1b[31mred\x1b[0m\nohexit 0\n");
    same(
        &bench.run("log lease --attempt 3"),
        "! error: lease-table-2222 has no attempt 3\n!   it has 1\n!   the last one: aq log lease-table-2222 --attempt 1\nexit 3\n",
    );
    same(
        &bench.run("log migrate"),
        "! error: migrate-7777 has no attempt yet\n!   it is queued (submitted)\n!   why it does not run: aq explain migrate-7777\nexit 3\n",
    );
}

#[test]
fn artifacts_are_listed_and_fetched_by_their_listed_names() {
    let bench = queue();
    same(&bench.run("artifacts lease"), "exit 0\n");
    let kept = bench.work().join("queue/.aq/artifacts/lease-table-2222/out");
    std::fs::create_dir_all(&kept).expect("a folder");
    std::fs::write(kept.join("report.txt"), "fine\n").expect("written");
    std::os::unix::fs::symlink("/etc/passwd", kept.join("link")).expect("linked");
    same(&bench.run("artifacts lease"), "out/report.txt\t5\nexit 0\n");
    same(&bench.run("artifacts lease get out/report.txt"), "fine\nexit 0\n");
    same(&bench.run("artifacts lease get out/report.txt -o copy"), "! wrote 5 bytes to copy\nexit 0\n");
    same(
        &bench.run("artifacts lease get ../../queue.json"),
        "! error: lease-table-2222 has kept no ../../queue.json\n!   what it has kept: aq artifacts lease-table-2222\nexit 3\n",
    );
}

#[test]
fn aq_alone_shows_the_state_of_the_queue() {
    let bench = queue();
    std::fs::write(bench.work().join("queue/inbox/new.md"), "do it\n").expect("written");
    let text = bench.run("");
    let state = text.split("aq help VERB\n\n").nth(1).unwrap_or_default();
    same(
        state,
        "queue ROOT/work/queue\n○ 2 queued  ⊘ 2 blocked  ◐ 1 building  ◇ 1 review  ✗ 1 failed\n2 need you: aq next\n1 new file waits for an agent: aq agent\nexit 0\n",
    );
}

#[test]
fn archived_jobs_are_still_shown() {
    let bench = queue();
    let id = || JobId::from("migrate-7777");
    bench.act(vec![Command::Cancel { job: id() }]).act(vec![Command::Archive { jobs: vec![id()] }]);
    let text = bench.run("show migrate");
    assert!(text.starts_with("job\tmigrate-7777\ntitle\tmigrate 7777\nstage\tfailed\n"), "{text}");
}

#[test]
fn watch_prints_changes_as_they_happen() {
    use std::io::BufRead as _;
    let bench = queue();
    let mut process = bench.process(&["watch", "migrate"]);
    let mut child = process.stdout(Stdio::piped()).spawn().expect("aq runs");
    let lines = std::io::BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let (tell, told) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
    // It tells of what comes after it has begun to look.
    let job = || JobId::from("migrate-7777");
    let first = std::cell::OnceCell::new();
    until("line", || {
        bench.act(vec![Command::Park { job: job(), until: None, reason: ParkReason::Operator }]);
        bench.act(vec![Command::Unpark { job: job() }]);
        told.try_recv().is_ok_and(|line| first.set(line).is_ok())
    });
    child.kill().expect("stopped");
    child.wait().expect("ended");
    drop(reader.join().expect("ends"));
    let first = first.get().expect("a line");
    assert!(first.starts_with("2026-10-02T12:21:00Z\tmigrate-7777\tqueued\t"), "{first:?}");
}

/// First output of any verb, of ten thousand jobs (`bench.md`); a debug build only runs through.
#[test]
#[ignore = "measures time: cargo test --release -- --ignored"]
fn ten_thousand_jobs_answer_at_once() {
    let bench = Bench::queue();
    let board = bench.board();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("an event loop");
    let body = runtime.block_on(aq::board::Board::put_blob(&board, b"# a job\n".to_vec())).expect("stored");
    drop(board);
    for first in (0..10_000).step_by(1_000) {
        let submit = |n: usize| {
            let mut spec = aq::job::Spec::titled(format!("A job with the number {n} and a title"));
            spec.engine = Some("shell".to_string());
            spec.deps = (!n.is_multiple_of(10)).then(|| format!("job-{:05}", n - 1)).into_iter().collect();
            let job = JobId::new(format!("job-{n:05}"));
            let (body, effective, file) = (body.clone(), body.clone(), Some(format!("{job}.md")));
            let new = aq::fleet::Submission { job, spec, body, effective, file };
            Command::Submit { new: Box::new(new), parent: None }
        };
        bench.act((first..first + 1_000).map(submit).collect());
    }
    for words in ["ls", "explain job-00009", "explain", "next", "path job-00009", ""] {
        let best = (0..5).map(|_| {
            let begun = std::time::Instant::now();
            assert!(bench.run(words).ends_with("exit 0\n"));
            begun.elapsed()
        });
        let best = best.min().unwrap_or_default();
        eprintln!("aq {words}: {best:?}");
        assert!(cfg!(debug_assertions) || best.as_millis() < 100, "aq {words}: {best:?}");
    }
}

#[test]
fn the_cockpit_is_told_in_words_without_a_terminal_and_never_in_json() {
    let bench = Bench::queue();
    let said = bench.run("dash");
    assert!(said.contains("Nothing needs you and nothing runs"), "{said}");
    assert!(said.ends_with("Number, verb, or ? >\nexit 0\n"), "{said}");
    let said = bench.run("dash --json");
    assert!(said.contains("the cockpit has no JSON") && said.ends_with("exit 2\n"), "{said}");
    same(
        &bench.run("dash --theme dusk"),
        "! error: no theme dusk\n!   themes: auto, dark, light, 16, mono, contrast\nexit 2\n",
    );
}

#[test]
fn each_wrong_value_of_the_settings_is_told_with_what_may_stand_there() {
    let bench = Bench::queue();
    let file = bench.work().with_file_name("home").join("config/aq/config.toml");
    let put = |text: &str| std::fs::write(&file, text).expect("written");
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    put("theme = \"purple\"\nasci = true\nmouse = \"yes\"\n");
    let said = bench.run("dash --plain");
    let told = [
        "config.toml:1:9: theme: no such choice: \"purple\"; one of: auto, dark, light, 16, mono, contrast\n",
        "config.toml:2:1: unknown key \"asci\" is ignored; did you mean \"ascii\"?\n",
        "config.toml:3:9: mouse: not a flag: \"yes\"; write true or false, without quotes\n",
    ];
    let at: Vec<_> = told.iter().map(|line| said.find(line)).collect();
    assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{said}");
    let said = bench.run("config show");
    assert!(said.contains("theme = \"purple\"\n!             ^^^^^^^^\n!     one of: auto"), "{said}");
    // A file that cannot be used at all tells each of its problems as well.
    put("slots = \"many\"\nsandbox = \"maybe\"\n");
    let said = bench.run("dash --plain");
    assert!(said.contains("config.toml:1:9: slots") && said.contains("config.toml:2:11: sandbox"), "{said}");
}

#[test]
fn every_door_counts_what_needs_a_person_alike() {
    let bench = queue();
    let said = bench.run("");
    assert!(said.contains("2 need you: aq next"), "{said}");
    let rows = bench.run("next --plain");
    assert_eq!(rows.lines().filter(|line| !line.starts_with("exit")).count(), 2, "{rows}");
    let rows = bench.run("ls needs:me --plain");
    assert_eq!(rows.lines().filter(|line| !line.starts_with("exit")).count(), 2, "{rows}");
    let said = bench.run("dash --plain");
    assert!(said.contains("2 need you"), "{said}");
}

#[test]
fn a_file_that_was_changed_while_its_job_runs_is_told() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {}).claim_alive();
    let tagged = |bench: &Bench| bench.run("ls tag:edited --columns job,tags");
    same(&tagged(&bench), "exit 0\n");
    bench.put("queue/building/a-1.md", "# another text\n");
    same(&tagged(&bench), "a-1\tedited\nexit 0\n");
    let said = bench.run("show a");
    assert!(said.contains("edited\tits file was changed while it runs"), "{said}");
    assert!(said.contains("requeued: aq requeue a-1\n"), "{said}");
    // What stands in the file again is what runs.
    bench.put("queue/building/a-1.md", "# a-1\n");
    same(&tagged(&bench), "exit 0\n");
}
