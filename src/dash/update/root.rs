//! The one way in: a message goes into the model, effects come out.

use super::{
    act, acted, aim, alerts, background, budget, diff, explain, feed, files, fleet, flow, gist, go, graph,
    jobs, layers, log, notice, pages, palette, parts, risk, runs, search, tell, time, watch,
};
use crate::dash::effect::Effect;
use crate::dash::keys::{ACTIONS, ActionRow, Do, Key, action_of};
use crate::dash::model::{Hit, Model, Pane, Screen, Tab, WIDE};
use crate::dash::msg::{Mouse, Msg};

/// Rows that one turn of the wheel moves.
const WHEEL: usize = 3;

/// Takes one message. Pure: the time came with a message, and what is to be done comes back as data.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let mut effects = match msg {
        Msg::Now(moment) => {
            model.now = moment;
            return Vec::new();
        }
        Msg::Drawn(drawn) => {
            feed::drawn(model, *drawn);
            return Vec::new();
        }
        Msg::Key(key) => pressed(model, key),
        Msg::Paste(text) => layers::paste(model, &text),
        Msg::Chosen(then) => aim::chosen(model, then),
        Msg::Aim(jobs) => aim::at(model, jobs),
        Msg::Told => {
            layers::told_whole(model);
            return Vec::new();
        }
        Msg::Begun => background::ask(model),
        Msg::Reply(text) => {
            background::reply(model, &text);
            Vec::new()
        }
        Msg::Mouse(what, x, y) => mouse(model, what, (x, y)),
        Msg::Resize(width, height) => {
            resized(model, (width, height));
            Vec::new()
        }
        Msg::Focus(has) => {
            model.focused = has;
            model.notices.tells_focus = true;
            if has { background::ask(model) } else { Vec::new() }
        }
        Msg::Deadline => feed::deadline(model),
        Msg::Replica(fresh) => feed::replica(model, *fresh),
        Msg::Lists(lists) => feed::lists(model, *lists),
        Msg::Sought(sought) => {
            palette::found(model, *sought);
            Vec::new()
        }
        Msg::Acted(acted) => acted::acted(model, *acted),
        Msg::Read(read) => feed::read(model, *read),
        Msg::Found(found) => feed::found(model, *found),
        Msg::Weighed(name, problems) => {
            alerts::weighed(model, name, problems);
            Vec::new()
        }
        Msg::Said(said) => {
            tell::said(model, &said);
            Vec::new()
        }
        Msg::Back => {
            model.dirty = true;
            Vec::new()
        }
        Msg::End => {
            model.quit = true;
            Vec::new()
        }
    };
    effects.extend(feed::ask_lists(model));
    effects.extend(palette::look_for_jobs(model));
    jobs::count_hidden(model);
    effects.extend(gist::wants(model));
    effects.extend(flow::wants(model));
    effects.extend(risk::beside(model));
    effects.extend(notice::title(model));
    effects
}

/// The terminal has so many columns and rows now.
fn resized(model: &mut Model, size: (u16, u16)) {
    // What only wide terminals show is worked out anew.
    model.outdated |= (model.size.0 < WIDE) != (size.0 < WIDE);
    model.dirty |= model.size != size;
    model.size = size;
    go::refit(model);
    time::draw_line(model);
}

fn pressed(model: &mut Model, key: Key) -> Vec<Effect> {
    model.touched = model.now.up;
    model.dirty = true;
    if key == Key::Ctrl('c') {
        model.quit = true;
        return Vec::new();
    }
    let row = action_of(model, key);
    if let Some(row) = row.filter(|row| model.layers.is_empty() || row.does == Do::Suspend) {
        return perform(model, row);
    }
    if !model.layers.is_empty() {
        return layers::pressed(model, key);
    }
    // What means something elsewhere is no mistake of the keyboard: its silence would be.
    let elsewhere = ACTIONS.iter().find(|row| model.keys.of(row).contains(&key));
    if let Some(row) = elsewhere {
        let sign = key.sign(model.look.ascii);
        tell::hint(model, format!("{sign} does nothing here: {} ({})", row.title, row.on.name()));
    } else if model.toast.as_ref().is_none_or(|toast| toast.until.is_some()) {
        // What went wrong waits to be read: a slip of a finger does not take its place.
        let (sign, help) = (key.sign(model.look.ascii), model.keys.sign(Do::Help, model.look.ascii));
        tell::hint(model, format!("{sign} does nothing here, {help} help"));
    }
    Vec::new()
}

