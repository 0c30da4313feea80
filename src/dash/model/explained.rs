//! Why a job stands where it stands, as the source worked it out: now, or at a moment.

use crate::insight::{Chain, Explanation};
use crate::time::Stamp;

/// The answer to one question of why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explained {
    /// What holds it, its place, what would start it, and the hosts.
    pub said: Explanation,
    /// The ways to far causes.
    pub chains: Vec<Chain>,
    /// No agent lives here: the host is what one started now would be.
    pub imagined: bool,
    /// The event up to which was looked.
    pub seq: u64,
    /// The moment of it.
    pub at: Stamp,
}
