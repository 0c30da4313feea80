//! What is told of what was done: several that were asked for together are told together.

use aq::dash::{Acted, Effect, Msg};
use aq::fleet::{Code, Refusal};
use aq::job::JobId;

use super::seat::Seat;

/// Three jobs that can be shipped, all marked and answered with yes.
fn shipping() -> (Seat, Vec<(u64, JobId)>) {
    let one = |id: &str| {
        format!("submit {id} | claim h1~x/1 | start {id} | verify {id} pass rev=c2 | end {id} ok rev=c2 | ")
    };
    let queue: String = ["a", "b", "c"].map(one).concat();
    let seat = Seat::of(queue.trim_end_matches(" | "), (120, 24)).keys("2 * S \"3\" Enter y");
    let sent = seat.effects.iter().filter_map(|effect| match effect {
        Effect::Ship { ticket, target, .. } => Some((*ticket, target.job.clone())),
        _ => None,
    });
    let sent: Vec<(u64, JobId)> = sent.collect();
    assert_eq!(sent.len(), 3);
    (seat, sent)
}

fn answer(seat: &mut Seat, (ticket, job): &(u64, JobId), result: Result<String, Refusal>) {
    let (results, past) = (vec![(job.clone(), result)], "shipped".to_string());
    let acted = Acted { ticket: *ticket, results, fault: None, past, undo: false, upto: 0 };
    seat.send(Msg::Acted(Box::new(acted)));
}

#[test]
fn ships_of_many_are_one_word_and_every_result_is_kept() {
    let (mut seat, sent) = shipping();
    let before = seat.model.messages.len();
    answer(&mut seat, &sent[0], Ok("shipped a at c2".to_string()));
    let toast = seat.model.toast.as_ref().map(|toast| toast.text.as_str());
    assert_eq!(toast, Some("1 of 3 are answered"));
    answer(&mut seat, &sent[1], Err(Refusal::new(Code::Moved, "b is in review", "look: aq show b")));
    answer(&mut seat, &sent[2], Err(Refusal::new(Code::Moved, "c has no room", "")));
    let toast = seat.model.toast.as_ref().expect("a toast");
    assert_eq!(toast.text, "shipped 1, not done 2: it is in review (b); it has no room (c)");
    assert_eq!(toast.until, None, "what failed stays");
    let told: Vec<_> = seat.model.messages.iter().skip(before).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].more, "shipped a at c2\nb is in review (look: aq show b)\nc has no room");
    let marked: Vec<&str> = seat.model.marks.iter().map(JobId::as_str).collect();
    assert_eq!(marked, ["b", "c"]);
    assert!(seat.model.batches.is_empty() && seat.model.waiting.is_empty());
}

#[test]
fn a_message_keeps_the_name_of_the_file_that_it_is_about() {
    let mut seat = Seat::of("submit a", (80, 24));
    let text = "cannot read /srv/somebody/with/a/long/name/src/acme/queue/.aq/worktrees/fix-login/Cargo.toml";
    let said = aq::dash::Said { text: text.into(), more: String::new(), bad: false };
    seat.send(Msg::Said(said.clone()));
    seat.send(Msg::Said(aq::dash::Said { text: "another".into(), ..said }));
    let frame = seat.keys("m").frame();
    let row = frame.lines().find(|line| line.contains("cannot read")).expect("the message");
    assert!(row.contains("…/Cargo.toml"), "{row}");
}
