//! Pictures as pixels on a terminal.
//!
//! Sixel is encoded and written by viuer. The other two are written here: viuer asks the terminal anew before kitty's
//! pictures and waits for the answer without end, sends raw pixels where a PNG has a tenth of the bytes, and takes
//! iTerm2's pictures only for terminals that a local environment variable names.

use std::io::{self, Write};

use image::codecs::png::PngEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, ExtendedColorType, ImageEncoder, RgbImage};

use super::graphics::Graphics;
use super::probe::Raw;
use super::protocol::Protocol;

/// Bytes of base64 in one escape sequence, as kitty's protocol demands at most.
const CHUNK: usize = 4096;

/// Names the picture that is placed, so that it can be taken away.
const PLACED: u32 = 7;

/// The most pixels across that viuer sends as sixel, and those it takes a cell to have.
const SIXEL_WIDEST: u32 = 1000;
const SIXEL_CELL: u32 = 6;

/// Shows `image` on `columns × rows` cells from the beginning of the line on, and goes to the line below. False, and
/// nothing was written, where the terminal does not take it after all.
///
/// # Errors
/// When `out` can't be written. Sixel goes to stdout whatever `out` is; it is decided on for terminals only.
pub fn write(
    out: &mut dyn Write,
    image: &RgbImage,
    (columns, rows): (usize, usize),
    graphics: &Graphics,
) -> io::Result<bool> {
    match graphics.protocol {
        Protocol::Kitty => kitty(out, &png(image)?, columns, rows, "")?,
        Protocol::Iterm => iterm(out, &png(image)?, columns, rows, "")?,
        Protocol::Sixel => {
            out.flush()?;
            if !sixel(image) {
                return Ok(false);
            }
        }
        Protocol::Blocks | Protocol::Characters | Protocol::None => return Ok(false),
    }
    writeln!(out)?;
    out.flush()?;
    Ok(true)
}

/// Whether pictures can be [`placed`].
#[must_use]
pub fn can_place(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Kitty | Protocol::Iterm)
}

/// What shows `image` on `columns × rows` cells from the cursor on and leaves the cursor there, for programs that own
/// the screen; nothing for protocols that pictures cannot be placed with. Sixel is not one of them: who encodes it reads keys.
///
/// # Errors
/// When the image can't be encoded.
pub fn placed(
    image: &RgbImage,
    (columns, rows): (usize, usize),
    graphics: &Graphics,
) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    if !can_place(graphics.protocol) {
        return Ok(out);
    }
    let pixels = |cells: usize, cell: u16| {
        (cells as f64 * f64::from(cell) * graphics.density()).round() as u32
    };
    let (width, height) = (
        pixels(columns, graphics.cell.0).max(1),
        pixels(rows, graphics.cell.1).max(1),
    );
    let png = png(&imageops::resize(
        image,
        width,
        height,
        FilterType::Triangle,
    ))?;
    match graphics.protocol {
        Protocol::Kitty => {
            let stays = format!("C=1,i={PLACED},");
            kitty(&mut out, &png, columns, rows, &stays)?;
        }
        _ => iterm(&mut out, &png, columns, rows, ";doNotMoveCursor=1")?,
    }
    Ok(out)
}

/// What takes the [`placed`] picture away where writing over it does not.
#[must_use]
pub fn taken_away(protocol: Protocol) -> String {
    match protocol {
        Protocol::Kitty => format!("\x1b_Ga=d,d=I,i={PLACED},q=2\x1b\\"),
        _ => String::new(),
    }
}

/// A PNG (`f=100`) in chunks, shown at once (`a=T`) in so many cells; `q=2` keeps the terminal from answering.
fn kitty(
    out: &mut dyn Write,
    png: &[u8],
    columns: usize,
    rows: usize,
    more: &str,
) -> io::Result<()> {
    let encoded = base64(png);
    let mut chunks = encoded.as_bytes().chunks(CHUNK).peekable();
    let mut control = format!("f=100,a=T,q=2,c={columns},r={rows},{more}");
    while let Some(chunk) = chunks.next() {
        let goes_on = u8::from(chunks.peek().is_some());
        write!(out, "\x1b_G{control}m={goes_on};")?;
        out.write_all(chunk)?;
        out.write_all(b"\x1b\\")?;
        control.clear();
    }
    Ok(())
}

/// iTerm2's inline image (<https://iterm2.com/documentation-images.html>).
fn iterm(
    out: &mut dyn Write,
    png: &[u8],
    columns: usize,
    rows: usize,
    more: &str,
) -> io::Result<()> {
    let (size, encoded) = (png.len(), base64(png));
    write!(
        out,
        "\x1b]1337;File=inline=1;size={size};width={columns};height={rows};preserveAspectRatio=0{more}:{encoded}\x07"
    )
}

