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

/// Which rows the summed contributions of some components are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Summed {
    /// From those of the components themselves.
    Of(Vec<usize>),
    /// From the representations and those of all other components: together, all components sum to the representation.
    AllBut(Vec<usize>),
}

impl Summed {
    /// Whichever reads fewer rows, of `all` components.
    #[must_use]
    pub fn of_fewest(all: usize, components: &[usize]) -> Self {
        let others: Vec<usize> = (0..all).filter(|i| !components.contains(i)).collect();
        match others.len() < components.len() {
            true => Self::AllBut(others),
            false => Self::Of(components.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_few_leave_out_is_taken_from_the_representation() {
        assert_eq!(Summed::of_fewest(4, &[2, 0]), Summed::Of(vec![2, 0]));
        assert_eq!(Summed::of_fewest(4, &[0, 1, 3]), Summed::AllBut(vec![2]));
    }
}
