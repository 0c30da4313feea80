//! The agent with engines of the table: a script on PATH stands for the program, says what the real one says
//! (`engines/`), and writes down how it was called.

use std::path::PathBuf;

use super::agent_bench::Factory;

/// A factory whose PATH begins with programs of the test.
struct Floor {
    factory: Factory,
    bin: PathBuf,
}

/// Writes down arguments, standard input and what of its surroundings matters, then goes on as the test says.
const HEAD: &str = r#"#!/bin/sh
if [ "$1" = --version ]; then echo "9.8.7 (stand-in)"; exit 0; fi
n=$(ls "$BOOK" | wc -l)
{ echo "argv: $*"; env | grep -E '^(CLAUDE|CODEX|ANTHROPIC|FAKE|IS_SANDBOX|TZ|AQ_TOKEN)' | sort; echo "stdin:"; cat; } > "$BOOK/$n"
"#;

impl Floor {
    /// `program` is a script; it finds `$BOOK` in its first lines.
    fn new(program: &str, script: &str) -> Floor {
        let factory = Factory::new();
        let (bin, book) = (factory.top().join("bin"), factory.top().join("book"));
        for dir in [&bin, &book] {
            std::fs::create_dir_all(dir).expect("a folder");
        }
        let text = HEAD.replacen("#!/bin/sh", &format!("#!/bin/sh\nBOOK={}", book.display()), 1);
        std::fs::write(bin.join(program), format!("{text}{script}\n")).expect("written");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(bin.join(program), mode).expect("executable");
        Floor { factory, bin }
    }

    fn job(&self, name: &str, fields: &str, text: &str) -> &Floor {
        let fields: String = fields.split(" | ").map(|f| format!("{f}\n")).collect();
        self.factory.drop_in(&format!("{name}.md"), &format!("---\n{fields}---\n{text}\n"));
        self
    }

    /// Works what is ready, with these variables set; what the agent said.
    fn once(&self, set: &[(&str, &str)]) -> String {
        let mut words: Vec<(&str, &str)> = set.to_vec();
        let path = format!("{}:{}", self.bin.display(), std::env::var("PATH").expect("a PATH"));
        words.push(("PATH", &path));
        let mut agent = self.factory.agent_with(&["--once"], &words);
        agent.end();
        agent.said()
    }

    /// How the program was called the `n`-th time, with what changes from run to run made alike.
    fn called(&self, n: usize) -> String {
        let text = std::fs::read_to_string(self.factory.top().join(format!("book/{n}"))).expect("a call");
        let top = self.factory.top().display().to_string();
        let uuid = uuid_in(&text);
        let text = text.replace(&top, "TOP");
        uuid.map_or(text.clone(), |uuid| text.replace(&uuid, "UUID"))
    }

    fn course(&self, name: &str) -> String {
        self.factory.course(name)
    }
}

/// The first word with the shape of a UUID.
fn uuid_in(text: &str) -> Option<String> {
    let is_uuid = |word: &&str| {
        word.len() == 36 && word.split('-').map(str::len).collect::<Vec<_>>() == [8, 4, 4, 4, 12]
    };
    text.split_whitespace().find(is_uuid).map(str::to_string)
}

/// What claude says of a run that goes well, in the session that it was told.
const CLAUDE: &str = r#"
session=$(echo "$*" | sed -E 's/.*--(session-id|resume) ([^ ]+).*/\2/')
echo '{"type":"system","subtype":"init","session_id":"'$session'","model":"claude-sonnet-4-5","claude_code_version":"2.1.197"}'
echo '{"type":"assistant","message":{"id":"m1","model":"claude-sonnet-4-5","content":[{"type":"text","text":"on it"}],"usage":{"input_tokens":3,"output_tokens":1}},"parent_tool_use_id":null}'
result() { echo '{"type":"result","subtype":"success","is_error":false,"result":"Done.","total_cost_usd":0.25,"modelUsage":{"claude-sonnet-4-5":{"inputTokens":1000,"outputTokens":50,"cacheReadInputTokens":0,"cacheCreationInputTokens":0,"costUSD":0.25}},"permission_denials":[],"session_id":"'$session'"}'; }
"#;

