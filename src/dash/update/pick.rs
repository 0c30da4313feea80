//! Choices: `.`, help, sort, columns and copy, all one list that is narrowed and taken from; the palette is one too.

use super::palette::{self, narrow};
use super::{field, go, graph, jobs, lines, log, root, tell};
use crate::dash::effect::Effect;
use crate::dash::keys::{ACTIONS, ActionRow, Do, GROUPS, Group, Key, Motion, row_of};
use crate::dash::model::{COLUMNS, Choice, Layer, Model, Pane, Pick, Place, Screen, Tab, Then, engine_of};
use crate::fleet::Job;
use crate::job::{Rev, Role};

/// What a key did.
pub enum After {
    /// Nothing is taken yet.
    Stay,
    /// Nothing was taken.
    Gone,
    /// This was taken.
    Chosen(Then),
}

/// A key while the choice is up.
pub fn key(model: &Model, pick: &mut Pick, key: Key) -> After {
    let typed = pick.field.is_some();
    let height = model.drawn.window(Pane::Palette).height.max(1);
    match key {
        Key::Esc => return After::Gone,
        Key::Char('q') if !typed => return After::Gone,
        Key::Enter => return take(model, pick),
        Key::Tab if typed => {
            if let Some(line) = pick.chosen().map(Choice::line) {
                set(model, pick, &line);
            }
            return After::Stay;
        }
        Key::Up | Key::Down if palette::recalls(model, pick, key == Key::Up) => return After::Stay,
        _ => {}
    }
    if let Some(motion) = motion_of(key, typed) {
        pick.at = go::moved(pick.at, motion, height, pick.shown.len().saturating_sub(1));
        return After::Stay;
    }
    if let Some(field) = &mut pick.field {
        field::edit(&mut field.input, key);
        pick.past = None;
        narrow(model, pick);
        return After::Stay;
    }
    // Without a field a letter is the key that the row has elsewhere.
    let sign = key.to_string();
    let own = pick.all.iter().find(|choice| choice.key == sign && !sign.is_empty());
    own.map_or(After::Stay, |choice| After::Chosen(choice.then.clone()))
}

/// Takes the row under the cursor; one that is only the beginning of a line is written on.
fn take(model: &Model, pick: &mut Pick) -> After {
    match pick.chosen().map(|choice| choice.then.clone()) {
        None => After::Stay,
        Some(Then::Type(text)) => {
            set(model, pick, &text);
            After::Stay
        }
        Some(then) => After::Chosen(then),
    }
}

/// The motion of a key in a list; where text is typed, letters are letters.
pub fn motion_of(key: Key, typed: bool) -> Option<Motion> {
    let named = match key {
        Key::Down | Key::Ctrl('n') => Motion::Down,
        Key::Up | Key::Ctrl('p') => Motion::Up,
        Key::PageDown => Motion::PageDown,
        Key::PageUp => Motion::PageUp,
        Key::Char('j') if !typed => Motion::Down,
        Key::Char('k') if !typed => Motion::Up,
        Key::Char('g') | Key::Home if !typed => Motion::First,
        Key::Char('G') | Key::End if !typed => Motion::Last,
        _ => return None,
    };
    Some(named)
}

/// Inserts a pasted text.
pub fn insert(model: &Model, pick: &mut Pick, text: &str) {
    if let Some(line) = &mut pick.field {
        field::insert(&mut line.input, text);
    }
    narrow(model, pick);
}

/// Puts a text in the place of what was typed.
pub fn set(model: &Model, pick: &mut Pick, text: &str) {
    if let Some(line) = &mut pick.field {
        line.input = tui_input::Input::new(text.to_string());
    }
    pick.past = None;
    narrow(model, pick);
}

/// An action as a row of a choice.
pub fn choice(model: &Model, row: &'static ActionRow) -> Choice {
    Choice {
        label: row.name.to_string(),
        note: row.title.to_string(),
        key: model.keys.of(row).first().map(ToString::to_string).unwrap_or_default(),
        runs: row.runs(model).unwrap_or_default(),
        then: Then::Do(row.does),
    }
}

