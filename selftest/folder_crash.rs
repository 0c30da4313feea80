//! Kills between any two steps of a move, and a journal that is torn, lost or rewritten: afterwards no job
//! is lost, none doubled, no file in two folders.

use expect_test::expect;

use crate::folder_script::check;

#[test]
fn killed_between_batch_and_rename() {
    check(
        "drop a.md sh
        sync
        save .aq/placed.jsonl
        claim
        mv building/a.md inbox/a.md
        back .aq/placed.jsonl
        restart
        sync
        tree
        jobs",
        &expect![[r#"
              submitted a from a.md
              building: a.md
              a assigned@1 "claimed"
        "#]],
    );
}

#[test]
fn killed_between_rename_and_record() {
    check(
        "drop a.md sh
        sync
        save .aq/placed.jsonl
        claim
        back .aq/placed.jsonl
        restart
        drop a.md sh other
        sync
        tree
        jobs",
        &expect![[r#"
              submitted a from a.md
              submitted a#2 from a.md
              inbox: a~a#2.md
              building: a.md
              a assigned@1 "claimed"
              a#2 queued@0 "submitted"
        "#]],
    );
}

#[test]
fn killed_after_the_rename_to_a_name_with_id() {
    check(
        "drop a.md sh
        sync
        write building/a.md sh stray
        save .aq/placed.jsonl
        claim
        tree
        back .aq/placed.jsonl
        restart
        sync
        tree
        jobs",
        &expect![[r#"
              submitted a from a.md
              building: a.md a~a.md
              building/a.md belongs to no job (new work goes to inbox/) and is left alone
              building: a.md a~a.md
              a assigned@1 "claimed"
        "#]],
    );
}

#[test]
fn killed_between_submit_and_first_record() {
    check(
        "drop a.md sh
        drop b.md sh
        sync
        rm .aq/placed.jsonl
        restart
        edit inbox/b.md sh edited after the kill
        sync
        sync
        tree
        jobs",
        &expect![[r#"
              submitted a from a.md
              submitted b from b.md
              b has the text of b.md as edited
              inbox: a.md b.md
              a queued@0 "submitted"
              b queued@0 "edited while waiting"
        "#]],
    );
}

#[test]
fn a_torn_record_is_written_over() {
    check(
        "drop a.md sh
        sync
        tear .aq/placed.jsonl {\"job\":\"a-
        claim
        sync
        restart
        sync
        tree",
        &expect![[r#"
              submitted a from a.md
              building: a.md
        "#]],
    );
}

#[test]
fn a_lost_journal_is_made_anew() {
    check(
        "drop a.md sh
        drop b.md sh
        drop c.md sh
        sync
        claim
        start a
        end a ok
        promote a
        drop a.md sh second
        sync
        cancel c
        rm .aq/placed.jsonl
        sync
        tree
        rm .aq/placed.jsonl
        restart
        sync
        tree
        jobs",
        &expect![[r#"
              submitted a from a.md
              submitted b from b.md
              submitted c from c.md
              submitted a#2 from a.md
              inbox: a~a#2.md b.md
              testing: a.md
              failed: c.md
              inbox: a~a#2.md b.md
              testing: a.md
              failed: c.md
              a testing@2 "promoted by a person"
              a#2 queued@0 "submitted"
              b queued@0 "submitted"
              c failed@1 "cancelled"
        "#]],
    );
}

#[test]
fn a_hand_and_the_law_at_the_same_time() {
    check(
        "drop a.md sh
        drop b.md sh
        sync
        save .aq/placed.jsonl
        claim
        mv building/a.md failed/a.md
        back .aq/placed.jsonl
        sync
        tree
        rm building/a.md
        back .aq/placed.jsonl
        sync
        tree
        jobs",
        &expect![[r#"
              submitted a from a.md
              submitted b from b.md
              a was moved to failed by hand while it became assigned: its file is in building/
              inbox: b.md
              building: a.md
              inbox: b.md
              building: a.md
              a assigned@1 "claimed"
              b queued@0 "submitted"
        "#]],
    );
}

#[test]
fn a_text_that_the_law_replaced_is_written_again() {
    check(
        "drop a.md key one
        sync
        sync
        save .aq/placed.jsonl
        submit b.md key two
        edit inbox/a.md key one
        back .aq/placed.jsonl
        restart
        sync
        text inbox/a.md
        jobs",
        &expect![[r#"
              submitted a from a.md
              superseded a
              inbox/a.md: "---\nidempotency-key: k\n---\n# b\n\n```sh\necho two\n```\n"
              a queued@0 "edited while waiting"
        "#]],
    );
}

#[test]
fn two_processes_take_in_one_file_once() {
    check(
        "drop a.md sh
        sync a
        sync b
        drop b.md sh
        sync b
        sync a
        claim
        sync b
        jobs
        tree",
        &expect![[r#"
              submitted a from a.md
              submitted b from b.md
              a assigned@1 "claimed"
              b queued@0 "submitted"
              inbox: b.md
              building: a.md
        "#]],
    );
}
