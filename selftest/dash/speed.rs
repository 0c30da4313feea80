//! How long a key takes with many jobs: printed, not judged.
//!
//! `cargo test --release --test selftest speed -- --ignored --nocapture`

use std::sync::Arc;

use aq::dash::{Fresh, Health, Key, Msg};
use aq::fleet::{Job, State};
use aq::job::JobId;
use aq::time::Awake;

use super::moving::QUEUE;
use super::seat::Seat;

/// Runs of one measure; the best two and the worst two are dropped.
const RUNS: usize = 11;

/// A state with that many copies of a queued job.
fn many(count: usize) -> State {
    let seat = Seat::of(QUEUE, (80, 24));
    let one: &Job = seat.model.job(&JobId::from("four")).expect("a job");
    let mut state = State::clone(&seat.model.replica.state);
    for i in 0..count {
        let id = JobId::new(format!("job-{i:06}"));
        let job = Job { id: id.clone(), ..one.clone() };
        state.jobs.insert(id, Arc::new(job));
    }
    state.seq += 1;
    state.reindex();
    state
}

fn mean(mut work: impl FnMut()) -> f64 {
    let mut took: Vec<f64> = (0..RUNS)
        .map(|_| {
            let watch = Awake::start();
            work();
            watch.exact().as_secs_f64() * 1_000.0
        })
        .collect();
    took.sort_by(f64::total_cmp);
    took[2..RUNS - 2].iter().sum::<f64>() / (RUNS - 4) as f64
}

#[test]
#[ignore = "prints figures"]
fn speed_of_a_key() {
    for count in [10, 10_000, 100_000] {
        let mut seat = Seat::of(QUEUE, (160, 45));
        let fresh = Fresh {
            state: Arc::new(many(count)),
            events: Vec::new(),
            gone: Arc::default(),
            agents: 1,
            health: Health::Local { watched: true },
        };
        let arrives = Awake::start();
        seat.send(Msg::Replica(Box::new(fresh)));
        let arrives = arrives.exact().as_secs_f64() * 1_000.0;
        let mut seat = seat.keys("2 g");
        let key = mean(|| {
            seat.send(Msg::Key(Key::Char('j')));
            seat.draw();
        });
        let page = mean(|| {
            seat.send(Msg::Key(Key::PageDown));
            seat.draw();
        });
        println!(
            "{count:>7} jobs: lists {arrives:8.2} ms, key and frame {key:6.2} ms, page and frame {page:6.2} ms"
        );
    }
}
