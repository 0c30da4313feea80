//! Moving about: screens, lists, the filter, layers.

use aq::job::HolderId;
use expect_test::{Expect, expect};

use super::frames::compare;
use super::seat::Seat;

/// Jobs in several stages.
pub const QUEUE: &str = "submit one priority=high | submit two deps=one | submit three | submit four engine=claude | submit five review=1 \
     | claim h1 | start one | checkpoint one c1 | progress one tool(Bash) | park three";

/// Where the person is after the keys: the place, the cursor, marks, the layer, the toast.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(keys: &str, expected: Expect) {
    let seat = Seat::of(QUEUE, (80, 24)).keys(keys);
    let model = &seat.model;
    let cursor = model.current().map_or("nothing".to_string(), |job| job.id.to_string());
    let mut out = format!("{} on {cursor}", model.place().name());
    if model.page.is_none() && model.place().name() == "Jobs" {
        let rows: Vec<&str> = model.jobs.list.rows().iter().map(|id| id.as_str()).collect();
        out += &format!(" of {}", rows.join(" "));
    }
    if !model.jobs.query.is_empty() {
        out += &format!(" / {}", model.jobs.query);
    }
    if !model.marks.is_empty() {
        let marks: Vec<&str> = model.marks.iter().map(|id| id.as_str()).collect();
        out += &format!(", marked {}", marks.join(" "));
    }
    out += &format!(", {} layers", model.layers.len());
    if model.quit {
        out += ", quit";
    }
    if let Some(toast) = &model.toast {
        out += &format!(", said: {}", toast.text);
    }
    expected.assert_eq(&format!("{out}\n{}", seat.asked()));
}

