//! The login a run is given: its account's configuration folder and keys, in the variables of its engine.

use crate::agent::place::NotReady;
use crate::engine::engine as engine_of_table;
use crate::fleet::named;
use crate::job::{Config, Outcome};

/// What an account adds to its engine's environment; nothing where the engine runs on the host's own login.
/// `of_agent` reads a variable of the agent.
///
/// # Errors
/// `config` for an account that the settings of this host do not have, `auth` for a key that is not there.
pub(super) fn login(
    config: &Config,
    engine: &str,
    account: Option<&str>,
    of_agent: impl Fn(&str) -> Option<String>,
) -> Result<Vec<(String, String)>, NotReady> {
    let Some(name) = named(account) else { return Ok(Vec::new()) };
    let Some(account) = config.account(engine, name) else {
        let why = format!("the settings of this host have no account {name} of {engine}");
        return Err((Outcome::Config, why));
    };
    let mut vars = vec![("AQ_ACCOUNT".to_string(), name.to_string())];
    if let Some(dir) = &account.config_dir {
        let dir = match (dir.strip_prefix("~/"), of_agent("HOME")) {
            (Some(rest), Some(home)) => format!("{home}/{rest}"),
            _ => dir.clone(),
        };
        // An engine that aq does not know reads the general one.
        let own = engine_of_table(engine).and_then(|row| row.home);
        vars.extend(own.map(|variable| (variable.to_string(), dir.clone())));
        vars.push(("AQ_ACCOUNT_DIR".to_string(), dir));
    }
    for (to, from) in &account.env {
        let value = of_agent(from).filter(|value| !value.is_empty());
        let missing = || {
            let why = format!("account {name} of {engine}: {from} is not set where the agent runs");
            (Outcome::Auth, why)
        };
        vars.push((to.clone(), value.ok_or_else(missing)?));
    }
    Ok(vars)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Origin, merge_config, read_config};

    const SETTINGS: &str = "[engines.claude.accounts.work]\nconfig-dir = '~/.claude-work'\n\
        [engines.claude.accounts.home]\nconfig-dir = '/abs'\nenv = {ANTHROPIC_API_KEY = 'HOME_KEY'}\n\
        [engines.mine.accounts.a]\nconfig-dir = '/mine'\n";

    fn check(engine: &str, account: Option<&str>, agent: &[(&str, &str)], expected: &str) {
        let layer = read_config(SETTINGS, Origin::User).expect("right").0;
        let config = merge_config(&[layer]);
        let of_agent = |name: &str| agent.iter().find(|row| row.0 == name).map(|row| row.1.to_string());
        let said = match login(&config, engine, account, of_agent) {
            Ok(vars) => {
                vars.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
            }
            Err((outcome, why)) => format!("{outcome}: {why}"),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn each_account_has_its_own_login() {
        check("shell", None, &[], "");
        check("claude", Some("@forge"), &[], "");
        check(
            "claude",
            Some("work"),
            &[("HOME", "/h")],
            "AQ_ACCOUNT=work CLAUDE_CONFIG_DIR=/h/.claude-work AQ_ACCOUNT_DIR=/h/.claude-work",
        );
        check(
            "claude",
            Some("home"),
            &[("HOME_KEY", "k")],
            "AQ_ACCOUNT=home CLAUDE_CONFIG_DIR=/abs AQ_ACCOUNT_DIR=/abs ANTHROPIC_API_KEY=k",
        );
        check("mine", Some("a"), &[], "AQ_ACCOUNT=a AQ_ACCOUNT_DIR=/mine");
        check(
            "claude",
            Some("home"),
            &[],
            "auth: account home of claude: HOME_KEY is not set where the agent runs",
        );
        check("claude", Some("old"), &[], "config: the settings of this host have no account old of claude");
    }
}
