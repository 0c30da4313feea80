//! An edited manifest on its way to its job's file, and what is told of it.

use std::path::Path;

use crate::board::Local;
use crate::dash::msg::Said;
use crate::job::JobId;

/// Puts the text where the job's file is now. What cannot be put there stays in its copy.
pub async fn rewrite(local: &Local, job: &JobId, copy: &Path, was: &[u8], text: &[u8]) -> Said {
    let kept = format!("your text is kept: {}", copy.display());
    let bad = |text: String, more: String| Said { text, more, bad: true };
    let done = match local.rewrite(job, text).await {
        Ok(Some(done)) => done,
        Ok(None) => return bad(format!("not saved: {job} has no file any more"), kept),
        Err(fault) => {
            let text = format!("not saved: {fault}; e opens your text again");
            return bad(text, format!("{kept}; {}", fault.hint));
        }
    };
    if done.old != was {
        // Another hand was at it meanwhile, and its text must not be lost either.
        let other = copy.with_extension("other.md");
        let text = format!("{job} has your text; what another hand had written meanwhile is kept");
        return match std::fs::write(&other, &done.old).and_then(|()| std::fs::remove_file(copy)) {
            Ok(()) => bad(text, format!("the other text: {}", other.display())),
            Err(error) => {
                bad(format!("{job} has your text; that of another hand is lost: {error}"), String::new())
            }
        };
    }
    // A copy that stays is in nobody's way.
    let _ = std::fs::remove_file(copy);
    let (text, more) = match done.stage.is_waiting() {
        true => (format!("saved the text of {job}"), String::new()),
        false => (
            format!("{job} is {} by now: your text counts when it goes back to wait", done.stage),
            format!("send it back with it: aq requeue {job}"),
        ),
    };
    Said { text, more, bad: false }
}
