//! The step as text: what happens in, acts out, against a state that the real law makes.

use super::words::{Act, At, Happening, Sight};
use super::{is_done, next_deadline, step};
use crate::agent::desk::{Desk, Until};
use crate::agent::place::Workspace;
use crate::agent::work::{Prepared, RunEnd, Saved, Work};
use crate::engine::RunKind;
use crate::fleet::{
    Actor, ActorKind, Claimant, Command, Ending, EngineOffer, NOT_SHIPPED, Now, Order, PauseMode, State,
    Submission, handle,
};
use crate::job::{
    Autoship, BlobId, CapabilitySet, EngineClass, Epoch, HolderId, JobId, Outcome, Rev, ShipKind, Spec,
    Stage, Usage,
};
use crate::time::{Span, Stamp};

/// An agent of two slots, and the queue it works on.
struct World {
    desk: Desk,
    state: State,
    now: u64,
    verify: bool,
    setup: bool,
}

fn claimant() -> Claimant {
    let engines =
        vec![EngineOffer { name: "shell".to_string(), class: EngineClass::Script, accounts: Vec::new() }];
    Claimant { holder: HolderId::new("me"), capabilities: CapabilitySet::default(), engines }
}

impl World {
    fn new() -> World {
        let desk = Desk::new(claimant(), 2, Until::Asked);
        World { desk, state: State::default(), now: 0, verify: false, setup: false }
    }

    fn law(&mut self, command: Command) -> Vec<crate::fleet::Event> {
        let by = Actor::new(ActorKind::Person, "ann");
        let now = Stamp::from_millis(i64::try_from(self.now).unwrap() + 1_000);
        handle(&mut self.state, &Order::new(by, command), Now { law: now, wall: now }).unwrap_or_default()
    }

    fn happen(&mut self, what: Happening) -> String {
        let law = Stamp::from_millis(i64::try_from(self.now).unwrap() + 1_000);
        let acts = step(&mut self.desk, &self.state, what, At { boot: Span::from_millis(self.now), law });
        acts.iter().map(said).collect::<Vec<_>>().join(", ")
    }

    fn prepared(&self) -> Prepared {
        let space = Workspace {
            cwd: "/w".into(),
            worktree: Some("/w".into()),
            repo: Some("/r".into()),
            base: None,
            start: None,
            fresh: true,
            aside: None,
        };
        let (setup, verify) = (self.setup, self.verify);
        let idle = Outcome::NoWork;
        Prepared {
            space,
            run: "r".into(),
            setup,
            verify,
            must_change: false,
            idle,
            strict: false,
            plans: false,
            seat: None,
            review: None,
        }
    }

    /// One word of the script.
    fn word(&mut self, word: &str) -> String {
        let mut parts = word.split(':');
        let (head, arg) = (parts.next().unwrap(), parts.next().unwrap_or(""));
        let slot = parts.next().map_or(0, |n| n.parse().unwrap());
        if let Some(happening) = self.claim_word(head, arg).or_else(|| self.work_word(head, arg, slot)) {
            return self.happen(happening);
        }
        match head {
            "verify" => self.verify = true,
            "setup" => self.setup = true,
            "add" => {
                let mut spec = Spec::titled(arg);
                spec.engine = Some("shell".to_string());
                spec.budget.wall = (arg == "short").then(|| Span::from_secs(5));
                spec.budget.tokens = (arg == "meter").then_some(10);
                let blob = || BlobId::new("b");
                let new =
                    Submission { job: JobId::new(arg), spec, body: blob(), effective: blob(), file: None };
                self.law(Command::Submit { new: Box::new(new), parent: None });
                return self.happen(Happening::Moved);
            }
            "pr" => {
                self.in_pr(&JobId::new(arg));
                return self.happen(Happening::Moved);
            }
            "rule" | "merge" => {
                let mut spec = Spec::titled(arg);
                spec.autoship = Autoship::Verified;
                spec.ship = if head == "merge" { ShipKind::Merge } else { ShipKind::Branch };
                self.accepted(&JobId::new(arg), spec);
                return self.happen(Happening::Moved);
            }
            "out" | "dirty" => return self.shipped(&JobId::new(arg), head),
            "pr-news" => {
                return self.happen(Happening::PrLooked { job: JobId::new(arg), news: true, line: None });
            }
            "pr-same" => {
                return self.happen(Happening::PrLooked { job: JobId::new(arg), news: false, line: None });
            }
            "ran" => return self.ran(RunKind::Engine, arg, slot),
            "setup-ran" => return self.ran(RunKind::Setup, arg, slot),
            "verify-ran" => return self.ran(RunKind::Verify, arg, slot),
            "cancel" => drop(self.law(Command::Cancel { job: JobId::new(arg) })),
            "pause" => {
                let mode = if arg == "kill" { PauseMode::Kill } else { PauseMode::Stop };
                self.law(Command::Pause { mode, until: None });
            }
            "moved" => return self.happen(Happening::Moved),
            "asked" => return self.happen(Happening::Asked),
            "net" => return self.happen(Happening::Net),
            "orphans" => return self.happen(Happening::Orphans(arg.parse().unwrap())),
            "wait" => {
                self.now += arg.parse::<Span>().unwrap().as_millis();
                return self.happen(Happening::Tick);
            }
            "done?" => return is_done(&self.desk, &self.state).to_string(),
            other => panic!("no such word: {other}"),
        }
        String::new()
    }

