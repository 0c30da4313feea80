//! What the keys of single screens do: the past, dependencies, the queue as a whole, work at risk, agents.

use crate::dash::model::Gauge;

/// How the past is wound.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Wind {
    /// Plays the past, or stands still.
    Play,
    /// Goes to the next event, or back.
    Step {
        /// The next.
        forth: bool,
    },
    /// Goes a minute further, or back.
    Minute {
        /// Further.
        forth: bool,
    },
    /// Goes to the next place worth a look, or back.
    Landmark {
        /// The next.
        forth: bool,
    },
    /// Plays faster, or slower.
    Speed {
        /// Faster.
        faster: bool,
    },
    /// Goes to a moment, once it was asked which.
    Moment,
    /// Only events of the job that was picked.
    Only,
    /// How the moment differs from now.
    Differs,
    /// Back to now.
    Live,
}

/// How dependencies are shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GraphView {
    /// Shows only what is near the job under the cursor.
    Focus,
    /// Rows or layers.
    Layout,
    /// Only the critical path.
    Critical,
    /// What stands at the right of a row.
    Gauge(Gauge),
    /// Goes to what waits for the job, or to what it waits for.
    Stream {
        /// To what waits for it.
        down: bool,
    },
}

/// What is done with the queue as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum QueueDo {
    /// Pauses it, once it was asked how.
    Pause,
    /// Lets it go on, once it was asked.
    Resume,
    /// Sets its ceiling.
    Ceiling,
}

/// What is done with work at risk.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RiskDo {
    /// Puts the worktree under the cursor into a commit.
    Rescue,
    /// The same for all that nobody saves, once it was asked.
    RescueAll,
    /// Gives up the worktree under the cursor, once it was asked.
    LetGo,
    /// Gives up all that nobody saves, once their number was typed.
    LetGoAll,
    /// Shows how it differs from the accepted work.
    Compare,
    /// Puts something else at the top of the list.
    Sort,
    /// Copies where it stands.
    CopyPath,
}

/// What is done with an agent of this host.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AgentDo {
    /// Starts one.
    Start,
    /// Lets the one under the cursor finish.
    Drain,
    /// Stops it, once it was asked.
    Stop,
}
