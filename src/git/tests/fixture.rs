//! Small repositories to try things on, and the state of a checkout as text.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use git2::{Repository, RepositoryInitOptions, Signature};
use tempfile::TempDir;

use crate::git::attach::Start;
use crate::git::needs::Means;
use crate::git::{CheckpointRequest, GitError, Refusal, Repo, Worktree};
use crate::job::Rev;

/// A person's repository with a checkout on `main`, in a path with a space and an umlaut.
pub struct Lab {
    pub dir: TempDir,
    pub top: PathBuf,
    pub means: Means,
}

/// Runs a scenario through libgit2 with no git program at all, then through the program.
pub fn both(scenario: impl Fn(&Lab)) {
    scenario(&Lab::new(Means { git: None, always_program: false }));
    with_program(scenario);
}

/// Runs a scenario through the git program, or says that it did not.
pub fn with_program(scenario: impl Fn(&Lab)) {
    let here = Means::here();
    match here.git {
        Some(_) => scenario(&Lab::new(Means { always_program: true, ..here })),
        None => println!("SKIPPED: no git program on PATH, so its pipe was not tried"),
    }
}

/// Runs a scenario as a user's machine would: git is there, and is used only where needed.
pub fn as_installed(scenario: impl Fn(&Lab)) {
    let here = Means::here();
    match here.git {
        Some(_) => scenario(&Lab::new(here)),
        None => println!("SKIPPED: this needs the git program, and it is not on PATH"),
    }
}

pub fn write(top: &Path, path: &str, text: &str) {
    let full = top.join(path);
    fs::create_dir_all(full.parent().unwrap()).unwrap();
    fs::write(full, text).unwrap();
}

pub fn read(top: &Path, path: &str) -> String {
    String::from_utf8_lossy(&fs::read(top.join(path)).unwrap()).into_owned()
}

/// Runs the git program for a fixture; only where it is known to be there.
pub fn git(top: &Path, args: &[&str]) -> String {
    let base =
        ["-c", "protocol.file.allow=always", "-c", "user.name=Ann", "-c", "user.email=ann@example.org"];
    let out = Command::new("git").arg("-C").arg(top).args(base).args(args).output().unwrap();
    assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).trim().to_string()
}

impl Lab {
    pub fn new(means: Means) -> Lab {
        let lab = Lab::unborn(means);
        lab.commit("main", &[("readme.md", Some("one\ntwo\nthree\n")), ("src/a.txt", Some("a\n"))]);
        let repo = lab.raw();
        repo.checkout_head(Some(git2::build::CheckoutBuilder::new().force())).unwrap();
        lab
    }

    pub fn unborn(means: Means) -> Lab {
        let dir = TempDir::with_prefix("aq git ü ").unwrap();
        let top = fs::canonicalize(dir.path()).unwrap().join("the réposit 日本");
        let repo =
            Repository::init_opts(&top, RepositoryInitOptions::new().initial_head("main").mkpath(true))
                .unwrap();
        let mut config = repo.config().unwrap();
        config.set_str("user.name", "Ann").unwrap();
        config.set_str("user.email", "ann@example.org").unwrap();
        config.set_bool("core.autocrlf", false).unwrap();
        Lab { dir, top, means }
    }

    pub fn raw(&self) -> Repository {
        Repository::open(&self.top).unwrap()
    }

    pub fn repo(&self) -> Repo {
        Repo::discover_with(self.means.clone(), &self.top).unwrap().unwrap()
    }

