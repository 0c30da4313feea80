//! Worktrees: made, found again after a crash, removed; and the person's checkout stays as it is.

use std::fs;

use super::fixture::{Lab, as_installed, both, git, read, refused, request, write};
use crate::git::attach::{neighbour, write_admin_entry};
use crate::git::{Head, Kept, Refusal, Start};

#[test]
fn the_persons_checkout_is_never_touched() {
    both(|lab| {
        write(&lab.top, "readme.md", "my own words\n");
        write(&lab.top, "staged.txt", "staged\n");
        let raw = lab.raw();
        let mut index = raw.index().unwrap();
        index.add_path(std::path::Path::new("staged.txt")).unwrap();
        index.write().unwrap();
        write(&lab.top, "notes/untracked.txt", "mine\n");
        let before = lab.persons_state();

        let job = lab.job("x");
        write(job.path(), "new.txt", "new\n");
        write(job.path(), "readme.md", "one\ntwo\nTHREE\n");
        let saved = job.checkpoint(&request("x")).unwrap();
        let dep = lab.commit("dep", &[("dep.txt", Some("dep\n"))]);
        let _ = job.merge_heads(&[("dep".to_string(), dep)]).unwrap();
        job.unsaved(None).unwrap();
        lab.repo()
            .accept(
                "aq/job/x",
                &job.checkpoint(&request("x")).unwrap().rev,
                Some(job.head().unwrap().rev().unwrap()),
            )
            .unwrap();
        lab.repo().remove_worktree(job.path(), Kept::Told).unwrap();
        assert_ne!(saved.rev, lab.head("main"));
        assert_eq!(lab.persons_state(), before);
    });
}

#[test]
fn a_worktree_is_made_once_and_found_again() {
    both(|lab| {
        let job = lab.job("x");
        assert_eq!(read(job.path(), "readme.md"), "one\ntwo\nthree\n");
        assert_eq!(job.head().unwrap(), Head::Branch { name: "aq/job/x".to_string(), rev: lab.head("main") });
        assert!(job.unsaved(None).unwrap().is_empty());
        write(job.path(), "readme.md", "work\n");
        let again = lab.job("x");
        assert_eq!(read(again.path(), "readme.md"), "work\n");
        assert_eq!(lab.repo().checkouts().unwrap().len(), 2);
    });
}

#[test]
fn an_existing_branch_is_continued() {
    both(|lab| {
        lab.branch("aq/job/x", "main");
        let head = lab.commit("aq/job/x", &[("done.txt", Some("done\n"))]);
        let job = lab.job("x");
        assert_eq!(job.head().unwrap().rev(), Some(&head));
        assert_eq!(read(job.path(), "done.txt"), "done\n");
    });
}

#[test]
fn a_crash_at_any_point_is_repaired() {
    // What is broken, by name, and whether the work in the folder has to survive.
    let check =
        |lab: &Lab, what: &str, survives: bool, breaks: &dyn Fn(&std::path::Path, &std::path::Path)| {
            let job = lab.job(what);
            write(job.path(), "work.txt", "work\n");
            fs::remove_file(job.path().join("src/a.txt")).unwrap();
            let (path, admin) = (job.path().to_path_buf(), job.pipes().git_dir().to_path_buf());
            drop(job);
            breaks(&path, &admin);
            let job = lab.job(what);
            let unsaved = job.unsaved(None).unwrap().files;
            let expected: &[&str] = if survives { &["src/a.txt", "work.txt"] } else { &[] };
            assert_eq!(unsaved, expected.iter().map(std::path::PathBuf::from).collect::<Vec<_>>(), "{what}");
            assert_eq!(job.head().unwrap().branch(), Some(format!("aq/job/{what}").as_str()), "{what}");
            assert_eq!(path.join("src/a.txt").exists(), !survives, "{what}");
            assert!(!neighbour(&path, "aq-gone").exists() && !neighbour(&path, "aq-new").exists(), "{what}");
        };
    both(|lab| {
        check(lab, "folder-gone", false, &|path, _| fs::remove_dir_all(path).unwrap());
        check(lab, "folder-empty", false, &|path, _| {
            fs::remove_dir_all(path).unwrap();
            fs::create_dir(path).unwrap();
        });
        check(lab, "entry-gone", true, &|_, admin| fs::remove_dir_all(admin).unwrap());
        check(lab, "link-gone", true, &|path, _| fs::remove_file(path.join(".git")).unwrap());
        check(lab, "both-gone", false, &|path, admin| {
            fs::remove_dir_all(path).unwrap();
            fs::remove_dir_all(admin).unwrap();
        });
        check(lab, "index-gone", true, &|_, admin| fs::remove_file(admin.join("index")).unwrap());
        check(lab, "half-removed", false, &|path, _| fs::rename(path, neighbour(path, "aq-gone")).unwrap());
        check(lab, "killed-add", true, &|_, admin| fs::write(admin.join("locked"), "initializing").unwrap());
    });
}

