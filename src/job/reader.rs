//! The reader: values of a tree become typed values by a table of fields, and every problem is kept.

use std::fmt::Display;
use std::str::FromStr;

use super::problem::{At, PROBLEMS_MAX, Problem, nearest, suggestion};
use super::tree::{Entry, Node, Value};
use crate::time::{Span, Stamp};

/// Longest single line of text in a field; such texts ride in events and arguments.
const LINE_MAX: usize = 2_000;
/// Longest command in a field; what is longer belongs into a script of the repository.
const COMMAND_MAX: usize = 16_000;
/// A table of at most this many fields is told whole where no name is near; a longer one is left to help.
const NAMES_SHOWN: usize = 12;
/// Most items of a list that has no narrower limit of its own.
pub(super) const LIST_MAX: usize = 1_000;

/// What is said about a field wherever fields are listed: help, README, tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Words {
    /// The field's name as people write it.
    pub name: &'static str,
    /// What may be written.
    pub form: &'static str,
    /// What holds where nothing is written.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// One row of a table of fields: its words and how it is read into a `T`.
pub(super) struct Row<T> {
    pub(super) words: Words,
    read: fn(&mut Reader<'_>, &Node, &mut T),
}

impl<T> Row<T> {
    /// Reads a value into the row's place.
    pub(super) fn read(&self, reader: &mut Reader<'_>, node: &Node, into: &mut T) {
        (self.read)(reader, node, into);
    }
}

/// A row; a table of fields is a list of these.
pub(super) const fn row<T>(
    name: &'static str,
    form: &'static str,
    default: &'static str,
    meaning: &'static str,
    read: fn(&mut Reader<'_>, &Node, &mut T),
) -> Row<T> {
    Row { words: Words { name, form, default, meaning }, read }
}

/// Engines and profiles that exist where a manifest is read; names outside are problems.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// Names of engines: built in and from configuration.
    pub engines: Vec<String>,
    /// Names of profiles: built in and beside the queue.
    pub profiles: Vec<String>,
}

/// Words people write for a field that has another name; too far from it to be found as a slip.
const OTHER_NAMES: [(&str, &str); 12] = [
    ("agent", "engine"),
    ("persona", "profile"),
    ("depends-on", "deps"),
    ("needs", "deps"),
    ("after", "deps"),
    ("test", "verify"),
    ("command", "verify"),
    ("branch", "base"),
    ("files", "touches"),
    ("key", "idempotency-key"),
    ("dir", "cwd"),
    ("retries", "retry"),
];

/// Reads values and gathers what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) problems: Vec<Problem>,
    pub(super) known: Option<&'a Known>,
    pub(super) now: Stamp,
    /// What the job that is being read is called; children are named after it.
    pub(super) stem: String,
    /// Names of the fields around the present one; each message begins with them.
    path: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(known: Option<&'a Known>, now: Stamp) -> Reader<'a> {
        Reader { problems: Vec::new(), known, now, stem: String::new(), path: Vec::new() }
    }

    /// Notes a problem of the present field.
    pub(super) fn fail(&mut self, at: At, message: impl Display) {
        self.note(at, message, None);
    }

    /// Notes a problem of the present field and what to do about it.
    pub(super) fn advise(&mut self, at: At, message: impl Display, hint: impl Into<String>) {
        self.note(at, message, Some(hint.into()));
    }

    fn note(&mut self, at: At, message: impl Display, hint: Option<String>) {
        let path = self.path.join(".").replace(".[", "[");
        let message = if path.is_empty() { message.to_string() } else { format!("{path}: {message}") };
        self.problems.push(Problem { hint, ..Problem::new(at, message) });
    }

    /// Reads something as part of a named field.
    pub(super) fn within<R>(&mut self, name: impl Into<String>, read: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(name.into());
        let result = read(self);
        self.path.pop();
        result
    }

    /// The same with several names, outermost first.
    pub(super) fn within_all<R>(&mut self, names: &[&str], read: impl FnOnce(&mut Self) -> R) -> R {
        let depth = self.path.len();
        self.path.extend(names.iter().map(ToString::to_string));
        let result = read(self);
        self.path.truncate(depth);
        result
    }

    /// Name of the field that is being read.
    pub(super) fn here(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// Name of the field so many levels above the one that is being read.
    pub(super) fn around(&self, up: usize) -> &str {
        self.path.iter().rev().nth(up).map_or("", String::as_str)
    }

    /// Reads fields by their table; a name outside it is a problem. A field without a value is not set.
    pub(super) fn fields<T>(&mut self, entries: &[Entry], table: &[&[Row<T>]], into: &mut T) {
        for entry in entries {
            match table.iter().flat_map(|part| part.iter()).find(|row| row.words.name == entry.key) {
                Some(_) if entry.value.value == Value::Empty => {}
                Some(row) => self.within(row.words.name, |r| row.read(r, &entry.value, into)),
                None => {
                    let names = table.iter().flat_map(|part| part.iter()).map(|row| row.words.name);
                    self.unknown_field(entry, names);
                }
            }
        }
    }

    /// Notes a field that is in no table, with the one that was probably meant.
    pub(super) fn unknown_field(&mut self, entry: &Entry, names: impl Iterator<Item = &'static str> + Clone) {
        let message = format!("unknown field {:?}", entry.key);
        // A file that is wrong throughout gets no advice for its thousandth field: it costs and helps nobody.
        if self.problems.len() > PROBLEMS_MAX {
            return self.fail(entry.at, message);
        }
        let plain = entry.key.to_lowercase().replace('_', "-");
        let other =
            OTHER_NAMES.iter().find(|pair| pair.0 == plain && names.clone().any(|name| name == pair.1));
        let hint = match other.map(|pair| pair.1).or_else(|| nearest(&plain, names.clone())) {
            Some(name) => format!("did you mean {name:?}?"),
            None if names.clone().count() > NAMES_SHOWN => "the fields: aq help manifest".to_string(),
            None => suggestion(&plain, names.collect::<Vec<_>>()),
        };
        self.advise(entry.at, message, hint);
    }

    /// A map given for a field, read by its own table.
    pub(super) fn map<T>(&mut self, node: &Node, table: &[Row<T>], into: &mut T) -> Option<()> {
        match &node.value {
            Value::Map(entries) => {
                self.fields(entries, &[table], into);
                Some(())
            }
            _ => {
                let names: Vec<&str> = table.iter().map(|row| row.words.name).collect();
                let message = format!("{} where fields are wanted", node.kind());
                self.advise(node.at, message, format!("write {{{}: …}}", names.join(": …, ")));
                None
            }
        }
    }

    /// The characters of a single value.
    fn scalar<'n>(&mut self, node: &'n Node) -> Option<(&'n str, bool)> {
        match &node.value {
            Value::Scalar { text, quoted } if !text.trim().is_empty() => Some((text, *quoted)),
            Value::Scalar { .. } | Value::Empty => {
                self.fail(node.at, "empty text");
                None
            }
            _ => {
                self.fail(node.at, format!("{} where a single value is wanted", node.kind()));
                None
            }
        }
    }

    /// One line of text.
    pub(super) fn text(&mut self, node: &Node) -> Option<String> {
        let text = self.scalar(node)?.0.trim();
        if text.len() > LINE_MAX {
            self.fail(node.at, format!("{} bytes; at most {LINE_MAX} fit here", text.len()));
        } else if text.contains('\n') {
            self.fail(node.at, "more than one line");
        } else if text.chars().any(char::is_control) {
            self.fail(node.at, "a control character in the text");
        } else {
            return Some(text.to_string());
        }
        None
    }

    /// A text that names something: a bare number or flag is a slip, such as a count where names are wanted.
    pub(super) fn named(&mut self, node: &Node, what: &str) -> Option<String> {
        let (text, quoted) = self.scalar(node)?;
        let what_it_is = match text {
            "true" | "false" => "a flag",
            _ if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') => "a number",
            _ => return self.text(node),
        };
        if quoted {
            return self.text(node);
        }
        let hint = format!("if it is meant so, write it in quotes: {text:?}");
        self.advise(node.at, format!("{text} is {what_it_is} where {what} is wanted"), hint);
        None
    }

    /// A text that becomes an argument of a program, so it may not look like a flag.
    pub(super) fn argument(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node)?;
        if text.starts_with('-') {
            self.fail(node.at, format!("{text:?} begins with - and would be taken for a flag"));
            return None;
        }
        Some(text)
    }

