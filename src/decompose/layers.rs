//! The layers that hold a transformer's weights: linear, attention, MLP.

use candle_core::{Result, Tensor};

use super::Windows;
use crate::kernels::{self, Activation, Grouping, Numbers, Panels, ScoreBias};

/// y = x Wᵀ + b. Clones share the weights.
#[derive(Clone, Debug)]
pub struct Linear {
    weight: Panels,
    bias: Option<Tensor>,
}

impl Linear {
    /// The weights as products read them, and the bias.
    pub(crate) fn parts(&self) -> (&Panels, Option<&Tensor>) {
        (&self.weight, self.bias())
    }

    /// The layer with W `[Dout, Din]`, as checkpoints store it, and b `[Dout]`. W is packed and need not be kept.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn new(weight: &Tensor, bias: Option<Tensor>) -> Result<Self> {
        Self::multiplying(weight, bias, Numbers::F32)
    }

    /// As [`Self::new`], for products of `numbers`.
    ///
    /// # Errors
    /// When this machine does not multiply such numbers, or the tensor library's.
    pub fn multiplying(weight: &Tensor, bias: Option<Tensor>, numbers: Numbers) -> Result<Self> {
        let weight = Panels::pack(weight, numbers)?;
        Ok(Self { weight, bias })
    }

    /// The same W (as it was rounded) and b, for products of f32.
    pub(super) fn in_f32(&self) -> Result<Self> {
        match self.numbers() {
            Numbers::F32 => Ok(self.clone()),
            _ => Self::new(&self.weight()?, self.bias.clone()),
        }
    }

    /// What the layer's products multiply.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        self.weight.numbers()
    }

    /// W, `[Dout, Din]`, brought back into its order, as products see it: rounded to [`Self::numbers`].
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
        kernels::linear(x, &self.weight, self.bias(), None)
    }

    /// As [`Self::forward`], and a nonlinearity of what it gives.
    ///
    /// # Errors
    /// When the tokens have another width.
    pub fn activated(&self, x: &Tensor, activation: Activation) -> Result<Tensor> {
        kernels::linear(x, &self.weight, self.bias(), Some(activation))
    }

    /// x Wᵀ, without the bias.
    ///
    /// # Errors
    /// When the tokens have another width.
    pub fn product(&self, x: &Tensor) -> Result<Tensor> {
        kernels::linear(x, &self.weight, None, None)
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
        let layer = self.qkv.parts();
        let Some(groups) = &self.groups else {
            return kernels::self_attention(x, layer, self.heads, None, queries, detail);
        };
        let grouping = Grouping {
            order: groups.windows.order(),
            size: groups.windows.size(),
            bias: &groups.bias,
        };
        let detail = detail.map(|_| grouping.size);
        kernels::self_attention(x, layer, self.heads, Some(grouping), queries, detail)
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
    /// What the second layer gives without its bias, `[B, T, D]`, and, when asked for, the hidden activations of the first
    /// `keep` tokens as it sees them, `[B, n, M]`.
    pub(super) fn product(
        &self,
        x: &Tensor,
        keep: Option<usize>,
    ) -> Result<(Tensor, Option<Tensor>)> {
        let up = self.up.parts();
        let (out, hidden) = kernels::perceptron(x, up, self.activation, &self.out.weight, keep)?;
        let seen = hidden.map(|hidden| self.out.numbers().round(&hidden));
        Ok((out, seen.transpose()?))
    }
}
