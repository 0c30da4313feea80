//! The dialect of opencode: `run --format json`.
//!
//! Older builds have no last event, so the end of the output is the verdict: well, if no error came and the
//! last step stopped by itself.

use serde_json::Value;

use super::super::event::{
    Ended, EngineEvent, Limit, LimitState, ModelText, Phase, Scope, Started, Tool, UsageTold,
};
use super::fields::{
    arguments, chars, content, count, dollars, event_of, list, owned, sentence, tail, text, unknown, word,
};
use super::reset::reset_of;
use super::rules::{Frame, class_of};
use super::startup::Startup;
use super::table::{Heard, Hearing, RunFacts, Said};
use crate::job::{Outcome, Tokens};
use crate::time::Stamp;

/// Its tools that write files.
const WRITERS: [&str; 4] = ["edit", "write", "patch", "multiedit"];
/// How a line begins that tells of a permission nobody was there to give.
const REFUSED: &str = "! permission requested:";

/// Reads one run.
pub(super) struct OpenCode {
    startup: Startup,
    begun: bool,
    model: Option<String>,
    account: Option<String>,
    zone: Option<String>,
    /// The first error; a second one only says that there was one.
    error: Option<Ended>,
    /// How the last step ended.
    last: Option<String>,
    refused: u32,
}

impl OpenCode {
    pub(super) fn new(facts: &RunFacts) -> OpenCode {
        OpenCode {
            startup: Startup::of("opencode"),
            begun: false,
            model: facts.model.clone(),
            account: facts.account.clone(),
            zone: facts.zone.clone(),
            error: None,
            last: None,
            refused: 0,
        }
    }

    fn event(&mut self, line: &Value, at: Stamp) -> Heard {
        let mut told = Vec::new();
        if !std::mem::replace(&mut self.begun, true) {
            told.push(EngineEvent::Started(Started {
                engine: Some("opencode".to_string()),
                model: self.model.clone(),
                session: owned(line, "/sessionID"),
                ..Started::default()
            }));
        }
        match word(line, "/type") {
            "step_start" => {
                let usage = UsageTold { turns: Some(1), ..UsageTold::default() };
                told.push(EngineEvent::Usage(usage));
            }
            kind @ ("text" | "reasoning") => {
                let said = word(line, "/part/text");
                let thinking = kind == "reasoning";
                told.push(EngineEvent::ModelText(ModelText {
                    chars: chars(said),
                    tail: tail(said),
                    thinking,
                }));
            }
            "tool_use" => tool(&line["part"], &mut told),
            "step_finish" => {
                self.last = owned(line, "/part/reason");
                told.push(EngineEvent::Usage(self.step(&line["part"])));
            }
            "error" => self.failed(&line["error"], at, &mut told),
            "done" => {
                let rejected = list(line, "/rejected").count();
                self.refused = self.refused.max(u32::try_from(rejected).unwrap_or(u32::MAX));
                told.push(EngineEvent::Ended(self.verdict_or(Outcome::Ok, word(line, "/reason"))));
            }
            _ if told.is_empty() => return unknown(line),
            _ => {}
        }
        Heard::Events(told)
    }

    /// A step tells its own figures. No price and free look alike, so nothing is told as free.
    fn step(&self, part: &Value) -> UsageTold {
        let (cached, written) = (count(part, "/tokens/cache/read"), count(part, "/tokens/cache/write"));
        let input = count(part, "/tokens/input").map(|n| n + cached.unwrap_or(0) + written.unwrap_or(0));
        let reasoning = count(part, "/tokens/reasoning");
        let output = count(part, "/tokens/output").map(|n| n + reasoning.unwrap_or(0));
        UsageTold {
            tokens: Tokens { input, cached, cache_write: written, output, reasoning },
            micro_usd: dollars(part, "/cost").filter(|cost| *cost > 0),
            model: self.model.clone(),
            scope: Scope::Delta,
            ..UsageTold::default()
        }
    }

    fn failed(&mut self, error: &Value, at: Stamp, told: &mut Vec<EngineEvent>) {
        let words = text(error, "/data/message").unwrap_or(word(error, "/name"));
        if self.error.is_some() {
            return;
        }
        let by_words = class_of("opencode", Frame::Error, words);
        let class = match (word(error, "/name"), count(error, "/data/statusCode")) {
            ("ProviderAuthError", _) | (_, Some(401..=403)) => Outcome::Auth,
            (_, Some(429)) => Outcome::Limit,
            (_, Some(500..=599)) => Outcome::Overloaded,
            _ => by_words.unwrap_or(Outcome::TaskFailed),
        };
        if class == Outcome::Limit {
            let resets_at = reset_of(words, at, self.zone.as_deref());
            let (account, state) = (self.account.clone(), LimitState::Rejected);
            told.push(EngineEvent::Limit(Limit { window: None, resets_at, account, state }));
        }
        told.push(EngineEvent::Note {
            level: "error".to_string(),
            text: sentence(words),
            class: Some(class),
        });
        self.error = Some(Ended { class, reason: sentence(words) });
    }

    fn verdict_or(&self, class: Outcome, reason: &str) -> Ended {
        let mut ended = self.error.clone().unwrap_or_else(|| Ended { class, reason: reason.to_string() });
        if self.refused > 0 {
            ended.reason = format!("{}; {} permissions refused", ended.reason, self.refused);
        }
        ended
    }
}

impl Hearing for OpenCode {
    fn hear(&mut self, line: Said<'_>) -> Heard {
        match event_of(line.bytes) {
            Ok(event) => {
                let heard = self.event(&event, line.at);
                self.startup.after(heard)
            }
            Err(heard) => {
                let text = String::from_utf8_lossy(line.bytes);
                if let Some(what) = text.trim_start().strip_prefix(REFUSED) {
                    self.refused += 1;
                    let text = sentence(&format!("refused: {what}"));
                    return Heard::Events(vec![EngineEvent::Note {
                        level: "warning".into(),
                        text,
                        class: None,
                    }]);
                }
                self.startup.text(line.bytes);
                heard
            }
        }
    }

    fn close(&mut self) -> Vec<EngineEvent> {
        let stopped = self.last.as_deref() == Some("stop");
        let verdict =
            (self.error.is_some() || stopped).then(|| self.verdict_or(Outcome::Ok, "its last step stopped"));
        self.startup.close().into_iter().chain(verdict.map(EngineEvent::Ended)).collect()
    }
}

/// One line tells call and result.
fn tool(part: &Value, told: &mut Vec<EngineEvent>) {
    let (id, name) = (word(part, "/callID").to_string(), word(part, "/tool").to_string());
    let (state, input) = (&part["state"], &part["state"]["input"]);
    let ok = match word(state, "/status") {
        "completed" => Some(true),
        "error" => Some(false),
        _ => None,
    };
    let call =
        Tool { id: id.clone(), name: name.clone(), summary: arguments(input), phase: Phase::Start, ok: None };
    told.push(EngineEvent::Tool(call));
    let Some(ok) = ok else { return };
    if let (true, Some(path)) = (ok && WRITERS.contains(&name.as_str()), text(input, "/filePath")) {
        told.push(EngineEvent::FileChange { path: path.to_string(), kind: "edit".to_string() });
    }
    let said = if ok { content(&state["output"]) } else { content(&state["error"]) };
    told.push(EngineEvent::Tool(Tool { id, name, summary: said, phase: Phase::End, ok: Some(ok) }));
}
