//! A job as `--json` gives it. Names only grow; unknown is `null`.

use serde::Serialize;

use super::scene::Seen;
use crate::fleet::{Attempt, ClosedAccount, Job};
use crate::insight::{account_gate, need_in, status_of, tags, used};
use crate::job::{Insight, Proof, Stage, Usage};
use crate::time::Stamp;

/// One job.
#[derive(Serialize)]
pub struct JobView {
    id: String,
    title: String,
    stage: &'static str,
    since: String,
    why: String,
    event: u64,
    epoch: u64,
    priority: crate::job::Priority,
    profile: String,
    engine: Option<String>,
    file: Option<String>,
    by: String,
    submitted: String,
    park: Option<ParkView>,
    /// The closed account that it waits for in the line.
    closed: Option<ClosedView>,
    holder: Option<String>,
    status: Option<StatusView>,
    attempts: usize,
    head: Option<HeadView>,
    approvals: u32,
    approvals_needed: u32,
    deps: Vec<DepView>,
    parent: Option<String>,
    children: Vec<String>,
    lock: Option<String>,
    used: UsageView,
    tags: Vec<String>,
    needs: Option<NeedView>,
}

#[derive(Serialize)]
struct ParkView {
    reason: crate::fleet::ParkReason,
    until: Option<String>,
    text: Option<String>,
    window: Option<String>,
    account: Option<String>,
}

/// A closed account.
#[derive(Serialize)]
pub struct ClosedView {
    engine: String,
    account: String,
    window: Option<String>,
    outcome: &'static str,
    since: String,
    until: Option<String>,
    job: String,
}

impl ClosedView {
    /// The account as the law sees it.
    pub fn of(closed: &ClosedAccount) -> ClosedView {
        let ClosedAccount { id, window, closure } = closed;
        ClosedView {
            engine: id.engine.to_string(),
            account: id.account.to_string(),
            window: window.clone(),
            outcome: closure.outcome.name(),
            since: text(&closure.since),
            until: closure.until.as_ref().map(text),
            job: text(&closure.job),
        }
    }
}

#[derive(Serialize)]
struct StatusView {
    word: String,
    since: String,
    event: u64,
}

#[derive(Serialize)]
struct HeadView {
    rev: Option<String>,
    proof: Proof,
}

#[derive(Serialize)]
struct DepView {
    name: String,
    job: Option<String>,
    stage: Option<&'static str>,
}

#[derive(Serialize)]
struct NeedView {
    what: String,
    verb: String,
}

/// What was used up; `null` is unknown.
#[derive(Serialize)]
pub struct UsageView {
    micro_usd: Option<u64>,
    tokens: Option<u64>,
    turns: Option<u64>,
    wall_ms: u64,
    /// Of `tokens`: what went in, `tokens_cached` of it read from a cache.
    tokens_in: Option<u64>,
    tokens_cached: Option<u64>,
    tokens_out: Option<u64>,
    tokens_reasoning: Option<u64>,
    /// `tokens` is an estimate.
    tokens_estimated: bool,
    /// `micro_usd` is reckoned from prices or an estimate.
    usd_estimated: bool,
}

impl From<Usage> for UsageView {
    fn from(usage: Usage) -> UsageView {
        let Usage { micro_usd, tokens, turns, wall, kinds, tokens_estimated, usd_estimated } = usage;
        UsageView {
            micro_usd,
            tokens,
            turns,
            wall_ms: wall.as_millis(),
            tokens_in: kinds.input,
            tokens_cached: kinds.cached,
            tokens_out: kinds.output,
            tokens_reasoning: kinds.reasoning,
            tokens_estimated,
            usd_estimated,
        }
    }
}

/// One attempt.
#[derive(Serialize)]
pub struct AttemptView {
    no: u32,
    epoch: u64,
    engine: String,
    account: Option<String>,
    holder: String,
    started: String,
    ended: Option<String>,
    took_ms: Option<u64>,
    outcome: Option<&'static str>,
    reason: Option<String>,
    base: Option<String>,
    rev: Option<String>,
    verified: Option<bool>,
    used: UsageView,
    /// What it did, as far as it is known.
    did: Insight,
}

fn text(value: &impl ToString) -> String {
    value.to_string()
}

impl JobView {
    /// The job as it is seen.
    pub fn of(job: &Job, seen: &Seen) -> JobView {
        let stamp = |at: &Stamp| at.to_string();
        JobView {
            id: text(&job.id),
            title: job.spec.title.clone(),
            stage: job.stage.name(),
            since: stamp(&job.since),
            why: job.why.to_string(),
            event: job.event,
            epoch: job.epoch,
            priority: job.spec.priority,
            profile: job.spec.profile.clone(),
            engine: job.spec.engine.clone(),
            file: job.file.as_deref().map(str::to_string),
            by: text(&job.by),
            submitted: stamp(&job.submitted),
            park: job.park.as_ref().map(|park| ParkView {
                reason: park.reason,
                until: park.until.as_ref().map(stamp),
                text: park.text.clone(),
                window: park.window.clone(),
                account: park.account.clone(),
            }),
            closed: account_gate(&seen.state, job, seen.now, &seen.hosts)
                .map(|closed| ClosedView::of(&closed)),
            holder: job.lease.as_ref().map(|lease| text(&lease.holder)),
            status: status_of(job).map(|(word, since, event)| StatusView {
                word: word.to_string(),
                since: stamp(&since),
                event,
            }),
            attempts: job.attempts.len(),
            head: job
                .head
                .as_ref()
                .map(|head| HeadView { rev: head.rev.as_ref().map(text), proof: head.proof }),
            approvals: job.approvals(),
            approvals_needed: match job.stage {
                Stage::Review => job.approvals_needed(),
                _ => job.review_rule().approvals,
            },
            deps: job
                .deps
                .iter()
                .map(|dep| DepView {
                    name: dep.name.clone(),
                    job: dep.job.as_ref().map(text),
                    stage: dep
                        .job
                        .as_ref()
                        .and_then(|id| seen.state.stage_of(id))
                        .map(crate::job::Stage::name),
                })
                .collect(),
            parent: job.parent.as_ref().map(text),
            children: job.children.iter().map(text).collect(),
            lock: job.spec.lock.clone(),
            used: used(job).into(),
            tags: tags(job, &seen.scene()),
            needs: need_in(&seen.scene(), job).map(|need| NeedView { what: need.what, verb: need.verb }),
        }
    }
}

impl AttemptView {
    /// The attempt as the log has it.
    pub fn of(attempt: &Attempt) -> AttemptView {
        AttemptView {
            no: attempt.no,
            epoch: attempt.epoch,
            engine: attempt.engine.clone(),
            account: attempt.account.clone(),
            holder: text(&attempt.holder),
            started: text(&attempt.started),
            ended: attempt.ended.as_ref().map(text),
            took_ms: attempt.ended.map(|ended| ended.since(attempt.started).as_millis()),
            outcome: attempt.outcome.map(crate::job::Outcome::name),
            reason: Some(attempt.reason.clone()).filter(|reason| !reason.is_empty()),
            base: attempt.base.as_ref().map(text),
            rev: attempt.rev.as_ref().map(text),
            verified: attempt.verified.as_ref().map(|row| row.0),
            used: attempt.usage.into(),
            did: attempt.insight.as_deref().cloned().unwrap_or_default(),
        }
    }
}
