//! What a person can act on now, and with which verb.

use super::filter::Scene;
use super::impact::{BEHIND_MOST, behind};
use super::pull_request::pr_words;
use crate::fleet::{Claimant, Gate, Job, Now, ParkReason, State, gates};
use crate::job::{Autoship, JobId, Priority, Stage};
use crate::time::{Span, Stamp};

/// Weight of a decision about work that is done.
const DECIDES: u64 = 80;
/// What is needed of a person where an agent is gone: what it did since its last checkpoint stands in a worktree
/// alone.
pub const AGENT_GONE: &str = "agent gone";
/// The same of a job whose run goes on: what it costs is counted by the agent that takes it up.
pub const RUNS_ON: &str = "no agent, runs on";
/// Weight of work that no commit holds: whoever clears the worktree away loses it.
const UNSAVED: u64 = 90;
/// Weight of work that may be lost: it goes before what is lost already.
const RISKS: u64 = 60;

/// Something that waits for a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Need {
    /// The job.
    pub job: JobId,
    /// What is needed, in a few words.
    pub what: String,
    /// Since when.
    pub since: Stamp,
    /// The command that answers it.
    pub verb: String,
    /// How many jobs wait behind it, directly or not.
    pub behind: usize,
    /// Orders the list: what decides comes before what was lost, then jobs behind, class and age.
    pub score: u64,
}

/// Every need, best score first: one per job. Whoever tells how much needs a person tells how many these are.
pub fn needs_you(scene: &Scene<'_>) -> Vec<Need> {
    let mut found: Vec<Need> = scene.state.jobs.values().filter_map(|job| need_in(scene, job)).collect();
    found.sort_by(|a, b| b.score.cmp(&a.score).then(a.since.cmp(&b.since)).then(a.job.cmp(&b.job)));
    found
}

/// What this job needs of a person, if anything, also because whoever held it is gone.
pub fn need_in(scene: &Scene<'_>, job: &Job) -> Option<Need> {
    let left_alone = || {
        let holder = &job.lease.as_deref()?.holder;
        let risk = || (RISKS, AGENT_GONE.to_string(), "aq risk".to_string());
        let (weight, what, verb) = (scene.gone)(holder).then(risk)?;
        Some(weighed(scene.state, job, scene.now, weight, what, verb))
    };
    need_of(scene.state, job, scene.now, scene.hosts).or_else(left_alone)
}

/// What this job needs of a person by what the log alone says. `hosts` are the agents that are known; with none
/// nothing is said of what no host can take.
pub fn need_of(state: &State, job: &Job, now: Now, hosts: &[Claimant]) -> Option<Need> {
    let (weight, what, verb) = what_of(state, job, now).or_else(|| stuck(state, job, now, hosts))?;
    Some(weighed(state, job, now, weight, what, verb))
}

/// A review by an engine that no host can take: what no engine can say, a person can.
fn stuck(state: &State, job: &Job, now: Now, hosts: &[Claimant]) -> Option<(u64, String, String)> {
    let why = super::explain::stuck_reviews(state, job, now, hosts);
    let verb = format!("aq approve {}{}", job.id, rev_flag(job));
    (!why.is_empty()).then(|| (DECIDES, format!("review, stuck: {}", why.join("; ")), verb))
}

fn weighed(state: &State, job: &Job, now: Now, weight: u64, what: String, verb: String) -> Need {
    let behind = behind(state, &job.id, BEHIND_MOST);
    let class = match job.spec.priority {
        Priority::Critical => 30,
        Priority::High => 10,
        Priority::Medium => 5,
        Priority::Low => 0,
    };
    // One point per job behind and per hour of waiting, both bounded so that neither drowns the rest.
    let age = now.law.since(job.since).as_millis() / Span::from_mins(60).as_millis();
    let score = weight + behind.min(50) as u64 + class + age.min(24);
    Need { job: job.id.clone(), what, since: job.since, verb, behind, score }
}

/// The flag that names the work as it stands; empty where there is none.
pub(super) fn rev_flag(job: &Job) -> String {
    let rev = job.head.as_ref().and_then(|head| head.rev.as_ref());
    rev.map(|rev| format!(" --rev {}", rev.as_str().get(..12).unwrap_or(rev.as_str()))).unwrap_or_default()
}

