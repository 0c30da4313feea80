//! The board of jobs, and the options of a transcript.

use aq::dash::{Got, LogLine, Msg, Read, Voice, Want};
use aq::engine::RunKind;
use aq::job::JobId;
use aq::time::Stamp;
use expect_test::{Expect, expect, expect_file};

use super::moving::QUEUE;
use super::seat::Seat;

/// Jobs in six columns.
const SCENE: &str = "submit parse-args | submit write-docs priority=low | submit bench-it priority=high | submit release deps=parse-args \
     | submit port budget.usd=4 | submit gate review=1 | submit broken | submit done | submit tested \
     | claim h1 | start bench-it | checkpoint bench-it c1 | verify bench-it pass rev=c1 | end bench-it ok rev=c1 \
     | claim h1 | start broken | end broken task_failed | claim h1 | start done | end done ok rev=d1 \
     | claim h1 | start gate | end gate ok rev=7654321 | claim h1~x/1 | start parse-args | pass 31m | progress parse-args tool(Bash) | pass 14s";

#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(script: &str, keys: &str, expected: Expect) {
    let seat = Seat::of(script, (160, 45)).keys(keys);
    let board = &seat.model.jobs.board;
    let on = seat.model.current().map_or("nothing", |job| job.id.as_str());
    let columns: Vec<String> = board
        .filled()
        .into_iter()
        .map(|nth| board.column(nth).iter().map(JobId::as_str).collect::<Vec<_>>().join(" "))
        .collect();
    let said = seat.model.toast.as_ref().map(|toast| format!("\nsaid: {}", toast.text)).unwrap_or_default();
    let marks: Vec<&str> = seat.model.marks.iter().map(JobId::as_str).collect();
    let text =
        format!("on {on}: {}, marked {}{said}\n{}", columns.join(" | "), marks.join(" "), seat.asked());
    expected.assert_eq(&text);
}

