//! The folder's tests as text: what hands, the law and accidents do, and what people then see.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aq::board::{Board as _, Intake, Local, Memory, Purpose, Settings, Submitted, submit};
use aq::fleet::{Actor, ActorKind, Claimant, Command, Ending, EngineOffer, Order, PauseMode};
use aq::job::{Budget, CapabilitySet, EngineClass, FOLDERS, HolderId, Outcome, Usage};
use aq::store::{Place, Wish};
use aq::time::{Clock as _, FakeClock, Stamp};

/// A queue, the processes on it, and what they said.
pub struct Stage {
    root: tempfile::TempDir,
    clock: Arc<FakeClock>,
    /// Process `a`, and others by name.
    boards: BTreeMap<String, (Local, Memory)>,
    settings: Settings,
    aliases: BTreeMap<String, String>,
    saved: BTreeMap<String, Vec<u8>>,
    said: String,
}

/// Runs the lines and compares what was said with what is expected.
#[track_caller]
pub fn check(script: &str, expected: &expect_test::Expect) {
    let mut stage = Stage::new();
    for line in script.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        stage.run(line);
    }
    stage.whole();
    expected.assert_eq(&stage.said);
}

impl Stage {
    pub fn new() -> Stage {
        let root = tempfile::tempdir().expect("a folder");
        let queue = root.path().join("queue");
        Place::create(&Wish { queue: &queue, git_common: None }).expect("a queue");
        Stage {
            root,
            clock: Arc::new(FakeClock::at(Stamp::parse_rfc3339("2026-10-02T12:00:00Z").expect("a time"))),
            boards: BTreeMap::new(),
            settings: Settings::load(None, &[("engine", "shell")]).expect("settings"),
            aliases: BTreeMap::new(),
            saved: BTreeMap::new(),
            said: String::new(),
        }
    }

    pub fn queue(&self) -> PathBuf {
        self.root.path().join("queue")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.queue().join(name)
    }

    fn board(&mut self, name: &str) -> &mut (Local, Memory) {
        let (queue, clock) = (self.queue(), self.clock.clone());
        self.boards.entry(name.to_string()).or_insert_with(|| {
            let place = Place::open(&queue).expect("opens");
            (Local::open(&place, Purpose::Act, clock).expect("opens"), Memory::default())
        })
    }

    /// One line; what is to be compared is added to what was said.
    pub fn run(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let rest = |n: usize| words[n..].join(" ");
        match words[0] {
            "drop" => self.write(&format!("inbox/{}", words[1]), &rest(2), -10),
            "edit" | "write" if words.len() > 2 => {
                let age = if words[0] == "edit" { -10 } else { 0 };
                self.write(words[1], &rest(2), age);
            }
            "future" => self.date(words[1], 3_600),
            "old" => self.date(words[1], -10),
            "mv" => std::fs::rename(self.path(words[1]), self.path(words[2])).expect("moves"),
            "cp" => {
                std::fs::copy(self.path(words[1]), self.path(words[2])).expect("copies");
                self.date(words[2], -10);
            }
            "rm" => {
                words[1..].iter().for_each(|name| std::fs::remove_file(self.path(name)).expect("removes"))
            }
            "rmdir" => std::fs::remove_dir_all(self.path(words[1])).expect("removes"),
            "mkdir" => std::fs::create_dir(self.path(words[1])).expect("makes"),
            "big" => std::fs::write(self.path(words[1]), vec![b'x'; 2 << 20]).expect("writes"),
            "odd" => {
                use std::os::unix::ffi::OsStrExt as _;
                let name = std::ffi::OsStr::from_bytes(b"inbox/\xff.md");
                std::fs::write(self.queue().join(name), "# x").expect("writes");
            }
            "fifo" => {
                let mode = rustix::fs::Mode::from_raw_mode(0o600);
                rustix::fs::mknodat(
                    rustix::fs::CWD,
                    self.path(words[1]),
                    rustix::fs::FileType::Fifo,
                    mode,
                    0,
                )
                .expect("makes");
            }
            "link" => std::os::unix::fs::symlink(words[1], self.path(words[2])).expect("links"),
            "pass" => self.clock.pass(words[1].parse().expect("a span")),
            "sync" => self.sync(words.get(1).copied().unwrap_or("a")),
            "tree" => self.tree(),
            "jobs" => self.jobs(),
            "problems" => {
                let text = std::fs::read_to_string(self.path(&format!("rejected/{}.problems.txt", words[1])));
                let root = self.root.path().to_string_lossy().into_owned();
                let text = self.alias(&text.unwrap_or_else(|_| "none\n".to_string())).replace(&root, "ROOT");
                text.lines().for_each(|line| self.say(&format!("  | {line}")));
            }
            "text" => {
                let text = std::fs::read_to_string(self.path(words[1])).expect("a file");
                self.say(&format!("  {}: {text:?}", words[1]));
            }
            "save" => {
                drop(self.saved.insert(words[1].into(), std::fs::read(self.path(words[1])).expect("a file")))
            }
            "back" => std::fs::write(self.path(words[1]), &self.saved[words[1]]).expect("writes"),
            "tear" => {
                use std::io::Write as _;
                let mut file =
                    std::fs::OpenOptions::new().append(true).open(self.path(words[1])).expect("a file");
                file.write_all(rest(2).as_bytes()).expect("writes");
            }
            "restart" => self.boards.clear(),
            "submit" => self.submit(words[1], &rest(2)),
            _ => self.act(&words),
        }
    }

