//! Takes secret values out of output, wherever in a line they stand.

/// What stands in place of a secret.
pub(super) const MASK: &str = "[redacted]";

/// Values shorter than this are not looked for: `A_KEY=1` would blank every 1. CI systems draw the line
/// at 4 to 8.
const SECRET_MIN: usize = 6;

/// Text without the secrets in it, for words that reach aq by another way than the output of a run.
#[must_use]
pub fn without_secrets(text: &str, secrets: &[String]) -> String {
    let clean = Redactor::new(secrets).redact(text.as_bytes(), text.len());
    // A mask stands for whole characters: what is left is text as before.
    clean.map_or_else(|| text.to_string(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The secrets of a run, ready to be searched for in one pass over a line.
pub(super) struct Redactor {
    /// Longest first, so that a secret that contains another is taken whole.
    secrets: Vec<Vec<u8>>,
    /// Whether any secret begins with these two bytes.
    begins: Vec<bool>,
}

impl Redactor {
    /// Takes each value as it stands and as it stands inside a JSON text; values of several lines are
    /// looked for line by line, as output is.
    pub(super) fn new(values: &[String]) -> Redactor {
        let mut secrets: Vec<Vec<u8>> = Vec::new();
        for piece in values.iter().flat_map(|value| value.lines()).map(str::trim) {
            secrets.push(piece.as_bytes().to_vec());
            let json = serde_json::to_string(piece).unwrap_or_default();
            secrets.push(json.trim_matches('"').as_bytes().to_vec());
        }
        for value in values.iter().filter(|value| value.trim().contains('\n')) {
            let json = serde_json::to_string(value.trim()).unwrap_or_default();
            secrets.push(json.as_bytes()[1..json.len() - 1].to_vec());
        }
        secrets.retain(|secret| secret.len() >= SECRET_MIN);
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        let mut begins = vec![false; if secrets.is_empty() { 0 } else { 1 << 16 }];
        for secret in &secrets {
            begins[pair(secret)] = true;
        }
        Redactor { secrets, begins }
    }

    /// Length of the longest secret: a buffer that reaches this far past a cut holds every secret that
    /// begins before it.
    pub(super) fn longest(&self) -> usize {
        self.secrets.first().map_or(0, Vec::len)
    }

    /// `line` up to `limit` bytes with its secrets masked; `None` if it has none. A secret across the
    /// limit is masked whole.
    pub(super) fn redact(&self, line: &[u8], limit: usize) -> Option<Vec<u8>> {
        let limit = limit.min(line.len());
        let (mut at, _) = self.find(line, 0, limit)?;
        let mut out = line[..at].to_vec();
        let mut from = at;
        while let Some((next, len)) = self.find(line, from, limit) {
            out.extend_from_slice(&line[from..next]);
            out.extend_from_slice(MASK.as_bytes());
            from = next + len;
            at = from;
        }
        out.extend_from_slice(line.get(at..limit).unwrap_or_default());
        Some(out)
    }

    /// The first secret that begins at `from` or later and before `limit`: where, and how long.
    fn find(&self, line: &[u8], from: usize, limit: usize) -> Option<(usize, usize)> {
        if self.secrets.is_empty() || from >= limit {
            return None;
        }
        let candidate = |(i, two): (usize, &[u8])| {
            if !self.begins[pair(two)] {
                return None;
            }
            let rest = &line[from + i..];
            self.secrets.iter().find(|s| rest.starts_with(s)).map(|s| (from + i, s.len()))
        };
        line[from..].windows(2).take(limit - from).enumerate().find_map(candidate)
    }
}

fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let values: Vec<String> = ["hunter22", "hunter22-long", "tiny", "line-one\nline-two", "quo\"te1"]
            .map(str::to_string)
            .to_vec();
        let redactor = Redactor::new(&values);
        let check = |line: &str, limit: usize, expected: &str| {
            let got = redactor.redact(line.as_bytes(), limit);
            let got = got.unwrap_or_else(|| line.as_bytes()[..limit.min(line.len())].to_vec());
            assert_eq!(String::from_utf8(got).unwrap(), expected, "{line}");
        };
        check("a hunter22 b hunter22", 99, "a [redacted] b [redacted]");
        check("hunter22-long!", 99, "[redacted]!");
        check("hunter2", 99, "hunter2");
        check("tiny", 99, "tiny");
        check("xline-twox", 99, "x[redacted]x");
        check(r#"{"k":"quo\"te1"}"#, 99, r#"{"k":"[redacted]"}"#);
        check(r"line-one\nline-two", 99, "[redacted]");
        check("hunter22hunter22", 99, "[redacted][redacted]");
        check("", 99, "");
        check("0123 hunter22 tail", 8, "0123 [redacted]");
        check("0123 hunter22 tail", 5, "0123 ");
    }
}
