//! Dependencies in layers: what comes first stands at the left, and lines lead to what waits for it.
//!
//! The usual way (Sugiyama): layers by the longest way from the left, a bend for each layer that an edge passes,
//! an order within the layers by the mean place of the neighbours, and lines on a grid of cells that know on
//! which sides they are joined. At most forty jobs are drawn so; a crate for it would bring its own text form,
//! and this one needs places that a cursor and a click can be on.

use std::collections::HashMap;

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::Canvas;
use super::graph::gauge;
use super::parts;
use super::text::{clean, fit, fit_id};
use crate::dash::model::{Hit, Pane};
use crate::dash::theme::Sign;
use crate::insight::Picture;
use crate::job::{JobId, Stage};

/// Columns between two layers: room for a few lines side by side.
const GUTTER: u16 = 7;
/// Columns of a job, at least and at most.
const NODE: (u16, u16) = (16, 26);
/// Sweeps over the layers; more change nothing that could be seen.
const SWEEPS: usize = 4;
/// Rows of a job with its title, and the blank one under it.
const TALL: u16 = 3;
/// Rows of a job in one line, and the blank one under it.
const FLAT: u16 = 2;

/// A place in a layer: a job, or where an edge passes by (of the job it comes from, to that it leads to).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Knot {
    Job(JobId),
    Bend(JobId, JobId, usize),
}

/// Layers from the left, each from the top, and lines between neighbours.
struct Layout {
    layers: Vec<Vec<Knot>>,
    lines: Vec<(Knot, Knot)>,
}

fn layout(picture: &Picture) -> Layout {
    let mut layer: HashMap<&JobId, usize> = HashMap::new();
    // Whoever waits stands before what it waits for, so that the way back meets what comes first, first.
    for id in picture.jobs.iter().rev() {
        let before = picture.edges.iter().filter(|edge| edge.from == *id);
        let at = before.filter_map(|edge| layer.get(&edge.on)).max().map_or(0, |at| at + 1);
        layer.insert(id, at);
    }
    let many = layer.values().max().map_or(0, |at| at + 1);
    let mut layers: Vec<Vec<Knot>> = vec![Vec::new(); many];
    for id in &picture.jobs {
        layers[layer[id]].push(Knot::Job(id.clone()));
    }
    let mut lines = Vec::new();
    for edge in &picture.edges {
        let (Some(from), Some(to)) = (layer.get(&edge.on), layer.get(&edge.from)) else { continue };
        let mut last = Knot::Job(edge.on.clone());
        for (at, layer) in layers.iter_mut().enumerate().take(*to).skip(from + 1) {
            let bend = Knot::Bend(edge.on.clone(), edge.from.clone(), at);
            layer.push(bend.clone());
            lines.push((last, bend.clone()));
            last = bend;
        }
        lines.push((last, Knot::Job(edge.from.clone())));
    }
    let mut out = Layout { layers, lines };
    (0..SWEEPS).for_each(|nth| out.sweep(nth % 2 == 0));
    out
}

impl Layout {
    /// Orders each layer by the mean place of its neighbours in the one before, from the left or from the right.
    fn sweep(&mut self, forth: bool) {
        let many = self.layers.len();
        for nth in 1..many {
            let (fixed, moved) = if forth { (nth - 1, nth) } else { (many - nth, many - nth - 1) };
            let places: HashMap<Knot, usize> =
                self.layers[fixed].iter().enumerate().map(|(i, knot)| (knot.clone(), i)).collect();
            let mean = |knot: &Knot| {
                let ends = self.lines.iter().filter_map(|(a, b)| match forth {
                    true if b == knot => places.get(a),
                    false if a == knot => places.get(b),
                    _ => None,
                });
                let (sum, count) = ends.fold((0_usize, 0), |(sum, count), at| (sum + at * 1_000, count + 1));
                sum.checked_div(count)
            };
            let mut order: Vec<(usize, Knot)> = self.layers[moved]
                .iter()
                .enumerate()
                .map(|(i, knot)| (mean(knot).unwrap_or(i * 1_000), knot.clone()))
                .collect();
            order.sort_by_key(|row| row.0);
            self.layers[moved] = order.into_iter().map(|row| row.1).collect();
        }
    }
}

/// Sides on which a cell is joined.
const NORTH: u8 = 1;
const EAST: u8 = 2;
const SOUTH: u8 = 4;
const WEST: u8 = 8;
/// The line of a cell, by its sides.
const JOINTS: [&str; 16] = [" ", "│", "─", "└", "│", "│", "┌", "├", "─", "┘", "─", "┴", "┐", "┤", "┬", "┼"];

