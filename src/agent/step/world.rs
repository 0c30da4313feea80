//! An agent and its queue for the tests of the step: words in, acts out, against a state that the real law makes.

use super::words::{Act, At, Happening, Sight};
use super::{is_done, step};
use crate::agent::desk::{Desk, Until};
use crate::agent::place::Workspace;
use crate::agent::work::{Prepared, RunEnd, Saved, Work};
use crate::engine::RunKind;
use crate::fleet::{
    Actor, ActorKind, Claimant, Command, Ending, EngineOffer, NOT_SHIPPED, Now, Order, PauseMode, State,
    Submission, Window, handle,
};
use crate::job::{
    Autoship, BlobId, CapabilitySet, EngineClass, Epoch, HolderId, JobId, Outcome, Rev, ShipKind, Spec,
    Stage, Usage,
};
use crate::time::{Span, Stamp};

/// An agent of two slots, and the queue it works on.
pub(super) struct World {
    pub desk: Desk,
    pub state: State,
    pub now: u64,
    verify: bool,
    setup: bool,
}

fn claimant() -> Claimant {
    let engines =
        vec![EngineOffer { name: "shell".to_string(), class: EngineClass::Script, accounts: Vec::new() }];
    Claimant { holder: HolderId::new("me"), capabilities: CapabilitySet::default(), engines }
}

impl World {
    pub fn new() -> World {
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
    pub fn word(&mut self, word: &str) -> String {
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
            "capped" => {
                self.law(Command::SetCeiling {
                    ceiling: Some(1_000_000),
                    window: Window::Total,
                    lifts: false,
                });
                return self.happen(Happening::Moved);
            }
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
            let ended = orders.iter().find_map(|order| match &order.command {
                Command::End { ending, .. } => Some(ending.outcome.name()),
                _ => None,
            });
            let told = ended.or(orders.first().map(|order| order.command.name()));
            format!("report {slot} {}{}", told.unwrap_or("nothing"), if *claim { " +claim" } else { "" })
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
