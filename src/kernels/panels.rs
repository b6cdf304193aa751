//! The right side of a matrix product, brought once into the order in which it is read.

use std::sync::Arc;

use candle_core::{Device, Result, Tensor};

use super::tile::{PanelRow, WIDTH};
use super::with_values;

/// A layer's weights W `[N, K]` for the product x Wᵀ: panels of [`WIDTH`] outputs, in each the weights of one input after
/// those of another. Clones share them.
#[derive(Clone, Debug)]
pub struct Panels {
    outputs: usize,
    inputs: usize,
    rows: Arc<[PanelRow]>,
}

impl Panels {
    /// Packs W `[N, K]`; the last panel is filled up with zeros.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn pack(weight: &Tensor) -> Result<Self> {
        let (outputs, inputs) = weight.dims2()?;
        let rows = with_values(weight, |weight| pack(weight, outputs, inputs))?;
        Ok(Self {
            outputs,
            inputs,
            rows: rows.into(),
        })
    }

    /// N.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// K.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// W as it was, `[N, K]`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn unpack(&self) -> Result<Tensor> {
        let mut weight = Vec::with_capacity(self.outputs * self.inputs);
        for output in 0..self.outputs {
            let column = output % WIDTH;
            let panel = self.panel(output / WIDTH);
            weight.extend(panel.iter().map(|row| row.0[column]));
        }
        Tensor::from_vec(weight, (self.outputs, self.inputs), &Device::Cpu)
    }

    /// The panel of outputs `number · WIDTH ..`, one row for each input.
    pub(super) fn panel(&self, number: usize) -> &[PanelRow] {
        &self.rows[number * self.inputs..][..self.inputs]
    }
}

fn pack(weight: &[f32], outputs: usize, inputs: usize) -> Vec<PanelRow> {
    let mut rows = vec![PanelRow::ZEROS; outputs.div_ceil(WIDTH) * inputs];
    for (panel, weights) in rows
        .chunks_exact_mut(inputs)
        .zip(weight.chunks(WIDTH * inputs))
    {
        for (column, weights) in weights.chunks_exact(inputs).enumerate() {
            for (row, weight) in panel.iter_mut().zip(weights) {
                row.0[column] = *weight;
            }
        }
    }
    rows
}
