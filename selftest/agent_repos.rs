//! Repositories that are not plain, and what a job may ask for beside its script.

use super::agent_bench::{Factory, git_in};

#[track_caller]
fn has(said: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(said.contains(part), "no {part:?} in:\n{said}"));
}

/// Works one job off in a prepared repository, and ships it into `trunk`.
#[track_caller]
fn shipped(factory: &Factory, fields: &str, script: &str) {
    let before = factory.checkout();
    let fields = format!("base: trunk | ship: merge | {fields}");
    factory.job("it", &fields, script).once();
    assert_eq!(factory.course("it"), "start1 proven ok>testing", "{}", factory.reason("it"));
    has(&factory.say(&["ship", "it", "--yes"]), &["exit 0"]);
    assert_eq!(before, factory.checkout(), "the user's checkout");
}

/// A commit in the user's own checkout, on both branches.
#[track_caller]
fn commit(factory: &Factory, words: &[&[&str]]) {
    for words in words {
        let out = factory.git(words);
        assert!(out.status.success(), "{words:?}: {}", String::from_utf8_lossy(&out.stderr));
    }
    for words in [&["commit", "-qam", "prepared"][..], &["branch", "-qf", "trunk"]] {
        assert!(factory.git(words).status.success(), "{words:?}");
    }
}

#[test]
fn a_submodule_stays_what_it_is() {
    let factory = Factory::new();
    let other = factory.top().join("other");
    std::fs::create_dir(&other).expect("a folder");
    std::fs::write(other.join("lib.txt"), "lib\n").expect("written");
    for words in [&["init", "-q"][..], &["add", "."], &["commit", "-qm", "lib"]] {
        assert!(git_in(&other, words).status.success());
    }
    commit(&factory, &[&["submodule", "-q", "add", &other.display().to_string(), "vendor"]]);
    let entry = |rev: &str| factory.git(&["ls-tree", rev, "vendor"]).stdout;
    let before = entry("trunk");
    shipped(
        &factory,
        "setup: git -c protocol.file.allow=always submodule -q update --init | verify: grep -q lib a",
        "cp vendor/lib.txt a",
    );
    assert_eq!(factory.file_at("trunk", "a").as_deref(), Some("lib\n"));
    assert_eq!((entry("trunk"), before.is_empty()), (before, false), "the entry of the submodule");
}

#[test]
fn files_with_a_filter_go_through_the_git_program() {
    let factory = Factory::new();
    std::fs::write(factory.project.join(".gitattributes"), "*.up filter=upper\n").expect("written");
    std::fs::write(factory.project.join("old.up"), "old\n").expect("written");
    commit(
        &factory,
        &[
            &["config", "filter.upper.clean", "tr a-z A-Z"],
            &["config", "filter.upper.smudge", "tr A-Z a-z"],
            &["add", "."],
        ],
    );
    assert_eq!(factory.file_at("trunk", "old.up").as_deref(), Some("OLD\n"));
    // Base moves too, so that the ship is a merge of filtered files.
    factory.commit_on("trunk", "theirs.up", "theirs\n");
    shipped(
        &factory,
        "verify: grep -q old old.up && grep -q new new.up",
        "cat old.up > new.up; echo new >> new.up",
    );
    assert_eq!(factory.file_at("trunk", "new.up").as_deref(), Some("OLD\nNEW\n"));
    assert_eq!(factory.file_at("trunk", "theirs.up").as_deref(), Some("THEIRS\n"));
}

#[test]
fn without_the_git_program_a_filter_is_refused_in_words() {
    let factory = Factory::new();
    std::fs::write(factory.project.join(".gitattributes"), "*.up filter=upper\n").expect("written");
    commit(&factory, &[&["add", "."]]);
    factory.job("it", "verify: test -f a", "echo 1 > a");
    let tools = factory.top().join("tools");
    std::fs::create_dir(&tools).expect("a folder");
    std::os::unix::fs::symlink("/bin/sh", tools.join("sh")).expect("linked");
    let mut agent = factory.agent_with(&["--once"], &[("PATH", &tools.display().to_string())]);
    agent.end();
    let problems = std::fs::read_to_string(factory.place.rejected().join("it.problems.txt")).expect("words");
    has(&problems, &["has files with the filter upper", "git is not on PATH"]);
    assert!(
        factory.place.rejected().join("it.md").exists() && factory.id("it").is_none(),
        "{}",
        agent.said()
    );
}

#[test]
fn artifacts_are_kept_by_glob() {
    let factory = Factory::new();
    let script = "mkdir -p out/deep; echo 1 > out/deep/a.bin; echo 2 > b.log; echo 3 > c.txt";
    factory.job("it", "artifacts: [\"out/**\", \"*.log\"] | verify: test -f c.txt", script).once();
    let id = factory.id("it").expect("a job");
    let kept = factory.place.side.join("artifacts").join(&id).join("1");
    let read = |name: &str| std::fs::read_to_string(kept.join(name)).ok();
    assert_eq!(
        (read("out/deep/a.bin").as_deref(), read("b.log").as_deref(), read("c.txt")),
        (Some("1\n"), Some("2\n"), None)
    );
    has(&factory.say(&["artifacts", "it"]), &["out/deep/a.bin", "b.log", "exit 0"]);
}

