//! The seams of a log in several files: every cut and every flip there, every kill inside a seal, readers
//! that look while it happens, and what is left when the oldest files are pruned.

use std::path::{Path, PathBuf};

use aq::coordinator::Coordinator;
use aq::fleet::{State, check_whole};
use aq::store::{Fault, FaultKind, FolderLog, Log as _};
use aq::time::{Span, Stamp};

use crate::folder_log::{Queue, submission};

/// Small enough that a few jobs fill a file.
const SMALL: u64 = 1_500;

/// A log of that many small batches in several files.
fn filled(batches: usize) -> Queue {
    let mut queue = Queue::new();
    queue.place.segment_bytes = SMALL;
    add(&queue, 0, batches);
    queue
}

fn add(queue: &Queue, from: usize, batches: usize) {
    let mut it = queue.open().expect("opens");
    for n in from..from + batches {
        queue.clock.pass(Span::from_secs(1));
        let body = it.log().put_blob(b"# text\n").expect("stored");
        assert!(it.commit(&[submission(&body, &format!("job-{n}"))]).expect("durable")[0].is_ok());
    }
}

fn sealed(queue: &Queue) -> Vec<PathBuf> {
    queue.place.segments().expect("listed").into_iter().map(|segment| segment.path).collect()
}

fn side(queue: &Queue, name: &str) -> PathBuf {
    queue.place.side.join(name)
}

/// Opened with no help from a snapshot.
fn replayed(queue: &Queue) -> Result<Coordinator<FolderLog>, Fault> {
    let away = side(queue, "base.away");
    let (base, saving) = (side(queue, "base.json"), side(queue, "snapshot.json"));
    let _ = std::fs::remove_file(saving);
    std::fs::rename(&base, &away).expect("moved");
    let opened = queue.open();
    std::fs::rename(&away, &base).expect("moved");
    opened
}

fn said(result: Result<Coordinator<FolderLog>, Fault>) -> String {
    match result {
        Ok(it) => format!("ok at {}", it.state().seq),
        Err(fault) => format!("{:?}: {}", fault.kind, fault.why),
    }
}

#[test]
fn a_log_in_files_is_the_log_in_one() {
    let queue = filled(20);
    let files = sealed(&queue);
    assert!(files.len() >= 3, "{files:?}");
    assert!(files.iter().all(|path| std::fs::metadata(path).expect("there").len() >= SMALL));
    let (with, without) = (queue.open().expect("opens"), replayed(&queue).expect("opens"));
    assert_eq!(with.state().hash(), without.state().hash());
    check_whole(with.state()).expect("whole");
    // One file of the same bytes, as older programs wrote it, is the same log.
    let whole: Vec<u8> =
        files.iter().chain([&queue.log()]).flat_map(|path| std::fs::read(path).expect("read")).collect();
    let old = Queue::new();
    std::fs::write(old.log(), &whole).expect("written");
    assert_eq!(old.open().expect("opens").state().hash(), with.state().hash());
    // And its next batch begins to divide it.
    let mut old = old;
    old.place.segment_bytes = SMALL;
    add(&old, 20, 1);
    assert_eq!(sealed(&old).len(), 1);
    assert_eq!(said(replayed(&old)), "ok at 21");
    for after in 0..=21 {
        let all = queue.place.history(0, 1_000).expect("reads");
        let page = queue.place.history(after, 3).expect("reads");
        let from = usize::try_from(after).expect("small").min(all.len());
        assert_eq!(page, all[from..all.len().min(from + page.len())], "after {after}");
        assert!(page.len() >= 3.min(all.len() - from), "after {after}");
    }
}

#[test]
fn who_reads_while_files_are_sealed_misses_nothing() {
    let queue = filled(1);
    let mut slow = queue.open().expect("opens");
    add(&queue, 1, 19);
    assert!(slow.catch_up().expect("reads on through the seams"));
    assert_eq!(slow.state().hash(), queue.open().expect("opens").state().hash());
    let body = slow.log().put_blob(b"# text\n").expect("stored");
    assert!(slow.commit(&[submission(&body, "last")]).expect("durable")[0].is_ok());
    assert_eq!(said(replayed(&queue)), "ok at 21");
}