    /// Words about claims.
    fn claim_word(&mut self, head: &str, arg: &str) -> Option<Happening> {
        match head {
            "grant" => {
                let asked: usize = arg.parse().unwrap();
                let mut jobs = Vec::new();
                for _ in 0..asked {
                    let events = self.law(Command::Claim { who: Box::new(claimant()) });
                    jobs.extend(events.into_iter().filter_map(|e| match e.what {
                        crate::fleet::What::LeaseGranted { job, epoch, engine, .. } => {
                            Some((job, epoch, engine))
                        }
                        _ => None,
                    }));
                }
                Some(Happening::Granted { asked, jobs: Some(jobs) })
            }
            "empty" => Some(Happening::Granted { asked: arg.parse().unwrap(), jobs: Some(Vec::new()) }),
            "deaf" => Some(Happening::Granted { asked: arg.parse().unwrap(), jobs: None }),
            "stray" => {
                let jobs = Some(vec![(JobId::new("stray"), 1, "shell".to_string())]);
                Some(Happening::Granted { asked: 0, jobs })
            }
            _ => None,
        }
    }

    /// Words about the work in a slot; a sight is written as in `said=1,tool,repeats=8`.
    fn work_word(&mut self, head: &str, arg: &str, slot: usize) -> Option<Happening> {
        match head {
            "prepared" => {
                let result = match arg {
                    "no" => Err((Outcome::Config, "no folder".to_string())),
                    _ => Ok(self.prepared()),
                };
                Some(Happening::Prepared { slot, result })
            }
            "started" => {
                let attempt = (arg != "no").then(|| {
                    let work = self.desk.slots[slot].clone().unwrap();
                    let (job, epoch) = (work.job, work.epoch);
                    let (engine, run) = ("shell".to_string(), String::new());
                    self.law(Command::Start { job, epoch, engine, run, base: None });
                    1
                });
                Some(Happening::Started { slot, attempt })
            }
            "saved" => {
                let lines = arg.parse().unwrap_or(1);
                let (rev, change) = (Some(Rev::new("c1")), Some((1, lines, 0)));
                let saved = Saved { rev, lines, changed: true, change, ..Saved::default() };
                let result = if arg == "no" { Err("disk full".to_string()) } else { Ok(saved) };
                Some(Happening::Saved { slot, result })
            }
            "reported" => {
                let next = (arg == "next").then(|| ("next".into(), 1, "shell".to_string()));
                let work = self.desk.slots[slot].clone().unwrap();
                let (outcome, reason) = (Outcome::Ok, String::new());
                let ending = Ending {
                    outcome,
                    reason,
                    usage: Usage::default(),
                    rev: None,
                    until: None,
                    window: None,
                    engine_fault: false,
                    insight: crate::job::Insight::default(),
                };
                let events =
                    self.law(Command::End { job: work.job, epoch: work.epoch, ending: Box::new(ending) });
                Some(Happening::Reported { slot, events, next })
            }
            "looked" => {
                let usage = Usage { tokens: Some(arg.parse().unwrap()), ..Usage::default() };
                let sight = Sight { word: "working".to_string(), usage, said: 1, ..Sight::default() };
                Some(Happening::Looked { slot, sight })
            }
            "sight" => Some(Happening::Looked { slot, sight: sight(arg) }),
            "adopt" => {
                let mut work = Work::granted(JobId::new("old"), 1, "shell".to_string());
                work.phase = crate::agent::work::Phase::Running(RunKind::Engine);
                (work.attempt, work.prepared) = (1, Some(self.prepared()));
                Some(Happening::Adopted(Box::new(work)))
            }
            _ => None,
        }
    }

