//! Tokens by what they were used for, and how their figures add up.

use serde::{Deserialize, Serialize};

/// Tokens by what they were used for. Absent is unknown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tokens {
    /// All that went in, `cached` and `cache_write` included.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub input: Option<u64>,
    /// Of `in`: read from a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached: Option<u64>,
    /// Of `in`: written to a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<u64>,
    /// All that came out, `reasoning` included.
    #[serde(rename = "out", skip_serializing_if = "Option::is_none")]
    pub output: Option<u64>,
    /// Of `out`: reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<u64>,
}

impl Tokens {
    /// Nothing is known.
    pub fn is_unknown(&self) -> bool {
        *self == Tokens::default()
    }

    /// In and out together, if either is known.
    pub fn sum(self) -> Option<u64> {
        match (self.input, self.output) {
            (None, None) => None,
            (input, output) => Some(input.unwrap_or(0).saturating_add(output.unwrap_or(0))),
        }
    }

    /// Each figure of one, or of the other where only that knows it, or `join` of both.
    fn with(self, other: Tokens, join: impl Fn(u64, u64) -> u64) -> Tokens {
        let both = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (Some(a), Some(b)) => Some(join(a, b)),
            (a, b) => a.or(b),
        };
        Tokens {
            input: both(self.input, other.input),
            cached: both(self.cached, other.cached),
            cache_write: both(self.cache_write, other.cache_write),
            output: both(self.output, other.output),
            reasoning: both(self.reasoning, other.reasoning),
        }
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Tokens) -> Tokens {
        self.with(other, u64::saturating_add)
    }

    /// The larger of each figure.
    #[must_use]
    pub fn max(self, other: Tokens) -> Tokens {
        self.with(other, u64::max)
    }

    /// What came on top of `earlier`; a figure that has not grown is left out.
    #[must_use]
    pub fn since(self, earlier: Tokens) -> Tokens {
        let grown = |now: Option<u64>, then: Option<u64>| {
            now.map(|n| n.saturating_sub(then.unwrap_or(0))).filter(|n| *n > 0)
        };
        Tokens {
            input: grown(self.input, earlier.input),
            cached: grown(self.cached, earlier.cached),
            cache_write: grown(self.cache_write, earlier.cache_write),
            output: grown(self.output, earlier.output),
            reasoning: grown(self.reasoning, earlier.reasoning),
        }
    }

    /// A running total with what stood there before taken off; `None` if it has fallen, since then it is not
    /// the total it was taken for.
    pub fn less(self, before: Tokens) -> Option<Tokens> {
        let fell = |now: Option<u64>, then: Option<u64>| now.unwrap_or(0) < then.unwrap_or(0);
        if fell(self.input, before.input) || fell(self.output, before.output) {
            return None;
        }
        let off = |now: Option<u64>, then: Option<u64>| now.map(|n| n.saturating_sub(then.unwrap_or(0)));
        Some(Tokens {
            input: off(self.input, before.input),
            cached: off(self.cached, before.cached),
            cache_write: off(self.cache_write, before.cache_write),
            output: off(self.output, before.output),
            reasoning: off(self.reasoning, before.reasoning),
        })
    }
}
