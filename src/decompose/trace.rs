//! The recorded forward pass: a model is written once against [`Trace`], and everything else follows from the record.
//!
//! Each operation computes its value and, when the trace is recording, notes what the readout will need to be pulled
//! back through it: the weights, and the statistics that are frozen (1/σ, 1/‖z‖, attention). Components are tagged
//! where they are made: [`Trace::embedded`], [`Trace::attention`], [`Trace::mlp`] and [`Trace::convolution`].
//!
//! Values are `[B, T, D]`. Residual additions may happen in place, so a [`Signal`] is consumed by what changes it. A branch's
//! bias and scale are left to the addition, which does them in passing.

use candle_core::{Result, Tensor};

use super::layers::{Attention, Linear, Mlp};
use super::{Component, ComponentKind, Windows, quads};
use crate::kernels::{self, LayerNorm, Numbers};
use crate::work::cancel::Cancel;

/// Which tokens the representation is read from. Rows of other tokens are never kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// The first `n` tokens: 1 for a class token, 2 for a distilled DeiT.
    First(usize),
    /// All tokens, as under average pooling.
    All,
}

impl Reads {
    /// How many of `tokens` are read.
    fn of(self, tokens: usize) -> usize {
        match self {
            Self::First(n) => n.min(tokens),
            Self::All => tokens,
        }
    }
}

/// What a recording keeps beyond the pooled rows of components.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Attention and values per source token, for token maps.
    pub tokens: bool,
    /// Hidden activations of MLPs, for neurons.
    pub neurons: bool,
    /// Rows of all tokens, not only of those read: what reaches the representation through a head comes from all.
    pub all_tokens: bool,
}

/// A value travelling through a model, and the node that made it.
#[derive(Debug)]
pub struct Signal {
    pub(super) node: usize,
    product: Tensor,
    /// What is still to be added to every token, `[D]`.
    bias: Option<Tensor>,
    /// What every channel is still to be multiplied by after that, `[D]`.
    scale: Option<Tensor>,
}

impl Signal {
    /// The value, `[B, T, D]`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn value(&self) -> Result<Tensor> {
        let mut value = self.product.clone();
        if let Some(bias) = &self.bias {
            value = value.broadcast_add(bias)?;
        }
        match &self.scale {
            Some(scale) => value.broadcast_mul(scale),
            None => Ok(value),
        }
    }
}

/// Attention of one layer as token maps need it; under windowed attention each window counts as an image of its own.
#[derive(Clone, Debug)]
pub(super) struct HeadDetail {
    /// Softmax rows of the read queries, `[B, H, n, T]`.
    pub attention: Tensor,
    /// Values, `[B, H, T, d]`.
    pub values: Tensor,
    /// How tokens were grouped.
    pub windows: Option<Windows>,
}

/// One recorded operation; `input` fields are node numbers.
#[derive(Debug)]
pub(super) enum Op {
    /// The component `init`.
    Embedded {
        rows: Tensor,
    },
    LayerNorm {
        input: usize,
        weight: Tensor,
        bias: Tensor,
        inv_sigma: Tensor,
    },
    Linear {
        input: usize,
        layer: Linear,
    },
    Scale {
        input: usize,
        scale: Tensor,
    },
    Add {
        left: usize,
        right: usize,
    },
    /// The first tokens alone; `dropped` of those kept are left out.
    Narrow {
        input: usize,
        dropped: usize,
    },
    Pool {
        input: usize,
        weights: Tensor,
    },
    Normalize {
        input: usize,
        inv_norm: Tensor,
    },
    /// Tokens 2×2 side by side: `parent` is the output token each input token went to, `slots` its quarter.
    Merge {
        input: usize,
        parent: Tensor,
        slots: Vec<Tensor>,
    },
    /// The mean of 2×2 tokens.
    AveragePool {
        input: usize,
        parent: Tensor,
    },
    Heads {
        input: usize,
        layer: usize,
        heads: usize,
        qkv: Linear,
        out: Linear,
        rows: Tensor,
        detail: Option<HeadDetail>,
    },
    /// A component that ends in a linear layer, an MLP or a convolution branch: `rows` are its output without the bias.
    Branch {
        component: Component,
        out: Linear,
        rows: Tensor,
        hidden: Option<Tensor>,
    },
}

