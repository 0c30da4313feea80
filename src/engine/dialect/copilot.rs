//! The dialect of Copilot CLI: `--output-format json`, in the schema captured at 1.0.13 and in the flat one
//! that some models bring.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::event::{
    Ended, EngineEvent, Limit, LimitState, ModelText, Phase, Started, Tool, UsageTold,
};
use super::super::transcript::Source;
use super::fields::{
    arguments, chars, content, count, event_of, list, owned, sentence, tail, text, truth, unknown, word,
};
use super::reset::reset_of;
use super::rules::{Frame, class_of};
use super::table::{Heard, Hearing, RunFacts, Said};
use crate::job::{Outcome, Tokens};
use crate::time::Stamp;

/// Its tools that write files.
const WRITERS: [&str; 2] = ["edit", "create"];
/// Calls whose result is still to come.
const OPEN_MAX: usize = 256;

/// Reads one run.
pub(super) struct Copilot {
    begun: bool,
    model: Option<String>,
    account: Option<String>,
    zone: Option<String>,
    open: BTreeMap<String, (String, String)>,
    /// What an error of the session means; the result has only a code.
    framed: Option<Ended>,
    /// Its own word on the task.
    task: Option<bool>,
}

impl Copilot {
    pub(super) fn new(facts: &RunFacts) -> Copilot {
        Copilot {
            begun: false,
            model: facts.model.clone(),
            account: facts.account.clone(),
            zone: facts.zone.clone(),
            open: BTreeMap::new(),
            framed: None,
            task: None,
        }
    }

    fn event(&mut self, line: &Value, at: Stamp) -> Heard {
        let mut told = Vec::new();
        if !std::mem::replace(&mut self.begun, true) {
            told.push(EngineEvent::Started(Started {
                engine: Some("copilot".to_string()),
                model: self.model.clone(),
                session: owned(line, "/data/sessionId").or(owned(line, "/sessionId")),
                ..Started::default()
            }));
        }
        let data = &line["data"];
        match word(line, "/type") {
            "assistant.turn_start" => told.push(usage(Tokens::default(), Some(1))),
            "assistant.message" => {
                told.push(usage(Tokens { output: count(data, "/outputTokens"), ..Tokens::default() }, None));
                told.push(said(word(data, "/content"), false));
            }
            "assistant.reasoning" => told.push(said(word(data, "/content"), true)),
            "tool.execution_start" => {
                let (id, name) = (word(data, "/toolCallId"), word(data, "/toolName"));
                told.push(self.call(id, name, &data["arguments"]));
            }
            "tool.execution_complete" => {
                let ok = truth(data, "/success") != Some(false);
                let output = content(&data["result"]["content"]);
                self.returned(word(data, "/toolCallId"), ok, output, &mut told);
            }
            "session.task_complete" => self.task = truth(data, "/success"),
            "session.error" | "session.warning" => {
                let words = text(data, "/message").map_or_else(|| data.to_string(), str::to_string);
                self.framed_error(&words, Frame::Error, at, &mut told);
            }
            "result" => self.result(line, &mut told),
            "message" | "tool_use" | "tool_result" | "usage" => self.flat(line, &mut told),
            quiet
                if ["session.", "user.", "assistant.", "tool."]
                    .iter()
                    .any(|lead| quiet.starts_with(lead)) => {}
            _ if told.is_empty() => return unknown(line),
            _ => {}
        }
        Heard::Events(told)
    }

    /// The flat schema.
    fn flat(&mut self, line: &Value, told: &mut Vec<EngineEvent>) {
        match word(line, "/type") {
            "message" if word(line, "/role") == "assistant" => {
                let blocks = list(line, "/content").filter_map(|block| text(block, "/text"));
                let whole = text(line, "/content").map_or_else(|| blocks.collect::<String>(), str::to_string);
                told.push(usage(Tokens::default(), Some(1)));
                told.push(said(&whole, false));
            }
            "tool_use" => told.push(self.call(word(line, "/id"), word(line, "/name"), &line["input"])),
            "tool_result" => {
                let ok = truth(line, "/is_error") != Some(true);
                self.returned(word(line, "/tool_use_id"), ok, content(&line["content"]), told);
            }
            "usage" => {
                let (input, output) = (count(line, "/input_tokens"), count(line, "/output_tokens"));
                told.push(usage(Tokens { input, output, ..Tokens::default() }, None));
            }
            _ => {}
        }
    }

