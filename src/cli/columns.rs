//! The columns of lists of jobs: one table, read by `--columns`, `--sort` and help.

use super::frame::{Cell, CliError, Column, Out, Role, nearest_word, role_of, sign_of};
use super::scene::Seen;
use crate::fleet::Job;
use crate::insight::{Line, need_in, points, score_of, status_of, tags, used};
use crate::time::Stamp;

/// A job with what its columns are made from.
pub struct Row<'a> {
    /// The job.
    pub job: &'a Job,
    seen: &'a Seen,
    place: Option<usize>,
}

impl<'a> Row<'a> {
    /// A row of that job.
    pub fn new(job: &'a Job, seen: &'a Seen, line: &Line) -> Row<'a> {
        Row { job, seen, place: line.place(&job.id) }
    }
}

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

/// One row of [`COLUMNS`].
pub struct ColumnRow {
    /// Its head and how it is set; the head is its name.
    pub shape: Column,
    /// What it holds, in a few words.
    pub does: &'static str,
    /// The field of a job.
    pub cell: fn(&Row<'_>, &Out) -> Cell,
    /// What it is sorted by.
    pub key: fn(&Row<'_>) -> Key,
}

impl ColumnRow {
    /// Its name.
    pub fn name(&self) -> &'static str {
        self.shape.head
    }
}

fn words(text: &str) -> Key {
    if text.is_empty() { Key::Unknown } else { Key::Text(text.to_lowercase()) }
}

fn number(n: Option<u64>) -> Key {
    n.map_or(Key::Unknown, |n| Key::Number(i64::try_from(n).unwrap_or(i64::MAX)))
}

fn tags_of(row: &Row<'_>) -> String {
    tags(row.job, &row.seen.scene()).join(",")
}

fn moment(at: Stamp) -> Key {
    Key::Number(at.as_millis())
}

/// The column that asks worktrees and the plan of what is not done.
pub const TAGS: &str = "tags";
/// The column that asks hosts.
pub const SCORE: &str = "score";

macro_rules! columns {
    ($( $kind:ident $name:literal $does:literal, $cell:expr, $key:expr; )*) => {
        /// Every column.
        pub static COLUMNS: &[ColumnRow] =
            &[$( ColumnRow { shape: Column::$kind($name), does: $does, cell: $cell, key: $key } ),*];
    };
}

columns! {
    words "job" "its id", |r, _| Cell::same(r.job.id.as_str()), |r| words(r.job.id.as_str());
    words "stage" "where it stands", stage_cell, |r| Key::Number(r.job.stage as i64);
    number "since" "since when it stands there", |r, _| age_cell(r, r.job.since), |r| moment(r.job.since);
    text "title" "what people see", |r, _| Cell::same(&r.job.spec.title), |r| words(&r.job.spec.title);
    words "engine" "what runs it", |r, _| Cell::same(engine(r)), |r| words(engine(r));
    number "cost" "what it cost so far; ? is unknown", cost_cell, |r| number(used(r.job).micro_usd);
    text "tags" "words aq computes", |r, _| Cell::same(tags_of(r)), |r| words(&tags_of(r));
    text "why" "why it stands there", |r, out| Cell::same(r.seen.why(r.job, out)), |r| words(&r.job.why);
    words "status" "the status word of a running job, or of one its engine parked", |r, _| Cell::same(status(r)), |r| words(status(r));
    words "priority" "the class of its manifest", |r, _| Cell::same(r.job.spec.priority.name()), |r| Key::Number(r.job.spec.priority as i64);
    words "profile" "its persona", |r, _| Cell::same(&r.job.spec.profile), |r| words(&r.job.spec.profile);
    number "attempts" "how many were begun", |r, _| Cell::same(r.job.attempts.len().to_string()), |r| number(Some(r.job.attempts.len() as u64));
    number "place" "its place in line", |r, _| Cell::same(r.place.map(|n| n.to_string()).unwrap_or_default()), |r| number(r.place.map(|n| n as u64));
    number "score" "how well it fits its host, or the best that could take it", score_cell, |r| score(r).map_or(Key::Unknown, |n| Key::Number(n.into()));
    number "tokens" "tokens so far; ? is unknown", |r, _| unknown_cell(used(r.job).tokens), |r| number(used(r.job).tokens);
    number "submitted" "when it was submitted", |r, _| age_cell(r, r.job.submitted), |r| moment(r.job.submitted);
    words "holder" "who holds it", |r, _| Cell::same(holder(r)), |r| words(holder(r));
    words "lock" "its lock key", |r, _| Cell::same(r.job.spec.lock.as_deref().unwrap_or_default()), |r| words(r.job.spec.lock.as_deref().unwrap_or_default());
    words "parent" "the job it is a part of", |r, _| Cell::same(parent(r)), |r| words(parent(r));
    number "epoch" "its fencing number", |r, _| Cell::same(r.job.epoch.to_string()), |r| number(Some(r.job.epoch));
    text "needs" "the command that answers it", |r, _| Cell::same(needs(r)), |r| words(&needs(r));
}

/// The column of that name.
///
/// # Errors
/// Exit 2 with the nearest name and all names.
pub fn column(name: &str) -> Result<&'static ColumnRow, CliError> {
    if let Some(row) = COLUMNS.iter().find(|row| row.name() == name) {
        return Ok(row);
    }
    let error = CliError::usage(format!("no column {name}"));
    let error = match nearest_word(name, COLUMNS.iter().map(ColumnRow::name)) {
        Some(near) => error.why(format!("did you mean: {near}")),
        None => error,
    };
    let names: Vec<&str> = COLUMNS.iter().map(ColumnRow::name).collect();
    Err(error.next(format!("columns: {}", names.join(", "))))
}

