//! `aq config`: settings, where each value is from, and changing them.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};
use serde::Serialize;

use super::acting::{Edited, again, can_ask, edit, yes_or_no};
use super::frame::{Answer, Cell, CliError, Column, Context, Envelope, Exit, Table};
use crate::board::{Settings, Source, config_files};
use crate::job::{Origin, read_config, render_problems};
use crate::store::{Place, write_whole};

/// Configuration and where it comes from
#[derive(ClapArgs, Debug)]
#[command(infer_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Every key and its value
    Show {
        /// Where each value is from
        #[arg(long)]
        origin: bool,
    },
    /// Edit a file; it is checked before it is saved
    Edit {
        /// Your own file
        #[arg(long)]
        user: bool,
        /// The project's aq.toml
        #[arg(long, conflicts_with = "user")]
        project: bool,
    },
    /// The files that are read, the strongest first
    Path,
}

/// Shows, edits, or names the files.
///
/// # Errors
/// Exit 2 with every problem of a file that cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let place = match cx.place() {
        Ok(place) => Some(place.clone()),
        Err(error) if error.exit == Exit::NotFound && cx.globals.queue.is_none() => None,
        Err(error) => return Err(error),
    };
    // The noun alone is asked to show itself.
    match args.what.as_ref().unwrap_or(&What::Show { origin: false }) {
        What::Show { origin } => show(cx, place.as_ref(), *origin),
        What::Edit { user, project } => edit_file(cx, place.as_ref(), *user, *project),
        What::Path => paths(cx, place.as_ref()),
    }
}

#[derive(Serialize)]
struct Row {
    key: String,
    value: String,
    origin: Origin,
}

fn show(cx: &mut Context, place: Option<&Place>, origin: bool) -> Answer {
    let settings = Settings::load(place, &[])?;
    settings.warnings.iter().for_each(|text| cx.out.warn(text.trim_end()));
    let rows = settings.config.listing().into_iter().map(|(key, value, origin)| Row { key, value, origin });
    if cx.out.is_json() {
        let rows: Vec<Row> = rows.collect();
        cx.out.json(&Envelope::new("config", cx.wall(), 0, Source::Local, rows))?;
        return Ok(Exit::Done);
    }
    let mut columns = vec![Column::words("key"), Column::text("value")];
    columns.extend(origin.then_some(Column::words("from")));
    let mut table = Table::of(&columns);
    for row in rows {
        let mut cells = vec![Cell::same(row.key), Cell::same(row.value)];
        cells.extend(origin.then(|| Cell::same(row.origin.to_string())));
        table.rows.push(cells);
    }
    cx.out.table(&table)?;
    Ok(Exit::Done)
}

fn paths(cx: &mut Context, place: Option<&Place>) -> Answer {
    let files = config_files(place);
    if cx.out.is_json() {
        let row = |(origin, path): &(Origin, PathBuf)| serde_json::json!({"origin": origin, "path": path.display().to_string(), "exists": path.exists()});
        let rows: Vec<serde_json::Value> = files.iter().map(row).collect();
        cx.out.json(&Envelope::new("config_files", cx.wall(), 0, Source::Local, rows))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::of(&[Column::words("whose"), Column::words("file"), Column::words("is")]);
    for (origin, path) in files {
        let is = if path.exists() { "there" } else { "not there" };
        let path = path.display().to_string();
        table.rows.push(vec![Cell::same(origin.to_string()), Cell::same(path), Cell::same(is)]);
    }
    cx.out.table(&table)?;
    Ok(Exit::Done)
}

/// What an empty file begins with in the editor.
const HEAD: &str = "# Settings of aq. Every key: aq config show; what each means: aq help config\n";

fn edit_file(cx: &mut Context, place: Option<&Place>, user: bool, project: bool) -> Answer {
    let whose = if user || (place.is_none() && !project) { Origin::User } else { Origin::Project };
    let found = config_files(place).into_iter().find(|row| row.0 == whose);
    let Some((origin, path)) = found else {
        return Err(CliError::usage("there is no project here: its aq.toml stands beside a queue")
            .next("make one: aq init, or edit your own file: aq config edit --user"));
    };
    let old = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => HEAD.to_string(),
        Err(error) => return Err(CliError::io("read", &path, &error)),
    };
    // The settings may be what is broken: then the editor is the environment's.
    let settings = Settings::load(place, &[]).or_else(|_| Settings::load(None, &[]));
    let editor = match settings {
        Ok(settings) => settings.config.editor,
        Err(_) => None,
    };
    let mut edited = edit(cx, editor.as_deref(), "aq.toml", &old)?;
    loop {
        match read_config(&edited.text, origin) {
            Ok((_, odd)) => {
                if !odd.is_empty() {
                    cx.out.warn(render_problems(&shown(&path), edited.text.as_bytes(), &odd).trim_end());
                }
                return save(cx, &path, &old, &edited);
            }
            Err(problems) => {
                let problems = render_problems(&shown(&path), edited.text.as_bytes(), &problems);
                if !can_ask(cx) || !yes_or_no(&format!("{problems}edit it again?"))? {
                    return Err(CliError::usage(format!("{} is not changed", path.display()))
                        .why(problems)
                        .next(format!("your text is in {}", edited.file.display())));
                }
                edited = again(editor.as_deref(), &edited.file)?;
            }
        }
    }
}

fn save(cx: &mut Context, path: &Path, old: &str, edited: &Edited) -> Answer {
    if edited.text == old {
        edited.used();
        cx.out.talk(&format!("{} is as it was: nothing to do", path.display()));
        return Ok(Exit::Done);
    }
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(|e| CliError::io("make", dir, &e))?;
    }
    write_whole(path, edited.text.as_bytes())?;
    edited.used();
    cx.out.talk(&format!("saved {}. see it: aq config show --origin", path.display()));
    Ok(Exit::Done)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
