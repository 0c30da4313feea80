//! What a run is to do: its command line, environment, prompt and limits, written down before it starts.

use std::path::Path;

use super::command::{CommandLine, Task};
use super::doer::{Doer, blocking};
use super::login::login;
use super::runs::attempt_dir;
use crate::agent::fence::Fence;
use crate::agent::note::{Before, SKILL, SKILL_PROGRAM, hand_off, prompt};
use crate::agent::place::{NotReady, wip_branch};
use crate::agent::seat::seat_env;
use crate::agent::work::{PREPARED_FILE, Prepared, SAVED_FILE, Work};
use crate::board::Board as _;
use crate::engine::{EnvRules, Reach, Run, RunKind, RunPlan, RunState, engine, engine_env};
use crate::fleet::{Handoff, Job};
use crate::git::Repo;
use crate::job::{Budget, Outcome, body_of, plain_error};
use crate::store::Fault;

impl Doer {
    pub(super) async fn plan(
        &self,
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
            RunKind::Verify | RunKind::Ship => (SAVED_FILE, serde_json::to_vec(&work.saved)),
            RunKind::Setup | RunKind::Engine => (PREPARED_FILE, serde_json::to_vec(prepared)),
        };
        // Whole or not at all, but not flushed: like the run's own files it must outlive us, not the power.
        let beside = dir.join(format!(".{name}"));
        std::fs::write(&beside, text.unwrap_or_default())
            .and_then(|()| std::fs::rename(&beside, dir.join(name)))
            .map_err(io)?;
        let prompt_file = dir.join("prompt.md");
        let mut line = match kind {
            RunKind::Setup => shell_command(effective.setup.as_deref()),
            RunKind::Verify | RunKind::Ship => shell_command(effective.verify.as_deref()),
            RunKind::Engine => {
                let body = self.local.blob(job.body.clone()).await.map_err(fault)?.unwrap_or_default();
                let (before, cwd) = (self.before(job, prepared, work).await, &prepared.space.cwd);
                let account = job.lease.as_ref().and_then(|lease| lease.account.as_deref());
                let resume = self.resumable(work, job, cwd, account);
                // A session that goes on has heard who it is.
                let persona = if resume.is_some() { "" } else { &effective.persona };
                // It has heard of aq too; and a reviewer has nothing to hand on.
                let told = fence.is_some() && resume.is_none() && job.subject.is_none();
                let skill = if told { self.skill(work, effective.yolo) } else { String::new() };
                let prompt = prompt_text(job, work, persona, &body, &before, &skill);
                std::fs::write(&prompt_file, &prompt).map_err(io)?;
                let told = left_for_scripts(job, &before, &dir).map_err(io)?;
                let (dir, body, prompt, prompt_file) = (&*dir, &*body, &*prompt, &*prompt_file);
                let effective = &effective;
                let task = Task { work, effective, account, body, cwd, dir, prompt, prompt_file, resume };
                let mut line = self.command_line(&task)?;
                line.set.extend(told);
                line
            }
        };
        let mut plan = RunPlan::new(kind, std::mem::take(&mut line.argv), &prepared.space.cwd);
        if kind == RunKind::Engine {
            plan.run_id.clone_from(&prepared.run);
            plan.stdin = line.stdin_is_prompt.then(|| prompt_file.clone());
            plan.dialect.clone_from(&line.dialect);
            plan.facts.clone_from(&line.facts);
            plan.ceilings = Budget { wall: None, ..work.left };
        }
        plan.transcript = self.local.place().runs(&work.job).join(kind.transcript(work.attempt));
        plan.wall = Some(work.left.wall.map_or(effective.timeout, |left| left.min(effective.timeout)));
        self.environment(work, &prompt_file, fence, &mut plan, &line);
        Ok(plan)
    }

    fn environment(
        &self,
        work: &Work,
        prompt: &Path,
        fence: Option<&Fence>,
        plan: &mut RunPlan,
        line: &CommandLine,
    ) {
        let mut set = line.set.clone();
        set.extend([
            ("AQ_QUEUE".to_string(), self.local.place().queue.display().to_string()),
            ("AQ_JOB".to_string(), work.job.to_string()),
            ("AQ_EPOCH".to_string(), work.epoch.to_string()),
            ("AQ_ATTEMPT".to_string(), work.attempt.to_string()),
            ("AQ_PROMPT_FILE".to_string(), prompt.display().to_string()),
        ]);
        set.extend(work.prepared.as_ref().and_then(|p| p.seat).map(seat_env).into_iter().flatten());
        set.extend(fence.map(|fence| ("AQ_FENCE_URL".to_string(), fence.url())));
        if plan.kind == RunKind::Engine {
            let path = std::env::var("PATH").ok();
            set.extend(path_with(path.as_deref(), &self.shim.exe).map(|path| ("PATH".to_string(), path)));
        }
        let rules = EnvRules { pass: &self.settings.config.env_pass, keys: &line.keys, set: &set };
        let env = engine_env(plan.kind, std::env::vars_os(), &rules);
        plan.env = env.vars;
        plan.redact = env.secrets;
    }

    /// How this engine calls aq; nothing where its commands do not reach it.
    fn skill(&self, work: &Work, yolo: bool) -> String {
        if self.out_of_reach(&work.engine, yolo).is_some() {
            return String::new();
        }
        SKILL.replace(SKILL_PROGRAM, &self.shim.exe.display().to_string())
    }

    /// How far the commands of this engine reach aq, where they do not.
    pub(super) fn out_of_reach(&self, name: &str, yolo: bool) -> Option<Reach> {
        // Of an engine of one's own nobody knows a sandbox.
        let own = self.settings.config.engines.contains_key(name);
        let row = engine(name).filter(|_| !own)?;
        (!row.reach.holds(yolo)).then_some(row.reach)
    }

    /// What an engine of this work knows and nobody may write down. A key that is missing is told where the
    /// engine is started.
    pub(super) fn secrets(&self, work: &Work) -> Vec<String> {
        let state = self.local.snapshot();
        let lease = state.job(&work.job).and_then(|job| job.lease.as_ref());
        let account = lease.and_then(|lease| lease.account.as_deref());
        let of_agent = |name: &str| std::env::var(name).ok();
        let keys = login(&self.settings.config, &work.engine, account, of_agent).unwrap_or_default();
        let rules = EnvRules { pass: &self.settings.config.env_pass, keys: &keys, set: &[] };
        engine_env(RunKind::Engine, std::env::vars_os(), &rules).secrets
    }

    /// What earlier attempts left, for the hand-off.
    async fn before(&self, job: &Job, prepared: &Prepared, work: &Work) -> Before {
        let mut before = Before::default();
        for note in job.handoff.iter() {
            match note {
                Handoff::Rejected(words) => before.rejections.push(words.clone()),
                Handoff::Reviewed(words) => before.rejections.push(self.text_of(words).await),
                Handoff::Answered { question, answer } => {
                    let question = match question {
                        Some(id) => self.text_of(id).await,
                        None => String::new(),
                    };
                    before.answers.push((question, self.text_of(answer).await));
                }
                Handoff::PullRequest(words) => before.requests.push(self.text_of(words).await),
            }
        }
        before.aside.clone_from(&prepared.space.aside);
        if work.attempt > 1 {
            let last = self.local.place().runs(&job.id).join(format!("{}", work.attempt - 1));
            before.tail = last_words(&last, &[RunKind::Verify, RunKind::Engine]);
            if let (Some(repo), Some(base)) = (prepared.space.repo.clone(), prepared.space.base.clone()) {
                // What was set aside is not done.
                let since = before.aside.as_ref().map_or(0, |aside| aside.epoch);
                let saved = job.checkpoint.as_ref().filter(|(_, epoch)| *epoch > since);
                let saved = saved.map(|(rev, _)| rev.clone());
                let wip = before.aside.is_none().then(|| wip_branch(&job.id));
                let found = blocking(move || {
                    let repo = Repo::discover(&repo).ok()??;
                    // What a lost attempt left was put into a commit when the tree was taken over: no event
                    // tells of that.
                    let wip = wip.and_then(|wip| repo.branch_head(&wip).ok().flatten());
                    let head = wip.or(saved)?;
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

/// The search path with the folder of this aq at its end: an engine finds `aq`, and everything else where it
/// did before. `None` where nothing is to be added.
fn path_with(path: Option<&str>, exe: &Path) -> Option<String> {
    let path = path.filter(|path| !path.is_empty())?;
    let own = exe.parent()?;
    let mut all: Vec<_> = std::env::split_paths(path).collect();
    if all.iter().any(|dir| dir == own) {
        return None;
    }
    all.push(own.to_path_buf());
    std::env::join_paths(all).ok()?.into_string().ok()
}

fn prompt_text(job: &Job, work: &Work, persona: &str, body: &[u8], before: &Before, skill: &str) -> String {
    // A script gets the whole job text as it is; only engines that read are told more.
    if work.engine == "shell" {
        return String::from_utf8_lossy(body).into_owned();
    }
    prompt(persona, skill, job, &body_of(body).text, before)
}

/// Files that hold what was left for this attempt, by their variables. A script reads no prompt, and the answer to
/// what it asked must reach it all the same; other engines may read them too.
fn left_for_scripts(job: &Job, before: &Before, dir: &Path) -> std::io::Result<Vec<(String, String)>> {
    let answer = before.answers.last().map(|(_, answer)| answer.clone());
    let note = Some(hand_off(job, before)).filter(|note| !note.is_empty());
    let files = [("AQ_ANSWER_FILE", "answer.txt", answer), ("AQ_HANDOFF_FILE", "handoff.md", note)];
    let mut set = Vec::new();
    for (variable, name, text) in files {
        let Some(text) = text else { continue };
        let path = dir.join(name);
        std::fs::write(&path, text)?;
        set.push((variable.to_string(), path.display().to_string()));
    }
    Ok(set)
}

/// The end of what the first of these runs printed that printed anything: a verify says what is wrong. Events
/// of a stream are for programs.
pub(super) fn last_words(attempt: &Path, kinds: &[RunKind]) -> String {
    let tail = |kind: RunKind| {
        let run = Run::open(&attempt.join(kind.name())).ok()?;
        let RunState::Ended(report) = run.state().ok()? else { return None };
        let words = report.tail.lines().filter(|line| !line.starts_with('{')).map(|line| format!("{line}\n"));
        Some(words.collect::<String>()).filter(|words| !words.trim().is_empty())
    };
    kinds.iter().copied().find_map(tail).unwrap_or_default()
}

fn shell_command(command: Option<&str>) -> CommandLine {
    let argv = ["sh", "-c", command.unwrap_or_default()].map(str::to_string).to_vec();
    CommandLine { argv, ..CommandLine::default() }
}
