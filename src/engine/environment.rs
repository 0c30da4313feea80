//! Which variables an engine sees, and which of their values must never be written down.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::plan::RunKind;

/// Passed through as they are (`engines.md` section 1 rule 5). `TZ` too: some engines write limit times in it.
const PASSED: [&str; 9] = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TMPDIR", "TZ"];

/// Passed through in either case of letters: programs disagree on which one they read.
const PROXIES: [&str; 4] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];

/// Where a machine behind an inspecting proxy keeps its certificates.
const CERTIFICATES: [&str; 6] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
];

/// What every run gets: nobody looks at a terminal, and nobody can answer a password prompt.
const FIXED: [(&str, &str); 3] = [("TERM", "dumb"), ("NO_COLOR", "1"), ("GIT_TERMINAL_PROMPT", "0")];

/// What the programs that push and speak to the forge get besides: its logins and addresses, and where git and
/// ssh keep theirs. No engine ever sees them.
const FORGE: [&str; 14] = [
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GH_HOST",
    "GH_CONFIG_DIR",
    "SSH_AUTH_SOCK",
    "GIT_SSH_COMMAND",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];

/// They ask nobody and advertise nothing, and speak the words that aq reads.
const FORGE_FIXED: [(&str, &str); 3] =
    [("GH_PROMPT_DISABLED", "1"), ("GH_NO_UPDATE_NOTIFIER", "1"), ("LC_ALL", "C")];

/// Never passed from the parent, whatever `env-pass` says (`engines.md` section 1 rule 6); a `*` at the end
/// stands for any rest. `AQ_*` covers the coordinator's tokens and the names of an outer run.
const STRIPPED: [&str; 23] = [
    "AQ_*",
    "CLAUDECODE",
    "CLAUDE_CODE_*",
    "ANTHROPIC_*",
    "OPENAI_*",
    "CODEX_*",
    "GEMINI_*",
    "GOOGLE_*",
    "OPENCODE_*",
    "COPILOT_*",
    "CURSOR_*",
    "DEVIN_*",
    "AIDER_*",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GH_CONFIG_DIR",
    "SSH_AUTH_SOCK",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "NODE_OPTIONS",
];

/// Ends and middles of names whose values are secret (`jobs.md` section 6).
const SECRET_ENDS: [&str; 3] = ["_KEY", "_TOKEN", "_SECRET"];
const SECRET_PART: &str = "PASSWORD";

/// An environment and the secrets in it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct EngineEnv {
    /// Name and value, sorted by name.
    pub vars: Vec<(String, String)>,
    /// Values to redact: those of the run and those of the parent that the run could still come across.
    pub secrets: Vec<String>,
    /// Names that `pass` asked for and that are never passed.
    pub refused: Vec<String>,
}

/// What is added to the allow-list.
#[derive(Clone, Copy, Default)]
pub struct EnvRules<'a> {
    /// Further names to pass from the parent: `env-pass` of the configuration.
    pub pass: &'a [String],
    /// Keys of the chosen account; given to the engine only, never to setup or verify.
    pub keys: &'a [(String, String)],
    /// Set last, over everything: the job's own variables.
    pub set: &'a [(String, String)],
}

/// Builds the environment of a run from the parent's. Names and values that are not UTF-8 are left out.
pub fn engine_env(
    kind: RunKind,
    parent: impl IntoIterator<Item = (OsString, OsString)>,
    rules: &EnvRules<'_>,
) -> EngineEnv {
    let parent: Vec<(String, String)> = parent
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let passed = |name: &str| is_listed(name) || rules.pass.iter().any(|p| p == name);
    let mut vars: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, value) in &parent {
        if passed(name) && !is_stripped(name) {
            vars.insert(name, value);
        }
    }
    vars.extend(FIXED);
    if kind == RunKind::Engine {
        vars.extend(rules.keys.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    }
    vars.extend(rules.set.iter().map(|(name, value)| (name.as_str(), value.as_str())));

    let all = parent.iter().chain(rules.keys).chain(rules.set);
    let mut secrets: Vec<String> = all.filter(|(n, _)| is_secret(n)).map(|(_, v)| v.clone()).collect();
    secrets.retain(|value| !value.is_empty());
    secrets.sort();
    secrets.dedup();
    EngineEnv {
        vars: vars.into_iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        secrets,
        refused: rules.pass.iter().filter(|name| is_stripped(name)).cloned().collect(),
    }
}

/// The environment of the programs that push and speak to the forge; never that of an engine.
pub fn forge_env(parent: impl IntoIterator<Item = (OsString, OsString)>) -> EngineEnv {
    let parent = parent.into_iter().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let passed: Vec<(String, String)> = parent
        .filter(|(name, _)| is_listed(name) || FORGE.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name, value.into_string().ok()?)))
        .collect();
    let secrets = passed.iter().filter(|(name, value)| is_secret(name) && !value.is_empty());
    let secrets = secrets.map(|(_, value)| value.clone()).collect();
    let mut vars: BTreeMap<String, String> = passed.into_iter().collect();
    vars.extend(FIXED.iter().chain(&FORGE_FIXED).map(|(name, value)| (name.to_string(), value.to_string())));
    EngineEnv { vars: vars.into_iter().collect(), secrets, refused: Vec::new() }
}

