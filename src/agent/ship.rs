//! Shipping: under a lease of its own, verified again where base moved, all or nothing.

use std::path::Path;
use std::sync::Arc;

use super::act::{accept, blocking};
use super::forge::Found;
use super::place::{job_branch, worktree_path};
use super::pull_request;
use super::seat::{Seat, seat_env};
use crate::board::{Board as _, Local, Settings};
use crate::engine::{
    End, EnvRules, KILL_GRACE, Run, RunKind, RunPlan, RunState, ShimProgram, ShipRun, engine_env,
    process_identity,
};
use crate::fleet::{Actor, Code, Command, Job, NOT_SHIPPED, Order, Refusal};
use crate::git::{GitError, Repo, ShipPlan, ShipRequest, ShipWay};
use crate::job::{AttemptNo, Effective, Epoch, HolderId, JobId, Proof, Rev, ShipKind};
use crate::store::{Fault, FaultKind};

/// So often a verify of a merge is started whose shim is killed.
const VERIFIES_MOST: u32 = 3;

/// So often a ship is planned anew because somebody moved base in between. Each time it was somebody's work
/// that went in first, so it comes to an end; the bound is for a base that never stands still.
const RACES_MOST: u32 = 20;

/// What helps where nothing else is known to.
const MEND: &str = "mend that, then ship again";

/// What is to be shipped, and how freely.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ship {
    /// The job.
    pub job: JobId,
    /// The revision that was looked at; `None` takes the head as it is.
    pub rev: Option<Rev>,
    /// A person's ship may change the checked-out, clean base; a rule's may not.
    pub by_person: bool,
    /// A person's words.
    pub note: Option<String>,
}

impl Ship {
    /// A ship by the job's own autoship rule.
    pub fn by_rule(job: &JobId) -> Ship {
        Ship { job: job.clone(), rev: None, by_person: false, note: None }
    }
}

/// What became of a ship.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sent {
    /// It has shipped, and how.
    Out(String),
    /// Its pull request stands, and in what state.
    Waits(String),
    /// Its pull request was not accepted; why, and where the job is now.
    Back(String),
}

impl Sent {
    /// What became of that job, for people.
    pub fn said(&self, job: &JobId) -> String {
        match self {
            Sent::Out(how) => format!("shipped {job}: {how}"),
            Sent::Waits(state) => format!("{job} waits: {state}"),
            Sent::Back(why) => format!("{job} came back: {why}"),
        }
    }
}

/// How the work got out, or why not.
enum Way {
    Done(String, Option<Rev>),
    Opened(Found, Rev),
    /// Base moved after the plan was made: nothing happened.
    Moved(String),
    Not {
        reason: String,
        conflict: bool,
    },
    /// Verify says no to what base would become.
    Disproven(String),
}

/// What stood in the way and is no conflict.
impl<T: Into<String>> From<T> for Way {
    fn from(reason: T) -> Way {
        Way::Not { reason: reason.into(), conflict: false }
    }
}

