//! Objects and refs through libgit2.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use git2::{Commit, DiffOptions, ErrorCode, MergeOptions, Oid, Repository, Tree};

use crate::job::Rev;

use super::plumbing::{
    Checkout, DiffStat, Entry, Head, History, Merged, PATCH_MAX, RefStep, Subject, TreeId,
};
use super::refusal::{Refusal, Result, fault, fault_at};

/// libgit2 on one checkout.
pub(super) struct Library {
    pub repo: Repository,
    pub workdir: PathBuf,
    pub git_dir: PathBuf,
    pub common_dir: PathBuf,
}

/// Another process may hold a ref's lock for the moment of its own write; then it is worth another look.
const LOCK_TRIES: u32 = 25;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

impl Library {
    /// Wraps an open repository. Bare ones are refused.
    pub fn new(repo: Repository) -> Result<Library> {
        let Some(workdir) = repo.workdir().map(Path::to_path_buf) else {
            return Err(Refusal::Bare { path: repo.path().to_path_buf() }.into());
        };
        let tidy = |path: &Path| path.components().collect::<PathBuf>();
        let (git_dir, common_dir) = (tidy(repo.path()), tidy(repo.commondir()));
        Ok(Library { workdir: tidy(&workdir), git_dir, common_dir, repo })
    }

    pub fn commit_of(&self, rev: &Rev) -> Result<Commit<'_>> {
        let oid = Oid::from_str(rev.as_str()).map_err(fault("read commit", rev))?;
        self.repo.find_commit(oid).map_err(fault("read commit", rev))
    }

    pub fn tree(&self, id: &TreeId) -> Result<Tree<'_>> {
        let oid = Oid::from_str(id.as_str()).map_err(fault("read tree", id.as_str()))?;
        self.repo.find_tree(oid).map_err(fault("read tree", id.as_str()))
    }

    fn diff(&self, from: &TreeId, to: &TreeId) -> Result<git2::Diff<'_>> {
        let mut opts = DiffOptions::new();
        opts.ignore_submodules(false).include_typechange(true);
        let (from, to) = (self.tree(from)?, self.tree(to)?);
        self.repo
            .diff_tree_to_tree(Some(&from), Some(&to), Some(&mut opts))
            .map_err(fault("compare", from.id()))
    }

    fn lock<'a>(&'a self, name: &str) -> Result<git2::Transaction<'a>> {
        if !git2::Reference::is_valid_name(name) {
            return Err(Refusal::BadName { name: name.to_string() }.into());
        }
        let mut tries = 0;
        loop {
            let mut transaction = self.repo.transaction().map_err(fault("lock", name))?;
            match transaction.lock_ref(name) {
                Ok(()) => return Ok(transaction),
                Err(e) if e.code() == ErrorCode::Locked && tries < LOCK_TRIES => tries += 1,
                Err(e) => return Err(fault("lock", name)(e)),
            }
            drop(transaction);
            thread::sleep(LOCK_PAUSE);
        }
    }

    /// The ref must be at `from`; what is done next has to hold its lock or compare again.
    fn must_be_at(&self, name: &str, from: Option<&Rev>) -> Result<()> {
        let found = self.ref_value(name)?;
        if found.as_ref() == from {
            return Ok(());
        }
        Err(Refusal::Moved { name: name.to_string(), expected: from.cloned(), found }.into())
    }

    /// Number and lines of the files in a diff.
    pub fn stat(diff: &git2::Diff<'_>) -> Result<DiffStat> {
        let mut lines: BTreeMap<PathBuf, (u64, u64)> = BTreeMap::new();
        for (nth, delta) in diff.deltas().enumerate() {
            let Some(path) = delta.new_file().path().or(delta.old_file().path()) else { continue };
            // A binary file has no patch, and no lines.
            let patch = git2::Patch::from_diff(diff, nth).map_err(fault("count", "changed lines"))?;
            let counted = patch.map(|patch| patch.line_stats()).transpose();
            let (_, plus, minus) = counted.map_err(fault("count", "changed lines"))?.unwrap_or_default();
            let sum = lines.entry(path.to_path_buf()).or_default();
            *sum = (sum.0 + plus as u64, sum.1 + minus as u64);
        }
        Ok(DiffStat::of(lines))
    }
}

