//! Numbered menus: what waits, the jobs, the actions for one job, a choice, a sheet. What a number means is what
//! was printed last.

use super::{screens, words};
use crate::dash::keys::{ACTIONS, ActionRow, Do, Group, On, Wind};
use crate::dash::model::{Asked, Layer, Model, Pick, Screen, Sheet, Then};
use crate::dash::view::{clean, marked};
use crate::fleet::Job;
use crate::job::JobId;

/// Jobs in one list; whoever wants more narrows it with a filter.
const JOBS_MOST: usize = 50;
/// Messages read out.
const MESSAGES_SAID: usize = 20;

/// Lines, and what their numbers mean.
#[derive(Default)]
pub struct Menu {
    /// To print.
    pub lines: Vec<String>,
    /// By number, from 1.
    pub items: Vec<Then>,
}

impl Menu {
    /// A line to print.
    pub fn line(&mut self, text: impl Into<String>) {
        self.lines.push(text.into());
    }

    /// A line with a number, and what the number means.
    pub fn item(&mut self, text: &str, then: Then) {
        self.items.push(then);
        self.lines.push(format!("{:>2} {text}", self.items.len()));
    }

    fn jobs(&mut self, model: &Model, head: &str, ids: &[JobId]) {
        if ids.is_empty() {
            return;
        }
        self.line(head);
        for job in ids.iter().take(JOBS_MOST).filter_map(|id| model.job(id)) {
            self.item(&words::job(model, job), Then::Open(job.id.clone()));
        }
        if ids.len() > JOBS_MOST {
            self.line(format!("   and {} more: filter narrows the list", ids.len() - JOBS_MOST));
        }
    }
}

/// The menu of where the model is.
pub fn menu(model: &Model) -> Menu {
    let mut it = Menu::default();
    match (model.layers.last(), &model.page, model.screen) {
        (Some(layer), ..) => of_layer(&mut it, model, layer),
        (None, Some(page), _) => match model.job(&page.job) {
            Some(job) => of_job(&mut it, model, job),
            None => it.line(format!("{} is not in this queue any more. back goes on", page.job)),
        },
        (None, None, Screen::Jobs) => of_jobs(&mut it, model),
        (None, None, Screen::Fleet) => screens::fleet(&mut it, model),
        (None, None, Screen::Budget) => screens::budget(&mut it, model),
        (None, None, Screen::Time) => screens::time(&mut it, model),
        (None, None, Screen::Risk) => screens::risk(&mut it, model),
        (None, None, _) => overview(&mut it, model),
    }
    it
}

fn overview(it: &mut Menu, model: &Model) {
    it.line(format!("{} {}", words::clock(model.now.wall), words::head(model)));
    let needs: Vec<JobId> = model.lists.needs.iter().map(|need| need.job.clone()).collect();
    it.jobs(model, "Needs you", &needs);
    it.jobs(model, "Waits for ship", &model.lists.to_ship);
    it.jobs(model, "Running", &model.lists.running);
    if it.items.is_empty() {
        it.line("Nothing needs you and nothing runs. jobs lists them all");
    }
    it.line(PROMPT);
}

fn of_jobs(it: &mut Menu, model: &Model) {
    let ids = &model.lists.jobs;
    let query = clean(&model.jobs.query);
    let by = if query.is_empty() { String::new() } else { format!(" by the filter {query}") };
    it.line(format!("Jobs{by}: {}", ids.len()));
    it.jobs(model, "In their order", ids);
    if model.lists.hidden > 0 {
        it.line(format!("   {} shipped are not shown; shipped shows them", model.lists.hidden));
    }
    it.line(PROMPT);
}

/// A job, and what can be done to it.
fn of_job(it: &mut Menu, model: &Model, job: &Job) {
    it.line(words::job(model, job));
    let mut off = Vec::new();
    let about_jobs = |row: &&ActionRow| matches!(row.on, On::Jobs);
    for row in ACTIONS.iter().filter(|row| row.group == Group::Act && is_spoken(row)).filter(about_jobs) {
        match (row.off)(model) {
            Ok(()) => {
                let runs = row.runs(model).map(|line| format!(" ({line})")).unwrap_or_default();
                it.item(&format!("{}: {}{runs}", row.name, row.title), Then::Do(row.does));
            }
            Err(_) => off.push(row.name),
        }
    }
    if !off.is_empty() {
        it.line(format!("Off now, its name says why: {}", off.join(", ")));
    }
    it.line("Read it: show, log, diff, events, explain. back goes on");
    it.line(PROMPT);
}

