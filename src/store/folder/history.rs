//! Reading back what happened, page by page, without a state and without a lock.

use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::place::Place;
use super::segments::{first_seq, live_path};
use super::tail::bad_line;
use crate::fleet::Event;
use crate::job::Seq;
use crate::store::Fault;
use crate::store::codec::{BadLine, decode_line};

/// Bytes read in one go.
const BUFFER: usize = 1 << 18;
/// Below this it is faster to read on than to search.
const SEARCH_FROM: u64 = 1 << 13;

/// Looks for the files of a log that changes at each look; between two seals a person grows old.
const LOOKS_MOST: u32 = 20;

impl Place {
    /// Up to `most` events after number `after`, with their numbers (a batch is never cut in two, so a
    /// page may be a little longer). Fewer than `most` means that the log ends there.
    ///
    /// # Errors
    /// A [`Fault`] if the log cannot be read or is damaged where it was read.
    pub fn history(&self, after: Seq, most: usize) -> Result<Vec<(Seq, Event)>, Fault> {
        let files = self.files_from(after)?;
        let mut found = Vec::new();
        for (path, file) in files {
            let last = found.last().map_or(after, |row: &(Seq, Event)| row.0);
            read_file(&path, file, last, most, &mut found)?;
            if found.len() >= most {
                break;
            }
        }
        Ok(found)
    }

    /// The files that may hold events after number `after`, opened, the oldest first. What is sealed or
    /// pruned while this looks is looked for again.
    fn files_from(&self, after: Seq) -> Result<Vec<(PathBuf, File)>, Fault> {
        let live = live_path(&self.side);
        for _ in 0..LOOKS_MOST {
            let sealed = self.segments()?;
            let from = sealed.iter().rposition(|segment| segment.first <= after + 1).unwrap_or(0);
            let paths = sealed[from.min(sealed.len())..].iter().map(|segment| &segment.path);
            let mut files = Vec::new();
            let mut gone = false;
            for path in paths.chain([&live]) {
                match File::open(path) {
                    Ok(file) => files.push((path.clone(), file)),
                    // A log without events has no file; of others one may just be changing its name.
                    Err(error) if error.kind() == ErrorKind::NotFound => gone = gone || *path != live,
                    Err(error) => return Err(Fault::io("read", path, &error)),
                }
            }
            if !gone && self.segments()? == sealed {
                return Ok(files);
            }
        }
        Err(Fault::gone("find the files of"))
    }
}

/// Takes events after number `after` from one file of the log, until there are `most`.
fn read_file(
    path: &Path,
    file: File,
    after: Seq,
    most: usize,
    found: &mut Vec<(Seq, Event)>,
) -> Result<(), Fault> {
    let fault = |e: &std::io::Error| Fault::io("read", path, e);
    let from = line_before(&file, after).map_err(|e| fault(&e))?;
    let mut lines = BufReader::with_capacity(BUFFER, file);
    lines.seek(SeekFrom::Start(from)).map_err(|e| fault(&e))?;
    // The batch before the first that starts beyond `after` may end beyond it.
    let (mut kept, mut line, mut at): (Option<(u64, Vec<u8>)>, _, _) = (None, Vec::new(), from);
    while found.len() < most {
        line.clear();
        let n = lines.read_until(b'\n', &mut line).map_err(|e| fault(&e))?;
        // A line without its feed is somebody's write in progress.
        if n == 0 || line.last() != Some(&b'\n') {
            break;
        }
        let here = at;
        at += n as u64;
        if first_seq(&line).is_some_and(|seq| seq <= after) {
            kept = Some((here, std::mem::take(&mut line)));
            continue;
        }
        if let Some((here, kept)) = kept.take() {
            take_line(found, &kept, after, (path, here))?;
        }
        take_line(found, &line, after, (path, here))?;
    }
    if let Some((here, kept)) = kept {
        take_line(found, &kept, after, (path, here))?;
    }
    Ok(())
}

/// Where a line begins whose first event is not behind `after`, close to the last such line: numbers rise
/// through the file, so it is found by halving and not by reading a history from its beginning.
fn line_before(file: &File, after: Seq) -> std::io::Result<u64> {
    let (mut low, mut high) = (0, file.metadata()?.len());
    while high - low > SEARCH_FROM {
        let middle = low + (high - low) / 2;
        match line_after(file, middle, high)? {
            Some((start, seq)) if seq <= after => low = start,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// The first line that begins behind `at` and before `end`: where, and its first event.
fn line_after(file: &File, at: u64, end: u64) -> std::io::Result<Option<(u64, Seq)>> {
    let (mut part, mut from) = ([0; 4_096], at);
    while from < end {
        let n = file.read_at(&mut part, from)?;
        if n == 0 {
            return Ok(None);
        }
        if let Some(feed) = part[..n].iter().position(|b| *b == b'\n') {
            let start = from + feed as u64 + 1;
            let n = if start < end { file.read_at(&mut part, start)? } else { 0 };
            return Ok(first_seq(&part[..n.min(64)]).map(|seq| (start, seq)));
        }
        from += n as u64;
    }
    Ok(None)
}

/// Decodes a line that stands at that place, and takes its events behind `after`.
fn take_line(
    found: &mut Vec<(Seq, Event)>,
    line: &[u8],
    after: Seq,
    (path, offset): (&Path, u64),
) -> Result<(), Fault> {
    let end = found.last().map_or(after, |row| row.0);
    let entry = decode_line(line.strip_suffix(b"\n").unwrap_or(line));
    let entry = entry.map_err(|bad| bad_line(path, offset, end, &bad))?;
    if !found.is_empty() && entry.seq != end + 1 {
        let why = format!("event {} follows event {end}", entry.seq);
        return Err(bad_line(path, offset, end, &BadLine::Damaged(why)));
    }
    found.extend((entry.seq..).zip(entry.events).filter(|row| row.0 > after));
    Ok(())
}
