//! The overview where there is room for two columns: what is done and to be done at the left, what stands around it
//! at the right. Panes that find no room give way in their order of need.

use ratatui::layout::Rect;

use super::canvas::{Canvas, row};
use super::frame::VAST;
use super::overview::{TALL, one_pane};
use super::panes::{Ask, shares};
use super::{beside, events, throughput};
use crate::dash::model::{Hit, Listing, Pane};
use crate::dash::theme::Sign;
use crate::job::Role;

/// Columns of the right one.
const SIDE: u16 = 54;
/// Rows that a pane of jobs needs to say anything, with its rule.
const LEAST: u16 = 3;
/// Rows of what can be acted upon and of what ended, before the others have what they want.
const SOME: u16 = 6;
/// Rows of the latest events, likewise.
const EVENTS: u16 = 9;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect) {
    let wide = if at.width >= VAST { VAST * 2 / 5 } else { SIDE };
    let side = Rect { x: at.right() - wide, width: wide, ..at };
    let main = Rect { width: at.width - wide - 1, ..at };
    for nth in 0..at.height {
        let sign = canvas.sign(Sign::Upright);
        canvas.text(Rect { x: main.right(), width: 1, ..row(at, nth) }, Role::Neutral, sign);
    }
    left(canvas, main);
    canvas.hit(side, Hit::Still);
    right(canvas, side);
}

fn left(canvas: &mut Canvas<'_>, at: Rect) {
    let it = &canvas.model.overview;
    let tall = canvas.area().height >= TALL;
    let ask = |pane: Pane, list: &Listing, fair: u16| {
        let whole = u16::try_from(list.rows().len().max(1)).unwrap_or(u16::MAX).saturating_add(1);
        let asked = Ask { least: LEAST.min(whole), fair: fair.min(whole), whole };
        // The pane with the focus is in sight.
        (pane, asked, usize::from(it.pane != pane))
    };
    let mut panes =
        vec![ask(Pane::Needs, &it.needs, at.height / 3), ask(Pane::Running, &it.running, at.height / 4)];
    if !it.actionable.rows().is_empty() || it.pane == Pane::Actionable {
        panes.push(ask(Pane::Actionable, &it.actionable, SOME));
    }
    panes.push((Pane::Text, Ask { least: LEAST, fair: EVENTS, whole: u16::MAX }, 2));
    if tall && !it.recent.rows().is_empty() || it.pane == Pane::Recent {
        let (pane, asked, rank) = ask(Pane::Recent, &it.recent, SOME);
        panes.push((pane, asked, if rank == 0 { 0 } else { 1 }));
    }
    let asks: Vec<(usize, Ask)> = panes.iter().map(|row| (row.2, row.1)).collect();
    let mut y = at.y;
    for ((pane, ..), height) in panes.into_iter().zip(shares(at.height, &asks)) {
        let on = Rect { y, height, ..at };
        y += height;
        match pane {
            _ if height == 0 => {}
            Pane::Text => events::latest(canvas, on),
            pane => one_pane(canvas, on, pane),
        }
    }
}

/// What stands at the right, from its top down.
#[derive(Clone, Copy)]
enum Beside {
    Alerts,
    Budget,
    Throughput,
    Chain,
    Watched,
}

fn right(canvas: &mut Canvas<'_>, at: Rect) {
    let rows = |n: usize| u16::try_from(n).unwrap_or(u16::MAX).saturating_add(1);
    let all = |n: u16| Ask { least: n, fair: n, whole: n };
    let some = |n: usize| Ask { least: 2, fair: rows(n).min(at.height / 3), whole: rows(n) };
    let (alerts, watched) = (canvas.model.alerts().len(), canvas.model.watched.ids().len());
    let day = throughput::day(canvas);
    let chain = canvas.model.lists.foremost.clone();
    let panes = [
        (Beside::Alerts, (alerts > 0).then(|| some(alerts)), 0),
        (Beside::Budget, beside::has_budget(canvas).then(|| all(2)), 1),
        (Beside::Throughput, day.as_ref().map(|_| all(throughput::FIGURES)), 3),
        (Beside::Chain, chain.as_ref().map(|_| all(throughput::CHAIN)), 4),
        (Beside::Watched, (watched > 0).then(|| some(watched)), 2),
    ];
    let there: Vec<(Beside, Ask, usize)> =
        panes.into_iter().filter_map(|(pane, ask, rank)| Some((pane, ask?, rank))).collect();
    let asks: Vec<(usize, Ask)> = there.iter().map(|row| (row.2, row.1)).collect();
    let mut y = at.y;
    for ((pane, ..), height) in there.into_iter().zip(shares(at.height, &asks)) {
        let on = Rect { y, height, ..at };
        y += height;
        match (pane, &day, &chain) {
            (Beside::Alerts, ..) => drop(beside::alerts(canvas, on, height)),
            (Beside::Budget, ..) if height > 0 => drop(beside::budget(canvas, on)),
            (Beside::Throughput, Some(day), _) => throughput::draw(canvas, on, day),
            (Beside::Chain, _, Some(chain)) => throughput::chain(canvas, on, chain),
            (Beside::Watched, ..) if height > 0 => beside::watched(canvas, on),
            _ => {}
        }
    }
}
