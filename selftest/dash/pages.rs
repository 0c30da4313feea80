//! The tabs of a job's page: what they ask for, what a key does on them, what they show.

use std::sync::Arc;

use aq::dash::{Explained, Got, Msg, Patch, Read, Want};
use aq::fleet::{Claimant, EngineOffer};
use aq::insight::{Line, chains, explain};
use aq::job::{CapabilitySet, EngineClass, HolderId, JobId, Rev};
use expect_test::{Expect, expect, expect_file};

use super::seat::Seat;

/// A job in review whose branch stands at `c0ffee1`.
const REVIEW: &str = "submit fix review=2 reviewers=ann,tom | submit after deps=fix | claim h1 | start fix \
     | checkpoint fix c0ffee1 | verify fix pass rev=c0ffee1 | end fix ok rev=c0ffee1";

const PATCH: &str = "diff --git a/src/resume.rs b/src/resume.rs\nnew file mode 100644\n--- /dev/null\n+++ b/src/resume.rs\n\
    @@ -0,0 +1,2 @@\n+//! Resume.\n+pub fn resume() {}\n\
    diff --git a/src/very/deep/down/sse.rs b/src/very/deep/down/sse.rs\n--- a/src/very/deep/down/sse.rs\n+++ b/src/very/deep/down/sse.rs\n\
    @@ -88,6 +88,9 @@ fn stream\n fn stream(&self, req: Req) -> Sse {\n-    let mut rx = self.tx.subscribe();\n\
    +    let from = req.last_event_id();\n+    let (back, mut rx) = self.log.tail(from);\n     Sse::new(async_stream::stream! {\n\
    \x20        while let Ok(ev) = rx.recv().await {\n-            yield Event::from(ev);\n+            if ev.seq > from { yield ev.into(); }\n         }\n\
    @@ -200,1 +203,2 @@\n fn end() {}\n+fn more() {}\n";

/// The seat after what was asked for came, as far as this file answers.
fn answered(seat: Seat, rev: &str) -> Seat {
    answered_with(seat, rev, PATCH)
}

/// Answers what was asked for, as far as this file answers, with a change up to that revision.
pub fn answer(seat: &mut Seat, rev: &str) {
    answer_with(seat, rev, PATCH);
}

fn answered_with(mut seat: Seat, rev: &str, patch: &str) -> Seat {
    answer_with(&mut seat, rev, patch);
    seat.effects.clear();
    seat.draw();
    seat
}

fn answer_with(seat: &mut Seat, rev: &str, patch: &str) {
    let line = |n: u32| aq::dash::LogLine {
        at: crate::law_script::START,
        voice: aq::dash::Voice::Out,
        text: format!("\x1b[31mpart\x1b[0m {n}\r"),
    };
    let follows: Vec<(JobId, u32)> = seat
        .effects
        .iter()
        .filter_map(|effect| match effect {
            aq::dash::Effect::Follow(job, no) => Some((job.clone(), *no)),
            _ => None,
        })
        .collect();
    for (job, attempt) in follows {
        let got = Got::Lines { attempt, lines: (1..=30).map(line).collect(), dropped: 0, fresh: true };
        seat.send(Msg::Read(Box::new(Read { want: Want::Log(job, attempt), got: Ok(got) })));
    }
    let wants: Vec<Want> = seat
        .effects
        .iter()
        .filter_map(|effect| match effect {
            aq::dash::Effect::Read(want) => Some(want.clone()),
            _ => None,
        })
        .collect();
    for want in wants {
        let got = match &want {
            Want::Diff(..) => {
                let patch = Patch::parse(Rev::new("beef123"), Rev::new(rev), patch);
                let outside = Some(vec!["src/resume.rs".to_string()]);
                Got::Diff(Arc::new(Patch { outside, verify: Some("make test".to_string()), ..patch }))
            }
            Want::Explain(job, _) if seat.model.job(job).is_none() => continue,
            Want::Explain(job, _) => Got::Explained(Arc::new(explained(seat, job))),
            Want::Manifest(..) | Want::Question(..) => Got::Text("# What to do\n\nAll of it.".to_string()),
            Want::Files(_) => Got::Files(vec![
                ("1/target/report.html".to_string(), 48_213),
                (
                    "2/target/a/very/long/way/down/to/where/the/coverage/of/this/run/stands/report.html"
                        .to_string(),
                    7,
                ),
            ]),
            Want::History(_) => Got::History(seat.model.replica.events.iter().cloned().collect()),
            _ => continue,
        };
        seat.send(Msg::Read(Box::new(Read { want, got: Ok(got) })));
    }
}

