//! The state of this queue in a few lines: counts per stage, what needs you, files not taken in, where it is.

use serde::Serialize;

use super::frame::{CliError, Context, Envelope, Exit, Role, role_of, sign_of};
use super::scene::hosts;
use crate::board::{Board as _, Purpose};
use crate::engine::is_gone;
use crate::fleet::State;
use crate::insight::{Aside, Scene, awaits_engines, halt, needs_you};
use crate::job::STAGES;
use crate::store::Place;

#[derive(Serialize)]
struct Summary {
    queue: String,
    stages: Vec<StageCount>,
    archived: usize,
    needs_you: usize,
    new_files: usize,
    paused: Option<String>,
}

#[derive(Serialize)]
struct StageCount {
    stage: &'static str,
    jobs: usize,
}

/// Shows it. Where there is no queue, that is said and is no error.
///
/// # Errors
/// A fault if the queue is there but cannot be read.
pub(super) fn show(cx: &mut Context) -> Result<(), CliError> {
    match cx.place() {
        Ok(_) => {}
        Err(error) if error.exit == Exit::NotFound && !cx.out.is_json() => {
            cx.out.line(&error.what)?;
            return error.next.iter().try_for_each(|line| cx.out.line(&format!("  {line}")));
        }
        Err(error) => return Err(error),
    }
    let board = cx.local(Purpose::Read)?;
    let (state, place) = (board.snapshot(), board.place().clone());
    let new_files = new_files(&place, &state);
    if cx.out.is_json() {
        let data = gather(&state, &place, count_of_needs(&state, cx), new_files);
        let envelope = Envelope::new("summary", cx.wall(), state.seq, board.source(), data);
        return cx.out.json(&envelope);
    }
    cx.out.line(&format!("queue {}", place.queue.display()))?;
    let counts: Vec<String> = STAGES
        .iter()
        .filter(|row| state.count(row.0) > 0)
        .map(|row| {
            let text = format!("{} {} {}", sign_of(row.0, cx.out.ascii()), state.count(row.0), row.1);
            cx.out.paint(role_of(row.0), &text)
        })
        .collect();
    match counts.is_empty() {
        true => cx.out.painted("no jobs; drop a markdown file into its inbox/")?,
        false => cx.out.painted(&counts.join("  "))?,
    }
    let needs = count_of_needs(&state, cx);
    if needs > 0 {
        let text = format!("{needs} {} you: aq next", if needs == 1 { "needs" } else { "need" });
        let text = cx.out.paint(Role::Human, &text);
        cx.out.painted(&text)?;
    }
    if let Some(halt) = halt(&state, cx.now(&state)) {
        cx.out.line(&format!("{}. go on: {}", halt.what, halt.verb))?;
    }
    if new_files > 0 {
        let files = if new_files == 1 { "1 new file waits" } else { &format!("{new_files} new files wait") };
        cx.out.painted(&format!("{files} for an agent: aq agent"))?;
    }
    Ok(())
}

/// As many as `aq next` lists.
fn count_of_needs(state: &State, cx: &Context) -> usize {
    let hosts = if awaits_engines(state) { hosts(cx).unwrap_or_default() } else { Vec::new() };
    needs_you(&Scene {
        state,
        now: cx.now(state),
        hosts: &hosts,
        gone: &is_gone,
        edited: &|_| false,
        aside: Aside::none(),
    })
    .len()
}

fn gather(state: &State, place: &Place, needs_you: usize, new_files: usize) -> Summary {
    Summary {
        queue: place.queue.display().to_string(),
        stages: STAGES.iter().map(|row| StageCount { stage: row.1, jobs: state.count(row.0) }).collect(),
        archived: state.tombs.len(),
        needs_you,
        new_files,
        paused: state.product.paused.as_ref().map(|paused| paused.1.clone()),
    }
}

/// Manifests in inbox that belong to no waiting job. A look without the lock, so a file on its way may
/// be counted; nothing is decided by it.
fn new_files(place: &Place, state: &State) -> usize {
    let mut owned = std::collections::HashSet::new();
    for job in state.jobs.values().filter(|job| job.stage.is_waiting()) {
        let name = job.file.as_deref().map_or_else(|| format!("{}.md", job.id), str::to_string);
        // A name that was taken already got the id behind it.
        let stem = name.strip_suffix(".md").unwrap_or(&name);
        owned.insert(format!("{stem}~{}.md", job.id));
        owned.insert(name);
    }
    let Ok(entries) = std::fs::read_dir(place.queue.join("inbox")) else { return 0 };
    let names = entries.flatten().filter(|e| e.file_type().is_ok_and(|kind| kind.is_file()));
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|n| n.ends_with(".md") && !n.starts_with(['.', '#']) && !owned.contains(n)).count()
}
