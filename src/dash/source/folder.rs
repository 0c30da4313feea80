//! The source over a folder: one thread that follows the queue and does what is asked of it.
//!
//! Everything that can wait (the log, files, git) happens here, never between a key and its frame. A fleet's
//! source is another file with the same `start`: it sends the same messages and takes the same effects, so
//! neither the model nor a view learns which one there is.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::hands::Hands;
use super::heap::{give_back, hold_little};
use super::keep::Keeper;
use super::rejected::rejected;
use super::tail::Tail;
use crate::agent::{claimants, goes_on};
use crate::board::{Board as _, Local, Memory, Purpose, Settings, leap};
use crate::dash::effect::Effect;
use crate::dash::model::{Health, lists, seek};
use crate::dash::msg::{Fresh, Msg, Said};
use crate::engine::is_gone;
use crate::fleet::{Actor, Claimant, State};
use crate::insight::Rejected;
use crate::job::{HolderId, JobId, Seq};
use crate::store::{Fault, FaultKind, Place, Watch, is_edited};
use crate::time::{Clock, Span, SystemClock};

/// What a source is opened on.
pub struct Folder {
    /// The queue.
    pub place: Place,
    /// Its settings.
    pub settings: Arc<Settings>,
    /// Who acts.
    pub me: Actor,
    /// Nothing is changed or taken in.
    pub read_only: bool,
    /// That is so because some of the settings cannot be used.
    pub unusable: bool,
}

/// Where messages go; `false` means that nobody listens any more.
pub type Post = Arc<dyn Fn(Msg) -> bool + Send + Sync>;

/// The source's thread.
pub struct Source {
    ask: Option<UnboundedSender<Effect>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// A flood of events becomes at most one message in this time: more than the eye can follow.
const PACE: Span = Span::from_millis(16);
/// Whether holders and agents still live is looked at this often, while there are any.
const ALIVE_AGAIN: Span = Span::from_secs(5);
/// The folder is looked at this often even where no watch says so.
const LOOK_AGAIN: Span = Span::from_secs(2);
/// The first look waits so long, for the first screen's lists to be asked for and made: of a hundred thousand files a
/// look takes longer than they do, and both want the same processors.
const LOOK_FIRST: Span = Span::from_millis(250);
/// With a watch the look is only a safety net.
const LOOK_RARELY: Span = Span::from_secs(60);
/// A transcript that is followed is read this often while its attempt is open.
const TAIL_AGAIN: Span = Span::from_millis(250);
/// Events asked for at once; older ones are read with the job they are about.
const EVENTS_FIRST: u64 = 2_000;
/// What was given up goes back to the system once nothing more was for so long: while a queue changes, the next
/// lists want the same memory.
const LITTER_RESTS: Span = Span::from_secs(1);
/// Loads of this host that are remembered: half an hour of them.
const LOADS_MOST: usize = 360;

impl Source {
    /// Starts the thread; the first message comes when the queue was read.
    ///
    /// # Errors
    /// A [`Fault`] if the system gives no thread.
    pub fn start(folder: Folder, post: Post) -> Result<Source, Fault> {
        let (ask, asked) = unbounded_channel();
        let body = move || {
            let _ends = EndsIfBroken(Arc::clone(&post));
            if let Err(fault) = run(folder, &post, asked) {
                let health = broken(&fault);
                let state = Arc::new(State::default());
                let fresh = Fresh {
                    state,
                    events: Vec::new(),
                    gone: Arc::default(),
                    edited: Arc::default(),
                    outliving: Arc::default(),
                    agents: Arc::default(),
                    rejected: Arc::default(),
                    health,
                    anew: false,
                };
                post(Msg::Replica(Box::new(fresh)));
                say(&post, fault.to_string(), fault.hint, true);
            }
        };
        let thread = std::thread::Builder::new().name("source".to_string()).spawn(body);
        let thread =
            thread.map_err(|e| Fault::io("start", std::path::Path::new("the thread of the source"), &e))?;
        Ok(Source { ask: Some(ask), thread: Some(thread) })
    }

    /// Ends it after what it is doing. A bug in it is a bug of the whole program.
    pub fn finish(mut self) {
        self.ask = None;
        if let Some(thread) = self.thread.take()
            && let Err(panic) = thread.join()
        {
            std::panic::resume_unwind(panic);
        }
    }

