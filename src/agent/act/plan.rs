//! What a run is to do: its command line, environment, prompt and limits, written down before it starts.

use std::path::Path;

use super::doer::{Doer, blocking};
use super::login::login;
use super::runs::attempt_dir;
use crate::agent::fence::Fence;
use crate::agent::note::{Before, prompt};
use crate::agent::place::NotReady;
use crate::agent::work::{PREPARED_FILE, Prepared, SAVED_FILE, Work};
use crate::board::Board as _;
use crate::engine::{EnvRules, Run, RunKind, RunPlan, RunState, engine_env};
use crate::fleet::{Handoff, Job};
use crate::git::Repo;
use crate::job::{Effective, Outcome, Placed, PromptWay, body_of, plain_error, script_of};
use crate::store::Fault;

/// First port of the block a slot gets, and how many ports each has.
const PORT_BASE: usize = 21_000;
const PORTS_PER_SLOT: usize = 100;

impl Doer {
    pub(super) async fn plan(
        &self,
        slot: usize,
        work: &Work,
        kind: RunKind,
        fence: Option<&Fence>,
    ) -> Result<RunPlan, NotReady> {
        let fault = |fault: Fault| (Outcome::Config, fault.to_string());
        let io = |e: std::io::Error| {
            (Outcome::Config, format!("cannot write the files of the run: {}", plain_error(&e)))
        };
        let state = self.local.snapshot();
        let job = state.job(&work.job).ok_or((Outcome::Config, "the job is gone".to_string()))?;
        let prepared = work.prepared.as_ref().ok_or((Outcome::Config, "nothing is prepared".to_string()))?;
        let effective = self.effective(job).await.map_err(fault)?;
        let dir = attempt_dir(&self.local, work);
        std::fs::create_dir_all(&dir).map_err(io)?;
        // Written before the shim starts: without it no other agent could take the run up.
        let (name, text) = match kind {
            RunKind::Verify => (SAVED_FILE, serde_json::to_vec(&work.saved)),
            RunKind::Setup | RunKind::Engine => (PREPARED_FILE, serde_json::to_vec(prepared)),
        };
        // Whole or not at all, but not flushed: like the run's own files it must outlive us, not the power.
        let beside = dir.join(format!(".{name}"));
        std::fs::write(&beside, text.unwrap_or_default())
            .and_then(|()| std::fs::rename(&beside, dir.join(name)))
            .map_err(io)?;
        let prompt_file = dir.join("prompt.md");
        let argv = match kind {
            RunKind::Setup => shell_command(effective.setup.as_deref()),
            RunKind::Verify => shell_command(effective.verify.as_deref()),
            RunKind::Engine => {
                let body = self.local.blob(job.body.clone()).await.map_err(fault)?.unwrap_or_default();
                let before = self.before(job, prepared, work).await;
                std::fs::write(&prompt_file, self.prompt_text(job, work, &effective, &body, &before))
                    .map_err(io)?;
                self.engine_argv(work, &effective, &body, &dir, &prompt_file)?
            }
        };
        let mut plan = RunPlan::new(kind, argv, &prepared.space.cwd);
        if kind == RunKind::Engine {
            plan.run_id.clone_from(&prepared.run);
            let own = self.settings.config.engines.get(&work.engine);
            plan.stdin = own.filter(|e| e.stdin_is_prompt).map(|_| prompt_file.clone());
            plan.dialect = own.map_or("shell", |e| e.dialect.name()).to_string();
        }
        let name = match kind {
            RunKind::Engine => format!("{}.jsonl", work.attempt),
            RunKind::Setup => format!("{}.setup.jsonl", work.attempt),
            RunKind::Verify => format!("{}.verify.jsonl", work.attempt),
        };
        plan.transcript = self.local.place().runs(&work.job).join(name);
        plan.wall = Some(work.left.wall.map_or(effective.timeout, |left| left.min(effective.timeout)));
        let keys = self.keys(work, job, kind)?;
        self.environment(slot, work, (&prompt_file, &keys), fence, &mut plan);
        Ok(plan)
    }

    /// The login of the attempt's account. Setup and verify are no business of it.
    fn keys(&self, work: &Work, job: &Job, kind: RunKind) -> Result<Vec<(String, String)>, NotReady> {
        let account = job.open_attempt().and_then(|attempt| attempt.account.as_deref());
        let account = account.filter(|_| kind == RunKind::Engine);
        login(&self.settings.config, &work.engine, account, |name| std::env::var(name).ok())
    }

