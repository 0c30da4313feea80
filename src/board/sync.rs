//! Making the folder and the law agree: what hands did is asked of the law, what the law refuses is undone.

use std::collections::{BTreeMap, BTreeSet};

use super::local::Local;
use super::losses::Losses;
use super::seam::Board as _;
use super::settings::Settings;
use crate::coordinator::Verdict;
use crate::fleet::{Actor, Command, Job, Order, State};
use crate::insight::with_text;
use crate::job::{BlobId, Budget, Folder, JobId, Stage};
use crate::store::{Fault, Finding, Place, Scan};
use crate::time::Span;
use tracing::debug;

/// Looks at a log that others keep moving before the scan is left to the next nudge.
const LOOKS_MOST: usize = 50;

/// What a long-lived process remembers between looks.
#[derive(Debug, Default)]
pub struct Memory {
    /// Files that are gone.
    pub(super) losses: Losses,
    /// Edits that are not used, by the hash of their bytes: reported once.
    pub(super) bad_edits: BTreeSet<(JobId, BlobId)>,
    /// Parents whose children's files are not there yet, and since when (boot time).
    pub(super) early: BTreeMap<String, Span>,
    /// What the scan noted and people have heard of.
    notes: BTreeSet<String>,
    /// Stray files as the last look found them, one line each.
    strays: Vec<String>,
}

/// Where verbs, which live for a moment, remember the stray files they have told of.
const TOLD: &str = "told";

impl Memory {
    /// What the verbs before this one have told of.
    pub fn of_verbs(place: &Place) -> Memory {
        let told = std::fs::read_to_string(place.side.join(TOLD)).unwrap_or_default();
        Memory { notes: told.lines().map(str::to_string).collect(), ..Memory::default() }
    }

    /// Lets the verbs after this one know what was told. Where that cannot be written it is told again.
    pub fn keep(&self, place: &Place) {
        let text: String = self.strays.iter().map(|line| format!("{line}\n")).collect();
        let path = place.side.join(TOLD);
        if std::fs::read_to_string(&path).unwrap_or_default() != text {
            let _ = std::fs::write(&path, text);
        }
    }
}

/// What a look at the folder led to.
#[derive(Debug, Default)]
pub struct Report {
    /// For people, one line each.
    pub lines: Vec<String>,
    /// Look again after this long.
    pub again: Option<Span>,
    /// Jobs whose files a hand moved to shipped: whoever called must ship them, or restore the file.
    pub ship: Vec<JobId>,
    /// Folders were made again: a watch on the old ones sees nothing any more.
    pub remade: bool,
    /// Files of waiting jobs are missing and it is not clear yet why: claim nothing.
    pub hold: bool,
}

impl Report {
    /// Asks for another look, no later than others have asked for one.
    pub(super) fn wait(&mut self, left: Span) {
        self.again = Some(self.again.map_or(left, |other| other.min(left)));
    }
}

impl Local {
    /// Looks at the folders once and acts on what it finds. `renamed` are files known to be complete.
    ///
    /// # Errors
    /// A [`Fault`] of the log or the folders. What was done before it stands; the next look goes on.
    pub async fn sync(
        &self,
        settings: &Settings,
        by: &Actor,
        renamed: BTreeSet<String>,
        memory: &mut Memory,
    ) -> Result<Report, Fault> {
        let Some((scan, state)) = self.look(renamed).await? else {
            return Ok(Report { again: Some(Span::from_millis(100)), ..Report::default() });
        };
        debug!(findings = scan.findings.len(), strays = scan.strays.len(), "looked at the folders");
        let mut report = Report { again: scan.again, remade: scan.remade, ..Report::default() };
        let said = scan.notes.iter().chain(&scan.strays).filter(|line| memory.notes.insert((*line).clone()));
        report.lines.extend(said.cloned());
        memory.strays.clone_from(&scan.strays);
        self.take_in(settings, by, &scan, memory, &mut report).await?;
        self.take_edits(settings, by, &scan, &state, memory, &mut report).await?;
        self.take_moves(settings, by, &scan, &state, &mut report).await?;
        self.take_losses(by, &scan, &state, memory, &mut report).await?;
        Ok(report)
    }

