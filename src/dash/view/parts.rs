//! Parts of rows that several screens show: status, cost, bars, ids.

use ratatui::text::Span as Piece;

use super::canvas::Canvas;
use super::text::{clean, cut, fit_id, short_age, width};
use crate::dash::model::Model;
use crate::dash::theme::Sign;
use crate::fleet::{Job, ParkReason};
use crate::insight::{AGENT_GONE, Await, RUNS_ON, Scene, awaits, park_words, pr_words, tags, used};
use crate::job::{HolderId, Proof, Role, Stage};
use crate::time::{Span, Stamp};

/// Columns of an id whose title stands beside it.
pub const SHORT_ID: usize = 10;
/// From then on a word is told by how long it holds.
const LASTS: Span = Span::from_secs(60);
/// Cells of a bar.
pub const BAR: usize = 5;

/// `12:04:27`, or `11-21 12:04` of another day: a time of day alone would be taken for one of today.
pub fn moment(canvas: &Canvas<'_>, at: Stamp) -> String {
    let full = at.local_full();
    let today = canvas.model.now.wall.local_day();
    let part = if full.starts_with(&today) { full.get(11..) } else { full.get(5..16) };
    part.unwrap_or_default().to_string()
}

/// The columns of the widest of these.
pub fn moments_wide(canvas: &Canvas<'_>, all: impl Iterator<Item = Stamp>) -> usize {
    all.map(|at| moment(canvas, at).len()).max().unwrap_or(0)
}

/// What a job does or waits for, in at most `most` columns: first "ago" goes, then the name of a tool is cut,
/// never the word.
pub fn status(canvas: &mut Canvas<'_>, job: &Job, most: usize) -> Piece<'static> {
    if canvas.model.is_waiting(&job.id) {
        return Piece::raw(format!("{} sent", canvas.sign(Sign::Waits)));
    }
    // What a person did to it goes before what it does, and costs it room.
    let begun = if canvas.model.replica.edited.contains(&job.id) { "edited, " } else { "" };
    let (role, text) = words(canvas, job, most.saturating_sub(width(begun)));
    let text = format!("{begun}{text}");
    let more = canvas.sign(Sign::More);
    canvas.piece(role, cut(&text, most, more))
}

fn words(canvas: &mut Canvas<'_>, job: &Job, most: usize) -> (Role, String) {
    // What its engine said last is of no use: nobody runs it any more.
    if job.work_lease().is_some_and(|lease| canvas.model.replica.gone.contains(&lease.holder)) {
        let runs_on = canvas.model.replica.outliving.contains(&job.id);
        return (Role::Bad, if runs_on { RUNS_ON } else { AGENT_GONE }.to_string());
    }
    if let Some(attempt) = job.open_attempt() {
        let (word, at, _) = &attempt.word;
        let role = role_of_word(word);
        let age = canvas.span_since(*at);
        let word = clean(word);
        // Silence has no last word: it lasts. So does what was said more than a minute ago and not unsaid since.
        let lasts = word == "silent" || age >= LASTS;
        let long =
            if lasts { format!("{word} {}", short_age(age)) } else { format!("{word} {} ago", age.age()) };
        if width(&long) <= most {
            return (role, long);
        }
        let short = format!("{word} {}", short_age(age));
        if width(&short) <= most {
            return (role, short);
        }
        let Some(name) = word.strip_prefix("tool(").and_then(|rest| rest.strip_suffix(')')) else {
            return (role, word);
        };
        let age = short_age(age);
        let room = most.saturating_sub(width("tool() ") + width(&age));
        return (role, format!("tool({}) {age}", cut(name, room, canvas.sign(Sign::More))));
    }
    if let Some(park) = &job.park {
        let asks = park.reason == ParkReason::Asked;
        let sign = canvas.sign(if asks { Sign::Asks } else { Sign::Parked });
        let about = clean(&park_words(park));
        let role = if asks { Role::Human } else { Role::Wait };
        let Some(at) = park.until else { return (role, format!("{sign} {about}")) };
        // Where there is no room for both, the date stays.
        let until = format!("{sign} parked until {}", at.local_hm());
        let long = format!("{until}, {about}");
        return (role, if width(&long) <= most { long } else { until });
    }
    let text = match job.stage {
        Stage::Assigned => "starting".to_string(),
        Stage::Review | Stage::Testing if job.unsaved().is_some() => clean(job.unsaved().unwrap_or_default()),
        Stage::Review if job.met_conflict() => clean(&job.why),
        Stage::Review => {
            let have = format!("{} of {}", job.approvals(), job.review_rule().approvals.max(1));
            let proof = unproven(job);
            let (long, short) = (format!("{proof}{have} approvals"), format!("{proof}{have}"));
            if width(&long) <= most { long } else { short }
        }
        Stage::Testing if job.awaited_pr().is_some() => {
            let now = canvas.model.law_now().law;
            job.awaited_pr().map(|pr| pr_words(pr, now)).unwrap_or_default()
        }
        Stage::Testing if job.failed_to_ship() => clean(&job.why),
        Stage::Testing => {
            let proof = if job.proof() == Proof::Verified { "verified" } else { "UNPROVEN" };
            let then = if job.ship_lease().is_some() {
                "is being shipped"
            } else if job.ships_itself() {
                "ships itself"
            } else {
                "ship?"
            };
            format!("{proof}, {then}")
        }
        _ => match waits_for(canvas.model, job) {
            Some(said) => clean(&said.words(|at| at.local_hm())),
            None => clean(&job.why),
        },
    };
    (Role::Neutral, text)
}

/// What a job waits for, as far as the agents that are known go.
pub fn waits_for(model: &Model, job: &Job) -> Option<Await> {
    awaits(&model.replica.state, job, model.law_now(), model.agents())
}

/// The word before anything else that is told of a job in review or testing which no verify has proven.
pub fn unproven(job: &Job) -> &'static str {
    let waits = job.stage == Stage::Review || job.stage == Stage::Testing && job.awaited_pr().is_none();
    if waits && job.unsaved().is_none() && job.proof() != Proof::Verified { "UNPROVEN, " } else { "" }
}

