//! Why an action is off: said by the law for jobs, by the place for the rest.

use crate::dash::model::{Model, Page, Place, Tab};
use crate::fleet::Action;
use crate::insight::lawful;

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
            first.get_or_insert(format!("{} still waits for an answer", job.id));
            continue;
        }
        match lawful(&model.replica.state, job, action, &model.me, now) {
            Ok(()) => return Ok(()),
            Err(no) => {
                // Whoever reads it sees which action and which job are meant.
                let begun = format!("cannot {} {}: ", action.name(), job.id);
                let why = no.message.strip_prefix(&begun).unwrap_or(&no.message).to_string();
                first.get_or_insert(why);
            }
        }
    }
    Err(first.unwrap_or_default())
}

/// A job must be under the cursor.
pub fn on_a_job(model: &Model) -> Off {
    model.current().map(|_| ()).ok_or_else(|| "no job is under the cursor".to_string())
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

/// Something waits for a person.
pub fn somebody_waits(model: &Model) -> Off {
    match model.lists.needs.is_empty() {
        true => Err("nothing waits for you".to_string()),
        false => Ok(()),
    }
}

/// A search has matches to go to.
pub fn is_searching(model: &Model) -> Off {
    match (model.place(), model.page.as_ref().map(Page::search)) {
        (Place::Page(Tab::Log), Some("")) => Err("nothing is searched for: / begins".to_string()),
        _ => Ok(()),
    }
}
