//! Contributions in factored form: one short pooled row per component and image, one constant map per component.
//!
//! A readout pulled back to a component always ends as `contribution = row · map` (see [`crate::decompose`]), with the
//! row particular to the image and the map the same for all images. Rows are what is cached; maps are kept once.

use super::Component;

/// A component and how many numbers its pooled row has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowSpec {
    /// The component.
    pub component: Component,
    /// Numbers per image, `d`.
    pub width: usize,
}

/// The pooled rows of some images, component by component.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Which image of the set each row belongs to (its row number in the set's image table), `[B]`.
    pub ids: Vec<u32>,
    /// The representation z, `[B, Dz]`, row-major.
    pub z: Vec<f32>,
    /// One slab per component, in the order of its [`RowSpec`]s, each `[B, d]`, row-major.
    pub slabs: Vec<Vec<f32>>,
}

impl Rows {
    /// How many images the rows belong to.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Appends the rows of further images; both must hold the same components.
    pub fn append(&mut self, other: Self) {
        if self.slabs.is_empty() {
            *self = other;
            return;
        }
        assert_eq!(
            self.slabs.len(),
            other.slabs.len(),
            "rows of the same components"
        );
        self.ids.extend(other.ids);
        self.z.extend(other.z);
        for (mine, theirs) in self.slabs.iter_mut().zip(other.slabs) {
            mine.extend(theirs);
        }
    }
}
