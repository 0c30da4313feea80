//! The repository's files as the rules see them, and what a rule says about one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use super::paths::{Named, paths};
use super::scan::{Function, Token, functions, scan, tokens};

/// A broken rule: where, what, and how it is mended.
pub struct Finding {
    file: String,
    line: usize,
    rule: &'static str,
    what: String,
    mend: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { file, line, rule, what, mend } = self;
        write!(f, "{file}:{line}: {rule}: {what}. {mend}")
    }
}

impl Finding {
    /// Something to say about a file that is not there.
    pub fn missing(file: &str, rule: &'static str, mend: &'static str) -> Finding {
        Finding { file: file.to_string(), line: 1, rule, what: "there is no such file".to_string(), mend }
    }
}

/// One text file of the repository.
pub struct File {
    /// From the repository's root, with `/`.
    pub path: String,
    /// As it stands on disk.
    pub text: String,
    /// Set for Rust sources.
    pub rust: Option<Rust>,
}

/// What is known about a Rust source.
pub struct Rust {
    /// Without texts and comments.
    pub code: String,
    /// Comments alone.
    pub comments: String,
    /// Of the code.
    pub tokens: Vec<Token>,
    /// Every path it names.
    pub paths: Vec<Named>,
    /// Every function with a body.
    pub functions: Vec<Function>,
}

impl File {
    fn new(path: String, text: String) -> File {
        let rust = path.ends_with(".rs").then(|| {
            let scan = scan(&text);
            let tokens = tokens(&scan.code);
            let (paths, functions) = (paths(&path, &tokens), functions(&tokens));
            Rust { code: scan.code, comments: scan.comments, tokens, paths, functions }
        });
        File { path, text, rust }
    }

    /// Something to say about a line of this file.
    pub fn finding(&self, line: usize, rule: &'static str, what: String, mend: &'static str) -> Finding {
        Finding { file: self.path.clone(), line, rule, what, mend }
    }

    /// The room it stands in: the folder below `src`, or the file's own name; none for `lib.rs` and `main.rs`.
    pub fn room(&self) -> Option<&str> {
        let inner = self.path.strip_prefix("src/")?;
        let name = inner.split('/').next()?;
        let name = name.strip_suffix(".rs").unwrap_or(name);
        (!matches!(name, "lib" | "main")).then_some(name)
    }
}

/// Every text file of the repository.
pub struct House {
    /// In the order of their paths.
    pub files: Vec<File>,
}

/// This repository, read once.
pub static HOUSE: LazyLock<House> = LazyLock::new(House::read);

impl House {
    /// A house made of these files, for showing a rule what it should find.
    pub fn of(files: &[(&str, &str)]) -> House {
        House { files: files.iter().map(|(p, t)| File::new((*p).to_string(), (*t).to_string())).collect() }
    }

    fn read() -> House {
        let mut files = Vec::new();
        for path in listing() {
            // Deleted but not yet committed: nothing to hold to a rule. What is no text has a place all the same.
            if let Ok(bytes) = std::fs::read(root().join(&path)) {
                files.push(File::new(path, String::from_utf8(bytes).unwrap_or_default()));
            }
        }
        assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the listing lacks src/lib.rs");
        House { files }
    }

    /// Rust sources with what is known about them.
    pub fn rust(&self) -> impl Iterator<Item = (&File, &Rust)> {
        self.files.iter().filter_map(|file| file.rust.as_ref().map(|rust| (file, rust)))
    }

    /// The same, of the product alone.
    pub fn product(&self) -> impl Iterator<Item = (&File, &Rust)> {
        self.rust().filter(|(file, _)| file.path.starts_with("src/"))
    }
}

/// Where the repository stands.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Paths of all files: what git knows or would take in; without git what stands on disk.
fn listing() -> Vec<String> {
    let mut found = from_git(&["--cached", "--others", "--exclude-standard"]).unwrap_or_else(|| {
        let mut found = Vec::new();
        walk(root(), "", &mut found);
        found
    });
    found.sort();
    found.dedup();
    found
}

fn from_git(which: &[&str]) -> Option<Vec<String>> {
    let mut git = Command::new("git");
    // A hook's variables would point at another index or worktree.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        git.env_remove(name);
    }
    let out = git.arg("-C").arg(root()).args(["ls-files", "-z"]).args(which).output().ok()?;
    let text = String::from_utf8_lossy(&out.stdout);
    let found: Vec<String> = text.split('\0').filter(|p| !p.is_empty()).map(str::to_string).collect();
    // An unpacked archive inside somebody else's repository is not known to that one.
    (out.status.success() && found.iter().any(|path| path == "Cargo.toml")).then_some(found)
}

fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    let built: Option<PathBuf> = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        let skipped =
            prefix.is_empty() && (name == "target" || name == ".git") || Some(&path) == built.as_ref();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !skipped => walk(&path, &format!("{prefix}{name}/"), found),
            Ok(kind) if kind.is_file() => found.push(format!("{prefix}{name}")),
            _ => {}
        }
    }
}

/// Fails with every finding, one per line.
#[track_caller]
pub fn none(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{} broken:\n{}\n", lines.len(), lines.join("\n"));
}

/// What a rule says about these files: `file:line what`, one per line.
#[track_caller]
pub fn check(rule: fn(&House) -> Vec<Finding>, files: &[(&str, &str)], expected: &str) {
    let found: Vec<String> =
        rule(&House::of(files)).iter().map(|f| format!("{}:{} {}", f.file, f.line, f.what)).collect();
    assert_eq!(found.join("\n"), expected);
}

#[test]
fn without_git_the_disk_is_read() {
    let mut found = Vec::new();
    walk(root(), "", &mut found);
    assert!(found.iter().any(|path| path == "src/fleet/mod.rs"));
    assert!(!found.iter().any(|path| path.starts_with("target/") || path.starts_with(".git/")));
}
