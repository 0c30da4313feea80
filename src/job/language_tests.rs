//! Front matter in broken YAML, broken TOML and files that are neither, and random bytes.

use expect_test::expect;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::front::FILE_MAX;
use super::manifest_tests::{NOW, check, read, shown};

#[test]
fn what_yaml_allows_and_a_job_does_not() {
    check(
        "---\ntouches: &t [a]\nartifacts: *t\n---\nx",
        &expect![[r#"
        fix.md:2:10: YAML anchors are refused
            touches: &t [a]
                     ^^^^
            write the value out
        fix.md:3:12: YAML aliases are refused
            artifacts: *t
                       ^^
            a value that begins with * must stand in quotes: "*.rs"
    "#]],
    );
    check(
        "---\ntouches: *.rs\n---\nx",
        &expect![[r#"
        fix.md:2:10: YAML aliases are refused
            touches: *.rs
                     ^
            a value that begins with * must stand in quotes: "*.rs"
    "#]],
    );
    check(
        "---\ntouches:\n  - *.rs\ntimeout: 5x\n---\nx",
        &expect![[r#"
        fix.md:3:5: YAML aliases are refused
              - *.rs
                ^
            a value that begins with * must stand in quotes: "*.rs"
    "#]],
    );
    check(
        "---\ntitle: !secret x\n---\nx",
        &expect![[r#"
        fix.md:2:8: YAML tags are refused
            title: !secret x
                   ^^^^^^^^^
            text that begins with ! must stand in quotes
    "#]],
    );
    check(
        "---\ntitle: a\ntimeout: 1h\ntitle: b\n---\nx",
        &expect![[r#"
        fix.md:4:1: "title" is given twice, first on line 2
            title: b
            ^^^^^
            keep one of the two
    "#]],
    );
}

#[test]
fn what_is_no_list_of_fields_and_what_is_no_yaml() {
    check(
        "---\n? [a]\n: b\n---\nx",
        &expect![[r#"
        fix.md:2:3: a list or a map cannot be the name of a field
            ? [a]
              ^
    "#]],
    );
    check(
        "---\n- a\n---\nx",
        &expect![[r#"
        fix.md:2:1: front matter is a list, not fields
            - a
            ^
            write one `name: value` per line
    "#]],
    );
    check(
        "---\njust text\n---\nx",
        &expect![[r#"
        fix.md:2:1: front matter is a single value, not fields
            just text
            ^^^^^^^^^
            write one `name: value` per line
    "#]],
    );
    check(
        "---\ntimeout: 5x\ntitle: Fix: the login\n---\nx",
        &expect![[r#"
        fix.md:2:10: timeout: not a duration: "5x" (write 500ms, 90s, 45m, 2h or 1d)
            timeout: 5x
                     ^^
        fix.md:3:11: not YAML: mapping values are not allowed in this context
            title: Fix: the login
                      ^
            text with ": " in it must stand in quotes
    "#]],
    );
    check(
        "---\nbudget:\n\tusd: 1\n---\nx",
        &expect![[r#"
        fix.md:3:2: not YAML: tabs disallowed within this context (block indentation)
             usd: 1
             ^
            indent with spaces, not tabs
    "#]],
    );
    check(
        "---\ntitle: \"open\n---\nx",
        &expect![[r#"
            fix.md:2:8: not YAML: while scanning a quoted scalar, found unexpected end of stream
                title: "open
                       ^
                close the quotes on the same line
        "#]],
    );
    check(
        "---\nverify: @make\n---\nx",
        &expect![[r#"
        fix.md:2:9: not YAML: unexpected character: `@'
            verify: @make
                    ^
            a value that begins with @ has a meaning in YAML; put it in quotes
    "#]],
    );
    check(
        "---\ntitle: a\n...\ntitle: b\n---\nx",
        &expect![[r#"
        fix.md:4:1: a second YAML document; front matter is one
            title: b
            ^
    "#]],
    );
    check(
        &format!("---\nlock: {}\n---\nx", "[".repeat(40)),
        &expect![[r#"
        fix.md:2:22: nested deeper than 16 levels
            lock: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
                                 ^
    "#]],
    );
}

#[test]
fn what_toml_gets_wrong() {
    check(
        "+++\ntitle = Fix\ntimeout = \"5x\"\nlock = \n+++\nx",
        &expect![[r#"
        fix.md:2:9: not TOML: invalid boolean, expected `false`
            title = Fix
                    ^^^
        fix.md:3:11: timeout: not a duration: "5x" (write 500ms, 90s, 45m, 2h or 1d)
            timeout = "5x"
                      ^^^^
        fix.md:4:8: not TOML: string values must be quoted, expected literal string
            lock =
                   ^
    "#]],
    );
    check(
        "+++\ntitle = \"a\"\ntitle = \"b\"\n+++\nx",
        &expect![[r#"
        fix.md:3:1: not TOML: duplicate key
            title = "b"
            ^^^^^
    "#]],
    );
    check(
        "+++\nlock = \"日本\"\ntimeout = \"日本語\" # c\n+++\nx",
        &expect![[r#"
        fix.md:3:11: timeout: not a duration: "日本語" (write 500ms, 90s, 45m, 2h or 1d)
            timeout = "日本語" # c
                      ^^^^^^^^
    "#]],
    );
    check(
        &format!("+++\nlock = {}{}\n+++\nx", "[".repeat(20), "]".repeat(20)),
        &expect![[r#"
        fix.md:2:23: nested deeper than 16 levels
            lock = [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]
                                  ^
    "#]],
    );
    check(
        "+++\nbudget.usd = 3\n+++\nx",
        &expect![[r#"
            stem: "fix",
            children: [],
            budget: Some(Budget {micro_usd: Some(3000000,),},),
            body: Body {text: "x",line: 4,},
        "#]],
    );
}

#[test]
fn a_time_of_day_is_the_next_one() {
    for text in ["---\nnot-before: 22:00\n---\nx", "+++\nnot-before = 22:00:00\n+++\nx"] {
        let manifest = read(text.as_bytes()).expect("a time of day");
        assert_eq!(manifest.not_before, NOW.next_local(22, 0));
    }
}

#[test]
fn files_that_are_no_manifest() {
    check(
        "",
        &expect![[r#"
            fix.md:1:1: nothing to do: no text and no children
                write the task below the front matter
        "#]],
    );
    check(
        "---\ntitle: x\n---\n \n",
        &expect![[r#"
            fix.md:4:1: nothing to do: no text and no children
                write the task below the front matter
        "#]],
    );
    check(
        "---\ntitle: x\n",
        &expect![[r#"
        fix.md:1:1: front matter has no closing ---
            ---
            ^^^
            end the fields with a line ---; a rule at the top of a text is written ***
    "#]],
    );
    check(
        "+++\ntitle = 'x'\n---\n",
        &expect![[r#"
        fix.md:1:1: front matter has no closing +++
            +++
            ^^^
            end the fields with a line +++; a rule at the top of a text is written ***
    "#]],
    );
    expect![[r#"
        fix.md:2:9: not UTF-8: byte 13 is 0xff
            title: é�
                    ^
            save it as UTF-8
    "#]]
    .assert_eq(&shown(b"---\ntitle: \xc3\xa9\xff\n---\nx"));
    check(
        "---\ntitle: a\0\nsandbox: fs\n---\nx",
        &expect![[r#"
        fix.md:2:9: byte 12 is NUL; this is no text
            title: a�
                    ^
    "#]],
    );
    expect![[r#"
        fix.md:1:1: too long: a manifest has at most 1048576 bytes (1 MiB)
            put the long part into a file and name it
    "#]]
    .assert_eq(&shown(&vec![b'a'; FILE_MAX + 1]));
    assert!(read(&vec![b'a'; FILE_MAX]).is_ok());
}

#[test]
fn columns_are_characters_and_carets_stand_under_them() {
    check(
        "---\nretry: {on: [日本語, crsh]}\n---\nx",
        &expect![[r#"
        fix.md:2:14: retry.on: "日本語" is no outcome that can be retried
            retry: {on: [日本語, crsh]}
                         ^^^^^^
            one of: task_failed, verify_failed, timeout, crash, stalled
        fix.md:2:19: retry.on: "crsh" is no outcome that can be retried
            retry: {on: [日本語, crsh]}
                                 ^^^^
            did you mean "crash"?
    "#]],
    );
    check(
        "---\ntitle: ok\t\nlock: é\u{301}\nbudget: {wall: \u{1f600}, usd: x}\n---\nx",
        &expect![[r#"
        fix.md:4:16: budget.wall: not a duration: "😀" (write 500ms, 90s, 45m, 2h or 1d)
            budget: {wall: 😀, usd: x}
                           ^^
        fix.md:4:24: budget.usd: not an amount in dollars: "x"
            budget: {wall: 😀, usd: x}
                                    ^
            write 8 or 1.50
    "#]],
    );
}

#[test]
fn what_strangers_write_is_cut_in_messages() {
    let text = shown(format!("---\nyolo: {}\n---\nx", "y".repeat(50_000)).as_bytes());
    assert!(text.chars().count() < 500, "{text}");
}

#[test]
fn a_thousand_problems_are_enough() {
    let fields: String = (0..5_000).map(|n| format!("field{n}: x\n")).collect();
    let text = shown(format!("---\n{fields}---\nx").as_bytes());
    assert!(text.ends_with("and 4000 more\n"), "{}", &text[text.len() - 200..]);
}

#[test]
fn a_megabyte_of_anything_is_read_in_time() {
    let fill = |part: &str| part.repeat((FILE_MAX - 20) / part.len());
    for part in ["[", "a: b\n", "\"", "&a ", "{a: ", "?\n", "[a],", "```\n", "日"] {
        let yaml = shown(format!("---\nlock: [{}]\n{}\n---\nx", fill(part), part).as_bytes());
        let toml = shown(format!("+++\na = [{}]\n+++\nx", fill(part)).as_bytes());
        let body = shown(fill(part).as_bytes());
        assert!(![body, yaml, toml].iter().any(String::is_empty));
    }
}

proptest! {
    // The same bytes each time: a chance find would refuse a change that has nothing to do with it.
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(400) })]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = shown(&bytes);
    }

    #[test]
    fn random_front_matter_never_panics(yaml in "[-a-z:\\[\\]{}&*!|>'\"#%@`?,\\t\\r\\n \u{e9}\u{1f600}]{0,120}") {
        let _ = shown(format!("---\n{yaml}\n---\nx").as_bytes());
        let _ = shown(format!("+++\n{yaml}\n+++\nx").as_bytes());
        let _ = shown(yaml.as_bytes());
        let _ = super::read_profile(&format!("---\n{yaml}\n---\n"), "p");
        let _ = super::read_config(&yaml, super::Origin::User);
    }

    #[test]
    fn random_values_never_panic(value in "[-+0-9a-z:.,*\\[\\]{}<>=/ ]{0,30}") {
        for words in super::manifest_fields() {
            let _ = shown(format!("---\n{}: {value}\n---\nx", words.name).as_bytes());
        }
    }
}
