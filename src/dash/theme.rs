//! How things look: six roles in five themes, signs with their ASCII forms, and what the terminal can.

use ratatui::style::{Color, Modifier, Style};

use crate::job::{Role, Stage, role_of, sign_of};

pub use crate::job::{THEMES, Theme};

/// How things look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Look {
    /// The colours.
    pub theme: Theme,
    /// Signs of ASCII alone.
    pub ascii: bool,
}

/// What decides about the look: flags first, then the environment.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// `--theme`, if it is not `auto`.
    pub theme: Option<Theme>,
    /// `--color` or `AQ_COLOR` or the configuration, where one of them says always or never.
    pub color: Option<bool>,
    /// `--ascii`.
    pub ascii: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `TERM`.
    pub term: String,
    /// `COLORTERM`.
    pub colorterm: String,
    /// `COLORFGBG`, such as `15;0`.
    pub colorfgbg: String,
    /// The locale's encoding is UTF-8.
    pub utf8: bool,
}

impl Look {
    /// The look that these wishes add up to. Asks the terminal nothing: the first frame waits for nobody.
    pub fn of(wishes: &Wishes) -> Look {
        let ascii = wishes.ascii || !wishes.utf8 || wishes.term == "linux";
        let theme = match (wishes.color, wishes.theme, wishes.no_color) {
            (Some(false), ..) => Theme::Mono,
            (_, Some(theme), _) => theme,
            (None, None, true) => Theme::Mono,
            (_, None, _) => detected(wishes),
        };
        Look { theme, ascii }
    }

    /// Whether nothing told which theme fits, so that the terminal may be asked for its background later.
    pub fn is_guessed(wishes: &Wishes) -> bool {
        let bare = Wishes { colorfgbg: String::new(), ..wishes.clone() };
        let chosen = wishes.theme.is_some() || !wishes.colorfgbg.is_empty();
        !chosen && Look::of(&bare).theme == Theme::Dark
    }

    /// The style of a role.
    pub fn role(self, role: Role) -> Style {
        let Some(color) = self.color(role) else { return weight(role) };
        weight(role).fg(color)
    }

    /// The style of a stage: its role's colour, and for some a weight.
    pub fn stage(self, stage: Stage) -> Style {
        let style = Style::new();
        let style = self.color(role_of(stage)).map_or(style, |color| style.fg(color));
        match stage {
            Stage::Building | Stage::Review | Stage::Failed => style.add_modifier(Modifier::BOLD),
            Stage::DeadLetter => style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            _ => style,
        }
    }

    /// The row under the cursor.
    pub fn cursor(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Heads and labels.
    pub fn head(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// A sign, in the form this terminal shows.
    pub fn sign(self, sign: Sign) -> &'static str {
        let (utf, ascii) = SIGNS[sign as usize];
        if self.ascii { ascii } else { utf }
    }

    /// The sign of a stage.
    pub fn stage_sign(self, stage: Stage) -> &'static str {
        sign_of(stage, self.ascii)
    }

    fn color(self, role: Role) -> Option<Color> {
        let indexed = |row: [u8; 6]| {
            let at = match role {
                Role::Neutral => 0,
                Role::Wait => 1,
                Role::Active => 2,
                Role::Human => 3,
                Role::Good => 4,
                Role::Bad => 5,
                Role::Head => return None,
            };
            Some(Color::Indexed(row[at]))
        };
        match self.theme {
            Theme::Dark => indexed([250, 172, 81, 171, 155, 203]),
            Theme::Light => indexed([240, 94, 24, 91, 29, 88]),
            Theme::Contrast => indexed([231, 226, 123, 219, 119, 217]),
            Theme::Mono => None,
            Theme::Sixteen => match role {
                Role::Neutral | Role::Head => None,
                Role::Wait => Some(Color::Yellow),
                Role::Active => Some(Color::Cyan),
                Role::Human => Some(Color::Magenta),
                Role::Good => Some(Color::Green),
                Role::Bad => Some(Color::Red),
            },
        }
    }
}

