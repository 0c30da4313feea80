//! The end of a transcript: what is there, then what is added.

use std::path::PathBuf;

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
        let reader = TranscriptReader::tail(&path, LINES_MOST)
            .map_err(|e| format!("cannot read {}: {e}", path.display()));
        Tail { job, attempt, open: true, path, reader, fresh: true }
    }

    /// What is there and was not given out; the first time in any case.
    pub fn read(&mut self) -> Option<Read> {
        let want = Want::Log(self.job.clone(), self.attempt);
        let fresh = std::mem::take(&mut self.fresh);
        let got = match &mut self.reader {
            Err(why) => Err(why.clone()),
            Ok(reader) => all(reader).map_err(|e| format!("the transcript cannot be read: {e}")),
        };
        let lines = match got {
            Ok(lines) => lines,
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
