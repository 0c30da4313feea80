//! `aq clean`: prune what is finished; never work at risk.
//!
//! The order is that of what can be lost: first the worktree, which git refuses to remove while it holds
//! anything that stands in no commit; then transcripts; then the law's archive; and only what the law has
//! let go loses its refs and its file, because others may still build on them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::acting::{Became, Changing, Consent, Outcome, Sheet, consent, judged, key_of_action, tell};
use super::frame::{Answer, CliError, Context, Exit};
use crate::agent::worktree_path;
use crate::board::{Board as _, Local, Settings};
use crate::engine::{Run, RunState};
use crate::fleet::{Command, Job, Level, Order, State};
use crate::git::{Kept, Repo};
use crate::insight::jobs_ever;
use crate::job::{BlobId, CLEAN_KEEP, CLEAN_OLDER_THAN, Effective, JobId, ShipKind, Stage};
use crate::store::Segment;
use crate::time::{Span, Stamp};

/// Prune what is finished
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Keep this many ended jobs, the latest, whatever their age [default: clean.keep of the settings, and
    /// everything younger than clean.older-than]
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
    #[command(flatten)]
    flags: Changing,
}

/// Removes worktrees and transcripts of ended jobs and archives them.
///
/// # Errors
/// Exit 2 for a yes that is missing; exit 8 where something was at risk and stayed.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let settings = cx.settings()?;
    let local = match args.flags.dry_run {
        true => cx.acting_or_looking(true)?,
        false => cx.acting_under(&settings)?,
    };
    let state = local.snapshot();
    let mut jobs = left_by_archived(&local, &settings)?;
    let (age, now) = (age_of(&settings), cx.now(&state).law);
    jobs.retain(|job| args.keep.is_some() || now.since(job.since) >= age);
    jobs.extend(finished(&state, &settings, args.keep, cx.now(&state).law));
    let before = old_before(&settings, cx.wall());
    let files: Vec<Segment> =
        local.place().segments()?.into_iter().take_while(|file| file.written < before).collect();
    if jobs.is_empty() && files.is_empty() {
        cx.out.talk("nothing is old enough to be pruned: nothing to do");
        return tell(cx, state.seq, args.flags.dry_run, &[]);
    }
    match consent(cx, &args.flags, Level::Decides, false, &sheet(&jobs, &files))? {
        Consent::Given => {}
        Consent::Withheld => return Ok(Exit::Failed),
        Consent::Shown => {
            let mut outcomes: Vec<Outcome> = jobs.iter().map(|job| would(&local, &settings, job)).collect();
            outcomes.extend(files.iter().map(|file| file_outcome(file, "would prune")));
            return tell(cx, state.seq, true, &outcomes);
        }
    }
    let key = key_of_action("clean");
    let mut outcomes = Vec::new();
    for (nth, job) in jobs.iter().enumerate() {
        let mut order = Order::new(cx.me(), Command::Archive { jobs: vec![job.id.clone()] });
        (order.key, order.note) = (key(nth), args.flags.message.clone());
        let became = match prune(cx, &local, &settings, job, order) {
            Ok(became) => became,
            Err(error) => Became::Refused(error),
        };
        outcomes.push(Outcome { target: job.id.to_string(), from: place(job), to: None, became });
    }
    if !files.is_empty() {
        let gone = cx.wait(local.prune_log(before))?;
        outcomes.extend(gone.iter().map(|file| file_outcome(file, "pruned")));
    }
    tell(cx, local.snapshot().seq, false, &outcomes)
}

fn place(job: &Job) -> Option<String> {
    Some(format!("{}@{}", job.stage, job.epoch))
}

/// Ended jobs beyond those that are kept, the oldest first.
fn finished(state: &State, settings: &Settings, keep: Option<usize>, now: Stamp) -> Vec<Job> {
    let config = &settings.config;
    let configured = usize::try_from(config.clean_keep.unwrap_or(CLEAN_KEEP)).unwrap_or(usize::MAX);
    let age = age_of(settings);
    let mut ended: Vec<&Job> = state.jobs.values().map(|job| &**job).filter(|j| j.stage.is_ended()).collect();
    ended.sort_by(|a, b| (b.since, &b.id).cmp(&(a.since, &a.id)));
    let beyond = ended.into_iter().skip(keep.unwrap_or(configured));
    // A number that a person types is the whole rule.
    let old = beyond.filter(|job| keep.is_some() || now.since(job.since) >= age);
    let mut old: Vec<Job> = old.cloned().collect();
    old.reverse();
    old
}

/// Up to this age everything is left alone.
fn age_of(settings: &Settings) -> Span {
    settings.config.clean_older_than.unwrap_or(CLEAN_OLDER_THAN)
}

