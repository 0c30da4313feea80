//! `aq insights`: what attempts took, used up and led to.

use clap::{Args as ClapArgs, ValueEnum};
use serde::Serialize;

use super::frame::{Answer, Cell, Column, Context, Envelope, Exit, Table, Toward, parse_moment};
use super::scene::Seen;
use super::view::{AttemptView, UsageView};
use crate::fleet::{Attempt, Job};
use crate::insight::{Rollup, rollup};

/// Show duration, tokens, cost and result
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// One job, attempt by attempt
    job: Option<String>,

    /// What to add up by
    #[arg(long, value_enum)]
    by: Option<By>,

    /// Attempts that began since then
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum By {
    /// The engine that ran
    Engine,
    /// The job's profile
    Profile,
    /// The host
    Factory,
    /// The local day it began
    Day,
}

#[derive(Serialize)]
struct View {
    kind: String,
    attempts: usize,
    ok: usize,
    failed: usize,
    open: usize,
    median_ms: Option<u64>,
    total_ms: u64,
    used: UsageView,
    cost_unknown: usize,
    tokens_unknown: usize,
}

/// Shows it.
///
/// # Errors
/// Exit 3 if there is no such job; exit 2 for a time that cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let since =
        args.since.as_ref().map(|text| parse_moment("--since", text, Toward::Past, cx.wall())).transpose()?;
    let seen = Seen::open(cx, None)?;
    let one = args.job.as_ref().map(|name| seen.job(name)).transpose()?;
    if let (Some(job), None) = (&one, args.by) {
        return attempts(job, &seen, cx);
    }
    let kind_of = |job: &Job, attempt: &Attempt| match args.by.unwrap_or(By::Engine) {
        By::Engine => attempt.engine.clone(),
        By::Profile => job.spec.profile.clone(),
        By::Factory => attempt.holder.as_str().split('/').next().unwrap_or_default().to_string(),
        By::Day => attempt.started.local_day(),
    };
    let sums = match &one {
        Some(job) => rollup(std::iter::once(&**job), since, kind_of),
        None => rollup(seen.state.jobs.values().map(|job| &**job), since, kind_of),
    };
    if cx.out.is_json() {
        let data: Vec<View> = sums.iter().map(view).collect();
        cx.out.json(&Envelope::new("insights", cx.wall(), seen.state.seq, seen.source(), data))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::of(&[
        Column::words("kind"),
        Column::number("attempts"),
        Column::number("ok"),
        Column::number("failed"),
        Column::number("open"),
        Column::number("median"),
        Column::number("total"),
        Column::number("tokens"),
        Column::number("cost"),
    ]);
    table.rows = sums.iter().map(row).collect();
    cx.out.table(&table)?;
    if sums.is_empty() && cx.out.is_for_people() {
        cx.out.talk("no attempt yet");
    }
    Ok(Exit::Done)
}

fn row(sum: &Rollup) -> Vec<Cell> {
    let count = |n: usize| Cell::same(n.to_string());
    // A sum with unknown parts is a lower bound and says so.
    let known = |text: Option<String>, unknown: usize| match (text, unknown) {
        (None, _) => Cell::same("?"),
        (Some(text), 0) => Cell::same(text),
        (Some(text), n) => Cell::pair(format!("{text} + {n}?"), format!("{text}+{n}?")),
    };
    vec![
        Cell::same(&sum.kind),
        count(sum.attempts),
        count(sum.ok),
        count(sum.failed),
        count(sum.open),
        Cell::pair(
            sum.median.map(|m| m.age()).unwrap_or_default(),
            sum.median.map(|m| m.to_string()).unwrap_or_default(),
        ),
        Cell::pair(sum.total.age(), sum.total.to_string()),
        known(sum.used.tokens(), sum.tokens_unknown),
        known(sum.used.cost(), sum.cost_unknown),
    ]
}

fn attempts(job: &Job, seen: &Seen, cx: &mut Context) -> Answer {
    if cx.out.is_json() {
        let data: Vec<AttemptView> = job.attempts.iter().map(AttemptView::of).collect();
        cx.out.json(&Envelope::new("attempts", cx.wall(), seen.state.seq, seen.source(), data))?;
        return Ok(Exit::Done);
    }
    let columns =
        ["attempt", "engine", "result", "took", "tokens", "turns", "cost", "tools", "change", "model"];
    let mut table = Table::of(&columns.map(Column::words));
    for attempt in &job.attempts {
        let did = attempt.insight.as_deref().cloned().unwrap_or_default();
        let took = attempt.ended.map(|ended| ended.since(attempt.started));
        let known = |n: Option<u64>| Cell::same(n.map_or_else(|| "?".to_string(), |n| n.to_string()));
        table.rows.push(vec![
            Cell::same(attempt.no.to_string()),
            Cell::same(&attempt.engine),
            Cell::same(
                attempt
                    .outcome
                    .map_or(if took.is_some() { "lost" } else { "runs" }, crate::job::Outcome::name),
            ),
            Cell::pair(
                took.map(|t| t.age()).unwrap_or_default(),
                took.map(|t| t.to_string()).unwrap_or_default(),
            ),
            Cell::same(attempt.usage.tokens().unwrap_or_else(|| "?".to_string())),
            known(attempt.usage.turns),
            Cell::same(attempt.usage.cost().unwrap_or_else(|| "?".to_string())),
            known(did.tools),
            Cell::same(did.change().unwrap_or_else(|| "?".to_string())),
            Cell::same(did.model.unwrap_or_else(|| "?".to_string())),
        ]);
    }
    cx.out.table(&table)?;
    if job.attempts.is_empty() && cx.out.is_for_people() {
        cx.out.talk("no attempt yet");
    }
    Ok(Exit::Done)
}

fn view(sum: &Rollup) -> View {
    View {
        kind: sum.kind.clone(),
        attempts: sum.attempts,
        ok: sum.ok,
        failed: sum.failed,
        open: sum.open,
        median_ms: sum.median.map(|span| span.as_millis()),
        total_ms: sum.total.as_millis(),
        used: sum.used.into(),
        cost_unknown: sum.cost_unknown,
        tokens_unknown: sum.tokens_unknown,
    }
}
