//! Which of the kinds of TIFF that Pillow knows a file is: its `OPEN_INFO`.

use super::ifd::{Ifd, tag};

/// What the samples of a pixel mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Grey of up to 8 bits; 0 is white where it is inverted.
    Grey {
        inverted: bool,
    },
    /// Grey that is cut off at 0 and 255.
    Unsigned,
    Signed,
    Float,
    Palette,
    Rgb,
    /// Colours that are multiplied by their opacity, the fourth sample.
    Associated,
    Cmyk,
    YCbCr,
}

/// How a file's pixels are stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub meaning: Meaning,
    pub bits: usize,
    /// Samples of a pixel.
    pub samples: usize,
    /// Each sample has its own plane.
    pub planes: bool,
    pub compression: u64,
    /// The first pixel of a byte is in its lowest bits.
    pub reversed: bool,
}

fn unknown() -> String {
    "it is a TIFF of a kind that is not read".to_owned()
}

impl Kind {
    pub fn of(ifd: &Ifd<'_>) -> Result<Self, String> {
        let number = |tag, default| ifd.number(tag).unwrap_or(default);
        let compression = number(tag::COMPRESSION, 1);
        let photometric = number(tag::PHOTOMETRIC, 0);
        if photometric == 8 {
            return Err("its colours are of the kind L*a*b*, which is not read exactly".to_owned());
        }
        let planes = number(tag::PLANES, 1) == 2;
        let mut bits = ifd.numbers(tag::BITS);
        if bits.is_empty() {
            bits = vec![1];
        }
        let mut extra = ifd.numbers(tag::EXTRA);
        let mut samples = number(tag::SAMPLES, 1);
        if samples > 6 {
            return Err(unknown());
        }
        let mut stored = samples;
        // Planes at the end that mean nothing are left out.
        if planes && !extra.is_empty() && extra.iter().all(|kind| *kind == 0) {
            bits.truncate(bits.len().saturating_sub(extra.len()));
            samples = samples.saturating_sub(extra.len() as u64);
            // As it is, Pillow then finds more planes than it knows what to do with.
            stored = if compression == 1 { stored } else { samples };
            extra.clear();
        }
        if bits.len() > samples as usize {
            bits.truncate(samples as usize);
        } else if bits.len() == 1 {
            bits = vec![bits[0]; samples as usize];
        }
        let width = bits.first().copied().unwrap_or(0);
        if bits.len() != samples as usize
            || bits.iter().any(|bits| *bits != width)
            || stored != samples
        {
            return Err(unknown());
        }
        let mut format = ifd.numbers(tag::FORMAT);
        format.dedup();
        if format.is_empty() {
            format.push(1);
        }
        let fill = number(tag::FILL_ORDER, 1);
        let key = (
            photometric,
            format.as_slice(),
            width,
            samples,
            extra.as_slice(),
        );
        let meaning = meaning(key, ifd.big_endian, fill == 2).filter(|_| fill == 1 || fill == 2);
        Ok(Self {
            meaning: meaning.ok_or_else(unknown)?,
            bits: width as usize,
            samples: samples as usize,
            planes: planes && samples > 1,
            compression,
            reversed: fill == 2,
        })
    }
}

/// Photometric interpretation, sample format, bits of a sample, samples, and what those beyond the colours are.
type Key<'a> = (u64, &'a [u64], u64, u64, &'a [u64]);

fn meaning(key: Key<'_>, big_endian: bool, reversed: bool) -> Option<Meaning> {
    let (photometric, format, bits, samples, extra) = key;
    let small = matches!(bits, 1 | 2 | 4 | 8);
    // Only these may have their bits the other way round.
    let plain = extra.is_empty() && format == [1];
    let turnable = match (photometric, samples) {
        (0 | 1 | 3, 1) => small && plain || photometric == 1 && bits == 16 && !big_endian,
        (2, 3) => bits == 8 && plain,
        _ => false,
    };
    if reversed && !turnable {
        return None;
    }
    let beyond = extra
        .get(1..)
        .unwrap_or_default()
        .iter()
        .all(|kind| *kind == 0);
    match (photometric, format, bits, samples, extra) {
        (0 | 1, [1], _, 1, []) if small => Some(Meaning::Grey {
            inverted: photometric == 0,
        }),
        (1, [2], 8, 1, []) | (6, [1], 8, 1, []) => Some(Meaning::Grey { inverted: false }),
        (1, [1], 8, 2, [0 | 2]) => Some(Meaning::Grey { inverted: false }),
        (1, [1], 12 | 32, 1, []) | (0, [1], 16, 1, []) if !big_endian && bits != 32 => {
            Some(Meaning::Unsigned)
        }
        (1, [1], 16, 1, []) => Some(Meaning::Unsigned),
        (1, [1], 32, 1, []) if !big_endian => Some(Meaning::Signed),
        (1, [2], 16 | 32, 1, []) => Some(Meaning::Signed),
        (0 | 1, [3], 32, 1, []) => Some(Meaning::Float),
        (3, [1], _, 1, []) if small => Some(Meaning::Palette),
        (3, [1], 8, 2, [0 | 2]) => Some(Meaning::Palette),
        (2, [1], 8 | 16, 3, []) | (2, [1], 8 | 16, 4, [] | [0 | 2]) | (2, [1], 8, 4, [999]) => {
            Some(Meaning::Rgb)
        }
        (2, [1], 8 | 16, 4, [1]) => Some(Meaning::Associated),
        (2, [1], 8, 5 | 6, [0 | 2, ..]) if beyond && extra.len() as u64 == samples - 3 => {
            Some(Meaning::Rgb)
        }
        (2, [1], 8, 5 | 6, [1, ..]) if beyond && extra.len() as u64 == samples - 3 => {
            Some(Meaning::Associated)
        }
        (5, [1], 8 | 16, 4, []) => Some(Meaning::Cmyk),
        (5, [1], 8, 5, [0]) | (5, [1], 8, 6, [0, 0]) => Some(Meaning::Cmyk),
        (6, [1], 8, 3, []) => Some(Meaning::YCbCr),
        _ => None,
    }
}
