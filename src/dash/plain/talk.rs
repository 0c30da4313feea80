//! The conversation: what a typed line asks for, and what is said when the model has moved on. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::menu::{Menu, help, is_spoken, menu};
use super::words;
use crate::dash::keys::{ACTIONS, ActionRow, AgentDo, Do, Key, On, row_of};
use crate::dash::model::{
    Asked, GUARD, Gist, Health, Layer, Model, Pane, Place, Plan, Screen, Sheet, Then, Toast, later,
};
use crate::dash::msg::Msg;
use crate::dash::update::run_by_line;
use crate::dash::view::clean;
use crate::fleet::{Event, Job, State};
use crate::job::{BlobId, JobId, Seq};
use crate::time::Span;

/// How long a sheet waits for the size of its change before it is said without: a diff takes less, and whoever
/// decides must not be kept by a repository that does not answer. If it comes later, the sheet is said again.
const SIZE_WAIT: Span = Span::from_secs(5);

/// What is to be done for a line that was typed.
#[derive(Clone, Debug)]
pub enum Step {
    /// Prints a line.
    Say(String),
    /// Goes through the model.
    Msg(Msg),
    /// Runs a verb of the command line.
    Run(Vec<String>),
}

/// What was said so far.
pub struct Talk {
    verbs: Vec<String>,
    items: Vec<Then>,
    /// The state whose changes were told, and the last event of it.
    told: (Arc<State>, Seq),
    health: Health,
    /// The last word that was said, and how many messages there were.
    heard: (Option<Toast>, usize),
    /// Questions that were said.
    asked: BTreeSet<(JobId, BlobId)>,
    /// Where the model was when its menu was printed.
    at: Option<At>,
}

/// Enough of a place to know that its menu is another one.
#[derive(PartialEq, Eq)]
struct At {
    place: Place,
    job: Option<JobId>,
    layer: Option<(String, bool, usize)>,
    query: (String, bool),
    /// The row or the event that is chosen, of how many.
    spot: (usize, usize),
    /// A sheet says that it waits for the size of a change: what was printed cannot be filled in.
    sizing: bool,
}

impl Talk {
    /// Before anything was said; these verbs may be run from it.
    pub fn new(verbs: Vec<String>) -> Talk {
        let told = (Arc::default(), 0);
        Talk {
            verbs,
            items: Vec::new(),
            told,
            health: Health::Loading,
            heard: (None, 0),
            asked: BTreeSet::new(),
            at: None,
        }
    }

    /// What is new since the last time. The menu is said only when the model has settled, so that it is whole.
    pub fn tell(&mut self, model: &Model) -> Vec<String> {
        let mut lines = Vec::new();
        self.changes(model, &mut lines);
        self.word(model, &mut lines);
        if self.health != model.replica.health && self.at.is_some() {
            lines.push(format!("{} {}", words::clock(model.now.wall), words::head(model)));
            self.health = model.replica.health.clone();
        }
        let at = At::of(model);
        let turns = !model.pending() && sizing_until(model).is_none() && self.at.as_ref() != Some(&at);
        self.questions(model, turns, &mut lines);
        if turns {
            self.health = model.replica.health.clone();
            let Menu { lines: mut more, items } = menu(model);
            lines.append(&mut more);
            (self.items, self.at) = (items, Some(at));
        }
        lines
    }

    /// Jobs that got to another place.
    fn changes(&mut self, model: &Model, lines: &mut Vec<String>) {
        let replica = &model.replica;
        let (before, seen) =
            std::mem::replace(&mut self.told, (Arc::clone(&replica.state), replica.state.seq));
        // The first state is told by its menu.
        // What lies between two moments of the past, or the past and now, did not happen just now.
        let past = [&self.health, &replica.health].contains(&&Health::Replay);
        if self.at.is_none() || past || replica.state.seq == seen {
            return;
        }
        let mut named: Vec<(&JobId, &Event)> = Vec::new();
        for (seq, event) in &replica.events {
            let Some(id) = event.what.job().filter(|_| *seq > seen) else { continue };
            named.retain(|row| row.0 != id);
            named.push((id, event));
        }
        for (id, event) in named {
            let Some(job) = replica.state.job(id) else { continue };
            let place = |job: &Job| (job.stage, job.park.is_some());
            if before.job(id).is_some_and(|old| place(old) == place(job)) {
                continue;
            }
            let (at, stage, why) = (words::clock(event.at), words::stage(job), words::standing(model, job));
            let why = if why.is_empty() { why } else { format!(", {why}") };
            lines.push(format!("{at} {id} {stage}{why}, {}", clean(&job.spec.title)));
        }
    }

