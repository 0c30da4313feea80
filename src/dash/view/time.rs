//! The timeline of the log, the board at the moment that is shown, and how that moment differs from now.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::burndown::{ASCII_LEVELS, LEVELS};
use super::canvas::{Canvas, below, row};
use super::events;
use super::frame::{NARROW, WIDE};
use super::moment;
use super::panes::{columns, told};
use super::parts;
use super::text::{clean, fit, grouped, short_age};
use crate::dash::model::{Hit, Loaded, NAMES, Pane};
use crate::dash::theme::Sign;
use crate::fleet::Job;
use crate::insight::{Mark, Recording, Timeline};
use crate::job::{JobId, Role, STAGES, Stage, code_of};

/// Rows of the pane that compares.
const COMPARE: u16 = 6;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect) {
    let time = &canvas.model.time;
    let recording = match &time.recording {
        Loaded::Here(recording) => std::sync::Arc::clone(recording),
        Loaded::Failed(why) => {
            canvas.rule(row(body, 0), "Timeline", "", true);
            canvas.text(row(body, 2), Role::Bad, &format!("  the log cannot be wound: {}", clean(why)));
            return;
        }
        Loaded::Unasked | Loaded::Asked => {
            canvas.rule(row(body, 0), "Timeline", canvas.sign(Sign::Waits), true);
            told(canvas, below(body, 2), "reading the log from its beginning");
            return;
        }
    };
    if recording.events().is_empty() {
        canvas.rule(row(body, 0), "Timeline", "", true);
        told(canvas, below(body, 2), "Nothing has happened in this queue yet.");
        return;
    }
    let rest = timeline(canvas, body, &recording);
    let (main, side) = columns(canvas, rest);
    match side {
        Some(side) => {
            let board_high = (STAGES.len() as u16 + 2).min(main.height);
            board_list(canvas, Rect { height: board_high, ..side });
            let rest = moment::hosts(canvas, below(side, board_high));
            let rest = moment::budget(canvas, rest);
            compared(canvas, rest);
            around(canvas, main, &recording);
        }
        None => {
            let rest = board(canvas, main);
            let low = if rest.height > COMPARE + 4 { COMPARE } else { 0 };
            around(canvas, Rect { height: rest.height - low, ..rest }, &recording);
            compared(canvas, Rect { y: rest.bottom() - low, height: low, ..rest });
        }
    }
}

/// Figures along the log, marks, and where the moment stands; gives what is left below.
fn timeline(canvas: &mut Canvas<'_>, at: Rect, recording: &Recording) -> Rect {
    let model = canvas.model;
    let first = recording.events().first().map(|row| row.1.at).unwrap_or_default();
    let marks = recording.marks().len();
    let right = format!(
        "from {} {} {} events {} {}",
        first.local_full().get(..16).unwrap_or_default(),
        canvas.sign(Sign::Dot),
        grouped(recording.events().len()),
        canvas.sign(Sign::Dot),
        parts::plural(marks, "mark"),
    );
    canvas.rule(row(at, 0), "Timeline", &right, true);
    let Some((line, _)) = model.time.line.clone() else { return below(at, 1) };
    let mut rows: Vec<(&str, &[u64])> = vec![("shipped", &line.shipped), ("failed", &line.failed)];
    if at.height > 16 {
        rows.push(("spend", &line.spend));
    }
    if at.width >= WIDE {
        rows.push(("running", &line.running));
    }
    let mut rest = below(at, 1);
    for (name, figures) in rows {
        let most = figures.iter().copied().max().unwrap_or(0);
        let cells = spark(canvas, figures, most);
        canvas.text(row(rest, 0), Role::Neutral, &format!("{name:<wide$}{cells}", wide = usize::from(NAMES)));
        rest = below(rest, 1);
    }
    mark_row(canvas, row(rest, 0), &line);
    axis(canvas, below(rest, 1), &line);
    let high = rest.y + 3 - at.y;
    for nth in 1..high.min(at.height) {
        for column in 0..at.width.saturating_sub(NAMES) {
            let moment = line.moment(usize::from(column));
            let place = Rect { x: at.x + NAMES + column, width: 1, ..row(at, nth) };
            canvas.hit(place, Hit::Moment(moment));
        }
    }
    below(rest, 3)
}

