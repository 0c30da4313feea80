//! Where a queue is: finding it, making it, and refusing places where its promises would not hold.
//!
//! Inside a git repository the machine's side stands in the common git directory and `queue/.aq` is a
//! file that points there: `git clean -fdx` and `git stash -u` take away whatever is untracked in the
//! checkout, and a running history must not be among it.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk::write_whole;
use super::segments::SEGMENT_BYTES;
use crate::job::FOLDERS;
use crate::store::{Fault, FaultKind};

/// Folder for manifests that could not be read.
const REJECTED: &str = "rejected";
/// The machine's side, or the pointer to it.
const SIDE: &str = ".aq";

/// What a new queue is made with.
pub struct Wish<'a> {
    /// The queue folder itself, `…/queue`.
    pub queue: &'a Path,
    /// The common git directory, where the queue stands in a repository.
    pub git_common: Option<&'a Path>,
}

/// A queue on this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The folder people use: inbox, building, …
    pub queue: PathBuf,
    /// The folder above it: the project.
    pub project: PathBuf,
    /// The machine's side: log, blobs, runs.
    pub side: PathBuf,
    /// Random name of the queue, made once.
    pub id: String,
    /// Bytes after which a file of the log is sealed; only tests want another number.
    pub segment_bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct Identity {
    v: u32,
    id: String,
    /// The machine it was made on.
    machine: String,
    /// Inode of the machine's side: a move keeps it, a copy does not.
    inode: u64,
    /// Inode of the queue folder, which may be copied without the machine's side it points to.
    #[serde(default)]
    queue: u64,
    /// Where the queue folder was. One that is made again there is the same queue.
    #[serde(default)]
    path: PathBuf,
}

impl Identity {
    fn read(side: &Path) -> Result<Identity, Fault> {
        let path = side.join("queue.json");
        let text = std::fs::read_to_string(&path).map_err(|e| Fault::io("read", &path, &e))?;
        serde_json::from_str(&text).map_err(|e| {
            Fault::new(FaultKind::Corrupt, "read", &path, e.to_string(), "restore it, or: aq init --adopt")
        })
    }

    fn write(id: &str, side: &Path, queue: &Path) -> Result<(), Fault> {
        let identity = Identity {
            v: 1,
            id: id.to_string(),
            machine: machine_id(),
            inode: inode_of(side)?,
            queue: inode_of(queue)?,
            path: queue.to_path_buf(),
        };
        let text = serde_json::to_string(&identity).unwrap_or_default();
        write_whole(&side.join("queue.json"), text.as_bytes())
    }

    /// Another folder that lives and uses the same machine's side; `queue` is a copy of it.
    fn rival(&self, queue: &Path) -> Option<&Path> {
        let ours =
            self.queue == 0 || self.path == queue || inode_of(queue).is_ok_and(|now| now == self.queue);
        let lives = || inode_of(&self.path).is_ok_and(|now| now == self.queue);
        (!ours && lives()).then_some(self.path.as_path())
    }
}

impl Place {
    /// Whether a folder is a queue: it has both `inbox/` and `.aq`.
    pub fn is_queue(folder: &Path) -> bool {
        folder.join("inbox").is_dir() && folder.join(SIDE).exists()
    }

    /// Whether every folder of jobs is there.
    pub(super) fn is_whole(&self) -> bool {
        FOLDERS.iter().all(|row| self.queue.join(row.1).is_dir())
    }

    /// The nearest `queue/` at or above `from`; other folders of that name are passed over.
    pub fn nearest(from: &Path) -> Option<PathBuf> {
        if Place::is_queue(from) {
            return Some(from.to_path_buf());
        }
        from.ancestors().map(|up| up.join("queue")).find(|folder| Place::is_queue(folder))
    }

