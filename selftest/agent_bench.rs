//! What the tests of the agent stand on: a repository, a queue and a home of their own, and the real binary.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aq::board::{Board as _, Local, Purpose};
use aq::coordinator::Verdict;
use aq::fleet::{Actor, ActorKind, Command, Order, State};
use aq::git::{Repo, seed};
use aq::store::{Place, Wish};
use aq::time::SystemClock;
use serde_json::Value;

/// No condition of these tests takes longer on a machine that is merely busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between looks at a condition.
const LOOK: Duration = Duration::from_millis(15);

/// A queue of one's own.
pub struct Factory {
    root: tempfile::TempDir,
    /// The project, with the queue in it.
    pub project: PathBuf,
    /// The queue, opened.
    pub place: Place,
}

/// An agent under test; killed when dropped.
pub struct Agent {
    child: Child,
    talk: PathBuf,
}

impl Factory {
    /// In a repository with one commit.
    pub fn new() -> Factory {
        Factory::at("project", true)
    }

    /// In a folder of that name, a repository or not.
    pub fn at(name: &str, git: bool) -> Factory {
        let root = tempfile::tempdir().expect("a folder");
        let top = root.path().canonicalize().expect("a folder");
        let project = top.join(name);
        for dir in [project.clone(), top.join("home"), top.join("run")] {
            std::fs::create_dir_all(dir).expect("a folder");
        }
        std::fs::write(project.join("README.md"), "# A project\n").expect("written");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(top.join("run"), mode).expect("private");
        if git {
            seed(&project, "first", &["trunk"]).expect("a repository");
        }
        Factory::with_queue(root, project)
    }

    /// A queue in a project that somebody else has made.
    pub fn with_queue(root: tempfile::TempDir, project: PathBuf) -> Factory {
        let common = Repo::discover(&project).expect("looks").map(|repo| repo.facts().expect("facts"));
        let git_common = common.as_ref().map(|facts| facts.common_dir.as_path());
        let queue = project.join("queue");
        let place = Place::create(&Wish { queue: &queue, git_common }).expect("a queue");
        Factory { root, project, place }
    }

    /// The folder above everything.
    pub fn top(&self) -> PathBuf {
        self.root.path().canonicalize().expect("a folder")
    }

    /// Drops a manifest as an editor would.
    pub fn drop_in(&self, name: &str, text: &str) -> &Factory {
        let inbox = self.place.queue.join("inbox");
        let beside = inbox.join(format!(".{name}.tmp"));
        std::fs::write(&beside, text).expect("written");
        std::fs::rename(&beside, inbox.join(name)).expect("dropped");
        self
    }

    /// Drops `NAME.md`: a job of the shell engine with these fields and this script.
    pub fn job(&self, name: &str, fields: &str, script: &str) -> &Factory {
        let fields: String =
            fields.split(" | ").filter(|f| !f.is_empty()).map(|f| format!("{f}\n")).collect();
        let text = format!("---\ntitle: {name}\nengine: shell\n{fields}---\n```sh\n{script}\n```\n");
        self.drop_in(&format!("{name}.md"), &text)
    }

    /// The configuration file of this queue's user.
    pub fn config(&self, text: &str) -> &Factory {
        let dir = self.top().join("home/config/aq");
        std::fs::create_dir_all(&dir).expect("a folder");
        std::fs::write(dir.join("config.toml"), text).expect("written");
        self
    }

    /// `aq` with these words, in the home of this test.
    pub fn aq(&self, words: &[&str]) -> Process {
        let mut process = Process::new(env!("CARGO_BIN_EXE_aq"));
        let (top, home) = (self.top(), self.top().join("home"));
        process.args(words).current_dir(&self.project).stdin(Stdio::null()).env_clear();
        process.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        process.env("HOME", &home).env("USER", "ann").env("LANG", "C.UTF-8").env("TZ", "UTC");
        process.env("XDG_RUNTIME_DIR", top.join("run")).env("TMPDIR", &top);
        process.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        for (name, folder) in
            [("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state"), ("XDG_CONFIG_HOME", "config")]
        {
            process.env(name, home.join(folder));
        }
        process
    }

    /// Starts an agent.
    pub fn agent(&self, words: &[&str]) -> Agent {
        self.agent_with(words, &[])
    }

    /// Starts an agent with more in its environment.
    pub fn agent_with(&self, words: &[&str], set: &[(&str, &str)]) -> Agent {
        let talk = self.top().join(format!("talk-{:08x}", fastrand::u32(..)));
        let file = std::fs::File::create(&talk).expect("a file");
        let words: Vec<&str> = std::iter::once("agent").chain(words.iter().copied()).collect();
        let child = self
            .aq(&words)
            .envs(set.iter().copied())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .expect("aq starts");
        Agent { child, talk }
    }

