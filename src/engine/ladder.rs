//! Watches a running engine, stops it when it must, and ends whatever it leaves behind.
//!
//! The ladder: the order is on disk, TERM to the engine's group, grace, KILL to everything, count until
//! nothing is left. TERM first goes to the engine's group alone, because an engine cleans up its own tools
//! better than we can; what is still there once the engine itself has gone gets its own TERM. TERM is
//! followed by CONT, since a stopped process would not take it. One grace covers both steps.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process_group};

use super::plan::RunPlan;
use super::processes::{Family, PidStart, Proc, kill_children, signal_all};
use super::recorder::Recorder;
use super::report::{End, EngineRecord};
use super::rundir;
use super::shim::{Course, Happening};
use super::stop::{StopCause, standing_order, write_order};
use crate::time::{Awake, Clock, Span, Stamp, SystemClock};

/// While processes are being ended, how often they are counted: at first often, because most go at once.
const COUNT_FIRST: Duration = Duration::from_millis(10);
/// The longest pause between counts; grandchildren give no signal when they go.
const COUNT_LAST: Duration = Duration::from_millis(250);
/// How often the processes of a quiet run are written down for the case that the shim is killed. Each
/// sample reads the process table once, some milliseconds.
const SAMPLE: Span = Span::from_secs(10);
/// The first samples come sooner: most runs are short and most daemons are started early.
const SAMPLE_FIRST: Span = Span::from_secs(1);
/// After KILL, how long until survivors are an alarm (`engines.md` section 13 rule 4).
const ALARM: Span = Span::from_secs(30);
/// From outside, so many looks in a row must find nothing: one look can miss what forks while it is taken.
const EMPTY_LOOKS: u32 = 2;
/// At most so many processes are written down.
const SEEN_MAX: usize = 1000;

/// Where a run is on its way down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    /// The engine may go on.
    Running,
    /// TERM was sent; KILL follows when the clock shows this.
    Terminating { kill_at: Span },
    /// KILL was sent, first when the clock showed this.
    Killing { since: Span },
}

/// The control loop of one run.
pub(super) struct Ladder<'a> {
    dir: &'a Path,
    engine: PidStart,
    family: Family,
    clock: Awake,
    wall: Option<Span>,
    grace: Span,
    step: Step,
    end: Option<(End, Stamp, Span)>,
    started: Stamp,
    stopped_by: Option<StopCause>,
    leftovers: u64,
    /// The leftovers of an engine that has ended were told to end.
    rest_told: bool,
    /// Both streams have ended already; it is not waited for again.
    output_ended: bool,
    alarmed: bool,
    next_sample: Span,
    pause: Duration,
}

