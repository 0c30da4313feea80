//! Settings as they stand on this machine: configuration files, profiles, and the engines they add up to.

use std::path::{Path, PathBuf};

use crate::engine::{ENGINES, engine};
use crate::job::{
    BUILT_IN_PROFILES, Config, ConfigLayer, Known, Origin, Problem, Profile, built_in_profile, merge_config,
    read_config_to_use, read_profile, read_settings, render_problems,
};
use crate::store::{Fault, FaultKind, Place};
use tracing::debug;

/// Environment variables that are settings, and the key each sets.
const VARIABLES: [(&str, &str); 1] = [("AQ_COLOR", "color")];

/// Configuration in force, and what was odd about the files it came from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Every key, merged.
    pub config: Config,
    /// Warnings of the files, one for each thing that is odd, each ready to print.
    pub warnings: Vec<String>,
    /// The project's own profiles stand here.
    profiles: Option<PathBuf>,
}

impl Settings {
    /// Reads the project's, the user's and the machine's file; `flags` go before all of them.
    ///
    /// # Errors
    /// A [`Fault`] of kind `Place` whose reason is every problem of the first bad file, with carets.
    pub fn load(place: Option<&Place>, flags: &[(&str, &str)]) -> Result<Settings, Fault> {
        Settings::gather(place, flags, usize::MAX, &mut Err)
    }

    /// The settings as far as they can be used, with what cannot, problem by problem. With them a queue may be looked at; nothing may be
    /// done by them, because what a broken file asks for is not known.
    ///
    /// # Errors
    /// A [`Fault`] of the environment.
    pub fn to_look(place: Option<&Place>) -> Result<(Settings, Vec<Fault>), Fault> {
        let mut broken = Vec::new();
        let settings = Settings::gather(place, &[], 1, &mut |fault| {
            broken.push(fault);
            Ok(())
        })?;
        Ok((settings, broken))
    }

    /// Reads every file; `broken` decides about one that cannot be used, and hears so many of its problems at once.
    fn gather(
        place: Option<&Place>,
        flags: &[(&str, &str)],
        at_once: usize,
        broken: &mut dyn FnMut(Fault) -> Result<(), Fault>,
    ) -> Result<Settings, Fault> {
        let mut layers = vec![layer_of(Origin::Flag, flags, "the flags")?];
        let from_env: Vec<(&str, String)> = VARIABLES
            .iter()
            .filter_map(|(name, key)| std::env::var(name).ok().map(|value| (*key, value)))
            .collect();
        let pairs: Vec<(&str, &str)> = from_env.iter().map(|(key, value)| (*key, value.as_str())).collect();
        layers.push(layer_of(Origin::Environment, &pairs, "the environment")?);
        let mut warnings = Vec::new();
        for (origin, path) in config_files(place) {
            let text = match std::fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => {
                    broken(Fault::io("read", &path, &error))?;
                    continue;
                }
            };
            let shown = path.display().to_string();
            debug!(file = %shown, whose = %origin, "reads settings");
            match read_config_to_use(&text, origin) {
                Ok((layer, odd)) => {
                    layers.push(layer);
                    let each = odd.chunks(1).map(|odd| render_problems(&shown, text.as_bytes(), odd));
                    warnings.extend(each);
                }
                Err(problems) => {
                    for some in problems.chunks(at_once) {
                        broken(bad(&path, &render_problems(&shown, text.as_bytes(), some)))?;
                    }
                }
            }
        }
        let config = merge_config(&layers);
        let named = config.accounts.keys().chain(config.pools.keys());
        for engine in named.clone() {
            // Which account runs is money and identity: where that is not clear nothing is guessed.
            if let Err((why, hint)) = config.pool_of(engine) {
                let on = Path::new("the accounts of engines");
                broken(Fault::new(FaultKind::Settings, "use", on, why, hint))?;
            }
        }
        let known = |name: &str| config.engines.contains_key(name) || engine(name).is_some();
        for engine in named.filter(|engine| !known(engine)).collect::<std::collections::BTreeSet<_>>() {
            warnings.push(format!("engines.{engine} has accounts, and there is no engine of that name\n"));
        }
        let profiles = place.map(|p| p.project.join("profiles"));
        Ok(Settings { config, warnings, profiles })
    }

    /// What a manifest may name.
    pub fn known(&self) -> Known {
        let mut engines: Vec<String> = ENGINES.iter().map(|row| row.name.to_string()).collect();
        engines.extend(self.config.engines.keys().filter(|name| engine(name).is_none()).cloned());
        Known { engines, profiles: self.profile_names() }
    }

    /// Names of all profiles: built in and the project's own, sorted.
    pub fn profile_names(&self) -> Vec<String> {
        let mut names: Vec<String> = BUILT_IN_PROFILES.iter().map(|row| row.0.to_string()).collect();
        let files = self.profiles.as_ref().and_then(|dir| std::fs::read_dir(dir).ok());
        let stem = |name: std::ffi::OsString| name.to_str()?.strip_suffix(".md").map(str::to_string);
        names.extend(files.into_iter().flatten().flatten().filter_map(|entry| stem(entry.file_name())));
        names.sort();
        names.dedup();
        names
    }

    /// The text of a profile and where it is from: the project's own goes before the built-in one.
    pub fn profile_text(&self, name: &str) -> Option<(String, PathBuf)> {
        let own = self.profiles.as_ref().map(|dir| dir.join(format!("{name}.md")));
        if let Some((text, path)) = own.and_then(|path| Some((std::fs::read_to_string(&path).ok()?, path))) {
            return Some((text, path));
        }
        built_in_profile(name).map(|text| (text.to_string(), PathBuf::from(format!("built-in/{name}.md"))))
    }

    /// Reads a profile.
    ///
    /// # Errors
    /// Its problems, rendered; or that there is none of the name.
    pub fn profile(&self, name: &str) -> Result<Profile, String> {
        let (text, path) = self.profile_text(name).ok_or_else(|| format!("no profile {name:?}\n"))?;
        let shown = path.display().to_string();
        read_profile(&text, name).map_err(|problems| render_problems(&shown, text.as_bytes(), &problems))
    }
}