    /// Asks for something to be done.
    pub fn ask(&self, effect: Effect) {
        if let Some(ask) = &self.ask {
            // A source that has ended said so already.
            let _ = ask.send(effect);
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.ask = None;
        if let Some(thread) = self.thread.take() {
            // Somebody panics already: one report is enough.
            let _ = thread.join();
        }
    }
}

/// A bug in the source ends the cockpit: a screen that nothing feeds would look like a quiet queue.
struct EndsIfBroken(Post);

impl Drop for EndsIfBroken {
    fn drop(&mut self) {
        if std::thread::panicking() {
            (self.0)(Msg::End);
        }
    }
}

fn broken(fault: &Fault) -> Health {
    match fault.kind {
        FaultKind::Skew => Health::Skew { why: fault.to_string() },
        _ => Health::Broken { why: fault.to_string() },
    }
}

/// The same where a line has little room.
fn short(health: Health, place: &Place) -> Health {
    match health {
        Health::Broken { why } => Health::Broken { why: brief(&why, place) },
        other => other,
    }
}

/// A text that names files of the queue's own: their names are enough where a line has little room.
pub(super) fn brief(text: &str, place: &Place) -> String {
    text.replace(&place.side.display().to_string(), "…")
}

fn say(post: &Post, text: impl Into<String>, more: impl Into<String>, bad: bool) {
    post(Msg::Said(Said { text: text.into(), more: more.into(), bad }));
}

fn run(folder: Folder, post: &Post, asked: UnboundedReceiver<Effect>) -> Result<(), Fault> {
    hold_little();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|e| Fault::io("start", std::path::Path::new("the event loop of the source"), &e))?;
    let local = Arc::new(Local::open(&folder.place, purpose(&folder), Arc::new(SystemClock))?);
    runtime.block_on(async {
        let hands = Hands::new(Arc::clone(&local), &folder, Arc::clone(post));
        let keeper = Keeper::new(Arc::clone(&local), &folder, Arc::clone(post));
        let (nudge, nudged) = unbounded_channel();
        let watch = watch(&local, &nudge);
        if let Err(fault) = &watch {
            say(post, fault.to_string(), fault.hint.clone(), false);
        }
        let watched = watch.is_ok();
        let mut it = Loop {
            local,
            hands,
            keeper,
            post: Arc::clone(post),
            folder,
            watched,
            memory: Memory::default(),
            renamed: BTreeSet::new(),
            looked: false,
            seen: 0,
            gone: Arc::default(),
            edited: Arc::default(),
            outliving: Arc::default(),
            agents: Arc::default(),
            rejected: Arc::default(),
            tail: None,
            barred: None,
            trouble: None,
            loads: VecDeque::new(),
            litter: None,
            nudge,
            anew: false,
        };
        it.run(asked, nudged).await;
        drop(watch);
    });
    Ok(())
}

/// What the watch tells, and what was done beside the loop.
enum Nudge {
    Folders(Vec<String>),
    Log,
    /// Memory was given up.
    Litter,
}

/// Whoever looks wakes no job: a timer that a cockpit fires is an event that nobody asked it for.
fn purpose(folder: &Folder) -> Purpose {
    if folder.read_only { Purpose::Read } else { Purpose::Act }
}

fn watch(local: &Local, nudge: &UnboundedSender<Nudge>) -> Result<Watch, Fault> {
    let (folders, log) = (nudge.clone(), nudge.clone());
    Watch::start(
        local.place(),
        // A loop that has ended wants no more nudges.
        move |names| drop(folders.send(Nudge::Folders(names))),
        move || drop(log.send(Nudge::Log)),
    )
}

struct Loop {
    local: Arc<Local>,
    hands: Hands,
    keeper: Keeper,
    post: Post,
    folder: Folder,
    watched: bool,
    memory: Memory,
    renamed: BTreeSet<String>,
    /// The folder was looked at: what it takes to begin is over.
    looked: bool,
    /// The last event that was sent.
    seen: Seq,
    gone: Arc<HashSet<HolderId>>,
    edited: Arc<HashSet<JobId>>,
    outliving: Arc<HashSet<JobId>>,
    agents: Arc<Vec<Claimant>>,
    /// Manifests that were not accepted, by whoever took them in.
    rejected: Arc<Vec<Rejected>>,
    tail: Option<Tail>,
    /// Nothing may be changed here, although it can be read.
    barred: Option<Health>,
    /// The log cannot be read: said on every screen until it can.
    trouble: Option<Health>,
    /// The load of this host each time it was looked whether agents live, the oldest first.
    loads: VecDeque<u64>,
    /// When memory that was given up goes back to the system.
    litter: Option<Span>,
    nudge: UnboundedSender<Nudge>,
    /// The history is another one, which was not told yet.
    anew: bool,
}

impl Loop {
    async fn run(&mut self, mut asked: UnboundedReceiver<Effect>, mut nudged: UnboundedReceiver<Nudge>) {
        let mut followed = Arc::clone(&self.local);
        let mut published = followed.published();
        self.look_alive();
        self.send_replica().await;
        let mut look_at = Some(later(LOOK_FIRST));
        let mut alive_at = later(ALIVE_AGAIN);
        loop {
            let tail_at = self.tail.as_ref().filter(|tail| tail.open).map(|_| later(TAIL_AGAIN));
            let held = !self.agents.is_empty() || self.local.snapshot().held().next().is_some();
            let wake = [look_at, tail_at, held.then_some(alive_at), self.litter].into_iter().flatten().min();
            let sleep =
                wake.map_or(LOOK_RARELY, |at| Span::from_millis(at.as_millis().saturating_sub(now())));
            tokio::select! {
                effect = asked.recv() => match effect {
                    Some(effect) => self.take(effect).await,
                    None => return,
                },
                changed = published.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    published.borrow_and_update();
                    self.look_alive();
                    self.send_replica().await;
                    self.read_on();
                    tokio::time::sleep(PACE.to_std()).await;
                }
                nudge = nudged.recv() => match nudge {
                    Some(Nudge::Log) => self.reread().await,
                    Some(Nudge::Litter) => self.litter = Some(later(LITTER_RESTS)),
                    Some(Nudge::Folders(names)) => {
                        self.renamed.extend(names);
                        look_at = Some(Span::from_millis(now()));
                    }
                    None => return,
                },
                () = tokio::time::sleep(sleep.to_std().max(Duration::from_millis(1))) => {}
            }
            if look_at.is_some_and(|at| at.as_millis() <= now()) {
                look_at = Some(self.look().await);
                if !std::mem::replace(&mut self.looked, true) {
                    give_back();
                }
            }
            if self.litter.take_if(|at| at.as_millis() <= now()).is_some() {
                tokio::task::spawn_blocking(give_back);
            }
            if alive_at.as_millis() <= now() {
                alive_at = later(ALIVE_AGAIN);
                self.loads.extend(crate::agent::load());
                let over = self.loads.len().saturating_sub(LOADS_MOST);
                self.loads.drain(..over);
                if self.look_alive() {
                    self.send_replica().await;
                }
            }
            if self.tail.is_some() {
                self.read_on();
            }
            if !Arc::ptr_eq(&followed, &self.local) {
                followed = Arc::clone(&self.local);
                published = followed.published();
            }
        }
    }

