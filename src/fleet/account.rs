//! Accounts as the law sees them: on which login an attempt counts, and which logins are closed, until when.
//!
//! A host says which accounts it may use for an engine, in the order of a person's pool. An account that a
//! person named is one wherever it is offered; where none is named the host's own login is `@HOST`. A script
//! has none. The law grants the first of them that is open, and keeps to the one a job has used before: a
//! conversation lives in its login, and an attempt that did no work is no reason to change.
//!
//! An account closes by what an attempt met on it. A usage limit closes it until the reset, for each window
//! by itself. A refused login closes it until a person's word or a success, since every further job would
//! fail the same way. Two jobs in a row that find an engine misconfigured or missing close that engine on
//! that host. It opens by time, by a person, or by an attempt begun after it closed that came to work: who
//! unparks a job lets that one job try. Rejected: parking every waiting job when an account closes. A gate
//! needs no event per job, and a host with another lawful account sees none.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use super::job::{Attempt, Job};
use super::state::State;
use crate::job::{JobId, Outcome};
use crate::time::Stamp;

/// An engine's account: `claude/work`, or `claude/@forge-01` for the login of one host.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId {
    /// The engine.
    pub engine: Arc<str>,
    /// The account's name; with `@` before it a host.
    pub account: Arc<str>,
}

impl AccountId {
    /// The account of that name.
    pub fn new(engine: &str, account: &str) -> AccountId {
        AccountId { engine: engine.into(), account: account.into() }
    }
}

impl std::fmt::Display for AccountId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.engine, self.account)
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> String {
        id.to_string()
    }
}

impl TryFrom<String> for AccountId {
    type Error = String;

    fn try_from(text: String) -> Result<AccountId, String> {
        let (engine, account) = text.split_once('/').ok_or_else(|| format!("not an account: {text:?}"))?;
        Ok(AccountId::new(engine, account))
    }
}

/// The login of a host where no account is named.
pub fn login_of(host: &str) -> String {
    format!("@{host}")
}

/// The name a person gave an account; `None` where it is the login of a host, which goes without saying.
pub fn named(account: Option<&str>) -> Option<&str> {
    account.filter(|name| !name.starts_with('@'))
}

/// Why an account takes no jobs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Closure {
    /// What the attempt met: `limit`, `auth`, `config` or `no_engine`.
    pub outcome: Outcome,
    /// When it opens by itself, wall time; `None` needs a person or a success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Stamp>,
    /// Since when.
    pub since: Stamp,
    /// Whose attempt it was.
    pub job: JobId,
    /// In the words of its end.
    pub text: String,
}

impl Closure {
    /// Whether it still holds at `wall`; its timer may be late.
    pub fn holds(&self, wall: Stamp) -> bool {
        self.until.is_none_or(|until| until > wall)
    }

    /// Its place in the order of opening: the undated last.
    fn opens(&self) -> (bool, Option<Stamp>) {
        (self.until.is_none(), self.until)
    }
}

/// The last attempt that found its engine misconfigured or missing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Met {
    /// Whose.
    pub job: JobId,
    /// `config` or `no_engine`.
    pub outcome: Outcome,
    /// In words: another job meets the same only with the same words.
    pub reason: String,
}

/// What is remembered of an account; one of which nothing is to be said is not kept.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    /// By window; the empty name is the whole account.
    #[serde(default)]
    pub closed: OrdMap<Arc<str>, Closure>,
    /// Usage limits in a row; they lengthen the pause of one that names no reset.
    #[serde(default)]
    pub limits: u32,
    /// Of the login of a host: what its last attempt met.
    #[serde(default)]
    pub met: Option<Met>,
}

/// The closure of an account that opens last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shut<'a> {
    /// The account it is kept under.
    pub account: &'a str,
    /// The window; empty for the whole account.
    pub window: &'a str,
    /// Why and until when.
    pub closure: &'a Closure,
}

/// The closed account in the way of a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClosedAccount {
    /// The account.
    pub id: AccountId,
    /// The window; `None` is the whole account.
    pub window: Option<String>,
    /// Why and until when.
    pub closure: Closure,
}

