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
pub fn moved_on(model: &mut Model, events: &[(Seq, Event)], others: bool) -> Vec<Effect> {
    let matters = |row: &(Seq, Event)| !matches!(row.1.what, What::Progressed { .. });
    let stirs = others || events.iter().any(matters);
    if model.screen == Screen::Fleet && stirs { look(model) } else { Vec::new() }
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

/// Has the agent under the cursor end in order. It takes turns in flight from its jobs, so where there are any it
/// is asked first.
fn drain(model: &mut Model) -> Vec<Effect> {
    let Some((holder, pid)) = here(model) else { return Vec::new() };
    if runs_of(model, &holder).is_empty() {
        return sent(model, AgentDeed::End(holder, pid, Ending::Drain));
    }
    let about = "it takes nothing new; its jobs are checkpointed and given back, then it ends";
    let instead = "P then drain: what runs finishes, nothing new starts";
    ask(model, (holder, pid, Ending::Drain), about, ("drain", "Drain"), instead)
}

/// Asks before the agent under the cursor is stopped.
fn stop(model: &mut Model) -> Vec<Effect> {
    let Some((holder, pid)) = here(model) else { return Vec::new() };
    let about = "its runs are stopped now, and still checkpointed";
    let instead = "d drains it: it takes nothing new, checkpoints and ends";
    ask(model, (holder, pid, Ending::Stop), about, ("stop", "Stop"), instead)
}

/// The jobs that an agent runs.
fn runs_of(model: &Model, holder: &str) -> Vec<String> {
    let held = model.replica.state.held().filter(|row| row.1.as_str() == holder);
    held.map(|row| row.0.id.to_string()).collect()
}

fn ask(
    model: &mut Model,
    (holder, pid, ending): (String, i32, Ending),
    about: &str,
    (verb, head): (&str, &str),
    instead: &str,
) -> Vec<Effect> {
    let jobs = runs_of(model, &holder);
    let running = if jobs.is_empty() { "nothing".to_string() } else { jobs.join(" ") };
    let row = |label: &str, text: &str| (label.to_string(), text.to_string());
    let mut rows = vec![
        row("runs", &running),
        row("lost", "the turns in flight"),
        row("kept", "worktrees, checkpoints, logs; its jobs are queued again"),
        row("instead", instead),
        row("back", "start in . starts another one"),
    ];
    let others = model.fleet.host.here().map_or(0, |host| host.living().saturating_sub(1));
    let mut runs = format!("aq {verb}");
    if others > 0 {
        rows.push(row("not as", &format!("aq {verb}, which is for all {} agents of this host", others + 1)));
        let second = if ending == Ending::Stop { format!(" && kill -INT {pid}") } else { String::new() };
        runs = format!("kill -TERM {pid}{second}");
    }
    let sheet = Sheet {
        head: format!("{head} agent {pid}?"),
        about: about.to_string(),
        rows,
        runs,
        answers: vec![Answer {
            key: 'y',
            label: format!("{verb} it"),
            plan: Plan::Agents(AgentDeed::End(holder, pid, ending)),
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
    model.unlogged = Some(match &deed {
        AgentDeed::Start => "start",
        AgentDeed::End(_, _, Ending::Drain) => "drain",
        AgentDeed::End(_, _, Ending::Stop) => "stop",
    });
    let ticket = act::ticket(model, None, Vec::new());
    vec![Effect::Agents { ticket, deed }]
}
