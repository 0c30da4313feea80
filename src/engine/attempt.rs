//! The runs of one attempt as they lie on disk: what each was to do, how it ended, and their transcripts read one
//! after the other, while they grow or afterwards.

use std::io;
use std::path::{Path, PathBuf};

use super::plan::{RunKind, RunPlan};
use super::reader::{Record, TranscriptReader};
use super::report::{End, ExitReport, ShimRecord};
use super::rundir;
use super::segments::{lines_of, segment_path, segments};
use crate::job::Epoch;
use crate::time::{Span, Stamp};

/// The runs that an attempt consists of, in the order in which they are done; ships of its work come after them.
const IN_ORDER: [RunKind; 3] = [RunKind::Setup, RunKind::Engine, RunKind::Verify];

impl RunKind {
    /// Its name, which is that of its folder too.
    pub fn name(self) -> &'static str {
        match self {
            RunKind::Setup => "setup",
            RunKind::Engine => "engine",
            RunKind::Verify => "verify",
            RunKind::Ship => "ship",
        }
    }

    /// The name of its transcript, in the folder of the job's runs.
    pub fn transcript(self, attempt: u32) -> String {
        match self {
            RunKind::Engine => format!("{attempt}.jsonl"),
            other => format!("{attempt}.{}.jsonl", other.name()),
        }
    }
}

/// A verify of what base would become by a ship; it belongs to the attempt whose work is shipped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ShipRun {
    /// The epoch of the ship.
    pub epoch: Epoch,
    /// Which of its verifies, from 1: base may move under it, or its shim be killed.
    pub nth: u32,
}

impl ShipRun {
    /// Its folder; `runs` is that of the runs of its job.
    pub fn folder(self, runs: &Path, attempt: u32) -> PathBuf {
        runs.join(format!("ship-{attempt}")).join(format!("{}-{}", self.epoch, self.nth))
    }

    /// Its transcript.
    pub fn transcript(self, runs: &Path, attempt: u32) -> PathBuf {
        runs.join(format!("{attempt}.ship-{}-{}.jsonl", self.epoch, self.nth))
    }

    /// Those of that attempt, in the order in which they were done.
    pub fn all(runs: &Path, attempt: u32) -> Vec<ShipRun> {
        let entries = std::fs::read_dir(runs.join(format!("ship-{attempt}"))).into_iter().flatten().flatten();
        let named = |name: &str| {
            let (epoch, nth) = name.split_once('-')?;
            Some(ShipRun { epoch: epoch.parse().ok()?, nth: nth.parse().ok()? })
        };
        let mut all: Vec<ShipRun> =
            entries.filter_map(|entry| named(&entry.file_name().to_string_lossy())).collect();
        all.sort_unstable();
        all
    }
}

/// One run of an attempt, as far as its files tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunSeen {
    /// What it was for.
    pub kind: RunKind,
    /// Which of those for that, from 1: only ships of an attempt are several.
    pub nth: usize,
    /// What was run, a line; `None` where no plan of it can be read.
    pub command: Option<String>,
    /// When it began (wall clock).
    pub started: Option<Stamp>,
    /// How it ended and how long it took; `None` while it runs, and where its end was not written down.
    pub end: Option<(End, Span)>,
    /// Where its transcript is; it need not exist.
    pub transcript: PathBuf,
}

impl RunSeen {
    /// The runs of that attempt, in their order; `runs` is the folder of its job's runs. What cannot be read is
    /// as good as not there: the log tells the verdict, these files only tell more of it.
    pub fn all(runs: &Path, attempt: u32) -> Vec<RunSeen> {
        let own = IN_ORDER.iter().filter_map(|kind| {
            let dir = runs.join(attempt.to_string()).join(kind.name());
            RunSeen::of(&dir, runs.join(kind.transcript(attempt)), (*kind, 1))
        });
        let ships = (1..).zip(ShipRun::all(runs, attempt)).filter_map(|(nth, ship)| {
            let transcript = ship.transcript(runs, attempt);
            RunSeen::of(&ship.folder(runs, attempt), transcript, (RunKind::Ship, nth))
        });
        own.chain(ships).collect()
    }

    fn of(dir: &Path, transcript: PathBuf, (kind, nth): (RunKind, usize)) -> Option<RunSeen> {
        let plan = RunPlan::read(dir).ok();
        if plan.is_none() && !transcript.exists() {
            return None;
        }
        let report = rundir::read::<ExitReport>(dir, rundir::EXIT).ok().flatten();
        let shim = || rundir::read::<ShimRecord>(dir, rundir::SHIM).ok().flatten().map(|shim| shim.since);
        Some(RunSeen {
            kind,
            nth,
            command: plan.map(|plan| command(&plan)),
            started: report.as_ref().map(|report| report.started).or_else(shim),
            end: report.map(|report| (report.end, report.wall)),
            transcript,
        })
    }

