//! The overview: what needs the person comes first, then what runs, then what ended.

use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::beside;
use super::canvas::{Canvas, below, row};
use super::frame::{NARROW, WIDE};
use super::parts;
use super::text::{clean, fit, fit_id, grouped, marked, width};
use super::{strip, wide};
use crate::dash::keys::{Do, QueueDo};
use crate::dash::model::{Gist, Hit, Listing, Pane, Screen, factory_of};
use crate::dash::theme::Sign;
use crate::fleet::{Action, Job, ParkReason};
use crate::insight::{AGENT_GONE, Need, park_words, points, score_of};
use crate::job::{Role, Stage};

/// With fewer rows than this for all panes, the lower ones are hidden.
const ALL_PANES: u16 = 12;
/// Rows of the whole terminal from which on what ended has its place in any case.
pub const TALL: u16 = 40;
/// With fewer rows for them those that ended stand on Jobs alone.
const RECENT_LEAST: u16 = 3;
/// Rows of the money in one column.
const BUDGET: u16 = 2;
/// From so many columns on ids and reasons get more room.
const ROOMY: u16 = 100;
/// From so many columns on a need is told in full before the title is.
const TOLD: u16 = 72;
/// With fewer columns for it a title is left out.
const TITLE_LEAST: usize = 4;

/// With fewer rows none of them is given to the count of those that are hidden.
const COUNTED_LEAST: usize = 3;

/// Rows of alerts in one column, with their rule.
const ALERTS_MOST: u16 = 4;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect) {
    let mut at = body;
    if body.height >= ALL_PANES {
        let high = if at.width >= WIDE { 2 } else { 1 };
        strip::draw(canvas, Rect { height: high, ..at });
        at = below(at, high);
    }
    if canvas.model.zoom {
        let pane = canvas.model.overview.pane;
        return one_pane(canvas, at, pane);
    }
    if at.width >= WIDE && at.height >= ALL_PANES / 2 {
        return wide::draw(canvas, at);
    }
    // In one column the money stands at the bottom, where there is room for all panes.
    if at.height >= ALL_PANES + BUDGET && beside::has_budget(canvas) {
        at.height -= BUDGET;
        beside::budget(canvas, Rect { y: at.bottom(), height: BUDGET, ..at });
    }
    // In one column alerts stand below what needs a person, where there is room for all.
    let found = canvas.model.alerts().len();
    let asked = canvas.model.overview.pane == Pane::Alerts;
    let high = match (at.height >= ALL_PANES || asked) && found > 0 {
        true => u16::try_from(found + 1).unwrap_or(u16::MAX).min(ALERTS_MOST),
        false => 0,
    };
    for (nth, (pane, mut area)) in
        panes(canvas, Rect { height: at.height - high, ..at }).into_iter().enumerate()
    {
        if nth == 1 {
            beside::alerts(canvas, Rect { height: high, ..area }, high);
        }
        area.y += if nth > 0 { high } else { 0 };
        one_pane(canvas, area, pane);
    }
}

/// Where the panes stand: each gets what it needs, in their order of need, and the last what is left.
fn panes(canvas: &Canvas<'_>, at: Rect) -> Vec<(Pane, Rect)> {
    let it = &canvas.model.overview;
    let wish = |list: &Listing| u16::try_from(list.rows().len().max(1)).unwrap_or(u16::MAX).saturating_add(1);
    if at.height < ALL_PANES / 2 {
        return vec![(it.pane, at)];
    }
    // What needs the person gets half of the rows, and those that nobody else wants.
    let wants = !it.recent.rows().is_empty() && (at.height >= ALL_PANES || it.pane == Pane::Recent);
    let recent_least = if wants { RECENT_LEAST.min(wish(&it.recent)) } else { 0 };
    let unwanted = at.height.saturating_sub(wish(&it.running).saturating_add(recent_least));
    let needs = wish(&it.needs).min(unwanted.max(at.height / 2));
    let left = at.height - needs;
    // What runs goes before what ended.
    let running = wish(&it.running).min(left);
    // The pane with the focus is in sight.
    let focused = if it.pane == Pane::Recent { RECENT_LEAST } else { 0 };
    let running = running.min(left.saturating_sub(focused));
    let recent = left - running;
    let mut out = vec![
        (Pane::Needs, Rect { height: needs, ..at }),
        (Pane::Running, Rect { y: at.y + needs, height: running, ..at }),
    ];
    // A head without a row says nothing, nor does one row of a long list.
    if recent >= RECENT_LEAST.min(wish(&it.recent)) {
        out.push((Pane::Recent, Rect { y: at.y + needs + running, height: recent, ..at }));
    }
    out
}

