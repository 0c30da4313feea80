//! The page of a job: what its tabs need is read when they are shown, and kept up as the job moves on.
//!
//! A tab that needs something of its own adds a want to `wants` and takes the answer in `read`.

use std::sync::Arc;

use super::feed::loaded;
use super::layers;
use super::{diff, explain, files, gist, risk, runs};
use crate::dash::effect::{Effect, Want};
use crate::dash::keys::Motion;
use crate::dash::model::{
    BYTES_MOST, DiffOf, LINES_MOST, Loaded, LogLine, Model, Page, Pane, Place, Tab, Voice, WIDE, words_of,
};
use crate::dash::msg::{Got, Read};
use crate::fleet::{Event, Job};
use crate::job::{BlobId, JobId, Seq};

/// What the tab that is shown needs and has not got.
pub fn wants(model: &mut Model) -> Vec<Effect> {
    let Some(mut page) = model.page.take() else { return Vec::new() };
    let job = model.job(&page.job).cloned();
    let tails = model.size.0 >= WIDE;
    let mut effects = job.map(|job| of_tab(&mut page, &job, tails)).unwrap_or_default();
    effects.extend(explain::wants(&mut page, model.replica.state.seq));
    model.page = Some(page);
    effects.extend(worktree(model));
    effects
}

/// Looks at the worktrees, once for a page that shows what of its job stands in no commit.
fn worktree(model: &mut Model) -> Vec<Effect> {
    let shown = model.in_parts().filter(|page| !page.looked && model.time.at.is_none());
    let has_one = |job: &Arc<Job>| job.spec.worktree && !job.attempts.is_empty();
    let looks = shown.and_then(|page| model.job(&page.job)).is_some_and(has_one);
    if let Some(page) = model.page.as_mut().filter(|_| looks) {
        page.looked = true;
        return risk::look(model);
    }
    Vec::new()
}

/// `tails`: the end of the log stands on the summary.
fn of_tab(page: &mut Page, job: &Job, tails: bool) -> Vec<Effect> {
    let mut effects = Vec::new();
    let is_log = page.tab == Tab::Log || (tails && page.tab == Tab::Summary);
    match page.tab {
        Tab::Summary => {
            effects.extend(history(page));
            effects.extend(texts(page, job));
            effects.extend(manifest(page, job));
            if tails {
                effects.extend(log(page, job));
            }
        }
        Tab::Events => {
            effects.extend(history(page));
            effects.extend(texts(page, job));
        }
        Tab::Manifest => effects.extend(manifest(page, job)),
        Tab::Log => effects.extend(log(page, job)),
        Tab::Diff => {
            effects.extend(history(page));
            effects.extend(diff::wants(page, job));
        }
        Tab::Runs => {
            effects.extend(history(page));
            effects.extend(runs::wants(page, job));
        }
        Tab::Artifacts => effects.extend(files::wants(page)),
        Tab::Explain => {}
    }
    if !is_log && page.log.attempt.is_some() {
        page.log.attempt = None;
        page.log.lines = Loaded::Unasked;
        effects.push(Effect::Unfollow);
    }
    effects
}

fn history(page: &mut Page) -> Option<Effect> {
    if page.history != Loaded::Unasked {
        return None;
    }
    page.history = Loaded::Asked;
    Some(Effect::Read(Want::History(page.job.clone())))
}

/// What was asked, answered and said with a no, as far as its events are here and it was not asked for.
fn texts(page: &mut Page, job: &Job) -> Option<Effect> {
    let events = page.history.here()?;
    let told = events.iter().filter_map(|(_, event)| words_of(&event.what));
    let mut wanted: Vec<BlobId> = told.chain(job.asked.as_deref()).cloned().collect();
    wanted.sort();
    wanted.dedup();
    wanted.retain(|blob| !page.texts.contains_key(blob));
    page.texts.extend(wanted.iter().map(|blob| (blob.clone(), String::new())));
    (!wanted.is_empty()).then(|| Effect::Read(Want::Texts(page.job.clone(), wanted)))
}

fn manifest(page: &mut Page, job: &Job) -> Option<Effect> {
    if page.manifest_of.as_ref() == Some(&job.body) {
        return None;
    }
    page.manifest_of = Some(job.body.clone());
    page.manifest = Loaded::Asked;
    Some(Effect::Read(Want::Manifest(page.job.clone(), job.body.clone())))
}

fn log(page: &mut Page, job: &Job) -> Option<Effect> {
    let chosen = page.log.chosen.and_then(|no| job.attempts.iter().find(|attempt| attempt.no == no));
    let Some(last) = chosen.or(job.attempts.last()) else {
        page.log.lines = Loaded::Failed("no attempt was begun yet".to_string());
        return page.log.attempt.take().map(|_| Effect::Unfollow);
    };
    if page.log.attempt == Some(last.no) {
        return None;
    }
    page.log.attempt = Some(last.no);
    page.log.lines = Loaded::Asked;
    page.log.follow = true;
    Some(Effect::Follow(page.job.clone(), last.no))
}

/// Another moment is on the screens, or now again: what was read of the one before is shown of this one, or
/// read anew.
pub fn rewound(model: &mut Model) -> Vec<Effect> {
    let at = model.time.at;
    let recording = model.time.recording.here().cloned();
    let Some(page) = &mut model.page else { return Vec::new() };
    page.history = match at.zip(recording) {
        Some((at, recording)) => {
            let mine = |row: &&(Seq, Event)| row.1.what.job() == Some(&page.job);
            Loaded::Here(recording.events().iter().take(at.count).filter(mine).cloned().collect())
        }
        None => Loaded::Unasked,
    };
    let past = at.map(|at| at.at);
    page.explain.at = past;
    page.log.until = past;
    page.log.pick();
    if page.diff.runs.is_none() {
        // The branch did not move: somebody looks at another moment of it.
        let whole = model.replica.state.jobs.get(&page.job).map(|job| DiffOf::whole(job));
        page.diff.of = page.diff.of.take().filter(|of| whole.as_ref() == Some(of));
    }
    wants(model)
}

