//! `aq budget`: the ceiling of the queue, and pausing it. The folder is the product `local`.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use serde::Serialize;

use super::acting::{
    Became, Changing, Consent, Outcome, Sheet, consent, judged, key_of_action, parse_until, tell,
};
use super::frame::{Answer, Cell, CliError, Column, Context, Envelope, Exit, Table};
use crate::board::{Board, Local, Purpose, Settings, Source, ceilings_wanted};
use crate::fleet::{Command, EngineMoney, Job, Level, Order, PauseMode, State, Window};
use crate::insight::{LOCAL, Ledger, halt, spending, stops_at};
use crate::job::{parse_usd, usd};
use crate::time::Stamp;

/// Events that are read for the present rate: more than a busy hour has.
const RATE_EVENTS: u64 = 50_000;

/// Ceilings, pause and resume
#[derive(ClapArgs, Debug)]
#[command(infer_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Ceiling, what is spent, and whether it is paused
    Show {
        /// The product; a folder has one, local
        #[arg(value_name = "PRODUCT")]
        product: Option<String>,
        /// What was spent day by day
        #[arg(long)]
        burndown: bool,
    },
    /// Set the ceiling
    Set {
        /// The product; a folder has one, local
        #[arg(value_name = "PRODUCT")]
        product: String,
        /// In dollars; none takes it away
        #[arg(long, value_name = "USD")]
        ceiling: Option<String>,
        /// Over what time it counts
        #[arg(long, value_name = "WINDOW")]
        window: Option<WindowWord>,
        /// The ceiling of one engine: claude=60, or claude=none
        #[arg(long, value_name = "E=USD", conflicts_with_all = ["ceiling", "window"])]
        engine: Option<String>,
        #[command(flatten)]
        flags: Changing,
    },
    /// Start nothing new
    Pause {
        /// The product; a folder has one, local
        #[arg(value_name = "PRODUCT")]
        product: String,
        /// What happens to running jobs: drain lets them finish, stop checkpoints them, kill fences them
        #[arg(long, value_name = "MODE", default_value = "drain")]
        mode: Mode,
        /// Go on by itself at this time
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        #[command(flatten)]
        flags: Changing,
    },
    /// Go on; restores files that vanished while it was suspended
    Resume {
        /// The product; a folder has one, local
        #[arg(value_name = "PRODUCT")]
        product: String,
        #[command(flatten)]
        flags: Changing,
    },
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum WindowWord {
    Day,
    Week,
    Month,
    Total,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Drain,
    Stop,
    Kill,
}

/// Shows, sets, pauses or resumes.
///
/// # Errors
/// Exit 3 for another product; exit 2 for an amount or time that cannot be read, or a yes that is missing.
pub fn run(args: &Args, cx: &mut Context) -> Answer {
    // The noun alone is asked to show itself.
    match args.what.as_ref().unwrap_or(&What::Show { product: None, burndown: false }) {
        What::Show { product, burndown } => show(cx, product.as_deref(), *burndown),
        What::Set { product, ceiling, window, engine, flags } => {
            must_be_local(product)?;
            if let Some(text) = engine {
                return set_engine(cx, text, flags);
            }
            set(cx, ceiling.as_deref(), *window, flags)
        }
        What::Pause { product, mode, until, flags } => {
            must_be_local(product)?;
            pause(cx, *mode, until.as_deref(), flags)
        }
        What::Resume { product, flags } => {
            must_be_local(product)?;
            resume(cx, flags)
        }
    }
}

fn must_be_local(product: &str) -> Result<(), CliError> {
    if !product.is_empty() && LOCAL.starts_with(product) {
        return Ok(());
    }
    Err(CliError::not_found(format!("no product {product}"))
        .why("a folder queue has one product, local; others need a fleet")
        .next("write: local"))
}

#[derive(Serialize)]
struct Shown {
    product: &'static str,
    ceiling_micro_usd: Option<u64>,
    window: Window,
    spent_micro_usd: u64,
    /// A part of it is reckoned by prices or estimated.
    spent_estimated: bool,
    /// Attempts of the window of which nobody knows what they cost.
    attempts_of_unknown_cost: usize,
    reserved_micro_usd: u64,
    /// Engines that cost something or have a ceiling of their own.
    engines: Vec<EngineShown>,
    /// What is spent per hour now; `null` where it is too early to tell.
    micro_usd_per_hour: Option<u64>,
    paused: Option<Paused>,
    suspended: Vec<String>,
    days: Vec<(String, u64)>,
}