/// The short name of the branch in a HEAD file, None if it holds a commit.
fn branch_in(head_file: &Path) -> Option<String> {
    let text = fs::read(head_file).ok()?;
    let text = String::from_utf8_lossy(&text);
    Some(text.trim().strip_prefix("ref:")?.trim().trim_start_matches("refs/heads/").to_string())
}

impl History for Library {
    fn head(&self) -> Result<Head> {
        match self.repo.head() {
            Ok(head) => {
                let oid = head.peel_to_commit().map_err(fault_at("read HEAD of", &self.workdir))?.id();
                let rev = Rev::new(oid.to_string());
                if self.repo.head_detached().map_err(fault_at("read HEAD of", &self.workdir))? {
                    return Ok(Head::Detached { rev });
                }
                Ok(Head::Branch { name: String::from_utf8_lossy(head.shorthand_bytes()).into_owned(), rev })
            }
            Err(e) if e.code() == ErrorCode::UnbornBranch => {
                Ok(Head::Unborn { name: branch_in(&self.git_dir.join("HEAD")).unwrap_or_default() })
            }
            Err(e) => Err(fault_at("read HEAD of", &self.workdir)(e)),
        }
    }

    fn symbolic(&self, name: &str) -> Result<Option<String>> {
        match self.repo.find_reference(name) {
            Ok(found) => {
                let target = found.symbolic_target_bytes();
                Ok(target.map(|target| String::from_utf8_lossy(target).into_owned()))
            }
            Err(e) if e.code() == ErrorCode::NotFound => Ok(None),
            Err(e) => Err(fault("read", name)(e)),
        }
    }

    fn ref_value(&self, name: &str) -> Result<Option<Rev>> {
        match self.repo.find_reference(name) {
            Ok(found) => {
                let commit = found.peel_to_commit().map_err(fault("read", name))?;
                Ok(Some(Rev::new(commit.id().to_string())))
            }
            Err(e) if e.code() == ErrorCode::NotFound => Ok(None),
            Err(e) if e.code() == ErrorCode::InvalidSpec => {
                Err(Refusal::BadName { name: name.to_string() }.into())
            }
            Err(e) => Err(fault("read", name)(e)),
        }
    }

    fn move_ref_after(&self, step: &RefStep<'_>, between: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        let to = self.commit_of(step.to)?.id();
        let mut transaction = self.lock(step.name)?;
        self.must_be_at(step.name, step.from)?;
        between()?;
        transaction.set_target(step.name, to, None, step.why).map_err(fault("move", step.name))?;
        transaction.commit().map_err(fault("move", step.name))
    }

    fn drop_ref(&self, name: &str, from: &Rev) -> Result<()> {
        let mut tries = 0;
        loop {
            // Says so if there is no such ref.
            self.must_be_at(name, Some(from))?;
            // A fresh handle each time: after a try that met a lock, libgit2 has struck the ref from its
            // cache of packed refs, and the next try on it would succeed without deleting anything.
            let repo = Repository::open(&self.workdir).map_err(fault_at("open", &self.workdir))?;
            // Deletes by compare-and-swap on the value it has found.
            let mut found = repo.find_reference(name).map_err(fault("delete", name))?;
            let at = found.peel_to_commit().map_err(fault("delete", name))?.id().to_string();
            if at != from.as_str() {
                let (expected, found) = (Some(from.clone()), Some(Rev::new(at)));
                return Err(Refusal::Moved { name: name.to_string(), expected, found }.into());
            }
            match found.delete() {
                // The ref's lock, or that of the packed refs, which all deletions share.
                Err(e) if e.code() == ErrorCode::Locked && tries < LOCK_TRIES => tries += 1,
                done => return done.map_err(fault("delete", name)),
            }
            thread::sleep(LOCK_PAUSE);
        }
    }