#[test]
fn an_engine_is_told_of_aq_where_its_commands_can_reach_it() {
    // The sandbox of this one keeps its commands from every socket.
    for (yolo, told) in [(false, false), (true, true)] {
        let floor = Floor::new("codex", "exit 1");
        floor.job("it", &format!("engine: codex | yolo: {yolo}"), "Write hello.txt.");
        floor.once(&[]);
        let called = floor.called(0);
        assert!(called.contains("Write hello.txt."), "{called}");
        assert_eq!(called.contains("# Working inside aq"), told, "{called}");
    }
}

#[test]
fn a_planner_that_could_hand_in_nothing_is_not_started() {
    let floor = Floor::new("codex", "exit 1");
    floor.job("plan", "engine: codex | profile: planner", "Cut it up.");
    floor.job("again", "engine: codex | profile: planner", "Cut that up.");
    floor.once(&[]);
    for name in ["plan", "again"] {
        assert_eq!(floor.course(name), "start1 config>failed");
        let reason = floor.factory.reason(name);
        assert!(reason.contains("do not reach aq here: give the job yolo: true"), "{reason}");
    }
    let book = floor.factory.top().join("book");
    assert_eq!(std::fs::read_dir(book).expect("a folder").count(), 0, "it was started");
    // That says nothing of the engine: others of its jobs run.
    floor.job("other", "engine: codex | retry: {max: 0}", "Do it.");
    floor.once(&[]);
    assert!(floor.called(0).contains("exec --json"));
    floor.job("yolo", "engine: codex | profile: planner | yolo: true | retry: {max: 0}", "Cut it up.");
    floor.once(&[]);
    assert!(floor.called(1).contains("exec --json"));
}

#[test]
fn a_ceiling_that_nothing_could_reach_is_refused_before_it_costs_anything() {
    for (engine, ceiling) in
        [("devin", "usd"), ("devin", "tokens"), ("devin", "turns"), ("cursor-agent", "usd")]
    {
        let floor = Floor::new(engine, "exit 1");
        floor.job("it", &format!("engine: {engine} | yolo: true | budget: {{{ceiling}: 5}}"), "Do it.");
        floor.once(&[]);
        assert_eq!(floor.course("it"), "start1 config>failed", "{engine} {ceiling}");
        let reason = floor.factory.reason("it");
        assert!(
            reason.contains(&format!("its ceiling of {ceiling} cannot be held: {engine} never")),
            "{reason}"
        );
        let book = floor.factory.top().join("book");
        assert_eq!(std::fs::read_dir(book).expect("a folder").count(), 0, "it was started");
    }
    let floor = Floor::new("codex", "exit 1");
    floor.job("it", "engine: codex | model: no-such-model | budget: {usd: 1}", "Do it.");
    floor.once(&[]);
    assert_eq!(floor.course("it"), "start1 config>failed");
    assert!(
        floor.factory.reason("it").contains("no-such-model has no price here"),
        "nobody knows what it costs"
    );
    let floor = Floor::new("devin", "exit 1");
    floor.job("it", "engine: devin | retry: {max: 0} | budget: {wall: 5m}", "Do it.");
    floor.once(&[]);
    assert!(!floor.called(0).is_empty(), "wall time stops whatever runs");
}

