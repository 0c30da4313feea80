//! Engines of one's own: an entry `[engines.NAME]` of the configuration, an argument vector with places for
//! what a job says.

use super::forms::CLASS_NAMES;
use super::problem::suggestion;
use super::reader::{Reader, Row, Words, row};
use super::spec::EngineClass;
use super::tree::Node;

/// Arguments of one command line; more is a script's business.
const ARGUMENTS_MAX: usize = 200;
/// What may stand in braces within an argument.
pub const PLACEHOLDERS: [&str; 4] = ["prompt_file", "model", "effort", "job"];

/// How the job's text reaches the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PromptWay {
    /// On standard input, followed at once by its end.
    Stdin,
    /// In a file, named by `{prompt_file}` and by `$AQ_PROMPT_FILE`.
    File,
}

/// The dialects in which a program's output can be read; each is a row of the engine room's table.
pub const DIALECT_NAMES: [(&str, &str); 11] = [
    ("shell", "shell"),
    ("aq", "shell"),
    ("text", "text"),
    ("claude", "claude"),
    ("codex", "codex"),
    ("devin", "devin"),
    ("gemini", "gemini"),
    ("opencode", "opencode"),
    ("copilot", "copilot"),
    ("cursor", "cursor"),
    ("aider", "aider"),
];

/// An engine from configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommandEngine {
    /// Program and arguments, never read by a shell.
    pub argv: Vec<String>,
    /// How the text goes in.
    pub prompt: PromptWay,
    /// Standard input is the prompt; otherwise it is empty.
    pub stdin_is_prompt: bool,
    /// What kind of program it is.
    pub class: EngineClass,
    /// How its output is read, one of [`DIALECT_NAMES`].
    pub dialect: &'static str,
}

/// What is put in the places of an argument vector.
#[derive(Clone, Copy, Debug, Default)]
pub struct Placed<'a> {
    /// Path of the file with the prompt.
    pub prompt_file: &'a str,
    /// The job's model, if it names one.
    pub model: Option<&'a str>,
    /// The job's effort, if it names one.
    pub effort: Option<&'a str>,
    /// The job's id.
    pub job: &'a str,
}

impl CommandEngine {
    /// The argument vector for a job.
    ///
    /// # Errors
    ///
    /// The field that the command line needs and the job does not have.
    pub fn argv_for(&self, placed: &Placed<'_>) -> Result<Vec<String>, &'static str> {
        let one = |argument: &String| {
            let mut out = String::new();
            let mut rest = argument.as_str();
            while let Some((before, name, after)) = next_place(rest) {
                out.push_str(before);
                match name {
                    "prompt_file" => out.push_str(placed.prompt_file),
                    "model" => out.push_str(placed.model.ok_or("model")?),
                    "effort" => out.push_str(placed.effort.ok_or("effort")?),
                    "job" => out.push_str(placed.job),
                    other => out.push_str(&format!("{{{other}}}")),
                }
                rest = after;
            }
            out.push_str(rest);
            Ok(out)
        };
        self.argv.iter().map(one).collect()
    }
}

/// The next `{name}`: what stands before it, the name, what follows. Other braces are text.
fn next_place(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('{').map(|at| at + from) {
        let inner = &text[open + 1..];
        let len = inner.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(inner.len());
        if len > 0 && inner[len..].starts_with('}') {
            return Some((&text[..open], &inner[..len], &inner[len + 1..]));
        }
        from = open + 1;
    }
    None
}

/// The entry as it is written; what is left out follows from the rest.
#[derive(Default)]
pub(super) struct Written {
    argv: Option<Vec<String>>,
    prompt: Option<PromptWay>,
    stdin_is_prompt: Option<bool>,
    class: Option<EngineClass>,
    dialect: Option<&'static str>,
}

#[rustfmt::skip]
static COMMAND_ENGINE: &[Row<Written>] = &[
    row("argv", "list: program and arguments with `{prompt_file}`, `{model}`, `{effort}`, `{job}`", "required", "what is started, without a shell", |r, n, e| e.argv = r.argv(n)),
    row("prompt", "stdin, file", "file where an argument has `{prompt_file}`, else stdin", "how the job's text goes in", |r, n, e| e.prompt = r.word(n, &[("stdin", PromptWay::Stdin), ("file", PromptWay::File)])),
    row("stdin", "prompt, null", "prompt where the text goes in by stdin, else null", "what standard input is", |r, n, e| e.stdin_is_prompt = r.word(n, &[("prompt", true), ("null", false)])),
    row("class", "agentic-coder, chat-coder, script", "agentic-coder", "what kind of program it is", |r, n, e| e.class = r.word(n, &CLASS_NAMES)),
    row("dialect", "shell, text, claude, codex, gemini, opencode, copilot, cursor, aider, devin", "text", "how its output is read; shell: lines beginning with `::aq ` are events", |r, n, e| e.dialect = r.word(n, &DIALECT_NAMES)),
];

/// The words of every field of an engine's entry.
pub fn engine_fields() -> impl Iterator<Item = Words> {
    COMMAND_ENGINE.iter().map(|row| row.words)
}

impl Reader<'_> {
    fn argv(&mut self, node: &Node) -> Option<Vec<String>> {
        let argv = self.list(node, ARGUMENTS_MAX, |r, item| {
            let text = r.text(item)?;
            r.check_places(item, &text);
            Some(text)
        })?;
        if argv.is_empty() {
            self.fail(node.at, "no program");
            return None;
        }
        Some(argv)
    }

