//! A patch taken apart: files, hunks and lines, in one column or side by side.

use crate::engine::hides;
use crate::job::Rev;

/// What a job changed, ready to be looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Patch {
    /// Where it began.
    pub from: Rev,
    /// The revision that is looked at: what a yes is bound to.
    pub to: Rev,
    /// The files, in the order of the patch.
    pub files: Vec<PatchFile>,
    /// The patch is longer than what is read of it.
    pub cut: bool,
    /// Changed files outside the allowed scope; `None` where the scope is not limited.
    pub outside: Option<Vec<String>>,
    /// The command that proves it, if there is one.
    pub verify: Option<String>,
    /// Lines that came, and names of files, with characters that a terminal obeys or does not draw.
    pub hidden: usize,
}

/// What happened to a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // Their names say them.
pub enum FileKind {
    Added,
    Deleted,
    Changed,
}

/// One file of a patch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatchFile {
    /// Its path in the repository.
    pub name: String,
    /// What happened to it.
    pub kind: FileKind,
    /// Lines that came.
    pub plus: usize,
    /// Lines that went.
    pub minus: usize,
    lines: Vec<PatchLine>,
    /// Rows side by side: the line of the old text and that of the new one.
    pairs: Vec<(Option<usize>, Option<usize>)>,
    /// Where hunks begin, among the lines and among the pairs.
    hunks: (Vec<usize>, Vec<usize>),
}

/// To which text a line belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // Their names say them.
pub enum Side {
    Both,
    Old,
    New,
    /// The head of a hunk, or a remark of git.
    Neither,
}

/// One line of a patch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatchLine {
    /// To which text it belongs.
    pub side: Side,
    /// Its number in the old text, where it is in it.
    pub old: u32,
    /// Its number in the new text; of a line that went, of the one that follows.
    pub new: u32,
    /// The line.
    pub text: String,
}

impl Patch {
    /// Takes a unified patch apart.
    pub fn parse(from: Rev, to: Rev, text: &str) -> Patch {
        let mut files: Vec<PatchFile> = Vec::new();
        let mut at = None;
        // Not by `lines`, which takes a return at the end of a line for none of it.
        for line in text.split_terminator('\n') {
            if let Some(names) = line.strip_prefix("diff --git ") {
                files.push(PatchFile::named(name_of(names)));
                at = None;
                continue;
            }
            if let Some(file) = files.last_mut() {
                at = file.take(line, at);
            }
        }
        // The last line says it where a patch was cut; no line of a patch begins like this.
        let cut = text.lines().last().is_some_and(|line| line.starts_with("(cut after "));
        files.iter_mut().for_each(PatchFile::pair);
        let hidden = files.iter().map(PatchFile::hidden).sum();
        Patch { from, to, files, cut, outside: None, verify: None, hidden }
    }

    /// Lines that came and went in all files.
    pub fn sums(&self) -> (usize, usize) {
        self.files.iter().fold((0, 0), |sum, file| (sum.0 + file.plus, sum.1 + file.minus))
    }
}

impl PatchFile {
    fn named(name: String) -> PatchFile {
        PatchFile {
            name,
            kind: FileKind::Changed,
            plus: 0,
            minus: 0,
            lines: Vec::new(),
            pairs: Vec::new(),
            hunks: (Vec::new(), Vec::new()),
        }
    }

    /// Takes the next line. `at` are the numbers of the next line in both texts, once a hunk has begun.
    fn take(&mut self, line: &str, at: Option<(u32, u32)>) -> Option<(u32, u32)> {
        if let Some(numbers) = line.strip_prefix("@@ -").and_then(begins) {
            self.push(Side::Neither, numbers, line);
            return Some(numbers);
        }
        let Some((old, new)) = at else {
            self.head(line);
            return None;
        };
        let rest = line.get(1..).unwrap_or_default();
        let (side, next) = match line.as_bytes().first() {
            Some(b'+') => (Side::New, (old, new + 1)),
            Some(b'-') => (Side::Old, (old + 1, new)),
            Some(b' ') | None => (Side::Both, (old + 1, new + 1)),
            Some(_) => (Side::Neither, (old, new)),
        };
        self.plus += usize::from(side == Side::New);
        self.minus += usize::from(side == Side::Old);
        self.push(side, (old, new), if side == Side::Neither { line } else { rest });
        Some(next)
    }

