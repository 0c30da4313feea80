//! Who does git's work in a checkout: libgit2, or the git program where libgit2 would do it wrong.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use git2::{Config, ErrorCode, Repository};

use crate::job::Rev;

use super::library::{Library, path_from};
use super::plumbing::Pipes;
use super::program::Program;
use super::refusal::{GitError, Refusal, Result, fault_at};

/// What this machine has to do git's work with.
#[derive(Debug, Clone)]
pub(super) struct Means {
    /// The git program, if there is one on PATH.
    pub git: Option<PathBuf>,
    /// Take the program even where libgit2 would do; tests hold both to the same answers with it.
    pub always_program: bool,
}

impl Means {
    /// Looks for git on PATH.
    pub fn here() -> Means {
        let paths = env::var_os("PATH").unwrap_or_default();
        let git = env::split_paths(&paths).map(|dir| dir.join("git")).find(|path| path.is_file());
        Means { git, always_program: false }
    }

    /// Opens the checkout at `path`. `rev` is a commit whose files are about to be written there; its
    /// attributes count too.
    pub fn open(&self, path: &Path, rev: Option<&Rev>) -> Result<(Pipes, Option<String>)> {
        let library = match Repository::open(path) {
            Ok(repo) => Library::new(repo)?,
            Err(e) => {
                let reason =
                    foreign_format(path, &e).ok_or_else(|| fault_at("open the repository at", path)(e))?;
                return Ok((self.program(path, &reason)?, Some(reason)));
            }
        };
        let reason = match reason_in_checkout(&library)? {
            Some(reason) => Some(reason),
            None => rev.map(|rev| reason_in_commit(&library, rev)).transpose()?.flatten(),
        };
        match reason {
            Some(reason) => Ok((self.program(path, &reason)?, Some(reason))),
            None if self.always_program => Ok((self.program(path, "was opened for a test")?, None)),
            None => Ok((Box::new(library), None)),
        }
    }

    fn program(&self, path: &Path, reason: &str) -> Result<Pipes> {
        match &self.git {
            Some(git) => Ok(Box::new(Program::open(git, path)?)),
            None => Err(Refusal::NeedsGit { reason: reason.to_string() }.into()),
        }
    }
}

/// The top folder of the checkout that `path` stands in; None if it is in no repository.
pub(super) fn top_of(path: &Path) -> Result<Option<PathBuf>> {
    // Otherwise a mistyped path would read as "not in a repository", and the work would run unguarded.
    path.metadata().map_err(fault_at("look at", path))?;
    let nothing: [&std::ffi::OsStr; 0] = [];
    let found = Repository::discover_path(path, nothing);
    let git_dir = match found {
        Ok(git_dir) => git_dir,
        Err(e) if e.code() == ErrorCode::NotFound => return Ok(None),
        Err(e) => return Err(fault_at("look for a repository at", path)(e)),
    };
    match Repository::open(&git_dir) {
        Ok(repo) => match repo.workdir() {
            Some(top) => Ok(Some(top.components().collect())),
            None => Err(Refusal::Bare { path: git_dir }.into()),
        },
        // libgit2 cannot read it, so the nearest `.git` above says where the files are.
        Err(e) => match path.ancestors().find(|dir| dir.join(".git").exists()) {
            Some(top) => Ok(Some(top.to_path_buf())),
            None => Err(fault_at("open the repository at", path)(e)),
        },
    }
}

/// Why libgit2 could not open the repository, if that is something the git program can.
fn foreign_format(path: &Path, error: &git2::Error) -> Option<String> {
    let text = error.message();
    if text.contains("object format") {
        return Some("uses another object format than SHA-1".to_string());
    }
    if let Some((_, name)) = text.split_once("unsupported extension name ") {
        return Some(match name.trim() {
            "extensions.partialclone" => "is a partial clone".to_string(),
            name => format!("uses {name}"),
        });
    }
    let config = Config::open(&path.join(".git/config")).ok()?;
    let format = config.get_string("extensions.objectformat").ok()?;
    (format != "sha1").then(|| format!("uses the object format {format}"))
}

