//! Floors and doors: rooms import from floors below, and a folder is entered by its `mod.rs` alone.

use super::house::{File, Finding, House, Rust};
use super::paths::Named;
use super::scan::Token;

/// Every room with its floor, from the ground up. A new room needs a row.
const FLOORS: [(&str, u8); 15] = [
    ("job", 1),
    ("time", 1),
    ("store", 2),
    ("insight", 2),
    ("fleet", 2),
    ("api", 2),
    ("git", 2),
    ("engine", 2),
    ("board", 3),
    ("coordinator", 3),
    ("client", 3),
    ("serve", 4),
    ("dash", 4),
    ("agent", 4),
    ("cli", 5),
];

/// Rooms that meet on their floor: the first imports from the second. The words speak of time and spans.
const MEETINGS: [(&str, &str); 6] = [
    ("job", "time"),
    ("board", "coordinator"),
    ("board", "client"),
    ("store", "fleet"),
    ("insight", "fleet"),
    // A person's ship, diff and rescue are the agent's hands, whichever door they come through.
    ("dash", "agent"),
];

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|row| row.0 == room).map(|row| row.1)
}

/// Every room there is in these files.
pub fn rooms(house: &House) -> Vec<String> {
    let mut rooms: Vec<String> =
        house.product().filter_map(|(file, _)| file.room()).map(str::to_string).collect();
    rooms.sort();
    rooms.dedup();
    rooms
}

/// Which room imports from which.
pub fn imports(house: &House) -> Vec<(String, String)> {
    let of = |file: &File, rust: &Rust| -> Vec<(String, String)> {
        let own = file.room().unwrap_or_default().to_string();
        let ours = rust.paths.iter().filter(|path| path.parts[0] == "crate");
        ours.filter_map(|path| path.parts.get(1)).map(|other| (own.clone(), other.clone())).collect()
    };
    house.product().flat_map(|(file, rust)| of(file, rust)).collect()
}

/// A room imports only from floors below, test code too.
pub fn look_down(house: &House) -> Vec<Finding> {
    const RULE: &str = "floors";
    let mut out = Vec::new();
    for (file, rust) in house.product() {
        let Some(own) = file.room() else { continue };
        let Some(here) = floor(own) else {
            let what = format!("{own} stands on no floor");
            out.push(file.finding(
                1,
                RULE,
                what,
                "Give it a row in FLOORS, or put it into the room it is about.",
            ));
            continue;
        };
        for path in rust.paths.iter().filter(|path| path.parts[0] == "crate") {
            let Some(other) = path.parts.get(1).filter(|other| *other != own) else { continue };
            if other == "*" {
                let what = "the whole crate is imported".to_string();
                out.push(file.finding(path.line, RULE, what, "Name the rooms."));
            }
            let Some(there) = floor(other) else { continue };
            if there >= here && !MEETINGS.contains(&(own, other)) {
                let what = format!("{own} (floor {here}) imports {} (floor {there})", path.text());
                let mend = "Move what is shared to a floor below, or hand it in as an argument.";
                out.push(file.finding(path.line, RULE, what, mend));
            }
        }
    }
    out
}

/// Nobody reaches past a room's `mod.rs`, neither in the product nor in its tests.
pub fn one_door(house: &House) -> Vec<Finding> {
    let mut out = Vec::new();
    for (file, rust) in house.rust() {
        for path in rust.paths.iter().filter(|path| reaches_inside(house, file, path)) {
            let what = format!("{} reaches past the door of {}", path.text(), path.parts[1]);
            let mend = "Let the room's mod.rs offer the name, or ask for less.";
            out.push(file.finding(path.line, "one door", what, mend));
        }
    }
    out
}

/// `crate::room::inner::name` from another room, where `inner` is a module and not merely a name.
fn reaches_inside(house: &House, file: &File, path: &Named) -> bool {
    let [root, room, inner, _, ..] = path.parts.as_slice() else { return false };
    let ours = root == "crate" && file.path.starts_with("src/") || root == "aq";
    let files = [format!("src/{room}/{inner}.rs"), format!("src/{room}/{inner}/mod.rs")];
    ours && file.room() != Some(room) && house.files.iter().any(|file| files.contains(&file.path))
}

/// A `mod.rs` has its `//!`, private `mod` lines, `use` lines and at most one documented constant; `lib.rs`
/// is the map, and offers no name of its own.
pub fn bare_doors(house: &House) -> Vec<Finding> {
    let mut out = Vec::new();
    for (file, rust) in house.rust() {
        let is_map = file.path == "src/lib.rs";
        if is_map || file.path.ends_with("/mod.rs") {
            let mut consts = 0;
            for item in items(&rust.tokens) {
                let is_const = matches!(item.words.as_slice(), ["const", ..]);
                consts += usize::from(is_const);
                if let Some(what) = wrong(&item, is_map, consts, file, rust) {
                    let mend = "Move it to a file of the room; the door only says what is inside.";
                    out.push(file.finding(item.line, "one door", what, mend));
                }
            }
        }
    }
    out
}

/// An item of a module up to its `;` or its body: attributes' names, visibility, words.
struct Item<'a> {
    line: usize,
    attributes: Vec<&'a str>,
    is_public: bool,
    words: Vec<&'a str>,
}

