//! A stored decomposition, as a statement knows it: what it is of, not its rows. Those are read with a ticket alone
//! ([`Rows`](crate::desk::stored::rows::Rows)).

use std::borrow::Cow;
use std::ops::Range;

use crate::align::{NoTarget, Targets};
use crate::contributions::{Contributions, ReadError, Slab};
use crate::decompose::RowSpec;
use crate::desk::DeskError;
use crate::kernels::Numbers;
use crate::store::{Decomposition, StoreError};

/// A stored decomposition.
pub struct Stored(Lying);

impl Stored {
    /// A decomposition, none of whose rows are read yet.
    #[must_use]
    pub fn new(decomposition: Decomposition) -> Self {
        Self(Lying(decomposition))
    }

    /// Its components, in order, and how wide the row of each is.
    #[must_use]
    pub fn specs(&self) -> &[RowSpec] {
        self.0.0.specs()
    }

    /// Width of the representation.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.0.0.dims()
    }

    /// How many images it holds.
    #[must_use]
    pub fn images(&self) -> usize {
        self.0.0.len()
    }

    /// How many images of the set it leaves out, as they could not be read.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.0.0.manifest().skipped().count()
    }

    /// What the forward pass multiplied.
    #[must_use]
    pub fn forward(&self) -> Numbers {
        self.0.0.manifest().forward
    }

    /// The model it is of.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.0.0.manifest().model
    }

    /// The images it is of.
    #[must_use]
    pub fn set(&self) -> &str {
        &self.0.0.manifest().set
    }

    /// The decomposition.
    pub(in crate::desk) fn decomposition(&self) -> &Decomposition {
        &self.0.0
    }

    /// All of its rows and maps. That the maps are there is checked first, so that reading them later cannot fail.
    ///
    /// # Errors
    /// When they are missing or damaged.
    pub(in crate::desk) fn contributions(&self) -> Result<&dyn Contributions, DeskError> {
        self.0.0.map(0)?;
        Ok(&self.0)
    }
}

/// A decomposition on disk as contributions.
struct Lying(Decomposition);

impl Contributions for Lying {
    fn specs(&self) -> &[RowSpec] {
        self.0.specs()
    }

    fn map(&self, component: usize) -> &[f32] {
        self.0
            .map(component)
            .expect("all maps were loaded when this was made")
    }

    fn dim(&self) -> usize {
        self.0.dims()
    }

    fn parts(&self) -> usize {
        self.0.parts()
    }

    fn ids(&self, part: usize) -> Result<Cow<'_, [u32]>, ReadError> {
        let part = self.0.part(part).map_err(unreadable)?;
        Ok(Cow::Borrowed(part.ids()))
    }

    fn z(&self, part: usize) -> Result<Cow<'_, [f32]>, ReadError> {
        let part = self.0.part(part).map_err(unreadable)?;
        part.z().map(Cow::Borrowed).map_err(unreadable)
    }

    fn slab(&self, part: usize, component: usize) -> Result<Slab<'_>, ReadError> {
        let part = self.0.part(part).map_err(unreadable)?;
        part.slab(component).map_err(unreadable)
    }

    fn covers(&self, part: usize) -> Option<Range<u32>> {
        let part = &self.0.manifest().parts[part];
        Some(part.first as u32..part.end as u32)
    }
}

fn unreadable(error: StoreError) -> ReadError {
    ReadError(Box::new(error))
}

/// The representations of a stored CLIP decomposition, by image.
pub struct StoredTargets(pub(in crate::desk) Decomposition);

impl StoredTargets {
    /// The ids of the images, sorted.
    ///
    /// # Errors
    /// When a part can't be read.
    pub fn ids(&self) -> Result<Vec<u32>, DeskError> {
        let mut ids = Vec::new();
        for part in 0..self.0.parts() {
            ids.extend_from_slice(self.0.part(part)?.ids());
        }
        Ok(ids)
    }
}

impl Targets for StoredTargets {
    fn dim(&self) -> usize {
        self.0.dims()
    }

    fn read(&self, ids: &[u32]) -> Result<Vec<f32>, ReadError> {
        let width = self.0.dims();
        let mut values = Vec::with_capacity(ids.len() * width);
        for id in ids {
            let part = self
                .0
                .manifest()
                .parts
                .partition_point(|part| part.end <= *id as usize);
            let missing = || ReadError(Box::new(NoTarget(*id)));
            if part >= self.0.parts() {
                return Err(missing());
            }
            let part = self.0.part(part).map_err(unreadable)?;
            let row = part.ids().binary_search(id).map_err(|_| missing())?;
            values
                .extend_from_slice(&part.z().map_err(unreadable)?[row * width..(row + 1) * width]);
        }
        Ok(values)
    }
}
