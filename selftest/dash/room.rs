//! What stands on a screen takes the room that is there: titles, help.

use super::frames::SCENE;
use super::seat::Seat;

/// Jobs with long titles and all that columns can hold.
const LONG: &str = "submit gate review=1 title=Resume_of_streams_in_the_coordinator | claim h1~x/1 | start gate \
     | end gate ok rev=7654321 | submit port budget.usd=4 title=Port_the_whole_scheduler_to_the_new_library \
     | claim a-long-host-name~x/1 | start port | progress port tool(Bash) usd=1.5";

#[test]
fn a_title_takes_what_the_other_columns_leave() {
    for size in [(160, 45), (200, 45), (250, 45)] {
        let frame = Seat::of(LONG, size).keys("2").frame();
        let heads = frame.lines().find(|line| line.contains("TITLE")).expect("the heads").to_string();
        let from = heads.find("TITLE").expect("a title");
        let next = heads[from..].find("FACTORY").expect("the column behind it");
        assert!(next > 24, "{size:?}: {next} cells\n{frame}");
        assert!(frame.contains("Port the whole scheduler"), "{frame}");
    }
    // The column that the list is sorted by does not give way.
    assert!(!Seat::of(LONG, (160, 45)).keys("2").frame().contains("SCORE"));
    let frame = Seat::of(LONG, (160, 45)).keys("2 s j j j j j j j Enter").frame();
    assert!(frame.contains("SCORE"), "{frame}");
}

#[test]
fn help_cuts_nothing_beside_empty_room() {
    let frame = Seat::of(SCENE, (160, 45)).keys("2 G k ?").frame();
    for whole in [
        "ship the branch  off: not in testing",
        "put aside  off: not in queued or assigned or building",
        "back; on a screen without layers: quit",
    ] {
        assert!(frame.contains(whole), "{whole}\n{frame}");
    }
}