fn of_layer(it: &mut Menu, model: &Model, layer: &Layer) {
    match layer {
        Layer::Filter(_) => it.line("Filter; an empty line shows all >"),
        Layer::Search(_) => it.line("Text to search for; an empty line goes back >"),
        Layer::Moment(_) => it.line("The moment to look at; an empty line goes back >"),
        Layer::Pick(pick) | Layer::Help(pick) => of_pick(it, model, pick),
        Layer::Sheet(sheet) => of_sheet(it, sheet),
        Layer::Form(form) => of_form(it, &form.asked(model)),
        Layer::Problems { of, .. } => of.problems.lines().for_each(|line| it.line(clean(line))),
        Layer::Messages { .. } => {
            it.line(format!("Messages: {}", model.messages.len()));
            for message in model.messages.iter().rev().take(MESSAGES_SAID) {
                let more = clean(&message.more);
                let more = if more.is_empty() { more } else { format!(" ({more})") };
                it.line(format!("{} {}{more}", words::clock(message.at), clean(&message.text)));
            }
            let acts = model.done.here().map_or(&[][..], |rows| rows.as_slice());
            it.line(format!("What people did: {}", acts.len()));
            for act in acts.iter().take(MESSAGES_SAID) {
                let undo = if act.undo.is_ok() { ", can be undone" } else { "" };
                let (at, by) = (words::clock(act.at), clean(&act.by));
                it.line(format!("{at} {by}: {} {}{undo}", act.verb, clean(&act.targets)));
            }
        }
    }
}

fn of_pick(it: &mut Menu, model: &Model, pick: &Pick) {
    it.line(clean(&pick.title));
    for choice in pick.shown.iter().filter_map(|i| pick.all.get(*i)) {
        let off = choice.off(model).map(|why| format!(", off: {}", clean(&why))).unwrap_or_default();
        it.item(&format!("{}: {}{off}", clean(&choice.label), clean(&choice.note)), choice.then.clone());
    }
    it.line("Number; an empty line goes back >");
}

fn of_form(it: &mut Menu, asked: &Asked) {
    it.line(marked(&asked.head));
    for (label, text) in &asked.rows {
        it.line(format!("   {label}: {}", marked(text)));
    }
    for options in asked.first.iter().chain(&asked.second) {
        it.line(format!("   {}, one of these words:", options.label));
        for (nth, (name, does)) in options.all.iter().enumerate() {
            let taken = if nth == options.taken { ", taken" } else { "" };
            let does = if does.is_empty() { String::new() } else { format!(": {does}") };
            it.line(format!("     {name}{does}{taken}"));
        }
    }
    if !asked.runs.is_empty() {
        it.line(format!("   Runs as: {}", marked(&asked.runs)));
    }
    match &asked.line {
        Some(line) => it.line(format!("{}; an empty line changes nothing >", marked(line))),
        None => it.line("yes; an empty line changes nothing >"),
    }
}

fn of_sheet(it: &mut Menu, sheet: &Sheet) {
    it.line(marked(&sheet.head));
    it.line(format!("   {}", marked(&sheet.about)));
    for (label, text) in &sheet.rows {
        // What a job asks may be long: every line of it is said.
        for line in text.lines() {
            let label = if label.is_empty() { String::new() } else { format!("{}: ", marked(label)) };
            it.line(format!("   {label}{}", marked(line)));
        }
    }
    if !sheet.runs.is_empty() {
        sheet.runs.lines().for_each(|line| it.line(format!("   Runs as: {}", marked(line))));
    }
    match sheet.words.as_ref().filter(|words| words.writing) {
        Some(words) => it.line(format!("{}, in one line; an empty line means {} >", words.label, sheet.keep)),
        None => {
            let each = |answer: &crate::dash::model::Answer| format!("{} {}", answer.key, answer.label);
            let all: Vec<String> = sheet.answers.iter().map(each).collect();
            it.line(format!("{}; n or an empty line: {} >", all.join(", "), sheet.keep));
        }
    }
}

/// What is asked for at the end of a menu.
pub const PROMPT: &str = "Number, verb, or ? >";

const ON_GRAPH: On = On::Screen(Screen::Graph);

/// Whether an action means something in words: what moves a cursor or arranges a screen does not.
pub fn is_spoken(row: &ActionRow) -> bool {
    // A text is read by its verb, which searches better than lines that were said.
    let of_a_text = matches!(row.on, On::Tab(_));
    let means = matches!(
        row.does,
        Do::Act(_)
            | Do::Edit
            | Do::Undo
            | Do::Redo
            | Do::Copy
            | Do::Watch
            | Do::Next
            | Do::Back
            | Do::Leave
            | Do::Quit
            | Do::Filter
            | Do::Shipped
            | Do::Sort
            | Do::Messages
            | Do::Reconnect
            | Do::Go(_)
            | Do::Agent(_)
            | Do::Queue(_)
            | Do::Risk(_)
            | Do::Wind(
                Wind::Step { .. }
                    | Wind::Minute { .. }
                    | Wind::Landmark { .. }
                    | Wind::Moment
                    | Wind::Only
                    | Wind::Differs
                    | Wind::Live
            )
    );
    // Rails are no words: the verb tells the graph.
    means && !of_a_text && row.does != Do::Go(Screen::Graph) && row.on != ON_GRAPH
}

/// Help: the actions by name, then the verbs.
pub fn help(verbs: &[String]) -> Vec<String> {
    let mut lines =
        vec!["Actions, with a number or a job's name behind them where they are about one:".to_string()];
    for row in ACTIONS.iter().filter(|row| is_spoken(row)) {
        let at =
            if let On::Screen(screen) = row.on { format!(", on {}", screen.name()) } else { String::new() };
        lines.push(format!("   {}: {}{at}", row.name, row.title));
    }
    lines.push("A number opens what stands behind it. An empty line says again where you are.".to_string());
    lines.push(format!("Verbs of the command line: {}", verbs.join(", ")));
    lines.push(PROMPT.to_string());
    lines
}
