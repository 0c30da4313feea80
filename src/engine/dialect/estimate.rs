//! Turns counted and tokens guessed for engines that tell neither while they run.
//!
//! Each request sends the whole conversation again, most of it from the vendor's cache. So a turn costs what
//! was said so far, cached but for what is new, and what the model says in it. Guesses are marked; the
//! engine's own total replaces them where one comes.

use super::super::event::{EngineEvent, Scope, UsageTold};

use crate::job::Tokens;

/// Characters of a token, by the rule of thumb of the vendors.
const CHARS_PER_TOKEN: u64 = 4;
/// Instructions and tool descriptions that engines send along, in tokens; measured between 10,000 and 20,000.
const PREAMBLE: u64 = 12_000;

/// Follows a conversation whose figures are not told.
pub(super) struct Estimate {
    model: Option<String>,
    /// Characters of the conversation that the next request sends.
    context: u64,
    /// Of them: sent before.
    sent: u64,
    /// Tool results came since the model last spoke, or nothing was said yet: what it says next is a new turn.
    due: bool,
    open: u32,
    /// Another source tells the tokens: turns alone are counted.
    told: bool,
}

impl Estimate {
    pub(super) fn new(model: Option<String>, prompt_chars: u64) -> Estimate {
        let context = prompt_chars + PREAMBLE * CHARS_PER_TOKEN;
        Estimate { model, context, sent: 0, due: true, open: 0, told: false }
    }

    /// The engine named its model.
    pub(super) fn model(&mut self, name: Option<String>) {
        self.model = name.or(self.model.take());
    }

    /// What is used is told after all, by every request.
    pub(super) fn is_told(&mut self) {
        self.told = true;
    }

    /// The model said this much; gives the turn it begins and what it cost.
    pub(super) fn spoke(&mut self, chars: u64, into: &mut Vec<EngineEvent>) {
        self.turn(into);
        self.context += chars;
        into.push(self.told(Tokens { output: Some(chars / CHARS_PER_TOKEN), ..Tokens::default() }, None));
    }

    /// The model calls a tool.
    pub(super) fn called(&mut self, chars: u64, into: &mut Vec<EngineEvent>) {
        self.spoke(chars, into);
        self.open += 1;
    }

    /// A tool gave this much back.
    pub(super) fn returned(&mut self, chars: u64) {
        self.context += chars;
        self.open = self.open.saturating_sub(1);
        // Calls made together are answered together.
        self.due = self.open == 0;
    }

    fn turn(&mut self, into: &mut Vec<EngineEvent>) {
        if !std::mem::take(&mut self.due) {
            return;
        }
        let tokens = Tokens {
            input: Some(self.context / CHARS_PER_TOKEN),
            cached: Some(self.sent / CHARS_PER_TOKEN),
            ..Tokens::default()
        };
        self.sent = self.context;
        into.push(self.told(tokens, Some(1)));
    }

    fn told(&self, tokens: Tokens, turns: Option<u64>) -> EngineEvent {
        EngineEvent::Usage(UsageTold {
            tokens: if self.told { Tokens::default() } else { tokens },
            turns,
            model: self.model.clone(),
            scope: Scope::Delta,
            estimated: !self.told,
            ..UsageTold::default()
        })
    }
}