    /// Opens a queue and checks that it is one of this machine.
    ///
    /// # Errors
    /// A [`Fault`] of kind `Place`: not a queue, a copy of another, or a file system without working locks.
    pub fn open(queue: &Path) -> Result<Place, Fault> {
        if !Place::is_queue(queue) {
            let why = "it has no inbox/ and .aq";
            return Err(Fault::new(FaultKind::Place, "use the queue", queue, why, "make one: aq init"));
        }
        let named = queue;
        let queue = queue.canonicalize().map_err(|e| Fault::io("find", queue, &e))?;
        let project = project_of(named, &queue)?;
        let side = side_of(named, &queue)?;
        refuse_remote(&side)?;
        refuse_remote(&queue)?;
        let identity = Identity::read(&side)?;
        let refuse =
            |why: String, hint: &str| Fault::new(FaultKind::Place, "use the queue", &queue, why, hint);
        if (identity.machine.as_str(), identity.inode) != (machine_id().as_str(), inode_of(&side)?) {
            let why = "it is a copy of a queue that was made elsewhere".to_string();
            return Err(refuse(why, "if no other machine works on it any more: aq init --adopt"));
        }
        if let Some(first) = identity.rival(&queue) {
            let why = format!("it is a copy, and its history is the one of {}", first.display());
            return Err(refuse(why, "for a queue of its own remove .aq in it, then: aq init"));
        }
        Ok(Place { project, queue, side, id: identity.id, segment_bytes: SEGMENT_BYTES })
    }

    /// Makes a queue, or finishes one that was half made. What is there stays.
    ///
    /// # Errors
    /// A [`Fault`] if a folder or file cannot be made, or the file system has no working locks.
    pub fn create(wish: &Wish<'_>) -> Result<Place, Fault> {
        let make = |path: &Path| std::fs::create_dir_all(path).map_err(|e| Fault::io("make", path, &e));
        make(wish.queue)?;
        let queue = wish.queue.canonicalize().map_err(|e| Fault::io("find", wish.queue, &e))?;
        for name in FOLDERS.iter().map(|row| row.1).chain([REJECTED]) {
            make(&queue.join(name))?;
        }
        let pointer = queue.join(SIDE);
        if !pointer.exists() {
            match wish.git_common {
                Some(common) => {
                    let side = free_side(common, &queue);
                    make(&side)?;
                    point(&queue, &side)?;
                }
                None => make(&pointer)?,
            }
        }
        let ignore = queue.join(".gitignore");
        if wish.git_common.is_some() && !ignore.exists() {
            write_whole(&ignore, b"*\n")?;
        }
        let side = side_of(wish.queue, &queue)?;
        make(&side)?;
        let old = Identity::read(&side).ok().filter(|_| side.join("queue.json").exists());
        match old {
            None if side.join("queue.json").exists() => {}
            None => Identity::write(&format!("{:016x}", fastrand::u64(..)), &side, &queue)?,
            // The folder was taken away and is made again: its history stood elsewhere and goes on.
            Some(old) if old.path == queue && old.queue != inode_of(&queue)? => {
                Identity::write(&old.id, &side, &queue)?;
            }
            Some(_) => {}
        }
        Place::open(wish.queue)
    }

    /// Makes what is missing of the folders that people use, and says so. A queue in a repository may be
    /// cleaned away under a running process; its history stands elsewhere, so it is made whole again.
    ///
    /// # Errors
    /// A [`Fault`] if the whole project is gone, or nothing can be made.
    pub fn remake(&self) -> Result<Vec<String>, Fault> {
        let names = || FOLDERS.iter().map(|row| row.1).chain([REJECTED]);
        let missing: Vec<&str> = names().filter(|name| !self.queue.join(name).is_dir()).collect();
        let pointer = self.queue.join(SIDE).exists();
        if missing.is_empty() && pointer {
            return Ok(Vec::new());
        }
        if !self.side.is_dir() || !self.project.is_dir() {
            let hint = "if it was moved, start aq again where it is now";
            return Err(Fault::new(FaultKind::Place, "use the queue", &self.queue, "it is gone", hint));
        }
        for name in &missing {
            let path = self.queue.join(name);
            std::fs::create_dir_all(&path).map_err(|e| Fault::io("make", &path, &e))?;
        }
        if !pointer {
            point(&self.queue, &self.side)?;
            write_whole(&self.queue.join(".gitignore"), b"*\n")?;
            Identity::write(&self.id, &self.side, &self.queue)?;
        }
        Ok(missing.iter().map(|name| format!("{name}/ was gone and is made again")).collect())
    }

