//! Objects and refs through the git program.
//!
//! Each call is a fixed argument vector: nothing of the user's reaches it as an option, and no shell is
//! involved. Hooks and signing are off: hooks are written for a person at a checkout, and one that asks,
//! fails or rewrites files would lose a checkpoint; a signing key is a person's and may ask for a PIN.
//! Variables that point git at another repository or index are taken away, so that aq run from inside a
//! hook still works on the repository it was told.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::thread;

use tracing::debug;

use crate::job::Rev;

use super::attach;
use super::library::{cut_patch, path_from, plain};
use super::plumbing::{Checkout, DiffStat, Entry, Head, History, Merged, RefStep, Subject, TreeId};
use super::refusal::{GitError, Refusal, Result, fault, fault_at};

/// The git program on one checkout.
pub(super) struct Program {
    git: PathBuf,
    pub workdir: PathBuf,
    pub git_dir: PathBuf,
    pub common_dir: PathBuf,
}

/// What `git rev-parse --local-env-vars` lists, and what else would change an answer.
const STRIPPED: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_INDEX_VERSION",
    "GIT_QUARANTINE_PATH",
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_DATE",
    "GIT_TRACE",
    "GIT_ATTR_SOURCE",
    "GIT_DEFAULT_HASH",
];

/// Extra environment of one call, such as a copied index.
pub(super) type Env<'a> = &'a [(&'static str, &'a OsStr)];

impl Program {
    /// Opens the checkout at `path`.
    pub fn open(git: &Path, path: &Path) -> Result<Program> {
        let mut program = Program {
            git: git.to_path_buf(),
            workdir: path.to_path_buf(),
            git_dir: PathBuf::new(),
            common_dir: PathBuf::new(),
        };
        if program.text(&["rev-parse", "--is-bare-repository"])? == "true" {
            return Err(Refusal::Bare { path: path.to_path_buf() }.into());
        }
        // One call each: a path may hold any byte but NUL, a newline too.
        let place = |what: &str| {
            let out = program.bytes(&["rev-parse", "--path-format=absolute", what], &[], None)?;
            Ok::<_, GitError>(path_from(out.strip_suffix(b"\n").unwrap_or(&out)))
        };
        let places = (place("--show-toplevel")?, place("--absolute-git-dir")?, place("--git-common-dir")?);
        (program.workdir, program.git_dir, program.common_dir) = places;
        Ok(program)
    }

    fn command(&self, args: &[impl AsRef<OsStr>], env: Env<'_>) -> Command {
        let mut command = Command::new(&self.git);
        STRIPPED.iter().for_each(|name| {
            command.env_remove(name);
        });
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0").env("LC_ALL", "C");
        command.envs(env.iter().map(|(name, value)| (name, *value)));
        command.arg("-C").arg(&self.workdir);
        for setting in [
            "core.hooksPath=/dev/null",
            "commit.gpgsign=false",
            "gc.auto=0",
            "maintenance.auto=false",
            "core.fsmonitor=false",
            "core.filesRefLockTimeout=500",
            "core.safecrlf=false",
        ] {
            command.arg("-c").arg(setting);
        }
        command.args(args.iter().map(AsRef::as_ref));
        debug!(at = %self.workdir.display(), args = ?args.iter().map(AsRef::as_ref).collect::<Vec<_>>(), "runs git");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs to the end, whatever the exit code.
    pub fn output(&self, args: &[impl AsRef<OsStr>], env: Env<'_>, stdin: Option<&[u8]>) -> Result<Output> {
        let mut command = self.command(args, env);
        let at = || fault_at("run git in", &self.workdir);
        let Some(input) = stdin else { return command.output().map_err(at()) };
        let mut child = command.stdin(Stdio::piped()).spawn().map_err(at())?;
        let pipe = child.stdin.take();
        // A second thread, because git may fill its output before it has read all input.
        thread::scope(|scope| {
            // A git that stops reading early says why by its exit code.
            scope.spawn(move || pipe.map(|mut pipe| pipe.write_all(input)));
            child.wait_with_output()
        })
        .map_err(at())
    }

    /// Runs and takes the output; any exit code but 0 is a fault with git's own words.
    pub fn bytes(&self, args: &[impl AsRef<OsStr>], env: Env<'_>, stdin: Option<&[u8]>) -> Result<Vec<u8>> {
        let out = self.output(args, env, stdin)?;
        if out.status.success() { Ok(out.stdout) } else { Err(self.failed(args, &out)) }
    }

    /// [`Program::bytes`] as trimmed text.
    pub fn text(&self, args: &[impl AsRef<OsStr>]) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes(args, &[], None)?).trim().to_string())
    }

    /// The fault of a call that ended badly.
    pub fn failed(&self, args: &[impl AsRef<OsStr>], out: &Output) -> GitError {
        let verb = args.first().map_or_else(String::new, |verb| verb.as_ref().to_string_lossy().into_owned());
        let words = String::from_utf8_lossy(&out.stderr).trim().to_string();
        let words = if words.is_empty() { out.status.to_string() } else { words };
        fault("run", format!("git {verb} in {}", self.workdir.display()))(words)
    }

    fn config(&self, name: &str) -> Option<String> {
        self.text(&["config", "--get", name]).ok().filter(|value| !value.is_empty())
    }

    /// Starts a ref transaction and locks its ref. `Err` holds git's words.
    fn prepare(&self, step: &RefStep<'_>, line: &str) -> Result<RefLock> {
        if !self.output(&["check-ref-format", step.name], &[], None)?.status.success() {
            return Err(Refusal::BadName { name: step.name.to_string() }.into());
        }
        let mut command = self.command(&["update-ref", "-m", step.why, "--stdin"], &[]);
        let mut child = command.stdin(Stdio::piped()).spawn().map_err(fault("lock", step.name))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(fault("lock", step.name)("git gave no pipes"));
        };
        let mut lock = RefLock { child, input, output: BufReader::new(output) };
        let locked = lock.say(&format!("start\n{line}\nprepare\n"), "prepare: ok");
        if locked {
            return Ok(lock);
        }
        let words = lock.last_words();
        let found = self.ref_value(step.name)?;
        if found.as_ref() != step.from {
            let (name, expected) = (step.name.to_string(), step.from.cloned());
            return Err(Refusal::Moved { name, expected, found }.into());
        }
        Err(fault("lock", step.name)(words))
    }
}

