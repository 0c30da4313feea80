//! Jobs by what is typed: letters that stand in their names in that order, best first.
//!
//! It costs time in the number of jobs, so with many it is done beside the screen, and what was found last is
//! narrowed where it can be: a longer text never fits more jobs than a shorter one.

use std::cmp::Reverse;
use std::sync::Arc;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::fleet::{Job, State};
use crate::job::JobId;

/// Jobs that are offered for what is typed.
const BEST_MOST: usize = 20;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Seek {
    /// Rises with every request; a late answer is told by it.
    pub generation: u64,
    /// What was typed.
    pub words: String,
    /// Where.
    pub state: Arc<State>,
    /// Among these only, if that is enough.
    pub among: Option<Arc<Vec<JobId>>>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// The request it answers.
    pub generation: u64,
    /// What was typed then.
    pub words: String,
    /// Where it was looked for.
    pub state: Arc<State>,
    /// All that fit.
    pub fit: Arc<Vec<JobId>>,
    /// The best of them.
    pub best: Vec<JobId>,
}

/// What is being looked for in the background, and what was found last.
#[derive(Clone, Debug, Default)]
pub struct Seeking {
    /// The last request.
    pub generation: u64,
    /// It is still out.
    pub out: bool,
    /// What was found last.
    pub sought: Sought,
}

impl Sought {
    /// The jobs among which a longer text is looked for: what fits it fits a shorter one too.
    pub fn among(&self, words: &str, state: &Arc<State>) -> Option<Arc<Vec<JobId>>> {
        // A backslash makes one word of two.
        let narrows = !self.words.is_empty() && words.starts_with(&self.words) && !words.contains('\\');
        (narrows && Arc::ptr_eq(&self.state, state)).then(|| Arc::clone(&self.fit))
    }

    /// The best of what was found that fit these words too, while what they ask for is still being looked for.
    pub fn meanwhile(&self, words: &str, state: &State) -> Vec<JobId> {
        let mut points = points(words);
        let fits = |id: &&JobId| state.job(id).is_some_and(|job| points(job).is_some());
        self.best.iter().filter(fits).cloned().collect()
    }
}

/// Looks for them.
pub fn seek(of: &Seek) -> Sought {
    let mut weigh = points(&of.words);
    let mut found: Vec<(Reverse<u32>, &JobId)> = Vec::new();
    match &of.among {
        Some(among) => {
            for id in among.iter() {
                let points = of.state.job(id).and_then(&mut weigh);
                found.extend(points.map(|points| (Reverse(points), id)));
            }
        }
        None => {
            for (id, job) in &of.state.jobs {
                found.extend(weigh(job).map(|points| (Reverse(points), id)));
            }
        }
    }
    found.sort_unstable();
    let best = found.iter().take(BEST_MOST).map(|row| row.1.clone()).collect();
    let fit = Arc::new(found.into_iter().map(|row| row.1.clone()).collect());
    Sought { generation: of.generation, words: of.words.clone(), state: Arc::clone(&of.state), fit, best }
}

/// How well a job fits these words, if it does: each must be found in its name or in its title.
fn points(words: &str) -> impl FnMut(&Job) -> Option<u32> {
    let pattern = Pattern::new(words, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let (mut buffer, mut text) = (Vec::new(), String::new());
    move |job| {
        text.clear();
        text.push_str(job.id.as_str());
        text.push(' ');
        text.push_str(&job.spec.title);
        pattern.score(Utf32Str::new(&text, &mut buffer), &mut matcher)
    }
}
