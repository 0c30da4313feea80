//! The dialect of Codex: `codex exec --json`.

use serde_json::Value;

use super::super::event::{
    Ended, EngineEvent, Limit, LimitState, ModelText, Phase, Retry, Scope, Started, Tool, UsageTold,
};
use super::super::transcript::Source;
use super::estimate::Estimate;
use super::fields::{chars, event_of, list, owned, sentence, summary, tail, text, unknown, word};
use super::reset::reset_of;
use super::rollout;
use super::rules::{Frame, class_of};
use super::startup::Startup;
use super::table::{Heard, Hearing, Resumed, RunFacts, Said};
use crate::job::{Outcome, Tokens};
use crate::time::Stamp;

/// How a top-level error begins that is only a retry.
const RETRY: &str = "Reconnecting... ";
/// Refusals in a row after which the account's window is taken for used up.
const REFUSALS: u32 = 3;
/// What stderr says where the sandbox cannot work: every command dies, and no line of the stream tells it.
const NO_SANDBOX: &str = "Refusing to create helper binaries under temporary dir";

/// `2` is what its command line parser ends with; every other code is the health of the stream, not of the work.
pub(super) fn exit_class(code: i32) -> Option<Outcome> {
    (code == 2).then_some(Outcome::Config)
}

/// Reads one run.
pub(super) struct Codex {
    startup: Startup,
    estimate: Estimate,
    model: Option<String>,
    zone: Option<String>,
    account: Option<String>,
    resumed: Option<Resumed>,
    refusals: u32,
    /// The model said or did something in this turn.
    spoke: bool,
    /// A top-level error that no `turn.failed` has repeated yet.
    pending: Option<String>,
}

impl Codex {
    pub(super) fn new(facts: &RunFacts) -> Codex {
        Codex {
            startup: Startup::of("codex"),
            estimate: Estimate::new(facts.model.clone(), facts.prompt_chars),
            model: facts.model.clone(),
            zone: facts.zone.clone(),
            account: facts.account.clone(),
            resumed: facts.resumed.clone(),
            refusals: 0,
            spoke: false,
            pending: None,
        }
    }

    fn event(&mut self, line: &Value, at: Stamp) -> Heard {
        let told = match word(line, "/type") {
            "thread.started" => vec![EngineEvent::Started(Started {
                engine: Some("codex".to_string()),
                session: owned(line, "/thread_id"),
                model: self.model.clone(),
                ..Started::default()
            })],
            "turn.started" => Vec::new(),
            "item.started" => return self.item(&line["item"], Phase::Start),
            "item.updated" => Vec::new(),
            "item.completed" => return self.item(&line["item"], Phase::End),
            "turn.completed" => self.completed(&line["usage"]),
            "turn.failed" => {
                self.pending = None;
                self.failed(word(line, "/error/message"), at)
            }
            "error" => self.error(word(line, "/message")),
            _ => return unknown(line),
        };
        Heard::Events(told)
    }

    fn item(&mut self, item: &Value, phase: Phase) -> Heard {
        let mut told = Vec::new();
        let kind = word(item, "/type");
        match (kind, phase) {
            ("error", _) => told.push(note("warning", word(item, "/message"))),
            ("todo_list" | "agent_message" | "reasoning" | "file_change", Phase::Start) => {}
            ("todo_list", Phase::End) => {}
            ("agent_message" | "reasoning", Phase::End) => {
                let said = word(item, "/text");
                self.got_on();
                self.estimate.spoke(chars(said), &mut told);
                let thinking = kind == "reasoning";
                told.push(EngineEvent::ModelText(ModelText {
                    chars: chars(said),
                    tail: tail(said),
                    thinking,
                }));
            }
            ("file_change", Phase::End) => {
                self.got_on();
                let whole = word(item, "/status") != "failed";
                for change in list(item, "/changes").filter(|_| whole) {
                    let kind = match word(change, "/kind") {
                        "update" => "edit",
                        other => other,
                    };
                    let path = word(change, "/path").to_string();
                    told.push(EngineEvent::FileChange { path, kind: kind.to_string() });
                }
            }
            _ => match call(item, kind) {
                Some((name, arguments)) => self.tool(item, name, &arguments, phase, &mut told),
                None => return unknown(item),
            },
        }
        Heard::Events(told)
    }

    fn tool(&mut self, item: &Value, name: String, with: &str, phase: Phase, told: &mut Vec<EngineEvent>) {
        self.got_on();
        let id = word(item, "/id").to_string();
        let (said, ok) = match phase {
            Phase::Start => {
                self.estimate.called(chars(with), told);
                (with, None)
            }
            Phase::End => {
                let output = word(item, "/aggregated_output");
                self.estimate.returned(chars(output));
                (output, Some(matches!(word(item, "/status"), "completed" | "")))
            }
        };
        told.push(EngineEvent::Tool(Tool { id, name, summary: summary(said), phase, ok }));
    }

    fn got_on(&mut self) {
        (self.spoke, self.refusals, self.pending) = (true, 0, None);
    }

    /// The figures are of the thread since it began: what it had before this run is taken off.
    fn completed(&mut self, usage: &Value) -> Vec<EngineEvent> {
        let thread = rollout::tokens(usage);
        let mut told = Vec::new();
        let tokens = self.of_this_run(thread);
        match tokens {
            Some(tokens) => told.push(self.used(tokens)),
            None => told.push(note(
                "warning",
                "the thread was taken up again and what it had used before is not known, so neither is this run",
            )),
        }
        let empty = tokens.is_some_and(|t| t.input.unwrap_or(0) + t.output.unwrap_or(0) == 0);
        told.extend(if empty && !self.spoke {
            let reason = "a turn without a word and without a token: a usage limit, as far as can be told";
            self.limited(reason, None)
        } else {
            vec![EngineEvent::Ended(Ended { class: Outcome::Ok, reason: "turn completed".to_string() })]
        });
        told
    }

