//! Dependencies: rails with a row per job, or layers around the focus; what is critical, and what holds up most.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::frame::{NARROW, WIDE};
use super::jobs::filter_row;
use super::layered;
use super::panes::{columns, labelled, told};
use super::parts;
use super::text::{clean, cut, fit, fit_id, grouped, short_age, width};
use crate::dash::model::{Gauge, GraphSeen, Hit, Layer, Pane};
use crate::dash::theme::Sign;
use crate::fleet::Job;
use crate::insight::{BEHIND_MOST, Rail, Step};
use crate::job::{JobId, Role, Stage};
use crate::time::Span;

/// Rows of what the cursor is on, where it stands below.
const DETAIL: u16 = 5;
/// With fewer rows there is only the drawing.
const DETAIL_FROM: u16 = 14;
/// Rows of critical path and bottlenecks, where there are two columns.
const BELOW: u16 = 14;
/// Neighbours named before the rest is only counted.
const NAMED_MOST: usize = 6;
/// From so many columns on names have more room.
const ROOMY: usize = 100;
/// Columns of what stands at the right of a row.
const GAUGE: usize = 13;
/// Columns of a sign with its word, three of which stand in a line.
const LEGEND: usize = 15;
/// Columns of rails beyond which a row would have no room for its words.
const RAILS_MOST: usize = 36;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect) {
    if canvas.model.replica.state.jobs.is_empty() {
        return nothing(canvas, body);
    }
    summary(canvas, row(body, 0));
    let at = below(body, 1);
    let at = if query(canvas, row(at, 0)) { below(at, 1) } else { at };
    if canvas.model.graph.list.rows().is_empty() {
        return nothing(canvas, at);
    }
    let (main, side) = columns(canvas, at);
    match side {
        Some(side) => {
            let low = if main.height > 2 * BELOW { BELOW } else { 0 };
            drawing(canvas, Rect { height: main.height - low, ..main });
            path(canvas, Rect { y: main.bottom() - low, height: low, ..main });
            detail(canvas, side);
        }
        None if at.height >= DETAIL_FROM => {
            drawing(canvas, Rect { height: at.height - DETAIL, ..at });
            short(canvas, Rect { y: at.bottom() - DETAIL, height: DETAIL, ..at });
        }
        None => drawing(canvas, at),
    }
}

/// The focus, how many jobs, how long the critical path is.
fn summary(canvas: &mut Canvas<'_>, at: Rect) {
    let model = canvas.model;
    let seen = &model.lists.graph;
    let focus = model
        .graph
        .focus
        .as_ref()
        .map_or("all".to_string(), |id| format!("focus {id} ({} hops)", crate::dash::model::HOPS));
    // Of the jobs that are shown, so that the two counts can be held against each other.
    let left = grouped(seen.tally.unshipped);
    let eta = match (seen.path.steps.len(), seen.path.unknown) {
        (0, _) => "nothing is left".to_string(),
        (_, true) => "ETA ?".to_string(),
        (_, false) => format!("ETA {}", model.law_now().wall.plus(seen.path.total).local_hm()),
    };
    let text = match at.width {
        wide if wide < NARROW => format!(" {left} not shipped   {eta}"),
        wide => {
            // When it ends is asked first; that all is shown is seen.
            let of_them = if wide >= WIDE { " of them" } else { "" };
            let focus = match model.graph.focus.is_some() || wide >= WIDE {
                true => format!(" {focus} "),
                false => String::new(),
            };
            format!(
                "{focus} {} shown, {left}{of_them} not shipped   critical path {}, {eta}",
                grouped(seen.picture.jobs.len()),
                parts::plural(seen.critical.len(), "job"),
            )
        }
    };
    canvas.text(at, Role::Neutral, &text);
}

/// The filter with how many it lets through. Gives whether it took a row.
fn query(canvas: &mut Canvas<'_>, at: Rect) -> bool {
    let model = canvas.model;
    let it = &model.graph;
    let writing = model.layers.iter().any(|layer| matches!(layer, Layer::Filter(_)));
    let (shown, all) = (grouped(it.list.rows().len()), grouped(model.lists.graph.all));
    let right = match writing || !it.query.is_empty() {
        true => format!("{shown} of {all}  Esc clears "),
        false => String::new(),
    };
    filter_row(canvas, at, (&it.query, it.bad.as_ref()), (&right, &format!("{shown}/{all} ")))
}

