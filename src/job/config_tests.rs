//! Configuration files as text in; the keys they set with their origin, warnings or problems out.

use expect_test::{Expect, expect};

use super::config::{Origin, config_keys, merge_config, read_config, read_config_to_use, read_settings};
use super::problem::{Problem, render_problems};

fn check(text: &str, origin: Origin, expected: &Expect) {
    let render = |problems: &[Problem]| render_problems("aq.toml", text.as_bytes(), problems);
    let shown = match read_config(text, origin) {
        Ok((layer, warnings)) => {
            let listing = merge_config(&[layer]).listing().into_iter();
            let set = listing.filter(|row| row.2 != Origin::Default);
            let lines: String =
                set.map(|(key, text, origin)| format!("{key} = {text} ({origin})\n")).collect();
            format!("{lines}{}", render(&warnings))
        }
        Err(problems) => render(&problems),
    };
    expected.assert_eq(&shown);
}

const EVERY_KEY: &str = r#"
engine = "claude"
profile = "qa"
setup = "npm ci"
verify = "npm test"
yolo = false
sandbox = "none"
slots = 2
worktrees = "/big/worktrees"
env-pass = ["CARGO_HOME"]
editor = "code -w"
pager = "less -R"
color = "never"
clipboard = "osc52"
theme = "light"
ascii = true
mouse = false
columns = ["stage", "job", "age"]
synchronized = false
title = false
[notify]
command = ["notify-send", "aq"]
way = "osc9"
kinds = ["needs", "paused"]
quiet = "22:00-07:00"
[repos]
"https://example.com/a/b.git" = "/src/b"
[fleet]
remote = "upstream"
[ship]
remote = "upstream"
[programs]
gh = "/opt/gh"
[engines.aider]
argv = ["aider", "--model", "{model}", "--message-file", "{prompt_file}"]
class = "chat-coder"
[engines.claude]
pool = ["work", "home"]
[engines.claude.accounts.work]
config-dir = "~/.claude-work"
[engines.claude.accounts.home]
env = {ANTHROPIC_API_KEY = "HOME_KEY"}
[clean]
keep = 5
older-than = "7d"
[budget]
usd = 20
window = "week"
engines.claude = 12.50
"#;

