//! Where a job works: its folder and branch, made ready with everything it builds on.

use std::path::{Path, PathBuf};

use super::rework::{Aside, Begun, begin_again, keep_what_stands};
use crate::board::{Settings, state_home};
use crate::engine::{Run, RunState};
use crate::fleet::{Job, State};
use crate::git::{CheckpointRequest, GitError, Repo, Start};
use crate::job::{Effective, Epoch, JobId, Outcome, Rev, plain_error};
use crate::store::Place;
use crate::time::{Clock as _, Span, Stamp, SystemClock};

/// Between looks at a run of an earlier attempt that somebody else is stopping.
const LOOK_AGAIN: Span = Span::from_millis(100);
/// Looks before an earlier run is called stuck: the kill ladder's 10 s and 30 s, and as much again.
const LOOKS_MOST: u32 = 800;

/// A job's folder, ready to run in.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Workspace {
    /// Where engine, setup and verify run.
    pub cwd: PathBuf,
    /// The worktree's top, or `None` where checkpoints are off.
    pub worktree: Option<PathBuf>,
    /// Any folder of the repository that owns the worktree.
    pub repo: Option<PathBuf>,
    /// The base that the job's branch has in it.
    pub base: Option<Rev>,
    /// What stood there before this attempt: work is what differs from it.
    pub start: Option<Rev>,
    /// Setup has to run: the worktree is new, or begins anew.
    pub fresh: bool,
    /// Accepted work that the attempt does not begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aside: Option<Aside>,
}

/// Why a job cannot be made ready: an outcome and its reason.
pub(super) type NotReady = (Outcome, String);

/// The branch of a job.
pub fn job_branch(job: &JobId) -> String {
    format!("aq/job/{job}")
}

/// The branch that follows every checkpoint of a job.
pub(super) fn wip_branch(job: &JobId) -> String {
    format!("aq/wip/{job}")
}

/// The stable path of a job's worktree. Outside the checkout, because build tools look upward.
pub fn worktree_path(place: &Place, settings: &Settings, job: &JobId) -> PathBuf {
    let root = settings.config.worktrees.as_ref().map(PathBuf::from);
    let root = root.or_else(|| state_home().map(|home| home.join("worktrees")));
    root.unwrap_or_else(|| place.side.join("worktrees")).join(place.slug()).join(job.as_str())
}

/// Makes the folder of a claimed job ready. Blocks: git, and the end of an earlier run.
///
/// # Errors
/// The outcome that the attempt ends with, and why.
pub(super) fn prepare(
    place: &Place,
    settings: &Settings,
    state: &State,
    job: &Job,
    effective: &Effective,
) -> Result<Workspace, NotReady> {
    end_earlier_runs(&place.runs(&job.id))?;
    let cwd = PathBuf::from(&effective.cwd);
    if !effective.worktree {
        if !cwd.is_dir() {
            return Err((Outcome::Config, format!("the folder {} is not there", cwd.display())));
        }
        return Ok(Workspace {
            cwd,
            worktree: None,
            repo: None,
            base: None,
            start: None,
            fresh: false,
            aside: None,
        });
    }
    if effective.repo.as_deref().is_some_and(|repo| repo.contains("://")) {
        return Err((Outcome::Config, "a repo by URL needs a fleet; name a local clone".to_string()));
    }
    let repo = match Repo::discover(&cwd) {
        Ok(Some(repo)) => repo,
        Ok(None) => return Err((Outcome::Config, format!("{} is in no git repository", cwd.display()))),
        Err(error) => return Err(refused(&error)),
    };
    in_repository(place, settings, state, job, effective, &repo).map_err(|error| refused(&error))
}