#[test]
fn the_board_is_walked() {
    check(
        QUEUE,
        "2 b",
        expect![[r#"
        on five: five four three | two | one, marked 
    "#]],
    );
    check(
        QUEUE,
        "2 b l",
        expect![[r#"
        on two: five four three | two | one, marked 
    "#]],
    );
    check(
        QUEUE,
        "2 b l l h j",
        expect![[r#"
        on two: five four three | two | one, marked 
    "#]],
    );
    check(
        QUEUE,
        "2 b G Space",
        expect![[r#"
        on three: five four three | two | one, marked three
    "#]],
    );
    check(
        QUEUE,
        "2 l",
        expect![[r#"
        on five: , marked 
        said: right is off: the list has no columns to go to: b shows the board
    "#]],
    );
    check(
        QUEUE,
        "2 j b b",
        expect![[r#"
        on four: five four three | two | one, marked 
    "#]],
    );
}

#[test]
fn the_cursor_of_the_board_goes_with_its_card() {
    check(
        QUEUE,
        "2 b +2s {claim h2}",
        expect![[r#"
        on five: four three | two | five one, marked 
    "#]],
    );
    check(
        QUEUE,
        "2 b {claim h2}",
        expect![[r#"
        on five: five four three | two | one, marked 
    "#]],
    );
    check(
        QUEUE,
        "2 b / \"stage:building\" Enter",
        expect![[r#"
        on one: one, marked 
    "#]],
    );
    check(
        QUEUE,
        "2 b l x y",
        expect![[r#"
        on two: five four three | two | one, marked 
        cancel two from blocked@0
    "#]],
    );
}

#[test]
fn a_new_job_is_written_in_the_editor() {
    check(
        QUEUE,
        "2 n",
        expect![[r#"
        on five: , marked 
        New
    "#]],
    );
}

fn frame(mut seat: Seat, name: &str) {
    let path = format!("{}/selftest/dash/frames/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    expect_file![path].assert_eq(&seat.styled());
}

#[test]
fn frames_of_the_board() {
    for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
        frame(Seat::of(SCENE, size).keys("2 b l"), &format!("board-{of}"));
    }
    let mut many: String = (0..40).map(|n| format!("submit job-{n:02} | ")).collect();
    many.push_str("claim h1");
    frame(Seat::of(&many, (80, 24)).keys("2 b G"), "board-many-80");
}

/// The transcript of the job that runs, with lines of every voice.
pub fn log(size: (u16, u16)) -> Seat {
    let mut seat = Seat::of("submit a | claim h1 | start a", size).keys("2 Enter ] ] ] ]");
    let at = Stamp::from_millis(1_767_614_400_000);
    let line = |voice, text: &str| LogLine { at, voice, text: text.to_string() };
    let lines = vec![
        line(Voice::Aq, "attempt 1 begins"),
        line(Voice::Out, "a line that is much longer than forty columns, so that it has to go on below"),
        line(Voice::Err, "error: mismatched types"),
        line(Voice::Out, "done with error 2"),
    ];
    let got = Ok(Got::Lines { attempt: 1, lines, dropped: 0, fresh: true });
    seat.send(Msg::Read(Box::new(Read { want: Want::Log(JobId::from("a"), 1), got })));
    seat.draw();
    seat
}

/// The last lines of verify stand under what it ran and how that ended; a run that ends later tells it in its place.
#[test]
fn each_run_of_an_attempt_has_its_head() {
    let mut seat = log((60, 16));
    let at = Stamp::from_millis(1_767_614_400_000);
    let line = |voice, text: &str| LogLine { at, voice, text: text.to_string() };
    let verify = Voice::Run(RunKind::Verify, 1);
    for lines in [
        vec![line(verify, "cargo test"), line(Voice::Out, "error[E0433]: winfd")],
        vec![line(verify, "cargo test  exit 101, took 2 min")],
    ] {
        let got = Ok(Got::Lines { attempt: 1, lines, dropped: 0, fresh: false });
        seat.send(Msg::Read(Box::new(Read { want: Want::Log(JobId::from("a"), 1), got })));
        seat.draw();
    }
    let text = seat.frame();
    let body: Vec<&str> = text.lines().skip(8).take(3).collect();
    expect![[r#"
        HH:MM:SS  done with error 2
        ── verify  cargo test  exit 101, took 2 min ─────── HH:MM:SS
        HH:MM:SS  error[E0433]: winfd
    "#]]
    .assert_eq(&(body.join("\n") + "\n"));
}

#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check_log(keys: &str, expected: Expect) {
    let mut seat = log((40, 16)).keys(keys);
    let text = seat.frame();
    let body: Vec<&str> = text.lines().skip(4).take(10).filter(|line| !line.is_empty()).collect();
    expected.assert_eq(&(body.join("\n") + "\n"));
}

#[test]
fn a_transcript_is_shown_as_it_is_wished() {
    check_log(
        "",
        expect![[r#"
        ━ Log, attempt 1 ━━━━ follow ● 4 lines ━
        HH:MM:SS  aq: attempt 1 begins
        HH:MM:SS  a line that is much longer th…
        HH:MM:SS  error: mismatched types
        HH:MM:SS  done with error 2
    "#]],
    );
    check_log(
        "o w",
        expect![[r#"
        ━ Log, attempt 1 ━━━━ follow ● 4 lines ━
        HH:MM:SS  aq: attempt 1 begins
        HH:MM:SS  a line that is much longer tha
        n forty columns, so that it has to go on
         below
        HH:MM:SS  error: mismatched types
        HH:MM:SS  done with error 2
    "#]],
    );
    check_log(
        "o t",
        expect![[r#"
        ━ Log, attempt 1 ━━━━ follow ● 4 lines ━
        aq: attempt 1 begins
        a line that is much longer than forty c…
        error: mismatched types
        done with error 2
    "#]],
    );
    check_log(
        "o e",
        expect![[r#"
        ━ Log, attempt 1 ━━━━━━━━━━━━━━━━━━━━━━━
        HH:MM:SS  aq: attempt 1 begins
        HH:MM:SS  error: mismatched types
    "#]],
    );
    check_log(
        "Space",
        expect![[r#"
        ━ Log, attempt 1 ━━━━ follow ● 5 lines ━
        HH:MM:SS  aq: attempt 1 begins
        HH:MM:SS  a line that is much longer th…
        HH:MM:SS  error: mismatched types
        HH:MM:SS  done with error 2
        ── mark HH:MM:SS ───────────────────────
    "#]],
    );
    check_log(
        "/ \"error\" Enter o e",
        expect![[r#"
            ━ Log, attempt 1 ━━━━━━━━ 2 of 4 lines ━
            HH:MM:SS  aq: attempt 1 begins
            HH:MM:SS  error: mismatched types
            ─ / error  1 match ──── n next  N prev ─
        "#]],
    );
}
