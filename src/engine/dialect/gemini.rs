//! The dialect of Gemini CLI: `-o stream-json`, and its exit codes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::event::{
    Ended, EngineEvent, Limit, LimitState, ModelText, Phase, Scope, Started, Tool, UsageTold,
};
use super::super::transcript::Source;
use super::estimate::Estimate;
use super::fields::{arguments, chars, count, event_of, owned, sentence, summary, tail, text, unknown, word};
use super::reset::reset_of;
use super::rules::{Frame, class_of};
use super::table::{Heard, Hearing, RunFacts, Said};
use crate::job::{Outcome, Tokens};
use crate::time::Stamp;

/// One row per exit code that its source names; 1 is any failure and says nothing.
const EXIT_CODES: [(i32, Outcome); 5] = [
    (41, Outcome::Auth),
    (42, Outcome::Config),
    (44, Outcome::Config),
    (52, Outcome::Config),
    (53, Outcome::Turns),
];
/// Its tools that write files.
const WRITERS: [&str; 2] = ["write_file", "replace"];
/// Calls whose result is still to come.
const OPEN_MAX: usize = 256;

pub(super) fn exit_class(code: i32) -> Option<Outcome> {
    EXIT_CODES.iter().find(|row| row.0 == code).map(|row| row.1)
}

/// Reads one run.
pub(super) struct Gemini {
    estimate: Estimate,
    model: Option<String>,
    zone: Option<String>,
    account: Option<String>,
    /// Name and path of each open call.
    open: BTreeMap<String, (String, String)>,
}

impl Gemini {
    pub(super) fn new(facts: &RunFacts) -> Gemini {
        Gemini {
            estimate: Estimate::new(facts.model.clone(), facts.prompt_chars),
            model: facts.model.clone(),
            zone: facts.zone.clone(),
            account: facts.account.clone(),
            open: BTreeMap::new(),
        }
    }

    fn event(&mut self, line: &Value, at: Stamp) -> Heard {
        let mut told = Vec::new();
        match word(line, "/type") {
            "init" => {
                self.model = owned(line, "/model").or(self.model.take());
                self.estimate.model(self.model.clone());
                told.push(EngineEvent::Started(Started {
                    engine: Some("gemini".to_string()),
                    model: self.model.clone(),
                    session: owned(line, "/session_id"),
                    ..Started::default()
                }));
            }
            // Our own prompt comes back first.
            "message" if word(line, "/role") == "user" => {}
            "message" => {
                let said = word(line, "/content");
                self.estimate.spoke(chars(said), &mut told);
                let (chars, tail) = (chars(said), tail(said));
                told.push(EngineEvent::ModelText(ModelText { chars, tail, thinking: false }));
            }
            "tool_use" => self.call(line, &mut told),
            "tool_result" => self.result_of(line, &mut told),
            "error" => {
                let words = word(line, "/message");
                let is_error = word(line, "/severity") == "error";
                let class = class_of("gemini", Frame::Error, words).filter(|_| is_error);
                let level = if is_error { "error" } else { "warning" };
                told.push(EngineEvent::Note { level: level.to_string(), text: sentence(words), class });
            }
            "result" => self.ended(line, at, &mut told),
            _ => return unknown(line),
        }
        Heard::Events(told)
    }

    fn call(&mut self, line: &Value, told: &mut Vec<EngineEvent>) {
        let (id, name) = (word(line, "/tool_id").to_string(), word(line, "/tool_name").to_string());
        let input = &line["parameters"];
        let path = text(input, "/file_path").or(text(input, "/absolute_path")).unwrap_or_default();
        if self.open.len() < OPEN_MAX {
            self.open.insert(id.clone(), (name.clone(), path.to_string()));
        }
        self.estimate.called(chars(&input.to_string()), told);
        let summary = arguments(input);
        told.push(EngineEvent::Tool(Tool { id, name, summary, phase: Phase::Start, ok: None }));
    }

    fn result_of(&mut self, line: &Value, told: &mut Vec<EngineEvent>) {
        let id = word(line, "/tool_id").to_string();
        let (name, path) = self.open.remove(&id).unwrap_or_default();
        let ok = word(line, "/status") != "error";
        let said = text(line, "/output").or(text(line, "/error/message")).unwrap_or_default();
        self.estimate.returned(chars(said));
        if ok && WRITERS.contains(&name.as_str()) {
            told.push(EngineEvent::FileChange { path, kind: "edit".to_string() });
        }
        let summary = summary(said);
        told.push(EngineEvent::Tool(Tool { id, name, summary, phase: Phase::End, ok: Some(ok) }));
    }

    fn ended(&self, line: &Value, at: Stamp, told: &mut Vec<EngineEvent>) {
        let stats = &line["stats"];
        if stats.is_object() {
            let tokens = Tokens {
                input: count(stats, "/input_tokens"),
                cached: count(stats, "/cached"),
                output: count(stats, "/output_tokens"),
                ..Tokens::default()
            };
            let (model, scope) = (self.model.clone(), Scope::Total);
            told.push(EngineEvent::Usage(UsageTold { tokens, model, scope, ..UsageTold::default() }));
        }
        if word(line, "/status") == "success" {
            told.push(EngineEvent::Ended(Ended { class: Outcome::Ok, reason: "success".to_string() }));
            return;
        }
        let error = &line["error"];
        let words = text(error, "/message").or(error.as_str()).unwrap_or_default();
        let by_code = match count(error, "/code") {
            Some(429) => Some(Outcome::Limit),
            Some(401 | 403) => Some(Outcome::Auth),
            Some(500..=599) => Some(Outcome::Overloaded),
            Some(code) => i32::try_from(code).ok().and_then(exit_class),
            None => None,
        };
        // The status word of the vendor may stand in the type or in the text.
        let framed = format!("{} {words}", word(error, "/type"));
        let class =
            by_code.or_else(|| class_of("gemini", Frame::Error, &framed)).unwrap_or(Outcome::TaskFailed);
        if class == Outcome::Limit {
            let resets_at = reset_of(words, at, self.zone.as_deref());
            let (account, state) = (self.account.clone(), LimitState::Rejected);
            told.push(EngineEvent::Limit(Limit { window: None, resets_at, account, state }));
        }
        let reason = if words.is_empty() { "it failed".to_string() } else { sentence(words) };
        told.push(EngineEvent::Ended(Ended { class, reason }));
    }
}

impl Hearing for Gemini {
    fn hear(&mut self, line: Said<'_>) -> Heard {
        if line.source == Source::Err {
            let text = String::from_utf8_lossy(line.bytes);
            let Some(class) = class_of("gemini", Frame::Stderr, &text) else { return Heard::Text };
            let (level, text) = ("error".to_string(), sentence(&text));
            return Heard::Events(vec![EngineEvent::Note { level, text, class: Some(class) }]);
        }
        match event_of(line.bytes) {
            Ok(event) => self.event(&event, line.at),
            Err(heard) => heard,
        }
    }
}
