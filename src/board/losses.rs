//! Files that are gone: a person's word about one job, or a sweep that means none.
//!
//! One waiting file that is deleted cancels its job after two seconds. `git stash -u`, `git checkout` and
//! `git clean` delete too, and mean no job by it; what tells them apart is what else happened. It was a sweep
//! if several waiting files went, if files of other stages went at the same time, if a folder went, or if
//! git has left a trace of such a command since the files were last seen. After a sweep nobody's file is a
//! word: waiting ones suspend the queue, which asks, and goes on by itself when all of them are back; others
//! are put back. A file that returns after its job was cancelled for it takes the cancel back.
//!
//! What no trace tells: `git clean` of one or two untracked files while nothing else of the queue goes. That
//! is a deletion, and the file that comes back after it is known again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::local::Local;
use super::seam::Board as _;
use super::sync::{Memory, Report, hand};
use crate::fleet::{Actor, ActorKind, Code, Command, Job, Order, State};
use crate::git::Repo;
use crate::job::{BlobId, Budget, JobId, Stage};
use crate::store::{Fault, Finding, Scan};
use crate::time::{Span, Stamp};

/// A deleted waiting file cancels its job after this long (`jobs.md` section 2).
const CANCEL_AFTER: Span = Span::from_secs(2);
/// So many waiting files gone at once are not a person's word: the queue is suspended and asks.
const SEVERAL: usize = 3;
/// Files that went within this time of each other went together: git removes them one by one.
const TOGETHER: Span = Span::from_secs(2);
/// A stash is written down before its files go; with many files that takes a while.
const TRACE_BEFORE: Span = Span::from_secs(5);
/// The note of a cancel for a deleted file, by which one that comes back is known.
const FILE_DELETED: &str = "its file was deleted";

/// What is remembered of files that are gone.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// Why this is a sweep, while waiting files are missing.
    swept: Option<String>,
    /// When files of other stages last went (boot time).
    others: Option<Span>,
    /// Waiting jobs whose files are gone, and since when (boot time).
    gone: BTreeMap<JobId, Span>,
    /// When the folders were last seen (wall).
    seen: Option<Stamp>,
    /// The last time at which nothing waiting was missing (wall).
    whole: Option<Stamp>,
}

/// Jobs whose files are gone.
struct Gone<'a> {
    /// A deletion means cancel.
    waiting: Vec<&'a Job>,
    /// A deletion means nothing.
    standing: Vec<&'a Job>,
    /// A deletion means archive.
    ended: Vec<&'a Job>,
}

impl<'a> Gone<'a> {
    fn of(scan: &Scan, state: &'a State) -> Gone<'a> {
        let mut gone = Gone { waiting: Vec::new(), standing: Vec::new(), ended: Vec::new() };
        for finding in &scan.findings {
            let Finding::Gone { job } = finding else { continue };
            let Some(job) = state.job(job) else { continue };
            match job.stage {
                stage if stage.is_waiting() => gone.waiting.push(job),
                stage if stage.is_ended() => gone.ended.push(job),
                _ => gone.standing.push(job),
            }
        }
        gone
    }
}

/// One look at what is gone.
struct Look<'a> {
    by: &'a Actor,
    state: &'a State,
    gone: Gone<'a>,
    /// Folders went too and are made again.
    remade: bool,
    now: Span,
}

impl Losses {
    /// Notes which waiting files are gone now, and whether they were swept away together.
    fn note(&mut self, look: &Look<'_>, fresh: &[&Job]) {
        self.gone.retain(|id, _| look.gone.waiting.iter().any(|job| job.id == *id));
        if self.gone.is_empty() {
            self.swept = None;
        }
        for job in fresh {
            self.gone.entry(job.id.clone()).or_insert(look.now);
        }
        let near = |at: Span, other: Span| at.as_millis().abs_diff(other.as_millis()) <= TOGETHER.as_millis();
        let with_others = self.others.is_some_and(|at| self.gone.values().any(|went| near(at, *went)));
        let how = match () {
            () if fresh.is_empty() => None,
            () if look.remade => Some("with a whole folder"),
            () if fresh.len() >= SEVERAL => Some("at once"),
            () if with_others => Some("together with files of other folders"),
            () => None,
        };
        self.swept = self.swept.take().or(how.map(str::to_string));
    }

