//! Streams: data to standard output in one of four forms, talk to standard error.

use std::io::{IsTerminal as _, Write};

use serde::Serialize;

use super::complaint::CliError;
use super::globals::{ColorWish, Globals};
use super::pager::Pager;
use super::paint::{Role, without_controls};
use super::table::Table;
use crate::board::Source;
use crate::job::Seq;
use crate::time::{Span, Stamp};

/// Width assumed where a terminal does not tell.
const WIDTH: usize = 80;
/// Within it the time of the day says which moment is meant.
const DAY: Span = Span::from_mins(24 * 60);

/// The form of the data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Tables, colour, ages: for people.
    Table,
    /// One tab-separated record per line.
    Plain,
    /// One envelope, then the end.
    Json,
    /// One envelope per line.
    JsonLines,
}

/// Where data and talk go.
pub struct Out {
    form: Form,
    color: bool,
    width: usize,
    ascii: bool,
    quiet: bool,
    terminal: bool,
    pager_wanted: bool,
    sink: Sink,
}

enum Sink {
    Stdout(std::io::BufWriter<std::io::Stdout>),
    Pager(Pager),
}

/// What stands around the data of `--json`, version 1.
#[derive(Serialize)]
pub struct Envelope<'a, T: Serialize> {
    /// Version of the envelope.
    pub v: u32,
    /// One word per shape of data.
    pub kind: &'a str,
    /// When it was read.
    pub at: String,
    /// The last event the answer knows.
    pub seq: Seq,
    /// How fresh it is.
    pub source: &'a str,
    /// The answer.
    pub data: T,
}

impl<'a, T: Serialize> Envelope<'a, T> {
    /// An envelope of the present version.
    pub fn new(kind: &'a str, at: Stamp, seq: Seq, source: Source, data: T) -> Envelope<'a, T> {
        Envelope { v: 1, kind, at: at.to_string(), seq, source: source.name(), data }
    }
}

impl Out {
    /// The streams of this process under these flags.
    pub fn of(globals: &Globals) -> Out {
        let terminal = std::io::stdout().is_terminal();
        let dumb = env("TERM").is_some_and(|term| term == "dumb");
        let form = match () {
            () if globals.json => Form::Json,
            () if globals.jsonl => Form::JsonLines,
            () if globals.plain || !terminal => Form::Plain,
            () => Form::Table,
        };
        Out {
            form,
            color: wants_color(globals.color, terminal && !dumb) && matches!(form, Form::Table),
            width: terminal_width(),
            ascii: !locale_is_utf8(),
            quiet: globals.quiet,
            terminal,
            pager_wanted: terminal && form == Form::Table && !globals.no_pager,
            sink: Sink::Stdout(std::io::BufWriter::with_capacity(1 << 16, std::io::stdout())),
        }
    }

    /// The form of the data.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Whether programs read it as JSON.
    pub fn is_json(&self) -> bool {
        matches!(self.form, Form::Json | Form::JsonLines)
    }

    /// Whether people read it at a terminal.
    pub fn is_for_people(&self) -> bool {
        self.form == Form::Table
    }

    /// Whether standard output is a terminal, whatever the form.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether only ASCII may be drawn.
    pub fn ascii(&self) -> bool {
        self.ascii
    }

    /// Columns of the terminal.
    pub fn width(&self) -> usize {
        self.width
    }

    /// A moment as this form shows it: local time for people, RFC 3339 for programs.
    pub fn moment(&self, at: Stamp) -> String {
        if self.is_for_people() { at.local_full() } else { at.to_string() }
    }

    /// A moment to come: the time of the day for people where it is near, else as [`Out::moment`].
    pub fn until(&self, at: Stamp, now: Stamp) -> String {
        if self.is_for_people() && at.since(now) < DAY { at.local_hm() } else { self.moment(at) }
    }

    /// The text in a colour, where colours are used.
    pub fn paint(&self, role: Role, text: &str) -> String {
        role.paint(text, self.color)
    }

    /// From here on the data goes through the user's pager, if there is a terminal.
    pub fn page(&mut self) {
        if self.pager_wanted
            && let Some(pager) = Pager::start()
        {
            self.sink = Sink::Pager(pager);
        }
    }

