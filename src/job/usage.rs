//! What an attempt used up, and the ceilings it may not pass.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::seldom::Usual;
use super::tokens::Tokens;
use crate::time::Span;

/// Consumption of one attempt or of several added up. `None` is unknown and never counts as zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Money in millionths of a US dollar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub micro_usd: Option<u64>,
    /// Tokens in and out, cached ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Turns of an agentic engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    /// Wall time the engine ran.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub wall: Span,
    /// `tokens` by kind, as far as the engine tells it.
    #[serde(default, skip_serializing_if = "Tokens::is_unknown")]
    pub kinds: Tokens,
    /// Some of the tokens are estimated.
    #[serde(default, skip_serializing_if = "is_no")]
    pub tokens_estimated: bool,
    /// Some of the money is reckoned by a price table or estimated.
    #[serde(default, skip_serializing_if = "is_no")]
    pub usd_estimated: bool,
}

fn is_no(value: &bool) -> bool {
    !value
}

fn is_zero(span: &Span) -> bool {
    *span == Span::ZERO
}

impl Usage {
    /// Sum of two; a known figure plus an unknown one is the known one (a lower bound).
    #[must_use]
    pub fn plus(self, other: Usage) -> Usage {
        let add = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
        };
        Usage {
            micro_usd: add(self.micro_usd, other.micro_usd),
            tokens: add(self.tokens, other.tokens),
            turns: add(self.turns, other.turns),
            wall: Span::from_millis(self.wall.as_millis().saturating_add(other.wall.as_millis())),
            kinds: self.kinds.plus(other.kinds),
            tokens_estimated: self.tokens_estimated | other.tokens_estimated,
            usd_estimated: self.usd_estimated | other.usd_estimated,
        }
    }

    /// With figures that were told later: none falls, and none that is known becomes unknown.
    #[must_use]
    pub fn at_least(self, told: Usage) -> Usage {
        let newer = |is_known: bool, told: bool, before: bool| if is_known { told } else { before };
        Usage {
            micro_usd: self.micro_usd.max(told.micro_usd),
            tokens: self.tokens.max(told.tokens),
            turns: self.turns.max(told.turns),
            wall: self.wall.max(told.wall),
            kinds: self.kinds.max(told.kinds),
            tokens_estimated: newer(told.tokens.is_some(), told.tokens_estimated, self.tokens_estimated),
            usd_estimated: newer(told.micro_usd.is_some(), told.usd_estimated, self.usd_estimated),
        }
    }

    /// What came on top of `earlier`; a figure that has not grown is left out.
    #[must_use]
    pub fn since(self, earlier: Usage) -> Usage {
        let grown = |now: Option<u64>, then: Option<u64>| {
            now.map(|n| n.saturating_sub(then.unwrap_or(0))).filter(|n| *n > 0)
        };
        Usage {
            micro_usd: grown(self.micro_usd, earlier.micro_usd),
            tokens: grown(self.tokens, earlier.tokens),
            turns: grown(self.turns, earlier.turns),
            wall: Span::from_millis(self.wall.as_millis().saturating_sub(earlier.wall.as_millis())),
            kinds: self.kinds.since(earlier.kinds),
            ..self
        }
    }

    /// Some of its figures are estimated.
    pub fn is_estimated(&self) -> bool {
        self.tokens_estimated || self.usd_estimated
    }

    /// The money in words, `~` before an estimate; `None` is unknown.
    pub fn cost(&self) -> Option<String> {
        self.micro_usd.map(|micro| format!("{}{}", about(self.usd_estimated), usd(micro)))
    }

    /// The tokens in words, `~` before an estimate; `None` is unknown.
    pub fn tokens(&self) -> Option<String> {
        self.tokens.map(|n| format!("{}{n}", about(self.tokens_estimated)))
    }
}

fn about(estimated: bool) -> &'static str {
    if estimated { "~" } else { "" }
}

/// Ceilings over all attempts since submit or redrive. `None` is no ceiling.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Budget {
    /// Money in millionths of a US dollar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub micro_usd: Option<u64>,
    /// Tokens in and out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<u64>,
    /// Wall time of engines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wall: Option<Span>,
}

impl Usual for Usage {
    fn usual() -> &'static Usage {
        static USUAL: LazyLock<Usage> = LazyLock::new(Usage::default);
        &USUAL
    }
}

impl Usual for Budget {
    fn usual() -> &'static Budget {
        static USUAL: LazyLock<Budget> = LazyLock::new(Budget::default);
        &USUAL
    }
}

