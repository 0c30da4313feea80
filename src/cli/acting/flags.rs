//! Flags and targets of the verbs that change something.

use std::io::Read as _;

use clap::Args as ClapArgs;

use crate::board::Purpose;
use crate::cli::frame::{CliError, Context, Toward, find_job, find_jobs, parse_moment};
use crate::cli::scene::{aside, filter_of, hosts};
use crate::engine::is_gone;
use crate::fleet::{Action, Job, State};
use crate::insight::{Aside, Scene};
use crate::job::{Budget, Epoch, IdempotencyKey, JobId, Stage};
use crate::store::is_edited;
use crate::time::Stamp;

/// Names read from standard input; more is no list that a person made.
const NAMES_MOST: u64 = 16 << 20;

/// Flags of every verb that changes something.
#[derive(ClapArgs, Clone, Debug, Default)]
pub struct Changing {
    /// A note that stays with the event
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub message: Option<String>,
    /// Show what would happen, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Answer yes to what would be asked
    #[arg(long)]
    pub yes: bool,
    /// The number or name that would have to be typed
    #[arg(long, value_name = "WORD")]
    pub confirm: Option<String>,
}

/// Several jobs.
#[derive(ClapArgs, Clone, Debug, Default)]
pub struct Many {
    /// The jobs; - reads their names from standard input
    #[arg(value_name = "JOB", required_unless_present = "filter")]
    pub jobs: Vec<String>,
    /// Those that a filter lets through, where the verb is lawful
    #[arg(long, value_name = "FILTER", conflicts_with = "jobs")]
    pub filter: Option<String>,
    /// Refuse unless the job still stands there
    #[arg(long, value_name = "STAGE@EPOCH")]
    pub from: Option<String>,
}

/// One job.
#[derive(ClapArgs, Clone, Debug, Default)]
pub struct One {
    /// The job
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Refuse unless the job still stands there
    #[arg(long, value_name = "STAGE@EPOCH")]
    pub from: Option<String>,
}

/// What is acted on, and where it must stand.
pub struct Targets {
    /// The jobs, each once, in the order given.
    pub jobs: Vec<JobId>,
    /// Where the only job must stand.
    pub from: Option<(Stage, Epoch)>,
}

impl Many {
    /// The jobs that are meant. One name that means none, and nothing is done to any. A filter means
    /// the jobs that `action` is lawful for, unless it names stages itself.
    ///
    /// # Errors
    /// Exit 2 or 3 for a name; exit 2 for a filter that cannot be read and for `--from` with several jobs.
    pub fn targets(&self, cx: &Context, state: &State, action: Action) -> Result<Targets, CliError> {
        let jobs = match &self.filter {
            None => find_jobs(state, &names(&self.jobs)?)?,
            Some(text) => filtered(cx, state, action, text)?,
        };
        let from = self.from.as_deref().map(parse_from).transpose()?;
        if from.is_some() && jobs.len() > 1 {
            return Err(CliError::usage("--from is about one job, and several are named")
                .next("leave it out, or name one job"));
        }
        Ok(Targets { jobs, from })
    }
}

impl One {
    /// The job that is meant.
    ///
    /// # Errors
    /// Exit 2 or 3 for its name.
    pub fn targets(&self, state: &State) -> Result<Targets, CliError> {
        let from = self.from.as_deref().map(parse_from).transpose()?;
        Ok(Targets { jobs: vec![find_job(state, &self.job)?], from })
    }
}

fn filtered(cx: &Context, state: &State, action: Action, text: &str) -> Result<Vec<JobId>, CliError> {
    let filter = filter_of(&[text.to_string()])?;
    let hosts = if filter.asks_scores() { hosts(cx)? } else { Vec::new() };
    let place = cx.place()?;
    let edited = |job: &Job| is_edited(place, job);
    let wanted = |job: &Job| filter.names_stages() || action.row().from.contains(&job.stage);
    let aside = match filter.asks_tag("at-risk") || filter.asks_tag("critical") {
        true => aside(cx, &cx.local(Purpose::Read)?, (state, cx.now(state)), &wanted)?,
        false => Aside::default(),
    };
    let scene =
        Scene { state, now: cx.now(state), hosts: &hosts, gone: &is_gone, edited: &edited, aside: &aside };
    let jobs = state.jobs.values().filter(|job| wanted(job) && filter.lets(job, &scene));
    Ok(jobs.map(|job| job.id.clone()).collect())
}

