//! Files kept of a job's runs: listed when they are looked at, opened one by one.

use super::feed::loaded;
use super::go;
use crate::dash::effect::{Effect, Want};
use crate::dash::keys::Motion;
use crate::dash::model::{Loaded, Model, Page};
use crate::dash::msg::Got;

/// Lists them anew each time the tab is come to, and keeps what is known meanwhile.
pub fn wants(page: &mut Page) -> Option<Effect> {
    if page.files.got != Loaded::Unasked {
        return None;
    }
    page.files.got = Loaded::Asked;
    Some(Effect::Read(Want::Files(page.job.clone())))
}

/// The list came.
pub fn read(page: &mut Page, got: Result<Got, String>) {
    page.files.got = loaded(got.and_then(|got| match got {
        Got::Files(files) => Ok(files),
        _ => Err("no list came".to_string()),
    }));
    page.files.at = page.files.at.min(count(page).saturating_sub(1));
}

fn count(page: &Page) -> usize {
    page.files.got.here().map_or(0, Vec::len)
}

/// Moves through them.
pub fn motion(model: &mut Model, motion: Motion, height: usize) {
    let Some(page) = &mut model.page else { return };
    page.files.at = go::moved(page.files.at, motion, height, count(page).saturating_sub(1));
}

/// The cursor on a row.
pub fn point(model: &mut Model, row: usize) {
    if let Some(page) = &mut model.page {
        page.files.at = row.min(count(page).saturating_sub(1));
    }
}

/// Opens the one under the cursor.
pub fn open(model: &Model) -> Vec<Effect> {
    let Some(page) = &model.page else { return Vec::new() };
    let file = page.files.got.here().and_then(|files| files.get(page.files.at));
    file.map(|file| Effect::OpenKept(page.job.clone(), file.0.clone())).into_iter().collect()
}
