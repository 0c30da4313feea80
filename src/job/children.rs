//! Children of a composite: files by name, or inline jobs that become manifests of their own.

use std::collections::HashMap;

use super::body::script_of;
use super::manifest::{Body, MANIFEST, Manifest};
use super::problem::At;
use super::reader::{Reader, Row, row};
use super::spec::EngineClass;
use super::tree::{Entry, Node, Value};

/// Children of one job; more is a queue, not a composite.
pub const CHILDREN_MAX: usize = 1_000;

/// One child as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Child {
    /// A manifest in a file, named relative to the parent's.
    File(String),
    /// A manifest inside the parent's.
    Inline(Box<InlineChild>),
}

/// A child written as a map of fields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InlineChild {
    /// Its fields and body. Where it names no place of work, repo, cwd and base are its parent's, because a
    /// parent runs from its children's merged heads. Its stem is its `name`, else `PARENT-N`.
    pub manifest: Manifest,
    /// The same job as a file of its own, which reads back as that manifest.
    pub text: String,
}

/// Fields that only an inline child has.
#[rustfmt::skip]
static INLINE: &[Row<Manifest>] = &[
    row("name", "name", "PARENT-N", "what siblings call it in `deps`", |r, n, m| if let Some(name) = r.name(n) { m.stem = name }),
    row("body", "text", "–", "its prompt", |r, n, m| m.body = r.body(n)),
    row("prompt", "text", "–", "the same as body", |r, n, m| m.body = r.body(n)),
];

/// Reads the list of children of the job that is being read.
pub(super) fn read_children(r: &mut Reader<'_>, node: &Node) -> Vec<Child> {
    let mut number = 0;
    let children = r.list(node, CHILDREN_MAX, |r, item| {
        number += 1;
        r.within(format!("[{number}]"), |r| match &item.value {
            Value::Map(entries) => inline(r, item.at, entries, number),
            _ => r.child_file(item).map(Child::File),
        })
    });
    let children = children.unwrap_or_default();
    refuse_twins(r, node.at, &children);
    children
}

fn inline(r: &mut Reader<'_>, at: At, entries: &[Entry], number: usize) -> Option<Child> {
    let parent = r.stem.clone();
    let mut manifest = Manifest { stem: format!("{parent}-{number}"), ..Manifest::default() };
    manifest.body.line = at.line;
    r.stem.clone_from(&manifest.stem);
    r.fields(entries, &[MANIFEST, INLINE], &mut manifest);
    r.stem = parent;
    let texts: Vec<&Entry> = entries.iter().filter(|e| e.key == "body" || e.key == "prompt").collect();
    if let [_, second, ..] = texts[..] {
        r.advise(second.at, "both body and prompt", "they mean the same; keep one");
    }
    complete(r, &mut manifest, entries, at.long(1));
    let text = as_file(entries, &manifest.body.text);
    Some(Child::Inline(Box::new(InlineChild { manifest, text })))
}

/// Checks what no field can know alone, and hands the place of work down to inline children.
pub(super) fn complete(r: &mut Reader<'_>, m: &mut Manifest, entries: &[Entry], top: At) {
    let at = |name: &str| entries.iter().find(|e| e.key == name).map(|e| &e.value);
    let written = entries.iter().filter(|e| e.value.value != Value::Empty);
    m.places = written.map(|e| (e.key.clone(), e.value.at)).collect();
    if let Some(deps) = at("deps") {
        let own = |name: &String| *name == m.stem || Some(name) == m.idempotency_key.as_ref();
        if let Some(name) = m.deps.iter().flatten().find(|name| own(name)) {
            r.within("deps", |r| r.fail(item_at(deps, name), format!("{name:?} is this job itself")));
        }
    }
    if m.body.is_empty() && at("children").is_none() {
        r.advise(top, "nothing to do: no text and no children", "write the task below the front matter");
    }
    let runs_script = m.engine.as_deref() == Some("shell")
        || (m.engine.is_none() && m.engine_class == Some(EngineClass::Script));
    if runs_script
        && !m.body.is_empty()
        && let Err(problem) = script_of(&m.body)
    {
        r.problems.push(problem);
    }
    hand_down(m);
}

/// Gives inline children that name no place of work their parent's.
fn hand_down(m: &mut Manifest) {
    let mut children = std::mem::take(&mut m.children);
    for child in &mut children {
        if let Child::Inline(child) = child {
            child.inherit(m);
        }
    }
    m.children = children;
}

/// Where a name stands in a list.
fn item_at(node: &Node, name: &str) -> At {
    let is_it = |item: &&Node| matches!(&item.value, Value::Scalar { text, .. } if text.trim_end_matches(".md") == name);
    match &node.value {
        Value::List(items) => items.iter().find(is_it).map_or(node.at, |item| item.at),
        _ => node.at,
    }
}

fn refuse_twins(r: &mut Reader<'_>, at: At, children: &[Child]) {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (number, child) in (1..).zip(children) {
        let name = match child {
            Child::File(path) => path.as_str(),
            Child::Inline(child) => child.manifest.stem.as_str(),
        };
        if let Some(first) = seen.insert(name, number) {
            r.fail(at.long(1), format!("children {first} and {number} are both called {name:?}"));
        }
    }
}

impl InlineChild {
    fn inherit(&mut self, above: &Manifest) {
        let m = &mut self.manifest;
        if m.names("repo") || m.names("cwd") {
            return;
        }
        let mut lines = String::new();
        for (name, from, to) in [
            ("repo", &above.repo, &mut m.repo),
            ("cwd", &above.cwd, &mut m.cwd),
            ("base", &above.base, &mut m.base),
        ] {
            if let (Some(value), None) = (from, &to) {
                lines.push_str(&format!("{name}: {}\n", serde_json::Value::from(value.as_str())));
                *to = Some(value.clone());
                m.places.insert(name.to_string(), above.place(name));
            }
        }
        self.text.insert_str("---\n".len(), &lines);
        hand_down(m);
    }
}

