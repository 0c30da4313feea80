//! A throwaway place for benchmarks: a queue, a repository, an agent of its own, all removed at the end.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::git::seed;
use crate::store::{Fault, FaultKind, Place, Wish};
use crate::time::Awake;

/// How long a benchmark waits for one thing before it gives up.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between looks at what is waited for.
const LOOK: Duration = Duration::from_micros(500);

/// The place.
pub(super) struct Yard {
    top: PathBuf,
    pub place: Place,
}

impl Yard {
    /// A queue in a project without git.
    pub fn plain(dir: &Path) -> Result<Yard, Fault> {
        Yard::make(dir, |_| Ok(None))
    }

    /// A queue in a repository of `files` files.
    pub fn repository(dir: &Path, files: usize) -> Result<Yard, Fault> {
        Yard::make(dir, |project| {
            for n in 0..files {
                let path = project.join(format!("dir{:02}/file{n:04}.txt", n % 40));
                let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
                made.and_then(|()| std::fs::write(&path, format!("file {n}\n").repeat(20)))
                    .map_err(|e| Fault::io("write", &path, &e))?;
            }
            let as_fault = |e: crate::git::GitError| {
                Fault::new(FaultKind::Disk, "make a repository in", project, e.to_string(), "")
            };
            seed(project, "first", &[]).map_err(as_fault)?;
            Ok(Some(project.join(".git")))
        })
    }

    fn make(dir: &Path, fill: impl FnOnce(&Path) -> Result<Option<PathBuf>, Fault>) -> Result<Yard, Fault> {
        let top = dir.join(format!("aq-bench-{:08x}", fastrand::u32(..)));
        let project = top.join("project");
        std::fs::create_dir_all(&project).map_err(|e| Fault::io("make", &project, &e))?;
        let common = fill(&project)?;
        let place = Place::create(&Wish { queue: &project.join("queue"), git_common: common.as_deref() })?;
        Ok(Yard { top, place })
    }

    /// The project's folder.
    pub fn project(&self) -> &Path {
        &self.place.project
    }

    /// An aq process in this yard, with a home of its own.
    pub fn aq(&self, words: &[&str]) -> Result<Command, Fault> {
        let exe = std::env::current_exe().map_err(|e| Fault::io("find", Path::new("aq itself"), &e))?;
        let mut command = Command::new(exe);
        command.arg("--queue").arg(&self.place.queue).args(words);
        command.env("XDG_STATE_HOME", self.top.join("state")).env("XDG_CONFIG_HOME", self.top.join("config"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command)
    }

    /// Starts an agent that runs until the guard is dropped.
    pub fn agent(&self, slots: usize) -> Result<Agent, Fault> {
        let mut command = self.aq(&["agent", "--slots", &slots.to_string()])?;
        let child = command.spawn().map_err(|e| Fault::io("start", Path::new("an agent"), &e))?;
        Ok(Agent(child))
    }

    /// Drops a manifest by rename.
    pub fn drop_in(&self, name: &str, text: &str) -> Result<(), Fault> {
        let inbox = self.place.queue.join("inbox");
        let beside = inbox.join(format!(".{name}.tmp"));
        let done = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, inbox.join(name)));
        done.map_err(|e| Fault::io("write", &beside, &e))
    }

    /// Waits until as many lines of the log name an event of this kind.
    pub fn wait_events(&self, kind: &str, count: usize) -> Result<(), Fault> {
        let path = self.place.side.join("events.jsonl");
        let needle = format!("\"what\":{{\"{kind}\":");
        let (watch, mut seen, mut offset) = (Awake::start(), 0, 0usize);
        while watch.exact() < PATIENCE {
            let bytes = std::fs::read(&path).unwrap_or_default();
            let fresh = String::from_utf8_lossy(bytes.get(offset..).unwrap_or_default()).into_owned();
            if let Some(end) = fresh.rfind('\n') {
                seen += fresh[..=end].matches(&needle).count();
                offset += end + 1;
            }
            if seen >= count {
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
        let why = format!("{seen} of {count} {kind} after {} s", PATIENCE.as_secs());
        Err(Fault::new(FaultKind::Gone, "wait for", &path, why, "the machine is very slow, or this is a bug"))
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        // What cannot be removed has a name that says what it is.
        let _ = std::fs::remove_dir_all(&self.top);
    }
}

/// A running agent; ended when dropped.
pub(super) struct Agent(Child);

impl Agent {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let pid = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.0.wait();
    }
}
