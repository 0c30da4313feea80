//! The queue's ceiling, pause and resume; a suspended queue gets its files back.

use aq::fleet::Command;

use super::bench::{Bench, same};

#[track_caller]
fn check(words: &str, expected: &str) {
    same(&Bench::queue().run(words), expected);
}

#[test]
fn sets_and_shows() {
    check(
        "budget set local --ceiling 20 --window day",
        "local\tdone\t\t\t1\n! the ceiling of local is $20.00 (per day). undo: aq undo\nexit 0\n",
    );
    check(
        "budget set local",
        "! error: aq budget set needs what to set\n!   write: aq budget set local --ceiling 20 --window day\nexit 2\n",
    );
    check(
        "budget set local --ceiling much",
        "! error: --ceiling much is no amount in dollars\n!   write: --ceiling 20, --ceiling 1.50 or --ceiling none\nexit 2\n",
    );
    check(
        "budget set local --engine claude",
        "! error: --engine claude names no amount\n!   write: --engine claude=60, or --engine claude=none\nexit 2\n",
    );
    check(
        "budget show acme",
        "! error: no product acme\n!   a folder queue has one product, local; others need a fleet\n!   write: local\nexit 3\n",
    );
    check(
        "budget sh",
        "product\tlocal\nceiling\tnone (in total)\nspent\t$0.00\nreserved\t$0.00\nrate\t$0.00/h\nstate\tactive\nexit 0\n",
    );
}

#[test]
fn pauses_by_how_much_is_lost() {
    let bench = Bench::queue();
    bench.job("a-1", |_| {}).claim_alive();
    let said = bench.run("budget pause local --mode stop");
    assert!(said.contains("add: --yes") && said.ends_with("exit 2\n"), "{said}");
    let said = bench.run("budget pause local --mode kill --yes");
    assert!(said.contains("to do it, add: --confirm=1") && said.ends_with("exit 2\n"), "{said}");
    let said = bench.run("budget pause local --mode kill --confirm=7");
    assert!(said.contains("--confirm=1 or --confirm=local") && said.ends_with("exit 2\n"), "{said}");
    let said = bench.run("budget pause local --mode kill --confirm=1");
    assert!(said.contains("paused local (kill)") && said.ends_with("exit 0\n"), "{said}");
    let said = bench.run("budget resume local");
    assert!(said.ends_with("exit 0\n"), "{said}");
    same(
        &bench.run("budget resume local"),
        "local\tunchanged\t\t\tno_change\n! the queue is not paused: nothing to do\nexit 0\n",
    );
}

#[test]
fn a_resume_restores_the_files_that_vanished() {
    let bench = Bench::queue();
    for id in ["a-1", "b-2", "c-3"] {
        bench.job(id, |_| {});
    }
    for id in ["a-1", "b-2", "c-3"] {
        std::fs::remove_file(bench.work().join(format!("queue/inbox/{id}.md"))).expect("removed");
    }
    let jobs = ["a-1", "b-2", "c-3"].map(Into::into).to_vec();
    bench.act(vec![Command::Suspend { jobs }]);
    let said = bench.run("budget show");
    assert!(said.contains("suspended: 3 waiting files vanished at once"), "{said}");
    let said = bench.run("budget resume local");
    assert!(said.contains("resumed local, 3 files restored to inbox/"), "{said}");
    assert_eq!(std::fs::read_dir(bench.work().join("queue/inbox")).expect("a folder").count(), 3);
}

#[test]
fn the_ceiling_of_an_engine_is_set_shown_and_taken_back() {
    let bench = Bench::queue();
    let said = bench.run("budget set local --engine claude=60");
    assert!(said.contains("the ceiling of claude is $60.00"), "{said}");
    let said = bench.run("budget set local --engine clod=60");
    assert!(said.contains("no engine \"clod\"") && said.ends_with("exit 2\n"), "{said}");
    let said = bench.run("budget show");
    assert!(said.contains("claude\t$0.00 of $60.00\n"), "{said}");
    let said = bench.run("budget set local --engine claude=0");
    assert!(said.ends_with("exit 0\n"), "{said}");
    let said = bench.run("budget show --json");
    assert!(said.contains("\"routed_around\":true") || said.contains("\"routed_around\": true"), "{said}");
    bench.run("undo");
    let said = bench.run("budget show");
    assert!(said.contains("claude\t$0.00 of $60.00\n"), "{said}");
}