fn items(tokens: &[Token]) -> Vec<Item<'_>> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let mut item =
            Item { line: tokens[i].line, attributes: Vec::new(), is_public: false, words: Vec::new() };
        let at = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
        while at(i) == "#" {
            let open = if at(i + 1) == "!" { i + 2 } else { i + 1 };
            item.attributes.push(at(open + 1));
            i = closing(tokens, open);
        }
        if at(i) == "pub" {
            item.is_public = true;
            i = if at(i + 1) == "(" { closing(tokens, i + 1) } else { i + 1 };
        }
        item.line = tokens.get(i).map_or(item.line, |token| token.line);
        while i < tokens.len() && at(i) != ";" {
            item.words.push(at(i));
            if !matches!(at(i), "(" | "[" | "{") {
                i += 1;
                continue;
            }
            let is_body = at(i) == "{";
            i = closing(tokens, i);
            // The braces of a `use` list end at the `;` behind them.
            if is_body && at(i) != ";" {
                i -= 1;
                break;
            }
        }
        i += 1;
        if !item.words.is_empty() {
            out.push(item);
        }
    }
    out
}

/// The place behind the bracket that closes the one at `open`.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth == 1 => return i + 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    tokens.len()
}

fn wrong(item: &Item<'_>, is_map: bool, consts: usize, file: &File, rust: &Rust) -> Option<String> {
    if let Some(attribute) = item.attributes.iter().find(|name| **name != "cfg") {
        return Some(format!("the attribute {attribute} in a door"));
    }
    match item.words.as_slice() {
        ["mod", _] if is_map || !item.is_public => None,
        ["mod", name] => Some(format!("the module {name} is public")),
        ["use", ..] if !is_map => None,
        ["use", ..] => Some("the map offers names of its own".to_string()),
        ["const", name, ..] if !is_map => {
            let above = file.text.lines().take(item.line - 1).last().unwrap_or("").trim_start();
            if !above.starts_with("///") {
                Some(format!("the constant {name} says nothing about itself"))
            } else if consts > 1 {
                Some(format!("{name} is a second constant"))
            } else {
                None
            }
        }
        words => {
            let line = rust.code.lines().nth(item.line - 1).unwrap_or("").trim();
            Some(format!("{} in a door: {line}", words[0]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::house::check;
    use super::*;

    #[test]
    fn imports_from_the_same_floor_or_above_are_found() {
        check(look_down, &[("src/fleet/a.rs", "use crate::{job::Stage, time::Span};\nuse super::b::C;")], "");
        check(
            look_down,
            &[("src/fleet/a.rs", "use crate::{job::Stage,\n store::{Log, Fault}};")],
            "src/fleet/a.rs:2 fleet (floor 2) imports crate::store::Log (floor 2)\n\
             src/fleet/a.rs:2 fleet (floor 2) imports crate::store::Fault (floor 2)",
        );
        check(
            look_down,
            &[(
                "src/job/a.rs",
                "fn f() { crate::cli::main() }\n#[cfg(test)]\nmod tests { use super::super::super::git::X; }",
            )],
            "src/job/a.rs:1 job (floor 1) imports crate::cli::main (floor 5)\n\
             src/job/a.rs:3 job (floor 1) imports crate::git::X (floor 2)",
        );
        check(look_down, &[("src/board/a.rs", "use crate::coordinator::start; // crate::cli::x")], "");
        check(
            look_down,
            &[("src/board/a.rs", "use crate::*;")],
            "src/board/a.rs:1 the whole crate is imported",
        );
        check(look_down, &[("src/attic/mod.rs", "")], "src/attic/mod.rs:1 attic stands on no floor");
    }

    #[test]
    fn a_reach_past_a_door_is_found() {
        let log = ("src/store/log.rs", "");
        check(
            one_door,
            &[log, ("src/board/a.rs", "use crate::store::{Log, log::Appended};")],
            "src/board/a.rs:1 crate::store::log::Appended reaches past the door of store",
        );
        check(
            one_door,
            &[log, ("selftest/a.rs", "use aq::store::log::X;")],
            "selftest/a.rs:1 aq::store::log::X reaches past the door of store",
        );
        check(one_door, &[log, ("src/store/a.rs", "use crate::store::log::X;\nuse crate::store::Log;")], "");
        // A name that a module happens to share is offered by the door.
        check(one_door, &[log, ("src/board/a.rs", "use crate::store::log;")], "");
    }

    #[test]
    fn more_than_a_list_of_what_is_inside_is_found() {
        let good = "//! A.\n\nmod a;\n#[cfg(test)]\nmod b;\n\npub use a::{B, C};\npub(super) use b::D;\n\n/// One.\npub const E: [u8; 2] = [1, 2];\n";
        check(bare_doors, &[("src/fleet/mod.rs", good), ("src/fleet/a.rs", "pub mod x; fn f() {}")], "");
        check(
            bare_doors,
            &[(
                "src/fleet/mod.rs",
                "//! A.\npub mod a;\npub(crate) mod b;\nfn f() { a; }\n#[allow(dead_code)]\nmod c;\nmod d { fn x() {} }\nstruct S;\nconst A: u8 = 1;\n/// B.\nconst B: u8 = 1;\n",
            )],
            "src/fleet/mod.rs:2 the module a is public\n\
             src/fleet/mod.rs:3 the module b is public\n\
             src/fleet/mod.rs:4 fn in a door: fn f() { a; }\n\
             src/fleet/mod.rs:6 the attribute allow in a door\n\
             src/fleet/mod.rs:7 mod in a door: mod d { fn x() {} }\n\
             src/fleet/mod.rs:8 struct in a door: struct S;\n\
             src/fleet/mod.rs:9 the constant A says nothing about itself\n\
             src/fleet/mod.rs:11 B is a second constant",
        );
        check(
            bare_doors,
            &[("src/lib.rs", "//! A.\npub mod a;\npub use a::B;\n")],
            "src/lib.rs:3 the map offers names of its own",
        );
    }
}
