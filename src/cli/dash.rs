//! `aq dash`: the cockpit over this queue.

use std::io::IsTerminal as _;
use std::sync::Arc;

use clap::Args as ClapArgs;

use super::acting::editor_of;
use super::frame::{Answer, CliError, ColorWish, Context, Exit};
use crate::dash::{Folder, Look, Options, THEMES, Theme, Wishes, run as run_cockpit};
use crate::job::Color;

/// The cockpit
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Nothing can be changed from it
    #[arg(long)]
    read_only: bool,

    /// auto, dark, light, 16, mono, contrast
    #[arg(long, value_name = "THEME", default_value = "auto")]
    theme: String,

    /// Signs of ASCII alone
    #[arg(long)]
    ascii: bool,

    /// Leaves the mouse to the terminal
    #[arg(long)]
    no_mouse: bool,
}

/// Runs it until it is left.
///
/// # Errors
/// Exit 2 without a terminal, for a fleet, or for an unknown theme; a fault of the terminal or the queue.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let theme = theme_of(&args.theme)?;
    let place = cx.place()?.clone();
    refuse_without_terminal(cx)?;
    let settings = cx.settings()?;
    let color = match cx.globals.color {
        Some(ColorWish::Always) => Some(true),
        Some(ColorWish::Never) => Some(false),
        Some(ColorWish::Auto) => None,
        None => match settings.config.color {
            Some(Color::Always) => Some(true),
            Some(Color::Never) => Some(false),
            Some(Color::Auto) | None => None,
        },
    };
    let env = |name: &str| std::env::var(name).unwrap_or_default();
    let look = Look::of(&Wishes {
        theme,
        color,
        ascii: args.ascii,
        no_color: !env("NO_COLOR").is_empty(),
        term: env("TERM"),
        colorterm: env("COLORTERM"),
        colorfgbg: env("COLORFGBG"),
        utf8: !cx.out.ascii(),
    });
    let editor = editor_of(settings.config.editor.as_deref());
    let folder = Folder { place, settings: Arc::new(settings), me: cx.me(), read_only: args.read_only };
    run_cockpit(Options { folder, look, mouse: !args.no_mouse, editor })?;
    Ok(Exit::Done)
}

/// The theme of that name; `auto` is none, so that the terminal decides.
fn theme_of(name: &str) -> Result<Option<Theme>, CliError> {
    if name == "auto" {
        return Ok(None);
    }
    THEMES.iter().find(|row| row.0 == name).map(|row| Some(row.1)).ok_or_else(|| {
        let names: Vec<&str> = THEMES.iter().map(|row| row.0).collect();
        CliError::usage(format!("no theme {name}")).next(format!("themes: auto, {}", names.join(", ")))
    })
}

/// The cockpit needs a terminal on both sides; lines for everybody else are another verb's.
fn refuse_without_terminal(cx: &Context) -> Result<(), CliError> {
    let why = if cx.out.is_json() {
        "the cockpit has no JSON"
    } else if cx.globals.plain {
        "its plain mode is not in this version"
    } else if std::env::var("TERM").is_ok_and(|term| term == "dumb") {
        "TERM is dumb: this terminal cannot be drawn on"
    } else if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        "there is no terminal"
    } else {
        return Ok(());
    };
    Err(CliError::usage("the cockpit cannot be drawn here").why(why).next("today: aq next, aq ls, aq watch"))
}
