//! YAML front matter, read event by event so that aliases and depth are refused before a tree exists.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use super::node::{Entry, NESTING_MAX, Node, Value};
use crate::job::problem::{At, Problem};

/// Reads YAML that begins on line `first_line` of its file. What stood before a syntax error is kept,
/// so that one pass can name the problems of that part too.
pub fn read_yaml(text: &str, first_line: u32) -> (Option<Node>, Vec<Problem>) {
    let mut builder = Builder { lines_before: first_line as usize - 1, ..Builder::default() };
    for event in Parser::new_from_str(text) {
        let go_on = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => {
                let problem = explain(&error, builder.lines_before, text);
                builder.problems.push(problem);
                false
            }
        };
        if !go_on {
            break;
        }
    }
    builder.close_all();
    (builder.root, builder.problems)
}

#[derive(Default)]
struct Builder {
    lines_before: usize,
    open: Vec<Frame>,
    root: Option<Node>,
    problems: Vec<Problem>,
}

enum Frame {
    List { at: At, items: Vec<Node> },
    Map { at: At, entries: Vec<Entry>, seen: HashMap<String, u32>, key: Option<(String, At)> },
}

impl Builder {
    /// Takes one event; false means that reading on is pointless.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        let at = self.place(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_marks(at, anchor, tag.is_some());
                let quoted = style != ScalarStyle::Plain;
                let empty = !quoted && matches!(&*text, "" | "~" | "null");
                let text = text.into_owned();
                self.value(at, if empty { Value::Empty } else { Value::Scalar { text, quoted } });
                true
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_marks(at, anchor, tag.is_some());
                self.enter(at, Frame::List { at, items: Vec::new() })
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_marks(at, anchor, tag.is_some());
                self.enter(at, Frame::Map { at, entries: Vec::new(), seen: HashMap::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.leave();
                true
            }
            Event::Alias(_) => {
                self.problems.push(refused_alias(at));
                self.value(at, Value::Empty);
                true
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                self.problems.push(Problem::new(at, "a second YAML document; front matter is one"));
                false
            }
            _ => true,
        }
    }

    fn place(&self, span: Span) -> At {
        let at = At::new(span.start.line() + self.lines_before, span.start.col() + 1);
        at.long(span.end.index().saturating_sub(span.start.index()))
    }

    fn refuse_marks(&mut self, at: At, anchor: usize, tagged: bool) {
        if anchor > 0 {
            let problem = Problem::new(at, "YAML anchors are refused").hint("write the value out");
            self.problems.push(problem);
        }
        if tagged {
            let problem = Problem::new(at, "YAML tags are refused");
            self.problems.push(problem.hint("text that begins with ! must stand in quotes"));
        }
    }

    fn enter(&mut self, at: At, frame: Frame) -> bool {
        let key_missing = matches!(self.open.last(), Some(Frame::Map { key: None, .. }));
        if key_missing {
            self.problems.push(Problem::new(at, "a list or a map cannot be the name of a field"));
            return false;
        }
        if self.open.len() >= NESTING_MAX {
            let message = format!("nested deeper than {NESTING_MAX} levels");
            self.problems.push(Problem::new(at.long(1), message));
            return false;
        }
        self.open.push(frame);
        true
    }

    fn leave(&mut self) {
        match self.open.pop() {
            Some(Frame::List { at, items }) => self.value(at, Value::List(items)),
            Some(Frame::Map { at, entries, .. }) => self.value(at, Value::Map(entries)),
            None => {}
        }
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.leave();
        }
    }

    /// Puts a finished value where it belongs: the root, a list, or a map as name or value.
    fn value(&mut self, at: At, value: Value) {
        match self.open.last_mut() {
            None => self.root = Some(Node { at, value }),
            Some(Frame::List { items, .. }) => items.push(Node { at, value }),
            Some(Frame::Map { entries, seen, key, .. }) => match key.take() {
                None => {
                    let text = if let Value::Scalar { text, .. } = value { text } else { String::new() };
                    *key = Some((text, at));
                }
                Some((name, name_at)) => match seen.get(&name) {
                    Some(line) => {
                        let message = format!("{name:?} is given twice, first on line {line}");
                        self.problems.push(Problem::new(name_at, message).hint("keep one of the two"));
                    }
                    None => {
                        seen.insert(name.clone(), name_at.line);
                        entries.push(Entry { key: name, at: name_at, value: Node { at, value } });
                    }
                },
            },
        }
    }
}

fn refused_alias(at: At) -> Problem {
    Problem::new(at, "YAML aliases are refused")
        .hint("a value that begins with * must stand in quotes: \"*.rs\"")
}

/// The scanner's words with the advice that the usual slips need.
fn explain(error: &ScanError, lines_before: usize, text: &str) -> Problem {
    let mark = error.marker();
    let at = At::new(mark.line() + lines_before, mark.col() + 1);
    let line = text.lines().nth(mark.line().saturating_sub(1)).unwrap_or("");
    let info = error.info();
    let value = line.split_once(": ").map_or(line.trim_start().trim_start_matches("- "), |pair| pair.1);
    if info.contains("anchor") || info.contains("alias") {
        return refused_alias(at);
    }
    let problem = Problem::new(at, format!("not YAML: {info}"));
    match value.trim_start().chars().next() {
        _ if info.contains("tab") || line.starts_with('\t') => problem.hint("indent with spaces, not tabs"),
        _ if info.contains("quoted scalar") => problem.hint("close the quotes on the same line"),
        _ if info.contains("mapping values") => problem.hint("text with \": \" in it must stand in quotes"),
        Some(c @ ('@' | '`' | '%' | '*' | '&' | '!' | '{' | '[' | '|' | '>')) => {
            problem.hint(format!("a value that begins with {c} has a meaning in YAML; put it in quotes"))
        }
        _ => problem,
    }
}
