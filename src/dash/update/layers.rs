//! What lies over a screen: it takes the keys until it is answered or Esc takes it away.

use super::{act, alerts, explain, field, form, go, jobs, log, pick, search, several, sheet, tell};
use crate::dash::effect::Effect;
use crate::dash::keys::{Key, Motion};
use crate::dash::model::{
    DoneList, Field, Gist, GistOf, Layer, Memo, Model, Pane, Pick, Place, Screen, Sheet, Sight, Tab, Words,
};
use crate::dash::msg::Got;
use crate::dash::survey::Wish;
use crate::fleet::{ActorKind, Event};
use crate::job::{JobId, Role, Seq};

/// The label of the question that a sheet answers.
pub const ASKS: &str = "asks";

/// What a key did to the layer on top.
enum After {
    /// It stays.
    Stay(Vec<Effect>),
    /// It goes; the effects are those of what it was answered with.
    Gone(Vec<Effect>),
}

/// A key while something lies over the screen.
pub fn pressed(model: &mut Model, key: Key) -> Vec<Effect> {
    // Taken off while it is handled, so that what it does meets a model without it.
    let Some(mut layer) = model.layers.pop() else { return Vec::new() };
    let depth = model.layers.len();
    let after = match &mut layer {
        Layer::Filter(line) => filter_key(model, line, key),
        Layer::Search(line) => search_key(model, line, key),
        Layer::Moment(line) => match explain::key(model, line, key) {
            (true, effects) => After::Stay(effects),
            (false, effects) => After::Gone(effects),
        },
        Layer::Pick(choice) | Layer::Help(choice) => match pick::key(model, choice, key) {
            pick::After::Stay => After::Stay(Vec::new()),
            pick::After::Gone => After::Gone(Vec::new()),
            pick::After::Chosen(then) => {
                let kept = keep_line(model, choice);
                After::Gone(pick::run(model, then).into_iter().chain(kept).collect())
            }
        },
        Layer::Sheet(it) => match sheet::key(model, it, key) {
            sheet::After::Stay => After::Stay(Vec::new()),
            sheet::After::Kept => {
                left_behind(model, it);
                After::Gone(Vec::new())
            }
            sheet::After::Said(plan, words) => After::Gone(act::send(model, plan, words)),
            sheet::After::Off(what, why) => {
                tell::off(model, &what, &why);
                After::Stay(Vec::new())
            }
        },
        Layer::Form(it) => match form::key(model, it, key) {
            form::After::Stay => After::Stay(Vec::new()),
            form::After::Gone(effects) => After::Gone(effects),
        },
        Layer::Problems { of, top } => match alerts::key(model, of, top, key) {
            Some(effects) => After::Stay(effects),
            None => After::Gone(Vec::new()),
        },
        Layer::Messages { at, done } => messages_key(model, (at, done), key),
    };
    match after {
        After::Stay(effects) => {
            model.layers.insert(depth, layer);
            effects
        }
        After::Gone(effects) => effects,
    }
}

/// What is run from the palette is remembered; what cannot be is not.
fn keep_line(model: &mut Model, pick: &Pick) -> Vec<Effect> {
    let chosen = pick.chosen().filter(|choice| pick.palette && choice.off(model).is_none());
    chosen.map(|choice| super::lines::remember(model, Memo::Line(choice.line()))).unwrap_or_default()
}

/// Words that were written and went with nothing are not lost: they stand in the messages, to be copied.
fn left_behind(model: &mut Model, sheet: &Sheet) {
    let words = sheet.words.as_ref().filter(|words| words.must.is_none()).map(Words::said);
    let words = words.filter(|words| !words.is_empty());
    if let Some(words) = words {
        let text = format!("nothing was sent; your words: {}", words.replace('\n', " "));
        tell::say(model, Role::Neutral, text, words, false);
    }
}

fn filter_key(model: &mut Model, line: &mut Field, key: Key) -> After {
    match key {
        Key::Esc => {
            jobs::query(model, "", false);
            return After::Gone(Vec::new());
        }
        Key::Enter => {
            jobs::query(model, line.input.value(), false);
            let text = line.input.value().trim().to_string();
            let graph = model.screen == Screen::Graph;
            let bad = if graph { &model.graph.bad } else { &model.jobs.bad };
            if let Some(bad) = bad.clone() {
                tell::say(
                    model,
                    Role::Wait,
                    jobs::nothing_matches(&bad),
                    "the language: aq help filter",
                    false,
                );
                return After::Gone(Vec::new());
            }
            let kept = (!graph && !text.is_empty()).then(|| Memo::Line(format!("filter {text}")));
            return After::Gone(kept.map(|memo| super::lines::remember(model, memo)).unwrap_or_default());
        }
        Key::Down | Key::Up => {
            let motion = if key == Key::Down { Motion::Down } else { Motion::Up };
            return After::Stay(go::motion(model, motion));
        }
        _ => field::edit(&mut line.input, key),
    }
    let text = line.input.value().to_string();
    jobs::query(model, &text, true);
    After::Stay(Vec::new())
}

