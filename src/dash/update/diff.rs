//! The diff: which revision is read, and where a person looks in it.
//!
//! A yes is bound to the revision in sight. When the branch moves on, the diff is read anew, approve and ship
//! are off until it is there, and the law refuses a yes that was on its way.

use std::sync::Arc;

use super::go::moved;
use crate::dash::effect::{Effect, Want};
use crate::dash::keys::Motion;
use crate::dash::model::{DiffOf, Loaded, Model, Page, Patch, Tab};
use crate::dash::msg::Got;
use crate::fleet::Job;
use crate::job::AttemptNo;

/// Reads the diff if it is not that of the job as it stands.
pub fn wants(page: &mut Page, job: &Job) -> Option<Effect> {
    let it = &mut page.diff;
    let of = match it.runs {
        Some(runs) => DiffOf { rev: None, runs: Some(runs) },
        None => DiffOf::whole(job),
    };
    if it.of.as_ref() == Some(&of) {
        return None;
    }
    let before = it.of.replace(of.clone());
    let same = before.as_ref().is_some_and(|before| before.runs == of.runs);
    it.moved = before.and_then(|before| before.rev).filter(|_| same && it.patch.here().is_some());
    if it.moved.is_none() {
        it.patch = Loaded::Asked;
        show(page, 0, 0);
    }
    if of == DiffOf::default() {
        page.diff.patch = Loaded::Failed("no commit yet: a checkpoint makes the first".to_string());
        return None;
    }
    Some(Effect::Read(Want::Diff(page.job.clone(), of)))
}

/// Reads it again although nothing is known to have moved: the queue said so.
pub fn again(model: &mut Model) -> Vec<Effect> {
    if let Some(page) = model.page.as_mut().filter(|page| page.tab == Tab::Diff) {
        page.diff.of = None;
    }
    super::pages::wants(model)
}

/// A diff came; one that nobody waits for any more is dropped.
pub fn read(page: &mut Page, of: &DiffOf, got: Result<Got, String>) {
    if page.diff.of.as_ref() != Some(of) {
        return;
    }
    let name = page.diff.shown().map(|file| file.name.clone());
    page.diff.patch = match got {
        Ok(Got::Diff(patch)) => Loaded::Here(patch),
        Ok(_) => Loaded::Failed("no diff came".to_string()),
        Err(why) => Loaded::Failed(why),
    };
    let place = |patch: &Arc<Patch>| patch.files.iter().position(|file| Some(&file.name) == name.as_ref());
    // The person stays on the file, not on its number.
    let place = page.diff.patch.here().and_then(place);
    page.diff.hit = None;
    if place != Some(page.diff.file) {
        show(page, place.unwrap_or(0), 0);
    }
}

/// Goes to a row of a file.
pub fn show(page: &mut Page, file: usize, row: usize) {
    (page.diff.file, page.diff.at) = (file, row);
    page.tops[Tab::Diff as usize] = row;
}

/// Lines move by pages, files by rows.
pub fn motion(model: &mut Model, motion: Motion, height: usize) {
    let Some(page) = &mut model.page else { return };
    let files = page.diff.patch.here().map_or(0, |patch| patch.files.len());
    match motion {
        Motion::Down | Motion::Up | Motion::First | Motion::Last => {
            let file = moved(page.diff.file, motion, 1, files.saturating_sub(1));
            show(page, file, 0);
        }
        _ => scroll(model, motion, height),
    }
}

/// Rolls the text of the file.
pub fn scroll(model: &mut Model, motion: Motion, height: usize) {
    let Some(page) = &mut model.page else { return };
    let rows = page.diff.shown().map_or(0, |file| file.rows(page.diff.split));
    let top = &mut page.tops[Tab::Diff as usize];
    *top = moved(*top, motion, height, rows.saturating_sub(height));
    page.diff.at = *top;
}

/// The next hunk, over the end of a file into the next one.
pub fn hunk(model: &mut Model, forth: bool) -> Vec<Effect> {
    let Some(page) = &mut model.page else { return Vec::new() };
    let (split, here) = (page.diff.split, (page.diff.file, page.diff.at));
    let Some(patch) = page.diff.patch.here() else { return Vec::new() };
    let mut places = patch
        .files
        .iter()
        .enumerate()
        .flat_map(|(nth, file)| file.hunks(split).iter().map(move |row| (nth, *row)));
    let found = match forth {
        true => places.find(|place| *place > here),
        false => places.take_while(|place| *place < here).last(),
    };
    if let Some((file, row)) = found {
        show(page, file, row);
    }
    Vec::new()
}

/// Old and new side by side, or in one column.
pub fn split(model: &mut Model) -> Vec<Effect> {
    if let Some(page) = &mut model.page {
        (page.diff.split, page.diff.hit) = (!page.diff.split, None);
        show(page, page.diff.file, 0);
    }
    Vec::new()
}

/// The change between the ends of two attempts.
pub fn between(model: &mut Model, runs: Option<(AttemptNo, AttemptNo)>) -> Vec<Effect> {
    if let Some(page) = &mut model.page {
        page.diff.runs = runs;
    }
    super::go::to_tab(model, Tab::Diff)
}

/// Opens the file in the job's worktree, at the change in sight.
pub fn edit(model: &Model) -> Vec<Effect> {
    let Some(page) = &model.page else { return Vec::new() };
    let found = page.diff.shown().and_then(|file| Some((file, file.line_at(page.diff.split, page.diff.at)?)));
    let Some((file, line)) = found else { return Vec::new() };
    vec![Effect::EditAt(page.job.clone(), file.name.clone(), line)]
}
