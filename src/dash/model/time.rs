//! The past: where in the log a person looks, and what stands aside meanwhile.

use super::page::Loaded;
use super::replica::Replica;
use crate::insight::{Recording, Timeline};
use crate::job::{JobId, STAGES, Stage};
use crate::time::{Span, Stamp};

/// How fast the past is played.
pub const SPEEDS: [u64; 7] = [1, 2, 5, 10, 60, 600, 3_600];
/// The speed it begins with.
const SPEED_FIRST: usize = 3;
/// While it plays a frame is drawn this often.
pub const TICK: Span = Span::from_millis(250);
/// The board is compared with how it was so long before.
pub const BEFORE: Span = Span::from_mins(10);
/// Columns at the left of the timeline, for its names.
pub const NAMES: u16 = 8;

/// The screen, and the mode that every screen can be in.
#[derive(Clone, Debug)]
pub struct Time {
    /// The log.
    pub recording: Loaded<std::sync::Arc<Recording>>,
    /// Where in it; `None` is live.
    pub at: Option<Position>,
    /// The replica of now, while the past is on the screens.
    pub live: Option<Box<Replica>>,
    /// It plays, and was moved last at this moment of the clock since boot.
    pub playing: Option<Span>,
    /// Which of [`SPEEDS`].
    pub speed: usize,
    /// Only events of this job.
    pub only: Option<JobId>,
    /// How the moment differs from now: the jobs that stand elsewhere, then and now. `None`: not asked for.
    pub differs: Option<Vec<Differs>>,
    /// How many jobs stood in each stage a while before.
    pub before: Vec<usize>,
    /// Another moment is shown: lists begin anew, because nothing moved under a finger.
    pub anew: bool,
    /// A moment to go to once the log is there, as it was written.
    pub then: Option<String>,
    /// Figures for the width they were made for, and how many events they are of.
    pub line: Option<(Timeline, usize)>,
}

/// A moment of the past.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// So many events had happened.
    pub count: usize,
    /// The moment.
    pub at: Stamp,
}

/// A job that stood elsewhere; `None` is not there, or archived.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Differs {
    /// The job.
    pub job: JobId,
    /// Where it stood.
    pub then: Option<Stage>,
    /// Where it stands.
    pub now: Option<Stage>,
}

impl Default for Time {
    fn default() -> Time {
        Time {
            recording: Loaded::Unasked,
            at: None,
            live: None,
            playing: None,
            speed: SPEED_FIRST,
            only: None,
            differs: None,
            before: vec![0; STAGES.len()],
            anew: false,
            then: None,
            line: None,
        }
    }
}

impl Time {
    /// How fast it plays.
    pub fn speed(&self) -> u64 {
        SPEEDS[self.speed.min(SPEEDS.len() - 1)]
    }
}
