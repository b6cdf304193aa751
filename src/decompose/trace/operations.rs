//! The trace, and the operations of a model that components pass through.

use candle_core::{Result, Tensor};

use super::reads::{Detail, Reads};
use super::recording::{Op, Recording};
use super::signal::Signal;
use crate::decompose::layers::Linear;
use crate::decompose::quads;
use crate::kernels::{self, LayerNorm, Numbers};
use crate::work::cancel::Cancel;

/// Records a forward pass, or just runs it.
#[derive(Debug)]
pub struct Trace {
    pub(super) reads: Reads,
    pub(super) detail: Detail,
    pub(super) recording: bool,
    nodes: Vec<Op>,
    cancel: Cancel,
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

    /// Notes an operation, if this is a recording, and gives its value as a signal.
    pub(super) fn signal(
        &mut self,
        value: Tensor,
        op: impl FnOnce() -> Result<Op>,
    ) -> Result<Signal> {
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

    /// How many of `tokens` rows are kept of.
    pub(super) fn kept(&self, tokens: usize) -> usize {
        if self.detail.all_tokens {
            tokens
        } else {
            self.reads.of(tokens)
        }
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
