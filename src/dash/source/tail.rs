//! The end of a transcript: what is there, then what is added.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::dash::effect::Want;
use crate::dash::model::{LINES_MOST, LogLine, Voice};
use crate::dash::msg::{Got, Read};
use crate::engine::{Record, Source as Stream, TranscriptReader};
use crate::job::{AttemptNo, JobId};
use crate::store::Place;

/// One transcript that is followed.
pub struct Tail {
    /// The job.
    pub job: JobId,
    /// The attempt.
    pub attempt: AttemptNo,
    /// It may still grow.
    pub open: bool,
    path: PathBuf,
    /// The file when it was last read: its number and its length.
    seen: Option<(u64, u64)>,
    reader: Result<TranscriptReader, String>,
    /// Nothing was given out yet.
    fresh: bool,
}

impl Tail {
    /// The last lines of that attempt's transcript, from there on.
    pub fn of(place: &Place, job: JobId, attempt: AttemptNo) -> Tail {
        let runs = place.runs(&job);
        let own = runs.join(attempt.to_string()).join("transcript.jsonl");
        let path = if own.exists() { own } else { runs.join(format!("{attempt}.jsonl")) };
        Tail::at(path, job, attempt)
    }

    fn at(path: PathBuf, job: JobId, attempt: AttemptNo) -> Tail {
        let reader = TranscriptReader::tail(&path, LINES_MOST)
            .map_err(|e| format!("cannot read {}: {e}", path.display()));
        let seen = look(&path);
        Tail { job, attempt, open: true, path, seen, reader, fresh: true }
    }

    /// Begins anew where another file stands in its place, or one that was cut: what is added to it would never
    /// be read. Gives whether it does.
    fn begins_anew(&mut self) -> bool {
        let now = look(&self.path);
        let before = self.seen;
        self.seen = now.or(before);
        let other = now.zip(before).is_some_and(|(now, before)| now.0 != before.0 || now.1 < before.1);
        if other {
            let open = self.open;
            *self = Tail { open, ..Tail::at(self.path.clone(), self.job.clone(), self.attempt) };
        }
        other
    }

    /// What is there and was not given out; the first time in any case.
    pub fn read(&mut self) -> Option<Read> {
        let want = Want::Log(self.job.clone(), self.attempt);
        let other = self.begins_anew();
        let fresh = std::mem::take(&mut self.fresh);
        let got = match &mut self.reader {
            Err(why) => Err(why.clone()),
            Ok(reader) => all(reader).map_err(|e| format!("the transcript cannot be read: {e}")),
        };
        let lines = match got {
            Ok(mut lines) => {
                let at = lines.first().map(|line| line.at).filter(|_| other);
                let text = "another file stands in the place of this transcript: it is read anew".to_string();
                lines.splice(0..0, at.map(|at| LogLine { at, voice: Voice::Aq, text }));
                lines
            }
            Err(why) => return fresh.then_some(Read { want, got: Err(why) }),
        };
        if lines.is_empty() {
            // What is not there may come while the attempt is open; the pane says so until then.
            let none = "nothing is written: it has said nothing yet, or its transcript was cleaned away";
            let got = match self.path.exists() {
                true => Ok(Got::Lines { attempt: self.attempt, lines, dropped: 0, fresh }),
                false => Err(none.to_string()),
            };
            return fresh.then_some(Read { want, got });
        }
        Some(Read { want, got: Ok(Got::Lines { attempt: self.attempt, lines, dropped: 0, fresh }) })
    }
}

/// The number of a file and its length.
fn look(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|it| (it.ino(), it.len()))
}

fn all(reader: &mut TranscriptReader) -> std::io::Result<Vec<LogLine>> {
    let mut out = Vec::new();
    loop {
        let records = reader.next_lines()?;
        if records.is_empty() {
            return Ok(out);
        }
        for record in &records {
            if let Some(gap) = &record.gap {
                let text = format!("{} lines are no longer kept", gap.lines);
                out.push(LogLine { at: record.at, voice: Voice::Aq, text });
            }
            out.extend(line(record));
        }
    }
}

/// What stands beside the output tells figures, and is no part of what was said.
fn line(record: &Record) -> Option<LogLine> {
    let voice = match record.source {
        Stream::Out => Voice::Out,
        Stream::Err => Voice::Err,
        Stream::Aq => Voice::Aq,
        Stream::Record => return None,
    };
    Some(LogLine { at: record.at, voice, text: record.text().into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_that_is_replaced_or_cut_is_read_anew_and_says_so_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("transcript.jsonl");
        let line = |text: &str| format!("{{\"at\":5,\"s\":\"out\",\"line\":\"{text}\"}}\n");
        let said = |tail: &mut Tail| match tail.read().map(|read| read.got) {
            Some(Ok(Got::Lines { lines, fresh, .. })) => {
                let words: Vec<String> = lines.iter().map(|line| line.text.clone()).collect();
                format!("{fresh} {}", words.join(" | "))
            }
            other => format!("{other:?}"),
        };
        let anew = "another file stands in the place of this transcript: it is read anew";
        std::fs::write(&path, line("one") + &line("two")).expect("written");
        let mut tail = Tail::at(path.clone(), JobId::from("a"), 1);
        assert_eq!(said(&mut tail), "true one | two");
        assert!(tail.read().is_none());
        let other = dir.path().join("other");
        std::fs::write(&other, line("new") + &line("file") + &line("longer")).expect("written");
        std::fs::rename(&other, &path).expect("renamed");
        assert_eq!(said(&mut tail), format!("true {anew} | new | file | longer"));
        assert!(tail.read().is_none(), "it is said once");
        std::fs::write(&path, line("cut")).expect("written");
        assert_eq!(said(&mut tail), format!("true {anew} | cut"));
    }
}
