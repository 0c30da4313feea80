//! What a reviewing engine must end with, read strictly, and what becomes of it in words. Pure.

use std::fmt::Write as _;

use serde::Deserialize;

/// The info string of the block that a verdict stands in.
const INFO: &str = "verdict";
/// Findings of one verdict; a longer list is no review but a dump, and nobody would work it off.
const FINDINGS_MOST: usize = 200;
/// Bytes of one verdict: it becomes a part of the author's next prompt.
const BYTES_MOST: usize = 64 << 10;

/// How to answer, for the end of a reviewer's prompt.
pub(super) const HOW_TO_ANSWER: &str = r#"End your last message with exactly one block of this form, with nothing after it:

```verdict
{"verdict": "reject",
 "findings": [{"file": "src/a.rs", "line": 12, "severity": "blocking", "text": "what is wrong and what follows"}],
 "checks": [{"command": "make test", "exit": 0}]}
```

- `verdict` is `approve` or `reject`. `severity` is `blocking` or `minor`. `file` and `line` may be left out.
- An approval has no blocking finding; a rejection has at least one finding.
- `checks` are the commands you ran yourself and how they ended; an empty list if you ran none.
- Anything else is no verdict, and a person has to decide.
"#;

/// Yes or no.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Approve,
    Reject,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Blocking,
    Minor,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Finding {
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    line: Option<u64>,
    severity: Severity,
    text: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    command: String,
    exit: i64,
}

/// A verdict as it was said.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    verdict: Word,
    findings: Vec<Finding>,
    checks: Vec<Check>,
}

impl Said {
    /// Whether it is a yes.
    pub fn approves(&self) -> bool {
        self.verdict == Word::Approve
    }

    /// The verdict for people and for the author's next prompt.
    pub fn words(&self) -> String {
        let mut out = if self.approves() { "Approved.\n" } else { "Rejected.\n" }.to_string();
        for finding in &self.findings {
            let severity = if finding.severity == Severity::Blocking { "blocking" } else { "minor" };
            let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
            let at = finding.file.as_ref().map(|file| format!(" {file}{line}")).unwrap_or_default();
            let _ = writeln!(out, "- {severity}{at}: {}", finding.text.trim());
        }
        for check in &self.checks {
            let _ = writeln!(out, "- the reviewer says it ran `{}`: exit {}", check.command, check.exit);
        }
        out
    }
}

/// The one verdict at the end of a message.
///
/// # Errors
/// Why there is none, in a sentence without a stop.
pub(super) fn read_verdict(message: &str) -> Result<Said, String> {
    let open = format!("```{INFO}");
    let lines: Vec<&str> = message.trim_end().lines().collect();
    let begins: Vec<usize> = (0..lines.len()).filter(|n| lines[*n].trim() == open).collect();
    let begin = match begins[..] {
        [] => return Err(format!("its last message has no {open} block")),
        [begin] => begin,
        _ => return Err(format!("its last message has {} verdicts", begins.len())),
    };
    let close = lines[begin + 1..].iter().position(|line| line.trim() == "```").map(|n| begin + 1 + n);
    let close = close.ok_or("its verdict block has no end")?;
    if close + 1 != lines.len() {
        return Err("something stands after its verdict".to_string());
    }
    let text = lines[begin + 1..close].join("\n");
    if text.len() > BYTES_MOST {
        return Err(format!("its verdict is longer than {BYTES_MOST} bytes"));
    }
    // The words of the error may quote the text, and an event is no place for it.
    let said: Said = serde_json::from_str(&text)
        .map_err(|error| format!("its verdict is not of the form (line {})", error.line()))?;
    let blocking = said.findings.iter().any(|finding| finding.severity == Severity::Blocking);
    match (said.verdict, blocking) {
        (Word::Approve, true) => Err("it approves with a blocking finding".to_string()),
        (Word::Reject, _) if said.findings.is_empty() => Err("it rejects without a finding".to_string()),
        _ if said.findings.len() > FINDINGS_MOST => Err(format!("it has more than {FINDINGS_MOST} findings")),
        _ if said.findings.iter().any(|finding| finding.text.trim().is_empty()) => {
            Err("a finding of it says nothing".to_string())
        }
        _ => Ok(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: &str, expected: &str) {
        let said = match read_verdict(message) {
            Ok(said) => said.words(),
            Err(why) => format!("no verdict: {why}"),
        };
        assert_eq!(said.trim_end(), expected, "{message}");
    }

    /// A message that ends with this verdict.
    fn block(json: &str) -> String {
        format!("I looked.\n\n```verdict\n{json}\n```\n")
    }

    const YES: &str = r#"{"verdict":"approve","findings":[],"checks":[]}"#;

    #[test]
    fn one_verdict_at_the_end_and_nothing_else() {
        check(&block(YES), "Approved.");
        check(
            &block(
                r#"{"verdict":"reject","findings":[{"file":"a.rs","line":3,"severity":"blocking","text":"off by one"},
                {"severity":"minor","text":"a name"}],"checks":[{"command":"make test","exit":2}]}"#,
            ),
            "Rejected.\n- blocking a.rs:3: off by one\n- minor: a name\n- the reviewer says it ran `make test`: exit 2",
        );
        check("VERDICT: approve", "no verdict: its last message has no ```verdict block");
        check(&format!("{}{}", block(YES), block(YES)), "no verdict: its last message has 2 verdicts");
        check(&format!("{}Done.", block(YES)), "no verdict: something stands after its verdict");
        check(&format!("```verdict\n{YES}"), "no verdict: its verdict block has no end");
    }

    #[test]
    fn what_is_not_of_the_form_or_speaks_against_itself_is_none() {
        let form = "no verdict: its verdict is not of the form (line 1)";
        check(&block("yes"), form);
        check(&block(r#"{"verdict":"approve"}"#), form);
        check(&block(r#"{"verdict":"Approve","findings":[],"checks":[]}"#), form);
        check(&block(r#"{"verdict":"approve","findings":[],"checks":[],"by":"me"}"#), form);
        check(
            &block(r#"{"verdict":"approve","findings":[{"severity":"blocking","text":"x"}],"checks":[]}"#),
            "no verdict: it approves with a blocking finding",
        );
        check(
            &block(r#"{"verdict":"reject","findings":[],"checks":[]}"#),
            "no verdict: it rejects without a finding",
        );
        check(
            &block(r#"{"verdict":"reject","findings":[{"severity":"minor","text":" "}],"checks":[]}"#),
            "no verdict: a finding of it says nothing",
        );
    }

    #[test]
    fn the_form_that_is_asked_for_is_one() {
        let example = HOW_TO_ANSWER.split_once("```verdict").map(|(_, rest)| rest).unwrap_or_default();
        let example = example.split_once("\n```").map(|(json, _)| json).unwrap_or_default();
        check(
            &block(example.trim()),
            "Rejected.\n- blocking src/a.rs:12: what is wrong and what follows\n- the reviewer says it ran `make test`: exit 0",
        );
    }
}