/// Records a forward pass, or just runs it.
#[derive(Debug)]
pub struct Trace {
    reads: Reads,
    detail: Detail,
    recording: bool,
    nodes: Vec<Op>,
    cancel: Cancel,
}

/// A finished recording: what [`super::readout`] walks.
#[derive(Debug)]
pub struct Recording {
    pub(super) nodes: Vec<Op>,
    pub(super) output: usize,
    /// The representation z, `[B, Dz]`.
    pub representation: Tensor,
}

impl Recording {
    /// The second layer of every MLP, by layer.
    pub(super) fn mlps(&self) -> Vec<(usize, Linear)> {
        let mlp = |op: &Op| match op {
            Op::Branch { component, out, .. } if component.kind == ComponentKind::Mlp => {
                Some((usize::from(component.layer), out.clone()))
            }
            _ => None,
        };
        self.nodes.iter().filter_map(mlp).collect()
    }
}

impl Trace {
    /// A trace that only computes: the bare forward pass.
    #[must_use]
    pub fn off(reads: Reads) -> Self {
        Self {
            reads,
            detail: Detail::default(),
            recording: false,
            nodes: Vec::new(),
            cancel: Cancel::default(),
        }
    }

    /// A trace that records what the readout of `reads` needs, plus `detail`.
    #[must_use]
    pub fn recording(reads: Reads, detail: Detail) -> Self {
        Self {
            reads,
            detail,
            recording: true,
            nodes: Vec::new(),
            cancel: Cancel::default(),
        }
    }

