//! Real queues of many jobs: files that the program's own store takes in, and orders that move some of them on.

use std::path::Path;
use std::sync::Arc;

use aq::board::{Board as _, Local, Memory, Purpose, Settings};
use aq::fleet::{Actor, ActorKind, Command, Ending, Order, ParkReason};
use aq::job::{JobId, Outcome, Stage, Usage};
use aq::time::SystemClock;

use super::pty::Room;
use crate::folder_script::{block, claimant, person};

/// Of so many jobs one is claimed; of the claimed most end one way or another.
const CLAIMED_OF: usize = 20;
/// Jobs that stay with their agent.
const HELD: usize = 32;
/// Titles are made of these.
const WORDS: [&str; 9] = [
    "port",
    "scheduler",
    "document",
    "release notes",
    "mend",
    "budget chart",
    "prove",
    "handbook",
    "measure",
];
/// Numbers of parts, and a step without a common divisor that leads through all of them out of their order.
const PARTS: usize = 100_000;
const SCATTER: usize = 7_919;
/// Orders that one batch holds.
const BATCH: usize = 500;

/// A queue with so many jobs: most wait, some are blocked or parked, the rest is spread over all other stages.
pub fn crowd(count: usize) -> Room {
    let room = Room::with(&[]);
    let inbox = room.queue.join("inbox");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(10);
    for n in 0..count {
        let path = inbox.join(format!("improve-the-thing-{n:06}.md"));
        let more = match n % CLAIMED_OF {
            0 if n % (2 * CLAIMED_OF) == 0 => "priority: high\nreview: {approvals: 1}\n",
            0 => "priority: high\n",
            7 => "deps: [improve-the-thing-000001]\n",
            _ => "",
        };
        // A list in the order of names puts those together that begin alike. Rows that differ in a digit alone
        // would make a page cheap to send, so the number stands first and says nothing about the words.
        let part = n * SCATTER % PARTS;
        let mut dice = fastrand::Rng::with_seed(n as u64);
        let [what, thing] = [(); 2].map(|()| WORDS[dice.usize(..WORDS.len())]);
        let text = format!(
            "---\nengine: shell\n{more}---\n# {part:05} {what} the {thing} of the part\n\n```sh\ntrue\n```\n"
        );
        std::fs::write(&path, text).expect("a file");
        let file = std::fs::OpenOptions::new().append(true).open(&path).expect("a file");
        file.set_modified(old).expect("a date");
    }
    // In a process of its own: starting programs from one that holds a large state takes longer.
    let mut maker = std::process::Command::new(std::env::current_exe().expect("this program"));
    maker.args(["--ignored", "--exact", "dash::crowd::takes_in"]).env("QUEUE", &room.queue);
    let done = maker.output().expect("runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    room
}

/// Run in a process of its own by [`crowd`].
#[test]
#[ignore = "needs a queue with many files"]
fn takes_in() {
    let Ok(queue) = std::env::var("QUEUE") else { return };
    let board = open(Path::new(&queue));
    let settings = Settings::load(None, &[("engine", "shell")]).expect("settings");
    let (by, mut memory) = (Actor::new(ActorKind::System, "folder"), Memory::default());
    let report = block(board.sync(&settings, &by, Default::default(), &mut memory)).expect("takes them in");
    let count = report.lines.len();
    assert_eq!(board.snapshot().jobs.len(), count, "every file is a job: {:?}", report.lines.first());
    work(&board, count / CLAIMED_OF);
}

/// The queue as a process of its own would open it.
pub fn open(queue: &Path) -> Local {
    let place = aq::store::Place::open(queue).expect("a queue");
    Local::open(&place, Purpose::Act, Arc::new(SystemClock)).expect("opens")
}

/// Asks for all of it, in large batches; what the law refuses is left.
pub fn ask(board: &Local, by: &Actor, commands: impl IntoIterator<Item = Command>) {
    let orders: Vec<Order> = commands.into_iter().map(|command| Order::new(by.clone(), command)).collect();
    for batch in orders.chunks(BATCH) {
        block(board.act(batch.to_vec())).expect("written");
    }
}

fn at(board: &Local, stage: Stage) -> Vec<(JobId, u64)> {
    let state = board.snapshot();
    state.jobs.values().filter(|job| job.stage == stage).map(|job| (job.id.clone(), job.epoch)).collect()
}

fn work(board: &Local, claims: usize) {
    let agent = Actor::new(ActorKind::Agent, "here/1");
    ask(board, &agent, (0..claims).map(|_| Command::Claim { who: Box::new(claimant()) }));
    let start = |(n, (job, epoch)): (usize, (JobId, u64))| {
        let run = format!("{n:032x}");
        Command::Start { job, epoch, engine: "shell".to_string(), run, base: None }
    };
    ask(board, &agent, at(board, Stage::Assigned).into_iter().enumerate().map(start));
    let end = |(n, (job, epoch)): (usize, (JobId, u64))| {
        let word = if n.is_multiple_of(10) { "task_failed" } else { "ok" };
        let ending = Ending {
            outcome: Outcome::parse(word).expect("a word"),
            reason: "exit code 0".to_string(),
            usage: Usage::default(),
            rev: None,
            until: None,
            window: None,
            engine_fault: false,
            insight: aq::job::Insight::default(),
        };
        Command::End { job, epoch, ending: Box::new(ending) }
    };
    ask(board, &agent, at(board, Stage::Building).into_iter().enumerate().skip(HELD).map(end));
    // What no verify has proven waits for a person; half of it is passed on, and half of that ships.
    let passed = at(board, Stage::Review).into_iter().step_by(2).map(|(job, _)| Command::Promote { job });
    ask(board, &person(), passed);
    let tested = at(board, Stage::Testing);
    let half = tested.len() / 2;
    let ship = tested.into_iter().take(half).map(|row| row.0);
    ask(board, &person(), ship.map(|job| Command::ShipStart { job, holder: "here/1".into(), rev: None }));
    let shipping = board.snapshot();
    let done = shipping.jobs.values().filter(|job| job.ship_lease().is_some());
    let done = done.map(|job| Command::ShipDone {
        job: job.id.clone(),
        epoch: job.epoch,
        how: "branch".to_string(),
        rev: None,
    });
    ask(board, &person(), done);
    let parks = at(board, Stage::Queued).into_iter().step_by(50);
    let park = |(job, _)| Command::Park { job, until: None, reason: ParkReason::Operator };
    ask(board, &person(), parks.map(park));
}
