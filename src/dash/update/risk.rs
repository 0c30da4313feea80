//! Work at risk: when it is looked at, what rescues it, and the question before any of it is let go.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{act, form, go};
use crate::dash::effect::Effect;
use crate::dash::keys::{Motion, RiskDo};
use crate::dash::model::{
    Answer, Layer, Loaded, Model, Owner, Plan, Screen, Sheet, Unsaved, WIDE, at_risk_in, owner_of, to_save,
    worktrees,
};
use crate::dash::survey::{Risks, Wish};
use crate::fleet::{Event, Level, What};
use crate::job::{JobId, Seq};

/// Files named in a sheet before the rest is only counted.
const NAMED_MOST: usize = 6;

/// The screen is come to: what was rescued meanwhile is shown no more, and the worktrees are looked at.
pub fn arrive(model: &mut Model) -> Vec<Effect> {
    if model.time.at.is_some() {
        return Vec::new();
    }
    in_order(model);
    look(model)
}

/// Looks at the worktrees; while a look is under way, once more after it.
pub fn look(model: &mut Model) -> Vec<Effect> {
    let it = &mut model.risk;
    if it.looking {
        it.again = true;
        return Vec::new();
    }
    it.looking = true;
    if it.found.here().is_none() {
        it.found = Loaded::Asked;
    }
    vec![Effect::Survey(Wish::Risks)]
}

/// Events came: those that can change what is at risk ask for another look while it is on the screen, or the summary of
/// the job that they are about.
pub fn moved_on(model: &mut Model, events: &[(Seq, Event)]) -> Vec<Effect> {
    let matters = |row: &(Seq, Event)| !matches!(row.1.what, What::Progressed { .. });
    let page = model.in_parts().map(|page| &page.job);
    let shown = |row: &&(Seq, Event)| {
        model.screen == Screen::Risk || page.is_some_and(|job| row.1.what.job() == Some(job))
    };
    if events.iter().filter(shown).any(matters) { look(model) } else { Vec::new() }
}

/// The tag `at-risk` is shown on every screen. Only a run that ended, or an agent that died, leaves work alone, so
/// those jobs are looked at then, and once in the beginning all.
pub fn tagged(model: &mut Model, first: bool, events: &[(Seq, Event)], died: Vec<JobId>) -> Vec<Effect> {
    if first {
        return vec![Effect::Survey(Wish::AtRisk(None))];
    }
    let ends = |what: &What| {
        use What::{
            AttemptEnded, AttemptSettled, Cancelled, JobParked, LeaseExpired, LeaseReleased, Preempted,
            Requeued,
        };
        matches!(
            what,
            AttemptEnded { .. }
                | AttemptSettled { .. }
                | Cancelled { .. }
                | JobParked { .. }
                | LeaseExpired { .. }
                | LeaseReleased { .. }
                | Preempted { .. }
                | Requeued { .. }
        )
    };
    let ended = events.iter().filter(|row| ends(&row.1.what)).filter_map(|row| row.1.what.job().cloned());
    let mut jobs: Vec<JobId> = ended.chain(died).collect();
    jobs.retain(|id| model.job(id).is_some_and(|job| job.spec.worktree && !job.attempts.is_empty()));
    jobs.sort();
    jobs.dedup();
    if jobs.is_empty() { Vec::new() } else { vec![Effect::Survey(Wish::AtRisk(Some(jobs)))] }
}

/// Which of the jobs that were looked at are at risk. What could not be looked at is not told of.
pub fn looked(model: &mut Model, of: Option<&[JobId]>, got: Result<BTreeSet<JobId>, String>) {
    let Ok(found) = got else { return };
    let known = Arc::make_mut(&mut model.risk.at_risk);
    match of {
        Some(of) => known.retain(|id| !of.contains(id)),
        None => known.clear(),
    }
    known.extend(found);
    model.outdated = true;
}

