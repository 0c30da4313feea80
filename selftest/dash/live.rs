//! The cockpit in a real terminal: what it takes over, gives back, draws and leaves alone.

use std::time::Duration;

use rustix::process::Signal;

use super::pty::{Pty, Room};

/// A try that was too slow for a guard proves nothing; so many are given on a loaded machine.
const TRIES: usize = 20;
/// So long an idle cockpit is watched.
const WATCHED: Duration = Duration::from_secs(10);

#[test]
fn it_starts_follows_its_size_and_leaves_clean() {
    let room = Room::with(&["alpha", "beta"]);
    let mut pty = room.dash(&[]);
    pty.shows("Overview");
    pty.settles();
    pty.press("2");
    pty.shows("The job alpha");
    assert!(pty.screen.screen().alternate_screen());
    pty.resize(120, 30);
    pty.until("the footer stands in the last row", |pty| {
        pty.screen.screen().rows(0, 120).nth(29).is_some_and(|row| row.contains("help"))
    });
    pty.resize(60, 16);
    pty.until("and there again", |pty| {
        pty.screen.screen().rows(0, 60).nth(15).is_some_and(|row| row.contains("help"))
    });
    pty.settles();
    pty.send("q");
    assert_eq!(pty.ends(), 0);
    pty.is_clean();
}

#[test]
fn the_editor_gets_the_terminal_and_gives_it_back() {
    let room = Room::with(&["alpha"]);
    let editor = room.home.path().join("editor.sh");
    let script = "#!/bin/sh\necho EDITING \"$1\"\nread line\necho \"$line\" >> \"$1\"\n";
    std::fs::write(&editor, script).expect("a script");
    let command = format!("sh {}", editor.display());
    let mut pty = room.dash(&[("EDITOR", &command)]);
    pty.settles();
    pty.press("2");
    pty.shows("The job alpha");
    pty.send("e");
    pty.shows("EDITING");
    assert!(!pty.screen.screen().alternate_screen());
    // What is typed behind the editor's own line waits in the terminal: it must be no command.
    pty.send("by hand\nq");
    pty.until("the cockpit is back", |pty| pty.screen.screen().alternate_screen());
    pty.shows("saved the text of the-job-alpha");
    let text = std::fs::read_to_string(room.queue.join("inbox/alpha.md")).expect("the file");
    assert!(text.ends_with("by hand\n"), "{text}");
    pty.press("1");
    pty.shows("Needs you");
    pty.send("q");
    assert_eq!(pty.ends(), 0);
}

/// The person edits `alpha`; `meanwhile` happens while the editor is open, which ends with this number.
fn edited(room: &Room, ends: u8, meanwhile: impl Fn()) -> Pty {
    let editor = room.home.path().join("editor.sh");
    let script = format!("echo EDITING \"$1\"\nread line\necho \"$line\" >> \"$1\"\nexit {ends}\n");
    std::fs::write(&editor, script).expect("a script");
    let command = format!("sh {}", editor.display());
    let mut pty = room.dash(&[("EDITOR", &command)]);
    pty.settles();
    pty.press("2");
    pty.shows("The job alpha");
    pty.send("e");
    pty.shows("EDITING");
    meanwhile();
    pty.send("by hand\n");
    pty.until("the cockpit is back", |pty| pty.screen.screen().alternate_screen());
    pty
}

/// Every manifest of the queue, by folder and name.
fn manifests(room: &Room) -> Vec<String> {
    let folders = ["inbox", "building", "review", "testing", "shipped", "failed", "rejected"];
    let names = folders.iter().flat_map(|folder| {
        let entries = std::fs::read_dir(room.queue.join(folder)).into_iter().flatten().flatten();
        entries.map(move |entry| format!("{folder}/{}", entry.file_name().to_string_lossy()))
    });
    names.filter(|name| name.ends_with(".md")).collect()
}

#[test]
fn a_job_that_is_claimed_while_it_is_edited_stays_one_job() {
    let room = Room::with(&["alpha"]);
    let mut pty = edited(&room, 0, || room.aq(&["agent", "--once", "--trust"]));
    pty.shows("is review by now: your text counts");
    let all = manifests(&room);
    assert!(all.len() == 1 && !all[0].starts_with("inbox"), "{all:?}");
    let text = std::fs::read_to_string(room.queue.join(&all[0])).expect("the file");
    assert!(text.ends_with("by hand\n"), "{text}");
    pty.send("q");
    assert_eq!(pty.ends(), 0);
}