#[test]
fn an_engine_is_called_as_the_job_and_the_account_say() {
    let floor = Floor::new("claude", &format!("{CLAUDE}\necho hi > hello.txt; result"));
    floor.factory.config(
        "[engines.claude.accounts.work]\nconfig-dir = \"~/acc\"\nenv = {ANTHROPIC_API_KEY = \"WORK_KEY\"}\n",
    );
    let fields =
        "engine: claude | model: M | effort: high | verify: test -f hello.txt | budget: {usd: 2, turns: 9}";
    floor.job("it", fields, "Write hello.txt.");
    let said = floor.once(&[
        ("WORK_KEY", "sesame42"),
        ("ANTHROPIC_API_KEY", "stray"),
        ("ANTHROPIC_BASE_URL", "http://x"),
        ("AQ_TOKEN", "t"),
    ]);
    assert_eq!(floor.course("it"), "start1 proven ok>testing", "{said}");
    let called = floor.called(0);
    let expected = "argv: -p --output-format stream-json --verbose --include-partial-messages --permission-mode \
        acceptEdits --allowedTools Read,Edit,Write,Bash(git diff *),Bash(aq add *),Bash(aq ask *),Bash(aq progress *) --model M --effort high --session-id UUID --max-turns 9 \
        --max-budget-usd 2.000000 --setting-sources project --strict-mcp-config\n\
        ANTHROPIC_API_KEY=sesame42\nCLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1\nCLAUDE_CONFIG_DIR=TOP/home/acc\nTZ=UTC\nstdin:\n";
    let (head, prompt) = called.split_at(called.find("stdin:\n").expect("a prompt") + 7);
    assert_eq!(head, expected);
    assert!(prompt.trim_end().ends_with("Write hello.txt."), "{prompt}");
    assert!(prompt.len() > 100, "the persona stands before it: {prompt}");
    let state = floor.factory.state();
    let usage = *state.jobs.values().next().expect("a job").spent;
    assert_eq!((usage.micro_usd, usage.tokens, usage.turns), (Some(250_000), Some(1_050), Some(1)));
}

#[test]
fn another_model_than_asked_for_is_said() {
    let told = |asked: &str| {
        let floor = Floor::new("claude", &format!("{CLAUDE}\necho hi > hello.txt; result"));
        floor.job("it", &format!("engine: claude | model: {asked}"), "Write hello.txt.");
        let said = floor.once(&[("ANTHROPIC_API_KEY", "sesame42")]);
        let places = [said, floor.factory.say(&["show", "it"]), floor.factory.say(&["log", "it", "--json"])];
        assert_eq!(floor.course("it"), "start1 ok>review", "{}", places[0]);
        let words = format!("warning: asked for {asked}, answered by claude-sonnet-4-5");
        places.map(|place| place.contains(&words))
    };
    assert_eq!(told("claude-opus-4-1"), [true; 3]);
    assert_eq!(told("sonnet"), [false; 3]);
}

#[test]
fn a_session_goes_on_where_it_is_still_there_and_else_begins_with_a_note() {
    // The transcript is written where the real program writes it, unless the job is called `lost`.
    let keep = r#"
case "$AQ_JOB" in lost*) ;; *)
  dir="$HOME/.claude/projects/$(pwd | sed 's/[^A-Za-z0-9]/-/g')"; mkdir -p "$dir"; touch "$dir/$session.jsonl";;
esac
echo x >> tries; result"#;
    let floor = Floor::new("claude", &format!("{CLAUDE}{keep}"));
    let fields = "engine: claude | verify: test $(wc -l < tries) -ge 2 | retry: {max: 1, backoff: 1ms, on: [verify_failed]}";
    floor.job("kept", fields, "Do it.");
    let mut agent = floor.agent();
    floor.factory.wait_in("kept", "testing");
    agent.drain();
    let (first, second) = (floor.called(0), floor.called(1));
    assert!(first.contains("--session-id UUID") && !first.contains("--resume"), "{first}");
    assert!(second.contains("--resume UUID") && !second.contains("--session-id"), "{second}");
    assert!(second.contains("# Hand-off") && second.contains("verify_failed"), "{second}");
    assert!(
        first.len() > second.split("stdin:").next().map_or(0, str::len) + 500,
        "the persona is said once"
    );

    let floor = Floor::new("claude", &format!("{CLAUDE}{keep}"));
    floor.job("lost", fields, "Do it.");
    let mut agent = floor.agent();
    floor.factory.wait_in("lost", "testing");
    agent.drain();
    let second = floor.called(1);
    assert!(second.contains("--session-id UUID") && second.contains("# Hand-off"), "{second}");
}