/// `-` becomes the names on standard input, separated by blanks or lines; of a record only the first
/// field counts, so that the output of `aq ls` can be piped in.
fn names(words: &[String]) -> Result<Vec<String>, CliError> {
    let mut names = Vec::new();
    for word in words {
        if word != "-" {
            names.push(word.clone());
            continue;
        }
        let mut text = String::new();
        let read = std::io::stdin().lock().take(NAMES_MOST).read_to_string(&mut text);
        read.map_err(|e| CliError::io("read", std::path::Path::new("standard input"), &e))?;
        for line in text.lines() {
            match line.split_once('\t') {
                Some((first, _)) => names.push(first.trim().to_string()),
                None => names.extend(line.split_whitespace().map(str::to_string)),
            }
        }
    }
    names.retain(|name| !name.is_empty());
    if names.is_empty() {
        return Err(CliError::usage("no job is named").next("list jobs: aq ls"));
    }
    Ok(names)
}

/// Reads `STAGE@EPOCH`.
fn parse_from(text: &str) -> Result<(Stage, Epoch), CliError> {
    let parts = text.split_once('@');
    let read = parts.and_then(|(stage, epoch)| Some((Stage::parse(stage)?, epoch.parse().ok()?)));
    read.ok_or_else(|| {
        CliError::usage(format!("--from does not understand {text:?}"))
            .why("it is a stage and an epoch, as aq show JOB tells them")
            .next("write: --from building@1")
    })
}

/// Reads `usd=8`, `tokens=2000000`, `turns=50`, `wall=3h`, joined by commas.
///
/// # Errors
/// Exit 2 with the forms.
pub fn parse_budget(text: &str) -> Result<Budget, CliError> {
    Budget::parse(text).map_err(|part| {
        CliError::usage(format!("--budget does not understand {part:?}"))
            .next("write: --budget usd=8, or tokens=2000000, turns=50, wall=3h, joined by commas")
    })
}

/// Reads the moment of `--until`, which has to come.
///
/// # Errors
/// Exit 2 if it cannot be read or is over.
pub fn parse_until(text: &str, now: Stamp) -> Result<Stamp, CliError> {
    let at = parse_moment("--until", text, Toward::Future, now)?;
    if at <= now {
        return Err(CliError::usage(format!("--until {text} is over already"))
            .next("name a moment to come: --until 22:00 or --until 2h"));
    }
    Ok(at)
}

/// The words that a verb cannot do without.
///
/// # Errors
/// Exit 2 if they are missing or blank.
pub fn must_say<'a>(message: Option<&'a str>, verb: &str, why: &str) -> Result<&'a str, CliError> {
    message.filter(|text| !text.trim().is_empty()).ok_or_else(|| {
        CliError::usage(format!("aq {verb} needs words: -m TEXT"))
            .why(why)
            .next(format!("write: aq {verb} JOB -m \"...\""))
    })
}

/// A fresh name for one call of a verb. Its orders get `NAME/0`, `NAME/1`, ..., by which `aq undo` knows
/// what was one action.
pub fn key_of_action(prefix: &str) -> impl Fn(usize) -> Option<IdempotencyKey> {
    let name = format!("{prefix}-{:016x}", fastrand::u64(..));
    move |nth| Some(IdempotencyKey::new(format!("{name}/{nth}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    #[test]
    fn budgets_read() {
        let all = parse_budget("usd=8, tokens=5,turns=2,wall=3h").expect("reads");
        let wall = Some(Span::from_mins(180));
        assert_eq!(all, Budget { micro_usd: Some(8_000_000), tokens: Some(5), turns: Some(2), wall });
        for bad in ["", "8", "usd", "usd=x", "euro=3", "usd=1,", "wall=3"] {
            assert!(parse_budget(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn places_read() {
        assert_eq!(parse_from("building@1").expect("reads"), (Stage::Building, 1));
        for bad in ["building", "@1", "house@1", "building@x", ""] {
            assert!(parse_from(bad).is_err(), "{bad}");
        }
    }
}
