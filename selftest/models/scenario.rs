//! What the model does, as text: one step a line.
//!
//! A step is something the model says or asks for, or a hurdle that stands before the next one:
//!
//! ```text
//! say Done.                    the last message of a turn; `\n` is the end of a line
//! bash echo hi > a.txt         a command for the engine's shell tool
//! write a.txt hello            a file of one line, by the engine's own tool for files
//! fail 529 x2                  that status, twice
//! limit 4102444800             a usage window that is used up until then (Unix seconds); `Models::lift` opens it
//! slow 2s                      the next answer comes late
//! hang                         the stream opens and stays silent for ever
//! drop                         the stream breaks in the middle
//! window 0.91 4102444800       from here on each answer says how much of the window is used, and its reset
//! usage in 1200 cached 300 out 50    from here on each answer costs that much
//! ```

use std::time::Duration;

/// Tokens that one answer is said to cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tokens {
    /// Read, without `cached`.
    pub input: u64,
    /// Read from a cache.
    pub cached: u64,
    /// Written.
    pub output: u64,
}

/// What an account's usage window is said to be.
#[derive(Clone, PartialEq, Debug)]
pub struct Window {
    /// Share used, as text: headers carry it as it is.
    pub used: String,
    /// Unix seconds.
    pub resets: u64,
}

/// A tool that the model asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wish {
    /// A command for the shell.
    Bash(String),
    /// A file and its one line.
    Write(String, String),
}

/// One line of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// The last message of a turn.
    Say(String),
    /// A tool call.
    Call(Wish),
    /// So many refusals with this status.
    Fail(u16, u32),
    /// The account's window is used up until then.
    Limit(u64),
    /// A late answer.
    Slow(Duration),
    /// A stream without an end.
    Hang,
    /// A stream that breaks.
    Drop,
    /// What the account's window is said to be from here on.
    Window(Window),
    /// What an answer costs from here on.
    Usage(Tokens),
}

/// Reads a scenario.
///
/// # Panics
/// A line is no step: a mistake of the test.
pub fn steps(text: &str) -> Vec<Step> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| step(line).unwrap_or_else(|| panic!("no step: {line}"))).collect()
}

fn step(line: &str) -> Option<Step> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let words: Vec<&str> = rest.split(' ').collect();
    Some(match (word, words.as_slice()) {
        ("say", _) => Step::Say(rest.replace("\\n", "\n")),
        ("bash", _) => Step::Call(Wish::Bash(rest.to_string())),
        ("write", [path, text @ ..]) => Step::Call(Wish::Write((*path).to_string(), text.join(" "))),
        ("fail", [status]) => Step::Fail(status.parse().ok()?, 1),
        ("fail", [status, times]) => Step::Fail(status.parse().ok()?, times.strip_prefix('x')?.parse().ok()?),
        ("limit", [until]) => Step::Limit(until.parse().ok()?),
        ("slow", [span]) => Step::Slow(Duration::from_secs(span.strip_suffix('s')?.parse().ok()?)),
        ("hang", [""]) => Step::Hang,
        ("drop", [""]) => Step::Drop,
        ("window", [used, resets]) => {
            Step::Window(Window { used: (*used).to_string(), resets: resets.parse().ok()? })
        }
        ("usage", ["in", input, "cached", cached, "out", output]) => Step::Usage(Tokens {
            input: input.parse().ok()?,
            cached: cached.parse().ok()?,
            output: output.parse().ok()?,
        }),
        _ => return None,
    })
}
