//! The shape of a file: its size, its head, its name, and nothing left behind in it.

use super::house::{File, Finding, House, Rust};
use super::scan::Function;

/// A file beyond this is several subjects.
const FILE_WALL: usize = 600;
/// Longer files are listed, not refused.
const FILE_AIM: usize = 400;
/// A function beyond this is several steps.
const FUNCTION_WALL: usize = 70;
/// Longer functions are listed, not refused.
const FUNCTION_AIM: usize = 40;
/// `main` hands over and gives the exit code.
const MAIN_WALL: usize = 30;

/// Files and functions stay below their walls.
pub fn sizes(house: &House) -> Vec<Finding> {
    let mut out = Vec::new();
    for (file, rust) in house.rust() {
        let wall = if file.path == "src/main.rs" { MAIN_WALL } else { FILE_WALL };
        let lines = file.text.lines().count();
        if lines > wall {
            let what = format!("{lines} lines; the wall is {wall}");
            out.push(file.finding(
                1,
                "sizes",
                what,
                "Divide it by subject; a second file says its own sentence.",
            ));
        }
        for (function, lines) in longer(file, rust, FUNCTION_WALL) {
            let what = format!("{} has {lines} lines; the wall is {FUNCTION_WALL}", function.name);
            out.push(file.finding(function.line, "sizes", what, "Give a step of it a name of its own."));
        }
    }
    out
}

/// What is longer than it should be and yet below the wall, the longest first.
pub fn near_the_wall(house: &House) -> String {
    let mut found = Vec::new();
    for (file, rust) in house.rust() {
        let lines = file.text.lines().count();
        if lines > FILE_AIM {
            found.push((lines, format!("{lines:5} lines  {}", file.path)));
        }
        for (function, lines) in longer(file, rust, FUNCTION_AIM) {
            found
                .push((lines, format!("{lines:5} lines  {}:{} {}", file.path, function.line, function.name)));
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|row| row.1 + "\n").collect()
}

/// Functions of more than so many lines. Lines that hold nothing but a piece of a text are not counted: the
/// script and the expected answer of a test are data, however long.
fn longer<'a>(file: &File, rust: &'a Rust, than: usize) -> Vec<(&'a Function, usize)> {
    let is_blank = |line: Option<&str>| line.is_none_or(|line| line.trim().is_empty());
    let (code, comments): (Vec<_>, Vec<_>) = (rust.code.lines().collect(), rust.comments.lines().collect());
    let is_data = |n: &usize| is_blank(code.get(*n).copied()) && is_blank(comments.get(*n).copied());
    let texts: Vec<bool> =
        file.text.lines().enumerate().map(|(n, line)| is_data(&n) && !is_blank(Some(line))).collect();
    let lines = |function: &Function| {
        let from = function.line - 1;
        function.lines - texts[from..from + function.lines].iter().filter(|is_text| **is_text).count()
    };
    rust.functions.iter().map(|function| (function, lines(function))).filter(|row| row.1 > than).collect()
}

/// Each file opens with one sentence about itself.
pub fn heads(house: &House) -> Vec<Finding> {
    let mut out = Vec::new();
    for (file, _) in house.rust() {
        let head: Vec<&str> = file.text.lines().map_while(|line| line.strip_prefix("//!")).collect();
        let sentence: String = head.iter().take_while(|line| !line.trim().is_empty()).copied().collect();
        let mend = "Begin with //! and one sentence that says what the file is, ended by a full stop.";
        if sentence.trim().is_empty() {
            out.push(file.finding(1, "heads", "the file does not say what it is".to_string(), mend));
        } else if !sentence.trim_end().ends_with(['.', '?', '!']) {
            out.push(file.finding(1, "heads", format!("no whole sentence:{sentence}"), mend));
        }
    }
    out
}

/// Marks of unfinished work that need the name of who will finish it: `TODO(ann): why`.
const MARKS: [&str; 3] = ["FIXME", "XXX", "TODO"];
/// Macros that are for the time of writing.
const SCAFFOLDS: [&str; 3] = ["dbg", "todo", "unimplemented"];

/// Nothing unfinished is left without an owner.
pub fn leftovers(house: &House) -> Vec<Finding> {
    const RULE: &str = "leftovers";
    let mut out = Vec::new();
    for (file, rust) in house.rust() {
        for (n, line) in rust.comments.lines().enumerate() {
            // A word takes its bracket with it; with a name behind it it is another word.
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '(');
            if let Some(word) = words.find(|word| MARKS.contains(&word.trim_end_matches('('))) {
                let what = format!("{} without an owner", word.trim_end_matches('('));
                out.push(file.finding(n + 1, RULE, what, "Do it now, or write TODO(name): and why not yet."));
            }
        }
        for pair in rust.tokens.windows(2) {
            if pair[1].text == "!" && SCAFFOLDS.contains(&pair[0].text.as_str()) {
                let what = format!("{}! is left behind", pair[0].text);
                out.push(file.finding(pair[0].line, RULE, what, "Write what belongs there."));
            }
        }
    }
    out
}

