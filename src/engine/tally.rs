//! The running sum of what an engine was heard to say.

use serde::{Deserialize, Serialize};

use super::dialect::Heard;
use super::event::{Ended, EngineEvent, Limit, Phase, Retry, Scope, Started, Tool, UsageTold};
use super::prices::price;
use super::strip::strip_controls;
use crate::job::{Insight, Outcome, Tokens, Usage};

/// Models of one run that are remembered; more than a few would be a program that makes names up.
const MODELS_MOST: usize = 8;
/// A model's name is a word of its vendor's; more than this is none.
const MODEL_MOST: usize = 80;

/// What an engine's output has said so far. Kept by the shim and written into the run's verdict, so that
/// nothing is lost when the middle of a transcript is cut or the agent was away.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Events understood.
    pub events: u64,
    /// Lines that looked like events and were not understood.
    pub unknown: u64,
    /// Consumption; wall time is not told here.
    pub usage: Usage,
    /// The tokens of `usage` by kind.
    pub tokens: Tokens,
    /// Some of the tokens were estimated.
    pub estimated: bool,
    /// Of the money: what is no bill but the price table's or the engine's guess, in millionths of a dollar.
    pub priced: Option<u64>,
    /// What came up, by its own words.
    pub started: Option<Started>,
    /// The models that it came up with and that answered in its own turns, each once.
    pub models: Vec<String>,
    /// The last state of a usage window.
    pub limit: Option<Limit>,
    /// The last retry, until the engine gets on.
    pub retry: Option<Retry>,
    /// Tool calls that worked.
    pub tools_ok: u64,
    /// Tool calls that failed or were refused.
    pub tools_failed: u64,
    /// File changes told.
    pub file_changes: u64,
    /// What a text rule makes of the engine's own last error, until the engine gets on.
    pub framed: Option<Ended>,
    /// The first verdict of the engine, unless it came after a stop order.
    pub ended: Option<Ended>,
    /// A stop was ordered; verdicts from here on are ignored.
    pub stopped: bool,
}

impl Tally {
    /// Adds what one line turned out to be.
    pub fn hear(&mut self, heard: &Heard) {
        match heard {
            Heard::Text => {}
            Heard::Unknown(_) => self.unknown += 1,
            Heard::Events(events) => events.iter().for_each(|event| self.see(event)),
        }
    }

    /// What it says of the run beside what the run used up.
    pub fn insight(&self) -> Insight {
        let started = self.started.clone().unwrap_or_default();
        let called = self.tools_ok + self.tools_failed > 0 || self.usage.turns.is_some();
        let short = |text: Option<String>| text.map(|text| text.chars().take(MODEL_MOST).collect());
        Insight {
            model: self.models.last().cloned(),
            version: short(started.version),
            session: short(started.session),
            tools: called.then_some(self.tools_ok),
            tools_failed: called.then_some(self.tools_failed),
            ..Insight::default()
        }
    }

    /// Adds one event.
    pub fn see(&mut self, event: &EngineEvent) {
        self.events += 1;
        match event {
            EngineEvent::Started(started) => self.see_started(started),
            EngineEvent::Tool(tool) => self.see_tool(tool),
            EngineEvent::FileChange { .. } => {
                self.got_on();
                self.file_changes += 1;
            }
            EngineEvent::Usage(told) => self.see_usage(told),
            EngineEvent::Limit(limit) => self.see_limit(limit),
            EngineEvent::Retry(retry) => self.retry = Some(retry.clone()),
            EngineEvent::ModelText(_) => self.got_on(),
            EngineEvent::Ended(ended) if !self.stopped && self.ended.is_none() => {
                self.ended = Some(ended.clone());
            }
            EngineEvent::Note { class: Some(class), text, .. } => {
                self.framed = Some(Ended { class: *class, reason: text.clone() });
            }
            EngineEvent::Note { .. } | EngineEvent::Ended(_) => {}
        }
    }

    /// The engine does its work again: what went wrong before was not the end.
    fn got_on(&mut self) {
        (self.retry, self.framed) = (None, None);
    }

    fn see_model(&mut self, name: Option<&str>) {
        let Some(name) = name.filter(|name| !name.trim().is_empty()) else { return };
        let name: String = strip_controls(name).trim().chars().take(MODEL_MOST).collect();
        if self.models.len() < MODELS_MOST && !self.models.contains(&name) {
            self.models.push(name);
        }
    }

    /// Some programs say it line by line; what is known stays known.
    fn see_started(&mut self, told: &Started) {
        self.see_model(told.model.as_deref());
        let known = self.started.get_or_insert_with(Started::default);
        let take = |known: &mut Option<String>, told: &Option<String>| {
            if told.is_some() {
                known.clone_from(told);
            }
        };
        take(&mut known.engine, &told.engine);
        take(&mut known.version, &told.version);
        take(&mut known.model, &told.model);
        take(&mut known.session, &told.session);
        take(&mut known.cwd, &told.cwd);
    }

