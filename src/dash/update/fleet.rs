//! The fleet screen: when it is looked at, and what is done to the agents of this host.

use super::{act, feed, go};
use crate::agent::Ending;
use crate::dash::effect::Effect;
use crate::dash::keys::{AgentDo, Motion};
use crate::dash::model::{AgentDeed, Answer, Host, Layer, Model, Plan, Screen, Sheet};
use crate::dash::survey::Wish;
use crate::fleet::{Event, What};
use crate::job::Seq;

/// Looks at the host, one look at a time.
pub fn look(model: &mut Model) -> Vec<Effect> {
    model.outdated = true;
    if std::mem::replace(&mut model.fleet.looking, true) {
        return Vec::new();
    }
    vec![Effect::Survey(Wish::Host)]
}

/// The host, or why it could not be looked at.
pub fn found(model: &mut Model, got: Result<Box<Host>, String>) {
    model.fleet.looking = false;
    model.fleet.host = feed::loaded(got);
    let living: Vec<String> = model
        .fleet
        .host
        .here()
        .map(|host| host.agents.iter().map(|it| it.holder.clone()).collect())
        .unwrap_or_default();
    model.fleet.ended.retain(|holder, _| living.contains(holder));
}

/// Events came: agents may have come or gone with them.
pub fn moved_on(model: &mut Model, events: &[(Seq, Event)]) -> Vec<Effect> {
    let matters = |row: &(Seq, Event)| !matches!(row.1.what, What::Progressed { .. });
    if model.screen == Screen::Fleet && events.iter().any(matters) { look(model) } else { Vec::new() }
}

/// Moves the cursor.
pub fn motion(model: &mut Model, motion: Motion, height: usize) {
    let last = model.fleet.host.here().map_or(0, |host| host.agents.len().saturating_sub(1));
    model.fleet.at = go::moved(model.fleet.at.min(last), motion, height, last);
}

/// Does what a key asks for.
pub fn agent(model: &mut Model, what: AgentDo) -> Vec<Effect> {
    match what {
        AgentDo::Start => sent(model, AgentDeed::Start),
        AgentDo::Drain => drain(model),
        AgentDo::Stop => stop(model),
    }
}

/// Lets the agent under the cursor finish: what runs is checkpointed and given back.
fn drain(model: &mut Model) -> Vec<Effect> {
    let Some((holder, pid)) = here(model) else { return Vec::new() };
    sent(model, AgentDeed::End(holder, pid, Ending::Drain))
}

/// Asks before the agent under the cursor is stopped.
fn stop(model: &mut Model) -> Vec<Effect> {
    let Some((holder, pid)) = here(model) else { return Vec::new() };
    let jobs: Vec<String> = model
        .replica
        .state
        .held()
        .filter(|row| row.1.as_str() == holder)
        .map(|row| row.0.id.to_string())
        .collect();
    let running = if jobs.is_empty() { "nothing".to_string() } else { jobs.join(" ") };
    let sheet = Sheet {
        head: format!("Stop agent {pid}?"),
        about: "its runs are stopped now, and still checkpointed".to_string(),
        rows: vec![
            ("runs".to_string(), running),
            ("lost".to_string(), "the turns in flight".to_string()),
            ("kept".to_string(), "worktrees, checkpoints, logs; its jobs are queued again".to_string()),
            ("instead".to_string(), "d drains it: it takes nothing new, checkpoints and ends".to_string()),
            ("back".to_string(), "start in . starts another one".to_string()),
        ],
        runs: "aq stop".to_string(),
        answers: vec![Answer {
            key: 'y',
            label: "stop it".to_string(),
            plan: Plan::Agents(AgentDeed::End(holder, pid, Ending::Stop)),
        }],
        keep: "let it work",
        ..Sheet::new(model.now.up)
    };
    model.layers.push(Layer::Sheet(Box::new(sheet)));
    Vec::new()
}

fn here(model: &Model) -> Option<(String, i32)> {
    let agent = model.fleet.agent()?;
    Some((agent.holder.clone(), agent.who.as_ref()?.pid))
}

/// Sends it; an agent that was asked to end shows it until it is gone.
pub fn sent(model: &mut Model, deed: AgentDeed) -> Vec<Effect> {
    if let AgentDeed::End(holder, _, ending) = &deed {
        model.fleet.ended.insert(holder.clone(), *ending);
    }
    let ticket = act::ticket(model, None, Vec::new());
    vec![Effect::Agents { ticket, deed }]
}
