//! The readout, pulled back through a recorded forward pass.
//!
//! With the data-dependent statistics frozen, the representation is linear in every node X `[T, D]` of the recording:
//!
//! ```text
//! z = Σ_k a_kᵀ X M_k + (what other branches add) + bias
//! ```
//!
//! with token weights a `[T]` per image and a map M `[D, Dz]` that is the same for all images. The walk starts at z
//! with a = 1, M = I and goes backwards; the two halves of the pair travel apart, because one is folded once per model
//! ([`Maps::fold`]) and the other pooled for every batch ([`pool`]). Each is a [`Carrier`] on the same [`walk`].

use candle_core::{DType, Device, Result, Tensor};

use super::layers::Linear;
use super::tokens::{OwnTerms, TokenTerms, token_terms};
use super::trace::{Op, Recording};
use super::{Component, ComponentKind, RowSpec};
use crate::linalg::exact;

/// One half of a readout term, carried backwards through the operations.
pub(super) trait Carrier {
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
pub(super) fn walk<C: Carrier>(
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

/// The constant map of every component of a model, and the shape of their rows.
#[derive(Clone, Debug)]
pub struct Maps {
    /// Components in their canonical order: init, each layer's heads and MLP, bias.
    pub specs: Vec<RowSpec>,
    /// Their maps `[d, Dz]`, f32, in the same order.
    pub maps: Vec<Tensor>,
}

impl Maps {
    /// Folds the weights along every path from a component to the representation. In f64, once per model.
    pub fn fold(recording: &Recording) -> Result<Self> {
        let width = recording.representation.dim(1)?;
        let mut folding = Folding::default();
        let identity = Tensor::eye(width, DType::F64, &Device::Cpu)?;
        walk(
            recording,
            [(recording.output, identity)],
            None,
            &mut folding,
        )?;
        folding.finish()
    }

    /// Where a component stands in the canonical order.
    #[must_use]
    pub fn position(&self, component: Component) -> Option<usize> {
        self.specs
            .iter()
            .position(|spec| spec.component == component)
    }
}

/// The order of components everywhere: init, then layer by layer conv, heads, MLP, and the bias last.
fn canonical(component: Component) -> (u8, u16, u8, u16) {
    let place = |group, part| (group, component.layer, part, component.head);
    match component.kind {
        ComponentKind::Init => place(0, 0),
        ComponentKind::Conv => place(1, 0),
        ComponentKind::Head => place(1, 1),
        ComponentKind::Mlp => place(1, 2),
        ComponentKind::Bias => place(2, 0),
    }
}

/// Carries M.
#[derive(Default)]
pub(super) struct Folding {
    found: Vec<(Component, Tensor)>,
    constants: Vec<Tensor>,
}

impl Carrier for Folding {
    type Form = Tensor;

    fn through_narrow(&self, map: &Tensor, _: usize) -> Result<Tensor> {
        Ok(map.clone())
    }

    fn through_pool(&self, map: &Tensor, _: &Tensor) -> Result<Tensor> {
        Ok(map.clone())
    }

    fn through_norm(&self, map: &Tensor, weight: &Tensor, _: &Tensor) -> Result<Tensor> {
        // (I − 11ᵀ/D) diag(γ) M: subtracting each row's mean before γ is subtracting the column means after.
        let scaled = self.through_scale(map, weight)?;
        scaled.broadcast_sub(&scaled.mean_keepdim(0)?)
    }

    fn through_linear(&self, map: &Tensor, layer: &Linear) -> Result<Tensor> {
        exact(&layer.weight()?)?.t()?.matmul(map)
    }

    fn through_scale(&self, map: &Tensor, scale: &Tensor) -> Result<Tensor> {
        map.broadcast_mul(&exact(scale)?.unsqueeze(1)?)
    }

    fn through_division(&self, map: &Tensor, _: &Tensor) -> Result<Tensor> {
        Ok(map.clone())
    }

    fn through_average(&self, map: &Tensor, _: &Tensor) -> Result<Tensor> {
        Ok(map.clone())
    }

    fn through_merge(
        &self,
        map: &Tensor,
        _: &Tensor,
        _: &Tensor,
        (slot, slots): (usize, usize),
    ) -> Result<Tensor> {
        let width = map.dim(0)? / slots;
        map.narrow(0, slot * width, width)
    }

    fn constant(&mut self, map: &Tensor, vector: &Tensor) -> Result<()> {
        let row = exact(vector)?.unsqueeze(0)?.matmul(map)?;
        self.constants.push(row.squeeze(0)?);
        Ok(())
    }

    fn component(&mut self, maps: &[Tensor], op: &Op) -> Result<()> {
        match op {
            Op::Embedded { .. } => self.note(Component::init(), maps)?,
            Op::Branch { component, out, .. } => {
                self.note(*component, maps)?;
                self.constants_of(out, maps)?;
            }
            Op::Heads {
                layer, heads, out, ..
            } => {
                let through: Vec<Tensor> = maps
                    .iter()
                    .map(|map| self.through_linear(map, out))
                    .collect::<Result<_>>()?;
                for head in 0..*heads {
                    let width = out.inputs() / heads;
                    let own: Vec<Tensor> = through
                        .iter()
                        .map(|map| map.narrow(0, head * width, width))
                        .collect::<Result<_>>()?;
                    self.note(Component::head(*layer, head), &own)?;
                }
                self.constants_of(out, maps)?;
            }
            _ => unreachable!("only components end the walk"),
        }
        Ok(())
    }
}

impl Folding {
    /// The maps of the components that the walk ended at.
    pub(super) fn finish(mut self) -> Result<Maps> {
        if !self.constants.is_empty() {
            let map = Tensor::stack(&std::mem::take(&mut self.constants), 0)?;
            self.note(Component::bias(), &[map])?;
        }
        self.found
            .sort_by_key(|(component, _)| canonical(*component));
        let mut maps = Maps {
            specs: Vec::new(),
            maps: Vec::new(),
        };
        for (component, map) in self.found {
            maps.specs.push(RowSpec {
                component,
                width: map.dim(0)?,
            });
            maps.maps.push(map);
        }
        Ok(maps)
    }

    /// A component's map is done: its terms one below the other, in f32.
    fn note(&mut self, component: Component, maps: &[Tensor]) -> Result<()> {
        let map = Tensor::cat(maps, 0)?.to_dtype(DType::F32)?;
        self.found.push((component, map));
        Ok(())
    }

    fn constants_of(&mut self, layer: &Linear, maps: &[Tensor]) -> Result<()> {
        match layer.bias() {
            Some(bias) => maps.iter().try_for_each(|map| self.constant(map, bias)),
            None => Ok(()),
        }
    }
}

/// What a batch adds to [`Maps`]: pooled rows, and the details asked for.
#[derive(Debug, Default)]
pub(super) struct Pooled {
    /// Pooled rows by component, `[B, terms, D]`; the heads of a layer side by side under head 0.
    pub rows: Vec<(Component, Tensor)>,
    /// How much of each constant reaches z, `[B]`, in the order in which [`Maps::fold`] met them.
    pub constants: Vec<Tensor>,
    /// Token terms of each layer's heads.
    pub tokens: Vec<TokenTerms>,
    /// Every other component that has a place, by token.
    pub own: Vec<OwnTerms>,
    /// Pooled hidden activations of each MLP, `[B, terms, M]`.
    pub neurons: Vec<(usize, Tensor)>,
}

/// Pools the rows of a batch.
pub(super) fn pool(recording: &Recording) -> Result<Pooled> {
    let batch = recording.representation.dim(0)?;
    let mut pooling = Pooling(Pooled::default());
    let ones = Tensor::ones((batch, 1), DType::F32, recording.representation.device())?;
    walk(recording, [(recording.output, ones)], None, &mut pooling)?;
    pooling.0.rows_to_cpu()
}

impl Pooled {
    /// Brings pooled rows to the CPU, each layer's at once. What is split over tokens stays where it is.
    pub(super) fn rows_to_cpu(mut self) -> Result<Self> {
        let rows = self.rows.iter_mut().map(|(_, rows)| rows);
        let neurons = self.neurons.iter_mut().map(|(_, rows)| rows);
        for pooled in rows.chain(neurons).chain(&mut self.constants) {
            *pooled = pooled.to_device(&Device::Cpu)?;
        }
        Ok(self)
    }
}

/// Carries a, `[B, n]` over the read tokens.
pub(super) struct Pooling(pub Pooled);

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
