//! Reading the log: the few lines since the last look, or a long history on two threads.
//!
//! What cannot be read as a line is one of three things. Somebody's write in progress: seen only without
//! the lock. A torn end, of a process that died or of a power cut: no line feed, or pages of the last line
//! that never reached the disk and are zeros; nobody was answered for it, and the lock holder cuts it off.
//! Anything else is damage, and nothing behind it is trusted.

use std::fs::File;
use std::io::{BufRead as _, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use super::log::FolderLog;
use super::segments::{RESTORE, live_path, segment_path};
use crate::job::Seq;
use crate::store::codec::{BadLine, Entry, decode_line};
use crate::store::{Fault, FaultKind};

/// Bytes decoded in one go by the thread that reads ahead.
const PORTION: usize = 1 << 20;
/// Portions decoded but not yet taken: bounds the memory of a long replay.
const PORTIONS_AHEAD: usize = 4;
/// Zeros in a row that no line has, because JSON writes none.
const NEVER_WRITTEN: [u8; 16] = [0; 16];

/// What a line of the log is known by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Line {
    /// Its length with the line feed.
    pub len: u64,
    /// Its checksum as it stands in it.
    pub crc: [u8; 8],
}

impl Line {
    /// Of a whole line with its line feed.
    pub fn of(line: &[u8]) -> Line {
        let crc = line.get(8..16).and_then(|crc| crc.try_into().ok()).unwrap_or_default();
        Line { len: line.len() as u64, crc }
    }
}

/// Length of the first line with its line feed; of everything if there is no line feed.
fn line_len(mut text: &[u8]) -> usize {
    // A slice never fails to be read.
    text.skip_until(b'\n').unwrap_or(0)
}

/// What reading one file of the log came to.
enum Reach {
    /// Everything that is whole was taken.
    End,
    /// Only the lock can tell whether it is damage or somebody at work.
    Doubt,
}

impl FolderLog {
    /// Reads whole lines behind the last one into `ahead`, file after file. Under the lock a torn end is
    /// cut off.
    pub(super) fn read_ahead(&mut self, locked: bool) -> Result<(), Fault> {
        loop {
            let reach = self.read_file(locked)?;
            let sealed = self.is_sealed();
            match reach {
                Reach::End if !sealed => return Ok(()),
                // Lines may have come between our look and the seal.
                Reach::End | Reach::Doubt if !locked => {
                    let _lock = self.lock()?;
                    return self.read_ahead(true);
                }
                Reach::End => self.next_segment()?,
                Reach::Doubt => return Ok(()),
            }
        }
    }

    /// Reads whole lines of the present file. `Doubt` is given only without the lock.
    fn read_file(&mut self, locked: bool) -> Result<Reach, Fault> {
        if locked && self.first > 1 && self.offset == 0 {
            self.finish_seal()?;
        }
        if locked || self.file.is_none() {
            self.path = segment_path(&self.place().side, self.first);
        }
        let text = self.read_tail(locked)?;
        if text.is_empty() && self.offset == 0 && self.first > 1 {
            return self
                .doubt(locked, || BadLine::Damaged("it holds nothing, and follows sealed files".into()));
        }
        let mut rest = text.as_slice();
        while !rest.is_empty() {
            let line = &rest[..line_len(rest)];
            let Some(body) = line.strip_suffix(b"\n") else { return self.end_torn(line, locked) };
            let entry = match decode_line(body) {
                Ok(entry) => entry,
                // Perhaps a write in progress whose pages we saw out of order: look again, locked.
                Err(bad @ BadLine::Damaged(_)) if !locked => return self.doubt(locked, || bad),
                Err(BadLine::Damaged(_)) if rest.len() == line.len() && has_hole(line) && self.may_tear() => {
                    return self.cut(self.offset).map(|()| Reach::End);
                }
                Err(bad) => return Err(self.bad_line(&bad)),
            };
            if entry.seq != self.end + 1 {
                let why = format!("event {} follows event {}", entry.seq, self.end);
                return self.doubt(locked, || BadLine::Damaged(why));
            }
            self.pass(&entry, Line::of(line));
            self.ahead.push(entry);
            rest = &rest[line.len()..];
        }
        Ok(Reach::End)
    }

