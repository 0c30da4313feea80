//! The dialect of Claude Code: `-p --output-format stream-json --verbose --include-partial-messages`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::event::{Ended, EngineEvent, Limit, LimitState, ModelText, Phase, Retry, Started, Tool};
use super::claude_usage::{Meter, total};
use super::fields::{
    arguments, chars, content, count, event_of, list, owned, sentence, tail, text, truth, unknown, word,
};
use super::reset::reset_of;
use super::rules::{Frame, class_of};
use super::startup::Startup;
use super::table::{Heard, Hearing, RunFacts, Said};
use crate::job::Outcome;
use crate::time::Stamp;

/// Calls whose result is still to come.
const OPEN_MAX: usize = 256;
/// Refusals in a row after which the account's window is taken for used up. The program itself would go on
/// for three minutes (`engines.md` section 2).
const REFUSALS: u32 = 3;
/// Kinds of `system` lines that mean nothing to us.
const SYSTEM_QUIET: [&str; 10] = [
    "status",
    "task_started",
    "task_progress",
    "task_notification",
    "task_updated",
    "hook_started",
    "hook_response",
    "hook_progress",
    "compact_boundary",
    "files_persisted",
];

/// Reads one run.
pub(super) struct Claude {
    startup: Startup,
    meter: Meter,
    zone: Option<String>,
    account: Option<String>,
    /// Name and path of each open call.
    open: BTreeMap<String, (String, String)>,
    /// Refusals by 429 since the engine last got on.
    refusals: u32,
    /// An event named the moment when the window that is used up opens again.
    is_dated: bool,
    /// The kind of error of the last answer that the program made up itself.
    synthetic: Option<String>,
}

impl Claude {
    pub(super) fn new(facts: &RunFacts) -> Claude {
        Claude {
            startup: Startup::of("claude"),
            meter: Meter::default(),
            zone: facts.zone.clone(),
            account: facts.account.clone(),
            open: BTreeMap::new(),
            refusals: 0,
            is_dated: false,
            synthetic: None,
        }
    }

    fn system(&mut self, line: &Value) -> Heard {
        match word(line, "/subtype") {
            "init" => Heard::Events(vec![EngineEvent::Started(Started {
                engine: Some("claude".to_string()),
                version: owned(line, "/claude_code_version"),
                model: owned(line, "/model"),
                session: owned(line, "/session_id"),
                cwd: owned(line, "/cwd"),
            })]),
            "api_retry" => self.retry(line),
            quiet if SYSTEM_QUIET.contains(&quiet) => Heard::Events(Vec::new()),
            _ => unknown(line),
        }
    }

    fn retry(&mut self, line: &Value) -> Heard {
        let status = count(line, "/error_status").and_then(|n| u16::try_from(n).ok());
        let cause = word(line, "/error");
        let mut told = vec![EngineEvent::Retry(Retry {
            n: count(line, "/attempt"),
            max: count(line, "/max_retries"),
            delay_ms: count(line, "/retry_delay_ms"),
            status,
            cause: Some(cause.to_string()).filter(|cause| !cause.is_empty()),
        })];
        let refused = status == Some(429) || cause == "rate_limit";
        self.refusals = if refused { self.refusals + 1 } else { 0 };
        if self.refusals == REFUSALS {
            told.push(self.limit(None, None, LimitState::Rejected));
        }
        Heard::Events(told)
    }

    fn limit(&self, window: Option<String>, resets_at: Option<Stamp>, state: LimitState) -> EngineEvent {
        EngineEvent::Limit(Limit { window, resets_at, account: self.account.clone(), state })
    }

    fn window(&mut self, line: &Value) -> Heard {
        let Some(info) = line.get("rate_limit_info") else { return unknown(line) };
        let state = match word(info, "/status") {
            // Used up, but the account pays for more: the run goes on.
            "rejected" if truth(info, "/isUsingOverage") == Some(true) => LimitState::Warning,
            "rejected" => LimitState::Rejected,
            "allowed_warning" => LimitState::Warning,
            "allowed" => LimitState::Allowed,
            _ => return unknown(line),
        };
        let resets = count(info, "/resetsAt").and_then(|s| i64::try_from(s).ok());
        let resets = resets.map(|s| Stamp::from_millis(s.saturating_mul(1000)));
        self.is_dated = state == LimitState::Rejected && resets.is_some();
        Heard::Events(vec![self.limit(owned(info, "/rateLimitType"), resets, state)])
    }

    /// A piece of the stream of one request. Its texts come again on `assistant` lines.
    fn piece(&mut self, line: &Value) -> Heard {
        let mut told = Vec::new();
        match word(line, "/event/type") {
            "message_start" => {
                self.refusals = 0;
                self.meter.message(&line["event"]["message"], is_main(line), &mut told);
            }
            "message_delta" => self.meter.delta(&line["event"]["usage"], &mut told),
            "content_block_start" => {
                let thinking = word(line, "/event/content_block/type") == "thinking";
                told.push(EngineEvent::ModelText(ModelText { thinking, ..ModelText::default() }));
            }
            _ => {}
        }
        Heard::Events(told)
    }

    fn assistant(&mut self, line: &Value) -> Heard {
        let message = &line["message"];
        if word(message, "/model") == "<synthetic>" || line["error"].is_string() {
            // Not the model: the program says what went wrong, and the result will say it again.
            self.synthetic = owned(line, "/error").or(self.synthetic.take());
            let words = list(message, "/content").find_map(|block| text(block, "/text")).unwrap_or_default();
            let note = EngineEvent::Note { level: "error".to_string(), text: sentence(words), class: None };
            return Heard::Events(vec![note]);
        }
        self.refusals = 0;
        let mut told = Vec::new();
        self.meter.message(message, is_main(line), &mut told);
        for block in list(message, "/content") {
            match word(block, "/type") {
                "text" => told.push(said(word(block, "/text"), false)),
                "thinking" => told.push(said(word(block, "/thinking"), true)),
                "tool_use" => told.push(self.call(block)),
                _ => {}
            }
        }
        Heard::Events(told)
    }

