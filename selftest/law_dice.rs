//! Chance for the law's random tests: a small generator of its own, and orders thrown with it.

use std::sync::Arc;

use aq::fleet::{
    AccountId, Actor, ActorKind, Checks, Claimant, Command, Ending, EngineOffer, Job, Now, Order, Park,
    ParkReason, PauseMode, PrLook, PrReview, PrState, State, Subject, Submission, VerdictSaid, Window,
};
use aq::job::{
    Autoship, Backoff, BlobId, Budget, CapabilitySet, DepsMode, EngineClass, Epoch, HolderId, IdempotencyKey,
    JobId, OUTCOMES, Outcome, Priority, Rev, ReviewRule, Spec, Stage, Usage,
};
use aq::time::{Span, Stamp};

/// SplitMix64: the same numbers from the same seed on every machine and for every version of any crate.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// Yes once in `n` times.
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).expect("small")]
    }

    /// Any hot job.
    pub fn one_of(&mut self, state: &State) -> Option<Arc<Job>> {
        let n = u64::try_from(state.jobs.len()).expect("small");
        (n > 0).then(|| {
            let i = usize::try_from(self.below(n)).expect("small");
            state.jobs.values().nth(i).cloned()
        })?
    }

    /// A host, often one that lacks something.
    pub fn claimant(&mut self) -> Claimant {
        let mut who = self.claimant_of_all();
        if self.one_in(4) {
            who.engines.pop();
        }
        if self.one_in(4) {
            who.capabilities = CapabilitySet::default();
        }
        who
    }

    /// A host that can do everything.
    pub fn claimant_of_all(&mut self) -> Claimant {
        let mut capabilities = CapabilitySet::default();
        capabilities.offer("gpu", "");
        let offer = |name: &str, class| EngineOffer { name: name.to_string(), class, accounts: Vec::new() };
        let mut engines =
            vec![offer("shell", EngineClass::Script), offer("codex", EngineClass::AgenticCoder)];
        engines[1].accounts = ["work", "home"].map(str::to_string).to_vec();
        engines[1].accounts.truncate(usize::try_from(1 + self.below(2)).expect("small"));
        Claimant { holder: holder(self.below(4)), capabilities, engines }
    }

    fn rev(&mut self) -> Rev {
        Rev::new(*self.pick(&["r1", "r2", "r3"]))
    }

    fn maybe_rev(&mut self) -> Option<Rev> {
        (!self.one_in(3)).then(|| self.rev())
    }

    fn moment(&mut self, now: Stamp) -> Stamp {
        Stamp::from_millis(now.as_millis() + i64::try_from(self.below(7_200_000)).expect("small") - 1_800_000)
    }

    fn usage(&mut self) -> Usage {
        let micro_usd = (!self.one_in(3)).then(|| self.below(3_000_000));
        let turns = self.one_in(3).then(|| self.below(10));
        Usage { micro_usd, turns, ..Usage::default() }
    }

    /// What somebody may see of a pull request whose head was that.
    fn look(&mut self, head: &str) -> PrLook {
        let count = |dice: &mut Dice| u32::try_from(dice.below(2)).expect("small");
        let asks = if self.one_in(4) { vec![format!("R{}", self.below(3))] } else { Vec::new() };
        PrLook {
            state: *self.pick(&[
                PrState::Open,
                PrState::Open,
                PrState::Open,
                PrState::Merged,
                PrState::Closed,
            ]),
            checks: Checks { green: 1, red: count(self), pending: count(self) },
            review: if asks.is_empty() { PrReview::Waiting } else { PrReview::ChangesRequested },
            asks,
            conflict: self.one_in(8),
            ..merged(if self.one_in(4) { "r9" } else { head })
        }
    }

    fn rule(&mut self) -> ReviewRule {
        let approvals = u32::try_from(self.below(4).saturating_sub(1)).expect("small");
        let reviewers = if self.one_in(5) { vec!["ann".to_string(), "bob".to_string()] } else { Vec::new() };
        ReviewRule { approvals, reviewers, check: None, four_eyes: self.one_in(5) }
    }
}

/// The n-th process.
pub fn holder(n: u64) -> HolderId {
    HolderId::new(format!("h{n}"))
}

/// A job that anybody can run.
pub fn plain(id: &str) -> Submission {
    let mut spec = Spec::titled(id);
    spec.engine = Some("shell".to_string());
    let blob = || BlobId::new(id);
    Submission { job: JobId::new(id), spec, body: blob(), effective: blob(), file: None }
}

