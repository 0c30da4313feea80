//! A list with a cursor that stays on its job, whatever the list does under it.

use std::sync::Arc;

use super::lists::moved;
use crate::job::JobId;

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

    /// Takes a new order: at once, or, while the person's finger is on it, later.
    pub fn take(&mut self, new: &Arc<Vec<JobId>>, hold: bool, exists: impl Fn(&JobId) -> bool) {
        if hold && !self.rows.is_empty() {
            let count = moved(&self.rows, new);
            // Jobs that are gone altogether must not be pointed at.
            if count > 0 && self.rows.iter().all(&exists) {
                self.held = Some((Arc::clone(new), count));
                return;
            }
        }
        self.settle(new, exists);
    }

    /// Takes what was held back.
    pub fn release(&mut self, exists: impl Fn(&JobId) -> bool) {
        if let Some((new, _)) = self.held.take() {
            self.settle(&new, exists);
        }
    }

    /// Takes a list that the person asked for: the cursor stays on its job if it is in it, else goes to the top.
    pub fn reset(&mut self, new: &Arc<Vec<JobId>>) {
        let place = self.cursor().and_then(|id| new.iter().position(|row| row == id));
        *self = Listing { rows: Arc::clone(new), at: place.unwrap_or(0), held: None, guest: false };
    }

    fn settle(&mut self, new: &Arc<Vec<JobId>>, exists: impl Fn(&JobId) -> bool) {
        self.held = None;
        let Some(id) = self.cursor().cloned() else {
            self.rows = Arc::clone(new);
            self.at = 0;
            return;
        };
        let place = new.iter().position(|row| *row == id);
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
        let Some(to) = self.rows.iter().position(|row| row == id) else { return false };
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

    fn show(list: &Listing) -> String {
        let one = |(i, id): (usize, &JobId)| if i == list.at { format!("[{id}]") } else { id.to_string() };
        list.rows.iter().enumerate().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_cursor_stays_on_its_job() {
        let mut list = Listing::default();
        list.take(&rows("a b c"), false, |_| true);
        list.go(1);
        list.take(&rows("b c a d"), false, |_| true);
        assert_eq!(show(&list), "[b] c a d");
        list.take(&rows("c d"), false, |_| true);
        assert_eq!(show(&list), "[b] c d", "it left the list and stays while the cursor is on it");
        list.go(2);
        assert_eq!(show(&list), "c [d]");
        list.take(&rows("c"), false, |_| false);
        assert_eq!(show(&list), "[c]");
        list.take(&rows(""), false, |_| false);
        assert_eq!((show(&list).as_str(), list.cursor()), ("", None));
    }

    #[test]
    fn a_new_order_waits_for_the_finger() {
        let mut list = Listing::default();
        list.take(&rows("a b c"), true, |_| true);
        list.take(&rows("c b a d"), true, |_| true);
        assert_eq!((show(&list).as_str(), list.held()), ("[a] b c", 3));
        list.release(|_| true);
        assert_eq!((show(&list).as_str(), list.held()), ("c b [a] d", 0));
        list.reset(&rows("x y"));
        assert_eq!(show(&list), "[x] y");
    }
}
