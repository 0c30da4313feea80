//! Work at risk: what is looked at when, what a rescue asks for, what is off and why.

use std::path::PathBuf;

use aq::agent::AtRisk;
use aq::dash::{Effect, Found, Msg, Risks, Wish};
use aq::job::JobId;
use expect_test::{Expect, expect};

use super::frames::compare;
use super::seat::Seat;
use crate::law_script::START;

/// One that an agent works on, one whose epoch is fenced out, one that was cancelled.
const SCENE: &str = "submit dropped | claim h1~x/2 | start dropped | cancel dropped | submit alive | claim h1~x/1 | start alive \
     | submit lost | claim h1~x/2 | start lost | pass 30m | expire lost | pass 17m";

pub fn at_risk(job: &str, lines: u64, files: &[&str], left_out: &[&str]) -> AtRisk {
    AtRisk {
        job: JobId::from(job),
        path: PathBuf::from(format!("/home/ann/.local/state/aq/worktrees/q/{job}")),
        files: files.iter().map(PathBuf::from).collect(),
        each: files.iter().enumerate().map(|(nth, _)| (lines - nth as u64 * 31, nth as u64 * 31)).collect(),
        lines,
        left_out: left_out.iter().map(ToString::to_string).collect(),
        since: START,
        owned: job == "alive",
        gone: false,
    }
}

fn found(seat: &mut Seat, rows: Vec<AtRisk>) {
    seat.send(Msg::Found(Box::new(Found::Risks(Ok(Risks {
        host: "forge-02".to_string(),
        rows,
        worktrees: 5,
    })))));
    seat.draw();
}

/// The screen with three worktrees.
fn seat(size: (u16, u16)) -> Seat {
    let mut seat = Seat::of(SCENE, size).keys("7");
    found(
        &mut seat,
        vec![
            at_risk("alive", 213, &["src/replay.rs"], &[]),
            at_risk(
                "lost",
                245,
                &["src/lease.rs", "tests/gap.rs"],
                &[".env.local: its name says it is a secret"],
            ),
            at_risk("dropped", 7, &["a.txt"], &[]),
        ],
    );
    seat
}

#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(keys: &str, expected: Expect) {
    let seat = seat((80, 24)).keys(keys);
    let said = seat.model.toast.as_ref().map(|toast| format!("said: {}\n", toast.text)).unwrap_or_default();
    expected.assert_eq(&format!("{}{said}{} layers\n", seat.asked(), seat.model.layers.len()));
}