impl Floor {
    fn agent(&self) -> super::agent_bench::Agent {
        let path = format!("{}:{}", self.bin.display(), std::env::var("PATH").expect("a PATH"));
        self.factory.agent_with(&[], &[("PATH", &path)])
    }
}

#[test]
fn what_an_engine_says_is_what_the_attempt_is() {
    let end = |name: &str, program: &str, script: &str, fields: &str| {
        let floor = Floor::new(program, script);
        floor.job(name, fields, "Do it.");
        let said = floor.once(&[]);
        (floor.course(name), floor.factory.reason(name), said)
    };
    let changed_nothing = format!("{CLAUDE}\nresult");
    let (course, reason, said) = end("idle", "claude", &changed_nothing, "engine: claude");
    assert_eq!(
        (course.as_str(), reason.as_str()),
        ("start1 no_work>failed", "it ended well but changed nothing (success)"),
        "{said}"
    );
    let limit = r#"echo '{"type":"thread.started","thread_id":"t"}'; echo '{"type":"turn.failed","error":{"message":"You have hit your usage limit. try again in 2 hours"}}'; exit 1"#;
    let (course, ..) = end("limit", "codex", limit, "engine: codex");
    assert_eq!(course, "start1 limit>queued parked(limit)");
    let refused = end("careful", "cursor-agent", "true", "engine: cursor-agent");
    assert_eq!(refused.0, "start1 config>failed");
    assert!(refused.1.contains("yolo: true"), "{}", refused.1);
    let auth = "echo 'litellm.AuthenticationError: no key'; exit 0";
    assert_eq!(end("auth", "aider", auth, "engine: aider").0, "start1 auth>failed");
    assert_eq!(end("unsure", "devin", "echo done", "engine: devin").0, "start1 unknown>review");
}

#[test]
fn an_engine_that_is_not_here_is_named() {
    let floor = Floor::new("claude", "true");
    floor.job("it", "engine: gemini", "Do it.");
    floor.once(&[]);
    assert_eq!(floor.course("it"), "");
    let out = floor.factory.aq(&["explain", "it"]).env("PATH", &floor.bin).output().expect("runs");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(said.contains("gemini"), "{said}");
    let out = floor.factory.aq(&["doctor"]).env("PATH", &floor.bin).output().expect("runs");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(said.contains("claude: 9.8.7") && said.contains("not on PATH: codex, devin, gemini"), "{said}");
    // It is installed when the agent starts and gone when the job does.
    let floor = Floor::new("claude", "true");
    let gone = format!("rm {}/claude", floor.bin.display());
    floor.job("it", &format!("engine: claude | setup: {gone}"), "Do it.");
    let path = format!("{}:/usr/bin:/bin", floor.bin.display());
    floor.once(&[("PATH", &path)]);
    assert_eq!(floor.course("it"), "start1 no_engine>failed", "{}", floor.factory.reason("it"));
    assert!(floor.factory.reason("it").contains("aq doctor"), "{}", floor.factory.reason("it"));
}

#[test]
fn doctor_has_a_sandbox_run_one_command() {
    // The last knows no such words: that says nothing of its sandbox.
    for (script, fault) in
        [("true", None), ("echo 'bwrap: no userns' >&2; exit 1", Some("bwrap: no userns")), ("exit 2", None)]
    {
        let floor = Floor::new("codex", &format!("[ \"$*\" != 'sandbox -- true' ] || {{ {script}; }}"));
        let path = format!("{}:/usr/bin:/bin", floor.bin.display());
        let mut doctor = floor.factory.aq(&["doctor"]);
        let out =
            doctor.env("PATH", &path).env("TMPDIR", floor.factory.top().join("run")).output().expect("runs");
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(said.contains("codex: 9.8.7"), "{script}: {said}");
        let told = fault.map(|fault| format!("its sandbox runs no command here: {fault}"));
        assert_eq!(said.contains("its sandbox"), told.is_some(), "{script}: {said}");
        assert!(said.contains(&told.unwrap_or_default()), "{script}: {said}");
    }
}

