//! Samples as files pack them, and numbers in their headers.

/// The little-endian u16 at `at`.
pub(super) fn le16(bytes: &[u8], at: usize) -> Option<usize> {
    let field = bytes.get(at..at + 2)?;
    Some(usize::from(u16::from_le_bytes([field[0], field[1]])))
}

/// The little-endian u32 at `at`.
pub(super) fn le32(bytes: &[u8], at: usize) -> Option<usize> {
    let field = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes([field[0], field[1], field[2], field[3]]) as usize)
}

/// The big-endian u32 at `at`.
pub(super) fn be32(bytes: &[u8], at: usize) -> Option<usize> {
    let field = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes([field[0], field[1], field[2], field[3]]) as usize)
}

/// Bytes that a row of `count` samples takes, rows beginning on whole bytes.
pub(super) fn row_bytes(count: usize, bits: usize) -> usize {
    (count * bits).div_ceil(8)
}

/// `count` samples of 1, 2, 4 or 8 bits, the highest bits first.
pub(super) fn unpack(row: &[u8], bits: usize, count: usize) -> impl Iterator<Item = u8> + '_ {
    let mask = ((1_u16 << bits) - 1) as u8;
    (0..count).map(move |at| (row[at * bits / 8] >> (8 - bits - at * bits % 8)) & mask)
}

/// What a sample of so many bits is multiplied by, so that its highest value is 255.
pub(super) fn scale(bits: usize) -> u8 {
    match bits {
        1 => 255,
        2 => 85,
        4 => 17,
        _ => 1,
    }
}
