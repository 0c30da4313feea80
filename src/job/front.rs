//! A file split into front matter and body: the fences, the encoding and the size of what was dropped.

use super::problem::{At, Problem};
use super::tree::{Entry, Node, Value, read_toml, read_yaml};

/// Largest manifest or profile in bytes; a prompt longer than this belongs into a file of the repository.
pub const FILE_MAX: usize = 1024 * 1024;

/// What stands in a job's or profile's file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Front {
    /// The fields, empty where there is no front matter.
    pub fields: Vec<Entry>,
    /// The text after the front matter, as it stands.
    pub body: String,
    /// Line of the file on which the body begins.
    pub body_line: u32,
    /// What is wrong with the front matter's language; the fields are those that could still be read.
    pub problems: Vec<Problem>,
}

/// Splits a file. An error is one that leaves nothing to read on.
pub fn split_front(bytes: &[u8]) -> Result<Front, Problem> {
    let text = decode(bytes)?;
    let Some((fence, start, line)) = opening(text) else {
        return Ok(Front { body: text.to_string(), body_line: 1, ..Front::default() });
    };
    let Some((end, body, lines)) = closing(&text[start..], fence) else {
        let problem = Problem::new(At::new(line, 1).long(3), format!("front matter has no closing {fence}"));
        return Err(problem.hint(format!(
            "end the fields with a line {fence}; a rule at the top of a text is written ***"
        )));
    };
    let first_line = u32::try_from(line + 1).unwrap_or(u32::MAX);
    let (root, problems) = match fence {
        "+++" => {
            let (root, problems) = read_toml(&text[start..start + end], first_line);
            (Some(root), problems)
        }
        _ => read_yaml(&text[start..start + end], first_line),
    };
    let body_line = first_line.saturating_add(lines);
    let mut front = Front { fields: Vec::new(), body: text[start + body..].to_string(), body_line, problems };
    take_root(&mut front, root);
    Ok(front)
}

fn take_root(front: &mut Front, root: Option<Node>) {
    match root {
        Some(Node { value: Value::Map(entries), .. }) => front.fields = entries,
        Some(node) if node.value != Value::Empty => {
            let message = format!("front matter is {}, not fields", node.kind());
            front.problems.push(Problem::new(node.at, message).hint("write one `name: value` per line"));
        }
        _ => {}
    }
}

/// The file as text: of bearable size, UTF-8, without a byte order mark and without NUL.
fn decode(bytes: &[u8]) -> Result<&str, Problem> {
    if bytes.len() > FILE_MAX {
        // How many there are nobody knows: what is too long is not read to its end.
        let message = format!("too long: a manifest has at most {FILE_MAX} bytes (1 MiB)");
        return Err(Problem::new(At::new(1, 1), message).hint("put the long part into a file and name it"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let at = place_of_byte(&String::from_utf8_lossy(&bytes[..offset]));
        Problem::new(at, format!("not UTF-8: byte {offset} is 0x{:02x}", bytes[offset]))
            .hint("save it as UTF-8")
    })?;
    // The YAML scanner takes NUL for the end of its input and would drop every field after it.
    if let Some(offset) = text.find('\0') {
        return Err(Problem::new(
            place_of_byte(&text[..offset]),
            format!("byte {offset} is NUL; this is no text"),
        ));
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn place_of_byte(before: &str) -> At {
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    At::new(line, column)
}

/// The fence, where the front matter begins, and the line of the fence. Blank lines above are passed over:
/// taking fields for prose because of one would run a job nobody asked for.
fn opening(text: &str) -> Option<(&'static str, usize, usize)> {
    let mut start = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        start += line.len();
        match line.trim_end() {
            "" => {}
            "---" => return Some(("---", start, number)),
            "+++" => return Some(("+++", start, number)),
            _ => return None,
        }
    }
    None
}

/// Where the fields end, where the body begins, and the lines from the first field to the body.
fn closing(text: &str, fence: &str) -> Option<(usize, usize, u32)> {
    let mut start = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        if line.trim_end() == fence && line.starts_with(fence) {
            return Some((start, start + line.len(), number));
        }
        start += line.len();
    }
    None
}