    /// How it ended: `exit 101, took 2 min`.
    pub fn end_words(&self) -> Option<String> {
        let (end, wall) = self.end.as_ref()?;
        Some(match end {
            End::Exited { code } => format!("exit {code}, took {}", wall.age()),
            End::Signaled { signal } => format!("ended by signal {signal}, took {}", wall.age()),
            End::NotStarted { detail, .. } => format!("did not start: {detail}"),
        })
    }
}

/// What a person would have typed: a script of the job's own, or the program with its arguments. A prompt among them
/// ends with its first line.
fn command(plan: &RunPlan) -> String {
    let whole = match (plan.kind, plan.argv.last()) {
        (RunKind::Setup | RunKind::Verify | RunKind::Ship, Some(script)) => script.clone(),
        _ => plan.argv.join(" "),
    };
    let mut lines = whole.trim().lines();
    let first = lines.next().unwrap_or_default().to_string();
    if lines.next().is_some() { first + " …" } else { first }
}

/// A piece of an attempt's transcripts.
#[derive(Clone, Debug)]
pub enum LogPiece {
    /// A run begins here, or more is known of one that was told before.
    Run(RunSeen),
    /// Lines of that run, which follow those before.
    Lines(RunKind, Vec<Record>),
}

/// Reads the transcripts of an attempt in the order of its runs; new runs are found as they begin.
#[derive(Debug)]
pub struct AttemptReader {
    runs: PathBuf,
    attempt: u32,
    only: Option<RunKind>,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    /// As it was given out last; before that only found.
    seen: RunSeen,
    told: bool,
    reader: TranscriptReader,
}

impl Part {
    fn of(seen: RunSeen, reader: TranscriptReader) -> Part {
        Part { seen, told: false, reader }
    }
}

impl AttemptReader {
    /// Reads all that the attempt's runs said, or one of them.
    pub fn at(runs: &Path, attempt: u32, only: Option<RunKind>) -> AttemptReader {
        AttemptReader { runs: runs.to_path_buf(), attempt, only, parts: Vec::new() }
    }

    /// Reads from the last `n` lines on, of all those runs together; gives how many lines come before, too.
    ///
    /// # Errors
    /// A transcript cannot be read.
    pub fn tail(
        runs: &Path,
        attempt: u32,
        only: Option<RunKind>,
        n: usize,
    ) -> io::Result<(AttemptReader, usize)> {
        let mut it = AttemptReader::at(runs, attempt, only);
        let (mut left, mut before) = (n, 0);
        for seen in it.listed().into_iter().rev() {
            let reader = TranscriptReader::tail(&seen.transcript, left)?;
            let (skipped, lines) = reader.lines_around()?;
            left = left.saturating_sub(lines);
            before += skipped;
            it.parts.insert(0, Part::of(seen, reader));
        }
        Ok((it, before))
    }

    /// The runs that are there now.
    fn listed(&self) -> Vec<RunSeen> {
        let mut all = RunSeen::all(&self.runs, self.attempt);
        all.retain(|seen| self.only.is_none_or(|only| only == seen.kind));
        all
    }

    /// The transcripts that are read.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.parts.iter().map(|part| part.seen.transcript.as_path())
    }

    /// What comes next, about 256 KiB at most; nothing if nothing is new.
    ///
    /// # Errors
    /// A transcript cannot be read.
    pub fn next_pieces(&mut self) -> io::Result<Vec<LogPiece>> {
        // A run that is listed began after those before it had ended: what they said is all there to be read.
        for seen in self.listed() {
            match self.parts.iter_mut().find(|part| part.seen.transcript == seen.transcript) {
                Some(part) if part.seen == seen => {}
                Some(part) => (part.seen, part.told) = (seen, false),
                None => {
                    let reader = TranscriptReader::at(&seen.transcript, 0);
                    self.parts.push(Part::of(seen, reader));
                }
            }
        }
        let place = |kind: RunKind| IN_ORDER.iter().position(|own| *own == kind).unwrap_or(IN_ORDER.len());
        self.parts.sort_by_key(|part| (place(part.seen.kind), part.seen.nth));
        let mut out = Vec::new();
        for part in &mut self.parts {
            if !std::mem::replace(&mut part.told, true) {
                out.push(LogPiece::Run(part.seen.clone()));
            }
            let lines = part.reader.next_lines()?;
            if !lines.is_empty() {
                out.push(LogPiece::Lines(part.seen.kind, lines));
                break;
            }
        }
        Ok(out)
    }
}

