//! Random commands against the law: what must hold after each of them, whatever came before.
//!
//! A seed is one world of a dozen jobs. A failing one is printed and replays with `AQ_SEED=N`; `AQ_WORLDS=N`
//! tries more of them than a normal run. The grid of stages and commands is printed at the end, and no cell of
//! it may be empty.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aq::fleet::{
    Actor, ActorKind, Code, Command, Event, Job, Now, Order, Scale, State, What, check_whole, decide, gates,
    handle,
};
use aq::insight::{Line, stage_after};
use aq::job::{DepsMode, JobId, Priority, STAGES, Stage};
use aq::time::{Span, Stamp};

use crate::law_dice::{Dice, held_by, holder, order_at, worker_verbs};
use crate::law_model::{Model, Verdict};
use crate::law_script::reread;

/// Worlds in a normal run, and commands in each: 140,000 together.
const WORLDS: u64 = 140;
const STEPS: usize = 1_000;
/// Of so many worlds one is run twice.
const TWICE: u64 = 10;

/// Accepted and refused, by stage (or none) and command.
type Grid = BTreeMap<(&'static str, Option<Stage>), (u32, u32)>;

struct World {
    state: State,
    model: Model,
    events: Vec<Event>,
    half: Option<(usize, State)>,
    now: Now,
    submitted: usize,
    step: usize,
    last: String,
    seed: u64,
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("AQ_SEED={} failed at step {} after {}", self.seed, self.step, self.last);
            for event in self.events.iter().rev().take(12).rev() {
                println!("  {event:?}");
            }
        }
    }
}

#[test]
fn random_commands_never_break_the_law() {
    let one = std::env::var("AQ_SEED").ok().map(|seed| seed.parse::<u64>().expect("AQ_SEED is a number"));
    let worlds = std::env::var("AQ_WORLDS").map_or(WORLDS, |n| n.parse().expect("AQ_WORLDS is a number"));
    let seeds = one.map_or(0..worlds, |seed| seed..seed + 1);
    let mut grid = Grid::new();
    for seed in seeds {
        let first = live(seed, &mut grid);
        if seed % TWICE == 0 {
            let mut other = Grid::new();
            let second = live(seed, &mut other);
            assert!(first == second, "seed {seed}: the same commands gave other events or another state");
        }
    }
    let empty = print(&grid);
    assert!(one.is_some() || empty.is_empty(), "never tried, or never accepted: {empty:?}");
}

/// One world from its seed to its end; gives the bytes of its events and the hash of its state.
fn live(seed: u64, grid: &mut Grid) -> (Vec<u8>, String) {
    let start = Stamp::from_millis(1_767_614_400_000);
    let mut dice = Dice::new(seed);
    let mut world = World {
        state: State::default(),
        model: Model::default(),
        events: Vec::new(),
        half: None,
        now: Now { law: start, wall: start },
        submitted: 0,
        step: 0,
        last: String::new(),
        seed,
    };
    for step in 0..STEPS {
        world.step = step;
        world.tick(&mut dice);
        let order = order_at(&world.state, world.now, step, &mut dice);
        world.give(&order, grid);
        if step % 3 == 0 {
            world.claimable_is_gateless(&mut dice);
        }
        if step % 5 == 0 {
            world.stale_epochs_change_nothing(&mut dice);
        }
        if step == STEPS / 2 {
            world.half = Some((world.events.len(), reread(&world.state)));
        }
    }
    world.ends()
}

impl World {
    /// Law time goes on; the wall goes with it and sometimes jumps by up to an hour either way.
    fn tick(&mut self, dice: &mut Dice) {
        let ms = match dice.below(20) {
            0 => 600_000,
            1..=3 => 31_000,
            4..=9 => dice.below(2_000),
            _ => dice.below(3),
        };
        self.now.law = self.now.law.plus(Span::from_millis(ms));
        let jump =
            if dice.below(40) == 0 { 3_600_000 - i64::try_from(dice.below(7_200_000)).unwrap() } else { 0 };
        let wall = self.now.wall.as_millis() + i64::try_from(ms).unwrap() + jump;
        self.now.wall = Stamp::from_millis(wall);
    }

