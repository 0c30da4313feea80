//! Calls the person's own command when a job that this agent held needs them.
//!
//! An agent tells of the jobs that it held itself, and of those that a review it held was about: each of them was
//! held by one agent, so with several on a queue each need is told once. The cockpit leaves to them what an agent
//! has done.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};

use crate::fleet::{Claimant, Now, State};
use crate::insight::need_of;
use crate::job::{Config, JobId, PING_PACE, PingKind, PingWay, Quiet, Stage};
use crate::time::{Span, Stamp};

/// Commands that may run at once: one that hangs must not fill the machine.
const AT_ONCE: usize = 8;
/// Letters of a ping; what is longer is cut by every desktop.
const LETTERS_MOST: usize = 200;

/// A text of strangers for a desktop: nothing in it ends a sequence of a terminal or begins another field.
pub fn harmless(text: &str) -> String {
    let safe = |c: char| match c {
        ';' => ',',
        c if c.is_control() => ' ',
        c => c,
    };
    text.chars().take(LETTERS_MOST).map(safe).collect()
}

/// The person's own command, started for a ping and never waited for.
#[derive(Default)]
pub struct Pings {
    running: Vec<Child>,
}

impl Pings {
    /// Starts it with the text as its last argument.
    ///
    /// # Errors
    /// In words, if it cannot be started.
    pub fn start(&mut self, line: &[String], text: &str) -> Result<(), String> {
        self.running.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        let [program, arguments @ ..] = line else { return Ok(()) };
        if self.running.len() >= AT_ONCE {
            return Ok(());
        }
        let mut command = Command::new(program);
        command.args(arguments).arg(harmless(text));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| format!("cannot start {program}: {error}"))?;
        self.running.push(child);
        Ok(())
    }
}

/// What this agent has to tell.
#[derive(Debug, Default)]
pub(super) struct Herald {
    quiet: Option<Quiet>,
    held: BTreeSet<JobId>,
    waiting: Vec<String>,
    /// When it told something last, since boot.
    last: Option<Span>,
}

impl Herald {
    /// As the settings wish; `None` where they name no command, or wish to hear of nothing.
    pub fn of(config: &Config) -> Option<Herald> {
        let wished = config.notify_kinds.as_ref().is_none_or(|kinds| kinds.contains(&PingKind::Needs));
        let off = config.notify_way == Some(PingWay::Off);
        (wished && !off && !config.notify_command.is_empty())
            .then(|| Herald { quiet: config.notify_quiet.clone(), ..Herald::default() })
    }

    /// The queue moved on: what `me` held and holds no more may need a person now.
    pub fn look(&mut self, state: &State, me: &Claimant, now: Now) {
        let holds: BTreeSet<JobId> =
            state.held().filter(|row| *row.1 == me.holder).map(|row| row.0.id.clone()).collect();
        for id in self.held.difference(&holds) {
            let Some(job) = state.job(id) else { continue };
            let about = job.subject.as_ref().and_then(|subject| state.job(&subject.job)).unwrap_or(job);
            // That one of them can be shipped is no news to be called for; that one could not be is.
            let news = about.stage != Stage::Testing || about.failed_to_ship();
            let need = need_of(state, about, now, std::slice::from_ref(me)).filter(|_| news);
            self.waiting.extend(need.map(|need| format!("{} {}", need.job, need.what)));
        }
        self.held = holds;
    }

    /// When it has something to tell, since boot.
    pub fn due(&self) -> Option<Span> {
        let next = self.last.map_or(0, |last| last.as_millis() + PING_PACE.as_millis());
        (!self.waiting.is_empty()).then_some(Span::from_millis(next))
    }

    /// What is to be told now: one thing in its own words, several by their number. In quiet hours it is dropped.
    pub fn tell(&mut self, boot: Span, wall: Stamp) -> Option<String> {
        if self.quiet.as_ref().is_some_and(|quiet| quiet.has(&wall.local_hm())) {
            self.waiting.clear();
        }
        let text = match self.waiting.as_slice() {
            [] => return None,
            [one] => one.clone(),
            several => format!("{} jobs need you", several.len()),
        };
        self.waiting.clear();
        self.last = Some(boot);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of so many needs at a time of day, and when the next may be told.
    #[track_caller]
    fn check(needs: &[&str], quiet: Option<&str>, at: u64, expected: (Option<&str>, Option<u64>)) {
        let mut herald = Herald { last: Some(Span::from_secs(100)), ..Herald::default() };
        let noon = Stamp::from_millis(0);
        herald.quiet = quiet.map(|hours| hours.replace("NOW", &noon.local_hm()).parse().expect("hours"));
        herald.waiting = needs.iter().map(ToString::to_string).collect();
        let due = herald.due().map(Span::as_secs);
        let told = herald.tell(Span::from_secs(at), noon);
        assert_eq!((told.as_deref(), due), expected);
        assert_eq!(herald.tell(Span::from_secs(at), noon), None, "each is told once");
    }

    #[test]
    fn needs_are_told_together_seldom_and_not_at_night() {
        check(&[], None, 110, (None, None));
        check(&["a failed: crash"], None, 110, (Some("a failed: crash"), Some(110)));
        check(&["a asks you", "b asks you"], None, 110, (Some("2 jobs need you"), Some(110)));
        check(&["a asks you"], Some("NOW-23:59"), 110, (None, Some(110)));
    }
}
