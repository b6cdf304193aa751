//! Synthetic contributions whose truth is known, for the tests of alignment and scores.

use crate::align::{Alignment, Random};
use crate::contributions::InMemory;
use crate::decompose::{Component, RowSpec, Rows};
use crate::linalg::Reflections;

/// A small made-up model and its rows, with everything also kept dense in f64.
pub(crate) struct Synthetic {
    pub contributions: InMemory,
    pub dim: usize,
    pub images: usize,
    /// Contribution of each component, `[n, D]`.
    pub dense: Vec<Vec<f64>>,
}

pub(crate) fn noise(count: usize, random: &mut Random) -> Vec<f32> {
    (0..count).map(|_| random.normal() as f32).collect()
}

/// `a [n, inner] · b [inner, cols]`, the naive way.
pub(crate) fn naive(a: &[f64], b: &[f64], inner: usize, cols: usize) -> Vec<f64> {
    let mut out = Vec::with_capacity(a.len() / inner * cols);
    for row in a.chunks_exact(inner) {
        for c in 0..cols {
            out.push((0..inner).map(|k| row[k] * b[k * cols + c]).sum());
        }
    }
    out
}

pub(crate) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

/// `images` images of components with rows of the given widths; the last component is constant. Ids are `3 r + 1`.
pub(crate) fn synthesize(
    images: usize,
    dim: usize,
    widths: &[usize],
    part: usize,
    seed: u64,
) -> Synthetic {
    let mut random = Random::new(seed);
    let specs: Vec<RowSpec> = (widths.iter().enumerate())
        .map(|(i, &width)| RowSpec {
            component: if i + 1 == widths.len() {
                Component::bias()
            } else {
                Component::head(i / 2, i % 2)
            },
            width,
        })
        .collect();
    let maps: Vec<Vec<f32>> = (widths.iter())
        .map(|&d| {
            let scale = 1.0 / (d as f32).sqrt();
            noise(d * dim, &mut random)
                .iter()
                .map(|v| v * scale)
                .collect()
        })
        .collect();
    // A few shared causes, so that components correlate, and each component's own noise.
    let causes = noise(images * 3, &mut random);
    let slabs: Vec<Vec<f32>> = (widths.iter().enumerate())
        .map(|(i, &d)| {
            if i + 1 == widths.len() {
                return noise(d, &mut random).repeat(images);
            }
            let mixing = noise(3 * d, &mut random);
            let mut slab: Vec<f32> = naive(&wide(&causes), &wide(&mixing), 3, d)
                .iter()
                .map(|&v| v as f32)
                .collect();
            slab.iter_mut()
                .for_each(|v| *v += 0.7 * random.normal() as f32 + 0.5);
            slab
        })
        .collect();
    let dense: Vec<Vec<f64>> = (slabs.iter().zip(&maps).zip(widths))
        .map(|((slab, map), &d)| naive(&wide(slab), &wide(map), d, dim))
        .collect();
    let parts = (0..images).step_by(part).map(|start| {
        let rows = start..(start + part).min(images);
        Rows {
            ids: rows.clone().map(|r| 3 * r as u32 + 1).collect(),
            z: (rows.start * dim..rows.end * dim)
                .map(|k| dense.iter().map(|c| c[k]).sum::<f64>() as f32)
                .collect(),
            slabs: (slabs.iter().zip(widths))
                .map(|(slab, &d)| slab[rows.start * d..rows.end * d].to_vec())
                .collect(),
        }
    });
    let parts = parts.collect();
    Synthetic {
        contributions: InMemory::new(specs, maps, dim, parts).expect("shapes agree"),
        dim,
        images,
        dense,
    }
}

/// A different semi-orthogonal map `[dim, width]` for every component, and a bias.
pub(crate) fn random_alignment(
    components: usize,
    dim: usize,
    width: usize,
    seed: u64,
) -> Alignment {
    let mut random = Random::new(seed);
    let side = dim.max(width);
    let maps = (0..components).map(|_| {
        let (q, _) = Reflections::of_rows(&wide(&noise(side * side, &mut random)), side);
        let mut identity = vec![0.0; side * side];
        (0..side).for_each(|i| identity[i * side + i] = 1.0);
        q.apply(&mut identity);
        let rows = identity.chunks_exact(side).take(dim);
        rows.flat_map(|row| row[..width].iter().map(|&v| v as f32).collect::<Vec<_>>())
            .collect()
    });
    let maps: Vec<Vec<f32>> = maps.collect();
    let maps = maps.into_iter().map(Into::into).collect();
    Alignment {
        dim,
        width,
        maps,
        bias: noise(width, &mut random),
        report: None,
    }
}

impl Synthetic {
    /// Aligned contribution of each component, `[n, K]`, and the aligned total.
    pub(crate) fn aligned(&self, alignment: &Alignment) -> (Vec<Vec<f64>>, Vec<f64>) {
        let each: Vec<Vec<f64>> = (self.dense.iter().zip(&alignment.maps))
            .map(|(c, w)| naive(c, &wide(w), self.dim, alignment.width))
            .collect();
        let mut total = wide(&alignment.bias).repeat(self.images);
        for part in &each {
            total.iter_mut().zip(part).for_each(|(t, v)| *t += v);
        }
        (each, total)
    }

    pub(crate) fn ids(&self) -> Vec<u32> {
        (0..self.images).map(|r| 3 * r as u32 + 1).collect()
    }
}
