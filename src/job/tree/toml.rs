//! TOML, as front matter between `+++` or as a configuration file, read with every error and every place.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::node::{Entry, NESTING_MAX, Node, Value};
use crate::job::problem::{At, Problem};

/// Reads TOML that begins on line `first_line` of its file; what could be read is kept beside the errors.
pub fn read_toml(text: &str, first_line: u32) -> (Node, Vec<Problem>) {
    let places = Places::of(text, first_line);
    let (table, errors) = DeTable::parse_recoverable(text);
    let explain = |error: toml::de::Error| {
        let message = format!("not TOML: {}", error.message().replace('\n', ", "));
        Problem::new(places.at(error.span().unwrap_or(0..0)), message)
    };
    let mut reading = Reading { text, places: &places, problems: errors.into_iter().map(explain).collect() };
    let at = places.at(0..0);
    let value = reading.table(table.get_ref(), 1);
    (Node { at, value }, reading.problems)
}

struct Reading<'a> {
    text: &'a str,
    places: &'a Places,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn table(&mut self, table: &DeTable<'_>, depth: usize) -> Value {
        let mut pairs: Vec<_> = table.iter().collect();
        pairs.sort_by_key(|(key, _)| key.span().start);
        let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| Entry {
            key: AsRef::<str>::as_ref(key.get_ref()).to_string(),
            at: self.places.at(key.span()),
            value: self.node(value, depth),
        };
        Value::Map(pairs.into_iter().map(entry).collect())
    }

    fn node(&mut self, value: &Spanned<DeValue<'_>>, depth: usize) -> Node {
        let span = value.span();
        let at = self.places.at(span.clone());
        let bare = |text: String| Value::Scalar { text, quoted: false };
        let is_container = matches!(value.get_ref(), DeValue::Array(_) | DeValue::Table(_));
        if is_container && depth >= NESTING_MAX {
            let message = format!("nested deeper than {NESTING_MAX} levels");
            self.problems.push(Problem::new(at.long(1), message));
            return Node { at, value: Value::Empty };
        }
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Scalar { text: text.to_string(), quoted: true },
            DeValue::Integer(n) => {
                let decimal = i64::from_str_radix(n.as_str(), n.radix());
                bare(decimal.map_or_else(|_| n.as_str().to_string(), |n| n.to_string()))
            }
            DeValue::Float(n) => bare(n.as_str().to_string()),
            DeValue::Boolean(flag) => bare(flag.to_string()),
            DeValue::Datetime(_) => bare(self.text.get(span).unwrap_or_default().to_string()),
            DeValue::Array(items) => Value::List(items.iter().map(|i| self.node(i, depth + 1)).collect()),
            DeValue::Table(table) => self.table(table, depth + 1),
        };
        Node { at, value }
    }
}

/// Turns byte offsets into lines and columns without counting a long line again for each value on it.
struct Places {
    first_line: usize,
    line_starts: Vec<usize>,
    /// Characters before each byte; absent where every character is one byte.
    chars: Option<Vec<u32>>,
}

impl Places {
    fn of(text: &str, first_line: u32) -> Places {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        let line_starts = std::iter::once(0).chain(breaks).collect();
        let chars = (!text.is_ascii()).then(|| {
            let mut before = Vec::with_capacity(text.len() + 1);
            for (n, c) in (0u32..).zip(text.chars()) {
                before.extend(std::iter::repeat_n(n, c.len_utf8()));
            }
            before.push(before.last().map_or(0, |n| n + 1));
            before
        });
        Places { first_line: first_line as usize, line_starts, chars }
    }

    fn chars_before(&self, byte: usize) -> usize {
        match &self.chars {
            None => byte,
            Some(chars) => chars.get(byte).or(chars.last()).map_or(0, |n| *n as usize),
        }
    }

    fn at(&self, span: Range<usize>) -> At {
        let line = self.line_starts.partition_point(|start| *start <= span.start).saturating_sub(1);
        let start = self.line_starts.get(line).copied().unwrap_or(0);
        let column = self.chars_before(span.start) - self.chars_before(start);
        let len = self.chars_before(span.end).saturating_sub(self.chars_before(span.start));
        At::new(self.first_line + line, column + 1).long(len)
    }
}
