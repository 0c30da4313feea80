//! The one loop of an agent: what happens goes in, acts come out, until there is nothing left to do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::act::Doer;
use super::deaths::Deaths;
use super::desk::{Desk, Mood, Until};
use super::herald::{Herald, Pings};
use super::reclaim::{Taken, adopt, beat, beat_file};
use super::ship::Sent;
use super::step::{Act, At, Happening, is_done, next_deadline, step};
use crate::board::{Board as _, Local, Memory, Settings, ceilings_wanted, leap, note_clock};
use crate::engine::ShimProgram;
use crate::fleet::{Actor, Claimant, Code, Order, State, named};
use crate::insight::park_words;
use crate::job::{Folder, JobId};
use crate::store::{Fault, Watch};
use crate::time::{Clock, Span, Stamp};

/// Without any nudge the folder is looked at this often: the safety net under the watch.
const LOOK_AGAIN: Span = Span::from_secs(60);
/// What a dead holder left and could not be freed at once is looked at again after this.
const TAKE_AGAIN: Span = Span::from_secs(1);
/// So often in a row an agent that is to end by itself waits for what cannot be freed.
const TAKES_MOST: u32 = 60;
/// Nudges within this time make one look.
const SETTLE: Span = Span::from_millis(2);
/// A look may take this share of the time at most: a thousand nudges must not make a thousand looks.
const LOOK_SHARE: u64 = 10;

/// How an agent is run.
pub struct Options {
    /// Who it is and what it can do.
    pub who: Claimant,
    /// Jobs at once.
    pub slots: usize,
    /// When it ends by itself.
    pub until: Until,
    /// Who acts when a hand moves files.
    pub user: Actor,
    /// The aq program, for the shim.
    pub exe: PathBuf,
    /// Lines for people go here.
    pub say: Box<dyn Fn(&str) + Send>,
}

/// How an agent ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Attempts that ended well.
    pub well: u32,
    /// Attempts that did not.
    pub badly: u32,
    /// It was asked twice to stop.
    pub hurried: bool,
}

/// Nudges from the watch, the signals and the processes of others.
pub(super) enum Nudge {
    Folders(Vec<String>),
    Log,
    Stop,
    /// The process of this holder has ended.
    Died(crate::job::HolderId),
}

/// Runs an agent until it is drained, or until nothing is ready or settled, as asked.
///
/// # Errors
/// A [`Fault`] if the queue cannot be used. Runs under way go on and are taken up by the next agent.
pub async fn run(local: Arc<Local>, settings: Arc<Settings>, options: Options) -> Result<Ended, Fault> {
    let (nudge, nudged) = unbounded_channel();
    let (to, happenings) = unbounded_channel();
    let watch = watched(&local, &nudge, &options);
    signals(&nudge)?;
    let shim = ShimProgram::of_aq(&options.exe);
    let doer = Doer::new(local.clone(), settings.clone(), options.who.clone(), shim, to);
    let desk = Desk::new(options.who.clone(), options.slots, options.until);
    let beat = beat_file(&local.place().side, &options.who.holder);
    let herald = Herald::of(&settings.config);
    let _here = Here::register(&beat, &options, local.clock())?;
    let mut it = Loop {
        local,
        settings,
        options,
        doer: Arc::new(doer),
        desk,
        memory: Memory::default(),
        renamed: BTreeSet::new(),
        look_at: Some(Span::ZERO),
        take_at: Some(Span::ZERO),
        takes: 0,
        told: Vec::new(),
        told_of_prs: BTreeMap::new(),
        deaths: Deaths::new(nudge.clone()),
        beat,
        herald,
        pings: Pings::default(),
        watch,
        nudge,
    };
    let ended = it.run(nudged, happenings).await;
    // Whoever works once and ends tells at the end what it had to tell.
    it.call();
    ended
}

/// The agent's sign of life: a file that names it, gone when it ends.
struct Here(PathBuf);

