//! Rust source told apart into code, texts and comments, so that a word in a string is not taken for code.

/// A source text twice over: the same lines and columns, the rest blank.
pub struct Scan {
    /// Without strings, characters and comments.
    pub code: String,
    /// Comments alone, documentation among them.
    pub comments: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Text,
    Comment,
}

/// Tells a source text apart.
pub fn scan(text: &str) -> Scan {
    let chars: Vec<char> = text.chars().collect();
    let mut kinds = vec![Kind::Code; chars.len()];
    let mut i = 0;
    while i < chars.len() {
        let (kind, end) = piece(&chars, i);
        let end = end.min(chars.len());
        kinds[i..end].fill(kind);
        i = end;
    }
    let only = |wanted: Kind| -> String {
        let kept = |(c, kind): (&char, &Kind)| if *kind == wanted || *c == '\n' { *c } else { ' ' };
        chars.iter().zip(&kinds).map(kept).collect()
    };
    Scan { code: only(Kind::Code), comments: only(Kind::Comment) }
}

/// What begins at `i`, and where it ends.
fn piece(chars: &[char], i: usize) -> (Kind, usize) {
    match (chars[i], chars.get(i + 1)) {
        ('/', Some('/')) => (Kind::Comment, find(chars, i, '\n')),
        ('/', Some('*')) => (Kind::Comment, block_end(chars, i)),
        ('"', _) => (Kind::Text, quoted_end(chars, i + 1, '"')),
        ('\'', _) => char_end(chars, i).map_or((Kind::Code, i + 1), |end| (Kind::Text, end)),
        (c, _) if is_word(c) => word(chars, i),
        _ => (Kind::Code, i + 1),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A name, a number, or the letters before a text: `b"…"`, `r#"…"#`.
fn word(chars: &[char], i: usize) -> (Kind, usize) {
    let end = i + chars[i..].iter().take_while(|c| is_word(**c)).count();
    let word: String = chars[i..end].iter().collect();
    match (word.as_str(), chars.get(end)) {
        ("b" | "c", Some('"')) => (Kind::Text, quoted_end(chars, end + 1, '"')),
        ("b", Some('\'')) => (Kind::Text, char_end(chars, end).unwrap_or(end + 1)),
        ("r" | "br" | "cr", Some('"' | '#')) => {
            let hashes = chars[end..].iter().take_while(|c| **c == '#').count();
            if chars.get(end + hashes) == Some(&'"') {
                (Kind::Text, raw_end(chars, end + hashes + 1, hashes))
            } else {
                // A raw name such as r#fn is no keyword.
                (Kind::Code, end + 1 + chars[end + 1..].iter().take_while(|c| is_word(**c)).count())
            }
        }
        _ => (Kind::Code, end),
    }
}

fn find(chars: &[char], from: usize, what: char) -> usize {
    chars[from..].iter().position(|c| *c == what).map_or(chars.len(), |n| from + n)
}

/// Block comments stand in one another.
fn block_end(chars: &[char], from: usize) -> usize {
    let (mut depth, mut i) = (0_usize, from);
    while i + 1 < chars.len() {
        match (chars[i], chars[i + 1]) {
            ('/', '*') => (depth, i) = (depth + 1, i + 2),
            ('*', '/') if depth == 1 => return i + 2,
            ('*', '/') => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
    }
    chars.len()
}

fn quoted_end(chars: &[char], from: usize, quote: char) -> usize {
    let mut i = from;
    while i < chars.len() {
        match chars[i] {
            '\\' => i += 2,
            c if c == quote => return i + 1,
            _ => i += 1,
        }
    }
    chars.len()
}

fn raw_end(chars: &[char], from: usize, hashes: usize) -> usize {
    let ends = |i: &usize| {
        chars[*i] == '"' && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
    };
    (from..chars.len()).find(ends).map_or(chars.len(), |i| i + 1 + hashes)
}

/// The end of a character in quotes; `None` for a lifetime.
fn char_end(chars: &[char], i: usize) -> Option<usize> {
    match chars.get(i + 1)? {
        '\\' => Some(quoted_end(chars, i + 1, '\'')),
        _ => (chars.get(i + 2) == Some(&'\'')).then_some(i + 3),
    }
}

/// A name, a number, `::`, or one sign, with its line from 1.
pub struct Token {
    /// As written.
    pub text: String,
    /// Where.
    pub line: usize,
}

impl Token {
    /// Whether it is a name, a keyword or a number.
    pub fn is_word(&self) -> bool {
        self.text.starts_with(is_word)
    }
}

/// The tokens of code that [`scan`] has freed from texts.
pub fn tokens(code: &str) -> Vec<Token> {
    let mut out = Vec::new();
    for (n, line) in code.lines().enumerate() {
        let chars: Vec<char> = line.chars().collect();
        let mut i = 0;
        while i < chars.len() {
            let length = match chars[i] {
                c if c.is_whitespace() => 0,
                c if is_word(c) => chars[i..].iter().take_while(|c| is_word(**c)).count(),
                ':' if chars.get(i + 1) == Some(&':') => 2,
                _ => 1,
            };
            if length > 0 {
                out.push(Token { text: chars[i..i + length].iter().collect(), line: n + 1 });
            }
            i += length.max(1);
        }
    }
    out
}

/// A function with where it begins and how many lines it takes, from `fn` to its closing brace.
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of `fn`.
    pub line: usize,
    /// Lines from there.
    pub lines: usize,
}

/// Every function with a body, those inside others too.
pub fn functions(tokens: &[Token]) -> Vec<Function> {
    let starts = (0..tokens.len()).filter(|i| tokens[*i].text == "fn");
    starts.filter_map(|i| function(tokens, i)).collect()
}

fn function(tokens: &[Token], at: usize) -> Option<Function> {
    // A pointer to a function has no name; the name in a macro's pattern is its own matter.
    let name = tokens.get(at + 1).filter(|token| token.is_word())?;
    let mut depth = 0_usize;
    let mut in_body = false;
    for token in &tokens[at + 2..] {
        match token.text.as_str() {
            ";" if depth == 0 => return None,
            "{" if depth == 0 => (in_body, depth) = (true, 1),
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if in_body && depth == 0 {
            let line = tokens[at].line;
            return Some(Function { name: name.text.clone(), line, lines: token.line - line + 1 });
        }
    }
    None
}

/// Code with everything that is not code made visible as blanks.
#[track_caller]
fn check(text: &str, code: &str, comments: &str) {
    let got = scan(text);
    assert_eq!((got.code.trim_end(), got.comments.trim()), (code, comments), "{text}");
}

#[test]
fn texts_and_comments_are_told_from_code() {
    check(r#"a("fn {", b); // c"#, "a(      , b);", "// c");
    check(r#"a("\"{", b"}", c"}")"#, "a(     ,     ,     )", "");
    check("a(r\"\\\", r#\"\"{\"#, br##\"\"#{\"##)", "a(    ,        ,            )", "");
    check(r"'{' + '\'' + b'}' + '\u{7d}'", "    +      +      +", "");
    check("<'a, 'b>(x: &'a str) '", "<'a, 'b>(x: &'a str) '", "");
    check("a /* { /* } */ fn */ b", "a                    b", "/* { /* } */ fn */");
    check("r#fn(); r#\"fn\"#", "r#fn();", "");
    check("\"// no\" // yes \"", "", "// yes \"");
    check("let s = \"one\ntwo {\";\nnext", "let s =     \n      ;\nnext", "");
    check("\"not closed", "", "");
}

#[test]
fn functions_are_measured_from_fn_to_their_brace() {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found = functions(&tokens(&scan(text).code));
        let found: Vec<String> = found.iter().map(|f| format!("{}@{}+{}", f.name, f.line, f.lines)).collect();
        assert_eq!(found.join(" "), expected, "{text}");
    }
    check("fn a() {}", "a@1+1");
    check("pub const fn a<T>(x: [u8; 4]) -> [T; { 2 }]\nwhere\n T: Sized,\n{\n let s = \"}\";\n}\n", "a@1+6");
    check("trait T {\n fn no(&self);\n fn yes(&self) {\n }\n}\n", "yes@3+2");
    check("let f: fn(u8) -> u8 = g;\n// fn b() {}\n", "");
    check("fn outer() {\n fn inner() {\n }\n}\n", "outer@1+4 inner@2+2");
    check("macro_rules! m { ($n:ident) => { fn $n() {} } }", "");
}