    /// Takes in what hands did in the folder, unless nothing may be changed. Gives when to look again.
    async fn look(&mut self) -> Span {
        self.reread().await;
        self.bar().await;
        let rare = self.watched && self.trouble.is_none() && self.barred.is_none();
        let rest = later(if rare { LOOK_RARELY } else { LOOK_AGAIN });
        if self.trouble.is_some() {
            return rest;
        }
        if self.folder.read_only || self.barred.is_some() {
            // Nobody takes anything in here, and what lies rejected is still looked at.
            if self.look_alive() {
                self.send_replica().await;
            }
            return rest;
        }
        let renamed = std::mem::take(&mut self.renamed);
        match self.local.sync(&self.folder.settings, &self.folder.me, renamed, &mut self.memory).await {
            Ok(report) => {
                if self.look_alive() {
                    self.send_replica().await;
                }
                report.lines.iter().for_each(|line| say(&self.post, line, "", false));
                for job in &report.ship {
                    let text = format!("the file of {job} was moved to shipped/ by hand: S ships it");
                    say(&self.post, text, "", false);
                }
                report.again.map_or(rest, later)
            }
            Err(fault) => {
                say(&self.post, fault.to_string(), fault.hint, true);
                rest
            }
        }
    }

    /// Looks whether anything may be changed here. That it may not, or may again, is shown.
    async fn bar(&mut self) {
        let barred = barred(&self.folder.place);
        if barred == self.barred {
            return;
        }
        self.barred = barred;
        // Looked at soon again, until it may: a loop that has ended wants no nudge.
        let _ = self.nudge.send(Nudge::Folders(Vec::new()));
        self.send_replica().await;
    }

