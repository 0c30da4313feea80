//! What is wrong around the jobs, gone to and opened: a file's problems, or the screen where it is mended.

use super::{go, pick, tell};
use crate::dash::effect::Effect;
use crate::dash::keys::{Key, Motion};
use crate::dash::model::{Answer, Layer, Model, Pane, Plan, Screen, Sheet};
use crate::insight::{Alert, AlertAbout, Rejected};
use crate::job::Role;

/// Opens an alert where more is known of it.
pub fn open(model: &mut Model, alert: &Alert) -> Vec<Effect> {
    match &alert.about {
        AlertAbout::Account(..) | AlertAbout::NoHost(_) => go::screen(model, Screen::Fleet),
        AlertAbout::Ceiling { .. } | AlertAbout::EngineCeiling { .. } => go::screen(model, Screen::Budget),
        AlertAbout::Clock => go::screen(model, Screen::Overview),
        AlertAbout::Unsaved(_) => go::screen(model, Screen::Risk),
        AlertAbout::Rejected(name) => {
            let of = model.replica.rejected.iter().find(|it| it.name == *name).cloned();
            model.layers.extend(of.map(|of| Layer::Problems { of, top: 0 }));
            Vec::new()
        }
    }
}

/// Which alert comes next, if the next thing that wants the person is one: they follow on the last job that needs
/// somebody.
pub fn next(model: &Model) -> Option<usize> {
    let alerts = model.alerts().len();
    if model.alert().is_some() {
        return Some(model.overview.alert + 1).filter(|at| *at < alerts);
    }
    let needs = &model.lists.rows.needs;
    let was_last = model.selected.is_some() && model.selected.as_ref() == needs.last();
    (alerts > 0 && (needs.is_empty() || was_last)).then_some(0)
}

/// A key on the problems of a file; `None` closes them.
pub fn key(model: &Model, of: &Rejected, top: &mut usize, key: Key) -> Option<Vec<Effect>> {
    let height = model.drawn.window(Pane::Messages).height.max(1);
    match key {
        Key::Esc | Key::Enter | Key::Char('q') => return None,
        Key::Char('e') => return Some(vec![file(model, of)]),
        Key::Char('y') => return Some(vec![Effect::Copy("problems", of.problems.clone())]),
        _ => {}
    }
    *top = pick::motion_of(key, false).map_or(*top, |motion| go::moved(*top, motion, height, last(of)));
    Some(Vec::new())
}

/// The wheel on them.
pub fn roll(of: &Rejected, top: &mut usize, step: Motion, rows: usize) {
    (0..rows).for_each(|_| *top = go::moved(*top, step, 1, last(of)));
}

/// The last line that may be the first in sight.
fn last(of: &Rejected) -> usize {
    of.problems.lines().count().saturating_sub(1)
}

/// The file that is to be mended: that of the job, or the one that lies rejected.
fn file(model: &Model, of: &Rejected) -> Effect {
    let is_its = |job: &&std::sync::Arc<crate::fleet::Job>| job.file.as_deref() == Some(of.name.as_str());
    let job = model.replica.state.jobs.values().find(is_its).filter(|_| of.edit);
    match job {
        Some(job) => Effect::Edit(job.id.clone()),
        None => Effect::OpenRejected(of.name.clone()),
    }
}

/// A manifest that lies rejected was edited. What can be taken in now is offered to be put back; what cannot says why.
pub fn weighed(model: &mut Model, name: String, problems: Result<(), String>) {
    if let Err(problems) = problems {
        let first = problems.lines().next().unwrap_or_default().to_string();
        for layer in &mut model.layers {
            if let Layer::Problems { of, top } = layer
                && of.name == name
            {
                (of.problems, *top) = (problems.clone(), 0);
            }
        }
        tell::say(model, Role::Wait, format!("not yet: {first}"), problems, false);
        return;
    }
    model.layers.retain(|layer| !matches!(layer, Layer::Problems { of, .. } if of.name == name));
    let runs = format!("mv queue/rejected/{name} queue/inbox/");
    if let Some(why) = model.bars() {
        tell::say(model, Role::Wait, format!("{name} can be taken in now; {why}"), runs, false);
        return;
    }
    let row = |label: &str, text: &str| (label.to_string(), text.to_string());
    model.layers.push(Layer::Sheet(Box::new(Sheet {
        head: format!("Put {name} back into inbox?"),
        about: "Nothing is wrong with it any more.".to_string(),
        rows: vec![
            row("then", "it is taken in as a job, as if it were dropped there now"),
            row("else", "it stays in queue/rejected/, and nobody works on it"),
        ],
        runs,
        answers: vec![Answer { key: 'y', label: "put it back".to_string(), plan: Plan::Readmit(name) }],
        keep: "leave it",
        ..Sheet::new(model.now.up)
    })));
    model.dirty = true;
}
