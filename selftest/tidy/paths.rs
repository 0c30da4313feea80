//! The paths that a source file names, `use` lists spread out and `super` resolved.

use super::scan::Token;

/// One path, from the crate's root or from the name of another crate.
pub struct Named {
    /// Its parts; of this crate with `crate` as the first.
    pub parts: Vec<String>,
    /// The line of its last part.
    pub line: usize,
}

impl Named {
    /// Whether the path is `prefix` or goes on from there.
    pub fn is_below(&self, prefix: &str) -> bool {
        let mut parts = self.parts.iter();
        prefix.split("::").all(|part| parts.next().is_some_and(|own| own == part))
    }

    /// As written.
    pub fn text(&self) -> String {
        self.parts.join("::")
    }
}

/// The module a file is: `src/fleet/decide/order.rs` is `fleet`, `decide`, `order`.
pub fn module_of(file: &str) -> Vec<String> {
    let inner = file.strip_prefix("src/").unwrap_or(file);
    let inner = inner.strip_suffix(".rs").unwrap_or(inner);
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    inner.split('/').filter(|part| !matches!(*part, "lib" | "main")).map(str::to_string).collect()
}

/// Every path in the tokens of the file.
pub fn paths(file: &str, tokens: &[Token]) -> Vec<Named> {
    let module = module_of(file);
    let mut inside: Vec<(String, usize)> = Vec::new();
    let (mut depth, mut i) = (0_usize, 0);
    let mut out = Vec::new();
    while i < tokens.len() {
        let text = |n: usize| tokens.get(n).map_or("", |token| token.text.as_str());
        if begins_path(tokens, i) {
            let mut found = Vec::new();
            i = tree(tokens, i, &[], &mut found);
            let here: Vec<String> =
                module.iter().cloned().chain(inside.iter().map(|m| m.0.clone())).collect();
            out.extend(found.into_iter().map(|(parts, line)| Named { parts: resolved(parts, &here), line }));
            continue;
        }
        match text(i) {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                inside.retain(|m| m.1 < depth + 1);
            }
            "mod" if text(i + 2) == "{" => inside.push((text(i + 1).to_string(), depth + 1)),
            _ => {}
        }
        i += 1;
    }
    out
}

/// A name that `::` follows, or the single name of a `use`; not one in the midst of a path.
fn begins_path(tokens: &[Token], i: usize) -> bool {
    let text = |n: Option<usize>| n.and_then(|n| tokens.get(n)).map_or("", |token| token.text.as_str());
    let before = text(i.checked_sub(1));
    // `::name` begins one; `a::name` and `<T as Trait>::name` have begun before.
    let goes_on =
        before == "::" && i.checked_sub(2).is_some_and(|n| tokens[n].is_word() || text(Some(n)) == ">");
    let is_use = before == "use" && text(Some(i + 1)) != "<";
    tokens[i].is_word() && !goes_on && (text(Some(i + 1)) == "::" || is_use)
}

/// Reads a path or a tree of paths from `i`; gives where it ends.
fn tree(tokens: &[Token], mut i: usize, prefix: &[String], out: &mut Vec<(Vec<String>, usize)>) -> usize {
    let mut parts = prefix.to_vec();
    loop {
        let Some(token) = tokens.get(i) else { return i };
        match token.text.as_str() {
            "*" => {
                parts.push("*".to_string());
                i += 1;
            }
            "{" => return group(tokens, i + 1, &parts, out),
            _ if token.is_word() => {
                // A list's `self` is the path before it.
                if token.text != "self" || parts.is_empty() {
                    parts.push(token.text.clone());
                }
                i += 1;
                let goes_on = tokens.get(i + 1).is_some_and(|t| t.is_word() || matches!(&*t.text, "{" | "*"));
                if tokens.get(i).is_some_and(|t| t.text == "::") && goes_on {
                    i += 1;
                    continue;
                }
            }
            _ => {}
        }
        out.push((parts, tokens[i - 1].line));
        return i;
    }
}

fn group(tokens: &[Token], mut i: usize, prefix: &[String], out: &mut Vec<(Vec<String>, usize)>) -> usize {
    while let Some(token) = tokens.get(i) {
        match token.text.as_str() {
            "}" => return i + 1,
            "as" => i += 2,
            "*" => i = tree(tokens, i, prefix, out),
            _ if token.is_word() => i = tree(tokens, i, prefix, out),
            _ => i += 1,
        }
    }
    i
}

/// `self` and `super` as paths from the root.
fn resolved(parts: Vec<String>, here: &[String]) -> Vec<String> {
    let ups = parts.iter().take_while(|part| *part == "super").count();
    let skip = match parts.first().map(String::as_str) {
        Some("self") => 1,
        Some("super") => ups,
        _ => return parts,
    };
    let kept = here.len().saturating_sub(ups);
    let root = std::iter::once("crate".to_string());
    root.chain(here[..kept].iter().cloned()).chain(parts.into_iter().skip(skip)).collect()
}

#[test]
fn paths_are_spread_out_and_resolved() {
    #[track_caller]
    fn check(file: &str, text: &str, expected: &str) {
        let tokens = super::scan::tokens(&super::scan::scan(text).code);
        let found: Vec<String> =
            paths(file, &tokens).iter().map(|p| format!("{}@{}", p.text(), p.line)).collect();
        assert_eq!(found.join(" "), expected, "{text}");
    }
    check(
        "src/fleet/a.rs",
        "use crate::{job::{Stage, tree::*},\n time::Span as S};",
        "crate::job::Stage@1 crate::job::tree::*@1 crate::time::Span@2",
    );
    check("src/fleet/a.rs", "use super::{self, b::C};", "crate::fleet@1 crate::fleet::b::C@1");
    check("src/fleet/decide/a.rs", "super::super::super::store::X", "crate::store::X@1");
    check(
        "src/fleet/a.rs",
        "mod tests { use super::*; fn f() { super::super::super::git::x() } } use super::b::C;",
        "crate::fleet::a::*@1 crate::git::x@1 crate::fleet::b::C@1",
    );
    check("src/fleet/mod.rs", "pub use self::b::C;", "crate::fleet::b::C@1");
    check("src/main.rs", "aq::cli::main(std::env::args_os())", "aq::cli::main@1 std::env::args_os@1");
    check("src/a.rs", "use git2; Vec::<u8>::new(); ::std::fs::read(x)", "git2@1 Vec@1 std::fs::read@1");
    check("src/a.rs", "#[tokio::test] <T as a::B>::c()", "tokio::test@1 a::B@1");
}
