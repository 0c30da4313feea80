//! The manifest of a job, set to the width of its pane; once for each width.

use std::sync::Arc;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::panes::told_as;
use super::prose;
use super::text::clean;
use crate::dash::model::{Face, Loaded, Page, Pane, Part, Prose, Window};
use crate::dash::theme::Sign;
use crate::fleet::Job;
use crate::job::Role;

/// Draws it on a tab of its own.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    let top = canvas.model.page.as_ref().map_or(0, Page::top);
    put(canvas, at, job, (Pane::Text, true), top);
}

/// Draws it as a pane of the summary.
pub fn part(canvas: &mut Canvas<'_>, at: Rect, job: &Job, focused: bool, top: usize) {
    put(canvas, at, job, (Pane::Part(Part::Manifest), focused), top);
}

fn put(canvas: &mut Canvas<'_>, at: Rect, job: &Job, (pane, focused): (Pane, bool), top: usize) {
    let Some(page) = &canvas.model.page else { return };
    canvas.drawn.windows.push((pane, Window::default()));
    let place = job.file.as_deref().map(|file| format!("{}/{}", job.stage.folder().name(), clean(file)));
    canvas.rule(row(at, 0), "Manifest", &place.unwrap_or_default(), focused);
    let mut body = below(at, 1);
    if let Some(edit) = canvas.model.bad_edit(job) {
        let text = format!("{}; below is what runs", clean(&edit.told()));
        body = told_as(canvas, body, Role::Wait, &text);
    }
    let text = match &page.manifest {
        Loaded::Here(text) => text,
        Loaded::Failed(why) => {
            canvas.text(row(body, 0), Role::Bad, &format!("  cannot be read: {}", clean(why)));
            return;
        }
        Loaded::Unasked | Loaded::Asked => {
            let waits = canvas.sign(Sign::Waits);
            canvas.text(row(body, 0), Role::Neutral, &format!("  {waits}"));
            return;
        }
    };
    let width = body.width.saturating_sub(3);
    let set = laid_out(canvas, job, text, width);
    let height = usize::from(body.height);
    let top = top.min(set.lines.len().saturating_sub(height));
    canvas.drawn.windows.retain(|row| row.0 != pane);
    canvas.drawn.windows.push((pane, Window { top, height }));
    for (nth, line) in set.lines.iter().skip(top).take(height).enumerate() {
        let mut pieces = vec![Piece::raw("  ")];
        pieces.extend(line.iter().map(|(text, face)| Piece::styled(text.clone(), style(canvas, *face))));
        canvas.line(row(body, u16::try_from(nth).unwrap_or(u16::MAX)), &Line::from(pieces));
    }
}

/// The text set for this width: as the last frame had it, or anew.
fn laid_out(canvas: &mut Canvas<'_>, job: &Job, text: &str, width: u16) -> Arc<Prose> {
    let name = format!("{} {} {}", job.id, job.body, canvas.look().ascii);
    let kept = canvas.model.drawn.prose.as_ref().filter(|prose| prose.of == name && prose.width == width);
    let set = kept.cloned().unwrap_or_else(|| Arc::new(prose::set(&name, text, width, canvas.look().ascii)));
    canvas.drawn.prose = Some(Arc::clone(&set));
    set
}

fn style(canvas: &Canvas<'_>, face: Face) -> Style {
    let look = canvas.look();
    match face {
        Face::Plain => Style::new(),
        Face::Faint => look.role(Role::Neutral),
        Face::Strong => look.head(),
        Face::Head => look.head().add_modifier(Modifier::UNDERLINED),
        Face::Code => look.role(Role::Active),
        Face::Link => Style::new().add_modifier(Modifier::UNDERLINED),
    }
}
