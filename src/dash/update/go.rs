//! Moving about: screens, panes, tabs, rows, pages, and back.

use super::{alerts, diff, pages, parts};
use crate::dash::effect::{Effect, Old};
use crate::dash::keys::Motion;
use crate::dash::model::{Listing, Model, Page, Pane, Place, Screen, Tab, WIDE};
use crate::job::{JobId, Stage};

/// Goes to a screen; the job that was under the cursor is looked for there.
pub fn screen(model: &mut Model, screen: Screen) -> Vec<Effect> {
    share(model);
    let mut effects = close(model);
    model.screen = screen;
    model.zoom = false;
    effects.extend(shed(model));
    effects.extend(arrive(model));
    let Some(id) = model.selected.clone() else { return effects };
    match screen {
        Screen::Jobs => {
            model.jobs.list.point(&id);
            model.jobs.board.point(&id);
        }
        Screen::Overview => {
            let it = &mut model.overview;
            if it.needs.point(&id) {
                it.pane = Pane::Needs;
            } else if it.running.point(&id) {
                it.pane = Pane::Running;
            }
        }
        Screen::Graph => drop(model.graph.list.point(&id)),
        Screen::Risk => drop(model.risk.list.point(&id)),
        _ => {}
    }
    effects
}

/// Gives up what only the screen before needs, and what takes as much memory as the queue.
fn shed(model: &mut Model) -> Vec<Effect> {
    let mut effects = super::time::leave(model);
    if model.screen != Screen::Graph && model.lists.graph.wish.is_some() {
        effects.push(Effect::Forget(Old::Graph(std::mem::take(&mut model.lists.graph))));
    }
    effects
}

/// What a screen looks at when it is come to, and again when something was done on it.
pub fn arrive(model: &mut Model) -> Vec<Effect> {
    match model.screen {
        Screen::Graph => super::graph::look(model),
        Screen::Fleet => super::fleet::look(model),
        Screen::Time => {
            let effects = super::time::look(model);
            super::time::draw_line(model);
            effects
        }
        Screen::Risk => super::risk::arrive(model),
        Screen::Budget => super::budget::look(model),
        // Only here it is worked out what is ahead.
        Screen::Overview => {
            model.outdated = true;
            Vec::new()
        }
        Screen::Jobs => Vec::new(),
    }
}

/// Lets the other screens know which job is under the cursor.
pub fn share(model: &mut Model) {
    if let Some(id) = model.current().map(|job| job.id.clone()) {
        model.selected = Some(id);
    }
}

/// Moves the cursor of the focused pane, or rolls the text of a page.
pub fn motion(model: &mut Model, motion: Motion) -> Vec<Effect> {
    let height = model.drawn.window(model.pane()).height.max(1);
    if parts::motion(model, motion) || pages::motion(model, motion) {
        return Vec::new();
    }
    if let Some(page) = &mut model.page {
        let top = &mut page.tops[page.tab as usize];
        *top = moved(*top, motion, height, usize::MAX / 2);
        page.log.follow &= page.tab != Tab::Log || matches!(motion, Motion::Last);
        page.log.follow |= page.tab == Tab::Log && matches!(motion, Motion::Last);
        return Vec::new();
    }
    match model.screen {
        Screen::Jobs if model.jobs.board.on => {
            super::jobs::up_and_down(model, motion);
            share(model);
            return Vec::new();
        }
        Screen::Overview if model.overview.pane == Pane::Alerts => {
            let last = model.alerts().len().saturating_sub(1);
            model.overview.alert = moved(model.overview.alert, motion, height, last);
            return Vec::new();
        }
        Screen::Time => return super::time::motion(model, motion),
        Screen::Fleet => {
            super::fleet::motion(model, motion, height);
            return Vec::new();
        }
        Screen::Budget => {
            super::budget::motion(model, motion, height);
            return Vec::new();
        }
        _ => {}
    }
    if model.screen == Screen::Risk && super::risk::roll(model, motion, height) {
        return Vec::new();
    }
    if let Some(list) = list(model) {
        let last = list.rows().len().saturating_sub(1);
        list.go(moved(list.at(), motion, height, last));
    }
    share(model);
    Vec::new()
}

fn list(model: &mut Model) -> Option<&mut Listing> {
    match model.screen {
        Screen::Overview => Some(model.overview.list_mut()),
        Screen::Jobs => Some(&mut model.jobs.list),
        Screen::Graph => Some(&mut model.graph.list),
        Screen::Risk => Some(&mut model.risk.list),
        _ => None,
    }
}

