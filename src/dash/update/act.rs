//! Acting on jobs: what loses nothing is sent at once, the rest asks in a sheet first.
//!
//! A sheet is a row of `sheet_of`: its answers are plans, and a plan is decided on what was seen. To give an
//! action a sheet of its own, add an arm there; the framework asks, guards, and sends.

use super::several::{NAMED_MOST, SIZE_TO_COME, aside, each_of, head_of, in_lines, is_looked_at, sums_of};
use crate::dash::effect::{Effect, Want};
use crate::dash::keys::{Do, row_of, to_raise};
use crate::dash::model::{
    Answer, Answered, Deed, GistOf, Layer, Model, Patch, Place, Plan, Sheet, Tab, Target, Waiting, Words,
};
use crate::dash::theme::Sign;
use crate::fleet::{Action, Command, Job, Level, ParkReason};
use crate::insight::{counts, lawful, level_of, stakes};
use crate::job::{Budget, JobId, Rev, Role};

/// Does an action to the jobs that are meant: those the law lets.
pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Some(job) = to_raise(model).filter(|_| action == Action::Requeue).cloned() {
        return super::form::raise(model, &job);
    }
    let now = model.law_now();
    let can = |job: &std::sync::Arc<Job>| {
        !model.is_waiting(&job.id)
            && (action != Action::Park || job.park.is_none())
            && lawful(&model.replica.state, job, action, &model.me, now).is_ok()
    };
    let (jobs, others): (Vec<_>, Vec<_>) = model.targets().into_iter().cloned().partition(can);
    let jobs: Vec<&Job> = jobs.iter().map(|job| &**job).collect();
    let others: Vec<&Job> = others.iter().map(|job| &**job).collect();
    let hidden = model.hidden_marks();
    let unseen: Vec<&JobId> =
        jobs.iter().map(|job| &job.id).filter(|id| hidden.binary_search(id).is_ok()).collect();
    let level = jobs.iter().map(|job| level_of(action, job)).max().unwrap_or(Level::Reversible);
    // What cannot be seen is named first, whatever it costs.
    let at_once = level == Level::Reversible && unseen.is_empty();
    if action == Action::Ship && at_once {
        return send(model, Plan::Ship(heads(&jobs)), None);
    }
    if at_once {
        return send(model, Plan::Orders(action, deeds(action, &jobs)), None);
    }
    let mut sheet = sheet_of(model, action, level, &jobs);
    let told = aside(action, &jobs, &others, &unseen);
    sheet.sizes.iter_mut().for_each(|row| row.2 += told.len());
    sheet.rows.splice(0..0, told);
    super::several::without_the_rest(&mut sheet);
    let sizes: Vec<Effect> = sheet.sizes.iter().map(read_size).collect();
    if action == Action::Answer {
        let waits = model.look.sign(Sign::Waits).to_string();
        sheet.rows.insert(0, (super::layers::ASKS.to_string(), waits));
    }
    model.layers.push(Layer::Sheet(Box::new(sheet)));
    match (action, jobs.as_slice()) {
        (Action::Answer, [job]) => {
            let question = job.asked.as_deref().cloned().map(|blob| Want::Question(job.id.clone(), blob));
            question.map(Effect::Read).into_iter().collect()
        }
        _ => sizes,
    }
}

fn read_size(row: &(JobId, GistOf, usize)) -> Effect {
    Effect::Read(Want::Gist(row.0.clone(), row.1.clone()))
}

/// Takes back the last action. What stands in no log is no action to the log: what was done before it is not what
/// the person means.
pub fn undo(model: &mut Model) -> Vec<Effect> {
    if let Some(what) = model.unlogged {
        super::tell::say(
            model,
            Role::Wait,
            format!("{what} has no undo; what was done before it: aq undo"),
            "",
            false,
        );
        return Vec::new();
    }
    let ticket = ticket(model, None, Vec::new());
    vec![Effect::Undo { ticket }]
}

/// Does again what was undone last.
pub fn redo(model: &mut Model) -> Vec<Effect> {
    let ticket = ticket(model, None, Vec::new());
    vec![Effect::Redo { ticket }]
}

