//! What can be acted upon next: jobs that are about to start, those put aside, and those that failed.

use crate::fleet::{Claimant, Job, Now, State, line};
use crate::job::{JobId, Stage};

/// Rows of each kind: whoever wants more of them has the list of jobs.
const EACH_MOST: usize = 20;

/// Jobs in the line, in the order in which claims look at them; then those put aside, whose time comes first before
/// the others; then those that failed, the latest first.
pub fn actionable(state: &State, now: Now, hosts: &[Claimant]) -> Vec<JobId> {
    let mut found: Vec<JobId> = line(state, hosts, now).take(EACH_MOST).map(|row| row.0.id.clone()).collect();
    let (mut parked, mut failed): (Vec<&Job>, Vec<&Job>) = (Vec::new(), Vec::new());
    for job in state.jobs.values() {
        match (job.stage, &job.park) {
            (Stage::Queued, Some(_)) => parked.push(job),
            (Stage::Failed, _) => failed.push(job),
            _ => {}
        }
    }
    let ends = |job: &Job| {
        let until = job.park.as_ref().and_then(|park| park.until);
        (until.is_none(), until.unwrap_or_default(), job.since)
    };
    parked.sort_by_key(|job| (ends(job), &job.id));
    failed.sort_by_key(|job| (std::cmp::Reverse(job.since), &job.id));
    let each = [parked, failed];
    found.extend(each.iter().flat_map(|some| some.iter().take(EACH_MOST)).map(|job| job.id.clone()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::{Scene, claimant};

    #[track_caller]
    fn check(script: &str, expected: &str) {
        let scene = Scene::script(script);
        let ids = actionable(&scene.state, scene.now(), &[claimant()]);
        assert_eq!(ids.iter().map(JobId::as_str).collect::<Vec<_>>().join(" "), expected, "{script}");
    }

    #[test]
    fn what_starts_next_comes_first_and_what_failed_last() {
        check("job a | pass 1m | job b priority=high | job c deps=a", "b a");
        check("job a | cancel a | job p | park p | job b", "b p a");
        check("job a | job b | cancel a | pass 1m | cancel b", "b a");
        check("job a | claim", "");
    }
}
