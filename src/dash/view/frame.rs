//! The frame around every screen: health in row 1, screens in row 2, a word in the last row but one, keys in the last.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, row};
use super::text::{clean, cut_paths, exact_age, grouped, width};
use super::time;
use super::{
    budget, fleet, form, graph, help, jobs, messages, overview, page, pick, problems, risk, sheet, unread,
};
use crate::dash::keys::{ACTIONS, ActionRow, Do, Motion, QueueDo};
use crate::dash::model::{
    Drawn, Health, Hit, Layer, Model, Place, Retry, SCREENS, Screen, spent, window_words,
};
use crate::dash::theme::Sign;
use crate::fleet::State;
use crate::job::{Role, Stage};
use crate::time::{Span, Stamp};

/// With fewer columns for it what was said keeps the whole row.
const TOAST_LEAST: usize = 48;
/// Below so many columns labels are short and there is one pane.
pub const NARROW: u16 = 60;
/// From so many columns on there are two columns.
pub const WIDE: u16 = crate::dash::model::WIDE;
/// From so many columns a third pane finds room, or the second one more of it.
pub const VAST: u16 = 200;

/// Draws everything; what only drawing can know comes back.
pub fn view(model: &Model, frame: &mut Frame<'_>) -> Drawn {
    let mut canvas = Canvas::new(frame.buffer_mut(), model);
    let area = canvas.area();
    header(&mut canvas, row(area, 0));
    screens(&mut canvas, row(area, 1));
    let body = Rect { y: area.y + 2.min(area.height), height: area.height.saturating_sub(4), ..area };
    match model.place() {
        _ if !model.replica.is_known() => unread::draw(&mut canvas, body),
        Place::Page(_) => page::draw(&mut canvas, body),
        Place::Screen(Screen::Overview) => overview::draw(&mut canvas, body),
        Place::Screen(Screen::Jobs) => jobs::draw(&mut canvas, body),
        Place::Screen(Screen::Budget) => budget::draw(&mut canvas, body),
        Place::Screen(Screen::Graph) => graph::draw(&mut canvas, body),
        Place::Screen(Screen::Time) => time::draw(&mut canvas, body),
        Place::Screen(Screen::Fleet) => fleet::draw(&mut canvas, body),
        Place::Screen(Screen::Risk) => risk::draw(&mut canvas, body),
    }
    if matches!(model.replica.health, Health::Offline { .. } | Health::SignedOut { .. })
        && model.time.at.is_none()
    {
        // By attribute, not by colour: what is shown was once so.
        canvas.restyle(body, Style::new().add_modifier(Modifier::DIM));
    }
    toast(&mut canvas, row(area, area.height.saturating_sub(2)));
    for layer in &model.layers {
        match layer {
            Layer::Filter(_) => canvas.keys = Some(line_keys(&canvas, "keep", "clears")),
            Layer::Search(_) => canvas.keys = Some(line_keys(&canvas, "next match", "clears")),
            Layer::Moment(_) => canvas.keys = Some(line_keys(&canvas, "go there", "leave it")),
            Layer::Pick(it) => pick::draw(&mut canvas, body, it),
            Layer::Help(it) => help::draw(&mut canvas, body, it),
            Layer::Sheet(it) => sheet::draw(&mut canvas, body, it),
            Layer::Form(it) => form::draw(&mut canvas, body, it),
            Layer::Problems { of, top } => problems::draw(&mut canvas, body, of, *top),
            Layer::Messages { at, done } => messages::draw(&mut canvas, body, *at, *done),
        }
    }
    let last = row(area, area.height.saturating_sub(1));
    match canvas.keys.take() {
        // The screen's own keys do nothing while something lies over it.
        Some(keys) => {
            let fits = width(&keys) < usize::from(last.width);
            let keys = if fits { keys } else { keys.replace("   ", "  ").replacen("n or ⏎", "n", 1) };
            let form = matches!(model.layers.last(), Some(Layer::Form(_)));
            let keys = if form { ends_of(&keys, usize::from(last.width).saturating_sub(1)) } else { keys };
            canvas.text(last, Role::Neutral, &format!(" {keys}"));
            if let Some(Layer::Sheet(it)) = model.layers.last() {
                let from = Rect { x: last.x + 1, ..last };
                sheet::answers(&mut canvas, from, &keys, if fits { "   " } else { "  " }, it);
            }
        }
        None => footer(&mut canvas, last),
    }
    if model.time.at.is_some() {
        // What is past ages no more.
        canvas.drawn.stale_in = None;
    }
    canvas.drawn
}

