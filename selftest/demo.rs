//! The demonstration: the built-in one, and the same by commands that a person could type.

use std::path::Path;
use std::process::{Command, Output};

const AQ: &str = env!("CARGO_BIN_EXE_aq");

/// A command with a home of its own, so that nothing of this machine's user is read or written.
fn at_home(program: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_remove("AQ_QUEUE").env("HOME", home).env("TMPDIR", home).env("TZ", "UTC");
    for name in ["STATE", "CONFIG", "DATA", "CACHE"] {
        command.env(format!("XDG_{name}_HOME"), home.join(name.to_lowercase()));
    }
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_demo_ends_where_it_should_and_leaves_only_what_it_names() {
    let home = tempfile::tempdir().expect("a folder");
    let output = at_home(AQ, home.path()).arg("demo").output().expect("runs");
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("remove it all:"), "{}", said(&output));
    let left: Vec<String> = std::fs::read_dir(home.path())
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with("aq-demo-"))
        // The folder of the runs' sockets, empty by now.
        .filter(|name| std::fs::remove_dir(home.path().join(name)).is_err())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_same_by_hand() {
    if Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: demo/local.sh needs the git program, which is not installed");
        return;
    }
    let home = tempfile::tempdir().expect("a folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/local.sh");
    let mut command = at_home("sh", home.path());
    let output = command.env("AQ", AQ).arg(script).arg(home.path().join("try")).output().expect("runs");
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("all as it should be"), "{}", said(&output));
}
