//! What an attempt did, beside what it used up (`jobs.md` section 6).

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::seldom::Usual;

/// What is known of an attempt when it is over. `None` is unknown, and never zero.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Insight {
    /// The model that answered, by the engine's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The engine's version, as it named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The engine's session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Tool calls that worked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<u64>,
    /// Tool calls that failed or were refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools_failed: Option<u64>,
    /// Files that differ from where the attempt began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// Lines added to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added: Option<u64>,
    /// Lines removed from them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<u64>,
    /// Files outside the allowed scope that differ from where the job began; `None` too where nothing limits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside: Option<u64>,
}

impl Usual for Insight {
    fn usual() -> &'static Insight {
        static UNKNOWN: LazyLock<Insight> = LazyLock::new(Insight::default);
        &UNKNOWN
    }
}

impl Insight {
    /// Whether nothing at all is known.
    pub fn is_empty(&self) -> bool {
        *self == Insight::default()
    }

    /// The change in short, `+12 -3 in 2 files`; nothing where it is not known.
    pub fn change(&self) -> Option<String> {
        let (files, added, removed) = (self.files?, self.added?, self.removed?);
        Some(format!("+{added} -{removed} in {files} {}", if files == 1 { "file" } else { "files" }))
    }
}