    fn give(&mut self, order: &Order, grid: &mut Grid) {
        self.last = format!("{order:?}");
        let before = self.state.clone();
        let at = stage_of_order(&before, order);
        let verdict = self.model.verdict(order, self.now);
        let answer = handle(&mut self.state, order, self.now);
        if order.key.as_ref().is_some_and(|key| before.receipts.contains_key(key)) {
            assert_eq!(answer.as_ref().map_err(|no| no.code), Err(Code::AlreadyDone), "a receipt");
        }
        let cell = grid.entry((order.command.name(), at)).or_default();
        match answer {
            Err(refusal) => {
                cell.1 += 1;
                assert_ne!(verdict, Verdict::Yes, "the model accepts, the law says {refusal:?}");
                assert!(same(&before, &self.state), "a refusal changed the state");
            }
            Ok(events) => {
                if !events.is_empty() {
                    cell.0 += 1;
                }
                assert_ne!(verdict, Verdict::No, "the model refuses, the law says {events:?}");
                self.happened(&before, &events);
                self.model.accept(order, self.now, &before, &self.state);
                self.agrees();
            }
        }
        let thousands = |n: usize| n / 1_000;
        if thousands(self.events.len()) != thousands(usize::try_from(before.seq).unwrap()) {
            check_whole(&self.state).unwrap();
        }
    }

    /// Each event by itself on a second state: what it may do to epochs, leases and ends.
    fn happened(&mut self, before: &State, events: &[Event]) {
        assert_eq!(self.state.seq, before.seq + events.len() as u64, "numbers without gaps");
        let mut state = before.clone();
        for event in events {
            let old = event.what.job().and_then(|id| state.jobs.get(id)).cloned();
            state.apply(event).unwrap();
            let new = event.what.job().and_then(|id| state.jobs.get(id));
            match (&event.what, old, new) {
                (What::JobSubmitted { .. }, None, Some(_)) => self.submitted += 1,
                (what, Some(old), Some(new)) => {
                    one_event(what, &old, new);
                    if matches!(what, What::LeaseGranted { .. }) {
                        granted(&state, new, self.now);
                        on_a_lawful_account(&state, &old, new, self.now);
                    }
                    has_a_way_out(&state, new, self.now);
                }
                _ => {}
            }
        }
        assert!(same(&state, &self.state), "the events alone lead elsewhere");
        let (spent, was) = (state.spent_in_window(self.now.wall), before.spent_in_window(self.now.wall));
        if state.product.ceiling.is_some_and(|ceiling| spent >= ceiling && spent > was) {
            assert!(state.product.paused.is_some(), "a ceiling was reached and nothing stops");
        }
        assert_eq!(state.jobs.len() + state.tombs.len(), self.submitted, "jobs are conserved");
        self.events.extend_from_slice(events);
    }

    fn agrees(&self) {
        for (id, job) in &self.state.jobs {
            let seen = &self.model.jobs[id];
            let holder = job.lease.as_ref().map(|l| l.holder.clone());
            let park = job.park.as_ref().map(|p| (p.reason, p.until));
            assert_eq!(
                (seen.stage, seen.epoch, &seen.holder, seen.shipping, seen.park),
                (job.stage, job.epoch, &holder, job.ship_lease().is_some(), park),
                "the model (left) sees {id} elsewhere than the law"
            );
        }
    }