/// The tag of a job whose stage is told as parked.
pub const PARKED: &str = "parked";

/// Its tags but for those that are said beside them.
pub fn tags_of(canvas: &Canvas<'_>, job: &Job, said: &[&str]) -> String {
    let model = canvas.model;
    let gone = |holder: &HolderId| model.replica.gone.contains(holder);
    let edited = |job: &Job| model.replica.edited.contains(&job.id);
    let (state, now, hosts) = (&model.replica.state, model.law_now(), model.agents().unwrap_or_default());
    let scene = Scene { state, now, hosts, gone: &gone, edited: &edited, aside: &model.lists.aside };
    tags(job, &scene).into_iter().filter(|tag| !said.contains(&tag.as_str())).collect::<Vec<_>>().join(" ")
}

/// A job's name where its title stands beside: an id that was made of the title says it a second time, and is short.
pub fn named(job: &Job, more: &str) -> String {
    let title = clean(&job.spec.title);
    match (title == job.id.as_str(), job.id.is_made_of(&job.spec.title)) {
        (true, _) => title,
        (_, true) => format!("{} {title}", fit_id(job.id.as_str(), SHORT_ID, more).trim_end()),
        (..) => format!("{} {title}", job.id),
    }
}

fn role_of_word(word: &str) -> Role {
    match word.split('(').next().unwrap_or(word) {
        "working" | "thinking" | "tool" | "starting" => Role::Active,
        _ => Role::Wait,
    }
}

/// What it cost so far; `?` is unknown, and before any attempt there is nothing to know.
pub fn cost(job: &Job) -> String {
    match (used(job).cost(), job.attempts.is_empty()) {
        (Some(cost), _) => cost,
        (None, true) => String::new(),
        (None, false) => "?".to_string(),
    }
}

/// The share of its ceiling a job has used; no ceiling or no knowledge means no bar.
pub fn bar(canvas: &Canvas<'_>, job: &Job) -> String {
    let (Some(ceiling), Some(spent)) = (job.budget().micro_usd.filter(|n| *n > 0), used(job).micro_usd)
    else {
        return String::new();
    };
    let full = spent.saturating_mul(BAR as u64) / ceiling;
    let full = usize::try_from(full).unwrap_or(BAR).min(BAR);
    let times = |sign: Sign, n: usize| canvas.sign(sign).repeat(n);
    times(Sign::Full, full) + &times(Sign::Empty, BAR - full)
}

/// The sign and the colour of where a job stands; a parked one has its own sign.
pub fn stage_sign(canvas: &Canvas<'_>, job: &Job) -> Piece<'static> {
    let sign = match job.park.as_ref().map(|park| park.reason) {
        Some(ParkReason::Asked) => canvas.sign(Sign::Asks),
        Some(_) => canvas.sign(Sign::Parked),
        None => canvas.look().stage_sign(job.stage),
    };
    Piece::styled(sign, canvas.look().stage(job.stage))
}

/// `1 job`, `4 jobs`.
pub fn plural(n: usize, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

/// Where a job stands, as a word.
pub fn stage_word(job: &Job) -> &'static str {
    match (&job.park, job.stage) {
        (Some(_), _) => PARKED,
        (None, Stage::DeadLetter) => "dead",
        (None, stage) => stage.name(),
    }
}