fn search_key(model: &mut Model, line: &mut Field, key: Key) -> After {
    match key {
        Key::Esc => {
            search::set(model, "");
            After::Gone(Vec::new())
        }
        Key::Enter => After::Gone(search::step(model, true)),
        _ => {
            field::edit(&mut line.input, key);
            let text = line.input.value().to_string();
            search::set(model, &text);
            After::Stay(Vec::new())
        }
    }
}

fn messages_key(model: &Model, (at, done): (&mut usize, &mut bool), key: Key) -> After {
    let last = messages_in(model, *done).saturating_sub(1);
    let height = model.drawn.window(Pane::Messages).height.max(1);
    match key {
        Key::Esc | Key::Char('q' | 'm') | Key::Enter => return After::Gone(Vec::new()),
        Key::Tab | Key::BackTab => (*at, *done) = (0, !*done),
        Key::Char('y') => {
            let copy = told(model, *at, *done).map(|text| Effect::Copy("message", text));
            return After::Stay(copy.into_iter().collect());
        }
        _ => *at = pick::motion_of(key, false).map_or(*at, |motion| go::moved(*at, motion, height, last)),
    }
    After::Stay(Vec::new())
}

fn messages_in(model: &Model, done: bool) -> usize {
    if done { model.done.here().map_or(0, |rows| rows.len()) } else { model.messages.len() }
}

/// All of one row.
fn told(model: &Model, at: usize, done: bool) -> Option<String> {
    if !done {
        let message = model.messages.iter().rev().nth(at)?;
        return Some(format!("{}\n{}", message.text, message.more).trim_end().to_string());
    }
    let act = model.done.here()?.get(at)?;
    let jobs: Vec<&str> = act.jobs.iter().map(JobId::as_str).collect();
    let what = if jobs.is_empty() { act.targets.clone() } else { jobs.join(" ") };
    Some(format!("{} {} {}: {what}", act.at.local_full(), act.by, act.verb))
}

/// The size of a change was read, or could not be: the row of a sheet that waits for it says so.
pub fn sized(model: &mut Model, job: &JobId, of: &GistOf, got: Option<&Gist>) {
    let text = match got {
        Some(Gist::Change(plus, minus, hidden)) => several::size(*plus, *minus, *hidden),
        _ => "size ?".to_string(),
    };
    for layer in &mut model.layers {
        let Layer::Sheet(sheet) = layer else { continue };
        let Some(at) = sheet.sizes.iter().position(|row| row.0 == *job && row.1 == *of) else { continue };
        let (_, _, row) = sheet.sizes.remove(at);
        if let Some(row) = sheet.rows.get_mut(row) {
            row.1 = row.1.replacen(several::SIZE_TO_COME, &text, 1);
            sheet.changed();
        }
    }
}

/// What lies on top was told in words, all of it.
pub fn told_whole(model: &mut Model) {
    if let Some(Layer::Sheet(sheet)) = model.layers.last_mut() {
        sheet.sight = Sight::WHOLE;
    }
}

/// A pasted text goes where text is written, and nowhere else.
pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    model.touched = model.now.up;
    model.dirty = true;
    let clean: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let one_line = || clean.replace(['\n', '\t'], " ");
    let Some(mut layer) = model.layers.pop() else {
        tell::say(model, Role::Wait, "a paste was ignored: nothing here takes text", "", false);
        return Vec::new();
    };
    match &mut layer {
        Layer::Filter(line) => {
            field::insert(&mut line.input, &one_line());
            let text = line.input.value().to_string();
            jobs::query(model, &text, true);
        }
        Layer::Search(line) => {
            field::insert(&mut line.input, &one_line());
            let text = line.input.value().to_string();
            search::set(model, &text);
        }
        Layer::Moment(line) => field::insert(&mut line.input, &one_line()),
        Layer::Pick(pick) | Layer::Help(pick) if pick.field.is_some() => {
            pick::insert(model, pick, &one_line());
        }
        Layer::Form(form) if form.asked(model).line.is_some() => {
            field::insert(&mut form.input, &one_line());
        }
        Layer::Sheet(sheet) if sheet::is_writing(sheet) => sheet::insert(sheet, &clean),
        _ => tell::say(model, Role::Wait, "a paste was ignored: nothing here takes text", "", false),
    }
    model.layers.push(layer);
    Vec::new()
}

