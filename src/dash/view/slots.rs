//! What the last hour and the last day were for the agents of this host: slots over time, events, how runs ended.

use ratatui::layout::Rect;

use super::canvas::{Canvas, below, row};
use super::events;
use super::fleet::{held, lives};
use super::panes::told;
use super::parts;
use super::text::fit;
use super::time::spark;
use crate::agent::Agent;
use crate::dash::theme::Sign;
use crate::insight::MINUTES;
use crate::job::{HolderId, Role};
use crate::time::Span;

/// Columns of an agent's name.
const NAME: usize = 8;
/// Agents that are shown; a host has few.
const AGENTS_MOST: usize = 6;
/// Minutes between two times under the columns.
const STEP: usize = 20;
/// Rows of events about hosts.
const EVENTS_MOST: u16 = 12;

/// How many of its slots each agent used, minute by minute, the present at the right; gives what is left below.
pub fn over_time(canvas: &mut Canvas<'_>, at: Rect, agents: &[Agent]) -> Rect {
    let all: Vec<&Agent> = agents.iter().filter(|agent| lives(agent)).take(AGENTS_MOST).collect();
    if all.is_empty() {
        return at;
    }
    canvas.rule(row(at, 0), "Slots over time", &format!("{MINUTES} m, one column is 1 m"), false);
    let now = canvas.model.law_now().law;
    let unknown = canvas.sign(Sign::NoData);
    let mut rest = below(at, 1);
    for agent in all {
        let used = held(canvas, agent).len();
        let figures = canvas.model.day.slots(&HolderId::new(&agent.holder), used, now);
        let cells: String = figures
            .iter()
            .map(|minute| match minute {
                Some(n) => spark(canvas, &[*n], agent.slots.max(1)),
                None => unknown.to_string(),
            })
            .collect();
        let pid = agent.who.as_ref().map_or("?".to_string(), |who| who.pid.to_string());
        let name = fit(&pid, NAME, false, canvas.sign(Sign::More));
        canvas.text(row(rest, 0), Role::Neutral, &format!("  {name} {cells}  {used}/{}", agent.slots));
        rest = below(rest, 1);
    }
    let times = (0..MINUTES / STEP).map(|nth| {
        let ago = Span::from_mins((MINUTES - nth * STEP) as u64);
        let at = crate::time::Stamp::from_millis(now.as_millis().saturating_sub(ago.as_millis() as i64));
        format!("{:<STEP$}", at.local_hm())
    });
    let axis: String = times.collect();
    canvas.text(row(rest, 0), Role::Neutral, &format!("  {:NAME$} {axis}{}", "", now.local_hm()));
    // By the minute another column begins.
    canvas.stale_in(Span::from_secs(60));
    below(rest, 2)
}

/// How runs ended within the last day, or as far back as events were read.
pub fn ends(canvas: &Canvas<'_>) -> String {
    let now = canvas.model.law_now().law;
    let it = canvas.model.day.ends(now);
    let span = match canvas.model.day.since(now) {
        Some(since) => format!("since {}", since.local_hm()),
        None => "in 24 h".to_string(),
    };
    let runs = parts::plural(it.ended, "run");
    format!("{runs} {span}, {} failed; {} lost", it.failed, parts::plural(it.lost, "lease"))
}

/// Leases that were lost, accounts that closed, pauses: the latest first.
pub fn events(canvas: &mut Canvas<'_>, at: Rect) {
    let rest = below(at, 1);
    if rest.height < 2 {
        return;
    }
    canvas.rule(row(rest, 0), "Events (fleet)", "newest first", false);
    let most = usize::from(EVENTS_MOST.min(rest.height - 1));
    let all: Vec<_> = canvas.model.day.hosts.iter().rev().take(most).map(|row| row.1.clone()).collect();
    if all.is_empty() {
        told(canvas, below(rest, 1), "no lease was lost, no account closed, nothing paused");
    }
    let wide = parts::moments_wide(canvas, all.iter().map(|event| event.at));
    for (nth, event) in all.iter().enumerate() {
        let line = events::line(canvas, event, event.what.job().is_some(), wide);
        canvas.line(row(below(rest, 1), u16::try_from(nth).unwrap_or(u16::MAX)), &line);
    }
}
