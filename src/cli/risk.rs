//! `aq risk`: worktrees with work that stands in no commit; rescue it, or let it go.

use std::io::{IsTerminal as _, Write as _};

use clap::{Args as ClapArgs, Subcommand};
use serde_json::json;

use super::frame::{Answer, Cell, CliError, Column, Context, Envelope, Exit, Table, find_job};
use crate::agent::{AtRisk, at_risk, let_go, rescue};
use crate::board::{Board as _, Local, Purpose, Settings, Source};
use crate::job::JobId;

/// Files of one worktree named before the rest is only counted.
const NAMES_SHOWN: usize = 4;

/// What is said where only that is left which no checkpoint takes.
const LEFT: &str = "no checkpoint takes these files: copy them away, or give them up: aq risk let-go JOB";

/// What is said where nothing can be saved before an agent has taken its job back.
const GONE: &str = "their agents are gone: the next agent takes the jobs back and saves this: aq agent";

/// Worktrees with unsaved work
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Put the work into a commit under the job's last epoch
    Rescue {
        /// The jobs
        jobs: Vec<String>,
        /// Every job at risk that no agent works on
        #[arg(long)]
        all: bool,
    },
    /// Give the worktree up, with everything in it that stands in no commit
    LetGo {
        /// The jobs
        #[arg(required = true)]
        jobs: Vec<String>,
        /// Agree to lose one worktree
        #[arg(long)]
        yes: bool,
        /// Agree to lose several: their number
        #[arg(long, value_name = "NUMBER")]
        confirm: Option<usize>,
    },
}

/// Lists, rescues or lets go.
///
/// # Errors
/// Exit 2 if what would be lost was not agreed to; exit 8 if some could not be done.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    // What is rescued may become the job's work, and that is an event.
    let rescues = matches!(args.what, Some(What::Rescue { .. }));
    let local = cx.local(if rescues { Purpose::Act } else { Purpose::Read })?;
    let settings = Settings::load(Some(local.place()), &[])?;
    let risks = cx.wait(at_risk(&local, &settings))?;
    match &args.what {
        None => list(cx, &local, &risks),
        Some(What::Rescue { jobs, all }) => {
            let mut ids = named(&local, jobs)?;
            if *all {
                let free = risks.iter().filter(|risk| !risk.owned && !risk.gone && risk.can_be_saved());
                ids.extend(free.map(|risk| risk.job.clone()));
            }
            if ids.is_empty() && !*all {
                return Err(CliError::usage("which jobs?").next("name them, or: aq risk rescue --all"));
            }
            each(cx, ids, |cx, id| {
                let made = cx.wait(rescue(&local, &settings, &cx.me(), id))?;
                Ok(made.map(|rev| format!("rescued {id} into {}", rev.as_str().get(..7).unwrap_or_default())))
            })
        }
        Some(What::LetGo { jobs, yes, confirm }) => {
            let ids = named(&local, jobs)?;
            let given = if ids.len() == 1 { *yes } else { *confirm == Some(ids.len()) };
            agree(cx, &risks, &ids, given)?;
            each(cx, ids, |cx, id| {
                let gone = cx.wait(let_go(&local, &settings, id))?;
                Ok(gone.map(|()| format!("let go of the worktree of {id}; its commits stay")))
            })
        }
    }
}

fn named(local: &Local, names: &[String]) -> Result<Vec<JobId>, CliError> {
    let state = local.snapshot();
    names.iter().map(|name| find_job(&state, name)).collect()
}