/// The wheel rolls what lies on top.
pub fn wheel(model: &mut Model, step: Motion, rows: usize) -> Vec<Effect> {
    let (said, acts) = (messages_in(model, false), messages_in(model, true));
    if let Some(Layer::Sheet(mut it)) = model.layers.pop_if(|layer| matches!(layer, Layer::Sheet(_))) {
        sheet::roll(model, &mut it, step, rows);
        model.layers.push(Layer::Sheet(it));
        return Vec::new();
    }
    match model.layers.last_mut() {
        Some(Layer::Pick(pick) | Layer::Help(pick)) => {
            let last = pick.shown.len().saturating_sub(1);
            (0..rows).for_each(|_| pick.at = go::moved(pick.at, step, 1, last));
        }
        Some(Layer::Problems { of, top }) => alerts::roll(of, top, step, rows),
        Some(Layer::Messages { at, done }) => {
            let last = (if *done { acts } else { said }).saturating_sub(1);
            (0..rows).for_each(|_| *at = go::moved(*at, step, 1, last));
        }
        _ => {}
    }
    Vec::new()
}

/// A click on a row of the choice on top: the cursor goes there, a second one takes it.
pub fn click(model: &mut Model, row: usize, take: bool) -> Vec<Effect> {
    if let Some(Layer::Pick(pick) | Layer::Help(pick)) = model.layers.last_mut() {
        pick.at = row.min(pick.shown.len().saturating_sub(1));
    }
    if take { pressed(model, Key::Enter) } else { Vec::new() }
}

/// Begins to filter the list, or to search the text.
pub fn filter(model: &mut Model) -> Vec<Effect> {
    let layer = match (model.place(), &model.page) {
        (Place::Page(Tab::Log | Tab::Diff), Some(page)) => Layer::Search(Field::of(page.search())),
        (Place::Screen(Screen::Graph), _) => Layer::Filter(Field::of(&model.graph.query)),
        _ => Layer::Filter(Field::of(&model.jobs.query)),
    };
    model.layers.push(layer);
    Vec::new()
}

/// Everything by name.
pub fn palette(model: &mut Model) -> Vec<Effect> {
    let choice = super::palette::palette(model);
    model.layers.push(Layer::Pick(choice));
    Vec::new()
}

/// Help for here.
pub fn help(model: &mut Model) -> Vec<Effect> {
    let choice = pick::help(model);
    model.layers.push(Layer::Help(choice));
    Vec::new()
}

/// The actions for the job under the cursor.
pub fn menu(model: &mut Model) -> Vec<Effect> {
    let choice = pick::menu(model);
    model.layers.push(Layer::Pick(choice));
    Vec::new()
}

/// The order of the list.
pub fn sort(model: &mut Model) -> Vec<Effect> {
    let choice = pick::sort(model);
    model.layers.push(Layer::Pick(choice));
    Vec::new()
}

/// The columns of the list.
pub fn columns(model: &mut Model) -> Vec<Effect> {
    let choice = pick::columns(model);
    model.layers.push(Layer::Pick(choice));
    Vec::new()
}

/// People did something: what is told of it is read again where it is looked at.
pub fn moved_on(model: &Model, news: &[(Seq, Event)]) -> Option<Effect> {
    let looks = model.layers.iter().any(|layer| matches!(layer, Layer::Messages { .. }));
    let acted = news.iter().any(|row| row.1.by.kind == ActorKind::Person);
    (looks && acted).then_some(Effect::Survey(Wish::Done))
}

/// What was said.
pub fn messages(model: &mut Model) -> Vec<Effect> {
    model.unread = 0;
    // Whoever was told nothing looks for what others did.
    model.layers.push(Layer::Messages { at: 0, done: model.messages.is_empty() });
    model.done = DoneList::Asked;
    vec![Effect::Survey(Wish::Done)]
}

/// How a transcript is shown.
pub fn log_options(model: &mut Model) -> Vec<Effect> {
    let choice = log::options(model);
    model.layers.push(Layer::Pick(choice));
    Vec::new()
}

/// What can be copied about the job.
pub fn copy(model: &mut Model) -> Vec<Effect> {
    let choice = pick::copy(model);
    model.layers.push(Layer::Pick(choice));
    Vec::new()
}

/// The question of a job was read: its sheet shows it in full.
pub fn question(model: &mut Model, job: &JobId, got: Result<Got, String>) {
    let text = match got {
        Ok(Got::Text(text)) => text,
        Ok(_) => return,
        Err(why) => format!("it cannot be read: {why}"),
    };
    for layer in &mut model.layers {
        if let Layer::Sheet(sheet) = layer
            && sheet::answers(sheet, job)
        {
            // Until it came, the row held its place.
            sheet.rows.retain(|row| row.0 != ASKS);
            sheet.rows.insert(0, (ASKS.to_string(), text.trim().to_string()));
            sheet.changed();
            return;
        }
    }
}