    /// Works off what is ready; gives the exit code.
    pub fn once(&self) -> i32 {
        let mut agent = self.agent(&["--once", "--slots", "2"]);
        agent.end().code().expect("not killed")
    }

    /// Waits for a condition; shows the log if it does not come.
    #[track_caller]
    pub fn wait<T>(&self, what: &str, mut is: impl FnMut() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(value) = is() {
                return value;
            }
            let tail: Vec<String> =
                self.events().iter().rev().take(12).rev().map(|event| format!("  {event}\n")).collect();
            assert!(began.elapsed() < PATIENCE, "no {what}; the log ends with\n{}", tail.concat());
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until a job's file stands in that folder.
    #[track_caller]
    pub fn wait_in(&self, name: &str, folder: &str) -> &Factory {
        let path = self.place.queue.join(folder).join(format!("{name}.md"));
        self.wait(&format!("{name} in {folder}"), || path.exists().then_some(()));
        self
    }

    /// Waits for an event of that kind about the job dropped as `NAME.md`.
    #[track_caller]
    pub fn wait_event(&self, name: &str, kind: &str) -> Value {
        self.wait(&format!("{kind} of {name}"), || {
            let id = self.id(name)?;
            self.events().iter().filter_map(|e| e["what"].get(kind)).find(|w| w["job"] == *id).cloned()
        })
    }

    /// Every event, by a reader of our own.
    pub fn events(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.place.side.join("events.jsonl")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole
            .lines()
            .flat_map(|line| {
                let line: Value = serde_json::from_str(line).expect("a line of the log");
                line["events"].as_array().cloned().unwrap_or_default()
            })
            .collect()
    }

    /// The id of the job that was dropped as `NAME.md`.
    pub fn id(&self, name: &str) -> Option<String> {
        let file = format!("{name}.md");
        self.events().iter().find_map(|event| {
            let new = event["what"].get("job_submitted")?;
            (new["file"] == *file).then(|| new["job"].as_str().map(str::to_string))?
        })
    }

    /// The course of a job as words: what happened, with what tells one course from another.
    pub fn course(&self, name: &str) -> String {
        let id = self.id(name).unwrap_or_default();
        let mut words = Vec::new();
        for event in self.events() {
            let Some((kind, fact)) = event["what"].as_object().and_then(|what| what.iter().next()) else {
                continue;
            };
            if fact["job"] != *id {
                continue;
            }
            let text = |field: &str| fact[field].as_str().unwrap_or("?").to_string();
            match kind.as_str() {
                "attempt_started" => words.push(format!("start{}", fact["attempt"])),
                "attempt_ended" => words.push(format!("{}>{}", text("outcome"), text("to"))),
                "lease_adopted" => words.push("adopted".to_string()),
                "lease_expired" => words.push("lost".to_string()),
                "lease_released" => words.push("released".to_string()),
                "verified" => words.push(if fact["passed"] == true { "proven" } else { "disproven" }.into()),
                "shipped" | "asked" | "answered" | "cancelled" | "preempted" | "ship_failed"
                | "pr_opened" | "pr_sent_back" => {
                    words.push(kind.clone());
                }
                "job_parked" => words.push(format!("parked({})", text("reason"))),
                _ => {}
            }
        }
        words.join(" ")
    }

    /// The reason of the last end of a job's attempt.
    pub fn reason(&self, name: &str) -> String {
        let id = self.id(name).unwrap_or_default();
        let events = self.events();
        let ended = events.iter().rev().filter_map(|e| e["what"].get("attempt_ended"));
        let mut mine = ended.filter(|w| w["job"] == *id);
        mine.next().and_then(|w| w["reason"].as_str()).unwrap_or_default().to_string()
    }

    /// Asks the law as a person.
    pub fn act(&self, command: Command) -> Verdict {
        self.board(|local, runtime| {
            let by = Actor::new(ActorKind::Person, "ann@here");
            runtime.block_on(local.act(vec![Order::new(by, command)])).expect("durable").swap_remove(0)
        })
    }

    /// The queue as the library sees it.
    pub fn state(&self) -> Arc<State> {
        self.board(|local, _| local.snapshot())
    }

    /// Opens the queue with the library.
    pub fn board<T>(&self, with: impl FnOnce(&Local, &tokio::runtime::Runtime) -> T) -> T {
        let local = Local::open(&self.place, Purpose::Act, Arc::new(SystemClock)).expect("opens");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("an event loop");
        with(&local, &runtime)
    }

    /// A job's file as it stands at the head of its branch, or in a checkpoint.
    pub fn file_at(&self, rev: &str, path: &str) -> Option<String> {
        let out = self.git(&["show", &format!("{rev}:{path}")]);
        out.status.success().then(|| String::from_utf8_lossy(&out.stdout).into_owned())
    }

    /// Runs git in the project.
    pub fn git(&self, words: &[&str]) -> std::process::Output {
        git_in(&self.project, words)
    }

    /// A commit on a branch that is not checked out, as a colleague's push would bring it.
    #[track_caller]
    pub fn commit_on(&self, branch: &str, path: &str, text: &str) -> &Factory {
        let side = self.top().join("side");
        let place = side.display().to_string();
        assert!(self.git(&["worktree", "add", "-q", &place, branch]).status.success());
        std::fs::write(side.join(path), text).expect("written");
        assert!(git_in(&side, &["add", path]).status.success());
        assert!(git_in(&side, &["commit", "-qm", path]).status.success());
        assert!(self.git(&["worktree", "remove", "--force", &place]).status.success());
        self
    }

    /// Runs aq to its end; gives everything it said, with its exit code at the end.
    pub fn say(&self, words: &[&str]) -> String {
        let out = self.aq(words).output().expect("aq runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("{}{}exit {}\n", text(&out.stdout), text(&out.stderr), out.status.code().unwrap_or(-1))
    }

    /// What of the user's checkout must never change: HEAD, index bytes, status, the branch they are on.
    pub fn checkout(&self) -> String {
        let read = |name: &str| std::fs::read(self.project.join(".git").join(name)).unwrap_or_default();
        let status = self.git(&["--no-optional-locks", "status", "--porcelain", "--branch"]);
        let refs = self.git(&["for-each-ref", "refs/heads/main", "refs/tags"]);
        format!(
            "HEAD {}index {}\n{}{}",
            String::from_utf8_lossy(&read("HEAD")),
            blake3::hash(&read("index")),
            String::from_utf8_lossy(&status.stdout),
            String::from_utf8_lossy(&refs.stdout)
        )
    }

    /// Processes of this queue's runs, and how they were found: engines carry the queue in their
    /// environment, shims the run's folder in their arguments.
    pub fn processes(&self) -> BTreeMap<i32, &'static str> {
        let queue = format!("AQ_QUEUE={}", self.place.queue.display()).into_bytes();
        let side = self.place.side.display().to_string().into_bytes();
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
                continue;
            };
            let read = |name: &str| std::fs::read(entry.path().join(name)).unwrap_or_default();
            let words = read("cmdline");
            let shim = words.split(|b| *b == 0).any(|word| word == b"__shim");
            if shim && words.split(|b| *b == 0).any(|word| word.starts_with(&side)) {
                found.insert(pid, "shim");
            } else if read("environ").split(|b| *b == 0).any(|row| row == queue) && !is_zombie(pid) {
                found.insert(pid, "engine");
            }
        }
        found
    }

    /// Waits until nothing of the runs lives.
    #[track_caller]
    pub fn wait_quiet(&self) -> &Factory {
        self.wait("end of all processes", || self.processes().is_empty().then_some(()));
        self
    }
}

