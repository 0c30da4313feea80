//! What people did here, read back from the folder's log.

use super::local::Local;
use crate::insight::{PastAction, take_deed};
use crate::store::{Fault, FaultKind};

/// Events read from the log at a time.
const PAGE: usize = 20_000;

impl Local {
    /// Every action of people since the newest seam of the log, the oldest first.
    ///
    /// # Errors
    /// A [`Fault`] if the log cannot be read, or its events do not fit.
    pub fn past_actions(&self) -> Result<Vec<PastAction>, Fault> {
        // What lies behind the newest seam is a quarter of a million events ago: nobody undoes that, and every
        // undo would read it all.
        let mut state = self.place().seam()?.unwrap_or_default();
        let mut actions: Vec<PastAction> = Vec::new();
        loop {
            let page = self.place().history(state.seq, PAGE)?;
            let last = page.len() < PAGE;
            for (seq, event) in page {
                take_deed(&mut actions, &state, seq, &event);
                state.apply(&event).map_err(|broken| {
                    let on = std::path::Path::new("the log");
                    let hint = "restore the log from a backup";
                    Fault::new(FaultKind::Corrupt, "follow", on, broken.to_string(), hint)
                })?;
            }
            if last {
                return Ok(actions);
            }
        }
    }
}