/// Figures as a row of levels; a column without any is blank, so that little is not nothing.
pub fn spark(canvas: &Canvas<'_>, figures: &[u64], most: u64) -> String {
    let levels = if canvas.look().ascii { ASCII_LEVELS } else { LEVELS };
    let level = |n: &u64| match (*n, most) {
        (0, _) | (_, 0) => " ",
        (n, most) => levels[usize::try_from((n * 7).div_ceil(most)).unwrap_or(7).min(7)],
    };
    figures.iter().map(level).collect()
}

fn mark_row(canvas: &mut Canvas<'_>, at: Rect, line: &Timeline) {
    canvas.text(at, Role::Neutral, "marks");
    for (column, mark) in &line.marks {
        let (sign, role) = sign_of(canvas, *mark);
        let x = at.x.saturating_add(NAMES).saturating_add(u16::try_from(*column).unwrap_or(u16::MAX));
        if x < at.right() {
            let piece = canvas.piece(role, sign);
            canvas.line(Rect { x, width: 1, ..at }, &Line::from(piece));
        }
    }
}

fn sign_of(canvas: &Canvas<'_>, mark: Mark) -> (&'static str, Role) {
    match mark {
        Mark::Failed => (canvas.look().stage_sign(Stage::Failed), Role::Bad),
        Mark::Dead => (canvas.look().stage_sign(Stage::DeadLetter), Role::Bad),
        Mark::Alert => (canvas.sign(Sign::Warning), Role::Wait),
        Mark::Gate => (canvas.look().stage_sign(Stage::Review), Role::Human),
    }
}

/// The line with the place of the moment, and times under it.
fn axis(canvas: &mut Canvas<'_>, at: Rect, line: &Timeline) {
    let columns = line.shipped.len();
    let here = canvas.model.time.at.map_or(columns.saturating_sub(1), |at| line.column(at.at));
    let light = canvas.sign(Sign::Light);
    let block = if canvas.look().ascii { "#" } else { "█" };
    let cells: String = (0..columns).map(|column| if column == here { block } else { light }).collect();
    canvas.text(row(at, 0), Role::Neutral, &format!("{}{cells}", " ".repeat(usize::from(NAMES))));
    let long = line.to.since(line.from).as_secs();
    let label = |column: usize| {
        let full = line.moment(column).local_full();
        let part = match long {
            ..=900 => full.get(11..),
            901..=172_800 => full.get(11..16),
            _ => full.get(5..10),
        };
        part.unwrap_or_default().to_string()
    };
    let mut text = " ".repeat(usize::from(NAMES));
    let step = 16;
    for column in (0..columns.saturating_sub(8)).step_by(step) {
        text += &fit(&label(column), step, false, "");
    }
    canvas.text(row(at, 1), Role::Neutral, text.trim_end());
}

/// How many jobs stood in each stage, and how that had changed, in one line.
fn board(canvas: &mut Canvas<'_>, at: Rect) -> Rect {
    canvas.rule(row(at, 0), &board_title(canvas), "change over 10 m in ( )", false);
    let mut pieces = vec![Piece::raw(" ")];
    for (stage, change) in changes(canvas) {
        let sign = canvas.look().stage_sign(stage);
        let count = canvas.model.replica.state.count(stage);
        let style = canvas.look().stage(stage);
        // Without room for the codes the signs tell alone: all nine, and none cut.
        let code = if at.width < NARROW { String::new() } else { format!(" {}", code_of(stage)) };
        pieces.push(Piece::styled(format!("{sign}{}{change}{code} ", grouped(count)), style));
    }
    canvas.line(row(at, 1), &Line::from(pieces));
    below(at, 2)
}

fn board_list(canvas: &mut Canvas<'_>, at: Rect) {
    canvas.rule(row(at, 0), &board_title(canvas), "(since 10 m)", false);
    for (nth, (stage, change)) in changes(canvas).into_iter().enumerate() {
        let sign = canvas.look().stage_sign(stage);
        let count = grouped(canvas.model.replica.state.count(stage));
        let text = format!("  {sign} {:<12} {count:>7}  {change}", stage.name().replace('_', " "));
        let on = row(at, u16::try_from(nth + 1).unwrap_or(u16::MAX));
        canvas.line(on, &Line::styled(text, canvas.look().stage(stage)));
    }
}

