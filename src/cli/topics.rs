//! Help topics that are no verb: one table, read by `aq help TOPIC` and the man page.

use super::columns::COLUMNS;
use super::frame::EXITS;
use crate::insight::FIELDS;
use crate::job::{Holder, OFFERS, config_keys, manifest_fields};

/// A topic.
pub struct Topic {
    /// Its name.
    pub name: &'static str,
    /// What it is about, in one line.
    pub does: &'static str,
    text: fn() -> String,
}

/// Every topic, in the order of help.
pub static TOPICS: &[Topic] = &[
    Topic { name: "exit-codes", does: "what each exit code means", text: exit_codes },
    Topic { name: "filter", does: "the language of aq ls, next and watch", text: filter },
    Topic { name: "columns", does: "the columns of aq ls", text: columns },
    Topic { name: "keys", does: "the keys of the cockpit", text: super::keys::text },
    Topic { name: "manifest", does: "the fields of a job's front matter", text: manifest },
    Topic { name: "capabilities", does: "what a job may ask of a host", text: capabilities },
    Topic { name: "config", does: "the keys of settings files", text: config },
    Topic { name: "environment", does: "variables that aq reads and sets", text: environment },
    Topic { name: "json", does: "the forms of --json and --jsonl", text: json },
];

/// The text of a topic, by its name or a beginning of three letters or more that no other has.
pub fn topic(name: &str) -> Option<String> {
    let exact = TOPICS.iter().find(|topic| topic.name == name);
    let begins = || {
        let mut found = TOPICS.iter().filter(|topic| name.len() >= 3 && topic.name.starts_with(name));
        found.next().filter(|_| found.next().is_none())
    };
    exact.or_else(begins).map(|topic| (topic.text)())
}

/// Two columns, the first as wide as it needs to be.
fn pairs<'a>(rows: impl Iterator<Item = (&'a str, String)>) -> String {
    let rows: Vec<(&str, String)> = rows.collect();
    let width = rows.iter().map(|row| row.0.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(name, means)| format!("  {name:<width$}  {means}\n")).collect()
}

fn exit_codes() -> String {
    let rows = EXITS.iter().map(|row| format!("{:>5}  {}\n", row.1, row.2));
    format!(" code  meaning\n{}", rows.collect::<String>())
}

/// Forms of the filter language that are no field.
const FORMS: [(&str, &str); 8] = [
    ("word", "part of id, title, engine or host; letter case does not count"),
    ("~word", "these letters in this order"),
    ("/re/", "a regular expression"),
    ("age>2h", "longer than that in its stage; also <, <=, >="),
    ("cost>5", "cost more dollars; unknown cost matches neither > nor <"),
    ("score>3", "in the line or running, and fits its host so well; no score matches neither > nor <"),
    ("-TERM", "the term does not hold; !TERM is the same"),
    ("TERM TERM", "both hold"),
];

fn filter() -> String {
    let fields = FIELDS.iter().map(|field| (field.form, field.means.to_string()));
    let forms = FORMS.iter().map(|(form, means)| (*form, (*means).to_string()));
    format!(
        "Terms that must all hold; several values of a field are joined by commas.\n\n{}\nExample: aq ls stage:building age>2h -tag:parked\n",
        pairs(forms.chain(fields))
    )
}

fn columns() -> String {
    let rows = pairs(COLUMNS.iter().map(|row| (row.name(), row.does.to_string())));
    format!("For --columns and --sort of aq ls; -NAME sorts the other way round.\n\n{rows}")
}

fn manifest() -> String {
    let rows = manifest_fields()
        .map(|words| (words.name, format!("{} ({}; default {})", words.meaning, words.form, words.default)));
    format!("Front matter of a job's markdown file; the body is the prompt.\n\n{}", pairs(rows))
}

/// The grammar of capabilities.
const DEMANDS: [(&str, &str); 3] = [
    ("key", "the host has it at all: gpu"),
    ("key:value", "this is one of its values: os:linux, has:git, target:aarch64-linux-gnu"),
    ("key>=1.2", "a version of it fits; also <, <=, =, >: node>=20"),
];

fn capabilities() -> String {
    let demands = DEMANDS.iter().map(|(form, means)| (*form, (*means).to_string()));
    let offers = OFFERS.iter().map(|(key, means)| (*key, (*means).to_string()));
    format!(
        "What a host must have, in a job's `capabilities`; each must hold.\n\n{}\n\
         What a host offers by itself:\n\n{}\n\
         More is offered by: aq agent --capability gpu. What a job lacks: aq explain JOB\n",
        pairs(demands),
        pairs(offers)
    )
}

