//! MaxViT (arXiv 2204.01697): each block a convolution branch, attention within windows and attention within grids.
//!
//! Batch norms are folded into the convolutions beside them, in f64; maps are kept as tokens, channels innermost.

use candle_core::{DType, Device, Result, Tensor};

use super::config::MaxVitConfig;
use super::layer_weights;
use super::maxvit_weights::{
    BatchNorm, ConvWeights, MaxVitBlockWeights, MaxVitWeights, WindowedBlockWeights,
};
use super::windowed::{Counted, Setting, WindowedBlock, position_bias};
use crate::decompose::{Linear, Model, Reads, Signal, Trace, Windows};
use crate::kernels::{self, Activation, Depthwise, Numbers};
use crate::linalg::exact;

/// A MaxViT with its weights.
pub struct MaxVit {
    config: MaxVitConfig,
    device: Device,
    stem1: Linear,
    stem2: Linear,
    blocks: Vec<Block>,
}

struct Block {
    conv: ConvBranch,
    window: WindowedBlock,
    grid: WindowedBlock,
}

/// A convolution branch ("MBConv") and the shortcut around it.
struct ConvBranch {
    /// The map before the branch.
    map: (usize, usize),
    /// 2 in the first block of a stage, where branch and shortcut halve the map.
    stride: usize,
    expand: Option<Linear>,
    conv1: Linear,
    depthwise: Depthwise,
    squeeze: Linear,
    excite: Linear,
    conv3: Linear,
}

impl MaxVit {
    /// Assembles the model from weights whose shapes were checked when they were taken. Its linear layers multiply
    /// `numbers`, but for those between components, which multiply f32.
    ///
    /// # Errors
    /// When this machine does not multiply such numbers, or the tensor library's.
    pub fn new(config: MaxVitConfig, weights: MaxVitWeights, numbers: Numbers) -> Result<Self> {
        let mut blocks = Vec::new();
        for (stage, taken) in weights.stages.into_iter().enumerate() {
            for (number, block) in taken.into_iter().enumerate() {
                blocks.push(Block::new(&config, stage, number, block, numbers)?);
            }
        }
        let stem_norm = Folded::of(&weights.stem_norm)?;
        Ok(Self {
            device: weights.stem_norm.weight.device().clone(),
            stem1: stem_norm.after(unfolded(weights.stem1)?)?.layer(numbers)?,
            stem2: unfolded(weights.stem2)?.layer(numbers)?,
            blocks,
            config,
        })
    }

    /// Pixels `[B, 3, H, W]` to the tokens after the stem, `[B, H/2·W/2, C]`.
    fn stem(&self, pixels: &Tensor) -> Result<Tensor> {
        let (batch, channels, height, width) = pixels.dims4()?;
        let tokens = pixels.permute((0, 2, 3, 1))?;
        let tokens = tokens.reshape((batch, height * width, channels))?;
        let (map, half) = ((height, width), (height / 2, width / 2));
        let gelu = Some(Activation::GeluTanh);
        let hidden = kernels::convolve(&tokens, self.stem1.parts(), gelu, map, 2)?;
        kernels::convolve(&hidden, self.stem2.parts(), None, half, 1)
    }
}

impl Model for MaxVit {
    fn image_size(&self) -> (usize, usize) {
        self.config.image
    }

    fn reads(&self) -> Reads {
        Reads::All
    }

    fn device(&self) -> Device {
        self.device.clone()
    }

    fn forward(&self, pixels: &Tensor, trace: &mut Trace) -> Result<Signal> {
        let mut x = trace.embedded(self.stem(pixels)?)?;
        for (number, block) in self.blocks.iter().enumerate() {
            x = block.conv.forward(x, trace, number)?;
            x = block.window.forward(x, trace, 2 * number)?;
            x = block.grid.forward(x, trace, 2 * number + 1)?;
        }
        trace.mean(&x)
    }
}

impl Block {
    /// Block `number` of `stage`.
    fn new(
        config: &MaxVitConfig,
        stage: usize,
        number: usize,
        weights: MaxVitBlockWeights,
        numbers: Numbers,
    ) -> Result<Self> {
        let (map, window) = (config.map(stage), config.window);
        let attention = |weights: WindowedBlockWeights, windows: Windows| {
            let table = weights.table.flatten_from(1)?.t()?;
            let setting = Setting {
                windows,
                bias: position_bias(&table, window, Counted::FromQuery)?,
                heads: config.widths[stage] / config.head_width,
                activation: Activation::GeluTanh,
                eps: MaxVitConfig::LAYER_NORM_EPS,
                numbers,
            };
            WindowedBlock::new(weights, setting)
        };
        let stride = if number == 0 { 2 } else { 1 };
        Ok(Self {
            conv: ConvBranch::new(
                (map.0 * stride, map.1 * stride),
                stride,
                weights.conv,
                numbers,
            )?,
            window: attention(weights.window, Windows::shifted(map, window, (0, 0))?)?,
            grid: attention(weights.grid, Windows::grid(map, window)?)?,
        })
    }
}

