//! What is said when a verb does not do what was asked: what happened, why, what to do next.

use serde_json::{Map, Value, json};

use super::exit::Exit;
use super::paint::without_controls;
use crate::fleet::{Code, Refusal};
use crate::git::GitError;
use crate::store::{Fault, FaultKind};

/// The sort of no; its word is the `code` of the JSON line where no better one is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The command line cannot be understood, or asks for what this version has not.
    Usage,
    /// Nothing has that name.
    NotFound,
    /// The law says no.
    Refusal(Code),
    /// The world failed.
    Fault(FaultKind),
    /// Git says no, and nothing was changed.
    Git,
    /// For people and agents alone, and asked by a run.
    Inside,
    /// Whoever read the output went away: nothing is said and nothing is wrong.
    Unread,
}

/// An end without the thing asked for.
#[derive(Clone, PartialEq, Debug)]
pub struct CliError {
    /// Its sort.
    pub kind: Kind,
    /// How the program ends.
    pub exit: Exit,
    /// What happened, one sentence without a final stop.
    pub what: String,
    /// Why, a line each.
    pub why: Vec<String>,
    /// What to do next, a line each; the last one matters most.
    pub next: Vec<String>,
    /// More for `--json`, such as candidates, stage, epoch.
    pub fields: Map<String, Value>,
}

impl CliError {
    fn new(kind: Kind, exit: Exit, what: impl Into<String>) -> CliError {
        CliError { kind, exit, what: what.into(), why: Vec::new(), next: Vec::new(), fields: Map::new() }
    }

    /// The command line is wrong: exit 2.
    pub fn usage(what: impl Into<String>) -> CliError {
        CliError::new(Kind::Usage, Exit::Usage, what)
    }

    /// No such thing: exit 3.
    pub fn not_found(what: impl Into<String>) -> CliError {
        CliError::new(Kind::NotFound, Exit::NotFound, what)
    }

    /// A failure of this machine that no room below has put into words: exit 1.
    pub fn io(doing: &str, on: &std::path::Path, source: &std::io::Error) -> CliError {
        CliError::from(Fault::io(doing, on, source))
    }

    /// A failed write to standard output. A reader that went away is no failure.
    pub fn output(source: &std::io::Error) -> CliError {
        if source.kind() == std::io::ErrorKind::BrokenPipe {
            return CliError::new(Kind::Unread, Exit::Done, "");
        }
        let fault = Fault::io("write to", std::path::Path::new("standard output"), source);
        CliError::from(fault).next("what was asked may have been done; look again")
    }

    /// Adds a line of why.
    #[must_use]
    pub fn why(mut self, line: impl Into<String>) -> CliError {
        self.why.push(line.into());
        self
    }

    /// Adds a line of what to do next.
    #[must_use]
    pub fn next(mut self, line: impl Into<String>) -> CliError {
        self.next.push(line.into());
        self
    }

    /// Adds a fact for `--json`.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> CliError {
        self.fields.insert(name.to_string(), value.into());
        self
    }

    /// The stable word of the JSON line.
    pub fn code(&self) -> &'static str {
        match self.kind {
            Kind::Usage => "usage",
            Kind::NotFound => "not_found",
            Kind::Refusal(code) => code.name(),
            Kind::Fault(FaultKind::Disk) => "disk",
            Kind::Fault(FaultKind::Full) => "disk_full",
            Kind::Fault(FaultKind::Corrupt) => "corrupt",
            Kind::Fault(FaultKind::Skew) => "skew",
            Kind::Fault(FaultKind::Place) => "place",
            Kind::Fault(FaultKind::Settings) => "settings",
            Kind::Fault(FaultKind::Gone) => "gone",
            Kind::Git => "git_refused",
            Kind::Inside => "inside_run",
            Kind::Unread => "unread",
        }
    }

    /// The text for people; empty when there is nothing to say.
    pub fn text(&self) -> String {
        if self.kind == Kind::Unread {
            return String::new();
        }
        let mut out = format!("error: {}\n", self.what);
        for line in self.why.iter().chain(&self.next).flat_map(|text| text.lines()) {
            out.push_str("  ");
            out.push_str(line);
            out.push('\n');
        }
        // Messages quote names and titles, which strangers wrote.
        out.split_inclusive('\n').map(|line| without_controls(line.trim_end_matches('\n')) + "\n").collect()
    }

    /// The line for programs.
    pub fn json(&self) -> String {
        let mut body = Map::new();
        body.insert("message".into(), json!(self.what));
        body.insert("why".into(), json!(self.why));
        body.insert("hint".into(), json!(self.next.last()));
        body.extend(self.fields.clone());
        let head =
            format!(r#"{{"v":1,"kind":"error","code":"{}","exit":{}"#, self.code(), self.exit.number());
        let rest = Value::Object(body).to_string();
        format!("{head},{}\n", rest.trim_start_matches('{'))
    }
}

impl From<Refusal> for CliError {
    fn from(refusal: Refusal) -> CliError {
        let exit = Exit::of_refusal(refusal.code);
        let mut error = CliError::new(Kind::Refusal(refusal.code), exit, refusal.message).next(refusal.hint);
        if let Some(stage) = refusal.stage {
            error = error.field("stage", stage.name());
        }
        if let Some(epoch) = refusal.epoch {
            error = error.field("epoch", epoch);
        }
        error
    }
}

impl From<Fault> for CliError {
    fn from(fault: Fault) -> CliError {
        let mut error = CliError::new(Kind::Fault(fault.kind), Exit::of_fault(&fault), fault.to_string());
        if fault.kind == FaultKind::Settings {
            // Its reason is a page of problems with carets.
            error.what = format!("cannot {} {}", fault.doing, fault.on);
            error = error.why(fault.why);
        }
        if !fault.hint.is_empty() {
            error = error.next(fault.hint);
        }
        error
    }
}

impl From<GitError> for CliError {
    fn from(error: GitError) -> CliError {
        match error {
            GitError::Refused(no) => CliError::new(Kind::Git, Exit::Refused, no.to_string()),
            GitError::Fault { operation, operand, source } => {
                let on = std::path::Path::new(&operand);
                CliError::from(Fault::new(
                    FaultKind::Disk,
                    operation,
                    on,
                    crate::job::plain_error(&source),
                    "",
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_why_and_next() {
        let error = CliError::usage("no verb lss").why("did you mean: ls").next("all verbs: aq help");
        assert_eq!(error.text(), "error: no verb lss\n  did you mean: ls\n  all verbs: aq help\n");
        let line = r#"{"v":1,"kind":"error","code":"usage","exit":2,"hint":"all verbs: aq help","message":"no verb lss","why":["did you mean: ls"]}"#;
        assert_eq!(error.json().trim_end(), line);
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        let gone = CliError::output(&std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert_eq!((gone.exit, gone.text()), (Exit::Done, String::new()));
    }

    #[test]
    fn text_of_strangers_cannot_paint_the_terminal() {
        assert_eq!(CliError::usage("a\x1b[31mb").text(), "error: ab\n");
    }
}
