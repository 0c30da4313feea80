//! The command line of each engine: program, arguments, standard input, variables of its own.
//!
//! Arguments are a vector, never a text for a shell. The prompt goes in by standard input or as a file where
//! the engine takes it so; where it must be an argument, one that is too long for the kernel becomes a
//! sentence that names the file.

use std::path::Path;

use crate::job::Budget;

/// Longest prompt given as an argument; the kernel takes 128 KiB, the program's own quoting some of it.
pub const ARGUMENT_MAX: usize = 120 * 1024;
/// Tools that claude may use without being asked where `yolo` is off.
const CLAUDE_TOOLS: &str =
    "Read,Edit,Write,Bash(git diff *),Bash(aq add *),Bash(aq ask *),Bash(aq progress *)";
/// What opencode may do where `yolo` is off: every permission is named, or the user's own file would decide.
const OPENCODE_CAREFUL: &str = r#"{"read":"allow","edit":"allow","glob":"allow","grep":"allow","list":"allow","todoread":"allow","todowrite":"allow","bash":{"*":"ask","git diff*":"allow","git status*":"allow","aq add *":"allow","aq ask *":"allow","aq progress *":"allow"},"task":"ask","skill":"ask","lsp":"allow","webfetch":"ask","websearch":"ask","codesearch":"ask","external_directory":"ask","doom_loop":"ask","question":"deny"}"#;
const OPENCODE_YOLO: &str = r#"{"*":"allow","question":"deny"}"#;
/// Rounds of Copilot's autopilot where no ceiling of turns says less.
const COPILOT_ROUNDS: u64 = 50;

/// What a run is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The program, as it was found.
    pub program: &'a str,
    /// The prompt as text.
    pub prompt: &'a str,
    /// The file it stands in.
    pub prompt_file: &'a Path,
    /// Where the work is.
    pub cwd: &'a Path,
    /// A file of the run that the engine may export its transcript to.
    pub export: &'a Path,
    /// The job's model.
    pub model: Option<&'a str>,
    /// The job's effort.
    pub effort: Option<&'a str>,
    /// Nobody is asked anything.
    pub yolo: bool,
    /// A fresh UUID, for engines whose sessions are named by the caller.
    pub session: &'a str,
    /// The session that is taken up again.
    pub resume: Option<&'a str>,
    /// What may be used up; a second line behind aq's own meter.
    pub left: Budget,
    /// aq runs as root.
    pub root: bool,
}

/// How the run is started.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recipe {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Standard input is the prompt; otherwise it is empty.
    pub stdin_is_prompt: bool,
    /// Variables of the adapter's own, beside those of the account.
    pub set: Vec<(String, String)>,
}

impl Recipe {
    fn of(ask: &Ask<'_>, words: &[&str]) -> Recipe {
        let words = std::iter::once(ask.program).chain(words.iter().copied());
        Recipe { argv: words.map(str::to_string).collect(), ..Recipe::default() }
    }

    fn add(&mut self, words: &[&str]) {
        self.argv.extend(words.iter().map(|word| (*word).to_string()));
    }

    fn flag(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(&[name, value]);
        }
    }

    fn set(&mut self, variables: &[(&str, &str)]) {
        self.set.extend(variables.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string())));
    }
}

/// The prompt as an argument.
fn argument(ask: &Ask<'_>) -> String {
    if ask.prompt.len() <= ARGUMENT_MAX {
        return ask.prompt.to_string();
    }
    format!("Read the file {} and do what it says.", ask.prompt_file.display())
}

/// A script is no program with a command line: whoever plans the run writes it to a file.
pub(super) fn shell(_ask: &Ask<'_>) -> Result<Recipe, String> {
    Err("a script is started by its interpreter".to_string())
}