impl ConvBranch {
    fn new(
        map: (usize, usize),
        stride: usize,
        weights: ConvWeights,
        numbers: Numbers,
    ) -> Result<Self> {
        let exact = |layer: layer_weights::Linear| layer.layer(Numbers::F32);
        let conv1 = layer_weights::Linear {
            weight: weights.conv1,
            bias: None,
        };
        let conv1 = Folded::of(&weights.pre_norm)?.before(conv1)?;
        let norm2 = Folded::of(&weights.norm2)?;
        let kernels = norm2.after(layer_weights::Linear {
            weight: weights.conv2,
            bias: None,
        })?;
        Ok(Self {
            map,
            stride,
            expand: weights.expand.map(exact).transpose()?,
            conv1: Folded::of(&weights.norm1)?.after(conv1)?.layer(numbers)?,
            depthwise: Depthwise {
                weight: kernels.weight.t()?.contiguous()?,
                bias: norm2.single(&norm2.shift)?,
                activation: Some(Activation::GeluTanh),
            },
            squeeze: exact(weights.squeeze)?,
            excite: exact(weights.excite)?,
            conv3: weights.conv3.layer(numbers)?,
        })
    }

    /// The branch of block `number`, added to the shortcut.
    fn forward(&self, x: Signal, trace: &mut Trace, number: usize) -> Result<Signal> {
        let hidden = self.hidden(&x.value()?)?;
        let branch = trace.convolution(&hidden, &self.conv3, number)?;
        if self.stride == 1 {
            return trace.add(x, &branch);
        }
        let pooled = trace.average_pool(&x, self.map)?;
        let shortcut = match &self.expand {
            Some(expand) => trace.linear(&pooled, expand)?,
            None => pooled,
        };
        trace.add(shortcut, &branch)
    }

    /// The branch up to its last layer, `[B, h'·w', M]`.
    fn hidden(&self, x: &Tensor) -> Result<Tensor> {
        let (conv1, gelu) = (self.conv1.parts(), Some(Activation::GeluTanh));
        let hidden = kernels::depthwise(x, conv1, gelu, &self.depthwise, self.map, self.stride)?;
        let gates = self.gates(&hidden)?;
        kernels::scale_columns(hidden, &gates)
    }

    /// How far each channel of each image is let through, `[B, M]`: squeeze and excitation (arXiv 1709.01507).
    fn gates(&self, hidden: &Tensor) -> Result<Tensor> {
        let (batch, tokens, _) = hidden.dims3()?;
        let share = Tensor::full(1.0 / tokens as f32, (batch, 1, tokens), hidden.device())?;
        let mean = share.contiguous()?.matmul(hidden)?;
        let squeezed = self.squeeze.activated(&mean, Activation::Silu)?;
        self.excite
            .activated(&squeezed, Activation::Sigmoid)?
            .squeeze(1)
    }
}

/// A 3 × 3 convolution as [`kernels::convolve`] takes it.
fn unfolded(layer: layer_weights::Linear) -> Result<layer_weights::Linear> {
    let weight = layer.weight.permute((0, 2, 3, 1))?;
    Ok(layer_weights::Linear {
        weight: weight.flatten_from(1)?.contiguous()?,
        bias: layer.bias,
    })
}

/// A batch norm with its statistics fixed: x · scale + shift, in f64 on the CPU.
struct Folded {
    scale: Tensor,
    shift: Tensor,
    /// Where the layers it is folded into are.
    device: Device,
}

impl Folded {
    fn of(norm: &BatchNorm) -> Result<Self> {
        let sigma = (exact(&norm.variance)? + MaxVitConfig::BATCH_NORM_EPS)?.sqrt()?;
        let scale = (exact(&norm.weight)? / sigma)?;
        let shift = (exact(&norm.bias)? - (exact(&norm.mean)? * &scale)?)?;
        Ok(Self {
            scale,
            shift,
            device: norm.weight.device().clone(),
        })
    }

    /// The layer, and the norm after it: s (W x + b) + t.
    fn after(&self, layer: layer_weights::Linear) -> Result<layer_weights::Linear> {
        let weight = exact(&layer.weight)?.broadcast_mul(&self.scale.unsqueeze(1)?)?;
        let bias = match &layer.bias {
            Some(bias) => ((exact(bias)? * &self.scale)? + &self.shift)?,
            None => self.shift.clone(),
        };
        self.layer(&weight, &bias)
    }

    /// The norm, and a pointwise layer without bias after it: W (s x + t).
    fn before(&self, layer: layer_weights::Linear) -> Result<layer_weights::Linear> {
        let weight = exact(&layer.weight)?;
        let bias = weight.matmul(&self.shift.unsqueeze(1)?)?.squeeze(1)?;
        self.layer(&weight.broadcast_mul(&self.scale.unsqueeze(0)?)?, &bias)
    }

    fn layer(&self, weight: &Tensor, bias: &Tensor) -> Result<layer_weights::Linear> {
        Ok(layer_weights::Linear {
            weight: self.single(weight)?,
            bias: Some(self.single(bias)?),
        })
    }

    /// A tensor in f32, where layers are.
    fn single(&self, tensor: &Tensor) -> Result<Tensor> {
        tensor.to_dtype(DType::F32)?.to_device(&self.device)
    }
}
