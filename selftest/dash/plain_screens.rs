//! The screens of the queue as a whole in words: agents, work at risk, the past, money.

use std::fmt::Write as _;

use aq::dash::Talk;
use aq::time::Span;
use expect_test::{Expect, expect};

use super::frames::SCENE;
use super::plain::{VERBS, hear, tell};
use super::seat::{Seat, without_times};

/// Types the lines, and compares what was said and asked; what a screen looks at beside the log is found at once.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn with_finds(script: &str, lines: &[&str], find: impl Fn() -> aq::dash::Found, expected: Expect) {
    let mut seat = Seat::of(script, (80, 24));
    let mut talk = Talk::new(VERBS.map(str::to_string).to_vec());
    let mut out = String::new();
    let _ = talk.tell(&seat.model);
    for line in lines {
        seat.pass(Span::from_millis(200));
        let _ = writeln!(out, "< {line}");
        hear(&mut out, &mut talk, &mut seat, line);
        if seat.asked().contains("look at") {
            seat.send(aq::dash::Msg::Found(Box::new(find())));
        }
        for line in seat.asked().lines() {
            let _ = writeln!(out, "({})", without_times(line));
        }
        seat.effects.clear();
        tell(&mut out, &mut talk, &seat);
    }
    expected.assert_eq(&out);
}

#[test]
fn what_was_done_is_told_when_it_is_shown() {
    let mut seat = Seat::of(SCENE, (80, 24));
    let acted = aq::dash::Acted {
        ticket: 1,
        results: Vec::new(),
        fault: None,
        past: "approved".to_string(),
        undo: false,
        upto: seat.model.replica.state.seq + 1,
    };
    assert!(!seat.model.pending());
    seat.send(aq::dash::Msg::Acted(Box::new(acted)));
    assert!(seat.model.pending(), "the menu would be that of before");
    seat.happens("cancel docs");
    assert!(!seat.model.pending());
}

