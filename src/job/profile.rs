//! Profiles: a persona that stands before a job's text, and defaults for jobs that name it.

use super::forms::CLASS_NAMES;
use super::front::split_front;
use super::problem::Problem;
use super::read::merge_problems;
use super::reader::{Reader, Row, Words, row};
use super::spec::{EngineClass, ReviewRule};
use super::{Budget, Capability};
use crate::time::Stamp;

/// A profile as it was written.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // Each field's meaning is its row of the table below.
pub struct Profile {
    /// Its file's name without `.md`.
    pub name: String,
    pub capabilities: Option<Vec<Capability>>,
    /// The empty command is `none`.
    pub default_verify: Option<String>,
    pub engine: Option<String>,
    pub engine_class: Option<EngineClass>,
    pub prefers_engine: Option<String>,
    pub model: Option<String>,
    pub effort: Option<String>,
    pub allowed_scope: Option<Vec<String>>,
    pub review: Option<ReviewRule>,
    pub budget: Option<Budget>,
    /// The text that stands before the job's.
    pub persona: String,
}

#[rustfmt::skip]
static PROFILE: &[Row<Profile>] = &[
    row("capabilities", "list of `key`, `key:value`, `key>=1.2`", "–", "what a host must have", |r, n, p| p.capabilities = r.capabilities(n)),
    row("default-verify", "command, or none", "–", "verify of jobs that name none", |r, n, p| p.default_verify = r.command(n)),
    row("engine", "name", "–", "what runs it", |r, n, p| p.engine = r.engine(n)),
    row("engine-class", "agentic-coder, chat-coder, script", "–", "any engine of that class will do", |r, n, p| p.engine_class = r.word(n, &CLASS_NAMES)),
    row("prefers-engine", "name", "–", "soft preference in routing", |r, n, p| p.prefers_engine = r.engine(n)),
    row("model", "text", "–", "passed through", |r, n, p| p.model = r.argument(n)),
    row("effort", "text", "–", "passed through", |r, n, p| p.effort = r.argument(n)),
    row("allowed-scope", "globs", "–", "where changes are expected", |r, n, p| p.allowed_scope = r.globs(n)),
    row("review", "auto, manual, or `{approvals, reviewers, check, four-eyes}`", "–", "the gate before testing", |r, n, p| p.review = r.review(n)),
    row("budget", "`{usd, tokens, wall, turns}`", "–", "ceilings that a job may replace one by one", |r, n, p| p.budget = r.budget(n)),
];

/// The profiles that ship with aq; `aq init` writes them out for editing.
pub const BUILT_IN_PROFILES: [(&str, &str); 9] = [
    ("developer", include_str!("../../profiles/developer.md")),
    ("backend-engineer", include_str!("../../profiles/backend-engineer.md")),
    ("frontend-engineer", include_str!("../../profiles/frontend-engineer.md")),
    ("ux-designer", include_str!("../../profiles/ux-designer.md")),
    ("ui-designer", include_str!("../../profiles/ui-designer.md")),
    ("qa", include_str!("../../profiles/qa.md")),
    ("reviewer", include_str!("../../profiles/reviewer.md")),
    ("docs-writer", include_str!("../../profiles/docs-writer.md")),
    ("planner", include_str!("../../profiles/planner.md")),
];

/// The words of every field of a profile.
pub fn profile_fields() -> impl Iterator<Item = Words> {
    PROFILE.iter().map(|row| row.words)
}

/// Reads a profile's file. Engine names are judged where a job uses it, because only then is it known which
/// engines there are.
///
/// # Errors
///
/// Every problem of the file, in the order of the file.
pub fn read_profile(text: &str, name: &str) -> Result<Profile, Vec<Problem>> {
    let front = split_front(text.as_bytes()).map_err(|problem| vec![problem])?;
    let mut reader = Reader::new(None, Stamp::default());
    let mut profile = Profile { name: name.to_string(), ..Profile::default() };
    reader.fields(&front.fields, &[PROFILE], &mut profile);
    profile.persona = front.body.trim().replace("\r\n", "\n");
    match merge_problems(front.problems, reader.problems) {
        problems if problems.is_empty() => Ok(profile),
        problems => Err(problems),
    }
}

/// The text of the profile of that name that ships with aq.
pub fn built_in_profile(name: &str) -> Option<&'static str> {
    BUILT_IN_PROFILES.iter().find(|pair| pair.0 == name).map(|pair| pair.1)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::job::render_problems;

    fn check(text: &str, expected: &Expect) {
        let shown = match read_profile(text, "p") {
            Ok(profile) => format!("{profile:?}\n"),
            Err(problems) => render_problems("p.md", text.as_bytes(), &problems),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn the_profiles_that_ship_are_good() {
        for (name, text) in BUILT_IN_PROFILES {
            let profile = read_profile(text, name).expect(name);
            assert!((10..=25).contains(&profile.persona.lines().count()), "{name}");
            assert!(text.lines().all(|line| line.chars().count() <= 120), "{name}");
            assert_eq!(built_in_profile(name), Some(text));
        }
        let reviewer = built_in_profile("reviewer").expect("it ships");
        assert!(reviewer.ends_with("End with the verdict in the form that the task asks for.\n"));
    }

    #[test]
    fn every_field_or_every_problem() {
        check(
            "---\ncapabilities: [has:npm]\ndefault-verify: npm test\nengine: claude\nengine-class: chat-coder\n\
             prefers-engine: codex\nmodel: m\neffort: low\nallowed-scope: [web/**]\nreview: manual\n\
             budget: {usd: 3}\n---\n\nBe kind.\n",
            &expect![[r#"
                Profile { name: "p", capabilities: Some([Capability { key: "has", op: Is, value: "npm" }]), default_verify: Some("npm test"), engine: Some("claude"), engine_class: Some(ChatCoder), prefers_engine: Some("codex"), model: Some("m"), effort: Some("low"), allowed_scope: Some(["web/**"]), review: Some(ReviewRule { approvals: 1, reviewers: [], check: None, four_eyes: false }), budget: Some(Budget { micro_usd: Some(3000000), tokens: None, turns: None, wall: None }), persona: "Be kind." }
            "#]],
        );
        check(
            "---\nverify: x\nallowed_scope: /etc\nbudget: {usd: -1}\n---\n",
            &expect![[r#"
                p.md:2:1: unknown field "verify"
                    verify: x
                    ^^^^^^
                    one of: capabilities, default-verify, engine, engine-class, prefers-engine, model, effort, allowed-scope, review, budget
                p.md:3:1: unknown field "allowed_scope"
                    allowed_scope: /etc
                    ^^^^^^^^^^^^^
                    did you mean "allowed-scope"?
                p.md:4:15: budget.usd: not an amount in dollars: "-1"
                    budget: {usd: -1}
                                  ^^
                    write 8 or 1.50
            "#]],
        );
    }
}
