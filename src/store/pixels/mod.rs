//! Image files become the pixels that Pillow gives, or are refused.
//!
//! What counts is `Image.open(file).convert("RGB")` of Pillow 13, by default settings: that is what the models' own
//! libraries see. So transparency is dropped and what lies below it kept; of 16 bits a colour the high byte is kept, but
//! 16-bit grey is cut off at 255; of several frames or pages the first counts; and files that Pillow finds cut off or
//! damaged are refused. **Orientation**: pixels stay as they are stored, whatever EXIF says, except those of TIFFs, which
//! Pillow turns when it loads them.
//!
//! `tests/fixtures/make/images.py` makes files of many kinds to compare, and `tests/decoding.rs` compares some. What
//! Pillow reads and is refused here: lossless JPEGs; TIFFs with L*a*b* colours, with subsampled colours outside a JPEG,
//! with LZMA, or with a JPEG of two layers. Files that are damaged are read where Pillow reads them if they are JPEG, PNG,
//! GIF or BMP; of TIFF and WebP some are refused from which Pillow still makes a picture. Where a JPEG is damaged so that
//! its numbers leave the range they can have, Pillow's own pixels differ from processor to processor.

mod bmp;
mod colour;
mod geometry;
mod gif;
mod inflate;
mod jpeg;
mod kind;
mod orientation;
mod png;
mod runs;
mod samples;
mod tiff;
mod webp;

use image::{GrayImage, RgbImage};

use crate::work::caught::caught;

pub(super) use kind::ENOUGH;
pub use kind::{FileKind, kind_of};
pub use orientation::orientation;

/// Whose pixels these are, for manifests: what was computed from others is not the same.
pub const LIKE: &str = "Pillow 13";

/// The pixels that Pillow's `convert("RGB")` gives.
///
/// # Errors
/// A clause that says why there are none: no image file, a kind that is not read, cut off, damaged, or too large.
pub fn decode_rgb(bytes: &[u8]) -> Result<RgbImage, String> {
    let decode = match readable(bytes)? {
        FileKind::Jpeg => jpeg::decode,
        FileKind::Png => png::decode,
        FileKind::Gif => gif::decode,
        FileKind::Bmp => bmp::decode,
        FileKind::Tiff => tiff::decode,
        _ => webp::decode,
    };
    // A decoder that gives up in a panic has met data that no one foresaw.
    caught(|| decode(bytes)).unwrap_or_else(|| Err("its data are damaged".to_owned()))
}

/// A mask: the lightness that Pillow's `convert("L")` gives.
///
/// # Errors
/// As [`decode_rgb`].
pub fn decode_mask(bytes: &[u8]) -> Result<GrayImage, String> {
    let image = decode_rgb(bytes)?;
    let (width, height) = image.dimensions();
    let lightness = image
        .as_raw()
        .chunks_exact(3)
        .map(colour::lightness)
        .collect();
    GrayImage::from_raw(width, height, lightness).ok_or_else(|| "its data are damaged".to_owned())
}

/// Width and height from the header, of the image as [`decode_rgb`] gives it.
///
/// # Errors
/// As [`decode_rgb`], as far as the header tells.
pub fn dimensions(bytes: &[u8]) -> Result<(u32, u32), String> {
    let read = match readable(bytes)? {
        FileKind::Jpeg => jpeg::dimensions,
        FileKind::Png => png::dimensions,
        FileKind::Gif => gif::dimensions,
        FileKind::Bmp => bmp::dimensions,
        FileKind::Tiff => tiff::dimensions,
        _ => webp::dimensions,
    };
    let read = caught(|| read(bytes));
    let (width, height) = read.unwrap_or_else(|| Err("its header is damaged".to_owned()))?;
    geometry::check(u64::from(width), u64::from(height), geometry::PIXEL)?;
    Ok((width, height))
}

/// The file's kind, where it is one that is read.
fn readable(bytes: &[u8]) -> Result<FileKind, String> {
    match kind_of(bytes) {
        Some(kind) if kind.is_read() => Ok(kind),
        Some(kind) => Err(format!(
            "it is a {} image, which is not read; convert it to PNG",
            kind.name()
        )),
        None if bytes.is_empty() => Err("it is empty".to_owned()),
        None if std::str::from_utf8(bytes).is_ok() => Err("it is a text file".to_owned()),
        None => Err("its format is not known".to_owned()),
    }
}
