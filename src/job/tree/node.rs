//! The tree itself: scalars, lists and maps with their places, and how it is written back.

use crate::job::problem::At;

/// Lists and maps inside one another, the outermost counted; deeper front matter is nobody's job.
pub const NESTING_MAX: usize = 16;

/// A value and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Where it stands.
    pub at: At,
    /// What it is.
    pub value: Value,
}

/// What a node may be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// Nothing was written: `key:` alone, `~` or `null`.
    Empty,
    /// Text, a number, a word or a date as it was written.
    Scalar {
        /// The characters without quotes and escapes.
        text: String,
        /// It stood in quotes or was a block of text, so it is no number and no flag.
        quoted: bool,
    },
    /// Several values.
    List(Vec<Node>),
    /// Values by name, in the order of the file.
    Map(Vec<Entry>),
}

/// One field of a map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Name of the field.
    pub key: String,
    /// Where the name stands.
    pub at: At,
    /// What it was given.
    pub value: Node,
}

impl Node {
    /// What this is, in words for a message.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Empty => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// The value for people: bare text without quotes, anything else on one line.
    pub fn as_shown(&self) -> String {
        match &self.value {
            Value::Scalar { text, .. } => text.clone(),
            _ => self.on_one_line(),
        }
    }

    /// The tree on one line, in the part of YAML that is also JSON but for bare numbers and flags.
    pub fn on_one_line(&self) -> String {
        match &self.value {
            Value::Empty => "null".to_string(),
            Value::Scalar { text, quoted } => {
                let bare = !quoted && (text == "true" || text == "false" || is_number(text));
                if bare { text.clone() } else { in_quotes(text) }
            }
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(Node::on_one_line).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Map(entries) => {
                let pair = |e: &Entry| format!("{}: {}", in_quotes(&e.key), e.value.on_one_line());
                format!("{{{}}}", entries.iter().map(pair).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() < 20 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// Text in double quotes, with the escapes that JSON and YAML share.
pub(super) fn in_quotes(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
