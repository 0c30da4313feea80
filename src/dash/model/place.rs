//! Screens, the tabs of a job, and where a person is.

use super::part::Part;

/// The screens, in the order of their digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)] // Each has its row in SCREENS.
pub enum Screen {
    Overview,
    Jobs,
    Graph,
    Fleet,
    Budget,
    Time,
    Risk,
}

/// One row per screen: the screen, its digit, its name, its name where there is no room.
pub const SCREENS: [(Screen, char, &str, &str); 7] = [
    (Screen::Overview, '1', "Overview", "Over"),
    (Screen::Jobs, '2', "Jobs", "Job"),
    (Screen::Graph, '3', "Graph", "Gr"),
    (Screen::Fleet, '4', "Fleet", "Fl"),
    (Screen::Budget, '5', "Budget", "Bu"),
    (Screen::Time, '6', "Time", "Ti"),
    (Screen::Risk, '7', "Risk", "Ri"),
];

impl Screen {
    /// Its name.
    pub fn name(self) -> &'static str {
        SCREENS[self as usize].2
    }
}

/// The tabs of a job's page, in their order. A tab that is reserved joins at the end, so that places do not move.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)] // Each has its row in TABS.
pub enum Tab {
    Summary,
    Manifest,
    Events,
    Diff,
    Log,
    Runs,
    Explain,
    Artifacts,
}

/// One row per tab: the tab and its name.
pub const TABS: [(Tab, &str); 8] = [
    (Tab::Summary, "Summary"),
    (Tab::Manifest, "Manifest"),
    (Tab::Events, "Events"),
    (Tab::Diff, "Diff"),
    (Tab::Log, "Log"),
    (Tab::Runs, "Runs"),
    (Tab::Explain, "Explain"),
    (Tab::Artifacts, "Artifacts"),
];

impl Tab {
    /// Its name.
    pub fn name(self) -> &'static str {
        TABS[self as usize].1
    }

    /// The tab so many places further, round the end.
    pub fn step(self, by: isize) -> Tab {
        let count = TABS.len() as isize;
        let at = (self as isize + by).rem_euclid(count);
        TABS[at.unsigned_abs()].0
    }
}

/// Where a person is, below all sheets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    /// A screen.
    Screen(Screen),
    /// A job's page.
    Page(Tab),
}

impl Place {
    /// Its name, as help shows it.
    pub fn name(self) -> &'static str {
        match self {
            Place::Screen(screen) => screen.name(),
            Place::Page(tab) => tab.name(),
        }
    }

    /// Every place.
    pub fn all() -> impl Iterator<Item = Place> {
        let screens = SCREENS.iter().map(|row| Place::Screen(row.0));
        screens.chain(TABS.iter().map(|row| Place::Page(row.0)))
    }
}

/// A pane of a screen: something with a rule line above it that can have the focus.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)] // Their names say them.
pub enum Pane {
    Needs,
    Alerts,
    Running,
    Actionable,
    Recent,
    Jobs,
    Text,
    Part(Part),
    Board,
    Files,
    Runs,
    Kept,
    Graph,
    Risk,
    Budget,
    Fleet,
    Time,
    Palette,
    Messages,
    Sheet,
}
