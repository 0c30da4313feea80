//! The keys of a form, and what it asks for once it is answered.

use tui_input::InputRequest;

use super::{act, field, go};
use crate::dash::effect::Effect;
use crate::dash::keys::{Key, Motion};
use crate::dash::model::{
    Answer, BACK_OF_A_STOP, Deed, Form, FormKind, GUARD, Layer, Model, Pane, Plan, Sheet, Target, WINDOWS,
    Window, later, running, window_words,
};
use crate::fleet::{Action, Command, Job, PauseMode};
use crate::insight::{LOCAL, Stops};
use crate::job::{JobId, usd};

/// Running jobs named before the rest is only counted.
const STOPPED_NAMED: usize = 5;

/// What a key did.
pub enum After {
    /// It is still being filled in.
    Stay,
    /// It goes; these are the effects of what it was answered with.
    Gone(Vec<Effect>),
}

/// Asks how the queue is to be paused.
pub fn pause(model: &mut Model) -> Vec<Effect> {
    open(model, FormKind::Pause, "", 0)
}

/// Asks for the ceiling.
pub fn ceiling(model: &mut Model) -> Vec<Effect> {
    let product = &model.replica.state.product;
    let text = product.ceiling.map_or("none".to_string(), |micro| usd(micro).replace('$', ""));
    let taken = WINDOWS.iter().position(|row| row.0 == product.window).unwrap_or(0);
    open(model, FormKind::Ceiling, &text, taken)
}

/// Asks for the ceilings with which a job that used up its budget goes on.
pub fn raise(model: &mut Model, job: &Job) -> Vec<Effect> {
    let text = job.budget().doubled(&job.spent, job.used_up().unwrap_or("usd"));
    let target = Target { job: job.id.clone(), from: (job.stage, job.epoch) };
    open(model, FormKind::Raise(target), &text, 0)
}

/// Asks for the number before all worktrees that nobody saves are given up.
pub fn let_go_all(model: &mut Model) -> Vec<Effect> {
    let jobs = crate::dash::model::nobodys(model);
    open(model, FormKind::LetGo(jobs), "", 0)
}

/// Puts a form over the screen.
pub fn open(model: &mut Model, kind: FormKind, text: &str, taken: usize) -> Vec<Effect> {
    let form = Form::new(kind, text, taken, model.now.up);
    model.layers.push(Layer::Form(Box::new(form)));
    Vec::new()
}

/// A key while the form is up.
pub fn key(model: &mut Model, form: &mut Form, key: Key) -> After {
    // A key that was held down when it came up must not answer it.
    if model.now.up < later(form.opened, GUARD) {
        return After::Stay;
    }
    let writes = form.asked(model).line.is_some();
    let [first, second] = form.options();
    let step = |at: &mut usize, many: usize, forth: bool| {
        *at = (*at + if forth { 1 } else { many - 1 }) % many;
    };
    form.bad = None;
    if let Some(motion) = rolls(key) {
        let Window { top, height } = model.drawn.window(Pane::Sheet);
        // The next frame goes no further than there are lines.
        form.top = go::moved(top, motion, height.max(1), usize::MAX / 2);
        return After::Stay;
    }
    // What a key chooses stands at the top.
    form.top = 0;
    match key {
        Key::Esc => return After::Gone(Vec::new()),
        Key::Char('q') if !writes => return After::Gone(Vec::new()),
        Key::Enter | Key::Char('y') if key == Key::Enter || !writes => return answered(model, form, key),
        Key::Tab | Key::Down if first > 0 => step(&mut form.taken[0], first, true),
        Key::BackTab | Key::Up if first > 0 => step(&mut form.taken[0], first, false),
        Key::Right if second > 0 => step(&mut form.taken[1], second, true),
        Key::Left if second > 0 => step(&mut form.taken[1], second, false),
        Key::Char('j') if !writes && first > 0 => step(&mut form.taken[0], first, true),
        Key::Char('k') if !writes && first > 0 => step(&mut form.taken[0], first, false),
        Key::Char('l') if !writes && second > 0 => step(&mut form.taken[1], second, true),
        Key::Char('h') if !writes && second > 0 => step(&mut form.taken[1], second, false),
        _ if writes => edit(form, key),
        _ => {}
    }
    After::Stay
}

/// The keys that roll it; the others choose or are written.
fn rolls(key: Key) -> Option<Motion> {
    match key {
        Key::PageDown => Some(Motion::PageDown),
        Key::PageUp => Some(Motion::PageUp),
        _ => None,
    }
}

