//! The list of jobs as a board: a column per stage, the same filter and order, a cursor that stays on its job.

use std::sync::Arc;

use crate::fleet::State;
use crate::job::{JobId, Stage};

/// The columns: their stage, and the one that shares them.
pub const BOARD: [(Stage, Option<Stage>); 7] = [
    (Stage::Queued, None),
    (Stage::Blocked, None),
    (Stage::Building, Some(Stage::Assigned)),
    (Stage::Review, None),
    (Stage::Testing, None),
    (Stage::Failed, Some(Stage::DeadLetter)),
    (Stage::Shipped, None),
];

/// The cards, column by column in the order of [`BOARD`].
pub type Cards = Vec<Vec<JobId>>;

/// Deals jobs to their columns; they keep their order.
pub fn deal(state: &State, jobs: &[JobId]) -> Cards {
    let mut out: Cards = vec![Vec::new(); BOARD.len()];
    for id in jobs {
        let stage = state.job(id).map(|job| job.stage);
        let column = BOARD.iter().position(|row| Some(row.0) == stage || (row.1.is_some() && row.1 == stage));
        if let Some(column) = column {
            out[column].push(id.clone());
        }
    }
    out
}

/// The board and its cursor.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// It is shown in place of the list.
    pub on: bool,
    cards: Arc<Cards>,
    /// Cards that wait for the person's finger to be off.
    waits: Option<Arc<Cards>>,
    at: (usize, usize),
}

impl Board {
    /// The cards of a column.
    pub fn column(&self, nth: usize) -> &[JobId] {
        self.cards.get(nth).map_or(&[], Vec::as_slice)
    }

    /// Column and row of the cursor.
    pub fn at(&self) -> (usize, usize) {
        self.at
    }

    /// The job under the cursor.
    pub fn cursor(&self) -> Option<&JobId> {
        self.column(self.at.0).get(self.at.1)
    }

    /// The columns that have cards.
    pub fn filled(&self) -> Vec<usize> {
        (0..BOARD.len()).filter(|nth| !self.column(*nth).is_empty()).collect()
    }

    /// New cards wait.
    pub fn held(&self) -> bool {
        self.waits.is_some()
    }

    /// Takes new cards: at once, or while the person's finger is on the board, later.
    pub fn take(&mut self, cards: &Arc<Cards>, hold: bool) {
        if hold && !self.filled().is_empty() && self.cards != *cards {
            self.waits = Some(Arc::clone(cards));
            return;
        }
        self.settle(Arc::clone(cards));
    }

    /// Takes what waited.
    pub fn release(&mut self) {
        if let Some(cards) = self.waits.take() {
            self.settle(cards);
        }
    }

    /// The cursor goes with its card to another column; where the card is gone it stays near.
    fn settle(&mut self, cards: Arc<Cards>) {
        self.waits = None;
        let id = self.cursor().cloned();
        self.cards = cards;
        if id.is_none_or(|id| !self.point(&id)) {
            self.go(self.at);
        }
    }

    /// Puts the cursor on a job, if it has a card.
    pub fn point(&mut self, id: &JobId) -> bool {
        let found = (0..BOARD.len())
            .find_map(|column| Some((column, self.column(column).iter().position(|card| card == id)?)));
        self.at = found.unwrap_or(self.at);
        found.is_some()
    }

    /// Puts the cursor as near to a place as there are cards.
    pub fn go(&mut self, to: (usize, usize)) {
        let near = self.filled().into_iter().min_by_key(|column| column.abs_diff(to.0));
        let column = near.unwrap_or(0);
        self.at = (column, to.1.min(self.column(column).len().saturating_sub(1)));
    }

    /// The next column that has cards, or the one before.
    pub fn sideways(&mut self, forth: bool) {
        let filled = self.filled();
        let at = filled.iter().position(|column| *column == self.at.0).unwrap_or(0);
        let to = if forth { (at + 1).min(filled.len().saturating_sub(1)) } else { at.saturating_sub(1) };
        if let Some(column) = filled.get(to) {
            self.go((*column, self.at.1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cards(text: &str) -> Arc<Cards> {
        let column = |part: &str| part.split_whitespace().map(JobId::from).collect();
        let mut all: Cards = text.split('|').map(column).collect();
        all.resize(BOARD.len(), Vec::new());
        Arc::new(all)
    }

    #[test]
    fn the_cursor_goes_with_its_card() {
        let mut board = Board::default();
        board.take(&cards("a b c||d"), true);
        board.go((0, 1));
        board.take(&cards("a c||b d"), false);
        assert_eq!((board.at(), board.cursor()), ((2, 0), Some(&JobId::from("b"))));
        board.take(&cards("a c||d"), false);
        assert_eq!(board.cursor(), Some(&JobId::from("d")), "its card is gone: the nearest");
        board.take(&cards("a c"), false);
        assert_eq!(board.at(), (0, 0), "its column is empty: the nearest one with cards");
        board.take(&cards(""), false);
        assert_eq!(board.cursor(), None);
    }

    #[test]
    fn columns_without_cards_are_passed_over_and_new_cards_wait_for_the_finger() {
        let mut board = Board::default();
        board.take(&cards("a||b"), false);
        board.sideways(true);
        assert_eq!(board.at(), (2, 0));
        board.sideways(true);
        assert_eq!(board.at(), (2, 0));
        board.take(&cards("b a"), true);
        assert_eq!((board.held(), board.at()), (true, (2, 0)));
        board.release();
        assert_eq!((board.held(), board.at()), (false, (0, 0)));
    }
}
