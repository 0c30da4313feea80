//! `aq init`: make `queue/` and `aq.toml`, and write the profiles out for editing.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use serde::Serialize;

use super::acting::remember_queue;
use super::frame::{Answer, CliError, Context, Envelope, Exit};
use crate::board::Source;
use crate::git::Repo;
use crate::job::{BUILT_IN_PROFILES, FOLDERS, Holder, config_keys};
use crate::store::{Place, Wish, write_whole};

/// Make queue/ and aq.toml
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Make a copied or moved queue one of this machine
    #[arg(long)]
    adopt: bool,
    /// Show what would be made, and make nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// One thing that was made or was there.
#[derive(Serialize)]
struct Made {
    path: String,
    made: bool,
    what: &'static str,
}

/// Makes what is missing and leaves what is there.
///
/// # Errors
/// Exit 2 where a queue would not be found again; a fault if something cannot be made.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    cx.refuse_fleet()?;
    let queue = wanted(cx.globals.queue.as_deref())?;
    if args.adopt {
        return adopt(cx, &queue, args.dry_run);
    }
    let project = queue.parent().unwrap_or(&queue).to_path_buf();
    let git = git_of(&queue)?;
    let mut all = Vec::new();
    let was = Place::is_queue(&queue);
    if !args.dry_run {
        let place = Place::create(&Wish { queue: &queue, git_common: git.as_deref() })?;
        remember_queue(cx, &place);
    }
    all.push(Made {
        path: shown(&queue),
        made: !was,
        what: "the queue: drop markdown files into its inbox/",
    });
    let write = |all: &mut Vec<Made>, path: PathBuf, text: &str, what| -> Result<(), CliError> {
        let made = !path.exists();
        if made && !args.dry_run {
            write_whole(&path, text.as_bytes())?;
        }
        all.push(Made { path: shown(&path), made, what });
        Ok(())
    };
    write(&mut all, project.join("aq.toml"), &settings_text(), "settings, every key commented out")?;
    let profiles = project.join("profiles");
    if !args.dry_run {
        std::fs::create_dir_all(&profiles).map_err(|e| CliError::io("make", &profiles, &e))?;
    }
    for (name, text) in BUILT_IN_PROFILES {
        write(&mut all, profiles.join(format!("{name}.md")), text, "a persona and its defaults")?;
    }
    tell(cx, args.dry_run, &queue, git.is_some(), &all)
}

/// The folder that is to be the queue: the one named, else `queue/` here.
fn wanted(flag: Option<&Path>) -> Result<PathBuf, CliError> {
    let here = std::env::current_dir().map_err(|e| CliError::io("find", Path::new("."), &e))?;
    let named = flag
        .map(Path::to_path_buf)
        .or_else(|| std::env::var_os("AQ_QUEUE").filter(|value| !value.is_empty()).map(PathBuf::from));
    let queue = match &named {
        // The project's folder is a fair way to name the queue that is there.
        Some(path) if !Place::is_queue(path) && Place::is_queue(&path.join("queue")) => {
            here.join(path).join("queue")
        }
        Some(path) => here.join(path),
        None => here.join("queue"),
    };
    if named.is_none()
        && let Some(above) = Place::nearest(&here).filter(|above| *above != queue)
    {
        return Err(CliError::usage(format!("{} is below a queue already", here.display()))
            .why(format!("it is {}", above.display()))
            .next("use that one, or make another here: aq init --queue queue"));
    }
    must_be_free(&queue)?;
    Ok(queue)
}

/// A folder with other things in it is somebody's, whatever its name.
fn must_be_free(queue: &Path) -> Result<(), CliError> {
    let ours = |name: &str| {
        FOLDERS.iter().any(|row| row.1 == name) || [".aq", "rejected", ".gitignore"].contains(&name)
    };
    let entries = match std::fs::read_dir(queue) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(CliError::io("list", queue, &error)),
    };
    let mut names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    match names.find(|name| !ours(name)) {
        Some(_) if Place::is_queue(queue) => Ok(()),
        Some(name) => {
            Err(CliError::usage(format!("{} is a folder with other things in it", queue.display()))
                .why(format!("it holds {name}, which no queue has"))
                .next("name an empty or a new folder: aq init --queue DIR"))
        }
        None => Ok(()),
    }
}

/// The common git directory of the repository the queue will stand in.
fn git_of(queue: &Path) -> Result<Option<PathBuf>, CliError> {
    // From the folder above: the queue itself may be a link to elsewhere.
    let stands = queue.ancestors().skip(1).find(|up| up.is_dir()).unwrap_or(queue);
    match Repo::discover(stands)? {
        Some(repo) => Ok(Some(repo.facts()?.common_dir)),
        None => Ok(None),
    }
}

fn adopt(cx: &mut Context, queue: &Path, dry_run: bool) -> Answer {
    if !Place::is_queue(queue) {
        return Err(CliError::not_found(format!("{} is not a queue", queue.display()))
            .why("it has no inbox/ and .aq")
            .next("make one: aq init"));
    }
    if let Ok(place) = Place::open(queue) {
        cx.out.talk(&format!("{} is a queue of this machine already: nothing to do", place.queue.display()));
        return Ok(Exit::Done);
    }
    if !dry_run {
        remember_queue(cx, &Place::adopt(queue)?);
    }
    let made = Made { path: shown(queue), made: true, what: "the queue is one of this machine now" };
    tell(cx, dry_run, queue, false, &[made])
}

fn tell(cx: &mut Context, dry_run: bool, queue: &Path, in_git: bool, all: &[Made]) -> Answer {
    if cx.out.is_json() {
        let kind = if dry_run { "would_make" } else { "made" };
        cx.out.json(&Envelope::new(kind, cx.wall(), 0, Source::Local, all))?;
        return Ok(Exit::Done);
    }
    let fresh: Vec<&Made> = all.iter().filter(|made| made.made).collect();
    for made in &fresh {
        match cx.out.is_for_people() {
            true => cx.out.line(&format!("{} {}", if dry_run { "would make" } else { "made" }, made.path))?,
            false => cx.out.line(&format!("{}\t{}", made.path, made.what))?,
        }
    }
    if fresh.is_empty() {
        cx.out.talk(&format!("{} is a queue with all it needs: nothing to do", shown(queue)));
        return Ok(Exit::Done);
    }
    if in_git && !dry_run {
        cx.out.talk("its history stands in the git directory, where git clean cannot reach it");
    }
    if !dry_run {
        cx.out.talk("next: put a markdown file into its inbox/, then: aq agent");
    }
    Ok(Exit::Done)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A settings file in which every key stands as a comment with its meaning.
fn settings_text() -> String {
    let mut text = String::from(
        "# Settings of this project. A key without its # is in force; what is in force now:\n\
         # aq config show --origin. Keys of your own file alone: aq help config\n",
    );
    for (words, holder) in config_keys() {
        if holder == Holder::OwnOnly {
            continue;
        }
        let name = words.name.replace('*', "NAME");
        text.push_str(&format!(
            "\n# {}: {}; default {}\n#{name} =\n",
            words.meaning, words.form, words.default
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Origin, read_config};

    #[test]
    fn the_file_sets_nothing_and_names_only_keys() {
        let text = settings_text();
        let (_, odd) = read_config(&text, Origin::Project).expect("reads");
        assert!(odd.is_empty(), "{odd:?}");
        let names: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix('#')?.strip_suffix(" =")).collect();
        assert!(names.contains(&"engine") && names.contains(&"clean.keep") && !names.contains(&"editor"));
    }
}
