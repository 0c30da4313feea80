//! The panes of a job's summary, where there is room for them: which has the focus, and how far each is rolled.

use super::app::Model;
use super::drawn::{Drawn, WIDE};
use super::page::Page;
use super::place::{Pane, Tab};

/// A pane of the summary.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Part {
    /// What is to be done.
    #[default]
    Manifest,
    /// Why it stands where it stands, and how well its host fits.
    Explain,
    /// Its facts.
    Job,
    /// What happened to it.
    Events,
    /// What it waits for, and what waits for it.
    Kin,
    /// What it used up.
    Usage,
    /// The end of what it said.
    Log,
    /// What of it stands in no commit.
    Risk,
}

/// The panes, in the order in which the focus goes round.
pub const PARTS: [Part; 8] =
    [Part::Manifest, Part::Explain, Part::Job, Part::Events, Part::Kin, Part::Usage, Part::Log, Part::Risk];

/// The focus, and how far each pane is rolled.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// The pane with the focus.
    pub at: Part,
    tops: [Option<usize>; PARTS.len()],
}

impl Parts {
    /// The first line shown of a pane that a person rolled; the others stand at their beginning, the log at its end.
    pub fn top(&self, part: Part) -> Option<usize> {
        self.tops[part as usize]
    }

    /// Rolls a pane, or lets it go back to where it stands by itself.
    pub fn roll(&mut self, part: Part, top: Option<usize>) {
        self.tops[part as usize] = top;
    }

    /// A frame was drawn: what was rolled too far is rolled as far as there are lines.
    pub fn drawn(&mut self, drawn: &Drawn) {
        for (pane, window) in &drawn.windows {
            let Pane::Part(part) = pane else { continue };
            if let Some(top) = &mut self.tops[*part as usize] {
                *top = window.top;
            }
        }
    }
}

impl Model {
    /// The summary that is shown in panes, if it is.
    pub fn in_parts(&self) -> Option<&Page> {
        self.page.as_ref().filter(|page| page.tab == Tab::Summary && self.size.0 >= WIDE)
    }
}
