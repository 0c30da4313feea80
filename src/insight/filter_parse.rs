//! Reading a filter: one table of fields; what is wrong is said with what would be right.

use super::filter::{Ask, Compare, Filter, Term};
use super::tags::TAGS;
use crate::job::{Priority, STAGES, Stage, parse_usd};
use crate::time::Span;

/// One row of [`FIELDS`].
pub struct Field {
    /// As it is written, for help.
    pub form: &'static str,
    /// What it lets through.
    pub means: &'static str,
    /// The word before the colon.
    pub name: &'static str,
    read: fn(&str) -> Result<Ask, String>,
}

const fn field(
    name: &'static str,
    form: &'static str,
    means: &'static str,
    read: fn(&str) -> Result<Ask, String>,
) -> Field {
    Field { form, means, name, read }
}

/// Fields with `:`, in the order of help.
pub static FIELDS: &[Field] = &[
    field("stage", "stage:building,testing", "any of these stages", |v| Ok(Ask::Stage(all(v, stage)?))),
    field("status", "status:silent", "the status word of a running job begins so", |v| {
        Ok(Ask::Status(list(v)))
    }),
    field("cap", "cap:rust", "asks for a capability that begins so", |v| Ok(Ask::Capability(list(v)))),
    field("engine", "engine:claude", "runs, ran or asks for this engine; * stands for anything", |v| {
        Ok(Ask::Engine(list(v)))
    }),
    field("profile", "profile:qa", "this profile", |v| Ok(Ask::Profile(list(v)))),
    field("factory", "factory:forge-0*", "the host that has it or had it last", |v| {
        Ok(Ask::Factory(list(v)))
    }),
    field("priority", "priority:high", "the class of its manifest", |v| Ok(Ask::Priority(all(v, priority)?))),
    field(
        "tag",
        "tag:unproven",
        "unproven, at-risk, scope, conflict, orphaned, edited, no-host, parked, attempt, poison, critical",
        tag,
    ),
    field("lock", "lock:KEY", "this lock key", |v| Ok(Ask::Lock(list(v)))),
    field("needs", "needs:me", "waits for a person", needs),
    field("blocked-by", "blocked-by:JOB", "waits for this job", |v| Ok(Ask::BlockedBy(list(v)))),
    field("parent", "parent:JOB", "a part of this job", |v| Ok(Ask::Parent(list(v)))),
];

/// Fields that are compared.
const COMPARED: [&str; 3] = ["age", "cost", "score"];

/// A filter that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BadFilter {
    /// The term.
    pub term: String,
    /// What is wrong with it.
    pub why: String,
}

/// Reads a filter from words; a word may hold several terms. `!` and `-` before a term negate it.
///
/// # Errors
/// The first term that cannot be read.
pub fn parse_filter(words: &[String]) -> Result<Filter, BadFilter> {
    let mut terms = Vec::new();
    for word in words {
        for text in split(word) {
            let ask = term(text).map_err(|why| BadFilter { term: text.to_string(), why })?;
            terms.push(ask);
        }
    }
    Ok(Filter { terms })
}

/// Whether a term that cannot be read is only not written to its end: with more behind it, it could be.
pub fn is_begun(term: &str) -> bool {
    // Beside the known words: an amount, a span, the end of a regular expression.
    const ENDS: [&str; 4] = ["0", "h", "0h", "/"];
    let reads = |text: String| parse_filter(&[text]).is_ok();
    let head = term.rfind([':', ',']).map_or(0, |at| at + 1);
    let (head, last) = term.split_at(head);
    let words =
        STAGES.iter().map(|row| row.1).chain(PRIORITIES.iter().map(|row| row.0)).chain(TAGS).chain(["me"]);
    let mut words = words.filter(|word| word.starts_with(last));
    words.any(|word| reads(format!("{head}{word}"))) || ENDS.iter().any(|end| reads(format!("{term}{end}")))
}

