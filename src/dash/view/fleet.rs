//! The fleet of a folder: this host, its agents with their slots and jobs, its engines, and closed accounts.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::frame::{NARROW, WIDE};
use super::panes::{bar, columns, labelled, told};
use super::parts;
use super::slots;
use super::text::{clean, fit, short_age, width};
use super::time::spark;
use crate::agent::{Agent, Ending};
use crate::dash::model::{Hit, Host, Loaded, Pane};
use crate::dash::theme::Sign;
use crate::engine::Liveness;
use crate::fleet::Job;
use crate::job::Role;
use crate::time::Span;

/// Columns of slots: the bar, and up to 99 of 99 in figures.
const SLOTS: usize = 14;
/// Columns of what a job of an agent does.
const STATUS: usize = 22;
/// The same where there is little room.
const STATUS_NARROW: usize = 10;
/// Columns of its name where there is room.
const NAME_MOST: usize = 52;
/// Slots shown one by one; of an agent with more the bar is a share.
const SLOTS_MOST: u64 = 8;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect) {
    if canvas.model.time.at.is_some() {
        canvas.rule(row(body, 0), "Fleet", "", true);
        told(canvas, below(body, 2), "Of the past only jobs are kept, not agents: L goes live.");
        return;
    }
    let host = match &canvas.model.fleet.host {
        Loaded::Here(host) => host.clone(),
        Loaded::Failed(why) => {
            canvas.rule(row(body, 0), "Fleet", "", true);
            canvas.text(row(body, 2), Role::Bad, &format!("  this host cannot be looked at: {}", clean(why)));
            return;
        }
        Loaded::Unasked | Loaded::Asked => {
            canvas.rule(row(body, 0), "Fleet", canvas.sign(Sign::Waits), true);
            return;
        }
    };
    summary(canvas, row(body, 0), &host);
    let (main, side) = columns(canvas, below(body, 1));
    let high = u16::try_from(host.agents.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2)
        .max(4)
        .min(main.height / 2 + 1);
    list(canvas, Rect { height: high, ..main }, &host);
    let rest = below(main, high);
    match side {
        Some(side) => {
            let rest = slots::over_time(canvas, rest, &host.agents);
            jobs(canvas, rest, usize::from(rest.height.saturating_sub(1)));
            let rest = about(canvas, side, &host);
            slots::events(canvas, rest);
        }
        None => {
            let room = usize::from(rest.height / 3).max(1);
            let rest = jobs(canvas, rest, room);
            let rest = about(canvas, rest, &host);
            same_as(canvas, row(rest, rest.height.saturating_sub(1)));
        }
    }
}

fn same_as(canvas: &mut Canvas<'_>, at: Rect) {
    canvas.text(at, Role::Neutral, "  same as: aq agent, aq drain, aq stop; aq doctor");
}

/// A host as people know it: what makes its name one of many machines' stays away.
fn short_name(host: &Host) -> &str {
    host.name.split('~').next().unwrap_or(&host.name)
}

pub(super) fn lives(agent: &Agent) -> bool {
    agent.life != Liveness::Gone
}

pub(super) fn held<'a>(canvas: &Canvas<'a>, agent: &Agent) -> Vec<std::sync::Arc<Job>> {
    let state = &canvas.model.replica.state;
    let mine = state.held().filter(|row| row.1.as_str() == agent.holder && row.0.stage.is_held());
    mine.filter_map(|row| state.jobs.get(&row.0.id).cloned()).collect()
}

fn summary(canvas: &mut Canvas<'_>, at: Rect, host: &Host) {
    let living: Vec<&Agent> = host.agents.iter().filter(|agent| lives(agent)).collect();
    let slots: u64 = living.iter().map(|agent| agent.slots).sum();
    let used: usize = living.iter().map(|agent| held(canvas, agent).len()).sum();
    let closed = canvas.model.replica.state.closed_accounts(canvas.model.law_now().wall).count();
    let (agents, slots) = (
        parts::plural(living.len(), "agent"),
        parts::plural(usize::try_from(slots).unwrap_or(usize::MAX), "slot"),
    );
    let text = match at.width < NARROW {
        true => format!(" {agents}   {used} of {slots} used"),
        false => format!(
            " {}   {agents}   {used} of {slots} used   {} closed",
            clean(short_name(host)),
            parts::plural(closed, "account"),
        ),
    };
    canvas.text(at, Role::Neutral, &text);
}

