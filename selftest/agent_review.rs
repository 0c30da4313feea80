//! Reviews by engines, end to end: a commit that is looked at, a check that aq runs, words that go back.

use super::agent_bench::Factory;

/// What the canary's variable holds: no file of the queue may have it.
const CANARY: &str = "tok-canary-5f1d9c";

/// A factory with the engines `writer`, which does what it is told, and `judge`, which says what the script
/// prints.
fn factory(judge: &str) -> Factory {
    let factory = Factory::new();
    let top = factory.top();
    let writer = "cat > $TOP/prompt.$AQ_ATTEMPT; echo more >> notes; ! grep -q 'add good' $TOP/prompt.$AQ_ATTEMPT || echo ok > good";
    let yes = r#"printf '```verdict\n{"verdict":"approve","findings":[],"checks":[]}\n```\n'"#;
    let no = r#"printf '```verdict\n{"verdict":"reject","findings":[{"file":"notes","severity":"blocking","text":"add good, not CANARY"}],"checks":[]}\n```\n'"#;
    let judge = judge.replace("YES", yes).replace("NO", no).replace("CANARY", CANARY);
    let mut config = String::new();
    for (name, script) in [("writer", writer), ("judge", &*format!("cat > $TOP/asked; {judge}"))] {
        let path = top.join(format!("{name}.sh"));
        std::fs::write(&path, script.replace("$TOP", &top.display().to_string())).expect("written");
        config += &format!("[engines.{name}]\nargv = [\"sh\", \"{}\"]\nstdin = \"prompt\"\n", path.display());
    }
    factory.config(&config);
    factory
}

/// A job by `writer` with this rule, worked until nothing is ready; what the agent said.
fn work(factory: &Factory, fields: &str) -> String {
    factory.drop_in("it.md", &format!("---\ntitle: it\nengine: writer\n{fields}\n---\nWrite notes.\n"));
    let mut agent = factory.agent_with(&["--once"], &[("CANARY_TOKEN", CANARY)]);
    agent.end();
    agent.said()
}

#[track_caller]
fn has(said: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(said.contains(part), "no {part:?} in:\n{said}"));
}

const CHECKED: &str = "review: {reviewers: ['engine:judge'], check: 'test -f good && test ! -f spoiled'}";

#[test]
fn a_no_goes_back_with_its_words_and_a_checked_yes_passes() {
    let factory = factory("echo x > spoiled; if [ -f good ]; then YES; else NO; fi");
    let said = work(&factory, CHECKED);
    has(&said, &["verdict: reject", "verdict: approve"]);
    assert_eq!(factory.course("it"), "start1 ok>review start2 ok>review", "{said}");
    let state = factory.state();
    let job = state.job(&factory.id("it").expect("a job").as_str().into()).expect("a job").clone();
    assert_eq!((job.stage.name(), job.proof()), ("testing", aq::job::Proof::Verified));
    let prompt = std::fs::read_to_string(factory.top().join("prompt.2")).expect("a prompt");
    has(
        &prompt,
        &["## A reviewer said no", "blocking notes: add good", "The check that aq ran on this commit failed"],
    );
    let asked = std::fs::read_to_string(factory.top().join("asked")).expect("a prompt");
    has(&asked, &["You are a reviewer", "> Write notes.", "git diff", "test -f good", "```verdict"]);
    let head = job.head.clone().and_then(|head| head.rev).expect("a head");
    assert_eq!(factory.file_at(head.as_str(), "spoiled"), None, "what a reviewer changes is nobody's work");
    // Its tree and branch are gone, and nothing of it is at risk.
    has(&factory.say(&["risk"]), &["exit 0"]);
    let refs = factory.git(&["for-each-ref", "refs/heads/aq/verify", "refs/aq/review-of-it"]);
    assert!(refs.stdout.is_empty(), "{}", String::from_utf8_lossy(&refs.stdout));
    let review = &job.asked_reviews[0].by;
    has(&factory.say(&["show", review.as_str()]), &["Rejected.", "- blocking notes: add good"]);
    // The words are blobs: neither they nor the secret stand in an event.
    let events = format!("{:?}", factory.events());
    assert!(!events.contains("add good") && !events.contains(CANARY), "{events}");
    for dir in ["queue/.aq", ".git/aq"] {
        let found =
            std::process::Command::new("grep").args(["-rl", CANARY]).arg(factory.project.join(dir)).output();
        let found = found.expect("grep runs").stdout;
        assert!(found.is_empty(), "the secret stands in {}", String::from_utf8_lossy(&found));
    }
    assert!(!prompt.contains(CANARY));
}