impl<'a> Ladder<'a> {
    pub(super) fn new(dir: &'a Path, plan: &RunPlan, engine: EngineRecord, family: Family) -> Ladder<'a> {
        Ladder {
            dir,
            engine: engine.process,
            family,
            clock: Awake::start(),
            wall: plan.wall,
            grace: plan.grace,
            step: Step::Running,
            end: None,
            started: engine.since,
            stopped_by: None,
            leftovers: 0,
            rest_told: false,
            output_ended: false,
            alarmed: false,
            next_sample: SAMPLE_FIRST,
            pause: COUNT_FIRST,
        }
    }

    /// Goes on until nothing of the run is left.
    pub(super) fn watch(mut self, happenings: &Receiver<Happening>, recorder: &mut Recorder) -> Course {
        // A stop ordered between the last look and the start has its signal in the pipe already.
        let (end, ended, wall) = loop {
            let childless = self.reap();
            if let Some(end) = self.end.clone()
                && self.clear_up(childless, recorder)
            {
                break end;
            }
            self.keep_time(recorder);
            let pushed = recorder.push();
            match happenings.recv_timeout(self.pause_now(pushed)) {
                // All that is there is taken before the next look at the world: ten thousand children that
                // end together are one reason to count, not ten thousand.
                Ok(first) => {
                    std::iter::once(first).chain(happenings.try_iter()).for_each(|h| self.take(h, recorder));
                }
                Err(RecvTimeoutError::Timeout) => {}
                // Cannot be: the signal thread holds the other end for ever.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(COUNT_LAST),
            }
        };
        if self.alarmed {
            drop(std::fs::remove_file(self.dir.join(rundir::SURVIVORS)));
        }
        Course {
            end,
            stopped_by: self.stopped_by,
            started: self.started,
            ended,
            wall,
            leftovers: self.leftovers,
            output_ended: self.output_ended,
        }
    }

    fn take(&mut self, happening: Happening, recorder: &mut Recorder) {
        match happening {
            Happening::Signal(number) if i32::from(number) == libc::SIGTERM => {
                // An order of aq, or somebody else's signal.
                self.take_down(self.ordered(StopCause::Terminated), recorder);
            }
            Happening::Signal(_) => {}
            Happening::OutputEnded => self.output_ended = true,
            Happening::CeilingCrossed => {
                self.reap();
                // A run that is over, or on its way down, costs nothing more.
                if self.end.is_none() && self.step == Step::Running {
                    self.give_up(StopCause::BudgetExceeded, recorder);
                }
            }
        }
    }

    /// Takes every child that has ended: the engine, and orphans that came to us. Says whether no child is
    /// left.
    fn reap(&mut self) -> bool {
        loop {
            let (pid, status) = match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some(ended)) => ended,
                Ok(None) => return false,
                Err(e) => return e == rustix::io::Errno::CHILD,
            };
            if pid.as_raw_pid() != self.engine.pid || self.end.is_some() {
                continue;
            }
            let end = match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => End::Exited { code },
                (None, Some(signal)) => End::Signaled { signal },
                (None, None) => continue,
            };
            self.end = Some((end, SystemClock.wall(), self.clock.passed()));
        }
    }

    /// After the engine's end: ends what it left behind. True when nothing is left. A look at the process
    /// table takes a while, and what forks and exits all the time can slip through it; but nothing can leave
    /// a subreaper's tree, so only a shim without children has counted to zero.
    fn clear_up(&mut self, childless: bool, recorder: &mut Recorder) -> bool {
        // Where orphans come to the shim, having no children is the proof, and the whole table of processes
        // need not be read for it: that cost more than a short job itself.
        if childless && cfg!(target_os = "linux") {
            return true;
        }
        let left = match self.family.seen_by_shim() {
            Ok(left) => left,
            // Not to know is not zero; it is asked again after the pause.
            Err(e) => {
                recorder.note(format!("cannot count processes: {e}"), None);
                self.slow_down();
                return false;
            }
        };
        if left.is_empty() && childless {
            return true;
        }
        if left.is_empty() {
            self.slow_down();
        } else if !self.rest_told {
            self.rest_told = true;
            self.leftovers = left.len() as u64;
            recorder.note(format!("the engine left processes behind, ending them: {}", pids(&left)), None);
            signal_all(&left, Signal::TERM);
            signal_all(&left, Signal::CONT);
        }
        // Children that no look finds have their grace as well, and no longer one than others.
        if self.step == Step::Running {
            self.step = Step::Terminating { kill_at: later(self.clock.passed(), self.grace) };
            self.pause = COUNT_FIRST;
        }
        false
    }

    /// Does what the clock asks for.
    fn keep_time(&mut self, recorder: &mut Recorder) {
        let now = self.clock.passed();
        match self.step {
            Step::Running => {
                if self.wall.is_some_and(|wall| now >= wall) {
                    self.give_up(StopCause::Timeout, recorder);
                } else if now >= self.next_sample {
                    self.sample();
                    self.next_sample = later(now, if now < SAMPLE { SAMPLE_FIRST } else { SAMPLE });
                    // Whoever wrote an order may have died before the signal.
                    if let Ok(Some(order)) = standing_order(self.dir) {
                        self.take_down((order.cause, order.grace.unwrap_or(self.grace)), recorder);
                    }
                }
            }
            Step::Terminating { kill_at } if now >= kill_at => {
                recorder.note("the grace is over: KILL".to_string(), None);
                self.step = Step::Killing { since: now };
                self.pause = COUNT_FIRST;
                self.kill_all();
            }
            Step::Terminating { .. } => self.slow_down(),
            Step::Killing { since } => {
                self.kill_all();
                self.slow_down();
                if !self.alarmed && now >= later(since, ALARM) {
                    self.alarm(recorder);
                }
            }
        }
    }

    /// A limit of the plan is reached: the order is written down first, like any other.
    fn give_up(&mut self, cause: StopCause, recorder: &mut Recorder) {
        if let Err(e) = write_order(self.dir, cause, None) {
            recorder.note(format!("cannot write the stop order: {e}"), None);
        }
        self.take_down(self.ordered(cause), recorder);
    }

    /// The order that stands, or `otherwise`.
    fn ordered(&self, otherwise: StopCause) -> (StopCause, Span) {
        match standing_order(self.dir) {
            Ok(Some(order)) => (order.cause, order.grace.unwrap_or(self.grace)),
            Ok(None) | Err(_) => (otherwise, self.grace),
        }
    }

    fn take_down(&mut self, (cause, grace): (StopCause, Span), recorder: &mut Recorder) {
        // An engine that ended before we saw the order has its own verdict; look once more.
        self.reap();
        let now = self.clock.passed();
        if let Step::Terminating { kill_at } = self.step {
            // An order that came later can only hurry what is on its way.
            self.step = Step::Terminating { kill_at: kill_at.min(later(now, grace)) };
            return;
        }
        if self.end.is_some() || self.step != Step::Running {
            return;
        }
        self.sample();
        self.stopped_by = Some(cause);
        self.grace = grace;
        recorder.note(format!("stop: {} ({})", cause.name(), cause.reason()), Some(cause));
        self.step = Step::Terminating { kill_at: later(now, grace) };
        self.pause = COUNT_FIRST;
        self.signal_group(Signal::TERM);
        self.signal_group(Signal::CONT);
    }

    /// The engine's group, only while its leader is not reaped and the number is surely its own.
    fn signal_group(&self, signal: Signal) {
        if self.end.is_none()
            && let Some(group) = Pid::from_raw(self.engine.pid)
        {
            // No such group: it has ended, which the next count will find.
            kill_process_group(group, signal).ok();
        }
    }

    fn kill_all(&mut self) {
        self.signal_group(Signal::KILL);
        if let Ok(left) = self.family.seen_by_shim() {
            signal_all(&left, Signal::KILL);
        }
        kill_children(|| self.reap());
    }

    /// Writes down what is below us, for whoever must clean up if we are killed.
    fn sample(&mut self) {
        let Ok(procs) = self.family.seen_by_shim() else { return };
        let mut seen: Vec<PidStart> = procs.iter().map(PidStart::of).collect();
        seen.sort_unstable();
        seen.truncate(SEEN_MAX);
        if seen != self.family.seen && rundir::write_whole(self.dir, rundir::SEEN, &seen).is_ok() {
            self.family.seen = seen;
        }
    }

    fn alarm(&mut self, recorder: &mut Recorder) {
        let Ok(left) = self.family.seen_by_shim() else { return };
        let list: Vec<i32> = left.iter().map(|p| p.pid).collect();
        recorder.note(format!("processes outlive KILL: {}", pids(&left)), None);
        self.alarmed = rundir::write_whole(self.dir, rundir::SURVIVORS, &list).is_ok();
    }

    fn slow_down(&mut self) {
        self.pause = (self.pause * 2).min(COUNT_LAST);
    }

    /// How long to wait for something to happen.
    fn pause_now(&self, pushed: bool) -> Duration {
        let now = self.clock.passed();
        let until = |at: Span| Duration::from_millis(at.as_millis().saturating_sub(now.as_millis()) + 1);
        let longest = match self.step {
            Step::Running => self.wall.map_or(until(self.next_sample), |w| until(w.min(self.next_sample))),
            Step::Terminating { kill_at } => self.pause.min(until(kill_at)),
            Step::Killing { .. } => self.pause,
        };
        // Words that wait for room in the recorder are offered again soon.
        if pushed { longest } else { longest.min(COUNT_LAST) }
    }
}