fn board_title(canvas: &Canvas<'_>) -> String {
    match canvas.model.time.at {
        Some(at) => format!("Board at {}", clock(at.at)),
        None => "Board now".to_string(),
    }
}

/// How each stage had changed; while it is live nothing is compared.
fn changes(canvas: &Canvas<'_>) -> Vec<(Stage, String)> {
    let model = canvas.model;
    let change = |(nth, stage): (usize, Stage)| {
        let now = i64::try_from(model.replica.state.count(stage)).unwrap_or(0);
        let before = i64::try_from(model.time.before.get(nth).copied().unwrap_or(0)).unwrap_or(0);
        let text = match (model.time.at.is_some(), now - before) {
            (false, _) | (_, 0) => String::new(),
            (true, n) if n > 0 => format!("(+{n})"),
            (true, n) => format!("({}{})", canvas.sign(Sign::Minus), -n),
        };
        (stage, text)
    };
    STAGES.iter().map(|row| row.0).enumerate().map(change).collect()
}

pub(super) fn clock(at: crate::time::Stamp) -> String {
    at.local_full().get(11..).unwrap_or_default().to_string()
}

/// Events around the moment; the cursor is on the last that had happened.
fn around(canvas: &mut Canvas<'_>, at: Rect, recording: &Recording) {
    let model = canvas.model;
    let all = recording.events();
    let count = model.time.at.map_or(all.len(), |at| at.count);
    let only = model.time.only.as_ref();
    let title = only.map_or("Events".to_string(), |job| format!("Events of {job}"));
    let right = if only.is_some() { "f shows all" } else { "f only this job" };
    canvas.rule(row(at, 0), &title, right, false);
    let body = below(at, 1);
    let high = usize::from(body.height);
    let fits = |nth: &usize| only.is_none() || all[*nth].1.what.job() == only;
    // Two thirds of what is seen had happened.
    let had: Vec<usize> = (0..count).rev().filter(fits).take(high).collect();
    let room = high.saturating_sub(had.len().min(high - high / 3));
    let comes: Vec<usize> = (count..all.len()).filter(fits).take(room).collect();
    let had = had.iter().take(high - comes.len()).rev();
    canvas.drawn.windows.push((Pane::Time, crate::dash::model::Window { top: 0, height: high }));
    let shown: Vec<usize> = had.chain(&comes).copied().collect();
    let wide = parts::moments_wide(canvas, shown.iter().map(|place| all[*place].1.at));
    for (nth, place) in shown.iter().enumerate() {
        let on = row(body, u16::try_from(nth).unwrap_or(u16::MAX));
        let line = events::line(canvas, &all[*place].1, true, wide);
        canvas.line(on, &line);
        canvas.hit(on, Hit::Moment(all[*place].1.at));
        if place + 1 == count {
            canvas.text(Rect { width: 1, ..on }, Role::Neutral, canvas.sign(Sign::Cursor));
            canvas.restyle(on, canvas.look().cursor());
        }
    }
}

