//! `aq explain`: why a job does not run, and what would start it; without a job, every waiting one in a line.

use clap::Args as ClapArgs;
use serde::Serialize;

use super::frame::{Answer, Cell, CliError, Column, Context, Envelope, Exit, Role, Table, role_of};
use super::scene::{Seen, hosts, minus};
use crate::agent::claimants;
use crate::engine::is_gone;
use crate::fleet::{Job, Score};
use crate::insight::{Chain, Explanation, Line, Rated, chains, explain, score_words};
use crate::job::{JobId, Priority, Stage, usd};

/// Explain why a job does not run, and what would start it
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// The job; without one, every job that waits, in a line each
    job: Option<String>,

    /// As it was at this time
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

#[derive(Serialize)]
struct View {
    job: String,
    stage: Stage,
    since: String,
    why: String,
    event: u64,
    class: Priority,
    own_class: Priority,
    rises: Option<String>,
    place: Option<usize>,
    line: Option<usize>,
    gates: Vec<GateView>,
    next_chance: Option<String>,
    /// With one job only: for thousands it would take its time.
    #[serde(skip_serializing_if = "Option::is_none")]
    chains: Option<Vec<ChainView>>,
    takers: Vec<String>,
    /// Engines of its class that have reached their ceilings.
    routed_around: Vec<String>,
    score: Option<ScoreView>,
    by_age: bool,
    hosts: Vec<HostView>,
    verb: Option<String>,
}

/// A score with its terms, each from 0 to 1 before it is weighed; `null` is not known and counts as one half.
#[derive(Serialize)]
struct ScoreView {
    host: String,
    total: f64,
    terms: Vec<TermView>,
}

#[derive(Serialize)]
struct TermView {
    name: &'static str,
    weight: f64,
    value: Option<f64>,
}

#[derive(Serialize)]
struct HostView {
    host: String,
    engines: Vec<String>,
    lacks: Vec<String>,
    score: Option<ScoreView>,
}

impl ScoreView {
    fn of(host: &str, score: &Score) -> ScoreView {
        let terms = score.terms().map(|(term, value)| TermView {
            name: term.name,
            weight: f64::from(term.weight) / 1e3,
            value: value.map(|value| f64::from(value) / 1e3),
        });
        ScoreView { host: host.to_string(), total: f64::from(score.total()) / 1e3, terms: terms.collect() }
    }
}

impl HostView {
    fn of(host: &Rated) -> HostView {
        HostView {
            host: host.host.to_string(),
            engines: host.engines.clone(),
            lacks: host.lacks.clone(),
            score: host.score.as_ref().map(|score| ScoreView::of(host.host.as_str(), score)),
        }
    }
}

#[derive(Serialize)]
struct GateView {
    gate: &'static str,
    text: String,
    since: Option<String>,
    would_start_if: String,
    opens: Option<String>,
}

#[derive(Serialize)]
struct ChainView {
    links: Vec<String>,
    stage: Option<Stage>,
    dead: bool,
}

/// Explains it.
///
/// # Errors
/// Exit 3 if there is no such job; a fault if the queue cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let seen = Seen::open(cx, args.at.as_deref())?;
    let takers = hosts(cx)?;
    let nobody = claimants(cx.place()?).is_empty();
    let line = Line::of(&seen.state, seen.now, &takers);
    let tell = |job: &Job| explain(&seen.state, job, seen.now, &line, &takers);
    let Some(name) = &args.job else {
        let waiting = seen.state.jobs.values().filter(|job| job.stage.is_waiting());
        let all: Vec<Explanation> = waiting.map(|job| tell(job)).collect();
        return every(&all, &seen, cx);
    };
    let job = seen.job(name)?;
    let alone = args.at.is_none() && job.work_lease().is_some_and(|lease| is_gone(&lease.holder));
    let said = if alone { tell(&job).left_alone() } else { tell(&job) };
    let ways = if job.stage.is_waiting() { chains(&seen.state, &job, seen.now) } else { Vec::new() };
    if cx.out.is_json() {
        cx.out.json(&Envelope::new(
            "explain",
            cx.wall(),
            seen.state.seq,
            seen.source(),
            view(&said, Some(&ways)),
        ))?;
        return Ok(Exit::Done);
    }
    cx.out.page();
    one(&said, &ways, &seen, nobody, cx)?;
    Ok(Exit::Done)
}

