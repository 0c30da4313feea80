//! `aq profile`: personas and their defaults.

use clap::{Args as ClapArgs, Subcommand};
use serde::Serialize;

use super::frame::{Answer, Cell, CliError, Column, Context, Envelope, Exit, Table, nearest_word};
use crate::board::{Settings, Source};
use crate::job::built_in_profile;

/// Personas and their defaults
#[derive(ClapArgs, Debug)]
#[command(infer_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand, Debug)]
enum What {
    /// List them
    Ls,
    /// The text of one
    Show {
        /// Its name, or a beginning that no other has
        name: String,
    },
}

#[derive(Serialize)]
struct Row {
    name: String,
    from: String,
    engine: Option<String>,
    verify: Option<String>,
    says: String,
}

/// Lists them or shows one.
///
/// # Errors
/// Exit 3 for an unknown name; exit 2 for a settings file that cannot be read.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    // Profiles are there without a queue too: those that ship with aq.
    let place = match cx.place() {
        Ok(place) => Some(place.clone()),
        Err(error) if error.exit == Exit::NotFound && cx.globals.queue.is_none() => None,
        Err(error) => return Err(error),
    };
    let settings = Settings::load(place.as_ref(), &[])?;
    // The noun alone is asked to show itself.
    match args.what.as_ref().unwrap_or(&What::Ls) {
        What::Ls => list(cx, &settings),
        What::Show { name } => show(cx, &settings, name),
    }
}

fn list(cx: &mut Context, settings: &Settings) -> Answer {
    let mut rows = Vec::new();
    for name in settings.profile_names() {
        let from = match settings.profile_text(&name) {
            Some((text, _)) if built_in_profile(&name) == Some(text.as_str()) => "built-in".to_string(),
            Some((_, path)) => path.display().to_string(),
            None => continue,
        };
        let read = settings.profile(&name);
        let says = match &read {
            Ok(profile) => profile.persona.lines().next().unwrap_or_default().to_string(),
            Err(problems) => format!("cannot be read: {}", problems.lines().next().unwrap_or_default()),
        };
        let (engine, verify) = read.map(|p| (p.engine, p.default_verify)).unwrap_or_default();
        rows.push(Row { name, from, engine, verify, says });
    }
    if cx.out.is_json() {
        cx.out.json(&Envelope::new("profiles", cx.wall(), 0, Source::Local, rows))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::of(&[
        Column::words("profile"),
        Column::words("engine"),
        Column::text("from"),
        Column::text("says"),
    ]);
    for row in rows {
        let engine =
            Cell::pair(row.engine.clone().unwrap_or_else(|| "–".to_string()), row.engine.unwrap_or_default());
        table.rows.push(vec![Cell::same(row.name), engine, Cell::same(row.from), Cell::same(row.says)]);
    }
    cx.out.table(&table)?;
    Ok(Exit::Done)
}

fn show(cx: &mut Context, settings: &Settings, name: &str) -> Answer {
    let name = find(settings, name)?;
    let (text, path) = settings
        .profile_text(&name)
        .ok_or_else(|| CliError::not_found(format!("no profile {name}")).next("list them: aq profile ls"))?;
    if cx.out.is_json() {
        let data = serde_json::json!({"name": name, "from": path.display().to_string(), "text": text});
        cx.out.json(&Envelope::new("profile", cx.wall(), 0, Source::Local, data))?;
    } else {
        cx.out.talk(&format!("{name} from {}", path.display()));
        text.trim_end().lines().try_for_each(|line| cx.out.line(line))?;
    }
    // What no job could use is said; the text stays readable.
    if let Err(problems) = settings.profile(&name) {
        cx.out.warn(problems.trim_end());
    }
    Ok(Exit::Done)
}

/// A name or a beginning that only one has.
fn find(settings: &Settings, name: &str) -> Result<String, CliError> {
    let names = settings.profile_names();
    if names.iter().any(|known| known == name) {
        return Ok(name.to_string());
    }
    let found: Vec<&String> =
        names.iter().filter(|known| !name.is_empty() && known.starts_with(name)).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let error = CliError::not_found(format!("no profile {name}"));
            let error = match nearest_word(name, names.iter().map(String::as_str)) {
                Some(near) => error.why(format!("did you mean: {near}")),
                None => error,
            };
            Err(error.next("list them: aq profile ls"))
        }
        several => Err(CliError::usage(format!("{name} could be any of {} profiles", several.len()))
            .why(several.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", "))
            .next("write more of the name")),
    }
}
