//! Names of blobs, which in memory are half as long as they are written.

use std::fmt;

use blake3::Hash;
use serde::de::Deserializer;
use serde::{Deserialize, Serialize, Serializer};

use super::text::{Text, read_text};

/// The BLAKE3 of a blob's bytes, 64 hex digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(Name);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Name {
    /// Two digits a byte.
    Hash([u8; 32]),
    /// What is no such hash, or is not written as we write them.
    Other(Text),
}

impl BlobId {
    /// Wraps a name as it stands; the caller has checked its form.
    pub fn new(text: impl AsRef<str>) -> BlobId {
        BlobId::of(text.as_ref())
    }

    fn of(text: &str) -> BlobId {
        let hash = Hash::from_hex(text).ok().filter(|hash| hash.to_hex().as_str() == text);
        BlobId(hash.map_or_else(|| Name::Other(Text::new(text)), |hash| Name::Hash(*hash.as_bytes())))
    }

    fn read<T>(&self, with: impl FnOnce(&str) -> T) -> T {
        match &self.0 {
            Name::Hash(bytes) => with(&Hash::from_bytes(*bytes).to_hex()),
            Name::Other(text) => with(text),
        }
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read(|text| f.pad(text))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read(|text| fmt::Debug::fmt(text, f))
    }
}

impl From<&str> for BlobId {
    fn from(text: &str) -> BlobId {
        BlobId::new(text)
    }
}

impl Serialize for BlobId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.read(|text| to.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for BlobId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<BlobId, D::Error> {
        read_text(from, BlobId::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_it_was_read() {
        let check = |text: &str| {
            let id: BlobId = serde_json::from_value(text.into()).expect("a name");
            assert_eq!((id.to_string().as_str(), format!("{id:?}")), (text, format!("{text:?}")));
            assert_eq!(serde_json::to_value(&id).expect("plain data"), text);
            id
        };
        assert!(matches!(check(&"0e".repeat(32)).0, Name::Hash(_)));
        for other in ["0E".repeat(32), "0e".repeat(31), "b".to_string(), String::new()] {
            assert!(matches!(check(&other).0, Name::Other(_)), "{other}");
        }
    }
}