/// The diff of the job in review, read.
pub fn diff(size: (u16, u16)) -> Seat {
    answered(Seat::of(REVIEW, size).keys("Enter ] ] ]"), "c0ffee1")
}

/// A host that runs scripts.
fn host(name: &str) -> Claimant {
    let shell = EngineOffer { name: "shell".to_string(), class: EngineClass::Script, accounts: Vec::new() };
    let capabilities = CapabilitySet::default();
    Claimant { holder: HolderId::new(format!("{name}/1")), capabilities, engines: vec![shell] }
}

/// What the source would say: two hosts, one of which has no engine.
fn explained(seat: &Seat, job: &JobId) -> Explained {
    let state = &seat.model.replica.state;
    let now = seat.model.law_now();
    let job = state.job(job).expect("the job");
    let without = Claimant { engines: Vec::new(), ..host("there") };
    let hosts = [host("here"), without];
    let said = explain(state, job, now, &Line::of(state, now, &hosts), &hosts);
    Explained { said, chains: chains(state, job, now), imagined: false, seq: state.seq, at: now.wall }
}

fn told(seat: &Seat) -> String {
    let page = seat.model.page.as_ref().expect("a page");
    let file = page.diff.shown().map_or("nothing", |file| file.name.as_str());
    let said = seat.model.toast.as_ref().map(|toast| format!("said: {}\n", toast.text)).unwrap_or_default();
    format!("{file} from row {}, {} layers\n{said}{}", page.diff.at, seat.model.layers.len(), seat.asked())
}

#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check_diff(keys: &str, expected: Expect) {
    expected.assert_eq(&told(&diff((80, 24)).keys(keys)));
}