impl Here {
    fn register(path: &std::path::Path, options: &Options, clock: &dyn Clock) -> Result<Here, Fault> {
        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).map_err(|e| Fault::io("make", dir, &e))?;
        }
        let text = serde_json::json!({
            "v": 1,
            "holder": options.who.holder.as_str(),
            "slots": options.slots,
            "since": clock.wall().as_millis(),
            "awake": clock.awake().as_millis(),
            "capabilities": options.who.capabilities,
            "engines": options.who.engines.iter().map(|e| (&e.name, e.class)).collect::<Vec<_>>(),
            "accounts": options.who.engines.iter().map(|e| (&e.name, &e.accounts)).collect::<BTreeMap<_, _>>(),
        });
        std::fs::write(path, format!("{text}\n")).map_err(|e| Fault::io("write", path, &e))?;
        Ok(Here(path.to_path_buf()))
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        // Left behind, it names a dead process and is passed over.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A watch, or a warning: then the folder is only looked at now and again.
fn watched(local: &Local, nudge: &UnboundedSender<Nudge>, options: &Options) -> Option<Watch> {
    let watch = watch(local, nudge);
    if let Err(fault) = &watch {
        (options.say)(&format!("warning: {fault} ({})", fault.hint));
    }
    watch.ok()
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

fn signals(nudge: &UnboundedSender<Nudge>) -> Result<(), Fault> {
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut stream = signal(kind)
            .map_err(|e| Fault::io("listen to", std::path::Path::new("the signals of this process"), &e))?;
        let nudge = nudge.clone();
        tokio::spawn(
            async move { while stream.recv().await.is_some() && nudge.send(Nudge::Stop).is_ok() {} },
        );
    }
    Ok(())
}

struct Loop {
    local: Arc<Local>,
    settings: Arc<Settings>,
    options: Options,
    doer: Arc<Doer>,
    desk: Desk,
    memory: Memory,
    renamed: BTreeSet<String>,
    /// When the folder is to be looked at (boot time); `None`: not before the safety net.
    look_at: Option<Span>,
    /// When what dead holders left is to be looked at; `None`: when one dies, or with the safety net.
    take_at: Option<Span>,
    /// Looks in a row that could not free everything.
    takes: u32,
    /// What the last such look told people.
    told: Vec<String>,
    /// The last line about each pull request: a forge that cannot be reached is said once, not at every look.
    told_of_prs: BTreeMap<JobId, String>,
    deaths: Deaths,
    beat: PathBuf,
    /// What the person is to be called for, where they name a command for it.
    herald: Option<Herald>,
    pings: Pings,
    /// Nudges us; `None` where the system gives none.
    watch: Option<Watch>,
    nudge: UnboundedSender<Nudge>,
}

impl Loop {
    async fn run(
        &mut self,
        mut nudged: UnboundedReceiver<Nudge>,
        mut happenings: UnboundedReceiver<Happening>,
    ) -> Result<Ended, Fault> {
        let mut published = self.local.published();
        let mut looked = self.boot();
        if let Some(off) = leap(self.local.place(), self.local.clock()) {
            let text =
                format!("warning: this clock is {off} the one that agents had here; it is taken as it is");
            (self.options.say)(&text);
        }
        note_clock(self.local.place(), self.local.clock());
        self.cap().await?;
        self.take_up().await?;
        self.look().await?;
        self.step(Happening::Tick);
        while self.has_to_look() || !is_done(&self.desk, &self.local.snapshot()) {
            self.deaths.watch(&self.local.snapshot(), &self.options.who.holder);
            let wait = self.wait(looked);
            tokio::select! {
                biased;
                Some(happening) = happenings.recv() => self.step(happening),
                Some(nudge) = nudged.recv() => self.nudged(nudge),
                Ok(()) = published.changed() => {
                    published.mark_unchanged();
                    self.step(Happening::Moved);
                }
                () = tokio::time::sleep(wait.to_std()) => self.step(Happening::Tick),
            }
            let now = self.boot();
            if self.herald.as_ref().and_then(Herald::due).is_some_and(|at| at <= now) {
                self.call();
            }
            let net = now.as_millis() >= looked.as_millis() + LOOK_AGAIN.as_millis();
            if net || self.take_at.is_some_and(|at| at <= now) || self.has_room_for_orphans() {
                self.take_up().await?;
            }
            if net || self.look_at.is_some_and(|at| at <= now) {
                self.look().await?;
                looked = self.boot();
                self.step(if net { Happening::Net } else { Happening::Tick });
            }
            if net {
                // A sign of life for whoever cannot see our process.
                beat(&self.beat, self.local.clock());
                note_clock(self.local.place(), self.local.clock());
            }
        }
        let (well, badly) = self.desk.tally;
        Ok(Ended { well, badly, hurried: self.desk.mood == Mood::Stopping })
    }

