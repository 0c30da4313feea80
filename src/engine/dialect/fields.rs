//! Fields of an event line, read one by one, so that a field of another form spoils itself and not the line.

use serde_json::Value;

use super::table::Heard;
use crate::job::parse_usd;

/// Characters of a tool's arguments or result that an event keeps.
const SUMMARY_MAX: usize = 120;
/// Characters of an error that an event keeps: vendors put the reset time last.
const SENTENCE_MAX: usize = 240;
/// Characters of the end of what a model said that an event keeps.
const TAIL_MAX: usize = 64 << 10;

/// The event of a line: an object with a `type`. Anything else is text.
pub(super) fn event_of(line: &[u8]) -> Result<Value, Heard> {
    let trimmed = line.trim_ascii();
    if trimmed.first() != Some(&b'{') {
        return Err(Heard::Text);
    }
    match serde_json::from_slice::<Value>(trimmed) {
        Ok(value) if value["type"].is_string() => Ok(value),
        Ok(_) => Err(Heard::Unknown("it names no type".to_string())),
        // Half a line of a stream that was cut, or text that begins with a brace.
        Err(_) => Err(Heard::Text),
    }
}

/// A line whose type, or the type of what it holds, this version does not know.
pub(super) fn unknown(line: &Value) -> Heard {
    let inner = text(line, "/subtype");
    let name = std::iter::once(word(line, "/type")).chain(inner).collect::<Vec<_>>().join("/");
    Heard::Unknown(format!("no event {:?}", summary(&name)))
}

/// Text at a JSON pointer.
pub(super) fn text<'a>(value: &'a Value, at: &str) -> Option<&'a str> {
    value.pointer(at)?.as_str()
}

/// Text at a JSON pointer, or nothing.
pub(super) fn word<'a>(value: &'a Value, at: &str) -> &'a str {
    text(value, at).unwrap_or_default()
}

/// Text at a JSON pointer, as a value of its own.
pub(super) fn owned(value: &Value, at: &str) -> Option<String> {
    text(value, at).map(str::to_string)
}

/// A count at a JSON pointer.
pub(super) fn count(value: &Value, at: &str) -> Option<u64> {
    let number = value.pointer(at)?;
    // Some programs write counts and milliseconds as floats.
    number.as_u64().or_else(|| number.as_f64().filter(|n| *n >= 0.0).map(|n| n as u64))
}

/// A truth at a JSON pointer.
pub(super) fn truth(value: &Value, at: &str) -> Option<bool> {
    value.pointer(at)?.as_bool()
}

/// The elements of a list at a JSON pointer.
pub(super) fn list<'a>(value: &'a Value, at: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.pointer(at).and_then(Value::as_array).into_iter().flatten()
}

/// Dollars at a JSON pointer in millionths, through decimal text: the float itself is never reckoned with.
pub(super) fn dollars(value: &Value, at: &str) -> Option<u64> {
    let usd = value.pointer(at)?.as_f64().filter(|usd| *usd >= 0.0)?;
    parse_usd(&format!("{usd:.6}"))
}

/// One line of at most [`SUMMARY_MAX`] characters.
pub(super) fn summary(text: &str) -> String {
    one_line(text, SUMMARY_MAX)
}

/// One line of at most [`SENTENCE_MAX`] characters.
pub(super) fn sentence(text: &str) -> String {
    one_line(text, SENTENCE_MAX)
}

fn one_line(text: &str, most: usize) -> String {
    let line = text.split_whitespace().take(most).collect::<Vec<_>>().join(" ");
    line.chars().take(most).collect()
}

/// What a tool was called with: its one telling argument, or all of them.
pub(super) fn arguments(input: &Value) -> String {
    const TELLING: [&str; 9] =
        ["command", "file_path", "filePath", "path", "absolute_path", "pattern", "query", "url", "prompt"];
    match TELLING.iter().find_map(|name| input.get(name)?.as_str()) {
        Some(text) => summary(text),
        None if input.is_null() => String::new(),
        None => summary(&input.to_string()),
    }
}

/// What stands in a result: text, or the texts of its blocks.
pub(super) fn content(value: &Value) -> String {
    match value {
        Value::String(text) => summary(text),
        Value::Array(blocks) => {
            let texts: Vec<&str> = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
            summary(&texts.join(" "))
        }
        _ => String::new(),
    }
}

/// The last characters of what a model said.
pub(super) fn tail(text: &str) -> String {
    let skip = text.chars().count().saturating_sub(TAIL_MAX);
    text.chars().skip(skip).collect()
}

/// How many characters.
pub(super) fn chars(text: &str) -> u64 {
    text.chars().count() as u64
}
