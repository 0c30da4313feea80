//! What comes in from the world: the queue, lists, answers, texts, frames, deadlines.

use std::sync::Arc;

use super::{budget, fleet, flow, go, layers, notice, pages, risk, tell, time, watch};
use crate::dash::effect::{Effect, Old};
use crate::dash::model::{
    Drawn, HOLD, Health, INLINE_MOST, Layer, Listing, Lists, Loaded, Model, Pane, PerList, Replica, Request,
    Screen, Step, WIDE, later, lists as make, window_span,
};
use crate::dash::msg::{Fresh, Read};
use crate::dash::survey::Found;
use crate::fleet::{Event, State};
use crate::insight::{LastDay, Ledger};
use crate::job::{JobId, Role, Seq};

/// The queue moved on. While the past is on the screens, now stands aside and is kept up.
pub fn replica(model: &mut Model, fresh: Fresh) -> Vec<Effect> {
    let is_live = model.time.live.is_none();
    let first = model.replica.state.seq == 0;
    let now = model.law_now().law;
    let it = model.time.live.as_deref_mut().unwrap_or(&mut model.replica);
    let before = Arc::clone(&it.state);
    if !is_news(it, &fresh) {
        return Vec::new();
    }
    let lost = it.is_known() && matches!(fresh.health, Health::Broken { .. } | Health::Skew { .. });
    let was_away = it.health.ends().is_some() && fresh.health.acts() && fresh.health.ends().is_none();
    it.lost = lost.then(|| it.lost.unwrap_or(now));
    it.health = fresh.health;
    let others = it.agents != fresh.agents || it.gone != fresh.gone;
    it.agents = fresh.agents;
    it.rejected = fresh.rejected;
    let old = std::mem::replace(&mut it.gone, fresh.gone);
    it.edited = fresh.edited;
    it.outliving = fresh.outliving;
    it.state = fresh.state;
    let died = it.state.held().filter(|row| it.gone.contains(row.1) && !old.contains(row.1));
    let died: Vec<JobId> = died.map(|row| row.0.id.clone()).collect();
    if fresh.anew {
        it.events.clear();
    }
    let last = it.events.back().map_or(0, |row| row.0);
    let news: Vec<(Seq, Event)> = fresh.events.into_iter().filter(|row| row.0 > last).collect();
    it.take_events(news.clone());
    let caught_up = was_away.then(|| match news.len() {
        1 => "1 event".to_string(),
        n => format!("{n} events"),
    });
    let now = Arc::clone(&it.state);
    if fresh.anew {
        return anew(model, &news);
    }
    flow::moved_on(model, &before);
    let touched: Vec<JobId> = news.iter().filter_map(|row| row.1.what.job()).cloned().collect();
    budget::moved_on(model, &news);
    news.iter().for_each(|(seq, event)| model.day.take(*seq, event, &now));
    time::moved_on(model, &news);
    let watched = watch::moved_on(model, &now, &touched);
    let pings = notice::moved_on(model, &now, &news, &touched, watched);
    model.dirty = true;
    if !is_live {
        return pings;
    }
    if let Some(events) = caught_up {
        tell::say(model, Role::Good, format!("connected again, caught up {events}"), "", false);
    }
    let mut effects = pings;
    effects.extend(risk::moved_on(model, &news));
    effects.extend(risk::tagged(model, first, &news, died));
    effects.extend(fleet::moved_on(model, &news, others));
    effects.extend(layers::moved_on(model, &news));
    let state = Arc::clone(&model.replica.state);
    model.marks.retain(|id| state.jobs.contains_key(id));
    model.looked.retain(|id, _| state.jobs.contains_key(id));
    model.outdated = true;
    effects.extend(pages::moved_on(model, &touched));
    effects
}

fn is_news(it: &Replica, fresh: &Fresh) -> bool {
    fresh.anew
        || it.state.seq != fresh.state.seq
        || it.gone != fresh.gone
        || it.edited != fresh.edited
        || it.outliving != fresh.outliving
        || it.health != fresh.health
        || it.agents != fresh.agents
        || it.rejected != fresh.rejected
}

