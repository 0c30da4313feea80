//! The record that Codex keeps of a thread. Its output tells what was used when a turn is over; the record
//! tells it after every request.

use std::path::{Path, PathBuf};

use super::fields::{count, event_of, word};
use crate::job::Tokens;

/// Folders below which a day's threads stand: year, month, day.
const DAYS_DEEP: usize = 3;

/// The record of a thread, for a run with this environment.
pub(super) fn file(env: &[(String, String)], thread: &str) -> Option<PathBuf> {
    let of = |name: &str| env.iter().find(|(known, _)| known == name).map(|(_, value)| PathBuf::from(value));
    let home = of("CODEX_HOME").or_else(|| Some(of("HOME")?.join(".codex")))?;
    thread_file(&home, thread)
}

/// The record of a thread below a configuration folder; it stands under the day on which it began.
pub(in crate::engine) fn thread_file(home: &Path, thread: &str) -> Option<PathBuf> {
    below(&home.join("sessions"), DAYS_DEEP, &format!("-{thread}.jsonl"))
}

fn below(dir: &Path, deep: usize, ending: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).find_map(|path| match deep {
        0 => path.file_name()?.to_string_lossy().ends_with(ending).then_some(path),
        _ => path.is_dir().then(|| below(&path, deep - 1, ending))?,
    })
}

/// Whether a line tells what was used. All others hold the conversation.
pub(super) fn counts(line: &[u8]) -> bool {
    total(line).is_some()
}

/// What the thread has used since it began, if the line tells it.
pub(super) fn total(line: &[u8]) -> Option<Tokens> {
    let event = event_of(line).ok()?;
    let at = match (word(&event, "/type"), word(&event, "/payload/type")) {
        ("event_msg", "token_count") => "/payload/info/total_token_usage",
        ("token_usage_record", _) => "/payload/thread_token_usage",
        _ => return None,
    };
    event.pointer(at).filter(|usage| usage.is_object()).map(tokens)
}

/// The figures of a usage object; cached input is part of the input.
pub(super) fn tokens(usage: &serde_json::Value) -> Tokens {
    Tokens {
        input: count(usage, "/input_tokens"),
        cached: count(usage, "/cached_input_tokens"),
        cache_write: count(usage, "/cache_write_input_tokens"),
        output: count(usage, "/output_tokens"),
        reasoning: count(usage, "/reasoning_output_tokens"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_counts_are_taken_from_the_conversation() {
        let check = |line: &str, expected: Option<u64>| {
            assert_eq!(total(line.as_bytes()).and_then(|tokens| tokens.sum()), expected, "{line}");
        };
        let usage = r#"{"input_tokens":1200,"cached_input_tokens":300,"output_tokens":50}"#;
        let count = format!(
            r#"{{"type":"event_msg","payload":{{"type":"token_count","info":{{"total_token_usage":{usage}}}}}}}"#
        );
        let record = format!(r#"{{"type":"token_usage_record","payload":{{"thread_token_usage":{usage}}}}}"#);
        check(&count, Some(1250));
        check(&record, Some(1250));
        // It is told once before the first request, without figures.
        check(r#"{"type":"event_msg","payload":{"type":"token_count","info":null}}"#, None);
        check(
            &format!(r#"{{"type":"response_item","payload":{{"type":"message","text":{count:?}}}}}"#),
            None,
        );
        check(&count[..60], None);
        check("", None);
    }
}