    fn environment(
        &self,
        slot: usize,
        work: &Work,
        (prompt, keys): (&Path, &[(String, String)]),
        fence: Option<&Fence>,
        plan: &mut RunPlan,
    ) {
        let mut set = vec![
            ("AQ_QUEUE".to_string(), self.local.place().queue.display().to_string()),
            ("AQ_JOB".to_string(), work.job.to_string()),
            ("AQ_EPOCH".to_string(), work.epoch.to_string()),
            ("AQ_ATTEMPT".to_string(), work.attempt.to_string()),
            ("AQ_SLOT".to_string(), slot.to_string()),
            ("AQ_PORT_BASE".to_string(), (PORT_BASE + slot * PORTS_PER_SLOT).to_string()),
            ("AQ_PROMPT_FILE".to_string(), prompt.display().to_string()),
        ];
        set.extend(fence.map(|fence| ("AQ_FENCE_URL".to_string(), fence.url())));
        let rules = EnvRules { pass: &self.settings.config.env_pass, keys, set: &set };
        let env = engine_env(plan.kind, std::env::vars_os(), &rules);
        plan.env = env.vars;
        plan.redact = env.secrets;
    }

    fn prompt_text(
        &self,
        job: &Job,
        work: &Work,
        effective: &Effective,
        body: &[u8],
        before: &Before,
    ) -> String {
        // A script gets the whole job text as it is; only engines that read are told more.
        if work.engine == "shell" {
            return String::from_utf8_lossy(body).into_owned();
        }
        prompt(&effective.persona, job, &body_of(body).text, before)
    }

    fn engine_argv(
        &self,
        work: &Work,
        effective: &Effective,
        body: &[u8],
        dir: &Path,
        prompt_file: &Path,
    ) -> Result<Vec<String>, NotReady> {
        if work.engine == "shell" {
            let script = script_of(&body_of(body)).map_err(|problem| (Outcome::Config, problem.message))?;
            let file = dir.join("script");
            std::fs::write(&file, script.text)
                .map_err(|e| (Outcome::Config, format!("cannot write the script: {}", plain_error(&e))))?;
            return Ok(script.interpreter.into_iter().chain([file.display().to_string()]).collect());
        }
        let missing =
            || (Outcome::NoEngine, format!("no engine {:?} in the settings of this host", work.engine));
        let engine = self.settings.config.engines.get(&work.engine).ok_or_else(missing)?;
        let prompt_file = prompt_file.display().to_string();
        let placed = Placed {
            prompt_file: &prompt_file,
            model: effective.model.as_deref(),
            effort: effective.effort.as_deref(),
            job: work.job.as_str(),
        };
        debug_assert!(engine.prompt == PromptWay::Stdin || engine.prompt == PromptWay::File);
        engine
            .argv_for(&placed)
            .map_err(|field| (Outcome::Config, format!("its command line needs a {field}")))
    }

    /// What earlier attempts left, for the hand-off.
    async fn before(&self, job: &Job, prepared: &Prepared, work: &Work) -> Before {
        let mut before = Before::default();
        for note in &job.handoff {
            match note {
                Handoff::Rejected(words) => before.rejections.push(words.clone()),
                Handoff::Answered { question, answer } => {
                    let question = match question {
                        Some(id) => self.text_of(id).await,
                        None => String::new(),
                    };
                    before.answers.push((question, self.text_of(answer).await));
                }
            }
        }
        before.aside.clone_from(&prepared.space.aside);
        if work.attempt > 1 {
            let last = self.local.place().runs(&job.id).join(format!("{}/engine", work.attempt - 1));
            let report = Run::open(&last).ok().and_then(|run| run.state().ok());
            if let Some(RunState::Ended(report)) = report {
                before.tail = report.tail.clone();
            }
            if let (Some(repo), Some(base)) = (prepared.space.repo.clone(), prepared.space.base.clone()) {
                // What was set aside is not done.
                let since = before.aside.as_ref().map_or(0, |aside| aside.epoch);
                let saved = job.checkpoint.as_ref().filter(|(_, epoch)| *epoch > since);
                let head = saved.map(|(rev, _)| rev.clone());
                let found = blocking(move || {
                    let repo = Repo::discover(&repo).ok()??;
                    let head = head?;
                    Some((repo.log_subjects(Some(&base), &head).ok()?, repo.diffstat(&base, &head).ok()?))
                });
                if let Some((commits, stat)) = found.await {
                    (before.commits, before.stat) = (commits, Some(stat));
                }
            }
        }
        before
    }

    async fn text_of(&self, id: &crate::job::BlobId) -> String {
        let bytes = self.local.blob(id.clone()).await.ok().flatten().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn shell_command(command: Option<&str>) -> Vec<String> {
    ["sh", "-c", command.unwrap_or_default()].map(str::to_string).to_vec()
}
