//! Writes a run's output as JSON lines that others can follow while it grows, within a fixed size.
//!
//! One line is `{"at":ms,"s":"out"|"err"|"aq","line":"…"}`. Output that is not UTF-8 also carries `hex`,
//! its exact bytes; `cut` counts bytes of an overlong line that were left out; `eol:false` marks a last
//! line without newline. `s:"aq"` lines are the shim's own words; `stop` on one marks a stop order.
//!
//! The beginning and the end of a long run are worth most, so the first half of the size stays for good and
//! the other half is for the latest output. That half is two files of a quarter each: when the newer is
//! full, the older goes. They are named by their offset in the whole transcript (`transcript.jsonl.N`), so
//! an offset never changes its meaning, and whoever follows sees exactly what is missing. Each begins with
//! a `gap` line that tells how much was cut if nothing before it is left but the beginning. Cutting one
//! file in place was rejected: a follower would read torn lines, and 64 MiB would be copied again and again.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::lines::Line;
use super::report::TranscriptLoss;
use super::rundir;
use super::segments::segment_path;
use super::stop::StopCause;
use crate::time::Stamp;

/// A batch larger than this is written at once; smaller ones wait for the end of what was read together.
const BATCH: usize = 256 * 1024;

/// Who said a line.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
    /// The engine's own record of the session, read while it runs.
    Record,
    /// The shim.
    Aq,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Source::Out => "out",
            Source::Err => "err",
            Source::Record => "record",
            Source::Aq => "aq",
        }
    }
}

/// Output that a transcript no longer holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Gap {
    /// Lines of the transcript.
    pub lines: u64,
    /// Bytes of the transcript.
    pub bytes: u64,
}

/// One file of a transcript.
struct Segment {
    start: u64,
    len: u64,
    lines: u64,
}

/// The only writer of one transcript.
pub(super) struct TranscriptWriter {
    path: PathBuf,
    cap: u64,
    /// Opened at the first write, and again after one that failed.
    file: Option<File>,
    head: Segment,
    tail: VecDeque<Segment>,
    /// Lines and bytes of tail segments that were removed.
    removed: Gap,
    batch: Vec<u8>,
    batch_lines: u64,
    loss: TranscriptLoss,
    /// Losses that the transcript itself has been told about.
    told_loss: u64,
    now: Stamp,
}

impl TranscriptWriter {
    /// A transcript at `path` of at most `cap` bytes, give or take one line. Touches no disk yet.
    pub(super) fn new(path: &Path, cap: u64) -> TranscriptWriter {
        TranscriptWriter {
            path: path.to_path_buf(),
            cap,
            file: None,
            head: Segment { start: 0, len: 0, lines: 0 },
            tail: VecDeque::new(),
            removed: Gap::default(),
            batch: Vec::new(),
            batch_lines: 0,
            loss: TranscriptLoss::default(),
            told_loss: 0,
            now: Stamp::from_millis(0),
        }
    }

    /// Adds a line of output, seen at `at`.
    pub(super) fn line(&mut self, at: Stamp, source: Source, line: &Line<'_>) {
        self.now = at;
        encode(&mut self.batch, at, source, line);
        self.added();
    }

    /// Adds words of the shim.
    pub(super) fn note(&mut self, at: Stamp, text: &str, stop: Option<StopCause>) {
        self.now = at;
        begin(&mut self.batch, at, Source::Aq);
        push_text(&mut self.batch, text);
        if let Some(cause) = stop {
            self.batch.extend_from_slice(format!(",\"stop\":\"{}\"", cause.name()).as_bytes());
        }
        self.batch.extend_from_slice(b"}\n");
        self.added();
    }

    fn added(&mut self) {
        self.batch_lines += 1;
        if self.batch.len() >= BATCH {
            self.flush();
        }
    }

