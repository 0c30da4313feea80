//! Random keys, data and sizes: nothing panics, what is off does nothing, the cursor is on a job that is there.

use aq::dash::{Drawn, Effect, Health, Key, Msg, Pane, Screen, action_of};
use proptest::prelude::*;

use super::seat::Seat;

/// What may happen to the queue; what the law refuses is not tried.
const LINES: [&str; 6] = [
    "submit n{N} priority=low",
    "submit n{N} deps=n0",
    "claim h1",
    "submit n{N} review=1",
    "pass 40m",
    "submit 日本{N} engine=claude",
];

fn key() -> impl Strategy<Value = Key> {
    let letters = "jkgGqnsczBv*|eDboltOPRLihc+-.:/?!umyaxdSpre1234567[]fN yn "
        .chars()
        .map(Key::Char)
        .collect::<Vec<_>>();
    let others = [
        Key::Enter,
        Key::Esc,
        Key::Tab,
        Key::BackTab,
        Key::Up,
        Key::Down,
        Key::PageUp,
        Key::PageDown,
        Key::Backspace,
        Key::Home,
        Key::End,
        Key::Left,
        Key::Right,
        Key::ShiftLeft,
        Key::ShiftRight,
        Key::Ctrl('d'),
        Key::Ctrl('j'),
    ];
    prop_oneof![
        4 => proptest::sample::select(letters),
        2 => proptest::sample::select(others.to_vec()),
        1 => any::<char>().prop_filter("printable", |c| !c.is_control()).prop_map(Key::Char),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Press(Key),
    Happens(usize),
    Resize(u16, u16),
    Paste(String),
    Wheel(u16, u16),
    Click(u16, u16),
    Broken(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => key().prop_map(Step::Press),
        3 => (0..LINES.len()).prop_map(Step::Happens),
        1 => (1_u16..=300, 1_u16..=100).prop_map(|(w, h)| Step::Resize(w, h)),
        1 => ".{0,12}".prop_map(Step::Paste),
        1 => (0_u16..300, 0_u16..100).prop_map(|(x, y)| Step::Wheel(x, y)),
        2 => (0_u16..300, 0_u16..100).prop_map(|(x, y)| Step::Click(x, y)),
        1 => any::<bool>().prop_map(Step::Broken),
    ]
}

/// The cursor of every list is on a job that the queue has, and the pane shows it.
fn cursor_is_seen(seat: &Seat) {
    let model = &seat.model;
    let lists = [
        (Pane::Jobs, &model.jobs.list, Screen::Jobs),
        (Pane::Needs, &model.overview.needs, Screen::Overview),
        (Pane::Running, &model.overview.running, Screen::Overview),
    ];
    for (pane, list, screen) in lists {
        assert_eq!(list.cursor().is_none(), list.rows().is_empty());
        if let Some(id) = list.cursor() {
            assert!(model.job(id).is_some(), "{id} is not in the queue");
        }
        let shown = model.page.is_none() && model.screen == screen;
        let window = model.drawn.windows.iter().find(|row| row.0 == pane).map(|row| row.1);
        if let (true, Some(window)) = (shown, window)
            && window.height > 0
            && !list.rows().is_empty()
        {
            assert!((window.top..window.top + window.height).contains(&list.at()), "{pane:?} {window:?}");
        }
    }
}

fn take(seat: &mut Seat, step: &Step, nth: usize) {
    match step {
        Step::Press(key) => {
            let idle = seat.model.layers.is_empty() && *key != Key::Ctrl('c');
            let off = idle
                .then(|| action_of(&seat.model, *key))
                .flatten()
                .and_then(|row| (row.off)(&seat.model).err());
            let before = seat.effects.len();
            seat.press(*key);
            assert!(off.is_none() || seat.effects.len() == before, "{key} is off and did something");
            if seat.model.read_only || !matches!(seat.model.replica.health, Health::Local { .. }) {
                let changes = |effect: &&Effect| {
                    matches!(
                        effect,
                        Effect::Act { .. }
                            | Effect::Answer { .. }
                            | Effect::Ship { .. }
                            | Effect::Undo { .. }
                            | Effect::Order { .. }
                            | Effect::Rescue { .. }
                            | Effect::LetGo { .. }
                            | Effect::Agents { .. }
                    )
                };
                // A sheet that was up when the queue broke may still be answered; the law has the last word.
                let fresh = seat.effects[before..].iter().filter(changes).count();
                assert!(fresh == 0 || !idle, "{key} acted on a queue that cannot be read");
            }
        }
        Step::Happens(which) => seat.happens(&LINES[*which].replace("{N}", &nth.to_string())),
        Step::Resize(width, height) => {
            seat.send(Msg::Resize(*width, *height));
            seat.draw();
        }
        Step::Paste(text) => seat.send(Msg::Paste(text.clone())),
        Step::Wheel(x, y) => seat.send(Msg::Mouse(aq::dash::Mouse::Down, *x, *y)),
        Step::Click(x, y) => seat.send(Msg::Mouse(aq::dash::Mouse::Double, *x, *y)),
        Step::Broken(is) => {
            let why = "gone".to_string();
            seat.model.replica.health =
                if *is { Health::Broken { why } } else { Health::Local { watched: true } };
        }
    }
    // Leaving is not the end of the test.
    seat.model.quit = false;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_nothing_off_is_done(
        steps in proptest::collection::vec(step(), 1..60),
        width in 1_u16..=300,
        height in 1_u16..=100,
    ) {
        let mut seat = Seat::of("submit n0 | claim h1 | start n0 | submit gate review=1", (width, height));
        seat.winds = true;
        for (nth, step) in steps.iter().enumerate() {
            take(&mut seat, step, nth + 1);
            seat.draw();
            cursor_is_seen(&seat);
        }
    }
}

#[test]
fn the_smallest_terminal_shows_something_and_breaks_nothing() {
    for (width, height) in [(1, 1), (2, 2), (3, 5), (10, 4), (60, 1), (1, 60)] {
        let mut seat =
            Seat::of(super::moving::QUEUE, (width, height)).keys("2 ? Esc : Esc . Esc Enter ] ] ] ]");
        seat.draw();
        assert_ne!(seat.model.drawn, Drawn::default());
    }
}