/// What a reviewing engine says.
fn said(approve: bool, checked: Option<bool>) -> VerdictSaid {
    VerdictSaid { approve, words: BlobId::new("words"), checked }
}

/// A pull request that is merged and green.
fn merged(head: &str) -> PrLook {
    PrLook {
        state: PrState::Merged,
        head: Rev::new(head),
        checks: Checks::default(),
        review: PrReview::Approved,
        asks: Vec::new(),
        conflict: false,
        merged: Some(Rev::new("m")),
    }
}

/// Every verb of a worker, under that epoch. The test of stale epochs has one row per verb.
pub fn worker_verbs(job: &JobId, epoch: Epoch) -> Vec<Command> {
    let job = || job.clone();
    let reason = || "r".to_string();
    let ending = Ending {
        outcome: Outcome::Ok,
        reason: reason(),
        usage: Usage::default(),
        rev: None,
        until: None,
        window: None,
        engine_fault: false,
        insight: aq::job::Insight::default(),
    };
    let child = Box::new(plain("a-child"));
    vec![
        Command::Submit { new: child, parent: Some((job(), Some(epoch))) },
        Command::Adopt { job: job(), epoch, gone: holder(98), holder: holder(99) },
        Command::ExpireLease { job: job(), epoch, gone: holder(98), reason: reason() },
        Command::Release { job: job(), epoch, reason: reason() },
        Command::Start { job: job(), epoch, engine: "shell".to_string(), run: reason(), base: None },
        Command::Progress { job: job(), epoch, word: "late".to_string(), usage: None },
        Command::Checkpoint { job: job(), epoch, rev: Rev::new("late"), lines: 1 },
        Command::Verify { job: job(), epoch, passed: true, rev: None, took: Span::ZERO },
        Command::Verdict { job: job(), epoch, verdict: said(true, Some(true)) },
        Command::End { job: job(), epoch, ending: Box::new(ending) },
        Command::Ask { job: job(), epoch, question: BlobId::new("q") },
        Command::ShipDone { job: job(), epoch, how: reason(), rev: None },
        Command::ShipFail { job: job(), epoch, reason: reason(), conflict: false },
        Command::PrOpen { job: job(), epoch, number: 7, url: reason(), rev: Rev::new("late") },
        Command::PrSee { job: job(), epoch, look: Box::new(merged("late")), words: None },
    ]
}

/// Some order for this moment: half of them a sensible next step, half anything at all.
pub fn order_at(state: &State, now: Now, step: usize, dice: &mut Dice) -> Order {
    let few = state.jobs.len() < 4;
    let stands = state.product.paused.is_some() || !state.product.suspended.is_empty();
    let command = match dice.one_of(state) {
        Some(_) if stands && dice.one_in(4) => Command::Resume {},
        Some(job) if !few && !dice.one_in(2) => sensible(&job, now, dice),
        Some(job) if !few || dice.one_in(2) => anything(state, &job, now, step, dice),
        job => submit(state, job.as_deref(), now, step, dice),
    };
    let by = actor(&command, dice);
    let mut order = Order::new(by, command);
    order.key = dice.one_in(30).then(|| IdempotencyKey::new(format!("o{}", dice.below(40))));
    order.note = dice.one_in(10).then(|| "words".to_string());
    if dice.one_in(20)
        && let Some(job) = order.command.job().and_then(|id| state.job(id))
    {
        order.from = Some((job.stage, job.epoch - u64::from(job.epoch > 0 && dice.one_in(3))));
    }
    order
}

fn actor(command: &Command, dice: &mut Dice) -> Actor {
    match command {
        Command::Review { .. } => match dice.below(8) {
            0 => Actor::new(ActorKind::Agent, "h1"),
            1 => Actor::new(ActorKind::Engine, "j1"),
            _ => Actor::new(ActorKind::Person, dice.pick::<&str>(&["ann", "Ann@desk", "bob", "cy", "dan"])),
        },
        Command::ShipStart { .. } | Command::Unpark { .. } | Command::OpenAccount { .. }
            if dice.one_in(4) =>
        {
            Actor::new(ActorKind::System, "timer")
        }
        Command::Wake { .. } => Actor::new(ActorKind::System, "timer"),
        _ => Actor::new(ActorKind::Person, dice.pick::<&str>(&["ann", "bob"])),
    }
}