/// Sends what was said yes to; `words` are those of the sheet.
pub fn send(model: &mut Model, plan: Plan, words: Option<String>) -> Vec<Effect> {
    model.unlogged = None;
    match plan {
        Plan::Orders(action, deeds) => vec![orders(model, action, deeds, None)],
        Plan::Noted(action, deeds) => vec![orders(model, action, deeds, words)],
        Plan::Answer(target) => {
            let ticket = ticket(model, Some(Action::Answer), vec![target.job.clone()]);
            keep_words(model, ticket, words.as_ref());
            vec![Effect::Answer { ticket, target, text: words.unwrap_or_default() }]
        }
        Plan::Ship(all) => ships(model, all),
        Plan::Queue(command, past, undo) => {
            let ticket = ticket(model, None, Vec::new());
            vec![Effect::Order { ticket, command: *command, past, undo }]
        }
        Plan::Rescue(jobs) => super::risk::rescued(model, jobs),
        Plan::Agents(deed) => super::fleet::sent(model, deed),
        Plan::LetGo(jobs) => {
            let ticket = ticket(model, None, jobs.clone());
            model.unlogged = Some("let-go");
            vec![Effect::LetGo { ticket, jobs }]
        }
        Plan::Readmit(name) => vec![Effect::Readmit(name)],
        Plan::Ceiling => super::form::ceiling(model),
        Plan::Look(job, tab) => super::go::page(model, job, tab),
    }
}

/// Of the marks those are left that something is done to; what is done loses its own.
fn only_marked(model: &mut Model, jobs: &[JobId]) {
    if jobs.iter().any(|job| model.marks.contains(job)) {
        let acted: std::collections::HashSet<&JobId> = jobs.iter().collect();
        model.marks.retain(|job| acted.contains(job));
    }
}

/// A ship is asked for alone; several that one person said yes to are told as one.
fn ships(model: &mut Model, all: Vec<(Target, Option<Rev>)>) -> Vec<Effect> {
    let jobs: Vec<JobId> = all.iter().map(|row| row.0.job.clone()).collect();
    only_marked(model, &jobs);
    let batch = (all.len() > 1).then_some(model.ticket + 1);
    if let Some(first) = batch {
        model.batches.insert(first, Answered { left: all.len(), ..Answered::default() });
    }
    let ship = |(target, rev): (Target, Option<Rev>)| {
        let ticket = ticket(model, Some(Action::Ship), vec![target.job.clone()]);
        if let Some(waiting) = model.waiting.get_mut(&ticket) {
            waiting.batch = batch;
        }
        Effect::Ship { ticket, target, rev }
    };
    all.into_iter().map(ship).collect()
}

fn orders(model: &mut Model, action: Action, deeds: Vec<Deed>, note: Option<String>) -> Effect {
    let jobs: Vec<JobId> = deeds.iter().map(|deed| deed.target.job.clone()).collect();
    only_marked(model, &jobs);
    model.unlogged = None;
    let ticket = ticket(model, Some(action), jobs);
    keep_words(model, ticket, note.as_ref());
    Effect::Act { ticket, action, deeds, note }
}

/// What a person wrote is kept until it is done: told with why it was not, it can be copied.
fn keep_words(model: &mut Model, ticket: u64, words: Option<&String>) {
    if let Some(waiting) = model.waiting.get_mut(&ticket) {
        waiting.words = words.filter(|words| !words.is_empty()).cloned();
    }
}

/// The number of a new action, whose jobs show from now on that an answer is waited for.
pub fn ticket(model: &mut Model, action: Option<Action>, jobs: Vec<JobId>) -> u64 {
    model.ticket += 1;
    model.waiting.insert(model.ticket, Waiting { action, jobs, words: None, batch: None });
    model.ticket
}

fn target(job: &Job) -> Target {
    Target { job: job.id.clone(), from: (job.stage, job.epoch) }
}

/// Jobs, each with the revision that was looked at.
fn heads(jobs: &[&Job]) -> Vec<(Target, Option<Rev>)> {
    jobs.iter().map(|job| (target(job), job.head.as_ref().and_then(|head| head.rev.clone()))).collect()
}