#[test]
fn without_a_verdict_or_a_check_a_person_decides() {
    let silent = factory("echo VERDICT: approve");
    work(&silent, CHECKED);
    assert_eq!(silent.course("it"), "start1 ok>review");
    has(
        &silent.say(&["explain", "it"]),
        &[
            "gave no verdict: no verdict: its last message has no ```verdict block",
            "to ask again: aq requeue review-of-",
        ],
    );
    let unproven = factory("YES");
    work(&unproven, "review: {reviewers: ['engine:judge']}");
    assert_eq!(unproven.course("it"), "start1 ok>review");
    has(&unproven.say(&["explain", "it"]), &["UNPROVEN, no check was run, so it does not count"]);
    has(&unproven.say(&["ls"]), &["UNPROVEN"]);
}

#[test]
fn nobody_reviews_what_it_made() {
    let factory = factory("YES");
    work(&factory, "review: {reviewers: ['engine:writer']}");
    assert_eq!(factory.course("it"), "start1 ok>review");
    let state = factory.state();
    let review = state.jobs.values().find(|job| job.subject.is_some()).expect("a review").clone();
    assert_eq!((review.stage.name(), review.attempts.len()), ("queued", 0));
    let mut agent = factory.agent(&[]);
    let said = factory.wait("an agent that is seen", || {
        Some(factory.say(&["explain", review.id.as_str()])).filter(|said| said.contains("author"))
    });
    has(&said, &["no engine reviews its own work: writer made"]);
    // Who asks about the work is told too, and what a person can do.
    has(&factory.say(&["explain", "it"]), &["no engine reviews its own work", "you can: aq approve it-"]);
    has(&factory.say(&["next"]), &["review, stuck: no engine reviews its own work", "aq approve it-"]);
    has(&factory.say(&[]), &["1 needs you"]);
    agent.kill();
}

/// A planner that is a script hands in parts through its fence; one that hands in none has done nothing.
#[test]
fn a_planner_is_judged_by_its_parts() {
    let factory = Factory::new();
    let aq = env!("CARGO_BIN_EXE_aq");
    let part = "printf -- '---\\nengine: shell\\ntitle: part\\n---\\n```sh\\ntrue\\n```\\n'";
    factory.job(
        "plan",
        "profile: planner",
        &format!("{part} | {aq} add - --parent \"$AQ_JOB\"; {aq} progress cutting it up"),
    );
    factory.job("idle", "profile: planner", "echo hm");
    factory.once();
    let state = factory.state();
    let of =
        |name: &str| state.job(&factory.id(name).expect("a job").as_str().into()).expect("a job").clone();
    let plan = of("plan");
    assert_eq!((plan.stage.name(), plan.children.len()), ("blocked", 1), "{}", factory.reason("plan"));
    assert_eq!(plan.attempts[0].outcome, Some(aq::job::Outcome::Ok));
    let idle = of("idle");
    assert_eq!(idle.attempts[0].outcome, Some(aq::job::Outcome::NoWork));
    has(&factory.reason("idle"), &["it planned no parts and wrote nothing"]);
}

/// Who calls aq from inside a run is an engine, and one does not approve its own work.
#[test]
fn nobody_approves_from_inside_a_run() {
    let factory = Factory::new();
    factory.job("sly", "review: manual", "echo x > notes").once();
    let id = factory.id("sly").expect("a job");
    let head =
        factory.state().job(&id.as_str().into()).and_then(|job| job.head.clone()?.rev).expect("a head");
    let mut process = factory.aq(&["approve", &id, "--rev", head.as_str(), "--yes"]);
    process.env("AQ_FENCE_URL", "unix:/nowhere").env("AQ_JOB", &id);
    let out = process.output().expect("aq runs");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(5), "{said}");
    has(&said, &[&format!("inside the run of {id}, nothing is decided"), "ask a person: aq ask"]);
    has(&factory.say(&["approve", &id, "--rev", head.as_str(), "--yes"]), &["exit 0"]);
}

