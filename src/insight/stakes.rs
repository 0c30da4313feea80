//! What is lost, kept and waited for when a job is acted on, in words.

use super::impact::{BEHIND_MOST, behind, behind_all};
use super::level::undo_runs_again;
use super::needs::requeue_verb;
use super::pull_request::pr_left_open;
use crate::fleet::{Action, Event, Job, State, What};
use crate::job::{Autoship, JobId, Rev, Seq, ShipKind, Stage, usd};
use crate::time::Stamp;

/// Waiting jobs named before the rest is only counted.
const WAITERS_SHOWN: usize = 2;

/// The first seven digits of a revision, or `nothing`.
pub fn short_rev(rev: Option<&Rev>) -> &str {
    rev.map_or("nothing", |rev| rev.as_str().get(..7).unwrap_or(rev.as_str()))
}

/// What is said behind the words for what was done where the job got the text of its edited file with it.
pub fn with_text(events: &[(Seq, Event)]) -> &'static str {
    match events.iter().any(|row| matches!(row.1.what, What::JobSuperseded { .. })) {
        true => ", with its file's new text",
        false => "",
    }
}

/// `9 queued, 5 building`.
pub fn counts(jobs: &[&Job]) -> String {
    let count = |stage: Stage| jobs.iter().filter(|job| job.stage == stage).count();
    let stages = crate::job::STAGES.iter().map(|row| (count(row.0), row.1)).filter(|row| row.0 > 0);
    stages.map(|(n, name)| format!("{n} {name}")).collect::<Vec<_>>().join(", ")
}

/// What is lost and kept, who waits, what it cost and how to come back: label and text.
pub fn stakes(action: Action, state: &State, job: &Job, now: Stamp) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    match action {
        Action::Approve | Action::Promote | Action::Ship => {
            let proof = match job.proof() {
                _ if job.unsaved().is_some() => "none: there is nothing to look at",
                crate::job::Proof::Verified => "verify passed on this very tree",
                crate::job::Proof::Unproven => "UNPROVEN: no verify passed on this tree",
            };
            let head = job.head.as_ref().and_then(|head| head.rev.as_ref());
            let work = match (head, job.unsaved()) {
                (Some(rev), _) => format!("{} on aq/job/{}", short_rev(Some(rev)), job.id),
                (None, Some(why)) => why.to_string(),
                (None, None) if job.spec.worktree && job.attempts.is_empty() => {
                    "that of its parts".to_string()
                }
                (None, None) => "no revision: checkpoints are off, it works in its folder".to_string(),
            };
            rows.push(("work", work));
            rows.push(("proof", proof.to_string()));
            rows.push(("approvals", approvals(job)));
            match job.unsaved() {
                Some(_) => {
                    rows.push(("then", format!("nothing before it is saved: aq risk rescue {}", job.id)))
                }
                None => rows.extend(goes(action, job)),
            }
        }
        _ if job.stage.is_held() => {
            let lost = job.open_attempt().map_or("its place at an agent".to_string(), |attempt| {
                let (word, since, _) = &attempt.word;
                format!("the turn in flight: {word}, {} ago", now.since(*since).age())
            });
            rows.push(("lost", lost));
        }
        _ => {}
    }
    if let Some((rev, _)) = &job.checkpoint {
        rows.push(("kept", format!("branch aq/job/{}, log, checkpoint {}", job.id, short_rev(Some(rev)))));
    } else if job.stage.is_held() {
        rows.push(("kept", "its log; there is no checkpoint yet, one is tried when it stops".to_string()));
    }
    if let (Action::Cancel | Action::Reject, Some(left)) = (action, pr_left_open(job)) {
        rows.push(("stays", left));
    }
    if let Some(waits) = waiters(state, job) {
        rows.push(("waits", waits));
    }
    if let Some(micro) = job.spent.micro_usd {
        rows.push(("cost", format!("{} spent so far", usd(micro))));
    }
    let again = if undo_runs_again(action, job) { "; it runs again" } else { "" };
    rows.push(("back", back(action, job, job.id.as_str()) + again));
    rows
}