    /// A line between the name of the file and its first hunk.
    fn head(&mut self, line: &str) {
        if line.starts_with("new file mode") {
            self.kind = FileKind::Added;
        } else if line.starts_with("deleted file mode") {
            self.kind = FileKind::Deleted;
        } else if ["Binary files", "GIT binary", "old mode", "new mode"].iter().any(|s| line.starts_with(s)) {
            self.push(Side::Neither, (0, 0), line);
        }
    }

    fn hidden(&self) -> usize {
        let came = self.lines.iter().filter(|line| line.side == Side::New && hides(&line.text)).count();
        came + usize::from(hides(&self.name))
    }

    fn push(&mut self, side: Side, (old, new): (u32, u32), text: &str) {
        if side == Side::Neither && text.starts_with("@@ ") {
            self.hunks.0.push(self.lines.len());
        }
        self.lines.push(PatchLine { side, old, new, text: text.to_string() });
    }

    /// Puts lines that went beside those that came in their place.
    fn pair(&mut self) {
        let mut at = 0;
        while let Some(line) = self.lines.get(at) {
            if line.side == Side::Neither && line.text.starts_with("@@ ") {
                self.hunks.1.push(self.pairs.len());
            }
            if matches!(line.side, Side::Both | Side::Neither) {
                self.pairs.push((Some(at), Some(at)));
                at += 1;
                continue;
            }
            let run = |from: usize, side: Side| {
                self.lines[from..].iter().take_while(|line| line.side == side).count()
            };
            let gone = run(at, Side::Old);
            let came = run(at + gone, Side::New);
            for nth in 0..gone.max(came) {
                let left = (nth < gone).then_some(at + nth);
                let right = (nth < came).then_some(at + gone + nth);
                self.pairs.push((left, right));
            }
            at += gone + came;
        }
    }

    /// How many rows it takes.
    pub fn rows(&self, split: bool) -> usize {
        if split { self.pairs.len() } else { self.lines.len() }
    }

    /// A row: what stands at the left and at the right; in one column both are the same line.
    pub fn row(&self, split: bool, nth: usize) -> (Option<&PatchLine>, Option<&PatchLine>) {
        let line = |at: Option<usize>| at.and_then(|at| self.lines.get(at));
        match split {
            false => (self.lines.get(nth), self.lines.get(nth)),
            true => self.pairs.get(nth).map_or((None, None), |pair| (line(pair.0), line(pair.1))),
        }
    }

    /// The rows at which its hunks begin.
    pub fn hunks(&self, split: bool) -> &[usize] {
        if split { &self.hunks.1 } else { &self.hunks.0 }
    }

    /// The number in the new text of the first change from a row on, else of the row itself; `None` for a file
    /// that is gone or has no text.
    pub fn line_at(&self, split: bool, row: usize) -> Option<u32> {
        if self.kind == FileKind::Deleted || self.lines.is_empty() {
            return None;
        }
        let rows = (row..self.rows(split)).map(|nth| self.row(split, nth));
        let mut lines = rows.filter_map(|(left, right)| right.or(left));
        let first = self.row(split, row);
        let changed = lines.find(|line| matches!(line.side, Side::New | Side::Old));
        changed.or(first.1.or(first.0)).map(|line| line.new.max(1))
    }
}

/// `12,7 +12,9 @@ fn x` begins at 12 in both texts.
fn begins(rest: &str) -> Option<(u32, u32)> {
    let (old, rest) = rest.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let first = |part: &str| part.split(',').next().and_then(|n| n.parse().ok());
    Some((first(old)?, first(new)?))
}

