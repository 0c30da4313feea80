//! Checkpoints hold the whole worktree, keep what came before, and touch nothing the engine sees.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::fixture::{Lab, as_installed, both, git, read, refused, request, write};
use crate::git::{BIG_FILE, Refusal, Worktree};
use crate::job::Rev;

/// What the engine can see: its index, HEAD and files.
fn engines_view(job: &Worktree) -> Vec<Option<Vec<u8>>> {
    let git_dir = job.pipes().git_dir();
    let mut names: Vec<_> = fs::read_dir(git_dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let mut view: Vec<_> = names.iter().map(|path| fs::read(path).ok()).collect();
    view.extend(names.iter().map(|path| Some(path.as_os_str().as_bytes().to_vec())));
    view
}

fn commit_in(job: &Worktree, message: &str) -> Rev {
    let repo = git2::Repository::open(job.path()).unwrap();
    let mut index = repo.index().unwrap();
    index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
    index.write().unwrap();
    let tree = repo.find_tree(index.write_tree().unwrap()).unwrap();
    let who = git2::Signature::now("Engine", "engine@example.org").unwrap();
    let parent = repo.head().unwrap().peel_to_commit().unwrap();
    Rev::new(repo.commit(Some("HEAD"), &who, &who, message, &tree, &[&parent]).unwrap().to_string())
}

#[test]
fn the_whole_worktree_and_nothing_touched() {
    both(|lab| {
        let job = lab.job("x");
        write(job.path(), "readme.md", "one\n");
        fs::remove_file(job.path().join("src/a.txt")).unwrap();
        write(job.path(), "new dir/ü.txt", "new\n");
        write(job.path(), ".gitignore", "target\n");
        write(job.path(), "target/out.o", "ignored\n");
        symlink("readme.md", job.path().join("link")).unwrap();
        write(job.path(), "run.sh", "#!/bin/sh\n");
        fs::set_permissions(job.path().join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        let before = engines_view(&job);
        let saved = job.checkpoint(&request("x")).unwrap();
        assert_eq!(engines_view(&job), before);
        let expected = "100644 .gitignore target/\n120000 link readme.md\n100644 new dir/ü.txt new/\n\
                        100644 readme.md one/\n100755 run.sh #!/bin/sh/\n";
        assert_eq!(lab.files(&saved.rev), expected);
        assert!(saved.changed_since_parent);
        assert_eq!((saved.stat.files, saved.left_out.len()), (6, 0));
        assert_eq!(lab.parents(&saved.rev), [lab.head("main")]);
        assert_eq!(lab.head("aq/wip/x"), saved.rev);
        assert_eq!(lab.head("aq/job/x"), lab.head("main"));
        assert!(job.unsaved(Some(&saved.rev)).unwrap().is_empty());
    });
}

#[test]
fn trailers_are_one_paragraph_that_no_value_can_break() {
    both(|lab| {
        let job = lab.job("x");
        write(job.path(), "new.txt", "new\n");
        let mut request = request("x");
        request.trailers.push(("Aq-Session".to_string(), "s1\nAq-Epoch: 9".to_string()));
        let saved = job.checkpoint(&request).unwrap();
        let raw = lab.raw();
        let commit = raw.find_commit(git2::Oid::from_str(saved.rev.as_str()).unwrap()).unwrap();
        let message = "aq: checkpoint\n\nAq-Job: x\nAq-Epoch: 1\nAq-Session: s1 Aq-Epoch: 9\n";
        assert_eq!(commit.message().unwrap(), message);
        assert_eq!(commit.author().email().unwrap(), "ann@example.org");
    });
}

#[test]
fn without_a_name_in_the_configuration_aq_signs() {
    both(|lab| {
        lab.raw().config().unwrap().set_str("user.name", "").unwrap();
        lab.raw().config().unwrap().set_str("user.email", "").unwrap();
        let job = lab.job("x");
        write(job.path(), "new.txt", "new\n");
        let saved = job.checkpoint(&request("x")).unwrap();
        let raw = lab.raw();
        let commit = raw.find_commit(git2::Oid::from_str(saved.rev.as_str()).unwrap()).unwrap();
        assert_eq!(commit.author().to_string(), "aq <aq@localhost>");
    });
}

#[test]
fn nothing_changed_makes_no_commit() {
    both(|lab| {
        let job = lab.job("x");
        let first = job.checkpoint(&request("x")).unwrap();
        assert_eq!((&first.rev, first.changed_since_parent), (&lab.head("main"), false));
        write(job.path(), "new.txt", "new\n");
        let second = job.checkpoint(&request("x")).unwrap();
        let third = job.checkpoint(&request("x")).unwrap();
        assert_eq!((&third.rev, third.changed_since_parent), (&second.rev, false));
        assert_eq!((second.stat.files, third.stat.files), (1, 0));
    });
}

#[test]
fn earlier_checkpoints_and_the_engines_commits_stay_reachable() {
    both(|lab| {
        let (repo, job) = (lab.repo(), lab.job("x"));
        write(job.path(), "kept.txt", "1\n");
        let first = job.checkpoint(&request("x")).unwrap().rev;
        fs::remove_file(job.path().join("kept.txt")).unwrap();
        write(job.path(), "new.txt", "2\n");
        let second = job.checkpoint(&request("x")).unwrap().rev;
        assert_eq!(lab.parents(&second), std::slice::from_ref(&first), "a plain chain while HEAD stands");
        write(job.path(), "engine.txt", "3\n");
        let own = commit_in(&job, "the engine's own");
        let third = job.checkpoint(&request("x")).unwrap().rev;
        assert_eq!(lab.parents(&third), [own.clone(), second.clone()]);
        write(job.path(), "more.txt", "4\n");
        let fourth = job.checkpoint(&request("x")).unwrap().rev;
        assert_eq!(lab.parents(&fourth), [third]);
        for rev in [&first, &second, &own] {
            assert!(repo.contains(&fourth, rev).unwrap());
        }
        // The next epoch has no chain of its own yet, and goes on from the accepted one.
        let mut next = request("x");
        next.refname = "refs/aq/x/2".to_string();
        write(job.path(), "next.txt", "5\n");
        let fifth = job.checkpoint(&next).unwrap().rev;
        assert_eq!(lab.parents(&fifth), [fourth]);
    });
}

#[test]
fn an_engine_that_resets_its_branch_loses_nothing() {
    both(|lab| {
        let (repo, job) = (lab.repo(), lab.job("x"));
        write(job.path(), "engine.txt", "1\n");
        let own = commit_in(&job, "to be thrown away");
        job.checkpoint(&request("x")).unwrap();
        let raw = git2::Repository::open(job.path()).unwrap();
        let main = raw.revparse_single("main").unwrap();
        raw.reset(&main, git2::ResetType::Hard, None).unwrap();
        let saved = job.checkpoint(&request("x")).unwrap();
        assert!(!lab.files(&saved.rev).contains("engine.txt"));
        assert!(repo.contains(&saved.rev, &own).unwrap());
    });
}

#[test]
fn secrets_and_big_files_are_left_out_and_named() {
    both(|lab| {
        let job = lab.job("x");
        write(job.path(), "conf/.env.local", "TOKEN=1\n");
        write(job.path(), "tls.pem", "key\n");
        write(job.path(), ".env.example", "TOKEN=\n");
        fs::File::create(job.path().join("big.bin")).unwrap().set_len(BIG_FILE + 1).unwrap();
        fs::File::create(job.path().join("fits.bin")).unwrap().set_len(1000).unwrap();
        let saved = job.checkpoint(&request("x")).unwrap();
        let named: Vec<_> =
            saved.left_out.iter().map(|left| format!("{}: {}", left.path.display(), left.reason)).collect();
        let secret = "its name says it is a secret";
        let expected = [
            "big.bin: 50 MB, over 50 MB".to_string(),
            format!("conf/.env.local: {secret}"),
            format!("tls.pem: {secret}"),
        ];
        assert_eq!(named, expected);
        let files = lab.files(&saved.rev);
        assert!(files.contains(".env.example") && files.contains("fits.bin"), "{files}");
        for name in ["big.bin", ".env.local", "tls.pem"] {
            assert!(!files.contains(name), "{name}");
        }
        assert_eq!(job.unsaved(Some(&saved.rev)).unwrap().left_out.len(), 3);
    });
}

#[test]
fn a_tracked_file_is_kept_whatever_its_name() {
    both(|lab| {
        lab.commit("main", &[(".env.test", Some("A=1\n"))]);
        let job = lab.job("x");
        write(job.path(), ".env.test", "A=2\n");
        let saved = job.checkpoint(&request("x")).unwrap();
        assert!(lab.files(&saved.rev).contains("100644 .env.test A=2/"));
        assert_eq!(saved.left_out, []);
    });
}

#[test]
fn the_copy_of_an_index_is_as_old_as_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let index = fs::File::create(dir.path().join("index")).unwrap();
    index.set_modified(std::time::UNIX_EPOCH).unwrap();
    let copy = crate::git::library_files::IndexCopy::of(dir.path()).unwrap();
    assert_eq!(fs::metadata(&copy.path).unwrap().modified().unwrap(), std::time::UNIX_EPOCH);
}

#[test]
fn files_become_folders_and_back() {
    both(|lab| {
        let job = lab.job("x");
        fs::remove_file(job.path().join("readme.md")).unwrap();
        write(job.path(), "readme.md/part.txt", "part\n");
        fs::remove_dir_all(job.path().join("src")).unwrap();
        write(job.path(), "src", "now a file\n");
        let saved = job.checkpoint(&request("x")).unwrap();
        let expected = "100644 readme.md/part.txt part/\n100644 src now a file/\n";
        assert_eq!(lab.files(&saved.rev), expected);
        fs::remove_file(job.path().join("src")).unwrap();
        symlink("readme.md", job.path().join("src")).unwrap();
        let saved = job.checkpoint(&request("x")).unwrap();
        assert_eq!(lab.files(&saved.rev), "100644 readme.md/part.txt part/\n120000 src readme.md\n");
    });
}

#[test]
fn names_that_are_not_text() {
    both(|lab| {
        let job = lab.job("x");
        let name = PathBuf::from(OsStr::from_bytes(b"caf\xe9 \"x\"\n.txt"));
        if fs::write(job.path().join(&name), "latin\n").is_err() {
            println!("SKIPPED: this file system takes only UTF-8 names");
            return;
        }
        let saved = job.checkpoint(&request("x")).unwrap();
        assert_eq!(lab.repo().changed_paths(&lab.head("main"), &saved.rev).unwrap(), [name]);
    });
}

#[test]
fn what_git_cannot_hold_is_named_and_breaks_nothing() {
    both(|lab| {
        let job = lab.job("x");
        let inner = job.path().join("vendor/inner");
        fs::create_dir_all(&inner).unwrap();
        git2::Repository::init(&inner).unwrap();
        write(&inner, "file.txt", "in\n");
        rustix::fs::mkfifoat(rustix::fs::CWD, job.path().join("pipe"), rustix::fs::Mode::RUSR).unwrap();
        fs::remove_file(job.path().join("src/a.txt")).unwrap();
        git2::Repository::init(job.path().join("src/a.txt")).unwrap();
        write(job.path(), "new.txt", "new\n");
        let saved = job.checkpoint(&request("x")).unwrap();
        assert!(lab.files(&saved.rev).contains("new.txt"));
        assert!(!lab.files(&saved.rev).contains("file.txt"));
        let named: Vec<_> = saved.left_out.iter().map(|left| left.path.clone()).collect();
        for name in ["vendor/inner", "src/a.txt"] {
            assert!(named.iter().any(|path| path.as_path() == Path::new(name)), "{name}: {named:?}");
        }
    });
}

#[test]
fn a_merge_the_engine_left_unfinished_is_saved_as_it_stands() {
    both(|lab| {
        let job = lab.job("x");
        lab.branch("other", "main");
        let other = lab.commit("other", &[("readme.md", Some("ONE\ntwo\nthree\n"))]);
        write(job.path(), "readme.md", "1\ntwo\nthree\n");
        commit_in(&job, "mine");
        let raw = git2::Repository::open(job.path()).unwrap();
        let theirs = raw.find_annotated_commit(git2::Oid::from_str(other.as_str()).unwrap()).unwrap();
        raw.merge(&[&theirs], None, None).unwrap();
        assert!(raw.index().unwrap().has_conflicts());
        let saved = job.checkpoint(&request("x")).unwrap();
        assert!(lab.files(&saved.rev).contains("<<<<<<<"));
        assert!(git2::Repository::open(job.path()).unwrap().index().unwrap().has_conflicts());
    });
}

#[test]
fn a_chain_that_somebody_else_moved_is_refused() {
    both(|lab| {
        let job = lab.job("x");
        write(job.path(), "new.txt", "new\n");
        let rev = lab.head("main");
        let step = |from| crate::git::plumbing::RefStep { name: "refs/aq/x/1", to: &rev, from, why: "test" };
        let other = lab.commit("other", &[("o", Some("o\n"))]);
        job.pipes().move_ref(&step(None)).unwrap();
        let no = refused(job.pipes().move_ref(&step(None)));
        assert!(matches!(no, Refusal::Moved { found: Some(_), expected: None, .. }), "{no}");
        let no = refused(job.pipes().move_ref(&step(Some(&other))));
        let words = format!("refs/aq/x/1 is at {rev}, not at {other}");
        assert_eq!(no.to_string(), words);
        let no = refused(
            job.pipes().move_ref(&crate::git::plumbing::RefStep { name: "refs/aq/x/..", ..step(None) }),
        );
        assert!(matches!(no, Refusal::BadName { .. }));
    });
}

#[test]
fn a_ref_that_another_process_is_writing_is_waited_for() {
    both(|lab| {
        let job = lab.job("x");
        write(job.path(), "new.txt", "new\n");
        let held = |name: &str| {
            let lock = lab.top.join(".git").join(name);
            fs::create_dir_all(lock.parent().unwrap()).unwrap();
            fs::write(&lock, "").unwrap();
            std::thread::spawn(move || {
                std::thread::sleep(std::time::Duration::from_millis(150));
                fs::remove_file(lock).unwrap();
            })
        };
        let other = held("refs/aq/x/1.lock");
        job.checkpoint(&request("x")).unwrap();
        other.join().unwrap();
        lab.raw().refdb_compress().unwrap();
        let other = held("packed-refs.lock");
        lab.repo().delete_job_refs(&"x".into(), false).unwrap();
        other.join().unwrap();
        assert_eq!(lab.repo().job_refs(&"x".into()).unwrap(), []);
    });
}

#[test]
fn a_fault_leaves_the_refs_where_they_were() {
    both(|lab| {
        let job = lab.job("x");
        write(job.path(), "new.txt", "new\n");
        let saved = job.checkpoint(&request("x")).unwrap();
        write(job.path(), "newer.txt", "newer\n");
        // A folder where the object folder's parts should be cannot be had twice: objects become a file.
        let objects = lab.top.join(".git/objects");
        let aside = lab.top.join(".git/objects-aside");
        for entry in fs::read_dir(&objects).unwrap() {
            let path = entry.unwrap().path();
            fs::create_dir_all(&aside).unwrap();
            if path.is_dir() && path.file_name().unwrap().len() == 2 {
                continue;
            }
        }
        for n in 0..=255 {
            let part = objects.join(format!("{n:02x}"));
            if !part.exists() {
                fs::write(part, "in the way").unwrap();
            }
        }
        let mut failed = false;
        for n in 0..50 {
            write(job.path(), "newer.txt", &format!("newer {n}\n"));
            let before = (lab.head("aq/wip/x"), lab.repo().job_refs(&"x".into()).unwrap());
            if let Err(e) = job.checkpoint(&request("x")) {
                assert!(e.refusal().is_none(), "{e}");
                assert_eq!((lab.head("aq/wip/x"), lab.repo().job_refs(&"x".into()).unwrap()), before);
                failed = true;
                break;
            }
        }
        assert!(failed, "the objects were meant to be unwritable");
        assert!(lab.repo().contains(&lab.head("aq/wip/x"), &saved.rev).unwrap());
        let left: Vec<_> = fs::read_dir(job.pipes().git_dir())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with("aq-index"))
            .collect();
        assert_eq!(left, Vec::<String>::new(), "the copied index is gone");
    });
}

