//! How many jobs stand in each stage, and where there is room below it, how many more than an hour ago.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, row};
use super::frame::WIDE;
use super::text::{grouped, width};
use crate::dash::model::Model;
use crate::dash::theme::Sign;
use crate::insight::Flow;
use crate::job::{Role, STAGES, Stage, code_of};
use crate::time::Span;

/// A count of jobs in a stage, told by its sign, the count, its name and its code.
type CountForm = fn(&str, &str, &str, &str) -> String;

/// The fullest form that shows all of them: a count that is cut off is one that nobody sees.
const FORMS: [CountForm; 5] = [
    |sign, count, name, _| format!("{sign} {name} {count}    "),
    |sign, count, name, _| format!("{sign} {name} {count}  "),
    |sign, count, _, code| format!("{sign}{count} {code}  "),
    |sign, count, _, code| format!("{sign}{count} {code} "),
    |sign, count, _, _| format!("{sign}{count} "),
];
/// What the second line is about; it stands at its end.
const HOUR: &str = "last hour";
/// The second line is out of date after so long, while it tells of anything.
const MINUTE: Span = Span::from_secs(60);

/// Draws it, in as many of these rows as it has something for.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect) {
    if at.height > 1 && hour(canvas, at) {
        return;
    }
    let first = if at.width >= WIDE { 0 } else { 2 };
    let total = |pieces: &[Piece<'_>]| pieces.iter().map(|piece| width(&piece.content)).sum::<usize>();
    let rows = FORMS[first..].iter().map(|form| counts(canvas, *form));
    let fits = |pieces: &Vec<Piece<'_>>| total(pieces) <= usize::from(at.width);
    let pieces = { rows }.find(fits).unwrap_or_else(|| counts(canvas, FORMS[4]));
    canvas.line(row(at, 0), &Line::from(pieces));
}

fn counts(canvas: &Canvas<'_>, form: CountForm) -> Vec<Piece<'static>> {
    let state = &canvas.model.replica.state;
    let one = |(stage, name, ..): (Stage, &str, _, _)| {
        let name = if stage == Stage::DeadLetter { "dead letter" } else { name };
        let count = grouped(state.count(stage));
        let text = form(canvas.look().stage_sign(stage), &count, name, code_of(stage));
        Piece::styled(text, canvas.look().stage(stage))
    };
    std::iter::once(Piece::raw(" ")).chain(STAGES.into_iter().map(one)).collect()
}

/// Both lines, each change below its count. Gives whether there is anything to tell, and room for it.
fn hour(canvas: &mut Canvas<'_>, at: Rect) -> bool {
    let model = canvas.model;
    let now = model.law_now().law;
    let Some(flow) = model.flow() else { return false };
    let Some(changes) = changes(canvas, flow) else { return false };
    let room = usize::from(at.width);
    for (gap, form) in [(4, FORMS[0]), (2, FORMS[0])] {
        let mut lines = [vec![Piece::raw(" ")], vec![Piece::raw(" ")]];
        let mut used = 1;
        for (top, change) in counts(canvas, form).into_iter().skip(1).zip(&changes) {
            let top = Piece::styled(top.content.trim_end().to_string(), top.style);
            // Below the name of its stage, not below the sign.
            let below = format!("  {change}");
            let wide = width(&top.content).max(width(&below)) + gap;
            let pad = |text: &str| " ".repeat(wide - width(text));
            lines[1].push(Piece::raw(format!("{below}{}", pad(&below))));
            let filled = pad(&top.content);
            lines[0].extend([top, Piece::raw(filled)]);
            used += wide;
        }
        if used - gap + width(HOUR) + 2 > room {
            continue;
        }
        lines[1].push(Piece::raw(HOUR));
        let [first, second] = lines;
        canvas.line(row(at, 0), &Line::from(first));
        let second: Vec<Piece<'_>> = second.into_iter().collect();
        let style = canvas.look().role(Role::Neutral);
        canvas.line(row(at, 1), &Line::styled(Line::from(second).to_string(), style));
        if flow.stirs(now) {
            canvas.stale_in(MINUTE);
        }
        return true;
    }
    false
}

/// What is told below each count: of shipped jobs those of today, of queued ones those put aside too.
fn changes(canvas: &Canvas<'_>, flow: &Flow) -> Option<Vec<String>> {
    let model = canvas.model;
    let state = &model.replica.state;
    let now = model.law_now().law;
    let net = flow.net(now)?;
    let minus = canvas.sign(Sign::Minus);
    let signed = |n: i64| match n {
        0 => "=0".to_string(),
        n if n < 0 => format!("{minus}{}", n.unsigned_abs()),
        n => format!("+{n}"),
    };
    let one = |stage: Stage| match stage {
        Stage::Queued => {
            let parked = state.count(stage).saturating_sub(state.ready_len());
            let parked = if parked > 0 { format!(", {} parked", grouped(parked)) } else { String::new() };
            signed(net[stage as usize]) + &parked
        }
        Stage::Shipped => match now.local_midnight().and_then(|from| flow.shipped_since(from)) {
            Some(today) => format!("+{} today", grouped(today)),
            None => String::new(),
        },
        _ => signed(net[stage as usize]),
    };
    Some(STAGES.iter().map(|row| one(row.0)).collect())
}

impl Model {
    /// What passed through the stages up to now, where all of it is known: not of the past, and not while what came
    /// last cannot be read.
    pub(super) fn flow(&self) -> Option<&Flow> {
        let health = &self.replica.health;
        self.flow.here().filter(|_| self.time.at.is_none() && health.acts() && health.ends().is_none())
    }
}
