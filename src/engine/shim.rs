//! The shim: the process that owns one run from before its first instruction until its last survivor.
//!
//! It writes down who it is before it starts the engine, so that a run is never without a recorded owner;
//! it is a subreaper in a session of its own, so that nothing the engine starts can leave it and no closing
//! terminal reaches it; and it writes the verdict only when nothing of the run is left, so that whoever
//! sees `exit.json` may give the worktree to someone else.
//!
//! The race between a stop order and a start is closed by order of writing: the shim writes `shim.json`,
//! then looks for `stop.json`, then starts the engine; whoever stops writes `stop.json`, then looks for
//! `shim.json`. One of the two sees the other.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use super::identity::process_identity;
use super::ladder::Ladder;
use super::plan::{RUN_VARIABLE, RunPlan};
use super::processes::{Family, PidStart, Sight, adopt_orphans, process};
use super::recorder::{Recorder, Summary};
use super::report::{End, EngineRecord, ExitReport, NotStarted, REPORT_VERSION, ShimRecord};
use super::rundir;
use super::signals;
use super::stop::{StopCause, standing_order};
use super::transcript::Source;
use crate::time::{Awake, Clock, Span, Stamp, SystemClock};

/// How long output is waited for after the last process of the run is gone. Only a process outside the run
/// that was handed the pipe can still hold it open then.
const DRAIN: Duration = Duration::from_secs(10);

/// How long the recorder may take to hand over its summary; a disk that hangs longer costs the tail and the
/// tally of the verdict, not the verdict.
const SUMMARY: Duration = Duration::from_secs(20);

/// Pause before a verdict that could not be written is tried again.
const VERDICT_RETRY: Duration = Duration::from_secs(1);

/// What reaches the control loop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Happening {
    /// A signal came, by its number.
    Signal(u8),
    /// Both output streams ended and are written.
    OutputEnded,
    /// What the run has used up is more than its plan allows.
    CeilingCrossed,
}

/// What the run came to, beside its output.
pub(super) struct Course {
    pub end: End,
    pub stopped_by: Option<StopCause>,
    pub started: Stamp,
    pub ended: Stamp,
    pub wall: Span,
    pub leftovers: u64,
    /// All output is in.
    pub output_ended: bool,
}

/// Owns the run whose folder is `dir`, from its plan to its verdict. Called by the hidden verb that
/// [`super::Run::start`] starts; gives success once the verdict is written.
pub fn shim_main(dir: &Path) -> ExitCode {
    match own(dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            say(&format!("aq: {}: {e}", dir.display()));
            ExitCode::FAILURE
        }
    }
}

/// A word for `shim.log`; nobody can be told if that is full.
fn say(text: &str) {
    use std::io::Write;
    drop(writeln!(io::stderr(), "{text}"));
}

fn own(dir: &Path) -> io::Result<()> {
    let plan = RunPlan::read(dir)?;
    // Fails only if this process leads a group already, as when it is started by hand; then it is in a
    // shell's job of its own, which is as good.
    rustix::process::setsid().ok();
    let (happen, happenings) = mpsc::channel();
    hear_signals(happen.clone())?;
    let shim = process_identity();
    let record =
        ShimRecord { v: REPORT_VERSION, run_id: plan.run_id.clone(), shim, since: SystemClock.wall() };
    if !rundir::write_first(dir, rundir::SHIM, &record)? {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "another shim owns this run"));
    }
    if let Err(e) = rundir::set_aside(dir) {
        say(&format!("aq: cannot set space aside for the verdict: {e}"));
    }
    let mut recorder = Recorder::start(&plan, &plan.transcript_in(dir), move |happening| {
        // The loop may have stopped waiting.
        happen.send(happening).ok();
    });
    let begun = begin(dir, &plan, &recorder);
    if let Err(e) = plan.without_secrets().write(dir) {
        say(&format!("aq: the plan's secrets stay on disk: {e}"));
    }
    let course = match begun {
        Ok(engine) => {
            let shim = PidStart { pid: record.shim.pid, start: record.shim.start };
            let family = Family { run_id: plan.run_id.clone(), shim, seen: Vec::new() };
            let course = Ladder::new(dir, &plan, engine, family).watch(&happenings, &mut recorder);
            if !course.output_ended {
                drain(&happenings, &mut recorder);
            }
            course
        }
        Err(not_started) => not_started,
    };
    let summary = recorder.finish();
    let summary = collect(&mut recorder, &summary);
    write_verdict(dir, &verdict(&plan, course, summary))?;
    rundir::release_all(dir);
    Ok(())
}

/// Hears signals in a thread of its own, which ends with the process.
fn hear_signals(happen: Sender<Happening>) -> io::Result<()> {
    let mut pipe = signals::listen()?;
    thread::spawn(move || {
        let mut byte = [0];
        while pipe.read_exact(&mut byte).is_ok() && happen.send(Happening::Signal(byte[0])).is_ok() {}
    });
    Ok(())
}

