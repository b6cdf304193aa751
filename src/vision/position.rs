//! Position embeddings for another grid of patches: PyTorch's bicubic interpolation, written out.
//!
//! timm's `resample_abs_pos_embed` asks for antialiasing, and PyTorch then uses Pillow's kernel (a = -0.5, weights
//! renormalised at the border); without antialiasing it uses a = -0.75 and repeats the border.

use crate::vision::config::Resampling;

/// The weights of one output place: the input places it reads.
type Taps = Vec<(usize, f32)>;

/// Brings `grid` `[rows · columns, width]` from `old` = (rows, columns) to `new`.
#[must_use]
pub fn resample(
    grid: &[f32],
    width: usize,
    old: (usize, usize),
    new: (usize, usize),
    how: Resampling,
) -> Vec<f32> {
    if old == new {
        return grid.to_vec();
    }
    let (rows, columns) = (taps(old.0, new.0, how), taps(old.1, new.1, how));
    let mut wide = vec![0.0; old.0 * new.1 * width];
    for row in 0..old.0 {
        for (column, taps) in columns.iter().enumerate() {
            let place = (row * new.1 + column) * width;
            for &(from, weight) in taps {
                add(
                    &mut wide[place..place + width],
                    &grid[(row * old.1 + from) * width..],
                    weight,
                );
            }
        }
    }
    let mut resampled = vec![0.0; new.0 * new.1 * width];
    let line = new.1 * width;
    for (row, taps) in rows.iter().enumerate() {
        for &(from, weight) in taps {
            add(
                &mut resampled[row * line..(row + 1) * line],
                &wide[from * line..],
                weight,
            );
        }
    }
    resampled
}

/// `sum += weight · values`, for as many numbers as `sum` has.
fn add(sum: &mut [f32], values: &[f32], weight: f32) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += weight * value;
    }
}

/// The taps of every output place along one axis.
fn taps(old: usize, new: usize, how: Resampling) -> Vec<Taps> {
    let scale = old as f32 / new as f32;
    (0..new)
        .map(|place| match how {
            Resampling::Antialiased => antialiased(old, scale, place),
            Resampling::Plain => plain(old, scale, place),
        })
        .collect()
}

/// The kernel is stretched over all the input places that fall into an output place.
fn antialiased(old: usize, scale: f32, place: usize) -> Taps {
    let stretch = scale.max(1.0);
    let support = 2.0 * stretch;
    let centre = scale * (place as f32 + 0.5);
    let first = (centre - support + 0.5).max(0.0) as usize;
    let last = ((centre + support + 0.5) as usize).min(old);
    let weight = |from: usize| cubic((from as f32 - centre + 0.5) / stretch, -0.5);
    let sum: f32 = (first..last).map(weight).sum();
    (first..last)
        .map(|from| (from, weight(from) / sum))
        .collect()
}

/// Four neighbours, those beyond the border being the border's own.
fn plain(old: usize, scale: f32, place: usize) -> Taps {
    let centre = scale * (place as f32 + 0.5) - 0.5;
    let before = centre.floor();
    let beyond = centre - before;
    (-1..=2)
        .map(|step| {
            let from = (before as isize + step).clamp(0, old as isize - 1);
            (from as usize, cubic(beyond - step as f32, -0.75))
        })
        .collect()
}

/// Keys' cubic convolution kernel with slope `a`.
fn cubic(x: f32, a: f32) -> f32 {
    let x = x.abs();
    if x < 1.0 {
        ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * a
    } else {
        0.0
    }
}
