//! The state: every hot job, the product, and the indexes that keep decisions from scanning.
//!
//! Maps are persistent (imbl): a clone costs a pointer, so a batch is decided on a scratch copy and
//! readers keep an old state without a lock. Indexes are derived: a snapshot leaves them out and
//! [`State::reindex`] makes them anew, so they can never disagree with the jobs for long.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use serde::{Deserialize, Serialize};

use super::account::{Account, AccountId};
use super::command::PauseMode;
use super::event::Window;
use super::job::Job;
use super::known::Known;
use super::line::{Kind, Row};
use super::money::EngineMoney;
use super::read::filling;
use crate::job::{BlobId, HolderId, IdempotencyKey, JobId, Rev, Seq, Stage, Stem, Text};
use crate::time::{Span, Stamp};

/// How long a receipt of an idempotency key is kept.
pub(super) const RECEIPT_LIFE: Span = Span::from_mins(24 * 60);

/// What remains of an archived job.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Tombstone {
    /// Where it ended.
    pub stage: Stage,
    /// The manifest it had, so that the same key and body stays a no-op.
    pub body: BlobId,
    /// Its idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<IdempotencyKey>,
    /// The accepted work, which later jobs may still build on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Rev>,
}

/// The product: what all jobs of this queue share. The folder is the product `local`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Product {
    /// Ceiling in millionths of a dollar; `None` is none.
    pub ceiling: Option<u64>,
    /// Over what time it counts.
    pub window: Window,
    /// The ceiling and window that the settings set last: said again, they change nothing, so that what a person set
    /// since stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_settings: Option<(Option<u64>, Window)>,
    /// Spent, by day since 1970 (UTC).
    pub spent: OrdMap<i64, u64>,
    /// By engine: what it has cost, and its own ceiling.
    #[serde(default, skip_serializing_if = "OrdMap::is_empty")]
    pub engines: OrdMap<Arc<str>, EngineMoney>,
    /// Still set aside for running jobs, beside what they have spent.
    pub reserved: u64,
    /// Paused: how, why, until when, since when.
    pub paused: Option<(PauseMode, String, Option<Stamp>, Stamp)>,
    /// Waiting jobs whose files vanished at once.
    pub suspended: OrdSet<JobId>,
}

/// Everything the law knows. Same events in, same state out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// The last event applied; 0 before the first.
    pub seq: Seq,
    /// Its time.
    pub at: Stamp,
    /// The hot jobs.
    pub jobs: OrdMap<JobId, Arc<Job>>,
    /// Archived jobs.
    pub tombs: OrdMap<JobId, Tombstone>,
    /// Manifests' idempotency keys and the job each means. With `stems` part of the truth, not an index:
    /// which of two jobs was named later cannot be told from the jobs.
    #[serde(default)]
    pub keys: OrdMap<IdempotencyKey, JobId>,
    /// File stems and the latest job submitted under each.
    #[serde(default)]
    pub stems: OrdMap<Stem, JobId>,
    /// The product.
    pub product: Product,
    /// Accounts of engines of which something is to be remembered.
    #[serde(default, skip_serializing_if = "OrdMap::is_empty")]
    pub accounts: OrdMap<AccountId, Account>,
    /// By engine: the share of its attempts that ended well, the newest weighing most, thousandths.
    #[serde(default, skip_serializing_if = "OrdMap::is_empty")]
    pub quality: OrdMap<Arc<str>, u16>,
    /// Idempotency keys of orders and the event each led to.
    pub receipts: OrdMap<IdempotencyKey, Seq>,
    /// The same by age, so that old ones can go.
    pub receipts_by_age: OrdSet<(Stamp, IdempotencyKey)>,
    #[serde(skip)]
    pub(super) index: Index,
    /// What its jobs have in common.
    #[serde(skip)]
    pub(super) known: Known,
}