fn list(canvas: &mut Canvas<'_>, at: Rect, host: &Host) {
    canvas.rule(row(at, 0), "Fleet", "other hosts: – (a folder knows only this one)", true);
    if host.agents.is_empty() {
        told(canvas, below(at, 1), "No agent runs here: type :start for one, or aq agent in a shell.");
        return;
    }
    let narrow = at.width < NARROW;
    let heads = if narrow {
        "  AGENT    STATE     SLOTS"
    } else {
        "  AGENT    STATE     SLOTS          SINCE   BEAT  ENGINES"
    };
    canvas.text(row(at, 1), Role::Head, heads);
    let body = below(at, 2);
    let cursor = canvas.model.fleet.at.min(host.agents.len() - 1);
    let window = canvas.window(Pane::Fleet, host.agents.len(), Some(cursor), usize::from(body.height));
    for (nth, (place, agent)) in
        host.agents.iter().enumerate().skip(window.top).take(window.height).enumerate()
    {
        let on = row(body, u16::try_from(nth).unwrap_or(u16::MAX));
        let line = line(canvas, agent, place == cursor, narrow);
        canvas.line(on, &line);
        canvas.hit(on, Hit::Row(Pane::Fleet, place));
        if place == cursor {
            canvas.restyle(on, canvas.look().cursor());
        }
    }
}