fn config() -> String {
    let rows = config_keys().map(|(words, holder)| {
        let own = if holder == Holder::OwnOnly { "; your own or the machine's file only" } else { "" };
        (words.name, format!("{} ({}; default {}{own})", words.meaning, words.form, words.default))
    });
    format!(
        "Flags go before variables AQ_*, then the project's aq.toml beside queue/, then your own\n\
         $XDG_CONFIG_HOME/aq/config.toml, then the machine's /etc/aq/config.toml, then defaults.\n\
         In force: aq config show --origin. Change one: aq config edit\n\n{}",
        pairs(rows)
    )
}

/// Variables of the environment.
const VARIABLES: [(&str, &str); 18] = [
    ("AQ_QUEUE", "the queue folder"),
    ("AQ_FLEET_API", "the coordinator of a fleet; refused in this version"),
    ("AQ_CONTEXT", "a name for a coordinator; refused in this version"),
    ("AQ_LOG", "traces on standard error: error, warn, info, debug or trace; --debug is debug"),
    ("AQ_COLOR", "auto, always or never; --color goes before it"),
    ("AQ_DASH_IDLE", "a file or descriptor that is told when aq dash has nothing to do, for tests of it"),
    ("NO_COLOR", "no colour, if not empty"),
    ("COLUMNS", "width of tables and help"),
    ("TERM", "dumb means no colour"),
    ("LANG, LC_ALL, LC_CTYPE", "without UTF-8, signs and rails are ASCII"),
    ("TZ", "local times at a terminal"),
    ("PAGER", "for log, show, explain, events; less if not set, cat for none"),
    ("USER, LOGNAME", "who acts, as NAME@HOST"),
    ("XDG_CONFIG_HOME", "config.toml is in its aq/"),
    ("XDG_DATA_HOME", "aq/queue in it is the queue where there is no nearer one"),
    ("VISUAL, EDITOR", "for aq add --edit and aq config edit"),
    ("XDG_CACHE_HOME", "names for completion are in its aq/; it may be deleted at any time"),
    ("XDG_STATE_HOME", "panic reports and worktrees are in its aq/"),
];

/// Variables that a run finds in its environment.
const OF_RUNS: [(&str, &str); 13] = [
    ("AQ_QUEUE", "the queue folder"),
    ("AQ_JOB", "the job"),
    ("AQ_EPOCH", "the number of its lease"),
    ("AQ_ATTEMPT", "the number of the attempt, from 1"),
    ("AQ_PROMPT_FILE", "what the engine is told; for shell the whole manifest"),
    ("AQ_ANSWER_FILE", "once a question was answered: what the person said last, and nothing else"),
    ("AQ_HANDOFF_FILE", "where there is one: the note on earlier attempts, a reviewer's words, answers"),
    ("AQ_SLOT", "a number from 0 that no other run on this host has now"),
    ("AQ_PORT_BASE", "the first of 100 ports that are its own"),
    ("AQ_FENCE_URL", "the socket of aq add, progress and ask in this run"),
    ("AQ_ACCOUNT", "the account it was granted, where its engine has several"),
    ("AQ_ACCOUNT_DIR", "a folder of that account's own"),
    ("PATH", "the agent's, with the folder of aq at its end"),
];

fn environment() -> String {
    let all =
        |rows: &'static [(&str, &str)]| pairs(rows.iter().map(|(name, means)| (*name, (*means).to_string())));
    format!("aq reads:\n\n{}\nan engine's run finds:\n\n{}", all(&VARIABLES), all(&OF_RUNS))
}

fn json() -> String {
    "--json gives one object on standard output:\n\n\
     \x20 {\"v\":1,\"kind\":\"job\",\"at\":\"2026-10-02T12:04:27Z\",\"seq\":14208,\"source\":\"local\",\"data\":…}\n\n\
     \x20 v       version of the envelope\n\
     \x20 kind    what data is\n\
     \x20 at      when it was read\n\
     \x20 seq     last event the answer knows; aq events --after SEQ goes on without a gap\n\
     \x20 source  local, live or stale\n\
     \x20 data    an object, or an array for lists; unknown is null, never 0\n\n\
     --jsonl gives one such object per line. An error is one line on standard error:\n\n\
     \x20 {\"v\":1,\"kind\":\"error\",\"code\":\"fenced\",\"exit\":4,\"message\":…,\"why\":[…],\"hint\":…}\n\n\
     Names only grow; a reader ignores what it does not know.\n"
        .to_string()
}
