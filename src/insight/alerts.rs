//! What is wrong around the jobs rather than with one of them: closed accounts, a ceiling that is near.

use std::collections::BTreeMap;

use super::awaits::has_no_host;
use super::waits::closed_words;
use crate::fleet::{Claimant, ClosedAccount, Now, State, kinds_in_line};
use crate::job::{JobId, usd};
use crate::time::{Span, Stamp};

/// Events may be this far ahead of the wall: clocks of a restored machine are set in small steps.
pub const LOG_AHEAD_MOST: Span = Span::from_secs(60);
/// From this part of a ceiling on it is told, in percent: there is still time to raise it.
const NEAR: u64 = 80;

/// What an alert is about; it is the same alert for as long as this is the same.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AlertAbout {
    /// An account takes no jobs: its name, and the window that is used up.
    Account(String, String),
    /// Jobs of the line ask for what no host has: this.
    NoHost(String),
    /// The log is ahead of the clock.
    Clock,
    /// The work of a job could not be saved where it was done.
    Unsaved(JobId),
    /// A manifest was not accepted, or an edit of one: the name of the file.
    Rejected(String),
    /// The ceiling of this engine is near, or reached.
    EngineCeiling {
        /// Its name.
        engine: String,
        /// No claim is granted it any more.
        used_up: bool,
    },
    /// The ceiling of the queue is near, or used up.
    Ceiling {
        /// No job starts any more.
        used_up: bool,
    },
}

/// Something that a person should know of before it costs a night.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alert {
    /// About what.
    pub about: AlertAbout,
    /// In words.
    pub what: String,
    /// Since when, where that is known.
    pub since: Option<Stamp>,
}

/// What is wrong now: ceilings first, then what no host has, then accounts by their name. A pause is no alert: it
/// is told over all. `hosts` are the agents that are known; with none nothing is said of what no host has.
pub fn alerts(state: &State, now: Now, hosts: &[Claimant]) -> Vec<Alert> {
    let closed = state.closed_accounts(now.wall).map(|(id, window, closure)| {
        let about = AlertAbout::Account(id.to_string(), window.to_string());
        let window = Some(window.to_string()).filter(|window| !window.is_empty());
        let it = ClosedAccount { id: id.clone(), window, closure: closure.clone() };
        let until = match closure.until {
            Some(until) => format!("until {}", until.local_hm()),
            None => "until it is opened".to_string(),
        };
        let what = format!("{} takes no jobs {until}: {}", id.engine, closed_words(&it));
        Alert { about, what, since: Some(closure.since) }
    });
    let money = ceiling(state, now).into_iter().chain(engine_ceilings(state, now));
    let around = clock(state, now).into_iter().chain(money).chain(unsaved(state));
    around.chain(no_host(state, now, hosts)).chain(closed).collect()
}

/// What jobs of the line ask for and no host has. A kind is looked at once, however many jobs are of it.
fn no_host(state: &State, now: Now, hosts: &[Claimant]) -> Vec<Alert> {
    let mut lacks: BTreeMap<String, u32> = BTreeMap::new();
    for (job, many) in kinds_in_line(state) {
        if let Some(lack) = has_no_host(state, job, now, hosts) {
            *lacks.entry(lack).or_default() += many;
        }
    }
    let one = |(lack, many): (String, u32)| {
        let jobs = if many == 1 { "1 job waits".to_string() } else { format!("{many} jobs wait") };
        Alert { what: format!("{lack}: {jobs}"), about: AlertAbout::NoHost(lack), since: None }
    };
    lacks.into_iter().map(one).collect()
}

/// A process with a wrong clock wrote into the log, or this clock is behind: no age is right.
fn clock(state: &State, now: Now) -> Option<Alert> {
    if state.at <= now.wall.plus(LOG_AHEAD_MOST) {
        return None;
    }
    let off = state.at.since(now.wall).age();
    let what = format!(
        "clock and log bad: the last event is {off} ahead of this clock, so ages are wrong: aq doctor"
    );
    Some(Alert { about: AlertAbout::Clock, what, since: None })
}

/// What could not be saved was seldom the job's fault: the next one there meets the same disk.
fn unsaved(state: &State) -> impl Iterator<Item = Alert> {
    state.unsaved().filter_map(|job| {
        let why = job.unsaved()?;
        let what = format!("{}: {why}: aq risk rescue {}", job.id, job.id);
        Some(Alert { about: AlertAbout::Unsaved(job.id.clone()), what, since: Some(job.since) })
    })
}

/// A file that somebody dropped and that is no job, or an edit of a job's own file that is not used. It is no part of
/// the state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejected {
    /// The name of the file.
    pub name: String,
    /// All that is wrong with it.
    pub problems: String,
    /// Since when.
    pub since: Option<Stamp>,
    /// It is the file of a job, which goes on with the text that it had before.
    pub edit: bool,
}

impl Rejected {
    /// What is wrong with it, as far as a line holds.
    pub fn told(&self) -> String {
        let first = self.problems.lines().next().unwrap_or_default().trim();
        // It begins with the name of the file, which is told already.
        let first = first.strip_prefix(self.name.as_str()).map_or(first, |rest| rest.trim_start_matches(':'));
        let name = &self.name;
        let stem = name.strip_suffix(".md").unwrap_or(name);
        let why = match first.trim() {
            "" => format!("see queue/rejected/{stem}.problems.txt"),
            first => first.to_string(),
        };
        match self.edit {
            true => format!("the edit of {name} is not used: {why}"),
            false => format!("{name} was rejected: {why}"),
        }
    }
}

