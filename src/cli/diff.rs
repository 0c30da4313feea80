//! `aq diff`: what a job changed.

use clap::Args as ClapArgs;
use serde_json::json;

use super::frame::{Answer, CliError, Context, Envelope, Exit, find_job};
use crate::agent::{Change, Wanted, change};
use crate::board::{Board as _, Purpose, Source};
use crate::engine::show_controls;
use crate::job::AttemptNo;

/// What the job changed
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// The job: id, unique prefix, idempotency key or file name
    job: String,
    /// Up to this commit
    #[arg(long, value_name = "R")]
    rev: Option<String>,
    /// A table of files
    #[arg(long)]
    stat: bool,
    /// Only what came between the ends of two attempts
    #[arg(long, value_name = "N..M", value_parser = attempts, conflicts_with = "rev")]
    attempts: Option<(AttemptNo, AttemptNo)>,
}

fn attempts(text: &str) -> Result<(AttemptNo, AttemptNo), String> {
    let parsed = text.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    parsed.ok_or_else(|| format!("not two attempts: {text:?} (write 1..2)"))
}

/// Shows it, through the pager on a terminal.
///
/// # Errors
/// Exit 3 if there is no such job or nothing to show.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let local = cx.local(Purpose::Read)?;
    let state = local.snapshot();
    let id = find_job(&state, &args.job)?;
    let Some(job) = state.job(&id) else { return Err(CliError::not_found(format!("no job {id}"))) };
    let wanted = Wanted { rev: args.rev.clone(), attempts: args.attempts, stat_only: args.stat };
    let Change { from, to, stat, text, .. } = cx
        .wait(change(&local, job, &wanted))?
        .map_err(|why| CliError::not_found(why).next(format!("its attempts: aq show {id}")))?;
    if cx.out.is_json() {
        let files: Vec<String> = stat.paths.iter().map(|p| p.display().to_string()).collect();
        let data = json!({
            "job": id.as_str(), "from": from.as_str(), "to": to.as_str(),
            "insertions": stat.insertions, "deletions": stat.deletions, "files": files, "text": text,
        });
        cx.out.json(&Envelope::new("diff", cx.wall(), state.seq, Source::Local, data))?;
        return Ok(Exit::Done);
    }
    let short = |rev: &crate::job::Rev| rev.as_str().chars().take(7).collect::<String>();
    let (files, plus, minus) = (stat.files, stat.insertions, stat.deletions);
    let files = if files == 1 { "1 file".to_string() } else { format!("{files} files") };
    cx.out.talk(&format!("{id}: {}..{}, {files}, +{plus} -{minus}", short(&from), short(&to)));
    cx.out.page();
    // At a terminal it is read before a yes, so it hides nothing; in a pipe its bytes are data.
    let at_terminal = cx.out.is_terminal();
    text.split_terminator('\n').try_for_each(|line| match at_terminal {
        true => cx.out.line(&show_controls(line)),
        false => cx.out.line(line),
    })?;
    Ok(Exit::Done)
}
