//! WebP, which the `image` crate's decoder reads as libwebp does; cut files are refused here.

use std::io::Cursor;

use image::codecs::webp::WebPDecoder;
use image::{DynamicImage, ImageDecoder, RgbImage};

use super::geometry;
use super::samples::{le16, le32};

/// Width and height.
pub(super) fn dimensions(bytes: &[u8]) -> Result<(u32, u32), String> {
    Ok(open(bytes)?.dimensions())
}

/// The pixels of the first frame; what is clear keeps its colour.
pub(super) fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    let decoder = open(bytes)?;
    let (width, height) = decoder.dimensions();
    geometry::check(u64::from(width), u64::from(height), 4)?;
    let decoded = DynamicImage::from_decoder(decoder);
    Ok(decoded.map_err(|_| damaged())?.into_rgb8())
}

fn damaged() -> String {
    "its data are damaged".to_owned()
}

fn open(bytes: &[u8]) -> Result<WebPDecoder<Cursor<&[u8]>>, String> {
    let said = le32(bytes, 4).ok_or_else(damaged)?.saturating_add(8);
    // What follows is not of the picture.
    let bytes = (bytes.get(..said))
        .ok_or_else(|| "it is cut off: it is shorter than it says".to_owned())?;
    let whole: usize = chunks(bytes.get(12..).unwrap_or_default())
        .map(|(_, data)| 8 + data.len().next_multiple_of(2))
        .sum();
    if bytes.len() >= 12 + whole + 8 {
        return Err(damaged());
    }
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    if !frames_fit(bytes, decoder.dimensions()) {
        return Err(damaged());
    }
    Ok(decoder)
}

/// The chunks of a part of a file: what they are called, and their data.
fn chunks(mut bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let length = le32(bytes, 4)?;
        let data = bytes.get(8..8 + length)?;
        let chunk = (&bytes[..4], data);
        bytes = bytes
            .get(8 + length.next_multiple_of(2)..)
            .unwrap_or_default();
        Some(chunk)
    })
}

/// Whether every frame of a moving picture lies on the canvas and is as large as it says: libwebp refuses others, and the
/// decoder here relies on it.
fn frames_fit(bytes: &[u8], (width, height): (u32, u32)) -> bool {
    let frames = chunks(bytes.get(12..).unwrap_or_default()).filter(|(kind, _)| *kind == b"ANMF");
    let fits = |frame: &[u8]| {
        let field = |at: usize| Some(le16(frame, at)? | usize::from(*frame.get(at + 2)?) << 16);
        let (left, top) = (2 * field(0)?, 2 * field(3)?);
        let (columns, rows) = (field(6)? + 1, field(9)? + 1);
        let inside = left + columns <= width as usize && top + rows <= height as usize;
        let size = chunks(frame.get(16..)?).find_map(|(kind, data)| stream_size(kind, data))?;
        Some(inside && size == (columns, rows))
    };
    frames
        .map(|(_, frame)| fits(frame))
        .all(|fits| fits == Some(true))
}

/// Width and height in the header of a lossy or lossless stream.
fn stream_size(kind: &[u8], data: &[u8]) -> Option<(usize, usize)> {
    match kind {
        b"VP8 " => Some((le16(data, 6)? & 0x3FFF, le16(data, 8)? & 0x3FFF)),
        b"VP8L" => {
            let bits = le32(data, 1)?;
            Some(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        _ => None,
    }
}
