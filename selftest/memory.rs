//! What a job costs in memory: bytes that are asked of the allocator, counted, so the same on every machine.

use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use aq::fleet::{Actor, ActorKind, Event, State, What};
use aq::job::{BlobId, IdempotencyKey, JobId, Spec, Stage};
use aq::time::Stamp;

/// Enough that what there is but once does not show.
const JOBS: usize = 5_000;

/// Jobs as a folder takes them in: titles, files and texts of their own, and settings that all of them have.
fn event(n: usize) -> Event {
    let stem = format!("improve-the-thing-{n:06}");
    let mut spec = Spec::titled(format!("port the scheduler of part {n}"));
    spec.engine = Some("shell".to_string());
    spec.lock = Some("cwd:/home/ann/project".to_string());
    let what = What::JobSubmitted {
        // Names do not come in their order.
        job: JobId::new(format!("port-the-scheduler-of-part-{:05}-7k2m", n * 7_919 % 100_000)),
        spec: Arc::new(spec),
        body: BlobId::new(format!("{n:064x}")),
        effective: BlobId::new("e".repeat(64)),
        file: Some(format!("{stem}.md")),
        deps: Vec::new(),
        parent: None,
        reviews: None,
        stage: Stage::Queued,
    };
    let key = Some(IdempotencyKey::new(format!("drop:{n:016x}")));
    let at = Stamp::from_millis(1_700_000_000_000 + i64::try_from(n / 500).expect("small"));
    Event { at, by: Actor::new(ActorKind::System, "folder"), key, note: None, what }
}

fn each(what: &str, most: i64, counted: &AllocationInfo) {
    let jobs = i64::try_from(JOBS).expect("small");
    let (bytes, blocks) = (counted.bytes_current / jobs, counted.count_current as f64 / jobs as f64);
    println!("{what}: {bytes} bytes a job in {blocks:.1} blocks");
    assert!(bytes <= most, "{what}: a job costs {bytes} bytes, more than {most}");
}

#[test]
fn a_waiting_job_costs_so_much_and_no_more() {
    let mut state = State::default();
    let counted = measure(|| {
        for n in 0..JOBS {
            // As from a log: each event is read, applied and given up.
            let text = serde_json::to_string(&event(n)).expect("plain data");
            state.apply(&serde_json::from_str(&text).expect("an event")).expect("fits");
        }
    });
    each("from the log", 740, &counted);
    let texts: Vec<String> =
        state.portions().iter().map(|portion| serde_json::to_string(portion).expect("plain data")).collect();
    let mut read = State::default();
    let counted = measure(|| {
        let portions = texts.iter().map(|text| serde_json::from_str(text).expect("a portion"));
        read = State::of_portions(portions).expect("a state");
    });
    each("from a snapshot", 650, &counted);
    assert_eq!(read, state);
}
