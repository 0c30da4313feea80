//! The attempts: one under the cursor, its transcript, two compared.

use super::feed::loaded;
use super::{diff, go};
use crate::dash::effect::{Effect, Want};
use crate::dash::keys::Motion;
use crate::dash::model::{Model, Page, Tab};
use crate::dash::msg::Got;
use crate::fleet::Job;
use crate::job::AttemptNo;

/// Reads what is written of the attempts' runs, anew whenever one or a ship of them begins or ends; what is known
/// stays meanwhile.
pub fn wants(page: &mut Page, job: &Job) -> Option<Effect> {
    let ended = job.attempts.iter().filter(|attempt| attempt.ended.is_some()).count();
    let of = (job.attempts.len(), ended, job.ship_lease().map(|_| job.epoch));
    if page.runs.told_of == Some(of) {
        return None;
    }
    page.runs.told_of = Some(of);
    Some(Effect::Read(Want::Runs(page.job.clone())))
}

/// It came.
pub fn read(page: &mut Page, got: Result<Got, String>) {
    page.runs.told = loaded(got.and_then(|got| match got {
        Got::Runs(runs) => Ok(runs),
        _ => Err("no runs came".to_string()),
    }));
}

/// Moves through the attempts, the newest first.
pub fn motion(model: &mut Model, motion: Motion, height: usize) {
    let numbers = numbers(model);
    let Some(page) = &mut model.page else { return };
    let at = page.runs.at.and_then(|no| numbers.iter().position(|row| *row == no)).unwrap_or(0);
    let to = go::moved(at, motion, height, numbers.len().saturating_sub(1));
    page.runs.at = numbers.get(to).copied();
}

/// The attempts of the job, the newest first.
fn numbers(model: &Model) -> Vec<AttemptNo> {
    let job = model.current();
    job.map(|job| job.attempts.iter().rev().map(|attempt| attempt.no).collect()).unwrap_or_default()
}

/// The cursor on a row.
pub fn point(model: &mut Model, row: usize) {
    let no = numbers(model).get(row).copied();
    if let Some(page) = &mut model.page {
        page.runs.at = no.or(page.runs.at);
    }
}

/// The transcript of the attempt under the cursor.
pub fn log(model: &mut Model) -> Vec<Effect> {
    let no = model.current().and_then(|job| {
        let page = model.page.as_ref()?;
        page.runs.current(job).map(|attempt| attempt.no)
    });
    if let Some(page) = &mut model.page {
        page.log.chosen = no;
    }
    go::to_tab(model, Tab::Log)
}

/// Marks the attempt, so that another can be compared with it; a second time takes the mark away.
pub fn mark(model: &mut Model) -> Vec<Effect> {
    let no = model.current().and_then(|job| {
        let page = model.page.as_ref()?;
        page.runs.current(job).map(|attempt| attempt.no)
    });
    if let Some(page) = &mut model.page {
        page.runs.mark = if page.runs.mark == no { None } else { no };
    }
    Vec::new()
}

/// What came between two attempts.
pub fn compare(model: &mut Model) -> Vec<Effect> {
    let pair = model.current().zip(model.page.as_ref()).and_then(|(job, page)| page.runs.pair(job).ok());
    diff::between(model, pair)
}
