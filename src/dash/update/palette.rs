//! The palette: every action, screen, host, ceiling, job and saved view by name, and lines that take a word.

use std::sync::Arc;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{lines, pick};
use crate::dash::effect::{Effect, Old};
use crate::dash::keys::{ACTIONS, ActionRow, Group, On};
use crate::dash::model::{
    Choice, INLINE_MOST, Layer, Loaded, Model, Pick, Place, Screen, Section, Seek, Sought, Then, budget_rows,
    seek,
};
use crate::dash::theme::{Look, THEMES};
use crate::job::JobId;

/// Recent lines that are offered without being asked for.
const RECENT_MOST: usize = 5;
/// What a choice that is named exactly is worth: nothing that only resembles it stands before it.
const EXACT: u32 = 1 << 24;

/// Every action that is at home here, those of other places with their place, everything that can be set or gone to,
/// lines that take a word, and what was run last.
pub fn palette(model: &Model) -> Pick {
    let place = model.place();
    let here = |row: &&ActionRow| row.on.has(place) && row.group != Group::Move;
    let mut rows: Vec<&'static ActionRow> = ACTIONS.iter().filter(here).collect();
    // What acts on the job at hand and is lawful stands first.
    rows.sort_by_key(|row| (row.group != Group::Act || (row.off)(model).is_err(), row.group != Group::Act));
    let mut all: Vec<Choice> = rows.into_iter().map(|row| pick::choice(model, row)).collect();
    let mut others: Vec<&'static ActionRow> = ACTIONS.iter().collect();
    others.sort_by_key(|row| row.group != Group::Act);
    all.extend(others.into_iter().filter_map(|row| there(row, model)));
    all.extend(lines::begun());
    all.extend(
        THEMES
            .iter()
            .map(|(name, theme)| set_look(format!("theme {name}"), Look { theme: *theme, ..model.look })),
    );
    all.push(set_look("ascii on".to_string(), Look { ascii: true, ..model.look }));
    all.push(set_look("ascii off".to_string(), Look { ascii: false, ..model.look }));
    all.extend([("on", true), ("off", false)].map(|(word, on)| set_mouse(word, on)));
    all.extend(model.recall.views.iter().flat_map(lines::of_view));
    all.extend(hosts(model));
    all.extend(ceilings(model));
    all.extend(recent(model));
    let mut pick = Pick { palette: true, ..Pick::of("Command", true, all) };
    narrow(model, &mut pick);
    pick
}

/// Where an action that is not at home here can be done: its screen, or its tab of the job at hand.
fn elsewhere(model: &Model, row: &ActionRow) -> Option<Place> {
    match row.on {
        // Motions are for whoever sees what moves.
        _ if row.group == Group::Move || row.on.has(model.place()) => None,
        On::Screen(screen) => Some(Place::Screen(screen)),
        On::Tab(tab) => model.current().map(|_| Place::Page(tab)),
        On::Lists => Some(Place::Screen(Screen::Jobs)),
        // Of the queue as a whole.
        On::Elsewhere(_) => Some(Place::Screen(Screen::Budget)),
        On::Everywhere | On::Jobs | On::Page | On::Panes => None,
    }
}

fn there(row: &'static ActionRow, model: &Model) -> Option<Choice> {
    let place = elsewhere(model, row)?;
    // Its key means something else here, or nothing.
    let note = format!("{}: {}", place.name(), row.title);
    let then = Then::There(place, row.does);
    Some(Choice { note, key: String::new(), then, ..pick::choice(model, row) })
}

fn set_look(label: String, look: Look) -> Choice {
    Choice::of(label, "how things look", Then::Look(look))
}

fn set_mouse(word: &str, on: bool) -> Choice {
    let note =
        if on { "clicks and the wheel are for the cockpit" } else { "the terminal selects text as ever" };
    Choice::of(format!("mouse {word}"), note, Then::Mouse(on))
}

/// The hosts that are known: this one, and those of the agents that live on the queue.
fn hosts(model: &Model) -> Vec<Choice> {
    let bare = |name: &str| name.split(['~', '/']).next().unwrap_or_default().to_string();
    let here = if let Loaded::Here(host) = &model.fleet.host { Some(bare(&host.name)) } else { None };
    let agents = model.replica.agents.iter().map(|agent| bare(agent.holder.as_str()));
    let mut names: Vec<String> = agents.chain(here).filter(|name| !name.is_empty()).collect();
    names.sort();
    names.dedup();
    let host = |name: String| {
        Choice::of(format!("host {name}"), "its agents and what it offers", Then::Row(Screen::Fleet, 0))
    };
    names.into_iter().map(host).collect()
}

