//! What needs a person is told by its gist: what a job asks, how large a change is, that nothing proves it.

use aq::dash::{Gist, GistOf, Got, Msg, Read, Want};
use aq::insight::Rejected;
use expect_test::{Expect, expect};

use super::seat::{Seat, without_times};
use crate::law_script::START;

const QUEUE: &str = "submit door review=1 priority=critical | submit gate review=1 priority=high | submit ask | claim h1~x/1 | start door \
     | end door ok rev=c1 | claim h1~x/2 | start gate | verify gate pass rev=c2 | end gate ok rev=c2 \
     | claim h1~x/3 | start ask | ask ask";

/// Answers what was asked, one after the other, until nothing is; gives what was asked.
fn answered(seat: &mut Seat) -> Vec<String> {
    let mut asked = Vec::new();
    while let Some(want) = seat.gists.pop() {
        assert!(seat.gists.is_empty(), "one read at a time");
        let Want::Gist(job, of) = &want else { panic!("{want:?}") };
        asked.push(job.to_string());
        let got = match of {
            GistOf::Question(_) => Ok(Gist::Question("\nShall the table be dropped?\nI would.".to_string())),
            GistOf::Change(rev) if rev.as_str() == "c1" => Ok(Gist::Change(61, 9, 0)),
            GistOf::Change(_) => Err("the repository is gone".to_string()),
        };
        seat.send(Msg::Read(Box::new(Read { want, got: got.map(Got::Gist) })));
    }
    asked
}

/// The rows of Needs you, after a row with the jobs that were asked about.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(size: (u16, u16), keys: &str, expected: Expect) {
    let mut seat = Seat::of(QUEUE, size);
    let mut asked = answered(&mut seat);
    let mut seat = seat.keys(keys);
    asked.extend(answered(&mut seat));
    let frame = seat.frame();
    let rows = frame.lines().skip_while(|line| !line.contains("Needs you")).skip(1).take(3);
    let rows: Vec<&str> = rows.collect();
    expected.assert_eq(&format!("{}\n{}\n", asked.join(" "), rows.join("\n")));
}

