//! Reads a transcript while it grows or afterwards: from an offset, from the end, or as raw bytes.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::dialect::{Dialect, Heard, Hearing, RunFacts, Said};
use super::segments::{Found, nth_line_from_end, read_lines, segment_path, segments};
use super::stop::StopCause;
use super::tally::Tally;
use super::transcript::{Gap, Source};
use crate::time::Stamp;

/// One line of a transcript.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Where it stands in the whole transcript; never changes.
    pub offset: u64,
    /// When it was seen (wall clock).
    pub at: Stamp,
    /// Who said it.
    pub source: Source,
    /// What was said, without its newline.
    pub bytes: Vec<u8>,
    /// Bytes left out at its end because it was too long.
    pub cut: u64,
    /// Whether a newline ended it.
    pub whole: bool,
    /// What is missing before it.
    pub gap: Option<Gap>,
    /// With a line of the shim: the stop it was ordered.
    pub stop: Option<StopCause>,
}

impl Record {
    /// What the line says to `hearing`, which has heard those before it; the shim's own words say nothing.
    pub fn heard_by(&self, hearing: &mut dyn Hearing) -> Heard {
        match self.source {
            Source::Aq => Heard::Text,
            source => hearing.hear(Said { bytes: &self.bytes, source, at: self.at }),
        }
    }

    /// The line as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

#[derive(Deserialize)]
struct Written {
    at: Stamp,
    s: Source,
    line: String,
    hex: Option<String>,
    #[serde(default)]
    cut: u64,
    #[serde(default = "yes")]
    eol: bool,
    gap: Option<Gap>,
    stop: Option<StopCause>,
}

fn yes() -> bool {
    true
}

/// Follows one transcript. Cheap to make; holds no file open between calls.
#[derive(Clone, Debug)]
pub struct TranscriptReader {
    path: PathBuf,
    offset: u64,
    /// Bytes jumped over since the last record.
    skipped: u64,
}

impl TranscriptReader {
    /// Reads the transcript at `path` from `offset` on; it need not exist yet.
    pub fn at(path: &Path, offset: u64) -> TranscriptReader {
        TranscriptReader { path: path.to_path_buf(), offset, skipped: 0 }
    }

    /// Reads from the last `n` lines on; a line or two fewer where they span files, all if fewer are kept.
    ///
    /// # Errors
    /// A file of the transcript cannot be read.
    pub fn tail(path: &Path, n: usize) -> io::Result<TranscriptReader> {
        let mut left = n;
        for (start, len) in segments(path)?.into_iter().rev() {
            match nth_line_from_end(&segment_path(path, start), len, left) {
                // Removed since it was listed.
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
                Ok(Found::At(offset)) => return Ok(TranscriptReader::at(path, start + offset)),
                Ok(Found::Only(lines)) => left -= lines,
            }
        }
        Ok(TranscriptReader::at(path, 0))
    }

    /// Its transcript.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the next line will be read from.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next whole lines, about 256 KiB at most; none if nothing new is there. A line that is no
    /// record is skipped.
    ///
    /// # Errors
    /// A file of the transcript cannot be read.
    pub fn next_lines(&mut self) -> io::Result<Vec<Record>> {
        loop {
            let list = segments(&self.path)?;
            let Some((start, len)) = self.seek(&list) else { return Ok(Vec::new()) };
            // Only the newest file can be read to its end and not be followed by one that holds the offset.
            if self.offset == start + len {
                return Ok(Vec::new());
            }
            let bytes = match read_lines(&segment_path(&self.path, start), self.offset - start) {
                Ok(bytes) => bytes,
                // Removed since it was listed: the next listing has a later one.
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(e),
            };
            if bytes.is_empty() {
                return Ok(Vec::new());
            }
            let records = self.records(&bytes);
            if !records.is_empty() {
                return Ok(records);
            }
        }
    }

