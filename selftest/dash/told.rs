//! What a person looks for and must find: questions and answers, the rest of a log, why a key does nothing.

use std::sync::Arc;

use aq::dash::{DiffOf, Effect, Got, LogLine, Msg, Patch, Read, Said, Step, Talk, Voice, Want};
use aq::engine::{End, RunKind, RunSeen};
use aq::insight::Rejected;
use aq::job::{BlobId, JobId, Rev};
use aq::time::Span;

use super::seat::Seat;
use crate::law_script::START;

#[track_caller]
fn has(frame: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(frame.contains(part), "no {part:?} in\n{frame}"));
}

fn read(seat: &mut Seat, want: Want, got: Got) {
    seat.send(Msg::Read(Box::new(Read { want, got: Ok(got) })));
    seat.draw();
}

#[test]
fn the_log_says_what_it_does_not_show() {
    let mut seat = Seat::of("submit a | claim h1 | start a", (80, 24)).keys("2 Enter ] ] ] ]");
    let line = |n: usize| LogLine { at: START, voice: Voice::Out, text: format!("line {n}") };
    let lines = (80_001..=100_000).map(line).collect();
    let got = Got::Lines { attempt: 1, lines, dropped: 80_000, fresh: true };
    read(&mut seat, Want::Log(JobId::from("a"), 1), got);
    has(&seat.frame(), &["99,984–100,000 of 100,000 lines", "line 100000"]);
    let mut top = seat.keys("g");
    has(
        &top.frame(),
        &["80,000 earlier lines are not shown: aq log a", "line 80001", "80,001–80,017 of 100,000"],
    );
    has(&top.keys("/ \"nowhere\"").frame(), &["0 matches in the last 20,000 lines"]);
}

const ASKS: &str = "submit a | claim h1 | start a | ask a ask";

fn texts(seat: &mut Seat) {
    let events = seat.log();
    read(seat, Want::History(JobId::from("a")), Got::History(events));
    let asked = seat.effects.iter().rev().find_map(|effect| match effect {
        Effect::Read(Want::Texts(_, blobs)) => Some(blobs.clone()),
        _ => None,
    });
    let text = |blob: BlobId| {
        let said =
            if blob == BlobId::new("question") { "Shall the\ntable be dropped?" } else { "No,\nkeep it." };
        (blob, said.to_string())
    };
    let blobs = asked.expect("texts are asked for");
    let got = Got::Texts(blobs.iter().cloned().map(text).collect());
    read(seat, Want::Texts(JobId::from("a"), blobs), got);
}

#[test]
fn questions_answers_and_a_no_can_be_read_again() {
    let mut seat = Seat::of(ASKS, (80, 24)).keys("2 Enter");
    texts(&mut seat);
    has(&seat.frame(), &["  asks    Shall the table be dropped?"]);
    let mut seat = seat.keys("{answer a} ] ]");
    texts(&mut seat);
    has(&seat.frame(), &["\"Shall the table be dropped?\"", "\"No, keep it.\""]);
    let review = "submit a review=1 | claim h1 | start a | end a ok rev=c1 | reject a requeue note=too_wide";
    let mut seat = Seat::of(review, (80, 24)).keys("2 Enter");
    let events = seat.log();
    read(&mut seat, Want::History(JobId::from("a")), Got::History(events));
    assert!(seat.frame().contains("  no      "), "{}", seat.frame());
}

const PATCH: &str = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-old\n+new\n";

#[test]
fn what_was_approved_once_was_asked_for() {
    let yes = "submit a | claim h1 | start a | end a ok rev=c1 | approve a rev=c1";
    let mut seat = Seat::of(yes, (80, 24)).keys("2 Enter ] ] ]");
    let of = DiffOf { rev: Some(Rev::new("c1")), runs: None };
    let patch = Patch::parse(Rev::new("b1"), Rev::new("c1"), PATCH);
    read(&mut seat, Want::Diff(JobId::from("a"), of), Got::Diff(Arc::new(patch)));
    has(&seat.frame(), &["Reviewers 1 of 1"]);
    has(&seat.keys("S").frame(), &["1 of 1"]);
}

#[test]
fn runs_tell_how_verify_ended_and_what_it_was() {
    let red = "submit a | claim h1 | start a | verify a fail rev=c1 | end a verify_failed";
    let mut seat = Seat::of(red, (100, 24)).keys("2 Enter ] ] ] ] ]");
    let run = RunSeen {
        kind: RunKind::Verify,
        nth: 1,
        command: Some("cargo test".to_string()),
        started: Some(START),
        end: Some((End::Exited { code: 101 }, Span::from_secs(160))),
        transcript: "1.verify.jsonl".into(),
    };
    let ship = |nth| RunSeen { kind: RunKind::Ship, nth, end: None, ..run.clone() };
    let ended = RunSeen { end: run.end.clone(), ..ship(2) };
    let all = vec![(1, run.clone()), (1, ship(1)), (1, ended)];
    read(&mut seat, Want::Runs(JobId::from("a")), Got::Runs(all));
    has(&seat.frame(), &["failed on c1, exit 101, took 2 min: cargo test"]);
    has(&seat.frame(), &["ship      verify of the merge exit 101, took 2 min: cargo test"]);
}

