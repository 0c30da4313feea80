//! Runs real processes through the real shim, which is this test program started again.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::processes::{PidStart, Sight, process, signal};
use super::reader::{TranscriptReader, copy_raw};
use super::stop::{Ordered, StopCause, standing_order};
use super::transcript::Source;
use super::{
    End, ExitReport, NotStarted, Run, RunFacts, RunKind, RunPlan, RunState, ShimProgram, dialect, judge,
    rundir, shim_main,
};
use crate::time::{Awake, Span};

/// What a condition may take before a test fails; far beyond what any takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Not a test: what [`shim`] starts. The folder of the run is the last argument.
#[test]
#[ignore = "becomes the shim of another test"]
fn shim_child() {
    let dir = std::env::args().next_back().map(PathBuf::from).unwrap_or_default();
    if dir.join(rundir::PLAN).exists() {
        shim_main(&dir);
    }
}

fn shim() -> ShimProgram {
    let words = ["engine::tests::shim_child", "--exact", "--ignored", "--nocapture"];
    ShimProgram { exe: std::env::current_exe().unwrap(), args: words.iter().map(OsString::from).collect() }
}

/// Waits until `look` finds something.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let clock = Awake::start();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(clock.passed().to_std() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A run of a shell script, taken down with the test whatever happens.
struct Trial {
    home: TempDir,
    plan: RunPlan,
    run: Option<Run>,
}

impl Trial {
    fn of(script: &str) -> Trial {
        Trial::argv(&["sh", "-c", script])
    }

    fn argv(argv: &[&str]) -> Trial {
        let home = tempfile::tempdir().unwrap();
        let argv = argv.iter().map(|word| (*word).to_string()).collect();
        let mut plan = RunPlan::new(RunKind::Engine, argv, home.path());
        plan.env = vec![("PATH".into(), std::env::var("PATH").unwrap_or_default())];
        plan.grace = Span::from_secs(20);
        Trial { home, plan, run: None }
    }

    fn start(&mut self) -> &Run {
        self.run = Some(Run::start(&self.dir(), &self.plan, &shim()).unwrap());
        self.run()
    }

    fn dir(&self) -> PathBuf {
        self.home.path().join("run")
    }

    fn run(&self) -> &Run {
        self.run.as_ref().unwrap()
    }

    fn ended(&self) -> ExitReport {
        until("the run has ended", || match self.run().state().unwrap() {
            RunState::Ended(report) => Some(*report),
            RunState::Lost { .. } => panic!("the shim died: {}", self.log()),
            _ => None,
        })
    }

    fn go(&mut self) -> ExitReport {
        self.start();
        self.ended()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir().join(rundir::LOG)).unwrap_or_default()
    }

    /// Waits for the engine to have said `word`.
    fn said(&self, word: &str) {
        let mut reader = TranscriptReader::at(&self.run().transcript().unwrap(), 0);
        until(word, || reader.next_lines().unwrap().iter().any(|r| r.text() == word).then_some(()));
    }

    /// Waits for a pid that the script wrote to `name`.
    fn pid(&self, name: &str) -> PidStart {
        until(name, || {
            let text = fs::read_to_string(self.home.path().join(name)).ok()?;
            seen(text.trim().parse().ok()?)
        })
    }

    fn shim(&self) -> PidStart {
        let record = until("the shim is there", || {
            rundir::read::<super::ShimRecord>(&self.dir(), rundir::SHIM).unwrap()
        });
        PidStart { pid: record.shim.pid, start: record.shim.start }
    }

    fn raw(&self, only: Option<Source>) -> Vec<u8> {
        let mut out = Vec::new();
        copy_raw(&self.run().transcript().unwrap(), only, &mut out).unwrap();
        out
    }

    fn judged(&self, report: &ExitReport) -> String {
        let told = judge(dialect("shell").unwrap(), None, &report.seen, Some(report));
        format!("{}: {}", told.outcome, told.reason)
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let Some(run) = &self.run else { return };
        let _ = run.stop(StopCause::Cancelled, Some(Span::ZERO));
        let clock = Awake::start();
        while clock.passed().to_std() < PATIENCE {
            match run.state() {
                Ok(RunState::Lost { .. }) => drop(run.kill_survivors(Span::ZERO)),
                Ok(RunState::Ended(_)) => {}
                _ => {
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                }
            }
            if run.reap() {
                return;
            }
        }
    }
}

