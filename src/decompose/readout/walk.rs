//! A readout term carried backwards through a recording, operation by operation.

use candle_core::{Result, Tensor};

use crate::decompose::layers::Linear;
use crate::decompose::trace::{Op, Recording};

/// One half of a readout term, carried backwards through the operations.
pub(in crate::decompose) trait Carrier {
    type Form: Clone;

    /// To the tokens that were kept, of which the last `dropped` were left out.
    fn through_narrow(&self, form: &Self::Form, dropped: usize) -> Result<Self::Form>;
    fn through_pool(&self, form: &Self::Form, weights: &Tensor) -> Result<Self::Form>;
    fn through_norm(&self, form: &Self::Form, weight: &Tensor, inv: &Tensor) -> Result<Self::Form>;
    fn through_linear(&self, form: &Self::Form, layer: &Linear) -> Result<Self::Form>;
    fn through_scale(&self, form: &Self::Form, scale: &Tensor) -> Result<Self::Form>;
    fn through_division(&self, form: &Self::Form, inv_norm: &Tensor) -> Result<Self::Form>;
    fn through_average(&self, form: &Self::Form, parent: &Tensor) -> Result<Self::Form>;
    /// To the tokens of slot `place.0` of `place.1`, which `mask` marks.
    fn through_merge(
        &self,
        form: &Self::Form,
        parent: &Tensor,
        mask: &Tensor,
        place: (usize, usize),
    ) -> Result<Self::Form>;
    /// A constant vector `[D]` was added to every token here.
    fn constant(&mut self, form: &Self::Form, vector: &Tensor) -> Result<()>;
    /// The walk stops at a component (or the heads of a layer) with these terms.
    fn component(&mut self, forms: &[Self::Form], op: &Op) -> Result<()>;
}

/// Walks a recording backwards from the terms `starts` (node, form), handing every node's terms to the carrier. The walk
/// ends at the node `until`, if there is one, and gives its terms.
pub(in crate::decompose) fn walk<C: Carrier>(
    recording: &Recording,
    starts: impl IntoIterator<Item = (usize, C::Form)>,
    until: Option<usize>,
    carrier: &mut C,
) -> Result<Vec<C::Form>> {
    let mut terms: Vec<Vec<C::Form>> = vec![Vec::new(); recording.nodes.len()];
    for (node, form) in starts {
        terms[node].push(form);
    }
    for node in (0..recording.nodes.len()).rev() {
        let here = std::mem::take(&mut terms[node]);
        if until == Some(node) {
            return Ok(here);
        }
        if here.is_empty() {
            continue;
        }
        let op = &recording.nodes[node];
        if let Op::Embedded { .. } | Op::Heads { .. } | Op::Branch { .. } = op {
            carrier.component(&here, op)?;
            continue;
        }
        for form in here {
            step(op, form, &mut terms, carrier)?;
        }
    }
    Ok(Vec::new())
}

/// Pulls one term back through one operation.
fn step<C: Carrier>(op: &Op, form: C::Form, terms: &mut [Vec<C::Form>], to: &mut C) -> Result<()> {
    match op {
        Op::Add { left, right } => {
            terms[*left].push(form.clone());
            terms[*right].push(form);
        }
        Op::Narrow { input, dropped } => {
            terms[*input].push(to.through_narrow(&form, *dropped)?);
        }
        Op::Pool { input, weights } => terms[*input].push(to.through_pool(&form, weights)?),
        Op::Scale { input, scale } => terms[*input].push(to.through_scale(&form, scale)?),
        Op::AveragePool { input, parent } => {
            terms[*input].push(to.through_average(&form, parent)?);
        }
        Op::Merge {
            input,
            parent,
            slots,
        } => {
            for (slot, mask) in slots.iter().enumerate() {
                terms[*input].push(to.through_merge(&form, parent, mask, (slot, slots.len()))?);
            }
        }
        Op::Normalize { input, inv_norm } => {
            terms[*input].push(to.through_division(&form, inv_norm)?);
        }
        Op::LayerNorm {
            input,
            weight,
            bias,
            inv_sigma,
        } => {
            to.constant(&form, bias)?;
            terms[*input].push(to.through_norm(&form, weight, inv_sigma)?);
        }
        Op::Linear { input, layer } => {
            if let Some(bias) = layer.bias() {
                to.constant(&form, bias)?;
            }
            terms[*input].push(to.through_linear(&form, layer)?);
        }
        Op::Embedded { .. } | Op::Heads { .. } | Op::Branch { .. } => {
            unreachable!("components end the walk before a step is taken through them")
        }
    }
    Ok(())
}
