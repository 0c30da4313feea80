//! Which processes belong to a run, and how signals reach exactly those.
//!
//! Three nets, because each has holes. *Descent*: the shim is a subreaper, so while it lives every
//! descendant hangs below it whatever sessions they make. *Environment*: `AQ_RUN` stays in the environment
//! a process was started with, so it finds strays after the shim itself was killed; `env -i` slips through.
//! *Sessions and samples*: what the shim saw below itself is written down by pid and start time, and a
//! session with one proven member is ours whole, since a session number is not reused while a member
//! lives. A process that names another run is never touched from outside: its own shim answers for it.

use std::collections::{HashMap, HashSet};
use std::io;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

#[cfg(target_os = "linux")]
use super::linux as platform;
use super::plan::RUN_VARIABLE;
#[cfg(not(target_os = "linux"))]
use super::portable as platform;

#[cfg(all(test, target_os = "linux"))]
pub(super) use platform::environ;
pub(super) use platform::{
    adopt_orphans, boot_id, kill_children, machine_id, pid_namespace, process, processes, signal,
};

/// One row of the process table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Proc {
    pub pid: i32,
    pub parent: i32,
    pub session: i32,
    /// When it started, in a unit of the platform that is fixed for one boot. Tells a reused pid apart.
    pub start: u64,
    /// Processor time used so far, in a unit of the platform.
    pub cpu: u64,
    /// A zombie: it does nothing any more and only waits to be reaped.
    pub dead: bool,
    pub stopped: bool,
}

/// What looking at one pid gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sight {
    Seen(Proc),
    /// The kernel says that there is no such process.
    Gone,
    /// There is one, or there may be, but nothing about it can be read.
    Hidden,
}

/// A process by number and start time; a pid alone is reused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(super) struct PidStart {
    pub pid: i32,
    pub start: u64,
}

impl PidStart {
    pub(super) fn of(proc: &Proc) -> PidStart {
        PidStart { pid: proc.pid, start: proc.start }
    }
}

/// What is known about a run's processes.
#[derive(Clone, Debug)]
pub(super) struct Family {
    /// The run id that its processes carry in `AQ_RUN`.
    pub run_id: String,
    /// The shim. It is never counted as part of the family itself.
    pub shim: PidStart,
    /// Processes seen below the shim at some time.
    pub seen: Vec<PidStart>,
}

impl Family {
    /// Live members as the shim sees them: all below it, and all that carry the run id.
    pub(super) fn seen_by_shim(&self) -> io::Result<Vec<Proc>> {
        let table = processes()?;
        let mut ours = below(&table, &HashSet::from([self.shim.pid]));
        ours.extend(table.iter().filter(|p| self.carries_id(p.pid)).map(|p| p.pid));
        let ours = closed(&table, ours);
        Ok(self.living(&table, &ours))
    }

    /// Live members as anyone else finds them, the shim alive or dead.
    pub(super) fn seen_by_others(&self) -> io::Result<Vec<Proc>> {
        let table = processes()?;
        let seen: HashSet<PidStart> = self.seen.iter().copied().collect();
        let shim_lives = table.iter().any(|p| PidStart::of(p) == self.shim && !p.dead);
        let mut ours: HashSet<i32> =
            table.iter().filter(|p| seen.contains(&PidStart::of(p))).map(|p| p.pid).collect();
        ours.extend(table.iter().filter(|p| self.carries_id(p.pid)).map(|p| p.pid));
        if shim_lives {
            ours.extend(below(&table, &HashSet::from([self.shim.pid])));
        }
        let ours = closed(&table, ours);
        let strangers: HashSet<i32> =
            ours.iter().copied().filter(|pid| self.carries_other_id(*pid)).collect();
        Ok(self.living(&table, &ours.difference(&strangers).copied().collect()))
    }

    fn carries_id(&self, pid: i32) -> bool {
        platform::environ(pid, RUN_VARIABLE).is_some_and(|id| id == self.run_id)
    }