    /// A job whose proven work is in testing.
    fn accepted(&mut self, id: &JobId, mut spec: Spec) {
        let (job, blob, rev) = (|| id.clone(), || BlobId::new("b"), Rev::new("c1"));
        spec.engine = Some("shell".to_string());
        spec.has_verify = true;
        let new = Box::new(Submission { job: job(), spec, body: blob(), effective: blob(), file: None });
        let ending = Ending {
            outcome: Outcome::Ok,
            reason: String::new(),
            usage: Usage::default(),
            rev: Some(rev.clone()),
            until: None,
            window: None,
            engine_fault: false,
            insight: crate::job::Insight::default(),
        };
        let (engine, run) = ("shell".to_string(), String::new());
        for command in [
            Command::Submit { new, parent: None },
            Command::Claim { who: Box::new(claimant()) },
            Command::Start { job: job(), epoch: 1, engine, run, base: None },
            Command::Verify { job: job(), epoch: 1, passed: true, rev: Some(rev), took: Span::ZERO },
            Command::End { job: job(), epoch: 1, ending: Box::new(ending) },
        ] {
            let name = command.name();
            assert!(!self.law(command).is_empty(), "{name}");
        }
        assert_eq!(self.state.job(id).map(|job| job.stage), Some(Stage::Testing));
    }

    /// Begins to ship it and gives the epoch.
    fn shipping(&mut self, id: &JobId) -> Epoch {
        let (job, holder, rev) = (id.clone(), HolderId::new("me"), Some(Rev::new("c1")));
        self.law(Command::ShipStart { job, holder, rev });
        self.state.job(id).map_or(0, |job| job.epoch)
    }

    /// A job whose work stands in a pull request.
    fn in_pr(&mut self, id: &JobId) {
        self.accepted(id, Spec::titled(id.as_str()));
        let (epoch, rev) = (self.shipping(id), Rev::new("c1"));
        self.law(Command::PrOpen { job: id.clone(), epoch, number: 7, url: String::new(), rev });
    }

    /// What becomes of a ship by rule: `out`, or a reason that is a person's to mend.
    fn shipped(&mut self, id: &JobId, how: &str) -> String {
        let (job, epoch) = (id.clone(), self.shipping(id));
        self.law(match how {
            "out" => Command::ShipDone { job, epoch, how: "merged".to_string(), rev: None },
            why => {
                let reason = format!("{NOT_SHIPPED}: {why}");
                Command::ShipFail { job, epoch, reason, conflict: false }
            }
        });
        self.happen(Happening::Shipped { job: id.clone() })
    }

    fn ran(&mut self, kind: RunKind, how: &str, slot: usize) -> String {
        let (outcome, lost) = match how {
            "lost" => (Outcome::Crash, true),
            "stopped" => (self.desk.slots[slot].as_ref().unwrap().stop.unwrap().outcome(), false),
            name => (serde_json::from_value(name.into()).unwrap(), false),
        };
        let wall = if how == "timeout" { Span::from_secs(5) } else { Span::ZERO };
        let end = RunEnd { kind, wall, lost, ..RunEnd::without_run(outcome, how.to_string()) };
        self.happen(Happening::Ended { slot, end })
    }
}

