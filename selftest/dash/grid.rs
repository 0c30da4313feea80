//! Frames of what the other files do not show: every size class, theme and depth, every state of the source, every
//! tab and sheet; and what holds for each frame, whatever it shows.

use aq::dash::{Got, Health, LogLine, Msg, Read, Theme, Voice, Want, Wishes};
use aq::job::JobId;

use super::frames::compare;
use super::seat::Seat;
use crate::law_script::START;

/// Names and titles as people write them: long ones, wide letters, one job in nearly every stage.
const SCENE: &str = "submit port-scheduler-to-steno-7k2m title=Port_the_scheduler_to_the_saga_log_of_steno priority=critical budget.usd=6 \
     | submit docs-handbook-3fqa title=Operator_handbook,_second_edition engine=claude \
     | submit release-v1-0-9xw2 title=Release_1.0 deps=port-scheduler-to-steno-7k2m,nobody \
     | submit sse-resume-2m4p title=SSE_resume_in_the_coordinator review=2 priority=high \
     | submit 日本語の題-5h1c title=日本語の題はとても長いので切られます \
     | submit broken-build-8t0z title=Windows_build retry=0 priority=low \
     | pass 10m | claim h1~x/1 | start port-scheduler-to-steno-7k2m | checkpoint port-scheduler-to-steno-7k2m abcdef1234 \
     | claim h1~x/2 | start sse-resume-2m4p | end sse-resume-2m4p ok rev=7654321 \
     | claim h1~x/2 | start 日本語の題-5h1c | checkpoint 日本語の題-5h1c 1234567 | verify 日本語の題-5h1c pass rev=1234567 \
     | end 日本語の題-5h1c ok rev=1234567 | claim h1~x/2 | start broken-build-8t0z | end broken-build-8t0z task_failed \
     | pass 71m | progress port-scheduler-to-steno-7k2m tool(mcp__github__create_pull_request) usd=4.75 tokens=90000 | pass 14s";

/// One width or height of each class, at its edges.
const CLASSES: [(u16, u16); 8] =
    [(40, 12), (59, 24), (60, 24), (119, 30), (120, 30), (200, 50), (80, 15), (30, 6)];

fn deep(theme: Option<Theme>) -> Wishes {
    Wishes { theme, term: "xterm-256color".into(), utf8: true, ..Wishes::default() }
}

/// A seat before a queue of which nothing was read.
fn unread(health: Health, size: (u16, u16)) -> Seat {
    let mut seat = Seat::of("", size);
    seat.model.replica.health = health;
    seat
}

#[test]
fn every_size_class() {
    for size in CLASSES {
        for (keys, name) in [("", "overview"), ("2", "jobs")] {
            compare(Seat::of(SCENE, size).keys(keys), &format!("class-{name}-{}x{}", size.0, size.1), false);
        }
    }
    for (keys, name) in [("2 b", "board"), ("Tab Enter", "page"), ("3", "graph"), ("5", "budget")] {
        for size in [(59, 24), (120, 30), (80, 15)] {
            compare(Seat::of(SCENE, size).keys(keys), &format!("class-{name}-{}x{}", size.0, size.1), false);
        }
    }
}

#[test]
fn every_theme_and_depth() {
    for (theme, name) in [
        (Theme::Dark, "dark"),
        (Theme::Light, "light"),
        (Theme::Sixteen, "16"),
        (Theme::Mono, "mono"),
        (Theme::Contrast, "contrast"),
    ] {
        compare(Seat::of(SCENE, (80, 24)).look(&deep(Some(theme))), &format!("theme-{name}"), true);
    }
    // A terminal of 24 bits gets the same colours: none is outside of the 256.
    let full = Wishes { colorterm: "truecolor".into(), ..deep(None) };
    compare(Seat::of(SCENE, (80, 24)).look(&full), "theme-dark", true);
    let poor = Wishes { term: "vt100".into(), utf8: true, ..Wishes::default() };
    compare(Seat::of(SCENE, (80, 24)).look(&poor), "theme-16", true);
    let ascii = Wishes { ascii: true, ..deep(None) };
    for (keys, name) in [("2", "jobs"), ("2 b", "board"), ("2 ?", "help"), ("j Tab Enter", "page")] {
        compare(Seat::of(SCENE, (80, 24)).look(&ascii).keys(keys), &format!("ascii-{name}"), false);
    }
}

