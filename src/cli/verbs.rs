//! The table of verbs: dispatch, prefixes, short help, README, completions and man pages are drawn from it.
//!
//! Adding a verb: a file with `Args` and `run`, its `mod` line in `cli/mod.rs`, and its row here.

use clap::{ArgMatches, Args as _, Command, FromArgMatches as _};

use super::frame::{Answer, CliError, Context, nearest_word};

/// Headings of help, in its order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// Looking at jobs.
    Reading,
    /// Changing jobs.
    Acting,
    /// Agents, cockpit, coordinator.
    Running,
    /// Many hosts, money.
    Fleet,
    /// The program itself.
    Itself,
    /// Names that are taken for later.
    Reserved,
}

/// The groups and their headings.
pub const GROUPS: [(Group, &str); 6] = [
    (Group::Reading, "Reading jobs"),
    (Group::Acting, "Acting on jobs"),
    (Group::Running, "Running it"),
    (Group::Fleet, "Fleet and budget"),
    (Group::Itself, "aq itself"),
    (Group::Reserved, "Reserved"),
];

/// One row of [`VERBS`].
pub struct Verb {
    /// What people type.
    pub name: &'static str,
    /// Its heading.
    pub group: Group,
    /// What it does, in one line.
    pub does: &'static str,
    /// How it is done.
    pub way: Way,
}

/// Whether a verb is built, and what does it.
pub enum Way {
    /// It is here: its flags, and its work.
    Here {
        /// Adds its arguments to its command.
        shape: fn(Command) -> Command,
        /// Does it.
        run: fn(&ArgMatches, &mut Context) -> Answer,
    },
    /// Its name is taken; the text says why it is not here and which verb answers most of it today.
    Later {
        /// Why not.
        why: &'static str,
        /// What to type instead.
        instead: &'static str,
    },
}

/// The row of a verb whose file is the module `$module`.
macro_rules! here {
    ($group:ident, $name:literal, $module:ident, $does:literal) => {
        Verb {
            name: $name,
            group: Group::$group,
            does: $does,
            way: Way::Here {
                shape: |command| super::$module::Args::augment_args(command),
                run: |matches, cx| {
                    let args = super::$module::Args::from_arg_matches(matches);
                    super::$module::run(&args.map_err(|e| super::argv::refused(&e))?, cx)
                },
            },
        }
    };
}

const fn later(
    group: Group,
    name: &'static str,
    does: &'static str,
    why: &'static str,
    instead: &'static str,
) -> Verb {
    Verb { name, group, does, way: Way::Later { why, instead } }
}

const NEEDS_FLEET: &str = "it needs a fleet: a coordinator and agents on several hosts";

/// Every verb, in the order of help.
pub static VERBS: &[Verb] = &[
    // Reading jobs.
    here!(Reading, "ls", ls, "list jobs"),
    here!(Reading, "show", show, "one job: stage, since, why, attempts, proof, cost"),
    here!(Reading, "next", next, "what a person can act on now"),
    here!(Reading, "events", events, "the log"),
    here!(Reading, "log", log, "transcript of an attempt"),
    here!(Reading, "diff", diff, "what the job changed"),
    here!(Reading, "explain", explain, "why it does not run, and what would start it"),
    here!(Reading, "insights", insights, "duration, tokens, cost, result"),
    here!(Reading, "artifacts", artifacts, "files kept after a run"),
    here!(Reading, "graph", graph, "dependencies with rails"),
    here!(Reading, "path", path, "critical path with slack"),
    here!(Reading, "watch", watch, "one line per change"),
    here!(Reading, "wait", wait, "wait until jobs have got there"),
    here!(Reading, "risk", risk, "worktrees with unsaved work"),
    // Acting on jobs.
    here!(Acting, "add", add, "submit manifests"),
    here!(Acting, "approve", approve, "say yes to a revision"),
    here!(Acting, "reject", reject, "say no"),
    here!(Acting, "promote", promote, "pass to testing without approvals"),
    here!(Acting, "review", review, "ask reviewers for a decision"),
    here!(Acting, "ship", ship, "make the branch stand or merge it"),
    here!(Acting, "requeue", requeue, "send back to wait"),
    here!(Acting, "redrive", redrive, "start over with fresh attempts"),
    here!(Acting, "cancel", cancel, "end a job"),
    here!(Acting, "park", park, "put a job aside"),
    here!(Acting, "unpark", unpark, "take it back into the line"),
    here!(Acting, "answer", answer, "answer a job's question"),
    here!(Acting, "preempt", preempt, "stop a job so that another can run"),
    here!(Acting, "undo", undo, "take back your last action"),
    here!(Acting, "clean", clean, "prune what is finished"),
    // Running it.
    here!(Running, "init", init, "make queue/ and aq.toml"),
    here!(Running, "agent", agent, "claim, run, report"),
    here!(Running, "drain", drain, "let the agents of this queue finish"),
    here!(Running, "stop", stop, "stop the agents of this queue"),
    later(Group::Running, "serve", "coordinator", NEEDS_FLEET, "several aq agent on one folder, on one host"),
    here!(Running, "dash", dash, "the cockpit"),
    here!(Running, "demo", demo, "a dozen jobs in a throwaway repository"),
    here!(Running, "bench", bench, "the goals beside what this machine does"),
    here!(Running, "doctor", doctor, "what is wrong and how to mend it"),
    here!(Running, "ask", ask, "from inside a run: ask a person"),
    here!(Running, "progress", progress, "from inside a run: say what it does"),
    // Fleet and budget.
    later(Group::Fleet, "fleet", "factories of a fleet", NEEDS_FLEET, "aq agent works on this host"),
    here!(Fleet, "budget", budget, "ceilings, pause and resume"),
    later(Group::Fleet, "tracker", "link to an outside tracker", NEEDS_FLEET, "put files into queue/inbox"),
    // aq itself.
    later(
        Group::Itself,
        "login",
        "store a coordinator's token",
        NEEDS_FLEET,
        "a folder queue needs no sign-in",
    ),
    later(Group::Itself, "logout", "forget it", NEEDS_FLEET, "a folder queue needs no sign-in"),
    later(Group::Itself, "context", "names of coordinators", NEEDS_FLEET, "--queue DIR names a folder"),
    here!(Itself, "profile", profile, "personas and their defaults"),
    here!(Itself, "config", config, "configuration and where it comes from"),
    here!(Itself, "keys", keys, "keys of the cockpit"),
    here!(Itself, "completions", completions, "script for bash, zsh, fish, powershell, elvish"),
    here!(Itself, "man", man, "man pages, to standard output or a folder"),
    here!(Itself, "help", help, "this, a verb, or a topic"),
    // Reserved.
    later(
        Group::Reserved,
        "autopsy",
        "root cause and blast radius",
        "its data is not kept yet",
        "aq explain JOB, aq events JOB",
    ),
    later(
        Group::Reserved,
        "replay",
        "the past, moved through",
        "the time machine is not built yet",
        "aq show JOB --at TIME",
    ),
    later(
        Group::Reserved,
        "debug",
        "a job step by step",
        "the step debugger is not built yet",
        "aq log JOB -f",
    ),
];

