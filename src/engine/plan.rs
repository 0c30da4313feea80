//! What one run is to do: the program, its surroundings and its limits, as written to `plan.json`.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::dialect::RunFacts;
use super::rundir;
use crate::job::Budget;
use crate::time::Span;

/// The variable that every process of a run carries; the value is the run's id.
pub const RUN_VARIABLE: &str = "AQ_RUN";
/// Version of `plan.json` that this program writes and reads.
pub const PLAN_VERSION: u32 = 1;
/// Transcript size beyond which the middle is cut, `engines.md` section 12 rule 8.
pub const TRANSCRIPT_CAP: u64 = 64 * 1024 * 1024;
/// Time between TERM and KILL, `engines.md` section 13 rule 3.
pub const KILL_GRACE: Span = Span::from_secs(10);

/// What a run is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// The engine itself, with its account's keys.
    Engine,
    /// The job's `setup:` command, without keys.
    Setup,
    /// The job's `verify:` command, without keys.
    Verify,
    /// The same command on what base would become by a ship.
    Ship,
}

/// One run: everything the shim needs and nothing it has to look up.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPlan {
    /// [`PLAN_VERSION`]; another number is refused.
    pub v: u32,
    /// Random name of this run, found again in every process of it.
    pub run_id: String,
    /// What the run is for.
    pub kind: RunKind,
    /// Program and arguments; never a shell string.
    pub argv: Vec<String>,
    /// Where it runs.
    pub cwd: PathBuf,
    /// Its whole environment, already filtered; the shim adds [`RUN_VARIABLE`] alone.
    pub env: Vec<(String, String)>,
    /// File given as standard input, read to its end; nothing if `None`.
    pub stdin: Option<PathBuf>,
    /// Where the transcript goes; a relative path is taken from the run's folder.
    pub transcript: PathBuf,
    /// Size in bytes beyond which the middle of the transcript is cut.
    pub transcript_cap: u64,
    /// Values that must not appear in the transcript.
    pub redact: Vec<String>,
    /// Waking time the run may take; `None` is no limit.
    pub wall: Option<Span>,
    /// What it may use up before it is stopped; the wall time stands in `wall`.
    #[serde(default, skip_serializing_if = "Budget::is_open")]
    pub ceilings: Budget,
    /// Time between TERM and KILL.
    pub grace: Span,
    /// The output dialect, by its name in [`super::DIALECTS`].
    pub dialect: String,
    /// What its reader must know beside the lines.
    #[serde(default)]
    pub facts: RunFacts,
}

impl RunPlan {
    /// A plan with a fresh id, the default limits, an empty environment and the `shell` dialect.
    pub fn new(kind: RunKind, argv: Vec<String>, cwd: &Path) -> RunPlan {
        RunPlan {
            v: PLAN_VERSION,
            run_id: mint_run_id(),
            kind,
            argv,
            cwd: cwd.to_path_buf(),
            env: Vec::new(),
            stdin: None,
            transcript: PathBuf::from(rundir::TRANSCRIPT),
            transcript_cap: TRANSCRIPT_CAP,
            redact: Vec::new(),
            wall: None,
            ceilings: Budget::default(),
            grace: KILL_GRACE,
            dialect: "shell".to_string(),
            facts: RunFacts::default(),
        }
    }

    /// The transcript's path for a run in `dir`.
    pub fn transcript_in(&self, dir: &Path) -> PathBuf {
        dir.join(&self.transcript)
    }

    /// Reads the plan of a run.
    ///
    /// # Errors
    /// The file cannot be read, is not a plan, or has another version.
    pub fn read(dir: &Path) -> io::Result<RunPlan> {
        let plan: RunPlan = rundir::read(dir, rundir::PLAN)?
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the run has no plan.json"))?;
        if plan.v != PLAN_VERSION {
            let text = format!("plan.json has version {}, this aq reads {PLAN_VERSION}", plan.v);
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        Ok(plan)
    }

    /// Writes the plan into the run's folder, for its owner's eyes only.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        rundir::write_whole(dir, rundir::PLAN, self)
    }

    /// The plan as it may lie on disk while the engine runs: the job's own scripts can read the folder,
    /// and `verify` must not find there the keys that its environment was stripped of.
    #[must_use]
    pub(super) fn without_secrets(&self) -> RunPlan {
        let blank = |value: &String| {
            let secret = self.redact.iter().any(|s| !s.is_empty() && value.contains(s.as_str()));
            if secret { super::redact::MASK.to_string() } else { value.clone() }
        };
        RunPlan {
            argv: self.argv.iter().map(blank).collect(),
            env: self.env.iter().map(|(name, value)| (name.clone(), blank(value))).collect(),
            redact: Vec::new(),
            ..self.clone()
        }
    }
}

impl std::fmt::Debug for RunPlan {
    /// Names the run; argv and environment may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunPlan")
            .field("run_id", &self.run_id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// 128 bits of chance in hex: only has to be unlike every other run's on this machine.
fn mint_run_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_back_and_another_version_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut plan = RunPlan::new(RunKind::Verify, vec!["true".into()], dir.path());
        plan.write(dir.path()).unwrap();
        assert!(RunPlan::read(dir.path()).unwrap() == plan);
        plan.v = 2;
        plan.write(dir.path()).unwrap();
        assert_eq!(RunPlan::read(dir.path()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn what_stays_on_disk_holds_no_secret() {
        let mut plan =
            RunPlan::new(RunKind::Engine, vec!["x".into(), "--key=sesame42".into()], Path::new("/"));
        plan.env = vec![("K".into(), "sesame42".into()), ("L".into(), "de".into())];
        plan.redact = vec!["sesame42".into()];
        let text = serde_json::to_string(&plan.without_secrets()).unwrap();
        assert!(!text.contains("sesame42") && text.contains("\"de\""), "{text}");
    }
}
