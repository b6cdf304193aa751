//! Colours for values, made in Oklab (Björn Ottosson, 2020, <https://bottosson.github.io/posts/oklab/>) so that equal
//! steps of the value are equal steps for the eye.
//!
//! Strength is brightness and sign is hue: 0 is dark grey, positive values go to bright orange, negative ones to bright
//! blue. Orange and blue are told apart with every common form of colour blindness, and strength survives without hue.

/// Lightness, chroma and hue in degrees.
type Lch = [f64; 3];

const ZERO: Lch = [0.27, 0.0, 0.0];
const POSITIVE: Lch = [0.86, 0.15, 75.0];
const NEGATIVE: Lch = [0.86, 0.11, 235.0];

/// The colour of `t` in −1 ..= 1 (clamped; not-a-number counts as 0).
#[must_use]
pub fn diverging(t: f32) -> [u8; 3] {
    let t = if t.is_nan() { 0.0 } else { t.clamp(-1.0, 1.0) };
    let end = if t < 0.0 { NEGATIVE } else { POSITIVE };
    let at = f64::from(t.abs());
    let mix = |from: f64, to: f64| from + (to - from) * at;
    oklch_to_srgb([mix(ZERO[0], end[0]), mix(ZERO[1], end[1]), end[2]])
}

/// The colour of `t` in 0 ..= 1 for maps that are only ever positive: through dark purple and red to bright yellow, so
/// that more levels can be told apart than with one hue.
#[must_use]
pub fn sequential(t: f32) -> [u8; 3] {
    let t = if t.is_nan() {
        0.0
    } else {
        f64::from(t.clamp(0.0, 1.0))
    };
    let lightness = 0.15 + 0.80 * t;
    let chroma = 0.04 + 0.50 * t * (1.0 - t);
    let hue = 305.0 + 165.0 * t;
    oklch_to_srgb([lightness, chroma, hue])
}

/// Black or white, whichever reads better on `background` (relative luminance as in WCAG 2).
#[must_use]
pub fn ink_on(background: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = background.map(|channel| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.040_45 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    });
    let luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    if luminance > 0.179 { [0; 3] } else { [255; 3] }
}

fn oklch_to_srgb([lightness, chroma, hue]: Lch) -> [u8; 3] {
    let (sin, cos) = hue.to_radians().sin_cos();
    let (a, b) = (chroma * cos, chroma * sin);
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    let linear = [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
    ];
    linear.map(|c| {
        let encoded = if c <= 0.003_130_8 {
            12.92 * c
        } else {
            1.055 * c.powf(1.0 / 2.4) - 0.055
        };
        (encoded.clamp(0.0, 1.0) * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Luma, as a screen without colour would show it.
    fn luma([r, g, b]: [u8; 3]) -> f64 {
        0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b)
    }

    #[test]
    fn oklab_of_the_primaries_is_as_published() {
        // From the reference page: red is L 0.628, C 0.258, h 29.2°; white is L 1.
        assert_eq!(oklch_to_srgb([1.0, 0.0, 0.0]), [255, 255, 255]);
        let [r, g, b] = oklch_to_srgb([0.627_96, 0.257_68, 29.234]);
        assert!(r == 255 && g <= 2 && b <= 2, "{r} {g} {b}");
    }

    #[test]
    fn strength_is_brightness_on_both_sides_and_hue_tells_the_sign() {
        for map in [diverging, |t: f32| diverging(-t), sequential] {
            let steps: Vec<f64> = (0..=20u8).map(|i| luma(map(f32::from(i) / 20.0))).collect();
            assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
        }
        let [r, _, b] = diverging(1.0);
        assert!(r > b + 100);
        let [r, _, b] = diverging(-1.0);
        assert!(b > r + 100);
        assert_eq!(diverging(0.0), diverging(f32::NAN));
        assert_eq!(diverging(7.0), diverging(1.0));
        let difference = luma(diverging(0.7)) - luma(diverging(-0.7));
        assert!(
            difference.abs() < 25.0,
            "equal strength, about equal brightness"
        );
    }

    #[test]
    fn ink_is_readable_on_every_colour() {
        assert_eq!(ink_on([0; 3]), [255; 3]);
        assert_eq!(ink_on([255; 3]), [0; 3]);
        for i in -10..=10i8 {
            let background = diverging(f32::from(i) / 10.0);
            let gap = (luma(background) - luma(ink_on(background))).abs();
            assert!(gap > 95.0, "{i}: {background:?}");
        }
    }
}
