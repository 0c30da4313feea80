//! Where queues stand: repositories, links, odd names, copies, moves, folders that cannot be written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::Arc;

use aq::board::{Board as _, Local, Memory, Purpose, Settings};
use aq::fleet::{Actor, ActorKind};
use aq::store::{FaultKind, Place, Wish};
use aq::time::{Clock as _, FakeClock, Span, SystemClock};

use crate::folder_script::block;

fn root() -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().expect("a folder");
    let path = root.path().canonicalize().expect("a folder");
    (root, path)
}

fn make(queue: &Path, git_common: Option<&Path>) -> Place {
    Place::create(&Wish { queue, git_common }).expect("a queue")
}

fn drop_file(place: &Place, name: &str) {
    let path = place.queue.join("inbox").join(name);
    std::fs::write(&path, format!("# {name}\n```sh\ntrue\n```\n")).expect("written");
    let file = std::fs::OpenOptions::new().append(true).open(&path).expect("a file");
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(10)).expect("a date");
}

fn sync(board: &Local) -> Vec<String> {
    look(board, &mut Memory::default())
}

fn look(board: &Local, memory: &mut Memory) -> Vec<String> {
    let settings = Settings::load(None, &[("engine", "shell")]).expect("settings");
    let by = Actor::new(ActorKind::System, "folder");
    block(board.sync(&settings, &by, BTreeSet::new(), memory)).expect("looks").lines
}

fn local(place: &Place) -> Local {
    Local::open(place, Purpose::Act, Arc::new(SystemClock)).expect("opens")
}

fn refusal(queue: &Path) -> String {
    let fault = Place::open(queue).expect_err("refused");
    assert_eq!(fault.kind, FaultKind::Place);
    format!("{}; {}", fault.why, fault.hint)
}

fn git(at: &Path, words: &str) -> bool {
    let mut git = Process::new("git");
    git.args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]);
    git.args(words.split(' ')).current_dir(at).env("GIT_CONFIG_GLOBAL", "/dev/null");
    git.output().is_ok_and(|out| out.status.success())
}

#[test]
fn git_clean_and_stash_leave_the_history_whole() {
    let (_root, root) = root();
    if !git(&root, "init -q") {
        println!("no git here: not tested");
        return;
    }
    std::fs::write(root.join("a"), "a").expect("written");
    assert!(git(&root, "add a") && git(&root, "commit -qm a"));
    let place = make(&root.join("queue"), Some(&root.join(".git")));
    assert_eq!(std::fs::read_to_string(root.join("queue/.aq")).expect("a pointer"), "../.git/aq\n");
    let board = local(&place);
    for name in ["one.md", "two.md", "three.md"] {
        drop_file(&place, name);
    }
    assert_eq!(sync(&board).len(), 3);
    assert!(git(&root, "stash -u -q") || git(&root, "status"));
    assert!(root.join("queue/inbox/one.md").exists(), "stash leaves what is ignored");
    assert!(git(&root, "clean -fdxq"));
    assert!(!root.join("queue").exists());
    // A running process makes the folders again and asks about the files.
    let said = sync(&board).join("\n");
    assert!(said.contains("inbox/ was gone and is made again"), "{said}");
    assert_eq!(board.snapshot().jobs.len(), 3);
    drop(board);
    // And without one, `init` finds the old history.
    assert!(git(&root, "clean -fdxq"));
    let again = make(&root.join("queue"), Some(&root.join(".git")));
    assert_eq!((&again.id, &again.side), (&place.id, &place.side));
    assert_eq!(local(&again).snapshot().jobs.len(), 3);
}

