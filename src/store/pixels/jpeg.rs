//! JPEG as libjpeg-turbo decodes it for Pillow: accurate integer transform, smooth upsampling of colours.

use std::cell::Cell;
use std::io::{BufRead, Read, Result as IoResult};
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::RgbImage;
use mozjpeg::{ColorSpace, Decompress};

use super::{colour, geometry};

/// What a JPEG's frame header says.
struct Frame {
    width: u16,
    height: u16,
    layers: u8,
    bits: u8,
    /// The marker's last byte: C0 baseline, C2 progressive, C3 lossless, C9 and CA the first two with arithmetic coding.
    kind: u8,
    /// Whether the first scan is not the only one: libjpeg keeps such a frame whole until the last scan.
    several_scans: bool,
}

/// Reads markers up to the first scan, as Pillow's `JpegImageFile._open` does.
fn frame(bytes: &[u8]) -> Result<Frame, String> {
    let ends = || "it ends before its first row of pixels".to_owned();
    let mut at = 2;
    let mut frame = None;
    loop {
        // Bytes that belong to no marker are passed over, as are fill bytes.
        at += bytes
            .get(at..)
            .and_then(|rest| rest.iter().position(|byte| *byte == 0xFF))
            .ok_or_else(ends)?;
        let marker = *bytes.get(at + 1).ok_or_else(ends)?;
        match marker {
            0xFF => {
                at += 1;
                continue;
            }
            0x00 | 0x01 | 0xD0..=0xD8 => {
                at += 2;
                continue;
            }
            0xD9 => return Err(ends()),
            _ => {}
        }
        let length = bytes.get(at + 2..at + 4).ok_or_else(ends)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        if marker == 0xDA {
            let frame: Frame = frame.ok_or_else(|| "it has no frame header".to_owned())?;
            let first = *bytes.get(at + 4).ok_or_else(ends)?;
            let several_scans = first < frame.layers || matches!(frame.kind, 0xC2 | 0xCA);
            return Ok(Frame {
                several_scans,
                ..frame
            });
        }
        let body = bytes.get(at + 4..at + 2 + length.max(2)).ok_or_else(ends)?;
        if (0xC0..=0xCF).contains(&marker)
            && ![0xC4, 0xC8, 0xCC].contains(&marker)
            && frame.is_none()
        {
            let [bits, h1, h0, w1, w0, layers, ..] = *body else {
                return Err(ends());
            };
            let (height, width) = (u16::from_be_bytes([h1, h0]), u16::from_be_bytes([w1, w0]));
            frame = Some(Frame {
                width,
                height,
                layers,
                bits,
                kind: marker,
                several_scans: false,
            });
        }
        at += 2 + length.max(2);
    }
}

impl Frame {
    /// Refuses what libjpeg-turbo, as it is built here, or Pillow doesn't read.
    fn check(&self) -> Result<(), String> {
        match (self.bits, self.kind, self.layers) {
            (12 | 16, ..) => Err(format!(
                "it is a JPEG of {} bits a sample; 8 are read",
                self.bits
            )),
            (_, 0xC3, _) => Err("it is a lossless JPEG, a kind that is not read".to_owned()),
            (8, 0xC0..=0xC2 | 0xC9 | 0xCA, 1 | 3 | 4) => Ok(()),
            (8, 0xC0..=0xC2 | 0xC9 | 0xCA, layers) => Err(format!(
                "it is a JPEG of {layers} layers; 1, 3 or 4 are read"
            )),
            _ => Err("it is a JPEG of a kind that is not read".to_owned()),
        }
    }

    /// Memory per pixel: the samples, and in a file of several scans the coefficients of all of it, 2 bytes each.
    fn bytes_per_pixel(&self) -> u64 {
        let layers = u64::from(self.layers);
        layers.max(3) + if self.several_scans { 2 * layers } else { 0 }
    }
}

/// The data, and whether more than there is was asked for.
struct Source<'a> {
    rest: &'a [u8],
    beyond: &'a Cell<bool>,
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        self.rest.read(buffer)
    }
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> IoResult<&[u8]> {
        self.beyond.set(self.beyond.get() || self.rest.is_empty());
        Ok(self.rest)
    }

    fn consume(&mut self, amount: usize) {
        self.rest = &self.rest[amount..];
    }
}

/// Width and height.
pub(super) fn dimensions(bytes: &[u8]) -> Result<(u32, u32), String> {
    let frame = frame(bytes)?;
    frame.check()?;
    Ok((u32::from(frame.width), u32::from(frame.height)))
}

/// Pixels as Pillow has them.
///
/// Pillow gives libjpeg-turbo no more than the file holds and refuses it where the last row needs more, an end marker
/// included; damage that libjpeg-turbo only warns of, it reads.
pub(super) fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    let (width, height, samples) = samples(bytes)?;
    let rgb = match samples.len() / width / height {
        1 => colour::grey(&samples),
        4 => colour::inverted_cmyk(&samples),
        _ => samples,
    };
    RgbImage::from_raw(width as u32, height as u32, rgb)
        .ok_or_else(|| "its data are damaged".to_owned())
}

/// Width, height and samples: grey, RGB, or CMYK as it is stored.
pub(super) fn samples(bytes: &[u8]) -> Result<(usize, usize, Vec<u8>), String> {
    let frame = frame(bytes)?;
    frame.check()?;
    let (width, height) = (frame.width, frame.height);
    geometry::check(u64::from(width), u64::from(height), frame.bytes_per_pixel())?;
    let beyond = Cell::new(false);
    let source = Source {
        rest: bytes,
        beyond: &beyond,
    };
    // libjpeg's way to leave on an error is a jump, which the crate makes an unwinding that no panic hook sees.
    let decoded = catch_unwind(AssertUnwindSafe(|| rows(source, &frame)));
    match decoded {
        Ok(Some(samples)) => Ok((usize::from(width), usize::from(height), samples)),
        _ if beyond.get() => {
            Err("it is cut off: its data end before its last row of pixels".to_owned())
        }
        _ => Err("its data are damaged".to_owned()),
    }
}

/// None where the data are damaged or end too early.
fn rows(source: Source<'_>, frame: &Frame) -> Option<Vec<u8>> {
    let beyond = source.beyond;
    let reader = Decompress::new_reader(source).ok()?;
    if reader.size() != (usize::from(frame.width), usize::from(frame.height)) {
        return None;
    }
    // CMYK is what four layers become, also those of YCCK.
    let wanted = match frame.layers {
        1 => ColorSpace::JCS_GRAYSCALE,
        4 => ColorSpace::JCS_CMYK,
        _ => ColorSpace::JCS_RGB,
    };
    let mut reader = reader.to_colorspace(wanted).ok()?;
    let samples = reader.read_scanlines().ok()?;
    if beyond.get() {
        return None;
    }
    // Pillow has the rest read too: it may lack an end, but must not be damaged.
    let finished = catch_unwind(AssertUnwindSafe(|| reader.finish()));
    (finished.is_ok() || beyond.get()).then_some(samples)
}
