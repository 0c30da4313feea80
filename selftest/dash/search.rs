//! A text is searched: the transcript and the change, each with the place of the match among all.

use expect_test::{Expect, expect};

use super::boards::log;
use super::pages::diff;
use super::seat::Seat;

/// What the row of the search says, and the row that is gone to.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(seat: Seat, keys: &str, expected: Expect) {
    let mut seat = seat.keys(keys);
    let frame = seat.frame();
    let row = frame.lines().find(|line| line.contains("/ ") && line.contains("match"));
    let page = seat.model.page.as_ref().expect("a page");
    let at = (page.log.hit, page.diff.hit);
    expected.assert_eq(&format!("{}\n{at:?}\n", row.unwrap_or("no search").trim_start()));
}

#[test]
fn a_match_of_a_transcript_has_its_place() {
    check(
        log((60, 16)),
        "/ \"error\"",
        expect![[r#"
            ─ / error_  2 matches ───────────────────── n next  N prev ─
            (None, None)
        "#]],
    );
    check(
        log((60, 16)),
        "/ \"error\" Enter",
        expect![[r#"
            ─ / error  match 1 of 2 ─────────────────── n next  N prev ─
            (Some(2), None)
        "#]],
    );
    check(
        log((60, 16)),
        "/ \"error\" Enter n",
        expect![[r#"
            ─ / error  match 2 of 2 ─────────────────── n next  N prev ─
            (Some(3), None)
        "#]],
    );
    check(
        log((60, 16)),
        "/ \"error\" Enter n n",
        expect![[r#"
            ─ / error  match 1 of 2 ─────────────────── n next  N prev ─
            (Some(2), None)
        "#]],
    );
    check(
        log((60, 16)),
        "/ \"error\" Enter N",
        expect![[r#"
            ─ / error  match 2 of 2 ─────────────────── n next  N prev ─
            (Some(3), None)
        "#]],
    );
    check(
        log((60, 16)),
        "/ \"ERROR\" Enter Esc",
        expect![[r#"
        no search
        (None, None)
    "#]],
    );
}

#[test]
fn a_change_is_searched_over_all_its_files() {
    check(
        diff((120, 30)),
        "/ \"resume\"",
        expect![[r#"
            − shell  author, barred                   │─ / resume_  2 matches ─────────────────────────────────── n next  N prev ─
            (None, None)
        "#]],
    );
    check(
        diff((120, 30)),
        "/ \"fn \" Enter",
        expect![[r#"
            − shell  author, barred                   │─ / fn   match 1 of 5 ──────────────────────────────────── n next  N prev ─
            (None, Some((0, 2)))
        "#]],
    );
    check(
        diff((120, 30)),
        "/ \"fn \" Enter n n",
        expect![[r#"
            − shell  author, barred                   │─ / fn   match 3 of 5 ──────────────────────────────────── n next  N prev ─
            (None, Some((1, 1)))
        "#]],
    );
    check(
        diff((120, 30)),
        "/ \"fn \" Enter N",
        expect![[r#"
            − shell  author, barred                   │─ / fn   match 5 of 5 ──────────────────────────────────── n next  N prev ─
            (None, Some((1, 12)))
        "#]],
    );
    check(
        diff((120, 30)),
        "/ \"nowhere\" Enter n",
        expect![[r#"
            − shell  author, barred                   │─ / nowhere  0 matches ─────────────────────────────────── n next  N prev ─
            (None, None)
        "#]],
    );
    // Without a search its keys go to hunks again.
    check(
        diff((120, 30)),
        "/ \"fn \" Enter Esc n",
        expect![[r#"
        no search
        (None, None)
    "#]],
    );
    let seat = diff((120, 30)).keys("/ \"fn \" Enter Esc");
    assert!(seat.model.page.is_some(), "Esc ends the search before it leaves the page");
    let frame = diff((120, 30)).keys("/ \"fn more\" Enter").frame();
    let row = frame.lines().find(|line| line.contains("fn more()")).expect("the match is in sight");
    assert!(row.contains('▸'), "{frame}");
}