    /// The same trace, which gives up between two operations once a stop is asked for: a batch of a large model takes
    /// longer than anyone who has pressed Ctrl-C wants to wait.
    #[must_use]
    pub fn until(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    fn signal(&mut self, value: Tensor, op: impl FnOnce() -> Result<Op>) -> Result<Signal> {
        self.cancel.check().map_err(candle_core::Error::wrap)?;
        if self.recording {
            self.nodes.push(op()?);
        }
        Ok(Signal {
            node: self.nodes.len().saturating_sub(1),
            product: value,
            bias: None,
            scale: None,
        })
    }

    /// Tags the embedded tokens `[B, T, D]` as the component `init`.
    pub fn embedded(&mut self, value: Tensor) -> Result<Signal> {
        let rows = self.copy_kept_rows(&value)?;
        self.signal(value, || Ok(Op::Embedded { rows }))
    }

    /// LayerNorm over the last axis.
    pub fn layer_norm(&mut self, x: &Signal, norm: &LayerNorm) -> Result<Signal> {
        let out = norm.forward(&x.value()?)?;
        let input = x.node;
        let kept = self.kept(out.inv_sigma.dim(1)?);
        self.signal(out.value, || {
            Ok(Op::LayerNorm {
                input,
                weight: norm.weight.clone(),
                bias: norm.bias.clone(),
                inv_sigma: out.inv_sigma.narrow(1, 0, kept)?,
            })
        })
    }

    /// A linear layer on every token, not a component of its own (CLIP's projection).
    ///
    /// # Errors
    /// When its products are not of f32: components pass through it, and of each alone rounding would make something else.
    pub fn linear(&mut self, x: &Signal, layer: &Linear) -> Result<Signal> {
        let numbers = layer.numbers();
        if numbers != Numbers::F32 {
            candle_core::bail!(
                "a linear layer between components multiplies {numbers}, and must multiply f32"
            );
        }
        let value = layer.forward(&x.value()?)?;
        let input = x.node;
        self.signal(value, || {
            Ok(Op::Linear {
                input,
                layer: layer.clone(),
            })
        })
    }

    /// Multiplies every channel by `scale` `[D]` (LayerScale).
    pub fn scale(&mut self, x: Signal, scale: &Tensor) -> Result<Signal> {
        let input = x.node;
        let (product, bias) = match &x.scale {
            Some(_) => (x.value()?, None),
            None => (x.product, x.bias),
        };
        let scaled = self.signal(product, || {
            Ok(Op::Scale {
                input,
                scale: scale.clone(),
            })
        })?;
        Ok(Signal {
            bias,
            scale: Some(scale.clone()),
            ..scaled
        })
    }

    /// The residual sum of the stream `x` and a branch.
    pub fn add(&mut self, x: Signal, branch: &Signal) -> Result<Signal> {
        let (bias, scale) = (branch.bias.as_ref(), branch.scale.as_ref());
        let value = kernels::add_branch(x.value()?, &branch.product, bias, scale)?;
        let (left, right) = (x.node, branch.node);
        self.signal(value, || Ok(Op::Add { left, right }))
    }

    /// Drops the tokens that the representation is not read from: the last block needs no others in its stream.
    pub fn narrow_to_read(&mut self, x: &Signal) -> Result<Signal> {
        let value = x.value()?;
        let tokens = value.dim(1)?;
        let value = value
            .narrow(1, 0, self.reads.of(tokens))?
            .force_contiguous()?;
        let input = x.node;
        let dropped = self.kept(tokens) - self.reads.of(tokens);
        self.signal(value, || Ok(Op::Narrow { input, dropped }))
    }

    /// A weighted sum over the read tokens: `weights` `[n]`, one for each; gives `[B, 1, D]`.
    pub fn pool(&mut self, x: &Signal, weights: &[f32]) -> Result<Signal> {
        let all = x.value()?;
        let read = all.narrow(1, 0, weights.len())?;
        let weights = Tensor::from_slice(weights, (1, weights.len()), all.device())?;
        let value = read
            .transpose(1, 2)?
            .broadcast_mul(&weights)?
            .sum_keepdim(2)?;
        let value = value.transpose(1, 2)?.contiguous()?;
        let input = x.node;
        let dropped = self.kept(all.dim(1)?) - weights.dim(1)?;
        self.signal(value, || {
            let weights = weights.pad_with_zeros(1, 0, dropped)?;
            Ok(Op::Pool { input, weights })
        })
    }

    /// The mean over all tokens; gives `[B, 1, D]`.
    pub fn mean(&mut self, x: &Signal) -> Result<Signal> {
        let tokens = x.product.dim(1)?;
        self.pool(x, &vec![1.0 / tokens as f32; tokens])
    }

    /// Joins the tokens of each 2×2 block of a map of `h × w` tokens along their channels: `[B, h·w/4, 4·D]`.
    pub fn merge(&mut self, x: &Signal, map: (usize, usize)) -> Result<Signal> {
        let value = quads::join(&x.value()?, map)?;
        let (input, device) = (x.node, x.product.device());
        self.signal(value, || {
            let slots = (0..4)
                .map(|slot| quads::mask(map, slot, device))
                .collect::<Result<_>>()?;
            Ok(Op::Merge {
                input,
                parent: quads::parents(map, device)?,
                slots,
            })
        })
    }

    /// The mean of each 2×2 block of a map of `h × w` tokens: `[B, h·w/4, D]`.
    pub fn average_pool(&mut self, x: &Signal, map: (usize, usize)) -> Result<Signal> {
        let value = quads::average(&x.value()?, map)?;
        let (input, device) = (x.node, x.product.device());
        self.signal(value, || {
            Ok(Op::AveragePool {
                input,
                parent: quads::parents(map, device)?,
            })
        })
    }

    /// Division of every row by its norm, the norm frozen (CLIP's embedding).
    pub fn normalize(&mut self, x: &Signal) -> Result<Signal> {
        let value = x.value()?;
        let inv_norm = value.sqr()?.sum_keepdim(2)?.sqrt()?.recip()?;
        let value = value.broadcast_mul(&inv_norm)?;
        let input = x.node;
        self.signal(value, || {
            Ok(Op::Normalize {
                input,
                inv_norm: inv_norm.squeeze(2)?,
            })
        })
    }

    /// Multi-head self-attention with its output projection: the heads of `layer` are components.
    ///
    /// `only_read` computes the queries of the read tokens alone, as the last block allows.
    pub fn attention(
        &mut self,
        x: &Signal,
        attention: &Attention,
        layer: usize,
        only_read: bool,
    ) -> Result<Signal> {
        let tokens = x.product.dim(1)?;
        let queries = if only_read {
            self.reads.of(tokens)
        } else {
            tokens
        };
        let kept = self.kept(tokens).min(queries);
        let keep_detail = self.recording && self.detail.tokens;
        let attended = attention.attend(&x.value()?, queries, keep_detail.then_some(kept))?;
        let input = x.node;
        let product = attention.out.product(&attended.output)?;
        let branch = self.signal(product, || {
            let windows = attention.groups.as_ref().map(|g| g.windows.clone());
            let keep = |(attention, values)| HeadDetail {
                attention,
                values,
                windows,
            };
            Ok(Op::Heads {
                input,
                layer,
                heads: attention.heads,
                qkv: attention.qkv.clone(),
                out: attention.out.clone(),
                rows: (attention.out.numbers()).round(&first_rows(&attended.output, kept)?)?,
                detail: attended.detail.map(keep),
            })
        })?;
        Ok(biased(branch, &attention.out))
    }

    /// A two-layer perceptron: the component `mlp` of `layer`.
    pub fn mlp(&mut self, x: &Signal, mlp: &Mlp, layer: usize) -> Result<Signal> {
        let x = x.value()?;
        let keep = self.recording && self.detail.neurons;
        let (product, hidden) = mlp.product(&x, keep.then_some(self.kept(x.dim(1)?)))?;
        self.branch(product, &mlp.out, Component::mlp(layer), hidden)
    }

    /// The end of a convolution branch, the component `conv` of `block`: `hidden` `[B, T, M]`, however it was computed,
    /// through the pointwise layer `out`.
    pub fn convolution(&mut self, hidden: &Tensor, out: &Linear, block: usize) -> Result<Signal> {
        self.branch(out.product(hidden)?, out, Component::conv(block), None)
    }

    /// A component that ends in the linear layer `out`, whose bias is not part of it.
    fn branch(
        &mut self,
        product: Tensor,
        out: &Linear,
        component: Component,
        hidden: Option<Tensor>,
    ) -> Result<Signal> {
        let kept = self.kept(product.dim(1)?);
        let branch = self.signal(product.clone(), || {
            Ok(Op::Branch {
                component,
                out: out.clone(),
                rows: first_rows(&product, kept)?,
                hidden,
            })
        })?;
        Ok(biased(branch, out))
    }

    /// How many of `tokens` rows are kept of.
    fn kept(&self, tokens: usize) -> usize {
        if self.detail.all_tokens {
            tokens
        } else {
            self.reads.of(tokens)
        }
    }

    /// The rows of kept tokens, as a copy: what they were taken from will be changed in place.
    fn copy_kept_rows(&self, value: &Tensor) -> Result<Tensor> {
        if !self.recording {
            return Ok(value.clone());
        }
        let kept = self.kept(value.dim(1)?);
        value.narrow(1, 0, kept)?.force_contiguous()
    }

    /// Ends the trace at the representation, a signal `[B, 1, Dz]`.
    pub fn finish(self, z: Signal) -> Result<Recording> {
        Ok(Recording {
            nodes: self.nodes,
            output: z.node,
            representation: z.value()?.squeeze(1)?,
        })
    }
}

/// The rows of the first `kept` tokens of `[B, T, D]`. Where more follow they are copied: the rows of a single image would
/// otherwise keep all of it in memory, which the next layer can use again.
fn first_rows(value: &Tensor, kept: usize) -> Result<Tensor> {
    match kept == value.dim(1)? {
        true => value.contiguous(),
        false => value.narrow(1, 0, kept)?.force_contiguous(),
    }
}

/// The branch that ends in `out`, whose bias is still to be added.
fn biased(branch: Signal, out: &Linear) -> Signal {
    Signal {
        bias: out.bias().cloned(),
        ..branch
    }
}