/// Sealed files of the log whose last event is older than this are history that nobody replays.
fn old_before(settings: &Settings, wall: Stamp) -> Stamp {
    let age = age_of(settings);
    Stamp::from_millis(wall.as_millis().saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX)))
}

fn file_outcome(file: &Segment, did: &str) -> Outcome {
    let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let said = format!("{did} {name}: {} MiB of the log, up to {}", file.bytes >> 20, file.written);
    let became = Became::Done { event: None, said, next: Vec::new(), undo: None };
    Outcome { target: name, from: None, to: None, became }
}

/// Archived jobs of which a worktree or transcripts are left: agents archive what ended long ago, and leave
/// those to a person.
fn left_by_archived(local: &Local, settings: &Settings) -> Result<Vec<Job>, CliError> {
    let state = local.snapshot();
    let none = JobId::new("none");
    let folders = [local.place().runs(&none), worktree_path(local.place(), settings, &none)];
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder.parent()?).ok());
    let names = entries.flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let left: BTreeSet<JobId> = names.map(JobId::new).filter(|id| state.tombs.contains_key(id)).collect();
    if left.is_empty() {
        return Ok(Vec::new());
    }
    let (begin, events) = crate::cli::scene::history(local)?;
    let ever = jobs_ever(begin, &events).map_err(|broken| crate::cli::scene::damaged(&broken))?;
    Ok(left.iter().filter_map(|id| ever.get(id)).map(|job| Job::clone(job)).collect())
}

fn sheet(jobs: &[Job], files: &[Segment]) -> Sheet {
    let count = |stage: Stage| jobs.iter().filter(|job| job.stage == stage).count();
    let stages = [Stage::Shipped, Stage::Failed, Stage::DeadLetter].map(|stage| (count(stage), stage.name()));
    let counts: Vec<String> =
        stages.iter().filter(|row| row.0 > 0).map(|(n, name)| format!("{n} {name}")).collect();
    let mut heads = Vec::new();
    if !jobs.is_empty() {
        heads.push(format!("prune {} ended jobs ({})", jobs.len(), counts.join(", ")));
    }
    if let Some(last) = files.last() {
        heads.push(format!("prune {} files of the log, up to {}", files.len(), last.written));
    }
    Sheet {
        head: heads.join(" and "),
        rows: vec![
            ("lost", "their worktrees and transcripts; branches that are merged".to_string()),
            (
                "kept",
                "every commit of other branches, artifacts, the rest of the log; whatever stands in no commit"
                    .to_string(),
            ),
            ("back", "none: an archived job is history, its text can be added again".to_string()),
        ],
        words: Vec::new(),
    }
}

/// What a dry run says about one job.
fn would(local: &Local, settings: &Settings, job: &Job) -> Outcome {
    let mut parts = Vec::new();
    if worktree_path(local.place(), settings, &job.id).exists() {
        parts.push("worktree");
    }
    if local.place().runs(&job.id).exists() {
        parts.push("transcripts");
    }
    if local.snapshot().job(&job.id).is_some() {
        parts.push("archive");
    }
    let said = format!("would prune {}: {}", job.id, parts.join(", "));
    let became = Became::Done { event: None, said, next: Vec::new(), undo: None };
    Outcome { target: job.id.to_string(), from: place(job), to: None, became }
}

/// Prunes one job as far as nothing is at risk.
fn prune(
    cx: &Context,
    local: &Local,
    settings: &Settings,
    job: &Job,
    order: Order,
) -> Result<Became, CliError> {
    let runs = local.place().runs(&job.id);
    if something_runs(&runs) {
        return Err(CliError::usage(format!("{} is left alone: a run of it has not ended yet", job.id))
            .next("wait until it has ended, then: aq clean"));
    }
    let mut parts = Vec::new();
    let repo = repository(cx, local, job)?;
    let path = worktree_path(local.place(), settings, &job.id);
    if path.exists() {
        remove_worktree(repo.as_ref(), &path, job)?;
        parts.push("worktree");
    }
    if runs.exists() {
        std::fs::remove_dir_all(&runs).map_err(|e| CliError::io("remove", &runs, &e))?;
        parts.push("transcripts");
    }
    let is_hot = local.snapshot().job(&job.id).is_some();
    let verdict = match is_hot {
        true => cx.wait(local.act(vec![order]))?.swap_remove(0),
        false => Ok(Vec::new()),
    };
    let event = match verdict {
        Ok(events) => events.first().map(|row| row.0),
        Err(no) if parts.is_empty() => return Ok(judged(no)),
        Err(no) => {
            let said = format!("pruned {}: {}; it stays in the queue: {no}", job.id, parts.join(", "));
            return Ok(Became::Done { event: None, said, next: Vec::new(), undo: None });
        }
    };
    if let Some(repo) = &repo
        && drop_refs(repo, job, effective(cx, local, job)?.as_ref())?
    {
        parts.push("branch");
    }
    if is_hot {
        parts.push("archived");
    }
    if remove_file(&local.place().queue, job, &local.snapshot())? {
        parts.push("file");
    }
    let said = format!("pruned {}: {}", job.id, parts.join(", "));
    Ok(Became::Done { event, said, next: Vec::new(), undo: None })
}

