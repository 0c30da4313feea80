//! A seat at the cockpit: a queue made by the law's little language, keys as people write them, a clock by hand.
//!
//! `keys` takes words: a key by its name, `"text"` for each of its letters, `+2s` for time that passes, and
//! `{LINE}` for a line of the law's language that happens to the queue meanwhile. After every word a frame is
//! drawn, as the loop does, so that what only drawing knows is known.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use aq::dash::{
    Drawn, Effect, Found, Fresh, Health, Key, Look, Memo, Model, Moment, Msg, Old, Theme, Want, Wish, Wishes,
    done, lists, seek, update, view,
};
use aq::fleet::{Actor, ActorKind, Claimant, Command, State};
use aq::insight::{Recording, Rejected};
use aq::job::{HolderId, JobId};
use aq::time::Span;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use crate::law_script::World;

/// A person in front of a queue.
pub struct Seat {
    pub model: Model,
    world: World,
    seen: usize,
    up: Span,
    /// What was asked of the world.
    pub effects: Vec<Effect>,
    pub gone: HashSet<HolderId>,
    /// Running jobs whose files were changed.
    pub edited: HashSet<JobId>,
    /// Jobs whose run goes on without an agent.
    pub outliving: HashSet<JobId>,
    /// Agents that live.
    pub agents: Vec<Claimant>,
    /// Gists that were asked for.
    pub gists: Vec<Want>,
    /// What is to be kept for the next start.
    pub kept: Vec<Memo>,
    /// The window's title.
    pub title: String,
    /// Manifests that lie rejected.
    pub rejected: Vec<Rejected>,
    /// How fresh what is fed is.
    pub health: Health,
    /// The log is read as soon as it is asked for.
    pub winds: bool,
}

impl Seat {
    /// A queue after these lines, separated by `|`, on a terminal of that size.
    pub fn of(script: &str, size: (u16, u16)) -> Seat {
        let me = Actor::new(ActorKind::Person, "ann@here");
        let mut model = Model::new(me, "/q", false, Look { theme: Theme::Mono, ascii: false });
        model.size = size;
        let mut world = World::new();
        for line in script.split('|').map(str::trim).filter(|line| !line.is_empty()) {
            world.line(&format!("~{line}"));
        }
        let (up, gone) = (Span::from_secs(100), HashSet::new());
        let mut seat = Seat {
            model,
            world,
            seen: 0,
            up,
            effects: Vec::new(),
            gone,
            edited: HashSet::new(),
            outliving: HashSet::new(),
            agents: vec![crate::folder_script::claimant()],
            gists: Vec::new(),
            kept: Vec::new(),
            title: String::new(),
            rejected: Vec::new(),
            health: Health::Local { watched: true },
            winds: false,
        };
        seat.tell_time();
        seat.feed();
        seat.draw();
        seat
    }

    /// With the look that these wishes give.
    pub fn look(mut self, wishes: &Wishes) -> Seat {
        self.model.look = Look::of(wishes);
        self.draw();
        self
    }

    fn tell_time(&mut self) {
        let moment = Moment { wall: self.world.now.wall, up: self.up };
        assert!(update(&mut self.model, Msg::Now(moment)).is_empty());
    }

    /// Sends what the queue is now.
    pub fn feed(&mut self) {
        let first = self.seen;
        self.seen = self.world.events.len();
        let news = self.world.events.iter().enumerate().skip(first);
        let events = news.map(|(i, event)| (i as u64 + 1, event.clone())).collect();
        let fresh = Fresh {
            state: Arc::new(self.world.state.clone()),
            events,
            gone: Arc::new(self.gone.clone()),
            edited: Arc::new(self.edited.clone()),
            outliving: Arc::new(self.outliving.clone()),
            agents: Arc::new(self.agents.clone()),
            rejected: Arc::new(self.rejected.clone()),
            health: self.health.clone(),
            anew: false,
        };
        self.send(Msg::Replica(Box::new(fresh)));
    }

    /// Everything that has happened to the queue.
    pub fn log(&self) -> Vec<(u64, aq::fleet::Event)> {
        (1..).zip(self.world.events.iter().cloned()).collect()
    }

