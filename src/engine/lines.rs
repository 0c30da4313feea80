//! Splits a stream of bytes into lines of bounded length, with secrets taken out.

use super::redact::Redactor;

/// Longest line kept: one JSON line of an engine can carry a whole file (`engines.md` section 1 rule 3).
pub(super) const LINE_MAX: usize = 16 * 1024 * 1024;

/// A buffer that grew beyond this for one long line is given back afterwards.
const BUFFER_KEEP: usize = 256 * 1024;

/// One line, redacted, without its newline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Line<'a> {
    pub bytes: &'a [u8],
    /// Bytes left out at its end because it was too long.
    pub cut: u64,
    /// Whether a newline ended it; false only for the last line of a stream.
    pub whole: bool,
}

/// Collects the lines of one stream.
pub(super) struct Splitter {
    max: usize,
    /// The line so far, at most `max` and the longest secret.
    held: Vec<u8>,
    /// Bytes of the line that no longer fitted into `held`.
    dropped: u64,
}

impl Splitter {
    pub(super) fn new() -> Splitter {
        Splitter::with_max(LINE_MAX)
    }

    pub(super) fn with_max(max: usize) -> Splitter {
        Splitter { max, held: Vec::new(), dropped: 0 }
    }

    /// Takes the next bytes and gives every line that they end.
    pub(super) fn feed(&mut self, mut bytes: &[u8], redactor: &Redactor, mut give: impl FnMut(Line<'_>)) {
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            if self.held.is_empty() && line.len() <= self.max {
                let clean = redactor.redact(line, line.len());
                give(Line { bytes: clean.as_deref().unwrap_or(line), cut: 0, whole: true });
            } else {
                self.hold(line, redactor);
                self.release(true, redactor, &mut give);
            }
            bytes = rest;
        }
        self.hold(bytes, redactor);
    }

    /// Gives what is left when the stream has ended.
    pub(super) fn finish(&mut self, redactor: &Redactor, mut give: impl FnMut(Line<'_>)) {
        if !self.held.is_empty() {
            self.release(false, redactor, &mut give);
        }
    }

    fn hold(&mut self, bytes: &[u8], redactor: &Redactor) {
        let room = (self.max + redactor.longest()).saturating_sub(self.held.len());
        let taken = bytes.len().min(room);
        self.held.extend_from_slice(&bytes[..taken]);
        self.dropped += (bytes.len() - taken) as u64;
    }

    fn release(&mut self, whole: bool, redactor: &Redactor, give: &mut impl FnMut(Line<'_>)) {
        let kept = self.held.len().min(self.max);
        let cut = self.dropped + (self.held.len() - kept) as u64;
        let clean = redactor.redact(&self.held, kept);
        give(Line { bytes: clean.as_deref().unwrap_or(&self.held[..kept]), cut, whole });
        self.held.clear();
        self.held.shrink_to(BUFFER_KEEP);
        self.dropped = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chunks separated by `|` to lines, `~N` marking a cut and `…` an unfinished line.
    fn check(max: usize, chunks: &str, expected: &str) {
        let redactor = Redactor::new(&["sesame42".to_string()]);
        let mut splitter = Splitter::with_max(max);
        let mut out = Vec::new();
        let mut give = |line: Line<'_>| {
            let cut = if line.cut > 0 { format!("~{}", line.cut) } else { String::new() };
            let text = String::from_utf8_lossy(line.bytes);
            out.push(format!("{text}{cut}{}", if line.whole { "" } else { "…" }));
        };
        for chunk in chunks.split('|') {
            splitter.feed(chunk.as_bytes(), &redactor, &mut give);
        }
        splitter.finish(&redactor, &mut give);
        assert_eq!(out.join(","), expected, "{chunks:?}");
    }

    #[test]
    fn lines_come_whole_however_they_were_read() {
        check(99, "a\nb\n", "a,b");
        check(99, "a|b\nc", "ab,c…");
        check(99, "\n|\n", ",");
        check(99, "", "");
        check(99, "a\r\n", "a\r");
    }

    #[test]
    fn secrets_are_found_across_reads() {
        check(99, "x ses|ame|42 y\n", "x [redacted] y");
        check(99, "ses|ame42", "[redacted]…");
        check(99, "sesame\n42\n", "sesame,42");
    }

    #[test]
    fn long_lines_are_cut_and_counted() {
        check(4, "abcdef\nx\n", "abcd~2,x");
        check(4, "ab|cd|ef|\nx", "abcd~2,x…");
        check(4, "abcd\n", "abcd");
        check(4, &format!("ab|{}\n", "z".repeat(50)), "abzz~48");
    }

    #[test]
    fn no_part_of_a_secret_is_left_at_a_cut() {
        check(6, "abcsesame42def\n", "abc[redacted]~8");
        check(6, "abcsesa|me42|def\n", "abc[redacted]~8");
    }
}