#[test]
fn jobs_that_touch_the_same_files_wait_for_each_other() {
    let factory = Factory::new();
    let shared = factory.top().join("shared");
    std::fs::create_dir(&shared).expect("a folder");
    let at = shared.display();
    let alone = format!("mkdir {at}/busy || exit 1; sleep 0.3; rmdir {at}/busy; echo 1 > a");
    for (name, globs) in [("a", "[\"src/**\"]"), ("b", "[\"src/b/*.rs\", x]"), ("c", "[\"src/**/*.rs\"]")] {
        factory.job(name, &format!("touches: {globs} | verify: test -f a"), &alone);
    }
    // It touches other files, and runs at the same time as one of them.
    let meets = format!("until [ -d {at}/busy ]; do sleep 0.01; done; echo 1 > a");
    factory.job("free", "touches: [docs/**] | verify: test -f a | priority: high", &meets);
    let mut agent = factory.agent(&["--slots", "4"]);
    for name in ["a", "b", "c", "free"] {
        factory.wait_in(name, "testing");
        assert_eq!(factory.course(name), "start1 proven ok>testing", "{}", factory.reason(name));
    }
    assert_eq!(agent.drain(), 0);
}

#[test]
fn a_dirty_base_is_not_shipped_into() {
    let factory = Factory::new();
    factory.job("it", "ship: merge | verify: test -s README.md", "echo mine >> README.md").once();
    std::fs::write(factory.project.join("README.md"), "half a thought\n").expect("written");
    let before = factory.checkout();
    let said = factory.say(&["ship", "it", "--yes"]);
    has(&said, &["uncommitted changes in README.md", "mend that, then ship again", "exit 4"]);
    assert_eq!(
        (before, factory.course("it")),
        (factory.checkout(), "start1 proven ok>testing ship_failed".into())
    );
    let half = std::fs::read_to_string(factory.project.join("README.md")).expect("there");
    assert_eq!(half, "half a thought\n");
    // What is changed elsewhere is in nobody's way.
    assert!(factory.git(&["checkout", "-q", "README.md"]).status.success());
    std::fs::write(factory.project.join("notes"), "mine\n").expect("written");
    has(&factory.say(&["ship", "it", "--yes"]), &["exit 0"]);
    let text = std::fs::read_to_string(factory.project.join("README.md")).expect("there");
    assert_eq!(text, "# A project\nmine\n");
    assert_eq!(factory.course("it"), "start1 proven ok>testing ship_failed shipped");
}

#[test]
fn an_engine_adds_a_part_and_tells_its_progress() {
    let factory = Factory::new();
    let aq = env!("CARGO_BIN_EXE_aq");
    let tell = factory.top().join("tell.py");
    let text = "import json,os,socket\ns=socket.socket(socket.AF_UNIX)\ns.connect(os.environ['AQ_FENCE_URL'][5:])\ns.sendall((json.dumps({'op':'progress','word':'counting'})+chr(10)).encode())\nprint(s.recv(4096))\n";
    std::fs::write(&tell, text).expect("written");
    let part = "printf -- '---\\nengine: shell\\nverify: test -f part\\n---\\n# Part\\n\\n```sh\\necho part > part\\n```\\n' > $TMPDIR/part.md";
    // An indented fence would end the manifest's own; the script is fenced with tildes.
    let script = format!(
        "if [ $AQ_ATTEMPT = 1 ]; then\npython3 {}\n{part}\n{aq} add --parent \"$AQ_JOB\" $TMPDIR/part.md\n{aq} add --parent other $TMPDIR/part.md && exit 1\nfi\necho 1 > a",
        tell.display()
    );
    let manifest = format!(
        "---\ntitle: it\nengine: shell\ndeps-mode: soft\nverify: test -f a\n---\n~~~sh\n{script}\n~~~\n"
    );
    factory.drop_in("it.md", &manifest).once();
    let told = factory.wait_event("it", "progressed");
    assert_eq!(told["word"], "counting");
    // The part comes first; then the whole runs again, from the part's merged head.
    let course = "start1 proven ok>blocked start2 proven ok>testing";
    assert_eq!(factory.course("it"), course, "{}", factory.reason("it"));
    let id = factory.id("it").expect("a job");
    assert_eq!(factory.file_at(&format!("aq/job/{id}"), "part").as_deref(), Some("part\n"));
}

#[test]
fn an_engine_that_is_not_there_is_named() {
    let factory = Factory::new();
    let ghost = factory.top().join("ghost");
    let engine = format!("[engines.ghost]\nargv = [\"{}\"]\nprompt = \"stdin\"\n", ghost.display());
    std::fs::write(factory.project.join("aq.toml"), engine).expect("written");
    factory.drop_in("it.md", "---\ntitle: it\nengine: ghost\n---\nHaunt.\n");
    let mut agent = factory.agent(&[]);
    factory.wait_event("it", "job_submitted");
    let said = factory.wait("words", || {
        let said = factory.say(&["explain", "it"]);
        said.contains("ghost").then_some(said)
    });
    has(&said, &["no host has the engine ghost", "on the PATH of a host"]);
    assert_eq!(factory.course("it"), "");
    assert_eq!(agent.drain(), 0);
    // There when it is claimed, gone when it is to start: the attempt ends with the reason.
    std::fs::write(&ghost, "#!/no/such/interpreter\n").expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&ghost, mode).expect("set");
    factory.once();
    assert_eq!(factory.course("it"), "start1 no_engine>failed", "{}", factory.reason("it"));
    has(&factory.reason("it"), &["ghost"]);
}
