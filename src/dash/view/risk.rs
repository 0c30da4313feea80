//! Work at risk: which worktrees hold what stands in no commit, who will save it, and what a rescue does.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::frame::{NARROW, WIDE};
use super::panes::{columns, labelled, told, wrapped};
use super::parts;
use super::text::{clean, fit, fit_id, grouped, marked};
use super::unsaved;
use crate::agent::AtRisk;
use crate::dash::model::{Hit, Loaded, Owner, Pane, Unsaved, owner_of};
use crate::dash::theme::Sign;
use crate::fleet::Job;
use crate::insight::short_rev;
use crate::job::Role;

/// Rows of what the cursor is on, where it stands below the list.
const DETAIL: u16 = 12;
/// Files named before the rest is only counted.
const NAMED_MOST: usize = 8;

/// What a rescue does where some of it may stand in no commit.
const LEAVES: &str = "commits the files, not what is left out,";

/// From so many columns on a row tells where its job stands.
const ROOMY: u16 = 90;

/// Draws it.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect) {
    if canvas.model.time.at.is_some() {
        canvas.rule(row(body, 0), "Work at risk", "", true);
        told(canvas, below(body, 2), "Of the past only jobs are kept, not worktrees: L goes live.");
        return;
    }
    if canvas.model.risk.patch.is_some() {
        return patch(canvas, body);
    }
    let at = summary(canvas, body);
    let rows = canvas.model.risk.list.rows().len();
    if rows == 0 {
        return nothing(canvas, at);
    }
    let (main, side) = columns(canvas, at);
    match side {
        Some(side) => {
            // The list has what it needs, up to a third: the rest tells what is in it.
            let high = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(3).min(main.height / 3);
            list(canvas, Rect { height: high, ..main });
            unsaved::below_the_list(canvas, below(main, high));
            let rest = detail(canvas, side);
            unsaved::off(canvas, rest);
        }
        None if at.height > DETAIL + 4 => {
            list(canvas, Rect { height: at.height - DETAIL, ..at });
            let _ = detail(canvas, Rect { y: at.bottom() - DETAIL, height: DETAIL, ..at });
        }
        None => list(canvas, at),
    }
}

/// Figures of all of it in one line; gives what is left below it.
fn summary(canvas: &mut Canvas<'_>, at: Rect) -> Rect {
    let model = canvas.model;
    let Some(found) = model.risk.found.here().filter(|found| !found.rows.is_empty()) else { return at };
    let lines: u64 = found.rows.iter().map(|row| row.lines).sum();
    let oldest = found.rows.iter().map(|row| row.since).min();
    let alone = found.rows.iter().filter(|row| owner(canvas, row) != Owner::Alive).count();
    let oldest = oldest.map(|at| canvas.age(at)).unwrap_or_default();
    let (count, lines) = (model.risk.list.rows().len(), usize::try_from(lines).unwrap_or(usize::MAX));
    let lines = format!("{} {}", grouped(lines), if lines == 1 { "line" } else { "lines" });
    let text = match at.width < NARROW {
        true => format!(" {count} at risk   {lines}   oldest {oldest}"),
        false => format!(
            " {count} of {} at risk   {lines}   oldest {oldest}   {alone} that nobody saves",
            parts::plural(found.worktrees.max(found.rows.len()), "worktree"),
        ),
    };
    canvas.text(row(at, 0), if alone > 0 { Role::Bad } else { Role::Neutral }, &text);
    below(at, 1)
}

pub(super) fn owner(canvas: &Canvas<'_>, risk: &AtRisk) -> Owner {
    canvas.model.job(&risk.job).map_or(Owner::Nobody, |job| owner_of(job, &canvas.model.replica.gone))
}

/// A host as people know it: what makes its name one of many machines' stays away.
fn host(name: &str) -> String {
    clean(name.split('~').next().unwrap_or(name))
}

