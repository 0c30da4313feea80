//! The agent's handle on a run: start it, find it again, stop it, clean up after a killed shim.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::process::Signal;

use super::dialect::dialect;
use super::identity::{Liveness, ProcessIdentity, is_alive};
use super::ladder::end_strays;
use super::plan::{RUN_VARIABLE, RunPlan};
use super::processes::{Family, PidStart, Proc, signal_all};
use super::report::{EngineRecord, ExitReport, ShimRecord};
use super::rundir;
use super::stop::{Ordered, StopCause, StopOrder, order_stop, standing_order};
use tracing::debug;

use crate::time::{Span, Stamp};

/// After KILL from outside, how long survivors are waited for: as the shim's own alarm.
const PATIENCE: Span = Span::from_secs(30);

/// Of a shim's log so much is shown; it holds a few lines at most unless something is very wrong.
const LOG_SHOWN: usize = 64 * 1024;

/// Between looks at a run whose shim is not our child.
const WAIT_LOOK: Span = Span::from_millis(100);

/// Freezing looks again until a look finds nothing new to stop; a fork bomb is not waited for longer.
const FREEZE_LOOKS: u32 = 20;

/// The program that becomes the shim: this one, by its hidden verb. The run's folder is added as the last
/// argument.
#[derive(Clone, Debug)]
pub struct ShimProgram {
    /// The executable.
    pub exe: PathBuf,
    /// Arguments ahead of the run's folder.
    pub args: Vec<OsString>,
}

impl ShimProgram {
    /// The verb of the aq binary that calls [`super::shim_main`].
    pub const VERB: &'static str = "__shim";

    /// The shim of the aq binary at `exe`.
    pub fn of_aq(exe: &Path) -> ShimProgram {
        ShimProgram { exe: exe.to_path_buf(), args: vec![ShimProgram::VERB.into()] }
    }
}

/// What a run is doing, judged by pid, start time and boot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunState {
    /// No shim has taken it yet. If [`Run::reap`] says that ours has ended, it failed and [`Run::shim_log`]
    /// tells why. If nobody is known to be about to take it, order a stop: then none ever starts its engine.
    NotStarted,
    /// Its shim lives.
    Alive {
        /// The shim's pid.
        shim: i32,
        /// The engine's pid, once it has started.
        engine: Option<i32>,
        /// When the shim took the run (wall clock).
        since: Stamp,
        /// Processes that outlive KILL; not empty is an alarm.
        stuck: Vec<i32>,
    },
    /// Nothing of it is left, and this is the verdict.
    Ended(Box<ExitReport>),
    /// Its shim was killed and no verdict will come.
    Lost {
        /// Processes of the run that still live; [`Run::kill_survivors`] ends them.
        survivors: Vec<i32>,
    },
    /// Its shim runs, or ran, where this process cannot see: another host or pid namespace.
    Elsewhere(ProcessIdentity),
}

/// One run, by its folder.
#[derive(Debug)]
pub struct Run {
    dir: PathBuf,
    /// The shim, if this process started it and has not reaped it yet.
    child: Mutex<Option<Child>>,
}

