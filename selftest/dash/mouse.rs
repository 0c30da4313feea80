//! The mouse: each click is looked for on the screen by what stands there, as a person would.

use aq::dash::{Mouse, Msg};
use expect_test::{Expect, expect};

use super::seat::Seat;

/// A long list of jobs, one at work, one that waits for a review.
const QUEUE: &str = "submit aa review=1 | submit bb | submit cc | submit dd | submit ee \
     | claim h1~x/1 | start aa | end aa ok rev=c1 | claim h1~x/2 | start bb";

/// What the mouse does, a word each: `WHAT@TEXT`, where TEXT stands on the screen (the last place of it).
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(size: (u16, u16), keys: &str, mouse: &str, expected: Expect) {
    let mut seat = Seat::of(QUEUE, size).keys(keys);
    seat.winds = true;
    for word in mouse.split(" then ") {
        let (what, text) = word.split_once('@').expect("WHAT@TEXT");
        let what = match what {
            "click" => Mouse::Click,
            "double" => Mouse::Double,
            "down" => Mouse::Down,
            "up" => Mouse::Up,
            "drag" => Mouse::Drag,
            other => panic!("no such thing: {other}"),
        };
        let frame = seat.frame();
        let found = frame.lines().enumerate().filter_map(|(y, line)| {
            let before = line.get(..line.rfind(text)?)?;
            Some((before.chars().count(), y))
        });
        let (x, y) = found.last().unwrap_or_else(|| panic!("{text:?} is not on the screen:\n{frame}"));
        let cell = |n: usize| u16::try_from(n).expect("a cell");
        seat.pass(aq::time::Span::from_millis(200));
        seat.send(Msg::Mouse(what, cell(x), cell(y)));
        seat.draw();
    }
    let model = &seat.model;
    let cursor = model.current().map_or("nothing", |job| job.id.as_str());
    let mut out =
        format!("{} {:?} on {cursor}, {} layers", model.place().name(), model.pane(), model.layers.len());
    if let Some(toast) = &model.toast {
        out += &format!(", said: {}", toast.text);
    }
    expected.assert_eq(&format!("{out}\n{}", seat.asked()));
}

#[test]
fn rows_tabs_heads_and_hints_are_clicked() {
    check(
        (80, 24),
        "",
        "click@2 Jobs",
        expect![[r#"
        Jobs Jobs on aa, 0 layers
    "#]],
    );
    check(
        (80, 24),
        "2",
        "click@ dd ",
        expect![[r#"
        Jobs Jobs on dd, 0 layers
    "#]],
    );
    check(
        (80, 24),
        "2",
        "double@ dd ",
        expect![[r#"
        Summary Text on dd, 0 layers
        Read(History("dd"))
        Read(Manifest("dd", "dd"))
    "#]],
    );
    check(
        (80, 24),
        "2",
        "click@ID ",
        expect![[r#"
        Jobs Jobs on aa, 0 layers
    "#]],
    );
    check(
        (80, 24),
        "2",
        "click@sort",
        expect![[r#"
        Jobs Jobs on aa, 1 layers
    "#]],
    );
    check(
        (80, 24),
        "2 ?",
        "click@choose the order",
        expect![[r#"
        Jobs Jobs on aa, 1 layers
    "#]],
    );
}

#[test]
fn the_wheel_is_for_the_pane_under_the_pointer() {
    check(
        (80, 24),
        "",
        "down@Running",
        expect![[r#"
        Overview Running on bb, 0 layers
    "#]],
    );
    check(
        (160, 45),
        "",
        "down@Running then down@Events",
        expect![[r#"
        Overview Running on bb, 0 layers
    "#]],
    );
    check(
        (80, 24),
        "2 g",
        "down@ ee ",
        expect![[r#"
            Jobs Jobs on bb, 0 layers
        "#]],
    );
}

#[test]
fn a_toast_and_a_sheet_are_answered_by_clicks() {
    check(
        (80, 24),
        "2 G x",
        "click@n or",
        expect![[r#"
        Jobs Jobs on aa, 0 layers
    "#]],
    );
    check(
        (80, 24),
        "Tab x",
        "click@y cancel it",
        expect![[r#"
        Overview Running on bb, 0 layers
        cancel bb from building@1
    "#]],
    );
    check(
        (80, 24),
        "2 w",
        "click@m messages",
        expect![[r#"
        Jobs Jobs on aa, 1 layers, said: aa is watched now
    "#]],
    );
}

#[test]
fn a_drag_winds_the_past_and_nothing_else() {
    check(
        (80, 24),
        "2",
        "drag@ dd ",
        expect![[r#"
        Jobs Jobs on aa, 0 layers
    "#]],
    );
}

#[test]
fn a_drag_on_the_timeline_is_followed() {
    let mut seat = Seat::of(QUEUE, (80, 24));
    seat.winds = true;
    let mut seat = seat.keys("6");
    let line: Vec<(u16, u16)> = seat
        .model
        .drawn
        .hits
        .iter()
        .filter_map(|(area, hit)| matches!(hit, aq::dash::Hit::Moment(_)).then_some((area.x, area.y)))
        .collect();
    let (first, y) = *line.first().expect("a timeline");
    let last = line.iter().filter(|cell| cell.1 == y).map(|cell| cell.0).max().expect("a column");
    seat.send(Msg::Mouse(Mouse::Click, last, y));
    let late = seat.model.time.at.as_ref().map(|at| at.at);
    seat.draw();
    seat.send(Msg::Mouse(Mouse::Drag, first, y));
    let early = seat.model.time.at.as_ref().map(|at| at.at);
    assert!(early.is_some() && early < late, "{early:?} {late:?}");
}