/// The ceilings, one by one.
fn ceilings(model: &Model) -> impl Iterator<Item = Choice> {
    budget_rows(model).into_iter().enumerate().map(|(nth, row)| {
        let note = if row.is_engine { "what this engine spent" } else { "what happens at the ceiling" };
        let then = Then::Row(Screen::Budget, nth);
        Choice {
            runs: "aq budget show".to_string(),
            ..Choice::of(format!("budget {}", row.name), note, then)
        }
    })
}

/// The lines that were run last and can be run now. What stands in the list by its own name is in it already.
fn recent(model: &Model) -> Vec<Choice> {
    let again = |line: &String| {
        let choice = lines::line(model, line)?;
        let then = Then::Again(line.clone(), Box::new(choice.then));
        // Its words stand in the line itself.
        let note = choice.note.rsplit_once("  ").map_or(choice.note.clone(), |parts| parts.1.to_string());
        Some(Choice { label: line.clone(), note, then, ..choice })
    };
    model.recall.lines.iter().rev().filter_map(again).take(RECENT_MOST).collect()
}

/// What was typed.
fn typed(pick: &Pick) -> String {
    pick.field.as_ref().map(|line| line.input.value().trim_start().to_string()).unwrap_or_default()
}

/// Shows what fits what is typed: a line that is written out, then group by group, best first.
pub fn narrow(model: &Model, pick: &mut Pick) {
    let text = typed(pick);
    pick.all.truncate(pick.fixed);
    pick.at = 0;
    let mut found: Vec<(Section, u32, usize)> = Vec::new();
    if text.trim().is_empty() {
        found.extend(pick.all.iter().enumerate().map(|(i, choice)| (choice.section(), 0, i)));
    } else {
        let mut points = points(text.trim());
        for (i, choice) in pick.all.iter().enumerate() {
            found.extend(points(choice).map(|points| (choice.section(), points, i)));
        }
        let line = lines::line(model, &text).or_else(|| lines::wrong(model, &text));
        if let Some(line) = line.filter(|_| pick.palette) {
            found.push((Section::Actions, u32::MAX, pick.all.len()));
            pick.all.push(line);
        }
    }
    let best = |section: Section| found.iter().filter(|row| row.0 == section).map(|row| row.1).max();
    let rank: Vec<u32> = Section::ALL.iter().map(|section| best(*section).unwrap_or(0)).collect();
    // The group of the best stands first: what is meant is under the cursor.
    let of = |section: Section| (std::cmp::Reverse(rank[section as usize]), section);
    found.sort_by_key(|row| (of(row.0), std::cmp::Reverse(row.1), row.2));
    pick.shown = found.into_iter().map(|row| row.2).collect();
    pick.own = pick.all.len();
    with_jobs(model, pick);
}

/// How well a choice fits what is typed, if it does.
fn points(typed: &str) -> impl FnMut(&Choice) -> Option<u32> {
    let pattern = |kind| Pattern::new(typed, CaseMatching::Ignore, Normalization::Smart, kind);
    // Letters that lie scattered over a sentence mean nothing; in a name they do.
    let (name, words) = (pattern(AtomKind::Fuzzy), pattern(AtomKind::Substring));
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let typed = typed.to_lowercase();
    move |choice| {
        let mut score = |by: &Pattern, text: &str| by.score(Utf32Str::new(text, &mut buffer), &mut matcher);
        // A name counts for more than what is said about it, and what is at home here for more than the rest.
        let named = score(&name, &choice.label).map(|points| points.saturating_mul(2));
        let told = score(&words, &format!("{} {}", choice.label, choice.note));
        // What deletes something stands behind what opens it.
        let here = if matches!(choice.then, Then::There(..) | Then::DeleteView(_)) { 1 } else { 4 };
        let points = named.max(told)?.saturating_mul(here);
        let name = match choice.then {
            // The word behind it is still to come.
            Then::Type(_) => choice.label.split(' ').next().unwrap_or_default(),
            _ => choice.label.as_str(),
        };
        Some(if name.to_lowercase() == typed { points.saturating_add(EXACT) } else { points })
    }
}

