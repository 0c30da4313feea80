//! What a claude run has used up so far, from lines that repeat and grow.
//!
//! A request's figures come in pieces: what went in with `message_start`, what came out with each
//! `message_delta` (a running total), and once more on every `assistant` line of the message, where
//! `output_tokens` is the value at the start of the stream. Each figure of a message is the largest one
//! seen; what is told on is the difference.

use std::collections::VecDeque;

use serde_json::Value;

use super::super::event::{EngineEvent, Scope, UsageTold};
use super::fields::{count, dollars, owned, word};

use crate::job::Tokens;

/// Messages whose figures may still grow; subagents stream side by side.
const OPEN_MAX: usize = 32;

struct Message {
    id: String,
    model: Option<String>,
    seen: Tokens,
}

/// The sum so far, as deltas.
#[derive(Default)]
pub(super) struct Meter {
    open: VecDeque<Message>,
}

impl Meter {
    /// A message or a part of it said its usage; `at` points to it. A new message of the main thread is a turn.
    pub(super) fn message(&mut self, message: &Value, is_main: bool, into: &mut Vec<EngineEvent>) {
        let Some(usage) = message.get("usage").filter(|usage| usage.is_object()) else { return };
        let (id, told) = (word(message, "/id"), tokens(usage));
        let is_new = !self.open.iter().any(|open| open.id == id);
        if is_new {
            let fresh =
                Message { id: id.to_string(), model: owned(message, "/model"), seen: Tokens::default() };
            self.open.push_back(fresh);
            if self.open.len() > OPEN_MAX {
                self.open.pop_front();
            }
        }
        let Some(open) = self.open.iter_mut().find(|open| open.id == id) else { return };
        into.extend(open.grow(told, (is_new && is_main).then_some(1)));
    }

    /// The running total of what came out of the newest message.
    pub(super) fn delta(&mut self, usage: &Value, into: &mut Vec<EngineEvent>) {
        if let Some(open) = self.open.back_mut() {
            let told = tokens(usage);
            into.extend(open.grow(told, None));
        }
    }
}

impl Message {
    fn grow(&mut self, told: Tokens, turns: Option<u64>) -> Option<EngineEvent> {
        let most = self.seen.max(told);
        let tokens = most.since(self.seen);
        self.seen = most;
        (tokens != Tokens::default() || turns.is_some()).then(|| {
            EngineEvent::Usage(UsageTold {
                tokens,
                turns,
                model: self.model.clone(),
                scope: Scope::Delta,
                estimated: true,
                ..UsageTold::default()
            })
        })
    }
}

/// The vendor counts what came from and went into its cache beside `input_tokens`, not in it.
fn tokens(usage: &Value) -> Tokens {
    let (cached, written) =
        (count(usage, "/cache_read_input_tokens"), count(usage, "/cache_creation_input_tokens"));
    let input = count(usage, "/input_tokens").map(|n| n + cached.unwrap_or(0) + written.unwrap_or(0));
    Tokens { input, cached, cache_write: written, output: count(usage, "/output_tokens"), reasoning: None }
}

/// The total of a `result` line: cost from its own price table, tokens from `modelUsage`. Its `usage` is
/// short of requests that were dropped, and empty after a budget stop (seen).
pub(super) fn total(result: &Value) -> UsageTold {
    let models = result.get("modelUsage").and_then(Value::as_object);
    let mut sum = Tokens::default();
    for model in models.into_iter().flat_map(|models| models.values()) {
        let (cached, written) =
            (count(model, "/cacheReadInputTokens"), count(model, "/cacheCreationInputTokens"));
        let input = count(model, "/inputTokens").map(|n| n + cached.unwrap_or(0) + written.unwrap_or(0));
        let output = count(model, "/outputTokens");
        sum = sum.plus(Tokens { input, cached, cache_write: written, output, reasoning: None });
    }
    // Only one name can be said; with several the dearest tells most.
    let dearest = models.into_iter().flatten().max_by_key(|(_, model)| dollars(model, "/costUSD"));
    UsageTold {
        tokens: sum,
        micro_usd: dollars(result, "/total_cost_usd"),
        model: dearest.map(|(name, _)| name.clone()),
        scope: Scope::Total,
        ..UsageTold::default()
    }
}
