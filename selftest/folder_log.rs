//! The log's file: every way in which its bytes can be wrong, a golden log that is never edited, snapshots.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aq::coordinator::Coordinator;
use aq::fleet::{Command, Event, Order, PauseMode, State, Submission, check_whole};
use aq::job::{BlobId, JobId, Spec};
use aq::store::{
    BatchId, Entry, Fault, FaultKind, FolderLog, Log as _, Place, Wish, decode_line, encode_line,
};
use aq::time::{FakeClock, Span, Stamp};
use expect_test::expect;

use crate::folder_script::{claimant, person};

/// A queue and its log.
pub struct Queue {
    _root: tempfile::TempDir,
    pub place: Place,
    pub clock: Arc<FakeClock>,
}

impl Queue {
    pub fn new() -> Queue {
        // Where a flush costs nothing, thousands of rounds are cheap.
        let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder");
        let place =
            Place::create(&Wish { queue: &root.path().join("queue"), git_common: None }).expect("a queue");
        let start = Stamp::parse_rfc3339("2026-10-02T12:00:00Z").expect("a time");
        Queue { _root: root, place, clock: Arc::new(FakeClock::at(start)) }
    }

    pub fn open(&self) -> Result<Coordinator<FolderLog>, Fault> {
        Coordinator::open(FolderLog::open(&self.place)?, self.clock.clone())
    }

    pub fn log(&self) -> PathBuf {
        self.place.side.join("events.jsonl")
    }

    /// A log of that many small batches.
    pub fn filled(batches: usize) -> Queue {
        let queue = Queue::new();
        let mut it = queue.open().expect("opens");
        for n in 0..batches {
            queue.clock.pass(Span::from_secs(1));
            let body = it_blob(&mut it);
            assert!(it.commit(&[submission(&body, &format!("job-{n}"))]).expect("durable")[0].is_ok());
        }
        queue
    }
}

fn it_blob(it: &mut Coordinator<FolderLog>) -> BlobId {
    it.log().put_blob(b"# text\n").expect("stored")
}

pub fn submission(body: &BlobId, id: &str) -> Order {
    let mut spec = Spec::titled(id);
    spec.engine = Some("shell".to_string());
    let new = Submission {
        job: JobId::from(id),
        spec,
        body: body.clone(),
        effective: BlobId::from("e"),
        file: Some(format!("{id}.md")),
    };
    Order::new(person(), Command::Submit { new: Box::new(new), parent: None })
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("selftest/golden/folder-1.jsonl")
}

fn order(command: Command) -> Order {
    Order::new(person(), command)
}

/// Makes the golden log anew. Only for a new form of the file, under a new name.
#[test]
#[ignore = "writes a golden file"]
fn make_golden() {
    let queue = Queue::filled(3);
    let mut it = queue.open().expect("opens");
    let claim = || order(Command::Claim { who: Box::new(claimant()) });
    let start = |job: &str| {
        order(Command::Start {
            job: job.into(),
            epoch: 1,
            engine: "shell".into(),
            run: "r".into(),
            base: None,
        })
    };
    let end = |job: &str, ok: bool| {
        let outcome = aq::job::Outcome::parse(if ok { "ok" } else { "crash" }).expect("a word");
        let ending = aq::fleet::Ending {
            outcome,
            reason: "so \"it\" went\n".into(),
            usage: aq::job::Usage::default(),
            rev: None,
            until: None,
            window: None,
            engine_fault: false,
            insight: aq::job::Insight::default(),
        };
        order(Command::End { job: job.into(), epoch: 1, ending: Box::new(ending) })
    };
    for orders in [
        vec![claim(), claim()],
        vec![start("job-0")],
        vec![start("job-1"), order(Command::Pause { mode: PauseMode::Drain, until: None })],
        vec![end("job-0", true), end("job-1", false)],
        vec![order(Command::Promote { job: "job-0".into() }), order(Command::Resume {})],
        vec![order(Command::Cancel { job: "job-2".into() })],
        vec![order(Command::Archive { jobs: vec!["job-2".into()] })],
    ] {
        queue.clock.pass(Span::from_secs(7));
        for verdict in it.commit(&orders).expect("durable") {
            verdict.expect("lawful");
        }
    }
    assert!(!golden().exists(), "a golden file is never edited");
    std::fs::create_dir_all(golden().parent().expect("a folder")).expect("a folder");
    std::fs::copy(queue.log(), golden()).expect("copied");
}

