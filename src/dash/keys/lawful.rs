//! Why an action is off: said by the law for jobs, by the place for the rest.

use std::sync::Arc;

use crate::dash::model::{Loaded, Model, Owner, Page, Place, Tab, WIDE, owner_of};
use crate::fleet::{Action, Code, Job};
use crate::insight::{lawful, short_rev, why_not};
use crate::job::Stage;

use super::actions::{ACTIONS, Do, Group};

/// A yes, or why not.
pub type Off = Result<(), String>;

/// Nothing stands against it.
pub fn always(_: &Model) -> Off {
    Ok(())
}

/// The law's word on an action for the jobs it would go to: lawful for one of them is enough.
pub fn by_law(model: &Model, action: Action) -> Off {
    if let Some(why) = model.bars() {
        return Err(why);
    }
    let targets = model.targets();
    if targets.is_empty() {
        return Err("no job is under the cursor".to_string());
    }
    let now = model.law_now();
    let mut first = None;
    for job in targets {
        if model.is_waiting(&job.id) {
            first.get_or_insert("it still waits for an answer".to_string());
            continue;
        }
        match lawful(&model.replica.state, job, action, &model.me, now) {
            Ok(()) => return Ok(()),
            // Whoever reads it sees which action and which job are meant.
            Err(no) => drop(first.get_or_insert(why_not(action, &job.id, &no))),
        }
    }
    Err(first.unwrap_or_default())
}

/// A requeue; of one job that used up its budget it asks for the ceiling first.
pub fn can_requeue(model: &Model) -> Off {
    let Err(why) = by_law(model, Action::Requeue) else { return Ok(()) };
    let used_up = |job: &&Arc<Job>| job.stage == Stage::Failed && job.used_up().is_some();
    match (to_raise(model), model.targets().into_iter().filter(used_up).count()) {
        (Some(_), _) => Ok(()),
        (None, 2..) => Err(format!("{why}; one by one they ask for a ceiling")),
        (None, _) => Err(why),
    }
}

/// The one job that is meant, if only a higher ceiling lets it be requeued.
pub fn to_raise(model: &Model) -> Option<&Job> {
    let [job] = model.targets()[..] else { return None };
    if model.bars().is_some() || model.is_waiting(&job.id) {
        return None;
    }
    let no = lawful(&model.replica.state, job, Action::Requeue, &model.me, model.law_now()).err()?;
    Some(job).filter(|_| no.code == Code::BudgetNotRaised).map(|job| &**job)
}

/// At least one job is not put aside already: those are taken back by the same key.
pub fn can_park(model: &Model) -> Off {
    by_law(model, Action::Park)?;
    let free = |job: &&Arc<Job>| {
        let asks = || lawful(&model.replica.state, job, Action::Park, &model.me, model.law_now());
        job.park.is_none() && !model.is_waiting(&job.id) && asks().is_ok()
    };
    match model.targets().iter().any(free) {
        true => Ok(()),
        false => Err("it is parked already".to_string()),
    }
}

/// The same for what decides about a revision: on the diff it must be the one in sight.
pub fn seen_by_law(model: &Model, action: Action) -> Off {
    by_law(model, action)?;
    in_sight(model)
}

/// A job must be under the cursor.
pub fn on_a_job(model: &Model) -> Off {
    model.current().map(|_| ()).ok_or_else(|| "no job is under the cursor".to_string())
}

/// Something that can be opened is under the cursor: a job, or an alert.
pub fn can_open(model: &Model) -> Off {
    if model.alert().is_some() { Ok(()) } else { on_a_job(model) }
}

/// A job as it is now is under the cursor.
pub fn can_watch(model: &Model) -> Off {
    match model.time.at {
        Some(_) => Err("you see the past, which changes no more".to_string()),
        None => on_a_job(model),
    }
}

/// Something may be changed at all.
pub fn may_change(model: &Model) -> Off {
    model.bars().map_or(Ok(()), Err)
}

/// A job's manifest may be edited: it has a file of its own.
pub fn has_a_file(model: &Model) -> Off {
    may_change(model)?;
    on_a_job(model)?;
    match model.current().is_some_and(|job| job.file.is_some()) {
        true => Ok(()),
        false => Err("it is an inline part of its parent and has no file of its own".to_string()),
    }
}

