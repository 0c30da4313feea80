//! The machine: settings, git, engines, disk, watches, clock.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::finding::Finding;
use crate::board::{Settings, ceilings_wanted, state_home};
use crate::fleet::State;
use crate::git::Repo;
use crate::job::plain_error;
use crate::store::{Fault, Place, Watch};
use crate::time::Stamp;

/// Below this a build may fill the disk before the night is over.
const FREE_LEAST: u64 = 1 << 30;
/// A clock before this shows that nobody has set it: aq did not exist.
const CLOCK_LEAST: &str = "2026-01-01T00:00:00Z";

/// Whether the settings can be read.
pub fn settings(settings: &Result<Settings, Fault>) -> Finding {
    match settings {
        Ok(settings) if settings.warnings.is_empty() => Finding::fine("settings", "they read without a word"),
        Ok(settings) => {
            let first = settings.warnings[0].lines().next().unwrap_or_default();
            Finding::note("settings", first, "aq config edit")
        }
        Err(fault) => {
            let first = fault.why.lines().next().unwrap_or_default();
            Finding::bad("settings", first, "aq config edit")
        }
    }
}

/// Ceilings of the settings that the queue does not hold: no agent has started since they were written.
pub fn ceilings(settings: &Settings, state: &State) -> Option<Finding> {
    let wanted = ceilings_wanted(&settings.config, state);
    let says = "the settings name ceilings that this queue does not have yet";
    (!wanted.is_empty()).then(|| Finding::note("ceilings", says, "start an agent, which sets them: aq agent"))
}

/// The git program and the repository.
pub fn git(place: Option<&Place>) -> Finding {
    let asked = Command::new("git").arg("--version").output();
    let version = match asked {
        Ok(out) if out.status.success() => {
            String::from_utf8_lossy(&out.stdout).trim().trim_start_matches("git version ").to_string()
        }
        _ => return Finding::note("git", "no git on PATH", "install git: fetch and push need it"),
    };
    let Some(place) = place else { return Finding::fine("git", version) };
    match Repo::discover(&place.project) {
        Err(error) => Finding::bad("git", error.to_string(), "mend the repository, or move the queue"),
        Ok(None) => Finding::note(
            "git",
            format!("{version}; {} is in no repository, so checkpoints are off", place.project.display()),
            "git init",
        ),
        Ok(Some(repo)) => match repo.facts() {
            Err(error) => Finding::bad("git", error.to_string(), "git fsck"),
            Ok(facts) if !facts.has_commits() => {
                let says = format!("{version}; {} has no commit yet", facts.workdir.display());
                Finding::bad("git", says, "make a first commit: jobs start from one")
            }
            Ok(facts) => Finding::fine("git", format!("{version}, {}", facts.workdir.display())),
        },
    }
}

/// The wall clock, as far as it can be judged alone.
pub fn clock(wall: Stamp) -> Finding {
    let least = Stamp::parse_rfc3339(CLOCK_LEAST).unwrap_or_default();
    if wall < least {
        return Finding::bad("clock", format!("it shows {wall}"), "set the clock: timedatectl set-ntp true");
    }
    Finding::fine("clock", wall.to_string())
}

/// Room where the log and the worktrees stand.
pub fn disk(place: &Place, settings: Option<&Settings>) -> Vec<Finding> {
    let own = settings.and_then(|settings| settings.config.worktrees.as_ref().map(PathBuf::from));
    let worktrees = own.or_else(|| state_home().map(|home| home.join("worktrees")));
    let mut findings = vec![room("disk of the log", &place.side)];
    findings.extend(worktrees.map(|path| room("disk of worktrees", &path)));
    findings
}

fn room(check: &'static str, path: &Path) -> Finding {
    // A folder that is not there yet will stand where its nearest ancestor stands.
    let Some(there) = path.ancestors().find(|up| up.exists()) else {
        return Finding::bad(check, format!("{} is nowhere", path.display()), "make the folder");
    };
    let stat = match rustix::fs::statvfs(there) {
        Ok(stat) => stat,
        Err(error) => {
            let says = format!("cannot look at {}: {}", there.display(), plain_error(&error));
            return Finding::bad(check, says, "look at it with df");
        }
    };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let shown = format!("{:.1} GiB free at {}", free as f64 / (1u64 << 30) as f64, there.display());
    let no_inodes = stat.f_files > 0 && stat.f_favail == 0;
    match () {
        () if no_inodes => Finding::bad(check, format!("no inodes left at {}", there.display()), "aq clean"),
        () if free < FREE_LEAST => Finding::bad(check, shown, "make room: aq clean"),
        () => Finding::fine(check, shown),
    }
}

/// Whether the system gives a folder watch.
pub fn watch(place: &Place) -> Finding {
    match Watch::start(place, |_| {}, || {}) {
        Ok(_) => Finding::fine("folder watch", "the system gives one"),
        Err(fault) => Finding::bad("folder watch", fault.to_string(), fault.hint),
    }
}
