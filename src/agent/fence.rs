//! The fence socket: how an engine inside a run speaks to its queue, for its own job and epoch only.
//!
//! One Unix socket per run, named after the run; its place stands in the run's plan, so that whichever
//! agent adopts the run listens there again. A request is one line of JSON, and so is the answer; the job and epoch come from
//! the socket, never from the request, so an engine whose lease is lost is refused by the law like any
//! other worker.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::work::Work;
use crate::board::{Board, Intake, Local, Settings, Submitted, submit};
use crate::coordinator::Verdict;
use crate::engine::without_secrets;
use crate::fleet::{Actor, ActorKind, Command, Order};
use crate::job::{Epoch, JobId};
use crate::store::{Fault, FaultKind};

/// Longest request: a manifest and its JSON escapes.
const REQUEST_MOST: u64 = 4 << 20;

/// What an engine may ask.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Ask {
    /// Makes a child of the engine's job.
    Add {
        /// A file name, for the child's stem.
        name: String,
        /// The manifest's text.
        text: String,
    },
    /// Asks a person; the attempt ends and the job waits for the answer.
    Ask {
        /// The question.
        question: String,
    },
    /// Says what it is doing.
    Progress {
        /// A short word.
        word: String,
    },
}

impl Ask {
    /// The same with secrets masked.
    fn without(self, secrets: &[String]) -> Ask {
        let clean = |text: String| without_secrets(&text, secrets);
        match self {
            Ask::Add { name, text } => Ask::Add { name: clean(name), text: clean(text) },
            Ask::Ask { question } => Ask::Ask { question: clean(question) },
            Ask::Progress { word } => Ask::Progress { word: clean(word) },
        }
    }
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reply {
    /// It happened.
    pub done: bool,
    /// The job made, or the reason for a no.
    pub text: String,
    /// The stable code of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

impl Reply {
    fn done(text: impl Into<String>) -> Reply {
        Reply { done: true, text: text.into(), code: None }
    }

    fn no(text: impl Into<String>, code: Option<&str>) -> Reply {
        Reply { done: false, text: text.into(), code: code.map(str::to_string) }
    }
}

/// A listening socket; closed and removed when dropped.
pub(super) struct Fence {
    path: PathBuf,
    task: tokio::task::JoinHandle<()>,
}

impl Fence {
    /// Listens for the engine of this work. `None`, said aloud, where no socket can be made: the engine
    /// then runs without children, questions and progress of its own.
    pub fn open(
        work: &Work,
        local: Arc<Local>,
        settings: Arc<Settings>,
        secrets: Vec<String>,
    ) -> Option<Fence> {
        let run = work.prepared.as_ref().map(|p| p.run.clone()).unwrap_or_default();
        let opened = socket_path(&run).and_then(|path| Fence::listen(path, work, local, settings, secrets));
        opened.inspect_err(|error| eprintln!("aq: {} runs without a fence socket: {error}", work.job)).ok()
    }

    /// Listens again where an engine that is under way was told to knock.
    pub fn again(
        url: &str,
        work: &Work,
        local: Arc<Local>,
        settings: Arc<Settings>,
        secrets: Vec<String>,
    ) -> Option<Fence> {
        let path = PathBuf::from(url.strip_prefix("unix:")?);
        if let Some(dir) = path.parent() {
            private_dir(dir).ok()?;
        }
        Fence::listen(path, work, local, settings, secrets).ok()
    }

    fn listen(
        path: PathBuf,
        work: &Work,
        local: Arc<Local>,
        settings: Arc<Settings>,
        secrets: Vec<String>,
    ) -> std::io::Result<Fence> {
        // Left by an agent that was killed; the run's name is ours alone.
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path)?;
        let server = Arc::new(Server { job: work.job.clone(), epoch: work.epoch, local, settings, secrets });
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move {
                    // An engine that hangs up has lost only its own answer.
                    let _ = server.serve(stream).await;
                });
            }
        });
        Ok(Fence { path, task })
    }

    /// What goes into `AQ_FENCE_URL`.
    pub fn url(&self) -> String {
        format!("unix:{}", self.path.display())
    }
}

