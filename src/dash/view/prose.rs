//! Markdown set for a terminal: wrapped to a width, without markup, with the target of every link.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::text::{marked, width};
use crate::dash::model::{Face, Prose};

/// Signs of the text.
struct Signs {
    bullet: &'static str,
    done: &'static str,
    open: &'static str,
    quote: &'static str,
    rule: &'static str,
}

const UTF: Signs = Signs { bullet: "•", done: "▣", open: "▢", quote: "│ ", rule: "─" };
const ASCII: Signs = Signs { bullet: "*", done: "[x]", open: "[ ]", quote: "| ", rule: "-" };

/// Sets a manifest: its front matter as it stands, then its text.
pub fn set(of: &str, text: &str, columns: u16, ascii: bool) -> Prose {
    let (front, body) = split(text);
    let mut setter = Setter::new(usize::from(columns).max(1), if ascii { &ASCII } else { &UTF });
    for line in front.lines() {
        setter.lines.push(vec![(marked(line), Face::Faint)]);
    }
    if !front.is_empty() {
        setter.lines.push(Vec::new());
    }
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
    for event in Parser::new_ext(body, options) {
        setter.event(event);
    }
    setter.end_line();
    while setter.lines.last().is_some_and(Vec::is_empty) {
        setter.lines.pop();
    }
    Prose { of: of.to_string(), width: columns, lines: setter.lines }
}

/// The front matter between its marks, and what is behind it.
fn split(text: &str) -> (&str, &str) {
    let mark = if text.starts_with("---\n") { "---" } else { "+++" };
    let Some(rest) = text.strip_prefix(mark).and_then(|rest| rest.strip_prefix('\n')) else {
        return ("", text);
    };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == mark {
            return (rest.get(..at).unwrap_or_default(), rest.get(at + line.len()..).unwrap_or_default());
        }
        at += line.len();
    }
    ("", text)
}

struct Setter {
    columns: usize,
    signs: &'static Signs,
    lines: Vec<Vec<(String, Face)>>,
    line: Vec<(String, Face)>,
    used: usize,
    /// What every line begins with: indents of lists, marks of quotes.
    indent: Vec<String>,
    /// Numbers of open lists; `None` is a list of bullets.
    lists: Vec<Option<u64>>,
    faces: Vec<Face>,
    links: Vec<String>,
    code: bool,
}