    /// A message, and what it asks for; lists are made at once.
    pub fn send(&mut self, msg: Msg) {
        for effect in update(&mut self.model, msg) {
            match effect {
                Effect::Lists(request) => self.send(Msg::Lists(Box::new(lists(&request)))),
                Effect::Survey(Wish::Recording) if self.winds => {
                    let log = Recording::of(State::default(), self.log()).expect("a log of the law");
                    self.send(Msg::Found(Box::new(Found::Recording(Ok(Arc::new(log))))));
                }
                Effect::Seek(request) => self.send(Msg::Sought(Box::new(seek(&request)))),
                Effect::Survey(Wish::Done) => {
                    let (mut state, mut actions) = (State::default(), Vec::new());
                    for (seq, event) in self.log() {
                        aq::insight::take_deed(&mut actions, &state, seq, &event);
                        state.apply(&event).expect("an event of the law");
                    }
                    let rows = done(&actions, &state, &self.model.me, self.model.now.wall);
                    self.send(Msg::Found(Box::new(Found::Done(Ok(Arc::new(rows))))));
                }
                Effect::Remember(memo) => self.kept.push(memo),
                Effect::Title(title) => self.title = title,
                // For a tag, whatever is looked at; who tells a story of it answers.
                Effect::Survey(Wish::AtRisk(_)) => {}
                // They come with every answer and every screen.
                Effect::Forget(Old::Lists(_) | Old::Graph(_) | Old::Sought(_)) => {}
                // Asked wherever needs are shown; who tells a story of it answers.
                Effect::Read(Want::Gist(job, of)) => self.gists.push(Want::Gist(job, of)),
                other => self.effects.push(other),
            }
        }
    }

    /// One frame.
    pub fn draw(&mut self) -> Buffer {
        let (width, height) = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        let mut drawn = Drawn::default();
        terminal.draw(|frame| drawn = view(&self.model, frame)).expect("a frame");
        drawn.stale_at = drawn.stale_in.map(|span| Span::from_millis(self.up.as_millis() + span.as_millis()));
        self.send(Msg::Drawn(Box::new(drawn)));
        self.model.dirty = false;
        terminal.backend().buffer().clone()
    }

    /// Time passes; what is due by it happens.
    pub fn pass(&mut self, span: Span) {
        self.world.line(&format!("~pass {span}"));
        self.up = Span::from_millis(self.up.as_millis() + span.as_millis());
        self.tell_time();
        if self.model.deadline().is_some_and(|at| at <= self.up) {
            self.send(Msg::Deadline);
        }
    }

    /// Nothing happens for so long. Gives, since it began, when a frame was asked for; `answer` is what the world does
    /// at each of these moments.
    pub fn rest(&mut self, span: Span, answer: impl Fn(&mut Seat)) -> Vec<Span> {
        let since = |from: Span, to: Span| Span::from_millis(to.as_millis() - from.as_millis());
        let (begun, mut drawn) = (self.up, Vec::new());
        let end = Span::from_millis(begun.as_millis() + span.as_millis());
        while let Some(at) = self.model.deadline().filter(|at| *at <= end) {
            self.pass(since(self.up, at.max(self.up)));
            answer(self);
            if self.model.dirty {
                self.draw();
                drawn.push(since(begun, self.up));
            }
            assert!(self.model.deadline().is_none_or(|next| next > at), "it wakes again at once");
        }
        drawn
    }

    /// A key, long enough after the last that no guard stands against it.
    pub fn press(&mut self, key: Key) {
        self.pass(Span::from_millis(200));
        self.send(Msg::Key(key));
        self.draw();
    }

    /// Something happens to the queue.
    pub fn happens(&mut self, line: &str) {
        self.world.line(&format!("~{line}"));
        self.feed();
        self.draw();
    }

    /// The same, if the law lets it.
    pub fn may_happen(&mut self, line: &str) {
        self.world.line(line);
        self.feed();
        self.draw();
    }

    /// Words as in the head of this file.
    pub fn keys(mut self, script: &str) -> Seat {
        let mut rest = script.trim_start();
        while !rest.is_empty() {
            let (end, skip) = match rest.chars().next() {
                Some('"') if rest.len() > 1 => (rest[1..].find('"').expect("a closing quote") + 1, 1),
                Some('{') if rest.len() > 1 => (rest.find('}').expect("a closing brace"), 1),
                _ => (rest.find(' ').unwrap_or(rest.len()), 0),
            };
            let (word, more) = (&rest[skip..end], &rest[(end + skip).min(rest.len())..]);
            match rest.chars().next() {
                Some('"') if skip == 1 => word.chars().for_each(|c| self.press(Key::Char(c))),
                Some('{') if skip == 1 => self.happens(word),
                Some('+') if word.len() > 1 => {
                    self.pass(word[1..].parse().expect("a span"));
                    self.draw();
                }
                _ => self.press(Key::parse(word).unwrap_or_else(|| panic!("no key: {word}"))),
            }
            rest = more.trim_start();
        }
        self
    }

