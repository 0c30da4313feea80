//! Work a job depends on comes into its branch, or both sides of a conflict are named.

use std::path::PathBuf;

use super::fixture::{both, read, refused, request, write};
use crate::git::Refusal;

#[test]
fn heads_are_merged_in_order() {
    both(|lab| {
        let job = lab.job("x");
        let main = lab.head("main");
        lab.branch("one", "main");
        lab.branch("two", "main");
        let one = lab.commit("one", &[("one.txt", Some("1\n")), ("src/a.txt", None)]);
        let two = lab.commit("two", &[("two.txt", Some("2\n"))]);
        let heads =
            [("one".to_string(), one.clone()), ("two".to_string(), two.clone()), ("main".to_string(), main)];
        let head = job.merge_heads(&heads).unwrap();
        assert_eq!(lab.parents(&head), [one, two]);
        assert_eq!((read(job.path(), "one.txt"), read(job.path(), "two.txt")), ("1\n".into(), "2\n".into()));
        assert!(!job.path().join("src").exists());
        assert!(job.unsaved(None).unwrap().is_empty());
        assert_eq!(lab.head("aq/job/x"), head);
        assert_eq!(job.merge_heads(&heads).unwrap(), head);
    });
}

#[test]
fn a_conflict_names_both_jobs_and_changes_nothing() {
    both(|lab| {
        let job = lab.job("x");
        for (name, text) in
            [("one", "ONE\ntwo\nthree\n"), ("free", "one\ntwo\nthree\n"), ("two", "1\ntwo\nthree\n")]
        {
            lab.branch(name, "main");
            lab.commit(name, &[("readme.md", Some(text)), (name, Some("x\n"))]);
        }
        let heads: Vec<_> = ["one", "free", "two"].map(|name| (name.to_string(), lab.head(name))).into();
        let no = refused(job.merge_heads(&heads));
        assert_eq!(no.to_string(), "two conflicts with one in readme.md");
        assert_eq!(lab.head("aq/job/x"), lab.head("main"));
        assert!(job.unsaved(None).unwrap().is_empty());

        lab.commit("aq/job/x", &[("readme.md", Some("uno\ntwo\nthree\n"))]);
        job.pipes().reset_hard().unwrap();
        let no = refused(job.merge_heads(&heads[2..]));
        let paths = vec![PathBuf::from("readme.md")];
        assert_eq!(no, Refusal::Conflict { ours: "aq/job/x".into(), theirs: "two".into(), paths });
    });
}

#[test]
fn changed_files_are_not_overwritten_and_others_stay() {
    both(|lab| {
        let job = lab.job("x");
        lab.branch("dep", "main");
        let dep = [(
            "dep".to_string(),
            lab.commit("dep", &[("readme.md", Some("dep\n")), ("new.txt", Some("dep\n"))]),
        )];
        write(job.path(), "readme.md", "mine\n");
        assert!(matches!(refused(job.merge_heads(&dep)), Refusal::Dirty { .. }));
        write(job.path(), "readme.md", "one\ntwo\nthree\n");
        write(job.path(), ".gitignore", "new.txt\n");
        write(job.path(), "new.txt", "mine\n");
        assert!(matches!(refused(job.merge_heads(&dep)), Refusal::Overwrites { .. }));
        assert_eq!(read(job.path(), "new.txt"), "mine\n");
        std::fs::remove_file(job.path().join("new.txt")).unwrap();
        write(job.path(), "src/a.txt", "mine too\n");
        job.merge_heads(&dep).unwrap();
        assert_eq!(
            (read(job.path(), "readme.md"), read(job.path(), "src/a.txt")),
            ("dep\n".into(), "mine too\n".into())
        );
        let saved = job.checkpoint(&request("x")).unwrap();
        assert_eq!(saved.stat.files, 2);
    });
}
