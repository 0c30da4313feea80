//! Shipping: base moves whole or not at all, and a person's files are never overwritten.

use std::fs;
use std::path::PathBuf;

use super::fixture::{Lab, both, read, refused, write};
use crate::git::{Refusal, ShipPlan, ShipRequest, ShipWay};

/// A job branch with these changes, and the plan to ship it into `main`.
fn planned(lab: &Lab, name: &str, files: &[(&str, Option<&str>)]) -> ShipPlan {
    lab.branch(name, "main");
    lab.commit(name, files);
    plan(lab, name)
}

fn plan(lab: &Lab, name: &str) -> ShipPlan {
    let request = ShipRequest {
        name: name.to_string(),
        rev: lab.head(name),
        base: "main".to_string(),
        verified_base: Some(lab.head("main")),
    };
    lab.repo().ship_plan(&request).unwrap()
}

/// Takes the person's checkout off `main`.
fn off_base(lab: &Lab) {
    lab.branch("elsewhere", "main");
    lab.raw().set_head("refs/heads/elsewhere").unwrap();
}

fn clean(lab: &Lab) -> bool {
    lab.raw().statuses(None).unwrap().is_empty()
}

#[test]
fn forward_merged_or_in_already() {
    both(|lab| {
        off_base(lab);
        let repo = lab.repo();
        let one = planned(lab, "one", &[("one.txt", Some("1\n"))]);
        let two = planned(lab, "two", &[("two.txt", Some("2\n"))]);
        assert_eq!((&one.way, one.base_moved), (&ShipWay::FastForward, false));
        let shipped = repo.ship_merge(&one, false).unwrap();
        assert_eq!((&shipped.to, &lab.head("main")), (&one.rev, &one.rev));
        assert!(shipped.checkouts.is_empty());
        // Base moved since the plan: nothing happens until it is planned (and verified) again.
        assert!(matches!(refused(repo.ship_merge(&two, false)), Refusal::Moved { .. }));
        let request = ShipRequest {
            name: "two".into(),
            rev: two.rev.clone(),
            base: "main".into(),
            verified_base: Some(two.base_rev.clone()),
        };
        let again = repo.ship_plan(&request).unwrap();
        assert!(again.base_moved);
        let ShipWay::Merge { rev } = again.way.clone() else { panic!("{again:?}") };
        assert_eq!(lab.parents(&rev), [one.rev.clone(), two.rev]);
        assert_eq!(lab.head("main"), one.rev, "a plan moves nothing");
        repo.ship_merge(&again, false).unwrap();
        assert_eq!(lab.head("main"), rev);
        assert_eq!(plan(lab, "two").way, ShipWay::AlreadyIn);
        repo.ship_merge(&plan(lab, "two"), false).unwrap();
        assert_eq!(lab.head("main"), rev);
    });
}

#[test]
fn the_result_of_a_merge_can_be_verified_first() {
    both(|lab| {
        let repo = lab.repo();
        let two = planned(lab, "aq/job/two", &[("two.txt", Some("2\n"))]);
        lab.commit("main", &[("one.txt", Some("1\n"))]);
        let again = plan(lab, "aq/job/two");
        for _ in 0..2 {
            let place = lab.place("verify");
            let result = repo.merge_result_worktree(&place, &again).unwrap();
            assert_eq!(
                (read(result.path(), "one.txt"), read(result.path(), "two.txt")),
                ("1\n".into(), "2\n".into())
            );
            assert_eq!(result.head().unwrap().rev(), again.result());
        }
        repo.drop_merge_result(&lab.place("verify"), "aq/job/two").unwrap();
        assert!(!lab.place("verify").exists());
        assert_eq!(repo.branch_head("aq/verify/two").unwrap(), None);
        assert_eq!(lab.head("aq/job/two"), two.rev);
    });
}

/// What a process leaves that is killed while it holds the lock of a ref.
fn killed_on(lab: &Lab, name: &str) {
    let dir = lab.top.join(".git");
    fs::write(dir.join("aq-moves.lock"), format!("{name}\n")).unwrap();
    write(&dir, &format!("{name}.lock"), "");
}

#[test]
fn the_lock_of_a_killed_ship_stops_no_other() {
    both(|lab| {
        off_base(lab);
        let plan = planned(lab, "one", &[("one.txt", Some("1\n"))]);
        let place = lab.place("verify");
        drop(lab.repo().merge_result_worktree(&place, &plan).unwrap());
        killed_on(lab, "refs/heads/aq/verify/one");
        lab.repo().drop_merge_result(&place, "one").unwrap();
        killed_on(lab, "refs/heads/main");
        lab.repo().ship_merge(&plan, false).unwrap();
        assert_eq!(lab.head("main"), plan.rev);
    });
}

