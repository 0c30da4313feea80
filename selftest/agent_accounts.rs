//! Usage limits and accounts with the real binary: scripts that say what an engine would.

use serde_json::Value;

use super::agent_bench::Factory;

const FAR: &str = "2099-10-02T14:20:00Z";
const WORK: &str = "[engines.shell.accounts.work]\nconfig-dir = '/login/work'\n";
const HOME: &str = "[engines.shell.accounts.home]\nconfig-dir = '~/login'\n";

/// A script that meets a limit of its account where `when` holds, and else writes down on which it ran.
fn meets(when: &str, resets_at: &str) -> String {
    let event =
        r#"{"ev":"limit","window":"five_hour","account":"work","resets_at":RESET,"state":"rejected"}"#;
    let event = event.replace("RESET", resets_at).replace('"', "\\\"");
    format!("if {when}; then echo \"::aq {event}\"; exit 75; fi\necho \"$AQ_ACCOUNT $AQ_ACCOUNT_DIR\" > who")
}

/// The facts of every event of that kind, in the order of the log.
fn facts(factory: &Factory, kind: &str) -> Vec<Value> {
    factory.events().iter().filter_map(|event| event["what"].get(kind)).cloned().collect()
}

/// What a job left in `who`, by its last checkpoint.
fn who(factory: &Factory, name: &str) -> String {
    let id = factory.id(name).expect("a job");
    let saved = facts(factory, "checkpointed").into_iter().rev().find(|fact| fact["job"] == *id);
    let rev = saved.expect("a checkpoint")["rev"].as_str().expect("a commit").to_string();
    factory.file_at(&rev, "who").unwrap_or_default()
}

fn say(factory: &Factory, words: &[&str]) -> String {
    let out = factory.aq(words).output().expect("aq runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}exit {:?}", text(&out.stdout), text(&out.stderr), out.status.code())
}

#[test]
fn a_limit_closes_the_account_for_the_second_job_too() {
    let factory = Factory::new();
    factory.config(WORK);
    let limit = meets("[ $AQ_ATTEMPT = 1 ]", &format!("\"{FAR}\""));
    factory.job("first", "priority: high", &limit).job("second", "", &meets("false", "0"));
    let mut agent = factory.agent(&["--once", "--slots", "1"]);
    agent.end();
    assert_eq!(factory.course("first"), "start1 limit>queued parked(limit)", "{}", factory.reason("first"));
    assert_eq!(factory.course("second"), "", "it walked into the same limit");
    assert!(agent.said().contains("first-"), "{}", agent.said());
    assert!(agent.said().contains("(shell, account work)"), "{}", agent.said());
    let closed = &facts(&factory, "account_closed")[0];
    assert_eq!(
        (&closed["engine"], &closed["account"], &closed["window"], &closed["outcome"]),
        (&"shell".into(), &"work".into(), &"five_hour".into(), &"limit".into())
    );
    let said = say(&factory, &["ls", "--columns", "title,why"]);
    assert!(said.contains(&format!("first\tparked until {FAR}, five-hour limit, account work\n")), "{said}");
    assert!(said.contains(&format!("second\twaits until {FAR}, five-hour limit, account work\n")), "{said}");
    // The same as long as an agent lives: it has registered on which accounts it runs what.
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait("an agent", || {
        let here = std::fs::read_dir(factory.place.side.join("agents")).ok()?.next()?.ok()?;
        std::fs::read_to_string(here.path()).ok().filter(|text| text.ends_with('\n')).map(drop)
    });
    let said = say(&factory, &["ls", "second", "--columns", "why"]);
    assert!(said.contains(&format!("waits until {FAR}, five-hour limit, account work\n")), "{said}");
    assert_eq!(agent.drain(), 0);
    // Cancelable; and the account opens by a word.
    let said = say(&factory, &["cancel", "first"]);
    assert!(said.contains("\tfailed@"), "{said}");
    let said = say(&factory, &["unpark", "--account", "work"]);
    assert!(said.contains("shell/work\tdone"), "{said}");
    factory.once();
    assert_eq!(factory.course("second"), "start1 ok>review", "{}", factory.reason("second"));
    assert_eq!(who(&factory, "second"), "work /login/work\n");
}