    /// What looks like damage is looked at again under the lock; there it is damage.
    fn doubt(&mut self, locked: bool, bad: impl FnOnce() -> BadLine) -> Result<Reach, Fault> {
        if locked {
            return Err(self.bad_line(&bad()));
        }
        if self.offset == 0 {
            // It may have been sealed between finding it and opening it.
            self.file = None;
        }
        Ok(Reach::Doubt)
    }

    /// Whether a torn end can be somebody's who died: of a growing file, and not of the first line of one
    /// that follows sealed files, because that was whole before the file had its name.
    fn may_tear(&self) -> bool {
        !self.is_sealed() && (self.first == 1 || self.offset > 0)
    }

    fn pass(&mut self, entry: &Entry, line: Line) {
        self.end += entry.events.len() as Seq;
        self.offset += line.len;
        self.last = line;
    }

    /// An end without a line feed. One byte more or less than a whole batch is not torn but damaged.
    fn end_torn(&mut self, line: &[u8], locked: bool) -> Result<Reach, Fault> {
        if decode_line(&line[..line.len() - 1]).is_ok() {
            return Err(self.bad_line(&BadLine::Damaged("its line feed is another byte".to_string())));
        }
        if !self.may_tear() {
            return self.doubt(locked, || BadLine::Damaged("it ends in the middle of a line".to_string()));
        }
        if locked {
            self.cut(self.offset)?;
        }
        Ok(Reach::End)
    }

    /// Gives out a long history as it is decoded on a thread of its own. It ends early where anything is
    /// not as it should be; the ordinary way of reading then says what.
    pub(super) fn read_long(
        &mut self,
        take: &mut dyn FnMut(Entry) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        std::mem::take(&mut self.ahead).into_iter().try_for_each(&mut *take)?;
        loop {
            self.path = segment_path(&self.place().side, self.first);
            let Ok(file) = File::open(&self.path) else { return Ok(()) };
            let len = file.metadata().map_or(0, |meta| meta.len());
            if len.saturating_sub(self.offset) > PORTION as u64 {
                self.read_portions(&file, take)?;
            }
            // A sealed file never grows: read to its end, the next can be taken up without the lock.
            let done =
                self.offset == len && self.end >= self.first && self.path != live_path(&self.place().side);
            if !done {
                return Ok(());
            }
            (self.first, self.offset, self.last) = (self.end + 1, 0, Line::default());
        }
    }

    fn read_portions(
        &mut self,
        file: &File,
        take: &mut dyn FnMut(Entry) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let offset = self.offset;
        std::thread::scope(|scope| {
            let (send, portions) = sync_channel(PORTIONS_AHEAD);
            scope.spawn(move || decode_from(file, offset, &send));
            for (entry, line) in portions.into_iter().flatten() {
                if entry.seq != self.end + 1 {
                    break;
                }
                self.pass(&entry, line);
                take(entry)?;
            }
            Ok(())
        })
    }