    /// What is asked is read after it is told that somebody asks. A menu that is about to be said has it.
    fn questions(&mut self, model: &Model, has_menu: bool, lines: &mut Vec<String>) {
        let state = &model.replica.state;
        let asking = model.lists.needs.iter().filter_map(|need| state.job(&need.job));
        for job in asking {
            let (Some(Gist::Question(_)), Some(blob)) = (model.gists.of(job), &job.asked) else { continue };
            let is_new = self.asked.insert((job.id.clone(), BlobId::clone(blob)));
            if let Some(text) = words::gist(model, job).filter(|_| is_new && !has_menu && self.at.is_some()) {
                lines.push(format!("{} {} asks you: {text}", words::clock(model.now.wall), job.id));
            }
        }
    }

    /// What was said about what was done.
    fn word(&mut self, model: &Model, lines: &mut Vec<String>) {
        let heard = (model.toast.clone(), model.messages.len());
        if heard == self.heard {
            return;
        }
        let toast = heard.0.as_ref().filter(|toast| self.heard.0.as_ref() != Some(*toast));
        // Of several words that came at once only the last stands in the row of the toast.
        let count = heard.1.saturating_sub(self.heard.1);
        let new = model.messages.iter().skip(heard.1 - count);
        for message in new.filter(|message| toast.is_none_or(|toast| toast.text != message.text)) {
            lines.push(format!("{} {}", words::clock(message.at), clean(&message.text)));
        }
        if let Some(toast) = toast {
            let undo = if toast.undo { ". undo takes it back" } else { "" };
            lines.push(format!("{} {}{undo}", words::clock(model.now.wall), clean(&toast.text)));
        }
        self.heard = heard;
    }

    /// When a line may be heard: a sheet does not listen in its first moments, nor before it was said. `None`: now.
    pub fn deaf_until(&self, model: &Model) -> Option<Span> {
        let opened = match model.layers.last()? {
            Layer::Sheet(sheet) => sheet.opened,
            Layer::Form(form) => form.opened,
            _ => return None,
        };
        let guard = Some(later(opened, GUARD)).filter(|at| *at > model.now.up);
        sizing_until(model).max(guard)
    }

    /// What a typed line asks for.
    pub fn hear(&mut self, model: &Model, line: &str) -> Vec<Step> {
        let line = line.trim();
        match model.layers.last() {
            Some(Layer::Sheet(sheet)) => answer(sheet, line),
            Some(Layer::Form(form)) => decide(&form.asked(model), line),
            Some(Layer::Filter(_) | Layer::Search(_) | Layer::Moment(_)) => fill(line),
            Some(Layer::Pick(_) | Layer::Help(_)) => match line.parse::<usize>() {
                Ok(number) => self.chosen(number, true),
                Err(_) if line.is_empty() => vec![Step::Msg(Msg::Key(Key::Esc))],
                Err(_) => vec![Step::Say(format!("{line} is no number; an empty line goes back"))],
            },
            // They are read out; whatever is typed next is meant for what lies under them.
            Some(Layer::Messages { .. } | Layer::Problems { .. }) => {
                let back = Step::Msg(Msg::Key(Key::Esc));
                std::iter::once(back).chain(self.command(model, line)).collect()
            }
            None => self.command(model, line),
        }
    }

    fn chosen(&mut self, number: usize, over: bool) -> Vec<Step> {
        let Some(then) = number.checked_sub(1).and_then(|at| self.items.get(at)).cloned() else {
            return vec![Step::Say(format!("there is no {number} in the last menu"))];
        };
        let close = over.then_some(Step::Msg(Msg::Key(Key::Esc)));
        close.into_iter().chain([Step::Msg(Msg::Chosen(then))]).collect()
    }

