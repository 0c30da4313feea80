//! What only a terminal with room for two columns shows: the last hour, what is ahead, what gets done.

use aq::agent::AtRisk;
use aq::dash::{Found, Got, LogLine, Msg, Read, Risks, Voice, Want, Wishes};
use aq::fleet::State;
use aq::insight::Flow;
use aq::job::JobId;
use aq::time::Stamp;

use super::frames::compare;
use super::seat::Seat;

/// A day on which jobs shipped, failed, waited for each other and were put aside.
const DAY: &str = "submit a | submit b | submit c deps=b | submit late | park late | submit sad \
     | claim h1 | start a | pass 8m | verify a pass rev=a1 | end a ok rev=a1 | ship a cli rev=a1 | shipped a rev=a1 | pass 3h \
     | claim h1 | start b | pass 30m | verify b pass rev=b1 | end b ok rev=b1 | ship b cli rev=b1 | shipped b rev=b1 \
     | claim h1 | start sad | verify sad fail rev=s1 | end sad verify_failed | pass 20m | submit new deps=sad | submit next deps=new | submit last";

fn line_of<'a>(frame: &'a str, what: &str) -> &'a str {
    frame.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("no {what} in\n{frame}"))
}

#[test]
fn the_last_hour_stands_below_the_counts() {
    let mut seat = Seat::of(DAY, (160, 45));
    let frame = seat.frame();
    let counts: Vec<&str> =
        line_of(&frame, "queued ").split("   ").filter(|it| !it.trim().is_empty()).collect();
    let hour: Vec<&str> =
        line_of(&frame, "last hour").split("  ").filter(|it| !it.trim().is_empty()).collect();
    assert_eq!(counts.first().map(|it| it.trim()), Some("○ queued 3"), "{frame}");
    assert_eq!(hour.iter().map(|it| it.trim()).collect::<Vec<_>>()[..2], ["=0, 1 parked", "+1"], "{frame}");
    assert!(line_of(&frame, "last hour").contains(" today"), "{frame}");
    // An hour later nothing of it is news any more.
    seat.pass("2h".parse().expect("a span"));
    assert!(!line_of(&seat.frame(), "last hour").contains("+1"), "{}", seat.frame());
}

#[test]
fn what_gets_done_and_what_is_ahead_stand_at_the_right() {
    compare(Seat::of(DAY, (160, 45)), "wide-day-160", false);
    let poor = Wishes { term: "linux".into(), ..Wishes::default() };
    compare(Seat::of(DAY, (160, 45)).look(&poor), "wide-day-ascii-160", false);
    compare(Seat::of(DAY, (160, 24)), "wide-day-160x24", false);
}

/// The log is longer than the events at hand: its beginning is read beside the screen, once.
#[test]
fn what_came_before_the_events_at_hand_is_read() {
    let mut seat = Seat::of(DAY, (100, 45));
    seat.model.flow = aq::dash::Loaded::Unasked;
    seat.model.replica.events.drain(..6);
    seat.effects.clear();
    seat.send(Msg::Resize(160, 45));
    assert_eq!(seat.asked(), "look at Flow\n");
    assert!(!seat.frame().contains("last hour"), "nothing is guessed");
    // What comes while it is read follows on it.
    let mut flow = Flow::default();
    assert!(flow.follow(&State::default(), &seat.log()));
    seat.happens("cancel next");
    seat.send(Msg::Found(Box::new(Found::Flow(Ok(Box::new((flow, State::default())))))));
    let known = seat.frame();
    seat.effects.clear();
    let mut whole = Seat::of(&format!("{DAY} | cancel next"), (160, 45));
    assert_eq!(line_of(&known, "last hour"), line_of(&whole.frame(), "last hour"));
    assert_eq!(line_of(&known, "shipped/h"), line_of(&whole.frame(), "shipped/h"));
    seat.happens("submit more");
    whole.happens("submit more");
    assert_eq!(line_of(&seat.frame(), "last hour"), line_of(&whole.frame(), "last hour"));
    assert_eq!(seat.asked(), "", "it is read once");
}

#[test]
fn what_can_be_acted_upon_is_gone_through_and_opened() {
    let mut seat = Seat::of(DAY, (160, 45)).keys("Tab Tab j");
    let frame = seat.frame();
    let here = frame.lines().find(|line| line.starts_with('▸')).unwrap_or_default();
    assert!(here.contains("last"), "{frame}");
    let seat = seat.keys("Enter");
    assert!(seat.model.page.is_some());
    // A terminal without room for it gives the focus back.
    let mut small = Seat::of(DAY, (160, 45)).keys("Tab Tab");
    small.send(Msg::Resize(80, 24));
    assert!(line_of(&small.frame(), "Needs you").starts_with('━'), "{}", small.frame());
}