#[test]
fn a_checkout_that_was_cut_short_is_finished_by_force() {
    both(|lab| {
        let job = lab.job("x");
        job.mark_unsettled().unwrap();
        fs::remove_file(job.path().join("readme.md")).unwrap();
        write(job.path(), "src/a.txt", "half");
        assert!(job.unsaved(None).unwrap().is_empty());
        assert_eq!(job.checkpoint(&request("x")).unwrap().rev, lab.head("main"));
        job.mark_unsettled().unwrap();
        write(job.path(), "src/a.txt", "half");
        fs::write(job.pipes().git_dir().join("aq-index-999999999-0"), "left by a killed process").unwrap();
        let job = lab.job("x");
        assert!(job.unsaved(None).unwrap().is_empty());
        assert_eq!(read(job.path(), "src/a.txt"), "a\n");
        assert!(!job.pipes().git_dir().join("aq-index-999999999-0").exists());
    });
}

#[test]
fn an_entry_with_an_empty_link_stands_in_nobodys_way() {
    both(|lab| {
        let admin = lab.top.join(".git/worktrees/aq-job-x");
        fs::create_dir_all(&admin).unwrap();
        for (name, text) in [("commondir", "../..\n"), ("HEAD", "ref: refs/heads/aq/job/x\n"), ("gitdir", "")]
        {
            fs::write(admin.join(name), text).unwrap();
        }
        let job = lab.job("x");
        write(job.path(), "work.txt", "work\n");
        assert_eq!(job.head().unwrap().branch(), Some("aq/job/x"));
        assert_eq!(lab.job("x").unsaved(None).unwrap().files, [std::path::PathBuf::from("work.txt")]);
    });
}

#[test]
fn an_entry_that_was_never_finished_is_taken_over() {
    let lab = Lab::new(crate::git::needs::Means { git: None, always_program: false });
    // Killed before the link back, and between making and filling it.
    for name in ["z", "x"] {
        let admin = lab.top.join(format!(".git/worktrees/aq-job-{name}"));
        fs::create_dir_all(&admin).unwrap();
        if name == "x" {
            fs::write(admin.join("HEAD"), "ref: refs/heads/aq/job/x\n").unwrap();
            fs::write(admin.join("gitdir"), "").unwrap();
        }
        let job = lab.job(name);
        assert_eq!(fs::canonicalize(job.pipes().git_dir()).unwrap(), admin);
    }
    // A taken name is passed over.
    let other = lab.place("other");
    write_admin_entry(&lab.top.join(".git"), &other, "aq/job/x").unwrap();
    assert!(lab.top.join(".git/worktrees/aq-job-x1").exists());
}

#[test]
fn strangers_are_refused() {
    both(|lab| {
        let (repo, main) = (lab.repo(), lab.head("main"));
        let path = lab.place("taken");
        write(&path, "mine.txt", "mine\n");
        let made = repo.ensure_worktree(&path, "aq/job/x", Start::IfNew(&main));
        assert_eq!(refused(made), Refusal::PathTaken { path: path.clone() });
        assert_eq!(repo.branch_head("aq/job/x").unwrap(), None, "a refusal makes no branch");
        assert_eq!(
            refused(repo.remove_worktree(&path, Kept::Told)),
            Refusal::PathTaken { path: path.clone() }
        );
        assert_eq!(read(&path, "mine.txt"), "mine\n");
        refused(repo.remove_worktree(&lab.top, Kept::Told));

        let job = lab.job("x");
        let made = repo.ensure_worktree(&lab.place("y"), "aq/job/x", Start::IfNew(&main));
        let path = job.path().to_path_buf();
        assert_eq!(refused(made), Refusal::BranchInUse { branch: "aq/job/x".to_string(), path });
        // A moved worktrees folder leaves an entry whose folder is gone: that does not hold the branch.
        fs::remove_dir_all(job.path()).unwrap();
        repo.ensure_worktree(&lab.place("y"), "aq/job/x", Start::IfNew(&main)).unwrap();
    });
}