#[test]
fn a_lock_of_the_persons_own_stops_a_ship() {
    both(|lab| {
        off_base(lab);
        let plan = planned(lab, "one", &[("one.txt", Some("1\n"))]);
        write(&lab.top, ".git/refs/heads/main.lock", "");
        lab.repo().ship_merge(&plan, false).unwrap_err();
        assert_eq!(lab.head("main"), plan.base_rev);
        assert!(lab.top.join(".git/refs/heads/main.lock").exists());
    });
}

#[test]
fn two_lines_at_one_place_conflict() {
    both(|lab| {
        off_base(lab);
        let one = planned(lab, "one", &[("readme.md", Some("one\ntwo\nONE\nthree\n"))]);
        planned(lab, "two", &[("readme.md", Some("one\ntwo\nTWO\nthree\n"))]);
        lab.repo().ship_merge(&one, false).unwrap();
        let two = plan(lab, "two");
        let paths = vec![PathBuf::from("readme.md")];
        assert_eq!(two.way, ShipWay::Conflict { paths: paths.clone() });
        let no = Refusal::Conflict { ours: "main".into(), theirs: "two".into(), paths };
        assert_eq!(refused(lab.repo().ship_merge(&two, true)), no);
        assert_eq!(refused(lab.repo().merge_result_worktree(&lab.place("v"), &two)), no);
        assert_eq!(lab.head("main"), one.rev);
    });
}

#[test]
fn two_lines_at_one_place_both_survive_a_union() {
    both(|lab| {
        lab.commit("main", &[(".gitattributes", Some("readme.md merge=union\n"))]);
        fs::write(lab.top.join(".gitattributes"), "readme.md merge=union\n").unwrap();
        off_base(lab);
        let one = planned(lab, "one", &[("readme.md", Some("one\ntwo\nONE\nthree\n"))]);
        planned(lab, "two", &[("readme.md", Some("one\ntwo\nTWO\nthree\n"))]);
        lab.repo().ship_merge(&one, false).unwrap();
        let to = lab.repo().ship_merge(&plan(lab, "two"), false).unwrap().to;
        let files = lab.files(&to);
        assert!(files.contains("ONE") && files.contains("TWO"), "{files}");
    });
}

#[test]
fn a_checked_out_base_is_a_persons_to_ship_into() {
    both(|lab| {
        let plan = planned(
            lab,
            "one",
            &[("readme.md", Some("1\n")), ("src/a.txt", None), ("n/e/w.txt", Some("w\n"))],
        );
        let before = lab.persons_state();
        let no = Refusal::CheckedOut { branch: "main".into(), path: lab.top.clone() };
        assert_eq!(refused(lab.repo().ship_merge(&plan, false)), no);
        assert_eq!(lab.persons_state(), before);
        // A file that only looks changed, by its time, is no hindrance.
        write(&lab.top, "readme.md", "one\ntwo\nthree\n");
        // Changes of one's own in other files are no hindrance and stay.
        write(&lab.top, "mine.txt", "mine\n");
        let shipped = lab.repo().ship_merge(&plan, true).unwrap();
        assert_eq!(shipped.checkouts, std::slice::from_ref(&lab.top));
        assert_eq!(lab.head("main"), plan.rev);
        assert_eq!((read(&lab.top, "readme.md"), read(&lab.top, "n/e/w.txt")), ("1\n".into(), "w\n".into()));
        assert!(!lab.top.join("src").exists());
        fs::remove_file(lab.top.join("mine.txt")).unwrap();
        assert!(clean(lab));
        assert_eq!(lab.raw().head().unwrap().name().unwrap(), "refs/heads/main");
    });
}

#[test]
fn base_checked_out_in_a_linked_worktree_counts_too() {
    both(|lab| {
        off_base(lab);
        let plan = planned(lab, "one", &[("one.txt", Some("1\n"))]);
        let main = lab.head("main");
        let place = lab.place("persons own");
        lab.repo().ensure_worktree(&place, "main", crate::git::Start::IfNew(&main)).unwrap();
        assert!(matches!(refused(lab.repo().ship_merge(&plan, false)), Refusal::CheckedOut { .. }));
        lab.repo().ship_merge(&plan, true).unwrap();
        assert_eq!(read(&place, "one.txt"), "1\n");
        assert!(!lab.top.join("one.txt").exists());
    });
}

