//! `aq path`: the critical path, and the slack of what is not on it.

use clap::Args as ClapArgs;
use serde::Serialize;

use super::frame::{Answer, Cell, Column, Context, Envelope, Exit, Role, Table, find_job, role_of};
use super::scene::Seen;
use crate::insight::{CriticalPath, Estimates, critical_path};

/// Jobs beside the path that are shown to people; the rest has more slack than these.
const BESIDE_MOST: usize = 10;

/// Show the critical path with slack
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// The goal; without one, everything that is not over
    job: Option<String>,
}

#[derive(Serialize)]
struct View {
    total_ms: u64,
    estimated: bool,
    unknown: bool,
    steps: Vec<StepView>,
}

#[derive(Serialize)]
struct StepView {
    job: String,
    stage: Option<&'static str>,
    left_ms: Option<u64>,
    done_in_ms: u64,
    slack_ms: Option<u64>,
    critical: bool,
}

/// Shows it.
///
/// # Errors
/// Exit 3 if there is no such job; a fault if the queue cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let seen = Seen::open(cx, None)?;
    let goal = args.job.as_ref().map(|name| find_job(&seen.state, name)).transpose()?;
    let plan = critical_path(&seen.state, goal.as_ref(), &Estimates::of(&seen.state), seen.now);
    if cx.out.is_json() {
        let data = view(&plan, &seen);
        cx.out.json(&Envelope::new("path", cx.wall(), seen.state.seq, seen.source(), data))?;
        return Ok(Exit::Done);
    }
    let people = cx.out.is_for_people();
    let on_path = plan.steps.iter().filter(|step| step.critical).count();
    let shown = if people { on_path + BESIDE_MOST } else { plan.steps.len() };
    let mut table = Table::of(&[
        Column::words("path"),
        Column::words("job"),
        Column::words("stage"),
        Column::number("left"),
        Column::number("done in"),
        Column::number("slack"),
    ]);
    for step in plan.steps.iter().take(shown) {
        let stage = seen.state.stage_of(&step.job);
        let left = if step.left.unknown { "?".to_string() } else { format!("~{}", step.left.span.age()) };
        let exact = if step.left.unknown { "?".to_string() } else { step.left.span.to_string() };
        table.rows.push(vec![
            Cell::pair(
                if step.critical { "━" } else { "" },
                if step.critical { "critical" } else { "beside" },
            ),
            Cell::same(step.job.as_str()),
            Cell::same(stage.map(crate::job::Stage::name).unwrap_or_default())
                .role(stage.map_or(Role::Neutral, role_of)),
            Cell::pair(left, exact),
            Cell::pair(format!("~{}", step.done_in.age()), step.done_in.to_string()),
            match plan.unknown {
                true => Cell::same("?"),
                false => Cell::pair(step.slack.age(), step.slack.to_string()),
            },
        ]);
    }
    cx.out.table(&table)?;
    say_more(&plan, cx, shown);
    Ok(Exit::Done)
}

fn say_more(plan: &CriticalPath, cx: &mut Context, shown: usize) {
    if !cx.out.is_for_people() {
        return;
    }
    if plan.steps.is_empty() {
        cx.out.talk("nothing is left to do");
    }
    if plan.steps.len() > shown {
        cx.out.talk(&format!("{} more with more slack: --plain lists all", plan.steps.len() - shown));
    }
    if plan.unknown {
        cx.out.talk(
            "some durations are unknown (too few like attempts have ended well, or it runs longer than they did)",
        );
    }
}

fn view(plan: &CriticalPath, seen: &Seen) -> View {
    let steps = plan.steps.iter().map(|step| StepView {
        job: step.job.to_string(),
        stage: seen.state.stage_of(&step.job).map(crate::job::Stage::name),
        left_ms: Some(step.left.span.as_millis()).filter(|_| !step.left.unknown),
        done_in_ms: step.done_in.as_millis(),
        slack_ms: Some(step.slack.as_millis()).filter(|_| !plan.unknown),
        critical: step.critical,
    });
    View { total_ms: plan.total.as_millis(), estimated: true, unknown: plan.unknown, steps: steps.collect() }
}
