//! What is done to the queue as a whole and to what its jobs left on this host, and what is looked at for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::folder::brief;
use super::folder::{Folder, Post};
use super::host;
use crate::agent::{at_risk, at_risk_of, let_go, rescue, unsaved_patch, worktree_path};
use crate::board::{Board as _, Local, Settings};
use crate::dash::effect::Effect;
use crate::dash::model::done;
use crate::dash::msg::{Acted, Msg};
use crate::dash::survey::{Found, Risks, Wish};
use crate::engine::process_identity;
use crate::fleet::{Actor, Code, Command, Order, Refusal, State};
use crate::insight::{Flow, LOCAL, Recording, short_rev};
use crate::job::{IdempotencyKey, JobId, Stage};
use crate::store::{Fault, Place};
use crate::time::{Clock as _, SystemClock};

/// Events of the log that are held at once while it is only passed through.
const EVENTS_AT_ONCE: usize = 10_000;

/// A keeper of one folder.
pub struct Keeper {
    local: Arc<Local>,
    settings: Arc<Settings>,
    me: Actor,
    post: Post,
}

/// What became of each job, or of the queue.
type Results = Vec<(JobId, Result<String, Refusal>)>;

impl Keeper {
    /// A keeper for that person.
    pub fn new(local: Arc<Local>, folder: &Folder, post: Post) -> Keeper {
        Keeper { local, settings: Arc::clone(&folder.settings), me: folder.me.clone(), post }
    }

    /// Does it and tells what became of it.
    pub async fn take(&self, effect: Effect) {
        match effect {
            Effect::Order { ticket, command, past, undo } => {
                let done = self.order(command, &past).await;
                self.tell(ticket, &past, undo, done);
            }
            Effect::Agents { ticket, deed } => {
                let (past, said) = host::agents(self.local.place(), &deed).await;
                self.tell(ticket, past, false, Ok(vec![(JobId::new(LOCAL), said.map_err(refusal))]));
            }
            Effect::Rescue { ticket, jobs } => {
                let done = self.rescue(&jobs).await;
                self.tell(ticket, "rescued", false, done);
            }
            Effect::LetGo { ticket, jobs } => {
                let done = self.let_go(&jobs).await;
                self.tell(ticket, "let go of", false, done);
            }
            // What is done to jobs, read for pages or belongs to the terminal goes elsewhere.
            _ => {}
        }
    }

    fn tell(&self, ticket: u64, past: &str, undo: bool, done: Result<Results, Fault>) {
        let past = past.to_string();
        let upto = self.local.snapshot().seq;
        let acted = match done {
            Ok(results) => Acted { ticket, results, fault: None, past, undo, upto },
            Err(fault) => {
                let fault = brief(&format!("{fault} ({})", fault.hint), self.local.place());
                Acted { ticket, results: Vec::new(), fault: Some(fault), past, undo: false, upto }
            }
        };
        (self.post)(Msg::Acted(Box::new(acted)));
    }

    async fn order(&self, command: Command, past: &str) -> Result<Results, Fault> {
        let mut order = Order::new(self.me.clone(), command);
        order.key = Some(IdempotencyKey::new(format!("act-{:016x}/0", fastrand::u64(..))));
        let verdict = self.local.act(vec![order]).await?.swap_remove(0);
        Ok(vec![(JobId::new(LOCAL), verdict.map(|_| past.to_string()))])
    }

    async fn rescue(&self, jobs: &[JobId]) -> Result<Results, Fault> {
        let mut results = Vec::new();
        for job in jobs {
            let made = rescue(&self.local, &self.settings, &self.me, job).await?;
            let said = made.map(|rev| format!("rescued {job} into {}", short_rev(Some(&rev))));
            results.push((job.clone(), said.map_err(refusal)));
        }
        Ok(results)
    }

    async fn let_go(&self, jobs: &[JobId]) -> Result<Results, Fault> {
        let mut results = Vec::new();
        for job in jobs {
            let gone = let_go(&self.local, &self.settings, job).await?;
            let said = gone.map(|()| format!("let go of the worktree of {job}; its commits stay"));
            results.push((job.clone(), said.map_err(refusal)));
        }
        Ok(results)
    }