    fn check_places(&mut self, node: &Node, text: &str) {
        let mut rest = text;
        while let Some((_, name, after)) = next_place(rest) {
            if !PLACEHOLDERS.contains(&name) {
                self.advise(node.at, format!("no such place: {{{name}}}"), suggestion(name, PLACEHOLDERS));
            }
            rest = after;
        }
    }

    /// An engine's entry.
    pub(super) fn command_engine(&mut self, node: &Node) -> Option<CommandEngine> {
        let mut written = Written::default();
        let before = self.problems.len();
        self.map(node, COMMAND_ENGINE, &mut written)?;
        let Some(argv) = written.argv else {
            if self.problems.len() == before {
                self.advise(
                    node.at.long(1),
                    "no argv",
                    "write argv = [\"program\", \"--flag\", \"{prompt_file}\"]",
                );
            }
            return None;
        };
        let names_file = argv.iter().any(|argument| argument.contains("{prompt_file}"));
        let derived = if names_file { PromptWay::File } else { PromptWay::Stdin };
        let prompt = written.prompt.unwrap_or(derived);
        let stdin_is_prompt = written.stdin_is_prompt.unwrap_or(prompt == PromptWay::Stdin);
        if prompt == PromptWay::Stdin && !stdin_is_prompt {
            let hint = "use stdin = \"prompt\", or prompt = \"file\" with {prompt_file}";
            self.advise(node.at.long(1), "the job's text would not reach the program", hint);
            return None;
        }
        let class = written.class.unwrap_or(EngineClass::AgenticCoder);
        let dialect = written.dialect.unwrap_or("text");
        Some(CommandEngine { argv, prompt, stdin_is_prompt, class, dialect })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_within_arguments() {
        let check = |argument: &str, expected: Result<&str, &'static str>| {
            let engine = CommandEngine {
                argv: vec![argument.to_string()],
                prompt: PromptWay::Stdin,
                stdin_is_prompt: true,
                class: EngineClass::AgenticCoder,
                dialect: "text",
            };
            let placed = Placed { prompt_file: "/p", model: Some("{job}"), effort: None, job: "j" };
            assert_eq!(engine.argv_for(&placed), expected.map(|text| vec![text.to_string()]));
        };
        check("plain", Ok("plain"));
        check("--file={prompt_file}", Ok("--file=/p"));
        check("{model}{job}", Ok("{job}j"));
        check("{\"a\": {job}}", Ok("{\"a\": j}"));
        check("{}{JOB}{é", Ok("{}{JOB}{é"));
        check("-e {effort}", Err("effort"));
    }
}