    /// A line of data. At a terminal control sequences are taken out of `text`; colour comes from
    /// [`Out::paint`], so painted lines go through [`Out::painted`].
    ///
    /// # Errors
    /// If nobody reads any more, or the write fails.
    pub fn line(&mut self, text: &str) -> Result<(), CliError> {
        if self.terminal {
            return self.painted(&without_controls(text));
        }
        self.painted(text)
    }

    /// A line of data made by aq, colours included.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn painted(&mut self, text: &str) -> Result<(), CliError> {
        self.bytes(text.as_bytes())?;
        self.bytes(b"\n")
    }

    /// Bytes as they are.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        let written = match &mut self.sink {
            Sink::Stdout(out) => out.write_all(bytes),
            Sink::Pager(pager) => pager.write_all(bytes),
        };
        written.map_err(|e| CliError::output(&e))
    }

    /// Gives out what is buffered; streams do so after each line.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn flush(&mut self) -> Result<(), CliError> {
        let flushed = match &mut self.sink {
            Sink::Stdout(out) => out.flush(),
            Sink::Pager(pager) => pager.flush(),
        };
        flushed.map_err(|e| CliError::output(&e))
    }

    /// Gives out what is buffered and waits for the pager.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn finish(&mut self) -> Result<(), CliError> {
        self.flush()?;
        if let Sink::Pager(pager) = &mut self.sink {
            pager.wait();
        }
        Ok(())
    }

    /// A list, as a table or as records.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn table(&mut self, table: &Table) -> Result<(), CliError> {
        if self.is_for_people() {
            table.for_people(self.width, self.color).iter().try_for_each(|line| self.painted(line))
        } else {
            table.for_programs().try_for_each(|line| self.line(&line))
        }
    }

    /// An envelope on one line.
    ///
    /// # Errors
    /// As [`Out::line`].
    pub fn json<T: Serialize>(&mut self, value: &T) -> Result<(), CliError> {
        // Plain data always serialises; the types are ours.
        let text = serde_json::to_string(value).unwrap_or_default();
        self.painted(&text)
    }

    /// A hint or what happens next, to standard error; not with `--quiet` or `--json`.
    /// What was said before stands before it.
    pub fn talk(&mut self, text: &str) {
        if !self.quiet && !self.is_json() {
            // A failed write is met again by the next one, which can report it.
            let _ = self.flush();
            // Talk that nobody hears changes nothing.
            let _ = writeln!(std::io::stderr(), "{}", without_controls(text));
        }
    }

    /// An error about one of several targets, to standard error. With `--json` it stands in the answer.
    pub fn complain(&self, error: &CliError) {
        if !self.is_json() {
            let _ = std::io::stderr().write_all(error.text().as_bytes());
        }
    }

    /// A warning, to standard error; it changes no exit code.
    pub fn warn(&self, text: &str) {
        if !self.is_json() {
            // A line below another points into it.
            let lines: Vec<String> = text.lines().map(without_controls).collect();
            let _ = writeln!(std::io::stderr(), "warning: {}", lines.join("\n"));
        }
    }
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// `--color` > `AQ_COLOR` > `NO_COLOR` > what the terminal can.
fn wants_color(flag: Option<ColorWish>, able: bool) -> bool {
    let named = env("AQ_COLOR").and_then(|word| match word.as_str() {
        "always" => Some(ColorWish::Always),
        "never" => Some(ColorWish::Never),
        "auto" => Some(ColorWish::Auto),
        _ => None,
    });
    match flag.or(named) {
        Some(ColorWish::Always) => true,
        Some(ColorWish::Never) => false,
        Some(ColorWish::Auto) => able,
        None => able && env("NO_COLOR").is_none(),
    }
}

/// `COLUMNS`, else what the terminal says, else 80.
pub(in crate::cli) fn terminal_width() -> usize {
    let named = env("COLUMNS").and_then(|text| text.parse::<usize>().ok()).filter(|n| *n >= 20);
    let asked = || rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| usize::from(size.ws_col));
    named.or_else(asked).filter(|n| *n > 0).unwrap_or(WIDTH)
}

fn locale_is_utf8() -> bool {
    let named = env("LC_ALL").or_else(|| env("LC_CTYPE")).or_else(|| env("LANG"));
    named.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