#[test]
fn starting_exactly_somewhere_loses_nothing() {
    both(|lab| {
        let (repo, main) = (lab.repo(), lab.head("main"));
        let job = lab.job("x");
        let exactly = |rev| repo.ensure_worktree(job.path(), "aq/job/x", Start::Exactly(rev));
        write(job.path(), "work.txt", "work\n");
        // Saved as it stands: branch and index move, no file does.
        let saved = job.checkpoint(&request("x")).unwrap().rev;
        let before = fs::metadata(job.path().join("work.txt")).unwrap().modified().unwrap();
        let moved = exactly(&saved).unwrap();
        assert_eq!(lab.head("aq/job/x"), saved);
        assert_eq!(fs::metadata(job.path().join("work.txt")).unwrap().modified().unwrap(), before);
        assert!(moved.unsaved(None).unwrap().is_empty());
        // Clean, and the old head is kept by its checkpoint ref: files are written anew.
        exactly(&main).unwrap();
        assert!(!job.path().join("work.txt").exists());
        // Dirty with something else: refused.
        write(job.path(), "more.txt", "more\n");
        assert!(matches!(refused(exactly(&saved)), Refusal::Unsaved { .. }));
        fs::remove_file(job.path().join("more.txt")).unwrap();
        // Commits that no ref would keep: refused.
        lab.branch("lone", "main");
        let lone = lab.commit("lone", &[("lone.txt", Some("lone\n"))]);
        exactly(&main).unwrap();
        repo.accept("aq/job/x", &lone, Some(&main)).unwrap();
        job.pipes().reset_hard().unwrap();
        lab.raw().find_reference("refs/heads/lone").unwrap().delete().unwrap();
        let no = Refusal::Stranded { branch: "aq/job/x".to_string(), rev: lone };
        assert_eq!(refused(exactly(&main)), no);
    });
}

/// Number of loose objects.
fn objects(lab: &Lab) -> usize {
    let parts = fs::read_dir(lab.top.join(".git/objects")).unwrap();
    parts.map(|part| fs::read_dir(part.unwrap().path()).unwrap().count()).sum()
}

#[test]
fn unsaved_work_is_not_removed() {
    both(|lab| {
        let repo = lab.repo();
        let job = lab.job("x");
        write(job.path(), "work.txt", "1\n2\n");
        write(job.path(), "readme.md", "one\ntwo\n");
        let before = objects(lab);
        let unsaved = job.unsaved(None).unwrap();
        assert_eq!((unsaved.files.len(), unsaved.lines), (2, 3));
        assert_eq!(objects(lab), before, "looking at the risk writes nothing");
        assert!(matches!(refused(repo.remove_worktree(job.path(), Kept::AtHead)), Refusal::Unsaved { .. }));
        let saved = job.checkpoint(&request("x")).unwrap().rev;
        write(job.path(), ".env", "TOKEN=1\n");
        let no = refused(repo.remove_worktree(job.path(), Kept::At(&saved)));
        assert_eq!(no.to_string(), format!("{} holds unsaved work in .env", job.path().display()));
        fs::remove_file(job.path().join(".env")).unwrap();
        let admin = job.pipes().git_dir().to_path_buf();
        fs::write(admin.join("locked"), "on a stick").unwrap();
        let no = refused(repo.remove_worktree(job.path(), Kept::At(&saved)));
        assert!(no.to_string().ends_with("is locked: on a stick"), "{no}");
        fs::remove_file(admin.join("locked")).unwrap();
        repo.remove_worktree(job.path(), Kept::At(&saved)).unwrap();
        assert!(!job.path().exists() && !admin.exists());
        repo.remove_worktree(job.path(), Kept::AtHead).unwrap();
    });
}

#[test]
fn a_detached_head_that_no_ref_keeps_is_not_removed() {
    both(|lab| {
        let job = lab.job("x");
        lab.branch("lone", "main");
        let lone = lab.commit("lone", &[("lone.txt", Some("lone\n"))]);
        let raw = git2::Repository::open(job.path()).unwrap();
        raw.set_head_detached(git2::Oid::from_str(lone.as_str()).unwrap()).unwrap();
        raw.checkout_head(Some(git2::build::CheckoutBuilder::new().force())).unwrap();
        raw.find_reference("refs/heads/lone").unwrap().delete().unwrap();
        assert!(matches!(
            refused(lab.repo().remove_worktree(job.path(), Kept::AtHead)),
            Refusal::Stranded { .. }
        ));
    });
}

#[test]
fn refs_of_a_job_are_listed_and_deleted() {
    both(|lab| {
        let repo = lab.repo();
        let (x, xy) = ("x".into(), "xy".into());
        let job = lab.job("x");
        write(job.path(), "work.txt", "work\n");
        let saved = job.checkpoint(&request("x")).unwrap().rev;
        lab.job("xy").checkpoint(&request("xy")).unwrap();
        assert_eq!(repo.job_refs(&x).unwrap(), [("refs/aq/x/1".to_string(), saved)]);
        assert!(matches!(refused(repo.delete_job_refs(&x, true)), Refusal::BranchInUse { .. }));
        repo.delete_job_refs(&x, false).unwrap();
        assert_eq!(repo.job_refs(&x).unwrap(), []);
        assert_eq!(repo.branch_head("aq/wip/x").unwrap(), None);
        assert_eq!(repo.job_refs(&xy).unwrap().len(), 1);
        repo.remove_worktree(job.path(), Kept::Told).unwrap();
        repo.delete_job_refs(&x, true).unwrap();
        assert_eq!(repo.branch_head("aq/job/x").unwrap(), None);
    });
}

