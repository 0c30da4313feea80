//! What vendors write where they give no code: one versioned table of texts.
//!
//! A rule is asked only about text that the engine itself framed as its own error. What a model says, and
//! what a tool prints, may quote any of these words and is never looked at.

use crate::job::Outcome;

/// Rises with every change of [`RULES`], so that a judgement can be traced to the texts it rests on.
pub const RULES_VERSION: u32 = 2;

/// What framed a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Frame {
    /// A field of an event that says it is an error.
    Error,
    /// A line of standard error.
    Stderr,
    /// A line of text before the first event.
    Startup,
    /// The beginning of a line of a program that speaks in text alone.
    Line,
}

/// One text and what it means.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The dialect it belongs to.
    pub dialect: &'static str,
    /// The version of the program that it was read from.
    pub version: &'static str,
    /// Where it has to stand.
    pub frame: Frame,
    /// In lower case; how contractions are spelled has changed before, so none is in here.
    pub text: &'static str,
    /// The class.
    pub class: Outcome,
}

const fn rule(
    dialect: &'static str,
    version: &'static str,
    frame: Frame,
    text: &'static str,
    class: Outcome,
) -> Rule {
    Rule { dialect, version, frame, text, class }
}

/// Every text; the first that fits counts.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    rule("claude", "2.1.197", Frame::Error, "hit your", Outcome::Limit),
    rule("claude", "2.1.197", Frame::Error, "request rejected (429)", Outcome::Limit),
    rule("claude", "2.1.197", Frame::Error, "no conversation found with session id", Outcome::Crash),
    rule("claude", "2.1.197", Frame::Error, "not logged in", Outcome::Auth),
    rule("claude", "2.1.197", Frame::Error, "please run /login", Outcome::Auth),
    rule("claude", "2.1.197", Frame::Error, "invalid api key", Outcome::Auth),
    rule("claude", "2.1.197", Frame::Error, "credit balance is too low", Outcome::Auth),
    rule("claude", "2.1.197", Frame::Error, "repeated 529", Outcome::Overloaded),
    rule("claude", "2.1.197", Frame::Error, "overloaded", Outcome::Overloaded),
    rule("claude", "2.1.197", Frame::Error, "issue with the selected model", Outcome::Config),
    rule("claude", "2.1.197", Frame::Startup, "not logged in", Outcome::Auth),
    rule("claude", "2.1.197", Frame::Startup, "invalid api key", Outcome::Auth),
    rule("codex", "0.169.0", Frame::Error, "hit your usage limit", Outcome::Limit),
    rule("codex", "0.169.0", Frame::Error, "usage limit has been reached", Outcome::Limit),
    rule("codex", "0.169.0", Frame::Error, "429 too many requests", Outcome::Limit),
    rule("codex", "0.169.0", Frame::Error, "quota exceeded", Outcome::Limit),
    rule("codex", "0.169.0", Frame::Error, "missing environment variable:", Outcome::Auth),
    rule("codex", "0.169.0", Frame::Error, "401 unauthorized", Outcome::Auth),
    rule("codex", "0.169.0", Frame::Error, "403 forbidden", Outcome::Auth),
    rule("codex", "0.169.0", Frame::Error, "refresh token has expired", Outcome::Auth),
    rule("codex", "0.169.0", Frame::Error, "is not supported when using codex with a chatgpt account", Outcome::Config),
    rule("codex", "0.169.0", Frame::Error, "status 529", Outcome::Overloaded),
    rule("codex", "0.169.0", Frame::Error, "last status: 5", Outcome::Overloaded),
    rule("codex", "0.169.0", Frame::Error, "selected model is at capacity", Outcome::Overloaded),
    rule("codex", "0.169.0", Frame::Error, "high demand", Outcome::Overloaded),
    rule("codex", "0.169.0", Frame::Error, "stream disconnected before completion", Outcome::Overloaded),
    rule("codex", "0.169.0", Frame::Stderr, "missing bearer or basic authentication in header", Outcome::Auth),
    rule("codex", "0.169.0", Frame::Stderr, "refresh token has expired", Outcome::Auth),
    rule("codex", "0.169.0", Frame::Stderr, "no rollout found for thread id", Outcome::Crash),
    rule("codex", "0.169.0", Frame::Stderr, "not inside a trusted directory", Outcome::Config),
    rule("codex", "0.169.0", Frame::Stderr, "error loading config.toml", Outcome::Config),
    rule("gemini", "0.1", Frame::Error, "resource_exhausted", Outcome::Limit),
    rule("gemini", "0.1", Frame::Error, "exceeded your current quota", Outcome::Limit),
    rule("gemini", "0.1", Frame::Stderr, "resource_exhausted", Outcome::Limit),
    rule("gemini", "0.1", Frame::Stderr, "exceeded your current quota", Outcome::Limit),
    rule("opencode", "1.14", Frame::Error, "model not found", Outcome::Config),
    rule("opencode", "1.14", Frame::Error, "rate limit", Outcome::Limit),
    rule("opencode", "1.14", Frame::Error, "overloaded", Outcome::Overloaded),
    rule("copilot", "1.0.13", Frame::Error, "hit a rate limit", Outcome::Limit),
    rule("copilot", "1.0.13", Frame::Error, "rate_limited", Outcome::Limit),
    rule("copilot", "1.0.13", Frame::Error, "402 you have no quota", Outcome::Limit),
    rule("copilot", "1.0.13", Frame::Error, "quota_exceeded", Outcome::Limit),
    rule("copilot", "1.0.13", Frame::Stderr, "hit a rate limit", Outcome::Limit),
    rule("copilot", "1.0.13", Frame::Stderr, "rate_limited", Outcome::Limit),
    rule("copilot", "1.0.13", Frame::Stderr, "402 you have no quota", Outcome::Limit),
    rule("copilot", "1.0.13", Frame::Stderr, "quota_exceeded", Outcome::Limit),
    rule("aider", "0.86.2", Frame::Line, "litellm.ratelimiterror", Outcome::Limit),
    rule("aider", "0.86.2", Frame::Line, "litellm.authenticationerror", Outcome::Auth),
    rule("aider", "0.86.2", Frame::Line, "litellm.internalservererror", Outcome::Overloaded),
    rule("aider", "0.86.2", Frame::Line, "connection error", Outcome::Overloaded),
];

