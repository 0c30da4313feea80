//! What views draw on: cells, the look, the time, and a note of where everything came to stand.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span as Piece};

use super::text::{cut, good_for, short_age, width};
use crate::dash::model::{Area, Drawn, Hit, Model, Pane, Window};
use crate::dash::theme::{Look, Sign};
use crate::job::Role;
use crate::time::{Span, Stamp};

/// Ages alone ask for a frame no more often than this: with running jobs on the screen nothing else moves.
const AGES_PACE: Span = Span::from_secs(10);

/// A frame that is being drawn.
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    /// What it shows.
    pub model: &'a Model,
    /// What will be told back to the model.
    pub drawn: Drawn,
    /// The keys of what lies over the screen, if anything does.
    pub keys: Option<String>,
}

impl<'a> Canvas<'a> {
    /// An empty frame.
    pub fn new(buffer: &'a mut Buffer, model: &'a Model) -> Canvas<'a> {
        Canvas { buffer, model, drawn: Drawn::default(), keys: None }
    }

    /// The whole of it.
    pub fn area(&self) -> Rect {
        self.buffer.area
    }

    /// How things look.
    pub fn look(&self) -> Look {
        self.model.look
    }

    /// A sign in its present form.
    pub fn sign(&self, sign: Sign) -> &'static str {
        self.model.look.sign(sign)
    }

    /// A piece of a line in a role.
    pub fn piece(&self, role: Role, text: impl Into<String>) -> Piece<'static> {
        Piece::styled(text.into(), self.model.look.role(role))
    }

    /// Puts a line at the top of `at`, cut to its width. Outside of the frame nothing is drawn.
    pub fn line(&mut self, at: Rect, line: &Line<'_>) {
        let at = at.intersection(self.buffer.area);
        if at.is_empty() {
            return;
        }
        let more = self.sign(Sign::More);
        let total: usize = line.spans.iter().map(|span| width(&span.content)).sum();
        let over = total > usize::from(at.width);
        let mut room = usize::from(at.width) - usize::from(over);
        let mut x = at.x;
        for span in &line.spans {
            let style = line.style.patch(span.style);
            let (end, _) = self.buffer.set_stringn(x, at.y, cut(&span.content, room, ""), room, style);
            room -= usize::from(end - x).min(room);
            x = end;
        }
        if over {
            self.buffer.set_stringn(x, at.y, more, 1, line.style);
        }
    }

    /// Puts a plain text in a role.
    pub fn text(&mut self, at: Rect, role: Role, text: &str) {
        let piece = self.piece(role, text);
        self.line(at, &Line::from(piece));
    }

    /// Gives every cell of an area a style on top of what it has.
    pub fn restyle(&mut self, at: Rect, style: Style) {
        self.buffer.set_style(at.intersection(self.buffer.area), style);
    }

    /// Empties an area.
    pub fn clear(&mut self, at: Rect) {
        let at = at.intersection(self.buffer.area);
        for position in at.positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
            }
        }
    }

    /// A rule line with a title at its left and a word at its right; heavy where the focus is.
    pub fn rule(&mut self, at: Rect, title: &str, right: &str, focused: bool) {
        let sign = self.sign(if focused { Sign::Heavy } else { Sign::Light });
        let total = usize::from(at.width);
        let title = cut(&format!("{sign} {title} "), total, self.sign(Sign::More));
        let right = if right.is_empty() { String::new() } else { format!(" {right} {sign}") };
        let right = if width(&title) + width(&right) <= total { right } else { String::new() };
        let fill = sign.repeat(total - width(&title) - width(&right));
        let style = if focused { self.look().head() } else { Style::new() };
        self.line(at, &Line::styled(format!("{title}{fill}{right}"), style));
    }

    /// How long ago a moment was, `31m`; notes when that will be out of date.
    pub fn age(&mut self, at: Stamp) -> String {
        let about = self.about();
        format!("{about}{}", short_age(self.span_since(at)))
    }

    /// What stands before an age that is not of now: after the last word of a source nothing is known.
    pub fn about(&self) -> &'static str {
        if self.model.replica.health.ends().is_some() { "~" } else { "" }
    }

    /// The time since a moment, of which something on the screen tells. It stands still where the data does.
    pub fn span_since(&mut self, at: Stamp) -> Span {
        match self.model.replica.health.ends() {
            Some(end) => end.since(at),
            None => self.span_to_now(at),
        }
    }

    /// The same up to now, whatever the data is worth.
    pub fn span_to_now(&mut self, at: Stamp) -> Span {
        let span = self.model.law_now().law.since(at);
        self.stale_in(good_for(span));
        span
    }

    /// Something on the screen is out of date in so long. Many ages change at many moments: they share a frame.
    pub fn stale_in(&mut self, span: Span) {
        let span = span.max(AGES_PACE);
        self.drawn.stale_in = Some(self.drawn.stale_in.map_or(span, |old| old.min(span)));
    }

    /// A click there means that.
    pub fn hit(&mut self, at: Rect, hit: Hit) {
        self.drawn.hits.push((Area { x: at.x, y: at.y, width: at.width, height: at.height }, hit));
    }

    /// The part of a list that a pane shows while the focus is elsewhere: its first rows, whatever was looked at
    /// before, because what is new stands there.
    pub fn top_of(&mut self, pane: Pane, height: usize) -> Window {
        let window = Window { top: 0, height };
        self.drawn.windows.push((pane, window));
        window
    }

    /// The part of a list that its pane shows: as it was, moved no further than the cursor asks for.
    pub fn window(&mut self, pane: Pane, len: usize, cursor: Option<usize>, height: usize) -> Window {
        let before = self.model.drawn.window(pane).top;
        let window = windowed(len, cursor, before, height);
        self.drawn.windows.push((pane, window));
        window
    }
}

/// The part of `len` rows that `height` rows show so that `cursor` is among them, near to the part that began
/// with `top`.
pub fn windowed(len: usize, cursor: Option<usize>, top: usize, height: usize) -> Window {
    let last_top = len.saturating_sub(height);
    let top = match cursor {
        Some(at) if height > 0 => top.clamp((at + 1).saturating_sub(height), at),
        _ => top,
    };
    Window { top: top.min(last_top), height }
}

/// A row of an area.
pub fn row(of: Rect, nth: u16) -> Rect {
    match nth < of.height {
        true => Rect { y: of.y + nth, height: 1, ..of },
        false => Rect { height: 0, ..of },
    }
}

/// An area without its first `n` rows.
pub fn below(of: Rect, n: u16) -> Rect {
    let n = n.min(of.height);
    Rect { y: of.y + n, height: of.height - n, ..of }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_follows_its_cursor_and_no_further() {
        let check = |len, cursor, top, height, expected: usize| {
            assert_eq!(windowed(len, cursor, top, height).top, expected);
        };
        check(100, Some(0), 0, 10, 0);
        check(100, Some(10), 0, 10, 1);
        check(100, Some(5), 3, 10, 3);
        check(100, Some(2), 3, 10, 2);
        check(100, Some(99), 0, 10, 90);
        check(5, Some(4), 3, 10, 0);
        check(0, None, 7, 10, 0);
        check(5, Some(4), 0, 0, 0);
        check(100, None, usize::MAX / 2, 10, 90);
    }
}