    fn call(&mut self, block: &Value) -> EngineEvent {
        let (id, name) = (word(block, "/id").to_string(), word(block, "/name").to_string());
        let path = text(block, "/input/file_path").or(text(block, "/input/notebook_path"));
        if self.open.len() < OPEN_MAX {
            self.open.insert(id.clone(), (name.clone(), path.unwrap_or_default().to_string()));
        }
        let summary = arguments(&block["input"]);
        EngineEvent::Tool(Tool { id, name, summary, phase: Phase::Start, ok: None })
    }

    fn results(&mut self, line: &Value) -> Heard {
        let mut told = Vec::new();
        for block in list(line, "/message/content").filter(|block| word(block, "/type") == "tool_result") {
            let id = word(block, "/tool_use_id").to_string();
            let (name, path) = self.open.remove(&id).unwrap_or_default();
            // The mark may be missing where all is well (seen with Write).
            let ok = truth(block, "/is_error") != Some(true);
            if let (true, Some(kind)) = (ok && !path.is_empty(), change(&name, line)) {
                told.push(EngineEvent::FileChange { path, kind: kind.to_string() });
            }
            let summary = content(&block["content"]);
            told.push(EngineEvent::Tool(Tool { id, name, summary, phase: Phase::End, ok: Some(ok) }));
        }
        Heard::Events(told)
    }

    fn result(&mut self, line: &Value, at: Stamp) -> Heard {
        let mut told = vec![EngineEvent::Usage(total(line))];
        let (class, mut reason) = self.verdict(line);
        let refused = refused(line);
        if !refused.is_empty() {
            reason = format!("{reason}; refused: {refused}");
        }
        // The text says the same without its seconds.
        if class == Outcome::Limit && !self.is_dated {
            let resets = reset_of(&reason, at, self.zone.as_deref());
            if resets.is_some() {
                told.push(self.limit(None, resets, LimitState::Rejected));
            }
        }
        told.push(EngineEvent::Ended(Ended { class, reason }));
        Heard::Events(told)
    }

    fn verdict(&self, line: &Value) -> (Outcome, String) {
        let subtype = word(line, "/subtype");
        let failed = truth(line, "/is_error") != Some(false);
        let first = list(line, "/errors").find_map(Value::as_str);
        let words = text(line, "/result").or(first).filter(|_| failed).unwrap_or_default();
        let reason = if words.is_empty() { subtype.to_string() } else { sentence(words) };
        let class = match subtype {
            "success" if !failed => Outcome::Ok,
            "error_max_turns" => Outcome::Turns,
            "error_max_budget_usd" => Outcome::BudgetExceeded,
            _ => self.failure(line, words),
        };
        (class, reason)
    }

    /// The class of a result that is an error: its status, the error behind it, then its words.
    fn failure(&self, line: &Value, words: &str) -> Outcome {
        let by_status = match count(line, "/api_error_status") {
            // Its own words for a server that throttles; where a window is used up, that was told before.
            Some(429) if !self.is_dated && words.contains("not your usage limit") => {
                Some(Outcome::Overloaded)
            }
            Some(429) => Some(Outcome::Limit),
            Some(401 | 403) => Some(Outcome::Auth),
            Some(500..=599) => Some(Outcome::Overloaded),
            _ => None,
        };
        let by_error = match self.synthetic.as_deref() {
            Some("rate_limit") => Some(Outcome::Limit),
            Some("authentication_failed" | "billing_error" | "oauth_org_not_allowed") => Some(Outcome::Auth),
            Some("overloaded" | "server_error") => Some(Outcome::Overloaded),
            Some("model_not_found") => Some(Outcome::Config),
            _ => None,
        };
        let by_words = || class_of("claude", Frame::Error, words);
        by_status.or(by_error).or_else(by_words).unwrap_or(Outcome::TaskFailed)
    }
}

impl Hearing for Claude {
    fn hear(&mut self, line: Said<'_>) -> Heard {
        let event = match event_of(line.bytes) {
            Ok(event) => event,
            Err(heard) => {
                self.startup.text(line.bytes);
                return heard;
            }
        };
        let heard = match word(&event, "/type") {
            "system" => self.system(&event),
            "stream_event" => self.piece(&event),
            "assistant" => self.assistant(&event),
            "user" => self.results(&event),
            "rate_limit_event" => self.window(&event),
            "result" => self.result(&event, line.at),
            _ => unknown(&event),
        };
        self.startup.after(heard)
    }

    fn close(&mut self) -> Vec<EngineEvent> {
        self.startup.close().into_iter().collect()
    }
}

/// Not a subagent's line.
fn is_main(line: &Value) -> bool {
    line["parent_tool_use_id"].is_null()
}

fn said(text: &str, thinking: bool) -> EngineEvent {
    EngineEvent::ModelText(ModelText { chars: chars(text), tail: tail(text), thinking })
}

/// What a tool that writes did to its file.
fn change(tool: &str, line: &Value) -> Option<&'static str> {
    match tool {
        "Write" if word(line, "/tool_use_result/type") == "create" => Some("add"),
        "Write" | "Edit" | "MultiEdit" | "NotebookEdit" => Some("edit"),
        _ => None,
    }
}

/// The tools that nobody was there to allow, each once.
fn refused(line: &Value) -> String {
    let mut names: Vec<&str> = list(line, "/permission_denials").map(|one| word(one, "/tool_name")).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}
