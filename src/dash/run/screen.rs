//! What a frame writes to the terminal: cells that changed, in the fewest bytes that any terminal understands.
//!
//! Where cells are not concerned this is ratatui's own backend. Its cells cost more than they need: a whole address
//! for each gap in a row, both colours where one changes, four resets and a hidden cursor at the end of each frame.
//! Over ssh each byte is waited for. A frame is shown as a whole, and one in which nothing changed writes nothing.

use std::io::{Error, Result, Write};

use crossterm::queue;
use crossterm::style::{Color as Tint, Colored};
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::prelude::IntoCrossterm as _;
use ratatui::style::{Color, Modifier};

/// Attributes with the numbers that set and unset them. Bold and dim are unset by one number.
const ATTRIBUTES: [(Modifier, u8, u8); 9] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// How the next letter would look.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Pen {
    fg: Color,
    bg: Color,
    line: Color,
    attributes: Modifier,
}

impl Pen {
    fn of(cell: &Cell) -> Pen {
        Pen { fg: cell.fg, bg: cell.bg, line: cell.underline_color, attributes: cell.modifier }
    }

    /// Writes what makes this pen that one.
    fn turn_into(&mut self, to: Pen, out: &mut impl Write) -> Result<()> {
        if *self == to {
            return Ok(());
        }
        let mut words: Vec<String> = Vec::new();
        if to != Pen::default() {
            let gone = self.attributes - to.attributes;
            let mut unset: Vec<u8> =
                ATTRIBUTES.iter().filter(|row| gone.contains(row.0)).map(|row| row.2).collect();
            unset.dedup();
            words.extend(unset.iter().map(u8::to_string));
            // What shares its number with one that goes, goes with it.
            let set = |row: &&(Modifier, u8, u8)| {
                to.attributes.contains(row.0) && (!self.attributes.contains(row.0) || unset.contains(&row.2))
            };
            words.extend(ATTRIBUTES.iter().filter(set).map(|row| row.1.to_string()));
            for (from, to, tint) in [
                (self.fg, to.fg, Colored::ForegroundColor as fn(Tint) -> Colored),
                (self.bg, to.bg, Colored::BackgroundColor),
                (self.line, to.line, Colored::UnderlineColor),
            ] {
                words.extend((from != to).then(|| tint(to.into_crossterm()).to_string()));
            }
        }
        *self = to;
        write!(out, "\x1b[{}m", words.join(";"))
    }
}

/// The terminal's screen as ratatui writes to it.
pub(super) struct Screen<W: Write> {
    inner: CrosstermBackend<W>,
    /// The terminal's cursor is not to be seen.
    hidden: bool,
    /// What is written is of a frame that has not ended.
    begun: bool,
    /// The terminal is told where a frame begins and ends.
    synchronized: bool,
}

impl<W: Write> Screen<W> {
    pub fn of(out: W, synchronized: bool) -> Screen<W> {
        Screen { inner: CrosstermBackend::new(out), hidden: false, begun: false, synchronized }
    }

    fn begin(&mut self) -> Result<()> {
        if self.synchronized && !std::mem::replace(&mut self.begun, true) {
            queue!(self.inner, BeginSynchronizedUpdate)?;
        }
        Ok(())
    }

    /// Somebody else had the terminal: nothing is known of its cursor.
    pub fn lent(&mut self) {
        self.hidden = false;
    }
}

impl<W: Write> Write for Screen<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        Write::flush(&mut self.inner)
    }
}

