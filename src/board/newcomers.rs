//! What a person wrote: new manifests become jobs or go to `rejected/`, edits of waiting ones take effect.

use std::collections::BTreeSet;

use super::intake::{Intake, Ready};
use super::local::Local;
use super::losses::cancelled;
use super::seam::Board as _;
use super::settings::Settings;
use super::submit::{Submitted, add_children, submit_once};
use super::sync::{Memory, Report, hand};
use crate::fleet::{Actor, Code, Command, Job, State};
use crate::job::{BlobId, IdempotencyKey, JobId};
use crate::store::{Fault, Finding, Scan};
use crate::time::Span;

/// A parent waits this long for the files of its children: a slow copy brings them one by one.
const CHILDREN_WITHIN: Span = Span::from_secs(2);

/// What follows the stem of a manifest in the name of the file of its problems.
const PROBLEMS: &str = ".problems.txt";

/// A new file: its name, bytes and receipt.
type New<'a> = (&'a str, &'a [u8], &'a IdempotencyKey);

impl Local {
    /// New files: submitted, or moved to `rejected/` with every problem.
    pub(super) async fn take_in(
        &self,
        settings: &Settings,
        by: &Actor,
        scan: &Scan,
        memory: &mut Memory,
        report: &mut Report,
    ) -> Result<(), Fault> {
        let new: Vec<New<'_>> = scan
            .findings
            .iter()
            .filter_map(|f| match f {
                Finding::New { name, bytes, receipt } => Some((name.as_str(), bytes.as_slice(), receipt)),
                _ => None,
            })
            .collect();
        let new = self.take_back(by, new, report).await?;
        memory.early.retain(|name, _| new.iter().any(|row| row.0 == name));
        if new.is_empty() {
            return Ok(());
        }
        let intake = Intake::new(self.place(), settings, self.clock().wall());
        let mut below = self.below(&intake, &new, memory, report);
        for finding in &scan.findings {
            if let Finding::Edited { name, bytes, .. } = finding {
                below.extend(intake.child_files(name, bytes));
            }
        }
        let near = new.iter().filter(|row| below.contains(row.0));
        let intake = intake.among(near.map(|row| (row.0.to_string(), row.1.to_vec())).collect());
        let mut ready: Vec<(Ready, &IdempotencyKey)> = Vec::new();
        for (name, bytes, receipt) in new.into_iter().filter(|row| !below.contains(row.0)) {
            match intake.read(name, bytes) {
                Ok(one) => ready.push((one, receipt)),
                Err(problems) => self.reject(name, problems, report).await?,
            }
        }
        let keyed: Vec<_> = ready.iter().map(|(one, receipt)| (one, Some((*receipt).clone()))).collect();
        let submitted = submit_once(self, by, None, &keyed).await?;
        for ((one, receipt), became) in ready.iter().zip(submitted) {
            let name = one.job.file.as_deref().unwrap_or_default();
            self.became(name, receipt, became, report).await?;
        }
        Ok(())
    }