fn list(cx: &mut Context, local: &Local, risks: &[AtRisk]) -> Answer {
    let host = crate::engine::process_identity().host;
    if cx.out.is_json() {
        let row = |risk: &AtRisk| {
            let files: Vec<String> = risk.files.iter().map(|p| p.display().to_string()).collect();
            json!({
                "factory": host, "job": risk.job.as_str(), "path": risk.path.display().to_string(),
                "lines": risk.lines, "files": files, "leftOut": risk.left_out,
                "since": risk.since.to_string(), "owned": risk.owned,
            })
        };
        let data: Vec<_> = risks.iter().map(row).collect();
        cx.out.json(&Envelope::new("risk", cx.wall(), local.snapshot().seq, Source::Local, data))?;
        return Ok(Exit::Done);
    }
    let columns = ["factory", "job", "lines", "files", "age", "owner"].map(Column::words);
    let texts = [Column::text("worktree"), Column::text("holds")];
    let mut table = Table::of(&columns.into_iter().chain(texts).collect::<Vec<_>>());
    for risk in risks {
        table.rows.push(vec![
            Cell::same(&host),
            Cell::same(risk.job.as_str()),
            Cell::same(risk.lines.to_string()),
            Cell::same((risk.files.len() + risk.left_out.len()).to_string()),
            Cell::pair(cx.wall().since(risk.since).age(), risk.since.to_string()),
            Cell::same(owner_of(risk)),
            Cell::same(risk.path.display().to_string()),
            Cell::same(what_is_lost(risk)),
        ]);
    }
    cx.out.table(&table)?;
    let free = risks.iter().filter(|risk| !risk.owned && !risk.gone);
    let (saved, left): (Vec<&AtRisk>, Vec<&AtRisk>) = free.partition(|risk| risk.can_be_saved());
    match (risks.is_empty(), saved.is_empty(), left.is_empty()) {
        (false, true, _) if risks.iter().any(|risk| risk.gone) => cx.out.talk(GONE),
        (true, ..) => cx.out.talk("nothing is at risk: every change stands in a commit"),
        (_, true, true) => cx.out.talk("agents work on these and save them every five minutes"),
        (_, false, _) => cx.out.talk("save it: aq risk rescue --all; see it: git -C WORKTREE status"),
        (_, true, false) => cx.out.talk(LEFT),
    }
    Ok(Exit::Done)
}

fn owner_of(risk: &AtRisk) -> &'static str {
    match (risk.owned, risk.gone) {
        (true, _) => "alive",
        (_, true) => "gone",
        _ => "none",
    }
}

/// `3 lines in 1 file: a.rs; no checkpoint takes .env: its name says it is a secret`.
fn what_is_lost(risk: &AtRisk) -> String {
    let mut parts = Vec::new();
    if !risk.files.is_empty() {
        let names: Vec<String> = risk.files.iter().map(|path| path.display().to_string()).collect();
        let lines = plural(risk.lines, "line");
        parts.push(format!("{lines} in {}: {}", plural(names.len() as u64, "file"), few(&names)));
    }
    if !risk.left_out.is_empty() {
        parts.push(format!("no checkpoint takes {}", few(&risk.left_out)));
    }
    parts.join("; ")
}

/// Names, the first of them where they are many.
fn few(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMES_SHOWN);
    let shown = names.iter().take(NAMES_SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

fn plural(n: u64, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
}

/// One worktree is agreed to by yes, several by their number.
fn agree(cx: &Context, risks: &[AtRisk], ids: &[JobId], given: bool) -> Result<(), CliError> {
    let lost: Vec<String> = risks
        .iter()
        .filter(|risk| ids.contains(&risk.job))
        .map(|risk| format!("{}: {}", risk.job, what_is_lost(risk)))
        .collect();
    let number = ids.len().to_string();
    if given || lost.is_empty() {
        return Ok(());
    }
    let flag = if ids.len() == 1 { "--yes".to_string() } else { format!("--confirm={number}") };
    let refused = || {
        CliError::usage("this would lose work that stands in no commit")
            .why(lost.join("; "))
            .next(format!("keep it: aq risk rescue; lose it: the same with {flag}"))
    };
    if cx.globals.no_input || !std::io::stdin().is_terminal() {
        return Err(refused());
    }
    let expected = if ids.len() == 1 { "y" } else { number.as_str() };
    let mut line = String::new();
    let asked = write!(std::io::stderr(), "lost for good: {}\ntype {expected} to lose it: ", lost.join("; "))
        .and_then(|()| std::io::stdin().read_line(&mut line));
    asked.map_err(|e| CliError::io("ask at", std::path::Path::new("the terminal"), &e))?;
    if line.trim() == expected { Ok(()) } else { Err(refused()) }
}

fn each(
    cx: &mut Context,
    ids: Vec<JobId>,
    mut done: impl FnMut(&mut Context, &JobId) -> Result<Result<String, String>, CliError>,
) -> Answer {
    let (count, mut failed) = (ids.len(), 0);
    for id in ids {
        match done(cx, &id)? {
            Ok(line) => cx.out.line(&line)?,
            Err(why) => {
                failed += 1;
                cx.out.warn(&format!("{id}: {why}"));
            }
        }
    }
    Ok(match failed {
        0 => Exit::Done,
        all if all == count => Exit::Refused,
        _ => Exit::Partly,
    })
}
