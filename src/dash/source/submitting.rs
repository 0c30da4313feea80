//! A job that was written in the cockpit: read, judged, put into the queue.

use std::path::Path;

use crate::board::{Intake, Local, Ready, Settings, Submitted, submit};
use crate::dash::msg::Said;
use crate::fleet::Actor;
use crate::time::{Clock as _, SystemClock};

/// The name under which problems are shown; the job's own comes from its title.
const NAME: &str = "job.md";

/// Submits the text. What is wrong with it is told, and its file stays to be mended.
pub async fn submit_text(local: &Local, settings: &Settings, me: &Actor, file: &Path, text: String) -> Said {
    let bad = |text: String, more: String| Said { text, more, bad: true };
    let ready = match read(local, settings, &text) {
        Ok(ready) => ready,
        Err(problems) => {
            let first = problems.lines().next().unwrap_or_default();
            let text = format!("not added: {first}; n opens it again");
            return bad(text, format!("{problems}\nyour text is in {}", file.display()));
        }
    };
    match submit(local, me, None, &[ready]).await.map(|mut all| all.pop()) {
        Ok(Some(Submitted::New(id) | Submitted::Superseded(id))) => {
            // A copy that stays is in nobody's way.
            let _ = std::fs::remove_file(file);
            Said { text: format!("added {id}"), more: format!("aq show {id}"), bad: false }
        }
        Ok(Some(Submitted::Refused(no))) => bad(format!("not added: {}", no.message), no.hint),
        Ok(None) => bad("not added: nothing was submitted".to_string(), String::new()),
        Err(fault) => bad(format!("not added: {fault}"), fault.hint),
    }
}

/// The text as a job; it gets its id for a name.
fn read(local: &Local, settings: &Settings, text: &str) -> Result<Ready, String> {
    let intake = Intake::new(local.place(), settings, SystemClock.wall());
    let mut ready = intake.read(NAME, text.as_bytes())?;
    ready.job.file = None;
    Ok(ready)
}