fn nothing(canvas: &mut Canvas<'_>, at: Rect) {
    canvas.rule(row(at, 0), "Graph", "", true);
    if !canvas.model.graph.query.is_empty() {
        told(canvas, below(at, 2), "No job of the graph matches the filter: Esc clears it.");
        return;
    }
    let state = &canvas.model.replica.state;
    let text = match (canvas.model.graph.critical, state.jobs.is_empty()) {
        _ if state.count(Stage::Blocked) > 0 => {
            "No job waits for another one that is here, but some wait for what is not: 2 tells which."
        }
        (true, _) => "Nothing is on a critical path: nothing is left to do. c shows all jobs.",
        (_, true) => "No jobs yet: 2 tells how they come in.",
        _ => "No job waits for another one. A job names what it waits for:  deps: [name]",
    };
    told(canvas, below(at, 2), text);
}

fn drawing(canvas: &mut Canvas<'_>, at: Rect) {
    let model = canvas.model;
    let view = if model.graph.layers { "layers" } else { "list" };
    let right = match model.graph.list.held() {
        0 if model.graph.critical => format!("critical path only {} {view}", canvas.sign(Sign::Dot)),
        0 => format!("{} critical {} {view}", canvas.sign(Sign::Heavy), canvas.sign(Sign::Dot)),
        n => format!("{} {n} moved", canvas.sign(Sign::Moved)),
    };
    canvas.rule(row(at, 0), &format!("Graph {}", grouped(model.graph.list.rows().len())), &right, true);
    let body = below(at, 1);
    match (model.graph.layers, model.lists.graph.too_many) {
        (true, true) => {
            let text = "More jobs stand around the focus than layers can show: o shows them in rows.";
            told(canvas, below(body, 1), text);
        }
        (true, false) => layered::draw(canvas, body),
        (false, _) => rows(canvas, body),
    }
}

fn rows(canvas: &mut Canvas<'_>, body: Rect) {
    let model = canvas.model;
    let seen = &model.lists.graph;
    let listing = &model.graph.list;
    let cursor = listing.cursor().and_then(|id| seen.lines.get(id).copied());
    let window = canvas.window(Pane::Graph, seen.rails.len(), cursor, usize::from(body.height));
    let shown = seen.rails.iter().enumerate().skip(window.top).take(window.height);
    let wide = |rail: &Rail| width(&rail.before) + width(&rail.behind) + 1;
    let rails = shown.clone().map(|row| wide(row.1)).max().unwrap_or(0).min(RAILS_MOST);
    let shown: Vec<(usize, Rail)> = shown.map(|row| (row.0, row.1.clone())).collect();
    for (nth, (place, rail)) in shown.into_iter().enumerate() {
        let on = row(body, u16::try_from(nth).unwrap_or(u16::MAX));
        let Some(id) = &rail.job else {
            let text = plain(canvas, &rail.before);
            canvas.text(on, Role::Neutral, &format!("    {}", cut(&text, rails, canvas.sign(Sign::More))));
            continue;
        };
        let line = job_row(canvas, &rail, id, rails, usize::from(body.width));
        let here = cursor == Some(place);
        canvas.line(on, &line);
        let place = seen.places.get(id).copied().filter(|place| listing.rows().get(*place) == Some(id));
        if let Some(place) = place {
            canvas.hit(on, Hit::Row(Pane::Graph, place));
        }
        if here {
            canvas.text(Rect { width: 1, ..on }, Role::Neutral, canvas.sign(Sign::Cursor));
            canvas.restyle(on, canvas.look().cursor());
        }
    }
}

