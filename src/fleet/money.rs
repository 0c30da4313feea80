//! What each engine has cost, and its own ceiling: an engine that has reached it is granted to no claim.
//!
//! The ceiling of the queue stops the queue. That of an engine only closes a road: a job that takes any engine of
//! a class is given the next one, a job that names this one waits, and what runs on it goes on, because its turn in
//! flight would be lost and nobody else could go on with its conversation. So a ceiling can be passed by what the
//! runs under way still use up. The window is that of the queue, and a new one opens the engine by itself.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use super::event::{Actor, Window};
use super::job::{Attempt, Job};
use super::state::{State, day_of};
use crate::job::AttemptNo;
use crate::time::Stamp;

/// The money of one engine; one of which nothing is to be said is not kept.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct EngineMoney {
    /// Ceiling in millionths of a dollar; `None` is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<u64>,
    /// The ceiling that the settings set last, as for the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_settings: Option<u64>,
    /// Spent, by day since 1970 (UTC).
    #[serde(default, skip_serializing_if = "OrdMap::is_empty")]
    pub spent: OrdMap<i64, u64>,
    /// When the ceiling was last found reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<Stamp>,
}

impl EngineMoney {
    /// What it has cost in a window, seen from `wall`.
    pub fn spent_in(&self, window: Window, wall: Stamp) -> u64 {
        let from = window.first_day(wall);
        self.spent.range(from..).map(|(_, micro)| *micro).fold(0, u64::saturating_add)
    }

    /// Notes since when the ceiling is reached; in a new window it is reached anew.
    fn settle(&mut self, window: Window, at: Stamp) {
        let is_over = self.ceiling.is_some_and(|ceiling| self.spent_in(window, at) >= ceiling);
        let before = self.reached.filter(|since| day_of(*since) >= window.first_day(at));
        self.reached = is_over.then(|| before.unwrap_or(at));
    }
}

/// An engine that has reached its ceiling.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpentEngine {
    /// Its name.
    pub engine: String,
    /// The ceiling, millionths of a dollar.
    pub ceiling: u64,
    /// What it has cost in the window, millionths of a dollar.
    pub spent: u64,
    /// Since when.
    pub since: Option<Stamp>,
}

impl State {
    /// The engine, if it has reached its ceiling at `wall`, so that no claim is granted it.
    pub fn spent_engine(&self, engine: &str, wall: Stamp) -> Option<SpentEngine> {
        let money = self.product.engines.get(engine)?;
        let ceiling = money.ceiling?;
        let spent = money.spent_in(self.product.window, wall);
        (spent >= ceiling).then(|| SpentEngine {
            engine: engine.to_string(),
            ceiling,
            spent,
            since: money.reached,
        })
    }

    /// Every engine that has reached its ceiling at `wall`.
    pub fn spent_engines(&self, wall: Stamp) -> impl Iterator<Item = SpentEngine> {
        self.product.engines.keys().filter_map(move |engine| self.spent_engine(engine, wall))
    }

    /// Books what an attempt on this engine has cost; less than nothing where an estimate was too high.
    pub(super) fn book_engine(&mut self, engine: &str, micro: i64, at: Stamp) {
        let window = self.product.window;
        let money = self.product.engines.entry(engine.into()).or_default();
        let day = money.spent.entry(day_of(at)).or_insert(0);
        *day = day.saturating_add_signed(micro);
        money.settle(window, at);
    }

    /// Sets the ceiling of an engine.
    pub(super) fn cap_engine(&mut self, engine: &str, ceiling: Option<u64>, by: &Actor, at: Stamp) {
        let window = self.product.window;
        let money = self.product.engines.entry(engine.into()).or_default();
        money.ceiling = ceiling;
        if by.is_settings() {
            money.from_settings = ceiling;
        }
        money.settle(window, at);
        if *money == EngineMoney::default() {
            self.product.engines.remove(engine);
        }
    }

    /// Another window was set: what was reached in the old one may not be in this.
    pub(super) fn settle_engines(&mut self, at: Stamp) {
        let window = self.product.window;
        let names: Vec<Arc<str>> = self.product.engines.keys().cloned().collect();
        for name in names {
            self.product.engines.get_mut(&name).into_iter().for_each(|money| money.settle(window, at));
        }
    }
}

impl Job {
    /// The engine of one attempt; without a number, of the last.
    pub(super) fn engine_of(&self, no: Option<AttemptNo>) -> Option<&str> {
        let named = |attempt: &&Attempt| no.is_none_or(|no| attempt.no == no);
        self.attempts.iter().rev().find(named).map(|attempt| attempt.engine.as_str())
    }
}
