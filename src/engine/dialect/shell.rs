//! The dialect of scripts: log text, with events on lines that begin with `::aq ` (`engines.md` section 10).

use super::table::Heard;
use crate::job::Outcome;

/// What an event line begins with.
const MARK: &[u8] = b"::aq ";

/// One row per exit code that a script may use to say more than "failed"; the numbers are `sysexits.h`'s.
const EXIT_CODES: [(i32, Outcome); 5] = [
    (0, Outcome::Ok),
    (64, Outcome::Config),
    (69, Outcome::Overloaded),
    (75, Outcome::Limit),
    (77, Outcome::Auth),
];

/// Reads one line.
pub(super) fn hear(line: &[u8]) -> Heard {
    let Some(json) = line.strip_prefix(MARK) else { return Heard::Text };
    match serde_json::from_slice(json) {
        Ok(event) => Heard::Events(vec![event]),
        Err(_) => Heard::Unknown,
    }
}

/// The class of an exit code.
pub(super) fn exit_class(code: i32) -> Outcome {
    EXIT_CODES.iter().find(|row| row.0 == code).map_or(Outcome::TaskFailed, |row| row.1)
}

#[cfg(test)]
mod tests {
    use super::super::super::event::EngineEvent;
    use super::*;

    #[test]
    fn lines_are_text_events_or_unknown() {
        let check = |line: &str, expected: &str| {
            let got = match hear(line.as_bytes()) {
                Heard::Text => "text".to_string(),
                Heard::Unknown => "unknown".to_string(),
                Heard::Events(events) => match &events[..] {
                    [EngineEvent::Usage(u)] => format!("usage {:?} {:?}", u.input, u.out),
                    [EngineEvent::Ended(e)] => format!("ended {} {}", e.class, e.reason),
                    [EngineEvent::Tool(t)] => format!("tool {} {:?}", t.name, t.phase),
                    other => format!("{other:?}"),
                },
            };
            assert_eq!(got, expected, "{line}");
        };
        check("hello", "text");
        check("", "text");
        check(" ::aq {}", "text");
        check("::aq", "text");
        check(r#"::aq {"ev":"usage","in":10,"out":2}"#, "usage Some(10) Some(2)");
        check(r#"::aq {"ev":"usage","in":10,"later":[1]}"#, "usage Some(10) None");
        check(r#"::aq {"ev":"usage","in":-1}"#, "unknown");
        check(r#"::aq {"ev":"tool","name":"make"}"#, "tool make Start");
        check(
            r#"::aq {"ev":"ended","class":"no_work","reason":"nothing to do"}"#,
            "ended no_work nothing to do",
        );
        check(r#"::aq {"ev":"ended","class":"splendid"}"#, "unknown");
        check(r#"::aq {"ev":"dance"}"#, "unknown");
        check("::aq {", "unknown");
        check("::aq []", "unknown");
    }
}
