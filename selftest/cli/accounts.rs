//! Usage limits and accounts as the reading and acting verbs tell them.

use aq::board::Board as _;
use aq::engine::process_identity;
use aq::fleet::{Claimant, Command, Ending, EngineOffer};
use aq::job::{EngineClass, HolderId, JobId, Outcome, Usage};
use aq::time::Stamp;

use super::bench::{Bench, claimant, same};

/// Far ahead: the verbs read the real clock.
const RESET: &str = "2099-10-02T14:20:00Z";

/// A host that runs `shell` on the account `work`, or on the pool named.
fn host(accounts: &[&str]) -> Claimant {
    let engines = vec![EngineOffer {
        name: "shell".to_string(),
        class: EngineClass::Script,
        accounts: accounts.iter().map(ToString::to_string).collect(),
    }];
    let holder = HolderId::new(process_identity().to_string());
    Claimant { holder, engines, ..claimant() }
}

/// What is first in line is claimed by that host, begun, and ends so.
fn attempt(bench: &Bench, id: &str, accounts: &[&str], outcome: Outcome) {
    bench.act(vec![Command::Claim { who: Box::new(host(accounts)) }]);
    let (job, epoch, engine, run) = (JobId::from(id), bench.epoch(id), "shell".to_string(), "r".to_string());
    bench.act(vec![Command::Start { job: job.clone(), epoch, engine, run, base: None }]);
    let is_limit = outcome == Outcome::Limit;
    let ending = Ending {
        outcome,
        reason: "said so".to_string(),
        usage: Usage::default(),
        rev: None,
        until: Stamp::parse_rfc3339(RESET).filter(|_| is_limit),
        window: is_limit.then(|| "five_hour".to_string()),
        engine_fault: false,
        insight: aq::job::Insight::default(),
    };
    bench.act(vec![Command::End { job, epoch, ending: Box::new(ending) }]);
}

/// `first` has met a limit of the account `work`; `second` waits behind it, and the settings name `work`.
fn limited() -> Bench {
    let bench = Bench::queue();
    bench.job("first-1", |_| {}).job("second-2", |_| {});
    attempt(&bench, "first-1", &["work"], Outcome::Limit);
    settings(&bench, "[engines.shell.accounts.work]\nconfig-dir = '/w'\n");
    bench
}

/// The user's own file.
fn settings(bench: &Bench, text: &str) {
    let dir = bench.work().join("../home/config/aq");
    std::fs::create_dir_all(&dir).expect("a folder");
    std::fs::write(dir.join("config.toml"), text).expect("written");
}

#[track_caller]
fn check(words: &str, expected: &str) {
    same(&limited().run(words), expected);
}

#[track_caller]
fn has(said: &str, parts: &[&str]) {
    parts.iter().for_each(|part| assert!(said.contains(part), "no {part:?} in:\n{said}"));
}

#[test]
fn ls_says_until_when_and_whose_limit() {
    check(
        "ls --columns job,stage,status,tags,why",
        &format!(
            "second-2\tqueued\t\t\twaits until {RESET}, five-hour limit, account work\n\
             first-1\tqueued\tlimit-parked\tparked\tparked until {RESET}, five-hour limit, account work\nexit 0\n"
        ),
    );
    check("ls status:limit --columns job", "first-1\nexit 0\n");
    // Where the settings let it go on with another account nothing is waited for.
    let bench = limited();
    let both = "[engines.shell]\npool = ['work', 'home']\naccounts.work.config-dir = '/w'\naccounts.home.config-dir = '/h'\n";
    settings(&bench, both);
    has(&bench.run("ls second --columns job,why"), &["second-2\tneeds a slot\n"]);
}

