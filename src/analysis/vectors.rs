//! Contributions as vectors: what a unit adds to the representation, or to its image in CLIP's space, image by image.

use crate::linalg::{matrix_of, product, values};

/// The summed contributions `[n, dim]` of some components, each given by its rows `[n, d]` and its map `[d, dim]`.
///
/// # Panics
/// When a component's rows do not belong to `images` images.
#[must_use]
pub fn summed(images: usize, dim: usize, terms: &[(&[f32], &[f32])]) -> Vec<f32> {
    let mut sum = vec![0.0; images * dim];
    for (rows, map) in terms {
        let width = map.len() / dim;
        let share = product(&matrix_of(rows, images, width), &matrix_of(map, width, dim));
        let share: Vec<f32> = values(&share);
        sum.iter_mut().zip(share).for_each(|(s, v)| *s += v);
    }
    sum
}