/// Another history stands in the place of the one that was followed: what was worked out from that one is dropped,
/// and what the new one tells is no news.
fn anew(model: &mut Model, events: &[(Seq, Event)]) -> Vec<Effect> {
    let mut effects = time::live(model);
    model.budget.ledger = Ledger::default();
    model.flow = Loaded::Unasked;
    flow::moved_on(model, &State::default());
    budget::moved_on(model, events);
    let state = Arc::clone(&model.replica.state);
    model.day = LastDay::default();
    events.iter().for_each(|(seq, event)| model.day.take(*seq, event, &state));
    model.time.recording = Loaded::Unasked;
    model.done = Loaded::Unasked;
    model.done_upto = 0;
    model.marks.clear();
    (model.outdated, model.dirty) = (true, true);
    effects.extend(pages::rewound(model));
    effects.extend(go::arrive(model));
    effects.extend(risk::tagged(model, true, &[], Vec::new()));
    effects
}

/// Asks for lists if what they follow from has changed and none is being made. Few jobs: they are made here.
pub fn ask_lists(model: &mut Model) -> Option<Effect> {
    let is_late = |until| until <= model.law_now().wall;
    if model.asked.1 || !(model.outdated || model.lists.alerts_until.is_some_and(is_late)) {
        return None;
    }
    model.outdated = false;
    model.asked.0 += 1;
    if std::mem::take(&mut model.jobs.changed) {
        model.jobs.reset_at = model.asked.0;
    }
    let request = Request {
        generation: model.asked.0,
        state: Arc::clone(&model.replica.state),
        gone: Arc::clone(&model.replica.gone),
        edited: Arc::clone(&model.replica.edited),
        agents: Arc::clone(&model.replica.agents),
        knows_agents: model.agents().is_some(),
        rejected: Arc::clone(&model.replica.rejected),
        at_risk: match model.time.at {
            Some(_) => Arc::default(),
            None => Arc::clone(&model.risk.at_risk),
        },
        now: model.law_now(),
        filter: model.jobs.filter.clone(),
        sort: model.jobs.sort,
        shipped: model.jobs.shipped,
        board: model.jobs.board.on,
        graph: (model.screen == Screen::Graph).then(|| model.graph.wish()),
        graph_filter: model.graph.filter.clone(),
        demands: model.screen == Screen::Fleet,
        ahead: (model.screen == Screen::Overview && model.size.0 >= WIDE)
            .then(|| model.watched.ids().cloned().collect()),
        spent_since: matches!(model.screen, Screen::Overview | Screen::Budget)
            .then(|| window_span(model.replica.state.product.window, model.law_now().wall).0),
        shown: PerList {
            jobs: model.jobs.list.shown(),
            needs: model.overview.needs.shown(),
            running: model.overview.running.shown(),
            actionable: model.overview.actionable.shown(),
            recent: model.overview.recent.shown(),
            graph: model.graph.list.shown(),
        },
    };
    if request.state.jobs.len() <= INLINE_MOST {
        drop(take_lists(model, make(&request)));
        return None;
    }
    model.asked.1 = true;
    Some(Effect::Lists(Box::new(request)))
}

/// Lists that were made beside the screen.
pub fn lists(model: &mut Model, lists: Lists) -> Vec<Effect> {
    if lists.generation != model.asked.0 {
        return Vec::new();
    }
    model.asked.1 = false;
    vec![Effect::Forget(Old::Lists(Box::new(take_lists(model, lists))))]
}

/// Gives the lists that were before. Nothing here may cost time in the number of jobs beyond a look along a list: a key waits for it.
fn take_lists(model: &mut Model, lists: Lists) -> Lists {
    let hold = model.now.up < later(model.touched, HOLD) && model.touched != crate::time::Span::ZERO;
    let state = Arc::clone(&model.replica.state);
    let exists = |id: &JobId| state.jobs.contains_key(id);
    let anew = std::mem::take(&mut model.time.anew);
    let mut again = false;
    let mut put = |list: &mut Listing, rows: &Arc<Vec<JobId>>, step: &Step, asked: bool| match asked {
        true => list.reset(rows),
        false => again |= !list.take(rows, hold.then_some(step), exists),
    };
    let (rows, steps) = (&lists.rows, &lists.steps);
    let asked = anew || lists.generation == model.jobs.reset_at;
    put(&mut model.jobs.list, &rows.jobs, &steps.jobs, asked);
    if model.jobs.board.on {
        model.jobs.board.take(&lists.board, hold && !asked);
    }
    // A row that left stays under the cursor; in a pane without the focus nobody's finger is on it.
    let unwatched = |pane: Pane| anew || model.screen != Screen::Overview || model.overview.pane != pane;
    let (other, idle, old) = (unwatched(Pane::Needs), unwatched(Pane::Running), unwatched(Pane::Recent));
    put(&mut model.overview.needs, &rows.needs, &steps.needs, other);
    put(&mut model.overview.running, &rows.running, &steps.running, idle);
    let far = unwatched(Pane::Actionable);
    put(&mut model.overview.actionable, &rows.actionable, &steps.actionable, far);
    put(&mut model.overview.recent, &rows.recent, &steps.recent, old);
    if let Some(wish) = &lists.graph.wish {
        // Another picture was asked for: its rows are no rows that moved.
        let other = model.lists.graph.wish.as_ref() != Some(wish);
        put(&mut model.graph.list, &rows.graph, &steps.graph, anew || other);
        if let Some(id) = model.selected.clone().filter(|_| other) {
            model.graph.list.point(&id);
        }
    }
    model.outdated |= again;
    model.dirty = true;
    let old = std::mem::replace(&mut model.lists, lists);
    if model.screen == Screen::Overview && model.page.is_none() {
        go::off_the_empty(model);
    }
    old
}

