//! Files that are gone: a person's word about one job, or a sweep that means none.

use expect_test::expect;

use crate::folder_script::check;

#[test]
fn one_deleted_waiting_file_cancels_after_two_seconds() {
    check(
        "drop a.md sh
        drop b.md sh
        sync
        rm inbox/a.md
        sync
        jobs
        pass 1s
        sync
        pass 1s
        sync
        jobs
        tree",
        &expect![[r#"
              submitted a from a.md
              submitted b from b.md
              look again
              hold
              a queued@0 "submitted"
              b queued@0 "submitted"
              look again
              hold
              cancelled a: its file was deleted
              a failed@1 "cancelled"
              b queued@0 "submitted"
              inbox: b.md
              failed: a.md
        "#]],
    );
}

#[test]
fn a_file_that_comes_back_within_two_seconds_was_an_editor() {
    check(
        "drop a.md sh
        sync
        mv inbox/a.md inbox/a.md~
        sync
        pass 1s
        edit inbox/a.md sh edited
        sync
        pass 5s
        sync
        jobs",
        &expect![[r#"
              submitted a from a.md
              look again
              hold
              a has the text of a.md as edited
              a queued@0 "edited while waiting"
        "#]],
    );
}

#[test]
fn several_deleted_at_once_suspend_and_resume_restores() {
    check(
        "drop a.md sh
        drop b.md sh
        drop c.md sh
        drop d.md sh
        sync
        rm inbox/a.md inbox/b.md inbox/c.md
        sync
        pass 2s
        sync
        jobs
        claim
        jobs
        tree
        resume
        tree
        sync
        pass 5s
        sync
        jobs
        claim
        tree",
        &expect![[r#"
              submitted a from a.md
              submitted b from b.md
              submitted c from c.md
              submitted d from d.md
              look again
              hold
              3 waiting files vanished at once: the queue is suspended. restore them: aq budget resume local; or cancel: aq cancel
              a queued@0 "submitted"
              b queued@0 "submitted"
              c queued@0 "submitted"
              d queued@0 "submitted"
              suspended: 3
              a queued@0 "submitted"
              b queued@0 "submitted"
              c queued@0 "submitted"
              d queued@0 "submitted"
              suspended: 3
              inbox: d.md
              inbox: a.md b.md c.md d.md
              a queued@0 "submitted"
              b queued@0 "submitted"
              c queued@0 "submitted"
              d queued@0 "submitted"
              inbox: b.md c.md d.md
              building: a.md
        "#]],
    );
}

#[test]
fn cancelling_all_that_vanished_lifts_the_suspension() {
    check(
        "drop a.md sh
        drop b.md sh
        drop c.md sh
        sync
        rm inbox/a.md inbox/b.md inbox/c.md
        sync
        pass 2s
        sync
        cancel a
        cancel b
        cancel c
        sync
        jobs
        tree",
        &expect![[r#"
              submitted a from a.md
              submitted b from b.md
              submitted c from c.md
              look again
              hold
              3 waiting files vanished at once: the queue is suspended. restore them: aq budget resume local; or cancel: aq cancel
              a failed@1 "cancelled"
              b failed@1 "cancelled"
              c failed@1 "cancelled"
              failed: a.md b.md c.md
        "#]],
    );
}

#[test]
fn deleting_elsewhere_restores_or_archives() {
    check(
        "drop a.md sh
        sync
        claim
        rm building/a.md
        sync
        tree
        start a
        end a ok
        rm review/a.md
        sync
        promote a
        rm testing/a.md
        sync
        tree
        ship a
        shipped a
        rm shipped/a.md
        sync
        tree
        jobs
        drop b.md sh
        sync
        cancel b
        rm failed/b.md
        sync
        jobs",
        &expect![[r#"
              submitted a from a.md
              the file of a vanished from building and is put back
              building: a.md
              the file of a vanished from review and is put back
              the file of a vanished from testing and is put back
              testing: a.md
              archived a: its file was deleted
              a archived (shipped)
              submitted b from b.md
              archived b: its file was deleted
              a archived (shipped)
              b archived (failed)
        "#]],
    );
}

#[test]
fn folders_that_are_removed_come_back() {
    check(
        "drop a.md sh
        sync
        claim
        rmdir inbox
        rmdir testing
        sync
        tree
        drop b.md sh
        sync
        tree",
        &expect![[r#"
              submitted a from a.md
              inbox/ was gone and is made again
              testing/ was gone and is made again
              building: a.md
              submitted b from b.md
              inbox: b.md
              building: a.md
        "#]],
    );
}

#[test]
fn a_folder_that_vanishes_with_a_waiting_file_cancels_nothing() {
    check(
        "drop a.md sh
        sync
        rmdir inbox
        sync
        pass 3s
        sync
        jobs",
        &expect![[r#"
            submitted a from a.md
            inbox/ was gone and is made again
            look again
            hold
            1 waiting file vanished with a whole folder: the queue is suspended. restore them: aq budget resume local; or cancel: aq cancel
            a queued@0 "submitted"
            suspended: 1
        "#]],
    );
}

#[test]
fn a_file_that_vanishes_with_those_of_other_folders_cancels_nothing() {
    check(
        "drop a.md sh
        sync
        claim
        drop b.md sh
        sync
        save inbox/b.md
        save building/a.md
        rm building/a.md
        sync
        pass 1s
        rm inbox/b.md
        sync
        pass 2s
        sync
        jobs
        tree
        back inbox/b.md
        old inbox/b.md
        sync
        jobs
        tree
        pass 5s
        rm inbox/b.md
        sync
        pass 2s
        sync
        jobs",
        &expect![[r#"
            submitted a from a.md
            submitted b from b.md
            the file of a vanished from building and is put back
            look again
            hold
            1 waiting file vanished together with files of other folders: the queue is suspended. restore them: aq budget resume local; or cancel: aq cancel
            a assigned@1 "claimed"
            b queued@0 "submitted"
            suspended: 1
            building: a.md
            the files that had vanished are back: the queue goes on
            a assigned@1 "claimed"
            b queued@0 "submitted"
            inbox: b.md
            building: a.md
            look again
            hold
            cancelled b: its file was deleted
            a assigned@1 "claimed"
            b failed@1 "cancelled"
        "#]],
    );
}

#[test]
fn what_ended_is_put_back_after_a_sweep_and_archived_by_itself() {
    check(
        "drop a.md sh
        drop b.md sh
        drop c.md sh
        sync
        cancel a
        claim
        rm failed/a.md building/b.md
        sync
        tree
        rm failed/a.md
        sync
        jobs",
        &expect![[r#"
            submitted a from a.md
            submitted b from b.md
            submitted c from c.md
            the file of b vanished from building and is put back
            the file of a is put back: it vanished together with others; delete it by itself to archive it
            inbox: c.md
            building: b.md
            failed: a.md
            archived a: its file was deleted
            b assigned@1 "claimed"
            c queued@0 "submitted"
            a archived (failed)
        "#]],
    );
}

#[test]
fn a_deleted_file_that_comes_back_takes_its_cancel_back() {
    check(
        "drop a.md sh
        sync
        save inbox/a.md
        rm inbox/a.md
        sync
        pass 2s
        sync
        back inbox/a.md
        old inbox/a.md
        sync
        jobs
        tree
        # Other text, or cancelled by a word: that is new work.
        rm inbox/a.md
        sync
        pass 2s
        sync
        drop a.md sh other
        sync
        cancel a#2
        drop a.md sh other
        sync
        jobs",
        &expect![[r#"
            submitted a from a.md
            look again
            hold
            cancelled a: its file was deleted
            a.md is back: a waits again
            a queued@2 "requeued"
            inbox: a.md
            look again
            hold
            cancelled a: its file was deleted
            submitted a#2 from a.md
            submitted a#3 from a.md
            a failed@3 "cancelled"
            a#2 failed@1 "cancelled"
            a#3 queued@0 "submitted"
        "#]],
    );
}

#[test]
fn files_that_are_back_do_not_lift_a_pause() {
    check(
        "drop a.md sh
        drop b.md sh
        drop c.md sh
        sync
        save inbox/a.md
        save inbox/b.md
        save inbox/c.md
        pause
        rm inbox/a.md inbox/b.md inbox/c.md
        sync
        pass 2s
        sync
        back inbox/a.md
        back inbox/b.md
        back inbox/c.md
        sync
        claim
        jobs
        tree",
        &expect![[r#"
            submitted a from a.md
            submitted b from b.md
            submitted c from c.md
            look again
            hold
            3 waiting files vanished at once: the queue is suspended. restore them: aq budget resume local; or cancel: aq cancel
            look again
            a queued@0 "submitted"
            b queued@0 "submitted"
            c queued@0 "submitted"
            suspended: 3
            inbox: a.md b.md c.md
        "#]],
    );
}
