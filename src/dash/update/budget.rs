//! The budget: its ledger follows the log; its keys pause, resume and set ceilings.

use std::sync::Arc;

use super::{form, go};
use crate::dash::effect::Effect;
use crate::dash::keys::{Motion, QueueDo};
use crate::dash::model::{Answer, Deed, Layer, Model, Plan, Sheet, Target, budget_rows};
use crate::fleet::{Action, Command, Event, Job, Level};
use crate::insight::LOCAL;
use crate::job::{Seq, usd};

/// The screen was come to.
pub fn look(model: &mut Model) -> Vec<Effect> {
    model.outdated = true;
    Vec::new()
}

/// Events came: outlays are in them.
pub fn moved_on(model: &mut Model, events: &[(Seq, Event)]) {
    events.iter().for_each(|(seq, event)| model.budget.ledger.take(*seq, event));
}

/// Moves the cursor.
pub fn motion(model: &mut Model, motion: Motion, height: usize) {
    let last = budget_rows(model).len().saturating_sub(1);
    model.budget.at = go::moved(model.budget.at, motion, height, last);
}

/// Does what a key asks for.
pub fn queue(model: &mut Model, what: QueueDo) -> Vec<Effect> {
    match what {
        QueueDo::Pause => form::pause(model),
        QueueDo::Resume => resume(model),
        QueueDo::Ceiling => form::ceiling(model),
    }
}

/// The deletion was meant: the jobs whose files vanished at once are cancelled, and the queue goes on by itself.
fn cancel_vanished(model: &Model) -> Option<Plan> {
    let deed = |job: &Arc<Job>| Deed {
        target: Target { job: job.id.clone(), from: (job.stage, job.epoch) },
        command: Command::Cancel { job: job.id.clone() },
    };
    let deeds: Vec<Deed> =
        model.replica.state.product.suspended.iter().filter_map(|id| model.job(id)).map(deed).collect();
    (!deeds.is_empty()).then_some(Plan::Orders(Action::Cancel, deeds))
}

/// Asks before the queue goes on.
fn resume(model: &mut Model) -> Vec<Effect> {
    let product = &model.replica.state.product;
    let mut rows = Vec::new();
    if let Some((mode, reason, until, since)) = &product.paused {
        let until = until.map_or("until resumed".to_string(), |at| format!("until {}", at.local_hm()));
        rows.push((
            "paused".to_string(),
            format!("{} ({}), {until}: {reason}", since.local_hm(), mode.name()),
        ));
    }
    if !product.suspended.is_empty() {
        let names: Vec<&str> = product.suspended.iter().map(crate::job::JobId::as_str).collect();
        rows.push(("suspended".to_string(), format!("their files vanished at once: {}", names.join(" "))));
        rows.push(("then".to_string(), "their files are restored; or c cancels the jobs".to_string()));
    }
    let waits = match model.replica.state.ready_len() {
        1 => "1 job is".to_string(),
        n => format!("{n} jobs are"),
    };
    let spent = model.replica.state.spent_in_window(model.law_now().wall);
    let plan = Plan::Queue(Box::new(Command::Resume {}), format!("{LOCAL} goes on"), false);
    let mut answers = vec![Answer { key: 'y', label: "resume".to_string(), plan }];
    if let Some(plan) = cancel_vanished(model) {
        answers.push(Answer { key: 'c', label: "cancel them".to_string(), plan });
    }
    // Resumed under a ceiling that is used up, it stops again at the next cent.
    let held = product.ceiling.filter(|ceiling| spent >= *ceiling);
    let (about, starts) = match held {
        None => ("the queue gives out work again".to_string(), format!("{waits} in the line")),
        Some(ceiling) => {
            answers.insert(0, Answer { key: 'e', label: "raise it first".to_string(), plan: Plan::Ceiling });
            rows.push(("ceiling".to_string(), format!("{} of {} are spent", usd(spent), usd(ceiling))));
            (
                format!("its ceiling of {} still holds it", usd(ceiling)),
                format!("nothing until the ceiling is higher; {waits} in the line"),
            )
        }
    };
    rows.push(("starts".to_string(), starts));
    rows.push(("back".to_string(), "P pauses it again".to_string()));
    let sheet = Sheet {
        head: format!("Resume {LOCAL}?"),
        about,
        rows,
        runs: format!("aq budget resume {LOCAL}"),
        answers,
        keep: "leave it paused",
        level: Level::Reversible,
        ..Sheet::new(model.now.up)
    };
    model.layers.push(Layer::Sheet(Box::new(sheet)));
    Vec::new()
}
