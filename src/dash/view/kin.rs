//! What a job waits for and what waits for it, with rails both ways: the summary's part of the graph.

use ratatui::text::{Line, Span as Piece};

use super::canvas::Canvas;
use super::parts::stage_sign;
use super::summary::Told;
use super::text::{clean, fit, fit_id};
use crate::dash::keys::Do;
use crate::dash::model::Screen;
use crate::dash::theme::Sign;
use crate::fleet::Job;
use crate::job::{JobId, Stage};

/// Neighbours each way; the graph has all of them.
const EACH_MOST: usize = 4;
/// Columns of an id.
const ID: usize = 14;

/// The rails, as a terminal draws them and where it has ASCII alone: from the first that it waits for, from the
/// others, into the job, out of it, to one that waits, to the last.
const RAILS: [[&str; 2]; 5] =
    [["──╮", "--+"], ["──┤", "--+"], ["◂─╯", "<-+"], ["├─▸", "+->"], ["╰─▸", "+->"]];

/// What is told; nothing of a job without neighbours.
pub fn told(canvas: &Canvas<'_>, job: &Job, wide: u16) -> Option<Told> {
    let model = canvas.model;
    let state = &model.replica.state;
    let rail = |nth: usize| RAILS[nth][usize::from(canvas.look().ascii)];
    let up = || job.deps.iter().filter_map(|dep| dep.job.as_ref()).chain(job.children.iter());
    let down = || state.waiters(&job.id);
    let (ups, downs) = (up().count(), down().count());
    if ups + downs == 0 {
        return None;
    }
    let more = canvas.sign(Sign::More);
    // The rail stands behind the titles, at one place for all.
    let title = usize::from(wide).saturating_sub(1 + 2 + ID + 1 + 1 + 3 + 1).min(30);
    let named = |id: &JobId| {
        let job = model.job(id);
        let sign = match job {
            Some(job) => stage_sign(canvas, job),
            None => {
                let stage = state.stage_of(id).unwrap_or(Stage::Shipped);
                Piece::styled(canvas.look().stage_sign(stage), canvas.look().stage(stage))
            }
        };
        let text = job.map_or_else(String::new, |job| clean(&job.spec.title));
        let text = fit(&text, title, false, more);
        (sign, format!(" {} {text} ", fit_id(id.as_str(), ID, more)))
    };
    let key = model.keys.sign(Do::Go(Screen::Graph), canvas.look().ascii);
    let hidden = |n: usize| format!("{} {n} more ({key} shows all)", canvas.sign(Sign::More));
    let mut lines = Vec::new();
    for (nth, id) in up().take(EACH_MOST).enumerate() {
        let (sign, text) = named(id);
        let rail = rail(usize::from(nth > 0));
        lines.push(Line::from(vec![Piece::raw(" "), sign, Piece::raw(text + rail)]));
    }
    if ups > EACH_MOST {
        lines.push(Line::raw(format!("   {}", hidden(ups - EACH_MOST))));
    }
    let (sign, text) = named(&job.id);
    let into = if ups > 0 { rail(2) } else { "" };
    lines.push(Line::from(vec![Piece::raw(" "), sign, Piece::raw(text + into)]));
    let shown = downs.min(EACH_MOST);
    for (nth, id) in down().take(EACH_MOST).enumerate() {
        let (sign, text) = named(id);
        let is_last = nth + 1 == shown && downs <= EACH_MOST;
        let rail = rail(if is_last { 4 } else { 3 });
        lines.push(Line::from(vec![Piece::raw(format!(" {rail} ")), sign, Piece::raw(text)]));
    }
    if downs > EACH_MOST {
        lines.push(Line::raw(format!(" {} {}", rail(4), hidden(downs - EACH_MOST))));
    }
    Some(Told::of("Dependencies", format!("waits for {ups}, blocks {downs}"), lines))
}
