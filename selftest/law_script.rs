//! The little language of the law's tests: a line is a command, its answer is events, a no, and places.
//!
//! `submit a deps=b`, `claim h1`, `end a ok`, `pass 30m`. A worker's verb shows the present epoch unless
//! `epoch=` says otherwise; `by=` names the person, `order=` the order's key, `from=` the condition, `note=`
//! the words. A line that begins with `~` is done without a word and must not be refused. After every line
//! the whole state is checked, and at the end the events alone must rebuild it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aq::fleet::{
    Actor, ActorKind, Checks, Claimant, Command, Ending, EngineOffer, Event, Now, Order, Park, ParkReason,
    PauseMode, Portion, PrLook, PrReview, Refusal, SpentEngine, State, Subject, Submission, VerdictSaid,
    Window, check_whole, class_at, gates, handle,
};
use aq::job::{
    Autoship, BlobId, Budget, CapabilitySet, DepsMode, EngineClass, Epoch, HolderId, IdempotencyKey, JobId,
    Outcome, Priority, Rev, ReviewRule, ShipKind, Spec, Stage, Usage, parse_usd, usd,
};
use aq::time::{Span, Stamp};

use crate::law_says::{closed, facts, more, place, score, when};

/// Monday, 2026-01-05, noon.
pub const START: Stamp = Stamp::from_millis(1_767_614_400_000);

/// Runs a script and compares what is said with what is expected.
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
pub fn check(script: &str, expected: expect_test::Expect) {
    expected.assert_eq(&run(script));
}

/// Runs a script and gives what it says.
pub fn run(script: &str) -> String {
    let mut world = World::new();
    for line in script.lines().map(str::trim).filter(|l| !l.is_empty()) {
        world.line(line);
    }
    world.replays();
    world.said
}

/// A state with its clocks, its history, and what has been said.
pub struct World {
    pub state: State,
    pub events: Vec<Event>,
    pub now: Now,
    said: String,
}

/// The words of a line: those that stand alone and those with `key=`.
struct Words<'a> {
    bare: Vec<&'a str>,
    named: BTreeMap<&'a str, &'a str>,
}

impl<'a> Words<'a> {
    fn of(line: &'a str) -> Words<'a> {
        let mut words = Words { bare: Vec::new(), named: BTreeMap::new() };
        for word in line.split_whitespace() {
            match word.split_once('=') {
                Some((name, value)) => drop(words.named.insert(name, value)),
                None => words.bare.push(word),
            }
        }
        words
    }

    fn at(&self, i: usize) -> &'a str {
        self.bare.get(i).copied().unwrap_or("")
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.named.get(name).copied()
    }

    fn list(&self, name: &str) -> Vec<String> {
        self.get(name).map(|v| v.split(',').map(str::to_string).collect()).unwrap_or_default()
    }