/// Ships one job and gives how. A refusal leaves branch, base and checkouts as they were.
///
/// # Errors
/// The outer error is a [`Fault`] of the log; the inner one the law's or git's no, with its hint.
pub async fn ship(
    local: &Arc<Local>,
    settings: &Settings,
    by: &Actor,
    what: &Ship,
) -> Result<Result<Sent, Refusal>, Fault> {
    let state = local.snapshot();
    let Some(job) = state.job(&what.job).cloned() else {
        return Ok(Err(Refusal::new(Code::UnknownJob, format!("no job {}", what.job), "see: aq ls --all")));
    };
    // What stands in a pull request already is not shipped again: it is looked at.
    if job.awaited_pr().is_some() {
        return Ok(pull_request::look(local, settings, by, &job).await?.map(|(sent, _)| sent));
    }
    let head = job.head.as_ref().and_then(|h| h.rev.clone());
    let holder = HolderId::new(process_identity().to_string());
    let rev = what.rev.clone().or_else(|| head.clone());
    let begin = Command::ShipStart { job: what.job.clone(), holder, rev };
    let mut order = Order::new(by.clone(), begin);
    order.note.clone_from(&what.note);
    let events = match local.act(vec![order]).await?.swap_remove(0) {
        Ok(events) => events,
        Err(no) => return Ok(Err(no)),
    };
    let epoch = events.iter().find_map(|(_, e)| match &e.what {
        crate::fleet::What::ShipStarted { epoch, .. } => Some(*epoch),
        _ => None,
    });
    let epoch = epoch.unwrap_or(job.epoch + 1);
    let way = carry_out(local, settings, &job, epoch, head, what.by_person).await;
    let job = what.job.clone();
    match way {
        Way::Done(how, rev) => {
            let done = Command::ShipDone { job, epoch, how: how.clone(), rev };
            Ok(local.act(vec![Order::new(by.clone(), done)]).await?.swap_remove(0).map(|_| Sent::Out(how)))
        }
        Way::Opened(found, rev) => opened(local, settings, by, job, epoch, found, rev).await,
        Way::Not { reason, conflict } => {
            let hint = match conflict {
                true => format!(
                    "it is in review again; have it done anew on what base is now: \
                     aq reject {job} --requeue -m WHY"
                ),
                false => MEND.to_string(),
            };
            not_shipped(local, by, (&job, epoch), &reason, conflict, hint).await
        }
        Way::Disproven(reason) => {
            let hint = format!("what it said: aq log {job} --run ship; {MEND}");
            not_shipped(local, by, (&job, epoch), &reason, false, hint).await
        }
        Way::Moved(reason) => not_shipped(local, by, (&job, epoch), &reason, false, MEND.to_string()).await,
    }
}

/// Gives the lease back and says why, and what helps.
async fn not_shipped(
    local: &Local,
    by: &Actor,
    (job, epoch): (&JobId, Epoch),
    reason: &str,
    conflict: bool,
    hint: String,
) -> Result<Result<Sent, Refusal>, Fault> {
    let reason = format!("{}: {reason}", NOT_SHIPPED);
    let fail = Command::ShipFail { job: job.clone(), epoch, reason: reason.clone(), conflict };
    if let Err(no) = local.act(vec![Order::new(by.clone(), fail)]).await?.swap_remove(0) {
        return Ok(Err(no));
    }
    Ok(Err(Refusal::new(Code::InvalidState, format!("{job} was {reason}"), hint)))
}

/// The work stands in a pull request. One that is merged already is looked at at once.
async fn opened(
    local: &Arc<Local>,
    settings: &Settings,
    by: &Actor,
    job: JobId,
    epoch: Epoch,
    found: Found,
    rev: Rev,
) -> Result<Result<Sent, Refusal>, Fault> {
    let Found { number, url, merged } = found;
    let open = Command::PrOpen { job: job.clone(), epoch, number, url: url.clone(), rev };
    if let Err(no) = local.act(vec![Order::new(by.clone(), open)]).await?.swap_remove(0) {
        return Ok(Err(no));
    }
    let state = local.snapshot();
    match state.job(&job).filter(|_| merged) {
        Some(job) => Ok(pull_request::look(local, settings, by, job).await?.map(|(sent, _)| sent)),
        None => Ok(Ok(Sent::Waits(format!("pr #{number} open, {url}")))),
    }
}