    /// A line where nothing lies over the screen: a number, an action, a job, or a verb.
    fn command(&mut self, model: &Model, line: &str) -> Vec<Step> {
        let mut parts = line.split_whitespace();
        let Some(first) = parts.next() else {
            self.at = None;
            return Vec::new();
        };
        let rest: Vec<&str> = parts.collect();
        if matches!(first, "?" | "help") && rest.is_empty() {
            return help(&self.verbs).into_iter().map(Step::Say).collect();
        }
        if first == "q" && rest.is_empty() {
            return vec![Step::Msg(Msg::Chosen(Then::Do(Do::Quit)))];
        }
        if let (Ok(number), []) = (first.parse(), rest.as_slice()) {
            return self.chosen(number, false);
        }
        // What the palette takes with a word, unless a verb reads it.
        let is_verb = self.verbs.iter().any(|verb| verb == first);
        if let Some(choice) = run_by_line(model, line).filter(|_| !is_verb) {
            return match choice.then {
                Then::Not(why) => vec![Step::Say(why)],
                then => vec![chosen(then)],
            };
        }
        let here = |row: &&ActionRow| !matches!(row.on, On::Screen(_)) || row.on.has(model.place());
        let named =
            |row: &&ActionRow| row.name == first && is_spoken(row) && (here(row) || is_for_list(row.does));
        let verb = self.verbs.iter().any(|verb| verb == first);
        // What takes no job leaves its words to the verb of that name.
        let takes = |row: &&ActionRow| rest.is_empty() || !verb || takes_jobs(row.does);
        if let Some(row) = ACTIONS.iter().filter(named).find(takes) {
            if let (Do::Agent(_), [word]) = (row.does, rest.as_slice()) {
                return self.agent(row.does, word);
            }
            let jobs: Result<Vec<JobId>, String> = rest.iter().map(|word| self.job(model, word)).collect();
            return match jobs {
                Ok(jobs) => self.action(model, row.does, jobs),
                Err(why) => vec![Step::Say(why)],
            };
        }
        if verb {
            return vec![Step::Run(self.words_of(model, first, &rest))];
        }
        if let Some(screen) = ACTIONS.iter().filter(|row| row.name == first).find_map(of_a_screen) {
            let goes = row_of(Do::Go(screen)).map_or("", |row| row.name);
            return vec![Step::Say(format!("{first} is done on {}: {goes} goes there", screen.name()))];
        }
        match self.job(model, first) {
            Ok(job) if rest.is_empty() => vec![Step::Msg(Msg::Chosen(Then::Open(job)))],
            _ => vec![Step::Say(format!(
                "{} is no number, action, verb or job; ? says them all",
                clean(first)
            ))],
        }
    }

    /// An action, on these jobs if any are named.
    fn action(&mut self, model: &Model, does: Do, jobs: Vec<JobId>) -> Vec<Step> {
        // Where nothing is left to go back from, that is said by saying the place again.
        if matches!(does, Do::Back | Do::Go(_)) {
            self.at = None;
        }
        if let (Do::Risk(_), [job]) = (does, jobs.as_slice()) {
            let Some(row) = model.risk.list.rows().iter().position(|row| row == job) else {
                return vec![Step::Say(format!("{job} is not at risk"))];
            };
            return vec![chosen(Then::Point(Pane::Risk, row)), chosen(Then::Do(does))];
        }
        // What arranges the list of jobs is of use only where that list is.
        let list = is_for_list(does).then_some(Step::Msg(Msg::Chosen(Then::Do(Do::Go(Screen::Jobs)))));
        let aim = (!jobs.is_empty()).then_some(Step::Msg(Msg::Aim(jobs)));
        list.into_iter().chain(aim).chain([Step::Msg(Msg::Chosen(Then::Do(does)))]).collect()
    }

