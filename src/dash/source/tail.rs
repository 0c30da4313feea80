//! The end of a transcript: what is there, then what is added.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::dash::effect::Want;
use crate::dash::model::{LINES_MOST, LogLine, Voice};
use crate::dash::msg::{Got, Read};
use crate::engine::{AttemptReader, LogPiece, Record, RunSeen, Source as Stream};
use crate::job::{AttemptNo, JobId};
use crate::store::Place;
use crate::time::Stamp;

/// One attempt whose transcripts are followed.
pub struct Tail {
    /// The job.
    pub job: JobId,
    /// The attempt.
    pub attempt: AttemptNo,
    /// It may still grow.
    pub open: bool,
    /// The folder of the job's runs.
    runs: PathBuf,
    /// Its files when they were last read: number and length of each.
    seen: Vec<(PathBuf, (u64, u64))>,
    reader: Result<AttemptReader, String>,
    /// Lines before those that are read here.
    before: usize,
    /// Nothing was given out yet.
    fresh: bool,
}

impl Tail {
    /// The last lines of that attempt's transcripts, from there on.
    pub fn of(place: &Place, job: JobId, attempt: AttemptNo) -> Tail {
        Tail::at(place.runs(&job), job, attempt)
    }

    fn at(runs: PathBuf, job: JobId, attempt: AttemptNo) -> Tail {
        let (reader, before) = match AttemptReader::tail(&runs, attempt, None, LINES_MOST) {
            Ok((reader, before)) => (Ok(reader), before),
            Err(e) => (Err(format!("cannot read the transcripts in {}: {e}", runs.display())), 0),
        };
        let mut it = Tail { job, attempt, open: true, runs, seen: Vec::new(), reader, before, fresh: true };
        it.seen = it.looked();
        it
    }

    /// The files that are read, as they are now.
    fn looked(&self) -> Vec<(PathBuf, (u64, u64))> {
        let paths = self.reader.iter().flat_map(AttemptReader::paths);
        paths.filter_map(|path| Some((path.to_path_buf(), look(path)?))).collect()
    }

    /// Begins anew where another file stands in the place of one, or one was cut: what is added to it would never
    /// be read. Gives whether it does.
    fn begins_anew(&mut self) -> bool {
        let now = self.looked();
        let is_other = |(path, new): &(PathBuf, (u64, u64))| {
            let old = self.seen.iter().find(|row| row.0 == *path).map(|row| row.1);
            old.is_some_and(|old| new.0 != old.0 || new.1 < old.1)
        };
        let other = now.iter().any(is_other);
        for row in now {
            self.seen.retain(|old| old.0 != row.0);
            self.seen.push(row);
        }
        if other {
            let open = self.open;
            *self = Tail { open, ..Tail::at(self.runs.clone(), self.job.clone(), self.attempt) };
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
        let dropped = if fresh { self.before } else { 0 };
        if lines.is_empty() {
            // What is not there may come while the attempt is open; the pane says so until then.
            let none = "nothing is written: it has said nothing yet, or its transcript was cleaned away";
            let got = match self.reader.as_ref().is_ok_and(|reader| reader.paths().any(Path::exists)) {
                true => Ok(Got::Lines { attempt: self.attempt, lines, dropped, fresh }),
                false => Err(none.to_string()),
            };
            return fresh.then_some(Read { want, got });
        }
        Some(Read { want, got: Ok(Got::Lines { attempt: self.attempt, lines, dropped, fresh }) })
    }
}

/// The number of a file and its length.
fn look(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|it| (it.ino(), it.len()))
}

fn all(reader: &mut AttemptReader) -> std::io::Result<Vec<LogLine>> {
    let mut out = Vec::new();
    loop {
        let pieces = reader.next_pieces()?;
        if pieces.is_empty() {
            return Ok(out);
        }
        for piece in &pieces {
            match piece {
                LogPiece::Run(run) => out.extend(head(run)),
                LogPiece::Lines(_, records) => records.iter().for_each(|record| said(record, &mut out)),
            }
        }
    }
}

/// What a run was to do and how it ended, over what it said. One without a plan has nothing to tell but its lines.
fn head(run: &RunSeen) -> Option<LogLine> {
    let command = run.command.as_ref()?;
    let end = run.end_words().map(|end| format!("  {end}")).unwrap_or_default();
    let at = run.started.unwrap_or(Stamp::from_millis(0));
    Some(LogLine { at, voice: Voice::Run(run.kind, run.nth), text: format!("{command}{end}") })
}

fn said(record: &Record, out: &mut Vec<LogLine>) {
    if let Some(gap) = &record.gap {
        let text = format!("{} lines are no longer kept", gap.lines);
        out.push(LogLine { at: record.at, voice: Voice::Aq, text });
    }
    out.extend(line(record));
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
    use crate::engine::{RunKind, RunPlan};

    #[test]
    fn a_transcript_that_is_replaced_or_cut_is_read_anew_and_says_so_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("1.jsonl");
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
        let mut tail = Tail::at(dir.path().to_path_buf(), JobId::from("a"), 1);
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
    #[test]
    fn what_setup_and_verify_said_stands_beside_the_engine_s_own_words() {
        let dir = tempfile::tempdir().expect("a folder");
        let line = |text: &str| format!("{{\"at\":5,\"s\":\"out\",\"line\":\"{text}\"}}\n");
        std::fs::write(dir.path().join("1.jsonl"), line("done")).expect("written");
        let verify = dir.path().join("1/verify");
        std::fs::create_dir_all(&verify).expect("a folder");
        let argv = ["sh", "-c", "cargo test"].map(String::from).to_vec();
        RunPlan::new(RunKind::Verify, argv, dir.path()).write(&verify).expect("a plan");
        std::fs::write(dir.path().join("1.verify.jsonl"), line("error[E0433]")).expect("written");
        let read = Tail::at(dir.path().to_path_buf(), JobId::from("a"), 1).read().expect("read");
        let Ok(Got::Lines { lines, .. }) = read.got else { panic!("{:?}", read.got) };
        let told: Vec<String> = lines.iter().map(|line| format!("{:?} {}", line.voice, line.text)).collect();
        assert_eq!(told, ["Out done", "Run(Verify, 1) cargo test", "Out error[E0433]"]);
    }
}