    fn call(&mut self, id: &str, name: &str, input: &Value) -> EngineEvent {
        let path = text(input, "/path").unwrap_or_default().to_string();
        if self.open.len() < OPEN_MAX {
            self.open.insert(id.to_string(), (name.to_string(), path));
        }
        let (id, name, summary) = (id.to_string(), name.to_string(), arguments(input));
        EngineEvent::Tool(Tool { id, name, summary, phase: Phase::Start, ok: None })
    }

    fn returned(&mut self, id: &str, ok: bool, output: String, told: &mut Vec<EngineEvent>) {
        let (name, path) = self.open.remove(id).unwrap_or_default();
        if ok && WRITERS.contains(&name.as_str()) {
            let kind = if name == "create" { "add" } else { "edit" };
            told.push(EngineEvent::FileChange { path, kind: kind.to_string() });
        }
        let id = id.to_string();
        told.push(EngineEvent::Tool(Tool { id, name, summary: output, phase: Phase::End, ok: Some(ok) }));
    }

    /// The autopilot would go on spending against a limit, so it is told at the first word of one.
    fn framed_error(&mut self, words: &str, frame: Frame, at: Stamp, told: &mut Vec<EngineEvent>) {
        let class = class_of("copilot", frame, words);
        if let Some(class) = class {
            self.framed = Some(Ended { class, reason: sentence(words) });
        }
        if class == Some(Outcome::Limit) {
            let resets_at = reset_of(words, at, self.zone.as_deref());
            let (account, state) = (self.account.clone(), LimitState::Rejected);
            told.push(EngineEvent::Limit(Limit { window: None, resets_at, account, state }));
        }
        let level = if class.is_some() { "error" } else { "warning" };
        told.push(EngineEvent::Note { level: level.to_string(), text: sentence(words), class });
    }

    fn result(&mut self, line: &Value, told: &mut Vec<EngineEvent>) {
        if let Some(requests) = count(line, "/usage/premiumRequests") {
            let text = format!("{requests} premium requests");
            told.push(EngineEvent::Note { level: "info".to_string(), text, class: None });
        }
        let code = line.get("exitCode").and_then(Value::as_i64);
        let ended = match (code, self.task, self.framed.take()) {
            (Some(0), Some(false), _) => {
                Ended { class: Outcome::TaskFailed, reason: "it says the task failed".into() }
            }
            (Some(0), _, _) => Ended { class: Outcome::Ok, reason: "result 0".into() },
            (_, _, Some(framed)) => framed,
            (code, _, None) => {
                let shown = code.map_or("none".to_string(), |code| code.to_string());
                Ended { class: Outcome::TaskFailed, reason: format!("result {shown}") }
            }
        };
        told.push(EngineEvent::Ended(ended));
    }
}

impl Hearing for Copilot {
    fn hear(&mut self, line: Said<'_>) -> Heard {
        match event_of(line.bytes) {
            Ok(event) if line.source != Source::Err => self.event(&event, line.at),
            Ok(_) => Heard::Text,
            Err(heard) => {
                let text = String::from_utf8_lossy(line.bytes);
                if class_of("copilot", Frame::Stderr, &text).is_none() {
                    return heard;
                }
                let mut told = Vec::new();
                self.framed_error(&text, Frame::Stderr, line.at, &mut told);
                Heard::Events(told)
            }
        }
    }
}

/// Only what comes out is told: a lower bound of the tokens.
fn usage(tokens: Tokens, turns: Option<u64>) -> EngineEvent {
    let estimated = tokens.input.is_none() && tokens.output.is_some();
    EngineEvent::Usage(UsageTold { tokens, turns, estimated, ..UsageTold::default() })
}

fn said(text: &str, thinking: bool) -> EngineEvent {
    EngineEvent::ModelText(ModelText { chars: chars(text), tail: tail(text), thinking })
}
