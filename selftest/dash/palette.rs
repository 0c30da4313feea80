//! The palette holds every action of the product, also those that are at home on another screen.

use std::collections::BTreeSet;

use aq::dash::{ACTIONS, Group, Layer, On};
use expect_test::{Expect, expect};

use super::frames::SCENE;
use super::seat::Seat;

#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(keys: &str, expected: Expect) {
    let seat = Seat::of(SCENE, (80, 24)).keys(keys);
    let said = seat.model.toast.as_ref().map(|toast| format!(", said: {}", toast.text)).unwrap_or_default();
    let (place, layers) = (seat.model.place().name(), seat.model.layers.len());
    expected.assert_eq(&format!("{place}, {layers} layers{said}\n{}", seat.asked()));
}

#[test]
fn every_action_is_in_it_wherever_it_is_opened() {
    for keys in ["1 :", "2 :", "4 :", "5 :", "7 :", "2 G Enter :"] {
        let seat = Seat::of(SCENE, (80, 24)).keys(keys);
        let Some(Layer::Pick(pick)) = seat.model.layers.last() else { panic!("no palette after {keys}") };
        let has: BTreeSet<&str> = pick.all.iter().map(|choice| choice.label.as_str()).collect();
        let of_a_job = |on: On| matches!(on, On::Jobs | On::Page | On::Tab(_));
        let here = seat.model.place();
        for row in ACTIONS.iter().filter(|row| row.group != Group::Move) {
            // What is done to a job needs one under the cursor.
            let needed = row.on.has(here) || !of_a_job(row.on);
            assert!(has.contains(row.name) || !needed, "{} is not in the palette after {keys}", row.name);
        }
        let labels = pick.all.len();
        assert_eq!(labels, has.len(), "a name stands in it twice after {keys}");
    }
}

#[test]
fn an_action_of_another_screen_names_it_and_goes_there() {
    let frame = Seat::of(SCENE, (80, 24)).keys("2 : \"drain\"").frame();
    assert!(frame.contains("Fleet: let the agent finish"), "{frame}");
    check(
        "2 : \"drain\" Enter",
        expect![[r#"
            Jobs, 1 layers
        "#]],
    );
    check(
        "1 : \"stop the agent\" Enter",
        expect![[r#"
            Fleet, 0 layers, said: stop is here: . stop
            look at Host
        "#]],
    );
    // What needs no row that is chosen there is done at once.
    check(
        "1 : \"ceiling\" Enter",
        expect![[r#"
            Budget, 1 layers
        "#]],
    );
    check(
        "3 : \"new job\" Enter",
        expect![[r#"
            Jobs, 0 layers
            New
        "#]],
    );
    check(
        "2 G : \"hunk\" Enter",
        expect![[r#"
            Diff, 0 layers
            Read(History("notes"))
            Read(Diff("notes", DiffOf { rev: Some("1234567"), runs: None }))
        "#]],
    );
}