fn deeds(action: Action, jobs: &[&Job]) -> Vec<Deed> {
    let deed = |job: &&Job| Some(Deed { target: target(job), command: command(action, job)? });
    jobs.iter().filter_map(deed).collect()
}

/// What is asked of the law; answers and ships go another way.
fn command(action: Action, job: &Job) -> Option<Command> {
    let id = job.id.clone();
    Some(match action {
        Action::Approve => {
            let rev = job.head.as_ref().and_then(|head| head.rev.clone());
            Command::Review { job: id, approve: true, rev }
        }
        Action::Reject => Command::Reject { job: id, requeue: false },
        Action::Promote => Command::Promote { job: id },
        Action::Requeue => Command::Requeue { job: id, raised: Budget::default(), from: None, park: None },
        Action::Redrive => Command::Redrive { job: id },
        Action::Cancel => Command::Cancel { job: id },
        Action::Park => Command::Park { job: id, until: None, reason: ParkReason::Operator },
        Action::Unpark => Command::Unpark { job: id },
        Action::Preempt => Command::Preempt { job: id },
        Action::Answer | Action::Ship | Action::Review => return None,
    })
}

/// The sheet of an action: the common part, and what this action adds.
fn sheet_of(model: &Model, action: Action, level: Level, jobs: &[&Job]) -> Sheet {
    let name = action.name();
    let title = name.get(..1).unwrap_or_default().to_uppercase() + name.get(1..).unwrap_or_default();
    let decides = matches!(action, Action::Approve | Action::Promote | Action::Ship);
    let mut sizes = Vec::new();
    let (head, about, rows) = match jobs {
        [job] => {
            let age = model.law_now().law.since(job.since).age();
            let rows = stakes(action, &model.replica.state, job, model.law_now().law);
            let rows = rows.into_iter().map(|(label, text)| (label.to_string(), text));
            let mut change: Vec<(String, String)> = change_of(model, job).collect();
            if let Some(of) = head_of(job).filter(|_| decides && change.is_empty()) {
                change.push(("change".to_string(), SIZE_TO_COME.to_string()));
                sizes.push((job.id.clone(), of, 0));
            }
            let rows = change.into_iter().chain(rows).collect();
            (format!("{title} {}?", job.id), format!("{}, {} {age}", job.spec.title, job.stage), rows)
        }
        _ if decides => {
            let rows = each_of(model, action, jobs, &mut sizes);
            (format!("{title} {} jobs?", jobs.len()), counts(jobs), rows)
        }
        _ => {
            let mut rows: Vec<(String, String)> = jobs
                .iter()
                .take(NAMED_MOST)
                .map(|job| (job.stage.to_string(), format!("{} {}", job.id, job.spec.title)))
                .collect();
            if jobs.len() > NAMED_MOST {
                rows.push((String::new(), format!("and {} more", jobs.len() - NAMED_MOST)));
            }
            rows.extend(sums_of(model, action, jobs));
            (format!("{title} {} jobs?", jobs.len()), counts(jobs), rows)
        }
    };
    let runs = row_of(Do::Act(action)).and_then(|row| row.runs(model)).unwrap_or_default();
    let (keep, mut answers, mut words) = answers_of(action, jobs);
    if decides && jobs.len() > 1 && jobs.iter().any(|job| !is_looked_at(model, job)) {
        words = Some(Words::number("not all opened; type their number", jobs.len()));
    }
    // Who stands before the diff need not be led there.
    answers.retain(|answer| answer.key != 'D' || model.place() != Place::Page(Tab::Diff));
    Sheet {
        head,
        about,
        rows,
        runs: with_from(runs, action, jobs),
        answers,
        keep,
        words,
        level,
        sizes,
        ..Sheet::new(model.now.up)
    }
}

/// The change in figures, where it is in sight, and before them what would be read over in it.
fn change_of(model: &Model, job: &Job) -> impl Iterator<Item = (String, String)> {
    let page = model.page.as_ref().filter(|page| page.job == job.id && page.tab == Tab::Diff);
    let patch = page.filter(|page| page.diff.seen().is_some()).and_then(|page| page.diff.patch.here());
    let hidden = patch.and_then(|patch| hidden(patch.hidden)).map(|text| ("hides".to_string(), text));
    hidden.into_iter().chain(patch.map(|patch| ("change".to_string(), figures(patch))))
}