#[test]
fn every_cut_of_a_sealed_file_is_damage_and_none_is_mended() {
    let queue = filled(9);
    let files = sealed(&queue);
    for path in &files {
        let whole = std::fs::read(path).expect("read");
        for cut in 0..whole.len() {
            std::fs::write(path, &whole[..cut]).expect("written");
            let told = said(replayed(&queue));
            assert!(told.starts_with("Corrupt: "), "{} cut at {cut}: {told}", path.display());
            assert_eq!(std::fs::read(path).expect("read").len(), cut, "damage is left as it is");
        }
        std::fs::write(path, &whole).expect("written");
    }
    assert_eq!(said(replayed(&queue)), "ok at 9");
}

#[test]
fn every_cut_of_the_growing_file_is_told_from_a_torn_end() {
    // One batch behind the seam, then two.
    for more in [0, 1] {
        let mut queue = Queue::new();
        queue.place.segment_bytes = SMALL;
        while sealed(&queue).is_empty() {
            add(&queue, seq(&queue), 1);
        }
        add(&queue, seq(&queue), more);
        let whole = std::fs::read(queue.log()).expect("read");
        let first = whole.iter().position(|b| *b == b'\n').expect("a line") + 1;
        let end = seq(&queue);
        for cut in 0..whole.len() {
            for open in [replayed, Queue::open] {
                std::fs::write(queue.log(), &whole[..cut]).expect("written");
                let told = said(open(&queue));
                if cut < first {
                    assert!(told.starts_with("Corrupt: "), "cut at {cut}: {told}");
                    assert_eq!(std::fs::read(queue.log()).expect("read").len(), cut);
                } else {
                    assert_eq!(told, format!("ok at {}", end - 1), "cut at {cut}");
                }
            }
        }
        std::fs::remove_file(queue.log()).expect("removed");
        assert!(said(queue.open()).starts_with("Corrupt: "), "a log that is gone is not begun anew");
        std::fs::write(queue.log(), &whole).expect("written");
        assert_eq!(said(queue.open()), format!("ok at {end}"));
    }
}

fn seq(queue: &Queue) -> usize {
    usize::try_from(queue.open().expect("opens").state().seq).expect("small")
}

#[test]
fn every_flip_of_every_file_is_refused_or_does_no_harm() {
    let queue = filled(7);
    let hash = queue.open().expect("opens").state().hash();
    let flips = |path: &Path, check: &dyn Fn(usize)| {
        let whole = std::fs::read(path).expect("read");
        for at in 0..whole.len() {
            for bit in [0x01, 0x20] {
                let mut bent = whole.clone();
                bent[at] ^= bit;
                std::fs::write(path, &bent).expect("written");
                check(at);
            }
        }
        std::fs::write(path, &whole).expect("written");
    };
    for path in sealed(&queue).iter().chain([&queue.log()]) {
        flips(path, &|at| {
            let told = said(replayed(&queue));
            assert!(told.starts_with("Corrupt: "), "{} byte {at}: {told}", path.display());
        });
    }
    // A base is only a saving as long as the files before it are there.
    flips(&side(&queue, "base.json"), &|at| {
        let it = queue.open().unwrap_or_else(|fault| panic!("byte {at}: {fault}"));
        assert_eq!(it.state().hash(), hash, "byte {at}");
    });
}

