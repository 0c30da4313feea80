//! The exit codes: one table, and which code each refusal and each fault ends with.

use crate::fleet::Code;
use crate::store::{Fault, FaultKind};

/// How the program ends. Stable; the order is that of the numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[allow(missing_docs)] // Each has its row in EXITS.
pub enum Exit {
    Done,
    Failed,
    Usage,
    NotFound,
    Refused,
    NotAllowed,
    Unreachable,
    Budget,
    Partly,
    WaitFailed,
    WaitDeadLetter,
    WaitCancelled,
    WaitTimedOut,
    Interrupted,
    Terminated,
}

/// One row per exit: the exit, its number, its meaning.
pub const EXITS: [(Exit, u8, &str); 15] = [
    (Exit::Done, 0, "done"),
    (Exit::Failed, 1, "failed, other: a fault of this machine (disk, git, lock), or a bug"),
    (
        Exit::Usage,
        2,
        "usage: unknown verb or flag, ambiguous name, bad filter, manifest or config, not in this version",
    ),
    (Exit::NotFound, 3, "not found: job, factory, product, artifact, queue"),
    (Exit::Refused, 4, "refused: wrong stage, fenced, version moved, branch moved"),
    (Exit::NotAllowed, 5, "not allowed, or signed out"),
    (Exit::Unreachable, 6, "cannot reach the coordinator, or timeout"),
    (Exit::Budget, 7, "budget or policy says no"),
    (Exit::Partly, 8, "partly done (several targets); details in the output"),
    (Exit::WaitFailed, 10, "aq wait: ended failed"),
    (Exit::WaitDeadLetter, 11, "aq wait: dead letter"),
    (Exit::WaitCancelled, 12, "aq wait: cancelled"),
    (Exit::WaitTimedOut, 13, "aq wait: the wait timed out"),
    (Exit::Interrupted, 130, "Ctrl-C before the work was done"),
    (Exit::Terminated, 143, "SIGTERM before the work was done"),
];

/// Refusals that are a rule's word rather than somebody else's speed, though the wire calls both 409.
const POLICY: [Code; 1] = [Code::SelfApproval];

impl Exit {
    /// The number the shell sees.
    pub fn number(self) -> u8 {
        EXITS[self as usize].1
    }

    /// The exit of a lawful no.
    pub fn of_refusal(code: Code) -> Exit {
        if POLICY.contains(&code) {
            return Exit::Budget;
        }
        match code.http() {
            400 | 422 => Exit::Usage,
            401 | 403 => Exit::NotAllowed,
            402 => Exit::Budget,
            404 => Exit::NotFound,
            409 | 412 => Exit::Refused,
            429 | 503 => Exit::Unreachable,
            _ => Exit::Failed,
        }
    }

    /// The exit of a failure of the world: one of this machine, except that bad settings are usage.
    pub fn of_fault(fault: &Fault) -> Exit {
        match fault.kind {
            FaultKind::Settings => Exit::Usage,
            FaultKind::Disk
            | FaultKind::Full
            | FaultKind::Corrupt
            | FaultKind::Skew
            | FaultKind::Place
            | FaultKind::Gone => Exit::Failed,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> std::process::ExitCode {
        std::process::ExitCode::from(exit.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_its_enum_and_numbers() {
        for (i, row) in EXITS.iter().enumerate() {
            assert_eq!(row.0 as usize, i);
        }
        assert!(EXITS.windows(2).all(|pair| pair[0].1 < pair[1].1));
    }

    #[test]
    fn every_refusal_has_its_exit() {
        let table: Vec<String> =
            Code::ALL.iter().map(|c| format!("{} {}", c.name(), Exit::of_refusal(*c).number())).collect();
        let expected = "unknown_job 3, archived 3, invalid_state 4, fenced 4, moved 4, rev_moved 4, not_saved 4, id_taken 4, \
             key_reused 4, already_done 4, shipping 4, cycle 2, self_approval 7, not_reviewer 5, \
             budget_not_raised 7, not_due 4, no_change 4, too_many 2";
        assert_eq!(table.join(", "), expected);
    }
}
