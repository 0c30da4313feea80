//! Words that are kept many times over: a pointer wide, copied by counting.

use std::fmt;

use arcstr::{ArcStr, Substr};
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// Text that is never changed, only replaced. A copy of it is the same text in memory.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(ArcStr);

/// The beginning of a text, in the memory of the whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stem(Substr);

impl Text {
    /// A text of its own.
    pub fn new(text: &str) -> Text {
        Text(ArcStr::from(text))
    }

    /// It without that end, if it has it.
    pub fn without(&self, end: &str) -> Stem {
        Stem(self.0.substr(..self.strip_suffix(end).unwrap_or(self).len()))
    }

    /// Whether both are one text in memory; they may be equal without.
    pub fn is_same(&self, other: &Text) -> bool {
        ArcStr::ptr_eq(&self.0, &other.0)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::new(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::new(&text)
    }
}

impl From<&str> for Stem {
    fn from(text: &str) -> Stem {
        Text::new(text).without("")
    }
}

/// Reads what is made of a text, without a copy of that.
pub(super) fn read_text<'de, D: Deserializer<'de>, T>(from: D, make: fn(&str) -> T) -> Result<T, D::Error> {
    struct Read<T>(fn(&str) -> T);

    impl<T> Visitor<'_> for Read<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E>(self, text: &str) -> Result<T, E> {
            Ok((self.0)(text))
        }
    }
    from.deserialize_str(Read(make))
}

macro_rules! reads_as_text {
    ($($name:ident)*) => {$(
        impl $name {
            /// It, to be read.
            pub fn as_str(&self) -> &str {
                self
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }
    )*};
}

reads_as_text! { Text Stem }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_is_a_text_without_its_end() {
        let check = |text: &str, expected: &str| assert_eq!(Text::new(text).without(".md"), expected);
        check("fix.md", "fix");
        check("fix.md.md", "fix.md");
        check("fix", "fix");
    }

    #[test]
    fn it_is_a_pointer_wide() {
        assert_eq!(size_of::<Option<Text>>(), size_of::<usize>());
    }
}
