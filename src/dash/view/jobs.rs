//! The list of jobs: the filter always in sight, the rows that are visible, and what the cursor is on.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::frame::{NARROW, WIDE};
use super::parts;
use super::text::{clean, fit, fit_id, grouped, width};
use super::{board, detail};
use crate::dash::keys::Do;
use crate::dash::model::{
    COLUMNS, Column, ColumnRow, Health, Hit, Layer, Pane, column, engine_of, factory_of,
};
use crate::dash::theme::Sign;
use crate::fleet::Job;
use crate::insight::{points, score_of};
use crate::job::{JobId, Role};

/// Rows of what the cursor is on, where it stands below the list.
const DETAIL: u16 = 6;
/// The same below a board on a tall terminal.
const DETAIL_TALL: u16 = 11;
/// With fewer rows there is only the list.
const DETAIL_FROM: u16 = 14;
/// Columns of what the cursor is on, where it stands at the right.
const SIDE: u16 = 44;
/// With fewer columns for the title others give way to it.
const TITLE_LEAST: usize = 8;
/// From so many columns on every column is shown.
const ROOMY: u16 = 100;
/// From so many columns on each has its full width.
const SPACIOUS: u16 = 140;

/// Whether a column is shown.
type Shows<'a> = dyn Fn(Column) -> bool + 'a;

/// With fewer columns for it a title is too short to tell jobs apart: as long as the one of the narrow list.
const TITLE_GOOD: usize = 24;
/// Which columns give way, one after the other, to a title that has less than so many.
const GIVE_WAY: [(Column, usize); 5] = [
    (Column::Score, TITLE_GOOD),
    (Column::Engine, TITLE_GOOD),
    (Column::Tags, TITLE_GOOD),
    (Column::Factory, TITLE_LEAST),
    (Column::Status, TITLE_LEAST),
];

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect) {
    let model = canvas.model;
    let mut at = body;
    if query(canvas, row(at, 0)) {
        at = below(at, 1);
    }
    if model.replica.state.jobs.is_empty() {
        return nothing(canvas, at);
    }
    let current = model.current().cloned();
    if model.jobs.board.on {
        return on_the_board(canvas, at, current.as_deref());
    }
    if model.zoom || current.is_none() {
        return list(canvas, at);
    }
    let Some(job) = current else { return };
    if at.width >= WIDE {
        let side = Rect { x: at.right() - SIDE, width: SIDE, ..at };
        at.width -= SIDE + 1;
        for nth in 0..at.height {
            let sign = canvas.sign(Sign::Upright);
            canvas.text(Rect { x: at.right(), width: 1, ..row(at, nth) }, Role::Neutral, sign);
        }
        list(canvas, at);
        detail::draw(canvas, side, &job);
    } else if at.height >= DETAIL_FROM {
        let below_it = Rect { y: at.bottom() - DETAIL, height: DETAIL, ..at };
        list(canvas, Rect { height: at.height - DETAIL, ..at });
        detail::draw(canvas, below_it, &job);
    } else {
        list(canvas, at);
    }
}

/// The board, and below it what the cursor is on where there is room.
fn on_the_board(canvas: &mut Canvas<'_>, at: Rect, job: Option<&Job>) {
    let high = match job {
        Some(_) if canvas.model.zoom || at.height < DETAIL_FROM => 0,
        Some(_) if at.height >= DETAIL_FROM * 2 => DETAIL_TALL,
        Some(_) => DETAIL,
        None => 0,
    };
    board::draw(canvas, Rect { height: at.height - high, ..at });
    if let (Some(job), 1..) = (job, high) {
        detail::draw(canvas, below(at, at.height - high), job);
    }
}

/// The filter with how many it lets through. Gives whether it took a row.
fn query(canvas: &mut Canvas<'_>, at: Rect) -> bool {
    let model = canvas.model;
    let it = &model.jobs;
    let editing = model.layers.iter().any(|layer| matches!(layer, Layer::Filter(_)));
    let open = model.replica.state.jobs.len();
    let mut right = String::new();
    if editing || !it.query.is_empty() {
        right = format!("{} of {}  Esc clears ", grouped(it.list.rows().len()), grouped(open));
    }
    if model.lists.hidden > 0 {
        let key = model.keys.sign(Do::Shipped, model.look.ascii);
        // Under a filter it is those that it lets through, not all there are.
        let which = if it.query.is_empty() { "shipped" } else { "shipped match," };
        right = format!("{} {which} hidden ({key})  {right}", grouped(model.lists.hidden));
    }
    let short = format!("{}/{} ", grouped(it.list.rows().len()), grouped(open));
    filter_row(canvas, at, (&it.query, it.bad.as_ref()), (&right, &short))
}

