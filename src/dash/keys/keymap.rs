//! Which key means which action here: the table's own keys, with what the person changed in `keys.toml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::actions::{ACTIONS, ActionRow, Do, row_of};
use super::key::Key;
use super::screens::{QueueDo, RiskDo, Wind};
use crate::dash::model::Place;
use crate::fleet::Level;
use crate::job::{At, Problem, read_named_lists, suggestion};

/// Rows that are one idea and may share a key: the first that is not off is meant.
const ONE_IDEA: [[&str; 2]; 7] = [
    ["approve", "answer"],
    ["park", "unpark"],
    ["edit-line", "edit"],
    ["diff-match", "hunk"],
    ["diff-match-back", "hunk-back"],
    // To what stands beside: where there are no panes, that is another tab.
    ["pane", "tab"],
    ["pane-back", "tab-back"],
];
/// Bytes that end escape sequences and may arrive by themselves (`cockpit.md` section 8.4).
const ENDS: &str = "ABCDFHMPQRSZ~";

/// The keys in force; empty where nothing was changed.
#[derive(Clone, Debug, Default)]
pub struct Keymap {
    changed: Arc<BTreeMap<&'static str, Vec<Key>>>,
}

impl Keymap {
    /// The keys of an action.
    pub fn of(&self, row: &'static ActionRow) -> &[Key] {
        self.changed.get(row.name).map_or(row.keys, Vec::as_slice)
    }

    /// Its keys as people write them; none is `–`.
    pub fn in_words(&self, row: &'static ActionRow) -> String {
        let keys: Vec<String> = self.of(row).iter().map(ToString::to_string).collect();
        if keys.is_empty() { "–".to_string() } else { keys.join(" ") }
    }

    /// The first key of what is done, as a screen shows it; `.` has what has none.
    pub fn sign(&self, does: Do, ascii: bool) -> String {
        let first = row_of(does).and_then(|row| self.of(row).first());
        first.map_or_else(|| ".".to_string(), |key| key.sign(ascii))
    }

    /// Reads `keys.toml`: the name of an action, and its key or its keys, which stand for all it had.
    ///
    /// # Errors
    /// Every name that is no action, every word that is no key, and every key that would mean two things in one
    /// place, do something by a byte that may come by itself, or never arrive.
    pub fn read(text: &str) -> Result<Keymap, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut changed = BTreeMap::new();
        let mut places: BTreeMap<&'static str, At> = BTreeMap::new();
        for list in read_named_lists(text)? {
            let Some(row) = ACTIONS.iter().find(|row| row.name == list.name) else {
                let hint = suggestion(&list.name, ACTIONS.iter().map(|row| row.name));
                problems.push(Problem::new(list.at, format!("no such action: {:?}", list.name)).hint(hint));
                continue;
            };
            let mut keys = Vec::new();
            for (word, at) in list.items {
                match Key::parse(&word).ok_or_else(|| no_key(&word)).and_then(|key| fits(row, key)) {
                    Ok(key) => keys.push(key),
                    Err((message, hint)) => problems.push(Problem::new(at, message).hint(hint)),
                }
            }
            places.insert(row.name, list.at.long(list.name.chars().count()));
            changed.insert(row.name, keys);
        }
        let map = Keymap { changed: Arc::new(changed) };
        problems.extend(map.clashes(&places));
        if problems.is_empty() { Ok(map) } else { Err(problems) }
    }

    /// Keys that would mean two things in one place.
    fn clashes(&self, places: &BTreeMap<&'static str, At>) -> Vec<Problem> {
        let mut found = Vec::new();
        for place in Place::all() {
            for (a, b, key) in self.shared(place) {
                let Some((mine, at)) = [a, b].iter().find_map(|row| Some((row.name, *places.get(row.name)?)))
                else {
                    continue;
                };
                let other = if mine == a.name { b.name } else { a.name };
                let message = format!("{key} would mean {mine} and {other}");
                let hint = format!("both are at home on {}; give one of them another key", place.name());
                let problem = Problem::new(at, message).hint(hint);
                // Two actions that are everywhere clash everywhere: once is enough.
                if !found.iter().any(|old: &Problem| (old.at, &old.message) == (at, &problem.message)) {
                    found.push(problem);
                }
            }
        }
        found
    }

    /// Pairs of actions that share a key in a place without being one idea.
    fn shared(&self, place: Place) -> Vec<(&'static ActionRow, &'static ActionRow, Key)> {
        let here: Vec<&'static ActionRow> = ACTIONS.iter().filter(|row| row.on.has(place)).collect();
        let mut out = Vec::new();
        for (nth, a) in here.iter().enumerate() {
            for b in &here[nth + 1..] {
                let both = self.of(a).iter().find(|key| self.of(b).contains(key));
                if let Some(key) = both.filter(|_| !ONE_IDEA.contains(&[a.name, b.name])) {
                    out.push((*a, *b, *key));
                }
            }
        }
        out
    }
}

