//! What is told outside the screen: the window's title, and pings to a person who looks elsewhere.

use aq::dash::{Effect, Msg};
use aq::job::PingKind;
use expect_test::{Expect, expect};

use super::seat::Seat;

/// Three jobs that will want a review, two of them at work.
const QUEUE: &str = "submit gate review=1 | submit door review=1 | submit wall review=1 \
     | claim h1~x/1 | start door | claim h1~x/2 | start gate | claim h1~x/3 | start wall";

/// The title and the pings after what happens to a person who has gone.
#[track_caller]
#[allow(clippy::needless_pass_by_value)] // As every `check` takes its `expect!`.
fn check(set: impl FnOnce(&mut Seat), keys: &str, expected: Expect) {
    let mut seat = Seat::of(QUEUE, (80, 24));
    set(&mut seat);
    let seat = seat.keys(keys);
    let pings = seat.effects.iter().filter_map(|effect| match effect {
        Effect::Ping(text) => Some(text.as_str()),
        _ => None,
    });
    let pings: Vec<&str> = pings.collect();
    expected.assert_eq(&format!("{} | {}", seat.title, pings.join(" | ")));
}

fn gone(seat: &mut Seat) {
    seat.send(Msg::Focus(false));
}

const GATE: &str = "{end gate ok rev=c1}";

#[test]
fn who_looks_elsewhere_is_pinged_about_what_needs_them() {
    // What an agent did, it has called the person's own command for; what a person did, nobody else tells.
    let by_command = |seat: &mut Seat| {
        gone(seat);
        seat.model.notices.agents_tell = true;
    };
    check(by_command, GATE, expect!["aq ◇1 | "]);
    check(by_command, "{end gate no_work} {requeue gate}", expect!["aq | "]);
    check(gone, GATE, expect!["aq ◇1 | gate review, 0 of 1 approvals"]);
    check(|_| {}, GATE, expect!["aq ◇1 | "]);
    check(|seat| seat.send(Msg::Focus(true)), "{end gate ok rev=c1} +2m", expect!["aq ◇1 | "]);
    // What was so before the cockpit was opened is no news, and what is told is told once.
    check(
        gone,
        "{end gate ok rev=c1} +20s {progress door tool(Bash)} +20s",
        expect!["aq ◇1 | gate review, 0 of 1 approvals"],
    );
}

#[test]
fn where_no_focus_is_told_a_key_says_that_somebody_is_there() {
    check(|_| {}, "+59s {end gate ok rev=c1}", expect!["aq ◇1 | "]);
    check(|_| {}, "+60s {end gate ok rev=c1}", expect!["aq ◇1 | gate review, 0 of 1 approvals"]);
    check(|_| {}, "+60s j +59s {end gate ok rev=c1}", expect!["aq ◇1 | "]);
}

#[test]
fn pings_come_seldom_and_together() {
    check(
        gone,
        "{end gate ok rev=c1} {end door ok rev=c2} +5s {end wall ok rev=c3} +4s",
        expect!["aq ◇3 | gate review, 0 of 1 approvals"],
    );
    check(
        gone,
        "{end gate ok rev=c1} {end door ok rev=c2} +5s {end wall ok rev=c3} +5s",
        expect!["aq ◇3 | gate review, 0 of 1 approvals | 2 jobs need you"],
    );
    // Whoever comes back meanwhile sees it on the screen.
    let back = |seat: &mut Seat| {
        gone(seat);
        seat.happens("end gate ok rev=c1");
        seat.happens("end door ok rev=c2");
        seat.send(Msg::Focus(true));
    };
    check(back, "+20s", expect!["aq ◇2 | gate review, 0 of 1 approvals"]);
}

#[test]
fn a_watched_job_and_a_pause_by_another_are_worth_a_ping() {
    let watching = |seat: &mut Seat| {
        for key in ["2", "G", "w"] {
            seat.press(aq::dash::Key::parse(key).expect("a key"));
        }
        gone(seat);
    };
    check(
        watching,
        "{cancel gate} {cancel door} {cancel wall} +10s",
        expect!["aq | wall is failed: cancelled"],
    );
    check(gone, "{pause drain}", expect!["aq | the queue was paused by op: paused by a person"]);
}

#[test]
fn settings_and_a_cockpit_that_only_reads_keep_it_quiet() {
    let but = |set: fn(&mut Seat)| {
        move |seat: &mut Seat| {
            gone(seat);
            set(seat);
        }
    };
    check(but(|seat| seat.model.read_only = true), GATE, expect!["aq ◇1 | "]);
    check(but(|seat| seat.model.notices.kinds = vec![PingKind::Watched]), GATE, expect!["aq ◇1 | "]);
    let quiet = |seat: &mut Seat| {
        let hour = seat.model.now.wall.local_hm()[..2].to_string();
        // Whatever the hour is here.
        let next = (hour.parse::<u8>().expect("an hour") + 1) % 24;
        seat.model.notices.quiet = Some(format!("{hour}:00-{next:02}:00").parse().expect("hours"));
    };
    check(but(quiet), GATE, expect!["aq ◇1 | "]);
    check(but(|seat| seat.model.notices.titles = false), GATE, expect!["aq | gate review, 0 of 1 approvals"]);
}

#[test]
fn an_account_that_closes_and_a_ceiling_that_is_near_are_alerts() {
    let script = "submit one engine=claude | submit two engine=claude | ceiling 10 \
        | claim h1~x/1 engines=claude accounts=work | start one | pass 5m | progress one working usd=2";
    let seat = || {
        let mut seat = Seat::of(script, (80, 24));
        gone(&mut seat);
        seat
    };
    // The second one waits for the pace of pings, and a third time of the same is no news.
    let seat = seat()
        .keys("{progress one working usd=8.5} {end one limit until=+2h window=five_hour usd=8.5} +10s +10s");
    let told = seat.effects.iter().filter_map(|effect| match effect {
        Effect::Ping(text) => Some(text.clone()),
        _ => None,
    });
    let told: Vec<String> = told.collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], "85 % of the ceiling of $10.00 is spent");
    let closed = "claude takes no jobs until ";
    assert!(told[1].starts_with(closed) && told[1].ends_with(": five-hour limit, account work"), "{told:?}");
    for (size, name) in [((80, 24), "alerts-80"), ((160, 45), "alerts-160"), ((40, 12), "alerts-40")] {
        let seat = Seat::of(script, size);
        let seat = seat.keys("{end one limit until=+2h window=five_hour usd=8.5}");
        super::frames::compare(seat, name, false);
    }
}