    /// A scan and the state it was compared with.
    async fn look(&self, renamed: BTreeSet<String>) -> Result<Option<(Scan, State)>, Fault> {
        let clock = self.shared_clock();
        self.mailbox()
            .run(move |it| {
                for _ in 0..LOOKS_MOST {
                    it.catch_up()?;
                    let state = it.state().clone();
                    if let Some(scan) = it.log().scan(&state, &renamed, &*clock)? {
                        return Ok(Some((scan, state)));
                    }
                }
                Ok(None)
            })
            .await?
    }

    /// Files that a hand moved to another folder.
    async fn take_moves(
        &self,
        settings: &Settings,
        by: &Actor,
        scan: &Scan,
        state: &State,
        report: &mut Report,
    ) -> Result<(), Fault> {
        for finding in &scan.findings {
            let Finding::Moved { job: id, to, .. } = finding else { continue };
            let Some(job) = state.job(id) else { continue };
            if (job.stage, *to) == (Stage::Testing, Folder::Shipped) {
                // Whoever ships it already needs no second word.
                report.ship.extend(job.ship_lease().is_none().then(|| id.clone()));
                continue;
            }
            let why = match meaning(job, *to) {
                Some(command) => match self.move_by_hand(settings, hand(by, job, command)).await? {
                    Ok(events) => {
                        let text = with_text(&events);
                        report.lines.push(format!("{id} moved to {} by hand{text}", to.name()));
                        continue;
                    }
                    Err(no) => format!("{no} ({})", no.hint),
                },
                None => format!("a move from {} to {} means nothing", job.stage.folder().name(), to.name()),
            };
            self.restore(id.clone()).await?;
            report.lines.push(format!("{id} was moved to {} by hand and is put back: {why}", to.name()));
        }
        Ok(())
    }

    /// Puts a job's file back where the law has it.
    ///
    /// # Errors
    /// A [`Fault`] of the folders.
    pub async fn restore(&self, id: JobId) -> Result<(), Fault> {
        self.mailbox()
            .run(move |it| {
                it.catch_up()?;
                let state = it.state().clone();
                it.log().restore(&state, &id)
            })
            .await?
    }

    async fn move_by_hand(&self, settings: &Settings, order: Order) -> Result<Verdict, Fault> {
        Ok(self.act_with_texts(settings, vec![order]).await?.swap_remove(0))
    }

    pub(super) async fn ask(&self, order: Order) -> Result<Verdict, Fault> {
        Ok(self.act(vec![order]).await?.swap_remove(0))
    }
}

/// A hand's order, good only while the job stands as it was seen.
pub(super) fn hand(by: &Actor, job: &Job, command: Command) -> Order {
    let mut order = Order::new(by.clone(), command);
    order.from = Some((job.stage, job.epoch));
    order
}

/// What moving a job's file to a folder asks for (`jobs.md` section 2).
fn meaning(job: &Job, to: Folder) -> Option<Command> {
    let id = job.id.clone();
    match (job.stage, to) {
        (Stage::DeadLetter, Folder::Inbox) => Some(Command::Redrive { job: id }),
        (Stage::Review | Stage::Testing, Folder::Inbox) => Some(Command::Reject { job: id, requeue: true }),
        (_, Folder::Inbox) => {
            Some(Command::Requeue { job: id, raised: Budget::default(), from: None, park: None })
        }
        (Stage::Review, Folder::Testing) => Some(Command::Promote { job: id }),
        (Stage::Review | Stage::Testing, Folder::Failed) => Some(Command::Reject { job: id, requeue: false }),
        _ => None,
    }
}