    /// How long the file that went last has been gone.
    fn youngest(&self, fresh: &[&Job], now: Span) -> Option<Span> {
        let went = fresh.iter().filter_map(|job| self.gone.get(&job.id)).max()?;
        Some(Span::from_millis(now.as_millis().saturating_sub(went.as_millis())))
    }
}

impl Local {
    /// Files that are gone.
    pub(super) async fn take_losses(
        &self,
        by: &Actor,
        scan: &Scan,
        state: &State,
        memory: &mut Memory,
        report: &mut Report,
    ) -> Result<(), Fault> {
        let losses = &mut memory.losses;
        let (now, wall) = (self.clock().boot(), self.clock().wall());
        let look = Look { by, state, gone: Gone::of(scan, state), remade: scan.remade, now };
        let seen = losses.seen.replace(wall);
        if losses.gone.is_empty() {
            losses.whole = Some(seen.unwrap_or(state.at));
        }
        self.take_standing(&look, seen, report).await?;
        if !look.gone.standing.is_empty() || !look.gone.ended.is_empty() {
            losses.others = Some(now);
        }
        self.take_waiting(&look, losses, report).await?;
        self.take_return(&look, report).await
    }

    /// Files that went from where deleting is not an action, or is an archive.
    async fn take_standing(
        &self,
        look: &Look<'_>,
        seen: Option<Stamp>,
        report: &mut Report,
    ) -> Result<(), Fault> {
        let Gone { waiting, standing, ended } = &look.gone;
        for job in standing {
            let folder = job.stage.folder().name();
            report.lines.push(format!("the file of {} vanished from {folder} and is put back", job.id));
            self.restore(job.id.clone()).await?;
        }
        let trace = seen.filter(|_| !ended.is_empty()).and_then(|seen| self.trace_since(seen));
        let swept = trace.is_some() || !standing.is_empty() || !waiting.is_empty();
        for job in ended {
            let id = job.id.clone();
            let why = if swept {
                "it vanished together with others; delete it by itself to archive it".to_string()
            } else {
                let archive = Order::new(look.by.clone(), Command::Archive { jobs: vec![id.clone()] });
                match self.ask(archive).await? {
                    Ok(_) => {
                        report.lines.push(format!("archived {id}: {FILE_DELETED}"));
                        continue;
                    }
                    Err(no) => format!("{no} ({})", no.hint),
                }
            };
            report.lines.push(format!("the file of {id} is put back: {why}"));
            self.restore(id).await?;
        }
        Ok(())
    }

    /// Files of waiting jobs.
    async fn take_waiting(
        &self,
        look: &Look<'_>,
        losses: &mut Losses,
        report: &mut Report,
    ) -> Result<(), Fault> {
        let suspended = &look.state.product.suspended;
        let waiting = look.gone.waiting.iter().copied();
        let fresh: Vec<&Job> = waiting.filter(|job| !suspended.contains(&job.id)).collect();
        losses.note(look, &fresh);
        let Some(youngest) = losses.youngest(&fresh, look.now) else { return Ok(()) };
        if youngest < CANCEL_AFTER {
            report.wait(Span::from_millis(CANCEL_AFTER.as_millis() - youngest.as_millis()));
            report.hold = true;
            return Ok(());
        }
        let whole = losses.whole.unwrap_or(look.state.at);
        let how = losses.swept.clone().or_else(|| self.trace_since(whole).map(|deed| format!("in {deed}")));
        let Some(how) = how else { return self.cancel_deleted(look.by, &fresh, report).await };
        let jobs: Vec<JobId> = fresh.iter().map(|job| job.id.clone()).collect();
        let what =
            if jobs.len() == 1 { "1 waiting file".into() } else { format!("{} waiting files", jobs.len()) };
        if self.ask(Order::new(look.by.clone(), Command::Suspend { jobs })).await?.is_ok() {
            report.lines.push(format!(
                "{what} vanished {how}: the queue is suspended. restore them: aq budget resume local; or cancel: aq cancel"
            ));
        }
        Ok(())
    }