/// An engine finds aq on its search path; there it looks, adds, tells and asks, and decides nothing.
#[test]
fn a_run_finds_aq_and_decides_nothing_with_it() {
    let factory = Factory::new();
    factory.job("other", "review: manual", "echo x > notes").once();
    let other = factory.id("other").expect("a job");
    let script = format!(
        "aq ls > seen; for words in 'cancel {other} --yes' 'requeue {other}' 'budget pause local' drain stop \
         'agent --once' 'clean --keep 0 --yes' 'park {other}'; do code=0; aq $words 2>> said || code=$?; \
         echo \"$words: $code\" >> said; done"
    );
    factory.job("sly", "verify: grep -q other seen", &script).once();
    assert_eq!(factory.course("sly"), "start1 proven ok>testing", "{}", factory.reason("sly"));
    let state = factory.state();
    let head = |name: &str| {
        let id = factory.id(name).expect("a job");
        state.job(&id.as_str().into()).and_then(|job| job.head.clone()?.rev).expect("a head").to_string()
    };
    let said = factory.file_at(&head("sly"), "said").expect("what was said");
    assert_eq!(said.matches(": 5\n").count(), 8, "{said}");
    assert_eq!(factory.course("other"), "start1 ok>review", "{said}");
}

/// What an engine says by another way than its output is masked as its output is.
#[test]
fn no_secret_comes_in_through_the_fence() {
    let factory = Factory::new();
    factory.config("env-pass = [\"DEPLOY_TOKEN\"]\n");
    let part = "printf -- '---\\nengine: shell\\ntitle: use %s\\n---\\n```sh\\ntrue # %s\\n```\\n' $DEPLOY_TOKEN $DEPLOY_TOKEN";
    let script = format!(
        "{part} | aq add --parent \"$AQ_JOB\" -; aq progress \"with $DEPLOY_TOKEN\"; aq ask \"May I use $DEPLOY_TOKEN?\""
    );
    factory.job("it", "", &script);
    let mut agent = factory.agent_with(&["--once"], &[("DEPLOY_TOKEN", "sesame-canary-42")]);
    agent.end();
    let word = &factory.wait_event("it", "progressed")["word"];
    assert_eq!(word, "with [redacted]", "{}", agent.said());
    assert!(factory.events().iter().any(|event| event["what"].get("asked").is_some()), "{}", agent.said());
    let out =
        std::process::Command::new("grep").args(["-rla", "sesame-canary-42"]).arg(factory.top()).output();
    let found = String::from_utf8_lossy(&out.expect("grep").stdout).into_owned();
    assert_eq!(found, "", "the secret was written down");
}

/// The agent dies while aq runs the check: the next goes on, and the review gives one verdict.
#[test]
fn a_review_whose_agent_dies_in_its_check_decides_once() {
    let factory = factory("YES");
    let checks = factory.top().join("checks");
    let check = format!("echo x >> {}; sleep 0.5; test -s notes", checks.display());
    factory.drop_in(
        "it.md",
        &format!(
            "---\ntitle: it\nengine: writer\nreview: {{reviewers: ['engine:judge'], check: '{check}'}}\n---\nWrite notes.\n"
        ),
    );
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait("a check under way", || checks.exists().then_some(()));
    agent.kill();
    let mut next = factory.agent(&["--once"]);
    next.end();
    let state = factory.state();
    let job = state.job(&factory.id("it").expect("a job").as_str().into()).expect("a job").clone();
    assert_eq!((job.stage.name(), job.proof()), ("testing", aq::job::Proof::Verified), "{}", next.said());
    let of = |kind: &str| factory.events().iter().filter(|e| e["what"].get(kind).is_some()).count();
    assert_eq!((of("verdict_given"), of("review_given")), (1, 1), "{}", next.said());
    let ran = std::fs::read_to_string(&checks).expect("checks");
    assert_eq!((ran.as_str(), job.attempts.len()), ("x\n", 1), "the check goes on, and is not begun again");
    has(&factory.say(&["risk"]), &["exit 0"]);
}
