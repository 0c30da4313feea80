//! Who else holds jobs, watched for its end: what a killed agent leaves is taken up at once, not after the
//! slow look of the safety net.
//!
//! The log cannot tell a death, because whoever is killed writes nothing. Where the kernel tells it (a
//! process descriptor), nobody polls; elsewhere a holder is looked at every few seconds, and only as long
//! as there is one.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinHandle;

use super::run::Nudge;
use crate::engine::{Liveness, ProcessIdentity, is_alive};
use crate::fleet::State;
use crate::job::{HolderId, Seq};
use crate::time::Span;

/// Where the kernel does not tell of a death, a holder is looked at this often.
const LOOK: Span = Span::from_secs(3);

/// The holders under watch.
pub(super) struct Deaths {
    nudge: UnboundedSender<Nudge>,
    watched: BTreeMap<HolderId, JoinHandle<()>>,
    /// The state that the watch is right for.
    seen: Option<Seq>,
}

impl Deaths {
    pub fn new(nudge: UnboundedSender<Nudge>) -> Deaths {
        Deaths { nudge, watched: BTreeMap::new(), seen: None }
    }

    /// Watches every holder but `me`, and nobody who holds nothing any more.
    pub fn watch(&mut self, state: &State, me: &HolderId) {
        if self.seen == Some(state.seq) {
            return;
        }
        self.seen = Some(state.seq);
        let others: Vec<&HolderId> =
            state.held().map(|(_, holder)| holder).filter(|holder| *holder != me).collect();
        self.watched.retain(|holder, task| {
            let held = others.contains(&holder);
            if !held {
                task.abort();
            }
            held
        });
        for holder in others {
            if let (false, Ok(who)) =
                (self.watched.contains_key(holder), ProcessIdentity::from_str(holder.as_str()))
            {
                let task = tokio::spawn(tell(holder.clone(), who, self.nudge.clone()));
                self.watched.insert(holder.clone(), task);
            }
        }
    }

    /// Its death was told. What it still holds is not waited for: it is asked for again and again.
    pub fn forget(&mut self, holder: &HolderId) {
        if let Some(task) = self.watched.get(holder) {
            task.abort();
        }
    }
}

impl Drop for Deaths {
    fn drop(&mut self) {
        self.watched.values().for_each(JoinHandle::abort);
    }
}

async fn tell(holder: HolderId, who: ProcessIdentity, nudge: UnboundedSender<Nudge>) {
    loop {
        #[cfg(target_os = "linux")]
        super::linux::ended(&who).await;
        match is_alive(&who) {
            Liveness::Alive => tokio::time::sleep(LOOK.to_std()).await,
            // A loop that has ended wants no more nudges.
            Liveness::Gone => return drop(nudge.send(Nudge::Died(holder))),
            // What cannot be seen from here is judged by its sign of life, with the safety net.
            Liveness::Unknown => return,
        }
    }
}