fn one(
    said: &Explanation,
    ways: &[Chain],
    seen: &Seen,
    nobody: bool,
    cx: &mut Context,
) -> Result<(), CliError> {
    let stage = cx.out.paint(role_of(said.stage), said.stage.name());
    let head = format!("{} is {stage} since {}: ", said.job, cx.out.moment(said.since));
    let why = super::frame::without_controls(&said.why);
    cx.out.painted(&format!("{head}{why} (event {})", said.event))?;
    if let Some((place, of)) = said.place {
        let class = class_text(said);
        let rises = said.rises.map(|at| format!(", rises at {}", cx.out.moment(at))).unwrap_or_default();
        cx.out.line(&format!("place {place} of {of} in line, class {class}{rises}"))?;
    }
    if said.stage.is_waiting() && said.reasons.is_empty() {
        let who = match said.takers.first() {
            Some(_) if nobody => {
                "waits for an agent: none runs on this queue; start one: aq agent".to_string()
            }
            Some(taker) => format!("would start with the next free slot of {taker}"),
            None => "nothing holds it back: it starts when an agent has a free slot (aq agent)".to_string(),
        };
        cx.out.line(&who)?;
    }
    for it in &said.around {
        let since = it.since.map(|at| format!(" since {}", cx.out.moment(at))).unwrap_or_default();
        let of = format!("{} of {} spent", usd(it.spent), usd(it.ceiling));
        cx.out.line(&format!("routed around {}{since}: {of}", it.engine))?;
    }
    scores(said, cx)?;
    for reason in &said.reasons {
        let since = reason.since.map(|at| format!(" since {}", cx.out.moment(at))).unwrap_or_default();
        cx.out.line(&format!("held by {}{since}: {}", reason.gate, reason.text))?;
    }
    let ifs: Vec<&str> = said.reasons.iter().map(|reason| reason.unless.as_str()).collect();
    // Nobody asks what would stop a job that runs.
    if !ifs.is_empty() && !said.stage.is_held() {
        let words =
            if said.stage.is_waiting() { "would start now if" } else { "would wait for a slot again if" };
        cx.out.line(&format!("{words}: {}", ifs.join(", and ")))?;
    }
    if let Some(at) = said.next_chance {
        cx.out.line(&format!("next chance: {}", cx.out.moment(at)))?;
    }
    for chain in ways {
        let text = chain_text(&said.job, chain, seen);
        let painted = cx.out.paint(if chain.dead { Role::Bad } else { Role::Wait }, &text);
        cx.out.painted(&painted)?;
    }
    match &said.verb {
        Some(verb) => cx.out.line(&format!("you can: {verb}")),
        None => Ok(()),
    }
}

/// The score that counts, and those of other hosts.
fn scores(said: &Explanation, cx: &mut Context) -> Result<(), CliError> {
    let Some((host, score)) = &said.score else { return Ok(()) };
    let granted = if said.stage.is_held() { ", when it was granted" } else { "" };
    let words = score_words(host, score, minus(cx));
    cx.out.line(&format!("score {words}{granted}"))?;
    if score.terms().any(|row| row.1.is_none()) {
        cx.out.line("? is not known yet and counts as one half")?;
    }
    if said.by_age {
        cx.out.line("it has waited for a day: of its class it goes by its age alone")?;
    }
    for other in said.hosts.iter().filter(|other| other.score.is_some()).skip(1) {
        let score = other.score.as_ref().map(|score| score_words(other.host.host(), score, minus(cx)));
        cx.out.line(&format!("score {}", score.unwrap_or_default()))?;
    }
    Ok(())
}

