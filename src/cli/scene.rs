//! The queue as a reading verb sees it: now or at a moment, through a filter, with archived jobs brought back.

use std::sync::Arc;

use super::frame::{CliError, Context, Out, Toward, find_job, parse_moment};
use crate::agent::{at_risk_of, claimant, claimant_at_once, claimants, goes_on};
use crate::board::{Board as _, Local, Purpose, Settings, Source};
use crate::engine::is_gone;
use crate::fleet::{Broken, Claimant, Event, Job, Now, State};
use crate::insight::{
    AGENT_GONE, Aside, Filter, Line, RUNS_ON, Scene, awaits, awaits_engines, critical_jobs, doing,
    done_since, halt, jobs_ever, parse_filter, pr_words, state_at,
};
use crate::job::{JobId, Seq};
use crate::store::{Fault, FaultKind, is_edited};

/// What tags say that no record does. Git is asked of jobs that `of` lets through, and that no living agent saves.
///
/// # Errors
/// A fault if the queue cannot be read.
pub fn aside(
    cx: &Context,
    board: &Local,
    (state, now): (&State, Now),
    of: &dyn Fn(&Job) -> bool,
) -> Result<Aside, CliError> {
    let alone = |job: &Job| job.work_lease().is_none_or(|lease| is_gone(&lease.holder));
    let jobs: Vec<Arc<Job>> = state.jobs.values().filter(|job| alone(job) && of(job)).cloned().collect();
    // Settings that cannot be read are no reason to show no jobs; verbs that need them say so.
    let found = match Settings::load(Some(board.place()), &[]) {
        Ok(settings) => cx.wait(at_risk_of(board, &settings, jobs))?,
        Err(_) => Vec::new(),
    };
    let at_risk = found.into_iter().map(|risk| risk.job).collect();
    Ok(Aside { at_risk, critical: critical_jobs(state, now) })
}

/// A queue opened to look at.
pub struct Seen {
    /// The queue.
    pub board: Local,
    /// Its state, now or then.
    pub state: Arc<State>,
    /// The moment it is looked at.
    pub now: Now,
    /// Who would run its jobs, where an account is closed, a review waits for an engine, or somebody asked; to
    /// find it out takes its time.
    pub hosts: Vec<Claimant>,
    /// Whether a job's file was changed while it runs; of the past nobody knows.
    pub edited: Box<dyn Fn(&Job) -> bool>,
    /// What tags say that no job's record does, where somebody asked; of the past nobody knows what was at risk.
    pub aside: Aside,
    /// The agents that live now; `None` in the past.
    living: Option<Vec<Claimant>>,
}

impl Seen {
    /// Opens the queue; `at` is a moment in the past, as people write it.
    ///
    /// # Errors
    /// Those of finding and reading the queue; exit 2 for a moment that cannot be read.
    pub fn open(cx: &Context, at: Option<&str>) -> Result<Seen, CliError> {
        let at = at.map(|text| parse_moment("--at", text, Toward::Past, cx.wall())).transpose()?;
        let board = cx.local(Purpose::Read)?;
        let Some(at) = at else {
            let state = board.snapshot();
            let now = cx.now(&state);
            let place = board.place().clone();
            let edited = Box::new(move |job: &Job| is_edited(&place, job));
            let (hosts, living) = (Vec::new(), Some(living(cx)));
            let aside = Aside::default();
            return Ok(Seen { board, state, now, hosts, edited, aside, living }.with_hosts(cx));
        };
        let (begin, events) = history(&board)?;
        if begin.seq > 0 && at < begin.at {
            return Err(CliError::not_found(
                "what was then is no longer in the log: its oldest files were pruned",
            )
            .why(format!("it can be gone back to {}", cx.out.moment(begin.at)))
            .next("name a later time"));
        }
        let state = state_at(begin, &events, at).map_err(|broken| damaged(&broken))?;
        let now = Now { law: at.max(state.at), wall: at };
        let edited = Box::new(|_: &Job| false);
        let (state, hosts) = (Arc::new(state), Vec::new());
        let aside = Aside::default();
        Ok(Seen { board, state, now, hosts, edited, aside, living: None }.with_hosts(cx))
    }

    /// What a closed account means for a job depends on who would run it, and whether a review by an engine comes
    /// to its end too.
    fn with_hosts(mut self, cx: &Context) -> Seen {
        if self.state.closed_accounts(self.now.wall).next().is_some() || awaits_engines(&self.state) {
            // Settings that cannot be read are no reason to show no jobs; verbs that need them say so.
            self.hosts = hosts(cx).unwrap_or_default();
        }
        self
    }

