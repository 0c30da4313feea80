//! The past: winding the log, what every screen shows of a moment, and what is off meanwhile.

use std::sync::Arc;

use aq::dash::{Found, Got, LogLine, Msg, Read, Voice, Want, Wishes};
use aq::fleet::State;
use aq::insight::Recording;
use aq::job::JobId;
use aq::time::Span;
use expect_test::{Expect, expect};

use super::frames::compare;
use super::seat::{Seat, without_times};
use crate::law_script::START;

/// A job that fails, one that ships, one that is asked for; over an hour and a half.
const SCENE: &str = "submit port engine=claude retry=0 | submit gate review=1 | submit notes \
     | claim h1~x/1 engines=claude accounts=@h1 | start port | pass 20m | progress port tool(Bash) usd=2 \
     | pass 10m | end port crash usd=3 | claim h1~x/2 | start gate | pass 5m | end gate ok rev=7654321 \
     | pass 25m | claim h1~x/2 | start notes | checkpoint notes 1234567 | pass 30m \
     | verify notes pass rev=1234567 | end notes ok rev=1234567 | submit late | pass 14s";

/// The screen, with the log read.
fn seat(size: (u16, u16)) -> Seat {
    let mut seat = Seat::of(SCENE, size).keys("6");
    let recording = Recording::of(State::default(), seat.log()).expect("a log of the law");
    seat.send(Msg::Found(Box::new(Found::Recording(Ok(Arc::new(recording))))));
    seat.draw();
    seat
}

/// Where it stands after the keys: events, jobs by stage, the toast.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(keys: &str, expected: Expect) {
    let seat = seat((80, 24)).keys(keys);
    let model = &seat.model;
    let at = model.time.at.map_or("live".to_string(), |at| format!("after {} events, {}", at.count, at.at));
    let stages: Vec<String> =
        model.replica.state.jobs.values().map(|job| format!("{} {}", job.id, job.stage)).collect();
    let said = model
        .toast
        .as_ref()
        .map(|toast| format!("said: {}\n", without_times(&toast.text)))
        .unwrap_or_default();
    expected.assert_eq(&format!("{at}: {}\n{said}{}", stages.join(", "), seat.asked()));
}

