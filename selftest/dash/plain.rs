//! The cockpit in words: lines in, lines out.

use std::fmt::Write as _;

use aq::dash::{Gist, Got, Msg, Read, Step, Talk};
use aq::time::Span;
use expect_test::{Expect, expect};

use super::frames::SCENE;
use super::seat::{Seat, without_times};

/// Verbs that may be run in these tests.
pub const VERBS: [&str; 4] = ["show", "log", "graph", "budget"];

/// Types the lines, and compares everything that was said and asked; `{LINE}` happens to the queue meanwhile.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(script: &str, lines: &[&str], expected: Expect) {
    let mut seat = Seat::of(script, (80, 24));
    let mut talk = Talk::new(VERBS.map(str::to_string).to_vec());
    let mut out = String::new();
    tell(&mut out, &mut talk, &seat);
    for line in lines {
        let _ = writeln!(out, "< {line}");
        if let Some(event) = line.strip_prefix('{').and_then(|line| line.strip_suffix('}')) {
            seat.happens(event);
            tell(&mut out, &mut talk, &seat);
            continue;
        }
        seat.pass(Span::from_millis(200));
        assert_eq!(talk.deaf_until(&seat.model), None);
        hear(&mut out, &mut talk, &mut seat, line);
        for line in seat.asked().lines() {
            let _ = writeln!(out, "({line})");
        }
        seat.effects.clear();
        tell(&mut out, &mut talk, &seat);
    }
    expected.assert_eq(&out);
}

/// Hears a line that somebody typed.
pub fn hear(out: &mut String, talk: &mut Talk, seat: &mut Seat, line: &str) {
    for step in talk.hear(&seat.model, line) {
        match step {
            Step::Say(line) => drop(writeln!(out, "{line}")),
            Step::Run(words) => drop(writeln!(out, "(aq {})", words.join(" "))),
            Step::Msg(msg) => seat.send(msg),
        }
    }
}

pub fn tell(out: &mut String, talk: &mut Talk, seat: &Seat) {
    for line in talk.tell(&seat.model) {
        let _ = writeln!(out, "{}", without_times(&line));
    }
}