    /// Start and length of the file that holds the offset, or that will once it grows. Moves the offset over
    /// what is no longer there.
    fn seek(&mut self, list: &[(u64, u64)]) -> Option<(u64, u64)> {
        let holds = |&(start, len): &(u64, u64)| start <= self.offset && self.offset < start + len;
        if let Some(found) = list.iter().find(|s| holds(s)) {
            return Some(*found);
        }
        if let Some(later) = list.iter().find(|(start, _)| *start >= self.offset && *start > 0) {
            self.skipped = later.0 - self.offset;
            self.offset = later.0;
            return Some(*later);
        }
        list.last().filter(|(start, len)| start + len == self.offset).copied()
    }

    fn records(&mut self, bytes: &[u8]) -> Vec<Record> {
        let mut found = Vec::new();
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            let offset = self.offset;
            self.offset += line.len() as u64;
            let Ok(written) = serde_json::from_slice::<Written>(line) else { continue };
            // The head of a tail file speaks only to those who come from before the gap.
            let jumped = std::mem::take(&mut self.skipped);
            if written.gap.is_some() && jumped == 0 {
                continue;
            }
            found.push(record(offset, written, jumped));
        }
        found
    }
}

fn record(offset: u64, written: Written, jumped: u64) -> Record {
    let bytes = written.hex.as_deref().and_then(unhex).unwrap_or_else(|| written.line.into_bytes());
    let gap = match (written.gap, jumped) {
        (Some(gap), bytes) => Some(Gap { lines: gap.lines, bytes }),
        (None, 0) => None,
        (None, bytes) => Some(Gap { lines: 0, bytes }),
    };
    Record {
        offset,
        at: written.at,
        source: written.s,
        bytes,
        cut: written.cut,
        whole: written.eol,
        gap,
        stop: written.stop,
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

/// Writes the output of a run as it was, byte for byte, to `out`: both streams in the order seen, or one.
/// Secrets stay masked, cut lines stay cut; where the middle is missing nothing is put in its place.
///
/// # Errors
/// The transcript cannot be read or `out` cannot be written.
pub fn copy_raw(path: &Path, only: Option<Source>, out: &mut impl Write) -> io::Result<()> {
    let mut reader = TranscriptReader::at(path, 0);
    loop {
        let records = reader.next_lines()?;
        if records.is_empty() {
            return Ok(());
        }
        let output = |r: &&Record| matches!(r.source, Source::Out | Source::Err);
        for record in records.iter().filter(output).filter(|r| only.is_none_or(|s| s == r.source)) {
            out.write_all(&record.bytes)?;
            if record.whole {
                out.write_all(b"\n")?;
            }
        }
    }
}

/// What the output of a run said, read again from its transcript: for a run whose shim was killed and so
/// left no verdict.
///
/// # Errors
/// The transcript cannot be read.
pub fn tally_transcript(path: &Path, dialect: &Dialect, facts: &RunFacts) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut hearing = (dialect.open)(facts);
    let mut reader = TranscriptReader::at(path, 0);
    loop {
        let records = reader.next_lines()?;
        if records.is_empty() {
            hearing.close().iter().for_each(|event| tally.see(event));
            return Ok(tally);
        }
        for record in &records {
            tally.stopped |= record.stop.is_some();
            tally.hear(&record.heard_by(hearing.as_mut()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::Line;
    use super::super::segments::READ;
    use super::super::transcript::TranscriptWriter;
    use super::*;

    fn put(writer: &mut TranscriptWriter, text: &[u8]) {
        let line = Line { bytes: text, cut: 0, whole: true };
        writer.line(Stamp::from_millis(7), Source::Out, &line);
        writer.flush();
    }

    fn all(reader: &mut TranscriptReader) -> Vec<Record> {
        let mut found = Vec::new();
        loop {
            let more = reader.next_lines().unwrap();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }

    #[test]
    fn any_bytes_come_back_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.jsonl");
        let mut writer = TranscriptWriter::new(&path, 1 << 20);
        let every: Vec<u8> = (0..=255u8).filter(|b| *b != b'\n').collect();
        let samples: [&[u8]; 5] = [b"plain", b"", b"\xff\xfe", "\u{fffd}\u{2028}\"\\".as_bytes(), &every];
        for sample in samples {
            put(&mut writer, sample);
        }
        let last = Line { bytes: b"no newline", cut: 3, whole: false };
        writer.line(Stamp::from_millis(8), Source::Err, &last);
        assert_eq!(writer.finish(), Default::default());
        let mut raw = Vec::new();
        copy_raw(&path, None, &mut raw).unwrap();
        let mut expected = samples.join(&b'\n');
        expected.extend_from_slice(b"\nno newline");
        assert_eq!(raw, expected);
        let mut err = Vec::new();
        copy_raw(&path, Some(Source::Err), &mut err).unwrap();
        assert_eq!(err, b"no newline");
    }

    #[test]
    fn a_follower_goes_on_where_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.jsonl");
        let mut reader = TranscriptReader::at(&path, 0);
        assert!(reader.next_lines().unwrap().is_empty());
        let mut writer = TranscriptWriter::new(&path, 4000);
        for i in 0..500 {
            put(&mut writer, format!("line {i}").as_bytes());
            let got = all(&mut reader);
            assert_eq!(got.len(), 1, "after line {i}");
            assert_eq!((got[0].text().as_ref(), got[0].gap), (format!("line {i}").as_str(), None));
        }
        let size: u64 = segments(&path).unwrap().iter().map(|s| s.1).sum();
        assert!(size <= 4000, "{size}");
    }

    #[test]
    fn one_who_comes_late_sees_the_beginning_the_gap_and_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.jsonl");
        let mut writer = TranscriptWriter::new(&path, 4000);
        for i in 0..500 {
            put(&mut writer, format!("line {i}").as_bytes());
        }
        let got = all(&mut TranscriptReader::at(&path, 0));
        assert_eq!(got[0].text(), "line 0");
        assert_eq!(got.last().unwrap().text(), "line 499");
        let gaps: Vec<&Record> = got.iter().filter(|r| r.gap.is_some()).collect();
        assert_eq!(gaps.len(), 1);
        let shown = got.iter().filter(|r| r.source == Source::Out).count() as u64;
        assert_eq!(gaps[0].gap.unwrap().lines + shown, 500);
        let tail = all(&mut TranscriptReader::tail(&path, 3).unwrap());
        let texts: Vec<String> = tail.iter().map(|r| r.text().into_owned()).collect();
        assert_eq!(texts, ["line 497", "line 498", "line 499"]);
        let some = all(&mut TranscriptReader::at(&path, tail[0].offset));
        assert_eq!(some, tail);
        assert_eq!(all(&mut TranscriptReader::tail(&path, 9999).unwrap()), got);
    }

    #[test]
    fn lines_longer_than_one_read_come_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.jsonl");
        let mut writer = TranscriptWriter::new(&path, 1 << 24);
        put(&mut writer, &vec![b'x'; READ * 3]);
        put(&mut writer, b"y");
        let got = all(&mut TranscriptReader::at(&path, 0));
        assert_eq!(got.iter().map(|r| r.bytes.len()).collect::<Vec<_>>(), [READ * 3, 1]);
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_said_later() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("late").join("t.jsonl");
        let mut writer = TranscriptWriter::new(&path, 1 << 20);
        put(&mut writer, b"lost");
        std::fs::create_dir(dir.path().join("late")).unwrap();
        put(&mut writer, b"kept");
        let loss = writer.finish();
        assert_eq!((loss.lines, loss.error.is_some()), (1, true));
        let got = all(&mut TranscriptReader::at(&path, 0));
        assert!(got[0].text().starts_with("1 lines could not be written here: "));
        assert_eq!(got[1].text(), "kept");
    }
}
