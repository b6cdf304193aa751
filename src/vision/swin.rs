//! The Swin Transformer (arXiv 2103.14030): attention within windows, shifted in every other block, on maps that shrink
//! from stage to stage by joining 2 × 2 tokens.

use candle_core::{Device, Result, Tensor};

use super::config::SwinConfig;
use super::patches::patches;
use super::swin_weights::{MergeWeights, SwinWeights, WindowedBlockWeights};
use super::windowed::{Counted, Setting, WindowedBlock, position_bias};
use crate::decompose::{Linear, Model, Reads, Signal, Trace, Windows};
use crate::kernels::{LayerNorm, Numbers};

/// What is added to the scores of tokens that are neighbours only because the shift is cyclic (timm
/// swin_transformer.py, `get_attn_mask`).
const APART: f32 = -100.0;

/// A Swin Transformer with its weights.
pub struct Swin {
    config: SwinConfig,
    patch: Linear,
    patch_norm: LayerNorm,
    stages: Vec<Stage>,
    norm: LayerNorm,
}

struct Stage {
    merge: Option<Merge>,
    blocks: Vec<WindowedBlock>,
}

/// Joins 2 × 2 tokens into one.
struct Merge {
    /// The map before.
    map: (usize, usize),
    norm: LayerNorm,
    reduction: Linear,
}

impl Swin {
    /// Assembles the model from weights whose shapes were checked when they were taken. Its linear layers multiply
    /// `numbers`, but for those between components, which multiply f32.
    ///
    /// # Errors
    /// When this machine does not multiply such numbers, or the tensor library's.
    pub fn new(config: SwinConfig, weights: SwinWeights, numbers: Numbers) -> Result<Self> {
        let mut stages = Vec::new();
        for (stage, taken) in weights.stages.into_iter().enumerate() {
            let merge = taken.merge.map(|merge| Merge::new(&config, stage, merge));
            let merge = merge.transpose()?;
            let blocks = taken.blocks.into_iter().enumerate();
            stages.push(Stage {
                merge,
                blocks: blocks
                    .map(|(number, block)| self::block(&config, stage, number, block, numbers))
                    .collect::<Result<_>>()?,
            });
        }
        Ok(Self {
            patch: weights.patch.layer(numbers)?,
            patch_norm: weights.patch_norm.layer(config.eps),
            stages,
            norm: weights.norm.layer(config.eps),
            config,
        })
    }
}

impl Model for Swin {
    fn image_size(&self) -> (usize, usize) {
        self.config.image
    }

    fn reads(&self) -> Reads {
        Reads::All
    }

    fn device(&self) -> Device {
        self.norm.weight.device().clone()
    }

    fn forward(&self, pixels: &Tensor, trace: &mut Trace) -> Result<Signal> {
        let patches = self.patch.forward(&patches(pixels, self.config.patch)?)?;
        let mut x = trace.embedded(self.patch_norm.forward(&patches)?.value)?;
        let mut layer = 0;
        for stage in &self.stages {
            if let Some(merge) = &stage.merge {
                let joined = trace.merge(&x, merge.map)?;
                let normed = trace.layer_norm(&joined, &merge.norm)?;
                x = trace.linear(&normed, &merge.reduction)?;
            }
            for block in &stage.blocks {
                x = block.forward(x, trace, layer)?;
                layer += 1;
            }
        }
        let normed = trace.layer_norm(&x, &self.norm)?;
        trace.mean(&normed)
    }
}

impl Merge {
    fn new(config: &SwinConfig, stage: usize, weights: MergeWeights) -> Result<Self> {
        Ok(Self {
            map: config.map(stage - 1),
            norm: weights.norm.layer(config.eps),
            reduction: Linear::new(&weights.reduction, None)?,
        })
    }
}

/// Block `number` of `stage`.
fn block(
    config: &SwinConfig,
    stage: usize,
    number: usize,
    weights: WindowedBlockWeights,
    numbers: Numbers,
) -> Result<WindowedBlock> {
    let map = config.map(stage);
    let (window, shift) = config.windows(stage, number);
    let mut bias = position_bias(&weights.table, window, Counted::FromKey)?;
    if shift != (0, 0) {
        let mask = mask(map, window, shift)?.to_device(bias.device())?;
        bias = bias.broadcast_add(&mask)?;
    }
    let setting = Setting {
        windows: Windows::shifted(map, window, shift)?,
        bias,
        heads: config.heads[stage],
        activation: config.activation.kernel(),
        eps: config.eps,
        numbers,
    };
    WindowedBlock::new(weights, setting)
}

/// Keeps apart what a cyclic shift brought together: `[G, 1, t, t]`, [`APART`] between tokens of different regions.
fn mask(map: (usize, usize), window: (usize, usize), shift: (usize, usize)) -> Result<Tensor> {
    // In shifted coordinates the last `shift` rows came from the other side; only the last windows hold both kinds.
    let wrapped = |place: usize, side: usize, shift: usize| place + shift >= side;
    let size = window.0 * window.1;
    let columns = map.1 / window.1;
    let groups = map.0 / window.0 * columns;
    let region = |group: usize, place: usize| {
        let row = group / columns * window.0 + place / window.1;
        let column = group % columns * window.1 + place % window.1;
        (
            wrapped(row, map.0, shift.0),
            wrapped(column, map.1, shift.1),
        )
    };
    let pairs = (0..groups * size * size).map(|i| (i / size / size, i / size % size, i % size));
    let apart = pairs.map(|(group, query, key)| match region(group, query) {
        own if own == region(group, key) => 0.0,
        _ => APART,
    });
    Tensor::from_iter(apart, &Device::Cpu)?.reshape((groups, 1, size, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_leaves_tokens_from_opposite_sides_apart() {
        // a map of 4 × 4 in windows of 2 × 2: after the shift, rows are 1 2 | 3 0 and columns too
        let mask = mask((4, 4), (2, 2), (1, 1)).unwrap().squeeze(1).unwrap();
        let mask = mask.to_vec3::<f32>().unwrap();
        let (n, o) = (APART, 0.0);
        assert_eq!(mask[0], [[o; 4]; 4]);
        assert_eq!(
            mask[1],
            [[o, n, o, n], [n, o, n, o], [o, n, o, n], [n, o, n, o]]
        );
        assert_eq!(
            mask[2],
            [[o, o, n, n], [o, o, n, n], [n, n, o, o], [n, n, o, o]]
        );
        assert_eq!(
            mask[3],
            [[o, n, n, n], [n, o, n, n], [n, n, o, n], [n, n, n, o]]
        );
    }
}
