//! What only a terminal with room for two columns shows: the last hour, what is ahead, what gets done.

use aq::dash::{Found, Msg, Wishes};
use aq::fleet::State;
use aq::insight::Flow;

use super::frames::compare;
use super::seat::Seat;

/// A day on which jobs shipped, failed, waited for each other and were put aside.
const DAY: &str = "submit a | submit b | submit c deps=b | submit late | park late | submit sad \
     | claim h1 | start a | pass 8m | verify a pass rev=a1 | end a ok rev=a1 | ship a cli rev=a1 | shipped a rev=a1 | pass 3h \
     | claim h1 | start b | pass 30m | verify b pass rev=b1 | end b ok rev=b1 | ship b cli rev=b1 | shipped b rev=b1 \
     | claim h1 | start sad | verify sad fail rev=s1 | end sad verify_failed | pass 20m | submit new deps=sad | submit next deps=new | submit last";

fn line_of<'a>(frame: &'a str, what: &str) -> &'a str {
    frame.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("no {what} in\n{frame}"))
}

#[test]
fn the_last_hour_stands_below_the_counts() {
    let mut seat = Seat::of(DAY, (160, 45));
    let frame = seat.frame();
    let counts: Vec<&str> =
        line_of(&frame, "queued ").split("   ").filter(|it| !it.trim().is_empty()).collect();
    let hour: Vec<&str> =
        line_of(&frame, "last hour").split("  ").filter(|it| !it.trim().is_empty()).collect();
    assert_eq!(counts.first().map(|it| it.trim()), Some("○ queued 3"), "{frame}");
    assert_eq!(hour.iter().map(|it| it.trim()).collect::<Vec<_>>()[..2], ["−1, 1 parked", "+1"], "{frame}");
    assert!(line_of(&frame, "last hour").contains(" today"), "{frame}");
    // An hour later nothing of it is news any more.
    seat.pass("2h".parse().expect("a span"));
    assert!(!line_of(&seat.frame(), "last hour").contains("+1"), "{}", seat.frame());
}

#[test]
fn what_gets_done_and_what_is_ahead_stand_at_the_right() {
    compare(Seat::of(DAY, (160, 45)), "wide-day-160", false);
    let poor = Wishes { term: "linux".into(), ..Wishes::default() };
    compare(Seat::of(DAY, (160, 45)).look(&poor), "wide-day-ascii-160", false);
    compare(Seat::of(DAY, (160, 24)), "wide-day-160x24", false);
}

/// The log is longer than the events at hand: its beginning is read beside the screen, once.
#[test]
fn what_came_before_the_events_at_hand_is_read() {
    let mut seat = Seat::of(DAY, (100, 45));
    seat.model.flow = aq::dash::Loaded::Unasked;
    seat.model.replica.events.drain(..6);
    seat.effects.clear();
    seat.send(Msg::Resize(160, 45));
    assert_eq!(seat.asked(), "look at Flow\n");
    assert!(!seat.frame().contains("last hour"), "nothing is guessed");
    // What comes while it is read follows on it.
    let mut flow = Flow::default();
    assert!(flow.follow(&State::default(), &seat.log()));
    seat.happens("cancel next");
    seat.send(Msg::Found(Box::new(Found::Flow(Ok(Box::new((flow, State::default())))))));
    let known = seat.frame();
    seat.effects.clear();
    let mut whole = Seat::of(&format!("{DAY} | cancel next"), (160, 45));
    assert_eq!(line_of(&known, "last hour"), line_of(&whole.frame(), "last hour"));
    assert_eq!(line_of(&known, "shipped/h"), line_of(&whole.frame(), "shipped/h"));
    seat.happens("submit more");
    whole.happens("submit more");
    assert_eq!(line_of(&seat.frame(), "last hour"), line_of(&whole.frame(), "last hour"));
    assert_eq!(seat.asked(), "", "it is read once");
}

#[test]
fn what_can_be_acted_upon_is_gone_through_and_opened() {
    let mut seat = Seat::of(DAY, (160, 45)).keys("Tab Tab j");
    let frame = seat.frame();
    let here = frame.lines().find(|line| line.starts_with('▸')).unwrap_or_default();
    assert!(here.contains("last"), "{frame}");
    let seat = seat.keys("Enter");
    assert!(seat.model.page.is_some());
    // A terminal without room for it gives the focus back.
    let mut small = Seat::of(DAY, (160, 45)).keys("Tab Tab");
    small.send(Msg::Resize(80, 24));
    assert!(line_of(&small.frame(), "Needs you").starts_with('━'), "{}", small.frame());
}
