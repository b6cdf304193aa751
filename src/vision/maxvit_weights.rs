//! A MaxViT's tensors, as timm names them.

use candle_core::Tensor;

use crate::vision::config::MaxVitConfig;
use crate::vision::error::CheckpointError;
use crate::vision::layer_weights::Linear;
use crate::vision::weights::Weights;
pub use crate::vision::windowed::WindowedBlockWeights;
use crate::vision::windowed::{BlockNames, BlockSizes};

/// A batch norm's parameters and running statistics, `[C]` each.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    /// γ.
    pub weight: Tensor,
    /// β.
    pub bias: Tensor,
    /// The mean that is taken away.
    pub mean: Tensor,
    /// The variance that is divided by.
    pub variance: Tensor,
}

/// A convolution branch and the shortcut around it.
#[derive(Clone, Debug)]
pub struct ConvWeights {
    /// On the shortcut, where the width changes: `[C, C']`, bias `[C]`.
    pub expand: Option<Linear>,
    /// Before the branch, over C' channels.
    pub pre_norm: BatchNorm,
    /// Into the branch: `[M, C']`.
    pub conv1: Tensor,
    /// After it.
    pub norm1: BatchNorm,
    /// Depthwise: a kernel for each channel, `[M, 9]`, taps row by row.
    pub conv2: Tensor,
    /// After it.
    pub norm2: BatchNorm,
    /// Squeeze: `[S, M]`, bias `[S]`.
    pub squeeze: Linear,
    /// Excitation: `[M, S]`, bias `[M]`.
    pub excite: Linear,
    /// Out of the branch: `[C, M]`, bias `[C]`.
    pub conv3: Linear,
}

/// One block.
#[derive(Clone, Debug)]
pub struct MaxVitBlockWeights {
    /// The convolution branch.
    pub conv: ConvWeights,
    /// Attention within windows, and its MLP.
    pub window: WindowedBlockWeights,
    /// Attention within grids, and its MLP.
    pub grid: WindowedBlockWeights,
}

/// All tensors of a MaxViT, in f32, of the shapes that its [`MaxVitConfig`] asks for.
#[derive(Clone, Debug)]
pub struct MaxVitWeights {
    /// The stem's first convolution: weight `[C, 3, 3, 3]`, bias `[C]`.
    pub stem1: Linear,
    /// After it.
    pub stem_norm: BatchNorm,
    /// The stem's second convolution: weight `[C', C, 3, 3]`, bias `[C']`.
    pub stem2: Linear,
    /// The blocks, stage by stage.
    pub stages: Vec<Vec<MaxVitBlockWeights>>,
}

impl MaxVitWeights {
    /// Takes them from `weights`, and makes sure that nothing is missing, superfluous or misshapen. The classifier with
    /// its norm and its hidden layer may be there and is left.
    ///
    /// # Errors
    /// [`CheckpointError::Tensors`] lists everything that doesn't fit `config`.
    pub fn take(config: &MaxVitConfig, mut weights: Weights) -> Result<Self, CheckpointError> {
        let (first, second) = config.stem;
        let taken = Self {
            stem1: convolution(&mut weights, "stem.conv1", [first, 3, 3, 3])?,
            stem_norm: BatchNorm::take(&mut weights, "stem.norm1", first)?,
            stem2: convolution(&mut weights, "stem.conv2", [second, first, 3, 3])?,
            stages: (0..config.widths.len())
                .map(|stage| take_stage(config, stage, &mut weights))
                .collect::<Result<_, _>>()?,
        };
        weights.ignore("head.");
        weights.finish(&config.reason())?;
        Ok(taken)
    }
}

impl BatchNorm {
    fn take(weights: &mut Weights, name: &str, width: usize) -> Result<Self, CheckpointError> {
        let mut part = |part: &str| weights.take(&format!("{name}.{part}"), &[width]);
        Ok(Self {
            weight: part("weight")?,
            bias: part("bias")?,
            mean: part("running_mean")?,
            variance: part("running_var")?,
        })
    }
}

/// A convolution with bias.
fn convolution(
    weights: &mut Weights,
    name: &str,
    kernel: [usize; 4],
) -> Result<Linear, CheckpointError> {
    Ok(Linear {
        weight: weights.take(&format!("{name}.weight"), &kernel)?,
        bias: Some(weights.take(&format!("{name}.bias"), &kernel[..1])?),
    })
}

fn take_stage(
    config: &MaxVitConfig,
    stage: usize,
    weights: &mut Weights,
) -> Result<Vec<MaxVitBlockWeights>, CheckpointError> {
    let ((h, w), width) = (config.window, config.widths[stage]);
    let sizes = BlockSizes {
        width,
        hidden: config.mlp_width(stage),
        table: vec![width / config.head_width, 2 * h - 1, 2 * w - 1],
        qkv_bias: true,
    };
    let block = |block: usize| {
        let stem = format!("stages.{stage}.blocks.{block}");
        let attention = |weights: &mut Weights, kind: &str| {
            let names = block_names(&format!("{stem}.{kind}"));
            WindowedBlockWeights::take(&names, &sizes, weights)
        };
        let from = match block {
            0 => config.width_before(stage),
            _ => width,
        };
        Ok(MaxVitBlockWeights {
            conv: ConvWeights::take(config, stage, from, &format!("{stem}.conv"), weights)?,
            window: attention(weights, "attn_block")?,
            grid: attention(weights, "attn_grid")?,
        })
    };
    (0..config.depths[stage]).map(block).collect()
}

fn block_names(stem: &str) -> BlockNames {
    let named = |name: &str| format!("{stem}.{name}");
    BlockNames {
        norm1: named("norm1"),
        qkv: vec![named("attn.qkv")],
        proj: named("attn.proj"),
        table: named("attn.rel_pos.relative_position_bias_table"),
        norm2: named("norm2"),
        fc1: named("mlp.fc1"),
        fc2: named("mlp.fc2"),
    }
}

impl ConvWeights {
    /// The branch called `stem`, entered by `from` channels.
    fn take(
        config: &MaxVitConfig,
        stage: usize,
        from: usize,
        stem: &str,
        weights: &mut Weights,
    ) -> Result<Self, CheckpointError> {
        let (width, inner) = (config.widths[stage], config.conv_width(stage));
        let squeezed = config.squeeze_width(stage);
        let named = |name: &str| format!("{stem}.{name}");
        let expand = (from != width)
            .then(|| Linear::take_flat(weights, &named("shortcut.expand"), [width, from, 1, 1]));
        let (conv1, conv2) = (named("conv1_1x1.weight"), named("conv2_kxk.weight"));
        Ok(Self {
            expand: expand.transpose()?,
            pre_norm: BatchNorm::take(weights, &named("pre_norm"), from)?,
            conv1: weights.take_as(&conv1, &[inner, from, 1, 1], &[inner, from])?,
            norm1: BatchNorm::take(weights, &named("norm1"), inner)?,
            conv2: weights.take_as(&conv2, &[inner, 1, 3, 3], &[inner, 9])?,
            norm2: BatchNorm::take(weights, &named("norm2"), inner)?,
            squeeze: Linear::take_flat(weights, &named("se.fc1"), [squeezed, inner, 1, 1])?,
            excite: Linear::take_flat(weights, &named("se.fc2"), [inner, squeezed, 1, 1])?,
            conv3: Linear::take_flat(weights, &named("conv3_1x1"), [width, inner, 1, 1])?,
        })
    }
}