/// An alert for each of those files.
pub fn rejected(all: &[Rejected]) -> Vec<Alert> {
    let one = |it: &Rejected| Alert {
        about: AlertAbout::Rejected(it.name.clone()),
        what: it.told(),
        since: it.since,
    };
    all.iter().map(one).collect()
}

fn ceiling(state: &State, now: Now) -> Option<Alert> {
    let (ceiling, spent) = (state.product.ceiling?, state.spent_in_window(now.wall));
    let part = spent.saturating_mul(100) / ceiling.max(1);
    let used_up = spent >= ceiling;
    if part < NEAR || state.product.paused.is_some() {
        return None;
    }
    let what = match used_up {
        true => format!("the ceiling of {} is used up: no job starts", usd(ceiling)),
        false => format!("{part} % of the ceiling of {} is spent", usd(ceiling)),
    };
    Some(Alert { about: AlertAbout::Ceiling { used_up }, what, since: None })
}

/// Engines near their own ceilings, by name.
fn engine_ceilings(state: &State, now: Now) -> impl Iterator<Item = Alert> {
    state.product.engines.iter().filter_map(move |(engine, money)| {
        let (ceiling, spent) = (money.ceiling?, money.spent_in(state.product.window, now.wall));
        let part = spent.saturating_mul(100) / ceiling.max(1);
        let used_up = spent >= ceiling;
        let what = match used_up {
            true => format!("{engine} is routed around: {} of {} is spent", usd(spent), usd(ceiling)),
            false => format!("{part} % of the ceiling of {engine}, {}, is spent", usd(ceiling)),
        };
        let since = money.reached.filter(|_| used_up);
        let about = AlertAbout::EngineCeiling { engine: engine.to_string(), used_up };
        (used_up || part >= NEAR).then_some(Alert { about, what, since })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::{Scene, claimant};

    #[track_caller]
    fn check(script: &str, expected: &str) {
        let scene = Scene::script(script);
        let said: Vec<String> =
            alerts(&scene.state, scene.now(), &[claimant()]).into_iter().map(|it| it.what).collect();
        assert_eq!(said.join(" | "), expected);
    }

    #[test]
    fn what_no_host_has_is_told_once_for_all_jobs_that_ask_for_it() {
        check("job a cap=gpu", "no host has gpu: 1 job waits");
        check(
            "job a cap=gpu | job b cap=gpu priority=high | job c engine=claude | job d",
            "no host has claude: 1 job waits | no host has gpu: 2 jobs wait",
        );
        check("job a cap=gpu | park a", "");
        let scene = Scene::script("job a cap=gpu");
        assert_eq!(alerts(&scene.state, scene.now(), &[]), [], "without an agent nobody knows");
    }

    #[test]
    fn a_disk_that_took_no_work_is_told_until_the_work_is_saved() {
        let script = "job a | claim | start a | end a unsaved";
        check(script, "a: unsaved: aq risk rescue a");
        check(&format!("{script} | settle a rev=abc"), "");
    }

    #[test]
    fn what_was_rejected_is_told_by_its_first_problem() {
        let told = |problems: &str, edit: bool| {
            let (name, problems) = ("a.md".to_string(), problems.to_string());
            rejected(&[Rejected { name, problems, since: None, edit }])[0].what.clone()
        };
        let problems = "a.md:2:1: unknown field \"verfy\"\n    verfy: make\n";
        assert_eq!(told(problems, false), "a.md was rejected: 2:1: unknown field \"verfy\"");
        assert_eq!(told(problems, true), "the edit of a.md is not used: 2:1: unknown field \"verfy\"");
        assert_eq!(told("", false), "a.md was rejected: see queue/rejected/a.problems.txt");
    }

    #[test]
    fn a_log_ahead_of_the_clock_is_told() {
        let scene = Scene::script("job a | pass 3h | job b");
        let wall = |back: u64| Stamp::from_millis(scene.now().wall.as_millis() - back.cast_signed());
        let said = |back: u64| alerts(&scene.state, Now { wall: wall(back), ..scene.now() }, &[]).len();
        assert_eq!((said(0), said(59_000), said(61_000)), (0, 0, 1));
    }

    #[test]
    fn the_ceiling_of_an_engine_is_told_too() {
        let spent = |usd: &str| format!("cap shell 5 | job a | claim | start a | progress a usd={usd}");
        check(&spent("2"), "");
        check(&spent("4.2"), "84 % of the ceiling of shell, $5.00, is spent");
        check(&spent("5"), "shell is routed around: $5.00 of $5.00 is spent");
        check(&format!("{} | cap shell none", spent("5")), "");
    }

    #[test]
    fn a_ceiling_is_told_when_it_is_near() {
        let spent = |usd: &str| format!("job a | claim | start a | progress a usd={usd}");
        check("job a", "");
        check(&format!("ceiling 5 | {}", spent("2")), "");
        check(&format!("ceiling 5 | {}", spent("4.2")), "84 % of the ceiling of $5.00 is spent");
        check(&format!("ceiling 1 | {}", spent("2")), "");
        let used_up = "the ceiling of $1.00 is used up: no job starts";
        check(&format!("ceiling 1 | {} | resume", spent("2")), used_up);
    }
}
