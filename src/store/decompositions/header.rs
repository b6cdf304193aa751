//! What a decomposition is computed from and consists of, before there is any of it.

use polars::prelude::DataFrame;

use super::part::Precision;
use crate::decompose::RowSpec;
use crate::kernels::Numbers;
use crate::store::error::StoreError;

/// Rows of the set that a part covers, unless the caller says otherwise.
pub const PART_ROWS: usize = 512;

/// What a decomposition is computed from and consists of.
#[derive(Clone, Debug)]
pub struct Header {
    /// Fingerprint of the model's weights and configuration.
    pub model_fingerprint: String,
    /// How images are prepared, in words that differ whenever the pixels would.
    pub preprocessing: String,
    /// How rows are kept.
    pub precision: Precision,
    /// What the linear layers of the forward pass multiply.
    pub forward: Numbers,
    /// Dimension of z, `Dz`.
    pub dims: usize,
    /// The components, in order.
    pub specs: Vec<RowSpec>,
    /// The constant map of each component, `[d, Dz]` row-major, in the order of `specs`.
    pub maps: Vec<Vec<f32>>,
    /// Further columns of the component table (stage, block …), one row per component; may have no columns.
    pub columns: DataFrame,
    /// Rows of the set that a part covers, [`PART_ROWS`]. An entry that is resumed keeps its own.
    pub part_rows: usize,
}

impl Header {
    /// Refuses maps and columns that have not the shape of the components.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let fits = self.maps.len() == self.specs.len()
            && (self.maps.iter().zip(&self.specs))
                .all(|(map, spec)| map.len() == spec.width * self.dims)
            && (self.columns.width() == 0 || self.columns.height() == self.specs.len());
        if fits {
            Ok(())
        } else {
            Err(StoreError::Mismatch(
                "the maps to be stored don't have the shape of the components".to_owned(),
            ))
        }
    }
}
