//! Running an engine: the shim that owns a run, the kill ladder, the adapters, the common event set.

mod adapter;
mod attempt;
mod beside;
mod dialect;
mod environment;
mod event;
mod identity;
mod ladder;
mod lines;
#[cfg(target_os = "linux")]
mod linux;
mod model;
mod plan;
#[cfg(not(target_os = "linux"))]
mod portable;
mod prices;
mod processes;
mod reader;
mod recorder;
mod redact;
mod report;
mod run;
mod rundir;
mod segments;
mod shim;
mod signals;
mod status;
mod stop;
mod strip;
mod tally;
#[cfg(test)]
mod tests;
mod transcript;
mod visible;

pub use adapter::{
    ARGUMENT_MAX, Ask, ENGINES, Engine, Found, Past, Reach, Recipe, Told, engine, found_on_path,
    missing_flags, sandbox_fault, session_is_there, version_of,
};
pub use attempt::{AttemptReader, LogPiece, RunSeen, ShipRun};
pub use dialect::{
    Beside, DIALECTS, Dialect, Heard, Hearing, Judgement, RULES, RULES_VERSION, Resumed, RunFacts, Said,
    dialect, judge,
};
pub use environment::{EngineEnv, EnvRules, engine_env, forge_env, is_secret};
pub use event::{
    Ended, EngineEvent, Limit, LimitState, ModelText, Phase, Retry, Scope, Started, Tool, UsageTold,
};
pub use identity::{BadIdentity, Liveness, ProcessIdentity, is_alive, is_gone, process_identity};
pub use model::other_model;
pub use plan::{KILL_GRACE, PLAN_VERSION, RUN_VARIABLE, RunKind, RunPlan, TRANSCRIPT_CAP};
pub use prices::{has_price, price, prices_version};
pub use reader::{Record, TranscriptReader, copy_raw, tally_transcript};
pub use redact::without_secrets;
pub use report::{End, ExitReport, NotStarted, REPORT_VERSION, ShimRecord, TAIL_MAX, TranscriptLoss};
pub use run::{Run, RunState, ShimProgram};
pub use shim::shim_main;
pub use status::{LOOP_AFTER, Pulse, SILENT_AFTER, Status, TOOL_SILENT_AFTER, WORD_HOLDS};
pub use stop::{CAUSES, Ordered, StopCause, StopOrder, order_stop, standing_order};
pub use strip::strip_controls;
pub use tally::Tally;
pub use transcript::{Gap, Source};
pub use visible::{hides, show_controls};