    /// Reads what was added to the log. That it cannot be read, or can again, is shown.
    async fn reread(&mut self) {
        let mut read = self.local.reread().await;
        if read.as_ref().is_err_and(|fault| fault.kind == FaultKind::Corrupt) && self.reopen().await {
            read = Ok(());
        }
        let place = &self.folder.place;
        let (trouble, text, hint) = match read {
            // Whatever could not be read for that: this is why.
            _ if !place.queue.is_dir() => {
                let why = format!("the folder is gone: {}", place.queue.display());
                let hint = "put it back; its history still stands".to_string();
                (Some(Health::Broken { why: why.clone() }), why, hint)
            }
            _ if !place.side.is_dir() => {
                let why = format!("the history is gone: {}", place.side.display());
                let hint = "put it back; without it nothing is known of the jobs".to_string();
                (Some(Health::Broken { why: why.clone() }), why, hint)
            }
            Ok(()) => (None, "the queue can be read again".to_string(), String::new()),
            Err(fault) => (Some(short(broken(&fault), place)), fault.to_string(), fault.hint),
        };
        if trouble == self.trouble {
            return;
        }
        say(&self.post, text, hint, trouble.is_some());
        self.trouble = trouble;
        self.send_replica().await;
    }

    /// Reads a history that stands in the place of the one that was followed: put back from a backup, or cut. What
    /// is damaged cannot be opened, and one that is not there is not made anew. Gives whether it could.
    async fn reopen(&mut self) -> bool {
        let place = self.folder.place.clone();
        let stands = std::fs::metadata(place.side.join("events.jsonl")).is_ok_and(|it| it.len() > 0);
        if !stands || !place.queue.is_dir() {
            return false;
        }
        let purpose = purpose(&self.folder);
        let open = move || Local::open(&place, purpose, Arc::new(SystemClock));
        let Ok(Ok(local)) = tokio::task::spawn_blocking(open).await else { return false };
        let (was, is) = (self.local.snapshot().seq, local.snapshot().seq);
        self.local = Arc::new(local);
        self.hands = Hands::new(Arc::clone(&self.local), &self.folder, Arc::clone(&self.post));
        self.keeper = Keeper::new(Arc::clone(&self.local), &self.folder, Arc::clone(&self.post));
        (self.seen, self.anew, self.memory) = (0, true, Memory::default());
        let text = format!("another history stands in the queue: it was read anew, {is} events after {was}");
        say(&self.post, text, "somebody put events.jsonl back or replaced it", false);
        self.look_alive();
        self.send_replica().await;
        true
    }

    /// Looks which holders live, and which running jobs have another text in their files. Gives whether anything changed.
    fn look_alive(&mut self) -> bool {
        let state = self.local.snapshot();
        let gone: HashSet<HolderId> =
            state.held().map(|row| row.1).filter(|holder| is_gone(holder)).cloned().collect();
        let agents = claimants(&self.folder.place);
        let rejected = rejected(&self.folder.place.rejected(), &self.rejected);
        let running = state.held().map(|row| row.0).filter(|job| is_edited(&self.folder.place, job));
        let edited: HashSet<JobId> = running.map(|job| job.id.clone()).collect();
        let left = state.held().filter(|row| gone.contains(row.1)).map(|row| row.0);
        let left = left.filter(|job| goes_on(&self.folder.place.runs(&job.id), job));
        let outliving: HashSet<JobId> = left.map(|job| job.id.clone()).collect();
        let changed = gone != *self.gone
            || outliving != *self.outliving
            || edited != *self.edited
            || agents != *self.agents
            || rejected != *self.rejected;
        self.rejected = Arc::new(rejected);
        self.gone = Arc::new(gone);
        self.edited = Arc::new(edited);
        self.outliving = Arc::new(outliving);
        self.agents = Arc::new(agents);
        changed
    }

