//! TIFF: the first image of a file, as Pillow and the libtiff beside it read it.

mod fax;
mod ifd;
mod kind;
mod layout;
mod packed;
mod shown;

use image::{RgbImage, imageops};

use super::geometry;
pub(super) use ifd::Ifd;
use ifd::tag;

fn damaged() -> String {
    "its directory of tags is damaged".to_owned()
}

/// Width and height as they are stored, and the orientation.
fn stored(ifd: &Ifd<'_>) -> Result<(u32, u32, u8), String> {
    let side = |tag| {
        ifd.number(tag)
            .and_then(|side| u32::try_from(side).ok())
            .ok_or_else(damaged)
    };
    Ok((
        side(tag::WIDTH)?,
        side(tag::HEIGHT)?,
        orientation(ifd).unwrap_or(1),
    ))
}

/// What the orientation tag says.
pub(super) fn orientation(ifd: &Ifd<'_>) -> Option<u8> {
    let said = ifd.number(tag::ORIENTATION)?;
    u8::try_from(said)
        .ok()
        .filter(|said| (1..=8).contains(said))
}

/// Width and height of the image as it is turned.
pub(super) fn dimensions(bytes: &[u8]) -> Result<(u32, u32), String> {
    let (width, height, orientation) = stored(&Ifd::read(bytes).ok_or_else(damaged)?)?;
    Ok(if orientation >= 5 {
        (height, width)
    } else {
        (width, height)
    })
}

/// The pixels; TIFFs are turned as their orientation says, for Pillow turns them when it loads them.
pub(super) fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    let ifd = Ifd::read(bytes).ok_or_else(damaged)?;
    let (width, height, orientation) = stored(&ifd)?;
    let kind = kind::Kind::of(&ifd)?;
    let pixel = (kind.samples * kind.bits).div_ceil(8) + 3;
    geometry::check(u64::from(width), u64::from(height), pixel as u64)?;
    let planes = layout::read(bytes, &ifd, &kind, width as usize, height as usize)?;
    let rgb = shown::rgb(&planes, &ifd, &kind, width as usize)?;
    drop(planes);
    let image = RgbImage::from_raw(width, height, rgb).ok_or_else(damaged)?;
    Ok(turned(image, orientation))
}

fn turned(image: RgbImage, orientation: u8) -> RgbImage {
    match orientation {
        2 => imageops::flip_horizontal(&image),
        3 => imageops::rotate180(&image),
        4 => imageops::flip_vertical(&image),
        5 => imageops::flip_horizontal(&imageops::rotate90(&image)),
        6 => imageops::rotate90(&image),
        7 => imageops::flip_horizontal(&imageops::rotate270(&image)),
        8 => imageops::rotate270(&image),
        _ => image,
    }
}
