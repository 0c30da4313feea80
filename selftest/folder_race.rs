//! Several processes on one folder: compare-and-append, one winner per job, one job per file, full disks.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::{Arc, Barrier};

use aq::board::{Local, Memory, Purpose, Settings};
use aq::coordinator::Coordinator;
use aq::fleet::{Actor, ActorKind, Command, Order, check_whole};
use aq::job::{BlobId, HolderId};
use aq::store::{FolderLog, Place};
use aq::time::SystemClock;

use crate::folder_log::{Queue, submission};
use crate::folder_script::{block, claimant, person};

/// With files so short that many are sealed while others race and die.
fn open(place: &Place) -> Coordinator<FolderLog> {
    let place = Place { segment_bytes: 20_000, ..place.clone() };
    Coordinator::open(FolderLog::open(&place).expect("opens"), Arc::new(SystemClock)).expect("opens")
}

#[test]
fn sixty_four_claimers_for_four_jobs_and_four_winners_each_round() {
    const ROUNDS: usize = 40;
    let queue = Queue::new();
    let barrier = Arc::new(Barrier::new(65));
    let claimers: Vec<_> = (0..64)
        .map(|n| {
            let (place, barrier) = (queue.place.clone(), barrier.clone());
            std::thread::spawn(move || {
                let mut it = open(&place);
                let mut won = 0;
                for _ in 0..ROUNDS {
                    barrier.wait();
                    let mut who = claimant();
                    who.holder = HolderId::new(format!("here/{n}"));
                    let claim =
                        Order::new(Actor::new(ActorKind::Agent, "a"), Command::Claim { who: Box::new(who) });
                    let verdict = it.commit(&[claim]).expect("durable").swap_remove(0).expect("lawful");
                    won += verdict.len();
                    barrier.wait();
                }
                won
            })
        })
        .collect();
    let mut it = open(&queue.place);
    for round in 0..ROUNDS {
        let jobs: Vec<String> = (0..4).map(|n| format!("r{round}-{n}")).collect();
        let orders: Vec<Order> = jobs.iter().map(|id| submission(&BlobId::from("b"), id)).collect();
        it.commit(&orders).expect("durable");
        barrier.wait();
        barrier.wait();
        it.catch_up().expect("reads");
        let held: BTreeSet<&HolderId> = it.state().held().map(|row| row.1).collect();
        assert_eq!((it.state().held().count(), held.len()), (4, 4), "round {round}");
        let cancel = |id: &String| Order::new(person(), Command::Cancel { job: id.as_str().into() });
        it.commit(&jobs.iter().map(cancel).collect::<Vec<_>>()).expect("durable");
    }
    let won: usize = claimers.into_iter().map(|thread| thread.join().expect("ends")).sum();
    assert_eq!(won, 4 * ROUNDS);
}

#[test]
fn one_file_seen_by_four_processes_is_one_job() {
    const ROUNDS: usize = 30;
    let queue = Queue::new();
    let barrier = Arc::new(Barrier::new(5));
    let others: Vec<_> = (0..4)
        .map(|_| {
            let (place, barrier) = (queue.place.clone(), barrier.clone());
            std::thread::spawn(move || {
                let board = Local::open(&place, Purpose::Act, Arc::new(SystemClock)).expect("opens");
                let settings = Settings::load(None, &[("engine", "shell")]).expect("settings");
                let (by, mut memory) = (Actor::new(ActorKind::System, "folder"), Memory::default());
                for _ in 0..ROUNDS {
                    barrier.wait();
                    for _ in 0..3 {
                        block(board.sync(&settings, &by, BTreeSet::new(), &mut memory)).expect("looks");
                    }
                    barrier.wait();
                }
            })
        })
        .collect();
    for round in 0..ROUNDS {
        for n in 0..3 {
            let path = queue.place.queue.join(format!("inbox/r{round}-{n}.md"));
            std::fs::write(&path, format!("# job\n```sh\necho {round} {n}\n```\n")).expect("written");
            let file = std::fs::OpenOptions::new().append(true).open(&path).expect("a file");
            file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(10))
                .expect("a date");
        }
        barrier.wait();
        barrier.wait();
        assert_eq!(open(&queue.place).state().jobs.len(), 3 * (round + 1), "round {round}");
    }
    others.into_iter().for_each(|thread| thread.join().expect("ends"));
    assert_eq!(std::fs::read_dir(queue.place.queue.join("inbox")).expect("a folder").count(), 3 * ROUNDS);
}

