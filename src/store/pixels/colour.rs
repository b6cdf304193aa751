//! From samples to RGB with the arithmetic of Pillow's `Convert.c`.

/// Each grey value three times.
pub(super) fn grey(samples: &[u8]) -> Vec<u8> {
    samples.iter().flat_map(|value| [*value; 3]).collect()
}

/// The lightness of a colour, with the weights and the rounding of `rgb2l`.
pub(super) fn lightness(rgb: &[u8]) -> u8 {
    let [red, green, blue] = [0, 1, 2].map(|at| u32::from(rgb[at]));
    ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16) as u8
}

/// The colour of a palette's entry; Pillow's palettes are black beyond their last.
pub(super) fn entry(palette: &[u8], index: u8) -> [u8; 3] {
    let at = usize::from(index) * 3;
    palette
        .get(at..at + 3)
        .map_or([0; 3], |entry| [entry[0], entry[1], entry[2]])
}

/// 16-bit grey cut off at 255, as Pillow's `I16_RGB` does it.
pub(super) fn clipped(high: u8, low: u8) -> u8 {
    if high == 0 { low } else { 255 }
}

/// Colours divided by their opacity, as `unpackRGBa` does it.
pub(super) fn divided(colours: [u8; 3], opacity: u8) -> [u8; 3] {
    if opacity == 0 {
        return [0; 3];
    }
    colours.map(|colour| (u32::from(colour) * 255 / u32::from(opacity)).min(255) as u8)
}

/// CMYK as it is stored in JPEGs: Pillow takes 0 for full ink in all of them, as Adobe's programs write it.
pub(super) fn inverted_cmyk(samples: &[u8]) -> Vec<u8> {
    let pixels = samples.chunks_exact(4);
    pixels
        .flat_map(|ink| light([255 - ink[0], 255 - ink[1], 255 - ink[2]], 255 - ink[3]))
        .collect()
}

/// CMYK with 255 for full ink, as TIFFs have it: what is left of the light that black lets through, with the rounding of
/// `cmyk2rgb`.
pub(super) fn light(inks: [u8; 3], black: u8) -> [u8; 3] {
    let through = 255 - u32::from(black);
    inks.map(|ink| {
        let product = u32::from(ink) * through + 128;
        (through - (((product >> 8) + product) >> 8)) as u8
    })
}