    async fn send_replica(&mut self) {
        let state = self.local.snapshot();
        if self.seen == 0 {
            self.seen = state.seq.saturating_sub(EVENTS_FIRST);
        }
        let events = match self.local.events(self.seen, usize::MAX).await {
            Ok(events) => events,
            // What cannot be read is told once, by the state of the source.
            Err(_) if self.trouble.is_some() => Vec::new(),
            Err(fault) => {
                say(&self.post, fault.to_string(), fault.hint, true);
                Vec::new()
            }
        };
        self.seen = events.last().map_or(self.seen, |row| row.0);
        let health =
            self.trouble.clone().or(self.barred.clone()).unwrap_or(Health::Local { watched: self.watched });
        let fresh = Fresh {
            state,
            events,
            gone: Arc::clone(&self.gone),
            edited: Arc::clone(&self.edited),
            outliving: Arc::clone(&self.outliving),
            agents: Arc::clone(&self.agents),
            rejected: Arc::clone(&self.rejected),
            health,
            anew: std::mem::take(&mut self.anew),
        };
        (self.post)(Msg::Replica(Box::new(fresh)));
    }

    /// Gives out what was added to the transcript that is followed.
    fn read_on(&mut self) {
        let Some(tail) = &mut self.tail else { return };
        let state = self.local.snapshot();
        tail.open = state
            .job(&tail.job)
            .and_then(crate::fleet::Job::speaking_attempt)
            .is_some_and(|attempt| attempt.no == tail.attempt);
        if let Some(read) = tail.read() {
            (self.post)(Msg::Read(Box::new(read)));
        }
    }

    async fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Lists(request) => {
                let post = Arc::clone(&self.post);
                tokio::task::spawn_blocking(move || post(Msg::Lists(Box::new(lists(&request)))));
            }
            Effect::Seek(request) => {
                let post = Arc::clone(&self.post);
                tokio::task::spawn_blocking(move || post(Msg::Sought(Box::new(seek(&request)))));
            }
            Effect::Forget(old) => {
                let nudge = self.nudge.clone();
                tokio::task::spawn_blocking(move || {
                    drop(old);
                    // A loop that has ended needs no memory.
                    let _ = nudge.send(Nudge::Litter);
                });
            }
            Effect::Follow(job, attempt) => {
                self.tail = Some(Tail::of(&self.folder.place, job, attempt));
                self.read_on();
            }
            Effect::Unfollow => self.tail = None,
            Effect::Reconnect => {
                self.look().await;
                self.look_alive();
                self.send_replica().await;
                if self.trouble.is_none() {
                    say(&self.post, "read the queue again", "", false);
                }
            }
            Effect::Survey(wish) => self.keeper.look(wish, self.loads.iter().copied().collect()),
            Effect::Order { .. } | Effect::Agents { .. } | Effect::Rescue { .. } | Effect::LetGo { .. } => {
                self.keeper.take(effect).await;
                self.bar().await;
            }
            effect => {
                self.hands.take(effect).await;
                self.bar().await;
            }
        }
    }
}

/// Why nothing may be changed in a queue that can be read: what it stands on takes no writes, or what would be written
/// bears a wrong time, by which every other process would go on.
fn barred(place: &Place) -> Option<Health> {
    let flags = rustix::fs::statvfs(&place.side).map(|it| it.f_flag).ok();
    if flags.is_some_and(|flags| flags.contains(rustix::fs::StatVfsMountFlags::RDONLY)) {
        let (why, mend) = ("its file system takes no writes".to_string(), "mount it for writing".to_string());
        return Some(Health::Barred { word: "read-only", why, mend });
    }
    let why = format!("this clock is {} the one that its agents had", leap(place, &SystemClock)?);
    let mend = "set it: timedatectl set-ntp true; if it is right, aq agent takes it as it is".to_string();
    Some(Health::Barred { word: "skew", why, mend })
}

/// Milliseconds since boot.
fn now() -> u64 {
    SystemClock.boot().as_millis()
}

fn later(span: Span) -> Span {
    Span::from_millis(now().saturating_add(span.as_millis()))
}