impl Setter {
    fn new(columns: usize, signs: &'static Signs) -> Setter {
        Setter {
            columns,
            signs,
            lines: Vec::new(),
            line: Vec::new(),
            used: 0,
            indent: Vec::new(),
            lists: Vec::new(),
            faces: Vec::new(),
            links: Vec::new(),
            code: false,
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.code => {
                for line in text.lines() {
                    self.fresh();
                    self.put(&marked(line), Face::Code);
                    self.end_line();
                }
            }
            Event::Text(text) | Event::InlineHtml(text) | Event::Html(text) => {
                let face = self.faces.last().copied().unwrap_or(Face::Plain);
                self.words(&text, face);
            }
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.words(&text, Face::Code)
            }
            Event::SoftBreak => self.words(" ", Face::Plain),
            Event::HardBreak => self.end_line(),
            Event::Rule => {
                self.gap();
                let rule = self.signs.rule.repeat(self.columns);
                self.put(&rule, Face::Faint);
                self.end_line();
                self.gap();
            }
            Event::TaskListMarker(done) => {
                let sign = if done { self.signs.done } else { self.signs.open };
                self.words(&format!("{sign} "), Face::Plain);
            }
            Event::FootnoteReference(name) => self.words(&format!("[{name}]"), Face::Faint),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph if self.line.is_empty() => self.gap_between_blocks(),
            Tag::Heading { level, .. } => {
                self.gap_between_blocks();
                let marks = "#".repeat(level as usize);
                self.words(&format!("{marks} "), Face::Head);
                self.faces.push(Face::Head);
            }
            Tag::CodeBlock(_) => {
                self.gap_between_blocks();
                self.indent.push("  ".to_string());
                self.code = true;
            }
            Tag::BlockQuote(_) => {
                self.gap_between_blocks();
                self.indent.push(self.signs.quote.to_string());
            }
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.gap_between_blocks();
                }
                self.end_line();
                self.lists.push(first);
            }
            Tag::Item => {
                self.end_line();
                let sign = match self.lists.last_mut() {
                    Some(Some(n)) => {
                        *n += 1;
                        format!(" {}. ", *n - 1)
                    }
                    _ => format!(" {} ", self.signs.bullet),
                };
                self.words(&sign, Face::Plain);
                self.indent.push(" ".repeat(width(&sign)));
            }
            Tag::Strong => self.faces.push(Face::Strong),
            Tag::Emphasis | Tag::Strikethrough => self.faces.push(Face::Faint),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.faces.push(Face::Link);
                self.links.push(dest_url.to_string());
            }
            Tag::Table(_) => self.gap_between_blocks(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.end_line(),
            TagEnd::Heading(_) => {
                self.faces.pop();
                self.end_line();
            }
            TagEnd::CodeBlock => {
                self.code = false;
                self.indent.pop();
                self.end_line();
            }
            TagEnd::BlockQuote(_) => {
                self.end_line();
                self.indent.pop();
            }
            TagEnd::List(_) => {
                self.end_line();
                self.lists.pop();
            }
            TagEnd::Item => {
                self.end_line();
                self.indent.pop();
            }
            TagEnd::Strong | TagEnd::Emphasis | TagEnd::Strikethrough => drop(self.faces.pop()),
            TagEnd::Link | TagEnd::Image => {
                self.faces.pop();
                // A link is shown with its target; a text that is its own target says it once.
                let target = self.links.pop().unwrap_or_default();
                let shown = self.line.iter().any(|piece| piece.0.contains(&target));
                if !target.is_empty() && !shown {
                    self.words(&format!(" ({target})"), Face::Faint);
                }
            }
            TagEnd::TableCell => self.words("  ", Face::Plain),
            TagEnd::TableHead | TagEnd::TableRow => self.end_line(),
            _ => {}
        }
    }

    /// An empty line before a block, but not at the top, and not between the items of a list.
    fn gap_between_blocks(&mut self) {
        self.end_line();
        if self.lists.is_empty() {
            self.gap();
        }
    }

    fn gap(&mut self) {
        self.end_line();
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(Vec::new());
        }
    }

    fn fresh(&mut self) {
        if self.line.is_empty() {
            let indent = self.indent.concat();
            self.used = width(&indent);
            self.line.push((indent, Face::Plain));
        }
    }

    fn put(&mut self, text: &str, face: Face) {
        self.used += width(text);
        match self.line.last_mut() {
            Some(last) if last.1 == face => last.0.push_str(text),
            _ => self.line.push((text.to_string(), face)),
        }
    }

    /// Words, each on this line or the next.
    fn words(&mut self, text: &str, face: Face) {
        for word in marked(text).split_inclusive(' ') {
            self.fresh();
            let bare = word.trim_end();
            let begun = self.line.len() > 1 || !self.line[0].0.trim().is_empty();
            if begun && !bare.is_empty() && self.used + width(bare) > self.columns {
                self.end_line();
                self.fresh();
            }
            self.put(word, face);
        }
    }

    fn end_line(&mut self) {
        if !self.line.is_empty() {
            self.lines.push(std::mem::take(&mut self.line));
            self.used = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, columns: u16, expected: &str) {
        let prose = set("x", text, columns, false);
        let lines: Vec<String> = prose
            .lines
            .iter()
            .map(|line| line.iter().map(|piece| piece.0.as_str()).collect::<String>().trim_end().to_string())
            .collect();
        assert_eq!(lines.join("\n"), expected);
    }

    #[test]
    fn a_manifest_is_set_as_people_read_it() {
        check(
            "---\nengine: shell\n---\n# Goal\nReplace the *hand-written* loop in `aq-sched` with **steno**.\n\n- [x] one\n- [ ] two\n  - deeper\n\n1. first\n2. second\n\n```sh\nmake   all\n```\nSee [the docs](http://e.x/y).\n",
            30,
            "engine: shell\n\n# Goal\n\nReplace the hand-written loop\nin aq-sched with steno.\n\n • ▣ one\n • ▢ two\n    • deeper\n\n 1. first\n 2. second\n\n  make   all\n\nSee the docs (http://e.x/y).",
        );
        check("> said\n> twice\n\n---\n\nend", 10, "│ said\n│ twice\n\n──────────\n\nend");
        check("| a | b |\n|---|---|\n| c | d |\n", 20, "a  b\nc  d");
        check("", 10, "");
        check("+++\nopen for ever", 20, "+++ open for ever");
    }
}