/// What a text so framed means, if a rule knows it.
pub(super) fn class_of(dialect: &str, frame: Frame, text: &str) -> Option<Outcome> {
    let lower = text.trim_start().to_lowercase();
    let fits = |rule: &&Rule| match rule.frame {
        Frame::Line => lower.starts_with(rule.text),
        Frame::Error | Frame::Stderr | Frame::Startup => lower.contains(rule.text),
    };
    let own = RULES.iter().filter(|rule| rule.dialect == dialect && rule.frame == frame);
    own.into_iter().find(fits).map(|rule| rule.class)
}

#[cfg(test)]
mod tests {
    use super::super::table::dialect;
    use super::*;

    #[test]
    fn every_rule_can_be_reached_and_belongs_to_a_dialect() {
        for rule in RULES {
            assert!(dialect(rule.dialect).is_some(), "{rule:?}");
            assert_eq!(rule.text, rule.text.to_lowercase(), "{rule:?}");
            assert!(!rule.text.contains(['\'', '\u{2019}']), "{rule:?}: contractions change");
            assert_eq!(class_of(rule.dialect, rule.frame, rule.text), Some(rule.class), "{rule:?} is hidden");
        }
    }

    #[test]
    fn a_rule_holds_in_its_frame_alone() {
        let limit = "You\u{2019}ve hit your usage limit.";
        assert_eq!(class_of("codex", Frame::Error, limit), Some(Outcome::Limit));
        assert_eq!(class_of("codex", Frame::Stderr, limit), None);
        assert_eq!(class_of("gemini", Frame::Error, limit), None);
        assert_eq!(class_of("aider", Frame::Line, "I saw litellm.RateLimitError"), None);
    }
}
