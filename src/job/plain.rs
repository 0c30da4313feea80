//! What the system and libraries say when they fail, without the marks that are meant for programmers.

/// The words of an error for people: `No such file or directory`, not `… (os error 2)`.
pub fn plain_error(error: &(impl std::fmt::Display + ?Sized)) -> String {
    let text = error.to_string();
    // git's library ends with the names of its own constants.
    let text = text.split("; class=").next().unwrap_or_default();
    match text.rsplit_once(" (os error ") {
        Some((words, code)) if code.trim_end_matches(')').bytes().all(|b| b.is_ascii_digit()) => {
            words.to_string()
        }
        _ => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_for_programmers_are_left_out() {
        let check = |text: &str, expected: &str| assert_eq!(plain_error(text), expected);
        check("No such file or directory (os error 2)", "No such file or directory");
        check("no such ref; class=Reference (4); code=NotFound (-3)", "no such ref");
        check("it is (os error x) and more", "it is (os error x) and more");
        check("plain", "plain");
    }
}