/// Draws the picture; the part around the cursor where there is no room for all of it.
pub fn draw(canvas: &mut Canvas<'_>, at: Rect) {
    let picture = canvas.model.lists.graph.picture.clone();
    let it = layout(&picture);
    let many = u16::try_from(it.layers.len()).unwrap_or(u16::MAX).max(1);
    let rows = it.layers.iter().map(Vec::len).max().unwrap_or(0);
    let rows = u16::try_from(rows).unwrap_or(u16::MAX);
    let node = ((at.width / many).saturating_sub(GUTTER)).clamp(NODE.0, NODE.1);
    let high = if rows.saturating_mul(TALL) <= at.height { TALL } else { FLAT };
    let cursor = canvas.model.graph.list.cursor().cloned();
    let place = |id: &JobId| {
        let knot = Knot::Job(id.clone());
        it.layers.iter().enumerate().find_map(|(x, layer)| Some((x, layer.iter().position(|k| *k == knot)?)))
    };
    let (x, y) = cursor.as_ref().and_then(place).unwrap_or((0, 0));
    let fits = usize::from(((at.width + GUTTER) / (node + GUTTER)).max(1));
    let left = x.saturating_sub(fits.saturating_sub(1));
    let deep = usize::from((at.height / high).max(1));
    let top = y.saturating_sub(deep.saturating_sub(1));
    canvas.drawn.windows.push((Pane::Graph, crate::dash::model::Window { top, height: deep }));
    let board = Board { at, node, high, left, top };
    let spot = |knot: &Knot| {
        it.layers.iter().enumerate().find_map(|(x, layer)| Some((x, layer.iter().position(|k| k == knot)?)))
    };
    let mut cells: HashMap<(u16, u16), u8> = HashMap::new();
    for (from, to) in &it.lines {
        let (Some(from), Some(to)) = (spot(from), spot(to)) else { continue };
        board.join(&mut cells, from, to);
    }
    for (x, layer) in it.layers.iter().enumerate() {
        for (y, knot) in layer.iter().enumerate() {
            match knot {
                Knot::Bend(..) => board.pass(&mut cells, (x, y)),
                Knot::Job(_) => board.begin(&mut cells, (x, y)),
            }
        }
    }
    board.lines(canvas, &cells);
    for (x, layer) in it.layers.iter().enumerate() {
        for (y, knot) in layer.iter().enumerate() {
            if let Knot::Job(id) = knot {
                board.job(canvas, (x, y), id, cursor.as_ref() == Some(id));
            }
        }
    }
}

/// Where layers and rows stand on the screen.
struct Board {
    at: Rect,
    node: u16,
    high: u16,
    left: usize,
    top: usize,
}

impl Board {
    /// The first cell of a place, if it is on the screen.
    fn cell(&self, (x, y): (usize, usize)) -> Option<(u16, u16)> {
        let x = u16::try_from(x.checked_sub(self.left)?).ok()?;
        let y = u16::try_from(y.checked_sub(self.top)?).ok()?;
        let place = (
            self.at.x.checked_add(x.checked_mul(self.node + GUTTER)?)?,
            self.at.y.checked_add(y.checked_mul(self.high)?)?,
        );
        (place.0 + self.node <= self.at.right() && place.1 < self.at.bottom()).then_some(place)
    }

    /// A line from under the right edge of a place to the left edge of one in the next layer. It leaves one row
    /// below the row on which lines come in, so that two lines never lie on each other; those of one job share
    /// the column in which they go up or down.
    fn join(&self, cells: &mut HashMap<(u16, u16), u8>, from: (usize, usize), to: (usize, usize)) {
        let (Some(a), Some(b)) = (self.cell(from), self.cell(to)) else { return };
        let (begin, end) = (a.0 + self.node, b.0.saturating_sub(1));
        let out = a.1 + 1;
        let turn = begin + u16::try_from(from.1).unwrap_or(0) % (GUTTER - 2);
        let mut add = |x: u16, y: u16, sides: u8| *cells.entry((x, y)).or_insert(0) |= sides;
        add(begin - 1, out, EAST);
        (begin..turn).for_each(|x| add(x, out, EAST | WEST));
        (turn + 1..end).for_each(|x| add(x, b.1, EAST | WEST));
        let down = b.1 > out;
        add(turn, out, WEST | if down { SOUTH } else { NORTH });
        add(turn, b.1, EAST | if down { NORTH } else { SOUTH });
        (out.min(b.1) + 1..out.max(b.1)).for_each(|y| add(turn, y, NORTH | SOUTH));
    }

