//! The layers that hold a transformer's weights: linear, attention, MLP.

use std::ops::Range;

use candle_core::{Result, Tensor};

use super::Windows;
use crate::kernels::{self, Activation, Grouping, Panels, Part, ScoreBias};

/// y = x Wᵀ + b. Clones share the weights.
#[derive(Clone, Debug)]
pub struct Linear {
    weight: Panels,
    bias: Option<Tensor>,
}

impl Linear {
    /// The layer with W `[Dout, Din]`, as checkpoints store it, and b `[Dout]`. W is packed and need not be kept.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn new(weight: &Tensor, bias: Option<Tensor>) -> Result<Self> {
        let weight = Panels::pack(weight)?;
        Ok(Self { weight, bias })
    }

    /// W, `[Dout, Din]`, brought back into its order.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn weight(&self) -> Result<Tensor> {
        self.weight.unpack()
    }

    /// b, `[Dout]`.
    #[must_use]
    pub fn bias(&self) -> Option<&Tensor> {
        self.bias.as_ref()
    }

    /// Din.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.weight.inputs()
    }

    /// Dout.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.weight.outputs()
    }

    /// Applies the layer to the last axis of `x` `[B, T, Din]`.
    ///
    /// # Errors
    /// When the tokens have another width.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        kernels::linear(x, &self.weight, 0..self.outputs(), self.bias(), None)
    }

    /// As [`Self::forward`], and a nonlinearity of what it gives.
    ///
    /// # Errors
    /// When the tokens have another width.
    pub fn activated(&self, x: &Tensor, activation: Activation) -> Result<Tensor> {
        let all = 0..self.outputs();
        kernels::linear(x, &self.weight, all, self.bias(), Some(activation))
    }

    /// x Wᵀ, without the bias.
    ///
    /// # Errors
    /// When the tokens have another width.
    pub fn product(&self, x: &Tensor) -> Result<Tensor> {
        kernels::linear(x, &self.weight, 0..self.outputs(), None, None)
    }

    /// Adds the bias in place to what [`Self::product`] gave.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn add_bias(&self, y: &Tensor) -> Result<()> {
        match &self.bias {
            Some(bias) => kernels::add_bias(y, bias),
            None => Ok(()),
        }
    }

    /// Some of the layer's outputs for `x` `[B, T, Din]`.
    fn part(&self, x: &Tensor, outputs: Range<usize>) -> Result<Tensor> {
        let (start, count) = (outputs.start, outputs.len());
        let bias = self.bias.as_ref().map(|b| b.narrow(0, start, count));
        let bias = bias.transpose()?;
        kernels::linear(x, &self.weight, outputs, bias.as_ref(), None)
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
    bias: ScoreBias,
}

impl Groups {
    /// `bias` is added to the scores before these are scaled by 1/√d: relative positions and masks, `[G, H, t, t]`, one
    /// for each of an image's groups or one for all.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn new(windows: Windows, bias: &Tensor) -> Result<Self> {
        let bias = ScoreBias::pack(bias)?;
        Ok(Self { windows, bias })
    }
}

impl Attention {
    /// Attention of the first `queries` tokens over all tokens of `x` `[B, T, D]`; of all tokens where there are groups.
    ///
    /// `detail` asks for the softmax rows of the first so many queries and the values of all tokens.
    pub(super) fn attend(
        &self,
        x: &Tensor,
        queries: usize,
        detail: Option<usize>,
    ) -> Result<kernels::Attention> {
        let width = self.out.inputs();
        let heads = (self.heads, width / self.heads);
        let part = |tokens, start| Part { tokens, start };
        if let Some(groups) = &self.groups {
            let grouping = Grouping {
                order: groups.windows.order(),
                size: groups.windows.size(),
                bias: &groups.bias,
            };
            let qkv = self.qkv.forward(x)?;
            let parts = [0, width, 2 * width].map(|start| part(&qkv, start));
            let detail = detail.map(|_| grouping.size);
            return kernels::attention(parts, heads, Some(grouping), detail);
        }
        if queries == x.dim(1)? {
            let qkv = self.qkv.forward(x)?;
            let parts = [0, width, 2 * width].map(|start| part(&qkv, start));
            return kernels::attention(parts, heads, None, detail);
        }
        let read = x.narrow(1, 0, queries)?.contiguous()?;
        let q = self.qkv.part(&read, 0..width)?;
        let kv = self.qkv.part(x, width..3 * width)?;
        let parts = [part(&q, 0), part(&kv, 0), part(&kv, width)];
        kernels::attention(parts, heads, None, detail)
    }
}

/// What makes the values in a layer of queries, keys and values: the last third of its outputs, W `[D, D]`.
pub(super) fn values_weight(qkv: &Linear) -> Result<Tensor> {
    let width = qkv.outputs() / 3;
    qkv.weight()?.narrow(0, 2 * width, width)
}

/// The values' bias, `[D]`.
pub(super) fn values_bias(qkv: &Linear) -> Result<Option<Tensor>> {
    let width = qkv.outputs() / 3;
    let own = |bias: &Tensor| bias.narrow(0, 2 * width, width);
    qkv.bias().map(own).transpose()
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
        self.up.activated(x, self.activation)
    }
}
