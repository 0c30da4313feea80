//! A queue made by a line of script, for the tests of this room.

use crate::fleet::{
    Actor, ActorKind, Claimant, Command, Ending, EngineOffer, NOT_SHIPPED, Now, Order, ParkReason, PauseMode,
    State, Submission, Window, handle,
};
use crate::fleet::{Event, Job};
use crate::job::{
    Autoship, BlobId, CapabilitySet, EngineClass, HolderId, JobId, Outcome, Priority, Rev, ReviewRule, Spec,
    Usage, parse_usd,
};
use crate::time::{Span, Stamp};

/// A state and how it came about.
pub(super) struct Scene {
    pub state: State,
    pub events: Vec<Event>,
    at: Stamp,
}

impl Scene {
    /// Runs commands separated by `|`: `job ID key=value…`, `claim`, `start ID`, `end ID OUTCOME rev=R`, `settle ID rev=R`,
    /// `pass 5m`, `cancel ID`, `ask ID`, `park ID`, `promote ID`, `ship ID`, `ship-fails ID`, `progress ID usd=N`,
    /// `ceiling N`, `suspend ID`, `pause`, `resume`.
    pub fn script(text: &str) -> Scene {
        let start = Stamp::parse_rfc3339("2026-10-02T12:00:00Z").expect("a time");
        let mut scene = Scene { state: State::default(), events: Vec::new(), at: start };
        for line in text.split('|') {
            scene.line(line.trim());
        }
        scene
    }

    pub fn now(&self) -> Now {
        Now { law: self.at, wall: self.at }
    }

    pub fn job(&self, id: &str) -> &Job {
        self.state.jobs.get(id).expect("a job of the script")
    }

    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let id = JobId::from(words.get(1).copied().unwrap_or_default());
        let epoch = self.state.job(&id).map_or(0, |job| job.epoch);
        let fields: Vec<(&str, &str)> = words.iter().filter_map(|w| w.split_once('=')).collect();
        let rev = fields.iter().find(|f| f.0 == "rev").map(|f| Rev::from(f.1));
        let job = id.clone();
        match words[0] {
            "pass" => self.at = self.at.plus(words[1].parse::<Span>().expect("a span")),
            "job" => self.act(submit(id, &fields)),
            "claim" => self.act(Command::Claim { who: Box::new(claimant()) }),
            "start" => {
                self.act(Command::Start { job, epoch, engine: "shell".into(), run: "r".into(), base: None })
            }
            "end" => self.act(Command::End { job, epoch, ending: Box::new(ending(words[2], &fields, rev)) }),
            "settle" => {
                let (run, usage) = ("r".to_string(), Usage::default());
                self.act(Command::Settle { job, attempt: 1, run, usage, rev });
            }
            "verify" => self.act(Command::Verify { job, epoch, passed: true, rev, took: Span::from_secs(1) }),
            "cancel" => self.act(Command::Cancel { job }),
            "ask" => self.act(Command::Ask { job, epoch, question: BlobId::from("q") }),
            "park" => self.act(Command::Park { job, until: None, reason: ParkReason::Operator }),
            "promote" => self.act(Command::Promote { job }),
            "ship" => {
                self.act(Command::ShipStart {
                    job: job.clone(),
                    holder: HolderId::from("here/1"),
                    rev: rev.clone(),
                });
                let epoch = epoch + 1;
                self.act(Command::ShipDone { job, epoch, how: "branch".into(), rev });
            }
            "ship-fails" => {
                let holder = HolderId::from("here/1");
                self.act(Command::ShipStart { job: job.clone(), holder, rev });
                let (epoch, reason) = (epoch + 1, format!("{NOT_SHIPPED}: trunk has uncommitted changes"));
                self.act(Command::ShipFail { job, epoch, reason, conflict: false });
            }
            "progress" => {
                let micro_usd = fields.iter().find(|f| f.0 == "usd").and_then(|f| parse_usd(f.1));
                let usage = Some(Usage { micro_usd, ..Usage::default() });
                self.act(Command::Progress { job, epoch, word: "working".into(), usage });
            }
            "ceiling" => {
                self.act(Command::SetCeiling {
                    ceiling: parse_usd(words[1]),
                    window: Window::Total,
                    lifts: false,
                });
            }
            "cap" => {
                let (engine, ceiling) = (words[1].to_string(), parse_usd(words[2]));
                self.act(Command::SetEngineCeiling { engine, ceiling });
            }
            "suspend" => self.act(Command::Suspend { jobs: vec![job] }),
            "resume" => self.act(Command::Resume {}),
            "pause" => self.act(Command::Pause { mode: PauseMode::Drain, until: None }),
            other => panic!("no such line: {other}"),
        }
    }

    fn act(&mut self, command: Command) {
        let order = Order::new(Actor::new(ActorKind::Person, "ann@here"), command);
        let now = self.now();
        let events = handle(&mut self.state, &order, now).expect("lawful");
        self.events.extend(events);
    }
}

fn submit(id: JobId, fields: &[(&str, &str)]) -> Command {
    let mut spec = Spec::titled(id.as_str());
    spec.engine = Some("shell".into());
    for (name, value) in fields {
        match *name {
            "priority" => {
                let all = [Priority::Critical, Priority::High, Priority::Medium, Priority::Low];
                spec.priority =
                    all.into_iter().find(|p| format!("{p:?}").eq_ignore_ascii_case(value)).expect("a class");
            }
            "deps" => spec.deps = value.split(',').map(str::to_string).collect(),
            "lock" => spec.lock = Some((*value).to_string()),
            "cap" => spec.capabilities = vec![value.parse().expect("a capability")].into(),
            "engine" => spec.engine = Some((*value).to_string()),
            "class" => (spec.engine, spec.engine_class) = (None, Some(EngineClass::Script)),
            "budget" => spec.budget.micro_usd = parse_usd(value),
            "autoship" => spec.autoship = Autoship::Verified,
            "review" => spec.review = ReviewRule { approvals: 1, ..ReviewRule::default() }.into(),
            other => panic!("no such field: {other}"),
        }
    }
    let new = Submission { job: id, spec, body: BlobId::from("b"), effective: BlobId::from("e"), file: None };
    Command::Submit { new: Box::new(new), parent: None }
}

fn ending(outcome: &str, fields: &[(&str, &str)], rev: Option<Rev>) -> Ending {
    let number = |name: &str| fields.iter().find(|f| f.0 == name).and_then(|f| f.1.parse().ok());
    let usage = Usage { tokens: number("tokens"), micro_usd: number("micro"), ..Usage::default() };
    Ending {
        outcome: Outcome::parse(outcome).expect("an outcome"),
        reason: outcome.into(),
        usage,
        rev,
        until: fields.iter().find(|f| f.0 == "until").and_then(|f| Stamp::parse_rfc3339(f.1)),
        window: fields.iter().find(|f| f.0 == "window").map(|f| f.1.to_string()),
        engine_fault: false,
        insight: crate::job::Insight { outside: number("outside"), ..crate::job::Insight::default() },
    }
}

/// A host that offers shell on Linux.
pub(super) fn claimant() -> Claimant {
    let mut capabilities = CapabilitySet::default();
    capabilities.offer("os", "linux");
    let engines =
        vec![EngineOffer { name: "shell".into(), class: EngineClass::Script, accounts: Vec::new() }];
    Claimant { holder: HolderId::from("here/1"), capabilities, engines }
}
