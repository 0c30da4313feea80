//! The disk's own flush time: every other figure is read beside it.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use super::figures::Sample;
use crate::time::Awake;

/// Flushes measured.
const FLUSHES: usize = 200;
/// Bytes appended before each: about one batch of one event.
const BYTES: usize = 256;

/// Appends and flushes, again and again, in `dir`.
pub(super) fn flush_times(dir: &Path) -> std::io::Result<Sample> {
    let path = dir.join("flush");
    let mut file = File::create(&path)?;
    let mut times = Vec::with_capacity(FLUSHES);
    for _ in 0..FLUSHES {
        file.write_all(&[b'x'; BYTES])?;
        let watch = Awake::start();
        file.sync_data()?;
        times.push(watch.exact());
    }
    std::fs::remove_file(&path)?;
    Ok(Sample::of(times))
}

/// How long something took.
pub(super) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let watch = Awake::start();
    let done = work();
    (done, watch.exact())
}