/// Pids for people, the first few.
fn pids(procs: &[Proc]) -> String {
    const SHOWN: usize = 20;
    let list: Vec<String> = procs.iter().take(SHOWN).map(|p| p.pid.to_string()).collect();
    let more = procs.len().saturating_sub(SHOWN);
    if more > 0 { format!("{} and {more} more", list.join(" ")) } else { list.join(" ") }
}

/// `at`, moved on by `more`.
fn later(at: Span, more: Span) -> Span {
    Span::from_millis(at.as_millis().saturating_add(more.as_millis()))
}

/// Ends processes from outside, the shim being gone: TERM, grace, KILL, count. Gives the pids that are still
/// there when `patience` after KILL is over.
pub(super) fn end_strays(family: &Family, grace: Span, patience: Span) -> io::Result<Vec<i32>> {
    let clock = Awake::start();
    let mut pause = COUNT_FIRST;
    let mut told = std::collections::HashSet::new();
    let give_up = later(grace, patience);
    let mut empty = 0;
    loop {
        let left = family.seen_by_others()?;
        let now = clock.passed();
        empty = if left.is_empty() { empty + 1 } else { 0 };
        if empty == EMPTY_LOOKS || now >= give_up {
            return Ok(left.iter().map(|p| p.pid).collect());
        }
        if now >= grace {
            signal_all(&left, Signal::KILL);
        } else {
            // Each is told once; those that appear later are told when they do.
            let fresh: Vec<Proc> = left.into_iter().filter(|p| told.insert(PidStart::of(p))).collect();
            signal_all(&fresh, Signal::TERM);
            signal_all(&fresh, Signal::CONT);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(COUNT_LAST);
    }
}