/// Draws one of its panes.
pub fn one_pane(canvas: &mut Canvas<'_>, at: Rect, pane: Pane) {
    let model = canvas.model;
    if pane == Pane::Alerts {
        beside::alerts(canvas, at, at.height);
        return;
    }
    let focused = model.overview.pane == pane;
    let (list, title, right) = match pane {
        Pane::Running => {
            let here = match (model.replica.agents.len(), model.time.at) {
                (0, _) | (_, Some(_)) => String::new(),
                (n, None) => format!("{} {} ", parts::plural(n, "agent"), canvas.sign(Sign::Dot)),
            };
            (&model.overview.running, "Running", format!("{here}longest first"))
        }
        Pane::Recent => (&model.overview.recent, "Recent", "last ended".to_string()),
        Pane::Actionable => {
            (&model.overview.actionable, "Actionable", "in the order of the line".to_string())
        }
        _ => {
            let oldest = model.lists.needs.first().map(|need| need.since);
            let oldest = oldest.map(|at| format!("oldest {}", canvas.age(at))).unwrap_or_default();
            (&model.overview.needs, "Needs you", oldest)
        }
    };
    let count = match pane {
        // Jobs, as the first line counts them: all that only wait to be shipped share one row.
        Pane::Needs => canvas.model.needs(),
        // Of each kind only the first have rows.
        Pane::Actionable => {
            let state = &canvas.model.replica.state;
            state.count(Stage::Queued) + state.count(Stage::Failed)
        }
        _ => list.rows().len(),
    };
    let right = match list.held() {
        0 => right,
        n => format!("{} {n} moved", canvas.sign(Sign::Moved)),
    };
    canvas.hit(at, Hit::Pane(pane));
    canvas.rule(row(at, 0), &format!("{title} {}", grouped(count)), &right, focused);
    rows(canvas, below(at, 1), pane, list, focused);
}

fn rows(canvas: &mut Canvas<'_>, at: Rect, pane: Pane, list: &Listing, focused: bool) {
    if list.rows().is_empty() {
        let text = match pane {
            Pane::Running if canvas.model.replica.agents.is_empty() && canvas.model.time.at.is_none() => {
                "nothing runs, and no agent is here; type :start for one"
            }
            Pane::Running => "nothing runs",
            Pane::Recent => "nothing has ended yet",
            Pane::Actionable => "nothing is in the line, put aside or failed",
            _ if canvas.model.replica.state.jobs.is_empty() => "nothing yet: 2 tells how jobs come in",
            _ => "nothing waits for you",
        };
        canvas.text(row(at, 0), Role::Neutral, &format!("  {text}"));
        return;
    }
    for (nth, place) in shown(canvas, at, pane, list, focused).into_iter().enumerate() {
        let place_on_screen = row(at, u16::try_from(nth).unwrap_or(u16::MAX));
        let Some((place, id)) = place.and_then(|place| Some((place, list.rows().get(place)?))) else {
            let hidden = list.rows().len() + 1 - usize::from(at.height);
            let text = format!("  {} {} more", canvas.sign(Sign::More), grouped(hidden));
            canvas.text(place_on_screen, Role::Neutral, &text);
            continue;
        };
        let here = place == list.at();
        let mark = if here && focused { canvas.sign(Sign::Cursor) } else { " " };
        let mut pieces = vec![Piece::raw(format!("{mark} "))];
        match canvas.model.job(id).cloned() {
            Some(job) => pieces.extend(match pane {
                Pane::Running => running(canvas, &job, at.width),
                Pane::Recent => recent(canvas, &job, at.width),
                Pane::Actionable => actionable(canvas, &job, at.width),
                _ => need(canvas, &job, at.width),
            }),
            None => pieces.push(Piece::raw(format!("{id} is no longer here"))),
        }
        canvas.line(place_on_screen, &Line::from(pieces));
        canvas.hit(place_on_screen, Hit::Row(pane, place));
        if here && focused {
            canvas.restyle(place_on_screen, canvas.look().cursor());
        }
    }
}