    /// An engine says several times that a window is used up, and each time something else about it.
    fn see_limit(&mut self, told: &Limit) {
        let mut limit = told.clone();
        if let Some(known) = self.limit.take().filter(|known| known.state == told.state) {
            limit.window = limit.window.or(known.window);
            limit.resets_at = limit.resets_at.or(known.resets_at);
            limit.account = limit.account.or(known.account);
        }
        self.limit = Some(limit);
    }

    fn see_tool(&mut self, tool: &Tool) {
        self.got_on();
        match (tool.phase, tool.ok) {
            (Phase::End, Some(false)) => self.tools_failed += 1,
            (Phase::End, _) => self.tools_ok += 1,
            (Phase::Start, _) => {}
        }
    }

    fn see_usage(&mut self, told: &UsageTold) {
        if told.tokens.output.is_some() {
            // A request came to its end.
            self.framed = self.framed.take().filter(|framed| framed.class == Outcome::Config);
        }
        // Helpers of the engine may be smaller models; a turn is its own.
        if told.turns.is_some() && told.scope == Scope::Delta {
            self.see_model(told.model.as_deref());
        }
        let guess = match (told.micro_usd, &told.model) {
            (Some(cost), _) => told.estimated.then_some(cost),
            (None, Some(model)) => price(model, told.tokens),
            (None, None) => None,
        };
        match told.scope {
            Scope::Delta => {
                self.estimated |= told.estimated;
                self.tokens = self.tokens.plus(told.tokens);
                self.priced = add(self.priced, guess);
                self.usage.micro_usd = add(self.usage.micro_usd, told.micro_usd.or(guess));
                self.usage.turns = add(self.usage.turns, told.turns);
            }
            // A total that leaves a figure out says nothing about that figure.
            Scope::Total => {
                if told.tokens.sum().is_some() {
                    (self.estimated, self.tokens) = (told.estimated, told.tokens);
                }
                if let Some(cost) = told.micro_usd.or(guess) {
                    (self.priced, self.usage.micro_usd) = (guess, Some(cost));
                }
                self.usage.turns = told.turns.or(self.usage.turns);
            }
        }
        self.usage.tokens = self.tokens.sum();
        self.usage.kinds = self.tokens;
        self.usage.tokens_estimated = self.estimated && self.usage.tokens.is_some();
        self.usage.usd_estimated = self.priced.is_some();
    }
}

fn add(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Stamp;

    fn tally(lines: &str) -> Tally {
        let mut tally = Tally::default();
        for line in lines.lines().map(str::trim).filter(|l| !l.is_empty()) {
            match serde_json::from_str(line) {
                Ok(event) => tally.see(&event),
                Err(e) => panic!("{line}: {e}"),
            }
        }
        tally
    }

    #[test]
    fn usage_adds_up_and_unknown_stays_unknown() {
        let check = |lines: &str, usd: Option<u64>, tokens: Option<u64>, turns: Option<u64>| {
            let usage = tally(lines).usage;
            assert_eq!((usage.micro_usd, usage.tokens, usage.turns), (usd, tokens, turns), "{lines}");
        };
        check("", None, None, None);
        check(r#"{"ev":"usage"}"#, None, None, None);
        check("{\"ev\":\"usage\",\"in\":10,\"out\":2}\n{\"ev\":\"usage\",\"in\":1}", None, Some(13), None);
        check(r#"{"ev":"usage","in":10,"cached":9}"#, None, Some(10), None);
        check(
            "{\"ev\":\"usage\",\"in\":10,\"turns\":1}\n{\"ev\":\"usage\",\"in\":4,\"scope\":\"total\",\"cost\":\"0.25\"}",
            Some(250_000),
            Some(4),
            Some(1),
        );
        check(r#"{"ev":"usage","cost":0.1}"#, Some(100_000), None, None);
    }

    #[test]
    fn the_first_verdict_stands_and_none_counts_after_a_stop() {
        let mut seen = tally("{\"ev\":\"ended\",\"class\":\"ok\"}\n{\"ev\":\"ended\",\"class\":\"auth\"}");
        assert_eq!(seen.ended.as_ref().unwrap().class, Outcome::Ok);
        seen.ended = None;
        seen.stopped = true;
        seen.see(&EngineEvent::Ended(Ended { class: Outcome::Ok, reason: String::new() }));
        assert_eq!(seen.ended, None);
    }

    #[test]
    fn limits_tell_their_reset_in_either_form() {
        let check = |reset: &str, expected: Option<i64>| {
            let seen = tally(&format!(r#"{{"ev":"limit","resets_at":{reset}}}"#));
            assert_eq!(seen.limit.unwrap().resets_at.map(Stamp::as_millis), expected, "{reset}");
        };
        check("1760000000000", Some(1_760_000_000_000));
        check(r#""2025-10-09T08:53:20Z""#, Some(1_760_000_000_000));
        check(r#""tomorrow""#, None);
        check("null", None);
    }
}
