//! From what hands do in the folder to what the law is asked: manifests become submits, moves become
//! operators' actions. What the law refuses is undone and reported.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::fleet::Submission;
use crate::git::Repo;
use crate::job::{
    Child, Effective, FOLDERS, Facts, JobId, Known, Manifest, Problem, Profile, Resolved, is_here,
    profile_name, read_manifest, read_on, render_problems, resolve, work_place,
};
use crate::store::Place;
use crate::time::Stamp;

use super::settings::Settings;

/// What a new manifest begins with, where a person writes one in an editor.
pub const TEMPLATE: &str = "---\n\
    # every field: aq help manifest\n\
    #priority: high\n\
    #verify: make test\n\
    ---\n\
    \n\
    # What is to be done\n\
    \n";

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
    /// The submission under that id, once its blobs are stored.
    pub fn submission(
        &self,
        job: JobId,
        body: crate::job::BlobId,
        effective: crate::job::BlobId,
    ) -> Submission {
        Submission { job, spec: self.spec.clone(), body, effective, file: self.file.clone() }
    }
}

/// Everything that is wrong with one file and with the files it names.
struct Page<'a> {
    name: &'a str,
    bytes: &'a [u8],
    problems: Vec<Problem>,
    /// Of other files, or of none: rendered already.
    others: Vec<String>,
}

impl Page<'_> {
    fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.others.is_empty()
    }

    fn text(mut self) -> String {
        self.problems.sort_by_key(|problem| problem.at);
        // A field and the whole may find the same, and children inherit the place of their parent.
        self.problems.dedup();
        let mut seen = BTreeSet::new();
        self.others.retain(|text| seen.insert(text.clone()));
        let own = match self.problems.is_empty() {
            true => String::new(),
            false => render_problems(self.name, self.bytes, &self.problems),
        };
        own + &self.others.concat()
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
    grounds: RefCell<BTreeMap<String, Result<bool, String>>>,
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
            grounds: RefCell::default(),
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
    /// Every problem, rendered with carets: of the fields, of what they add up to, and of the children.
    pub fn read(&self, name: &str, bytes: &[u8]) -> Result<Ready, String> {
        let mut page = Page { name, bytes, problems: Vec::new(), others: Vec::new() };
        let (manifest, problems) = read_on(bytes, name, &self.known, self.now);
        page.problems = problems;
        let Some(manifest) = manifest else { return Err(page.text()) };
        let job = self.draft(&manifest, name, bytes, &mut page);
        let mut children = Vec::new();
        for child in &manifest.children {
            children.push(match child {
                Child::Inline(inline) => {
                    let file = format!("{}.md", inline.manifest.stem);
                    self.draft(&inline.manifest, &file, inline.text.as_bytes(), &mut page)
                }
                Child::File(path) => self.child_file(path, &mut page),
            });
        }
        let children: Option<Vec<Draft>> = children.into_iter().collect();
        match (job, children) {
            (Some(job), Some(children)) if page.is_clean() => Ok(Ready { job, children }),
            _ => Err(page.text()),
        }
    }

    fn child_file(&self, path: &str, page: &mut Page<'_>) -> Option<Draft> {
        let file = if path.ends_with(".md") { path.to_string() } else { format!("{path}.md") };
        let bytes = match self.bytes_of_child(&file) {
            Ok(bytes) => bytes,
            Err(why) => {
                page.others.push(why);
                return None;
            }
        };
        let mut own = Page { name: &file, bytes: &bytes, problems: Vec::new(), others: Vec::new() };
        let (manifest, problems) = read_on(&bytes, &file, &self.known, self.now);
        own.problems = problems;
        let draft = manifest.and_then(|manifest| self.draft(&manifest, &file, &bytes, &mut own));
        if own.is_clean() {
            return draft;
        }
        page.others.push(own.text());
        None
    }

    fn bytes_of_child(&self, file: &str) -> Result<Vec<u8>, String> {
        let at = self.place.queue.join("inbox").join(file);
        let found = self.near.as_ref().and_then(|near| near.get(file).cloned());
        match (found, &self.near) {
            (Some(bytes), _) => Ok(bytes),
            (None, Some(_)) if at.exists() => Err(format!(
                "the child {file} is a job of its own already\n    name it in deps, or drop parent and children together\n"
            )),
            // Of an edited parent: its children may have moved on.
            (None, _) => {
                let mut paths = FOLDERS.iter().map(|row| self.place.queue.join(row.1).join(file));
                let found = paths.find_map(|path| std::fs::read(path).ok());
                found.ok_or_else(|| format!("there is no file for the child {}\n", at.display()))
            }
        }
    }

    /// What a manifest amounts to here; what is wrong goes to `page`, whose file the manifest stands in.
    fn draft(&self, manifest: &Manifest, name: &str, bytes: &[u8], page: &mut Page<'_>) -> Option<Draft> {
        let profile = match self.profile(profile_name(manifest, &self.settings.config)) {
            Ok(profile) => profile,
            Err(problems) => {
                page.others.push(problems);
                return None;
            }
        };
        let folder = self.place.project.to_string_lossy();
        let at = work_place(manifest, &folder, self.home.as_deref());
        let ground = if is_here(&at) { self.ground(&at.cwd) } else { Ok(false) };
        let facts = Facts {
            folder: folder.to_string(),
            home: self.home.clone(),
            in_git: *ground.as_ref().unwrap_or(&false),
            unusable: ground.err(),
            place_needed: super::settings::data_home().is_some_and(|home| self.place.queue.starts_with(home)),
        };
        match resolve(manifest, &profile, &self.settings.config, &self.known, &facts) {
            Ok(Resolved { spec, effective }) => Some(Draft {
                body: bytes.to_vec(),
                effective: stored(&effective),
                spec,
                file: Some(name.to_string()),
            }),
            Err(problems) => {
                page.problems.extend(problems);
                None
            }
        }
    }

    fn profile(&self, name: &str) -> Result<Profile, String> {
        let mut seen = self.profiles.borrow_mut();
        seen.entry(name.to_string()).or_insert_with(|| self.settings.profile(name)).clone()
    }

    /// Whether jobs of this folder get worktrees; the error is why nothing can be done there.
    fn ground(&self, cwd: &str) -> Result<bool, String> {
        let path = std::path::Path::new(cwd);
        let look = || match path.metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(format!("there is no folder {cwd}"))
            }
            Ok(meta) if !meta.is_dir() => Err(format!("{cwd} is not a folder")),
            _ => match Repo::discover(path) {
                Ok(found) => Ok(found.is_some()),
                Err(error) => Err(format!("cannot work in {cwd}: {error}")),
            },
        };
        self.grounds.borrow_mut().entry(cwd.to_string()).or_insert_with(look).clone()
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
