//! Discovery, facts and names.

use std::fs;

use super::fixture::{Lab, as_installed, both, git, refused, write};
use crate::git::needs::Means;
use crate::git::{Head, Refusal, Repo};

#[test]
fn outside_of_a_repository_there_is_none() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Repo::discover(dir.path()).unwrap().is_none());
    // A path that is not there is no answer to the question.
    assert!(Repo::discover(&dir.path().join("typo")).is_err());
}

#[test]
fn facts_from_a_folder_below() {
    both(|lab| {
        let repo = Repo::discover_with(lab.means.clone(), &lab.top.join("src")).unwrap().unwrap();
        let facts = repo.facts().unwrap();
        assert_eq!((&facts.workdir, &facts.common_dir), (&lab.top, &lab.top.join(".git")));
        assert_eq!(facts.head, Head::Branch { name: "main".to_string(), rev: lab.head("main") });
        assert_eq!(facts.needs_git_program, None);
        assert_eq!(repo.default_branch().unwrap(), "main");
    });
}

#[test]
fn facts_from_inside_a_linked_worktree() {
    both(|lab| {
        let job = lab.job("x");
        let repo = Repo::discover_with(lab.means.clone(), &job.path().join("src")).unwrap().unwrap();
        let facts = repo.facts().unwrap();
        assert_eq!((facts.workdir.as_path(), &facts.common_dir), (job.path(), &lab.top.join(".git")));
        assert_eq!(facts.head.branch(), Some("aq/job/x"));
        assert_eq!(repo.default_branch().unwrap(), "main");
    });
}

#[test]
fn without_commits() {
    for means in [Means { git: None, always_program: false }, Means { always_program: true, ..Means::here() }]
    {
        if means.always_program && means.git.is_none() {
            println!("SKIPPED: no git program on PATH");
            continue;
        }
        let lab = Lab::unborn(means);
        let repo = lab.repo();
        assert!(!repo.facts().unwrap().has_commits());
        let no = Refusal::NoCommits { branch: "main".to_string() };
        assert_eq!(refused(repo.default_branch()), no);
        assert_eq!(refused(repo.resolve("main")), no);
    }
}

#[test]
fn a_bare_repository_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    git2::Repository::init_bare(dir.path()).unwrap();
    assert!(matches!(refused(Repo::discover(dir.path())), Refusal::Bare { .. }));
}

#[test]
fn detached_head_falls_back_to_origin_then_to_main() {
    both(|lab| {
        let raw = lab.raw();
        let rev = lab.head("main");
        raw.set_head_detached(git2::Oid::from_str(rev.as_str()).unwrap()).unwrap();
        let repo = lab.repo();
        assert_eq!(repo.facts().unwrap().head, Head::Detached { rev });
        assert_eq!(repo.default_branch().unwrap(), "main");
        let trunk = lab.commit("trunk", &[("t", Some("t\n"))]);
        let id = git2::Oid::from_str(trunk.as_str()).unwrap();
        raw.reference("refs/remotes/origin/trunk", id, true, "").unwrap();
        raw.reference("refs/remotes/origin/another", id, true, "").unwrap();
        raw.reference_symbolic("refs/remotes/origin/HEAD", "refs/remotes/origin/trunk", true, "").unwrap();
        assert_eq!(repo.default_branch().unwrap(), "trunk");
    });
}

#[test]
fn names_are_resolved_or_near_ones_offered() {
    both(|lab| {
        let (repo, main) = (lab.repo(), lab.head("main"));
        lab.branch("develop", "main");
        let raw = lab.raw();
        let commit = raw.revparse_single("main").unwrap();
        let who = git2::Signature::now("Ann", "ann@example.org").unwrap();
        raw.tag("v1.0", &commit, &who, "first", false).unwrap();
        for name in ["main", "develop", "v1.0", main.as_str(), &main.as_str()[..10]] {
            assert_eq!(repo.resolve(name).unwrap(), main, "{name}");
        }
        let check = |name: &str, near: &[&str]| {
            let near = near.iter().map(|n| n.to_string()).collect();
            assert_eq!(refused(repo.resolve(name)), Refusal::BaseUnknown { name: name.to_string(), near });
        };
        check("develp", &["develop"]);
        check("nothing-like-it", &[]);
        check("--all", &[]);
        check("", &[]);
        check("main:readme.md", &["main"]);
        check("0123456789012345678901234567890123456789", &[]);
    });
}

