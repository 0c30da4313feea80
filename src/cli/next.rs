//! `aq next`: what a person can act on now, best first, with the verb to use.

use clap::Args as ClapArgs;
use serde::Serialize;

use super::frame::{Answer, Cell, Column, Context, Envelope, Exit, Role, Table};
use super::scene::{Seen, filter_of};
use crate::fleet::ClosedAccount;
use crate::insight::{Need, closed_words, needs_you};

/// List what waits for you, best first
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Words and terms that must all hold: aq help filter
    filter: Vec<String>,

    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

#[derive(Serialize)]
struct NeedView {
    job: String,
    title: String,
    what: String,
    since: String,
    behind: usize,
    score: u64,
    verb: String,
}

/// Lists it.
///
/// # Errors
/// Exit 2 for a bad filter; a fault if the queue cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let filter = filter_of(&args.filter)?;
    let mut seen = Seen::open(cx, None)?;
    if filter.asks_scores() {
        seen.ask_hosts(cx)?;
    }
    let scene = seen.scene();
    let mut needs = needs_you(&scene);
    needs.retain(|need| seen.state.job(&need.job).is_some_and(|job| filter.lets(job, &scene)));
    let found = needs.len();
    needs.truncate(args.limit);
    if cx.out.is_json() {
        let data: Vec<NeedView> = needs.iter().map(|need| view(need, &seen)).collect();
        cx.out.json(&Envelope::new("needs", cx.wall(), seen.state.seq, seen.source(), data))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::of(&[
        Column::words("job"),
        Column::text("what"),
        Column::number("since"),
        Column::number("behind"),
        Column::words("do"),
    ]);
    for need in &needs {
        table.rows.push(vec![
            Cell::same(need.job.as_str()),
            Cell::same(&need.what).role(Role::Human),
            Cell::pair(seen.now.law.since(need.since).age(), need.since.to_string()),
            Cell::same(need.behind.to_string()),
            Cell::same(&need.verb),
        ]);
    }
    cx.out.table(&table)?;
    if cx.out.is_for_people() && found > needs.len() {
        cx.out.talk(&format!("{} more: raise --limit", found - needs.len()));
    }
    if cx.out.is_for_people() && found == 0 {
        cx.out.talk("nothing waits for you");
    }
    seen.say_halt(cx);
    say_closed(&seen, cx);
    Ok(Exit::Done)
}

/// For people: what is closed and opens by itself or by their word. It asks nothing of them, but they may.
fn say_closed(seen: &Seen, cx: &mut Context) {
    if !cx.out.is_for_people() {
        return;
    }
    for (id, window, closure) in seen.state.closed_accounts(seen.now.wall) {
        let window = Some(window.to_string()).filter(|window| !window.is_empty());
        let closed = ClosedAccount { id: id.clone(), window, closure: closure.clone() };
        let until = closure.until.map(|at| format!(" until {}", cx.out.until(at, seen.now.wall)));
        let until = until.unwrap_or_default();
        let words = closed_words(&closed);
        cx.out.talk(&format!("{} is closed{until}, {words}; open it: aq unpark --account {id}", id.engine));
    }
}

fn view(need: &Need, seen: &Seen) -> NeedView {
    NeedView {
        job: need.job.to_string(),
        title: seen.state.job(&need.job).map(|job| job.spec.title.clone()).unwrap_or_default(),
        what: need.what.clone(),
        since: need.since.to_string(),
        behind: need.behind,
        score: need.score,
        verb: need.verb.clone(),
    }
}
