//! Manifests in the person's editor: a copy is edited, never the job's own file, and it is kept until it is in place.
//!
//! While an editor is open an agent may claim the job, and its file moves. What an editor then writes under the old
//! name would be a second job; so it gets a file of its own, and the source puts the text where the job's file is by
//! then.
//!
//! A cockpit that is killed leaves its copies behind. Beside each stands whose it is and what the person began with,
//! in a file that is locked for as long as its cockpit or the editor it started lives. The next cockpit on that queue
//! takes up what nobody has any more: a copy that says nothing new goes, a person's text stays and is told of.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::{FdFlags, fcntl_setfd};

use crate::board::state_home;
use crate::dash::effect::Effect;
use crate::dash::msg::Said;
use crate::job::{FOLDERS, JobId};
use crate::store::Fault;

/// Ends the name of the file that tells whose a copy is.
const OWNER: &str = ".of";
/// Copies that are looked at when a cockpit begins; whoever left more has other worries.
const LEFT_MOST: usize = 1_000;
/// Bytes of what a person began with: manifests are smaller.
const WAS_MOST: u64 = 4 << 20;
/// What the copy of a job that is not in the queue yet is called.
const DRAFT: &str = "job.md";

/// Copies that are being edited, or whose text is not in its place yet.
pub struct Edits {
    queue: PathBuf,
    dir: PathBuf,
    jobs: BTreeMap<JobId, Kept>,
    /// The text of a new job that may not have been taken.
    draft: Option<Kept>,
}

struct Kept {
    file: PathBuf,
    /// The text that the person began with.
    was: Vec<u8>,
    /// Locked for as long as somebody may still write the copy.
    _owner: File,
}

impl Drop for Kept {
    fn drop(&mut self) {
        // A copy that was put in its place is gone; then nobody need know whose it was.
        if !self.file.exists() {
            let _ = std::fs::remove_file(owner_of(&self.file));
        }
    }
}

impl Edits {
    /// None yet, of jobs of that queue.
    pub fn of(queue: &Path) -> Edits {
        Edits::within(queue, state_home().unwrap_or_else(std::env::temp_dir).join("edit"))
    }

    fn within(queue: &Path, dir: PathBuf) -> Edits {
        Edits { queue: queue.to_path_buf(), dir, jobs: BTreeMap::new(), draft: None }
    }

    /// The file to edit: a copy of the job's own, or the one that could not be put in place.
    ///
    /// # Errors
    /// A [`Fault`] if the job's file cannot be read or no copy can be written.
    pub fn open(&mut self, job: &JobId, own: &Path) -> Result<PathBuf, Fault> {
        if let Some(kept) = self.jobs.get(job).filter(|kept| kept.file.is_file()) {
            return Ok(kept.file.clone());
        }
        let was = std::fs::read(own).map_err(|e| Fault::io("read", own, &e))?;
        let name = own.file_name().unwrap_or_default().to_string_lossy();
        let kept = self.begin(&name, Some(job), was)?;
        let file = kept.file.clone();
        self.jobs.insert(job.clone(), kept);
        Ok(file)
    }

    /// The file in which a new job is written: this text, or the last one that was not taken.
    ///
    /// # Errors
    /// A [`Fault`] if it cannot be written.
    pub fn draft(&mut self, template: &[u8]) -> Result<PathBuf, Fault> {
        if let Some(kept) = self.draft.as_ref().filter(|kept| kept.file.is_file()) {
            return Ok(kept.file.clone());
        }
        let kept = self.begin(DRAFT, None, template.to_vec())?;
        let file = kept.file.clone();
        self.draft = Some(kept);
        Ok(file)
    }

    /// Nothing was written.
    pub fn drop_draft(&mut self) {
        self.draft.take().into_iter().for_each(|kept| gone(&kept));
    }

