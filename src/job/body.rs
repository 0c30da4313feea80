//! What the text of a job says by its form: its title and, for the shell engine, its script.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::fields::TITLE_MAX;
use super::manifest::Body;
use super::problem::{At, Problem};

/// A script and what runs it: `[interpreter…, FILE]`, no shell in between.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script {
    /// Program and arguments before the file's name.
    pub interpreter: Vec<String>,
    /// The file's content.
    pub text: String,
    /// Line of the job's file on which the script begins.
    pub line: u32,
}

/// Info strings of a fenced block that is a script, and what runs it where no `#!` line says so.
pub const INTERPRETERS: [(&str, &[&str]); 12] = [
    ("", &["sh", "-eu"]),
    ("sh", &["sh", "-eu"]),
    ("shell", &["sh", "-eu"]),
    ("bash", &["bash", "-eu"]),
    ("python", &["python3"]),
    ("python3", &["python3"]),
    ("py", &["python3"]),
    ("node", &["node"]),
    ("js", &["node"]),
    ("javascript", &["node"]),
    ("ruby", &["ruby"]),
    ("perl", &["perl"]),
];

/// The script in a job's text: the text itself if it begins with `#!`, else its one fenced block that some
/// interpreter runs. Blocks in other languages are prose.
pub fn script_of(body: &Body) -> Result<Script, Problem> {
    if body.text.starts_with("#!") {
        return Ok(script(&body.text, &[], body.line));
    }
    let mut found: Vec<(Script, At)> = Vec::new();
    for block in fenced_blocks(&body.text) {
        let (lines_before, _) = place(&body.text, block.at.start);
        let line = body.line.saturating_add(lines_before);
        let word = block.info.split([' ', ',', '{']).next().unwrap_or("").to_lowercase();
        let known = INTERPRETERS.iter().find(|row| row.0 == word).map(|row| row.1);
        if known.is_some() || block.text.starts_with("#!") {
            found.push((script(&block.text, known.unwrap_or(&[]), line + 1), At { line, column: 1, len: 3 }));
        }
    }
    let lines: Vec<String> = found.iter().map(|(_, at)| at.line.to_string()).collect();
    let top = At { line: body.line, column: 1, len: 1 };
    match (found.pop(), found.len()) {
        (None, _) => Err(Problem::new(top, "no script for the shell engine")
            .hint("put the commands into one block fenced by ```sh and ```")),
        (Some((script, at)), 0) if script.text.trim().is_empty() => {
            Err(Problem::new(at, "the script is empty"))
        }
        (Some((script, _)), 0) => Ok(script),
        (Some((_, at)), _) => {
            let message = format!("several scripts, on lines {}; one is run", lines.join(", "));
            Err(Problem::new(at, message)
                .hint("mark blocks that are prose with another word, such as ```text"))
        }
    }
}

/// A script whose `#!` line, if there is one, wins over the interpreter of its info string.
fn script(text: &str, interpreter: &[&str], line: u32) -> Script {
    let text = text.replace("\r\n", "\n");
    let named: Vec<String> = match text.lines().next().and_then(|first| first.strip_prefix("#!")) {
        Some(words) => words.split_whitespace().map(str::to_string).collect(),
        None => Vec::new(),
    };
    let default = if interpreter.is_empty() { INTERPRETERS[0].1 } else { interpreter };
    let interpreter =
        if named.is_empty() { default.iter().map(ToString::to_string).collect() } else { named };
    Script { interpreter, text, line }
}

struct Fenced {
    info: String,
    text: String,
    at: Range<usize>,
}

fn fenced_blocks(text: &str) -> Vec<Fenced> {
    let mut blocks: Vec<Fenced> = Vec::new();
    let mut inside = false;
    for (event, at) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                inside = true;
                blocks.push(Fenced { info: info.trim().to_string(), text: String::new(), at });
            }
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(part) if inside => {
                if let Some(block) = blocks.last_mut() {
                    block.text.push_str(&part);
                }
            }
            _ => {}
        }
    }
    blocks
}

/// Lines before a byte, and the byte's offset in its line.
fn place(text: &str, byte: usize) -> (u32, usize) {
    let before = &text[..byte];
    let lines = u32::try_from(before.matches('\n').count()).unwrap_or(u32::MAX);
    (lines, before.rfind('\n').map_or(byte, |at| byte - at - 1))
}

/// The first heading of a job's text; a script's comments are none.
pub fn first_heading(text: &str) -> Option<String> {
    if text.starts_with("#!") {
        return None;
    }
    let mut heading: Option<String> = None;
    for event in Parser::new(text) {
        match (event, &mut heading) {
            (Event::Start(Tag::Heading { .. }), _) => heading = Some(String::new()),
            (Event::Text(part) | Event::Code(part), Some(words)) => words.push_str(&part),
            (Event::SoftBreak | Event::HardBreak, Some(words)) => words.push(' '),
            (Event::End(TagEnd::Heading(_)), Some(words)) => {
                let title: String =
                    words.trim().chars().filter(|c| !c.is_control()).take(TITLE_MAX).collect();
                if !title.is_empty() {
                    return Some(title);
                }
                heading = None;
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_script_is_found_among_prose() {
        let check = |text: &str, expected: &str| {
            let body = Body { text: text.to_string(), line: 10 };
            let shown = match script_of(&body) {
                Ok(s) => format!("{} @{} {:?}", s.interpreter.join(" "), s.line, s.text),
                Err(p) => format!("{}:{} {}", p.at.line, p.at.column, p.message),
            };
            assert_eq!(shown, expected);
        };
        check("Do:\n\n```sh\nls\n```\nThanks.\n", "sh -eu @13 \"ls\\n\"");
        check("```\r\nls\r\npwd\r\n```\r\n", "sh -eu @11 \"ls\\npwd\\n\"");
        check("```bash {.x}\nls\n```", "bash -eu @11 \"ls\\n\"");
        check("```Python\nprint(1)\n```", "python3 @11 \"print(1)\\n\"");
        check(
            "~~~sh\n#!/usr/bin/env -S awk -f\nx\n~~~",
            "/usr/bin/env -S awk -f @11 \"#!/usr/bin/env -S awk -f\\nx\\n\"",
        );
        check("```lua\n#!/usr/bin/lua\n```", "/usr/bin/lua @11 \"#!/usr/bin/lua\\n\"");
        check("```text\nsaid\n```\n```sh\nls\n```", "sh -eu @14 \"ls\\n\"");
        check("#!/bin/sh\n# not a title\nls\n", "/bin/sh @10 \"#!/bin/sh\\n# not a title\\nls\\n\"");
        check("1. first\n\n   ```sh\n   ls\n   ```\n", "sh -eu @13 \"ls\\n\"");
        check("    indented\n", "10:1 no script for the shell engine");
        check("", "10:1 no script for the shell engine");
        check("```sh\n\n```", "10:1 the script is empty");
        check("```sh\nls\n```\n\n```bash\npwd\n```", "14:1 several scripts, on lines 10, 14; one is run");
    }

    #[test]
    fn the_first_heading_with_words_is_the_title() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(first_heading(text).as_deref(), expected);
        check("intro\n\n## Fix `x` *now*\n# Later\n", Some("Fix x now"));
        check("#\n\nUnder\nlined\n=====\n", Some("Under lined"));
        check("```sh\n# no\n```\n", None);
        check("#!/bin/sh\n# no\n", None);
        check("plain\n", None);
    }
}
