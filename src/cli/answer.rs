//! `aq answer`: answer the question a job waits with.

use clap::Args as ClapArgs;

use super::acting::{Changing, Deed, One, act, must_say};
use super::frame::{Answer, Context};
use crate::board::Board as _;
use crate::fleet::{Action, Command, Job};
use crate::insight::answer_reaches;
use crate::job::BlobId;

/// Answer a job's question
#[derive(ClapArgs, Debug)]
pub struct Args {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    flags: Changing,
}

/// Puts the answer where its next attempt reads it and takes it back into the line.
///
/// # Errors
/// Exit 2 without words; the law's refusals.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let text =
        must_say(args.flags.message.as_deref(), "answer", "they are the answer; the question: aq show JOB")?
            .to_string();
    let board = cx.acting_or_looking(args.flags.dry_run)?;
    let targets = args.one.targets(&board.snapshot())?;
    let blob = match args.flags.dry_run {
        true => BlobId::new(blake3::hash(text.as_bytes()).to_hex()),
        false => cx.wait(board.put_blob(text.into_bytes()))?,
    };
    // What people write to an engine is a blob; prompts never stand in events.
    let flags = Changing { message: None, ..args.flags.clone() };
    let deed = Deed {
        action: Action::Answer,
        command: &|job: &Job| Command::Answer { job: job.id.clone(), answer: blob.clone() },
        answered: true,
        next: &|job: &Job| answer_reaches(job).to_string(),
    };
    act(cx, &board, &flags, &targets, &deed)
}
