//! Why a job stands where it stands, and how well its host fits, term by term: the summary's part of Explain.

use ratatui::text::{Line, Span as Piece};

use super::canvas::Canvas;
use super::panes::{bar, wrapped};
use super::summary::Told;
use super::text::clean;
use crate::dash::theme::Sign;
use crate::fleet::{Job, Score};
use crate::insight::{Line as Queue, explain, points, score_of};
use crate::job::Role;

/// Cells of a term's bar, all of which a term of one whole fills.
const CELLS: usize = 10;

/// What is told; nothing of a job that neither waits nor has a score.
pub fn told(canvas: &Canvas<'_>, job: &Job, wide: u16) -> Option<Told> {
    let model = canvas.model;
    let state = &model.replica.state;
    let known = model.agents().unwrap_or_default();
    let mut lines = Vec::new();
    if job.stage.is_waiting() {
        let said = explain(state, job, model.law_now(), &Queue::default(), known);
        let room = usize::from(wide).saturating_sub(4).max(1);
        for reason in &said.reasons {
            let text = format!("{}: {}", reason.gate, clean(&reason.text));
            lines.extend(wrapped(&text, room).into_iter().map(|text| plain(canvas, Role::Wait, &text)));
            let text = format!("it would start now if {}", clean(&reason.unless));
            lines.extend(wrapped(&text, room).into_iter().map(|text| plain(canvas, Role::Neutral, &text)));
        }
    }
    let score = score_of(state, job, model.law_now(), known);
    if let Some((host, score)) = &score {
        lines.extend(table(canvas, host, score));
    }
    let right = match job.work_lease() {
        Some(lease) => format!("granted {}", super::parts::moment(canvas, lease.granted)),
        None => String::new(),
    };
    (!lines.is_empty()).then(|| Told::of("Explain", right, lines))
}

fn plain(canvas: &Canvas<'_>, role: Role, text: &str) -> Line<'static> {
    Line::from(vec![Piece::raw("  "), canvas.piece(role, text.to_string())])
}

/// The terms of a score, what each is worth and what it adds.
fn table(canvas: &Canvas<'_>, host: &str, score: &Score) -> Vec<Line<'static>> {
    let head = format!("  {:<15}{:>6}  {:>7}  {:>6}", "term", "value", "weight", "adds");
    let mut lines = vec![Line::from(canvas.piece(Role::Head, head))];
    let signed =
        |n: i32| if n < 0 { format!("{}{}", canvas.sign(Sign::Minus), points(-n)) } else { points(n) };
    for (term, value) in score.terms() {
        // What nobody knows counts as one half, and says so.
        let counted = i32::from(value.unwrap_or(Score::UNKNOWN));
        let shown = format!("{}{}", points(counted), if value.is_none() { "?" } else { " " });
        let adds = term.weight * counted / 1_000;
        let part = u64::from(adds.unsigned_abs());
        let cells = bar(canvas, part, 1_000, CELLS);
        let full = cells.replace(canvas.sign(Sign::Empty), "");
        let text =
            format!("  {:<15}{shown:>7} {:>7}  {:>6}  {full}", term.name, signed(term.weight), signed(adds));
        lines.push(Line::raw(text));
    }
    let host = host.split(['/', '~']).next().unwrap_or_default();
    let sum = format!("  {:<15}{:>7} {:>7}  {:>6}  on {}", "sum", "", "", points(score.total()), clean(host));
    lines.push(Line::raw(sum));
    lines
}
