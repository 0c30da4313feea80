//! README's tables and diagrams, drawn from the tables of the source and compared or written anew.
//!
//! A block begins with `<!-- table: NAME -->` or `<!-- mermaid: NAME -->` and ends with `<!-- end -->`. What is
//! between belongs to the source: a difference fails, and `UPDATE_README=1` writes it in place. Two diagrams are
//! written by hand; of those only the names are checked.

use std::fmt::Write as _;

use super::diagrams::{wrong_rooms, wrong_words};
use super::house::{Finding, House};
use super::life::diagram;
use super::rooms::{imports, rooms};
use super::tables;

/// What fills a block.
enum Fill {
    /// The text between the marks.
    Drawn(fn() -> String),
    /// Written by hand: a diagram of the rooms of `src`, with arrows where one imports from another.
    Rooms,
    /// Written by hand: a diagram whose words with `_` are words of the law.
    Told,
}

/// Every block README has, each once.
const BLOCKS: [(&str, Fill); 17] = [
    ("table: stages", Fill::Drawn(tables::stages)),
    ("table: transitions", Fill::Drawn(tables::transitions)),
    ("table: actions", Fill::Drawn(tables::actions)),
    ("table: outcomes", Fill::Drawn(tables::outcomes)),
    ("table: verbs", Fill::Drawn(tables::verbs)),
    ("table: exit-codes", Fill::Drawn(tables::exit_codes)),
    ("table: manifest-fields", Fill::Drawn(tables::manifest)),
    ("table: profile-fields", Fill::Drawn(tables::profile)),
    ("table: engines", Fill::Drawn(tables::engines)),
    ("table: engine-fields", Fill::Drawn(tables::engine)),
    ("table: account-fields", Fill::Drawn(tables::account)),
    ("table: config-keys", Fill::Drawn(tables::config)),
    ("table: keys", Fill::Drawn(tables::keys)),
    ("table: folders", Fill::Drawn(tables::folders)),
    ("mermaid: life", Fill::Drawn(diagram)),
    ("mermaid: rooms", Fill::Rooms),
    ("mermaid: claim", Fill::Told),
];

const END: &str = "<!-- end -->";
const FILE: &str = "README.md";

/// README with every drawn block as the source has it, and what is wrong with the one that was given.
fn redrawn(house: &House) -> (String, Vec<Finding>) {
    const RULE: &str = "tables";
    let Some(file) = house.files.iter().find(|file| file.path == FILE) else {
        return (
            String::new(),
            vec![Finding::missing(FILE, RULE, "Write it; its blocks are named in BLOCKS.")],
        );
    };
    let mut out = String::new();
    let (mut findings, mut seen) = (Vec::new(), Vec::new());
    let mut lines = file.text.lines().enumerate();
    while let Some((n, line)) = lines.next() {
        let _ = writeln!(out, "{line}");
        let Some(name) = mark(line) else { continue };
        let mut complain = |what: String, mend| findings.push(file.finding(n + 1, RULE, what, mend));
        let Some((_, fill)) = BLOCKS.iter().find(|row| row.0 == name) else {
            complain(format!("{name} is no block that the source can fill"), "The names are in BLOCKS.");
            continue;
        };
        if seen.contains(&name) {
            complain(format!("{name} stands here twice"), "Keep one of them.");
        }
        seen.push(name);
        let old: String = lines
            .by_ref()
            .map(|row| row.1)
            .take_while(|l| l.trim() != END)
            .fold(String::new(), |text, line| text + line + "\n");
        let new = filled(fill, &old);
        if new != old {
            complain(format!("{name} is not what the source says{}", first_difference(&old, &new)), UPDATE);
        }
        let wrong = match fill {
            Fill::Drawn(_) => None,
            Fill::Rooms => wrong_rooms(&old, &rooms(house), &imports(house)),
            Fill::Told => wrong_words(&old),
        };
        if let Some(what) = wrong {
            complain(what, "Draw what the source has; what is outside of it begins with a capital.");
        }
        let _ = writeln!(out, "{new}{END}");
    }
    for (name, _) in BLOCKS.iter().filter(|row| !seen.contains(&row.0)) {
        let mend = "Write <!-- NAME --> and <!-- end --> where it belongs, then as for a difference.";
        findings.push(file.finding(1, RULE, format!("{name} is missing"), mend));
    }
    (out, findings)
}

const UPDATE: &str = "Write it anew: UPDATE_README=1 cargo test --test selftest tidy";

fn mark(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix("<!-- ")?.strip_suffix(" -->")?;
    (name.starts_with("table: ") || name.starts_with("mermaid: ")).then_some(name)
}

fn filled(fill: &Fill, old: &str) -> String {
    match fill {
        Fill::Drawn(draw) => draw(),
        Fill::Rooms | Fill::Told => old.to_string(),
    }
}

fn first_difference(old: &str, new: &str) -> String {
    let (mut old, mut new) = (old.lines(), new.lines());
    loop {
        match (old.next(), new.next()) {
            (None, None) => return String::new(),
            (a, b) if a == b => {}
            (a, b) => {
                return format!("\n    README: {}\n    source: {}\n   ", a.unwrap_or("–"), b.unwrap_or("–"));
            }
        }
    }
}

/// README says what the source says.
pub fn readme_equals_source(house: &House) -> Vec<Finding> {
    redrawn(house).1
}

/// Writes the drawn blocks anew where they stand.
pub fn update(house: &House) {
    let path = super::house::root().join(FILE);
    let (text, _) = redrawn(house);
    assert!(!text.is_empty(), "there is no {FILE} to write into");
    std::fs::write(&path, text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let house = House::of(&[(FILE, text), ("src/job/mod.rs", ""), ("src/time.rs", "")]);
        let findings = readme_equals_source(&house).into_iter().map(|finding| finding.to_string());
        let findings: Vec<String> = findings.filter(|line| !line.contains("is missing")).collect();
        assert_eq!(findings.join("\n"), expected);
    }

    #[test]
    fn a_table_that_differs_is_found_and_written_anew() {
        let old = "# A\n\n<!-- table: folders -->\n| old |\n<!-- end -->\n\nmore\n";
        check(
            old,
            &format!(
                "README.md:3: tables: table: folders is not what the source says\n    README: | old |\n    source: | folder | stages |\n   . {UPDATE}"
            ),
        );
        let (new, _) = redrawn(&House::of(&[(FILE, old)]));
        assert!(
            new.starts_with("# A\n\n<!-- table: folders -->\n| folder | stages |\n|---|---|\n| `inbox` |")
        );
        assert!(new.ends_with("<!-- end -->\n\nmore\n"));
        check(&new, "");
    }

    #[test]
    fn strange_and_double_blocks_are_found() {
        check(
            "<!-- table: stars -->\n<!-- end -->\n",
            "README.md:1: tables: table: stars is no block that the source can fill. The names are in BLOCKS.",
        );
        check(
            "<!-- mermaid: claim -->\n<!-- end -->\n<!-- mermaid: claim -->\n<!-- end -->\n",
            "README.md:3: tables: mermaid: claim stands here twice. Keep one of them.",
        );
        assert_eq!(readme_equals_source(&House::of(&[(FILE, "")])).len(), BLOCKS.len());
        assert_eq!(readme_equals_source(&House::of(&[])).len(), 1);
    }
}