fn class_text(said: &Explanation) -> String {
    let name = |class: Priority| class.name().to_string();
    match said.class == said.own_class {
        true => name(said.class),
        false => format!("{} (by age, from {})", name(said.class), name(said.own_class)),
    }
}

fn chain_text(from: &JobId, chain: &Chain, seen: &Seen) -> String {
    let links = chain.links.iter().map(JobId::as_str);
    let way: Vec<&str> = std::iter::once(from.as_str()).chain(links).collect();
    let cause = chain.links.last().map(JobId::as_str).unwrap_or_default();
    let end = match (chain.stage, chain.dead) {
        (None, _) => format!("nobody knows {cause}"),
        (Some(stage), true) => {
            let why = seen.state.jobs.get(cause).map(|job| job.why.to_string()).unwrap_or_default();
            format!("{cause} is {stage} ({why}) and will not get there by itself")
        }
        (Some(stage), false) => format!("{cause} is {stage}"),
    };
    super::frame::without_controls(&format!("chain: {} : {end}", way.join(" < ")))
}

fn every(all: &[Explanation], seen: &Seen, cx: &mut Context) -> Answer {
    if cx.out.is_json() {
        let data: Vec<View> = all.iter().map(|said| view(said, None)).collect();
        cx.out.json(&Envelope::new("explains", cx.wall(), seen.state.seq, seen.source(), data))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::of(&[
        Column::words("job"),
        Column::words("gate"),
        Column::number("since"),
        Column::number("place"),
        Column::text("would start now if"),
    ]);
    for said in all {
        let first = said.reasons.first();
        let since = first.and_then(|reason| reason.since).unwrap_or(said.since);
        table.rows.push(vec![
            Cell::same(said.job.as_str()),
            Cell::same(first.map_or("slot", |reason| reason.gate)),
            Cell::pair(seen.now.law.since(since).age(), since.to_string()),
            Cell::same(said.place.map(|place| place.0.to_string()).unwrap_or_default()),
            Cell::same(first.map_or("an agent had a free slot", |reason| reason.unless.as_str())),
        ]);
    }
    cx.out.table(&table)?;
    if all.is_empty() && cx.out.is_for_people() {
        cx.out.talk("no job waits");
    }
    Ok(Exit::Done)
}

fn view(said: &Explanation, ways: Option<&[Chain]>) -> View {
    let gates = said.reasons.iter().map(|reason| GateView {
        gate: reason.gate,
        text: reason.text.clone(),
        since: reason.since.map(|at| at.to_string()),
        would_start_if: reason.unless.clone(),
        opens: reason.opens.map(|at| at.to_string()),
    });
    let chain = |chain: &Chain| ChainView {
        links: chain.links.iter().map(ToString::to_string).collect(),
        stage: chain.stage,
        dead: chain.dead,
    };
    View {
        job: said.job.to_string(),
        stage: said.stage,
        since: said.since.to_string(),
        why: said.why.clone(),
        event: said.event,
        class: said.class,
        own_class: said.own_class,
        rises: said.rises.map(|at| at.to_string()),
        place: said.place.map(|place| place.0),
        line: said.place.map(|place| place.1),
        gates: gates.collect(),
        next_chance: said.next_chance.map(|at| at.to_string()),
        chains: ways.map(|ways| ways.iter().map(chain).collect()),
        takers: said.takers.clone(),
        routed_around: said.around.iter().map(|it| it.engine.clone()).collect(),
        score: said.score.as_ref().map(|(host, score)| ScoreView::of(host, score)),
        by_age: said.by_age,
        hosts: said.hosts.iter().map(HostView::of).collect(),
        verb: said.verb.clone(),
    }
}
