//! What stands on a screen, as sentences.

use crate::dash::model::{Gist, Health, Model};
use crate::dash::view::{clean, cut, waits_for};
use crate::fleet::{Job, ParkReason};
use crate::insight::{AGENT_GONE, RUNS_ON, park_words, pr_words};
use crate::job::{Proof, Stage};
use crate::time::{Span, Stamp};

/// Columns of a question in a line; the sheet that answers it says it in full.
const QUESTION_MOST: usize = 300;

/// `12:04:27`.
pub fn clock(at: Stamp) -> String {
    // The day is not said: lines are told as they happen.
    at.local_full().split_off("2026-10-02 ".len())
}

/// Where the data comes from, how fresh it is, and how much of it asks for something.
pub fn head(model: &Model) -> String {
    let replica = &model.replica;
    let state = &replica.state;
    let health = match &replica.health {
        Health::Loading => "reading".to_string(),
        Health::Local { watched: true } => "local, watching files,".to_string(),
        Health::Local { watched: false } => "local, looking every 2 s,".to_string(),
        Health::Live => "live,".to_string(),
        Health::Polling { every, why, .. } => format!("asking every {} ({}),", every.age(), clean(why)),
        Health::Stale { heard, retry } => {
            format!("stale since {} (try {}), the data is as old,", clock(*heard), retry.tries)
        }
        Health::Offline { why, heard, retry } => {
            let tries = format!("{} (try {})", clean(why), retry.tries);
            return format!("offline, nothing can be done: {tries}, {}", data_from(*heard));
        }
        Health::SignedOut { why, heard } => {
            return format!("signed out, nothing can be done: {}, {}", clean(why), data_from(*heard));
        }
        Health::Replay => "replay: the past, nothing can be done,".to_string(),
        Health::Broken { why } => return format!("cannot read {}: {}", clean(&replica.from), clean(why)),
        Health::Barred { word, why, mend } => {
            format!("{word}: {}; nothing can be done ({}),", clean(why), clean(mend))
        }
        Health::Skew { why } => return format!("nothing can be done: {}", clean(why)),
    };
    let count = |n: usize, one: &str, more: &str| format!("{n} {}", if n == 1 { one } else { more });
    let mut text = format!(
        "{health} {}: {}, {} running, {}, {}",
        clean(&replica.from),
        count(state.jobs.len(), "job", "jobs"),
        model.lists.running.len(),
        count(model.needs(), "needs you", "need you"),
        count(replica.agents.len(), "agent", "agents"),
    );
    if model.read_only {
        text.push_str(", read-only");
    }
    for alert in model.alerts() {
        text.push_str(&format!(", alert: {}", clean(&alert.what)));
    }
    if let Some((mode, reason, until, since)) = &state.product.paused {
        let until = until.map(|at| format!(" until {}", at.local_hm())).unwrap_or_default();
        let mode = format!("{mode:?}").to_lowercase();
        let reason = clean(reason);
        text.push_str(&format!(", PAUSED since {}{until} ({mode}): {reason}", since.local_hm()));
    }
    text
}

/// Up to when anything is known.
fn data_from(heard: Option<Stamp>) -> String {
    heard.map_or("nothing was read yet".to_string(), |at| format!("data from {}", clock(at)))
}

/// A job in a line: its name, where it stands and since when, what it is.
pub fn job(model: &Model, job: &Job) -> String {
    let age = model.law_now().law.since(job.since).age();
    let standing = standing(model, job);
    let standing = if standing.is_empty() { standing } else { format!(", {standing}") };
    let gist = gist(model, job).map(|gist| format!(", {gist}")).unwrap_or_default();
    format!("{} {}, {age}, {}{gist}{standing}", job.id, stage(job), clean(&job.spec.title))
}

/// What a job asks, or how large the change is that waits for review, once it was read.
pub fn gist(model: &Model, job: &Job) -> Option<String> {
    match model.gists.of(job)? {
        Gist::Question(text) => Some(format!("\"{}\"", cut(clean(text).trim(), QUESTION_MOST, "…"))),
        Gist::Change(plus, minus, _) => Some(format!("+{plus} -{minus}")),
    }
}

/// Where it stands, as a word.
pub fn stage(job: &Job) -> &'static str {
    match (&job.park, job.stage) {
        (Some(park), _) if park.reason == ParkReason::Asked => "asks you",
        (Some(_), _) => "parked",
        (None, Stage::DeadLetter) => "dead letter",
        (None, stage) => stage.name(),
    }
}

/// What it does or waits for.
pub fn standing(model: &Model, job: &Job) -> String {
    // What its engine said last is of no use: nobody runs it any more.
    if job.work_lease().is_some_and(|lease| model.replica.gone.contains(&lease.holder)) {
        let runs_on = model.replica.outliving.contains(&job.id);
        return if runs_on { RUNS_ON } else { AGENT_GONE }.to_string();
    }
    let edited = if model.replica.edited.contains(&job.id) { "edited, " } else { "" };
    if let Some(attempt) = job.open_attempt() {
        let (word, at, _) = &attempt.word;
        let age = model.law_now().law.since(*at);
        let lasts = &**word == "silent" || age >= Span::from_secs(60);
        let ago = if lasts { "" } else { " ago" };
        return format!(
            "{edited}{} {}{ago}",
            clean(word),
            if age < Span::from_secs(1) { "now".into() } else { age.age() }
        );
    }
    if let Some(park) = &job.park {
        // That it asks was said as where it stands.
        if park.reason == ParkReason::Asked {
            return String::new();
        }
        let until = park.until.map(|at| format!("until {}, ", at.local_hm())).unwrap_or_default();
        return format!("{until}{}", clean(&park_words(park)));
    }
    match job.stage {
        Stage::Assigned => "starting".to_string(),
        Stage::Review if job.met_conflict() => clean(&job.why),
        Stage::Review => {
            let proof = if job.proof() == Proof::Verified { "" } else { "unproven, " };
            format!("{proof}{} of {} approvals", job.approvals(), job.review_rule().approvals.max(1))
        }
        Stage::Testing if job.awaited_pr().is_some() => {
            job.awaited_pr().map(|pr| clean(&pr_words(pr, model.law_now().law))).unwrap_or_default()
        }
        Stage::Testing if job.failed_to_ship() => clean(&job.why),
        Stage::Testing => {
            let proof = if job.proof() == Proof::Verified { "verified" } else { "unproven" };
            let then = match (job.ship_lease().is_some(), job.ships_itself()) {
                (true, _) => "is being shipped",
                (false, false) => "waits for ship",
                (false, true) => "ships itself",
            };
            format!("{proof}, {then}")
        }
        _ => match waits_for(model, job) {
            Some(said) => clean(&said.words(|at| at.local_hm())),
            None => clean(&job.why),
        },
    }
}
