//! The word that says what an engine is doing, drawn from the event that shows it.

use std::collections::BTreeMap;

use super::event::{EngineEvent, LimitState, Phase, Tool};
use crate::time::{Span, Stamp};

/// Without a line for this long an engine is silent (`engines.md` section 12 rule 2).
pub const SILENT_AFTER: Span = Span::from_mins(10);
/// While a tool is open it may be quiet for this long: a build is slow, not silent.
pub const TOOL_SILENT_AFTER: Span = Span::from_mins(60);
/// A word has to hold this long before it is shown: words that flicker cannot be read.
pub const WORD_HOLDS: Span = Span::from_secs(2);
/// The same call with the same result this often in a row is a loop (`engines.md` section 12 rule 7).
pub const LOOP_AFTER: u32 = 4;
/// Calls that may be open at once; more are forgotten, since an engine that never tells their end is not to
/// be remembered for ever.
const OPEN_MAX: usize = 256;

/// What an engine is doing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Status {
    /// No line yet.
    Starting,
    /// It does something; nothing more exact is known.
    Working,
    /// The model reasons.
    Thinking,
    /// A tool runs.
    Tool(String),
    /// A tool runs and has been quiet for long.
    Slow(String),
    /// It tries again after a failure.
    Retrying,
    /// Its account's window is used up.
    LimitParked,
    /// It makes the same call with the same result again and again.
    Looping,
    /// No line for long.
    Silent,
    /// It gave its verdict.
    Ended,
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Status::Tool(name) => write!(f, "tool({name})"),
            Status::Starting => f.pad("starting"),
            Status::Working => f.pad("working"),
            Status::Thinking => f.pad("thinking"),
            Status::Slow(name) => write!(f, "slow({name})"),
            Status::Retrying => f.pad("retrying"),
            Status::LimitParked => f.pad("limit-parked"),
            Status::Looping => f.pad("looping"),
            Status::Silent => f.pad("silent"),
            Status::Ended => f.pad("ended"),
        }
    }
}

/// Follows an engine's lines and events, and gives its status at any time.
#[derive(Clone, Debug, Default)]
pub struct Pulse {
    last_line: Option<Stamp>,
    word: Option<Status>,
    /// Since when the word holds.
    since: Option<Stamp>,
    /// Transcript offset of the line that shows the word.
    shown_by: u64,
    /// The last word that held long enough to be read, and its line.
    settled: Option<(Status, u64)>,
    open: BTreeMap<String, Tool>,
    last_call: Option<(String, String, String)>,
    repeats: u32,
}

impl Pulse {
    /// A line came at `at`, whatever it said.
    pub fn line(&mut self, at: Stamp, offset: u64) {
        self.last_line = Some(at);
        if self.word.is_none() {
            self.turn(Status::Working, offset);
        }
    }

    /// The line at `offset` said this.
    pub fn event(&mut self, offset: u64, event: &EngineEvent) {
        match event {
            EngineEvent::Started(_) | EngineEvent::FileChange { .. } => self.turn(Status::Working, offset),
            EngineEvent::ModelText(text) if text.thinking => self.turn(Status::Thinking, offset),
            EngineEvent::ModelText(_) => self.turn(Status::Working, offset),
            EngineEvent::Tool(tool) => self.tool(offset, tool),
            EngineEvent::Limit(limit) if limit.state == LimitState::Rejected => {
                self.turn(Status::LimitParked, offset);
            }
            EngineEvent::Limit(_) if self.word == Some(Status::LimitParked) => {
                self.turn(Status::Working, offset);
            }
            // Trying again against a window that is used up opens no window.
            EngineEvent::Retry(_) if self.word == Some(Status::LimitParked) => {}
            EngineEvent::Retry(_) => self.turn(Status::Retrying, offset),
            EngineEvent::Ended(_) => self.turn(Status::Ended, offset),
            EngineEvent::Limit(_) | EngineEvent::Usage(_) | EngineEvent::Note { .. } => {}
        }
    }

    fn turn(&mut self, word: Status, offset: u64) {
        let now = self.last_line;
        if self.word.as_ref() != Some(&word) {
            if let (Some(held), true) = (&self.word, self.held(now)) {
                self.settled = Some((held.clone(), self.shown_by));
            }
            self.since = now;
        }
        self.word = Some(word);
        self.shown_by = offset;
    }

    /// Whether the word has held long enough to be shown at `now`.
    fn held(&self, now: Option<Stamp>) -> bool {
        matches!((self.since, now), (Some(since), Some(now)) if now.since(since) >= WORD_HOLDS)
    }