fn nothing(canvas: &mut Canvas<'_>, at: Rect) {
    canvas.rule(row(at, 0), "Work at risk", "", true);
    let text = match &canvas.model.risk.found {
        Loaded::Here(found) if found.worktrees == 0 => {
            format!("Nothing at risk on {}: no worktree of this queue stands here.", host(&found.host))
        }
        Loaded::Here(found) => {
            let all = parts::plural(found.worktrees, "worktree");
            format!("Nothing at risk on {}: {all}, every change stands in a commit.", host(&found.host))
        }
        Loaded::Failed(why) => format!("The worktrees cannot be looked at: {}", clean(why)),
        Loaded::Unasked | Loaded::Asked => {
            format!("{} looking at the worktrees of this host", canvas.sign(Sign::Waits))
        }
    };
    let role = if matches!(canvas.model.risk.found, Loaded::Failed(_)) { Role::Bad } else { Role::Neutral };
    let rest = below(at, 2);
    let lines = wrapped(&text, usize::from(at.width).saturating_sub(3).max(1));
    for (nth, line) in lines.iter().enumerate() {
        canvas.text(row(rest, u16::try_from(nth).unwrap_or(u16::MAX)), role, &format!("  {line}"));
    }
    let rest = below(rest, u16::try_from(lines.len()).unwrap_or(0) + 1);
    let rest = told(canvas, rest, "At risk is a worktree with changes that stand in no commit.");
    told(canvas, rest, "Other hosts: – (a folder knows only this one). Ctrl-R looks again.");
}

/// The columns: head, width where there is room, whether it stands at the right edge.
const COLUMNS: [(&str, usize, bool); 6] = [
    ("JOB", 16, false),
    ("STAGE", 11, false),
    ("LINES", 11, true),
    ("FILES", 5, true),
    ("AGE", 5, true),
    ("OWNER", 18, false),
];

fn list(canvas: &mut Canvas<'_>, at: Rect) {
    let model = canvas.model;
    let listing = &model.risk.list;
    let count = listing.rows().len();
    let order = model.risk.order.words();
    canvas.rule(row(at, 0), &format!("Work at risk {}", grouped(count)), order, true);
    let heads = COLUMNS.map(|(head, ..)| head.to_string());
    let head = cells(canvas, &heads, "TITLE", at.width);
    canvas.text(row(at, 1), Role::Head, &format!("    {head}"));
    let body = below(at, 2);
    let window = canvas.window(Pane::Risk, count, Some(listing.at()), usize::from(body.height));
    for (nth, (place, id)) in
        listing.rows().iter().enumerate().skip(window.top).take(window.height).enumerate()
    {
        let on = row(body, u16::try_from(nth).unwrap_or(u16::MAX));
        let here = place == listing.at();
        let line = line(canvas, id, here, at.width);
        canvas.line(on, &line);
        canvas.hit(on, Hit::Row(Pane::Risk, place));
        if here {
            canvas.restyle(on, canvas.look().cursor());
        }
    }
}

fn line(canvas: &mut Canvas<'_>, id: &crate::job::JobId, here: bool, width: u16) -> Line<'static> {
    let model = canvas.model;
    let lead = if here { canvas.sign(Sign::Cursor) } else { " " };
    let (Some(risk), Some(job)) = (model.risk.row(id).cloned(), model.job(id).cloned()) else {
        return Line::raw(format!("{lead}   {id} is no longer at risk"));
    };
    let owner = owner(canvas, &risk);
    let (sign, role) = match owner {
        Owner::Alive => (parts::stage_sign(canvas, &job).content.to_string(), Role::Neutral),
        _ => (canvas.sign(Sign::Warning).to_string(), Role::Bad),
    };
    let status =
        if model.is_waiting(id) { format!("{} sent", canvas.sign(Sign::Waits)) } else { owner_word(owner) };
    let texts = [
        id.to_string(),
        parts::stage_word(&job).to_string(),
        changed(canvas, sums(&risk)),
        (risk.files.len() + risk.left_out.len()).to_string(),
        canvas.age(risk.since),
        status,
    ];
    let title = clean(&job.spec.title);
    let text = cells(canvas, &texts, &title, width);
    Line::from(vec![Piece::raw(format!("{lead} ")), canvas.piece(role, sign), Piece::raw(format!(" {text}"))])
}

/// Lines added and removed in all of its files.
fn sums(risk: &AtRisk) -> (u64, u64) {
    risk.each.iter().fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1))
}