#[test]
fn submodules_stay_as_they_are() {
    as_installed(|lab| {
        let sub = lab.dir.path().join("library");
        fs::create_dir(&sub).unwrap();
        git(&sub, &["init", "--quiet", "-b", "main"]);
        git(&sub, &["commit", "--quiet", "--allow-empty", "-m", "first"]);
        git(&lab.top, &["submodule", "--quiet", "add", sub.to_str().unwrap(), "lib"]);
        git(&lab.top, &["commit", "--quiet", "-m", "a submodule"]);
        for always_program in [false, true] {
            let lab =
                Lab { dir: tempfile::tempdir().unwrap(), top: lab.top.clone(), means: lab.means.clone() };
            let lab = Lab { means: crate::git::needs::Means { always_program, ..lab.means }, ..lab };
            let name = format!("x{always_program}");
            let job = lab.job(&name);
            assert_eq!(fs::read_dir(job.path().join("lib")).unwrap().count(), 0);
            assert!(job.unsaved(None).unwrap().is_empty());
            write(job.path(), "new.txt", "new\n");
            let saved = job.checkpoint(&request(&name)).unwrap();
            assert_eq!(saved.left_out, []);
            let changed = lab.repo().changed_paths(&lab.head("main"), &saved.rev).unwrap();
            assert_eq!(changed, [std::path::PathBuf::from("new.txt")]);
            // One that the engine filled: a new commit in it is recorded, changes in it are named, and
            // commits that only stand there are not thrown away.
            git(job.path(), &["submodule", "--quiet", "update", "--init"]);
            let inner = job.path().join("lib");
            assert!(job.unsaved(Some(&saved.rev)).unwrap().is_empty());
            git(&inner, &["commit", "--quiet", "--allow-empty", "-m", "inner work"]);
            let moved = job.checkpoint(&request(&name)).unwrap();
            assert_eq!((moved.stat.paths, moved.left_out), (vec!["lib".into()], vec![]));
            write(&inner, "inner.txt", "inner\n");
            let named = job.checkpoint(&request(&name)).unwrap().left_out;
            assert_eq!(
                named.iter().map(|left| left.path.clone()).collect::<Vec<_>>(),
                [std::path::PathBuf::from("lib")]
            );
            fs::remove_file(inner.join("inner.txt")).unwrap();
            let no = refused(lab.repo().remove_worktree(job.path(), Kept::At(&moved.rev)));
            assert!(matches!(no, Refusal::Unsaved { .. }), "{no}");
            git(&inner, &["checkout", "--quiet", "origin/main"]);
            git(&inner, &["branch", "--quiet", "-f", "main", "origin/main"]);
            let back = job.checkpoint(&request(&name)).unwrap().rev;
            lab.repo().remove_worktree(job.path(), Kept::At(&back)).unwrap();
            // A submodule is a repository of its own, with its own worktrees.
            let inner = lab.top.join("lib");
            let repo = crate::git::Repo::discover_with(lab.means.clone(), &inner).unwrap().unwrap();
            assert_eq!(repo.facts().unwrap().workdir, inner);
            assert_eq!(repo.default_branch().unwrap(), "main");
            let head = repo.resolve("main").unwrap();
            repo.ensure_worktree(&lab.place("in"), &format!("aq/job/{name}"), Start::IfNew(&head)).unwrap();
        }
    });
}

#[test]
fn many_at_once() {
    both(|lab| {
        std::thread::scope(|scope| {
            for n in 0..4 {
                scope.spawn(move || {
                    let name = format!("x{n}");
                    let job = lab.job(&name);
                    for round in 0..3 {
                        write(job.path(), "work.txt", &format!("{n} {round}\n"));
                        let saved = job.checkpoint(&request(&name)).unwrap();
                        assert!(lab.files(&saved.rev).contains(&format!("work.txt {n} {round}/")));
                    }
                    let repo = lab.repo();
                    repo.remove_worktree(job.path(), Kept::Told).unwrap();
                    repo.delete_job_refs(&name.as_str().into(), true).unwrap();
                });
            }
        });
        assert_eq!(lab.repo().checkouts().unwrap().len(), 1);
        assert_eq!(lab.raw().references().unwrap().count(), 1);
    });
}
