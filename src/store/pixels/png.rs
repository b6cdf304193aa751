//! PNG: chunks, filters and interlacing as Pillow's `PngImagePlugin` and `ZipDecode.c` take them.

use image::RgbImage;

use super::inflate::{Ending, inflate};
use super::samples::{be32, row_bytes, scale, unpack};
use super::{colour, geometry};

/// First column and row of each pass of an interlaced image, then the steps between them.
const PASSES: [[usize; 4]; 7] = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
];

/// Chunks that Pillow refuses a file for when they are shorter.
const SHORTEST: [(&[u8; 4], usize); 4] = [(b"gAMA", 4), (b"pHYs", 9), (b"sRGB", 1), (b"acTL", 8)];

struct Header {
    width: usize,
    height: usize,
    depth: usize,
    colour: u8,
    interlaced: bool,
}

/// A chunk's kind, data and where the next one begins.
struct Chunk<'a> {
    kind: &'a [u8],
    data: &'a [u8],
    next: usize,
}

fn cut() -> String {
    "it is cut off: its data end before its last row of pixels".to_owned()
}

fn damaged() -> String {
    "its data are damaged".to_owned()
}

/// Width and height.
pub(super) fn dimensions(bytes: &[u8]) -> Result<(u32, u32), String> {
    let ends = || "it ends within its header".to_owned();
    if bytes.get(12..16).ok_or_else(ends)? != b"IHDR" {
        return Err("it has no header".to_owned());
    }
    let side = |at| be32(bytes, at).ok_or_else(ends);
    Ok((side(16)? as u32, side(20)? as u32))
}

/// The pixels.
pub(super) fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    let (width, height) = dimensions(bytes)?;
    let header = header(bytes, width as usize, height as usize)?;
    let samples = header.channels() * header.depth.div_ceil(8);
    // The rows as they are stored, and the three samples they become.
    geometry::check(u64::from(width), u64::from(height), samples as u64)?;
    let (palette, stream) = chunks(bytes, &header)?;
    let mut rows = header.inflated(&stream)?;
    RgbImage::from_raw(width, height, header.picture(&mut rows, &palette)?).ok_or_else(damaged)
}

fn header(bytes: &[u8], width: usize, height: usize) -> Result<Header, String> {
    let [depth, colour, _, filter, interlaced, ..] = bytes[24..] else {
        return Err("it ends within its header".to_owned());
    };
    let known = match colour {
        0 => [1, 2, 4, 8, 16].contains(&depth),
        3 => [1, 2, 4, 8].contains(&depth),
        2 | 4 | 6 => [8, 16].contains(&depth),
        _ => false,
    };
    if !known || filter != 0 {
        return Err("its header asks for a kind of PNG that there isn't".to_owned());
    }
    let (depth, interlaced) = (usize::from(depth), interlaced != 0);
    Ok(Header {
        width,
        height,
        depth,
        colour,
        interlaced,
    })
}

/// The chunk at `at`; None at the end of the file, or where no chunk begins.
fn chunk(bytes: &[u8], at: usize) -> Result<Option<Chunk<'_>>, String> {
    let Some(kind) = bytes.get(at + 4..at + 8) else {
        return Ok(None);
    };
    if !kind
        .iter()
        .all(|letter| letter.is_ascii_alphanumeric() || *letter == b'_')
    {
        return Ok(None);
    }
    let length = be32(bytes, at).unwrap_or_default();
    let data = bytes.get(at + 8..at + 8 + length);
    let data = match data {
        Some(data) => data,
        None if kind == b"IDAT" => &bytes[at + 8..],
        None => return Err(cut()),
    };
    Ok(Some(Chunk {
        kind,
        data,
        next: at + 12 + length,
    }))
}

