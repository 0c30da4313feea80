//! Recorded streams of every engine and every ending: lines in; events, words, sums and the outcome out.
//!
//! `engines/DIALECT/NAME.in` is a head of `key: value` lines, `---`, and the lines of the run. A line is
//! standard output; `2> ` before it makes it standard error, `stop> CAUSE` is where aq ordered a stop. The keys:
//! `exit` (a code, `signal N` or `lost`), `resumed` and `before` (a session, and its tokens as `in/cached/out`), `model`,
//! `zone`, `at` (when the first line came; each line comes a second after the one before).
//! `NAME.out` is what it comes to, written by `UPDATE_EXPECT=1` and read by a person.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aq::engine::{
    CAUSES, DIALECTS, End, EngineEvent, ExitReport, Heard, Judgement, LimitState, Pulse, Resumed, RunFacts,
    Said, Source, StopCause, Tally, TranscriptLoss, WORD_HOLDS, dialect, judge,
};
use aq::job::{Tokens, usd};
use aq::time::{Span, Stamp};
use expect_test::expect_file;

const BEGAN: &str = "2026-03-08T14:00:00Z";

/// One recorded run.
struct Tape {
    dialect: String,
    facts: RunFacts,
    at: Stamp,
    exit: String,
    lines: Vec<String>,
}

impl Tape {
    fn read(path: &Path) -> Tape {
        let text = std::fs::read_to_string(path).expect("a recorded run");
        let (head, body) = text.split_once("---\n").expect("a head and lines");
        let key = |name: &str| {
            let rest = |line: &str| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_string);
            head.lines().find_map(rest)
        };
        let before = key("before").map(|text| {
            let parts: Vec<Option<u64>> = text.split('/').map(|n| n.parse().ok()).collect();
            Tokens { input: parts[0], cached: parts[1], output: parts[2], ..Tokens::default() }
        });
        let facts = RunFacts {
            model: key("model"),
            account: key("account"),
            zone: Some(key("zone").unwrap_or("UTC".into())),
            prompt_chars: 4_000,
            resumed: key("resumed").map(|session| Resumed { session, before }),
        };
        let dialect = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        Tape {
            dialect: dialect.expect("a folder").to_string(),
            facts,
            at: Stamp::parse_rfc3339(&key("at").unwrap_or(BEGAN.into())).expect("a time"),
            exit: key("exit").unwrap_or("0".into()),
            lines: body.lines().map(str::to_string).collect(),
        }
    }
}

/// What a run came to.
struct Heart {
    tally: Tally,
    judged: Judgement,
    said: String,
}

/// Plays the lines and judges the end.
fn play(tape: &Tape, lines: &[String], exit: &str) -> Heart {
    let dialect = dialect(&tape.dialect).expect("a dialect");
    let mut hearing = (dialect.open)(&tape.facts);
    let (mut tally, mut pulse) = (Tally::default(), Pulse::default());
    let (mut said, mut stop, mut word) = (String::new(), None, String::new());
    let mut at = tape.at;
    for (n, line) in lines.iter().enumerate() {
        at = at.plus(Span::from_secs(1));
        if let Some(cause) = line.strip_prefix("stop> ") {
            stop = Some(cause_of(cause));
            tally.stopped = true;
            let _ = writeln!(said, "stop: {cause}");
            continue;
        }
        let (source, bytes) = match line.split_at_checked(3) {
            Some(("2> ", rest)) => (Source::Err, rest.as_bytes()),
            Some(("r> ", rest)) => (Source::Record, rest.as_bytes()),
            _ => (Source::Out, line.as_bytes()),
        };
        let heard = hearing.hear(Said { bytes, source, at });
        pulse.line(at, n as u64);
        match &heard {
            Heard::Text => {}
            Heard::Unknown(why) => writeln!(said, "unknown line: {why}").expect("text"),
            Heard::Events(events) => {
                events.iter().for_each(|event| pulse.event(n as u64, event));
                events.iter().for_each(|event| shown(event, &mut said));
            }
        }
        tally.hear(&heard);
        let now = pulse.status(at.plus(WORD_HOLDS)).0.to_string();
        if now != word {
            let _ = writeln!(said, "  [{now}]");
            word = now;
        }
    }
    for event in hearing.close() {
        said.push_str("at the end: ");
        shown(&event, &mut said);
        tally.see(&event);
    }
    let report = report(exit, stop, lines, &tally);
    let judged = judge(dialect, stop, &tally, report.as_ref());
    Heart { tally, judged, said }
}

fn cause_of(name: &str) -> StopCause {
    CAUSES.iter().find(|row| row.1 == name).map(|row| row.0).expect("a cause")
}

fn shown(event: &EngineEvent, out: &mut String) {
    let mut value = serde_json::to_value(event).expect("an event");
    let fields = value.as_object_mut().expect("an object");
    fields.retain(|name, v| !v.is_null() && *v != "" && (*v != false || name == "ok"));
    let kind = fields.remove("ev").unwrap_or_default();
    let rest: Vec<String> = fields.iter().map(|(name, v)| format!("{name}={v}")).collect();
    let _ = writeln!(out, "{} {}", kind.as_str().unwrap_or_default(), rest.join(" "));
}

fn report(exit: &str, stop: Option<StopCause>, lines: &[String], tally: &Tally) -> Option<ExitReport> {
    let end = match exit.split_once(' ') {
        Some(("signal", n)) => End::Signaled { signal: n.parse().expect("a signal") },
        _ if exit == "lost" => return None,
        _ => End::Exited { code: exit.parse().expect("an exit code") },
    };
    let output = lines.iter().filter(|line| !line.starts_with("r> "));
    let text: Vec<&str> = output.map(|line| line.trim_start_matches("2> ")).collect();
    Some(ExitReport {
        v: 1,
        run_id: "r".into(),
        end,
        stopped_by: stop,
        started: Stamp::default(),
        ended: Stamp::default(),
        wall: Span::ZERO,
        lines: 0,
        bytes: 0,
        cuts: 0,
        leftovers: 0,
        survivors: Vec::new(),
        transcript: TranscriptLoss::default(),
        seen: tally.clone(),
        tail: text.join("\n"),
    })
}

