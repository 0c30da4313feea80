//! Whether two names mean one model, and what is said when they do not.

use super::tally::Tally;

/// Words asked for that leave the choice to the program.
const ANY: [&str; 5] = ["auto", "best", "default", "inherit", "opusplan"];

/// A model's name without its vendor before it and the choices in brackets behind it.
pub(super) fn plain_name(model: &str) -> String {
    let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase().replace('.', "-");
    name.split(['[', '(']).next().unwrap_or(&name).trim().to_string()
}

/// `-20250929`, `@20250929`, `-2025-09-29`, `-latest` or nothing.
pub(super) fn is_date(ending: &str) -> bool {
    let date = ending.trim_start_matches(['-', '@']);
    let digits = date.bytes().filter(u8::is_ascii_digit).count();
    ending.is_empty()
        || ending == "-latest"
        || (digits == 8 && date.bytes().all(|b| b.is_ascii_digit() || b == b'-'))
}

/// The words of a name that tell the model: without its date, and without its maker's word, which people and
/// programs leave out. Some programs put the words in another order.
fn words(model: &str) -> Vec<String> {
    let name = plain_name(model);
    let ends = name.match_indices(['-', '@']).map(|(at, _)| at);
    let end = ends.into_iter().find(|at| is_date(&name[*at..])).unwrap_or(name.len());
    let split = name[..end].split(|c: char| !c.is_ascii_alphanumeric());
    let mut words: Vec<String> =
        split.filter(|word| !word.is_empty() && *word != "claude").map(str::to_string).collect();
    words.sort_unstable();
    words
}

/// Whether `told` is what was asked for. A name without a number is an alias: any model of that name is it.
fn is_asked(asked: &str, told: &str) -> bool {
    let (want, has) = (words(asked), words(told));
    let is_alias = !want.iter().any(|word| word.bytes().any(|b| b.is_ascii_digit()));
    want == has
        || ANY.contains(&plain_name(asked).as_str())
        || (is_alias && want.iter().all(|w| has.contains(w)))
}

/// What to say of a run that asked for a model and was answered by others; `None`: there is nothing to say.
pub fn other_model(asked: Option<&str>, seen: &Tally) -> Option<String> {
    let asked = asked.filter(|asked| !asked.is_empty())?;
    let others: Vec<&str> =
        seen.models.iter().map(String::as_str).filter(|told| !is_asked(asked, told)).collect();
    (!others.is_empty()).then(|| format!("asked for {asked}, answered by {}", others.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_model_is_told_and_another_name_is_not() {
        let check =
            |asked: &str, told: &str, same: bool| assert_eq!(is_asked(asked, told), same, "{asked} {told}");
        check("claude-opus-4-1", "claude-opus-4-8", false);
        check("claude-opus-4-1", "claude-opus-4-1-20250805", true);
        check("claude-opus-4-1@20250805", "Claude-Opus-4.1[1m]", true);
        check("claude-opus-4", "claude-opus-4-1", false);
        check("claude-3-5-haiku-latest", "claude-3-5-haiku-20241022", true);
        check("opus", "claude-opus-4-8", true);
        check("sonnet[1m]", "claude-sonnet-4-5-20250929", true);
        check("opus", "claude-sonnet-4-5", false);
        check("default", "claude-sonnet-4-5", true);
        check("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5", true);
        check("sonnet-4", "Claude 4 Sonnet (Thinking)", true);
        check("gpt-5", "gpt-5-2025-08-07", true);
        check("gpt-5", "gpt-5-codex", false);
        check("pro", "gemini-2.5-pro", true);
    }

    #[test]
    fn what_answered_is_told_once() {
        let seen = Tally { models: vec!["gpt-5".into(), "gpt-4".into(), "o3".into()], ..Tally::default() };
        let told = |asked| other_model(asked, &seen).unwrap_or_default();
        assert_eq!(told(Some("gpt-5")), "asked for gpt-5, answered by gpt-4, o3");
        assert_eq!((told(None), told(Some("")), told(Some("auto"))), Default::default());
    }
}