fn is_listed(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    // A proxy is spelled wholly in one case; `Http_Proxy` is nobody's.
    let one_case = name == upper || name == name.to_ascii_lowercase();
    PASSED.contains(&name) || CERTIFICATES.contains(&name) || (one_case && PROXIES.contains(&upper.as_str()))
}

fn is_stripped(name: &str) -> bool {
    // TMUX, TMUX_PANE and kin: an engine must not find the terminal aq was started from.
    name.starts_with("TMUX")
        || STRIPPED.iter().any(|rule| match rule.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == *rule,
        })
}

/// Whether the value of a variable of that name is a secret.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    name.contains(SECRET_PART) || SECRET_ENDS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let pair = |word: &str| word.split_once('=').map(|(n, v)| (n.to_string(), v.to_string()));
        text.split_whitespace().filter_map(pair).collect()
    }

    /// `kind parent | pass | keys | set` to `vars | secrets | refused`.
    fn check(kind: RunKind, input: &str, expected: &str) {
        let parts: Vec<&str> = input.split('|').collect();
        let pass: Vec<String> = parts[1].split_whitespace().map(str::to_string).collect();
        let (keys, set) = (pairs(parts[2]), pairs(parts[3]));
        let parent = pairs(parts[0]).into_iter().map(|(n, v)| (n.into(), v.into()));
        let env = engine_env(kind, parent, &EnvRules { pass: &pass, keys: &keys, set: &set });
        let fixed = |n: &str| FIXED.iter().any(|f| f.0 == n);
        let vars: Vec<String> =
            env.vars.iter().filter(|(n, _)| !fixed(n)).map(|(n, v)| format!("{n}={v}")).collect();
        let got = format!("{} | {} | {}", vars.join(" "), env.secrets.join(" "), env.refused.join(" "));
        assert_eq!(got.trim_end(), expected.trim_end(), "{input}");
    }

    #[test]
    fn only_the_listed_pass_and_the_strip_list_wins() {
        use RunKind::{Engine, Verify};
        check(
            Engine,
            "PATH=/bin FOO=1 TZ=CET https_proxy=p HTTPS_PROXY=q Https_Proxy=r|||",
            "HTTPS_PROXY=q PATH=/bin TZ=CET https_proxy=p |  | ",
        );
        check(Engine, "FOO=1 BAR=2|FOO||", "FOO=1 |  | ");
        check(
            Engine,
            "ANTHROPIC_API_KEY=old HOME=/h|ANTHROPIC_API_KEY|ANTHROPIC_API_KEY=new|",
            "ANTHROPIC_API_KEY=new HOME=/h | new old | ANTHROPIC_API_KEY",
        );
        check(Verify, "HOME=/h||ANTHROPIC_API_KEY=new|AQ_JOB=j", "AQ_JOB=j HOME=/h | new | ");
        check(
            Engine,
            "TMUX=1 TMUX_PANE=2 GH_TOKEN=t AQ_TOKEN=u|TMUX GH_TOKEN AQ_TOKEN||",
            " | t u | TMUX GH_TOKEN AQ_TOKEN",
        );
        check(Engine, "HOME=/h|||HOME=/other db_password=x", "HOME=/other db_password=x | x | ");
        check(Engine, "MONKEYS=3 A_KEY=|MONKEYS A_KEY||", "A_KEY= MONKEYS=3 |  | ");
    }

    #[test]
    fn the_forge_gets_its_token_and_an_engine_never_does() {
        let parent = || {
            pairs("HOME=/h GH_TOKEN=t GITHUB_TOKEN=u GH_ENTERPRISE_TOKEN=v GH_CONFIG_DIR=/c ANTHROPIC_API_KEY=k AQ_X=1")
                .into_iter()
                .map(|(n, v)| (n.into(), v.into()))
        };
        let forge = forge_env(parent());
        let names: Vec<&str> = forge.vars.iter().map(|(n, _)| n.as_str()).collect();
        assert_eq!(
            names,
            [
                "GH_CONFIG_DIR",
                "GH_ENTERPRISE_TOKEN",
                "GH_NO_UPDATE_NOTIFIER",
                "GH_PROMPT_DISABLED",
                "GH_TOKEN",
                "GITHUB_TOKEN",
                "GIT_TERMINAL_PROMPT",
                "HOME",
                "LC_ALL",
                "NO_COLOR",
                "TERM"
            ]
        );
        assert_eq!(forge.secrets, ["t", "u", "v"]);
        let pass: Vec<String> =
            FORGE[..4].iter().chain(&["GH_CONFIG_DIR"]).map(ToString::to_string).collect();
        let engine = engine_env(RunKind::Engine, parent(), &EnvRules { pass: &pass, ..EnvRules::default() });
        assert!(!engine.vars.iter().any(|(name, _)| FORGE.contains(&name.as_str())), "{:?}", engine.vars);
    }

    #[test]
    fn every_run_is_told_that_nobody_watches() {
        let env = engine_env(RunKind::Setup, Vec::new(), &EnvRules::default());
        let names: Vec<&str> = env.vars.iter().map(|(n, _)| n.as_str()).collect();
        assert_eq!(names, ["GIT_TERMINAL_PROMPT", "NO_COLOR", "TERM"]);
    }
}
