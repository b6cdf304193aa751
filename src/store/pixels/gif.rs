//! GIF: the first frame on its canvas, as Pillow's `GifImagePlugin` and `GifDecode.c` make it.

use image::RgbImage;

use super::samples::le16;
use super::{colour, geometry};

/// Codes have at most 12 bits.
const CODES: usize = 1 << 12;

/// What is known of the first frame before its pixels.
struct Frame {
    /// The canvas, grown where the frame reaches beyond it.
    width: usize,
    height: usize,
    left: usize,
    top: usize,
    columns: usize,
    rows: usize,
    interlaced: bool,
    transparent: Option<u8>,
    /// None: the indices are grey values, as in files with no palette or one that is a ramp of greys.
    palette: Option<Vec<u8>>,
    /// Bits of the first codes, less one.
    bits: usize,
    /// Where the blocks of codes begin.
    at: usize,
}

fn cut() -> String {
    "it is cut off: its data end before its last row of pixels".to_owned()
}

/// Width and height.
pub(super) fn dimensions(bytes: &[u8]) -> Result<(u32, u32), String> {
    let frame = frame(bytes).ok_or_else(|| "it holds no whole frame".to_owned())?;
    Ok((frame.width as u32, frame.height as u32))
}

/// The pixels.
pub(super) fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    let frame = frame(bytes).ok_or_else(|| "it holds no whole frame".to_owned())?;
    geometry::check(frame.width as u64, frame.height as u64, 4)?;
    geometry::check(frame.columns as u64, frame.rows as u64, 1)?;
    // Where the frame doesn't reach, the canvas has the transparent colour, or else the first one.
    let mut canvas = vec![frame.transparent.unwrap_or(0); frame.width * frame.height];
    frame.draw(bytes, &mut canvas)?;
    let rgb = match &frame.palette {
        Some(palette) => {
            let colours: Vec<[u8; 3]> = (0..=255)
                .map(|index| colour::entry(palette, index))
                .collect();
            canvas
                .iter()
                .flat_map(|index| colours[usize::from(*index)])
                .collect()
        }
        None => colour::grey(&canvas),
    };
    RgbImage::from_raw(frame.width as u32, frame.height as u32, rgb).ok_or_else(cut)
}

/// The length-prefixed block at `at`, which moves behind it; None where it is empty or there is no more.
fn block<'a>(bytes: &'a [u8], at: &mut usize) -> Option<&'a [u8]> {
    let length = usize::from(*bytes.get(*at)?);
    let start = *at + 1;
    *at = (start + length).min(bytes.len());
    (length > 0).then(|| &bytes[start.min(*at)..*at])
}

/// A palette, or None where it is a ramp of greys.
fn palette(bytes: &[u8], at: &mut usize, flags: u8) -> Option<Vec<u8>> {
    let start = (*at).min(bytes.len());
    *at += 3 << ((flags & 7) + 1);
    let palette = &bytes[start..(*at).min(bytes.len())];
    let ramp = palette
        .chunks(3)
        .enumerate()
        .all(|(number, entry)| entry.iter().all(|value| usize::from(*value) == number));
    (!ramp).then(|| palette.to_vec())
}

/// Reads up to the first frame. Bytes between blocks that begin none are passed over.
fn frame(bytes: &[u8]) -> Option<Frame> {
    let screen = bytes.get(..13)?;
    let mut at = 13;
    let global = (screen[10] & 0x80 != 0)
        .then(|| palette(bytes, &mut at, screen[10]))
        .flatten();
    let mut transparent = None;
    loop {
        let kind = *bytes.get(at)?;
        at += 1;
        match kind {
            b';' => return None,
            b'!' => transparent = extension(bytes, &mut at)?.or(transparent),
            b',' => break,
            _ => {}
        }
    }
    let head = bytes.get(at..at + 9)?;
    at += 9;
    let field = |at| le16(head, at);
    let (left, top, columns, rows) = (field(0)?, field(2)?, field(4)?, field(6)?);
    let own = (head[8] & 0x80 != 0).then(|| palette(bytes, &mut at, head[8]));
    let bits = usize::from(*bytes.get(at)?);
    Some(Frame {
        width: le16(screen, 6)?.max(left + columns),
        height: le16(screen, 8)?.max(top + rows),
        left,
        top,
        columns,
        rows,
        interlaced: head[8] & 0x40 != 0,
        transparent,
        palette: own.flatten().or(global),
        bits,
        at: at + 1,
    })
}

