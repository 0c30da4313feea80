//! What a pull request says: the job's title, what was done and how it is proven. Never the prompt. Pure.

use std::fmt::Write as _;

use crate::fleet::{Attempt, Job};
use crate::git::{DiffStat, Subject};
use crate::job::Proof;

/// Commits that a body names; the forge lists them all anyway.
const COMMITS_MOST: usize = 20;
/// The forge takes titles of up to 256 characters.
const TITLE_MOST: usize = 200;

/// A pull request to be opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::agent) struct Request {
    pub title: String,
    pub body: String,
    /// The branch it goes into; `None` is the forge's default.
    pub base: Option<String>,
}

/// The request of a job. `verify` is the command that proved it.
pub(in crate::agent) fn request(
    job: &Job,
    base: Option<String>,
    verify: Option<&str>,
    commits: &[Subject],
    stat: Option<&DiffStat>,
) -> Request {
    let title: String = job.spec.title.chars().filter(|c| !c.is_control()).take(TITLE_MOST).collect();
    let mut body = String::new();
    // Checkpoints are aq's own and say nothing; what the engine committed itself does.
    let own = format!("{}: ", job.spec.title);
    let told: Vec<&str> =
        commits.iter().map(|commit| commit.text.as_str()).filter(|text| !text.starts_with(&own)).collect();
    for text in told.iter().rev().take(COMMITS_MOST) {
        let _ = writeln!(body, "- {text}");
    }
    if !told.is_empty() {
        body.push('\n');
    }
    if let Some(stat) = stat {
        let DiffStat { files, insertions, deletions, .. } = stat;
        let _ = writeln!(body, "{files} files, +{insertions} -{deletions}");
    }
    let proof = match (job.proof(), verify) {
        (Proof::Verified, Some(command)) => {
            format!("verified by `{}`", command.lines().next().unwrap_or_default())
        }
        (Proof::Verified, None) => "verified".to_string(),
        (Proof::Unproven, _) => "not verified: no check has proven it yet".to_string(),
    };
    let by = job
        .attempts
        .last()
        .map(|last| format!(" by {}", made_by(last, job.attempts.len())))
        .unwrap_or_default();
    let _ = writeln!(body, "Made{by}, {proof}.");
    if let Some(item) = &job.spec.tracker_item {
        let _ = writeln!(body, "\nTracker: {item}");
    }
    let _ = writeln!(body, "\nJob `{}` of aq.", job.id);
    Request { title, body, base }
}

fn made_by(attempt: &Attempt, attempts: usize) -> String {
    match attempts {
        1 => attempt.engine.clone(),
        n => format!("{} in {n} attempts", attempt.engine),
    }
}
