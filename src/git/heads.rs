//! Brings the work a job depends on into its branch, or says who conflicts with whom.

use std::path::PathBuf;

use crate::job::Rev;

use super::carry::{carry, plan_carry};
use super::plumbing::{Head, Merged, RefStep};
use super::refusal::{Refusal, Result};
use super::repo::branch_ref;
use super::worktree::Worktree;

impl Worktree {
    /// Merges each head that the job branch does not contain yet, in order, and returns the branch's
    /// new head. All merges are made in the object store first; a conflict names both sides and leaves
    /// branch and files as they were, and so do changed files that would be overwritten.
    pub fn merge_heads(&self, heads: &[(String, Rev)]) -> Result<Rev> {
        let pipes = self.pipes();
        let Head::Branch { name, rev: start } = self.head()? else {
            return Err(Refusal::Detached { path: self.path().to_path_buf() }.into());
        };
        let mut at = start.clone();
        let mut merged: Vec<&(String, Rev)> = Vec::new();
        for head in heads {
            let (who, rev) = head;
            if pipes.contains(&at, rev)? {
                continue;
            }
            if pipes.contains(rev, &at)? {
                at = rev.clone();
            } else {
                at = match pipes.merge(&at, rev)? {
                    Merged::Clean(tree) => {
                        pipes.commit(&tree, &[&at, rev], &format!("Merge {who} into {name}\n"))?
                    }
                    Merged::Conflict(paths) => {
                        return Err(self.both_sides(&merged, &name, head, paths)?.into());
                    }
                };
            }
            merged.push(head);
        }
        if at == start {
            return Ok(at);
        }
        // Looked at before the lock as well, because a refusal is the common case and needs none.
        plan_carry(pipes, &start, &at)?;
        let name = branch_ref(&name);
        let step = RefStep { name: &name, to: &at, from: Some(&start), why: "aq: merge of dependencies" };
        pipes.move_ref_with(&step, &mut || carry(pipes, &start, &at))?;
        Ok(at)
    }

    /// The conflict in the words of whoever has to solve it: two jobs, if two jobs alone conflict too,
    /// else the job and the branch.
    fn both_sides(
        &self,
        merged: &[&(String, Rev)],
        branch: &str,
        (who, rev): &(String, Rev),
        paths: Vec<PathBuf>,
    ) -> Result<Refusal> {
        for (other, head) in merged {
            if let Merged::Conflict(_) = self.pipes().merge(head, rev)? {
                return Ok(Refusal::Conflict { ours: other.clone(), theirs: who.clone(), paths });
            }
        }
        Ok(Refusal::Conflict { ours: branch.to_string(), theirs: who.clone(), paths })
    }
}
