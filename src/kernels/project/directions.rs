//! Projections on any number of directions, side by side in registers.

use std::array;

use pulp::{Arch, Simd, WithSimd};

#[cfg(target_arch = "x86_64")]
use super::dot;
use super::number::Number;

/// Rows that are taken side by side: as many sums as two units of four steps each keep busy.
const AT_ONCE: usize = 8;

/// Numbers that are widened at a time: they stay in the first-level cache.
const WIDENED: usize = 1 << 11;

/// Adds to `sums` `[n, m]` the projections of `rows` `[n, d]` on the columns of `directions` `[d, m]`, all row-major.
///
/// # Panics
/// When the shapes don't agree.
pub(crate) fn add_projections<T: Number>(
    rows: &[T],
    directions: &[f64],
    count: usize,
    sums: &mut [f64],
) {
    let depth = directions.len() / count.max(1);
    assert_eq!(directions.len(), depth * count, "whole directions");
    assert_eq!(
        rows.len() * count,
        sums.len() * depth,
        "a sum per row and direction"
    );
    if depth == 0 || count == 0 {
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if let (1, Some(simd)) = (count, pulp::x86::V4::try_new()) {
        return dot::add_dots(simd, rows, directions, sums);
    }
    Arch::new().dispatch(Projections {
        rows,
        directions,
        count,
        sums,
    });
}

/// As [`add_projections`], beginning at nothing: projections `[n, m]`.
pub(crate) fn projections<T: Number>(rows: &[T], directions: &[f64], count: usize) -> Vec<f64> {
    let depth = directions.len() / count.max(1);
    let mut sums = vec![0.0; rows.len() / depth.max(1) * count];
    add_projections(rows, directions, count, &mut sums);
    sums
}

struct Projections<'a, T> {
    rows: &'a [T],
    directions: &'a [f64],
    count: usize,
    sums: &'a mut [f64],
}

impl<T: Number> WithSimd for Projections<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { rows, count, .. } = self;
        let depth = self.directions.len() / count;
        let panels = panels(self.directions, count, S::F64_LANES);
        let block = (WIDENED / depth).max(1).next_multiple_of(AT_ONCE);
        let mut wide = vec![0.0; (block * depth).min(rows.len())];
        let blocks = rows
            .chunks(block * depth)
            .zip(self.sums.chunks_mut(block * count));
        for (rows, sums) in blocks {
            let wide = T::wide(rows, &mut wide[..rows.len()]);
            let few = wide
                .chunks(AT_ONCE * depth)
                .zip(sums.chunks_mut(AT_ONCE * count));
            for (rows, sums) in few {
                if rows.len() == AT_ONCE * depth {
                    simd.vectorize(Tile::<S, AT_ONCE> {
                        simd,
                        rows,
                        panels: &panels,
                        count,
                        sums,
                    });
                } else {
                    for (row, sums) in rows.chunks(depth).zip(sums.chunks_mut(count)) {
                        simd.vectorize(Tile::<S, 1> {
                            simd,
                            rows: row,
                            panels: &panels,
                            count,
                            sums,
                        });
                    }
                }
            }
        }
    }
}

/// Directions `[d, m]` as `[m / lanes, d, lanes]`, the last ones filled up with zeros.
fn panels(directions: &[f64], count: usize, lanes: usize) -> Vec<f64> {
    let depth = directions.len() / count;
    let mut panels = vec![0.0; count.div_ceil(lanes) * depth * lanes];
    for (panel, first) in panels.chunks_mut(depth * lanes).zip((0..).step_by(lanes)) {
        let own = first..(first + lanes).min(count);
        for (line, row) in panel.chunks_mut(lanes).zip(directions.chunks(count)) {
            line[..own.len()].copy_from_slice(&row[own.clone()]);
        }
    }
    panels
}

/// `R` rows against all panels.
struct Tile<'a, S, const R: usize> {
    simd: S,
    rows: &'a [f64],
    panels: &'a [f64],
    count: usize,
    sums: &'a mut [f64],
}

