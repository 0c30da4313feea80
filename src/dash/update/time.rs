//! The past: the log is read once, wound to a moment, and every screen shows that moment until it goes live.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{form, tell};
use crate::dash::effect::{Effect, Old};
use crate::dash::keys::{Motion, Wind};
use crate::dash::model::{
    BEFORE, Differs, FormKind, Health, Loaded, Model, NAMES, Position, Replica, SPEEDS, Screen, TICK, later,
};
use crate::dash::survey::Wish;
use crate::fleet::Event;
use crate::insight::Recording;
use crate::job::{JobId, Role, STAGES, Seq};
use crate::time::{Span, Stamp};

/// Events that the screens of a moment show as the latest.
const LATEST_MOST: usize = 500;
/// Events that a page of keys passes.
const PAGE: usize = 10;
/// Jobs named where a moment differs from now; more are no reading.
const DIFFERS_MOST: usize = 1_000;

/// The screen was come to: the log is read, once.
pub fn look(model: &mut Model) -> Vec<Effect> {
    match model.time.recording {
        Loaded::Unasked | Loaded::Failed(_) => {
            model.time.recording = Loaded::Asked;
            vec![Effect::Survey(Wish::Recording)]
        }
        Loaded::Asked | Loaded::Here(_) => Vec::new(),
    }
}

/// The log, or why it cannot be wound. What happened while it was read follows from the ring.
pub fn recording(model: &mut Model, got: Result<Arc<Recording>, String>) -> Vec<Effect> {
    model.time.recording = super::feed::loaded(got);
    let ring: Vec<(Seq, Event)> = model.replica.events.iter().cloned().collect();
    moved_on(model, &ring);
    let then = model.time.then.take().filter(|_| model.time.recording.here().is_some());
    let went = then.map(|text| go_to(model, &text).unwrap_or_default());
    went.into_iter().flatten().chain(leave(model)).collect()
}

/// Gives up the log once neither the screen nor the past is looked at: it takes as much memory as the queue, and
/// is read again in a moment.
pub fn leave(model: &mut Model) -> Vec<Effect> {
    if model.screen == Screen::Time || model.time.at.is_some() {
        return Vec::new();
    }
    let Loaded::Here(recording) = &mut model.time.recording else { return Vec::new() };
    let recording = std::mem::take(recording);
    model.time.recording = Loaded::Unasked;
    model.time.line = None;
    vec![Effect::Forget(Old::Recording(recording))]
}

/// Events came.
pub fn moved_on(model: &mut Model, events: &[(Seq, Event)]) {
    let Loaded::Here(recording) = &mut model.time.recording else { return };
    let it = Arc::make_mut(recording);
    let broken = events.iter().find_map(|(seq, event)| it.take(*seq, event.clone()).err());
    if let Some(broken) = broken {
        // Better none than a wrong one: it is read anew when the screen is come to again.
        model.time.recording = Loaded::Failed(format!("the log does not fit together: {broken}"));
    }
    if model.screen == Screen::Time {
        draw_line(model);
    }
}

/// Makes the figures for the width there is, if they are not those already.
pub fn draw_line(model: &mut Model) {
    let columns = usize::from(model.size.0.saturating_sub(NAMES));
    let Loaded::Here(recording) = &model.time.recording else { return };
    let count = recording.events().len();
    if model.time.line.as_ref().is_some_and(|(line, of)| line.shipped.len() == columns && *of == count) {
        return;
    }
    model.time.line = Some((recording.timeline(columns, model.now.wall), count));
}

/// Does what a key of the screen asks for.
pub fn wind(model: &mut Model, wind: Wind) -> Vec<Effect> {
    match wind {
        Wind::Play => play(model),
        Wind::Step { forth } => step(model, forth, 1),
        Wind::Minute { forth } => minute(model, forth),
        Wind::Landmark { forth } => mark(model, forth),
        Wind::Speed { faster } => speed(model, faster),
        Wind::Moment => form::open(model, FormKind::Moment, "", 0),
        Wind::Only => only(model),
        Wind::Differs => compare(model),
        Wind::Live => live(model),
    }
}

