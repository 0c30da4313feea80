//! A forge of one's own: a bare repository as origin, and a gh that keeps one pull request in a folder.

use std::path::PathBuf;

use super::agent_bench::{Factory, git_in};

/// Keeps what it was asked in `calls`, does as `state`, `checks`, `reviews`, `mergeable` and `fail` say, and
/// ends its caller where a file asks for that.
const GH: &str = r#"#!/bin/sh
D='TOP/forge'
echo "$*" >> "$D/calls"
env > "$D/env"
if [ -s "$D/fail" ]; then sed 1d "$D/fail" | sed "s/TOKEN/$GH_TOKEN/" >&2; exit "$(head -n1 "$D/fail")"; fi
one() { cat "$D/$1" 2>/dev/null || echo "$2"; }
tip() { git --git-dir='TOP/origin.git' rev-parse "refs/heads/$(cat "$D/branch")"; }
url() { echo "https://github.com/acme/site/pull/$(one n 0)"; }
case "$1 $2" in
"--version "*) echo "gh version 2.99.0" ;;
"auth status") ;;
"pr list")
  [ -f "$D/branch" ] || { echo '[]'; exit; }
  echo "[{\"number\":1,\"url\":\"u\",\"state\":\"OPEN\",\"headRefOid\":\"$(tip)\",\"isCrossRepository\":true},"
  echo "{\"number\":$(one n 0),\"url\":\"$(url)\",\"state\":\"$(one state OPEN)\",\"headRefOid\":\"$(tip)\",\"isCrossRepository\":false}]" ;;
"pr create")
  if [ -f "$D/kill-before" ]; then rm "$D/kill-before"; kill -9 "$PPID"; exit 1; fi
  if [ -f "$D/branch" ] && [ "$(one state OPEN)" = OPEN ]; then echo "a pull request for that branch already exists" >&2; exit 1; fi
  cat > "$D/body"
  while [ $# -gt 0 ]; do case "$1" in --head) echo "$2" > "$D/branch" ;; --title) echo "$2" > "$D/title" ;; esac; shift; done
  echo $(($(one n 6) + 1)) > "$D/n"; echo OPEN > "$D/state"
  if [ -f "$D/kill-after" ]; then rm "$D/kill-after"; kill -9 "$PPID"; exit 1; fi
  url ;;
"pr view")
  echo "{\"number\":$3,\"url\":\"$(url)\",\"state\":\"$(one state OPEN)\",\"headRefOid\":\"$(tip)\","
  echo "\"mergeable\":\"$(one mergeable MERGEABLE)\",\"mergeCommit\":$(one merge null),"
  echo "\"statusCheckRollup\":[$(one checks '')],\"reviews\":[$(one reviews '')]}" ;;
"run view")
  if [ -f "$D/log-fails" ]; then cat "$D/log-fails" >&2; exit 1; fi
  sed "s/TOKEN/$GH_TOKEN/" "$D/log" ;;
"api --hostname") one comments '[]' ;;
*) echo "unknown command $1" >&2; exit 1 ;;
esac
"#;

/// A factory whose origin is on that forge.
pub struct Forge {
    pub factory: Factory,
    dir: PathBuf,
}

impl Forge {
    pub fn new() -> Forge {
        let factory = Factory::new();
        let top = factory.top();
        let (dir, bare, gh) = (top.join("forge"), top.join("origin.git"), top.join("bin/gh"));
        for dir in [&dir, &top.join("bin")] {
            std::fs::create_dir_all(dir).expect("a folder");
        }
        std::fs::write(&gh, GH.replace("TOP", &top.display().to_string())).expect("written");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&gh, mode).expect("may run");
        let bare = bare.display().to_string();
        let url = "https://github.com/acme/site.git";
        let there = format!("url.{bare}.insteadOf");
        for words in [
            vec!["init", "-q", "--bare", &bare],
            vec!["remote", "add", "origin", url],
            vec!["config", &there, url],
            vec!["push", "-q", "origin", "HEAD:refs/heads/main"],
        ] {
            let out = factory.git(&words);
            assert!(out.status.success(), "{words:?}: {}", String::from_utf8_lossy(&out.stderr));
        }
        factory.config(&format!("[programs]\ngh = \"{}\"\n", gh.display()));
        Forge { factory, dir }
    }

    /// With a job `it` in testing, made by an engine that keeps its prompts in `got.N`.
    pub fn with_job(fields: &str) -> Forge {
        let forge = Forge::new();
        let script = "cat > got.$AQ_ATTEMPT; env > env.$AQ_ATTEMPT; echo mine >> notes";
        let engine = format!("[engines.talker]\nargv = [\"sh\", \"-c\", \"{script}\"]\nprompt = \"stdin\"\n");
        std::fs::write(forge.factory.project.join("aq.toml"), engine).expect("written");
        let fields = format!("engine: talker\nship: pr\nverify: test -s notes\n{fields}");
        forge
            .factory
            .drop_in("it.md", &format!("---\ntitle: Write notes\n{fields}---\nThe secret plan.\n"))
            .once();
        assert_eq!(forge.factory.course("it"), "start1 proven ok>testing", "{}", forge.factory.reason("it"));
        forge
    }

    /// Sets what the forge says next.
    pub fn set(&self, file: &str, text: &str) -> &Forge {
        std::fs::write(self.dir.join(file), format!("{text}\n")).expect("written");
        self
    }

    /// Forgets it.
    pub fn unset(&self, file: &str) -> &Forge {
        std::fs::remove_file(self.dir.join(file)).expect("it was there");
        self
    }

    /// What the forge keeps.
    pub fn get(&self, file: &str) -> String {
        std::fs::read_to_string(self.dir.join(file)).unwrap_or_default()
    }

    /// How often it was asked for that.
    pub fn asked(&self, words: &str) -> usize {
        self.get("calls").lines().filter(|line| line.starts_with(words)).count()
    }

    /// Where the job's branch stands at origin.
    pub fn tip(&self) -> String {
        let id = self.factory.id("it").expect("a job");
        let words = ["rev-parse", &format!("refs/heads/aq/job/{id}")];
        let out = git_in(&self.factory.top().join("origin.git"), &words);
        String::from_utf8_lossy(&out.stdout).trim().to_string()
    }

    /// The accepted work of the job.
    pub fn head(&self) -> String {
        let id = self.factory.id("it").expect("a job");
        let job = self.factory.state();
        let head = job.job(&id.as_str().into()).and_then(|job| job.head.clone()?.rev);
        head.map(|rev| rev.to_string()).unwrap_or_default()
    }

    /// Ships or looks, and gives what was said, names and ages made the same everywhere.
    pub fn ship(&self) -> String {
        self.plain(&self.factory.say(&["ship", "it", "--yes"]))
    }

    /// Text with what differs from run to run taken out.
    pub fn plain(&self, text: &str) -> String {
        let id = self.factory.id("it").unwrap_or_default();
        let text = text.replace(&id, "it").replace(&self.factory.top().display().to_string(), "TOP");
        text.lines().map(|line| format!("{line}\n")).collect()
    }
}
