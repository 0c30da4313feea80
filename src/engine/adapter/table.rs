//! The table of engines: everything aq knows of a program before it starts it.

use super::recipe::{self, Ask, Recipe};
use super::session::{self, Past};
use crate::job::{Budget, EngineClass, Outcome};
use crate::time::Span;

/// When an engine tells what it uses up, and so how far past a ceiling it can run before aq stops it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// With each request to the model.
    PerRequest,
    /// With each request, in a file beside its output; where it keeps none, as [`Told::AtEnd`].
    Record,
    /// At the end; until then aq estimates.
    AtEnd,
    /// Only what comes out, with each request.
    OutputOnly,
    /// Only if the script says so.
    IfSaid,
    /// Turns, as they come, and nothing else.
    Turns,
    /// Never, not even turns.
    Never,
}

impl Told {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Told::PerRequest => "with each request; at most one request too much",
            Told::Record => "with each request, in its own record of the session; without one, at the end",
            Told::AtEnd => "at the end, estimated (`~`) until then",
            Told::OutputOnly => "output only, with each request (`~`)",
            Told::IfSaid => "if the script says so",
            Told::Turns => "never: a ceiling of money or tokens is refused; turns and wall time stop it",
            Told::Never => "never: only a ceiling of wall time is taken",
        }
    }

    /// The first ceiling of a budget that nothing this engine tells could ever reach.
    pub fn cannot_hold(self, budget: &Budget) -> Option<&'static str> {
        let silent = matches!(self, Told::Turns | Told::Never);
        let money = budget.micro_usd.filter(|_| silent).map(|_| "usd");
        let tokens = budget.tokens.filter(|_| silent).map(|_| "tokens");
        let turns = budget.turns.filter(|_| self == Told::Never).map(|_| "turns");
        money.or(tokens).or(turns)
    }
}

/// Whether the commands that an engine runs reach the agent that started it, so that `aq add`, `aq ask` and
/// `aq progress` work inside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// In every run.
    Always,
    /// Only with `yolo: true`: else its sandbox keeps them from every socket, or it runs no commands of its own.
    WithYolo,
    /// It runs no commands.
    Never,
}

impl Reach {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Reach::Always => "yes",
            Reach::WithYolo => "with `yolo: true`",
            Reach::Never => "no",
        }
    }

    /// Whether they do in a run with this `yolo`.
    pub fn holds(self, yolo: bool) -> bool {
        match self {
            Reach::Always => true,
            Reach::WithYolo => yolo,
            Reach::Never => false,
        }
    }
}

/// One engine.
pub struct Engine {
    /// Its name in manifests.
    pub name: &'static str,
    /// What kind of program it is.
    pub class: EngineClass,
    /// Programs it may be installed as, the first that is found counts; none: part of aq.
    pub programs: &'static [&'static str],
    /// How its output is read, by name.
    pub dialect: &'static str,
    /// The command line of a run.
    pub recipe: fn(&Ask<'_>) -> Result<Recipe, String>,
    /// The variable that names its configuration folder, one per account.
    pub home: Option<&'static str>,
    /// Variables that carry its keys; an account may pass them on, nothing else does.
    pub keys: &'static [&'static str],
    /// When it tells what it uses.
    pub told: Told,
    /// It tells tokens and no money, which the price table makes of them: a model without a price has no cost.
    pub reckoned: bool,
    /// Whether `aq` works inside.
    pub reach: Reach,
    /// Whether a session can be taken up again: looks whether it is still there. `None`: never.
    pub resume: Option<fn(&Past<'_>) -> bool>,
    /// A run that ends well and changes nothing is this.
    pub idle: Outcome,
    /// No first line within this time is a start that failed; `None`: it may begin in silence.
    pub start: Option<Span>,
    /// It may be quiet for this long where no tool is open; `None`: as long as it likes.
    pub silence: Option<Span>,
    /// It exports a transcript whose growth is its only sign of life, as `export.json` beside the prompt.
    pub exports: bool,
    /// What its help is asked with.
    pub help: &'static [&'static str],
    /// Flags that its help must name, or the program is another than the recipe was written for.
    pub wants: &'static [&'static str],
    /// Words that have its sandbox run one command and end, asking no model. Empty: it has none of its own.
    pub boxed: &'static [&'static str],
    /// Columns of the table that people read.
    pub facts: Facts,
}