    /// What follows once the editor has ended, with what went wrong in it: the text goes to its place, or why not.
    pub fn closed(&mut self, job: &JobId, wrong: Option<String>) -> Result<Effect, Said> {
        let Some(kept) = self.jobs.get(job) else { return Err(plainly("nothing was edited".to_string())) };
        let read = std::fs::read(&kept.file).map_err(|e| Fault::io("read", &kept.file, &e).to_string());
        let (file, again) =
            (kept.file.display().to_string(), "e opens your text again; emptied, it is given up");
        let bad = |text: String| Said { text, more: format!("{again}: {file}"), bad: true };
        let text = match read {
            Ok(text) if text == kept.was || text.trim_ascii().is_empty() => {
                self.jobs.remove(job).into_iter().for_each(|kept| gone(&kept));
                let left = plainly(format!("{job} has the text that it had"));
                return Err(wrong.map_or(left, |text| Said { text, more: String::new(), bad: true }));
            }
            Ok(text) => text,
            Err(why) => return Err(bad(format!("not saved: {why}"))),
        };
        match wrong {
            Some(why) => Err(bad(format!("not saved, e opens your text again: {why}"))),
            None => {
                Ok(Effect::Rewrite { job: job.clone(), copy: kept.file.clone(), was: kept.was.clone(), text })
            }
        }
    }

    /// Takes up what cockpits on this queue left that live no more. Says which texts of a person are among it: they
    /// are opened again by the same keys.
    pub fn take_up(&mut self) -> Vec<Said> {
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten().flatten().take(LEFT_MOST);
        let mut owners: Vec<PathBuf> =
            entries.map(|entry| entry.path()).filter(|path| is_owner(path)).collect();
        owners.sort();
        owners.iter().filter_map(|owner| self.take_up_one(owner)).collect()
    }

    fn take_up_one(&mut self, path: &Path) -> Option<Said> {
        let mut owner = File::open(path).ok()?;
        // Somebody still has it: a cockpit, or the editor that it started.
        flock(&owner, FlockOperation::NonBlockingLockExclusive).ok()?;
        let mut text = Vec::new();
        (&mut owner).take(WAS_MOST).read_to_end(&mut text).ok()?;
        let (queue, job, was) = told_of(&text)?;
        if queue != self.queue {
            return None;
        }
        let file = path.with_extension("");
        let kept = Kept { file, was, _owner: owner };
        let Ok(now) = std::fs::read(&kept.file) else {
            gone(&kept);
            return None;
        };
        if now == kept.was || now.trim_ascii().is_empty() || self.stands_in_queue(&kept.file, &now) {
            gone(&kept);
            return None;
        }
        let more = format!("it stands in {}", kept.file.display());
        // Of several for one job the first is opened, and each is told of until it is in its place.
        let text = match job {
            Some(job) => {
                let text = format!("an edit of {job} was never saved: e on it opens your text");
                self.jobs.entry(job).or_insert(kept);
                text
            }
            None => {
                self.draft.get_or_insert(kept);
                "a new job was never added: n opens your text".to_string()
            }
        };
        Some(Said { text, more, bad: true })
    }

    /// Whether the job's file says the same, in whichever folder it is.
    fn stands_in_queue(&self, copy: &Path, text: &[u8]) -> bool {
        let name = copy.file_name().and_then(|name| name.to_str()).and_then(|name| name.split_once('-'));
        let Some((_, name)) = name else { return false };
        let folders = FOLDERS.iter().map(|folder| self.queue.join(folder.1).join(name));
        folders.filter_map(|path| std::fs::read(path).ok()).any(|own| own == text)
    }

