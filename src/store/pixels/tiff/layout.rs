//! Strips and tiles: where they lie in the file and in the image.

use super::super::geometry;
use super::super::samples::row_bytes;
use super::ifd::{Ifd, tag};
use super::kind::{Kind, Meaning};
use super::packed::{self, Shape};

/// All samples of an image: rows of all samples of a pixel, or rows of one sample in each of several planes.
pub(super) struct Planes {
    pub planes: Vec<Vec<u8>>,
    /// Bytes of a row.
    pub stride: usize,
    /// Bits of a sample.
    pub bits: usize,
}

/// How the image is cut.
struct Cut {
    width: usize,
    height: usize,
    offsets: Vec<u64>,
    lengths: Vec<u64>,
    tiled: bool,
}

fn damaged() -> String {
    "its data are damaged or end too early".to_owned()
}

fn inexact(what: &str) -> String {
    format!("it is a TIFF with {what}, which is not read exactly")
}

impl Cut {
    fn of(ifd: &Ifd<'_>, width: usize, height: usize) -> Result<Self, String> {
        let side = |tag| ifd.number(tag).and_then(|side| usize::try_from(side).ok());
        let tiled = !ifd.has(tag::STRIP_OFFSETS);
        let cut = if tiled {
            Self {
                width: side(tag::TILE_WIDTH).ok_or_else(damaged)?,
                height: side(tag::TILE_HEIGHT).ok_or_else(damaged)?,
                offsets: ifd.numbers(tag::TILE_OFFSETS),
                lengths: ifd.numbers(tag::TILE_BYTES),
                tiled,
            }
        } else {
            Self {
                width,
                height: side(tag::STRIP_ROWS).unwrap_or(height),
                offsets: ifd.numbers(tag::STRIP_OFFSETS),
                lengths: ifd.numbers(tag::STRIP_BYTES),
                tiled,
            }
        };
        let sides = if tiled {
            [cut.width, cut.height]
        } else {
            [1, 1]
        };
        if sides.iter().any(|side| *side > 1 << 31) {
            return Err(damaged());
        }
        if cut.width == 0 || cut.height == 0 || cut.offsets.is_empty() {
            return Err(damaged());
        }
        Ok(cut)
    }
}

/// Reads all samples.
pub(super) fn read(
    bytes: &[u8],
    ifd: &Ifd<'_>,
    kind: &Kind,
    width: usize,
    height: usize,
) -> Result<Planes, String> {
    let cut = Cut::of(ifd, width, height)?;
    if kind.compression == 1 {
        // Pillow reads these itself.
        return plain(bytes, ifd, kind, cut, (width, height));
    }
    packed::check(kind)?;
    let samples = if kind.planes { 1 } else { kind.samples };
    let stride = row_bytes(width * samples, kind.bits);
    let mut planes = vec![vec![0; stride * height]; if kind.planes { kind.samples } else { 1 }];
    let (across, down) = (width.div_ceil(cut.width), height.div_ceil(cut.height));
    if cut.offsets.len() < across * down * planes.len() {
        return Err(damaged());
    }
    if cut.tiled {
        geometry::check(
            cut.width as u64,
            cut.height as u64,
            (samples * kind.bits).div_ceil(8) as u64,
        )?;
    }
    for (number, plane) in planes.iter_mut().enumerate() {
        for part in 0..across * down {
            let (x, y) = (part % across * cut.width, part / across * cut.height);
            let index = number * across * down + part;
            let start = usize::try_from(cut.offsets[index]).map_err(|_| damaged())?;
            let stored = bytes.get(start..).ok_or_else(damaged)?;
            let length = cut
                .lengths
                .get(index)
                .map_or(stored.len(), |length| stored.len().min(*length as usize));
            let rows = if cut.tiled {
                cut.height
            } else {
                cut.height.min(height - y)
            };
            let shape = Shape {
                width: cut.width,
                rows,
                samples,
            };
            let unpacked = packed::unpack(&stored[..length], ifd, kind, shape)?;
            let place = Place {
                x,
                y,
                columns: cut.width.min(width - x),
                rows: cut.height.min(height - y),
            };
            let from = row_bytes(cut.width * samples, kind.bits);
            place.copy(&unpacked, from, plane, stride, samples * kind.bits)?;
        }
    }
    Ok(Planes {
        planes,
        stride,
        bits: kind.bits,
    })
}

