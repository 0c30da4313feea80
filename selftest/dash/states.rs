//! A source over a coordinator: each of its states is told on every screen with how old the data is, the last data
//! stays, and what cannot be done says why. No coordinator is asked: what one would report is sent to the model.

use aq::dash::{Health, Retry, Talk};
use aq::time::Span;

use super::frames::{SCENE, compare};
use super::seat::{Seat, without_times};

/// Parks a job that waits.
const PARK: &str = "2 / \"docs\" Enter p";

/// Every state that a coordinator's source can be in, 45 seconds after it was heard, and what row 1 has of it.
fn states(seat: &Seat) -> Vec<(&'static str, Health, &'static str)> {
    let heard = seat.model.now.wall;
    let now = heard.plus(Span::from_secs(45));
    let retry = Retry { tries: 3, next: now.plus(Span::from_secs(4)) };
    let why = "connection refused".to_string();
    let buffers = "no SSE: proxy buffers".to_string();
    let expired = "token expired 12:01, run aq login".to_string();
    let newer = "server speaks law 8, this aq 7, update aq".to_string();
    vec![
        ("live", Health::Live, "● live"),
        (
            "polling",
            Health::Polling { every: Span::from_secs(2), heard, why: buffers },
            "◌ polling 2s, data 45s old",
        ),
        ("stale", Health::Stale { heard, retry }, "○ stale 45s"),
        ("offline", Health::Offline { why, heard: Some(heard), retry }, "✗ offline 45s"),
        ("signed-out", Health::SignedOut { why: expired, heard: Some(heard) }, "✗ signed out"),
        ("newer", Health::Skew { why: newer }, "▲ skew"),
    ]
}

/// A seat whose source came into that state.
fn seat(script: &str, size: (u16, u16), nth: usize) -> (Seat, &'static str, &'static str) {
    let mut seat = Seat::of(script, size);
    seat.model.replica.from = "coord.lan:7420".to_string();
    seat.model.replica.scope = "acme @ coord.lan:7420".to_string();
    let (name, health, sign) = states(&seat).swap_remove(nth);
    seat.pass(Span::from_secs(45));
    seat.health = health;
    seat.feed();
    (seat, name, sign)
}

#[test]
fn each_state_has_its_form() {
    for nth in 0..6 {
        for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
            let (seat, name, _) = seat(SCENE, size, nth);
            compare(seat, &format!("coordinator-{name}-{of}"), of == "80");
        }
        // Nothing was heard yet: an outage is not an empty queue.
        let (seat, name, _) = seat("", (80, 24), nth);
        compare(seat.keys("2"), &format!("coordinator-{name}-empty"), false);
    }
    let (seat, ..) = seat(&format!("{SCENE} | pause drain"), (80, 24), 2);
    compare(seat, "coordinator-stale-paused", false);
}

#[test]
fn each_is_told_on_every_screen_and_the_last_data_stays() {
    for nth in 0..6 {
        for (keys, job) in [
            ("1", true),
            ("2", true),
            ("2 b", true),
            ("3", true),
            ("4", false),
            ("5", false),
            ("6", false),
            ("7", false),
            ("2 Enter", true),
            ("2 Enter ]", true),
        ] {
            let (seat, _, sign) = seat(SCENE, (80, 24), nth);
            let frame = seat.keys(keys).frame();
            assert!(frame.lines().next().is_some_and(|row| row.contains(sign)), "{sign} on {keys}:\n{frame}");
            assert!(
                !job || frame.contains("release") || frame.contains("gate"),
                "{sign} on {keys}:\n{frame}"
            );
        }
    }
}

#[test]
fn what_cannot_be_done_says_why_and_the_rest_is_done() {
    let said = |nth: usize, keys: &str| {
        let seat = seat(SCENE, (80, 24), nth).0.keys(keys);
        let toast = seat.model.toast.as_ref().map(|toast| toast.text.clone());
        (seat.asked().lines().count(), toast.unwrap_or_default())
    };
    let off = |why: &str| (0, format!("park is off: {why}"));
    for nth in 0..3 {
        assert_eq!(said(nth, PARK).0, 1, "it is sent");
    }
    assert_eq!(said(3, PARK), off("offline: connection refused"));
    assert_eq!(said(4, PARK), off("signed out: token expired 12:01, run aq login"));
    assert_eq!(said(5, PARK), off("server speaks law 8, this aq 7, update aq"));
    for nth in 3..6 {
        for keys in ["2 n", "P", "5 e", "u", "1 a"] {
            let (_, toast) = said(nth, keys);
            assert!(toast.contains(" is off: "), "{keys}: {toast:?}");
        }
        assert!(said(nth, "2 j j").1.is_empty(), "moving is never off");
    }
}

#[test]
fn old_data_does_not_age_and_a_yes_on_it_says_how_old() {
    let (mut seat, ..) = seat(SCENE, (80, 24), 2);
    let rows = |seat: &mut Seat| seat.frame().lines().skip(2).map(str::to_string).collect::<Vec<_>>();
    let before = rows(&mut seat);
    assert!(before.iter().any(|row| row.contains("~31m")), "{}", before.join("\n"));
    seat.pass(Span::from_mins(10));
    assert_eq!(rows(&mut seat), before, "ages stand still where the data does");
    assert!(seat.frame().contains("stale 10m45s"), "and how old it is goes on");
    let mut seat = seat.keys("a");
    assert!(seat.frame().contains("▲ the data is 10 min old"), "{}", seat.frame());
    let mut seat = seat.keys("Esc P");
    assert!(seat.frame().contains("▲ the data is 10 min old"), "{}", seat.frame());
}

#[test]
fn a_source_that_comes_back_says_how_much_was_missed() {
    let (mut seat, ..) = seat(SCENE, (80, 24), 3);
    let mut talk = Talk::new(Vec::new());
    let mut said = |seat: &Seat| -> String {
        talk.tell(&seat.model).iter().map(|line| without_times(line) + "\n").collect()
    };
    let away = "offline, nothing can be done: connection refused (try 3), data from HH:MM:SS";
    assert!(said(&seat).contains(away));
    assert!(seat.model.deadline().is_some(), "how long it is away is told as time goes");
    seat.health = Health::Live;
    seat.happens("cancel docs");
    let frame = seat.frame();
    assert!(frame.contains("● live") && frame.contains("connected again, caught up 1 event"), "{frame}");
    assert!(!frame.contains('~'), "{frame}");
    let lines = said(&seat);
    assert!(lines.contains("HH:MM:SS live, coord.lan:7420: 5 jobs"), "{lines}");
}
