//! Undo: the inverse of your last action, from the log alone.

use aq::board::Board as _;
use aq::fleet::{Actor, ActorKind, Command, Ending, Order};
use aq::job::{BlobId, JobId, Outcome, Rev, ReviewRule, Usage};

use super::bench::{Bench, same};

/// Runs the words in order; gives the last text.
fn after(bench: &Bench, words: &[&str]) -> String {
    words.iter().fold(String::new(), |_, words| bench.run(words))
}

#[track_caller]
fn check(words: &[&str], expected: &str) {
    let bench = Bench::queue();
    bench.job("a-1", |_| {});
    same(&after(&bench, words), expected);
}

#[test]
fn takes_back_what_has_an_inverse() {
    check(
        &["park a", "undo"],
        "a-1\tdone\tqueued@0\tqueued@0\t3\n! undid park of a-1: it is queued\nexit 0\n",
    );
    check(
        &["cancel a", "undo"],
        "a-1\tdone\tfailed@1\tqueued@2\t3\n! undid cancel of a-1: it is queued\nexit 0\n",
    );
    check(
        &["budget set local --ceiling 5", "budget set local --ceiling 7", "undo", "budget show"],
        "product\tlocal\nceiling\t$5.00 (in total)\nspent\t$0.00\nreserved\t$0.00\nrate\t$0.00/h\nstate\tactive\nexit 0\n",
    );
    check(&["budget pause local", "undo"], "local\tdone\t\t\t3\n! undid budget pause of local\nexit 0\n");
}

#[test]
fn a_pause_that_is_over_does_not_stand_before_what_was_done_earlier() {
    check(
        &["park a", "budget pause local", "budget resume local --yes", "undo"],
        "a-1\tdone\tqueued@0\tqueued@0\t5\n! your last action, budget resume local, has no inverse\n! undid park of a-1: it is queued\nexit 0\n",
    );
}

#[test]
fn goes_back_step_by_step_and_never_twice() {
    check(
        &["park a", "unpark a", "undo", "undo"],
        "a-1\tdone\tqueued@0\tqueued@0\t5\n! undid park of a-1: it is queued\nexit 0\n",
    );
    check(
        &["park a", "undo", "undo"],
        "! error: you have done nothing here that could be undone\n!   see them: aq undo --list\nexit 3\n",
    );
    check(
        &["park a", "undo 2"],
        "! error: only 1 of your actions can be undone\n!   see them: aq undo --list\nexit 3\n",
    );
}

#[test]
fn an_unpark_comes_back_as_it_was() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {});
    after(&bench, &["park a --until 2099-01-01T00:00:00Z", "unpark a", "undo"]);
    let state = bench.board().snapshot();
    let until = state.jobs["a-1"].park.as_ref().and_then(|park| park.until).expect("a date");
    assert_eq!(until.to_string(), "2099-01-01T00:00:00Z");
}

#[test]
fn a_park_over_another_one_gives_that_one_back() {
    let until = "2099-01-01T00:00:00Z";
    let at = |bench: &Bench| {
        let state = bench.board().snapshot();
        let park = state.jobs["a-1"].park.as_ref().expect("it is parked");
        park.until.map(|until| until.to_string())
    };
    let bench = Bench::queue();
    bench.job("a-1", |_| {});
    after(&bench, &[&format!("park a --until {until}"), "park a"]);
    assert_eq!(at(&bench), None);
    after(&bench, &["undo"]);
    assert_eq!(at(&bench).as_deref(), Some(until));
    after(&bench, &["undo --redo"]);
    assert_eq!(at(&bench), None);
}

#[test]
fn is_refused_when_the_job_moved_on() {
    check(
        &["park a", "cancel a", "undo 2"],
        "! error: cannot undo park of a-1: it is failed since (cancelled)\n!   look: aq show a-1\nexit 4\n",
    );
}

#[test]
fn what_has_no_inverse_is_named() {
    check(
        &["park a", "cancel a", "requeue a", "undo"],
        "! your last action, requeue a-1, has no inverse\n! error: cannot undo cancel of a-1: it is queued since (requeued)\n!   look: aq show a-1\nexit 4\n",
    );
}

