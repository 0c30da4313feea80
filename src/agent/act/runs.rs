//! A run from start to end: started or taken up, looked at, stopped, waited for until nothing of it lives.

use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use super::command::EXPORT;
use super::doer::{Doer, blocking};
use crate::agent::fence::Fence;
use crate::agent::step::Sight;
use crate::agent::work::{RunEnd, Work};
use crate::board::Local;
use crate::engine::{
    End, ExitReport, Hearing, KILL_GRACE, LimitState, Pulse, Run, RunKind, RunState, Source, StopCause,
    Tally, TranscriptReader, dialect, engine, judge, other_model, tally_transcript,
};
use crate::job::{JobId, Outcome, Usage, plain_error};
use crate::store::Place;
use crate::time::{Clock as _, Span, SystemClock};

/// A window's name is a word of the vendor's; more than this is none.
const WINDOW_MOST: usize = 40;

/// The window's name as it may stand in an event and on one line of a screen.
fn window_word(name: &str) -> String {
    crate::engine::strip_controls(name).chars().take(WINDOW_MOST).collect()
}

/// Words of a status are cut here; tools have names of their makers' choice.
const WORD_MOST: usize = 40;

/// How far a transcript was read, and what it came to.
pub(super) struct Meter {
    run: Run,
    reader: TranscriptReader,
    hearing: Box<dyn Hearing>,
    tally: Tally,
    pulse: Pulse,
}

impl Doer {
    /// Starts a run and waits until nothing of it lives.
    pub(super) async fn run(&self, work: Work, kind: RunKind) -> RunEnd {
        let dir = run_dir(&self.local, &work, kind);
        let fence = match kind {
            RunKind::Engine => {
                Fence::open(&work, self.local.clone(), self.settings.clone(), self.secrets(&work))
            }
            RunKind::Setup | RunKind::Verify | RunKind::Ship => None,
        };
        let plan = match self.plan(&work, kind, fence.as_ref()).await {
            Ok(plan) => plan,
            Err((outcome, reason)) => return RunEnd { kind, ..RunEnd::without_run(outcome, reason) },
        };
        // A stop may have come while we prepared: then its order is on disk before the shim is.
        if let Some(cause) = work.stop {
            let _ = make_private(&dir).map(|()| crate::engine::order_stop(&dir, cause, None));
        }
        let shim = self.shim.clone();
        let setup = (kind == RunKind::Setup).then(|| plan.argv.last().cloned().unwrap_or_default());
        let started = {
            let dir = dir.clone();
            blocking(move || Run::start(&dir, &plan, &shim)).await
        };
        match started {
            Ok(run) => {
                let end = self.until_end(run, dir, kind, &work).await;
                if let Some(command) = setup.filter(|_| end.outcome == Outcome::Ok) {
                    setup_done(self.local.place(), &work.job, &command);
                }
                end
            }
            Err(error) => {
                let reason = format!("cannot start a run in {}: {}", dir.display(), plain_error(&error));
                RunEnd { kind, ..RunEnd::without_run(Outcome::Crash, reason) }
            }
        }
    }

    /// Takes up a run that another agent started.
    pub(super) async fn take_up(&self, slot: usize, work: Work, kind: RunKind) -> RunEnd {
        if let Some(number) = work.prepared.as_ref().and_then(|prepared| prepared.seat) {
            self.seat_again(slot, number);
        }
        let dir = run_dir(&self.local, &work, kind);
        match Run::open(&dir) {
            Ok(run) => {
                let plan = run.plan().ok();
                // The engine was told where to knock by the agent that started it.
                let told = plan.as_ref().and_then(|plan| {
                    plan.env.iter().find(|(name, _)| name == "AQ_FENCE_URL").map(|row| row.1.clone())
                });
                let _fence = told.and_then(|url| {
                    Fence::again(&url, &work, self.local.clone(), self.settings.clone(), self.secrets(&work))
                });
                let end = self.until_end(run, dir, kind, &work).await;
                if kind == RunKind::Setup && end.outcome == Outcome::Ok {
                    let command = plan.and_then(|plan| plan.argv.last().cloned()).unwrap_or_default();
                    setup_done(self.local.place(), &work.job, &command);
                }
                end
            }
            Err(error) => {
                let reason = format!("its run is gone from {}: {}", dir.display(), plain_error(&error));
                RunEnd { kind, ..RunEnd::without_run(Outcome::Crash, reason) }
            }
        }
    }