#[test]
fn the_text_of_an_editor_that_failed_is_kept_and_opened_again() {
    let room = Room::with(&["alpha"]);
    let mut pty = edited(&room, 3, || {});
    pty.shows("not saved, e opens your text again");
    let inbox = || std::fs::read_to_string(room.queue.join("inbox/alpha.md")).expect("the file");
    assert!(!inbox().contains("by hand"), "{}", inbox());
    std::fs::write(room.home.path().join("editor.sh"), "grep -q 'by hand' \"$1\"\n").expect("a script");
    pty.send("e");
    pty.shows("saved the text of the-job-alpha");
    assert!(inbox().ends_with("by hand\n"), "{}", inbox());
    pty.send("q");
    assert_eq!(pty.ends(), 0);
}

#[test]
fn ctrl_z_gives_the_shell_its_terminal_and_fg_brings_the_cockpit_back() {
    let room = Room::with(&["alpha"]);
    let script = "set -m; \"$AQ\" --queue \"$QUEUE\" dash; echo STOPPED; read go; fg >/dev/null; echo ENDED";
    let mut pty = room.script(script, &[]);
    pty.settles();
    pty.press("2");
    pty.shows("The job alpha");
    pty.send("\u{1a}");
    pty.shows("STOPPED");
    pty.is_clean();
    pty.send("\n");
    pty.until("the cockpit is back", |pty| pty.screen.screen().alternate_screen());
    pty.shows("The job alpha");
    pty.press("1");
    pty.shows("Needs you");
    pty.send("q");
    pty.shows("ENDED");
    pty.ends();
    pty.is_clean();
}

#[test]
fn signals_end_it_and_restore_the_terminal() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let room = Room::with(&["alpha"]);
        let mut pty = room.dash(&[]);
        pty.settles();
        pty.signal(signal);
        assert_eq!(pty.ends(), 0, "{signal:?}");
        pty.is_clean();
    }
}

/// A cockpit that was killed stays on the terminal's other screen, which many do not empty for whoever comes next.
#[test]
fn nothing_of_a_killed_cockpit_is_seen_in_the_next_one() {
    let room = Room::with(&["alpha"]);
    let mut pty = room.dash(&[]);
    pty.settles();
    assert!(pty.wrote(b"\x1b[?1049h\x1b[0m\x1b[2J"), "the screen is emptied before anything is drawn");
    pty.send("q");
    assert_eq!(pty.ends(), 0);
}

/// Panics where a cockpit's loop tells that it is idle.
struct Panics;