/// What would bring this job on.
fn sensible(job: &Job, now: Now, dice: &mut Dice) -> Command {
    let (id, epoch) = (job.id.clone(), job.epoch);
    let head = job.head.as_ref().and_then(|h| h.rev.clone());
    let claim = |dice: &mut Dice| Command::Claim { who: Box::new(dice.claimant()) };
    match (job.stage, &job.park) {
        (Stage::Queued, Some(_)) if job.asked.is_some() => {
            Command::Answer { job: id, answer: BlobId::new("a") }
        }
        (Stage::Queued, Some(_)) if dice.one_in(2) => Command::Wake { job: id },
        (Stage::Queued, Some(_)) if dice.one_in(2) => Command::Unpark { job: id },
        (Stage::Blocked, _) if dice.one_in(4) => Command::Cancel { job: id },
        (Stage::Queued | Stage::Blocked, _) => claim(dice),
        (Stage::Assigned | Stage::Building, _) if dice.one_in(8) => {
            Command::ExpireLease { job: id, epoch, gone: held_by(job), reason: "gone".to_string() }
        }
        (Stage::Assigned, _) => {
            let lease = job.lease.as_ref().map(|lease| lease.engine.clone());
            let (engine, run) = (lease.unwrap_or_default(), format!("run-{id}-{epoch}"));
            Command::Start { job: id, epoch, engine, run, base: None }
        }
        (Stage::Building, _) => match dice.below(4) {
            0 => Command::Checkpoint { job: id, epoch, rev: dice.rev(), lines: 3 },
            1 => {
                let rev = job.open_attempt().and_then(|a| a.rev.clone());
                Command::Verify { job: id, epoch, passed: !dice.one_in(4), rev, took: Span::ZERO }
            }
            _ => end(id, epoch, dice.one_in(2), now, dice),
        },
        (Stage::Review, _) if dice.one_in(4) => Command::Promote { job: id },
        (Stage::Review, _) => Command::Review { job: id, approve: !dice.one_in(5), rev: head },
        (Stage::Testing, _) if job.awaited_pr().is_some() => see(id, epoch, job, dice),
        (Stage::Testing, _) if job.lease.is_none() => {
            Command::ShipStart { job: id, holder: holder(dice.below(4)), rev: head }
        }
        (Stage::Testing, _) if dice.one_in(2) => {
            let rev = head.unwrap_or(Rev::new("r1"));
            Command::PrOpen { job: id, epoch, number: 7 + dice.below(2), url: "u".to_string(), rev }
        }
        (Stage::Testing, _) => Command::ShipDone { job: id, epoch, how: "branch".to_string(), rev: head },
        (Stage::Shipped, _) => Command::Archive { jobs: vec![id] },
        (Stage::Failed, _) if dice.one_in(3) => Command::Reject { job: id, requeue: false },
        (Stage::Failed | Stage::DeadLetter, _) if dice.one_in(3) => Command::Archive { jobs: vec![id] },
        (Stage::Failed | Stage::DeadLetter, _) => Command::Redrive { job: id },
    }
}

fn see(id: JobId, epoch: Epoch, job: &Job, dice: &mut Dice) -> Command {
    let head = job.pr.as_ref().map_or("r1".to_string(), |pr| pr.rev.to_string());
    let words = (!dice.one_in(8)).then(|| BlobId::new("w"));
    Command::PrSee { job: id, epoch, look: Box::new(dice.look(&head)), words }
}

fn end(job: JobId, epoch: Epoch, well: bool, now: Now, dice: &mut Dice) -> Command {
    let outcome = if well { Outcome::Ok } else { dice.pick(&OUTCOMES).0 };
    let until = dice.one_in(2).then(|| dice.moment(now.wall));
    let (usage, rev) = (dice.usage(), dice.one_in(2).then(|| dice.rev()));
    let window = dice.one_in(2).then(|| dice.pick(&["five_hour", "seven_day"]).to_string());
    let engine_fault = dice.one_in(2);
    Command::End {
        job,
        epoch,
        ending: Box::new(Ending {
            outcome,
            reason: "r".to_string(),
            usage,
            rev,
            until,
            window,
            engine_fault,
            insight: aq::job::Insight::default(),
        }),
    }
}

