//! A real terminal around the whole program: a pty, a screen that reads what is written to it, and the idle signal.
//!
//! What the program writes and what it tells come as one stream of happenings, so a test waits for a state to be
//! reached, never for a time. Each wait ends by itself: a program that hangs fails its test with its screen.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// The program under test.
pub const AQ: &str = env!("CARGO_BIN_EXE_aq");
/// A wait that lasts longer has failed; a loaded machine needs much of it.
const HANGS: Duration = Duration::from_secs(60);

/// What happened.
enum News {
    Wrote(Vec<u8>),
    Told(String),
    /// The terminal's other end was closed.
    Closed,
}

/// What the idle signal said last.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// `idle`, `guard` or `busy`.
    pub word: String,
    /// Batches of input so far.
    pub inputs: u64,
    /// Frames so far.
    pub frames: u64,
}

/// A queue of its own, with a home of its own.
pub struct Room {
    /// The home; a repository and a queue are in it.
    pub home: tempfile::TempDir,
    /// The queue.
    pub queue: PathBuf,
}

impl Room {
    /// With jobs of these names waiting in inbox.
    pub fn with(jobs: &[&str]) -> Room {
        let home = tempfile::tempdir().expect("a folder");
        let project = home.path().join("project");
        std::fs::create_dir_all(&project).expect("a folder");
        aq::git::seed(&project, "first", &[]).expect("a repository");
        let queue = project.join("queue");
        aq::store::Place::create(&aq::store::Wish { queue: &queue, git_common: None }).expect("a queue");
        for name in jobs {
            let text = format!("---\nengine: shell\n---\n# The job {name}\n\n```sh\ntrue\n```\n");
            std::fs::write(home.path().join(format!("{name}.md")), text).expect("a file");
        }
        // Taken in now, so that nothing moves in the cockpit by itself.
        if !jobs.is_empty() {
            let room = Room { home, queue };
            let files = jobs.iter().map(|name| room.home.path().join(format!("{name}.md")));
            let files: Vec<String> = files.map(|file| file.display().to_string()).collect();
            room.aq(&[&["add"], files.iter().map(String::as_str).collect::<Vec<_>>().as_slice()].concat());
            return room;
        }
        Room { home, queue }
    }

    /// Runs a verb on it.
    #[track_caller]
    pub fn aq(&self, words: &[&str]) {
        let mut command = std::process::Command::new(AQ);
        command.env("HOME", self.home.path()).env("XDG_STATE_HOME", self.home.path().join("state"));
        command.env("XDG_CONFIG_HOME", self.home.path().join("config"));
        let done = command.arg("--queue").arg(&self.queue).args(words).output().expect("runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Writes a file of the person's own settings.
    pub fn configure(&self, file: &str, text: &str) {
        let dir = self.home.path().join("config/aq");
        std::fs::create_dir_all(&dir).and_then(|()| std::fs::write(dir.join(file), text)).expect("a file");
    }

    /// `aq dash` on it, in a terminal.
    pub fn dash(&self, env: &[(&str, &str)]) -> Pty {
        self.script("exec \"$AQ\" --queue \"$QUEUE\" dash", env)
    }

    /// A script of the shell, in a terminal; `$AQ`, `$QUEUE` and the idle signal are set.
    pub fn script(&self, script: &str, env: &[(&str, &str)]) -> Pty {
        let fifo = self.home.path().join(format!("idle-{}", fastrand::u32(..)));
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
        let mut command = CommandBuilder::new("/bin/sh");
        // The pty closes every descriptor of ours in the child; the shell opens the one that is told.
        command.args(["-c", &format!("exec 9>\"$IDLE\"; {script}")]);
        self.surround(&mut command);
        command.env("AQ_DASH_IDLE", "/dev/fd/9");
        command.env("IDLE", &fifo);
        for (name, value) in env {
            command.env(name, value);
        }
        Pty::start(command, Some(&fifo))
    }

    /// The program itself, with nothing between it and the terminal.
    pub fn bare(&self, words: &[&str], size: (u16, u16)) -> Pty {
        let mut command = CommandBuilder::new(AQ);
        command.arg("--queue");
        command.arg(&self.queue);
        command.args(words);
        self.surround(&mut command);
        Pty::start_at(command, None, size)
    }

    fn surround(&self, command: &mut CommandBuilder) {
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("TZ", "UTC")] {
            command.env(name, value);
        }
        command.env("PATH", std::env::var("PATH").unwrap_or_default());
        command.env("AQ", AQ);
        command.env("QUEUE", &self.queue);
        command.env("HOME", self.home.path());
        for name in ["STATE", "CONFIG", "DATA", "CACHE"] {
            command.env(format!("XDG_{name}_HOME"), self.home.path().join(name.to_lowercase()));
        }
        command.cwd(self.home.path());
    }
}

/// A program in a terminal.
pub struct Pty {
    /// The screen as it was written so far.
    pub screen: vt100::Parser,
    /// Everything that was written.
    pub bytes: Vec<u8>,
    /// What was told last.
    pub told: Told,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn std::io::Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    news: Receiver<News>,
    closed: bool,
}

impl Pty {
    /// Starts a command on a terminal of 80x24.
    pub fn start(command: CommandBuilder, fifo: Option<&Path>) -> Pty {
        Pty::start_at(command, fifo, (80, 24))
    }