/// Where a motion leads from `at`, between 0 and `last`.
pub fn moved(at: usize, motion: Motion, height: usize, last: usize) -> usize {
    let half = (height / 2).max(1);
    let to = match motion {
        Motion::Down => at.saturating_add(1),
        Motion::Up => at.saturating_sub(1),
        Motion::First => 0,
        Motion::Last => last,
        Motion::PageDown => at.saturating_add(height),
        Motion::PageUp => at.saturating_sub(height),
        Motion::HalfDown => at.saturating_add(half),
        Motion::HalfUp => at.saturating_sub(half),
    };
    to.min(last)
}

/// The wheel rolls what is on top, or the pane it is over.
pub fn wheel(model: &mut Model, down: bool, rows: usize, over: Option<Pane>) -> Vec<Effect> {
    let step = if down { Motion::Down } else { Motion::Up };
    if !model.layers.is_empty() {
        return super::layers::wheel(model, step, rows);
    }
    if model.place() == Place::Page(Tab::Diff) && over != Some(Pane::Files) {
        let height = model.drawn.window(Pane::Text).height.max(1);
        (0..rows).for_each(|_| diff::scroll(model, step, height));
        return Vec::new();
    }
    (0..rows).flat_map(|_| motion(model, step)).collect()
}

/// The next pane of the overview or of a summary, or the one before.
pub fn pane(model: &mut Model, forth: bool) -> Vec<Effect> {
    if model.page.is_some() {
        parts::step(model, forth);
        return Vec::new();
    }
    const PANES: [Pane; 5] = [Pane::Needs, Pane::Running, Pane::Actionable, Pane::Recent, Pane::Alerts];
    let is_there = |pane: &Pane| match pane {
        Pane::Alerts => !model.alerts().is_empty(),
        Pane::Actionable => model.size.0 >= WIDE,
        _ => true,
    };
    let panes: Vec<Pane> = PANES.into_iter().filter(is_there).collect();
    let at = panes.iter().position(|pane| *pane == model.overview.pane).unwrap_or(0);
    let step = if forth { 1 } else { panes.len() - 1 };
    model.overview.pane = panes[(at + step) % panes.len()];
    share(model);
    Vec::new()
}

/// The terminal has another size: a pane that has no place on it any more gives the focus back.
pub fn refit(model: &mut Model) {
    if model.overview.pane == Pane::Actionable && model.size.0 < WIDE {
        model.overview.pane = Pane::Needs;
    }
}

/// The pane with the focus ran empty: it gives the focus to what needs a person, if anything does, or keys would be
/// for a job that nobody sees.
pub fn off_the_empty(model: &mut Model) {
    let it = &mut model.overview;
    let is_empty = match it.pane {
        Pane::Running => it.running.rows().is_empty(),
        Pane::Actionable => it.actionable.rows().is_empty(),
        Pane::Recent => it.recent.rows().is_empty(),
        _ => false,
    };
    if is_empty && !it.needs.rows().is_empty() {
        it.pane = Pane::Needs;
        share(model);
    }
}

/// The next tab of the page, or the one before.
pub fn tab(model: &mut Model, forth: bool) -> Vec<Effect> {
    let step = if forth { 1 } else { -1 };
    match model.page.as_ref().map(|page| page.tab.step(step)) {
        Some(tab) => to_tab(model, tab),
        None => Vec::new(),
    }
}

/// That tab of the page.
pub fn to_tab(model: &mut Model, tab: Tab) -> Vec<Effect> {
    if let Some(page) = &mut model.page {
        page.tab = tab;
    }
    pages::wants(model)
}

/// Opens what is under the cursor.
pub fn open(model: &mut Model) -> Vec<Effect> {
    if let Some(alert) = model.alert().cloned() {
        return alerts::open(model, &alert);
    }
    let Some(job) = model.current().cloned() else { return Vec::new() };
    // The one row of all that wait to be shipped opens their list.
    let group =
        model.page.is_none() && model.screen == Screen::Overview && model.overview.pane == Pane::Needs;
    let ready = job.stage == Stage::Testing && job.awaited_pr().is_none();
    if group && ready && model.lists.to_ship.len() > 1 {
        super::jobs::query(model, "stage:testing", false);
        return screen(model, Screen::Jobs);
    }
    match model.page {
        Some(_) => Vec::new(),
        None => page(model, job.id.clone(), Tab::Summary),
    }
}

