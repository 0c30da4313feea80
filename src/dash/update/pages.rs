//! The page of a job: what its tabs need is read when they are shown, and kept up as the job moves on.
//!
//! A tab that needs something of its own adds a want to `wants` and takes the answer in `read`.

use super::feed::loaded;
use super::layers;
use crate::dash::effect::{Effect, Want};
use crate::dash::model::{BYTES_MOST, LINES_MOST, Loaded, LogLine, Model, Page, Tab};
use crate::dash::msg::{Got, Read};
use crate::fleet::Job;
use crate::job::JobId;

/// What the tab that is shown needs and has not got.
pub fn wants(model: &mut Model) -> Vec<Effect> {
    let Some(mut page) = model.page.take() else { return Vec::new() };
    let job = model.job(&page.job).cloned();
    let effects = job.map(|job| of_tab(&mut page, &job)).unwrap_or_default();
    model.page = Some(page);
    effects
}

fn of_tab(page: &mut Page, job: &Job) -> Vec<Effect> {
    let mut effects = Vec::new();
    let is_log = page.tab == Tab::Log;
    match page.tab {
        Tab::Summary => {
            effects.extend(history(page));
            effects.extend(manifest(page, job));
        }
        Tab::Events => effects.extend(history(page)),
        Tab::Manifest => effects.extend(manifest(page, job)),
        Tab::Log => effects.extend(log(page, job)),
        Tab::Diff | Tab::Runs | Tab::Explain | Tab::Artifacts => {}
    }
    if !is_log && page.log.attempt.is_some() {
        page.log.attempt = None;
        page.log.lines = Loaded::Unasked;
        effects.push(Effect::Unfollow);
    }
    effects
}

fn history(page: &mut Page) -> Option<Effect> {
    if page.history != Loaded::Unasked {
        return None;
    }
    page.history = Loaded::Asked;
    Some(Effect::Read(Want::History(page.job.clone())))
}

fn manifest(page: &mut Page, job: &Job) -> Option<Effect> {
    if page.manifest != Loaded::Unasked {
        return None;
    }
    page.manifest = Loaded::Asked;
    Some(Effect::Read(Want::Manifest(page.job.clone(), job.body.clone())))
}

fn log(page: &mut Page, job: &Job) -> Option<Effect> {
    let Some(last) = job.attempts.last() else {
        page.log.lines = Loaded::Failed("no attempt was begun yet".to_string());
        return None;
    };
    if page.log.attempt == Some(last.no) {
        return None;
    }
    page.log.attempt = Some(last.no);
    page.log.lines = Loaded::Asked;
    page.log.follow = true;
    Some(Effect::Follow(page.job.clone(), last.no))
}

/// Events came about these jobs.
pub fn moved_on(model: &mut Model, jobs: &[JobId]) -> Vec<Effect> {
    let Some(page) = &mut model.page else { return Vec::new() };
    if !jobs.contains(&page.job) {
        return Vec::new();
    }
    if let Loaded::Here(history) = &mut page.history {
        let last = history.last().map_or(0, |row| row.0);
        let job = &page.job;
        let newer = model.replica.events.iter().filter(|row| row.0 > last && row.1.what.job() == Some(job));
        history.extend(newer.cloned());
    }
    wants(model)
}

/// An answer came.
pub fn read(model: &mut Model, read: Read) {
    let Read { want, got } = read;
    if let Want::Question(job, _) = &want {
        layers::question(model, job, got);
        return;
    }
    let Some(page) = model.page.as_mut().filter(|page| page.job == *want.job()) else { return };
    match (want, got) {
        (Want::History(_), got) => {
            page.history = loaded(got.and_then(|got| match got {
                Got::History(events) => Ok(events),
                _ => Err("no events came".to_string()),
            }));
        }
        (Want::Manifest(..), got) => {
            page.manifest = loaded(got.and_then(|got| match got {
                Got::Text(text) => Ok(text),
                _ => Err("no text came".to_string()),
            }));
        }
        (Want::Log(_, attempt), got) if page.log.attempt == Some(attempt) => lines(page, got),
        _ => {}
    }
}

/// More of a transcript.
fn lines(page: &mut Page, got: Result<Got, String>) {
    let (lines, dropped, fresh) = match got {
        Ok(Got::Lines { lines, dropped, fresh, .. }) => (lines, dropped, fresh),
        Ok(_) => return,
        Err(why) => {
            page.log.lines = Loaded::Failed(why);
            return;
        }
    };
    let log = &mut page.log;
    match &mut log.lines {
        Loaded::Here(all) if !fresh => {
            all.extend(lines);
            log.dropped += dropped + trim(all);
        }
        _ => {
            let mut all = lines;
            log.dropped = dropped + trim(&mut all);
            log.lines = Loaded::Here(all);
        }
    }
}

/// Takes away the oldest lines beyond what is kept; gives how many.
fn trim(lines: &mut Vec<LogLine>) -> usize {
    let mut over = lines.len().saturating_sub(LINES_MOST);
    let mut bytes: usize = lines[over..].iter().map(|line| line.text.len()).sum();
    while bytes > BYTES_MOST {
        bytes -= lines[over].text.len();
        over += 1;
    }
    lines.drain(..over);
    over
}
