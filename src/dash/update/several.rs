//! A sheet about several jobs: what is told of all of them, of each, and of marks that are not meant.

use crate::dash::keys::AND;
use crate::dash::model::{GISTS_MOST, GistOf, Model, Sheet};
use crate::fleet::{Action, Job};
use crate::insight::{short_rev, stakes_of_all};
use crate::job::{JobId, ShipKind};

/// What stands for the size of a change until it was read.
pub const SIZE_TO_COME: &str = "size is read";
/// Jobs named in a sheet before the rest is only counted.
pub const NAMED_MOST: usize = 8;

/// What a person must know of marks that are not meant, or not in sight: they see another number than is acted on.
pub fn aside(action: Action, jobs: &[&Job], others: &[&Job], unseen: &[&JobId]) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    if !others.is_empty() {
        let (all, some) = (jobs.len() + others.len(), jobs.len());
        let why = not_meant(action, others);
        rows.push((
            "marked".to_string(),
            format!("{all} marked, {some} can be {}: {why}", action.row().past),
        ));
    }
    if !unseen.is_empty() {
        let named: Vec<&str> = unseen.iter().take(NAMED_MOST).map(|id| id.as_str()).collect();
        let more = unseen.len().saturating_sub(NAMED_MOST);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let text = format!("{} not in this list: {}{more}", unseen.len(), named.join(" "));
        rows.push(("hidden".to_string(), text));
    }
    rows
}

/// `3 are shipped, 1 is parked already`.
fn not_meant(action: Action, others: &[&Job]) -> String {
    let word = |job: &Job| match action {
        Action::Park if job.park.is_some() => "parked already",
        _ if action.row().from.contains(&job.stage) => "refused by the law",
        _ => job.stage.name(),
    };
    let mut words: Vec<&str> = others.iter().map(|job| word(job)).collect();
    words.sort_unstable();
    let each = words.chunk_by(|a, b| a == b).map(|same| match same {
        [one] => format!("1 is {one}"),
        same => format!("{} are {}", same.len(), same[0]),
    });
    each.collect::<Vec<_>>().join(", ")
}

/// What is read of the change that a yes is about.
pub fn head_of(job: &Job) -> Option<GistOf> {
    job.head.as_ref().and_then(|head| head.rev.clone()).map(GistOf::Change)
}

/// Whether a person saw the work that stands now: here, or whoever approved it.
pub fn is_looked_at(model: &Model, job: &Job) -> bool {
    let head = job.head.as_ref().and_then(|head| head.rev.as_ref());
    let here = head.is_none_or(|head| model.looked.get(&job.id) == Some(head));
    here || job.awaited_pr().is_some() || job.approvals() > 0
}

/// The gate of several at once: the sums first, then each with its revision, proof, size and way.
pub fn each_of(
    model: &Model,
    action: Action,
    jobs: &[&Job],
    sizes: &mut Vec<(JobId, GistOf, usize)>,
) -> Vec<(String, String)> {
    let count = |is: &dyn Fn(&Job) -> bool| jobs.iter().filter(|job| is(job)).count();
    let merges = |job: &Job| job.spec.ship == ShipKind::Merge && job.spec.worktree;
    let parts = [
        (count(&|job| !job.is_proven()), "UNPROVEN"),
        (count(&merges), "to be merged"),
        (count(&|job| !is_looked_at(model, job)), "not opened"),
    ];
    let parts = parts.into_iter().filter(|part| part.0 > 0).map(|(n, word)| format!("{n} {word}"));
    let sums = parts.collect::<Vec<_>>().join(", ");
    let mut rows = vec![("jobs".to_string(), format!("{}: {sums}", jobs.len()))];
    for job in jobs {
        let rev = short_rev(job.head.as_ref().and_then(|head| head.rev.as_ref()));
        let proof = if job.is_proven() { "verified" } else { "UNPROVEN" };
        let way = if job.spec.worktree { job.spec.ship.name() } else { "in place" };
        let looked = if is_looked_at(model, job) { "" } else { ", not opened" };
        let size = match head_of(job) {
            Some(of) => {
                sizes.push((job.id.clone(), of, rows.len()));
                SIZE_TO_COME
            }
            None => "no revision",
        };
        let text = format!("{rev} {proof}, {size}, {way}{looked}; {}", job.spec.title);
        rows.push((job.id.to_string(), text));
    }
    rows.extend(sums_of(model, action, jobs));
    rows
}

/// More changes than are read at once: the rows of the rest say that nobody waits for a size.
pub fn without_the_rest(sheet: &mut Sheet) {
    let rest = sheet.sizes.drain(GISTS_MOST.min(sheet.sizes.len())..);
    for (_, _, row) in rest {
        if let Some(row) = sheet.rows.get_mut(row) {
            row.1 = row.1.replacen(SIZE_TO_COME, "size not read", 1);
        }
    }
}

/// What all of them lose and keep, who waits, and how to come back.
pub fn sums_of(model: &Model, action: Action, jobs: &[&Job]) -> impl Iterator<Item = (String, String)> {
    let rows = stakes_of_all(action, &model.replica.state, jobs);
    rows.into_iter().map(|(label, text)| (label.to_string(), text))
}

/// A change in figures, and how much of it would be read over.
pub fn size(plus: u64, minus: u64, hidden: usize) -> String {
    let hides = match hidden {
        0 => String::new(),
        1 => " hides characters: 1 line".to_string(),
        n => format!(" hides characters: {n} lines"),
    };
    format!("+{plus} -{minus}{hides}")
}

/// Several calls stand a line each; what is left out is told as a shell reads it.
pub fn in_lines(runs: &str) -> String {
    let mut lines: Vec<String> = runs.split(AND).map(str::to_string).collect();
    if lines.len() > NAMED_MOST {
        let more = lines.split_off(NAMED_MOST).len();
        lines.push(format!("# and {more} more like these"));
    }
    lines.join("\n")
}