/// The palette and the compressed rows. Checksums are checked before the rows, as Pillow does, and not after.
fn chunks(bytes: &[u8], header: &Header) -> Result<(Vec<u8>, Vec<u8>), String> {
    let (mut at, mut palette, mut stream) = (8, Vec::new(), Vec::new());
    loop {
        let chunk = chunk(bytes, at)?.ok_or_else(damaged)?;
        match chunk.kind {
            b"IDAT" => break,
            b"IEND" => return Err("it holds no rows of pixels".to_owned()),
            b"PLTE" if header.colour == 3 => palette = chunk.data.to_vec(),
            b"tRNS" if header.colour == 0 && chunk.data.len() < 2 => return Err(damaged()),
            b"tRNS" if header.colour == 2 && chunk.data.len() < 6 => return Err(damaged()),
            _ => {}
        }
        let short =
            |(kind, least): &(&[u8; 4], usize)| chunk.kind == *kind && chunk.data.len() < *least;
        let sum = crc32fast::hash(&bytes[at + 4..at + 8 + chunk.data.len()]);
        if SHORTEST.iter().any(short) || be32(bytes, chunk.next - 4) != Some(sum as usize) {
            return Err(damaged());
        }
        at = chunk.next;
    }
    if palette.len() > 768 {
        return Err("its palette has more than 256 colours".to_owned());
    }
    // What stands between two parts of the rows ends them.
    while let Some(chunk) = chunk(bytes, at)?.filter(|chunk| chunk.kind == b"IDAT") {
        stream.extend_from_slice(chunk.data);
        at = chunk.next;
    }
    // Pillow reads on to the end, and refuses a file that ends within a chunk.
    while let Some(chunk) = chunk(bytes, at)?.filter(|chunk| chunk.kind != b"IEND") {
        at = chunk.next;
    }
    Ok((palette, stream))
}

impl Header {
    fn channels(&self) -> usize {
        match self.colour {
            2 => 3,
            4 => 2,
            6 => 4,
            _ => 1,
        }
    }

    /// First column, first row and steps of each pass that has pixels, and how many columns and rows.
    fn passes(&self) -> Vec<([usize; 4], usize, usize)> {
        let steps = if self.interlaced {
            &PASSES[..]
        } else {
            &[[0, 0, 1, 1]]
        };
        let count =
            |side: usize, first: usize, step: usize| side.saturating_sub(first).div_ceil(step);
        (steps.iter())
            .map(|pass| {
                (
                    *pass,
                    count(self.width, pass[0], pass[2]),
                    count(self.height, pass[1], pass[3]),
                )
            })
            .filter(|(_, columns, rows)| *columns > 0 && *rows > 0)
            .collect()
    }

    fn row_bytes(&self, columns: usize) -> usize {
        row_bytes(columns * self.channels(), self.depth)
    }

    /// All rows with their filters. Where a whole stream ends after some row, Pillow leaves the others black.
    fn inflated(&self, stream: &[u8]) -> Result<Vec<u8>, String> {
        let passes = self.passes();
        let row = |columns: usize| 1 + self.row_bytes(columns);
        let wanted: usize = passes
            .iter()
            .map(|(_, columns, rows)| rows * row(*columns))
            .sum();
        let mut output = Vec::new();
        let (filled, ending) = inflate(stream, &mut output, wanted);
        let mut ends = passes
            .iter()
            .flat_map(|(_, columns, rows)| std::iter::repeat_n(row(*columns), *rows));
        let mut end = 0;
        match ending {
            Ending::Enough => Ok(output),
            Ending::Less
                if filled > 0
                    && ends.any(|row| {
                        end += row;
                        end == filled
                    }) =>
            {
                Ok(output)
            }
            Ending::Less | Ending::Cut => Err(cut()),
            Ending::Damaged => Err(damaged()),
        }
    }