/// Shows the moment after so many events; `at` is the clock's time then.
fn seek(model: &mut Model, count: usize, at: Stamp) -> Vec<Effect> {
    let Loaded::Here(recording) = &model.time.recording else {
        tell::say(model, Role::Wait, "the log is still being read", "", false);
        return Vec::new();
    };
    let recording = Arc::clone(recording);
    let count = count.min(recording.events().len());
    let state = recording.state(count);
    let back = i64::try_from(BEFORE.as_millis()).unwrap_or(0);
    let before =
        recording.state(recording.upto(Stamp::from_millis(at.as_millis().saturating_sub(back))).min(count));
    model.time.before = STAGES.iter().map(|row| before.count(row.0)).collect();
    let live = match model.time.live.take() {
        Some(live) => live,
        None => Box::new(model.replica.clone()),
    };
    let first = count.saturating_sub(LATEST_MOST);
    model.replica = Replica {
        state: Arc::new(state),
        events: recording.events()[first..count].iter().cloned().collect(),
        gone: Arc::default(),
        edited: Arc::default(),
        outliving: Arc::default(),
        health: Health::Replay,
        lost: None,
        from: live.from.clone(),
        scope: live.scope.clone(),
        agents: Arc::default(),
        rejected: Arc::default(),
    };
    model.time.live = Some(live);
    model.time.at = Some(Position { count, at });
    model.time.anew = true;
    let last = count.checked_sub(1).and_then(|nth| recording.events()[nth].1.what.job());
    if model.screen == Screen::Time && model.time.only.is_none() {
        model.selected = last.cloned().or(model.selected.take());
    }
    if model.time.differs.is_some() {
        model.time.differs = Some(differs(model));
    }
    model.outdated = true;
    model.dirty = true;
    super::pages::rewound(model)
}

/// The place now: after all events, while it is live.
fn place(model: &Model) -> Option<(Arc<Recording>, usize)> {
    let recording = model.time.recording.here()?;
    let count = model.time.at.map_or(recording.events().len(), |at| at.count);
    Some((Arc::clone(recording), count))
}

/// Shows the moment right after an event.
fn seek_event(model: &mut Model, recording: &Recording, count: usize) -> Vec<Effect> {
    let count = count.clamp(usize::from(!recording.events().is_empty()), recording.events().len());
    match count.checked_sub(1).map(|nth| recording.events()[nth].1.at) {
        Some(at) => seek(model, count, at),
        None => Vec::new(),
    }
}

/// Goes to the next event, or back; past those of other jobs if only one is looked at.
fn step(model: &mut Model, forth: bool, by: usize) -> Vec<Effect> {
    model.time.playing = None;
    let Some((recording, count)) = place(model) else { return seek(model, 0, Stamp::default()) };
    let only = model.time.only.clone();
    let fits = |nth: &usize| only.is_none() || recording.events()[*nth].1.what.job() == only.as_ref();
    let all = recording.events().len();
    let next = match forth {
        true => (count..all).filter(fits).nth(by - 1).or((by > 1).then(|| all.saturating_sub(1))),
        false => (0..count.saturating_sub(1)).rev().filter(fits).nth(by - 1).or((by > 1).then_some(0)),
    };
    match next {
        Some(nth) => seek_event(model, &recording, nth + 1),
        None => {
            let text = if forth { "this is the last event: L goes live" } else { "the log begins here" };
            tell::say(model, Role::Neutral, text, "", false);
            Vec::new()
        }
    }
}

/// Moves through the events as through a list.
pub fn motion(model: &mut Model, motion: Motion) -> Vec<Effect> {
    match motion {
        Motion::Down => step(model, true, 1),
        Motion::Up => step(model, false, 1),
        Motion::PageDown | Motion::HalfDown => step(model, true, PAGE),
        Motion::PageUp | Motion::HalfUp => step(model, false, PAGE),
        Motion::First | Motion::Last => {
            let Some((recording, _)) = place(model) else { return Vec::new() };
            let count = if motion == Motion::First { 1 } else { recording.events().len() };
            seek_event(model, &recording, count)
        }
    }
}

/// A minute further, or back.
fn minute(model: &mut Model, forth: bool) -> Vec<Effect> {
    model.time.playing = None;
    let ms = if forth { 60_000 } else { -60_000 };
    let at = model.time.at.map_or(model.now.wall, |at| at.at);
    go(model, Stamp::from_millis(at.as_millis().saturating_add(ms)))
}

