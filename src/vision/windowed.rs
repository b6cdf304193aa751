//! A transformer block whose tokens attend within groups of their map: what Swin and MaxViT share.

use candle_core::{Result, Tensor};

use super::layer_weights::{Linear, Norm};
use super::weights::Weights;
use crate::decompose::{Attention, Groups, Mlp, Signal, Trace, Windows};
use crate::kernels::{Activation, LayerNorm, Numbers};
use crate::vision::error::CheckpointError;

/// What the tensors of a block are called.
pub(super) struct BlockNames {
    pub norm1: String,
    /// One tensor for queries, keys and values, or one for each.
    pub qkv: Vec<String>,
    pub proj: String,
    pub table: String,
    pub norm2: String,
    pub fc1: String,
    pub fc2: String,
}

/// The sizes of a block.
pub(super) struct BlockSizes {
    pub width: usize,
    pub hidden: usize,
    /// Shape of the table of relative positions on disk.
    pub table: Vec<usize>,
    pub qkv_bias: bool,
}

/// One block's tensors.
#[derive(Clone, Debug)]
pub struct WindowedBlockWeights {
    /// Before attention.
    pub norm1: Norm,
    /// Queries, keys and values: `[3D, D]`, bias `[3D]`.
    pub qkv: Linear,
    /// The heads' output projection: `[D, D]`, bias `[D]`.
    pub proj: Linear,
    /// What relative positions add to the scores: `[P, H]` in Swin, `[H, 2h - 1, 2w - 1]` in MaxViT.
    pub table: Tensor,
    /// Before the MLP.
    pub norm2: Norm,
    /// Into the MLP: `[M, D]`, bias `[M]`.
    pub fc1: Linear,
    /// Out of the MLP: `[D, M]`, bias `[D]`.
    pub fc2: Linear,
}

impl WindowedBlockWeights {
    pub(super) fn take(
        names: &BlockNames,
        sizes: &BlockSizes,
        weights: &mut Weights,
    ) -> std::result::Result<Self, CheckpointError> {
        let (width, hidden) = (sizes.width, sizes.hidden);
        let parts = |end: &str| -> Vec<String> {
            let whole = |name| format!("{name}.{end}");
            names.qkv.iter().map(whole).collect()
        };
        let rows = 3 * width / names.qkv.len();
        let qkv_bias = sizes
            .qkv_bias
            .then(|| weights.take_joined(&parts("bias"), &[rows]));
        Ok(Self {
            norm1: Norm::take(weights, &names.norm1, width)?,
            qkv: Linear {
                bias: qkv_bias.transpose()?,
                weight: weights.take_joined(&parts("weight"), &[rows, width])?,
            },
            proj: Linear::take(weights, &names.proj, [width, width], true)?,
            table: weights.take(&names.table, &sizes.table)?,
            norm2: Norm::take(weights, &names.norm2, width)?,
            fc1: Linear::take(weights, &names.fc1, [hidden, width], true)?,
            fc2: Linear::take(weights, &names.fc2, [width, hidden], true)?,
        })
    }
}

/// What does not depend on the weights of a block.
pub(super) struct Setting {
    pub windows: Windows,
    /// What is added to the scaled scores, `[G, H, t, t]`.
    pub bias: Tensor,
    pub heads: usize,
    pub activation: Activation,
    pub eps: f64,
    /// What its linear layers multiply.
    pub numbers: Numbers,
}

/// Attention within groups and an MLP, each added to the stream after a norm of its own.
pub(super) struct WindowedBlock {
    norm1: LayerNorm,
    attention: Attention,
    norm2: LayerNorm,
    mlp: Mlp,
}

impl WindowedBlock {
    pub fn new(weights: WindowedBlockWeights, setting: Setting) -> Result<Self> {
        let head_width = weights.proj.weight.dim(1)? / setting.heads;
        Ok(Self {
            norm1: weights.norm1.layer(setting.eps),
            attention: Attention {
                qkv: weights.qkv.layer(setting.numbers)?,
                out: weights.proj.layer(setting.numbers)?,
                heads: setting.heads,
                groups: Some(Groups::new(
                    setting.windows,
                    &(setting.bias * (head_width as f64).sqrt())?,
                )?),
            },
            norm2: weights.norm2.layer(setting.eps),
            mlp: Mlp {
                up: weights.fc1.layer(setting.numbers)?,
                activation: setting.activation,
                out: weights.fc2.layer(setting.numbers)?,
            },
        })
    }

    pub fn forward(&self, x: Signal, trace: &mut Trace, layer: usize) -> Result<Signal> {
        let normed = trace.layer_norm(&x, &self.norm1)?;
        let branch = trace.attention(&normed, &self.attention, layer, false)?;
        let x = trace.add(x, &branch)?;
        let normed = trace.layer_norm(&x, &self.norm2)?;
        let branch = trace.mlp(&normed, &self.mlp, layer)?;
        trace.add(x, &branch)
    }
}

/// Which way relative positions are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// The query's place minus the key's: Swin.
    FromKey,
    /// The key's place minus the query's: MaxViT's authors.
    FromQuery,
}

/// Spreads a table `[P, H]`, P = (2h - 1)·(2w - 1) offsets row by row from the most negative, over the pairs of places
/// in a window of `h × w`: `[1, H, t, t]`, queries before keys.
pub(super) fn position_bias(
    table: &Tensor,
    (h, w): (usize, usize),
    counted: Counted,
) -> Result<Tensor> {
    let size = h * w;
    let offset = |query: usize, key: usize| {
        let (to, from) = match counted {
            Counted::FromKey => (query, key),
            Counted::FromQuery => (key, query),
        };
        let (dy, dx) = (to / w + h - 1 - from / w, to % w + w - 1 - from % w);
        (dy * (2 * w - 1) + dx) as u32
    };
    let offsets = (0..size * size).map(|pair| offset(pair / size, pair % size));
    let offsets = Tensor::from_iter(offsets, table.device())?;
    let heads = table.dim(1)?;
    table
        .contiguous()?
        .index_select(&offsets, 0)?
        .reshape((1, size, size, heads))?
        .permute((0, 3, 1, 2))?
        .contiguous()
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn a_pair_of_places_finds_its_offset_in_the_table() {
        // one head whose table holds 10·dy + dx, dy and dx from -1 and -2
        let values: Vec<f32> = (0..15)
            .map(|i| 10.0 * (i / 5 - 1) as f32 + (i % 5 - 2) as f32)
            .collect();
        let table = Tensor::from_vec(values, (15, 1), &Device::Cpu).unwrap();
        for (counted, sign) in [(Counted::FromKey, 1.0), (Counted::FromQuery, -1.0)] {
            let bias = position_bias(&table, (2, 3), counted).unwrap();
            let bias = bias.flatten_to(1).unwrap().squeeze(0).unwrap();
            for (query, row) in bias.to_vec2::<f32>().unwrap().iter().enumerate() {
                for (key, found) in row.iter().enumerate() {
                    let dy = (query / 3) as f32 - (key / 3) as f32;
                    let dx = (query % 3) as f32 - (key % 3) as f32;
                    assert_eq!(*found, sign * (10.0 * dy + dx), "{query} {key}");
                }
            }
        }
    }
}