    /// The pixels of filtered rows.
    fn picture(&self, mut filtered: &mut [u8], palette: &[u8]) -> Result<Vec<u8>, String> {
        let step = (self.channels() * self.depth).div_ceil(8);
        let mut pixels = vec![0; self.width * self.height * 3];
        let mut colours = Vec::with_capacity(self.width * 3);
        for ([x, y, across, down], columns, rows) in self.passes() {
            let mut above = vec![0; self.row_bytes(columns)];
            for number in 0..rows {
                let (row, rest) = filtered.split_at_mut(1 + above.len());
                filtered = rest;
                let (filter, row) = row.split_at_mut(1);
                unfilter(filter[0], row, &above, step)?;
                above.copy_from_slice(row);
                colours.clear();
                self.colours(row, columns, palette, &mut colours);
                let start = (y + number * down) * self.width * 3;
                let line = &mut pixels[start..start + self.width * 3];
                if across == 1 {
                    line.copy_from_slice(&colours);
                    continue;
                }
                for (at, colour) in colours.chunks_exact(3).enumerate() {
                    let to = (x + at * across) * 3;
                    line[to..to + 3].copy_from_slice(colour);
                }
            }
        }
        Ok(pixels)
    }

    /// A row in RGB: transparency dropped, the high byte of 16 bits kept, but 16-bit grey cut off at 255 (`I16_RGB`).
    fn colours(&self, row: &[u8], columns: usize, palette: &[u8], colours: &mut Vec<u8>) {
        match (self.colour, self.depth) {
            (0, 16) => colours.extend(
                row.chunks_exact(2)
                    .flat_map(|grey| [colour::clipped(grey[0], grey[1]); 3]),
            ),
            (0, bits) => {
                colours.extend(unpack(row, bits, columns).flat_map(|grey| [grey * scale(bits); 3]))
            }
            (3, bits) => {
                colours.extend(
                    unpack(row, bits, columns).flat_map(|index| colour::entry(palette, index)),
                );
            }
            (2, 8) => colours.extend_from_slice(row),
            (4, 8) => colours.extend(row.chunks_exact(2).flat_map(|pixel| [pixel[0]; 3])),
            (4, _) => colours.extend(row.chunks_exact(4).flat_map(|pixel| [pixel[0]; 3])),
            (6, 8) => colours.extend(
                row.chunks_exact(4)
                    .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]),
            ),
            (_, _) => {
                let pixels = row.chunks_exact(2 * self.channels());
                colours.extend(pixels.flat_map(|pixel| [pixel[0], pixel[2], pixel[4]]));
            }
        }
    }
}

/// Undoes a row's filter; `step` is how far back the byte of the pixel before lies.
fn unfilter(filter: u8, row: &mut [u8], above: &[u8], step: usize) -> Result<(), String> {
    match filter {
        0 => {}
        1 => {
            for at in step..row.len() {
                row[at] = row[at].wrapping_add(row[at - step]);
            }
        }
        2 => {
            for (byte, up) in row.iter_mut().zip(above) {
                *byte = byte.wrapping_add(*up);
            }
        }
        3 => {
            for at in 0..row.len() {
                let left = if at < step { 0 } else { row[at - step] };
                row[at] = row[at].wrapping_add(left.midpoint(above[at]));
            }
        }
        // The width of a pixel known beforehand makes this several times as fast.
        4 => match step {
            1 => nearest::<1>(row, above),
            2 => nearest::<2>(row, above),
            3 => nearest::<3>(row, above),
            4 => nearest::<4>(row, above),
            6 => nearest::<6>(row, above),
            _ => nearest::<8>(row, above),
        },
        _ => return Err(damaged()),
    }
    Ok(())
}

/// Undoes Paeth's filter for pixels of so many bytes.
fn nearest<const STEP: usize>(row: &mut [u8], above: &[u8]) {
    let (mut left, mut corner) = ([0; STEP], [0; STEP]);
    for (pixel, up) in row.chunks_exact_mut(STEP).zip(above.chunks_exact(STEP)) {
        for at in 0..STEP {
            pixel[at] = pixel[at].wrapping_add(paeth(left[at], up[at], corner[at]));
            (left[at], corner[at]) = (pixel[at], up[at]);
        }
    }
}

/// Whichever of left, up and corner is nearest to left + up - corner.
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, up, corner].map(i16::from);
    let (to_left, to_up, to_corner) = ((b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs());
    if to_left <= to_up && to_left <= to_corner {
        left
    } else if to_up <= to_corner {
        up
    } else {
        corner
    }
}
