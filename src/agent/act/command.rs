//! The command line of an engine's run: from the settings or from the table of engines, with its account, its
//! prompt, and the session it takes up again.

use std::path::{Path, PathBuf};

use super::doer::Doer;
use super::login::login;
use crate::agent::place::NotReady;
use crate::agent::work::Work;
use crate::engine::{
    Ask, Engine, Past, Resumed, Run, RunFacts, RunState, StopCause, engine, found_on_path, session_is_there,
};
use crate::fleet::Job;
use crate::job::{Account, Effective, Outcome, Placed, Tokens, body_of, plain_error, script_of};
use crate::time::local_zone;

/// Name of the file an engine may export its transcript to, in the attempt's folder.
pub(super) const EXPORT: &str = "export.json";

/// How the engine is started, beside its limits and surroundings.
#[derive(Default)]
pub(super) struct CommandLine {
    pub argv: Vec<String>,
    pub stdin_is_prompt: bool,
    pub dialect: String,
    pub facts: RunFacts,
    /// The account's variables: for the engine alone.
    pub keys: Vec<(String, String)>,
    /// The adapter's own.
    pub set: Vec<(String, String)>,
}

/// What the command line is made for.
pub(super) struct Task<'a> {
    pub work: &'a Work,
    pub effective: &'a Effective,
    /// The account that the grant names.
    pub account: Option<&'a str>,
    /// The job's own text.
    pub body: &'a [u8],
    /// Where the run will be.
    pub cwd: &'a Path,
    /// The attempt's folder.
    pub dir: &'a Path,
    pub prompt: &'a str,
    pub prompt_file: &'a Path,
    /// The session that is taken up again.
    pub resume: Option<Resumed>,
}

impl Doer {
    pub(super) fn command_line(&self, task: &Task<'_>) -> Result<CommandLine, NotReady> {
        let name = task.work.engine.as_str();
        let mut line = if self.settings.config.engines.contains_key(name) {
            self.of_settings(task)?
        } else if name == "shell" {
            script(task)?
        } else {
            let missing = || {
                (
                    Outcome::NoEngine,
                    format!("no engine {name:?} in the settings of this host; what is here: aq doctor"),
                )
            };
            self.of_table(task, engine(name).ok_or_else(missing)?)?
        };
        // What it says of a limit belongs to whoever pays.
        line.facts.account = task.account.map(str::to_string);
        let of_agent = |name: &str| std::env::var(name).ok();
        line.keys.extend(login(&self.settings.config, name, task.account, of_agent)?);
        line.facts.prompt_chars = task.prompt.chars().count() as u64;
        line.facts.model.clone_from(&task.effective.model);
        Ok(line)
    }

    /// An engine of one's own.
    fn of_settings(&self, task: &Task<'_>) -> Result<CommandLine, NotReady> {
        let engine = &self.settings.config.engines[&task.work.engine];
        let prompt_file = task.prompt_file.display().to_string();
        let placed = Placed {
            prompt_file: &prompt_file,
            model: task.effective.model.as_deref(),
            effort: task.effective.effort.as_deref(),
            job: task.work.job.as_str(),
        };
        let argv = engine
            .argv_for(&placed)
            .map_err(|field| (Outcome::Config, format!("its command line needs a {field}")))?;
        Ok(CommandLine {
            argv,
            stdin_is_prompt: engine.stdin_is_prompt,
            dialect: engine.dialect.to_string(),
            ..CommandLine::default()
        })
    }