    /// Tells the law the ceilings that the settings newly name, before anything is claimed under others.
    async fn cap(&self) -> Result<(), Fault> {
        let wanted = ceilings_wanted(&self.settings.config, &self.local.snapshot());
        if wanted.is_empty() {
            return Ok(());
        }
        let order = |command| Order::new(Actor::settings(), command);
        for verdict in self.local.act(wanted.into_iter().map(order).collect()).await? {
            match verdict {
                Ok(_) => (self.options.say)("a ceiling of the settings was taken over: aq budget show"),
                // Another agent that started at this moment has set it too.
                Err(no) if no.code == Code::NoChange => {}
                Err(no) => (self.options.say)(&format!("a ceiling of the settings was not set: {no}")),
            }
        }
        Ok(())
    }

    /// An agent that ends by itself first looks at what it knows to be unfinished.
    fn has_to_look(&self) -> bool {
        self.options.until != Until::Asked
            && self.desk.mood == Mood::Working
            && (self.look_at.is_some() || self.take_at.is_some())
    }

    fn has_room_for_orphans(&self) -> bool {
        self.desk.mood == Mood::Working && self.desk.orphans > 0 && self.desk.room() > 0
    }

    fn boot(&self) -> Span {
        self.local.clock().boot()
    }

    fn wait(&self, looked: Span) -> Span {
        let now = self.boot().as_millis();
        let safety = Span::from_millis(looked.as_millis() + LOOK_AGAIN.as_millis());
        let ships = self.next_ship().map(|left| Span::from_millis(now + left.as_millis()));
        let calls = self.herald.as_ref().and_then(Herald::due);
        let next = [Some(safety), self.look_at, self.take_at, next_deadline(&self.desk), ships, calls]
            .into_iter()
            .flatten()
            .min();
        Span::from_millis(next.map_or(LOOK_AGAIN.as_millis(), |at| at.as_millis().saturating_sub(now)).max(1))
    }

    /// How long until a job ships by its rule.
    fn next_ship(&self) -> Option<Span> {
        let (state, now) = (self.local.snapshot(), self.law());
        let due = |job: &crate::fleet::Job| match job.spec.autoship {
            crate::job::Autoship::After(wait) => Some(job.since.plus(wait)),
            _ => None,
        };
        state.autoship().filter_map(due).filter(|at| *at > now).map(|at| at.since(now)).min()
    }

    fn law(&self) -> Stamp {
        self.local.now().law
    }

    fn nudged(&mut self, nudge: Nudge) {
        match nudge {
            Nudge::Folders(names) => {
                self.renamed.extend(names);
                let soon = Span::from_millis(self.boot().as_millis() + SETTLE.as_millis());
                self.look_at = Some(self.look_at.map_or(soon, |at| at.max(soon)));
            }
            Nudge::Log => self.local.refresh(),
            Nudge::Died(holder) => {
                self.deaths.forget(&holder);
                self.take_at = Some(self.boot());
                self.takes = 0;
            }
            Nudge::Stop => {
                let words = match self.desk.mood {
                    Mood::Working => {
                        "draining: running jobs are checkpointed and given back; once more to hurry"
                    }
                    _ => "stopping now",
                };
                (self.options.say)(words);
                self.step(Happening::Asked);
            }
        }
    }

