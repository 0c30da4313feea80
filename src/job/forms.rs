//! Forms that several fields share: paths, globs, names, moments, dollars.

use super::problem::suggestion;
use super::reader::{LIST_MAX, Reader};
use super::tree::Node;
use super::usage::parse_usd;
use super::{Capability, EngineClass};
use crate::time::Stamp;

/// Engine classes as people write them.
pub const CLASS_NAMES: [(&str, EngineClass); 3] = [
    (EngineClass::AgenticCoder.name(), EngineClass::AgenticCoder),
    (EngineClass::ChatCoder.name(), EngineClass::ChatCoder),
    (EngineClass::Script.name(), EngineClass::Script),
];

/// What a job may prefer: the factory, and what a host says of itself (`jobs.md` section 1).
const WISHES: [&str; 9] = ["factory", "os", "arch", "cores", "ram_gb", "has", "engine", "gpu", "target"];

/// The shape of names that become parts of paths, keys and arguments.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c))
}

impl Reader<'_> {
    /// The name of an engine that exists.
    pub(super) fn engine(&mut self, node: &Node) -> Option<String> {
        let name = self.name(node)?;
        self.exists(node, "engine", name, |known| &known.engines)
    }

    /// The name of a profile that exists.
    pub(super) fn profile(&mut self, node: &Node) -> Option<String> {
        let name = self.name(node)?;
        self.exists(node, "profile", name, |known| &known.profiles)
    }

    pub(super) fn exists(
        &mut self,
        node: &Node,
        what: &str,
        name: String,
        of: fn(&super::reader::Known) -> &Vec<String>,
    ) -> Option<String> {
        let Some(known) = self.known else { return Some(name) };
        if of(known).contains(&name) {
            return Some(name);
        }
        self.no_such(node.at, what, &name, of(known).iter().map(String::as_str).collect());
        None
    }

    /// A name: lower-case letters, digits, `-`, `_` and `.`.
    pub(super) fn name(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node)?;
        if is_name(&text) {
            return Some(text);
        }
        self.advise(
            node.at,
            format!("not a name: {text:?}"),
            "a name is lower-case letters, digits, - _ and .",
        );
        None
    }

    /// A path of this machine.
    pub(super) fn path(&mut self, node: &Node) -> Option<String> {
        self.argument(node)
    }

    /// A branch, tag or commit as git would take it.
    pub(super) fn git_ref(&mut self, node: &Node) -> Option<String> {
        let text = self.argument(node)?;
        let odd =
            text.contains("..") || text.contains("@{") || text.ends_with('/') || text.ends_with(".lock");
        if odd || text.chars().any(|c| c.is_whitespace() || "~^:?*[\\".contains(c)) {
            self.advise(node.at, format!("not a branch or commit: {text:?}"), "write a branch name or a sha");
            return None;
        }
        Some(text)
    }

    /// Patterns of paths below the worktree.
    pub(super) fn globs(&mut self, node: &Node) -> Option<Vec<String>> {
        self.list(node, LIST_MAX, Reader::glob)
    }

    fn glob(&mut self, node: &Node) -> Option<String> {
        let text = self.named(node, "a path or a glob")?;
        let leaves = text.starts_with('/') || text.split('/').any(|part| part == "..");
        if leaves {
            self.advise(
                node.at,
                format!("{text:?} leaves the worktree"),
                "write a path below it, such as src/**",
            );
            return None;
        }
        if let Err(error) = globset::Glob::new(&text) {
            self.fail(node.at, format!("not a glob: {text:?} ({})", error.kind()));
            return None;
        }
        Some(text)
    }

    /// What a host must have.
    pub(super) fn capabilities(&mut self, node: &Node) -> Option<Vec<Capability>> {
        self.list(node, LIST_MAX, Reader::parsed)
    }

    /// Soft wishes, each a key and a value.
    pub(super) fn wishes(&mut self, node: &Node) -> Option<Vec<String>> {
        self.list(node, LIST_MAX, |r, item| {
            let text = r.text(item)?;
            let pair = text.split_once(':').filter(|(key, value)| !key.is_empty() && !value.is_empty());
            match pair.filter(|_| !text.contains(char::is_whitespace)) {
                Some((key, _)) if WISHES.contains(&key) => return Some(text),
                Some((key, _)) => r.advise(
                    item.at,
                    format!("nothing that can be preferred is called {key:?}"),
                    suggestion(key, WISHES),
                ),
                None => {
                    r.advise(item.at, format!("not a wish: {text:?}"), "write factory:NAME or os:linux");
                }
            }
            None
        })
    }

    /// Dollars as millionths.
    pub(super) fn usd(&mut self, node: &Node) -> Option<u64> {
        let text = self.text(node)?;
        let micro = parse_usd(&text);
        if micro.is_none() {
            self.advise(node.at, format!("not an amount in dollars: {text:?}"), "write 8 or 1.50");
        }
        micro
    }

    /// A moment: RFC 3339, or a time of day, which is the next one.
    pub(super) fn moment(&mut self, node: &Node) -> Option<Stamp> {
        let text = self.text(node)?;
        let stamp = match time_of_day(&text) {
            Some((hour, minute)) => self.now.next_local(hour, minute),
            None => Stamp::parse_rfc3339(&text),
        };
        if stamp.is_none() {
            let hint = "write 2026-10-02T22:00:00Z, or 22:00 for the next time clocks show that";
            self.advise(node.at, format!("not a moment: {text:?}"), hint);
        }
        stamp
    }

    /// The advice for a word outside a set.
    pub(super) fn not_in(&mut self, node: &Node, what: &str, text: &str, words: &[&str]) {
        let hint = suggestion(text, words.iter().copied());
        self.advise(node.at, format!("{text:?} is no {what}"), hint);
    }
}

/// `22:00` (or `22:00:00`, as TOML writes a time) as hour and minute.
fn time_of_day(text: &str) -> Option<(i8, i8)> {
    let mut parts = text.split(':');
    let hour: i8 = parts.next().filter(|h| (1..=2).contains(&h.len()))?.parse().ok()?;
    let minute: i8 = parts.next().filter(|m| m.len() == 2)?.parse().ok()?;
    let whole = matches!((parts.next(), parts.next()), (None | Some("00"), None));
    (whole && (0..24).contains(&hour) && (0..60).contains(&minute)).then_some((hour, minute))
}