    /// Makes a copied or moved queue one of this machine.
    ///
    /// # Errors
    /// A [`Fault`] if it is not a queue or cannot be written.
    pub fn adopt(named: &Path) -> Result<Place, Fault> {
        let queue = named.canonicalize().map_err(|e| Fault::io("find", named, &e))?;
        let side = side_of(named, &queue)?;
        // A copied history is the copy's own; only one that was not copied has an owner already.
        let old = Identity::read(&side).ok().filter(|old| inode_of(&side).is_ok_and(|now| now == old.inode));
        let rival = old.and_then(|old| old.rival(&queue).map(Path::to_path_buf));
        if let Some(first) = rival {
            let why = format!("its history is the one of {}, which is still there", first.display());
            let hint = "for a queue of its own remove .aq in it, then: aq init";
            return Err(Fault::new(FaultKind::Place, "adopt", &queue, why, hint));
        }
        Identity::write(&format!("{:016x}", fastrand::u64(..)), &side, &queue)?;
        write_whole(&side.join("adopted"), b"")?;
        Place::open(named)
    }

    /// Whether the queue was made on this machine, as opposed to adopted from a copy or a clone.
    pub fn is_ours(&self) -> bool {
        !self.side.join("adopted").exists()
    }

    /// The folder of manifests that could not be read.
    pub fn rejected(&self) -> PathBuf {
        self.queue.join(REJECTED)
    }

    /// The folder of a job's runs.
    pub fn runs(&self, job: &crate::job::JobId) -> PathBuf {
        self.side.join("runs").join(job.as_str())
    }

    /// A name for folders outside the queue that belong to it: project name and queue id.
    pub fn slug(&self) -> String {
        let name = self.project.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        format!("{name}-{}", self.id.get(..8).unwrap_or(&self.id))
    }
}

/// The folder above the queue. A queue behind a link belongs to the project it is linked into, unless the
/// folder above the real one is a project of its own.
fn project_of(named: &Path, queue: &Path) -> Result<PathBuf, Fault> {
    let fault = |e: &std::io::Error| Fault::io("find", named, e);
    let above = |path: &Path| path.parent().unwrap_or(path).to_path_buf();
    let real = above(queue);
    let linked =
        above(&std::path::absolute(named).map_err(|e| fault(&e))?).canonicalize().map_err(|e| fault(&e))?;
    let is_project = |dir: &Path| dir.join("aq.toml").exists() || dir.join(".git").exists();
    Ok(if !is_project(&real) && is_project(&linked) { linked } else { real })
}

/// Follows the pointer file, if `.aq` is one. A relative one of a queue that was moved away and linked back
/// still means the project it is linked into.
fn side_of(named: &Path, queue: &Path) -> Result<PathBuf, Fault> {
    let at = queue.join(SIDE);
    let meta = std::fs::metadata(&at).map_err(|e| Fault::io("find", &at, &e))?;
    if meta.is_dir() {
        return Ok(at);
    }
    let text = std::fs::read(&at).map_err(|e| Fault::io("read", &at, &e))?;
    let end = text.iter().rposition(|b| !matches!(b, b'\n' | b'\r')).map_or(0, |last| last + 1);
    let pointer = Path::new(std::ffi::OsStr::from_bytes(&text[..end]));
    let side = queue.join(pointer);
    // By the letters of the name it was opened by: `..` behind a link leads out of what it links to.
    let linked = std::path::absolute(named).ok().filter(|link| link.is_symlink());
    let below = pointer.strip_prefix("..").ok();
    let beside = linked.and_then(|link| Some(link.parent()?.join(below?)));
    match [Some(side.clone()), beside].into_iter().flatten().find(|side| side.is_dir()) {
        Some(found) => found.canonicalize().map_err(|e| Fault::io("find", &found, &e)),
        None => {
            let why = format!("it points to {}, which is not there", side.display());
            let hint =
                "if the queue was moved, link it back to where it was; else restore that folder, or: aq init";
            Err(Fault::new(FaultKind::Place, "use the queue", queue, why, hint))
        }
    }
}

/// Writes the pointer file: relative where both stand in one project, so that a moved project keeps its
/// history and a copied one is known by its own copy of it.
fn point(queue: &Path, side: &Path) -> Result<(), Fault> {
    let near = queue.parent().and_then(|project| side.strip_prefix(project).ok());
    let text = near.map_or_else(|| side.to_path_buf(), |below| Path::new("..").join(below));
    let mut bytes = text.as_os_str().as_bytes().to_vec();
    bytes.push(b'\n');
    write_whole(&queue.join(SIDE), &bytes)
}