#[test]
fn a_row_tells_what_is_asked_and_how_much_there_is_to_look_at() {
    check(
        (80, 24),
        "",
        expect![[r#"
            ask door gate
            ▸ ? ask        asks "Shall the table be dropped?"                        0s  a
              ◇ door       UNPROVEN 0 of 1 +61 −9   door                             0s  a/d
              ◇ gate       review 0 of 1            gate                             0s  a/d
        "#]],
    );
    check(
        (40, 12),
        "",
        expect![[r#"
            ask door gate
            ▸ ? ask        asks "Shall the t…     0s
              ◇ door       UNPROVEN      door     0s
              ◇ gate       review 0 of 1 gate     0s
        "#]],
    );
}

#[test]
fn it_is_read_anew_only_where_it_is_another_and_where_it_is_shown() {
    check(
        (80, 24),
        "2 1",
        expect![[r#"
            ask door gate
            ▸ ? ask        asks "Shall the table be dropped?"                        0s  a
              ◇ door       UNPROVEN 0 of 1 +61 −9   door                             0s  a/d
              ◇ gate       review 0 of 1            gate                             0s  a/d
        "#]],
    );
    check(
        (80, 24),
        "{reject door requeue} 2 {claim h1~x/4} {start door} {end door ok rev=c3} 1",
        expect![[r#"
            ask door gate door
            ▸ ? ask        asks "Shall the table be dropped?"                        0s  a
              ◇ gate       review 0 of 1            gate                             0s  a/d
              ◇ door       UNPROVEN 0 of 1          door                             0s  a/d
        "#]],
    );
}

#[test]
fn a_review_that_no_host_can_take_needs_a_person() {
    let queue = "submit it review=1 reviewers=engine:codex | claim h1~x/1 | start it | verify it pass rev=c1 \
         | end it ok rev=c1 | order_review w it rev=c1 as=engine:codex engine=codex";
    let mut seat = Seat::of(queue, (120, 24));
    answered(&mut seat);
    let rows = |seat: &mut Seat| {
        let frame = seat.frame();
        let rows: Vec<&str> = frame.lines().filter(|line| line.contains("stuck")).collect();
        rows.join("\n")
    };
    expect![
        "▸ ◇ it         review stuck… it                           0s  a/d│  ▲ no host has codex: 1 job waits"
    ]
    .assert_eq(&rows(&mut seat));
    // With no agent at all it waits for one, not for a person.
    seat.agents.clear();
    seat.feed();
    assert_eq!(rows(&mut seat), "");
}

#[test]
fn in_words_a_question_is_said_as_soon_as_it_is_read() {
    let mut seat = Seat::of(QUEUE, (80, 24));
    let mut talk = aq::dash::Talk::new(Vec::new());
    let said = |talk: &mut aq::dash::Talk, seat: &Seat| -> String {
        talk.tell(&seat.model).iter().map(|line| without_times(line) + "\n").collect()
    };
    let menu = said(&mut talk, &seat);
    assert!(menu.contains(" ask asks you, 0 s, ask\n"), "{menu}");
    answered(&mut seat);
    let asks = "HH:MM:SS ask asks you: \"Shall the table be dropped? I would.\"\n";
    assert_eq!(said(&mut talk, &seat), asks);
    assert_eq!(said(&mut talk, &seat), "", "once is enough");
    // A menu has it from now on, with the size of what waits for review.
    let menu = said(&mut talk, &seat.keys("2"));
    assert!(menu.contains(" ask asks you, 0 s, ask, \"Shall the table be dropped? I would.\"\n"), "{menu}");
    assert!(menu.contains(" door review, 0 s, door, +61 -9, unproven, 0 of 1 approvals\n"), "{menu}");
}

fn rejected(name: &str, problems: &str, edit: bool) -> Rejected {
    Rejected { name: name.into(), problems: problems.into(), since: Some(START), edit }
}

/// A seat with a file that was rejected, and an edit of the first job that is not used.
fn refused(size: (u16, u16)) -> Seat {
    let mut seat = Seat::of(QUEUE, size);
    let bad = "typo.md:2:1: unknown field \"verfy\"\n    verfy: make\n    ^^^^^\n";
    seat.rejected = vec![rejected("door.md", "door.md: no engine", true), rejected("typo.md", bad, false)];
    seat.feed();
    seat
}

#[test]
fn an_alert_is_reached_opened_and_its_file_edited() {
    let frame = refused((160, 45)).frame();
    assert!(frame.contains("▲ the edit of door.md is not used: no engine"), "{frame}");
    assert!(frame.contains("▲ typo.md was rejected: 2:1: unknown field"), "{frame}");
    for size in [(80, 24), (160, 45), (40, 12)] {
        // What can be acted upon next is a pane only where there are two columns.
        let mut seat = refused(size).keys(if size.0 < 120 { "Tab Tab Tab j" } else { "Tab Tab Tab Tab j" });
        let frame = seat.frame();
        assert!(frame.contains("▸ ▲ typo.md was rejected"), "{frame}");
        let mut seat = seat.keys("Enter");
        let frame = seat.frame();
        assert!(
            frame.contains("    ^^^^^") && (size.0 < 80 || frame.contains("mv queue/rejected/")),
            "{frame}"
        );
        assert_eq!(seat.keys("e Esc Esc").asked(), "OpenRejected(\"typo.md\")\n");
    }
    // Behind the last that needs somebody, `!` goes on to them.
    let mut seat = refused((80, 24)).keys("! ! ! !");
    assert!(seat.frame().contains("▸ ▲ the edit of door.md"), "{}", seat.frame());
    assert!(seat.keys("! !").frame().contains("▸ ? ask"), "and round");
}

#[test]
fn the_manifest_says_that_the_file_differs_from_what_runs() {
    let mut seat = Seat::of("submit door file=door.md", (80, 24)).keys("2 Enter ]");
    seat.rejected = vec![rejected("door.md", "door.md: no engine", true)];
    seat.feed();
    let frame = seat.frame();
    assert!(frame.contains("the edit of door.md is not used: no engine; below is what runs"), "{frame}");
}

#[test]
fn what_was_rejected_is_an_alert_whoever_rejected_it() {
    let shows = |names: &[&str], text: &str| {
        for size in [(80, 24), (160, 45)] {
            let mut seat = Seat::of(QUEUE, size);
            seat.rejected = names.iter().map(|name| rejected(name, "", false)).collect();
            seat.feed();
            let frame = seat.frame();
            assert!(frame.contains(&format!("▲{} alert", names.len())) && frame.contains(text), "{frame}");
        }
    };
    shows(&["big.md"], "▲ big.md was rejected: see queue/rejected/big");
    shows(&["big.md", "empty.md"], "▲ empty.md was rejected: see queue/rejected/em");
    let mut seat = Seat::of(QUEUE, (80, 24));
    seat.feed();
    assert!(!seat.frame().contains("alert"));
}

#[test]
fn in_words_a_job_whose_agent_is_gone_is_not_said_to_work() {
    let mut seat = Seat::of("submit door | claim h1~x/1 | start door", (80, 24));
    let mut talk = aq::dash::Talk::new(Vec::new());
    seat.gone.insert("h1~x/1".into());
    seat.feed();
    let menu: String = talk.tell(&seat.model).iter().map(|line| without_times(line) + "\n").collect();
    assert!(menu.contains(" door building, 0 s, door, agent gone\n"), "{menu}");
    // A run that goes on without it works and costs, and is no dead one.
    seat.outliving.insert("door".into());
    seat.feed();
    let mut talk = aq::dash::Talk::new(Vec::new());
    let menu: String = talk.tell(&seat.model).iter().map(|line| without_times(line) + "\n").collect();
    assert!(menu.contains(" door building, 0 s, door, no agent, runs on\n"), "{menu}");
    assert!(seat.keys("2").frame().contains("no agent, runs on"));
}

/// One to review, one that failed, three that can be shipped, one whose agent is gone, one that only runs.
const SIX: &str = "submit gate review=1 | claim h1~x/1 | start gate | end gate ok rev=c1 \
     | submit broken | claim h1~x/1 | start broken | end broken task_failed \
     | submit s1 | claim h1~x/1 | start s1 | verify s1 pass rev=c2 | end s1 ok rev=c2 \
     | submit s2 | claim h1~x/1 | start s2 | verify s2 pass rev=c3 | end s2 ok rev=c3 \
     | submit s3 | claim h1~x/1 | start s3 | verify s3 pass rev=c4 | end s3 ok rev=c4 \
     | submit lost | claim h2~x/2 | start lost | submit fine | claim h1~x/1 | start fine";

#[test]
fn every_place_counts_the_same_jobs() {
    let mut seat = Seat::of(SIX, (120, 30));
    seat.gone.insert("h2~x/2".into());
    seat.feed();
    let state = std::sync::Arc::clone(&seat.model.replica.state);
    let gone = |holder: &aq::job::HolderId| seat.gone.contains(holder);
    let (now, hosts) = (seat.model.law_now(), seat.agents.clone());
    let scene = aq::insight::Scene {
        state: &state,
        now,
        hosts: &hosts,
        gone: &gone,
        edited: &|_| false,
        aside: aq::insight::Aside::none(),
    };
    assert_eq!(aq::insight::needs_you(&scene).len(), 6, "as aq and aq next count");
    let mut seat = seat;
    let frame = seat.frame();
    assert!(frame.contains("◇6 need you") && frame.contains("Needs you 6"), "{frame}");
    seat.send(Msg::Focus(true));
    assert_eq!(seat.title, "aq ◇6");
    let menu = aq::dash::Talk::new(Vec::new()).tell(&seat.model).join("\n");
    assert!(menu.contains("6 need you"), "{menu}");
    let frame = seat.keys("2 / \"needs:me\" Enter").frame();
    assert!(frame.contains("6 of 7") && frame.contains("Jobs 6"), "{frame}");
}

#[test]
fn the_next_that_needs_you_is_also_what_waits_for_ship() {
    let queue = "submit s1 | claim h1~x/1 | start s1 | verify s1 pass rev=c2 | end s1 ok rev=c2";
    let seat = Seat::of(queue, (80, 24)).keys("2 !");
    assert_eq!(seat.model.current().map(|job| job.id.as_str()), Some("s1"));
    assert!(seat.model.page.is_none() && seat.model.toast.is_none(), "{:?}", seat.model.toast);
}

/// Jobs that need a person: so many with a review that waits, and with some, one that only waits to be shipped.
fn crowd(reviews: usize, ships: bool) -> String {
    let mut script: String = (0..reviews)
        .map(|n| {
            format!("submit r{n} review=1 | claim h1~x/1 | start r{n} | end r{n} ok rev=c1 | pass 1m | ")
        })
        .collect();
    if ships {
        script.push_str(
            "submit last | claim h1~x/1 | start last | verify last pass rev=c2 | end last ok rev=c2",
        );
    }
    script
}

/// The rows of the pane, with its head.
fn pane(frame: &str, name: &str) -> Vec<String> {
    let from = frame.lines().skip_while(|line| !line.contains(name));
    let is_head = |line: &&str| !line.starts_with(['━', '─']);
    let rows = from.clone().take(1).chain(from.skip(1).take_while(is_head));
    rows.map(str::to_string).collect()
}

#[test]
fn what_has_no_room_is_counted_and_what_waits_to_be_shipped_stays_in_sight() {
    let many = Seat::of(&crowd(30, true), (80, 24)).frame();
    let rows = pane(&many, "Needs you");
    assert!(rows[0].contains("Needs you 31"), "{many}");
    let shown = rows.iter().filter(|row| row.contains("◇")).count();
    let more = &rows[rows.len() - 2];
    assert_eq!(more.trim(), format!("… {} more", 30 - shown), "{many}");
    assert!(rows[rows.len() - 1].contains("waits for ship"), "{many}");
    // Wherever the cursor goes, it is on a row that is shown.
    let last = Seat::of(&crowd(30, true), (80, 24)).keys("G").frame();
    assert!(last.contains("▸ ◎ last"), "{last}");
    let before = Seat::of(&crowd(30, true), (80, 24)).keys("G k").frame();
    assert!(before.contains("▸ ◇ r29"), "{before}");
    // Rows that no other pane wants are not left blank.
    let eight = Seat::of(&crowd(7, true), (80, 24)).frame();
    assert!(!eight.contains(" more") && eight.contains("waits for ship"), "{eight}");
    let small = Seat::of(&crowd(6, false), (40, 12)).frame();
    assert!(pane(&small, "Needs you").len() >= 6, "{small}");
}

#[test]
fn a_pane_that_lost_the_focus_shows_its_first_rows() {
    let ended: String = (0..30).map(|n| format!("submit e{n:02} | cancel e{n:02} | pass 1m | ")).collect();
    let mut seat = Seat::of(&ended, (80, 24)).keys("Tab Tab G");
    let rolled = seat.frame();
    assert!(rolled.contains("e00") && !rolled.contains("e29"), "{rolled}");
    let left = seat.keys("Tab").frame();
    assert!(left.contains("e29") && !left.contains("e00"), "{left}");
}
