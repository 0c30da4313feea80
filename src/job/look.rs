//! How things look: the names of the themes; of a stage its role, and its sign with an ASCII form; colour is never the only bearer of meaning.

use super::stage::Stage;

/// Which colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // Each has its row in THEMES.
pub enum Theme {
    #[default]
    Dark,
    Light,
    Sixteen,
    Mono,
    Contrast,
}

/// The themes by the names that people write.
pub const THEMES: [(&str, Theme); 5] = [
    ("dark", Theme::Dark),
    ("light", Theme::Light),
    ("16", Theme::Sixteen),
    ("mono", Theme::Mono),
    ("contrast", Theme::Contrast),
];

/// The six roles of `cockpit.md` section 9, and labels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Role {
    /// Nothing special.
    #[default]
    Neutral,
    /// Waits for something.
    Wait,
    /// Something runs.
    Active,
    /// A person is asked for.
    Human,
    /// All is well.
    Good,
    /// It went wrong.
    Bad,
    /// Column heads and labels.
    Head,
}

/// One row per stage, in the order of the enum: sign, ASCII sign, three letters where there is no room, role.
const LOOKS: [(&str, &str, &str, Role); 9] = [
    ("○", "o", "que", Role::Neutral),
    ("⊘", "#", "blk", Role::Wait),
    ("◔", "&", "asg", Role::Active),
    ("◐", "%", "bld", Role::Active),
    ("◇", "<", "rev", Role::Human),
    ("◎", "^", "tst", Role::Human),
    ("✓", "v", "shp", Role::Good),
    ("✗", "x", "fai", Role::Bad),
    ("†", "D", "ded", Role::Bad),
];

/// The role of a stage.
pub fn role_of(stage: Stage) -> Role {
    LOOKS[stage as usize].3
}

/// The sign of a stage; a terminal without UTF-8 gets the ASCII one.
pub fn sign_of(stage: Stage, ascii: bool) -> &'static str {
    let (sign, plain, ..) = LOOKS[stage as usize];
    if ascii { plain } else { sign }
}

/// The stage in three letters, where there is no room for its name.
pub fn code_of(stage: Stage) -> &'static str {
    LOOKS[stage as usize].2
}

/// The columns of the list of jobs by the names that people write, in the order of a row.
pub const LIST_COLUMNS: [&str; 10] =
    ["stage", "job", "title", "factory", "engine", "age", "cost", "score", "tags", "status"];