/// Opens the page of a job.
pub fn page(model: &mut Model, job: JobId, tab: Tab) -> Vec<Effect> {
    let mut effects = close(model);
    model.selected = Some(job.clone());
    model.page = Some(Page::of(job, tab));
    effects.extend(pages::rewound(model));
    effects
}

/// Closes the page, if one is open.
fn close(model: &mut Model) -> Vec<Effect> {
    let follows = model.page.take().is_some_and(|page| page.log.attempt.is_some());
    follows.then_some(Effect::Unfollow).into_iter().collect()
}

/// Back by one layer: a word that stays, the page, the zoom, the filter, the marks. Nothing is left: nothing
/// happens.
pub fn back(model: &mut Model) -> Vec<Effect> {
    step_back(model).unwrap_or_default()
}

/// The same; on a root screen it is the end.
pub fn leave(model: &mut Model) -> Vec<Effect> {
    step_back(model).unwrap_or_else(|| {
        model.quit = true;
        Vec::new()
    })
}

fn step_back(model: &mut Model) -> Option<Vec<Effect>> {
    if model.toast.as_ref().is_some_and(|toast| toast.until.is_none()) {
        model.toast = None;
        return Some(Vec::new());
    }
    if model
        .page
        .as_ref()
        .is_some_and(|page| matches!(page.tab, Tab::Log | Tab::Diff) && !page.search().is_empty())
    {
        super::search::set(model, "");
        return Some(Vec::new());
    }
    if model.page.is_some() {
        return Some(close(model));
    }
    if model.screen == Screen::Risk && model.risk.patch.take().is_some() {
        return Some(Vec::new());
    }
    if model.screen == Screen::Graph && !model.graph.query.is_empty() {
        super::jobs::query(model, "", false);
        return Some(Vec::new());
    }
    if model.screen == Screen::Graph && model.graph.focus.take().is_some() {
        model.graph.layers = false;
        return Some(super::graph::look(model));
    }
    if std::mem::take(&mut model.zoom) {
        return Some(Vec::new());
    }
    if model.screen == Screen::Jobs && !model.jobs.query.is_empty() {
        super::jobs::query(model, "", false);
        return Some(Vec::new());
    }
    if !model.marks.is_empty() {
        model.marks.clear();
        return Some(Vec::new());
    }
    if model.time.at.is_some() {
        return Some(super::time::live(model));
    }
    None
}

/// The next job that needs a person, after the one that was looked at last; after all of them the alerts.
pub fn next_need(model: &mut Model) -> Vec<Effect> {
    if let Some(at) = alerts::next(model) {
        let mut effects = close(model);
        model.screen = Screen::Overview;
        effects.extend(shed(model));
        (model.overview.pane, model.overview.alert) = (Pane::Alerts, at);
        return effects;
    }
    // The row of all that only wait to be shipped is one of them.
    let needs = &model.lists.rows.needs;
    let last = model.selected.as_ref().and_then(|id| needs.iter().position(|need| need == id));
    let next = last.map_or(0, |at| at + 1) % needs.len().max(1);
    let Some(id) = needs.get(next).cloned() else { return Vec::new() };
    model.selected = Some(id);
    let mut effects = close(model);
    model.screen = Screen::Overview;
    effects.extend(shed(model));
    model.overview.pane = Pane::Needs;
    if let Some(id) = &model.selected {
        model.overview.needs.point(id);
    }
    effects
}

/// Keeps the end of a transcript in sight, or lets it go.
pub fn follow(model: &mut Model) -> Vec<Effect> {
    if let Some(page) = &mut model.page {
        page.log.follow = !page.log.follow;
    }
    Vec::new()
}

/// Gives one pane the whole screen, or takes it back.
pub fn zoom(model: &mut Model) -> Vec<Effect> {
    model.zoom = !model.zoom;
    Vec::new()
}

/// Ends the cockpit.
pub fn quit(model: &mut Model) -> Vec<Effect> {
    model.quit = true;
    Vec::new()
}

/// Reads the queue again, and what the screen looks at beside it.
pub fn reconnect(model: &mut Model) -> Vec<Effect> {
    let again = arrive(model);
    std::iter::once(Effect::Reconnect).chain(again).collect()
}
