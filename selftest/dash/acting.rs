//! Acting: what is sent at once, what asks first, and what is said of the answer.

use aq::dash::{Acted, Msg};
use aq::fleet::{Code, Refusal};
use aq::job::JobId;
use expect_test::{Expect, expect};

use super::frames::compare;
use super::moving::QUEUE;
use super::seat::Seat;

/// What is asked of the world, and what lies over the screen.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(script: &str, keys: &str, expected: Expect) {
    let seat = Seat::of(script, (80, 24)).keys(keys);
    let said = seat.model.toast.as_ref().map(|toast| format!("said: {}\n", toast.text)).unwrap_or_default();
    let layers = seat.model.layers.len();
    expected.assert_eq(&format!("{}{said}{layers} layers\n", seat.asked()));
}

#[test]
fn what_loses_nothing_is_sent_at_once() {
    check(
        QUEUE,
        "2 / \"four\" Enter p",
        expect![[r#"
        park four from queued@0
        0 layers
    "#]],
    );
    check(
        QUEUE,
        "2 / \"three\" Enter p",
        expect![[r#"
        unpark three from queued@0
        0 layers
    "#]],
    );
    check(
        QUEUE,
        "2 / \"four\" Enter x",
        expect![[r#"
        cancel four from queued@0
        0 layers
    "#]],
    );
    check(
        QUEUE,
        "2 / \"stage:queued\" Enter * x",
        expect![[r#"
        cancel five from queued@0, four from queued@0, three from queued@0
        said: 3 marked: actions apply to marked, Esc clears
        0 layers
    "#]],
    );
    check(
        QUEUE,
        "u",
        expect![[r#"
        undo
        0 layers
    "#]],
    );
}

#[test]
fn what_loses_something_asks_first() {
    check(
        QUEUE,
        "2 / \"one\" Enter x",
        expect![[r#"
        1 layers
    "#]],
    );
    check(
        QUEUE,
        "2 / \"one\" Enter x y",
        expect![[r#"
        cancel one from building@1
        0 layers
    "#]],
    );
    check(
        QUEUE,
        "2 / \"one\" Enter x Enter",
        expect![[r#"
        0 layers
    "#]],
    );
    check(
        QUEUE,
        "2 / \"one\" Enter x n",
        expect![[r#"
        0 layers
    "#]],
    );
    check(
        QUEUE,
        "2 / \"one\" Enter x p",
        expect![[r#"
        park one from building@1
        0 layers
    "#]],
    );
    check(
        QUEUE,
        "2 / \"one\" Enter p y",
        expect![[r#"
        park one from building@1
        0 layers
    "#]],
    );
}

#[test]
fn a_yes_is_to_what_was_seen() {
    check(
        QUEUE,
        "2 / \"one\" Enter x {checkpoint one c2} {end one crash} y",
        expect![[r#"
        cancel one from building@1
        0 layers
    "#]],
    );
}

#[test]
fn words_are_asked_for() {
    let review = "submit a review=1 | claim h1 | start a | end a ok rev=abcdef1";
    check(
        review,
        "d",
        expect![[r#"
        1 layers
    "#]],
    );
    check(
        review,
        "d Enter y",
        expect![[r#"
        1 layers
    "#]],
    );
    check(
        review,
        "d \"too long\" Enter y",
        expect![[r#"
        reject a from review@1 saying "too long"
        0 layers
    "#]],
    );
    check(
        review,
        "d \"again\" Enter r",
        expect![[r#"
        reject a from review@1 saying "again"
        0 layers
    "#]],
    );
    check(
        review,
        "d \"no\" Esc",
        expect![[r#"
            said: nothing was sent; your words: no
            0 layers
        "#]],
    );
    check(
        review,
        "a y",
        expect![[r#"
            approve a at abcdef1 from review@1
            0 layers
        "#]],
    );
    let asks = "submit a | claim h1 | start a | ask a";
    check(
        asks,
        "a \"drop it\" Enter y",
        expect![[r#"
        Read(Question("a", "question"))
        answer a saying "drop it"
        0 layers
    "#]],
    );
}

#[test]
fn a_ship_of_what_stands_in_a_pull_request_is_a_look_and_asks_nothing() {
    let open = "submit a | claim h1 | start a | checkpoint a r1 | end a ok rev=r1 | promote a | ship a cli rev=r1 | pr a 7 rev=r1";
    check(
        open,
        "S",
        expect![[r#"
        ship a at r1
        0 layers
    "#]],
    );
}

#[test]
fn a_ship_is_bound_to_its_revision() {
    let tested = "submit a | claim h1 | start a | checkpoint a r1 | verify a pass rev=r1 | end a ok rev=r1";
    check(
        tested,
        "S",
        expect![[r#"
        1 layers
    "#]],
    );
    check(
        tested,
        "S y",
        expect![[r#"
        ship a at r1
        0 layers
    "#]],
    );
    check(
        tested,
        "S D",
        expect![[r#"
            Read(History("a"))
            Read(Diff("a", DiffOf { rev: Some("r1"), runs: None }))
            0 layers
        "#]],
    );
}

#[test]
fn a_sheet_takes_no_key_in_its_first_moment() {
    let mut seat = Seat::of(QUEUE, (80, 24)).keys("2 / \"one\" Enter x");
    seat.send(Msg::Key(aq::dash::Key::Char('y')));
    assert_eq!((seat.asked().as_str(), seat.model.layers.len()), ("", 1));
    let seat = seat.keys("y");
    assert_eq!((seat.asked().as_str(), seat.model.layers.len()), ("cancel one from building@1\n", 0));
}

#[test]
fn a_paste_writes_only_where_text_is_written() {
    let mut seat = Seat::of(QUEUE, (80, 24)).keys("2");
    seat.send(Msg::Paste("xySp".to_string()));
    let said = seat.model.toast.as_ref().map(|toast| toast.text.clone());
    assert_eq!(said.as_deref(), Some("a paste was ignored: nothing here takes text"));
    assert_eq!(seat.asked(), "");
    let mut seat = seat.keys("/");
    seat.send(Msg::Paste("stage:\nqueued\x1b".to_string()));
    assert_eq!(seat.model.jobs.query, "stage: queued");
}

#[test]
fn nothing_is_sent_when_read_only() {
    let mut seat = Seat::of(QUEUE, (80, 24));
    seat.model.read_only = true;
    let seat = seat.keys("2 x p r u . Enter");
    assert_eq!(seat.asked(), "");
    assert_eq!(seat.model.layers.len(), 0);
}

#[test]
fn answers_are_told_and_what_failed_stays_marked() {
    let mut seat = Seat::of(QUEUE, (80, 24)).keys("2 / \"stage:queued\" Enter * p");
    let ticket = seat.model.ticket;
    assert!(seat.model.is_waiting(&JobId::from("four")));
    let no = Refusal::new(Code::Moved, "five is already testing", "look: aq show five");
    let results = vec![(JobId::from("four"), Ok("parked four".to_string())), (JobId::from("five"), Err(no))];
    seat.send(Msg::Acted(Box::new(Acted {
        ticket,
        results,
        fault: None,
        past: "parked".into(),
        undo: true,
        upto: 0,
    })));
    let toast = seat.model.toast.as_ref().expect("a toast");
    assert_eq!(toast.text, "parked 1, not done: it is already testing (five)");
    assert_eq!((toast.undo, toast.until), (true, None), "what failed stays until Esc");
    assert!(!seat.model.is_waiting(&JobId::from("four")) && seat.model.marks.contains("five"));
    assert!(!seat.model.marks.contains("four"));
}

#[test]
fn what_was_written_outlives_an_action_that_failed() {
    let mut seat = Seat::of("submit a review=1 | claim h1 | start a | end a ok rev=abcdef1", (80, 24))
        .keys("d \"too much\" Enter y");
    let ticket = *seat.model.waiting.keys().next().expect("it was sent");
    let fault = Some("no space left (make room)".to_string());
    let acted = Acted { ticket, results: Vec::new(), fault, past: "rejected".into(), undo: false, upto: 0 };
    seat.send(Msg::Acted(Box::new(acted)));
    let told = seat.model.messages.back().map(|message| message.more.as_str());
    assert_eq!(told, Some("your words: too much"));
}

/// A job that was stopped by its own ceiling.
const OVER: &str = "submit over budget.usd=1 | claim h1 | start over | end over budget_exceeded usd=1.25";

#[test]
fn a_job_over_its_budget_is_requeued_with_a_ceiling_that_is_asked_for() {
    let mut seat = Seat::of(OVER, (80, 24)).keys("2 r");
    compare(seat, "raise-80", false);
    check(
        OVER,
        "2 r Enter",
        expect![[r#"
        requeue over Budget { micro_usd: Some(2500000), tokens: None, turns: None, wall: None } from failed@1
        0 layers
    "#]],
    );
    check(
        OVER,
        "2 r Ctrl-u \"usd=8, turns=9\" Enter",
        expect![[r#"
        requeue over Budget { micro_usd: Some(8000000), tokens: None, turns: Some(9), wall: None } from failed@1
        0 layers
    "#]],
    );
    check(
        OVER,
        "2 r Ctrl-u \"much\" Enter",
        expect![[r#"
        1 layers
    "#]],
    );
    check(
        OVER,
        "2 r Esc",
        expect![[r#"
        0 layers
    "#]],
    );
    // Below what is spent it is warned of, and refused.
    seat = Seat::of(OVER, (80, 24)).keys("2 r Ctrl-u \"usd=1.20\"");
    assert!(seat.frame().contains("the usd budget is used up"), "{}", seat.frame());
    check(
        OVER,
        "2 r Ctrl-u \"usd=1.20\" Enter",
        expect![[r#"
        1 layers
    "#]],
    );
    // Of several each has a figure of its own.
    let two =
        format!("{OVER} | submit more budget.usd=1 | claim h1 | start more | end more budget_exceeded usd=2");
    check(
        &two,
        "2 * r",
        expect![[r#"
        said: requeue is off: the usd budget is used up; one by one they ask for a ceiling
        0 layers
    "#]],
    );
}

#[test]
fn why_something_is_off_comes_before_the_name() {
    check(
        QUEUE,
        "2 / \"four\" Enter S",
        expect![[r#"
        said: ship is off: it is in queued, not in testing
        0 layers
    "#]],
    );
}

/// What is asked for after these keys on a terminal of that size, and what is said.
fn on(size: (u16, u16), keys: &str) -> (String, String) {
    let tested = "submit a | claim h1 | start a | checkpoint a r1 | verify a pass rev=r1 | end a ok rev=r1";
    let seat = Seat::of(tested, size).keys(keys);
    (seat.asked(), seat.model.toast.map(|toast| toast.text).unwrap_or_default())
}

#[test]
fn nobody_says_yes_to_what_was_not_on_the_screen() {
    let blind = "ship it is off: make the window larger: nothing of the question is in sight";
    for size in [(30, 6), (80, 6), (5, 24), (1, 1)] {
        assert_eq!(on(size, "S y"), (String::new(), blind.to_string()), "{size:?}");
        assert_eq!(on(size, "S PgDn PgDn End Home y").0, "", "{size:?}");
    }
    let ships = "ship a at r1\n";
    assert_eq!(on((80, 24), "S y").0, ships);
    // Where it is longer than the room it is rolled through, and no part of it is jumped over.
    let unread = "ship it is off: read all of it first: PgDn goes on";
    assert_eq!(on((40, 12), "S y"), (String::new(), unread.to_string()));
    assert_eq!(on((40, 12), "S End y").0, "");
    assert_eq!(on((40, 12), "S PgDn PgDn PgDn PgDn PgDn PgDn y").0, ships);
    assert_eq!(on((40, 12), "S End Home PgDn PgDn PgDn PgDn PgDn PgDn Home y").0, ships);
    // Kept, and looked at, it may be from everywhere.
    assert!(on((80, 6), "S D").0.contains("Read(Diff("));
}

#[test]
fn what_changes_in_a_sheet_is_read_anew() {
    let tested = "submit a | claim h1 | start a | checkpoint a r1 | verify a pass rev=r1 | end a ok rev=r1";
    let mut seat = Seat::of(tested, (80, 24)).keys("S");
    seat.send(Msg::Resize(40, 12));
    seat.draw();
    let seat = seat.keys("y");
    assert_eq!(seat.asked(), "", "for another width it was set anew");
    let mut seat = Seat::of(tested, (80, 6)).keys("S");
    seat.send(Msg::Resize(80, 24));
    seat.draw();
    assert_eq!(seat.keys("y").asked(), "ship a at r1\n");
}

#[test]
fn a_number_is_not_typed_blind() {
    let kill = "P Tab Tab \"1\" Enter";
    assert_eq!(Seat::of(QUEUE, (80, 6)).keys(kill).asked(), "");
    assert!(Seat::of(QUEUE, (80, 24)).keys(kill).asked().contains("Kill"));
    // What loses nothing is quick.
    assert!(Seat::of(QUEUE, (80, 6)).keys("P Enter").asked().contains("Drain"));
}

#[test]
fn what_a_filter_hides_is_named_before_anything_is_done_to_it() {
    check(
        QUEUE,
        "2 / \"four\" Enter Space Esc / \"five\" Enter Space Esc / \"one\" Enter p",
        expect![[r#"
        1 layers
    "#]],
    );
    check(
        QUEUE,
        "2 / \"four\" Enter Space Esc / \"five\" Enter Space Esc / \"one\" Enter p y",
        expect![[r#"
            park five from queued@0, four from queued@0
            0 layers
        "#]],
    );
    let hidden = "2 / \"four\" Enter Space Esc / \"five\" Enter Space Esc / \"one\" Enter";
    compare(Seat::of(QUEUE, (80, 24)).keys(hidden), "marks-hidden-80", false);
    compare(Seat::of(QUEUE, (80, 24)).keys(hidden).keys("p"), "sheet-hidden-80", false);
    // In sight they need no question.
    check(
        QUEUE,
        "2 / \"stage:queued\" Enter * p",
        expect![[r#"
        park five from queued@0, four from queued@0
        said: 3 marked: actions apply to marked, Esc clears
        0 layers
    "#]],
    );
}

#[test]
fn marks_that_are_not_meant_are_explained_and_gone_once_it_is_done() {
    let queue =
        "submit one | submit two | park two | submit three | claim h1 | start one | end one task_failed";
    let mut seat = Seat::of(queue, (80, 24)).keys("2 * / \"zzz\" Enter p");
    let frame = seat.frame();
    assert!(frame.contains("marked, "), "{frame}");
    assert!(frame.contains("1 is parked already"), "{frame}");
    let seat = seat.keys("y");
    let marks: Vec<&str> = seat.model.marks.iter().map(JobId::as_str).collect();
    assert_eq!(marks, ["three"], "it is marked until it is answered");
    assert_eq!(seat.model.hidden.0, 1);
}

#[test]
fn the_key_that_parks_takes_back_what_is_parked() {
    check(
        QUEUE,
        "2 / \"three\" Enter p",
        expect![[r#"
        unpark three from queued@0
        0 layers
    "#]],
    );
    check(
        "submit a | park a until=+2h",
        "2 p",
        expect![[r#"
        unpark a from queued@0
        0 layers
    "#]],
    );
    check(
        "submit a not-before=+2h",
        "2 p",
        expect![[r#"
            unpark a from queued@0
            0 layers
        "#]],
    );
    check(
        QUEUE,
        "2 / \"three\" Enter : \"park\" Enter",
        expect![[r#"
            said: park is off: it is parked so already
            0 layers
        "#]],
    );
}

/// A gate before three jobs, of which two are reviewed and one is not proven.
const GATE: &str = "submit a review=1 ship=merge | submit b review=1 | submit c review=1 | submit after deps=a \
     | claim h1~x/1 | start a | checkpoint a c0ffee1 | verify a pass rev=c0ffee1 | end a ok rev=c0ffee1 \
     | claim h1~x/1 | start b | end b ok rev=beef002 | claim h1~x/1 | start c | end c ok rev=beef003";

/// The seat after the sizes of the changes came.
fn sized(mut seat: Seat) -> Seat {
    for want in std::mem::take(&mut seat.gists) {
        let got =
            Ok(aq::dash::Got::Gist(aq::dash::Gist::Change(12, 3, usize::from(want.job().as_str() == "b"))));
        seat.send(Msg::Read(Box::new(aq::dash::Read { want, got })));
    }
    seat.draw();
    seat
}

#[test]
fn several_are_approved_by_their_revisions_and_what_nobody_looked_at_asks_for_its_number() {
    let all = "2 / \"stage:review\" Enter *";
    for (size, of) in [((80, 24), "80"), ((160, 45), "160"), ((40, 12), "40")] {
        compare(sized(Seat::of(GATE, size).keys(all).keys("a")), &format!("sheet-approve-many-{of}"), false);
    }
    check(
        GATE,
        &format!("{all} a y"),
        expect![[r#"
        said: 3 marked: actions apply to marked, Esc clears
        1 layers
    "#]],
    );
    check(
        GATE,
        &format!("{all} a \"2\" Enter y"),
        expect![[r#"
            said: approve them is off: type 3 to go on
            1 layers
        "#]],
    );
    check(
        GATE,
        &format!("{all} a \"3\" Enter y"),
        expect![[r#"
            approve a at c0ffee1 from review@1, b at beef002 from review@1, c at beef003 from review@1
            said: 3 marked: actions apply to marked, Esc clears
            0 layers
        "#]],
    );
    let tested = "submit a ship=merge | claim h1~x/1 | start a | verify a pass rev=c1 | end a ok rev=c1 \
         | submit b | claim h1~x/1 | start b | verify b pass rev=c2 | end b ok rev=c2 \
         | submit port-scheduler-to-steno-7k2m ship=pr | claim h1~x/1 | start port-scheduler-to-steno-7k2m \
         | end port-scheduler-to-steno-7k2m ok rev=c3 | promote port-scheduler-to-steno-7k2m";
    compare(sized(Seat::of(tested, (80, 24)).keys("2 * S")), "sheet-ship-many-80", false);
    compare(sized(Seat::of(GATE, (80, 24)).keys("2 / \"b\" Enter a")), "sheet-approve-hides-80", false);
    // The palette and the menu show the line that runs.
    let frame = Seat::of(GATE, (160, 45)).keys("2 / \"stage:review\" Enter .").frame();
    assert!(frame.contains("aq approve a --rev c0ffee1"), "{frame}");
}

#[test]
fn whoever_looked_at_all_of_them_is_asked_for_no_number() {
    let patch = |rev: &str| aq::dash::Patch::parse(aq::job::Rev::new("base"), aq::job::Rev::new(rev), "");
    let mut seat = Seat::of(GATE, (80, 24)).keys("2 / \"stage:review\" Enter");
    for rev in ["c0ffee1", "beef002", "beef003"] {
        seat = seat.keys("Enter ] ] ]");
        let wants: Vec<aq::dash::Want> = seat
            .effects
            .drain(..)
            .filter_map(|effect| match effect {
                aq::dash::Effect::Read(want @ aq::dash::Want::Diff(..)) => Some(want),
                _ => None,
            })
            .collect();
        for want in wants {
            let aq::dash::Want::Diff(_, of) = &want else { continue };
            let to = of.rev.as_ref().map_or(rev, |rev| rev.as_str()).to_string();
            let got = Ok(aq::dash::Got::Diff(std::sync::Arc::new(patch(&to))));
            seat.send(Msg::Read(Box::new(aq::dash::Read { want, got })));
        }
        seat = seat.keys("Esc j");
    }
    seat.effects.clear();
    let seat = seat.keys("* a y");
    expect![[r#"
        approve a at c0ffee1 from review@1, b at beef002 from review@1, c at beef003 from review@1
    "#]]
    .assert_eq(&seat.asked());
}
