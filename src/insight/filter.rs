//! The filter language of `ls`, `watch` and the cockpit: which jobs a filter lets through.

use super::needs::need_in;
use super::rated::score_of;
use super::rollup::used;
use super::tags::{Aside, tags};
use super::waits::status_of;
use crate::fleet::{Claimant, Gate, Job, Now, State, gates};
use crate::job::{HolderId, Priority, Stage};
use crate::time::Span;

/// What a filter is asked about.
pub struct Scene<'a> {
    /// The queue.
    pub state: &'a State,
    /// The moment.
    pub now: Now,
    /// The hosts that are known, whose best score counts for a job in the line.
    pub hosts: &'a [Claimant],
    /// Whether a holder provably lives no more.
    pub gone: &'a dyn Fn(&HolderId) -> bool,
    /// Whether a job's file was changed while it runs.
    pub edited: &'a dyn Fn(&Job) -> bool,
    /// What else is known of jobs beside their records.
    pub aside: &'a Aside,
}

/// Terms that must all hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub(super) terms: Vec<Term>,
}

/// One term: what it asks, and whether it is asked for not to hold.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub not: bool,
    pub ask: Ask,
}

#[derive(Clone, Debug)]
pub(super) enum Ask {
    Word(String),
    Fuzzy(String),
    Regex(Box<regex::Regex>),
    Stage(Vec<Stage>),
    Status(Vec<String>),
    Engine(Vec<String>),
    Profile(Vec<String>),
    Factory(Vec<String>),
    Priority(Vec<Priority>),
    Capability(Vec<String>),
    Tag(Vec<String>),
    Lock(Vec<String>),
    NeedsMe,
    BlockedBy(Vec<String>),
    Parent(Vec<String>),
    Age(Compare, Span),
    Cost(Compare, u64),
    Score(Compare, i32),
}

/// `<`, `<=`, `>`, `>=`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Compare {
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Compare {
    fn holds<T: PartialOrd>(self, a: &T, b: &T) -> bool {
        match self {
            Compare::Less => a < b,
            Compare::AtMost => a <= b,
            Compare::More => a > b,
            Compare::AtLeast => a >= b,
        }
    }
}

impl Filter {
    /// One that lets nothing through.
    pub fn nothing() -> Filter {
        // Every job has words, and the empty one is in all of them.
        Filter { terms: vec![Term { not: true, ask: Ask::Word(String::new()) }] }
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether it names stages, and so does not mean "what is not over".
    pub fn names_stages(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.ask, Ask::Stage(_)))
    }

    /// Whether it asks about scores, for which the hosts must be known.
    pub fn asks_scores(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.ask, Ask::Score(..)))
    }

    /// Whether it asks for this tag, for which somebody must look.
    pub fn asks_tag(&self, tag: &str) -> bool {
        self.terms
            .iter()
            .any(|term| matches!(&term.ask, Ask::Tag(names) if names.iter().any(|name| name == tag)))
    }

    /// Whether it lets the job through.
    pub fn lets(&self, job: &Job, scene: &Scene<'_>) -> bool {
        self.terms.iter().all(|term| term.ask.holds(job, scene) != term.not)
    }
}

impl Ask {
    fn holds(&self, job: &Job, scene: &Scene<'_>) -> bool {
        let any = |wanted: &[String], value: &str| wanted.iter().any(|want| glob(want, value));
        match self {
            Ask::Word(word) => words_of(job).any(|text| text.to_lowercase().contains(word)),
            Ask::Fuzzy(letters) => words_of(job).any(|text| has_letters(&text.to_lowercase(), letters)),
            Ask::Regex(regex) => words_of(job).any(|text| regex.is_match(text)),
            Ask::Stage(stages) => stages.contains(&job.stage),
            Ask::Status(words) => status_of(job)
                .is_some_and(|row| words.iter().any(|word| row.0.to_lowercase().starts_with(word.as_str()))),
            Ask::Engine(names) => any(names, engine_of(job)),
            Ask::Profile(names) => any(names, &job.spec.profile),
            Ask::Factory(names) => factory_of(job).is_some_and(|host| any(names, host)),
            Ask::Priority(classes) => classes.contains(&job.spec.priority),
            Ask::Capability(keys) => {
                let demands = job.spec.capabilities.iter().map(ToString::to_string);
                demands.into_iter().any(|demand| keys.iter().any(|key| demand.starts_with(key.as_str())))
            }
            Ask::Tag(wanted) => tags(job, scene).iter().any(|tag| {
                let tag = tag.to_lowercase();
                wanted.iter().any(|want| tag == *want || tag.split(' ').next() == Some(want))
            }),
            Ask::Lock(keys) => job.spec.lock.as_deref().is_some_and(|lock| any(keys, lock)),
            Ask::NeedsMe => need_in(scene, job).is_some(),
            Ask::BlockedBy(names) => blocked_by(job, names, scene),
            Ask::Parent(names) => job.parent.as_ref().is_some_and(|p| begins(names, p.as_str())),
            Ask::Age(compare, span) => compare.holds(&scene.now.law.since(job.since), span),
            Ask::Score(compare, least) => score_of(scene.state, job, scene.now, scene.hosts)
                .is_some_and(|(_, score)| compare.holds(&score.total(), least)),
            Ask::Cost(compare, micro) => used(job).micro_usd.is_some_and(|cost| compare.holds(&cost, micro)),
        }
    }
}

/// Texts that bare words look into.
fn words_of(job: &Job) -> impl Iterator<Item = &str> {
    [job.id.as_str(), &job.spec.title, engine_of(job)].into_iter().chain(factory_of(job))
}

