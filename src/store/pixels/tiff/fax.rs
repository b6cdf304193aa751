//! Fax compressions (CCITT groups 3 and 4), row by row, as libtiff reads whole files.

use std::convert::Infallible;
use std::iter::{Copied, Map};
use std::slice::Iter;

use fax::maps::{Mode, black, mode, white};
use fax::{BitReader, ByteReader};

/// Which rows are told by the row before, and what stands between rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Runs, each row beginning on a whole byte.
    Bytes,
    /// Runs, with an end-of-line before each row.
    Lines,
    /// After each end-of-line, a bit that says whether the row is told by the one before.
    Mixed,
    /// All rows are told by the one before.
    Differences,
}

type Bits<'a> = ByteReader<Map<Copied<Iter<'a, u8>>, fn(u8) -> Result<u8, Infallible>>>;

/// `rows` rows of `width` pixels, a bit each, 1 for black; None where the data are damaged or end too early.
pub(super) fn decode(data: &[u8], coding: Coding, width: usize, rows: usize) -> Option<Vec<u8>> {
    let width = u16::try_from(width).ok()?;
    let wrap: fn(u8) -> Result<u8, Infallible> = Ok;
    // The tables look further than the last codes reach; libtiff has zeros there too.
    let padded = [data, &[0; 4]].concat();
    let mut bits: Bits<'_> = ByteReader::new(padded.iter().copied().map(wrap)).ok()?;
    let stride = usize::from(width).div_ceil(8);
    let mut out = vec![0; stride * rows];
    // Where the colour changes, white first; the row above the first is white.
    let mut before: Vec<u16> = Vec::new();
    for row in out.chunks_exact_mut(stride) {
        let alone = match coding {
            Coding::Bytes => {
                let skipped = bits.bits_to_byte_boundary();
                bits.consume(skipped).ok()?;
                true
            }
            Coding::Lines => {
                end_of_line(&mut bits)?;
                true
            }
            Coding::Mixed => {
                end_of_line(&mut bits)?;
                let alone = bits.peek(1)? == 1;
                bits.consume(1).ok()?;
                alone
            }
            Coding::Differences => false,
        };
        before = if alone {
            runs(&mut bits, width)?
        } else {
            differences(&mut bits, &before, width)?
        };
        for change in before.chunks(2) {
            let end = change.get(1).copied().unwrap_or(width);
            for column in usize::from(change[0])..usize::from(end) {
                row[column / 8] |= 0x80 >> (column % 8);
            }
        }
    }
    Some(out)
}

/// Passes over zeros and the one that ends them.
fn end_of_line(bits: &mut Bits<'_>) -> Option<()> {
    if bits.peek(11)? != 0 {
        return None;
    }
    while bits.peek(1)? == 0 {
        bits.consume(1).ok()?;
    }
    bits.consume(1).ok()
}

/// The length of a run: longer ones are told in several parts.
fn run(bits: &mut Bits<'_>, is_black: bool) -> Option<u16> {
    let mut sum: u16 = 0;
    loop {
        let part = if is_black {
            black::decode(bits)?
        } else {
            white::decode(bits)?
        };
        sum = sum.checked_add(part)?;
        if part < 64 {
            return Some(sum);
        }
    }
}

/// A row that is told by itself.
fn runs(bits: &mut Bits<'_>, width: u16) -> Option<Vec<u16>> {
    let (mut changes, mut at, mut is_black) = (Vec::new(), 0_u16, false);
    while at < width {
        at = at
            .checked_add(run(bits, is_black)?)
            .filter(|at| *at <= width)?;
        changes.push(at);
        is_black = !is_black;
    }
    Some(changes)
}

/// A row that is told by the one before.
fn differences(bits: &mut Bits<'_>, before: &[u16], width: u16) -> Option<Vec<u16>> {
    let mut changes: Vec<u16> = Vec::new();
    let (mut at, mut is_black, mut start) = (0_u16, false, true);
    while at < width {
        // The first change above, right of here, to the other colour; and the one after it.
        let first = usize::from(is_black);
        let above = |index: usize| before.get(index).copied().unwrap_or(width);
        let mut index = first;
        while index < before.len() && !(above(index) > at || start && above(index) == 0 && at == 0)
        {
            index += 2;
        }
        match mode::decode(bits)? {
            Mode::Pass => at = above(index + 1),
            Mode::Horizontal => {
                for colour in [is_black, !is_black] {
                    at = at
                        .checked_add(run(bits, colour)?)
                        .filter(|at| *at <= width)?;
                    changes.push(at);
                }
            }
            Mode::Vertical(offset) => {
                at = above(index)
                    .checked_add_signed(i16::from(offset))
                    .filter(|to| *to <= width && *to >= at)?;
                changes.push(at);
                is_black = !is_black;
            }
            Mode::Extension | Mode::EOF => return None,
        }
        start = false;
    }
    Some(changes)
}
