//! The sheet of a verb at the command line: its question and what a person must know first.

use super::consent::Sheet;
use crate::agent::{Wanted, change};
use crate::board::Local;
use crate::cli::frame::{CliError, Context};
use crate::fleet::{Action, Job, State};
use crate::insight::{counts, stakes};
use crate::time::Stamp;

/// Its title, unless the id says as much.
fn title_of(job: &Job) -> &str {
    if job.spec.title.is_empty() { job.id.as_str() } else { &job.spec.title }
}

/// The sheet of one verb and its jobs: all of it for one, counts for several.
pub fn sheet(verb: &str, action: Action, state: &State, jobs: &[&Job], now: Stamp) -> Sheet {
    match jobs {
        [job] => Sheet {
            head: format!(
                "{verb} {} ({}, {} {})",
                job.id,
                title_of(job),
                job.stage,
                now.since(job.since).age()
            ),
            rows: stakes(action, state, job, now),
            words: Vec::new(),
        },
        _ => Sheet {
            head: format!("{verb} {} jobs: {}", jobs.len(), counts(jobs)),
            rows: jobs.iter().take(10).map(|job| ("", format!("{} {}", job.id, title_of(job)))).collect(),
            words: Vec::new(),
        },
    }
}

/// How much the one job that is to be passed on has changed, as far as git can tell.
///
/// # Errors
/// A fault of the queue.
pub fn changed(
    cx: &Context,
    board: &Local,
    action: Action,
    jobs: &[&Job],
) -> Result<Option<(&'static str, String)>, CliError> {
    let ([job], Action::Approve | Action::Promote | Action::Ship) = (jobs, action) else { return Ok(None) };
    let wanted = Wanted::default();
    // What cannot be told keeps nobody from deciding; the diff itself says why.
    let Ok(change) = cx.wait(change(board, job, &wanted))? else { return Ok(None) };
    let (files, plus, minus) = (change.stat.files, change.stat.insertions, change.stat.deletions);
    let text = format!(
        "{}, +{plus} -{minus}{}; look: aq diff {}",
        if files == 1 { "1 file".to_string() } else { format!("{files} files") },
        match change.hidden_lines() {
            0 => String::new(),
            n => format!("; hides characters: {n} line{}", if n == 1 { "" } else { "s" }),
        },
        job.id
    );
    Ok(Some(("changes", text)))
}
