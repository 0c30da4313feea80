//! The palette holds every action of the product, also those that are at home on another screen.

use std::collections::BTreeSet;

use aq::dash::{ACTIONS, Effect, Group, Key, Layer, Memo, Msg, On, Sought, seek, update};
use expect_test::{Expect, expect};

use super::frames::SCENE;
use super::seat::Seat;

#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(keys: &str, expected: Expect) {
    let seat = Seat::of(SCENE, (80, 24)).keys(keys);
    let said = seat.model.toast.as_ref().map(|toast| format!(", said: {}", toast.text)).unwrap_or_default();
    let (place, layers) = (seat.model.place().name(), seat.model.layers.len());
    expected.assert_eq(&format!("{place}, {layers} layers{said}\n{}", seat.asked()));
}

#[test]
fn every_action_is_in_it_wherever_it_is_opened() {
    for keys in ["1 :", "2 :", "4 :", "5 :", "7 :", "2 G Enter :"] {
        let seat = Seat::of(SCENE, (80, 24)).keys(keys);
        let Some(Layer::Pick(pick)) = seat.model.layers.last() else { panic!("no palette after {keys}") };
        let has: BTreeSet<&str> = pick.all.iter().map(|choice| choice.label.as_str()).collect();
        let of_a_job = |on: On| matches!(on, On::Jobs | On::Page | On::Tab(_));
        let here = seat.model.place();
        for row in ACTIONS.iter().filter(|row| row.group != Group::Move) {
            // What is done to a job needs one under the cursor.
            let needed = row.on.has(here) || !of_a_job(row.on);
            assert!(has.contains(row.name) || !needed, "{} is not in the palette after {keys}", row.name);
        }
        let labels = pick.all.len();
        assert_eq!(labels, has.len(), "a name stands in it twice after {keys}");
    }
}

