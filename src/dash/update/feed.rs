//! What comes in from the world: the queue, lists, answers, texts, frames, deadlines.

use std::sync::Arc;

use super::{diff, pages, tell};
use crate::dash::effect::Effect;
use crate::dash::model::{
    Drawn, HOLD, INLINE_MOST, Lists, Loaded, Model, Pane, Request, later, lists as make,
};
use crate::dash::msg::{Acted, Fresh, Read};
use crate::fleet::Code;
use crate::job::{JobId, Role};

/// The queue moved on.
pub fn replica(model: &mut Model, fresh: Fresh) -> Vec<Effect> {
    let it = &mut model.replica;
    let same = it.state.seq == fresh.state.seq && it.gone == fresh.gone;
    if same && it.health == fresh.health && it.agents == fresh.agents {
        return Vec::new();
    }
    it.health = fresh.health;
    it.agents = fresh.agents;
    it.gone = fresh.gone;
    it.state = fresh.state;
    let touched: Vec<JobId> = fresh.events.iter().filter_map(|row| row.1.what.job()).cloned().collect();
    it.take_events(fresh.events);
    let state = Arc::clone(&it.state);
    model.marks.retain(|id| state.jobs.contains_key(id));
    model.outdated = true;
    model.dirty = true;
    pages::moved_on(model, &touched)
}

/// Asks for lists if what they follow from has changed and none is being made. Few jobs: they are made here.
pub fn ask_lists(model: &mut Model) -> Option<Effect> {
    if !model.outdated || model.asked.1 {
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
        now: model.law_now(),
        filter: model.jobs.filter.clone(),
        sort: model.jobs.sort,
        shipped: model.jobs.shipped,
        board: model.jobs.board.on,
    };
    if request.state.jobs.len() <= INLINE_MOST {
        take_lists(model, make(&request));
        return None;
    }
    model.asked.1 = true;
    Some(Effect::Lists(Box::new(request)))
}

/// Lists that were made beside the screen.
pub fn lists(model: &mut Model, lists: Lists) -> Vec<Effect> {
    if lists.generation == model.asked.0 {
        model.asked.1 = false;
        take_lists(model, lists);
    }
    Vec::new()
}

fn take_lists(model: &mut Model, lists: Lists) {
    let hold = model.now.up < later(model.touched, HOLD) && model.touched != crate::time::Span::ZERO;
    let state = Arc::clone(&model.replica.state);
    let exists = |id: &JobId| state.jobs.contains_key(id);
    if lists.generation == model.jobs.reset_at {
        model.jobs.list.reset(&lists.jobs);
    } else {
        model.jobs.list.take(&lists.jobs, hold, exists);
    }
    if model.jobs.board.on {
        model.jobs.board.take(&lists.board, hold && lists.generation != model.jobs.reset_at);
    }
    let mut needs: Vec<JobId> = lists.needs.iter().map(|need| need.job.clone()).collect();
    // All that only wait to be shipped are one row, which stands for the oldest.
    needs.extend(lists.to_ship.first().cloned());
    model.overview.needs.take(&Arc::new(needs), hold, exists);
    model.overview.running.take(&lists.running, hold, exists);
    model.overview.recent.take(&lists.recent, hold, exists);
    model.lists = lists;
    model.dirty = true;
}

/// A moment came at which something changes by itself.
pub fn deadline(model: &mut Model) -> Vec<Effect> {
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
        let lists = [&mut model.jobs.list, &mut overview.needs, &mut overview.running, &mut overview.recent];
        for list in lists {
            model.dirty |= list.held() > 0;
            list.release(exists);
        }
    }
    model.dirty |= model.drawn.stale_at.is_some_and(|at| at <= now);
    Vec::new()
}

/// A frame was drawn.
pub fn drawn(model: &mut Model, drawn: Drawn) {
    if let Some(page) = &mut model.page {
        page.tops[page.tab as usize] = drawn.window(Pane::Text).top;
    }
    model.drawn = drawn;
}

/// An action was answered.
pub fn acted(model: &mut Model, acted: Acted) -> Vec<Effect> {
    model.waiting.remove(&acted.ticket);
    model.dirty = true;
    if let Some(fault) = acted.fault {
        tell::say(model, Role::Bad, format!("not done: {fault}"), "", false);
        return Vec::new();
    }
    let mut done: Vec<String> = Vec::new();
    let mut refused = Vec::new();
    for (job, result) in acted.results {
        match result {
            Ok(text) => {
                // What failed stays marked.
                model.marks.remove(&job);
                done.push(text);
            }
            Err(no) => refused.push(no),
        }
    }
    let looks_again = refused.iter().any(|no| no.code == Code::RevMoved);
    match (done.as_slice(), refused.first()) {
        ([], None) => tell::say(model, Role::Wait, "nothing to do", "", false),
        ([one], None) => tell::say(model, Role::Good, one, "", acted.undo),
        (all, None) => {
            let text = format!("{} {} jobs", acted.past, all.len());
            tell::say(model, Role::Good, text, all.join("\n"), acted.undo);
        }
        (all, Some(first)) => {
            let also =
                if refused.len() > 1 { format!(" (and {} more)", refused.len() - 1) } else { String::new() };
            let begun =
                if all.is_empty() { String::new() } else { format!("{} {}, ", acted.past, all.len()) };
            let text = format!("{begun}not done: {}{also}", first.message);
            let more: Vec<String> =
                refused.iter().map(|no| format!("{} ({})", no.message, no.hint)).collect();
            tell::say(model, Role::Bad, text, more.join("\n"), acted.undo && !all.is_empty());
        }
    }
    if looks_again { diff::again(model) } else { Vec::new() }
}

/// Something that was read.
pub fn read(model: &mut Model, read: Read) -> Vec<Effect> {
    model.dirty = true;
    pages::read(model, read);
    // The queue may have moved on while it was read.
    pages::wants(model)
}

/// What came, or the words why it did not.
pub fn loaded<T>(got: Result<T, String>) -> Loaded<T> {
    match got {
        Ok(it) => Loaded::Here(it),
        Err(why) => Loaded::Failed(why),
    }
}
