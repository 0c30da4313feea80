//! What the room promises, held against libgit2 and against the git program.

mod checkpoint;
mod fixture;
mod heads;
mod rate;
mod repo;
mod ship;
mod worktree;
