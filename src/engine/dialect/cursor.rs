//! The dialect of cursor-agent: `-p --output-format stream-json`. A failure has no result line.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::event::{Ended, EngineEvent, ModelText, Phase, Started, Tool, UsageTold};
use super::fields::{
    arguments, chars, content, event_of, list, owned, sentence, tail, text, truth, unknown, word,
};
use super::rules::{Frame, class_of};
use super::startup::Startup;
use super::table::{Heard, Hearing, RunFacts, Said};
use crate::job::Outcome;

/// What a call's field ends with; before it stands the tool's name.
const CALL: &str = "ToolCall";
/// Its tools that write files.
const WRITERS: [&str; 2] = ["write", "edit"];
/// Calls whose result is still to come.
const OPEN_MAX: usize = 256;

/// Reads one run.
pub(super) struct Cursor {
    startup: Startup,
    open: BTreeMap<String, String>,
    /// The model's next word begins a turn.
    due: bool,
}

impl Cursor {
    pub(super) fn new(_facts: &RunFacts) -> Cursor {
        Cursor { startup: Startup::of("cursor"), open: BTreeMap::new(), due: true }
    }

    /// Nothing is told of tokens or money; turns are counted where the model speaks after a result.
    fn turn(&mut self, told: &mut Vec<EngineEvent>) {
        if std::mem::take(&mut self.due) {
            told.push(EngineEvent::Usage(UsageTold { turns: Some(1), ..UsageTold::default() }));
        }
    }

    fn event(&mut self, line: &Value) -> Heard {
        let mut told = Vec::new();
        match (word(line, "/type"), word(line, "/subtype")) {
            ("system", "init") => told.push(EngineEvent::Started(Started {
                engine: Some("cursor-agent".to_string()),
                model: owned(line, "/model"),
                session: owned(line, "/session_id"),
                cwd: owned(line, "/cwd"),
                version: None,
            })),
            ("user", _) => {}
            ("assistant", _) => {
                self.turn(&mut told);
                let texts = list(line, "/message/content").filter_map(|block| text(block, "/text"));
                told.push(said(&texts.collect::<String>(), false));
            }
            ("thinking", _) => {
                self.turn(&mut told);
                told.push(said(word(line, "/text"), true));
            }
            ("tool_call", "started") => {
                self.turn(&mut told);
                told.push(self.call(line));
            }
            ("tool_call", "completed") => self.returned(line, &mut told),
            ("result", subtype) => told.push(EngineEvent::Ended(verdict(line, subtype))),
            _ => return unknown(line),
        }
        Heard::Events(told)
    }

    fn call(&mut self, line: &Value) -> EngineEvent {
        let (name, body) = tool_of(line);
        let id = word(line, "/call_id").to_string();
        if self.open.len() < OPEN_MAX {
            self.open.insert(id.clone(), word(body, "/args/path").to_string());
        }
        let summary = arguments(&body["args"]);
        EngineEvent::Tool(Tool { id, name, summary, phase: Phase::Start, ok: None })
    }

    fn returned(&mut self, line: &Value, told: &mut Vec<EngineEvent>) {
        let (name, body) = tool_of(line);
        let id = word(line, "/call_id").to_string();
        let path = self.open.remove(&id).unwrap_or_default();
        self.due |= self.open.is_empty();
        let ok = !body["result"].is_object() || body["result"].get("success").is_some();
        if ok && WRITERS.contains(&name.as_str()) {
            told.push(EngineEvent::FileChange { path, kind: "edit".to_string() });
        }
        let summary = content(&body["result"]["success"]["content"]);
        told.push(EngineEvent::Tool(Tool { id, name, summary, phase: Phase::End, ok: Some(ok) }));
    }
}

impl Hearing for Cursor {
    fn hear(&mut self, line: Said<'_>) -> Heard {
        match event_of(line.bytes) {
            Ok(event) => {
                let heard = self.event(&event);
                self.startup.after(heard)
            }
            Err(heard) => {
                self.startup.text(line.bytes);
                heard
            }
        }
    }

    fn close(&mut self) -> Vec<EngineEvent> {
        self.startup.close().into_iter().collect()
    }
}

/// `{"readToolCall": {…}}` is a call of `read`.
fn tool_of(line: &Value) -> (String, &Value) {
    let call = line.get("tool_call").and_then(Value::as_object);
    let found = call.into_iter().flatten().find(|(key, _)| key.ends_with(CALL));
    found.map_or((String::new(), &Value::Null), |(key, body)| (key.trim_end_matches(CALL).to_string(), body))
}

fn verdict(line: &Value, subtype: &str) -> Ended {
    let words = word(line, "/result");
    if subtype == "success" && truth(line, "/is_error") == Some(false) {
        return Ended { class: Outcome::Ok, reason: "success".to_string() };
    }
    let class = class_of("cursor", Frame::Error, words).unwrap_or(Outcome::TaskFailed);
    Ended { class, reason: if words.is_empty() { subtype.to_string() } else { sentence(words) } }
}

fn said(text: &str, thinking: bool) -> EngineEvent {
    EngineEvent::ModelText(ModelText { chars: chars(text), tail: tail(text), thinking })
}
