//! The stages of a job and the folders that show them: one table, read by law, folder, help and README.

use serde::{Deserialize, Serialize};

/// Where a job stands. What each stage means and how it is left: `jobs.md` section 3.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Waits for a slot, or parked until a moment or a person.
    Queued,
    /// Waits for other jobs.
    Blocked,
    /// An agent won the claim and prepares the worktree.
    Assigned,
    /// An attempt runs.
    Building,
    /// Waits for approvals.
    Review,
    /// Passed its gate; a person's own check before ship. Holds no slot.
    Testing,
    /// Done. Final.
    Shipped,
    /// Ended without success, may be requeued.
    Failed,
    /// Given up by rule: poison, retries exhausted by an operator's word. Only redrive leads out.
    DeadLetter,
}

/// One row per stage: the stage, its name in text, its folder, its meaning in a few words.
pub const STAGES: [(Stage, &str, Folder, &str); 9] = [
    (Stage::Queued, "queued", Folder::Inbox, "waits for a slot, or parked"),
    (Stage::Blocked, "blocked", Folder::Inbox, "waits for other jobs"),
    (Stage::Assigned, "assigned", Folder::Building, "claimed, worktree in preparation"),
    (Stage::Building, "building", Folder::Building, "an attempt runs"),
    (Stage::Review, "review", Folder::Review, "waits for approvals"),
    (Stage::Testing, "testing", Folder::Testing, "a person's check before ship"),
    (Stage::Shipped, "shipped", Folder::Shipped, "done, final"),
    (Stage::Failed, "failed", Folder::Failed, "ended without success"),
    (Stage::DeadLetter, "dead_letter", Folder::Failed, "given up, only redrive leads out"),
];

impl Stage {
    /// The stage's name as people type it and logs keep it.
    pub fn name(self) -> &'static str {
        STAGES[self as usize].1
    }

    /// The folder of the queue in which the job's file stands.
    pub fn folder(self) -> Folder {
        STAGES[self as usize].2
    }

    /// The stage of that name.
    pub fn parse(name: &str) -> Option<Stage> {
        STAGES.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// Nothing more happens by itself: shipped, failed or dead letter.
    pub fn is_ended(self) -> bool {
        matches!(self, Stage::Shipped | Stage::Failed | Stage::DeadLetter)
    }

    /// A worker holds the job.
    pub fn is_held(self) -> bool {
        matches!(self, Stage::Assigned | Stage::Building)
    }

    /// Not started yet: its file may still be edited or deleted.
    pub fn is_waiting(self) -> bool {
        matches!(self, Stage::Queued | Stage::Blocked)
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A folder of the queue. Several stages may share one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Folder {
    /// queued, blocked, parked.
    Inbox,
    /// assigned, building.
    Building,
    /// review.
    Review,
    /// testing.
    Testing,
    /// shipped.
    Shipped,
    /// failed, dead_letter.
    Failed,
}

/// Every folder that holds jobs, in the order of a job's life.
pub const FOLDERS: [(Folder, &str); 6] = [
    (Folder::Inbox, "inbox"),
    (Folder::Building, "building"),
    (Folder::Review, "review"),
    (Folder::Testing, "testing"),
    (Folder::Shipped, "shipped"),
    (Folder::Failed, "failed"),
];

impl Folder {
    /// The folder's name on disk.
    pub fn name(self) -> &'static str {
        FOLDERS[self as usize].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_stand_in_the_order_of_their_enums() {
        for (i, row) in STAGES.iter().enumerate() {
            assert_eq!(row.0 as usize, i);
            assert_eq!(Stage::parse(row.1), Some(row.0));
        }
        for (i, row) in FOLDERS.iter().enumerate() {
            assert_eq!(row.0 as usize, i);
        }
    }
}
