//! The user's own notify command, started for a change and never waited for.

use std::process::{Child, Command, Stdio};

use super::frame::{CliError, Context};

/// Notify commands that may run at once: one that hangs must not fill the machine.
const AT_ONCE: usize = 8;

/// Starts the command that `notify.command` of the user's own settings names.
pub(super) struct Notifier {
    program: String,
    arguments: Vec<String>,
    running: Vec<Child>,
    /// Its failure to start was told: once is enough.
    told: bool,
}

/// One change, as the command gets it: the text as its last argument, the parts as variables.
pub(super) struct Note<'a> {
    /// For a person, in one line.
    pub text: String,
    /// `AQ_JOB`, `AQ_TITLE`, `AQ_STAGE`, `AQ_WHY`.
    pub parts: [(&'static str, &'a str); 4],
}

impl Notifier {
    /// The command of the settings.
    ///
    /// # Errors
    /// Exit 2 if there is none.
    pub fn of(cx: &Context) -> Result<Notifier, CliError> {
        match cx.settings()?.config.notify_command.as_slice() {
            [program, arguments @ ..] => Ok(Notifier {
                program: program.clone(),
                arguments: arguments.to_vec(),
                running: Vec::new(),
                told: false,
            }),
            [] => Err(CliError::usage("--notify needs a command to run, and your settings name none")
                .why("only your own file or the machine's may name it")
                .next("aq config edit --user, and write: notify.command = [\"notify-send\", \"aq\"]")),
        }
    }

    /// Starts it for one change.
    pub fn tell(&mut self, cx: &Context, note: &Note<'_>) {
        self.running.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        if self.running.len() >= AT_ONCE {
            return;
        }
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(&note.text).envs(note.parts);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match command.spawn() {
            Ok(child) => self.running.push(child),
            Err(error) if !self.told => {
                self.told = true;
                let why = crate::job::plain_error(&error);
                cx.out.warn(&format!(
                    "cannot start {}: {why}; mend notify.command: aq config edit --user",
                    self.program
                ));
            }
            Err(_) => {}
        }
    }
}
