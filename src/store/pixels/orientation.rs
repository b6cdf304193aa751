//! What a file's EXIF says about which side of the image is up.

use super::kind::{FileKind, kind_of};
use super::samples::{be32, le32};
use super::tiff::{self, Ifd};

/// The orientation that a file says it has, 1 (upright) to 8, by EXIF or, in a TIFF, its own tag.
///
/// Whoever shows the pixels of [`super::decode_rgb`] turned has to leave out TIFFs: they are turned already, as Pillow
/// turns them, and no others are.
#[must_use]
pub fn orientation(bytes: &[u8]) -> Option<u8> {
    let exif = match kind_of(bytes)? {
        FileKind::Tiff => bytes,
        FileKind::Jpeg => jpeg(bytes)?,
        FileKind::Png => png(bytes)?,
        FileKind::WebP => webp(bytes)?,
        _ => return None,
    };
    tiff::orientation(&Ifd::read(exif)?)
}

/// The TIFF within EXIF data.
fn body(exif: &[u8]) -> &[u8] {
    exif.strip_prefix(b"Exif\0\0").unwrap_or(exif)
}

fn jpeg(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = 2;
    loop {
        let head = bytes.get(at..at + 4)?;
        if head[0] != 0xFF || head[1] == 0xDA {
            return None;
        }
        if head[1] == 0xFF {
            at += 1;
            continue;
        }
        let length = usize::from(u16::from_be_bytes([head[2], head[3]])).max(2);
        let data = bytes.get(at + 4..at + 2 + length)?;
        if head[1] == 0xE1 && data.starts_with(b"Exif\0\0") {
            return Some(body(data));
        }
        at += 2 + length;
    }
}

fn png(bytes: &[u8]) -> Option<&[u8]> {
    let mut at: usize = 8;
    loop {
        let length = be32(bytes, at)?;
        let data = bytes.get(at + 8..at + 8 + length)?;
        if bytes.get(at + 4..at + 8) == Some(b"eXIf") {
            return Some(body(data));
        }
        at += 12 + length;
    }
}

fn webp(bytes: &[u8]) -> Option<&[u8]> {
    let mut at: usize = 12;
    loop {
        let length = le32(bytes, at + 4)?;
        let data = bytes.get(at + 8..at + 8 + length)?;
        if bytes.get(at..at + 4) == Some(b"EXIF") {
            return Some(body(data));
        }
        at += 8 + length.next_multiple_of(2);
    }
}
