//! Who a process is, so that another process can later say whether it still lives.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::processes::{Sight, boot_id, machine_id, pid_namespace, process};
use crate::job::HolderId;

/// A process named so that the name is never reused: host, boot, pid namespace, pid and start time.
///
/// Its text is `host/boot.pidns.pid.start`; holders of leases and locks are written in that form. The host
/// is the machine's name and, where it has an id of its own, `~` and eight digits of that id's hash.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProcessIdentity {
    /// The machine: `name~hash`, or its name alone, which two machines may share.
    pub host: String,
    /// The boot of the kernel it runs under, empty if that is not told.
    pub boot: String,
    /// The pid namespace in which `pid` means something.
    pub namespace: String,
    /// Its number.
    pub pid: i32,
    /// When it started, in the platform's unit.
    pub start: u64,
}

/// What can be said about a process from here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Liveness {
    /// It runs (stopped counts as running).
    Alive,
    /// It provably does not: no such process, another one under its number, a zombie, or an earlier boot.
    Gone,
    /// It cannot be seen from here: another host, another pid namespace, or a hidden process table.
    Unknown,
}

/// Without a machine's own id, names that say nothing about which machine it is; an earlier boot cannot be
/// proven by them.
const NAMELESS_HOSTS: [&str; 4] = ["", "localhost", "localhost.localdomain", "(none)"];

/// Digits of the machine id's hash: enough to tell the machines of one fleet apart.
const HASH_DIGITS: usize = 8;

/// The identity of this process.
pub fn process_identity() -> ProcessIdentity {
    static HERE: OnceLock<(String, String, String)> = OnceLock::new();
    let (host, boot, namespace) = HERE.get_or_init(|| (host_name(), boot_id(), pid_namespace())).clone();
    // Not cached with the rest: a fork keeps the cache and changes its pid.
    let pid = rustix::process::getpid().as_raw_pid();
    let start = match process(pid) {
        Sight::Seen(proc) => proc.start,
        Sight::Gone | Sight::Hidden => 0,
    };
    ProcessIdentity { host, boot, namespace, pid, start }
}

fn host_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let name = name.replace(|c: char| c == '/' || c.is_whitespace(), "-");
    match machine_id() {
        // The id itself is not for others to see (machine-id(5)).
        Some(id) => format!("{name}~{}", &blake3::hash(id.as_bytes()).to_hex()[..HASH_DIGITS]),
        None => name,
    }
}

/// Says whether `who` still lives, as far as that can be known from this process.
pub fn is_alive(who: &ProcessIdentity) -> Liveness {
    let here = process_identity();
    judge(who, &here, process)
}

fn judge(who: &ProcessIdentity, here: &ProcessIdentity, look: impl Fn(i32) -> Sight) -> Liveness {
    if who.boot.is_empty() || here.boot.is_empty() {
        return Liveness::Unknown;
    }
    if who.boot != here.boot {
        // The same machine booted since, unless two machines share a name that says nothing.
        let same = who.host == here.host && !NAMELESS_HOSTS.contains(&who.host.as_str());
        return if same { Liveness::Gone } else { Liveness::Unknown };
    }
    if who.namespace != here.namespace || who.start == 0 {
        return Liveness::Unknown;
    }
    match look(who.pid) {
        Sight::Seen(proc) if proc.start == who.start && !proc.dead => Liveness::Alive,
        Sight::Seen(_) | Sight::Gone => Liveness::Gone,
        Sight::Hidden => Liveness::Unknown,
    }
}

impl fmt::Display for ProcessIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}.{}.{}.{}", self.host, self.boot, self.namespace, self.pid, self.start)
    }
}

/// A text that is not a process identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a process identity: {0:?} (host/boot.pidns.pid.start)")]
pub struct BadIdentity(String);

impl FromStr for ProcessIdentity {
    type Err = BadIdentity;

    fn from_str(text: &str) -> Result<ProcessIdentity, BadIdentity> {
        let bad = || BadIdentity(text.to_string());
        let (host, rest) = text.split_once('/').ok_or_else(bad)?;
        let parts: Vec<&str> = rest.split('.').collect();
        let [boot, namespace, pid, start] = parts[..] else { return Err(bad()) };
        Ok(ProcessIdentity {
            host: host.to_string(),
            boot: boot.to_string(),
            namespace: namespace.to_string(),
            pid: pid.parse().map_err(|_| bad())?,
            start: start.parse().map_err(|_| bad())?,
        })
    }
}

impl TryFrom<String> for ProcessIdentity {
    type Error = BadIdentity;

    fn try_from(text: String) -> Result<ProcessIdentity, BadIdentity> {
        text.parse()
    }
}

impl From<ProcessIdentity> for String {
    fn from(who: ProcessIdentity) -> String {
        who.to_string()
    }
}

/// Whether a holder provably lives no more, as far as this host can tell.
pub fn is_gone(holder: &HolderId) -> bool {
    holder.as_str().parse::<ProcessIdentity>().is_ok_and(|who| is_alive(&who) == Liveness::Gone)
}

#[cfg(test)]
mod tests {
    use super::super::processes::Proc;
    use super::*;

    fn seen(start: u64, dead: bool) -> Sight {
        Sight::Seen(Proc { pid: 7, parent: 1, session: 7, start, cpu: 0, dead, stopped: false })
    }

    #[test]
    fn three_answers() {
        let check = |who: &str, sight: Sight, expected: Liveness| {
            let here: ProcessIdentity = "ash/b1.4026.1.1".parse().unwrap();
            assert_eq!(judge(&who.parse().unwrap(), &here, |_| sight), expected, "{who}");
        };
        check("ash/b1.4026.7.50", seen(50, false), Liveness::Alive);
        check("ash/b1.4026.7.50", seen(51, false), Liveness::Gone);
        check("ash/b1.4026.7.50", seen(50, true), Liveness::Gone);
        check("ash/b1.4026.7.50", Sight::Gone, Liveness::Gone);
        check("ash/b1.4026.7.50", Sight::Hidden, Liveness::Unknown);
        check("ash/b0.4026.7.50", seen(50, false), Liveness::Gone);
        check("oak/b0.4026.7.50", seen(50, false), Liveness::Unknown);
        check("localhost~1/b0.4026.7.50", seen(50, false), Liveness::Unknown);
        check("localhost/b0.4026.7.50", seen(50, false), Liveness::Unknown);
        check("ash/b1.4027.7.50", seen(50, false), Liveness::Unknown);
        check("ash/.4026.7.50", seen(50, false), Liveness::Unknown);
    }

    #[test]
    fn this_process_lives_and_its_name_reads_back() {
        let me = process_identity();
        assert_eq!(is_alive(&me), Liveness::Alive);
        assert_eq!(me.to_string().parse::<ProcessIdentity>().unwrap(), me);
        let reused = ProcessIdentity { start: me.start + 1, ..me };
        assert_eq!(is_alive(&reused), Liveness::Gone);
        assert!("nonsense".parse::<ProcessIdentity>().is_err());
    }
}
