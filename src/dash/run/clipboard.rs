//! The clipboard: which ways lead to it from here, and what each is sent.
//!
//! No way can be trusted to say that the text arrived, so what is told is the way it was sent. The first way that
//! does not fail is taken: what works in one place breaks somebody in another, and the setting `clipboard` decides
//! where the choice is wrong.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;

use crate::job::Clipboard;
use crate::time::Span;

/// Bytes of base64 that a sequence may carry: what the strictest terminal takes.
const ENCODED_MOST: usize = 74_994;
/// A tool gets so long: a display that does not answer must not hang the screen.
const TOOL_WAIT: Span = Span::from_secs(1);

/// What the environment says of the way to a clipboard.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// The person sits at another machine: `SSH_TTY`.
    pub ssh: bool,
    /// Inside tmux: `TMUX`.
    pub tmux: bool,
    /// `WAYLAND_DISPLAY`.
    pub wayland: bool,
    /// `DISPLAY`.
    pub x11: bool,
    /// A Mac.
    pub mac: bool,
}

/// One way to a clipboard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// A program that reads the text: its name and its arguments.
    Tool(&'static str, &'static [&'static str]),
    /// The terminal's own sequence.
    Osc52,
    /// The same, handed through by tmux.
    Osc52InTmux,
}

impl Around {
    /// As this process finds it.
    pub fn of_environment() -> Around {
        let has = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Around {
            ssh: has("SSH_TTY"),
            tmux: has("TMUX"),
            wayland: has("WAYLAND_DISPLAY"),
            x11: has("DISPLAY"),
            mac: cfg!(target_os = "macos"),
        }
    }

    /// The ways to try, in this order.
    pub fn ways(&self, wish: Clipboard) -> Vec<Way> {
        let sequence = if self.tmux { Way::Osc52InTmux } else { Way::Osc52 };
        // tmux itself knows which terminal it stands in, even after it was attached from another.
        let tmux = self.tmux.then_some(Way::Tool("tmux", &["load-buffer", "-w", "-"]));
        match wish {
            Clipboard::Off => Vec::new(),
            Clipboard::Osc52 => vec![sequence],
            Clipboard::Native => self.tool().into_iter().collect(),
            // A tool on the far machine would fill the far machine's clipboard.
            Clipboard::Auto if self.ssh => tmux.into_iter().chain([sequence]).collect(),
            Clipboard::Auto => tmux.into_iter().chain(self.tool()).chain([sequence]).collect(),
        }
    }

    /// The tool whose display can be reached.
    fn tool(&self) -> Option<Way> {
        if self.mac {
            Some(Way::Tool("pbcopy", &[]))
        } else if self.wayland {
            Some(Way::Tool("wl-copy", &[]))
        } else if self.x11 {
            Some(Way::Tool("xclip", &["-selection", "clipboard"]))
        } else {
            None
        }
    }
}

impl Way {
    /// What it is called when it was taken.
    pub fn name(self) -> &'static str {
        match self {
            Way::Tool(name, _) => name,
            Way::Osc52 => "OSC 52",
            Way::Osc52InTmux => "OSC 52 through tmux",
        }
    }

    /// Sends the text; gives the bytes that are for the terminal, or why this is no way.
    ///
    /// # Errors
    /// In words: the tool is missing, failed or did not answer; the text is too long for a sequence.
    pub fn send(self, text: &str) -> Result<Vec<u8>, String> {
        match self {
            Way::Tool(name, arguments) => tool(name, arguments, text).map(|()| Vec::new()),
            Way::Osc52 => sequence(text),
            Way::Osc52InTmux => sequence(text).map(|bytes| through_tmux(&bytes)),
        }
    }
}

fn sequence(text: &str) -> Result<Vec<u8>, String> {
    if text.len().div_ceil(3) * 4 > ENCODED_MOST {
        return Err(format!("{} bytes are more than a terminal takes", text.len()));
    }
    let mut bytes = Vec::new();
    let copy = crossterm::clipboard::CopyToClipboard::to_clipboard_from(text);
    // Writing into memory does not fail.
    let _ = crossterm::queue!(bytes, copy);
    Ok(bytes)
}