/// The next place worth a look, or the one before.
fn mark(model: &mut Model, forth: bool) -> Vec<Effect> {
    model.time.playing = None;
    let Some((recording, count)) = place(model) else { return Vec::new() };
    let mut marks = recording.marks().iter().map(|row| row.0 + 1);
    let next = match forth {
        true => marks.find(|nth| *nth > count),
        false => marks.rev().find(|nth| *nth < count),
    };
    match next {
        Some(count) => seek_event(model, &recording, count),
        None => {
            let side = if forth { "after" } else { "before" };
            tell::say(model, Role::Neutral, format!("no mark {side} this moment"), "", false);
            Vec::new()
        }
    }
}

/// Goes to a moment, no further than the log goes.
pub fn go(model: &mut Model, at: Stamp) -> Vec<Effect> {
    let Some((recording, _)) = place(model) else { return seek(model, 0, at) };
    let first = recording.events().first().map_or(at, |row| row.1.at);
    if at < first {
        tell::say(model, Role::Wait, format!("the log begins at {}", first.local_full()), "", false);
    }
    let at = at.clamp(first, model.now.wall.max(first));
    seek(model, recording.upto(at), at)
}

/// Goes to the moment that a text names.
///
/// # Errors
/// Why it names none.
pub fn go_to(model: &mut Model, text: &str) -> Result<Vec<Effect>, String> {
    let at = Stamp::read_past(text.trim_start_matches(['-', '−']), model.now.wall)
        .ok_or_else(|| format!("{text:?} is no time: write 11:20, 44m or 2026-10-02T12:04:27Z"))?;
    Ok(go(model, at))
}

/// Plays, or stands still.
fn play(model: &mut Model) -> Vec<Effect> {
    if model.time.playing.take().is_some() {
        return Vec::new();
    }
    let effects = match model.time.at {
        Some(_) => Vec::new(),
        None => mark(model, false),
    };
    if model.time.at.is_some() {
        model.time.playing = Some(model.now.up);
    }
    effects
}

/// Faster, or slower.
fn speed(model: &mut Model, faster: bool) -> Vec<Effect> {
    let it = &mut model.time;
    it.speed = if faster { (it.speed + 1).min(SPEEDS.len() - 1) } else { it.speed.saturating_sub(1) };
    Vec::new()
}

/// While it plays the moment moves on.
pub fn tick(model: &mut Model) -> Vec<Effect> {
    let (Some(last), Some(at)) = (model.time.playing, model.time.at) else { return Vec::new() };
    if model.now.up < later(last, TICK) {
        return Vec::new();
    }
    let passed = model.now.up.as_millis().saturating_sub(last.as_millis());
    let next = at.at.plus(Span::from_millis(passed.saturating_mul(model.time.speed())));
    model.time.playing = Some(model.now.up);
    if next >= model.now.wall {
        model.time.playing = None;
    }
    go(model, next)
}

/// Only events of the job that was picked, or all.
fn only(model: &mut Model) -> Vec<Effect> {
    model.time.only = match model.time.only {
        Some(_) => None,
        None => model.selected.clone(),
    };
    Vec::new()
}

/// How the moment differs from now, or no longer.
fn compare(model: &mut Model) -> Vec<Effect> {
    model.time.differs = match model.time.differs {
        Some(_) => None,
        None => Some(differs(model)),
    };
    Vec::new()
}

fn differs(model: &Model) -> Vec<Differs> {
    let Some(live) = &model.time.live else { return Vec::new() };
    let (then, now) = (&model.replica.state, &live.state);
    let ids: BTreeSet<&JobId> = then.jobs.keys().chain(now.jobs.keys()).collect();
    let row = |id: &JobId| Differs { job: id.clone(), then: then.stage_of(id), now: now.stage_of(id) };
    ids.into_iter().map(row).filter(|row| row.then != row.now).take(DIFFERS_MOST).collect()
}

/// Back to now.
pub fn live(model: &mut Model) -> Vec<Effect> {
    let Some(live) = model.time.live.take() else { return Vec::new() };
    model.replica = *live;
    model.time.at = None;
    model.time.anew = true;
    model.time.playing = None;
    model.time.differs = None;
    model.outdated = true;
    model.dirty = true;
    let mut effects = super::go::arrive(model);
    effects.extend(super::pages::rewound(model));
    effects.extend(leave(model));
    effects
}