impl Drop for Factory {
    fn drop(&mut self) {
        // For looking at what a failed test has left: `AQ_KEEP=1`; `all` keeps every one.
        let keep = std::env::var("AQ_KEEP").unwrap_or_default();
        if keep == "all" || (!keep.is_empty() && std::thread::panicking()) {
            self.root.disable_cleanup(true);
            eprintln!("kept: {}", self.root.path().display());
        }
        // A failed test must leave nothing running; whoever still carries this queue's name is ours.
        for _ in 0..100 {
            let left = self.processes();
            if left.is_empty() {
                return;
            }
            left.keys().for_each(|pid| kill(*pid, rustix::process::Signal::KILL));
            std::thread::sleep(LOOK);
        }
    }
}

impl Agent {
    /// Its pid.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a pid")
    }

    /// As a power cut would.
    pub fn kill(&mut self) {
        // Not reaped yet, so the number is its own.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end.
    pub fn term(&self) -> &Agent {
        kill(self.pid(), rustix::process::Signal::TERM);
        self
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("our child") {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "the agent does not end; it said\n{}", self.said());
            std::thread::sleep(LOOK);
        }
    }

    /// Asks it to end and waits; gives the exit code.
    #[track_caller]
    pub fn drain(&mut self) -> i32 {
        self.term();
        self.end().code().expect("it ends by itself")
    }

    /// What it told people.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.talk).unwrap_or_default()
    }

    /// Whether it runs.
    pub fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs git in a folder, apart from the user's own settings.
pub fn git_in(dir: &Path, words: &[&str]) -> std::process::Output {
    let mut git = Process::new("git");
    git.args(["-c", "user.name=ann", "-c", "user.email=ann@here", "-c", "protocol.file.allow=always"]);
    git.args(words)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null");
    git.output().expect("git runs")
}

/// Sends a signal to a process that this test has found or started.
pub fn kill(pid: i32, signal: rustix::process::Signal) {
    if let Some(pid) = rustix::process::Pid::from_raw(pid) {
        // It may have ended meanwhile.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

fn is_zombie(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']))
}
