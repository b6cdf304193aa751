//! A TIFF's first directory of tags.

use std::collections::HashMap;

/// Tags that are read.
pub(super) mod tag {
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const FILL_ORDER: u16 = 266;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const ORIENTATION: u16 = 274;
    pub const SAMPLES: u16 = 277;
    pub const STRIP_ROWS: u16 = 278;
    pub const STRIP_BYTES: u16 = 279;
    pub const PLANES: u16 = 284;
    pub const FAX_OPTIONS: u16 = 292;
    pub const PREDICTOR: u16 = 317;
    pub const COLOUR_MAP: u16 = 320;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_HEIGHT: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_BYTES: u16 = 325;
    pub const EXTRA: u16 = 338;
    pub const FORMAT: u16 = 339;
    pub const JPEG_TABLES: u16 = 347;
    pub const LUMA: u16 = 529;
    pub const SUBSAMPLING: u16 = 530;
    pub const BLACK_WHITE: u16 = 532;
}

/// Where a tag's values lie.
struct Entry {
    kind: u16,
    start: usize,
    count: usize,
}

/// The first directory.
pub(crate) struct Ifd<'a> {
    bytes: &'a [u8],
    pub big_endian: bool,
    entries: HashMap<u16, Entry>,
}

/// Bytes of a value of each kind that tags have.
fn size(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16..=18 => Some(8),
        _ => None,
    }
}

/// The unsigned number at `at`, of 2, 4 or 8 bytes.
fn number(bytes: &[u8], at: usize, size: usize, big_endian: bool) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(size)?)?;
    let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    Some(if big_endian {
        field.iter().fold(0, join)
    } else {
        field.iter().rev().fold(0, join)
    })
}

impl<'a> Ifd<'a> {
    /// Reads the directory that the header points to; None where there is none, or it is not whole.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = bytes.starts_with(b"MM");
        // Pillow knows the large kind only in little-endian order.
        let large = bytes.get(2) == Some(&43);
        let (word, wide, entry) = if large { (8, 8, 20) } else { (4, 2, 12) };
        let at = number(bytes, if large { 8 } else { 4 }, word, big_endian)?;
        let at = usize::try_from(at).ok()?;
        let count = usize::try_from(number(bytes, at, wide, big_endian)?).ok()?;
        let mut entries = HashMap::new();
        for index in 0..count.min(1 << 16) {
            let at = at.checked_add(wide + index * entry)?;
            let tag = number(bytes, at, 2, big_endian)? as u16;
            let kind = number(bytes, at + 2, 2, big_endian)? as u16;
            let count = usize::try_from(number(bytes, at + 4, word, big_endian)?).ok()?;
            let Some(length) = size(kind).and_then(|size| size.checked_mul(count)) else {
                continue;
            };
            let place = at + 4 + word;
            let start = if length <= word {
                place
            } else {
                usize::try_from(number(bytes, place, word, big_endian)?).ok()?
            };
            // Values that aren't there are no values.
            if start
                .checked_add(length)
                .is_some_and(|end| end <= bytes.len())
            {
                // Of a tag that comes twice the first counts.
                entries.entry(tag).or_insert(Entry { kind, start, count });
            }
        }
        Some(Self {
            bytes,
            big_endian,
            entries,
        })
    }

    /// Whether the tag has values.
    pub fn has(&self, tag: u16) -> bool {
        self.entries.contains_key(&tag)
    }

    /// A tag's whole numbers.
    pub fn numbers(&self, tag: u16) -> Vec<u64> {
        let Some(entry) = self.entries.get(&tag) else {
            return Vec::new();
        };
        let size = match entry.kind {
            1 | 3 | 4 | 7 | 13 | 16 | 18 => size(entry.kind).unwrap_or(1),
            _ => return Vec::new(),
        };
        let value = |index| {
            number(
                self.bytes,
                entry.start + index * size,
                size,
                self.big_endian,
            )
        };
        (0..entry.count).filter_map(value).collect()
    }

    /// A tag's first whole number.
    pub fn number(&self, tag: u16) -> Option<u64> {
        self.numbers(tag).first().copied()
    }

    /// A tag's fractions.
    pub fn fractions(&self, tag: u16) -> Vec<f64> {
        let Some(entry) = self.entries.get(&tag) else {
            return Vec::new();
        };
        let part = |at| number(self.bytes, at, 4, self.big_endian).unwrap_or(0) as f64;
        let fraction =
            |index: usize| part(entry.start + 8 * index) / part(entry.start + 8 * index + 4);
        if entry.kind == 5 {
            (0..entry.count).map(fraction).collect()
        } else {
            vec![f64::NAN]
        }
    }

    /// A tag's bytes as they are.
    pub fn data(&self, tag: u16) -> Option<&'a [u8]> {
        let entry = self.entries.get(&tag)?;
        Some(&self.bytes[entry.start..entry.start + size(entry.kind)? * entry.count])
    }
}
