//! A manifest, a profile and a configuration as text in; the listing with origins, or the problems, out.

use expect_test::{Expect, expect};

use super::manifest_tests::{NOW, known, read};
use super::{
    Config, Effective, Facts, Origin, Resolved, Spec, effective_listing, merge_config, read_config, read_on,
    read_profile, render_problems, resolve, work_place,
};

struct Given {
    job: &'static str,
    profile: &'static str,
    config: &'static str,
    in_git: bool,
}

const PLAIN: Given = Given { job: "Do.", profile: "", config: "", in_git: true };

fn resolved(given: &Given) -> Result<Resolved, String> {
    let (manifest, problems) = read_on(given.job.as_bytes(), "fix.md", &known(), NOW);
    assert!(problems.is_empty(), "{problems:?}");
    let manifest = manifest.expect("sound");
    let profile = read_profile(given.profile, "qa").expect("a good profile");
    let layer = read_config(given.config, Origin::Project).expect("a good configuration").0;
    let config: Config = merge_config(&[layer]);
    let mut known = known();
    known.engines.extend(config.engines.keys().cloned());
    let home = Some("/home/ann".to_string());
    let facts = Facts { folder: "/work/app".to_string(), home, in_git: given.in_git, ..Facts::default() };
    resolve(&manifest, &profile, &config, &known, &facts)
        .map_err(|problems| render_problems("fix.md", given.job.as_bytes(), &problems))
}

/// The fields that are not at their default, and those whose value follows from the place.
fn check(given: &Given, expected: &Expect) {
    let shown = match resolved(given) {
        Err(problems) => problems,
        Ok(Resolved { spec, effective }) => effective_listing(&spec, &effective)
            .into_iter()
            .filter(|row| {
                row.origin != Origin::Default || ["worktree", "lock", "cwd"].contains(&row.field.as_str())
            })
            .map(|row| format!("{} = {} ({})\n", row.field, row.value, row.origin))
            .collect(),
    };
    expected.assert_eq(&shown);
}

