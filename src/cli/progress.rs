//! `aq progress`: say what a run is doing, through the fence of the run.

use clap::Args as ClapArgs;

use super::add::of_reply;
use super::frame::{Answer, Context, fence_of_run};
use crate::agent::{Ask, ask_fence};

/// Say what you are doing; for an engine inside its own run
#[derive(ClapArgs, Debug)]
pub struct Args {
    /// A few words
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
}

/// Tells the agent of the run.
///
/// # Errors
/// Exit 2 outside a run; the law's refusals; a fault if the agent is not there.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    let url = fence_of_run("progress")?;
    let words = args.words.join(" ");
    let reply = cx.wait(ask_fence(&url, &Ask::Progress { word: words }))?;
    of_reply(cx, &reply, "said")
}
