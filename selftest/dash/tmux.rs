//! The whole program inside a real tmux, which stands in our own terminal: what tmux hands on is what is seen.
//!
//! Each tmux has a socket of its own in the home of its test, so that it meets nobody else's, and is ended with the
//! test. Where tmux is not installed these tests say so and try nothing.

use std::path::PathBuf;
use std::process::Command;

use super::pty::{Pty, Room};

/// What is run in tmux: the cockpit, then how it left the terminal.
const INSIDE: &str = "exec 9>\"$IDLE\"
echo before the cockpit
\"$AQ\" --queue \"$QUEUE\" dash
echo \"left with $?\"
stty -a | tr ' ;' '\\n\\n' | grep -x -e icanon -e -icanon -e echo -e -echo | sort | tr '\\n' ' '
tmux display-message -p 'alternate #{alternate_on} mouse #{mouse_any_flag} cursor #{cursor_flag}'
read -r _
";

/// No line of tmux's own, and sequences for the outer terminal are handed through.
const SETTINGS: &str = "set -g status off\nset -g allow-passthrough on\nset -s escape-time 10\n";

/// A tmux server of ours.
struct Server(PathBuf);

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended with its only session, but in a test that failed.
        let _ = Command::new("tmux").arg("-S").arg(&self.0).arg("kill-server").output();
    }
}

/// The cockpit in tmux in a terminal of 80x24, on its list of jobs; `None` without tmux.
fn cockpit(env: &[(&str, &str)]) -> Option<(Pty, Server, Room)> {
    if Command::new("tmux").arg("-V").output().is_err() {
        println!("skipped: tmux is not installed");
        return None;
    }
    let room = Room::with(&["alpha", "beta"]);
    room.configure("config.toml", "clipboard = 'osc52'\n");
    let file = |name: &str, text: &str| {
        std::fs::write(room.home.path().join(name), text).expect("a file");
    };
    file("inside.sh", INSIDE);
    file("tmux.conf", SETTINGS);
    let server = Server(room.home.path().join("tmux.sock"));
    let start =
        "exec tmux -S \"$HOME/tmux.sock\" -f \"$HOME/tmux.conf\" new-session 'exec sh \"$HOME/inside.sh\"'";
    let mut pty = room.script(start, env);
    pty.shows("Overview");
    pty.settles();
    pty.press("2");
    pty.shows("The job alpha");
    Some((pty, server, room))
}

#[test]
fn it_starts_resizes_copies_and_leaves_the_terminal_as_it_was() {
    let Some((mut pty, _server, _room)) = cockpit(&[]) else { return };
    let widest = |pty: &Pty| pty.text().lines().map(|line| line.trim_end().chars().count()).max();
    assert!(widest(&pty).is_some_and(|wide| wide <= 80), "{}", pty.text());
    pty.resize(120, 30);
    pty.until("a frame of the new size", |pty| widest(pty).is_some_and(|wide| wide > 100));
    pty.settles();
    pty.press("y");
    pty.shows("Copy");
    pty.press("\r");
    pty.shows("OSC 52 through tmux");
    // What tmux handed to its own terminal: the sequence as a terminal without tmux gets it.
    pty.until("the text", |pty| pty.wrote(b"\x1b]52;c;"));
    let begun = b"\x1b]52;c;";
    let at = pty.bytes.windows(begun.len()).position(|part| part == begun).unwrap_or_default() + begun.len();
    pty.until("its end", |pty| pty.bytes[at..].windows(2).any(|part| part == b"\x1b\\"));
    let text: String =
        pty.bytes[at..].iter().take_while(|byte| **byte != 0x1b).map(|b| char::from(*b)).collect();
    // `the-job-alpha`, with which the job's id begins.
    assert!(text.starts_with("dGhlLWpvYi1hbHBoY"), "{text:?}");
    pty.send("q");
    pty.shows("left with 0");
    pty.shows("alternate 0 mouse 0 cursor 1");
    pty.shows("echo icanon");
    pty.shows("before the cockpit");
    assert!(!pty.text().contains("Overview"), "a frame is left:\n{}", pty.text());
    pty.send("\r");
    assert_eq!(pty.ends(), 0);
}

#[test]
fn without_colours_the_selection_is_still_seen() {
    let Some((mut pty, _server, _room)) = cockpit(&[("NO_COLOR", "1")]) else { return };
    let screen = pty.screen.screen();
    let (rows, cols) = screen.size();
    let cells = || (0..rows).flat_map(|row| (0..cols).map(move |col| (row, col)));
    let cell = |(row, col)| screen.cell(row, col);
    let coloured = |cell: &vt100::Cell| {
        (cell.fgcolor(), cell.bgcolor()) != (vt100::Color::Default, vt100::Color::Default)
    };
    let found = cells().find(|at| cell(*at).is_some_and(coloured));
    assert_eq!(found, None, "a cell has a colour:\n{}", screen.contents());
    let inverse: Vec<u16> =
        cells().filter(|at| cell(*at).is_some_and(vt100::Cell::inverse)).map(|at| at.0).collect();
    let line = |row: u16| screen.contents_between(row, 0, row, cols);
    assert!(
        inverse.iter().any(|row| line(*row).contains("The job")),
        "no row is marked:\n{}",
        screen.contents()
    );
    pty.send("q");
    pty.shows("left with 0");
    pty.send("\r");
    assert_eq!(pty.ends(), 0);
}
