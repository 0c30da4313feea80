//! Lines of the palette that take a word: `at 11:20`, `filter stage:building`, `explain JOB`, `save NAME`.

use std::sync::Arc;

use super::{go, jobs, tell, time};
use crate::dash::effect::Effect;
use crate::dash::model::{Choice, Memo, Model, NAME_MOST, SavedView, Screen, Tab, Then, VIEWS_MOST, plain};
use crate::fleet::Job;
use crate::insight::parse_filter;
use crate::job::{JobId, Role};
use crate::time::Stamp;

/// One such line: its first word, what it takes, what it does.
struct LineRow {
    name: &'static str,
    takes: &'static str,
    does: &'static str,
    then: fn(&Model, &str) -> Result<Then, String>,
}

/// The word that takes a job.
const EXPLAIN: &str = "explain";

const LINES: [LineRow; 4] = [
    LineRow { name: "at", takes: "TIME", does: "goes to that time", then: at },
    LineRow { name: "filter", takes: "FILTER", does: "filters the list of jobs", then: filter },
    LineRow { name: EXPLAIN, takes: "JOB", does: "why it stands where it stands", then: explain },
    LineRow { name: "save", takes: "NAME", does: "keeps filter, order and columns as a view", then: save },
];

fn at(model: &Model, word: &str) -> Result<Then, String> {
    match Stamp::read_past(word.trim_start_matches(['-', '−']), model.now.wall) {
        Some(_) => Ok(Then::At(word.to_string())),
        None => Err("write 11:20, 44m or 2026-10-02T12:04:27Z".to_string()),
    }
}

fn filter(_: &Model, words: &str) -> Result<Then, String> {
    match parse_filter(&[words.to_string()]) {
        Ok(_) => Ok(Then::Filter(words.to_string())),
        Err(no) => Err(format!("{}: {}", no.term, no.why)),
    }
}

fn explain(model: &Model, word: &str) -> Result<Then, String> {
    let id = JobId::from(word);
    match model.job(&id) {
        Some(_) => Ok(Then::Tab(id, Tab::Explain)),
        None => Err(format!("no job is called {word}")),
    }
}

fn save(model: &Model, name: &str) -> Result<Then, String> {
    let name = plain(name, usize::MAX);
    if name.chars().count() > NAME_MOST {
        return Err(format!("a name has at most {NAME_MOST} letters"));
    }
    match model.recall.view(&name).is_none() && model.recall.views.len() >= VIEWS_MOST {
        true => Err(format!("{VIEWS_MOST} views are the most: delete one first")),
        false => Ok(Then::Save(name)),
    }
}

/// The row of a line and what stands behind its first word.
fn parts(text: &str) -> Option<(&'static LineRow, &str)> {
    let (name, rest) = text.trim_start().trim_start_matches(':').split_once(' ')?;
    LINES.iter().find(|row| row.name == name).map(|row| (row, rest.trim()))
}

/// The beginnings of the lines; whoever chooses one writes on.
pub fn begun() -> impl Iterator<Item = Choice> {
    LINES.iter().map(|row| {
        let label = format!("{} {}", row.name, row.takes);
        Choice::of(label, row.does, Then::Type(format!("{} ", row.name)))
    })
}

/// What a line that is written out stands for; one that cannot be run says why.
pub fn run_by_line(model: &Model, text: &str) -> Option<Choice> {
    line(model, text).or_else(|| wrong(model, text))
}

/// A line that can be run as it stands.
pub fn line(model: &Model, text: &str) -> Option<Choice> {
    if let Some(name) = text.trim().strip_prefix("view ") {
        return model.recall.view(name.trim()).and_then(|view| of_view(view).next());
    }
    let (row, rest) = parts(text).filter(|parts| !parts.1.is_empty())?;
    let then = (row.then)(model, rest).ok()?;
    Some(told(row, rest, then))
}

/// A line that is written, and cannot be run: it says why, until it is written on.
pub fn wrong(model: &Model, text: &str) -> Option<Choice> {
    let (row, rest) = parts(text)?;
    let why = match rest {
        "" => format!("{} {}: {}", row.name, row.takes, row.does),
        // While a name is being written jobs are offered by it.
        _ if row.name == EXPLAIN => return None,
        rest => (row.then)(model, rest).err()?,
    };
    Some(told(row, rest, Then::Not(why)))
}

fn told(row: &LineRow, rest: &str, then: Then) -> Choice {
    let runs = match &then {
        Then::Tab(job, _) => format!("aq explain {job}"),
        Then::Filter(text) => format!("aq ls {}", quoted(text)),
        Then::At(text) => format!("aq show JOB --at {text}"),
        _ => String::new(),
    };
    Choice { runs, ..Choice::of(row.name.to_string(), format!("{rest}  {}", row.does), then) }
}

