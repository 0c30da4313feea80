//! `aq dash`: the cockpit over this queue.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args as ClapArgs;

use super::acting::editor_of;
use super::frame::{Answer, CliError, ColorWish, Context, Exit};
use super::verbs::{Group, VERBS};
use crate::board::Settings;
use crate::dash::{
    Folder, Keymap, Look, Options, Plain, Said, Signal, THEMES, Theme, Wishes, own_keys, run as run_cockpit,
    run_plain,
};
use crate::job::Color;
use crate::store::{Fault, Place};

/// The cockpit
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Nothing can be changed from it
    #[arg(long)]
    read_only: bool,

    /// auto, dark, light, 16, mono, contrast
    #[arg(long, value_name = "THEME")]
    theme: Option<String>,

    /// Signs of ASCII alone
    #[arg(long, overrides_with = "no_ascii")]
    ascii: bool,

    /// Signs beyond ASCII, where the locale has them
    #[arg(long, overrides_with = "ascii")]
    no_ascii: bool,

    /// Takes the mouse
    #[arg(long, overrides_with = "no_mouse")]
    mouse: bool,

    /// Leaves the mouse to the terminal
    #[arg(long, overrides_with = "mouse")]
    no_mouse: bool,
}

/// Runs it until it is left.
///
/// # Errors
/// Exit 2 for JSON, for a fleet, or for an unknown theme; a fault of the terminal or the queue.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let theme = args.theme.as_deref().map(theme_of).transpose()?;
    let place = cx.place()?.clone();
    if cx.out.is_json() {
        return Err(CliError::usage("the cockpit has no JSON").next("a stream of it: aq events -f --json"));
    }
    let (settings, mut odd, unusable) = settings_of(&place)?;
    let config = &settings.config;
    let ascii = flag(args.ascii, args.no_ascii).or(config.ascii).unwrap_or(false);
    // A flag goes before the file, and `auto` is one too.
    let theme = theme.unwrap_or(config.theme);
    let (look, follows) = look_of(cx, &settings, theme, ascii);
    let editor = editor_of(settings.config.editor.as_deref());
    let words = in_words(cx);
    let clipboard = settings.config.clipboard.unwrap_or_default();
    let mouse = flag(args.mouse, args.no_mouse).or(config.mouse).unwrap_or(true);
    let read_only = args.read_only || unusable;
    let folder = Folder { place, settings: Arc::new(settings), me: cx.me(), read_only, unusable };
    if words {
        return plain(folder, odd);
    }
    let keys = own_keys().unwrap_or_else(|fault| {
        odd.push(not_used(&fault));
        Keymap::default()
    });
    let idle = idle_signal()?;
    run_cockpit(Options { folder, look, follows, mouse, editor, keys, clipboard, odd, idle })?;
    Ok(Exit::Done)
}

/// What two flags that are each other's opposite say; clap keeps the last of them.
fn flag(on: bool, off: bool) -> Option<bool> {
    (on || off).then_some(on)
}

/// The settings, what of them is not used, and whether that is so much that nothing may be changed by them: then the
/// cockpit opens all the same, because there one sees what is going on while the file is mended.
fn settings_of(place: &Place) -> Result<(Settings, Vec<Said>, bool), CliError> {
    let (settings, broken) = Settings::to_look(Some(place))?;
    let warned = settings.warnings.iter().map(|text| complaint(text));
    let odd = warned.chain(broken.iter().map(not_used)).collect();
    let unusable = !broken.is_empty();
    Ok((settings, odd, unusable))
}

/// What makes a file useless: one of its problems.
fn not_used(fault: &Fault) -> Said {
    let more = format!("{fault}\n{}", fault.hint);
    Said { text: in_a_line(&fault.why), more, bad: true }
}

/// One value that is not used.
fn complaint(text: &str) -> Said {
    let more = format!("{}\nmend it: aq config edit --user", text.trim_end());
    Said { text: in_a_line(text), more, bad: true }
}

/// A problem with its hint: `config.toml:3:9: theme: no such choice: "pink"; one of: auto, dark`. Where the file
/// stands is told below.
fn in_a_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let (path, rest) = line.split_once(':').unwrap_or(("", line));
    let name = Path::new(path).file_name().map(|name| name.to_string_lossy());
    let line = name.map_or_else(|| line.to_string(), |name| format!("{name}:{rest}"));
    // Behind the carets, if anything stands there.
    let hint = text.lines().skip(1).last().map(str::trim).filter(|hint| !hint.trim_matches('^').is_empty());
    hint.map_or_else(|| line.clone(), |hint| format!("{line}; {hint}"))
}

/// How the cockpit looks here: flags, then the settings, then what the environment says of the terminal; and whether
/// the terminal is to be asked for its background later.
pub(super) fn look_of(cx: &Context, settings: &Settings, theme: Option<Theme>, ascii: bool) -> (Look, bool) {
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
    let wishes = Wishes {
        theme,
        color,
        ascii,
        no_color: !env("NO_COLOR").is_empty(),
        term: env("TERM"),
        colorterm: env("COLORTERM"),
        colorfgbg: env("COLORFGBG"),
        utf8: !cx.out.ascii(),
    };
    (Look::of(&wishes), Look::is_guessed(&wishes))
}

/// Where the cockpit tells that it has nothing to do, if `AQ_DASH_IDLE` asks for it: `/dev/fd/9`.
pub(super) fn idle_signal() -> Result<Option<Signal>, CliError> {
    let Some(path) = std::env::var_os("AQ_DASH_IDLE").map(PathBuf::from) else { return Ok(None) };
    let file = std::fs::OpenOptions::new().append(true).open(&path);
    let file = file.map_err(|e| CliError::io("open, as AQ_DASH_IDLE asks,", &path, &e))?;
    Ok(Some(Box::new(file)))
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

/// Verbs that the cockpit in words does not run: they take the terminal, never end, or are the cockpit itself.
const NOT_INSIDE: [&str; 9] =
    ["dash", "demo", "watch", "wait", "agent", "bench", "man", "completions", "help"];

/// Whether it is told in words: asked for, or there is no terminal to draw on.
pub(super) fn in_words(cx: &Context) -> bool {
    cx.globals.plain
        || std::env::var("TERM").is_ok_and(|term| term == "dumb")
        || !std::io::stdin().is_terminal()
        || !std::io::stdout().is_terminal()
}

/// The cockpit in words.
fn plain(folder: Folder, odd: Vec<Said>) -> Answer {
    let exe = std::env::current_exe().map_err(|e| CliError::io("find", Path::new("aq itself"), &e))?;
    let queue = folder.place.queue.clone();
    let may_act = !folder.read_only;
    let verbs = VERBS.iter().filter(|verb| verb.is_here() && !NOT_INSIDE.contains(&verb.name));
    let verbs = verbs.filter(|verb| may_act || verb.group == Group::Reading);
    let verbs = verbs.map(|verb| verb.name.to_string()).collect();
    let verb = move |words: &[String]| {
        let mut command = std::process::Command::new(&exe);
        // Our input is the conversation: a verb must not read it.
        command.arg("--queue").arg(&queue).arg("--plain").args(words).stdin(std::process::Stdio::null());
        command.status().map(drop).map_err(|e| format!("cannot run aq {}: {e}", words.join(" ")))
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    run_plain(Plain { folder, odd, verbs, verb: Box::new(verb) }, &mut out)?;
    Ok(Exit::Done)
}