    /// A text in a file of its own, beside other edited ones, and beside it whose it is.
    fn begin(&self, name: &str, job: Option<&JobId>, was: Vec<u8>) -> Result<Kept, Fault> {
        std::fs::create_dir_all(&self.dir).map_err(|e| Fault::io("make", &self.dir, &e))?;
        let file = self.dir.join(format!("{:08x}-{name}", fastrand::u32(..)));
        let path = owner_of(&file);
        let wrote = |e: std::io::Error| Fault::io("write", &path, &e);
        let mut owner = File::create_new(&path).map_err(wrote)?;
        flock(&owner, FlockOperation::NonBlockingLockExclusive).map_err(|e| wrote(e.into()))?;
        // An editor outlives a cockpit that is killed, and may write the copy for as long as it lives.
        fcntl_setfd(&owner, FdFlags::empty()).map_err(|e| wrote(e.into()))?;
        let whose = Whose { form: FORM, queue: self.queue.clone(), job: job.cloned() };
        let head = serde_json::to_string(&whose).map_err(|e| wrote(e.into()))?;
        owner.write_all(head.as_bytes()).map_err(wrote)?;
        owner.write_all(b"\n").map_err(wrote)?;
        owner.write_all(&was).map_err(wrote)?;
        std::fs::write(&file, &was).map_err(|e| Fault::io("write", &file, &e))?;
        Ok(Kept { file, was, _owner: owner })
    }
}

/// The form of the file beside a copy.
const FORM: u32 = 1;

/// Its first line; what the person began with follows.
#[derive(serde::Serialize, serde::Deserialize)]
struct Whose {
    form: u32,
    queue: PathBuf,
    job: Option<JobId>,
}

fn told_of(text: &[u8]) -> Option<(PathBuf, Option<JobId>, Vec<u8>)> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    let whose: Whose = serde_json::from_slice(&text[..end]).ok()?;
    (whose.form == FORM).then(|| (whose.queue, whose.job, text[end + 1..].to_vec()))
}

fn owner_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_os_string();
    name.push(OWNER);
    PathBuf::from(name)
}

fn is_owner(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(OWNER))
}

/// Takes a copy away with the word whose it was. One that stays is in nobody's way.
fn gone(kept: &Kept) {
    let _ = std::fs::remove_file(&kept.file);
    let _ = std::fs::remove_file(owner_of(&kept.file));
}

fn plainly(text: String) -> Said {
    Said { text, more: String::new(), bad: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of what stands in the folder of copies, without the numbers before them.
    fn left(dir: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy()[9..].to_string()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_a_killed_cockpit_left_is_cleaned_or_told_and_what_lives_is_left_alone() {
        let home = tempfile::tempdir().expect("a folder");
        let (queue, dir) = (home.path().join("queue"), home.path().join("edit"));
        std::fs::create_dir_all(queue.join("review")).expect("a folder");
        let own = |name: &str, text: &str| {
            let path = queue.join("review").join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        let mut first = Edits::within(&queue, dir.clone());
        let mut write = |name: &str, text: &str| {
            let own = own(&format!("{name}.md"), "as it was");
            let copy = first.open(&JobId::from(name), &own).expect("a copy");
            std::fs::write(&copy, text).expect("written");
            copy
        };
        write("same", "as it was");
        write("emptied", " \n");
        write("saved", "in its place");
        own("saved.md", "in its place");
        let mine = write("mine", "my words");
        let all = left(&dir);
        assert_eq!(Edits::within(&queue, dir.clone()).take_up(), []);
        assert_eq!(left(&dir), all, "its cockpit lives");
        // Killed: nothing is tidied, and the locks go.
        std::mem::take(&mut first.jobs).into_values().for_each(|kept| {
            flock(&kept._owner, FlockOperation::Unlock).expect("unlocked");
        });
        assert_eq!(Edits::within(&home.path().join("other"), dir.clone()).take_up(), []);
        assert_eq!(left(&dir), all, "it is another queue's");
        let mut second = Edits::within(&queue, dir.clone());
        let said: Vec<String> = second.take_up().into_iter().map(|said| said.text).collect();
        assert_eq!(said, ["an edit of mine was never saved: e on it opens your text"]);
        assert_eq!(left(&dir), ["mine.md", "mine.md.of"]);
        let own = queue.join("review/mine.md");
        assert_eq!(second.open(&JobId::from("mine"), &own).ok(), Some(mine));
        let Ok(Effect::Rewrite { was, text, .. }) = second.closed(&JobId::from("mine"), None) else {
            panic!("it is not put in place")
        };
        assert_eq!((was.as_slice(), text.as_slice()), (&b"as it was"[..], &b"my words"[..]));
    }
}
