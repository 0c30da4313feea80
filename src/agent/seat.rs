//! Seats: numbers that no two jobs at work on this host share, and the ports that belong to each.
//!
//! A job may name a database or a folder by `AQ_SLOT` and listen on the ports from `AQ_PORT_BASE`. Several agents
//! work on one host, perhaps on several queues, and each counts its own slots from zero; so the number is taken
//! from the user's state folder instead, as a lock on a small file, which ends with whoever holds it. A file
//! nobody holds is removed, so a lock counts only while its file is the one that has the name.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::board::state_home;
use crate::job::plain_error;

/// First port of seat 0, and how many each seat has.
const PORT_BASE: u32 = 21_000;
const PORTS_EACH: u32 = 100;
/// The last of these ends where ports end. From seat 117 on Linux may give the ports to outgoing connections too.
const SEATS_MOST: u32 = (65_536 - PORT_BASE) / PORTS_EACH;

/// `aq/seats` in the state folder.
const OWN_FOLDERS: usize = 2;

/// A number that is this job's alone as long as it is held.
#[derive(Debug)]
pub(super) struct Seat {
    number: u32,
    path: PathBuf,
    _lock: File,
}

impl Seat {
    /// The lowest number that is free.
    ///
    /// # Errors
    /// In words: the state folder cannot be used, or every number is taken.
    pub fn take() -> Result<Seat, String> {
        let home = state_home().ok_or("there is no folder for state: set HOME or XDG_STATE_HOME")?;
        Seat::take_in(&home.join("seats"))
    }

    fn take_in(dir: &Path) -> Result<Seat, String> {
        let failed = |error: &std::io::Error| format!("no seat in {}: {}", dir.display(), plain_error(error));
        std::fs::create_dir_all(dir).map_err(|error| failed(&error))?;
        for number in 0..SEATS_MOST {
            if let Some(seat) = Seat::at(dir, number).map_err(|error| failed(&error))? {
                return Ok(seat);
            }
        }
        Err(format!("all {SEATS_MOST} seats of this host are taken: end some agents"))
    }

    /// The seat of a run that an agent now dead had started. `None`: somebody took it in between.
    pub fn again(number: u32) -> Option<Seat> {
        Seat::at(&state_home()?.join("seats"), number).ok().flatten()
    }

    fn at(dir: &Path, number: u32) -> std::io::Result<Option<Seat>> {
        let path = dir.join(number.to_string());
        loop {
            let file = match File::options().create(true).append(true).open(&path) {
                // Whoever held the last seat has just removed the folder.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    std::fs::create_dir_all(dir)?;
                    continue;
                }
                other => other?,
            };
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
                other => other?,
            }
            let is_named = std::fs::metadata(&path).is_ok_and(|named| {
                file.metadata().is_ok_and(|held| (held.dev(), held.ino()) == (named.dev(), named.ino()))
            });
            if is_named {
                return Ok(Some(Seat { number, path, _lock: file }));
            }
        }
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // Left behind, a file is an empty one that the next takes up. Folders go only when they are empty.
        let _ = std::fs::remove_file(&self.path);
        let mine = self.path.ancestors().skip(1).take(OWN_FOLDERS);
        let _ = mine.map(std::fs::remove_dir).all(|gone| gone.is_ok());
    }
}

/// What a run is told of its seat.
pub(super) fn seat_env(number: u32) -> [(String, String); 2] {
    [
        ("AQ_SLOT".to_string(), number.to_string()),
        ("AQ_PORT_BASE".to_string(), (PORT_BASE + number * PORTS_EACH).to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_hold_one_number_and_what_is_given_back_goes_out_again() {
        let top = tempfile::tempdir().unwrap();
        let dir = top.path().join("aq/seats");
        let take = || Seat::take_in(&dir).unwrap();
        let (a, b, c) = (take(), take(), take());
        assert_eq!([a.number(), b.number(), c.number()], [0, 1, 2]);
        assert!(Seat::at(&dir, 1).unwrap().is_none());
        drop(b);
        let b = take();
        assert_eq!(b.number(), 1);
        // The file of one that was killed is taken up, and nothing is left in the end.
        std::fs::write(dir.join("3"), "").unwrap();
        assert_eq!(take().number(), 3);
        drop((a, b, c));
        assert!(std::fs::read_dir(top.path()).unwrap().next().is_none());
        let blocked = top.path().join("file");
        std::fs::write(&blocked, "").unwrap();
        assert!(Seat::take_in(&blocked).unwrap_err().contains("no seat in"));
    }

    #[test]
    fn the_ports_of_all_seats_exist() {
        let last: u32 = seat_env(SEATS_MOST - 1)[1].1.parse().unwrap();
        assert!(last + PORTS_EACH <= 65_536, "{last}");
        assert_eq!(seat_env(0).map(|row| row.1), ["0", "21000"]);
    }
}
