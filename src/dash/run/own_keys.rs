//! The person's own keys, from `keys.toml`.

use crate::board::keys_file;
use crate::dash::keys::Keymap;
use crate::job::render_problems;
use crate::store::{Fault, FaultKind};

/// The keys in force: those of the house, and what the person changed of them.
///
/// # Errors
/// A [`Fault`] of kind `Settings` whose reason is every problem of the file, with carets; or that it cannot be
/// read. A file with a clash is refused whole: half of it would be other keys than those that were meant.
pub fn own_keys() -> Result<Keymap, Fault> {
    let Some(path) = keys_file() else { return Ok(Keymap::default()) };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Keymap::default()),
        Err(error) => return Err(Fault::io("read", &path, &error)),
    };
    Keymap::read(&text).map_err(|problems| {
        let why = render_problems(&path.display().to_string(), text.as_bytes(), &problems);
        Fault::new(FaultKind::Settings, "use", &path, why.trim_end(), "the actions and their keys: aq keys")
    })
}