fn seen(pid: i32) -> Option<PidStart> {
    match process(pid) {
        Sight::Seen(proc) if !proc.dead => Some(PidStart::of(&proc)),
        _ => None,
    }
}

fn lives(who: PidStart) -> bool {
    seen(who.pid) == Some(who)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_end_of_the_program_is_told_as_it_was() {
    let check = |argv: &[&str], expected: &str| {
        let mut trial = Trial::argv(argv);
        let report = trial.go();
        let end = match &report.end {
            End::Exited { code } => format!("exited {code}"),
            End::Signaled { signal } => format!("signaled {signal}"),
            End::NotStarted { reason, .. } => format!("{reason:?}"),
        };
        assert_eq!(end, expected, "{argv:?}: {}", trial.log());
        assert_eq!((report.stopped_by, report.survivors.len()), (None, 0));
        assert_eq!(report.run_id, trial.plan.run_id);
    };
    check(&["sh", "-c", "exit 0"], "exited 0");
    check(&["sh", "-c", "exit 3"], "exited 3");
    check(&["sh", "-c", "kill -9 $$"], "signaled 9");
    check(&["sh", "-c", "kill -TERM $$"], "signaled 15");
    check(&["no-such-program-of-aq"], "Missing");
    check(&["/etc/hosts"], "Other");
    check(&[], "Other");
}

#[test]
fn a_folder_that_is_not_there_is_not_a_missing_program() {
    let mut trial = Trial::of("exit 0");
    trial.plan.cwd = trial.home.path().join("gone");
    let report = trial.go();
    assert!(matches!(report.end, End::NotStarted { reason: NotStarted::Other, .. }), "{report:?}");
    assert!(trial.judged(&report).starts_with("config: cannot run in "));
}

#[test]
fn the_engine_gets_its_input_its_environment_and_nothing_else() {
    let mut trial = Trial::of("cat; env | cut -d= -f1 | sort | tr '\\n' ' '; echo; pwd");
    let stdin = trial.home.path().join("body.md");
    fs::write(&stdin, "do this\n").unwrap();
    trial.plan.stdin = Some(stdin);
    trial.plan.env.push(("AQ_JOB".into(), "j".into()));
    let report = trial.go();
    assert_eq!(report.end, End::Exited { code: 0 });
    let out = text(&trial.raw(Some(Source::Out)));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "do this");
    for name in lines[1].split_whitespace() {
        // Some shells add the latter themselves.
        assert!(["AQ_JOB", "AQ_RUN", "PATH", "PWD", "OLDPWD", "SHLVL", "_"].contains(&name), "{name}");
    }
    assert_eq!(Path::new(lines[2]).canonicalize().unwrap(), trial.home.path().canonicalize().unwrap());
}

#[test]
fn output_of_any_bytes_comes_back() {
    let mut trial = Trial::of(r"printf 'a\377\376b\n\n\000\n'; printf 'end' ; printf 'oops\n' >&2");
    let report = trial.go();
    assert_eq!(trial.raw(Some(Source::Out)), b"a\xff\xfeb\n\n\0\nend");
    assert_eq!(trial.raw(Some(Source::Err)), b"oops\n");
    assert_eq!((report.lines, report.bytes, report.cuts), (5, 16, 0));
}

#[test]
fn a_flood_passes_within_the_cap_and_keeps_both_ends() {
    let mut trial = Trial::of("seq -f 'line %.0f of a long and winding log that nobody will read' 1 100000");
    trial.plan.transcript_cap = 1 << 20;
    let report = trial.go();
    assert_eq!((report.lines, report.transcript.lines), (100_000, 0));
    let size: u64 = fs::read_dir(trial.dir())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(rundir::TRANSCRIPT))
        .map(|entry| entry.metadata().unwrap().len())
        .sum();
    assert!(size > 1 << 19 && size <= 1 << 20, "{size}");
    let out = text(&trial.raw(None));
    assert!(out.starts_with("line 1 of"));
    assert!(out.trim_end().ends_with("line 100000 of a long and winding log that nobody will read"));
    assert!(report.tail.contains("line 100000 ") && report.tail.len() <= super::TAIL_MAX);
}

#[test]
fn a_line_beyond_the_limit_is_cut_and_counted() {
    let mut trial = Trial::of("head -c 17000000 /dev/zero | tr '\\0' x; echo; echo after");
    let report = trial.go();
    assert_eq!((report.lines, report.bytes, report.cuts), (2, 17_000_007, 1));
    let out = trial.raw(None);
    assert_eq!(out.len(), super::lines::LINE_MAX + 1 + 6);
    assert!(out.ends_with(b"x\nafter\n"));
}

