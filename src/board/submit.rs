//! Submitting drafts: blobs first, then the law, with another id where chance gave one that is taken.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::intake::{Draft, Ready};
use super::seam::Board;
use crate::coordinator::Verdict;
use crate::fleet::{Actor, Code, Command, Event, Order, Refusal, Subject, What};
use crate::job::{BlobId, Epoch, IdempotencyKey, JobId};
use crate::store::Fault;

/// Orders put into one batch: bounds a line of the log and the wait of others.
const BATCH_MOST: usize = 1_000;
/// Ids tried for one job: with four letters of chance, two clashes in a row are a rarity.
const IDS_MOST: usize = 20;

/// What became of a draft.
#[derive(Clone, PartialEq, Debug)]
pub enum Submitted {
    /// A new job.
    New(JobId),
    /// A waiting job of the same key got the new text.
    Superseded(JobId),
    /// The law said no.
    Refused(Refusal),
}

/// Submits manifests with their children; each answer belongs to the manifest at its place. A parent
/// and all its children go in as one batch, so no claim can come between.
///
/// # Errors
/// A [`Fault`] if a blob or batch could not be made durable; what was answered before stands.
pub async fn submit(
    board: &dyn Board,
    by: &Actor,
    parent: Option<(JobId, Option<Epoch>)>,
    ready: &[Ready],
) -> Result<Vec<Submitted>, Fault> {
    let ready: Vec<(&Ready, Option<IdempotencyKey>)> = ready.iter().map(|one| (one, None)).collect();
    submit_once(board, by, parent, &ready).await
}

/// The same with a receipt for each: of two submits with one receipt the second is `already_done`.
pub(super) async fn submit_once(
    board: &dyn Board,
    by: &Actor,
    parent: Option<(JobId, Option<Epoch>)>,
    ready: &[(&Ready, Option<IdempotencyKey>)],
) -> Result<Vec<Submitted>, Fault> {
    let mut sender = Sender::of(board, by);
    let mut done = Vec::new();
    for group in ready.chunks(BATCH_MOST) {
        let mut orders = Vec::new();
        let mut heads = Vec::new();
        for (one, receipt) in group {
            heads.push(orders.len());
            let mut first = sender.order(&one.job, parent.clone()).await?;
            first.key.clone_from(receipt);
            let id = id_of(&first);
            orders.push(first);
            for child in &one.children {
                orders.push(sender.order(child, id.clone().map(|id| (id, None))).await?);
            }
        }
        let verdicts = board.act(orders).await?;
        for (nth, head) in heads.iter().enumerate() {
            let (one, receipt) = &group[nth];
            let mine = &verdicts[*head..=head + one.children.len()];
            done.push(sender.settle(parent.clone(), one, receipt.as_ref(), mine).await?);
        }
    }
    Ok(done)
}

/// Makes the job of a reviewer.
///
/// # Errors
/// A [`Fault`] if a blob or the event could not be made durable.
pub async fn order_review(
    board: &dyn Board,
    by: &Actor,
    ready: &Ready,
    of: &Subject,
) -> Result<Verdict, Fault> {
    let mut sender = Sender::of(board, by);
    let body = sender.store(&ready.job.body).await?;
    let effective = sender.store(&ready.job.effective).await?;
    let order = || {
        let id = JobId::mint(&ready.job.spec.title, fastrand::u64(..));
        let mut new = ready.job.submission(id, body.clone(), effective.clone());
        new.file = None;
        Order::new(by.clone(), Command::OrderReview { new: Box::new(new), of: of.clone() })
    };
    let mut verdict = board.act(vec![order()]).await?.swap_remove(0);
    for _ in 1..IDS_MOST {
        if !matches!(&verdict, Err(no) if no.code == Code::IdTaken) {
            break;
        }
        verdict = board.act(vec![order()]).await?.swap_remove(0);
    }
    Ok(verdict)
}

/// Adds to a parent those of the children that it does not have yet; a refusal of one is told.
pub(super) async fn add_children(
    board: &dyn Board,
    by: &Actor,
    parent: &JobId,
    children: &[Draft],
) -> Result<Option<Refusal>, Fault> {
    let has = bodies_below(board, parent);
    let mut sender = Sender::of(board, by);
    for child in children.iter().filter(|child| !has.contains(&blob_id(&child.body))) {
        if let Err(refusal) = sender.again(child, Some((parent.clone(), None)), None).await? {
            return Ok(Some(half_done(parent, child, &refusal)));
        }
    }
    Ok(None)
}

struct Sender<'a> {
    board: &'a dyn Board,
    by: &'a Actor,
    /// Blobs stored for this call: ten thousand jobs share a handful of worker's values.
    stored: BTreeMap<BlobId, BlobId>,
    /// Ids given out by this call.
    given: HashSet<JobId>,
}