    /// Hands what was added to the kernel. A failure loses the batch, is noted, and does not stop anything:
    /// the engine's work is worth more than its log.
    pub(super) fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        self.tell_loss();
        let batch = std::mem::take(&mut self.batch);
        let lines = std::mem::take(&mut self.batch_lines);
        if let Err(e) = self.write(&batch, lines) {
            self.file = None;
            self.loss.lines += lines;
            self.loss.error.get_or_insert_with(|| e.to_string());
        }
        self.batch = batch;
        self.batch.clear();
        self.batch.shrink_to(2 * BATCH);
    }

    /// After losses the next batch begins by saying so; if it is lost too, the one after it will.
    fn tell_loss(&mut self) {
        if self.loss.lines == self.told_loss {
            return;
        }
        let lost = self.loss.lines - self.told_loss;
        let why = self.loss.error.as_deref().unwrap_or("unknown");
        let mut told = Vec::new();
        begin(&mut told, self.now, Source::Aq);
        push_text(&mut told, &format!("{lost} lines could not be written here: {why}"));
        told.extend_from_slice(b"}\n");
        match self.write(&told, 1) {
            Ok(()) => self.told_loss = self.loss.lines,
            Err(_) => self.file = None,
        }
    }

    fn write(&mut self, bytes: &[u8], lines: u64) -> io::Result<()> {
        let (limit, filled) = match self.tail.back() {
            None => (self.cap / 2, &self.head),
            Some(newest) => (self.cap / 4, newest),
        };
        if filled.len > 0 && filled.len + bytes.len() as u64 > limit {
            self.next_segment()?;
        }
        let done = self.append(bytes);
        if done.is_ok() {
            let segment = self.newest();
            segment.len += bytes.len() as u64;
            segment.lines += lines;
        }
        done
    }

    /// Appends to the newest file. A part that was written of a failed append is taken back, so that the
    /// file ends with a whole line.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (path, len) = (self.newest_path(), self.newest().len);
        let mut file = match self.file.take() {
            Some(file) => file,
            None => {
                let file = rundir::append(&path)?;
                file.set_len(len)?;
                file
            }
        };
        if let Err(e) = file.write_all(bytes) {
            // If this fails too, opening the file again will cut it.
            drop(file.set_len(len));
            return Err(e);
        }
        self.file = Some(file);
        Ok(())
    }

    /// Begins a new tail file and removes the oldest if there are now three.
    fn next_segment(&mut self) -> io::Result<()> {
        let last = self.tail.back().unwrap_or(&self.head);
        let start = last.start + last.len;
        self.file = None;
        self.tail.push_back(Segment { start, len: 0, lines: 0 });
        let mut gap = self.removed;
        for segment in self.tail.iter().take(self.tail.len() - 1) {
            gap.lines += segment.lines;
            gap.bytes += segment.len;
        }
        let header = gap_line(self.now, gap, self.cap);
        if let Err(e) = self.append(&header) {
            self.tail.pop_back();
            return Err(e);
        }
        self.newest().len = header.len() as u64;
        while self.tail.len() > 2 {
            let Some(oldest) = self.tail.pop_front() else { break };
            self.removed.lines += oldest.lines;
            self.removed.bytes += oldest.len;
            std::fs::remove_file(segment_path(&self.path, oldest.start))?;
        }
        Ok(())
    }

    fn newest(&mut self) -> &mut Segment {
        self.tail.back_mut().unwrap_or(&mut self.head)
    }

    fn newest_path(&self) -> PathBuf {
        segment_path(&self.path, self.tail.back().map_or(0, |segment| segment.start))
    }

    /// Writes what is left and tells what could not be kept.
    pub(super) fn finish(mut self) -> TranscriptLoss {
        self.flush();
        self.tell_loss();
        self.loss
    }
}

fn gap_line(at: Stamp, gap: Gap, cap: u64) -> Vec<u8> {
    let mut out = Vec::new();
    begin(&mut out, at, Source::Aq);
    let (lines, bytes) = (gap.lines, gap.bytes);
    push_text(&mut out, &format!("{lines} lines ({bytes} bytes) were cut here to stay within {cap} bytes"));
    out.extend_from_slice(format!(",\"gap\":{{\"lines\":{lines},\"bytes\":{bytes}}}}}\n").as_bytes());
    out
}

/// Written by hand, without an intermediate value: this is the path that a gigabyte of output takes.
fn encode(out: &mut Vec<u8>, at: Stamp, source: Source, line: &Line<'_>) {
    begin(out, at, source);
    match std::str::from_utf8(line.bytes) {
        Ok(text) => push_text(out, text),
        Err(_) => {
            push_text(out, &String::from_utf8_lossy(line.bytes));
            out.extend_from_slice(b",\"hex\":\"");
            push_hex(out, line.bytes);
            out.push(b'"');
        }
    }
    if line.cut > 0 {
        out.extend_from_slice(format!(",\"cut\":{}", line.cut).as_bytes());
    }
    if !line.whole {
        out.extend_from_slice(b",\"eol\":false");
    }
    out.extend_from_slice(b"}\n");
}

fn begin(out: &mut Vec<u8>, at: Stamp, source: Source) {
    out.extend_from_slice(b"{\"at\":");
    out.extend_from_slice(at.as_millis().to_string().as_bytes());
    out.extend_from_slice(b",\"s\":\"");
    out.extend_from_slice(source.name().as_bytes());
    out.extend_from_slice(b"\",\"line\":");
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    // Writing a str into a Vec cannot fail.
    drop(serde_json::to_writer(out, text));
}

fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend(bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]));
}
