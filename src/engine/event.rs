//! The common event set: what any engine can be heard to say.

use serde::{Deserialize, Deserializer, Serialize};

use crate::job::{Outcome, Tokens};
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
        /// With the engine's own error: the class that a text rule gives it. The weakest evidence there is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<Outcome>,
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

/// Fields of [`EngineEvent::Usage`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UsageTold {
    /// Tokens.
    #[serde(flatten)]
    pub tokens: Tokens,
    /// Millionths of a US dollar; written as dollars, `"0.25"` or `0.25`.
    #[serde(with = "dollars", skip_serializing_if = "Option::is_none", rename = "cost")]
    pub micro_usd: Option<u64>,
    /// Turns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    /// Whose price holds where no cost is told; without it the cost stays unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
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

/// Money as it stands in an event: dollars.
mod dollars {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::job::parse_usd;

    pub fn serialize<S: Serializer>(micro: &Option<u64>, to: S) -> Result<S::Ok, S::Error> {
        let text = |micro: &u64| format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000);
        match micro {
            Some(micro) => to.serialize_str(&text(micro)),
            None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
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
}

fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Stamp>, D::Error> {
    match Option::<serde_json::Value>::deserialize(from)? {
        // A time that cannot be read is an unknown reset, not a reason to lose the limit.
        Some(serde_json::Value::String(text)) => Ok(Stamp::parse_rfc3339(&text)),
        Some(serde_json::Value::Number(n)) => Ok(n.as_i64().map(Stamp::from_millis)),
        _ => Ok(None),
    }
}
