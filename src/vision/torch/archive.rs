//! The zip archive that `torch.save` writes: stored entries, none of them compressed.
//!
//! Only what such a file needs is read (APPNOTE.TXT 4.3, with its 64-bit fields). Entries are ranges of the mapped file, so
//! whatever sizes a hostile archive declares, nothing is allocated for them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::fault::Fault;

const END: u32 = 0x0605_4b50;
const END_LOCATOR_64: u32 = 0x0706_4b50;
const END_64: u32 = 0x0606_4b50;
const ENTRY: u32 = 0x0201_4b50;
const LOCAL: u32 = 0x0403_4b50;

/// Length of the end record without its comment, which has at most 65535 bytes.
const END_LENGTH: usize = 22;

/// Entries by name: the range of the file that each takes.
pub(super) type Entries<'a> = BTreeMap<&'a str, Range<usize>>;

/// An archive's directory.
pub(super) struct Archive<'a> {
    /// What can be read.
    pub(super) entries: Entries<'a>,
    /// Why something else can't, if there is any.
    pub(super) refusal: Option<Fault>,
}

impl<'a> Archive<'a> {
    /// Reads the directory of the archive in `bytes`.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        let (mut at, count) = directory(bytes)?;
        let (mut entries, mut refusal) = (Entries::new(), None);
        for _ in 0..count {
            let entry = Entry::at(bytes, at)?;
            match entry.content {
                Ok(range) => {
                    if entries.insert(entry.name, range).is_some() {
                        return Err(Fault::Damaged(format!("it holds {} twice", entry.name)));
                    }
                }
                Err(reason) => refusal = Some(Fault::Refused(reason)),
            }
            at = entry.end;
        }
        Ok(Self { entries, refusal })
    }
}

/// One entry of the directory.
struct Entry<'a> {
    name: &'a str,
    /// Where its content is, or why that isn't read.
    content: Result<Range<usize>, String>,
    /// Where the next entry begins.
    end: usize,
}

/// Where the directory begins, and how many entries it has.
fn directory(bytes: &[u8]) -> Result<(usize, u64), Fault> {
    let from = bytes.len().saturating_sub(END_LENGTH + 0xFFFF);
    let places = (from..=bytes.len().saturating_sub(END_LENGTH)).rev();
    let end = places
        .into_iter()
        .find(|at| u32_at(bytes, *at) == Some(END));
    let Some(end) = end else {
        return Err(Fault::Damaged(
            "it ends before its directory, as after a broken download; copy it again".to_owned(),
        ));
    };
    let short = u16_at(bytes, end + 10).zip(u32_at(bytes, end + 16));
    let (count, start) = short.ok_or_else(truncated)?;
    if count != u16::MAX && start != u32::MAX {
        return Ok((place(u64::from(start))?, u64::from(count)));
    }
    // the numbers don't fit and stand in a longer record, whose place another record just before this one tells
    let locator = end
        .checked_sub(20)
        .filter(|at| u32_at(bytes, *at) == Some(END_LOCATOR_64));
    let long = locator
        .and_then(|at| u64_at(bytes, at + 8))
        .ok_or_else(truncated)?;
    let long = place(long)?;
    if u32_at(bytes, long) != Some(END_64) {
        return Err(truncated());
    }
    let fields = offset(long, 32)
        .and_then(|at| u64_at(bytes, at))
        .zip(offset(long, 48).and_then(|at| u64_at(bytes, at)));
    let (count, start) = fields.ok_or_else(truncated)?;
    Ok((place(start)?, count))
}

impl<'a> Entry<'a> {
    /// The entry at `at`.
    fn at(bytes: &'a [u8], at: usize) -> Result<Self, Fault> {
        let header = offset(at, 46)
            .and_then(|end| bytes.get(at..end))
            .ok_or_else(truncated)?;
        let half = |place| u16_at(header, place).map_or(0, usize::from);
        let word = |place| u32_at(header, place).map_or(0, u64::from);
        if u32_at(header, 0) != Some(ENTRY) {
            return Err(truncated());
        }
        let (name_length, extra_length, comment_length) = (half(28), half(30), half(32));
        let name_end = at + 46 + name_length;
        let name = bytes.get(at + 46..name_end).ok_or_else(truncated)?;
        let name = std::str::from_utf8(name).map_err(|_| truncated())?;
        let extra = bytes
            .get(name_end..name_end + extra_length)
            .ok_or_else(truncated)?;
        let mut long = long_fields(extra);
        let mut wide = |short: u64| {
            if short == u64::from(u32::MAX) {
                long.next()
            } else {
                Some(short)
            }
        };
        let fields = (wide(word(24)), wide(word(20)), wide(word(42)));
        let (Some(size), Some(packed), Some(start)) = fields else {
            return Err(truncated());
        };
        let end = name_end + extra_length + comment_length;
        let refused = |reason: String| {
            Ok(Self {
                name,
                content: Err(reason),
                end,
            })
        };
        if half(8) & 1 != 0 {
            return refused(format!("its entry {name} is encrypted"));
        }
        if half(10) != 0 || size != packed {
            return refused(format!(
                "its entry {name} is compressed ({packed} bytes that claim to hold {size}), and torch.save never compresses"
            ));
        }
        let start = content(bytes, place(start)?)?;
        let content = offset(start, place(size)?).filter(|end| *end <= bytes.len());
        let content = content.map(|end| Ok(start..end)).ok_or_else(|| {
            Fault::Damaged(format!(
                "its entry {name} claims {size} bytes, more than the file has"
            ))
        })?;
        Ok(Self { name, content, end })
    }
}

/// Where the content behind the local header at `at` begins.
fn content(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let lengths = offset(at, 26).and_then(|name| u16_at(bytes, name).zip(u16_at(bytes, name + 2)));
    match (u32_at(bytes, at), lengths) {
        (Some(LOCAL), Some((name, extra))) => Ok(at + 30 + usize::from(name) + usize::from(extra)),
        _ => Err(truncated()),
    }
}

/// The 64-bit numbers of an entry's extra fields, in their fixed order.
fn long_fields(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut found: &[u8] = &[];
    while let Some((kind, length)) = u16_at(extra, 0).zip(u16_at(extra, 2)) {
        let end = (4 + usize::from(length)).min(extra.len());
        if kind == 1 {
            found = &extra[4..end];
        }
        extra = &extra[end..];
    }
    found.chunks_exact(8).filter_map(|eight| u64_at(eight, 0))
}

fn truncated() -> Fault {
    Fault::Damaged("its directory is not that of a zip archive; copy it again".to_owned())
}

fn place(number: u64) -> Result<usize, Fault> {
    usize::try_from(number).map_err(|_| truncated())
}

fn offset(at: usize, by: usize) -> Option<usize> {
    at.checked_add(by)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_le_bytes)
}