#[test]
fn every_state_of_the_source() {
    let broken = || Health::Broken {
        why: "cannot read /q/.aq/events.jsonl at byte 4711: the line's checksum is wrong".into(),
    };
    let skew = || Health::Skew { why: "the log speaks law 8, this aq 1; update aq".into() };
    for (keys, name) in [("", "overview"), ("2", "jobs"), ("3", "graph"), ("5", "budget")] {
        compare(unread(Health::Loading, (80, 24)).keys(keys), &format!("state-loading-{name}"), false);
    }
    compare(unread(Health::Loading, (40, 12)), "state-loading-40", false);
    compare(unread(broken(), (80, 24)).keys("2"), "state-unreadable", false);
    compare(unread(broken(), (40, 12)), "state-unreadable-40", false);
    compare(unread(skew(), (80, 24)).keys("2"), "state-newer", false);
    for (health, name) in
        [(broken(), "broken"), (skew(), "skew"), (Health::Local { watched: false }, "polling")]
    {
        for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
            let mut seat = Seat::of(SCENE, size);
            seat.model.replica.health = health.clone();
            compare(seat, &format!("state-{name}-{of}"), false);
        }
    }
    for keys in ["", "1", "3", "5"] {
        compare(Seat::of("", (80, 24)).keys(keys), &format!("state-empty{keys}"), false);
    }
    let mut seat = Seat::of(SCENE, (80, 24)).keys("2");
    seat.model.read_only = true;
    compare(seat, "state-read-only-jobs", false);
    let mut seat = Seat::of(&format!("{SCENE} | pause drain"), (80, 24));
    seat.model.read_only = true;
    compare(seat, "state-paused-read-only", false);
    compare(Seat::of(&format!("{SCENE} | pause drain"), (40, 12)), "state-paused-40", false);
    let mut seat = Seat::of(&format!("{SCENE} | pause drain"), (80, 24));
    seat.model.replica.health = broken();
    compare(seat, "state-paused-broken", false);
}

#[test]
fn every_sheet() {
    let asks = "submit port-7k2m title=Port_it engine=claude | claim h1~x/1 engines=claude accounts=work \
         | start port-7k2m | ask port-7k2m | pass 3m";
    for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
        let sheet = |script: &str, keys: &str, name: &str| {
            compare(Seat::of(script, size).keys(keys), &format!("sheet-{name}-{of}"), false);
        };
        sheet(SCENE, "j j S", "ship");
        sheet(SCENE, "2 / \"docs\" Enter p", "toast-sent");
        sheet(SCENE, "Tab p", "park");
        sheet(SCENE, "2 * x", "cancel-many");
        sheet(SCENE, "2 s", "sort");
        sheet(SCENE, "2 c", "columns");
        sheet(SCENE, "2 y", "copy");
        sheet(SCENE, "2 / \"stage:q\"", "filter");
        sheet(SCENE, "m", "messages");
        sheet(asks, "a", "answer");
        sheet(SCENE, "2 / \"sse\" Enter : \"promote\" Enter", "promote");
        sheet(SCENE, "Tab : \"preempt\" Enter", "preempt");
        sheet(SCENE, "Tab r", "requeue-running");
        sheet(SCENE, "P Tab", "pause-stop");
        // What is cut in a column of help stands below it in full, with why it is off.
        sheet(SCENE, "2 ? Down Down Down Down Down Down Down Down Down Down Down", "help-off");
        sheet(SCENE, "2 ? \"unp\"", "help-typed");
    }
}

