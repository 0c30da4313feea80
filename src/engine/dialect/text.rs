//! The dialect of programs that say nothing a machine can rely on.

use super::table::{Heard, Hearing, Said};

/// Every line is text.
pub(super) struct Text;

impl Hearing for Text {
    fn hear(&mut self, _said: Said<'_>) -> Heard {
        Heard::Text
    }
}