/// The keys in so many columns: those between the first, which does it, and the last, which leaves it, give way.
fn ends_of(keys: &str, most: usize) -> String {
    let mut parts: Vec<&str> = keys.split("  ").collect();
    while parts.len() > 2 && width(&parts.join("  ")) > most {
        parts.remove(parts.len() - 2);
    }
    parts.join("  ")
}

/// The keys of a line that is being written.
fn line_keys(canvas: &Canvas<'_>, takes: &str, leaves: &str) -> String {
    let enter = if canvas.look().ascii { "Ent" } else { "⏎" };
    format!("{enter} {takes}   Esc {leaves}")
}

/// Row 1: where the data comes from and how fresh it is, then the figures.
fn header(canvas: &mut Canvas<'_>, at: Rect) {
    let model = canvas.model;
    let narrow = at.width < NARROW;
    if time::header(canvas, at) {
        return;
    }
    let sick = model.replica.health != Health::Loading && !model.replica.health.acts();
    if !sick && (paused(canvas, at, narrow) || suspended(canvas, at)) {
        return;
    }
    let mut left = vec![Piece::raw(if narrow { " " } else { " aq  " })];
    let mut right = figures(canvas, narrow);
    let wide: usize = right.iter().map(|piece| width(&piece.content)).sum();
    let room = usize::from(at.width).saturating_sub(wide + 6 + if model.read_only { 3 } else { 0 });
    // What is wrong goes before the figures.
    left.extend(health(canvas, narrow, if sick { usize::from(at.width) } else { room }));
    if model.read_only {
        left.push(Piece::raw(" RO"));
    }
    let used: usize = left.iter().map(|piece| width(&piece.content)).sum();
    let total = usize::from(at.width);
    // What nobody spends is not told; what is spent gives way to all else.
    let rate = model.spend_rate().filter(|rate| rate.micro > 0 && !right.is_empty());
    let rate = rate
        .map(|rate| format!("  {} ", budget::hourly(Some(rate))))
        .filter(|it| used + wide + width(it) <= total);
    let mut wide = rate.as_ref().map_or(wide, |it| wide + width(it) - 1);
    if let Some(rate) = rate {
        right.pop();
        right.push(Piece::raw(rate));
    }
    // What has another screen of its own has room only here.
    let more = if at.width >= WIDE && !right.is_empty() { around(model) } else { Vec::new() };
    for text in more {
        if used + wide + width(&text) < total {
            wide += width(&text);
            right.push(Piece::raw(text));
        }
    }
    let gap = total.saturating_sub(used + wide).max(1);
    left.push(Piece::raw(" ".repeat(gap)));
    if used + wide < total {
        left.extend(right);
    }
    canvas.line(at, &Line::from(left));
}

/// How much of the ceiling is spent, and how many agents there are.
fn around(model: &Model) -> Vec<String> {
    let product = &model.replica.state.product;
    let part = product.ceiling.map(|ceiling| {
        let part = u128::from(spent(model).micro) * 100 / u128::from(ceiling.max(1));
        format!(" budget {} {part} % ", window_words(product.window).0)
    });
    let agents = model.agents().map(|agents| match agents.len() {
        0 => " no agent ".to_string(),
        n => format!(" {} ", super::parts::plural(n, "agent")),
    });
    part.into_iter().chain(agents).collect()
}

/// How the queue goes on: on one screen the key is another one's.
fn goes_on(model: &Model) -> String {
    match model.place() {
        _ if model.read_only => "RO".to_string(),
        Place::Screen(Screen::Risk) => "go on: aq budget resume local".to_string(),
        _ => format!("{} goes on", model.keys.sign(Do::Queue(QueueDo::Resume), model.look.ascii)),
    }
}