#[test]
fn job_before_profile_before_configuration_before_default() {
    let profile = "---\nmodel: opus\neffort: high\ndefault-verify: make test\nreview: manual\nbudget: {usd: 3, turns: 9}\n---\nBe kind.";
    let config = "engine = 'claude'\nverify = 'make'\nsetup = 'make deps'\nprofile = 'qa'\nyolo = true";
    let job = "---\nmodel: sonnet\nbudget: {usd: 5}\nyolo: false\n---\n# Do it\n";
    check(
        &Given { job, profile, config, ..PLAIN },
        &expect![[r#"
        engine = claude (project)
        model = sonnet (job)
        effort = high (profile)
        profile = qa (project)
        cwd = /work/app (default)
        worktree = true (default)
        setup = make deps (project)
        verify = make test (profile)
        lock = – (default)
        budget.usd = $5.00 (job)
        budget.turns = 9 (profile)
        review = 1 approval (profile)
        yolo = false (job)
    "#]],
    );
    check(
        &Given { job: "---\nverify: none\nsetup: none\n---\nx", profile, config, ..PLAIN },
        &expect![[r#"
        engine = claude (project)
        model = opus (profile)
        effort = high (profile)
        profile = qa (project)
        cwd = /work/app (default)
        worktree = true (default)
        setup = – (job)
        verify = – (job)
        lock = – (default)
        budget.usd = $3.00 (profile)
        budget.turns = 9 (profile)
        review = 1 approval (profile)
        yolo = true (project)
    "#]],
    );
    check(
        &PLAIN,
        &expect![[r#"
        cwd = /work/app (default)
        worktree = true (default)
        lock = – (default)
    "#]],
    );
}

#[test]
fn engine_and_class_are_one_choice() {
    let check = |job, profile, config, engine: Option<&str>, class: &str| {
        let spec = resolved(&Given { job, profile, config, ..PLAIN }).expect("whole").spec;
        let got = spec.engine_class.map(|class| format!("{class:?}")).unwrap_or_default();
        assert_eq!((spec.engine.as_deref(), got.as_str()), (engine, class), "{job} {profile} {config}");
    };
    let (claude, chat) = ("---\nengine: claude\n---\nx", "---\nengine-class: chat-coder\n---\nx");
    check("x", "", "", None, "AgenticCoder");
    check("x", "", "engine = 'codex'", Some("codex"), "");
    check("x", chat, "engine = 'codex'", None, "ChatCoder");
    check(claude, chat, "engine = 'codex'", Some("claude"), "");
    check(chat, claude, "engine = 'codex'", None, "ChatCoder");
}

#[test]
fn the_place_decides_worktree_and_lock() {
    check(
        &Given { job: "---\ncwd: web/../api\nworktree: false\n---\nx", ..PLAIN },
        &expect![[r#"
        cwd = /work/app/api (job)
        worktree = false (job)
        lock = cwd:/work/app/api (default)
    "#]],
    );
    check(
        &Given { in_git: false, ..PLAIN },
        &expect![[r#"
        cwd = /work/app (default)
        worktree = false (default)
        lock = cwd:/work/app (default)
    "#]],
    );
    check(
        &Given { job: "---\nlock: db\nworktree: false\n---\nx", ..PLAIN },
        &expect![[r#"
        cwd = /work/app (default)
        worktree = false (job)
        lock = db (job)
    "#]],
    );
    let check = |job: &str, repo: Option<&str>, cwd: &str| {
        let manifest = read(format!("---\n{job}\n---\nx").as_bytes()).expect("a manifest");
        let place = work_place(&manifest, "/work/app", Some("/home/ann"));
        assert_eq!((place.repo.as_deref(), place.cwd.as_str()), (repo, cwd), "{job}");
    };
    check("title: x", None, "/work/app");
    check("cwd: ./web/", None, "/work/app/web");
    check("cwd: /srv//web/.", None, "/srv/web");
    check("repo: ../lib", Some("/work/lib"), "/work/lib");
    check("repo: ~/lib\ncwd: web", Some("/home/ann/lib"), "/home/ann/lib/web");
    check("repo: https://example.com/a.git", Some("https://example.com/a.git"), ".");
    check("repo: git@example.com:a/b\ncwd: web", Some("git@example.com:a/b"), "web");
    check("repo: ../../../..", Some("/"), "/");
}

#[test]
fn what_only_the_whole_can_show() {
    check(
        &Given { config: "engine = 'cluade'", ..PLAIN },
        &expect![[r#"
            fix.md:1:1: engine: no such engine: "cluade" (from project)
                Do.
                ^
                did you mean "claude"?
        "#]],
    );
    check(
        &Given { profile: "---\nengine: codx\n---\n", ..PLAIN },
        &expect![[r#"
            fix.md:1:1: engine: no such engine: "codx" (from profile)
                Do.
                ^
                did you mean "codex"?
        "#]],
    );
    check(
        &Given { config: "engine = 'shell'", ..PLAIN },
        &expect![[r#"
        fix.md:1:1: no script for the shell engine
            Do.
            ^
            put the commands into one block fenced by ```sh and ```
    "#]],
    );
    check(
        &Given { job: "---\nworktree: true\n---\nx", in_git: false, ..PLAIN },
        &expect![[r#"
            fix.md:2:11: worktree: true, but /work/app is in no git repository
                worktree: true
                          ^^^^
                name a repo, or write worktree: false
        "#]],
    );
    check(
        &Given { job: "---\nrepo: https://e.com/a\nworktree: false\n---\nx", ..PLAIN },
        &expect![[r#"
            fix.md:2:7: repo: a URL is not in this version
                repo: https://e.com/a
                      ^^^^^^^^^^^^^^^
                clone it, and name the folder of the clone
        "#]],
    );
    check(
        &Given { job: "---\ntitle: x\nrepo: git@example.com:a/b\n---\nx", ..PLAIN },
        &expect![[r#"
        fix.md:3:7: repo: a URL is not in this version
            repo: git@example.com:a/b
                  ^^^^^^^^^^^^^^^^^^^
            clone it, and name the folder of the clone
    "#]],
    );
    let config = "engine = 'a'\nengines.a.argv = ['a', '{model}']";
    check(
        &Given { config, ..PLAIN },
        &expect![[r#"
        fix.md:1:1: its engine's command line needs a model
            Do.
            ^
            write model: … into the job or its profile
    "#]],
    );
    check(
        &Given { config, job: "---\nmodel: m\n---\nx", ..PLAIN },
        &expect![[r#"
        engine = a (project)
        model = m (job)
        cwd = /work/app (default)
        worktree = true (default)
        lock = – (default)
    "#]],
    );
    let place_needed = Facts { folder: "/q".to_string(), place_needed: true, ..Facts::default() };
    let manifest = read(b"x").expect("a manifest");
    let (profile, config) = (super::Profile::default(), Config::default());
    assert_eq!(
        resolve(&manifest, &profile, &config, &known(), &place_needed).expect_err("no place").len(),
        1
    );
}

#[test]
fn the_stored_form_is_a_promise() {
    let job =
        "---\nengine: claude\nverify: make\nallowed-scope: [src/**]\nscope: strict\nmodel: m\n---\n# Do\n";
    let Resolved { effective, spec } = resolved(&Given { job, profile: "Be kind.", ..PLAIN }).expect("whole");
    let text = serde_json::to_string_pretty(&effective).expect("plain data");
    expect![[r#"
        {
          "v": 1,
          "title": "Do",
          "profile": "qa",
          "persona": "Be kind.",
          "engine": "claude",
          "engine_class": null,
          "prefers_engine": null,
          "model": "m",
          "effort": null,
          "repo": null,
          "cwd": "/work/app",
          "base": null,
          "worktree": true,
          "setup": null,
          "verify": "make",
          "timeout": 7200000,
          "capabilities": [],
          "touches": [],
          "artifacts": [],
          "allowed_scope": [
            "src/**"
          ],
          "scope_strict": true,
          "ship": "branch",
          "yolo": false,
          "sandbox": "none",
          "origins": {
            "allowed-scope": "job",
            "engine": "job",
            "model": "job",
            "scope": "job",
            "verify": "job"
          }
        }"#]]
    .assert_eq(&text);
    assert_eq!(serde_json::from_str::<Effective>(&text).expect("reads back"), effective);
    let spec_text = serde_json::to_string(&spec).expect("plain data");
    assert_eq!(serde_json::from_str::<Spec>(&spec_text).expect("reads back"), spec);
    expect![[r#"{"title":"Do","engine":"claude","profile":"qa","has_verify":true,"worktree":true,"scope_strict":true}"#]].assert_eq(&spec_text);
}
