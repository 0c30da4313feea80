//! A repository as a job sees it: its facts, its names, its history.

use std::path::{Path, PathBuf};

use crate::job::{JobId, Rev};

use super::needs::{Means, top_of};
use super::plumbing::{Checkout, DiffStat, Head, Pipes, Plumbing, RefStep, Subject};
use super::refusal::{GitError, Refusal, Result};
use super::worktree::Worktree;

/// A repository, opened in one of its checkouts. It writes to that checkout only when shipping into it.
pub struct Repo {
    means: Means,
    pipes: Pipes,
    needs: Option<String>,
}

/// What a repository is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The top folder of the checkout it was opened in.
    pub workdir: PathBuf,
    /// The folder of objects and refs that all its checkouts share.
    pub common_dir: PathBuf,
    /// Where HEAD of that checkout stands.
    pub head: Head,
    /// Why git's work goes through the git program, as the end of a sentence that starts with "this
    /// repository"; None if it does not.
    pub needs_git_program: Option<String>,
}

impl Facts {
    /// False while HEAD is unborn.
    pub fn has_commits(&self) -> bool {
        self.head.rev().is_some()
    }
}

/// At most so many names are offered for a mistyped one.
const NEAR_MAX: usize = 3;
/// A name is near if it is at least this similar (Jaro-Winkler).
const NEAR_ENOUGH: f64 = 0.75;
/// A hand-off note lists at most so many commits; an engine reads no more.
const SUBJECTS_MAX: usize = 200;

impl Repo {
    /// The repository `path` stands in; None if it stands in none. Refuses a bare one, and one that needs
    /// the git program where there is none.
    pub fn discover(path: &Path) -> Result<Option<Repo>> {
        Repo::discover_with(Means::here(), path)
    }

    pub(super) fn discover_with(means: Means, path: &Path) -> Result<Option<Repo>> {
        let Some(top) = top_of(path)? else { return Ok(None) };
        let (pipes, needs) = means.open(&top, None)?;
        Ok(Some(Repo { means, pipes, needs }))
    }

    pub(super) fn means(&self) -> &Means {
        &self.means
    }

    pub(super) fn pipes(&self) -> &dyn Plumbing {
        &*self.pipes
    }

    /// What it is like now.
    pub fn facts(&self) -> Result<Facts> {
        Ok(Facts {
            workdir: self.pipes.workdir().to_path_buf(),
            common_dir: self.pipes.common_dir().to_path_buf(),
            head: self.pipes.head()?,
            needs_git_program: self.needs.clone(),
        })
    }

    /// The main checkout and all linked worktrees, those with a missing folder too.
    pub fn checkouts(&self) -> Result<Vec<Checkout>> {
        self.pipes.checkouts()
    }

    /// The branch jobs start from when they name none: the one checked out in the main checkout, else
    /// what origin calls its own, else `main` or `master`.
    pub fn default_branch(&self) -> Result<String> {
        let main = self.pipes.checkouts()?.into_iter().find(|checkout| checkout.main);
        if let Some(branch) = main.and_then(|checkout| checkout.branch) {
            return match self.pipes.ref_value(&branch_ref(&branch))? {
                Some(_) => Ok(branch),
                None => Err(Refusal::NoCommits { branch }.into()),
            };
        }
        if let Some(target) = self.pipes.symbolic("refs/remotes/origin/HEAD")?
            && self.pipes.ref_value(&target)?.is_some()
        {
            let short = target.trim_start_matches("refs/remotes/");
            let local = short.trim_start_matches("origin/");
            let known = self.pipes.ref_value(&branch_ref(local))?.is_some();
            return Ok(if known { local } else { short }.to_string());
        }
        for name in ["main", "master"] {
            if self.pipes.ref_value(&branch_ref(name))?.is_some() {
                return Ok(name.to_string());
            }
        }
        let near = self.near_names("main", &["refs/heads/"])?;
        Err(Refusal::BaseUnknown { name: "main".to_string(), near }.into())
    }

    /// The commit a branch, remote branch, tag or hash names, looked for in this order. Refuses an
    /// unknown name and offers near ones.
    pub fn resolve(&self, base: &str) -> Result<Rev> {
        for prefix in ["refs/heads/", "refs/remotes/", "refs/tags/"] {
            match self.pipes.ref_value(&format!("{prefix}{base}")) {
                Ok(Some(rev)) => return Ok(rev),
                // What cannot be a ref may still be a hash, or is unknown.
                Ok(None) | Err(GitError::Refused(Refusal::BadName { .. })) => {}
                Err(fault) => return Err(fault),
            }
        }
        // A leading dash is an option to the program, and `:` or `@{` ask for more than a name.
        let plain = !base.is_empty() && !base.starts_with('-') && !base.contains([':', '@', '^', '~', '\0']);
        if plain && let Some(rev) = self.pipes.commit_named(base)? {
            return Ok(rev);
        }
        if let Head::Unborn { name } = self.pipes.head()?
            && self.pipes.refs("refs/heads/")?.is_empty()
        {
            return Err(Refusal::NoCommits { branch: name }.into());
        }
        let near = self.near_names(base, &["refs/heads/", "refs/tags/", "refs/remotes/"])?;
        Err(Refusal::BaseUnknown { name: base.to_string(), near }.into())
    }

