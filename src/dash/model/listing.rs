//! A list with a cursor that stays on its job, whatever the list does under it.

use std::collections::HashSet;
use std::sync::Arc;

use crate::job::JobId;

/// What a new order does to the rows that were shown when it was asked for. It costs time in their number, so
/// it is found where the order is made, beside the screen.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The rows that were shown.
    shown: Arc<Vec<JobId>>,
    /// How many of them stand elsewhere in the new order or not at all, and how many are new.
    moved: usize,
    /// None of them is gone altogether.
    whole: bool,
}

impl Step {
    /// From the rows that are shown to a new order of jobs that exist.
    pub fn of(shown: &Arc<Vec<JobId>>, new: &[JobId], exists: impl Fn(&JobId) -> bool) -> Step {
        // Most of a long list stays where it is.
        let first = shown.iter().zip(new).take_while(|(a, b)| a == b).count();
        let (old, new) = (&shown[first..], &new[first..]);
        let last = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
        let (old, new) = (&old[..old.len() - last], &new[..new.len() - last]);
        let (was, is): (HashSet<&JobId>, HashSet<&JobId>) = (old.iter().collect(), new.iter().collect());
        let left: Vec<&JobId> = old.iter().filter(|id| !is.contains(id)).collect();
        let came = new.iter().filter(|id| !was.contains(id)).count();
        let stayed = old.iter().filter(|id| is.contains(id)).zip(new.iter().filter(|id| was.contains(id)));
        let moved = left.len() + came + stayed.filter(|(a, b)| a != b).count();
        Step { shown: Arc::clone(shown), moved, whole: left.into_iter().all(exists) }
    }
}

/// Where a job stands in a list. Its name is nearly always the same one in memory, which is told without
/// reading it.
fn place(rows: &[JobId], id: &JobId) -> Option<usize> {
    rows.iter().position(|row| row.is_same(id)).or_else(|| rows.iter().position(|row| row == id))
}

/// Rows and the place of the cursor in them.
///
/// While a person moves through it, a new order is held back; and a row that left the list stays under the
/// cursor until the cursor leaves it, so that nothing moves under a finger.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    rows: Arc<Vec<JobId>>,
    at: usize,
    /// A new order that waits, and how many rows it moves.
    held: Option<(Arc<Vec<JobId>>, usize)>,
    /// The row under the cursor is in the list no more.
    guest: bool,
}

impl Listing {
    /// The rows.
    pub fn rows(&self) -> &[JobId] {
        &self.rows
    }

    /// The same, for whoever makes the next order.
    pub fn shown(&self) -> Arc<Vec<JobId>> {
        Arc::clone(&self.rows)
    }

    /// The cursor's row.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The job under the cursor.
    pub fn cursor(&self) -> Option<&JobId> {
        self.rows.get(self.at)
    }

