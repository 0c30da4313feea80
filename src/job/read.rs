//! From the bytes of a dropped file to a manifest, or to every problem it has, in one pass.

use super::body::first_heading;
use super::children::complete;
use super::front::{Front, split_front};
use super::manifest::{Body, MANIFEST, Manifest};
use super::problem::{At, Problem};
use super::reader::{Known, Reader};
use crate::time::Stamp;

/// Reads a job's file. `file_name` gives the stem; `now` is needed for times of day such as `22:00`.
///
/// # Errors
///
/// Every problem of the file, in the order of the file.
pub fn read_manifest(
    bytes: &[u8],
    file_name: &str,
    known: &Known,
    now: Stamp,
) -> Result<Manifest, Vec<Problem>> {
    match read_on(bytes, file_name, known, now) {
        (Some(manifest), problems) if problems.is_empty() => Ok(manifest),
        (_, problems) => Err(problems),
    }
}

/// Reads a job's file as far as it can be read: where the front matter is sound, the fields that are good
/// come with the problems of the others, so that what only the whole can show is told in the same pass.
pub fn read_on(bytes: &[u8], file_name: &str, known: &Known, now: Stamp) -> (Option<Manifest>, Vec<Problem>) {
    let Front { fields, body, body_line, problems } = match split_front(bytes) {
        Ok(front) => front,
        Err(problem) => return (None, vec![problem]),
    };
    let sound = problems.is_empty();
    let mut reader = Reader::new(Some(known), now);
    reader.stem = stem_of(file_name);
    let mut manifest = Manifest { stem: reader.stem.clone(), ..Manifest::default() };
    manifest.body = Body { text: body, line: body_line };
    reader.fields(&fields, &[MANIFEST], &mut manifest);
    complete(&mut reader, &mut manifest, &fields, At { line: body_line, column: 1, len: 1 });
    (sound.then_some(manifest), merge_problems(problems, reader.problems))
}

/// The text of a job behind its front matter, for a worker: what could not be read is not judged again.
pub fn body_of(bytes: &[u8]) -> Body {
    match split_front(bytes) {
        Ok(front) => Body { text: front.body, line: front.body_line },
        Err(_) => Body { text: String::from_utf8_lossy(bytes).into_owned(), line: 1 },
    }
}

/// Problems of the language before those of the fields; a line that could not be read says nothing of its field.
pub(super) fn merge_problems(language: Vec<Problem>, fields: Vec<Problem>) -> Vec<Problem> {
    let bad: std::collections::HashSet<u32> = language.iter().map(|p| p.at.line).collect();
    let mut all = language;
    all.extend(fields.into_iter().filter(|p| !bad.contains(&p.at.line)));
    all.sort_by_key(|p| p.at);
    all
}

/// A file's name without folder and `.md`.
fn stem_of(file_name: &str) -> String {
    let name = file_name.rsplit('/').next().unwrap_or(file_name);
    name.strip_suffix(".md").unwrap_or(name).to_string()
}

impl Manifest {
    /// What people see: the field, else the first heading, else the file's name.
    pub fn shown_title(&self) -> String {
        let heading = || first_heading(&self.body.text);
        self.title.clone().or_else(heading).unwrap_or_else(|| self.stem.clone())
    }
}
