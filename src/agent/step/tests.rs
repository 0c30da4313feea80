//! The step as text: what happens in, acts out.

use super::next_deadline;
use super::world::World;
use crate::time::Span;

/// Words in; after each that leads to acts, the acts.
#[track_caller]
fn check(script: &str, expected: &str) {
    let mut world = World::new();
    let mut told = Vec::new();
    for word in script.split_whitespace() {
        let acts = world.word(word);
        if !acts.is_empty() {
            told.push(acts);
        }
        let next = next_deadline(&world.desk).map_or(u64::MAX, Span::as_millis);
        assert!(next > world.now, "a deadline that is never met turns the loop round and round after {word}");
        assert!(world.desk.claiming <= world.desk.free(), "claims for more than the free slots after {word}");
    }
    assert_eq!(told.join(" | "), expected, "{script}");
}

/// To the running engine of job `a`, in slot 0; what it takes is told once, here.
const RUN: &str = "add:a grant:1 prepared started";
const TO_RUN: &str = "claim 2 | prepare 0 | start 0 | run 0 Engine";

#[track_caller]
fn running(script: &str, expected: &str) {
    check(&format!("{RUN} {script}"), &format!("{TO_RUN} | {expected}"));
}

#[test]
fn the_plain_way_of_a_job() {
    running("ran:ok saved reported", "save 0 last | report 0 ok +claim");
    check(
        "verify setup add:a grant:2 prepared started setup-ran:ok ran:ok saved verify-ran:ok",
        "claim 2 | prepare 0 | start 0 | run 0 Setup | run 0 Engine | save 0 last | run 0 Verify | report 0 ok +claim",
    );
    running("ran:ok saved reported:next", "save 0 last | report 0 ok +claim | prepare 0");
}

#[test]
fn claims_never_exceed_the_slots() {
    check("add:a add:b add:c grant:2", "claim 2 | prepare 0, prepare 1");
    check("add:a add:b add:c grant:2 stray", "claim 2 | prepare 0, prepare 1 | give back stray");
    check("add:a deaf:2", "claim 2 | claim 2");
    check("add:a empty:2 net", "claim 2 | claim 2");
    check("orphans:1 add:a", "claim 1");
    check("orphans:2 add:a orphans:0", "claim 2");
    check("adopt add:a", "await 0 Engine | claim 1");
}

#[test]
fn a_pull_request_is_looked_at_ever_more_rarely_until_something_moves() {
    let look = "look at pr of a";
    check("moved pr:a wait:1m", look);
    // 30 s after the first, a minute after the second; news begin anew.
    check("pr:a pr-same:a wait:29s wait:1s", &format!("{look} | {look}"));
    let twice = format!("{look} | {look} | {look}");
    check("pr:a pr-same:a wait:30s pr-same:a wait:59s wait:1s", &twice);
    check("pr:a pr-same:a wait:30s pr-news:a wait:29s wait:1s", &twice);
    let rare = "pr:a pr-same:a wait:30s pr-same:a wait:1m pr-same:a wait:2m pr-same:a wait:4m pr-same:a wait:299s wait:1s";
    check(rare, &[look; 6].join(" | "));
    // What nobody waits for any more is let be, and so is everything on the way out.
    check("pr:a pr-same:a cancel:a wait:1h", look);
    check("pr:a pr-same:a asked wait:1h done?", &format!("{look} | true"));
    check("pr:a asked done?", &format!("{look} | false"));
}

#[test]
fn only_a_few_pull_requests_are_looked_at_at_once() {
    let look = |id: &str| format!("look at pr of {id}");
    let all = ["a", "b", "c", "d", "e"].map(look);
    check("pr:a pr:b pr:c pr:d pr:e wait:1h pr-same:b", &all.join(" | "));
}

#[test]
fn merges_by_rule_go_one_after_the_other_and_each_is_tried_once() {
    check("merge:a merge:b merge:c out:a out:b out:c done?", "ship a | ship b | ship c | false");
    check("merge:a merge:b dirty:a moved out:b moved", "ship a | ship b");
    // What moves no base waits for none, and nothing is begun on the way out.
    check("merge:a rule:b rule:c merge:d", "ship a | ship b | ship c");
    check("merge:a merge:b asked out:a done?", "ship a | true");
}

#[test]
fn what_cannot_begin_ends_with_its_reason() {
    check("add:a grant:2 prepared:no started", "claim 2 | prepare 0 | start 0 | report 0 config +claim");
    check("add:a grant:2 prepared started:no", "claim 2 | prepare 0 | start 0 | release 0");
    running("ran:ok saved:no", "save 0 last | report 0 unsaved +claim");
    running("ran:crash saved", "save 0 last | report 0 crash +claim");
    check(
        "setup add:a grant:2 prepared started setup-ran:task_failed saved",
        "claim 2 | prepare 0 | start 0 | run 0 Setup | save 0 last | report 0 config +claim",
    );
    check(
        "setup add:a grant:2 prepared started setup-ran:lost saved",
        "claim 2 | prepare 0 | start 0 | run 0 Setup | save 0 last | report 0 crash +claim",
    );
}

