//! The budget: pausing, resuming, the ceiling, and what the figures say.

use aq::dash::Wishes;
use expect_test::{Expect, expect};

use super::frames::compare;
use super::seat::Seat;

/// Two engines that cost something, one job that runs; the ceiling counts by the day.
const SCENE: &str = "ceiling 40 window=day | submit port engine=claude budget.usd=9 | submit docs engine=codex \
     | claim h1~x/1 engines=claude accounts=work | start port | pass 20m | progress port working usd=6 tokens=9 \
     | claim h1~x/2 engines=codex accounts=@h1 | start docs | pass 30m | end docs ok usd=2.5 rev=1234567 \
     | progress port working usd=7.25 tokens=12 | pass 9m";

fn seat(script: &str, size: (u16, u16)) -> Seat {
    Seat::of(&format!("cap claude 6 | cap gemini 60 | {script}"), size).keys("5")
}

#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(script: &str, keys: &str, expected: Expect) {
    let seat = seat(script, (80, 24)).keys(keys);
    let said = seat.model.toast.as_ref().map(|toast| format!("said: {}\n", toast.text)).unwrap_or_default();
    expected.assert_eq(&format!("{}{said}{} layers\n", seat.asked(), seat.model.layers.len()));
}

#[test]
fn enter_drains_at_once_because_nothing_is_lost() {
    check(
        SCENE,
        "P Enter",
        expect![[r#"
            Pause { mode: Drain, until: None } (paused local (drain), undo true)
            0 layers
        "#]],
    );
    check(
        SCENE,
        "P Right Right Enter",
        expect![[r#"
            Pause { mode: Drain, until: Some(2026-01-05T14:59:01Z) } (paused local (drain) until HH:MM, undo true)
            0 layers
        "#]],
    );
    check(
        SCENE,
        "P Esc",
        expect![[r#"
            0 layers
        "#]],
    );
}

#[test]
fn stopping_wants_its_letter() {
    check(
        SCENE,
        "P Tab Enter",
        expect![[r#"
            1 layers
        "#]],
    );
    check(
        SCENE,
        "P Tab y",
        expect![[r#"
            Pause { mode: Stop, until: None } (paused local (stop), undo true)
            0 layers
        "#]],
    );
}

#[test]
fn killing_wants_the_number_of_what_is_lost() {
    check(
        SCENE,
        "P Tab Tab Enter",
        expect![[r#"
            1 layers
        "#]],
    );
    check(
        SCENE,
        "P Tab Tab y Enter",
        expect![[r#"
            1 layers
        "#]],
    );
    check(
        SCENE,
        "P Tab Tab \"2\" Enter",
        expect![[r#"
            1 layers
        "#]],
    );
    check(
        SCENE,
        "P Tab Tab \"1\" Enter",
        expect![[r#"
            Pause { mode: Kill, until: None } (paused local (kill), undo true)
            0 layers
        "#]],
    );
    check(
        "submit a",
        "P Tab Tab Enter",
        expect![[r#"
            Pause { mode: Kill, until: None } (paused local (kill), undo true)
            0 layers
        "#]],
    );
}

#[test]
fn a_paused_queue_is_asked_before_it_goes_on() {
    check(
        SCENE,
        "R",
        expect![[r#"
            said: resume is off: the queue is not paused
            0 layers
        "#]],
    );
    check(
        "submit a | pause drain",
        "R Enter",
        expect![[r#"
            0 layers
        "#]],
    );
    check(
        "submit a | pause drain",
        "R y",
        expect![[r#"
            Resume (local goes on, undo false)
            0 layers
        "#]],
    );
    // The deletion was meant.
    check(
        "submit a | submit b | suspend a b",
        "1 R c",
        expect![[r#"
            cancel a from queued@0, b from queued@0
            0 layers
        "#]],
    );
    check(
        "submit a | suspend a",
        "1 R y",
        expect![[r#"
            Resume (local goes on, undo false)
            0 layers
        "#]],
    );
}

#[test]
fn the_ceiling_is_an_amount_or_none() {
    check(
        SCENE,
        "e Enter",
        expect![[r#"
            SetCeiling { ceiling: Some(40000000), window: Day, lifts: false } (the ceiling of local is $40.00 (per day), undo true)
            0 layers
        "#]],
    );
    check(
        SCENE,
        "e Ctrl-u \"25.5\" Tab Enter",
        expect![[r#"
            SetCeiling { ceiling: Some(25500000), window: Week, lifts: false } (the ceiling of local is $25.50 (per week), undo true)
            0 layers
        "#]],
    );
    check(
        SCENE,
        "e Ctrl-u \"none\" Enter",
        expect![[r#"
            SetCeiling { ceiling: None, window: Day, lifts: false } (the ceiling of local is none (per day), undo true)
            0 layers
        "#]],
    );
    check(
        SCENE,
        "e Ctrl-u \"much\" Enter",
        expect![[r#"
            1 layers
        "#]],
    );
    check(
        "submit a",
        "e \"5\" Enter",
        expect![[r#"
            SetCeiling { ceiling: Some(5000000), window: Total, lifts: false } (the ceiling of local is $5.00 (in total), undo true)
            0 layers
        "#]],
    );
}

#[test]
fn a_ceiling_below_what_is_spent_says_what_it_stops_and_asks_again() {
    let frame = seat(SCENE, (80, 24)).keys("e Ctrl-u \"5\"").frame();
    assert!(frame.contains("$9.75 is spent already: the queue pauses at once"), "{frame}");
    check(
        SCENE,
        "e Ctrl-u \"5\" Enter",
        expect![[r#"
            1 layers
        "#]],
    );
    check(
        SCENE,
        "e Ctrl-u \"5\" Enter y",
        expect![[r#"
            SetCeiling { ceiling: Some(5000000), window: Day, lifts: false } (the ceiling of local is $5.00 (per day), undo true)
            0 layers
        "#]],
    );
    check(
        SCENE,
        "e Ctrl-u \"5\" Enter Enter",
        expect![[r#"
            0 layers
        "#]],
    );
}

#[test]
fn read_only_changes_nothing() {
    let mut seat = seat(SCENE, (80, 24));
    seat.model.read_only = true;
    let seat = seat.keys("P Enter R y e Enter");
    assert_eq!((seat.asked().as_str(), seat.model.layers.len()), ("", 0));
}

#[test]
fn frames() {
    for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
        compare(seat(SCENE, size), &format!("budget-{of}"), of == "80");
        compare(seat(SCENE, size).keys("P Tab Tab"), &format!("budget-kill-{of}"), false);
    }
    compare(seat(SCENE, (80, 24)).keys("P"), "budget-pause", false);
    compare(seat(SCENE, (80, 24)).keys("e"), "budget-ceiling", false);
    compare(seat(&format!("{SCENE} | pause drain"), (80, 24)).keys("R"), "budget-resume", false);
    // Under the ceiling that paused it nothing starts, and the sheet says so.
    compare(seat(&format!("{SCENE} | ceiling 9"), (80, 24)).keys("R"), "budget-resume-held", false);
    compare(seat("submit a", (80, 24)), "budget-none", false);
    let poor = Wishes { term: "linux".into(), ..Wishes::default() };
    compare(seat(SCENE, (80, 24)).look(&poor), "budget-ascii", false);
}

/// One that tells exactly, one whose cost is reckoned, one that tells nothing.
const DOUBT: &str = "ceiling 40 window=day | submit port engine=claude | claim h1~x/1 engines=claude accounts=work \
     | start port | pass 20m | progress port working usd=6 about=yes | submit docs engine=codex \
     | claim h1~x/2 engines=codex accounts=@h1 | start docs | submit exact engine=claude \
     | claim h1~x/3 engines=claude accounts=work | start exact | progress exact working usd=1 | pass 1m";

#[test]
fn a_sum_tells_that_a_part_is_estimated_and_that_a_part_is_unknown() {
    for (keys, size) in [("5", (80, 24)), ("5", (160, 45)), ("1", (80, 24)), ("1", (160, 45))] {
        let frame = Seat::of(DOUBT, size).keys(keys).frame();
        assert!(frame.contains("~$7.00 +? / $40.00"), "{keys} {size:?}\n{frame}");
    }
    let frame = Seat::of(DOUBT, (160, 45)).keys("5").frame();
    for part in ["spent ~$7.00 +?", "~$22.19/h", "codex ?", "exact $1.00", "port ~$6.00"] {
        assert!(frame.contains(part), "{part}\n{frame}");
    }
    let exact = "ceiling 40 | submit port engine=claude | claim h1~x/1 engines=claude accounts=work | start port \
        | progress port working usd=6";
    let frame = Seat::of(exact, (160, 45)).keys("5").frame();
    assert!(!frame.contains('~') && !frame.contains("+?"), "{frame}");
}
