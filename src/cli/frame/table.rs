//! Lists: a table cut to the width for people, one tab-separated record per line for programs.

use super::paint::{Role, cut, width_of, without_controls};

/// Columns between two columns.
const GAP: usize = 2;
/// A flexible column is not cut below this while words can give way.
const FLEX_LEAST: usize = 12;
/// Words are not cut below this; then the line is longer than the terminal.
const WORD_LEAST: usize = 8;

/// A column of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Column {
    /// Its head.
    pub head: &'static str,
    /// Numbers and ages stand to the right.
    pub right: bool,
    /// Gives way when the terminal is narrow.
    pub flexible: bool,
}

impl Column {
    /// A column of words.
    pub const fn words(head: &'static str) -> Column {
        Column { head, right: false, flexible: false }
    }

    /// A column of numbers.
    pub const fn number(head: &'static str) -> Column {
        Column { head, right: true, flexible: false }
    }

    /// A column of text that may be cut.
    pub const fn text(head: &'static str) -> Column {
        Column { head, right: false, flexible: true }
    }
}

/// One field: what people see and what programs get.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cell {
    /// For people: ages, shortened.
    pub seen: String,
    /// For programs: full and exact.
    pub exact: String,
    /// Its colour.
    pub role: Role,
}

impl Cell {
    /// The same for both.
    pub fn same(text: impl Into<String>) -> Cell {
        let text = text.into();
        Cell { seen: text.clone(), exact: text, role: Role::Neutral }
    }

    /// Different for people and programs.
    pub fn pair(seen: impl Into<String>, exact: impl Into<String>) -> Cell {
        Cell { seen: seen.into(), exact: exact.into(), role: Role::Neutral }
    }

    /// In a colour.
    #[must_use]
    pub fn role(mut self, role: Role) -> Cell {
        self.role = role;
        self
    }
}

/// A list of records with the same fields.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table {
    /// The fields.
    pub columns: Vec<Column>,
    /// The records, each with a cell per column.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty list with these columns.
    pub fn of(columns: &[Column]) -> Table {
        Table { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Lines for a terminal of that width, head first; no lines for an empty list.
    pub(super) fn for_people(&self, width: usize, color: bool) -> Vec<String> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let clean: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| row.iter().map(|c| one_line(&without_controls(&c.seen))).collect())
            .collect();
        let widths = self.widths(&clean, width);
        let heads: Vec<String> = self.columns.iter().map(|c| c.head.to_uppercase()).collect();
        let mut lines = vec![self.line(&heads, &widths, |_| Role::Head, color)];
        for (texts, row) in clean.iter().zip(&self.rows) {
            lines.push(self.line(texts, &widths, |i| row[i].role, color));
        }
        lines
    }

    /// Natural widths, with the flexible columns giving way first and words after them, the widest first.
    fn widths(&self, clean: &[Vec<String>], width: usize) -> Vec<usize> {
        let column = |i: usize| clean.iter().map(|row| width_of(&row[i])).max().unwrap_or(0);
        let mut widths: Vec<usize> =
            self.columns.iter().enumerate().map(|(i, c)| column(i).max(c.head.len())).collect();
        let whole = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        // A line that the terminal breaks is worse than a name that is cut: its beginning still names it.
        for (flexible, least) in [(true, FLEX_LEAST), (false, WORD_LEAST)] {
            while whole(&widths) > width {
                let over = whole(&widths) - width;
                let giving = (0..widths.len()).filter(|i| self.columns[*i].flexible == flexible);
                let Some(widest) = giving.max_by_key(|i| widths[*i]).filter(|i| widths[*i] > least) else {
                    break;
                };
                widths[widest] = widths[widest].saturating_sub(over).max(least);
            }
        }
        widths
    }

    fn line(&self, texts: &[String], widths: &[usize], role: impl Fn(usize) -> Role, color: bool) -> String {
        let mut out = String::new();
        for (i, text) in texts.iter().enumerate() {
            let text = cut(text, widths[i]);
            let pad = " ".repeat(widths[i] - width_of(&text));
            let painted = role(i).paint(&text, color);
            let gap = if i == 0 { String::new() } else { " ".repeat(GAP) };
            match self.columns[i].right {
                true => out += &format!("{gap}{pad}{painted}"),
                false => out += &format!("{gap}{painted}{pad}"),
            }
        }
        out.trim_end().to_string()
    }

    /// One tab-separated record per line, complete.
    pub(super) fn for_programs(&self) -> impl Iterator<Item = String> {
        self.rows.iter().map(|row| {
            let fields: Vec<String> = row.iter().map(|cell| one_line(&cell.exact)).collect();
            fields.join("\t")
        })
    }
}

/// A field must not look like two.
fn one_line(text: &str) -> String {
    if text.contains(['\t', '\n', '\r']) { text.replace(['\t', '\n', '\r'], " ") } else { text.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::of(&[Column::words("job"), Column::text("title"), Column::number("age")]);
        table.rows.push(vec![
            Cell::same("a-1"),
            Cell::same("a title that is rather long\tfor it"),
            Cell::pair("5 s", "2026-01-01T00:00:00Z"),
        ]);
        table.rows.push(vec![Cell::same("b-22"), Cell::same("短い"), Cell::pair("12 min", "x")]);
        table
    }

    #[test]
    fn gives_way_where_it_may() {
        let expected = [
            "JOB   TITLE                AGE",
            "a-1   a title that is…     5 s",
            "b-22  短い              12 min",
        ];
        assert_eq!(sample().for_people(30, false), expected);
        let mut long = Table::of(&[Column::words("job"), Column::words("stage")]);
        long.rows.push(vec![Cell::same("a-release-made-of-parts-7k2m"), Cell::same("building")]);
        assert_eq!(long.for_people(28, false)[1], "a-release-made-of…  building");
        assert!(sample().for_people(100, true)[0].contains("\x1b[1mJOB\x1b[0m"));
        assert!(Table::of(&[Column::words("job")]).for_people(80, false).is_empty());
    }

    #[test]
    fn records_are_complete_and_one_line_each() {
        let lines: Vec<String> = sample().for_programs().collect();
        assert_eq!(lines, ["a-1\ta title that is rather long for it\t2026-01-01T00:00:00Z", "b-22\t短い\tx"]);
    }
}