    /// It as filters and needs are asked of it.
    pub fn scene(&self) -> Scene<'_> {
        let hosts = self.takers().unwrap_or_default();
        Scene {
            state: &self.state,
            now: self.now,
            hosts,
            gone: &is_gone,
            edited: &*self.edited,
            aside: &self.aside,
        }
    }

    /// Looks for what tags say that no record does, of jobs that `of` lets through.
    ///
    /// # Errors
    /// A fault if the queue cannot be read.
    pub fn ask_aside(&mut self, cx: &Context, of: &dyn Fn(&Job) -> bool) -> Result<(), CliError> {
        let now = self.living.is_some();
        self.aside = aside(cx, &self.board, (&self.state, self.now), &|job| now && of(job))?;
        Ok(())
    }

    /// Finds out who would run its jobs, for what goes by scores.
    ///
    /// # Errors
    /// Those of the settings.
    pub fn ask_hosts(&mut self, cx: &Context) -> Result<(), CliError> {
        self.hosts = hosts(cx)?;
        Ok(())
    }

    /// The line, as those hosts would take from it that are known without asking their engines' programs.
    pub fn line(&self, cx: &Context) -> Line {
        let living = self.living.clone().unwrap_or_else(|| living(cx));
        // Settings that cannot be read are no reason to show no jobs; verbs that need them say so.
        let one = || Settings::load(cx.place().ok(), &[]).ok().map(|it| claimant_at_once(&it));
        let hosts = if living.is_empty() { one().into_iter().collect() } else { living };
        Line::of(&self.state, self.now, &hosts)
    }

    /// Who would run its jobs, where it was found out, else the agents that live; `None`: nobody knows.
    pub fn takers(&self) -> Option<&[Claimant]> {
        if self.hosts.is_empty() { self.living.as_deref() } else { Some(&self.hosts) }
    }

    /// Why the job stands where it stands, with what it waits for: `parked until 14:20, five-hour limit,
    /// account work`.
    pub fn why(&self, job: &Job, out: &Out) -> String {
        // What its engine said last is of no use: nobody runs it any more.
        if self.living.is_some() && job.work_lease().is_some_and(|lease| is_gone(&lease.holder)) {
            let runs_on = goes_on(&self.board.place().runs(&job.id), job);
            return if runs_on { RUNS_ON } else { AGENT_GONE }.to_string();
        }
        if let Some((word, since)) = doing(job) {
            // A record for programs is the same as long as nothing has happened.
            return match out.is_for_people() {
                true => done_since(word, &self.now.law.since(since).age()),
                false => word.to_string(),
            };
        }
        if let Some(pr) = job.awaited_pr() {
            return pr_words(pr, self.now.law);
        }
        match awaits(&self.state, job, self.now, self.takers()) {
            Some(said) => said.words(|at| out.until(at, self.now.wall)),
            None => job.why.to_string(),
        }
    }

    /// That the whole queue stands still, and what sets it going again.
    pub fn say_halt(&self, cx: &mut Context) {
        if let Some(halt) = halt(&self.state, self.now) {
            cx.out.talk(&format!("the queue is {}. go on: {}", halt.what, halt.verb));
        }
    }

    /// How fresh it is.
    pub fn source(&self) -> Source {
        self.board.source()
    }

    /// The job that `name` means; an archived one as it last was.
    ///
    /// # Errors
    /// Exit 2 or 3 as for every name.
    pub fn job(&self, name: &str) -> Result<Arc<Job>, CliError> {
        let id = find_job(&self.state, name)?;
        self.by_id(&id)
    }

    /// The job of that id, archived or not.
    ///
    /// # Errors
    /// Exit 3 if the log no longer has it.
    pub fn by_id(&self, id: &JobId) -> Result<Arc<Job>, CliError> {
        if let Some(job) = self.state.jobs.get(id) {
            return Ok(Arc::clone(job));
        }
        let (begin, events) = history(&self.board)?;
        let archived = jobs_ever(begin, &events).map_err(|broken| damaged(&broken))?;
        archived.get(id).cloned().ok_or_else(|| {
            CliError::not_found(format!("{id} is archived and the log no longer has it"))
                .next(format!("what is known of it: aq ls --all {id}"))
        })
    }
}

/// The sign that subtracts.
pub fn minus(cx: &Context) -> &'static str {
    if cx.out.ascii() { "-" } else { "−" }
}

/// The agents of this queue that live.
fn living(cx: &Context) -> Vec<Claimant> {
    cx.place().map(claimants).unwrap_or_default()
}

/// The agents of this queue, or what one started here would be.
///
/// # Errors
/// Those of the settings.
pub fn hosts(cx: &Context) -> Result<Vec<Claimant>, CliError> {
    let place = cx.place()?;
    let live = claimants(place);
    if !live.is_empty() {
        return Ok(live);
    }
    let settings = Settings::load(Some(place), &[])?;
    Ok(vec![claimant(&settings, None, &[])])
}

/// The whole log, as far as it was not pruned, and the state it begins with.
pub(super) fn history(board: &Local) -> Result<(State, Vec<(Seq, Event)>), CliError> {
    let begin = board.place().beginning()?;
    let events = board.place().history(begin.seq, usize::MAX)?;
    Ok((begin, events))
}

pub(super) fn damaged(broken: &Broken) -> CliError {
    let on = std::path::Path::new("the log");
    CliError::from(Fault::new(
        FaultKind::Corrupt,
        "replay",
        on,
        broken.to_string(),
        "restore it from a backup",
    ))
}

/// Reads a filter from words.
///
/// # Errors
/// Exit 2 with the term, what is wrong with it, and where the language is explained.
pub fn filter_of(words: &[String]) -> Result<Filter, CliError> {
    parse_filter(words).map_err(|bad| {
        CliError::usage(format!("the filter term {} cannot be read", bad.term))
            .why(bad.why)
            .next("the filter language: aq help filter")
            .field("term", bad.term)
    })
}
