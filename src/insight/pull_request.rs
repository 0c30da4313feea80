//! A job's pull request in words, with the age of the last look.

use super::stakes::short_rev;
use crate::fleet::{Checks, Job, PrLook, PrReview, PrState, PullRequest};
use crate::job::Rev;
use crate::time::{Span, Stamp};

/// An agent looks every five minutes at the latest and records that every fifteen: what is older than both
/// and some more was not seen, because no agent runs or the forge cannot be reached.
const STALE: Span = Span::from_mins(25);

/// `pr #7 open, checks 3 of 4 green, waits for review, seen 2 min ago`; what nobody has seen for long begins
/// with that, so that it is not taken for how it is now.
pub fn pr_words(pr: &PullRequest, now: Stamp) -> String {
    let (number, age) = (pr.number, now.since(pr.at));
    match &pr.look {
        None => format!("pr #{number} open, not looked at yet"),
        Some(look) if age > STALE => {
            format!("pr #{number} not seen for {}; then {}", age.age(), look_words(look, Some(&pr.rev)))
        }
        Some(look) => format!("pr #{number} {}, seen {} ago", look_words(look, Some(&pr.rev)), age.age()),
    }
}

/// What a look showed; `ours` is what aq pushed, where that is to be compared.
pub fn look_words(look: &PrLook, ours: Option<&Rev>) -> String {
    let review = match look.review {
        PrReview::Waiting => "waits for review",
        PrReview::Approved => "approved",
        PrReview::ChangesRequested => "changes requested",
    };
    let checks = check_words(look.checks);
    match look.state {
        PrState::Merged => format!("merged, {checks}"),
        PrState::Closed => "closed without a merge".to_string(),
        PrState::Open if ours.is_some_and(|rev| look.head != *rev) => {
            let head = short_rev(Some(&look.head));
            format!("open, its head was moved to {head} by another hand, {checks}, {review}")
        }
        PrState::Open => format!("open, {checks}, {review}"),
    }
}

fn check_words(checks: Checks) -> String {
    let Checks { green, red, pending } = checks;
    match green + red + pending {
        0 => "no checks".to_string(),
        all if red > 0 => format!("{red} of {all} checks failed"),
        all => format!("checks {green} of {all} green"),
    }
}

/// That a pull request outlives its job, and what closes it; `None` where none is open.
pub fn pr_left_open(job: &Job) -> Option<String> {
    let open = |pr: &&PullRequest| !pr.is_closed() && !pr.is_merged();
    let pr = job.pr.as_deref().filter(open)?;
    Some(format!("pr #{} stays open; to close it: gh pr close {}", pr.number, pr.url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(state: PrState, head: &str, checks: (u32, u32, u32), review: PrReview, expected: &str) {
        let (green, red, pending) = checks;
        let look = PrLook {
            state,
            head: Rev::new(head),
            checks: Checks { green, red, pending },
            review,
            asks: Vec::new(),
            conflict: false,
            merged: None,
        };
        let (number, rev, url) = (7, Rev::new("aaaa"), String::new());
        let at = Stamp::default();
        let pr = PullRequest { number, url, rev, at, look: Some(look), answered: Vec::new(), sent_back: 0 };
        assert_eq!(pr_words(&pr, at.plus(Span::from_mins(20))), expected);
        let old = pr_words(&pr, at.plus(Span::from_mins(40)));
        assert!(old.starts_with("pr #7 not seen for 40 min; then "), "{old}");
    }

    #[test]
    fn every_state_has_its_words_and_its_age() {
        use PrReview::{Approved, ChangesRequested, Waiting};
        use PrState::{Closed, Merged, Open};
        check(
            Open,
            "aaaa",
            (3, 0, 1),
            Waiting,
            "pr #7 open, checks 3 of 4 green, waits for review, seen 20 min ago",
        );
        check(
            Open,
            "aaaa",
            (3, 1, 1),
            Approved,
            "pr #7 open, 1 of 5 checks failed, approved, seen 20 min ago",
        );
        check(
            Open,
            "aaaa",
            (0, 0, 0),
            ChangesRequested,
            "pr #7 open, no checks, changes requested, seen 20 min ago",
        );
        check(
            Open,
            "bbbb",
            (1, 0, 0),
            Waiting,
            "pr #7 open, its head was moved to bbbb by another hand, checks 1 of 1 green, waits for review, seen 20 min ago",
        );
        check(Merged, "aaaa", (1, 2, 0), Approved, "pr #7 merged, 2 of 3 checks failed, seen 20 min ago");
        check(Closed, "aaaa", (0, 0, 0), Waiting, "pr #7 closed without a merge, seen 20 min ago");
    }
}