#[test]
fn the_golden_log_gives_the_same_state_and_the_same_bytes() {
    let bytes = std::fs::read(golden()).expect("the golden log");
    let (mut state, mut again) = (State::default(), Vec::new());
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let Entry { seq, batch, events } = decode_line(&line[..line.len() - 1]).expect("whole");
        assert_eq!(seq, state.seq + 1);
        events.iter().for_each(|event| state.apply(event).expect("follows"));
        again.extend(encode_line(seq, &batch, &events));
    }
    assert!(again == bytes, "written again it has other bytes");
    expect!["ed9d59c4cdf2f9d8dcd6151637bfcf8406f9fdb9682e3f7c5b151999da3a9184"].assert_eq(&state.hash());
    // The same file as the log of a queue.
    let queue = Queue::new();
    std::fs::write(queue.log(), &bytes).expect("written");
    assert_eq!(queue.open().expect("opens").state().hash(), state.hash());
}

fn kind(result: Result<Coordinator<FolderLog>, Fault>) -> String {
    match result {
        Ok(it) => format!("ok at {}", it.state().seq),
        Err(fault) => format!("{:?}: {}", fault.kind, fault.why),
    }
}

#[test]
fn a_torn_last_line_is_cut_off_wherever_it_was_torn() {
    let queue = Queue::filled(3);
    let whole = std::fs::read(queue.log()).expect("a log");
    let last = whole[..whole.len() - 1].iter().rposition(|b| *b == b'\n').expect("lines") + 1;
    for cut in last..whole.len() {
        std::fs::write(queue.log(), &whole[..cut]).expect("written");
        let mut it = queue.open().expect("a torn end is no damage");
        assert_eq!(it.state().seq, 2, "cut at {cut}");
        let body = it_blob(&mut it);
        assert!(it.commit(&[submission(&body, "next")]).expect("durable")[0].is_ok());
        assert_eq!(queue.open().expect("opens").state().seq, 3, "cut at {cut}");
    }
    // Pages of the last line that never reached the disk.
    let mut holed = whole;
    holed[last + 30..last + 90].fill(0);
    std::fs::write(queue.log(), &holed).expect("written");
    let mut it = queue.open();
    if it.is_err() {
        // Only the lock holder may cut: the first to act does.
        it = queue.open();
    }
    assert_eq!(kind(it), "ok at 2");
}

#[test]
fn a_flipped_byte_is_refused_with_its_place() {
    let queue = Queue::filled(3);
    let whole = std::fs::read(queue.log()).expect("a log");
    let first = whole.iter().position(|b| *b == b'\n').expect("lines") + 1;
    for at in 0..whole.len() {
        for bit in [0x01, 0x20, 0x80] {
            let mut bent = whole.clone();
            bent[at] ^= bit;
            std::fs::write(queue.log(), &bent).expect("written");
            let said = kind(queue.open());
            assert!(said.starts_with("Corrupt: damaged at byte "), "byte {at}: {said}");
            assert!(at >= first || said.contains("at byte 0, after event 0"), "byte {at}: {said}");
            assert_eq!(std::fs::read(queue.log()).expect("a log"), bent, "damage is left as it is");
        }
    }
}