    /// Makes the folder and the law agree.
    async fn look(&mut self) -> Result<(), Fault> {
        let began = self.boot();
        let renamed = std::mem::take(&mut self.renamed);
        let report = self.local.sync(&self.settings, &self.options.user, renamed, &mut self.memory).await?;
        report.lines.iter().for_each(|line| (self.options.say)(line));
        if report.remade {
            // The old watch looks at folders that are gone.
            self.watch = watched(&self.local, &self.nudge, &self.options);
        }
        for job in report.ship {
            self.ship_by_hand(job).await?;
        }
        let took = self.boot().as_millis() - began.as_millis();
        let rest = Span::from_millis(self.boot().as_millis() + took * LOOK_SHARE);
        self.look_at = match (report.again, self.renamed.is_empty()) {
            (Some(again), _) => {
                Some(Span::from_millis(self.boot().as_millis() + again.as_millis()).max(rest))
            }
            (None, false) => Some(rest),
            (None, true) => None,
        };
        self.step(Happening::Hold(report.hold));
        match self.local.archive_old().await? {
            0 => {}
            n => (self.options.say)(&format!(
                "archived {n} jobs that ended long ago; they stay in aq ls --all"
            )),
        }
        Ok(())
    }

    /// A hand moved a file from testing to shipped: that is a person's ship.
    async fn ship_by_hand(&self, job: crate::job::JobId) -> Result<(), Fault> {
        let what = super::ship::Ship { job: job.clone(), rev: None, by_person: true, note: None };
        match super::ship::ship(&self.local, &self.settings, &self.options.user, &what).await? {
            Ok(sent) => {
                // A pull request keeps its job in testing until it is merged.
                if !matches!(sent, Sent::Out(_)) {
                    self.local.restore(job.clone()).await?;
                }
                (self.options.say)(&sent.said(&job));
            }
            Err(no) => {
                self.local.restore(job.clone()).await?;
                (self.options.say)(&format!("{job} is put back: {no} ({})", no.hint));
            }
        }
        Ok(())
    }

    /// Takes up runs of dead agents, and frees what nobody can take up.
    async fn take_up(&mut self) -> Result<(), Fault> {
        let room = if self.desk.mood == Mood::Working { self.desk.room() } else { 0 };
        let Taken { works, lines, waiting, stuck } =
            adopt(&self.local, &self.options.who.holder, room).await?;
        // What stays stuck is said once.
        let fresh = lines.iter().filter(|line| !self.told.contains(line));
        fresh.for_each(|line| (self.options.say)(line));
        self.told = lines;
        works.into_iter().for_each(|work| self.step(Happening::Adopted(Box::new(work))));
        self.takes = if stuck > 0 { self.takes + 1 } else { 0 };
        // What cannot be freed for long is left to the safety net.
        self.take_at = (stuck > 0 && self.takes < TAKES_MOST)
            .then(|| Span::from_millis(self.boot().as_millis() + TAKE_AGAIN.as_millis()));
        self.step(Happening::Orphans(waiting));
        Ok(())
    }

    fn step(&mut self, happening: Happening) {
        let state: Arc<State> = self.local.snapshot();
        let at = At { boot: self.boot(), law: self.law() };
        if let Happening::PrLooked { job, line, .. } = &happening {
            self.tell_of_pr(job, line.as_deref());
        }
        self.tell(&happening, &state);
        if let Some(herald) = &mut self.herald {
            herald.look(&state, &self.options.who, self.local.now());
        }
        // A hand's move is noticed by the watch, but our own moves nudge it too: those change nothing.
        for act in step(&mut self.desk, &state, happening, at) {
            let work = slot_of(&act).and_then(|slot| self.desk.slots[slot].clone());
            self.doer.start(act, work);
        }
    }

