//! The loop: what happens goes in, frames and effects come out, and between two happenings the process sleeps.
//!
//! One thread owns the model. Inputs, the source and signals put their messages into one bounded channel; the
//! thread takes one, drains what else is there, updates, and draws if something changed that a frame would
//! show. There is no tick: the only timer is the next moment at which something visible changes, and where
//! there is none the thread blocks.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};

use super::clipboard::Around;
use super::edits::Edits;
use super::idle::{Idle, Signal};
use super::input::{Input, Reader};
use super::ping;
use super::signals::Signals;
use super::terminal::Terminal;
use crate::agent::{kept_folder, worktree_path};
use crate::board::{Settings, TEMPLATE};
use crate::dash::effect::Effect;
use crate::dash::guards::{Guard, Passed};
use crate::dash::keys::Keymap;
use crate::dash::model::{Model, Moment, later};
use crate::dash::msg::{Mouse, Msg, Said};
use crate::dash::source::{Folder, Source, recalled};
use crate::dash::theme::Look;
use crate::dash::update::update;
use crate::dash::view::view;
use crate::job::{Clipboard, JobId, PingWay};
use crate::store::{Fault, Place};
use crate::time::{Clock as _, Span, SystemClock};

/// Messages that may wait; a source that finds it full waits itself.
const CHANNEL: usize = 1_024;
/// Data is drawn at most once in this time, so less than sixty times a second; a key draws at once.
const FRAME: Span = Span::from_millis(17);
/// Without the focus, data is drawn twice a second.
const UNFOCUSED: Span = Span::from_millis(500);
/// Messages taken before a frame is drawn in any case.
const DRAIN_MOST: usize = 512;
/// A second click within this time on the same place is a double click.
const DOUBLE: Span = Span::from_millis(400);

/// How the cockpit is opened.
pub struct Options {
    /// The queue and who acts on it.
    pub folder: Folder,
    /// How things look.
    pub look: Look,
    /// The mouse is ours; without it the terminal selects text as ever.
    pub mouse: bool,
    /// The person's editor as a command line.
    pub editor: String,
    /// The theme follows the terminal's own background.
    pub follows: bool,
    /// Which key means what.
    pub keys: Keymap,
    /// Which way a copy goes.
    pub clipboard: Clipboard,
    /// What of the person's own files cannot be used, told as soon as there is a screen.
    pub odd: Vec<Said>,
    /// Told whenever nothing is left to do.
    pub idle: Option<Signal>,
}

/// What the channel carries.
enum Post {
    Keys(Vec<(crate::dash::keys::Key, Span)>),
    Msg(Msg),
}

/// Runs the cockpit until it is left.
///
/// # Errors
/// A [`Fault`] of the terminal. The queue's faults are shown, not returned.
pub fn run(options: Options) -> Result<(), Fault> {
    let (to, mail) = sync_channel(CHANNEL);
    let config = &options.folder.settings.config;
    let mut terminal = Terminal::enter(options.mouse, config.synchronized.unwrap_or(true))?;
    let from = shown(&options.folder.place);
    let mut model = Model::new(options.folder.me.clone(), &from, options.folder.read_only, options.look);
    model.size = terminal.size();
    model.keys = options.keys;
    model.background.follows = options.follows;
    model.set_by(&options.folder.settings.config, options.folder.unusable);
    let _ = update(&mut model, Msg::Now(moment()));
    let (recall, unread) = recalled();
    model.recall = recall;
    let unread = unread.map(|text| Said { text, more: String::new(), bad: true });
    for said in options.odd.into_iter().chain(unread) {
        let _ = update(&mut model, Msg::Said(said));
    }
    // The first frame comes before any data, and before anything is asked of the terminal.
    let mut last = draw(&mut terminal, &mut model)?;
    let post = poster(&to);
    let _signals = Signals::start(Arc::clone(&post))?;
    let options_queue = options.folder.place.queue.clone();
    let (place, settings) = (options.folder.place.clone(), Arc::clone(&options.folder.settings));
    let source = Source::start(options.folder, post)?;
    let reader = Some(Reader::start(input_poster(&to))?);
    let mut it = Cockpit {
        terminal: &mut terminal,
        source: &source,
        reader,
        to,
        place,
        settings,
        editor: options.editor,
        guard: Guard::default(),
        edits: Edits::of(&options_queue),
        clicked: None,
        idle: Idle::new(options.idle),
        clipboard: options.clipboard,
        around: ping::Around::of_environment(),
        commands: crate::agent::Pings::default(),
    };
    let left = it.edits.take_up();
    let begun = it.turn(&mut model, Msg::Begun);
    let begun =
        begun.and_then(|()| left.into_iter().try_for_each(|said| it.turn(&mut model, Msg::Said(said))));
    let ended = begun.and_then(|()| it.run(&mut model, &mail, &mut last));
    drop(it);
    // First the screen, then the source: it may have to finish a write.
    drop(terminal);
    drop(mail);
    source.finish();
    ended
}