#[test]
fn every_tab() {
    let manifest = "---\nengine: claude\nbudget: {usd: 6}\n---\n# Port the scheduler\n\nMove it to the *saga log*.\n\n\
         - keep `resume`\n- a [link](https://example.org/a/very/long/way)\n\n```sh\nmake test\n```\n";
    let job = || JobId::from("port-scheduler-to-steno-7k2m");
    let tell = |seat: &mut Seat, want: Want, got: Result<Got, String>| {
        seat.send(Msg::Read(Box::new(Read { want, got })));
        seat.draw();
    };
    for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((200, 50), "200"), ((40, 12), "40")] {
        let page = |keys: &str| {
            let mut seat = Seat::of(SCENE, size).keys("Tab Enter").keys(keys);
            let history = seat.log().into_iter().filter(|row| row.1.what.job() == Some(&job())).collect();
            tell(&mut seat, Want::History(job()), Ok(Got::History(history)));
            let body = seat.model.job(&job()).expect("the job").body.clone();
            tell(&mut seat, Want::Manifest(job(), body), Ok(Got::Text(manifest.to_string())));
            seat
        };
        let mut summary = page("");
        let said =
            |n: u32| LogLine { at: START, voice: Voice::Out, text: format!("Compiling part {n} of 60") };
        let lines = (1..=60).map(said).collect();
        tell(
            &mut summary,
            Want::Log(job(), 1),
            Ok(Got::Lines { attempt: 1, lines, dropped: 0, fresh: true }),
        );
        compare(summary, &format!("tab-summary-{of}"), false);
        compare(page("]"), &format!("tab-manifest-{of}"), false);
        compare(page("] ]"), &format!("tab-events-{of}"), false);
        let mut log = page("] ] ] ]");
        let line = |voice, text: &str| LogLine { at: START, voice, text: text.to_string() };
        let lines = vec![
            line(Voice::Aq, "attempt 1 begins on h1"),
            line(
                Voice::Out,
                "   Compiling aq v0.1.0 (/home/ann/.local/state/aq/worktrees/q/port-scheduler-to-steno-7k2m/target)",
            ),
            line(Voice::Err, "error[E0433]: failed to resolve: use of undeclared crate"),
            line(Voice::Out, "日本語の出力"),
        ];
        tell(&mut log, Want::Log(job(), 1), Ok(Got::Lines { attempt: 1, lines, dropped: 40, fresh: true }));
        compare(log, &format!("tab-log-{of}"), false);
    }
    let mut seat = Seat::of(SCENE, (80, 24)).keys("Tab Enter ]");
    let body = seat.model.job(&job()).expect("the job").body.clone();
    tell(
        &mut seat,
        Want::Manifest(job(), body),
        Err("cannot read /q/inbox/port.md: permission denied".into()),
    );
    compare(seat, "tab-failed-80", false);
}

/// Many jobs of one name: their ids are told apart, and none of them is told twice.
#[test]
fn jobs_of_one_name_are_told_apart() {
    let scene = "submit port-the-scheduler-to-steno-7k2m title=Port_the_scheduler_to_steno review=1 \
         | submit port-the-scheduler-to-steno-x4qd title=Port_the_scheduler_to_steno retry=0 \
         | submit port-the-scheduler-to-steno-9fz3 title=Port_the_scheduler_to_steno \
         | claim h1~b3d3/boot.1.7770.99 | claim h1~b3d3/boot.1.7770.99 | claim h1~b3d3/boot.1.7770.99 \
         | start port-the-scheduler-to-steno-7k2m | end port-the-scheduler-to-steno-7k2m ok rev=7654321 \
         | start port-the-scheduler-to-steno-x4qd | end port-the-scheduler-to-steno-x4qd task_failed \
         | start port-the-scheduler-to-steno-9fz3 | pass 94s";
    for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
        for (keys, name) in
            [("", "overview"), ("j", "failed"), ("2", "jobs"), ("2 b", "board"), ("Enter", "page")]
        {
            compare(Seat::of(scene, size).keys(keys), &format!("alike-{name}-{of}"), false);
        }
    }
}

/// A form on a low terminal says how much of it is out of sight, and rolls.
#[test]
fn a_form_that_is_longer_than_the_screen_is_rolled() {
    let size = (40, 12);
    for (keys, name) in [
        ("P", "pause"),
        ("P PgDn", "pause-rolled"),
        ("P PgDn PgDn Tab Tab", "pause-kill"),
        ("5 e", "ceiling"),
        ("5 e PgDn", "ceiling-rolled"),
        ("6 t", "moment"),
    ] {
        compare(Seat::of(SCENE, size).keys(keys), &format!("form-{name}-40"), false);
    }
}

/// What holds for every frame: the last row has keys, and each of them does what it says.
#[test]
fn the_last_row_has_keys_that_work() {
    let places = ["", "2", "2 b", "Tab Enter", "3", "4", "5", "6", "7"];
    let layers = ["", "?", ":", ".", "m", "P", "x"];
    for (size, keys, layer) in CLASSES
        .iter()
        .flat_map(|size| places.iter().map(move |keys| (size, keys)))
        .flat_map(|(size, keys)| layers.iter().map(move |layer| (size, keys, layer)))
    {
        let mut seat = Seat::of(SCENE, *size).keys(keys).keys(layer);
        let frame = seat.frame();
        let last = frame.lines().last().unwrap_or_default().to_string();
        let at = format!("{size:?} {keys:?} {layer:?}:\n{frame}");
        assert!(!last.trim().is_empty(), "{at}");
        let boxed = seat.model.layers.last().is_some();
        let offers = seat.model.drawn.hits.iter().any(|hit| matches!(hit.1, aq::dash::Hit::Do(_)));
        assert_ne!(boxed, offers, "the screen's keys are offered exactly while it has them: {at}");
        assert!(!last.contains('…') || size.0 < 60, "a key is cut: {at}");
    }
}
