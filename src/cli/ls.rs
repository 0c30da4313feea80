//! `aq ls`: list jobs through a filter, in the columns and order asked for.

use std::sync::Arc;

use clap::Args as ClapArgs;

use super::columns::{ColumnRow, Key, Row, SCORE, TAGS, column};
use super::frame::{Answer, CliError, Context, Envelope, Exit, Form, Table};
use super::scene::{Seen, filter_of};
use super::view::JobView;
use crate::fleet::Job;
use crate::insight::{Filter, Tally};
use crate::job::Stage;

/// What is shown where nothing else is asked for; stable, because scripts read it.
const DEFAULT: [&str; 8] = ["job", "stage", "since", "title", "engine", "cost", "tags", "why"];

/// List jobs
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Words and terms that must all hold: aq help filter
    filter: Vec<String>,

    /// Columns to sort by; - before one turns it round
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', allow_hyphen_values = true)]
    sort: Vec<String>,

    /// Columns to show
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    columns: Vec<String>,

    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// Shipped jobs too
    #[arg(long)]
    all: bool,
}

/// Lists them.
///
/// # Errors
/// Exit 2 for an unknown column or a bad filter; a fault if the queue cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let filter = filter_of(&args.filter)?;
    let names: Vec<&str> = match args.columns.is_empty() {
        true => DEFAULT.to_vec(),
        false => args.columns.iter().map(String::as_str).collect(),
    };
    let columns: Vec<&ColumnRow> = names.into_iter().map(column).collect::<Result<_, _>>()?;
    let order = order_of(&args.sort)?;
    let mut seen = Seen::open(cx, None)?;
    let mut shown = columns.iter().copied().chain(order.iter().map(|by| by.0));
    if filter.asks_scores() || shown.any(|row| row.name() == SCORE) {
        seen.ask_hosts(cx)?;
    }
    let mut shown = columns.iter().copied().chain(order.iter().map(|by| by.0));
    let asks = filter.asks_tag("at-risk") || filter.asks_tag("critical");
    if asks || cx.out.is_json() || shown.any(|row| row.name() == TAGS) {
        let all = args.all || filter.names_stages();
        seen.ask_aside(cx, &|job| all || job.stage != Stage::Shipped)?;
    }
    let (jobs, hidden) = chosen(&seen, &filter, args.all);
    let line = seen.line(cx);
    let mut rows: Vec<Row<'_>> = jobs.iter().map(|job| Row::new(job, &seen, &line)).collect();
    rows.sort_by_cached_key(|row| keys(&order, row));
    let found = rows.len();
    rows.truncate(args.limit.unwrap_or(usize::MAX));
    match cx.out.form() {
        Form::Json => {
            let data: Vec<JobView> = rows.iter().map(|row| JobView::of(row.job, &seen)).collect();
            cx.out.json(&Envelope::new("jobs", cx.wall(), seen.state.seq, seen.source(), data))?;
        }
        Form::JsonLines => {
            for row in &rows {
                let data = JobView::of(row.job, &seen);
                cx.out.json(&Envelope::new("job", cx.wall(), seen.state.seq, seen.source(), data))?;
            }
        }
        Form::Table | Form::Plain => {
            let mut table = Table::of(&columns.iter().map(|row| row.shape).collect::<Vec<_>>());
            table.rows =
                rows.iter().map(|row| columns.iter().map(|c| (c.cell)(row, &cx.out)).collect()).collect();
            cx.out.table(&table)?;
        }
    }
    say_rest(cx, found, rows.len(), hidden);
    seen.say_halt(cx);
    Ok(Exit::Done)
}

/// Jobs the filter lets through, and how many shipped ones were left out only for being shipped.
fn chosen(seen: &Seen, filter: &Filter, all: bool) -> (Vec<Arc<Job>>, usize) {
    let scene = seen.scene();
    let with_shipped = all || filter.names_stages();
    let mut tally = Tally::default();
    let jobs = seen.state.jobs.values().filter(|job| {
        let passes = filter.lets(job, &scene);
        if passes {
            tally.count(job);
        }
        passes && (job.stage != Stage::Shipped || with_shipped)
    });
    let jobs = jobs.cloned().collect();
    (jobs, if with_shipped { 0 } else { tally.shipped })
}

/// For people: what was left out, so that a short list is not taken for the whole.
fn say_rest(cx: &mut Context, found: usize, shown: usize, hidden: usize) {
    if !cx.out.is_for_people() {
        return;
    }
    if found > shown {
        cx.out.talk(&format!("{} more: raise --limit", found - shown));
    }
    if hidden > 0 {
        cx.out.talk(&format!("{hidden} shipped not shown: aq ls --all"));
    }
    if found == 0 && hidden == 0 {
        cx.out.talk("no job matches");
    }
}

/// Columns to sort by, each perhaps turned round.
type Order = Vec<(&'static ColumnRow, bool)>;

/// In the order of a job's life, then as they stand in line, then the oldest first.
const DEFAULT_ORDER: [&str; 4] = ["stage", "place", "since", "job"];

fn order_of(names: &[String]) -> Result<Order, CliError> {
    let read = |name: &str| match name.strip_prefix('-') {
        Some(name) => column(name).map(|row| (row, true)),
        None => column(name).map(|row| (row, false)),
    };
    names.iter().map(String::as_str).chain(DEFAULT_ORDER).map(read).collect()
}

/// A key that may be turned round.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Up(Key),
    Down(std::cmp::Reverse<Key>),
    /// Unknown stays last, whichever way it is turned.
    Last,
}

fn keys(order: &Order, row: &Row<'_>) -> Vec<Turn> {
    let turn = |(column, down): &(&ColumnRow, bool)| match ((column.key)(row), down) {
        (Key::Unknown, _) => Turn::Last,
        (key, true) => Turn::Down(std::cmp::Reverse(key)),
        (key, false) => Turn::Up(key),
    };
    order.iter().map(turn).collect()
}
