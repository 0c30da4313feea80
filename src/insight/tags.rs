//! Tags: words about a job that aq computes; no manifest says them.

use std::collections::BTreeSet;

use super::awaits::has_no_host;
use super::filter::Scene;
use crate::fleet::{Job, PrState};
use crate::job::{JobId, Proof, Stage};

/// What is said of a job whose file was changed while it runs, before the way to have the new text.
pub const EDITED: &str = "its file was changed while it runs, which changes nothing until it is requeued";

/// Jobs of which something is known that their records do not say. Who did not look knows of none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Aside {
    /// A worktree on this host holds work of theirs that stands in no commit.
    pub at_risk: BTreeSet<JobId>,
    /// They decide when everything is done.
    pub critical: BTreeSet<JobId>,
}

impl Aside {
    /// Of no job anything.
    pub fn none() -> &'static Aside {
        static NONE: Aside = Aside { at_risk: BTreeSet::new(), critical: BTreeSet::new() };
        &NONE
    }
}

/// Every tag, as a filter names it.
pub(super) const TAGS: [&str; 11] = [
    "unproven", "at-risk", "scope", "conflict", "orphaned", "edited", "no-host", "parked", "attempt",
    "poison", "critical",
];

/// The tags of a job.
pub fn tags(job: &Job, scene: &Scene<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let shows_work = matches!(job.stage, Stage::Review | Stage::Testing | Stage::Shipped);
    if job.unsaved().is_some() {
        found.push("unsaved".to_string());
    // A review proves nothing of its own.
    } else if shows_work && job.subject.is_none() && job.head.is_some() && job.proof() == Proof::Unproven {
        found.push("UNPROVEN".to_string());
    }
    let alone = job.work_lease().is_none_or(|lease| (scene.gone)(&lease.holder));
    if alone && scene.aside.at_risk.contains(&job.id) {
        found.push("at-risk".to_string());
    }
    if strays(job) {
        found.push("scope".to_string());
    }
    if has_conflict(job) {
        found.push("conflict".to_string());
    }
    if job.lease.as_ref().is_some_and(|lease| (scene.gone)(&lease.holder)) {
        found.push("orphaned".to_string());
    }
    if (scene.edited)(job) {
        found.push("edited".to_string());
    }
    let in_line = job.stage == Stage::Queued && job.park.is_none();
    if in_line && has_no_host(scene.state, job, scene.now, scene.hosts).is_some() {
        found.push("no-host".to_string());
    }
    if job.park.is_some() {
        found.push("parked".to_string());
    }
    if let Some(attempt) = job.attempts.last().filter(|attempt| attempt.no > 1) {
        found.push(format!("attempt {}", attempt.no));
    }
    if job.stage == Stage::DeadLetter && job.why.starts_with("poison") {
        found.push("poison".to_string());
    }
    if scene.aside.critical.contains(&job.id) {
        found.push("critical".to_string());
    }
    found
}

/// Whether what it offers, or made last, has changes outside its allowed scope.
fn strays(job: &Job) -> bool {
    let head = job.head.as_ref().and_then(|head| head.rev.as_ref());
    let made = job.attempts.iter().rev().find(|attempt| head.is_some() && attempt.rev.as_ref() == head);
    let told = |attempt: &crate::fleet::Attempt| attempt.insight.as_ref().and_then(|insight| insight.outside);
    made.or(job.attempts.last()).and_then(told).is_some_and(|files| files > 0)
}

/// Whether it is in review because it could not be shipped: only that raises the epoch above the head's.
pub(super) fn came_back(job: &Job) -> bool {
    job.stage == Stage::Review && job.head.as_ref().is_some_and(|head| job.epoch > head.epoch)
}

/// Whether that was a conflict. A pull request also comes back because somebody closed it, or because it was
/// sent back too often.
pub fn has_conflict(job: &Job) -> bool {
    let head = job.head.as_ref().and_then(|head| head.rev.as_ref());
    let look = job.pr.as_ref().filter(|pr| Some(&pr.rev) == head).and_then(|pr| pr.look.as_ref());
    came_back(job) && look.is_none_or(|look| look.state == PrState::Open && look.conflict)
}