fn weight(role: Role) -> Style {
    match role {
        Role::Human | Role::Bad | Role::Head => Style::new().add_modifier(Modifier::BOLD),
        Role::Neutral | Role::Wait | Role::Active | Role::Good => Style::new(),
    }
}

fn detected(wishes: &Wishes) -> Theme {
    let deep = wishes.term.contains("256color")
        || wishes.term.contains("direct")
        || matches!(wishes.colorterm.as_str(), "truecolor" | "24bit");
    if !deep {
        return Theme::Sixteen;
    }
    // `foreground;background`, the background being 7 or 9 to 15 on light terminals.
    let background = wishes.colorfgbg.rsplit(';').next().and_then(|text| text.parse::<u8>().ok());
    if background.is_some_and(|n| n == 7 || (9..=15).contains(&n)) { Theme::Light } else { Theme::Dark }
}

/// The theme that fits the background a terminal replied: `11;rgb:1e1e/1e1e/2e2e`, each part one to four digits.
pub fn theme_on(reply: &str) -> Option<Theme> {
    let colour = reply.strip_prefix("11;rgb:").or_else(|| reply.strip_prefix("11;rgba:"))?;
    let part = |text: &str| {
        let value = u32::from_str_radix(text, 16).ok().filter(|_| (1..=4).contains(&text.len()))?;
        // In thousandths of the greatest value of so many digits.
        Some(value * 1_000 / ((1 << (4 * text.len())) - 1))
    };
    let parts: Vec<u32> = colour.split('/').take(3).map(part).collect::<Option<_>>()?;
    let [red, green, blue] = parts.try_into().ok()?;
    // How bright the eye finds it (ITU-R BT.709), in ten-thousandths of thousandths.
    let bright = red * 2_126 + green * 7_152 + blue * 722;
    Some(if bright > 5_000_000 { Theme::Light } else { Theme::Dark })
}

/// Signs other than those of stages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // Each has its row in SIGNS.
pub enum Sign {
    Warning,
    Ok,
    Parked,
    Asks,
    Cursor,
    Local,
    Marked,
    Waits,
    More,
    NoData,
    Moved,
    Full,
    Empty,
    Heavy,
    Light,
    Upright,
    Dot,
    TopLeft,
    TopRight,
    BottomLeft,
    BottomRight,
    Side,
    Bad,
    Arrow,
    Minus,
    Polling,
    Stale,
}