fn line(canvas: &mut Canvas<'_>, agent: &Agent, here: bool, narrow: bool) -> Line<'static> {
    let more = canvas.sign(Sign::More);
    let lead = if here { canvas.sign(Sign::Cursor) } else { " " };
    let pid = agent.who.as_ref().map_or("?".to_string(), |who| who.pid.to_string());
    let asked = canvas.model.fleet.ended.get(&agent.holder);
    let (sign, role, word) = match (agent.life, asked) {
        (Liveness::Gone, _) => (Sign::Bad, Role::Bad, "gone"),
        (_, Some(Ending::Drain)) => (Sign::Waits, Role::Wait, "drains"),
        (_, Some(Ending::Stop)) => (Sign::Waits, Role::Wait, "stops"),
        (Liveness::Alive, None) => (Sign::Ok, Role::Good, "up"),
        (Liveness::Unknown, None) => (Sign::Warning, Role::Wait, "unseen"),
    };
    let used = held(canvas, agent).len();
    let cells = usize::try_from(agent.slots.min(SLOTS_MOST)).unwrap_or(0);
    let slots = format!("{} {used}/{}", bar(canvas, used as u64, agent.slots, cells), agent.slots);
    let mut pieces = vec![
        Piece::raw(format!("{lead} {} ", fit(&pid, 8, false, more))),
        canvas.piece(role, format!("{} {:<7} ", canvas.sign(sign), word)),
        Piece::raw(fit(&slots, SLOTS, false, more)),
    ];
    if !narrow {
        let (since, beat) = (canvas.age(agent.since), canvas.age(agent.beat));
        let engines = clean(&agent.engines.join(" "));
        pieces.push(Piece::raw(format!(" {since:>5}  {beat:>5}  {engines}")));
    }
    Line::from(pieces)
}

/// What the agent under the cursor works on; gives what is left below.
fn jobs(canvas: &mut Canvas<'_>, at: Rect, most: usize) -> Rect {
    let Some(agent) = canvas.model.fleet.agent().cloned() else { return at };
    let jobs = held(canvas, &agent);
    let pid = agent.who.as_ref().map_or("?".to_string(), |who| who.pid.to_string());
    // What a job does is its last word in the log, and as old as that; how old a sign of life is stands above.
    let of_what = match at.width {
        wide if wide < NARROW => String::new(),
        _ => format!(" {} last word in the log", canvas.sign(Sign::Dot)),
    };
    canvas.rule(
        row(at, 0),
        &format!("Jobs of agent {pid}"),
        &format!("{} of {}{of_what}", jobs.len(), agent.slots),
        false,
    );
    let mut rest = below(at, 1);
    if jobs.is_empty() {
        return told(canvas, rest, "it has no job");
    }
    // The last row says how many more there are.
    let shown = if jobs.len() > most { most.saturating_sub(1) } else { most };
    for job in jobs.iter().take(shown) {
        let more = canvas.sign(Sign::More);
        let sign = parts::stage_sign(canvas, job);
        let age = canvas.age(job.since);
        // Which job it is goes before what it has cost and in which epoch.
        let narrow = at.width < NARROW;
        let status_wide = if narrow { STATUS_NARROW } else { STATUS };
        let status = parts::status(canvas, job, status_wide);
        let figures = match narrow {
            true => format!(" {age:>5} "),
            false => format!(" {age:>5} {:>7} epoch {}  ", parts::cost(job), job.epoch),
        };
        let room = usize::from(at.width).saturating_sub(4 + width(&figures) + status_wide);
        let name = fit(&parts::named(job, more), room.min(NAME_MOST), false, more);
        let text = format!(" {name}{figures}");
        canvas.line(row(rest, 0), &Line::from(vec![Piece::raw("  "), sign, Piece::raw(text), status]));
        canvas.hit(row(rest, 0), Hit::Job(job.id.clone()));
        rest = below(rest, 1);
    }
    if shown < jobs.len() {
        let text = format!("  {} {} more", canvas.sign(Sign::More), jobs.len() - shown);
        canvas.text(row(rest, 0), Role::Neutral, &text);
        rest = below(rest, 1);
    }
    rest
}

/// The host, its engines, and accounts that take no jobs with until when and why.
/// Gives what is left below.
fn about(canvas: &mut Canvas<'_>, at: Rect, host: &Host) -> Rect {
    canvas.rule(row(at, 0), &clean(short_name(host)), &clean(&host.system), false);
    let load = host
        .load
        .map_or("? (not told by this system)".to_string(), |n| format!("{}.{:02}", n / 100, n % 100));
    let dot = canvas.sign(Sign::Dot);
    let mut rows = vec![(
        "host",
        format!("{} {dot} load {load} {dot} temperature ?", parts::plural(host.cores, "core")),
    )];
    if !host.loads.is_empty() {
        rows.push(("load", loads(canvas, &host.loads)));
    }
    let agent = canvas.model.fleet.agent().filter(|agent| lives(agent)).cloned();
    if let Some(agent) = agent {
        rows.push(("offers", clean(&agent.capabilities.to_string())));
    }
    rows.push(("engines", engines(canvas, host)));
    if canvas.area().width >= WIDE {
        rows.push(("ended", slots::ends(canvas)));
    }
    let rest = labelled(canvas, below(at, 1), &rows);
    let rest = fit_of_line(canvas, rest, host);
    closed(canvas, rest)
}

/// Columns of the load's history.
const HISTORY: usize = 24;
/// Kinds of demand that are shown.
const DEMANDS_MOST: usize = 6;

/// How the load went while the cockpit was open, the newest at the right.
fn loads(canvas: &Canvas<'_>, all: &[u64]) -> String {
    let most = all.iter().copied().max().unwrap_or(0).max(100);
    let step = all.len().div_ceil(HISTORY).max(1);
    let mean = |some: &[u64]| some.iter().sum::<u64>() / some.len().max(1) as u64;
    let cells: Vec<u64> = all.chunks(step).map(mean).collect();
    let ago = Span::from_secs(all.len() as u64 * 5);
    let most_words = format!("{}.{:02}", most / 100, most % 100);
    format!("{}  last {}, full is {most_words}", spark(canvas, &cells, most), short_age(ago))
}

/// What the line asks for, and whether somebody here can take it.
fn fit_of_line(canvas: &mut Canvas<'_>, at: Rect, host: &Host) -> Rect {
    let demands = std::sync::Arc::clone(&canvas.model.lists.demands);
    let queued: usize = demands.iter().map(|demand| demand.queued).sum();
    canvas.rule(row(at, 0), "Queue fit", &format!("{queued} queued"), false);
    let mut rest = below(at, 1);
    if demands.is_empty() {
        return told(canvas, rest, "nobody waits for a slot");
    }
    let more = canvas.sign(Sign::More);
    canvas.text(row(rest, 0), Role::Head, "  ASKS FOR           QUEUED  FREE  NOTE");
    rest = below(rest, 1);
    for demand in demands.iter().take(DEMANDS_MOST) {
        let agents: Vec<&Agent> = host.agents.iter().filter(|agent| lives(agent)).collect();
        let able: Vec<&&Agent> = agents.iter().filter(|agent| demand.fits(agent)).collect();
        let slots: u64 = able.iter().map(|agent| agent.slots).sum();
        let used: usize = able.iter().map(|agent| held(canvas, agent).len()).sum();
        let free = slots.saturating_sub(used as u64);
        let (role, note) = match (agents.as_slice(), able.is_empty(), free) {
            ([], ..) => (Role::Wait, "no agent runs here: type :start for one".to_string()),
            ([first, ..], true, _) => {
                let lacks = format!(
                    "{} no agent here has {}",
                    canvas.sign(Sign::Warning),
                    demand.lacks(first).join(", ")
                );
                (Role::Bad, clean(&lacks))
            }
            (_, _, 0) => (Role::Wait, "no free slot".to_string()),
            (_, _, free) if (demand.queued as u64) > free => (Role::Wait, "tight".to_string()),
            _ => (Role::Neutral, String::new()),
        };
        let words = fit(&clean(&demand.words()), 18, false, more);
        let figures = Piece::raw(format!("  {words} {:>6} {free:>5}  ", demand.queued));
        canvas.line(row(rest, 0), &Line::from(vec![figures, canvas.piece(role, note)]));
        rest = below(rest, 1);
    }
    if demands.len() > DEMANDS_MOST {
        rest = told(canvas, rest, &format!("{more} {} kinds more", demands.len() - DEMANDS_MOST));
    }
    rest
}

/// Engines with the versions that the agent under the cursor was told by their programs.
fn engines(canvas: &Canvas<'_>, host: &Host) -> String {
    let Some(agent) = canvas.model.fleet.agent().filter(|agent| lives(agent)) else {
        return format!("{} (which are here an agent finds out)", clean(&host.engines.join(" ")));
    };
    let each = agent.engines.iter().map(|name| match agent.capabilities.values(name).first() {
        Some(version) => format!("{} {}", clean(name), clean(version)),
        None => format!("{} –", clean(name)),
    });
    format!("{}   (– told no version)", each.collect::<Vec<_>>().join("   "))
}

fn closed(canvas: &mut Canvas<'_>, at: Rect) -> Rect {
    let wall = canvas.model.law_now().wall;
    let state = std::sync::Arc::clone(&canvas.model.replica.state);
    let shut: Vec<_> = state.closed_accounts(wall).collect();
    // A head without a row says nothing; how many are closed stands in the first line.
    if at.height < 2 {
        return at;
    }
    canvas.rule(row(at, 0), "Accounts", "", false);
    let mut rest = below(at, 1);
    for (id, window, closure) in &shut {
        let window = if window.is_empty() { String::new() } else { format!(" ({window})") };
        let until = match closure.until {
            Some(until) => format!("until {}, in {}", until.local_hm(), short_age(until.since(wall))),
            None => "until a person or a success opens it".to_string(),
        };
        let since = canvas.age(closure.since);
        let warning = canvas.sign(Sign::Warning);
        let text = format!(
            "{warning} {id}{window} closed {until}: {}, since {since}, by {}: {}",
            closure.outcome.name(),
            closure.job,
            clean(&closure.text)
        );
        rest = told(canvas, rest, &text);
    }
    if shut.is_empty() {
        let ok = canvas.sign(Sign::Ok);
        rest = told(canvas, rest, &format!("{ok} none is closed"));
    }
    rest
}