#[test]
fn secrets_are_in_no_file_of_the_run_once_it_goes() {
    let mut trial = Trial::of(
        "printf 'key: ses'; sleep 0.05; printf 'ame-4242 end\\n'; echo $A_KEY >&2; test -n \"$A_KEY\"",
    );
    trial.plan.env.push(("A_KEY".into(), "sesame-4242".into()));
    trial.plan.redact = vec!["sesame-4242".into()];
    let report = trial.go();
    assert_eq!(report.end, End::Exited { code: 0 });
    assert_eq!(text(&trial.raw(Some(Source::Out))), "key: [redacted] end\n");
    for entry in fs::read_dir(trial.dir()).unwrap() {
        let path = entry.unwrap().path();
        assert!(!text(&fs::read(&path).unwrap()).contains("sesame-4242"), "{}", path.display());
    }
}

#[test]
fn a_stopped_engine_cannot_claim_success() {
    let script = "trap 'echo \"::aq {\\\"ev\\\":\\\"ended\\\",\\\"class\\\":\\\"ok\\\"}\"; exit 0' TERM
        echo ready; while :; do sleep 0.02; done";
    let mut trial = Trial::of(script);
    trial.start();
    trial.said("ready");
    assert_eq!(trial.run().stop(StopCause::Preempted, None).unwrap(), Ordered::Told);
    let report = trial.ended();
    assert_eq!((&report.end, report.stopped_by), (&End::Exited { code: 0 }, Some(StopCause::Preempted)));
    assert_eq!(trial.judged(&report), "preempted: made room for a critical job");
    let again = super::tally_transcript(
        &trial.run().transcript().unwrap(),
        dialect("shell").unwrap(),
        &RunFacts::default(),
    )
    .unwrap();
    assert_eq!(again, report.seen);
}

#[test]
fn a_verdict_given_before_the_order_stands() {
    let mut trial = Trial::of("exit 0");
    let report = trial.go();
    assert_eq!(trial.run().stop(StopCause::Cancelled, None).unwrap(), Ordered::Ended);
    assert_eq!(standing_order(&trial.dir()).unwrap(), None);
    assert_eq!(trial.judged(&report), "ok: exit code 0");
}

#[test]
fn an_order_before_the_start_starts_nothing() {
    let mut trial = Trial::of("touch ran");
    fs::create_dir(trial.dir()).unwrap();
    assert_eq!(super::order_stop(&trial.dir(), StopCause::Fenced, None).unwrap(), Ordered::Standing);
    let report = trial.go();
    assert!(matches!(report.end, End::NotStarted { reason: NotStarted::Stopped, .. }));
    assert_eq!(report.stopped_by, Some(StopCause::Fenced));
    assert!(!trial.home.path().join("ran").exists());
}

#[test]
fn a_foreign_term_takes_the_run_down_and_is_named() {
    let mut trial = Trial::of("echo ready; sleep 600");
    trial.start();
    trial.said("ready");
    let shim = trial.shim();
    assert!(signal(shim.pid, shim.start, Signal::TERM).unwrap());
    let report = trial.ended();
    assert_eq!(
        (&report.end, report.stopped_by),
        (&End::Signaled { signal: 15 }, Some(StopCause::Terminated))
    );
    assert!(trial.judged(&report).starts_with("crash: "));
}

#[test]
fn a_closing_terminal_is_survived() {
    let mut trial = Trial::of("echo ready; until [ -e go ]; do sleep 0.02; done; echo done");
    trial.start();
    trial.said("ready");
    let shim = trial.shim();
    for sent in [Signal::HUP, Signal::INT, Signal::QUIT] {
        assert!(signal(shim.pid, shim.start, sent).unwrap());
    }
    fs::write(trial.home.path().join("go"), "").unwrap();
    let report = trial.ended();
    assert_eq!((&report.end, report.stopped_by), (&End::Exited { code: 0 }, None));
}

#[test]
fn the_wall_limit_is_an_order_like_any_other() {
    let mut trial = Trial::of("trap '' TERM; echo ready; while :; do sleep 0.02; done");
    trial.plan.wall = Some(Span::from_millis(300));
    trial.plan.grace = Span::from_millis(200);
    let report = trial.go();
    assert_eq!((&report.end, report.stopped_by), (&End::Signaled { signal: 9 }, Some(StopCause::Timeout)));
    assert_eq!(standing_order(&trial.dir()).unwrap().unwrap().cause, StopCause::Timeout);
    assert!(report.wall >= Span::from_millis(300));
}