/// Events came about these jobs.
pub fn moved_on(model: &mut Model, jobs: &[JobId]) -> Vec<Effect> {
    let Some(page) = &mut model.page else { return Vec::new() };
    if !jobs.contains(&page.job) {
        // Why a job waits depends on others.
        return explain::wants(page, model.replica.state.seq).into_iter().collect();
    }
    if let Loaded::Here(history) = &mut page.history {
        let last = history.last().map_or(0, |row| row.0);
        let job = &page.job;
        let newer = model.replica.events.iter().filter(|row| row.0 > last && row.1.what.job() == Some(job));
        history.extend(newer.cloned());
    }
    wants(model)
}

/// A key that moves, on a tab that has rows of its own. Gives whether it was taken.
pub fn motion(model: &mut Model, motion: Motion) -> bool {
    let height = |pane: Pane| model.drawn.window(pane).height.max(1);
    let (text, runs, kept) = (height(Pane::Text), height(Pane::Runs), height(Pane::Kept));
    match model.place() {
        Place::Page(Tab::Diff) => diff::motion(model, motion, text),
        Place::Page(Tab::Runs) => runs::motion(model, motion, runs),
        Place::Page(Tab::Artifacts) => files::motion(model, motion, kept),
        _ => return false,
    }
    true
}

/// A click on a row of such a tab.
pub fn point(model: &mut Model, pane: Pane, row: usize) {
    match (pane, &mut model.page) {
        (Pane::Files, Some(page)) => diff::show(page, row, 0),
        (Pane::Runs, Some(_)) => runs::point(model, row),
        (Pane::Kept, Some(_)) => files::point(model, row),
        _ => {}
    }
}

/// An answer came.
pub fn read(model: &mut Model, read: Read) {
    let Read { want, got } = read;
    if let Want::Question(job, _) = &want {
        layers::question(model, job, got);
        return;
    }
    if let Want::Gist(job, of) = &want {
        gist::read(model, job, of, got);
        return;
    }
    let Some(page) = model.page.as_mut().filter(|page| page.job == *want.job()) else { return };
    match (want, got) {
        (Want::History(_), got) => {
            // Of the past nobody reads what came later.
            let upto = model.time.at.map_or(Seq::MAX, |_| model.replica.state.seq);
            page.history = loaded(got.and_then(|got| match got {
                Got::History(events) => Ok(events.into_iter().filter(|row| row.0 <= upto).collect()),
                _ => Err("no events came".to_string()),
            }));
        }
        (Want::Manifest(_, body), got) if page.manifest_of.as_ref() == Some(&body) => {
            page.manifest = loaded(got.and_then(|got| match got {
                Got::Text(text) => Ok(text),
                _ => Err("no text came".to_string()),
            }));
        }
        (Want::Texts(..), Ok(Got::Texts(texts))) => page.texts.extend(texts),
        (Want::Diff(_, of), got) => diff::read(page, &of, got),
        (Want::Explain(_, at), got) => explain::read(page, at, got),
        (Want::Runs(_), got) => runs::read(page, got),
        (Want::Files(_), got) => files::read(page, got),
        (Want::Log(_, attempt), got) if page.log.attempt == Some(attempt) => lines(page, got),
        _ => {}
    }
}

/// More of a transcript.
fn lines(page: &mut Page, got: Result<Got, String>) {
    let (lines, dropped, fresh) = match got {
        Ok(Got::Lines { lines, dropped, fresh, .. }) => (lines, dropped, fresh),
        Ok(_) => return,
        Err(why) => {
            page.log.lines = Loaded::Failed(why);
            return;
        }
    };
    let log = &mut page.log;
    let before = log.dropped;
    match &mut log.lines {
        Loaded::Here(all) if !fresh => {
            lines.into_iter().for_each(|line| add(all, line));
            log.dropped += dropped + trim(all);
        }
        _ => {
            let mut all = lines;
            log.dropped = dropped + trim(&mut all);
            log.lines = Loaded::Here(all);
        }
    }
    // Another line may stand at that place now.
    log.hit = log.hit.filter(|_| log.dropped == before && !fresh);
    log.pick();
}

/// A line goes to the end; more that is known of a run goes to the place where it began.
fn add(all: &mut Vec<LogLine>, line: LogLine) {
    let is_head = matches!(line.voice, Voice::Run(..));
    let begun = if is_head { all.iter().position(|old| old.voice == line.voice) } else { None };
    match begun {
        Some(at) => all[at] = line,
        None => all.push(line),
    }
}

/// Takes away the oldest lines beyond what is kept; gives how many. The head of the run in whose midst the others
/// begin stays.
fn trim(lines: &mut Vec<LogLine>) -> usize {
    let is_head = |line: &LogLine| matches!(line.voice, Voice::Run(..));
    let mut over = lines.len().saturating_sub(LINES_MOST);
    let mut bytes: usize = lines[over..].iter().map(|line| line.text.len()).sum();
    while bytes > BYTES_MOST {
        bytes -= lines[over].text.len();
        over += 1;
    }
    let gone: Vec<LogLine> = lines.drain(..over).collect();
    let count = gone.iter().filter(|line| !is_head(line)).count();
    let head = gone.into_iter().rfind(is_head);
    lines.splice(0..0, head.filter(|_| lines.first().is_none_or(|line| !is_head(line))));
    count
}
