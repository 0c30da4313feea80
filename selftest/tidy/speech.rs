//! Which words a room may speak: the law is pure, one file reads clocks, a framework stays in its room.

use super::house::{Finding, House};

/// Rooms and files that only reckon: what they know comes in as arguments.
const PURE: [&str; 6] =
    ["src/fleet/", "src/insight/", "src/job/", "src/agent/step", "src/dash/update", "src/dash/view"];

/// What a pure file may not name, and what it is.
const IMPURE: [(&str, &str); 17] = [
    ("std::fs", "the disk"),
    ("std::env", "the environment"),
    ("std::time", "a clock"),
    ("std::net", "the network"),
    ("std::process", "processes"),
    ("std::thread", "threads"),
    ("std::sync::Mutex", "a lock"),
    ("std::sync::mpsc", "threads"),
    ("std::os", "the system"),
    ("tokio", "async"),
    ("futures", "async"),
    ("rustix", "the system"),
    ("libc", "the system"),
    ("fastrand", "chance"),
    ("jiff::Timestamp::now", "a clock"),
    ("crate::time::SystemClock", "a clock"),
    ("crate::time::LawClock", "a clock"),
];

/// The same as single words: however they were brought in.
const IMPURE_WORDS: [(&str, &str); 6] = [
    ("async", "async"),
    ("await", "async"),
    ("SystemTime", "a clock"),
    ("Instant", "a clock"),
    ("RandomState", "chance"),
    ("thread_local", "threads"),
];

/// The law, its readings, the words, the next step, update and view know no clock, disk, chance or async.
pub fn pure(house: &House) -> Vec<Finding> {
    let mend = "Take what is needed as an argument from the room that may ask the world.";
    let mut out = Vec::new();
    for (file, rust) in house.product().filter(|(file, _)| PURE.iter().any(|p| file.path.starts_with(p))) {
        for path in &rust.paths {
            if let Some((_, is)) = IMPURE.iter().find(|ban| path.is_below(ban.0)) {
                out.push(file.finding(path.line, "purity", format!("{} is {is}", path.text()), mend));
            }
        }
        for token in &rust.tokens {
            if let Some((word, is)) = IMPURE_WORDS.iter().find(|ban| token.text == ban.0) {
                out.push(file.finding(token.line, "purity", format!("{word} is {is}"), mend));
            }
        }
    }
    out
}

/// Words that read a clock, or have no use but for one that does.
const CLOCKS: [&str; 3] = ["Instant", "clock_gettime", "gettimeofday"];
/// Types whose `now` reads one. A `SystemTime` that came from a file is a date, not a clock.
const NOWS: [&str; 3] = ["SystemTime", "Timestamp", "Zoned"];

/// Only `time.rs` reads a clock.
pub fn one_clock(house: &House) -> Vec<Finding> {
    const RULE: &str = "one clock";
    let mend = "Ask a Clock of crate::time, so that a test can set it.";
    let mut out = Vec::new();
    for (file, rust) in house.product().filter(|(file, _)| file.path != "src/time.rs") {
        for token in rust.tokens.iter().filter(|token| CLOCKS.contains(&token.text.as_str())) {
            out.push(file.finding(token.line, RULE, format!("{} is a clock", token.text), mend));
        }
        for path in &rust.paths {
            if let [.., whose, now] = path.parts.as_slice()
                && now == "now"
                && NOWS.contains(&whose.as_str())
            {
                out.push(file.finding(path.line, RULE, format!("{} reads a clock", path.text()), mend));
            }
        }
        for three in rust.tokens.windows(3) {
            if three[0].text == "." && three[1].text == "elapsed" && three[2].text == "(" {
                out.push(file.finding(three[1].line, RULE, "elapsed() reads a clock".to_string(), mend));
            }
        }
    }
    out
}

/// Crates that stay in their places: the crate, and how the paths of its files begin.
const PLACES: [(&str, &[&str]); 24] = [
    ("arcstr", &["src/job/"]),
    ("axum", &["src/serve/"]),
    ("tower_http", &["src/serve/"]),
    ("utoipa", &["src/serve/", "src/api/"]),
    ("ratatui", &["src/dash/"]),
    ("crossterm", &["src/dash/"]),
    ("nucleo_matcher", &["src/dash/"]),
    ("tui_input", &["src/dash/"]),
    ("ratatui_textarea", &["src/dash/"]),
    ("ansi_to_tui", &["src/dash/view"]),
    ("reqwest", &["src/client/"]),
    ("eventsource_client", &["src/client/"]),
    ("rusqlite", &["src/store/"]),
    ("notify", &["src/store/folder/"]),
    ("git2", &["src/git/"]),
    ("clap", &["src/cli/"]),
    ("clap_complete", &["src/cli/"]),
    ("clap_mangen", &["src/cli/"]),
    ("indicatif", &["src/cli/"]),
    ("etcetera", &["src/cli/", "src/board/"]),
    // A job's heading and script are found by the rules of the renderer that shows it.
    ("pulldown_cmark", &["src/job/", "src/dash/view"]),
    ("saphyr_parser", &["src/job/"]),
    ("toml", &["src/job/"]),
    ("jiff", &["src/time.rs"]),
];