    /// A shell command of one or several lines; `none` is the empty command, which switches a default off.
    pub(super) fn command(&mut self, node: &Node) -> Option<String> {
        let text = self.scalar(node)?.0.trim();
        if text.len() > COMMAND_MAX {
            let message = format!("{} bytes; a command has at most {COMMAND_MAX}", text.len());
            self.advise(node.at, message, "put it into a script and name that");
        } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            self.fail(node.at, "a control character in the command");
        } else {
            return Some(if text == "none" { String::new() } else { text.to_string() });
        }
        None
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, node: &Node) -> Option<bool> {
        match self.scalar(node)? {
            ("true", false) => Some(true),
            ("false", false) => Some(false),
            (text, quoted) => {
                let hint = if quoted { "write true or false, without quotes" } else { "write true or false" };
                self.advise(node.at, format!("not a flag: {text:?}"), hint);
                None
            }
        }
    }

    /// A whole number from `least` to `most`.
    pub(super) fn number(&mut self, node: &Node, least: u64, most: u64) -> Option<u64> {
        let (text, quoted) = self.scalar(node)?;
        let digits = text.replace('_', "");
        match digits.parse::<u64>() {
            Ok(n)
                if !quoted
                    && (least..=most).contains(&n)
                    && text.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                Some(n)
            }
            _ => {
                let form = format!("write a whole number from {least} to {most}");
                let form =
                    if most == u64::MAX { format!("write a whole number, at least {least}") } else { form };
                self.advise(node.at, format!("not such a number: {text:?}"), form);
                None
            }
        }
    }

    /// Anything with a written form of its own.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&mut self, node: &Node) -> Option<T> {
        let text = self.text(node)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fail(node.at, error);
                None
            }
        }
    }

    /// A length of time that is longer than nothing.
    pub(super) fn span(&mut self, node: &Node) -> Option<Span> {
        let span: Span = self.parsed(node)?;
        if span == Span::ZERO {
            self.fail(node.at, "no time at all");
            return None;
        }
        Some(span)
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, node: &Node, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(node)?;
        let found = words.iter().find(|pair| pair.0 == text);
        if found.is_none() {
            self.no_such(node.at, "choice", &text, words.iter().map(|pair| pair.0).collect());
        }
        found.map(|pair| pair.1)
    }

    /// Notes a name that does not exist, with those that do.
    pub(super) fn no_such(&mut self, at: At, what: &str, name: &str, there: Vec<&str>) {
        let hint =
            if there.is_empty() { format!("there is no {what} here") } else { suggestion(name, there) };
        self.advise(at, format!("no such {what}: {name:?}"), hint);
    }

    /// A list, or a single value as a list of one.
    pub(super) fn list<T>(
        &mut self,
        node: &Node,
        most: usize,
        mut read: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> Option<Vec<T>> {
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            Value::Scalar { text, .. } if text.contains(", ") => {
                self.advise(node.at, "several values in one text", format!("write [{text}]"));
                return None;
            }
            Value::Scalar { .. } => std::slice::from_ref(node),
            _ => {
                self.fail(node.at, format!("{} where a list is wanted", node.kind()));
                return None;
            }
        };
        if items.len() > most {
            self.fail(node.at.long(1), format!("{} items; at most {most} are allowed", items.len()));
            return None;
        }
        Some(items.iter().filter_map(|item| read(self, item)).collect())
    }
}