/// The job of the moment then and now; or all jobs that stood elsewhere.
fn compared(canvas: &mut Canvas<'_>, at: Rect) {
    let model = canvas.model;
    let (Some(position), Some(live)) = (model.time.at, &model.time.live) else {
        if at.height > 1 {
            canvas.rule(row(at, 0), "The past", "", false);
            let left = if canvas.look().ascii { "Left" } else { "←" };
            let text =
                format!("{left} goes back by an event, [ to the mark before, t to a time, Space plays");
            told(canvas, below(at, 1), &text);
        }
        return;
    };
    if let Some(differs) = model.time.differs.clone() {
        let title = format!("{} then and now", parts::plural(differs.len(), "job"));
        canvas.rule(row(at, 0), &title, "D: one job", false);
        if differs.is_empty() && at.height > 1 {
            told(canvas, below(at, 1), "every job stands where it stood then");
        }
        let name = |stage: Option<Stage>| stage.map_or("not there", Stage::name);
        for (nth, it) in differs.iter().take(usize::from(at.height.saturating_sub(1))).enumerate() {
            let more = canvas.sign(Sign::More);
            let arrow = canvas.sign(Sign::Arrow);
            let text = format!(
                "  {} {:<11} {arrow} {}",
                fit(it.job.as_str(), 16, false, more),
                name(it.then),
                name(it.now)
            );
            canvas.text(row(at, u16::try_from(nth + 1).unwrap_or(u16::MAX)), Role::Neutral, &text);
        }
        return;
    }
    let Some(id) = model.time.only.clone().or_else(|| model.selected.clone()) else { return };
    canvas.rule(row(at, 0), &format!("{id} at {} and now", clock(position.at)), "D: all jobs", false);
    let (then, now) = (model.replica.state.job(&id).cloned(), live.state.job(&id).cloned());
    let rows = facts(canvas, &id, then.as_ref(), now.as_ref());
    for (nth, (label, then, now)) in rows.into_iter().enumerate() {
        let arrow = canvas.sign(Sign::Arrow);
        let more = canvas.sign(Sign::More);
        let line = Line::from(vec![
            canvas.piece(Role::Head, format!("  {label:<8} ")),
            Piece::raw(format!("{} {arrow} {now}", fit(&then, 20, false, more))),
        ]);
        canvas.line(row(at, u16::try_from(nth + 1).unwrap_or(u16::MAX)), &line);
    }
}

/// Label, then, now.
fn facts(
    canvas: &Canvas<'_>,
    id: &JobId,
    then: Option<&Job>,
    now: Option<&Job>,
) -> Vec<(&'static str, String, String)> {
    let model = canvas.model;
    let live = model.time.live.as_ref();
    let stage = |job: Option<&Job>, archived: Option<Stage>| match (job, archived) {
        (Some(job), _) => format!("{} {}", canvas.look().stage_sign(job.stage), parts::stage_word(job)),
        (None, Some(stage)) => format!("{stage}, archived"),
        (None, None) => "not there".to_string(),
    };
    let tomb = live.and_then(|live| live.state.stage_of(id));
    let or_none = |text: String| if text.is_empty() { "–".to_string() } else { text };
    let cost = |job: Option<&Job>| or_none(job.map(parts::cost).unwrap_or_default());
    let attempt = |job: Option<&Job>| {
        let last = job.and_then(|job| job.attempts.last());
        or_none(
            last.map(|last| format!("{} by {}", last.no, clean(&last.holder.short()))).unwrap_or_default(),
        )
    };
    let rev = |job: Option<&Job>| {
        let rev = job.and_then(|job| job.checkpoint.as_ref()).map(|(rev, _)| rev);
        or_none(rev.map(|rev| crate::insight::short_rev(Some(rev)).to_string()).unwrap_or_default())
    };
    vec![
        ("stage", stage(then, model.replica.state.stage_of(id)), stage(now, tomb)),
        ("attempt", attempt(then), attempt(now)),
        ("cost", cost(then), cost(now)),
        ("commit", rev(then), rev(now)),
    ]
}

/// Row 1 while the past is shown: nobody takes it for now.
pub fn header(canvas: &mut Canvas<'_>, at: Rect) -> bool {
    let model = canvas.model;
    let Some(position) = model.time.at else { return false };
    let ago = short_age(model.now.wall.since(position.at));
    let minus = canvas.sign(Sign::Minus);
    let plays = if model.time.playing.is_some() { "plays" } else { "still" };
    let times = if canvas.look().ascii { "x" } else { "×" };
    let full = position.at.local_full();
    let moment = if ago.ends_with('d') { full.as_str() } else { full.get(11..).unwrap_or_default() };
    let left = format!(" aq  {} replay {moment}  {minus}{ago}", canvas.sign(Sign::Cursor));
    let right = format!("{plays} {times}{}  read-only  L goes live ", model.time.speed());
    let total = usize::from(at.width);
    let gap = total.saturating_sub(super::text::width(&left) + super::text::width(&right));
    let text = if gap > 0 { format!("{left}{}{right}", " ".repeat(gap)) } else { format!("{left}  L live") };
    canvas.text(at, Role::Head, &text);
    canvas.restyle(at, canvas.look().cursor());
    true
}