/// The worktrees, or why they could not be looked at.
pub fn found(model: &mut Model, got: Result<Risks, String>) -> Vec<Effect> {
    model.risk.looking = false;
    match got {
        Ok(risks) => {
            let order = at_risk_in(model.risk.order, &risks.rows, |id| is_alive(model, id));
            let state = std::sync::Arc::clone(&model.replica.state);
            // A last row that only stayed for the cursor would hide that nothing is at risk.
            let stays = !order.is_empty();
            let _ = model.risk.list.take(&order, None, |id| stays && state.jobs.contains_key(id));
            let alone = risks.rows.iter().filter(|row| !row.owned).map(|row| row.job.clone());
            looked(model, None, Ok(alone.collect()));
            // The same figures are the same changes, or nearly; others are read anew.
            let of = |risks: &Risks, job: &JobId| risks.rows.iter().find(|row| row.job == *job).cloned();
            let old = |job: &JobId| model.risk.found.here().and_then(|old| of(old, job));
            let other = model.risk.beside.as_ref().is_some_and(|it| old(&it.job) != of(&risks, &it.job));
            if other {
                model.risk.beside.take_if(|patch| !matches!(patch.text, Loaded::Asked));
            }
            model.risk.found = Loaded::Here(risks);
            model.risk.at = Some(model.now.wall);
            if let Some(id) = model.selected.clone().filter(|_| model.screen == Screen::Risk) {
                model.risk.list.point(&id);
            }
        }
        Err(why) => model.risk.found = Loaded::Failed(why),
    }
    if std::mem::take(&mut model.risk.again) { look(model) } else { Vec::new() }
}

/// Whether an agent will save the worktree of that job.
fn is_alive(model: &Model, id: &JobId) -> bool {
    model.job(id).is_some_and(|job| owner_of(job, &model.replica.gone) == Owner::Alive)
}

/// Whether the agent that worked on that job lives no more.
fn is_gone(model: &Model, id: &JobId) -> bool {
    model.job(id).is_some_and(|job| owner_of(job, &model.replica.gone) == Owner::Gone)
}

/// The jobs at risk that no living agent saves.
fn unsaved(model: &Model) -> Vec<JobId> {
    model.risk.list.rows().iter().filter(|id| !is_alive(model, id)).cloned().collect()
}

/// Does what a key of the screen asks for.
pub fn risk(model: &mut Model, what: RiskDo) -> Vec<Effect> {
    match what {
        RiskDo::Rescue => rescue(model),
        RiskDo::RescueAll => rescue_all(model),
        RiskDo::LetGo => let_go(model),
        RiskDo::LetGoAll => form::let_go_all(model),
        RiskDo::Compare => compare(model),
        RiskDo::Sort => sort(model),
        RiskDo::CopyPath => {
            let path = model.risk.current().map(|risk| risk.path.display().to_string());
            path.map(|path| Effect::Copy("path", path)).into_iter().collect()
        }
    }
}

/// Puts something else at the top; the cursor stays on its worktree.
fn sort(model: &mut Model) -> Vec<Effect> {
    model.risk.order = model.risk.order.next();
    in_order(model);
    Vec::new()
}

/// Shows what was found last, anew.
fn in_order(model: &mut Model) {
    let rows = model.risk.found.here().map(|found| found.rows.as_slice()).unwrap_or_default();
    let order = at_risk_in(model.risk.order, rows, |id| is_alive(model, id));
    model.risk.list.reset(&order);
}

/// Puts the worktree under the cursor into a commit: nothing is lost by it, so it is not asked for.
fn rescue(model: &mut Model) -> Vec<Effect> {
    match model.risk.list.cursor().cloned() {
        Some(job) => rescued(model, vec![job]),
        None => Vec::new(),
    }
}

/// Puts these worktrees into commits.
pub fn rescued(model: &mut Model, jobs: Vec<JobId>) -> Vec<Effect> {
    model.unlogged = Some("rescue");
    let ticket = act::ticket(model, None, jobs.clone());
    vec![Effect::Rescue { ticket, jobs }]
}

/// Asks before all that nobody saves are rescued.
fn rescue_all(model: &mut Model) -> Vec<Effect> {
    let jobs = to_save(model);
    let free = unsaved(model).len();
    let alive = model.risk.list.rows().len() - free;
    let mut rows: Vec<(String, String)> = vec![(
        "does".to_string(),
        "commits each as a checkpoint of the epoch it was made in; accepted work stays".to_string(),
    )];
    rows.push(("jobs".to_string(), named(&jobs)));
    if alive > 0 {
        rows.push(("not".to_string(), format!("{alive} that agents work on and save themselves")));
    }
    let gone = model.risk.list.rows().iter().filter(|id| is_gone(model, id)).count();
    if gone > 0 {
        rows.push(("not yet".to_string(), format!("{gone} that the next agent here takes back and saves")));
    }
    let left = free.saturating_sub(jobs.len() + gone);
    if left > 0 {
        let left = worktrees(left);
        rows.push(("nor".to_string(), format!("{left} of which no commit takes what is left")));
    }
    rows.push(("back".to_string(), "none is needed: nothing is lost by it".to_string()));
    let plan = Plan::Rescue(jobs.clone());
    ask(
        model,
        format!("Rescue {}?", worktrees(jobs.len())),
        rows,
        "aq risk rescue --all".to_string(),
        ("rescue them", plan),
        Level::Reversible,
    )
}

