//! The thread that owns a run's output: lines, redaction, transcript and the sum of what was said.
//!
//! Ceilings are held against the sum here, at the very line that crosses one. An agent that reads along sees
//! that line later, how much later is chance, and not at all while it is dead; money goes on meanwhile.
//!
//! It stands apart from the shim's control loop so that a slow or full disk delays only the log: when it
//! falls behind, its channel fills, the readers stop reading and the engine waits on its pipe, while the
//! kill ladder goes on untouched.

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError};
use std::thread;

use super::beside::{Follower, LOOK_EVERY};
use super::dialect::{DIALECTS, Heard, Hearing, Said, dialect};
use super::lines::{Line, Splitter};
use super::model::other_model;
use super::plan::RunPlan;
use super::redact::Redactor;
use super::report::{TAIL_MAX, TranscriptLoss};
use super::shim::Happening;
use super::stop::StopCause;
use super::tally::Tally;
use super::transcript::{Source, TranscriptWriter};
use crate::job::Budget;
use crate::time::{Awake, Clock, SystemClock};

/// Bytes read at a time: the size of a pipe on Linux.
const CHUNK: usize = 64 * 1024;

/// Chunks that may wait for the recorder. With [`CHUNK`] this bounds what a run holds in memory to about
/// 2 MiB beside its longest line.
const WAITING: usize = 32;

/// Event lines that are not understood and told of; a script with one slip repeats it for ever.
const UNKNOWN_TOLD: u64 = 5;

/// What reaches the recorder.
pub(super) enum Feed {
    /// Output as it was read.
    Chunk(Source, Vec<u8>),
    /// A stream ended.
    Eof(Source),
    /// Words of the shim, and the stop order if they tell of one.
    Note(String, Option<StopCause>),
    /// Nothing more is waited for; the summary is to be sent here.
    Finish(Sender<Summary>),
}

/// What came of a run's output.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    pub lines: u64,
    pub bytes: u64,
    pub cuts: u64,
    pub seen: Tally,
    pub tail: String,
    pub loss: TranscriptLoss,
}

/// The control loop's side of the recorder.
pub(super) struct Recorder {
    feed: SyncSender<Feed>,
    /// Words that found the channel full.
    waiting: VecDeque<Feed>,
}

impl Recorder {
    /// Starts the recorder of a run. `tell` hears, each once, that a ceiling is crossed and that both streams
    /// have ended.
    pub(super) fn start(
        plan: &RunPlan,
        transcript: &Path,
        tell: impl Fn(Happening) + Send + 'static,
    ) -> Recorder {
        let (feed, inbox) = mpsc::sync_channel(WAITING);
        let work = Recording {
            splitters: [Splitter::new(), Splitter::new(), Splitter::new()],
            beside: Follower::of(plan),
            doubt: None,
            redactor: Redactor::new(&plan.redact),
            page: Page {
                // An unknown dialect is found by whoever makes the plan; here its output is text.
                hearing: (dialect(&plan.dialect).unwrap_or(&DIALECTS[1]).open)(&plan.facts),
                writer: TranscriptWriter::new(transcript, plan.transcript_cap),
                summary: Summary::default(),
                tail: VecDeque::new(),
                tail_bytes: 0,
                model: plan.facts.model.clone(),
                ceilings: plan.ceilings,
            },
            open: 2,
        };
        thread::spawn(move || work.run(&inbox, &tell));
        Recorder { feed, waiting: VecDeque::new() }
    }

    /// Reads `from` until it ends, in a thread of its own.
    pub(super) fn read(&self, source: Source, mut from: impl Read + Send + 'static) {
        let feed = self.feed.clone();
        thread::spawn(move || {
            loop {
                let mut chunk = vec![0; CHUNK];
                match from.read(&mut chunk) {
                    Ok(0) => break,
                    Ok(n) => chunk.truncate(n),
                    Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                    Err(_) => break,
                }
                if feed.send(Feed::Chunk(source, chunk)).is_err() {
                    return;
                }
            }
            // The recorder may be gone already: it does not wait for streams that strangers hold open.
            drop(feed.send(Feed::Eof(source)));
        });
    }

    /// Puts words of the shim into the transcript. Never waits.
    pub(super) fn note(&mut self, text: String, stop: Option<StopCause>) {
        self.waiting.push_back(Feed::Note(text, stop));
        self.push();
    }

    /// Hands over what waits, as far as there is room; says whether all went.
    pub(super) fn push(&mut self) -> bool {
        while let Some(next) = self.waiting.pop_front() {
            if let Err(TrySendError::Full(next)) = self.feed.try_send(next) {
                self.waiting.push_front(next);
                return false;
            }
        }
        true
    }

    /// Asks for the summary; it comes once everything read before is written.
    pub(super) fn finish(&mut self) -> Receiver<Summary> {
        let (reply, summary) = mpsc::channel();
        self.waiting.push_back(Feed::Finish(reply));
        self.push();
        summary
    }
}

struct Recording {
    /// Of the two streams, and of the file beside them.
    splitters: [Splitter; 3],
    beside: Option<Follower>,
    /// Since when a ceiling seems to be crossed, by a guess.
    doubt: Option<Awake>,
    redactor: Redactor,
    page: Page,
    open: u32,
}

