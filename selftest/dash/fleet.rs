//! The fleet of a folder: this host, its agents, and how they are started and ended.

use std::path::PathBuf;

use aq::agent::Agent;
use aq::dash::{Found, Host, Msg, Wishes};
use aq::engine::{Liveness, process_identity};
use aq::job::CapabilitySet;
use aq::time::Span;
use expect_test::{Expect, expect};

use super::frames::compare;
use super::seat::Seat;
use crate::law_script::START;

/// One agent works on two jobs, one is gone; an account has met its limit.
const SCENE: &str = "submit port engine=claude | submit docs | submit waits engine=claude \
     | claim h1~x/1 engines=claude accounts=work | start port | pass 10m \
     | end port limit until=+3h window=weekly why=spent | claim h1~x/1 | start docs | pass 4m | progress docs tool(Bash) \
     | pass 9s";

pub fn agent(holder: &str, pid: i32, life: Liveness) -> Agent {
    let mut capabilities = CapabilitySet::default();
    capabilities.offer("os", "linux");
    capabilities.offer("has", "git");
    capabilities.offer("claude", "2.1.4");
    Agent {
        who: Some(aq::engine::ProcessIdentity { pid, ..process_identity() }),
        holder: holder.to_string(),
        slots: 3,
        since: START,
        beat: START.plus(Span::from_mins(13)),
        engines: vec!["claude".to_string(), "shell".to_string()],
        capabilities,
        file: PathBuf::from("a.json"),
        life,
    }
}

/// A host with these agents.
pub fn host(agents: Vec<Agent>) -> Host {
    Host {
        name: "forge-02".to_string(),
        system: "linux x86_64".to_string(),
        cores: 8,
        load: Some(86),
        loads: vec![20, 40, 60, 140, 120, 86],
        agents,
        engines: vec!["shell".into(), "claude".into()],
    }
}

fn seat(agents: Vec<Agent>, size: (u16, u16)) -> Seat {
    let mut seat = Seat::of(SCENE, size).keys("4");
    let host = host(agents);
    seat.send(Msg::Found(Box::new(Found::Host(Ok(Box::new(host))))));
    seat.draw();
    seat
}

fn two() -> Vec<Agent> {
    vec![agent("h1~x/1", 41_877, Liveness::Alive), agent("h1~x/2", 77, Liveness::Gone)]
}

#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(keys: &str, expected: Expect) {
    let seat = seat(two(), (80, 24)).keys(keys);
    let said = seat.model.toast.as_ref().map(|toast| format!("said: {}\n", toast.text)).unwrap_or_default();
    expected.assert_eq(&format!("{}{said}{} layers\n", seat.asked(), seat.model.layers.len()));
}

/// The log knows of no drain, so that an undo by the log would take back what was done before it.
#[test]
fn what_stands_in_no_log_is_not_undone_in_the_place_of_another() {
    check(
        "d y u",
        expect![[r#"
            look at Host
            agents: End("h1~x/1", 41877, Drain)
            said: drain has no undo; what was done before it: aq undo
            0 layers
        "#]],
    );
}

#[test]
fn an_agent_that_runs_something_is_drained_and_stopped_after_a_sheet() {
    check(
        "d",
        expect![[r#"
            look at Host
            1 layers
        "#]],
    );
    check(
        "d y",
        expect![[r#"
            look at Host
            agents: End("h1~x/1", 41877, Drain)
            0 layers
        "#]],
    );
    check(
        "j d",
        expect![[r#"
        look at Host
        said: drain is off: it lives no more
        0 layers
    "#]],
    );
    check(
        ": \"stop\" Enter",
        expect![[r#"
        look at Host
        1 layers
    "#]],
    );
    check(
        ": \"stop\" Enter y",
        expect![[r#"
        look at Host
        agents: End("h1~x/1", 41877, Stop)
        0 layers
    "#]],
    );
    check(
        ": \"start\" Enter",
        expect![[r#"
        look at Host
        agents: Start
        0 layers
    "#]],
    );
}

#[test]
fn what_the_line_asks_for_is_held_against_who_is_here() {
    let script = "submit a engine=codex | submit b engine=codex | submit c needs=gpu | submit d | submit e | submit f | submit g";
    let mut seat = Seat::of(script, (80, 24)).keys("4");
    let agents = vec![agent("h1~x/1", 41_877, Liveness::Alive)];
    let host = Host { name: "forge~17".into(), cores: 2, agents, ..Host::default() };
    seat.send(Msg::Found(Box::new(Found::Host(Ok(Box::new(host))))));
    compare(seat, "fleet-fit", false);
}

#[test]
fn frames() {
    for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
        compare(seat(two(), size), &format!("fleet-{of}"), of == "80");
    }
    compare(seat(Vec::new(), (80, 24)), "fleet-none", false);
    compare(seat(two(), (80, 24)).keys("d"), "fleet-drains", false);
    compare(seat(two(), (80, 24)).keys(": \"stop\" Enter"), "fleet-stop", false);
    let poor = Wishes { term: "linux".into(), ..Wishes::default() };
    compare(seat(two(), (80, 24)).look(&poor), "fleet-ascii", false);
}

#[test]
fn how_long_ago_an_agent_beat_is_looked_at_anew() {
    let looks = |seat: &Seat| seat.asked().matches("look at Host").count();
    let seat = seat(two(), (160, 30));
    let before = looks(&seat);
    // No event came; only the frame is out of date.
    let seat = seat.keys("+70s");
    assert_eq!(looks(&seat), before + 1);
    let elsewhere = seat.keys("1 +70s +70s");
    assert_eq!(looks(&elsewhere), before + 1, "only where agents are shown");
}