/// Starts the engine, unless a stop order is there already.
fn begin(dir: &Path, plan: &RunPlan, recorder: &Recorder) -> Result<EngineRecord, Course> {
    let never = |reason, detail: String, stopped_by| {
        let now = SystemClock.wall();
        let end = End::NotStarted { reason, detail };
        Course {
            end,
            stopped_by,
            started: now,
            ended: now,
            wall: Span::ZERO,
            leftovers: 0,
            output_ended: true,
        }
    };
    if let Err(e) = adopt_orphans() {
        return Err(never(NotStarted::Other, format!("cannot adopt orphans: {e}"), None));
    }
    match standing_order(dir) {
        Ok(None) => {}
        Ok(Some(order)) => {
            let detail = "a stop was ordered before it started".to_string();
            return Err(never(NotStarted::Stopped, detail, Some(order.cause)));
        }
        Err(e) => return Err(never(NotStarted::Other, format!("cannot read the stop order: {e}"), None)),
    }
    let engine = spawn(plan, recorder).map_err(|e| {
        let (reason, detail) = why_not(plan, &e);
        never(reason, detail, None)
    })?;
    if let Err(e) = rundir::write_whole(dir, rundir::ENGINE, &engine) {
        // Strays are found by the run id as well, so the run may go on.
        say(&format!("aq: cannot record the engine: {e}"));
    }
    Ok(engine)
}

fn spawn(plan: &RunPlan, recorder: &Recorder) -> io::Result<EngineRecord> {
    let (program, arguments) =
        plan.argv.split_first().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no program"))?;
    let stdin = match &plan.stdin {
        Some(path) => Stdio::from(File::open(path)?),
        None => Stdio::null(),
    };
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(&plan.cwd)
        .env_clear()
        .envs(plan.env.iter().map(|(name, value)| (name, value)))
        .env(RUN_VARIABLE, &plan.run_id)
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    if let Some(out) = child.stdout.take() {
        recorder.read(Source::Out, out);
    }
    if let Some(err) = child.stderr.take() {
        recorder.read(Source::Err, err);
    }
    let pid = i32::try_from(child.id()).unwrap_or(0);
    // Not reaped yet, so the number is its own even if it has ended; the ladder reaps it.
    let start = match process(pid) {
        Sight::Seen(proc) => proc.start,
        Sight::Gone | Sight::Hidden => 0,
    };
    Ok(EngineRecord { v: REPORT_VERSION, process: PidStart { pid, start }, since: SystemClock.wall() })
}

/// The kernel says "not found" for the program, its interpreter and the folder alike.
fn why_not(plan: &RunPlan, e: &io::Error) -> (NotStarted, String) {
    let program = plan.argv.first().map_or("", String::as_str);
    if !plan.cwd.is_dir() {
        return (NotStarted::Other, format!("cannot run in {}: no such folder", plan.cwd.display()));
    }
    if let Some(stdin) = plan.stdin.as_ref().filter(|path| !path.is_file()) {
        return (NotStarted::Other, format!("cannot read {}: no such file", stdin.display()));
    }
    let detail = format!("cannot start {program:?}: {}", crate::job::plain_error(&e));
    if e.kind() == io::ErrorKind::NotFound {
        (NotStarted::Missing, detail)
    } else {
        (NotStarted::Other, detail)
    }
}

/// Waits until all output is in.
fn drain(happenings: &mpsc::Receiver<Happening>, recorder: &mut Recorder) {
    let clock = Awake::start();
    loop {
        recorder.push();
        let left = DRAIN.saturating_sub(clock.passed().to_std());
        if left.is_zero() {
            return;
        }
        match happenings.recv_timeout(left) {
            Ok(Happening::Signal(_) | Happening::CeilingCrossed) => {}
            Ok(Happening::OutputEnded) | Err(_) => return,
        }
    }
}

fn collect(recorder: &mut Recorder, summary: &mpsc::Receiver<Summary>) -> Summary {
    let clock = Awake::start();
    while clock.passed().to_std() < SUMMARY {
        recorder.push();
        if let Ok(summary) = summary.recv_timeout(Duration::from_millis(50)) {
            return summary;
        }
    }
    let mut summary = Summary::default();
    summary.loss.error = Some("the transcript could not be finished in time".to_string());
    summary
}

fn verdict(plan: &RunPlan, course: Course, mut output: Summary) -> ExitReport {
    // Streams that never began did not stay open.
    output.loss.left_open &= !matches!(course.end, End::NotStarted { .. });
    ExitReport {
        v: REPORT_VERSION,
        run_id: plan.run_id.clone(),
        end: course.end,
        stopped_by: course.stopped_by,
        started: course.started,
        ended: course.ended,
        wall: course.wall,
        lines: output.lines,
        bytes: output.bytes,
        cuts: output.cuts,
        leftovers: course.leftovers,
        survivors: Vec::new(),
        transcript: output.loss,
        seen: output.seen,
        tail: output.tail,
    }
}

/// Writes the verdict, again and again if it must be: a full disk may be cleared, and a verdict lost here
/// would be a run lost. Gives up only when the folder is gone, since then nobody waits for it.
fn write_verdict(dir: &Path, report: &ExitReport) -> io::Result<()> {
    let mut told = false;
    loop {
        match rundir::write_whole(dir, rundir::EXIT, report) {
            Ok(()) => return Ok(()),
            Err(e) if !dir.is_dir() => return Err(e),
            Err(e) => {
                if !told {
                    say(&format!("aq: cannot write the verdict, trying again every second: {e}"));
                    told = true;
                }
                thread::sleep(VERDICT_RETRY);
            }
        }
    }
}