    pub fn place(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.dir.path()).unwrap().join("work trees").join(name)
    }

    /// Commits file changes on a branch without any checkout; None removes.
    pub fn commit(&self, branch: &str, files: &[(&str, Option<&str>)]) -> Rev {
        let repo = self.raw();
        let name = format!("refs/heads/{branch}");
        let parent = repo.find_reference(&name).ok().map(|found| found.peel_to_commit().unwrap());
        let mut index = git2::Index::new().unwrap();
        if let Some(parent) = &parent {
            index.read_tree(&parent.tree().unwrap()).unwrap();
        }
        for (path, text) in files {
            match text {
                None => index.remove_path(Path::new(path)).unwrap(),
                Some(text) => {
                    let id = repo.blob(text.as_bytes()).unwrap();
                    index.add(&entry(path, 0o100_644, id)).unwrap();
                }
            }
        }
        let tree = repo.find_tree(index.write_tree_to(&repo).unwrap()).unwrap();
        let who = Signature::now("Ann", "ann@example.org").unwrap();
        let parents: Vec<_> = parent.iter().collect();
        let made =
            repo.commit(Some(&name), &who, &who, &format!("change {branch}"), &tree, &parents).unwrap();
        Rev::new(made.to_string())
    }

    /// A branch at another one's head.
    pub fn branch(&self, name: &str, from: &str) -> Rev {
        let repo = self.raw();
        let commit = repo.revparse_single(from).unwrap().peel_to_commit().unwrap();
        repo.branch(name, &commit, true).unwrap();
        Rev::new(commit.id().to_string())
    }

    pub fn head(&self, branch: &str) -> Rev {
        Rev::new(self.raw().refname_to_id(&format!("refs/heads/{branch}")).unwrap().to_string())
    }

    /// A worktree for job `name`, from `main`.
    pub fn job(&self, name: &str) -> Worktree {
        let repo = self.repo();
        let start = repo.resolve("main").unwrap();
        repo.ensure_worktree(&self.place(name), &format!("aq/job/{name}"), Start::IfNew(&start)).unwrap()
    }

    /// Files of a commit, one a line: mode, path, text.
    pub fn files(&self, rev: &Rev) -> String {
        let repo = self.raw();
        let commit = repo.find_commit(git2::Oid::from_str(rev.as_str()).unwrap()).unwrap();
        let mut out = String::new();
        commit
            .tree()
            .unwrap()
            .walk(git2::TreeWalkMode::PreOrder, |dir, entry| {
                let blob = entry.to_object(&repo).ok().and_then(|object| object.into_blob().ok());
                if let Some(blob) = blob {
                    let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
                    let text = String::from_utf8_lossy(blob.content()).replace('\n', "/");
                    writeln!(out, "{:o} {dir}{name} {text}", entry.filemode()).unwrap();
                }
                0
            })
            .unwrap();
        out
    }

    pub fn parents(&self, rev: &Rev) -> Vec<Rev> {
        let repo = self.raw();
        let commit = repo.find_commit(git2::Oid::from_str(rev.as_str()).unwrap()).unwrap();
        commit.parent_ids().map(|id| Rev::new(id.to_string())).collect()
    }

    /// Everything of a person's checkout that must not change: HEAD, its ref, index bytes, files.
    pub fn persons_state(&self) -> String {
        let mut out = String::new();
        let git_dir = self.top.join(".git");
        for name in ["HEAD", "index", "refs/heads/main", "config"] {
            writeln!(out, "{name} {:?}", fs::read(git_dir.join(name)).ok()).unwrap();
        }
        for status in self.raw().statuses(None).unwrap().iter() {
            writeln!(out, "{:?} {:?}", String::from_utf8_lossy(status.path_bytes()), status.status())
                .unwrap();
        }
        on_disk(&self.top, &self.top, &mut out);
        out
    }
}

fn on_disk(top: &Path, dir: &Path, out: &mut String) {
    let mut list: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    list.sort();
    for path in list.into_iter().filter(|path| !path.ends_with(".git")) {
        let meta = fs::symlink_metadata(&path).unwrap();
        if meta.is_dir() {
            on_disk(top, &path, out);
        } else {
            let (short, time) = (path.strip_prefix(top).unwrap(), meta.modified().unwrap());
            writeln!(out, "{} {time:?} {:?}", short.display(), fs::read(&path).ok()).unwrap();
        }
    }
}

pub fn entry(path: &str, mode: u32, id: git2::Oid) -> git2::IndexEntry {
    let zero = git2::IndexTime::new(0, 0);
    git2::IndexEntry {
        ctime: zero,
        mtime: zero,
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

/// A request for the chain of job `name`.
pub fn request(name: &str) -> CheckpointRequest {
    CheckpointRequest {
        message: "aq: checkpoint".to_string(),
        trailers: vec![("Aq-Job".to_string(), name.to_string()), ("Aq-Epoch".to_string(), "1".to_string())],
        refname: format!("refs/aq/{name}/1"),
        wip: Some(format!("aq/wip/{name}")),
        previous: None,
    }
}

/// The refusal in a result that must be one.
pub fn refused<T>(result: Result<T, GitError>) -> Refusal {
    match result {
        Ok(_) => panic!("this should have been refused"),
        Err(GitError::Refused(refusal)) => refusal,
        Err(fault) => panic!("a fault instead of a refusal: {fault}"),
    }
}
