//! Which job a name means: an id, an idempotency key, a file stem, or any unique beginning of an id.

use super::complaint::CliError;
use crate::fleet::State;
use crate::job::JobId;

/// Candidates listed before the rest is only counted.
const CANDIDATES_MOST: usize = 10;

/// The job that `name` means, archived ones included.
///
/// # Errors
/// Exit 2 with the candidates if several begin so, exit 3 if none does.
pub fn find_job(state: &State, name: &str) -> Result<JobId, CliError> {
    if name.is_empty() {
        return Err(CliError::usage("a job's name is empty").next("list jobs: aq ls"));
    }
    let stem = name.strip_suffix(".md").map_or(name, |stem| stem.rsplit('/').next().unwrap_or(stem));
    if let Some(id) = state.find_named(name).or_else(|| state.find_named(stem)) {
        return Ok(id);
    }
    let from = JobId::from(name);
    let hot =
        state.jobs.range(from.clone()..).map(|row| row.0).take_while(|id| id.as_str().starts_with(name));
    let cold = state.tombs.range(from..).map(|row| row.0).take_while(|id| id.as_str().starts_with(name));
    let mut found: Vec<&JobId> = hot.chain(cold).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(unknown(state, name)),
        _ => {
            found.sort();
            Err(ambiguous(name, &found))
        }
    }
}

/// The jobs that `names` mean, in the order given, each once.
///
/// # Errors
/// As [`find_job`], for the first name that cannot be found.
pub fn find_jobs(state: &State, names: &[String]) -> Result<Vec<JobId>, CliError> {
    let mut found: Vec<JobId> = Vec::new();
    for name in names {
        let id = find_job(state, name)?;
        if !found.contains(&id) {
            found.push(id);
        }
    }
    Ok(found)
}

fn unknown(state: &State, name: &str) -> CliError {
    let ids = state.jobs.keys().chain(state.tombs.keys()).map(JobId::as_str);
    let error = CliError::not_found(format!("no job {name}")).field("name", name);
    let error = match nearest_word(name, ids) {
        Some(near) => error.why(format!("did you mean: {near}")),
        None => error.why("no id, idempotency key or file name is or begins so"),
    };
    error.next("list jobs: aq ls --all")
}

fn ambiguous(name: &str, found: &[&JobId]) -> CliError {
    let mut error = CliError::usage(format!("{name} could be any of {} jobs", found.len()));
    for id in found.iter().take(CANDIDATES_MOST) {
        error = error.why(id.as_str());
    }
    if found.len() > CANDIDATES_MOST {
        error = error.why(format!("and {} more", found.len() - CANDIDATES_MOST));
    }
    let candidates: Vec<&str> = found.iter().map(|id| id.as_str()).collect();
    error.field("candidates", candidates).next("write more of the name")
}

/// The word most like `wrong`, if any is like it at all: a prefix of it, or two letters off.
pub fn nearest_word<'a>(wrong: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Two of nine letters may be wrong, one of four, none of two.
    let most = (wrong.chars().count() / 3).clamp(1, 3);
    let scored = words.filter_map(|word| {
        let stem = word.rsplit_once('-').map_or(word, |row| row.0);
        let off = strsim::osa_distance(wrong, word).min(strsim::osa_distance(wrong, stem));
        (off <= most).then_some((off, word))
    });
    scored.min().map(|row| row.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_near() {
        let words = ["ls", "show", "explain", "events", "fix-login-7k2m"];
        let check = |wrong: &str, expected: Option<&str>| {
            assert_eq!(nearest_word(wrong, words.into_iter()), expected)
        };
        check("lss", Some("ls"));
        check("exlpain", Some("explain"));
        check("evnets", Some("events"));
        check("fix-logn", Some("fix-login-7k2m"));
        check("frobnicate", None);
        check("zz", None);
    }
}