/// An inline job as a file.
fn as_file(entries: &[Entry], body: &str) -> String {
    let mut out = "---\n".to_string();
    for entry in entries.iter().filter(|e| !INLINE.iter().any(|row| row.words.name == e.key)) {
        out.push_str(&format!("{}: {}\n", entry.key, entry.value.on_one_line()));
    }
    out.push_str("---\n");
    out.push_str(body);
    out
}

impl Reader<'_> {
    /// A manifest beside or below this one: a job may not pull in files from elsewhere on the machine.
    fn child_file(&mut self, node: &Node) -> Option<String> {
        let path = self.path(node)?;
        let leaves = path.starts_with(['/', '~']) || path.split('/').any(|part| part == "..");
        if leaves || !path.ends_with(".md") {
            self.advise(
                node.at,
                format!("not a child: {path:?}"),
                "write a file below this one, such as parts/build.md",
            );
            return None;
        }
        Some(path)
    }

    fn body(&mut self, node: &Node) -> Body {
        let text = match &node.value {
            Value::Scalar { text, .. } => text.clone(),
            _ => {
                self.fail(node.at, format!("{} where text is wanted", node.kind()));
                String::new()
            }
        };
        Body { text, line: node.at.line }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::job::manifest_tests::{NOW, check, forget_places, known, read};
    use crate::job::read_manifest;

    const FAMILY: &str = r#"---
title: Parent
repo: /srv/app
children:
  - extra/deploy.md
  - name: build
    verify: none
    budget: {usd: 2}
    body: |
      Build it.
  - title: "Test: all"
    deps: [build]
    repo: /srv/other
    prompt: Test it.
---
"#;

    #[test]
    fn children_are_files_or_manifests_of_their_own() {
        check(
            FAMILY,
            &expect![[r#"
                stem: "fix",
                title: Some("Parent",),
                repo: Some("/srv/app",),
                children: [File("extra/deploy.md",),Inline(InlineChild {manifest: Manifest {stem: "build",repo: Some("/srv/app",),verify: Some("",),children: [],budget: Some(Budget {micro_usd: Some(2000000,),},),body: Body {text: "Build it.\n",line: 10,},},text: "---\nrepo: \"/srv/app\"\nverify: \"none\"\nbudget: {\"usd\": 2}\n---\nBuild it.\n",},),Inline(InlineChild {manifest: Manifest {stem: "fix-3",title: Some("Test: all",),repo: Some("/srv/other",),deps: Some(["build",],),children: [],body: Body {text: "Test it.",line: 14,},},text: "---\ntitle: \"Test: all\"\ndeps: [\"build\"]\nrepo: \"/srv/other\"\n---\nTest it.",},),],
                body: Body {text: "",line: 16,},
            "#]],
        );
        let parent = read(FAMILY.as_bytes()).expect("a parent");
        for child in &parent.children {
            let Child::Inline(child) = child else { continue };
            let file = format!("{}.md", child.manifest.stem);
            let mut back = read_manifest(child.text.as_bytes(), &file, &known(), NOW).expect("reads back");
            back.body.line = child.manifest.body.line;
            forget_places(&mut back);
            assert_eq!(back, child.manifest);
        }
    }

    #[test]
    fn children_have_problems_of_their_own() {
        check(
            r#"---
children:
  - name: Build It
    body: x
  - name: a
    deps: [a]
    prmpt: x
  - name: a
    body: x
    prompt: y
    children: [{timeout: 1y, body: x}]
  - ""
  - ../secret.md
  - engine: shell
    body: no script
---
"#,
            &expect![[r#"
                fix.md:3:3: children: children 2 and 3 are both called "a"
                      - name: Build It
                      ^
                fix.md:3:11: children[1].name: not a name: "Build It"
                      - name: Build It
                              ^^^^^^^^
                    a name is lower-case letters, digits, - _ and .
                fix.md:5:5: children[2]: nothing to do: no text and no children
                      - name: a
                        ^
                    write the task below the front matter
                fix.md:6:12: children[2].deps: "a" is this job itself
                        deps: [a]
                               ^
                fix.md:7:5: children[2]: unknown field "prmpt"
                        prmpt: x
                        ^^^^^
                    did you mean "prompt"?
                fix.md:10:5: children[3]: both body and prompt
                        prompt: y
                        ^^^^^^
                    they mean the same; keep one
                fix.md:11:26: children[3].children[1].timeout: not a duration: "1y" (write 500ms, 90s, 45m, 2h or 1d)
                        children: [{timeout: 1y, body: x}]
                                             ^^
                fix.md:12:5: children[4]: empty text
                      - ""
                        ^^
                fix.md:13:5: children[5]: not a child: "../secret.md"
                      - ../secret.md
                        ^^^^^^^^^^^^
                    write a file below this one, such as parts/build.md
                fix.md:15:1: no script for the shell engine
                        body: no script
                    ^
                    put the commands into one block fenced by ```sh and ```
            "#]],
        );
        check(
            &format!("---\nchildren: [{}]\n---\nx", "a, ".repeat(1001)),
            &expect![[r#"
            fix.md:2:11: children: 1001 items; at most 1000 are allowed
                children: [a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a,…
                          ^
        "#]],
        );
        check(
            &format!("---\ndeps: [{}]\n---\nx", "a, ".repeat(201)),
            &expect![[r#"
            fix.md:2:7: deps: 201 items; at most 200 are allowed
                deps: [a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a,…
                      ^
        "#]],
        );
    }
}
