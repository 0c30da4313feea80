//! Manifests as text in, and what was read or every problem as text out.

use super::{Known, Manifest, read_manifest, render_problems};
use crate::time::Stamp;
use expect_test::{Expect, expect};

pub(super) fn known() -> Known {
    let names = |text: &str| text.split(' ').map(str::to_string).collect();
    Known { engines: names("claude codex shell"), profiles: names("developer qa reviewer") }
}

/// 2026-10-02T12:00:00Z.
pub(super) const NOW: Stamp = Stamp::from_millis(1_790_942_400_000);

pub(super) fn read(bytes: &[u8]) -> Result<Manifest, String> {
    let mut manifest = read_manifest(bytes, "fix.md", &known(), NOW)
        .map_err(|problems| render_problems("fix.md", bytes, &problems))?;
    forget_places(&mut manifest);
    Ok(manifest)
}

/// Places are shown by the carets of problems; here they would hide the fields.
pub(super) fn forget_places(manifest: &mut Manifest) {
    manifest.places.clear();
    for child in &mut manifest.children {
        if let super::Child::Inline(child) = child {
            forget_places(&mut child.manifest);
        }
    }
}

/// What was read, without the fields that were not written; or the problems as a person gets them.
pub(super) fn shown(bytes: &[u8]) -> String {
    match read(bytes) {
        Ok(manifest) => one_field_a_line(&format!("{manifest:#?}")),
        Err(problems) => problems,
    }
}