#[test]
fn logs_that_cannot_be_are_refused() {
    let queue = Queue::filled(3);
    let whole = std::fs::read_to_string(queue.log()).expect("a log");
    let lines: Vec<&str> = whole.lines().collect();
    let check = |text: &str, expected: &str| {
        std::fs::write(queue.log(), text).expect("written");
        assert_eq!(kind(queue.open()), expected);
    };
    // A history that is gone is not begun anew as if there had been none.
    check("", "Corrupt: it is empty, but files of jobs were placed by it");
    check("\n", "Corrupt: damaged at byte 0, after event 0: it does not begin like a batch");
    check("\0\0\0\0\0\0", "ok at 0");
    check(
        &format!("{}\n{}\n", lines[0], lines[2]),
        &format!("Corrupt: damaged at byte {}, after event 1: event 3 follows event 1", lines[0].len() + 1),
    );
    check(
        &format!("{}\n{}\n", lines[0], lines[0]),
        &format!("Corrupt: damaged at byte {}, after event 1: event 1 follows event 1", lines[0].len() + 1),
    );
    let newer = lines[2].replace("\"law\":1", "\"law\":9");
    let newer = format!("{{\"crc\":\"{:08x}\",{}", crc32fast::hash(&newer.as_bytes()[18..]), &newer[18..]);
    check(
        &format!("{}\n{}\n{newer}\n", lines[0], lines[1]),
        "Skew: it was written under law 9; this aq knows 1",
    );
}

#[test]
fn a_log_that_changes_behind_ones_back_is_told() {
    let queue = Queue::filled(3);
    let mut it = queue.open().expect("opens");
    let body = it_blob(&mut it);
    let whole = std::fs::read(queue.log()).expect("a log");
    it.log().must_stand().expect("it stands");
    std::fs::OpenOptions::new().write(true).open(queue.log()).expect("a log").set_len(100).expect("cut");
    let fault = it.commit(&[submission(&body, "x")]).expect_err("cut");
    assert_eq!((fault.kind, fault.why.contains("bytes long and is 100 now")), (FaultKind::Corrupt, true));
    std::fs::rename(queue.log(), queue.place.side.join("old")).expect("moved");
    it.log().must_stand().expect_err("it is gone");
    std::fs::write(queue.log(), &whole).expect("written");
    // Who only follows it would go on reading the old one.
    assert_eq!(it.log().must_stand().expect_err("replaced").kind, FaultKind::Corrupt);
    let fault = it.commit(&[submission(&body, "x")]).expect_err("replaced");
    assert_eq!(fault.kind, FaultKind::Corrupt);
    assert_eq!(std::fs::read(queue.log()).expect("a log"), whole);
}

#[test]
fn blobs_are_checked_and_mended() {
    let queue = Queue::new();
    let mut log = FolderLog::open(&queue.place).expect("opens");
    let id = log.put_blob(b"one").expect("stored");
    let path = queue.place.side.join("blobs").join(&id.to_string()[..2]).join(id.to_string());
    assert_eq!(log.blob(&id).expect("read"), Some(b"one".to_vec()));
    std::fs::write(&path, b"two").expect("written");
    assert_eq!(log.blob(&id).expect_err("damaged").kind, FaultKind::Corrupt);
    log.put_blob(b"one").expect("stored");
    assert_eq!(log.blob(&id).expect("mended"), Some(b"one".to_vec()));
    std::fs::remove_file(&path).expect("removed");
    assert_eq!(log.blob(&id).expect("read"), None);
}

