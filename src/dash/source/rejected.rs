//! What lies in `rejected/`: manifests that were not accepted, and problems of edits that are not used.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::insight::Rejected;
use crate::time::Stamp;

/// Files that are told of: whoever has more has to look there anyway.
const MOST: usize = 1_000;
/// Bytes of problems that are read of each: more than a person reads.
const PROBLEMS_MOST: u64 = 64 * 1024;
/// What follows the stem of a manifest in the name of the file of its problems.
const PROBLEMS: &str = ".problems.txt";

/// What lies in that folder, by its names. What did not change since `known` is not read again.
pub fn rejected(folder: &Path, known: &[Rejected]) -> Vec<Rejected> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let all: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let stem = |name: &String| {
        let stem = name.strip_suffix(PROBLEMS).or(name.strip_suffix(".md"));
        stem.map(str::to_string)
    };
    let mut stems: Vec<String> = all.iter().filter_map(stem).collect();
    stems.sort();
    stems.dedup();
    stems.truncate(MOST);
    let files: std::collections::HashSet<&String> = all.iter().collect();
    stems.iter().map(|stem| one(folder, stem, !files.contains(&format!("{stem}.md")), known)).collect()
}

/// Problems without a manifest beside them are those of an edit.
fn one(folder: &Path, stem: &str, edit: bool, known: &[Rejected]) -> Rejected {
    let name = format!("{stem}.md");
    let path = folder.join(format!("{stem}{PROBLEMS}"));
    let changed = |path: &Path| std::fs::metadata(path).and_then(|it| it.modified()).ok();
    let since = changed(&path).or_else(|| changed(&folder.join(&name))).map(Stamp::from_system);
    if let Some(same) = known.iter().find(|it| it.name == name && it.since == since && it.edit == edit) {
        return same.clone();
    }
    let mut bytes = Vec::new();
    // Taken away since it was listed: the next look knows.
    let _ = File::open(&path).and_then(|file| file.take(PROBLEMS_MOST).read_to_end(&mut bytes));
    Rejected { name, problems: String::from_utf8_lossy(&bytes).into_owned(), since, edit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_and_edits_are_told_apart_and_read_when_they_change() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = dir.path();
        for (name, text) in
            [("a.md", "text"), ("a.problems.txt", "no engine"), ("b.problems.txt", "no title")]
        {
            std::fs::write(folder.join(name), text).expect("written");
        }
        let found = rejected(folder, &[]);
        let told: Vec<String> = found.iter().map(Rejected::told).collect();
        assert_eq!(told, ["a.md was rejected: no engine", "the edit of b.md is not used: no title"]);
        let known: Vec<Rejected> =
            found.into_iter().map(|it| Rejected { problems: "as known".to_string(), ..it }).collect();
        assert!(rejected(folder, &known).iter().all(|it| it.problems == "as known"));
    }
}