/// Several queues may stand in one repository: each gets a folder of its own, the first the plain name.
/// A queue that stood here before gets its own again.
fn free_side(common: &Path, queue: &Path) -> PathBuf {
    let common = common.canonicalize().unwrap_or_else(|_| common.to_path_buf());
    let name = blake3::hash(queue.as_os_str().as_bytes()).to_hex();
    let own = common.join(format!("aq-{}", &name.as_str()[..8]));
    let plain = common.join("aq");
    let used_here = |side: &Path| Identity::read(side).is_ok_and(|old| old.path == queue);
    if own.join("queue.json").exists() || plain.join("queue.json").exists() && !used_here(&plain) {
        return own;
    }
    plain
}

fn inode_of(side: &Path) -> Result<u64, Fault> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(side).map(|m| m.ino()).map_err(|e| Fault::io("find", side, &e))
}

/// What tells this machine from others, across reboots.
fn machine_id() -> String {
    let read = |path: &str| {
        std::fs::read_to_string(path).ok().map(|t| t.trim().to_string()).filter(|t| !t.is_empty())
    };
    read("/etc/machine-id")
        .or_else(|| read("/var/lib/dbus/machine-id"))
        .unwrap_or_else(|| rustix::system::uname().nodename().to_string_lossy().into_owned())
}

/// File systems where a lock on one host is not seen on another, by their magic number.
#[cfg(target_os = "linux")]
const REMOTE: [(i64, &str); 5] = [
    (0x6969, "nfs"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x0102_1997, "9p"),
    (0x6573_5546, "fuse"),
];

/// The name of a refused file system. Where the system has 32 bits its high numbers are negative.
#[cfg(target_os = "linux")]
fn remote_name(magic: i64) -> Option<&'static str> {
    REMOTE.iter().find(|row| row.0 == magic & 0xffff_ffff).map(|row| row.1)
}

#[cfg(target_os = "linux")]
#[allow(clippy::useless_conversion)] // The field is narrower where the system has 32 bits.
fn refuse_remote(at: &Path) -> Result<(), Fault> {
    let stat = rustix::fs::statfs(at).map_err(|e| Fault::io("look at the file system of", at, &e.into()))?;
    remote_name(stat.f_type.into()).map_or(Ok(()), |name| Err(remote_fault(at, name)))
}

#[cfg(not(target_os = "linux"))]
fn refuse_remote(at: &Path) -> Result<(), Fault> {
    // Locks of macOS are local to the host on every network file system; the mount says which it is.
    let out = std::process::Command::new("stat").args(["-f", "%T"]).arg(at).output();
    let name = out.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_string()).unwrap_or_default();
    match ["nfs", "smbfs", "webdav"].iter().find(|remote| name == **remote) {
        Some(name) => Err(remote_fault(at, name)),
        None => Ok(()),
    }
}

fn remote_fault(at: &Path, name: &str) -> Fault {
    let why = format!("it is on {name}, where locks do not hold between machines");
    let hint = "keep the queue on a local disk; many hosts need a coordinator";
    Fault::new(FaultKind::Place, "use the queue", at, why, hint)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::remote_name;

    #[test]
    fn network_file_systems_are_known_by_their_number() {
        let check =
            |magic: i64, expected: Option<&str>| assert_eq!(remote_name(magic), expected, "{magic:x}");
        check(0x6969, Some("nfs"));
        check(0xff53_4d42, Some("cifs"));
        check(i64::from(0xff53_4d42_u32.cast_signed()), Some("cifs"));
        check(0xfe53_4d42, Some("smb2"));
        check(0x0102_1997, Some("9p"));
        check(0x6573_5546, Some("fuse"));
        check(0xef53, None); // ext4
        check(0x0102_1994, None); // tmpfs
        check(0x9123_683e, None); // btrfs
        check(0x5846_5342, None); // xfs
        check(0x794c_7630, None); // overlayfs
        check(0x2fc1_2fc1, None); // zfs
    }
}
