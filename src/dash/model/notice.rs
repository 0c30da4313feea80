//! What is told outside the screen: the window's title, and pings to a person who looks elsewhere.

use std::collections::BTreeSet;

use crate::insight::AlertAbout;
use crate::job::{JobId, PING_KINDS, PingKind, Quiet};
use crate::time::Span;

/// Where the terminal does not tell whether it has the focus, whoever pressed a key is there for so long.
pub const STAYS: Span = Span::from_secs(60);

/// What is told outside the screen, and what of it waits.
#[derive(Clone, Debug)]
pub struct Notices {
    /// What is worth a ping.
    pub kinds: Vec<PingKind>,
    /// Hours without one.
    pub quiet: Option<Quiet>,
    /// The person's own command is the way, and agents call it for what they did.
    pub agents_tell: bool,
    /// The title is ours to set.
    pub titles: bool,
    /// The title that was set last.
    pub title: Option<String>,
    /// What waits to be told, oldest first.
    pub waiting: Vec<(PingKind, String)>,
    /// When the last ping went out.
    pub last: Option<Span>,
    /// The terminal tells when it gets and loses the focus.
    pub tells_focus: bool,
    /// Since when the queue is followed; what was so before is no news.
    pub since: Option<Span>,
    /// Jobs that need a person, as far as that was told or was so before.
    pub needing: BTreeSet<JobId>,
    /// Alerts that were told or stood before.
    pub alerted: BTreeSet<AlertAbout>,
}

impl Default for Notices {
    fn default() -> Notices {
        Notices {
            kinds: PING_KINDS.iter().map(|row| row.1).collect(),
            quiet: None,
            agents_tell: false,
            titles: true,
            title: None,
            waiting: Vec::new(),
            last: None,
            tells_focus: false,
            since: None,
            needing: BTreeSet::new(),
            alerted: BTreeSet::new(),
        }
    }
}