pub(super) fn claude(ask: &Ask<'_>) -> Result<Recipe, String> {
    let mut recipe =
        Recipe::of(ask, &["-p", "--output-format", "stream-json", "--verbose", "--include-partial-messages"]);
    if ask.yolo {
        recipe.add(&["--permission-mode", "bypassPermissions"]);
        // As root it refuses to go without asking, unless it is told that it stands in a sandbox.
        if ask.root {
            recipe.set(&[("IS_SANDBOX", "1")]);
        }
    } else {
        recipe.add(&["--permission-mode", "acceptEdits", "--allowedTools", CLAUDE_TOOLS]);
    }
    recipe.flag("--model", ask.model);
    recipe.flag("--effort", ask.effort);
    match ask.resume {
        Some(session) => recipe.add(&["--resume", session]),
        None => recipe.add(&["--session-id", ask.session]),
    }
    recipe.flag("--max-turns", ask.left.turns.map(|n| n.max(1).to_string()).as_deref());
    let usd = ask.left.micro_usd.map(|n| format!("{}.{:06}", n / 1_000_000, n % 1_000_000));
    recipe.flag("--max-budget-usd", usd.as_deref());
    // The user's own settings would bring variables, hooks and servers along that no other host has.
    recipe.add(&["--setting-sources", "project", "--strict-mcp-config"]);
    recipe.set(&[("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")]);
    recipe.stdin_is_prompt = true;
    Ok(recipe)
}

pub(super) fn codex(ask: &Ask<'_>) -> Result<Recipe, String> {
    let mut recipe = Recipe::of(ask, &["exec", "--json", "--color", "never"]);
    if ask.yolo {
        recipe.add(&["--dangerously-bypass-approvals-and-sandbox"]);
    } else {
        recipe.add(&["-s", "workspace-write"]);
    }
    recipe.add(&["-C", &ask.cwd.display().to_string(), "--skip-git-repo-check"]);
    recipe.flag("-m", ask.model);
    let effort = ask.effort.map(|effort| format!("model_reasoning_effort={effort:?}"));
    recipe.flag("-c", effort.as_deref());
    // Every option stands before the word: `resume` knows none of them.
    recipe.flag("resume", ask.resume);
    recipe.add(&["-"]);
    recipe.stdin_is_prompt = true;
    Ok(recipe)
}

pub(super) fn devin(ask: &Ask<'_>) -> Result<Recipe, String> {
    let mode = if ask.yolo { "bypass" } else { "normal" };
    let (prompt, export) = (ask.prompt_file.display().to_string(), ask.export.display().to_string());
    let mut recipe =
        Recipe::of(ask, &["-p", "--prompt-file", &prompt, "--permission-mode", mode, "--export", &export]);
    recipe.flag("--model", ask.model);
    Ok(recipe)
}

pub(super) fn gemini(ask: &Ask<'_>) -> Result<Recipe, String> {
    let mode = if ask.yolo { "yolo" } else { "auto_edit" };
    let prompt = argument(ask);
    let mut recipe = Recipe::of(ask, &["-p", &prompt, "-o", "stream-json", "--approval-mode", mode]);
    recipe.flag("-m", ask.model);
    recipe.flag("--resume", ask.resume);
    Ok(recipe)
}

pub(super) fn opencode(ask: &Ask<'_>) -> Result<Recipe, String> {
    let cwd = ask.cwd.display().to_string();
    let mut recipe = Recipe::of(ask, &["run", "--format", "json", "--dir", &cwd]);
    recipe.flag("-m", ask.model);
    recipe.flag("--variant", ask.effort);
    recipe.flag("--session", ask.resume);
    if ask.yolo {
        recipe.add(&["--auto"]);
    }
    recipe.add(&["--", &argument(ask)]);
    recipe.set(&[
        ("OPENCODE_PERMISSION", if ask.yolo { OPENCODE_YOLO } else { OPENCODE_CAREFUL }),
        ("OPENCODE_AUTO_SHARE", "false"),
        ("OPENCODE_DISABLE_AUTOUPDATE", "true"),
        ("OPENCODE_DISABLE_LSP_DOWNLOAD", "true"),
        ("OPENCODE_DISABLE_MODELS_FETCH", "true"),
        ("OPENCODE_DISABLE_CLAUDE_CODE", "true"),
    ]);
    Ok(recipe)
}

