//! Whether a person may do something to a job now, in the law's own words.

use crate::fleet::{Action, Actor, Code, Command, Job, Now, Order, ParkReason, Refusal, State, decide};
use crate::job::{BlobId, Budget, HolderId, JobId, Rev};

/// What would be asked of the law for this action, as far as lawfulness goes.
fn command_of(action: Action, job: &Job) -> Command {
    let id = job.id.clone();
    let rev: Option<Rev> = job.head.as_ref().and_then(|head| head.rev.clone());
    match action {
        Action::Approve => Command::Review { job: id, approve: true, rev },
        Action::Reject => Command::Reject { job: id, requeue: false },
        Action::Promote => Command::Promote { job: id },
        Action::Review => {
            // Asking for the gate that stands already is no change; one more approval is.
            let mut rule = job.review_rule().clone();
            rule.approvals = rule.approvals.saturating_add(1);
            Command::RequestReview { job: id, rule }
        }
        Action::Ship => Command::ShipStart { job: id, holder: HolderId::new("asks"), rev },
        Action::Requeue => Command::Requeue { job: id, raised: Budget::default(), from: None, park: None },
        Action::Redrive => Command::Redrive { job: id },
        Action::Cancel => Command::Cancel { job: id },
        Action::Park => Command::Park { job: id, until: None, reason: ParkReason::Operator },
        Action::Unpark => Command::Unpark { job: id },
        Action::Answer => Command::Answer { job: id, answer: BlobId::new("asks") },
        Action::Preempt => Command::Preempt { job: id },
    }
}

/// The law's word on doing `action` to `job` now.
///
/// # Errors
/// Why not, beginning with what cannot be done.
pub fn lawful(state: &State, job: &Job, action: Action, by: &Actor, now: Now) -> Result<(), Refusal> {
    let order = Order::new(by.clone(), command_of(action, job));
    decide(state, &order, now).map(|_| ()).map_err(|no| in_words(action, Some(job), no))
}

/// The law says where a job is; a person wants to hear first what was not done.
pub fn in_words(action: Action, job: Option<&Job>, mut no: Refusal) -> Refusal {
    let Some(job) = job.filter(|_| no.code == Code::InvalidState) else { return no };
    let stage = job.stage;
    let why = match action.row().from.contains(&stage) {
        true => {
            no.message.strip_prefix(&format!("{} is in {stage}: ", job.id)).unwrap_or(&no.message).to_string()
        }
        false => {
            let from: Vec<&str> = action.row().from.iter().map(|stage| stage.name()).collect();
            format!("it is in {stage}, not in {}", from.join(" or "))
        }
    };
    no.message = format!("cannot {} {}: {why}", action.name(), job.id);
    no
}

/// The reason of a no alone, where the job is known: a name in front of it would push it out of a narrow row.
pub fn why_not(action: Action, job: &JobId, no: &Refusal) -> String {
    let begun = format!("cannot {} {job}: ", action.name());
    let why = no.message.strip_prefix(&begun).unwrap_or(&no.message);
    why.replace(&format!(" of {job}"), "").replace(job.as_str(), "it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{ACTIONS, ActorKind};
    use crate::insight::tests::Scene;

    #[track_caller]
    fn check(script: &str, expected: &str) {
        let scene = Scene::script(script);
        let me = Actor::new(ActorKind::Person, "bob@here");
        let lawful = |action| lawful(&scene.state, scene.job("a"), action, &me, scene.now()).is_ok();
        let names: Vec<&str> = ACTIONS.iter().filter(|row| lawful(row.action)).map(|row| row.name).collect();
        assert_eq!(names.join(" "), expected);
    }

    #[test]
    fn what_is_lawful_is_what_the_law_would_do() {
        check("job a", "cancel park");
        check("job a | park a", "cancel unpark");
        check("job a | claim | start a", "requeue cancel park preempt");
        check("job a review=1 | claim | start a | end a ok rev=r", "approve reject promote review cancel");
        check("job a | claim | start a | ask a", "cancel unpark answer");
        check("job a | cancel a", "reject requeue redrive");
    }

    #[test]
    fn the_reason_comes_without_the_name() {
        let check = |action: Action, message: &str, expected: &str| {
            let no = Refusal::new(Code::InvalidState, message, "");
            assert_eq!(why_not(action, &JobId::new("fix-login"), &no), expected);
        };
        check(Action::Requeue, "the usd budget of fix-login is used up", "the usd budget is used up");
        check(Action::Ship, "cannot ship fix-login: it is in review", "it is in review");
        check(Action::Ship, "fix-login is being shipped", "it is being shipped");
    }
}
