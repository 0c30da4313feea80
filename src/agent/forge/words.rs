//! What git and gh say when they fail, as a reason and a way to mend it, without secrets. Pure.

use super::program::Failed;

/// A reason stands in an event and in one line of a screen.
const WORDS_MOST: usize = 300;
/// Values shorter than this would blank ordinary words.
const SECRET_MIN: usize = 6;
/// How tokens of the forge begin, wherever they come from.
const TOKENS: [&str; 6] = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"];
/// What stands in place of a secret.
const MASK: &str = "[redacted]";

/// gh ends with this where a login is needed.
const GH_SIGNED_OUT: i32 = 4;

/// What the words of a failure mean: any of these, in lower case, and what to say and do. The first that fits.
const MEANINGS: [(&[&str], &str, &str); 5] = [
    (
        &[
            "gh auth login",
            "http 401",
            "bad credentials",
            "authentication failed",
            "could not read username",
            "permission denied (publickey",
            "terminal prompts disabled",
        ],
        "is not signed in",
        "gh auth login, or set GH_TOKEN where aq runs; for the push: gh auth setup-git",
    ),
    (
        &[
            "could not resolve host",
            "no such host",
            "error connecting to",
            "dial tcp",
            "connection refused",
            "network is unreachable",
            "i/o timeout",
            "connection timed out",
            "http 502",
            "http 503",
        ],
        "cannot reach the forge",
        "look at the network; the job stays where it is, ship again later",
    ),
    (
        &[
            "could not resolve to a repository",
            "http 404",
            "repository not found",
            "does not appear to be a git repository",
        ],
        "finds no such repository there",
        "look at the remote: git remote -v; and at what the login may see",
    ),
    (
        &["http 403", "permission to", "must have push access", "resource not accessible"],
        "may not do that there",
        "the login needs the right to push and to open pull requests",
    ),
    (
        &["stale info", "[rejected]", "non-fast-forward", "fetch first"],
        "was refused: the branch moved there while it was pushed",
        "look who moved it, then ship again",
    ),
];

/// The failure of a program in words.
pub(super) fn said(name: &str, code: Option<i32>, stderr: &str, secrets: &[String]) -> Failed {
    let own = own_words(&without_secrets(stderr, secrets));
    let lower = own.to_lowercase();
    let signed_out = name == "gh" && code == Some(GH_SIGNED_OUT);
    let meaning = match signed_out {
        true => MEANINGS.first(),
        false => MEANINGS.iter().find(|row| row.0.iter().any(|word| lower.contains(word))),
    };
    let end = code.map_or("it was killed".to_string(), |code| format!("exit {code}"));
    match meaning {
        Some((_, what, mend)) => Failed::new(format!("{name} {what} ({own})"), *mend),
        None if own.is_empty() => Failed::new(format!("{name} failed ({end})"), "ship again"),
        None => Failed::new(format!("{name} failed ({end}): {own}"), "mend that, then ship again"),
    }
}

/// The lines that say something, in one, without what would move a cursor.
fn own_words(stderr: &str) -> String {
    let lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("hint:"));
    let text: String = lines.collect::<Vec<_>>().join("; ").chars().filter(|c| !c.is_control()).collect();
    match text.char_indices().nth(WORDS_MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Secrets of the environment, tokens by their form, and logins in addresses.
pub(super) fn without_secrets(text: &str, secrets: &[String]) -> String {
    let known = secrets.iter().filter(|secret| secret.len() >= SECRET_MIN);
    let text = known.fold(text.to_string(), |text, secret| text.replace(secret.as_str(), MASK));
    text.split_inclusive(char::is_whitespace).map(without_token).collect()
}

fn without_token(word: &str) -> String {
    let word = without_user(word);
    let Some(at) = TOKENS.iter().filter_map(|token| word.find(token)).min() else { return word };
    let rest = &word[at..];
    let ends = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    format!("{}{MASK}{}", &word[..at], &rest[ends..])
}

/// `https://ann:secret@host/` without who and how.
fn without_user(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_string() };
    let host = rest.find('/').unwrap_or(rest.len());
    match rest[..host].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => word.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, code: i32, stderr: &str, expected: &str) {
        let failed = said(name, Some(code), stderr, &["canary-77".to_string()]);
        assert_eq!(format!("{} -> {}", failed.what, failed.mend), expected);
    }

    #[test]
    fn each_failure_says_what_and_how_to_mend_it() {
        check(
            "gh",
            4,
            "To get started with GitHub CLI, please run:  gh auth login\n",
            "gh is not signed in (To get started with GitHub CLI, please run:  gh auth login) -> gh auth login, or set GH_TOKEN where aq runs; for the push: gh auth setup-git",
        );
        check(
            "git",
            128,
            "fatal: unable to access 'https://ann:ghp_abc123DEF@github.com/a/b/': Could not resolve host: github.com\n",
            "git cannot reach the forge (fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com) -> look at the network; the job stays where it is, ship again later",
        );
        check(
            "gh",
            1,
            "GraphQL: Could not resolve to a Repository with the name 'a/b'. (repository)\n",
            "gh finds no such repository there (GraphQL: Could not resolve to a Repository with the name 'a/b'. (repository)) -> look at the remote: git remote -v; and at what the login may see",
        );
        check(
            "git",
            1,
            "! [rejected] x -> x (stale info)\nhint: something\n",
            "git was refused: the branch moved there while it was pushed (! [rejected] x -> x (stale info)) -> look who moved it, then ship again",
        );
        check("gh", 1, "", "gh failed (exit 1) -> ship again");
        check(
            "gh",
            1,
            "no commits between canary-77 and\u{1b}[31m x at https://u:p@h/x\n",
            "gh failed (exit 1): no commits between [redacted] and[31m x at https://h/x -> mend that, then ship again",
        );
    }
}