    /// A line through a place where no job stands: in on the upper row, out on the lower one.
    fn pass(&self, cells: &mut HashMap<(u16, u16), u8>, place: (usize, usize)) {
        let Some((x, y)) = self.cell(place) else { return };
        let mut add = |x: u16, y: u16, sides: u8| *cells.entry((x, y)).or_insert(0) |= sides;
        if x > self.at.x {
            add(x - 1, y, EAST | WEST);
        }
        add(x, y, WEST | SOUTH);
        add(x, y + 1, NORTH | EAST);
        (x + 1..x + self.node).for_each(|x| add(x, y + 1, EAST | WEST));
    }

    /// Under a job in one row a line begins at its right end.
    fn begin(&self, cells: &mut HashMap<(u16, u16), u8>, place: (usize, usize)) {
        let Some((x, y)) = self.cell(place).filter(|_| self.high < TALL) else { return };
        if let Some(sides) = cells.get_mut(&(x + self.node - 1, y + 1)) {
            *sides |= NORTH;
        }
    }

    fn lines(&self, canvas: &mut Canvas<'_>, cells: &HashMap<(u16, u16), u8>) {
        let ascii = canvas.look().ascii;
        for ((x, y), sides) in cells {
            let sign = match (ascii, *sides) {
                (false, sides) => JOINTS[usize::from(sides)],
                (true, sides) if sides == EAST | WEST => "-",
                (true, sides) if sides == NORTH | SOUTH => "|",
                (true, _) => "+",
            };
            let on = Rect { x: *x, y: *y, width: 1, height: 1 }.intersection(self.at);
            canvas.line(on, &Line::raw(sign));
        }
    }

    /// A job: its sign, its name and what is left of it; its title below where there is room.
    fn job(&self, canvas: &mut Canvas<'_>, place: (usize, usize), id: &JobId, here: bool) {
        let Some((x, y)) = self.cell(place) else { return };
        let on = Rect { x, y, width: self.node, height: 1 };
        let more = canvas.sign(Sign::More);
        let critical = canvas.model.lists.graph.critical.contains(id);
        let gauge = gauge(canvas, id, critical);
        let job = canvas.model.job(id).cloned();
        let stage = canvas.model.replica.state.stage_of(id).unwrap_or(Stage::Shipped);
        let sign = match &job {
            Some(job) => parts::stage_sign(canvas, job),
            None => Piece::styled(canvas.look().stage_sign(stage), canvas.look().stage(stage)),
        };
        // An arrow comes in only where a line ends.
        let waits = canvas.model.lists.graph.picture.edges.iter().any(|edge| edge.from == *id);
        if waits && x > self.at.x && place.0 > self.left {
            let arrow = Rect { x: x - 1, width: 1, ..on };
            canvas.line(arrow, &Line::raw(canvas.sign(Sign::Cursor)));
        }
        let room = usize::from(self.node).saturating_sub(3);
        let text = format!(" {}", fit_id(id.as_str(), room, more));
        let style = if critical { canvas.look().head() } else { ratatui::style::Style::new() };
        let lead = if critical { canvas.sign(Sign::Heavy) } else { canvas.sign(Sign::Light) };
        let line = Line::from(vec![Piece::styled(lead, style), sign, Piece::styled(text, style)]);
        canvas.clear(on);
        canvas.line(on, &line);
        canvas.hit(on, Hit::Job(id.clone()));
        if here {
            canvas.restyle(on, canvas.look().cursor());
        }
        if self.high >= TALL {
            // With its rails at the left the heavy line says it is critical already.
            let left = gauge.trim_start_matches(canvas.sign(Sign::Heavy)).trim();
            let title = job.map_or("archived".to_string(), |job| clean(&job.spec.title));
            let title = if left.is_empty() { title } else { format!("{left} {title}") };
            let below = Rect { y: y + 1, width: self.node - 1, ..on }.intersection(self.at);
            let text = fit(&format!("   {title}"), usize::from(self.node - 1), false, more);
            canvas.line(below, &Line::raw(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::Edge;

    #[test]
    fn what_comes_first_stands_at_the_left_and_edges_bend_through_layers() {
        let edge = |from: &str, on: &str| Edge { from: JobId::from(from), on: JobId::from(on) };
        let picture = Picture {
            jobs: ["top", "mid", "side", "base"].map(JobId::from).to_vec(),
            edges: vec![edge("top", "mid"), edge("mid", "base"), edge("top", "base"), edge("side", "base")],
            loners: 0,
        };
        let it = layout(&picture);
        let names: Vec<Vec<String>> = it
            .layers
            .iter()
            .map(|layer| {
                let name = |knot: &Knot| match knot {
                    Knot::Job(id) => id.to_string(),
                    Knot::Bend(on, from, _) => format!("{on}>{from}"),
                };
                layer.iter().map(name).collect()
            })
            .collect();
        assert_eq!(names, [vec!["base"], vec!["mid", "base>top", "side"], vec!["top"]]);
        assert_eq!(it.lines.len(), 5);
    }
}
