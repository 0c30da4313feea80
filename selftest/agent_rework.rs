//! What is sent back begins on base as it is now: merged in, or anew where the work conflicts with it.

use super::agent_bench::Factory;

/// A job that ships into `trunk` and has been accepted once.
fn accepted(fields: &str, script: &str) -> (Factory, String) {
    let factory = Factory::new();
    let fields = format!("base: trunk | ship: merge | {fields}");
    factory.job("it", &fields, script).once();
    assert_eq!(factory.course("it"), "start1 proven ok>testing", "{}", factory.reason("it"));
    let id = factory.id("it").expect("a job");
    (factory, id)
}

#[track_caller]
fn has(said: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(said.contains(part), "no {part:?} in:\n{said}"));
}

#[test]
fn a_conflict_is_sent_back_done_anew_and_shipped() {
    let (factory, id) = accepted("verify: test -s notes", "echo mine >> notes");
    let before = factory.checkout().replace("refs/heads/trunk", "");
    factory.commit_on("trunk", "notes", "theirs\n");
    let said = factory.say(&["ship", "it", "--yes"]);
    has(&said, &["conflict with trunk in notes", &format!("aq reject {id} --requeue -m WHY"), "exit 4"]);
    factory.wait_in("it", "review");
    let needs = factory.say(&["explain", "it"]);
    has(&needs, &[&format!("aq reject {id} --requeue -m WHY")]);

    let first = factory.state().job(&id.as_str().into()).and_then(|job| job.head.clone()?.rev).expect("work");
    has(&factory.say(&["reject", "it", "--requeue", "-m", "keep theirs", "--yes"]), &["exit 0"]);
    factory.once();
    assert_eq!(factory.file_at(&format!("aq/job/{id}"), "notes").as_deref(), Some("theirs\nmine\n"));
    let kept = factory.git(&["for-each-ref", "--contains", first.as_str(), "refs/aq"]);
    assert!(!kept.stdout.is_empty(), "the first work stands in a ref");
    has(&factory.say(&["diff", "it"]), &["+mine"]);
    assert!(!factory.say(&["diff", "it"]).contains("+theirs"), "base's own work is nobody's change");
    has(&factory.say(&["ship", "it", "--yes"]), &["exit 0"]);
    let course = "start1 proven ok>testing ship_failed start2 proven ok>testing shipped";
    assert_eq!(factory.course("it"), course, "{}", factory.reason("it"));
    assert_eq!(factory.file_at("trunk", "notes").as_deref(), Some("theirs\nmine\n"));
    let parents = factory.git(&["merge-base", "--is-ancestor", first.as_str(), "trunk"]);
    assert!(!parents.status.success(), "what was set aside is not merged by the back door");
    assert_eq!(before, factory.checkout().replace("refs/heads/trunk", ""));
}

#[test]
fn the_hand_off_names_what_was_set_aside_until_something_new_is_accepted() {
    let factory = Factory::new();
    let script = "cat > got.$AQ_ATTEMPT; echo mine >> notes; [ $AQ_ATTEMPT != 2 ] || sleep 60";
    let engine = format!("[engines.talker]\nargv = [\"sh\", \"-c\", \"{script}\"]\nprompt = \"stdin\"\n");
    std::fs::write(factory.project.join("aq.toml"), engine).expect("written");
    let fields = "engine: talker\nbase: trunk\nship: merge\nverify: test -s notes\n";
    factory.drop_in("it.md", &format!("---\ntitle: it\n{fields}---\nWrite notes.\n")).once();
    let id = factory.id("it").expect("a job");
    let head =
        || factory.state().job(&id.as_str().into()).and_then(|job| job.head.clone()?.rev).expect("work");
    let first = head();
    factory.commit_on("trunk", "notes", "theirs\n");
    factory.say(&["ship", "it", "--yes"]);
    factory.say(&["reject", "it", "--requeue", "-m", "keep theirs", "--yes"]);
    // The second attempt is drained in the middle; the third goes on with its tree.
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait("the second attempt", || {
        factory.processes().values().any(|kind| *kind == "engine").then_some(())?;
        let tree = factory.top().join("home/state/aq/worktrees");
        let tree = std::fs::read_dir(tree).ok()?.flatten().next()?.path().join(&id);
        std::fs::read_to_string(tree.join("notes")).is_ok_and(|text| text.ends_with("mine\n")).then_some(())
    });
    assert_eq!(agent.drain(), 0, "{}", agent.said());
    factory.wait_quiet().once();
    let course = "start1 proven ok>testing ship_failed start2 drained>queued start3 proven ok>testing";
    assert_eq!(factory.course("it"), course, "{}", factory.reason("it"));
    let second = head();
    let at = |path: &str| factory.file_at(second.as_str(), path);
    assert_eq!(at("notes").as_deref(), Some("theirs\nmine\nmine\n"));
    assert_eq!(at("got.1"), None, "it began anew");
    for nth in 2..=3 {
        let got = at(&format!("got.{nth}")).unwrap_or_default();
        has(
            &got,
            &["Work that was set aside", "conflicts with trunk", "keep theirs", first.as_str(), "--3way"],
        );
        assert!(!got.contains("- got.1\n"), "what was set aside is not called done:\n{got}");
    }
    // Accepted again and sent back again, it goes on with what is accepted now.
    factory.say(&["reject", "it", "--requeue", "-m", "once more", "--yes"]);
    factory.once();
    let last = head();
    let got = factory.file_at(last.as_str(), "got.4").unwrap_or_default();
    assert!(got.contains("once more") && !got.contains("set aside"), "{got}");
    assert!(factory.git(&["merge-base", "--is-ancestor", second.as_str(), last.as_str()]).status.success());
}

