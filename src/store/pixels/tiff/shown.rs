//! Samples become RGB, as Pillow's unpackers and `Convert.c` do it.

use super::super::colour;
use super::super::samples::{scale, unpack};
use super::ifd::{Ifd, tag};
use super::kind::{Kind, Meaning};
use super::layout::Planes;

/// RGB of all rows.
pub(super) fn rgb(
    planes: &Planes,
    ifd: &Ifd<'_>,
    kind: &Kind,
    width: usize,
) -> Result<Vec<u8>, String> {
    let palette = palette(ifd, kind)?;
    let ycbcr = YCbCr::of(ifd, kind)?;
    let rows = planes.planes[0].len() / planes.stride;
    let mut rgb = Vec::with_capacity(rows * width * 3);
    for row in 0..rows {
        let at = row * planes.stride;
        let parts: Vec<&[u8]> = planes
            .planes
            .iter()
            .map(|plane| &plane[at..at + planes.stride])
            .collect();
        let shown = Row {
            parts: &parts,
            ifd,
            kind,
            bits: planes.bits,
            width,
        };
        match kind.meaning {
            Meaning::Grey { inverted } => shown.grey(inverted, &mut rgb),
            Meaning::Unsigned => shown.unsigned(&mut rgb),
            Meaning::Signed | Meaning::Float => shown.number(&mut rgb),
            Meaning::Palette => {
                let indices = unpack(
                    parts[0],
                    planes.bits,
                    width * if parts.len() > 1 { 1 } else { kind.samples },
                );
                let indices = indices.step_by(if parts.len() > 1 { 1 } else { kind.samples });
                rgb.extend(indices.flat_map(|index| colour::entry(&palette, index)));
            }
            Meaning::Rgb => shown.pixels(&mut rgb, |pixel| [pixel[0], pixel[1], pixel[2]]),
            Meaning::Associated => shown.pixels(&mut rgb, |pixel| {
                colour::divided([pixel[0], pixel[1], pixel[2]], pixel[3])
            }),
            Meaning::Cmyk => shown.pixels(&mut rgb, |pixel| {
                colour::light([pixel[0], pixel[1], pixel[2]], pixel[3])
            }),
            Meaning::YCbCr => {
                shown.pixels(&mut rgb, |pixel| ycbcr.rgb([pixel[0], pixel[1], pixel[2]]))
            }
        }
    }
    Ok(rgb)
}

/// The palette: of 16 bits a colour Pillow takes the high byte.
fn palette(ifd: &Ifd<'_>, kind: &Kind) -> Result<Vec<u8>, String> {
    if kind.meaning != Meaning::Palette {
        return Ok(Vec::new());
    }
    let stored = ifd.numbers(tag::COLOUR_MAP);
    let colours = stored.len() / 3;
    if colours == 0 || colours > 256 {
        return Err("it is a TIFF without a palette that fits".to_owned());
    }
    let entry = |index: usize| [0, 1, 2].map(|plane| (stored[plane * colours + index] >> 8) as u8);
    Ok((0..colours).flat_map(entry).collect())
}

struct Row<'a> {
    /// The row in each plane.
    parts: &'a [&'a [u8]],
    ifd: &'a Ifd<'a>,
    kind: &'a Kind,
    bits: usize,
    width: usize,
}