/// `+214 −31`; without a line of text it is another kind of change.
fn changed(canvas: &Canvas<'_>, (plus, minus): (u64, u64)) -> String {
    let parts = [(plus, "+"), (minus, canvas.sign(Sign::Minus))];
    let told: Vec<String> =
        parts.iter().filter(|row| row.0 > 0).map(|row| format!("{}{}", row.1, row.0)).collect();
    if told.is_empty() { "no lines".to_string() } else { told.join(" ") }
}

/// The cells of a row; the title takes what is left.
fn cells(canvas: &Canvas<'_>, texts: &[String; 6], title: &str, total: u16) -> String {
    let more = canvas.sign(Sign::More);
    let roomy = total >= NARROW;
    // Where room is short the title tells more than where the job stands; the detail says that too.
    let shown = |nth: usize| matches!(nth, 0 | 4 | 5) || roomy && (nth != 1 || total >= ROOMY);
    let fixed: usize = (0..COLUMNS.len()).filter(|nth| shown(*nth)).map(|nth| COLUMNS[nth].1 + 1).sum();
    let free = usize::from(total).saturating_sub(5 + fixed);
    let mut out = String::new();
    for (nth, text) in texts.iter().enumerate().filter(|row| shown(row.0)) {
        let (_, wide, right) = COLUMNS[nth];
        out += &(if nth == 0 { fit_id(text, wide, more) } else { fit(text, wide, right, more) } + " ");
        if nth == 0 && roomy && free > 0 {
            out += &(fit(title, free, false, more) + " ");
        }
    }
    out.trim_end().to_string()
}

fn owner_word(owner: Owner) -> String {
    match owner {
        Owner::Alive => "alive".to_string(),
        Owner::Gone => "gone".to_string(),
        Owner::Fenced(old, new) => format!("gone, {old} < {new}"),
        Owner::Nobody => "none".to_string(),
    }
}

/// What the cursor is on, what a rescue does, and why it is off. Gives what is left below.
fn detail(canvas: &mut Canvas<'_>, at: Rect) -> Rect {
    let model = canvas.model;
    let Some(risk) = model.risk.current().cloned() else { return at };
    let Some(job) = model.job(&risk.job).cloned() else { return at };
    let host = model.risk.found.here().map(|found| host(&found.host)).unwrap_or_default();
    let right = if at.width >= 70 { "nothing here is ever deleted by clean-up" } else { "" };
    canvas.rule(row(at, 0), &format!("{} on {host}", risk.job), right, false);
    let rows = facts(canvas, &risk, &job);
    let rest = labelled(canvas, below(at, 1), &rows);
    canvas.rule(row(rest, 0), "r rescue does", "", false);
    let accepted = accepted(&job);
    let owner = owner(canvas, &risk);
    let epoch = job.attempts.last().map_or(job.epoch, |attempt| attempt.epoch);
    let text = match why_off(owner, &risk) {
        Some(why) => format!("off: {why}"),
        None => {
            let what = if risk.left_out.is_empty() { "commits all of it" } else { LEAVES };
            format!("{what} as a checkpoint of epoch {epoch}; {accepted}")
        }
    };
    let mut rest = told(canvas, below(rest, 1), &text);
    if !matches!(owner, Owner::Alive | Owner::Gone) && !risk.files.is_empty() {
        rest = told(canvas, rest, "then: D compares, ⏎ opens the job, let-go in . gives it up (asks)");
    }
    // Beside the list there is room for all the verbs.
    if canvas.area().width >= WIDE {
        return rest;
    }
    if rest.height > 1 {
        rest = below(rest, rest.height - 1);
    }
    let verb = if risk.can_be_saved() { "rescue" } else { "let-go" };
    canvas.text(row(rest, 0), Role::Neutral, &format!("  same as: aq risk {verb} {}", risk.job));
    below(rest, 1)
}

/// Why a rescue of it is off, if that is so.
pub(super) fn why_off(owner: Owner, risk: &AtRisk) -> Option<&'static str> {
    match owner {
        Owner::Alive => Some("an agent works on it and saves it itself, every five minutes"),
        Owner::Gone => Some(
            "its agent is gone; the next agent here takes the job back, saves this and goes on. \
             type :start for one",
        ),
        _ if risk.files.is_empty() => Some(
            "no commit takes what is left here. Copy it away if you need it; let-go in . gives it up (asks)",
        ),
        _ => None,
    }
}