#[test]
fn a_pruned_log_stands_on_its_base_alone() {
    let queue = filled(12);
    let (hash, files) = (queue.open().expect("opens").state().hash(), sealed(&queue));
    let mut log = FolderLog::open(&queue.place).expect("opens");
    assert_eq!(log.prune(Stamp::from_millis(0)).expect("looks"), []);
    let far = Stamp::from_millis(i64::MAX / 2);
    assert_eq!(log.prune(far).expect("prunes").len(), files.len());
    assert_eq!(queue.open().expect("opens").state().hash(), hash);
    let begin = queue.place.beginning().expect("a base");
    let rest = queue.place.history(0, 1_000).expect("reads");
    assert_eq!(rest.first().map(|row| row.0), Some(begin.seq + 1));
    let mut state: State = begin;
    rest.iter().for_each(|row| state.apply(&row.1).expect("follows"));
    assert_eq!(state.hash(), hash);
    // It grows on, and over the next seam.
    add(&queue, 12, 8);
    assert!(!sealed(&queue).is_empty());
    let grown = queue.open().expect("opens").state().hash();
    let base = side(&queue, "base.json");
    let good = std::fs::read(&base).expect("read");
    for at in (0..good.len()).step_by(7) {
        let mut bent = good.clone();
        bent[at] ^= 1;
        std::fs::write(&base, &bent).expect("written");
        match queue.open() {
            Err(fault) => assert_eq!(fault.kind, FaultKind::Corrupt, "byte {at}"),
            Ok(it) => assert_eq!(it.state().hash(), grown, "byte {at}"),
        }
    }
    std::fs::write(&base, &good).expect("written");
    let last = sealed(&queue).pop().expect("sealed");
    let mut log = FolderLog::open(&queue.place).expect("opens");
    std::fs::write(&base, b"").expect("written");
    assert_eq!(log.prune(far).expect_err("nothing stands for it").kind, FaultKind::Corrupt);
    assert!(last.exists());
}

#[test]
fn a_kill_inside_a_seal_leaves_a_whole_log() {
    let queue = filled(12);
    let (hash, live) = (queue.open().expect("opens").state().hash(), queue.log());
    let next = side(&queue, "events.jsonl.next");
    let last = sealed(&queue).pop().expect("sealed");
    let begun = std::fs::read(&live).expect("read");
    let check = |what: &str| {
        let it = queue.open().unwrap_or_else(|fault| panic!("{what}: {fault}"));
        assert_eq!(it.state().hash(), hash, "{what}");
    };
    // Between the two renames: the new file has not got its name yet.
    std::fs::rename(&live, &next).expect("moved");
    check("between the renames");
    assert!(live.exists() && !next.exists(), "whoever came next finished it");
    // Before the first rename, with the base and the new batch written: the batch did not happen.
    std::fs::rename(&live, &next).expect("moved");
    std::fs::rename(&last, &live).expect("moved");
    let before = queue.open().expect("opens");
    let lines = begun.iter().filter(|b| **b == b'\n').count() as u64;
    assert_eq!(before.state().seq, 12 - lines);
    // Before the new batch was written.
    std::fs::remove_file(&next).expect("removed");
    assert_eq!(queue.open().expect("opens").state().seq, 12 - lines);
    assert_eq!(said(replayed(&queue)), format!("ok at {}", 12 - lines));
    // The seal is done by the next batch.
    add(&queue, 100, 1);
    assert!(last.exists());
    assert_eq!(said(replayed(&queue)), format!("ok at {}", 13 - lines));
}

#[test]
fn a_seal_that_cannot_be_done_keeps_nobody_from_work() {
    let queue = filled(3);
    std::fs::create_dir_all(side(&queue, "base.json/in-the-way")).expect("a folder");
    add(&queue, 3, 9);
    assert_eq!(sealed(&queue).len(), 0);
    assert_eq!(queue.open().expect("opens").state().seq, 12);
    std::fs::remove_dir_all(side(&queue, "base.json")).expect("removed");
    add(&queue, 12, 2);
    assert_eq!(sealed(&queue).len(), 1);
    assert_eq!(queue.open().expect("opens").state().seq, 14);
}

#[test]
fn files_of_another_history_are_not_taken_for_ones_own() {
    let (queue, other) = (filled(12), filled(12));
    let files = sealed(&queue);
    std::fs::remove_file(&files[1]).expect("removed");
    assert!(said(replayed(&queue)).starts_with("Corrupt: "), "one is missing in the middle");
    assert!(queue.place.history(0, 1_000).is_err(), "and no history is told without it");
    std::fs::copy(other.place.side.join("base.json"), side(&queue, "base.json")).expect("copied");
    assert!(said(queue.open()).starts_with("Corrupt: "), "another queue's base is none");
}
