//! Run lengths of BMPs, as Pillow's `BmpRleDecoder` reads them.

/// Indices of all pixels in the order of the file; `offset` is where in the file `data` begin.
pub(super) fn decode(
    data: &[u8],
    offset: usize,
    width: usize,
    height: usize,
    four_bits: bool,
) -> Result<Vec<u8>, String> {
    let whole = width * height;
    let mut indices = Vec::with_capacity(whole);
    let (mut at, mut column) = (0, 0);
    while indices.len() < whole {
        let Some(&[count, byte]) = data.get(at..at + 2) else {
            break;
        };
        at += 2;
        match (usize::from(count), usize::from(byte)) {
            // The end of a row.
            (0, 0) => {
                indices.resize(indices.len().next_multiple_of(width), 0);
                column = 0;
            }
            // The end of the picture.
            (0, 1) => break,
            // A jump.
            (0, 2) => {
                let Some(&[right, up]) = data.get(at..at + 2) else {
                    break;
                };
                at += 2;
                let far = usize::from(right) + usize::from(up) * width;
                indices.resize(whole.min(indices.len() + far), 0);
                column = indices.len() % width;
            }
            // Pixels one by one, to a whole number of 16 bits.
            (0, count) => {
                let wanted = count.min(whole - indices.len());
                let bytes = if four_bits {
                    wanted.div_ceil(2)
                } else {
                    wanted
                };
                let stored = &data[at..data.len().min(at + bytes)];
                let before = indices.len();
                if four_bits {
                    indices.extend(stored.iter().flat_map(|pair| [pair >> 4, pair & 15]));
                    indices.truncate(before + wanted);
                } else {
                    indices.extend_from_slice(stored);
                }
                if stored.len() < bytes || indices.len() == whole {
                    break;
                }
                at += bytes + (offset + at + bytes) % 2;
                column += count;
            }
            // A pixel, or two in turn, again and again; what goes beyond the row is dropped.
            (count, _) => {
                let count = if column + count > width {
                    width.saturating_sub(column)
                } else {
                    count
                };
                let pair = if four_bits {
                    [byte >> 4, byte & 15]
                } else {
                    [byte; 2]
                };
                indices.extend((0..count).map(|number| pair[number % 2]));
                column += count;
            }
        }
    }
    if indices.len() < whole {
        return Err("it is cut off: its data end before its last row of pixels".to_owned());
    }
    indices.truncate(whole);
    Ok(indices)
}