    /// The frame as text, without blank ends of lines; times of day are hidden, because they are the machine's.
    pub fn frame(&mut self) -> String {
        let buffer = self.draw();
        text(&buffer)
    }

    /// The frame as text with a second block of runs of style: `row: from-to what`.
    pub fn styled(&mut self) -> String {
        let buffer = self.draw();
        format!("{}\n{}", text(&buffer), runs(&buffer))
    }

    /// What was asked of the world, a line each.
    pub fn asked(&self) -> String {
        let mut out = String::new();
        for effect in &self.effects {
            let line = match effect {
                Effect::Act { action, deeds, note, .. } => {
                    let each = |deed: &aq::dash::Deed| {
                        let (stage, epoch) = deed.target.from;
                        let rev = match &deed.command {
                            Command::Review { rev: Some(rev), .. } => format!(" at {rev}"),
                            Command::Requeue { raised, .. } if !raised.is_open() => format!(" {raised:?}"),
                            _ => String::new(),
                        };
                        format!("{}{rev} from {stage}@{epoch}", deed.target.job)
                    };
                    let all: Vec<String> = deeds.iter().map(each).collect();
                    let note = note.as_ref().map(|note| format!(" saying {note:?}")).unwrap_or_default();
                    format!("{} {}{note}", action.name(), all.join(", "))
                }
                Effect::Answer { target, text, .. } => format!("answer {} saying {text:?}", target.job),
                Effect::Ship { target, rev, .. } => {
                    format!("ship {} at {}", target.job, rev.as_ref().map_or("nothing", |rev| rev.as_str()))
                }
                Effect::Undo { .. } => "undo".to_string(),
                Effect::Redo { .. } => "redo".to_string(),
                Effect::Survey(wish) => format!("look at {wish:?}"),
                Effect::Forget(_) => "forget the log".to_string(),
                Effect::Order { command, past, undo, .. } => {
                    format!("{command:?} ({}, undo {undo})", without_times(past))
                }
                Effect::Agents { deed, .. } => format!("agents: {deed:?}"),
                Effect::Rescue { jobs, .. } => format!("rescue {jobs:?}"),
                Effect::LetGo { jobs, .. } => format!("let go of {jobs:?}"),
                other => format!("{other:?}"),
            };
            let _ = writeln!(out, "{line}");
        }
        out
    }
}

fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            // The cell behind a wide letter has none of its own.
            if skip == 0 {
                line.push_str(symbol);
                skip = unicode_width::UnicodeWidthStr::width(symbol).max(1);
            }
            skip -= 1;
        }
        let _ = writeln!(out, "{}", without_times(line.trim_end()));
    }
    out
}

/// `12:04:27` and `12:04` become `HH:MM:SS` and `HH:MM`.
pub fn without_times(line: &str) -> String {
    let mut chars: Vec<char> = line.chars().collect();
    let digit = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
    for i in 0..chars.len() {
        let at = |n: usize| chars.get(i + n);
        let apart = i == 0 || !digit(chars.get(i - 1));
        if apart && digit(at(0)) && digit(at(1)) && at(2) == Some(&':') && digit(at(3)) && digit(at(4)) {
            let seconds = at(5) == Some(&':') && digit(at(6)) && digit(at(7));
            let mask = if seconds { "HH:MM:SS" } else { "HH:MM" };
            mask.chars().enumerate().for_each(|(n, c)| chars[i + n] = c);
        }
    }
    chars.into_iter().collect()
}

fn runs(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let word = |x: u16| {
            let cell = &buffer[(x, y)];
            let mut words = Vec::new();
            for (modifier, name) in [
                (Modifier::REVERSED, "rev"),
                (Modifier::BOLD, "bold"),
                (Modifier::UNDERLINED, "line"),
                (Modifier::DIM, "dim"),
            ] {
                if cell.modifier.contains(modifier) {
                    words.push(name.to_string());
                }
            }
            if cell.fg != ratatui::style::Color::Reset {
                words.push(format!("{:?}", cell.fg));
            }
            words.join("+")
        };
        let mut found: Vec<String> = Vec::new();
        let mut from = 0;
        for x in 1..=buffer.area.width {
            let ends = x == buffer.area.width || word(x) != word(from);
            if ends {
                let is = word(from);
                if !is.is_empty() {
                    found.push(format!("{from}-{} {is}", x - 1));
                }
                from = x;
            }
        }
        if !found.is_empty() {
            let _ = writeln!(out, "{y}: {}", found.join(", "));
        }
    }
    out
}
