//! A manifest that lay rejected and was mended: weighed again, and put back into inbox.

use crate::board::{Intake, Local, Settings};
use crate::dash::msg::Said;
use crate::store::{Place, move_new};
use crate::time::{Clock as _, SystemClock};

/// Whether it can be taken in.
///
/// # Errors
/// All that is wrong with it, in words.
pub fn weigh(local: &Local, settings: &Settings, name: &str) -> Result<(), String> {
    let path = local.place().rejected().join(name);
    let bytes = std::fs::read(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    Intake::new(local.place(), settings, SystemClock.wall()).read(name, &bytes).map(drop)
}

/// Puts it back into inbox, where it is taken in; what has that name there already stays.
pub fn readmit(place: &Place, name: &str) -> Said {
    let rejected = place.rejected();
    let (from, to) = (rejected.join(name), place.queue.join("inbox").join(name));
    let bad = |text: String, more: String| Said { text, more, bad: true };
    match move_new(&from, &to) {
        Ok(true) => {
            let stem = name.strip_suffix(".md").unwrap_or(name);
            // Problems that stay are of a file that is gone: they would be taken for those of an edit.
            let left = std::fs::remove_file(rejected.join(format!("{stem}.problems.txt"))).err();
            let left = left.filter(|error| error.kind() != std::io::ErrorKind::NotFound);
            match left {
                None => Said { text: format!("{name} is in inbox again"), more: String::new(), bad: false },
                Some(error) => {
                    bad(format!("{name} is in inbox again; its problems stay: {error}"), String::new())
                }
            }
        }
        Ok(false) => {
            let more = format!("give it another name: mv {} {}", from.display(), to.display());
            bad(format!("not put back: inbox has a {name} already"), more)
        }
        Err(fault) => bad(format!("not put back: {fault}"), fault.hint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_put_back_once_and_nothing_is_written_over() {
        let dir = tempfile::tempdir().expect("a folder");
        let queue = dir.path().join("queue");
        let place = Place::create(&crate::store::Wish { queue: &queue, git_common: None }).expect("a queue");
        let write = |name: &str, text: &str| std::fs::write(queue.join(name), text).expect("written");
        write("rejected/a.md", "mended");
        write("rejected/a.problems.txt", "no title");
        assert_eq!(readmit(&place, "a.md").text, "a.md is in inbox again");
        let left = std::fs::read_dir(queue.join("rejected")).expect("a folder").count();
        assert_eq!(
            (left, std::fs::read_to_string(queue.join("inbox/a.md")).ok().as_deref()),
            (0, Some("mended"))
        );
        write("rejected/a.md", "another");
        let said = readmit(&place, "a.md");
        assert!(said.bad && said.text.contains("inbox has a a.md already"), "{}", said.text);
        assert_eq!(std::fs::read_to_string(queue.join("inbox/a.md")).ok().as_deref(), Some("mended"));
    }
}