impl<S: Simd, const R: usize> WithSimd for Tile<'_, S, R> {
    type Output = ();

    // Loops over R are unrolled, so that `lines` are registers.
    #[inline(always)]
    fn with_simd<_S: Simd>(self, _: _S) {
        let Self { simd, count, .. } = self;
        let (depth, lanes) = (self.rows.len() / R, S::F64_LANES);
        let rows: [&[f64]; R] = array::from_fn(|r| &self.rows[r * depth..][..depth]);
        for (panel, first) in self
            .panels
            .chunks_exact(depth * lanes)
            .zip((0..).step_by(lanes))
        {
            let mut lines = [simd.splat_f64s(0.0); R];
            for (k, directions) in S::as_simd_f64s(panel).0.iter().enumerate() {
                for r in 0..R {
                    let number = simd.splat_f64s(rows[r][k]);
                    lines[r] = simd.mul_add_e_f64s(number, *directions, lines[r]);
                }
            }
            for (line, sums) in lines.into_iter().zip(self.sums.chunks_exact_mut(count)) {
                let last = (first + lanes).min(count);
                let own = &mut sums[first..last];
                let sum = simd.add_f64s(simd.partial_load_f64s(own), line);
                simd.partial_store_f64s(own, sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;
    use crate::align::Random;

    /// Rows, directions and what their projections are, each with the length of what was summed.
    fn truth(rows: &[f64], directions: &[f64], count: usize) -> Vec<(f64, f64)> {
        let depth = directions.len() / count;
        let of = |row: &[f64], column: usize| {
            let terms: Vec<f64> = (0..depth)
                .map(|k| row[k] * directions[k * count + column])
                .collect();
            // Compensated, as Neumaier does it: what is held against it may be off by more.
            let (mut sum, mut error) = (0.0f64, 0.0f64);
            for term in &terms {
                let next = sum + term;
                error += if sum.abs() > term.abs() {
                    (sum - next) + term
                } else {
                    (term - next) + sum
                };
                sum = next;
            }
            (sum + error, terms.iter().map(|term| term.abs()).sum())
        };
        let rows = rows.chunks(depth);
        rows.flat_map(|row| (0..count).map(move |column| (row, column)))
            .map(|(row, column)| of(row, column))
            .collect()
    }

    fn agrees<T: Number>(number: impl Fn(f64) -> T, wide: impl Fn(T) -> f64) {
        let mut random = Random::new(3);
        for (depth, count, images) in [
            (64, 1, 37),
            (25, 1, 9),
            (5, 3, 2),
            (64, 9, 21),
            (768, 16, 11),
            (1, 1, 8),
        ] {
            let rows: Vec<T> = (0..images * depth)
                .map(|_| number(random.normal()))
                .collect();
            let directions: Vec<f64> = (0..depth * count).map(|_| random.normal()).collect();
            let exact: Vec<f64> = rows.iter().map(|v| wide(*v)).collect();
            let truth = truth(&exact, &directions, count);
            let check = |sums: &[f64]| {
                for (sum, (truth, size)) in sums.iter().zip(&truth) {
                    // d roundings of a half of 2^-52 at the very most, one for each term.
                    let most = size * (depth + 4) as f64 * f64::EPSILON / 2.0;
                    assert!(
                        (sum - 1.0 - truth).abs() <= most + f64::EPSILON,
                        "{sum} {truth}"
                    );
                }
            };
            let mut sums = vec![1.0; images * count];
            add_projections(&rows, &directions, count, &mut sums);
            check(&sums);
            // What machines without AVX-512 do.
            for simd in 0..2 {
                let mut sums = vec![1.0; images * count];
                let projections = Projections {
                    rows: &rows,
                    directions: &directions,
                    count,
                    sums: &mut sums,
                };
                match simd {
                    0 => projections.with_simd(pulp::Scalar),
                    _ => Arch::new().dispatch(projections),
                }
                check(&sums);
            }
        }
    }

    #[test]
    fn projections_are_off_by_roundings_of_f64_only() {
        agrees(|v| v, |v| v);
        agrees(|v| v as f32, f64::from);
        agrees(f16::from_f64, f64::from);
    }
}
