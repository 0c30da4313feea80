//! Manifests in the person's editor: a copy is edited, never the job's own file, and it is kept until it is in place.
//!
//! While an editor is open an agent may claim the job, and its file moves. What an editor then writes under the old
//! name would be a second job; so it gets a file of its own, and the source puts the text where the job's file is by
//! then.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::board::state_home;
use crate::dash::effect::Effect;
use crate::dash::msg::Said;
use crate::job::JobId;
use crate::store::Fault;

/// Copies that are being edited, or whose text is not in its place yet.
#[derive(Default)]
pub struct Edits(BTreeMap<JobId, Kept>);

struct Kept {
    file: PathBuf,
    /// The text that the person began with.
    was: Vec<u8>,
}

impl Edits {
    /// The file to edit: a copy of the job's own, or the one that could not be put in place.
    ///
    /// # Errors
    /// A [`Fault`] if the job's file cannot be read or no copy can be written.
    pub fn open(&mut self, job: &JobId, own: &Path) -> Result<PathBuf, Fault> {
        if let Some(kept) = self.0.get(job).filter(|kept| kept.file.is_file()) {
            return Ok(kept.file.clone());
        }
        let was = std::fs::read(own).map_err(|e| Fault::io("read", own, &e))?;
        let name = own.file_name().unwrap_or_default().to_string_lossy();
        let file = beside(&name, &was)?;
        self.0.insert(job.clone(), Kept { file: file.clone(), was });
        Ok(file)
    }

    /// What follows once the editor has ended, with what went wrong in it: the text goes to its place, or why not.
    pub fn closed(&mut self, job: &JobId, wrong: Option<String>) -> Result<Effect, Said> {
        let Some(kept) = self.0.get(job) else { return Err(plainly("nothing was edited".to_string())) };
        let read = std::fs::read(&kept.file).map_err(|e| Fault::io("read", &kept.file, &e).to_string());
        let (file, again) =
            (kept.file.display().to_string(), "e opens your text again; emptied, it is given up");
        let bad = |text: String| Said { text, more: format!("{again}: {file}"), bad: true };
        let text = match read {
            Ok(text) if text == kept.was || text.trim_ascii().is_empty() => {
                self.forget(job);
                let left = plainly(format!("{job} has the text that it had"));
                return Err(wrong.map_or(left, |text| Said { text, more: String::new(), bad: true }));
            }
            Ok(text) => text,
            Err(why) => return Err(bad(format!("not saved: {why}"))),
        };
        match wrong {
            Some(why) => Err(bad(format!("not saved, e opens your text again: {why}"))),
            None => {
                Ok(Effect::Rewrite { job: job.clone(), copy: kept.file.clone(), was: kept.was.clone(), text })
            }
        }
    }

    fn forget(&mut self, job: &JobId) {
        if let Some(kept) = self.0.remove(job) {
            // A copy that stays is in nobody's way.
            let _ = std::fs::remove_file(kept.file);
        }
    }
}

fn plainly(text: String) -> Said {
    Said { text, more: String::new(), bad: false }
}

/// A text in a file of its own, beside other edited ones.
///
/// # Errors
/// A [`Fault`] if it cannot be written.
pub fn beside(name: &str, text: &[u8]) -> Result<PathBuf, Fault> {
    let dir = state_home().unwrap_or_else(std::env::temp_dir).join("edit");
    std::fs::create_dir_all(&dir).map_err(|e| Fault::io("make", &dir, &e))?;
    let file = dir.join(format!("{:08x}-{name}", fastrand::u32(..)));
    std::fs::write(&file, text).map_err(|e| Fault::io("write", &file, &e))?;
    Ok(file)
}
