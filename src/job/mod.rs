//! The words: what jobs, stages, outcomes and ceilings are called, and how a manifest is read.

mod account;
#[cfg(test)]
mod account_tests;
mod blob_id;
mod body;
mod capability;
mod children;
mod command_engine;
mod config;
#[cfg(test)]
mod config_tests;
mod effective;
#[cfg(test)]
mod effective_tests;
mod fields;
mod forms;
mod front;
mod id;
mod insight;
#[cfg(test)]
mod language_tests;
mod listing;
mod look;
mod manifest;
#[cfg(test)]
mod manifest_tests;
mod named_lists;
mod outcome;
mod ping;
mod plain;
mod problem;
mod profile;
mod read;
mod reader;
mod seldom;
mod spec;
mod stage;
mod text;
mod tokens;
mod tree;
mod usage;

pub use account::{Account, account_fields};
pub use blob_id::BlobId;
pub use body::{INTERPRETERS, Script, first_heading, script_of};
pub use capability::{Capability, CapabilitySet, OFFERS};
pub use children::{CHILDREN_MAX, Child, InlineChild};
pub use command_engine::{CommandEngine, DIALECT_NAMES, PLACEHOLDERS, Placed, PromptWay, engine_fields};
pub use config::{
    CLEAN_KEEP, CLEAN_OLDER_THAN, Clipboard, Color, Config, ConfigLayer, FLEET_REMOTE, GH, Holder, Origin,
    SHIP_REMOTE, Window, config_keys, merge_config, read_config, read_config_to_use, read_settings,
};
pub use effective::{
    DEFAULT_PROFILE, EFFECTIVE_V, Effective, Facts, Resolved, WorkPlace, is_here, profile_name, resolve,
    work_place,
};
pub use fields::nested_fields;
pub use forms::CLASS_NAMES;
pub use front::FILE_MAX;
pub use id::{AttemptNo, Epoch, HolderId, IdempotencyKey, JobId, Rev, Seq};
pub use insight::Insight;
pub use listing::{Shown, effective_listing};
pub use look::{LIST_COLUMNS, Role, THEMES, Theme, code_of, role_of, sign_of};
pub use manifest::{Body, DEPS_MAX, Manifest, Sandbox, Scope, manifest_fields};
pub use named_lists::{NamedList, read_named_lists};
pub use outcome::{Follow, OUTCOMES, Outcome, Proof};
pub use ping::{PING_KINDS, PING_PACE, PING_WAYS, PingKind, PingWay, Quiet};
pub use plain::plain_error;
pub use problem::{At, PROBLEMS_MAX, Problem, nearest, render_problems, suggestion};
pub use profile::{BUILT_IN_PROFILES, Profile, built_in_profile, profile_fields, read_profile};
pub use read::{body_of, read_manifest, read_on};
pub use reader::{Known, Words};
pub use seldom::{Seldom, Usual};
pub use spec::{
    Autoship, Backoff, DEFAULT_TIMEOUT, DepsMode, EngineClass, EngineReviewer, Priority, Retry, ReviewRule,
    ShipKind, Spec, Terms,
};
pub use stage::{FOLDERS, Folder, STAGES, Stage};
pub use text::{Stem, Text};
pub use tokens::Tokens;
pub use usage::{Budget, Usage, parse_usd, usd};
