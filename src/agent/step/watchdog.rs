//! The watchdogs of a running engine: silence, loops, retries that lead nowhere, a verdict without an end.
//!
//! They know nothing but what looks showed and when, by the agent's own boot-time clock: an engine's lines
//! carry the wall's time, which people set. Whatever they stop, a verdict given before stands.

use super::watch::later;
use super::words::Sight;
use crate::engine::{LOOP_AFTER, StopCause};
use crate::time::Span;

/// An engine that gave its verdict has this long to end (`engines.md` section 12 rule 4).
pub(super) const HANG_AFTER: Span = Span::from_secs(10);
/// While a tool is open, neither a line nor any work of its processes for this long is silence (rule 2).
const TOOL_SILENCE: Span = Span::from_mins(60);
/// The same call with the same result so often in a row is stopped; half as often it is shown (rule 7).
const LOOP_MOST: u32 = 8;
/// An engine that does nothing but try again against its vendor's failures is stopped after this (rule 3).
const RETRIES_MOST: Span = Span::from_mins(10);

/// So many turns without a change of the tree are told (rule 7): each costs a request, and none shows. It stops
/// nothing, because reading is work too.
const TURNS_WITHOUT_CHANGE: u64 = 20;
/// The word for that.
const NO_PROGRESS: &str = "no-progress";

/// What was seen of a run so far. Times are boot time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::agent) struct Watched {
    began: Span,
    said: u64,
    said_at: Span,
    worked: u64,
    worked_at: Span,
    ended_at: Option<Span>,
    retrying_since: Option<Span>,
    turns: u64,
    /// The change of the tree as the last save found it, and the turns when it became so.
    change: Option<((u64, u64, u64), u64)>,
    /// That save found it the same as many turns before.
    still: bool,
}

impl Watched {
    /// A run that began now, or that we took up now: what was before nobody timed.
    pub(super) fn since(now: Span) -> Watched {
        Watched { began: now, said_at: now, worked_at: now, ..Watched::default() }
    }

    /// Takes a look in; gives the cause to stop the run for, if there is one.
    pub(super) fn see(&mut self, sight: &Sight, now: Span) -> Option<StopCause> {
        if sight.said != self.said {
            (self.said, self.said_at) = (sight.said, now);
        }
        if sight.worked != self.worked {
            (self.worked, self.worked_at) = (sight.worked, now);
        }
        self.turns = sight.usage.turns.unwrap_or(self.turns);
        self.ended_at = self.ended_at.or(sight.ended.then_some(now));
        self.retrying_since = sight.retrying.map(|_| self.retrying_since.unwrap_or(now));
        if let Some(at) = self.ended_at {
            return (now >= later(at, HANG_AFTER)).then_some(StopCause::Hung);
        }
        self.refused(sight, now).or_else(|| self.stuck(sight, now))
    }

    /// Takes in what a save while it runs found to have changed: files, lines added, lines removed. The word that
    /// follows from it changes with a save only, so it does not flicker.
    pub(super) fn saved(&mut self, change: Option<(u64, u64, u64)>) {
        let Some(change) = change else { return };
        let same = self.change.filter(|before| before.0 == change);
        let since = same.map_or(self.turns, |before| before.1);
        self.still = self.turns.saturating_sub(since) >= TURNS_WITHOUT_CHANGE;
        self.change = Some((change, since));
    }

    /// The word of a sight, or that nothing comes of all it does. What is wrong with it goes before.
    pub(super) fn word(&self, sight: &Sight) -> String {
        let goes_on =
            !sight.ended && !sight.limited && sight.retrying.is_none() && sight.repeats < LOOP_AFTER;
        let is_quiet = sight.word == "silent" || sight.word.starts_with("slow(");
        if self.still && goes_on && !is_quiet { NO_PROGRESS.to_string() } else { sight.word.clone() }
    }

    /// Stopped instead of paying its loop of retries.
    fn refused(&self, sight: &Sight, now: Span) -> Option<StopCause> {
        let for_long = self.retrying_since.is_some_and(|at| now >= later(at, RETRIES_MOST));
        match sight.retrying.flatten() {
            _ if sight.limited => Some(StopCause::Limit),
            Some(401..=403) => Some(StopCause::Auth),
            _ if for_long => Some(StopCause::Overloaded),
            _ => None,
        }
    }

    fn stuck(&self, sight: &Sight, now: Span) -> Option<StopCause> {
        let over = |limit: Option<Span>, since: Span| limit.is_some_and(|limit| now >= later(since, limit));
        if sight.repeats >= LOOP_MOST {
            return Some(StopCause::Looping);
        }
        if sight.said == 0 && over(sight.start, self.began) {
            return Some(StopCause::NoStart);
        }
        let quiet = match sight.in_tool {
            // Slow is not silent: a build says nothing and works.
            true => over(sight.silence.map(|_| TOOL_SILENCE), self.said_at.max(self.worked_at)),
            false => over(sight.silence, self.said_at),
        };
        quiet.then_some(StopCause::Stalled)
    }
}

/// Whether a run is stopped for this by its meters or watchdogs, and not by a person, a drain or the law.
pub(super) fn is_watchdogs(cause: StopCause) -> bool {
    match cause {
        StopCause::BudgetExceeded
        | StopCause::Stalled
        | StopCause::NoStart
        | StopCause::Looping
        | StopCause::Hung
        | StopCause::Limit
        | StopCause::Auth
        | StopCause::Overloaded => true,
        StopCause::Cancelled
        | StopCause::Preempted
        | StopCause::Drained
        | StopCause::Timeout
        | StopCause::Fenced
        | StopCause::Terminated => false,
    }
}