/// The one name in `a/NAME b/NAME`: aq's patches know no renames, so both halves are as long.
fn name_of(names: &str) -> String {
    let half = names.get(..names.len().saturating_sub(1) / 2).unwrap_or(names);
    match half.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => unquoted(quoted.strip_prefix("a/").unwrap_or(quoted)),
        None => half.strip_prefix("a/").unwrap_or(half).to_string(),
    }
}

/// A name as git quotes it: bytes as three octal digits, a few by letters.
fn unquoted(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(digit @ b'0'..=b'3') => {
                let low: Vec<u8> = bytes.by_ref().take(2).collect();
                let value = low.iter().fold(u32::from(digit - b'0'), |sum, d| sum * 8 + u32::from(d & 7));
                out.push(u8::try_from(value).unwrap_or(b'?'));
            }
            Some(b't') => out.push(b'\t'),
            Some(b'n') => out.push(b'\n'),
            Some(other) => out.push(other),
            None => {}
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "diff --git a/src/a.rs b/src/a.rs\nindex 1..2 100644\n--- a/src/a.rs\n+++ b/src/a.rs\n\
        @@ -1,3 +1,4 @@ fn x\n one\n-two\n+2\n+2b\n three\n@@ -9,2 +10,1 @@\n nine\n-ten\n\
        diff --git a/new b/new\nnew file mode 100644\n--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+hi\n\\ No newline at end of file\n\
        diff --git a/old b c b/old b c\ndeleted file mode 100644\n--- a/old b c\n+++ /dev/null\n@@ -1 +0,0 @@\n-bye\n\
        diff --git \"a/\\303\\244.png\" \"b/\\303\\244.png\"\nBinary files a/x and b/x differ\n";

    fn patch(text: &str) -> Patch {
        Patch::parse(Rev::new("f"), Rev::new("t"), text)
    }

    #[test]
    fn a_patch_comes_apart_into_files() {
        let patch = patch(TEXT);
        let files: Vec<String> = patch
            .files
            .iter()
            .map(|f| format!("{:?} {} +{} -{} {:?}", f.kind, f.name, f.plus, f.minus, f.hunks(false)))
            .collect();
        assert_eq!(
            files,
            [
                "Changed src/a.rs +2 -2 [0, 6]",
                "Added new +1 -0 [0]",
                "Deleted old b c +0 -1 [0]",
                "Changed ä.png +0 -0 []"
            ]
        );
        assert_eq!((patch.sums(), patch.cut), ((3, 3), false));
    }

    #[test]
    fn lines_that_hide_something_are_counted() {
        let text =
            "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,4 @@\n a\x1b\n-b\x1b\n+c\r\n+d\x1b[2J\n+e\rf\n";
        let patch = patch(text);
        assert_eq!(patch.hidden, 2, "what came, and no end of a line");
        let texts: Vec<&str> = patch.files[0].lines[3..].iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["c\r", "d\x1b[2J", "e\rf"]);
    }

    #[test]
    fn side_by_side_what_came_stands_beside_what_went() {
        let file = &patch(TEXT).files[0];
        let text = |line: Option<&PatchLine>| line.map_or("-".to_string(), |line| line.text.clone());
        let rows: Vec<String> = (0..file.rows(true))
            .map(|nth| file.row(true, nth))
            .map(|(l, r)| text(l) + "|" + &text(r))
            .collect();
        let expected = ["one|one", "two|2", "-|2b", "three|three"];
        assert_eq!(rows[1..5], expected);
        assert_eq!(file.hunks(true), [0, 5]);
    }

    #[test]
    fn an_editor_is_opened_at_the_change() {
        let patch = patch(TEXT);
        let check = |file: usize, row: usize, expected: Option<u32>| {
            assert_eq!(patch.files[file].line_at(false, row), expected);
        };
        check(0, 0, Some(2));
        check(0, 4, Some(3));
        check(0, 6, Some(11));
        check(2, 0, None);
        check(3, 0, Some(1));
    }
}