#[test]
fn history_in_words() {
    both(|lab| {
        let (repo, from) = (lab.repo(), lab.head("main"));
        lab.branch("work", "main");
        lab.commit("work", &[("readme.md", Some("one\n2\nthree\nfour\n"))]);
        let to = lab.commit("work", &[("new.txt", Some("new\n")), ("src/a.txt", None)]);
        let stat = repo.diffstat(&from, &to).unwrap();
        assert_eq!((stat.files, stat.insertions, stat.deletions), (3, 3, 2));
        let paths: Vec<_> = repo.changed_paths(&from, &to).unwrap();
        assert_eq!(paths, ["new.txt", "readme.md", "src/a.txt"].map(std::path::PathBuf::from));
        let text = repo.diff_text(&from, &to, false).unwrap();
        assert!(
            text.contains("--- a/readme.md\n+++ b/readme.md\n@@ -1,3 +1,4 @@\n one\n-two\n+2\n"),
            "{text}"
        );
        let table = repo.diff_text(&from, &to, true).unwrap();
        assert!(table.contains("3 files changed, 3 insertions(+), 2 deletions(-)"), "{table}");
        let subjects = repo.log_subjects(Some(&from), &to).unwrap();
        assert_eq!(
            subjects.iter().map(|s| s.text.as_str()).collect::<Vec<_>>(),
            ["change work", "change work"]
        );
        assert_eq!(subjects[0].rev, to);
    });
}

#[test]
fn filters_need_the_program_and_say_so() {
    let lab = Lab::new(Means { git: None, always_program: false });
    write(&lab.top, ".gitattributes", "*.bin filter=lfs diff=lfs\n");
    let found = refused(Repo::discover_with(lab.means.clone(), &lab.top));
    assert_eq!(found, Refusal::NeedsGit { reason: "has files with the filter lfs".to_string() });
    assert!(found.to_string().contains("git is not on PATH"));
}

#[test]
fn a_filter_that_only_the_base_has_is_seen_before_its_files_are_written() {
    let lab = Lab::new(Means { git: None, always_program: false });
    let rev = lab.commit("lfs", &[("deep/down/.gitattributes", Some("*.bin filter=lfs\n"))]);
    let made = lab.repo().ensure_worktree(&lab.place("x"), "aq/job/x", crate::git::Start::IfNew(&rev));
    assert!(matches!(refused(made), Refusal::NeedsGit { .. }));
}

#[test]
fn what_libgit2_cannot_read_goes_through_the_program() {
    as_installed(|lab| {
        let check = |name: &str, make: &dyn Fn(&std::path::Path), reason: &str| {
            let top = fs::canonicalize(lab.dir.path()).unwrap().join(name);
            make(&top);
            git(&top, &["commit", "--quiet", "--allow-empty", "-m", "first"]);
            let repo = Repo::discover_with(lab.means.clone(), &top).unwrap().unwrap();
            let facts = repo.facts().unwrap();
            assert_eq!(facts.needs_git_program.as_deref(), Some(reason));
            assert_eq!(facts.workdir, top);
            let without = Means { git: None, always_program: false };
            assert!(matches!(refused(Repo::discover_with(without, &top)), Refusal::NeedsGit { .. }));
            let start = repo.resolve("main").unwrap();
            let place = lab.place(name);
            let job = repo.ensure_worktree(&place, "aq/job/x", crate::git::Start::IfNew(&start)).unwrap();
            write(job.path(), "new.txt", "new\n");
            write(job.path(), "out/new.txt", "outside of a sparse cone\n");
            let saved = job.checkpoint(&super::fixture::request("x")).unwrap();
            assert_eq!(
                repo.changed_paths(&start, &saved.rev).unwrap(),
                ["new.txt", "out/new.txt"].map(std::path::PathBuf::from)
            );
            assert!(job.unsaved(Some(&saved.rev)).unwrap().is_empty());
            repo.remove_worktree(&place, crate::git::Kept::At(&saved.rev)).unwrap();
            assert!(!place.exists());
        };
        let init = |top: &std::path::Path, more: &str| {
            git(lab.dir.path(), &["init", "--quiet", "-b", "main", more, top.to_str().unwrap()]);
        };
        check("sha256", &|top| init(top, "--object-format=sha256"), "uses another object format than SHA-1");
        let split = |top: &std::path::Path| {
            init(top, "--quiet");
            git(top, &["config", "core.splitIndex", "true"]);
        };
        check("split", &split, "uses a split index");
        let sparse = |top: &std::path::Path| {
            init(top, "--quiet");
            write(top, "out/old.txt", "not checked out, and not deleted either\n");
            git(top, &["add", "."]);
            git(top, &["commit", "--quiet", "-m", "all"]);
            git(top, &["sparse-checkout", "set", "only"]);
            assert!(!top.join("out").exists());
        };
        check("sparse", &sparse, "is a sparse checkout");
        let partial = |top: &std::path::Path| {
            init(top, "--quiet");
            git(top, &["config", "remote.origin.promisor", "true"]);
        };
        check("partial", &partial, "is a partial clone");
    });
}
