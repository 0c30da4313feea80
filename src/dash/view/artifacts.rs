//! Files kept of a job's runs: name and size, per attempt; one is opened in the editor.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::text::{clean, cut_front, fit, grouped};
use crate::dash::model::{Hit, Loaded, Pane};
use crate::dash::theme::Sign;
use crate::fleet::Job;
use crate::job::Role;

/// Columns of a size.
const SIZE: usize = 10;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    let Some(page) = &canvas.model.page else { return };
    let files = match &page.files.got {
        Loaded::Here(files) => files,
        Loaded::Failed(why) => {
            canvas.rule(row(at, 0), "Artifacts", "", true);
            return canvas.text(row(at, 1), Role::Bad, &format!("  cannot be listed: {}", clean(why)));
        }
        Loaded::Unasked | Loaded::Asked => {
            return canvas.rule(row(at, 0), "Artifacts", canvas.sign(Sign::Waits), true);
        }
    };
    let sum: u64 = files.iter().map(|file| file.1).sum();
    // Of files nobody knows when they came: the past shows those of now, and says so.
    let past = if canvas.model.time.at.is_some() { "as they are now  " } else { "" };
    let right = format!("{past}{}", size(sum));
    canvas.rule(row(at, 0), &format!("Artifacts {}", grouped(files.len())), &right, true);
    if files.is_empty() {
        canvas.text(
            row(at, 1),
            Role::Neutral,
            "  nothing was kept: the manifest names what to keep, as artifacts: [GLOB]",
        );
        return;
    }
    let mut body = below(at, 1);
    let chosen = files.get(page.files.at).map(|file| file.0.clone()).unwrap_or_default();
    if body.height > 3 {
        body.height -= 1;
        let runs = format!(" same as: aq artifacts {} get {}", job.id, clean(&chosen));
        canvas.text(Rect { y: body.bottom(), height: 1, ..body }, Role::Neutral, &runs);
    }
    let height = usize::from(body.height);
    let window = canvas.window(Pane::Kept, files.len(), Some(page.files.at), height);
    for (nth, (name, bytes)) in files.iter().enumerate().skip(window.top).take(height) {
        let on = row(body, u16::try_from(nth - window.top).unwrap_or(u16::MAX));
        let here = nth == page.files.at;
        let lead = if here { canvas.sign(Sign::Cursor) } else { " " };
        let room = usize::from(at.width).saturating_sub(4 + SIZE);
        let name = fit(&cut_front(&clean(name), room, canvas.sign(Sign::More)), room, false, "");
        let text = format!("{lead} {name} {:>SIZE$}", size(*bytes));
        canvas.line(on, &Line::from(Piece::raw(text)));
        canvas.hit(on, Hit::Row(Pane::Kept, nth));
        if here {
            canvas.restyle(on, canvas.look().cursor());
        }
    }
}

/// `12 B`, `3.4 KiB`, `1.0 GiB`.
fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units.into_iter().find(|(shift, _)| bytes >> shift > 0) {
        Some((shift, unit)) => {
            let tenths = ((bytes >> (shift - 10)) * 10) >> 10;
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_short() {
        let all = [0, 1_023, 1_024, 1_536, 5 << 20, 3 << 30].map(size);
        assert_eq!(all, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "5.0 MiB", "3.0 GiB"]);
    }
}