/// The same of several jobs, in sums.
pub fn stakes_of_all(action: Action, state: &State, jobs: &[&Job]) -> Vec<(&'static str, String)> {
    let decides = matches!(action, Action::Approve | Action::Promote | Action::Ship);
    let mut rows = Vec::new();
    let held = jobs.iter().filter(|job| job.stage.is_held()).count();
    if held > 0 && !decides {
        rows.push(("lost", format!("the {} in flight", plural(held, "turn"))));
    }
    let saved = jobs.iter().filter(|job| job.checkpoint.is_some()).count();
    let unsaved = jobs.iter().filter(|job| job.checkpoint.is_none() && job.stage.is_held()).count();
    if saved + unsaved > 0 {
        let tried = if unsaved > 0 {
            format!("; {unsaved} without a checkpoint, one is tried when they stop")
        } else {
            String::new()
        };
        rows.push(("kept", format!("logs, and branch and checkpoint of {}{tried}", plural(saved, "job"))));
    }
    let left = jobs.iter().filter(|job| pr_left_open(job).is_some()).count();
    if left > 0 && matches!(action, Action::Cancel | Action::Reject) {
        rows.push(("stays", format!("{} open", plural(left, "pull request"))));
    }
    let meant: Vec<&JobId> = jobs.iter().map(|job| &job.id).collect();
    let waiting = behind_all(state, &meant, BEHIND_MOST);
    if waiting > 0 {
        let verb = if waiting == 1 { "waits" } else { "wait" };
        rows.push(("waits", format!("{} {verb} for them", counted(waiting, "other job"))));
    }
    let spent: u64 = jobs.iter().filter_map(|job| job.spent.micro_usd).sum();
    if spent > 0 {
        rows.push(("cost", format!("{} spent so far", usd(spent))));
    }
    // One way back for all of them, or each has its own, which its own sheet tells.
    let mut back: Vec<String> = jobs.iter().map(|job| back(action, job, "JOB")).collect();
    back.sort_unstable();
    back.dedup();
    match jobs.iter().filter(|job| undo_runs_again(action, job)).count() {
        0 => {}
        1 => back.push("1 that was done runs again".to_string()),
        n => back.push(format!("{n} that were done run again")),
    }
    rows.push(("back", back.join("; ")));
    rows
}

/// Approvals given of those needed; where the gate asks for none and nobody gave a word, that.
fn approvals(job: &Job) -> String {
    match job.stage != Stage::Review && job.review_rule().approvals == 0 && job.reviews.is_empty() {
        true => "none asked for".to_string(),
        false => format!("{} of {}", job.approvals(), job.approvals_needed()),
    }
}

/// Where the job goes by a yes, and what stops it on the way.
fn goes(action: Action, job: &Job) -> Vec<(&'static str, String)> {
    let merges = job.spec.ship == ShipKind::Merge && job.spec.worktree;
    match action {
        Action::Ship if merges => vec![
            ("ships", "its branch is merged into the base (ship: merge)".to_string()),
            ("conflict", "if it meets one it goes back to review, with the reason".to_string()),
        ],
        Action::Ship if job.spec.ship == ShipKind::Pr && job.spec.worktree => vec![
            ("ships", "its pull request is opened (ship: pr)".to_string()),
            ("then", "it is shipped once that is merged".to_string()),
        ],
        Action::Ship if job.spec.worktree => {
            vec![("ships", "its branch stands as it is; nothing is merged (ship: branch)".to_string())]
        }
        Action::Ship => vec![("ships", "its work stands where it was done already".to_string())],
        Action::Approve | Action::Promote if job.met_conflict() => vec![
            ("conflict", job.why.to_string()),
            ("then", "a ship meets it again; reject it to have it done anew on what base is now".to_string()),
        ],
        Action::Approve if job.approvals() + 1 < job.approvals_needed() => {
            vec![("then", "it stays in review until the others have approved".to_string())]
        }
        _ if job.spec.autoship == Autoship::Never => {
            vec![("then", "it goes to testing, where ship ships it".to_string())]
        }
        _ if !job.is_proven() => {
            vec![(
                "then",
                "it goes to testing, where ship ships it: no rule ships what is UNPROVEN".to_string(),
            )]
        }
        _ => vec![("then", "it goes to testing and ships itself (autoship)".to_string())],
    }
}

