//! The few file operations whose order makes them durable.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::job::BlobId;
use crate::store::Fault;

/// Files beyond this cannot be manifests; they are not read into memory to find that out.
pub(super) const READ_MOST: u64 = 2 << 20;

/// How a regular file looks from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Look {
    pub len: u64,
    /// When its bytes were written, in nanoseconds. People and tools set it as they like.
    pub written: i128,
    /// When anything about it changed. Nobody can set it back, so it tells of every edit.
    pub changed: i128,
}

impl Look {
    /// `None` if there is no regular file; links are not followed.
    pub fn at(path: &Path) -> Option<Look> {
        use std::os::unix::fs::MetadataExt as _;
        let meta = std::fs::symlink_metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        let ns = |s: i64, ns: i64| i128::from(s) * 1_000_000_000 + i128::from(ns);
        let (written, changed) = (ns(meta.mtime(), meta.mtime_nsec()), ns(meta.ctime(), meta.ctime_nsec()));
        Some(Look { len: meta.len(), written, changed })
    }

    /// The same below an open folder, which saves the way there.
    pub fn below(folder: &File, name: &str) -> Option<Look> {
        let stat = rustix::fs::statat(folder, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let ns = |s: i64, ns: u64| i128::from(s) * 1_000_000_000 + i128::from(ns);
        #[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions)] // Widths differ.
        let look = Look {
            len: u64::try_from(stat.st_size).ok()?,
            written: ns(stat.st_mtime.into(), u64::try_from(stat.st_mtime_nsec).ok()?),
            changed: ns(stat.st_ctime.into(), u64::try_from(stat.st_ctime_nsec).ok()?),
        };
        rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file().then_some(look)
    }

    /// Enough to know that a file was not written to since.
    pub fn seen(self) -> (u64, i64) {
        // Nanoseconds of the kernel's own clock: they fit until the year 2262.
        (self.len, i64::try_from(self.changed).unwrap_or(i64::MAX))
    }
}

/// The bytes of a file, as far as a manifest may reach and a little beyond.
pub(super) fn read_some(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(File::open(path)?, READ_MOST), &mut bytes)?;
    Ok(bytes)
}

/// The name the bytes of a file would have as a blob.
pub(super) fn hash_of(path: &Path) -> Option<BlobId> {
    read_some(path).ok().map(|bytes| blob_id(&bytes))
}

/// The name of a blob.
pub(super) fn blob_id(bytes: &[u8]) -> BlobId {
    BlobId::new(blake3::hash(bytes).to_hex())
}

/// Renames if nothing stands at the new name, in one step where the file system can.
pub(super) fn rename_new(from: &Path, to: &Path) -> Result<(), rustix::io::Errno> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems lack the flag; a link fails on an existing name just as well.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            rustix::fs::link(from, to)?;
            rustix::fs::unlink(from)
        }
        done => done,
    }
}

/// Writes a file so that after a crash it is either the old one or the new one, never half: a new file
/// beside it, flushed, then renamed over it, then the folder flushed.
///
/// # Errors
/// A [`Fault`] naming the step; the old file is then untouched.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    // Not the name and more: a name may be as long as names can be.
    let beside = path.with_file_name(format!(".{:016x}.tmp", fastrand::u64(..)));
    let written = (|| {
        let mut file = File::create_new(&beside)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        std::fs::rename(&beside, path)
    })();
    if let Err(error) = written {
        // The half-written one is ours alone; if it cannot be removed either, its name says what it is.
        let _ = std::fs::remove_file(&beside);
        return Err(Fault::io("write", path, &error));
    }
    match path.parent() {
        Some(folder) => flush_folder(folder),
        None => Ok(()),
    }
}

/// Moves a file to where none stands. Gives whether it could: what stands there stays.
///
/// # Errors
/// A [`Fault`] naming the file.
pub fn move_new(from: &Path, to: &Path) -> Result<bool, Fault> {
    match rename_new(from, to) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::EXIST) => Ok(false),
        Err(error) => Err(Fault::io("move", from, &error.into())),
    }
}

/// Puts bytes in the place of a file that stands there, whole or not at all, and makes none where none stands. Gives
/// what it held; `None` if there is none.
///
/// # Errors
/// A [`Fault`] naming the step; the old file is then untouched.
pub fn replace_existing(path: &Path, bytes: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let beside = path.with_file_name(format!(".{:016x}.tmp", fastrand::u64(..)));
    let written = (|| {
        let mut file = File::create_new(&beside)?;
        file.write_all(bytes)?;
        file.sync_data()
    })();
    // Whoever moves the file at this moment moves the one or the other, and no name comes into being.
    let changed = written.and_then(|()| Ok(renameat_with(CWD, &beside, CWD, path, RenameFlags::EXCHANGE)?));
    let old = match changed {
        Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS | libc::ENOTSUP)) => {
            write_over(path, bytes)
        }
        changed => changed.and_then(|()| std::fs::read(&beside)),
    };
    let _ = std::fs::remove_file(&beside);
    match old {
        Ok(old) => Ok(Some(old)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Fault::io("write", path, &error)),
    }
}

/// The same on a file system that exchanges no names: into the file itself, whatever its name is by then.
fn write_over(path: &Path, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let mut old = Vec::new();
    file.read_to_end(&mut old)?;
    file.rewind()?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_data()?;
    Ok(old)
}

/// Makes renames, creations and removals inside a folder durable.
pub(super) fn flush_folder(folder: &Path) -> Result<(), Fault> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(|e| Fault::io("flush the folder", folder, &e))
}

/// Makes everything on the file system of a folder durable; where there is no such call, only the folder.
pub(super) fn flush_all(folder: &Path) -> Result<(), Fault> {
    #[cfg(target_os = "linux")]
    {
        let fault = |e: &std::io::Error| Fault::io("flush the file system of", folder, e);
        let at = File::open(folder).map_err(|e| fault(&e))?;
        rustix::fs::syncfs(&at).map_err(|e| fault(&e.into()))
    }
    #[cfg(not(target_os = "linux"))]
    flush_folder(folder)
}