#[test]
fn what_git_takes_of_a_tracked_queue_is_no_word_about_a_job() {
    for (take, give, said) in [
        ("stash -u -q", "stash pop -q", "in git stash"),
        ("checkout -q main", "checkout -q with-jobs", "in git checkout"),
        ("reset -q --hard HEAD~1", "reset -q --hard HEAD@{1}", "in git reset"),
    ] {
        let (_root, root) = root();
        if !git(&root, "init -q") {
            println!("no git here: not tested");
            return;
        }
        let place = make(&root.join("queue"), Some(&root.join(".git")));
        std::fs::write(root.join("queue/.gitignore"), ".aq\n").expect("written");
        for folder in ["inbox", "building", "review", "testing", "shipped", "failed", "rejected"] {
            std::fs::write(root.join("queue").join(folder).join(".gitkeep"), "").expect("written");
        }
        assert!(git(&root, "add -A") && git(&root, "commit -qm a") && git(&root, "checkout -qb with-jobs"));
        drop_file(&place, "one.md");
        if !take.starts_with("stash") {
            assert!(git(&root, "add -A") && git(&root, "commit -qm jobs"));
        }
        let clock = Arc::new(FakeClock::at(SystemClock.wall()));
        let board = Local::open(&place, Purpose::Act, clock.clone()).expect("opens");
        let mut memory = Memory::default();
        let mut look = |board: &Local| look(board, &mut memory).join("; ");
        assert!(look(&board).contains("submitted"));
        clock.set_wall(SystemClock.wall());
        assert!(git(&root, take), "{take}");
        look(&board);
        clock.pass(Span::from_secs(2));
        let asked = look(&board);
        assert!(asked.contains(said), "{take}: {asked}");
        assert_eq!(board.snapshot().product.suspended.len(), 1);
        assert!(git(&root, give), "{give}");
        assert_eq!(look(&board), "the files that had vanished are back: the queue goes on");
        let state = board.snapshot();
        assert!(state.product.suspended.is_empty() && state.jobs.len() == 1, "{give}");
        // What a person deletes, with or without git, and commits, is cancelled as ever.
        clock.pass(Span::from_mins(1));
        clock.set_wall(SystemClock.wall().plus(Span::from_mins(1)));
        look(&board);
        if !git(&root, "rm -q queue/inbox/one.md") {
            std::fs::remove_file(root.join("queue/inbox/one.md")).expect("removed");
        }
        look(&board);
        clock.pass(Span::from_secs(2));
        assert!(look(&board).starts_with("cancelled one"), "{take}");
    }
}

#[test]
fn two_queues_in_one_repository_have_two_histories() {
    let (_root, root) = root();
    let common = root.join(".git");
    std::fs::create_dir(&common).expect("a folder");
    let (a, b) = (make(&root.join("queue"), Some(&common)), make(&root.join("sub/queue"), Some(&common)));
    assert_ne!(a.side, b.side);
    drop_file(&a, "x.md");
    assert_eq!(sync(&local(&a)).len(), 1);
    assert_eq!(local(&b).snapshot().jobs.len(), 0);
    assert_eq!(make(&root.join("queue"), Some(&common)).side, a.side);
    assert_eq!(make(&root.join("sub/queue"), Some(&common)).side, b.side);
}

#[test]
fn odd_names_and_links_are_no_obstacle() {
    let (_root, root) = root();
    let place = make(&root.join("mit Leerzeichen/ünï\ncode/queue"), None);
    std::os::unix::fs::symlink(&place.queue, root.join("link")).expect("linked");
    let linked = Place::open(&root.join("link")).expect("opens");
    assert_eq!(linked, place);
    // Linked into a project, it is that project's.
    std::fs::create_dir_all(root.join("project/.git")).expect("a folder");
    std::os::unix::fs::symlink(&place.queue, root.join("project/queue")).expect("linked");
    assert_eq!(Place::open(&root.join("project/queue")).expect("opens").project, root.join("project"));
    drop_file(&linked, "ein Auftrag – ü.md");
    assert_eq!(sync(&local(&linked)).len(), 1);
    assert_eq!(local(&place).snapshot().jobs.len(), 1);
}