/// `said=N`, `worked=N`, `repeats=N`, `retry=STATUS` and the words `tool`, `ended`, `limited`, by commas. The engine
/// is one that has a minute to start and twenty to be quiet, unless it is `free`.
fn sight(text: &str) -> Sight {
    let (start, silence) = (Some(Span::from_mins(1)), Some(Span::from_mins(20)));
    let mut sight = Sight { start, silence, ..Sight::default() };
    for part in text.split(',') {
        match part.split_once('=') {
            Some(("said", n)) => sight.said = n.parse().unwrap(),
            Some(("worked", n)) => sight.worked = n.parse().unwrap(),
            Some(("turns", n)) => sight.usage.turns = Some(n.parse().unwrap()),
            Some(("word", word)) => sight.word = word.to_string(),
            Some(("repeats", n)) => sight.repeats = n.parse().unwrap(),
            Some(("retry", status)) => sight.retrying = Some(status.parse().ok()),
            None if part == "tool" => sight.in_tool = true,
            None if part == "ended" => sight.ended = true,
            None if part == "limited" => sight.limited = true,
            None if part == "free" => (sight.start, sight.silence) = (None, None),
            _ => panic!("no such sight: {part}"),
        }
    }
    sight
}

fn said(act: &Act) -> String {
    match act {
        Act::Claim(n) => format!("claim {n}"),
        Act::Prepare { slot } => format!("prepare {slot}"),
        Act::Start { slot } => format!("start {slot}"),
        Act::Release { slot } => format!("release {slot}"),
        Act::GiveBack { job, .. } => format!("give back {job}"),
        Act::Run { slot, kind } => format!("run {slot} {kind:?}"),
        Act::Await { slot, kind } => format!("await {slot} {kind:?}"),
        Act::Stop { slot, kind, cause, now } => {
            format!("stop {slot} {kind:?} {}{}", cause.name(), if *now { " now" } else { "" })
        }
        Act::Save { slot, last } => format!("save {slot}{}", if *last { " last" } else { "" }),
        Act::Report { slot, orders, claim } => {
            let told = orders.iter().find_map(|order| match &order.command {
                Command::End { ending, .. } => Some(ending.outcome.name()),
                _ => None,
            });
            format!("report {slot} {}{}", told.unwrap_or("?"), if *claim { " +claim" } else { "" })
        }
        Act::Look { slot } => format!("look {slot}"),
        Act::Note(order) => match &order.command {
            Command::Progress { word, .. } if !word.is_empty() && word != "working" => {
                format!("note progress {word}")
            }
            command => format!("note {}", command.name()),
        },
        Act::AskReviewers { job } => format!("ask reviewers of {job}"),
        Act::Ship { job } => format!("ship {job}"),
        Act::LookAtPr { job } => format!("look at pr of {job}"),
    }
}

/// Words in; after each that leads to acts, the acts.
#[track_caller]
fn check(script: &str, expected: &str) {
    let mut world = World::new();
    let mut told = Vec::new();
    for word in script.split_whitespace() {
        let acts = world.word(word);
        if !acts.is_empty() {
            told.push(acts);
        }
        let next = next_deadline(&world.desk).map_or(u64::MAX, Span::as_millis);
        assert!(next > world.now, "a deadline that is never met turns the loop round and round after {word}");
        assert!(world.desk.claiming <= world.desk.free(), "claims for more than the free slots after {word}");
    }
    assert_eq!(told.join(" | "), expected, "{script}");
}

/// To the running engine of job `a`, in slot 0; what it takes is told once, here.
const RUN: &str = "add:a grant:1 prepared started";
const TO_RUN: &str = "claim 2 | prepare 0 | start 0 | run 0 Engine";

#[track_caller]
fn running(script: &str, expected: &str) {
    check(&format!("{RUN} {script}"), &format!("{TO_RUN} | {expected}"));
}

#[test]
fn the_plain_way_of_a_job() {
    running("ran:ok saved reported", "save 0 last | report 0 ok +claim");
    check(
        "verify setup add:a grant:2 prepared started setup-ran:ok ran:ok saved verify-ran:ok",
        "claim 2 | prepare 0 | start 0 | run 0 Setup | run 0 Engine | save 0 last | run 0 Verify | report 0 ok +claim",
    );
    running("ran:ok saved reported:next", "save 0 last | report 0 ok +claim | prepare 0");
}