#[test]
fn an_action_of_another_screen_names_it_and_goes_there() {
    let frame = Seat::of(SCENE, (80, 24)).keys("2 : \"drain\"").frame();
    assert!(frame.contains("Fleet: the agent gives its jobs back"), "{frame}");
    check(
        "2 : \"drain\" Enter",
        expect![[r#"
            Fleet, 0 layers, said: drain is here: d
            look at Host
        "#]],
    );
    check(
        "1 : \"stop the agent\" Enter",
        expect![[r#"
            Fleet, 0 layers, said: stop is here: . stop
            look at Host
        "#]],
    );
    // What needs no row that is chosen there is done at once.
    check(
        "1 : \"ceiling\" Enter",
        expect![[r#"
            Budget, 1 layers
        "#]],
    );
    check(
        "3 : \"new job\" Enter",
        expect![[r#"
            Jobs, 0 layers
            New
        "#]],
    );
    check(
        "2 G : \"hunk\" Enter",
        expect![[r#"
            Diff, 0 layers
            Read(History("notes"))
            Read(Diff("notes", DiffOf { rev: Some("1234567"), runs: None }))
        "#]],
    );
}

/// The labels that the palette shows, under their headings; only as many of each.
fn shown(seat: &Seat) -> String {
    let Some(Layer::Pick(pick)) = seat.model.layers.last() else { panic!("no palette") };
    let rows = pick.shown.iter().map(|i| &pick.all[*i]);
    let mut out = String::new();
    let mut last = None;
    for choice in rows {
        if last != Some(choice.section()) {
            last = Some(choice.section());
            out.push_str(&format!("{}{}:", if out.is_empty() { "" } else { " | " }, choice.section().name()));
        }
        out.push_str(&format!(" {}", choice.line()));
    }
    out
}

#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn finds(keys: &str, expected: Expect) {
    expected.assert_eq(&shown(&Seat::of(SCENE, (80, 24)).keys(keys)));
}

#[test]
fn jobs_are_found_by_letters_of_their_names_and_stand_with_what_is_gone_to() {
    finds("2 : \"fxlgn\"", expect!["Go to: fix-login"]);
    finds("2 : \"notes\"", expect!["Go to: notes"]);
    finds("2 : \"explain rel\"", expect!["Go to: explain release"]);
    finds("2 : \"budget\"", expect!["Go to: budget budget local budget shell | Actions: ceiling"]);
    finds(
        "2 : \"risk\"",
        expect!["Go to: risk | Actions: risk-sort rescue rescue-all let-go-all let-go unsaved copy-path"],
    );
    check(
        "2 : \"fxlgn\" Enter",
        expect![[r#"
        Summary, 0 layers
        Read(History("fix-login"))
        Read(Manifest("fix-login", "fix-login"))
    "#]],
    );
    check(
        "2 : \"explain rel\" Enter",
        expect![[r#"
        Explain, 0 layers
        Read(Explain("release", None))
    "#]],
    );
}

#[test]
fn lines_that_take_a_word_say_why_they_cannot_be_run() {
    let says = |keys: &str, expected: Expect| {
        let seat = Seat::of(SCENE, (80, 24)).keys(keys);
        let Some(Layer::Pick(pick)) = seat.model.layers.last() else { panic!("no palette") };
        let chosen = pick.chosen().expect("a row");
        let off = chosen.off(&seat.model).map(|why| format!(", off: {why}")).unwrap_or_default();
        expected.assert_eq(&format!("{}: {} [{}]{off}", chosen.label, chosen.note, chosen.runs));
    };
    says(": \"at 1m\"", expect!["at: 1m  goes to that time [aq show JOB --at 1m]"]);
    says(
        ": \"at noon\"",
        expect!["at: noon  goes to that time [], off: write 11:20, 44m or 2026-10-02T12:04:27Z"],
    );
    says(
        ": \"filter stage:building age>2h\"",
        expect!["filter: stage:building age>2h  filters the list of jobs [aq ls stage:building 'age>2h']"],
    );
    says(
        ": \"filter stage:nowhere\"",
        expect![
            "filter: stage:nowhere  filters the list of jobs [], off: stage:nowhere: no stage nowhere; there are queued, blocked, assigned, building, review, testing, shipped, failed, dead_letter"
        ],
    );
    says(": \"save mine\"", expect!["save: mine  keeps filter, order and columns as a view []"]);
    // The beginning of one is written on.
    says(": \"at\" Enter", expect!["at:   goes to that time [], off: at TIME: goes to that time"]);
    check(
        ": \"at noon\" Enter",
        expect![[r#"
        Overview, 0 layers, said: write 11:20, 44m or 2026-10-02T12:04:27Z
    "#]],
    );
    check(
        "1 : \"filter stage:building\" Enter",
        expect![[r#"
        Jobs, 0 layers
    "#]],
    );
    let seat = Seat::of(SCENE, (80, 24)).keys("1 : \"filter stage:building\" Enter");
    assert_eq!(seat.model.jobs.query, "stage:building");
}

#[test]
fn a_moment_is_gone_to_once_the_log_is_there() {
    let mut seat = Seat::of(SCENE, (80, 24));
    seat.winds = true;
    let seat = seat.keys("2 : \"at 20m\" Enter");
    assert_eq!(seat.model.place().name(), "Time");
    let at = seat.model.time.at.expect("the past").at;
    assert_eq!(seat.model.now.wall.since(at).as_millis() / 60_000, 20);
}

#[test]
fn what_was_run_comes_back_by_the_arrow_and_stands_under_recent() {
    let seat = Seat::of(SCENE, (80, 24)).keys(
        "2 : \"filter stage:queued\" Enter : \"explain fix-login\" Enter Esc / Home \"needs:me \" Enter : \"ascii on\" Enter",
    );
    let kept: Vec<&str> = seat.model.recall.lines.iter().map(String::as_str).collect();
    assert_eq!(
        kept,
        ["filter stage:queued", "explain fix-login", "filter needs:me stage:queued", "ascii on"]
    );
    assert_eq!(seat.kept.len(), 4);
    let mut seat = seat.keys(":");
    assert!(
        shown(&seat).ends_with("Recent: filter needs:me stage:queued explain fix-login filter stage:queued")
    );
    let typed = |seat: &Seat| match seat.model.layers.last() {
        Some(Layer::Pick(pick)) => pick.field.as_ref().map(|field| field.input.value().to_string()),
        _ => None,
    };
    let walk = [("Up", "ascii on"), ("Up", "filter needs:me stage:queued"), ("Up", "explain fix-login")];
    let back = [("Up", "filter stage:queued"), ("Up", "filter stage:queued"), ("Down", "explain fix-login")];
    for (key, expected) in walk.into_iter().chain(back) {
        seat.press(Key::parse(key).expect("a key"));
        assert_eq!(typed(&seat).as_deref(), Some(expected));
    }
    let seat = seat.keys("Down Down Down");
    assert_eq!(typed(&seat).as_deref(), Some(""));
    // What was written is not lost to a look back.
    let seat = seat.keys("\"co\" Up Down");
    assert_eq!(typed(&seat).as_deref(), Some("co"));
}

#[test]
fn a_view_is_saved_opened_and_deleted() {
    let seat = Seat::of(SCENE, (80, 24)).keys("2 / \"stage:queued\" Enter s \"a\" Esc : \"save mine\" Enter");
    let [.., Memo::Save(view), Memo::Line(_)] = seat.kept.as_slice() else { panic!("{:?}", seat.kept) };
    assert_eq!((view.name.as_str(), view.filter.as_str(), view.board), ("mine", "stage:queued", false));
    let mut seat = seat.keys("Esc b 1 : \"view mine\"");
    assert!(seat.frame().contains("Runs as:  aq ls stage:queued --sort=stage"), "{}", seat.frame());
    // What deletes it is never what is under the cursor while it is looked for.
    let opens = Seat::of(SCENE, (80, 24)).keys("2 : \"save mine\" Enter : \"view\"");
    let Some(Layer::Pick(pick)) = opens.model.layers.last() else { panic!("no palette") };
    assert_eq!(pick.chosen().map(|choice| choice.label.as_str()), Some("view mine"));
    let seat = seat.keys("Enter");
    let it = &seat.model.jobs;
    assert_eq!((seat.model.place().name(), it.query.as_str(), it.board.on), ("Jobs", "stage:queued", false));
    let seat = seat.keys(": \"delete view mine\" Enter");
    assert!(seat.model.recall.views.is_empty());
    assert!(seat.kept.contains(&Memo::Delete("mine".to_string())));
}

#[test]
fn with_many_jobs_no_key_waits_for_those_that_fit() {
    let script: String = (0..2_100).map(|n| format!("submit job-{n} | ")).collect();
    let mut seat = Seat::of(&script, (80, 24)).keys(":");
    let mut asked = |key: char| {
        let effects = update(&mut seat.model, Msg::Key(Key::Char(key)));
        effects.into_iter().find_map(|effect| match effect {
            Effect::Seek(request) => Some(*request),
            _ => None,
        })
    };
    let first = asked('j').expect("it is asked for beside the screen");
    // While it is out nothing else is asked for; its answer is late and asks for what is typed by then.
    assert!(asked('9').is_none() && asked('9').is_none());
    let answer = |seat: &mut Seat, sought: Sought| {
        let effects = update(&mut seat.model, Msg::Sought(Box::new(sought)));
        effects.into_iter().find_map(|effect| match effect {
            Effect::Seek(request) => Some(*request),
            _ => None,
        })
    };
    let found = seek(&first);
    assert_eq!(found.fit.len(), 2_100);
    let second = answer(&mut seat, found).expect("asked anew");
    assert_eq!((second.words.as_str(), second.among.as_ref().map(|it| it.len())), ("j99", Some(2_100)));
    let found = seek(&second);
    assert!(seat.model.pending());
    let stale = Sought { generation: 1, ..found.clone() };
    assert!(answer(&mut seat, stale).is_none() && seat.model.pending(), "another's answer is none");
    assert!(answer(&mut seat, found).is_none() && !seat.model.pending());
    assert!(shown(&seat).contains("job-99 "), "{}", shown(&seat));
}