/// The queue is paused or suspended.
pub fn is_held(model: &Model) -> Off {
    may_change(model)?;
    let product = &model.replica.state.product;
    match product.paused.is_none() && product.suspended.is_empty() {
        true => Err("the queue is not paused".to_string()),
        false => Ok(()),
    }
}

/// The past is on the screens.
pub fn is_past(model: &Model) -> Off {
    match model.time.at {
        Some(_) => Ok(()),
        None => Err("you see the present".to_string()),
    }
}

/// An agent that can be signalled is under the cursor, and was not asked to end already.
pub fn an_agent(model: &Model) -> Off {
    may_change(model)?;
    let Some(agent) = model.fleet.agent() else { return Err("no agent is under the cursor".to_string()) };
    match agent.life {
        crate::engine::Liveness::Alive => Ok(()),
        crate::engine::Liveness::Gone => Err("it lives no more".to_string()),
        crate::engine::Liveness::Unknown => Err("it cannot be seen from here".to_string()),
    }
}

/// Something waits for a person, or is wrong around the jobs.
pub fn somebody_waits(model: &Model) -> Off {
    match model.needs() == 0 && model.alerts().is_empty() {
        true => Err("nothing waits for you".to_string()),
        false => Ok(()),
    }
}

/// A search has matches to go to.
pub fn is_searching(model: &Model) -> Off {
    match (model.place(), model.page.as_ref().map(Page::search)) {
        (Place::Page(Tab::Log | Tab::Diff), Some("")) => Err("nothing is searched for: / begins".to_string()),
        _ => Ok(()),
    }
}

/// A file of the diff is shown and has text to go to.
pub fn has_a_line(model: &Model) -> Off {
    let page = model.page.as_ref().filter(|page| page.tab == Tab::Diff);
    let Some(file) = page.and_then(|page| page.diff.shown()) else {
        return Err("no file of a diff is shown".to_string());
    };
    match file.line_at(false, 0) {
        Some(_) => Ok(()),
        None => Err(format!("{} is gone at that revision, or has no text", file.name)),
    }
}

/// Where there is room for several panes.
pub fn has_panes(model: &Model) -> Off {
    match model.page.is_none() || model.in_parts().is_some() {
        true => Ok(()),
        false => Err(format!("below {WIDE} columns there is one pane")),
    }
}

/// Two runs are compared, and not the whole change.
pub fn compares(model: &Model) -> Off {
    match model.page.as_ref().is_some_and(|page| page.diff.runs.is_some()) {
        true => Ok(()),
        false => Err("this is the whole change".to_string()),
    }
}

/// On the diff only what is in sight can be decided on.
fn in_sight(model: &Model) -> Off {
    let Some(page) = model.page.as_ref().filter(|page| page.tab == Tab::Diff) else { return Ok(()) };
    let head = model.job(&page.job).and_then(|job| job.head.as_ref()).and_then(|head| head.rev.as_ref());
    let Some(head) = head else { return Ok(()) };
    match (&page.diff.patch, page.diff.seen()) {
        // What cannot be shown was not promised to be seen: the sheet names the revision.
        (Loaded::Failed(_), _) => Ok(()),
        (_, Some(seen)) if seen == head => Ok(()),
        _ if page.diff.runs.is_some() => Err("you look at a part of the change: D shows all of it".into()),
        _ => Err(format!("the branch is at {}, whose diff is being read", short_rev(Some(head)))),
    }
}

/// The job has attempts.
pub fn has_a_run(model: &Model) -> Off {
    match model.current().is_some_and(|job| !job.attempts.is_empty()) {
        true => Ok(()),
        false => Err("no attempt was begun yet".to_string()),
    }
}

/// Two attempts can be compared.
pub fn has_a_pair(model: &Model) -> Off {
    let both = model.current().zip(model.page.as_ref());
    both.map_or(Err("no job is open".to_string()), |(job, page)| page.runs.pair(job).map(|_| ()))
}

/// A file that was kept is under the cursor.
pub fn has_a_kept(model: &Model) -> Off {
    let files = model.page.as_ref().and_then(|page| page.files.got.here());
    match files.is_some_and(|files| !files.is_empty()) {
        true => Ok(()),
        false => Err("nothing was kept".to_string()),
    }
}