/// A sequence in the envelope by which tmux hands it to its own terminal: every ESC is doubled.
fn through_tmux(bytes: &[u8]) -> Vec<u8> {
    let mut out = b"\x1bPtmux;".to_vec();
    for byte in bytes {
        if *byte == 0x1b {
            out.push(0x1b);
        }
        out.push(*byte);
    }
    out.extend(b"\x1b\\");
    out
}

/// Gives the text to a tool and waits for it, but not for ever.
fn tool(name: &'static str, arguments: &[&str], text: &str) -> Result<(), String> {
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|e| format!("{name} cannot be started: {e}"))?;
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    let (input, text) = (child.stdin.take(), text.to_string());
    let (done, ended) = channel();
    let body = move || {
        // A tool that reads nothing ends by itself; its status says the rest.
        let _ = input.map(|mut input| input.write_all(text.as_bytes()));
        let _ = done.send(child.wait());
    };
    let thread = std::thread::Builder::new().name("clipboard".to_string()).spawn(body);
    thread.map_err(|e| format!("{name} cannot be waited for: {e}"))?;
    match ended.recv_timeout(TOOL_WAIT.to_std()) {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("{name} ended with {status}")),
        Ok(Err(error)) => Err(format!("{name} was lost: {error}")),
        Err(_) => {
            // It is still ours and not waited for, so the number is still its own.
            let _ = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL));
            Err(format!("{name} did not answer"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(around: &str, wish: Clipboard, expected: &str) {
        let has = |word: &str| around.split_whitespace().any(|it| it == word);
        let around = Around {
            ssh: has("ssh"),
            tmux: has("tmux"),
            wayland: has("wayland"),
            x11: has("x11"),
            mac: has("mac"),
        };
        let ways: Vec<&str> = around.ways(wish).into_iter().map(Way::name).collect();
        assert_eq!(ways.join(", "), expected);
    }

    #[test]
    fn the_way_is_chosen_by_where_the_person_sits() {
        check("", Clipboard::Auto, "OSC 52");
        check("x11", Clipboard::Auto, "xclip, OSC 52");
        check("x11 wayland", Clipboard::Auto, "wl-copy, OSC 52");
        check("mac", Clipboard::Auto, "pbcopy, OSC 52");
        check("ssh x11", Clipboard::Auto, "OSC 52");
        check("ssh tmux x11", Clipboard::Auto, "tmux, OSC 52 through tmux");
        check("tmux x11", Clipboard::Auto, "tmux, xclip, OSC 52 through tmux");
        check("x11", Clipboard::Osc52, "OSC 52");
        check("tmux", Clipboard::Osc52, "OSC 52 through tmux");
        check("x11", Clipboard::Native, "xclip");
        check("tmux", Clipboard::Native, "");
        check("x11", Clipboard::Off, "");
    }

    #[test]
    fn sequences_are_whole_or_not_sent() {
        assert_eq!(Way::Osc52.send("id"), Ok(b"\x1b]52;c;aWQ=\x1b\\".to_vec()));
        assert_eq!(Way::Osc52InTmux.send("id"), Ok(b"\x1bPtmux;\x1b\x1b]52;c;aWQ=\x1b\x1b\\\x1b\\".to_vec()));
        let most = "x".repeat(ENCODED_MOST / 4 * 3);
        assert!(Way::Osc52.send(&most).is_ok());
        assert_eq!(
            Way::Osc52.send(&(most + "x")),
            Err("56245 bytes are more than a terminal takes".to_string())
        );
    }

    #[test]
    fn a_tool_that_is_missing_or_fails_says_so() {
        assert!(
            Way::Tool("no-such-clipboard", &[]).send("x").is_err_and(|why| why.contains("cannot be started"))
        );
        assert_eq!(Way::Tool("true", &[]).send("x"), Ok(Vec::new()));
        assert!(Way::Tool("false", &[]).send("x").is_err_and(|why| why.contains("ended with")));
    }
}
