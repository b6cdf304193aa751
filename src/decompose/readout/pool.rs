//! The token weights of a readout, and the rows that they pool, for every batch.

use candle_core::{DType, Device, Result, Tensor};

use super::walk::{Carrier, walk};
use crate::decompose::component::Component;
use crate::decompose::layers::Linear;
use crate::decompose::token_terms::{OwnTerms, TokenTerms, token_terms};
use crate::decompose::trace::{Op, Recording};

/// What a batch adds to [`Maps`](super::Maps): pooled rows, and the details asked for.
#[derive(Debug, Default)]
pub(in crate::decompose) struct Pooled {
    /// Pooled rows by component, `[B, terms, D]`; the heads of a layer side by side under head 0.
    pub rows: Vec<(Component, Tensor)>,
    /// How much of each constant reaches z, `[B]`, in the order in which [`Maps::fold`](super::Maps::fold) met them.
    pub constants: Vec<Tensor>,
    /// Token terms of each layer's heads.
    pub tokens: Vec<TokenTerms>,
    /// Every other component that has a place, by token.
    pub own: Vec<OwnTerms>,
    /// Pooled hidden activations of each MLP, `[B, terms, M]`.
    pub neurons: Vec<(usize, Tensor)>,
}

/// Pools the rows of a batch.
pub(in crate::decompose) fn pool(recording: &Recording) -> Result<Pooled> {
    let batch = recording.representation.dim(0)?;
    let mut pooling = Pooling(Pooled::default());
    let ones = Tensor::ones((batch, 1), DType::F32, recording.representation.device())?;
    walk(recording, [(recording.output, ones)], None, &mut pooling)?;
    pooling.0.rows_to_cpu()
}

impl Pooled {
    /// Brings pooled rows to the CPU, each layer's at once. What is split over tokens stays where it is.
    pub(in crate::decompose) fn rows_to_cpu(mut self) -> Result<Self> {
        let rows = self.rows.iter_mut().map(|(_, rows)| rows);
        let neurons = self.neurons.iter_mut().map(|(_, rows)| rows);
        for pooled in rows.chain(neurons).chain(&mut self.constants) {
            *pooled = pooled.to_device(&Device::Cpu)?;
        }
        Ok(self)
    }
}

/// Carries a, `[B, n]` over the read tokens.
pub(in crate::decompose) struct Pooling(pub Pooled);

impl Carrier for Pooling {
    type Form = Tensor;

    fn through_narrow(&self, a: &Tensor, dropped: usize) -> Result<Tensor> {
        a.pad_with_zeros(1, 0, dropped)
    }

    fn through_pool(&self, a: &Tensor, weights: &Tensor) -> Result<Tensor> {
        a.broadcast_mul(weights)
    }

    fn through_norm(&self, a: &Tensor, _: &Tensor, inv_sigma: &Tensor) -> Result<Tensor> {
        a * inv_sigma
    }

    fn through_linear(&self, a: &Tensor, _: &Linear) -> Result<Tensor> {
        Ok(a.clone())
    }

    fn through_scale(&self, a: &Tensor, _: &Tensor) -> Result<Tensor> {
        Ok(a.clone())
    }

    fn through_division(&self, a: &Tensor, inv_norm: &Tensor) -> Result<Tensor> {
        a.broadcast_mul(inv_norm)
    }

    fn through_average(&self, a: &Tensor, parent: &Tensor) -> Result<Tensor> {
        a.contiguous()?.index_select(parent, 1)? * 0.25
    }

    fn through_merge(
        &self,
        a: &Tensor,
        parent: &Tensor,
        mask: &Tensor,
        _: (usize, usize),
    ) -> Result<Tensor> {
        a.contiguous()?.index_select(parent, 1)?.broadcast_mul(mask)
    }

    fn constant(&mut self, a: &Tensor, _: &Tensor) -> Result<()> {
        self.0.constants.push(a.sum(1)?);
        Ok(())
    }

    fn component(&mut self, a: &[Tensor], op: &Op) -> Result<()> {
        match op {
            Op::Embedded { rows } => self.own(Component::init(), a, rows)?,
            Op::Branch {
                component,
                out,
                rows,
                hidden,
            } => {
                self.own(*component, a, rows)?;
                if let Some(hidden) = hidden {
                    let layer = usize::from(component.layer);
                    let a = Tensor::stack(a, 1)?;
                    self.0.neurons.push((layer, pooled(&a, hidden)?));
                }
                self.constants_of(out, a)?;
            }
            Op::Heads {
                layer,
                out,
                rows,
                detail,
                ..
            } => {
                let stacked = Tensor::stack(a, 1)?;
                self.0
                    .rows
                    .push((Component::head(*layer, 0), pooled(&stacked, rows)?));
                if let Some(detail) = detail {
                    self.0.tokens.push(token_terms(*layer, a, detail)?);
                }
                self.constants_of(out, a)?;
            }
            _ => unreachable!("only components end the walk"),
        }
        Ok(())
    }
}

impl Pooling {
    /// Pools the rows `[B, n, D]` of a component that is made at each token by itself.
    fn own(&mut self, component: Component, a: &[Tensor], rows: &Tensor) -> Result<()> {
        let weights = Tensor::stack(a, 1)?;
        self.0.rows.push((component, pooled(&weights, rows)?));
        self.0.own.push(OwnTerms {
            component,
            weights,
            rows: rows.clone(),
        });
        Ok(())
    }

    fn constants_of(&mut self, layer: &Linear, a: &[Tensor]) -> Result<()> {
        match layer.bias() {
            Some(bias) => a.iter().try_for_each(|a| self.constant(a, bias)),
            None => Ok(()),
        }
    }
}

/// aᵀ rows for every term: a `[B, terms, n]` and rows `[B, n, D]` give `[B, terms, D]`.
fn pooled(a: &Tensor, rows: &Tensor) -> Result<Tensor> {
    match rows.dim(1)? {
        1 => rows.broadcast_mul(a),
        _ => a.matmul(rows),
    }
}