fn accepted(job: &Job) -> String {
    match job.head.as_ref().and_then(|head| head.rev.as_ref()) {
        Some(rev) => format!("the accepted work stays at {}", short_rev(Some(rev))),
        None => "nothing is accepted by it".to_string(),
    }
}

fn facts(canvas: &mut Canvas<'_>, risk: &AtRisk, job: &Job) -> Vec<(&'static str, String)> {
    let dot = canvas.sign(Sign::Dot);
    let owner = match owner(canvas, risk) {
        Owner::Alive => "alive: it saves the worktree from time to time".to_string(),
        Owner::Gone => "gone: its process lives no more".to_string(),
        Owner::Fenced(old, new) => format!("gone: epoch {old} is fenced out by {new}"),
        Owner::Nobody => "none: nobody works on the job".to_string(),
    };
    let age = canvas.age(job.since);
    let sign = canvas.look().stage_sign(job.stage);
    let mut rows = vec![
        ("owner", owner),
        ("job", format!("{sign} {} {age} {dot} {}", parts::stage_word(job), clean(&job.why))),
        ("path", clean(&risk.path.display().to_string())),
    ];
    if !risk.files.is_empty() {
        let names: Vec<String> =
            files_of(canvas, risk).take(NAMED_MOST).map(|(name, lines)| format!("{name} {lines}")).collect();
        let more = risk.files.len() - names.len();
        let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
        rows.push(("files", format!("{}{tail}", names.join(", "))));
    }
    if !risk.left_out.is_empty() {
        let told: Vec<String> = risk.left_out.iter().take(NAMED_MOST).map(|text| clean(text)).collect();
        rows.push(("left out", told.join("; ")));
    }
    rows
}

/// Each file with its lines.
fn files_of<'a>(canvas: &'a Canvas<'_>, risk: &'a AtRisk) -> impl Iterator<Item = (String, String)> + 'a {
    let lines = risk.each.iter().copied().chain(std::iter::repeat((0, 0)));
    let one = |(path, lines): (&std::path::PathBuf, (u64, u64))| {
        (marked(&path.display().to_string()), changed(canvas, lines))
    };
    risk.files.iter().zip(lines).map(one)
}

/// The text of a comparison, or what became of it.
pub(super) fn text_of(canvas: &Canvas<'_>, patch: &Unsaved) -> String {
    match &patch.text {
        Loaded::Here(text) if text.is_empty() => "  no difference".to_string(),
        Loaded::Here(text) => text.clone(),
        Loaded::Failed(why) => format!("  it cannot be compared: {why}"),
        Loaded::Unasked | Loaded::Asked => format!("  {} comparing", canvas.sign(Sign::Waits)),
    }
}

/// The changes of a worktree against the accepted work, on the whole screen.
fn patch(canvas: &mut Canvas<'_>, at: Rect) {
    let Some(patch) = canvas.model.risk.patch.clone() else { return };
    let title = format!("{}: the worktree against the accepted work", patch.job);
    canvas.rule(row(at, 0), &title, "D or Esc: the list", true);
    let body = below(at, 1);
    let text = text_of(canvas, &patch);
    let height = usize::from(body.height);
    canvas.drawn.windows.push((Pane::Risk, crate::dash::model::Window { top: patch.top, height }));
    lines_of(canvas, body, &text, patch.top);
}

/// The lines of a patch from one on, as far as there is room.
pub(super) fn lines_of(canvas: &mut Canvas<'_>, at: Rect, text: &str, top: usize) {
    for (nth, line) in text.split_terminator('\n').skip(top).take(usize::from(at.height)).enumerate() {
        let role = match line.as_bytes().first() {
            Some(b'+') => Role::Good,
            Some(b'-') => Role::Bad,
            Some(b'@') => Role::Active,
            _ => Role::Neutral,
        };
        canvas.text(row(at, u16::try_from(nth).unwrap_or(u16::MAX)), role, &marked(line));
    }
}