#[test]
fn a_verify_that_fails_was_killed_or_was_stopped() {
    let way = "verify add:a grant:2 prepared started ran:ok saved";
    let told = "claim 2 | prepare 0 | start 0 | run 0 Engine | save 0 last | run 0 Verify";
    let check = |more: &str, acts: &str| check(&format!("{way} {more}"), &format!("{told} | {acts}"));
    check("verify-ran:task_failed", "report 0 verify_failed +claim");
    check("verify-ran:lost", "report 0 crash +claim");
    check("asked verify-ran:stopped", "stop 0 Verify drained | report 0 drained");
    check("asked verify-ran:ok", "stop 0 Verify drained | report 0 ok");
    check("cancel:a moved", "stop 0 Verify cancelled");
}

#[test]
fn a_job_that_moved_on_is_dropped_in_every_phase() {
    check("add:a grant:2 cancel:a moved prepared done?", "claim 2 | prepare 0 | false");
    check("add:a grant:2 prepared cancel:a moved started:no", "claim 2 | prepare 0 | start 0");
    running(
        "cancel:a moved ran:stopped saved done?",
        "stop 0 Engine cancelled | save 0 last | report 0 settle | false",
    );
    running("ran:ok cancel:a moved saved", "save 0 last | report 0 settle");
    running("pause:kill moved", "stop 0 Engine preempted");
    check(
        "setup add:a grant:2 prepared started cancel:a moved setup-ran:ok saved",
        "claim 2 | prepare 0 | start 0 | run 0 Setup | stop 0 Setup cancelled | save 0 last | report 0 settle",
    );
}

#[test]
fn a_drain_gives_back_in_every_phase() {
    check("add:a asked grant:2 prepared reported:no done?", "claim 2 | prepare 0 | release 0 | true");
    check(
        "add:a grant:2 prepared asked started ran:stopped saved",
        "claim 2 | prepare 0 | start 0 | run 0 Engine | save 0 last | report 0 drained",
    );
    running(
        "asked ran:stopped saved done?",
        "stop 0 Engine drained | save 0 last | report 0 drained | false",
    );
    running("asked asked", "stop 0 Engine drained | stop 0 Engine drained now");
    check(
        "verify add:a grant:2 prepared started ran:ok asked saved",
        "claim 2 | prepare 0 | start 0 | run 0 Engine | save 0 last | report 0 drained",
    );
    running(
        "pause:stop moved ran:stopped saved",
        "stop 0 Engine drained | save 0 last | report 0 drained +claim",
    );
}

#[test]
fn ceilings_are_watched() {
    check(
        "add:meter grant:2 prepared started looked:9 looked:10 ran:stopped saved",
        "claim 2 | prepare 0 | start 0 | run 0 Engine | note progress | stop 0 Engine budget_exceeded, note progress | save 0 last | report 0 budget_exceeded +claim",
    );
    check(
        "add:short grant:2 prepared started ran:timeout saved",
        "claim 2 | prepare 0 | start 0 | run 0 Engine | save 0 last | report 0 budget_exceeded +claim",
    );
    running("ran:timeout saved", "save 0 last | report 0 timeout +claim");
    running("wait:9s wait:1s", "look 0");
    running("wait:5m saved", "look 0, save 0 | note checkpoint");
    // A save under way when the run ends is waited for; the last one comes after it.
    running(
        "wait:5m ran:ok saved saved",
        "look 0, save 0 | note checkpoint, save 0 last | report 0 ok +claim",
    );
}

#[test]
fn a_ceiling_of_the_queue_has_its_runs_looked_at_closely() {
    running("wait:9s wait:1s", "look 0");
    running("capped wait:1s wait:1s", "look 0 | look 0");
    running("wait:3s capped wait:1s", "look 0");
}

/// Looks and saves come and go with the clock; only what stops is told.
#[track_caller]
fn stops(script: &str, expected: &str) {
    let mut world = World::new();
    let mut told = Vec::new();
    for word in RUN.split_whitespace().chain(script.split_whitespace()) {
        let acts = world.word(word);
        told.extend(
            acts.split(", ")
                .filter(|act| act.starts_with("stop ") || act.starts_with("report "))
                .map(str::to_string),
        );
    }
    assert_eq!(told.join(" | "), expected, "{script}");
}