#[test]
fn base_comes_in_where_it_leaves_the_work_alone() {
    let (factory, id) = accepted("verify: test -s a", "cat theirs >> a || echo none >> a");
    factory.commit_on("trunk", "theirs", "theirs\n");
    factory.say(&["reject", "it", "--requeue", "-m", "look again", "--yes"]);
    factory.once();
    let branch = format!("aq/job/{id}");
    assert_eq!(factory.file_at(&branch, "a").as_deref(), Some("none\ntheirs\n"), "{}", factory.reason("it"));
    let change = factory.say(&["diff", "it"]);
    assert!(change.contains("+none") && !change.contains("b/theirs"), "{change}");
    // Verified on base as it is: the ship has nothing to ask again.
    has(&factory.say(&["ship", "it", "--yes"]), &["exit 0"]);
    let runs = std::fs::read_dir(factory.place.side.join("runs").join(&id)).expect("listed").flatten();
    let names: Vec<String> = runs.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert!(!names.iter().any(|name| name.starts_with("ship-")), "{names:?}");
}

#[test]
fn a_failed_attempt_meets_the_base_that_was_mended() {
    let factory = Factory::new();
    factory.job("it", "base: trunk | verify: test -s a -a -f mended", "echo $AQ_ATTEMPT >> a").once();
    factory.commit_on("trunk", "mended", "yes\n");
    factory.say(&["requeue", "it", "--yes"]);
    factory.once();
    assert_eq!(
        factory.course("it"),
        "start1 disproven verify_failed>failed start2 proven ok>testing",
        "{}",
        factory.reason("it")
    );
    let id = factory.id("it").expect("a job");
    assert_eq!(factory.file_at(&format!("aq/job/{id}"), "a").as_deref(), Some("1\n2\n"));
}

#[test]
fn what_was_verified_on_an_older_base_is_verified_again() {
    let factory = Factory::new();
    let fields = "base: trunk | ship: merge | verify: echo broken is in the way; test -s a -a ! -f broken";
    let script = "echo 1 >> a; [ $AQ_ATTEMPT -gt 1 ] || sleep 60";
    factory.job("it", fields, script);
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait_event("it", "attempt_started");
    factory.wait("the engine", || factory.processes().values().any(|k| *k == "engine").then_some(()));
    assert_eq!(agent.drain(), 0);
    // Base moves while the job waits; the interrupted attempt goes on with the tree as it was.
    factory.commit_on("trunk", "broken", "yes\n");
    factory.wait_quiet().once();
    assert_eq!(factory.course("it"), "start1 drained>queued start2 proven ok>testing");
    let said = factory.say(&["ship", "it", "--yes"]);
    has(
        &said,
        &["trunk moved since verify, and verify fails on the merge", "aq log it-", "--run ship", "exit 4"],
    );
    // What it said stands with the runs of the attempt whose work it is.
    let log = factory.say(&["log", "it", "--run", "ship"]);
    has(&log, &["broken is in the way", "ship: echo broken is in the way; test -s a", "exit 1"]);
    let whole = factory.say(&["log", "it"]);
    assert_eq!(whole.matches("broken is in the way\n").count(), 2, "verify and ship said it each:\n{whole}");
    assert_eq!(factory.file_at("trunk", "a"), None);
}