/// Whether an outcome is about a host's engine rather than about the job or its account.
pub(super) fn is_of_host(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Config | Outcome::NoEngine)
}

/// Whether the engine came to work, whatever became of it: then its login is good and its window open.
pub(super) fn has_worked(outcome: Outcome) -> bool {
    use Outcome::{BudgetExceeded, NoWork, Ok, TaskFailed, Turns, VerifyFailed};
    matches!(outcome, Ok | NoWork | TaskFailed | VerifyFailed | Turns | BudgetExceeded)
}

impl Attempt {
    /// The account it runs on, and the host's own login beside it; `None` for an engine without accounts.
    pub(super) fn accounts(&self) -> Option<(AccountId, AccountId)> {
        let account = AccountId::new(&self.engine, self.account.as_deref()?);
        Some((account, AccountId::new(&self.engine, &login_of(self.holder.host()))))
    }
}

impl Job {
    /// Whether it may run on that engine as far as its manifest says.
    pub(super) fn may_use(&self, engine: &str) -> bool {
        self.spec.engine.as_deref().map_or(self.spec.engine_class.is_some(), |own| own == engine)
    }
}

impl State {
    /// Accounts that take no jobs at `wall`, window by window.
    pub fn closed_accounts(&self, wall: Stamp) -> impl Iterator<Item = (&AccountId, &str, &Closure)> {
        let rows = self.accounts.iter().flat_map(|(id, account)| {
            account.closed.iter().map(move |(window, closure)| (id, &**window, closure))
        });
        rows.filter(move |row| row.2.holds(wall))
    }

    /// Why `account` of `engine` takes no job on `host` at `wall`; `None`: it is open. What stood when a person
    /// gave the `word` does not count.
    pub fn shut(
        &self,
        engine: &str,
        account: &str,
        host: &str,
        wall: Stamp,
        word: Option<Stamp>,
    ) -> Option<Shut<'_>> {
        if self.accounts.is_empty() {
            return None;
        }
        let kept = |name: &str| self.accounts.get_key_value(&AccountId::new(engine, name));
        let own = kept(account).into_iter().flat_map(|(id, record)| {
            record.closed.iter().map(|(window, closure)| (&*id.account, window, closure))
        });
        let login = login_of(host);
        // What is wrong with the engine of a host is wrong for every account there.
        let host = kept(&login).filter(|_| login != account).into_iter().flat_map(|(id, record)| {
            let broken = record.closed.iter().filter(|row| is_of_host(row.1.outcome));
            broken.map(|(window, closure)| (&*id.account, window, closure))
        });
        let counts = |closure: &Closure| closure.holds(wall) && Some(closure.since) > word;
        let found = own.chain(host).filter(|row| counts(row.2));
        let last = found.max_by_key(|row| row.2.opens());
        last.map(|(account, window, closure)| Shut { account, window, closure })
    }

    /// When the next account opens by itself, wall time.
    pub fn next_opening(&self) -> Option<Stamp> {
        let closed = self.accounts.values().flat_map(|account| account.closed.values());
        closed.filter_map(|closure| closure.until).min()
    }

    /// Accounts with a closure whose moment has come.
    pub fn due_accounts(&self, wall: Stamp) -> impl Iterator<Item = &AccountId> {
        let is_due = move |account: &Account| account.closed.values().any(|closure| !closure.holds(wall));
        self.accounts.iter().filter(move |row| is_due(row.1)).map(|row| row.0)
    }
}

impl Shut<'_> {
    /// As the gate in the way of a job of that engine.
    pub(super) fn as_gate(&self, engine: &str) -> ClosedAccount {
        ClosedAccount {
            id: AccountId::new(engine, self.account),
            window: Some(self.window.to_string()).filter(|window| !window.is_empty()),
            closure: self.closure.clone(),
        }
    }

    /// Of two, the one that opens first.
    pub(super) fn sooner<'a>(a: Shut<'a>, b: Shut<'a>) -> Shut<'a> {
        if b.closure.opens() < a.closure.opens() { b } else { a }
    }
}