    pub(super) fn near_names(&self, name: &str, prefixes: &[&str]) -> Result<Vec<String>> {
        let mut near = Vec::new();
        for prefix in prefixes {
            for (full, _) in self.pipes.refs(prefix)? {
                let short = full.trim_start_matches(prefix).to_string();
                // A job's own branches are nobody's base.
                if !short.starts_with("aq/") {
                    near.push((strsim::jaro_winkler(name, &short), short));
                }
            }
        }
        near.retain(|(score, _)| *score >= NEAR_ENOUGH);
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        Ok(near.into_iter().map(|(_, name)| name).take(NEAR_MAX).collect())
    }

    /// The head of a local branch (short name); None if there is no such branch.
    pub fn branch_head(&self, branch: &str) -> Result<Option<Rev>> {
        self.pipes.ref_value(&branch_ref(branch))
    }

    /// True if `ancestor` is `rev` or one of its ancestors.
    pub fn contains(&self, rev: &Rev, ancestor: &Rev) -> Result<bool> {
        self.pipes.contains(rev, ancestor)
    }

    /// Sets the job branch (short name) to an accepted checkpoint. `expected` is where it stood (None:
    /// it must not exist); refuses with `Moved` otherwise. The index of the job's worktree follows, its
    /// files are what the checkpoint was made of.
    pub fn accept(&self, branch: &str, rev: &Rev, expected: Option<&Rev>) -> Result<()> {
        let name = branch_ref(branch);
        if expected != Some(rev) || self.pipes.ref_value(&name)?.as_ref() != Some(rev) {
            self.pipes.move_ref(&RefStep { name: &name, to: rev, from: expected, why: "aq: accept" })?;
        }
        let on = self.pipes.checkouts()?.into_iter().filter(|checkout| !checkout.main);
        for checkout in on.filter(|checkout| checkout.branch.as_deref() == Some(branch)) {
            if let Some(worktree) = self.worktree(&checkout.path)? {
                worktree.pipes().reset_index()?;
            }
        }
        Ok(())
    }

    /// How the files of two commits differ. A rename counts as two files.
    pub fn diffstat(&self, from: &Rev, to: &Rev) -> Result<DiffStat> {
        self.pipes.diffstat(&self.pipes.tree_of(from)?, &self.pipes.tree_of(to)?)
    }

    /// The same as a unified patch, or as a table of files if `stat_only`. Cut after 8 MiB, with a line
    /// that says so.
    pub fn diff_text(&self, from: &Rev, to: &Rev, stat_only: bool) -> Result<String> {
        self.pipes.patch(&self.pipes.tree_of(from)?, &self.pipes.tree_of(to)?, stat_only)
    }

    /// The files that differ between two commits, sorted.
    pub fn changed_paths(&self, from: &Rev, to: &Rev) -> Result<Vec<PathBuf>> {
        Ok(self.diffstat(from, to)?.paths)
    }

    /// First lines of the commits that `to` has and `from` has not, the newest first, at most 200.
    pub fn log_subjects(&self, from: Option<&Rev>, to: &Rev) -> Result<Vec<Subject>> {
        self.pipes.subjects(from, to, SUBJECTS_MAX)
    }

    /// The checkpoint refs of a job, `refs/aq/JOB/EPOCH`, by name.
    pub fn job_refs(&self, job: &JobId) -> Result<Vec<(String, Rev)>> {
        self.pipes.refs(&format!("refs/aq/{job}/"))
    }

    /// Deletes the checkpoint refs of a job and its `aq/wip` branch, and with `branch_too` its job
    /// branch. Refuses while that branch is checked out.
    pub fn delete_job_refs(&self, job: &JobId, branch_too: bool) -> Result<()> {
        let branch = format!("aq/job/{job}");
        let mut names: Vec<String> = self.job_refs(job)?.into_iter().map(|(name, _)| name).collect();
        names.push(branch_ref(&format!("aq/wip/{job}")));
        if branch_too {
            for checkout in self.pipes.checkouts()? {
                if checkout.branch.as_deref() == Some(&branch) && checkout.path.exists() {
                    return Err(Refusal::BranchInUse { branch, path: checkout.path }.into());
                }
            }
            names.push(branch_ref(&branch));
        }
        for name in names {
            if let Some(rev) = self.pipes.ref_value(&name)? {
                self.pipes.drop_own_ref(&name, &rev)?;
            }
        }
        Ok(())
    }
}

/// The full name of a branch.
pub(super) fn branch_ref(branch: &str) -> String {
    if branch.starts_with("refs/") { branch.to_string() } else { format!("refs/heads/{branch}") }
}

impl std::fmt::Debug for Repo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repo").field("workdir", &self.pipes.workdir()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Worktree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worktree").field("path", &self.path()).finish_non_exhaustive()
    }
}