    /// With every other job put aside, a claim gets a waiting job exactly if it has no gate; and of all that
    /// have none it gets the first by class, score, age and name, which is the first of them in the line that
    /// people see.
    fn claimable_is_gateless(&self, dice: &mut Dice) {
        let who = dice.claimant();
        let free: BTreeSet<&JobId> = self
            .state
            .jobs
            .values()
            .filter(|job| gates(&self.state, job, Some(&who), self.now).is_empty())
            .map(|job| &job.id)
            .collect();
        // Each job weighed by itself: the law weighs whole kinds.
        let scale = Scale::of(&self.state, Some(&who), self.now);
        let rank = |id: &&JobId| {
            let job = self.state.job(id).unwrap();
            let fresh = self.now.law.since(job.waiting) < Span::from_mins(24 * 60);
            let score = fresh.then(|| std::cmp::Reverse(scale.score(job).total()));
            (class_at(job, self.now.law), score, job.waiting, (*id).clone())
        };
        let won = claimed(&self.state, &who, self.now);
        assert_eq!(won.as_ref(), free.iter().copied().min_by_key(rank));
        let seen = Line::of(&self.state, self.now, std::slice::from_ref(&who));
        assert_eq!(won.as_ref(), free.iter().copied().min_by_key(|id| seen.place(id)));
        let waiting: Vec<&Arc<Job>> =
            self.state.jobs.values().filter(|j| matches!(j.stage, Stage::Queued | Stage::Blocked)).collect();
        if waiting.is_empty() {
            return;
        }
        let one = waiting[usize::try_from(dice.below(waiting.len() as u64)).unwrap()];
        let mut alone = self.state.clone();
        for other in waiting.iter().filter(|j| j.stage == Stage::Queued && j.park.is_none() && j.id != one.id)
        {
            let (until, reason) = (None, aq::fleet::ParkReason::Operator);
            let park = Command::Park { job: other.id.clone(), until, reason };
            handle(&mut alone, &Order::new(person(), park), self.now).expect("a queued job can be parked");
        }
        let got = claimed(&alone, &who, self.now);
        assert_eq!(got.as_ref() == Some(&one.id), free.contains(&one.id), "{one:?}");
    }

    fn stale_epochs_change_nothing(&self, dice: &mut Dice) {
        let Some(job) = dice.one_of(&self.state).filter(|job| job.epoch > 0) else { return };
        let mut state = self.state.clone();
        for command in worker_verbs(&job.id, job.epoch - 1) {
            let name = command.name();
            let refusal = handle(&mut state, &Order::new(person(), command), self.now).expect_err(name);
            assert_eq!((refusal.code, refusal.epoch), (Code::Fenced, Some(job.epoch)), "{name}");
        }
        assert!(same(&state, &self.state));
    }

    /// Where every job stands can be told by its events alone.
    fn stages_follow_from_events(&self) {
        let mut stages: BTreeMap<&JobId, Stage> = BTreeMap::new();
        for event in &self.events {
            if let What::JobsArchived { jobs } = &event.what {
                stages.retain(|job, _| !jobs.contains(job));
            }
            let Some(job) = event.what.job() else { continue };
            let stage = stage_after(&event.what, stages.get(job).copied()).expect("a job that was submitted");
            stages.insert(job, stage);
        }
        let is: BTreeMap<&JobId, Stage> = self.state.jobs.iter().map(|row| (row.0, row.1.stage)).collect();
        assert_eq!(stages, is);
    }

    fn ends(&mut self) -> (Vec<u8>, String) {
        check_whole(&self.state).unwrap();
        let hash = self.state.hash();
        let mut replayed = State::default();
        for event in &self.events {
            replayed.apply(event).unwrap();
        }
        assert_eq!(replayed.hash(), hash, "a full replay");
        let (at, mut tail) = self.half.take().expect("half of the way");
        for event in &self.events[at..] {
            tail.apply(event).unwrap();
        }
        assert_eq!(tail.hash(), hash, "a snapshot and the events after it");
        check_whole(&tail).unwrap();
        self.stages_follow_from_events();
        (serde_json::to_vec(&self.events).unwrap(), hash)
    }
}