/// Jobs that cannot start before this one.
fn waiters(state: &State, job: &Job) -> Option<String> {
    let waiting: Vec<&str> = state
        .waiters(&job.id)
        .filter(|id| state.job(id).is_some_and(|waiter| !waiter.stage.is_ended()))
        .map(crate::job::JobId::as_str)
        .collect();
    // With those that wait behind them, as the graph counts.
    let all = behind(state, &job.id, BEHIND_MOST);
    let more = all.saturating_sub(WAITERS_SHOWN.min(waiting.len()));
    let named = waiting.iter().take(WAITERS_SHOWN).copied().collect::<Vec<_>>().join(" ");
    let tail = if more > 0 { format!(" +{more}") } else { String::new() };
    let verb = if all == 1 { "waits" } else { "wait" };
    (!waiting.is_empty()).then(|| format!("{} {verb} for it: {named}{tail}", counted(all, "job")))
}

/// How many, or that there are more than were counted.
fn counted(n: usize, word: &str) -> String {
    if n >= BEHIND_MOST { format!("more than {BEHIND_MOST} {word}s") } else { plural(n, word) }
}

fn plural(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

/// How an answer reaches the next attempt. A script reads no prompt.
pub fn answer_reaches(job: &Job) -> &'static str {
    match is_script(job) {
        true => "its next attempt reads the answer from $AQ_ANSWER_FILE",
        false => "the answer goes into its next prompt",
    }
}

/// How the words of a no reach it.
pub fn words_reach(job: &Job) -> &'static str {
    match is_script(job) {
        true => "its next attempt reads your words from $AQ_HANDOFF_FILE",
        false => "your words go into its next prompt",
    }
}

/// By the engine that had it last, or that the manifest names.
fn is_script(job: &Job) -> bool {
    let last = job.attempts.last().map(|attempt| attempt.engine.as_str());
    last.or(job.spec.engine.as_deref()) == Some("shell")
}

/// The way back, with the job called `id`.
fn back(action: Action, job: &Job, id: &str) -> String {
    match action {
        Action::Approve => format!("while it is in review: aq reject {id} -m WHY"),
        Action::Promote => format!("aq reject {id} -m WHY"),
        Action::Ship => "shipped is final; a revert is a new job".to_string(),
        Action::Reject if job.stage == Stage::Failed => format!("aq redrive {id}"),
        Action::Reject if id != job.id.as_str() => "aq undo requeues it".to_string(),
        Action::Reject => format!("aq undo, or: {}", requeue_verb(job)),
        Action::Cancel => "aq undo requeues it from its last checkpoint".to_string(),
        Action::Park => format!("aq undo, or: aq unpark {id}"),
        Action::Answer => format!("none: {}", answer_reaches(job)),
        Action::Preempt | Action::Requeue => "it starts again from its last checkpoint".to_string(),
        Action::Redrive => format!("aq cancel {id}"),
        Action::Unpark | Action::Review => "aq undo".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;

    #[track_caller]
    fn check(script: &str, expected: &[&str]) {
        let scene = Scene::script(script);
        let rows = stakes(Action::Approve, &scene.state, scene.job("a"), scene.now().law);
        let said: Vec<String> = rows.iter().map(|(label, text)| format!("{label}: {text}")).collect();
        assert_eq!(said[..3.min(said.len())], *expected);
    }

    #[test]
    fn an_answer_goes_where_its_engine_reads_it() {
        let reaches = |script: &str| answer_reaches(Scene::script(script).job("a"));
        let file = "its next attempt reads the answer from $AQ_ANSWER_FILE";
        assert_eq!(reaches("job a | claim | start a | ask a"), file);
        assert_eq!(reaches("job a engine=claude"), "the answer goes into its next prompt");
    }

    #[test]
    fn what_is_decided_about_is_told_as_it_is() {
        let run = "job a | claim | start a | end a";
        let none = "proof: UNPROVEN: no verify passed on this tree";
        check(&format!("{run} ok rev=abc"), &["work: abc on aq/job/a", none, "approvals: 0 of 1"]);
        check(
            &format!("{run} unsaved"),
            &["work: unsaved", "proof: none: there is nothing to look at", "approvals: 0 of 1"],
        );
    }
}
