//! `aq agent`: claim, run, report.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use clap::Args as ClapArgs;

use super::frame::{Answer, CliError, Context, Exit};
use crate::agent::{Ended, Options, Until, claimant, run as run_agent};
use crate::board::{Board as _, Local, Purpose, Settings, state_home};
use crate::insight::halt;
use crate::job::Capability;

/// Slots where nothing is said: enough to overlap waiting, few enough to leave the machine usable.
const SLOTS_DEFAULT: usize = 3;
/// Waiting jobs named before the first run in a queue that was made elsewhere.
const SHOWN_MOST: usize = 10;

/// Claim, run, report
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Jobs at once [default: the lesser of 3 and the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    slots: Option<u16>,
    /// Work the jobs that are ready, then end
    #[arg(long)]
    once: bool,
    /// Only jobs of this engine
    #[arg(long, value_name = "ENGINE")]
    engine: Option<String>,
    /// Offer this capability too; may be given several times
    #[arg(long = "capability", value_name = "CAPABILITY")]
    capabilities: Vec<Capability>,
    /// Run what this queue holds although it was not made on this machine
    #[arg(long)]
    trust: bool,
    /// Print a unit for the service manager of this system, and end
    #[arg(long)]
    unit: bool,
}

/// Runs an agent until it is drained.
///
/// # Errors
/// A fault if the queue cannot be used; exit 2 for an unknown engine or an untrusted queue; exit 5 inside a run.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let place = cx.place()?.clone();
    let exe =
        std::env::current_exe().map_err(|e| CliError::io("find", std::path::Path::new("aq itself"), &e))?;
    if args.unit {
        cx.out.line(unit(&exe, &place.queue, args.slots).trim_end())?;
        return Ok(Exit::Done);
    }
    cx.refuse_inside()?;
    let settings = Settings::load(Some(&place), &[])?;
    settings.warnings.iter().for_each(|text| cx.out.warn(text.trim_end()));
    if let Some(name) = args.engine.as_ref().filter(|name| !settings.known().engines.contains(name)) {
        let known = settings.known().engines.join(", ");
        return Err(CliError::usage(format!("no engine {name:?}")).next(format!("known here: {known}")));
    }
    let who = claimant(&settings, args.engine.as_deref(), &args.capabilities);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let slots = args.slots.map(usize::from).or(settings.config.slots).unwrap_or(SLOTS_DEFAULT.min(cores));
    let local = Arc::new(cx.local(Purpose::Serve)?);
    trust(args, cx, &local)?;
    cx.out.talk(&format!("agent with {slots} slots on {}; ends with Ctrl-C", place.queue.display()));
    say_what_holds(cx, &local);
    let quiet = cx.globals.quiet;
    let say = Box::new(move |line: &str| {
        if !quiet {
            // With nobody to tell, the work goes on.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    });
    let until = if args.once { Until::NothingReady } else { Until::Asked };
    let options = Options { who, slots, until, user: cx.me(), exe, say };
    let ended = cx.wait(run_agent(local, Arc::new(settings), options))?;
    Ok(exit_of(args.once, ended))
}

/// A queue that gives out no work must not look like one without work.
fn say_what_holds(cx: &mut Context, local: &Local) {
    let state = local.snapshot();
    if let Some(halt) = halt(&state, cx.now(&state)) {
        cx.out.warn(&format!("the queue is {}; nothing starts. go on: {}", halt.what, halt.verb));
    }
}

fn exit_of(once: bool, ended: Ended) -> Exit {
    match (once, ended) {
        (_, Ended { hurried: true, .. }) => Exit::Terminated,
        (true, Ended { badly, .. }) if badly > 0 => Exit::Partly,
        _ => Exit::Done,
    }
}

/// A cloned repository must not run itself: a queue that was not made on this machine shows what would
/// run and asks once.
fn trust(args: &Args, cx: &Context, local: &Local) -> Result<(), CliError> {
    let marks = state_home().map(|home| home.join("trusted"));
    let mark = marks.map(|dir| dir.join(&local.place().id));
    if local.place().is_ours() || mark.as_ref().is_some_and(|path| path.exists()) {
        return Ok(());
    }
    let state = local.snapshot();
    let waiting: Vec<String> = state
        .jobs
        .values()
        .filter(|job| job.stage.is_waiting())
        .take(SHOWN_MOST)
        .map(|job| format!("{}  {}", job.id, job.spec.title))
        .collect();
    if !args.trust {
        let refused = || {
            CliError::usage("this queue was not made on this machine, and an agent runs what it holds")
                .why(format!(
                    "waiting: {}",
                    if waiting.is_empty() { "nothing yet".to_string() } else { waiting.join("; ") }
                ))
                .next("look at it, then: aq agent --trust")
        };
        if cx.globals.no_input || !std::io::stdin().is_terminal() || !ask(&waiting)? {
            return Err(refused());
        }
    }
    if let Some(path) = mark {
        let made =
            path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, ""));
        made.map_err(|e| CliError::io("remember the trust at", &path, &e))?;
    }
    Ok(())
}

fn ask(waiting: &[String]) -> Result<bool, CliError> {
    let mut err = std::io::stderr();
    let list: String = waiting.iter().map(|line| format!("  {line}\n")).collect();
    let text = format!("this queue was not made on this machine. an agent would run:\n{list}run it? [y/N] ");
    let mut line = String::new();
    err.write_all(text.as_bytes())
        .and_then(|()| std::io::stdin().read_line(&mut line))
        .map_err(|e| CliError::io("ask at", std::path::Path::new("the terminal"), &e))?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// A systemd user unit, or a launchd agent on macOS.
fn unit(exe: &std::path::Path, queue: &std::path::Path, slots: Option<u16>) -> String {
    let (exe, queue) = (exe.display(), queue.display());
    let slots = slots.map_or(String::new(), |n| format!(" --slots {n}"));
    if cfg!(target_os = "macos") {
        let words = format!("{exe}\n--queue\n{queue}\nagent{}", slots.replace(' ', "\n"));
        let words: String = words.lines().map(|word| format!("    <string>{word}</string>\n")).collect();
        return format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\n  <key>Label</key><string>aq.agent</string>\n  <key>ProgramArguments</key><array>\n{words}  </array>\n  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>\n</dict></plist>\n"
        );
    }
    format!(
        "[Unit]\nDescription=aq agent for {queue}\n\n[Service]\nExecStart=\"{exe}\" --queue \"{queue}\" agent{slots}\n# The engines outlive the agent and are taken up again by the next one.\nKillMode=process\nRestart=on-failure\nTimeoutStopSec=90\n\n[Install]\nWantedBy=default.target\n"
    )
}