#[test]
fn a_key_of_elsewhere_says_why_it_does_nothing() {
    for (keys, said) in [
        ("4 Enter", "⏎ does nothing here: open the job (in lists of jobs)"),
        ("4 s", "s does nothing here: choose the order (Jobs)"),
        ("4 x", "x does nothing here: cancel (on a job)"),
        ("5 o", "o does nothing here"),
        ("7 Tab +1s", ""),
        ("2 Tab", "does nothing here: next pane (Overview, Summary)"),
        ("2 X", "X does nothing here, ? help"),
        ("1 Ctrl-x", "Ctrl-X does nothing here, ? help"),
    ] {
        let mut seat = Seat::of("submit a", (80, 24)).keys(keys);
        has(&seat.frame(), &[said]);
        assert!(seat.model.messages.is_empty(), "nothing happened");
    }
}

#[test]
fn a_reason_that_the_row_cuts_is_kept_whole() {
    let mut seat = Seat::of("submit a", (40, 16)).keys("4 Enter");
    assert!(!seat.frame().contains("lists of jobs"), "{}", seat.frame());
    has(&seat.keys("m").frame(), &["lists of jobs"]);
}

#[test]
fn the_shell_is_reached_from_a_field_and_the_end_by_q_in_plain_words() {
    let seat = Seat::of("submit a", (80, 24)).keys("2 / \"x\" Ctrl-Z");
    assert!(matches!(seat.effects.last(), Some(Effect::Suspend)), "{:?}", seat.effects.last());
    assert_eq!(seat.model.layers.len(), 1, "the field stays");
    let mut seat = Seat::of("submit a", (80, 24));
    for step in Talk::new(Vec::new()).hear(&seat.model, "q") {
        let Step::Msg(msg) = step else { panic!("{step:?}") };
        seat.send(msg);
    }
    assert!(seat.model.quit);
}

#[test]
fn who_waits_for_nobody_is_stuck_and_what_is_hidden_is_not_missing() {
    let mut seat = Seat::of("submit a deps=ghost", (160, 45)).keys("3");
    has(&seat.frame(), &["a waits for ghost, which no job is called"]);
    let done = "submit done | submit other | claim h1 | start done | verify done pass rev=c1 | end done ok rev=c1 \
         | ship done rev=c1 | shipped done";
    for board in ["", " b"] {
        let frame = Seat::of(done, (80, 24)).keys(&format!("2{board} / \"done\" Enter")).frame();
        has(&frame, &["the one that matches is shipped and hidden: B shows it"]);
    }
}

#[test]
fn what_was_said_on_another_day_has_its_date() {
    let mut seat = Seat::of("submit a", (80, 24)).keys("2 +26h Enter ]");
    let events = seat.log();
    read(&mut seat, Want::History(JobId::from("a")), Got::History(events));
    let day = START.local_full()[5..10].to_string();
    has(&seat.keys("]").frame(), &[&format!(" {day} HH:MM")]);
}

#[test]
fn a_job_s_page_belongs_to_the_jobs() {
    has(&Seat::of("submit a review=1", (80, 24)).keys("2 Enter").frame(), &["[2 Jobs]"]);
}

#[test]
fn a_slip_of_a_finger_takes_no_place_from_what_went_wrong_and_a_paste_is_one_word() {
    let mut seat = Seat::of("submit a", (80, 24));
    seat.send(Msg::Said(Said { text: "it went wrong".into(), more: String::new(), bad: true }));
    has(&seat.keys("X").frame(), &["it went wrong"]);
    let mut seat = Seat::of("submit a", (80, 24));
    seat.send(Msg::Paste("XEWV".into()));
    has(&seat.frame(), &["a paste was ignored"]);
}

#[test]
fn what_was_said_is_unread_until_it_is_looked_at() {
    let mut seat = Seat::of("submit a | submit b", (80, 24)).keys("2 w j w");
    has(&seat.frame(), &["m messages (2)"]);
    let mut seat = seat.keys("m Esc");
    assert!(
        seat.frame().contains("m messages") && !seat.frame().contains("m messages ("),
        "{}",
        seat.frame()
    );
    has(&seat.keys("w").frame(), &["m messages (1)"]);
}

