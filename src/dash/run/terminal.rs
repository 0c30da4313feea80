//! The terminal: taken over, given back in every case, drawn in whole frames.

use std::io::{BufWriter, Stdout, Write as _, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
    EnableMouseCapture,
};
use crossterm::execute;
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{
    Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use ratatui::Frame;
use ratatui::layout::Rect;

use super::screen::Screen;
use crate::store::Fault;

/// Bytes that are gathered before a write: a full frame of a large terminal fits.
const BUFFER: usize = 256 << 10;

/// Whether the terminal is ours now; the hook of a panic reads it.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Whether the window's title before ours was put aside.
static TITLED: AtomicBool = AtomicBool::new(false);
static HOOKED: Once = Once::new();

/// The terminal while it is ours.
pub struct Terminal {
    inner: ratatui::Terminal<Screen<BufWriter<Stdout>>>,
    mouse: bool,
    title: Option<String>,
}

fn fault(doing: &'static str) -> impl Fn(std::io::Error) -> Fault {
    move |e| Fault::io(doing, std::path::Path::new("the terminal"), &e)
}

impl Terminal {
    /// Takes the terminal over; `synchronized` tells it where each frame begins and ends.
    ///
    /// # Errors
    /// A [`Fault`] if it does not obey.
    pub fn enter(mouse: bool, synchronized: bool) -> Result<Terminal, Fault> {
        // A panic must leave a terminal in which its message can be read.
        HOOKED.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                give_back();
                before(info);
            }));
        });
        // The theme alone decides about colours: crossterm's own rule breaks reverse video.
        crossterm::style::force_color_output(true);
        take(mouse).map_err(fault("take over"))?;
        let backend = Screen::of(BufWriter::with_capacity(BUFFER, stdout()), synchronized);
        let inner = ratatui::Terminal::new(backend).map_err(|e| {
            give_back();
            fault("take over")(e)
        })?;
        Ok(Terminal { inner, mouse, title: None })
    }

    /// Its columns and rows.
    pub fn size(&self) -> (u16, u16) {
        crossterm::terminal::size().unwrap_or((80, 24))
    }

    /// Draws one frame in one go.
    ///
    /// # Errors
    /// A [`Fault`] if it cannot be written.
    pub fn draw(&mut self, paint: impl FnOnce(&mut Frame<'_>)) -> Result<(), Fault> {
        self.inner.draw(paint).map(drop).map_err(fault("write to"))
    }

    /// Makes the next frame a full one. Not by ratatui's `clear`, which asks the terminal where its cursor is:
    /// a slow terminal would stop us, and keys that come before the reply would be read by the wrong thread.
    ///
    /// # Errors
    /// A [`Fault`] if it cannot be written.
    pub fn forget(&mut self) -> Result<(), Fault> {
        let (width, height) = self.size();
        self.inner.resize(Rect::new(0, 0, width, height)).map_err(fault("clear"))
    }

    /// Writes bytes that are no cells, such as a clipboard sequence, between frames.
    ///
    /// # Errors
    /// A [`Fault`] if they cannot be written.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let out = self.inner.backend_mut();
        out.write_all(bytes).and_then(|()| std::io::Write::flush(out)).map_err(fault("write to"))
    }

    /// Takes the mouse, or leaves it to the terminal, which then selects text as ever.
    ///
    /// # Errors
    /// A [`Fault`] if it cannot be written.
    pub fn mouse(&mut self, on: bool) -> Result<(), Fault> {
        self.mouse = on;
        let out = self.inner.backend_mut();
        let done = if on { execute!(out, EnableMouseCapture) } else { execute!(out, DisableMouseCapture) };
        done.map_err(fault("write to"))
    }

    /// Sets the window's title. The one before comes back with the terminal, where the terminal can keep it.
    ///
    /// # Errors
    /// A [`Fault`] if it cannot be written.
    pub fn title(&mut self, text: String) -> Result<(), Fault> {
        let before: &[u8] = if TITLED.swap(true, Ordering::SeqCst) { b"" } else { b"\x1b[22;2t" };
        self.send(&[before, b"\x1b]2;", text.as_bytes(), b"\x07"].concat())?;
        self.title = Some(text);
        Ok(())
    }

    /// Gives the terminal back for as long as `work` takes, then takes it again and draws anew.
    ///
    /// # Errors
    /// A [`Fault`] if it cannot be taken again.
    pub fn lend<T>(&mut self, work: impl FnOnce() -> T) -> Result<T, Fault> {
        give_back();
        let done = work();
        take(self.mouse).map_err(fault("take over"))?;
        self.inner.backend_mut().lent();
        if let Some(title) = self.title.take() {
            self.title(title)?;
        }
        self.forget()?;
        Ok(done)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

fn take(mouse: bool) -> std::io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    // A cockpit that was killed left its screen behind, and whoever is on it already does not get an empty one.
    execute!(stdout(), EnterAlternateScreen, SetAttribute(Attribute::Reset), Clear(ClearType::All))?;
    execute!(stdout(), EnableBracketedPaste, EnableFocusChange)?;
    if mouse {
        execute!(stdout(), EnableMouseCapture)?;
    }
    Ok(())
}

/// Gives it back, once, whoever asks. Errors are nobody's any more.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = stdout();
        if TITLED.swap(false, Ordering::SeqCst) {
            let _ = out.write_all(b"\x1b[23;2t");
        }
        let _ = execute!(
            out,
            EndSynchronizedUpdate,
            DisableMouseCapture,
            DisableFocusChange,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let _ = disable_raw_mode();
        let _ = out.flush();
    }
}