/// Goes where it is at home, and does it if nothing is to be chosen there first.
fn go_and_do(model: &mut Model, place: Place, row: &'static ActionRow) -> Vec<Effect> {
    let mut effects = match (place, model.current().map(|job| job.id.clone())) {
        (Place::Screen(screen), _) => go::screen(model, screen),
        (Place::Page(tab), Some(job)) => go::page(model, job, tab),
        (Place::Page(_), None) => Vec::new(),
    };
    // An agent or a worktree is meant, and which one only its screen tells.
    if matches!(row.does, Do::Agent(_) | Do::Risk(_)) {
        let key = model.keys.sign(row.does, model.look.ascii);
        let menu = || format!("{} {}", model.keys.sign(Do::Menu, model.look.ascii), row.name);
        let by = if model.keys.of(row).is_empty() { menu() } else { key };
        tell::say(model, Role::Neutral, format!("{} is here: {by}", row.name), "", false);
        return effects;
    }
    effects.extend(root::perform(model, row));
    effects
}

/// Every action that is at home here, in the order of help.
pub fn help(model: &Model) -> Pick {
    let place = model.place();
    // As they stand under their headings, so that the cursor goes down the column it is in.
    let under = |head: &'static (Group, &str)| ACTIONS.iter().filter(move |row| row.group == head.0);
    let rows = GROUPS.iter().flat_map(under).filter(|row| row.on.has(place));
    let all = rows.map(|row| Choice { key: keys(model, row), ..choice(model, row) }).collect();
    Pick::of(format!("Help: {}", place.name()), true, all)
}

fn keys(model: &Model, row: &'static ActionRow) -> String {
    model.keys.of(row).iter().take(2).map(|key| key.sign(model.look.ascii)).collect::<Vec<_>>().join(" ")
}

/// The actions for the job under the cursor, with reasons when off.
pub fn menu(model: &Model) -> Pick {
    let place = model.place();
    let whole = matches!(place, Place::Screen(Screen::Fleet | Screen::Budget | Screen::Time));
    let about_it = |row: &&ActionRow| {
        row.group == Group::Act && !matches!(row.does, Do::Menu | Do::New) && row.on.has(place)
            // What is done with the queue as a whole is no action for a job.
            && (whole || !matches!(row.does, Do::Queue(_) | Do::Agent(_)))
    };
    let rows = ACTIONS.iter().filter(about_it);
    let mut all: Vec<Choice> = rows.map(|row| choice(model, row)).collect();
    all.sort_by_key(|choice| choice.off(model).is_some());
    let targets = model.targets();
    let title = match targets.as_slice() {
        _ if whole => format!("Actions: {}", place.name()),
        [job] => format!("Actions: {}", job.id),
        [] => format!("Actions: {}", place.name()),
        all => format!("Actions: {} marked", all.len()),
    };
    Pick::of(title, false, all)
}

/// The columns to sort by.
pub fn sort(model: &Model) -> Pick {
    let sort = model.jobs.sort;
    let row = |row: &crate::dash::model::ColumnRow| Choice {
        label: row.name.to_string(),
        note: match (row.column == sort.by.column, sort.down) {
            (false, _) => String::new(),
            (true, false) => "is the order now; again turns it round".to_string(),
            (true, true) => "is the order now, from the greatest".to_string(),
        },
        key: String::new(),
        runs: format!("aq ls --sort {}", row.name),
        then: Then::Sort(row.column),
    };
    Pick::of("Sort by", false, COLUMNS.iter().map(row).collect())
}

/// The columns to show.
pub fn columns(model: &Model) -> Pick {
    let row = |row: &crate::dash::model::ColumnRow| Choice {
        label: row.name.to_string(),
        note: match (model.jobs.hidden.contains(&row.column), row.wide) {
            (true, _) => "hidden".to_string(),
            (false, true) => "shown where there is room".to_string(),
            (false, false) => "shown".to_string(),
        },
        key: String::new(),
        runs: String::new(),
        then: Then::Column(row.column),
    };
    Pick::of("Columns", false, COLUMNS.iter().map(row).collect())
}