#[test]
fn a_persons_changes_are_never_overwritten() {
    both(|lab| {
        let plan = planned(
            lab,
            "one",
            &[("readme.md", Some("1\n")), ("new.txt", Some("new\n")), ("src/a.txt", None)],
        );
        let check = |what: &str, change: &dyn Fn(), back: &dyn Fn(), paths: &[&str]| {
            change();
            let before = lab.persons_state();
            let no = refused(lab.repo().ship_merge(&plan, true));
            let found = match &no {
                Refusal::Dirty { paths, .. } | Refusal::Overwrites { paths, .. } => paths.clone(),
                other => panic!("{what}: {other}"),
            };
            assert_eq!(found, paths.iter().map(PathBuf::from).collect::<Vec<_>>(), "{what}: {no}");
            assert_eq!(lab.persons_state(), before, "{what}");
            back();
        };
        let restore = || {
            let raw = lab.raw();
            raw.reset(&raw.revparse_single("HEAD").unwrap(), git2::ResetType::Hard, None).unwrap();
        };
        check("edited", &|| write(&lab.top, "readme.md", "my edit\n"), &restore, &["readme.md"]);
        check("deleted", &|| fs::remove_file(lab.top.join("readme.md")).unwrap(), &restore, &["readme.md"]);
        let stage = || {
            write(&lab.top, "readme.md", "staged\n");
            let raw = lab.raw();
            let mut index = raw.index().unwrap();
            index.add_path(std::path::Path::new("readme.md")).unwrap();
            index.write().unwrap();
            // The disk says the old words again; the index alone holds the work.
            write(&lab.top, "readme.md", "one\ntwo\nthree\n");
        };
        check("staged", &stage, &restore, &["readme.md"]);
        check("edited what is removed", &|| write(&lab.top, "src/a.txt", "edit\n"), &restore, &["src/a.txt"]);
        let gone = || fs::remove_file(lab.top.join("new.txt")).unwrap();
        check("untracked", &|| write(&lab.top, "new.txt", "mine\n"), &gone, &["new.txt"]);
        fs::write(lab.top.join(".git/info/exclude"), "new.txt\n").unwrap();
        check("ignored", &|| write(&lab.top, "new.txt", "mine\n"), &gone, &["new.txt"]);
        lab.repo().ship_merge(&plan, true).unwrap();
        assert!(clean(lab));
    });
}

#[test]
fn a_folder_in_the_way_of_a_file_is_refused() {
    both(|lab| {
        let plan = planned(lab, "one", &[("new", Some("a file\n")), ("readme.md", Some("1\n"))]);
        write(&lab.top, "new/mine.txt", "mine\n");
        let main = lab.head("main");
        assert!(lab.repo().ship_merge(&plan, true).is_err());
        assert_eq!((read(&lab.top, "new/mine.txt"), lab.head("main")), ("mine\n".into(), main));
    });
}

#[test]
fn a_ship_cut_short_is_completed_by_the_next() {
    both(|lab| {
        let plan = planned(
            lab,
            "one",
            &[("readme.md", Some("1\n")), ("new.txt", Some("new\n")), ("src/a.txt", None)],
        );
        // Half the files were written, index and ref were not.
        write(&lab.top, "readme.md", "1\n");
        write(&lab.top, "new.txt", "new\n");
        lab.repo().ship_merge(&plan, true).unwrap();
        assert_eq!(lab.head("main"), plan.rev);
        assert!(clean(lab));
        assert!(!lab.top.join("src/a.txt").exists());
    });
}

#[test]
fn a_merge_of_the_persons_own_is_not_disturbed() {
    both(|lab| {
        let plan = planned(lab, "one", &[("one.txt", Some("1\n"))]);
        for (file, state) in
            [("MERGE_HEAD", "merge"), ("rebase-merge", "rebase"), ("index.lock", "git command")]
        {
            fs::write(lab.top.join(".git").join(file), format!("{}\n", plan.rev)).unwrap();
            let no = refused(lab.repo().ship_merge(&plan, true));
            assert_eq!(no, Refusal::Busy { path: lab.top.clone(), state });
            fs::remove_file(lab.top.join(".git").join(file)).unwrap();
        }
        assert!(!lab.top.join("one.txt").exists());
    });
}

#[test]
fn a_detached_head_at_base_is_no_checkout_of_it() {
    both(|lab| {
        let raw = lab.raw();
        raw.set_head_detached(raw.refname_to_id("refs/heads/main").unwrap()).unwrap();
        let plan = planned(lab, "one", &[("one.txt", Some("1\n"))]);
        lab.repo().ship_merge(&plan, false).unwrap();
        assert_eq!(lab.head("main"), plan.rev);
        assert!(!lab.top.join("one.txt").exists());
        assert!(clean(lab));
    });
}

#[test]
fn only_a_branch_can_be_shipped_into() {
    both(|lab| {
        let rev = lab.head("main");
        let request =
            ShipRequest { name: "x".into(), rev: rev.clone(), base: "mian".into(), verified_base: None };
        let no = refused(lab.repo().ship_plan(&request));
        assert_eq!(no, Refusal::NotABranch { name: "mian".into(), near: vec!["main".into()] });
        let request = ShipRequest { base: rev.to_string(), ..request };
        assert!(matches!(refused(lab.repo().ship_plan(&request)), Refusal::NotABranch { .. }));
    });
}