async fn carry_out(
    local: &Arc<Local>,
    settings: &Settings,
    job: &Job,
    epoch: Epoch,
    head: Option<Rev>,
    by_person: bool,
) -> Way {
    let not = |reason: String| Way::Not { reason, conflict: false };
    let Some(rev) = head else { return Way::Done("nothing to merge: it has no branch".to_string(), None) };
    let effective = match effective(local, job).await {
        Ok(effective) => effective,
        Err(fault) => return not(fault.to_string()),
    };
    let cwd = std::path::PathBuf::from(&effective.cwd);
    if let Err(error) = {
        let (cwd, job, rev) = (cwd.clone(), job.id.clone(), rev.clone());
        blocking(move || accept(&cwd, &job, &rev)).await
    } {
        return not(error.to_string());
    }
    let branch = job_branch(&job.id);
    match effective.ship {
        ShipKind::Branch => Way::Done(format!("branch {branch} stands at {}", short(&rev)), Some(rev)),
        ShipKind::Pr => match pull_request::publish(settings, job, &effective, rev.clone()).await {
            Ok(found) => Way::Opened(found, rev),
            Err(failed) => not(format!("{} ({})", failed.what, failed.mend)),
        },
        ShipKind::Merge => {
            let mut way = Way::Moved(String::new());
            for race in 0..RACES_MOST {
                let merge = Merge { local, settings, job, epoch, race };
                way = merge.carry_out(&effective, rev.clone(), by_person).await;
                let Way::Moved(why) = &way else { break };
                tracing::info!(job = %job.id, race, why, "base moved since the plan: plans again");
            }
            way
        }
    }
}

/// One try to bring work into base. Whoever finds base moved plans anew, and verifies anew what base would
/// become: nothing unverified is merged, and nobody has to ask twice.
struct Merge<'a> {
    local: &'a Arc<Local>,
    settings: &'a Settings,
    job: &'a Job,
    epoch: Epoch,
    race: u32,
}

impl Merge<'_> {
    async fn carry_out(&self, effective: &Effective, rev: Rev, by_person: bool) -> Way {
        let not = |reason: String, conflict: bool| Way::Not { reason, conflict };
        let cwd = std::path::PathBuf::from(&effective.cwd);
        let verified_base = self
            .job
            .attempts
            .last()
            .and_then(|a| a.base.clone())
            .filter(|_| self.job.proof() == Proof::Verified);
        let request = {
            let (cwd, base, name) = (cwd.clone(), effective.base.clone(), self.job.id.to_string());
            blocking(move || plan(&cwd, base, name, rev, verified_base)).await
        };
        let plan = match request {
            Ok(plan) => plan,
            Err(error) => return not(error.to_string(), false),
        };
        if let ShipWay::Conflict { paths } = &plan.way {
            let paths: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
            return not(format!("conflict with {} in {}", plan.base, paths.join(", ")), true);
        }
        let verify = effective.verify.clone().filter(|command| !command.is_empty());
        if let Some(command) = verify.filter(|_| plan.base_moved && plan.way != ShipWay::AlreadyIn)
            && let Err(reason) = self.verify(&cwd, &plan, &effective.on_a_fresh_tree(&command)).await
        {
            return reason;
        }
        let base = plan.base.clone();
        let merged = blocking(move || {
            let repo = Repo::discover(&cwd)?.ok_or_else(|| missing(&cwd))?;
            repo.ship_merge(&plan, by_person)
        });
        match merged.await {
            Ok(shipped) if shipped.from == shipped.to => {
                Way::Done(format!("{base} has it already"), Some(shipped.to))
            }
            Ok(shipped) => {
                Way::Done(format!("merged into {base} at {}", short(&shipped.to)), Some(shipped.to))
            }
            Err(error) if matches!(error.refusal(), Some(crate::git::Refusal::Moved { .. })) => {
                Way::Moved(error.to_string())
            }
            Err(error) => {
                let conflict = matches!(error.refusal(), Some(crate::git::Refusal::Conflict { .. }));
                not(error.to_string(), conflict)
            }
        }
    }

    /// Base has moved since verify: what base would become is verified before it becomes it.
    async fn verify(&self, cwd: &Path, plan: &ShipPlan, command: &str) -> Result<(), Way> {
        let Merge { local, settings, job, epoch, race } = *self;
        let tree = worktree_path(local.place(), settings, &JobId::new(format!("{}.ship", job.id)));
        let runs = local.place().runs(&job.id);
        let argv = ["sh", "-c", command].map(str::to_string).to_vec();
        let mut run = RunPlan::new(RunKind::Ship, argv, &tree);
        run.wall = Some(job.spec.timeout);
        run.grace = KILL_GRACE;
        let seat = Seat::take()?;
        let attempt = job.attempts.last().map_or(0, |attempt| attempt.no);
        let mut set = vec![
            ("AQ_QUEUE".to_string(), local.place().queue.display().to_string()),
            ("AQ_JOB".to_string(), job.id.to_string()),
            ("AQ_EPOCH".to_string(), epoch.to_string()),
            ("AQ_ATTEMPT".to_string(), attempt.to_string()),
        ];
        set.extend(seat_env(seat.number()));
        let rules = EnvRules { pass: &settings.config.env_pass, keys: &[], set: &set };
        let env = engine_env(RunKind::Ship, std::env::vars_os(), &rules);
        (run.env, run.redact) = (env.vars, env.secrets);
        let exe = std::env::current_exe().map_err(|e| format!("cannot find aq itself: {e}"))?;
        let (cwd, plan) = (cwd.to_path_buf(), plan.clone());
        blocking(move || {
            let _seat = seat;
            let repo = Repo::discover(&cwd).ok().flatten().ok_or("the repository is gone")?;
            repo.merge_result_worktree(&tree, &plan).map_err(|e| e.to_string())?;
            let first = ShipRun { epoch, nth: race * VERIFIES_MOST + 1 };
            let ended = until_judged((&runs, attempt), first, run, &ShimProgram::of_aq(&exe));
            let dropped = repo.drop_merge_result(&tree, &plan.name).map_err(|e| e.to_string().into());
            match ended.map_err(|e| format!("verify could not run: {e}"))? {
                RunState::Ended(report) if report.end == (End::Exited { code: 0 }) => dropped,
                RunState::Ended(report) => Err(Way::Disproven(format!(
                    "{} moved since verify, and verify fails on the merge: {}",
                    plan.base,
                    last_line(&report.tail)
                ))),
                _ => Err("verify of the merge was killed".into()),
            }
        })
        .await
    }
}

