//! Every field of a job with its value as text and where it is from, for `aq show --effective`.

use serde::Serialize;

use super::config::Origin;
use super::effective::Effective;
use super::manifest::manifest_fields;
use super::spec::{Autoship, Backoff, Retry, ReviewRule, Spec};
use super::usage::{Budget, usd};

/// One field of a job as people see it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Shown {
    /// Name of the field.
    pub field: String,
    /// Its value; `–` for none.
    pub value: String,
    /// Where it is from.
    pub origin: Origin,
}

/// Every field, in the order of help. Ceilings stand one by one, because each has an origin of its own.
pub fn effective_listing(spec: &Spec, effective: &Effective) -> Vec<Shown> {
    let mut out = Vec::new();
    for field in manifest_fields().map(|words| words.name).filter(|name| *name != "children") {
        let values = match field {
            "budget" => ceilings(&spec.budget),
            _ => vec![(field.to_string(), value_of(field, spec, effective).unwrap_or_default())],
        };
        for (field, value) in values {
            let origin = effective.origins.get(&field).copied().unwrap_or(Origin::Default);
            let value = if value.is_empty() { "–".to_string() } else { value };
            out.push(Shown { field, value, origin });
        }
    }
    out
}

fn ceilings(budget: &Budget) -> Vec<(String, String)> {
    vec![
        ("budget.usd".to_string(), budget.micro_usd.map(usd).unwrap_or_default()),
        ("budget.tokens".to_string(), text(budget.tokens)),
        ("budget.wall".to_string(), text(budget.wall)),
        ("budget.turns".to_string(), text(budget.turns)),
    ]
}

/// The value of a field as people would write it; `None` for a name that is no field.
fn value_of(field: &str, s: &Spec, e: &Effective) -> Option<String> {
    Some(match field {
        "title" => e.title.clone(),
        "engine" => text(e.engine.as_ref()),
        "engine-class" => word(&e.engine_class),
        "prefers-engine" => text(e.prefers_engine.as_ref()),
        "model" => text(e.model.as_ref()),
        "effort" => text(e.effort.as_ref()),
        "profile" => e.profile.clone(),
        "repo" => text(e.repo.as_ref()),
        "cwd" => e.cwd.clone(),
        "base" => text(e.base.as_ref()),
        "worktree" => e.worktree.to_string(),
        "setup" => text(e.setup.as_ref()),
        "verify" => text(e.verify.as_ref()),
        "timeout" => e.timeout.to_string(),
        "priority" => word(&s.priority),
        "capabilities" => list(e.capabilities.iter()),
        "prefers" => list(s.prefers.iter()),
        "lock" => text(s.lock.as_ref()),
        "touches" => list(e.touches.iter()),
        "deps" => list(s.deps.iter()),
        "deps-mode" => word(&s.deps_mode),
        "retry" => retry(&s.retry),
        "review" => review(&s.review),
        "ship" => word(&e.ship),
        "autoship" => match s.autoship {
            Autoship::After(delay) => delay.to_string(),
            other => word(&other),
        },
        "allowed-scope" => list(e.allowed_scope.iter()),
        "scope" => if e.scope_strict { "strict" } else { "warn" }.to_string(),
        "artifacts" => list(e.artifacts.iter()),
        "idempotency-key" => text(s.key.as_ref()),
        "tracker-item" => text(s.tracker_item.as_ref()),
        "not-before" => text(s.not_before),
        "yolo" => e.yolo.to_string(),
        "sandbox" => word(&e.sandbox),
        _ => return None,
    })
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn list<T: ToString>(values: impl Iterator<Item = T>) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
}

/// A word as the stored form writes it, which is how people write it too.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn retry(rule: &Retry) -> String {
    let backoff = match rule.backoff {
        Backoff::Exp => "exp".to_string(),
        Backoff::Fixed(pause) => pause.to_string(),
    };
    format!("max {}, {backoff}, on {}", rule.max, list(rule.on.iter()))
}

fn review(rule: &ReviewRule) -> String {
    let mut parts = vec![match rule.approvals {
        0 => "auto".to_string(),
        1 => "1 approval".to_string(),
        n => format!("{n} approvals"),
    }];
    if !rule.reviewers.is_empty() {
        parts.push(format!("of {}", rule.reviewers.join(", ")));
    }
    parts.extend(rule.check.as_ref().map(|check| format!("check: {check}")));
    parts.extend(rule.four_eyes.then(|| "four-eyes".to_string()));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Facts, Known, Manifest, Profile, resolve};

    #[test]
    fn every_field_of_the_table_has_a_value() {
        let facts = Facts { folder: "/w".to_string(), ..Facts::default() };
        let resolved = resolve(
            &Manifest::default(),
            &Profile::default(),
            &crate::job::Config::default(),
            &Known::default(),
            &facts,
        );
        let resolved = resolved.expect("an empty manifest is whole");
        for words in manifest_fields().filter(|words| !["children", "budget"].contains(&words.name)) {
            assert!(value_of(words.name, &resolved.spec, &resolved.effective).is_some(), "{}", words.name);
        }
    }
}