#[test]
fn what_people_did_stands_beside_what_was_said() {
    let script =
        format!("{} | park docs | pass 3m | unpark docs | pass 1m | cancel docs", super::frames::SCENE);
    for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
        super::frames::compare(
            Seat::of(&script, size).keys("2 m j"),
            &format!("messages-done-{of}"),
            of == "80",
        );
        super::frames::compare(Seat::of(&script, size).keys("2 w m"), &format!("messages-said-{of}"), false);
    }
    // What happens while it is looked at is in it, and its text can be copied.
    let mut seat = Seat::of(&script, (80, 24)).keys("2 m {cancel release}");
    has(&seat.frame(), &["What people did 4", "cancel release"]);
    let copied = seat.keys("y").asked();
    assert!(copied.contains("op cancel: release"), "{copied}");
    // Tab goes from one to the other.
    has(&Seat::of(&script, (80, 24)).keys("2 w m Tab").frame(), &["What people did 3"]);
}

#[test]
fn what_was_set_is_named_with_its_value() {
    let script = "submit a | ceiling 5 window=day | pass 3m | cap shell 0.30 | pass 1m | ceiling none";
    let mut seat = Seat::of(script, (80, 24)).keys("m");
    let frame = seat.frame();
    has(&frame, &["budget set local: ceiling $5.00 per day", "budget set local: engine shell $0.30"]);
    has(&frame, &["budget set local: no ceiling, by op"]);
    let copied = seat.keys("y").asked();
    assert!(copied.contains("op budget set: local: no ceiling"), "{copied}");
}

#[test]
fn a_message_that_its_row_cuts_is_told_in_full() {
    let words: Vec<String> = (1..=50).map(|nth| format!("word{nth:02}")).collect();
    let text = words.join(" ");
    let said = |size, more: &str| {
        let mut seat = Seat::of("submit a", size);
        let said = Said { text: text.clone(), more: more.to_string(), bad: true };
        seat.send(Msg::Said(said));
        seat.keys("m").frame()
    };
    for size in [(80, 24), (80, 16)] {
        words.iter().for_each(|word| has(&said(size, ""), &[word]));
    }
    // What has no room says how all of it is had.
    let frame = said((80, 16), &"more\n".repeat(30));
    has(&frame, &["word50", "there is more: y copies all of it"]);
}

#[test]
fn a_word_about_a_filter_goes_with_the_filter() {
    let mut seat = Seat::of("submit a | submit b", (80, 24)).keys("2 / a g e > x y z Enter");
    has(&seat.frame(), &["nothing matches: age>xyz"]);
    seat = seat.keys("/ Ctrl-u a Enter");
    assert!(!seat.frame().contains("nothing matches"), "{}", seat.frame());
    // Another word is none of its business.
    seat = seat.keys("/ Ctrl-u a g e > x y z Enter w");
    let said = seat.model.toast.clone();
    seat = seat.keys("/ Ctrl-u b");
    assert!(said.is_some() && seat.model.toast == said, "{said:?}");
}

/// A manifest that was rejected, with what a look at it finds after it was edited.
fn weighed(found: Result<(), String>, keys: &str) -> Seat {
    let mut seat = Seat::of("submit a", (80, 24));
    let problems = "b.md:2:1: no such engine".to_string();
    seat.rejected = vec![Rejected { name: "b.md".into(), problems, since: Some(START), edit: false }];
    seat.feed();
    let mut seat = seat.keys("! Enter e");
    assert!(seat.asked().contains("OpenRejected(\"b.md\")"), "{}", seat.asked());
    seat.effects.clear();
    seat.send(Msg::Weighed("b.md".into(), found));
    seat.draw();
    seat.keys(keys)
}

#[test]
fn a_rejected_manifest_that_was_mended_is_offered_to_be_put_back() {
    super::frames::compare(weighed(Ok(()), ""), "mended-80", true);
    assert_eq!(weighed(Ok(()), "y").asked(), "Readmit(\"b.md\")\n");
    assert_eq!(weighed(Ok(()), "Enter").asked(), "");
    // What is still wrong is told, where its problems stand too.
    let mut seat = weighed(Err("b.md:3:1: no title".into()), "");
    has(&seat.frame(), &["not yet: b.md:3:1: no title", "b.md was rejected"]);
    assert!(!seat.frame().contains("no such engine"), "{}", seat.frame());
    // Who may change nothing is told how somebody else could.
    let mut seat = Seat::of("submit a", (80, 24));
    seat.model.read_only = true;
    seat.send(Msg::Weighed("b.md".into(), Ok(())));
    assert!(seat.model.layers.is_empty());
    has(&seat.frame(), &["b.md can be taken in now"]);
}