fn plan(
    cwd: &Path,
    base: Option<String>,
    name: String,
    rev: Rev,
    verified_base: Option<Rev>,
) -> Result<ShipPlan, GitError> {
    let repo = Repo::discover(cwd)?.ok_or_else(|| missing(cwd))?;
    let base = match base {
        Some(base) => base,
        None => repo.default_branch()?,
    };
    repo.ship_plan(&ShipRequest { name, rev, base, verified_base })
}

fn missing(cwd: &Path) -> GitError {
    GitError::Refused(crate::git::Refusal::BaseUnknown {
        name: format!("repository at {}", cwd.display()),
        near: Vec::new(),
    })
}

/// Runs a verify that says something: one whose shim is killed has not spoken, and is run again. What each says is
/// read with the runs of the attempt whose work it is.
fn until_judged(
    (runs, attempt): (&Path, AttemptNo),
    first: ShipRun,
    mut plan: RunPlan,
    shim: &ShimProgram,
) -> std::io::Result<RunState> {
    let mut state = RunState::NotStarted;
    for nth in first.nth..first.nth + VERIFIES_MOST {
        let it = ShipRun { nth, ..first };
        plan.transcript = it.transcript(runs, attempt);
        let run = Run::start(&it.folder(runs, attempt), &plan, shim)?;
        state = run.wait()?;
        if !matches!(state, RunState::Lost { .. }) {
            break;
        }
        while !run.kill_survivors(KILL_GRACE)?.is_empty() {}
    }
    Ok(state)
}

fn last_line(tail: &str) -> &str {
    tail.trim_end().lines().next_back().unwrap_or("no output")
}

pub(super) async fn effective(local: &Local, job: &Job) -> Result<Effective, Fault> {
    let bytes = local.blob(job.effective.clone()).await?.unwrap_or_default();
    serde_json::from_slice(&bytes).map_err(|error| {
        let on = std::path::PathBuf::from(format!("the resolved values of {}", job.id));
        Fault::new(FaultKind::Corrupt, "read", &on, error.to_string(), "edit its manifest once")
    })
}

fn short(rev: &Rev) -> &str {
    rev.as_str().get(..7).unwrap_or(rev.as_str())
}
