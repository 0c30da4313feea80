//! A pull request: it has the work; what a look at it means.
//!
//! A look needs no lease: what it shows is so whoever looked, and the epoch fences one that is late. It is
//! recorded where it shows something new, and now and again where it does not, so that its age can be told.

use super::super::command::{Now, Order};
use super::super::event::{ActorKind, What};
use super::super::job::Job;
use super::super::pull_request::{PrLook, PrMeans, PullRequest, RECORDED_EVERY, SENT_BACK_MOST};
use super::super::refusal::{Code, Refusal};
use super::super::state::State;
use super::operator::{back_in_line, must_afford};
use super::order::invalid;
use crate::job::{BlobId, Budget, Rev, Stage};

pub(super) fn open(job: &Job, number: u64, url: &str, rev: &Rev) -> Result<Vec<What>, Refusal> {
    let (job, epoch, url) = (job.id.clone(), job.epoch, url.to_string());
    Ok(vec![What::PrOpened { job, epoch, number, url, rev: rev.clone() }])
}

pub(super) fn see(
    state: &State,
    job: &Job,
    look: &PrLook,
    words: Option<&BlobId>,
    order: &Order,
    now: Now,
) -> Result<Vec<What>, Refusal> {
    let Some(pr) = job.awaited_pr() else { return Err(invalid(job, "it waits for no pull request")) };
    let follows = follow(state, job, pr, look, words, now);
    let is_news = pr.look.as_ref() != Some(look)
        || order.by.kind == ActorKind::Person
        || now.law.since(pr.at) >= RECORDED_EVERY;
    if !is_news && follows.is_empty() {
        let message = format!("pr #{} is as it was", pr.number);
        return Err(Refusal::new(Code::NoChange, message, "nothing to do"));
    }
    let (id, epoch, number) = (job.id.clone(), job.epoch, pr.number);
    let seen = What::PrSeen { job: id, epoch, number, look: look.clone() };
    Ok(std::iter::once(seen).chain(follows).collect())
}

fn follow(
    state: &State,
    job: &Job,
    pr: &PullRequest,
    look: &PrLook,
    words: Option<&BlobId>,
    now: Now,
) -> Vec<What> {
    let name = format!("pr #{}", pr.number);
    match pr.means(look) {
        PrMeans::Wait => Vec::new(),
        PrMeans::Out => {
            let (job, epoch, rev) = (job.id.clone(), job.epoch, look.merged.clone());
            let at = rev.as_ref().map(|rev| format!(" as {}", short(rev))).unwrap_or_default();
            vec![What::Shipped { job, epoch, how: format!("{name} was merged{at}"), rev }]
        }
        PrMeans::Closed => to_review(job, format!("{name} was closed without a merge")),
        PrMeans::Conflict => to_review(job, format!("{name} has a conflict with its base")),
        PrMeans::Red => {
            let red = look.checks.red;
            let checks = if red == 1 { "1 check".to_string() } else { format!("{red} checks") };
            send_back(state, job, pr, &format!("{name}: {checks} failed"), words, now)
        }
        PrMeans::Asked => send_back(state, job, pr, &format!("{name}: changes requested"), words, now),
    }
}

fn short(rev: &Rev) -> &str {
    rev.as_str().get(..7).unwrap_or(rev.as_str())
}

fn to_review(job: &Job, reason: String) -> Vec<What> {
    vec![What::ShipFailed { job: job.id.clone(), epoch: job.epoch + 1, reason, to: Stage::Review }]
}

/// Back to wait with the words; to review where another attempt could not be, or has been too often.
fn send_back(
    state: &State,
    job: &Job,
    pr: &PullRequest,
    reason: &str,
    words: Option<&BlobId>,
    now: Now,
) -> Vec<What> {
    let why_not = match must_afford(job, &Budget::default()) {
        _ if !job.spec.has_body => Some("it has no work of its own to do again".to_string()),
        _ if pr.sent_back >= SENT_BACK_MOST => Some(format!("sent back {SENT_BACK_MOST} times already")),
        Err(no) => Some(no.message),
        Ok(()) => None,
    };
    match (why_not, words) {
        (Some(why), _) => to_review(job, format!("{reason}; {why}")),
        // An attempt that is told nothing would do the same again.
        (None, None) => Vec::new(),
        (None, Some(words)) => {
            let (id, epoch) = (job.id.clone(), job.epoch + 1);
            let (reason, words) = (reason.to_string(), words.clone());
            back_in_line(state, job, now, |to| What::PrSentBack { job: id, epoch, reason, words, to })
        }
    }
}
