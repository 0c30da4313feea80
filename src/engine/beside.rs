//! Follows the file that an engine writes beside its output.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use super::dialect::{Beside, dialect};
use super::plan::RunPlan;
use crate::time::Span;

/// Time between two looks: far less than a request to a model takes.
pub(super) const LOOK_EVERY: Span = Span::from_millis(500);
/// Looks for a file that does not come, 30 s in all: some runs are told to keep none.
const LOOKS_MOST: u32 = 60;
/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;

/// The file beside one run's output.
pub(super) struct Follower {
    of: &'static Beside,
    env: Vec<(String, String)>,
    /// The session is an old one: what stands in its file already is of runs before.
    resumed: bool,
    looks: u32,
    /// The file and how far it was read.
    at: Option<(PathBuf, u64)>,
}

impl Follower {
    /// For a run whose dialect knows of such a file.
    pub(super) fn of(plan: &RunPlan) -> Option<Follower> {
        let of = dialect(&plan.dialect)?.beside.as_ref()?;
        let (env, resumed) = (plan.env.clone(), plan.facts.resumed.is_some());
        Some(Follower { of, env, resumed, looks: 0, at: None })
    }

    /// Whether a line of it is of use.
    pub(super) fn wants(&self, line: &[u8]) -> bool {
        (self.of.wanted)(line)
    }

    /// Whether there is anything to wait for.
    pub(super) fn is_live(&self) -> bool {
        self.at.is_some() || self.looks < LOOKS_MOST
    }

    /// Gives what was added since the last look. A file that cannot be read adds nothing: what a run has used
    /// then stays an estimate, and is marked as one.
    pub(super) fn read_on(&mut self, session: &str, mut give: impl FnMut(&[u8])) {
        if self.at.is_none() && self.looks < LOOKS_MOST {
            self.looks += 1;
            self.at = (self.of.file)(&self.env, session).map(|path| {
                let old = std::fs::metadata(&path).map_or(0, |meta| meta.len());
                (path, if self.resumed { old } else { 0 })
            });
        }
        let Some((path, offset)) = &mut self.at else { return };
        let Ok(mut file) = File::open(path) else { return };
        if file.seek(SeekFrom::Start(*offset)).is_err() {
            return;
        }
        let mut chunk = vec![0; CHUNK];
        while let Ok(n @ 1..) = file.read(&mut chunk) {
            *offset += n as u64;
            give(&chunk[..n]);
        }
    }
}