#[test]
fn agents_are_told_and_ended_by_number() {
    let host = || {
        let agents = vec![super::fleet::agent("h1~x/1", 41_877, aq::engine::Liveness::Alive)];
        let host = aq::dash::Host {
            name: "forge~1".into(),
            system: "linux".into(),
            cores: 2,
            agents,
            ..Default::default()
        };
        aq::dash::Found::Host(Ok(Box::new(host)))
    };
    with_finds(
        SCENE,
        &["fleet", "drain 7", "stop 1", "n", "drain 1"],
        host,
        expect![[r#"
            < fleet
            (look at Host)
            Fleet: forge, linux, 2 cores, load unknown
             1 agent 41877, up, 1 of 3 slots used, engines claude shell, chosen
            In the line for claude: 1 queued; 1 of 1 agent can take them
            drain or stop, with an agent's number; start; back goes on
            Number, verb, or ? >
            < drain 7
            7 is no agent of the last menu
            < stop 1
            Stop agent 41877?
               its runs are stopped now, and still checkpointed
               runs: fix-login
               lost: the turns in flight
               kept: worktrees, checkpoints, logs; its jobs are queued again
               instead: d drains it: it takes nothing new, checkpoints and ends
               back: start in . starts another one
               Runs as: aq stop
            y stop it; n or an empty line: let it work >
            < n
            Fleet: forge, linux, 2 cores, load unknown
             1 agent 41877, up, 1 of 3 slots used, engines claude shell, chosen
            In the line for claude: 1 queued; 1 of 1 agent can take them
            drain or stop, with an agent's number; start; back goes on
            Number, verb, or ? >
            < drain 1
            Drain agent 41877?
               it takes nothing new; its jobs are checkpointed and given back, then it ends
               runs: fix-login
               lost: the turns in flight
               kept: worktrees, checkpoints, logs; its jobs are queued again
               instead: P then drain: what runs finishes, nothing new starts
               back: start in . starts another one
               Runs as: aq drain
            y drain it; n or an empty line: let it work >
        "#]],
    );
}

#[test]
fn work_at_risk_is_told_and_rescued_by_number() {
    let risks = || {
        let row = super::risk::at_risk("notes", 40, &["a.txt", "b.txt"], &[".env: a secret"]);
        aq::dash::Found::Risks(Ok(aq::dash::Risks { host: "forge~1".into(), rows: vec![row], worktrees: 3 }))
    };
    with_finds(
        SCENE,
        &["risk", "let-go 1", "n", "risk-sort", "rescue gate", "rescue 1"],
        risks,
        expect![[r#"
            < risk
            (look at Risks)
            Work at risk: 1 of 3 worktrees here, owner gone first
             1 notes, 40 lines in 3 files, nobody works on it, /home/ann/.local/state/aq/worktrees/q/notes
                 left out: .env: a secret
            rescue, let-go or unsaved (the diff), with a number; rescue-all; risk-sort; back goes on
            Number, verb, or ? >
            < let-go 1
            Let go of the worktree of notes?
               worktrees on forge~1
               lost: 40 lines in a.txt, b.txt
               lost too: .env: a secret
               kept: its commits and checkpoints, the log
               instead: r rescues it
               back: none: what stands in no commit is gone for good
               Runs as: aq risk let-go notes --yes
            y let it go; n or an empty line: leave them >
            < n
            Work at risk: 1 of 3 worktrees here, owner gone first
             1 notes, 40 lines in 3 files, nobody works on it, /home/ann/.local/state/aq/worktrees/q/notes
                 left out: .env: a secret
            rescue, let-go or unsaved (the diff), with a number; rescue-all; risk-sort; back goes on
            Number, verb, or ? >
            < risk-sort
            Work at risk: 1 of 3 worktrees here, most lines first
             1 notes, 40 lines in 3 files, nobody works on it, /home/ann/.local/state/aq/worktrees/q/notes
                 left out: .env: a secret
            rescue, let-go or unsaved (the diff), with a number; rescue-all; risk-sort; back goes on
            Number, verb, or ? >
            < rescue gate
            gate is not at risk
            < rescue 1
            (rescue ["notes"])
        "#]],
    );
}

#[test]
fn the_past_is_wound_and_money_told_in_words() {
    let log = Seat::of(SCENE, (80, 24)).log();
    let recording = move || {
        let recording = aq::insight::Recording::of(aq::fleet::State::default(), log.clone()).expect("a log");
        aq::dash::Found::Recording(Ok(std::sync::Arc::new(recording)))
    };
    with_finds(
        SCENE,
        &["time", "event-back", "cancel gate", "live", "budget", "budget show", "overview"],
        recording,
        expect![[r#"
            < time
            (look at Recording)
            Time: 17 events from 2026-01-05 HH:MM:SS, 1 mark; you see now
            Jobs: 1 queued, 1 blocked, 1 building, 1 review, 1 testing
               HH:MM:SS notes checkpointed 1234567, 1 line
               HH:MM:SS notes verified passed, took 1 s
               HH:MM:SS notes attempt_ended ok it, to testing
               HH:MM:SS fix-login progressed tool(Bash)
            event-back, event, minute-back, minute, landmark-back, landmark, moment, only, differs, live
            Number, verb, or ? >
            < event-back
            HH:MM:SS replay: the past, nothing can be done, /q: 5 jobs, 1 running, 2 need you, 0 agents
            Time: 17 events from 2026-01-05 HH:MM:SS, 1 mark; you see 2026-01-05 HH:MM:SS, nothing can be done
            Jobs: 1 queued, 1 blocked, 1 building, 1 review, 1 testing
               HH:MM:SS notes attempt_started 1, shell
               HH:MM:SS notes checkpointed 1234567, 1 line
               HH:MM:SS notes verified passed, took 1 s
               HH:MM:SS notes attempt_ended ok it, to testing
               later: HH:MM:SS fix-login progressed tool(Bash)
            event-back, event, minute-back, minute, landmark-back, landmark, moment, only, differs, live
            Number, verb, or ? >
            < cancel gate
            (Read(Manifest("gate", "gate")))
            HH:MM:SS cancel is off: you see the past: L goes live
            gate review, 0 s, gate, unproven, 0 of 1 approvals
            Off now, its name says why: approve, answer, reject, ship, park, unpark, requeue, redrive, cancel, promote, preempt, edit
            Read it: show, log, diff, events, explain. back goes on
            Number, verb, or ? >
            < live
            (Read(History("gate")))
            HH:MM:SS local, watching files, /q: 5 jobs, 1 running, 2 need you, 1 agent, alert: no host has claude: 1 job waits
            < budget
            (forget the log)
            Budget in total: active, $2.50 reserved
               local: spent $1.50, no ceiling
               shell: spent $1.50, no ceiling
               now $2.83/h
               shipped: none so far
               by profile: developer $1.50
               by job: fix-login $1.50
            pause, resume and ceiling ask first; budget show tells more; back goes on
            Number, verb, or ? >
            < budget show
            (aq budget show)
            < overview
            HH:MM:SS local, watching files, /q: 5 jobs, 1 running, 2 need you, 1 agent, alert: no host has claude: 1 job waits
            Needs you
             1 gate review, 31 min, gate, unproven, 0 of 1 approvals
            Waits for ship
             2 notes testing, 31 min, notes, verified, waits for ship
            Running
             3 fix-login building, 31 min, fix-login, tool(Bash) 15 s ago
            Number, verb, or ? >
        "#]],
    );
}