    async fn cancel_deleted(&self, by: &Actor, jobs: &[&Job], report: &mut Report) -> Result<(), Fault> {
        for job in jobs {
            let mut order = hand(by, job, Command::Cancel { job: job.id.clone() });
            order.note = Some(FILE_DELETED.to_string());
            if self.ask(order).await?.is_ok() {
                report.lines.push(format!("cancelled {}: {FILE_DELETED}", job.id));
                self.restore(job.id.clone()).await?;
            }
        }
        Ok(())
    }

    /// All that had vanished is there again: the question has answered itself.
    async fn take_return(&self, look: &Look<'_>, report: &mut Report) -> Result<(), Fault> {
        let suspended = &look.state.product.suspended;
        let missing = look.gone.waiting.iter().any(|job| suspended.contains(&job.id));
        // A queue that is paused as well goes on by a person's word alone; the law says so again below.
        if suspended.is_empty() || missing || look.state.product.paused.is_some() {
            return Ok(());
        }
        let by = Actor::new(ActorKind::System, "folder");
        if self.ask(Order::new(by, Command::Resume {})).await?.is_ok() {
            report.lines.push("the files that had vanished are back: the queue goes on".to_string());
        }
        Ok(())
    }

    /// What git did to the checkout since then. A queue that git ignores is left alone by all it does.
    fn trace_since(&self, since: Stamp) -> Option<String> {
        let queue = &self.place().queue;
        let ignored = std::fs::read_to_string(queue.join(".gitignore"));
        if ignored.is_ok_and(|text| text.lines().any(|line| line.trim() == "*")) {
            return None;
        }
        // A repository that cannot be read has nothing to say.
        let repo = Repo::discover(queue).ok().flatten()?;
        let since = since.as_millis().saturating_sub_unsigned(TRACE_BEFORE.as_millis());
        repo.swept_since(Stamp::from_millis(since)).ok().flatten()
    }

    /// Whether a new file is one that had been deleted and is back: its job is sent back to wait.
    pub(super) async fn comes_back(
        &self,
        by: &Actor,
        cancelled: &[Arc<Job>],
        (name, bytes): (&str, &[u8]),
        report: &mut Report,
    ) -> Result<bool, Fault> {
        let has_text = |job: &&Arc<Job>| job.body == BlobId::new(blake3::hash(bytes).to_hex());
        let mut named = cancelled.iter().filter(|job| job.file.as_deref() == Some(name));
        let Some(job) = named.rfind(has_text) else { return Ok(false) };
        let event = self.events(job.event.saturating_sub(1), 1).await?;
        if !event.iter().any(|(_, event)| event.note.as_deref() == Some(FILE_DELETED)) {
            return Ok(false);
        }
        let (id, file) = (job.id.clone(), name.to_string());
        // First it takes the place of the file in failed/, which has the same bytes: killed here, there is
        // one file of one job.
        self.mailbox().run(move |it| it.log().replace(&id, &file)).await??;
        let requeue =
            Command::Requeue { job: job.id.clone(), raised: Budget::default(), from: None, park: None };
        report.lines.push(match self.ask(hand(by, job, requeue)).await? {
            Ok(_) => format!("{name} is back: {} waits again", job.id),
            // Another process took it back between our look and our word.
            Err(no) if no.code == Code::Moved => return Ok(true),
            Err(no) => format!("{name} is back, its job stays cancelled: {no} ({})", no.hint),
        });
        Ok(true)
    }
}

/// Jobs that were cancelled and not touched since, the last one last.
pub(super) fn cancelled(state: &State) -> Vec<Arc<Job>> {
    let is_cancelled = |job: &&Arc<Job>| job.stage == Stage::Failed && &*job.why == "cancelled";
    let mut found: Vec<Arc<Job>> = state.jobs.values().filter(is_cancelled).cloned().collect();
    found.sort_by_key(|job| job.event);
    found
}
