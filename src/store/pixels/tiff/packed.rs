//! Strips and tiles unpacked: each compression that is read, and what was done to the samples before it.

use std::io::Read;

use weezl::BitOrder;
use weezl::decode::Configuration;

use super::super::inflate::inflate;
use super::super::jpeg;
use super::super::samples::row_bytes;
use super::fax::{self, Coding};
use super::ifd::{Ifd, tag};
use super::kind::{Kind, Meaning};

/// The size of a strip or tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub width: usize,
    pub rows: usize,
    /// Samples of a pixel that it holds.
    pub samples: usize,
}

fn damaged() -> String {
    "its data are damaged or end too early".to_owned()
}

/// Refuses compressions that aren't read.
pub(super) fn check(kind: &Kind) -> Result<(), String> {
    let name = match kind.compression {
        1 | 5 | 7 | 8 | 32946 | 32773 | 50000 => return Ok(()),
        2..=4 if kind.bits == 1 && kind.samples == 1 => return Ok(()),
        6 => "old JPEG",
        34925 => "LZMA",
        50001 => "WebP",
        _ => "an unknown",
    };
    Err(format!(
        "it is a TIFF with {name} compression, which is not read"
    ))
}

/// The rows of a strip or tile, without padding.
pub(super) fn unpack(
    data: &[u8],
    ifd: &Ifd<'_>,
    kind: &Kind,
    shape: Shape,
) -> Result<Vec<u8>, String> {
    let row = row_bytes(shape.width * shape.samples, kind.bits);
    let wanted = row * shape.rows;
    let turned: Vec<u8>;
    let data = if kind.reversed && kind.compression != 7 {
        turned = data.iter().map(|byte| byte.reverse_bits()).collect();
        &turned
    } else {
        data
    };
    let mut rows = Vec::new();
    let whole = match kind.compression {
        5 => lzw(data, &mut rows, wanted),
        8 | 32946 => inflate(data, &mut rows, wanted).0 == wanted,
        32773 => pack_bits(data, &mut rows, wanted),
        50000 => zstandard(data, &mut rows, wanted),
        7 => return photo(data, ifd, kind, shape),
        _ => fax::decode(data, coding(ifd, kind), shape.width, shape.rows)
            .map(|bits| rows = bits)
            .is_some(),
    };
    if !whole {
        return Err(damaged());
    }
    let predictor = ifd.number(tag::PREDICTOR).unwrap_or(1);
    match (predictor, kind.compression) {
        (2, 5 | 8 | 32946 | 50000) => rows
            .chunks_exact_mut(row)
            .try_for_each(|row| sum(row, ifd, kind, shape.samples))?,
        (3.., 5 | 8 | 32946 | 50000) => {
            return Err("it is a TIFF with a predictor that is not read".to_owned());
        }
        _ => {}
    }
    Ok(rows)
}

fn coding(ifd: &Ifd<'_>, kind: &Kind) -> Coding {
    match kind.compression {
        2 => Coding::Bytes,
        3 if ifd.number(tag::FAX_OPTIONS).unwrap_or(0) & 1 == 1 => Coding::Mixed,
        3 => Coding::Lines,
        _ => Coding::Differences,
    }
}

fn lzw(mut data: &[u8], rows: &mut Vec<u8>, wanted: usize) -> bool {
    rows.resize(wanted, 0);
    let mut reader = Configuration::with_tiff_size_switch(BitOrder::Msb, 8).build();
    let mut filled = 0;
    while filled < wanted {
        let step = reader.decode_bytes(data, &mut rows[filled..]);
        data = &data[step.consumed_in..];
        filled += step.consumed_out;
        if step.status.is_err() || step.consumed_in + step.consumed_out == 0 {
            return false;
        }
    }
    true
}

fn zstandard(data: &[u8], rows: &mut Vec<u8>, wanted: usize) -> bool {
    rows.resize(wanted, 0);
    zstd::Decoder::with_buffer(data).is_ok_and(|mut reader| reader.read_exact(rows).is_ok())
}

fn pack_bits(data: &[u8], rows: &mut Vec<u8>, wanted: usize) -> bool {
    let mut at = 0;
    while rows.len() < wanted {
        let Some(&count) = data.get(at) else {
            return false;
        };
        at += 1;
        let room = wanted - rows.len();
        match count {
            0..128 => {
                let count = usize::from(count) + 1;
                let Some(bytes) = data.get(at..at + count.min(room)) else {
                    return false;
                };
                rows.extend_from_slice(bytes);
                at += count;
            }
            128 => {}
            129.. => {
                let Some(&byte) = data.get(at) else {
                    return false;
                };
                rows.resize(rows.len() + (257 - usize::from(count)).min(room), byte);
                at += 1;
            }
        }
    }
    true
}

/// Undoes the predictor that stores differences from the pixel before.
fn sum(row: &mut [u8], ifd: &Ifd<'_>, kind: &Kind, samples: usize) -> Result<(), String> {
    let bytes = kind.bits / 8;
    if !matches!(kind.bits, 8 | 16 | 32) {
        return Err(damaged());
    }
    for at in (samples * bytes..row.len()).step_by(bytes) {
        let mut carry = 0;
        for place in 0..bytes {
            // The lowest byte first.
            let place = at
                + if ifd.big_endian {
                    bytes - 1 - place
                } else {
                    place
                };
            let sum = u16::from(row[place]) + u16::from(row[place - samples * bytes]) + carry;
            row[place] = sum as u8;
            carry = sum >> 8;
        }
    }
    Ok(())
}

/// A JPEG, whose tables may lie in a tag. Its colours become RGB where the tags say that they are Y, Cb and Cr: a marker
/// says so to the decoder, which libtiff tells directly.
fn photo(data: &[u8], ifd: &Ifd<'_>, kind: &Kind, shape: Shape) -> Result<Vec<u8>, String> {
    let body = data.strip_prefix(&[0xFF, 0xD8]).ok_or_else(damaged)?;
    let converted = kind.meaning == Meaning::YCbCr;
    let marked = body.get(4..9) == Some(b"JFIF\0");
    if kind.planes && converted || marked && !converted && shape.samples == 3 {
        return Err("it is a TIFF with a JPEG of a kind that is not read exactly".to_owned());
    }
    let mut stream = vec![0xFF, 0xD8, 0xFF, 0xEE, 0, 14];
    stream.extend_from_slice(b"Adobe\0\x64\0\0\0\0");
    stream.push(u8::from(converted));
    if let Some(tables) = ifd.data(tag::JPEG_TABLES) {
        let tables = tables.strip_prefix(&[0xFF, 0xD8]).unwrap_or(tables);
        stream.extend_from_slice(tables.strip_suffix(&[0xFF, 0xD9]).unwrap_or(tables));
    }
    stream.extend_from_slice(body);
    let (width, rows) = jpeg::dimensions(&stream)?;
    if kind.bits != 8 || width as usize != shape.width || (rows as usize) < shape.rows {
        return Err(damaged());
    }
    let (.., mut samples) = jpeg::samples(&stream)?;
    if samples.len() != width as usize * rows as usize * shape.samples {
        return Err(damaged());
    }
    samples.truncate(shape.rows * shape.width * shape.samples);
    Ok(samples)
}
