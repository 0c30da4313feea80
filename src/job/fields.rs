//! Fields with a form of their own: budget, retry, review, ship, autoship, sandbox.

use super::manifest::Sandbox;
use super::outcome::{OUTCOMES, Outcome};
use super::problem::At;
use super::reader::{LIST_MAX, Reader, Row, Words, row};
use super::spec::{Autoship, Backoff, EngineReviewer, Retry, ReviewRule, ShipKind};
use super::tree::{Node, Value};
use super::usage::Budget;

/// Retries a manifest may ask for; what fails a hundred times is not going to pass.
const RETRY_MAX: u64 = 100;
/// Approvals a manifest may ask for; a team is not larger.
const APPROVALS_MAX: u64 = 20;
/// Titles stand in tables and branch names; longer ones say nothing more.
pub(super) const TITLE_MAX: usize = 200;

#[rustfmt::skip]
static BUDGET: &[Row<Budget>] = &[
    row("usd", "dollars", "–", "money", |r, n, b| b.micro_usd = r.usd(n)),
    row("tokens", "number", "–", "tokens in and out", |r, n, b| b.tokens = r.number(n, 1, u64::MAX)),
    row("wall", "duration", "–", "wall time of engines", |r, n, b| b.wall = r.span(n)),
    row("turns", "number", "–", "turns of an agentic engine", |r, n, b| b.turns = r.number(n, 1, u64::MAX)),
];

#[rustfmt::skip]
static RETRY: &[Row<Retry>] = &[
    row("max", "number", "2", "attempts after the first", |r, n, t| if let Some(max) = r.number(n, 0, RETRY_MAX) { t.max = u32::try_from(max).unwrap_or(u32::MAX) }),
    row("backoff", "exp, or a duration", "exp", "pause before each", |r, n, t| if let Some(backoff) = r.backoff(n) { t.backoff = backoff }),
    row("on", "list of outcomes", "crash, stalled", "what is retried", |r, n, t| if let Some(on) = r.list(n, LIST_MAX, Reader::retry_word) { t.on = on }),
];

#[rustfmt::skip]
static REVIEW: &[Row<ReviewRule>] = &[
    row("approvals", "number", "1", "approvals needed", |r, n, v| if let Some(some) = r.number(n, 1, APPROVALS_MAX) { v.approvals = u32::try_from(some).unwrap_or(u32::MAX) }),
    row("reviewers", "list of names, `profile:NAME`, `engine:NAME`", "anybody", "who is asked: people, or an engine that did not do the work, with that profile or of that name; an engine's yes counts once `check` (else the job's `verify`) has passed on the very commit", |r, n, v| v.reviewers = r.reviewers(n).unwrap_or_default()),
    row("check", "command", "–", "what a decision must rest on; aq runs it on the commit that an engine reviews", |r, n, v| v.check = r.command(n).filter(|c| !c.is_empty())),
    row("four-eyes", "true, false", "false", "the submitter may not approve", |r, n, v| v.four_eyes = r.flag(n).unwrap_or_default()),
];

/// The words of the fields inside a field: of `budget`, `retry`, `review`; none for any other.
pub fn nested_fields(field: &str) -> Vec<Words> {
    match field {
        "budget" => BUDGET.iter().map(|row| row.words).collect(),
        "retry" => RETRY.iter().map(|row| row.words).collect(),
        "review" => REVIEW.iter().map(|row| row.words).collect(),
        _ => Vec::new(),
    }
}

/// What shipping may do.
const SHIPS: [(&str, ShipKind); 3] = [
    (ShipKind::Branch.name(), ShipKind::Branch),
    (ShipKind::Merge.name(), ShipKind::Merge),
    (ShipKind::Pr.name(), ShipKind::Pr),
];

/// Tiers of isolation; `None` is one that is not built.
const TIERS: [(&str, Option<Sandbox>); 3] = [("none", Some(Sandbox::None)), ("fs", None), ("hermetic", None)];

