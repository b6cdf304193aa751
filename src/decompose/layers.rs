//! The layers that hold a transformer's weights: linear, attention, MLP.

use candle_core::{IndexOp, Result, Tensor};

use super::Windows;
use crate::kernels::{self, Activation};

/// y = x Wᵀ + b, with W `[Dout, Din]` as checkpoints store it.
#[derive(Clone, Debug)]
pub struct Linear {
    /// W, `[Dout, Din]`.
    pub weight: Tensor,
    /// b, `[Dout]`.
    pub bias: Option<Tensor>,
}

impl Linear {
    /// Applies the layer to the last axis of `x` `[B, T, Din]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.product(x)?;
        self.add_bias(&y)?;
        Ok(y)
    }

    /// x Wᵀ, without the bias.
    pub fn product(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, tokens, width) = x.dims3()?;
        let flat = x.reshape((batch * tokens, width))?;
        flat.matmul(&self.weight.t()?)?.reshape((batch, tokens, ()))
    }

    /// Adds the bias in place to what [`Self::product`] gave.
    pub fn add_bias(&self, y: &Tensor) -> Result<()> {
        match &self.bias {
            Some(bias) => kernels::add_bias(y, bias),
            None => Ok(()),
        }
    }

    /// The rows `start..start + count` of the layer's output, as a layer.
    fn rows(&self, start: usize, count: usize) -> Result<Self> {
        let bias = self
            .bias
            .as_ref()
            .map(|b| b.narrow(0, start, count))
            .transpose()?;
        Ok(Self {
            weight: self.weight.narrow(0, start, count)?,
            bias,
        })
    }
}

/// Multi-head self-attention.
#[derive(Clone, Debug)]
pub struct Attention {
    /// Queries, keys and values in one layer: W `[3·D, D]`, in that order, heads consecutive within each.
    pub qkv: Linear,
    /// The output projection.
    pub out: Linear,
    /// Number of heads.
    pub heads: usize,
    /// Tokens attend within groups only.
    pub groups: Option<Groups>,
}

/// Groups of tokens, and what their places in a group add to the scores.
#[derive(Clone, Debug)]
pub struct Groups {
    /// The groups.
    pub windows: Windows,
    /// Added to the scores before these are scaled by 1/√d: relative positions and masks, `[G, H, t, t]`, one for each
    /// of an image's groups or one for all.
    pub bias: Tensor,
}

/// What [`Attention::attend`] gives.
pub struct Attended {
    /// Heads side by side before the output projection, `[B, queries, D]`, tokens in their own order.
    pub output: Tensor,
    /// Attention `[B, H, n, T]` and values `[B, H, T, d]`, when asked for; per group where there are groups.
    pub detail: Option<(Tensor, Tensor)>,
}

impl Attention {
    /// Attention of the first `queries` tokens over all tokens of `x` `[B, T, D]`; of all tokens where there are groups.
    ///
    /// `detail` asks for the softmax rows of the first so many queries and the values of all tokens. Images are taken
    /// one at a time, so that a score matrix stays in the cache.
    pub fn attend(&self, x: &Tensor, queries: usize, detail: Option<usize>) -> Result<Attended> {
        match &self.groups {
            Some(groups) => self.attend_in_groups(x, groups, detail.is_some()),
            None => self.attend_all(x, queries, detail),
        }
    }

    /// 1/√d.
    fn scale(&self, head_width: usize) -> f32 {
        1.0 / (head_width as f32).sqrt()
    }