/// The files that are read, whether they exist or not, the strongest first.
pub fn config_files(place: Option<&Place>) -> Vec<(Origin, PathBuf)> {
    let mut files: Vec<(Origin, PathBuf)> =
        place.map(|p| (Origin::Project, p.project.join("aq.toml"))).into_iter().collect();
    if let Some(dir) = xdg(etcetera::BaseStrategy::config_dir) {
        files.push((Origin::User, dir.join("aq/config.toml")));
    }
    files.push((Origin::Machine, PathBuf::from("/etc/aq/config.toml")));
    files
}

/// The person's own keys of the cockpit, `$XDG_CONFIG_HOME/aq/keys.toml`.
pub fn keys_file() -> Option<PathBuf> {
    xdg(etcetera::BaseStrategy::config_dir).map(|dir| dir.join("aq/keys.toml"))
}

/// `$XDG_STATE_HOME/aq`, by the same layout on every platform.
pub fn state_home() -> Option<PathBuf> {
    xdg(|dirs| etcetera::BaseStrategy::state_dir(dirs).unwrap_or_default()).map(|dir| dir.join("aq"))
}

/// `$XDG_CACHE_HOME/aq`: what may be deleted at any time.
pub fn cache_home() -> Option<PathBuf> {
    xdg(etcetera::BaseStrategy::cache_dir).map(|dir| dir.join("aq"))
}

/// `$XDG_DATA_HOME/aq`: the user's own queue stands below it.
pub fn data_home() -> Option<PathBuf> {
    xdg(etcetera::BaseStrategy::data_dir).map(|dir| dir.join("aq"))
}

fn xdg(pick: impl Fn(&etcetera::base_strategy::Xdg) -> PathBuf) -> Option<PathBuf> {
    etcetera::base_strategy::Xdg::new().ok().map(|dirs| pick(&dirs))
}

fn layer_of(origin: Origin, pairs: &[(&str, &str)], from: &str) -> Result<ConfigLayer, Fault> {
    read_settings(origin, pairs).map_err(|problems: Vec<Problem>| {
        let said: Vec<String> = problems.iter().map(|p| p.message.clone()).collect();
        bad(Path::new(from), &said.join("; "))
    })
}

fn bad(path: &Path, why: &str) -> Fault {
    Fault::new(FaultKind::Settings, "use", path, why.trim_end(), "mend it: aq config edit")
}
