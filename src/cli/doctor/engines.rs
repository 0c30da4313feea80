//! The engines: which programs are there, in which version, whether they are the ones the recipes were
//! written for, and whether their accounts can pay.

use std::path::{Path, PathBuf};

use super::finding::Finding;
use crate::agent::gh_state;
use crate::board::Settings;
use crate::engine::{ENGINES, Found, found_on_path, missing_flags, sandbox_fault, version_of};
use crate::job::{Account, GH};

/// One finding for all of the built-in engines that are not there, one for each that is, one for each of
/// the settings, one for each account.
pub fn engines(settings: &Settings) -> Vec<Finding> {
    let found = found_on_path(std::env::var_os("PATH").as_deref());
    // Each takes its time to start, so they are asked side by side.
    let mut findings: Vec<Finding> = std::thread::scope(|scope| {
        let asked: Vec<_> = found.iter().map(|found| scope.spawn(move || built_in(found))).collect();
        // A thread that panicked has found nothing; the others have.
        asked.into_iter().filter_map(|asked| asked.join().ok()).collect()
    });
    let absent: Vec<&str> = ENGINES
        .iter()
        .map(|row| row.name)
        .filter(|name| !found.iter().any(|found| found.engine.name == *name))
        .filter(|name| !settings.config.engines.contains_key(*name))
        .collect();
    if !absent.is_empty() {
        let says = format!("not on PATH: {}", absent.join(", "));
        findings.push(Finding::note("engines", says, "install those that your jobs name"));
    }
    for (name, engine) in &settings.config.engines {
        let program = engine.argv.first().map(String::as_str).unwrap_or_default();
        findings.push(match on_path(program) {
            Some(path) => Finding::fine("engine", format!("{name}: {}", path.display())),
            None => {
                let says = format!("{name}: {program} is not on PATH");
                Finding::bad("engine", says, format!("install it, or mend engines.{name} in the settings"))
            }
        });
    }
    for (engine, accounts) in &settings.config.accounts {
        findings.extend(accounts.iter().map(|(name, account)| of_account(engine, name, account)));
    }
    findings
}

fn built_in(found: &Found) -> Finding {
    let name = found.engine.name;
    let Some(program) = &found.program else { return Finding::fine("engine", format!("{name}: part of aq")) };
    let Some(version) = version_of(program) else {
        let says = format!("{name}: {} tells no version", program.display());
        return Finding::bad("engine", says, format!("try it: {name} --version"));
    };
    let missing = missing_flags(found.engine, program);
    if let Some(says) = sandbox_fault(found.engine, program) {
        let says = format!("{name}: {version}; its sandbox runs no command here: {says}");
        return Finding::note("engine", says, "switch user namespaces on, or let its jobs have yolo: true");
    }
    if name == "codex" && codex_home().is_some_and(|home| home.starts_with(std::env::temp_dir())) {
        let says = format!("{name}: its folder is a temporary one, where it runs no sandboxed command");
        return Finding::note("engine", says, "set CODEX_HOME, or name an account's config-dir");
    }
    if missing.is_empty() {
        return Finding::fine("engine", format!("{name}: {version}, {}", program.display()));
    }
    let says = format!("{name}: {version} does not name {} in its help", missing.join(", "));
    Finding::note("engine", says, "its command line may have changed: try one job, or another version")
}

/// Where codex has its folder on the host's own login.
fn codex_home() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    named("CODEX_HOME").or_else(|| Some(named("HOME")?.join(".codex")))
}

fn of_account(engine: &str, name: &str, account: &Account) -> Finding {
    let sources = account.env.values().map(String::as_str);
    let absent: Vec<&str> = sources.filter(|name| std::env::var_os(name).is_none()).collect();
    if !absent.is_empty() {
        let says = format!("{engine}/{name}: {} is not set here", absent.join(", "));
        return Finding::note("account", says, "set it where the agent is started");
    }
    let home = account.config_dir.as_deref().map(Path::new);
    if engine == "codex" && home.is_some_and(|home| home.starts_with(std::env::temp_dir())) {
        let says =
            format!("{engine}/{name}: its folder is a temporary one, where codex runs no sandboxed command");
        return Finding::bad("account", says, format!("move the config-dir of {name} elsewhere"));
    }
    Finding::fine("account", format!("{engine}/{name}: what it names is set here"))
}

/// gh, which ships by pull request: a note where no job asks for it, bad where one does.
pub fn forge(settings: &Settings, wanted: bool) -> Finding {
    let program = settings.config.program_gh.as_deref().unwrap_or(GH);
    match (gh_state(program), wanted) {
        (Ok(says), _) => Finding::fine("gh", says),
        (Err((says, mend)), true) => {
            Finding::bad("gh", format!("{says}; jobs here ship by pull request"), mend)
        }
        (Err((says, mend)), false) => Finding::note("gh", format!("{says}; ship: pr needs it"), mend),
    }
}

/// Where a program is, as a shell would find it.
fn on_path(program: &str) -> Option<PathBuf> {
    let runs =
        |path: &PathBuf| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(runs);
    }
    let dirs = std::env::var_os("PATH")?;
    std::env::split_paths(&dirs).map(|dir| dir.join(program)).find(runs)
}
