//! What an agent does in a second, and what it costs when it does nothing.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::disk::timed;
use super::figures::{Figure, Sample};
use super::yard::Yard;
use crate::store::Fault;

/// Drops measured one by one.
const DROPS: usize = 60;
/// No-op jobs drained at once.
const JOBS: usize = 200;
/// Slots that drain them.
const SLOTS: usize = 4;
/// Jobs with a worktree, and files in their repository.
const TREES: usize = 30;
const FILES: usize = 1_000;
/// How long the idle agent is watched.
const IDLE: Duration = Duration::from_secs(5);

const NOOP: &str = "---\nengine: shell\n---\n```sh\ntrue\n```\n";

/// From the rename into inbox to the attempt that started.
pub(super) fn drop_to_start(dir: &Path) -> Result<Vec<Figure>, Fault> {
    let yard = Yard::plain(dir)?;
    let _agent = yard.agent(SLOTS)?;
    yard.drop_in("warm.md", NOOP)?;
    yard.wait_events("attempt_ended", 1)?;
    let mut times = Vec::new();
    for n in 0..DROPS {
        let (waited, took) = timed(|| {
            yard.drop_in(&format!("job{n}.md"), NOOP)?;
            yard.wait_events("attempt_started", n + 2)
        });
        waited?;
        times.push(took);
        yard.wait_events("attempt_ended", n + 2)?;
    }
    let sample = Sample::of(times);
    Ok(vec![
        Figure::millis("drop to attempt started, p50", sample.p50(), 100.0),
        Figure::millis("drop to attempt started, p99", sample.p99(), 300.0),
    ])
}

/// No-op jobs through an agent, each acknowledgement flushed.
pub(super) fn noop_rate(dir: &Path, flush_ms: f64) -> Result<Figure, Fault> {
    let yard = Yard::plain(dir)?;
    for n in 0..JOBS {
        // Their lock is the folder; without one of their own they would wait for each other.
        yard.drop_in(
            &format!("job{n}.md"),
            &NOOP.replace("engine: shell", &format!("engine: shell\nlock: own-{n}")),
        )?;
    }
    let (drained, took) = timed(|| {
        let agent = yard.agent(SLOTS)?;
        yard.wait_events("attempt_ended", JOBS).map(|()| drop(agent))
    });
    drained?;
    let rate = per_second(JOBS, took);
    let goal = 0.5 * 4.0 / (3.0 * flush_ms / 1e3);
    Ok(Figure::new("no-op jobs, 4 slots", format!("{rate:.0}/s"), format!("{goal:.0}/s"), Some(rate >= goal)))
}

/// Jobs with worktrees beside plain `git worktree add` and remove of the same repository.
pub(super) fn worktree_rate(dir: &Path) -> Result<Vec<Figure>, Fault> {
    let yard = Yard::repository(dir, FILES)?;
    for n in 0..TREES {
        yard.drop_in(&format!("job{n}.md"), NOOP)?;
    }
    let (drained, took) = timed(|| {
        let agent = yard.agent(SLOTS)?;
        yard.wait_events("attempt_ended", TREES).map(|()| drop(agent))
    });
    drained?;
    let rate = per_second(TREES, took);
    let Some(plain) = git_worktrees(&yard) else {
        let got = format!("{rate:.1}/s");
        return Ok(vec![Figure::new(
            "jobs with worktrees, 1,000 files",
            got,
            "git is not installed: no comparison",
            None,
        )]);
    };
    Ok(vec![
        Figure::new("git worktree add + remove, 1,000 files", format!("{plain:.1}/s"), "", None),
        Figure::new(
            "jobs with worktrees, 1,000 files",
            format!("{rate:.1}/s ({:.2} of git)", rate / plain),
            format!("{:.1}/s (half of git)", plain / 2.0),
            Some(rate >= plain / 2.0),
        ),
    ])
}

fn git_worktrees(yard: &Yard) -> Option<f64> {
    let git = |words: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(yard.project()).args(words).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().ok().filter(std::process::ExitStatus::success)
    };
    let tree = yard.project().with_file_name("plain");
    let path = tree.to_str()?;
    let (done, took) = timed(|| {
        (0..TREES).all(|n| {
            git(&["worktree", "add", "-b", &format!("plain{n}"), path]).is_some()
                && git(&["worktree", "remove", "--force", path]).is_some()
        })
    });
    done.then(|| per_second(TREES, took))
}

/// Memory and wake-ups of an agent with nothing to do.
pub(super) fn idle(dir: &Path) -> Result<Vec<Figure>, Fault> {
    let yard = Yard::plain(dir)?;
    let agent = yard.agent(SLOTS)?;
    yard.drop_in("warm.md", NOOP)?;
    yard.wait_events("attempt_ended", 1)?;
    std::thread::sleep(Duration::from_secs(1));
    let Some(before) = vitals(agent.pid()) else {
        return Ok(vec![Figure::new("idle agent", "not measured: no /proc here", "", None)]);
    };
    std::thread::sleep(IDLE);
    let after = vitals(agent.pid()).unwrap_or_default();
    let mib = after.0 as f64 / 1024.0;
    Ok(vec![
        Figure::new("idle agent, memory", format!("{mib:.1} MiB"), "20 MiB", Some(mib < 20.0)),
        Figure::new(
            format!("idle agent, wake-ups in {} s", IDLE.as_secs()),
            (after.1 - before.1).to_string(),
            "its deadline timer",
            None,
        ),
    ])
}

/// Resident KiB and voluntary context switches of all threads of a process.
fn vitals(pid: u32) -> Option<(u64, u64)> {
    let number = |text: &str, name: &str| -> Option<u64> {
        text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
    };
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let switches = tasks.flatten().filter_map(|task| {
        number(&std::fs::read_to_string(task.path().join("status")).ok()?, "voluntary_ctxt_switches:")
    });
    Some((number(&status, "VmRSS:")?, switches.sum()))
}

#[allow(clippy::cast_precision_loss)]
fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