/// The rows of a list that a pane shows: those around its cursor, or its first where the focus is elsewhere. Where not
/// all have room, a row without a place says how many do not, and what only waits to be shipped stays in sight.
fn shown(canvas: &mut Canvas<'_>, at: Rect, pane: Pane, list: &Listing, focused: bool) -> Vec<Option<usize>> {
    let (len, height) = (list.rows().len(), usize::from(at.height));
    let counts = matches!(pane, Pane::Needs | Pane::Running) && len > height && height >= COUNTED_LEAST;
    let pinned = list
        .rows()
        .last()
        .filter(|id| counts && pane == Pane::Needs && canvas.model.lists.to_ship.first() == Some(*id));
    let pinned = usize::from(pinned.is_some());
    let (rolled, room) = (len - pinned, height - usize::from(counts) - pinned);
    let window = match focused {
        true => canvas.window(pane, rolled, Some(list.at().min(rolled.saturating_sub(1))), room),
        false => canvas.top_of(pane, room),
    };
    let mut out: Vec<Option<usize>> = (window.top..rolled).take(room).map(Some).collect();
    out.extend(counts.then_some(None));
    out.extend((pinned > 0).then_some(Some(len - 1)));
    out
}

/// Columns that stand at fixed places take so many; the text between them takes what is left.
fn left_over(total: u16, fixed: usize) -> usize {
    usize::from(total).saturating_sub(fixed)
}

fn id_width(total: u16) -> usize {
    if total >= ROOMY { 18 } else { 10 }
}

/// The checks and reviews of a pull request are what is needed; its title takes what they leave.
const PR_WIDE: usize = 60;