    fn read_tail(&mut self, locked: bool) -> Result<Vec<u8>, Fault> {
        let path = self.path.clone();
        let fault = |e: &std::io::Error| Fault::io("read", &path, e);
        if locked {
            self.must_be_the_same_file()?;
        }
        if self.file.is_none() {
            match File::open(&path) {
                Ok(file) => self.file = Some(file),
                // Not there yet, or between the two renames of a seal.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.offset == 0 => {
                    return Ok(Vec::new());
                }
                Err(error) => return Err(fault(&error)),
            }
        }
        let Some(file) = &mut self.file else { return Ok(Vec::new()) };
        let len = file.metadata().map_err(|e| fault(&e))?.len();
        if len < self.offset {
            let why = format!("it was {} bytes long and is {len} now", self.offset);
            return Err(Fault::new(FaultKind::Corrupt, "read", &path, why, "somebody cut it; restore it"));
        }
        let mut text = Vec::with_capacity(usize::try_from(len - self.offset).unwrap_or(0));
        if len > self.offset {
            file.seek(SeekFrom::Start(self.offset))
                .and_then(|_| file.read_to_end(&mut text))
                .map_err(|e| fault(&e))?;
        }
        Ok(text)
    }

    /// Looks whether the file that was read still stands in its place: whoever only follows it reads on in one
    /// that was taken away, and takes the silence for peace.
    ///
    /// # Errors
    /// A [`Fault`] if it does not.
    pub fn must_stand(&mut self) -> Result<(), Fault> {
        if self.must_be_the_same_file().is_ok() {
            return Ok(());
        }
        // It may have been sealed meanwhile, which is told apart under the lock.
        let _lock = self.lock()?;
        self.read_ahead(true)
    }

    /// Nobody may write behind a file that was taken away or replaced.
    fn must_be_the_same_file(&self) -> Result<(), Fault> {
        let Some(read) = self.file.as_ref().and_then(|file| file.metadata().ok()) else { return Ok(()) };
        let now = std::fs::metadata(&self.path);
        if now.is_ok_and(|now| (now.ino(), now.dev()) == (read.ino(), read.dev())) {
            return Ok(());
        }
        let why = "it was taken away or another file stands in its place";
        Err(Fault::new(FaultKind::Corrupt, "follow", &self.path, why, "start this process again"))
    }

    fn bad_line(&self, bad: &BadLine) -> Fault {
        bad_line(&self.path, self.offset, self.end, bad)
    }

    fn cut(&self, to: u64) -> Result<(), Fault> {
        let file = File::options().write(true).open(&self.path);
        file.and_then(|f| f.set_len(to)).map_err(|e| Fault::io("cut the torn end of", &self.path, &e))
    }
}

/// Why a line cannot be taken that begins at `offset`, behind event `end`, and the command that keeps what
/// stands before it.
pub(super) fn bad_line(path: &Path, offset: u64, end: Seq, bad: &BadLine) -> Fault {
    match bad {
        BadLine::Newer(law) => {
            let why = format!("it was written under law {law}; this aq knows {}", crate::fleet::LAW);
            Fault::new(FaultKind::Skew, "read", path, why, "use the newer aq here")
        }
        BadLine::Damaged(why) if !path.ends_with("events.jsonl") => {
            let why = format!("damaged at byte {offset}, after event {end}: {why}");
            let hint = format!("{RESTORE}; work goes on without it as long as base.json is whole");
            Fault::new(FaultKind::Corrupt, "read", path, why, hint)
        }
        // Nothing before it is missing that could be kept.
        BadLine::Damaged(why) if offset == 0 => {
            let why = format!("damaged at byte 0, after event {end}: {why}");
            let hint = format!("{RESTORE}, with base.json and every file of events");
            Fault::new(FaultKind::Corrupt, "read", path, why, hint)
        }
        BadLine::Damaged(why) => {
            let why = format!("damaged at byte {offset}, after event {end}: {why}");
            let text = path.display().to_string().replace('\'', r"'\''");
            let hint = format!(
                "nothing behind that place is trusted; restore the file from a backup, or end all of aq here and keep what stands before it: mv '{text}' '{text}.damaged' && head -c {offset} '{text}.damaged' > '{text}'"
            );
            Fault::new(FaultKind::Corrupt, "read", path, why, hint)
        }
    }
}

fn has_hole(line: &[u8]) -> bool {
    line.windows(NEVER_WRITTEN.len()).any(|window| window == NEVER_WRITTEN)
}

/// Decodes line after line until the end, the first line that is not whole, or nobody listens.
fn decode_from(file: &File, mut offset: u64, send: &SyncSender<Vec<(Entry, Line)>>) {
    let mut text = vec![0; PORTION];
    let mut filled = 0;
    loop {
        if filled == text.len() {
            text.resize(text.len() * 2, 0);
        }
        let Ok(n) = file.read_at(&mut text[filled..], offset) else { return };
        if n == 0 {
            return;
        }
        offset += n as u64;
        filled += n;
        let whole = text[..filled].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let (mut rest, mut portion) = (&text[..whole], Vec::new());
        while !rest.is_empty() {
            let line = &rest[..line_len(rest)];
            let Ok(entry) = decode_line(&line[..line.len() - 1]) else { break };
            portion.push((entry, Line::of(line)));
            rest = &rest[line.len()..];
        }
        let stopped = !rest.is_empty();
        if send.send(portion).is_err() || stopped {
            return;
        }
        text.copy_within(whole..filled, 0);
        filled -= whole;
    }
}
