//! What a job waits for outside of its turn, in a few words: a park, a closed account.

use crate::fleet::{Claimant, ClosedAccount, Gate, Job, Now, Park, ParkReason, SpentEngine, State, gates};
use crate::job::{Outcome, Seq, Stage, usd};
use crate::time::Stamp;

/// `five-hour limit, account work`: a usage limit by its window and whose it is.
pub fn limit_words(window: Option<&str>, account: Option<&str>) -> String {
    let window = window.map(|name| name.replace('_', "-"));
    let limit = match window {
        Some(name) if name.ends_with("limit") => name,
        Some(name) => format!("{name} limit"),
        None => "usage limit".to_string(),
    };
    account.map_or_else(|| limit.clone(), |name| format!("{limit}, {}", whose(name)))
}

/// `account work`, or the login of a host.
fn whose(account: &str) -> String {
    match account.strip_prefix('@') {
        Some(host) => format!("login of {host}"),
        None => format!("account {account}"),
    }
}

/// What a park is about, without its date.
pub fn park_words(park: &Park) -> String {
    match (park.reason, &park.text) {
        (ParkReason::Limit, _) => limit_words(park.window.as_deref(), park.account.as_deref()),
        (ParkReason::Backoff, Some(text)) => text.clone(),
        (reason, _) => reason.words().to_string(),
    }
}

/// What a closed account is about, without its date.
pub fn closed_words(closed: &ClosedAccount) -> String {
    let account = &*closed.id.account;
    match closed.closure.outcome {
        Outcome::Limit => limit_words(closed.window.as_deref(), Some(account)),
        Outcome::Auth => format!("login refused, {}", whose(account)),
        Outcome::NoEngine => format!("its program is missing on {}", account.trim_start_matches('@')),
        _ => format!("misconfigured on {}", account.trim_start_matches('@')),
    }
}

/// `budget claude reached, $60.00 of $60.00`.
pub fn spent_words(it: &SpentEngine) -> String {
    format!("budget {} reached, {} of {}", it.engine, usd(it.spent), usd(it.ceiling))
}

/// The closed account that a job in the line waits for, as far as these hosts go: none of them could take
/// it, and one only for that. Of several the one that opens first.
pub fn account_gate(state: &State, job: &Job, now: Now, hosts: &[Claimant]) -> Option<ClosedAccount> {
    if job.stage != Stage::Queued || job.park.is_some() || state.closed_accounts(now.wall).next().is_none() {
        return None;
    }
    let mut first: Option<ClosedAccount> = None;
    for host in hosts {
        let (mut lacks, mut closed) = (false, None);
        for gate in gates(state, job, Some(host), now) {
            match gate {
                Gate::Engine(_) | Gate::Capability(_) => lacks = true,
                Gate::Account(account) => closed = Some(*account),
                _ => {}
            }
        }
        match (lacks, closed) {
            (true, _) => {}
            (false, None) => return None,
            (false, Some(closed)) => {
                let opens = |closed: &ClosedAccount| (closed.closure.until.is_none(), closed.closure.until);
                first = match first {
                    Some(before) if opens(&before) <= opens(&closed) => Some(before),
                    _ => Some(closed),
                };
            }
        }
    }
    first
}

/// The status word of a job with since when and the event that shows it: of its attempt while it runs; of a
/// park that an engine led to.
pub fn status_of(job: &Job) -> Option<(&str, Stamp, Seq)> {
    if let Some(attempt) = job.open_attempt() {
        return Some((&*attempt.word.0, attempt.word.1, attempt.word.2));
    }
    let word = match job.park.as_ref()?.reason {
        ParkReason::Limit => "limit-parked",
        ParkReason::Asked => "asks-you",
        ParkReason::Operator | ParkReason::Backoff | ParkReason::NotBefore | ParkReason::Vanished => {
            return None;
        }
    };
    Some((word, job.since, job.event))
}

/// What a running job is doing, and since when.
pub fn doing(job: &Job) -> Option<(&str, Stamp)> {
    job.open_attempt().and_then(|_| status_of(job)).map(|(word, since, _)| (word, since))
}

/// The word of an engine that says nothing.
const SILENT: &str = "silent";

/// The same with its age: silence lasts, and of all else it is known when it was heard.
pub fn done_since(word: &str, age: &str) -> String {
    if word == SILENT { format!("{word} for {age}") } else { format!("{word}, {age} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_words() {
        let check = |window: Option<&str>, account: Option<&str>, expected: &str| {
            assert_eq!(limit_words(window, account), expected);
        };
        check(Some("five_hour"), Some("work"), "five-hour limit, account work");
        check(Some("5h"), None, "5h limit");
        check(Some("weekly limit"), Some("@forge-01"), "weekly limit, login of forge-01");
        check(None, Some("work"), "usage limit, account work");
        check(None, None, "usage limit");
    }
}