    /// Attention over all tokens. Heads are views, never copies.
    fn attend_all(&self, x: &Tensor, queries: usize, detail: Option<usize>) -> Result<Attended> {
        let batch = x.dim(0)?;
        let width = self.out.weight.dim(1)?;
        let head_width = width / self.heads;
        let [q, k, v] = self.project(x, queries, head_width)?;
        let heads = |t: &Tensor, image: usize| t.get(image)?.transpose(0, 1);
        let (mut outputs, mut attention, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for image in 0..batch {
            let value = heads(&v, image)?;
            let scores = heads(&q, image)?.matmul(&heads(&k, image)?.transpose(1, 2)?)?;
            kernels::scaled_softmax(&scores, self.scale(head_width))?;
            let output = scores.matmul(&value)?;
            outputs.push(output.transpose(0, 1)?.reshape((queries, width))?);
            if let Some(read) = detail {
                attention.push(scores.narrow(1, 0, read)?.contiguous()?);
                values.push(value.contiguous()?);
            }
        }
        let detail = match detail {
            Some(_) => Some((Tensor::stack(&attention, 0)?, Tensor::stack(&values, 0)?)),
            None => None,
        };
        Ok(Attended {
            output: Tensor::stack(&outputs, 0)?,
            detail,
        })
    }

    /// Attention within groups: an image's groups and heads are one batch of small products.
    fn attend_in_groups(&self, x: &Tensor, groups: &Groups, detail: bool) -> Result<Attended> {
        let (batch, tokens, _) = x.dims3()?;
        let width = self.out.weight.dim(1)?;
        let (heads, head_width) = (self.heads, width / self.heads);
        let size = groups.windows.size();
        let count = tokens / size;
        let grouped = groups.windows.partition(x)?;
        let qkv = self.qkv.forward(&grouped)?;
        let qkv = qkv.reshape(&[batch, count, size, 3, heads, head_width][..])?;
        let (mut outputs, mut attention, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for image in 0..batch {
            let parts = qkv.get(image)?.permute((2, 0, 3, 1, 4))?.contiguous()?;
            let part = |part: usize| parts.get(part)?.flatten(0, 1);
            let (q, k, v) = (part(0)?, part(1)?, part(2)?);
            let scores = q.matmul(&k.transpose(1, 2)?)?;
            let scores = scores.reshape((count, heads, size, size))?;
            kernels::add_repeated(&scores, &groups.bias)?;
            kernels::scaled_softmax(&scores, self.scale(head_width))?;
            let output = scores.flatten(0, 1)?.matmul(&v)?;
            let output = output.reshape((count, heads, size, head_width))?;
            outputs.push(output.transpose(1, 2)?.reshape((count, size, width))?);
            if detail {
                attention.push(scores);
                values.push(v.reshape((count, heads, size, head_width))?);
            }
        }
        let detail = match detail {
            true => Some((Tensor::cat(&attention, 0)?, Tensor::cat(&values, 0)?)),
            false => None,
        };
        let output = groups.windows.restore(&Tensor::cat(&outputs, 0)?)?;
        Ok(Attended { output, detail })
    }

    /// The layer that makes the values of all heads, `[D, D]`.
    pub(super) fn values(&self) -> Result<Linear> {
        let width = self.out.weight.dim(1)?;
        self.qkv.rows(2 * width, width)
    }

    /// Queries `[B, queries, H, d]`, keys and values `[B, T, H, d]`, as views of the products that made them.
    fn project(&self, x: &Tensor, queries: usize, head_width: usize) -> Result<[Tensor; 3]> {
        let (batch, tokens, _) = x.dims3()?;
        let width = self.heads * head_width;
        let split = |y: &Tensor, rows: usize, count: usize| {
            y.reshape((batch, rows, count, self.heads, head_width))
        };
        if queries == tokens {
            let qkv = split(&self.qkv.forward(x)?, tokens, 3)?;
            return Ok([
                qkv.i((.., .., 0))?,
                qkv.i((.., .., 1))?,
                qkv.i((.., .., 2))?,
            ]);
        }
        let read = x.narrow(1, 0, queries)?.contiguous()?;
        let q = split(&self.qkv.rows(0, width)?.forward(&read)?, queries, 1)?;
        let kv = split(&self.qkv.rows(width, 2 * width)?.forward(x)?, tokens, 2)?;
        Ok([q.i((.., .., 0))?, kv.i((.., .., 0))?, kv.i((.., .., 1))?])
    }
}

/// A two-layer perceptron.
#[derive(Clone, Debug)]
pub struct Mlp {
    /// The first layer, `[M, D]`.
    pub up: Linear,
    /// The nonlinearity between.
    pub activation: Activation,
    /// The second layer, `[D, M]`.
    pub out: Linear,
}

impl Mlp {
    /// The hidden activations, `[B, T, M]`.
    pub fn hidden(&self, x: &Tensor) -> Result<Tensor> {
        let hidden = self.up.product(x)?;
        match &self.up.bias {
            Some(bias) => kernels::bias_activation(&hidden, bias, self.activation)?,
            None => {
                let zero = Tensor::zeros(self.up.weight.dim(0)?, hidden.dtype(), hidden.device())?;
                kernels::bias_activation(&hidden, &zero, self.activation)?;
            }
        }
        Ok(hidden)
    }
}