/// Words as a shell takes them.
fn quoted(text: &str) -> String {
    let word = |word: &str| match word.chars().all(|c| c.is_alphanumeric() || "_-.:,/@+=".contains(c)) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// Whether a line is being written that takes no job: then none is offered.
pub fn is_begun(text: &str) -> bool {
    parts(text).is_some_and(|(row, _)| row.name != EXPLAIN)
}

/// The beginning of a job's name behind the word that takes one.
pub fn job_of(text: &str) -> Option<&str> {
    parts(text).filter(|(row, rest)| row.name == EXPLAIN && !rest.is_empty()).map(|parts| parts.1)
}

/// A job that was found.
pub fn of_job(job: &Arc<Job>, explains: bool) -> Choice {
    let note = format!("{} {}", job.stage, job.spec.title);
    let (verb, then) = match explains {
        true => ("explain", Then::Tab(job.id.clone(), Tab::Explain)),
        false => ("show", Then::Open(job.id.clone())),
    };
    Choice { runs: format!("aq {verb} {}", job.id), ..Choice::of(job.id.to_string(), note, then) }
}

/// A saved view: to look at, and to delete.
pub fn of_view(view: &SavedView) -> impl Iterator<Item = Choice> + use<> {
    let down = if view.down { "-" } else { "" };
    let filter = if view.filter.is_empty() { String::new() } else { format!(" {}", quoted(&view.filter)) };
    let runs = format!("aq ls{filter} --sort={down}{}", view.sort);
    let opens = Choice::of(format!("view {}", view.name), view.words(), Then::View(view.name.clone()));
    let goes = Choice::of(
        format!("delete view {}", view.name),
        "what it shows stays",
        Then::DeleteView(view.name.clone()),
    );
    [Choice { runs, ..opens }, goes].into_iter()
}

/// Runs what a line stands for.
pub fn run(model: &mut Model, then: Then) -> Vec<Effect> {
    match then {
        Then::At(text) => {
            let mut effects = go::screen(model, Screen::Time);
            effects.extend(wind_to(model, &text));
            effects
        }
        Then::Filter(text) => {
            let effects = go::screen(model, Screen::Jobs);
            jobs::query(model, &text, false);
            effects
        }
        Then::Save(name) => {
            let view = present(model, name);
            let text = format!("saved as the view {}: {}", view.name, view.words());
            tell::say(model, Role::Good, text, ": view opens it", false);
            remember(model, Memo::Save(view))
        }
        Then::View(name) => open(model, &name),
        Then::DeleteView(name) => {
            let was = model.recall.view(&name).map(SavedView::words).unwrap_or_default();
            tell::say(model, Role::Neutral, format!("deleted the view {name}: {was}"), "", false);
            remember(model, Memo::Delete(name))
        }
        _ => Vec::new(),
    }
}

/// To a moment; while the log is still being read it is kept and gone to once it is there.
fn wind_to(model: &mut Model, text: &str) -> Vec<Effect> {
    if model.time.recording.here().is_none() {
        model.time.then = Some(text.to_string());
        return Vec::new();
    }
    time::go_to(model, text).unwrap_or_else(|why| {
        tell::say(model, Role::Wait, why, "", false);
        Vec::new()
    })
}

/// How the list of jobs is looked at now.
fn present(model: &Model, name: String) -> SavedView {
    let it = &model.jobs;
    let hidden = it.hidden.iter().map(|of| crate::dash::model::column(*of).name.to_string()).collect();
    SavedView {
        name,
        filter: it.query.clone(),
        sort: it.sort.by.name.to_string(),
        down: it.sort.down,
        hidden,
        shipped: it.shipped,
        board: it.board.on,
    }
}

/// Looks at the list of jobs by a saved view.
fn open(model: &mut Model, name: &str) -> Vec<Effect> {
    let Some(view) = model.recall.view(name).cloned() else {
        tell::say(model, Role::Wait, format!("there is no view {name} any more"), "", false);
        return Vec::new();
    };
    let effects = go::screen(model, Screen::Jobs);
    jobs::query(model, &view.filter, false);
    let it = &mut model.jobs;
    (it.sort.by, it.sort.down) = (view.column(), view.down);
    (it.hidden, it.shipped) = (view.hidden(), view.shipped);
    it.changed = true;
    model.outdated = true;
    if model.jobs.board.on != view.board {
        drop(jobs::board(model));
    }
    tell::say(model, Role::Neutral, format!("the view {name}: {}", view.words()), "", false);
    effects
}

/// Keeps something for the next start.
pub fn remember(model: &mut Model, memo: Memo) -> Vec<Effect> {
    model.recall.take(memo.clone());
    vec![Effect::Remember(memo)]
}