pub(super) fn copilot(ask: &Ask<'_>) -> Result<Recipe, String> {
    let rounds = ask.left.turns.unwrap_or(COPILOT_ROUNDS).clamp(1, COPILOT_ROUNDS).to_string();
    let prompt = argument(ask);
    let mut recipe =
        Recipe::of(ask, &["-p", &prompt, "--output-format", "json", "-s", "--autopilot", "--no-ask-user"]);
    recipe.add(&["--max-autopilot-continues", &rounds]);
    if ask.yolo {
        recipe.add(&["--allow-all", "--deny-tool", "shell(git push:*)"]);
    } else {
        recipe.add(&["--allow-tool", "write", "--allow-tool", "shell(git diff:*)"]);
    }
    recipe.flag("--model", ask.model);
    match ask.resume {
        Some(session) => recipe.add(&["--resume", session]),
        // Named by us: its own id comes with the last line, which a killed run never prints.
        None => recipe.add(&["--session-id", ask.session]),
    }
    recipe.set(&[("COPILOT_AUTO_UPDATE", "false")]);
    Ok(recipe)
}

pub(super) fn cursor_agent(ask: &Ask<'_>) -> Result<Recipe, String> {
    if !ask.yolo {
        return Err("without yolo: true cursor-agent only proposes edits and changes nothing".to_string());
    }
    let words = ["-p", "--output-format", "stream-json", "--force", "--trust", "--sandbox", "disabled"];
    let mut recipe = Recipe::of(ask, &words);
    recipe.flag("--model", ask.model);
    recipe.flag("--resume", ask.resume);
    recipe.add(&[&argument(ask)]);
    Ok(recipe)
}

pub(super) fn aider(ask: &Ask<'_>) -> Result<Recipe, String> {
    let prompt = ask.prompt_file.display().to_string();
    let words = ["--message-file", &prompt, "--yes-always", "--no-stream", "--no-auto-commits"];
    let mut recipe = Recipe::of(ask, &words);
    recipe.flag("--model", ask.model);
    recipe.flag("--reasoning-effort", ask.effort);
    Ok(recipe)
}

#[cfg(test)]
mod tests {
    use super::super::table::engine;
    use super::*;
    use expect_test::{Expect, expect};