#[test]
fn claims_never_exceed_the_slots() {
    check("add:a add:b add:c grant:2", "claim 2 | prepare 0, prepare 1");
    check("add:a add:b add:c grant:2 stray", "claim 2 | prepare 0, prepare 1 | give back stray");
    check("add:a deaf:2", "claim 2 | claim 2");
    check("add:a empty:2 net", "claim 2 | claim 2");
    check("orphans:1 add:a", "claim 1");
    check("orphans:2 add:a orphans:0", "claim 2");
    check("adopt add:a", "await 0 Engine | claim 1");
}

#[test]
fn a_pull_request_is_looked_at_ever_more_rarely_until_something_moves() {
    let look = "look at pr of a";
    check("moved pr:a wait:1m", look);
    // 30 s after the first, a minute after the second; news begin anew.
    check("pr:a pr-same:a wait:29s wait:1s", &format!("{look} | {look}"));
    let twice = format!("{look} | {look} | {look}");
    check("pr:a pr-same:a wait:30s pr-same:a wait:59s wait:1s", &twice);
    check("pr:a pr-same:a wait:30s pr-news:a wait:29s wait:1s", &twice);
    let rare = "pr:a pr-same:a wait:30s pr-same:a wait:1m pr-same:a wait:2m pr-same:a wait:4m pr-same:a wait:299s wait:1s";
    check(rare, &[look; 6].join(" | "));
    // What nobody waits for any more is let be, and so is everything on the way out.
    check("pr:a pr-same:a cancel:a wait:1h", look);
    check("pr:a pr-same:a asked wait:1h done?", &format!("{look} | true"));
    check("pr:a asked done?", &format!("{look} | false"));
}

#[test]
fn only_a_few_pull_requests_are_looked_at_at_once() {
    let look = |id: &str| format!("look at pr of {id}");
    let all = ["a", "b", "c", "d", "e"].map(look);
    check("pr:a pr:b pr:c pr:d pr:e wait:1h pr-same:b", &all.join(" | "));
}

#[test]
fn merges_by_rule_go_one_after_the_other_and_each_is_tried_once() {
    check("merge:a merge:b merge:c out:a out:b out:c done?", "ship a | ship b | ship c | false");
    check("merge:a merge:b dirty:a moved out:b moved", "ship a | ship b");
    // What moves no base waits for none, and nothing is begun on the way out.
    check("merge:a rule:b rule:c merge:d", "ship a | ship b | ship c");
    check("merge:a merge:b asked out:a done?", "ship a | true");
}

#[test]
fn what_cannot_begin_ends_with_its_reason() {
    check("add:a grant:2 prepared:no started", "claim 2 | prepare 0 | start 0 | report 0 config +claim");
    check("add:a grant:2 prepared started:no", "claim 2 | prepare 0 | start 0 | release 0");
    running("ran:ok saved:no", "save 0 last | report 0 unknown +claim");
    running("ran:crash saved", "save 0 last | report 0 crash +claim");
    check(
        "setup add:a grant:2 prepared started setup-ran:task_failed saved",
        "claim 2 | prepare 0 | start 0 | run 0 Setup | save 0 last | report 0 config +claim",
    );
    check(
        "setup add:a grant:2 prepared started setup-ran:lost saved",
        "claim 2 | prepare 0 | start 0 | run 0 Setup | save 0 last | report 0 crash +claim",
    );
}

#[test]
fn a_verify_that_fails_was_killed_or_was_stopped() {
    let way = "verify add:a grant:2 prepared started ran:ok saved";
    let told = "claim 2 | prepare 0 | start 0 | run 0 Engine | save 0 last | run 0 Verify";
    let check = |more: &str, acts: &str| check(&format!("{way} {more}"), &format!("{told} | {acts}"));
    check("verify-ran:task_failed", "report 0 verify_failed +claim");
    check("verify-ran:lost", "report 0 crash +claim");
    check("asked verify-ran:stopped", "stop 0 Verify drained | report 0 drained");
    check("asked verify-ran:ok", "stop 0 Verify drained | report 0 ok");
    check("cancel:a moved", "stop 0 Verify cancelled");
}

