//! The columns of the list of jobs: one table for the head, the sort and the choice of columns.

use crate::fleet::Job;
use crate::insight::{Scene, score_of, tags, used};

/// What a column is sorted by; unknown comes last.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Key {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// Nothing is known.
    Unknown,
}

/// Which column.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)] // Each has its row in COLUMNS.
pub enum Column {
    Stage,
    Id,
    Title,
    Factory,
    Engine,
    Age,
    Cost,
    Score,
    Tags,
    Status,
}

/// One row of [`COLUMNS`].
pub struct ColumnRow {
    /// The column.
    pub column: Column,
    /// Its name, as a filter or a setting has it.
    pub name: &'static str,
    /// Its head.
    pub head: &'static str,
    /// Columns of the terminal it takes; 0 takes what is left.
    pub width: u16,
    /// Whether it stands at the right edge of its place.
    pub right: bool,
    /// Whether it is shown only where there is room, from 120 columns on.
    pub wide: bool,
    /// What it is sorted by.
    pub key: fn(&Job, &Scene<'_>) -> Key,
}

impl PartialEq for ColumnRow {
    fn eq(&self, other: &ColumnRow) -> bool {
        self.column == other.column
    }
}

impl Eq for ColumnRow {}

impl std::fmt::Debug for ColumnRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

fn text(text: &str) -> Key {
    if text.is_empty() { Key::Unknown } else { Key::Text(text.to_lowercase()) }
}

fn number(n: Option<u64>) -> Key {
    n.map_or(Key::Unknown, |n| Key::Number(i64::try_from(n).unwrap_or(i64::MAX)))
}

macro_rules! columns {
    ($( $column:ident $name:literal $head:literal $width:literal $right:literal $wide:literal, $key:expr; )*) => {
        /// Every column, in the order of a row.
        pub static COLUMNS: &[ColumnRow] = &[$( ColumnRow {
            column: Column::$column, name: $name, head: $head, width: $width, right: $right, wide: $wide, key: $key,
        } ),*];
    };
}

columns! {
    Stage "stage" "STAGE" 10 false false, |job, _| Key::Number(job.stage as i64);
    Id "job" "ID" 24 false false, |job, _| text(job.id.as_str());
    Title "title" "TITLE" 0 false false, |job, _| text(&job.spec.title);
    Factory "factory" "FACTORY" 10 false false, |job, _| text(factory_of(job));
    Engine "engine" "ENGINE" 8 false true, |job, _| text(engine_of(job));
    // The oldest first, going up.
    Age "age" "AGE" 8 true false, |job, _| Key::Number(job.since.as_millis());
    Cost "cost" "COST" 8 true true, |job, _| number(used(job).micro_usd);
    Score "score" "SCORE" 5 true true, |job, scene| score_of(scene.state, job, scene.now, scene.hosts)
        .map_or(Key::Unknown, |found| Key::Number(found.1.total().into()));
    Tags "tags" "TAGS" 16 false true, |job, scene| text(&tags(job, scene).join(" "));
    Status "status" "STATUS" 22 false false, |job, _| text(job.open_attempt().map_or("", |a| &a.word.0));
}

/// The column's row.
pub fn column(of: Column) -> &'static ColumnRow {
    &COLUMNS[of as usize]
}

/// The host that has it or had it last, without what tells it from hosts of the same name.
pub fn factory_of(job: &Job) -> &str {
    let leased = job.lease.as_ref().map(|lease| &lease.holder);
    let holder = leased.or_else(|| job.attempts.last().map(|attempt| &attempt.holder));
    holder.and_then(|holder| holder.as_str().split(['/', '~']).next()).unwrap_or_default()
}

/// What runs it, ran it last, or is asked for.
pub fn engine_of(job: &Job) -> &str {
    let leased = job.lease.as_ref().map(|lease| lease.engine.as_str()).filter(|name| !name.is_empty());
    let ran = job.attempts.last().map(|attempt| attempt.engine.as_str());
    leased.or(job.spec.engine.as_deref()).or(ran).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_know_the_same_columns() {
        let names: Vec<&str> = COLUMNS.iter().map(|row| row.name).collect();
        assert_eq!(names, crate::job::LIST_COLUMNS);
    }
}
