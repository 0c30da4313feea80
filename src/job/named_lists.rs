//! A file of names, each with one text or a list of them.

use super::front::FILE_MAX;
use super::problem::{At, Problem};
use super::read::merge_problems;
use super::reader::{LIST_MAX, Reader};
use super::tree::{Value, read_toml};
use crate::time::Stamp;

/// One name with its texts, in the order of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedList {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub at: At,
    /// What it was given, each with its place; none is an empty list.
    pub items: Vec<(String, At)>,
}

/// Reads a file of names and lists.
///
/// # Errors
/// Every error of the language and every value that is neither a text nor a list of them.
pub fn read_named_lists(text: &str) -> Result<Vec<NamedList>, Vec<Problem>> {
    if text.len() > FILE_MAX {
        let message = format!("{} bytes; such a file has at most {FILE_MAX}", text.len());
        return Err(vec![Problem::new(At::new(1, 1), message)]);
    }
    let (root, problems) = read_toml(text.strip_prefix('\u{feff}').unwrap_or(text), 1);
    let mut reader = Reader::new(None, Stamp::default());
    let entries = if let Value::Map(entries) = root.value { entries } else { Vec::new() };
    let mut lists = Vec::new();
    for entry in entries {
        let read = |reader: &mut Reader<'_>| {
            reader.list(&entry.value, LIST_MAX, |reader, node| Some((reader.text(node)?, node.at)))
        };
        if let Some(items) = reader.within(entry.key.clone(), read) {
            lists.push(NamedList { name: entry.key, at: entry.at, items });
        }
    }
    match problems.is_empty() && reader.problems.is_empty() {
        true => Ok(lists),
        false => Err(merge_problems(problems, reader.problems)),
    }
}
