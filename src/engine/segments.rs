//! The files of one transcript on disk: their names, their order, and lines out of one of them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::lines::LINE_MAX;

/// Bytes read at a time where the caller has no wish of its own.
pub(super) const READ: usize = 256 * 1024;

/// Longest line of a transcript: a longest line of output of which every byte is escaped as `\u0000` and
/// repeated in hex.
const RECORD_MAX: usize = LINE_MAX * 9;

/// The file that holds the transcript from `start` on.
pub(super) fn segment_path(path: &Path, start: u64) -> PathBuf {
    if start == 0 {
        return path.to_path_buf();
    }
    let mut name = path.as_os_str().to_os_string();
    name.push(format!(".{start}"));
    PathBuf::from(name)
}

/// Start and length of every file of the transcript, in order.
pub(super) fn segments(path: &Path) -> io::Result<Vec<(u64, u64)>> {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name().and_then(|n| n.to_str())) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a transcript's path ends in a file name"));
    };
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(found),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        let file = entry.file_name();
        let Some(rest) = file.to_str().and_then(|f| f.strip_prefix(name)) else { continue };
        let start = match rest.strip_prefix('.') {
            None if rest.is_empty() => Some(0),
            None => None,
            Some(digits) => digits.parse::<u64>().ok(),
        };
        // A file removed since the listing is a hole like any other.
        if let (Some(start), Ok(meta)) = (start, entry.metadata()) {
            found.push((start, meta.len()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Whole lines from `from` on, at least one if there is one.
pub(super) fn read_lines(path: &Path, from: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut want = READ;
    loop {
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        (&mut file).take(want as u64).read_to_end(&mut bytes)?;
        if let Some(end) = bytes.iter().rposition(|b| *b == b'\n') {
            bytes.truncate(end + 1);
            return Ok(bytes);
        }
        if bytes.len() < want || want >= RECORD_MAX {
            return Ok(Vec::new());
        }
        want = (want * 4).min(RECORD_MAX);
    }
}

/// Answer of [`nth_line_from_end`].
pub(super) enum Found {
    /// The offset in the file.
    At(u64),
    /// It has only so many lines.
    Only(usize),
}

/// Where the last `n` lines of a file begin, or how many it has.
pub(super) fn nth_line_from_end(path: &Path, len: u64, n: usize) -> io::Result<Found> {
    if n == 0 {
        return Ok(Found::At(len));
    }
    let mut file = File::open(path)?;
    let (mut lines, mut end) = (0, len);
    while end > 0 {
        let begin = end.saturating_sub(READ as u64);
        file.seek(SeekFrom::Start(begin))?;
        let mut bytes = Vec::new();
        (&mut file).take(end - begin).read_to_end(&mut bytes)?;
        for (i, _) in bytes.iter().enumerate().rev().filter(|(_, b)| **b == b'\n') {
            let at = begin + i as u64 + 1;
            if lines == n {
                return Ok(Found::At(at));
            }
            lines += 1;
        }
        end = begin;
    }
    Ok(if lines >= n { Found::At(0) } else { Found::Only(lines) })
}

/// How many lines of a file end up to an offset of it, and how many after that.
pub(super) fn lines_of(path: &Path, at: u64, len: u64) -> io::Result<(usize, usize)> {
    let mut file = match File::open(path) {
        // Removed since it was listed: nothing of it can be read.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok((0, 0)),
        other => other?,
    };
    let mut count = |bytes: u64| -> io::Result<usize> {
        let (mut left, mut lines, mut buffer) = (bytes, 0, vec![0; READ]);
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(READ).min(READ);
            let got = file.read(&mut buffer[..most])?;
            if got == 0 {
                break;
            }
            lines += buffer[..got].iter().filter(|b| **b == b'\n').count();
            left -= got as u64;
        }
        Ok(lines)
    };
    Ok((count(at)?, count(len - at)?))
}
