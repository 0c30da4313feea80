//! Dependencies: what is drawn, what is critical, and the walk up and down the stream.

use aq::dash::{Effect, Wishes};
use expect_test::{Expect, expect};

use super::frames::compare;
use super::seat::Seat;

/// Two ways to a release, one that has failed, two jobs without neighbours.
const SCENE: &str = "submit schema priority=critical | submit lease priority=high | submit port deps=schema,lease \
     | submit compact deps=port | submit saga deps=port | submit freeze deps=compact,saga \
     | submit release deps=freeze,notes | submit notes priority=critical | submit dead | submit after deps=dead \
     | submit lone | submit other | cancel dead | claim h1~x/1 | start notes | claim h1~x/2 | start schema \
     | claim h1~x/3 | start lease | pass 20m | checkpoint schema 1234567 | verify schema pass rev=1234567 \
     | end schema ok rev=1234567 usd=1 | ship schema h1~x/9 rev=1234567 | shipped schema rev=1234567 | pass 10m \
     | progress lease tool(Bash) usd=1 | pass 14s";

/// The same after twenty jobs that took twenty minutes each: enough to tell how long another takes.
fn scene() -> String {
    let each = |form: &str| (1..=20).map(|n| form.replace('#', &n.to_string())).collect::<String>();
    let begun = each("submit old# priority=critical | claim h2~x/# | start old# | ");
    let ended = "checkpoint old# 1234567 | verify old# pass rev=1234567 | end old# ok rev=1234567 \
         | ship old# h2~x/# rev=1234567 | shipped old# rev=1234567 | ";
    format!("{begun}pass 20m | {}{SCENE}", each(ended))
}

/// What the cursor is on, and what the picture shows.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(keys: &str, expected: Expect) {
    let seat = Seat::of(&scene(), (80, 24)).keys("3").keys(keys);
    let it = &seat.model.graph;
    let rows: Vec<&str> = it.list.rows().iter().map(aq::job::JobId::as_str).collect();
    let cursor = it.list.cursor().map_or("nothing", aq::job::JobId::as_str);
    expected.assert_eq(&format!("on {cursor} of {}\n", rows.join(" ")));
}

#[test]
fn whoever_waits_stands_above_what_it_waits_for() {
    check(
        "",
        expect![[r#"
        on after of after dead release freeze compact saga port schema lease notes
    "#]],
    );
    check(
        "G",
        expect![[r#"
        on notes of after dead release freeze compact saga port schema lease notes
    "#]],
    );
}

#[test]
fn the_stream_is_walked_up_and_down() {
    check(
        "h",
        expect![[r#"
        on dead of after dead release freeze compact saga port schema lease notes
    "#]],
    );
    check(
        "h h h l",
        expect![[r#"
        on after of after dead release freeze compact saga port schema lease notes
    "#]],
    );
}

#[test]
fn the_focus_and_the_critical_path_narrow_it() {
    check(
        "h h f",
        expect![[r#"
        on dead of after dead
    "#]],
    );
    check(
        "h h f Esc",
        expect![[r#"
        on dead of after dead release freeze compact saga port schema lease notes
    "#]],
    );
    check(
        "c",
        expect![[r#"
        on release of release freeze saga port lease
    "#]],
    );
}

#[test]
fn a_filter_narrows_the_graph_alone() {
    check(
        "/ \"f\" Enter",
        expect![[r#"
            on after of after freeze
        "#]],
    );
    check(
        "/ \"f\" Enter Esc",
        expect![[r#"
            on after of after dead release freeze compact saga port schema lease notes
        "#]],
    );
    let seat = Seat::of(&scene(), (80, 24)).keys("3 / \"stage:building\" Enter 2");
    assert_eq!((seat.model.jobs.query.as_str(), seat.model.jobs.list.rows().len()), ("", 11));
    compare(Seat::of(&scene(), (80, 24)).keys("3 / \"f\""), "graph-filter", false);
}

#[test]
fn the_job_of_another_screen_is_under_the_cursor() {
    let seat = Seat::of(&scene(), (80, 24)).keys("2 / \"saga\" Enter 3");
    assert_eq!(seat.model.graph.list.cursor().map(aq::job::JobId::as_str), Some("saga"));
}

#[test]
fn it_is_copied_for_other_programs() {
    let seat = Seat::of(&scene(), (80, 24)).keys("3 y D y M");
    let texts: Vec<(&str, bool)> = seat
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Copy(what, text) => {
                Some((*what, text.contains("\"schema\" -> \"port\"") || text.starts_with("graph LR")))
            }
            _ => None,
        })
        .collect();
    assert_eq!(texts, [("graph as DOT", true), ("graph as Mermaid", true)]);
}

#[test]
fn frames() {
    for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
        compare(Seat::of(&scene(), size).keys("3 j j"), &format!("graph-{of}"), of == "80");
        compare(Seat::of(&scene(), size).keys("3 j j j o"), &format!("graph-layers-{of}"), false);
    }
    compare(Seat::of(&scene(), (80, 24)).keys("3 i"), "graph-impact", false);
    compare(Seat::of(&scene(), (80, 24)).keys("3 s c"), "graph-critical", false);
    compare(Seat::of("submit a", (80, 24)).keys("3"), "graph-none", false);
    let poor = Wishes { term: "linux".into(), ..Wishes::default() };
    compare(Seat::of(&scene(), (80, 24)).look(&poor).keys("3 j j j o"), "graph-ascii", false);
}

#[test]
fn what_has_no_known_duration_is_counted_and_drawn_as_long_as_is_said() {
    let frame = Seat::of("submit a | submit b deps=a", (160, 45)).keys("3").frame();
    assert!(frame.contains("2 of 2 have no known duration, drawn as 1h00"), "{frame}");
    let rows: Vec<&str> = frame.lines().filter(|line| line.contains("? 1h00  ")).collect();
    assert_eq!(rows.len(), 2, "{frame}");
    let frame = Seat::of(&scene(), (160, 45)).keys("3").frame();
    assert!(frame.contains("1 of 5 have no known duration, drawn as one cell"), "{frame}");
}
