//! Shipping by a pull request: the branch is pushed, one request opened or found again, and looked at until
//! it is merged, sends the job back or is closed.
//!
//! Each step finds what an earlier one left, so that an end in the middle costs nothing: a branch that stands
//! on the work is not pushed again, and a request of that branch is taken over rather than opened twice. The
//! law's ship lease keeps a second shipper out; the forge itself refuses a second request for one branch.

use std::path::PathBuf;
use std::sync::Arc;

use super::act::blocking;
use super::forge::{Failed, Found, Gh, Logs, Push, Request, View, push, request};
use super::place::job_branch;
use super::ship::{Sent, effective};
use crate::board::{Board as _, Local, Settings};
use crate::fleet::{Actor, Code, Command, Job, Order, PrLook, PrMeans, Refusal, What};
use crate::git::Repo;
use crate::insight::pr_words;
use crate::job::{Effective, GH, Rev, SHIP_REMOTE};
use crate::store::Fault;

/// What every call needs.
#[derive(Clone)]
struct Forge {
    gh: String,
    remote: String,
    cwd: PathBuf,
}

impl Forge {
    fn of(settings: &Settings, cwd: &str) -> Forge {
        let config = &settings.config;
        Forge {
            gh: config.program_gh.clone().unwrap_or(GH.to_string()),
            remote: config.ship_remote.clone().unwrap_or(SHIP_REMOTE.to_string()),
            cwd: PathBuf::from(cwd),
        }
    }

    fn open(&self) -> Result<Gh<'_>, Failed> {
        Gh::of_remote(&self.gh, &self.cwd, &self.remote)
    }
}

/// Makes the work stand in a pull request and gives which.
pub(super) async fn publish(
    settings: &Settings,
    job: &Job,
    effective: &Effective,
    rev: Rev,
) -> Result<Found, Failed> {
    let (forge, job, effective) = (Forge::of(settings, &effective.cwd), job.clone(), effective.clone());
    blocking(move || {
        let gh = forge.open()?;
        let branch = job_branch(&job.id);
        let own: Vec<Rev> = own_revs(&job);
        let Forge { cwd, remote, .. } = &forge;
        push(&Push { cwd, remote, branch: &branch, rev: &rev, own: &own })?;
        if let Some(found) = gh.find(&branch, &rev)? {
            return Ok(found);
        }
        let made = gh.create(&branch, &told(&forge, &job, &effective, &rev));
        // Somebody may have opened it this moment; whatever gh said, what is there is the answer.
        match (gh.find(&branch, &rev)?, made) {
            (Some(found), _) => Ok(found),
            (None, Err(failed)) => Err(failed),
            (None, Ok(())) => {
                Err(Failed::new("gh opened a pull request, but lists none of that branch", "ship again"))
            }
        }
    })
    .await
}

/// What aq may have pushed for this job so far.
fn own_revs(job: &Job) -> Vec<Rev> {
    let attempts = job.attempts.iter().filter_map(|attempt| attempt.rev.clone());
    attempts.chain(job.pr.as_ref().map(|pr| pr.rev.clone())).collect()
}

fn told(forge: &Forge, job: &Job, effective: &Effective, rev: &Rev) -> Request {
    let from = job.attempts.iter().rev().find_map(|attempt| attempt.base.clone());
    let known = Repo::discover(&forge.cwd).ok().flatten().zip(from);
    // A body that says less is better than no request.
    let (commits, stat) = known.map_or((Vec::new(), None), |(repo, from)| {
        (repo.log_subjects(Some(&from), rev).unwrap_or_default(), repo.diffstat(&from, rev).ok())
    });
    let prefix = format!("{}/", forge.remote);
    let base = effective.base.as_ref().map(|base| base.strip_prefix(&prefix).unwrap_or(base).to_string());
    request(job, base, effective.verify.as_deref(), &commits, stat.as_ref())
}

/// Looks once at the pull request that a job waits for and tells the law; gives what came of it.
///
/// # Errors
/// The outer error is a [`Fault`] of the log; the inner one says why nobody could look.
pub(super) async fn look(
    local: &Arc<Local>,
    settings: &Settings,
    by: &Actor,
    job: &Job,
) -> Result<Result<(Sent, bool), Refusal>, Fault> {
    let Some(pr) = job.awaited_pr().cloned() else {
        let message = format!("{} waits for no pull request", job.id);
        return Ok(Err(Refusal::new(Code::InvalidState, message, format!("aq show {}", job.id))));
    };
    let forge = Forge::of(settings, &effective(local, job).await?.cwd);
    let number = pr.number;
    let seen = blocking({
        let pr = pr.clone();
        move || {
            let gh = forge.open()?;
            let view = gh.view(number)?;
            let look = view.look();
            let wants = matches!(pr.means(&look), PrMeans::Red | PrMeans::Asked);
            let words = if wants { Some(words(&gh, &view, number)?) } else { None };
            Ok::<_, Failed>((look, words))
        }
    });
    let (look, words): (PrLook, Option<String>) = match seen.await {
        Ok(seen) => seen,
        Err(failed) => {
            let last = pr_words(&pr, local.now().law);
            let message = format!("cannot look at pr #{number}: {}; last known: {last}", failed.what);
            return Ok(Err(Refusal::new(Code::InvalidState, message, failed.mend)));
        }
    };
    // What others wrote goes into a prompt, and prompts never stand in events.
    let words = match words {
        Some(words) => Some(local.put_blob(words.into_bytes()).await?),
        None => None,
    };
    let see = Command::PrSee { job: job.id.clone(), epoch: job.epoch, look: Box::new(look), words };
    let verdict = local.act(vec![Order::new(by.clone(), see)]).await?.swap_remove(0);
    Ok(match verdict {
        Ok(events) => {
            let sent = events.iter().find_map(|(_, event)| match &event.what {
                What::Shipped { how, .. } => Some(Sent::Out(how.clone())),
                What::PrSentBack { reason, to, .. } | What::ShipFailed { reason, to, .. } => {
                    Some(Sent::Back(format!("{reason}; it is in {to} again")))
                }
                _ => None,
            });
            Ok((sent.unwrap_or_else(|| Sent::Waits(state_of(local, job))), true))
        }
        Err(no) if no.code == Code::NoChange => Ok((Sent::Waits(state_of(local, job)), false)),
        Err(no) => Err(no),
    })
}

/// Lines say more than the review they belong to; a review without them still says something. So does a check
/// whose log nobody can read.
fn words(gh: &Gh<'_>, view: &View, number: u64) -> Result<String, Failed> {
    let comments = if view.is_asking() { gh.comments(number)? } else { Vec::new() };
    let log = |job| (job, gh.failed_log(job).map_err(|failed| failed.what));
    let logs: Logs = view.failed_jobs().map(log).collect();
    Ok(view.words(&comments, &logs))
}

fn state_of(local: &Local, job: &Job) -> String {
    let state = local.snapshot();
    let pr = state.job(&job.id).and_then(|job| job.pr.clone()).or(job.pr.clone());
    pr.map(|pr| format!("{}, {}", pr_words(&pr, local.now().law), pr.url)).unwrap_or_default()
}