impl Budget {
    /// No ceiling at all.
    pub fn is_open(&self) -> bool {
        *self == Budget::default()
    }

    /// Reads `usd=8, turns=50`: tokens and wall as well, joined by commas.
    ///
    /// # Errors
    /// The part that cannot be read.
    pub fn parse(text: &str) -> Result<Budget, String> {
        let mut budget = Budget::default();
        for part in text.split(',').map(str::trim) {
            budget.take(part).ok_or(part)?;
        }
        Ok(budget)
    }

    fn take(&mut self, part: &str) -> Option<()> {
        let (name, value) = part.split_once('=')?;
        let value = value.trim();
        match name.trim() {
            "usd" => self.micro_usd = Some(parse_usd(value)?),
            "tokens" => self.tokens = Some(value.parse().ok()?),
            "turns" => self.turns = Some(value.parse().ok()?),
            "wall" => self.wall = Some(value.parse().ok()?),
            _ => return None,
        }
        Some(())
    }

    /// Twice of each ceiling that `used` has reached, or of it where that is more; and of `which`, if that is none
    /// of them. As [`Budget::parse`] reads it.
    pub fn doubled(&self, used: &Usage, which: &str) -> String {
        let is = |name: &str, at: Option<u64>, used: Option<u64>| {
            let at = at.filter(|at| name == which || used.is_some_and(|used| used >= *at))?;
            Some(at.max(used.unwrap_or(0)).saturating_mul(2))
        };
        let cents = |micro: u64| usd(micro.div_ceil(10_000) * 10_000).replace(['$', ','], "");
        let usd = is("usd", self.micro_usd, used.micro_usd).map(|micro| format!("usd={}", cents(micro)));
        let tokens = is("tokens", self.tokens, used.tokens).map(|n| format!("tokens={n}"));
        let turns = is("turns", self.turns, used.turns).map(|n| format!("turns={n}"));
        let wall = is("wall", self.wall.map(Span::as_secs), Some(used.wall.as_secs()));
        let wall = wall.map(|secs| format!("wall={secs}s"));
        [usd, tokens, turns, wall].into_iter().flatten().collect::<Vec<_>>().join(",")
    }

    /// The first ceiling there is, by name.
    pub fn first(&self) -> Option<&'static str> {
        let all = Usage {
            micro_usd: Some(u64::MAX),
            tokens: Some(u64::MAX),
            turns: Some(u64::MAX),
            wall: Span::from_millis(u64::MAX),
            ..Usage::default()
        };
        self.reached(&all)
    }

    /// The first ceiling that `used` has reached, by name.
    pub fn reached(&self, used: &Usage) -> Option<&'static str> {
        let over =
            |ceiling: Option<u64>, used: Option<u64>| matches!((ceiling, used), (Some(c), Some(u)) if u >= c);
        if over(self.micro_usd, used.micro_usd) {
            Some("usd")
        } else if over(self.tokens, used.tokens) {
            Some("tokens")
        } else if over(self.turns, used.turns) {
            Some("turns")
        } else if self.wall.is_some_and(|ceiling| used.wall >= ceiling) {
            Some("wall")
        } else {
            None
        }
    }

    /// The first ceiling that a run which has used this has to be stopped for, by name.
    pub fn crossed(&self, used: &Usage) -> Option<&'static str> {
        // All the turns that are allowed may be had: the last of them may end the work. One more is too many.
        Budget { turns: self.turns.map(|most| most.saturating_add(1)), ..*self }.reached(used)
    }

    /// How far the ceiling of this name is used up, `turns 3 of 3`; `None` where there is none.
    pub fn used_of(&self, which: &str, used: &Usage) -> Option<String> {
        let (used, most) = match which {
            "usd" => (used.cost(), usd(self.micro_usd?)),
            "tokens" => (used.tokens(), self.tokens?.to_string()),
            // The turn that was one too many was cut off.
            "turns" => {
                let most = self.turns?;
                (used.turns.map(|used| used.min(most).to_string()), most.to_string())
            }
            "wall" => (Some(used.wall.to_string()), self.wall?.to_string()),
            _ => return None,
        };
        Some(format!("{which} {} of {most}", used.as_deref().unwrap_or(&most)))
    }

    /// These ceilings with those of `raised` put over them.
    #[must_use]
    pub fn raised_by(self, raised: &Budget) -> Budget {
        Budget {
            micro_usd: raised.micro_usd.or(self.micro_usd),
            tokens: raised.tokens.or(self.tokens),
            turns: raised.turns.or(self.turns),
            wall: raised.wall.or(self.wall),
        }
    }
}

