//! What is read for the tabs of a job: its change, why it waits, what was kept of its runs.

use std::sync::Arc;

use crate::agent::{Wanted, change, claimant, claimants, kept};
use crate::board::{Board as _, Local, Settings};
use crate::dash::model::{DiffOf, Explained, Gist, Patch};
use crate::dash::msg::Got;
use crate::engine::{RunSeen, is_gone};
use crate::fleet::{Attempt, Job, Now, State};
use crate::insight::{Line, chains, explain, state_at};
use crate::job::{JobId, Rev};
use crate::time::{Clock as _, Stamp, SystemClock};

fn job_of<'a>(state: &'a State, id: &JobId) -> Result<&'a Job, String> {
    state.job(id).ok_or_else(|| format!("{id} left the queue"))
}

/// What the job changed, taken apart.
pub async fn diff(local: &Local, id: &JobId, of: &DiffOf) -> Result<Got, String> {
    let state = local.snapshot();
    let rev = of.rev.as_ref().map(|rev| rev.as_str().to_string());
    let wanted = Wanted { rev, attempts: of.runs, stat_only: false };
    let change = change(local, job_of(&state, id)?, &wanted).await.map_err(|fault| fault.to_string())??;
    let patch = Patch::parse(change.from, change.to, &change.text);
    let named = |paths: Vec<std::path::PathBuf>| -> Vec<String> {
        paths.iter().map(|path| path.to_string_lossy().into_owned()).collect()
    };
    let outside = change.outside.map(named);
    Ok(Got::Diff(Arc::new(Patch { outside, verify: change.verify, ..patch })))
}

/// How much the job changed up to a commit.
pub async fn size(local: &Local, id: &JobId, rev: &Rev) -> Result<Got, String> {
    let state = local.snapshot();
    let wanted = Wanted { rev: Some(rev.as_str().to_string()), attempts: None, stat_only: false };
    let change = change(local, job_of(&state, id)?, &wanted).await.map_err(|fault| fault.to_string())??;
    Ok(Got::Gist(Gist::Change(change.stat.insertions, change.stat.deletions, change.hidden_lines())))
}

/// Why the job stands where it stands, now or at a moment.
pub fn explained(local: &Local, settings: &Settings, id: &JobId, at: Option<Stamp>) -> Result<Got, String> {
    let place = local.place();
    let wall = SystemClock.wall();
    let (state, now) = match at {
        None => {
            let state = local.snapshot();
            let now = Now { law: wall.max(state.at), wall };
            (state, now)
        }
        Some(at) => {
            let begin = place.beginning().map_err(|fault| fault.to_string())?;
            if begin.seq > 0 && at < begin.at {
                return Err(format!("the log goes back to {} only", begin.at.local_full()));
            }
            let events = place.history(begin.seq, usize::MAX).map_err(|fault| fault.to_string())?;
            let state = state_at(begin, &events, at).map_err(|broken| broken.to_string())?;
            let now = Now { law: at.max(state.at), wall: at };
            (Arc::new(state), now)
        }
    };
    let job = match at {
        None => job_of(&state, id)?,
        Some(at) => state.job(id).ok_or_else(|| format!("{id} was not there at {}", at.local_full()))?,
    };
    let mut hosts = claimants(place);
    let imagined = hosts.is_empty();
    if imagined {
        hosts.push(claimant(settings, None, &[]));
    }
    let line = Line::of(&state, now, &hosts);
    let said = explain(&state, job, now, &line, &hosts);
    let alone = at.is_none() && job.work_lease().is_some_and(|lease| is_gone(&lease.holder));
    let said = if alone { said.left_alone() } else { said };
    let chains = if job.stage.is_waiting() { chains(&state, job, now) } else { Vec::new() };
    Ok(Got::Explained(Arc::new(Explained { said, chains, imagined, seq: state.seq, at: now.wall })))
}

/// What the runs of the job's attempts were to do and how they ended.
pub fn runs(local: &Local, id: &JobId) -> Result<Got, String> {
    let state = local.snapshot();
    let folder = local.place().runs(id);
    let of = |attempt: &Attempt| -> Vec<_> {
        RunSeen::all(&folder, attempt.no).into_iter().map(|run| (attempt.no, run)).collect()
    };
    Ok(Got::Runs(job_of(&state, id)?.attempts.iter().flat_map(of).collect()))
}

/// The files kept of the job's runs.
pub fn artifacts(local: &Local, id: &JobId) -> Result<Got, String> {
    let found = kept(local.place(), id).map_err(|fault| fault.to_string())?;
    Ok(Got::Files(found.into_iter().map(|file| (file.name, file.bytes)).collect()))
}
