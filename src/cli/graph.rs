//! `aq graph`: dependencies with rails, or for Graphviz and Mermaid.

use clap::{Args as ClapArgs, ValueEnum};
use serde::Serialize;

use super::frame::{Answer, CliError, Context, Envelope, Exit, find_job, role_of, sign_of, without_controls};
use super::scene::Seen;
use crate::insight::{Picture, dot, mermaid, picture, rails};
use crate::job::JobId;

/// Show dependencies with rails
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// The job in the middle; without one, every job with a neighbour
    job: Option<String>,

    /// How it is drawn
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// How far from the job; all the way if not said
    #[arg(long, value_name = "N", requires = "job")]
    hops: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// Rails, newest at the top
    Text,
    /// Graphviz
    Dot,
    /// Mermaid
    Mermaid,
}

#[derive(Serialize)]
struct View {
    jobs: Vec<Node>,
    edges: Vec<EdgeView>,
    loners: usize,
}

#[derive(Serialize)]
struct Node {
    id: String,
    title: String,
    stage: Option<&'static str>,
}

#[derive(Serialize)]
struct EdgeView {
    from: String,
    waits_for: String,
}

/// Shows it.
///
/// # Errors
/// Exit 3 if there is no such job; a fault if the queue cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let seen = Seen::open(cx, None)?;
    let focus = args.job.as_ref().map(|name| find_job(&seen.state, name)).transpose()?;
    let picture = picture(&seen.state, focus.as_ref(), args.hops.unwrap_or(usize::MAX));
    if cx.out.is_json() {
        let data = view(&picture, &seen);
        cx.out.json(&Envelope::new("graph", cx.wall(), seen.state.seq, seen.source(), data))?;
        return Ok(Exit::Done);
    }
    let label = |id: &JobId| format!("{id}: {}", without_controls(&title(id, &seen)));
    match args.format {
        Format::Text => text(&picture, &seen, cx)?,
        Format::Dot => cx.out.bytes(dot(&picture, label).as_bytes())?,
        Format::Mermaid => cx.out.bytes(mermaid(&picture, label).as_bytes())?,
    }
    Ok(Exit::Done)
}

fn title(id: &JobId, seen: &Seen) -> String {
    seen.state.job(id).map(|job| job.spec.title.clone()).unwrap_or_default()
}

fn text(picture: &Picture, seen: &Seen, cx: &mut Context) -> Result<(), CliError> {
    let drawn = rails(picture);
    let columns = |text: &str| text.chars().count();
    let widest =
        drawn.iter().map(|rail| columns(&rail.before) + columns(&rail.behind) + 2).max().unwrap_or(0);
    for rail in &drawn {
        let Some(id) = &rail.job else {
            let joints = plain_rails(&rail.before, cx.out.ascii());
            cx.out.painted(&joints)?;
            continue;
        };
        let stage = seen.state.stage_of(id).unwrap_or(crate::job::Stage::Shipped);
        let sign = cx.out.paint(role_of(stage), sign_of(stage, cx.out.ascii()));
        let (before, behind) =
            (plain_rails(&rail.before, cx.out.ascii()), plain_rails(&rail.behind, cx.out.ascii()));
        let pad = " ".repeat(widest - columns(&before) - columns(&behind) - 2);
        let title = without_controls(&title(id, seen));
        cx.out.painted(&format!("{before}{sign} {behind}{pad}  {id}  {title}  {stage}"))?;
    }
    if picture.loners > 0 {
        cx.out.talk(&format!("{} without dependencies not shown", picture.loners));
    }
    Ok(())
}

/// Rails of a terminal without UTF-8.
fn plain_rails(text: &str, ascii: bool) -> String {
    if !ascii {
        return text.to_string();
    }
    let plain = |c| match c {
        '│' => '|',
        '─' => '-',
        '├' | '┼' | '┬' | '┴' | '╮' | '╯' => '+',
        other => other,
    };
    text.chars().map(plain).collect()
}

fn view(picture: &Picture, seen: &Seen) -> View {
    let jobs = picture.jobs.iter().map(|id| Node {
        id: id.to_string(),
        title: title(id, seen),
        stage: seen.state.stage_of(id).map(crate::job::Stage::name),
    });
    let edges = picture
        .edges
        .iter()
        .map(|edge| EdgeView { from: edge.from.to_string(), waits_for: edge.on.to_string() });
    View { jobs: jobs.collect(), edges: edges.collect(), loners: picture.loners }
}
