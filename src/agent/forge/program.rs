//! Runs git or gh for the forge: no terminal, a time limit, an environment of its own, and words for what failed.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use super::words::said;
use crate::engine::forge_env;
use crate::job::plain_error;
use crate::time::Span;

/// One question to the forge; a pull request with hundreds of checks takes it a few seconds.
pub(super) const ANSWER_WITHIN: Span = Span::from_secs(60);
/// A first push of a large branch over a slow line.
pub(super) const PUSH_WITHIN: Span = Span::from_mins(10);
/// Whether somebody is signed in is asked while a person waits.
const STATE_WITHIN: Span = Span::from_secs(10);
/// More than this of an answer is not read: a page of checks and reviews is far smaller.
const ANSWER_MAX: u64 = 8 << 20;

/// A program that failed: what went wrong and how to mend it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::agent) struct Failed {
    /// In words, the program's own among them, without secrets.
    pub what: String,
    /// What to do.
    pub mend: String,
}

impl Failed {
    pub fn new(what: impl Into<String>, mend: impl Into<String>) -> Failed {
        Failed { what: what.into(), mend: mend.into() }
    }
}

/// One call.
pub(super) struct Call<'a> {
    pub program: &'a str,
    pub args: &'a [&'a str],
    pub cwd: &'a Path,
    pub stdin: &'a str,
    pub within: Span,
}

/// Runs it and gives what it printed. Blocks.
///
/// # Errors
/// [`Failed`] for a program that is missing, takes too long or ends badly.
pub(super) fn run(call: &Call<'_>) -> Result<String, Failed> {
    let env = forge_env(std::env::vars_os());
    let mut command = Command::new(call.program);
    command.args(call.args).current_dir(call.cwd).env_clear().envs(env.vars);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own: what it starts is ended with it when the time is up.
    command.process_group(0);
    let name = Path::new(call.program).file_name().map_or(call.program.into(), |name| name.to_string_lossy());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            let mend = format!("install {name}, or name it in the user's settings (programs.gh)");
            Failed::new(format!("there is no program {}", call.program), mend)
        }
        _ => Failed::new(format!("cannot start {}: {}", call.program, plain_error(&error)), "aq doctor"),
    })?;
    feed(&mut child, call.stdin);
    let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let Some(status) = wait(child, call.within) else {
        let what = format!("{name} said nothing within {}", call.within.age());
        return Err(Failed::new(what, "look at the network, then ship again"));
    };
    let status = status.map_err(|e| Failed::new(format!("cannot wait for {name}: {e}"), "ship again"))?;
    let (out, err) = (collect(&out), collect(&err));
    if status.success() { Ok(out) } else { Err(said(&name, status.code(), &err, &env.secrets)) }
}

/// Gives it its input and closes it. One that does not read says why by its end.
fn feed(child: &mut Child, text: &str) {
    if let (Some(mut pipe), text) = (child.stdin.take(), text.to_string()) {
        thread::spawn(move || drop(pipe.write_all(text.as_bytes())));
    }
}

type Pipe = mpsc::Receiver<Vec<u8>>;

/// Reads on a thread of its own, so that neither pipe fills while the other is read.
fn drain(pipe: Option<impl Read + Send + 'static>) -> Pipe {
    let (to, from) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before it broke is what there is.
            let _ = pipe.take(ANSWER_MAX).read_to_end(&mut bytes);
        }
        to.send(bytes)
    });
    from
}

/// What it printed; a grandchild that keeps the pipe open after the end of the program is not waited for.
fn collect(pipe: &Pipe) -> String {
    let bytes = pipe.recv_timeout(STATE_WITHIN.to_std()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The end of the program; `None` if its time was up, and then nothing of its group is left.
fn wait(mut child: Child, within: Span) -> Option<std::io::Result<std::process::ExitStatus>> {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    let (to, ended) = mpsc::channel();
    thread::spawn(move || to.send(child.wait()));
    let status = ended.recv_timeout(within.to_std()).ok();
    if let (None, Some(group)) = (&status, group) {
        // It may have ended this very moment.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    status
}

/// The version of gh and whether it is signed in, for `aq doctor`. Blocks.
///
/// # Errors
/// What is wrong and how to mend it.
pub fn gh_state(program: &str) -> Result<String, (String, String)> {
    let cwd = PathBuf::from("/");
    let ask = |args: &[&str]| run(&Call { program, args, cwd: &cwd, stdin: "", within: STATE_WITHIN });
    let version = ask(&["--version"]).map_err(|no| (no.what, no.mend))?;
    let version = version.lines().next().unwrap_or_default().to_string();
    match ask(&["auth", "status"]) {
        Ok(_) => Ok(format!("{version}, signed in")),
        Err(no) => Err((format!("{version}: {}", no.what), no.mend)),
    }
}
