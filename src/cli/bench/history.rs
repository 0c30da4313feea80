//! A long history: how fast verbs answer over many jobs, and how fast a long log opens.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::disk::timed;
use super::figures::{Figure, Sample};
use super::yard::Yard;
use crate::coordinator::Coordinator;
use crate::fleet::{
    Actor, ActorKind, Claimant, Command, Ending, EngineOffer, Event, Now, Order, State, Submission, handle,
};
use crate::job::{BlobId, CapabilitySet, EngineClass, Epoch, HolderId, JobId, Outcome, Spec, Usage};
use crate::store::{BatchId, Fault, FolderLog, encode_line};
use crate::time::{Span, Stamp, SystemClock};

/// Jobs that `ls` and `explain` answer over.
const JOBS: usize = 10_000;
/// Runs of each verb.
const RUNS: usize = 15;
/// Events of the long log.
const EVENTS: u64 = 1_000_000;
/// Bytes of its last file where it is divided: a little less than what is sealed.
const LAST_FILE: usize = 60 << 20;
/// Events in one of its lines.
const BATCH: usize = 64;

/// Writes a log by letting the law decide, without flushing: only reading it is measured.
struct Writer {
    state: State,
    lines: Vec<u8>,
    batch: Vec<Event>,
    first: u64,
}

impl Writer {
    fn new() -> Writer {
        Writer { state: State::default(), lines: Vec::new(), batch: Vec::new(), first: 1 }
    }

    fn ask(&mut self, command: Command) -> Vec<Event> {
        let at = Stamp::from_millis(1_790_000_000_000).plus(Span::from_millis(self.state.seq));
        let order = Order::new(Actor::new(ActorKind::Person, "bench"), command);
        let events = handle(&mut self.state, &order, Now { law: at, wall: at });
        let events = events.unwrap_or_else(|no| panic!("the benchmark asks what is not lawful: {no}"));
        self.batch.extend(events.iter().cloned());
        if self.batch.len() >= BATCH {
            self.close();
        }
        events
    }

    fn close(&mut self) {
        if !self.batch.is_empty() {
            self.lines.extend(encode_line(self.first, &BatchId::mint(), &self.batch));
            self.first += self.batch.len() as u64;
            self.batch.clear();
        }
    }

    fn submit(&mut self, n: usize) -> JobId {
        let job = JobId::new(format!("job-{n:07}"));
        let mut spec = Spec::titled(format!("Job number {n}"));
        spec.engine = Some("shell".to_string());
        let hash = blake3::hash(&n.to_le_bytes()).to_hex();
        let (body, effective) = (BlobId::new(hash), BlobId::new(hash));
        let new =
            Submission { job: job.clone(), spec, body, effective, file: Some(format!("job-{n:07}.md")) };
        self.ask(Command::Submit { new: Box::new(new), parent: None });
        job
    }

    /// One job from claim to shipped.
    fn work(&mut self, who: &Claimant) {
        let granted = self.ask(Command::Claim { who: Box::new(who.clone()) });
        let Some(job) = granted.first().and_then(|e| e.what.job().cloned()) else { return };
        let epoch: Epoch = self.state.job(&job).map_or(0, |j| j.epoch);
        let run = format!("{:032x}", self.state.seq);
        self.ask(Command::Start { job: job.clone(), epoch, engine: "shell".to_string(), run, base: None });
        let ending = Ending {
            outcome: Outcome::Ok,
            reason: "exit code 0".to_string(),
            usage: Usage::default(),
            rev: None,
            until: None,
            window: None,
            engine_fault: false,
            insight: crate::job::Insight::default(),
        };
        self.ask(Command::End { job: job.clone(), epoch, ending: Box::new(ending) });
        self.ask(Command::Promote { job: job.clone() });
        self.ask(Command::ShipStart { job: job.clone(), holder: HolderId::from("bench"), rev: None });
        let epoch = self.state.job(&job).map_or(0, |j| j.epoch);
        self.ask(Command::ShipDone { job, epoch, how: "nothing to merge".to_string(), rev: None });
    }
}

fn claimant() -> Claimant {
    let engines =
        vec![EngineOffer { name: "shell".to_string(), class: EngineClass::Script, accounts: Vec::new() }];
    Claimant { holder: HolderId::from("bench"), capabilities: CapabilitySet::default(), engines }
}

