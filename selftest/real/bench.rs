//! A queue whose jobs are done by a real engine that talks to a model of ours.

use super::super::agent_bench::{Agent, Factory};
use super::super::models::Models;
use super::program::{hermetic, search_path};

/// A key that may be written nowhere.
pub const KEY: &str = "canary-key-3f9a1c";

/// Each engine with the fields that choose it and its model.
pub const ENGINES: [(&str, &str); 2] =
    [("claude", "engine: claude | model: claude-sonnet-4-5"), ("codex", "engine: codex | model: fake-model")];

/// The fields of one of them.
pub fn fields(engine: &str) -> &'static str {
    ENGINES.iter().find(|row| row.0 == engine).expect("an engine of these tests").1
}

/// A queue, its model, and where its agents are at home.
pub struct Bench {
    /// The queue.
    pub factory: Factory,
    /// The model that every engine of it talks to.
    pub models: Models,
    /// The variable by which `claude` gets its key.
    key: &'static str,
}

impl Bench {
    /// A queue whose model plays this scenario.
    pub fn new(scenario: &str) -> Bench {
        Bench::paid_by("ANTHROPIC_API_KEY", scenario)
    }

    /// The same, with an account of `claude` that has usage windows.
    pub fn with_login(scenario: &str) -> Bench {
        Bench::paid_by("CLAUDE_CODE_OAUTH_TOKEN", scenario)
    }

    fn paid_by(key: &'static str, scenario: &str) -> Bench {
        let bench = Bench { factory: Factory::new(), models: Models::start(scenario), key };
        bench.pass("TZ");
        bench
    }

    /// Settings of the user, who lets this variable pass.
    pub fn pass(&self, variable: &str) {
        self.factory.config(&format!(
            "yolo = true\nenv-pass = [\"{variable}\"]\n\n[engines.claude.accounts.one]\nenv = {{{0} = \"{0}\", ANTHROPIC_BASE_URL = \"ANTHROPIC_BASE_URL\"}}\n\n[engines.codex.accounts.two]\nenv = {{FAKE_KEY = \"FAKE_KEY\"}}\n", self.key
        ));
    }

    /// Makes a home in which both engines know where their model is; gives its path.
    pub fn home(&self, name: &str) -> String {
        let home = self.factory.top().join(name);
        std::fs::create_dir_all(home.join(".codex")).expect("a folder");
        let url = &self.models.url;
        let codex = format!(
            "model = \"fake-model\"\nmodel_provider = \"fake\"\n\n[model_providers.fake]\nname = \"fake\"\nbase_url = \"{url}/v1\"\nwire_api = \"responses\"\nenv_key = \"FAKE_KEY\"\nrequest_max_retries = 1\nstream_max_retries = 1\n"
        );
        std::fs::write(home.join(".codex/config.toml"), codex).expect("written");
        home.display().to_string()
    }

    /// Waits until an engine has met a model that does not answer.
    #[track_caller]
    pub fn wait_silent(&self, agent: &mut Agent) -> &Bench {
        self.factory.wait("silence of the model", || {
            assert!(agent.lives(), "the agent ended: {}", agent.said());
            self.models.is_silent().then_some(())
        });
        self
    }

    /// The texts of a person in a request.
    pub fn said_to(&self, nth: usize) -> String {
        let body = &self.models.asked()[nth].body;
        let all = body["messages"].as_array().or(body["input"].as_array()).cloned().unwrap_or_default();
        let of = |message: &serde_json::Value| match message["content"].as_array() {
            Some(parts) => {
                parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
            }
            None => message["content"].as_str().unwrap_or_default().to_string(),
        };
        all.iter().filter(|message| message["role"] == "user").map(of).collect::<Vec<_>>().join("\n")
    }

    /// What the calls of the last request came to, a line each.
    pub fn came_back(&self) -> String {
        let asked = self.models.asked();
        let body = asked.last().map(|asked| asked.body.clone()).unwrap_or_default();
        let items = body["input"].as_array().cloned().unwrap_or_default();
        let parts = body["messages"].as_array().cloned().unwrap_or_default();
        let parts = parts.iter().filter_map(|message| message["content"].as_array()).flatten();
        let of_one = items.iter().filter(|item| item["output"] != serde_json::Value::Null);
        let of_other = parts.filter(|part| part["type"] == "tool_result");
        let outputs = of_one.map(|item| &item["output"]).chain(of_other.map(|part| &part["content"]));
        outputs.map(|output| format!("{output}\n")).collect()
    }

    /// A file at the last checkpoint of the job `it`.
    pub fn file(&self, path: &str) -> Option<String> {
        let id = self.factory.id("it")?;
        let events = self.factory.events();
        let mut saved = events.iter().rev().filter_map(|event| event["what"].get("checkpointed"));
        let rev = saved.find(|what| what["job"] == *id)?["rev"].as_str()?.to_string();
        self.factory.file_at(&rev, path)
    }

    /// Drops `NAME.md`: a job of an engine with these fields and this text.
    pub fn job(&self, name: &str, fields: &str, text: &str) -> &Bench {
        let fields: String =
            fields.split(" | ").filter(|f| !f.is_empty()).map(|f| format!("{f}\n")).collect();
        self.factory.drop_in(&format!("{name}.md"), &format!("---\ntitle: {name}\n{fields}---\n{text}\n"));
        self
    }

    /// Starts an agent at home in `home`.
    pub fn agent(&self, home: &str, words: &[&str]) -> Agent {
        self.agent_with(home, words, &[])
    }

    /// Starts an agent with more in its environment.
    pub fn agent_with(&self, home: &str, words: &[&str], more: &[(&str, &str)]) -> Agent {
        let home = self.home(home);
        let path = search_path().into_string().expect("a search path");
        // What a program holds for temporary must not be above its home, or codex has no sandbox.
        let scratch = self.factory.top().join("run").display().to_string();
        let proxies = hermetic();
        let mut set: Vec<(&str, &str)> =
            proxies.iter().map(|(name, value)| (*name, value.as_str())).collect();
        set.extend([("PATH", path.as_str()), ("HOME", home.as_str()), ("TMPDIR", scratch.as_str())]);
        set.extend([(self.key, KEY), ("ANTHROPIC_BASE_URL", &self.models.url), ("FAKE_KEY", KEY)]);
        set.extend(more);
        self.factory.agent_with(words, &set)
    }
}
