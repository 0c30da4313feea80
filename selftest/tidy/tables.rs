//! The tables of README, each from the table of the source that dispatch and help are drawn from too.

use std::fmt::Write as _;

use aq::cli::{EXITS, VERBS};
use aq::dash::ACTIONS as KEYS;
use aq::engine::ENGINES;
use aq::fleet::{ACTIONS, Level};
use aq::job::{
    CLASS_NAMES, FOLDERS, Follow, Holder, OUTCOMES, STAGES, Stage, Words, account_fields, config_keys,
    engine_fields, manifest_fields, nested_fields, profile_fields,
};

use super::life::TRANSITIONS;

/// A table in Markdown.
fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut out = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(N));
    for row in rows {
        let cells = row.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    out
}

fn code(word: &str) -> String {
    format!("`{word}`")
}

/// Signs that Markdown would take for its own are shown as code; a form that has code in it is left as it is.
fn form(text: &str) -> String {
    if text.contains('`') || !text.contains(['$', '*', '_', '<', '{']) {
        text.to_string()
    } else {
        code(text)
    }
}

/// The table `stages`.
pub fn stages() -> String {
    let lawful = |stage: Stage| {
        let names = ACTIONS.iter().filter(|row| row.from.contains(&stage)).map(|row| code(row.name));
        names.collect::<Vec<_>>().join(", ")
    };
    table(
        ["stage", "folder", "meaning", "what a person may do"],
        STAGES.map(|row| [code(row.1), code(row.2.name()), row.3.to_string(), lawful(row.0)]),
    )
}

/// The table `folders`.
pub fn folders() -> String {
    let held = |folder| {
        let stages = STAGES.iter().filter(|row| row.2 == folder).map(|row| code(row.1));
        stages.collect::<Vec<_>>().join(", ")
    };
    table(["folder", "stages"], FOLDERS.map(|row| [code(row.1), held(row.0)]))
}

/// The table `transitions`.
pub fn transitions() -> String {
    let name = |stage: Option<Stage>| stage.map_or("–".to_string(), |stage| code(stage.name()));
    let rows = TRANSITIONS.iter().map(|row| {
        let by: Vec<String> = row.2.iter().map(|kind| code(kind)).collect();
        [name(row.0), name(Some(row.1)), by.join(", ")]
    });
    table(["from", "to", "by the event"], rows)
}

/// The table `actions`.
pub fn actions() -> String {
    let level = |level, undo| {
        let asked = match level {
            Level::Reversible => "at once",
            Level::Decides => "asked before",
            Level::LosesMuch => "the number or name is typed",
        };
        if undo { format!("{asked}, with an undo") } else { asked.to_string() }
    };
    table(
        ["action", "lawful from", "what it does", "confirmation"],
        ACTIONS.iter().map(|row| {
            let from: Vec<String> = row.from.iter().map(|stage| code(stage.name())).collect();
            [code(row.name), from.join(", "), row.does.to_string(), level(row.level, row.action.has_undo())]
        }),
    )
}

/// The table `outcomes`.
pub fn outcomes() -> String {
    let follows = |follow| match follow {
        Follow::Gate => "review, or testing",
        Follow::Fail => "failed",
        Follow::RetryIfNamed => "retried if `retry.on` names it, else failed",
        Follow::Retry => "retried",
        Follow::Backoff => "waits and goes on; no attempt is counted",
        Follow::ParkUntilReset => "parked until the reset; no attempt is counted",
        Follow::Requeue => "back to queued",
        Follow::Unproven => "review, marked UNPROVEN",
    };
    table(
        ["outcome", "meaning", "what follows"],
        OUTCOMES.map(|row| [code(row.1), row.3.to_string(), follows(row.2).to_string()]),
    )
}

/// The table `verbs`.
pub fn verbs() -> String {
    let there = |is_here| if is_here { "yes" } else { "not yet" }.to_string();
    table(
        ["verb", "what it does", "in this version"],
        VERBS
            .iter()
            .map(|verb| [code(&format!("aq {}", verb.name)), verb.does.to_string(), there(verb.is_here())]),
    )
}

/// The table `exit-codes`.
pub fn exit_codes() -> String {
    table(["code", "meaning"], EXITS.iter().map(|row| [row.1.to_string(), row.2.to_string()]))
}

fn fields(rows: impl Iterator<Item = Words>) -> String {
    let rows = rows.flat_map(|words| {
        let nested = nested_fields(words.name).into_iter();
        let nested = nested.map(move |inner| (format!("{}.{}", words.name, inner.name), inner));
        std::iter::once((words.name.to_string(), words)).chain(nested)
    });
    table(
        ["field", "form", "default", "meaning"],
        rows.map(|(name, words)| {
            [code(&name), form(words.form), form(words.default), words.meaning.to_string()]
        }),
    )
}

/// The table `manifest`.
pub fn manifest() -> String {
    fields(manifest_fields())
}

/// The table `profile`.
pub fn profile() -> String {
    fields(profile_fields())
}

/// The table `engine`.
pub fn engine() -> String {
    fields(engine_fields())
}

/// The table `account`.
pub fn account() -> String {
    fields(account_fields())
}

/// The table `engines`.
pub fn engines() -> String {
    let head = [
        "engine",
        "class",
        "JSON stream",
        "tokens",
        "cost",
        "told",
        "resume",
        "sandbox",
        "`yolo: true`",
        "`aq` inside",
        "effort",
        "a limit is seen",
    ];
    table(
        head,
        ENGINES.iter().map(|row| {
            let class = CLASS_NAMES.iter().find(|name| name.1 == row.class).map_or("", |name| name.0);
            let facts = &row.facts;
            [
                code(row.name),
                class.to_string(),
                facts.stream.to_string(),
                facts.tokens.to_string(),
                facts.cost.to_string(),
                row.told.words().to_string(),
                facts.resume.to_string(),
                facts.sandbox.to_string(),
                facts.yolo.to_string(),
                row.reach.words().to_string(),
                facts.effort.to_string(),
                facts.limit.to_string(),
            ]
        }),
    )
}

/// The table `config`.
pub fn config() -> String {
    let files = |holder| match holder {
        Holder::Any => "any",
        Holder::OwnOnly => "the user's or the machine's",
    };
    table(
        ["key", "form", "default", "meaning", "which file"],
        config_keys().map(|(words, holder)| {
            let Words { name, form: shape, default, meaning } = words;
            [code(name), form(shape), form(default), meaning.to_string(), files(holder).to_string()]
        }),
    )
}

/// The table `keys`.
pub fn keys() -> String {
    table(
        ["keys", "where", "action", "does"],
        KEYS.iter().map(|row| {
            let keys: Vec<String> = row.keys.iter().map(|key| code(&key.to_string())).collect();
            let keys = if keys.is_empty() { "–".to_string() } else { keys.join(" ") };
            [keys, row.on.name().to_string(), code(row.name), row.title.to_string()]
        }),
    )
}

#[test]
fn cells_are_escaped() {
    assert_eq!(table(["a"], [["x|y\nz".to_string()]]), "| a |\n|---|\n| x\\|y z |\n");
}