/// A run of as many turns as the script takes, with two allowed; its class, and the turns it began.
#[track_caller]
fn check_turns(script: &str, expected: &str) {
    const TURN: &str = r#"turn() { echo >> began; echo '::aq {"ev":"usage","turns":1}'; }"#;
    let mut trial = Trial::of(&format!("{TURN}; {script}"));
    trial.plan.ceilings.turns = Some(2);
    let report = trial.go();
    let began = fs::read_to_string(trial.home.path().join("began")).unwrap().lines().count();
    assert_eq!(format!("{began}, {}", trial.judged(&report)), expected, "{script}");
}

#[test]
fn the_line_that_crosses_a_ceiling_stops_the_run() {
    // Nobody reads along, and nothing but a stop ends the third turn: it waits for a file that never comes.
    let wait = "until [ -f go ]; do sleep 0.01; done";
    let over = "a ceiling of the job's budget is reached";
    check_turns(&format!("turn; turn; turn; {wait}; turn"), &format!("3, budget_exceeded: {over}"));
    check_turns("turn; turn", "2, ok: exit code 0");
    // The verdict came in one breath with the line that crosses.
    let verdict = r#"::aq {"ev":"ended","class":"ok","reason":"done"}"#;
    check_turns(
        &format!("turn; turn; printf '%s\n' '::aq {{\"ev\":\"usage\",\"turns\":1}}' '{verdict}'"),
        "2, ok: done",
    );
}

#[test]
fn what_an_engine_leaves_behind_is_ended_before_the_verdict() {
    let script = "sleep 600 & echo $! > plain
        (trap '' TERM; sleep 600) & echo $! > deaf
        until [ -s plain ] && [ -s deaf ]; do sleep 0.02; done";
    let mut trial = Trial::of(script);
    trial.plan.grace = Span::from_millis(300);
    let report = trial.go();
    assert_eq!((&report.end, report.stopped_by), (&End::Exited { code: 0 }, None));
    assert!(report.leftovers >= 2 && report.survivors.is_empty(), "{report:?}");
    for name in ["plain", "deaf"] {
        let pid = fs::read_to_string(trial.home.path().join(name)).unwrap().trim().parse().unwrap();
        assert_eq!(seen(pid), None);
    }
    assert_eq!(trial.judged(&report), "ok: exit code 0");
}

/// A daemon in its own session, deaf to TERM, with an environment that does not name the run.
#[cfg(target_os = "linux")]
const DAEMON: &str =
    "env -i PATH=\"$PATH\" setsid -f sh -c \"trap '' TERM; echo \\$\\$ > daemon; while :; do sleep 0.05; done\"
    until [ -s daemon ]; do sleep 0.02; done; echo ready;";

#[cfg(target_os = "linux")]
#[test]
fn a_daemon_that_hides_from_every_net_but_descent_is_ended() {
    let mut trial = Trial::of(&format!("{DAEMON} until [ -e go ]; do sleep 0.02; done"));
    trial.plan.grace = Span::from_millis(200);
    trial.start();
    let daemon = trial.pid("daemon");
    fs::write(trial.home.path().join("go"), "").unwrap();
    let report = trial.ended();
    assert!(report.leftovers >= 1, "{report:?}");
    assert!(!lives(daemon));
}