/// Names that say nothing about what is inside.
const JUNK: [&str; 14] = [
    "util", "utils", "common", "helper", "helpers", "types", "error", "errors", "manager", "managers", "imp",
    "impl", "misc", "shared",
];

/// A thing lives with what it is about.
pub fn no_junk_rooms(house: &House) -> Vec<Finding> {
    let mut out = Vec::new();
    for (file, _) in house.rust() {
        let parts = file.path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part));
        for part in parts.filter(|part| part.split('_').any(|word| JUNK.contains(&word))) {
            let what = format!("{part} names no subject");
            out.push(file.finding(
                1,
                "no junk rooms",
                what,
                "Name it by what it is about, or move each thing home.",
            ));
        }
    }
    out
}

/// Comments hold reasons, not code that once was.
pub fn no_dead_code(house: &House) -> Vec<Finding> {
    let mut out = Vec::new();
    for (file, rust) in house.rust() {
        for (n, line) in rust.comments.lines().enumerate() {
            let Some(text) = line.trim().strip_prefix("// ") else { continue };
            if looks_like_code(text.trim()) {
                let what = format!("code in a comment: {text}");
                out.push(file.finding(n + 1, "no dead code", what, "Delete it; the history keeps it."));
            }
        }
    }
    out
}

/// Ends as code does and has its signs. A sentence may end with a semicolon where it goes on below.
fn looks_like_code(text: &str) -> bool {
    const SIGNS: [&str; 9] = ["let ", "use ", "fn ", "return", " = ", "::", "();", ");", ") {"];
    let is_block = text.ends_with('{') || text == "}" || text == "});" || text == "};";
    is_block || text.ends_with(';') && SIGNS.iter().any(|sign| text.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::super::house::check;
    use super::*;

    #[test]
    fn what_is_too_long_is_found() {
        let long = format!("//! A.\nfn f() {{\n{}}}\n", "    // }\n".repeat(70));
        check(sizes, &[("src/a.rs", &long)], "src/a.rs:2 f has 72 lines; the wall is 70");
        check(sizes, &[("src/a.rs", &long.replacen("    // }\n", "", 2))], "");
        let data = format!("//! A.\nfn f() {{\n    g(\"\n{}\");\n}}\n", "data {\n".repeat(90));
        check(sizes, &[("src/a.rs", &data)], "");
        check(sizes, &[("selftest/a.rs", &"\n".repeat(601))], "selftest/a.rs:1 601 lines; the wall is 600");
        check(sizes, &[("src/main.rs", &"\n".repeat(31))], "src/main.rs:1 31 lines; the wall is 30");
        let near = near_the_wall(&House::of(&[("src/a.rs", &long)]));
        assert_eq!(near, "   72 lines  src/a.rs:2 f\n");
    }

    #[test]
    fn a_file_that_does_not_say_what_it_is_is_found() {
        check(heads, &[("src/a.rs", "//! One file,\n//! two lines.\n\nfn f() {}")], "");
        check(heads, &[("src/a.rs", "// No.\n")], "src/a.rs:1 the file does not say what it is");
        check(heads, &[("src/a.rs", "//!\n//! Late.\n")], "src/a.rs:1 the file does not say what it is");
        check(heads, &[("src/a.rs", "//! Not whole\n")], "src/a.rs:1 no whole sentence: Not whole");
    }

    #[test]
    fn what_is_left_behind_is_found() {
        check(
            leftovers,
            &[(
                "src/a.rs",
                "// TODO: later\n// TODO(ann): when it rains\nlet s = \"FIXME\";\ndbg!(1);\n/// XXX\nfn todo() {}",
            )],
            "src/a.rs:1 TODO without an owner\n\
             src/a.rs:5 XXX without an owner\n\
             src/a.rs:4 dbg! is left behind",
        );
    }

    #[test]
    fn names_without_a_subject_are_found() {
        check(
            no_junk_rooms,
            &[("src/util/mod.rs", ""), ("src/fleet/job_helpers.rs", ""), ("src/fleet/refusal.rs", "")],
            "src/util/mod.rs:1 util names no subject\nsrc/fleet/job_helpers.rs:1 job_helpers names no subject",
        );
    }

    #[test]
    fn code_in_comments_is_found() {
        let text = "// let x = f(y);\n// if x {\n/// let x = 1;\n// It waits;\n// then it goes on.\n// see a::b;\nlet s = \"// let x = 1;\";";
        check(
            no_dead_code,
            &[("src/a.rs", text)],
            "src/a.rs:1 code in a comment: let x = f(y);\n\
             src/a.rs:2 code in a comment: if x {\n\
             src/a.rs:6 code in a comment: see a::b;",
        );
    }
}