/// What people ask about an engine.
pub struct Facts {
    /// JSON stream.
    pub stream: &'static str,
    /// Tokens told.
    pub tokens: &'static str,
    /// Cost told.
    pub cost: &'static str,
    /// How a session is taken up again.
    pub resume: &'static str,
    /// Flag of its sandbox.
    pub sandbox: &'static str,
    /// What `yolo: true` adds.
    pub yolo: &'static str,
    /// What `effort:` becomes.
    pub effort: &'static str,
    /// How early a usage limit is seen.
    pub limit: &'static str,
}

/// Without a first line for this long an engine is waiting for a login (`engines.md` section 12 rule 1).
const START: Option<Span> = Some(Span::from_secs(60));
/// Silence after which an engine is called stalled (`engines.md` section 12 rule 2).
const SILENCE: Option<Span> = Some(Span::from_mins(20));

/// Every engine that needs no entry in a file.
pub const ENGINES: [Engine; 9] = [
    Engine {
        name: "shell",
        class: EngineClass::Script,
        programs: &[],
        dialect: "shell",
        recipe: recipe::shell,
        home: None,
        keys: &[],
        told: Told::IfSaid,
        reckoned: false,
        reach: Reach::Always,
        resume: None,
        idle: Outcome::Ok,
        // A script prints what it likes and when; its wall time ends it.
        start: None,
        silence: None,
        exports: false,
        help: &["--help"],
        wants: &[],
        boxed: &[],
        facts: Facts {
            stream: "`::aq` lines",
            tokens: "if told",
            cost: "if told",
            resume: "from the checkpoint",
            sandbox: "the host's",
            yolo: "nothing",
            effort: "–",
            limit: "exit 75",
        },
    },
    Engine {
        name: "claude",
        class: EngineClass::AgenticCoder,
        programs: &["claude"],
        dialect: "claude",
        recipe: recipe::claude,
        home: Some("CLAUDE_CONFIG_DIR"),
        keys: &["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN"],
        told: Told::PerRequest,
        reckoned: false,
        reach: Reach::Always,
        resume: Some(session::claude),
        idle: Outcome::NoWork,
        start: START,
        silence: SILENCE,
        exports: false,
        help: &["--help"],
        wants: &["--output-format", "--permission-mode", "--session-id", "--resume", "--setting-sources"],
        boxed: &[],
        facts: Facts {
            stream: "yes",
            tokens: "yes",
            cost: "USD",
            resume: "session id, in the same home and folder",
            sandbox: "none",
            yolo: "`--permission-mode bypassPermissions`",
            effort: "`--effort`",
            limit: "yes, by event or the third 429",
        },
    },
    Engine {
        name: "codex",
        class: EngineClass::AgenticCoder,
        programs: &["codex"],
        dialect: "codex",
        recipe: recipe::codex,
        home: Some("CODEX_HOME"),
        keys: &["CODEX_API_KEY", "OPENAI_API_KEY"],
        told: Told::Record,
        reckoned: true,
        reach: Reach::WithYolo,
        resume: Some(session::codex),
        idle: Outcome::NoWork,
        start: START,
        silence: SILENCE,
        exports: false,
        help: &["exec", "--help"],
        wants: &["--json", "--sandbox", "--cd", "--skip-git-repo-check"],
        boxed: &["sandbox", "--", "true"],
        facts: Facts {
            stream: "yes",
            tokens: "yes, summed per thread",
            cost: "from the price table",
            resume: "thread id, in the same home",
            sandbox: "`-s workspace-write`",
            yolo: "`--dangerously-bypass-approvals-and-sandbox`",
            effort: "`-c model_reasoning_effort`",
            limit: "at once, at the end",
        },
    },
    Engine {
        name: "devin",
        class: EngineClass::AgenticCoder,
        programs: &["devin"],
        dialect: "devin",
        recipe: recipe::devin,
        home: None,
        keys: &["DEVIN_API_KEY", "DEVIN_ORG_ID", "WINDSURF_API_KEY"],
        told: Told::Never,
        reckoned: false,
        reach: Reach::WithYolo,
        resume: None,
        // Exit 0 is all it says, so nothing changed means that nothing can be shown.
        idle: Outcome::Unknown,
        start: None,
        silence: SILENCE,
        exports: true,
        help: &["--help"],
        wants: &["--prompt-file", "--permission-mode", "--export"],
        boxed: &[],
        facts: Facts {
            stream: "no",
            tokens: "no",
            cost: "no",
            resume: "from the checkpoint: it names no session",
            sandbox: "none",
            yolo: "`--permission-mode bypass`",
            effort: "–",
            limit: "no",
        },
    },
    Engine {
        name: "gemini",
        class: EngineClass::AgenticCoder,
        programs: &["gemini"],
        dialect: "gemini",
        recipe: recipe::gemini,
        home: None,
        keys: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        told: Told::AtEnd,
        reckoned: true,
        reach: Reach::WithYolo,
        resume: Some(session::gemini),
        idle: Outcome::NoWork,
        start: START,
        silence: SILENCE,
        exports: false,
        help: &["--help"],
        wants: &["--output-format", "--approval-mode", "--prompt", "--resume"],
        boxed: &[],
        facts: Facts {
            stream: "yes",
            tokens: "yes",
            cost: "from the price table",
            resume: "session id, in the same home and folder",
            sandbox: "none",
            yolo: "`--approval-mode yolo`",
            effort: "–",
            limit: "no",
        },
    },
    Engine {
        name: "opencode",
        class: EngineClass::AgenticCoder,
        programs: &["opencode"],
        dialect: "opencode",
        recipe: recipe::opencode,
        home: Some("OPENCODE_CONFIG_DIR"),
        keys: &["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"],
        told: Told::PerRequest,
        reckoned: false,
        reach: Reach::Always,
        resume: Some(session::same_folder),
        idle: Outcome::NoWork,
        start: START,
        silence: SILENCE,
        exports: false,
        help: &["run", "--help"],
        wants: &["--format", "--session", "--model"],
        boxed: &[],
        facts: Facts {
            stream: "yes, without a last event in older builds",
            tokens: "yes, per step",
            cost: "USD, per step; 0 is unknown",
            resume: "session id, in the same folder",
            sandbox: "permissions only",
            yolo: "`--auto`",
            effort: "`--variant`",
            limit: "no, it retries in silence",
        },
    },
    Engine {
        name: "copilot",
        class: EngineClass::AgenticCoder,
        programs: &["copilot"],
        dialect: "copilot",
        recipe: recipe::copilot,
        home: Some("COPILOT_HOME"),
        keys: &["COPILOT_GITHUB_TOKEN"],
        told: Told::OutputOnly,
        reckoned: false,
        reach: Reach::WithYolo,
        resume: Some(session::same_folder),
        idle: Outcome::NoWork,
        start: START,
        silence: SILENCE,
        exports: false,
        help: &["--help"],
        wants: &["--output-format", "--autopilot", "--allow-all", "--no-ask-user"],
        boxed: &[],
        facts: Facts {
            stream: "yes, two schemas",
            tokens: "output only",
            cost: "premium requests",
            resume: "session id",
            sandbox: "permissions only",
            yolo: "`--allow-all`",
            effort: "–",
            limit: "text in the stream",
        },
    },
    Engine {
        name: "cursor-agent",
        class: EngineClass::AgenticCoder,
        programs: &["cursor-agent"],
        dialect: "cursor",
        recipe: recipe::cursor_agent,
        home: None,
        keys: &["CURSOR_API_KEY"],
        told: Told::Turns,
        reckoned: false,
        reach: Reach::WithYolo,
        resume: Some(session::same_folder),
        idle: Outcome::NoWork,
        start: START,
        silence: SILENCE,
        exports: false,
        help: &["--help"],
        wants: &["--output-format", "--force", "--trust"],
        boxed: &[],
        facts: Facts {
            stream: "yes",
            tokens: "no",
            cost: "no",
            resume: "chat id",
            sandbox: "`--sandbox disabled`",
            yolo: "`--force --trust`; without it the job is refused",
            effort: "–",
            limit: "no",
        },
    },
    Engine {
        name: "aider",
        class: EngineClass::ChatCoder,
        programs: &["aider"],
        dialect: "aider",
        recipe: recipe::aider,
        home: None,
        keys: &["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"],
        told: Told::PerRequest,
        reckoned: false,
        reach: Reach::Never,
        resume: None,
        idle: Outcome::NoWork,
        start: None,
        silence: SILENCE,
        exports: false,
        help: &["--help"],
        wants: &["--message-file", "--yes-always", "--no-auto-commits"],
        boxed: &[],
        facts: Facts {
            stream: "no",
            tokens: "as text (`~`)",
            cost: "as text (`~`)",
            resume: "from the checkpoint",
            sandbox: "none",
            yolo: "nothing: edits need `--yes-always` anyway",
            effort: "`--reasoning-effort`",
            limit: "as text",
        },
    },
];

/// The engine of that name.
pub fn engine(name: &str) -> Option<&'static Engine> {
    ENGINES.iter().find(|row| row.name == name)
}
