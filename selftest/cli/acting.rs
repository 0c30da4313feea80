//! Acting on jobs: what is done and told, what is asked before loss, what is refused and with which exit.

use std::io::Write as _;
use std::process::Stdio;

use aq::board::Board as _;
use aq::fleet::{Command, Ending, ParkReason};
use aq::job::{JobId, Outcome, Rev, Usage};

use super::bench::{Bench, same};

const JOB: &str = "fix-login-7k2m";
const REV: &str = "8c1f2e0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// One job, brought to a stage by the law.
fn at(stage: &str) -> Bench {
    let bench = Bench::queue();
    let id = || JobId::from(JOB);
    bench.job(JOB, |_| {});
    if stage == "queued" {
        return bench;
    }
    bench.claim_alive().pass("2m");
    if stage == "assigned" {
        return bench;
    }
    let epoch = bench.epoch(JOB);
    let (engine, run) = ("shell".to_string(), "r1".to_string());
    bench.act(vec![Command::Start { job: id(), epoch, engine, run, base: None }]);
    if stage == "building" {
        return bench;
    }
    if stage == "asked" {
        let question = aq::job::BlobId::from("q");
        bench.act(vec![Command::Ask { job: id(), epoch, question }]);
        return bench;
    }
    let outcome = if stage == "failed" { Outcome::TaskFailed } else { Outcome::Ok };
    let rev = Some(Rev::from(REV));
    let reason = "done".to_string();
    let ending = Ending {
        outcome,
        reason,
        usage: Usage::default(),
        rev,
        until: None,
        window: None,
        engine_fault: false,
        insight: aq::job::Insight::default(),
    };
    bench.act(vec![Command::End { job: id(), epoch, ending: Box::new(ending) }]);
    if stage == "testing" {
        bench.act(vec![Command::Promote { job: id() }]);
    }
    bench
}

/// A job at a stage, words, and all that is said.
#[track_caller]
fn check(stage: &str, words: &[&str], expected: &str) {
    same(&at(stage).run_words(words), expected);
}

/// The last line of what is said, and whether the text has all the parts.
#[track_caller]
fn says(stage: &str, words: &[&str], exit: u8, parts: &[&str]) {
    let said = at(stage).run_words(words);
    assert!(said.ends_with(&format!("exit {exit}\n")), "{said}");
    parts.iter().for_each(|part| assert!(said.contains(part), "no {part:?} in:\n{said}"));
}

#[test]
fn a_change_says_what_happened_and_what_next() {
    check(
        "queued",
        &["park", "fix"],
        "fix-login-7k2m\tdone\tqueued@0\tqueued@0\t2\n! parked fix-login-7k2m: it is parked (put aside by a person). undo: aq undo. resume: aq unpark fix-login-7k2m\nexit 0\n",
    );
    check(
        "failed",
        &["redrive", JOB],
        "fix-login-7k2m\tdone\tfailed@1\tqueued@2\t5\n! redriven fix-login-7k2m: it is queued. end it: aq cancel fix-login-7k2m\nexit 0\n",
    );
    check(
        "review",
        &["approve", "fix", "--rev", "8c1f2e0"],
        "fix-login-7k2m\tdone\treview@1\ttesting@2\t5\n! approved fix-login-7k2m: it is testing. ship it: aq ship fix-login-7k2m --rev 8c1f2e0\nexit 0\n",
    );
    check(
        "review",
        &["reject", "fix", "-m", "no tests", "--requeue"],
        "fix-login-7k2m\tdone\treview@1\tqueued@2\t5\n! rejected fix-login-7k2m: it is queued. its next attempt reads your words from $AQ_HANDOFF_FILE\nexit 0\n",
    );
    check(
        "asked",
        &["answer", "fix", "-m", "yes"],
        "fix-login-7k2m\tdone\tqueued@2\tqueued@2\t5\n! answered fix-login-7k2m: it is queued. its next attempt reads the answer from $AQ_ANSWER_FILE\nexit 0\n",
    );
    check(
        "review",
        &["review", "fix", "--reviewer", "bob", "--reviewer", "eve", "--approvals", "2"],
        "fix-login-7k2m\tdone\treview@1\treview@1\t5\n! asked reviewers of fix-login-7k2m: it is review. undo: aq undo. 2 of bob, eve decide: aq approve fix-login-7k2m or aq reject fix-login-7k2m\nexit 0\n",
    );
}