    async fn until_end(&self, run: Run, dir: PathBuf, kind: RunKind, work: &Work) -> RunEnd {
        let end = wait(run, dir, kind).await;
        let run = work.prepared.as_ref().map(|p| p.run.clone()).unwrap_or_default();
        self.meters.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
        end
    }

    /// Writes the order for the run of this kind, which may not have started yet: then it never does.
    pub(super) async fn stop(&self, work: Work, kind: RunKind, cause: StopCause, now: bool) {
        let grace = if now { Some(Span::ZERO) } else { None };
        let dir = run_dir(&self.local, &work, kind);
        // A run that has ended already keeps its verdict.
        let order = move || make_private(&dir).and_then(|()| crate::engine::order_stop(&dir, cause, grace));
        if let Err(error) = blocking(order).await {
            eprintln!("aq: cannot stop {} attempt {}: {error}", work.job, work.attempt);
        }
    }

    /// What the engine is doing and what it has used, from what its transcript has grown by.
    pub(super) async fn look(&self, work: Work) -> Option<Sight> {
        let path = self.local.place().runs(&work.job).join(format!("{}.jsonl", work.attempt));
        let (dir, export) =
            (run_dir(&self.local, &work, RunKind::Engine), attempt_dir(&self.local, &work).join(EXPORT));
        let name = work.prepared.as_ref().map(|p| p.run.clone())?;
        // An engine of one's own is let be: nobody knows how it speaks.
        let own = self.settings.config.engines.contains_key(&work.engine);
        let engine = engine(&work.engine).filter(|_| !own);
        // Taken out while it is used: two looks at once would count a line twice.
        let meter = self.meters.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        let looked = blocking(move || {
            let mut meter = meter.or_else(|| Meter::of(&dir, &path))?;
            meter.read_on().ok()?;
            let mut sight = meter.sight();
            (sight.start, sight.silence) = (engine.and_then(|e| e.start), engine.and_then(|e| e.silence));
            if engine.is_some_and(|engine| engine.exports) {
                sight.said += std::fs::metadata(&export).map_or(0, |m| m.len());
            }
            if sight.in_tool {
                sight.worked = meter.run.cpu_used().unwrap_or_default();
            }
            Some((meter, sight))
        });
        let (meter, sight) = looked.await?;
        self.meters.lock().unwrap_or_else(PoisonError::into_inner).insert(name, meter);
        Some(sight)
    }
}

impl Meter {
    /// Reads a run from its beginning, as its plan says it is to be read.
    fn of(dir: &Path, transcript: &Path) -> Option<Meter> {
        let run = Run::open(dir).ok()?;
        let plan = run.plan().ok()?;
        Some(Meter {
            run,
            reader: TranscriptReader::at(transcript, 0),
            hearing: (dialect(&plan.dialect)?.open)(&plan.facts),
            tally: Tally::default(),
            pulse: Pulse::default(),
        })
    }

    fn sight(&self) -> Sight {
        let (status, _) = self.pulse.status(SystemClock.wall());
        let (tally, word) = (&self.tally, crate::engine::strip_controls(&status.to_string()).into_owned());
        Sight {
            word: word.chars().take(WORD_MOST).collect(),
            usage: tally.usage,
            said: self.reader.offset(),
            in_tool: self.pulse.in_tool(),
            repeats: self.pulse.repeats(),
            ended: tally.ended.is_some(),
            limited: tally.limit.as_ref().is_some_and(|limit| limit.state == LimitState::Rejected),
            retrying: tally.retry.as_ref().map(|retry| retry.status),
            ..Sight::default()
        }
    }

    fn read_on(&mut self) -> std::io::Result<()> {
        loop {
            let records = self.reader.next_lines()?;
            if records.is_empty() {
                return Ok(());
            }
            for record in records.iter().filter(|record| record.source != Source::Aq) {
                self.pulse.line(record.at, record.offset);
                let heard = record.heard_by(self.hearing.as_mut());
                if let crate::engine::Heard::Events(events) = &heard {
                    events.iter().for_each(|event| self.pulse.event(record.offset, event));
                }
                self.tally.hear(&heard);
            }
        }
    }
}

/// The folder of an attempt's runs.
pub(super) fn attempt_dir(local: &Local, work: &Work) -> PathBuf {
    local.place().runs(&work.job).join(work.attempt.to_string())
}

/// The folder of one run.
fn run_dir(local: &Local, work: &Work, kind: RunKind) -> PathBuf {
    attempt_dir(local, work).join(kind.name())
}

