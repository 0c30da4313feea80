//! Making a queue, its settings and its profiles.

use std::path::Path;
use std::process::Command;

use super::bench::{Bench, same};

fn git(at: &Path, words: &[&str]) {
    let status = Command::new("git").args(words).current_dir(at).env("HOME", at).output().expect("git runs");
    assert!(status.status.success(), "{words:?}");
}

#[test]
fn init_says_what_it_made_and_is_idempotent() {
    let bench = Bench::empty();
    let said = bench.run("init");
    assert!(
        said.starts_with(
            "ROOT/work/queue\tthe queue: drop markdown files into its inbox/\nROOT/work/aq.toml\t"
        ),
        "{said}"
    );
    assert!(
        said.ends_with("! next: put a markdown file into its inbox/, then: aq agent\nexit 0\n"),
        "{said}"
    );
    assert!(bench.work().join("profiles/developer.md").is_file());
    assert!(bench.work().join("queue/.aq").is_dir());
    same(&bench.run("init"), "! ROOT/work/queue is a queue with all it needs: nothing to do\nexit 0\n");
    // What is a person's is never written over.
    std::fs::write(bench.work().join("aq.toml"), "slots = 2\n").expect("written");
    bench.run("init");
    assert_eq!(std::fs::read_to_string(bench.work().join("aq.toml")).expect("read"), "slots = 2\n");
}

#[test]
fn a_dry_init_makes_nothing() {
    let bench = Bench::empty();
    assert!(bench.run("init -n").ends_with("exit 0\n"));
    assert_eq!(std::fs::read_dir(bench.work()).expect("a folder").count(), 0);
}

#[test]
fn inside_git_the_history_stands_in_the_git_directory() {
    let bench = Bench::empty();
    let sub = bench.work().join("sub dir");
    std::fs::create_dir_all(&sub).expect("a folder");
    git(&bench.work(), &["init", "-q"]);
    let mut process = bench.process(&["init"]);
    let out = process.current_dir(&sub).output().expect("aq runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(sub.join("queue/.aq").is_file());
    assert_eq!(std::fs::read_to_string(sub.join("queue/.gitignore")).expect("read"), "*\n");
    assert!(bench.work().join(".git/aq/queue.json").is_file());
    let mut process = bench.process(&["ls"]);
    let out = process.current_dir(&sub).output().expect("aq runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn below_a_queue_a_second_one_needs_a_word() {
    let bench = Bench::queue();
    let sub = bench.work().join("sub");
    std::fs::create_dir_all(&sub).expect("a folder");
    let run = |words: &[&str]| bench.process(words).current_dir(&sub).output().expect("aq runs");
    let out = run(&["init"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.code() == Some(2) && said.contains("is below a queue already"), "{said}");
    assert!(run(&["init", "--queue", "queue"]).status.success());
    assert!(sub.join("queue/inbox").is_dir());
}

#[test]
fn a_folder_with_other_things_is_never_made_a_queue() {
    let bench = Bench::empty();
    std::fs::create_dir_all(bench.work().join("queue")).expect("a folder");
    std::fs::write(bench.work().join("queue/mod.rs"), "").expect("written");
    same(
        &bench.run("init"),
        "! error: ROOT/work/queue is a folder with other things in it\n!   it holds mod.rs, which no queue has\n!   name an empty or a new folder: aq init --queue DIR\nexit 2\n",
    );
}

#[test]
fn a_copy_is_adopted_by_a_word() {
    let bench = Bench::queue();
    let copied = Command::new("cp").args(["-r", "queue", "copy"]).current_dir(bench.work()).status();
    assert!(copied.expect("cp runs").success());
    let said = bench.run("ls --queue copy");
    assert!(said.contains("copy of a queue") && said.ends_with("exit 1\n"), "{said}");
    assert!(bench.run("init --adopt --queue copy").ends_with("exit 0\n"));
    assert!(bench.run("ls --queue copy").ends_with("exit 0\n"));
    same(
        &bench.run("init --adopt --queue copy"),
        "! ROOT/work/copy is a queue of this machine already: nothing to do\nexit 0\n",
    );
    same(
        &bench.run("init --adopt --queue none"),
        "! error: ROOT/work/none is not a queue\n!   it has no inbox/ and .aq\n!   make one: aq init\nexit 3\n",
    );
}

#[test]
fn a_bad_settings_file_is_shown_with_carets() {
    let bench = Bench::queue();
    std::fs::write(bench.work().join("aq.toml"), "slots = \"many\"\n").expect("written");
    same(
        &bench.run("config show"),
        "! error: cannot use ROOT/work/aq.toml\n!   ROOT/work/aq.toml:1:9: slots: not such a number: \"many\"\n!       slots = \"many\"\n!               ^^^^^^\n!       write a whole number from 1 to 256\n!   mend it: aq config edit\nexit 2\n",
    );
    // Verbs that act do not act under settings they cannot read.
    bench.job("a-1", |_| {});
    assert!(bench.run("park a-1").ends_with("exit 2\n"));
    std::fs::write(bench.work().join("aq.toml"), "slot = 2\n").expect("written");
    let said = bench.run("config show");
    assert!(said.contains("! warning: ") && said.contains("did you mean \"slots\"?"), "{said}");
    assert!(said.ends_with("exit 0\n"), "{said}");
}

#[test]
fn settings_say_where_they_are_from() {
    let bench = Bench::queue();
    std::fs::write(bench.work().join("aq.toml"), "slots = 2\n").expect("written");
    let said = bench.run("config show --origin");
    assert!(said.contains("slots\t2\tproject\n") && said.contains("profile\tdeveloper\tdefault\n"), "{said}");
    same(
        &bench.run("config path"),
        "project\tROOT/work/aq.toml\tthere\nuser\tROOT/home/config/aq/config.toml\tnot there\nmachine\t/etc/aq/config.toml\tnot there\nexit 0\n",
    );
}

#[test]
fn settings_are_checked_before_they_are_saved() {
    let bench = Bench::queue();
    let run = |text: &str| {
        let editor = bench.work().join("editor.sh");
        std::fs::write(&editor, format!("printf '{text}' > \"$1\"\n")).expect("written");
        let mut process = bench.process(&["config", "edit"]);
        let editor = format!("sh {}", editor.display());
        let out = process.env("EDITOR", editor).env("PATH", "/usr/bin:/bin").output().expect("aq runs");
        (out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned())
    };
    let file = bench.work().join("aq.toml");
    let (code, said) = run("slots = 3\\n");
    assert!(code == Some(0) && said.contains("saved "), "{said}");
    let (code, said) = run("slots = 3\\n");
    assert!(code == Some(0) && said.contains("is as it was"), "{said}");
    let (code, said) = run("slots = no\\n");
    assert!(
        code == Some(2) && said.contains("is not changed") && said.contains("your text is in "),
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(file).expect("read"), "slots = 3\n");
}

#[test]
fn profiles_are_listed_and_shown() {
    let bench = Bench::empty();
    let said = bench.run("profile ls");
    assert!(said.contains("developer\t") && said.ends_with("exit 0\n"), "{said}");
    let said = bench.run("profile show dev");
    assert!(
        said.starts_with("You are a software developer") && said.contains("! developer from built-in/"),
        "{said}"
    );
    same(
        &bench.run("profile show u"),
        "! error: u could be any of 2 profiles\n!   ui-designer, ux-designer\n!   write more of the name\nexit 2\n",
    );
    same(
        &bench.run("profile show developr"),
        "! error: no profile developr\n!   did you mean: developer\n!   list them: aq profile ls\nexit 3\n",
    );
}