impl Row<'_> {
    fn grey(&self, inverted: bool, rgb: &mut Vec<u8>) {
        let samples = if self.parts.len() > 1 {
            1
        } else {
            self.kind.samples
        };
        let turned = if inverted { 255 } else { 0 };
        let (bits, scale) = (self.bits, scale(self.bits));
        // A second sample is opacity, or means nothing.
        let greys = unpack(self.parts[0], bits, self.width * samples).step_by(samples);
        rgb.extend(greys.flat_map(|grey| [(grey * scale) ^ turned; 3]));
    }

    fn unsigned(&self, rgb: &mut Vec<u8>) {
        let row = self.parts[0];
        if self.bits == 12 {
            // Two greys in three bytes.
            let grey = |column: usize| match (&row[3 * column / 2..], column % 2) {
                (&[first, second, ..], 0) => colour::clipped(first >> 4, first << 4 | second >> 4),
                (&[first, second, ..], _) => colour::clipped(first & 15, second),
                _ => 0,
            };
            rgb.extend((0..self.width).flat_map(|column| [grey(column); 3]));
            return;
        }
        let (high, low) = if self.ifd.big_endian { (0, 1) } else { (1, 0) };
        rgb.extend(
            row.chunks_exact(2)
                .flat_map(|grey| [colour::clipped(grey[high], grey[low]); 3]),
        );
    }

    /// Whole numbers and fractions are cut off at 0 and 255.
    fn number(&self, rgb: &mut Vec<u8>) {
        // libtiff hands over numbers in the machine's order, and Pillow takes those of big-endian files for big-endian
        // still.
        let big_endian = self.ifd.big_endian && self.kind.compression == 1;
        let value = |bytes: &[u8]| {
            let mut ordered = [0; 4];
            ordered[..bytes.len()].copy_from_slice(bytes);
            if big_endian {
                ordered[..bytes.len()].reverse();
            }
            match (self.kind.meaning, bytes.len()) {
                (Meaning::Float, _) => f32::from_le_bytes(ordered) as u8,
                (_, 2) => i16::from_le_bytes([ordered[0], ordered[1]]).clamp(0, 255) as u8,
                _ => i32::from_le_bytes(ordered).clamp(0, 255) as u8,
            }
        };
        rgb.extend(
            self.parts[0]
                .chunks_exact(self.bits / 8)
                .flat_map(|bytes| [value(bytes); 3]),
        );
    }

    /// Pixels of 8 bits a sample, or the high bytes of 16.
    fn pixels(&self, rgb: &mut Vec<u8>, shown: impl Fn([u8; 4]) -> [u8; 3]) {
        let bytes = self.bits / 8;
        let high = if self.bits == 16 && !self.ifd.big_endian {
            1
        } else {
            0
        };
        let sample = |column: usize, sample: usize| match self.parts {
            [row] if sample < self.kind.samples => {
                row[(column * self.kind.samples + sample) * bytes + high]
            }
            [_] => 0,
            planes => planes
                .get(sample)
                .map_or(0, |row| row[column * bytes + high]),
        };
        rgb.extend(
            (0..self.width)
                .flat_map(|column| shown([0, 1, 2, 3].map(|number| sample(column, number)))),
        );
    }
}

/// From luma and colour differences to RGB.
enum YCbCr {
    /// They were converted already, or there are none.
    Done,
    /// Pillow's own tables, in 64ths.
    Pillow,
    /// libtiff's, in 65536ths.
    Libtiff,
}

impl YCbCr {
    fn of(ifd: &Ifd<'_>, kind: &Kind) -> Result<Self, String> {
        if kind.meaning != Meaning::YCbCr || kind.compression == 7 {
            return Ok(Self::Done);
        }
        if kind.compression == 1 {
            return Ok(Self::Pillow);
        }
        let same = |tag, usual: &[f64]| {
            let found = ifd.fractions(tag);
            found.is_empty()
                || found.len() == usual.len()
                    && found.iter().zip(usual).all(|(a, b)| (a - b).abs() < 1e-6)
        };
        let usual = same(tag::LUMA, &[0.299, 0.587, 0.114])
            && same(tag::BLACK_WHITE, &[0.0, 255.0, 128.0, 255.0, 128.0, 255.0]);
        if !usual || ifd.numbers(tag::SUBSAMPLING) != [1, 1] || kind.planes {
            return Err(
                "it is a TIFF with Y, Cb and Cr of a kind that is not read exactly".to_owned(),
            );
        }
        Ok(Self::Libtiff)
    }

    fn rgb(&self, [y, cb, cr]: [u8; 3]) -> [u8; 3] {
        let (luma, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
        let differences = match self {
            Self::Done => return [y, (cb + 128) as u8, (cr + 128) as u8],
            Self::Pillow => {
                // ConvertYCbCr.c has these as tables: half a 64th is added before the fraction is cut off.
                let part = |difference: i32, factor: f64| {
                    (f64::from(difference) * factor * 64.0 + 0.5) as i32
                };
                [
                    part(cr, 1.402) >> 6,
                    (part(cb, -0.34414) + part(cr, -0.71414)) >> 6,
                    part(cb, 1.772) >> 6,
                ]
            }
            Self::Libtiff => {
                // tif_color.c, TIFFYCbCrToRGBInit.
                let half = 1 << 15;
                let green = (-22553 * cb + half + -46802 * cr) >> 16;
                [(91881 * cr + half) >> 16, green, (116130 * cb + half) >> 16]
            }
        };
        differences.map(|difference| (luma + difference).clamp(0, 255) as u8)
    }
}