    fn say(&mut self, text: &str) {
        let _ = writeln!(self.said, "{}", text.trim_start());
    }

    fn write(&self, path: &str, text: &str, age: i64) {
        std::fs::write(self.path(path), manifest(path, text)).expect("writes");
        self.date(path, age);
    }

    fn date(&self, path: &str, seconds: i64) {
        let span = Duration::from_secs(seconds.unsigned_abs());
        let now = self.clock.wall().to_system();
        let at = if seconds < 0 { now - span } else { now + span };
        let file = std::fs::OpenOptions::new().append(true).open(self.path(path)).expect("a file");
        file.set_modified(at).expect("a date");
    }

    fn sync(&mut self, name: &str) {
        let settings = self.settings.clone();
        let by = Actor::new(ActorKind::System, "folder");
        let (board, memory) = self.board(name);
        let report = block(board.sync(&settings, &by, BTreeSet::new(), memory));
        match report {
            Ok(report) => {
                let mut lines = report.lines.clone();
                lines.extend(report.again.map(|_| "look again".to_string()));
                lines.extend(report.hold.then(|| "hold".to_string()));
                lines.extend(report.ship.iter().map(|id| format!("to ship: {id}")));
                self.learn();
                let root = self.root.path().to_string_lossy().into_owned();
                for line in lines {
                    let line = self.alias(&line).replace(&root, "ROOT");
                    self.say(&format!("  {line}"));
                }
            }
            Err(fault) => self.say(&format!("  fault {:?}: {}", fault.kind, fault.why)),
        }
    }

    /// Gives each job the slug of its id as a name; a second of the same slug is `slug#2`.
    fn learn(&mut self) {
        self.board("a");
        let states = self.boards.values().map(|(board, _)| board.snapshot());
        let jobs =
            states.flat_map(|s| s.jobs.values().map(|j| (j.submitted, j.id.to_string())).collect::<Vec<_>>());
        let mut jobs: Vec<_> = jobs.collect();
        jobs.sort();
        for (_, id) in jobs {
            if self.aliases.contains_key(&id) {
                continue;
            }
            let slug = &id[..id.len() - 5];
            let n = self.aliases.values().filter(|a| a.split('#').next() == Some(slug)).count();
            let alias = if n == 0 { slug.to_string() } else { format!("{slug}#{}", n + 1) };
            self.aliases.insert(id, alias);
        }
    }