#[test]
fn the_log_is_walked_event_by_event_and_by_marks() {
    check(
        "",
        expect![[r#"
        live: gate review, late queued, notes testing, port failed
        look at Recording
    "#]],
    );
    check(
        "Left",
        expect![[r#"
        after 15 events, 2026-01-05T13:30:00Z: gate review, notes testing, port failed
        look at Recording
    "#]],
    );
    check(
        "Left Left Right",
        expect![[r#"
        after 15 events, 2026-01-05T13:30:00Z: gate review, notes testing, port failed
        look at Recording
    "#]],
    );
    check(
        "g",
        expect![[r#"
        after 1 events, 2026-01-05T12:00:00Z: port queued
        look at Recording
    "#]],
    );
    check(
        "g Left",
        expect![[r#"
        after 1 events, 2026-01-05T12:00:00Z: port queued
        said: the log begins here
        look at Recording
    "#]],
    );
    check(
        "[",
        expect![[r#"
        after 10 events, 2026-01-05T12:35:00Z: gate review, notes queued, port failed
        look at Recording
    "#]],
    );
    check(
        "[ [ [",
        expect![[r#"
        after 7 events, 2026-01-05T12:30:00Z: gate queued, notes queued, port failed
        said: no mark before this moment
        look at Recording
    "#]],
    );
    check(
        "[ [ ]",
        expect![[r#"
        after 10 events, 2026-01-05T12:35:00Z: gate review, notes queued, port failed
        look at Recording
    "#]],
    );
    check(
        "Shift-Left",
        expect![[r#"
        after 13 events, 2026-01-05T13:29:14Z: gate review, notes building, port failed
        look at Recording
    "#]],
    );
}

#[test]
fn a_moment_is_gone_to_by_its_name() {
    check(
        "t \"40m\" Enter",
        expect![[r#"
        after 10 events, 2026-01-05T12:50:15Z: gate review, notes queued, port failed
        look at Recording
    "#]],
    );
    check(
        "t \"2026-01-05T12:20:00Z\" Enter",
        expect![[r#"
        after 6 events, 2026-01-05T12:20:00Z: gate queued, notes queued, port building
        look at Recording
    "#]],
    );
    check(
        "t \"9d\" Enter",
        expect![[r#"
            after 5 events, 2026-01-05T12:00:00Z: gate queued, notes queued, port building
            said: the log begins at 2026-01-05 HH:MM:SS
            look at Recording
        "#]],
    );
    check(
        "t \"soon\" Enter",
        expect![[r#"
        live: gate review, late queued, notes testing, port failed
        look at Recording
    "#]],
    );
}

#[test]
fn only_one_job_can_be_followed() {
    check(
        "[ [ f Left Left",
        expect![[r#"
        after 5 events, 2026-01-05T12:00:00Z: gate queued, notes queued, port building
        look at Recording
    "#]],
    );
}

#[test]
fn it_plays_as_fast_as_is_asked() {
    check(
        "g Space +10s Space",
        expect![[r#"
        after 5 events, 2026-01-05T12:01:40Z: gate queued, notes queued, port building
        look at Recording
    "#]],
    );
    check(
        "g + + Space +10s",
        expect![[r#"
        after 16 events, 2026-01-05T13:30:25Z: gate review, late queued, notes testing, port failed
        look at Recording
    "#]],
    );
    check(
        "g + + Space +10s + + + +9s",
        expect![[r#"
        after 16 events, 2026-01-05T13:30:25Z: gate review, late queued, notes testing, port failed
        look at Recording
    "#]],
    );
}

#[test]
fn nothing_is_changed_from_the_past() {
    check(
        "[ 2 / \"late\" Enter x",
        expect![[r#"
        after 10 events, 2026-01-05T12:35:00Z: gate review, notes queued, port failed
        said: cancel is off: you see the past: L goes live
        look at Recording
    "#]],
    );
    check(
        "[ P Enter",
        expect![[r#"
            after 10 events, 2026-01-05T12:35:00Z: gate review, notes queued, port failed
            said: ⏎ does nothing here: open the job (in lists of jobs)
            look at Recording
        "#]],
    );
    check(
        "[ u",
        expect![[r#"
        after 10 events, 2026-01-05T12:35:00Z: gate review, notes queued, port failed
        said: undo is off: you see the past: L goes live
        look at Recording
    "#]],
    );
}

#[test]
fn it_goes_live_from_every_screen() {
    check(
        "[ 1 L",
        expect![[r#"
            live: gate review, late queued, notes testing, port failed
            look at Recording
            forget the log
        "#]],
    );
    check(
        "[ Esc",
        expect![[r#"
        live: gate review, late queued, notes testing, port failed
        look at Recording
    "#]],
    );
    check(
        "L",
        expect![[r#"
        live: gate review, late queued, notes testing, port failed
        said: live is off: you see the present
        look at Recording
    "#]],
    );
}

#[test]
fn what_happens_meanwhile_waits_for_live() {
    let mut seat = seat((80, 24)).keys("g");
    seat.happens("submit meanwhile");
    assert!(seat.model.job(&aq::job::JobId::from("meanwhile")).is_none());
    let seat = seat.keys("L");
    assert!(seat.model.job(&aq::job::JobId::from("meanwhile")).is_some());
    let seat = seat.keys("Left");
    let events = seat.model.time.recording.here().map_or(0, |it| it.events().len());
    assert_eq!(seat.model.time.at.map(|at| at.count), Some(events - 1), "the log was followed");
}

/// The transcript of the first job: a line every ten minutes, the last after it had failed.
fn transcript(seat: &mut Seat) {
    let line = |nth: u64| {
        let at = START.plus(Span::from_mins(10 * nth));
        LogLine { at, voice: Voice::Out, text: format!("line after {nth}0 minutes") }
    };
    let lines = (0..5).map(line).collect();
    let got = Ok(Got::Lines { attempt: 1, lines, dropped: 0, fresh: true });
    seat.send(Msg::Read(Box::new(Read { want: Want::Log(JobId::from("port"), 1), got })));
    seat.draw();
}

/// The page of the job at a moment, on a tab that is so many to the right.
fn page(moment: &str, tab: usize) -> Seat {
    let tabs = "] ".repeat(tab);
    seat((80, 24)).keys(&format!("t \"{moment}\" Enter 2 / \"port\" Enter Enter {tabs}"))
}

#[test]
fn a_page_shows_what_was_there_at_the_moment() {
    let check = |seat: &Seat, expected: &[&str]| {
        let log = &seat.model.page.as_ref().expect("a page").log;
        let shown: Vec<&str> =
            (0..log.count()).filter_map(|nth| log.line(nth)).map(|line| line.text.as_str()).collect();
        assert_eq!(shown, expected);
    };
    let mut seat = page("2026-01-05T12:10:30Z", 4);
    transcript(&mut seat);
    check(&seat, &["line after 00 minutes", "line after 10 minutes"]);
    compare_frame(&mut seat, "time-log");
    // Live again, all of it is there.
    let seat = seat.keys("L");
    check(
        &seat,
        &[
            "line after 00 minutes",
            "line after 10 minutes",
            "line after 20 minutes",
            "line after 30 minutes",
            "line after 40 minutes",
        ],
    );
    let mut none = page("2026-01-05T12:00:00Z", 4);
    let got = Ok(Got::Lines {
        attempt: 1,
        lines: vec![LogLine { at: START.plus(Span::from_mins(1)), voice: Voice::Out, text: "later".into() }],
        dropped: 0,
        fresh: true,
    });
    none.send(Msg::Read(Box::new(Read { want: Want::Log(JobId::from("port"), 1), got })));
    assert!(none.frame().contains("it had said nothing yet"), "{}", none.frame());
}

#[test]
fn a_page_follows_the_moment_while_it_plays() {
    let mut seat = page("2026-01-05T12:10:30Z", 6);
    assert!(seat.asked().contains("Explain(\"port\", Some(2026-01-05T12:10:30Z))"), "{}", seat.asked());
    seat.effects.clear();
    let events = |seat: &Seat| {
        let page = seat.model.page.as_ref().expect("a page");
        page.history.here().expect("events").len()
    };
    assert_eq!(events(&seat), 3, "submitted, granted, begun");
    let got = Err("it is of no matter here".to_string());
    let at = seat.model.time.at.map(|at| at.at);
    seat.send(Msg::Read(Box::new(Read { want: Want::Explain(JobId::from("port"), at), got })));
    seat.model.time.playing = Some(Span::from_secs(0));
    let mut seat = seat.keys("+1m");
    assert_eq!(events(&seat), 5, "{}", seat.frame());
    assert!(seat.asked().contains("Explain(\"port\", Some("), "{}", seat.asked());
    seat.send(Msg::Read(Box::new(Read {
        want: Want::Explain(JobId::from("port"), None),
        got: Err("".into()),
    })));
    let seat = seat.keys("L");
    assert!(seat.asked().contains("Explain(\"port\", None)"), "{}", seat.asked());
}

fn compare_frame(seat: &mut Seat, name: &str) {
    let file = format!("{}/selftest/dash/frames/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    expect_test::expect_file![file].assert_eq(&seat.frame());
}

#[test]
fn frames() {
    for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
        compare(seat(size), &format!("time-live-{of}"), false);
        compare(seat(size).keys("[ ["), &format!("time-{of}"), of == "80");
        compare(seat(size).keys("[ [ 1"), &format!("time-overview-{of}"), false);
    }
    compare(seat((80, 24)).keys("[ [ D"), "time-differs", false);
    compare(seat((80, 24)).keys("t \"soon\" Enter"), "time-ask", false);
    compare(seat((80, 24)).keys("[ [ 2"), "time-jobs", false);
    compare(seat((80, 24)).keys("[ [ 7"), "time-risk", false);
    compare(seat((80, 24)).keys("[ [ 4"), "time-fleet", false);
    compare(Seat::of(SCENE, (80, 24)).keys("6"), "time-reading", false);
    let poor = Wishes { term: "linux".into(), ..Wishes::default() };
    compare(seat((80, 24)).look(&poor).keys("[ ["), "time-ascii", false);
}