impl Run {
    /// Writes the plan into `dir` (made if need be, for its owner alone) and starts the shim, which outlives
    /// this process. Returns before the engine has started; [`Run::state`] tells.
    ///
    /// # Errors
    /// The folder holds a run already or cannot be written, the dialect is unknown, or the shim's program
    /// cannot be started. Nothing was run then.
    pub fn start(dir: &Path, plan: &RunPlan, shim: &ShimProgram) -> io::Result<Run> {
        use std::os::unix::fs::DirBuilderExt;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let dir = dir.canonicalize()?;
        if dir.join(rundir::SHIM).exists() || dir.join(rundir::EXIT).exists() {
            let text = format!("{} holds a run already", dir.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
        }
        if dialect(&plan.dialect).is_none() {
            let text = format!("unknown output dialect {:?}", plan.dialect);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        plan.write(&dir)?;
        let log = rundir::append(&dir.join(rundir::LOG))?;
        debug!(run = %plan.run_id, dir = %dir.display(), "starts a shim");
        // In `/`, so that it holds no folder busy; in our process group until it makes its own session,
        // since a group leader may not make one.
        let child = Command::new(&shim.exe)
            .args(&shim.args)
            .arg(&dir)
            // Between fork and exec the engine is a copy of its shim: killed there, the shim must leave a
            // copy that is known as one of the run.
            .env(RUN_VARIABLE, &plan.run_id)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            // Nobody will read the plan now, and it holds keys.
            .inspect_err(|_| drop(fs::remove_file(dir.join(rundir::PLAN))))?;
        Ok(Run { dir, child: Mutex::new(Some(child)) })
    }

    /// Takes up a run that some process started earlier.
    ///
    /// # Errors
    /// There is no run in `dir`.
    pub fn open(dir: &Path) -> io::Result<Run> {
        let dir = dir.canonicalize()?;
        if !dir.join(rundir::PLAN).exists() {
            let text = format!("{} holds no run", dir.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        Ok(Run { dir, child: Mutex::new(None) })
    }

    /// The run's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What was to be run; secrets are gone from it once the engine has started.
    ///
    /// # Errors
    /// The plan cannot be read.
    pub fn plan(&self) -> io::Result<RunPlan> {
        RunPlan::read(&self.dir)
    }

    /// Where its transcript is.
    ///
    /// # Errors
    /// The plan cannot be read.
    pub fn transcript(&self) -> io::Result<PathBuf> {
        Ok(self.plan()?.transcript_in(&self.dir))
    }

    /// How long a run went on at least, by what it wrote: from its plan to the last line of its transcript. For one
    /// whose shim was killed; another's verdict tells it exactly.
    pub fn lasted(&self) -> Span {
        let changed = |path: PathBuf| Some(Stamp::from_system(fs::metadata(path).ok()?.modified().ok()?));
        let began = changed(self.dir.join(rundir::PLAN));
        let last = self.transcript().ok().and_then(changed);
        began.zip(last).map_or(Span::ZERO, |(began, last)| last.since(began))
    }

    /// What the shim had to say, its last 64 KiB; empty in the usual case.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn shim_log(&self) -> io::Result<String> {
        let bytes = fs::read(self.dir.join(rundir::LOG))?;
        Ok(String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(LOG_SHOWN)..]).into_owned())
    }

    /// Takes the shim's exit status if this process started it and it has ended, so that it does not stay a
    /// zombie; says whether no child of ours is left. [`Run::state`] does this too.
    pub fn reap(&self) -> bool {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        if child.as_mut().is_some_and(|c| matches!(c.try_wait(), Ok(Some(_)) | Err(_))) {
            *child = None;
        }
        child.is_none()
    }

    /// Waits until the run has ended or is lost, and says which. Blocks; call it from a thread that may.
    ///
    /// # Errors
    /// As [`Run::state`].
    pub fn wait(&self) -> io::Result<RunState> {
        loop {
            // Our own child wakes us; somebody else's shim has to be looked at again and again.
            let child = self.child.lock().unwrap_or_else(PoisonError::into_inner).take();
            match child {
                Some(mut child) => drop(child.wait()?),
                None => std::thread::sleep(WAIT_LOOK.to_std()),
            }
            match self.state()? {
                RunState::Alive { .. } => {}
                other => return Ok(other),
            }
        }
    }

    /// What the run is doing.
    ///
    /// # Errors
    /// A file of the run is there but cannot be read, or the process table cannot.
    pub fn state(&self) -> io::Result<RunState> {
        self.reap();
        if let Some(ended) = self.ended()? {
            return Ok(ended);
        }
        let Some(record) = self.shim()? else { return Ok(RunState::NotStarted) };
        match is_alive(&record.shim) {
            Liveness::Alive => Ok(RunState::Alive {
                shim: record.shim.pid,
                engine: rundir::read::<EngineRecord>(&self.dir, rundir::ENGINE)?.map(|e| e.process.pid),
                since: record.since,
                stuck: rundir::read(&self.dir, rundir::SURVIVORS)?.unwrap_or_default(),
            }),
            Liveness::Unknown => Ok(RunState::Elsewhere(record.shim)),
            Liveness::Gone => {
                // It may have written its verdict after we looked for it and before it went.
                if let Some(ended) = self.ended()? {
                    return Ok(ended);
                }
                let survivors = self.survivors(&record)?.iter().map(|p| p.pid).collect();
                Ok(RunState::Lost { survivors })
            }
        }
    }

    fn ended(&self) -> io::Result<Option<RunState>> {
        let report = rundir::read::<ExitReport>(&self.dir, rundir::EXIT)?;
        Ok(report.map(|report| RunState::Ended(Box::new(report))))
    }

    fn shim(&self) -> io::Result<Option<ShimRecord>> {
        rundir::read(&self.dir, rundir::SHIM)
    }

    /// Orders a stop; the first order stands. Returns at once.
    ///
    /// # Errors
    /// As [`order_stop`].
    pub fn stop(&self, cause: StopCause, grace: Option<Span>) -> io::Result<Ordered> {
        order_stop(&self.dir, cause, grace)
    }

    /// The stop order that stands.
    ///
    /// # Errors
    /// It is there but cannot be read.
    pub fn stop_order(&self) -> io::Result<Option<StopOrder>> {
        standing_order(&self.dir)
    }

    /// Ends what a killed shim left behind: TERM, `grace`, KILL, count to zero. Blocks, at most `grace` and
    /// 30 s more, and gives the pids that are still there: none, unless something cannot be killed. Touches
    /// no process that carries the id of another run.
    ///
    /// # Errors
    /// The shim lives (`ResourceBusy`: order a stop instead) or cannot be seen from here (`Unsupported`), or
    /// the process table cannot be read.
    pub fn kill_survivors(&self, grace: Span) -> io::Result<Vec<i32>> {
        self.reap();
        let Some(record) = self.shim()? else { return Ok(Vec::new()) };
        match is_alive(&record.shim) {
            Liveness::Alive => {
                Err(io::Error::new(io::ErrorKind::ResourceBusy, "the run's shim lives; order a stop"))
            }
            Liveness::Unknown => {
                let text = format!("{} cannot be seen from here", record.shim);
                Err(io::Error::new(io::ErrorKind::Unsupported, text))
            }
            Liveness::Gone if another_boot(&record.shim) => Ok(Vec::new()),
            Liveness::Gone => end_strays(&self.family(&record)?, grace, PATIENCE),
        }
    }

    /// Stops every process of the run where it is (SIGSTOP), the shim excepted; gives their number. The
    /// wall limit goes on.
    ///
    /// # Errors
    /// The process table cannot be read.
    pub fn freeze(&self) -> io::Result<usize> {
        let Some(record) = self.shim()? else { return Ok(0) };
        let family = self.family(&record)?;
        let mut stopped = std::collections::HashSet::new();
        for _ in 0..FREEZE_LOOKS {
            // One that was forked while we looked is found by the next look.
            let fresh: Vec<Proc> = family
                .seen_by_others()?
                .into_iter()
                .filter(|p| !p.stopped && stopped.insert(PidStart::of(p)))
                .collect();
            if fresh.is_empty() {
                break;
            }
            signal_all(&fresh, Signal::STOP);
        }
        Ok(stopped.len())
    }

    /// Lets every process of the run go on (SIGCONT); gives their number.
    ///
    /// # Errors
    /// The process table cannot be read.
    pub fn thaw(&self) -> io::Result<usize> {
        let Some(record) = self.shim()? else { return Ok(0) };
        let procs = self.family(&record)?.seen_by_others()?;
        signal_all(&procs, Signal::CONT);
        Ok(procs.len())
    }

    /// Processor time used by the run's living processes, in a unit of the platform: a figure that changes
    /// while they work, as a sign of life where they print nothing.
    ///
    /// # Errors
    /// The process table cannot be read.
    pub fn cpu_used(&self) -> io::Result<u64> {
        let Some(record) = self.shim()? else { return Ok(0) };
        Ok(self.family(&record)?.seen_by_others()?.iter().map(|p| p.cpu).sum())
    }

    fn survivors(&self, record: &ShimRecord) -> io::Result<Vec<Proc>> {
        if another_boot(&record.shim) {
            return Ok(Vec::new());
        }
        self.family(record)?.seen_by_others()
    }

    /// What is written down about the run's processes.
    fn family(&self, record: &ShimRecord) -> io::Result<Family> {
        let mut seen: Vec<PidStart> = rundir::read(&self.dir, rundir::SEEN)?.unwrap_or_default();
        seen.extend(rundir::read::<EngineRecord>(&self.dir, rundir::ENGINE)?.map(|e| e.process));
        let shim = PidStart { pid: record.shim.pid, start: record.shim.start };
        Ok(Family { run_id: record.run_id.clone(), shim, seen })
    }
}

/// Nothing survives a boot, and start times of two boots do not compare.
fn another_boot(who: &ProcessIdentity) -> bool {
    who.boot != super::identity::process_identity().boot
}
