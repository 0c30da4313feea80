//! The verb: looks at everything, one thing after the other, and changes nothing.

use clap::Args as ClapArgs;

use super::finding::{Finding, Health};
use super::{engines, machine, queue};
use crate::board::{Board as _, Purpose, Settings, Source};
use crate::cli::frame::{Answer, Cell, Column, Context, Envelope, Exit, Role, Table};

/// What is wrong and how to mend it
#[derive(ClapArgs, Debug)]
pub struct Args {}

/// Looks and tells: 0 where all is fine, 8 where something is to be mended.
///
/// # Errors
/// If the output cannot be written; what is wrong is no error here.
pub fn run(_args: &Args, cx: &mut Context) -> Answer {
    let findings = look(cx);
    let bad = findings.iter().filter(|one| one.health == Health::Bad).count();
    if cx.out.is_json() {
        cx.out.json(&Envelope::new("doctor", cx.wall(), 0, Source::Local, &findings))?;
    } else {
        show(cx, &findings)?;
        match bad {
            0 => cx.out.talk("all is well"),
            1 => cx.out.talk("1 thing to mend"),
            n => cx.out.talk(&format!("{n} things to mend")),
        }
    }
    Ok(if bad == 0 { Exit::Done } else { Exit::Partly })
}

fn look(cx: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    let place = match cx.place() {
        Ok(place) => {
            findings.push(Finding::fine("queue", place.queue.display().to_string()));
            Some(place.clone())
        }
        Err(error) => {
            let why: String = error.why.iter().map(|line| format!(" ({line})")).collect();
            let mend = error.next.last().cloned().unwrap_or_default();
            findings.push(Finding::bad("queue", format!("{}{why}", error.what), mend));
            None
        }
    };
    let settings = Settings::load(place.as_ref(), &[]);
    let mut by_pr = false;
    findings.push(machine::settings(&settings));
    findings.push(machine::git(place.as_ref()));
    findings.push(machine::clock(cx.wall()));
    if let Some(place) = &place {
        findings.extend(machine::disk(place, settings.as_ref().ok()));
        findings.push(machine::watch(place));
        findings.push(queue::folders(place));
        findings.push(queue::lock(place));
        let log = queue::log(place);
        let readable = log.health != Health::Bad;
        findings.push(log);
        match cx.local(Purpose::Read) {
            Ok(local) if readable => {
                findings.extend(queue::state(&local, cx.wall()));
                let state = local.snapshot();
                findings.extend(settings.as_ref().ok().and_then(|it| machine::ceilings(it, &state)));
                by_pr = queue::ships_by_pr(&local);
            }
            // What a damaged log adds up to says nothing, and the log's own line says why.
            Ok(_) => {}
            Err(_) if !readable => {}
            Err(error) => findings.push(Finding::bad("state", error.what, error.next.join(", "))),
        }
    }
    findings.extend(settings.iter().flat_map(engines::engines));
    findings.extend(settings.iter().map(|settings| engines::forge(settings, by_pr)));
    findings
}

fn show(cx: &mut Context, findings: &[Finding]) -> Result<(), crate::cli::frame::CliError> {
    let mut table = Table::of(&[
        Column::words("check"),
        Column::words("is"),
        Column::text("found"),
        Column::text("mend"),
    ]);
    for one in findings {
        let (word, role) = match one.health {
            Health::Fine => ("fine", Role::Good),
            Health::Note => ("note", Role::Wait),
            Health::Bad => ("bad", Role::Bad),
        };
        let mend = Cell::same(&*one.mend);
        table.rows.push(vec![
            Cell::same(one.check),
            Cell::same(word).role(role),
            Cell::same(&*one.says),
            mend,
        ]);
    }
    cx.out.table(&table)
}
