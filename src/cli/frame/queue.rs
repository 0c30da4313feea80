//! Where the queue is: the flag, the environment, the nearest one upward, then the user's own.

use std::path::{Path, PathBuf};

use super::complaint::CliError;
use crate::board::data_home;
use crate::store::Place;

/// Opens the queue that is meant.
///
/// # Errors
/// Exit 3 if there is none, or the named folder is none; a fault if it cannot be used.
pub fn find_queue(flag: Option<&Path>) -> Result<Place, CliError> {
    let named = flag.map(|path| (path.to_path_buf(), "--queue")).or_else(|| {
        let path = std::env::var_os("AQ_QUEUE").filter(|value| !value.is_empty())?;
        Some((PathBuf::from(path), "AQ_QUEUE"))
    });
    if let Some((path, from)) = named {
        return open_named(&path, from);
    }
    let here = std::env::current_dir().map_err(|e| CliError::io("find", Path::new("."), &e))?;
    if let Some(folder) = Place::nearest(&here) {
        return Ok(Place::open(&folder)?);
    }
    let own = data_home().map(|data| data.join("queue"));
    match own.filter(|folder| Place::is_queue(folder)) {
        Some(folder) => Ok(Place::open(&folder)?),
        None => Err(CliError::not_found(format!("no queue at or above {}", here.display()))
            .why("a queue is a folder queue/ with inbox/ and .aq in it")
            .next("make one here: aq init")),
    }
}

fn open_named(path: &Path, from: &str) -> Result<Place, CliError> {
    if Place::is_queue(path) {
        return Ok(Place::open(path)?);
    }
    // The project's folder is a fair way to name its queue.
    let below = path.join("queue");
    if Place::is_queue(&below) {
        return Ok(Place::open(&below)?);
    }
    let why = match path.is_dir() {
        true => "the folder has no inbox/ and .aq",
        false => "there is no such folder",
    };
    Err(CliError::not_found(format!("{} (from {from}) is not a queue", path.display()))
        .why(why)
        .next("make one: aq init"))
}
