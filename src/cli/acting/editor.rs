//! The user's editor on a text of ours, in a file that is never lost.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::board::state_home;
use crate::cli::frame::{CliError, Context};

/// A text that was edited, and the file it stands in until it is used.
pub struct Edited {
    /// The text as it was left.
    pub text: String,
    /// Where it stands; whoever has used it removes it.
    pub file: PathBuf,
}

impl Edited {
    /// Removes the file: its text has been used, or is what it was before.
    pub fn used(&self) {
        // A file that stays is in nobody's way.
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Opens `text` in the user's editor, in a file of that name, and waits. `own` is the editor of their settings.
///
/// # Errors
/// Exit 2 where nobody may be asked; a fault if the editor cannot be started or ends badly.
pub fn edit(cx: &Context, own: Option<&str>, name: &str, text: &str) -> Result<Edited, CliError> {
    if cx.globals.no_input {
        return Err(CliError::usage("an editor asks, and --no-input says not to")
            .next("write the file by other means, then name it"));
    }
    // An editor that somebody named may work without a terminal; the last resort cannot.
    if named_editor(own).is_none() && !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        return Err(CliError::usage("there is no terminal to edit in, and no editor is named")
            .next("write the file by other means (aq config path), or set EDITOR"));
    }
    let dir = state_home().unwrap_or_else(std::env::temp_dir).join("edit");
    std::fs::create_dir_all(&dir).map_err(|e| CliError::io("make", &dir, &e))?;
    let file = dir.join(format!("{:08x}-{name}", fastrand::u32(..)));
    std::fs::write(&file, text).map_err(|e| CliError::io("write", &file, &e))?;
    again(own, &file)
}

/// Opens the file once more.
///
/// # Errors
/// As [`edit`].
pub fn again(own: Option<&str>, file: &Path) -> Result<Edited, CliError> {
    let editor = editor_of(own);
    // The value is a command line of the user's own, `code --wait`; the shell splits it as they expect.
    let script = format!("{editor} \"$1\"");
    let ended = Command::new("/bin/sh").arg("-c").arg(script).arg("sh").arg(file).status();
    let ended = ended.map_err(|e| CliError::io("start the editor", Path::new(&editor), &e))?;
    if !ended.success() {
        return Err(CliError::usage(format!("the editor {editor} ended with {ended}"))
            .why(format!("the text is in {}", file.display()))
            .next("choose another: EDITOR=vi, or the key editor of your own settings"));
    }
    let text = std::fs::read_to_string(file).map_err(|e| CliError::io("read", file, &e))?;
    Ok(Edited { text, file: file.to_path_buf() })
}

/// The editor somebody named: the settings, VISUAL, EDITOR.
fn named_editor(own: Option<&str>) -> Option<String> {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    own.map(str::to_string).or_else(|| named("VISUAL")).or_else(|| named("EDITOR"))
}

/// The editor that would be started: the settings, VISUAL, EDITOR, else vi.
pub fn editor_of(own: Option<&str>) -> String {
    named_editor(own).unwrap_or_else(|| "vi".to_string())
}
