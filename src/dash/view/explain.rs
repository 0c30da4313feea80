//! Why a job waits: what holds it, what would start it now, its place in the line, and what hosts lack.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::events::rolled;
use super::text::{clean, width};
use crate::dash::model::{Explained, Layer, Loaded};
use crate::dash::theme::Sign;
use crate::fleet::{Job, Score};
use crate::insight::{Chain, points, score_words};
use crate::job::{Role, usd};

/// A line of the text: a role, and where it is a rule, the word at its right.
enum Row {
    Rule(String, String),
    Text(Role, String),
}

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    let Some(page) = &canvas.model.page else { return };
    let writing = canvas.model.layers.iter().find_map(|layer| match layer {
        Layer::Moment(field) => Some(field.input.value().to_string()),
        _ => None,
    });
    let mut at = at;
    if let Some(text) = writing {
        let title = format!("as it was at: {}_", clean(&text));
        canvas.rule(row(at, at.height.saturating_sub(1)), &title, "22:00, or 10m for ten minutes ago", false);
        at.height = at.height.saturating_sub(1);
    }
    let said = match &page.explain.got {
        Loaded::Here(said) => std::sync::Arc::clone(said),
        Loaded::Failed(why) => {
            canvas.rule(row(at, 0), "Why?", &moment(page.explain.at), true);
            canvas.text(row(at, 1), Role::Wait, &format!("  {}", clean(why)));
            return;
        }
        Loaded::Unasked | Loaded::Asked => {
            canvas.rule(row(at, 0), "Why?", canvas.sign(Sign::Waits), true);
            return;
        }
    };
    let top = page.top();
    let rows = rows(canvas, job, &said, usize::from(at.width).saturating_sub(4).max(1));
    let head = match said.said.stage.is_waiting() {
        true => "Why is it waiting?",
        false => "Why does it stand here?",
    };
    // While it plays the answer may be about the moment before.
    canvas.rule(row(at, 0), head, &moment(page.explain.at.map(|_| said.at)), true);
    let body = below(at, 1);
    let height = usize::from(body.height);
    let top = rolled(canvas, top, rows.len(), height);
    for (nth, line) in rows.iter().skip(top).take(height).enumerate() {
        let on = row(body, u16::try_from(nth).unwrap_or(u16::MAX));
        match line {
            Row::Rule(title, right) => canvas.rule(on, title, right, false),
            Row::Text(role, text) => {
                let piece = if *role == Role::Neutral {
                    Piece::raw(text.clone())
                } else {
                    canvas.piece(*role, text.clone())
                };
                canvas.line(on, &Line::from(vec![Piece::raw("  "), piece]));
            }
        }
    }
}

fn moment(at: Option<crate::time::Stamp>) -> String {
    at.map_or("now".to_string(), |at| format!("as it was at {}", at.local_full()))
}

fn rows(canvas: &Canvas<'_>, job: &Job, of: &Explained, room: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut put = |role: Role, text: String| {
        rows.extend(wrapped(&clean(&text), room).into_iter().map(|line| Row::Text(role, line)));
    };
    let said = &of.said;
    let stage = canvas.look().stage_sign(said.stage);
    put(
        Role::Neutral,
        format!(
            "{stage} {} since {}: {} (event {})",
            said.stage,
            said.since.local_full(),
            said.why,
            said.event
        ),
    );
    for reason in &said.reasons {
        let since = reason.since.map(|at| format!(", since {}", at.local_full())).unwrap_or_default();
        put(Role::Wait, format!("{}: {}{since}", reason.gate, reason.text));
    }
    if said.stage.is_waiting() && said.reasons.is_empty() {
        put(Role::Neutral, free(of));
    }
    if let Some(at) = said.next_chance {
        put(Role::Neutral, format!("next chance {}", at.local_full()));
    }
    for chain in &of.chains {
        let role = if chain.dead { Role::Bad } else { Role::Wait };
        put(role, chain_text(canvas, job, chain));
    }
    // Nobody asks what would stop a job that runs.
    if !said.reasons.is_empty() && !said.stage.is_held() {
        let head =
            if said.stage.is_waiting() { "It would start now if" } else { "It would wait for a slot if" };
        rows.push(Row::Text(Role::Neutral, String::new()));
        rows.push(Row::Rule(head.to_string(), String::new()));
        for (nth, reason) in said.reasons.iter().enumerate() {
            let and = if nth > 0 { "and " } else { "" };
            let text = format!("{and}{}", clean(&reason.unless));
            rows.extend(wrapped(&text, room).into_iter().map(|line| Row::Text(Role::Head, line)));
        }
    }
    rows.extend(place(canvas, of, room));
    rows.extend(hosts(canvas, of));
    rows.push(Row::Text(Role::Neutral, String::new()));
    let at = canvas.model.page.as_ref().and_then(|page| page.explain.at);
    let flag = at.map(|at| format!(" --at {at}")).unwrap_or_default();
    rows.push(Row::Text(
        Role::Neutral,
        format!("same as: aq explain {}{flag}   read at event #{}", job.id, of.seq),
    ));
    rows
}

