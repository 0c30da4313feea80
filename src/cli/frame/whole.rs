//! Before a verb acts: the queue is made whole, and what hands did in its folders is taken in.

use std::collections::BTreeSet;

use super::complaint::CliError;
use super::context::Context;
use crate::agent::make_whole;
use crate::board::{Local, Memory, Purpose, Settings};

impl Context {
    /// The settings in force for the queue that is meant; their oddities are told.
    ///
    /// # Errors
    /// As [`Context::place`]; exit 2 with every problem of a settings file.
    pub fn settings(&self) -> Result<Settings, CliError> {
        let settings = Settings::load(Some(self.place()?), &[])?;
        settings.warnings.iter().for_each(|text| self.out.warn(text.trim_end()));
        Ok(settings)
    }

    /// The queue, ready to be acted on: leases of dead processes are given back, dropped files are in,
    /// hands' moves are done or undone. Whatever that changed is told.
    ///
    /// # Errors
    /// As [`Context::local`] and [`Context::settings`].
    pub fn acting(&mut self) -> Result<Local, CliError> {
        let settings = self.settings()?;
        self.acting_under(&settings)
    }

    /// [`Context::acting`] for a verb that has the settings already.
    ///
    /// # Errors
    /// As [`Context::local`]; exit 5 inside a run of this queue.
    pub fn acting_under(&mut self, settings: &Settings) -> Result<Local, CliError> {
        self.refuse_inside()?;
        let local = self.local(Purpose::Act)?;
        let me = self.me();
        // First what dead processes hold: a hand's move is judged by where the job really stands.
        let mended = self.wait(make_whole(&local))?;
        // Of time it knows nothing: what needs some to be understood, such as a file just gone, is left to agents.
        let mut memory = Memory::of_verbs(local.place());
        let report = self.wait(local.sync(settings, &me, BTreeSet::new(), &mut memory))?;
        memory.keep(local.place());
        mended.iter().chain(&report.lines).for_each(|line| self.out.talk(line));
        for job in &report.ship {
            self.out.talk(&format!(
                "the file of {job} was moved to shipped/ by hand: an agent ships it, or: aq ship {job}"
            ));
        }
        Ok(local)
    }

    /// The queue for a verb that changes it, or with `dry_run` only to look: then nothing is taken in.
    ///
    /// # Errors
    /// As [`Context::acting`].
    pub fn acting_or_looking(&mut self, dry_run: bool) -> Result<Local, CliError> {
        if dry_run { self.local(Purpose::Read) } else { self.acting() }
    }
}
