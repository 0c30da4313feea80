//! How a run is judged: the order of evidence of `engines.md` section 1 rule 7.
//!
//! A program that never ran has said nothing. Else: the engine's own verdict if it came before a stop
//! order; the order's cause; limits and retries it told; an exit code that its program documents; its own
//! error as far as a text rule knows it; any other exit. `ok` from here is a claim: whether there is work to
//! show, and whether `verify` passes, is asked by the agent afterwards.

use super::super::event::LimitState;
use super::super::report::{End, ExitReport, NotStarted};
use super::super::stop::StopCause;
use super::super::strip::strip_controls;
use super::super::tally::Tally;
use super::table::Dialect;
use crate::job::Outcome;
use crate::time::Stamp;

/// The class of a run's end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// The class.
    pub outcome: Outcome,
    /// Why, for people; one line.
    pub reason: String,
    /// With `limit`: when the window opens again, if that was told.
    pub resets_at: Option<Stamp>,
}

/// A reason quotes at most this much of the output.
const QUOTE_MAX: usize = 200;

/// Judges a run by its verdict. `report` is `None` if the shim was killed and none was written; then the
/// stop order that stands on disk counts, while a verdict carries the stop it obeyed itself.
pub fn judge(
    dialect: &Dialect,
    stop: Option<StopCause>,
    seen: &Tally,
    report: Option<&ExitReport>,
) -> Judgement {
    let stop = report.map_or(stop, |r| r.stopped_by);
    if let Some(End::NotStarted { reason, detail }) = report.map(|r| &r.end) {
        return not_started(*reason, detail, stop);
    }
    if let Some(ended) = &seen.ended {
        let said = if ended.reason.is_empty() { "its own verdict" } else { &ended.reason };
        let resets = (ended.class == Outcome::Limit).then(|| resets_at(seen)).flatten();
        return plain(ended.class, said, resets);
    }
    if let Some(cause) = stop {
        let resets = (cause.outcome() == Outcome::Limit).then(|| resets_at(seen)).flatten();
        return plain(cause.outcome(), cause.reason(), resets);
    }
    if seen.limit.as_ref().is_some_and(|limit| limit.state == LimitState::Rejected) {
        return plain(Outcome::Limit, &limit_words(seen), resets_at(seen));
    }
    match report.map(|r| (&r.end, r)) {
        Some((End::Exited { code }, report)) => by_exit(dialect, *code, seen, report),
        Some((End::Signaled { signal }, _)) => {
            plain(Outcome::Crash, &format!("ended by signal {signal}, not sent by aq"), None)
        }
        Some((End::NotStarted { .. }, _)) | None => {
            plain(Outcome::Crash, "the process that owned the run was killed; no verdict was written", None)
        }
    }
}

fn plain(outcome: Outcome, reason: &str, resets_at: Option<Stamp>) -> Judgement {
    Judgement { outcome, reason: reason.to_string(), resets_at }
}

fn not_started(reason: NotStarted, detail: &str, stop: Option<StopCause>) -> Judgement {
    match (reason, stop) {
        (NotStarted::Stopped, Some(cause)) => plain(cause.outcome(), cause.reason(), None),
        (NotStarted::Missing, _) => plain(Outcome::NoEngine, detail, None),
        (NotStarted::Stopped | NotStarted::Other, _) => plain(Outcome::Config, detail, None),
    }
}

fn by_exit(dialect: &Dialect, code: i32, seen: &Tally, report: &ExitReport) -> Judgement {
    let documented = (dialect.exit_class)(code);
    if documented == Some(Outcome::Ok) {
        return plain(Outcome::Ok, "exit code 0", None);
    }
    if let (None, Some(framed)) = (documented, &seen.framed) {
        let resets = (framed.class == Outcome::Limit).then(|| resets_at(seen)).flatten();
        return plain(framed.class, &format!("exit code {code}: {}", framed.reason), resets);
    }
    let class = documented.unwrap_or_else(|| (dialect.bare_exit)(code));
    if class == Outcome::Ok {
        return plain(Outcome::Ok, "exit code 0", None);
    }
    let (class, told) = match (class, seen.retry.as_ref().and_then(|r| r.status)) {
        // The engine gave up while it was still trying: what it was trying against is the reason.
        (Outcome::TaskFailed, Some(status)) => match status {
            429 => (Outcome::Limit, format!("gave up after HTTP {status}, ")),
            401..=403 => (Outcome::Auth, format!("gave up after HTTP {status}, ")),
            500..=599 => (Outcome::Overloaded, format!("gave up after HTTP {status}, ")),
            _ => (class, String::new()),
        },
        (Outcome::Crash, _) => (class, "ended without a verdict, ".to_string()),
        _ => (class, String::new()),
    };
    let framed = seen.framed.as_ref().map(|framed| framed.reason.clone());
    let quote =
        framed.or_else(|| last_words(&report.tail)).map_or(String::new(), |words| format!(": {words}"));
    let resets = (class == Outcome::Limit).then(|| resets_at(seen)).flatten();
    plain(class, &format!("{told}exit code {code}{quote}"), resets)
}

fn resets_at(seen: &Tally) -> Option<Stamp> {
    seen.limit.as_ref().and_then(|limit| limit.resets_at)
}

fn limit_words(seen: &Tally) -> String {
    let window = seen.limit.as_ref().and_then(|limit| limit.window.as_deref());
    let until = resets_at(seen).map_or("unknown".to_string(), |at| at.to_string());
    format!("usage limit{}, resets {until}", window.map_or(String::new(), |w| format!(" ({w})")))
}

