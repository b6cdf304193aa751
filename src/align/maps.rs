//! A fitted alignment, and a model's maps carried through it.

use serde::{Deserialize, Serialize};

use super::report::FitReport;
use crate::contributions::Contributions;
use crate::files::buffer::Buffer;
use crate::linalg::{matrix_of, product, values};

/// Maps from the space of a model's representation into CLIP's: aligned contribution = contribution · W_i, aligned
/// total = Σ_i contribution_i · W_i + b.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alignment {
    /// Width of the representation, `D`.
    pub dim: usize,
    /// Width of the target embedding, `K`.
    pub width: usize,
    /// W_i `[D, K]` per component, row-major; empty where every map is the identity.
    pub maps: Vec<Buffer<f32>>,
    /// b `[K]`.
    pub bias: Vec<f32>,
    /// How the maps were fitted; nothing for the identity.
    pub report: Option<FitReport>,
}

impl Alignment {
    /// No change at all: CLIP's own contributions already lie in CLIP's space.
    #[must_use]
    pub fn identity(dim: usize) -> Self {
        Self {
            dim,
            width: dim,
            maps: Vec::new(),
            bias: vec![0.0; dim],
            report: None,
        }
    }

    /// Whether every map is the identity.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.maps.is_empty()
    }
}

/// A model's components carried into CLIP's space: aligned contribution = row_i · U_i with U_i = map_i W_i.
///
/// Computed once per model and alignment; every projection, score and retrieval starts from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Aligned {
    /// Width of CLIP's space, `K`.
    pub dim: usize,
    /// Widths of the rows, `d_i`.
    pub widths: Vec<usize>,
    /// U_i `[d_i, K]` per component, row-major.
    pub maps: Vec<Buffer<f32>>,
    /// b `[K]`.
    pub bias: Vec<f32>,
}

impl Aligned {
    /// Multiplies every component's map by its alignment.
    ///
    /// # Panics
    /// When the alignment was fitted to a representation of another width or another number of components.
    #[must_use]
    pub fn new(contributions: &dyn Contributions, alignment: &Alignment) -> Self {
        let specs = contributions.specs();
        assert_eq!(
            contributions.dim(),
            alignment.dim,
            "an alignment of this model's representation"
        );
        assert!(
            alignment.is_identity() || alignment.maps.len() == specs.len(),
            "an alignment of this model's components"
        );
        let dim = alignment.dim;
        let aligned = |i: usize| {
            if alignment.is_identity() {
                return contributions.map(i).to_vec().into();
            }
            let map = matrix_of(contributions.map(i), specs[i].width, dim);
            let into = matrix_of(&alignment.maps[i], dim, alignment.width);
            values::<f32>(&product(&map, &into)).into()
        };
        Self {
            dim: alignment.width,
            widths: specs.iter().map(|spec| spec.width).collect(),
            maps: (0..specs.len()).map(aligned).collect(),
            bias: alignment.bias.clone(),
        }
    }
}
