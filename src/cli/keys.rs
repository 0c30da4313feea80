//! `aq keys`: the keys of the cockpit, from its table of actions.

use clap::Args as ClapArgs;
use serde::Serialize;

use super::frame::{Answer, Cell, Column, Context, Envelope, Exit, Table};
use crate::board::Source;
use crate::dash::{ACTIONS, ActionRow, GROUPS, Keymap, own_keys};

/// Print the keys of the cockpit
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// Only actions whose name, key, place or meaning holds this word
    word: Option<String>,
}

#[derive(Serialize)]
struct KeyView {
    action: &'static str,
    keys: Vec<String>,
    place: &'static str,
    does: &'static str,
}

/// Prints them.
///
/// # Errors
/// A bad `keys.toml`; or the output cannot be written.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let wanted = args.word.as_ref().map(|word| word.to_lowercase());
    let keys = own_keys()?;
    let fits = |row: &&'static ActionRow| wanted.as_ref().is_none_or(|wanted| holds(&keys, row, wanted));
    let rows: Vec<&'static ActionRow> = ACTIONS.iter().filter(fits).collect();
    if cx.out.is_json() {
        let view = |row: &&'static ActionRow| KeyView {
            action: row.name,
            keys: keys.of(row).iter().map(ToString::to_string).collect(),
            place: row.on.name(),
            does: row.title,
        };
        let data: Vec<KeyView> = rows.iter().map(view).collect();
        // They are part of the program: no queue was asked.
        cx.out.json(&Envelope::new("keys", cx.wall(), 0, Source::Local, data))?;
        return Ok(Exit::Done);
    }
    let columns =
        [Column::words("keys"), Column::words("where"), Column::words("action"), Column::text("does")];
    let mut table = Table::of(&columns);
    for row in rows {
        let cells =
            [keys.in_words(row), row.on.name().to_string(), row.name.to_string(), row.title.to_string()];
        table.rows.push(cells.map(Cell::same).into());
    }
    cx.out.table(&table)?;
    if !cx.out.is_for_people() {
        return Ok(Exit::Done);
    }
    if table.rows.is_empty() {
        cx.out.talk("no action of the cockpit holds that word");
    }
    let own: Vec<&str> = ACTIONS.iter().filter(|row| keys.of(row) != row.keys).map(|row| row.name).collect();
    if !own.is_empty() {
        cx.out.talk(&format!("yours, by keys.toml: {}; the house's: aq help keys", own.join(", ")));
    }
    Ok(Exit::Done)
}

/// Whether any of what is shown of it holds the word; a letter alone is a key, whose case counts.
fn holds(keys: &Keymap, row: &'static ActionRow, wanted: &str) -> bool {
    let texts = [row.name, row.title, row.on.name()];
    texts.iter().any(|text| text.to_lowercase().contains(wanted))
        || keys.of(row).iter().any(|key| key.to_string().to_lowercase() == wanted)
}

/// The text of `aq help keys` and of the man page.
pub(super) fn text() -> String {
    let mut out = "Keys of aq dash. In it, ? shows those of the place and runs what is found there;\n\
                   an action without a key is in . and in : of the cockpit, and here has a dash.\n\
                   These are the keys of the house. Your own: ~/.config/aq/keys.toml, lines such as\n\
                   park = 'K'  or  copy = ['y', 'Ctrl-Y'] ; aq keys shows those in force, and which are yours.\n"
        .to_string();
    let house = Keymap::default();
    for (group, head) in GROUPS {
        out.push_str(&format!("\n{head}\n"));
        for row in ACTIONS.iter().filter(|row| row.group == group) {
            let line =
                format!("  {:<18} {} ({}; {})", house.in_words(row), row.title, row.name, row.on.name());
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}
