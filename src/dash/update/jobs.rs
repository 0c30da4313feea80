//! The list of jobs: filter, order, columns, marks.

use super::tell;
use crate::dash::effect::Effect;
use crate::dash::keys::Motion;
use crate::dash::model::{Column, Model, Pane, Screen, column, deal};
use crate::insight::{Filter, parse_filter};
use crate::job::{JobId, Role};

/// Terms that may be wrong in one line before nothing of it is read.
const BAD_MOST: usize = 8;

/// Filters the list, or the graph where that is on the screen, by what is typed. Terms that cannot be read are passed over and named; they empty no list.
pub fn query(model: &mut Model, text: &str) {
    let (filter, bad) = readable(text);
    if model.screen == Screen::Graph && model.page.is_none() {
        model.outdated |= model.graph.query != text;
        (model.graph.query, model.graph.filter, model.graph.bad) = (text.to_string(), filter, bad);
        return;
    }
    let it = &mut model.jobs;
    if it.query == text {
        return;
    }
    it.query = text.to_string();
    it.filter = filter;
    it.bad = bad;
    it.changed = true;
    model.outdated = true;
}

/// The filter of all terms that can be read, and what is wrong with the first that cannot.
fn readable(text: &str) -> (Filter, Option<String>) {
    let mut rest = text.to_string();
    let mut bad = None;
    for _ in 0..BAD_MOST {
        match parse_filter(std::slice::from_ref(&rest)) {
            Ok(filter) => return (filter, bad),
            Err(no) => {
                let place = rest.find(&no.term).filter(|_| !no.term.is_empty());
                bad.get_or_insert(format!("{}: {}", no.term, no.why));
                let Some(at) = place else { break };
                rest.replace_range(at..at + no.term.len(), "");
            }
        }
    }
    (Filter::default(), bad)
}

/// Sorts by a column, or turns it round.
pub fn sort_by(model: &mut Model, by: Column) -> Vec<Effect> {
    let sort = &mut model.jobs.sort;
    sort.down = sort.by.column == by && !sort.down;
    sort.by = column(by);
    model.jobs.changed = true;
    model.outdated = true;
    Vec::new()
}

/// Shows or hides shipped jobs.
pub fn shipped(model: &mut Model) -> Vec<Effect> {
    model.jobs.shipped = !model.jobs.shipped;
    model.jobs.changed = true;
    model.outdated = true;
    Vec::new()
}

/// Marks the job under the cursor or takes its mark away, and goes on to the next.
pub fn mark(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.jobs.cursor().cloned() else { return Vec::new() };
    model.range = Some(id.clone());
    if !model.marks.remove(&id) {
        model.marks.insert(id);
    }
    if model.jobs.board.on {
        up_and_down(model, Motion::Down);
    } else {
        let at = model.jobs.list.at();
        model.jobs.list.go(at + 1);
    }
    Vec::new()
}

/// Shows the list as a board, or the board as a list; the cursor stays on its job.
pub fn board(model: &mut Model) -> Vec<Effect> {
    let id = model.jobs.cursor().cloned();
    let it = &mut model.jobs;
    it.board.on = !it.board.on;
    it.changed = true;
    model.outdated = true;
    if let Some(id) = id {
        if it.board.on {
            // Its cards are dealt first, then it is known where the job lies.
            let cards = deal(&model.replica.state, it.list.rows());
            it.board.take(&std::sync::Arc::new(cards), false);
            it.board.point(&id);
        } else {
            it.list.point(&id);
        }
    }
    Vec::new()
}

/// The next column of the board, or the one before.
pub fn sideways(model: &mut Model, forth: bool) -> Vec<Effect> {
    model.jobs.board.sideways(forth);
    super::go::share(model);
    Vec::new()
}

/// Moves within a column of the board.
pub fn up_and_down(model: &mut Model, motion: Motion) {
    let height = model.drawn.window(Pane::Board).height.max(1);
    let board = &mut model.jobs.board;
    let (column, at) = board.at();
    let last = board.column(column).len().saturating_sub(1);
    board.go((column, super::go::moved(at, motion, height, last)));
}

/// Marks everything from where the last mark was set to the cursor.
pub fn range(model: &mut Model) -> Vec<Effect> {
    let rows = model.jobs.list.rows();
    let at = model.jobs.list.at();
    let from = model.range.as_ref().and_then(|id| rows.iter().position(|row| row == id)).unwrap_or(at);
    let (low, high) = (from.min(at), from.max(at));
    let ids: Vec<JobId> = rows.iter().take(high + 1).skip(low).cloned().collect();
    model.marks.extend(ids);
    Vec::new()
}

/// Marks all that are shown; if they are marked already, none.
pub fn all(model: &mut Model) -> Vec<Effect> {
    let rows = model.jobs.list.rows();
    if rows.iter().all(|id| model.marks.contains(id)) {
        model.marks.clear();
        return Vec::new();
    }
    model.marks = rows.iter().cloned().collect();
    let text = format!("{} marked: actions apply to marked, Esc clears", model.marks.len());
    tell::say(model, Role::Neutral, text, "", false);
    Vec::new()
}
