//! How fast worktrees come and go next to the git program; run by name, it takes a while.

use super::fixture::{Lab, as_installed, git, request, write};
use crate::git::needs::Means;
use crate::git::{Kept, Start};
use crate::time::Awake;

/// Files in the repository and rounds of make and remove.
const FILES: usize = 1000;
const ROUNDS: u64 = 10;

#[test]
#[ignore = "a measurement: cargo test --release -- --ignored --nocapture rate"]
fn worktrees_come_and_go_at_least_half_as_fast_as_with_git() {
    as_installed(|lab| {
        let lab = Lab { dir: tempfile::tempdir().unwrap(), top: lab.top.clone(), means: Means::here() };
        let names: Vec<String> =
            (0..FILES).map(|n| format!("dir{}/sub{}/file{n}.txt", n % 10, n % 7)).collect();
        let text = "some words of a source file\n".repeat(50);
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), Some(text.as_str()))).collect();
        let main = lab.commit("main", &files);
        let theirs = lab.place("theirs");
        let place = theirs.to_str().unwrap();
        let start = Awake::start();
        for n in 0..ROUNDS {
            git(&lab.top, &["worktree", "add", "-q", "-b", &format!("theirs{n}"), place, "main"]);
            git(&lab.top, &["worktree", "remove", place]);
        }
        let git_takes = start.passed().as_millis() / ROUNDS;
        let repo = lab.repo();
        let (mut add, mut save) = (0, 0);
        let start = Awake::start();
        for n in 0..ROUNDS {
            let at = Awake::start();
            let job = repo
                .ensure_worktree(&lab.place("ours"), &format!("aq/job/{n}"), Start::IfNew(&main))
                .unwrap();
            add += at.passed().as_millis();
            repo.remove_worktree(job.path(), Kept::AtHead).unwrap();
        }
        let aq_takes = start.passed().as_millis() / ROUNDS;
        let job = lab.job("x");
        for n in 0..ROUNDS {
            write(job.path(), "new.txt", &n.to_string());
            let at = Awake::start();
            job.checkpoint(&request("x")).unwrap();
            save += at.passed().as_millis();
        }
        println!(
            "git {git_takes} ms, aq {aq_takes} ms (add {} ms), checkpoint {} ms",
            add / ROUNDS,
            save / ROUNDS
        );
        assert!(aq_takes < git_takes * 2, "git {git_takes} ms, aq {aq_takes} ms");
    });
}
