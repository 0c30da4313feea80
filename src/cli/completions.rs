//! `aq completions`: the script by which a shell completes, asking aq itself or by itself.

use clap::Args as ClapArgs;
use clap_complete::Shell;

use super::argv::root;
use super::frame::{Answer, Context, Exit};
use super::verbs::VERBS;

/// Print the completion script of a shell
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
    /// Verbs and flags only, without asking aq for job ids and other names
    #[arg(long = "static")]
    fixed: bool,
}

/// Prints it.
///
/// # Errors
/// If the output cannot be written.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    if !args.fixed {
        cx.out.bytes(&super::complete::script(args.shell)?)?;
        return Ok(Exit::Done);
    }
    let commands = VERBS.iter().filter(|verb| verb.is_here()).map(super::Verb::command);
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut root().subcommands(commands), "aq", &mut script);
    cx.out.bytes(&script)?;
    Ok(Exit::Done)
}