/// A run's folder holds keys for a moment: it is its owner's alone.
fn make_private(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Beside the runs of a job: which setup its worktree has had. A worktree that stands is no proof of it,
/// because an agent or a host may die in the middle of a setup.
fn setup_file(place: &Place, job: &JobId) -> PathBuf {
    place.runs(job).join("setup-done")
}

fn setup_done(place: &Place, job: &JobId, command: &str) {
    let hash = blake3::hash(command.as_bytes()).to_hex();
    // Not written, it only runs once more.
    let _ = std::fs::write(setup_file(place, job), hash.as_bytes());
}

/// Whether this very setup has run to its end in the job's worktree.
pub(super) fn setup_is_done(place: &Place, job: &JobId, command: &str) -> bool {
    let hash = blake3::hash(command.as_bytes()).to_hex();
    std::fs::read(setup_file(place, job)).is_ok_and(|text| text == hash.as_bytes())
}

/// Whether a run that took up a session ended by itself before its first turn. Each program says in its own way
/// that it does not find a session, some by an exit code for all bad input, some by no word at all. Where it was
/// something else, the fresh run meets it too and tells.
fn session_is_lost(outcome: Outcome, report: Option<&ExitReport>, tally: &Tally) -> bool {
    let by_itself = report.is_some_and(|r| matches!(r.end, End::Exited { .. }) && r.stopped_by.is_none());
    let idle = tally.tools_ok + tally.tools_failed + tally.usage.turns.unwrap_or(0) == 0;
    by_itself && idle && matches!(outcome, Outcome::Crash | Outcome::Config | Outcome::TaskFailed)
}

/// What a run without a verdict had said, by its transcript.
fn retold(run: &Run) -> Tally {
    let told = run.plan().and_then(|plan| {
        let dialect = dialect(&plan.dialect).or_else(|| dialect("text"));
        dialect.map_or(Ok(Tally::default()), |dialect| {
            tally_transcript(&run.transcript()?, dialect, &plan.facts)
        })
    });
    told.unwrap_or_default()
}

/// What a run that is over had used up, by its verdict, or by its transcript where its shim was killed.
pub(in crate::agent) fn used_by(run: &Run) -> Usage {
    match run.state() {
        Ok(RunState::Ended(report)) => Usage { wall: report.wall, ..report.seen.usage },
        _ => Usage { wall: run.lasted(), ..retold(run).usage },
    }
}

/// Waits until nothing of the run lives, and judges it.
async fn wait(run: Run, dir: PathBuf, kind: RunKind) -> RunEnd {
    let ended = blocking(move || {
        let state = run.wait();
        let plan = run.plan().ok();
        let name = plan.as_ref().map(|plan| plan.dialect.as_str()).unwrap_or_default();
        let facts = plan.as_ref().map(|plan| plan.facts.clone()).unwrap_or_default();
        let dialect = dialect(name).or_else(|| crate::engine::dialect("text"));
        let (report, tally): (Option<ExitReport>, Tally) = match state {
            Ok(RunState::Ended(report)) => (Some((*report).clone()), report.seen),
            state => {
                if let Ok(RunState::Lost { .. }) = state {
                    // The shim was killed: what it left must be gone before the tree is anybody's again.
                    while run.kill_survivors(KILL_GRACE).is_ok_and(|left| !left.is_empty()) {}
                }
                (None, retold(&run))
            }
        };
        let stop = run.stop_order().ok().flatten().map(|order| order.cause);
        let wall = report.as_ref().map_or_else(|| run.lasted(), |report| report.wall);
        let other = other_model(facts.model.as_deref(), &tally);
        (dialect, report, other, tally, stop, facts.resumed.is_some(), wall)
    });
    let (dialect, report, other_model, tally, stop, resumed, wall) = ended.await;
    let Some(dialect) = dialect else {
        return RunEnd {
            kind,
            ..RunEnd::without_run(Outcome::Unknown, format!("no dialect for {}", dir.display()))
        };
    };
    let mut judged = judge(dialect, stop, &tally, report.as_ref());
    if resumed && session_is_lost(judged.outcome, report.as_ref(), &tally) {
        // It did nothing and cost nothing: it is no failure of the job, and the next attempt begins with the note.
        judged.outcome = Outcome::Drained;
        judged.reason = format!(
            "its session could not be taken up, so it begins anew with the hand-off: {}",
            judged.reason
        );
    }
    RunEnd {
        kind,
        outcome: judged.outcome,
        reason: judged.reason,
        until: judged.resets_at,
        window: tally.limit.as_ref().and_then(|limit| limit.window.as_deref()).map(window_word),
        judged: true,
        other_model,
        usage: tally.usage,
        insight: tally.insight(),
        lost: report.is_none(),
        wall,
    }
}