#[test]
fn programs_get_the_changed_envelope() {
    let said = at("queued").run_words(&["cancel", "fix", "--json"]);
    let (head, data) = said.split_once(r#""data":"#).expect("an envelope");
    assert!(head.starts_with(r#"{"v":1,"kind":"changed","at":""#), "{said}");
    same(
        data,
        "[{\"job\":\"fix-login-7k2m\",\"done\":true,\"from\":\"queued@0\",\"to\":\"failed@1\",\"event\":2,\"undo\":\"aq undo\"}]}\nexit 0\n",
    );
    check(
        "queued",
        &["promote", "fix", "--yes", "--json"],
        "! {\"v\":1,\"kind\":\"error\",\"code\":\"invalid_state\",\"exit\":4,\"epoch\":0,\"hint\":\"lawful now: cancel, park, unpark, answer\",\"message\":\"cannot promote fix-login-7k2m: it is in queued, not in review\",\"stage\":\"queued\",\"why\":[]}\nexit 4\n",
    );
}

#[test]
fn what_is_so_already_is_a_success_that_says_so() {
    let bench = at("queued");
    bench.run("park fix");
    same(
        &bench.run("park fix"),
        "fix-login-7k2m\tunchanged\tqueued@0\tqueued@0\tno_change\n! fix-login-7k2m is parked so already: nothing to do\nexit 0\n",
    );
    bench.run("cancel fix");
    let said = bench.run("cancel fix --json");
    assert!(said.contains(r#""done":false"#) && said.contains(r#""code":"no_change""#), "{said}");
    assert!(said.ends_with("exit 0\n"), "{said}");
}

#[test]
fn what_would_lose_something_is_asked_and_without_a_terminal_named() {
    says(
        "building",
        &["cancel", "fix"],
        2,
        &[
            "error: nobody can be asked whether to cancel fix-login-7k2m",
            "lost",
            "kept",
            "to do it, add: --yes",
        ],
    );
    says("building", &["park", "fix"], 2, &["the turn in flight", "add: --yes"]);
    says("building", &["requeue", "fix"], 2, &["add: --yes"]);
    says("building", &["preempt", "fix", "--no-input"], 2, &["add: --yes"]);
    says("review", &["promote", "fix"], 2, &["approvals", "UNPROVEN", "add: --yes"]);
    says("testing", &["cancel", "fix"], 2, &["add: --yes"]);
    says("building", &["cancel", "fix", "--yes"], 0, &["building@1\tfailed@2"]);
    says("building", &["park", "fix", "--yes"], 0, &["building@1\tqueued@2"]);
    says("building", &["preempt", "fix", "--yes"], 0, &["building@1\tqueued@2"]);
    says("assigned", &["requeue", "fix", "--yes"], 0, &["assigned@1\tqueued@2"]);
    says("review", &["promote", "fix", "--yes"], 0, &["review@1\ttesting@2"]);
    // Nobody is asked about what is refused anyway.
    says("queued", &["preempt", "fix"], 4, &["cannot preempt fix-login-7k2m: it is in queued"]);
}

#[test]
fn an_approval_names_what_was_looked_at() {
    says(
        "review",
        &["approve", "fix"],
        2,
        &["its branch is at 8c1f2e0", "then: aq approve fix-login-7k2m --rev 8c1f2e0"],
    );
    says("review", &["approve", "fix", "--yes"], 2, &["say which revision you looked at"]);
    says("review", &["approve", "fix", "--rev", "zz"], 2, &["--rev zz is no revision"]);
    says(
        "review",
        &["approve", "fix", "--rev", "9d0c1aa"],
        4,
        &["cannot review fix-login-7k2m: the branch is at 8c1f2e0, you looked at 9d0c1aa"],
    );
}

#[test]
fn words_that_are_needed_are_asked_for() {
    for words in [["reject", "fix"], ["answer", "fix"]] {
        says("review", &words, 2, &["needs words: -m TEXT"]);
    }
    says("review", &["reject", "fix", "-m", "  "], 2, &["needs words: -m TEXT"]);
}

#[test]
fn every_wrong_stage_names_what_is_lawful() {
    check(
        "testing",
        &["approve", "fix", "--rev", "8c1f2e0"],
        "! error: cannot approve fix-login-7k2m: it is in testing, not in review\n!   lawful now: reject, ship, cancel\nexit 4\n",
    );
    check(
        "queued",
        &["unpark", "fix"],
        "! error: cannot unpark fix-login-7k2m: it is not parked\n!   lawful now: cancel, park, unpark, answer\nexit 4\n",
    );
    says("queued", &["answer", "fix", "-m", "x"], 4, &["cannot answer fix-login-7k2m: it asks nothing"]);
    says("queued", &["requeue", "fix"], 4, &["it is in queued, not in failed or assigned or building"]);
    says("queued", &["redrive", "fix"], 4, &["not in failed or dead_letter"]);
    says("queued", &["review", "fix"], 4, &["not in review"]);
    says("failed", &["park", "fix"], 4, &["not in queued or assigned or building"]);
}

#[test]
fn refusals_of_the_law_have_their_exits() {
    says("queued", &["park", "nope"], 3, &["no job nope"]);
    says("queued", &["park", "fix", "--from", "queued@9"], 4, &["it is queued@0, you looked at queued@9"]);
    says("queued", &["park", "fix", "--from", "queued"], 2, &["--from building@1"]);
    let bench = at("failed");
    let archived = vec![JobId::from(JOB)];
    bench.act(vec![Command::Archive { jobs: archived }]);
    let said = bench.run("requeue fix");
    assert!(said.contains("is archived") && said.ends_with("exit 3\n"), "{said}");
    let four_eyes = Bench::queue();
    four_eyes.job(JOB, |spec| {
        spec.review.approvals = 1;
        spec.review.four_eyes = true;
    });
    four_eyes.claim_alive();
    reviewed(&four_eyes);
    let said = four_eyes.run("approve fix --rev 8c1f2e0");
    assert!(said.contains("four eyes") && said.ends_with("exit 7\n"), "{said}");
    four_eyes.run("review fix --reviewer bob");
    let said = four_eyes.run("approve fix --rev 8c1f2e0");
    assert!(said.ends_with("exit 7\n") || said.ends_with("exit 5\n"), "{said}");
}

#[test]
fn faults_of_the_queue_have_their_exits() {
    let damaged = |change: fn(Vec<u8>) -> Vec<u8>| {
        let bench = at("failed");
        let log = bench.work().join("queue/.aq/events.jsonl");
        std::fs::write(&log, change(std::fs::read(&log).expect("read"))).expect("written");
        bench.run("requeue fix --json")
    };
    let said = damaged(|mut text| {
        text[30] ^= 1;
        text
    });
    assert!(said.contains(r#""code":"corrupt","exit":1"#), "{said}");
    let bench = at("queued");
    std::fs::remove_file(bench.work().join("queue/.aq/queue.json")).expect("removed");
    let said = bench.run("park fix --json");
    assert!(said.contains(r#""exit":1"#) && said.contains("queue.json"), "{said}");
}

#[test]
fn a_reviewer_who_is_not_asked_is_not_allowed() {
    let bench = at("review");
    bench.run("review fix --reviewer bob");
    let said = bench.run("approve fix --rev 8c1f2e0");
    assert!(said.contains("only bob decide") && said.ends_with("exit 5\n"), "{said}");
}

#[test]
fn a_used_up_budget_needs_a_raised_ceiling() {
    let bench = Bench::queue();
    bench.job(JOB, |spec| spec.budget.micro_usd = Some(1_000_000)).claim_alive();
    let epoch = bench.epoch(JOB);
    let (engine, run) = ("shell".to_string(), "r".to_string());
    bench.act(vec![Command::Start { job: JOB.into(), epoch, engine, run, base: None }]);
    let usage = Usage { micro_usd: Some(1_100_000), ..Usage::default() };
    let (outcome, reason) = (Outcome::BudgetExceeded, "over".to_string());
    let ending = Box::new(Ending {
        outcome,
        reason,
        usage,
        rev: None,
        until: None,
        window: None,
        engine_fault: false,
        insight: aq::job::Insight::default(),
    });
    bench.act(vec![Command::End { job: JOB.into(), epoch, ending }]);
    let said = bench.run("requeue fix");
    assert!(
        said.contains("the usd budget of fix-login-7k2m is used up") && said.ends_with("exit 7\n"),
        "{said}"
    );
    let said = bench.run("requeue fix --budget euro=8");
    assert!(said.contains("does not understand \"euro=8\"") && said.ends_with("exit 2\n"), "{said}");
    let said = bench.run("requeue fix --budget usd=8");
    assert!(said.ends_with("exit 0\n"), "{said}");
    assert_eq!(bench.board().snapshot().jobs[JOB].raised.micro_usd, Some(8_000_000));
}

fn reviewed(bench: &Bench) {
    let epoch = bench.epoch(JOB);
    let (engine, run) = ("shell".to_string(), "r".to_string());
    bench.act(vec![Command::Start { job: JOB.into(), epoch, engine, run, base: None }]);
    let (outcome, reason) = (Outcome::Ok, "done".to_string());
    let ending = Ending {
        outcome,
        reason,
        usage: Usage::default(),
        rev: Some(Rev::from(REV)),
        until: None,
        window: None,
        engine_fault: false,
        insight: aq::job::Insight::default(),
    };
    bench.act(vec![Command::End { job: JOB.into(), epoch, ending: Box::new(ending) }]);
}

#[test]
fn several_targets_are_told_one_by_one() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {}).job("b-2", |_| {}).job("c-3", |_| {});
    bench.run("cancel b-2");
    let said = bench.run("park c-3 b-2 a-1");
    same(
        &said,
        "c-3\tdone\tqueued@0\tqueued@0\t5\n\
         b-2\trefused\tfailed@1\tfailed@1\tinvalid_state\n\
         a-1\tdone\tqueued@0\tqueued@0\t6\n\
         ! parked c-3: it is parked (put aside by a person). undo: aq undo. resume: aq unpark c-3\n\
         ! error: cannot park b-2: it is in failed, not in queued or assigned or building\n\
         !   lawful now: reject, requeue, redrive, cancel\n\
         ! parked a-1: it is parked (put aside by a person). undo: aq undo. resume: aq unpark a-1\n\
         exit 8\n",
    );
    // A name that means nothing stops it all.
    let said = bench.run("unpark c-3 zzz a-1");
    assert!(said.contains("no job zzz") && said.ends_with("exit 3\n"), "{said}");
    // One call of a verb is one action.
    let said = bench.run("undo");
    assert!(said.contains("a-1\tdone") && said.contains("c-3\tdone") && said.ends_with("exit 0\n"), "{said}");
    let said = bench.run("promote a-1 c-3 --yes");
    assert!(said.matches("error: cannot promote").count() == 2 && said.ends_with("exit 4\n"), "{said}");
}

#[test]
fn names_come_from_standard_input() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {}).job("b-2", |_| {}).job("c-3", |_| {});
    let run = |text: &str| {
        let mut process = bench.process(&["park", "-"]);
        let process = process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = process.spawn().expect("aq runs");
        child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
        let out = child.wait_with_output().expect("ends");
        (out.status.code(), String::from_utf8_lossy(&out.stdout).lines().count())
    };
    assert_eq!(run("a-1\tqueued\ttitle words\nb-2 c-3\n"), (Some(0), 3));
    assert_eq!(run(""), (Some(2), 0));
}

#[test]
fn a_filter_means_the_jobs_that_the_verb_is_lawful_for() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {}).job("b-2", |_| {}).job("other-3", |spec| spec.engine = Some("x".to_string()));
    bench.run("cancel b-2");
    let said = bench.run("park --filter engine:shell");
    assert!(said.starts_with("a-1\tdone\t") && said.ends_with("exit 0\n"), "{said}");
    assert_eq!(said.matches("\tdone\t").count(), 1, "{said}");
    same(&bench.run("park --filter engine:none"), "! no job is meant: nothing to do\nexit 0\n");
    let said = bench.run("park --filter stage:failed");
    assert!(said.contains("it is in failed, not in queued") && said.ends_with("exit 4\n"), "{said}");
    let said = bench.run("park --filter colour:red");
    assert!(said.contains("cannot be read") && said.ends_with("exit 2\n"), "{said}");
    assert!(bench.run("park a-1 --filter a").ends_with("exit 2\n"));
}

#[test]
fn a_dry_run_shows_the_same_and_does_nothing() {
    let bench = at("building");
    let said = bench.run("cancel fix -n");
    assert!(said.contains("would cancel") && said.contains("lost") && said.ends_with("exit 0\n"), "{said}");
    assert_eq!(bench.epoch(JOB), 1);
    let said = bench.run("promote fix -n");
    assert!(said.ends_with("exit 4\n"), "{said}");
}

#[test]
fn a_park_with_a_date_ends_by_itself() {
    says("queued", &["park", "fix", "--until", "2001-01-01T00:00:00Z"], 2, &["is over already"]);
    says("queued", &["park", "fix", "--until", "soon"], 2, &["does not understand the time"]);
    says("queued", &["park", "fix", "--until", "2099-01-01T00:00:00Z"], 0, &["until 2099-01-01T00:00:00Z"]);
}

#[test]
fn dropped_files_are_in_before_a_verb_decides() {
    let bench = Bench::queue();
    bench.put("queue/inbox/fresh.md", "# Fresh work\n");
    let said = bench.run("park fresh.md");
    assert!(said.contains("submitted fresh-work-") && said.ends_with("exit 0\n"), "{said}");
}

#[test]
fn what_a_dead_process_holds_is_given_back_before_a_verb_decides() {
    let bench = Bench::queue();
    bench.job(JOB, |_| {}).claim();
    let said = bench.run("park fix");
    assert!(said.contains("fix-login-7k2m is free again: the attempt had not begun"), "{said}");
    assert!(said.contains("fix-login-7k2m\tdone\tqueued@2\tqueued@2\t"), "{said}");
}

#[test]
fn an_unparked_question_runs_without_its_answer() {
    says("asked", &["unpark", "fix"], 0, &["it runs without an answer"]);
    let bench = at("queued");
    let reason = ParkReason::Operator;
    bench.act(vec![Command::Park { job: JOB.into(), until: None, reason }]);
    assert!(bench.run("unpark fix").contains("unparked fix-login-7k2m: it is queued. undo: aq undo\n"));
}