#[test]
fn show_and_explain_name_the_window_the_account_and_the_date() {
    let bench = limited();
    has(
        &bench.run("show first"),
        &[
            &format!("parked\tuntil {RESET}, five-hour limit, account work\n"),
            "status\tlimit-parked, ",
            "run\t1\tshell/work\tlimit\t",
        ],
    );
    has(
        &bench.run("doctor"),
        &[
            &format!("shell/work is closed until {RESET}: five-hour limit, account work"),
            "aq unpark --account shell/work",
        ],
    );
    has(&bench.run("show second"), &[&format!("closed\tuntil {RESET}, five-hour limit, account work\n")]);
    has(
        &bench.run("show first --json"),
        &[
            &format!(
                r#""park":{{"reason":"limit","until":"{RESET}","text":"said so","window":"five_hour","account":"work"}}"#
            ),
            r#""status":{"word":"limit-parked""#,
            r#""engine":"shell","account":"work""#,
        ],
    );
    has(
        &bench.run("explain second"),
        &[
            "held by account since 2026-10-02T12:00:00Z: shell: five-hour limit, account work, as first-1 met it\n",
            "would start now if: it was let try: aq unpark second-2, or shell/work was opened: aq unpark --account shell/work\n",
            &format!("next chance: {RESET}\n"),
        ],
    );
    has(&bench.run("explain first"), &["held by parked since", ": five-hour limit, account work: said so"]);
}

#[test]
fn a_person_may_cancel_let_one_try_or_open_the_account() {
    let bench = limited();
    has(&bench.run("cancel first"), &["\tdone\tqueued@1\tfailed@2\t", "exit 0\n"]);
    let bench = limited();
    has(
        &bench.run("unpark first"),
        &["\tdone\tqueued@1\tqueued@1\t", "undo: aq undo. it tries once, whatever its account says"],
    );
    has(&bench.run("unpark second"), &["\tdone\tqueued@0\tqueued@0\t", "exit 0\n"]);
    has(&bench.run("unpark second"), &["it is not parked", "exit 4\n"]);
    let bench = limited();
    has(
        &bench.run("unpark --account home"),
        &["! error: no closed account home\n!   shell/work\n", "exit 3\n"],
    );
    has(&bench.run("unpark --account work -n"), &["would open shell/work", "exit 0\n"]);
    has(
        &bench.run("unpark --account work"),
        &["shell/work\tdone\t", "opened shell/work, 1 job back in line", "exit 0\n"],
    );
    has(&bench.run("unpark --account shell/work"), &["no account is closed", "exit 3\n"]);
    has(&bench.run("ls --columns job,why"), &["second-2\tno agent runs\n", "first-1\tno agent runs\n"]);
}

#[test]
fn a_refused_login_is_said_to_every_job_behind_it() {
    let bench = Bench::queue();
    bench.job("first-1", |_| {}).job("second-2", |_| {});
    attempt(&bench, "first-1", &["work"], Outcome::Auth);
    settings(&bench, "[engines.shell.accounts.work]\nconfig-dir = '/w'\n");
    has(
        &bench.run("ls --columns job,why"),
        &["second-2\twaits: login refused, account work\n", "first-1\tauth\n"],
    );
    has(&bench.run("next"), &["first-1\tfailed: auth\t"]);
}

#[test]
fn accounts_without_an_order_are_refused_in_words() {
    let bench = Bench::queue();
    settings(&bench, "[engines.shell.accounts]\nwork = {config-dir = '/w'}\nhome = {config-dir = '/h'}\n");
    has(
        &bench.run("config show"),
        &[
            "engines.shell has several accounts and nothing says which one runs",
            "write engines.shell.pool = [\"home\"], or [\"home\", \"work\"] to let it go on with the next",
            "exit 2\n",
        ],
    );
    // A project's file has no say in whose account runs.
    let bench = Bench::queue();
    std::fs::write(bench.work().join("aq.toml"), "[engines.shell]\npool = ['mine']\n").expect("written");
    has(&bench.run("config show"), &["engines.shell.pool is ignored here", "exit 0\n"]);
}

#[test]
fn a_cancel_that_is_taken_back_leaves_the_job_parked_as_it_was() {
    let bench = limited();
    let park = || bench.board().snapshot().jobs["first-1"].park.clone();
    let before = park();
    assert!(before.as_ref().is_some_and(|park| park.account.as_deref() == Some("work")), "{before:?}");
    bench.run("cancel first");
    assert_eq!(park(), None);
    has(
        &bench.run("undo"),
        &[&format!("undid cancel of first-1: it is parked (usage limit) until {RESET}\n")],
    );
    assert_eq!(park(), before);
    // What came with it is no action of its own: the cancel can be done again, and taken back again.
    has(&bench.run("undo --redo"), &["redid cancel of first-1: it is failed\n"]);
    has(&bench.run("undo"), &["undid cancel of first-1: it is parked"]);
    assert_eq!(park(), before);
}
