//! Searching a text: the transcript, or the change.

use super::diff;
use crate::dash::effect::Effect;
use crate::dash::model::{Model, Page, Tab};

/// What is searched for from now on. The place is found by the next step.
pub fn set(model: &mut Model, text: &str) {
    let Some(page) = &mut model.page else { return };
    match page.tab {
        Tab::Diff => (page.diff.search, page.diff.hit) = (text.to_string(), None),
        _ => (page.log.search, page.log.hit) = (text.to_string(), None),
    }
}

/// Goes to the next line that holds what is searched for, or to the one before, round the end.
pub fn step(model: &mut Model, forth: bool) -> Vec<Effect> {
    let Some(page) = &mut model.page else { return Vec::new() };
    match page.tab {
        Tab::Diff => in_the_change(page, forth),
        _ => in_the_log(page, forth),
    }
    Vec::new()
}

fn in_the_log(page: &mut Page, forth: bool) {
    let top = page.tops[Tab::Log as usize];
    if let Some(at) = next(&page.log.matches(), page.log.hit, top, forth) {
        page.tops[Tab::Log as usize] = at;
        page.log.hit = Some(at);
        page.log.follow = false;
    }
}

fn in_the_change(page: &mut Page, forth: bool) {
    let here = (page.diff.file, page.diff.at);
    // Whoever went on by files or hunks goes on from there.
    let hit = page.diff.hit.filter(|hit| *hit == here);
    if let Some((file, row)) = next(&page.diff.matches(), hit, here, forth) {
        diff::show(page, file, row);
        page.diff.hit = Some((file, row));
    }
}

/// The match after the one that was gone to last; before any, the first from `here` on.
fn next<T: Ord + Copy>(all: &[T], hit: Option<T>, here: T, forth: bool) -> Option<T> {
    let found = match forth {
        true => all.iter().find(|at| hit.map_or(**at >= here, |hit| **at > hit)).or(all.first()),
        false => all.iter().rev().find(|at| **at < hit.unwrap_or(here)).or(all.last()),
    };
    found.copied()
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn matches_are_gone_through_round_the_end() {
        let all = [2, 5, 9];
        assert_eq!(next(&all, None, 5, true), Some(5), "the line in sight counts");
        assert_eq!(next(&all, Some(5), 7, true), Some(9), "from the match, wherever the text stands");
        assert_eq!(next(&all, Some(9), 0, true), Some(2));
        assert_eq!(next(&all, Some(2), 0, false), Some(9));
        assert_eq!(next(&all, None, 6, false), Some(5));
        assert_eq!(next::<usize>(&[], None, 0, true), None);
    }
}