    /// Calls the person by their own command for what waits to be told.
    fn call(&mut self) {
        let (boot, wall) = (self.boot(), self.local.clock().wall());
        let Some(text) = self.herald.as_mut().and_then(|herald| herald.tell(boot, wall)) else { return };
        if let Err(why) = self.pings.start(&self.settings.config.notify_command, &text) {
            (self.options.say)(&format!("warning: {why} (mend notify.command: aq config edit --user)"));
        }
    }

    /// What a look at a pull request led to, or why nobody could look.
    fn tell_of_pr(&mut self, job: &JobId, line: Option<&str>) {
        let Some(line) = line else {
            self.told_of_prs.remove(job);
            return;
        };
        // The age of the last look is in the line, and grows: what stands before it tells news from no news.
        let gist = line.split("; last known").next().unwrap_or(line);
        if self.told_of_prs.insert(job.clone(), gist.to_string()).as_deref() != Some(gist) {
            (self.options.say)(line);
        }
    }

    /// One line for what people want to see pass by.
    fn tell(&self, happening: &Happening, state: &State) {
        match happening {
            Happening::Started { slot, attempt: Some(attempt) } => {
                if let Some(work) = &self.desk.slots[*slot] {
                    let git = work.prepared.as_ref().is_none_or(|p| p.space.worktree.is_some());
                    let off = if git { "" } else { ", no git: checkpoints are off" };
                    let attempts = state.job(&work.job).and_then(|job| job.open_attempt());
                    let account = attempts.and_then(|attempt| named(attempt.account.as_deref()));
                    let on = account.map(|name| format!(", account {name}")).unwrap_or_default();
                    (self.options.say)(&format!("{} attempt {attempt} ({}{on}{off})", work.job, work.engine));
                }
            }
            Happening::Saved { slot, result: Ok(saved) } if !saved.left_out.is_empty() => {
                if let Some(work) = &self.desk.slots[*slot] {
                    (self.options.say)(&format!(
                        "{}: not in the checkpoint: {}",
                        work.job,
                        saved.left_out.join(", ")
                    ));
                }
            }
            Happening::Reported { events, .. } => {
                for event in events {
                    if let crate::fleet::What::AttemptEnded { job, outcome, reason, to, .. } = &event.what {
                        // A review is done with its verdict.
                        let verdict = events.iter().find_map(|event| match &event.what {
                            crate::fleet::What::Shipped { job: done, how, .. } if done == job => {
                                Some(how.clone())
                            }
                            _ => None,
                        });
                        let place =
                            verdict.unwrap_or_else(|| format!("now in {}", place_of(*to, state, job)));
                        (self.options.say)(&format!("{job} {outcome}: {reason}; {place}"));
                    }
                }
            }
            _ => {}
        }
    }
}

fn place_of(to: crate::job::Stage, state: &State, job: &crate::job::JobId) -> String {
    let parked = state.job(job).and_then(|j| j.park.as_ref()).and_then(|p| Some((p, p.until?)));
    match (to.folder(), parked) {
        (Folder::Inbox, Some((park, until))) => {
            format!("{to}, parked until {}, {}", until.local_hm(), park_words(park))
        }
        _ => to.to_string(),
    }
}

fn slot_of(act: &Act) -> Option<usize> {
    match act {
        Act::Prepare { slot }
        | Act::Start { slot }
        | Act::Release { slot }
        | Act::Run { slot, .. }
        | Act::Await { slot, .. }
        | Act::Stop { slot, .. }
        | Act::Save { slot, .. }
        | Act::Report { slot, .. }
        | Act::Look { slot } => Some(*slot),
        Act::Claim(_)
        | Act::GiveBack { .. }
        | Act::Note(_)
        | Act::AskReviewers { .. }
        | Act::Ship { .. }
        | Act::LookAtPr { .. } => None,
    }
}
