//! The list of jobs: filter, order, columns, marks.

use super::tell;
use crate::dash::effect::Effect;
use crate::dash::keys::Motion;
use crate::dash::model::{Column, Model, Pane, Screen, column, deal};
use crate::insight::{Filter, is_begun, parse_filter};
use crate::job::{JobId, Role};

/// Terms that may be wrong in one line before nothing of it is read.
const BAD_MOST: usize = 8;

/// Filters the list, or the graph where that is on the screen, by what is typed. A term that cannot be read lets
/// nothing through: actions go to what a filter shows, and all is never what was meant. One that is only not written
/// to its end is passed over, as long as it is being written.
pub fn query(model: &mut Model, text: &str, writing: bool) {
    let (filter, bad) = readable(text, writing);
    if model.screen == Screen::Graph && model.page.is_none() {
        let it = &mut model.graph;
        let is_new = it.query != text || it.bad != bad;
        model.outdated |= is_new;
        let was = it.bad.take();
        (it.query, it.filter, it.bad) = (text.to_string(), filter, bad);
        if is_new {
            unsay(model, was);
        }
        return;
    }
    let it = &mut model.jobs;
    if it.query == text && it.bad == bad {
        return;
    }
    it.query = text.to_string();
    it.filter = filter;
    let was = std::mem::replace(&mut it.bad, bad);
    it.changed = true;
    model.outdated = true;
    unsay(model, was);
}

/// What is said of a filter that cannot be read.
pub fn nothing_matches(bad: &str) -> String {
    format!("nothing matches: {bad}")
}

/// What was said of the filter before is not true of this one.
fn unsay(model: &mut Model, was: Option<String>) {
    let was = was.map(|bad| nothing_matches(&bad));
    model.toast.take_if(|toast| was.as_ref() == Some(&toast.text));
}

/// What was typed as a filter, and what is wrong with the first term that cannot be read.
fn readable(text: &str, writing: bool) -> (Filter, Option<String>) {
    let mut rest = text.to_string();
    for _ in 0..BAD_MOST {
        let no = match parse_filter(std::slice::from_ref(&rest)) {
            Ok(filter) => return (filter, None),
            Err(no) => no,
        };
        let place = rest.find(&no.term).filter(|_| writing && is_begun(&no.term) && !no.term.is_empty());
        let Some(at) = place else { return (Filter::nothing(), Some(format!("{}: {}", no.term, no.why))) };
        rest.replace_range(at..at + no.term.len(), "");
    }
    (Filter::nothing(), Some(format!("{text}: more than {BAD_MOST} terms are not written to their end")))
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

/// Counts the marks that no list on the screen has, anew where the marks or the lists are others.
pub fn count_hidden(model: &mut Model) {
    let lists = model.marked_lists();
    let of: Vec<usize> =
        lists.iter().map(|list| list.rows().as_ptr() as usize).chain([model.marks.len()]).collect();
    if model.hidden.1 != of {
        model.hidden = (model.hidden_marks().len(), of);
    }
}
