//! The process table of Linux, read from `/proc`; the same small interface as `portable.rs`.

use std::collections::HashSet;
use std::fs;
use std::io;

use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

use super::processes::{Proc, Sight};

/// An environment longer than this is not searched to its end: the kernel caps one string at 128 KiB and
/// real environments are a few KiB, so this bounds what a stranger's process can make us read.
const ENVIRON_MAX: u64 = 4 * 1024 * 1024;

/// So many looks at the children are taken in a row: one in two meets what never holds still, and all of
/// them take some ten milliseconds.
const LOOKS: u32 = 50;

/// Every process this one can see.
pub(super) fn processes() -> io::Result<Vec<Proc>> {
    let seen = |pid| match process(pid) {
        Sight::Seen(proc) => Some(proc),
        Sight::Gone | Sight::Hidden => None,
    };
    Ok(numbers()?.filter_map(seen).collect())
}

/// The numbers of all processes, as the directory is read.
fn numbers() -> io::Result<impl Iterator<Item = i32>> {
    // An entry that vanishes meanwhile is a process that ended.
    Ok(fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()))
}

/// Looks at one process.
pub(super) fn process(pid: i32) -> Sight {
    match fs::read(format!("/proc/{pid}/stat")) {
        Ok(bytes) => parse_stat(pid, &bytes).map_or(Sight::Hidden, Sight::Seen),
        Err(e) if gone(&e) => unseen(pid),
        Err(_) => Sight::Hidden,
    }
}

fn gone(e: &io::Error) -> bool {
    e.kind() == io::ErrorKind::NotFound || e.raw_os_error() == Some(libc::ESRCH)
}

/// A `/proc` mounted with `hidepid`, or none at all, shows nothing for a live process; the kernel still
/// answers to signal 0.
fn unseen(pid: i32) -> Sight {
    match Pid::from_raw(pid).map(rustix::process::test_kill_process) {
        Some(Err(rustix::io::Errno::SRCH)) | None => Sight::Gone,
        Some(_) => Sight::Hidden,
    }
}

/// Reads a `stat` line. The program's name stands in parentheses and may hold anything, parentheses too,
/// so fields are counted from the last one.
fn parse_stat(pid: i32, bytes: &[u8]) -> Option<Proc> {
    let text = String::from_utf8_lossy(bytes);
    let fields: Vec<&str> = text.get(text.rfind(')')? + 1..)?.split_ascii_whitespace().collect();
    let number = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok());
    let state = *fields.first()?;
    // A thread group whose first thread left while others run shows Z; it is alive all the same.
    let dead = matches!(state, "X" | "x") || (state == "Z" && number(17)? <= 1);
    Some(Proc {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        start: number(19)?,
        cpu: number(11)?.saturating_add(number(12)?),
        dead,
        stopped: matches!(state, "T" | "t"),
    })
}

/// The value of `name` in the environment `pid` was started with, if it may be read.
pub(super) fn environ(pid: i32, name: &str) -> Option<String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    fs::File::open(format!("/proc/{pid}/environ")).ok()?.take(ENVIRON_MAX).read_to_end(&mut bytes).ok()?;
    bytes.split(|b| *b == 0).find_map(|entry| {
        let value = entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        String::from_utf8(value.to_vec()).ok()
    })
}

/// The boot this kernel is in; empty where it is not told.
pub(super) fn boot_id() -> String {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().replace('-', "")
}

/// The installation's own id, if it has one.
pub(super) fn machine_id() -> Option<String> {
    let text = fs::read_to_string("/etc/machine-id").ok()?;
    Some(text.trim().to_string()).filter(|id| !id.is_empty())
}

/// The pid namespace pids of this process mean something in; empty where it is not told.
pub(super) fn pid_namespace() -> String {
    let link = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    link.to_string_lossy().chars().filter(char::is_ascii_digit).collect()
}

/// Kills the children of this process until `none_left`, which reaps them, says so, for some looks at the
/// most. What forks and exits all the time is gone before a look at the whole table is over; but its next
/// life is an orphan and so a child of this process, and a look that passes over all who were there before
/// is short enough to meet it alive. Nobody else reaps a child, so its number is its own until then.
pub(super) fn kill_children(mut none_left: impl FnMut() -> bool) {
    let me = rustix::process::getpid();
    let mut strangers = HashSet::new();
    for look in 0..LOOKS {
        for pid in numbers().into_iter().flatten() {
            if strangers.contains(&pid) {
                continue;
            }
            match (process(pid), Pid::from_raw(pid)) {
                (Sight::Seen(proc), Some(child)) if proc.parent == me.as_raw_pid() => {
                    // One that has ended meanwhile waits to be reaped.
                    kill_process(child, Signal::KILL).ok();
                }
                _ if look == 0 => drop(strangers.insert(pid)),
                _ => {}
            }
        }
        if none_left() {
            return;
        }
    }
}

/// Sends `signal` if `pid` is still the process that started at `start`. The pidfd is taken first and the
/// start time read after, so that the signal cannot hit a process that inherited the number.
pub(super) fn signal(pid: i32, start: u64, signal: Signal) -> io::Result<bool> {
    let Some(raw) = Pid::from_raw(pid) else { return Ok(false) };
    let fd = match pidfd_open(raw, PidfdFlags::empty()) {
        Ok(fd) => fd,
        Err(rustix::io::Errno::SRCH) => return Ok(false),
        Err(e) => return Err(e.into()),
    };
    match process(pid) {
        Sight::Seen(proc) if proc.start == start => {}
        _ => return Ok(false),
    }
    match pidfd_send_signal(&fd, signal) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::SRCH) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Makes orphans of this process's descendants its own children, so that none can leave the tree.
pub(super) fn adopt_orphans() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_lines_are_read_past_any_program_name() {
        let check = |line: &str, expected: Option<(i32, u64, bool, bool)>| {
            let got = parse_stat(7, line.as_bytes()).map(|p| (p.parent, p.start, p.dead, p.stopped));
            assert_eq!(got, expected, "{line}");
        };
        let tail = "1 7 7 0 -1 0 0 0 0 0 3 4 0 0 20 0 1 0 99 0";
        check(&format!("7 (sh) S {tail}"), Some((1, 99, false, false)));
        check(&format!("7 (a) b (c) T {tail}"), Some((1, 99, false, true)));
        check(&format!("7 (sh) Z {tail}"), Some((1, 99, true, false)));
        check(&format!("7 (sh) Z {}", tail.replace("20 0 1", "20 0 2")), Some((1, 99, false, false)));
        check("7 (sh) S 1", None);
        check("", None);
    }
}