#[test]
fn a_job_that_moved_on_is_dropped_in_every_phase() {
    check("add:a grant:2 cancel:a moved prepared done?", "claim 2 | prepare 0 | false");
    check("add:a grant:2 prepared cancel:a moved started:no", "claim 2 | prepare 0 | start 0");
    running("cancel:a moved ran:stopped saved done?", "stop 0 Engine cancelled | save 0 last | false");
    running("ran:ok cancel:a moved saved", "save 0 last");
    running("pause:kill moved", "stop 0 Engine preempted");
    check(
        "setup add:a grant:2 prepared started cancel:a moved setup-ran:ok saved",
        "claim 2 | prepare 0 | start 0 | run 0 Setup | stop 0 Setup cancelled | save 0 last",
    );
}

#[test]
fn a_drain_gives_back_in_every_phase() {
    check("add:a asked grant:2 prepared reported:no done?", "claim 2 | prepare 0 | release 0 | true");
    check(
        "add:a grant:2 prepared asked started ran:stopped saved",
        "claim 2 | prepare 0 | start 0 | run 0 Engine | save 0 last | report 0 drained",
    );
    running(
        "asked ran:stopped saved done?",
        "stop 0 Engine drained | save 0 last | report 0 drained | false",
    );
    running("asked asked", "stop 0 Engine drained | stop 0 Engine drained now");
    check(
        "verify add:a grant:2 prepared started ran:ok asked saved",
        "claim 2 | prepare 0 | start 0 | run 0 Engine | save 0 last | report 0 drained",
    );
    running(
        "pause:stop moved ran:stopped saved",
        "stop 0 Engine drained | save 0 last | report 0 drained +claim",
    );
}

#[test]
fn ceilings_are_watched() {
    check(
        "add:meter grant:2 prepared started looked:9 looked:10 ran:stopped saved",
        "claim 2 | prepare 0 | start 0 | run 0 Engine | note progress | stop 0 Engine budget_exceeded, note progress | save 0 last | report 0 budget_exceeded +claim",
    );
    check(
        "add:short grant:2 prepared started ran:timeout saved",
        "claim 2 | prepare 0 | start 0 | run 0 Engine | save 0 last | report 0 budget_exceeded +claim",
    );
    running("ran:timeout saved", "save 0 last | report 0 timeout +claim");
    running("wait:9s wait:1s", "look 0");
    running("wait:5m saved", "look 0, save 0 | note checkpoint");
    // A save under way when the run ends is waited for; the last one comes after it.
    running(
        "wait:5m ran:ok saved saved",
        "look 0, save 0 | note checkpoint, save 0 last | report 0 ok +claim",
    );
}

/// Looks and saves come and go with the clock; only what stops is told.
#[track_caller]
fn stops(script: &str, expected: &str) {
    let mut world = World::new();
    let mut told = Vec::new();
    for word in RUN.split_whitespace().chain(script.split_whitespace()) {
        let acts = world.word(word);
        told.extend(
            acts.split(", ")
                .filter(|act| act.starts_with("stop ") || act.starts_with("report "))
                .map(str::to_string),
        );
    }
    assert_eq!(told.join(" | "), expected, "{script}");
}

#[test]
fn silence_is_stopped_and_slowness_is_not() {
    stops("sight:said=1 wait:19m sight:said=1", "");
    stops("sight:said=1 wait:20m sight:said=1", "stop 0 Engine stalled");
    stops("sight:said=1 wait:19m sight:said=2 wait:19m sight:said=2", "");
    stops("sight:said=1 wait:20m sight:said=1 wait:1m sight:said=1", "stop 0 Engine stalled");
    stops("sight:said=1,free wait:1d sight:said=1,free", "");
    // With a tool open, its processes speak for it.
    stops("sight:said=1,tool wait:59m sight:said=1,tool", "");
    stops("sight:said=1,tool wait:60m sight:said=1,tool", "stop 0 Engine stalled");
    stops(
        "sight:said=1,tool,worked=1 wait:59m sight:said=1,tool,worked=2 wait:59m sight:said=1,tool,worked=2",
        "",
    );
}

#[test]
fn a_start_without_a_word_is_stopped() {
    stops("wait:59s sight:said=0", "");
    stops("wait:60s sight:said=0", "stop 0 Engine no_start");
    stops("wait:60s sight:said=0,free", "");
    stops("wait:30s sight:said=5 wait:5m sight:said=5", "");
}

