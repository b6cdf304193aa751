//! The operations that make components, tagged where they are made.

use candle_core::{Result, Tensor};

use super::operations::Trace;
use super::recording::{HeadDetail, Op};
use super::signal::Signal;
use crate::decompose::component::Component;
use crate::decompose::layers::{Attention, Linear, Mlp};

impl Trace {
    /// Tags the embedded tokens `[B, T, D]` as the component `init`.
    pub fn embedded(&mut self, value: Tensor) -> Result<Signal> {
        let rows = self.copy_kept_rows(&value)?;
        self.signal(value, || Ok(Op::Embedded { rows }))
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

    /// The rows of kept tokens, as a copy: what they were taken from will be changed in place.
    fn copy_kept_rows(&self, value: &Tensor) -> Result<Tensor> {
        if !self.recording {
            return Ok(value.clone());
        }
        let kept = self.kept(value.dim(1)?);
        value.narrow(1, 0, kept)?.force_contiguous()
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