#[test]
fn others_actions_are_listed_and_left_alone() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {});
    let bob = Actor::new(ActorKind::Person, "bob@there");
    let reason = aq::fleet::ParkReason::Operator;
    bench.order(vec![Order::new(bob, Command::Park { job: "a-1".into(), until: None, reason })]);
    let said = bench.run("undo");
    assert!(said.ends_with("exit 3\n"), "{said}");
    let said = bench.run("undo --list");
    assert!(said.contains("\tbob@there\tpark\ta-1\tit is not yours\n"), "{said}");
    let said = bench.run("undo --list --json");
    assert!(said.contains(r#""kind":"undo""#) && said.contains(r#""can_undo":false"#), "{said}");
}

#[test]
fn a_dry_run_undoes_nothing() {
    check(&["park a", "undo -n"], "a-1\tdone\tqueued@0\tqueued@0\t\n! would undo park of a-1\nexit 0\n");
}

#[test]
fn what_was_undone_is_done_again_and_can_be_undone_again() {
    check(
        &["park a", "undo", "undo --redo"],
        "a-1\tdone\tqueued@0\tqueued@0\t4\n! redid park of a-1: it is parked (put aside by a person)\nexit 0\n",
    );
    check(
        &["park a", "undo", "undo --redo", "undo"],
        "a-1\tdone\tqueued@0\tqueued@0\t5\n! undid park of a-1: it is queued\nexit 0\n",
    );
    check(
        &["park a", "undo", "undo --redo", "undo", "undo --redo"],
        "a-1\tdone\tqueued@0\tqueued@0\t6\n! redid park of a-1: it is parked (put aside by a person)\nexit 0\n",
    );
    check(
        &["cancel a", "undo", "undo --redo"],
        "a-1\tdone\tqueued@2\tfailed@3\t4\n! redid cancel of a-1: it is failed\nexit 0\n",
    );
    check(
        &["budget set local --ceiling 5", "undo", "undo --redo", "budget show"],
        "product\tlocal\nceiling\t$5.00 (in total)\nspent\t$0.00\nreserved\t$0.00\nrate\t$0.00/h\nstate\tactive\nexit 0\n",
    );
    check(
        &["budget pause local", "undo", "undo --redo", "undo"],
        "local\tdone\t\t\t5\n! undid budget pause of local\nexit 0\n",
    );
    // Step by step, the last undo first.
    check(
        &["park a", "unpark a", "undo", "undo", "undo --redo", "undo --redo"],
        "a-1\tdone\tqueued@0\tqueued@0\t7\n! redid unpark of a-1: it is queued\nexit 0\n",
    );
}

/// What is said where nothing is to be done again.
const NONE: &str = "! error: you have undone nothing here, or done something else since\n!   see what was done: aq undo --list\nexit 3\n";

#[test]
fn nothing_is_done_again_that_was_not_undone_last() {
    check(&["park a", "undo --redo"], NONE);
    check(&["park a", "undo", "undo --redo", "undo --redo"], NONE);
    check(&["park a", "undo", "cancel a", "undo --redo"], NONE);
    check(
        &["budget pause local --mode stop", "undo", "undo --redo"],
        "! error: cannot redo budget pause of local: a pause that stops work is asked for anew\n!   look: aq budget show\nexit 4\n",
    );
    let bench = Bench::queue();
    bench.job("a-1", |_| {});
    after(&bench, &["park a", "undo"]);
    let bob = Actor::new(ActorKind::Person, "bob@there");
    bench.order(vec![Order::new(bob, Command::Cancel { job: "a-1".into() })]);
    same(
        &bench.run("undo --redo"),
        "! error: cannot redo park of a-1: it is failed since (cancelled)\n!   look: aq show a-1\nexit 4\n",
    );
}

#[test]
fn a_park_comes_back_with_the_cancel_that_took_it() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {});
    let said =
        after(&bench, &["park a --until 2099-01-01T00:00:00Z", "cancel a", "undo", "undo --redo", "undo"]);
    same(
        &said,
        "a-1\tdone\tfailed@3\tqueued@4\t7\n! undid cancel of a-1: it is parked (put aside by a person) until 2099-01-01T00:00:00Z\nexit 0\n",
    );
}

#[test]
fn a_question_that_went_with_a_cancel_is_told_to_be_gone() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {}).claim();
    let (job, epoch) = (|| JobId::from("a-1"), 1);
    let start = Command::Start { job: job(), epoch, engine: "shell".into(), run: "r".into(), base: None };
    bench.act(vec![start, Command::Ask { job: job(), epoch, question: BlobId::new("q") }]);
    let said = after(&bench, &["cancel a", "undo"]);
    assert!(said.contains("undid cancel of a-1: it is queued. what it asked is not asked again"), "{said}");
}

