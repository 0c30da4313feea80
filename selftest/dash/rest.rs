//! What is drawn while jobs run and nothing happens: the gate is a count of frames, by the clock of the test.

use aq::dash::{Effect, Found, Msg, Wish};
use aq::engine::Liveness;
use aq::time::Span;

use super::fleet::{agent, host};
use super::seat::Seat;

/// Running jobs on the screen, each with ages that change at moments of their own.
const RUNNING: usize = 12;
/// So long nothing happens.
const REST: Span = Span::from_mins(10);
/// Between two frames lies at least so long.
const PACE: Span = Span::from_secs(10);

/// The queue on a screen, after these keys.
fn running(keys: &str, size: (u16, u16)) -> Seat {
    let one = |n: usize| {
        format!(
            "submit job-{n} | claim h1~x/1 | start job-{n} | pass 3s | progress job-{n} tool(Bash) | pass 2s | "
        )
    };
    let script: String = (0..RUNNING).map(one).collect();
    let mut seat = Seat::of(&format!("{script} pass 1s"), size).keys(keys);
    look(&mut seat);
    seat.draw();
    // What a key holds back, and what is said of it, is over.
    seat.pass(Span::from_secs(30));
    look(&mut seat);
    seat.draw();
    seat
}

/// The host is found as soon as it is looked for.
fn look(seat: &mut Seat) {
    let asked = seat.effects.iter().any(|effect| matches!(effect, Effect::Survey(Wish::Host)));
    seat.effects.clear();
    if asked {
        let found = Found::Host(Ok(Box::new(host(vec![agent("h1~x/1", 41, Liveness::Alive)]))));
        seat.send(Msg::Found(Box::new(found)));
    }
}

#[test]
fn with_running_jobs_on_the_screen_a_frame_is_drawn_at_most_every_ten_seconds() {
    for size in [(80, 24), (160, 45)] {
        for keys in ["1", "2", "3", "4", "5", "6", "7", "2 Enter"] {
            let mut seat = running(keys, size);
            let drawn = seat.rest(REST, look);
            let near =
                drawn.windows(2).find(|two| two[1].as_millis() - two[0].as_millis() < PACE.as_millis());
            assert_eq!(near, None, "{keys} at {size:?}");
        }
    }
}

#[test]
fn ages_on_the_screen_go_on_all_the_same() {
    for keys in ["1", "2", "4"] {
        let drawn = running(keys, (160, 45)).rest(REST, look);
        assert!(drawn.len() >= 10, "{keys}: {} frames in {REST}", drawn.len());
    }
}
