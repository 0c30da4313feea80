//! How well hosts and a job fit: for each host while the job waits in the line, as it was granted while it runs.

use super::explain::host_gates;
use super::waits::{closed_words, spent_words};
use crate::fleet::{Claimant, Gate, Job, Now, Scale, Score, State, suits};
use crate::job::{HolderId, Stage};

/// A host as it stands to one job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rated {
    /// The process that would hold the lease.
    pub host: HolderId,
    /// Its engines.
    pub engines: Vec<String>,
    /// What it lacks, in words; nothing lacking, it could take the job.
    pub lacks: Vec<String>,
    /// How well they fit; `None` where it could not take it.
    pub score: Option<Score>,
}

/// The hosts, those first that lack least and fit best.
pub(super) fn rated(state: &State, job: &Job, now: Now, hosts: &[Claimant]) -> Vec<Rated> {
    let one = |who: &Claimant| {
        let lacks: Vec<String> = host_gates(state, job, now, who).iter().map(lack).collect();
        Rated {
            host: who.holder.clone(),
            engines: who.engines.iter().map(|offer| offer.name.clone()).collect(),
            score: lacks.is_empty().then(|| Scale::of(state, Some(who), now).score(job)),
            lacks,
        }
    };
    let mut all: Vec<Rated> = hosts.iter().map(one).collect();
    let total = |it: &Rated| it.score.map(|score| score.total());
    all.sort_by(|a, b| a.lacks.len().cmp(&b.lacks.len()).then(total(b).cmp(&total(a))));
    all
}

fn lack(gate: &Gate) -> String {
    match gate {
        Gate::Capability(capability) => format!("missing capability {capability}"),
        Gate::Engine(engine) => format!("missing engine {engine}"),
        Gate::Account(closed) => format!("{}: {}", closed.id, closed_words(closed)),
        Gate::EngineCeiling(spent) => spent_words(spent),
        Gate::Author { engines, .. } => format!("{} made the work", engines.join(", ")),
        other => other.name().to_string(),
    }
}

/// The score that counts now, and on which host: of a job that runs the granted one, of one in the line the best
/// among hosts that could take it. `None`: it has none, or no such host is known.
pub fn score_of<'a>(
    state: &State,
    job: &'a Job,
    now: Now,
    hosts: &'a [Claimant],
) -> Option<(&'a str, Score)> {
    if let Some(lease) = job.work_lease() {
        return lease.score.map(|score| (lease.holder.host(), score));
    }
    if job.stage != Stage::Queued || job.park.is_some() {
        return None;
    }
    let able = hosts.iter().filter(|who| suits(state, job, who, now));
    let each = able.map(|who| (who.holder.host(), Scale::of(state, Some(who), now).score(job)));
    // Of equals the first.
    each.reduce(|best, next| if next.1.total() > best.1.total() { next } else { best })
}

/// A number of thousandths with two decimals: `3.82`.
pub fn points(thousandths: i32) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let cents = (thousandths.unsigned_abs() + 5) / 10;
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// `3.82 on forge-01 = capabilityFit 1.00 + load 0.59 + health 0.50? - starvation 0.00`: what each term adds,
/// once it is weighed; with `?` what counts as one half because nobody knows it.
pub fn score_words(host: &str, score: &Score, minus: &str) -> String {
    let parts = score.terms().enumerate().map(|(nth, (term, value))| {
        let weighed = term.weight * i32::from(value.unwrap_or(Score::UNKNOWN)) / 1_000;
        let sign = match (nth, term.weight < 0) {
            (0, _) => "=",
            (_, true) => minus,
            (_, false) => "+",
        };
        let doubt = if value.is_none() { "?" } else { "" };
        format!(" {sign} {} {}{doubt}", term.name, points(weighed.abs()))
    });
    let host = host.split(['/', '~']).next().unwrap_or_default();
    format!("{} on {host}{}", points(score.total()), parts.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::{Scene, claimant};

    #[track_caller]
    fn check(script: &str, id: &str, expected: Option<&str>) {
        let scene = Scene::script(script);
        let hosts = [claimant()];
        let found = score_of(&scene.state, scene.job(id), scene.now(), &hosts);
        let words = found.map(|(host, score)| score_words(host, &score, "-"));
        assert_eq!(words.as_deref(), expected);
    }

    #[test]
    fn a_job_has_a_score_while_it_is_in_the_line_or_runs() {
        let fresh = "1.95 on here = capabilityFit 1.00 + affinity 0.00 + load 1.00 + costFit 0.75 \
                     + health 0.50? + engineQuality 0.20? - starvation 1.50";
        check("job a", "a", Some(fresh));
        check("job a | claim", "a", Some(fresh));
        // What was granted stays what it was.
        check("job a | claim | pass 20m | start a", "a", Some(fresh));
        check("job a | park a", "a", None);
        check("job a | job b deps=a", "b", None);
        check("job a cap=gpu", "a", None);
        check("job a | claim | start a | end a ok", "a", None);
        check(
            "job a | job b | claim | pass 20m",
            "b",
            Some(
                "2.45 on here = capabilityFit 1.00 + affinity 0.00 + load 0.50 + costFit 0.75 \
                 + health 0.50? + engineQuality 0.20? - starvation 0.50",
            ),
        );
    }

    #[test]
    fn points_have_two_decimals() {
        let check = |thousandths: i32, expected: &str| assert_eq!(points(thousandths), expected);
        check(3_824, "3.82");
        check(3_825, "3.83");
        check(-55, "-0.06");
        check(0, "0.00");
    }
}