#[test]
fn every_key_is_read() {
    check(
        EVERY_KEY,
        Origin::User,
        &expect![[r#"
            engine = claude (user)
            profile = qa (user)
            setup = npm ci (user)
            verify = npm test (user)
            yolo = false (user)
            sandbox = none (user)
            slots = 2 (user)
            worktrees = /big/worktrees (user)
            env-pass = ["CARGO_HOME"] (user)
            notify.command = ["notify-send", "aq"] (user)
            notify.way = osc9 (user)
            notify.kinds = ["needs", "paused"] (user)
            notify.quiet = 22:00-07:00 (user)
            repos.https://example.com/a/b.git = /src/b (user)
            fleet.remote = upstream (user)
            ship.remote = upstream (user)
            programs.gh = /opt/gh (user)
            engines.aider = {"argv": ["aider", "--model", "{model}", "--message-file", "{prompt_file}"], "class": "chat-coder"} (user)
            engines.claude.accounts.home = {"env": {"ANTHROPIC_API_KEY": "HOME_KEY"}} (user)
            engines.claude.accounts.work = {"config-dir": "~/.claude-work"} (user)
            engines.claude.pool = ["work", "home"] (user)
            clean.keep = 5 (user)
            clean.older-than = 7d (user)
            editor = code -w (user)
            pager = less -R (user)
            color = never (user)
            clipboard = osc52 (user)
            theme = light (user)
            ascii = true (user)
            mouse = false (user)
            columns = ["stage", "job", "age"] (user)
            synchronized = false (user)
            title = false (user)
            budget.usd = 20 (user)
            budget.window = week (user)
            budget.engines.claude = 12.50 (user)
        "#]],
    );
    let layer = read_config(EVERY_KEY, Origin::User).expect("every key is right").0;
    let set = merge_config(&[layer]).origins;
    for (words, _) in config_keys() {
        let parts: Vec<&str> = words.name.split('*').collect();
        let fits = |key: &String| key.starts_with(parts[0]) && parts.iter().all(|part| key.contains(part));
        assert!(set.keys().any(fits), "{}", words.name);
    }
}

#[test]
fn a_project_may_not_name_what_runs_as_the_user() {
    let text = "editor = 'rm'\nenv-pass = ['X']\nnotify.command = ['x']\nverify = 'make'\n[repos]\na = 'b'\n";
    check(
        text,
        Origin::Project,
        &expect![[r#"
        verify = make (project)
        aq.toml:1:1: editor is ignored here
            editor = 'rm'
            ^^^^^^
            only the user's or the machine's file may hold it: aq config edit --user
        aq.toml:2:1: env-pass is ignored here
            env-pass = ['X']
            ^^^^^^^^
            only the user's or the machine's file may hold it: aq config edit --user
        aq.toml:3:8: notify.command is ignored here
            notify.command = ['x']
                   ^^^^^^^
            only the user's or the machine's file may hold it: aq config edit --user
        aq.toml:6:1: repos.a is ignored here
            a = 'b'
            ^
            only the user's or the machine's file may hold it: aq config edit --user
    "#]],
    );
}

#[test]
fn unknown_keys_warn_and_wrong_types_are_errors() {
    check(
        "slot = 2\nnotify.comand = ['x']\n[colours]\na = 1\n",
        Origin::User,
        &expect![[r#"
        aq.toml:1:1: unknown key "slot" is ignored
            slot = 2
            ^^^^
            did you mean "slots"?
        aq.toml:2:8: unknown key "notify.comand" is ignored
            notify.comand = ['x']
                   ^^^^^^
            did you mean "notify.command"?
        aq.toml:3:2: unknown key "colours" is ignored
            [colours]
             ^^^^^^^
            the keys: aq help config
    "#]],
    );
    check(
        "slots = 'two'\nyolo = 1\nenv-pass = ['AQ_FLEET_TOKEN', '1X']\nrepos = 'x'\nengines.My = {argv = 'x'}\n\
         engines.a = {}\nengines.b = {argv = ['x', '{promt_file}'], shell = true}\nbudget.usd = 1\nbudget = 1\n\
         engines.c = {argv = ['x'], stdin = 'null'}\nverify =\n",
        Origin::User,
        &expect![[r#"
            aq.toml:1:9: slots: not such a number: "two"
                slots = 'two'
                        ^^^^^
                write a whole number from 1 to 256
            aq.toml:2:8: yolo: not a flag: "1"
                yolo = 1
                       ^
                write true or false
            aq.toml:3:13: env-pass: AQ_FLEET_TOKEN is aq's own and is never passed on
                env-pass = ['AQ_FLEET_TOKEN', '1X']
                            ^^^^^^^^^^^^^^^^
            aq.toml:3:31: env-pass: not the name of a variable: "1X"
                env-pass = ['AQ_FLEET_TOKEN', '1X']
                                              ^^^^
            aq.toml:4:9: repos: a single value where a table is wanted
                repos = 'x'
                        ^^^
                write [repos] and its keys below
            aq.toml:5:14: engines.My: not a name for an engine
                engines.My = {argv = 'x'}
                             ^
                a name is lower-case letters, digits, - _ and .
            aq.toml:6:13: engines.a: no argv
                engines.a = {}
                            ^
                write argv = ["program", "--flag", "{prompt_file}"]
            aq.toml:7:27: engines.b.argv: no such place: {promt_file}
                engines.b = {argv = ['x', '{promt_file}'], shell = true}
                                          ^^^^^^^^^^^^^^
                did you mean "prompt_file"?
            aq.toml:7:44: engines.b: unknown field "shell"
                engines.b = {argv = ['x', '{promt_file}'], shell = true}
                                                           ^^^^^
                one of: argv, prompt, stdin, class, dialect
            aq.toml:9:1: not TOML: duplicate key
                budget = 1
                ^^^^^^
            aq.toml:10:13: engines.c: the job's text would not reach the program
                engines.c = {argv = ['x'], stdin = 'null'}
                            ^
                use stdin = "prompt", or prompt = "file" with {prompt_file}
            aq.toml:11:9: not TOML: string values must be quoted, expected literal string
                verify =
                        ^
        "#]],
    );
}

#[test]
fn the_highest_layer_wins_key_by_key() {
    let layer = |text: &str, origin| read_config(text, origin).expect("right").0;
    let config = merge_config(&[
        layer("engine = 'codex'\nslots = 4\nengines.a.argv = ['u']\n", Origin::User),
        layer("engine = 'claude'\nengines.a.argv = ['p']\nengines.b.argv = ['p']\n", Origin::Project),
        read_settings(Origin::Flag, &[("slots", "1")]).expect("right"),
    ]);
    let shown = (config.engine.as_deref(), config.slots, config.origin("engine"), config.origin("slots"));
    assert_eq!(shown, (Some("claude"), Some(1), Origin::Project, Origin::Flag));
    let argv: Vec<_> = config.engines.values().map(|engine| engine.argv.concat()).collect();
    assert_eq!((argv, config.origin("pager")), (vec!["p".to_string(); 2], Origin::Default));
    assert_eq!(read_settings(Origin::Flag, &[("slots", "x"), ("slot", "1")]).expect_err("two").len(), 2);
}

#[test]
fn what_only_eyes_hang_on_stops_nothing() {
    let text = "theme = \"pink\"\nascii = true\ncolumns = [\"age\", \"colour\"]\nslots = 2\n";
    let said = |problems: &[Problem]| render_problems("config.toml", text.as_bytes(), problems);
    let (layer, odd) = read_config_to_use(text, Origin::User).expect("it can be used");
    let config = merge_config(&[layer]);
    assert_eq!((config.theme, config.ascii, config.columns, config.slots), (None, Some(true), None, Some(2)));
    expect![[r#"
        config.toml:1:9: theme: no such choice: "pink"
            theme = "pink"
                    ^^^^^^
            one of: auto, dark, light, 16, mono, contrast
        config.toml:3:19: columns: no such choice: "colour"
            columns = ["age", "colour"]
                              ^^^^^^^^
            one of: stage, job, title, factory, engine, age, cost, score, tags, status
    "#]]
    .assert_eq(&said(&odd));
    // Whoever saves the file is told before it is saved.
    assert_eq!(said(&read_config(text, Origin::User).expect_err("wrong")), said(&odd));
    // What jobs hang on still stops it.
    assert!(read_config_to_use("slots = \"many\"", Origin::User).is_err());
}