/// What jobs are looked for by, if any are.
fn wanted(pick: &Pick) -> Option<String> {
    let text = typed(pick);
    let words = lines::job_of(&text).unwrap_or(text.trim());
    let looks = pick.palette && !words.is_empty() && !lines::is_begun(&text);
    looks.then(|| words.to_string())
}

/// Puts the jobs that were found behind what else can be gone to; the cursor stays on its row.
fn with_jobs(model: &Model, pick: &mut Pick) {
    let chosen = pick.chosen().map(|choice| choice.then.clone());
    pick.all.truncate(pick.own);
    pick.shown.retain(|i| *i < pick.own);
    let Some(words) = wanted(pick) else { return };
    let (state, sought) = (&model.replica.state, &model.seeking.sought);
    let jobs: Vec<JobId> = match sought.words == words && Arc::ptr_eq(&sought.state, state) {
        true => sought.best.clone(),
        false => sought.meanwhile(&words, state),
    };
    let explains = lines::job_of(&typed(pick)).is_some();
    let found = jobs.iter().filter_map(|id| model.job(id)).map(|job| lines::of_job(job, explains));
    // Where nothing else can be gone to they still stand before what was run last.
    let end = pick.shown.iter().position(|i| pick.all[*i].section() == Section::Recent);
    let goes = pick.shown.iter().rposition(|i| pick.all[*i].section() == Section::GoTo).map(|at| at + 1);
    let at = goes.or(end).unwrap_or(pick.shown.len());
    pick.all.extend(found);
    pick.shown.splice(at..at, pick.own..pick.all.len());
    let place = |then: &Then| pick.shown.iter().position(|i| pick.all[*i].then == *then);
    pick.at = chosen.as_ref().and_then(place).unwrap_or(pick.at).min(pick.shown.len().saturating_sub(1));
}

/// Asks for the jobs that fit what is typed, if that is not what was found last and nothing is out. Few jobs: they
/// are looked for here. An answer that is late already is asked for anew once it is there.
pub fn look_for_jobs(model: &mut Model) -> Option<Effect> {
    if model.seeking.out {
        return None;
    }
    let words = if let Some(Layer::Pick(pick)) = model.layers.last() { wanted(pick) } else { None };
    let Some(words) = words else {
        // As many names as there are jobs may be in it, and the queue as it was then.
        let old = std::mem::take(&mut model.seeking.sought);
        return (!old.words.is_empty()).then(|| Effect::Forget(Old::Sought(Box::new(old))));
    };
    let (state, it) = (Arc::clone(&model.replica.state), &mut model.seeking);
    if it.sought.words == words && Arc::ptr_eq(&it.sought.state, &state) {
        return None;
    }
    it.generation += 1;
    let among = it.sought.among(&words, &state);
    let request = Seek { generation: it.generation, words, state, among };
    if request.state.jobs.len() <= INLINE_MOST {
        found(model, seek(&request));
        return None;
    }
    it.out = true;
    Some(Effect::Seek(Box::new(request)))
}

/// Jobs were found.
pub fn found(model: &mut Model, sought: Sought) {
    if sought.generation != model.seeking.generation {
        return;
    }
    (model.seeking.out, model.seeking.sought) = (false, sought);
    model.dirty = true;
    if let Some(Layer::Pick(mut pick)) = model.layers.pop_if(|layer| matches!(layer, Layer::Pick(_))) {
        with_jobs(model, &mut pick);
        model.layers.push(Layer::Pick(pick));
    }
}

/// The line before in what was run, or the one after; gives whether the key was for that. It begins at the first
/// row, where up leads nowhere else.
pub fn recalls(model: &Model, pick: &mut Pick, up: bool) -> bool {
    let begins = up && pick.at == 0 && !model.recall.lines.is_empty();
    if !pick.palette || (pick.past.is_none() && !begins) {
        return false;
    }
    let (nth, before) = pick.past.take().unwrap_or_else(|| (0, typed(pick)));
    let nth = if up { (nth + 1).min(model.recall.lines.len()) } else { nth - 1 };
    let line = nth.checked_sub(1).and_then(|nth| model.recall.lines.iter().rev().nth(nth));
    let text = line.unwrap_or(&before).clone();
    pick::set(model, pick, &text);
    pick.past = (nth > 0).then_some((nth, before));
    true
}