/// Width 1 each, with and without a variation selector; none is capable of being an emoji. In ASCII too each means
/// one thing: only what lines, boxes and bars are drawn with, cell by cell, may look like a sign.
const SIGNS: [(&str, &str); 27] = [
    ("▲", "!"),
    ("●", "@"),
    ("‖", "\""),
    ("?", "?"),
    ("▸", ">"),
    ("□", "."),
    ("*", "*"),
    ("…", ":"),
    ("…", ":"),
    ("┄", "_"),
    ("↻", ")"),
    ("▮", "#"),
    ("▯", "."),
    ("━", "="),
    ("─", "-"),
    ("│", "|"),
    ("·", ";"),
    ("┏", "+"),
    ("┓", "+"),
    ("┗", "+"),
    ("┛", "+"),
    ("┃", "|"),
    ("✗", "x"),
    ("→", "}"),
    ("−", "-"),
    ("◌", "("),
    ("○", "o"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_one_column_wide_and_have_an_ascii_form() {
        use unicode_width::UnicodeWidthStr as _;
        for (sign, plain) in SIGNS {
            // `*` and `#` are bases of keycaps; text of strangers is stripped of what would make one.
            let with_vs16 = if sign.is_ascii() { sign.to_string() } else { format!("{sign}\u{fe0f}") };
            let widths = (sign.width(), with_vs16.width());
            assert_eq!((widths, plain.is_ascii(), plain.len()), ((1, 1), true, 1), "{sign}");
        }
    }

    /// What is drawn in many cells, and is known by its shape.
    const DRAWN: [Sign; 10] = [
        Sign::Full,
        Sign::Empty,
        Sign::Heavy,
        Sign::Light,
        Sign::Upright,
        Sign::TopLeft,
        Sign::TopRight,
        Sign::BottomLeft,
        Sign::BottomRight,
        Sign::Side,
    ];

    #[test]
    fn in_ascii_each_sign_means_one_thing() {
        use crate::job::{STAGES, sign_of};
        let drawn = |nth: usize| DRAWN.iter().any(|sign| *sign as usize == nth);
        let signs = SIGNS.iter().enumerate().filter(|row| !drawn(row.0)).map(|row| *row.1);
        let stages = STAGES.iter().map(|row| (sign_of(row.0, false), sign_of(row.0, true)));
        let all: Vec<(&str, &str)> = stages.chain(signs).collect();
        for (nth, a) in all.iter().enumerate() {
            // An estimate carries it.
            assert_ne!(a.1, "~", "{}", a.0);
            for b in &all[nth + 1..] {
                assert!(a.0 == b.0 || !a.1.eq_ignore_ascii_case(b.1), "{} and {} are both {}", a.0, b.0, a.1);
            }
        }
    }

    #[track_caller]
    fn check(wishes: &Wishes, expected: (Theme, bool)) {
        let look = Look::of(wishes);
        assert_eq!((look.theme, look.ascii), expected, "{wishes:?}");
    }

    #[test]
    fn a_theme_fits_the_background_that_was_replied() {
        let check = |reply: &str, expected| assert_eq!(theme_on(reply), expected, "{reply}");
        check("11;rgb:1e1e/1e1e/2e2e", Some(Theme::Dark));
        check("11;rgb:ffff/ffff/ffff", Some(Theme::Light));
        check("11;rgb:f/f/e", Some(Theme::Light));
        check("11;rgba:fd/f6/e3/ff", Some(Theme::Light));
        for text in [
            "",
            "11;?",
            "10;rgb:ff/ff/ff",
            "11;rgb:ff/ff",
            "11;rgb:/ff/ff",
            "11;rgb:fffff/ff/ff",
            "11;rgb:zz/0/0",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn only_a_guess_is_asked_about() {
        let deep = || Wishes { term: "xterm-256color".into(), utf8: true, ..Wishes::default() };
        assert!(Look::is_guessed(&deep()));
        for chosen in [
            Wishes { colorfgbg: "0;15".into(), ..deep() },
            Wishes { theme: Some(Theme::Dark), ..deep() },
            Wishes { no_color: true, ..deep() },
            Wishes { color: Some(false), ..deep() },
            Wishes { term: "linux".into(), ..deep() },
        ] {
            assert!(!Look::is_guessed(&chosen), "{chosen:?}");
        }
    }

    #[test]
    fn flags_go_before_the_environment_and_that_before_detection() {
        let deep = || Wishes { term: "xterm-256color".into(), utf8: true, ..Wishes::default() };
        check(&deep(), (Theme::Dark, false));
        check(&Wishes { colorfgbg: "0;15".into(), ..deep() }, (Theme::Light, false));
        check(&Wishes { no_color: true, ..deep() }, (Theme::Mono, false));
        check(&Wishes { no_color: true, theme: Some(Theme::Light), ..deep() }, (Theme::Light, false));
        check(&Wishes { no_color: true, color: Some(true), ..deep() }, (Theme::Dark, false));
        check(&Wishes { color: Some(false), theme: Some(Theme::Light), ..deep() }, (Theme::Mono, false));
        check(&Wishes { utf8: false, ..deep() }, (Theme::Dark, true));
        check(&Wishes { ascii: true, ..deep() }, (Theme::Dark, true));
        check(&Wishes { term: "linux".into(), ..deep() }, (Theme::Sixteen, true));
        check(&Wishes { term: "vt100".into(), ..deep() }, (Theme::Sixteen, false));
    }
}