#[test]
fn a_pool_goes_on_with_the_next_account_and_says_so() {
    let factory = Factory::new();
    factory.config(&format!("engines.shell.pool = ['work', 'home']\n{WORK}{HOME}"));
    let limit = meets("[ $AQ_ACCOUNT = work ]", &format!("\"{FAR}\""));
    factory.job("first", "priority: high", &limit).job("second", "", &limit);
    let mut agent = factory.agent(&["--once", "--slots", "1"]);
    agent.end();
    assert_eq!(
        factory.course("first"),
        "start1 limit>queued start2 ok>review",
        "{}",
        factory.reason("first")
    );
    // The second never walks into the account that is closed.
    assert_eq!(factory.course("second"), "start1 ok>review", "{}", factory.reason("second"));
    let granted: Vec<Value> =
        facts(&factory, "lease_granted").iter().map(|fact| fact["account"].clone()).collect();
    assert_eq!(granted, ["work", "home", "home"]);
    let home = factory.top().join("home/login");
    assert_eq!(who(&factory, "second"), format!("home {}\n", home.display()));
    assert!(agent.said().contains("attempt 2 (shell, account home)"), "{}", agent.said());
}

#[test]
fn at_the_reset_the_jobs_go_on_by_themselves() {
    let factory = Factory::new();
    factory.config(WORK);
    let soon = "$(( ($(date +%s) + 2) * 1000 ))";
    factory.job("first", "priority: high", &meets("[ $AQ_ATTEMPT = 1 ]", soon));
    factory.job("second", "", &meets("false", "0"));
    let mut agent = factory.agent(&["--slots", "1"]);
    factory.wait_in("first", "review").wait_in("second", "review");
    assert_eq!(agent.drain(), 0);
    assert_eq!(factory.course("first"), "start1 limit>queued parked(limit) start2 ok>review");
    assert_eq!(factory.course("second"), "start1 ok>review");
    let kinds: Vec<String> = factory
        .events()
        .iter()
        .filter_map(|event| event["what"].as_object()?.keys().next().cloned())
        .filter(|kind| ["account_closed", "account_opened", "lease_granted"].contains(&kind.as_str()))
        .collect();
    assert_eq!(
        kinds,
        ["lease_granted", "account_closed", "account_opened", "lease_granted", "lease_granted"]
    );
}

#[test]
fn a_key_that_is_missing_closes_its_account_at_once() {
    let factory = Factory::new();
    factory.config("[engines.shell.accounts.work]\nenv = {VENDOR_KEY = 'AQ_NEVER'}\n");
    let said = say(&factory, &["config", "show"]);
    assert!(said.contains("AQ_NEVER is aq's own"), "{said}");
    factory.config("[engines.shell.accounts.work]\nenv = {VENDOR_KEY = 'WORK_KEY'}\n");
    factory.job("first", "priority: high", "echo \"$VENDOR_KEY\" > key").job("second", "", "true");
    factory.agent(&["--once", "--slots", "1"]).end();
    assert_eq!(factory.course("first"), "start1 auth>failed", "{}", factory.reason("first"));
    assert_eq!(factory.reason("first"), "account work of shell: WORK_KEY is not set where the agent runs");
    assert_eq!(factory.course("second"), "");
    // Mended: whoever sends the failed job back lets it try, and its success opens the account for the other.
    let said = say(&factory, &["requeue", "first"]);
    assert!(said.contains("\tqueued@"), "{said}");
    factory.agent_with(&["--once", "--slots", "1"], &[("WORK_KEY", "sesame42")]).end();
    assert_eq!(factory.course("first"), "start1 auth>failed start2 ok>review", "{}", factory.reason("first"));
    assert_eq!(factory.course("second"), "start1 ok>review");
    // The key reaches the engine alone: it stands in no transcript, plan or event.
    let left = walk(&factory.place.side)
        .into_iter()
        .filter(|path| !path.starts_with(factory.place.side.join("blobs")));
    for path in left {
        let bytes = std::fs::read(&path).unwrap_or_default();
        assert!(!bytes.windows(8).any(|part| part == b"sesame42"), "{}", path.display());
    }
}

fn walk(top: &std::path::Path) -> Vec<std::path::PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![top.to_path_buf()]);
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            if entry.path().is_dir() { open.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found
}
