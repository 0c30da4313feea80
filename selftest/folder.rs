//! Hands on the folder: every move, copy, edit and deletion, and what the law makes of it.

use std::sync::Arc;

use aq::board::{Board as _, Intake, Local, Purpose, Ready, Settings, Submitted, submit};
use aq::store::{Place, Wish};
use aq::time::{Clock as _, SystemClock};
use expect_test::expect;

use crate::folder_script::{block, check, person};

#[test]
fn a_dropped_file_becomes_a_job_and_follows_its_stages() {
    check(
        "drop a.md sh
        sync
        tree
        claim
        tree
        start a
        end a ok
        tree
        promote a
        ship a
        shipped a
        tree
        jobs",
        &expect![[r#"
              submitted a from a.md
              inbox: a.md
              building: a.md
              review: a.md
              shipped: a.md
              a shipped@3 "branch"
        "#]],
    );
}

#[test]
fn a_bad_manifest_goes_to_rejected_with_its_problems() {
    check(
        r"drop bad.md ---\npriorty: high\n---\nx
        drop good.md sh
        sync
        tree
        problems bad
        drop bad.md ---\npriorty: low\n---\nx
        sync
        tree",
        &expect![[r#"
            rejected bad.md: bad.md:2:1: unknown field "priorty" (all problems: bad.problems.txt)
            submitted good from good.md
            inbox: good.md
            rejected: bad.md bad.problems.txt
            | bad.md:2:1: unknown field "priorty"
            |     priorty: high
            |     ^^^^^^^
            |     did you mean "priority"?
            | bad.md:4:1: no script for the shell engine
            |     x
            |     ^
            |     put the commands into one block fenced by ```sh and ```
            rejected bad.md: bad.md:2:1: unknown field "priorty" (all problems: bad~2.problems.txt)
            inbox: good.md
            rejected: bad.md bad.problems.txt bad~2.md bad~2.problems.txt
        "#]],
    );
}

#[test]
fn what_is_half_written_or_no_manifest_is_left_alone() {
    check(
        "write inbox/young.md sh
        drop .hidden.md sh
        drop a.md~ sh
        drop a.md.tmp sh
        drop #a.md# sh
        drop .a.md.swp sh
        mkdir inbox/folder.md
        link /etc/passwd inbox/link.md
        sync
        sync
        old inbox/young.md
        sync
        future inbox/young.md
        drop late.md sh
        future inbox/late.md
        sync
        pass 1s
        sync
        drop empty.md
        sync
        tree
        jobs",
        &expect![[r#"
              inbox/folder.md is not a regular file and is left alone
              inbox/link.md is not a regular file and is left alone
              look again
              look again
              submitted young from young.md
              look again
              submitted late from late.md
              rejected empty.md: empty.md:1:1: nothing to do: no text and no children (all problems: empty.problems.txt)
              inbox: #a.md# .a.md.swp .hidden.md a.md.tmp a.md~ folder.md late.md link.md young.md
              rejected: empty.md empty.problems.txt
              late queued@0 "submitted"
              young queued@0 "submitted"
        "#]],
    );
}

#[test]
fn what_cannot_be_a_manifest_harms_nobody() {
    check(
        "odd
        fifo inbox/fifo.md
        big inbox/big.md
        old inbox/big.md
        drop a.md sh
        sync
        sync
        rm inbox/a.md
        mkdir inbox/a.md
        sync
        pass 2s
        sync
        jobs",
        &expect![[r#"
            inbox/fifo.md is not a regular file and is left alone
            inbox/�.md has a name that is not UTF-8 and is left alone
            rejected big.md: big.md:1:1: too long: a manifest has at most 1048576 bytes (1 MiB) (all problems: big.problems.txt)
            submitted a from a.md
            inbox/a.md is not a regular file and is left alone
            look again
            hold
            cancelled a: its file was deleted
            a failed@1 "cancelled"
        "#]],
    );
}

#[test]
fn a_name_that_is_taken_gets_the_id() {
    check(
        "drop a.md sh
        sync
        claim
        drop a.md sh again
        sync
        tree
        expire a
        tree
        jobs",
        &expect![[r#"
              submitted a from a.md
              submitted a#2 from a.md
              inbox: a~a#2.md
              building: a.md
              inbox: a.md a~a#2.md
              a queued@2 "gone"
              a#2 queued@0 "submitted"
        "#]],
    );
}

#[test]
fn lawful_moves_are_actions_and_unlawful_ones_are_undone() {
    check(
        "drop a.md sh
        sync
        mv inbox/a.md building/a.md
        sync
        tree
        claim
        mv building/a.md testing/a.md
        sync
        tree
        mv building/a.md inbox/a.md
        sync
        jobs
        claim
        start a
        end a ok
        jobs
        mv review/a.md testing/a.md
        sync
        jobs
        mv testing/a.md shipped/a.md
        sync
        ship a
        sync
        shipped a
        sync
        tree
        mv shipped/a.md inbox/a.md
        sync
        tree
        jobs",
        &expect![[r#"
              submitted a from a.md
              a was moved to building by hand and is put back: a move from inbox to building means nothing
              inbox: a.md
              a was moved to testing by hand and is put back: a move from building to testing means nothing
              building: a.md
              a moved to inbox by hand
              a queued@2 "requeued"
              a review@3 "attempt ended well"
              a moved to testing by hand
              a testing@4 "promoted by a person"
              to ship: a
              shipped: a.md
              a was moved to inbox by hand and is put back: a is in shipped: requeue is lawful from failed, assigned, building (nothing is lawful now; it is final)
              shipped: a.md
              a shipped@5 "branch"
        "#]],
    );
}

#[test]
fn rejecting_and_requeueing_by_hand() {
    check(
        "drop a.md sh
        sync
        claim
        start a
        end a ok
        mv review/a.md failed/a.md
        sync
        jobs
        mv failed/a.md inbox/a.md
        sync
        jobs
        tree
        cancel a
        tree
        mv failed/a.md inbox/a.md
        sync
        jobs
        mv inbox/a.md shipped/a.md
        sync
        tree",
        &expect![[r#"
              submitted a from a.md
              a moved to failed by hand
              a failed@2 "rejected"
              a moved to inbox by hand
              a queued@3 "requeued"
              inbox: a.md
              failed: a.md
              a moved to inbox by hand
              a queued@5 "requeued"
              a was moved to shipped by hand and is put back: a move from inbox to shipped means nothing
              inbox: a.md
        "#]],
    );
}

#[test]
fn a_renamed_file_stays_the_same_job() {
    check(
        "drop a.md sh
        sync
        mv inbox/a.md inbox/b.md
        sync
        pass 3s
        sync
        jobs
        claim
        tree
        mv building/b.md inbox/c.md
        sync
        jobs
        tree",
        &expect![[r#"
              submitted a from a.md
              a queued@0 "submitted"
              building: b.md
              a moved to inbox by hand
              a queued@2 "requeued"
              inbox: c.md
        "#]],
    );
}

#[test]
fn copies_are_new_jobs_in_inbox_and_strays_elsewhere() {
    check(
        "drop a.md sh
        sync
        pass 1s
        cp inbox/a.md inbox/b.md
        cp inbox/a.md testing/a.md
        sync
        sync
        tree
        claim
        sync
        cp building/a.md inbox/a.md
        sync
        tree
        jobs",
        &expect![[r#"
              submitted a from a.md
              testing/a.md belongs to no job (new work goes to inbox/) and is left alone
              submitted a#2 from b.md
              inbox: a.md b.md
              testing: a.md
              submitted a#3 from a.md
              inbox: a~a#3.md b.md
              building: a.md
              testing: a.md
              a assigned@1 "claimed"
              a#2 queued@0 "submitted"
              a#3 queued@0 "submitted"
        "#]],
    );
}

#[test]
fn the_longest_names_move_too() {
    let name = format!("{}.md", "ü".repeat(126));
    let script = format!(
        "drop {name} sh
        sync
        claim
        drop {name} sh again
        sync
        jobs"
    );
    check(
        &script,
        &expect![[r#"
              submitted job from üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü.md
              submitted job#2 from üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü.md
              job assigned@1 "claimed"
              job#2 queued@0 "submitted"
        "#]],
    );
}

/// Ids of one title differ by four letters of chance, so of 4,000 a dozen meet one that is taken.
#[test]
fn jobs_with_the_same_words_go_in_by_the_thousand_and_not_one_by_one() {
    fastrand::seed(1);
    let root = tempfile::tempdir().expect("a folder");
    let wish = Wish { queue: &root.path().join("queue"), git_common: None };
    let place = Place::create(&wish).expect("a queue");
    let board = Local::open(&place, Purpose::Act, Arc::new(SystemClock)).expect("opens");
    let settings = Settings::load(None, &[("engine", "shell")]).expect("settings");
    let intake = Intake::new(&place, &settings, SystemClock.wall());
    let text = b"# The same words\n\n```sh\ntrue\n```\n";
    let many: Vec<Ready> =
        (0..4_000).map(|n| intake.read(&format!("job-{n}.md"), text).expect("a manifest")).collect();
    let became = block(submit(&board, &person(), None, &many)).expect("durable");
    assert!(became.iter().all(|one| matches!(one, Submitted::New(_))), "every one is a job");
    let log = std::fs::read_to_string(place.side.join("events.jsonl")).expect("a log");
    assert_eq!((board.snapshot().jobs.len(), log.lines().count()), (4_000, 4), "batches of a thousand");
}