    fn alias(&self, text: &str) -> String {
        self.aliases.iter().fold(text.to_string(), |text, (id, alias)| text.replace(id.as_str(), alias))
    }

    fn tree(&mut self) {
        self.learn();
        for folder in FOLDERS.iter().map(|row| row.1).chain(["rejected"]) {
            let entries = std::fs::read_dir(self.path(folder)).expect("a folder");
            let mut names: Vec<String> =
                entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            if !names.is_empty() {
                let names = self.alias(&names.join(" "));
                self.say(&format!("  {folder}: {names}"));
            }
        }
    }

    fn jobs(&mut self) {
        self.board("a");
        let (board, _) = &self.boards["a"];
        // A look at the log, so that what other processes did is seen.
        drop(block(board.act(Vec::new())));
        self.learn();
        let state = self.boards["a"].0.snapshot();
        let mut lines = Vec::new();
        for job in state.jobs.values() {
            let mut line =
                format!("  {} {}@{} {:?}", self.alias(job.id.as_str()), job.stage, job.epoch, &*job.why);
            for (word, more) in [("children", &job.children)] {
                if !more.is_empty() {
                    let names: Vec<String> = more.iter().map(|id| self.alias(id.as_str())).collect();
                    let _ = write!(line, " {word} {}", names.join(" "));
                }
            }
            lines.push(line);
        }
        lines.sort();
        lines.iter().for_each(|line| self.say(line));
        for (id, tomb) in &state.tombs {
            let line = format!("  {} archived ({})", self.alias(id.as_str()), tomb.stage);
            self.say(&line);
        }
        if !state.product.suspended.is_empty() {
            self.say(&format!("  suspended: {}", state.product.suspended.len()));
        }
    }

    /// As the command line does it: a text under a file name, without a file.
    fn submit(&mut self, name: &str, text: &str) {
        let settings = self.settings.clone();
        let now = Stamp::parse_rfc3339("2026-10-02T12:00:00Z").expect("a time");
        let (board, _) = self.board("a");
        let intake = Intake::new(board.place(), &settings, now);
        let ready = intake.read(name, manifest(name, text).as_bytes()).expect("a manifest");
        let done = block(submit(&*board, &person(), None, &[ready])).expect("durable");
        self.learn();
        let line = match &done[0] {
            Submitted::New(id) => format!("  new {id}"),
            Submitted::Superseded(id) => format!("  superseded {id}"),
            Submitted::Refused(no) => format!("  ! {}", no.message),
        };
        let line = self.alias(&line);
        self.say(&line);
    }

    fn act(&mut self, words: &[&str]) {
        self.learn();
        let (board, _) = self.board("a");
        let state = board.snapshot();
        let id = words.get(1).and_then(|alias| self.aliases.iter().find(|row| row.1 == alias));
        let job = id.map(|row| aq::job::JobId::new(row.0)).unwrap_or_else(|| aq::job::JobId::new("none"));
        let here = state.job(&job);
        let epoch = here.map_or(0, |j| j.epoch);
        let holder = here.and_then(|j| j.lease.as_ref()).map(|l| l.holder.clone());
        let agent = || Actor::new(ActorKind::Agent, "here/1");
        let (by, command) = match words[0] {
            "claim" => (agent(), Command::Claim { who: Box::new(claimant()) }),
            "start" => {
                (agent(), Command::Start { job, epoch, engine: "shell".into(), run: "r".into(), base: None })
            }
            "end" => {
                let outcome = Outcome::parse(words[2]).expect("an outcome");
                let (reason, usage) = ("so".to_string(), Usage::default());
                let ending = Box::new(Ending {
                    outcome,
                    reason,
                    usage,
                    rev: None,
                    until: None,
                    window: None,
                    engine_fault: false,
                    insight: aq::job::Insight::default(),
                });
                (agent(), Command::End { job, epoch, ending })
            }
            "expire" => {
                let gone = holder.expect("a holder");
                (agent(), Command::ExpireLease { job, epoch, gone, reason: "gone".into() })
            }
            "promote" => (person(), Command::Promote { job }),
            "cancel" => (person(), Command::Cancel { job }),
            "requeue" => {
                (person(), Command::Requeue { job, raised: Budget::default(), from: None, park: None })
            }
            "ship" => (person(), Command::ShipStart { job, holder: HolderId::from("here/2"), rev: None }),
            "shipped" => (person(), Command::ShipDone { job, epoch, how: "branch".into(), rev: None }),
            "resume" => (person(), Command::Resume {}),
            "pause" => (person(), Command::Pause { mode: PauseMode::Drain, until: None }),
            verb => panic!("no such verb: {verb}"),
        };
        let asked = self.boards["a"].0.act_with_texts(&self.settings, vec![Order::new(by, command)]);
        let verdict = block(asked).expect("durable").swap_remove(0);
        if let Err(no) = verdict {
            self.say(&format!("  ! {}: {}", no.code.name(), self.alias(&no.message)));
        }
    }

