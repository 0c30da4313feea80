//! Flags that every verb understands, before the verb or behind it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// When to use colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ColorWish {
    /// With a terminal.
    Auto,
    /// Also without one.
    Always,
    /// Not at all.
    Never,
}

/// Flags of every verb.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Everywhere")]
pub struct Globals {
    /// The queue folder (AQ_QUEUE)
    #[arg(long, global = true, value_name = "DIR", hide_short_help = true)]
    pub queue: Option<PathBuf>,

    /// The coordinator of a fleet; not in this version
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub fleet: Option<String>,

    /// A name for a coordinator; not in this version
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub context: Option<String>,

    /// One JSON object, then the end
    #[arg(long, global = true, hide_short_help = true)]
    pub json: bool,

    /// One JSON object per line
    #[arg(long, global = true, hide_short_help = true, conflicts_with = "json")]
    pub jsonl: bool,

    /// Tab-separated records without a head, as without a terminal
    #[arg(long, global = true, hide_short_help = true)]
    pub plain: bool,

    /// No hints and no progress
    #[arg(long, short, global = true, hide_short_help = true)]
    pub quiet: bool,

    /// More words
    #[arg(long, short, global = true, action = clap::ArgAction::Count, hide_short_help = true)]
    pub verbose: u8,

    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", hide_short_help = true)]
    pub color: Option<ColorWish>,

    /// Never through a pager
    #[arg(long, global = true, hide_short_help = true)]
    pub no_pager: bool,

    /// Never ask
    #[arg(long, global = true, hide_short_help = true)]
    pub no_input: bool,

    /// Traces on standard error
    #[arg(long, global = true, hide_short_help = true)]
    pub debug: bool,
}
