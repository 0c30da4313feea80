//! How far a scenario has been played, over all requests, conversations and engines.

use std::time::Duration;

use super::scenario::{Step, Tokens, Window, Wish, steps};

/// What an answer is said to cost where the scenario says nothing.
const TOKENS: Tokens = Tokens { input: 1200, cached: 300, output: 50 };

/// What the model does about one request.
#[derive(Clone, PartialEq, Debug)]
pub struct Turn {
    /// So late.
    pub late: Duration,
    /// What it does.
    pub deed: Deed,
    /// What it costs.
    pub tokens: Tokens,
    /// What it tells of the account's window.
    pub window: Option<Window>,
}

/// What a turn is.
#[derive(Clone, PartialEq, Debug)]
pub enum Deed {
    /// A message.
    Say(String),
    /// A tool call by its id.
    Call(String, Wish),
    /// A refusal with this status.
    Fail(u16),
    /// A refusal because of the account's window, which resets then.
    Limit(u64),
    /// A stream without an end.
    Hang,
    /// A stream that breaks.
    Drop,
}

/// A scenario under way.
///
/// A call stays the next step until a request brings its result: an engine that was killed in the middle, or
/// asks again, gets the same call, and another engine that takes the work up goes on from there. Everything else
/// is over once it was answered.
pub struct Play {
    steps: Vec<Step>,
    at: usize,
    /// Refusals given by the step at hand.
    failed: u32,
    tokens: Tokens,
    window: Option<Window>,
}

impl Play {
    /// A scenario at its beginning.
    pub fn new(scenario: &str) -> Play {
        Play { steps: steps(scenario), at: 0, failed: 0, tokens: TOKENS, window: None }
    }

    /// What the model does about a request that brings the results of these calls.
    pub fn next(&mut self, told: &[String]) -> Turn {
        let mut late = Duration::ZERO;
        let deed = loop {
            let Some(step) = self.steps.get(self.at).cloned() else { break Deed::Say("Done.".to_string()) };
            match step {
                Step::Call(wish) => {
                    let id = format!("call_{}", self.at);
                    if !told.contains(&id) {
                        break Deed::Call(id, wish);
                    }
                }
                Step::Fail(status, times) if self.failed < times => {
                    self.failed += 1;
                    break Deed::Fail(status);
                }
                Step::Fail(..) => self.failed = 0,
                Step::Limit(until) => break Deed::Limit(until),
                Step::Slow(span) => late += span,
                Step::Window(window) => self.window = Some(window),
                Step::Usage(tokens) => self.tokens = tokens,
                Step::Say(_) | Step::Hang | Step::Drop => {
                    self.at += 1;
                    break match step {
                        Step::Say(text) => Deed::Say(text),
                        Step::Hang => Deed::Hang,
                        _ => Deed::Drop,
                    };
                }
            }
            self.at += 1;
        };
        Turn { late, deed, tokens: self.tokens, window: self.window.clone() }
    }

    /// Opens the window that the scenario stands before, if it does.
    pub fn lift(&mut self) {
        if matches!(self.steps.get(self.at), Some(Step::Limit(_))) {
            self.at += 1;
        }
    }

    /// Whether the step played last is a stream without an end.
    pub fn is_silent(&self) -> bool {
        self.at > 0 && self.steps.get(self.at - 1) == Some(&Step::Hang)
    }

    /// Whether every step was played.
    pub fn is_over(&self) -> bool {
        self.at >= self.steps.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One request a line: the results it brings; then what the model does.
    fn check(scenario: &str, expected: &str) {
        let mut play = Play::new(scenario);
        for line in expected.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (told, deed) = line.split_once(" -> ").expect("a request and a deed");
            if told == "lift" {
                play.lift();
                assert_eq!(play.is_over().to_string(), deed, "{line}");
                continue;
            }
            let told: Vec<String> = told.split(' ').map(str::to_string).collect();
            let turn = play.next(&told);
            assert_eq!(format!("{:?} {:?}", turn.late.as_secs(), turn.deed), deed, "{line}");
        }
    }

    #[test]
    fn a_call_is_asked_for_until_its_result_comes() {
        check(
            "bash ls\nsay Well.",
            r#"- -> 0 Call("call_0", Bash("ls"))
               - -> 0 Call("call_0", Bash("ls"))
               call_0 -> 0 Say("Well.")
               call_0 -> 0 Say("Done.")"#,
        );
    }

    #[test]
    fn hurdles_are_over_once_they_were_met() {
        check(
            "fail 529 x2\nslow 3s\nhang\ndrop\nwrite a b c",
            r#"- -> 0 Fail(529)
               - -> 0 Fail(529)
               - -> 3 Hang
               - -> 0 Drop
               - -> 0 Call("call_4", Write("a", "b c"))"#,
        );
        check(
            "limit 5\nsay x",
            "- -> 0 Limit(5)\n- -> 0 Limit(5)\nlift -> false\n- -> 0 Say(\"x\")\nlift -> true",
        );
    }
}