impl Recording {
    fn run(mut self, inbox: &Receiver<Feed>, tell: &impl Fn(Happening)) {
        let mut ended = false;
        loop {
            // What is there already goes out in one write; then whoever follows sees it.
            let mut next = match self.wait(inbox) {
                Ok(first) => Some(first),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            while let Some(feed) = next {
                if let Some(reply) = self.take(feed) {
                    drop(reply.send(self.close()));
                    return;
                }
                self.mind_the_ceilings(tell);
                next = inbox.try_recv().ok();
            }
            self.look_beside();
            self.mind_the_ceilings(tell);
            self.page.writer.flush();
            if self.open == 0 && !std::mem::replace(&mut ended, true) {
                tell(Happening::OutputEnded);
            }
        }
    }

    /// Tells once that a ceiling was crossed by a run that goes on: one that gave its verdict asks no model
    /// more. A guess is not believed before the file beside the output had the time to tell the figure.
    fn mind_the_ceilings(&mut self, tell: &impl Fn(Happening)) {
        let seen = &self.page.summary.seen;
        if self.page.ceilings.crossed(&seen.usage).is_none() {
            self.doubt = None;
            return;
        }
        let guess = seen.estimated && self.beside.as_ref().is_some_and(Follower::is_live);
        if guess && self.doubt.get_or_insert_with(Awake::start).passed() < LOOK_EVERY {
            return;
        }
        let goes_on = seen.ended.is_none();
        self.page.ceilings = Budget::default();
        if goes_on {
            tell(Happening::CeilingCrossed);
        }
    }

    fn wait(&self, inbox: &Receiver<Feed>) -> Result<Feed, RecvTimeoutError> {
        match &self.beside {
            Some(beside) if beside.is_live() && self.open > 0 => inbox.recv_timeout(LOOK_EVERY.to_std()),
            _ => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Hears what the engine wrote beside its output since the last look, once its session is known.
    fn look_beside(&mut self) {
        let session = self.page.summary.seen.started.as_ref().and_then(|started| started.session.clone());
        let (Some(beside), Some(session)) = (&mut self.beside, session) else { return };
        let now = SystemClock.wall();
        let mut fresh = Vec::new();
        beside.read_on(&session, |bytes| fresh.extend_from_slice(bytes));
        let (page, splitter) = (&mut self.page, &mut self.splitters[2]);
        splitter.feed(&fresh, &self.redactor, |line| {
            if beside.wants(line.bytes) {
                page.line(now, Source::Record, &line);
            }
        });
    }

    fn take(&mut self, feed: Feed) -> Option<Sender<Summary>> {
        let now = SystemClock.wall();
        let page = &mut self.page;
        match feed {
            Feed::Chunk(source, bytes) => {
                page.summary.bytes += bytes.len() as u64;
                let splitter = &mut self.splitters[usize::from(source == Source::Err)];
                splitter.feed(&bytes, &self.redactor, |line| page.line(now, source, &line));
            }
            Feed::Eof(source) => {
                let splitter = &mut self.splitters[usize::from(source == Source::Err)];
                splitter.finish(&self.redactor, |line| page.line(now, source, &line));
                self.open -= 1;
            }
            Feed::Note(text, stop) => {
                page.summary.seen.stopped |= stop.is_some();
                page.writer.note(now, &text, stop);
            }
            Feed::Finish(reply) => return Some(reply),
        }
        None
    }

    fn close(mut self) -> Summary {
        let now = SystemClock.wall();
        let left_open = self.open > 0;
        self.look_beside();
        for (source, splitter) in [Source::Out, Source::Err].into_iter().zip(&mut self.splitters) {
            splitter.finish(&self.redactor, |line| self.page.line(now, source, &line));
        }
        for event in self.page.hearing.close() {
            self.page.summary.seen.see(&event);
        }
        let mut summary = self.page.summary;
        summary.tail = self.page.tail.into_iter().collect();
        summary.loss = TranscriptLoss { left_open, ..self.page.writer.finish() };
        summary
    }
}

/// Everything that one line goes into.
struct Page {
    hearing: Box<dyn Hearing>,
    writer: TranscriptWriter,
    summary: Summary,
    tail: VecDeque<String>,
    tail_bytes: usize,
    /// The model asked for.
    model: Option<String>,
    ceilings: Budget,
}

impl Page {
    fn line(&mut self, now: crate::time::Stamp, source: Source, line: &Line<'_>) {
        self.summary.lines += 1;
        self.summary.cuts += u64::from(line.cut > 0);
        let heard = self.hearing.hear(Said { bytes: line.bytes, source, at: now });
        self.writer.line(now, source, line);
        if let Heard::Unknown(why) = &heard
            && self.summary.seen.unknown < UNKNOWN_TOLD
        {
            self.writer.note(now, &format!("warning: not understood, and not counted: {why}"), None);
        }
        let models = self.summary.seen.models.len();
        self.summary.seen.hear(&heard);
        if self.summary.seen.models.len() > models
            && let Some(other) = other_model(self.model.as_deref(), &self.summary.seen)
        {
            self.writer.note(now, &format!("warning: {other}"), None);
        }
        if source != Source::Record {
            self.keep_tail(line.bytes);
        }
    }

    fn keep_tail(&mut self, bytes: &[u8]) {
        // The end of a long line tells more than its beginning, as with the lines themselves.
        let end = &bytes[bytes.len().saturating_sub(TAIL_MAX - 1)..];
        let mut text = String::from_utf8_lossy(end).into_owned();
        // Replacing broken bytes made it longer.
        while text.len() >= TAIL_MAX {
            text.pop();
        }
        text.push('\n');
        self.tail_bytes += text.len();
        self.tail.push_back(text);
        while self.tail_bytes > TAIL_MAX {
            self.tail_bytes -= self.tail.pop_front().map_or(0, |line| line.len());
        }
    }
}