/// What runs it, ran it last, or is asked for.
pub(super) fn engine_of(job: &Job) -> &str {
    let leased = job.lease.as_ref().map(|lease| lease.engine.as_str()).filter(|name| !name.is_empty());
    let ran = job.attempts.last().map(|attempt| attempt.engine.as_str());
    leased.or(job.spec.engine.as_deref()).or(ran).unwrap_or_default()
}

/// The host that has it or had it last.
pub(super) fn factory_of(job: &Job) -> Option<&str> {
    let holder =
        job.lease.as_ref().map(|lease| &lease.holder).or_else(|| job.attempts.last().map(|a| &a.holder))?;
    holder.as_str().split('/').next()
}

fn blocked_by(job: &Job, names: &[String], scene: &Scene<'_>) -> bool {
    job.stage.is_waiting()
        && gates(scene.state, job, None, scene.now).iter().any(|gate| match gate {
            Gate::Dep { name, job, .. } => {
                begins(names, name) || job.as_ref().is_some_and(|id| begins(names, id.as_str()))
            }
            _ => false,
        })
}

fn begins(names: &[String], id: &str) -> bool {
    names.iter().any(|name| id.starts_with(name.as_str()))
}

/// `*` stands for anything; letter case does not count.
fn glob(pattern: &str, text: &str) -> bool {
    let text = text.to_lowercase();
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether the letters come in this order, with anything between them.
fn has_letters(text: &str, letters: &str) -> bool {
    let mut chars = text.chars();
    letters.chars().all(|letter| chars.any(|c| c == letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::{Scene as Script, claimant};
    use crate::insight::{critical_jobs, parse_filter};
    use crate::job::JobId;

    const QUEUE: &str = "job fix-login priority=high lock=db | job fix-logout deps=fix-login | job docs engine=claude | pass 3h \
         | job late review=manual | claim | start fix-login | end fix-login ok rev=r micro=6000000 tokens=5 | park docs";

    #[track_caller]
    fn check(filter: &str, expected: &str) {
        let script = Script::script(QUEUE);
        let filter = parse_filter(&[filter.to_string()]).expect("a filter");
        let hosts = [claimant()];
        let (gone, edited) = (|_: &HolderId| false, |job: &Job| job.id.as_str() == "late");
        let scene = Scene {
            state: &script.state,
            now: script.now(),
            hosts: &hosts,
            gone: &gone,
            edited: &edited,
            aside: Aside::none(),
        };
        let found: Vec<&str> = script
            .state
            .jobs
            .values()
            .filter(|job| filter.lets(job, &scene))
            .map(|job| job.id.as_str())
            .collect();
        assert_eq!(found.join(" "), expected);
    }

    #[test]
    fn what_no_known_host_can_take_is_found_by_its_tag() {
        let script = Script::script("job a cap=gpu | job b | job c engine=claude | job d cap=gpu | park d");
        let filter = parse_filter(&["tag:no-host".to_string()]).expect("a filter");
        let found = |hosts: &[Claimant]| {
            let scene = Scene {
                state: &script.state,
                now: script.now(),
                hosts,
                gone: &|_| false,
                edited: &|_| false,
                aside: Aside::none(),
            };
            let jobs = script.state.jobs.values().filter(|job| filter.lets(job, &scene));
            jobs.map(|job| job.id.as_str()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(found(&[claimant()]), "a c");
        assert_eq!(found(&[]), "", "without an agent nobody knows");
    }

    #[test]
    fn tags_of_what_no_record_says_come_from_whoever_looked() {
        let script = Script::script(
            "job a | claim | start a | end a ok rev=r outside=2 | job b deps=a | job c | claim | start c | job d \
             | claim | start d | cancel d | job e deps=a,d",
        );
        let check = |filter: &str, expected: &str| {
            let filter = parse_filter(&[filter.to_string()]).expect("a filter");
            let at_risk = ["c", "d"].map(JobId::from).into();
            let aside = Aside { at_risk, critical: critical_jobs(&script.state, script.now()) };
            let (now, hosts) = (script.now(), [claimant()]);
            let scene = Scene {
                state: &script.state,
                now,
                hosts: &hosts,
                gone: &|_| false,
                edited: &|_| false,
                aside: &aside,
            };
            let jobs = script.state.jobs.values().filter(|job| filter.lets(job, &scene));
            let found: Vec<&str> = jobs.map(|job| job.id.as_str()).collect();
            assert_eq!(found.join(" "), expected);
        };
        // A living agent saves what `c` has; whoever needs `a` and the cancelled `d` waits longest.
        check("tag:at-risk", "d");
        check("tag:scope", "a");
        check("tag:critical", "d e");
        check("-tag:critical tag:scope", "a");
    }

    #[test]
    fn terms_let_through_what_they_say() {
        check("", "docs fix-login fix-logout late");
        check("FIX", "fix-login fix-logout");
        check("fix -login", "fix-logout");
        check("stage:blocked,queued", "docs fix-logout late");
        check("!stage:queued", "fix-login fix-logout");
        check("engine:cl*", "docs");
        check("priority:high", "fix-login");
        check("tag:parked", "docs");
        check("tag:unproven", "fix-login");

        check("-tag:parked stage:queued", "late");
        check("lock:db", "fix-login");
        check("age>2h", "fix-logout");
        check("cost>5", "fix-login");
        check("cost<=5", "");
        check("score>1.9", "late");
        check("score<=1.5", "");
        check("!score>0 !stage:blocked", "docs fix-login");
        check("needs:me", "fix-login");
        check("blocked-by:fix-login", "fix-logout");
        check("~fxlgn", "fix-login");
        check("/log(in|out)$/", "fix-login fix-logout");
        check("factory:he*", "fix-login");
        check("profile:dev*", "docs fix-login fix-logout late");
    }
}