fn stage_cell(row: &Row<'_>, out: &Out) -> Cell {
    let stage = row.job.stage;
    let parked = if row.job.park.is_some() { " ‖" } else { "" };
    let seen = format!("{} {stage}{}", sign_of(stage, out.ascii()), if out.ascii() { "" } else { parked });
    Cell::pair(seen, stage.name()).role(role_of(stage))
}

fn age_cell(row: &Row<'_>, at: Stamp) -> Cell {
    Cell::pair(row.seen.now.law.since(at).age(), at.to_string())
}

fn cost_cell(row: &Row<'_>, _: &Out) -> Cell {
    let cost = used(row.job).cost();
    // Before any attempt there is nothing to be unknown.
    match (cost, row.job.attempts.is_empty()) {
        (Some(cost), _) => Cell::same(cost),
        (None, true) => Cell::same(""),
        (None, false) => Cell::same("?").role(Role::Neutral),
    }
}

fn unknown_cell(n: Option<u64>) -> Cell {
    Cell::same(n.map_or_else(|| "?".to_string(), |n| n.to_string()))
}

fn score(row: &Row<'_>) -> Option<i32> {
    let seen = row.seen;
    score_of(&seen.state, row.job, seen.now, &seen.hosts).map(|found| found.1.total())
}

fn score_cell(row: &Row<'_>, _: &Out) -> Cell {
    Cell::same(score(row).map(points).unwrap_or_default())
}

fn engine<'a>(row: &Row<'a>) -> &'a str {
    row.job.spec.engine.as_deref().unwrap_or_default()
}

fn status<'a>(row: &Row<'a>) -> &'a str {
    status_of(row.job).map(|status| status.0).unwrap_or_default()
}

fn holder<'a>(row: &Row<'a>) -> &'a str {
    row.job.lease.as_ref().map(|lease| lease.holder.as_str()).unwrap_or_default()
}

fn parent<'a>(row: &Row<'a>) -> &'a str {
    row.job.parent.as_ref().map(crate::job::JobId::as_str).unwrap_or_default()
}

fn needs(row: &Row<'_>) -> String {
    need_in(&row.seen.scene(), row.job).map(|need| need.verb).unwrap_or_default()
}