#[test]
fn a_session_that_the_engine_does_not_find_is_no_failed_attempt() {
    // Its file stands there, and the program denies it: seen after an update of the program.
    let lost = r#"
session=$(echo "$*" | sed -E 's/.*--(session-id|resume) ([^ ]+).*/\2/')
case "$*" in *--resume*)
  echo '{"type":"result","subtype":"error_during_execution","duration_ms":0,"is_error":true,"num_turns":0,"session_id":"'$session'","total_cost_usd":0,"modelUsage":{},"errors":["No conversation found with session ID: '$session'"]}'
  exit 1;;
esac"#;
    let keep = r#"
dir="$HOME/.claude/projects/$(pwd | sed 's/[^A-Za-z0-9]/-/g')"; mkdir -p "$dir"; touch "$dir/$session.jsonl"
echo x >> tries; result"#;
    let floor = Floor::new("claude", &format!("{lost}{CLAUDE}{keep}"));
    let fields = "engine: claude | verify: test $(wc -l < tries) -ge 2 | retry: {max: 1, backoff: 1ms, on: [verify_failed]}";
    floor.job("it", fields, "Do it.");
    let mut agent = floor.agent();
    floor.factory.wait_in("it", "testing");
    agent.drain();
    let job = floor.factory.state().jobs.values().next().expect("a job").clone();
    let ends: Vec<_> = job.attempts.iter().filter_map(|attempt| Some(attempt.outcome?.name())).collect();
    assert_eq!((ends.as_slice(), job.counted), (&["verify_failed", "drained", "ok"][..], 1));
    assert!(floor.called(1).contains("--resume UUID") && floor.called(2).contains("--session-id UUID"));
    assert!(floor.called(2).contains("# Hand-off"));
}

/// As gemini ends for any bad input, and opencode where it does not find a session.
#[test]
fn a_session_is_lost_in_whatever_way_an_engine_says_so() {
    let gemini = r#"
session=4f2c9a1b-0000-4000-8000-000000000000
case "$*" in *--resume*) echo "Error resuming session: Invalid session identifier" >&2; exit 42;; esac
dir="$HOME/.gemini/tmp/it/chats"; mkdir -p "$dir"; touch "$dir/session-2026-03-08T14-00-4f2c9a1b.json"
echo '{"type":"init","session_id":"'$session'","model":"gemini-2.5-pro"}'
echo '{"type":"message","role":"assistant","content":"on it"}'
echo x >> tries; echo '{"type":"result","status":"success","stats":{"input_tokens":9,"output_tokens":1}}'"#;
    let opencode = r#"
case "$*" in *--session*) exit 0;; esac
echo '{"type":"step_start","sessionID":"ses_1","part":{"type":"step-start"}}'
echo '{"type":"text","sessionID":"ses_1","part":{"type":"text","text":"on it"}}'
echo x >> tries
echo '{"type":"step_finish","sessionID":"ses_1","part":{"reason":"stop","type":"step-finish","tokens":{"input":9,"output":1},"cost":0.1}}'"#;
    for (engine, script) in [("gemini", gemini), ("opencode", opencode)] {
        let floor = Floor::new(engine, script);
        let fields = format!(
            "engine: {engine} | verify: test $(wc -l < tries) -ge 2 | retry: {{max: 1, backoff: 1ms, on: [verify_failed]}}"
        );
        floor.job("it", &fields, "Do it.");
        let mut agent = floor.agent();
        floor.factory.wait_in("it", "testing");
        agent.drain();
        let job = floor.factory.state().jobs.values().next().expect("a job").clone();
        let ends: Vec<_> = job.attempts.iter().filter_map(|attempt| Some(attempt.outcome?.name())).collect();
        assert_eq!((ends.as_slice(), job.counted), (&["verify_failed", "drained", "ok"][..], 1), "{engine}");
    }
}