fn in_repository(
    place: &Place,
    settings: &Settings,
    state: &State,
    job: &Job,
    effective: &Effective,
    repo: &Repo,
) -> Result<Workspace, GitError> {
    let facts = repo.facts()?;
    let path = worktree_path(place, settings, &job.id);
    wait_for_locks(&path);
    let base_name = match &effective.base {
        Some(name) => name.clone(),
        None => repo.default_branch()?,
    };
    let base = repo.resolve(&base_name)?;
    let branch = job_branch(&job.id);
    let fresh = !path.join(".git").exists();
    if let Some(rev) = &job.restart {
        go_back_to(rev, job, repo, &path, &branch)?;
    }
    let worktree = match job.checkpoint.as_ref().filter(|_| fresh) {
        // The folder is gone, the work is not: it goes on from the last checkpoint.
        Some((rev, _)) => repo.ensure_worktree(&path, &branch, Start::Exactly(rev))?,
        None => repo.ensure_worktree(&path, &branch, Start::IfNew(&base))?,
    };
    // Who names the checkpoint to start from wants that tree, and not base merged into it.
    let begun = match &job.restart {
        Some(_) => Begun::as_it_stands(worktree),
        None => begin_again(repo, job, worktree, (&base_name, &base))?,
    };
    let heads = heads_of(state, job);
    if !heads.is_empty() {
        begun.worktree.merge_heads(&heads)?;
    }
    begun.first_checkpoint(job)?;
    let (worktree, aside) = (begun.worktree, begun.aside);
    let below = Path::new(&effective.cwd).strip_prefix(&facts.workdir).unwrap_or(Path::new(""));
    let cwd = worktree.path().join(below);
    // A subfolder that is not in the base cannot be worked in; the top is where people look.
    let cwd = if cwd.is_dir() { cwd } else { worktree.path().to_path_buf() };
    let start = worktree.head()?.rev().cloned();
    let base = base_below(repo, job, base, start.as_ref())?;
    let (repo, path) = (facts.workdir, worktree.path().to_path_buf());
    // What a setup has made for the old base need not fit the new one.
    let fresh = fresh || aside.is_some();
    Ok(Workspace { cwd, worktree: Some(path), repo: Some(repo), base: Some(base), start, fresh, aside })
}

/// The base that the tree has in it. One that has moved on while the work did not follow is not what verify
/// will speak about, and the ship has to ask it again.
fn base_below(repo: &Repo, job: &Job, now: Rev, start: Option<&Rev>) -> Result<Rev, GitError> {
    let before = job.attempts.iter().rev().find_map(|attempt| attempt.base.clone());
    Ok(match (start, before) {
        (Some(start), Some(before)) if !repo.contains(start, &now)? => before,
        _ => now,
    })
}

/// The lock of an index is held for milliseconds; one that is older is a killed process's.
const LOCK_STALE: Span = Span::from_secs(2);

/// Git's locks are files: whoever is killed while it writes an index leaves one for ever, and the job could
/// never be worked on again. Only locks of this job's own worktree are looked at; its lease is ours, so
/// nobody else writes there. Locks of refs are the git room's to judge.
fn wait_for_locks(worktree: &Path) {
    let link = std::fs::read_to_string(worktree.join(".git")).unwrap_or_default();
    let admin = link.trim().strip_prefix("gitdir: ").map(PathBuf::from);
    let own = admin.into_iter().flat_map(|dir| [dir.join("index.lock"), dir.join("HEAD.lock")]);
    let mut locks: Vec<PathBuf> = own.collect();
    for _ in 0..LOCK_STALE.as_millis() / LOOK_AGAIN.as_millis() + 2 {
        locks.retain(|lock| !clear_if_stale(lock));
        if locks.is_empty() {
            return;
        }
        std::thread::sleep(LOOK_AGAIN.to_std());
    }
}

/// Whether no lock stands there any more.
fn clear_if_stale(lock: &Path) -> bool {
    let Ok(changed) = std::fs::symlink_metadata(lock).and_then(|meta| meta.modified()) else { return true };
    let age = SystemClock.wall().since(Stamp::from_system(changed));
    age >= LOCK_STALE && std::fs::remove_file(lock).is_ok()
}

/// Brings branch and tree to an earlier checkpoint. What came after it is first saved under its own epoch,
/// whose ref keeps it; doing this twice changes nothing.
fn go_back_to(rev: &Rev, job: &Job, repo: &Repo, path: &Path, branch: &str) -> Result<(), GitError> {
    if let Some(worktree) = repo.worktree(path)? {
        if worktree.head()?.rev() == Some(rev) && worktree.unsaved(None)?.files.is_empty() {
            return Ok(());
        }
        let epoch = job.attempts.last().map_or(job.epoch, |last| last.epoch);
        let kept = keep_what_stands(job, epoch, &worktree)?;
        repo.accept(branch, &kept, repo.branch_head(branch)?.as_ref())?;
    }
    repo.ensure_worktree(path, branch, Start::Exactly(rev)).map(drop)
}