#[cfg(target_os = "linux")]
#[test]
fn after_a_killed_shim_everything_of_the_run_is_found_and_nothing_else() {
    let mut trial = Trial::of(&format!("{DAEMON} sleep 600 & setsid sleep 600 & wait"));
    trial.start();
    trial.said("ready");
    let (daemon, shim) = (trial.pid("daemon"), trial.shim());
    until("the daemon was sampled", || {
        let seen: Vec<PidStart> = rundir::read(&trial.dir(), rundir::SEEN).unwrap()?;
        seen.contains(&daemon).then_some(())
    });
    let busy = trial.run().kill_survivors(Span::ZERO).unwrap_err();
    assert_eq!(busy.kind(), std::io::ErrorKind::ResourceBusy);
    let mut stranger = std::process::Command::new("sleep")
        .arg("600")
        .env("AQ_RUN", "another")
        .stdin(std::process::Stdio::null())
        .spawn()
        .unwrap();

    assert!(signal(shim.pid, shim.start, Signal::KILL).unwrap());
    let survivors = until("the run is lost", || match trial.run().state().unwrap() {
        RunState::Lost { survivors } => Some(survivors),
        _ => None,
    });
    assert!(survivors.contains(&daemon.pid) && survivors.len() >= 4, "{survivors:?}");
    let adopted = Run::open(&trial.dir()).unwrap();
    assert_eq!(adopted.kill_survivors(Span::from_millis(200)).unwrap(), Vec::<i32>::new());
    assert_eq!(adopted.state().unwrap(), RunState::Lost { survivors: Vec::new() });
    assert!(!lives(daemon));
    assert!(stranger.try_wait().unwrap().is_none());
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

/// Forks and exits all the time, so that a look at the process table may find nothing. It would end by
/// itself after more forks than anyone waits for, and leave word of it.
#[cfg(target_os = "linux")]
#[test]
fn what_never_holds_still_is_ended_too() {
    let script =
        "echo 'n=$1; [ $n -lt 20000 ] || exec touch spent; sh comet $((n+1)) & exit 0' > comet; sh comet 0 &";
    let mut trial = Trial::of(script);
    trial.plan.grace = Span::from_millis(100);
    let report = trial.go();
    assert_eq!(report.end, End::Exited { code: 0 });
    let ours = |pid: i32| super::processes::environ(pid, super::RUN_VARIABLE) == Some(report.run_id.clone());
    let left = super::processes::processes().unwrap().into_iter().filter(|p| !p.dead && ours(p.pid)).count();
    assert_eq!(left, 0);
    assert!(!trial.home.path().join("spent").exists(), "it ended by itself");
}

#[test]
fn a_run_can_be_frozen_thawed_and_taken_up_by_another() {
    // Without a child: a shell that forks by vfork and whose child is stopped before its exec stands still too, but
    // the system calls that waiting.
    let mut trial = Trial::of("echo ready; until [ -e go ]; do :; done");
    trial.start();
    trial.said("ready");
    let adopted = Run::open(&trial.dir()).unwrap();
    let engine = until("the engine is there", || match adopted.state().unwrap() {
        RunState::Alive { engine, .. } => engine,
        other => panic!("{other:?}"),
    });
    let stopped = |pid| matches!(process(pid), Sight::Seen(proc) if proc.stopped);
    assert!(adopted.freeze().unwrap() >= 1);
    until("it stands still", || stopped(engine).then_some(()));
    assert!(adopted.thaw().unwrap() >= 1);
    until("it goes on", || (!stopped(engine)).then_some(()));
    fs::write(trial.home.path().join("go"), "").unwrap();
    assert_eq!(trial.ended().end, End::Exited { code: 0 });
}

#[test]
fn a_frozen_run_can_be_stopped() {
    let mut trial = Trial::of("echo ready; sleep 600");
    trial.start();
    trial.said("ready");
    trial.run().freeze().unwrap();
    trial.run().stop(StopCause::Fenced, None).unwrap();
    let report = trial.ended();
    assert_eq!((&report.end, report.stopped_by), (&End::Signaled { signal: 15 }, Some(StopCause::Fenced)));
}

#[test]
fn a_transcript_that_cannot_be_written_costs_only_itself() {
    let mut trial = Trial::of("echo one; echo '::aq {\"ev\":\"usage\",\"in\":5}'; exit 3");
    trial.plan.transcript = trial.home.path().join("no").join("such").join("folder.jsonl");
    let report = trial.go();
    assert_eq!(report.end, End::Exited { code: 3 });
    assert_eq!((report.lines, report.transcript.lines, report.seen.usage.tokens), (2, 2, Some(5)));
    assert!(report.transcript.error.is_some() && report.tail.starts_with("one\n"));
}

#[test]
fn a_verdict_that_cannot_be_written_is_tried_until_it_can() {
    let mut trial = Trial::of("exit 5");
    // Nothing can be renamed over a folder that is not empty.
    let blocked = trial.dir().join(rundir::EXIT);
    trial.start();
    fs::create_dir_all(blocked.join("x")).unwrap();
    until("it was tried", || trial.log().contains("cannot write the verdict").then_some(()));
    fs::remove_dir_all(&blocked).unwrap();
    assert_eq!(trial.ended().end, End::Exited { code: 5 });
}

#[test]
fn a_folder_holds_one_run() {
    let mut trial = Trial::of("exit 0");
    trial.go();
    let again = Run::start(&trial.dir(), &trial.plan, &shim()).unwrap_err();
    assert_eq!(again.kind(), std::io::ErrorKind::AlreadyExists);
    assert!(Run::open(trial.home.path()).is_err());
}
