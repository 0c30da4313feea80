//! `aq demo`: a dozen jobs in a throwaway repository, from inbox to shipped, on this machine alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args as ClapArgs;

use super::acting::editor_of;
use super::dash::{idle_signal, in_words, look_of};
use super::frame::{Answer, Cell, CliError, Column, Context, Exit, Table, role_of};
use crate::agent::{Options, Until, claimant, run as run_agent};
use crate::board::{Board as _, Local, Purpose, Settings};
use crate::dash::{Folder, Options as Cockpit, own_keys, run as run_cockpit};
use crate::fleet::State;
use crate::git::{Repo, seed};
use crate::job::{Proof, Stage};
use crate::store::{Fault, Place, Wish};
use crate::time::SystemClock;

/// The manifests that the demo drops, in this order.
pub const JOBS: [(&str, &str); 12] = [
    ("broken.md", include_str!("../../demo/jobs/broken.md")),
    ("daemon.md", include_str!("../../demo/jobs/daemon.md")),
    ("flaky.md", include_str!("../../demo/jobs/flaky.md")),
    ("greeting.md", include_str!("../../demo/jobs/greeting.md")),
    ("lexer.md", include_str!("../../demo/jobs/lexer.md")),
    ("limit.md", include_str!("../../demo/jobs/limit.md")),
    ("parser.md", include_str!("../../demo/jobs/parser.md")),
    ("release.md", include_str!("../../demo/jobs/release.md")),
    ("report.md", include_str!("../../demo/jobs/report.md")),
    ("reviewed.md", include_str!("../../demo/jobs/reviewed.md")),
    ("unproven.md", include_str!("../../demo/jobs/unproven.md")),
    ("waiting.md", include_str!("../../demo/jobs/waiting.md")),
];

/// Where each job of the demo must end, inline children included; the closing table is held against it.
pub const ENDS: [(&str, Stage); 14] = [
    ("broken", Stage::Failed),
    ("daemon", Stage::Shipped),
    ("flaky", Stage::Shipped),
    ("greeting", Stage::Shipped),
    ("lexer", Stage::Shipped),
    ("limit", Stage::Shipped),
    ("parser", Stage::Shipped),
    ("release", Stage::Shipped),
    ("release-notes", Stage::Testing),
    ("release-version", Stage::Testing),
    ("report", Stage::Shipped),
    ("reviewed", Stage::Review),
    ("unproven", Stage::Review),
    ("waiting", Stage::Blocked),
];

/// The branch that the demo's jobs merge into. It is not checked out, because a rule never writes into a
/// checkout; a person's ship may.
const TRUNK: &str = "trunk";

/// A dozen jobs in a throwaway repository
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Jobs at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    slots: u16,
    /// Where to make the throwaway folder [default: the system's temporary folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs the demo and says what it left.
///
/// # Errors
/// A fault if the folder cannot be made or used.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let top = args.dir.clone().unwrap_or_else(std::env::temp_dir);
    let top = top.join(format!("aq-demo-{:08x}", fastrand::u32(..)));
    let place = make(&top)?;
    cx.out.talk(&format!("a repository and a queue in {}", top.display()));
    for (name, text) in JOBS {
        drop_in(&place, name, text)?;
    }
    cx.out.talk(&format!("dropped {} manifests into {}", JOBS.len(), place.queue.join("inbox").display()));
    let worktrees = top.join("worktrees").display().to_string();
    let settings = Arc::new(Settings::load(Some(&place), &[("worktrees", worktrees.as_str())])?);
    let local = Arc::new(Local::open(&place, Purpose::Serve, Arc::new(SystemClock))?);
    let exe = std::env::current_exe().map_err(|e| CliError::io("find", Path::new("aq itself"), &e))?;
    let shown = !cx.out.is_json() && !in_words(cx);
    let quiet = cx.globals.quiet;
    let drawn = Arc::new(AtomicBool::new(shown));
    let hidden = Arc::clone(&drawn);
    let say = Box::new(move |line: &str| {
        // While the cockpit is up a line would tear its screen; it shows the same.
        if !quiet && !hidden.load(Ordering::Relaxed) {
            // With nobody to tell, the work goes on.
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{line}\n"));
        }
    });
    let who = claimant(&settings, Some("shell"), &[]);
    let options = Options { who, slots: args.slots.into(), until: Until::Settled, user: cx.me(), exe, say };
    if shown {
        beside_the_cockpit(cx, &place, &local, &settings, options, &drawn)?;
    } else {
        cx.wait(run_agent(local.clone(), settings, options))?;
    }
    let state = local.snapshot();
    let table = closing(&state);
    cx.out.table(&table)?;
    left_behind(&top, &place).iter().for_each(|line| cx.out.talk(line));
    // In the cockpit a person may have decided otherwise than the demo does by itself.
    let astray = if shown { Vec::new() } else { astray(&state) };
    if astray.is_empty() {
        return Ok(Exit::Done);
    }
    let error = std::io::Error::other(astray.join("; "));
    Err(CliError::io("finish the demo as it should in", &top, &error))
}