/// Asks before a worktree is given up with everything in it that stands in no commit.
fn let_go(model: &mut Model) -> Vec<Effect> {
    let Some(risk) = model.risk.current().cloned() else { return Vec::new() };
    let names: Vec<String> = risk.files.iter().map(|path| path.display().to_string()).collect();
    let more = names.len().saturating_sub(NAMED_MOST);
    let shown = names.iter().take(NAMED_MOST).cloned().collect::<Vec<_>>().join(", ");
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    let mut rows = Vec::new();
    if risk.can_be_saved() {
        rows.push(("lost".to_string(), format!("{} lines in {shown}{tail}", risk.lines)));
    }
    if !risk.left_out.is_empty() {
        let label = if rows.is_empty() { "lost" } else { "lost too" };
        rows.push((label.to_string(), risk.left_out.join("; ")));
    }
    rows.push(("kept".to_string(), "its commits and checkpoints, the log".to_string()));
    let instead = if risk.can_be_saved() { "r rescues it" } else { "copy it away first: no commit takes it" };
    rows.push(("instead".to_string(), instead.to_string()));
    rows.push(("back".to_string(), "none: what stands in no commit is gone for good".to_string()));
    let runs = format!("aq risk let-go {} --yes", risk.job);
    let plan = Plan::LetGo(vec![risk.job.clone()]);
    ask(
        model,
        format!("Let go of the worktree of {}?", risk.job),
        rows,
        runs,
        ("let it go", plan),
        Level::Decides,
    )
}

fn named(jobs: &[JobId]) -> String {
    let shown = jobs.iter().take(NAMED_MOST).map(JobId::as_str).collect::<Vec<_>>().join(" ");
    let more = jobs.len().saturating_sub(NAMED_MOST);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

fn ask(
    model: &mut Model,
    head: String,
    rows: Vec<(String, String)>,
    runs: String,
    (label, plan): (&str, Plan),
    level: Level,
) -> Vec<Effect> {
    let host = model.risk.found.here().map(|found| found.host.clone()).unwrap_or_default();
    let sheet = Sheet {
        head,
        about: format!("worktrees on {host}"),
        rows,
        runs,
        answers: vec![Answer { key: 'y', label: label.to_string(), plan }],
        keep: "leave them",
        level,
        ..Sheet::new(model.now.up)
    };
    model.layers.push(Layer::Sheet(Box::new(sheet)));
    Vec::new()
}

/// Where there is room the changes of the worktree under the cursor stand beside the list: one look at a time, so that
/// whoever runs along the list asks for few.
pub fn beside(model: &mut Model) -> Option<Effect> {
    let shown = model.screen == Screen::Risk && model.page.is_none() && model.time.at.is_none();
    if !shown || model.size.0 < WIDE {
        return None;
    }
    let job = model.risk.current().map(|risk| risk.job.clone())?;
    let is_it = |patch: &Unsaved| patch.job == job || matches!(patch.text, Loaded::Asked);
    if model.risk.beside.as_ref().is_some_and(is_it) {
        return None;
    }
    model.risk.beside = Some(Unsaved { job: job.clone(), text: Loaded::Asked, top: 0 });
    Some(Effect::Survey(Wish::Unsaved(job)))
}

/// Shows how the worktree differs from the accepted work, or the list again.
fn compare(model: &mut Model) -> Vec<Effect> {
    if model.risk.patch.take().is_some() {
        return Vec::new();
    }
    let Some(job) = model.risk.list.cursor().cloned() else { return Vec::new() };
    model.risk.patch = Some(Unsaved { job: job.clone(), text: Loaded::Asked, top: 0 });
    vec![Effect::Survey(Wish::Unsaved(job))]
}

/// The patch that was asked for; of another job it is dropped.
pub fn compared(model: &mut Model, job: &JobId, got: &Result<String, String>) {
    let (patch, beside) = (model.risk.patch.as_mut(), model.risk.beside.as_mut());
    for patch in patch.into_iter().chain(beside).filter(|patch| patch.job == *job) {
        patch.text = super::feed::loaded(got.clone());
    }
}

/// Rolls the patch. Gives whether there is one.
pub fn roll(model: &mut Model, motion: Motion, height: usize) -> bool {
    let Some(patch) = &mut model.risk.patch else { return false };
    let lines = patch.text.here().map_or(0, |text| text.lines().count());
    patch.top = go::moved(patch.top, motion, height, lines.saturating_sub(height));
    true
}