/// What would be read over in a change.
fn hidden(lines: usize) -> Option<String> {
    let lines = match lines {
        0 => return None,
        1 => "1 line".to_string(),
        n => format!("{n} lines"),
    };
    Some(format!("characters: {lines} with what a terminal obeys or does not draw; the diff marks them"))
}

fn figures(patch: &Patch) -> String {
    let ((plus, minus), files) = (patch.sums(), patch.files.len());
    let outside = match patch.outside.as_deref() {
        Some([first, more @ ..]) => {
            let more = if more.is_empty() { String::new() } else { format!(" +{}", more.len()) };
            format!("; outside the allowed scope: {first}{more}")
        }
        Some([]) | None => String::new(),
    };
    let files = if files == 1 { "1 file".to_string() } else { format!("{files} files") };
    format!("+{plus} -{minus} in {files}{outside}")
}

/// The command line says what it was decided on, as the order does.
fn with_from(runs: String, action: Action, jobs: &[&Job]) -> String {
    let [job] = jobs else { return in_lines(&runs) };
    match action {
        Action::Approve | Action::Ship => runs,
        _ => format!("{runs} --from {}@{}", job.stage, job.epoch),
    }
}

/// What keeping things is called, the answers, and the words that are asked for.
fn answers_of(action: Action, jobs: &[&Job]) -> (&'static str, Vec<Answer>, Option<Words>) {
    let all = |action| deeds(action, jobs);
    let it = if jobs.len() > 1 { "them" } else { "it" };
    let yes = |label: &str, plan: Plan| Answer { key: 'y', label: label.to_string(), plan };
    let look = || match jobs {
        [job] => Some(Answer {
            key: 'D',
            label: "look at the diff".to_string(),
            plan: Plan::Look(job.id.clone(), Tab::Diff),
        }),
        _ => None,
    };
    match action {
        Action::Cancel => {
            let mut answers = vec![yes(&format!("cancel {it}"), Plan::Orders(action, all(action)))];
            let parks = |job: &&Job| job.park.is_none() && Action::Park.row().from.contains(&job.stage);
            if jobs.iter().all(parks) {
                let plan = Plan::Orders(Action::Park, all(Action::Park));
                answers.push(Answer { key: 'p', label: "park instead".to_string(), plan });
            }
            (if jobs.len() > 1 { "keep them" } else { "keep it" }, answers, None)
        }
        Action::Ship => {
            let plan = Plan::Ship(heads(jobs));
            let answers = std::iter::once(yes(&format!("ship {it}"), plan)).chain(look()).collect();
            ("not now", answers, None)
        }
        Action::Approve | Action::Promote => {
            let plan = Plan::Orders(action, all(action));
            let label = format!("{} {it}", action.name());
            ("not now", std::iter::once(yes(&label, plan)).chain(look()).collect(), None)
        }
        Action::Reject => {
            let again = |deed: Deed| Deed {
                command: Command::Reject { job: deed.target.job.clone(), requeue: true },
                ..deed
            };
            let requeue = all(action).into_iter().map(again).collect();
            let mut answers = vec![yes(&format!("reject {it}"), Plan::Noted(action, all(action)))];
            answers.push(Answer {
                key: 'r',
                label: "reject and try again".to_string(),
                plan: Plan::Noted(action, requeue),
            });
            ("keep it", answers, Some(Words::new("your words, for whoever works on it next")))
        }
        Action::Answer => {
            let plans = jobs.first().map(|job| yes("answer it", Plan::Answer(target(job))));
            ("not now", plans.into_iter().collect(), Some(Words::new("your answer")))
        }
        _ => {
            let plan = Plan::Orders(action, all(action));
            (
                if jobs.len() > 1 { "leave them" } else { "leave it" },
                vec![yes(&format!("{} {it}", action.name()), plan)],
                None,
            )
        }
    }
}