impl std::io::Write for Panics {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        panic!("a bug in the loop");
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Run in a terminal by [`a_panic_restores_the_terminal_and_can_be_read`].
#[test]
#[ignore = "needs a terminal of its own"]
fn panics_in_the_loop() {
    let Ok(queue) = std::env::var("QUEUE") else { return };
    let place = aq::store::Place::open(std::path::Path::new(&queue)).expect("a queue");
    let settings = std::sync::Arc::new(aq::board::Settings::load(Some(&place), &[]).expect("settings"));
    let me = aq::fleet::Actor::new(aq::fleet::ActorKind::Person, "ann@here");
    let folder = aq::dash::Folder { place, settings, me, read_only: false, unusable: false };
    let options = aq::dash::Options {
        folder,
        look: aq::dash::Look::default(),
        mouse: true,
        editor: "vi".to_string(),
        follows: false,
        keys: aq::dash::Keymap::default(),
        clipboard: aq::job::Clipboard::Off,
        odd: Vec::new(),
        idle: Some(Box::new(Panics)),
    };
    let _ = aq::dash::run(options);
}

#[test]
fn a_panic_restores_the_terminal_and_can_be_read() {
    let room = Room::with(&["alpha"]);
    let me = std::env::current_exe().expect("this program");
    let script = "exec \"$ME\" --ignored --exact dash::live::panics_in_the_loop --nocapture";
    let mut pty = room.script(script, &[("ME", &me.display().to_string())]);
    pty.shows("a bug in the loop");
    assert_ne!(pty.ends(), 0);
    assert!(pty.bytes.windows(8).any(|bytes| bytes == b"\x1b[?1049h"), "it never took the terminal over");
    pty.is_clean();
}

#[test]
fn without_colours_the_selection_is_seen() {
    let room = Room::with(&["alpha", "beta"]);
    let mut pty = room.dash(&[("NO_COLOR", "1")]);
    pty.settles();
    pty.press("2");
    pty.shows("The job alpha");
    let screen = pty.screen.screen();
    let cells = || (0..24).flat_map(|row| (0..80).map(move |col| (row, col)));
    let of = |(row, col): (u16, u16)| screen.cell(row, col).expect("a cell");
    assert!(cells().all(|at| of(at).fgcolor() == vt100::Color::Default), "a colour was used");
    let chosen: Vec<u16> =
        (0..24).filter(|row| (0..80).filter(|col| of((*row, *col)).inverse()).count() > 40).collect();
    assert_eq!(chosen.len(), 1, "one row is reversed: {chosen:?}");
    let row = screen.rows(0, 80).nth(usize::from(chosen[0])).unwrap_or_default();
    assert!(row.contains("The job"), "{row}");
}

#[test]
fn an_arrow_that_arrives_in_pieces_does_nothing() {
    let room = Room::with(&["alpha"]);
    let mut pty = room.dash(&[]);
    pty.settles();
    pty.press("2");
    pty.shows("The job alpha");
    for _ in 0..TRIES {
        pty.press("\r");
        pty.shows("Manifest");
        let inputs = pty.told.inputs;
        pty.send("\u{1b}");
        pty.until("Esc was read", |pty| pty.told.inputs > inputs);
        // Too late for the guard: on this try it was an Esc, lawfully.
        let in_time = pty.told.word == "guard";
        pty.send("[A");
        pty.until("the rest was read", |pty| pty.told.inputs > inputs + 1 && pty.told.word == "idle");
        pty.press("?");
        pty.shows("Help: ");
        let on_the_page = pty.text().contains("Help: Summary");
        pty.press("\u{1b}");
        if in_time && on_the_page {
            return;
        }
        pty.press("2");
        pty.shows("The job alpha");
    }
    panic!("the page was left by every one of {TRIES} torn arrows; the screen:\n{}", pty.text());
}

#[test]
fn a_burst_of_letters_and_a_paste_are_no_commands() {
    let room = Room::with(&["alpha"]);
    let mut pty = room.dash(&[]);
    pty.settles();
    pty.press("2");
    pty.shows("The job alpha");
    // Letters that would cancel the job, say yes, and quit.
    for text in ["xyyxq\rqq", "\u{1b}[200~xyyxq\rqq\u{1b}[201~"] {
        pty.press(text);
        pty.shows("a paste was ignored");
        pty.press("1");
        pty.shows("Needs you");
        pty.press("2");
        pty.shows("The job alpha");
        assert!(room.queue.join("inbox/alpha.md").exists());
    }
}

#[test]
fn a_copy_is_one_sequence_and_says_which_way_it_went() {
    let room = Room::with(&["alpha"]);
    let mut pty = room.dash(&[("SSH_TTY", "/dev/pts/9")]);
    pty.settles();
    pty.press("2");
    pty.shows("The job alpha");
    pty.press("y");
    pty.shows("Copy");
    pty.press("\r");
    pty.shows("copied id (OSC 52)");
    let begun = b"\x1b]52;c;";
    assert_eq!(pty.bytes.windows(begun.len()).filter(|bytes| bytes == begun).count(), 1);
}

#[test]
fn the_title_is_set_and_the_one_before_comes_back() {
    let room = Room::with(&["alpha"]);
    let mut pty = room.dash(&[]);
    pty.settles();
    pty.until("the title", |pty| pty.wrote(b"\x1b[22;2t\x1b]2;aq\x07"));
    pty.send("q");
    pty.ends();
    assert!(pty.wrote(b"\x1b[23;2t"));
    room.configure("config.toml", "title = false\n");
    let mut pty = room.dash(&[]);
    pty.settles();
    pty.press("2");
    pty.send("q");
    pty.ends();
    assert!(!pty.wrote(b"\x1b]2;") && !pty.wrote(b"\x1b[23;2t"));
}

/// The bytes around the name of a watched job that was parked once the terminal has lost the focus.
#[track_caller]
fn pings(env: &[(&str, &str)], begin: &str, end: &str) {
    let room = Room::with(&["alpha"]);
    let mut pty = room.dash(env);
    pty.settles();
    pty.press("2");
    pty.shows("The job alpha");
    pty.press("w");
    pty.shows("is watched now");
    // The key behind it was taken, so the loss of the focus was too.
    pty.send("\u{1b}[O");
    pty.press("j");
    room.aq(&["park", "alpha"]);
    pty.shows("parked");
    let whole = [begin, "the-job-alpha", " is parked: put aside by a person", end];
    pty.until("the ping", |pty| whole.iter().all(|part| pty.wrote(part.as_bytes())));
}

#[test]
fn a_ping_goes_the_way_that_the_terminal_takes() {
    pings(&[], "\u{1b}]777;notify;aq;the-job-alpha", "person\u{7}");
    pings(&[("TERM_PROGRAM", "iTerm.app")], "\u{1b}]9;aq: the-job-alpha", "person\u{7}");
    let tmux = [("TMUX", "/tmp/none,1,0"), ("TERM_PROGRAM", "tmux")];
    let begin = "\u{1b}Ptmux;\u{1b}\u{1b}]777;notify;aq;the-job-alpha";
    pings(&tmux, begin, "person\u{7}\u{1b}\\\u{7}");
}

#[test]
fn own_keys_are_taken_and_a_clash_is_told_where_the_house_s_keys_hold() {
    let room = Room::with(&["alpha"]);
    room.configure("keys.toml", "jobs = ['2', 'Ctrl-G']\n");
    let mut pty = room.dash(&[]);
    pty.settles();
    pty.press("\u{7}");
    pty.shows("The job alpha");
    pty.send("q");
    assert_eq!(pty.ends(), 0);
    room.configure("keys.toml", "park = 'x'\n");
    let mut pty = room.dash(&[]);
    pty.settles();
    pty.press("m");
    pty.shows("x would mean park and cancel");
    pty.press("\u{1b}");
    pty.send("q");
    pty.send("q");
    assert_eq!(pty.ends(), 0);
}

#[test]
fn settings_that_cannot_be_used_are_told_with_their_line_and_the_cockpit_opens() {
    let room = Room::with(&["alpha"]);
    // Only eyes hang on it: all else goes on.
    room.configure("config.toml", "theme = \"light\"\nmouse = false\nclipboard = \"pigeon\"\n");
    let mut pty = room.dash(&[]);
    pty.settles();
    pty.shows("config.toml:3:13: clipboard: no such choice: \"pigeon\"");
    assert!(is_light(&pty) && !pty.wrote(b"\x1b[?1000h"));
    pty.press("m");
    pty.shows("auto, native, osc52, off");
    assert!(!pty.text().contains(" RO"));
    pty.press("m");
    pty.send("q");
    pty.send("q");
    assert_eq!(pty.ends(), 0);
    // What this file asks of jobs is not known: nothing is done by it. A flag goes before what can be read.
    room.configure("config.toml", "slots = \"many\"\n");
    let mut pty = room.script("exec \"$AQ\" --queue \"$QUEUE\" dash --theme light", &[]);
    pty.settles();
    pty.shows("not such a number");
    pty.shows(" RO");
    assert!(is_light(&pty));
    pty.send("q");
    pty.send("q");
    assert_eq!(pty.ends(), 0);
}

/// The colour in which the second row's first screen is drawn.
fn is_light(pty: &Pty) -> bool {
    let screen = pty.screen.screen();
    let colours = (0..24).flat_map(|row| (0..80).map(move |col| (row, col)));
    colours
        .filter_map(|(row, col)| screen.cell(row, col))
        .any(|cell| cell.fgcolor() == vt100::Color::Idx(240))
}

#[test]
fn the_theme_follows_the_background_and_a_reply_is_no_keys() {
    let room = Room::with(&["alpha", "beta"]);
    let mut pty = room.dash(&[]);
    pty.settles();
    pty.press("2");
    pty.shows("The job alpha");
    assert!(pty.wrote(b"\x1b]11;?\x1b\\") && !is_light(&pty));
    // Coming back to the window asks anew; the reply is in time however slow this machine is.
    pty.send("\u{1b}[I");
    pty.until("asked again", |pty| {
        let ask = b"\x1b]11;?\x1b\\";
        pty.bytes.windows(ask.len()).filter(|part| part == ask).count() == 2
    });
    let before = pty.text();
    pty.press("\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\");
    pty.until("the light theme", is_light);
    assert_eq!(pty.text(), before);
    // Unasked, and with letters that would be commands: nothing at all.
    pty.press("\u{1b}]11;xyyqqS\u{7}");
    assert_eq!(pty.text(), before);
    pty.send("q");
    assert_eq!(pty.ends(), 0);
}

#[test]
fn a_chosen_theme_asks_nothing() {
    let room = Room::with(&["alpha"]);
    let mut pty = room.script("exec \"$AQ\" --queue \"$QUEUE\" dash --theme dark", &[]);
    pty.settles();
    pty.shows("1 job ");
    let before = pty.text();
    pty.press("\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\");
    assert!(!pty.wrote(b"\x1b]11;") && !is_light(&pty));
    assert_eq!(pty.text(), before);
}

#[test]
fn the_mouse_selects_opens_and_is_given_back() {
    let room = Room::with(&["alpha", "beta"]);
    let mut pty = room.dash(&[]);
    pty.settles();
    // The tab of Jobs, then the row below the first.
    pty.press("\u{1b}[<0;16;2M\u{1b}[<0;16;2m");
    pty.shows("The job alpha");
    let rows: Vec<String> = pty.screen.screen().rows(0, 80).collect();
    let first = rows.iter().position(|row| row.starts_with('▸')).expect("a cursor");
    let below = format!("\u{1b}[<0;20;{0}M\u{1b}[<0;20;{0}m", first + 2);
    pty.press(&below);
    pty.until("the cursor on the next row", |pty| {
        pty.screen.screen().rows(0, 80).nth(first + 1).is_some_and(|row| row.starts_with('▸'))
    });
    pty.press(":");
    for letter in "mouse off".chars() {
        pty.press(&letter.to_string());
    }
    pty.press("\r");
    pty.shows("the mouse is for the terminal");
    assert_eq!(pty.screen.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    pty.send("q");
    assert_eq!(pty.ends(), 0);
}

#[test]
fn the_demo_opens_the_cockpit_and_says_afterwards_how_it_ended() {
    let room = Room::with(&[]);
    let mut pty = room.script("exec \"$AQ\" demo --dir \"$HOME\"", &[]);
    pty.shows("Overview");
    pty.shows("Ask a person");
    pty.send("q");
    pty.shows("remove it all");
    assert_eq!(pty.ends(), 0, "{}", pty.text());
    pty.is_clean();
}

/// The idle gate. Ten seconds are its definition: a tick of any usual length would be seen in them.
#[test]
fn idle_it_writes_nothing_and_does_not_wake() {
    let room = Room::with(&["alpha", "beta"]);
    let mut pty = room.dash(&[]);
    pty.settles();
    pty.shows("2 jobs");
    // The frame that the idle line stands for is on its way through the pty.
    while pty.take(Duration::from_millis(200)) {}
    let (bytes, frames, before) = (pty.bytes.len(), pty.told.frames, pty.switches());
    while pty.take(WATCHED) {
        assert_eq!((pty.bytes.len(), pty.told.frames), (bytes, frames), "it drew: {}", pty.text());
    }
    match before {
        Some(_) => assert_eq!(pty.switches(), before, "it woke up"),
        None => println!("wake-ups: skipped, this system has no /proc to count them in"),
    }
}

#[test]
fn a_move_and_a_page_send_few_bytes() {
    let names: Vec<String> = (0..99).map(|n| format!("job-number-{n:02}")).collect();
    let room = Room::with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut pty = room.dash(&[]);
    pty.resize(160, 45);
    pty.settles();
    pty.press("2");
    pty.press("j");
    for (key, most) in [("j", 600), ("\u{1b}[6~", 6 << 10)] {
        // The lesser of two: an age that changes at the same moment is no part of the move.
        let sent = (0..2).map(|_| {
            while pty.take(Duration::from_millis(100)) {}
            let before = pty.bytes.len();
            pty.press(key);
            while pty.take(Duration::from_millis(100)) {}
            pty.bytes.len() - before
        });
        let sent = sent.min().unwrap_or_default();
        assert!((1..most).contains(&sent), "{key:?} sent {sent} bytes, the limit is {most}");
    }
}

#[test]
fn what_has_no_undo_says_so_and_nothing_before_it_is_taken_back() {
    let room = Room::with(&["alpha"]);
    room.aq(&["cancel", "alpha"]);
    room.aq(&["requeue", "alpha"]);
    let mut pty = room.dash(&[]);
    pty.settles();
    pty.send("u");
    pty.shows("requeue has no undo");
    pty.send("\u{3}");
    assert_eq!(pty.ends(), 0);
}