/// Any command about this job, lawful or not.
fn anything(state: &State, job: &Job, now: Now, step: usize, dice: &mut Dice) -> Command {
    let id = if dice.one_in(60) { JobId::new("nobody") } else { job.id.clone() };
    let epoch = match dice.below(8) {
        0 => job.epoch.saturating_sub(1),
        1 => job.epoch + dice.below(2),
        _ => job.epoch,
    };
    match *dice.pick(Command::NAMES) {
        "submit" => submit(state, Some(job), now, step, dice),
        "supersede" => {
            let new = submission(state, now, step, dice);
            Command::Supersede { job: id, spec: Box::new(new.spec), body: new.body, effective: new.effective }
        }
        "order_review" => order_review(job, step, dice),
        "claim" => Command::Claim { who: Box::new(dice.claimant()) },
        "adopt" => Command::Adopt { job: id, epoch, gone: held_by(job), holder: holder(dice.below(4)) },
        "expire_lease" => {
            let gone = if dice.one_in(4) { holder(98) } else { held_by(job) };
            Command::ExpireLease { job: id, epoch, gone, reason: "gone".to_string() }
        }
        "end" => end(id, epoch, false, now, dice),
        "pr_see" => see(id, epoch, job, dice),
        "ship_fail" => {
            Command::ShipFail { job: id, epoch, reason: "r".to_string(), conflict: dice.one_in(2) }
        }
        "progress" => {
            let (word, usage) = (dice.pick(&["working", "thinking"]).to_string(), Some(dice.usage()));
            Command::Progress { job: id, epoch, word, usage }
        }
        "settle" => {
            let (attempt, run) = job.attempts.first().map_or((1, String::new()), |a| (a.no, a.run.clone()));
            Command::Settle { job: id, attempt, run, usage: dice.usage(), rev: dice.maybe_rev() }
        }
        "checkpoint" => Command::Checkpoint { job: id, epoch, rev: dice.rev(), lines: 1 },
        "verify" => {
            let (passed, rev) = (dice.one_in(2), dice.maybe_rev());
            Command::Verify { job: id, epoch, passed, rev, took: Span::ZERO }
        }
        name => {
            let plain = worker_verbs(&id, epoch).into_iter().find(|command| command.name() == name);
            plain.unwrap_or_else(|| operators(name, id, state, now, dice))
        }
    }
}

fn operators(name: &str, job: JobId, state: &State, now: Now, dice: &mut Dice) -> Command {
    let until = dice.one_in(2).then(|| dice.moment(now.wall));
    match name {
        "park" => {
            let reasons =
                [ParkReason::Operator, ParkReason::Operator, ParkReason::Vanished, ParkReason::Limit];
            Command::Park { job, until, reason: *dice.pick(&reasons) }
        }
        "unpark" => Command::Unpark { job },
        "open_account" => {
            let closed = state.accounts.keys().next().filter(|_| !dice.one_in(8));
            let id = closed.cloned().unwrap_or(AccountId::new("codex", "nobody"));
            Command::OpenAccount { engine: id.engine.to_string(), account: id.account.to_string() }
        }
        "wake" => Command::Wake { job },
        "answer" => Command::Answer { job, answer: BlobId::new("a") },
        "request_review" => Command::RequestReview { job, rule: dice.rule() },
        "review" => Command::Review { job, approve: dice.one_in(2), rev: dice.maybe_rev() },
        "promote" => Command::Promote { job },
        "ship_start" => Command::ShipStart { job, holder: holder(dice.below(4)), rev: dice.maybe_rev() },
        "reject" => Command::Reject { job, requeue: dice.one_in(2) },
        "requeue" => {
            let micro_usd = dice.one_in(2).then(|| dice.below(20_000_000));
            let park = dice.one_in(4).then(|| Box::new(Park::new(ParkReason::Limit, until)));
            Command::Requeue { job, raised: Budget { micro_usd, ..Budget::default() }, from: None, park }
        }
        "redrive" => Command::Redrive { job },
        "cancel" => Command::Cancel { job },
        "preempt" => Command::Preempt { job },
        "archive" => {
            let more = dice.one_of(state).filter(|_| dice.one_in(4)).map(|other| other.id.clone());
            Command::Archive { jobs: std::iter::once(job).chain(more).collect() }
        }
        "set_ceiling" => {
            let ceiling = dice.one_in(2).then(|| dice.below(60_000_000));
            let window = *dice.pick(&[Window::Day, Window::Week, Window::Total]);
            Command::SetCeiling { ceiling, window, lifts: dice.one_in(2) }
        }
        "set_engine_ceiling" => {
            let engine = dice.pick(&["shell", "codex"]).to_string();
            Command::SetEngineCeiling { engine, ceiling: dice.one_in(2).then(|| dice.below(30_000_000)) }
        }
        // A paused queue is left soon, or nothing else would be tried.
        "pause" if state.product.paused.is_some() => Command::Resume {},
        "pause" => {
            let modes = [PauseMode::Drain, PauseMode::Stop, PauseMode::Kill];
            Command::Pause { mode: *dice.pick(&modes), until }
        }
        "suspend" if !state.product.suspended.is_empty() => Command::Resume {},
        "suspend" => Command::Suspend { jobs: vec![job] },
        "resume" => Command::Resume {},
        other => panic!("nothing throws {other}: give the new command a row"),
    }
}

