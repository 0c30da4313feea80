//! `aq artifacts`: files kept after a run; list them, fetch one.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};
use serde::Serialize;

use super::frame::{
    Answer, Cell, CliError, Column, Context, Envelope, Exit, Table, nearest_word, without_controls,
};
use super::scene::Seen;
use crate::agent::{Kept, kept};
use crate::job::JobId;

/// List files kept after a run, or fetch one
#[derive(ClapArgs, Debug)]
#[command(args_conflicts_with_subcommands = false, subcommand_value_name = "get NAME")]
pub struct Args {
    /// The job
    job: String,

    #[command(subcommand)]
    then: Option<Then>,
}

#[derive(Subcommand, Debug)]
enum Then {
    /// Give one of them out
    Get {
        /// Its name, as listed
        name: String,
        /// Into this file instead of standard output
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

#[derive(Serialize)]
struct View<'a> {
    name: &'a str,
    bytes: u64,
}

/// Lists or fetches.
///
/// # Errors
/// Exit 3 if there is no such job or file; a fault if it cannot be read or written.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let seen = Seen::open(cx, None)?;
    let id = super::frame::find_job(&seen.state, &args.job)?;
    let files = kept(seen.board.place(), &id)?;
    if let Some(Then::Get { name, output }) = &args.then {
        return get(&files, name, output.as_deref(), &id, cx);
    }
    if cx.out.is_json() {
        let views: Vec<View<'_>> = files.iter().map(|f| View { name: &f.name, bytes: f.bytes }).collect();
        cx.out.json(&Envelope::new("artifacts", cx.wall(), seen.state.seq, seen.source(), views))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::of(&[Column::text("name"), Column::number("bytes")]);
    table.rows = files.iter().map(|f| vec![Cell::same(&f.name), Cell::same(f.bytes.to_string())]).collect();
    cx.out.table(&table)?;
    if files.is_empty() && cx.out.is_for_people() {
        cx.out.talk(&format!("{id} has kept nothing; its manifest names what to keep: artifacts"));
    }
    Ok(Exit::Done)
}

fn get(files: &[Kept], name: &str, output: Option<&Path>, job: &JobId, cx: &mut Context) -> Answer {
    // Only a listed name is a name: nothing beside the job's folder can be asked for.
    let Some(file) = files.iter().find(|file| file.name == name) else {
        let error = CliError::not_found(format!("{job} has kept no {name}"));
        let error = match nearest_word(name, files.iter().map(|file| file.name.as_str())) {
            Some(near) => error.why(format!("did you mean: {near}")),
            None => error,
        };
        return Err(error.next(format!("what it has kept: aq artifacts {job}")));
    };
    if let Some(to) = output {
        std::fs::copy(&file.path, to).map_err(|e| CliError::io("write", to, &e))?;
        cx.out.talk(&format!("wrote {} bytes to {}", file.bytes, to.display()));
        return Ok(Exit::Done);
    }
    let bytes = std::fs::read(&file.path).map_err(|e| CliError::io("read", &file.path, &e))?;
    if cx.out.is_terminal() {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        text.lines().try_for_each(|line| cx.out.painted(&without_controls(line)))?;
    } else {
        cx.out.bytes(&bytes)?;
    }
    Ok(Exit::Done)
}
