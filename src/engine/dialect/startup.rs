//! What a program prints before its first event: where it never gets to one, that is its error.

use super::super::event::EngineEvent;
use super::super::strip::strip_controls;
use super::fields::sentence;
use super::rules::{Frame, class_of};
use super::table::Heard;
use crate::job::Outcome;

/// Keeps the last telling line until the first event comes.
pub(super) struct Startup {
    dialect: &'static str,
    begun: bool,
    line: Option<String>,
}

impl Startup {
    pub(super) fn of(dialect: &'static str) -> Startup {
        Startup { dialect, begun: false, line: None }
    }

    /// A line turned out to be this. With the first event that is understood, whatever was printed before was
    /// no error.
    pub(super) fn after(&mut self, heard: Heard) -> Heard {
        if matches!(heard, Heard::Events(_)) {
            self.begun = true;
            self.line = None;
        }
        heard
    }

    /// A line that is no event.
    pub(super) fn text(&mut self, line: &[u8]) {
        if self.begun {
            return;
        }
        let text = String::from_utf8_lossy(line);
        let clean = sentence(&strip_controls(&text));
        let is_error = |text: &str| text.to_lowercase().starts_with("error");
        // An error is not hidden by the usage that is printed below it.
        if !clean.is_empty() && (is_error(&clean) || !self.line.as_deref().is_some_and(is_error)) {
            self.line = Some(clean);
        }
    }

    /// The output is over: text without any event is a program that could not begin.
    pub(super) fn close(&mut self) -> Option<EngineEvent> {
        let text = self.line.take().filter(|_| !self.begun)?;
        let class = class_of(self.dialect, Frame::Startup, &text).unwrap_or(Outcome::Config);
        Some(EngineEvent::Note { level: "error".to_string(), text, class: Some(class) })
    }
}