    fn refs(&self, prefix: &str) -> Result<Vec<(String, Rev)>> {
        let found = self.repo.references_glob(&format!("{prefix}*")).map_err(fault("list", prefix))?;
        let mut out = Vec::new();
        for reference in found {
            let reference = reference.map_err(fault("list", prefix))?;
            // A tag may name a tree, and a ref may be broken: neither can be a base.
            let (Ok(name), Ok(commit)) = (reference.name(), reference.peel_to_commit()) else { continue };
            out.push((name.to_string(), Rev::new(commit.id().to_string())));
        }
        out.sort();
        Ok(out)
    }

    fn commit_named(&self, name: &str) -> Result<Option<Rev>> {
        let found = self.repo.revparse_single(name).and_then(|object| object.peel_to_commit());
        match found {
            Ok(commit) => Ok(Some(Rev::new(commit.id().to_string()))),
            Err(e)
                if matches!(
                    e.code(),
                    ErrorCode::NotFound | ErrorCode::InvalidSpec | ErrorCode::Ambiguous
                ) =>
            {
                Ok(None)
            }
            Err(e) if e.code() == ErrorCode::Peel => Ok(None),
            Err(e) => Err(fault("look up", name)(e)),
        }
    }

    fn tree_of(&self, rev: &Rev) -> Result<TreeId> {
        Ok(TreeId(self.commit_of(rev)?.tree_id().to_string()))
    }

    fn contains(&self, rev: &Rev, ancestor: &Rev) -> Result<bool> {
        let (rev, ancestor) = (self.commit_of(rev)?.id(), self.commit_of(ancestor)?.id());
        if rev == ancestor {
            return Ok(true);
        }
        self.repo.graph_descendant_of(rev, ancestor).map_err(fault("walk back from", rev))
    }

    fn subjects(&self, from: Option<&Rev>, to: &Rev, limit: usize) -> Result<Vec<Subject>> {
        let start = self.commit_of(to)?.id();
        let hidden = from.map(|from| self.commit_of(from)).transpose()?.map(|commit| commit.id());
        let list = || {
            let mut walk = self.repo.revwalk()?;
            walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::TIME)?;
            walk.push(start)?;
            if let Some(hidden) = hidden {
                walk.hide(hidden)?;
            }
            let mut out = Vec::new();
            for oid in walk.take(limit) {
                let commit = self.repo.find_commit(oid?)?;
                let text = String::from_utf8_lossy(commit.summary_bytes().unwrap_or_default()).into_owned();
                out.push(Subject { rev: Rev::new(commit.id().to_string()), text });
            }
            Ok::<_, git2::Error>(out)
        };
        list().map_err(fault("list commits up to", to))
    }

    fn commit(&self, tree: &TreeId, parents: &[&Rev], message: &str) -> Result<Rev> {
        let tree = self.tree(tree)?;
        let parents = parents.iter().map(|rev| self.commit_of(rev)).collect::<Result<Vec<_>>>()?;
        let parents: Vec<_> = parents.iter().collect();
        let who = match self.repo.signature() {
            Ok(who) => who,
            Err(_) => git2::Signature::now("aq", "aq@localhost").map_err(fault("sign", "a commit"))?,
        };
        let made = self.repo.commit(None, &who, &who, message, &tree, &parents);
        Ok(Rev::new(made.map_err(fault("write a commit of", tree.id()))?.to_string()))
    }

    fn diffstat(&self, from: &TreeId, to: &TreeId) -> Result<DiffStat> {
        Library::stat(&self.diff(from, to)?)
    }

    fn patch(&self, from: &TreeId, to: &TreeId, stat_only: bool) -> Result<String> {
        let diff = self.diff(from, to)?;
        if stat_only {
            let text = diff.stats().and_then(|stats| stats.to_buf(git2::DiffStatsFormat::FULL, 80));
            let text = text.map_err(fault("print the changes of", to.as_str()))?;
            return Ok(String::from_utf8_lossy(&text).into_owned());
        }
        let mut out = Vec::new();
        let printed = diff.print(git2::DiffFormat::Patch, |_, _, line| {
            if matches!(line.origin(), '+' | '-' | ' ') {
                out.push(line.origin() as u8);
            }
            out.extend_from_slice(line.content());
            out.len() <= PATCH_MAX
        });
        match printed {
            Err(e) if e.code() != ErrorCode::User => Err(fault("print the changes of", to.as_str())(e)),
            _ => Ok(cut_patch(&out)),
        }
    }

    fn merge(&self, ours: &Rev, theirs: &Rev) -> Result<Merged> {
        let (a, b) = (self.commit_of(ours)?, self.commit_of(theirs)?);
        let mut opts = MergeOptions::new();
        opts.find_renames(true);
        let mut index =
            self.repo.merge_commits(&a, &b, Some(&opts)).map_err(fault("merge into", ours.as_str()))?;
        if !index.has_conflicts() {
            let tree =
                index.write_tree_to(&self.repo).map_err(fault("write the merge into", ours.as_str()))?;
            return Ok(Merged::Clean(TreeId(tree.to_string())));
        }
        let mut paths = Vec::new();
        for conflict in index.conflicts().map_err(fault("merge into", ours.as_str()))? {
            let conflict = conflict.map_err(fault("merge into", ours.as_str()))?;
            let side = conflict.our.or(conflict.their).or(conflict.ancestor);
            paths.extend(side.map(|entry| path_from(&entry.path)));
        }
        paths.sort();
        paths.dedup();
        Ok(Merged::Conflict(paths))
    }

    fn checkouts(&self) -> Result<Vec<Checkout>> {
        let mut out = Vec::new();
        let main = Repository::open(&self.common_dir).map_err(fault_at("open", &self.common_dir))?;
        if let Some(path) = main.workdir() {
            let branch = branch_in(&self.common_dir.join("HEAD"));
            out.push(Checkout { path: path.components().collect(), branch, main: true });
        }
        for (admin, path) in admin_entries(&self.common_dir)? {
            out.push(Checkout { path, branch: branch_in(&admin.join("HEAD")), main: false });
        }
        Ok(out)
    }

    fn entries_in_tree(&self, tree: &TreeId, paths: &[PathBuf]) -> Result<Vec<Entry>> {
        let tree = self.tree(tree)?;
        let entry = |path: &PathBuf| match tree.get_path(path) {
            Ok(found) if found.kind() == Some(git2::ObjectType::Tree) => Ok(None),
            Ok(found) => Ok(Some((found.filemode_raw() as u32, found.id().to_string()))),
            Err(e) if e.code() == ErrorCode::NotFound => Ok(None),
            Err(e) => Err(fault_at("look up", path)(e)),
        };
        paths.iter().map(entry).collect()
    }
}

