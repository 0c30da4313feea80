//! What this host offers: its capabilities and the engines found on it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::board::{BUILT_IN_ENGINES, Settings};
use crate::engine::{Liveness, is_alive, process_identity};
use crate::fleet::{Claimant, EngineOffer, login_of};
use crate::job::{Capability, CapabilitySet, EngineClass, HolderId};
use crate::store::Place;

/// Programs whose presence is offered as `has:NAME`.
const PROGRAMS: [&str; 14] = [
    "git", "gh", "cargo", "npm", "node", "python3", "go", "java", "docker", "make", "cmake", "gcc", "clang",
    "pnpm",
];

/// What every host says of itself, and what its values are; the order is that of help.
pub const OFFERS: [(&str, &str); 6] = [
    ("os", "the system: linux, macos"),
    ("arch", "the processor: x86_64, aarch64"),
    ("cores", "how many it has: cores>=8"),
    ("ram_gb", "memory in GiB: ram_gb>=16"),
    ("has", "a program on PATH: has:git, has:cargo, has:docker"),
    ("engine", "an engine that is found here: engine:shell"),
];

/// This process as a claimant. `only` keeps one engine; `extra` are capabilities from the command line.
pub fn claimant(settings: &Settings, only: Option<&str>, extra: &[Capability]) -> Claimant {
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
    let built_in = BUILT_IN_ENGINES.iter().map(|row| offer(row.0, row.1));
    let own =
        settings.config.engines.iter().filter(|(_, engine)| engine.argv.first().is_some_and(|p| on_path(p)));
    let own = own.map(|(name, engine)| offer(name, engine.class));
    let engines: Vec<EngineOffer> =
        built_in.chain(own).filter(|e| only.is_none_or(|name| e.name == name)).collect();
    for engine in &engines {
        capabilities.offer("engine", &engine.name);
    }
    extra.iter().for_each(|capability| capabilities.offer_as(capability));
    Claimant { holder: HolderId::new(me.to_string()), capabilities, engines }
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
    files.filter_map(|file| read(file.path())).collect()
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