fn what_of(state: &State, job: &Job, now: Now) -> Option<(u64, String, String)> {
    let id = &job.id;
    let rev = rev_flag(job);
    if let Some(why) = job.unsaved() {
        return Some((UNSAVED, why.to_string(), format!("aq risk rescue {id}")));
    }
    match job.stage {
        Stage::Queued => match job.park.as_ref()?.reason {
            ParkReason::Asked => Some((100, "asks you".into(), format!("aq answer {id} -m TEXT"))),
            ParkReason::Vanished => Some((60, "its file vanished".into(), "aq budget resume local".into())),
            ParkReason::Backoff | ParkReason::Limit | ParkReason::NotBefore | ParkReason::Operator => None,
        },
        Stage::Blocked => {
            let found = gates(state, job, None, now);
            let name = found.iter().find_map(|gate| match gate {
                Gate::Dep { name, job: None, .. } => Some(name),
                _ => None,
            })?;
            Some((20, format!("waits for {name}, which nobody knows"), format!("aq explain {id}")))
        }
        Stage::Review => {
            // Approved again, it would meet the same conflict again.
            if super::tags::came_back(job) {
                let verb = format!("aq reject {id} --requeue -m WHY");
                let word = if super::has_conflict(job) { "conflict: " } else { "" };
                return Some((DECIDES, format!("{word}{}", job.why), verb));
            }
            let (said, open) = super::engine_reviews(state, job);
            // It does not need a person while an engine is still to speak.
            if open {
                return None;
            }
            if super::reviews::stands_against(job, job.pinned()).is_some() {
                let verb = format!("aq reject {id} --requeue -m WHY");
                return Some((DECIDES, format!("review, {}", said.join("; ")), verb));
            }
            if !said.is_empty() {
                return Some((
                    DECIDES,
                    format!("review, {}", said.join("; ")),
                    format!("aq approve {id}{rev}"),
                ));
            }
            let (have, want) = (job.approvals(), job.approvals_needed());
            Some((DECIDES, format!("review, {have} of {want} approvals"), format!("aq approve {id}{rev}")))
        }
        Stage::Testing if job.awaited_pr().is_some() => {
            let pr = job.awaited_pr()?;
            Some((50, pr_words(pr, now.law), format!("gh pr view {} --web", pr.url)))
        }
        Stage::Testing if job.ship_lease().is_none() && !job.ships_itself() => {
            let what = match job.spec.autoship {
                _ if job.failed_to_ship() => job.why.to_string(),
                Autoship::Never => "ready to ship".to_string(),
                _ => "UNPROVEN, so no rule ships it".to_string(),
            };
            Some((70, what, format!("aq ship {id}{rev}")))
        }
        Stage::Failed if &*job.why != "cancelled" => {
            Some((40, format!("failed: {}", job.why), requeue_verb(job)))
        }
        Stage::DeadLetter => Some((30, format!("dead letter: {}", job.why), format!("aq redrive {id}"))),
        _ => None,
    }
}

/// The command that sends a job back to wait, with the ceiling it has to raise.
pub fn requeue_verb(job: &Job) -> String {
    let raised = job.used_up().map(|which| format!(" --budget {which}=MORE")).unwrap_or_default();
    format!("aq requeue {}{raised}", job.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;
    use crate::job::HolderId;

    fn seen<'a>(scene: &'a Scene, gone: &'a dyn Fn(&HolderId) -> bool) -> super::Scene<'a> {
        super::Scene {
            state: &scene.state,
            now: scene.now(),
            hosts: &[],
            gone,
            edited: &|_| false,
            aside: crate::insight::Aside::none(),
        }
    }

    #[track_caller]
    fn check(script: &str, expected: &[&str]) {
        let scene = Scene::script(script);
        let needs = needs_you(&seen(&scene, &|_| false));
        let text: Vec<String> = needs.iter().map(|n| format!("{}: {} ({})", n.job, n.what, n.verb)).collect();
        assert_eq!(text, expected);
    }

    #[test]
    fn decisions_come_before_losses() {
        check("job a | job b", &[]);
        check(
            "job a | job b deps=nobody | claim | start a | end a task_failed",
            &[
                "a: failed: task_failed (aq requeue a)",
                "b: waits for nobody, which nobody knows (aq explain b)",
            ],
        );
        check(
            "job a review=manual | claim | start a | end a ok rev=abc",
            &["a: review, 0 of 1 approvals (aq approve a --rev abc)"],
        );
        check(
            "job a budget=1 | claim | start a | end a budget_exceeded micro=1200000",
            &["a: failed: budget_exceeded (aq requeue a --budget usd=MORE)"],
        );
        check(
            "job a | claim | start a | end a turns",
            &["a: failed: turns (aq requeue a --budget turns=MORE)"],
        );
        check("job a | cancel a", &[]);
    }

    #[test]
    fn a_rule_that_will_not_ship_it_leaves_it_to_a_person() {
        let proven = "claim | start a | verify a rev=abc | end a ok rev=abc";
        check(&format!("job a | {proven}"), &["a: ready to ship (aq ship a --rev abc)"]);
        check(&format!("job a autoship=verified | {proven}"), &[]);
        check(
            &format!("job a autoship=verified | {proven} | ship-fails a rev=abc"),
            &["a: not shipped: trunk has uncommitted changes (aq ship a --rev abc)"],
        );
        check(
            "job a autoship=verified review=manual | claim | start a | end a ok rev=abc | promote a",
            &["a: UNPROVEN, so no rule ships it (aq ship a --rev abc)"],
        );
    }

    #[test]
    fn work_that_could_not_be_saved_is_saved_before_anybody_decides_about_it() {
        let unsaved = "job b | claim | start b | end b ok | job a | claim | start a | end a unsaved";
        let review = |id: &str, rev: &str| format!("{id}: review, 0 of 1 approvals (aq approve {id}{rev})");
        check(unsaved, &["a: unsaved (aq risk rescue a)", &review("b", "")]);
        check(&format!("{unsaved} | settle a rev=abc"), &[&review("a", " --rev abc"), &review("b", "")]);
    }

    #[test]
    fn a_question_needs_its_answer() {
        check("job a | claim | start a | ask a", &["a: asks you (aq answer a -m TEXT)"]);
    }

    #[test]
    fn what_a_gone_agent_held_is_a_need() {
        let scene = Scene::script("job a | claim | start a");
        let all = needs_you(&seen(&scene, &|_| true));
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].what.as_str(), all[0].verb.as_str()), (AGENT_GONE, "aq risk"));
        assert!(needs_you(&seen(&scene, &|_| false)).is_empty());
    }
}