impl Drop for Fence {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Longest path of a socket, its end included, on the platforms aq runs on (macOS 104, Linux 108).
const PATH_MOST: usize = 103;

/// `$XDG_RUNTIME_DIR/aq/RUN.sock`, or in a folder of our own among the temporary files.
fn socket_path(run: &str) -> std::io::Result<PathBuf> {
    let home = std::env::var_os("XDG_RUNTIME_DIR").map(|dir| PathBuf::from(dir).join("aq"));
    let own = format!("aq-{}", rustix::process::getuid().as_raw());
    let name = format!("{}.sock", run.get(..16).unwrap_or(run));
    let mut last = None;
    // A long TMPDIR makes a path that no socket can have; /tmp is always short.
    for dir in home.into_iter().chain([std::env::temp_dir().join(&own), Path::new("/tmp").join(&own)]) {
        let path = dir.join(&name);
        if path.as_os_str().len() > PATH_MOST {
            continue;
        }
        match private_dir(&dir) {
            Ok(()) => return Ok(path),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| std::io::Error::other("no folder with a path short enough")))
}

/// Makes the folder, or makes sure that the one that stands is ours alone: among temporary files anybody
/// could have made it first, to listen in.
fn private_dir(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
    match std::fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let meta = std::fs::symlink_metadata(dir)?;
    if meta.is_dir() && meta.uid() == rustix::process::getuid().as_raw() && meta.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(std::io::Error::other(format!("{} is not ours alone", dir.display())))
}

struct Server {
    job: JobId,
    epoch: Epoch,
    local: Arc<Local>,
    settings: Arc<Settings>,
    /// What an engine says here is written down as its output is: without these.
    secrets: Vec<String>,
}

impl Server {
    async fn serve(&self, stream: UnixStream) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut line = String::new();
        BufReader::new(read.take(REQUEST_MOST)).read_line(&mut line).await?;
        let reply = match serde_json::from_str::<Ask>(&line) {
            Ok(ask) => self
                .answer(ask.without(&self.secrets))
                .await
                .unwrap_or_else(|fault| Reply::no(fault.to_string(), None)),
            Err(error) => Reply::no(format!("not a request: {error}"), None),
        };
        let mut text = serde_json::to_vec(&reply).unwrap_or_default();
        text.push(b'\n');
        write.write_all(&text).await
    }

    async fn answer(&self, ask: Ask) -> Result<Reply, Fault> {
        match ask {
            Ask::Add { name, text } => self.add(&name, &text).await,
            Ask::Ask { question } => {
                let question = self.local.put_blob(question.into_bytes()).await?;
                self.tell(Command::Ask { job: self.job.clone(), epoch: self.epoch, question }).await
            }
            Ask::Progress { word } => {
                let word = word.chars().filter(|c| !c.is_control()).take(40).collect();
                self.tell(Command::Progress { job: self.job.clone(), epoch: self.epoch, word, usage: None })
                    .await
            }
        }
    }

    async fn tell(&self, command: Command) -> Result<Reply, Fault> {
        let by = Actor::new(ActorKind::Engine, self.job.as_str());
        let verdict: Verdict = self.local.act(vec![Order::new(by, command)]).await?.swap_remove(0);
        Ok(match verdict {
            Ok(_) => Reply::done(self.job.as_str()),
            Err(no) => Reply::no(format!("{no} ({})", no.hint), Some(no.code.name())),
        })
    }

    async fn add(&self, name: &str, text: &str) -> Result<Reply, Fault> {
        let ready = {
            let intake = Intake::new(self.local.place(), &self.settings, self.local.clock().wall());
            intake.read(name, text.as_bytes())
        };
        let ready = match ready {
            Ok(ready) => ready,
            Err(problems) => return Ok(Reply::no(problems, None)),
        };
        let by = Actor::new(ActorKind::Engine, self.job.as_str());
        let parent = Some((self.job.clone(), Some(self.epoch)));
        let became = submit(&*self.local, &by, parent, &[ready]).await?.swap_remove(0);
        Ok(match became {
            Submitted::New(id) | Submitted::Superseded(id) => Reply::done(id.as_str()),
            Submitted::Refused(no) => Reply::no(format!("{no} ({})", no.hint), Some(no.code.name())),
        })
    }
}

/// Asks the agent behind `AQ_FENCE_URL`. For the aq that an engine calls.
///
/// # Errors
/// A [`Fault`] if the agent is not there or does not answer.
pub async fn ask(url: &str, ask: &Ask) -> Result<Reply, Fault> {
    let path = Path::new(url.strip_prefix("unix:").unwrap_or(url));
    let fault = |e: &std::io::Error| {
        let mut fault = Fault::io("reach the agent at", path, e);
        fault.hint = match e.kind() {
            // What codex answers to commands in its sandbox; there it cannot be opened for one socket.
            std::io::ErrorKind::PermissionDenied => {
                "the engine's sandbox keeps its commands from the agent: go on without aq; a person can set yolo: true"
            }
            _ => "the agent may be restarting; try again",
        }
        .to_string();
        fault
    };
    let mut stream = UnixStream::connect(path).await.map_err(|e| fault(&e))?;
    let mut text = serde_json::to_vec(ask).unwrap_or_default();
    text.push(b'\n');
    stream.write_all(&text).await.map_err(|e| fault(&e))?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.map_err(|e| fault(&e))?;
    serde_json::from_str(&line)
        .map_err(|e| Fault::new(FaultKind::Gone, "understand the agent at", path, e.to_string(), "try again"))
}