/// The board is shown, which alone has columns.
pub fn on_the_board(model: &Model) -> Off {
    match model.jobs.board.on {
        true => Ok(()),
        false => Err("the list has no columns to go to: b shows the board".to_string()),
    }
}

/// A transcript is there.
pub fn has_lines(model: &Model) -> Off {
    match model.page.as_ref().is_some_and(|page| page.log.lines.here().is_some()) {
        true => Ok(()),
        false => Err("no transcript is here".to_string()),
    }
}

/// There is something that can be done here at all.
pub fn has_actions(model: &Model) -> Off {
    let place = model.place();
    let any = ACTIONS.iter().any(|row| row.group == Group::Act && row.does != Do::Menu && row.on.has(place));
    if any { Ok(()) } else { Err("nothing can be done on this screen".to_string()) }
}

/// A worktree at risk is under the cursor.
pub fn at_risk(model: &Model) -> Off {
    risk_is_shown(model)?;
    model.risk.current().map(|_| ()).ok_or_else(|| "no worktree is under the cursor".to_string())
}

/// Worktrees are shown: they are known only as they are now.
pub fn risk_is_shown(model: &Model) -> Off {
    match model.time.at {
        None => Ok(()),
        Some(_) => Err("worktrees are known only as they are now: L goes live".to_string()),
    }
}

/// The worktree under the cursor has no owner that will save it.
pub fn can_rescue(model: &Model) -> Off {
    may_change(model)?;
    at_risk(model)?;
    let Some(job) = model.current() else { return Err("its job is no longer here".to_string()) };
    if model.is_waiting(&job.id) {
        return Err(format!("{} still waits for an answer", job.id));
    }
    match owner_of(job, &model.replica.gone) {
        Owner::Alive => Err(format!("an agent works on {} and saves it itself", job.id)),
        Owner::Gone => {
            Err(format!("the agent of {} is gone: the next agent here takes it back first", job.id))
        }
        Owner::Fenced(..) | Owner::Nobody => Ok(()),
    }
}

/// The worktree under the cursor has something that a commit takes, and no owner that will save it.
pub fn can_save(model: &Model) -> Off {
    can_rescue(model)?;
    match model.risk.current().is_some_and(|risk| risk.can_be_saved()) {
        true => Ok(()),
        false => Err("no commit takes what is left in it: copy it away, or let it go".to_string()),
    }
}

/// At least one worktree has no owner that will save it.
pub fn can_rescue_all(model: &Model) -> Off {
    may_change(model)?;
    let saves = |id: &crate::job::JobId| {
        model.job(id).is_some_and(|job| owner_of(job, &model.replica.gone) == Owner::Alive)
    };
    match model.risk.list.rows().iter().all(saves) {
        true if model.risk.list.rows().is_empty() => Err("nothing is at risk".to_string()),
        true => Err("agents work on all of them and save them themselves".to_string()),
        false => Ok(()),
    }
}

/// At least one of those has something that a commit takes.
pub fn can_save_all(model: &Model) -> Off {
    can_rescue_all(model)?;
    match crate::dash::model::to_save(model).is_empty() {
        // What only a new agent can save goes before what nobody can.
        true if model.risk.list.rows().iter().any(|id| is_gone(model, id)) => {
            Err("their agents are gone: the next agent here takes them back first".to_string())
        }
        true => Err("no commit takes what is left in them: copy it away, or let it go".to_string()),
        false => Ok(()),
    }
}

fn is_gone(model: &Model, id: &crate::job::JobId) -> bool {
    model.job(id).is_some_and(|job| owner_of(job, &model.replica.gone) == Owner::Gone)
}

/// As a rescue: what an agent works in is not given up.
pub fn can_let_go(model: &Model) -> Off {
    can_rescue(model)
}

/// As [`can_let_go`], of at least one of them.
pub fn can_let_go_all(model: &Model) -> Off {
    can_rescue_all(model)?;
    match crate::dash::model::nobodys(model).is_empty() {
        true => Err("their agents are gone: the next agent here takes them back first".to_string()),
        false => Ok(()),
    }
}