    fn rev(&self) -> Option<Rev> {
        self.get("rev").map(Rev::new)
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

fn span(text: &str) -> Span {
    text.parse().unwrap_or_else(|_| panic!("not a span: {text}"))
}

/// `+30s` from `base`, or `-30s` before it.
fn moment(text: &str, base: Stamp) -> Stamp {
    let (sign, rest) = text.split_at(1);
    let ms = i64::try_from(span(rest).as_millis()).unwrap_or(i64::MAX);
    Stamp::from_millis(if sign == "-" { base.as_millis() - ms } else { base.as_millis() + ms })
}

fn budget(words: &Words<'_>, prefix: &str) -> Budget {
    let get = |name: &str| words.get(&format!("{prefix}{name}"));
    Budget {
        micro_usd: get("usd").map(|v| parse_usd(v).expect("dollars")),
        tokens: get("tokens").map(number),
        turns: get("turns").map(number),
        wall: get("wall").map(span),
    }
}

fn usage(words: &Words<'_>) -> Usage {
    let used = budget(words, "");
    Usage {
        micro_usd: used.micro_usd,
        tokens: used.tokens,
        turns: used.turns,
        wall: used.wall.unwrap_or(Span::ZERO),
        usd_estimated: words.get("about").is_some(),
        ..Usage::default()
    }
}

/// `look a open head=r1 checks=3/1/0 review=approved asks=R1,R2 conflict=1 merged=m1`; checks are green/red/pending.
fn look(words: &Words<'_>) -> PrLook {
    let checks: Vec<u64> = words.get("checks").unwrap_or("0/0/0").split('/').map(number).collect();
    let count = |n: usize| u32::try_from(checks[n]).expect("small");
    let asks = words.list("asks");
    let review = match words.get("review") {
        _ if !asks.is_empty() => PrReview::ChangesRequested,
        Some("approved") => PrReview::Approved,
        _ => PrReview::Waiting,
    };
    PrLook {
        state: serde_json::from_value(words.at(2).into()).expect("a state"),
        head: Rev::new(words.get("head").unwrap_or("r1")),
        checks: Checks { green: count(0), red: count(1), pending: count(2) },
        review,
        asks,
        conflict: words.get("conflict").is_some(),
        merged: words.get("merged").map(Rev::new),
    }
}

fn rule(words: &Words<'_>) -> ReviewRule {
    ReviewRule {
        approvals: words.get("review").map_or(0, |v| v.parse().expect("approvals")),
        reviewers: words.list("reviewers"),
        check: None,
        four_eyes: words.get("four-eyes").is_some(),
    }
}

fn spec(words: &Words<'_>, now: Now) -> Spec {
    let mut spec = Spec::titled(words.get("title").map_or(words.at(1).to_string(), |t| t.replace('_', " ")));
    spec.engine = Some(words.get("engine").unwrap_or("shell").to_string());
    if let Some(class) = words.get("class") {
        spec.engine = None;
        let class = serde_json::from_value(class.into()).expect("an engine class");
        spec.engine_class = Some(class);
    }
    spec.prefers = words.list("wishes").into();
    spec.prefers_engine = words.get("prefers").map(str::to_string);
    spec.priority = match words.get("priority") {
        Some(p) => serde_json::from_value(p.into()).expect("a priority"),
        None => Priority::Medium,
    };
    let needs = words.list("needs");
    *spec.capabilities = needs.iter().map(|c| c.parse().expect("a capability")).collect();
    spec.lock = words.get("lock").map(str::to_string);
    spec.touches = words.list("touches").into();
    spec.deps = words.list("deps").into();
    spec.deps_mode = if words.get("mode") == Some("soft") { DepsMode::Soft } else { DepsMode::Hard };
    spec.budget = budget(words, "budget.").into();
    if let Some(max) = words.get("retry") {
        spec.retry.max = u32::try_from(number(max)).expect("small");
    }
    if let Some(backoff) = words.get("backoff") {
        spec.retry.backoff = backoff.parse().expect("a backoff");
    }
    if words.get("on").is_some() {
        spec.retry.on = words.list("on").iter().map(|o| Outcome::parse(o).expect("an outcome")).collect();
    }
    spec.review = rule(words).into();
    spec.autoship = match words.get("autoship") {
        None => Autoship::Never,
        Some("verified") => Autoship::Verified,
        Some(wait) => Autoship::After(span(wait)),
    };
    if let Some(way @ ("merge" | "pr")) = words.get("ship") {
        (spec.ship, spec.worktree) = (if way == "pr" { ShipKind::Pr } else { ShipKind::Merge }, true);
    }
    spec.not_before = words.get("not-before").map(|at| moment(at, now.wall));
    spec.has_body = words.get("empty").is_none();
    spec.key = words.get("key").map(IdempotencyKey::new);
    spec
}

fn claimant(words: &Words<'_>) -> Claimant {
    let mut capabilities = CapabilitySet::default();
    for has in words.list("has") {
        capabilities.offer_as(&has.parse().expect("a capability"));
    }
    let accounts = words.list("accounts");
    let engines = match words.get("engines") {
        None => vec![EngineOffer { name: "shell".to_string(), class: EngineClass::Script, accounts }],
        Some(_) => {
            let class = EngineClass::AgenticCoder;
            words
                .list("engines")
                .into_iter()
                .map(|name| EngineOffer { name, class, accounts: accounts.clone() })
                .collect()
        }
    };
    Claimant { holder: HolderId::new(words.at(1)), capabilities, engines }
}

impl World {
    pub fn new() -> World {
        World {
            state: State::default(),
            events: Vec::new(),
            now: Now { law: START, wall: START },
            said: String::new(),
        }
    }

    /// One line of a script.
    pub fn line(&mut self, line: &str) {
        if line.starts_with('#') {
            return self.say(line);
        }
        let quiet = line.starts_with('~');
        let words = Words::of(line.trim_start_matches('~'));
        if !quiet {
            self.say(&format!("> {line}"));
        }
        match words.at(0) {
            "pass" => {
                let by = words.at(1);
                self.now = Now {
                    law: moment(&format!("+{by}"), self.now.law),
                    wall: moment(&format!("+{by}"), self.now.wall),
                };
            }
            "wall" => self.now.wall = moment(words.at(1), self.now.wall),
            "show" => self.show(&words),
            "gates" => self.gates(&words),
            "line" => self.in_line(&words),
            "due" => self.due(),
            "accounts" => self.say(&closed(&self.state, self.now.wall)),
            "hash" => self.replays(),
            _ => self.order(&words, quiet, line),
        }
    }

    fn order(&mut self, words: &Words<'_>, quiet: bool, line: &str) {
        let order = self.order_of(words);
        let before = self.state.clone();
        match handle(&mut self.state, &order, self.now) {
            Ok(events) => {
                assert_eq!(self.state.seq, before.seq + events.len() as u64, "gap-free after {line}");
                if !quiet {
                    self.say_events(&events, &before);
                }
                self.events.extend(events);
            }
            Err(refusal) => {
                assert!(!quiet, "{line}: {refusal}");
                assert!(self.state == before, "a refusal changed the state: {line}");
                self.say_refusal(&refusal);
            }
        }
        check_whole(&self.state).unwrap_or_else(|broken| panic!("after {line}: {broken}"));
    }

    /// The order a line means.
    fn order_of(&self, words: &Words<'_>) -> Order {
        let (command, by) = self.command(words);
        let by = words.get("by").map_or(by, |name| match name.split_once(':') {
            Some(_) => Actor::try_from(name.to_string()).expect("an actor"),
            None => Actor::new(ActorKind::Person, name),
        });
        let from = words.get("from").map(|from| {
            let (stage, epoch) = from.split_once('@').expect("STAGE@EPOCH");
            (Stage::parse(stage).expect("a stage"), number(epoch))
        });
        let key = words.get("order").map(IdempotencyKey::new);
        Order { by, key, from, note: words.get("note").map(str::to_string), command }
    }

    fn command(&self, words: &Words<'_>) -> (Command, Actor) {
        let job = JobId::new(words.at(1));
        let here = self.state.job(&job);
        let epoch = words.get("epoch").map_or(here.map_or(0, |j| j.epoch), number);
        let holder = here.and_then(|j| j.lease.as_ref()).map_or("nobody", |l| l.holder.as_str());
        let agent = Actor::new(ActorKind::Agent, holder);
        if let Some(command) = self.worker_command(words, &job, epoch) {
            return (command, agent);
        }
        if let Some(command) = self.operator_command(words, &job) {
            return (command, Actor::new(ActorKind::Person, "op"));
        }
        let system = Actor::new(ActorKind::System, "timer");
        match words.at(0) {
            "claim" => {
                let who = Box::new(claimant(words));
                (Command::Claim { who }, Actor::new(ActorKind::Agent, words.at(1)))
            }
            "adopt" => (
                Command::Adopt { gone: self.holder_of(&job), job, epoch, holder: HolderId::new(words.at(2)) },
                agent,
            ),
            "expire" => {
                let reason = words.get("why").unwrap_or("holder is gone").to_string();
                (Command::ExpireLease { gone: self.holder_of(&job), job, epoch, reason }, system)
            }
            "wake" => (Command::Wake { job }, system),
            "ship" => {
                let holder = HolderId::new(words.at(2));
                (Command::ShipStart { job, holder, rev: words.rev() }, Actor::new(ActorKind::Person, "op"))
            }
            verb => panic!("no such verb: {verb}"),
        }
    }

    fn worker_command(&self, words: &Words<'_>, job: &JobId, epoch: Epoch) -> Option<Command> {
        let job = job.clone();
        let run = || format!("run-{job}-{epoch}");
        Some(match words.at(0) {
            "start" => {
                let lease = self.state.job(&job).and_then(|j| j.lease.as_ref());
                let engine = lease.map_or("shell".to_string(), |lease| lease.engine.clone());
                let (run, base) = (run(), words.get("base").map(Rev::new));
                Command::Start { job, epoch, engine, run, base }
            }
            "progress" => {
                let used = usage(words);
                let usage = (used != Usage::default() || words.get("unknown").is_some()).then_some(used);
                Command::Progress { job, epoch, word: words.at(2).to_string(), usage }
            }
            "settle" => {
                let attempt = words.at(2).parse().expect("an attempt");
                let real = self.state.job(&job).and_then(|j| j.attempts.iter().find(|a| a.no == attempt));
                let run =
                    words.get("run").map(str::to_string).or(real.map(|a| a.run.clone())).unwrap_or_default();
                Command::Settle { job, attempt, run, usage: usage(words), rev: words.rev() }
            }
            "checkpoint" => Command::Checkpoint { job, epoch, rev: Rev::new(words.at(2)), lines: 1 },
            "verify" => {
                let passed = words.at(2) == "pass";
                Command::Verify { job, epoch, passed, rev: words.rev(), took: Span::from_secs(1) }
            }
            "end" => {
                let outcome = Outcome::parse(words.at(2)).expect("an outcome");
                let until = words.get("until").map(|at| moment(at, self.now.wall));
                let reason = words.get("why").unwrap_or("it").to_string();
                let window = words.get("window").map(str::to_string);
                let engine_fault = words.get("fault").is_some();
                let ending = Ending {
                    outcome,
                    reason,
                    usage: usage(words),
                    rev: words.rev(),
                    until,
                    window,
                    engine_fault,
                    insight: aq::job::Insight::default(),
                };
                Command::End { job, epoch, ending: Box::new(ending) }
            }
            "verdict" => {
                let checked = words.get("check").map(|check| check == "pass");
                let (approve, blob) = (words.at(2) == "approve", BlobId::new("words"));
                Command::Verdict { job, epoch, verdict: VerdictSaid { approve, words: blob, checked } }
            }
            "ask" => Command::Ask { job, epoch, question: BlobId::new("question") },
            "release" => Command::Release { job, epoch, reason: "given back".to_string() },
            "shipped" => Command::ShipDone { job, epoch, how: "branch".to_string(), rev: words.rev() },
            "shipfail" => {
                let (reason, conflict) = (words.at(2).to_string(), words.at(2) == "conflict");
                Command::ShipFail { job, epoch, reason, conflict }
            }
            "pr" => {
                let (number, url) = (number(words.at(2)), format!("https://forge/{}", words.at(2)));
                Command::PrOpen { job, epoch, number, url, rev: words.rev().expect("rev=") }
            }
            "look" => {
                let words_of = words.get("words").map(BlobId::new);
                Command::PrSee { job, epoch, look: Box::new(look(words)), words: words_of }
            }
            _ => return None,
        })
    }

    /// The holder of the job's lease; `nobody` if there is none.
    fn holder_of(&self, job: &JobId) -> HolderId {
        let lease = self.state.job(job).and_then(|j| j.lease.as_ref());
        lease.map_or(HolderId::new("nobody"), |l| l.holder.clone())
    }

    fn operator_command(&self, words: &Words<'_>, job: &JobId) -> Option<Command> {
        let job = job.clone();
        let until = words.get("until").map(|at| moment(at, self.now.wall));
        let jobs = || words.bare[1..].iter().map(|id| JobId::new(*id)).collect();
        Some(match words.at(0) {
            "submit" => {
                let parent = words.get("parent").map(|id| {
                    let epoch = words.get("epoch").map(number);
                    (JobId::new(id), epoch)
                });
                Command::Submit { new: Box::new(self.submission(words, job)), parent }
            }
            "order_review" => {
                let rev = words.rev().expect("rev=");
                let reviewer = words.get("as").unwrap_or("profile:reviewer").to_string();
                let of = Subject { job: JobId::new(words.at(2)), rev, reviewer };
                Command::OrderReview { new: Box::new(self.submission(words, job)), of }
            }
            "edit" => {
                let Submission { spec, body, effective, .. } = self.submission(words, job.clone());
                Command::Supersede { job, spec: Box::new(spec), body, effective }
            }
            "open" => {
                let (engine, account) = words.at(1).split_once('/').expect("ENGINE/ACCOUNT");
                Command::OpenAccount { engine: engine.to_string(), account: account.to_string() }
            }
            "park" => Command::Park { job, until, reason: ParkReason::Operator },
            "unpark" => Command::Unpark { job },
            "answer" => Command::Answer { job, answer: BlobId::new("answer") },
            "request_review" => Command::RequestReview { job, rule: rule(words) },
            "approve" => Command::Review { job, approve: true, rev: words.rev() },
            "disapprove" => Command::Review { job, approve: false, rev: words.rev() },
            "promote" => Command::Promote { job },
            "reject" => Command::Reject { job, requeue: words.at(2) == "requeue" },
            "requeue" => {
                let park = words.get("as").map(|reason| {
                    let reason = serde_json::from_value(reason.into()).expect("a reason");
                    let account = words.get("account").map(str::to_string);
                    Box::new(Park { account, ..Park::new(reason, until) })
                });
                let from = words.get("back").map(Rev::new);
                Command::Requeue { job, raised: budget(words, ""), from, park }
            }
            "redrive" => Command::Redrive { job },
            "cancel" => Command::Cancel { job },
            "preempt" => Command::Preempt { job },
            "archive" => Command::Archive { jobs: jobs() },
            "suspend" => Command::Suspend { jobs: jobs() },
            "ceiling" => {
                let window = words
                    .get("window")
                    .map_or(Window::Total, |w| serde_json::from_value(w.into()).expect("a window"));
                Command::SetCeiling { ceiling: parse_usd(words.at(1)), window, lifts: words.at(2) == "lifts" }
            }
            "cap" => {
                let engine = words.at(1).to_string();
                Command::SetEngineCeiling { engine, ceiling: parse_usd(words.at(2)) }
            }
            "pause" => {
                let mode = serde_json::from_value(words.at(1).into()).unwrap_or(PauseMode::Drain);
                Command::Pause { mode, until }
            }
            "resume" => Command::Resume {},
            _ => return None,
        })
    }

    fn submission(&self, words: &Words<'_>, job: JobId) -> Submission {
        let body = BlobId::new(words.get("body").unwrap_or(words.at(1)));
        let file = words.get("file").map(str::to_string);
        Submission { job, spec: spec(words, self.now), body, effective: BlobId::new("effective"), file }
    }

    fn say(&mut self, text: &str) {
        let _ = writeln!(self.said, "{text}");
    }

    fn say_refusal(&mut self, refusal: &Refusal) {
        self.say(&format!("  ! {}: {}", refusal.code.name(), refusal.message));
    }

    fn say_events(&mut self, events: &[Event], before: &State) {
        if events.is_empty() {
            self.say("  nothing");
        }
        for event in events {
            let facts = facts(&event.what);
            self.say(&format!("  {}{facts}", event.what.name()));
        }
        let changed = self.state.jobs.values().filter(|job| before.jobs.get(&job.id) != Some(job));
        let lines: Vec<String> = changed.map(|job| format!("  = {}", place(job))).collect();
        for line in lines {
            self.say(&line);
        }
    }

    fn show(&mut self, words: &Words<'_>) {
        let id = words.at(1);
        let text = match (id, self.state.job(&JobId::new(id))) {
            ("product", _) => self.product(),
            (_, Some(job)) => {
                let more = more(job);
                format!("  = {}\n{}", place(job), more).trim_end().to_string()
            }
            _ => format!("  = {id} {:?}", self.state.stage_of(&JobId::new(id))),
        };
        self.say(&text);
    }

    fn product(&self) -> String {
        let product = &self.state.product;
        let paused = product.paused.as_ref().map(|p| format!(" paused {:?} ({})", p.0, p.1));
        let around = |it: SpentEngine| {
            format!(
                "\n  = around {} since {}, {} of {}",
                it.engine,
                it.since.map(when).unwrap_or_default(),
                usd(it.spent),
                usd(it.ceiling)
            )
        };
        format!(
            "  = product spent={} reserved={}{}{}",
            usd(self.state.spent_in_window(self.now.wall)),
            usd(product.reserved),
            paused.unwrap_or_default(),
            self.state.spent_engines(self.now.wall).map(around).collect::<String>()
        )
    }

    fn gates(&mut self, words: &Words<'_>) {
        let who = (words.bare.len() > 2)
            .then(|| claimant(&Words { bare: words.bare[1..].to_vec(), named: words.named.clone() }));
        let job = self.state.job(&JobId::new(words.at(1))).expect("a job");
        let found = gates(&self.state, job, who.as_ref(), self.now);
        let names: Vec<&str> = found.iter().map(aq::fleet::Gate::name).collect();
        let text = if names.is_empty() { "none".to_string() } else { names.join(", ") };
        self.say(&format!("  gates: {text}"));
    }

    /// The line as that host looks at it, or several of its kind; without a name nobody does.
    fn in_line(&mut self, words: &Words<'_>) {
        let host =
            |at: usize| claimant(&Words { bare: vec!["claim", words.bare[at]], named: words.named.clone() });
        let hosts: Vec<Claimant> = (1..words.bare.len()).map(host).collect();
        let rows: Vec<String> = aq::fleet::line(&self.state, &hosts, self.now)
            .map(|(job, found)| {
                let class = class_at(job.spec.priority, job.waiting, self.now.law);
                format!("  {} {} {}", job.id, class.name(), score(&found))
            })
            .collect();
        self.say(&rows.join("\n"));
    }

    fn due(&mut self) {
        let jobs = self.state.due(self.now.law, self.now.wall);
        let accounts = self.state.due_accounts(self.now.wall).map(ToString::to_string);
        let due: Vec<String> = jobs.iter().map(ToString::to_string).chain(accounts).collect();
        self.say(&format!("  due: {}", due.join(" ")));
    }

    /// The events alone make the same state; so does a snapshot with the rest of them.
    pub fn replays(&self) {
        let mut again = State::default();
        for (i, event) in self.events.iter().enumerate() {
            if i == self.events.len() / 2 {
                again = reread(&again);
            }
            let text = serde_json::to_string(event).expect("plain data");
            let event: Event = serde_json::from_str(&text).expect("reads back");
            again.apply(&event).unwrap_or_else(|broken| panic!("{broken}"));
        }
        assert_eq!(again.hash(), self.state.hash(), "replay gives another state");
        assert!(again == self.state);
        check_whole(&again).expect("a replayed state is whole");
    }
}

/// A state written as a snapshot and read again.
pub fn reread(state: &State) -> State {
    let again = |portion: Portion| -> Portion {
        let text = serde_json::to_string(&portion).expect("plain data");
        serde_json::from_str(&text).expect("reads back")
    };
    State::of_portions(state.portions().into_iter().map(again)).expect("its own portions")
}