#[test]
fn silence_is_stopped_and_slowness_is_not() {
    stops("sight:said=1 wait:19m sight:said=1", "");
    stops("sight:said=1 wait:20m sight:said=1", "stop 0 Engine stalled");
    stops("sight:said=1 wait:19m sight:said=2 wait:19m sight:said=2", "");
    stops("sight:said=1 wait:20m sight:said=1 wait:1m sight:said=1", "stop 0 Engine stalled");
    stops("sight:said=1,free wait:1d sight:said=1,free", "");
    // With a tool open, its processes speak for it.
    stops("sight:said=1,tool wait:59m sight:said=1,tool", "");
    stops("sight:said=1,tool wait:60m sight:said=1,tool", "stop 0 Engine stalled");
    stops(
        "sight:said=1,tool,worked=1 wait:59m sight:said=1,tool,worked=2 wait:59m sight:said=1,tool,worked=2",
        "",
    );
}

#[test]
fn a_start_without_a_word_is_stopped() {
    stops("wait:59s sight:said=0", "");
    stops("wait:60s sight:said=0", "stop 0 Engine no_start");
    stops("wait:60s sight:said=0,free", "");
    stops("wait:30s sight:said=5 wait:5m sight:said=5", "");
}

#[test]
fn a_loop_is_stopped_at_the_eighth_call() {
    stops("sight:said=1,repeats=7", "");
    stops("sight:said=1,repeats=8", "stop 0 Engine looping");
}

/// The words that an agent notes of its run in slot 0, which it saves and looks at now and then.
#[track_caller]
fn notes(script: &str, expected: &str) {
    let mut world = World::new();
    let mut told = Vec::new();
    for word in RUN.split_whitespace().chain(script.split_whitespace()) {
        if let Some(work) = world.desk.slots[0].as_mut().filter(|_| word.starts_with("saved")) {
            // A save while it runs.
            work.saving = true;
        }
        let acts = world.word(word);
        assert!(!acts.contains("stop "), "{script}: {acts}");
        told.extend(acts.split(", ").filter_map(|act| act.strip_prefix("note progress")).map(str::to_string));
    }
    let told: Vec<&str> = told.iter().map(|word| word.trim()).collect();
    assert_eq!(told.join(" "), expected, "{script}");
}

#[test]
fn turns_that_change_nothing_are_told_and_stop_nothing() {
    let look = |turns: u64, word: &str| format!("sight:said={turns},turns={turns},word={word}");
    let script = |rest: &str| format!("{} saved:5 {rest}", look(1, "thinking"));
    notes(&script(&format!("{} saved:5 {}", look(20, "a"), look(20, "b"))), "thinking a b");
    let still = script(&format!("{} saved:5 {}", look(21, "a"), look(22, "tool(Bash)")));
    notes(&still, "thinking a no-progress");
    // It holds until a save finds a change, whatever it does meanwhile.
    notes(&format!("{still} {}", look(23, "thinking")), "thinking a no-progress no-progress");
    notes(&format!("{still} saved:6 {}", look(23, "c")), "thinking a no-progress c");
    // Other trouble is told first.
    notes(&format!("{still} sight:said=99,turns=24,word=silent"), "thinking a no-progress silent");
    notes(
        &format!("{still} sight:said=99,turns=24,word=retrying,retry=529"),
        "thinking a no-progress retrying",
    );
    // Turns that nobody counts are none.
    notes("sight:said=1,word=a saved:5 sight:said=9,word=b saved:5 sight:said=99,word=c", "a b c");
}

#[test]
fn retries_that_lead_nowhere_are_stopped() {
    stops("sight:said=1,retry=429 wait:1m sight:said=2,retry=429", "");
    stops("sight:said=1,retry=429,limited", "stop 0 Engine limit");
    stops("sight:said=1,retry=401", "stop 0 Engine auth");
    stops("sight:said=1,retry=529 wait:9m sight:said=2,retry=529", "");
    stops("sight:said=1,retry=529 wait:10m sight:said=2,retry=529", "stop 0 Engine overloaded");
    stops("sight:said=1,retry=529 wait:9m sight:said=2 wait:9m sight:said=3,retry=529", "");
    // A retry says something, but it is no progress.
    stops("sight:said=1,retry=? wait:10m sight:said=9,retry=?", "stop 0 Engine overloaded");
}

#[test]
fn a_verdict_stands_though_its_process_stays() {
    stops("sight:said=1,ended wait:9s sight:said=1,ended", "");
    stops("sight:said=1,ended wait:10s sight:said=1,ended", "stop 0 Engine hung");
    stops(
        "sight:said=1,ended wait:10s sight:said=1,ended ran:ok saved",
        "stop 0 Engine hung | report 0 ok +claim",
    );
    // What verify says afterwards is not the watchdog's doing.
    stops(
        "verify sight:said=1,ended wait:10s sight:said=1,ended ran:ok saved",
        "stop 0 Engine hung | report 0 ok +claim",
    );
    stops(
        "sight:said=1 wait:20m sight:said=1 ran:stopped saved saved",
        "stop 0 Engine stalled | report 0 stalled +claim",
    );
    stops("sight:said=1,repeats=8 ran:ok saved", "stop 0 Engine looping | report 0 ok +claim");
}