/// Derived maps. See [`State::reindex`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Index {
    /// Jobs per stage.
    pub counts: OrdMap<Stage, usize>,
    /// Queued and not parked, by kind, age and name.
    pub ready: OrdSet<Row>,
    /// How many of each kind.
    pub kinds: OrdMap<Kind, u32>,
    /// Parked with an end: the moment, whether it is a wall date, the job.
    pub alarms: OrdSet<(Stamp, bool, JobId)>,
    /// Jobs somebody holds, to work or to ship.
    pub held: OrdMap<JobId, HolderId>,
    /// Lock keys of running jobs.
    pub locks: OrdMap<Text, JobId>,
    /// In testing with an autoship rule, and not in an awaited pull request.
    pub autoship: OrdSet<JobId>,
    /// In review, with engines that were not asked about the present commit.
    pub to_review: OrdSet<JobId>,
    /// In testing until their pull request is merged.
    pub in_pr: OrdSet<JobId>,
    /// Whose offered work stands in no commit.
    pub unsaved: OrdSet<JobId>,
    /// Dependency -> jobs that named it.
    pub waiters: OrdMap<JobId, OrdSet<JobId>>,
    /// Unknown dependency name -> jobs that wait for it to exist.
    pub wanted: OrdMap<Text, OrdSet<JobId>>,
}

impl PartialEq for State {
    fn eq(&self, other: &State) -> bool {
        self.seq == other.seq
            && self.at == other.at
            && self.jobs == other.jobs
            && self.tombs == other.tombs
            && self.keys == other.keys
            && self.stems == other.stems
            && self.product == other.product
            && self.accounts == other.accounts
            && self.quality == other.quality
            && self.receipts == other.receipts
            && self.receipts_by_age == other.receipts_by_age
    }
}

impl State {
    /// The hot job of that id.
    pub fn job(&self, id: &JobId) -> Option<&Job> {
        self.jobs.get(id).map(|job| &**job)
    }

    /// The job a dependency name means: an id, an idempotency key or a file stem.
    pub fn find_named(&self, name: &str) -> Option<JobId> {
        if let Some((id, _)) = self.jobs.get_key_value(name) {
            return Some(id.clone());
        }
        if let Some((id, _)) = self.tombs.get_key_value(name) {
            return Some(id.clone());
        }
        self.keys.get(name).or_else(|| self.stems.get(name)).cloned()
    }

    /// The stage of a job, archived ones included.
    pub fn stage_of(&self, id: &JobId) -> Option<Stage> {
        self.jobs.get(id).map(|j| j.stage).or_else(|| self.tombs.get(id).map(|t| t.stage))
    }

    /// How many hot jobs stand in a stage.
    pub fn count(&self, stage: Stage) -> usize {
        self.index.counts.get(&stage).copied().unwrap_or(0)
    }

    /// Jobs that somebody holds, with the holder.
    pub fn held(&self) -> impl Iterator<Item = (&Job, &HolderId)> {
        self.index.held.iter().filter_map(|(id, holder)| self.job(id).map(|job| (job, holder)))
    }

    /// Jobs that wait for their pull request.
    pub fn in_pr(&self) -> impl Iterator<Item = &Job> {
        self.index.in_pr.iter().filter_map(|id| self.job(id))
    }

    /// Jobs whose offered work stands in no commit, by name.
    pub fn unsaved(&self) -> impl Iterator<Item = &Job> {
        self.index.unsaved.iter().filter_map(|id| self.job(id))
    }

    /// Jobs in testing that have an autoship rule and are in no pull request that ships them.
    pub fn autoship(&self) -> impl Iterator<Item = &Job> {
        self.index.autoship.iter().filter_map(|id| self.job(id))
    }

    /// Jobs in review that wait for engines to be asked.
    pub fn to_review(&self) -> impl Iterator<Item = &Job> {
        self.index.to_review.iter().filter_map(|id| self.job(id))
    }

    /// Jobs that named this one as a dependency.
    pub fn waiters(&self, id: &JobId) -> impl Iterator<Item = &JobId> {
        self.index.waiters.get(id).into_iter().flatten()
    }

    /// How many jobs are in the line.
    pub fn ready_len(&self) -> usize {
        self.index.ready.len()
    }

