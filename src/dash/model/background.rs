//! What is known of the terminal's background.

use crate::time::Span;

/// A reply that comes later is passed over: colours that change under reading eyes disturb more than they help.
pub const REPLIES_WITHIN: Span = Span::from_secs(1);

/// Whether the theme follows it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Background {
    /// Nobody chose a theme and nothing else told which one fits.
    pub follows: bool,
    /// When the terminal was asked, while it has not replied.
    pub asked: Option<Span>,
}
