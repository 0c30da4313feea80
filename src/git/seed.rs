//! A new repository with one commit, for demonstrations and tests.

use std::path::Path;

use git2::{IndexAddOption, Repository, RepositoryInitOptions, Signature};

use super::refusal::{Result, fault_at};

/// Makes a repository at `path` with the branch `main`, whose first commit holds the files there, and
/// further branches at the same commit.
///
/// # Errors
/// A fault if something of it cannot be written.
pub fn seed(path: &Path, message: &str, branches: &[&str]) -> Result<()> {
    let made = || -> std::result::Result<(), git2::Error> {
        let mut options = RepositoryInitOptions::new();
        options.initial_head("main").no_reinit(true);
        let repo = Repository::init_opts(path, &options)?;
        let mut index = repo.index()?;
        index.add_all(["*"], IndexAddOption::DEFAULT, None)?;
        index.write()?;
        let tree = repo.find_tree(index.write_tree()?)?;
        let who = Signature::now("aq", "aq@localhost")?;
        let first = repo.find_commit(repo.commit(Some("HEAD"), &who, &who, message, &tree, &[])?)?;
        branches.iter().try_for_each(|name| repo.branch(name, &first, false).map(drop))
    };
    made().map_err(fault_at("make a repository at", path))
}