fn one_field_a_line(debug: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in debug.lines().filter(|line| {
        line.starts_with("    ") && ![": None,", "places: {},"].iter().any(|end| line.ends_with(end))
    }) {
        match line.strip_prefix("    ").filter(|field| !field.starts_with([' ', '}', ')', ']'])) {
            Some(field) => lines.push(field.to_string()),
            None => lines.last_mut().expect("a field comes first").push_str(line.trim()),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

pub(super) fn check(text: &str, expected: &Expect) {
    expected.assert_eq(&shown(text.as_bytes()));
}

#[test]
fn a_file_without_front_matter_is_a_job() {
    check(
        "# Fix it\n\nPlease.\n",
        &expect![[r##"
            stem: "fix",
            children: [],
            body: Body {text: "# Fix it\n\nPlease.\n",line: 1,},
        "##]],
    );
    check(
        "\u{feff}---\r\ntitle: Windows\r\n---\r\nDo.\r\n",
        &expect![[r#"
            stem: "fix",
            title: Some("Windows",),
            children: [],
            body: Body {text: "Do.\r\n",line: 4,},
        "#]],
    );
    check(
        "---\n---\nDo.\n",
        &expect![[r#"
            stem: "fix",
            children: [],
            body: Body {text: "Do.\n",line: 3,},
        "#]],
    );
    check(
        "---\n# only a comment\ntitle:\n---\nDo.\n",
        &expect![[r#"
            stem: "fix",
            children: [],
            body: Body {text: "Do.\n",line: 5,},
        "#]],
    );
    check(
        "\n\n---\ntitle: after blank lines\n---\nDo.\n",
        &expect![[r#"
            stem: "fix",
            title: Some("after blank lines",),
            children: [],
            body: Body {text: "Do.\n",line: 6,},
        "#]],
    );
}

const EVERY_FIELD_YAML: &str = r#"---
title: "Fix: the login"
engine: claude
engine-class: agentic-coder
prefers-engine: codex
model: opus-4
effort: high
profile: qa
repo: git@example.com:a/b.git
cwd: web
base: main
worktree: true
setup: npm ci
verify: |
  npm test
  npm run lint
timeout: 45m
priority: high
capabilities: [os:linux, node>=20]
prefers: factory:mini2
lock: db
touches: ["src/**", "*.rs"]
deps: [build-a, build-b.md, build-a]
deps-mode: soft
budget: {usd: 1.50, tokens: 200000, wall: 3h, turns: 40}
retry: {max: 3, backoff: 30s, on: [crash, timeout]}
review: {approvals: 2, reviewers: [ann, bo], check: make check, four-eyes: true}
ship: merge
autoship: 30m
allowed-scope: [src/**]
scope: strict
artifacts: [target/report.html]
idempotency-key: jira:ABC-1
tracker-item: https://example.com/ABC-1
not-before: 2026-10-02T22:00:00Z
yolo: true
sandbox: none
---
Body.
"#;

const EVERY_FIELD_TOML: &str = r#"+++
title = "Fix: the login"
engine = "claude"
engine-class = "agentic-coder"
prefers-engine = "codex"
model = "opus-4"
effort = "high"
profile = "qa"
repo = "git@example.com:a/b.git"
cwd = "web"
base = "main"
worktree = true
setup = "npm ci"
verify = """
npm test
npm run lint"""
timeout = "45m"
priority = "high"
capabilities = ["os:linux", "node>=20"]
prefers = "factory:mini2"
lock = "db"
touches = ["src/**", "*.rs"]
deps = ["build-a", "build-b.md", "build-a"]
deps-mode = "soft"
budget = { usd = 1.50, tokens = 200_000, wall = "3h", turns = 40 }
retry = { max = 3, backoff = "30s", on = ["crash", "timeout"] }
review = { approvals = 2, reviewers = ["ann", "bo"], check = "make check", four-eyes = true }
ship = "merge"
autoship = "30m"
allowed-scope = ["src/**"]
scope = "strict"
artifacts = ["target/report.html"]
idempotency-key = "jira:ABC-1"
tracker-item = "https://example.com/ABC-1"
not-before = 2026-10-02T22:00:00Z
yolo = true
sandbox = "none"
+++
Body.
"#;

#[test]
fn every_field_reads_the_same_in_both_languages() {
    let yaml = read(EVERY_FIELD_YAML.as_bytes()).expect("every field is right");
    let toml = read(EVERY_FIELD_TOML.as_bytes()).expect("every field is right");
    assert_eq!(yaml, toml);
    for words in super::manifest_fields().filter(|words| words.name != "children") {
        assert!(EVERY_FIELD_YAML.contains(&format!("\n{}: ", words.name)), "{}", words.name);
    }
    check(
        EVERY_FIELD_YAML,
        &expect![[r#"
            stem: "fix",
            title: Some("Fix: the login",),
            engine: Some("claude",),
            engine_class: Some(AgenticCoder,),
            prefers_engine: Some("codex",),
            model: Some("opus-4",),
            effort: Some("high",),
            profile: Some("qa",),
            repo: Some("git@example.com:a/b.git",),
            cwd: Some("web",),
            base: Some("main",),
            worktree: Some(true,),
            setup: Some("npm ci",),
            verify: Some("npm test\nnpm run lint",),
            timeout: Some(45m,),
            priority: Some(High,),
            capabilities: Some([Capability {key: "os",op: Is,value: "linux",},Capability {key: "node",op: AtLeast,value: "20",},],),
            prefers: Some(["factory:mini2",],),
            lock: Some("db",),
            touches: Some(["src/**","*.rs",],),
            deps: Some(["build-a","build-b",],),
            deps_mode: Some(Soft,),
            children: [],
            budget: Some(Budget {micro_usd: Some(1500000,),tokens: Some(200000,),turns: Some(40,),wall: Some(3h,),},),
            retry: Some(Retry {max: 3,backoff: Fixed(30s,),on: [Crash,Timeout,],},),
            review: Some(ReviewRule {approvals: 2,reviewers: ["ann","bo",],check: Some("make check",),four_eyes: true,},),
            ship: Some(Merge,),
            autoship: Some(After(30m,),),
            allowed_scope: Some(["src/**",],),
            scope: Some(Strict,),
            artifacts: Some(["target/report.html",],),
            idempotency_key: Some("jira:ABC-1",),
            tracker_item: Some("https://example.com/ABC-1",),
            not_before: Some(2026-10-02T22:00:00Z,),
            yolo: Some(true,),
            sandbox: Some(None,),
            body: Body {text: "Body.\n",line: 39,},
        "#]],
    );
}

#[test]
fn every_problem_is_listed_at_once() {
    check(
        r#"---
title: [a]
engine: cladue
engine-class: coder
prefers-engine: Claude Code
model: --dangerous
effort: ""
profile: reviwer
repo: "a\0b"
cwd: -x
base: a..b
worktree: yes
setup: {a: 1}
verify: "a\u0007b"
timeout: 5x
priority: urgent
capabilities: [node>=new, os:linux]
prefers: factory
lock: "a\nb"
touches: [/etc/**, ../x, "a[", ok]
deps: fix, other
deps-mode: medium
children: {a: 1}
budget: {usd: "ten", token: 5, wall: 0s, turns: 0}
retry: {max: -1, backoff: slow, on: [crash, limit, oom]}
review: {approvals: 3, reviewers: [ann], checks: x}
ship: fork
autoship: later
allowed-scope: {}
scope: loose
artifacts: [[a]]
idempotency-key: {}
tracker-item: ""
not-before: 25:00
yolo: "true"
sandbox: fs
depends_on: [a]
engine_class: script
colour: red
---
"#,
        &expect![[r#"
            fix.md:2:8: title: a list where a single value is wanted
                title: [a]
                       ^
            fix.md:3:9: engine: no such engine: "cladue"
                engine: cladue
                        ^^^^^^
                did you mean "claude"?
            fix.md:4:15: engine-class: no such choice: "coder"
                engine-class: coder
                              ^^^^^
                one of: agentic-coder, chat-coder, script
            fix.md:5:17: prefers-engine: not a name: "Claude Code"
                prefers-engine: Claude Code
                                ^^^^^^^^^^^
                a name is lower-case letters, digits, - _ and .
            fix.md:6:8: model: "--dangerous" begins with - and would be taken for a flag
                model: --dangerous
                       ^^^^^^^^^^^
            fix.md:7:9: effort: empty text
                effort: ""
                        ^^
            fix.md:8:10: profile: no such profile: "reviwer"
                profile: reviwer
                         ^^^^^^^
                did you mean "reviewer"?
            fix.md:9:7: repo: a control character in the text
                repo: "a\0b"
                      ^^^^^^
            fix.md:10:6: cwd: "-x" begins with - and would be taken for a flag
                cwd: -x
                     ^^
            fix.md:11:7: base: not a branch or commit: "a..b"
                base: a..b
                      ^^^^
                write a branch name or a sha
            fix.md:12:11: worktree: not a flag: "yes"
                worktree: yes
                          ^^^
                write true or false
            fix.md:13:8: setup: a map where a single value is wanted
                setup: {a: 1}
                       ^
            fix.md:14:9: verify: a control character in the command
                verify: "a\u0007b"
                        ^^^^^^^^^^
            fix.md:15:10: timeout: not a duration: "5x" (write 500ms, 90s, 45m, 2h or 1d)
                timeout: 5x
                         ^^
            fix.md:16:11: priority: no such choice: "urgent"
                priority: urgent
                          ^^^^^^
                one of: critical, high, medium, low
            fix.md:17:16: capabilities: not a capability: "node>=new" (write key, key:value or key>=1.2)
                capabilities: [node>=new, os:linux]
                               ^^^^^^^^^
            fix.md:18:10: prefers: not a wish: "factory"
                prefers: factory
                         ^^^^^^^
                write factory:NAME or os:linux
            fix.md:19:7: lock: more than one line
                lock: "a\nb"
                      ^^^^^^
            fix.md:20:11: touches: "/etc/**" leaves the worktree
                touches: [/etc/**, ../x, "a[", ok]
                          ^^^^^^^
                write a path below it, such as src/**
            fix.md:20:20: touches: "../x" leaves the worktree
                touches: [/etc/**, ../x, "a[", ok]
                                   ^^^^
                write a path below it, such as src/**
            fix.md:20:26: touches: not a glob: "a[" (unclosed character class; missing ']')
                touches: [/etc/**, ../x, "a[", ok]
                                         ^^^^
            fix.md:21:7: deps: several values in one text
                deps: fix, other
                      ^^^^^^^^^^
                write [fix, other]
            fix.md:22:12: deps-mode: no such choice: "medium"
                deps-mode: medium
                           ^^^^^^
                one of: hard, soft
            fix.md:23:11: children: a map where a list is wanted
                children: {a: 1}
                          ^
            fix.md:24:15: budget.usd: not an amount in dollars: "ten"
                budget: {usd: "ten", token: 5, wall: 0s, turns: 0}
                              ^^^^^
                write 8 or 1.50
            fix.md:24:22: budget: unknown field "token"
                budget: {usd: "ten", token: 5, wall: 0s, turns: 0}
                                     ^^^^^
                did you mean "tokens"?
            fix.md:24:38: budget.wall: no time at all
                budget: {usd: "ten", token: 5, wall: 0s, turns: 0}
                                                     ^^
            fix.md:24:49: budget.turns: not such a number: "0"
                budget: {usd: "ten", token: 5, wall: 0s, turns: 0}
                                                                ^
                write a whole number, at least 1
            fix.md:25:14: retry.max: not such a number: "-1"
                retry: {max: -1, backoff: slow, on: [crash, limit, oom]}
                             ^^
                write a whole number from 0 to 100
            fix.md:25:27: retry.backoff: not a backoff: "slow"
                retry: {max: -1, backoff: slow, on: [crash, limit, oom]}
                                          ^^^^
                write exp (30 s doubling, at most 1 h), or a pause such as 30s or 500ms
            fix.md:25:45: retry.on: "limit" needs no word here
                retry: {max: -1, backoff: slow, on: [crash, limit, oom]}
                                                            ^^^^^
                it is retried anyway and never counts
            fix.md:25:52: retry.on: "oom" is no outcome that can be retried
                retry: {max: -1, backoff: slow, on: [crash, limit, oom]}
                                                                   ^^^
                one of: task_failed, verify_failed, timeout, crash, stalled
            fix.md:26:9: review: 3 approvals of 1 reviewers can never be reached
                review: {approvals: 3, reviewers: [ann], checks: x}
                        ^
                name more reviewers or ask for fewer approvals
            fix.md:26:42: review: unknown field "checks"
                review: {approvals: 3, reviewers: [ann], checks: x}
                                                         ^^^^^^
                did you mean "check"?
            fix.md:27:7: ship: no such choice: "fork"
                ship: fork
                      ^^^^
                one of: branch, merge, pr
            fix.md:28:11: autoship: not a rule: "later"
                autoship: later
                          ^^^^^
                write never, verified, or a delay such as 30m
            fix.md:29:16: allowed-scope: a map where a list is wanted
                allowed-scope: {}
                               ^
            fix.md:30:8: scope: no such choice: "loose"
                scope: loose
                       ^^^^^
                one of: warn, strict
            fix.md:31:13: artifacts: a list where a single value is wanted
                artifacts: [[a]]
                            ^
            fix.md:32:18: idempotency-key: a map where a single value is wanted
                idempotency-key: {}
                                 ^
            fix.md:33:15: tracker-item: empty text
                tracker-item: ""
                              ^^
            fix.md:34:13: not-before: not a moment: "25:00"
                not-before: 25:00
                            ^^^^^
                write 2026-10-02T22:00:00Z, or 22:00 for the next time clocks show that
            fix.md:35:7: yolo: not a flag: "true"
                yolo: "true"
                      ^^^^^^
                write true or false, without quotes
            fix.md:36:10: sandbox: fs is not in this version
                sandbox: fs
                         ^^
                write none; a weaker tier is never taken silently
            fix.md:37:1: unknown field "depends_on"
                depends_on: [a]
                ^^^^^^^^^^
                did you mean "deps"?
            fix.md:38:1: unknown field "engine_class"
                engine_class: script
                ^^^^^^^^^^^^
                did you mean "engine-class"?
            fix.md:39:1: unknown field "colour"
                colour: red
                ^^^^^^
                the fields: aq help manifest
        "#]],
    );
}

#[test]
fn bad_values_say_what_is_wanted() {
    check(
        "---\ndeps: [fix.md]\n---\nx",
        &expect![[r#"
        fix.md:2:8: deps: "fix" is this job itself
            deps: [fix.md]
                   ^^^^^^
    "#]],
    );
    check(
        "---\nidempotency-key: k\ndeps: [a, k]\n---\nx",
        &expect![[r#"
        fix.md:3:11: deps: "k" is this job itself
            deps: [a, k]
                      ^
    "#]],
    );
    check(
        "---\nbudget: 5\nretry: 3\nreview: bob\nsandbox: vm\n---\nx",
        &expect![[r#"
            fix.md:2:9: budget: a single value where fields are wanted
                budget: 5
                        ^
                write {usd: …, tokens: …, wall: …, turns: …}
            fix.md:3:8: retry: a single value where fields are wanted
                retry: 3
                       ^
                write {max: …, backoff: …, on: …}
            fix.md:4:9: review: no such choice: "bob"
                review: bob
                        ^^^
                one of: auto, manual
            fix.md:5:10: sandbox: no such choice: "vm"
                sandbox: vm
                         ^^
                one of: none
        "#]],
    );
    check(
        "---\nbudget: {tokens: 1.5}\nretry: {on: overloaded}\n---\nx",
        &expect![[r#"
        fix.md:2:18: budget.tokens: not such a number: "1.5"
            budget: {tokens: 1.5}
                             ^^^
            write a whole number, at least 1
        fix.md:3:13: retry.on: "overloaded" needs no word here
            retry: {on: overloaded}
                        ^^^^^^^^^^
            it is retried anyway and never counts
    "#]],
    );
    check(
        "---\nnot-before: 2026-10-02T22:00:00\ntimeout: 0s\n---\nx",
        &expect![[r#"
        fix.md:2:13: not-before: not a moment: "2026-10-02T22:00:00"
            not-before: 2026-10-02T22:00:00
                        ^^^^^^^^^^^^^^^^^^^
            write 2026-10-02T22:00:00Z, or 22:00 for the next time clocks show that
        fix.md:3:10: timeout: no time at all
            timeout: 0s
                     ^^
    "#]],
    );
}

#[test]
fn the_shell_engine_needs_a_script() {
    check(
        "---\nengine: shell\n---\nplease build\n",
        &expect![[r#"
        fix.md:4:1: no script for the shell engine
            please build
            ^
            put the commands into one block fenced by ```sh and ```
    "#]],
    );
    check(
        "---\nengine-class: script\n---\n```sh\na\n```\n```sh\nb\n```\n",
        &expect![[r#"
        fix.md:7:1: several scripts, on lines 4, 7; one is run
            ```sh
            ^^^
            mark blocks that are prose with another word, such as ```text
    "#]],
    );
    assert!(read(b"---\nengine: shell\n---\n```sh\na\n```\n").is_ok());
}

#[test]
fn a_slip_of_kind_is_told_and_quotes_mean_it() {
    check(
        "---\nprefers: [moon:full, oss:linux]\nreview: {reviewers: 5}\nartifacts: 5\ntouches: [true, 1.5]\nship: prr\n---\nx",
        &expect![[r#"
            fix.md:2:11: prefers: nothing that can be preferred is called "moon"
                prefers: [moon:full, oss:linux]
                          ^^^^^^^^^
                one of: factory, os, arch, cores, ram_gb, has, engine, gpu, target
            fix.md:2:22: prefers: nothing that can be preferred is called "oss"
                prefers: [moon:full, oss:linux]
                                     ^^^^^^^^^
                did you mean "os"?
            fix.md:3:21: review.reviewers: 5 is a number where the name of a person is wanted
                review: {reviewers: 5}
                                    ^
                if it is meant so, write it in quotes: "5"
            fix.md:4:12: artifacts: 5 is a number where a path or a glob is wanted
                artifacts: 5
                           ^
                if it is meant so, write it in quotes: "5"
            fix.md:5:11: touches: true is a flag where a path or a glob is wanted
                touches: [true, 1.5]
                          ^^^^
                if it is meant so, write it in quotes: "true"
            fix.md:5:17: touches: 1.5 is a number where a path or a glob is wanted
                touches: [true, 1.5]
                                ^^^
                if it is meant so, write it in quotes: "1.5"
            fix.md:6:7: ship: no such choice: "prr"
                ship: prr
                      ^^^
                did you mean "pr"?
        "#]],
    );
    check(
        "---\nprefers: [os:linux, gpu:a100]\nreview: {reviewers: \"5\"}\nartifacts: \"5\"\n---\nx",
        &expect![[r#"
            stem: "fix",
            prefers: Some(["os:linux","gpu:a100",],),
            children: [],
            review: Some(ReviewRule {approvals: 1,reviewers: ["5",],four_eyes: false,},),
            artifacts: Some(["5",],),
            body: Body {text: "x",line: 6,},
        "#]],
    );
}