fn job_row(canvas: &mut Canvas<'_>, rail: &Rail, id: &JobId, rails: usize, total: usize) -> Line<'static> {
    let more = canvas.sign(Sign::More);
    let before = cut(&plain(canvas, &rail.before), rails, more);
    let behind = plain(canvas, &rail.behind);
    let behind = cut(&behind, rails.saturating_sub(width(&before) + 1), more);
    let pad = " ".repeat(rails.saturating_sub(width(&before) + width(&behind) + 1));
    let critical = canvas.model.lists.graph.critical.contains(id);
    let job = canvas.model.job(id).cloned();
    let stage = canvas.model.replica.state.stage_of(id).unwrap_or(Stage::Shipped);
    let sign = match &job {
        Some(job) => parts::stage_sign(canvas, job),
        None => Piece::styled(canvas.look().stage_sign(stage), canvas.look().stage(stage)),
    };
    let wide = if total < usize::from(NARROW) { 1 } else { GAUGE };
    let gauge = fit(&gauge(canvas, id, critical), wide, false, "");
    let named = if total >= ROOMY { 24 } else { 14 };
    let free = total.saturating_sub(4 + rails + 2 + named + 1 + wide);
    let (title, status) = match &job {
        Some(job) => {
            let room = (free / 2).min(26);
            let status = parts::status(canvas, job, room);
            (clean(&job.spec.title), Piece::styled(fit(&status.content, room, false, more), status.style))
        }
        None => ("archived".to_string(), Piece::raw(String::new())),
    };
    let title = fit(&title, free.saturating_sub(width(&status.content) + 2), false, more);
    let mut pieces = vec![Piece::raw(format!("    {before}")), sign];
    pieces.push(Piece::raw(format!(" {behind}{pad} {} {title} ", fit_id(id.as_str(), named, more))));
    pieces.extend([status, Piece::raw(format!(" {gauge}"))]);
    Line::from(pieces)
}

/// What stands at the right of a row; the heavy line marks the critical path.
pub fn gauge(canvas: &Canvas<'_>, id: &JobId, critical: bool) -> String {
    let seen = &canvas.model.lists.graph;
    let mark = if critical { canvas.sign(Sign::Heavy) } else { " " };
    let over = canvas.model.job(id).is_none_or(|job| job.stage.is_ended());
    let step = seen.steps.get(id).filter(|_| !over);
    let text = match canvas.model.graph.gauge {
        Gauge::Left => match step {
            Some(step) if !step.left.unknown && step.left.span.as_secs() > 0 => {
                format!("~{} left", short_age(step.left.span))
            }
            _ => String::new(),
        },
        Gauge::Slack => step.map(|step| slack_words(seen, step)).unwrap_or_default(),
        Gauge::Impact => match seen.behind.get(id) {
            Some(0) | None => String::new(),
            Some(n) => format!("{} behind", counted(*n)),
        },
    };
    format!("{mark} {text}").trim_end().to_string()
}

fn counted(n: usize) -> String {
    if n >= BEHIND_MOST { format!("{n}+") } else { n.to_string() }
}

/// Rails for a terminal that shows ASCII alone.
fn plain(canvas: &Canvas<'_>, text: &str) -> String {
    if !canvas.look().ascii {
        return text.to_string();
    }
    let plain = |c| match c {
        '│' => '|',
        '─' => '-',
        '├' | '┼' | '┬' | '┴' | '╮' | '╯' => '+',
        other => other,
    };
    text.chars().map(plain).collect()
}

/// The job under the cursor in a few lines.
fn short(canvas: &mut Canvas<'_>, at: Rect) {
    let Some(job) = canvas.model.current().cloned() else { return };
    let slack = slack(canvas, &job.id);
    canvas.rule(row(at, 0), &format!("{} {}", job.id, clean(&job.spec.title)), &slack, false);
    let rows = neighbours(canvas, &job);
    labelled(canvas, below(at, 1), &rows);
}

fn slack(canvas: &Canvas<'_>, id: &JobId) -> String {
    let seen = &canvas.model.lists.graph;
    seen.steps.get(id).map_or("done".to_string(), |step| slack_words(seen, step))
}

/// A slack that comes of weights is none that anybody could use.
fn slack_words(seen: &GraphSeen, step: &Step) -> String {
    if seen.path.unknown { "slack ?".to_string() } else { format!("slack {}", short_age(step.slack)) }
}

fn neighbours(canvas: &Canvas<'_>, job: &Job) -> Vec<(&'static str, String)> {
    let model = canvas.model;
    let seen = &model.lists.graph;
    let direct = model.replica.state.waiters(&job.id).count();
    let behind = seen.behind.get(&job.id).copied().unwrap_or(0);
    let critical = if seen.critical.contains(&job.id) { "on the critical path" } else { "not critical" };
    let dot = canvas.sign(Sign::Dot);
    let named = |ids: Vec<&JobId>| {
        let more = ids.len().saturating_sub(NAMED_MOST);
        let one = |id: &&JobId| {
            let stage = model.replica.state.stage_of(id).unwrap_or(Stage::Shipped);
            format!("{} {id}", canvas.look().stage_sign(stage))
        };
        let text = ids.iter().take(NAMED_MOST).map(one).collect::<Vec<_>>().join(" ");
        match (ids.is_empty(), more) {
            (true, _) => "nothing".to_string(),
            (_, 0) => text,
            (_, more) => format!("{text} +{more}"),
        }
    };
    let up: Vec<&JobId> =
        job.deps.iter().filter_map(|dep| dep.job.as_ref()).chain(job.children.iter()).collect();
    let down: Vec<&JobId> = model.replica.state.waiters(&job.id).collect();
    vec![
        ("unblocks", format!("{} ({direct} directly) {dot} {critical}", counted(behind))),
        ("up", named(up)),
        ("down", named(down)),
    ]
}

/// The same with more room: the legend and what is stuck too.
fn detail(canvas: &mut Canvas<'_>, at: Rect) {
    let Some(job) = canvas.model.current().cloned() else { return };
    let slack = slack(canvas, &job.id);
    canvas.rule(row(at, 0), job.id.as_str(), &slack, false);
    let rest = told(canvas, below(at, 1), &clean(&job.spec.title));
    let age = canvas.age(job.since);
    let status = parts::status(canvas, &job, 40).content.to_string();
    let mut rows =
        vec![("stage", format!("{} {age} {} {status}", parts::stage_word(&job), canvas.sign(Sign::Dot)))];
    rows.extend(neighbours(canvas, &job));
    let rest = below(labelled(canvas, rest, &rows), 1);
    canvas.rule(row(rest, 0), "Stuck", "", false);
    let seen = &canvas.model.lists.graph;
    let stuck: Vec<String> =
        seen.stuck.iter().take(NAMED_MOST).map(|row| format!("{} waits for {}", row.0, row.1)).collect();
    let text =
        if stuck.is_empty() { "no job waits for one that has failed".to_string() } else { stuck.join("; ") };
    let rest = below(told(canvas, below(rest, 1), &text), 1);
    canvas.rule(row(rest, 0), "Legend", "", false);
    let signs: Vec<String> = crate::job::STAGES
        .iter()
        .map(|row| format!("{} {}", canvas.look().stage_sign(row.0), row.1.replace('_', " ")))
        .collect();
    let mut rest = below(rest, 1);
    // A sign stands on one line with its word.
    for three in signs.chunks(3) {
        let text: String = three.iter().map(|sign| fit(sign, LEGEND, false, "")).collect();
        canvas.text(row(rest, 0), Role::Neutral, &format!("  {}", text.trim_end()));
        rest = below(rest, 1);
    }
    let loners = canvas.model.lists.graph.picture.loners;
    let text = format!(
        "{} critical path   {} without neighbours",
        canvas.sign(Sign::Heavy),
        parts::plural(loners, "job")
    );
    told(canvas, rest, &text);
}

/// Columns before the bars of the critical path.
const BEFORE_BARS: usize = 37;
/// Columns from one time of day to the next.
const CLOCK_STEP: usize = 14;

/// Times of day under the bars, from now to when all of it would be done.
fn clock(canvas: &mut Canvas<'_>, at: Rect, cells: usize) {
    let total = canvas.model.lists.graph.path.total;
    let now = canvas.model.law_now().wall;
    let mut text = " ".repeat(BEFORE_BARS);
    for column in (0..cells).step_by(CLOCK_STEP) {
        let then = total.as_millis().saturating_mul(column as u64) / cells.max(1) as u64;
        text += &fit(&now.plus(Span::from_millis(then)).local_hm(), CLOCK_STEP, false, "");
    }
    canvas.text(at, Role::Neutral, text.trim_end());
    // What is drawn here is out of date with the minute.
    canvas.stale_in(Span::from_secs(60));
}

/// How much is left; where durations are not known, of how many, and how long they are drawn.
fn known_of(steps: &[Step], total: Span, unknown: bool) -> String {
    let drawn: Vec<Span> = steps.iter().filter(|it| it.left.unknown).map(|it| it.left.span).collect();
    let how = match drawn.as_slice() {
        [] if unknown => return "too few durations are known".to_string(),
        [] => return format!("~{} left", short_age(total)),
        [Span::ZERO, rest @ ..] if rest.iter().all(|it| *it == Span::ZERO) => "as one cell".to_string(),
        [first, rest @ ..] if rest.iter().all(|it| it == first) => format!("as {}", short_age(*first)),
        _ => "as stands beside ?".to_string(),
    };
    format!("{} of {} have no known duration, drawn {how}", drawn.len(), steps.len())
}

/// The critical path step by step, and what holds up most.
fn path(canvas: &mut Canvas<'_>, at: Rect) {
    let seen = &canvas.model.lists.graph;
    let steps: Vec<_> = seen.path.steps.iter().take_while(|step| step.critical).cloned().collect();
    let total = known_of(&steps, seen.path.total, seen.path.unknown);
    let bottlenecks = seen.bottlenecks.clone();
    let half = at.height / 2;
    canvas.rule(row(at, 0), "Critical path", &total, false);
    if steps.is_empty() && at.height > 0 {
        told(canvas, below(at, 1), "nothing is left to do");
    }
    let cells = usize::from(at.width).saturating_sub(48);
    let whole = seen.path.total.as_millis().max(1);
    for (nth, step) in steps.iter().take(usize::from(half.saturating_sub(2))).enumerate() {
        let on = row(at, u16::try_from(nth + 1).unwrap_or(u16::MAX));
        let end = usize::try_from(step.done_in.as_millis() * cells as u64 / whole).unwrap_or(cells);
        let long = usize::try_from(step.left.span.as_millis() * cells as u64 / whole).unwrap_or(0);
        let blank = " ".repeat(end.saturating_sub(long));
        let left = match (step.left.unknown, step.left.span) {
            (true, Span::ZERO) => "?".to_string(),
            (true, drawn) => format!("? {}", short_age(drawn)),
            (false, span) => format!("~{}", short_age(span)),
        };
        let stage = canvas.model.replica.state.stage_of(&step.job).unwrap_or(Stage::Shipped);
        let more = canvas.sign(Sign::More);
        let bar = format!("{blank}{}", canvas.sign(Sign::Heavy).repeat(long.max(1)));
        let text = format!(" {} {left:<7} {bar}", fit(step.job.as_str(), 24, false, more));
        let sign =
            Piece::styled(format!("  {}", canvas.look().stage_sign(stage)), canvas.look().stage(stage));
        canvas.line(on, &Line::from(vec![sign, Piece::raw(text)]));
    }
    if !steps.is_empty() {
        let nth = steps.len().min(usize::from(half.saturating_sub(2))) + 1;
        let on = row(at, u16::try_from(nth).unwrap_or(u16::MAX));
        clock(canvas, on, cells);
    }
    let rest = below(at, half);
    canvas.rule(row(rest, 0), "Bottlenecks", "by jobs waiting behind", false);
    for (nth, (id, count)) in bottlenecks.iter().take(usize::from(rest.height.saturating_sub(1))).enumerate()
    {
        let on = row(rest, u16::try_from(nth + 1).unwrap_or(u16::MAX));
        let Some(job) = canvas.model.job(id).cloned() else { continue };
        let more = canvas.sign(Sign::More);
        let sign = parts::stage_sign(canvas, &job);
        let status = parts::status(canvas, &job, 30);
        let text = format!(
            " {} {} {:>5} behind  ",
            fit_id(id.as_str(), 24, more),
            fit(&clean(&job.spec.title), 30, false, more),
            counted(*count)
        );
        canvas.line(on, &Line::from(vec![Piece::raw("  "), sign, Piece::raw(text), status]));
        canvas.hit(on, Hit::Job(id.clone()));
    }
    if bottlenecks.is_empty() && rest.height > 1 {
        told(canvas, below(rest, 1), "no open job holds up another one");
    }
}