#[test]
fn a_rescue_goes_at_once_and_only_where_nobody_saves() {
    check(
        "r",
        expect![[r#"
        look at Risks
        rescue ["dropped"]
        0 layers
    "#]],
    );
    check(
        "G r",
        expect![[r#"
        look at Risks
        said: rescue is off: an agent works on alive and saves it itself
        0 layers
    "#]],
    );
}

#[test]
fn rescue_of_all_asks_first_and_leaves_out_what_lives() {
    check(
        "R",
        expect![[r#"
        look at Risks
        1 layers
    "#]],
    );
    check(
        "R Enter",
        expect![[r#"
        look at Risks
        0 layers
    "#]],
    );
    check(
        "R y",
        expect![[r#"
        look at Risks
        rescue ["dropped", "lost"]
        0 layers
    "#]],
    );
}

#[test]
fn the_list_is_sorted_by_what_would_be_lost() {
    let rows = |keys: &str| -> String {
        let seat = seat((80, 24)).keys(keys);
        let rows: Vec<&str> = seat.model.risk.list.rows().iter().map(JobId::as_str).collect();
        format!("{}: {}", seat.model.risk.order.words(), rows.join(" "))
    };
    assert_eq!(rows(""), "owner gone first: dropped lost alive");
    assert_eq!(rows("s"), "most lines first: lost alive dropped");
    assert_eq!(rows("s s"), "most files first: lost dropped alive");
    assert_eq!(rows("s s s"), "oldest first: alive dropped lost");
    assert_eq!(rows("s s s s"), "owner gone first: dropped lost alive");
}

#[test]
fn letting_go_has_no_key_and_asks() {
    check(
        ". \"l\"",
        expect![[r#"
        look at Risks
        1 layers
    "#]],
    );
    check(
        ": \"let-go\" Enter",
        expect![[r#"
        look at Risks
        1 layers
    "#]],
    );
    check(
        ": \"let-go\" Enter y",
        expect![[r#"
            look at Risks
            let go of ["dropped"]
            0 layers
        "#]],
    );
}

#[test]
fn what_a_gone_agent_held_is_not_given_up_before_the_next_one_had_it() {
    let mut seat = seat((80, 24));
    // Those that nobody holds are two; the one of the gone agent is none of them.
    let names = |seat: &Seat| aq::dash::nobodys(&seat.model).iter().map(JobId::to_string).collect::<Vec<_>>();
    seat.gone.insert(aq::job::HolderId::new("h1~x/1"));
    seat.feed();
    assert_eq!(names(&seat), ["dropped", "lost"]);
    found(&mut seat, vec![at_risk("alive", 213, &["src/replay.rs"], &[])]);
    let seat = seat.keys(": \"let-go-all\" Enter");
    assert!(seat.model.layers.is_empty(), "it is off");
    let why = aq::dash::ACTIONS.iter().find(|row| row.name == "let-go-all").map(|row| (row.off)(&seat.model));
    let why = why.expect("a row").expect_err("off");
    assert!(why.contains("their agents are gone"), "{why}");
}

#[test]
fn what_was_saved_is_shown_no_longer_than_the_cursor_needs_it() {
    let mut seat = seat((80, 24));
    let others = || vec![at_risk("alive", 213, &["src/replay.rs"], &[])];
    found(&mut seat, others());
    assert_eq!(seat.model.risk.list.rows().len(), 2, "the cursor stands on it");
    let mut seat = seat.keys("1 7");
    assert_eq!(seat.model.risk.list.rows().len(), 1, "come to anew");
    found(&mut seat, Vec::new());
    assert_eq!(seat.model.risk.list.rows().len(), 0, "nothing is at risk");
}

#[test]
fn the_worktree_is_compared_and_opened() {
    check(
        "D",
        expect![[r#"
        look at Risks
        look at Unsaved("dropped")
        0 layers
    "#]],
    );
    check(
        "D Esc y",
        expect![[r#"
        look at Risks
        look at Unsaved("dropped")
        Copy("path", "/home/ann/.local/state/aq/worktrees/q/dropped")
        0 layers
    "#]],
    );
    check(
        "j Enter",
        expect![[r#"
        look at Risks
        Read(History("lost"))
        Read(Manifest("lost", "lost"))
        0 layers
    "#]],
    );
}

#[test]
fn it_is_looked_at_again_when_something_happened() {
    let mut seat = seat((80, 24));
    seat.happens("progress alive thinking");
    assert_eq!(seat.asked(), "look at Risks\n", "a word of an engine is no reason");
    seat.happens("checkpoint alive 1234567");
    seat.happens("submit other");
    assert_eq!(seat.asked(), "look at Risks\nlook at Risks\n", "one look at a time");
    found(&mut seat, Vec::new());
    assert_eq!(seat.asked(), "look at Risks\nlook at Risks\nlook at Risks\n", "and once more after it");
}

#[test]
fn frames() {
    for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
        compare(seat(size), &format!("risk-{of}"), of == "80");
        compare(seat(size).keys("R"), &format!("risk-rescue-all-{of}"), false);
        compare(seat(size).keys(": \"let-go-all\" Enter"), &format!("risk-let-go-all-{of}"), false);
    }
    let mut empty = Seat::of(SCENE, (80, 24)).keys("7");
    found(&mut empty, Vec::new());
    compare(empty, "risk-none", false);
    let mut patch = seat((80, 24)).keys("D");
    let text = "diff --git a/src/lease.rs b/src/lease.rs\n@@ -1,2 +1,2 @@\n fn expire() {\n-    drop();\n+    gone.push();\n }\n";
    patch.send(Msg::Found(Box::new(Found::Unsaved(JobId::from("dropped"), Ok(text.to_string())))));
    patch.send(Msg::Found(Box::new(Found::Unsaved(JobId::from("lost"), Ok(text.to_string())))));
    compare(patch, "risk-patch", false);
}

#[test]
fn what_no_commit_takes_is_not_promised_to_be_saved() {
    let only = || {
        let mut seat = Seat::of(SCENE, (80, 24)).keys("7");
        found(&mut seat, vec![at_risk("dropped", 0, &[], &[".env: its name says it is a secret"])]);
        seat
    };
    let said = |keys: &str| only().keys(keys).model.toast.map(|toast| toast.text).unwrap_or_default();
    let left = "no commit takes what is left in";
    assert_eq!(said("r"), format!("rescue is off: {left} it: copy it away, or let it go"));
    assert_eq!(said("R"), format!("rescue-all is off: {left} them: copy it away, or let it go"));
    compare(only(), "risk-left-out", false);
    compare(only().keys(". \"l\""), "risk-left-out-let-go", false);
    let mut both = Seat::of(SCENE, (80, 24)).keys("7");
    let secret = [".env: its name says it is a secret"];
    found(&mut both, vec![at_risk("dropped", 0, &[], &secret), at_risk("lost", 7, &["a.txt"], &secret)]);
    compare(both.keys("R"), "risk-left-out-some", false);
}

/// Jobs whose changes were asked for, in order.
fn compared(seat: &Seat) -> String {
    let asked = |effect: &Effect| match effect {
        Effect::Survey(Wish::Unsaved(job)) => Some(job.to_string()),
        _ => None,
    };
    seat.effects.iter().filter_map(asked).collect::<Vec<_>>().join(" ")
}

fn answer(seat: &mut Seat, job: &str) {
    let text = "diff --git a/src/lease.rs b/src/lease.rs\n--- a/src/lease.rs\n+++ b/src/lease.rs\n@@ -1,2 +1,2 @@\n-old\n+new\n same\n";
    seat.send(Msg::Found(Box::new(Found::Unsaved(JobId::from(job), Ok(text.to_string())))));
    seat.draw();
}

#[test]
fn what_is_in_a_worktree_stands_beside_the_list_where_there_is_room() {
    assert_eq!(compared(&seat((80, 24)).keys("j")), "");
    // While one is read the next is not asked for: whoever runs along the list asks for the last.
    let mut seat = seat((160, 45)).keys("j j");
    assert_eq!(compared(&seat), "dropped");
    answer(&mut seat, "dropped");
    assert_eq!(compared(&seat), "dropped alive");
    answer(&mut seat, "alive");
    let mut seat = seat.keys("{settle lost 1 rev=5afe123} k k");
    answer(&mut seat, "lost");
    assert_eq!(compared(&seat), "dropped alive lost dropped");
    answer(&mut seat, "dropped");
    compare(seat, "risk-beside-160", false);
}