struct Cockpit<'a> {
    terminal: &'a mut Terminal,
    source: &'a Source,
    reader: Option<Reader>,
    to: SyncSender<Post>,
    place: Place,
    settings: Arc<Settings>,
    editor: String,
    guard: Guard,
    /// Manifests that were edited.
    edits: Edits,
    /// The last click: where and when.
    clicked: Option<((u16, u16), Span)>,
    idle: Idle,
    clipboard: Clipboard,
    around: ping::Around,
    commands: crate::agent::Pings,
}

impl Cockpit<'_> {
    fn run(&mut self, model: &mut Model, mail: &Receiver<Post>, last: &mut Span) -> Result<(), Fault> {
        while !model.quit {
            let rest = self.rest(model, *last);
            self.idle.sleeps(self.word(model));
            let first = match rest {
                None => mail.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(span) => mail.recv_timeout(span.to_std()),
            };
            let now = moment();
            let _ = update(model, Msg::Now(now));
            let mut at_once = false;
            let mut next = match first {
                Ok(post) => Some(post),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            if let Some(passed) = self.guard.due(now.up) {
                at_once = true;
                self.passed(model, passed)?;
            }
            let mut taken = 0;
            while let Some(post) = next.take() {
                at_once |= self.take(model, post)?;
                taken += 1;
                if taken < DRAIN_MOST {
                    next = mail.try_recv().ok();
                }
            }
            if model.deadline().is_some_and(|at| at <= now.up) {
                self.turn(model, Msg::Deadline)?;
            }
            if model.dirty && !model.quit && (at_once || self.may_draw(model, *last)) {
                *last = draw(self.terminal, model)?;
                self.idle.frames += 1;
            }
        }
        Ok(())
    }

    /// What the loop sleeps over, for the idle signal.
    fn word(&self, model: &Model) -> &'static str {
        match self.guard.deadline() {
            Some(_) => "guard",
            None if model.dirty || model.pending() => "busy",
            None => "idle",
        }
    }

    /// How long nothing need happen; `None` is until something comes.
    fn rest(&self, model: &Model, last: Span) -> Option<Span> {
        let frame = model.dirty.then(|| later(last, pace(model)));
        let at = [frame, model.deadline(), self.guard.deadline()].into_iter().flatten().min()?;
        let now = SystemClock.boot().as_millis();
        Some(Span::from_millis(at.as_millis().saturating_sub(now)))
    }

    fn may_draw(&self, model: &Model, last: Span) -> bool {
        later(last, pace(model)) <= model.now.up
    }

    /// Takes one post. Gives whether a person did something, who is to see it at once.
    fn take(&mut self, model: &mut Model, post: Post) -> Result<bool, Fault> {
        match post {
            Post::Keys(keys) => {
                self.idle.inputs += 1;
                for passed in self.guard.take(&keys) {
                    self.passed(model, passed)?;
                }
                Ok(true)
            }
            Post::Msg(msg) => {
                let by_hand = matches!(msg, Msg::Paste(_) | Msg::Mouse(..) | Msg::Resize(..));
                self.idle.inputs += u64::from(by_hand);
                let msg = self.doubled(model, msg);
                self.turn(model, msg)?;
                Ok(by_hand)
            }
        }
    }

    fn passed(&mut self, model: &mut Model, passed: Passed) -> Result<(), Fault> {
        let msg = match passed {
            Passed::Key(key) => Msg::Key(key),
            Passed::Paste(text) => Msg::Paste(text),
            Passed::Reply(text) => Msg::Reply(text),
        };
        self.turn(model, msg)
    }

    /// Two clicks on one place within a moment are a double click.
    fn doubled(&mut self, model: &Model, msg: Msg) -> Msg {
        let Msg::Mouse(Mouse::Click, x, y) = msg else { return msg };
        let now = model.now.up;
        let twice = self.clicked.is_some_and(|(place, at)| place == (x, y) && now <= later(at, DOUBLE));
        self.clicked = if twice { None } else { Some(((x, y), now)) };
        Msg::Mouse(if twice { Mouse::Double } else { Mouse::Click }, x, y)
    }

    /// One message through the model, and what it asks for.
    fn turn(&mut self, model: &mut Model, msg: Msg) -> Result<(), Fault> {
        let effects = update(model, msg);
        for effect in effects {
            self.effect(model, effect)?;
        }
        Ok(())
    }

    fn effect(&mut self, model: &mut Model, effect: Effect) -> Result<(), Fault> {
        match effect {
            Effect::Redraw => {
                self.terminal.forget()?;
                model.dirty = true;
            }
            Effect::Suspend => {
                self.away(|| {
                    // Only this process: the shell may have put others into its group.
                    let _ = rustix::process::kill_process(
                        rustix::process::getpid(),
                        rustix::process::Signal::TSTP,
                    );
                })?;
                self.turn(model, Msg::Back)?;
            }
            Effect::Edit(job) => {
                let path = model.job(&job).and_then(|job| {
                    let file = job.file.as_deref()?;
                    Some(self.place.queue.join(job.stage.folder().name()).join(file))
                });
                match path {
                    Some(path) => self.edit_manifest(model, &job, &path)?,
                    None => self.came_back(model, Some(format!("{job} has no file of its own")))?,
                }
            }
            Effect::New => {
                let said = self.write_job()?;
                self.turn(model, Msg::Back)?;
                if let Some(said) = said {
                    self.turn(model, Msg::Said(said))?;
                }
            }
            Effect::OpenKept(job, file) => {
                let path = kept_folder(&self.place, &job).join(&file);
                let said = self.edit(&path, None)?;
                self.came_back(model, said)?;
            }
            Effect::OpenRejected(name) => {
                let path = self.place.rejected().join(&name);
                let said = self.edit(&path, None)?;
                if said.is_none() {
                    self.source.ask(Effect::Weigh(name));
                }
                self.came_back(model, said)?;
            }
            Effect::EditAt(job, file, line) => {
                let path = worktree_path(&self.place, &self.settings, &job).join(&file);
                let said = match path.is_file() {
                    true => self.edit(&path, Some(line))?,
                    false => Some(format!("{file} is not in a worktree of {job} on this host")),
                };
                self.came_back(model, said)?;
            }
            Effect::Copy(what, text) => {
                let said = self.copy(what, &text)?;
                self.turn(model, Msg::Said(said))?;
            }
            Effect::AskBackground => self.terminal.send(b"\x1b]11;?\x1b\\")?,
            Effect::Mouse(on) => self.terminal.mouse(on)?,
            Effect::Title(text) => self.terminal.title(text)?,
            Effect::Ping(text) => self.ping(model, &text)?,
            effect => self.source.ask(effect),
        }
        Ok(())
    }

    /// Pings by the person's own command where they named one and no other way, else through the terminal.
    fn ping(&mut self, model: &mut Model, text: &str) -> Result<(), Fault> {
        let config = &self.settings.config;
        let wish = config.notify_way.unwrap_or_default();
        if wish != PingWay::Auto || config.notify_command.is_empty() {
            return self.terminal.send(&self.around.bytes(wish, text));
        }
        match self.commands.start(&config.notify_command, text) {
            Ok(()) => Ok(()),
            Err(text) => {
                let more = "mend notify.command: aq config edit --user".to_string();
                self.turn(model, Msg::Said(Said { text, more, bad: true }))
            }
        }
    }

    /// Gives the terminal away for as long as `work` takes; input that queued up meanwhile is dropped.
    fn away<T>(&mut self, work: impl FnOnce() -> T) -> Result<T, Fault> {
        if let Some(reader) = self.reader.take() {
            reader.stop();
        }
        let done = self.terminal.lend(work);
        let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
        self.reader = Some(Reader::start(input_poster(&self.to))?);
        done
    }

    /// A new job in the person's editor: the template, or the last text that was not taken. Gives what went
    /// wrong, or that nothing was written.
    fn write_job(&mut self) -> Result<Option<Said>, Fault> {
        let wrong = |text: String| Ok(Some(Said { text, more: String::new(), bad: true }));
        let file = match self.edits.draft(TEMPLATE.as_bytes()) {
            Ok(file) => file,
            Err(fault) => return wrong(fault.to_string()),
        };
        if let Some(text) = self.edit(&file, None)? {
            return wrong(text);
        }
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) => return wrong(Fault::io("read", &file, &error).to_string()),
        };
        if text == TEMPLATE || text.trim().is_empty() {
            self.edits.drop_draft();
            let text = "nothing was added: the text was left as it was".to_string();
            return Ok(Some(Said { text, more: String::new(), bad: false }));
        }
        self.source.ask(Effect::Submit(file, text));
        Ok(None)
    }

    /// A job's manifest in the person's editor, in a copy.
    fn edit_manifest(&mut self, model: &mut Model, job: &JobId, own: &Path) -> Result<(), Fault> {
        let copy = match self.edits.open(job, own) {
            Ok(copy) => copy,
            Err(fault) => return self.came_back(model, Some(fault.to_string())),
        };
        let wrong = self.edit(&copy, None)?;
        self.turn(model, Msg::Back)?;
        match self.edits.closed(job, wrong) {
            Ok(effect) => self.source.ask(effect),
            Err(said) => self.turn(model, Msg::Said(said))?,
        }
        Ok(())
    }

    /// The person is back from an editor.
    fn came_back(&mut self, model: &mut Model, said: Option<String>) -> Result<(), Fault> {
        self.turn(model, Msg::Back)?;
        match said {
            Some(text) => self.turn(model, Msg::Said(Said { text, more: String::new(), bad: true })),
            None => Ok(()),
        }
    }

    /// Opens a file in the person's editor, at a line if one is named; gives what went wrong.
    fn edit(&mut self, path: &std::path::Path, line: Option<u32>) -> Result<Option<String>, Fault> {
        let at = line.map(|line| format!("+{line} ")).unwrap_or_default();
        let script = format!("{} {at}\"$1\"", self.editor);
        let editor = self.editor.clone();
        let ended = self.away(|| {
            // The value is a command line of the user's own, `code --wait`; the shell splits it as they expect.
            std::process::Command::new("/bin/sh").arg("-c").arg(script).arg("sh").arg(path).status()
        })?;
        Ok(match ended {
            Ok(status) if status.success() => None,
            Ok(status) => Some(format!("the editor {editor} ended with {status}")),
            Err(error) => Some(format!("cannot start the editor {editor}: {error}")),
        })
    }

    /// Puts a text on the clipboard by the first way that does not fail, and claims no more than that it was sent.
    fn copy(&mut self, what: &str, text: &str) -> Result<Said, Fault> {
        let mut failed = Vec::new();
        for way in Around::of_environment().ways(self.clipboard) {
            match way.send(text) {
                Ok(bytes) => {
                    self.terminal.send(&bytes)?;
                    let text = text.to_string();
                    return Ok(Said {
                        text: format!("copied {what} ({})", way.name()),
                        more: text,
                        bad: false,
                    });
                }
                Err(why) => failed.push(why),
            }
        }
        let why =
            if failed.is_empty() { "no way leads to a clipboard".to_string() } else { failed.join("; ") };
        let text = format!("did not copy the {what}: {why}");
        Ok(Said { text, more: "another way: aq config edit, clipboard".to_string(), bad: true })
    }
}