impl Reader<'_> {
    pub(super) fn title(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node)?;
        let len = text.chars().count();
        if len > TITLE_MAX {
            self.advise(
                node.at,
                format!("{len} characters; a title has at most {TITLE_MAX}"),
                "say more in the body",
            );
            return None;
        }
        Some(text)
    }

    pub(super) fn budget(&mut self, node: &Node) -> Option<Budget> {
        let mut budget = Budget::default();
        self.map(node, BUDGET, &mut budget).map(|()| budget)
    }

    pub(super) fn retry(&mut self, node: &Node) -> Option<Retry> {
        let mut retry = Retry::default();
        self.map(node, RETRY, &mut retry).map(|()| retry)
    }

    fn backoff(&mut self, node: &Node) -> Option<Backoff> {
        let text = self.text(node)?;
        if text == "exp" {
            return Some(Backoff::Exp);
        }
        match text.parse() {
            Ok(backoff) => Some(backoff),
            Err(_) => {
                let hint = "write exp (30 s doubling, at most 1 h), or a pause such as 30s or 500ms";
                self.advise(node.at, format!("not a backoff: {text:?}"), hint);
                None
            }
        }
    }

    fn retry_word(&mut self, node: &Node) -> Option<Outcome> {
        let text = self.text(node)?;
        let words: Vec<&str> = OUTCOMES.iter().filter(|row| row.0.is_retry_word()).map(|row| row.1).collect();
        match Outcome::parse(&text) {
            Some(outcome) if outcome.is_retry_word() => Some(outcome),
            Some(Outcome::Overloaded | Outcome::Limit) => {
                self.advise(
                    node.at,
                    format!("{text:?} needs no word here"),
                    "it is retried anyway and never counts",
                );
                None
            }
            _ => {
                self.not_in(node, "outcome that can be retried", &text, &words);
                None
            }
        }
    }

    pub(super) fn review(&mut self, node: &Node) -> Option<ReviewRule> {
        if let Value::Map(_) = node.value {
            let mut rule = ReviewRule { approvals: 1, ..ReviewRule::default() };
            self.map(node, REVIEW, &mut rule)?;
            self.check_reviewers(node.at, &rule);
            return Some(rule);
        }
        let words = [("auto", 0), ("manual", 1)];
        self.word(node, &words).map(|approvals| ReviewRule { approvals, ..ReviewRule::default() })
    }

    pub(super) fn reviewer(&mut self, node: &Node) -> Option<String> {
        let entry = self.named(node, "the name of a person")?;
        let Some(asked) = EngineReviewer::of(&entry) else { return Some(entry) };
        let (what, name) = match asked.engine {
            // It runs a script; there is nothing in it that could read a change.
            Some("shell") => {
                self.advise(node.at, "shell reads no change", "name an engine with a model, or profile:NAME");
                return None;
            }
            Some(engine) => ("engine", engine),
            None => ("profile", asked.profile),
        };
        let of: fn(&super::reader::Known) -> &Vec<String> =
            if what == "engine" { |known| &known.engines } else { |known| &known.profiles };
        self.exists(node, what, name.to_string(), of).map(|_| entry.clone())
    }

    fn check_reviewers(&mut self, at: At, rule: &ReviewRule) {
        let named = rule.reviewers.len();
        // Where no person is named anybody may decide beside the engines.
        if rule.people().next().is_some() && named < rule.approvals as usize {
            let message = format!("{} approvals of {named} reviewers can never be reached", rule.approvals);
            self.advise(at.long(1), message, "name more reviewers or ask for fewer approvals");
        }
    }

    pub(super) fn ship(&mut self, node: &Node) -> Option<ShipKind> {
        self.word(node, &SHIPS)
    }

    pub(super) fn autoship(&mut self, node: &Node) -> Option<Autoship> {
        let text = self.text(node)?;
        match (text.as_str(), text.parse()) {
            ("never", _) => Some(Autoship::Never),
            ("verified", _) => Some(Autoship::Verified),
            (_, Ok(delay)) => Some(Autoship::After(delay)),
            _ => {
                self.advise(
                    node.at,
                    format!("not a rule: {text:?}"),
                    "write never, verified, or a delay such as 30m",
                );
                None
            }
        }
    }

    pub(super) fn sandbox(&mut self, node: &Node) -> Option<Sandbox> {
        self.built_word(node, &TIERS, "; a weaker tier is never taken silently")
    }

    /// One of a few words, some of which this version cannot do yet; `but` ends the advice against those.
    fn built_word<T: Copy>(
        &mut self,
        node: &Node,
        words: &[(&'static str, Option<T>)],
        but: &str,
    ) -> Option<T> {
        let built: Vec<(&str, T)> = words.iter().filter_map(|(word, is)| Some((*word, (*is)?))).collect();
        let text = self.text(node)?;
        if words.iter().any(|(word, is)| is.is_none() && *word == text) {
            let lawful: Vec<&str> = built.iter().map(|pair| pair.0).collect();
            let hint = format!("write {}{but}", lawful.join(" or "));
            self.advise(node.at, format!("{text} is not in this version"), hint);
            return None;
        }
        self.word(node, &built)
    }
}