/// Reads an amount of dollars such as `1.50` into millionths, without going through floats.
pub fn parse_usd(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || part.len() > 6 || !format!("{whole}{part}").bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part: u64 = format!("{part:0<6}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(part)
}

/// Writes millionths of a dollar as `$1.50`, with more digits only where cents do not tell it.
pub fn usd(micro: u64) -> String {
    match micro % 1_000_000 {
        part if part % 10_000 == 0 => format!("${}.{:02}", micro / 1_000_000, part / 10_000),
        part => format!("${}.{:06}", micro / 1_000_000, part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_read_and_print() {
        let check = |text: &str, micro: Option<u64>| assert_eq!(parse_usd(text), micro, "{text}");
        check("1.50", Some(1_500_000));
        check("8", Some(8_000_000));
        check("0.000001", Some(1));
        check("0.0000001", None);
        check("-1", None);
        check(".5", None);
        check("1e3", None);
        assert_eq!((usd(1_500_000), usd(1)), ("$1.50".to_string(), "$0.000001".to_string()));
    }

    #[test]
    fn ceilings_that_are_used_up_are_doubled_and_read_back() {
        let budget = Budget::parse("usd=1, tokens=900,turns=3,wall=10m").expect("reads");
        let used = Usage {
            micro_usd: Some(1_250_000),
            turns: Some(2),
            wall: Span::from_mins(10),
            ..Usage::default()
        };
        assert_eq!(budget.doubled(&used, "usd"), "usd=2.50,wall=1200s");
        assert_eq!(budget.doubled(&Usage::default(), "tokens"), "tokens=1800");
        let more = Budget::parse(&budget.doubled(&used, "usd")).expect("reads");
        assert_eq!(budget.raised_by(&more).reached(&used), None);
        assert_eq!(Budget::parse("usd=1,euro=2"), Err("euro=2".to_string()));
    }

    #[test]
    fn ceilings_are_reached_crossed_and_told() {
        let budget = Budget {
            micro_usd: Some(2_000_000),
            tokens: Some(10),
            turns: Some(3),
            wall: Some(Span::from_secs(5)),
        };
        let check = |used: Usage, reached: &str, crossed: &str, told: &str| {
            let which = budget.reached(&used).unwrap_or_default();
            let words = budget.used_of(which, &used).unwrap_or_default();
            assert_eq!((which, budget.crossed(&used).unwrap_or_default(), &*words), (reached, crossed, told));
        };
        let none = Usage::default();
        check(none, "", "", "");
        check(Usage { micro_usd: Some(2_500_000), ..none }, "usd", "usd", "usd $2.50 of $2.00");
        check(
            Usage { tokens: Some(10), tokens_estimated: true, ..none },
            "tokens",
            "tokens",
            "tokens ~10 of 10",
        );
        check(Usage { turns: Some(2), ..none }, "", "", "");
        check(Usage { turns: Some(3), ..none }, "turns", "", "turns 3 of 3");
        check(Usage { turns: Some(4), ..none }, "turns", "turns", "turns 3 of 3");
        check(Usage { wall: Span::from_secs(6), ..none }, "wall", "wall", "wall 6s of 5s");
        assert_eq!(budget.used_of("turns", &none).as_deref(), Some("turns 3 of 3"));
        assert_eq!(Budget::default().used_of("turns", &none), None);
    }

    #[test]
    fn estimates_are_marked() {
        let check = |usage: Usage, cost: Option<&str>, tokens: Option<&str>| {
            let said = (usage.cost(), usage.tokens());
            assert_eq!((said.0.as_deref(), said.1.as_deref()), (cost, tokens));
        };
        let exact = Usage { micro_usd: Some(250_000), tokens: Some(10), ..Usage::default() };
        let priced = Usage { usd_estimated: true, ..exact };
        check(Usage::default(), None, None);
        check(exact, Some("$0.25"), Some("10"));
        check(priced, Some("~$0.25"), Some("10"));
        check(exact.plus(priced), Some("~$0.50"), Some("20"));
        let text = serde_json::to_string(&exact).expect("plain data");
        assert_eq!(text, r#"{"micro_usd":250000,"tokens":10}"#);
    }

    #[test]
    fn unknown_is_not_zero() {
        let none = Usage::default();
        assert_eq!(none.plus(none).tokens, None);
        assert_eq!(none.plus(Usage { tokens: Some(3), ..none }).tokens, Some(3));
        let ceiling = Budget { tokens: Some(0), ..Budget::default() };
        assert_eq!(ceiling.reached(&none), None);
    }
}