/// A filter as it stands or is being written, with a term of it that cannot be read, and what it lets through,
/// in full and for where there is little room.
/// Gives whether there was anything to say.
pub fn filter_row(
    canvas: &mut Canvas<'_>,
    at: Rect,
    (query, bad): (&str, Option<&String>),
    (right, short): (&str, &str),
) -> bool {
    let editing = canvas.model.layers.iter().find_map(|layer| match layer {
        Layer::Filter(field) => Some(field),
        _ => None,
    });
    if editing.is_none() && query.is_empty() && right.is_empty() {
        return false;
    }
    let text = editing.map_or(query, |field| field.input.value());
    let mut pieces = vec![canvas.piece(Role::Head, " / "), Piece::raw(clean(text))];
    if editing.is_some() {
        pieces.push(Piece::styled(" ", canvas.look().cursor()));
    }
    if let Some(bad) = bad {
        pieces.push(canvas.piece(Role::Wait, format!("  nothing matches: {}", clean(bad))));
    }
    let used: usize = pieces.iter().map(|piece| width(&piece.content)).sum();
    let mut room = usize::from(at.width).saturating_sub(used);
    // How many it lets through is always in sight; how it is cleared stands in help.
    let right = if room <= width(right) { short } else { right };
    if room <= width(right) {
        // A long filter gives way: its end is cut.
        room = width(right) + 1;
        let left = Rect { width: at.width.saturating_sub(u16::try_from(room).unwrap_or(u16::MAX)), ..at };
        canvas.line(left, &Line::from(pieces));
        canvas.text(
            Rect { x: left.right() + 1, width: at.right().saturating_sub(left.right() + 1), ..at },
            Role::Neutral,
            right,
        );
        return true;
    }
    pieces.push(Piece::raw(" ".repeat(room - width(right))));
    pieces.push(Piece::raw(right.to_string()));
    canvas.line(at, &Line::from(pieces));
    true
}

/// An empty queue says how work comes into it.
fn nothing(canvas: &mut Canvas<'_>, at: Rect) {
    let model = canvas.model;
    canvas.rule(row(at, 0), "Jobs 0", "", true);
    if model.replica.health == Health::Loading {
        let waits = canvas.sign(Sign::NoData);
        (1..=5).for_each(|nth| canvas.text(row(at, nth), Role::Neutral, &format!("   {waits}")));
        return;
    }
    let from = clean(&model.replica.from);
    let is_folder = matches!(model.replica.health, Health::Local { .. });
    let agents = match model.replica.agents.len() {
        0 => "No agent is running here. Start one:  aq agent".to_string(),
        1 => "1 agent is running here.".to_string(),
        n => format!("{n} agents are running here."),
    };
    let lines = [
        "No jobs yet.",
        "",
        "n                 write one in your editor, from a template",
        "aq add job.md     add a file",
        "aq demo           see it work, in a throwaway queue",
        "",
        &format!("A markdown file dropped into {from}/inbox"),
        "shows up here by itself.",
        "",
        &agents,
    ];
    let indent = if at.width < NARROW { 2 } else { 12 };
    // Only a folder has an inbox that files are dropped into.
    let shown = if is_folder { lines.len() } else { 5 };
    for (nth, line) in lines.iter().take(shown).enumerate() {
        let place = row(at, u16::try_from(nth + 2).unwrap_or(u16::MAX));
        let place = Rect { x: place.x + indent, width: place.width.saturating_sub(indent), ..place };
        canvas.text(place, Role::Neutral, line);
    }
}

/// What a column of names needs for the rows in sight: what stands in it, and its head. The widths of what counts
/// and ages stay, so that no row moves under the eye.
fn held(canvas: &Canvas<'_>, row: &ColumnRow, most: usize, ids: &[JobId], shows: &Shows<'_>) -> usize {
    let text = |job: &Job| match row.column {
        Column::Factory => Some(clean(factory_of(job))),
        Column::Engine => Some(clean(engine_of(job))),
        Column::Tags => Some(tags_beside(canvas, job, shows)),
        _ => None,
    };
    let jobs = ids.iter().filter_map(|id| canvas.model.job(id));
    let needed = jobs.map(|job| text(job).map_or(most, |text| width(&text))).max();
    needed.map_or(most, |needed| needed.max(width(row.head)).min(most))
}

