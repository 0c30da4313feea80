//! The diagrams of README that are written by hand, held to the names and imports that the source has.

use aq::fleet::{Code, Command, What};
use aq::job::{OUTCOMES, STAGES};

/// A word of a hand-written diagram that looks like one of the law's and is not.
pub fn wrong_words(diagram: &str) -> Option<String> {
    let codes = Code::ALL.iter().map(|code| code.name());
    let stages = STAGES.iter().map(|row| row.1).chain(OUTCOMES.iter().map(|row| row.1));
    let known: Vec<&str> =
        What::NAMES.iter().chain(Command::NAMES).copied().chain(codes).chain(stages).collect();
    let words = diagram.split(|c: char| !c.is_alphanumeric() && c != '_');
    let wrong: Vec<&str> = words.filter(|word| word.contains('_') && !known.contains(word)).collect();
    (!wrong.is_empty()).then(|| format!("the law does not know {}", wrong.join(", ")))
}

/// The rooms that the diagram lacks, or draws though they are not there, and arrows that no import stands for.
pub fn wrong_rooms(diagram: &str, rooms: &[String], imports: &[(String, String)]) -> Option<String> {
    let (mut drawn, mut arrows) = (Vec::new(), Vec::new());
    for line in diagram.lines().map(str::trim) {
        let word = line.split_whitespace().next().unwrap_or("");
        if matches!(word, "flowchart" | "subgraph" | "direction" | "end" | "classDef" | "class" | "style")
            || line.starts_with("```")
            || line.starts_with("%%")
        {
            continue;
        }
        let ends: Vec<Vec<&str>> = line.split("-->").map(nodes).collect();
        for pair in ends.windows(2) {
            arrows.extend(pair[0].iter().flat_map(|a| pair[1].iter().map(move |b| (*a, *b))));
        }
        drawn.extend(ends.into_iter().flatten());
    }
    let is_room = |name: &str| rooms.iter().any(|room| room == name);
    let is_import = |a: &str, b: &str| imports.iter().any(|pair| pair.0 == a && pair.1 == b);
    let missing: Vec<&str> = rooms.iter().map(String::as_str).filter(|room| !drawn.contains(room)).collect();
    let unknown: Vec<&str> = drawn.iter().copied().filter(|name| !is_room(name)).collect();
    let idle: Vec<String> =
        arrows.iter().filter(|(a, b)| !is_import(a, b)).map(|(a, b)| format!("{a} --> {b}")).collect();
    if !missing.is_empty() {
        Some(format!("the rooms lack {}", missing.join(", ")))
    } else if !unknown.is_empty() {
        Some(format!("no room is called {}", unknown.join(", ")))
    } else {
        (!idle.is_empty()).then(|| format!("no import stands for {}", idle.join(", ")))
    }
}

/// The names of nodes in a line that begin small: words outside brackets, quotes and bars.
fn nodes(line: &str) -> Vec<&str> {
    let (mut out, mut depth, mut quoted) = (Vec::new(), 0_usize, false);
    let mut start = None;
    for (i, c) in line.char_indices().chain([(line.len(), ' ')]) {
        match c {
            '"' | '|' => quoted = !quoted,
            '[' | '(' | '{' => depth += 1,
            ']' | ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let inside = depth > 0 || quoted || matches!(c, '"' | '|' | ']' | ')' | '}');
        if !inside && (c.is_alphanumeric() || c == '_') {
            start.get_or_insert(i);
        } else if let Some(from) = start.take() {
            out.push(&line[from..i]);
        }
    }
    out.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    out
}

#[test]
fn rooms_that_are_not_drawn_or_not_there_are_found() {
    let check = |diagram: &str, expected: Option<&str>| {
        let [job, time] = ["job".to_string(), "time".to_string()];
        let imports = [(job.clone(), time.clone())];
        assert_eq!(wrong_rooms(diagram, &[job, time], &imports).as_deref(), expected, "{diagram}");
    };
    check(
        "flowchart TD\n  subgraph one[\"floor 1\"]\n  job[the words] --> time\n  end\n  People --> job",
        None,
    );
    check("job --> attic\ntime", Some("no room is called attic"));
    check("job -->|asks time| Disk", Some("the rooms lack time"));
    check("time --> job", Some("no import stands for time --> job"));
}

#[test]
fn words_the_law_does_not_know_are_found() {
    assert_eq!(wrong_words("A->>L: lease_granted, dead_letter, ship_start, rev_moved"), None);
    assert_eq!(wrong_words("lease_lost").as_deref(), Some("the law does not know lease_lost"));
}