fn person() -> Actor {
    Actor::new(ActorKind::Person, "op")
}

/// What a claim on a copy gets.
fn claimed(state: &State, who: &aq::fleet::Claimant, now: Now) -> Option<JobId> {
    let order = Order::new(person(), Command::Claim { who: Box::new(who.clone()) });
    let events = handle(&mut state.clone(), &order, now).expect("a claim is never refused");
    events.first().and_then(|event| event.what.job().cloned())
}

fn class_at(job: &Job, now: Stamp) -> u64 {
    let class = match job.spec.priority {
        Priority::Critical => return 0,
        Priority::High => 1,
        Priority::Medium => 2,
        Priority::Low => 3,
    };
    let risen = now.since(job.waiting).as_millis() / 1_800_000;
    1.max(u64::saturating_sub(class, risen))
}

/// Equal without looking into jobs that nobody has touched.
fn same(a: &State, b: &State) -> bool {
    let jobs = a.jobs.len() == b.jobs.len()
        && a.jobs.iter().zip(&b.jobs).all(|(x, y)| x.0 == y.0 && (Arc::ptr_eq(x.1, y.1) || x.1 == y.1));
    jobs && (a.seq, a.at, &a.product, &a.accounts, &a.quality)
        == (b.seq, b.at, &b.product, &b.accounts, &b.quality)
        && (&a.tombs, &a.keys, &a.stems, &a.receipts) == (&b.tombs, &b.keys, &b.stems, &b.receipts)
}

/// What a single event may do to a job.
fn one_event(what: &What, old: &Job, new: &Job) {
    use What::{
        Asked, Cancelled, DeadLettered, JobParked, LeaseExpired, LeaseGranted, LeaseReleased, PrSentBack,
        Preempted, Promoted, Redriven, Rejected, Requeued, ReviewGiven, ShipFailed, ShipStarted,
    };
    let rises = match what {
        LeaseGranted { .. } | LeaseExpired { .. } | LeaseReleased { .. } | ShipStarted { .. } => true,
        ShipFailed { .. } | Promoted { .. } | Rejected { .. } | Requeued { .. } | Redriven { .. } => true,
        Cancelled { .. } | DeadLettered { .. } | Preempted { .. } | Asked { .. } => true,
        PrSentBack { .. } => true,
        JobParked { .. } => old.stage.is_held(),
        ReviewGiven { to, .. } => to.is_some(),
        _ => false,
    };
    assert_eq!(new.epoch, old.epoch + u64::from(rises), "epoch after {what:?}");
    if let What::AttemptSettled { .. } = what {
        // Money of a run that was over late, wherever its job is by then.
        assert_eq!((old.stage, &old.lease), (new.stage, &new.lease), "{what:?}");
        // Only work that stood in no commit is in another state by it.
        assert!(old.why == new.why || old.unsaved().is_some() && new.unsaved().is_none(), "{what:?}");
        return;
    }
    assert_ne!(old.stage, Stage::Shipped, "shipped is final: {what:?}");
    if old.stage == Stage::DeadLetter {
        assert!(matches!(what, Redriven { .. } | What::DepResolved { .. }), "{what:?}");
    }
    if let (Some(a), Some(b)) = (&old.lease, &new.lease)
        && a.holder != b.holder
    {
        assert!(matches!(what, What::LeaseAdopted { .. }), "a second holder by {what:?}");
    }
    let closed = |job: &Job| job.attempts.iter().filter(|a| a.ended.is_some()).count();
    assert!(closed(new) >= closed(old), "an attempt was opened again");
    let micro = |job: &Job| job.spent.micro_usd.unwrap_or(0);
    assert!(matches!(what, Redriven { .. }) || micro(new) >= micro(old), "money came back");
}