/// The last line with anything in it that is not an event, cleaned for one line of a screen.
fn last_words(tail: &str) -> Option<String> {
    let is_event = |line: &str| line.starts_with("::aq ") || line.starts_with('{');
    let line = tail.lines().rev().find(|line| !line.trim().is_empty() && !is_event(line))?;
    Some(strip_controls(line).trim().chars().take(QUOTE_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::super::super::transcript::Source;
    use super::super::table::{Heard, RunFacts, Said, dialect};
    use super::*;
    use crate::time::Span;

    fn report(end: End, stopped_by: Option<StopCause>, seen: &Tally) -> ExitReport {
        ExitReport {
            v: 1,
            run_id: "r".into(),
            end,
            stopped_by,
            started: Stamp::from_millis(0),
            ended: Stamp::from_millis(1),
            wall: Span::from_millis(1),
            lines: 0,
            bytes: 0,
            cuts: 0,
            leftovers: 0,
            survivors: Vec::new(),
            transcript: super::super::super::report::TranscriptLoss::default(),
            seen: seen.clone(),
            tail: "first\nno such \x1b[31mtable\x1b[0m\n\n".into(),
        }
    }

    /// `end / stop / lines...` to `outcome: reason`. A line `STOP` is where the order came.
    fn check(input: &str, expected: &str) {
        let shell = dialect("shell").unwrap();
        let parts: Vec<&str> = input.split(" / ").collect();
        let mut seen = Tally::default();
        let mut hearing = (shell.open)(&RunFacts::default());
        for line in &parts[2..] {
            let said = Said { bytes: line.as_bytes(), source: Source::Out, at: Stamp::default() };
            match hearing.hear(said) {
                Heard::Text if *line == "STOP" => seen.stopped = true,
                heard @ Heard::Events(_) => seen.hear(&heard),
                other => panic!("{line}: {other:?}"),
            }
        }
        let stop = super::super::super::stop::CAUSES.iter().find(|row| row.1 == parts[1]).map(|row| row.0);
        let end = match parts[0].split_once(' ') {
            Some(("exit", code)) => Some(End::Exited { code: code.parse().unwrap() }),
            Some(("signal", signal)) => Some(End::Signaled { signal: signal.parse().unwrap() }),
            Some(("missing", what)) => {
                Some(End::NotStarted { reason: NotStarted::Missing, detail: what.into() })
            }
            Some(("other", what)) => Some(End::NotStarted { reason: NotStarted::Other, detail: what.into() }),
            Some(("unstarted", _)) => {
                Some(End::NotStarted { reason: NotStarted::Stopped, detail: "stopped".into() })
            }
            _ => None,
        };
        let report = end.map(|end| report(end, stop, &seen));
        let got = judge(shell, stop, &seen, report.as_ref());
        let reset = got.resets_at.map_or(String::new(), |at| format!(" [{}]", at.as_millis()));
        assert_eq!(format!("{}: {}{reset}", got.outcome, got.reason), expected, "{input}");
    }

    #[test]
    fn evidence_is_weighed_in_order() {
        check("exit 0 / -", "ok: exit code 0");
        check("exit 1 / -", "task_failed: exit code 1: no such table");
        check("exit 64 / -", "config: exit code 64: no such table");
        check("exit 69 / -", "overloaded: exit code 69: no such table");
        check("exit 75 / -", "limit: exit code 75: no such table");
        check("exit 77 / -", "auth: exit code 77: no such table");
        check("signal 9 / -", "crash: ended by signal 9, not sent by aq");
        check("missing no program nope / -", "no_engine: no program nope");
        check("other no permission / -", "config: no permission");
        check("unstarted x / fenced", "cancelled: the lease was lost; another holder has the job");
        check("lost / -", "crash: the process that owned the run was killed; no verdict was written");
        check("lost / drained", "drained: its agent or its queue was asked to stop");
    }

    #[test]
    fn what_aq_decided_beats_what_the_engine_says_afterwards() {
        check("exit 0 / cancelled", "cancelled: an operator cancelled it");
        check("signal 15 / timeout", "timeout: the wall time of this attempt is over");
        check(
            "exit 0 / preempted / STOP / ::aq {\"ev\":\"ended\",\"class\":\"ok\"}",
            "preempted: made room for a critical job",
        );
        check("signal 15 / drained / ::aq {\"ev\":\"ended\",\"class\":\"ok\"} / STOP", "ok: its own verdict");
        check("exit 0 / terminated", "crash: stopped by a SIGTERM that aq did not order");
    }

    #[test]
    fn limits_and_retries_beat_the_exit_code() {
        let limit = r#"::aq {"ev":"limit","window":"5h","resets_at":1000}"#;
        check(
            &format!("exit 0 / - / {limit}"),
            "limit: usage limit (5h), resets 1970-01-01T00:00:01Z [1000]",
        );
        check(
            &format!("exit 75 / - / {limit}"),
            "limit: usage limit (5h), resets 1970-01-01T00:00:01Z [1000]",
        );
        check(
            &format!("exit 0 / - / {limit} / ::aq {{\"ev\":\"limit\",\"state\":\"allowed\"}}"),
            "ok: exit code 0",
        );
        check(
            "exit 1 / - / ::aq {\"ev\":\"retry\",\"status\":529}",
            "overloaded: gave up after HTTP 529, exit code 1: no such table",
        );
        check(
            "exit 1 / - / ::aq {\"ev\":\"retry\",\"status\":529} / ::aq {\"ev\":\"model_text\"}",
            "task_failed: exit code 1: no such table",
        );
        check(
            "exit 0 / - / ::aq {\"ev\":\"ended\",\"class\":\"no_work\",\"reason\":\"all done before\"}",
            "no_work: all done before",
        );
    }
}