    /// The thread's record tells what is used after every request; then only turns are still counted here.
    fn recorded(&mut self, line: &[u8]) -> Heard {
        let tokens = rollout::total(line).and_then(|thread| self.of_this_run(thread));
        let Some(tokens) = tokens else { return Heard::Text };
        self.estimate.is_told();
        Heard::Events(vec![self.used(tokens)])
    }

    fn of_this_run(&self, thread: Tokens) -> Option<Tokens> {
        match &self.resumed {
            None => Some(thread),
            Some(resumed) => resumed.before.and_then(|before| thread.less(before)),
        }
    }

    fn used(&self, tokens: Tokens) -> EngineEvent {
        let model = self.model.clone();
        EngineEvent::Usage(UsageTold { tokens, model, scope: Scope::Total, ..UsageTold::default() })
    }

    fn failed(&self, message: &str, at: Stamp) -> Vec<EngineEvent> {
        match class_of("codex", Frame::Error, message).unwrap_or(Outcome::TaskFailed) {
            Outcome::Limit => self.limited(message, reset_of(message, at, self.zone.as_deref())),
            class => vec![EngineEvent::Ended(Ended { class, reason: sentence(message) })],
        }
    }

    fn limited(&self, reason: &str, resets_at: Option<Stamp>) -> Vec<EngineEvent> {
        vec![
            self.limit(resets_at),
            EngineEvent::Ended(Ended { class: Outcome::Limit, reason: sentence(reason) }),
        ]
    }

    fn limit(&self, resets_at: Option<Stamp>) -> EngineEvent {
        let (account, state) = (self.account.clone(), LimitState::Rejected);
        EngineEvent::Limit(Limit { window: None, resets_at, account, state })
    }

    /// Three kinds of error: a retry here, a warning as an item, and one that `turn.failed` repeats.
    fn error(&mut self, message: &str) -> Vec<EngineEvent> {
        let Some(rest) = message.strip_prefix(RETRY) else {
            self.pending = Some(message.to_string());
            return Vec::new();
        };
        let (tries, cause) = rest.split_once(" (").unwrap_or((rest, ""));
        let (n, max) = tries.split_once('/').unwrap_or((tries, ""));
        let cause = cause.trim_end_matches(')');
        let status = status_of(cause);
        self.refusals = if status == Some(429) { self.refusals + 1 } else { 0 };
        let retry = Retry {
            n: n.parse().ok(),
            max: max.parse().ok(),
            delay_ms: None,
            status,
            cause: Some(summary(cause)).filter(|cause| !cause.is_empty()),
        };
        let mut told = vec![EngineEvent::Retry(retry)];
        if self.refusals == REFUSALS {
            told.push(self.limit(None));
        }
        told
    }

    fn stderr(&self, line: &[u8]) -> Option<EngineEvent> {
        let text = String::from_utf8_lossy(line);
        if text.contains(NO_SANDBOX) {
            return Some(note("warning", &text));
        }
        let class = class_of("codex", Frame::Stderr, &text)?;
        Some(EngineEvent::Note { level: "error".to_string(), text: sentence(&text), class: Some(class) })
    }
}

impl Hearing for Codex {
    fn hear(&mut self, line: Said<'_>) -> Heard {
        if line.source == Source::Record {
            return self.recorded(line.bytes);
        }
        if line.source == Source::Err {
            let Some(note) = self.stderr(line.bytes) else {
                self.startup.text(line.bytes);
                return Heard::Text;
            };
            return self.startup.after(Heard::Events(vec![note]));
        }
        match event_of(line.bytes) {
            Ok(event) => {
                let heard = self.event(&event, line.at);
                self.startup.after(heard)
            }
            Err(heard) => {
                self.startup.text(line.bytes);
                heard
            }
        }
    }

    fn close(&mut self) -> Vec<EngineEvent> {
        let pending = self.pending.take().map(|text| EngineEvent::Note {
            class: class_of("codex", Frame::Error, &text),
            level: "error".to_string(),
            text: sentence(&text),
        });
        self.startup.close().into_iter().chain(pending).collect()
    }
}

fn note(level: &str, text: &str) -> EngineEvent {
    EngineEvent::Note { level: level.to_string(), text: sentence(text), class: None }
}

/// Name and arguments of an item that is a call.
fn call(item: &Value, kind: &str) -> Option<(String, String)> {
    Some(match kind {
        "command_execution" => ("shell".to_string(), word(item, "/command").to_string()),
        "mcp_tool_call" => {
            let name = format!("{}.{}", word(item, "/server"), word(item, "/tool"));
            (name, item["arguments"].to_string())
        }
        "collab_tool_call" => (word(item, "/tool").to_string(), String::new()),
        "web_search" => ("web_search".to_string(), text(item, "/query").unwrap_or_default().to_string()),
        _ => return None,
    })
}

/// The HTTP status named in `last status: 429 Too Many Requests` or `unexpected status 401 Unauthorized`.
fn status_of(cause: &str) -> Option<u16> {
    let after = cause.split("status").nth(1)?;
    let digits: String = after.chars().skip_while(|c| !c.is_ascii_digit()).take(3).collect();
    digits.parse().ok().filter(|status| (100..600).contains(status))
}
