//! What the checks stand on: a folder of one's own, a queue made by the law, the real binary.

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aq::board::{Board as _, Local, Purpose};
use aq::fleet::{Actor, ActorKind, Command, Order, Submission};
use aq::job::{BlobId, CapabilitySet, EngineClass, HolderId, JobId, Spec};
use aq::store::{Place, Wish};
use aq::time::{FakeClock, Span, Stamp};

/// The first moment of every test.
pub const START: &str = "2026-10-02T12:00:00Z";

/// The worker's values of every job, as intake stores them.
const EFFECTIVE: &str = r#"{"v":1,"title":"t","profile":"developer","engine":"shell","cwd":"/work","worktree":false,
"verify":"true","timeout":7200000,"scope_strict":false,"ship":"branch","yolo":false,"sandbox":"none",
"origins":{"engine":"job","verify":"profile"}}"#;

/// How long something that must come is waited for, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks until it is so.
#[track_caller]
pub fn until(what: &str, is: impl Fn() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "no {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A folder with a home of its own, and perhaps a queue.
pub struct Bench {
    root: tempfile::TempDir,
    clock: Arc<FakeClock>,
}

impl Bench {
    /// Without a queue.
    pub fn empty() -> Bench {
        let start = Stamp::parse_rfc3339(START).expect("a time");
        let root = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(root.path().join("work")).expect("a folder");
        Bench { root, clock: Arc::new(FakeClock::at(start)) }
    }

    /// With an empty queue.
    pub fn queue() -> Bench {
        let bench = Bench::empty();
        Place::create(&Wish { queue: &bench.work().join("queue"), git_common: None }).expect("a queue");
        bench
    }

    /// Where commands run.
    pub fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Lets time pass between orders.
    pub fn pass(&self, span: &str) -> &Bench {
        self.clock.pass(span.parse::<Span>().expect("a span"));
        self
    }

    /// The queue opened by the library.
    pub fn board(&self) -> Local {
        let place = Place::open(&self.work().join("queue")).expect("a queue");
        Local::open(&place, Purpose::Act, self.clock.clone()).expect("opens")
    }

    /// Writes a file that nobody has touched for a while, as the folder takes it to be whole.
    pub fn put(&self, name: &str, text: &str) {
        let path = self.work().join(name);
        std::fs::write(&path, text).expect("written");
        let file = std::fs::OpenOptions::new().append(true).open(&path).expect("a file");
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(10)).expect("a date");
    }

    /// Gives orders to the law; a refusal fails the test.
    pub fn act(&self, commands: Vec<Command>) -> &Bench {
        let ann = || Actor::new(ActorKind::Person, "ann@here");
        self.order(commands.into_iter().map(|command| Order::new(ann(), command)).collect())
    }

    /// Gives whole orders.
    pub fn order(&self, orders: Vec<Order>) -> &Bench {
        let board = self.board();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("an event loop");
        for verdict in runtime.block_on(board.act(orders)).expect("durable") {
            verdict.expect("lawful");
        }
        self
    }

    /// Submits a job of that id; `set` changes its spec.
    pub fn job(&self, id: &str, set: impl FnOnce(&mut Spec)) -> &Bench {
        let board = self.board();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("an event loop");
        let body = format!("# {id}\n").into_bytes();
        let body: BlobId = runtime.block_on(board.put_blob(body)).expect("stored");
        let effective = EFFECTIVE.as_bytes().to_vec();
        let effective = runtime.block_on(board.put_blob(effective)).expect("stored");
        drop(board);
        let mut spec = Spec::titled(id.replace('-', " "));
        spec.engine = Some("shell".to_string());
        spec.has_verify = true;
        set(&mut spec);
        let new = Submission { job: JobId::from(id), spec, body, effective, file: Some(format!("{id}.md")) };
        self.act(vec![Command::Submit { new: Box::new(new), parent: None }])
    }

    /// Submits that many jobs of one text in one batch: `NAME-00000` and so on.
    pub fn jobs(&self, name: &str, count: usize) -> &Bench {
        let board = self.board();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("an event loop");
        let body: BlobId = runtime.block_on(board.put_blob(b"# one of many\n".to_vec())).expect("stored");
        let effective = runtime.block_on(board.put_blob(EFFECTIVE.as_bytes().to_vec())).expect("stored");
        drop(board);
        let submit = |n: usize| {
            let id = format!("{name}-{n:05}");
            let mut spec = Spec::titled(id.clone());
            spec.engine = Some("shell".to_string());
            let (body, effective) = (body.clone(), effective.clone());
            let new =
                Submission { job: JobId::new(&id), spec, body, effective, file: Some(format!("{id}.md")) };
            Command::Submit { new: Box::new(new), parent: None }
        };
        self.act((0..count).map(submit).collect())
    }

    /// An agent of this host claims what is first in line.
    pub fn claim(&self) -> &Bench {
        self.act(vec![Command::Claim { who: Box::new(claimant()) }])
    }

    /// The same by a process that lives as long as the test: verbs that act give back what the dead hold.
    pub fn claim_alive(&self) -> &Bench {
        let holder = HolderId::new(aq::engine::process_identity().to_string());
        self.act(vec![Command::Claim { who: Box::new(aq::fleet::Claimant { holder, ..claimant() }) }])
    }

    /// The epoch a job is at.
    pub fn epoch(&self, id: &str) -> u64 {
        self.board().snapshot().jobs.get(id).expect("a job").epoch
    }

    /// Runs `aq` with these words; gives a text of output, talk and exit code.
    pub fn run(&self, words: &str) -> String {
        self.run_words(&words.split_whitespace().collect::<Vec<_>>())
    }

    /// The same with words that hold blanks.
    pub fn run_words(&self, words: &[&str]) -> String {
        let out = self.process(words).output().expect("aq runs");
        let exit = out.status.code().map_or_else(|| "killed".to_string(), |code| code.to_string());
        let (data, talk) = (self.tidy(&out.stdout), self.tidy(&out.stderr));
        let talk: String = talk.lines().map(|line| format!("! {line}\n")).collect();
        format!("{data}{talk}exit {exit}\n")
    }

    /// The process, not yet started.
    pub fn process(&self, words: &[&str]) -> Process {
        let mut process = Process::new(env!("CARGO_BIN_EXE_aq"));
        let home = self.root.path().join("home");
        process.args(words).current_dir(self.work()).stdin(Stdio::null()).env_clear();
        process.env("HOME", &home).env("TZ", "UTC").env("USER", "ann").env("LANG", "C.UTF-8");
        for (name, folder) in
            [("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state"), ("XDG_CONFIG_HOME", "config")]
        {
            process.env(name, home.join(folder));
        }
        process
    }

    /// Text with what differs from run to run written as words.
    fn tidy(&self, bytes: &[u8]) -> String {
        let root = self.root.path().canonicalize().expect("a folder");
        let text = String::from_utf8_lossy(bytes).replace(&path_text(&root), "ROOT");
        text.replace(&path_text(self.root.path()), "ROOT")
    }
}

fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// An agent that can do everything these jobs ask for.
pub fn claimant() -> aq::fleet::Claimant {
    let mut capabilities = CapabilitySet::default();
    capabilities.offer("os", "linux");
    let engines = vec![aq::fleet::EngineOffer {
        name: "shell".to_string(),
        class: EngineClass::Script,
        accounts: Vec::new(),
    }];
    aq::fleet::Claimant { holder: HolderId::from("here/1"), capabilities, engines }
}

/// Compares a text with what is expected; on a difference both are shown whole.
#[track_caller]
pub fn same(got: &str, expected: &str) {
    assert!(got == expected, "\n--- got\n{got}--- expected\n{expected}---");
}