/// This test binary again, running one hidden test in the queue.
fn again(test: &str, queue: &Path, name: &str, shell: Option<&str>) -> Child {
    let exe = std::env::current_exe().expect("this binary");
    let args = [test, "--exact", "--ignored", "--nocapture"];
    let mut process = match shell {
        Some(before) => {
            let mut shell = Process::new("sh");
            shell.arg("-c").arg(format!("{before}; exec \"$0\" \"$@\"")).arg(exe);
            shell
        }
        None => Process::new(exe),
    };
    process.args(args).env("AQ_TEST_QUEUE", queue).env("AQ_TEST_NAME", name);
    process.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts")
}

fn ends_well(child: Child) {
    let out = child.wait_with_output().expect("ends");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

fn here() -> Option<(Place, String)> {
    let queue = std::env::var_os("AQ_TEST_QUEUE")?;
    Some((Place::open(Path::new(&queue)).expect("opens"), std::env::var("AQ_TEST_NAME").expect("a name")))
}

const EACH: usize = 300;

#[test]
#[ignore = "a process of the test below"]
fn submitter() {
    let Some((place, name)) = here() else { return };
    let mut it = open(&place);
    for n in 0..EACH {
        let verdict = it.commit(&[submission(&BlobId::from("b"), &format!("{name}-{n}"))]).expect("durable");
        verdict[0].as_ref().expect("nobody else has this id");
    }
}

#[test]
fn four_processes_lose_and_double_no_event() {
    let queue = Queue::new();
    let children: Vec<Child> =
        (0..4).map(|n| again("folder_race::submitter", &queue.place.queue, &format!("p{n}"), None)).collect();
    children.into_iter().for_each(ends_well);
    let it = open(&queue.place);
    assert_eq!((it.state().seq, it.state().jobs.len()), (4 * EACH as u64, 4 * EACH));
    check_whole(it.state()).expect("whole");
}

#[test]
fn processes_killed_at_any_moment_leave_a_whole_queue() {
    let queue = Queue::new();
    for round in 0..15 {
        let mut children: Vec<Child> = (0..2)
            .map(|n| again("folder_race::submitter", &queue.place.queue, &format!("k{round}-{n}"), None))
            .collect();
        // Until something of theirs is there; then at whatever moment this comes to it.
        let size = || std::fs::metadata(queue.log()).map_or(0, |m| m.len());
        let (before, mut looks) = (size(), 0u64);
        while size() <= before + 300 * round && looks < 5_000_000 {
            looks += 1;
            std::thread::yield_now();
        }
        for child in &mut children {
            child.kill().expect("killed");
            child.wait().expect("ends");
        }
        let mut it = open(&queue.place);
        let body = BlobId::from("b");
        assert!(it.commit(&[submission(&body, &format!("after-{round}"))]).expect("durable")[0].is_ok());
        check_whole(it.state()).expect("whole");
        assert!(queue.open().expect("replays").state().hash() == it.state().hash());
    }
}

#[test]
#[ignore = "a process of the test below"]
fn writer_with_a_limit() {
    let Some((place, _)) = here() else { return };
    let mut it = open(&place);
    let log = place.side.join("events.jsonl");
    let size = || std::fs::metadata(&log).map_or(0, |m| m.len());
    let (mut n, mut faults) = (0, 0);
    while faults < 5 {
        let (seq, before) = (it.state().seq, size());
        n += 1;
        if let Err(fault) = it.commit(&[submission(&BlobId::from("b"), &format!("job-{n}"))]) {
            assert!(fault.doing.contains("append"), "{fault}");
            assert_eq!((it.state().seq, size()), (seq, before), "a failed append leaves no trace");
            faults += 1;
        }
    }
    let seq = it.state().seq;
    let big = vec![b'x'; 1 << 20];
    use aq::store::Log as _;
    assert!(it.log().put_blob(&big).is_err(), "a blob that does not fit is no blob");
    let (saver, mut state) = it.saver().expect("a saver");
    for n in 0..2_000 {
        // Too large for the limit.
        state
            .stems
            .insert(format!("stem-{n}-with-a-long-name-so-that-it-is-big").as_str().into(), "x".into());
    }
    assert!(saver(&state).is_err(), "a snapshot that does not fit is none");
    assert!(!place.side.join("snapshot.json").exists());
    let lifted = rustix::process::Rlimit { current: None, maximum: None };
    rustix::process::setrlimit(rustix::process::Resource::Fsize, lifted).expect("lifted");
    assert!(it.commit(&[submission(&BlobId::from("b"), "after")]).expect("room again")[0].is_ok());
    assert_eq!(open(&place).state().seq, seq + 1);
}

#[test]
fn an_append_that_fails_midway_leaves_no_trace() {
    let queue = Queue::new();
    // 100 blocks of 512 or 1,024 bytes; the signal is ignored, so writes fail instead.
    let limit = "trap '' XFSZ; ulimit -S -f 100";
    ends_well(again("folder_race::writer_with_a_limit", &queue.place.queue, "w", Some(limit)));
}

#[test]
#[ignore = "a process of the test below"]
fn reader_without_rights() {
    let Some((place, _)) = here() else { return };
    let board = Local::open(&place, Purpose::Act, Arc::new(SystemClock)).expect("opens");
    let settings = Settings::load(None, &[("engine", "shell")]).expect("settings");
    let (by, mut memory) = (Actor::new(ActorKind::System, "folder"), Memory::default());
    let report = block(board.sync(&settings, &by, BTreeSet::new(), &mut memory)).expect("looks");
    let said = report.lines.join("\n");
    assert!(said.contains("inbox/secret.md cannot be read: Permission denied"), "{said}");
    assert!(said.contains("submitted open"), "one bad file stops no other: {said}");
}

#[test]
fn a_file_that_cannot_be_read_stops_no_other() {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    use std::os::unix::process::CommandExt as _;
    let queue = Queue::new();
    for name in ["open", "secret"] {
        let path = queue.place.queue.join(format!("inbox/{name}.md"));
        std::fs::write(&path, format!("# {name}\n```sh\ntrue\n```\n")).expect("written");
        let file = std::fs::OpenOptions::new().append(true).open(&path).expect("a file");
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(10)).expect("a date");
    }
    let secret = queue.place.queue.join("inbox/secret.md");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o000)).expect("closed");
    let mut process = Process::new(std::env::current_exe().expect("this binary"));
    process.args(["folder_race::reader_without_rights", "--exact", "--ignored"]);
    process.env("AQ_TEST_QUEUE", &queue.place.queue).env("AQ_TEST_NAME", "x").stdout(Stdio::null());
    if rustix::process::getuid().is_root() {
        // Root reads everything: somebody else must look.
        const NOBODY: u32 = 65_534;
        let root = queue.place.project.clone();
        let mut open = vec![root];
        while let Some(path) = open.pop() {
            chown(&path, Some(NOBODY), Some(NOBODY)).expect("given away");
            if path.is_dir() {
                open.extend(std::fs::read_dir(&path).expect("a folder").map(|e| e.expect("an entry").path()));
            }
        }
        process.uid(NOBODY).gid(NOBODY).env("HOME", "/nonexistent");
    }
    match process.stderr(Stdio::piped()).spawn() {
        Ok(child) => ends_well(child),
        Err(error) => println!("this binary cannot be run by others: not tested ({error})"),
    }
}