    fn carries_other_id(&self, pid: i32) -> bool {
        platform::environ(pid, RUN_VARIABLE).is_some_and(|id| id != self.run_id)
    }

    /// Neither the shim nor the one who asks is a member, whatever their environments say.
    fn living(&self, table: &[Proc], ours: &HashSet<i32>) -> Vec<Proc> {
        let me = rustix::process::getpid().as_raw_pid();
        let outside = |p: &&Proc| p.pid != me && p.pid != 1 && PidStart::of(p) != self.shim;
        table.iter().filter(|p| !p.dead && ours.contains(&p.pid)).filter(outside).copied().collect()
    }
}

/// Everything below `roots`, the roots left out.
fn below(table: &[Proc], roots: &HashSet<i32>) -> HashSet<i32> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for proc in table {
        children.entry(proc.parent).or_default().push(proc.pid);
    }
    let mut found = HashSet::new();
    let mut open: Vec<i32> = roots.iter().copied().collect();
    while let Some(pid) = open.pop() {
        for child in children.get(&pid).into_iter().flatten() {
            if found.insert(*child) {
                open.push(*child);
            }
        }
    }
    found
}

/// Adds the sessions of proven members and everything below them, until nothing is added. The session of
/// the one who asks is left out: a run never makes it, and a wrong guess there would be fatal. It is read
/// from the table, as 0 where its leader lives outside this process namespace (a container's first
/// process): the system call's wrapper takes that for a broken answer. Session 0 is nobody's.
fn closed(table: &[Proc], mut ours: HashSet<i32>) -> HashSet<i32> {
    let me = rustix::process::getpid().as_raw_pid();
    let mine = table.iter().find(|p| p.pid == me).map_or(0, |p| p.session);
    loop {
        let before = ours.len();
        let sessions: HashSet<i32> = table
            .iter()
            .filter(|p| ours.contains(&p.pid) && p.session > 1 && p.session != mine)
            .map(|p| p.session)
            .collect();
        ours.extend(table.iter().filter(|p| sessions.contains(&p.session)).map(|p| p.pid));
        let more = below(table, &ours);
        ours.extend(more);
        if ours.len() == before {
            return ours;
        }
    }
}

/// Sends `signal` to each; the pids that could not be reached for want of permission come back.
pub(super) fn signal_all(procs: &[Proc], signal_to_send: Signal) -> Vec<i32> {
    let denied = |p: &&Proc| signal(p.pid, p.start, signal_to_send).is_err();
    procs.iter().filter(denied).map(|p| p.pid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(i32, i32, i32)]) -> Vec<Proc> {
        let row = |&(pid, parent, session): &(i32, i32, i32)| Proc {
            pid,
            parent,
            session,
            start: 1,
            cpu: 0,
            dead: false,
            stopped: false,
        };
        rows.iter().map(row).collect()
    }

    fn sorted(set: HashSet<i32>) -> Vec<i32> {
        let mut list: Vec<i32> = set.into_iter().collect();
        list.sort_unstable();
        list
    }

    #[test]
    fn descent_follows_children_of_children() {
        let rows = table(&[(900_001, 1, 900_001), (900_002, 900_001, 900_001), (900_003, 900_002, 900_003)]);
        assert_eq!(sorted(below(&rows, &HashSet::from([900_001]))), [900_002, 900_003]);
    }

    #[test]
    fn one_proven_member_claims_its_session_and_what_hangs_below() {
        let rows = table(&[
            (900_001, 1, 900_000),
            (900_002, 1, 900_000),
            (900_003, 900_002, 900_003),
            (900_004, 1, 900_004),
        ]);
        assert_eq!(sorted(closed(&rows, HashSet::from([900_001]))), [900_001, 900_002, 900_003]);
    }

    #[test]
    fn a_session_led_from_outside_the_namespace_claims_nobody() {
        let me = rustix::process::getpid().as_raw_pid();
        let rows = table(&[(me, 0, 0), (900_001, 1, 0), (900_002, 1, 0)]);
        assert_eq!(sorted(closed(&rows, HashSet::from([900_001]))), [900_001]);
    }
}
