//! What an exit of the local Devin command line says: there is no stream and no documented exit code.

use crate::job::Outcome;

/// Success needs exit 0 and a change or a passing verify, which are asked for later; all else is unknown
/// (`engines.md` section 4).
pub(super) fn bare_exit(code: i32) -> Outcome {
    if code == 0 { Outcome::Ok } else { Outcome::Unknown }
}