/// Asks an engine about this job, whose rule asks for none: reviews by engines have scripts of their own.
fn order_review(job: &Job, step: usize, dice: &mut Dice) -> Command {
    let new = Box::new(plain(&format!("j{step}")));
    let rev = job.pinned().cloned().unwrap_or_else(|| dice.rev());
    Command::OrderReview {
        new,
        of: Subject { job: job.id.clone(), rev, reviewer: "profile:reviewer".to_string() },
    }
}

fn submit(state: &State, job: Option<&Job>, now: Now, step: usize, dice: &mut Dice) -> Command {
    let hot = state.jobs.len();
    // A full world is one where the parents of children are looked for, not new jobs.
    let parent = job.filter(|_| hot > 3 && (hot > 12 || dice.one_in(2))).map(|job| {
        let epoch = dice.one_in(3).then(|| job.epoch - u64::from(job.epoch > 0 && dice.one_in(3)));
        (job.id.clone(), epoch)
    });
    Command::Submit { new: Box::new(submission(state, now, step, dice)), parent }
}

fn submission(state: &State, now: Now, step: usize, dice: &mut Dice) -> Submission {
    let mut new = plain(&format!("j{step}"));
    let spec = &mut new.spec;
    if dice.one_in(3) {
        (spec.engine, spec.engine_class) = (None, Some(EngineClass::AgenticCoder));
    }
    spec.priority = *dice.pick(&[Priority::Critical, Priority::High, Priority::Medium, Priority::Low]);
    if dice.one_in(5) {
        spec.capabilities = vec!["gpu".parse().expect("a capability")].into();
    }
    if dice.one_in(4) {
        spec.prefers = vec![dice.pick(&["factory:h1", "gpu:a100", "os:linux"]).to_string()].into();
    }
    spec.prefers_engine = dice.one_in(4).then(|| dice.pick(&["codex", "shell"]).to_string());
    spec.lock = dice.one_in(3).then(|| dice.pick(&["l1", "l2"]).to_string());
    if dice.one_in(4) {
        spec.touches = vec![dice.pick(&["src/**", "src/a.rs", "docs/*"]).to_string()].into();
    }
    for _ in 0..dice.below(3) {
        let known = dice.one_of(state).map(|job| job.id.to_string());
        let name = if dice.one_in(3) { format!("n{}", dice.below(6)) } else { known.unwrap_or_default() };
        spec.deps.extend((!name.is_empty()).then_some(name));
    }
    spec.deps_mode = if dice.one_in(2) { DepsMode::Soft } else { DepsMode::Hard };
    spec.budget.micro_usd = dice.one_in(3).then(|| 1_000_000 + dice.below(9_000_000));
    spec.budget.turns = dice.one_in(5).then(|| 5 + dice.below(20));
    spec.retry.max = u32::try_from(dice.below(3)).expect("small");
    if dice.one_in(2) {
        spec.retry.on = vec![Outcome::TaskFailed, Outcome::Timeout, Outcome::Crash];
        spec.retry.backoff = Backoff::Fixed(Span::from_secs(1));
    }
    spec.review = dice.rule().into();
    spec.autoship = *dice.pick(&[Autoship::Never, Autoship::Verified, Autoship::After(Span::from_mins(1))]);
    spec.not_before = dice.one_in(6).then(|| dice.moment(now.wall));
    spec.has_body = !dice.one_in(6);
    spec.key = dice.one_in(3).then(|| IdempotencyKey::new(format!("n{}", dice.below(6))));
    new.body = BlobId::new(format!("b{}", dice.below(50)));
    new.file = dice.one_in(3).then(|| format!("n{}.md", dice.below(6)));
    new
}

/// The holder that a lease is lost by; of a job that nobody holds, one that never was.
pub fn held_by(job: &Job) -> HolderId {
    job.lease.as_ref().map_or(HolderId::new("nobody"), |lease| lease.holder.clone())
}