impl<W: Write> Backend for Screen<W> {
    type Error = Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, cells: I) -> Result<()> {
        let mut cells = cells.peekable();
        if cells.peek().is_none() {
            return Ok(());
        }
        self.begin()?;
        let (out, mut pen) = (&mut self.inner, Pen::default());
        let mut last: Option<(u16, u16)> = None;
        // Terminals differ in how wide letters beyond ASCII are: behind one a gap is no known number of cells.
        let mut known = true;
        for (x, y, cell) in cells {
            let gap = last.filter(|last| last.1 == y && last.0 < x).map(|last| x - last.0 - 1);
            match gap {
                Some(0) => {}
                Some(1) if known => out.write_all(b"\x1b[C")?,
                Some(gap) if known => write!(out, "\x1b[{gap}C")?,
                Some(_) => write!(out, "\x1b[{}G", x + 1)?,
                None => write!(out, "\x1b[{};{}H", y + 1, x + 1)?,
            }
            pen.turn_into(Pen::of(cell), out)?;
            let text = cell.symbol();
            out.write_all(text.as_bytes())?;
            known = text.len() == 1 && (known || gap != Some(0));
            last = Some((x, y));
        }
        pen.turn_into(Pen::default(), out)
    }

    fn hide_cursor(&mut self) -> Result<()> {
        if !std::mem::replace(&mut self.hidden, true) {
            self.inner.hide_cursor()?;
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> Result<()> {
        self.hidden = false;
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<()> {
        self.begin()?;
        self.inner.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> Result<()> {
        self.begin()?;
        self.inner.clear_region(region)
    }

    fn append_lines(&mut self, count: u16) -> Result<()> {
        self.inner.append_lines(count)
    }

    fn size(&self) -> Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> Result<()> {
        if std::mem::take(&mut self.begun) {
            queue!(self.inner, EndSynchronizedUpdate)?;
        }
        Backend::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    use ratatui::layout::Rect;
    use ratatui::style::{Style, Stylize as _};
    use ratatui::text::{Line, Span};
    use ratatui::{Terminal, TerminalOptions, Viewport};

    const SIZE: Rect = Rect { x: 0, y: 0, width: 40, height: 3 };

    /// What was written, for the test too.
    #[derive(Clone, Default)]
    struct Sink(Rc<RefCell<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    fn of(frame: &[u8]) -> String {
        String::from_utf8_lossy(frame).replace('\x1b', "^")
    }

    /// Draws frames, one of rows each, on a terminal that reads them; gives what the last one wrote.
    fn frames(all: &[Vec<Line<'static>>]) -> String {
        frames_by(true, all)
    }

    fn frames_by(synchronized: bool, all: &[Vec<Line<'static>>]) -> String {
        let sink = Sink::default();
        let screen = Screen::of(sink.clone(), synchronized);
        let options = TerminalOptions { viewport: Viewport::Fixed(SIZE) };
        let mut terminal = Terminal::with_options(screen, options).expect("a terminal");
        let mut reader = vt100::Parser::new(SIZE.height, SIZE.width, 0);
        let mut wrote = Vec::new();
        for rows in all {
            let drawn = terminal
                .draw(|frame| {
                    for (y, row) in (0..).zip(rows) {
                        frame.buffer_mut().set_line(0, y, row, SIZE.width);
                    }
                })
                .expect("a frame");
            let buffer = drawn.buffer.clone();
            wrote = sink.0.take();
            reader.process(&wrote);
            for at in SIZE.positions() {
                let (cell, seen) = (&buffer[at], reader.screen().cell(at.y, at.x).expect("a cell"));
                let plain =
                    cell.symbol().trim_end() == seen.contents().trim_end() || seen.is_wide_continuation();
                let has = |one| cell.modifier.contains(one);
                let alike = (has(Modifier::BOLD), has(Modifier::DIM), has(Modifier::REVERSED))
                    == (seen.bold(), seen.dim(), seen.inverse());
                let tint = |color: Color| match color {
                    Color::Reset => vt100::Color::Default,
                    Color::Indexed(n) => vt100::Color::Idx(n),
                    other => panic!("not in these tests: {other}"),
                };
                let tinted = (tint(cell.fg), tint(cell.bg)) == (seen.fgcolor(), seen.bgcolor());
                assert!(plain && alike && tinted, "{at:?}: {cell:?} is shown as {seen:?} by {}", of(&wrote));
            }
        }
        of(&wrote)
    }

    /// What a terminal shows after each frame: letters, and how they look.
    fn shown_by<B: Backend>(screen: B, sink: &Sink, all: &[Vec<Line<'static>>]) -> Vec<Vec<String>> {
        let options = TerminalOptions { viewport: Viewport::Fixed(SIZE) };
        let mut terminal = Terminal::with_options(screen, options).expect("a terminal");
        let mut reader = vt100::Parser::new(SIZE.height, SIZE.width, 0);
        let frame = |rows: &Vec<Line<'static>>| {
            let put = |frame: &mut ratatui::Frame<'_>| {
                for (y, row) in (0..).zip(rows) {
                    frame.buffer_mut().set_line(0, y, row, SIZE.width);
                }
            };
            assert!(terminal.draw(put).is_ok(), "a frame");
            reader.process(&sink.0.take());
            let cell = |at: Position| format!("{:?}", reader.screen().cell(at.y, at.x));
            SIZE.positions().map(cell).collect()
        };
        all.iter().map(frame).collect()
    }

    fn row(text: &'static str) -> Vec<Line<'static>> {
        vec![Line::from(text)]
    }

    #[test]
    fn a_frame_writes_what_changed_and_no_more() {
        let check = |before: Vec<Line<'static>>, after: Vec<Line<'static>>, expected: &str| {
            assert_eq!(frames(&[before, after]), expected);
        };
        let of_frame = |text: &str| format!("^[?2026h{text}^[?2026l");
        check(row("same"), row("same"), "");
        check(row("one a two"), row("two a one"), &of_frame("^[1;1Htwo^[3Cone"));
        check(row("a b c d"), row("x b y d"), &of_frame("^[1;1Hx^[3Cy"));
        check(row("ab"), row("x—"), &of_frame("^[1;1Hx—"));
        check(row("ab cd"), row("—b yd"), &of_frame("^[1;1H—^[4Gy"));
        check(row("ab cd e"), row("日 yd f"), &of_frame("^[1;1H日^[4Gy^[2Cf"));
        let tinted = |tint: u8| Line::from(vec![Span::from("go").fg(Color::Indexed(tint)), "!".into()]);
        check(row("on?"), vec![tinted(9)], &of_frame("^[1;1H^[38;5;9mgo^[m!"));
        let bold = |text| Span::styled(text, Style::new().bold().reversed().bg(Color::Indexed(4)));
        let dim = |text| Span::styled(text, Style::new().dim().bg(Color::Indexed(4)));
        let rows = vec![Line::from(vec![bold("a"), dim("b")])];
        check(row("xy"), rows, &of_frame("^[1;1H^[1;7;48;5;4ma^[22;27;2mb^[m"));
    }

    #[test]
    fn a_terminal_that_knows_no_frames_is_told_of_none() {
        assert_eq!(frames_by(false, &[row("one"), row("two")]), "^[1;1Htwo");
    }

    const WORDS: [&str; 6] = ["a", "bc", "—", "…x", " ", "   "];
    const WIDE: [&str; 6] = ["a", "bc", "日", "本x", " ", "   "];

    /// Four frames of words in any look.
    fn dealt(seed: u64, words: [&'static str; 6]) -> Vec<Vec<Line<'static>>> {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut span = || {
            let text = *dice.choice(&words).expect("one");
            let mut style = Style::new();
            // The reader of these tests knows bold or dim, not both.
            let weight = [Modifier::empty(), Modifier::BOLD, Modifier::DIM][dice.usize(..3)];
            let way = [Modifier::empty(), Modifier::REVERSED][dice.usize(..2)];
            style = style.add_modifier(weight | way);
            style = if dice.bool() { style.fg(Color::Indexed(dice.u8(..3))) } else { style };
            style = if dice.u8(..4) == 0 { style.bg(Color::Indexed(dice.u8(..3))) } else { style };
            Span::styled(text, style)
        };
        let mut rows = || (0..SIZE.height).map(|_| (0..8).map(|_| span()).collect()).collect();
        (0..4).map(|_| rows()).collect()
    }

    #[test]
    fn whatever_is_drawn_is_shown() {
        (0..300).for_each(|seed| drop(frames(&dealt(seed, WORDS))));
    }

    /// What is left of a wide letter that is half written over is the library's business: it is the same.
    #[test]
    fn wide_letters_are_shown_as_the_library_shows_them() {
        for seed in 0..300 {
            let all = dealt(seed, WIDE);
            let (ours, theirs) = (Sink::default(), Sink::default());
            let shown = shown_by(Screen::of(ours.clone(), true), &ours, &all);
            let expected = shown_by(CrosstermBackend::new(theirs.clone()), &theirs, &all);
            assert_eq!(shown, expected, "seed {seed}");
        }
    }
}
