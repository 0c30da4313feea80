//! The process table where there is no `/proc`, by `sysinfo`; the same small interface as `linux.rs`.
//!
//! There is no subreaper here: an orphan goes to process 1, so a run's strays are found by session and by
//! the run id in their environment, and a program that hides its environment and leaves its session can
//! escape between two samples.

use std::ffi::OsStr;
use std::io;
use std::process::Command;

use rustix::process::{Pid, Signal};
use sysinfo::{ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

use super::processes::{Proc, Sight};

/// Every process this one can see.
pub(super) fn processes() -> io::Result<Vec<Proc>> {
    let mut system = System::new().map_err(io::Error::other)?;
    system.refresh_processes_specifics(
        ProcessesToUpdate::All,
        true,
        ProcessRefreshKind::nothing().with_cpu(),
    );
    Ok(system.processes().values().map(proc_of).collect())
}

/// Looks at one process.
pub(super) fn process(pid: i32) -> Sight {
    let Some((raw, key)) = Pid::from_raw(pid).zip(u32::try_from(pid).ok()) else { return Sight::Gone };
    let key = sysinfo::Pid::from_u32(key);
    let Ok(mut system) = System::new() else { return Sight::Hidden };
    let kind = ProcessRefreshKind::nothing().with_cpu();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[key]), true, kind);
    match system.process(key) {
        Some(found) => Sight::Seen(proc_of(found)),
        None => match rustix::process::test_kill_process(raw) {
            Err(rustix::io::Errno::SRCH) => Sight::Gone,
            _ => Sight::Hidden,
        },
    }
}

fn proc_of(found: &sysinfo::Process) -> Proc {
    let number = |pid: sysinfo::Pid| i32::try_from(pid.as_u32()).unwrap_or(0);
    Proc {
        pid: number(found.pid()),
        parent: found.parent().map_or(0, number),
        session: found.session_id().map_or(0, number),
        start: found.start_time(),
        cpu: found.accumulated_cpu_time(),
        dead: matches!(found.status(), ProcessStatus::Zombie | ProcessStatus::Dead),
        stopped: found.status() == ProcessStatus::Stop,
    }
}

/// The value of `name` in the environment `pid` was started with, if it may be read.
pub(super) fn environ(pid: i32, name: &str) -> Option<String> {
    let key = sysinfo::Pid::from_u32(u32::try_from(pid).ok()?);
    let mut system = System::new().ok()?;
    let kind = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always);
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[key]), true, kind);
    system.process(key)?.environ().iter().filter_map(|entry| OsStr::to_str(entry)).find_map(|entry| {
        let (left, value) = entry.split_once('=')?;
        (left == name).then(|| value.to_string())
    })
}

/// The boot this kernel is in; empty where it is not told. The boot *time* would not do: it moves when the
/// wall clock is set.
pub(super) fn boot_id() -> String {
    let told = Command::new("/usr/sbin/sysctl").args(["-n", "kern.bootsessionuuid"]).output();
    let text = told.ok().and_then(|out| String::from_utf8(out.stdout).ok()).unwrap_or_default();
    text.trim().replace('-', "")
}

/// The machine's own id, if it tells one.
pub(super) fn machine_id() -> Option<String> {
    let told = Command::new("/usr/sbin/ioreg").args(["-rd1", "-c", "IOPlatformExpertDevice"]).output();
    let text = String::from_utf8(told.ok()?.stdout).ok()?;
    let line = text.lines().find(|line| line.contains("IOPlatformUUID"))?;
    line.split('"').nth(3).map(str::to_string)
}

/// There is one pid namespace.
pub(super) fn pid_namespace() -> String {
    "0".to_string()
}

/// Sends `signal` if `pid` is still the process that started at `start`.
pub(super) fn signal(pid: i32, start: u64, signal: Signal) -> io::Result<bool> {
    let Some(raw) = Pid::from_raw(pid) else { return Ok(false) };
    match process(pid) {
        Sight::Seen(proc) if proc.start == start => {}
        _ => return Ok(false),
    }
    match rustix::process::kill_process(raw, signal) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::SRCH) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// No such service here; see the head of this file.
pub(super) fn adopt_orphans() -> io::Result<()> {
    Ok(())
}

/// Orphans do not come to this process here, so its only child is the engine, whose group is signalled.
pub(super) fn kill_children(_none_left: impl FnMut() -> bool) {}
