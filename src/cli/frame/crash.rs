//! A bug must not end in a torn screen and a raw backtrace: it is caught, written down and named.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;

use super::exit::Exit;
use crate::board::state_home;
use crate::job::plain_error;
use crate::time::{Clock as _, SystemClock};

/// The first panic's own words, kept for the report.
static SAID: Mutex<Option<String>> = Mutex::new(None);

/// Runs `work`; a panic in it ends with 1 after a report is written.
pub fn guard(work: impl FnOnce() -> Exit) -> Exit {
    std::panic::set_hook(Box::new(|info| {
        let trace = std::backtrace::Backtrace::force_capture();
        if let Ok(mut said) = SAID.lock() {
            said.get_or_insert_with(|| format!("{info}\n\n{trace}"));
        }
    }));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let said = SAID.lock().ok().and_then(|mut said| said.take()).unwrap_or_default();
        let first = said.lines().take(2).collect::<Vec<_>>().join(" ");
        let kept = write_report(&said).map_or_else(
            |why| format!("the report could not be written: {}", plain_error(&why)),
            |path| format!("report: {}", path.display()),
        );
        let text = format!(
            "bug: aq is wrong here, not you: {first}\n  {kept}\n  please send it with an issue: {}\n",
            env!("CARGO_PKG_NAME")
        );
        let _ = std::io::stderr().write_all(text.as_bytes());
        Exit::Failed
    })
}

/// Writes the panic, the version and the command's verb; arguments may hold what is nobody's business.
fn write_report(said: &str) -> Result<PathBuf, std::io::Error> {
    let folder = state_home().unwrap_or_else(std::env::temp_dir);
    std::fs::create_dir_all(&folder)?;
    let at = SystemClock.wall();
    let path = folder.join(format!("panic-{}-{}.txt", at.as_millis(), std::process::id()));
    let verb = std::env::args().nth(1).unwrap_or_default();
    let text = format!("aq {} at {at}\nverb: {verb}\n\n{said}\n", env!("CARGO_PKG_VERSION"));
    std::fs::write(&path, text)?;
    Ok(path)
}
