//! What hands write: edits, keys, children, and files that take the place of others.

use expect_test::expect;

use crate::folder_script::check;

#[test]
fn an_edit_of_a_waiting_file_supersedes_and_a_bad_one_does_not() {
    check(
        r"drop a.md sh
        sync
        edit inbox/a.md sh better
        sync
        sync
        edit inbox/a.md ---\nnope: 1\n---\nx
        sync
        sync
        problems a
        tree
        edit inbox/a.md sh best
        sync
        tree
        claim
        edit building/a.md sh while running
        sync
        mv building/a.md inbox/a.md
        sync
        sync
        jobs
        text inbox/a.md",
        &expect![[r##"
            submitted a from a.md
            a has the text of a.md as edited
            the edit of a.md is not used, a keeps its text: a.md:2:1: unknown field "nope"
            | a.md:2:1: unknown field "nope"
            |     nope: 1
            |     ^^^^
            |     the fields: aq help manifest
            | a.md:4:1: no script for the shell engine
            |     x
            |     ^
            |     put the commands into one block fenced by ```sh and ```
            inbox: a.md
            rejected: a.problems.txt
            a has the text of a.md as edited
            inbox: a.md
            a moved to inbox by hand, with its file's new text
            a queued@2 "edited while waiting"
            inbox/a.md: "# a\n\n```sh\necho while running\n```\n"
        "##]],
    );
}

#[test]
fn whatever_goes_back_to_wait_has_the_text_of_its_file() {
    // No look at the folder stands between: a claim in the next batch gets the new text.
    check(
        r"drop a.md sh first
        sync
        claim
        start a
        edit building/a.md sh second
        end a crash
        jobs
        sync
        cancel a
        edit failed/a.md sh third
        requeue a
        jobs
        sync
        tree
        text inbox/a.md",
        &expect![[r##"
            submitted a from a.md
            a queued@1 "pause before a retry"
            a queued@3 "edited while waiting"
            inbox: a.md
            inbox/a.md: "# a\n\n```sh\necho third\n```\n"
        "##]],
    );
}

#[test]
fn what_goes_back_by_a_person_with_a_text_that_cannot_be_used_stays() {
    check(
        r"drop a.md sh first
        sync
        cancel a
        edit failed/a.md ---\nnope: 1\n---\nx
        requeue a
        mv failed/a.md inbox/a.md
        sync
        tree
        edit failed/a.md sh first
        requeue a
        jobs",
        &expect![[r#"
            submitted a from a.md
            ! invalid_state: a stays as it is: its file was edited and cannot be used: a.md:2:1: unknown field "nope"
            a was moved to inbox by hand and is put back: a stays as it is: its file was edited and cannot be used: a.md:2:1: unknown field "nope" (mend a.md, then send it back)
            failed: a.md
            a queued@2 "requeued"
        "#]],
    );
}

#[test]
fn one_key_is_one_job() {
    check(
        "drop a.md key one
        sync
        cp inbox/a.md inbox/same.md
        sync
        problems same
        drop other.md key two
        sync
        sync
        tree
        text inbox/a.md
        submit cli.md key three
        sync
        tree
        text inbox/a.md
        claim
        drop late.md key four
        sync
        problems late
        jobs
        tree",
        &expect![[r#"
              submitted a from a.md
              rejected same.md: same.md: the key k was submitted before with this very text, as a (queued) (all problems: same.problems.txt)
              | same.md: the key k was submitted before with this very text, as a (queued)
              |     see it: aq show a
              other.md took the place of a's text
              inbox: a.md
              rejected: same.md same.problems.txt
              inbox/a.md: "---\nidempotency-key: k\n---\n# other\n\n```sh\necho two\n```\n"
              superseded a
              inbox: a.md
              rejected: same.md same.problems.txt
              inbox/a.md: "---\nidempotency-key: k\n---\n# cli\n\n```sh\necho three\n```\n"
              rejected late.md: late.md: the key k belongs to a, which is assigned and no longer waits (all problems: late.problems.txt)
              | late.md: the key k belongs to a, which is assigned and no longer waits
              |     use another idempotency-key, or leave it out
              a assigned@1 "claimed"
              building: a.md
              rejected: late.md late.problems.txt same.md same.problems.txt
        "#]],
    );
}

#[test]
fn a_submit_without_a_file_takes_nobodys_file() {
    check(
        "write inbox/a.md sh mine
        submit a.md sh theirs
        tree
        old inbox/a.md
        sync
        tree
        jobs",
        &expect![[r#"
              new a
              inbox: a.md a~a.md
              submitted a#2 from a.md
              inbox: a.md a~a.md
              a queued@0 "submitted"
              a#2 queued@0 "submitted"
        "#]],
    );
}

#[test]
fn children_are_taken_in_below_their_parent() {
    check(
        r"drop parent.md ---\nchildren: [one.md, two.md]\n---\n
        drop one.md sh
        sync
        drop two.md sh
        sync
        jobs
        tree
        edit inbox/parent.md ---\nchildren: [one.md, two.md, three.md]\n---\n
        drop three.md sh
        sync
        sync
        jobs",
        &expect![[r#"
              look again
              submitted parent from parent.md
              one queued@0 "submitted"
              parent blocked@0 "waits for other jobs" children one two
              two queued@0 "submitted"
              inbox: one.md parent.md two.md
              parent has the text of parent.md as edited
              one queued@0 "submitted"
              parent blocked@0 "edited while waiting" children one two three
              three queued@0 "submitted"
              two queued@0 "submitted"
        "#]],
    );
}

#[test]
fn a_parent_whose_child_was_taken_in_before_says_so() {
    check(
        r"drop one.md sh
        sync
        drop parent.md ---\nchildren: [one.md]\n---\n
        sync
        pass 3s
        sync
        problems parent
        drop lone.md ---\nchildren: [nowhere.md]\n---\n
        sync
        pass 3s
        sync
        problems lone
        jobs",
        &expect![[r#"
              submitted one from one.md
              look again
              rejected parent.md: the child one.md is a job of its own already (all problems: parent.problems.txt)
              | the child one.md is a job of its own already
              |     name it in deps, or drop parent and children together
              look again
              rejected lone.md: there is no file for the child ROOT/queue/inbox/nowhere.md (all problems: lone.problems.txt)
              | there is no file for the child ROOT/queue/inbox/nowhere.md
              one queued@0 "submitted"
        "#]],
    );
}

#[test]
fn an_inline_child_and_a_file_of_the_same_name_are_two_jobs() {
    check(
        r"drop parent.md ---\nchildren:\n  - title: inner\n    engine: shell\n    body: |\n      ```sh\n      true\n      ```\n---\n
        drop fix.md sh
        sync
        tree
        pass 5s
        sync
        jobs
        tree",
        &expect![[r#"
            submitted fix from fix.md
            submitted parent from parent.md
            inbox: fix.md parent-1.md parent.md
            fix queued@0 "submitted"
            inner queued@0 "submitted"
            parent blocked@0 "waits for other jobs" children inner
            inbox: fix.md parent-1.md parent.md
        "#]],
    );
}
