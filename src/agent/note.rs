//! What an engine is told: persona, hand-off from earlier attempts, and the job's own text. Pure.

use std::fmt::Write as _;

use super::rework::Aside;
use crate::fleet::{Attempt, Job};
use crate::git::{DiffStat, Subject};

/// Lines of an earlier attempt's output that a hand-off quotes.
const TAIL_LINES: usize = 20;
/// Files that a hand-off names.
const FILES_MOST: usize = 30;

/// What earlier attempts left, as far as this host can see.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// Commits of the job's branch and checkpoints, newest first.
    pub commits: Vec<Subject>,
    /// How the tree differs from the base.
    pub stat: Option<DiffStat>,
    /// The end of the last attempt's output.
    pub tail: String,
    /// Questions and what a person answered.
    pub answers: Vec<(String, String)>,
    /// A reviewer's words.
    pub rejections: Vec<String>,
    /// What its pull request wants changed.
    pub requests: Vec<String>,
    /// Accepted work that this attempt does not begin with.
    pub aside: Option<Aside>,
}

/// How an engine reaches aq from inside its run. It rides in the prompt, ahead of the task: a file would have to
/// stand in the worktree, where it would be work, or in the user's home, which is not ours.
pub(super) const SKILL: &str = include_str!("skill.md");
/// Stands in the skill for the program of this aq: a login shell forgets the search path it was given.
pub(super) const SKILL_PROGRAM: &str = "AQ_PROGRAM";

/// The whole prompt. Attempts before this one make a hand-off note, ahead of the job's text.
pub(super) fn prompt(persona: &str, skill: &str, job: &Job, text: &str, before: &Before) -> String {
    let mut out = String::new();
    if !persona.trim().is_empty() {
        let _ = writeln!(out, "{}\n", persona.trim());
    }
    if !skill.is_empty() {
        let _ = writeln!(out, "{}\n", skill.trim());
    }
    let note = hand_off(job, before);
    if !note.is_empty() {
        let left = "What is left: whatever of the task below is not done and proven yet.";
        let _ = writeln!(out, "{note}\n{left}\n\n# The task\n");
    }
    out.push_str(text);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// What earlier attempts and people have left for this one; empty where there is nothing.
pub(super) fn hand_off(job: &Job, before: &Before) -> String {
    let mut out = String::new();
    let ended: Vec<&Attempt> = job.attempts.iter().filter(|a| a.ended.is_some()).collect();
    if ended.is_empty()
        && before.answers.is_empty()
        && before.rejections.is_empty()
        && before.requests.is_empty()
    {
        return out;
    }
    let _ = writeln!(out, "# Hand-off\n\nYou continue work that others began. The goal is the task below.\n");
    for attempt in &ended {
        let how = attempt.outcome.map_or("lost its lease", |o| o.name());
        let _ = writeln!(out, "- attempt {} ({}): {how}: {}", attempt.no, attempt.engine, attempt.reason);
    }
    if let Some((passed, _)) = ended.last().and_then(|a| a.verified.as_ref()) {
        let _ = writeln!(out, "- the last verify {}", if *passed { "passed" } else { "failed" });
    }
    if !before.commits.is_empty() {
        let _ = writeln!(out, "\n## Done so far\n");
        for commit in &before.commits {
            let _ = writeln!(out, "- {}", commit.text);
        }
    }
    if let Some(stat) = before.stat.as_ref().filter(|stat| stat.files > 0) {
        let _ = writeln!(out, "\n{} files, +{} -{}:", stat.files, stat.insertions, stat.deletions);
        for path in stat.paths.iter().take(FILES_MOST) {
            let _ = writeln!(out, "- {}", path.display());
        }
    }
    if !before.tail.trim().is_empty() {
        let lines: Vec<&str> = before.tail.trim_end().lines().collect();
        let last = &lines[lines.len().saturating_sub(TAIL_LINES)..];
        let _ = writeln!(out, "\n## The end of the last output\n\n```text\n{}\n```", last.join("\n"));
    }
    if let Some(aside) = &before.aside {
        out.push_str(&set_aside(aside));
    }
    for words in &before.rejections {
        let _ = writeln!(out, "\n## A reviewer said no\n\n{words}");
    }
    for words in &before.requests {
        let _ = writeln!(out, "\n## The pull request of this work was not accepted\n\n{words}");
    }
    for (question, answer) in &before.answers {
        let _ = writeln!(out, "\n## You asked\n\n{question}\n\n## The answer\n\n{answer}");
    }
    out
}

/// Where the accepted work is, and how to take over from it.
fn set_aside(aside: &Aside) -> String {
    let Aside { attempt, from, to, base, .. } = aside;
    let range = from.as_ref().map_or(to.to_string(), |from| format!("{from}..{to}"));
    let mut out = format!(
        "\n## Work that was set aside\n\nThe accepted work of attempt {attempt} conflicts with {base} as it is now. The files here are those of\n{base}: begin anew on them. The work is kept in the commits {range}.\nTake over what is still good:\n\n"
    );
    if let Some(from) = from {
        // A range of checkpoints may hold merges, which a cherry-pick refuses; a patch is always one.
        let _ = writeln!(out, "    git log -p {from}..{to}");
        let _ = writeln!(out, "    git diff --binary {from} {to} | git apply --3way");
    } else {
        let _ = writeln!(out, "    git show {to}");
    }
    out
}
