//! Second order: what earlier components contribute *through* a head.
//!
//! A head's contribution is (aᵀA) V W_O M, and its values V are linear in the residual stream that enters its layer. So
//! the readout need not stop there: with w = aᵀA for token weights and W_V W_O M for a map, the same walk goes on from
//! the head's input to every component before it. Unlike a first-order walk it reads all tokens.

use candle_core::{DType, Device, Result, Tensor};

use super::decomposer::{collect, record, slab};
use super::layers::{values_bias, values_weight};
use super::readout::{Carrier, Folding, Maps, Pooled, Pooling, walk};
use super::trace::{Detail, Op, Recording};
use super::{Component, ComponentKind, Decomposer, RowSpec, Rows};
use crate::linalg::exact;

/// What a recording must keep for a walk through a head.
const DETAIL: Detail = Detail {
    tokens: true,
    neurons: false,
    all_tokens: true,
};

/// A head as the end of a readout: the components before it, and what each contributes through its value path.
pub struct Through<'a> {
    decomposer: &'a Decomposer,
    head: Component,
    maps: Maps,
}

impl Decomposer {
    /// The readout through `head`. Costs one forward pass of a blank image.
    ///
    /// # Errors
    /// When the model has no such head.
    pub fn through(&self, head: Component) -> Result<Through<'_>> {
        let recording = record(self.model(), &self.blank()?, DETAIL)?;
        let maps = fold(&recording, head)?;
        Ok(Through {
            decomposer: self,
            head,
            maps,
        })
    }
}

impl Through<'_> {
    /// The components before the head, and the constants, in canonical order.
    #[must_use]
    pub fn specs(&self) -> &[RowSpec] {
        &self.maps.specs
    }

    /// Their maps through the head, `[d, Dz]` each.
    #[must_use]
    pub fn maps(&self) -> &[Tensor] {
        &self.maps.maps
    }

    /// The pooled rows of every source for normalised pixels `[B, 3, H, W]`; `ids` name the images. In place of the
    /// representation stands what the sources sum to: the head's own contribution, `[B, Dz]`.
    ///
    /// # Errors
    /// When the model can't be run on them.
    pub fn rows(&self, pixels: &Tensor, ids: Vec<u32>) -> Result<Rows> {
        let _turn = self.decomposer.turn();
        let recording = record(self.decomposer.model(), pixels, DETAIL)?;
        let (own, sources) = pool(&recording, self.head)?;
        let z = self.own(&own, ids.len())?;
        let rows = collect(&self.maps, &sources, &recording.representation, ids)?;
        Ok(Rows { z, ..rows })
    }

    /// The head's own contribution, `[B, Dz]` row-major, from what was pooled at its layer.
    fn own(&self, pooled: &Pooled, batch: usize) -> Result<Vec<f32>> {
        let specs = self.decomposer.specs();
        let index = specs.iter().position(|spec| spec.component == self.head);
        let index = index.expect("the walk began at this head");
        let spec = &specs[index];
        let row = Tensor::from_vec(slab(pooled, spec)?, (batch, spec.width), &Device::Cpu)?;
        row.matmul(&self.decomposer.maps()[index])?
            .flatten_all()?
            .to_vec1()
    }
}

/// The recorded heads of a layer.
struct Heads<'a> {
    node: usize,
    op: &'a Op,
}

fn heads_of(recording: &Recording, head: Component) -> Result<Heads<'_>> {
    let found = recording.nodes.iter().enumerate().find(|(_, op)| match op {
        Op::Heads { layer, heads, .. } => {
            *layer == usize::from(head.layer) && usize::from(head.head) < *heads
        }
        _ => false,
    });
    match found {
        Some((node, op)) if head.kind == ComponentKind::Head => Ok(Heads { node, op }),
        _ => candle_core::bail!("the model has no {head}"),
    }
}

/// Folds the maps of the sources: M at the head's layer, through W_O and W_V of the head, and on.
fn fold(recording: &Recording, head: Component) -> Result<Maps> {
    let Heads { node, op } = heads_of(recording, head)?;
    let Op::Heads {
        input,
        heads,
        qkv,
        out,
        ..
    } = op
    else {
        unreachable!("the node of a layer's heads")
    };
    let width = recording.representation.dim(1)?;
    let identity = Tensor::eye(width, DType::F64, &Device::Cpu)?;
    let readout = [(recording.output, identity)];
    let maps = walk(recording, readout, Some(node), &mut Folding::default())?;
    let head_width = out.inputs() / heads;
    let own_rows = |t: &Tensor| t.narrow(0, usize::from(head.head) * head_width, head_width);
    let bias = values_bias(qkv)?;
    let weight = exact(&own_rows(&values_weight(qkv)?)?)?;
    let mut folding = Folding::default();
    let mut starts = Vec::new();
    for map in maps {
        let own = own_rows(&folding.through_linear(&map, out)?)?;
        if let Some(bias) = &bias {
            folding.constant(&own, &own_rows(bias)?)?;
        }
        starts.push((*input, weight.t()?.matmul(&own)?));
    }
    walk(recording, starts, None, &mut folding)?;
    folding.finish()
}

/// Pools the head's own layer, and the rows of the sources: a at that layer, through its attention, and on.
fn pool(recording: &Recording, head: Component) -> Result<(Pooled, Pooled)> {
    let Heads { node, op } = heads_of(recording, head)?;
    let Op::Heads { input, qkv, .. } = op else {
        unreachable!("the node of a layer's heads")
    };
    let batch = recording.representation.dim(0)?;
    let ones = Tensor::ones((batch, 1), DType::F32, recording.representation.device())?;
    let readout = [(recording.output, ones)];
    let forms = walk(
        recording,
        readout,
        Some(node),
        &mut Pooling(Pooled::default()),
    )?;
    let mut own = Pooling(Pooled::default());
    own.component(&forms, op)?;
    let terms = own.0.tokens.pop().expect("recorded with its attention");
    let bias = values_bias(qkv)?;
    let mut pooling = Pooling(Pooled::default());
    let mut starts = Vec::new();
    for slot in 0..terms.weights.dim(1)? {
        let of_slot = terms.weights.narrow(1, slot, 1)?.squeeze(1)?;
        let weights = of_slot
            .narrow(1, usize::from(head.head), 1)?
            .squeeze(1)?
            .contiguous()?;
        if let Some(bias) = &bias {
            pooling.constant(&weights, bias)?;
        }
        starts.push((*input, weights));
    }
    walk(recording, starts, None, &mut pooling)?;
    Ok((own.0.rows_to_cpu()?, pooling.0.rows_to_cpu()?))
}
