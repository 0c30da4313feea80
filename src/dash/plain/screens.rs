//! The screens of the queue as a whole, line by line: agents, ceilings, the past, work at risk.

use super::menu::{Menu, PROMPT};
use super::words;
use crate::agent::Agent;
use crate::dash::model::{Loaded, Model, Owner, Pane, Then, budget_rows, owner_of, window_words};
use crate::dash::view::{clean, hourly, marked, money, plural, runs_out, shipped, summed, told};
use crate::engine::Liveness;
use crate::fleet::Event;
use crate::insight::Recording;
use crate::job::STAGES;

/// Events told around a moment, before it and after it.
const AROUND: usize = 4;
/// Rows of a list that are told.
const ROWS_MOST: usize = 20;

/// This host, its agents, closed accounts, what the line asks for.
pub fn fleet(it: &mut Menu, model: &Model) {
    if model.time.at.is_some() {
        it.line("Fleet: of the past only jobs are kept, not agents. live goes back to now");
        return it.line(PROMPT);
    }
    let host = match &model.fleet.host {
        Loaded::Here(host) => host,
        Loaded::Failed(why) => {
            return it.line(format!("Fleet: this host cannot be looked at: {}", clean(why)));
        }
        Loaded::Unasked | Loaded::Asked => return it.line("Fleet: looking at this host"),
    };
    let name = clean(host.name.split('~').next().unwrap_or_default());
    let load = host.load.map_or("unknown".to_string(), |n| format!("{}.{:02}", n / 100, n % 100));
    it.line(format!("Fleet: {name}, {}, {} cores, load {load}", clean(&host.system), host.cores));
    for (nth, agent) in host.agents.iter().enumerate() {
        let here = if nth == model.fleet.at.min(host.agents.len() - 1) { ", chosen" } else { "" };
        it.item(&format!("{}{here}", agent_words(model, agent)), Then::Point(Pane::Fleet, nth));
    }
    if host.agents.is_empty() {
        it.line("No agent runs here; start starts one");
    }
    let wall = model.law_now().wall;
    for (id, _, closure) in model.replica.state.closed_accounts(wall) {
        let until = closure.until.map(|at| format!(" until {}", at.local_hm())).unwrap_or_default();
        it.line(format!("Account {id} is closed{until}: {}", clean(&closure.text)));
    }
    let living: Vec<&Agent> = host.agents.iter().filter(|agent| agent.life != Liveness::Gone).collect();
    for demand in model.lists.demands.iter().take(ROWS_MOST) {
        let able = living.iter().filter(|agent| demand.fits(agent)).count();
        let takers = match (living.first(), able) {
            (None, _) => "no agent is here".to_string(),
            (Some(first), 0) => format!("no agent here has {}", demand.lacks(first).join(", ")),
            (Some(_), n) => format!("{n} of {} can take them", plural(living.len(), "agent")),
        };
        let words = clean(&demand.words());
        it.line(format!("In the line for {words}: {} queued; {}", demand.queued, clean(&takers)));
    }
    it.line("drain or stop, with an agent's number; start; back goes on");
    it.line(PROMPT);
}

fn agent_words(model: &Model, agent: &Agent) -> String {
    let pid = agent.who.as_ref().map_or("unknown".to_string(), |who| who.pid.to_string());
    let life = match agent.life {
        Liveness::Alive => "up",
        Liveness::Gone => "gone",
        Liveness::Unknown => "unseen",
    };
    let used = model.replica.state.held().filter(|row| row.1.as_str() == agent.holder).count();
    let engines = clean(&agent.engines.join(" "));
    format!("agent {pid}, {life}, {used} of {} slots used, engines {engines}", agent.slots)
}

/// Ceilings, what was spent, and by whom.
pub fn budget(it: &mut Menu, model: &Model) {
    let product = &model.replica.state.product;
    let state = match &product.paused {
        Some((mode, ..)) => format!("paused ({})", mode.name()),
        None if !product.suspended.is_empty() => "suspended, files vanished".to_string(),
        None => "active".to_string(),
    };
    it.line(format!(
        "Budget {}: {state}, {} reserved",
        window_words(product.window).1,
        money(product.reserved)
    ));
    for row in budget_rows(model) {
        let of = row.ceiling.map_or(", no ceiling".to_string(), |most| format!(" of {}", money(most)));
        let around =
            row.around.map(|at| format!(", routed around since {}", at.local_hm())).unwrap_or_default();
        it.line(format!("   {}: spent {}{of}{around}", clean(&row.name), summed(row.spent)));
    }
    it.line(format!("   now {}", hourly(model.spend_rate())));
    if let Some(at) = runs_out(model) {
        it.line(format!("   at the present rate it runs out {}", at.local_hm()));
    }
    it.line(format!("   shipped: {}", shipped(model)));
    for (what, rows) in [("profile", &model.lists.spending.profiles), ("job", &model.lists.spending.jobs)] {
        let named: Vec<String> =
            rows.iter().take(ROWS_MOST).map(|row| format!("{} {}", clean(&row.0), summed(row.1))).collect();
        if !named.is_empty() {
            it.line(format!("   by {what}: {}", named.join(", ")));
        }
    }
    it.line("pause, resume and ceiling ask first; budget show tells more; back goes on");
    it.line(PROMPT);
}

