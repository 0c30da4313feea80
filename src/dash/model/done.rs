//! What people did here, one's own doing and others', as the log has it; the same list as `aq undo --list`.

use std::sync::Arc;

use super::page::Loaded;
use crate::fleet::{Actor, State};
use crate::insight::{PastAction, way_back};
use crate::job::JobId;
use crate::time::Stamp;

/// Actions that are listed, the newest; what was done before is in `aq events`.
const DONE_MOST: usize = 200;

/// One action of a person.
#[derive(Clone, PartialEq, Debug)]
pub struct Done {
    /// When.
    pub at: Stamp,
    /// Who; one's own name is `you`.
    pub by: String,
    /// The verb.
    pub verb: &'static str,
    /// Its targets: `fix-login-7k2m`, or `14 jobs`; `local: ceiling $5.00 per day`.
    pub targets: String,
    /// Its jobs.
    pub jobs: Vec<JobId>,
    /// It can be undone, or why not.
    pub undo: Result<(), String>,
}

/// The list, and what is being read of it.
pub type DoneList = Loaded<Arc<Vec<Done>>>;

/// The newest of these actions, the newest first.
pub fn done(actions: &[PastAction], state: &State, me: &Actor, now: Stamp) -> Vec<Done> {
    let one = |past: &PastAction| {
        let mine = past.by.is(me);
        let ways: Vec<Result<_, String>> = past.deeds.iter().map(|deed| way_back(state, deed, now)).collect();
        let can = ways.iter().any(Result::is_ok);
        let undo = match (mine, can) {
            (false, _) => Err("it is not yours".to_string()),
            (true, true) => Ok(()),
            (true, false) => Err(ways.into_iter().find_map(Result::err).unwrap_or_default()),
        };
        Done {
            at: past.at,
            by: if mine { "you".to_string() } else { past.by.name.to_string() },
            verb: past.verb,
            targets: past.told(),
            jobs: past.deeds.iter().filter_map(|deed| deed.job.clone()).collect(),
            undo,
        }
    };
    actions.iter().rev().take(DONE_MOST).map(one).collect()
}
