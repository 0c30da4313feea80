//! Streams: the log as it grows, one event after another, for the verbs that follow.

use std::time::Duration;

use super::frame::{CliError, Context};
use crate::board::{Board as _, Local};
use crate::fleet::Event;
use crate::job::Seq;
use crate::store::Watch;
use crate::time::Span;

/// Events asked for at once.
const PAGE: usize = 4_096;
/// The log is looked at this often even where the watch says nothing: a watch is only a hint.
const LOOK_AGAIN: Span = Span::from_secs(5);

/// Follows one queue.
pub struct Feed {
    /// The queue.
    pub board: Local,
    /// The last event given out.
    pub after: Seq,
    watch: Option<Watch>,
}

impl Feed {
    /// Gives events after number `after`.
    pub fn of(board: Local, after: Seq) -> Feed {
        Feed { board, after, watch: None }
    }

    /// The next events that are there already, oldest first; none at the end.
    ///
    /// # Errors
    /// A fault if the log cannot be read.
    pub fn page(&mut self, cx: &Context) -> Result<Vec<(Seq, Event)>, CliError> {
        let events = cx.wait(self.board.events(self.after, PAGE))?;
        if let Some((seq, _)) = events.last() {
            self.after = *seq;
        }
        Ok(events)
    }

    /// Waits until the log may have grown, at most `most`.
    ///
    /// # Errors
    /// A fault if the queue's owner is gone.
    pub fn pause(&mut self, cx: &Context, most: Option<Duration>) -> Result<(), CliError> {
        if self.watch.is_none() {
            // Where the system gives no watch, the slow look alone has to do.
            match self.board.follow() {
                Ok(watch) => self.watch = Some(watch),
                Err(fault) => cx.out.warn(&fault.to_string()),
            }
        }
        let after = self.after;
        let mut published = self.board.published();
        let most = most.unwrap_or(LOOK_AGAIN.to_std()).min(LOOK_AGAIN.to_std());
        cx.wait(async {
            // Either it grew, or time is up; both mean another look.
            let grown = published.wait_for(|state| state.seq > after);
            let _ = tokio::time::timeout(most, grown).await;
            Ok::<(), CliError>(())
        })
    }
}