/// What must hold of a job that has just been given away.
fn granted(state: &State, job: &Job, now: Now) {
    let there = |id: &JobId| match state.stage_of(id) {
        Some(Stage::Shipped) => true,
        Some(Stage::Testing) => job.spec.deps_mode == DepsMode::Soft,
        _ => false,
    };
    assert!(job.deps.iter().all(|d| d.job.as_ref().is_some_and(there)), "deps never early: {job:?}");
    assert!(job.children.iter().all(there), "children never early: {job:?}");
    assert!(job.spec.has_body, "there is nothing to run");
    let running = || state.jobs.values().filter(|j| j.stage.is_held() && j.id != job.id);
    assert!(job.spec.lock.is_none() || running().all(|j| j.spec.lock != job.spec.lock), "a lock held twice");
    let src = |glob: &String| glob.starts_with("src");
    let meets = |a: &String, b: &String| a == b || src(a) && src(b);
    let touched =
        |j: &Job| j.spec.touches.iter().any(|its| job.spec.touches.iter().any(|mine| meets(its, mine)));
    assert!(!running().any(|j| touched(j)), "two runs touch the same files");
    if let Some(ceiling) = state.product.ceiling {
        let booked = state.spent_in_window(now.wall) + state.product.reserved;
        assert!(booked <= ceiling, "{booked} booked of {ceiling}");
    }
    assert!(job.budget().reached(&job.spent).is_none(), "a used-up budget");
    let engine = job.work_lease().map(|lease| lease.engine.clone()).unwrap_or_default();
    assert!(state.spent_engine(&engine, now.wall).is_none(), "{engine} was granted beyond its ceiling");
}

/// No account but an open one, unless a person let the job try; another than its last only if that is closed
/// or no longer offered.
fn on_a_lawful_account(state: &State, old: &Job, new: &Job, now: Now) {
    let lease = new.lease.as_ref().unwrap();
    let Some(account) = &lease.account else { return };
    let shut = |name: &str| state.shut(&lease.engine, name, lease.holder.host(), now.wall, None).is_some();
    let tried = state.shut(&lease.engine, account, lease.holder.host(), now.wall, old.tries);
    assert!(tried.is_none(), "on a closed account: {new:?}");
    assert!(new.tries.is_none(), "a person's word is good for one grant");
    let last = old.attempts.iter().rev().find(|a| a.engine == lease.engine).and_then(|a| a.account.as_ref());
    if let Some(last) = last.filter(|last| *last != account) {
        assert!(shut(last) || !lease.pool.contains(last), "a switch without a reason: {new:?}");
    }
}

/// From every place that is not final some verb leads out; from a ship it is the shipper's end.
fn has_a_way_out(state: &State, job: &Job, now: Now) {
    let id = job.id.clone();
    let command = match job.stage {
        Stage::Shipped => return,
        Stage::Failed | Stage::DeadLetter => Command::Redrive { job: id },
        _ if job.ship_lease().is_some() => {
            Command::ExpireLease { job: id, epoch: job.epoch, gone: held_by(job), reason: "gone".to_string() }
        }
        _ => Command::Cancel { job: id },
    };
    decide(state, &Order::new(person(), command), now).unwrap_or_else(|no| panic!("no way out: {no:?}"));
}

/// The column of the grid an order belongs to.
fn stage_of_order(state: &State, order: &Order) -> Option<Stage> {
    let id = match &order.command {
        // A known key makes no child: it is about the job that has the key.
        Command::Submit { new, .. } if new.spec.key.as_ref().is_some_and(|k| state.keys.contains_key(k)) => {
            None
        }
        Command::Submit { parent, .. } => parent.as_ref().map(|p| &p.0),
        Command::OrderReview { of, .. } => Some(&of.job),
        Command::Archive { jobs } | Command::Suspend { jobs } => jobs.first(),
        command => command.job(),
    };
    id.and_then(|id| state.job(id)).map(|job| job.stage)
}

/// Commands that are not about one job: they have one cell.
const OF_NO_JOB: [&str; 6] =
    ["claim", "open_account", "set_ceiling", "set_engine_ceiling", "pause", "resume"];

