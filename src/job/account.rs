//! Accounts of an engine: a login of its own each, and in which order a host may use them.
//!
//! Rejected: taking whatever account works. A switch spends somebody's money, so it takes a person's word:
//! a pool. Without one a limit is waited out.

use std::collections::BTreeMap;

use super::config::Config;
use super::forms::is_name;
use super::reader::{Reader, Row, Words, row};
use super::tree::{Node, Value};

/// Accounts of one engine; more is a mistake, and each pick looks at all of them.
const ACCOUNTS_MAX: usize = 100;
/// Variables of one account.
const VARIABLES_MAX: usize = 100;

/// A login of an engine, from configuration. It names where secrets are and never holds one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Account {
    /// The engine's own configuration directory with this login.
    pub config_dir: Option<String>,
    /// A variable the engine reads, and the variable of the agent's environment that has its value.
    pub env: BTreeMap<String, String>,
}

#[rustfmt::skip]
static ACCOUNT: &[Row<Account>] = &[
    row("config-dir", "path", "the engine's own", "the engine's configuration directory with this login; `~/` is the home", |r, n, a| a.config_dir = r.path(n)),
    row("env", "table: variable of the engine = variable of the agent", "–", "keys, by the names of the variables they are read from", |r, n, a| a.env = r.variables(n).unwrap_or_default()),
];

/// The words of every field of an account.
pub fn account_fields() -> impl Iterator<Item = Words> {
    ACCOUNT.iter().map(|row| row.words)
}

impl Reader<'_> {
    /// An account's entry; its name is the field that is being read.
    pub(super) fn account(&mut self, node: &Node) -> Option<Account> {
        if !is_name(self.here()) {
            let hint = "a name is lower-case letters, digits, - _ and .";
            self.advise(node.at.long(1), "not a name for an account", hint);
            return None;
        }
        let mut account = Account::default();
        self.map(node, ACCOUNT, &mut account)?;
        Some(account)
    }

    /// The order of an engine's accounts.
    pub(super) fn pool(&mut self, node: &Node) -> Option<Vec<String>> {
        let names = self.list(node, ACCOUNTS_MAX, Reader::name)?;
        if names.is_empty() {
            self.fail(node.at, "no account");
            return None;
        }
        if let Some(twice) = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
            self.fail(node.at.long(1), format!("{} stands here twice", twice.1));
            return None;
        }
        Some(names)
    }

    fn variables(&mut self, node: &Node) -> Option<BTreeMap<String, String>> {
        let Value::Map(entries) = &node.value else {
            let message = format!("{} where a table is wanted", node.kind());
            self.advise(
                node.at,
                message,
                "write {API_KEY = \"WORK_API_KEY\"}: names of variables, no values",
            );
            return None;
        };
        if entries.len() > VARIABLES_MAX {
            self.fail(node.at, format!("{} variables; at most {VARIABLES_MAX} are allowed", entries.len()));
            return None;
        }
        let mut read = BTreeMap::new();
        for entry in entries {
            let name = Node { at: entry.at, value: Value::Scalar { text: entry.key.clone(), quoted: true } };
            // Secrets stand in the environment or in a configuration directory, never in a settings file.
            if let (Some(to), Some(from)) = (self.variable(&name), self.variable(&entry.value)) {
                read.insert(to, from);
            }
        }
        Some(read)
    }
}

impl Config {
    /// The accounts of an engine in the order in which they may be used; none where it has only the login
    /// of its host. More than one is consent to go on with the next.
    ///
    /// # Errors
    /// What is wrong with them, and what to write: several without an order, a name without an account.
    pub fn pool_of(&self, engine: &str) -> Result<Vec<String>, (String, String)> {
        let accounts: Vec<&str> =
            self.accounts.get(engine).into_iter().flatten().map(|row| row.0.as_str()).collect();
        let Some(pool) = self.pools.get(engine) else {
            if let [first, second, ..] = accounts[..] {
                let why = format!("engines.{engine} has several accounts and nothing says which one runs");
                let hint = format!(
                    "write engines.{engine}.pool = [\"{first}\"], or [\"{first}\", \"{second}\"] to let it go on with the next"
                );
                return Err((why, hint));
            }
            return Ok(accounts.into_iter().map(str::to_string).collect());
        };
        if let Some(name) = pool.iter().find(|name| !accounts.contains(&name.as_str())) {
            let why = format!("engines.{engine}.pool names {name}, and there is no such account");
            return Err((
                why,
                format!("write [engines.{engine}.accounts.{name}] with its config-dir or env"),
            ));
        }
        Ok(pool.clone())
    }

    /// The account of that name.
    pub fn account(&self, engine: &str, name: &str) -> Option<&Account> {
        self.accounts.get(engine)?.get(name)
    }
}
