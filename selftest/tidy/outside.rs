//! What surrounds the source: the top level, and no trace of the machine a text was written on.

use super::house::{File, Finding, House, root};

/// Entries of the top level, beside dotfiles.
const TOP: [&str; 10] = [
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "profiles",
    "queue",
    "demo",
    "selftest",
    "README.md",
    "LICENSE",
    "build.rs",
];

/// The top level holds what is named in [`TOP`] and nothing else.
pub fn top_level(house: &House) -> Vec<Finding> {
    let mut out: Vec<Finding> = Vec::new();
    let mut seen = Vec::new();
    for file in &house.files {
        let top = file.path.split('/').next().unwrap_or_default();
        if !top.starts_with('.') && !TOP.contains(&top) && !seen.contains(&top) {
            seen.push(top);
            let what = format!("{top} is no entry of the top level");
            out.push(file.finding(1, "top level", what, "Put it into the room it is about."));
        }
    }
    out
}

/// Beginnings of paths that exist on one machine only.
const HOMES: [&str; 4] = ["/home/", "/Users/", "/root/", "C:\\Users\\"];
/// The person of examples and tests has a home too.
const EXAMPLES: [&str; 2] = ["/home/ann", "/Users/ann"];

/// No absolute path of a machine, neither of this one nor of any.
pub fn no_machine_paths(house: &House) -> Vec<Finding> {
    let mut here: Vec<String> = vec![root().to_string_lossy().into_owned()];
    for name in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO_TARGET_DIR"] {
        here.extend(std::env::var(name).ok().map(|path| format!("{}/", path.trim_end_matches('/'))));
    }
    // A home of `/` or `/x/` would be found everywhere.
    here.retain(|path| path.matches('/').count() > 1 && path.len() > 5);
    paths_of(house, &here)
}

fn paths_of(house: &House, here: &[String]) -> Vec<Finding> {
    let mend = "Write a path below the repository, or make one up in a temporary folder.";
    let mut out = Vec::new();
    for (file, n, line) in lines(house) {
        let own = here.iter().find(|path| line.contains(path.as_str())).map(String::as_str);
        if let Some(found) = own.or_else(|| home_in(line)) {
            out.push(file.finding(n, "no machine paths", format!("{found} is a path of one machine"), mend));
        }
    }
    out
}

fn home_in(line: &str) -> Option<&'static str> {
    HOMES.into_iter().find(|home| {
        line.match_indices(home).any(|(i, _)| {
            let is_start = !line[..i].ends_with(|c: char| c.is_alphanumeric() || "-_.~*/".contains(c));
            let goes_on = line[i + home.len()..].starts_with(|c: char| c.is_alphanumeric());
            is_start && goes_on && !EXAMPLES.iter().any(|example| line[i..].starts_with(example))
        })
    })
}

/// Where crates come from; any other source belongs to one machine or one house.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// Parts of names of hosts that only serve packages.
const MIRRORS: [&str; 6] = ["registry.", "mirror.", "mirrors.", "proxy.", "artifactory", "nexus."];
/// Keys by which Cargo is sent elsewhere.
const SOURCES: [&str; 4] = ["replace-with", "registry =", "[source.", "[registries"];

/// Every crate comes from the one public registry, and no text names another.
pub fn no_registry_hosts(house: &House) -> Vec<Finding> {
    let mend = "Leave it to the machine's own settings where crates come from.";
    let mut out = Vec::new();
    for (file, n, line) in lines(house) {
        let is_lock = file.path == "Cargo.lock" && line.starts_with("source = ");
        let is_settings = file.path == "Cargo.toml" || file.path.starts_with(".cargo/");
        let is_elsewhere = is_lock && !line.contains(REGISTRY)
            || is_settings && SOURCES.iter().any(|key| line.trim_start().starts_with(key));
        let host = || hosts(line).find(|host| MIRRORS.iter().any(|part| host.contains(part)));
        let found = if is_elsewhere { Some(line.trim()) } else { host() };
        if let Some(found) = found {
            out.push(file.finding(n, "no registry hosts", format!("{found} is a source of one house"), mend));
        }
    }
    out
}

