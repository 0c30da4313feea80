//! Jobs done by the real engines through the real agent: what a person sees when the model does this or that.

use aq::fleet::Command;
use aq::job::JobId;
use aq::time::{Clock as _, SystemClock};
use rustix::process::Signal;

use super::super::agent_bench::kill;
use super::bench::{Bench, ENGINES, fields};

/// One job of this engine, worked off by one agent; its course.
#[track_caller]
fn check(engine: &str, scenario: &str, more: &str, expected: &str) -> Bench {
    let bench = Bench::new(scenario);
    let before = bench.factory.checkout();
    bench.job("it", &format!("{} | {more}", fields(engine)), "Write the file.");
    let mut agent = bench.agent("home", &["--once"]);
    agent.end();
    let (course, reason) = (bench.factory.course("it"), bench.factory.reason("it"));
    assert_eq!(course, expected, "{engine}: {reason}\n{}", agent.said());
    assert_eq!(before, bench.factory.checkout(), "the user's checkout");
    bench.factory.wait_quiet();
    bench
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn files_are_written_and_commands_are_run() {
    for (engine, _) in ENGINES {
        let bench = check(
            engine,
            "bash echo hi > a.txt\nwrite b.txt hello\nsay Done.",
            "verify: test -s a.txt && grep -q hello b.txt",
            "start1 proven ok>testing",
        );
        assert_eq!(bench.file("b.txt").as_deref(), Some("hello\n"));
        // Three requests of 1,200 read, 300 cached and 50 written; no price is known for the other's model.
        let usage = &bench.factory.wait_event("it", "attempt_ended")["usage"];
        let cost = if engine == "claude" { 13_320.into() } else { serde_json::Value::Null };
        assert_eq!((&usage["tokens"], &usage["micro_usd"]), (&4_650.into(), &cost), "{engine}: {usage}");
        let prompt = bench.models.asked()[0].body.to_string();
        assert!(prompt.contains("Write the file."), "{engine} was told nothing");
    }
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_failure_is_told_from_a_success() {
    for (engine, _) in ENGINES {
        check(engine, "say I did it all.", "", "start1 no_work>failed");
        check(
            engine,
            "bash echo hi > a.txt\nsay Done.",
            "verify: test -s b.txt",
            "start1 disproven verify_failed>failed",
        );
    }
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn an_overload_that_passes_is_no_failure() {
    for (engine, _) in ENGINES {
        check(
            engine,
            "fail 529 x2\nbash echo hi > a.txt\nsay Done.",
            "verify: test -s a.txt",
            "start1 proven ok>testing",
        );
    }
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn an_overload_that_lasts_parks_the_job() {
    check("codex", "fail 529 x99", "", "start1 overloaded>queued parked(backoff)");
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_login_that_is_refused_is_told_at_once() {
    for (engine, _) in ENGINES {
        check(engine, "fail 401 x99", "", "start1 auth>failed");
    }
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_usage_limit_parks_the_job_and_costs_no_attempt() {
    for (engine, _) in ENGINES {
        let bench = Bench::new("bash echo hi > a.txt\nlimit 4102444800\nbash echo ho > b.txt\nsay Done.");
        bench.job(
            "it",
            &format!("{} | verify: test -s a.txt && test -s b.txt", fields(engine)),
            "Write them.",
        );
        let mut agent = bench.agent("home", &["--slots", "1"]);
        let parked = bench.factory.wait_event("it", "attempt_ended");
        assert_eq!(parked["outcome"], "limit", "{engine}: {parked}");
        bench.models.lift();
        let job = JobId::new(bench.factory.id("it").expect("a job"));
        bench.factory.act(Command::Unpark { job }).expect("lawful");
        bench.factory.wait_in("it", "testing");
        assert_eq!(agent.drain(), 0, "{}", agent.said());
        let course = bench.factory.course("it");
        assert_eq!(course, "start1 limit>queued parked(limit) start2 proven ok>testing", "{engine}");
    }
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_window_that_names_its_reset_is_waited_for() {
    // Later than the job is parked, and soon.
    let resets = SystemClock.wall().as_millis() / 1000 + 5;
    let bench = Bench::with_login(&format!("bash echo hi > a.txt\nlimit {resets}\nsay Done."));
    bench.job("it", &format!("{} | verify: test -s a.txt", fields("claude")), "Write it.");
    let mut agent = bench.agent("home", &["--slots", "1"]);
    let parked = bench.factory.wait_event("it", "job_parked");
    assert_eq!(parked["until"], resets * 1000, "{parked}");
    bench.models.lift();
    bench.factory.wait_in("it", "testing");
    assert_eq!(agent.drain(), 0, "{}", agent.said());
    assert!(SystemClock.wall().as_millis() / 1000 >= resets, "it went on before the window opened");
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_model_that_hangs_is_stopped_and_nothing_lives_on() {
    for (engine, _) in ENGINES {
        let bench = Bench::new("bash echo hi > a.txt\nhang\nsay Done.");
        bench.job("it", fields(engine), "Write the file.");
        let mut agent = bench.agent("home", &["--slots", "1"]);
        bench.wait_silent(&mut agent);
        let job = JobId::new(bench.factory.id("it").expect("a job"));
        bench.factory.act(Command::Cancel { job }).expect("lawful");
        bench.factory.wait_quiet().wait_in("it", "failed");
        assert_eq!(agent.drain(), 0, "{}", agent.said());
        assert_eq!(bench.factory.course("it"), "start1 cancelled", "{engine}");
    }
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_hanging_model_costs_the_wall_time_of_the_job_at_most() {
    for (engine, _) in ENGINES {
        check(engine, "hang", "timeout: 3s", "start1 timeout>failed");
    }
}

/// More work than any budget of these tests allows.
const ENDLESS: &str = "bash echo 1 >> a\nbash echo 2 >> a\nbash echo 3 >> a\nbash echo 4 >> a\nbash echo 5 >> a\n\
    bash echo 6 >> a\nbash echo 7 >> a\nbash echo 8 >> a\nbash echo 9 >> a\nsay Done.";

/// Model requests that were made for the work.
fn turns(bench: &Bench) -> usize {
    bench.models.asked().iter().filter(|asked| asked.is_turn()).count()
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_budget_in_dollars_stops_it_with_one_request_over_at_most() {
    // A request costs 0.00444 dollars: the third crosses.
    let bench = check("claude", ENDLESS, "budget: {usd: 0.01}", "start1 budget_exceeded>failed");
    assert!((3..=4).contains(&turns(&bench)), "{} requests", turns(&bench));
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_budget_in_tokens_is_held_by_what_the_thread_s_record_tells() {
    // A request takes 1,550 tokens: the second crosses. Its output alone would tell nothing before the end.
    let bench = check("codex", ENDLESS, "budget: {tokens: 3000}", "start1 budget_exceeded>failed");
    assert!((2..=3).contains(&turns(&bench)), "{} requests", turns(&bench));
    let reason = bench.factory.reason("it");
    assert!(
        ["3100", "4650"].iter().any(|used| reason.ends_with(&format!(": tokens {used} of 3000"))),
        "{reason}"
    );
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_budget_in_turns_stops_it_with_one_request_over_at_most() {
    // The model answers at once: nothing but the count stands between three turns and nine.
    for (engine, _) in ENGINES {
        // One engine has a cap of its own as well; the word is the same.
        let bench = check(engine, ENDLESS, "budget: {turns: 3}", "start1 budget_exceeded>failed");
        let reason = bench.factory.reason("it");
        assert!(reason.ends_with(": turns 3 of 3"), "{engine}: {reason}");
        assert!((3..=4).contains(&turns(&bench)), "{engine}: {} requests", turns(&bench));
    }
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn an_engine_that_is_killed_goes_on_in_its_own_session() {
    for (engine, _) in ENGINES {
        let bench = Bench::new("bash echo one > one.txt\nhang\nbash echo two > two.txt\nsay Done.");
        let more = "verify: test -s one.txt && test -s two.txt | retry: {max: 2, backoff: 10ms, on: [crash]}";
        bench.job("it", &format!("{} | {more}", fields(engine)), "Write both files.");
        let mut agent = bench.agent("home", &["--slots", "1"]);
        bench.wait_silent(&mut agent);
        let engines = bench.factory.processes().into_iter().filter(|(_, kind)| *kind == "engine");
        engines.for_each(|(pid, _)| kill(pid, Signal::KILL));
        bench.factory.wait_in("it", "testing");
        assert_eq!(agent.drain(), 0, "{}", agent.said());
        let course = bench.factory.course("it");
        assert_eq!(course, "start1 crash>queued parked(backoff) start2 proven ok>testing", "{engine}");
        // One conversation holds the prompts of both attempts.
        let words = bench.said_to(bench.models.asked().len() - 1);
        assert_eq!(words.matches("Write both files.").count(), 2, "{engine}: {words}");
    }
}

/// An agent's host dies in mid-turn; the next agent, in another home, takes the work up from the hand-off.
#[track_caller]
fn check_death(first: &str, next: &str, engine: &str) {
    let bench = Bench::new("bash echo one > one.txt\nhang\nbash echo two > two.txt\nsay Done.");
    bench.job("it", &format!("{engine} | verify: test -s one.txt && test -s two.txt"), "Write both files.");
    let mut agent = bench.agent("home", &["--slots", "1", "--engine", first]);
    bench.wait_silent(&mut agent);
    agent.kill();
    bench.factory.processes().keys().for_each(|pid| kill(*pid, Signal::KILL));
    bench.factory.wait_quiet();
    let asked = bench.models.asked().len();
    let mut agent = bench.agent("other", &["--slots", "1", "--engine", next]);
    bench.factory.wait_in("it", "testing");
    assert_eq!(agent.drain(), 0, "{}", agent.said());
    let course = bench.factory.course("it");
    assert_eq!(course, "start1 lost start2 proven ok>testing", "{first}, {next}");
    let told = bench.models.asked()[asked].body.to_string();
    assert!(told.contains("# Hand-off") && told.contains("Write both files."), "{told}");
    assert!(told.contains("one.txt"), "what was done is told: {}", bench.said_to(asked));
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_host_that_dies_in_mid_turn_is_followed_by_one_with_another_home() {
    check_death("claude", "claude", fields("claude"));
    check_death("codex", "codex", fields("codex"));
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_host_that_dies_in_mid_turn_is_followed_by_another_engine() {
    check_death("claude", "codex", "retry: {max: 2, backoff: 10ms, on: [crash]}");
    check_death("codex", "claude", "retry: {max: 2, backoff: 10ms, on: [crash]}");
}
