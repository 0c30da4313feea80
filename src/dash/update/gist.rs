//! The gist of what waits for a person is read where its rows are on the screen.

use super::feed::loaded;
use crate::dash::effect::{Effect, Want};
use crate::dash::model::{GistOf, Model, Screen};
use crate::dash::msg::Got;
use crate::job::JobId;

/// The next gist to read, if the rows that show it are on the screen.
pub fn wants(model: &mut Model) -> Option<Effect> {
    if model.screen != Screen::Overview || model.page.is_some() {
        return None;
    }
    let state = &model.replica.state;
    let needs = model.lists.needs.iter().filter_map(|need| state.job(&need.job));
    let (job, of) = model.gists.next(needs)?;
    Some(Effect::Read(Want::Gist(job, of)))
}

/// An answer came.
pub fn read(model: &mut Model, job: &JobId, of: &GistOf, got: Result<Got, String>) {
    let gist = got.and_then(|got| match got {
        Got::Gist(gist) => Ok(gist),
        _ => Err("no gist came".to_string()),
    });
    super::layers::sized(model, job, of, gist.as_ref().ok());
    model.gists.take(job, of, loaded(gist));
}
