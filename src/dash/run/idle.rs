//! The idle signal: who tests the cockpit from outside waits for it instead of for a time.
//!
//! A line is written whenever the loop is about to sleep and something happened since the last one:
//! `WORD INPUTS FRAMES`. The word is `idle` if nothing is on its way, `guard` if an Esc waits for what follows it,
//! and `busy` if an answer or a frame is still to come. The numbers count what came from the terminal and what
//! was drawn since the start.

use std::fmt::Write as _;
use std::io::Write;

/// Where the lines go.
pub type Signal = Box<dyn Write + Send>;

/// What was told last, and what happened since.
pub struct Idle {
    out: Option<Signal>,
    /// Batches of input that came from the terminal.
    pub inputs: u64,
    /// Frames that were drawn.
    pub frames: u64,
    told: String,
}

impl Idle {
    /// Tells it there, or nowhere.
    pub fn new(out: Option<Signal>) -> Idle {
        Idle { out, inputs: 0, frames: 1, told: String::new() }
    }

    /// The loop is about to sleep.
    pub fn sleeps(&mut self, word: &str) {
        let Some(out) = &mut self.out else { return };
        let mut line = String::new();
        // Writing into memory does not fail.
        let _ = writeln!(line, "{word} {} {}", self.inputs, self.frames);
        if line == self.told {
            return;
        }
        if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
            // Nobody listens any more; the cockpit goes on.
            self.out = None;
        }
        self.told = line;
    }
}
