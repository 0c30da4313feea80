//! Whether a session of an engine is still there, so that it can be taken up again. Looks before it leaps:
//! an engine that is asked for a session it has lost fails, or starts without a word from nothing.

use std::path::{Path, PathBuf};

use super::super::dialect::thread_file;

/// A session and the surroundings it is asked for in.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// Its id.
    pub session: &'a str,
    /// Where the run will be.
    pub cwd: &'a Path,
    /// Where the run before was.
    pub then_cwd: &'a Path,
    /// The account's configuration folder, if it has one.
    pub home: Option<&'a Path>,
    /// The user's home.
    pub user: Option<&'a Path>,
}

/// Whether the session can be taken up by this engine.
pub fn session_is_there(engine: &super::table::Engine, past: &Past<'_>) -> bool {
    !past.session.is_empty() && engine.resume.is_some_and(|there| there(past))
}

/// Claude keys its transcripts by configuration folder and working folder.
pub(super) fn claude(past: &Past<'_>) -> bool {
    let home = past.home.map(Path::to_path_buf).or_else(|| Some(past.user?.join(".claude")));
    // It goes by the real path, without a slash at the end.
    let cwd = past.cwd.canonicalize().unwrap_or_else(|_| past.cwd.components().collect());
    let folder: String =
        cwd.to_string_lossy().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    // `a_b` and `a-b` share a folder, but not a session.
    let is_ours = past.cwd == past.then_cwd;
    let file = |home: PathBuf| home.join("projects").join(folder).join(format!("{}.jsonl", past.session));
    is_ours && home.is_some_and(|home| file(home).is_file())
}

/// Codex finds a thread from any folder, by the file of the day it began.
pub(super) fn codex(past: &Past<'_>) -> bool {
    let home = past.home.map(Path::to_path_buf).or_else(|| Some(past.user?.join(".codex")));
    home.is_some_and(|home| thread_file(&home, past.session).is_some())
}

/// Gemini keeps the sessions of each project in a folder of its own, whose name has been made in several ways;
/// the file's name ends with the first part of the session's id.
pub(super) fn gemini(past: &Past<'_>) -> bool {
    let Some(user) = past.user.filter(|_| past.cwd == past.then_cwd) else { return false };
    let first = past.session.split('-').next().unwrap_or(past.session);
    let projects = std::fs::read_dir(user.join(".gemini/tmp")).into_iter().flatten().flatten();
    let files = projects.filter_map(|dir| std::fs::read_dir(dir.path().join("chats")).ok());
    let is_it = |name: &str| {
        name.strip_prefix("session-").is_some_and(|rest| {
            let stem = rest.split('.').next().unwrap_or(rest);
            stem.rsplit('-').next() == Some(first)
        })
    };
    files.flatten().flatten().any(|file| file.file_name().to_str().is_some_and(is_it))
}

/// The store of these cannot be looked into; they need the folder of the run before.
pub(super) fn same_folder(past: &Past<'_>) -> bool {
    past.cwd == past.then_cwd
}

#[cfg(test)]
mod tests {
    use super::super::table::engine;
    use super::*;

    #[test]
    fn a_session_is_taken_up_only_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path();
        std::fs::create_dir_all(home.join(".claude/projects/-w-a-b")).unwrap();
        std::fs::write(home.join(".claude/projects/-w-a-b/s1.jsonl"), "").unwrap();
        std::fs::create_dir_all(home.join("acc/sessions/2026/03/08")).unwrap();
        std::fs::write(home.join("acc/sessions/2026/03/08/rollout-x-t1.jsonl"), "").unwrap();
        let account = home.join("acc");
        let check = |name: &str, session: &str, cwd: &str, then: &str, own: bool, expected: bool| {
            let past = Past {
                session,
                cwd: Path::new(cwd),
                then_cwd: Path::new(then),
                home: own.then_some(account.as_path()),
                user: Some(home),
            };
            let there = session_is_there(engine(name).unwrap(), &past);
            assert_eq!(there, expected, "{name} {session} {cwd} {then} {own}");
        };
        check("claude", "s1", "/w/a_b", "/w/a_b", false, true);
        check("claude", "s1", "/w/a_b/", "/w/a_b", false, true);
        check("claude", "s1", "/w/a-b", "/w/a_b", false, false);
        check("claude", "s1", "/w/a_b", "/w/a_b", true, false);
        check("claude", "s2", "/w/a_b", "/w/a_b", false, false);
        check("claude", "s1", "/w/c", "/w/c", false, false);
        check("codex", "t1", "/w/c", "/w/d", true, true);
        check("codex", "t1", "/w/c", "/w/d", false, false);
        check("codex", "1", "/w/c", "/w/d", true, false);
        let chats = home.join(".gemini/tmp/w-c/chats");
        std::fs::create_dir_all(&chats).unwrap();
        std::fs::write(chats.join("session-2026-03-08T14-00-4f2c9a1b.json"), "").unwrap();
        let id = "4f2c9a1b-0000-4000-8000-000000000000";
        check("gemini", id, "/w/c", "/w/c", false, true);
        check("gemini", id, "/w/c", "/w/d", false, false);
        check("gemini", "4f2c9a1c-0000-4000-8000-000000000000", "/w/c", "/w/c", false, false);
        check("opencode", "ses", "/w/c", "/w/c", false, true);
        check("opencode", "ses", "/w/c", "/w/d", false, false);
        check("opencode", "", "/w/c", "/w/c", false, false);
        check("aider", "x", "/w/c", "/w/c", false, false);
    }
}