#[test]
fn a_base_that_moves_while_its_merge_is_verified_is_planned_again() {
    let factory = Factory::new();
    // The second look is the one at the merge: somebody's commit goes in under it.
    let look = "echo . >> TOP/looks\n[ $(wc -l < TOP/looks) = 2 ] || exit 0\n\
                tree=$(git rev-parse 'trunk^{tree}')\n\
                new=$(git -c user.name=ann -c user.email=ann@here commit-tree -p trunk -m race $tree)\n\
                git update-ref refs/heads/trunk $new\n";
    let path = factory.top().join("look.sh");
    std::fs::write(&path, look.replace("TOP", &factory.top().display().to_string())).expect("written");
    let fields = format!("base: trunk | ship: merge | verify: sh {}", path.display());
    factory.job("it", &fields, "echo 1 >> a").once();
    factory.commit_on("trunk", "theirs", "yes\n");
    has(&factory.say(&["ship", "it", "--yes"]), &["merged into trunk", "exit 0"]);
    assert_eq!(factory.course("it"), "start1 proven ok>testing shipped", "{}", factory.reason("it"));
    let looks = std::fs::read_to_string(factory.top().join("looks")).expect("read");
    assert_eq!(looks.lines().count(), 3, "the work, the merge, and the merge with what came in between");
    let log = factory.git(&["log", "--format=%s", "trunk"]);
    assert!(String::from_utf8_lossy(&log.stdout).contains("race"), "nobody's commit is lost");
    assert_eq!(factory.file_at("trunk", "a").as_deref(), Some("1\n"));
}

#[test]
fn the_verify_of_a_merge_has_what_every_verify_has() {
    let factory = Factory::new();
    factory.commit_on("trunk", ".gitignore", "deps\n");
    // What setup makes is in no commit, and what runs are told is told here too.
    let verify = "test -f deps -a -n \"$AQ_PORT_BASE\" -a -n \"$AQ_EPOCH\" -a -d \"$AQ_QUEUE\"";
    let fields = format!("base: trunk | ship: merge | setup: touch deps | verify: {verify}");
    factory.job("it", &fields, "echo 1 >> a").once();
    assert_eq!(factory.course("it"), "start1 proven ok>testing", "{}", factory.reason("it"));
    factory.commit_on("trunk", "theirs", "yes\n");
    has(&factory.say(&["ship", "it", "--yes"]), &["merged into trunk", "exit 0"]);
}

#[test]
fn a_ship_by_rule_that_cannot_be_is_a_persons() {
    let factory = Factory::new();
    let told = factory.top().join("told");
    let script = format!("printf '%s\\n' \"$1\" >> '{}'", told.display());
    factory.config(&format!("notify.command = {}\n", serde_json::json!(["sh", "-c", script, "notify"])));
    // The base is checked out, where only a person may change files.
    factory.job("it", "ship: merge | autoship: verified | verify: test -s a", "echo 1 >> a").once();
    assert_eq!(factory.course("it"), "start1 proven ok>testing ship_failed", "{}", factory.reason("it"));
    let why = "is checked out in";
    has(&factory.say(&["next"]), &["not shipped:", why, "aq ship it-"]);
    has(&factory.say(&["explain", "it"]), &["its rule has tried to ship it"]);
    has(&factory.say(&["ls", "needs:me", "--plain"]), &[why]);
    has(&factory.say(&["wait", "it", "--for", "settled", "--timeout", "5s"]), &["exit 0"]);
    factory.wait("the person's command", || {
        std::fs::read_to_string(&told).is_ok_and(|text| text.contains(why)).then_some(())
    });
}

#[test]
fn what_a_cancelled_run_had_made_is_shown_and_gone_on_from() {
    let factory = Factory::new();
    let ready = factory.top().join("ready");
    let first = format!("echo 1 > made; touch '{}'; sleep 60", ready.display());
    let script = format!("if [ $AQ_ATTEMPT = 1 ]; then {first}; fi; echo 2 > more");
    factory.job("it", "verify: test -s made -a -s more", &script);
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait("its work", || ready.exists().then_some(()));
    factory.say(&["budget", "pause", "local", "--yes"]);
    factory.say(&["cancel", "it", "--yes"]);
    // Saved after the law had closed the attempt, and known all the same.
    factory.wait_event("it", "attempt_settled");
    assert_eq!(agent.drain(), 0, "{}", agent.said());
    has(&factory.say(&["diff", "it", "--stat"]), &["made", "exit 0"]);
    // The folder may go: the work is in the repository.
    let listed = factory.git(&["worktree", "list", "--porcelain"]).stdout;
    let listed = String::from_utf8_lossy(&listed).into_owned();
    let folder = listed.lines().filter_map(|line| line.strip_prefix("worktree ")).nth(1).expect("its folder");
    std::fs::remove_dir_all(folder).expect("gone");
    factory.say(&["requeue", "it", "--yes"]);
    factory.say(&["budget", "resume", "local", "--yes"]);
    factory.once();
    assert_eq!(factory.course("it"), "start1 cancelled start2 proven ok>testing", "{}", factory.reason("it"));
}
