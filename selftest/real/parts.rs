//! More than one engine on one job: what one has made another judges, and a planner hands its parts in.

use aq::fleet::Job;
use aq::job::Proof;

use super::bench::{Bench, fields};

/// A verdict as the last message of a turn.
fn verdict(verdict: &str, findings: &str) -> String {
    format!(
        "say Well.\\n```verdict\\n{{\"verdict\": \"{verdict}\", \"findings\": [{findings}], \"checks\": []}}\\n```"
    )
}

fn job(bench: &Bench, name: &str) -> Job {
    let id = bench.factory.id(name).expect("a job");
    bench.factory.state().job(&id.as_str().into()).expect("a job").clone()
}

/// A job by `author`, judged by `reviewer`, while one model plays this to both; worked until nothing is ready.
#[track_caller]
fn check(author: &str, reviewer: &str, scenario: &str, expected: &str) -> Bench {
    let bench = Bench::new(scenario);
    let rule = format!("review: {{reviewers: ['engine:{reviewer}'], check: test -s a.txt}}");
    bench.job("it", &format!("{} | {rule}", fields(author)), "Write a.txt.");
    let mut agent = bench.agent("home", &["--once", "--slots", "1"]);
    agent.end();
    let (course, reason) = (bench.factory.course("it"), bench.factory.reason("it"));
    assert_eq!(course, expected, "{author}, {reviewer}: {reason}\n{}", agent.said());
    let it = job(&bench, "it");
    assert_eq!((it.stage.name(), it.proof()), ("testing", Proof::Verified), "{}", agent.said());
    assert!(bench.models.is_over(), "something was never asked: {}", agent.said());
    bench
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn another_engine_approves_what_one_has_made() {
    let yes = verdict("approve", "");
    let scenario = format!("bash echo hi > a.txt\nsay Done.\nbash cat a.txt\n{yes}");
    let bench = check("codex", "claude", &scenario, "start1 ok>review");
    let told = bench.said_to(bench.models.asked().len() - 1);
    assert!(told.contains("You are a reviewer") && told.contains("> Write a.txt."), "{told}");
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn what_a_reviewer_minds_reaches_the_next_prompt() {
    let no = verdict("reject", "{\"severity\": \"blocking\", \"text\": \"say ho as well\"}");
    let yes = verdict("approve", "");
    let scenario = format!("bash echo hi > a.txt\nsay Done.\n{no}\nbash echo ho >> a.txt\nsay Done.\n{yes}");
    let bench = check("claude", "codex", &scenario, "start1 ok>review start2 ok>review");
    assert_eq!(bench.file("a.txt").as_deref(), Some("hi\nho\n"));
    // Asked twice, judged, asked twice, judged.
    let told = bench.said_to(3);
    assert!(told.contains("## A reviewer said no") && told.contains("say ho as well"), "{told}");
}

/// What the engine calls aq by: the commands of `codex` run in a login shell, which forgets the search path.
fn program(engine: &str) -> &'static str {
    if engine == "codex" { env!("CARGO_BIN_EXE_aq") } else { "aq" }
}

/// A part that a script does, handed in by a command of the engine.
fn part(engine: &str, name: &str) -> String {
    let aq = program(engine);
    format!(
        "bash printf -- '---\\ntitle: {name}\\nengine: shell\\nverify: test -s {name}.txt\\nautoship: verified\\n---\\n```sh\\necho x > {name}.txt\\n```\\n' | {aq} add --parent \"$AQ_JOB\" -"
    )
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_planner_hands_in_parts_that_ship() {
    for (engine, fields) in super::bench::ENGINES {
        let bench = Bench::new(&format!(
            "{}\n{}\nsay Planned.\nsay All there.",
            part(engine, "one"),
            part(engine, "two")
        ));
        bench.job("it", &format!("{fields} | profile: planner"), "Divide it.");
        let mut agent = bench.agent("home", &["--slots", "2"]);
        bench.factory.wait_event("it", "attempt_ended");
        let told = bench.said_to(0);
        assert!(told.contains(&format!("it is `{}`", env!("CARGO_BIN_EXE_aq"))), "{engine}: {told}");
        let it = job(&bench, "it");
        assert_eq!(it.children.len(), 2, "{engine}: {}\n{}", agent.said(), bench.came_back());
        bench.factory.wait("the parts to ship", || {
            let state = bench.factory.state();
            let stages = it.children.iter().map(|id| state.job(id).expect("a part").stage.name());
            stages.eq(["shipped", "shipped"]).then_some(())
        });
        bench.factory.wait("the planner to end", || {
            job(&bench, "it").attempts.get(1).and_then(|attempt| attempt.outcome)
        });
        assert_eq!(agent.drain(), 0, "{}", agent.said());
        assert_eq!(
            bench.factory.course("it"),
            "start1 ok>blocked start2 ok>review",
            "{engine}: {}",
            agent.said()
        );
        let head = job(&bench, "it").head.and_then(|head| head.rev).expect("a head");
        let has = |path| bench.factory.file_at(head.as_str(), path).is_some();
        assert!(has("one.txt") && has("two.txt"), "{engine}: it was called on a tree without its parts");
    }
}

/// An engine without `yolo` that calls aq.
#[track_caller]
fn check_careful(engine: &str, is_told: bool, course: &str) -> Bench {
    let aq = program(engine);
    let bench = Bench::new(&format!(
        "write part.md # One\nbash {aq} progress cutting it up\nbash {aq} add part.md\nsay Done."
    ));
    bench.job("it", &format!("{} | yolo: false", fields(engine)), "Divide it.");
    let mut agent = bench.agent("home", &["--once", "--slots", "1", "--engine", engine]);
    agent.end();
    assert_eq!(bench.factory.course("it"), course, "{engine}: {}\n{}", agent.said(), bench.came_back());
    assert_eq!(bench.said_to(0).contains("# Working inside aq"), is_told, "{engine}");
    bench
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn a_careful_engine_reaches_aq_or_is_not_told_of_it() {
    let bench = check_careful("claude", true, "start1 ok>blocked");
    assert_eq!(bench.factory.wait_event("it", "progressed")["word"], "cutting it up");
    assert_eq!(job(&bench, "it").children.len(), 1);
    let bench = check_careful("codex", false, "start1 ok>review");
    let back = bench.came_back();
    assert_eq!(back.matches("the engine's sandbox keeps its commands from the agent").count(), 2, "{back}");
}
