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
        BlobId(read_hex(text).map_or_else(|| Name::Other(Text::new(text)), Name::Hash))
    }

    fn read<T>(&self, with: impl FnOnce(&str) -> T) -> T {
        match &self.0 {
            Name::Hash(bytes) => with(&Hash::from_bytes(*bytes).to_hex()),
            Name::Other(text) => with(text),
        }
    }
}

/// The bytes of a hash as we write it. A snapshot has hundreds of thousands, so no digit is branched on.
fn read_hex(text: &str) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let (mut bytes, mut bad) = ([0; 32], 0);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        bad |= high | low;
        *byte = high << 4 | low & 0xf;
    }
    (bad != NO_DIGIT).then_some(bytes)
}

/// The value of what is no digit of ours; no digits together make it.
const NO_DIGIT: u8 = 0xff;

/// The value of each byte as a digit.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut n = 0;
    while n < 16 {
        values[b"0123456789abcdef"[n as usize] as usize] = n;
        n += 1;
    }
    values
};

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
        assert!(matches!(check(&"0123456789abcdef".repeat(4)).0, Name::Hash(_)));
        for other in [
            "0E".repeat(32),
            format!("{}g", "0".repeat(63)),
            "é".repeat(32),
            "0e".repeat(31),
            "b".to_string(),
            String::new(),
        ] {
            assert!(matches!(check(&other).0, Name::Other(_)), "{other}");
        }
    }
}
