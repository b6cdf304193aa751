//! Colours and styles as SGR escape sequences, at the depth a stream takes.

use std::fmt::Write as _;

use super::color::Depth;

/// A colour of the picture, before the terminal's depth is known.
pub type Rgb = [u8; 3];

/// The nearest of the 240 fixed colours of a 256-colour terminal (16 to 255; the first sixteen are the user's own).
#[must_use]
pub fn nearest_256(color: Rgb) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |value: u8| {
        (0..6u8)
            .min_by_key(|&i| LEVELS[usize::from(i)].abs_diff(value))
            .unwrap_or(0)
    };
    let cube = color.map(step);
    let cube_rgb = cube.map(|i| LEVELS[usize::from(i)]);
    let mean = (u16::from(color[0]) + u16::from(color[1]) + u16::from(color[2])) / 3;
    let grey = (mean.saturating_sub(3) / 10).min(23) as u8;
    let grey_rgb = [8 + 10 * grey; 3];
    if distance(color, grey_rgb) < distance(color, cube_rgb) {
        232 + grey
    } else {
        16 + 36 * cube[0] + 6 * cube[1] + cube[2]
    }
}

/// The nearest of the sixteen named colours, taking xterm's values for them.
#[must_use]
pub fn nearest_16(color: Rgb) -> u8 {
    const NAMED: [Rgb; 16] = [
        [0, 0, 0],
        [205, 0, 0],
        [0, 205, 0],
        [205, 205, 0],
        [0, 0, 238],
        [205, 0, 205],
        [0, 205, 205],
        [229, 229, 229],
        [127, 127, 127],
        [255, 0, 0],
        [0, 255, 0],
        [255, 255, 0],
        [92, 92, 255],
        [255, 0, 255],
        [0, 255, 255],
        [255, 255, 255],
    ];
    (0..16u8)
        .min_by_key(|&i| distance(color, NAMED[usize::from(i)]))
        .unwrap_or(0)
}

/// Squared distance, weighted by how the eye takes the channels (the “redmean” approximation).
fn distance(a: Rgb, b: Rgb) -> i64 {
    let [r, g, blue] = [0, 1, 2].map(|i| i64::from(a[i]) - i64::from(b[i]));
    let mean_red = (i64::from(a[0]) + i64::from(b[0])) / 2;
    (512 + mean_red) * r * r + 1024 * g * g + (767 - mean_red) * blue * blue
}

/// Writes the parameters of an SGR sequence that selects `color`, as foreground or background; nothing at
/// [`Depth::Never`].
pub fn push_sgr(out: &mut String, color: Rgb, background: bool, depth: Depth) {
    let base: u16 = if background { 48 } else { 38 };
    let written = match depth {
        Depth::Never => Ok(()),
        Depth::True => write!(out, "{base};2;{};{};{}", color[0], color[1], color[2]),
        Depth::Ansi256 => write!(out, "{base};5;{}", nearest_256(color)),
        Depth::Ansi16 => {
            let index = u16::from(nearest_16(color));
            let first = if index < 8 { base - 8 } else { base + 44 };
            write!(out, "{}", first + index)
        }
    };
    written.expect("writing to a string does not fail");
}

/// Styles that words take on: the same in tables, narration and the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Headings.
    Bold,
    /// What may be skipped.
    Dim,
    /// Warnings.
    Yellow,
    /// Errors.
    Red,
    /// Words of the language.
    Blue,
    /// Quoted texts.
    Green,
    /// Numbers.
    Magenta,
    /// Names.
    Cyan,
}

/// `text` in a style; unchanged at [`Depth::Never`]. Named colours only, so that the user's own theme applies.
#[must_use]
pub fn paint(text: &str, style: Style, depth: Depth) -> String {
    if depth == Depth::Never || text.is_empty() {
        return text.to_owned();
    }
    let code = match style {
        Style::Bold => "1",
        Style::Dim => "2",
        Style::Red => "31",
        Style::Green => "32",
        Style::Yellow => "33",
        Style::Blue => "34",
        Style::Magenta => "35",
        Style::Cyan => "36",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_colours_of_a_256_colour_terminal_map_to_themselves() {
        assert_eq!(nearest_256([0, 0, 0]), 16);
        assert_eq!(nearest_256([255, 255, 255]), 231);
        assert_eq!(nearest_256([95, 135, 175]), 67);
        assert_eq!(nearest_256([8, 8, 8]), 232);
        assert_eq!(nearest_256([238, 238, 238]), 255);
        assert_eq!(nearest_256([118, 118, 118]), 243);
    }

    #[test]
    fn sgr_parameters_follow_the_depth() {
        let sgr = |color, background, depth| {
            let mut out = String::new();
            push_sgr(&mut out, color, background, depth);
            out
        };
        assert_eq!(sgr([255, 0, 0], false, Depth::True), "38;2;255;0;0");
        assert_eq!(sgr([255, 0, 0], true, Depth::Ansi256), "48;5;196");
        assert_eq!(sgr([255, 0, 0], false, Depth::Ansi16), "91");
        assert_eq!(sgr([0, 0, 0], true, Depth::Ansi16), "40");
        assert_eq!(sgr([255, 255, 255], true, Depth::Ansi16), "107");
        assert_eq!(sgr([1, 2, 3], true, Depth::Never), "");
    }
}
