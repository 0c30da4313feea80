//! What this host offers: its capabilities and the engines found on it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::board::Settings;
use crate::engine::{Liveness, found_on_path, is_alive, process_identity, version_of};
use crate::fleet::{Claimant, EngineOffer, login_of};
use crate::job::{Capability, CapabilitySet, EngineClass, HolderId};
use crate::store::Place;

/// Programs whose presence is offered as `has:NAME`.
const PROGRAMS: [&str; 14] = [
    "git", "gh", "cargo", "npm", "node", "python3", "go", "java", "docker", "make", "cmake", "gcc", "clang",
    "pnpm",
];

/// This process as a claimant. `only` keeps one engine; `extra` are capabilities from the command line.
pub fn claimant(settings: &Settings, only: Option<&str>, extra: &[Capability]) -> Claimant {
    described(settings, only, extra, true)
}

/// The same but for the versions of its engines, whose programs take their time to tell them.
pub fn claimant_at_once(settings: &Settings) -> Claimant {
    described(settings, None, &[], false)
}

fn described(settings: &Settings, only: Option<&str>, extra: &[Capability], fully: bool) -> Claimant {
    let mut capabilities = CapabilitySet::default();
    capabilities.offer("os", std::env::consts::OS);
    capabilities.offer("arch", std::env::consts::ARCH);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    capabilities.offer("cores", &cores.to_string());
    if let Some(gb) = ram_gb() {
        capabilities.offer("ram_gb", &gb.to_string());
    }
    for name in PROGRAMS.iter().filter(|name| on_path(name)) {
        capabilities.offer("has", name);
    }
    let me = process_identity();
    let offer = |name: &str, class| EngineOffer {
        name: name.to_string(),
        class,
        accounts: accounts_of(settings, name, class, &me.host),
    };
    let mut programs = programs(settings);
    programs.retain(|(name, ..)| only.is_none_or(|only| name == only));
    let versions = if fully { versions(&programs) } else { vec![None; programs.len()] };
    for ((name, ..), version) in programs.iter().zip(versions) {
        capabilities.offer("engine", name);
        if let Some(version) = version {
            capabilities.offer(name, &version);
        }
    }
    let engines = programs.iter().map(|(name, class, _)| offer(name, *class)).collect();
    extra.iter().for_each(|capability| capabilities.offer_as(capability));
    Claimant { holder: HolderId::new(me.to_string()), capabilities, engines }
}

/// An engine of this host: its name, its class, and the program to ask for its version.
type Program = (String, EngineClass, Option<PathBuf>);

/// The engines of this host: those of the settings go before the built-in ones.
fn programs(settings: &Settings) -> Vec<Program> {
    let own = &settings.config.engines;
    let built_in = found_on_path(std::env::var_os("PATH").as_deref()).into_iter();
    let built_in = built_in.filter(|found| !own.contains_key(found.engine.name));
    let mut programs: Vec<Program> =
        built_in.map(|found| (found.engine.name.to_string(), found.engine.class, found.program)).collect();
    let there = own.iter().filter(|(_, engine)| engine.argv.first().is_some_and(|program| on_path(program)));
    // A program of one's own may not know the flag that the others tell their version by.
    programs.extend(there.map(|(name, engine)| (name.clone(), engine.class, None)));
    programs
}

/// What the programs say of their versions, asked side by side because each takes its time to start.
fn versions(programs: &[Program]) -> Vec<Option<String>> {
    std::thread::scope(|scope| {
        let ask = |(_, _, program): &Program| {
            let program = program.clone()?;
            Some(scope.spawn(move || version_of(&program)))
        };
        let asked: Vec<_> = programs.iter().map(ask).collect();
        // A thread that panicked has told no version.
        asked.into_iter().map(|asked| asked?.join().ok()?).collect()
    })
}

/// The agents that live on this queue, as they registered themselves; what cannot be read is passed over.
pub fn claimants(place: &Place) -> Vec<Claimant> {
    let files = std::fs::read_dir(place.side.join("agents")).into_iter().flatten().flatten();
    let read = |path: std::path::PathBuf| -> Option<Claimant> {
        let here: Registered = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        let lives = is_alive(&here.holder.parse().ok()?) != Liveness::Gone;
        let offer = |(name, class)| {
            let accounts = here.accounts.get(&name).cloned().unwrap_or_default();
            EngineOffer { name, class, accounts }
        };
        let engines = here.engines.into_iter().map(offer).collect();
        lives.then(|| Claimant {
            holder: HolderId::new(here.holder),
            capabilities: here.capabilities,
            engines,
        })
    };
    let mut found: Vec<Claimant> = files.filter_map(|file| read(file.path())).collect();
    // A folder tells its files in any order; who compares two looks wants the same one.
    found.sort_by(|a, b| a.holder.cmp(&b.holder));
    found
}

/// An agent's own file, as far as a reader needs it.
#[derive(serde::Deserialize)]
struct Registered {
    holder: String,
    #[serde(default)]
    capabilities: CapabilitySet,
    #[serde(default)]
    engines: Vec<(String, EngineClass)>,
    /// By engine, in the order of their use.
    #[serde(default)]
    accounts: BTreeMap<String, Vec<String>>,
}

/// The accounts this host may use for an engine: those of its settings, or its own login. A script has none.
fn accounts_of(settings: &Settings, engine: &str, class: EngineClass, host: &str) -> Vec<String> {
    // Settings whose accounts are unclear are not loaded at all.
    let pool = settings.config.pool_of(engine).unwrap_or_default();
    if pool.is_empty() && class != EngineClass::Script { vec![login_of(host)] } else { pool }
}

/// Whether a program is there: by path, or by name on PATH.
fn on_path(program: &str) -> bool {
    let runs = |path: &Path| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return runs(Path::new(program));
    }
    std::env::var_os("PATH")
        .is_some_and(|paths| std::env::split_paths(&paths).any(|dir| runs(&dir.join(program))))
}

/// How many processes want a core, over a minute, in hundredths; `None` where the system tells none.
#[cfg(target_os = "linux")]
pub fn load() -> Option<u64> {
    // The kernel tells it in parts of 65,536.
    rustix::system::sysinfo().loads[0].checked_mul(100).map(|load| load >> 16)
}

/// The same elsewhere.
#[cfg(not(target_os = "linux"))]
pub fn load() -> Option<u64> {
    let load = sysinfo::System::load_average().one;
    format!("{load:.2}").replace('.', "").parse().ok()
}

#[cfg(target_os = "linux")]
fn ram_gb() -> Option<u64> {
    let info = rustix::system::sysinfo();
    let bytes = info.totalram.checked_mul(u64::from(info.mem_unit))?;
    Some(bytes >> 30)
}

#[cfg(not(target_os = "linux"))]
fn ram_gb() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    Some(system.total_memory() >> 30)
}
