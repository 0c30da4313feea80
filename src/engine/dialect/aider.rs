//! The dialect of aider: text for people, in which a few lines have a form one can rely on.
//!
//! Its exit code is 0 after fatal errors too, so the lines of its provider library count for more here than
//! the code. A line must begin with the words: what the model says stands in the same stream.

use std::sync::LazyLock;

use regex::Regex;

use super::super::event::{EngineEvent, Limit, LimitState, Retry, Started, UsageTold};
use super::super::strip::strip_controls;
use super::fields::sentence;
use super::rules::{Frame, class_of};
use super::table::{Heard, Hearing, RunFacts, Said};
use crate::job::{Outcome, Tokens, parse_usd};

/// `Tokens: 4.2k sent, 1,021 received. Cost: $0.01 message, $0.05 session.`
static TOKENS: LazyLock<Regex> = LazyLock::new(|| {
    form(
        r"^Tokens: ([\d.,]+k?) sent,(?: ([\d.,]+k?) cache write,)?(?: ([\d.,]+k?) cache hit,)? ([\d.,]+k?) received\.(?: Cost: \$([\d.]+) message)?",
    )
});
static VERSION: LazyLock<Regex> = LazyLock::new(|| form(r"^Aider v([\d.]+)"));
static MODEL: LazyLock<Regex> = LazyLock::new(|| form(r"^(?:Main model|Model): (\S+)"));
static RETRYING: LazyLock<Regex> = LazyLock::new(|| form(r"^Retrying in ([\d.]+) seconds"));
static APPLIED: LazyLock<Regex> = LazyLock::new(|| form(r"^Applied edit to (.+)$"));

fn form(pattern: &str) -> Regex {
    #[allow(clippy::expect_used)] // A pattern of this file; a test reads every one.
    Regex::new(pattern).expect("a pattern of this file")
}

/// Reads one run.
pub(super) struct Aider {
    model: Option<String>,
    account: Option<String>,
}

impl Aider {
    pub(super) fn new(facts: &RunFacts) -> Aider {
        Aider { model: facts.model.clone(), account: facts.account.clone() }
    }

    fn started(&self, version: Option<String>) -> EngineEvent {
        let (engine, model) = (Some("aider".to_string()), self.model.clone());
        EngineEvent::Started(Started { engine, version, model, ..Started::default() })
    }

    fn tokens(&self, found: &regex::Captures<'_>) -> EngineEvent {
        let part = |n: usize| found.get(n).and_then(|text| rounded(text.as_str()));
        let (sent, written, cached) = (part(1), part(2), part(3));
        let tokens = Tokens { input: sent, cached, cache_write: written, output: part(4), reasoning: None };
        EngineEvent::Usage(UsageTold {
            tokens,
            micro_usd: found.get(5).and_then(|usd| parse_usd(usd.as_str())),
            turns: Some(1),
            model: self.model.clone(),
            estimated: true,
            ..UsageTold::default()
        })
    }

    fn error(&self, class: Outcome, line: &str) -> Heard {
        let note = EngineEvent::Note { level: "error".to_string(), text: sentence(line), class: Some(class) };
        if class != Outcome::Limit {
            return Heard::Events(vec![note]);
        }
        // It tries again by itself; the state is a warning until it gives up.
        let (account, state) = (self.account.clone(), LimitState::Warning);
        Heard::Events(vec![EngineEvent::Limit(Limit { account, state, ..Limit::default() }), note])
    }
}

impl Hearing for Aider {
    fn hear(&mut self, said: Said<'_>) -> Heard {
        let text = String::from_utf8_lossy(said.bytes);
        let line = strip_controls(text.trim());
        if let Some(class) = class_of("aider", Frame::Line, &line) {
            return self.error(class, &line);
        }
        let event = if let Some(found) = TOKENS.captures(&line) {
            self.tokens(&found)
        } else if let Some(found) = APPLIED.captures(&line) {
            EngineEvent::FileChange { path: found[1].to_string(), kind: "edit".to_string() }
        } else if let Some(found) = RETRYING.captures(&line) {
            let delay_ms = found[1].parse::<f64>().ok().map(|seconds| (seconds * 1000.0) as u64);
            EngineEvent::Retry(Retry { delay_ms, ..Retry::default() })
        } else if let Some(found) = VERSION.captures(&line) {
            self.started(Some(found[1].to_string()))
        } else if let Some(found) = MODEL.captures(&line) {
            self.model = Some(found[1].to_string());
            self.started(None)
        } else {
            return Heard::Text;
        };
        Heard::Events(vec![event])
    }
}

/// `4.2k` or `1,021`.
fn rounded(text: &str) -> Option<u64> {
    match text.strip_suffix('k') {
        Some(thousands) => thousands.parse::<f64>().ok().map(|n| (n * 1000.0) as u64),
        None => text.replace(',', "").parse().ok(),
    }
}
