//! One line, one batch: `{"crc":"xxxxxxxx","seq":…,"batch":"…","law":…,"events":[…]}`.
//!
//! The checksum (CRC-32 of everything behind it up to the closing brace) stands first and at a fixed
//! width, so a line is checked before any of it is parsed, and the parser never sees damaged bytes.
//! Rejected: a checksum per event, which would let half a batch look whole.

use serde::{Deserialize, Serialize};

use crate::fleet::{Event, LAW};
use crate::job::Seq;

/// Random name of a batch, by which an append with unknown outcome is found again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BatchId(String);

impl BatchId {
    /// A name of 64 random bits.
    pub fn mint() -> BatchId {
        BatchId(format!("{:016x}", fastrand::u64(..)))
    }
}

/// A batch as it stands in the log.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Number of its first event.
    pub seq: Seq,
    /// Its name.
    pub batch: BatchId,
    /// Its events, numbered without gaps.
    pub events: Vec<Event>,
}

#[derive(Serialize)]
struct BodyOut<'a> {
    seq: Seq,
    batch: &'a BatchId,
    law: u32,
    events: &'a [Event],
}

#[derive(Deserialize)]
struct BodyIn {
    seq: Seq,
    batch: BatchId,
    law: u32,
    events: Vec<Event>,
}

/// Just enough of a line to know who wrote it.
#[derive(Deserialize)]
struct LawOnly {
    law: u32,
}

const HEAD: &[u8] = br#"{"crc":"00000000","#;

/// Why a line cannot be taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BadLine {
    /// Its bytes are not what was written.
    Damaged(String),
    /// It was written by a newer law.
    Newer(u32),
}

/// The line of a batch, with its line feed.
///
/// # Panics
/// Never in practice: events are plain data and always serialise.
pub fn encode_line(seq: Seq, batch: &BatchId, events: &[Event]) -> Vec<u8> {
    let mut line = HEAD.to_vec();
    let body = serde_json::to_vec(&BodyOut { seq, batch, law: LAW, events }).expect("events are plain data");
    line.extend_from_slice(&body[1..]);
    let crc = format!("{:08x}", crc32fast::hash(&line[HEAD.len()..]));
    line[8..16].copy_from_slice(crc.as_bytes());
    line.push(b'\n');
    line
}

/// A hexadecimal digit as we write it; anything else is damage.
fn is_digit(b: u8) -> bool {
    matches!(b, b'0'..=b'9' | b'a'..=b'f')
}

/// Reads a line without its line feed.
///
/// # Errors
/// `BadLine` if it is damaged or newer than this program.
pub fn decode_line(line: &[u8]) -> Result<Entry, BadLine> {
    let damaged = |why: &str| BadLine::Damaged(why.to_string());
    if line.len() <= HEAD.len() || line[..8] != HEAD[..8] || line[16..HEAD.len()] != HEAD[16..] {
        return Err(damaged("it does not begin like a batch"));
    }
    let body = &line[HEAD.len()..];
    let told = std::str::from_utf8(&line[8..16]).ok().filter(|hex| hex.bytes().all(is_digit));
    if told.and_then(|hex| u32::from_str_radix(hex, 16).ok()) != Some(crc32fast::hash(body)) {
        return Err(damaged("its checksum does not match"));
    }
    // The whole line is one object; the checksum is a field that nobody asks for.
    match serde_json::from_slice::<BodyIn>(line) {
        Ok(body) if body.law > LAW => Err(BadLine::Newer(body.law)),
        Ok(body) => Ok(Entry { seq: body.seq, batch: body.batch, events: body.events }),
        // A newer law may have kinds of events that this one cannot even parse.
        Err(error) => match serde_json::from_slice::<LawOnly>(line) {
            Ok(only) if only.law > LAW => Err(BadLine::Newer(only.law)),
            _ => Err(BadLine::Damaged(error.to_string())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{Actor, ActorKind, What};
    use crate::job::JobId;
    use crate::time::Stamp;

    fn event(job: &str) -> Event {
        Event {
            at: Stamp::from_millis(1_700_000_000_000),
            by: Actor::new(ActorKind::System, "t"),
            key: None,
            note: None,
            what: What::JobUnblocked { job: JobId::from(job) },
        }
    }

    #[test]
    fn a_line_reads_back_and_every_flipped_bit_is_seen() {
        let batch = BatchId("0123456789abcdef".into());
        let line = encode_line(7, &batch, &[event("a"), event("b")]);
        let text = String::from_utf8(line.clone()).expect("JSON is UTF-8");
        expect_test::expect![[r#"
            {"crc":"ef3f1b05","seq":7,"batch":"0123456789abcdef","law":1,"events":[{"at":1700000000000,"by":"system:t","what":{"job_unblocked":{"job":"a"}}},{"at":1700000000000,"by":"system:t","what":{"job_unblocked":{"job":"b"}}}]}
        "#]]
        .assert_eq(&text);
        let line = &line[..line.len() - 1];
        let entry = decode_line(line).expect("reads back");
        assert_eq!((entry.seq, entry.batch, entry.events.len()), (7, batch, 2));
        for at in 0..line.len() {
            let mut bent = line.to_vec();
            bent[at] ^= 4;
            assert!(decode_line(&bent).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_newer_law_is_told_apart_from_damage() {
        let mut line =
            br#"{"crc":"00000000","seq":1,"batch":"b","law":999,"events":[{"new":"kind"}]}"#.to_vec();
        let crc = format!("{:08x}", crc32fast::hash(&line[HEAD.len()..]));
        line[8..16].copy_from_slice(crc.as_bytes());
        assert_eq!(decode_line(&line), Err(BadLine::Newer(999)));
    }
}