fn frame(mut seat: Seat, name: &str) {
    let path = format!("{}/selftest/dash/frames/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    expect_file![path].assert_eq(&seat.styled());
}

#[test]
fn a_diff_is_read_up_to_the_accepted_work() {
    let seat = Seat::of(REVIEW, (80, 24)).keys("Enter ] ] ]");
    expect![[r#"
        Read(History("fix"))
        Read(Manifest("fix", "fix"))
        Read(Diff("fix", DiffOf { rev: Some("c0ffee1"), runs: None }))
    "#]]
    .assert_eq(&seat.asked());
}

#[test]
fn files_and_hunks_are_walked() {
    check_diff(
        "",
        expect![[r#"
        src/resume.rs from row 0, 0 layers
    "#]],
    );
    check_diff(
        "j",
        expect![[r#"
        src/very/deep/down/sse.rs from row 0, 0 layers
    "#]],
    );
    check_diff(
        "n n",
        expect![[r#"
            src/very/deep/down/sse.rs from row 10, 0 layers
        "#]],
    );
    check_diff(
        "n n n n",
        expect![[r#"
            src/very/deep/down/sse.rs from row 10, 0 layers
        "#]],
    );
    check_diff(
        "G N",
        expect![[r#"
        src/resume.rs from row 0, 0 layers
    "#]],
    );
    check_diff(
        "| n n",
        expect![[r#"
            src/very/deep/down/sse.rs from row 8, 0 layers
        "#]],
    );
}

#[test]
fn a_line_is_opened_where_the_job_works() {
    check_diff(
        "n e",
        expect![[r#"
        src/very/deep/down/sse.rs from row 0, 0 layers
        EditAt("fix", "src/very/deep/down/sse.rs", 89)
    "#]],
    );
    check_diff(
        "n n n e",
        expect![[r#"
            src/very/deep/down/sse.rs from row 10, 0 layers
            EditAt("fix", "src/very/deep/down/sse.rs", 204)
        "#]],
    );
}

#[test]
fn a_yes_is_bound_to_the_revision_in_sight() {
    check_diff(
        "a y",
        expect![[r#"
        src/resume.rs from row 0, 0 layers
        approve fix at c0ffee1 from review@1
    "#]],
    );
    // The branch moves on: the diff is read again, and until it is there nothing can be approved.
    let again = "{reject fix requeue} {claim h1} {start fix} {checkpoint fix d00d2} {end fix ok rev=d00d2}";
    check_diff(
        &format!("{again} a"),
        expect![[r#"
        src/resume.rs from row 0, 0 layers
        said: approve is off: the branch is at d00d2, whose diff is being read
        Read(Diff("fix", DiffOf { rev: Some("d00d2"), runs: None }))
    "#]],
    );
    let seat = answered(diff((80, 24)).keys(again), "d00d2");
    let seat = seat.keys("a y");
    expect![[r#"
        src/resume.rs from row 0, 0 layers
        approve fix at d00d2 from review@3
    "#]]
    .assert_eq(&told(&seat));
}

/// A script whose lines read as less than a shell runs.
const SLY: &str = "diff --git a/deploy.sh b/deploy.sh\nnew file mode 100755\n--- /dev/null\n+++ b/deploy.sh\n@@ -0,0 +1,5 @@\n\
    +echo deploying \x1b]0; touch PWNED; echo \x07done\n+rm -rf build\rls\n+\x1b[2Kif x\u{202e}\u{200b} y\n+all is plain\n+ends as Windows ends it\r\n";

#[test]
fn a_diff_hides_nothing_that_a_shell_runs_and_the_sheet_says_how_much_it_would_have() {
    let seat = answered_with(Seat::of(REVIEW, (160, 45)).keys("Enter ] ] ]"), "c0ffee1", SLY);
    frame(seat.keys("a"), "diff-hides-160");
    let seat = answered_with(Seat::of(REVIEW, (80, 24)).keys("Enter ] ] ]"), "c0ffee1", SLY);
    frame(seat.keys("| n"), "diff-hides-split");
    // What a yes is about is said where there is something to say.
    assert!(!diff((80, 24)).keys("a").frame().contains("hides"));
}

#[test]
fn a_title_and_a_reason_hide_nothing_in_a_sheet() {
    let mut seat = Seat::of(REVIEW, (80, 24)).keys("d");
    seat.send(Msg::Paste("no\u{202e}t\u{200b} so".to_string()));
    let frame = seat.frame();
    assert!(frame.contains("no<U+202E>t<U+200B> so"), "{frame}");
}

#[test]
fn frames_of_the_diff() {
    for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
        frame(diff(size).keys("j"), &format!("diff-{of}"));
    }
    frame(diff((160, 45)).keys("j |"), "diff-split-160");
    frame(diff((80, 24)).keys("a"), "approve-80");
}

/// Three attempts: a crash, a lost lease, and one whose verify failed.
const RUNS: &str = "submit win budget.usd=6 | claim h1~x/1 | start win | checkpoint win aaaaaaa1 | pass 2m \
     | end win crash rev=aaaaaaa1 | pass 2h | wake win | claim h4~x/2 | start win | pass 9m | checkpoint win bbbbbbb2 | checkpoint win bbbbbbb3 \
     | expire win why=gone | claim h1~x/3 | start win | pass 21m | checkpoint win ccccccc4 | verify win fail rev=ccccccc4 \
     | end win verify_failed rev=ccccccc4 usd=1.31 tokens=224000 turns=41";

/// The tab that so many `]` lead to, on the only job, with everything read.
fn tab(script: &str, size: (u16, u16), steps: usize) -> Seat {
    answered(Seat::of(script, size).keys(&format!("2 Enter {}", "] ".repeat(steps))), "ccccccc4")
}

#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(seat: Seat, keys: &str, expected: Expect) {
    let seat = seat.keys(keys);
    let model = &seat.model;
    let page = model.page.as_ref().expect("a page");
    let said = model.toast.as_ref().map(|toast| format!("said: {}\n", toast.text)).unwrap_or_default();
    let runs = format!("run {:?} mark {:?}", page.runs.at, page.runs.mark);
    expected.assert_eq(&format!("{}, {runs}\n{said}{}", page.tab.name(), seat.asked()));
}

#[test]
fn runs_are_walked_compared_and_read() {
    let runs = || tab(RUNS, (80, 24), 5);
    check(
        runs(),
        "j j j",
        expect![[r#"
        Runs, run Some(1) mark None
    "#]],
    );
    check(
        runs(),
        "j Enter",
        expect![[r#"
        Log, run Some(2) mark None
        Follow("win", 2)
    "#]],
    );
    check(
        runs(),
        "D",
        expect![[r#"
        Diff, run None mark None
        Read(Diff("win", DiffOf { rev: None, runs: Some((2, 3)) }))
    "#]],
    );
    check(
        runs(),
        "Space j j D",
        expect![[r#"
        Diff, run Some(1) mark Some(3)
        Read(Diff("win", DiffOf { rev: None, runs: Some((1, 3)) }))
    "#]],
    );
    check(
        runs(),
        "D D",
        expect![[r#"
        Diff, run None mark None
        Read(Diff("win", DiffOf { rev: None, runs: Some((2, 3)) }))
        Read(Diff("win", DiffOf { rev: Some("ccccccc4"), runs: None }))
    "#]],
    );
    check(
        runs(),
        "G D",
        expect![[r#"
        Runs, run Some(1) mark None
        said: compare is off: no attempt before 1 left a commit
    "#]],
    );
}

#[test]
fn why_is_asked_again_when_the_queue_moves_on() {
    let waits = "submit a needs=gpu | submit b deps=a priority=low | claim h1";
    let why = || tab(waits, (80, 24), 6);
    check(
        why(),
        "{submit c}",
        expect![[r#"
        Explain, run None mark None
        Read(Explain("a", None))
    "#]],
    );
    check(
        why(),
        "{submit c} {submit d}",
        expect![[r#"
        Explain, run None mark None
        Read(Explain("a", None))
    "#]],
    );
    check(
        why(),
        "t \"10m\" Enter",
        expect![[r#"
        Explain, run None mark None
        Read(Explain("a", Some(2026-01-05T11:50:02Z)))
    "#]],
    );
    check(
        why(),
        "t \"soon\" Enter",
        expect![[r#"
        Explain, run None mark None
        said: soon is no time: a time is 22:00, 10m ago as 10m, or 2026-10-02T12:04:27Z; empty is now
    "#]],
    );
    check(
        why(),
        "t \"2026-01-05T11:00:00Z\" Enter {submit c}",
        expect![[r#"
        Explain, run None mark None
        Read(Explain("a", Some(2026-01-05T11:00:00Z)))
    "#]],
    );
}

#[test]
fn kept_files_are_opened() {
    let kept = || tab(RUNS, (80, 24), 7);
    check(
        kept(),
        "j Enter",
        expect![[r#"
        Artifacts, run None mark None
        OpenKept("win", "2/target/a/very/long/way/down/to/where/the/coverage/of/this/run/stands/report.html")
    "#]],
    );
    check(
        kept(),
        "j j j k Enter",
        expect![[r#"
        Artifacts, run None mark None
        OpenKept("win", "1/target/report.html")
    "#]],
    );
}

#[test]
fn frames_of_runs_explain_and_artifacts() {
    let waits = "submit first | submit a needs=gpu priority=low | submit b deps=a,nobody | pass 40m";
    for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
        frame(tab(RUNS, size, 5).keys("Space j"), &format!("runs-{of}"));
        let seat = Seat::of(waits, size).keys("2 / \"b\" Enter Enter ] ] ] ] ] ]");
        frame(answered(seat, "x"), &format!("explain-{of}"));
        frame(tab(RUNS, size, 7), &format!("artifacts-{of}"));
    }
    frame(tab("submit first", (80, 24), 6).keys("t \"10\""), "explain-free-80");
    // A job that runs: why it runs here.
    frame(tab("submit first | claim h1 | start first", (80, 24), 6), "explain-held-80");
    frame(tab("submit first", (80, 24), 5), "runs-none-80");
}