#[derive(Serialize)]
struct EngineShown {
    engine: String,
    ceiling_micro_usd: Option<u64>,
    spent_micro_usd: u64,
    /// Its ceiling is reached: no claim is granted it.
    routed_around: bool,
    /// Since when.
    since: Option<String>,
}

#[derive(Serialize)]
struct Paused {
    mode: PauseMode,
    reason: String,
    until: Option<String>,
    since: String,
}

fn show(cx: &mut Context, product: Option<&str>, burndown: bool) -> Answer {
    must_be_local(product.unwrap_or(LOCAL))?;
    let board = cx.local(Purpose::Read)?;
    let state = board.snapshot();
    let shown = gather(cx, &state, rate(cx, &board, &state)?);
    if cx.out.is_json() {
        cx.out.json(&Envelope::new("budget", cx.wall(), state.seq, Source::Local, shown))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::of(&[Column::words("what"), Column::text("is")]);
    let mut row = |what: &str, is: String| table.rows.push(vec![Cell::same(what), Cell::same(is)]);
    let ceiling = shown.ceiling_micro_usd.map_or("none".to_string(), usd);
    row("product", LOCAL.to_string());
    row("ceiling", format!("{ceiling} ({})", shown.window.words()));
    let about = if shown.spent_estimated { "~" } else { "" };
    let more = if shown.attempts_of_unknown_cost > 0 { " +?" } else { "" };
    row("spent", format!("{about}{}{more}", usd(shown.spent_micro_usd)));
    row("reserved", usd(shown.reserved_micro_usd));
    for it in &shown.engines {
        let since = it.since.as_ref().map(|at| format!(" since {at}")).unwrap_or_default();
        let around = if it.routed_around { format!(", routed around{since}") } else { String::new() };
        let of = it.ceiling_micro_usd.map_or(", no ceiling".to_string(), |most| format!(" of {}", usd(most)));
        row(&it.engine, format!("{}{of}{around}", usd(it.spent_micro_usd)));
    }
    // A rate is a mean: what is below a cent says nothing.
    let cents = |micro: u64| usd(micro.saturating_add(5_000) / 10_000 * 10_000);
    row("rate", shown.micro_usd_per_hour.map_or("?".to_string(), |rate| format!("{about}{}/h", cents(rate))));
    row(
        "state",
        match &shown.paused {
            Some(paused) => {
                let until =
                    paused.until.as_ref().map_or("until resumed".to_string(), |at| format!("until {at}"));
                format!("paused ({}), {until}: {}", paused.mode.name(), paused.reason)
            }
            None if !shown.suspended.is_empty() => {
                format!("suspended: {} waiting files vanished at once", shown.suspended.len())
            }
            None => "active".to_string(),
        },
    );
    if burndown {
        shown.days.iter().for_each(|(day, micro)| row(day, usd(*micro)));
    }
    cx.out.table(&table)?;
    if let Some(halt) = halt(&state, cx.now(&state)) {
        cx.out.talk(&format!("go on: {}", halt.verb));
    }
    Ok(Exit::Done)
}

/// What is spent per hour now, in millionths of a dollar, by the last events of the log.
fn rate(cx: &Context, board: &Local, state: &State) -> Result<Option<u64>, CliError> {
    let mut ledger = Ledger::default();
    let events = cx.wait(board.events(state.seq.saturating_sub(RATE_EVENTS), usize::MAX))?;
    events.iter().for_each(|(seq, event)| ledger.take(*seq, event));
    // Before the first event nothing was spent.
    let none = (state.seq == 0).then_some(0);
    Ok(ledger.rate(state, cx.now(state).law).map(|sum| sum.micro).or(none))
}

fn gather(cx: &Context, state: &State, rate: Option<u64>) -> Shown {
    const DAY_MS: i64 = 86_400_000;
    let product = &state.product;
    let day = |(day, micro): (&i64, &u64)| {
        (Stamp::from_millis(day * DAY_MS).to_string().chars().take(10).collect::<String>(), *micro)
    };
    let from = Stamp::from_millis(product.window.first_day(cx.wall()).saturating_mul(DAY_MS));
    let doubt = spending(state, from).whole;
    Shown {
        spent_estimated: doubt.estimated,
        attempts_of_unknown_cost: doubt.unknown,
        product: LOCAL,
        ceiling_micro_usd: product.ceiling,
        window: product.window,
        spent_micro_usd: state.spent_in_window(cx.wall()),
        reserved_micro_usd: product.reserved,
        engines: product.engines.iter().map(|(name, money)| engine_shown(cx, state, name, money)).collect(),
        micro_usd_per_hour: rate,
        paused: product.paused.as_ref().map(|(mode, reason, until, since)| Paused {
            mode: *mode,
            reason: reason.clone(),
            until: until.map(|at| cx.out.moment(at)),
            since: cx.out.moment(*since),
        }),
        suspended: product.suspended.iter().map(ToString::to_string).collect(),
        days: product.spent.iter().map(day).collect(),
    }
}

fn engine_shown(cx: &Context, state: &State, name: &str, money: &EngineMoney) -> EngineShown {
    let spent = state.spent_engine(name, cx.wall());
    EngineShown {
        engine: name.to_string(),
        ceiling_micro_usd: money.ceiling,
        spent_micro_usd: money.spent_in(state.product.window, cx.wall()),
        routed_around: spent.is_some(),
        since: spent.and_then(|it| it.since).map(|at| cx.out.moment(at)),
    }
}

fn set(cx: &mut Context, ceiling: Option<&str>, window: Option<WindowWord>, flags: &Changing) -> Answer {
    if ceiling.is_none() && window.is_none() {
        return Err(CliError::usage("aq budget set needs what to set")
            .next("write: aq budget set local --ceiling 20 --window day"));
    }
    let board = cx.acting_or_looking(flags.dry_run)?;
    let product = board.snapshot().product.clone();
    let ceiling = match ceiling {
        None => product.ceiling,
        Some("none") => None,
        Some(text) => Some(parse_usd(text.trim_start_matches('$')).ok_or_else(|| {
            CliError::usage(format!("--ceiling {text} is no amount in dollars"))
                .next("write: --ceiling 20, --ceiling 1.50 or --ceiling none")
        })?),
    };
    let window = match window {
        None => product.window,
        Some(WindowWord::Day) => Window::Day,
        Some(WindowWord::Week) => Window::Week,
        Some(WindowWord::Month) => Window::Month,
        Some(WindowWord::Total) => Window::Total,
    };
    let amount = ceiling.map_or("none".to_string(), usd);
    if !may_stop(cx, &board, flags, (ceiling, window))? {
        return Ok(Exit::Failed);
    }
    to_come(cx, &Settings::load(cx.place().ok(), &[])?, &board.snapshot());
    let said = format!("the ceiling of {LOCAL} is {amount} ({})", window.words());
    if flags.dry_run {
        cx.out.talk(&format!("would set: {said}"));
    }
    order(cx, &board, flags, Command::SetCeiling { ceiling, window, lifts: false }, said, true)
}

/// Warns where what the settings say has not reached the queue: it would go over what is set now.
fn to_come(cx: &mut Context, settings: &Settings, state: &State) {
    if !ceilings_wanted(&settings.config, state).is_empty() {
        cx.out.warn(
            "the settings name a ceiling that no agent has taken over: the next one that starts sets it",
        );
    }
}

/// Sets the ceiling of one engine: `claude=60`.
fn set_engine(cx: &mut Context, text: &str, flags: &Changing) -> Answer {
    let settings = Settings::load(cx.place().ok(), &[])?;
    let bad = |what: String| CliError::usage(what).next("write: --engine claude=60, or --engine claude=none");
    let (engine, amount) =
        text.split_once('=').ok_or_else(|| bad(format!("--engine {text} names no amount")))?;
    let ceiling = match amount {
        "none" => None,
        amount => Some(
            parse_usd(amount.trim_start_matches('$'))
                .ok_or_else(|| bad(format!("--engine {text}: {amount} is no amount in dollars")))?,
        ),
    };
    let board = cx.acting_or_looking(flags.dry_run)?;
    let state = board.snapshot();
    let is_known = || settings.known().engines.iter().any(|name| name == engine);
    if !state.product.engines.contains_key(engine) && !is_known() {
        return Err(CliError::usage(format!("no engine {engine:?}"))
            .next(format!("known here: {}", settings.known().engines.join(", "))));
    }
    to_come(cx, &settings, &state);
    let said = format!("the ceiling of {engine} is {}", ceiling.map_or("none".to_string(), usd));
    order(cx, &board, flags, Command::SetEngineCeiling { engine: engine.to_string(), ceiling }, said, true)
}

/// Asks before a ceiling below what is spent stops what runs.
fn may_stop(
    cx: &mut Context,
    board: &Local,
    flags: &Changing,
    (ceiling, window): (Option<u64>, Window),
) -> Result<bool, CliError> {
    let Some(stops) = stops_at(&board.snapshot(), ceiling, window, cx.wall()) else { return Ok(true) };
    if stops.running.is_empty() {
        cx.out.warn(&stops.words());
        return Ok(true);
    }
    let amount = ceiling.map_or("none".to_string(), usd);
    let running: Vec<&str> = stops.running.iter().map(crate::job::JobId::as_str).collect();
    let sheet = Sheet {
        head: format!("set the ceiling of {LOCAL} to {amount} ({})", window.words()),
        rows: vec![
            ("stops", stops.words()),
            ("lost", format!("the turn in flight of {}", running.join(" "))),
            ("back", "aq undo sets the old one and lets the queue go on".to_string()),
        ],
        ..Sheet::default()
    };
    Ok(consent(cx, flags, Level::Decides, false, &sheet)? != Consent::Withheld)
}

fn pause(cx: &mut Context, mode: Mode, until: Option<&str>, flags: &Changing) -> Answer {
    let until = until.map(|text| parse_until(text, cx.wall())).transpose()?;
    let board = cx.acting_or_looking(flags.dry_run)?;
    let state = board.snapshot();
    let running: Vec<&Job> = state.held().map(|row| row.0).filter(|job| job.stage.is_held()).collect();
    let (level, law, effect) = match mode {
        Mode::Drain => (Level::Reversible, PauseMode::Drain, "they finish; nothing new starts"),
        Mode::Stop => {
            (Level::Decides, PauseMode::Stop, "they are checkpointed and wait; the turn in flight is lost")
        }
        Mode::Kill => (
            Level::LosesMuch,
            PauseMode::Kill,
            "they are fenced now; what stands in no checkpoint is at risk",
        ),
    };
    let mut sheet = Sheet { head: format!("pause {LOCAL} ({})", law.name()), ..Sheet::default() };
    sheet.rows.push(("running", format!("{}: {effect}", running.len())));
    if mode == Mode::Kill {
        sheet.rows.push(("instead", "--mode drain loses nothing; --mode stop checkpoints first".to_string()));
        sheet.words = vec![running.len().to_string(), LOCAL.to_string()];
    }
    sheet.rows.push(("back", "aq undo, or: aq budget resume local".to_string()));
    // With nothing running nothing is lost, whatever the mode.
    let level = if running.is_empty() { Level::Reversible } else { level };
    if consent(cx, flags, level, false, &sheet)? == Consent::Withheld {
        return Ok(Exit::Failed);
    }
    let when = until.map_or(String::new(), |at| format!(" until {}", cx.out.moment(at)));
    let said = format!("paused {LOCAL} ({}){when}", law.name());
    order(cx, &board, flags, Command::Pause { mode: law, until }, said, true)
}

fn resume(cx: &mut Context, flags: &Changing) -> Answer {
    let board = cx.acting_or_looking(flags.dry_run)?;
    let suspended: Vec<_> = board.snapshot().product.suspended.iter().cloned().collect();
    if !flags.dry_run {
        // First the files, then the word: in between nobody takes their absence for a person's wish.
        for job in &suspended {
            cx.wait(board.restore(job.clone()))?;
        }
    }
    let files = match suspended.len() {
        0 => String::new(),
        n => format!(", {n} files restored to inbox/"),
    };
    order(cx, &board, flags, Command::Resume {}, format!("resumed {LOCAL}{files}"), false)
}

fn order(
    cx: &mut Context,
    board: &Local,
    flags: &Changing,
    command: Command,
    said: String,
    undo: bool,
) -> Answer {
    let before = board.snapshot();
    let mut order = Order::new(cx.me(), command);
    order.key = key_of_action("act")(0);
    order.note.clone_from(&flags.message);
    let verdict = match flags.dry_run {
        true => crate::fleet::decide(&before, &order, cx.now(&before)).map(|_| Vec::new()),
        false => cx.wait(board.act(vec![order]))?.swap_remove(0),
    };
    let became = match verdict {
        Err(no) => judged(no),
        Ok(events) => Became::Done {
            event: events.first().map(|row| row.0),
            said: if flags.dry_run { format!("would be so: {said}") } else { said },
            next: undo.then(|| "undo: aq undo".to_string()).into_iter().collect(),
            undo: undo.then(|| "aq undo".to_string()),
        },
    };
    let outcome = Outcome { target: LOCAL.to_string(), from: None, to: None, became };
    tell(cx, board.snapshot().seq, flags.dry_run, &[outcome])
}
