//! The logs of failed checks: which job of the forge a check was, and the end of what it printed. Pure.
//!
//! What a check printed was written by programs, over a change that an engine made: it stands quoted and named
//! as such in the hand-off, short, and without what would move a cursor.

use std::collections::BTreeMap;

use crate::engine::strip_controls;

/// Logs that are fetched for one hand-off; with more red checks than these, the rest have a name and an address.
pub(super) const LOGS_MOST: usize = 3;
/// Bytes of the end of a log that are handed on; three of them leave room for the words of reviewers.
const LOG_MAX: usize = 3 << 10;
/// Letters of a line; what is longer is data, not a message.
const LINE_MOST: usize = 400;

/// By job of the forge: what it printed, or why that cannot be known.
pub(in crate::agent) type Logs = BTreeMap<u64, Result<String, String>>;

/// The job in an address such as `https://github.com/acme/site/actions/runs/11/job/22`.
pub(super) fn job_of(url: &str) -> Option<u64> {
    let (_, rest) = url.split_once("/actions/runs/")?;
    let mut parts = rest.split(['/', '?', '#']);
    let (run, word, job) = (parts.next()?, parts.next()?, parts.next()?);
    (run.parse::<u64>().is_ok() && word == "job").then_some(())?;
    job.parse().ok()
}

/// The end of a log as gh tells it, `job<tab>step<tab>time text` in each line, quoted. `None`: it is empty.
pub(super) fn end_of(log: &str) -> Option<String> {
    let log = strip_controls(log);
    let mut lines: Vec<&str> = Vec::new();
    let mut room = LOG_MAX;
    for line in log.lines().map(text_of).rev().filter(|line| !line.is_empty()) {
        let line = line.char_indices().nth(LINE_MOST).map_or(line, |(at, _)| &line[..at]);
        let Some(left) = room.checked_sub(line.len() + 1) else { break };
        room = left;
        lines.push(line);
    }
    lines.reverse();
    let quoted: Vec<String> = lines.iter().map(|line| format!("  > {line}")).collect();
    (!quoted.is_empty()).then(|| quoted.join("\n"))
}

/// A line without the names of job and step and without its time; a line of another form as it is.
fn text_of(line: &str) -> &str {
    let text = line.splitn(3, '\t').nth(2).unwrap_or(line).trim_start_matches('\u{feff}');
    let is_time = |word: &str| {
        word.len() >= 20 && word.ends_with('Z') && word.starts_with(|c: char| c.is_ascii_digit())
    };
    match text.split_once(' ') {
        Some((time, rest)) if is_time(time) => rest.trim_end(),
        _ if is_time(text) => "",
        _ => text.trim_end(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_of_the_forge_is_told_by_its_address() {
        let check = |url: &str, job: Option<u64>| assert_eq!(job_of(url), job, "{url}");
        check("https://github.com/acme/site/actions/runs/11/job/22", Some(22));
        check("https://github.com/acme/site/actions/runs/11/job/22?pr=7#step:3:4", Some(22));
        check("https://github.com/acme/site/actions/runs/11", None);
        check("https://github.com/acme/site/actions/runs/x/job/22", None);
        check("https://github.com/acme/site/actions/runs/11/job/--web", None);
        check("https://ci.example/builds/22", None);
    }

    #[test]
    fn the_end_of_a_log_is_quoted_and_bounded() {
        let time = "2026-03-08T14:00:00.1234567Z";
        let log = format!(
            "lint\tRun make\t\u{feff}{time} cargo \u{1b}[31mclippy\u{1b}[0m\nlint\tRun make\t{time} \nlint\tRun make\t{time} ##[error]exit 1\nof another form\n"
        );
        assert_eq!(
            end_of(&log).as_deref(),
            Some("  > cargo clippy\n  > ##[error]exit 1\n  > of another form")
        );
        assert_eq!(end_of("\n \n"), None);
        let long = format!("first\n{}last", "é".repeat(LINE_MOST * 2) + "\n").repeat(20);
        let end = end_of(&long).expect("an end");
        assert!(end.len() < LOG_MAX + 200 && end.ends_with("> last"), "{} {end}", end.len());
        assert!(end.lines().all(|line| line.chars().count() <= LINE_MOST + 4), "{end}");
    }
}