#[test]
fn a_loop_is_stopped_at_the_eighth_call() {
    stops("sight:said=1,repeats=7", "");
    stops("sight:said=1,repeats=8", "stop 0 Engine looping");
}

/// The words that an agent notes of its run in slot 0, which it saves and looks at now and then.
#[track_caller]
fn notes(script: &str, expected: &str) {
    let mut world = World::new();
    let mut told = Vec::new();
    for word in RUN.split_whitespace().chain(script.split_whitespace()) {
        if let Some(work) = world.desk.slots[0].as_mut().filter(|_| word.starts_with("saved")) {
            // A save while it runs.
            work.saving = true;
        }
        let acts = world.word(word);
        assert!(!acts.contains("stop "), "{script}: {acts}");
        told.extend(acts.split(", ").filter_map(|act| act.strip_prefix("note progress")).map(str::to_string));
    }
    let told: Vec<&str> = told.iter().map(|word| word.trim()).collect();
    assert_eq!(told.join(" "), expected, "{script}");
}

#[test]
fn turns_that_change_nothing_are_told_and_stop_nothing() {
    let look = |turns: u64, word: &str| format!("sight:said={turns},turns={turns},word={word}");
    let script = |rest: &str| format!("{} saved:5 {rest}", look(1, "thinking"));
    notes(&script(&format!("{} saved:5 {}", look(20, "a"), look(20, "b"))), "thinking a b");
    let still = script(&format!("{} saved:5 {}", look(21, "a"), look(22, "tool(Bash)")));
    notes(&still, "thinking a no-progress");
    // It holds until a save finds a change, whatever it does meanwhile.
    notes(&format!("{still} {}", look(23, "thinking")), "thinking a no-progress no-progress");
    notes(&format!("{still} saved:6 {}", look(23, "c")), "thinking a no-progress c");
    // Other trouble is told first.
    notes(&format!("{still} sight:said=99,turns=24,word=silent"), "thinking a no-progress silent");
    notes(
        &format!("{still} sight:said=99,turns=24,word=retrying,retry=529"),
        "thinking a no-progress retrying",
    );
    // Turns that nobody counts are none.
    notes("sight:said=1,word=a saved:5 sight:said=9,word=b saved:5 sight:said=99,word=c", "a b c");
}

#[test]
fn retries_that_lead_nowhere_are_stopped() {
    stops("sight:said=1,retry=429 wait:1m sight:said=2,retry=429", "");
    stops("sight:said=1,retry=429,limited", "stop 0 Engine limit");
    stops("sight:said=1,retry=401", "stop 0 Engine auth");
    stops("sight:said=1,retry=529 wait:9m sight:said=2,retry=529", "");
    stops("sight:said=1,retry=529 wait:10m sight:said=2,retry=529", "stop 0 Engine overloaded");
    stops("sight:said=1,retry=529 wait:9m sight:said=2 wait:9m sight:said=3,retry=529", "");
    // A retry says something, but it is no progress.
    stops("sight:said=1,retry=? wait:10m sight:said=9,retry=?", "stop 0 Engine overloaded");
}

#[test]
fn a_verdict_stands_though_its_process_stays() {
    stops("sight:said=1,ended wait:9s sight:said=1,ended", "");
    stops("sight:said=1,ended wait:10s sight:said=1,ended", "stop 0 Engine hung");
    stops(
        "sight:said=1,ended wait:10s sight:said=1,ended ran:ok saved",
        "stop 0 Engine hung | report 0 ok +claim",
    );
    // What verify says afterwards is not the watchdog's doing.
    stops(
        "verify sight:said=1,ended wait:10s sight:said=1,ended ran:ok saved",
        "stop 0 Engine hung | report 0 ok +claim",
    );
    stops(
        "sight:said=1 wait:20m sight:said=1 ran:stopped saved saved",
        "stop 0 Engine stalled | report 0 stalled +claim",
    );
    stops("sight:said=1,repeats=8 ran:ok saved", "stop 0 Engine looping | report 0 ok +claim");
}