/// What can be copied about the job under the cursor.
pub fn copy(model: &Model) -> Pick {
    let Some(job) = model.current() else { return Pick::of("Copy", false, Vec::new()) };
    let head = job.head.as_ref().and_then(|head| head.rev.as_ref());
    let rev = head.or(job.checkpoint.as_ref().map(|(rev, _)| rev)).map(ToString::to_string);
    let page = model.page.as_ref().filter(|page| page.tab == Tab::Diff);
    let line = page.and_then(|page| {
        let file = page.diff.shown()?;
        let line = file.line_at(page.diff.split, page.diff.at)?;
        Some(format!("{}:{line}", file.name))
    });
    let file = job.file.as_deref().map(|file| format!("{}/{file}", job.stage.folder().name()));
    let link = file.as_ref().map(|file| link(&model.replica.from, file));
    let more = [
        ("r", "revision", rev),
        ("l", "file and line", line),
        ("f", "file in the queue", file),
        ("u", "link to its file", link),
    ];
    let texts = [
        ("i", "id", job.id.to_string()),
        ("t", "title", job.spec.title.clone()),
        ("b", "branch", format!("aq/job/{}", job.id)),
        ("c", "command", format!("aq show {}", job.id)),
        ("e", "engine", engine_of(job).to_string()),
        ("J", "JSON", json(job)),
    ];
    let more = more.into_iter().filter_map(|(key, what, text)| Some((key, what, text?)));
    let row = |(key, what, text): (&'static str, &'static str, String)| Choice {
        label: what.to_string(),
        note: text.clone(),
        key: key.to_string(),
        runs: String::new(),
        then: Then::Copy(what, text),
    };
    let mut all: Vec<Choice> = texts.into_iter().chain(more).map(row).collect();
    if model.place() == Place::Screen(Screen::Graph) {
        all.extend(graph::copies(model));
    }
    Pick::of(format!("Copy: {}", job.id), false, all)
}

/// A file of the queue as other programs open it.
fn link(queue: &str, file: &str) -> String {
    let mut out = "file://".to_string();
    for byte in format!("{queue}/{file}").bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// What a script asks first, by the names of `aq show --json`, which tells all of it.
fn json(job: &Job) -> String {
    let head = job.head.as_ref().and_then(|head| head.rev.as_ref()).map(Rev::as_str);
    let checkpoint = job.checkpoint.as_ref().map(|(rev, _)| rev.as_str());
    serde_json::json!({
        "id": job.id.as_str(), "title": job.spec.title, "stage": job.stage.name(),
        "since": job.since.to_string(), "why": &*job.why, "epoch": job.epoch,
        "engine": job.spec.engine, "profile": job.spec.profile, "file": job.file,
        "branch": format!("aq/job/{}", job.id), "rev": head.or(checkpoint),
        "attempts": job.attempts.len(),
    })
    .to_string()
}

/// Does what was taken.
pub fn run(model: &mut Model, then: Then) -> Vec<Effect> {
    match then {
        Then::Do(does) => row_of(does).map(|row| root::perform(model, row)).unwrap_or_default(),
        Then::There(place, does) => row_of(does).map(|row| go_and_do(model, place, row)).unwrap_or_default(),
        Then::Point(pane, row) => {
            root::point(model, pane, row);
            Vec::new()
        }
        Then::Open(job) => go::page(model, job, Tab::Summary),
        Then::Tab(job, tab) => go::page(model, job, tab),
        Then::Row(screen, row) => {
            let effects = go::screen(model, screen);
            root::point(model, model.pane(), row);
            effects
        }
        Then::Again(_, then) => run(model, *then),
        Then::At(_) | Then::Filter(_) | Then::Save(_) | Then::View(_) | Then::DeleteView(_) => {
            lines::run(model, then)
        }
        // One is written on before it is taken, the other says why it cannot be.
        Then::Type(_) => Vec::new(),
        Then::Not(why) => {
            tell::say(model, Role::Wait, why, "", false);
            Vec::new()
        }
        Then::Sort(column) => jobs::sort_by(model, column),
        Then::Column(column) => {
            match model.jobs.hidden.iter().position(|hidden| *hidden == column) {
                Some(at) => drop(model.jobs.hidden.remove(at)),
                None => model.jobs.hidden.push(column),
            }
            // Several are chosen one after the other.
            let again = columns(model);
            model.layers.push(Layer::Pick(again));
            Vec::new()
        }
        Then::Copy(what, text) => vec![Effect::Copy(what, text)],
        Then::Log(change) => log::change(model, change),
        Then::Mouse(on) => {
            let text = if on { "the mouse is for the cockpit" } else { "the mouse is for the terminal" };
            tell::say(model, Role::Neutral, text, "", false);
            vec![Effect::Mouse(on)]
        }
        Then::Look(look) => {
            // Whoever chose a theme keeps it.
            model.background.follows &= look.theme == model.look.theme;
            model.look = look;
            tell::say(model, Role::Neutral, "it looks like this now", "", false);
            Vec::new()
        }
    }
}
