//! The job's branch on the remote: pushed by the git program, never over somebody else's commit.
//!
//! What stands there is read first. What aq pushed in an earlier attempt, or what the work contains, may be
//! replaced, and only while it still stands there: the push names it (`--force-with-lease`), so a person who
//! pushes in between is refused nothing and loses nothing. Anything else is a person's, and stays.

use std::path::Path;

use super::program::{ANSWER_WITHIN, Call, Failed, PUSH_WITHIN, run};
use crate::git::Repo;
use crate::job::Rev;

/// What is to stand where.
pub(in crate::agent) struct Push<'a> {
    /// A folder of the repository.
    pub cwd: &'a Path,
    /// The remote's name.
    pub remote: &'a str,
    /// The branch there, short name.
    pub branch: &'a str,
    /// What it is to stand on.
    pub rev: &'a Rev,
    /// Commits of earlier attempts, any of which aq may have pushed.
    pub own: &'a [Rev],
}

/// Makes the branch on the remote stand on the commit; nothing to do is fine. Blocks.
///
/// # Errors
/// [`Failed`] where the remote cannot be reached, refuses, or has somebody else's commit there.
pub(in crate::agent) fn push(push: &Push<'_>) -> Result<(), Failed> {
    let Push { cwd, remote, branch, rev, own } = push;
    let full = format!("refs/heads/{branch}");
    let listed = git(cwd, &["ls-remote", "--", remote, &full], ANSWER_WITHIN)?;
    let stands = listed.lines().filter_map(|line| line.split_once('\t')).find(|(_, name)| *name == full);
    let stands = stands.map(|(rev, _)| Rev::new(rev.trim()));
    if stands.as_ref() == Some(rev) {
        return Ok(());
    }
    if let Some(other) = &stands
        && !own.contains(other)
        && !contains(cwd, rev, other)
    {
        let at = other.as_str().get(..7).unwrap_or(other.as_str());
        let what = format!("{branch} on {remote} is at {at}, which aq did not push: another hand moved it");
        let mend = format!(
            "take it in or let it go: git fetch {remote} {branch}; once it is gone there, ship again"
        );
        return Err(Failed::new(what, mend));
    }
    let expected = stands.as_ref().map_or("", Rev::as_str);
    let lease = format!("--force-with-lease={full}:{expected}");
    let spec = format!("{rev}:{full}");
    git(cwd, &["push", "--porcelain", "--no-verify", &lease, "--", remote, &spec], PUSH_WITHIN).map(drop)
}

/// The URL of the remote as it is written, or as git rewrites it where that is no forge's.
///
/// # Errors
/// [`Failed`] where there is no such remote.
pub(super) fn urls_of(cwd: &Path, remote: &str) -> Result<[String; 2], Failed> {
    let key = format!("remote.{remote}.url");
    let written = git(cwd, &["config", "--get", &key], ANSWER_WITHIN).map_err(|_| {
        let mend = format!("git remote add {remote} URL, or name another one: ship.remote in the settings");
        Failed::new(format!("the repository has no remote {remote}"), mend)
    })?;
    let rewritten = git(cwd, &["ls-remote", "--get-url", "--", remote], ANSWER_WITHIN)?;
    Ok([written.trim().to_string(), rewritten.trim().to_string()])
}

/// A commit that is not here is in nothing that is.
fn contains(cwd: &Path, rev: &Rev, other: &Rev) -> bool {
    let repo = Repo::discover(cwd).ok().flatten();
    repo.is_some_and(|repo| repo.contains(rev, other).unwrap_or(false))
}

fn git(cwd: &Path, args: &[&str], within: crate::time::Span) -> Result<String, Failed> {
    // An engine can write into the hooks of the repository it works in; they must not run with the login.
    let all: Vec<&str> = ["-c", "core.hooksPath=/dev/null"].into_iter().chain(args.iter().copied()).collect();
    run(&Call { program: "git", args: &all, cwd, stdin: "", within })
}
