//! What of a job's work stands in no commit, and who will save it: the summary's part of Risk.

use ratatui::text::{Line, Span as Piece};

use super::canvas::Canvas;
use super::parts::{moment, plural};
use super::summary::Told;
use crate::agent::SAVE_EVERY;
use crate::dash::keys::Do;
use crate::dash::model::{Owner, Screen, owner_of};
use crate::fleet::Job;
use crate::insight::short_rev;
use crate::job::Role;

/// What is told, once the worktrees of this host were looked at; nothing of a job that has none.
pub fn told(canvas: &mut Canvas<'_>, job: &Job) -> Option<Told> {
    let model = canvas.model;
    model.risk.found.here().filter(|_| model.time.at.is_none() && job.spec.worktree)?;
    job.attempts.last()?;
    // Engines write on: it is no older than it says.
    let at = model.risk.at.map(|at| format!("looked at {}", moment(canvas, at))).unwrap_or_default();
    let Some(risk) = model.risk.row(&job.id).cloned() else {
        let lines = vec![Line::raw("  nothing: all of it stands in commits")];
        return Some(Told::of("At risk", at, lines));
    };
    let since = match &job.checkpoint {
        Some((rev, _)) => format!("newer than checkpoint {}", short_rev(Some(rev))),
        None => "in no checkpoint yet".to_string(),
    };
    let lines = usize::try_from(risk.lines).unwrap_or(usize::MAX);
    let (role, owner) = match owner_of(job, &model.replica.gone) {
        Owner::Alive => (Role::Neutral, format!("its agent lives and saves it every {}", SAVE_EVERY.age())),
        Owner::Gone => (Role::Bad, "its agent is gone; the next one saves it".to_string()),
        Owner::Fenced(..) | Owner::Nobody => {
            let key = model.keys.sign(Do::Go(Screen::Risk), canvas.look().ascii);
            (Role::Bad, format!("nobody saves it: {key} does"))
        }
    };
    let what = format!("  {} in {} {since}", plural(lines, "line"), plural(risk.files.len(), "file"));
    let mut told = vec![Line::raw(what), Line::from(vec![Piece::raw("  "), canvas.piece(role, owner)])];
    if !risk.left_out.is_empty() {
        let text = format!("  {} that no checkpoint takes", plural(risk.left_out.len(), "file"));
        told.push(Line::from(canvas.piece(Role::Wait, text)));
    }
    Some(Told::of("At risk", at, told))
}