/// The columns that are shown, with their widths; the title takes what the rows in sight leave.
fn columns(canvas: &Canvas<'_>, total: u16, ids: &[JobId]) -> Vec<(&'static ColumnRow, usize)> {
    let hidden = &canvas.model.jobs.hidden;
    let needed: &[Column] = &[Column::Stage, Column::Id, Column::Title, Column::Age];
    let shows = |row: &&ColumnRow| {
        !hidden.contains(&row.column)
            && (total >= NARROW || needed.contains(&row.column))
            && (!row.wide || total >= ROOMY)
    };
    let mut rows: Vec<&'static ColumnRow> = COLUMNS.iter().filter(shows).collect();
    let set = |row: &ColumnRow| match row.column {
        Column::Id if total < ROOMY => 10,
        Column::Id if total < SPACIOUS => 14,
        Column::Age if total < SPACIOUS => 5,
        Column::Status if total < SPACIOUS => 20,
        Column::Tags if total < SPACIOUS => 12,
        // The sign alone: a word cut to a letter would say less.
        Column::Stage if total < NARROW => 1,
        _ => usize::from(row.width),
    };
    let wide = |rows: &[&'static ColumnRow]| -> Vec<usize> {
        let shows = |column| rows.iter().any(|row| row.column == column);
        rows.iter().map(|row| held(canvas, row, set(row), ids, &shows)).collect()
    };
    let left = |wide: &[usize]| {
        let fixed: usize = wide.iter().map(|cells| cells + 1).sum();
        usize::from(total).saturating_add(1).saturating_sub(2 + fixed)
    };
    // Half a title does not tell one job from another: what is told beside the list too gives way to it. A title
    // of a letter says nothing at all, and a column that is half beyond the edge no more.
    let sorted = canvas.model.jobs.sort.by.column;
    for (gives_way, least) in GIVE_WAY {
        if left(&wide(&rows)) < least {
            rows.retain(|row| row.column != gives_way || row.column == sorted && least == TITLE_GOOD);
        }
    }
    let wide = wide(&rows);
    let title = left(&wide);
    rows.into_iter().zip(wide).map(|(row, cells)| (row, if row.width == 0 { title } else { cells })).collect()
}

/// Why no job is shown: none matches, or those that do are hidden.
pub fn no_match(canvas: &Canvas<'_>) -> String {
    let key = canvas.model.keys.sign(Do::Shipped, canvas.look().ascii);
    match canvas.model.lists.hidden {
        0 => "no job matches the filter".to_string(),
        1 => format!("the one that matches is shipped and hidden: {key} shows it"),
        n => format!("the {} that match are shipped and hidden: {key} shows them", grouped(n)),
    }
}

fn list(canvas: &mut Canvas<'_>, at: Rect) {
    let model = canvas.model;
    let it = &model.jobs;
    let rows = it.list.rows();
    let arrow = match (canvas.look().ascii, it.sort.down) {
        (false, true) => "↓",
        (false, false) => "↑",
        (true, true) => "down",
        (true, false) => "up",
    };
    let right = match it.list.held() {
        0 => format!("{} {arrow}", it.sort.by.name),
        n => format!("{} {n} moved", canvas.sign(Sign::Moved)),
    };
    canvas.rule(row(at, 0), &format!("Jobs {}", grouped(rows.len())), &right, true);
    // With two rows one job goes before the heads.
    let headed = at.height > 2;
    let body = below(at, if headed { 2 } else { 1 });
    let more = rows.len() > usize::from(body.height);
    let height = usize::from(body.height) - usize::from(more && body.height > 1);
    let window = canvas.window(Pane::Jobs, rows.len(), Some(it.list.at()), height);
    let in_sight: Vec<JobId> = rows.iter().skip(window.top).take(height).cloned().collect();
    let columns = columns(canvas, at.width, &in_sight);
    if headed {
        heads(canvas, row(at, 1), &columns);
    }
    if rows.is_empty() {
        canvas.text(row(body, 0), Role::Neutral, &format!("  {}", no_match(canvas)));
        return;
    }
    let rest = rows.len() - (window.top + height).min(rows.len());
    for (nth, (place, id)) in rows.iter().enumerate().skip(window.top).take(height).enumerate() {
        let on = row(body, u16::try_from(nth).unwrap_or(u16::MAX));
        let here = place == it.list.at();
        let marked = if model.marks.contains(id) { canvas.sign(Sign::Marked) } else { " " };
        let lead = if here { canvas.sign(Sign::Cursor) } else { marked };
        let mut pieces = vec![Piece::raw(format!("{lead}{}", if here { marked } else { " " }))];
        match model.job(id).cloned() {
            Some(job) => pieces.extend(cells(canvas, &job, &columns)),
            None => pieces.push(Piece::raw(format!("{id} is no longer here"))),
        }
        canvas.line(on, &Line::from(pieces));
        canvas.hit(on, Hit::Row(Pane::Jobs, place));
        if here {
            canvas.restyle(on, canvas.look().cursor());
        }
    }
    if more && body.height > 1 {
        let text = if rest > 0 {
            format!("  {} {} more", canvas.sign(Sign::NoData), grouped(rest))
        } else {
            String::new()
        };
        canvas.text(row(body, body.height - 1), Role::Neutral, &text);
    }
}

