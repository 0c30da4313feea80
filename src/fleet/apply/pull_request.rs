//! The pull request of a job: it has the work, was looked at, sent the job back.

use super::super::event::{Event, What};
use super::super::job::{Handoff, Job};
use super::super::pull_request::PullRequest;
use super::event::Mark;
use crate::job::Stage;

pub(super) fn change(job: &mut Job, event: &Event, mark: Mark) -> Result<(), String> {
    match &event.what {
        What::PrOpened { epoch, number, url, rev, .. } => {
            job.same(*epoch)?;
            job.lease = None;
            // The same one again keeps what its reviewers were answered; another one begins anew.
            let old = job.pr.take().filter(|pr| pr.number == *number);
            let (answered, sent_back) = old.map(|pr| (pr.answered, pr.sent_back)).unwrap_or_default();
            let (number, url, rev) = (*number, url.clone(), rev.clone());
            let pr = PullRequest { number, url, rev, at: mark.at, look: None, answered, sent_back };
            job.pr = Some(Box::new(pr));
            job.move_to(Stage::Testing, &format!("pr #{number} open"), mark);
        }
        What::PrSeen { epoch, look, .. } => {
            job.same(*epoch)?;
            let pr = job.pr.as_mut().ok_or("no pull request to look at")?;
            (pr.look, pr.at) = (Some(look.clone()), mark.at);
        }
        What::PrSentBack { epoch, reason, words, to, .. } => {
            job.rise(*epoch)?;
            let pr = job.pr.as_mut().ok_or("no pull request to send it back")?;
            pr.sent_back += 1;
            let asks = pr.look.as_ref().map(|look| look.asks.clone()).unwrap_or_default();
            let fresh: Vec<String> = asks.into_iter().filter(|id| !pr.answered.contains(id)).collect();
            pr.answered.extend(fresh);
            job.handoff.push(Handoff::PullRequest(words.clone()));
            job.move_to(*to, reason, mark);
        }
        _ => return Err("not about a pull request".to_string()),
    }
    Ok(())
}