/// `aq ls` and `aq explain` as whole processes over ten thousand jobs.
pub(super) fn verbs(dir: &Path) -> Result<Vec<Figure>, Fault> {
    let yard = Yard::plain(dir)?;
    let mut log = Writer::new();
    let jobs: Vec<JobId> = (0..JOBS).map(|n| log.submit(n)).collect();
    log.close();
    write_log(&yard, &log)?;
    let last = jobs.last().map_or("", |id| id.as_str()).to_string();
    let mut figures = Vec::new();
    for (words, what) in [(vec!["ls", "--all"], "aq ls"), (vec!["explain", last.as_str()], "aq explain")] {
        let times: Result<Vec<Duration>, Fault> = (0..RUNS)
            .map(|_| {
                let mut command = yard.aq(&words)?;
                let (status, took) = timed(|| command.status());
                status.map(|_| took).map_err(|e| Fault::io("run", Path::new("aq"), &e))
            })
            .collect();
        figures.push(Figure::millis(
            &format!("{what} over 10,000 jobs, p50"),
            Sample::of(times?).p50(),
            100.0,
        ));
    }
    Ok(figures)
}

/// A log of a million events, opened from its beginning and from a snapshot.
pub(super) fn opening(dir: &Path) -> Result<Vec<Figure>, Fault> {
    let yard = Yard::plain(dir)?;
    let (mut log, who) = (Writer::new(), claimant());
    let (mut n, mut ended) = (0, Vec::new());
    while log.state.seq < EVENTS {
        ended.push(log.submit(n));
        log.work(&who);
        n += 1;
        // As housekeeping does: what is shipped leaves the hot state.
        if ended.len() == 1_000 {
            log.ask(Command::Archive { jobs: std::mem::take(&mut ended) });
        }
    }
    log.close();
    write_log(&yard, &log)?;
    let seq = log.state.seq;
    drop(log);
    // In a process of its own each time: a fresh one is what a verb or an agent is.
    let open = || {
        let mut command = yard.aq(&["ls", "stage:building"])?;
        let (status, took) = timed(|| command.status());
        status.map(|_| took).map_err(|e| Fault::io("run", Path::new("aq"), &e))
    };
    let cold = open()?;
    save(&yard)?;
    let warm: Result<Vec<Duration>, Fault> = (0..5).map(|_| open()).collect();
    divide(&yard)?;
    let seam: Result<Vec<Duration>, Fault> = (0..5).map(|_| open()).collect();
    Ok(vec![
        Figure::millis(&format!("aq ls over a log of {seq} events"), cold.as_secs_f64() * 1e3, 2_000.0),
        Figure::millis("the same with a snapshot, p50", Sample::of(warm?).p50(), 300.0),
        Figure::millis("the same in files, the last nearly full, p50", Sample::of(seam?).p50(), 2_000.0),
    ])
}

/// Divides the log at its worst: a base behind all but the last file, that file nearly full, no snapshot.
fn divide(yard: &Yard) -> Result<(), Fault> {
    let side = &yard.place.side;
    let (live, sealed) = (side.join("events.jsonl"), side.join("events-00000000000000000001.jsonl"));
    let fault = |e: std::io::Error| Fault::io("divide the log of", side, &e);
    let text = std::fs::read(&live).map_err(fault)?;
    let least = text.len().saturating_sub(LAST_FILE);
    let seam = text[least..].iter().position(|b| *b == b'\n').map_or(text.len(), |at| least + at + 1);
    std::fs::remove_file(side.join("snapshot.json")).map_err(fault)?;
    std::fs::write(&live, &text[..seam]).map_err(fault)?;
    save(yard)?;
    std::fs::rename(side.join("snapshot.json"), side.join("base.json")).map_err(fault)?;
    std::fs::rename(&live, &sealed).map_err(fault)?;
    std::fs::write(&live, &text[seam..]).map_err(fault)
}

fn save(yard: &Yard) -> Result<(), Fault> {
    let mut coordinator = Coordinator::open(FolderLog::open(&yard.place)?, Arc::new(SystemClock))?;
    match coordinator.saver() {
        Some((save, state)) => save(&state),
        None => Ok(()),
    }
}

fn write_log(yard: &Yard, log: &Writer) -> Result<(), Fault> {
    let path = yard.place.side.join("events.jsonl");
    std::fs::write(&path, &log.lines).map_err(|e| Fault::io("write", &path, &e))
}