    /// How many rows would move if nothing were held back.
    pub fn held(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.1)
    }

    /// Takes a new order: at once, or, with a `hold` while the person's finger is on it, later. Gives whether it
    /// could: an order made for other rows than those that are shown now cannot be held, and is to be asked
    /// for again.
    #[must_use]
    pub fn take(
        &mut self,
        new: &Arc<Vec<JobId>>,
        hold: Option<&Step>,
        exists: impl Fn(&JobId) -> bool,
    ) -> bool {
        if let Some(step) = hold.filter(|_| !self.rows.is_empty()) {
            if !Arc::ptr_eq(&step.shown, &self.rows) {
                return false;
            }
            // Jobs that are gone altogether must not be pointed at.
            if step.moved > 0 && step.whole {
                self.held = Some((Arc::clone(new), step.moved));
                return true;
            }
        }
        self.settle(new, exists);
        true
    }

    /// Takes what was held back.
    pub fn release(&mut self, exists: impl Fn(&JobId) -> bool) {
        if let Some((new, _)) = self.held.take() {
            self.settle(&new, exists);
        }
    }

    /// Takes a list that the person asked for: the cursor stays on its job if it is in it, else goes to the top.
    pub fn reset(&mut self, new: &Arc<Vec<JobId>>) {
        let place = self.cursor().and_then(|id| place(new, id));
        *self = Listing { rows: Arc::clone(new), at: place.unwrap_or(0), held: None, guest: false };
    }

    fn settle(&mut self, new: &Arc<Vec<JobId>>, exists: impl Fn(&JobId) -> bool) {
        self.held = None;
        let Some(id) = self.cursor().cloned() else {
            self.rows = Arc::clone(new);
            self.at = 0;
            return;
        };
        let place = place(new, &id);
        self.guest = place.is_none() && exists(&id);
        self.rows = Arc::clone(new);
        self.at = place.unwrap_or_else(|| self.at.min(new.len().saturating_sub(usize::from(!self.guest))));
        if self.guest {
            Arc::make_mut(&mut self.rows).insert(self.at, id);
        }
    }

    /// Puts the cursor on a row, at most the last.
    pub fn go(&mut self, to: usize) {
        let mut to = to.min(self.rows.len().saturating_sub(1));
        if to == self.at {
            return;
        }
        if std::mem::take(&mut self.guest) {
            Arc::make_mut(&mut self.rows).remove(self.at);
            to -= usize::from(to > self.at);
        }
        self.at = to;
    }

    /// Puts the cursor on a job, if it is in the list.
    pub fn point(&mut self, id: &JobId) -> bool {
        let Some(to) = place(&self.rows, id) else { return false };
        self.go(to);
        self.cursor() == Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Arc<Vec<JobId>> {
        Arc::new(text.split_whitespace().map(JobId::from).collect())
    }

    fn take(list: &mut Listing, text: &str, hold: bool, exists: bool) {
        let new = rows(text);
        let step = Step::of(&list.shown(), &new, |_| exists);
        assert!(list.take(&new, hold.then_some(&step), |_| exists));
    }

    fn show(list: &Listing) -> String {
        let one = |(i, id): (usize, &JobId)| if i == list.at { format!("[{id}]") } else { id.to_string() };
        list.rows.iter().enumerate().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_cursor_stays_on_its_job() {
        let mut list = Listing::default();
        take(&mut list, "a b c", false, true);
        list.go(1);
        take(&mut list, "b c a d", false, true);
        assert_eq!(show(&list), "[b] c a d");
        take(&mut list, "c d", false, true);
        assert_eq!(show(&list), "[b] c d", "it left the list and stays while the cursor is on it");
        list.go(2);
        assert_eq!(show(&list), "c [d]");
        take(&mut list, "c", false, false);
        assert_eq!(show(&list), "[c]");
        take(&mut list, "", false, false);
        assert_eq!((show(&list).as_str(), list.cursor()), ("", None));
    }

    #[test]
    fn a_new_order_waits_for_the_finger() {
        let mut list = Listing::default();
        take(&mut list, "a b c", true, true);
        take(&mut list, "c b a d", true, true);
        assert_eq!((show(&list).as_str(), list.held()), ("[a] b c", 3));
        list.release(|_| true);
        assert_eq!((show(&list).as_str(), list.held()), ("c b [a] d", 0));
        take(&mut list, "b a d", true, false);
        assert_eq!((show(&list).as_str(), list.held()), ("b [a] d", 0), "one is gone: nothing is held");
        list.reset(&rows("x y"));
        assert_eq!(show(&list), "[x] y");
    }
    #[test]
    fn an_order_for_rows_that_are_shown_no_more_is_asked_for_again() {
        let mut list = Listing::default();
        take(&mut list, "a b c", false, true);
        let (new, before) = (rows("c b a"), list.shown());
        let step = Step::of(&before, &new, |_| true);
        list.reset(&rows("a b"));
        assert!(!list.take(&new, Some(&step), |_| true));
        assert_eq!((show(&list).as_str(), list.held()), ("[a] b", 0));
    }

    #[test]
    fn a_step_counts_what_moves() {
        let check = |old: &str, new: &str, expected: usize| {
            assert_eq!(Step::of(&rows(old), &rows(new), |_| true).moved, expected, "{old} -> {new}");
        };
        check("a b c", "a b c", 0);
        check("a b c", "a c b", 2);
        check("a b c", "a c", 1);
        check("a c", "a b c", 1);
        check("a b", "x y", 4);
        check("", "a", 1);
    }
}
