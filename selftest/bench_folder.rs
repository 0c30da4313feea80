//! What opening, scanning and taking in cost; run by hand in a release build.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use aq::board::{Board as _, Local, Memory, Purpose, Settings};
use aq::coordinator::Coordinator;
use aq::fleet::{Actor, ActorKind, Command, Ending, Event, Now, Order, State, Submission, handle};
use aq::job::{BlobId, JobId, Outcome, Spec, Usage};
use aq::store::{BatchId, FolderLog, Log as _, Place, Wish, encode_line};
use aq::time::{Stamp, SystemClock};

use crate::folder_script::{block, claimant, person};

fn took(what: &str, start: Instant) {
    println!("{what}: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
}

fn queue() -> (tempfile::TempDir, Place) {
    let root = tempfile::tempdir().expect("a folder");
    let place =
        Place::create(&Wish { queue: &root.path().join("queue"), git_common: None }).expect("a queue");
    (root, place)
}

fn disk(place: &Place) {
    let path = place.side.join("probe");
    let mut file = std::fs::File::create(&path).expect("a file");
    let start = Instant::now();
    for _ in 0..50 {
        file.write_all(&[7; 300]).expect("written");
        file.sync_data().expect("flushed");
    }
    println!("fdatasync of this disk: {:.2} ms", start.elapsed().as_secs_f64() * 1e3 / 50.0);
}

/// A log of about that many events: jobs go through a whole life, a hundred per batch; the oldest are
/// archived so that ten thousand stay hot.
fn fill(place: &Place, events_most: u64) -> State {
    let mut log =
        std::io::BufWriter::new(std::fs::File::create(place.side.join("events.jsonl")).expect("a log"));
    let mut state = State::default();
    let mut at = 1_790_000_000_000;
    let mut done = std::collections::VecDeque::new();
    let mut n = 0;
    while state.seq < events_most {
        let mut jobs = Vec::new();
        for step in 0..7 {
            at += 1_000;
            let now = Now { law: Stamp::from_millis(at), wall: Stamp::from_millis(at) };
            let mut orders = Vec::new();
            for k in 0..100 {
                if step == 0 {
                    jobs.push(JobId::new(format!("improve-the-thing-{:06}", n + k)));
                }
                orders.push(life(step, &jobs[k]));
            }
            let first = state.seq + 1;
            let events: Vec<Event> =
                orders.iter().flat_map(|o| handle(&mut state, o, now).expect("lawful")).collect();
            log.write_all(&encode_line(first, &BatchId::mint(), &events)).expect("written");
        }
        n += 100;
        done.push_back(jobs);
        if done.len() > 100 {
            let now = Now { law: Stamp::from_millis(at), wall: Stamp::from_millis(at) };
            let order = Order::new(person(), Command::Archive { jobs: done.pop_front().expect("some") });
            let first = state.seq + 1;
            let events = handle(&mut state, &order, now).expect("lawful");
            log.write_all(&encode_line(first, &BatchId::mint(), &events)).expect("written");
        }
    }
    log.flush().expect("written");
    state
}

fn life(step: usize, job: &JobId) -> Order {
    let (job, epoch) = (job.clone(), 1);
    let agent = Actor::new(ActorKind::Agent, "host/4b1c.1.2.3");
    match step {
        0 => {
            let mut spec = Spec::titled("Improve the thing");
            spec.engine = Some("shell".into());
            let new = Submission {
                file: Some(format!("{job}.md")),
                job,
                spec,
                body: BlobId::new("b".repeat(64)),
                effective: BlobId::new("e".repeat(64)),
            };
            Order::new(person(), Command::Submit { new: Box::new(new), parent: None })
        }
        1 => Order::new(agent, Command::Claim { who: Box::new(claimant()) }),
        2 => {
            let run = "0123456789abcdef".to_string();
            Order::new(agent, Command::Start { job, epoch, engine: "shell".into(), run, base: None })
        }
        3 => {
            let outcome = Outcome::parse("ok").expect("a word");
            let ending = Ending {
                outcome,
                reason: "exit 0".into(),
                usage: Usage::default(),
                rev: None,
                until: None,
                window: None,
                engine_fault: false,
                insight: aq::job::Insight::default(),
            };
            Order::new(agent, Command::End { job, epoch, ending: Box::new(ending) })
        }
        4 => Order::new(person(), Command::Promote { job }),
        5 => Order::new(person(), Command::ShipStart { job, holder: "host/9".into(), rev: None }),
        _ => Order::new(person(), Command::ShipDone { job, epoch: 3, how: "branch".into(), rev: None }),
    }
}

#[test]
#[ignore = "a measurement"]
fn opening_a_million_events() {
    let (_root, place) = queue();
    disk(&place);
    let start = Instant::now();
    let state = fill(&place, 1_000_000);
    let size = std::fs::metadata(place.side.join("events.jsonl")).expect("a log").len();
    took("making it", start);
    println!(
        "{} events, {} MB, {} B each, {} hot, {} archived",
        state.seq,
        size >> 20,
        size / state.seq,
        state.jobs.len(),
        state.tombs.len()
    );
    let open =
        || Coordinator::open(FolderLog::open(&place).expect("opens"), Arc::new(SystemClock)).expect("opens");
    let start = Instant::now();
    let mut it = open();
    took("open by replay", start);
    assert!(*it.state() == state);
    let (saver, copy) = it.saver().expect("a saver");
    let start = Instant::now();
    saver(&copy).expect("saved");
    took("save a snapshot", start);
    println!("snapshot {} MB", std::fs::metadata(place.side.join("snapshot.json")).expect("it").len() >> 20);
    let start = Instant::now();
    let mut log = FolderLog::open(&place).expect("opens");
    let loaded = log.load().expect("loads");
    took("load the snapshot", start);
    assert!(loaded == state);
    let start = Instant::now();
    drop(open());
    took("open by snapshot", start);
    let start = Instant::now();
    println!("{} events", place.history(state.seq - 10, 100).expect("reads").len());
    took("the last ten events", start);
}

#[test]
#[ignore = "a measurement"]
fn ten_thousand_files_at_once() {
    let (_root, place) = queue();
    disk(&place);
    for n in 0..10_000 {
        let path = place.queue.join(format!("inbox/job-{n}.md"));
        std::fs::write(&path, format!("# job {n}\n```sh\necho {n}\n```\n")).expect("written");
        let file = std::fs::OpenOptions::new().append(true).open(&path).expect("a file");
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(10)).expect("a date");
    }
    let board = Local::open(&place, Purpose::Act, Arc::new(SystemClock)).expect("opens");
    let settings = Settings::load(None, &[("engine", "shell")]).expect("settings");
    let (by, mut memory) = (Actor::new(ActorKind::System, "folder"), Memory::default());
    let mut sync = |what: &str| {
        let start = Instant::now();
        let report = block(board.sync(&settings, &by, Default::default(), &mut memory)).expect("looks");
        took(what, start);
        report.lines.len()
    };
    assert_eq!(sync("taking in 10,000 files"), 10_000);
    sync("the scan that reads them again");
    assert_eq!(sync("a scan with nothing new"), 0);
    sync("and another");
    assert_eq!(board.snapshot().jobs.len(), 10_000);
}
