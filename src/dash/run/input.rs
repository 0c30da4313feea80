//! The input thread: blocks until the terminal has something, and gives out what came together as one.
//!
//! crossterm's own wait cannot be ended from outside, and a thread that still reads while an editor runs steals
//! its keys. So the thread waits for the terminal and for a pipe, and reads only what is there: a byte in the
//! pipe ends it, and whoever stops it waits until it has.

use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind};
use rustix::event::{PollFd, PollFlags, poll};

use crate::dash::guards::{BURST, BURST_LEAST, REPLY, REPLY_END};
use crate::dash::keys::Key;
use crate::dash::msg::{Mouse, Msg};
use crate::store::Fault;
use crate::time::{Clock as _, Span, SystemClock};

/// What is there is read at once; the source looks for nothing at all when it is given no time.
const LOOK: Duration = Duration::from_millis(1);
/// After a letter the next is waited for this long: pasted ones follow at once, typed ones do not.
const GATHER: Duration = Duration::from_millis(2);
/// Letters gathered at once at the most.
const GATHER_MOST: usize = 4_096;

/// What came from the terminal.
pub enum Input {
    /// Keys that came together, each with its instant, for the guards.
    Keys(Vec<(Key, Span)>),
    /// Anything else.
    Msg(Msg),
}

/// The thread.
pub struct Reader {
    stop: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Starts to read; `post` gives `false` when nobody listens any more.
    ///
    /// # Errors
    /// A [`Fault`] if the system gives no pipe or thread.
    pub fn start(post: Arc<dyn Fn(Input) -> bool + Send + Sync>) -> Result<Reader, Fault> {
        let on = std::path::Path::new("the input thread");
        let (stopped, stop) =
            rustix::pipe::pipe().map_err(|e| Fault::io("make the pipe of", on, &std::io::Error::from(e)))?;
        let body = move || {
            if !read_until_stopped(&stopped, &*post) {
                // The terminal is gone: an error or an end must not spin.
                post(Input::Msg(Msg::End));
            }
        };
        let thread = std::thread::Builder::new().name("input".to_string()).spawn(body);
        let thread = thread.map_err(|e| Fault::io("start", on, &e))?;
        Ok(Reader { stop, thread: Some(thread) })
    }

    /// Ends the thread and waits until it reads no more; what it had not read is dropped.
    pub fn stop(mut self) {
        self.end();
        let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
    }

    fn end(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = rustix::io::write(&self.stop, b".");
            // A panic there was reported where it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.end();
    }
}

/// Gives whether it was stopped; `false` means that the terminal is gone.
fn read_until_stopped(stopped: &OwnedFd, post: &(dyn Fn(Input) -> bool + Send + Sync)) -> bool {
    let stdin = std::io::stdin();
    loop {
        let mut fds =
            [PollFd::new(&stdin, PollFlags::IN), PollFd::from_borrowed_fd(stopped.as_fd(), PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return false,
        }
        if !fds[1].revents().is_empty() {
            return true;
        }
        let events = fds[0].revents();
        if events.intersects(PollFlags::ERR | PollFlags::NVAL) || events == PollFlags::HUP {
            return false;
        }
        match gather() {
            Ok(batch) => {
                if !batch.into_iter().all(post) {
                    return true;
                }
            }
            Err(_) => return false,
        }
        if events.contains(PollFlags::HUP) {
            return false;
        }
    }
}

/// Everything that is there; behind a letter also what follows faster than fingers.
fn gather() -> std::io::Result<Vec<Input>> {
    let mut out: Vec<Input> = Vec::new();
    let mut keys: Vec<(Key, Span)> = Vec::new();
    let mut wait = LOOK;
    while crossterm::event::poll(wait)? {
        let event = crossterm::event::read()?;
        let now = SystemClock.boot();
        match event {
            Event::Key(event) => keys.extend(key_of(event).map(|key| (key, now))),
            other => {
                if !keys.is_empty() {
                    out.push(Input::Keys(std::mem::take(&mut keys)));
                }
                out.extend(msg_of(other).map(Input::Msg));
            }
        }
        if keys.len() >= GATHER_MOST {
            break;
        }
        wait = match keys.last() {
            Some((Key::Char(_), _)) if keys.len() >= BURST_LEAST => BURST.to_std(),
            Some((Key::Char(_), _)) => GATHER,
            _ => LOOK,
        };
    }
    if !keys.is_empty() {
        out.push(Input::Keys(keys));
    }
    Ok(out)
}

fn key_of(event: KeyEvent) -> Option<Key> {
    // Releases and repeats of newer terminals would make one press two.
    if event.kind != KeyEventKind::Press {
        return None;
    }
    let shift = event.modifiers.contains(KeyModifiers::SHIFT);
    Some(match event.code {
        KeyCode::Char(c) if event.modifiers.contains(KeyModifiers::CONTROL) => {
            Key::Ctrl(c.to_ascii_lowercase())
        }
        // A reply of the terminal begins and ends with what reads like Alt and a sign.
        KeyCode::Char(']') if event.modifiers.contains(KeyModifiers::ALT) => REPLY,
        KeyCode::Char('\\') if event.modifiers.contains(KeyModifiers::ALT) => REPLY_END,
        // A terminal that sends Alt as Esc and a letter: no action has such a key.
        KeyCode::Char(_) if event.modifiers.contains(KeyModifiers::ALT) => return None,
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left if shift => Key::ShiftLeft,
        KeyCode::Right if shift => Key::ShiftRight,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => return None,
    })
}

fn msg_of(event: Event) -> Option<Msg> {
    Some(match event {
        Event::Paste(text) => Msg::Paste(text),
        Event::Resize(width, height) => Msg::Resize(width, height),
        Event::FocusGained => Msg::Focus(true),
        Event::FocusLost => Msg::Focus(false),
        Event::Mouse(event) => {
            let what = match event.kind {
                MouseEventKind::Down(MouseButton::Left) => Mouse::Click,
                MouseEventKind::Drag(MouseButton::Left) => Mouse::Drag,
                MouseEventKind::ScrollUp => Mouse::Up,
                MouseEventKind::ScrollDown => Mouse::Down,
                _ => return None,
            };
            Msg::Mouse(what, event.column, event.row)
        }
        Event::Key(_) => return None,
    })
}