#[test]
fn what_waits_is_said_first_and_changes_as_they_come() {
    check(
        SCENE,
        &["{cancel docs}", "", "jobs"],
        expect![[r#"
            HH:MM:SS local, watching files, /q: 5 jobs, 1 running, 2 need you, 1 agent, alert: no host has claude: 1 job waits
            Needs you
             1 gate review, 31 min, gate, unproven, 0 of 1 approvals
            Waits for ship
             2 notes testing, 31 min, notes, verified, waits for ship
            Running
             3 fix-login building, 31 min, fix-login, tool(Bash) 14 s ago
            Number, verb, or ? >
            < {cancel docs}
            HH:MM:SS docs failed, cancelled, docs
            < 
            HH:MM:SS local, watching files, /q: 5 jobs, 1 running, 2 need you, 1 agent
            Needs you
             1 gate review, 31 min, gate, unproven, 0 of 1 approvals
            Waits for ship
             2 notes testing, 31 min, notes, verified, waits for ship
            Running
             3 fix-login building, 31 min, fix-login, tool(Bash) 14 s ago
            Number, verb, or ? >
            < jobs
            Jobs: 5
            In their order
             1 release blocked, 41 min, release, by fix-login +1
             2 fix-login building, 31 min, fix-login, tool(Bash) 14 s ago
             3 gate review, 31 min, gate, unproven, 0 of 1 approvals
             4 notes testing, 31 min, notes, verified, waits for ship
             5 docs failed, 0 s, docs, cancelled
            Number, verb, or ? >
        "#]],
    );
}

#[test]
fn a_number_opens_a_job_and_says_what_can_be_done() {
    check(
        SCENE,
        &["1", "ship", "log", "back", "show 1", "77"],
        expect![[r#"
            HH:MM:SS local, watching files, /q: 5 jobs, 1 running, 2 need you, 1 agent, alert: no host has claude: 1 job waits
            Needs you
             1 gate review, 31 min, gate, unproven, 0 of 1 approvals
            Waits for ship
             2 notes testing, 31 min, notes, verified, waits for ship
            Running
             3 fix-login building, 31 min, fix-login, tool(Bash) 14 s ago
            Number, verb, or ? >
            < 1
            (Read(History("gate")))
            (Read(Manifest("gate", "gate")))
            gate review, 31 min, gate, unproven, 0 of 1 approvals
             1 approve: approve the revision (aq approve gate --rev 7654321)
             2 reject: reject, with words (aq reject gate -m WHY)
             3 cancel: cancel (aq cancel gate)
             4 promote: pass to testing without approvals (aq promote gate)
            Off now, its name says why: answer, ship, park, unpark, requeue, redrive, preempt, edit
            Read it: show, log, diff, events, explain. back goes on
            Number, verb, or ? >
            < ship
            HH:MM:SS ship is off: it is in review, not in testing
            < log
            (aq log gate)
            < back
            HH:MM:SS local, watching files, /q: 5 jobs, 1 running, 2 need you, 1 agent, alert: no host has claude: 1 job waits
            Needs you
             1 gate review, 31 min, gate, unproven, 0 of 1 approvals
            Waits for ship
             2 notes testing, 31 min, notes, verified, waits for ship
            Running
             3 fix-login building, 31 min, fix-login, tool(Bash) 14 s ago
            Number, verb, or ? >
            < show 1
            (aq show gate)
            < 77
            there is no 77 in the last menu
        "#]],
    );
}

#[test]
fn an_action_asks_by_its_sheet() {
    check(
        SCENE,
        &["cancel fix-login", "z", "n", "cancel fix-login", "y"],
        expect![[r#"
            HH:MM:SS local, watching files, /q: 5 jobs, 1 running, 2 need you, 1 agent, alert: no host has claude: 1 job waits
            Needs you
             1 gate review, 31 min, gate, unproven, 0 of 1 approvals
            Waits for ship
             2 notes testing, 31 min, notes, verified, waits for ship
            Running
             3 fix-login building, 31 min, fix-login, tool(Bash) 14 s ago
            Number, verb, or ? >
            < cancel fix-login
            (Read(History("fix-login")))
            (Read(Manifest("fix-login", "fix-login")))
            Cancel fix-login?
               fix-login, building 31 min
               lost: the turn in flight: tool(Bash), 14 s ago
               kept: branch aq/job/fix-login, log, checkpoint abcdef1
               waits: 1 job waits for it: release
               back: aq undo requeues it from its last checkpoint
               Runs as: aq cancel fix-login --from building@1
            y cancel it, p park instead; n or an empty line: keep it >
            < z
            z is no answer; an empty line means keep it
            < n
            fix-login building, 31 min, fix-login, tool(Bash) 14 s ago
             1 park: put aside (aq park fix-login)
             2 requeue: requeue from the last checkpoint (aq requeue fix-login)
             3 cancel: cancel (aq cancel fix-login)
             4 preempt: stop it so that another can run (aq preempt fix-login)
            Off now, its name says why: approve, answer, reject, ship, unpark, redrive, promote, edit
            Read it: show, log, diff, events, explain. back goes on
            Number, verb, or ? >
            < cancel fix-login
            (Read(History("fix-login")))
            (Read(Manifest("fix-login", "fix-login")))
            Cancel fix-login?
               fix-login, building 31 min
               lost: the turn in flight: tool(Bash), 14 s ago
               kept: branch aq/job/fix-login, log, checkpoint abcdef1
               waits: 1 job waits for it: release
               back: aq undo requeues it from its last checkpoint
               Runs as: aq cancel fix-login --from building@1
            y cancel it, p park instead; n or an empty line: keep it >
            < y
            (cancel fix-login from building@1)
        "#]],
    );
    check(
        SCENE,
        &["park docs"],
        expect![[r#"
            HH:MM:SS local, watching files, /q: 5 jobs, 1 running, 2 need you, 1 agent, alert: no host has claude: 1 job waits
            Needs you
             1 gate review, 31 min, gate, unproven, 0 of 1 approvals
            Waits for ship
             2 notes testing, 31 min, notes, verified, waits for ship
            Running
             3 fix-login building, 31 min, fix-login, tool(Bash) 14 s ago
            Number, verb, or ? >
            < park docs
            (Read(History("docs")))
            (Read(Manifest("docs", "docs")))
            (park docs from queued@0)
        "#]],
    );
}

#[test]
fn words_are_asked_for_in_a_line() {
    check(
        SCENE,
        &["reject gate", "", "reject gate", "the tests are missing", "y"],
        expect![[r#"
            HH:MM:SS local, watching files, /q: 5 jobs, 1 running, 2 need you, 1 agent, alert: no host has claude: 1 job waits
            Needs you
             1 gate review, 31 min, gate, unproven, 0 of 1 approvals
            Waits for ship
             2 notes testing, 31 min, notes, verified, waits for ship
            Running
             3 fix-login building, 31 min, fix-login, tool(Bash) 14 s ago
            Number, verb, or ? >
            < reject gate
            (Read(History("gate")))
            (Read(Manifest("gate", "gate")))
            Reject gate?
               gate, review 31 min
               back: aq undo, or: aq requeue gate; it runs again
               Runs as: aq reject gate -m WHY --from review@1
            your words, for whoever works on it next, in one line; an empty line means keep it >
            < 
            gate review, 31 min, gate, unproven, 0 of 1 approvals
             1 approve: approve the revision (aq approve gate --rev 7654321)
             2 reject: reject, with words (aq reject gate -m WHY)
             3 cancel: cancel (aq cancel gate)
             4 promote: pass to testing without approvals (aq promote gate)
            Off now, its name says why: answer, ship, park, unpark, requeue, redrive, preempt, edit
            Read it: show, log, diff, events, explain. back goes on
            Number, verb, or ? >
            < reject gate
            (Read(History("gate")))
            (Read(Manifest("gate", "gate")))
            Reject gate?
               gate, review 31 min
               back: aq undo, or: aq requeue gate; it runs again
               Runs as: aq reject gate -m WHY --from review@1
            your words, for whoever works on it next, in one line; an empty line means keep it >
            < the tests are missing
            Reject gate?
               gate, review 31 min
               back: aq undo, or: aq requeue gate; it runs again
               Runs as: aq reject gate -m WHY --from review@1
            y reject it, r reject and try again; n or an empty line: keep it >
            < y
            (reject gate from review@1 saying "the tests are missing")
        "#]],
    );
}

#[test]
fn several_jobs_are_one_action() {
    check(
        SCENE,
        &["park docs release"],
        expect![[r#"
            HH:MM:SS local, watching files, /q: 5 jobs, 1 running, 2 need you, 1 agent, alert: no host has claude: 1 job waits
            Needs you
             1 gate review, 31 min, gate, unproven, 0 of 1 approvals
            Waits for ship
             2 notes testing, 31 min, notes, verified, waits for ship
            Running
             3 fix-login building, 31 min, fix-login, tool(Bash) 14 s ago
            Number, verb, or ? >
            < park docs release
            (park docs from queued@0)
        "#]],
    );
}

#[test]
fn lists_are_narrowed_and_what_is_unknown_is_said() {
    check(
        SCENE,
        &["filter", "docs", "filter", "", "frob", "rescue", "stop", "park nowhere"],
        expect![[r#"
            HH:MM:SS local, watching files, /q: 5 jobs, 1 running, 2 need you, 1 agent, alert: no host has claude: 1 job waits
            Needs you
             1 gate review, 31 min, gate, unproven, 0 of 1 approvals
            Waits for ship
             2 notes testing, 31 min, notes, verified, waits for ship
            Running
             3 fix-login building, 31 min, fix-login, tool(Bash) 14 s ago
            Number, verb, or ? >
            < filter
            Filter; an empty line shows all >
            < docs
            Jobs by the filter docs: 1
            In their order
             1 docs queued, 41 min, docs, no host has claude
            Number, verb, or ? >
            < filter
            Filter; an empty line shows all >
            < 
            Jobs: 5
            In their order
             1 docs queued, 41 min, docs, no host has claude
             2 release blocked, 41 min, release, by fix-login +1
             3 fix-login building, 31 min, fix-login, tool(Bash) 14 s ago
             4 gate review, 31 min, gate, unproven, 0 of 1 approvals
             5 notes testing, 31 min, notes, verified, waits for ship
            Number, verb, or ? >
            < frob
            frob is no number, action, verb or job; ? says them all
            < rescue
            rescue is done on Risk: risk goes there
            < stop
            stop is done on Fleet: fleet goes there
            < park nowhere
            there is no job nowhere
        "#]],
    );
}

#[test]
fn help_names_actions_and_verbs_and_a_copy_is_said() {
    check(
        SCENE,
        &["?", "1", "copy", "1", "messages"],
        expect![[r#"
            HH:MM:SS local, watching files, /q: 5 jobs, 1 running, 2 need you, 1 agent, alert: no host has claude: 1 job waits
            Needs you
             1 gate review, 31 min, gate, unproven, 0 of 1 approvals
            Waits for ship
             2 notes testing, 31 min, notes, verified, waits for ship
            Running
             3 fix-login building, 31 min, fix-login, tool(Bash) 14 s ago
            Number, verb, or ? >
            < ?
            Actions, with a number or a job's name behind them where they are about one:
               back: back one layer
               leave: back; on a screen without layers: quit
               copy: copy id, title, branch, link, command, JSON
               sort: choose the order, on Jobs
               shipped: show or hide shipped jobs, on Jobs
               approve: approve the revision
               answer: answer its question
               reject: reject, with words
               ship: ship the branch
               park: put aside
               unpark: back into the line
               requeue: requeue from the last checkpoint
               redrive: start over with fresh attempts
               cancel: cancel
               promote: pass to testing without approvals
               preempt: stop it so that another can run
               edit: edit the manifest
               drain: the agent gives its jobs back and ends, on Fleet
               stop: stop the agent now, on Fleet
               start: start an agent on this host
               ceiling: set the ceiling, on Budget
               pause: pause the queue: drain, stop, kill
               resume: let the queue go on
               rescue: put the worktree into a commit, on Risk
               rescue-all: rescue all that nobody saves, on Risk
               let-go-all: give up all that nobody saves, on Risk
               let-go: give the worktree up, on Risk
               event-back: event before, on Time
               event: next event, on Time
               minute-back: a minute back, on Time
               minute: a minute further, on Time
               landmark-back: mark before, on Time
               landmark: next mark, on Time
               moment: go to a time, on Time
               only: only this job, on Time
               differs: this moment against now, on Time
               live: back to now
               unsaved: compare with the accepted work, on Risk
               risk-sort: what nobody saves first, or lines, files, age, on Risk
               copy-path: copy where it stands, on Risk
               watch: tell me when it changes
               filter: filter the list, on Jobs
               next: next thing that needs you
               undo: undo your last action
               redo: do again what you undid
               messages: what was said, and what people did
               overview: go to Overview
               jobs: go to Jobs
               fleet: go to Fleet
               budget: go to Budget
               time: go to Time
               risk: go to Risk
               reconnect: read the queue again now
               quit: quit now
            A number opens what stands behind it. An empty line says again where you are.
            Verbs of the command line: show, log, graph, budget
            Number, verb, or ? >
            < 1
            (Read(History("gate")))
            (Read(Manifest("gate", "gate")))
            gate review, 31 min, gate, unproven, 0 of 1 approvals
             1 approve: approve the revision (aq approve gate --rev 7654321)
             2 reject: reject, with words (aq reject gate -m WHY)
             3 cancel: cancel (aq cancel gate)
             4 promote: pass to testing without approvals (aq promote gate)
            Off now, its name says why: answer, ship, park, unpark, requeue, redrive, preempt, edit
            Read it: show, log, diff, events, explain. back goes on
            Number, verb, or ? >
            < copy
            Copy: gate
             1 id: gate
             2 title: gate
             3 branch: aq/job/gate
             4 command: aq show gate
             5 engine: shell
             6 JSON: {"attempts":1,"branch":"aq/job/gate","engine":"shell","epoch":1,"file":null,"id":"gate","profile":"developer","rev":"7654321","since":"2026-01-05THH:MM:SSZ","stage":"review","title":"gate","why":"attempt ended well"}
             7 revision: 7654321
            Number; an empty line goes back >
            < 1
            (Copy("id", "gate"))
            gate review, 31 min, gate, unproven, 0 of 1 approvals
             1 approve: approve the revision (aq approve gate --rev 7654321)
             2 reject: reject, with words (aq reject gate -m WHY)
             3 cancel: cancel (aq cancel gate)
             4 promote: pass to testing without approvals (aq promote gate)
            Off now, its name says why: answer, ship, park, unpark, requeue, redrive, preempt, edit
            Read it: show, log, diff, events, explain. back goes on
            Number, verb, or ? >
            < messages
            Messages: 0
            What people did: 0
        "#]],
    );
}

#[test]
fn a_sheet_does_not_listen_at_once() {
    let mut seat = Seat::of(SCENE, (80, 24));
    let mut talk = Talk::new(Vec::new());
    let _ = talk.tell(&seat.model);
    for step in talk.hear(&seat.model, "cancel fix-login") {
        if let Step::Msg(msg) = step {
            seat.send(msg);
        }
    }
    assert!(talk.deaf_until(&seat.model).is_some_and(|at| at > seat.model.now.up));
}

#[test]
fn a_sheet_is_said_with_the_size_of_its_change_and_again_if_that_comes_late() {
    let asks = |late: bool| {
        let mut seat = Seat::of(SCENE, (80, 24));
        let mut talk = Talk::new(Vec::new());
        let mut out = String::new();
        let _ = talk.tell(&seat.model);
        hear(&mut out, &mut talk, &mut seat, "approve gate");
        tell(&mut out, &mut talk, &seat);
        assert!(out.is_empty(), "the size is still being read: {out}");
        assert!(talk.deaf_until(&seat.model).is_some_and(|at| at > seat.model.now.up));
        if late {
            seat.pass(Span::from_secs(6));
            assert_eq!(talk.deaf_until(&seat.model), None);
            tell(&mut out, &mut talk, &seat);
            assert!(out.contains("change: size is read"), "{out}");
            out.clear();
        }
        let want = seat.gists.pop().expect("the size is asked for");
        let got = Ok(Got::Gist(Gist::Change(61, 9, 0)));
        seat.send(Msg::Read(Box::new(Read { want, got })));
        tell(&mut out, &mut talk, &seat);
        out
    };
    let said = asks(false);
    assert!(said.contains("change: +61 -9") && !said.contains("size is read"), "{said}");
    assert_eq!(said, asks(true));
}

#[test]
fn a_file_that_was_changed_while_its_job_runs_is_told() {
    let mut seat = Seat::of("submit a | claim h1 | start a", (80, 24)).keys("2");
    assert!(!seat.frame().contains("edited"), "{}", seat.frame());
    seat.edited.insert(aq::job::JobId::from("a"));
    seat.feed();
    let row = |frame: &str| frame.lines().find(|line| line.contains("building")).map(str::to_string);
    let frame = seat.frame();
    assert!(row(&frame).is_some_and(|row| row.contains("edited, working")), "{frame}");
    let mut out = String::new();
    tell(&mut out, &mut Talk::new(VERBS.map(str::to_string).to_vec()), &seat);
    assert!(out.contains("edited, working"), "{out}");
    let frame = seat.keys("Enter").frame();
    assert!(frame.contains("its file was changed while it runs"), "{frame}");
}

#[test]
fn lines_of_the_palette_are_heard_and_a_job_can_be_watched() {
    check(
        SCENE,
        &["watch notes", "filter stage:queued", "save mine", "filter", "", "view mine", "at noon", "graph"],
        expect![[r#"
            HH:MM:SS local, watching files, /q: 5 jobs, 1 running, 2 need you, 1 agent, alert: no host has claude: 1 job waits
            Needs you
             1 gate review, 31 min, gate, unproven, 0 of 1 approvals
            Waits for ship
             2 notes testing, 31 min, notes, verified, waits for ship
            Running
             3 fix-login building, 31 min, fix-login, tool(Bash) 14 s ago
            Number, verb, or ? >
            < watch notes
            (Read(History("notes")))
            (Read(Manifest("notes", "notes")))
            HH:MM:SS notes is watched now
            notes testing, 31 min, notes, verified, waits for ship
             1 reject: reject, with words (aq reject notes -m WHY)
             2 ship: ship the branch (aq ship notes --rev 1234567)
             3 cancel: cancel (aq cancel notes)
            Off now, its name says why: approve, answer, park, unpark, requeue, redrive, promote, preempt, edit
            Read it: show, log, diff, events, explain. back goes on
            Number, verb, or ? >
            < filter stage:queued
            Jobs by the filter stage:queued: 1
            In their order
             1 docs queued, 41 min, docs, no host has claude
            Number, verb, or ? >
            < save mine
            HH:MM:SS saved as the view mine: stage:queued  by stage
            < filter
            Filter; an empty line shows all >
            < 
            Jobs: 5
            In their order
             1 docs queued, 41 min, docs, no host has claude
             2 release blocked, 41 min, release, by fix-login +1
             3 fix-login building, 31 min, fix-login, tool(Bash) 15 s ago
             4 gate review, 31 min, gate, unproven, 0 of 1 approvals
             5 notes testing, 31 min, notes, verified, waits for ship
            Number, verb, or ? >
            < view mine
            HH:MM:SS the view mine: stage:queued  by stage
            Jobs by the filter stage:queued: 1
            In their order
             1 docs queued, 41 min, docs, no host has claude
            Number, verb, or ? >
            < at noon
            write 11:20, 44m or 2026-10-02T12:04:27Z
            < graph
            (aq graph)
        "#]],
    );
}
