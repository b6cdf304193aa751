//! BMP: headers, palettes and bit fields that Pillow's `BmpImagePlugin` reads.

use image::RgbImage;

use super::runs;
use super::samples::{le16, le32, row_bytes, unpack};
use super::{colour, geometry};

/// How a pixel is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Indices of so many bits into the palette.
    Indices(usize),
    /// Grey values of so many bits, where the palette is a ramp.
    Grey(usize),
    /// 5 bits a colour, or 6 of green.
    Fifteen,
    Sixteen,
    /// So many bytes, and where in them red, green and blue lie.
    Bytes(usize, [usize; 3]),
}

struct Header {
    width: usize,
    height: usize,
    top_down: bool,
    bits: usize,
    compression: usize,
    /// Bytes of a palette's entry.
    padding: usize,
    colours: usize,
    /// Where the header, and bit fields that follow it, end.
    end: usize,
    /// Where the rows begin; 0 where the header leaves it open.
    offset: usize,
    masks: [usize; 4],
}

fn short() -> String {
    "it ends within its header".to_owned()
}

fn unknown() -> String {
    "it is a BMP of a kind that is not read".to_owned()
}

/// Width and height.
pub(super) fn dimensions(bytes: &[u8]) -> Result<(u32, u32), String> {
    let header = header(bytes)?;
    Ok((header.width as u32, header.height as u32))
}

/// The pixels.
pub(super) fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    let header = header(bytes)?;
    geometry::check(header.width as u64, header.height as u64, 4)?;
    let (palette, grey) = header.palette(bytes)?;
    let layout = header.layout(grey)?;
    let offset = match header.offset {
        0 => header.end + palette.len() / 3 * header.padding,
        // Pillow puts the palette before rows that are said to begin with it.
        offset if offset == header.end && header.bits <= 8 => {
            offset + header.padding * header.colours
        }
        offset => offset,
    };
    let data = bytes.get(offset..).unwrap_or_default();
    let rgb = match (header.compression, layout) {
        (1 | 2, Layout::Indices(8 | 4) | Layout::Grey(8)) => {
            let indices = runs::decode(
                data,
                offset,
                header.width,
                header.height,
                header.compression == 2,
            )?;
            let greys = matches!(layout, Layout::Grey(_));
            let shown = |index: u8| {
                if greys {
                    [index; 3]
                } else {
                    colour::entry(&palette, index)
                }
            };
            header.upright(indices.chunks_exact(header.width), |row, out| {
                out.extend(row.iter().flat_map(|index| shown(*index)))
            })
        }
        (0 | 3, _) => header.upright(header.rows(data, layout)?, |row, out| {
            pixels(row, header.width, layout, &palette, out);
        }),
        _ => return Err(unknown()),
    };
    RgbImage::from_raw(header.width as u32, header.height as u32, rgb).ok_or_else(unknown)
}

fn header(bytes: &[u8]) -> Result<Header, String> {
    let word = |at| le32(bytes, at).ok_or_else(short);
    let half = |at| le16(bytes, at).ok_or_else(short);
    let (offset, size) = (word(10)?, word(14)?);
    bytes.get(..14 + size).ok_or_else(short)?;
    let mut header = Header {
        width: 0,
        height: 0,
        top_down: false,
        bits: 0,
        compression: 0,
        padding: 4,
        colours: 0,
        end: 14 + size,
        offset,
        masks: [0; 4],
    };
    match size {
        12 => {
            (header.width, header.height, header.bits) = (half(18)?, half(20)?, half(24)?);
            header.padding = 3;
        }
        40 | 52 | 56 | 64 | 108 | 124 => {
            header.top_down = bytes[25] == 0xFF;
            let height = word(22)?;
            header.height = if header.top_down {
                (1 << 32) - height
            } else {
                height
            };
            (header.width, header.bits) = (word(18)?, half(28)?);
            (header.compression, header.colours) = (word(30)?, word(46)?);
        }
        _ => return Err(unknown()),
    }
    if header.compression == 3 {
        let count = if size >= 56 { 4 } else { 3 };
        for number in 0..count {
            header.masks[number] = word(54 + 4 * number)?;
        }
        if size < 52 {
            header.end += 12;
        }
    }
    if header.colours == 0 {
        header.colours = 1 << header.bits.min(32);
    }
    Ok(header)
}

impl Header {
    /// The palette in RGB, and where it is a ramp of greys, the bits of a grey value.
    fn palette(&self, bytes: &[u8]) -> Result<(Vec<u8>, Option<usize>), String> {
        if self.bits > 8 {
            return Ok((Vec::new(), None));
        }
        if self.colours > 1 << 16 {
            return Err(unknown());
        }
        let end = (self.end + self.padding * self.colours).min(bytes.len());
        let stored = &bytes[self.end.min(end)..end];
        let entries = stored.chunks_exact(self.padding);
        let ramp = |(number, entry): (usize, &[u8])| {
            let value = if self.colours == 2 {
                number * 255
            } else {
                number
            };
            entry[..3].iter().all(|byte| usize::from(*byte) == value)
        };
        if entries.len() == self.colours && entries.clone().enumerate().all(ramp) {
            return Ok((Vec::new(), Some(if self.colours <= 2 { 1 } else { 8 })));
        }
        if stored.len() / self.padding > 256 {
            return Err("its palette has more than 256 colours".to_owned());
        }
        Ok((
            entries
                .flat_map(|entry| [entry[2], entry[1], entry[0]])
                .collect(),
            None,
        ))
    }