fn summed(heart: &Heart) -> String {
    let Heart { tally, judged, said } = heart;
    let mut out = format!("{said}\n");
    let known = |n: Option<u64>| n.map_or("unknown".to_string(), |n| n.to_string());
    let about = if tally.estimated { "~" } else { "" };
    let t = &tally.tokens;
    let _ = writeln!(
        out,
        "tokens: {about}{} (in {}, cached {}, written {}, out {}, reasoning {})",
        known(tally.usage.tokens),
        known(t.input),
        known(t.cached),
        known(t.cache_write),
        known(t.output),
        known(t.reasoning)
    );
    let priced = if tally.priced.is_some() { "~" } else { "" };
    let cost = tally.usage.micro_usd.map_or("unknown".to_string(), usd);
    let _ = writeln!(out, "cost: {priced}{cost}");
    let _ = writeln!(
        out,
        "turns: {}, tools: {} ok {} failed, files: {}, unknown lines: {}",
        known(tally.usage.turns),
        tally.tools_ok,
        tally.tools_failed,
        tally.file_changes,
        tally.unknown
    );
    if let Some(session) = tally.started.as_ref().and_then(|s| s.session.as_ref()) {
        let _ = writeln!(out, "session: {session}");
    }
    if tally.limit.as_ref().is_some_and(|limit| limit.state != LimitState::Allowed) {
        let limit = tally.limit.as_ref().expect("a limit");
        let account = limit.account.as_deref().unwrap_or("-");
        let _ = writeln!(out, "limit: {:?} of account {account}", limit.state);
    }
    let until = judged.resets_at.map_or(String::new(), |at| format!(" until {at}"));
    let _ = writeln!(out, "outcome: {}{until}: {}", judged.outcome, judged.reason);
    out
}

fn tapes() -> Vec<(PathBuf, Tape)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("selftest/engines");
    let mut found = Vec::new();
    for dir in std::fs::read_dir(&top).expect("recorded runs").flatten() {
        for file in std::fs::read_dir(dir.path()).into_iter().flatten().flatten() {
            if file.path().extension().is_some_and(|ext| ext == "in") {
                found.push((file.path(), Tape::read(&file.path())));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn recorded_runs_come_to_what_is_written() {
    let tapes = tapes();
    for row in DIALECTS.iter().filter(|row| row.name != "text") {
        assert!(tapes.iter().any(|(_, tape)| tape.dialect == row.name), "no recorded run of {}", row.name);
    }
    for (path, tape) in tapes {
        let heart = play(&tape, &tape.lines, &tape.exit);
        expect_file![path.with_extension("out")].assert_eq(&summed(&heart));
    }
}

/// A run cut at any line by a signal is a crash, unless it had said how it ends; it never comes to more than the whole.
#[test]
fn a_stream_cut_anywhere_is_a_crash_or_the_verdict_already_read() {
    for (path, tape) in tapes() {
        let whole = play(&tape, &tape.lines, &tape.exit);
        for n in 0..tape.lines.len() {
            let cut = play(&tape, &tape.lines[..n], "signal 9");
            let verdict = cut.tally.ended.as_ref().map(|ended| ended.class);
            let (got, shown) = (cut.judged.outcome, path.display());
            match (verdict, cut.tally.stopped) {
                (Some(class), _) => assert_eq!(got, class, "{shown} cut at {n}"),
                (None, true) => assert_eq!(got, whole.judged.outcome, "{shown} cut at {n}"),
                (None, false) => {
                    let limited = cut.tally.limit.is_some_and(|l| l.state == LimitState::Rejected);
                    let expected = if limited { "limit" } else { "crash" };
                    assert_eq!(got.name(), expected, "{shown} cut at {n}");
                }
            }
        }
    }
}

/// Junk between the lines changes neither sums nor outcome; it is counted where it looks like events.
#[test]
fn junk_between_lines_changes_nothing() {
    let long = format!("{{\"type\":\"blob\",\"data\":\"{}\"}}", "x".repeat(1 << 20));
    let junk = [
        long,
        "{\"type\":\"from_the_future\",\"usage\":{\"input_tokens\":9}}".to_string(),
        "{\"type\":7}".to_string(),
        "{\"type\":\"res".to_string(),
        "You've hit your usage limit. Error: 429 Too Many Requests".to_string(),
        "[1,2]".to_string(),
        "\u{fffd}\u{2028}\u{0}".to_string(),
    ];
    for (path, tape) in tapes() {
        if tape.lines.is_empty() {
            continue;
        }
        let whole = play(&tape, &tape.lines, &tape.exit);
        let mut lines = Vec::new();
        for (n, line) in tape.lines.iter().enumerate() {
            lines.push(line.clone());
            lines.push(junk[if n == 0 { 0 } else { n % (junk.len() - 1) + 1 }].clone());
        }
        let noisy = play(&tape, &lines, &tape.exit);
        let shown = path.display();
        assert_eq!(noisy.judged.outcome, whole.judged.outcome, "{shown}");
        assert_eq!(noisy.judged.resets_at.is_some(), whole.judged.resets_at.is_some(), "{shown}");
        assert_eq!(
            (noisy.tally.usage, noisy.tally.tools_ok),
            (whole.tally.usage, whole.tally.tools_ok),
            "{shown}"
        );
    }
}
