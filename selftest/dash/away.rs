//! The whole cockpit in a real terminal while what it reads is moved, put back, or told by a wrong clock.

use std::time::Duration;

use super::pty::Room;

#[test]
fn whoever_only_looks_wakes_nobody() {
    let room = Room::with(&["alpha"]);
    room.aq(&["park", "the-job-alpha", "--until", "1s"]);
    // Its time has to be over before anybody looks.
    std::thread::sleep(Duration::from_millis(1_100));
    let mut pty = room.dash(&[]);
    pty.settles();
    pty.press("2");
    pty.shows("The job alpha");
    pty.send("q");
    assert_eq!(pty.ends(), 0);
    let log = std::fs::read_to_string(room.queue.join(".aq/events.jsonl")).expect("the log");
    assert!(log.contains("job_parked") && !log.contains("job_unparked"), "{log}");
}

#[test]
fn a_history_that_is_taken_away_is_missed_at_once() {
    let room = Room::with(&["alpha"]);
    let mut pty = room.dash(&[]);
    pty.settles();
    let (side, away) = (room.queue.join(".aq"), room.home.path().join("away"));
    std::fs::rename(&side, &away).expect("renamed");
    pty.shows("the history is gone");
    std::fs::rename(&away, &side).expect("renamed");
    pty.shows("the queue can be read again");
    pty.send("q");
    assert_eq!(pty.ends(), 0);
}

/// The clock that agents noted here, put back by three hours and a little: this one is ahead of it by as much.
fn note_an_earlier_clock(room: &Room) {
    let place = aq::store::Place::open(&room.queue).expect("a queue");
    aq::board::note_clock(&place, &aq::time::SystemClock);
    let path = place.side.join("clock");
    let mut noted: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).expect("noted")).expect("JSON");
    noted["wall"] = (noted["wall"].as_i64().expect("a time") - 3 * 3_600_000 - 30_000).into();
    std::fs::write(&path, noted.to_string()).expect("written");
}

#[test]
fn a_clock_that_leapt_changes_nothing() {
    let room = Room::with(&["alpha"]);
    note_an_earlier_clock(&room);
    std::fs::copy(room.queue.join("inbox/alpha.md"), room.queue.join("inbox/beta.md")).expect("a file");
    let log = || std::fs::read_to_string(room.queue.join(".aq/events.jsonl")).expect("the log");
    let before = log();
    let mut pty = room.dash(&[]);
    pty.shows("skew: this clock is 3 h 00 ahead of");
    pty.press("2");
    pty.shows("The job alpha");
    pty.send("x");
    pty.shows("acting is off");
    pty.send("q");
    assert_eq!(pty.ends(), 0);
    assert_eq!(log(), before);
}

#[test]
fn a_queue_that_is_moved_away_is_no_longer_called_live() {
    let room = Room::with(&["alpha"]);
    let mut pty = room.dash(&[]);
    pty.settles();
    pty.shows("watching files");
    let away = room.queue.with_extension("away");
    std::fs::rename(&room.queue, &away).expect("moved");
    pty.shows("is gone");
    std::fs::rename(&away, &room.queue).expect("moved back");
    pty.shows("watching files");
    pty.send("q");
    assert_eq!(pty.ends(), 0);
}

#[test]
fn a_history_that_was_put_back_is_read_anew() {
    let room = Room::with(&["alpha", "beta"]);
    let mut pty = room.dash(&[]);
    pty.settles();
    pty.press("2");
    pty.shows("The job alpha");
    let log = room.queue.join(".aq/events.jsonl");
    let copy = room.home.path().join("copy.jsonl");
    std::fs::copy(&log, &copy).expect("copied");
    std::fs::rename(&copy, &log).expect("put back");
    pty.shows("read anew");
    // What comes behind it is followed again.
    room.aq(&["park", "alpha"]);
    pty.shows("parked");
    pty.send("q");
    assert_eq!(pty.ends(), 0);
}

#[test]
fn an_alert_goes_with_the_file_that_was_rejected() {
    for words in ["exec \"$AQ\" --queue \"$QUEUE\" dash", "exec \"$AQ\" --queue \"$QUEUE\" dash --read-only"]
    {
        let room = Room::with(&["alpha"]);
        let file = room.queue.join("rejected/big.md");
        std::fs::write(&file, "too much").expect("written");
        let mut pty = room.script(words, &[]);
        pty.shows("big.md was rejected");
        std::fs::remove_file(&file).expect("removed");
        pty.until("the alert is gone", |pty| !pty.screen.screen().contents().contains("rejected"));
        pty.send("q");
        assert_eq!(pty.ends(), 0);
    }
}
