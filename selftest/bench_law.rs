//! What a claim costs in a long queue; run by hand in a release build.

use std::time::{Duration, Instant};

use aq::fleet::{
    Actor, ActorKind, Claimant, Command, EngineOffer, Now, Order, State, Submission, decide, handle,
};
use aq::job::{BlobId, CapabilitySet, EngineClass, HolderId, JobId, Priority, Spec};
use aq::time::{Span, Stamp};

/// Claims that are timed.
const CLAIMS: usize = 2_001;
/// Slots of the host: what it holds beyond them is given back.
const SLOTS: usize = 8;

fn order(command: Command) -> Order {
    Order::new(Actor::new(ActorKind::Person, "ann"), command)
}

/// The n-th job: all of one kind, or of 45 by their engine, class and budget.
fn job(n: usize, mixed: bool) -> Submission {
    let mut spec = Spec::titled(format!("Job number {n}"));
    spec.engine = Some("shell".to_string());
    if mixed {
        spec.engine = Some(["shell", "claude", "codex"][n % 3].to_string());
        spec.priority = [Priority::Medium, Priority::Medium, Priority::High, Priority::Low][n / 3 % 4];
        spec.budget.micro_usd = n.is_multiple_of(5).then(|| 1_000_000 * (1 + n as u64 % 4));
    }
    let (body, effective) = (BlobId::new(format!("{n:064}")), BlobId::new("e".repeat(64)));
    Submission { job: JobId::new(format!("job-{n:07}")), spec, body, effective, file: None }
}

fn host() -> Claimant {
    let offer = |name: &str, class| EngineOffer { name: name.to_string(), class, accounts: Vec::new() };
    let mut capabilities = CapabilitySet::default();
    capabilities.offer("os", "linux");
    Claimant {
        holder: HolderId::new("here/1.2.3"),
        capabilities,
        engines: vec![
            offer("shell", EngineClass::Script),
            offer("claude", EngineClass::AgenticCoder),
            offer("codex", EngineClass::AgenticCoder),
        ],
    }
}

/// Deciding a claim over that many queued jobs, the shortest time first.
fn claims(queued: usize, mixed: bool) -> Vec<Duration> {
    let mut state = State::default();
    let mut at = Stamp::from_millis(1_790_000_000_000);
    let now = |at: Stamp| Now { law: at, wall: at };
    for n in 0..queued + CLAIMS {
        // The oldest came an hour before the last, so that age lifts some of them.
        at = at.plus(Span::from_millis(u64::from(n % (queued / 10_000).max(1) == 0) * 360));
        let new = Command::Submit { new: Box::new(job(n, mixed)), parent: None };
        handle(&mut state, &order(new), now(at)).expect("lawful");
    }
    let claim = order(Command::Claim { who: Box::new(host()) });
    let mut times = Vec::new();
    for _ in 0..CLAIMS {
        at = at.plus(Span::from_millis(100));
        let start = Instant::now();
        let decided = decide(&state, &claim, now(at)).expect("lawful");
        times.push(start.elapsed());
        assert!(!decided.is_empty(), "nothing was claimed");
        handle(&mut state, &claim, now(at)).expect("lawful");
        let held: Vec<JobId> = state.held().map(|row| row.0.id.clone()).collect();
        if held.len() > SLOTS {
            handle(&mut state, &order(Command::Cancel { job: held[0].clone() }), now(at)).expect("lawful");
        }
    }
    times.sort_unstable();
    times
}

#[test]
#[ignore = "a measurement"]
fn claims_in_a_long_queue() {
    for (queued, mixed) in [(10_000, false), (100_000, false), (10_000, true), (100_000, true)] {
        let times = claims(queued, mixed);
        let micros = |part: usize| times[times.len() * part / 100].as_secs_f64() * 1e6;
        let kinds = if mixed { "45 kinds" } else { "one kind" };
        println!(
            "a claim over {queued} queued jobs of {kinds}: p50 {:.1} us, p99 {:.1} us",
            micros(50),
            micros(99)
        );
    }
}