/// The moment that is looked at, and what happened around it.
pub fn time(it: &mut Menu, model: &Model) {
    let recording = match &model.time.recording {
        Loaded::Here(recording) => recording,
        Loaded::Failed(why) => return it.line(format!("Time: the log cannot be wound: {}", clean(why))),
        Loaded::Unasked | Loaded::Asked => return it.line("Time: the log is being read"),
    };
    let all = recording.events();
    let begin = all.first().map_or("nothing yet".to_string(), |row| row.1.at.local_full());
    let at = model.time.at;
    let here = match at {
        Some(at) => format!("you see {}, nothing can be done", at.at.local_full()),
        None => "you see now".to_string(),
    };
    let (events, marks) = (plural(all.len(), "event"), plural(recording.marks().len(), "mark"));
    it.line(format!("Time: {events} from {begin}, {marks}; {here}"));
    let counts: Vec<String> = STAGES
        .iter()
        .map(|row| (model.replica.state.count(row.0), row.1.replace('_', " ")))
        .filter(|row| row.0 > 0)
        .map(|(n, name)| format!("{n} {name}"))
        .collect();
    it.line(format!("Jobs: {}", if counts.is_empty() { "none".to_string() } else { counts.join(", ") }));
    around(it, model, recording, at.map_or(all.len(), |at| at.count));
    for differs in model.time.differs.iter().flatten().take(ROWS_MOST) {
        let name = |stage: Option<crate::job::Stage>| stage.map_or("not there", crate::job::Stage::name);
        it.line(format!("Differs: {} was {}, is {}", differs.job, name(differs.then), name(differs.now)));
    }
    it.line("event-back, event, minute-back, minute, landmark-back, landmark, moment, only, differs, live");
    it.line(PROMPT);
}

fn around(it: &mut Menu, model: &Model, recording: &Recording, count: usize) {
    let all = recording.events();
    let only = model.time.only.as_ref();
    if let Some(job) = only {
        it.line(format!("Only events of {job}; only shows all"));
    }
    let fits = |nth: &usize| only.is_none() || all[*nth].1.what.job() == only;
    let had: Vec<usize> = (0..count).rev().filter(fits).take(AROUND).collect();
    for nth in had.iter().rev() {
        it.line(format!("   {}", event_words(&all[*nth].1)));
    }
    let comes = (count..all.len()).filter(fits).take(AROUND);
    for nth in comes {
        it.line(format!("   later: {}", event_words(&all[nth].1)));
    }
}

fn event_words(event: &Event) -> String {
    let job = event.what.job().map(|job| format!("{job} ")).unwrap_or_default();
    format!("{} {job}{} {}", words::clock(event.at), event.what.name(), clean(&told(&event.what)))
}

/// Worktrees with changes that stand in no commit.
pub fn risk(it: &mut Menu, model: &Model) {
    let found = match &model.risk.found {
        Loaded::Here(found) => found,
        Loaded::Failed(why) => {
            return it.line(format!("Risk: the worktrees cannot be looked at: {}", clean(why)));
        }
        Loaded::Unasked | Loaded::Asked => return it.line("Risk: looking at the worktrees of this host"),
    };
    let rows = model.risk.list.rows();
    let order = model.risk.order.words();
    let all = plural(found.worktrees.max(rows.len()), "worktree");
    it.line(format!("Work at risk: {} of {all} here, {order}", rows.len()));
    for id in rows.iter().take(ROWS_MOST) {
        let (Some(risk), Some(job)) = (model.risk.row(id), model.job(id)) else { continue };
        let owner = match owner_of(job, &model.replica.gone) {
            Owner::Alive => "an agent saves it".to_string(),
            Owner::Gone => "its agent is gone".to_string(),
            Owner::Fenced(old, new) => format!("epoch {old} is fenced out by {new}"),
            Owner::Nobody => "nobody works on it".to_string(),
        };
        let files = risk.files.len() + risk.left_out.len();
        let (lines, files) = (risk.lines, plural(files, "file"));
        let text = format!("{id}, {lines} lines in {files}, {owner}, {}", risk.path.display());
        it.item(&clean(&text), Then::Open(id.clone()));
        for path in risk.left_out.iter().take(ROWS_MOST) {
            it.line(format!("     left out: {}", clean(path)));
        }
    }
    if let Some(Loaded::Here(text)) = model.risk.patch.as_ref().map(|patch| &patch.text) {
        text.split_terminator('\n').for_each(|line| it.line(marked(line)));
    }
    it.line("rescue, let-go or unsaved (the diff), with a number; rescue-all; risk-sort; back goes on");
    it.line(PROMPT);
}
