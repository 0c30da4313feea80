//! What became of each target, told to people, as records and as the `changed` envelope.

use serde::Serialize;

use crate::board::Source;
use crate::cli::frame::{Answer, CliError, Context, Envelope, Exit};
use crate::fleet::Code;
use crate::job::Seq;

/// What became of one target.
#[derive(Clone, PartialEq, Debug)]
pub enum Became {
    /// It was done, as this event, or would be (`--dry-run`).
    Done {
        /// The first event of it.
        event: Option<Seq>,
        /// In a sentence, for people; empty where it was said before.
        said: String,
        /// What to do next, and how to come back.
        next: Vec<String>,
        /// The command that takes it back.
        undo: Option<String>,
    },
    /// It was so already.
    Nothing(CliError),
    /// It was not done.
    Refused(CliError),
}

/// One target and what became of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The job, or what else was acted on.
    pub target: String,
    /// Where it stood, `STAGE@EPOCH`.
    pub from: Option<String>,
    /// Where it stands now.
    pub to: Option<String>,
    /// What happened.
    pub became: Became,
}

#[derive(Serialize)]
struct Row<'a> {
    job: &'a str,
    done: bool,
    from: Option<&'a str>,
    to: Option<&'a str>,
    event: Option<Seq>,
    undo: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

impl Outcome {
    fn row(&self) -> Row<'_> {
        let (from, to) = (self.from.as_deref(), self.to.as_deref());
        let row = Row {
            job: &self.target,
            done: false,
            from,
            to,
            event: None,
            undo: None,
            code: None,
            message: None,
        };
        match &self.became {
            Became::Done { event, undo, .. } => {
                Row { done: true, event: *event, undo: undo.as_deref(), ..row }
            }
            Became::Nothing(no) | Became::Refused(no) => {
                Row { code: Some(no.code()), message: Some(&no.what), ..row }
            }
        }
    }

    /// The record of plain output; its columns are stable: target, word, from, to, event or code.
    fn record(&self) -> String {
        let (word, last) = match &self.became {
            Became::Done { event, .. } => ("done", event.map_or_else(String::new, |seq| seq.to_string())),
            Became::Nothing(no) => ("unchanged", no.code().to_string()),
            Became::Refused(no) => ("refused", no.code().to_string()),
        };
        let place = |at: &Option<String>| at.clone().unwrap_or_default();
        format!("{}\t{word}\t{}\t{}\t{last}", self.target, place(&self.from), place(&self.to))
    }
}

/// A refusal that only says that the thing is so already is a success for whoever repeats it.
pub fn judged(no: crate::fleet::Refusal) -> Became {
    match no.code {
        Code::NoChange | Code::AlreadyDone => Became::Nothing(no.into()),
        _ => Became::Refused(no.into()),
    }
}

/// Tells it all, `seq` being the last event it knows, and gives the exit: 0, 8 where only a part was done, else the refusal itself.
///
/// # Errors
/// The refusal, where nothing was done.
pub fn tell(cx: &mut Context, seq: Seq, dry_run: bool, all: &[Outcome]) -> Answer {
    let refused: Vec<&CliError> = all
        .iter()
        .filter_map(|one| match &one.became {
            Became::Refused(no) => Some(no),
            _ => None,
        })
        .collect();
    if refused.len() == all.len() && !refused.is_empty() {
        return Err(none_done(cx, &refused, all));
    }
    if cx.out.is_json() {
        let kind = if dry_run { "would_change" } else { "changed" };
        let rows: Vec<Row<'_>> = all.iter().map(Outcome::row).collect();
        let envelope = Envelope::new(kind, cx.wall(), seq, Source::Local, rows);
        cx.out.json(&envelope)?;
    } else {
        for one in all {
            tell_one(cx, one)?;
        }
    }
    Ok(if refused.is_empty() { Exit::Done } else { Exit::Partly })
}

/// What happened is data for people at a terminal; programs get a record, and the sentence is talk.
fn tell_one(cx: &mut Context, one: &Outcome) -> Result<(), CliError> {
    let people = cx.out.is_for_people();
    if !people {
        cx.out.line(&one.record())?;
    }
    match &one.became {
        Became::Done { said, next, .. } => {
            let text = [vec![said.clone()], next.clone()].concat().join(". ");
            match people {
                // A dry run has said it already.
                _ if text.is_empty() => {}
                true => cx.out.line(&text)?,
                false => cx.out.talk(&text),
            }
        }
        Became::Nothing(no) => match people {
            true => cx.out.line(&format!("{}: nothing to do", no.what))?,
            false => cx.out.talk(&format!("{}: nothing to do", no.what)),
        },
        Became::Refused(no) => {
            cx.out.flush()?;
            cx.out.complain(no);
        }
    }
    Ok(())
}

/// Nothing was done: one refusal is the error, the others stand above it. What is wrong whatever anybody
/// else does, such as a bad manifest, has the lowest exit and is the word.
fn none_done(cx: &Context, refused: &[&CliError], all: &[Outcome]) -> CliError {
    let chosen = (0..refused.len()).min_by_key(|nth| refused[*nth].exit).unwrap_or(0);
    if let [only] = refused {
        return (*only).clone();
    }
    let others = refused.iter().enumerate().filter(|(nth, _)| *nth != chosen);
    others.for_each(|(_, no)| cx.out.complain(no));
    let rows: Vec<serde_json::Value> = all
        .iter()
        .zip(refused)
        .map(|(one, no)| serde_json::json!({"job": one.target, "code": no.code(), "message": no.what}))
        .collect();
    refused[chosen].clone().field("refused", rows)
}