#[test]
fn a_moved_queue_works_on_and_a_copy_is_refused() {
    let (_root, root) = root();
    let place = make(&root.join("one/queue"), None);
    std::fs::rename(root.join("one"), root.join("two")).expect("moved");
    assert_eq!(Place::open(&root.join("two/queue")).expect("opens").id, place.id);
    assert!(Process::new("cp").arg("-a").args([root.join("two"), root.join("three")]).status().is_ok());
    let said = refusal(&root.join("three/queue"));
    assert_eq!(
        said,
        "it is a copy of a queue that was made elsewhere; if no other machine works on it any more: aq init --adopt"
    );
    assert_ne!(Place::adopt(&root.join("three/queue")).expect("adopted").id, place.id);
    Place::open(&root.join("three/queue")).expect("opens");
    // Beside an original that still stands where it was made.
    make(&root.join("four/queue"), None);
    assert!(Process::new("cp").arg("-a").args([root.join("four"), root.join("five")]).status().is_ok());
    Place::adopt(&root.join("five/queue")).expect("adopted");
    Place::open(&root.join("four/queue")).expect("the first works on");
}

#[test]
fn in_a_repository_a_moved_project_works_on_and_copies_are_refused() {
    let (_root, root) = root();
    std::fs::create_dir_all(root.join("one/.git")).expect("a folder");
    let place = make(&root.join("one/queue"), Some(&root.join("one/.git")));
    std::fs::rename(root.join("one"), root.join("two")).expect("moved");
    assert_eq!(Place::open(&root.join("two/queue")).expect("opens").id, place.id);
    let copy =
        |from: &str, to: &str| Process::new("cp").arg("-a").args([root.join(from), root.join(to)]).status();
    // The whole project: its own copy of the history.
    copy("two", "three").expect("copied");
    assert!(refusal(&root.join("three/queue")).contains("aq init --adopt"));
    // The queue alone: the pointer leads to the history of the first.
    Place::adopt(&root.join("two/queue")).expect("its path is known anew");
    copy("two/queue", "two/other").expect("copied");
    assert!(refusal(&root.join("two/other")).contains("remove .aq in it, then: aq init"));
    assert_eq!(Place::adopt(&root.join("two/other")).expect_err("refused").kind, FaultKind::Place);
    Place::open(&root.join("two/queue")).expect("the first works on");
}

#[test]
fn a_queue_that_was_moved_away_and_linked_back_keeps_its_history() {
    let (_root, root) = root();
    std::fs::create_dir_all(root.join("one/.git")).expect("a folder");
    let place = make(&root.join("one/queue"), Some(&root.join("one/.git")));
    std::fs::create_dir(root.join("disk")).expect("a folder");
    std::fs::rename(root.join("one/queue"), root.join("disk/queue")).expect("moved");
    let said = refusal(&root.join("disk/queue"));
    assert!(said.contains("is not there; if the queue was moved, link it back"), "{said}");
    std::os::unix::fs::symlink(root.join("disk/queue"), root.join("one/queue")).expect("linked");
    let linked = Place::open(&root.join("one/queue")).expect("opens");
    assert_eq!((linked.id, linked.side, linked.project), (place.id, place.side, root.join("one")));
    // The whole project moved after that: its own pointer and link go with it.
    std::fs::rename(root.join("one"), root.join("two")).expect("moved");
    Place::open(&root.join("two/queue")).expect("opens");
}

#[test]
fn what_is_no_queue_says_so() {
    let (_root, root) = root();
    std::fs::create_dir_all(root.join("queue/inbox")).expect("a folder");
    assert_eq!(refusal(&root.join("queue")), "it has no inbox/ and .aq; make one: aq init");
    let place = make(&root.join("real/queue"), None);
    let board = local(&place);
    std::fs::remove_dir_all(root.join("real")).expect("removed");
    let settings = Settings::load(None, &[("engine", "shell")]).expect("settings");
    let by = Actor::new(ActorKind::System, "folder");
    block(board.sync(&settings, &by, BTreeSet::new(), &mut Memory::default())).expect_err("it is gone");
    assert!(!root.join("real").exists(), "what was taken away is not made again");
}
