//! Clocks that jump under an agent: set forward, set back, or a lid that was closed; real runs go on.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use aq::agent::{Options, Until, claimant, run};
use aq::board::{Local, Purpose, Settings};
use aq::fleet::{Actor, ActorKind};
use aq::store::Place;
use aq::time::{Clock, Span, Stamp, SystemClock};

use super::agent_bench::Factory;

/// An agent in a process of its own, whose clock is moved through its standard input.
struct Moved {
    child: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Moved {
    fn agent(factory: &Factory) -> Moved {
        let mut process = Process::new(std::env::current_exe().expect("this binary"));
        process.args(["agent_clock::moved_agent", "--exact", "--ignored", "--nocapture"]);
        let home = factory.top().join("home");
        process.env("AQ_TEST_QUEUE", &factory.place.queue).env("HOME", &home);
        process.env("XDG_STATE_HOME", home.join("state")).env("XDG_RUNTIME_DIR", factory.top().join("run"));
        process.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = process.spawn().expect("starts");
        let (to, from) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        Moved { child, to, from: BufReader::new(from).lines() }
    }

    /// `wall +1h`, `wall -1h`, `pass 10m`, `sleep 8h`.
    fn clock(&mut self, deed: &str) {
        writeln!(self.to, "{deed}").expect("it lives");
        self.from
            .find(|line| line.as_deref().is_ok_and(|line| line == "moved"))
            .expect("an answer")
            .expect("text");
    }
}

impl Drop for Moved {
    fn drop(&mut self) {
        // Not reaped yet, so the number is its own.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "a process of the tests below"]
fn moved_agent() {
    let Some(queue) = std::env::var_os("AQ_TEST_QUEUE") else { return };
    let place = Place::open(queue.as_ref()).expect("opens");
    let settings = Arc::new(Settings::load(Some(&place), &[]).expect("settings"));
    let clock = Arc::new(Shifted::default());
    let local = Arc::new(Local::open(&place, Purpose::Serve, clock.clone()).expect("opens"));
    let board = local.clone();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            clock.turn(&line);
            board.refresh();
            println!("\nmoved");
        }
    });
    let options = Options {
        who: claimant(&settings, None, &[]),
        slots: 2,
        until: Until::Asked,
        user: Actor::new(ActorKind::Person, "ann@here"),
        exe: env!("CARGO_BIN_EXE_aq").into(),
        say: Box::new(|_| {}),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an event loop");
    runtime.block_on(run(local, settings, options)).expect("runs");
}

/// The clocks of this machine, moved.
#[derive(Default)]
struct Shifted {
    wall: AtomicI64,
    boot: AtomicU64,
    awake: AtomicU64,
}

impl Shifted {
    fn turn(&self, line: &str) {
        let (deed, span) = line.split_once(' ').expect("a deed and a span");
        let length: Span = span.trim_start_matches(['+', '-']).parse().expect("a span");
        let ms = i64::try_from(length.as_millis()).expect("a span");
        self.wall.fetch_add(if span.starts_with('-') { -ms } else { ms }, Relaxed);
        if deed != "wall" {
            self.boot.fetch_add(length.as_millis(), Relaxed);
        }
        if deed == "pass" {
            self.awake.fetch_add(length.as_millis(), Relaxed);
        }
    }
}

impl Clock for Shifted {
    fn wall(&self) -> Stamp {
        Stamp::from_millis(SystemClock.wall().as_millis() + self.wall.load(Relaxed))
    }

    fn boot(&self) -> Span {
        Span::from_millis(SystemClock.boot().as_millis() + self.boot.load(Relaxed))
    }