#[test]
fn an_accepted_checkpoint_is_the_branch_and_the_index_follows() {
    both(|lab| {
        let (repo, job) = (lab.repo(), lab.job("x"));
        write(job.path(), "new.txt", "new\n");
        let saved = job.checkpoint(&request("x")).unwrap().rev;
        let main = lab.head("main");
        let other = lab.commit("other", &[("o", Some("o\n"))]);
        assert!(matches!(refused(repo.accept("aq/job/x", &saved, Some(&other))), Refusal::Moved { .. }));
        repo.accept("aq/job/x", &saved, Some(&main)).unwrap();
        assert_eq!(lab.head("aq/job/x"), saved);
        let inside = git2::Repository::open(job.path()).unwrap();
        assert_eq!(inside.statuses(None).unwrap().len(), 0);
        assert_eq!(read(job.path(), "new.txt"), "new\n");
    });
}

#[test]
fn filters_run_on_the_way_in_and_out() {
    as_installed(|lab| {
        let set = |name: &str, value: &str| lab.raw().config().unwrap().set_str(name, value).unwrap();
        set("filter.upper.clean", "tr a-z A-Z");
        set("filter.upper.smudge", "tr A-Z a-z");
        lab.commit("main", &[(".gitattributes", Some("*.up filter=upper\n")), ("old.up", Some("OLD\n"))]);
        let job = lab.job("x");
        assert_eq!(job.needs_git_program(), Some("has files with the filter upper"));
        assert_eq!(read(job.path(), "old.up"), "old\n");
        assert!(job.unsaved(None).unwrap().is_empty());
        write(job.path(), "new.up", "new\n");
        let saved = job.checkpoint(&request("x")).unwrap();
        assert!(lab.files(&saved.rev).contains("100644 new.up NEW/"));
        // Two lines of work meet, with the filter in force.
        lab.branch("dep", "main");
        let dep = lab.commit("dep", &[("dep.up", Some("DEP\n"))]);
        job.merge_heads(&[("dep".to_string(), dep)]).unwrap();
        assert_eq!(read(job.path(), "dep.up"), "dep\n");
    });
}

#[test]
fn hooks_and_signing_of_a_person_do_not_run() {
    as_installed(|lab| {
        git(&lab.top, &["config", "commit.gpgsign", "true"]);
        git(&lab.top, &["config", "gpg.program", "/bin/false"]);
        let hooks = lab.top.join(".git/hooks");
        fs::create_dir_all(&hooks).unwrap();
        for name in ["post-checkout", "reference-transaction", "pre-commit", "post-index-change"] {
            let ran = lab.dir.path().join("a-hook-ran");
            fs::write(hooks.join(name), format!("#!/bin/sh\ntouch '{}'\nexit 1\n", ran.display())).unwrap();
            fs::set_permissions(hooks.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let means = crate::git::needs::Means { always_program: true, ..lab.means.clone() };
        let lab = Lab { dir: tempfile::tempdir().unwrap(), top: lab.top.clone(), means };
        let job = lab.job("x");
        write(job.path(), "new.txt", "new\n");
        job.checkpoint(&request("x")).unwrap();
        let ran = lab.top.parent().unwrap().join("a-hook-ran");
        assert!(!Path::new(&ran).exists());
    });
}