/// A cancelled job's engine may still be on its way down.
fn something_runs(runs: &Path) -> bool {
    let below = |dir: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    };
    below(runs).iter().flat_map(|attempt| below(attempt)).any(|run| {
        let state = Run::open(&run).and_then(|run| run.state());
        matches!(state, Ok(RunState::Alive { .. } | RunState::Elsewhere(_)))
    })
}

fn effective(cx: &Context, local: &Local, job: &Job) -> Result<Option<Effective>, CliError> {
    let id: BlobId = job.effective.clone();
    let bytes = cx.wait(local.blob(id))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// The repository the job worked in, if it did in one.
fn repository(cx: &Context, local: &Local, job: &Job) -> Result<Option<Repo>, CliError> {
    let Some(effective) = effective(cx, local, job)?.filter(|effective| effective.worktree) else {
        return Ok(None);
    };
    let cwd = PathBuf::from(effective.cwd);
    if !cwd.is_dir() {
        return Ok(None);
    }
    Ok(Repo::discover(&cwd)?)
}

/// Through git, which refuses while anything there stands in no commit.
fn remove_worktree(repo: Option<&Repo>, path: &Path, job: &Job) -> Result<(), CliError> {
    let Some(repo) = repo else {
        return Err(CliError::usage(format!("{} is left alone: its repository is not there", job.id))
            .why(format!("nobody can say whether {} holds unsaved work", path.display()))
            .next("look at it; remove it by hand if it is of no use"));
    };
    let kept = job.checkpoint.as_ref().map_or(Kept::AtHead, |(rev, _)| Kept::At(rev));
    repo.remove_worktree(path, kept).map_err(|error| {
        let error = CliError::from(error);
        let what = format!("{} is left alone: {}", job.id, error.what);
        CliError { what, ..error }.next(format!("save it: aq risk rescue {}", job.id))
    })
}

/// Drops what git keeps of a shipped job: the branch only where its base has it, checkpoints otherwise.
/// Of a job that was not shipped everything stays: it is the only place where that work stands.
fn drop_refs(repo: &Repo, job: &Job, effective: Option<&Effective>) -> Result<bool, CliError> {
    let (Stage::Shipped, Some(effective)) = (job.stage, effective) else { return Ok(false) };
    let Some(head) = job.head.as_ref().and_then(|head| head.rev.as_ref()) else { return Ok(false) };
    let base = match &effective.base {
        Some(name) => repo.resolve(name),
        None => repo.default_branch().and_then(|name| repo.resolve(&name)),
    };
    let merged = match base {
        Ok(base) => repo.contains(&base, head)?,
        Err(_) => false,
    };
    let branch_stands = repo.branch_head(&crate::agent::job_branch(&job.id))?.is_some_and(|rev| rev == *head);
    let branch_too = merged && effective.ship != ShipKind::Branch;
    if merged || branch_stands {
        repo.delete_job_refs(&job.id, branch_too)?;
    }
    Ok(branch_too)
}

/// The job's file, if it still has the job's text; an edited one is a person's and stays.
fn remove_file(queue: &Path, job: &Job, state: &State) -> Result<bool, CliError> {
    // Of two jobs with one name and one text it cannot be told here whose the plain name is.
    let twin = |other: &Job| other.body == job.body && other.stage.folder() == job.stage.folder();
    if state.jobs.values().any(|other| twin(other)) {
        return Ok(false);
    }
    let name = job.file.as_deref().map_or_else(|| format!("{}.md", job.id), str::to_string);
    let beside = format!("{}~{}.md", name.strip_suffix(".md").unwrap_or(&name), job.id);
    for name in [beside, name] {
        let path = queue.join(job.stage.folder().name()).join(name);
        let Ok(bytes) = std::fs::read(&path) else { continue };
        if BlobId::new(blake3::hash(&bytes).to_hex()) == job.body {
            std::fs::remove_file(&path).map_err(|e| CliError::io("remove", &path, &e))?;
            return Ok(true);
        }
    }
    Ok(false)
}
