//! How the law's tests tell what happened: places, attempts, facts of events, moments from the start.

use std::fmt::Write as _;

use aq::fleet::{AccountId, Closure, Job, Score, State, What};
use aq::job::{Rev, usd};
use aq::time::Stamp;

use crate::law_script::START;

pub fn when(at: Stamp) -> String {
    let (sign, span) = if at < START { ("-", START.since(at)) } else { ("+", at.since(START)) };
    format!("{sign}{span}")
}

/// `a queued@2 parked until +30s (backoff)`.
pub fn place(job: &Job) -> String {
    let mut text = format!("{} {}@{}", job.id, job.stage, job.epoch);
    if let Some(park) = &job.park {
        let until = park.until.map(|at| format!(" until {}", when(at))).unwrap_or_default();
        let _ = write!(text, " parked{until}");
    }
    if let Some(lease) = &job.lease {
        let _ = write!(text, " {}", lease.holder);
    }
    let _ = write!(text, " \"{}\"", job.why);
    text
}

fn rev(rev: &Option<Rev>) -> &str {
    rev.as_ref().map_or("none", Rev::as_str)
}

/// Counters and money, where there is something to tell.
pub fn more(job: &Job) -> String {
    let mut text = String::new();
    for attempt in &job.attempts {
        let end = match (attempt.ended, attempt.outcome) {
            (None, _) => "open".to_string(),
            (_, None) => format!("lost ({})", attempt.reason),
            (_, Some(outcome)) => format!("{outcome} ({})", attempt.reason),
        };
        let account = attempt.account.as_ref().map(|name| format!(" on {}/{name}", attempt.engine));
        let account = account.unwrap_or_default();
        let _ = writeln!(
            text,
            "    attempt {} e{} {}{account}: {end}",
            attempt.no, attempt.epoch, attempt.holder
        );
    }
    let counts = [("counted", job.counted), ("overloads", job.overloads), ("limits", job.limits)];
    let counts: Vec<String> = counts.iter().filter(|c| c.1 > 0).map(|c| format!("{} {}", c.0, c.1)).collect();
    if !counts.is_empty() {
        let _ = writeln!(text, "    {}", counts.join(", "));
    }
    if let Some(spent) = job.spent.micro_usd {
        let _ = writeln!(text, "    spent {}", usd(spent));
    }
    if let Some((rev, epoch)) = &job.checkpoint {
        let _ = writeln!(text, "    checkpoint {rev} of e{epoch}");
    }
    if let Some(head) = &job.head {
        let _ = writeln!(text, "    head {} {:?}, {} approvals", rev(&head.rev), head.proof, job.approvals());
    }
    if let Some(pr) = &job.pr {
        let _ = writeln!(
            text,
            "    pr #{} at {}, answered {:?}, sent back {}",
            pr.number, pr.rev, pr.answered, pr.sent_back
        );
    }
    if !job.handoff.is_empty() {
        let _ = writeln!(text, "    handoff {:?}", job.handoff);
    }
    text
}

/// The facts of an event that a test looks at, moments told from the start.
pub fn facts(what: &What) -> String {
    let value = serde_json::to_value(what).expect("plain data");
    let fields = value.get(what.name()).and_then(|v| v.as_object()).expect("fields of the kind");
    const SILENT: [&str; 12] = [
        "spec",
        "body",
        "effective",
        "usage",
        "lines",
        "took",
        "run",
        "engine",
        "passed_over",
        "score",
        "file",
        "attempt",
    ];
    let mut text = String::new();
    if let Some(job) = what.job() {
        let _ = write!(text, " {job}");
    }
    if let Some(epoch) = fields.get("epoch") {
        let _ = write!(text, " e{epoch}");
    }
    for (name, value) in fields {
        if name == "job" || name == "epoch" || SILENT.contains(&name.as_str()) {
            continue;
        }
        let shown = match (name.as_str(), value) {
            ("until", v) => v.as_i64().map_or("none".to_string(), |ms| when(Stamp::from_millis(ms))),
            ("reserve" | "ceiling", v) => v.as_u64().map_or("none".to_string(), usd),
            (_, serde_json::Value::String(text)) if text.contains(' ') => format!("\"{text}\""),
            (_, serde_json::Value::String(text)) => text.clone(),
            (_, v) => v.to_string().replace('"', ""),
        };
        let _ = write!(text, " {name}={shown}");
    }
    text
}

/// Closed accounts, window by window.
pub fn closed(state: &State, wall: Stamp) -> String {
    let line = |(id, window, closure): (&AccountId, &str, &Closure)| {
        let until = closure.until.map_or("until a word".to_string(), |at| format!("until {}", when(at)));
        format!("  {id} {window:?} {} {until}", closure.outcome)
    };
    let lines: Vec<String> = state.closed_accounts(wall).map(line).collect();
    if lines.is_empty() { "  all open".to_string() } else { lines.join("\n") }
}

/// A score and its terms in thousandths; `?` counts as one half.
pub fn score(score: &Score) -> String {
    let term = |(term, value): (&aq::fleet::Term, Option<u16>)| {
        format!(" {} {}", term.head, value.map_or("?".to_string(), |value| value.to_string()))
    };
    format!("{}{}", score.total(), score.terms().map(term).collect::<String>())
}
