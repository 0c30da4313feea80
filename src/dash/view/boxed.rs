//! The box that sheets and choices stand in: the only boxes there are.

use ratatui::layout::Rect;

use super::canvas::{Canvas, row};
use super::text::{cut, width};
use crate::dash::theme::Sign;
use crate::job::Role;

/// The rows inside of a box of that size.
pub fn inside(at: Rect, (wide, high): (u16, u16)) -> u16 {
    if wide.min(at.width) < 4 || high.min(at.height) < 3 { 0 } else { high.min(at.height) - 2 }
}

/// Draws a box of that size in the middle of an area, as far as it fits, and gives its inside. What its keys do
/// stands in its lower edge where there is room, and in the last row of the screen.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect, size: (u16, u16), title: &str, hint: &str) -> Rect {
    canvas.keys = Some(hint.to_string());
    let (wide, high) = (size.0.min(at.width), size.1.min(at.height));
    let place =
        Rect { x: at.x + (at.width - wide) / 2, y: at.y + (at.height - high) / 2, width: wide, height: high };
    if wide < 4 || high < 3 {
        return Rect { height: 0, ..place };
    }
    canvas.clear(place);
    let inner = usize::from(wide) - 2;
    let heavy = canvas.sign(Sign::Heavy);
    let more = canvas.sign(Sign::More);
    let title = cut(&format!("{heavy} {title} "), inner, more);
    let top = format!("{title}{}", heavy.repeat(inner - width(&title)));
    let hint = format!(" {hint} {heavy}");
    // Half an answer is none; the last row has all of them.
    let hint = if width(&hint) <= inner { hint } else { String::new() };
    let bottom = format!("{}{hint}", heavy.repeat(inner - width(&hint)));
    let (left, right) = (canvas.sign(Sign::TopLeft), canvas.sign(Sign::TopRight));
    canvas.text(row(place, 0), Role::Head, &format!("{left}{top}{right}"));
    let (left, right) = (canvas.sign(Sign::BottomLeft), canvas.sign(Sign::BottomRight));
    canvas.text(row(place, high - 1), Role::Head, &format!("{left}{bottom}{right}"));
    let side = canvas.sign(Sign::Side);
    for nth in 1..high - 1 {
        let line = row(place, nth);
        canvas.text(Rect { width: 1, ..line }, Role::Head, side);
        canvas.text(Rect { x: line.right() - 1, width: 1, ..line }, Role::Head, side);
    }
    Rect { x: place.x + 2, y: place.y + 1, width: wide.saturating_sub(4), height: high - 2 }
}
