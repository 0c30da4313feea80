//! Dependencies: focus, layout, what stands at the right, and the walk up and down the stream.

use crate::dash::effect::Effect;
use crate::dash::keys::GraphView;
use crate::dash::model::{Choice, Gauge, Graph, Model, Then};
use crate::insight::{dot, mermaid};
use crate::job::JobId;

/// The screen was come to, or something else is to be drawn.
pub fn look(model: &mut Model) -> Vec<Effect> {
    model.outdated = true;
    Vec::new()
}

/// Does what a key of the screen asks for.
pub fn show(model: &mut Model, view: GraphView) -> Vec<Effect> {
    match view {
        GraphView::Focus => focus(model),
        GraphView::Layout => layout(model),
        GraphView::Critical => critical(model),
        GraphView::Gauge(gauge) => self::gauge(model, gauge),
        GraphView::Stream { down } => stream(model, down),
    }
}

/// Shows only what is near the job under the cursor; from there all of it again.
fn focus(model: &mut Model) -> Vec<Effect> {
    let here = model.graph.list.cursor().cloned();
    model.graph.focus = if model.graph.focus == here { None } else { here };
    model.graph.layers &= model.graph.focus.is_some();
    look(model)
}

/// Rows, or layers around the job under the cursor.
fn layout(model: &mut Model) -> Vec<Effect> {
    let it = &mut model.graph;
    it.layers = !it.layers;
    if it.layers && it.focus.is_none() {
        it.focus = it.list.cursor().cloned();
    }
    look(model)
}

/// Only the critical path, or everything.
fn critical(model: &mut Model) -> Vec<Effect> {
    model.graph.critical = !model.graph.critical;
    look(model)
}

/// What stands at the right; the same again brings back what is left.
fn gauge(model: &mut Model, gauge: Gauge) -> Vec<Effect> {
    let it: &mut Graph = &mut model.graph;
    it.gauge = if it.gauge == gauge { Gauge::Left } else { gauge };
    Vec::new()
}

/// Goes to the first job that this one waits for, or to the first that waits for it.
fn stream(model: &mut Model, down: bool) -> Vec<Effect> {
    let Some(here) = model.graph.list.cursor().cloned() else { return Vec::new() };
    let edges = &model.lists.graph.picture.edges;
    let next = match down {
        true => edges.iter().find(|edge| edge.on == here).map(|edge| edge.from.clone()),
        false => edges.iter().find(|edge| edge.from == here).map(|edge| edge.on.clone()),
    };
    if let Some(next) = next {
        model.graph.list.point(&next);
    }
    super::go::share(model);
    Vec::new()
}

/// The picture as a text for other programs.
pub fn copies(model: &Model) -> Vec<Choice> {
    let picture = &model.lists.graph.picture;
    let label = |id: &JobId| {
        let title = model.job(id).map(|job| job.spec.title.as_str()).unwrap_or_default();
        format!("{id}: {title}")
    };
    let texts = [
        ("D", "graph as DOT", dot(picture, label), "aq graph --format dot"),
        ("M", "graph as Mermaid", mermaid(picture, label), "aq graph --format mermaid"),
    ];
    let choice = |(key, what, text, runs): (&str, &'static str, String, &str)| Choice {
        label: what.to_string(),
        note: format!("{} jobs", picture.jobs.len()),
        key: key.to_string(),
        runs: runs.to_string(),
        then: Then::Copy(what, text),
    };
    texts.into_iter().map(choice).collect()
}
