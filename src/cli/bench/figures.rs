//! Figures of a benchmark: medians and tails of what was measured, and the line that shows them.

use std::time::Duration;

/// Measured durations, sorted.
pub(super) struct Sample(Vec<Duration>);

impl Sample {
    pub fn of(mut durations: Vec<Duration>) -> Sample {
        durations.sort();
        Sample(durations)
    }

    /// The duration that a share of the sample does not exceed, in milliseconds.
    pub fn at(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        // Nearest rank: small samples must not invent values between two measured ones.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let rank = ((last as f64) * share).round() as usize;
        self.0.get(rank).map_or(0.0, |d| d.as_secs_f64() * 1e3)
    }

    pub fn p50(&self) -> f64 {
        self.at(0.5)
    }

    pub fn p99(&self) -> f64 {
        self.at(0.99)
    }
}

/// One measured goal.
pub(super) struct Figure {
    /// What was measured.
    pub what: String,
    /// The figure, with its unit.
    pub got: String,
    /// The goal, with its unit.
    pub goal: String,
    /// Whether the figure meets it; `None` where there is no goal.
    pub met: Option<bool>,
}

impl Figure {
    pub fn new(
        what: impl Into<String>,
        got: impl Into<String>,
        goal: impl Into<String>,
        met: Option<bool>,
    ) -> Figure {
        Figure { what: what.into(), got: got.into(), goal: goal.into(), met }
    }

    /// A duration against a goal in milliseconds.
    pub fn millis(what: &str, got: f64, goal: f64) -> Figure {
        Figure::new(what, format!("{got:.1} ms"), format!("{goal:.0} ms"), Some(got <= goal))
    }
}
