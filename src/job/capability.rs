//! What a job asks of a host and what a host offers: `key`, `key:value`, `key<op>version`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One demand: `gpu`, `os:linux`, `node>=20`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Capability {
    key: String,
    op: Op,
    value: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Op {
    Present,
    Is,
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

/// What every host says of itself, and what its values are; the order is that of help.
pub const OFFERS: [(&str, &str); 7] = [
    ("os", "the system: linux, macos"),
    ("arch", "the processor: x86_64, aarch64"),
    ("cores", "how many it has: cores>=8"),
    ("ram_gb", "memory in GiB: ram_gb>=16"),
    ("has", "a program on PATH: has:git, has:cargo, has:docker"),
    ("engine", "an engine that is found here: engine:shell"),
    ("ENGINE", "its version, where its program tells one: claude>=2.1"),
];

/// Operators in the order they must be looked for: the longer one first.
const OPS: [(&str, Op); 6] = [
    ("<=", Op::AtMost),
    (">=", Op::AtLeast),
    ("<", Op::Less),
    (">", Op::More),
    ("=", Op::Equal),
    (":", Op::Is),
];

/// A demand that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a capability: {0:?} (write key, key:value or key>=1.2)")]
pub struct BadCapability(String);

impl Capability {
    /// What it asks about: `node` of `node>=20`.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl FromStr for Capability {
    type Err = BadCapability;

    fn from_str(text: &str) -> Result<Capability, BadCapability> {
        let found = OPS.iter().filter_map(|(sign, op)| text.find(sign).map(|at| (at, *sign, *op)));
        let first = found.min_by_key(|(at, sign, _)| (*at, std::cmp::Reverse(sign.len())));
        let (key, op, value) = match first {
            Some((at, sign, op)) => (&text[..at], op, &text[at + sign.len()..]),
            None => (text, Op::Present, ""),
        };
        let is_name =
            |t: &str| !t.is_empty() && t.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+/".contains(c));
        let value_ok = match op {
            Op::Present => true,
            Op::Is => is_name(value),
            _ => is_name(value) && value.starts_with(|c: char| c.is_ascii_digit()),
        };
        if !is_name(key) || !value_ok {
            return Err(BadCapability(text.to_string()));
        }
        Ok(Capability { key: key.to_string(), op, value: value.to_string() })
    }
}

impl TryFrom<String> for Capability {
    type Error = BadCapability;

    fn try_from(text: String) -> Result<Capability, BadCapability> {
        text.parse()
    }
}

impl From<Capability> for String {
    fn from(capability: Capability) -> String {
        capability.to_string()
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = OPS.iter().find(|row| row.1 == self.op).map_or("", |row| row.0);
        write!(f, "{}{}{}", self.key, sign, self.value)
    }
}

/// What a host offers: each key with its values (`has:git` and `has:cargo` are two values of one key).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CapabilitySet(BTreeMap<String, Vec<String>>);

impl fmt::Display for CapabilitySet {
    /// `arch:x86_64 cores:8 gpu has:git has:make`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offers = self.0.iter().flat_map(|(key, values)| match values.as_slice() {
            [] => vec![key.clone()],
            values => values.iter().map(|value| format!("{key}:{value}")).collect(),
        });
        f.write_str(&offers.collect::<Vec<_>>().join(" "))
    }
}

impl CapabilitySet {
    /// What is offered.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The values that are offered of a key.
    pub fn values(&self, key: &str) -> &[String] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// Adds an offer; a bare key is an offer without a value.
    pub fn offer(&mut self, key: &str, value: &str) {
        let values = self.0.entry(key.to_string()).or_default();
        if !value.is_empty() && !values.iter().any(|v| v == value) {
            values.push(value.to_string());
        }
    }

    /// Adds an offer written as a demand: `gpu`, `os:linux`, `node=20.1`.
    pub fn offer_as(&mut self, capability: &Capability) {
        self.offer(&capability.key, &capability.value);
    }

    /// Whether this host satisfies the demand.
    pub fn satisfies(&self, demand: &Capability) -> bool {
        let Some(values) = self.0.get(&demand.key) else { return false };
        let fits =
            |wanted: &[Ordering]| values.iter().any(|v| wanted.contains(&compare_versions(v, &demand.value)));
        match demand.op {
            Op::Present => true,
            Op::Is => values.contains(&demand.value),
            Op::Less => fits(&[Ordering::Less]),
            Op::AtMost => fits(&[Ordering::Less, Ordering::Equal]),
            Op::Equal => fits(&[Ordering::Equal]),
            Op::AtLeast => fits(&[Ordering::Greater, Ordering::Equal]),
            Op::More => fits(&[Ordering::Greater]),
        }
    }

    /// The demands this host does not satisfy.
    pub fn missing<'a>(&self, demands: &'a [Capability]) -> Vec<&'a Capability> {
        demands.iter().filter(|d| !self.satisfies(d)).collect()
    }
}

/// Compares versions part by part: numbers as numbers, a missing part as zero, words as words.
fn compare_versions(a: &str, b: &str) -> Ordering {
    let mut left = a.split(['.', '-', '+']);
    let mut right = b.split(['.', '-', '+']);
    loop {
        let (x, y) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (x, y) => (x.unwrap_or("0"), y.unwrap_or("0")),
        };
        let order = match (x.parse::<u64>(), y.parse::<u64>()) {
            (Ok(x), Ok(y)) => x.cmp(&y),
            _ => x.cmp(y),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demands_meet_offers() {
        let mut host = CapabilitySet::default();
        for offer in ["os:linux", "has:git", "has:cargo", "node=20.11.1", "gpu", "cores=8"] {
            host.offer_as(&offer.parse().expect("a capability"));
        }
        let check = |demand: &str, fits: bool| {
            let demand: Capability = demand.parse().expect("a capability");
            assert_eq!(host.satisfies(&demand), fits, "{demand}");
            assert_eq!(demand.to_string().parse::<Capability>(), Ok(demand));
        };
        check("gpu", true);
        check("os:linux", true);
        check("os:macos", false);
        check("has:git", true);
        check("has:cargo", true);
        check("has:npm", false);
        check("node>=20", true);
        check("node>=20.12", false);
        check("node<21", true);
        check("node=20.11.1", true);
        check("cores>8", false);
        check("ram_gb>=1", false);
        for bad in ["", ":x", "a b", "node>=", "node>=new", "x:"] {
            assert!(bad.parse::<Capability>().is_err(), "{bad}");
        }
    }
}
