//! Front matter as a tree in which every value knows its place, whichever language it was written in.

mod node;
mod toml;
mod yaml;

pub use node::{Entry, Node, Value};
pub use toml::read_toml;
pub use yaml::read_yaml;
