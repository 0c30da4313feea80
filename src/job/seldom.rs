//! A value that nearly everything leaves as it usually is: it costs a pointer until it differs.
//!
//! A queue of many jobs is mostly jobs that wait, and those have spent nothing, raised nothing and ask for
//! nothing special. Read and written as the value itself, on disk too.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a [`Seldom`] is where nothing else was said.
pub trait Usual: Default + PartialEq + 'static {
    /// The default, for all to look at.
    fn usual() -> &'static Self;
}

impl<T: PartialEq + 'static> Usual for Vec<T> {
    fn usual() -> &'static Vec<T> {
        const { &Vec::new() }
    }
}

/// A value that is seldom another than its default.
#[derive(Clone)]
pub struct Seldom<T>(Option<Box<T>>);

impl<T: Usual> From<T> for Seldom<T> {
    fn from(value: T) -> Seldom<T> {
        Seldom((value != *T::usual()).then(|| Box::new(value)))
    }
}

impl<T: PartialEq + 'static> FromIterator<T> for Seldom<Vec<T>> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Seldom<Vec<T>> {
        rows.into_iter().collect::<Vec<T>>().into()
    }
}

impl<T> Default for Seldom<T> {
    fn default() -> Seldom<T> {
        Seldom(None)
    }
}

impl<T: Usual> Seldom<T> {
    /// Whether it is as usual.
    pub fn is_usual(&self) -> bool {
        **self == *T::usual()
    }

    /// Costs a pointer again where it was written to and is as usual.
    pub fn settle(&mut self) {
        if self.0.is_some() && self.is_usual() {
            self.0 = None;
        }
    }
}

impl<T> Seldom<Vec<T>> {
    /// Gives back the room that a list keeps to grow into.
    pub fn shrink(&mut self) {
        if let Some(list) = &mut self.0 {
            list.shrink_to_fit();
        }
    }
}

impl<T: Usual> Deref for Seldom<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or_else(|| T::usual())
    }
}

impl<T: Usual> DerefMut for Seldom<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl<'a, T: Usual> IntoIterator for &'a Seldom<T>
where
    &'a T: IntoIterator,
{
    type Item = <&'a T as IntoIterator>::Item;
    type IntoIter = <&'a T as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        (**self).into_iter()
    }
}

/// By value: one that was written to and is as usual again equals one that never was.
impl<T: Usual> PartialEq for Seldom<T> {
    fn eq(&self, other: &Seldom<T>) -> bool {
        **self == **other
    }
}

impl<T: Usual + Eq> Eq for Seldom<T> {}

impl<T: Usual + Hash> Hash for Seldom<T> {
    fn hash<H: Hasher>(&self, to: &mut H) {
        (**self).hash(to);
    }
}

impl<T: Usual + fmt::Debug> fmt::Debug for Seldom<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Usual + Serialize> Serialize for Seldom<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(to)
    }
}

impl<'de, T: Usual + Deserialize<'de>> Deserialize<'de> for Seldom<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Seldom<T>, D::Error> {
        T::deserialize(from).map(Seldom::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Budget;

    #[test]
    fn it_reads_and_writes_as_the_value_and_costs_a_pointer() {
        let mut it = Seldom::<Budget>::default();
        assert_eq!((it.tokens, serde_json::to_string(&it).expect("plain data").as_str()), (None, "{}"));
        it.tokens = Some(7);
        let text = serde_json::to_string(&it).expect("plain data");
        assert_eq!((text.as_str(), serde_json::from_str(&text).ok()), (r#"{"tokens":7}"#, Some(it.clone())));
        it.tokens = None;
        assert_eq!((&it, it.0.is_some()), (&Seldom::default(), true), "as usual again");
        it.settle();
        assert!(it.0.is_none());
        assert_eq!(size_of_val(&it), size_of::<usize>());
    }
}
