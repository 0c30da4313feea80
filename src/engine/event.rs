//! The common event set: what any engine can be heard to say, and the running sum of what was said.

use serde::{Deserialize, Deserializer, Serialize};

use crate::job::{Outcome, Usage, parse_usd};
use crate::time::Stamp;

/// What `ev` may be, in the order of [`EngineEvent`].
pub(super) const EVENT_WORDS: [&str; 9] =
    ["started", "model_text", "tool", "file_change", "usage", "limit", "retry", "note", "ended"];

/// One thing an engine said, `engines.md` section 11. Where it was said (transcript offset) and when stands
/// beside it in the transcript, not in it. Absent figures are unknown, never zero.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "ev", rename_all = "snake_case")]
pub enum EngineEvent {
    /// The engine came up.
    Started(Started),
    /// The model spoke or thought.
    ModelText(ModelText),
    /// A tool call began or ended.
    Tool(Tool),
    /// A file was changed by one of the engine's own tools.
    FileChange {
        /// The file, as the engine names it.
        path: String,
        /// `add`, `edit`, `delete` or the engine's word.
        #[serde(default)]
        kind: String,
    },
    /// Consumption.
    Usage(UsageTold),
    /// The state of an account's usage window.
    Limit(Limit),
    /// The engine tries again.
    Retry(Retry),
    /// A message for people.
    Note {
        /// `info`, `warning` or `error`.
        #[serde(default)]
        level: String,
        /// The message.
        #[serde(default)]
        text: String,
    },
    /// The engine's own verdict.
    Ended(Ended),
}

/// Fields of [`EngineEvent::Started`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // The names are the engine's own words for these.
pub struct Started {
    pub engine: Option<String>,
    pub version: Option<String>,
    pub model: Option<String>,
    pub session: Option<String>,
    pub cwd: Option<String>,
}

/// Fields of [`EngineEvent::ModelText`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelText {
    /// Characters said.
    pub chars: u64,
    /// The last of them.
    pub tail: String,
    /// Reasoning rather than speech.
    pub thinking: bool,
}

/// Beginning or end of a tool call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The call was made.
    #[default]
    Start,
    /// Its result is there.
    End,
}

/// Fields of [`EngineEvent::Tool`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tool {
    /// Joins start and end.
    pub id: String,
    /// The tool's name; may be absent at the end.
    pub name: String,
    /// Arguments at the start, result at the end, shortened.
    pub summary: String,
    /// Start or end.
    pub phase: Phase,
    /// At the end: whether it worked.
    pub ok: Option<bool>,
}

/// Whether figures add to earlier ones or replace them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// They add.
    #[default]
    Delta,
    /// They are the sum since the run began.
    Total,
}

/// Fields of [`EngineEvent::Usage`]; tokens unless said otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UsageTold {
    /// All that went in, `cached` and `cache_write` included.
    #[serde(rename = "in")]
    pub input: Option<u64>,
    /// Of `in`: read from a cache.
    pub cached: Option<u64>,
    /// Of `in`: written to a cache.
    pub cache_write: Option<u64>,
    /// All that came out, `reasoning` included.
    pub out: Option<u64>,
    /// Of `out`: reasoning.
    pub reasoning: Option<u64>,
    /// Millionths of a US dollar; written as dollars, `"0.25"` or `0.25`.
    #[serde(deserialize_with = "dollars", skip_serializing_if = "Option::is_none", rename = "cost")]
    pub micro_usd: Option<u64>,
    /// Turns.
    pub turns: Option<u64>,
    /// Adds or replaces.
    pub scope: Scope,
    /// Not metered but guessed.
    pub estimated: bool,
}

/// What an account's window allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitState {
    /// There is room.
    Allowed,
    /// Little is left.
    Warning,
    /// Used up.
    #[default]
    Rejected,
}

/// Fields of [`EngineEvent::Limit`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Limit {
    /// The vendor's name of the window, `5h`.
    pub window: Option<String>,
    /// When it opens again; milliseconds since 1970 or RFC 3339.
    #[serde(deserialize_with = "instant")]
    pub resets_at: Option<Stamp>,
    /// Whose.
    pub account: Option<String>,
    /// What it allows.
    pub state: LimitState,
}