/// Runs the agents on a thread of their own while the cockpit is up, and waits for them when it was left.
fn beside_the_cockpit(
    cx: &mut Context,
    place: &Place,
    local: &Arc<Local>,
    settings: &Arc<Settings>,
    options: Options,
    drawn: &AtomicBool,
) -> Result<(), CliError> {
    let config = &settings.config;
    let (clipboard, mouse) = (config.clipboard.unwrap_or_default(), config.mouse.unwrap_or(true));
    let folder = Folder {
        place: place.clone(),
        settings: Arc::clone(settings),
        me: cx.me(),
        read_only: false,
        unusable: false,
    };
    let (look, follows) = look_of(cx, settings, config.theme, config.ascii.unwrap_or(false));
    let editor = editor_of(settings.config.editor.as_deref());
    let (keys, idle) = (own_keys()?, idle_signal()?);
    let (agent_local, agent_settings) = (Arc::clone(local), Arc::clone(settings));
    let work = move || -> Result<(), Fault> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime =
            runtime.map_err(|e| Fault::io("start", Path::new("the event loop of the agents"), &e))?;
        runtime.block_on(run_agent(agent_local, agent_settings, options)).map(drop)
    };
    let agents = std::thread::Builder::new().name("agents".to_string()).spawn(work);
    let agents = agents.map_err(|e| CliError::io("start", Path::new("the thread of the agents"), &e))?;
    let left =
        run_cockpit(Cockpit { folder, look, follows, mouse, editor, keys, clipboard, odd: Vec::new(), idle });
    drawn.store(false, Ordering::Relaxed);
    if !agents.is_finished() {
        cx.out.talk("the agents of the demo still work; this ends when they are done");
    }
    match agents.join() {
        Ok(ended) => ended?,
        Err(panic) => std::panic::resume_unwind(panic),
    }
    Ok(left?)
}

/// The throwaway repository, with a queue in it.
fn make(top: &Path) -> Result<Place, CliError> {
    let fault = |e: std::io::Error| CliError::io("make", top, &e);
    let project = top.join("project");
    std::fs::create_dir_all(&project).map_err(fault)?;
    let readme = "# A demonstration\n\nMade by `aq demo`. Nothing here is worth keeping.\n";
    std::fs::write(project.join("README.md"), readme).map_err(fault)?;
    // The queue is made after the first commit and stays out of it.
    let as_io = |e: crate::git::GitError| CliError::io("make", top, &std::io::Error::other(e.to_string()));
    seed(&project, "the demonstration's first commit", &[TRUNK]).map_err(as_io)?;
    let common =
        Repo::discover(&project).map_err(as_io)?.map(|repo| repo.facts()).transpose().map_err(as_io)?;
    let git_common = common.as_ref().map(|facts| facts.common_dir.as_path());
    Ok(Place::create(&Wish { queue: &project.join("queue"), git_common })?)
}

/// Drops a manifest as an editor would: written beside, then renamed into inbox.
fn drop_in(place: &Place, name: &str, text: &str) -> Result<(), CliError> {
    let inbox = place.queue.join("inbox");
    let beside = inbox.join(format!(".{name}.tmp"));
    let done = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, inbox.join(name)));
    done.map_err(|e| CliError::io("write", &beside, &e))
}

fn closing(state: &State) -> Table {
    let columns = ["job", "stage", "attempts", "proof", "why"];
    let mut table = Table::of(&columns.map(|name| match name {
        "why" => Column::text(name),
        _ => Column::words(name),
    }));
    for job in state.jobs.values() {
        let proof = match (job.proof(), job.head.is_some()) {
            (_, false) => "",
            (Proof::Verified, _) => "verified",
            (Proof::Unproven, _) => "UNPROVEN",
        };
        table.rows.push(vec![
            Cell::same(job.id.as_str()),
            Cell::same(job.stage.name()).role(role_of(job.stage)),
            Cell::same(job.attempts.len().to_string()),
            Cell::same(proof),
            Cell::same(&*job.why),
        ]);
    }
    table
}

/// Jobs that did not end where the demo means them to end.
fn astray(state: &State) -> Vec<String> {
    let stage_of = |name: &str| {
        let with = |job: &&Arc<crate::fleet::Job>| job.file.as_deref() == Some(&format!("{name}.md"));
        state.jobs.values().find(with).map(|job| job.stage)
    };
    let wrong = ENDS.iter().filter(|(name, stage)| stage_of(name) != Some(*stage));
    wrong.map(|(name, stage)| format!("{name} is not in {stage}")).collect()
}

fn left_behind(top: &Path, place: &Place) -> [String; 3] {
    let queue = place.queue.display();
    [
        format!("left for you to look at: aq --queue {queue} ls"),
        format!("why something waits:     aq --queue {queue} explain waiting"),
        format!("remove it all:           rm -r {}", top.display()),
    ]
}