    /// What holds at the end of every script: each job has exactly one file, in the folder of its stage,
    /// and the log alone gives the same state.
    fn whole(&mut self) {
        let before = self.said.len();
        self.boards.clear();
        self.sync("a");
        self.said.truncate(before);
        let state = self.boards["a"].0.snapshot();
        aq::fleet::check_whole(&state).expect("whole");
        let journal = std::fs::read_to_string(self.path(".aq/placed.jsonl")).unwrap_or_default();
        let mut spots: BTreeMap<String, (String, String)> = BTreeMap::new();
        for line in journal.lines() {
            let Ok(record) = serde_json::from_str::<serde_json::Value>(line) else { continue };
            let text = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_string();
            match record.get("spot") {
                Some(spot) => {
                    spots.insert(text(&record["job"]), (text(&spot["folder"]), text(&spot["name"])))
                }
                None => spots.remove(&text(&record["job"])),
            };
        }
        assert_eq!(
            spots.keys().cloned().collect::<BTreeSet<_>>(),
            state.jobs.keys().map(ToString::to_string).collect(),
            "every job has a spot"
        );
        let places: BTreeSet<_> = spots.values().collect();
        assert_eq!(places.len(), spots.len(), "two jobs share a file");
        for job in state.jobs.values().filter(|job| !state.product.suspended.contains(&job.id)) {
            let (folder, name) = &spots[job.id.as_str()];
            if folder == job.stage.folder().name() && !self.path(&format!("{folder}/{name}")).is_file() {
                // A hand has it and the law was asked to ship, or a cancel waits: both are told each time.
                assert!(
                    self.said.ends_with("hold\n") || self.said.contains("to ship"),
                    "{folder}/{name} is missing"
                );
            }
        }
    }
}

/// `sh` is a job of the shell engine named after its file; other text stands as it is, `\n` for line feeds.
fn manifest(path: &str, text: &str) -> String {
    let stem = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".md");
    match text.split_once(' ').unwrap_or((text, "")) {
        ("sh", more) => format!("# {stem}\n\n```sh\necho {more}\n```\n"),
        ("key", more) => format!("---\nidempotency-key: k\n---\n# {stem}\n\n```sh\necho {more}\n```\n"),
        _ => text.replace("\\n", "\n"),
    }
}

pub fn person() -> Actor {
    Actor::new(ActorKind::Person, "ann@here")
}

/// An agent with the shell engine.
pub fn claimant() -> Claimant {
    let engines =
        vec![EngineOffer { name: "shell".to_string(), class: EngineClass::Script, accounts: Vec::new() }];
    Claimant { holder: HolderId::from("here/1"), capabilities: CapabilitySet::default(), engines }
}

/// Waits for an answer of a board.
pub fn block<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("an event loop").block_on(answer)
}
