//! What the shim writes down about itself, its engine and the end of the run.

use serde::{Deserialize, Serialize};

use super::identity::ProcessIdentity;
use super::processes::PidStart;
use super::stop::StopCause;
use super::tally::Tally;
use crate::time::{Span, Stamp};

/// Version of `shim.json`, `engine.json` and `exit.json`.
pub const REPORT_VERSION: u32 = 1;

/// `shim.json`: who owns the run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShimRecord {
    /// [`REPORT_VERSION`].
    pub v: u32,
    /// The run's id.
    pub run_id: String,
    /// The shim, with boot and pid namespace.
    pub shim: ProcessIdentity,
    /// When the shim took the run (wall clock).
    pub since: Stamp,
}

/// `engine.json`: the engine's process.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct EngineRecord {
    pub v: u32,
    #[serde(flatten)]
    pub process: PidStart,
    pub since: Stamp,
}

/// Why a program did not start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotStarted {
    /// There is no such program.
    Missing,
    /// A stop order was there first.
    Stopped,
    /// Anything else: no permission, no such folder, no memory.
    Other,
}

/// How the engine's process ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum End {
    /// It exited by itself.
    Exited {
        /// Its exit code.
        code: i32,
    },
    /// A signal ended it, whoever sent it.
    Signaled {
        /// The signal's number.
        signal: i32,
    },
    /// It never ran.
    NotStarted {
        /// The kind of failure.
        reason: NotStarted,
        /// The failure in words.
        detail: String,
    },
}

/// What the transcript could not keep.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TranscriptLoss {
    /// Lines that could not be written.
    pub lines: u64,
    /// The first error, if any.
    pub error: Option<String>,
    /// Someone outside the run still held its output open at the end, so later output is not here.
    pub left_open: bool,
}

/// `exit.json`: the verdict of a run. It is written only when no process of the run is left.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExitReport {
    /// [`REPORT_VERSION`].
    pub v: u32,
    /// The run's id.
    pub run_id: String,
    /// How the engine's process ended.
    pub end: End,
    /// The cause of the stop that the shim had taken up before the engine ended by itself.
    pub stopped_by: Option<StopCause>,
    /// When the engine was started (wall clock).
    pub started: Stamp,
    /// When the engine had ended (wall clock); its leftovers may have taken longer.
    pub ended: Stamp,
    /// Waking time between the two.
    pub wall: Span,
    /// Lines of output.
    pub lines: u64,
    /// Bytes of output.
    pub bytes: u64,
    /// Lines longer than the limit that were cut.
    pub cuts: u64,
    /// Processes that the engine left behind and the shim ended.
    pub leftovers: u64,
    /// Processes still alive: always none, said because it was counted.
    pub survivors: Vec<i32>,
    /// What the transcript could not keep.
    pub transcript: TranscriptLoss,
    /// What the output said, read by the plan's dialect.
    pub seen: Tally,
    /// The last lines of output, secrets redacted, at most [`TAIL_MAX`] bytes.
    pub tail: String,
}

/// Size of [`ExitReport::tail`]: enough for an error and its context, small enough for an event.
pub const TAIL_MAX: usize = 4096;
