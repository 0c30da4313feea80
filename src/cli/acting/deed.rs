//! Acting on jobs: decide on a copy, ask what must be asked, order, and tell what became of each.

use super::consent::{Consent, can_ask, consent};
use super::flags::{Changing, Targets, key_of_action};
use super::outcome::{Became, Outcome, judged, tell};
use super::sheet::{changed, sheet};
use crate::agent::settle_closed;
use crate::board::{Board as _, Local, takes_text};
use crate::cli::frame::{Answer, CliError, Context, Exit};
use crate::coordinator::Verdict;
use crate::fleet::{Action, Actor, Command, Job, Level, Order, Refusal, State, decide};
use crate::insight::{has_inverse, in_words, level_of, short_rev, undo_runs_again, with_text};
use crate::job::JobId;

/// Orders put into one batch: bounds a line of the log and the wait of others.
const BATCH_MOST: usize = 1_000;

/// One verb's way with each of its jobs.
pub struct Deed<'a> {
    /// The action of the law.
    pub action: Action,
    /// What is asked of the law for a job.
    pub command: &'a dyn Fn(&Job) -> Command,
    /// The flags given are a yes already.
    pub answered: bool,
    /// What to do next with the job as it stands now; empty for nothing.
    pub next: &'a dyn Fn(&Job) -> String,
}

/// What is known of a target before anything is done.
struct Seen {
    id: JobId,
    order: Order,
    /// The law's word on the state as it was read.
    verdict: Result<(), Refusal>,
    level: Level,
}

/// Does it to all targets and tells what became of each.
///
/// # Errors
/// A fault of the queue; exit 2 for a yes that is missing; the refusal where nothing was done.
pub fn act(cx: &mut Context, board: &Local, flags: &Changing, targets: &Targets, deed: &Deed<'_>) -> Answer {
    let before = board.snapshot();
    if targets.jobs.is_empty() {
        cx.out.talk("no job is meant: nothing to do");
    }
    let seen = look(cx, &before, flags, targets, deed);
    let lawful: Vec<&Job> =
        seen.iter().filter(|one| one.verdict.is_ok()).filter_map(|one| before.job(&one.id)).collect();
    let level = seen.iter().filter(|one| one.verdict.is_ok()).map(|one| one.level).max();
    if let Some(level) = level {
        let mut asked = sheet(deed.action.name(), deed.action, &before, &lawful, cx.now(&before).law);
        if flags.dry_run || can_ask(cx) {
            asked.rows.extend(changed(cx, board, deed.action, &lawful)?);
        }
        match consent(cx, flags, level, deed.answered, &asked)? {
            Consent::Given => {}
            Consent::Withheld => return Ok(Exit::Failed),
            Consent::Shown => return tell_dry(cx, board, deed, &seen, &before),
        }
    }
    let (orders, refused): (Vec<Seen>, Vec<Seen>) = seen.into_iter().partition(|one| one.verdict.is_ok());
    let mut outcomes: Vec<Outcome> = Vec::new();
    for group in orders.chunks(BATCH_MOST) {
        let batch: Vec<Order> = group.iter().map(|one| one.order.clone()).collect();
        let verdicts = act_on(cx, board, batch)?;
        warn_of_unmoved(cx, board)?;
        let after = board.snapshot();
        let told =
            group.iter().zip(verdicts).map(|(one, verdict)| became(deed, &before, &after, one, verdict));
        outcomes.extend(told);
    }
    // What a dead agent of theirs left running ends with them.
    cx.wait(settle_closed(board))?.iter().for_each(|line| cx.out.talk(line));
    outcomes.extend(refused.into_iter().filter_map(|one| not_done(deed, &before, &one)));
    outcomes.sort_by_key(|one| targets.jobs.iter().position(|id| id.as_str() == one.target));
    tell(cx, board.snapshot().seq, flags.dry_run, &outcomes)
}

/// Gives the orders; what goes back to wait takes the text of its file along.
pub fn act_on(cx: &Context, board: &Local, orders: Vec<Order>) -> Result<Vec<Verdict>, CliError> {
    if !orders.iter().any(|order| takes_text(&order.command)) {
        return cx.wait(board.act(orders));
    }
    let settings = cx.settings()?;
    cx.wait(board.act_with_texts(&settings, orders))
}

/// What was decided stands in the log even where the disk did not let a file follow.
fn warn_of_unmoved(cx: &Context, board: &Local) -> Result<(), CliError> {
    if let Some(fault) = cx.wait(board.unmoved())? {
        cx.out.warn(&format!("it is done, but its file did not follow: {fault}"));
        cx.out.warn("the next verb or agent tries again; what is wrong: aq doctor");
    }
    Ok(())
}