impl TranscriptReader {
    /// How many lines stand before the place from which it reads on, and how many from there.
    fn lines_around(&self) -> io::Result<(usize, usize)> {
        let (mut before, mut after) = (0, 0);
        for (start, len) in segments(self.path())? {
            let file = segment_path(self.path(), start);
            let at = self.offset().clamp(start, start + len) - start;
            let (head, tail) = lines_of(&file, at, len)?;
            (before, after) = (before + head, after + tail);
        }
        Ok((before, after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folder of a job's runs with one attempt: setup and engine have ended, and verify with exit 101.
    fn runs() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        let line = |text: &str| format!("{{\"at\":5,\"s\":\"out\",\"line\":\"{text}\"}}\n");
        for (kind, text) in IN_ORDER.iter().zip(["ready", "done", "error[E0433]"]) {
            let name = kind.name();
            let run = dir.path().join("1").join(name);
            std::fs::create_dir_all(&run).expect("a folder");
            let argv = ["sh", "-c", &format!("run the {name}\nand more")].map(String::from).to_vec();
            RunPlan::new(*kind, argv, dir.path()).write(&run).expect("a plan");
            std::fs::write(dir.path().join(kind.transcript(1)), line("more") + &line(text)).expect("written");
        }
        dir
    }

    fn told(reader: &mut AttemptReader) -> String {
        let mut out = Vec::new();
        loop {
            let pieces = reader.next_pieces().expect("read");
            if pieces.is_empty() {
                return out.join(" | ");
            }
            out.extend(pieces.iter().map(|piece| match piece {
                LogPiece::Run(seen) => {
                    format!("{}: {}", seen.kind.name(), seen.command.clone().unwrap_or_default())
                }
                LogPiece::Lines(_, lines) => {
                    lines.iter().map(|line| line.text().into_owned()).collect::<Vec<_>>().join(",")
                }
            }));
        }
    }

    #[test]
    fn the_runs_of_an_attempt_are_read_in_their_order() {
        let dir = runs();
        let mut all = AttemptReader::at(dir.path(), 1, None);
        assert_eq!(
            told(&mut all),
            "setup: run the setup … | more,ready | engine: sh -c run the engine … | more,done | \
             verify: run the verify … | more,error[E0433]"
        );
        assert_eq!(told(&mut all), "", "each line once");
        let mut one = AttemptReader::at(dir.path(), 1, Some(RunKind::Verify));
        assert_eq!(told(&mut one), "verify: run the verify … | more,error[E0433]");
        assert!(RunSeen::all(dir.path(), 2).is_empty());
    }

    #[test]
    fn what_ships_said_comes_after_the_attempt_in_their_order() {
        let dir = runs();
        for (epoch, nth) in [(12, 1), (9, 4), (9, 1)] {
            let ship = ShipRun { epoch, nth };
            let folder = ship.folder(dir.path(), 1);
            std::fs::create_dir_all(&folder).expect("a folder");
            let argv = ["sh", "-c", "make test"].map(String::from).to_vec();
            RunPlan::new(RunKind::Ship, argv, dir.path()).write(&folder).expect("a plan");
            let line = format!("{{\"at\":5,\"s\":\"out\",\"line\":\"{epoch}/{nth}\"}}\n");
            std::fs::write(ship.transcript(dir.path(), 1), line).expect("written");
        }
        let mut one = AttemptReader::at(dir.path(), 1, Some(RunKind::Ship));
        assert_eq!(told(&mut one), "ship: make test | 9/1 | ship: make test | 9/4 | ship: make test | 12/1");
        let all = RunSeen::all(dir.path(), 1);
        let names: Vec<String> = all.iter().map(|run| format!("{} {}", run.kind.name(), run.nth)).collect();
        assert_eq!(names, ["setup 1", "engine 1", "verify 1", "ship 1", "ship 2", "ship 3"]);
    }

    #[test]
    fn the_last_lines_are_those_of_all_runs_together() {
        let dir = runs();
        let (mut last, before) = AttemptReader::tail(dir.path(), 1, None, 3).expect("read");
        assert_eq!(before, 3);
        assert_eq!(
            told(&mut last),
            "setup: run the setup … | engine: sh -c run the engine … | done | verify: run the verify … | \
             more,error[E0433]"
        );
    }

    #[test]
    fn how_a_run_ended_is_told_again_once_it_is_known() {
        let dir = runs();
        let mut reader = AttemptReader::at(dir.path(), 1, Some(RunKind::Verify));
        told(&mut reader);
        let seen = RunSeen::all(dir.path(), 1).pop().expect("verify");
        assert_eq!(seen.end_words(), None, "its end was not written down");
        let text = serde_json::json!({
            "v": 1, "run_id": "r", "end": {"how": "exited", "code": 101}, "stopped_by": null, "started": 5,
            "ended": 160_005, "wall": 160_000, "lines": 2, "bytes": 9, "cuts": 0, "leftovers": 0,
            "survivors": [], "transcript": super::super::report::TranscriptLoss::default(),
            "seen": super::super::tally::Tally::default(), "tail": "",
        });
        std::fs::write(dir.path().join("1/verify").join(rundir::EXIT), text.to_string()).expect("written");
        assert_eq!(told(&mut reader), "verify: run the verify …");
        let seen = RunSeen::all(dir.path(), 1).pop().expect("verify");
        assert_eq!(seen.end_words().as_deref(), Some("exit 101, took 2 min"));
    }
}
