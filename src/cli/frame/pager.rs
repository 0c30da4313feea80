//! The user's pager, fed through a pipe; what it does not read is not an error.

use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};

/// A running pager.
pub(super) struct Pager {
    child: Child,
    stdin: Option<std::io::BufWriter<ChildStdin>>,
}

impl Pager {
    /// Starts `PAGER`, or `less`; `None` where there is none or it is `cat`.
    pub fn start() -> Option<Pager> {
        let named = std::env::var("PAGER").ok().filter(|p| !p.trim().is_empty());
        let line = named.unwrap_or_else(|| "less".to_string());
        if line.trim() == "cat" {
            return None;
        }
        let mut command = Command::new("sh");
        command.arg("-c").arg(&line).stdin(Stdio::piped());
        // F: not for what fits; R: colours; X: leave the text on the screen.
        if std::env::var_os("LESS").is_none() {
            command.env("LESS", "FRX");
        }
        let mut child = command.spawn().ok()?;
        let stdin = child.stdin.take().map(std::io::BufWriter::new);
        Some(Pager { child, stdin })
    }

    /// Ends its input and waits until the person has seen enough.
    pub fn wait(&mut self) {
        self.stdin = None;
        // However it ended, the person has decided so.
        let _ = self.child.wait();
    }
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match &mut self.stdin {
            Some(stdin) => stdin.write(bytes),
            None => Err(std::io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stdin.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Pager {
    fn drop(&mut self) {
        self.wait();
    }
}