    /// An action on the agent of a number.
    fn agent(&self, does: Do, word: &str) -> Vec<Step> {
        let item = word.parse::<usize>().ok().and_then(|nth| self.items.get(nth.checked_sub(1)?));
        match item {
            Some(then @ Then::Point(Pane::Fleet, _)) => vec![chosen(then.clone()), chosen(Then::Do(does))],
            _ => vec![Step::Say(format!("{} is no agent of the last menu", clean(word)))],
        }
    }

    /// A verb with numbers made names; a reading that names no job is about the one that is open.
    fn words_of(&self, model: &Model, verb: &str, rest: &[&str]) -> Vec<String> {
        const OF_A_JOB: [&str; 9] =
            ["show", "log", "diff", "events", "explain", "artifacts", "insights", "path", "graph"];
        let named = |word: &&str| match word.parse::<usize>() {
            Ok(_) => self.job(model, word).map_or_else(|_| (*word).to_string(), |job| job.to_string()),
            Err(_) => (*word).to_string(),
        };
        let mut words: Vec<String> =
            std::iter::once(verb.to_string()).chain(rest.iter().map(named)).collect();
        if let Some(page) = model.page.as_ref().filter(|_| rest.is_empty() && OF_A_JOB.contains(&verb)) {
            words.push(page.job.to_string());
        }
        words
    }

    /// The job of a number of the last menu, of a name, or of the beginning of one.
    fn job(&self, model: &Model, word: &str) -> Result<JobId, String> {
        if let Ok(number) = word.parse::<usize>() {
            return match number.checked_sub(1).and_then(|at| self.items.get(at)) {
                Some(Then::Open(job)) => Ok(job.clone()),
                _ => Err(format!("{number} is no job of the last menu")),
            };
        }
        let jobs = &model.replica.state.jobs;
        if let Some(id) = jobs.keys().find(|id| id.as_str() == word) {
            return Ok(id.clone());
        }
        let mut like = jobs.keys().filter(|id| id.as_str().starts_with(word));
        match (like.next(), like.next()) {
            (Some(id), None) => Ok(id.clone()),
            (Some(_), Some(_)) => Err(format!("{} is the beginning of several jobs", clean(word))),
            (None, _) => Err(format!("there is no job {}", clean(word))),
        }
    }
}

fn chosen(then: Then) -> Step {
    Step::Msg(Msg::Chosen(then))
}

/// The screen that an action is named for.
fn of_a_screen(row: &ActionRow) -> Option<Screen> {
    match row.on {
        On::Screen(screen) if is_spoken(row) => Some(screen),
        _ => None,
    }
}

/// Whether it arranges the list of jobs, wherever it is asked for.
fn is_for_list(does: Do) -> bool {
    matches!(does, Do::Filter | Do::Shipped | Do::Sort)
}

/// Whether jobs or agents can be named behind it.
fn takes_jobs(does: Do) -> bool {
    matches!(
        does,
        Do::Act(_)
            | Do::Edit
            | Do::Copy
            | Do::Watch
            | Do::Risk(_)
            | Do::Agent(AgentDo::Drain | AgentDo::Stop)
    )
}

/// A line for a sheet: its words while they are asked for, then the letter of an answer.
fn answer(sheet: &Sheet, line: &str) -> Vec<Step> {
    let key = |key| Step::Msg(Msg::Key(key));
    if sheet.words.as_ref().is_some_and(|words| words.writing) {
        return match line {
            "" => vec![key(Key::Esc)],
            words => vec![Step::Msg(Msg::Paste(words.to_string())), key(Key::Enter)],
        };
    }
    let mut letters = line.chars();
    match (letters.next(), letters.next()) {
        (None, _) => vec![key(Key::Esc)],
        // A diff is read by its verb; whoever has read it asks for the action again.
        (Some('D'), None) => match sheet.answers.iter().find(|it| it.key == 'D').map(|it| &it.plan) {
            Some(Plan::Look(job, _)) => {
                vec![key(Key::Esc), Step::Run(vec!["diff".to_string(), job.to_string()])]
            }
            _ => vec![Step::Say(format!("{line} is no answer; an empty line means {}", sheet.keep))],
        },
        (Some(letter), None) if letter == 'n' || sheet.answers.iter().any(|it| it.key == letter) => {
            vec![Step::Msg(Msg::Told), key(Key::Char(letter))]
        }
        _ => vec![Step::Say(format!("{line} is no answer; an empty line means {}", sheet.keep))],
    }
}