    /// Parked jobs whose moment has come.
    pub fn due(&self, law: Stamp, wall: Stamp) -> Vec<JobId> {
        let latest = law.max(wall);
        let early = self.index.alarms.iter().take_while(|(at, _, _)| *at <= latest);
        early
            .filter(|(at, is_wall, _)| *at <= if *is_wall { wall } else { law })
            .map(|row| row.2.clone())
            .collect()
    }

    /// The next moments at which a park ends: the earliest of the law's time and of the wall.
    pub fn next_alarms(&self) -> (Option<Stamp>, Option<Stamp>) {
        let first = |wall: bool| self.index.alarms.iter().find(|row| row.1 == wall).map(|row| row.0);
        (first(false), first(true))
    }

    /// What the product has spent in its window, seen from `wall`.
    pub fn spent_in_window(&self, wall: Stamp) -> u64 {
        self.spent_in(self.product.window, wall)
    }

    /// What the product has spent in a window, seen from `wall`.
    pub fn spent_in(&self, window: Window, wall: Stamp) -> u64 {
        let from = window.first_day(wall);
        self.product.spent.range(from..).map(|(_, micro)| *micro).fold(0, u64::saturating_add)
    }

    /// BLAKE3 of the state without its indexes: equal hashes mean equal states.
    ///
    /// # Panics
    /// Never in practice: the state is plain data and always serialises.
    pub fn hash(&self) -> String {
        let bytes = serde_json::to_vec(self).expect("the state is plain data");
        blake3::hash(&bytes).to_hex().to_string()
    }

    /// Makes the indexes anew from the jobs, after a snapshot was read.
    pub fn reindex(&mut self) {
        self.index = Index::of(self.jobs.values().map(|job| &**job));
    }

    /// Whether the indexes are what [`State::reindex`] would make of the jobs.
    pub(super) fn index_is_true(&self) -> bool {
        let mut fresh = self.clone();
        fresh.reindex();
        fresh.index == self.index
    }

    /// Adds a new job to the hot state.
    pub(super) fn put(&mut self, job: Job) {
        self.index.enter(&job);
        self.jobs.insert(job.id.clone(), Arc::new(job));
    }

    /// Lets the key of a job mean it from now on, and the key it had before (if another) nobody.
    pub(super) fn name_key(
        &mut self,
        id: &JobId,
        old: Option<&IdempotencyKey>,
        new: Option<&IdempotencyKey>,
    ) {
        if let Some(old) = old.filter(|old| Some(*old) != new && self.keys.get(*old) == Some(id)) {
            self.keys.remove(old);
        }
        if let Some(new) = new {
            self.keys.insert(new.clone(), id.clone());
        }
    }

    /// Takes a job out of the hot state.
    pub(super) fn remove(&mut self, id: &JobId) -> Option<Arc<Job>> {
        let job = self.jobs.remove(id)?;
        self.index.leave(&job);
        Some(job)
    }
}

impl Window {
    /// The first day (since 1970, UTC) that counts on the day of `wall`.
    pub fn first_day(self, wall: Stamp) -> i64 {
        let today = day_of(wall);
        match self {
            Window::Day => today,
            // 1970-01-01 was a Thursday; weeks begin on Monday.
            Window::Week => today - (today + 3).rem_euclid(7),
            Window::Month => month_start(wall).unwrap_or(today),
            Window::Total => i64::MIN,
        }
    }
}

/// Days since 1970 (UTC).
pub(super) fn day_of(at: Stamp) -> i64 {
    at.as_millis().div_euclid(86_400_000)
}

fn month_start(at: Stamp) -> Option<i64> {
    let text = at.to_string();
    let first = format!("{}-01T00:00:00Z", text.get(..7)?);
    Stamp::parse_rfc3339(&first).map(day_of)
}