    /// Looks at something, beside everything else: git may take its time. `loads` is what the host's load was.
    pub fn look(&self, wish: Wish, loads: Vec<u64>) {
        let (local, settings) = (Arc::clone(&self.local), Arc::clone(&self.settings));
        let (post, me) = (Arc::clone(&self.post), self.me.clone());
        tokio::spawn(async move {
            let found = match wish {
                Wish::Risks => {
                    let rows = at_risk(&local, &settings).await.map_err(|fault| in_words(&fault));
                    let worktrees = worktrees(&local, &settings);
                    let host = process_identity().host;
                    Found::Risks(rows.map(|rows| Risks { host, rows, worktrees }))
                }
                Wish::AtRisk(of) => Found::AtRisk(of.clone(), alone_at_risk(&local, &settings, of).await),
                Wish::Unsaved(job) => {
                    let got = unsaved_patch(&local, &settings, &job).await;
                    let got = got.map_err(|fault| in_words(&fault)).and_then(|text| text);
                    Found::Unsaved(job, got)
                }
                Wish::Recording => {
                    let read = tokio::task::spawn_blocking(move || recording(local.place()));
                    let read =
                        read.await.unwrap_or_else(|ended| Err(format!("reading the log was ended: {ended}")));
                    Found::Recording(read.map(Arc::new))
                }
                Wish::Flow => {
                    let read = tokio::task::spawn_blocking(move || flow(local.place()));
                    let read =
                        read.await.unwrap_or_else(|ended| Err(format!("reading the log was ended: {ended}")));
                    Found::Flow(read.map(Box::new))
                }
                Wish::Done => {
                    let read = tokio::task::spawn_blocking(move || {
                        let actions = local.past_actions().map_err(|fault| in_words(&fault))?;
                        Ok(Arc::new(done(&actions, &local.snapshot(), &me, SystemClock.wall())))
                    });
                    Found::Done(
                        read.await.unwrap_or_else(|ended| Err(format!("reading the log was ended: {ended}"))),
                    )
                }
                Wish::Host => {
                    let read =
                        tokio::task::spawn_blocking(move || host::look(local.place(), &settings, loads));
                    Found::Host(Ok(Box::new(read.await.unwrap_or_default())))
                }
            };
            post(Msg::Found(Box::new(found)));
        });
    }
}

/// Which of these jobs, or of all that are not shipped, have work at risk that no living agent saves.
async fn alone_at_risk(
    local: &Local,
    settings: &Settings,
    of: Option<Vec<JobId>>,
) -> Result<BTreeSet<JobId>, String> {
    let state = local.snapshot();
    let jobs = match of {
        Some(of) => of.iter().filter_map(|id| state.jobs.get(id).cloned()).collect(),
        None => state.jobs.values().filter(|job| job.stage != Stage::Shipped).cloned().collect(),
    };
    let found = at_risk_of(local, settings, jobs).await.map_err(|fault| in_words(&fault))?;
    Ok(found.into_iter().filter(|risk| !risk.owned).map(|risk| risk.job).collect())
}

/// How many worktrees of this queue stand on this host.
fn worktrees(local: &Local, settings: &Settings) -> usize {
    let state = local.snapshot();
    let mine = state.jobs.values().filter(|job| job.spec.worktree && !job.attempts.is_empty());
    mine.filter(|job| worktree_path(local.place(), settings, &job.id).exists()).count()
}

/// The whole log as far as it was not pruned, so that it can be wound.
fn recording(place: &Place) -> Result<Recording, String> {
    let begin = place.beginning().map_err(|fault| in_words(&fault))?;
    let events = place.history(begin.seq, usize::MAX).map_err(|fault| in_words(&fault))?;
    Recording::of(begin, events).map_err(|broken| format!("the log does not fit together: {broken}"))
}

/// What passed through the stages, from the whole log as far as it was not pruned; piece by piece, for nobody needs
/// all of it at once.
fn flow(place: &Place) -> Result<(Flow, State), String> {
    let begin = place.beginning().map_err(|fault| in_words(&fault))?;
    let mut flow = Flow::of(&begin);
    loop {
        let events = place.history(flow.seq(), EVENTS_AT_ONCE).map_err(|fault| in_words(&fault))?;
        if events.is_empty() {
            return Ok((flow, begin));
        }
        if !flow.follow(&begin, &events) {
            return Err("the log does not fit together".to_string());
        }
    }
}

fn in_words(fault: &Fault) -> String {
    format!("{fault} ({})", fault.hint)
}

/// What git or the agent refused, as a refusal of the law would be told.
fn refusal(why: String) -> Refusal {
    Refusal::new(Code::Moved, why, "")
}