/// A moment came at which something changes by itself.
pub fn deadline(model: &mut Model) -> Vec<Effect> {
    let mut effects = time::tick(model);
    let now = model.now.up;
    if model.toast.as_ref().and_then(|toast| toast.until).is_some_and(|until| until <= now) {
        model.toast = None;
        model.dirty = true;
    }
    if later(model.touched, HOLD) <= now {
        model.dirty |= model.jobs.board.held();
        model.jobs.board.release();
        let state = Arc::clone(&model.replica.state);
        let exists = |id: &JobId| state.jobs.contains_key(id);
        let overview = &mut model.overview;
        let graph = &mut model.graph.list;
        let lists = [
            &mut model.jobs.list,
            graph,
            &mut overview.needs,
            &mut overview.running,
            &mut overview.actionable,
            &mut overview.recent,
        ];
        for list in lists {
            model.dirty |= list.held() > 0;
            list.release(exists);
        }
    }
    let stale = model.drawn.stale_at.is_some_and(|at| at <= now);
    let shows_agents = model.page.is_none() && model.screen == Screen::Fleet && model.time.at.is_none();
    // When an agent last showed that it lives stands in its own file, and no event tells of it. What the look finds
    // is drawn, and not the same moment before it too.
    if stale && shows_agents {
        model.drawn.stale_at = None;
        effects.extend(fleet::look(model));
    } else {
        model.dirty |= stale;
    }
    effects.extend(notice::flush(model));
    effects
}

/// A frame was drawn.
pub fn drawn(model: &mut Model, drawn: Drawn) {
    if let Some(page) = &mut model.page {
        page.tops[page.tab as usize] = drawn.window(Pane::Text).top;
        page.parts.drawn(&drawn);
    }
    if let Some(Layer::Sheet(sheet)) = model.layers.last_mut() {
        sheet.sight = sheet.sight.after(drawn.window(Pane::Sheet), drawn.lines);
    }
    model.drawn = drawn;
}

/// Something that was read.
pub fn read(model: &mut Model, read: Read) -> Vec<Effect> {
    model.dirty = true;
    pages::read(model, read);
    let page = model.page.as_ref();
    if let Some((job, rev)) = page.and_then(|page| Some((page.job.clone(), page.diff.seen()?.clone()))) {
        model.looked.insert(job, rev);
    }
    // The queue may have moved on while it was read.
    pages::wants(model)
}

/// What a look beside the log found.
pub fn found(model: &mut Model, found: Found) -> Vec<Effect> {
    model.dirty = true;
    match found {
        Found::Risks(got) => risk::found(model, got),
        Found::Done(got) => {
            model.done = loaded(got);
            Vec::new()
        }
        Found::AtRisk(of, got) => {
            risk::looked(model, of.as_deref(), got);
            Vec::new()
        }
        Found::Recording(got) => time::recording(model, got),
        Found::Flow(got) => {
            flow::found(model, got);
            Vec::new()
        }
        Found::Host(got) => {
            fleet::found(model, got);
            Vec::new()
        }
        Found::Unsaved(job, got) => {
            risk::compared(model, &job, &got);
            Vec::new()
        }
    }
}

/// What came, or the words why it did not.
pub fn loaded<T>(got: Result<T, String>) -> Loaded<T> {
    match got {
        Ok(it) => Loaded::Here(it),
        Err(why) => Loaded::Failed(why),
    }
}
