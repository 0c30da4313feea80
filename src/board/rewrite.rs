//! A person's text in the place of a job's file, wherever that is by now; never a second file.

use super::local::Local;
use super::seam::Board as _;
use crate::job::{JobId, Stage};
use crate::store::{Fault, replace_existing};
use crate::time::Span;

/// Looks for a file that is on its way to another folder: an agent moves it right after its claim.
const LOOKS_MOST: u32 = 50;
/// Between two of them.
const LOOK_AGAIN: Span = Span::from_millis(20);

/// A text that stands in its job's file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rewritten {
    /// Where the job stood then.
    pub stage: Stage,
    /// What the file held before.
    pub old: Vec<u8>,
}

impl Local {
    /// Puts a text into the file of a job. `None` if the job has no file any more.
    ///
    /// # Errors
    /// A [`Fault`] of the log or of the folder; the file then holds what it held.
    pub async fn rewrite(&self, id: &JobId, text: &[u8]) -> Result<Option<Rewritten>, Fault> {
        for _ in 0..LOOKS_MOST {
            self.reread().await?;
            let state = self.snapshot();
            let Some(job) = state.job(id) else { return Ok(None) };
            let Some(file) = job.file.as_deref() else { return Ok(None) };
            let path = self.place().queue.join(job.stage.folder().name()).join(file);
            if let Some(old) = replace_existing(&path, text)? {
                return Ok(Some(Rewritten { stage: job.stage, old }));
            }
            tokio::time::sleep(LOOK_AGAIN.to_std()).await;
        }
        Ok(None)
    }
}