/// Where a strip or tile lies in the image, as far as it lies there.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    x: usize,
    y: usize,
    columns: usize,
    rows: usize,
}

impl Place {
    /// Copies rows of `from` bytes into a plane with rows of `stride` bytes and pixels of `bits` bits.
    fn copy(
        &self,
        data: &[u8],
        from: usize,
        plane: &mut [u8],
        stride: usize,
        bits: usize,
    ) -> Result<(), String> {
        if !(self.x * bits).is_multiple_of(8) {
            return Err(inexact("tiles that begin within a byte"));
        }
        let (start, length) = (self.x * bits / 8, row_bytes(self.columns, bits));
        for row in 0..self.rows {
            let stored = data
                .get(row * from..row * from + length)
                .ok_or_else(damaged)?;
            let to = (self.y + row) * stride + start;
            plane[to..to + length].copy_from_slice(stored);
        }
        Ok(())
    }
}

/// Samples that are not compressed, by the places that Pillow gives strips and tiles: those too many overwrite others,
/// and where some are missing the image stays black.
fn plain(
    bytes: &[u8],
    ifd: &Ifd<'_>,
    kind: &Kind,
    mut cut: Cut,
    (width, height): (usize, usize),
) -> Result<Planes, String> {
    let separate = ifd.number(tag::PLANES) == Some(2);
    let known = match kind.meaning {
        Meaning::Rgb | Meaning::Cmyk => kind.planes && !kind.reversed && kind.samples <= 4,
        Meaning::Grey { inverted } => !kind.planes && kind.bits == 8 && !inverted && !kind.reversed,
        _ => false,
    };
    if separate && !known {
        return Err(inexact("planes of such samples"));
    }
    // Of samples in planes Pillow reads the first bytes, however many bits they have.
    let (samples, bits) = if separate {
        (1, 8)
    } else {
        (kind.samples, kind.bits)
    };
    let stride = row_bytes(width * samples, bits);
    let mut planes = vec![vec![0; stride * height]; if separate { kind.samples } else { 1 }];
    if cut.width == width && cut.height == height && !separate {
        cut.offsets.drain(..cut.offsets.len() - 1);
    }
    let needed = width.div_ceil(cut.width) * height.div_ceil(cut.height) * planes.len();
    if cut.offsets.len() > 2 * needed {
        return Err(damaged());
    }
    let mut parts = Vec::with_capacity(cut.offsets.len());
    let (mut x, mut y, mut layer) = (0, 0, 0);
    for offset in &cut.offsets {
        let place = Place {
            x,
            y,
            columns: cut.width.min(width - x),
            rows: cut.height.min(height - y),
        };
        parts.push((*offset, layer, place));
        x += cut.width;
        if x >= width {
            (x, y) = (0, y + cut.height);
            if y >= height {
                (y, layer) = (0, layer + 1);
            }
        }
    }
    parts.sort_by_key(|(offset, ..)| *offset);
    for (offset, layer, place) in parts {
        let start = usize::try_from(offset).map_err(|_| damaged())?;
        let data = bytes.get(start..).ok_or_else(damaged)?;
        let beyond = place.x + cut.width > width;
        let from = if beyond {
            cut.width * kind.samples * kind.bits / 8 / planes.len()
        } else {
            row_bytes(place.columns * samples, bits)
        };
        let plane = planes
            .get_mut(if separate { layer } else { 0 })
            .ok_or_else(damaged)?;
        place.copy(data, from, plane, stride, samples * bits)?;
    }
    if kind.reversed {
        planes
            .iter_mut()
            .flatten()
            .for_each(|byte| *byte = byte.reverse_bits());
    }
    Ok(Planes {
        planes,
        stride,
        bits,
    })
}