/// Rooms in which async is not spoken.
const NO_TOKIO: [&str; 4] = ["src/job/", "src/fleet/", "src/insight/", "src/api/"];

/// One framework, one room.
pub fn frameworks_stay_home(house: &House) -> Vec<Finding> {
    const RULE: &str = "frameworks";
    let mut out = Vec::new();
    for (file, rust) in house.product() {
        // A room's own module may have the name of a crate: job/tree/toml.rs.
        let folder = file.path.rsplit_once('/').map_or("", |pair| pair.0);
        let is_own = |name: &str| house.files.iter().any(|f| f.path == format!("{folder}/{name}.rs"));
        for path in &rust.paths {
            let name = path.parts[0].as_str();
            if let Some((_, places)) = PLACES.iter().find(|row| row.0 == name)
                && !places.iter().any(|place| file.path.starts_with(place))
                && !is_own(name)
            {
                let what = format!("{} outside {}", path.text(), places.join(", "));
                out.push(file.finding(
                    path.line,
                    RULE,
                    what,
                    "Ask the room that speaks it, in the product's words.",
                ));
            }
            if name == "tokio" && NO_TOKIO.iter().any(|room| file.path.starts_with(room)) {
                let what = format!("{} in a room without async", path.text());
                out.push(file.finding(
                    path.line,
                    RULE,
                    what,
                    "Wait on a floor above and hand the result down.",
                ));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::house::check;
    use super::*;

    #[test]
    fn the_world_in_a_pure_room_is_found() {
        check(
            pure,
            &[(
                "src/fleet/a.rs",
                "use std::{fs, collections::BTreeMap};\nasync fn f() {}\nfn g() { std::env::var(\"X\"); }",
            )],
            "src/fleet/a.rs:1 std::fs is the disk\n\
             src/fleet/a.rs:3 std::env::var is the environment\n\
             src/fleet/a.rs:2 async is async",
        );
        check(
            pure,
            &[("src/agent/step.rs", "use fastrand::Rng;")],
            "src/agent/step.rs:1 fastrand::Rng is chance",
        );
        check(
            pure,
            &[("src/dash/view/a.rs", "use std::time::Instant;")],
            "src/dash/view/a.rs:1 std::time::Instant is a clock\nsrc/dash/view/a.rs:1 Instant is a clock",
        );
        check(
            pure,
            &[("src/agent/act.rs", "use std::fs;"), ("src/job/a.rs", "// std::fs\nlet s = \"async\";")],
            "",
        );
    }

    #[test]
    fn a_clock_outside_its_file_is_found() {
        let text = "use std::time::{Duration, Instant};\nlet now = jiff::Timestamp::now();\nSystemTime::now();\nfile.modified()?.elapsed();";
        check(
            one_clock,
            &[("src/git/a.rs", text)],
            "src/git/a.rs:1 Instant is a clock\n\
             src/git/a.rs:2 jiff::Timestamp::now reads a clock\n\
             src/git/a.rs:3 SystemTime::now reads a clock\n\
             src/git/a.rs:4 elapsed() reads a clock",
        );
        let dates = "use std::time::{Duration, SystemTime};\nlet x = SystemTime::UNIX_EPOCH;";
        check(one_clock, &[("src/time.rs", text), ("src/git/a.rs", dates)], "");
    }

    #[test]
    fn a_framework_away_from_home_is_found() {
        check(
            frameworks_stay_home,
            &[("src/board/a.rs", "fn f(r: &git2::Repository) {}")],
            "src/board/a.rs:1 git2::Repository outside src/git/",
        );
        check(
            frameworks_stay_home,
            &[("src/store/sqlite.rs", "use notify::Watcher;\nuse rusqlite::Connection;")],
            "src/store/sqlite.rs:1 notify::Watcher outside src/store/folder/",
        );
        check(
            frameworks_stay_home,
            &[("src/job/a.rs", "#[tokio::test]\nfn f() {}")],
            "src/job/a.rs:1 tokio::test in a room without async",
        );
        check(frameworks_stay_home, &[("src/cli/a.rs", "notify::tell();"), ("src/cli/notify.rs", "")], "");
    }
}
