//! The maps of a readout, folded once per model.

use candle_core::{DType, Device, Result, Tensor};

use super::walk::{Carrier, walk};
use crate::decompose::component::{Component, ComponentKind};
use crate::decompose::layers::Linear;
use crate::decompose::rows::RowSpec;
use crate::decompose::trace::{Op, Recording};
use crate::linalg::exact;

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
pub(in crate::decompose) struct Folding {
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
    pub(in crate::decompose) fn finish(mut self) -> Result<Maps> {
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
