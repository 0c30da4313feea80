//! The dialect of programs that say nothing a machine can rely on.

use super::table::Heard;
use crate::job::Outcome;

/// Every line is text.
pub(super) fn hear(_line: &[u8]) -> Heard {
    Heard::Text
}

/// Zero or not; other codes mean whatever the program's author meant.
pub(super) fn exit_class(code: i32) -> Outcome {
    if code == 0 { Outcome::Ok } else { Outcome::TaskFailed }
}