impl Verb {
    /// Whether it is built and so shown in help.
    pub fn is_here(&self) -> bool {
        matches!(self.way, Way::Here { .. })
    }

    /// Its command with flags and help, without those of every verb.
    pub fn command(&self) -> Command {
        let command = Command::new(self.name).about(self.does).disable_help_subcommand(true);
        match self.way {
            Way::Here { shape, .. } => shape(command).about(self.does).long_about(None),
            Way::Later { .. } => command.hide(true),
        }
    }

    /// What is said for a verb that is not here.
    pub(super) fn not_in_this_version(&self) -> Option<CliError> {
        let Way::Later { why, instead } = self.way else { return None };
        Some(
            CliError::usage(format!("aq {} is not in this version", self.name))
                .why(why)
                .next(format!("today: {instead}"))
                .field("verb", self.name),
        )
    }
}

/// The verb that `word` means: its name, or a beginning that no other verb has. Names taken for later
/// count, so that a later version does not change what a script means.
///
/// # Errors
/// Exit 2: unknown, with the nearest; or ambiguous, with the candidates.
pub fn find_verb(word: &str) -> Result<&'static Verb, CliError> {
    if let Some(verb) = VERBS.iter().find(|verb| verb.name == word) {
        return Ok(verb);
    }
    let found: Vec<&Verb> = VERBS.iter().filter(|v| !word.is_empty() && v.name.starts_with(word)).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => {
            let error = CliError::usage(format!("no verb {word}"));
            let error = match nearest_word(word, VERBS.iter().filter(|v| v.is_here()).map(|v| v.name)) {
                Some(near) => error.why(format!("did you mean: aq {near}")),
                None => error,
            };
            Err(error.next("all verbs: aq help"))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|verb| verb.name).collect();
            Err(CliError::usage(format!("{word} could be any of {} verbs", names.len()))
                .why(names.join(", "))
                .field("candidates", names)
                .next("write more of the name"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_grouped_in_the_order_of_help() {
        let mut names: Vec<&str> = VERBS.iter().map(|verb| verb.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        let rank = |group: Group| GROUPS.iter().position(|row| row.0 == group);
        assert!(VERBS.windows(2).all(|pair| rank(pair[0].group) <= rank(pair[1].group)));
    }

    #[test]
    fn beginnings_mean_a_verb_when_only_one_begins_so() {
        let check = |word: &str, expected: &str| {
            let said = find_verb(word).map_or_else(|e| e.text().replace('\n', "|"), |v| v.name.to_string());
            assert_eq!(said, expected, "{word}");
        };
        check("ls", "ls");
        check("l", "error: l could be any of 4 verbs|  ls, log, login, logout|  write more of the name|");
        check("comp", "completions");
        check("rep", "replay");
        check("lss", "error: no verb lss|  did you mean: aq ls|  all verbs: aq help|");
        check("frob", "error: no verb frob|  all verbs: aq help|");
        check("", "error: no verb |  all verbs: aq help|");
    }

    #[test]
    fn every_command_is_sound() {
        for verb in VERBS {
            super::super::argv::whole(verb).debug_assert();
        }
    }
}