/// Does an action, whichever door it came through; one that is off only says why.
pub fn perform(model: &mut Model, row: &ActionRow) -> Vec<Effect> {
    if let Err(why) = (row.off)(model) {
        tell::off(model, row.name, &why);
        return Vec::new();
    }
    match row.does {
        Do::Go(screen) => go::screen(model, screen),
        Do::Move(motion) => go::motion(model, motion),
        Do::Pane { forth } => go::pane(model, forth),
        Do::Tab { forth } => go::tab(model, forth),
        Do::Open => go::open(model),
        Do::Back => go::back(model),
        Do::Leave => go::leave(model),
        Do::Next => go::next_need(model),
        Do::Zoom => go::zoom(model),
        Do::Quit => go::quit(model),
        Do::Mark => jobs::mark(model),
        Do::Range => jobs::range(model),
        Do::All => jobs::all(model),
        Do::Watch => watch::toggle(model),
        Do::Shipped => jobs::shipped(model),
        Do::Board => jobs::board(model),
        Do::Sideways { forth } => jobs::sideways(model, forth),
        Do::New => vec![Effect::New],
        Do::LogMark => log::mark(model),
        Do::LogOptions => layers::log_options(model),
        Do::Filter => layers::filter(model),
        Do::Match { forth } => search::step(model, forth),
        Do::Hunk { forth } => diff::hunk(model, forth),
        Do::Split => diff::split(model),
        Do::Whole => diff::between(model, None),
        Do::EditLine => diff::edit(model),
        Do::RunLog => runs::log(model),
        Do::RunMark => runs::mark(model),
        Do::Compare => runs::compare(model),
        Do::At => explain::ask(model),
        Do::OpenKept => files::open(model),
        Do::Follow => go::follow(model),
        Do::Palette => layers::palette(model),
        Do::Help => layers::help(model),
        Do::Menu => layers::menu(model),
        Do::Sort => layers::sort(model),
        Do::Columns => layers::columns(model),
        Do::Copy => layers::copy(model),
        Do::Messages => layers::messages(model),
        Do::Act(action) => act::act(model, action),
        Do::Undo => act::undo(model),
        Do::Redo => act::redo(model),
        Do::Edit => model.current().map(|job| Effect::Edit(job.id.clone())).into_iter().collect(),
        Do::Agent(what) => fleet::agent(model, what),
        Do::Queue(what) => budget::queue(model, what),
        Do::Risk(what) => risk::risk(model, what),
        Do::Wind(wind) => time::wind(model, wind),
        Do::Graph(view) => graph::show(model, view),
        Do::Reconnect => go::reconnect(model),
        // Whoever sees wrong colours draws anew: so the terminal is asked again which theme fits.
        Do::Redraw => [vec![Effect::Redraw], background::ask(model)].concat(),
        Do::Suspend => vec![Effect::Suspend],
    }
}

fn mouse(model: &mut Model, what: Mouse, at: (u16, u16)) -> Vec<Effect> {
    model.touched = model.now.up;
    model.dirty = true;
    let hit = model.drawn.hit(at.0, at.1).cloned();
    if matches!(what, Mouse::Up | Mouse::Down) {
        return wheel(model, what == Mouse::Down, hit.as_ref());
    }
    if what == Mouse::Drag {
        // Only the past is dragged through; anything else would select by accident.
        return match hit {
            Some(Hit::Moment(at)) if model.layers.is_empty() => time::go(model, at),
            _ => Vec::new(),
        };
    }
    match hit {
        Some(Hit::Press(key)) => pressed(model, key),
        Some(Hit::Choice(at)) => layers::click(model, at, what == Mouse::Double),
        // Below a sheet or a choice nothing can be clicked.
        _ if !model.layers.is_empty() => Vec::new(),
        Some(Hit::Screen(screen)) => go::screen(model, screen),
        Some(Hit::Tab(tab)) => go::to_tab(model, tab),
        Some(Hit::Do(does)) => {
            crate::dash::keys::row_of(does).map(|row| perform(model, row)).unwrap_or_default()
        }
        Some(Hit::Moment(at)) => time::go(model, at),
        Some(Hit::Head(column)) => jobs::sort_by(model, column),
        Some(Hit::Row(pane, row)) => {
            point(model, pane, row);
            if what == Mouse::Double || pane == Pane::Alerts { go::open(model) } else { Vec::new() }
        }
        Some(Hit::Card(column, row)) => {
            model.jobs.board.go((column, row));
            go::share(model);
            if what == Mouse::Double { go::open(model) } else { Vec::new() }
        }
        Some(Hit::Job(job)) => go::page(model, job, Tab::Summary),
        Some(Hit::Pane(pane)) => {
            focus(model, pane);
            Vec::new()
        }
        Some(Hit::Still) | None => Vec::new(),
    }
}

/// The wheel is for the pane under the pointer, which gets the focus where panes have it.
fn wheel(model: &mut Model, down: bool, hit: Option<&Hit>) -> Vec<Effect> {
    let over = match hit {
        _ if !model.layers.is_empty() => None,
        Some(Hit::Still) => return Vec::new(),
        Some(Hit::Job(_)) if model.page.is_none() && model.screen == Screen::Overview => return Vec::new(),
        Some(Hit::Row(pane, _) | Hit::Pane(pane)) => Some(*pane),
        _ => None,
    };
    if let Some(pane) = over {
        focus(model, pane);
    }
    go::wheel(model, down, WHEEL, over)
}

/// Gives a pane of the overview or of a summary the focus; other screens have one pane that moves.
fn focus(model: &mut Model, pane: Pane) {
    if let (Pane::Part(part), true) = (pane, model.in_parts().is_some()) {
        parts::focus(model, part);
    }
    let has_it = matches!(pane, Pane::Needs | Pane::Alerts | Pane::Running | Pane::Actionable | Pane::Recent);
    if has_it && model.page.is_none() && model.screen == Screen::Overview {
        model.overview.pane = pane;
        go::share(model);
    }
}

/// Puts the cursor of a pane on a row.
pub fn point(model: &mut Model, pane: Pane, row: usize) {
    pages::point(model, pane, row);
    match (model.screen, pane) {
        (Screen::Jobs, Pane::Jobs) => model.jobs.list.go(row),
        (Screen::Overview, Pane::Needs | Pane::Running | Pane::Actionable | Pane::Recent) => {
            model.overview.pane = pane;
            model.overview.list_mut().go(row);
        }
        (Screen::Overview, Pane::Alerts) => (model.overview.pane, model.overview.alert) = (pane, row),
        (Screen::Fleet, Pane::Fleet) => model.fleet.at = row,
        (Screen::Budget, Pane::Budget) => model.budget.at = row,
        (Screen::Graph, Pane::Graph) => model.graph.list.go(row),
        (Screen::Risk, Pane::Risk) => model.risk.list.go(row),
        _ => {}
    }
    go::share(model);
}
