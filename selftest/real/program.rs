//! One engine program with a home, a folder and a model of its own, started as aq starts it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process, kill_process_group};
use serde_json::Value;

use super::super::models::Models;
use super::words;

/// A run that takes longer has failed; the longest waits out five reconnects of `codex`.
const PATIENCE: Duration = Duration::from_secs(90);
/// Between looks.
const LOOK: Duration = Duration::from_millis(15);
/// A port on which nobody listens: whatever does not go to the loopback goes nowhere.
const NOWHERE: &str = "http://127.0.0.1:9";

/// The folder that `selftest/run --real` has filled.
///
/// # Panics
/// `AQ_REAL` does not name it.
pub fn engines() -> PathBuf {
    let folder =
        std::env::var_os("AQ_REAL").expect("AQ_REAL names the folder of the engines: selftest/run --real");
    let folder = PathBuf::from(folder);
    assert!(folder.join("bin").is_dir(), "no engines in {}", folder.display());
    folder
}

/// The search path with the engines in front.
pub fn search_path() -> OsString {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(engines().join("bin")).chain(std::env::split_paths(&old).collect::<Vec<_>>());
    std::env::join_paths(all).expect("a search path")
}

/// Variables that keep a program from any network but the loopback.
pub fn hermetic() -> Vec<(&'static str, String)> {
    let mut set = Vec::new();
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        set.push((name, NOWHERE.to_string()));
    }
    set.extend(["NO_PROXY", "no_proxy"].map(|name| (name, "127.0.0.1".to_string())));
    set
}

/// Everything one program needs.
pub struct Program {
    root: tempfile::TempDir,
    /// The model it talks to.
    pub models: Models,
}

/// What a program did.
pub struct Ran {
    /// The lines of its output.
    pub lines: Vec<String>,
    /// What it said beside.
    pub err: String,
    /// How it ended: `0`, `143`, or `signal 9`.
    pub end: String,
    url: String,
}

impl Ran {
    /// The lines that are JSON.
    pub fn events(&self) -> Vec<Value> {
        self.lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Its course in words, with its end.
    pub fn course(&self) -> String {
        let mut words: Vec<String> = self.lines.iter().flat_map(|line| words::of(line)).collect();
        let said = self.err.lines().filter(|line| !line.trim().is_empty());
        words.extend(said.map(|line| format!("stderr {}", without_time(line))));
        words.push(format!("exit {}", self.end));
        words.join("\n").replace(&self.url, "URL")
    }
}

impl Program {
    /// A program whose model plays this scenario.
    pub fn new(scenario: &str) -> Program {
        let root = tempfile::tempdir().expect("a folder");
        for name in ["home", "work", "tmp", "home/.codex"] {
            std::fs::create_dir_all(root.path().join(name)).expect("a folder");
        }
        Program { root, models: Models::start(scenario) }
    }

    /// A folder of it: `home`, `work`.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.root.path().canonicalize().expect("a folder").join(name)
    }

    /// A file of its work.
    pub fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder("work").join(name)).unwrap_or_default()
    }

    /// Starts it with this prompt; words as in `engines.md`.
    pub fn start(&self, words: &[&str], set: &[(&str, &str)], prompt: &str) -> Running {
        use std::os::unix::process::CommandExt as _;
        let file = self.folder("prompt");
        std::fs::write(&file, prompt).expect("written");
        let out = |name: &str| std::fs::File::create(self.folder(name)).expect("a file");
        let mut command = Command::new(engines().join("bin").join(words[0]));
        command.args(&words[1..]).current_dir(self.folder("work")).env_clear();
        command.env("PATH", search_path()).env("HOME", self.folder("home")).env("TMPDIR", self.folder("tmp"));
        command.env("USER", "ann").env("LANG", "C.UTF-8").env("TERM", "dumb").env("NO_COLOR", "1");
        command.env("TZ", "UTC").envs(hermetic()).envs(set.iter().copied());
        if geteuid().is_root() {
            // Asked for by `claude` before it lets root go without questions.
            command.env("IS_SANDBOX", "1");
        }
        command.stdin(std::fs::File::open(&file).expect("a prompt"));
        command.stdout(Stdio::from(out("out"))).stderr(Stdio::from(out("err"))).process_group(0);
        Running {
            child: command.spawn().expect("the engine starts"),
            place: self.folder(""),
            url: self.models.url.clone(),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A tool has a session of its own, which no signal to the program's group reaches.
        let home = format!("HOME={}", self.folder("home").display()).into_bytes();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let environ = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            let pid = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
            if let Some(pid) = pid.filter(|_| environ.split(|byte| *byte == 0).any(|row| row == home)) {
                // It may have ended meanwhile.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}

/// A program that runs; stopped with its group when dropped.
pub struct Running {
    child: Child,
    place: PathBuf,
    url: String,
}

impl Running {
    /// Its output so far.
    pub fn so_far(&self) -> Vec<String> {
        read(&self.place, "out").lines().map(str::to_string).collect()
    }

    /// Sends its group a signal.
    pub fn signal(&self, signal: Signal) {
        // It may have ended meanwhile.
        let _ = kill_process_group(self.pid(), signal);
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a pid")).expect("a pid")
    }

    /// Waits for a condition.
    #[track_caller]
    pub fn wait<T>(&mut self, what: &str, mut is: impl FnMut(&mut Running) -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(value) = is(self) {
                return value;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "no {what}; it said\n{}\n{}",
                self.so_far().join("\n"),
                read(&self.place, "err")
            );
            std::thread::sleep(LOOK);
        }
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(mut self) -> Ran {
        use std::os::unix::process::ExitStatusExt as _;
        let status = self.wait("end", |it| it.child.try_wait().expect("our child"));
        let end = status
            .code()
            .map_or_else(|| format!("signal {}", status.signal().unwrap_or(0)), |code| code.to_string());
        let ran = Ran { lines: self.so_far(), err: read(&self.place, "err"), end, url: self.url.clone() };
        if std::env::var_os("AQ_KEEP").is_some() {
            eprintln!("{}\n-- stderr\n{}\n-- exit {}", ran.lines.join("\n"), ran.err, ran.end);
        }
        ran
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Its number is its own until it was waited for.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// A line of a log without the time it begins with.
fn without_time(line: &str) -> &str {
    let is_time = |word: &str| word.len() > 20 && word.starts_with("20") && word.ends_with('Z');
    line.split_once(' ').filter(|(word, _)| is_time(word)).map_or(line, |(_, rest)| rest)
}

fn read(place: &Path, name: &str) -> String {
    String::from_utf8_lossy(&std::fs::read(place.join(name)).unwrap_or_default()).into_owned()
}
