//! Where the reviews of a job by engines stand, in words.

use crate::fleet::{Decision, Job, State};
use crate::job::{Rev, Stage};

/// What each engine that was asked about the present commit has said or is doing; with whether one of them is
/// still to speak. Empty where none is asked.
pub fn engine_reviews(state: &State, job: &Job) -> (Vec<String>, bool) {
    let asks = job.review_rule().engines().next().is_some();
    if job.stage != Stage::Review || (!asks && job.asked_reviews.is_empty()) {
        return (Vec::new(), false);
    }
    let Some(rev) = job.pinned() else {
        return (vec!["no engine reviews it: it has no commit to look at".to_string()], false);
    };
    let (mut said, mut open) = (Vec::new(), false);
    for asked in job.asked_reviews.iter().filter(|asked| asked.rev == *rev) {
        let decision = job.reviews.iter().find(|d| d.review.as_ref() == Some(&asked.by));
        let review = state.job(&asked.by);
        said.push(match (decision, review) {
            (Some(decision), _) => decided(decision, &asked.reviewer),
            (None, Some(review)) if review.stage.is_waiting() || review.stage.is_held() => {
                open = true;
                format!("{} reviews it in {}, which is {}", asked.reviewer, review.id, review.stage)
            }
            (None, Some(review)) => {
                let why = review.attempts.last().map_or(&*review.why, |last| last.reason.as_str());
                let (id, again) = (&review.id, again(review));
                format!("{} gave no verdict: {why} (aq show {id}; to ask again: {again})", asked.reviewer)
            }
            (None, None) => format!("{} gave no verdict", asked.reviewer),
        });
    }
    for one in job.reviewers_to_ask() {
        open = true;
        said.push(format!("{} is asked as soon as an agent looks", one.entry));
    }
    (said, open)
}

/// Whether a review by an engine is still to be taken, so that it matters what the hosts can do.
pub fn awaits_engines(state: &State) -> bool {
    // Most queues have no job in review, and the count of those is at hand.
    state.count(Stage::Review) > 0
        && state
            .jobs
            .values()
            .any(|job| job.stage == Stage::Review && waiting_reviews(state, job).next().is_some())
}

/// What has a review that ended without a verdict done once more.
fn again(review: &Job) -> String {
    let verb = if review.stage == Stage::DeadLetter { "redrive" } else { "requeue" };
    format!("aq {verb} {}", review.id)
}

/// The reviews of this job's commit that wait for somebody to take them.
pub(super) fn waiting_reviews<'a>(state: &'a State, job: &'a Job) -> impl Iterator<Item = &'a Job> {
    let open = job.asked_reviews.iter().filter(|asked| Some(&asked.rev) == job.pinned());
    open.filter_map(|asked| state.job(&asked.by)).filter(|review| review.stage.is_waiting())
}

fn decided(decision: &Decision, reviewer: &str) -> String {
    let word = if decision.approve { "yes" } else { "no" };
    let check = match decision.checked {
        Some(true) => "the check passed",
        Some(false) => "the check failed",
        None => "UNPROVEN, no check was run, so it does not count",
    };
    let check =
        if decision.approve || decision.checked.is_some() { format!(", {check}") } else { String::new() };
    let at = decision.review.as_ref().map(|id| format!(" (aq show {id})")).unwrap_or_default();
    format!("{reviewer}: {word}{check}{at}")
}

/// The decision of an engine about this commit, where it is the reason that a person has to speak.
pub(super) fn stands_against<'a>(job: &'a Job, rev: Option<&Rev>) -> Option<&'a Decision> {
    job.reviews.iter().find(|d| d.review.is_some() && !d.approve && d.rev.as_ref() == rev)
}