/// Fields of [`EngineEvent::Retry`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Retry {
    /// Which try this is.
    pub n: Option<u64>,
    /// After how many it gives up.
    pub max: Option<u64>,
    /// Milliseconds until it tries.
    pub delay_ms: Option<u64>,
    /// HTTP status of the failure.
    pub status: Option<u16>,
    /// The failure in words.
    pub cause: Option<String>,
}

/// Fields of [`EngineEvent::Ended`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// The class the engine claims.
    pub class: Outcome,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

fn dollars<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let bad = || serde::de::Error::custom("not an amount of dollars");
    match Option::<serde_json::Value>::deserialize(from)? {
        None | Some(serde_json::Value::Null) => Ok(None),
        // Through decimal text, rounded to millionths: the float itself is never reckoned with.
        Some(serde_json::Value::Number(n)) => {
            let usd = n.as_f64().filter(|usd| *usd >= 0.0).ok_or_else(bad)?;
            parse_usd(&format!("{usd:.6}")).map(Some).ok_or_else(bad)
        }
        Some(serde_json::Value::String(text)) => parse_usd(&text).map(Some).ok_or_else(bad),
        Some(_) => Err(bad()),
    }
}

fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Stamp>, D::Error> {
    match Option::<serde_json::Value>::deserialize(from)? {
        // A time that cannot be read is an unknown reset, not a reason to lose the limit.
        Some(serde_json::Value::String(text)) => Ok(Stamp::parse_rfc3339(&text)),
        Some(serde_json::Value::Number(n)) => Ok(n.as_i64().map(Stamp::from_millis)),
        _ => Ok(None),
    }
}

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
    /// Some of the usage was estimated.
    pub estimated: bool,
    /// What came up, by its own words.
    pub started: Option<Started>,
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
    /// The first verdict of the engine, unless it came after a stop order.
    pub ended: Option<Ended>,
    /// A stop was ordered; verdicts from here on are ignored.
    pub stopped: bool,
}

impl Tally {
    /// Adds one event.
    pub fn see(&mut self, event: &EngineEvent) {
        self.events += 1;
        match event {
            EngineEvent::Started(started) => self.started = Some(started.clone()),
            EngineEvent::Tool(tool) => self.see_tool(tool),
            EngineEvent::FileChange { .. } => self.file_changes += 1,
            EngineEvent::Usage(told) => self.see_usage(told),
            EngineEvent::Limit(limit) => self.limit = Some(limit.clone()),
            EngineEvent::Retry(retry) => self.retry = Some(retry.clone()),
            EngineEvent::ModelText(_) => self.retry = None,
            EngineEvent::Ended(ended) if !self.stopped && self.ended.is_none() => {
                self.ended = Some(ended.clone());
            }
            EngineEvent::Note { .. } | EngineEvent::Ended(_) => {}
        }
    }

    fn see_tool(&mut self, tool: &Tool) {
        self.retry = None;
        match (tool.phase, tool.ok) {
            (Phase::End, Some(false)) => self.tools_failed += 1,
            (Phase::End, _) => self.tools_ok += 1,
            (Phase::Start, _) => {}
        }
    }

    fn see_usage(&mut self, told: &UsageTold) {
        let tokens = match (told.input, told.out) {
            (None, None) => None,
            (input, out) => Some(input.unwrap_or(0).saturating_add(out.unwrap_or(0))),
        };
        let figures = Usage { micro_usd: told.micro_usd, tokens, turns: told.turns, ..Usage::default() };
        self.estimated |= told.estimated;
        self.usage = match told.scope {
            Scope::Delta => self.usage.plus(figures),
            // A total that leaves a figure out says nothing about that figure.
            Scope::Total => Usage {
                micro_usd: figures.micro_usd.or(self.usage.micro_usd),
                tokens: figures.tokens.or(self.usage.tokens),
                turns: figures.turns.or(self.usage.turns),
                ..self.usage
            },
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
