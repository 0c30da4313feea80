//! This host: its agents, its engines, its load; and agents that are started or ended from here.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::agent::{Ending, agents_of, end_agent, load};
use crate::board::Settings;
use crate::dash::model::{AgentDeed, Host};
use crate::engine::{Liveness, ProcessIdentity, process_identity};
use crate::store::{Fault, Place};

/// What an agent that was started says goes there, below the machine's side.
const LOG: &str = "agent.log";
/// An agent that cannot work ends within so long.
const SETTLED: Duration = Duration::from_millis(700);

/// Looks at it; `loads` is what its load was while the cockpit was open.
pub fn look(place: &Place, settings: &Settings, loads: Vec<u64>) -> Host {
    let mut agents = agents_of(&place.side);
    // Who is gone is told last: what acts is for those that live.
    agents.sort_by_key(|agent| agent.life == Liveness::Gone);
    Host {
        name: process_identity().host,
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        load: load(),
        loads,
        agents,
        engines: settings.known().engines,
    }
}

/// Starts or ends one. Gives what it was in the past, and how it went.
pub async fn agents(place: &Place, deed: &AgentDeed) -> (&'static str, Result<String, String>) {
    match deed {
        AgentDeed::Start => ("started", start(place).await),
        AgentDeed::End(holder, pid, ending) => {
            let (past, said) = match ending {
                Ending::Drain => {
                    ("drained", format!("agent {pid} drains: it takes nothing new, checkpoints and ends"))
                }
                Ending::Stop => ("stopped", format!("agent {pid} stops now, and still checkpoints")),
            };
            let who = holder.parse::<ProcessIdentity>().map_err(|e| e.to_string());
            let sent = who.and_then(|who| end_agent(&who, *ending).map_err(|e| e.to_string()));
            (past, sent.map(|()| said).map_err(|e| format!("cannot signal agent {pid}: {e}")))
        }
    }
}

/// Starts an agent of this very program in a group of its own, so that it outlives the cockpit and its keys.
async fn start(place: &Place) -> Result<String, String> {
    use std::os::unix::process::CommandExt as _;
    let path = place.side.join(LOG);
    let log = File::create(&path).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    let exe = std::env::current_exe().map_err(|e| format!("cannot find aq itself: {e}"))?;
    let mut command = Command::new(exe);
    command.arg("--queue").arg(&place.queue).arg("agent").stdin(Stdio::null()).stdout(Stdio::null());
    let child = command.stderr(log).process_group(0).spawn();
    let mut child = child.map_err(|e| format!("cannot start an agent: {e}"))?;
    let pid = child.id();
    tokio::time::sleep(SETTLED).await;
    match child.try_wait() {
        Ok(None) => {
            // Somebody must take note of its end, or it would stay in the table of processes.
            std::thread::spawn(move || child.wait());
            Ok(format!("started agent {pid}; what it says is in {}", path.display()))
        }
        Ok(Some(status)) => {
            let said = std::fs::read_to_string(&path).unwrap_or_default();
            let said: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
            let why = match said.is_empty() {
                true => unsaid(&path, status),
                false => said.join(" "),
            };
            Err(format!("the agent ended at once: {why}"))
        }
        Err(error) => Err(format!("cannot look at agent {pid}: {error}")),
    }
}

/// Why an agent said nothing: what it would have said stands on the same disk as all it writes.
fn unsaid(log: &Path, status: std::process::ExitStatus) -> String {
    let tried = File::options().append(true).open(log).and_then(|mut file| {
        file.write_all(b"\n")?;
        file.sync_data()
    });
    match tried {
        Err(error) => Fault::io("write", log, &error).to_string(),
        Ok(()) => format!("it said nothing ({status})"),
    }
}
