//! What a verb is given: flags, streams, clock, the queue and its board, and who asks.

use std::cell::OnceCell;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use super::complaint::{CliError, Kind};
use super::exit::Exit;
use super::globals::Globals;
use super::output::Out;
use super::queue::find_queue;
use crate::board::{Board, Local, Purpose};
use crate::fleet::{Actor, ActorKind, Now, State};
use crate::store::Place;
use crate::time::{Clock, Stamp, SystemClock};
use tracing::debug;

/// What a verb's `run` gives back.
pub type Answer = Result<Exit, CliError>;

/// A verb's world.
pub struct Context {
    /// Flags of every verb.
    pub globals: Globals,
    /// Where data and talk go.
    pub out: Out,
    clock: Arc<dyn Clock>,
    place: OnceCell<Place>,
    runtime: OnceCell<tokio::runtime::Runtime>,
}

impl Context {
    /// The world of this process under these flags.
    pub fn new(globals: Globals) -> Context {
        let out = Out::of(&globals);
        if let Some(warning) = super::traces::listen(&globals) {
            out.warn(&warning);
        }
        Context {
            globals,
            out,
            clock: Arc::new(SystemClock),
            place: OnceCell::new(),
            runtime: OnceCell::new(),
        }
    }

    /// The queue that is meant; found once.
    ///
    /// # Errors
    /// Exit 3 if there is none; a fault if it cannot be used; exit 2 if a fleet was named.
    pub fn place(&self) -> Result<&Place, CliError> {
        if let Some(place) = self.place.get() {
            return Ok(place);
        }
        self.refuse_fleet()?;
        let place = find_queue(self.globals.queue.as_deref())?;
        debug!(queue = %place.queue.display(), side = %place.side.display(), "found the queue");
        Ok(self.place.get_or_init(|| place))
    }

    /// A person who names a fleet must not be answered from a folder.
    ///
    /// # Errors
    /// Exit 2 if one is named.
    pub fn refuse_fleet(&self) -> Result<(), CliError> {
        let api = std::env::var("AQ_FLEET_API").ok().filter(|v| !v.is_empty()).map(|_| "AQ_FLEET_API");
        let named = std::env::var("AQ_CONTEXT").ok().filter(|v| !v.is_empty()).map(|_| "AQ_CONTEXT");
        let flag = self.globals.fleet.as_ref().map(|_| "--fleet");
        let context = self.globals.context.as_ref().map(|_| "--context");
        match flag.or(context).or(api).or(named) {
            None => Ok(()),
            Some(by) => Err(CliError::usage("a fleet is not in this version")
                .why(format!("{by} names a coordinator; this aq works on a folder queue"))
                .next("leave it out to work on the folder")),
        }
    }

    /// The queue, opened on this machine.
    ///
    /// # Errors
    /// As [`Context::place`], and a fault if the log cannot be read.
    pub fn local(&self, purpose: Purpose) -> Result<Local, CliError> {
        Ok(Local::open(self.place()?, purpose, Arc::clone(&self.clock))?)
    }

    /// The queue, wherever it is.
    ///
    /// # Errors
    /// As [`Context::local`].
    pub fn board(&self, purpose: Purpose) -> Result<Box<dyn Board>, CliError> {
        Ok(Box::new(self.local(purpose)?))
    }

    /// Who asks: the user of this process at this host.
    pub fn me(&self) -> Actor {
        // An engine that calls aq from its run is no person, and least of all one who may approve its work.
        if let Some(job) = self.job_inside() {
            return Actor::new(ActorKind::Engine, &job);
        }
        let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let user = named("USER").or_else(|| named("LOGNAME"));
        let user = user.unwrap_or_else(|| format!("uid{}", rustix::process::getuid().as_raw()));
        let uname = rustix::system::uname();
        let host = uname.nodename().to_string_lossy();
        let host = host.split('.').next().unwrap_or("localhost").to_string();
        Actor::new(ActorKind::Person, &format!("{user}@{host}"))
    }

    /// The job of this queue inside whose run this process is. A run may also work on queues of its own.
    fn job_inside(&self) -> Option<String> {
        let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (job, _) = (named("AQ_JOB")?, named(FENCE)?);
        let is_other = |place: &Place| named("AQ_QUEUE").is_some_and(|own| Path::new(&own) != place.queue);
        Some(job).filter(|_| !self.place.get().is_some_and(is_other))
    }

    /// Refuses what is for people and agents alone. A run that could decide about jobs would be a person whom
    /// nobody knows.
    ///
    /// # Errors
    /// Exit 5 inside a run of this queue.
    pub fn refuse_inside(&self) -> Result<(), CliError> {
        let Some(job) = self.job_inside() else { return Ok(()) };
        let mut no =
            CliError::usage(format!("inside the run of {job}, nothing is decided about jobs or agents"))
                .why("what a run may do: aq add FILE --parent \"$AQ_JOB\", aq progress, aq ask; and look")
                .next("ask a person: aq ask QUESTION");
        (no.kind, no.exit) = (Kind::Inside, Exit::NotAllowed);
        Err(no)
    }

    /// The wall clock.
    pub fn wall(&self) -> Stamp {
        self.clock.wall()
    }

    /// The two readings of time that a reading of `state` uses.
    pub fn now(&self, state: &State) -> Now {
        let wall = self.wall();
        Now { law: wall.max(state.at), wall }
    }

    /// Waits for an answer of the board.
    ///
    /// # Errors
    /// A fault if the system gives no event loop; the answer's own error.
    pub fn wait<T, E>(&self, answer: impl Future<Output = Result<T, E>>) -> Result<T, CliError>
    where
        CliError: From<E>,
    {
        if self.runtime.get().is_none() {
            let made = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let made = made.map_err(|e| CliError::io("start", std::path::Path::new("the event loop"), &e))?;
            let _ = self.runtime.set(made);
        }
        match self.runtime.get() {
            Some(runtime) => Ok(runtime.block_on(answer)?),
            None => Err(CliError::usage("the event loop is gone")),
        }
    }
}

/// The variable that names the fence of a run.
const FENCE: &str = "AQ_FENCE_URL";

/// Where the agent of the run listens that this process is in.
///
/// # Errors
/// Exit 2 outside a run.
pub fn fence_of_run(verb: &str) -> Result<String, CliError> {
    std::env::var(FENCE).ok().filter(|url| !url.is_empty()).ok_or_else(|| {
        CliError::usage(format!("aq {verb} is for an engine inside its own run"))
            .why(format!("{FENCE} is not set"))
            .next("as a person: aq answer, aq log, aq watch")
    })
}