/// The panes of a job's summary, with its events read.
fn summary(script: &str, id: &str, size: (u16, u16)) -> Seat {
    let mut seat = Seat::of(script, size).keys("2 /").keys(&format!("\"{id}\" Enter Enter"));
    let job = JobId::from(id);
    let mine = |row: &(u64, aq::fleet::Event)| row.1.what.job() == Some(&job);
    let events: Vec<(u64, aq::fleet::Event)> = seat.log().into_iter().filter(mine).collect();
    let want = Want::History(job.clone());
    seat.send(Msg::Read(Box::new(Read { want, got: Ok(Got::History(events)) })));
    let lines = (1..=40).map(|n| LogLine {
        at: Stamp::from_millis(1_767_614_400_000),
        voice: Voice::Out,
        text: format!("line {n} of it"),
    });
    let got = Ok(Got::Lines { attempt: 1, lines: lines.collect(), dropped: 0, fresh: true });
    seat.send(Msg::Read(Box::new(Read { want: Want::Log(job.clone(), 1), got })));
    let want = Want::Manifest(job.clone(), seat.model.job(&job).expect("a job").body.clone());
    let text = (1..=60).map(|n| format!("- step {n}\n")).collect::<String>();
    seat.send(Msg::Read(Box::new(Read { want, got: Ok(Got::Text(text)) })));
    seat.draw();
    seat
}

/// A job with neighbours on both sides that runs.
const KIN: &str = "submit base | submit other | claim h1 | start base | verify base pass rev=a1 | end base ok rev=a1 \
     | ship base cli rev=a1 | shipped base rev=a1 | submit mid deps=base budget.usd=6 | submit top deps=mid | submit more deps=mid \
     | cancel other | pass 3m | claim h1 | start mid | checkpoint mid abcdef1234 \
     | progress mid tool(Bash) usd=1.5 tokens=41200 | pass 14s";

#[test]
fn the_summary_of_a_job_stands_in_panes() {
    compare(summary(KIN, "mid", (160, 45)), "summary-panes-160", false);
    let poor = Wishes { term: "linux".into(), ..Wishes::default() };
    compare(summary(KIN, "mid", (160, 45)).look(&poor), "summary-panes-ascii-160", false);
    compare(summary(KIN, "top", (160, 45)), "summary-panes-waits-160", false);
    compare(summary(KIN, "mid", (200, 50)), "summary-panes-200", false);
    compare(summary(KIN, "mid", (80, 24)), "summary-panes-80", false);
}

/// The heads of the panes, the one with the focus marked.
fn focus(seat: &mut Seat) -> String {
    let frame = seat.frame();
    let heavy = |line: &&str| line.contains("━ ");
    let line =
        frame.lines().skip(4).find(heavy).unwrap_or_else(|| panic!("no focus in\n{frame}")).to_string();
    line.split("━ ").nth(1).and_then(|rest| rest.split([' ', ',']).next()).unwrap_or_default().to_string()
}

#[test]
fn the_focus_goes_round_the_panes_and_rolls_the_one_that_has_it() {
    let mut seat = summary(KIN, "mid", (160, 45));
    let mut round = vec![focus(&mut seat)];
    for _ in 0..6 {
        seat = seat.keys("Tab");
        round.push(focus(&mut seat));
    }
    assert_eq!(round.join(" "), "Manifest Explain Job Events Dependencies Usage Log");
    // The log stands at its end until it is rolled, and goes on with it again once it is back there.
    assert!(seat.frame().contains("line 40 of it"));
    seat = seat.keys("g");
    assert!(
        seat.frame().contains("line 1 of it") && !seat.frame().contains("line 40 of it"),
        "{}",
        seat.frame()
    );
    seat = seat.keys("G");
    assert!(seat.frame().contains("line 40 of it"));
    seat = seat.keys("Tab G");
    assert_eq!(focus(&mut seat), "Manifest");
    assert!(seat.frame().contains("step 60") && !seat.frame().contains("step 1 "), "{}", seat.frame());
    // What was rolled too far comes back with the first key.
    seat = seat.keys("k k");
    assert!(!seat.frame().contains("step 60"), "{}", seat.frame());
    seat = seat.keys("Shift-Tab z");
    assert!(
        seat.frame().contains("line 10 of it") && !seat.frame().contains("Manifest ━"),
        "{}",
        seat.frame()
    );
}

#[test]
fn a_summary_in_one_column_has_no_panes_to_go_round() {
    let seat = summary(KIN, "mid", (80, 24)).keys("Tab");
    assert_eq!(seat.model.place().name(), "Manifest");
}

#[test]
fn what_stands_in_no_commit_is_looked_at_once_and_told() {
    let script = KIN.replace("submit mid", "submit mid ship=merge");
    let mut seat = summary(&script, "mid", (160, 45));
    assert_eq!(seat.asked().matches("look at Risks").count(), 1, "{}", seat.asked());
    let row = |files: usize| AtRisk {
        job: JobId::from("mid"),
        path: "/w/mid".into(),
        files: (0..files).map(|n| format!("f{n}").into()).collect(),
        each: vec![(20, 1); files],
        lines: 41,
        left_out: Vec::new(),
        since: Stamp::from_millis(0),
        owned: true,
        gone: false,
    };
    let found =
        |rows| Msg::Found(Box::new(Found::Risks(Ok(Risks { host: "here".into(), rows, worktrees: 1 }))));
    seat.send(found(vec![row(2)]));
    let frame = seat.frame();
    assert!(frame.contains("41 lines in 2 files newer than checkpoint abcdef1"), "{frame}");
    assert!(frame.contains("its agent lives and saves it every 5 min"), "{frame}");
    seat.send(found(Vec::new()));
    assert!(seat.frame().contains("nothing: all of it stands in commits"), "{}", seat.frame());
}