#[test]
fn a_job_stays_under_the_cursor_from_screen_to_screen() {
    check(
        "",
        expect![[r#"
        Overview on nothing, 0 layers
    "#]],
    );
    check(
        "Tab",
        expect![[r#"
        Overview on one, 0 layers
    "#]],
    );
    check(
        "Tab 2",
        expect![[r#"
        Jobs on one of five four three two one, 0 layers
    "#]],
    );
    check(
        "2 j j 1 2",
        expect![[r#"
        Jobs on three of five four three two one, 0 layers
    "#]],
    );
    check(
        "2 G Enter ] ] [ q",
        expect![[r#"
        Jobs on one of five four three two one, 0 layers
        Read(History("one"))
        Read(Manifest("one", "one"))
    "#]],
    );
}

#[test]
fn layers_go_one_by_one() {
    check(
        "2 / \"stage:queued\" Enter Space Esc",
        expect![[r#"
        Jobs on four of five four three two one, marked five, 0 layers
    "#]],
    );
    check(
        "2 / \"stage:queued\" Enter Space Esc Esc Esc",
        expect![[r#"
        Jobs on four of five four three two one, 0 layers
    "#]],
    );
    check(
        "2 q",
        expect![[r#"
        Jobs on five of five four three two one, 0 layers, quit
    "#]],
    );
    check(
        "? Esc",
        expect![[r#"
        Overview on nothing, 0 layers
    "#]],
    );
    check(
        ": Ctrl-c",
        expect![[r#"
        Overview on nothing, 1 layers, quit
    "#]],
    );
}

#[test]
fn a_filter_that_is_not_written_to_its_end_empties_nothing_and_a_wrong_one_all() {
    check(
        "2 / \"stage:\"",
        expect![[r#"
        Jobs on five of five four three two one / stage:, 1 layers
    "#]],
    );
    check(
        "2 / \"stage:buil engine:claude\" Enter",
        expect![[r#"
            Jobs on nothing of  / stage:buil engine:claude, 0 layers, said: nothing matches: stage:buil: no stage buil; there are queued, blocked, assigned, building, review, testing, shipped, failed, dead_letter
        "#]],
    );
    check(
        "2 / \"stage:buil\"",
        expect![[r#"
        Jobs on five of five four three two one / stage:buil, 1 layers
    "#]],
    );
    check(
        "2 / \"stage:faild\"",
        expect![[r#"
        Jobs on nothing of  / stage:faild, 1 layers
    "#]],
    );
    check(
        "2 / \"stage:faild engine:claude\" Enter * x y",
        expect![[r#"
        Jobs on nothing of  / stage:faild engine:claude, 0 layers, said: copy is off: no job is under the cursor
    "#]],
    );
    check(
        "2 / \"zzz\" Esc",
        expect![[r#"
        Jobs on five of five four three two one, 0 layers
    "#]],
    );
}

#[test]
fn a_row_that_leaves_the_list_stays_until_the_cursor_does() {
    check(
        "2 / \"stage:queued\" Enter +2s {cancel five}",
        expect![[r#"
        Jobs on five of five four three / stage:queued, 0 layers
    "#]],
    );
    check(
        "2 / \"stage:queued\" Enter +2s {cancel five} j",
        expect![[r#"
        Jobs on four of four three / stage:queued, 0 layers
    "#]],
    );
}

#[test]
fn a_new_order_waits_for_the_finger() {
    check(
        "2 j {claim h2}",
        expect![[r#"
        Jobs on four of five four three two one, 0 layers
    "#]],
    );
    check(
        "2 j {claim h2} +2s",
        expect![[r#"
        Jobs on four of four three two five one, 0 layers
    "#]],
    );
}

#[test]
fn marks_and_ranges() {
    check(
        "2 Space Space",
        expect![[r#"
        Jobs on three of five four three two one, marked five four, 0 layers
    "#]],
    );
    check(
        "2 Space j j v",
        expect![[r#"
        Jobs on two of five four three two one, marked five four three two, 0 layers
    "#]],
    );
    check(
        "2 *",
        expect![[r#"
        Jobs on five of five four three two one, marked five four one three two, 0 layers, said: 5 marked: actions apply to marked, Esc clears
    "#]],
    );
}

#[test]
fn the_palette_finds_actions_and_jobs() {
    check(
        ": \"fleet\" Enter",
        expect![[r#"
            Fleet on nothing, 0 layers
            look at Host
        "#]],
    );
    check(
        ": \"four\" Enter",
        expect![[r#"
        Summary on four, 0 layers
        Read(History("four"))
        Read(Manifest("four", "four"))
    "#]],
    );
    check(
        ": \"nothing like it\" Enter",
        expect![[r#"
        Overview on nothing, 1 layers
    "#]],
    );
}

#[test]
fn what_is_off_says_why() {
    check(
        "2 g S",
        expect![[r#"
        Jobs on five of five four three two one, 0 layers, said: ship is off: it is in queued, not in testing
    "#]],
    );
    check(
        "2 G a",
        expect![[r#"
        Jobs on one of five four three two one, 0 layers, said: approve is off: it is in building, not in review
    "#]],
    );
    check(
        "1 !",
        expect![[r#"
            Overview on nothing, 0 layers
        "#]],
    );
}

#[test]
fn a_watched_job_says_when_it_goes_on() {
    // A touch of what goes on with every run, and of another job, is no news.
    check(
        "2 G w {progress one tool(Read)} {park five}",
        expect![[r#"
        Jobs on one of five four three two one, 0 layers, said: one is watched now
    "#]],
    );
    check(
        "2 w {park five}",
        expect![[r#"
        Jobs on five of five four three two one, 0 layers, said: five is parked: put aside by a person
    "#]],
    );
    check(
        "2 w w {park five}",
        expect![[r#"
        Jobs on five of five four three two one, 0 layers, said: five is watched no more
    "#]],
    );
    check(
        "2 * w Esc w {cancel two}",
        expect![[r#"
        Jobs on five of five four three two one, 0 layers, said: two is failed: cancelled
    "#]],
    );
}

#[test]
fn a_job_whose_agent_is_gone_needs_a_person() {
    let mut seat = Seat::of("submit one | submit two | claim h1~x/1 | start one | pass 5m", (80, 24));
    seat.gone.insert(HolderId::new("h1~x/1"));
    seat.feed();
    compare(seat, "agent-gone", false);
}

#[test]
fn a_row_that_left_a_pane_without_the_focus_is_gone() {
    let seat =
        Seat::of("submit one | claim h1~x/1 | start one | pass 5m", (80, 24)).keys("+3s {end one crash} +3s");
    assert!(seat.model.overview.running.rows().is_empty());
}

#[test]
fn a_job_is_copied_as_a_link_and_as_json() {
    let seat = Seat::of("submit one file=ä-b.md", (80, 24)).keys("2 y u y J");
    let copied: Vec<String> = seat
        .effects
        .iter()
        .filter_map(|effect| match effect {
            aq::dash::Effect::Copy(what, text) => Some(format!("{what}: {text}")),
            _ => None,
        })
        .collect();
    expect![[r#"
        link to its file: file:///q/inbox/%C3%A4-b.md
        JSON: {"attempts":0,"branch":"aq/job/one","engine":"shell","epoch":0,"file":"ä-b.md","id":"one","profile":"developer","rev":null,"since":"2026-01-05T12:00:00Z","stage":"queued","title":"one","why":"submitted"}"#]].assert_eq(&copied.join("\n"));
}

#[test]
fn a_message_is_read_whole_and_copied() {
    let mut seat = Seat::of("submit one", (60, 16));
    let text =
        "cannot follow /home/ann/work/queue/.aq/events.jsonl: it was taken away or another file stands there";
    let said = aq::dash::Said { text: text.into(), more: "start this process again".into(), bad: true };
    seat.send(aq::dash::Msg::Said(said));
    let seat = seat.keys("m y");
    assert_eq!(seat.asked(), format!("Copy(\"message\", \"{text}\\nstart this process again\")\n"));
    compare(seat, "message", false);
}
