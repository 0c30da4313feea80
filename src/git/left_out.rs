//! Which untracked files a checkpoint leaves out, and the words for each.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Untracked files above this many bytes are left out: a build product or a data set in git's object
/// store can never be taken out again. The contract says 50 MB.
pub const BIG_FILE: u64 = 50 * 1000 * 1000;

/// A file that a checkpoint does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Relative to the top folder.
    pub path: PathBuf,
    /// Why, as words for a person.
    pub reason: String,
}

/// Names under which people keep secrets. Matched on the last part of the path, whatever its case.
const SECRETS: &[&str] = &[
    ".env*",
    "*.env",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "*.ppk",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    ".netrc",
    ".pgpass",
    ".git-credentials",
    ".htpasswd",
];

/// Templates of secrets hold none, and a job may well be asked to write one.
const TEMPLATES: &[&str] = &[".env.example", ".env.sample", ".env.template", ".env.dist"];

static SECRET_NAMES: LazyLock<GlobSet> = LazyLock::new(|| {
    let mut set = GlobSetBuilder::new();
    for pattern in SECRETS {
        set.add(GlobBuilder::new(pattern).case_insensitive(true).build().expect("the table is valid"));
    }
    set.build().expect("the table is valid")
});

/// The reason to leave an untracked file out, if there is one. `path` is relative to `top`.
pub(super) fn reason_to_leave_out(top: &Path, path: &Path) -> Option<String> {
    // git and libgit2 both print a folder that is a repository of its own with a slash at its end.
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Some("a git repository of its own".to_string());
    }
    let name = Path::new(path.file_name()?);
    if SECRET_NAMES.is_match(name) && !TEMPLATES.iter().any(|t| Path::new(t) == name) {
        return Some("its name says it is a secret".to_string());
    }
    let meta = fs::symlink_metadata(top.join(path)).ok()?;
    if meta.is_file() && meta.len() > BIG_FILE {
        return Some(format!("{} MB, over {} MB", meta.len() / 1_000_000, BIG_FILE / 1_000_000));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_by_name() {
        let check = |path: &str, secret: bool| {
            let found = reason_to_leave_out(Path::new("/nowhere"), Path::new(path));
            assert_eq!(found.is_some(), secret, "{path}");
        };
        for secret in
            [".env", "a/.env.local", "prod.env", "tls/Server.PEM", "id_rsa", "id_ed25519.pub", "x.key"]
        {
            check(secret, true);
        }
        for plain in ["env.rs", ".env.example", "monkey", "keys.md", "a.pem/readme.md", "id.rs"] {
            check(plain, false);
        }
        check("vendored/", true);
    }
}