/// Why the files of this checkout need the program.
fn reason_in_checkout(library: &Library) -> Result<Option<String>> {
    let at = || fault_at("read the configuration of", &library.workdir);
    let config = library.repo.config().and_then(|mut config| config.snapshot()).map_err(at())?;
    let on = |name: &str| config.get_bool(name).unwrap_or(false);
    if on("core.sparsecheckout") {
        return Ok(Some("is a sparse checkout".to_string()));
    }
    if on("core.splitindex") {
        return Ok(Some("uses a split index".to_string()));
    }
    // libgit2 would refuse to stage such a file, and a checkpoint must take it; the program can be told.
    if config
        .get_string("core.safecrlf")
        .is_ok_and(|value| matches!(value.as_str(), "true" | "yes" | "on" | "1"))
    {
        return Ok(Some("sets core.safecrlf".to_string()));
    }
    let mut promisors = config.entries(Some(r"remote\..*\.promisor")).map_err(at())?;
    if let Some(Ok(_)) = promisors.next() {
        return Ok(Some("is a partial clone".to_string()));
    }
    drop(promisors);
    reason_in_attribute_files(library, &config)
}

/// The same, from the attributes in force here: the repository's, the person's, and every tracked file.
fn reason_in_attribute_files(library: &Library, config: &Config) -> Result<Option<String>> {
    let at = || fault_at("read the index of", &library.workdir);
    let mut files = vec![library.common_dir.join("info/attributes"), library.workdir.join(".gitattributes")];
    files.extend(config.get_path("core.attributesfile").ok());
    let global = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let global = global.or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".config")));
    files.extend(global.map(|dir| dir.join("git/attributes")));

    let mut index = library.repo.index().map_err(at())?;
    index.read(false).map_err(at())?;
    for entry in index.iter().filter(|entry| is_attributes(&entry.path)) {
        let on_disk = library.workdir.join(path_from(&entry.path));
        if !on_disk.exists()
            && let Ok(blob) = library.repo.find_blob(entry.id)
            && let Some(reason) = reason_in_attributes(blob.content(), config)
        {
            return Ok(Some(reason));
        }
        files.push(on_disk);
    }
    let read = |path: &PathBuf| fs::read(path).ok().and_then(|text| reason_in_attributes(&text, config));
    Ok(files.iter().find_map(read))
}

/// Why the files of this commit need the program.
fn reason_in_commit(library: &Library, rev: &Rev) -> Result<Option<String>> {
    let at = || fault_at("read the attributes of", Path::new(rev.as_str()));
    let config = library.repo.config().map_err(at())?;
    let tree = library.commit_of(rev)?.tree().map_err(at())?;
    let mut found = None;
    let walked = tree.walk(git2::TreeWalkMode::PreOrder, |_, entry| {
        if entry.name_bytes() == b".gitattributes"
            && let Ok(blob) = library.repo.find_blob(entry.id())
        {
            found = reason_in_attributes(blob.content(), &config);
        }
        if found.is_some() { git2::TreeWalkResult::Abort } else { git2::TreeWalkResult::Ok }
    });
    match walked {
        Err(e) if found.is_none() => Err::<_, GitError>(at()(e)),
        _ => Ok(found),
    }
}

fn is_attributes(path: &[u8]) -> bool {
    path == b".gitattributes" || path.ends_with(b"/.gitattributes")
}

/// The first attribute that libgit2 does not carry out: it runs no filter program, converts no
/// encoding, and knows no merge driver but its own.
fn reason_in_attributes(text: &[u8], config: &Config) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let words = lines.flat_map(|line| line.split_whitespace().skip(1));
    for word in words {
        match word.split_once('=') {
            Some(("filter", name)) => return Some(format!("has files with the filter {name}")),
            Some(("working-tree-encoding", name)) => {
                return Some(format!("has files in the encoding {name}"));
            }
            Some(("merge", name)) if config.get_string(&format!("merge.{name}.driver")).is_ok() => {
                return Some(format!("has files with the merge driver {name}"));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_that_libgit2_does_not_carry_out() {
        let config = Config::new().expect("an empty configuration");
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(reason_in_attributes(text.as_bytes(), &config).as_deref(), expected, "{text}");
        };
        check("*.bin filter=lfs diff=lfs merge=lfs -text", Some("has files with the filter lfs"));
        check("[attr]secret filter=git-crypt", Some("has files with the filter git-crypt"));
        check("*.txt working-tree-encoding=UTF-16", Some("has files in the encoding UTF-16"));
        check("# *.bin filter=lfs", None);
        check("*.rs text eol=lf\n*.bin -filter\nfilter=x", None);
        check("go.sum merge=union", None);
    }
}