/// Asks the law about every target on the state as it was read, so that nobody is asked in vain.
fn look(cx: &Context, state: &State, flags: &Changing, targets: &Targets, deed: &Deed<'_>) -> Vec<Seen> {
    let (me, now, key) = (cx.me(), cx.now(state), key_of_action("act"));
    let one = |(nth, id): (usize, &JobId)| {
        let job = state.job(id);
        let command = job.map_or_else(|| Command::Unpark { job: id.clone() }, |job| (deed.command)(job));
        let mut order = Order::new(Actor::clone(&me), command);
        order.key = key(nth);
        // Good only while the job stands as it was seen: what was not shown is not agreed to.
        order.from = targets.from.or_else(|| job.map(|job| (job.stage, job.epoch)));
        order.note.clone_from(&flags.message);
        let verdict = decide(state, &order, now).map(|_| ());
        let level = job.map_or(Level::Reversible, |job| level_of(deed.action, job));
        Seen { id: id.clone(), order, verdict, level }
    };
    targets.jobs.iter().enumerate().map(one).collect()
}

fn place(job: Option<&Job>) -> Option<String> {
    job.map(|job| format!("{}@{}", job.stage, job.epoch))
}

fn not_done(deed: &Deed<'_>, before: &State, one: &Seen) -> Option<Outcome> {
    let job = before.job(&one.id);
    let at = place(job);
    let no = one.verdict.clone().err()?;
    let became = judged(in_words(deed.action, job, no));
    Some(Outcome { target: one.id.to_string(), from: at.clone(), to: at, became })
}

fn became(deed: &Deed<'_>, before: &State, after: &State, one: &Seen, verdict: Verdict) -> Outcome {
    let (old, new) = (before.job(&one.id), after.job(&one.id));
    let became = match verdict {
        Err(no) => judged(in_words(deed.action, after.job(&one.id), no)),
        Ok(events) => {
            let undo = old.zip(new).is_some_and(|(old, new)| has_inverse(deed.action, old, new.stage));
            Became::Done {
                event: events.first().map(|row| row.0),
                said: new.map_or_else(
                    || format!("{} {}", deed.action.row().past, one.id),
                    |new| said(deed.action.row().past, new),
                ) + with_text(&events),
                next: next_of(deed, old.filter(|_| undo), new),
                undo: undo.then(|| "aq undo".to_string()),
            }
        }
    };
    Outcome { target: one.id.to_string(), from: place(old), to: place(new), became }
}

/// `parked fix-login-7k2m at checkpoint 8c1f2e0, it is queued now`.
fn said(past: &str, job: &Job) -> String {
    let at = job.checkpoint.as_ref().filter(|_| job.stage.is_waiting());
    let number = if job.restart.is_none() && job.checkpoints > 0 {
        format!("{}, ", job.checkpoints)
    } else {
        String::new()
    };
    let at =
        at.map_or_else(String::new, |(rev, _)| format!(" at checkpoint {number}{}", short_rev(Some(rev))));
    let stage = match &job.park {
        Some(park) => format!("parked ({})", park.reason.words()),
        None => job.stage.to_string(),
    };
    format!("{past} {}{at}: it is {stage}", job.id)
}

/// What comes next; `old` is the job as it stood, where an undo takes it back.
fn next_of(deed: &Deed<'_>, old: Option<&Job>, job: Option<&Job>) -> Vec<String> {
    let undo = old.map(|old| match undo_runs_again(deed.action, old) {
        true => "undo: aq undo (it runs again)".to_string(),
        false => "undo: aq undo".to_string(),
    });
    let next = job.map(deed.next).filter(|text| !text.is_empty());
    undo.into_iter().chain(next).collect()
}

/// What would have become of each target.
fn tell_dry(cx: &mut Context, board: &Local, deed: &Deed<'_>, seen: &[Seen], state: &State) -> Answer {
    let one = |one: &Seen| match not_done(deed, state, one) {
        Some(outcome) => outcome,
        None => Outcome {
            target: one.id.to_string(),
            from: place(state.job(&one.id)),
            // Where it would stand is the law's to say, when it is done.
            to: None,
            became: Became::Done { event: None, said: String::new(), next: Vec::new(), undo: None },
        },
    };
    let outcomes: Vec<Outcome> = seen.iter().map(one).collect();
    tell(cx, board.snapshot().seq, true, &outcomes)
}

/// The revision a person names: the head, if the name is a beginning of it, else the name as it stands,
/// which the law then refuses with both.
///
/// # Errors
/// Exit 2 if it is no revision.
pub fn named_rev(head: Option<&crate::job::Rev>, text: &str) -> Result<crate::job::Rev, CliError> {
    const SHORTEST: usize = 4;
    if text.len() < SHORTEST || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(CliError::usage(format!("--rev {text} is no revision"))
            .why(format!("a revision is {SHORTEST} or more digits of a commit's hash"))
            .next("see it: aq show JOB"));
    }
    let text = text.to_ascii_lowercase();
    Ok(head
        .filter(|rev| rev.as_str().starts_with(&text))
        .cloned()
        .unwrap_or_else(|| crate::job::Rev::new(text)))
}