/// Hosts of the addresses in a line.
fn hosts(line: &str) -> impl Iterator<Item = &str> {
    line.split("://")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| c.is_whitespace() || "/\"'`)>".contains(c)).next())
}

/// Every line with its number. The rules' own words are not what they look for.
fn lines(house: &House) -> impl Iterator<Item = (&File, usize, &str)> {
    let own = |file: &&File| file.path != "selftest/tidy/outside.rs" && file.path != "LICENSE";
    house.files.iter().filter(own).flat_map(|f| f.text.lines().enumerate().map(move |(n, l)| (f, n + 1, l)))
}

/// Crates that must be in the program once: with a second copy each draws, or reads keys, past the other.
const ONE_OF_EACH: [&str; 2] = ["ratatui", "crossterm"];

/// The lock holds exactly one of each crate that must not be in the program twice.
pub fn one_of_each(house: &House) -> Vec<Finding> {
    let mend = "Take the version that the others take: cargo tree -d.";
    let mut out = Vec::new();
    for lock in house.files.iter().filter(|file| file.path == "Cargo.lock") {
        for name in ONE_OF_EACH {
            let row = format!("name = \"{name}\"");
            let at: Vec<usize> =
                (1..).zip(lock.text.lines()).filter(|line| line.1 == row).map(|line| line.0).collect();
            if at.len() != 1 {
                let what = format!("{} versions of {name}, not one", at.len());
                out.push(lock.finding(at.last().copied().unwrap_or(1), "one of each", what, mend));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::house::check;
    use super::*;

    #[test]
    fn a_stranger_at_the_top_is_found() {
        check(
            top_level,
            &[("notes.txt", ""), ("docs/a.md", ""), ("docs/b.md", ""), (".ci/run", ""), ("src/a.rs", "")],
            "notes.txt:1 notes.txt is no entry of the top level\ndocs/a.md:1 docs is no entry of the top level",
        );
    }

    #[test]
    fn a_second_terminal_library_is_found() {
        let one = "[[package]]\nname = \"ratatui\"\nversion = \"0.30.2\"\n";
        let two = format!("{one}name = \"crossterm\"\nversion = \"0.28.1\"\nname = \"crossterm\"\n");
        check(one_of_each, &[("Cargo.lock", &two)], "Cargo.lock:6 2 versions of crossterm, not one");
        check(one_of_each, &[("Cargo.lock", one)], "Cargo.lock:1 0 versions of crossterm, not one");
    }

    #[test]
    fn a_path_of_a_machine_is_found() {
        let here = vec!["/builds/aq/".to_string()];
        let text = "cd /home/bob/aq\n~/home/bob /home/ann/x src/home/b \"/home/\"\nsee /builds/aq/src\n";
        let found: Vec<String> =
            paths_of(&House::of(&[("a.md", text)]), &here).iter().map(ToString::to_string).collect();
        let mend = "Write a path below the repository, or make one up in a temporary folder.";
        assert_eq!(
            found,
            [
                format!("a.md:1: no machine paths: /home/ is a path of one machine. {mend}"),
                format!("a.md:3: no machine paths: /builds/aq/ is a path of one machine. {mend}"),
            ]
        );
    }

    #[test]
    fn another_registry_is_found() {
        check(
            no_registry_hosts,
            &[
                (
                    "Cargo.lock",
                    "source = \"registry+https://github.com/rust-lang/crates.io-index\"\nsource = \"registry+https://mine/\"\n",
                ),
                ("Cargo.toml", "[source.crates-io]\nserde = \"1\"\n"),
                ("README.md", "see https://crates.io and https://mirror.mine.example/x\n"),
            ],
            "Cargo.lock:2 source = \"registry+https://mine/\" is a source of one house\n\
             Cargo.toml:1 [source.crates-io] is a source of one house\n\
             README.md:1 mirror.mine.example is a source of one house",
        );
    }
}
