//! Marks planted in a prompt and in secrets, and a search for them in everything that was written.

use std::path::{Path, PathBuf};

use super::super::agent_bench::Factory;
use super::bench::{Bench, ENGINES, KEY, fields};

/// Stands in the job's text, below its first line.
const PROMPT: &str = "canary-prompt-7c21";
/// The value of a variable that the user lets pass.
const TOKEN: &str = "canary-token-58be";

/// Every file below a folder, except what belongs to the engines themselves: their homes and their logins.
fn files(top: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![top.to_path_buf()]);
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_engines = name.starts_with(".claude") || name == ".codex";
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !is_engines => open.push(entry.path()),
                Ok(kind) if kind.is_file() && !is_engines => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found
}

/// Where a mark stands, below the bench's folder.
fn found(factory: &Factory, mark: &str) -> Vec<String> {
    let top = factory.top();
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(mark.len()).any(|part| part == mark.as_bytes())
    };
    let below = |path: PathBuf| path.strip_prefix(&top).expect("below").display().to_string();
    files(&top).into_iter().filter(holds).map(below).collect()
}

/// The job's own text may stand where it is kept: the manifest, its blob, the prompt written for the engine, and
/// what the engine itself printed.
fn may_hold_the_prompt(path: &str) -> bool {
    let is_transcript = path.contains("/runs/") && path.ends_with(".jsonl");
    path.ends_with("/it.md") || path.contains("/blobs/") || path.ends_with("/prompt.md") || is_transcript
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn no_secret_is_written_and_the_prompt_stays_where_it_is_kept() {
    for (engine, _) in ENGINES {
        // The engine prints its whole environment, twice, and fails its check once: a hand-off quotes that.
        let bench = Bench::new(
            "bash printenv; echo hi > b.txt\nsay Done.\nbash printenv >&2; echo hi > a.txt\nsay Done.",
        );
        let more = "verify: \"test -s a.txt -a -z \\\"$FAKE_KEY$ANTHROPIC_API_KEY\\\"\" | retry: {max: 2, backoff: 10ms, on: [verify_failed]}";
        bench.job("it", &format!("{} | {more}", fields(engine)), &format!("Do it.\n\nMind the {PROMPT}."));
        bench.pass("CANARY_TOKEN");
        let mut agent = bench.agent_with("home", &["--slots", "1"], &[("CANARY_TOKEN", TOKEN)]);
        bench.factory.wait_in("it", "testing");
        assert_eq!(agent.drain(), 0, "{}", agent.said());
        let factory = &bench.factory;
        let asked = serde_json::to_string(&bench.models.asked().iter().map(|a| &a.body).collect::<Vec<_>>());
        let asked = asked.expect("text");
        assert!(asked.contains(PROMPT) && asked.contains(TOKEN), "{engine}: the marks were never planted");
        for secret in [KEY, TOKEN] {
            assert_eq!(found(factory, secret), [""; 0], "{engine}: {secret} was written down");
        }
        let spread: Vec<String> =
            found(factory, PROMPT).into_iter().filter(|path| !may_hold_the_prompt(path)).collect();
        assert_eq!(spread, [""; 0], "{engine}: the prompt was written down elsewhere");
        assert!(!found(factory, "[redacted]").is_empty(), "{engine}: nothing had to be masked");
        for verb in ["ls", "events", "insights", "log"] {
            let words = if verb == "log" { vec!["log", "it"] } else { vec![verb, "--json"] };
            let out = factory.aq(&words).output().expect("aq runs");
            let said = [out.stdout, out.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(out.status.success(), "{engine}: {words:?}: {said}");
            assert!(
                ![KEY, TOKEN, PROMPT].iter().any(|mark| said.contains(mark)),
                "{engine}: {words:?}: {said}"
            );
        }
        // What git holds is compressed, so it is asked by name.
        let log = factory.git(&["log", "--all", "--format=%B", "--patch"]);
        let log = String::from_utf8_lossy(&log.stdout).into_owned();
        assert!(![KEY, TOKEN, PROMPT].iter().any(|mark| log.contains(mark)), "{engine}: {log}");
    }
}

#[test]
#[ignore = "needs the real engines: selftest/run --real"]
fn no_secret_lies_about_while_an_engine_runs() {
    for (engine, fields) in ENGINES {
        let bench = Bench::new("bash printenv\nhang");
        bench.job("it", fields, "Do it.");
        let mut agent = bench.agent("home", &["--slots", "1"]);
        bench.wait_silent(&mut agent);
        assert_eq!(found(&bench.factory, KEY), [""; 0], "{engine}: a job's own scripts could read it");
        agent.term().term();
        agent.end();
    }
}