    fn ask() -> Ask<'static> {
        Ask {
            program: "PROGRAM",
            prompt: "Do it.",
            prompt_file: Path::new("/run/prompt.md"),
            cwd: Path::new("/tree"),
            export: Path::new("/run/export.json"),
            model: None,
            effort: None,
            yolo: false,
            session: "UUID",
            resume: None,
            left: Budget::default(),
            root: false,
        }
    }

    /// Fresh and careful; then with everything a job can ask for.
    #[track_caller]
    fn check(name: &str, expected: &Expect) {
        let engine = engine(name).unwrap();
        let left = Budget { micro_usd: Some(1_500_000), turns: Some(7), ..Budget::default() };
        let (model, effort, resume) = (Some("M"), Some("high"), Some("ID"));
        let all = Ask { yolo: true, root: true, model, effort, resume, left, ..ask() };
        let shown = |ask: &Ask<'_>| match (engine.recipe)(ask) {
            Err(why) => format!("no: {why}\n"),
            Ok(recipe) => {
                let stdin = if recipe.stdin_is_prompt { " < prompt" } else { "" };
                let set: Vec<String> = recipe.set.iter().map(|(n, v)| format!("{n}={v}\n")).collect();
                format!("{}{stdin}\n{}", recipe.argv.join(" "), set.concat())
            }
        };
        expected.assert_eq(&format!("{}{}", shown(&ask()), shown(&all)));
    }

    #[test]
    fn command_lines_are_as_written() {
        check(
            "claude",
            &expect![[r#"
            PROGRAM -p --output-format stream-json --verbose --include-partial-messages --permission-mode acceptEdits --allowedTools Read,Edit,Write,Bash(git diff *),Bash(aq add *),Bash(aq ask *),Bash(aq progress *) --session-id UUID --setting-sources project --strict-mcp-config < prompt
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1
            PROGRAM -p --output-format stream-json --verbose --include-partial-messages --permission-mode bypassPermissions --model M --effort high --resume ID --max-turns 7 --max-budget-usd 1.500000 --setting-sources project --strict-mcp-config < prompt
            IS_SANDBOX=1
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1
        "#]],
        );
        check(
            "codex",
            &expect![[r#"
            PROGRAM exec --json --color never -s workspace-write -C /tree --skip-git-repo-check - < prompt
            PROGRAM exec --json --color never --dangerously-bypass-approvals-and-sandbox -C /tree --skip-git-repo-check -m M -c model_reasoning_effort="high" resume ID - < prompt
        "#]],
        );
        check(
            "devin",
            &expect![[r#"
            PROGRAM -p --prompt-file /run/prompt.md --permission-mode normal --export /run/export.json
            PROGRAM -p --prompt-file /run/prompt.md --permission-mode bypass --export /run/export.json --model M
        "#]],
        );
        check(
            "gemini",
            &expect![[r#"
            PROGRAM -p Do it. -o stream-json --approval-mode auto_edit
            PROGRAM -p Do it. -o stream-json --approval-mode yolo -m M --resume ID
        "#]],
        );
        check(
            "copilot",
            &expect![[r#"
            PROGRAM -p Do it. --output-format json -s --autopilot --no-ask-user --max-autopilot-continues 50 --allow-tool write --allow-tool shell(git diff:*) --session-id UUID
            COPILOT_AUTO_UPDATE=false
            PROGRAM -p Do it. --output-format json -s --autopilot --no-ask-user --max-autopilot-continues 7 --allow-all --deny-tool shell(git push:*) --model M --resume ID
            COPILOT_AUTO_UPDATE=false
        "#]],
        );
        check(
            "cursor-agent",
            &expect![[r#"
            no: without yolo: true cursor-agent only proposes edits and changes nothing
            PROGRAM -p --output-format stream-json --force --trust --sandbox disabled --model M --resume ID Do it.
        "#]],
        );
        check(
            "aider",
            &expect![[r#"
            PROGRAM --message-file /run/prompt.md --yes-always --no-stream --no-auto-commits
            PROGRAM --message-file /run/prompt.md --yes-always --no-stream --no-auto-commits --model M --reasoning-effort high
        "#]],
        );
        check(
            "opencode",
            &expect![[r#"
            PROGRAM run --format json --dir /tree -- Do it.
            OPENCODE_PERMISSION={"read":"allow","edit":"allow","glob":"allow","grep":"allow","list":"allow","todoread":"allow","todowrite":"allow","bash":{"*":"ask","git diff*":"allow","git status*":"allow","aq add *":"allow","aq ask *":"allow","aq progress *":"allow"},"task":"ask","skill":"ask","lsp":"allow","webfetch":"ask","websearch":"ask","codesearch":"ask","external_directory":"ask","doom_loop":"ask","question":"deny"}
            OPENCODE_AUTO_SHARE=false
            OPENCODE_DISABLE_AUTOUPDATE=true
            OPENCODE_DISABLE_LSP_DOWNLOAD=true
            OPENCODE_DISABLE_MODELS_FETCH=true
            OPENCODE_DISABLE_CLAUDE_CODE=true
            PROGRAM run --format json --dir /tree -m M --variant high --session ID --auto -- Do it.
            OPENCODE_PERMISSION={"*":"allow","question":"deny"}
            OPENCODE_AUTO_SHARE=false
            OPENCODE_DISABLE_AUTOUPDATE=true
            OPENCODE_DISABLE_LSP_DOWNLOAD=true
            OPENCODE_DISABLE_MODELS_FETCH=true
            OPENCODE_DISABLE_CLAUDE_CODE=true
        "#]],
        );
    }

    #[test]
    fn a_prompt_too_long_for_an_argument_is_named_by_its_file() {
        let long = "x".repeat(ARGUMENT_MAX + 1);
        let recipe = gemini(&Ask { prompt: &long, ..ask() }).unwrap();
        assert_eq!(recipe.argv[2], "Read the file /run/prompt.md and do what it says.");
        assert!(recipe.argv.iter().all(|word| word.len() <= ARGUMENT_MAX));
    }
}