    fn tool(&mut self, offset: u64, tool: &Tool) {
        match tool.phase {
            Phase::Start => {
                if self.open.len() < OPEN_MAX {
                    self.open.insert(tool.id.clone(), tool.clone());
                }
                self.turn(Status::Tool(tool.name.clone()), offset);
            }
            Phase::End => {
                let began = self.open.remove(&tool.id);
                let (name, arguments) =
                    began.map_or((tool.name.clone(), String::new()), |t| (t.name, t.summary));
                let call = (name, arguments, format!("{:?} {}", tool.ok, tool.summary));
                self.repeats = if self.last_call.as_ref() == Some(&call) { self.repeats + 1 } else { 1 };
                self.last_call = Some(call);
                let other = self.open.values().next().map(|t| t.name.clone());
                self.turn(other.map_or(Status::Working, Status::Tool), offset);
            }
        }
    }

    /// Whether a tool is open.
    pub fn in_tool(&self) -> bool {
        !self.open.is_empty()
    }

    /// How often the last call was made with the same arguments and result, one after another.
    pub fn repeats(&self) -> u32 {
        self.repeats
    }

    /// The status at `now`, and the transcript offset of the line that shows it.
    pub fn status(&self, now: Stamp) -> (Status, u64) {
        let Some(word) = &self.word else { return (Status::Starting, 0) };
        let lasts = matches!(word, Status::Ended | Status::LimitParked);
        if let (Some(settled), false, false) = (&self.settled, lasts, self.held(Some(now))) {
            return settled.clone();
        }
        let quiet = self.last_line.map_or(Span::ZERO, |at| now.since(at));
        let status = match word {
            // An engine that is done or waits for its window has nothing to say.
            Status::Ended | Status::LimitParked => word.clone(),
            Status::Tool(_) if quiet >= TOOL_SILENT_AFTER => Status::Silent,
            Status::Tool(name) if quiet >= SILENT_AFTER => Status::Slow(name.clone()),
            Status::Tool(_) => self.or_looping(word),
            _ if quiet >= SILENT_AFTER => Status::Silent,
            _ => self.or_looping(word),
        };
        (status, self.shown_by)
    }

    fn or_looping(&self, word: &Status) -> Status {
        if self.repeats >= LOOP_AFTER { Status::Looping } else { word.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as `MINUTE text-or-event`, then `MINUTE` to look at.
    fn check(lines: &[&str], look: i64, expected: &str) {
        let minute = |m: i64| Stamp::from_millis(m * 60_000);
        let mut pulse = Pulse::default();
        for (i, line) in lines.iter().enumerate() {
            let (at, said) = line.split_once(' ').unwrap();
            pulse.line(minute(at.parse().unwrap()), i as u64);
            if said.starts_with('{') {
                pulse.event(i as u64, &serde_json::from_str(said).unwrap());
            }
        }
        let (status, offset) = pulse.status(minute(look));
        assert_eq!(format!("{status} @{offset}"), expected, "{lines:?} at {look}");
    }

    #[test]
    fn words_follow_the_stream() {
        let make = r#"{"ev":"tool","id":"1","name":"make"}"#;
        let made = r#"{"ev":"tool","id":"1","phase":"end","ok":true,"summary":"done"}"#;
        check(&[], 99, "starting @0");
        check(&["0 hello"], 1, "working @0");
        check(&["0 hello"], 10, "silent @0");
        check(&["0 hello", "9 again"], 12, "working @0");
        check(&["0 hello", &format!("1 {make}")], 2, "tool(make) @1");
        check(&["0 hello", &format!("1 {make}")], 12, "slow(make) @1");
        check(&["0 hello", &format!("1 {make}")], 61, "silent @1");
        check(&[&format!("1 {make}"), &format!("2 {made}")], 3, "working @1");
        check(&["0 {\"ev\":\"model_text\",\"thinking\":true}"], 1, "thinking @0");
        check(&["0 {\"ev\":\"retry\"}"], 1, "retrying @0");
        check(&["0 {\"ev\":\"limit\"}"], 99, "limit-parked @0");
        check(&["0 {\"ev\":\"limit\"}", "1 {\"ev\":\"limit\",\"state\":\"allowed\"}"], 2, "working @1");
        check(&["0 {\"ev\":\"ended\",\"class\":\"ok\"}"], 99, "ended @0");
    }

    #[test]
    fn the_same_call_again_and_again_is_a_loop() {
        let make = r#"0 {"ev":"tool","id":"1","name":"make","summary":"all"}"#;
        let made = r#"0 {"ev":"tool","id":"1","phase":"end","ok":false}"#;
        check(&[make, made, make, made, make, made], 1, "working @5");
        check(&[make, made, make, made, make, made, make, made], 1, "looping @7");
        let other = r#"0 {"ev":"tool","id":"1","name":"make","summary":"clean"}"#;
        check(&[make, made, make, made, make, made, other, made], 1, "working @7");
    }
}
