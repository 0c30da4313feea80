//! The dialect of scripts: log text, with events on lines that begin with `::aq ` (`engines.md` section 10).

use super::super::event::EVENT_WORDS;
use super::table::{Heard, Hearing, Said};
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

/// Each line stands for itself.
pub(super) struct Shell;

impl Hearing for Shell {
    fn hear(&mut self, said: Said<'_>) -> Heard {
        let Some(json) = said.bytes.strip_prefix(MARK) else { return Heard::Text };
        match serde_json::from_slice(json) {
            Ok(event) => Heard::Events(vec![event]),
            Err(_) => Heard::Unknown(why_unknown(json)),
        }
    }
}

/// What is wrong with an event line, for whoever wrote the script.
fn why_unknown(json: &[u8]) -> String {
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_slice(json) else {
        return "what follows ::aq is no JSON object".to_string();
    };
    match fields.get("ev").and_then(serde_json::Value::as_str) {
        None => format!("it names no event; write \"ev\": one of {}", EVENT_WORDS.join(", ")),
        Some(word) if EVENT_WORDS.contains(&word) => format!("the fields of {word:?} do not read"),
        Some(word) => format!("no event {word:?}; there are {}", EVENT_WORDS.join(", ")),
    }
}

/// The class of an exit code.
pub(super) fn exit_class(code: i32) -> Option<Outcome> {
    EXIT_CODES.iter().find(|row| row.0 == code).map(|row| row.1)
}

#[cfg(test)]
mod tests {
    use super::super::super::event::EngineEvent;
    use super::super::super::transcript::Source;
    use super::*;
    use crate::time::Stamp;

    fn hear(line: &[u8]) -> Heard {
        Shell.hear(Said { bytes: line, source: Source::Out, at: Stamp::default() })
    }

    #[test]
    fn lines_are_text_events_or_unknown() {
        let check = |line: &str, expected: &str| {
            let got = match hear(line.as_bytes()) {
                Heard::Text => "text".to_string(),
                Heard::Unknown(why) => format!("unknown: {why}"),
                Heard::Events(events) => match &events[..] {
                    [EngineEvent::Usage(u)] => format!("usage {:?} {:?}", u.tokens.input, u.tokens.output),
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
        let words = EVENT_WORDS.join(", ");
        check(r#"::aq {"ev":"usage","in":-1}"#, r#"unknown: the fields of "usage" do not read"#);
        check(r#"::aq {"ev":"tool","name":"make"}"#, "tool make Start");
        check(
            r#"::aq {"ev":"ended","class":"no_work","reason":"nothing to do"}"#,
            "ended no_work nothing to do",
        );
        check(r#"::aq {"ev":"ended","class":"splendid"}"#, r#"unknown: the fields of "ended" do not read"#);
        check(r#"::aq {"ev":"dance"}"#, &format!(r#"unknown: no event "dance"; there are {words}"#));
        check(r#"::aq {"in":1}"#, &format!(r#"unknown: it names no event; write "ev": one of {words}"#));
        check("::aq {", "unknown: what follows ::aq is no JSON object");
        check("::aq []", "unknown: what follows ::aq is no JSON object");
    }

    #[test]
    fn every_word_is_an_event() {
        for word in EVENT_WORDS {
            let line = format!(r#"::aq {{"ev":"{word}"}}"#);
            let known = match hear(line.as_bytes()) {
                Heard::Unknown(why) => why.contains("do not read"),
                other => other != Heard::Text,
            };
            assert!(known, "{word}");
        }
    }
}