/// A queue that gives out no work says so over the whole row. Gives whether it does.
fn paused(canvas: &mut Canvas<'_>, at: Rect, narrow: bool) -> bool {
    let model = canvas.model;
    let Some((mode, reason, until, since)) = &model.replica.state.product.paused else { return false };
    let until = until.map(|at| format!(" until {}", at.local_hm())).unwrap_or_default();
    let on = goes_on(model);
    let sign = canvas.sign(Sign::Parked);
    let (mode, since) = (mode.name(), since.local_hm());
    let text = if narrow {
        format!(" {sign} PAUSED {since}{until} ({mode})  {on}")
    } else {
        let old = match &model.replica.health {
            Health::Stale { heard, .. } => format!(" (data {} old)", data_age(canvas, *heard)),
            _ => String::new(),
        };
        // "PAUSED: paused by ann" says one thing twice.
        let reason = match reason.strip_prefix("paused ") {
            Some(by) => format!(" {by}"),
            None => format!(": {reason}"),
        };
        let scope = &model.replica.scope;
        let run = running(&model.replica.state);
        format!(" aq  {sign} PAUSED {scope} {since}{until}{old}{reason} ({mode}, {run} running)  {on}")
    };
    canvas.text(at, Role::Head, &clean(&text));
    canvas.restyle(at, canvas.look().cursor());
    true
}

/// Files that vanished together stop the queue until a person has decided. Gives whether they do.
fn suspended(canvas: &mut Canvas<'_>, at: Rect) -> bool {
    let model = canvas.model;
    let lost = model.replica.state.product.suspended.len();
    if lost == 0 {
        return false;
    }
    let decides = match model.place() {
        _ if model.read_only => "RO".to_string(),
        Place::Screen(Screen::Risk) => "restored by: aq budget resume local".to_string(),
        _ => {
            let key = model.keys.sign(Do::Queue(QueueDo::Resume), model.look.ascii);
            format!("{key} restores them or cancels")
        }
    };
    let text = format!(
        " aq  {} SUSPENDED: {} vanished at once: {decides}",
        canvas.sign(Sign::Parked),
        super::parts::plural(lost, "waiting file"),
    );
    canvas.text(at, Role::Head, &text);
    canvas.restyle(at, canvas.look().cursor());
    true
}

fn running(state: &State) -> usize {
    state.count(Stage::Building) + state.count(Stage::Assigned)
}

