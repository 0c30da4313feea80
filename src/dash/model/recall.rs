//! What the cockpit remembers from one start to the next: lines that were run, and views that were saved.
//!
//! It stands in a file of the cockpit's own. What is read from it is foreign text like any other: bounded, without
//! control characters, and a file that is no such thing is as good as none.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::column::{COLUMNS, Column, ColumnRow};

/// Lines that are remembered; whoever looks for an older one writes it anew.
pub const RECALLED_MOST: usize = 200;
/// Views at the most: more than these nobody tells apart.
pub const VIEWS_MOST: usize = 100;
/// Letters of a view's name.
pub const NAME_MOST: usize = 40;
/// Letters of a line or a filter.
const LINE_MOST: usize = 1_000;
/// The form of the file. One of a later aq is left alone.
const FORM: u32 = 1;

/// All of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recall {
    /// Lines, the newest last, none twice.
    pub lines: VecDeque<String>,
    /// Views, in the order of their names.
    pub views: Vec<SavedView>,
}

/// How the list of jobs was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SavedView {
    /// Its name.
    pub name: String,
    /// The filter, as it was typed.
    #[serde(default)]
    pub filter: String,
    /// The name of the column it is sorted by.
    pub sort: String,
    /// From the greatest down.
    #[serde(default)]
    pub down: bool,
    /// Names of the columns that were taken away.
    #[serde(default)]
    pub hidden: Vec<String>,
    /// Shipped jobs too.
    #[serde(default)]
    pub shipped: bool,
    /// As a board.
    #[serde(default)]
    pub board: bool,
}

/// One change of it, which the file takes too.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Memo {
    /// A line was run.
    Line(String),
    /// A view was saved.
    Save(SavedView),
    /// The view of that name was deleted.
    Delete(String),
}

#[derive(Serialize, Deserialize)]
struct File {
    form: u32,
    #[serde(default)]
    lines: VecDeque<String>,
    #[serde(default)]
    views: Vec<SavedView>,
}

impl Recall {
    /// What the text of the file holds.
    ///
    /// # Errors
    /// Why it cannot be used, in words; then it must not be written over either.
    pub fn read(text: &str) -> Result<Recall, String> {
        let file: File = serde_json::from_str(text).map_err(|e| e.to_string())?;
        if file.form > FORM {
            return Err(format!("it has the form {} of a newer aq; this one knows {FORM}", file.form));
        }
        let mut it = Recall::default();
        file.lines.into_iter().for_each(|line| it.take(Memo::Line(line)));
        file.views.into_iter().for_each(|view| it.take(Memo::Save(view)));
        Ok(it)
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let file = File { form: FORM, lines: self.lines.clone(), views: self.views.clone() };
        // Texts and flags always have a form in JSON.
        serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
    }

    /// Takes a change. What is too much goes: of lines the oldest, of views the one that would be added.
    pub fn take(&mut self, memo: Memo) {
        match memo {
            Memo::Line(line) => {
                let line = plain(&line, LINE_MOST);
                if line.is_empty() {
                    return;
                }
                self.lines.retain(|old| *old != line);
                self.lines.push_back(line);
                let over = self.lines.len().saturating_sub(RECALLED_MOST);
                self.lines.drain(..over);
            }
            Memo::Save(view) => {
                let name = plain(&view.name, NAME_MOST);
                self.views.retain(|old| old.name != name);
                if !name.is_empty() && self.views.len() < VIEWS_MOST {
                    self.views.push(SavedView { name, filter: plain(&view.filter, LINE_MOST), ..view });
                    self.views.sort_by(|a, b| a.name.cmp(&b.name));
                }
            }
            Memo::Delete(name) => self.views.retain(|view| view.name != name),
        }
    }

    /// The view of that name.
    pub fn view(&self, name: &str) -> Option<&SavedView> {
        self.views.iter().find(|view| view.name == name)
    }
}

impl SavedView {
    /// The column it is sorted by; one that is known no more is the first.
    pub fn column(&self) -> &'static ColumnRow {
        COLUMNS.iter().find(|row| row.name == self.sort).unwrap_or(&COLUMNS[0])
    }

    /// The columns that are taken away.
    pub fn hidden(&self) -> Vec<Column> {
        let hidden = COLUMNS.iter().filter(|row| self.hidden.iter().any(|name| name == row.name));
        hidden.map(|row| row.column).collect()
    }

    /// What it shows, in a few words.
    pub fn words(&self) -> String {
        let filter = if self.filter.is_empty() { "all jobs" } else { &self.filter };
        let down = if self.down { ", from the greatest" } else { "" };
        let board = if self.board { ", as a board" } else { "" };
        format!("{filter}  by {}{down}{board}", self.sort)
    }
}

/// One line of a text, without what a terminal obeys, no longer than that.
pub fn plain(text: &str, most: usize) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(name: &str) -> SavedView {
        let (filter, sort) = ("stage:building".to_string(), "age".to_string());
        let hidden = vec!["cost".to_string()];
        SavedView { name: name.into(), filter, sort, down: true, hidden, shipped: false, board: true }
    }

    #[test]
    fn what_is_written_is_read_and_bounded() {
        let mut it = Recall::default();
        (0..RECALLED_MOST + 5).for_each(|n| it.take(Memo::Line(format!("at {n}"))));
        it.take(Memo::Line("at 50".to_string()));
        it.take(Memo::Line(" filter \u{1b}[31mred\n ".to_string()));
        it.take(Memo::Line("\u{7}".to_string()));
        it.take(Memo::Save(view("mine")));
        it.take(Memo::Save(view("a\tb")));
        it.take(Memo::Save(SavedView { board: false, ..view("mine") }));
        assert_eq!(it.lines.len(), RECALLED_MOST);
        assert_eq!(it.lines.back().map(String::as_str), Some("filter [31mred"));
        assert_eq!(it.lines.iter().filter(|line| *line == "at 50").count(), 1);
        assert_eq!(it.views.iter().map(|view| view.name.as_str()).collect::<Vec<_>>(), ["ab", "mine"]);
        assert!(!it.views[1].board && it.views[1].hidden() == [Column::Cost]);
        assert_eq!(Recall::read(&it.text()), Ok(it.clone()));
        it.take(Memo::Delete("ab".to_string()));
        assert_eq!(it.views.len(), 1);
        (0..VIEWS_MOST + 5).for_each(|n| it.take(Memo::Save(view(&n.to_string()))));
        assert_eq!(it.views.len(), VIEWS_MOST);
    }

    #[test]
    fn what_is_no_such_file_is_told_and_not_taken() {
        assert!(Recall::read("").is_err() && Recall::read("{\"lines\": 7, \"form\": 1}").is_err());
        assert!(Recall::read("{\"form\": 2}").is_err_and(|why| why.contains("newer aq")));
        assert_eq!(Recall::read("{\"form\": 1, \"later\": true}"), Ok(Recall::default()));
    }
}
