//! The hosts of a job that waits: how well each fits it, term by term, and what keeps it from it.

use super::canvas::Canvas;
use super::text::clean;
use crate::dash::model::Explained;
use crate::dash::theme::Sign;
use crate::fleet::{Score, TERMS, Term};
use crate::insight::{Rated, points};
use crate::job::Role;

/// Columns of a host's name.
const NAME: usize = 12;

/// The rows of the table below its rule, each with its role.
pub fn rows(canvas: &Canvas<'_>, of: &Explained) -> Vec<(Role, String)> {
    let hosts = &of.said.hosts;
    let none = canvas.sign(Sign::Minus);
    let mut rows = Vec::new();
    if hosts.iter().any(|host| host.score.is_some()) {
        rows.push((Role::Head, line("HOST", "SCORE", |term| term.head.to_string(), "REASON")));
        let minus = |term: &Term| points(term.weight).replace('-', none);
        rows.push((Role::Neutral, line("weight", "", minus, "")));
    }
    for host in hosts {
        let name = clean(&host.host.short());
        let Some(score) = &host.score else {
            rows.push((Role::Wait, format!("{} {none:>5}  {}", cut(&name), reason(host))));
            continue;
        };
        let total = points(score.total()).replace('-', none);
        rows.push((Role::Good, line(&name, &total, |term| value(score, term), &reason(host))));
    }
    if hosts.iter().filter_map(|host| host.score).any(|score| score.terms().any(|row| row.1.is_none())) {
        let half = points(Score::UNKNOWN.into());
        rows.push((Role::Neutral, format!("? is not known yet and counts as {half}")));
    }
    rows
}

/// A row: what is of each term stands below its head.
fn line(name: &str, total: &str, of: impl Fn(&Term) -> String, reason: &str) -> String {
    let terms = TERMS.iter().map(|term| format!(" {:>1$}", of(term), term.head.len().max(4)));
    format!("{} {total:>5} {}  {reason}", cut(name), terms.collect::<String>()).trim_end().to_string()
}

fn cut(name: &str) -> String {
    let name: String = name.chars().take(NAME).collect();
    format!("{name:<NAME$}")
}

fn value(score: &Score, of: &Term) -> String {
    let known = score.terms().find(|row| row.0 == of).and_then(|row| row.1);
    known.map_or("?".to_string(), |value| points(value.into()))
}

fn reason(host: &Rated) -> String {
    if host.lacks.is_empty() {
        return "lacks nothing".to_string();
    }
    clean(&host.lacks.join("; "))
}