/// A line for a field of input.
fn fill(line: &str) -> Vec<Step> {
    let key = |key| Step::Msg(Msg::Key(key));
    match line {
        "" => vec![key(Key::Esc)],
        // What stood there before is replaced, not added to.
        text => vec![key(Key::Ctrl('u')), Step::Msg(Msg::Paste(text.to_string())), key(Key::Enter)],
    }
}

/// What a line means to a form: an option by its name, what its line wants, or yes.
fn decide(asked: &Asked, line: &str) -> Vec<Step> {
    let key = |key| Step::Msg(Msg::Key(key));
    for (options, step) in [(&asked.first, Key::Tab), (&asked.second, Key::Right)] {
        let Some(options) = options else { continue };
        if let Some(nth) = options.all.iter().position(|row| row.0.eq_ignore_ascii_case(line)) {
            let count = options.all.len();
            return (0..(nth + count - options.taken) % count).map(|_| key(step)).collect();
        }
    }
    match line {
        "yes" | "y" if asked.line.is_none() => vec![key(Key::Enter)],
        text if text.is_empty() || asked.line.is_some() => fill(text),
        text => vec![Step::Say(format!("{text} is none of the answers; an empty line changes nothing"))],
    }
}

/// Up to when the sheet on top is not said, because the size of its change is still being read.
fn sizing_until(model: &Model) -> Option<Span> {
    let Some(Layer::Sheet(sheet)) = model.layers.last() else { return None };
    let waits = !sheet.sizes.is_empty();
    waits.then(|| later(sheet.opened, SIZE_WAIT)).filter(|at| *at > model.now.up)
}

/// Where a person stands on a screen of the queue as a whole, and how much there is.
fn spot(model: &Model) -> (usize, usize) {
    match (&model.page, model.screen) {
        (None, Screen::Fleet) => {
            (model.fleet.at, model.fleet.host.here().map_or(0, |host| host.agents.len() + 1))
        }
        (None, Screen::Risk) => {
            let compares = model.risk.patch.as_ref().is_some_and(|patch| patch.text.here().is_some());
            (model.risk.order as usize, model.risk.list.rows().len() * 2 + usize::from(compares))
        }
        (None, Screen::Time) => {
            let differs = model.time.differs.as_ref().map_or(0, |rows| rows.len() + 1);
            let only = usize::from(model.time.only.is_some());
            (model.time.at.map_or(usize::MAX, |at| at.count), differs * 2 + only)
        }
        _ => (0, 0),
    }
}

impl At {
    fn of(model: &Model) -> At {
        let layer = model.layers.last().map(|layer| match layer {
            Layer::Filter(_) => ("filter".to_string(), false, 0),
            Layer::Search(_) => ("search".to_string(), false, 0),
            Layer::Moment(_) => ("moment".to_string(), false, 0),
            Layer::Pick(pick) | Layer::Help(pick) => (pick.title.clone(), false, pick.shown.len()),
            Layer::Sheet(sheet) => {
                let writing = sheet.words.as_ref().is_some_and(|words| words.writing);
                (sheet.head.clone(), writing, sheet.rows.len())
            }
            Layer::Form(form) => {
                let asked = form.asked(model);
                let taken = asked.first.iter().chain(&asked.second).map(|options| options.taken);
                (asked.head, asked.line.is_some(), taken.fold(asked.rows.len(), |sum, nth| sum * 8 + nth))
            }
            Layer::Messages { .. } => ("messages".to_string(), false, 0),
            Layer::Problems { of, .. } => (of.name.clone(), false, 0),
        });
        At {
            place: model.place(),
            job: model.page.as_ref().map(|page| page.job.clone()),
            layer,
            query: (model.jobs.query.clone(), model.jobs.shipped),
            spot: spot(model),
            sizing: matches!(model.layers.last(), Some(Layer::Sheet(sheet)) if !sheet.sizes.is_empty()),
        }
    }
}