/// A `git update-ref --stdin` that holds the lock of a ref; dropped without `commit`, it changes nothing.
struct RefLock {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl RefLock {
    /// Sends lines and reads answers up to the awaited one.
    fn say(&mut self, lines: &str, awaited: &str) -> bool {
        if self.input.write_all(lines.as_bytes()).and_then(|()| self.input.flush()).is_err() {
            return false;
        }
        let mut answer = String::new();
        while self.output.read_line(&mut answer).is_ok_and(|n| n > 0) {
            if answer.trim() == awaited {
                return true;
            }
            answer.clear();
        }
        false
    }

    fn last_words(self) -> String {
        drop(self.input);
        match self.child.wait_with_output() {
            Ok(out) => String::from_utf8_lossy(&out.stderr).trim().to_string(),
            Err(e) => e.to_string(),
        }
    }

    fn finish(mut self, name: &str) -> Result<()> {
        if self.say("commit\n", "commit: ok") {
            self.last_words();
            return Ok(());
        }
        Err(fault("move", name)(self.last_words()))
    }
}

/// The answer of a question that git answers with exit code 0 or 1.
fn yes_or_no(program: &Program, args: &[&str]) -> Result<bool> {
    let out = program.output(args, &[], None)?;
    match out.status.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(program.failed(args, &out)),
    }
}

/// The parts of NUL-terminated output.
pub(super) fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|b| *b == 0).filter(|part| !part.is_empty())
}

/// Lines of `ls-tree` and `ls-files -s`: mode first, the object where `id_at` says, a tab, the path.
pub(super) fn entries(bytes: &[u8], id_at: usize) -> HashMap<PathBuf, (u32, String)> {
    let one = |line: &[u8]| {
        let tab = line.iter().position(|b| *b == b'\t')?;
        let head = String::from_utf8_lossy(&line[..tab]);
        let mut words = head.split(' ');
        let mode = u32::from_str_radix(words.next()?, 8).ok()?;
        Some((path_from(&line[tab + 1..]), (mode, words.nth(id_at - 1)?.to_string())))
    };
    parts(bytes).filter_map(one).collect()
}

/// Reads `--numstat -z`.
pub(super) fn numstat(bytes: &[u8]) -> DiffStat {
    let mut lines: BTreeMap<PathBuf, (u64, u64)> = BTreeMap::new();
    for line in parts(bytes) {
        let mut words = line.splitn(3, |b| *b == b'\t');
        // A binary file has `-` for both numbers.
        let mut number = || {
            let word = words.next().map(String::from_utf8_lossy).unwrap_or_default();
            word.trim().parse::<u64>().unwrap_or(0)
        };
        let (plus, minus) = (number(), number());
        let Some(path) = words.next().map(path_from) else { continue };
        let sum = lines.entry(path).or_default();
        *sum = (sum.0 + plus, sum.1 + minus);
    }
    DiffStat::of(lines)
}