    /// Starts a command on a terminal of that many columns and rows.
    pub fn start_at(command: CommandBuilder, fifo: Option<&Path>, (cols, rows): (u16, u16)) -> Pty {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pty");
        let child = pair.slave.spawn_command(command).expect("starts");
        // The last holder of the other end is the program: its end is the end of what can be read.
        drop(pair.slave);
        let (to, news) = channel();
        read_output(pair.master.try_clone_reader().expect("a reader"), to.clone());
        if let Some(fifo) = fifo {
            read_told(fifo.to_path_buf(), to);
        }
        let keys = pair.master.take_writer().expect("a writer");
        let screen = vt100::Parser::new(rows, cols, 0);
        Pty {
            screen,
            bytes: Vec::new(),
            told: Told::default(),
            master: pair.master,
            keys,
            child,
            news,
            closed: false,
        }
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Takes one happening; `false` if none came in that time.
    pub fn take(&mut self, within: Duration) -> bool {
        match self.news.recv_timeout(within) {
            Ok(News::Wrote(bytes)) => {
                self.screen.process(&bytes);
                self.bytes.extend(bytes);
            }
            Ok(News::Told(line)) => {
                let mut words = line.split_whitespace();
                let word = words.next().unwrap_or_default().to_string();
                let mut number = || words.next().and_then(|n| n.parse().ok()).unwrap_or_default();
                self.told = Told { word, inputs: number(), frames: number() };
            }
            Ok(News::Closed) => self.closed = true,
            Err(_) => return false,
        }
        true
    }

    /// Waits until it is so.
    #[track_caller]
    pub fn until(&mut self, what: &str, is: impl Fn(&Pty) -> bool) {
        while !is(self) {
            let told = self.told.clone();
            assert!(self.take(HANGS), "not reached: {what}; told {told:?}; the screen:\n{}", self.text());
        }
    }

    /// Whether these bytes were written.
    pub fn wrote(&self, bytes: &[u8]) -> bool {
        self.bytes.windows(bytes.len()).any(|part| part == bytes)
    }

    /// Waits until the screen shows it.
    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        self.until(&format!("shows {text:?}"), |pty| pty.text().contains(text));
    }

    /// Waits until nothing is on its way.
    #[track_caller]
    pub fn settles(&mut self) {
        self.until("idle", |pty| pty.told.word == "idle");
    }

    /// Sends bytes as the terminal would, and waits until they were taken and what they asked for was done.
    #[track_caller]
    pub fn press(&mut self, bytes: &str) {
        let before = self.told.inputs;
        self.send(bytes);
        self.until("the key was taken", |pty| pty.told.inputs > before && pty.told.word == "idle");
    }

    /// Sends bytes as the terminal would.
    pub fn send(&mut self, bytes: &str) {
        self.keys
            .write_all(bytes.as_bytes())
            .and_then(|()| self.keys.flush())
            .expect("the terminal takes them");
    }

    /// Gives it another size.
    pub fn resize(&mut self, cols: u16, rows: u16) {
        self.screen.screen_mut().set_size(rows, cols);
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).expect("another size");
    }

    /// The process of the program.
    pub fn pid(&self) -> rustix::process::Pid {
        let pid = self.child.process_id().and_then(|pid| i32::try_from(pid).ok());
        pid.and_then(rustix::process::Pid::from_raw).expect("a process")
    }

    /// How often the thread that owns the screen gave up the processor by itself; none where the system does not say.
    pub fn switches(&self) -> Option<u64> {
        let pid = self.pid().as_raw_nonzero();
        of_proc(&format!("/proc/{pid}/task/{pid}/status"), "voluntary_ctxt_switches:")
    }

    /// KiB of it that are in memory; none where the system does not say.
    pub fn resident(&self) -> Option<u64> {
        of_proc(&format!("/proc/{}/status", self.pid().as_raw_nonzero()), "VmRSS:")
    }

    /// Ticks of the processor that all its threads took; none where the system does not say.
    pub fn ticks(&self) -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.pid().as_raw_nonzero())).ok()?;
        // The name in brackets may hold blanks; user and system time are the 12th and 13th word behind it.
        let words: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        Some(words.get(11)?.parse::<u64>().ok()? + words.get(12)?.parse::<u64>().ok()?)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).expect("it lives");
    }

    /// Waits for its end; gives its exit code.
    #[track_caller]
    pub fn ends(&mut self) -> i32 {
        self.until("the end", |pty| pty.closed);
        let status = self.child.wait().expect("it ended");
        std::process::ExitStatus::from_raw(i32::try_from(status.exit_code() << 8).unwrap_or(-1))
            .code()
            .unwrap_or(-1)
    }

    /// Whether the terminal is as a shell wants it: no alternate screen, no mouse, no paste marks, a cursor,
    /// and lines with an echo.
    #[track_caller]
    pub fn is_clean(&self) {
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is still there");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert!(!screen.bracketed_paste() && !screen.hide_cursor());
        let lines = format!("{:?}", self.master.get_termios().expect("a terminal").local_flags);
        assert!(lines.contains("ICANON") && lines.contains("ECHO"), "{lines}");
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The number behind a word at the beginning of a line.
fn of_proc(path: &str, word: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    line.split_whitespace().next()?.parse().ok()
}

fn read_output(mut from: Box<dyn std::io::Read + Send>, to: Sender<News>) {
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if to.send(News::Wrote(buffer[..count].to_vec())).is_err() {
                return;
            }
        }
        let _ = to.send(News::Closed);
    });
}

fn read_told(fifo: PathBuf, to: Sender<News>) {
    std::thread::spawn(move || {
        // Opening waits until the shell has opened the other end.
        let Ok(file) = std::fs::File::open(fifo) else { return };
        for line in BufReader::new(file).lines().map_while(Result::ok) {
            if to.send(News::Told(line)).is_err() {
                return;
            }
        }
    });
}
