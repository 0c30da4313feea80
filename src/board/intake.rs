//! From what hands do in the folder to what the law is asked: manifests become submits, moves become
//! operators' actions. What the law refuses is undone and reported.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::fleet::Submission;
use crate::git::Repo;
use crate::job::{
    Child, Effective, FOLDERS, Facts, JobId, Known, Manifest, Problem, Profile, Resolved, profile_name,
    read_manifest, render_problems, resolve, work_place,
};
use crate::store::Place;
use crate::time::Stamp;

use super::settings::Settings;

/// A manifest made ready for the law: what to submit first, then its children below it.
#[derive(Clone, PartialEq, Debug)]
pub struct Ready {
    /// The job itself.
    pub job: Draft,
    /// Its inline children and those in files.
    pub children: Vec<Draft>,
}

/// A submission whose blobs are not stored yet.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft {
    /// The manifest's bytes.
    pub body: Vec<u8>,
    /// The worker's values, as stored.
    pub effective: Vec<u8>,
    /// What the law reads.
    pub spec: crate::job::Spec,
    /// The file it stands in, or will.
    pub file: Option<String>,
}

impl Draft {
    /// The submission, once its blobs are stored; `chance` makes the id.
    pub fn submission(
        &self,
        body: crate::job::BlobId,
        effective: crate::job::BlobId,
        chance: u64,
    ) -> Submission {
        let job = JobId::mint(&self.spec.title, chance);
        Submission { job, spec: self.spec.clone(), body, effective, file: self.file.clone() }
    }
}

/// Turns manifests into drafts by the settings of a place.
pub struct Intake<'a> {
    place: &'a Place,
    settings: &'a Settings,
    now: Stamp,
    home: Option<String>,
    known: Known,
    /// Files of inbox that are complete and belong to nobody; a child's file must be among them.
    near: Option<BTreeMap<String, Vec<u8>>>,
    /// Ten thousand files ask the same few questions of the disk; each is asked once.
    profiles: RefCell<BTreeMap<String, Result<Profile, String>>>,
    in_git: RefCell<BTreeMap<String, Result<bool, String>>>,
}

impl<'a> Intake<'a> {
    /// Ready to read; `now` resolves times of day.
    pub fn new(place: &'a Place, settings: &'a Settings, now: Stamp) -> Intake<'a> {
        Intake {
            place,
            settings,
            now,
            home: std::env::var("HOME").ok(),
            known: settings.known(),
            near: None,
            profiles: RefCell::default(),
            in_git: RefCell::default(),
        }
    }

    /// Takes files of children only from these.
    #[must_use]
    pub(super) fn among(self, near: BTreeMap<String, Vec<u8>>) -> Intake<'a> {
        Intake { near: Some(near), ..self }
    }

    /// Reads one manifest with its children.
    ///
    /// # Errors
    /// Every problem, rendered with carets.
    pub fn read(&self, name: &str, bytes: &[u8]) -> Result<Ready, String> {
        let problems = |problems: Vec<Problem>| render_problems(name, bytes, &problems);
        let manifest = read_manifest(bytes, name, &self.known, self.now).map_err(problems)?;
        let job = self.draft(&manifest, name, bytes)?;
        let mut children = Vec::new();
        for child in &manifest.children {
            children.push(match child {
                Child::Inline(inline) => {
                    let mut draft = self.draft(&inline.manifest, name, inline.text.as_bytes())?;
                    draft.file = Some(format!("{}.md", inline.manifest.stem));
                    draft
                }
                Child::File(path) => self.child_file(path)?,
            });
        }
        Ok(Ready { job, children })
    }

    fn child_file(&self, path: &str) -> Result<Draft, String> {
        let file = if path.ends_with(".md") { path.to_string() } else { format!("{path}.md") };
        let at = self.place.queue.join("inbox").join(&file);
        let found = self.near.as_ref().and_then(|near| near.get(&file).cloned());
        let bytes = match (found, &self.near) {
            (Some(bytes), _) => bytes,
            (None, Some(_)) if at.exists() => {
                return Err(format!(
                    "the child {file} is a job of its own already\n    name it in deps, or drop parent and children together\n"
                ));
            }
            // Of an edited parent: its children may have moved on.
            (None, _) => {
                let mut paths = FOLDERS.iter().map(|row| self.place.queue.join(row.1).join(&file));
                let found = paths.find_map(|path| std::fs::read(path).ok());
                found.ok_or_else(|| format!("there is no file for the child {}\n", at.display()))?
            }
        };
        let manifest = read_manifest(&bytes, &file, &self.known, self.now)
            .map_err(|problems| render_problems(&file, &bytes, &problems))?;
        self.draft(&manifest, &file, &bytes)
    }

    fn draft(&self, manifest: &Manifest, name: &str, bytes: &[u8]) -> Result<Draft, String> {
        let profile = self.profile(profile_name(manifest, &self.settings.config))?;
        let folder = self.place.project.to_string_lossy();
        let at = work_place(manifest, &folder, self.home.as_deref());
        let facts = Facts {
            folder: folder.to_string(),
            home: self.home.clone(),
            in_git: self.in_git(&at.cwd)?,
            place_needed: super::settings::data_home().is_some_and(|home| self.place.queue.starts_with(home)),
        };
        let Resolved { spec, effective } =
            resolve(manifest, &profile, &self.settings.config, &self.known, &facts)
                .map_err(|problems| render_problems(name, bytes, &problems))?;
        Ok(Draft { body: bytes.to_vec(), effective: stored(&effective), spec, file: Some(name.to_string()) })
    }

    fn profile(&self, name: &str) -> Result<Profile, String> {
        let mut seen = self.profiles.borrow_mut();
        seen.entry(name.to_string()).or_insert_with(|| self.settings.profile(name)).clone()
    }

    /// Whether jobs of this folder get worktrees. A refusal of the repository is a problem of the job.
    fn in_git(&self, cwd: &str) -> Result<bool, String> {
        let look = || match Repo::discover(std::path::Path::new(cwd)) {
            Ok(found) => Ok(found.is_some()),
            Err(error) => Err(format!("cannot work in {cwd}: {error}\n")),
        };
        self.in_git.borrow_mut().entry(cwd.to_string()).or_insert_with(look).clone()
    }

    /// Files that a manifest names as children: they are taken in below it, not by themselves.
    pub(super) fn child_files(&self, name: &str, bytes: &[u8]) -> Vec<String> {
        // Nearly no manifest has children: the word must at least occur.
        if !bytes.windows(8).any(|w| w == b"children") {
            return Vec::new();
        }
        let Ok(manifest) = read_manifest(bytes, name, &self.known, self.now) else { return Vec::new() };
        let file = |child: Child| match child {
            Child::File(file) if file.ends_with(".md") => Some(file),
            Child::File(file) => Some(format!("{file}.md")),
            Child::Inline(_) => None,
        };
        manifest.children.into_iter().filter_map(file).collect()
    }
}

/// The stored form of a worker's values.
fn stored(effective: &Effective) -> Vec<u8> {
    serde_json::to_vec(effective).unwrap_or_default()
}