impl History for Program {
    fn head(&self) -> Result<Head> {
        let rev = self.commit_named("HEAD")?;
        let branch = self.symbolic("HEAD")?.map(|name| name.trim_start_matches("refs/heads/").to_string());
        match (rev, branch) {
            (Some(rev), Some(name)) => Ok(Head::Branch { name, rev }),
            (Some(rev), None) => Ok(Head::Detached { rev }),
            (None, Some(name)) => Ok(Head::Unborn { name }),
            (None, None) => Err(fault_at("read HEAD of", &self.workdir)("it names nothing that exists")),
        }
    }

    fn symbolic(&self, name: &str) -> Result<Option<String>> {
        let args = ["symbolic-ref", "-q", name];
        let out = self.output(&args, &[], None)?;
        match out.status.code() {
            Some(0) => Ok(Some(String::from_utf8_lossy(&out.stdout).trim().to_string())),
            Some(1) => Ok(None),
            _ => Err(self.failed(&args, &out)),
        }
    }

    fn ref_value(&self, name: &str) -> Result<Option<Rev>> {
        self.commit_named(name)
    }

    fn move_ref_after(&self, step: &RefStep<'_>, between: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        let line = match step.from {
            Some(from) => format!("update {} {} {from}", step.name, step.to),
            None => format!("create {} {}", step.name, step.to),
        };
        let lock = self.prepare(step, &line)?;
        match between() {
            Ok(()) => lock.finish(step.name),
            Err(e) => {
                lock.last_words();
                Err(e)
            }
        }
    }

    fn drop_ref(&self, name: &str, from: &Rev) -> Result<()> {
        let step = RefStep { name, to: from, from: Some(from), why: "aq: delete" };
        self.prepare(&step, &format!("delete {name} {from}"))?.finish(name)
    }

    fn refs(&self, prefix: &str) -> Result<Vec<(String, Rev)>> {
        let format = "--format=%(refname)%09%(objecttype)%09%(objectname)%09%(*objecttype)%09%(*objectname)";
        let text = self.text(&["for-each-ref", format, prefix])?;
        let one = |line: &str| {
            let words: Vec<&str> = line.split('\t').collect();
            match words.as_slice() {
                [name, "commit", rev, ..] | [name, "tag", _, "commit", rev] => {
                    Some((name.to_string(), Rev::new(rev)))
                }
                _ => None,
            }
        };
        Ok(text.lines().filter_map(one).collect())
    }

    fn commit_named(&self, name: &str) -> Result<Option<Rev>> {
        let spec = format!("{name}^{{commit}}");
        let args = ["rev-parse", "-q", "--verify", "--end-of-options", spec.as_str()];
        let out = self.output(&args, &[], None)?;
        let words = String::from_utf8_lossy(&out.stderr);
        let unknown =
            words.is_empty() || words.contains("revision") || words.contains("expected commit type");
        match out.status.code() {
            Some(0) => Ok(Some(Rev::new(String::from_utf8_lossy(&out.stdout).trim()))),
            Some(1 | 128) if unknown => Ok(None),
            _ => Err(self.failed(&args, &out)),
        }
    }

    fn tree_of(&self, rev: &Rev) -> Result<TreeId> {
        self.text(&["rev-parse", "-q", "--verify", &format!("{rev}^{{tree}}")]).map(TreeId)
    }

    fn contains(&self, rev: &Rev, ancestor: &Rev) -> Result<bool> {
        yes_or_no(self, &["merge-base", "--is-ancestor", ancestor.as_str(), rev.as_str()])
    }

    fn subjects(&self, from: Option<&Rev>, to: &Rev, limit: usize) -> Result<Vec<Subject>> {
        let count = format!("--max-count={limit}");
        let hidden = from.map(|from| format!("^{from}"));
        let mut args =
            vec!["log", "--no-show-signature", "--topo-order", "--format=%H%x09%s", &count, to.as_str()];
        args.extend(hidden.as_deref());
        args.push("--");
        let text = self.text(&args)?;
        let one = |line: &str| {
            let (rev, text) = line.split_once('\t')?;
            Some(Subject { rev: Rev::new(rev), text: text.to_string() })
        };
        Ok(text.lines().filter_map(one).collect())
    }

    fn commit(&self, tree: &TreeId, parents: &[&Rev], message: &str) -> Result<Rev> {
        let mut args = vec!["commit-tree", tree.as_str(), "-F", "-"];
        parents.iter().for_each(|rev| args.extend(["-p", rev.as_str()]));
        let known = self.config("user.name").is_some() && self.config("user.email").is_some();
        let (name, mail) = (OsStr::new("aq"), OsStr::new("aq@localhost"));
        let env = [
            ("GIT_AUTHOR_NAME", name),
            ("GIT_AUTHOR_EMAIL", mail),
            ("GIT_COMMITTER_NAME", name),
            ("GIT_COMMITTER_EMAIL", mail),
        ];
        let out = self.bytes(&args, if known { &[] } else { &env }, Some(message.as_bytes()))?;
        Ok(Rev::new(String::from_utf8_lossy(&out).trim()))
    }

    fn diffstat(&self, from: &TreeId, to: &TreeId) -> Result<DiffStat> {
        let args = ["diff-tree", "-r", "-z", "--numstat", "--no-renames", "--no-ext-diff"];
        let args = [&args[..], &[from.as_str(), to.as_str()]].concat();
        Ok(numstat(&self.bytes(&args, &[], None)?))
    }

    fn patch(&self, from: &TreeId, to: &TreeId, stat_only: bool) -> Result<String> {
        let form = if stat_only { "--stat=80" } else { "-p" };
        let args = ["diff-tree", "-r", form, "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color"];
        let args = [&args[..], &[from.as_str(), to.as_str()]].concat();
        Ok(cut_patch(&self.bytes(&args, &[], None)?))
    }

    fn merge(&self, ours: &Rev, theirs: &Rev) -> Result<Merged> {
        let args = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"];
        let args = [&args[..], &["--allow-unrelated-histories", ours.as_str(), theirs.as_str()]].concat();
        let out = self.output(&args, &[], None)?;
        let mut found = parts(&out.stdout);
        match (out.status.code(), found.next()) {
            (Some(0), Some(tree)) => {
                Ok(Merged::Clean(TreeId(String::from_utf8_lossy(tree).trim().to_string())))
            }
            (Some(1), Some(_)) => Ok(Merged::Conflict(found.map(path_from).collect())),
            _ => Err(self.failed(&args, &out)),
        }
    }

    fn checkouts(&self) -> Result<Vec<Checkout>> {
        let lock = attach::lock_entries(&self.common_dir)?;
        let out = self.bytes(&["worktree", "list", "--porcelain", "-z"], &[], None)?;
        drop(lock);
        let (mut list, mut bare): (Vec<Checkout>, bool) = (Vec::new(), false);
        for word in parts(&out) {
            if let Some(path) = word.strip_prefix(b"worktree ") {
                let main = list.is_empty();
                list.push(Checkout { path: plain(&path_from(path)), branch: None, main });
            } else if let (Some(name), Some(last)) =
                (word.strip_prefix(b"branch refs/heads/"), list.last_mut())
            {
                last.branch = Some(String::from_utf8_lossy(name).into_owned());
            } else if word == b"bare" {
                bare = true;
            }
        }
        if bare {
            list.remove(0);
        } else if let Some(main) = list.first_mut()
            && main.path == plain(&self.common_dir)
            && let Some(path) = self.config("core.worktree")
        {
            // A submodule's files stand elsewhere, and git lists its administrative folder instead.
            main.path = plain(&self.common_dir.join(path));
        }
        Ok(list)
    }

    fn entries_in_tree(&self, tree: &TreeId, paths: &[PathBuf]) -> Result<Vec<Entry>> {
        let out = self.bytes(&["ls-tree", "-r", "-z", "--full-tree", tree.as_str()], &[], None)?;
        let mut found = entries(&out, 2);
        Ok(paths.iter().map(|path| found.remove(path)).collect())
    }
}

/// Arguments that are not all text.
pub(super) fn os(args: &[&str], more: &[&Path]) -> Vec<OsString> {
    let text = args.iter().map(|arg| OsString::from(*arg));
    text.chain(more.iter().map(|path| path.as_os_str().to_os_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_variable_of_the_caller_points_git_elsewhere() {
        let here = PathBuf::from("/nowhere");
        let (git, git_dir, common_dir) = (PathBuf::from("git"), here.clone(), here.clone());
        let program = Program { git, workdir: here, git_dir, common_dir };
        let command = program.command(&["status"], &[("GIT_INDEX_FILE", OsStr::new("copy"))]);
        let value = |name: &str| command.get_envs().find(|(key, _)| *key == name).map(|(_, value)| value);
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_CONFIG_COUNT"] {
            assert_eq!(value(name), Some(None), "{name} is taken away");
        }
        assert_eq!(value("GIT_INDEX_FILE"), Some(Some(OsStr::new("copy"))));
        assert_eq!(value("GIT_TERMINAL_PROMPT"), Some(Some(OsStr::new("0"))));
    }
}
