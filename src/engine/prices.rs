//! What tokens cost, where the engine tells tokens alone: the versioned table in `prices.txt`.

use std::sync::LazyLock;

use super::model::{is_date, plain_name};
use crate::job::Tokens;

/// The table.
struct Table {
    /// Rises with every change, so that an amount can be traced to the prices it rests on.
    version: u32,
    rows: Vec<Row>,
}

/// The price of one model, in dollars per million tokens.
struct Row {
    name: &'static str,
    input: f64,
    /// What was read from a cache.
    cached: f64,
    /// What was written to a cache; `None`: as `input`.
    cache_write: Option<f64>,
    output: f64,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    #[allow(clippy::expect_used)] // A file of this room; a test reads it.
    read(include_str!("prices.txt")).expect("prices.txt is part of the program")
});

fn read(text: &'static str) -> Option<Table> {
    let mut table = Table { version: 0, rows: Vec::new() };
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<&'static str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["version", number] => table.version = number.parse().ok()?,
            [name, input, cached, written, output] => table.rows.push(Row {
                name,
                input: input.parse().ok()?,
                cached: cached.parse().ok()?,
                cache_write: if *written == "-" { None } else { Some(written.parse().ok()?) },
                output: output.parse().ok()?,
            }),
            _ => return None,
        }
    }
    (table.version > 0).then_some(table)
}

/// The version of the price table.
pub fn prices_version() -> u32 {
    TABLE.version
}

/// What these tokens of that model cost, in millionths of a dollar; `None` for a model without a price.
pub fn price(model: &str, tokens: Tokens) -> Option<u64> {
    let row = row_of(model)?;
    tokens.sum()?;
    let (cached, written) = (tokens.cached.unwrap_or(0), tokens.cache_write.unwrap_or(0));
    let fresh = tokens.input.unwrap_or(0).saturating_sub(cached).saturating_sub(written);
    // Dollars per million tokens are millionths of a dollar per token.
    let micro = fresh as f64 * row.input
        + cached as f64 * row.cached
        + written as f64 * row.cache_write.unwrap_or(row.input)
        + tokens.output.unwrap_or(0) as f64 * row.output;
    Some(micro.round() as u64)
}

/// Whether what a model uses can be reckoned in money.
pub fn has_price(model: &str) -> bool {
    row_of(model).is_some()
}

/// A model is written with its vendor before it, with dots or dashes in its number, with the date of its
/// making behind it. Any other ending is another model, with a price of its own.
fn row_of(model: &str) -> Option<&'static Row> {
    let name = plain_name(model);
    TABLE.rows.iter().find(|row| name.strip_prefix(row.name).is_some_and(is_date))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_found_by_the_names_that_people_write() {
        let tokens = Tokens { input: Some(1_500), cached: Some(300), output: Some(50), ..Tokens::default() };
        let check = |model: &str, micro: Option<u64>| assert_eq!(price(model, tokens), micro, "{model}");
        // What claude 2.1.197 itself reckoned for these tokens.
        check("claude-sonnet-4-5", Some(4_440));
        check("claude-opus-4-5", Some(7_400));
        check("claude-haiku-4-5", Some(1_480));
        check("claude-3-5-haiku-20241022", Some(1_184));
        check("claude-sonnet-4-5-20250929", Some(4_440));
        check("claude-sonnet-4-5@20250929", Some(4_440));
        check("anthropic/claude-sonnet-4.5", Some(4_440));
        check("Claude-Opus-4-8[1m]", Some(7_400));
        check("gpt-5", Some(2_038));
        check("openai/gpt-5-2025-08-07", Some(2_038));
        check("gpt-5-unheard-of", None);
        check("claude-sonnet-45", None);
        check("fake-model", None);
        check("", None);
    }

    #[test]
    fn what_is_not_known_is_not_priced() {
        assert_eq!(price("gpt-5", Tokens::default()), None);
        let more_cached_than_in = Tokens { input: Some(1), cached: Some(9), ..Tokens::default() };
        assert_eq!(price("gpt-5", more_cached_than_in), Some(1));
    }

    #[test]
    fn each_name_stands_in_the_table_once() {
        let mut names: Vec<&str> = TABLE.rows.iter().map(|row| row.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(prices_version() >= 1);
    }
}