/// The accepted work of dependencies and children.
fn heads_of(state: &State, job: &Job) -> Vec<(String, Rev)> {
    let deps = job.deps.iter().filter_map(|dep| dep.job.as_ref());
    let heads = deps.chain(&job.children).filter_map(|id| {
        let rev = match state.job(id) {
            Some(other) => other.head.as_ref()?.rev.clone()?,
            // Archived, but perhaps never merged.
            None => state.tombs.get(id)?.head.clone()?,
        };
        Some((id.to_string(), rev))
    });
    heads.collect()
}

/// A checkpoint of a job under an epoch.
pub(super) fn request(job: &Job, epoch: Epoch, why: &str, host: Option<&str>) -> CheckpointRequest {
    let attempt = job.attempts.last();
    let mut trailers =
        vec![("Aq-Job".to_string(), job.id.to_string()), ("Aq-Epoch".to_string(), epoch.to_string())];
    if let Some(attempt) = attempt {
        trailers.push(("Aq-Attempt".to_string(), attempt.no.to_string()));
        trailers.push(("Aq-Engine".to_string(), attempt.engine.clone()));
    }
    trailers.extend(host.map(|host| ("Aq-Host".to_string(), host.to_string())));
    CheckpointRequest {
        message: format!("{}: {why}", job.spec.title),
        trailers,
        refname: format!("refs/aq/{}/{epoch}", job.id),
        wip: Some(wip_branch(&job.id)),
        previous: job.checkpoint.as_ref().map(|(rev, _)| rev.clone()),
    }
}

/// A git refusal or fault as the end of an attempt.
pub(super) fn refused(error: &GitError) -> NotReady {
    // A lawful no stays one until a person mends it; a failure of the machine may pass, and is tried again.
    let outcome = if error.refusal().is_some() { Outcome::Config } else { Outcome::Crash };
    (outcome, error.to_string())
}

/// Processes for people: `4711, 4712`.
pub(super) fn listed(pids: &[i32]) -> String {
    pids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Nothing of an earlier attempt may run in the tree any more. Whoever stops it is waited for.
pub(super) fn end_earlier_runs(runs: &Path) -> Result<(), NotReady> {
    for dir in run_dirs(runs) {
        let Ok(run) = Run::open(&dir) else { continue };
        for look in 0.. {
            let state = run.state().map_err(|e| {
                (Outcome::Config, format!("cannot look at {}: {}", dir.display(), plain_error(&e)))
            })?;
            match state {
                RunState::Ended(_) => break,
                RunState::Lost { .. } => {
                    let left = run.kill_survivors(crate::engine::KILL_GRACE).unwrap_or_default();
                    if left.is_empty() {
                        break;
                    }
                    return Err((
                        Outcome::Config,
                        format!("processes of an earlier attempt cannot be ended: {}", listed(&left)),
                    ));
                }
                RunState::Elsewhere(who) => {
                    return Err((Outcome::Config, format!("an earlier attempt may still run at {who}")));
                }
                RunState::NotStarted | RunState::Alive { .. } => {
                    // Fenced long ago, or we would not hold the job: its own agent may be gone as well.
                    let _ = run.stop(crate::engine::StopCause::Fenced, None);
                    if matches!(state, RunState::NotStarted) && look > 20 {
                        break;
                    }
                    if look > LOOKS_MOST {
                        return Err((Outcome::Config, "an earlier attempt does not end".to_string()));
                    }
                    std::thread::sleep(LOOK_AGAIN.to_std());
                }
            }
        }
    }
    Ok(())
}

/// Every run of a job: `runs/JOB/ATTEMPT/{setup,engine,verify}`.
pub(super) fn run_dirs(runs: &Path) -> Vec<PathBuf> {
    let list = |dir: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries.map(|e| e.path()).filter(|p| p.is_dir()).collect()
    };
    let mut dirs: Vec<PathBuf> = list(runs).iter().flat_map(|attempt| list(attempt)).collect();
    dirs.sort();
    dirs
}
