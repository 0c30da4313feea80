//! Frames: what is on the screen, as text and as runs of style.

use aq::dash::{Health, Msg, Wishes};
use expect_test::expect_file;

use super::seat::Seat;

/// Jobs in every stage that a short script can reach.
pub const SCENE: &str = "submit fix-login priority=high budget.usd=4 | submit notes | submit release deps=fix-login,notes | submit docs engine=claude | submit gate review=1 \
     | pass 10m | claim h1~x/1 | start fix-login | checkpoint fix-login abcdef1234 \
     | claim h1~x/2 | start gate | end gate ok rev=7654321 | claim h1~x/2 | start notes | checkpoint notes 1234567 \
     | verify notes pass rev=1234567 | end notes ok rev=1234567 \
     | pass 31m | progress fix-login tool(Bash) usd=1.5 tokens=9 | pass 14s";

pub fn compare(mut seat: Seat, name: &str, styled: bool) {
    let said = if styled { seat.styled() } else { seat.frame() };
    expect_file![format!("{}/selftest/dash/frames/{name}.txt", env!("CARGO_MANIFEST_DIR"))].assert_eq(&said);
}

/// After the keys, at three sizes.
fn check(script: &str, keys: &str, name: &str) {
    for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
        compare(Seat::of(script, size).keys(keys), &format!("{name}-{of}"), of == "80");
    }
}

#[test]
fn overview() {
    check(SCENE, "", "overview");
}

#[test]
fn jobs() {
    check(SCENE, "2 G", "jobs");
}

#[test]
fn jobs_filtered_and_marked() {
    check(SCENE, "2 / \"stage:queued,building\" Enter Space", "jobs-marked");
}

#[test]
fn a_usage_limit() {
    let script = "submit first engine=claude | claim forge engines=claude accounts=work | start first \
        | end first limit until=+2h window=five_hour";
    compare(Seat::of(script, (160, 12)).keys("2"), "limit-160", false);
}

#[test]
fn a_pull_request() {
    let script = format!(
        "{SCENE} | ship notes cli rev=1234567 | pr notes 7 rev=1234567 | look notes open checks=3/0/1 head=1234567 | pass 40m"
    );
    check(&script, "", "pr-overview");
    check(&script, "2 G", "pr-jobs");
}

#[test]
fn summary() {
    check(SCENE, "Tab Enter", "summary");
}

#[test]
fn own_keys() {
    let keys = "down = 'Ctrl-N'\nship = 'X'\nsort = []\nhelp = 'Ctrl-G'\nundo = 'T'\n";
    let mut seat = Seat::of(SCENE, (80, 24));
    seat.model.keys = aq::dash::Keymap::read(keys).expect("keys");
    compare(seat.keys("2 Ctrl-N Ctrl-N Ctrl-N Ctrl-G"), "own-keys-80", false);
}

#[test]
fn watched() {
    let seat = Seat::of(SCENE, (160, 45)).keys("2 w j w 1 {park docs}");
    compare(seat, "watched-160", false);
}

#[test]
fn help() {
    check(SCENE, "2 ?", "help");
}

#[test]
fn palette() {
    check(SCENE, "2 : \"pa\"", "palette");
    check(SCENE, "2 :", "palette-all");
    check(
        SCENE,
        "2 : \"filter stage:queued\" Enter : \"explain fix-login\" Enter Esc : \"fil\"",
        "palette-recent",
    );
}

#[test]
fn menu() {
    check(SCENE, "2 .", "menu");
}

#[test]
fn cancel_sheet() {
    check(SCENE, "Tab x", "cancel");
}

#[test]
fn a_sheet_that_is_longer_than_the_screen_is_rolled() {
    compare(Seat::of(SCENE, (40, 12)).keys("Tab x PgDn"), "cancel-rolled-40", false);
    compare(Seat::of(SCENE, (40, 12)).keys("Tab x End"), "cancel-end-40", false);
    compare(Seat::of(SCENE, (40, 12)).keys("Tab x End Home"), "cancel-40", false);
}

#[test]
fn reject_sheet() {
    check(SCENE, "j j d \"too much at once\"", "reject");
}

#[test]
fn colours_and_ascii() {
    let deep = Wishes { term: "xterm-256color".into(), utf8: true, ..Wishes::default() };
    compare(Seat::of(SCENE, (80, 24)).look(&deep), "overview-dark", true);
    let poor = Wishes { term: "linux".into(), ..Wishes::default() };
    compare(Seat::of(SCENE, (80, 24)).look(&poor), "overview-ascii", true);
    compare(Seat::of(SCENE, (80, 24)).look(&poor).keys("2 x"), "jobs-ascii", false);
}

/// What two panes beside each other are drawn in, and a sheet over them.
#[test]
fn styles_of_the_wide_screen() {
    let deep = Wishes { term: "xterm-256color".into(), utf8: true, ..Wishes::default() };
    for (keys, name) in [("", "overview"), ("2 *", "jobs"), ("2 * x", "sheet"), ("3", "graph")] {
        let seat = Seat::of(SCENE, (160, 45)).look(&deep).keys(keys);
        compare(seat, &format!("styled-{name}-160"), true);
    }
}

#[test]
fn states_of_the_source() {
    let said = |health: Health, name: &str| {
        let mut seat = Seat::of(SCENE, (80, 24));
        seat.model.replica.health = health;
        compare(seat, name, false);
    };
    said(Health::Loading, "source-loading");
    said(Health::Broken { why: "cannot read events.jsonl: bad line".into() }, "source-broken");
    said(Health::Skew { why: "the log speaks law 8, this aq 1; update aq".into() }, "source-skew");
    let (why, mend) = ("this clock is 3 h 00 ahead of the one that its agents had".into(), "set it".into());
    said(Health::Barred { word: "skew", why, mend }, "source-barred");
    compare(Seat::of("", (80, 24)).keys("2"), "empty", false);
    compare(Seat::of(&format!("{SCENE} | pause drain"), (80, 24)), "paused", true);
    let vanished = Seat::of(&format!("{SCENE} | suspend docs release"), (80, 24));
    compare(vanished, "suspended", true);
    let mut seat = Seat::of(SCENE, (80, 24));
    seat.model.read_only = true;
    seat.send(Msg::Paste("x".into()));
    compare(seat, "read-only", false);
}

#[test]
fn what_cannot_be_read_any_more_tells_how_old_it_is() {
    let mut seat = Seat::of(SCENE, (80, 24));
    let gone = aq::dash::Fresh {
        state: std::sync::Arc::clone(&seat.model.replica.state),
        events: Vec::new(),
        gone: std::sync::Arc::clone(&seat.model.replica.gone),
        edited: std::sync::Arc::default(),
        outliving: std::sync::Arc::default(),
        agents: std::sync::Arc::clone(&seat.model.replica.agents),
        rejected: std::sync::Arc::default(),
        health: Health::Broken { why: "the folder is gone: /q".into() },
        anew: false,
    };
    seat.send(aq::dash::Msg::Replica(Box::new(gone)));
    seat.pass(aq::time::Span::from_mins(2));
    let frame = seat.frame();
    assert!(frame.contains("offline 2m · data from "), "{frame}");
    // Read again, it is as old as nothing.
    seat.feed();
    assert!(!seat.frame().contains("offline"));
}