/// What stands in the line when the form comes up goes with the first letter that is typed.
fn edit(form: &mut Form, key: Key) {
    if matches!(key, Key::Char(_)) && form.kind == FormKind::Ceiling && form.input.value() == "none" {
        form.input.handle(InputRequest::DeleteLine);
    }
    field::edit(&mut form.input, key);
}

fn answered(model: &mut Model, form: &mut Form, key: Key) -> After {
    // A drain loses nothing, and must be quick.
    let blind = model.drawn.windows.iter().any(|row| row.0 == Pane::Sheet && row.1.height == 0);
    let stops = form.kind == FormKind::Pause && form.mode() != PauseMode::Drain;
    if blind && (stops || form.number(model).is_some()) {
        form.bad = Some("make the window larger: nothing of the question is in sight".to_string());
        return After::Stay;
    }
    if let Some(why) = model.bars() {
        // The past may be gone to while nothing can be changed.
        if form.kind != FormKind::Moment {
            form.bad = Some(why);
            return After::Stay;
        }
    }
    if form.kind == FormKind::Moment {
        let text = form.input.value().trim().to_string();
        return match super::time::go_to(model, &text) {
            Ok(effects) => After::Gone(effects),
            Err(why) => {
                form.bad = Some(why);
                After::Stay
            }
        };
    }
    match plan(model, form, key) {
        Ok(Some(plan)) => match form.stops(model).filter(|stops| !stops.running.is_empty()) {
            Some(stops) if form.kind == FormKind::Ceiling => {
                let sheet = stopping(model, form, &stops, plan);
                model.layers.push(Layer::Sheet(Box::new(sheet)));
                After::Gone(Vec::new())
            }
            _ => After::Gone(act::send(model, plan, None)),
        },
        Ok(None) => After::Gone(Vec::new()),
        Err(why) => {
            form.bad = Some(why);
            After::Stay
        }
    }
}

/// The question before a ceiling that stops what runs.
fn stopping(model: &Model, form: &Form, stops: &Stops, plan: Plan) -> Sheet {
    let running: Vec<&str> = stops.running.iter().take(STOPPED_NAMED).map(JobId::as_str).collect();
    let more = stops.running.len().saturating_sub(STOPPED_NAMED);
    let more = if more > 0 { format!(" +{more}") } else { String::new() };
    let row = |label: &str, text: String| (label.to_string(), text);
    Sheet {
        head: format!("Stop {LOCAL} by its ceiling?"),
        about: stops.words(),
        rows: vec![
            row("lost", format!("the turn in flight of {}{more}", running.join(" "))),
            row("kept", "branches, checkpoints, logs".to_string()),
            row("back", BACK_OF_A_STOP.to_string()),
        ],
        runs: form.asked(model).runs,
        answers: vec![Answer { key: 'y', label: "set it".to_string(), plan }],
        keep: "keep the old one",
        ..Sheet::new(model.now.up)
    }
}

/// What the form asks for as it stands, or why not.
fn plan(model: &Model, form: &Form, key: Key) -> Result<Option<Plan>, String> {
    let text = form.input.value().trim();
    if let Some(number) = form.number(model)
        && text != number.to_string()
    {
        return Err(format!("type {number} to go on"));
    }
    match &form.kind {
        FormKind::Pause => {
            let mode = form.mode();
            if mode == PauseMode::Stop && key == Key::Enter && !running(model).is_empty() {
                return Err("y stops them; Tab goes back to drain".to_string());
            }
            let until = form.until(model.law_now().wall);
            let when = until.map(|at| format!(" until {}", at.local_hm())).unwrap_or_default();
            let past = format!("paused {LOCAL} ({}){when}", mode.name());
            Ok(Some(Plan::Queue(Box::new(Command::Pause { mode, until }), past, true)))
        }
        FormKind::Ceiling => {
            let ceiling = form.amount()?;
            let window = form.window();
            let amount = ceiling.map_or("none".to_string(), usd);
            let past = format!("the ceiling of {LOCAL} is {amount} ({})", window_words(window).1);
            Ok(Some(Plan::Queue(Box::new(Command::SetCeiling { ceiling, window, lifts: false }), past, true)))
        }
        FormKind::Raise(target) => {
            let deed = Deed { target: target.clone(), command: form.raised(model, target)? };
            Ok(Some(Plan::Orders(Action::Requeue, vec![deed])))
        }
        FormKind::LetGo(jobs) => Ok(Some(Plan::LetGo(jobs.clone()))),
        // A moment is gone to, and asks nothing of the queue.
        FormKind::Moment => Ok(None),
    }
}
