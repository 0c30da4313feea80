//! Which engines this machine has: their programs on PATH, and the version each tells.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::table::{ENGINES, Engine};
use crate::time::{Awake, Span};

/// A program that has not told its version by then is not asked further; some look for updates first.
const PATIENCE: Span = Span::from_secs(3);
/// Between looks whether it has.
const LOOK: Duration = Duration::from_millis(10);
/// Bytes of an answer that are looked at.
const ANSWER_MAX: usize = 64 * 1024;

/// The exit code by which a program says that it does not know the words.
const USAGE: i32 = 2;

/// An engine and where its program is.
pub struct Found {
    /// The engine.
    pub engine: &'static Engine,
    /// Its program; `None`: it is part of aq.
    pub program: Option<PathBuf>,
}

/// The engines whose programs stand in `path` (the form of `PATH`), in the order of the table.
pub fn found_on_path(path: Option<&OsStr>) -> Vec<Found> {
    let on_path = |engine: &'static Engine| {
        let program = engine.programs.iter().find_map(|name| program_in(path, name));
        (engine.programs.is_empty() || program.is_some()).then_some(Found { engine, program })
    };
    ENGINES.iter().filter_map(on_path).collect()
}

/// Where a program is, as a shell would find it.
fn program_in(path: Option<&OsStr>, name: &str) -> Option<PathBuf> {
    let runs = |path: &PathBuf| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(path?).map(|dir| dir.join(name)).find(runs)
}

/// The version a program tells: the first word of its answer that begins with a digit. `None` where it does
/// not answer in time. Blocks.
pub fn version_of(program: &Path) -> Option<String> {
    version_in(&answer(program, &["--version"])?)
}

fn version_in(answer: &str) -> Option<String> {
    let word = |word: &str| word.trim_start_matches('v').trim_end_matches([',', ')', ';']).to_string();
    let words = answer.split(|c: char| c.is_whitespace() || c == '(').map(word);
    words.into_iter().find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))
}

/// The flags its recipe needs and its help does not name. Blocks; empty where it tells no help.
pub fn missing_flags(engine: &Engine, program: &Path) -> Vec<&'static str> {
    let Some(help) = answer(program, engine.help) else { return Vec::new() };
    engine.wants.iter().copied().filter(|flag| !help.contains(flag)).collect()
}

/// What keeps the engine's sandbox from running a command on this machine: what it said, on one line. Nothing
/// where it runs one, has none, takes its time, or does not know these words. Blocks.
pub fn sandbox_fault(engine: &Engine, program: &Path) -> Option<String> {
    if engine.boxed.is_empty() {
        return None;
    }
    let (code, said) = ask(program, engine.boxed)?;
    if matches!(code, Some(0 | USAGE)) {
        return None;
    }
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    Some(last.unwrap_or("it said nothing").trim().to_string())
}

/// What a program answers to some words, both streams. Its output goes to files, so that it cannot fill a pipe
/// that nobody reads while we wait for its end.
fn answer(program: &Path, words: &[&str]) -> Option<String> {
    ask(program, words).map(|(_, said)| said)
}

/// The same, with its exit code ahead.
fn ask(program: &Path, words: &[&str]) -> Option<(Option<i32>, String)> {
    let dir = std::env::temp_dir().join(format!("aq-ask-{}-{:08x}", std::process::id(), fastrand::u32(..)));
    std::fs::create_dir(&dir).ok()?;
    let said = asked(program, words, &dir);
    // A folder of ours that is in nobody's way if it stays.
    let _ = std::fs::remove_dir_all(&dir);
    said
}

fn asked(program: &Path, words: &[&str], dir: &Path) -> Option<(Option<i32>, String)> {
    let (out, err) = (dir.join("out"), dir.join("err"));
    let mut child = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&out).ok()?)
        .stderr(std::fs::File::create(&err).ok()?)
        .env("NO_COLOR", "1")
        .spawn()
        .ok()?;
    let clock = Awake::start();
    let status = loop {
        if let Some(status) = child.try_wait().ok()? {
            break status;
        }
        if clock.passed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(LOOK);
    };
    let read = |path: &Path| {
        let bytes = std::fs::read(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes[..bytes.len().min(ANSWER_MAX)]).into_owned()
    };
    Some((status.code(), format!("{}\n{}", read(&out), read(&err))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_answer() {
        let check = |answer: &str, version: Option<&str>| {
            assert_eq!(version_in(answer).as_deref(), version, "{answer}");
        };
        check("2.1.197 (Claude Code)\n", Some("2.1.197"));
        check("codex-cli 0.169.0\n", Some("0.169.0"));
        check("GitHub Copilot CLI 1.0.13, commit abc\n", Some("1.0.13"));
        check("aider 0.86.2\n", Some("0.86.2"));
        check("v1.17.12\n", Some("1.17.12"));
        check("Warning: 3 updates\nfoo 1.2.3-beta.1\n", Some("1.2.3-beta.1"));
        check("no idea", None);
    }

    #[test]
    fn programs_are_found_where_a_shell_finds_them() {
        let dir = tempfile::tempdir().unwrap();
        let names = |path: &Path| {
            let found = found_on_path(Some(path.as_os_str()));
            found.iter().map(|found| found.engine.name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(dir.path()), "shell");
        std::fs::write(dir.path().join("codex"), "#!/bin/sh\necho codex-cli 9.8.7\n").unwrap();
        assert_eq!(names(dir.path()), "shell", "not executable");
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(dir.path().join("codex"), mode).unwrap();
        assert_eq!(names(dir.path()), "shell codex");
        assert_eq!(version_of(&dir.path().join("codex")).as_deref(), Some("9.8.7"));
        assert_eq!(version_of(&dir.path().join("none")), None);
    }
}
