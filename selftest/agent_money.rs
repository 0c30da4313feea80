//! Money that is used up: what stops says which ceiling it was, and names the command that goes on.

use aq::fleet::{Command, Window};

use super::agent_bench::Factory;

const SPENDS: &str = "echo '::aq {\"ev\":\"usage\",\"in\":10,\"out\":2,\"cost\":3.00}'";

#[track_caller]
fn has(said: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(said.contains(part), "no {part:?} in:\n{said}"));
}

#[test]
fn a_queue_stopped_by_its_ceiling_says_so_everywhere() {
    let factory = Factory::new();
    factory
        .act(Command::SetCeiling { ceiling: Some(2_000_000), window: Window::Total, lifts: false })
        .expect("lawful");
    // A ceiling of tokens has the run looked at closely, and sets no money aside.
    let script = format!("[ $AQ_ATTEMPT -gt 1 ] && echo 1 > a && exit; {SPENDS}; sleep 60");
    factory.job("it", "budget: {tokens: 1000000} | verify: test -f a", &script);
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait("the end", || (factory.course("it") == "start1 drained>queued").then_some(()));
    assert_eq!(factory.reason("it"), "the queue was stopped: ceiling $2.00 reached");
    assert_eq!(agent.drain(), 0, "{}", agent.said());
    has(&agent.said(), &["drained: the queue was stopped: ceiling $2.00 reached"]);
    let go_on = "aq budget set local --ceiling MORE, then aq budget resume local";
    has(&factory.say(&["explain", "it"]), &["ceiling $2.00 reached", go_on]);
    for verb in [&[][..], &["ls"], &["next"], &["budget", "show"], &["doctor"]] {
        has(&factory.say(verb), &["ceiling $2.00 reached", go_on]);
    }
    let mut agent = factory.agent(&["--once"]);
    agent.end();
    has(&agent.said(), &["the queue is paused: ceiling $2.00 reached", go_on]);
    // The commands are the way out, in this order.
    has(&factory.say(&["budget", "set", "local", "--ceiling", "20", "--yes"]), &["exit 0"]);
    has(&factory.say(&["budget", "resume", "local", "--yes"]), &["exit 0"]);
    factory.once();
    assert_eq!(factory.course("it"), "start1 drained>queued start2 proven ok>testing");
}

#[test]
fn a_job_over_its_own_ceiling_names_the_whole_command() {
    for (fields, which, more, used) in [
        ("{usd: 2}", "usd", "8", "usd $3.00 of $2.00"),
        ("{tokens: 5}", "tokens", "100", "tokens 12 of 5"),
        ("{wall: 1s}", "wall", "9s", "wall 1"),
    ] {
        let factory = Factory::new();
        let script = format!("[ $AQ_ATTEMPT -gt 1 ] && echo 1 > a && exit; {SPENDS}; sleep 60");
        factory.job("it", &format!("budget: {fields} | verify: test -f a"), &script).once();
        assert_eq!(factory.course("it"), "start1 budget_exceeded>failed");
        has(&factory.reason("it"), &[used]);
        let id = factory.id("it").expect("a job");
        let whole = format!("aq requeue {id} --budget {which}=MORE");
        has(&factory.say(&["next"]), &[&whole]);
        has(&factory.say(&["explain", "it"]), &[&whole]);
        has(&factory.say(&["requeue", "it", "--yes"]), &[&whole, "exit 7"]);
        let raised = format!("{which}={more}");
        has(&factory.say(&["requeue", "it", "--budget", &raised, "--yes"]), &["exit 0"]);
        factory.once();
        assert!(factory.course("it").ends_with("proven ok>testing"), "{}", factory.course("it"));
    }
}

#[test]
fn a_ceiling_of_turns_stops_the_next_turn() {
    let factory = Factory::new();
    // The third turn waits for a file that never comes: only a stop ends it.
    let turn = r#"turn() { echo >> began; echo '::aq {"ev":"usage","turns":1}'; }"#;
    let script = format!(
        "{turn}; turn; turn; [ $AQ_ATTEMPT -gt 1 ] || turn; until [ $AQ_ATTEMPT -gt 1 ]; do sleep 0.01; done"
    );
    factory.job("it", "budget: {turns: 2} | verify: test $(wc -l < began) = 5", &script).once();
    assert_eq!(factory.course("it"), "start1 budget_exceeded>failed");
    has(&factory.reason("it"), &[": turns 2 of 2"]);
    let id = factory.id("it").expect("a job");
    has(&factory.say(&["next"]), &[&format!("aq requeue {id} --budget turns=MORE")]);
    has(&factory.say(&["requeue", "it", "--budget", "turns=5", "--yes"]), &["exit 0"]);
    factory.once();
    assert!(factory.course("it").ends_with("proven ok>testing"), "{}", factory.course("it"));
}

