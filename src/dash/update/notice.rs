//! Pings and the window's title: what is worth a person's ear, told together and seldom, as effects.
//!
//! A ping is for somebody who looks elsewhere: with the focus on it the screen says the same. So what comes while
//! the person is there is dropped, not kept for later.

use std::sync::Arc;

use crate::dash::effect::Effect;
use crate::dash::model::{Model, STAYS, later};
use crate::dash::theme::Sign;
use crate::fleet::{ActorKind, Event, Job, State, What};
use crate::insight::{alerts, need_of};
use crate::job::{JobId, PING_PACE, PingKind, Seq, Stage};

/// The queue moved on. `watched` are the words about watched jobs.
pub fn moved_on(
    model: &mut Model,
    state: &Arc<State>,
    news: &[(Seq, Event)],
    touched: &[JobId],
    watched: Vec<String>,
) -> Vec<Effect> {
    if model.notices.since.is_none() {
        model.notices.since = Some(model.now.up);
        let needs = state.jobs.values().filter(|job| needs_word(model, state, job).is_some());
        model.notices.needing = needs.map(|job| job.id.clone()).collect();
        let found = alerts(state, model.now.of(state), &model.replica.agents);
        model.notices.alerted = found.into_iter().map(|it| it.about).collect();
        return Vec::new();
    }
    for id in touched {
        match state.job(id).and_then(|job| needs_word(model, state, job)) {
            Some(text) if model.notices.needing.insert(id.clone()) => {
                if !(model.notices.agents_tell && is_by_agent(news, id)) {
                    model.notices.waiting.push((PingKind::Needs, text));
                }
            }
            Some(_) => {}
            None => drop(model.notices.needing.remove(id)),
        }
    }
    model.notices.waiting.extend(watched.into_iter().map(|text| (PingKind::Watched, text)));
    let alerts = alerts(state, model.now.of(state), &model.replica.agents);
    let known = std::mem::take(&mut model.notices.alerted);
    for alert in alerts {
        if !known.contains(&alert.about) {
            model.notices.waiting.push((PingKind::Alerts, alert.what));
        }
        model.notices.alerted.insert(alert.about);
    }
    for (_, event) in news {
        if let What::BudgetPaused { reason, .. } = &event.what
            && !event.by.is(&model.me)
        {
            let text = format!("the queue was paused by {}: {reason}", event.by.name);
            model.notices.waiting.push((PingKind::Paused, text));
        }
    }
    flush(model)
}

/// Whether an agent did what came last: the one that did it has called the person's command for it.
fn is_by_agent(news: &[(Seq, Event)], id: &JobId) -> bool {
    let last = news.iter().rev().find(|row| row.1.what.job() == Some(id));
    last.is_some_and(|row| matches!(row.1.by.kind, ActorKind::Agent | ActorKind::Engine))
}

/// What a job needs of a person, in a few words. That one of them can be shipped is told by the title alone; that
/// one could not be is not.
fn needs_word(model: &Model, state: &State, job: &Job) -> Option<String> {
    let news = job.stage != Stage::Testing || job.failed_to_ship();
    let need = need_of(state, job, model.now.of(state), &model.replica.agents).filter(|_| news)?;
    Some(format!("{} {}", need.job, need.what))
}

/// Whether the person looks elsewhere.
fn is_away(model: &Model) -> bool {
    let it = &model.notices;
    if it.tells_focus {
        return !model.focused;
    }
    let seen = model.touched.max(it.since.unwrap_or(model.now.up));
    later(seen, STAYS) <= model.now.up
}

/// Sends what waits, if its time has come.
pub fn flush(model: &mut Model) -> Vec<Effect> {
    let quiet = model.notices.quiet.as_ref().is_some_and(|quiet| quiet.has(&model.now.wall.local_hm()));
    let kinds = model.notices.kinds.clone();
    model.notices.waiting.retain(|row| kinds.contains(&row.0));
    if quiet || model.read_only || !is_away(model) {
        model.notices.waiting.clear();
    }
    let due = model.notices.last.is_none_or(|last| later(last, PING_PACE) <= model.now.up);
    if model.notices.waiting.is_empty() || !due {
        return Vec::new();
    }
    model.notices.last = Some(model.now.up);
    let waiting = std::mem::take(&mut model.notices.waiting);
    vec![Effect::Ping(together(&waiting))]
}

/// One thing in its own words, several by their number.
fn together(waiting: &[(PingKind, String)]) -> String {
    if let [(_, one)] = waiting {
        return one.clone();
    }
    let count = |kind: PingKind| waiting.iter().filter(|row| row.0 == kind).count();
    let said = |kind: PingKind, one: &str, many: &str| match count(kind) {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let paused = (count(PingKind::Paused) > 0).then(|| "the queue was paused".to_string());
    let all = [
        said(PingKind::Needs, "job needs you", "jobs need you"),
        said(PingKind::Watched, "watched change", "watched changes"),
        said(PingKind::Alerts, "alert", "alerts"),
        paused,
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The window's title, if it is another one now: `aq ◇5 ▲2`.
pub fn title(model: &mut Model) -> Option<Effect> {
    if !model.notices.titles || model.notices.since.is_none() {
        return None;
    }
    let needs = model.needs();
    let sign = model.look.stage_sign(Stage::Review);
    let alerts = model.alerts().len();
    let mut title = "aq".to_string();
    if needs > 0 {
        title.push_str(&format!(" {sign}{needs}"));
    }
    if alerts > 0 {
        title.push_str(&format!(" {}{alerts}", model.look.sign(Sign::Warning)));
    }
    if model.notices.title.as_ref() == Some(&title) {
        return None;
    }
    model.notices.title = Some(title.clone());
    Some(Effect::Title(title))
}
