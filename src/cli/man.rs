//! `aq man`: the man page of aq, or every page into a folder.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use clap_mangen::Man;

use super::argv::root;
use super::frame::{Answer, CliError, Context, Exit};
use super::topics::{TOPICS, topic};
use super::verbs::VERBS;

/// Print the man page of aq, or write all pages into a folder
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Folder for aq.1, aq-ls.1 and the others; made if needed
    folder: Option<PathBuf>,
}

/// Prints or writes them.
///
/// # Errors
/// If a page cannot be written.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let Some(folder) = &args.folder else {
        let page = main_page()?;
        cx.out.bytes(&page)?;
        return Ok(Exit::Done);
    };
    std::fs::create_dir_all(folder).map_err(|e| CliError::io("make", folder, &e))?;
    write(folder, "aq.1", &main_page()?)?;
    let verbs = VERBS.iter().filter(|verb| verb.is_here());
    let mut count = 1;
    for verb in verbs {
        let name = format!("aq-{}", verb.name);
        // The page's name stands in its head and must be that of the file.
        let command = verb
            .command()
            .name(String::leak(name.clone()) as &'static str)
            .bin_name(format!("aq {}", verb.name));
        let mut page = Vec::new();
        Man::new(command).render(&mut page).map_err(|e| CliError::io("write", folder, &e))?;
        write(folder, &format!("{name}.1"), &page)?;
        count += 1;
    }
    cx.out.talk(&format!("wrote {count} pages to {}", folder.display()));
    Ok(Exit::Done)
}

/// The page of aq: its flags, its verbs, and every topic.
fn main_page() -> Result<Vec<u8>, CliError> {
    let commands = VERBS.iter().filter(|verb| verb.is_here()).map(super::Verb::command);
    // Flags that short help leaves out belong into the page.
    let command = root().mut_args(|arg| arg.hide_short_help(false)).subcommands(commands);
    let mut page = Vec::new();
    Man::new(command).render(&mut page).map_err(|e| CliError::io("write", Path::new("the page"), &e))?;
    for row in TOPICS {
        let text = topic(row.name).unwrap_or_default();
        // A dot or quote at a line's begin is a request to troff.
        let text =
            text.replace('\\', "\\e").replace('-', "\\-").replace("\n.", "\n\\&.").replace("\n'", "\n\\&'");
        let heading = row.name.to_uppercase();
        page.extend_from_slice(format!(".SH {heading}\n.nf\n{text}.fi\n").as_bytes());
    }
    Ok(page)
}

fn write(folder: &Path, name: &str, page: &[u8]) -> Result<(), CliError> {
    let path = folder.join(name);
    std::fs::write(&path, page).map_err(|e| CliError::io("write", &path, &e))
}