#[test]
fn a_snapshot_and_its_tail_are_the_whole_log_and_others_are_ignored() {
    let queue = Queue::filled(5);
    let mut it = queue.open().expect("opens");
    let (saver, state) = it.saver().expect("a folder keeps snapshots");
    saver(&state).expect("saved");
    let body = it_blob(&mut it);
    assert!(it.commit(&[submission(&body, "tail")]).expect("durable")[0].is_ok());
    let hash = it.state().hash();
    let path = queue.place.side.join("snapshot.json");
    let good = std::fs::read_to_string(&path).expect("a snapshot");
    let loaded = |text: &str| {
        std::fs::write(&path, text).expect("written");
        let from = FolderLog::open(&queue.place).expect("opens").load().expect("loads").seq;
        let it = queue.open().expect("opens");
        check_whole(it.state()).expect("whole");
        assert_eq!(it.state().hash(), hash, "{text}");
        from
    };
    assert_eq!(loaded(&good), 5);
    assert_eq!(loaded(""), 0);
    assert_eq!(loaded(&good[..good.len() - 1]), 0);
    assert_eq!(loaded(&good.replace("job-1", "job-9")), 0);
    assert_eq!(loaded(&good.replace("\"law\":1", "\"law\":2")), 0);
    assert_eq!(loaded(&good.replace("\"v\":3", "\"v\":4")), 0);
    assert_eq!(loaded(&good.replace(&queue.place.id, "0000000000000000")), 0);
    // The log was restored from a backup and went another way, with a line that ends at the same byte.
    drop(it);
    let text = std::fs::read_to_string(queue.log()).expect("a log");
    let lines: Vec<&str> = text.lines().collect();
    let Entry { seq, events, .. } = decode_line(lines[4].as_bytes()).expect("whole");
    let other: BatchId = serde_json::from_str("\"0123456789abcdef\"").expect("a name");
    let line = encode_line(seq, &other, &events);
    std::fs::write(queue.log(), [lines[..4].join("\n").as_bytes(), b"\n", &line].concat()).expect("written");
    std::fs::write(&path, &good).expect("written");
    assert_eq!(FolderLog::open(&queue.place).expect("opens").load().expect("loads").seq, 0);
}

#[test]
fn history_is_read_page_by_page_from_anywhere() {
    let queue = Queue::filled(300);
    let mut it = queue.open().expect("opens");
    let body = it_blob(&mut it);
    let many: Vec<Order> = (0..40).map(|n| submission(&body, &format!("many-{n}"))).collect();
    it.commit(&many).expect("durable");
    let all = queue.place.history(0, 1_000).expect("reads");
    assert_eq!(all.len(), 340);
    for after in 0..=341 {
        let page = queue.place.history(after, 7).expect("reads");
        let rest = usize::try_from(after).expect("small").min(all.len());
        assert!(page.len() >= 7.min(all.len() - rest), "after {after}");
        assert_eq!(page, all[rest..rest + page.len()], "after {after}");
    }
}

#[test]
fn a_simple_job_is_at_most_six_events_of_400_bytes() {
    let queue = Queue::filled(1);
    let mut it = queue.open().expect("opens");
    let job = || JobId::from("job-0");
    let end = aq::fleet::Ending {
        outcome: aq::job::Outcome::parse("ok").expect("a word"),
        reason: "exit 0".into(),
        usage: aq::job::Usage { turns: Some(3), ..aq::job::Usage::default() },
        rev: None,
        until: None,
        window: None,
        engine_fault: false,
        insight: aq::job::Insight::default(),
    };
    for command in [
        Command::Claim { who: Box::new(claimant()) },
        Command::Start {
            job: job(),
            epoch: 1,
            engine: "shell".into(),
            run: "0123456789abcdef".into(),
            base: None,
        },
        Command::End { job: job(), epoch: 1, ending: Box::new(end) },
        Command::Promote { job: job() },
    ] {
        assert!(it.commit(&[order(command)]).expect("durable")[0].is_ok());
    }
    let text = std::fs::read_to_string(queue.log()).expect("a log");
    let events: Vec<Event> =
        text.lines().flat_map(|l| decode_line(l.as_bytes()).expect("whole").events).collect();
    println!("{} events, {} bytes, {} each", events.len(), text.len(), text.len() / events.len());
    assert!(events.len() <= 6 && text.len() / events.len() <= 400);
}