fn need(canvas: &mut Canvas<'_>, job: &Job, total: u16) -> Vec<Piece<'static>> {
    let more = canvas.sign(Sign::More);
    let in_pr = job.awaited_pr().is_some();
    // A row that stays under the cursor after it was decided is no second one of these.
    if canvas.model.lists.to_ship.first() == Some(&job.id) {
        return to_ship(canvas, job, total);
    }
    let found = canvas.model.lists.needs.iter().find(|need| need.job == job.id);
    let asks = question(canvas, job);
    let what = asks.clone().or_else(|| found.map(|need| short_need(canvas, job, need, total >= TOLD)));
    let moved_on = || if job.stage == Stage::Testing { "in testing" } else { "" }.to_string();
    let what = what.unwrap_or_else(moved_on);
    let gone = found.is_some_and(|need| need.what == AGENT_GONE);
    let head = match gone {
        true => canvas.piece(Role::Bad, canvas.sign(Sign::Warning)),
        false => parts::stage_sign(canvas, job),
    };
    // Without room for its key the footer still has it; without the age nobody knows how urgent it is.
    let key = if total < NARROW { String::new() } else { format!("  {:<3}", need_key(canvas, job, gone)) };
    let room = left_over(total, 4 + id_width(total) + 1 + 1 + 6 + width(&key));
    let wide = match total >= TOLD {
        // What is told in the words of others is read first; its title takes what that leaves.
        _ if in_pr || asks.is_some() => PR_WIDE.min(room),
        true => 24,
        false => 13,
    };
    let title = room.saturating_sub(wide);
    vec![
        head,
        Piece::raw(format!(" {} ", fit_id(job.id.as_str(), id_width(total), more))),
        canvas.piece(Role::Human, fit(&what, wide, false, more)),
        // A letter or two of a title say nothing.
        Piece::raw(match title {
            0..TITLE_LEAST => " ".repeat(title + 1),
            _ => format!(" {}", fit(&clean(&job.spec.title), title, false, more)),
        }),
        Piece::raw(fit(&canvas.age(job.since), 6, true, more)),
        canvas.piece(Role::Head, key),
    ]
}

/// The key that solves it. One that does nothing is not offered.
fn need_key(canvas: &Canvas<'_>, job: &Job, gone: bool) -> String {
    let key_of = |does| canvas.model.keys.sign(does, canvas.look().ascii);
    let sign = |action| key_of(Do::Act(action));
    match job.stage {
        _ if canvas.model.is_waiting(&job.id) => canvas.sign(Sign::Waits).to_string(),
        _ if canvas.model.bars().is_some() => String::new(),
        _ if job.unsaved().is_some() => key_of(Do::Go(Screen::Risk)),
        Stage::Review => format!("{}/{}", sign(Action::Approve), sign(Action::Reject)),
        Stage::Queued => match job.park.as_ref().map(|park| park.reason) {
            Some(ParkReason::Asked) => sign(Action::Answer),
            Some(ParkReason::Vanished) => key_of(Do::Queue(QueueDo::Resume)),
            // It was requeued and stays only while the cursor is on it.
            _ => String::new(),
        },
        Stage::Failed => sign(Action::Requeue),
        Stage::Testing => sign(Action::Ship),
        _ if gone => key_of(Do::Go(Screen::Risk)),
        _ => key_of(Do::Menu),
    }
}

/// The one row of all jobs that wait for ship.
fn to_ship(canvas: &mut Canvas<'_>, job: &Job, total: u16) -> Vec<Piece<'static>> {
    let more = canvas.sign(Sign::More);
    let (waits, narrow) = (canvas.model.lists.to_ship.len(), total < NARROW);
    let head = match (narrow, waits) {
        (true, 1) => "to ship".to_string(),
        (true, _) => format!("+{} to ship", waits - 1),
        (false, 1) => "is in testing and waits for ship".to_string(),
        (false, _) => format!("and {} more in testing wait for ship", waits - 1),
    };
    let text = format!("{} {head}", fit_id(job.id.as_str(), id_width(total), more));
    let age = canvas.age(job.since);
    let (since, wide) = if narrow { (age, 5) } else { (format!("oldest {age}"), 11) };
    let room = left_over(total, 2 + 1 + 1 + 1 + wide + if narrow { 0 } else { 5 });
    let key = match narrow {
        true => String::new(),
        false => format!("  {:<3}", need_key(canvas, job, false)),
    };
    vec![
        parts::stage_sign(canvas, job),
        Piece::raw(format!(" {} ", fit(&text, room, false, more))),
        Piece::raw(fit(&since, wide, true, more)),
        canvas.piece(Role::Head, key.trim_end().to_string()),
    ]
}

/// What is needed in a word or two: `review, 0 of 1 approvals` is `review 0 of 1 +61 −9`, and one that nothing
/// proves says so before anything else.
fn short_need(canvas: &Canvas<'_>, job: &Job, need: &Need, told: bool) -> String {
    // Its sign says that it failed.
    let what = need.what.strip_prefix("failed: ").or(need.what.strip_prefix("dead letter: "));
    let mut what = clean(what.unwrap_or(&need.what)).replace(" approvals", "").replace(',', "");
    let counts = what.strip_prefix("review ").filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if let Some(counts) = counts.filter(|_| !parts::unproven(job).is_empty()) {
        what = if told { format!("UNPROVEN {counts}") } else { "UNPROVEN".to_string() };
    }
    match canvas.model.gists.of(job) {
        Some(Gist::Change(plus, minus, _)) if told => {
            format!("{what} +{plus} {}{minus}", canvas.sign(Sign::Minus))
        }
        _ => what,
    }
}

/// The first words of what a job asks, once they were read.
fn question(canvas: &Canvas<'_>, job: &Job) -> Option<String> {
    match canvas.model.gists.of(job)? {
        Gist::Question(text) => {
            let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
            Some(format!("asks \"{}\"", marked(line)))
        }
        Gist::Change(..) => None,
    }
}

fn running(canvas: &mut Canvas<'_>, job: &Job, total: u16) -> Vec<Piece<'static>> {
    let more = canvas.sign(Sign::More);
    // Between the two what it does and since when go before the host and the bar.
    let narrow = total < TOLD;
    let (id, host, word) = if narrow { (10, 0, 10) } else { (id_width(total), 9, 20) };
    let status = parts::status(canvas, job, word);
    let age = canvas.age(job.since);
    let (bar, cost) = (parts::bar(canvas, job), parts::cost(job));
    // One with a bar moves all others, so that what stands above each other is of one kind.
    let barred =
        canvas.model.replica.state.held().any(|row| row.0.budget().micro_usd.is_some_and(|usd| usd > 0));
    let bar = if barred { fit(&bar, parts::BAR, false, more) } else { bar };
    let tail = if narrow { String::new() } else { format!(" {bar} {}", fit(&cost, 6, true, more)) };
    let title = left_over(total, 4 + id + 1 + host + 1 + word + 1 + 5 + width(&tail));
    let gap = word.saturating_sub(width(&status.content));
    let mut out = vec![
        parts::stage_sign(canvas, job),
        Piece::raw(format!(
            " {} {} ",
            fit_id(job.id.as_str(), id, more),
            fit(&clean(&job.spec.title), title.saturating_sub(1), false, more)
        )),
    ];
    if host > 0 {
        out.push(Piece::raw(fit(&clean(factory_of(job)), host, false, more) + " "));
    }
    out.push(status);
    out.push(Piece::raw(format!("{} {}{tail}", " ".repeat(gap), fit(&age, 5, true, more))));
    out
}

/// How well it fits, why it does not run yet, and what is done about it.
fn actionable(canvas: &mut Canvas<'_>, job: &Job, total: u16) -> Vec<Piece<'static>> {
    let more = canvas.sign(Sign::More);
    let model = canvas.model;
    let agents = Arc::clone(&model.replica.agents);
    let score = score_of(&model.replica.state, job, model.law_now(), &agents);
    let score = score.map_or(canvas.sign(Sign::Minus).to_string(), |row| points(row.1.total()));
    let key = |action| model.keys.sign(Do::Act(action), canvas.look().ascii);
    let acts = model.bars().is_none();
    let (why, then) = match (job.stage, &job.park) {
        (Stage::Failed, _) if acts => (clean(&job.why), format!("{} requeue", key(Action::Requeue))),
        (Stage::Queued, Some(park)) if acts && park.reason == ParkReason::Asked => {
            (clean(&park_words(park)), format!("{} answer", key(Action::Answer)))
        }
        (Stage::Queued, _) => {
            let said = parts::waits_for(model, job).map(|said| clean(&said.words(|at| at.local_hm())));
            let tries = job.attempts.last().map_or(0, |attempt| attempt.no);
            (said.unwrap_or_default(), if tries > 1 { format!("attempt {tries}") } else { String::new() })
        }
        _ => (clean(&job.why), String::new()),
    };
    // Why it waits goes before its title.
    let (id, tail) = if total >= ROOMY { (14, 11) } else { (10, 10) };
    let room = left_over(total, 2 + 6 + 2 + id + 1 + 1 + tail);
    let wide = if total >= ROOMY { 34 } else { room };
    let title = room.saturating_sub(wide + 1);
    vec![
        Piece::raw(format!("{} ", fit(&score, 5, true, more))),
        parts::stage_sign(canvas, job),
        Piece::raw(format!(" {} ", fit_id(job.id.as_str(), id, more))),
        Piece::raw(match title {
            0 => String::new(),
            1..TITLE_LEAST => " ".repeat(title + 1),
            _ => fit(&clean(&job.spec.title), title, false, more) + " ",
        }),
        Piece::raw(fit(&why, wide, false, more) + " "),
        canvas.piece(Role::Head, fit(&then, tail, false, more)),
    ]
}

fn recent(canvas: &mut Canvas<'_>, job: &Job, total: u16) -> Vec<Piece<'static>> {
    let more = canvas.sign(Sign::More);
    let age = canvas.age(job.since);
    let took =
        job.attempts.last().and_then(|a| a.ended.map(|ended| super::text::short_age(ended.since(a.started))));
    let cost = parts::cost(job);
    let why = clean(&job.why);
    if total < NARROW {
        let wide = left_over(total, 4 + id_width(total) + 1 + 6);
        return vec![
            parts::stage_sign(canvas, job),
            Piece::raw(format!(" {} ", fit_id(job.id.as_str(), id_width(total), more))),
            Piece::raw(fit(&why, wide, false, more)),
            Piece::raw(fit(&age, 6, true, more)),
        ];
    }
    let (id, wide) = (id_width(total), if total >= ROOMY { 28 } else { 18 });
    let title = left_over(total, 4 + id + 1 + 1 + wide + 7 + 8 + 6);
    let title = match title {
        0..TITLE_LEAST => " ".repeat(title),
        _ => fit(&clean(&job.spec.title), title, false, more),
    };
    vec![
        parts::stage_sign(canvas, job),
        Piece::raw(format!(" {} {title} ", fit_id(job.id.as_str(), id, more),)),
        Piece::raw(fit(&why, wide, false, more)),
        Piece::raw(fit(&took.unwrap_or_default(), 7, true, more)),
        Piece::raw(fit(&cost, 8, true, more)),
        Piece::raw(fit(&age, 5, true, more)),
    ]
}
