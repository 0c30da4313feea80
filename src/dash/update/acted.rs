//! What was answered to an action: told in one row, with every single result in the messages.

use super::{diff, go, tell};
use crate::dash::effect::Effect;
use crate::dash::model::{Answered, Model, TOAST_LIFE, Toast};
use crate::dash::msg::Acted;
use crate::dash::survey::Wish;
use crate::fleet::{Action, Code};
use crate::insight::why_not;
use crate::job::{JobId, Role};

/// An action was answered. What was sent together is told together, once the last answer is there.
pub fn acted(model: &mut Model, acted: Acted) -> Vec<Effect> {
    let sent = model.waiting.remove(&acted.ticket);
    let action = sent.as_ref().and_then(|sent| sent.action);
    let (words, batch) = sent.map_or((None, None), |sent| (sent.words, sent.batch));
    let words = words.map(|words| format!("your words: {words}"));
    model.done_upto = model.done_upto.max(acted.upto);
    model.dirty = true;
    let looks_again = acted.results.iter().any(|(_, it)| matches!(it, Err(no) if no.code == Code::RevMoved));
    // What was rescued or let go is at risk no more; a look tells.
    let touched = acted.results.iter().map(|row| row.0.clone());
    let touched: Vec<JobId> = touched.filter(|id| model.risk.at_risk.contains(id)).collect();
    let saved = (!touched.is_empty()).then_some(Effect::Survey(Wish::AtRisk(Some(touched))));
    let mut it = batch.and_then(|batch| model.batches.remove(&batch)).unwrap_or_default();
    take(model, &mut it, acted, action);
    match batch.filter(|_| it.left > 0) {
        Some(batch) => {
            let text = format!("{} of {} are answered", it.done.len() + it.refused.len(), it.all());
            model.batches.insert(batch, it);
            let until = Some(model.now.after(TOAST_LIFE));
            model.toast = Some(Toast { text, role: Role::Neutral, undo: false, until });
        }
        None => say(model, &it, words),
    }
    let mut effects = go::arrive(model);
    effects.extend(saved);
    if looks_again {
        effects.extend(diff::again(model));
    }
    effects
}

fn take(model: &mut Model, it: &mut Answered, acted: Acted, action: Option<Action>) {
    it.left = it.left.saturating_sub(1);
    it.undo |= acted.undo;
    it.past = acted.past;
    it.refused.extend(acted.fault.map(|fault| (fault, None)));
    for (job, result) in acted.results {
        match result {
            Ok(text) => {
                // What failed stays marked.
                model.marks.remove(&job);
                it.done.push(text);
            }
            Err(no) => {
                // The reason comes before the name: a narrow row cuts the end.
                let why = action.map(|action| format!("{} ({job})", why_not(action, &job, &no)));
                let hint = if no.hint.is_empty() { String::new() } else { format!(" ({})", no.hint) };
                let told = format!("{}{hint}", no.message);
                it.refused.push((why.unwrap_or(no.message), Some(told)));
            }
        }
    }
}

/// In one row: how many it was done to, and why not to the others.
fn say(model: &mut Model, it: &Answered, words: Option<String>) {
    match (it.done.as_slice(), it.refused.as_slice()) {
        ([], []) => tell::say(model, Role::Wait, "nothing to do", "", false),
        ([one], []) => tell::say(model, Role::Good, one, "", it.undo),
        (all, []) => {
            let text = format!("{} {} jobs", it.past, all.len());
            tell::say(model, Role::Good, text, all.join("\n"), it.undo);
        }
        (done, refused) => {
            let begun = match done.len() {
                0 => String::new(),
                n => format!("{} {n}, ", it.past),
            };
            let count = if refused.len() > 1 { format!(" {}", refused.len()) } else { String::new() };
            let why: Vec<&str> = refused.iter().map(|no| no.0.as_str()).collect();
            let text = format!("{begun}not done{count}: {}", why.join("; "));
            let told = refused.iter().filter_map(|(why, told)| match told {
                // The row says it already.
                None if refused.len() == 1 => None,
                None => Some(why.clone()),
                told => told.clone(),
            });
            let more: Vec<String> = done.iter().cloned().chain(told).chain(words).collect();
            tell::say(model, Role::Bad, text, more.join("\n"), it.undo && !done.is_empty());
        }
    }
}