impl Index {
    /// The indexes of all jobs, which come in the order of their names.
    pub(super) fn of<'a>(jobs: impl Iterator<Item = &'a Job>) -> Index {
        let mut index = Index::default();
        let mut line: Vec<Row> = Vec::new();
        for job in jobs {
            if (job.stage, &job.park) == (Stage::Queued, &None) {
                line.push((Kind::of(job), job.waiting, job.id.clone()));
            }
            index.enter_beside(job);
        }
        // In one go: put in as they come, in the order of names, they leave nodes half empty.
        line.sort_unstable();
        for kind in line.chunk_by(|a, b| a.0 == b.0) {
            index.kinds.insert(kind[0].0, u32::try_from(kind.len()).unwrap_or(u32::MAX));
        }
        index.ready = filling(line).collect();
        index
    }

    pub(super) fn enter(&mut self, job: &Job) {
        if (job.stage, &job.park) == (Stage::Queued, &None) {
            let kind = Kind::of(job);
            self.ready.insert((kind, job.waiting, job.id.clone()));
            *self.kinds.entry(kind).or_insert(0) += 1;
        }
        self.enter_beside(job);
    }

    /// In all but the line.
    fn enter_beside(&mut self, job: &Job) {
        *self.counts.entry(job.stage).or_insert(0) += 1;
        if job.unsaved().is_some() {
            self.unsaved.insert(job.id.clone());
        }
        match (job.stage, &job.park) {
            (Stage::Queued, Some(park)) => {
                if let Some(until) = park.until {
                    self.alarms.insert((until, park.reason.is_wall(), job.id.clone()));
                }
            }
            (Stage::Testing, _) if job.awaited_pr().is_some() => {
                self.in_pr.insert(job.id.clone());
            }
            (Stage::Testing, _) if job.spec.autoship != crate::job::Autoship::Never => {
                self.autoship.insert(job.id.clone());
            }
            (Stage::Review, _) if job.reviewers_to_ask().next().is_some() => {
                self.to_review.insert(job.id.clone());
            }
            _ => {}
        }
        if let Some(lease) = &job.lease {
            self.held.insert(job.id.clone(), lease.holder.clone());
            if let (Some(lock), true) = (&job.spec.lock, job.stage.is_held()) {
                self.locks.insert(lock.as_str().into(), job.id.clone());
            }
        }
        for dep in &job.deps {
            match &dep.job {
                Some(on) => self.waiters.entry(on.clone()).or_default().insert(job.id.clone()),
                None => self.wanted.entry(dep.name.as_str().into()).or_default().insert(job.id.clone()),
            };
        }
        for child in &job.children {
            self.waiters.entry(child.clone()).or_default().insert(job.id.clone());
        }
    }

    pub(super) fn leave(&mut self, job: &Job) {
        if let Some(count) = self.counts.get_mut(&job.stage) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&job.stage);
            }
        }
        if (job.stage, &job.park) == (Stage::Queued, &None) {
            let kind = Kind::of(job);
            self.ready.remove(&(kind, job.waiting, job.id.clone()));
            match self.kinds.get_mut(&kind) {
                Some(many) if *many > 1 => *many -= 1,
                _ => drop(self.kinds.remove(&kind)),
            }
        }
        if let Some(until) = job.park.as_ref().and_then(|p| p.until) {
            self.alarms.remove(&(until, true, job.id.clone()));
            self.alarms.remove(&(until, false, job.id.clone()));
        }
        self.autoship.remove(&job.id);
        self.to_review.remove(&job.id);
        self.in_pr.remove(&job.id);
        self.unsaved.remove(&job.id);
        if self.held.remove(&job.id).is_some()
            && let Some(lock) = job.spec.lock.as_deref().filter(|lock| self.locks.get(*lock) == Some(&job.id))
        {
            self.locks.remove(lock);
        }
        for dep in &job.deps {
            match &dep.job {
                Some(on) => drop_from(&mut self.waiters, on, &job.id),
                None => drop_from(&mut self.wanted, dep.name.as_str(), &job.id),
            }
        }
        for child in &job.children {
            drop_from(&mut self.waiters, child, &job.id);
        }
    }
}

fn drop_from<K, Q>(map: &mut OrdMap<K, OrdSet<JobId>>, key: &Q, id: &JobId)
where
    K: Ord + Clone + std::borrow::Borrow<Q>,
    Q: Ord + ?Sized,
{
    if let Some(set) = map.get_mut(key) {
        set.remove(id);
        if set.is_empty() {
            map.remove(key);
        }
    }
}