impl<'a> Sender<'a> {
    fn of(board: &'a dyn Board, by: &'a Actor) -> Sender<'a> {
        Sender { board, by, stored: BTreeMap::new(), given: HashSet::new() }
    }

    /// An id that nobody has as far as one can see from here: of many jobs with one title a good part would meet
    /// a taken one, and be asked for again each by itself. Where another process is faster, the law says no.
    fn free_id(&mut self, title: &str) -> JobId {
        let state = self.board.snapshot();
        let mut id = JobId::mint(title, fastrand::u64(..));
        for _ in 1..IDS_MOST {
            if state.stage_of(&id).is_none() && !self.given.contains(&id) {
                break;
            }
            id = JobId::mint(title, fastrand::u64(..));
        }
        self.given.insert(id.clone());
        id
    }

    async fn store(&mut self, bytes: &[u8]) -> Result<BlobId, Fault> {
        let hash = blob_id(bytes);
        if let Some(id) = self.stored.get(&hash) {
            return Ok(id.clone());
        }
        let id = self.board.put_blob(bytes.to_vec()).await?;
        self.stored.insert(hash, id.clone());
        Ok(id)
    }

    async fn order(&mut self, draft: &Draft, parent: Option<(JobId, Option<Epoch>)>) -> Result<Order, Fault> {
        let body = self.store(&draft.body).await?;
        let effective = self.store(&draft.effective).await?;
        let new = Box::new(draft.submission(self.free_id(&draft.spec.title), body, effective));
        Ok(Order::new(self.by.clone(), Command::Submit { new, parent }))
    }

    /// Submits one by itself, with other ids as long as chance gives one that is taken.
    async fn again(
        &mut self,
        draft: &Draft,
        parent: Option<(JobId, Option<Epoch>)>,
        receipt: Option<&IdempotencyKey>,
    ) -> Result<Verdict, Fault> {
        let mut verdict = self.once(draft, parent.clone(), receipt).await?;
        for _ in 1..IDS_MOST {
            if !matches!(&verdict, Err(no) if no.code == Code::IdTaken) {
                break;
            }
            verdict = self.once(draft, parent.clone(), receipt).await?;
        }
        Ok(verdict)
    }

    async fn once(
        &mut self,
        draft: &Draft,
        parent: Option<(JobId, Option<Epoch>)>,
        receipt: Option<&IdempotencyKey>,
    ) -> Result<Verdict, Fault> {
        let mut order = self.order(draft, parent).await?;
        order.key = receipt.cloned();
        Ok(self.board.act(vec![order]).await?.swap_remove(0))
    }

    /// Tries again what only failed for its id; then children whose parent had failed for its id.
    async fn settle(
        &mut self,
        parent: Option<(JobId, Option<Epoch>)>,
        one: &Ready,
        receipt: Option<&IdempotencyKey>,
        verdicts: &[Verdict],
    ) -> Result<Submitted, Fault> {
        let head = match &verdicts[0] {
            Err(no) if no.code == Code::IdTaken => self.again(&one.job, parent, receipt).await?,
            verdict => verdict.clone(),
        };
        let submitted = match head {
            Ok(events) => told(&events),
            Err(refusal) => return Ok(Submitted::Refused(refusal)),
        };
        let (Submitted::New(id) | Submitted::Superseded(id)) = &submitted else { return Ok(submitted) };
        if let Submitted::Superseded(id) = &submitted {
            let refused = add_children(self.board, self.by, id, &one.children).await?;
            return Ok(refused.map_or(submitted, Submitted::Refused));
        }
        for (child, verdict) in one.children.iter().zip(&verdicts[1..]) {
            let verdict = match verdict {
                Err(no) if matches!(no.code, Code::IdTaken | Code::UnknownJob) => {
                    self.again(child, Some((id.clone(), None)), None).await?
                }
                verdict => verdict.clone(),
            };
            if let Err(refusal) = verdict {
                self.take_back(id).await?;
                return Ok(Submitted::Refused(half_done(id, child, &refusal)));
            }
        }
        Ok(submitted)
    }

    /// A composite is not taken in by halves: what was accepted of it is cancelled.
    async fn take_back(&self, id: &JobId) -> Result<(), Fault> {
        let state = self.board.snapshot();
        let children = state.job(id).into_iter().flat_map(|job| &job.children);
        let all = std::iter::once(id).chain(children);
        let cancel = |job: &JobId| Order::new(self.by.clone(), Command::Cancel { job: job.clone() });
        // What started meanwhile is cancelled too; what has ended already may say no.
        self.board.act(all.map(cancel).collect()).await.map(drop)
    }
}

fn half_done(parent: &JobId, child: &Draft, refusal: &Refusal) -> Refusal {
    let message = format!("its child {:?} was not accepted: {}", child.spec.title, refusal.message);
    Refusal { message, hint: format!("{}; see: aq show {parent}", refusal.hint), ..refusal.clone() }
}

/// The texts of the children a job has.
fn bodies_below(board: &dyn Board, parent: &JobId) -> BTreeSet<BlobId> {
    let state = board.snapshot();
    let children = state.job(parent).into_iter().flat_map(|job| &job.children);
    let body = |id: &JobId| {
        let hot = state.job(id).map(|job| job.body.clone());
        hot.or_else(|| state.tombs.get(id).map(|tomb| tomb.body.clone()))
    };
    children.filter_map(body).collect()
}

fn blob_id(bytes: &[u8]) -> BlobId {
    BlobId::new(blake3::hash(bytes).to_hex())
}

fn id_of(order: &Order) -> Option<JobId> {
    match &order.command {
        Command::Submit { new, .. } => Some(new.job.clone()),
        _ => None,
    }
}

fn told(events: &[(u64, Event)]) -> Submitted {
    for (_, event) in events {
        match &event.what {
            What::JobSubmitted { job, .. } => return Submitted::New(job.clone()),
            What::JobSuperseded { job, .. } => return Submitted::Superseded(job.clone()),
            _ => {}
        }
    }
    let message = "the law answered without a job";
    Submitted::Refused(Refusal::new(Code::NoChange, message, "look: aq ls"))
}