/// Through viuer, which asks for sixel once more: only called when the terminal has answered that question before.
fn sixel(image: &RgbImage) -> bool {
    let has_sixel = {
        // Without it, the library switches it for every key, and the answer shows on the screen between two keys.
        let _raw = Raw::on();
        viuer::is_sixel_supported()
    };
    // Its pictures are as wide as cells of 6 pixels are: as many of them as make the width that is meant.
    let width = image.width().min(SIXEL_WIDEST) / SIXEL_CELL;
    let config = viuer::Config {
        absolute_offset: false,
        width: Some(width.max(1)),
        use_kitty: false,
        use_iterm: false,
        use_sixel: true,
        ..viuer::Config::default()
    };
    has_sixel && viuer::print(&DynamicImage::ImageRgb8(image.clone()), &config).is_ok()
}

/// `image` as a PNG file.
///
/// # Errors
/// When it can't be encoded.
pub fn png(image: &RgbImage) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(
            image.as_raw(),
            image.width(),
            image.height(),
            ExtendedColorType::Rgb8,
        )
        .map_err(io::Error::other)?;
    Ok(bytes)
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for letter in 0..4 {
            if letter <= three.len() {
                let six = bits >> (18 - 6 * letter) & 63;
                text.push(char::from(LETTERS[six as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::color::Depth;

    fn written(protocol: Protocol, image: &RgbImage) -> (bool, String) {
        let graphics = Graphics {
            protocol,
            depth: Depth::True,
            cell: (10, 20),
            background: [0; 3],
            is_remote: false,
            reason: String::new(),
        };
        let mut out = Vec::new();
        let shown = write(&mut out, image, (12, 5), &graphics).unwrap();
        (shown, String::from_utf8(out).unwrap())
    }

    #[test]
    fn base64_is_as_the_rfc_says() {
        let vectors = [
            "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy",
        ];
        for (length, expected) in vectors.into_iter().enumerate() {
            assert_eq!(base64(&b"foobar"[..length]), expected);
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }

    /// Noise, which no compression makes short.
    fn noise() -> RgbImage {
        let mut state = 1u32;
        RgbImage::from_fn(60, 60, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            image::Rgb([(state >> 8) as u8, (state >> 16) as u8, (state >> 24) as u8])
        })
    }

    #[test]
    fn kittys_chunks_are_short_and_the_last_one_says_so() {
        let (shown, text) = written(Protocol::Kitty, &noise());
        let text = text.strip_suffix('\n').unwrap();
        let parts: Vec<&str> = text.split_terminator("\x1b\\").collect();
        assert!(shown && parts.len() > 2);
        assert!(parts[0].starts_with("\x1b_Gf=100,a=T,q=2,c=12,r=5,m=1;iVBORw0KGgo"));
        let (last, rest) = parts.split_last().unwrap();
        assert!(last.starts_with("\x1b_Gm=0;"));
        assert!(rest[1..].iter().all(|part| part.starts_with("\x1b_Gm=1;")));
        assert!(parts.iter().all(|part| part.len() < CHUNK + 50));
    }

    #[test]
    fn iterm_gets_the_whole_file_with_its_size_in_cells() {
        let image = noise();
        let (shown, text) = written(Protocol::Iterm, &image);
        let size = png(&image).unwrap().len();
        let start = format!("\x1b]1337;File=inline=1;size={size};width=12;height=5;");
        assert!(shown && text.starts_with(&start) && text.ends_with("\x07\n"));
        assert_eq!(written(Protocol::Blocks, &image), (false, String::new()));
    }

    #[test]
    fn a_placed_picture_leaves_the_cursor_and_can_be_taken_away() {
        let graphics = |protocol| Graphics {
            protocol,
            depth: Depth::True,
            cell: (10, 20),
            background: [0; 3],
            is_remote: false,
            reason: String::new(),
        };
        let placed = |protocol| {
            let bytes = placed(&noise(), (6, 3), &graphics(protocol)).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let kitty = placed(Protocol::Kitty);
        assert!(kitty.starts_with("\x1b_Gf=100,a=T,q=2,c=6,r=3,C=1,i=7,m="));
        assert!(taken_away(Protocol::Kitty).contains("a=d,d=I,i=7,"));
        assert!(placed(Protocol::Iterm).contains("preserveAspectRatio=0;doNotMoveCursor=1:"));
        assert_eq!(placed(Protocol::Sixel), "");
    }

    #[test]
    fn what_is_sent_is_the_picture() {
        let image = noise();
        let read = image::load_from_memory(&png(&image).unwrap()).unwrap();
        assert_eq!(read.to_rgb8(), image);
    }
}
