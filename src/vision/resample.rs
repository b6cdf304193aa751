//! Pillow's image resize, bit for bit: the arithmetic that every published model's evaluation images went through.
//!
//! Two passes over 8-bit pixels, along rows and along columns, each with fixed-point weights of 22 fractional bits and a
//! result rounded to 8 bits (`Resample.c`). When an image shrinks, the kernel is stretched, so that every pixel counts.

use std::ops::Range;

use image::RgbImage;

/// Fractional bits of a weight: 32 less 8 for the pixel and 2 for the sum.
const FRACTION: u32 = 22;

/// Pillow's resampling filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The nearest pixel.
    Nearest,
    /// Mean over a box.
    Box,
    /// Linear, a triangle.
    Bilinear,
    /// Hamming-windowed sinc.
    Hamming,
    /// Cubic, a = -0.5.
    Bicubic,
    /// Lanczos-windowed sinc with three lobes.
    Lanczos,
}

impl Filter {
    /// Every filter, in the order of Pillow's numbers for them.
    const ALL: [Self; 6] = [
        Self::Nearest,
        Self::Lanczos,
        Self::Bilinear,
        Self::Bicubic,
        Self::Box,
        Self::Hamming,
    ];

    /// The filter with Pillow's number `code` (`resample` in preprocessor configs).
    #[must_use]
    pub fn from_code(code: usize) -> Option<Self> {
        Self::ALL.get(code).copied()
    }

    /// The filter called `word` (`interpolation` in timm's configs).
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filter| filter.word() == word)
    }

    /// What timm and Pillow call it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Box => "box",
            Self::Bilinear => "bilinear",
            Self::Hamming => "hamming",
            Self::Bicubic => "bicubic",
            Self::Lanczos => "lanczos",
        }
    }

    /// How far the kernel reaches, in pixels.
    fn support(self) -> f64 {
        match self {
            Self::Nearest => 0.0,
            Self::Box => 0.5,
            Self::Bilinear | Self::Hamming => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    /// The kernel at `x`.
    fn weight(self, x: f64) -> f64 {
        let distance = x.abs();
        match self {
            Self::Nearest => 0.0,
            Self::Box => f64::from(x > -0.5 && x <= 0.5),
            Self::Bilinear => (1.0 - distance).max(0.0),
            Self::Hamming if distance >= 1.0 => 0.0,
            Self::Hamming => {
                sinc(distance) * (0.54 + 0.46 * (distance * std::f64::consts::PI).cos())
            }
            Self::Bicubic if distance < 1.0 => (1.5 * distance - 2.5) * distance * distance + 1.0,
            Self::Bicubic if distance < 2.0 => {
                (((distance - 5.0) * distance + 8.0) * distance - 4.0) * -0.5
            }
            Self::Lanczos if (-3.0..3.0).contains(&x) => sinc(x) * sinc(x / 3.0),
            Self::Bicubic | Self::Lanczos => 0.0,
        }
    }
}

/// sin(πx) / πx.
fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    let x = x * std::f64::consts::PI;
    x.sin() / x
}

/// `image` at another size, as Pillow's `Image.resize((width, height), filter)` makes it.
#[must_use]
pub fn resize(image: &RgbImage, height: usize, width: usize, filter: Filter) -> RgbImage {
    resize_part(image, (height, width), filter, 0..height, 0..width)
}

/// Some rows and columns of `image` at another size: the same pixels, and no more memory than they take, however large
/// the whole would be.
pub(super) fn resize_part(
    image: &RgbImage,
    (height, width): (usize, usize),
    filter: Filter,
    rows: Range<usize>,
    columns: Range<usize>,
) -> RgbImage {
    let (old_width, old_height) = (image.width() as usize, image.height() as usize);
    let size = (rows.len() as u32, columns.len() as u32);
    let pixels = if filter == Filter::Nearest {
        let rows = places(old_height, height, rows);
        nearest(image, &rows, &places(old_width, width, columns))
    } else {
        let down = Pass::new(old_height, height, filter, rows);
        let across = Pass::new(old_width, width, filter, columns);
        let pixels = part(image, &down.read, &across.read);
        if columns_first((old_height, old_width), (height, width)) {
            across.along_rows(down.along_columns(pixels, across.read.len()))
        } else {
            down.along_columns(across.along_rows(pixels), across.made)
        }
    };
    RgbImage::from_raw(size.1, size.0, pixels).expect("three bytes for every pixel")
}

/// The bytes of some rows and columns.
fn part(image: &RgbImage, rows: &Range<usize>, columns: &Range<usize>) -> Vec<u8> {
    let line = image.width() as usize * 3;
    let bytes = image.as_raw();
    if columns.len() * 3 == line {
        return bytes[rows.start * line..rows.end * line].to_vec();
    }
    let row = |row: usize| &bytes[row * line + columns.start * 3..row * line + columns.end * 3];
    rows.clone().flat_map(row).copied().collect()
}

/// Whether Pillow takes columns before rows: since 13.0, when the height shrinks by much more than the width does.
///
/// The order shows in the last bit, as pixels are rounded between the passes; earlier versions always took rows first.
fn columns_first(old: (usize, usize), new: (usize, usize)) -> bool {
    old.0.saturating_sub(new.0) > 2 * old.1.saturating_sub(new.1)
}

/// The input places that one output place reads, and their fixed-point weights.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

/// Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc`, for some of the `new` places.
fn taps(old: usize, new: usize, filter: Filter, places: Range<usize>) -> Vec<Taps> {
    let scale = old as f64 / new as f64;
    let stretch = scale.max(1.0);
    let support = filter.support() * stretch;
    places
        .map(|place| {
            let centre = (place as f64 + 0.5) * scale;
            let first = (centre - support + 0.5).max(0.0) as usize;
            let last = ((centre + support + 0.5) as usize).min(old);
            let shrink = 1.0 / stretch;
            let weights: Vec<f64> = (first..last)
                .map(|from| filter.weight((from as f64 - centre + 0.5) * shrink))
                .collect();
            let sum: f64 = weights.iter().sum();
            let fixed = |weight: &f64| {
                let weight = if sum == 0.0 { *weight } else { weight / sum };
                let half = if weight < 0.0 { -0.5 } else { 0.5 };
                (half + weight * f64::from(1 << FRACTION)) as i32
            };
            Taps {
                first,
                weights: weights.iter().map(fixed).collect(),
            }
        })
        .collect()
}

/// What becomes of one axis.
struct Pass {
    /// The places that are read.
    read: Range<usize>,
    /// How many places are made.
    made: usize,
    /// What each of them reads, counted from the first that is read; None where the axis keeps its size.
    taps: Option<Vec<Taps>>,
}

impl Pass {
    fn new(old: usize, new: usize, filter: Filter, places: Range<usize>) -> Self {
        let made = places.len();
        if old == new {
            return Self {
                read: places,
                made,
                taps: None,
            };
        }
        let mut taps = taps(old, new, filter, places);
        let start = taps.iter().map(|taps| taps.first).min().unwrap_or(0);
        let end = taps
            .iter()
            .map(|taps| taps.first + taps.weights.len())
            .max()
            .unwrap_or(0);
        taps.iter_mut().for_each(|taps| taps.first -= start);
        Self {
            read: start..end,
            made,
            taps: Some(taps),
        }
    }

    /// The pass along rows.
    fn along_rows(&self, pixels: Vec<u8>) -> Vec<u8> {
        let Some(taps) = &self.taps else {
            return pixels;
        };
        narrow(&pixels, self.read.len(), taps)
    }

    /// The pass along columns, of rows of `width` pixels.
    fn along_columns(&self, pixels: Vec<u8>, width: usize) -> Vec<u8> {
        let Some(taps) = &self.taps else {
            return pixels;
        };
        debug_assert_eq!(pixels.len(), self.read.len() * width * 3);
        shorten(&pixels, width, taps)
    }
}

/// A weighted sum as an 8-bit value, rounded and clipped.
fn to_byte(sum: i32) -> u8 {
    (sum >> FRACTION).clamp(0, 255) as u8
}

/// Half of the last bit kept, so that the shift rounds.
const HALF: i32 = 1 << (FRACTION - 1);

fn narrow(pixels: &[u8], width: usize, taps: &[Taps]) -> Vec<u8> {
    let mut out = Vec::with_capacity(pixels.len() / width * taps.len());
    for row in pixels.chunks_exact(width * 3) {
        for taps in taps {
            let mut sums = [HALF; 3];
            let read = row[taps.first * 3..].chunks_exact(3);
            for (pixel, weight) in read.zip(&taps.weights) {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += i32::from(*value) * weight;
                }
            }
            out.extend(sums.map(to_byte));
        }
    }
    out
}

fn shorten(pixels: &[u8], width: usize, taps: &[Taps]) -> Vec<u8> {
    let line = width * 3;
    let mut out = Vec::with_capacity(taps.len() * line);
    let mut sums = vec![0_i32; line];
    for taps in taps {
        sums.fill(HALF);
        let read = pixels[taps.first * line..].chunks_exact(line);
        for (row, weight) in read.zip(&taps.weights) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += i32::from(*value) * weight;
            }
        }
        out.extend(sums.iter().map(|sum| to_byte(*sum)));
    }
    out
}

/// Where Pillow's nearest neighbours lie: places are reached by adding up the step (`Geometry.c`, `ImagingScaleAffine`).
fn places(old: usize, new: usize, wanted: Range<usize>) -> Vec<usize> {
    let step = old as f64 / new as f64;
    let mut at = step * 0.5;
    let mut places = Vec::with_capacity(wanted.len());
    for place in 0..wanted.end {
        if wanted.contains(&place) {
            places.push((at as usize).min(old - 1));
        }
        at += step;
    }
    places
}

fn nearest(image: &RgbImage, rows: &[usize], columns: &[usize]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * columns.len() * 3);
    for row in rows {
        for column in columns {
            out.extend(image.get_pixel(*column as u32, *row as u32).0);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use image::{RgbImage, imageops};

    use super::{Filter, resize, resize_part};

    #[test]
    fn a_part_is_the_part_of_the_whole() {
        let picture = RgbImage::from_fn(13, 31, |x, y| {
            image::Rgb([x * 19 + y, y * 8, (x * y) % 256].map(|value| value as u8))
        });
        for filter in Filter::ALL {
            for (height, width) in [(31, 13), (50, 20), (9, 40), (70, 13), (31, 5), (6, 12)] {
                let (rows, columns) = (height / 3..height - 1, 2..width / 2 + 1);
                let whole = resize(&picture, height, width, filter);
                let cut = imageops::crop_imm(
                    &whole,
                    columns.start as u32,
                    rows.start as u32,
                    columns.len() as u32,
                    rows.len() as u32,
                );
                let part = resize_part(&picture, (height, width), filter, rows, columns);
                assert!(part == cut.to_image(), "{filter:?}, {height} × {width}");
            }
        }
    }
}
