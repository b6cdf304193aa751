//! The last layers of a model alone: whatever comes before is one component, as in the paper's default ranges, and the
//! components still sum to the representation.

use candle_core::{DType, Device, Result, Tensor};

use super::{Component, ComponentKind, Decomposer, RowSpec, Rows};

/// A decomposition of which some components are kept, and the others summed into `init`: what enters the layers kept.
///
/// The row of the sum is as wide as the representation, and its map the identity. `bias` still holds the constants of
/// all layers.
pub struct LastLayers {
    specs: Vec<RowSpec>,
    maps: Vec<Tensor>,
    kept: Vec<usize>,
    summed: Vec<(usize, Tensor)>,
    dim: usize,
}

impl LastLayers {
    /// Whether a component keeps its own row where `is_kept` says which layers do.
    #[must_use]
    pub fn keeps(component: Component, is_kept: &dyn Fn(Component) -> bool) -> bool {
        match component.kind {
            ComponentKind::Init => false,
            ComponentKind::Bias => true,
            _ => is_kept(component),
        }
    }

    /// Keeps the components that `is_kept` says, and `bias`; never `init`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn new(decomposer: &Decomposer, is_kept: &dyn Fn(Component) -> bool) -> Result<Self> {
        let dim = decomposer.dim()?;
        let mut last = Self {
            specs: vec![RowSpec {
                component: Component::init(),
                width: dim,
            }],
            maps: vec![Tensor::eye(dim, DType::F32, &Device::Cpu)?],
            kept: Vec::new(),
            summed: Vec::new(),
            dim,
        };
        let all = decomposer.specs().iter().zip(decomposer.maps());
        for (index, (spec, map)) in all.enumerate() {
            if Self::keeps(spec.component, is_kept) {
                last.kept.push(index);
                last.specs.push(spec.clone());
                last.maps.push(map.clone());
            } else {
                last.summed.push((index, map.clone()));
            }
        }
        Ok(last)
    }

    /// The components, in canonical order, and how wide their rows are.
    #[must_use]
    pub fn specs(&self) -> &[RowSpec] {
        &self.specs
    }

    /// The components' maps, `[d, Dz]` each.
    #[must_use]
    pub fn maps(&self) -> &[Tensor] {
        &self.maps
    }

    /// The rows of these components, from those of all.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn rows(&self, mut rows: Rows) -> Result<Rows> {
        let count = rows.len();
        let mut sum = Tensor::zeros((count, self.dim), DType::F32, &Device::Cpu)?;
        for (index, map) in &self.summed {
            let slab = std::mem::take(&mut rows.slabs[*index]);
            let slab = Tensor::from_vec(slab, (count, map.dim(0)?), &Device::Cpu)?;
            sum = (sum + slab.matmul(map)?)?;
        }
        let kept = self.kept.iter();
        let mut slabs = vec![sum.flatten_all()?.to_vec1()?];
        slabs.extend(kept.map(|index| std::mem::take(&mut rows.slabs[*index])));
        Ok(Rows { slabs, ..rows })
    }
}
