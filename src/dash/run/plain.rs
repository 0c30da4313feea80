//! The loop of the cockpit in words: lines are read, lines are written, nothing is ever drawn over.
//!
//! A line is heard only when everything that the line before it asked for was answered, so that a script can be
//! piped in. At the end of the input what was asked is still answered, then it ends.

use std::collections::VecDeque;
use std::io::{BufRead as _, Read as _, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};

use super::cockpit::{moment, shown};
use crate::dash::effect::Effect;
use crate::dash::model::Model;
use crate::dash::msg::{Msg, Said};
use crate::dash::plain::{Step, Talk};
use crate::dash::source::{Folder, Source, recalled};
use crate::dash::theme::Look;
use crate::dash::update::update;
use crate::dash::view::clean;
use crate::store::{Fault, Place};
use crate::time::{Clock as _, Span, SystemClock};

/// Messages that may wait; a source that finds it full waits itself.
const CHANNEL: usize = 1_024;
/// Bytes of one typed line; more is no command, and what follows is taken as the next line.
const LINE_MOST: u64 = 16 << 10;

/// Runs a verb of the command line; gives what went wrong before it could say so itself.
pub type Verb = Box<dyn FnMut(&[String]) -> Result<(), String>>;

/// How the cockpit in words is opened.
pub struct Plain {
    /// The queue and who acts on it.
    pub folder: Folder,
    /// What of the person's own files cannot be used.
    pub odd: Vec<Said>,
    /// Verbs of the command line that may be run from it.
    pub verbs: Vec<String>,
    /// Runs one.
    pub verb: Verb,
}

enum Post {
    Msg(Msg),
    /// A typed line; none is the end of the input.
    Line(Option<String>),
}

/// Runs it until it is left or the input ends, writing to `out`.
///
/// # Errors
/// A [`Fault`] if nothing can be written, or the system gives no thread.
pub fn run_plain(options: Plain, out: &mut dyn Write) -> Result<(), Fault> {
    let (to, mail) = sync_channel(CHANNEL);
    let place = options.folder.place.clone();
    let mut model =
        Model::new(options.folder.me.clone(), &shown(&place), options.folder.read_only, Look::default());
    model.set_by(&options.folder.settings.config, options.folder.unusable);
    let _ = update(&mut model, Msg::Now(moment()));
    let (recall, unread) = recalled();
    model.recall = recall;
    let unread = unread.map(|text| Said { text, more: String::new(), bad: true });
    for said in options.odd.into_iter().chain(unread) {
        let _ = update(&mut model, Msg::Said(said));
    }
    let post = {
        let to = to.clone();
        Arc::new(move |msg| to.send(Post::Msg(msg)).is_ok())
    };
    let source = Source::start(options.folder, post)?;
    read_lines(to)?;
    let talk = Talk::new(options.verbs);
    let mut it = Room { model, talk, source: &source, place, verb: options.verb, out };
    let ended = it.run(&mail);
    drop(mail);
    source.finish();
    match ended {
        // Nobody reads any more: that is no failure of ours.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        ended => ended.map_err(|e| Fault::io("write to", std::path::Path::new("standard output"), &e)),
    }
}

struct Room<'a> {
    model: Model,
    talk: Talk,
    source: &'a Source,
    place: Place,
    verb: Verb,
    out: &'a mut dyn Write,
}

impl Room<'_> {
    fn run(&mut self, mail: &Receiver<Post>) -> std::io::Result<()> {
        let mut lines: VecDeque<String> = VecDeque::new();
        let mut ended = false;
        loop {
            for line in self.talk.tell(&self.model) {
                writeln!(self.out, "{line}")?;
            }
            self.out.flush()?;
            if self.model.quit {
                return Ok(());
            }
            let deaf = self.talk.deaf_until(&self.model);
            if !self.model.pending() && deaf.is_none() {
                match lines.pop_front() {
                    Some(line) => {
                        self.hear(&line)?;
                        continue;
                    }
                    None if ended => return Ok(()),
                    None => {}
                }
            }
            match self.wait(mail, deaf) {
                Ok(Post::Msg(msg)) => self.turn(msg)?,
                Ok(Post::Line(Some(line))) => lines.push_back(line),
                Ok(Post::Line(None)) => ended = true,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            let now = self.model.now.up;
            if self.model.deadline().is_some_and(|at| at <= now) {
                self.turn(Msg::Deadline)?;
            }
        }
    }

    /// The next post, or the moment at which something changes by time alone.
    fn wait(&mut self, mail: &Receiver<Post>, deaf: Option<Span>) -> Result<Post, RecvTimeoutError> {
        let post = match [deaf, self.model.deadline()].into_iter().flatten().min() {
            None => mail.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(at) => {
                let rest = at.as_millis().saturating_sub(SystemClock.boot().as_millis());
                mail.recv_timeout(Span::from_millis(rest).to_std())
            }
        };
        let _ = update(&mut self.model, Msg::Now(moment()));
        post
    }

    fn hear(&mut self, line: &str) -> std::io::Result<()> {
        for step in self.talk.hear(&self.model, line) {
            match step {
                Step::Say(line) => writeln!(self.out, "{line}")?,
                Step::Msg(msg) => self.turn(msg)?,
                Step::Run(words) => {
                    self.out.flush()?;
                    if let Err(why) = (self.verb)(&words) {
                        writeln!(self.out, "{why}")?;
                    }
                }
            }
        }
        Ok(())
    }

    fn turn(&mut self, msg: Msg) -> std::io::Result<()> {
        for effect in update(&mut self.model, msg) {
            match effect {
                Effect::Copy(what, text) => writeln!(self.out, "{what}: {}", clean(&text))?,
                Effect::Edit(job) => {
                    let job = self.model.job(&job);
                    let file = job.and_then(|job| Some((job.stage.folder().name(), job.file.as_deref()?)));
                    if let Some((folder, file)) = file {
                        let path = self.place.queue.join(folder).join(file);
                        writeln!(self.out, "edit the file; saving it is the action: {}", path.display())?;
                    }
                }
                Effect::OpenRejected(name) => {
                    let path = self.place.rejected().join(name);
                    writeln!(self.out, "edit the file, then move it to inbox/: {}", path.display())?;
                }
                // Nothing is drawn, and the shell is never away.
                Effect::Redraw | Effect::Suspend => {}
                effect => self.source.ask(effect),
            }
        }
        Ok(())
    }
}

/// The thread that reads lines; it ends with the input or with the process.
fn read_lines(to: SyncSender<Post>) -> Result<(), Fault> {
    let body = move || {
        let mut input = std::io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let count = input.by_ref().take(LINE_MOST).read_until(b'\n', &mut line);
            let line = match count {
                Ok(1..) => Some(String::from_utf8_lossy(&line).into_owned()),
                Ok(0) | Err(_) => None,
            };
            let last = line.is_none();
            if to.send(Post::Line(line)).is_err() || last {
                return;
            }
        }
    };
    let thread = std::thread::Builder::new().name("lines".to_string()).spawn(body);
    thread.map(drop).map_err(|e| Fault::io("start", std::path::Path::new("the thread of lines"), &e))
}
