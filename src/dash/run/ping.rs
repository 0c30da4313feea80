//! Pings: which way leads to a person who looks elsewhere, and the bytes of each.
//!
//! The terminal is told by its name, because none can be asked. In tmux the names are tmux's own, so there the
//! sequence is handed through to whatever stands around it, and a bare bell follows, by which tmux marks the
//! window even where it hands nothing through.

use crate::agent::harmless;
use crate::job::PingWay;

/// What the environment says of the terminal.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Inside tmux: `TMUX`.
    pub tmux: bool,
    /// Inside screen: `STY`.
    pub screen: bool,
    /// `TERM_PROGRAM`.
    pub program: String,
    /// `TERM`.
    pub term: String,
    /// Windows Terminal: `WT_SESSION`.
    pub windows: bool,
    /// iTerm2 at the other end of ssh: `LC_TERMINAL`.
    pub far_program: String,
}

impl Around {
    /// As this process finds it.
    pub fn of_environment() -> Around {
        let text = |name: &str| std::env::var(name).unwrap_or_default();
        let has = |name: &str| !text(name).is_empty();
        Around {
            tmux: has("TMUX"),
            screen: has("STY"),
            program: text("TERM_PROGRAM"),
            term: text("TERM"),
            windows: has("WT_SESSION"),
            far_program: text("LC_TERMINAL"),
        }
    }

    /// The way that this terminal takes.
    fn way(&self, wish: PingWay) -> PingWay {
        if wish != PingWay::Auto {
            return wish;
        }
        let bells = matches!(self.program.as_str(), "Apple_Terminal" | "vscode")
            || self.windows
            || self.term.starts_with("alacritty")
            || matches!(self.term.as_str(), "linux" | "vt100" | "vt220");
        match () {
            () if self.tmux || self.screen => PingWay::Osc777,
            () if self.program == "iTerm.app" || self.far_program == "iTerm2" => PingWay::Osc9,
            () if bells => PingWay::Bell,
            () => PingWay::Osc777,
        }
    }

    /// What the terminal is sent.
    pub fn bytes(&self, wish: PingWay, text: &str) -> Vec<u8> {
        let text = harmless(text);
        let sequence = match self.way(wish) {
            PingWay::Off | PingWay::Auto => return Vec::new(),
            PingWay::Bell => return b"\x07".to_vec(),
            PingWay::Osc9 => format!("\x1b]9;aq: {text}\x07"),
            PingWay::Osc99 => format!("\x1b]99;;aq: {text}\x1b\\"),
            PingWay::Osc777 => format!("\x1b]777;notify;aq;{text}\x07"),
        };
        if self.tmux {
            return format!("\x1bPtmux;{}\x1b\\\x07", sequence.replace('\x1b', "\x1b\x1b")).into_bytes();
        }
        if self.screen {
            return format!("\x1bP{sequence}\x1b\\\x07").into_bytes();
        }
        sequence.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `NAME=VALUE` words of an environment.
    #[track_caller]
    fn check(around: &str, wish: PingWay, expected: &str) {
        let get = |name: &str| {
            let found = around.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
            found.unwrap_or_default().to_string()
        };
        let around = Around {
            tmux: !get("TMUX").is_empty(),
            screen: !get("STY").is_empty(),
            program: get("TERM_PROGRAM"),
            term: get("TERM"),
            windows: !get("WT_SESSION").is_empty(),
            far_program: get("LC_TERMINAL"),
        };
        let bytes = around.bytes(wish, "one; asks\u{7}\u{1b} you");
        assert_eq!(String::from_utf8_lossy(&bytes).escape_default().to_string(), expected);
    }

    #[test]
    fn each_terminal_gets_what_it_takes_and_no_text_ends_a_sequence() {
        let auto = PingWay::Auto;
        check("TERM=xterm-kitty", auto, "\\u{1b}]777;notify;aq;one, asks   you\\u{7}");
        check("TERM_PROGRAM=iTerm.app", auto, "\\u{1b}]9;aq: one, asks   you\\u{7}");
        check("LC_TERMINAL=iTerm2 TERM=xterm", auto, "\\u{1b}]9;aq: one, asks   you\\u{7}");
        for bells in ["TERM_PROGRAM=vscode", "TERM_PROGRAM=Apple_Terminal", "TERM=alacritty", "WT_SESSION=1"]
        {
            check(bells, auto, "\\u{7}");
        }
        check("TERM=alacritty", PingWay::Osc99, "\\u{1b}]99;;aq: one, asks   you\\u{1b}\\\\");
        check("TERM=xterm", PingWay::Off, "");
    }

    #[test]
    fn multiplexers_hand_it_through_and_hear_the_bell() {
        check(
            "TMUX=1 TERM_PROGRAM=vscode",
            PingWay::Auto,
            "\\u{1b}Ptmux;\\u{1b}\\u{1b}]777;notify;aq;one, asks   you\\u{7}\\u{1b}\\\\\\u{7}",
        );
        check("STY=1", PingWay::Osc9, "\\u{1b}P\\u{1b}]9;aq: one, asks   you\\u{7}\\u{1b}\\\\\\u{7}");
        check("TMUX=1", PingWay::Bell, "\\u{7}");
    }
}