fn no_key(word: &str) -> (String, String) {
    (format!("no such key: {word:?}"), "write x, Ctrl-R, Enter, Space, Tab, PgDn, Left".to_string())
}

/// Whether an action may have that key.
fn fits(row: &ActionRow, key: Key) -> Result<Key, (String, String)> {
    let why = match key {
        Key::Ctrl('c') if row.does != Do::Quit => "always quits, from anywhere",
        Key::Char(c) if c.is_ascii_digit() && !matches!(row.does, Do::Go(_)) => "digits only switch screens",
        Key::Char(c) if ENDS.contains(c) && !only_opens(row) => {
            "ends sequences of the terminal and may come by itself, so it may only open or switch something"
        }
        _ => return Ok(key),
    };
    Err((format!("{key} is no key for {}", row.name), why.to_string()))
}

/// Whether an action does nothing but open a sheet, move, or switch a view.
fn only_opens(row: &ActionRow) -> bool {
    match row.does {
        Do::Act(action) => action.row().level > Level::Reversible,
        Do::Shipped | Do::Whole | Do::Compare | Do::Move(_) | Do::Go(_) => true,
        Do::Risk(what) => matches!(what, RiskDo::RescueAll | RiskDo::Compare | RiskDo::LetGoAll),
        Do::Wind(wind) => matches!(wind, Wind::Differs | Wind::Live),
        Do::Queue(what) => matches!(what, QueueDo::Pause | QueueDo::Resume),
        Do::Match { .. } | Do::Hunk { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::render_problems;

    #[test]
    fn a_key_means_one_idea_in_each_place() {
        for place in Place::all() {
            let shared: Vec<String> = Keymap::default()
                .shared(place)
                .iter()
                .map(|(a, b, key)| format!("{key}: {} and {}", a.name, b.name))
                .collect();
            assert_eq!(shared.join("; "), "", "{}", place.name());
        }
    }

    /// The bytes that end escape sequences may arrive by themselves: they may only open something or switch a
    /// view.
    #[test]
    fn every_action_may_have_its_own_keys() {
        for row in ACTIONS {
            for key in row.keys {
                assert_eq!(fits(row, *key), Ok(*key), "{}", row.name);
            }
        }
    }

    #[track_caller]
    #[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
    fn check(text: &str, expected: expect_test::Expect) {
        let said = match Keymap::read(text) {
            Ok(map) => {
                let rows = ACTIONS.iter().filter(|row| map.of(row) != row.keys);
                rows.map(|row| format!("{} {}\n", row.name, map.in_words(row))).collect()
            }
            Err(problems) => render_problems("keys.toml", text.as_bytes(), &problems),
        };
        expected.assert_eq(&said);
    }

    #[test]
    fn keys_can_be_changed_added_and_taken_away() {
        use expect_test::expect;
        check("", expect![[""]]);
        check(
            "park = 'Z'",
            expect![[r#"
            keys.toml:1:8: Z is no key for park
                park = 'Z'
                       ^^^
                ends sequences of the terminal and may come by itself, so it may only open or switch something
        "#]],
        );
        check(
            "ship = 'X'\ncopy = ['Y', 'Ctrl-Y']\nwatch = []",
            expect![[r#"
            copy Y Ctrl-Y
            ship X
            watch –
        "#]],
        );
        check(
            "park = 'x'\ncancel = 'p'\nunpark = 'x'",
            expect![[r#"
            park x
            unpark x
            cancel p
        "#]],
        );
    }

    #[test]
    fn what_would_go_wrong_is_refused_in_words() {
        use expect_test::expect;
        check(
            "park = 'x'",
            expect![[r#"
            keys.toml:1:1: x would mean park and cancel
                park = 'x'
                ^^^^
                both are at home on Overview; give one of them another key
        "#]],
        );
        check(
            "prak = 'x'\nship = 'Hyper-x'\nmark = 7",
            expect![[r#"
            keys.toml:1:1: no such action: "prak"
                prak = 'x'
                ^^^^
                did you mean "park"?
            keys.toml:2:8: no such key: "Hyper-x"
                ship = 'Hyper-x'
                       ^^^^^^^^^
                write x, Ctrl-R, Enter, Space, Tab, PgDn, Left
            keys.toml:3:8: 7 is no key for mark
                mark = 7
                       ^
                digits only switch screens
        "#]],
        );
        check(
            "requeue = 'R'\nwatch = '8'\ncopy = 'Ctrl-C'",
            expect![[r#"
            keys.toml:1:11: R is no key for requeue
                requeue = 'R'
                          ^^^
                ends sequences of the terminal and may come by itself, so it may only open or switch something
            keys.toml:2:9: 8 is no key for watch
                watch = '8'
                        ^^^
                digits only switch screens
            keys.toml:3:8: Ctrl-C is no key for copy
                copy = 'Ctrl-C'
                       ^^^^^^^^
                always quits, from anywhere
        "#]],
        );
    }
}