/// A file system of its own that is taken away again, whatever happens.
struct Mount(tempfile::TempDir);

impl Mount {
    fn small() -> Option<Mount> {
        let root = tempfile::tempdir().expect("a folder");
        let mut mount = Process::new("mount");
        let out = mount.args(["-t", "tmpfs", "-o", "size=256k", "aq-test"]).arg(root.path()).output();
        out.is_ok_and(|out| out.status.success()).then(|| Mount(root))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: a process that another test starts at this moment holds our files until it runs.
        let _ = Process::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_is_said_and_leaves_no_trace() {
    let Some(mount) = Mount::small() else {
        println!("no file system can be mounted here: not tested");
        return;
    };
    let queue = mount.0.path().join("queue");
    let place = Place::create(&aq::store::Wish { queue: &queue, git_common: None }).expect("a queue");
    let ballast = place.side.join("ballast");
    std::fs::write(&ballast, vec![1; 64 << 10]).expect("written");
    let mut it = open(&place);
    let mut n = 0;
    let fault = loop {
        n += 1;
        if let Err(fault) = it.commit(&[submission(&BlobId::from("b"), &format!("job-{n}"))]) {
            break fault;
        }
    };
    assert_eq!(fault.kind, aq::store::FaultKind::Full, "{fault}");
    let seq = it.state().seq;
    assert_eq!(open(&place).state().seq, seq);
    std::fs::remove_file(ballast).expect("room again");
    assert!(it.commit(&[submission(&BlobId::from("b"), "after")]).expect("room again")[0].is_ok());
    assert_eq!(open(&place).state().seq, seq + 1);
}