/// Cuts at blanks; a regular expression may hold blanks.
fn split(word: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = word.trim_start();
    while !rest.is_empty() {
        let body = rest.trim_start_matches(['!', '-']);
        let lead = rest.len() - body.len();
        let end = match body.strip_prefix('/').and_then(|inner| inner.find('/')) {
            Some(close) => lead + close + 2,
            None => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        found.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    found
}

fn term(text: &str) -> Result<Term, String> {
    let (not, body) = match text.strip_prefix(['!', '-']) {
        Some(body) => (true, body),
        None => (false, text),
    };
    Ok(Term { not, ask: ask(body)? })
}

fn ask(text: &str) -> Result<Ask, String> {
    if text.is_empty() {
        return Err("there is nothing behind the sign".to_string());
    }
    if let Some(letters) = text.strip_prefix('~') {
        return Ok(Ask::Fuzzy(letters.to_lowercase()));
    }
    if let Some(inner) = text.strip_prefix('/') {
        let inner = inner.strip_suffix('/').ok_or("a regular expression ends with /")?;
        let built = regex::RegexBuilder::new(inner).case_insensitive(true).size_limit(1 << 20).build();
        return built.map(|regex| Ask::Regex(Box::new(regex))).map_err(|e| last_line(&e.to_string()));
    }
    if let Some(at) = text.find(['<', '>']) {
        return compared(&text[..at], &text[at..]);
    }
    let Some((name, value)) = text.split_once(':') else { return Ok(Ask::Word(text.to_lowercase())) };
    match FIELDS.iter().find(|field| field.name == name) {
        Some(_) if value.is_empty() => Err(format!("{name}: needs a value")),
        Some(field) => (field.read)(value),
        None if COMPARED.contains(&name) => {
            let like = if name == "age" { "2h" } else { "3" };
            Err(format!("{name} is compared: {name}>{like}, {name}<{like}"))
        }
        None => Err(unknown(name, FIELDS.iter().map(|field| field.name).chain(COMPARED), "field")),
    }
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_string()
}

fn compared(name: &str, rest: &str) -> Result<Ask, String> {
    let signs =
        [("<=", Compare::AtMost), (">=", Compare::AtLeast), ("<", Compare::Less), (">", Compare::More)];
    let found = signs.into_iter().find_map(|(sign, compare)| Some((compare, rest.strip_prefix(sign)?)));
    let Some((compare, value)) = found else { return Err("a comparison is <, <=, > or >=".to_string()) };
    match name {
        "age" => value.parse::<Span>().map(|span| Ask::Age(compare, span)).map_err(|e| e.to_string()),
        "cost" => parse_usd(value.trim_start_matches('$'))
            .map(|micro| Ask::Cost(compare, micro))
            .ok_or_else(|| format!("{value:?} is no amount of dollars (write cost>5 or cost>0.50)")),
        "score" => thousandths(value)
            .map(|least| Ask::Score(compare, least))
            .ok_or_else(|| format!("{value:?} is no score (write score>3 or score<2.5)")),
        other => Err(unknown(other, COMPARED.into_iter(), "compared field")),
    }
}

/// `3`, `2.5`, `-0.25`.
fn thousandths(text: &str) -> Option<i32> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 3 {
        return None;
    }
    let part: i32 = format!("{part:0<3}").parse().ok()?;
    Some(sign * whole.parse::<i32>().ok()?.checked_mul(1_000)?.checked_add(part)?)
}

fn list(value: &str) -> Vec<String> {
    value.split(',').filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
}

fn all<T>(value: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    list(value).iter().map(|part| read(part)).collect()
}

fn stage(name: &str) -> Result<Stage, String> {
    let name = if name == "dead" { "dead_letter" } else { name };
    Stage::parse(name).ok_or_else(|| unknown(name, STAGES.iter().map(|row| row.1), "stage"))
}

const PRIORITIES: [(&str, Priority); 4] = [
    ("critical", Priority::Critical),
    ("high", Priority::High),
    ("medium", Priority::Medium),
    ("low", Priority::Low),
];

fn priority(name: &str) -> Result<Priority, String> {
    let found = PRIORITIES.iter().find(|row| row.0 == name).map(|row| row.1);
    found.ok_or_else(|| unknown(name, PRIORITIES.iter().map(|row| row.0), "priority"))
}

fn tag(value: &str) -> Result<Ask, String> {
    let names = list(value);
    for name in &names {
        if !TAGS.contains(&name.as_str()) {
            return Err(unknown(name, TAGS.into_iter(), "tag"));
        }
    }
    Ok(Ask::Tag(names))
}

fn needs(value: &str) -> Result<Ask, String> {
    if value == "me" { Ok(Ask::NeedsMe) } else { Err("needs: knows only needs:me".to_string()) }
}

/// Names the nearest of the known words, or all of them.
fn unknown<'a>(wrong: &str, known: impl Iterator<Item = &'a str> + Clone, what: &str) -> String {
    let near = known.clone().map(|word| (strsim::osa_distance(wrong, word), word)).min();
    match near.filter(|(off, _)| *off <= 2) {
        Some((_, word)) => format!("no {what} {wrong}; did you mean {word}"),
        None => format!("no {what} {wrong}; there are {}", known.collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_that_is_still_being_written_is_told_from_a_wrong_one() {
        let check = |term: &str, expected: bool| assert_eq!(is_begun(term), expected, "{term}");
        for begun in [
            "stage:",
            "stage:buil",
            "stage:queued,tes",
            "age>",
            "age>2",
            "cost<",
            "-",
            "-stage:",
            "needs:m",
            "tag:un",
            "/ab",
            "priority:c",
        ] {
            check(begun, true);
        }
        for wrong in
            ["stage:faild", "stage:buildings", "stagee:", "age:2h", "score>x", "tag:nothing", "needs:you"]
        {
            check(wrong, false);
        }
    }

    #[test]
    fn bad_terms_say_what_would_be_right() {
        let check = |filter: &str, why: &str| {
            let bad = parse_filter(&[filter.to_string()]).err().map(|bad| bad.why);
            assert_eq!(bad.as_deref(), Some(why), "{filter}");
        };
        check("stage:bulding", "no stage bulding; did you mean building");
        check("stagee:x", "no field stagee; did you mean stage");
        check("stage:", "stage: needs a value");
        check("age>2", "not a duration: \"2\" (write 500ms, 90s, 45m, 2h or 1d)");
        check("age:2h", "age is compared: age>2h, age<2h");
        check("score>x", "\"x\" is no score (write score>3 or score<2.5)");
        check("score:3", "score is compared: score>3, score<3");
        check("cost>x", "\"x\" is no amount of dollars (write cost>5 or cost>0.50)");
        check("needs:you", "needs: knows only needs:me");
        check(
            "tag:foo",
            "no tag foo; there are unproven, at-risk, scope, conflict, orphaned, edited, no-host, parked, attempt, poison, critical",
        );
        check("/x", "a regular expression ends with /");
        check("/(/", "unclosed group");
        check("!", "there is nothing behind the sign");
    }

    #[test]
    fn a_regular_expression_may_hold_blanks() {
        assert_eq!(split("a /b c/  -d !/e f/"), ["a", "/b c/", "-d", "!/e f/"]);
    }
}