/// Where each command can be accepted; everywhere else it must have been refused.
fn lawful(name: &str) -> &'static [Stage] {
    use Stage::{Assigned, Blocked, Building, DeadLetter, Failed, Queued, Review, Shipped, Testing};
    match name {
        "submit" => &[Queued, Blocked, Assigned, Building],
        "supersede" | "suspend" => &[Queued, Blocked],
        "adopt" => &[Assigned, Building],
        "expire_lease" | "checkpoint" => &[Assigned, Building, Testing],
        "release" | "start" => &[Assigned],
        // No rule of this world asks an engine to review; law_engine_review does.
        "order_review" | "verdict" => &[],
        "progress" | "end" | "ask" => &[Building],
        // An attempt that is over may be of a job that is anywhere by now.
        "settle" => &[Queued, Blocked, Assigned, Building, Review, Testing, Shipped, Failed, DeadLetter],
        "verify" => &[Building, Testing],
        "park" => &[Queued, Assigned, Building],
        "unpark" | "wake" | "answer" => &[Queued],
        "request_review" | "review" | "promote" => &[Review],
        "ship_start" | "ship_done" | "ship_fail" | "pr_open" | "pr_see" => &[Testing],
        "reject" => &[Review, Testing, Failed],
        "requeue" => &[Failed, Assigned, Building],
        "redrive" => &[Failed, DeadLetter],
        "cancel" => &[Queued, Blocked, Assigned, Building, Review, Testing, Failed],
        "preempt" => &[Assigned, Building],
        "archive" => &[Shipped, Failed, DeadLetter],
        other => panic!("{other} has no row in the grid"),
    }
}

/// Prints the grid, accepted/refused, and gives the cells that break its promise.
fn print(grid: &Grid) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut text = format!("{:16}{:>12}", "", "-");
    for row in STAGES {
        text += &format!("{:>12}", row.1);
    }
    for name in Command::NAMES {
        text += &format!("\n{name:16}");
        for stage in std::iter::once(None).chain(STAGES.iter().map(|row| Some(row.0))) {
            let (yes, no) = grid.get(&(*name, stage)).copied().unwrap_or_default();
            let has_cell = OF_NO_JOB.contains(name) == stage.is_none() || stage.is_none();
            text += &format!("{:>12}", if has_cell { format!("{yes}/{no}") } else { ".".to_string() });
            let Some(stage) = stage else {
                if yes + no == 0 && !lawful(name).is_empty() {
                    wrong.push((*name).to_string());
                }
                continue;
            };
            let is_lawful = has_cell && lawful(name).contains(&stage);
            if has_cell && (is_lawful != (yes > 0) || (!is_lawful && no == 0)) {
                wrong.push(format!("{name} from {stage}: {yes}/{no}"));
            }
        }
    }
    println!("accepted/refused, by stage before\n{text}");
    wrong
}

#[test]
fn sixty_four_claimers_and_four_jobs() {
    let mut dice = Dice::new(64);
    for round in 0..200 {
        let mut state = State::default();
        let at = Stamp::from_millis(1_000);
        let now = Now { law: at, wall: at };
        for n in 0..4 {
            let new = Box::new(crate::law_dice::plain(&format!("r{round}-{n}")));
            handle(&mut state, &Order::new(person(), Command::Submit { new, parent: None }), now).unwrap();
        }
        let mut won = Vec::new();
        for n in 0..64 {
            let mut who = dice.claimant_of_all();
            who.holder = holder(n);
            let order = Order::new(person(), Command::Claim { who: Box::new(who) });
            won.extend(handle(&mut state, &order, now).unwrap());
        }
        let jobs: BTreeSet<_> = won.iter().filter_map(|event| event.what.job()).collect();
        assert_eq!((won.len(), jobs.len()), (4, 4), "round {round}");
    }
}
