//! The transcript: marks a person sets, which voices are shown, how lines are set.

use super::tell;
use crate::dash::effect::Effect;
use crate::dash::model::{Choice, LogChange, LogLine, Model, Pick, Then, Voice};
use crate::job::Role;

/// Sets a mark at the end of what is there: what comes later stands below it.
pub fn mark(model: &mut Model) -> Vec<Effect> {
    let at = model.now.wall;
    let Some(page) = &mut model.page else { return Vec::new() };
    let crate::dash::model::Loaded::Here(lines) = &mut page.log.lines else { return Vec::new() };
    lines.push(LogLine { at, voice: Voice::Mark, text: String::new() });
    page.log.hit = None;
    page.log.pick();
    Vec::new()
}

/// What can be chosen about how lines are shown.
pub fn options(model: &Model) -> Pick {
    let log = model.page.as_ref().map(|page| &page.log);
    let on = |is: bool| if is { "on" } else { "off" }.to_string();
    let row = |key: &str, label: &str, note: String, change: LogChange| Choice {
        label: label.to_string(),
        note,
        key: key.to_string(),
        runs: String::new(),
        then: Then::Log(change),
    };
    let rows = vec![
        row("w", "wrap", on(log.is_some_and(|log| log.wrap)), LogChange::Wrap),
        row("t", "timestamps", on(log.is_some_and(|log| !log.bare)), LogChange::Times),
        row(
            "e",
            "only errors and aq's own lines",
            on(log.is_some_and(|log| log.only_loud)),
            LogChange::OnlyLoud,
        ),
    ];
    Pick::of("Log", false, rows)
}

/// Does what was chosen.
pub fn change(model: &mut Model, change: LogChange) -> Vec<Effect> {
    let Some(page) = &mut model.page else { return Vec::new() };
    let log = &mut page.log;
    match change {
        LogChange::Wrap => log.wrap = !log.wrap,
        LogChange::Times => log.bare = !log.bare,
        LogChange::OnlyLoud => log.only_loud = !log.only_loud,
    }
    log.hit = None;
    log.pick();
    if log.only_loud && change == LogChange::OnlyLoud {
        let text = "what the program wrote as output is left out: o brings it back";
        tell::say(model, Role::Neutral, text, "", false);
    }
    Vec::new()
}