fn health(canvas: &mut Canvas<'_>, narrow: bool, room: usize) -> Vec<Piece<'static>> {
    let model = canvas.model;
    let from = clean(&model.replica.from);
    match &model.replica.health {
        Health::Loading => vec![Piece::raw(format!("{} reading {from}", canvas.sign(Sign::Waits)))],
        Health::Local { watched } if narrow => {
            let how = if *watched { "" } else { " (scan 2s)" };
            vec![Piece::raw(format!("{} local{how}", canvas.sign(Sign::Local)))]
        }
        Health::Local { watched } => {
            let how = if *watched { "(watching files)" } else { "(scan 2s)" };
            let sign = canvas.sign(Sign::Local);
            let whole = format!("{sign} local {from} {how}");
            // The end of a path tells more than its beginning.
            let short =
                format!("{sign} local {}", end_of(&from, room.saturating_sub(8), canvas.sign(Sign::More)));
            vec![Piece::raw(if width(&whole) <= room { whole } else { short })]
        }
        Health::Live | Health::Polling { .. } | Health::Stale { .. } => stream(canvas, narrow, room),
        Health::Offline { .. } | Health::SignedOut { .. } => away(canvas, narrow),
        Health::Replay => Vec::new(),
        Health::Broken { why } => {
            let why = clean(why);
            // Most faults name what could not be read already.
            let text = if why.starts_with("cannot ") { why } else { format!("cannot read {from}: {why}") };
            let dot = canvas.sign(Sign::Dot);
            let old = match model.replica.lost {
                Some(at) => format!("offline {} {dot} data from {} {dot} ", canvas.age(at), time_of(at)),
                None => String::new(),
            };
            vec![canvas.piece(Role::Bad, format!("{} {old}{text}", canvas.sign(Sign::Bad)))]
        }
        Health::Barred { word, why, .. } => {
            vec![canvas.piece(Role::Wait, format!("{} {word}: {}", canvas.sign(Sign::Warning), clean(why)))]
        }
        Health::Skew { why } => {
            let dot = canvas.sign(Sign::Dot);
            let from = model.replica.lost.map(|at| format!(" {dot} data from {}", time_of(at)));
            let text =
                format!("{} skew: {}{}", canvas.sign(Sign::Warning), clean(why), from.unwrap_or_default());
            vec![canvas.piece(Role::Wait, text)]
        }
    }
}

/// `12:04:27`, by the wall.
fn time_of(at: Stamp) -> String {
    at.local_full().get(11..).unwrap_or_default().to_string()
}

/// How old the data is; moves with each try, and every ten seconds.
fn data_age(canvas: &mut Canvas<'_>, heard: Stamp) -> String {
    let span = canvas.span_to_now(heard);
    canvas.stale_in(Span::from_secs(10));
    exact_age(span)
}

fn next_try(canvas: &Canvas<'_>, retry: Retry) -> String {
    exact_age(retry.next.since(canvas.model.law_now().wall))
}

/// A coordinator that answers, or did a moment ago: in full, or without why where there is no room.
fn stream(canvas: &mut Canvas<'_>, narrow: bool, room: usize) -> Vec<Piece<'static>> {
    let model = canvas.model;
    let (role, sign, short, more) = match &model.replica.health {
        Health::Polling { every, heard, why } => {
            let age = data_age(canvas, *heard);
            (
                Role::Wait,
                Sign::Polling,
                format!("polling {every}, data {age} old"),
                format!(" ({})", clean(why)),
            )
        }
        Health::Stale { heard, retry } => {
            let (age, dot) = (data_age(canvas, *heard), canvas.sign(Sign::Dot));
            let tries = format!("try {}, next {}", retry.tries, next_try(canvas, *retry));
            (Role::Wait, Sign::Stale, format!("stale {age}"), format!(" {dot} reconnecting ({tries})"))
        }
        _ => (Role::Good, Sign::Ok, "live".to_string(), String::new()),
    };
    let short = format!("{} {short}", canvas.sign(sign));
    let whole = format!("{short}{more}");
    vec![canvas.piece(role, if !narrow && width(&whole) <= room { whole } else { short })]
}

/// A coordinator that cannot be asked: since when, up to when anything is known, and what is done about it.
fn away(canvas: &mut Canvas<'_>, narrow: bool) -> Vec<Piece<'static>> {
    let model = canvas.model;
    let (sign, dot) = (canvas.sign(Sign::Bad), canvas.sign(Sign::Dot));
    let from = |heard: &Option<Stamp>| {
        heard.map(|at| format!(" {dot} data from {}", time_of(at))).unwrap_or_default()
    };
    let text = match &model.replica.health {
        Health::Offline { heard, retry, .. } => {
            let age = heard.map(|at| format!(" {}", data_age(canvas, at))).unwrap_or_default();
            let next = format!(" {dot} next try {}", next_try(canvas, *retry));
            match narrow {
                true => format!("{sign} offline{age}{next}  RO"),
                false => format!("{sign} offline{age}{}{next} {dot} Ctrl-R now   RO", from(heard)),
            }
        }
        Health::SignedOut { why, heard } if !narrow => {
            format!("{sign} signed out: {}{}   RO", clean(why), from(heard))
        }
        _ => format!("{sign} signed out  RO"),
    };
    vec![canvas.piece(Role::Bad, text)]
}

/// The end of a path in so many columns.
fn end_of(path: &str, most: usize, more: &str) -> String {
    if width(path) <= most {
        return path.to_string();
    }
    let mut end = String::new();
    for part in path.rsplit('/') {
        if width(&end) + width(part) + 1 + width(more) > most {
            break;
        }
        end = format!("/{part}{end}");
    }
    if end.is_empty() { super::text::cut(path, most, more) } else { format!("{more}{end}") }
}

fn figures(canvas: &Canvas<'_>, narrow: bool) -> Vec<Piece<'static>> {
    let model = canvas.model;
    let state = &model.replica.state;
    let running = running(state);
    let needs = model.needs();
    let mut out = Vec::new();
    if !model.replica.is_known() {
        // Nothing was read, which is not the same as nothing there.
        return out;
    }
    if !narrow {
        let jobs = state.jobs.len();
        out.push(Piece::raw(format!("{} {}  ", grouped(jobs), if jobs == 1 { "job" } else { "jobs" })));
    }
    out.push(Piece::raw(format!("{running} run")));
    if needs > 0 {
        let sign = canvas.look().stage_sign(Stage::Review);
        let words = if narrow { "" } else { " need you" };
        out.push(Piece::raw("  "));
        out.push(canvas.piece(Role::Human, format!("{sign}{needs}{words}")));
    }
    let alerts = model.alerts().len();
    if alerts > 0 {
        let sign = canvas.sign(Sign::Warning);
        let words = match (narrow, alerts) {
            (true, _) => "",
            (false, 1) => " alert",
            (false, _) => " alerts",
        };
        out.push(Piece::raw("  "));
        out.push(canvas.piece(Role::Wait, format!("{sign}{alerts}{words}")));
    }
    out.push(Piece::raw(" "));
    out
}

/// Row 2: the screens, then what is looked at.
fn screens(canvas: &mut Canvas<'_>, at: Rect) {
    let model = canvas.model;
    // Either all names or none: half a name hides the screens behind it.
    let full: usize = SCREENS.iter().map(|row| width(row.2) + 4).sum();
    let narrow = usize::from(at.width) < full;
    let mut x = at.x;
    for (screen, digit, name, short) in SCREENS {
        // A job's page is a page of the jobs, wherever it was opened.
        let now = if model.page.is_some() { Screen::Jobs } else { model.screen };
        let here = now == screen;
        let label = match (narrow, here) {
            (false, true) => format!("[{digit} {name}]"),
            (false, false) => format!(" {digit} {name} "),
            (true, true) => format!("[{digit}]{short}"),
            (true, false) => format!(" {digit}{short}"),
        };
        let wide = u16::try_from(width(&label)).unwrap_or(u16::MAX).min(at.right().saturating_sub(x));
        let place = Rect { x, width: wide, ..at };
        canvas.text(place, if here { Role::Head } else { Role::Neutral }, &label);
        canvas.hit(place, Hit::Screen(screen));
        x += wide;
    }
    let room = usize::from(at.right().saturating_sub(x + 1));
    let mut scope = format!("{} ", clean(&model.replica.scope));
    if width(&scope) > room {
        // Whose queue and on which host goes before by which door.
        let tight = scope.replace(' ', "");
        scope = format!("{} ", tight.rsplit_once(':').map_or(tight.as_str(), |parts| parts.0));
    }
    let wide = u16::try_from(width(&scope)).unwrap_or(0);
    if !narrow && x + wide < at.right() {
        canvas.text(Rect { x: at.right() - wide, width: wide, ..at }, Role::Neutral, &scope);
    }
}

/// How many messages nobody has looked at.
fn unread_count(model: &Model) -> String {
    if model.unread > 0 { format!(" ({})", model.unread) } else { String::new() }
}

/// The last row but one: what was said last, else what is marked.
fn toast(canvas: &mut Canvas<'_>, at: Rect) {
    let model = canvas.model;
    if let Some(toast) = &model.toast {
        let mut pieces = vec![Piece::raw(" "), canvas.piece(toast.role, clean(&toast.text))];
        let mut hints = Vec::new();
        let sign = |does: Do| model.keys.sign(does, model.look.ascii);
        if toast.undo {
            hints.push((format!("{} undo", sign(Do::Undo)), Do::Undo));
        }
        if toast.until.is_none() {
            hints.push((sign(Do::Back), Do::Back));
        }
        if !model.messages.is_empty() {
            hints.push((format!("{} messages{}", sign(Do::Messages), unread_count(model)), Do::Messages));
        }
        let wide = (hints.iter().map(|hint| width(&hint.0) + 3).sum::<usize>()).saturating_sub(2);
        // A text that is cut says where the rest of it stands.
        let room = usize::from(at.width).saturating_sub(wide + 3);
        if room >= TOAST_LEAST && wide > 0 && width(&toast.text) > room {
            let text = cut_paths(&clean(&toast.text), room, canvas.sign(Sign::More));
            pieces[1] = canvas.piece(toast.role, text);
        }
        let used: usize = pieces.iter().map(|piece| width(&piece.content)).sum();
        let gap = usize::from(at.width).saturating_sub(used + wide);
        if gap > 1 {
            pieces.push(Piece::raw(" ".repeat(gap)));
            let mut x = usize::from(at.x) + used + gap;
            for (nth, (hint, does)) in hints.into_iter().enumerate() {
                let (lead, long) = (if nth == 0 { 0 } else { 3 }, width(&hint));
                x += lead;
                let (from, long) = (u16::try_from(x).unwrap_or(u16::MAX), u16::try_from(long).unwrap_or(0));
                canvas.hit(Rect { x: from, width: long, ..at }, Hit::Do(does));
                pieces.push(Piece::raw(format!("{}{hint}", " ".repeat(lead))));
                x += usize::from(long);
            }
        }
        canvas.line(at, &Line::from(pieces));
        return;
    }
    let dot = canvas.sign(Sign::Dot);
    let narrow = at.width < NARROW;
    let text = match &model.replica.health {
        // The whole screen says it.
        _ if !model.replica.is_known() => return,
        Health::Broken { .. } if narrow => " acting is off   Ctrl-R tries again".to_string(),
        Health::Broken { .. } => {
            format!(" acting is off, this was read before {dot} Ctrl-R tries again {dot} see aq doctor")
        }
        Health::Offline { .. } | Health::SignedOut { .. } if narrow => {
            " acting is off   Ctrl-R tries now".to_string()
        }
        Health::Offline { why, retry, .. } => {
            let (from, why) = (clean(&model.replica.from), clean(why));
            format!(" {} {from}: {why} (try {}). Showing last data.", canvas.sign(Sign::Bad), retry.tries)
        }
        Health::SignedOut { .. } => {
            format!(" acting is off, this was read before {dot} Ctrl-R once signed in")
        }
        Health::Barred { mend, .. } => format!(" acting is off until that is mended {dot} {}", clean(mend)),
        Health::Skew { .. } if narrow => " acting is off until aq is updated".to_string(),
        Health::Skew { .. } => {
            format!(" acting is off until aq is updated {dot} what is shown was read before")
        }
        _ if model.marks.is_empty() => return,
        _ if narrow => format!(" {} {dot} Esc clears", marked(model)),
        _ => format!(" {} {dot} actions apply to marked (Esc clears)", marked(model)),
    };
    canvas.text(at, Role::Neutral, &text);
}

/// `2 marked, 1 hidden`.
fn marked(model: &Model) -> String {
    let hidden = if model.hidden.0 > 0 { format!(", {} hidden", model.hidden.0) } else { String::new() };
    format!("{} marked{hidden}", model.marks.len())
}

/// The last row: the keys that work now. What is off is left out; help says why.
fn footer(canvas: &mut Canvas<'_>, at: Rect) {
    let model = canvas.model;
    let place = model.place();
    let ascii = model.look.ascii;
    let fits = |row: &&'static ActionRow| row.hint.is_some() && row.on.has(place) && (row.off)(model).is_ok();
    let last = [Do::Menu, Do::Filter, Do::Palette, Do::Help];
    let rows = ACTIONS.iter().filter(fits);
    let (ends, begins): (Vec<&'static ActionRow>, Vec<&'static ActionRow>) =
        rows.partition(|row| last.contains(&row.does));
    let sign = |does: Do| model.keys.sign(does, ascii);
    let label = |row: &'static ActionRow| {
        // Two that belong together are shown by one of them.
        let keys = match row.does {
            Do::Move(down) => format!("{}/{}", sign(Do::Move(down)), sign(Do::Move(Motion::Up))),
            Do::Tab { .. } => format!("{} {}", sign(Do::Tab { forth: false }), sign(Do::Tab { forth: true })),
            Do::Sideways { .. } => {
                let (back, forth) = (Do::Sideways { forth: false }, Do::Sideways { forth: true });
                format!("{}/{}", sign(back), sign(forth))
            }
            does => sign(does),
        };
        format!("{keys} {}", row.hint.unwrap_or_default())
    };
    let gap = if at.width >= WIDE { 3 } else { 2 };
    let wide = |row: &'static ActionRow| width(&label(row)) + gap;
    let mut room = usize::from(at.width).saturating_sub(1 + ends.iter().map(|row| wide(row)).sum::<usize>());
    // Whoever does not know the keys of panes is lost less than whoever does not see how a job is helped.
    let (panes, begins): (Vec<&'static ActionRow>, Vec<&'static ActionRow>) =
        begins.into_iter().partition(|row| matches!(row.does, Do::Pane { .. }));
    let mut shown: Vec<&'static ActionRow> = Vec::new();
    for row in begins.into_iter().chain(panes) {
        if wide(row) > room {
            break;
        }
        room -= wide(row);
        shown.push(row);
    }
    shown.sort_by_key(|row| ACTIONS.iter().position(|one| one.does == row.does));
    let mut x = at.x.saturating_add(1);
    for row in shown.into_iter().chain(ends) {
        let text = label(row);
        if usize::from(at.right().saturating_sub(x)) < width(&text) {
            continue;
        }
        let wide = u16::try_from(width(&text)).unwrap_or(u16::MAX).min(at.right().saturating_sub(x));
        let place = Rect { x, width: wide, ..at };
        canvas.text(place, Role::Neutral, &text);
        canvas.hit(place, Hit::Do(row.does));
        x = x.saturating_add(wide).saturating_add(u16::try_from(gap).unwrap_or(2)).min(at.right());
    }
}
