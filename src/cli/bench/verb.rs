//! The verb: runs what was asked for and prints each figure beside its goal.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::figures::Figure;
use super::{agent, disk, history};
use crate::cli::frame::{Answer, Cell, CliError, Column, Context, Exit, Table};

/// The goals beside what this machine does
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Only these: flush, start, noop, worktree, idle, verbs, open
    #[arg(value_name = "WHAT")]
    what: Vec<String>,
    /// Where to measure: the disk decides [default: the system's temporary folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

const PARTS: [&str; 7] = ["flush", "start", "noop", "worktree", "idle", "verbs", "open"];

/// Measures and prints.
///
/// # Errors
/// Exit 2 for an unknown part; a fault if something could not be measured.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    if let Some(wrong) = args.what.iter().find(|name| !PARTS.contains(&name.as_str())) {
        return Err(CliError::usage(format!("nothing called {wrong:?} is measured")).next(PARTS.join(", ")));
    }
    let dir = args.dir.clone().unwrap_or_else(std::env::temp_dir);
    let flush = disk::flush_times(&dir).map_err(|e| CliError::io("measure", &dir, &e))?;
    let wanted = |part: &str| args.what.is_empty() || args.what.iter().any(|name| name == part);
    let mut figures = vec![
        Figure::new("flush (fdatasync) of 256 B, p50: F50", format!("{:.2} ms", flush.p50()), "", None),
        Figure::new("flush (fdatasync) of 256 B, p99: F99", format!("{:.2} ms", flush.p99()), "", None),
    ];
    let mut step = |part: &str| cx.out.talk(&format!("measuring {part}"));
    if wanted("start") {
        step("drop to start");
        figures.extend(agent::drop_to_start(&dir)?);
    }
    if wanted("noop") {
        step("no-op jobs");
        figures.push(agent::noop_rate(&dir, flush.p50())?);
    }
    if wanted("worktree") {
        step("jobs with worktrees");
        figures.extend(agent::worktree_rate(&dir)?);
    }
    if wanted("idle") {
        step("an idle agent");
        figures.extend(agent::idle(&dir)?);
    }
    if wanted("verbs") {
        step("verbs over 10,000 jobs");
        figures.extend(history::verbs(&dir)?);
    }
    if wanted("open") {
        step("a log of 1,000,000 events");
        figures.extend(history::opening(&dir)?);
    }
    cx.out.table(&table(&figures))?;
    Ok(Exit::Done)
}

fn table(figures: &[Figure]) -> Table {
    let mut table = Table::of(&[
        Column::text("measured"),
        Column::words("here"),
        Column::words("goal"),
        Column::words("met"),
    ]);
    for figure in figures {
        let met = figure.met.map_or("", |met| if met { "yes" } else { "NO" });
        table
            .rows
            .push([&*figure.what, &*figure.got, &*figure.goal, met].map(Cell::same).into_iter().collect());
    }
    table
}
