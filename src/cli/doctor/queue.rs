//! The queue: lock, log, state, leases, files that belong to nobody.

use std::collections::BTreeSet;
use std::fs::File;

use rustix::fs::{Access, FlockOperation, access, flock};
use rustix::io::Errno;

use super::finding::Finding;
use crate::agent::agents_of;
use crate::agent::orphaned;
use crate::board::{Board as _, Local};
use crate::engine::Liveness;
use crate::fleet::{ClosedAccount, Now, State, check_whole};
use crate::insight::{LOG_AHEAD_MOST, closed_words, halt};
use crate::job::{BlobId, FOLDERS, ShipKind, plain_error};
use crate::store::Place;
use crate::time::{Span, Stamp};

/// Events read from the log at a time.
const PAGE: usize = 20_000;
/// Looks at a lock that somebody holds; with the pause between them, one second.
const LOCK_LOOKS: u32 = 20;
const LOCK_PAUSE: Span = Span::from_millis(50);
/// Names shown before the rest is only counted.
const SHOWN: usize = 3;

/// Whether the lock comes free. Held for a moment it is somebody at work; held for long, somebody hangs.
pub fn lock(place: &Place) -> Finding {
    let path = place.side.join("lock");
    let Ok(file) = File::open(&path) else { return Finding::fine("lock", "nobody has needed it yet") };
    for _ in 0..LOCK_LOOKS {
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => return Finding::fine("lock", "it comes free"),
            Err(Errno::WOULDBLOCK) => std::thread::sleep(LOCK_PAUSE.to_std()),
            Err(error) => {
                let says = format!("locks do not work at {}: {}", path.display(), plain_error(&error));
                return Finding::bad("lock", says, "keep the queue on a local disk");
            }
        }
    }
    let says = format!("a process has held {} for more than a second", path.display());
    Finding::bad("lock", says, format!("see who: fuser -v {}", path.display()))
}

/// Whether files can follow their jobs: every folder is there, may be written, and is on one file system.
pub fn folders(place: &Place) -> Finding {
    use std::os::unix::fs::MetadataExt as _;
    let names = FOLDERS.iter().map(|row| row.1).chain(["rejected"]).map(|name| place.queue.join(name));
    let device = std::fs::metadata(&place.queue).map(|meta| meta.dev()).ok();
    for path in names.chain([place.side.clone()]) {
        let at = path.display();
        let meta = match std::fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => meta,
            Ok(_) => return Finding::bad("folders", format!("{at} is not a folder"), "move it away"),
            // Made again by whoever acts.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                let says = format!("cannot look at {at}: {}", plain_error(&error));
                return Finding::bad("folders", says, format!("ls -ld {at}"));
            }
        };
        let may = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
        if let Err(error) = access(&path, may) {
            let says = format!("{at} cannot be written: {}", plain_error(&error));
            let mend = match error {
                Errno::ROFS => "mount it writable, or move the queue".to_string(),
                _ => format!("chmod u+rwx {at}; if it is another's: chown"),
            };
            return Finding::bad("folders", says, mend);
        }
        if path != place.side && device.is_some_and(|device| device != meta.dev()) {
            let says = format!("{at} is on another file system than the queue: files cannot be moved there");
            return Finding::bad("folders", says, "make it a plain folder of the queue");
        }
    }
    Finding::fine("folders", "files can follow their jobs")
}

/// Whether the log can be read to its end and its events fit each other.
pub fn log(place: &Place) -> Finding {
    let mut state = match place.beginning() {
        Ok(state) => state,
        Err(fault) => return Finding::bad("log", fault.to_string(), fault.hint),
    };
    loop {
        let page = match place.history(state.seq, PAGE) {
            Ok(page) => page,
            Err(fault) => return Finding::bad("log", fault.to_string(), fault.hint),
        };
        let last = page.len() < PAGE;
        for (_, event) in &page {
            if let Err(broken) = state.apply(event) {
                return Finding::bad("log", broken.to_string(), "restore events.jsonl from a backup");
            }
        }
        if last {
            return match check_whole(&state) {
                Ok(()) => Finding::fine("log", format!("{} events, read to the end", state.seq)),
                Err(why) => Finding::bad("log", why, "report it: this is a bug of aq"),
            };
        }
    }
}