    /// An engine of the table.
    fn of_table(&self, task: &Task<'_>, engine: &Engine) -> Result<CommandLine, NotReady> {
        let path = std::env::var_os("PATH");
        let found = found_on_path(path.as_deref()).into_iter().find(|found| found.engine.name == engine.name);
        let program = found.and_then(|found| found.program).ok_or_else(|| {
            let names = engine.programs.join(" or ");
            (Outcome::NoEngine, format!("{names} is not on PATH of this host; what is here: aq doctor"))
        })?;
        let ask = Ask {
            program: &program.display().to_string(),
            prompt: task.prompt,
            prompt_file: task.prompt_file,
            cwd: task.cwd,
            export: &task.dir.join(EXPORT),
            model: task.effective.model.as_deref(),
            effort: task.effective.effort.as_deref(),
            yolo: task.effective.yolo,
            session: &uuid(),
            resume: task.resume.as_ref().map(|resumed| resumed.session.as_str()),
            left: task.work.left,
            root: rustix::process::geteuid().is_root(),
        };
        let recipe = (engine.recipe)(&ask).map_err(|why| (Outcome::Config, why))?;
        let mut line = CommandLine {
            argv: recipe.argv,
            stdin_is_prompt: recipe.stdin_is_prompt,
            dialect: engine.dialect.to_string(),
            set: recipe.set,
            ..CommandLine::default()
        };
        line.facts.resumed.clone_from(&task.resume);
        // Vendors write reset times in the engine's zone, so it is told one that we know.
        line.facts.zone = std::env::var("TZ").ok().filter(|zone| !zone.is_empty()).or_else(local_zone);
        line.set.extend(line.facts.zone.clone().map(|zone| ("TZ".to_string(), zone)));
        Ok(line)
    }

    /// The session of the attempt before, if the same engine under the same account can take it up here.
    pub(super) fn resumable(
        &self,
        work: &Work,
        job: &Job,
        cwd: &Path,
        account: Option<&str>,
    ) -> Option<Resumed> {
        let no = work.attempt.checked_sub(1)?;
        let before = job.attempts.iter().find(|attempt| attempt.no == no)?;
        let engine = engine(&work.engine).filter(|_| before.engine == work.engine)?;
        let run = Run::open(&self.local.place().runs(&work.job).join(format!("{no}/engine"))).ok()?;
        let (plan, state) = (run.plan().ok()?, run.state().ok()?);
        let RunState::Ended(report) = state else { return None };
        let spoke = report.seen.usage.turns.is_some_and(|turns| turns > 0);
        let goes_on = spoke
            && report.stopped_by != Some(StopCause::Looping)
            && plan.facts.account.as_deref() == account;
        let session = report.seen.started.as_ref()?.session.clone().filter(|_| goes_on)?;
        let login = account.and_then(|name| self.settings.config.account(engine.name, name));
        let (home, user) = (login.and_then(home_of), std::env::var_os("HOME"));
        let past = Past {
            session: &session,
            cwd,
            then_cwd: &plan.cwd,
            home: home.as_deref(),
            user: user.as_deref().map(Path::new),
        };
        session_is_there(engine, &past).then(|| {
            let earlier = match plan.facts.resumed {
                None => Some(Tokens::default()),
                Some(resumed) => resumed.before,
            };
            // A run that was cut off told no total, and what the session had used up is not known.
            let before = earlier.filter(|_| !report.seen.estimated).map(|t| t.plus(report.seen.tokens));
            Resumed { session, before }
        })
    }
}

/// An account's folder; `~/` is the user's home.
fn home_of(account: &Account) -> Option<PathBuf> {
    let home = account.config_dir.as_ref()?;
    match home.strip_prefix("~/") {
        Some(rest) => Some(PathBuf::from(std::env::var_os("HOME")?).join(rest)),
        None => Some(PathBuf::from(home)),
    }
}

/// The script of the job, in a file that its interpreter is started with.
fn script(task: &Task<'_>) -> Result<CommandLine, NotReady> {
    let script = script_of(&body_of(task.body)).map_err(|problem| (Outcome::Config, problem.message))?;
    let file = task.dir.join("script");
    std::fs::write(&file, script.text)
        .map_err(|e| (Outcome::Config, format!("cannot write the script: {}", plain_error(&e))))?;
    let argv = script.interpreter.into_iter().chain([file.display().to_string()]).collect();
    Ok(CommandLine { argv, dialect: "shell".to_string(), ..CommandLine::default() })
}

/// A random UUID (version 4).
fn uuid() -> String {
    let bits = fastrand::u128(..) & !(0xf << 76 | 0x3 << 62) | (0x4 << 76 | 0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_its_form() {
        for _ in 0..1000 {
            let id = uuid();
            let parts: Vec<usize> = id.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
            assert_eq!(&id[14..15], "4", "{id}");
            assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
        }
    }
}
