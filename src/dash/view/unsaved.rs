//! Beside the list of work at risk on a wide terminal: what is in it, what was saved, and what is off and why.

use ratatui::layout::Rect;

use super::canvas::{Canvas, below, row};
use super::panes::told;
use super::parts;
use super::risk::{lines_of, owner, text_of, why_off};
use super::text::{clean, fit, fit_id, short_age};
use crate::dash::theme::Sign;
use crate::insight::short_rev;
use crate::job::{JobId, Role};

/// Rows of what was saved, with their head.
const SAVED: u16 = 6;
/// Rows of what raises an alert, with their head.
const ALERTS: u16 = 4;
/// Worktrees of which it is told why a rescue is off.
const OFF_MOST: usize = 4;

/// What is in the worktree under the cursor; below it what was saved, and what raises an alert.
pub fn below_the_list(canvas: &mut Canvas<'_>, at: Rect) {
    let high = at.height.saturating_sub(SAVED + ALERTS);
    changes(canvas, Rect { height: high, ..at });
    let rest = below(at, high);
    saved(canvas, Rect { height: SAVED.min(rest.height), ..rest });
    alerts(canvas, below(rest, SAVED));
}

/// The worktree against the accepted work, from its beginning; `D` has all of it.
fn changes(canvas: &mut Canvas<'_>, at: Rect) {
    let Some(patch) = canvas.model.risk.beside.clone() else { return };
    let title = format!("{}: the worktree against the accepted work", patch.job);
    let text = text_of(canvas, &patch);
    let lines = text.lines().count();
    let more = lines > usize::from(at.height.saturating_sub(1));
    let right = if more { format!("{lines} lines, D all of them") } else { String::new() };
    canvas.rule(row(at, 0), &title, &right, false);
    lines_of(canvas, below(at, 1), &text, 0);
}

/// What stood in a worktree alone and was put into a commit, the latest first.
fn saved(canvas: &mut Canvas<'_>, at: Rect) {
    let now = canvas.model.law_now().law;
    let since = canvas.model.day.since(now).map(|at| at.local_hm());
    let span = since.map_or("last 24 h".to_string(), |hm| format!("since {hm}"));
    canvas.rule(row(at, 0), "Seen and gone", &span, false);
    let most = usize::from(at.height.saturating_sub(2));
    let all: Vec<_> = canvas.model.day.saved(now).take(most).cloned().collect();
    if all.is_empty() {
        told(canvas, below(at, 1), "nothing was left alone and saved later");
    }
    let wide = parts::moments_wide(canvas, all.iter().map(|save| save.at));
    for (nth, save) in all.iter().enumerate() {
        let more = canvas.sign(Sign::More);
        let by = if save.by.is(&canvas.model.me) { "you".to_string() } else { clean(&save.by.name) };
        let alone =
            save.since.map(|from| format!(", {} after its run was over", short_age(save.at.since(from))));
        let text = format!(
            "  {:<wide$}  {}  saved into {} by {by}{}",
            parts::moment(canvas, save.at),
            fit_id(save.job.as_str(), 16, more),
            short_rev(Some(&save.rev)),
            alone.unwrap_or_default(),
        );
        canvas.text(row(at, u16::try_from(nth + 1).unwrap_or(u16::MAX)), Role::Neutral, &text);
    }
}

fn alerts(canvas: &mut Canvas<'_>, at: Rect) {
    canvas.rule(row(at, 0), "When it becomes an alert", "", false);
    told(
        canvas,
        below(at, 1),
        "When a run offers work that its agent could not save: raised once, and over once that stands in a commit. \
         What an agent that died leaves alone needs you, and has the tag at-risk.",
    );
}

/// Worktrees whose rescue is off, each with its reason; and the same by verbs.
pub fn off(canvas: &mut Canvas<'_>, at: Rect) {
    let reason = |id: &JobId| {
        let risk = canvas.model.risk.row(id)?;
        Some((id.clone(), why_off(owner(canvas, risk), risk)?))
    };
    // Of no more rows than could be shown: the list may be long.
    let rows = canvas.model.risk.list.rows().iter().take(usize::from(at.height));
    let off: Vec<(JobId, &str)> = rows.filter_map(reason).collect();
    let more = canvas.sign(Sign::More);
    let mut rest = below(at, 1);
    if !off.is_empty() {
        canvas.rule(row(rest, 0), "Off, and why", "", false);
        rest = below(rest, 1);
        let room = usize::from(rest.width).saturating_sub(17);
        for (id, why) in off.iter().take(OFF_MOST) {
            // The detail of each has its reason in full; here the begin tells them apart.
            let why =
                why.split([';', '.']).next().unwrap_or_default().split(" and ").next().unwrap_or_default();
            let text = format!("  {} {}", fit_id(id.as_str(), 13, more), fit(why, room, false, more));
            canvas.text(row(rest, 0), Role::Neutral, text.trim_end());
            rest = below(rest, 1);
        }
        if off.len() > OFF_MOST {
            canvas.text(row(rest, 0), Role::Neutral, &format!("  {more} {} more", off.len() - OFF_MOST));
            rest = below(rest, 1);
        }
        rest = below(rest, 1);
    }
    canvas.rule(row(rest, 0), "Same on the command line", "", false);
    let risk = canvas.model.risk.current();
    let verb = if risk.is_none_or(crate::agent::AtRisk::can_be_saved) { "rescue" } else { "let-go" };
    let one = risk.map(|risk| format!("aq risk {verb} {}", risk.job));
    for line in ["aq risk".to_string()].into_iter().chain(one).chain(["aq risk rescue --all".to_string()]) {
        rest = below(rest, 1);
        canvas.text(row(rest, 0), Role::Neutral, &format!("  {line}"));
    }
}