/// Where it stands in the line, and how well it fits its host.
fn place(canvas: &Canvas<'_>, of: &Explained, room: usize) -> Vec<Row> {
    let (said, mut rows) = (&of.said, Vec::new());
    if let Some((place, line)) = said.place {
        rows.push(Row::Text(Role::Neutral, String::new()));
        rows.push(Row::Rule("Its place in the line".to_string(), format!("{place} of {line}")));
        let own = if said.class == said.own_class {
            String::new()
        } else {
            format!(", raised from {} by age", said.own_class.name())
        };
        let rises = said.rises.map(|at| format!("; rises at {}", at.local_hm())).unwrap_or_default();
        let then = match said.by_age {
            true => "it has waited for a day: now the older first",
            false => "then the better score first, then the older",
        };
        let text = format!("class {}{own}{rises}; {then}", said.class.name());
        rows.extend(wrapped(&text, room).into_iter().map(|line| Row::Text(Role::Neutral, line)));
    }
    for it in &said.around {
        let since = it.since.map(|at| format!(" since {}", at.local_hm())).unwrap_or_default();
        let of = format!("{} of {} spent", usd(it.spent), usd(it.ceiling));
        let text = format!("routed around {}{since}: {of}", clean(&it.engine));
        rows.extend(wrapped(&text, room).into_iter().map(|line| Row::Text(Role::Wait, line)));
    }
    if let Some((host, score)) = &said.score {
        let held = said.stage.is_held();
        if held {
            rows.push(Row::Text(Role::Neutral, String::new()));
            rows.push(Row::Rule("Why this host".to_string(), "when it was granted".to_string()));
        }
        let words = score_words(host, score, canvas.sign(Sign::Minus));
        let text = format!("score {}", clean(&words));
        rows.extend(wrapped(&text, room).into_iter().map(|line| Row::Text(Role::Neutral, line)));
        if held && score.terms().any(|row| row.1.is_none()) {
            let half = points(Score::UNKNOWN.into());
            rows.push(Row::Text(Role::Neutral, format!("? was not known and counts as {half}")));
        }
    }
    rows
}

/// Nothing holds it.
fn free(of: &Explained) -> String {
    match (of.said.takers.first(), of.imagined) {
        (Some(_), false) => "nothing holds it: it starts with the next free slot".to_string(),
        _ => "nothing holds it: it starts when an agent runs here (aq agent)".to_string(),
    }
}

fn chain_text(canvas: &Canvas<'_>, job: &Job, chain: &Chain) -> String {
    let way: Vec<&str> =
        std::iter::once(job.id.as_str()).chain(chain.links.iter().map(crate::job::JobId::as_str)).collect();
    let cause = way.last().copied().unwrap_or_default();
    let end = match (chain.stage, chain.dead) {
        (None, _) => format!("nobody knows {cause}"),
        (Some(stage), true) => format!("{cause} is {stage} and will not get there by itself"),
        (Some(stage), false) => format!("{cause} is {stage}"),
    };
    format!("chain {}: {end}", way.join(if canvas.look().ascii { " < " } else { " ← " }))
}

/// The hosts and what each lacks; only while the job waits does it matter.
fn hosts(canvas: &Canvas<'_>, of: &Explained) -> Vec<Row> {
    if !of.said.stage.is_waiting() {
        return Vec::new();
    }
    let past = canvas.model.page.as_ref().is_some_and(|page| page.explain.at.is_some());
    let right = match (of.imagined, past) {
        (true, _) => "no agent runs here; one started now would be",
        (false, true) => "as they are now: of the past only jobs are kept",
        (false, false) => "of this folder",
    };
    let mut rows = vec![
        Row::Text(Role::Neutral, String::new()),
        Row::Rule(format!("Hosts {}", of.said.hosts.len()), right.to_string()),
    ];
    rows.extend(super::hosts::rows(canvas, of).into_iter().map(|(role, text)| Row::Text(role, text)));
    rows
}

/// A text in lines of so many columns, broken at blanks.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut out = vec![String::new()];
    for word in text.split_inclusive(' ') {
        match out.last_mut() {
            Some(line) if line.is_empty() || width(line) + width(word.trim_end()) <= room => {
                line.push_str(word)
            }
            _ => out.push(format!("  {word}")),
        }
    }
    out
}