/// A queue whose one running job has spent two dollars.
fn spending() -> Bench {
    let bench = Bench::queue();
    bench.job("a-1", |_| {}).claim_alive();
    let (job, epoch) = (|| JobId::from("a-1"), 1);
    let start = Command::Start { job: job(), epoch, engine: "shell".into(), run: "r".into(), base: None };
    let usage = Some(Usage { micro_usd: Some(2_000_000), ..Usage::default() });
    bench.act(vec![start, Command::Progress { job: job(), epoch, word: "working".into(), usage }]);
    bench
}

#[test]
fn a_ceiling_that_is_taken_back_takes_its_pause_with_it() {
    let bench = spending();
    let said = bench.run("budget set local --ceiling 1");
    assert!(said.contains("$2.00 is spent already: the queue pauses at once, and 1 running job"), "{said}");
    assert!(said.ends_with("exit 2\n"), "{said}");
    bench.run("budget set local --ceiling 1 --yes");
    let paused = || bench.board().snapshot().product.paused.is_some();
    assert!(paused());
    same(&bench.run("undo"), "local\tdone\t\t\t7\n! undid budget set of local\nexit 0\n");
    assert!(!paused());
    // What would stop the queue is not done by the way.
    let said = bench.run("undo --redo");
    assert!(said.contains("it would stop the queue at once: set it anew"), "{said}");
    // A pause by a person is not the ceiling's.
    let bench = spending();
    after(&bench, &["budget set local --ceiling 1 --yes", "budget pause local", "undo 2"]);
    assert!(bench.board().snapshot().product.paused.is_some());
}

/// A queue whose one job waits for an approval of what it made.
fn in_review() -> Bench {
    let bench = Bench::queue();
    bench.job("a-1", |spec| spec.review = ReviewRule { approvals: 1, ..ReviewRule::default() }.into());
    bench.claim_alive();
    let (job, epoch) = (|| JobId::from("a-1"), 1);
    let start = Command::Start { job: job(), epoch, engine: "shell".into(), run: "r".into(), base: None };
    let ending = Box::new(Ending {
        outcome: Outcome::Ok,
        reason: String::new(),
        usage: Usage::default(),
        rev: Some(Rev::new("1234567")),
        until: None,
        window: None,
        engine_fault: false,
        insight: aq::job::Insight::default(),
    });
    bench.act(vec![start, Command::End { job: job(), epoch, ending }]);
    bench
}

#[test]
fn what_was_rejected_at_its_gate_runs_again_by_an_undo_and_says_so() {
    let bench = in_review();
    let rejected = bench.run("reject a -m no --yes") + &bench.run("undo");
    let cancelled = after(&in_review(), &["cancel a --yes", "undo"]);
    same(
        &(rejected + &cancelled),
        "a-1\tdone\treview@1\tfailed@2\t5\n! rejected a-1: it is failed. undo: aq undo (it runs again). again with your words: aq reject a-1 --requeue -m WHY\nexit 0\n\
         a-1\tdone\tfailed@2\tqueued@3\t6\n! undid reject of a-1: it is queued. it does not stand in review again: it runs anew from its last checkpoint\nexit 0\n\
         a-1\tdone\tfailed@2\tqueued@3\t6\n! undid cancel of a-1: it is queued. it does not stand in review again: it runs anew from its last checkpoint\nexit 0\n",
    );
}

#[test]
fn what_has_no_undo_says_what_to_do_instead() {
    let bench = in_review();
    same(
        &after(&bench, &["approve a --rev 1234567", "undo"]),
        "! error: approve has no undo: it may ship now; send it back: aq reject a-1 --requeue -m WHY\n!   see them: aq undo --list\nexit 3\n",
    );
}

#[test]
fn what_is_sent_back_by_a_verb_has_its_files_new_text() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {});
    bench.run("cancel a");
    bench.put("queue/failed/a-1.md", "---\nengine: shell\nnope: 1\n---\n\n```sh\ntrue\n```\n");
    let said = bench.run("requeue a");
    assert!(said.contains("its file was edited and cannot be used: a-1.md:3:1: unknown field"), "{said}");
    assert!(said.ends_with("exit 4\n"), "{said}");
    bench.put("queue/failed/a-1.md", "---\nengine: shell\n---\n\n```sh\ntrue\n```\n");
    let said = bench.run("requeue a");
    assert!(said.contains("requeued a-1: it is queued, with its file's new text"), "{said}");
    let log = std::fs::read_to_string(bench.work().join("queue/.aq/events.jsonl")).expect("a log");
    let batch = log.lines().find(|line| line.contains("requeued")).expect("a batch");
    assert!(batch.contains("job_superseded"), "{batch}");
}