#[test]
fn what_an_attempt_did_is_told_with_its_end() {
    let factory = Factory::new();
    let script = r#"echo '::aq {"ev":"started","model":"large","session":"s-1"}'
echo '::aq {"ev":"tool","id":"1","name":"sh","phase":"end","ok":true}'
echo '::aq {"ev":"tool","id":"2","name":"sh","phase":"end","ok":false}'
printf 'one\ntwo\n' > a"#;
    factory.job("it", "verify: test -f a", script).once();
    let ended = factory.wait_event("it", "attempt_ended");
    let told =
        r#"{"added":2,"files":1,"model":"large","removed":0,"session":"s-1","tools":1,"tools_failed":1}"#;
    assert_eq!(ended["insight"].to_string(), told);
    has(&factory.say(&["insights", "it"]), &["?\t?\t1\t+2 -0 in 1 file\tlarge\n"]);
}

/// What the queue says that the job has spent, once nothing of it runs.
fn spent(factory: &Factory, expected: u64) {
    factory.wait("the money", || {
        let state = factory.state();
        let job = state.jobs.values().next().expect("a job");
        let booked = state.product.spent.values().sum::<u64>();
        (job.spent.micro_usd == Some(expected) && booked == expected).then_some(())
    });
    factory.wait_quiet();
}

/// Waits until the run has said what it used up.
fn told(factory: &Factory) {
    factory.wait_event("it", "attempt_started");
    let job = aq::job::JobId::new(factory.id("it").expect("a job"));
    let transcript = factory.place.runs(&job).join("1.jsonl");
    let has_said = || std::fs::read_to_string(&transcript).is_ok_and(|text| text.contains("3.00"));
    factory.wait("its word", || has_said().then_some(()));
}

#[test]
fn what_a_stopped_run_had_used_up_is_booked() {
    for stop in ["cancel", "park", "requeue"] {
        let factory = Factory::new();
        factory.job("it", "", &format!("{SPENDS}; touch told; sleep 60"));
        let mut agent = factory.agent(&["--slots", "1"]);
        told(&factory);
        factory.say(&["budget", "pause", "local", "--yes"]);
        factory.say(&[stop, "it", "--yes"]);
        spent(&factory, 3_000_000);
        assert_eq!(agent.drain(), 0, "{stop}: {}", agent.said());
    }
    // It asks at the end of its only turn: nobody had looked at it before.
    let factory = Factory::new();
    let ask = format!("{} ask which one", env!("CARGO_BIN_EXE_aq"));
    factory.job("it", "", &format!("{SPENDS}; {ask}; sleep 60")).once();
    spent(&factory, 3_000_000);
    // The last word of a run that is told twice, by its agent and by whoever looks next, counts once.
    factory.say(&["cancel", "it", "--yes"]);
    spent(&factory, 3_000_000);
}

#[test]
fn what_a_killed_run_had_used_up_is_booked() {
    use super::agent_bench::kill;
    use rustix::process::Signal;

    let ready = |factory: &Factory| {
        factory.job("it", "retry: {max: 0}", &format!("{SPENDS}; sleep 60"));
        let mut agent = factory.agent(&["--slots", "1"]);
        told(factory);
        agent.kill();
    };
    // Agent, shim and engine at once, as when a host dies.
    let factory = Factory::new();
    ready(&factory);
    factory.processes().keys().for_each(|pid| kill(*pid, Signal::KILL));
    factory.say(&["cancel", "it", "--yes"]);
    spent(&factory, 3_000_000);
    // The agent alone, and a person gives the job up: its engine must not run on, nor its money be lost.
    let factory = Factory::new();
    ready(&factory);
    let said = factory.say(&["cancel", "it", "--yes"]);
    has(&said, &["what its dead agent left running is being ended"]);
    factory.wait_quiet();
    factory.once();
    spent(&factory, 3_000_000);
}