    fn layout(&self, grey: Option<usize>) -> Result<Layout, String> {
        let fields = self.compression == 3;
        match (self.bits, grey) {
            (1 | 4 | 8, _) if fields => Err(unknown()),
            (1 | 4 | 8, Some(bits)) => Ok(Layout::Grey(bits)),
            (1 | 4 | 8, None) => Ok(Layout::Indices(self.bits)),
            (16, _) if !fields => Ok(Layout::Fifteen),
            (16 | 24, _) if fields => match (self.bits, &self.masks[..3]) {
                (16, [0xF800, 0x7E0, 0x1F]) => Ok(Layout::Sixteen),
                (16, [0x7C00, 0x3E0, 0x1F]) => Ok(Layout::Fifteen),
                (24, [0xFF_0000, 0xFF00, 0xFF]) => Ok(Layout::Bytes(3, [2, 1, 0])),
                _ => Err(unknown()),
            },
            (24, _) => Ok(Layout::Bytes(3, [2, 1, 0])),
            (32, _) if !fields => Ok(Layout::Bytes(4, [2, 1, 0])),
            (32, _) => match self.masks {
                [0xFF_0000, 0xFF00, 0xFF, 0 | 0xFF00_0000] | [0, 0, 0, 0] => {
                    Ok(Layout::Bytes(4, [2, 1, 0]))
                }
                [0xFF00_0000, 0xFF_0000, 0xFF00, 0 | 0xFF] => Ok(Layout::Bytes(4, [3, 2, 1])),
                [0xFF00_0000, 0xFF00, 0xFF, 0 | 0xFF_0000] => Ok(Layout::Bytes(4, [3, 1, 0])),
                [0xFF, 0xFF00, 0xFF_0000, 0xFF00_0000] => Ok(Layout::Bytes(4, [0, 1, 2])),
                _ => Err(unknown()),
            },
            _ => Err(unknown()),
        }
    }

    /// The rows in the order of the file; the padding of the last one may be missing.
    fn rows<'a>(
        &self,
        data: &'a [u8],
        layout: Layout,
    ) -> Result<impl DoubleEndedIterator<Item = &'a [u8]>, String> {
        let used = match layout {
            Layout::Indices(bits) | Layout::Grey(bits) => row_bytes(self.width, bits),
            Layout::Fifteen | Layout::Sixteen => 2 * self.width,
            Layout::Bytes(count, _) => count * self.width,
        };
        let stride = (self.width * self.bits).div_ceil(32) * 4;
        if used > stride {
            return Err(unknown());
        }
        if data.len() < (self.height - 1) * stride + used {
            return Err("it is cut off: its data end before its last row of pixels".to_owned());
        }
        Ok((0..self.height).map(move |row| &data[row * stride..row * stride + used]))
    }

    /// Rows from top to bottom, each turned into RGB by `shown`.
    fn upright<'a>(
        &self,
        rows: impl DoubleEndedIterator<Item = &'a [u8]>,
        shown: impl Fn(&[u8], &mut Vec<u8>),
    ) -> Vec<u8> {
        let mut rgb = Vec::with_capacity(self.width * self.height * 3);
        if self.top_down {
            rows.for_each(|row| shown(row, &mut rgb));
        } else {
            rows.rev().for_each(|row| shown(row, &mut rgb));
        }
        rgb
    }
}

fn pixels(row: &[u8], width: usize, layout: Layout, palette: &[u8], out: &mut Vec<u8>) {
    // Pillow's BGR;15 and BGR;16: the fraction is cut off.
    let part = |pixel: u16, shift: u16, most: u16| {
        (u32::from((pixel >> shift) & most) * 255 / u32::from(most)) as u8
    };
    let halves = || {
        row.chunks_exact(2)
            .map(|pixel| u16::from_le_bytes([pixel[0], pixel[1]]))
    };
    match layout {
        Layout::Indices(bits) => {
            out.extend(unpack(row, bits, width).flat_map(|index| colour::entry(palette, index)));
        }
        Layout::Grey(1) => out.extend(unpack(row, 1, width).flat_map(|bit| [bit * 255; 3])),
        Layout::Grey(_) => out.extend(row.iter().flat_map(|grey| [*grey; 3])),
        Layout::Fifteen => {
            out.extend(
                halves().flat_map(|pixel| {
                    [part(pixel, 10, 31), part(pixel, 5, 31), part(pixel, 0, 31)]
                }),
            );
        }
        Layout::Sixteen => {
            out.extend(
                halves().flat_map(|pixel| {
                    [part(pixel, 11, 31), part(pixel, 5, 63), part(pixel, 0, 31)]
                }),
            );
        }
        Layout::Bytes(count, places) => {
            out.extend(
                row.chunks_exact(count)
                    .flat_map(|pixel| places.map(|place| pixel[place])),
            );
        }
    }
}