    fn awake(&self) -> Span {
        Span::from_millis(SystemClock.awake().as_millis() + self.awake.load(Relaxed))
    }
}

/// A job that runs after whatever was asked before: when it has ended, the rest was decided too.
fn probe(factory: &Factory, name: &str) {
    factory.job(name, "verify: test -f p", "echo p > p").wait_in(name, "testing");
}

#[test]
fn a_run_outlives_every_jump_of_the_clock() {
    for deeds in [
        &["wall +1h"][..],
        &["wall -1h"],
        &["wall -1h", "wall +2h"],
        &["sleep 8h"],
        &["wall +1d", "wall -1d"],
    ] {
        let factory = Factory::new();
        let go = factory.top().join("go");
        let script = format!("echo 1 > a; until [ -e {} ]; do sleep 0.05; done; cat a > b", go.display());
        factory.job("it", "timeout: 50s | budget: {wall: 50s} | verify: test -f b", &script);
        let mut agent = Moved::agent(&factory);
        factory
            .wait("the engine", || factory.processes().values().any(|kind| *kind == "engine").then_some(()));
        for (nth, deed) in deeds.iter().enumerate() {
            agent.clock(deed);
            probe(&factory, &format!("probe{nth}"));
        }
        // Who looks in from outside, with the clock of the machine, frees nothing either.
        assert!(factory.say(&["doctor"]).contains("leases"));
        factory.say(&["add", "--help"]);
        assert_eq!(factory.course("it"), "start1", "{deeds:?}");
        std::fs::write(&go, "").expect("written");
        factory.wait_in("it", "testing");
        assert_eq!(factory.course("it"), "start1 proven ok>testing", "{deeds:?}");
        let times: Vec<String> = factory.events().iter().map(|event| event["at"].to_string()).collect();
        assert!(times.windows(2).all(|two| two[0] <= two[1]), "the law's time never goes back: {times:?}");
    }
}

#[test]
fn dates_follow_the_wall_and_pauses_do_not() {
    let factory = Factory::new();
    let at = SystemClock.wall().plus(Span::from_mins(30));
    factory.job("dated", &format!("not-before: {at} | verify: test -f a"), "echo 1 > a");
    let backoff = "retry: {max: 1, backoff: 10m, on: [task_failed]} | verify: test -f a";
    factory.job("again", backoff, "[ $AQ_ATTEMPT = 2 ] && echo 1 > a");
    factory.job("ships", "autoship: 20m | verify: test -f a", "echo 1 > a");
    let mut agent = Moved::agent(&factory);
    factory.wait_in("ships", "testing");
    let failed = "start1 task_failed>queued parked(backoff)";
    factory.wait("the pause", || (factory.course("again") == failed).then_some(()));
    let courses = |nth: &str| {
        probe(&factory, nth);
        [factory.course("dated"), factory.course("again"), factory.course("ships")]
    };
    let (parked, proven) = ("parked(not_before)", "start1 proven ok>testing");

    agent.clock("wall -1h");
    assert_eq!(courses("p1"), [parked, failed, proven], "back");
    agent.clock("pass 11m");
    factory.wait_in("again", "testing");
    let done = format!("{failed} start2 proven ok>testing");
    assert_eq!(courses("p2"), [parked, &done, proven], "the pause is over, the date is not");
    agent.clock("sleep 10m");
    probe(&factory, "p3");
    factory.wait_in("ships", "shipped");
    let shipped = format!("{proven} shipped");
    assert_eq!(courses("p4"), [parked, &done, &shipped], "a delay counts from when it was proven, sleep too");
    agent.clock("wall +2h");
    factory.wait_in("dated", "testing");
}

#[test]
fn a_wall_set_back_holds_up_no_ship() {
    let factory = Factory::new();
    factory.job("ships", "autoship: 20m | verify: test -f a", "echo 1 > a");
    let mut agent = Moved::agent(&factory);
    factory.wait_in("ships", "testing");
    agent.clock("wall -1h");
    agent.clock("pass 21m");
    // Nothing happens in the log; the agent only looks.
    factory.drop_in(".looks", "");
    factory.wait_in("ships", "shipped");
}

#[test]
fn a_wall_set_forward_shortens_no_pause() {
    let factory = Factory::new();
    let at = SystemClock.wall().plus(Span::from_mins(30));
    factory.job("dated", &format!("not-before: {at} | verify: test -f a"), "echo 1 > a");
    factory.job("again", "retry: {max: 1, backoff: 10m, on: [task_failed]}", "exit 1");
    factory.job("ships", "autoship: 20m | verify: test -f a", "echo 1 > a");
    let mut agent = Moved::agent(&factory);
    factory.wait_in("ships", "testing");
    let failed = "start1 task_failed>queued parked(backoff)";
    factory.wait("the pause", || (factory.course("again") == failed).then_some(()));
    agent.clock("wall +1h");
    factory.wait_in("dated", "testing");
    probe(&factory, "p1");
    assert_eq!(factory.course("again"), failed);
    assert_eq!(factory.course("ships"), "start1 proven ok>testing");
}
