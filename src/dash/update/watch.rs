//! Watching jobs: a word when one of them goes on to another stage, is put aside or taken up again.

use std::sync::Arc;

use super::tell;
use crate::dash::effect::Effect;
use crate::dash::model::{Model, WATCHED_MOST};
use crate::fleet::{Job, State};
use crate::insight::park_words;
use crate::job::{JobId, Role, role_of};

/// Watches the jobs that are meant, or no more if all of them are watched.
pub fn toggle(model: &mut Model) -> Vec<Effect> {
    let jobs: Vec<Arc<Job>> = model.targets().into_iter().cloned().collect();
    // What is watched has its chain on the overview.
    model.outdated = true;
    let what = |count: usize| match jobs.as_slice() {
        [job] => job.id.to_string(),
        _ => format!("{count} jobs"),
    };
    if jobs.iter().all(|job| model.watched.has(&job.id)) {
        jobs.iter().for_each(|job| model.watched.forget(&job.id));
        tell::say(model, Role::Neutral, format!("{} watched no more", are(&what(jobs.len()))), "", false);
        return Vec::new();
    }
    let taken = jobs.iter().filter(|job| model.watched.add(job)).count();
    if taken < jobs.len() {
        let text = format!("{} of {} watched: {WATCHED_MOST} are the most", taken, jobs.len());
        tell::say(model, Role::Wait, text, "w on one of them watches it no more", false);
    } else {
        tell::say(model, Role::Neutral, format!("{} watched now", are(&what(taken))), "", false);
    }
    Vec::new()
}

/// `one is`, `3 jobs are`.
fn are(what: &str) -> String {
    if what.ends_with(" jobs") { format!("{what} are") } else { format!("{what} is") }
}

/// The queue moved on: says which watched jobs did, and gives the words.
pub fn moved_on(model: &mut Model, state: &State, touched: &[JobId]) -> Vec<String> {
    let mut said = Vec::new();
    for id in touched {
        match state.job(id) {
            Some(job) if model.watched.moved(job) => {
                let text = now_of(job);
                tell::note(model, role_of(job.stage), &text);
                said.push(text);
            }
            // What is archived changes no more; its last stage was told when it came to it.
            None => model.watched.forget(id),
            Some(_) => {}
        }
    }
    said
}

/// Where a job stands now: `fix-login-7k2m is in review: verified`.
fn now_of(job: &Job) -> String {
    match &job.park {
        Some(park) => format!("{} is parked: {}", job.id, park_words(park)),
        None if job.why.is_empty() => format!("{} is {}", job.id, job.stage),
        None => format!("{} is {}: {}", job.id, job.stage, job.why),
    }
}
