//! Making a claimed job ready to run.

use std::path::PathBuf;

use super::doer::{Doer, blocking};
use super::runs::setup_is_done;
use crate::agent::place::{NotReady, end_earlier_runs, prepare};
use crate::agent::work::{Prepared, Work};
use crate::board::Board as _;
use crate::engine::{Reach, engine, has_price};
use crate::fleet::Job;
use crate::job::{Effective, EngineClass, Outcome};
use crate::store::Fault;

/// The profile whose work is the parts it hands in.
const PLANNER: &str = "planner";

/// Why a planner is not even started: it would be paid for and could hand in nothing.
fn cannot_plan(engine: &str, reach: Reach) -> String {
    let mend = match reach {
        Reach::WithYolo => "give the job yolo: true, or another engine",
        Reach::Always | Reach::Never => "give the job another engine",
    };
    format!("a planner hands in its parts by aq add, and commands of {engine} do not reach aq here: {mend}")
}

/// Why a job with such a ceiling is not started: nothing would ever stop it there.
fn cannot_hold(engine: &str, ceiling: &str) -> String {
    let mend = "give the job budget: {wall: 30m} instead, or another engine";
    format!("its ceiling of {ceiling} cannot be held: {engine} never tells {ceiling}; {mend}")
}

/// Why a job with a ceiling of money is not started: nobody knows what its model costs.
fn unpriced(engine: &str, model: &str) -> String {
    let mend = "give the job budget: {tokens: 2M} instead, or a model with a price";
    format!("its ceiling of usd cannot be held: {engine} tells tokens, and {model} has no price here; {mend}")
}

impl Doer {
    /// What the job asks and this engine cannot do is refused before it costs anything.
    fn can_be_done(&self, name: &str, job: &Job, effective: &Effective, plans: bool) -> Result<(), String> {
        if let Some(reach) = self.out_of_reach(name, effective.yolo).filter(|_| plans) {
            return Err(cannot_plan(name, reach));
        }
        let own = self.settings.config.engines.contains_key(name);
        let Some(row) = engine(name).filter(|_| !own) else { return Ok(()) };
        if let Some(ceiling) = row.told.cannot_hold(&job.budget()) {
            return Err(cannot_hold(name, ceiling));
        }
        let capped = row.reckoned && job.budget().micro_usd.is_some();
        match effective.model.as_deref().filter(|model| capped && !has_price(model)) {
            Some(model) => Err(unpriced(name, model)),
            None => Ok(()),
        }
    }

    pub(super) async fn prepare(&self, slot: usize, work: Work) -> Result<Prepared, NotReady> {
        let state = self.local.snapshot();
        let fault = |fault: Fault| (Outcome::Config, fault.to_string());
        let job = state.job(&work.job).cloned().ok_or((Outcome::Config, "the job is gone".to_string()))?;
        let effective = self.effective(&job).await.map_err(fault)?;
        let plans = effective.profile == PLANNER && job.subject.is_none();
        self.can_be_done(&work.engine, &job, &effective, plans).map_err(|why| (Outcome::Config, why))?;
        let (local, settings) = (self.local.clone(), self.settings.clone());
        let review = job.subject.as_ref().map(|subject| subject.rev.clone());
        let space = match &review {
            Some(rev) => {
                let runs = local.place().runs(&job.id);
                blocking(move || end_earlier_runs(&runs)).await?;
                self.review_tree(&job, &effective, rev).await?
            }
            None => {
                let given = effective.clone();
                blocking(move || prepare(local.place(), &settings, &state, &job, &given)).await?
            }
        };
        let seat = Some(self.seat(slot).map_err(|why| (Outcome::Config, why))?);
        let own = self.settings.config.engines.get(&work.engine);
        let idle = engine(&work.engine).filter(|_| own.is_none()).map_or(Outcome::NoWork, |e| e.idle);
        let command = effective.setup.as_deref().filter(|command| !command.is_empty());
        let done = |command: &str| {
            !space.fresh && space.worktree.is_some() && setup_is_done(self.local.place(), &work.job, command)
        };
        Ok(Prepared {
            setup: command.is_some_and(|command| !done(command)),
            verify: effective.verify.as_deref().is_some_and(|c| !c.is_empty()),
            must_change: review.is_none()
                && own.map_or(idle != Outcome::Ok, |engine| engine.class == EngineClass::AgenticCoder),
            idle,
            strict: effective.scope_strict,
            run: format!("{:032x}", fastrand::u128(..)),
            plans,
            seat,
            review,
            space,
        })
    }

    pub(super) async fn effective(&self, job: &Job) -> Result<Effective, Fault> {
        let bytes = self.local.blob(job.effective.clone()).await?.unwrap_or_default();
        serde_json::from_slice(&bytes).map_err(|error| {
            let on = PathBuf::from(format!("the resolved values of {}", job.id));
            Fault::new(
                crate::store::FaultKind::Corrupt,
                "read",
                &on,
                error.to_string(),
                "edit its manifest once",
            )
        })
    }
}
