//! The pictures of an answer on the way to a terminal or a file: as pixels, as coloured cells or as characters.

use std::io::{self, Write};

use ratatui::text::Line;

use super::color::Depth;
use super::settings::Look;
use crate::interface::answer::{Captioned, Picture};
use crate::picture::graphics::Graphics;
use crate::picture::protocol::Protocol;
use crate::picture::{self, Canvas, ansi, image_rows, pixels};

/// Columns of pictures that go into a file.
const COLUMNS_IN_A_FILE: usize = 80;

/// Writes pictures below what was written, a blank line before each. Machine formats have none: the same facts are in
/// the columns of their tables.
///
/// # Errors
/// When `out` cannot be written.
pub(super) fn show(out: &mut dyn Write, pictures: &[Picture], look: &mut Look) -> io::Result<()> {
    if pictures.is_empty() || !look.format.is_for_people() {
        return Ok(());
    }
    let is_image = |picture: &Picture| matches!(picture, Picture::Images(_));
    let graphics = if pictures.iter().any(is_image) {
        // The terminal may have to be asked, and shows the table while it is.
        out.flush()?;
        look.graphics()
    } else {
        look.graphics_unasked()
    };
    if graphics.protocol == Protocol::None {
        return Ok(());
    }
    let depth = match graphics.protocol {
        Protocol::Characters => Depth::Never,
        _ => graphics.depth,
    };
    let canvas = Canvas {
        columns: look.columns().unwrap_or(COLUMNS_IN_A_FILE),
        colored: depth != Depth::Never,
        ascii: look.ascii,
    };
    for picture in pictures {
        writeln!(out)?;
        match picture {
            Picture::Images(all) if graphics.protocol.has_pixels() => {
                images(out, all, canvas, &graphics)?;
            }
            _ => cells(out, &picture::draw(picture, canvas), depth)?,
        }
    }
    Ok(())
}

fn cells(out: &mut dyn Write, lines: &[Line], depth: Depth) -> io::Result<()> {
    for line in lines {
        writeln!(out, "{}", ansi::line(line, depth))?;
    }
    Ok(())
}

/// Images as pixels, their captions as text; as half blocks where pixels fail.
fn images(
    out: &mut dyn Write,
    images: &[Captioned],
    canvas: Canvas,
    graphics: &Graphics,
) -> io::Result<()> {
    for band in image_rows::bands(images, canvas, graphics) {
        if pixels::write(out, &band.image, band.size, graphics)? {
            cells(out, &band.captions, graphics.depth)?;
        } else {
            cells(out, &image_rows::draw(band.images, canvas), graphics.depth)?;
        }
    }
    Ok(())
}
