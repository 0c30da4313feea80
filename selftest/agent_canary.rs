//! Marks planted in a prompt, in a secret and in the words of a forge, and a search in everything that is written or said.
//!
//! The engines are scripts that print all they know, so that this holds without any program of a vendor; the same
//! with the real ones stands in `real/canary.rs`.

use std::path::{Path, PathBuf};

use super::agent_forge::Forge;

/// Stands in the job's text.
const PROMPT: &str = "canary-prompt-93b7";
/// The value of a variable that the user lets pass; no file and no answer may have it.
const TOKEN: &str = "canary-token-1fe4";

/// What the engine does in each attempt: it tells all it knows, asks a person, and then does its work.
const TALKER: &str = r#"cat; printenv; printenv >&2; AQ progress "told $CANARY_TOKEN"
[ "$AQ_ATTEMPT" -gt 1 ] || { AQ ask "shall it be $CANARY_TOKEN"; sleep 60; }
echo mine >> notes"#;
/// And its judge: the secret is in its findings too.
const JUDGE: &str = r#"cat > asked; printenv
printf '```verdict\n{"verdict":"approve","findings":[{"file":"notes","severity":"minor","text":"%s"}],"checks":[]}\n```\n' "$CANARY_TOKEN""#;

/// Every file below a folder whose bytes have the mark, by its path from there.
fn found(top: &Path, mark: &str) -> Vec<String> {
    let (mut files, mut open): (Vec<PathBuf>, _) = (Vec::new(), vec![top.to_path_buf()]);
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    let holds = |path: &PathBuf| {
        std::fs::read(path).is_ok_and(|bytes| bytes.windows(mark.len()).any(|part| part == mark.as_bytes()))
    };
    let below = |path: PathBuf| path.strip_prefix(top).expect("below").display().to_string();
    files.into_iter().filter(holds).map(below).collect()
}

/// Where the job's own text is kept: its manifest and that of its review, their blobs, the prompts written for
/// engines, and what engines themselves printed.
fn may_hold_the_prompt(path: &str) -> bool {
    let printed = path.contains("/runs/") && (path.ends_with(".jsonl") || path.ends_with("/exit.json"));
    let is_manifest = path.contains("/queue/") && path.ends_with(".md");
    is_manifest || printed || path.contains("/blobs/") || path.ends_with("/prompt.md")
}

/// A forge with the engines, a command that is called for what needs a person, and traces switched on.
fn planted() -> Forge {
    let forge = Forge::new();
    let top = forge.factory.top();
    let at = |name: &str| top.join(name).display().to_string();
    let mut config = String::from("env-pass = [\"CANARY_TOKEN\"]\n");
    let tell = format!("env > '{}.env'; echo \"$@\" >> '{}'", at("called"), at("called"));
    config += &format!("notify.command = [\"sh\", \"-c\", {tell:?}, \"sh\"]\n");
    for (name, script) in [("talker", TALKER), ("judge", JUDGE)] {
        std::fs::write(top.join(name), script.replace("AQ ", &format!("{} ", env!("CARGO_BIN_EXE_aq"))))
            .expect("written");
        config += &format!("[engines.{name}]\nargv = [\"sh\", \"{}\"]\nstdin = \"prompt\"\n", at(name));
    }
    config += &format!("[programs]\ngh = \"{}\"\n", at("bin/gh"));
    std::fs::write(forge.factory.project.join("aq.toml"), "").expect("written");
    forge.factory.config(&config);
    let fields = "title: Write notes\nengine: talker\nship: pr\nverify: \"printenv; test -s notes\"\n\
        review: {reviewers: ['engine:judge'], check: 'printenv; test -s notes'}";
    forge.factory.drop_in("it.md", &format!("---\n{fields}\n---\nMind the {PROMPT}.\n"));
    forge
}

#[test]
fn no_secret_is_written_or_said_and_the_prompt_stays_where_it_is_kept() {
    let forge = planted();
    let factory = &forge.factory;
    let mut said = String::new();
    let set = [("CANARY_TOKEN", TOKEN), ("GH_TOKEN", TOKEN), ("AQ_LOG", "trace")];
    let work = |said: &mut String| {
        let mut agent = factory.agent_with(&["--once"], &set);
        agent.end();
        *said += &agent.said();
    };
    let run = |words: &[&str]| {
        let out = factory.aq(words).envs(set).output().expect("aq runs");
        format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
    };
    work(&mut said);
    assert!(factory.course("it").ends_with("asked"), "{}\n{said}", factory.course("it"));
    said += &run(&["answer", "it", "-m", "yes", "--yes"]);
    work(&mut said);
    assert!(factory.course("it").contains("proven"), "{}\n{said}", factory.course("it"));
    factory.wait_in("it", "testing");
    said += &run(&["ship", "it", "--yes"]);
    assert_eq!(forge.asked("pr create"), 1, "{said}");
    forge.set("checks", r#"{"name":"lint","status":"COMPLETED","conclusion":"FAILURE","detailsUrl":"https://github.com/acme/site/actions/runs/1/job/2"}"#);
    forge.set("log", "lint\tmake\tsaid TOKEN").unset("env");
    said += &run(&["ship", "it", "--yes"]);
    forge.unset("env");
    work(&mut said);
    for words in [
        &["ls", "--json"][..],
        &["events", "--json"],
        &["insights", "--json"],
        &["show", "it", "--json"],
        &["explain", "it"],
        &["next", "--json"],
        &["log", "it", "--attempt", "1"],
        &["--debug", "doctor"],
        &["risk"],
    ] {
        let told = run(words);
        assert!(!told.contains(TOKEN), "{words:?}: {told}");
        // What the engine itself printed is shown as it is.
        assert!(words[0] == "log" || !told.contains(PROMPT), "{words:?}: {told}");
    }
    assert!(!said.contains(TOKEN) && !said.contains(PROMPT), "it was said:\n{said}");
    let top = factory.top();
    // What the forge's program was given is its own.
    let _ = std::fs::remove_file(top.join("forge/env"));
    assert!(!found(&top, "[redacted]").is_empty(), "nothing had to be masked");
    // The person's own command runs in the person's own environment; what aq gives it is its last word.
    assert!(!found(&top, "called").is_empty() || top.join("called").exists(), "nobody was called");
    let spread: Vec<String> = found(&top, TOKEN).into_iter().filter(|path| path != "called.env").collect();
    assert_eq!(spread, [""; 0], "the secret was written down");
    let spread: Vec<String> =
        found(&top, PROMPT).into_iter().filter(|path| !may_hold_the_prompt(path)).collect();
    assert_eq!(spread, [""; 0], "the prompt was written down elsewhere");
    // What git holds is compressed, so it is asked by name.
    let log = factory.git(&["log", "--all", "--format=%B", "--patch"]);
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    assert!(log.contains("+mine") && !log.contains(TOKEN) && !log.contains(PROMPT), "{log}");
}