/// Passes over an extension; the transparent index where it tells one, and None where it is not whole.
fn extension(bytes: &[u8], at: &mut usize) -> Option<Option<u8>> {
    let label = *bytes.get(*at)?;
    *at += 1;
    let first = block(bytes, at);
    let mut transparent = None;
    if let (0xF9, Some(control)) = (label, first)
        && control.first()? & 1 != 0
    {
        transparent = Some(*control.get(3)?);
    }
    if label != 0xFE || first.is_some() {
        while block(bytes, at).is_some() {}
    }
    Some(transparent)
}

/// The rows in the order in which they are stored.
fn order(rows: usize, interlaced: bool) -> Vec<usize> {
    if !interlaced {
        return (0..rows).collect();
    }
    let passes = [(0, 8), (4, 8), (2, 4), (1, 2)];
    passes
        .iter()
        .flat_map(|(first, step)| (*first..rows).step_by(*step))
        .collect()
}

impl Frame {
    /// Reads the codes and sets the frame's pixels.
    fn draw(&self, bytes: &[u8], canvas: &mut [u8]) -> Result<(), String> {
        if self.bits > 12 {
            return Err("its codes have more bits than a GIF's can have".to_owned());
        }
        let order = order(self.rows, self.interlaced);
        let mut codes = Codes::new(bytes, self.at);
        let mut table = Table::new(self.bits);
        let (mut row, mut column) = (0, 0);
        while row < order.len() {
            let code = codes.next(table.width).ok_or_else(cut)?;
            let string = table.string(code)?;
            for index in string.iter().rev() {
                let Some(line) = order.get(row) else { break };
                canvas[(self.top + line) * self.width + self.left + column] = *index;
                column += 1;
                if column == self.columns {
                    (row, column) = (row + 1, 0);
                }
            }
        }
        Ok(())
    }
}

/// Codes from blocks of bytes, the lowest bits first.
struct Codes<'a> {
    bytes: &'a [u8],
    at: usize,
    left: usize,
    held: u32,
    bits: usize,
}

impl<'a> Codes<'a> {
    fn new(bytes: &'a [u8], at: usize) -> Self {
        Self {
            bytes,
            at,
            left: 0,
            held: 0,
            bits: 0,
        }
    }

    /// The next code; None where a block isn't whole. Empty blocks end nothing.
    fn next(&mut self, width: usize) -> Option<usize> {
        while self.bits < width {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            if self.left == 0 {
                self.left = usize::from(byte);
                self.bytes.get(self.at..self.at + self.left)?;
                continue;
            }
            self.left -= 1;
            self.held |= u32::from(byte) << self.bits;
            self.bits += 8;
        }
        let code = self.held as usize & ((1 << width) - 1);
        self.held >>= width;
        self.bits -= width;
        Some(code)
    }
}

/// The strings that codes stand for.
struct Table {
    clear: usize,
    width: usize,
    next: usize,
    /// The code before and the first byte of its string; None after the table was cleared.
    last: Option<(usize, u8)>,
    bits: usize,
    link: Vec<u16>,
    byte: Vec<u8>,
    string: Vec<u8>,
}

impl Table {
    fn new(bits: usize) -> Self {
        let clear = 1 << bits;
        Self {
            clear,
            width: bits + 1,
            next: clear + 2,
            last: None,
            bits,
            link: vec![0; CODES],
            byte: vec![0; CODES],
            string: Vec::new(),
        }
    }

    /// The string of a code, backwards; the table grows by what it tells.
    fn string(&mut self, code: usize) -> Result<&[u8], String> {
        let damaged = || "its data are damaged".to_owned();
        self.string.clear();
        if code == self.clear {
            (self.width, self.next, self.last) = (self.bits + 1, self.clear + 2, None);
            return Ok(&self.string);
        }
        if code == self.clear + 1 {
            // Pillow wants more data after an end that comes too early.
            return Err(cut());
        }
        let Some((before, first)) = self.last else {
            if code > self.clear {
                return Err(damaged());
            }
            self.last = Some((code, code as u8));
            self.string.push(code as u8);
            return Ok(&self.string);
        };
        if code > self.next {
            return Err(damaged());
        }
        let mut at = code;
        if code == self.next {
            self.string.push(first);
            at = before;
        }
        while at >= self.clear {
            if at >= CODES || self.string.len() >= CODES {
                return Err(damaged());
            }
            self.string.push(self.byte[at]);
            at = usize::from(self.link[at]);
        }
        self.string.push(at as u8);
        if self.next < CODES {
            (self.byte[self.next], self.link[self.next]) = (at as u8, before as u16);
            if self.next == (1 << self.width) - 1 && self.width < 12 {
                self.width += 1;
            }
            self.next += 1;
        }
        self.last = Some((code, at as u8));
        Ok(&self.string)
    }
}
