//! Names of things: jobs, holders, and the numbers that order them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::Text;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Text);

        impl $name {
            /// Wraps a name as it stands; the caller has checked its form.
            pub fn new(text: impl AsRef<str>) -> $name {
                $name(Text::new(text.as_ref()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> $name {
                $name::new(text)
            }
        }
    };
}

text_id! {
    /// A job: a slug of its title or file name and four letters of chance, `fix-login-7k2m`.
    JobId
}
text_id! {
    /// A git commit, full hex.
    Rev
}
text_id! {
    /// Who holds leases: one process of one host, `host/boot.pidns.pid.start` for a local agent.
    HolderId
}
text_id! {
    /// What makes a repeated request the same request.
    IdempotencyKey
}

/// Fencing number of a job. Rises with every grant, every loss and every operator change of stage.
pub type Epoch = u64;
/// Position of an event in its log, from 1, without gaps.
pub type Seq = u64;
/// Attempt of a job, from 1, never reused.
pub type AttemptNo = u32;

/// Letters of the random end of a job id: no vowels (no words), nothing that reads like another.
const ID_LETTERS: &[u8] = b"23456789bcdfghjkmnpqrstvwxz";
/// How many of them end a job id.
const RANDOM_END: usize = 4;
/// A slug longer than this is cut at a word; long titles must not make long branch names.
const SLUG_MAX: usize = 40;

impl HolderId {
    /// The host of the process.
    pub fn host(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// As people know it, `forge/7770`: the host without what tells it from its namesakes, and the process.
    pub fn short(&self) -> String {
        let host = self.host().split('~').next().unwrap_or_default();
        let rest = self.0.split_once('/').map(|parts| parts.1).unwrap_or_default();
        match rest.split('.').nth(2) {
            Some(pid) => format!("{host}/{pid}"),
            None => host.to_string(),
        }
    }
}

impl JobId {
    /// Whether both are one name in memory; they may be equal without.
    pub fn is_same(&self, other: &JobId) -> bool {
        self.0.is_same(&other.0)
    }

    /// Whether it was made of that title, so that the title says all that it says.
    pub fn is_made_of(&self, title: &str) -> bool {
        self.0.rsplit_once('-').is_some_and(|(made, end)| end.len() == RANDOM_END && made == slug(title))
    }

    /// Makes an id from a title and 64 random bits; the caller checks that it is free.
    pub fn mint(title: &str, chance: u64) -> JobId {
        let mut text = slug(title);
        text.push('-');
        let mut rest = chance;
        for _ in 0..RANDOM_END {
            let base = ID_LETTERS.len() as u64;
            text.push(char::from(ID_LETTERS[usize::try_from(rest % base).unwrap_or(0)]));
            rest /= base;
        }
        JobId::new(text)
    }
}

/// Lower-case ASCII words joined by `-`, at most 40 long, never empty.
fn slug(title: &str) -> String {
    let mut out = String::new();
    for word in title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()) {
        let room = SLUG_MAX.saturating_sub(out.len() + usize::from(!out.is_empty()));
        if out.is_empty() {
            out.extend(word.chars().take(SLUG_MAX).map(|c| c.to_ascii_lowercase()));
        } else if word.len() <= room {
            out.push('-');
            out.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        } else {
            break;
        }
    }
    if out.is_empty() { "job".to_string() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_slugs_with_four_letters() {
        let check = |title: &str, expected: &str| assert_eq!(JobId::mint(title, 0).as_str(), expected);
        check("Fix the Login!", "fix-the-login-2222");
        check("日本語", "job-2222");
        check("../../etc/passwd", "etc-passwd-2222");
        check("", "job-2222");
        check(&"word ".repeat(30), "word-word-word-word-word-word-word-word-2222");
        assert_eq!(JobId::mint("a", u64::MAX).as_str().len(), 6);
    }

    #[test]
    fn an_id_knows_the_title_it_was_made_of() {
        let check = |id: &str, title: &str, made: bool| {
            assert_eq!(JobId::from(id).is_made_of(title), made, "{id} of {title}");
        };
        check("fix-the-login-2222", "Fix the Login!", true);
        check("fix-the-login-2222", "Fix the logout", false);
        check("fix-the-login", "Fix the login", false);
        check("release-2026", "Release", true);
        check("notes", "notes", false);
    }

    #[test]
    fn a_holder_is_told_by_its_host_and_its_process() {
        let check = |id: &str, short: &str| assert_eq!(HolderId::from(id).short(), short);
        check("forge~b3d36047/478a2ccc.4026531836.7770.123456", "forge/7770");
        check("h1~x/1", "h1");
        check("h1", "h1");
        check("", "");
    }
}