fn pace(model: &Model) -> Span {
    if model.focused { FRAME } else { UNFOCUSED }
}

pub(super) fn moment() -> Moment {
    Moment { wall: SystemClock.wall(), up: SystemClock.boot() }
}

/// Draws and gives when.
fn draw(terminal: &mut Terminal, model: &mut Model) -> Result<Span, Fault> {
    let mut drawn = None;
    terminal.draw(|frame| drawn = Some(view(model, frame)))?;
    model.dirty = false;
    if let Some(mut drawn) = drawn {
        // Counted from the frame on, not from the message that asks.
        let now = model.now.up;
        drawn.stale_at = drawn.stale_in.map(|span| later(now, span));
        let _ = update(model, Msg::Drawn(Box::new(drawn)));
    }
    Ok(SystemClock.boot())
}

fn poster(to: &SyncSender<Post>) -> Arc<dyn Fn(Msg) -> bool + Send + Sync> {
    let to = to.clone();
    Arc::new(move |msg| to.send(Post::Msg(msg)).is_ok())
}

fn input_poster(to: &SyncSender<Post>) -> Arc<dyn Fn(Input) -> bool + Send + Sync> {
    let to = to.clone();
    Arc::new(move |input| {
        let post = match input {
            Input::Keys(keys) => Post::Keys(keys),
            Input::Msg(msg) => Post::Msg(msg),
        };
        to.send(post).is_ok()
    })
}

/// The queue's folder as people write it: `~` for their home.
pub(super) fn shown(place: &Place) -> String {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match home.and_then(|home| place.queue.strip_prefix(home).ok().map(PathBuf::from)) {
        Some(rest) => format!("~/{}", rest.display()),
        None => place.queue.display().to_string(),
    }
}