    /// Takes files out that had been deleted and are back; gives the others.
    async fn take_back<'a>(
        &self,
        by: &Actor,
        new: Vec<New<'a>>,
        report: &mut Report,
    ) -> Result<Vec<New<'a>>, Fault> {
        let cancelled = if new.is_empty() { Vec::new() } else { cancelled(&self.snapshot()) };
        let mut fresh = Vec::new();
        for row in new {
            if !self.comes_back(by, &cancelled, (row.0, row.1), report).await? {
                fresh.push(row);
            }
        }
        Ok(fresh)
    }

    /// Files that are not looked at by themselves: children of new parents, and parents that still wait
    /// for the files of their children.
    fn below(
        &self,
        intake: &Intake<'_>,
        new: &[New<'_>],
        memory: &mut Memory,
        report: &mut Report,
    ) -> BTreeSet<String> {
        let names: BTreeSet<&str> = new.iter().map(|row| row.0).collect();
        let now = self.clock().boot();
        let mut below = BTreeSet::new();
        for (name, bytes, _) in new {
            let files = intake.child_files(name, bytes);
            if !files.iter().all(|file| names.contains(file.as_str())) {
                let since = *memory.early.entry((*name).to_string()).or_insert(now);
                let waited = now.as_millis().saturating_sub(since.as_millis());
                if waited < CHILDREN_WITHIN.as_millis() {
                    report.wait(Span::from_millis(CHILDREN_WITHIN.as_millis() - waited));
                    below.insert((*name).to_string());
                }
            }
            below.extend(files);
        }
        below
    }

    async fn became(
        &self,
        name: &str,
        receipt: &IdempotencyKey,
        became: Submitted,
        report: &mut Report,
    ) -> Result<(), Fault> {
        match became {
            Submitted::New(id) => report.lines.push(format!("submitted {id} from {name}")),
            Submitted::Superseded(id) => {
                report.lines.push(format!("{name} took the place of {id}'s text"));
                let name = name.to_string();
                self.mailbox().run(move |it| it.log().replace(&id, &name)).await??;
            }
            // Another process took in this very file between our look and our word.
            Submitted::Refused(no)
                if no.code == Code::AlreadyDone && self.snapshot().receipts.contains_key(receipt) => {}
            Submitted::Refused(no) => {
                let text = format!("{name}: {}\n    {}\n", no.message, no.hint);
                self.reject(name, text, report).await?;
            }
        }
        Ok(())
    }

    async fn reject(&self, name: &str, problems: String, report: &mut Report) -> Result<(), Fault> {
        let first = problems.lines().next().unwrap_or_default().to_string();
        let file = name.to_string();
        let to = self.mailbox().run(move |it| it.log().reject(&file, &problems)).await??;
        report.lines.push(match to {
            Some(to) => format!("rejected {name}: {first} (all problems: {}.problems.txt)", stem(&to)),
            // It was moved, deleted or written anew meanwhile: the next look sees what is there now.
            None => format!("not accepted: {first}"),
        });
        Ok(())
    }

    /// Edits of waiting manifests.
    pub(super) async fn take_edits(
        &self,
        settings: &Settings,
        by: &Actor,
        scan: &Scan,
        state: &State,
        memory: &mut Memory,
        report: &mut Report,
    ) -> Result<(), Fault> {
        let intake = Intake::new(self.place(), settings, self.clock().wall());
        let mut bad = BTreeSet::new();
        for finding in &scan.findings {
            let Finding::Edited { job: id, name, bytes } = finding else { continue };
            let Some(job) = state.job(id) else { continue };
            let why = match intake.read(name, bytes) {
                Ok(ready) => match self.edit(by, job, ready).await? {
                    None => {
                        report.lines.push(format!("{id} has the text of {name} as edited"));
                        continue;
                    }
                    Some(no) if matches!(no.code, Code::NoChange | Code::Moved) => continue,
                    Some(no) => format!("{name}: {}\n    {}\n", no.message, no.hint),
                },
                Err(problems) => problems,
            };
            self.refuse_edit(id, name, bytes, &why, memory, report)?;
            bad.insert(self.problems_of(name));
        }
        // While something is being written, what is bad now cannot be told from what was.
        if scan.again.is_none() {
            self.clear_problems(&bad);
        }
        Ok(())
    }

    /// Asks for one edit; gives the law's no.
    async fn edit(
        &self,
        by: &Actor,
        job: &Job,
        ready: Ready,
    ) -> Result<Option<crate::fleet::Refusal>, Fault> {
        let id = job.id.clone();
        let body = self.put_blob(ready.job.body).await?;
        let effective = self.put_blob(ready.job.effective).await?;
        let spec = Box::new(ready.job.spec);
        let edit = Command::Supersede { job: id.clone(), spec, body, effective };
        match self.ask(hand(by, job, edit)).await? {
            Ok(_) => add_children(self, by, &id, &ready.children).await,
            Err(no) => Ok(Some(no)),
        }
    }

    /// The job keeps its text; the problems of the edit stand where those of rejected manifests do.
    fn refuse_edit(
        &self,
        id: &JobId,
        name: &str,
        bytes: &[u8],
        problems: &str,
        memory: &mut Memory,
        report: &mut Report,
    ) -> Result<(), Fault> {
        if memory.bad_edits.insert((id.clone(), BlobId::new(blake3::hash(bytes).to_hex()))) {
            crate::store::write_whole(&self.problems_of(name), problems.as_bytes())?;
            let first = problems.lines().next().unwrap_or_default();
            report.lines.push(format!("the edit of {name} is not used, {id} keeps its text: {first}"));
        }
        Ok(())
    }

    fn problems_of(&self, name: &str) -> std::path::PathBuf {
        self.place().rejected().join(format!("{}{PROBLEMS}", stem(name.as_ref())))
    }

    /// Takes away problems of what is mended or gone: those that stand neither beside their rejected file nor
    /// in `kept`.
    fn clear_problems(&self, kept: &BTreeSet<std::path::PathBuf>) {
        let entries = std::fs::read_dir(self.place().rejected()).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(stem) = name.strip_suffix(PROBLEMS) else { continue };
            if !kept.contains(&path) && !path.with_file_name(format!("{stem}.md")).exists() {
                // Another process may have been faster.
                let _ = std::fs::remove_file(&path);
            }
        }
    }
}

fn stem(path: &std::path::Path) -> String {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    name.strip_suffix(".md").map_or(name.clone(), str::to_string)
}