/// The administrative entries of linked worktrees: their folder, and the checkout they are for.
pub(super) fn admin_entries(common_dir: &Path) -> Result<Vec<(PathBuf, PathBuf)>> {
    let root = common_dir.join("worktrees");
    let list = match fs::read_dir(&root) {
        Ok(list) => list,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(fault_at("list", &root)(e)),
    };
    let mut out = Vec::new();
    for entry in list {
        let admin = entry.map_err(fault_at("list", &root))?.path();
        if let Some(path) = checkout_of(&admin) {
            out.push((admin, path));
        }
    }
    out.sort();
    Ok(out)
}

/// The checkout that an administrative entry is for. `None` for one that was never finished: without the
/// link, or with an empty one, which a kill between making and filling the file leaves.
pub(super) fn checkout_of(admin: &Path) -> Option<PathBuf> {
    let text = fs::read(admin.join("gitdir")).ok()?;
    let link = Some(text.trim_ascii_end()).filter(|link| !link.is_empty())?;
    // Newer gits may write the link relative to the entry.
    Some(plain(admin.join(path_from(link)).parent()?))
}

/// The path with its links followed where it exists, and as it is written where it does not.
pub(super) fn plain(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.components().collect())
}

/// A path from git's bytes; git on unix does not promise UTF-8.
pub(super) fn path_from(bytes: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// The patch as text, with a closing line if it was cut.
pub(super) fn cut_patch(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(&bytes[..bytes.len().min(PATCH_MAX)]).into_owned();
    if bytes.len() > PATCH_MAX {
        text.push_str(&format!("\n(cut after {} MiB)\n", PATCH_MAX >> 20));
    }
    text
}