fn heads(canvas: &mut Canvas<'_>, at: Rect, columns: &[(&'static ColumnRow, usize)]) {
    let mut x = at.x.saturating_add(2);
    for (column, wide) in columns {
        let head = if *wide == 1 { "" } else { column.head };
        let text = fit(head, *wide, column.right, canvas.sign(Sign::More));
        let wide = u16::try_from(*wide).unwrap_or(u16::MAX).min(at.right().saturating_sub(x));
        let place = Rect { x, width: wide, ..at };
        canvas.text(place, Role::Head, &text);
        canvas.hit(place, Hit::Head(column.column));
        x = x.saturating_add(wide).saturating_add(1).min(at.right());
    }
}

fn cells(canvas: &mut Canvas<'_>, job: &Job, columns: &[(&'static ColumnRow, usize)]) -> Vec<Piece<'static>> {
    let mut out = Vec::new();
    for (nth, (row, wide)) in columns.iter().enumerate() {
        if nth > 0 {
            out.push(Piece::raw(" "));
        }
        out.push(match row.column {
            Column::Tags => {
                let shows = |column| columns.iter().any(|row| row.0.column == column);
                Piece::raw(fit(&tags_beside(canvas, job, &shows), *wide, false, canvas.sign(Sign::More)))
            }
            of => cell(canvas, job, of, *wide),
        });
    }
    out
}

/// Its tags without those that another column of the row says already.
fn tags_beside(canvas: &Canvas<'_>, job: &Job, shows: &Shows<'_>) -> String {
    let said =
        [(Column::Stage, parts::PARKED), (Column::Status, parts::unproven(job).trim_end_matches(", "))];
    let said: Vec<&str> = said.into_iter().filter(|row| shows(row.0)).map(|row| row.1).collect();
    parts::tags_of(canvas, job, &said)
}

fn cell(canvas: &mut Canvas<'_>, job: &Job, of: Column, wide: usize) -> Piece<'static> {
    let more = canvas.sign(Sign::More);
    let text = match of {
        Column::Stage => {
            let sign = parts::stage_sign(canvas, job);
            if wide == 1 {
                return sign;
            }
            let text = fit(&format!("{} {}", sign.content, parts::stage_word(job)), wide, false, more);
            return Piece::styled(text, sign.style);
        }
        Column::Status => {
            let piece = parts::status(canvas, job, wide);
            return Piece::styled(fit(&piece.content, wide, false, more), piece.style);
        }
        Column::Id => return Piece::raw(fit_id(job.id.as_str(), wide, more)),
        Column::Title => clean(&job.spec.title),
        Column::Factory => clean(factory_of(job)),
        Column::Engine => clean(engine_of(job)),
        Column::Age => canvas.age(job.since),
        Column::Cost => parts::cost(job),
        Column::Score => {
            let agents = std::sync::Arc::clone(&canvas.model.replica.agents);
            let found = score_of(&canvas.model.replica.state, job, canvas.model.law_now(), &agents);
            found.map(|found| points(found.1.total())).unwrap_or_default()
        }
        Column::Tags => parts::tags_of(canvas, job, &[]),
    };
    Piece::raw(fit(&text, wide, column(of).right, more))
}
