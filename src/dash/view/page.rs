//! The page of a job: its line, its tabs, and the tab that is open, one file each.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span as Piece};

use super::canvas::{Canvas, below, row};
use super::parts;
use super::text::{clean, width};
use super::{artifacts, detail, diff, events, explain, log, manifest, runs, summary};
use crate::dash::model::{Hit, TABS, Tab, factory_of};
use crate::dash::theme::Sign;
use crate::fleet::Job;
use crate::job::Role;

/// With fewer columns for it a title is left out.
const TITLE_LEAST: usize = 6;
/// With fewer columns for the name of a job what it does gives way.
const NAME_LEAST: usize = 28;

/// Draws it. A tab is a file of this room and an arm here.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect) {
    let model = canvas.model;
    let Some(page) = &model.page else { return };
    let Some(job) = model.job(&page.job).cloned() else {
        canvas.text(
            row(body, 0),
            Role::Wait,
            &format!(" {} left the queue; its history: aq show {}", page.job, page.job),
        );
        return;
    };
    title(canvas, row(body, 0), &job);
    tabs(canvas, row(body, 1), page.tab);
    let at = below(body, 2);
    match page.tab {
        Tab::Summary => summary::draw(canvas, at, &job),
        Tab::Manifest => manifest::draw(canvas, at, &job),
        Tab::Events => events::of_job(canvas, at),
        Tab::Log => log::draw(canvas, at, &job),
        Tab::Diff => diff::draw(canvas, at, &job),
        Tab::Runs => runs::draw(canvas, at, &job),
        Tab::Explain => explain::draw(canvas, at, &job),
        Tab::Artifacts => artifacts::draw(canvas, at, &job),
    }
}

fn title(canvas: &mut Canvas<'_>, at: Rect, job: &Job) {
    let age = canvas.age(job.since);
    let dot = canvas.sign(Sign::Dot);
    let status = parts::status(canvas, job, 30);
    let sign = parts::stage_sign(canvas, job);
    let right =
        vec![sign, Piece::raw(format!(" {} {age} {dot} ", parts::stage_word(job))), status, Piece::raw(" ")];
    let total = |pieces: &[Piece<'_>]| pieces.iter().map(|piece| width(&piece.content)).sum::<usize>();
    let mut right = right;
    let name = if job.id.is_made_of(&job.spec.title) { NAME_LEAST } else { width(job.id.as_str()) + 2 };
    if total(&right) + name > usize::from(at.width) {
        // Which job it is goes before what it does.
        right.truncate(1);
        right.push(Piece::raw(format!(" {} {age} ", parts::stage_word(job))));
    }
    // What else tells the job stands there as far as its name is whole.
    let named = width(&parts::named(job, canvas.sign(Sign::More))) + 2;
    for fact in facts(job) {
        let piece = format!("{dot} {fact} ");
        if total(&right) + width(&piece) + named > usize::from(at.width) {
            break;
        }
        right.push(Piece::raw(piece));
    }
    let room = usize::from(at.width).saturating_sub(total(&right));
    let whole = format!(" {}", parts::named(job, canvas.sign(Sign::More)));
    let made = job.id.is_made_of(&job.spec.title);
    let left = if !made && room < name + TITLE_LEAST { format!(" {}", job.id) } else { whole };
    let left = super::text::fit(&left, room.saturating_sub(1), false, canvas.sign(Sign::More)) + " ";
    let mut pieces = vec![canvas.piece(Role::Head, left)];
    pieces.extend(right);
    canvas.line(at, &Line::from(pieces));
}

/// Where it runs or ran, the how manieth time, for how much, and on which branch.
fn facts(job: &Job) -> Vec<String> {
    let tried = job.attempts.last().map(|attempt| format!("attempt {}", attempt.no));
    let branch = (tried.is_some() && job.spec.worktree).then(|| format!("aq/job/{}", job.id));
    let host = Some(clean(factory_of(job))).filter(|host| !host.is_empty());
    let cost = Some(detail::spent(job)).filter(|cost| !cost.is_empty() && cost != "?");
    [host, tried, cost, branch].into_iter().flatten().collect()
}

fn tabs(canvas: &mut Canvas<'_>, at: Rect, open: Tab) {
    let narrow = at.width < super::frame::NARROW;
    let mut x = at.x;
    for (tab, name) in TABS {
        let name = if narrow { name.get(..3).unwrap_or(name) } else { name };
        let label = if tab == open { format!("[{name}]") } else { format!(" {name} ") };
        let wide = u16::try_from(width(&label)).unwrap_or(0).min(at.right().saturating_sub(x));
        let place = Rect { x, width: wide, ..at };
        canvas.text(place, if tab == open { Role::Head } else { Role::Neutral }, &label);
        canvas.hit(place, Hit::Tab(tab));
        x += wide;
    }
    let count = format!("{}/{} ", open as usize + 1, TABS.len());
    let wide = u16::try_from(width(&count)).unwrap_or(0);
    if x + wide < at.right() {
        canvas.text(Rect { x: at.right() - wide, width: wide, ..at }, Role::Neutral, &count);
    }
}