/// What the state says: leases of the dead, lost files, strays, a clock behind its own log.
pub fn state(local: &Local, wall: Stamp) -> Vec<Finding> {
    let state = local.snapshot();
    let mut findings = vec![ahead(&state, wall), leases(local), agents(local.place())];
    findings.push(strays(local.place(), &state));
    findings.push(rejected(local.place()));
    if !state.product.suspended.is_empty() {
        let says =
            format!("{} waiting files vanished at once, and the queue waits", state.product.suspended.len());
        findings.push(Finding::bad("suspended", says, "restore them: aq budget resume local"));
    }
    if let Some((_, reason, _, _)) = &state.product.paused {
        let verb =
            halt(&state, Now { law: wall.max(state.at), wall }).map_or(String::new(), |halt| halt.verb);
        findings.push(Finding::note("paused", reason.clone(), format!("go on: {verb}")));
    }
    findings.extend(closed(&state, wall));
    findings
}

/// Accounts that take no jobs now, whatever their settings are.
fn closed(state: &State, wall: Stamp) -> impl Iterator<Item = Finding> {
    state.closed_accounts(wall).map(|(id, window, closure)| {
        let window = Some(window.to_string()).filter(|window| !window.is_empty());
        let until = closure.until.map_or("until a person's word".to_string(), |at| format!("until {at}"));
        let words = closed_words(&ClosedAccount { id: id.clone(), window, closure: closure.clone() });
        let says = format!("{id} is closed {until}: {words}, as {} met it", closure.job);
        Finding::note("account", says, format!("open it: aq unpark --account {id}"))
    })
}

/// Whether a job that is not over ships by pull request.
pub fn ships_by_pr(local: &Local) -> bool {
    let state = local.snapshot();
    state.jobs.values().any(|job| job.spec.ship == ShipKind::Pr && !job.stage.is_ended())
}

fn ahead(state: &State, wall: Stamp) -> Finding {
    if state.at > wall.plus(LOG_AHEAD_MOST) {
        let says = format!("the last event is of {}, and the clock shows {wall}", state.at);
        return Finding::bad("clock and log", says, "set the clock: timedatectl set-ntp true");
    }
    Finding::fine("clock and log", "no event lies in the future")
}

fn leases(local: &Local) -> Finding {
    let held = local.snapshot().held().count();
    let dead: Vec<String> = orphaned(local).iter().map(ToString::to_string).collect();
    if dead.is_empty() {
        return Finding::fine("leases", format!("{held} held, none by a dead process"));
    }
    let says = format!("{} held by processes that are gone: {}", dead.len(), few(&dead));
    Finding::bad("leases", says, "start an agent, which takes them up: aq agent")
}

fn agents(place: &Place) -> Finding {
    let all = agents_of(&place.side);
    let alive = all.iter().filter(|agent| agent.life == Liveness::Alive).count();
    let slots: u64 = all.iter().filter(|agent| agent.life == Liveness::Alive).map(|agent| agent.slots).sum();
    match alive {
        0 => Finding::note("agents", "none runs on this host", "start one: aq agent"),
        _ => Finding::fine("agents", format!("{alive} on this host, {slots} slots")),
    }
}

/// Manifests outside the inbox that belong to no job.
fn strays(place: &Place, state: &State) -> Finding {
    let mut owned = BTreeSet::new();
    for job in state.jobs.values() {
        let name = job.file.as_deref().map_or_else(|| format!("{}.md", job.id), str::to_string);
        owned.insert(format!("{}~{}.md", name.strip_suffix(".md").unwrap_or(&name), job.id));
        owned.insert(name);
    }
    let mut strays = Vec::new();
    for (_, folder) in FOLDERS.iter().filter(|row| row.1 != "inbox") {
        let entries = std::fs::read_dir(place.queue.join(folder)).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let names = names.filter(|name| name.ends_with(".md") && !name.starts_with(['.', '#']));
        strays.extend(names.filter(|name| !owned.contains(name)).map(|name| format!("{folder}/{name}")));
    }
    // What an archived job left is known by its text.
    let texts: BTreeSet<&BlobId> = state.tombs.values().map(|tomb| &tomb.body).collect();
    let is_archived = |name: &String| {
        let text = std::fs::read(place.queue.join(name)).unwrap_or_default();
        texts.contains(&BlobId::new(blake3::hash(&text).to_hex()))
    };
    if !texts.is_empty() {
        strays.retain(|name| !is_archived(name));
    }
    strays.sort();
    match strays.len() {
        0 => Finding::fine("files", "every file outside inbox/ belongs to a job"),
        n => {
            let says = format!("{n} belong to no job: {}", few(&strays));
            Finding::bad("files", says, "move new work to inbox/, delete the rest")
        }
    }
}

fn rejected(place: &Place) -> Finding {
    let entries = std::fs::read_dir(place.rejected()).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".md")).collect();
    names.sort();
    match names.len() {
        0 => Finding::fine("rejected", "no manifest lies there"),
        n => Finding::note(
            "rejected",
            format!("{n} could not be read: {}", few(&names)),
            "read NAME.problems.txt beside it, mend it, move it to inbox/",
        ),
    }
}

fn few(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}
