//! A stored decomposition, as a statement knows it: what it is of, not its rows. Those are read with a ticket alone
//! ([`Rows`](crate::desk::stored::rows::Rows)).

use std::borrow::Cow;
use std::ops::Range;

use crate::contributions::{Contributions, ReadError, Slab};
use crate::decompose::RowSpec;
use crate::desk::DeskError;
use crate::kernels::Numbers;
use crate::store::{Decomposition, StoreError};

/// A stored decomposition.
pub struct Stored {
    on_disk: OnDisk,
}

impl Stored {
    /// A decomposition, none of whose rows are read yet.
    #[must_use]
    pub fn new(decomposition: Decomposition) -> Self {
        Self {
            on_disk: OnDisk { decomposition },
        }
    }

    /// Its components, in order, and how wide the row of each is.
    #[must_use]
    pub fn specs(&self) -> &[RowSpec] {
        self.decomposition().specs()
    }

    /// Width of the representation.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.decomposition().dims()
    }

    /// How many images it holds.
    #[must_use]
    pub fn images(&self) -> usize {
        self.decomposition().len()
    }

    /// How many images of the set it leaves out, as they could not be read.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.decomposition().manifest().skipped().count()
    }

    /// What the forward pass multiplied.
    #[must_use]
    pub fn forward(&self) -> Numbers {
        self.decomposition().manifest().forward
    }

    /// The model it is of.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.decomposition().manifest().model
    }

    /// The images it is of.
    #[must_use]
    pub fn set(&self) -> &str {
        &self.decomposition().manifest().set
    }

    /// The decomposition.
    pub(in crate::desk) fn decomposition(&self) -> &Decomposition {
        &self.on_disk.decomposition
    }

    /// All of its rows and maps. That the maps are there is checked first, so that reading them later cannot fail.
    ///
    /// # Errors
    /// When they are missing or damaged.
    pub(in crate::desk) fn contributions(&self) -> Result<&dyn Contributions, DeskError> {
        self.decomposition().map(0)?;
        Ok(&self.on_disk)
    }
}

/// A decomposition on disk as contributions.
struct OnDisk {
    decomposition: Decomposition,
}

impl Contributions for OnDisk {
    fn specs(&self) -> &[RowSpec] {
        self.decomposition.specs()
    }

    fn map(&self, component: usize) -> &[f32] {
        self.decomposition
            .map(component)
            .expect("all maps were loaded when this was made")
    }

    fn dim(&self) -> usize {
        self.decomposition.dims()
    }

    fn parts(&self) -> usize {
        self.decomposition.parts()
    }

    fn ids(&self, part: usize) -> Result<Cow<'_, [u32]>, ReadError> {
        let part = self.decomposition.part(part).map_err(unreadable)?;
        Ok(Cow::Borrowed(part.ids()))
    }

    fn z(&self, part: usize) -> Result<Cow<'_, [f32]>, ReadError> {
        let part = self.decomposition.part(part).map_err(unreadable)?;
        part.z().map(Cow::Borrowed).map_err(unreadable)
    }

    fn slab(&self, part: usize, component: usize) -> Result<Slab<'_>, ReadError> {
        let part = self.decomposition.part(part).map_err(unreadable)?;
        part.slab(component).map_err(unreadable)
    }

    fn covers(&self, part: usize) -> Option<Range<u32>> {
        let part = &self.decomposition.manifest().parts[part];
        Some(part.first as u32..part.end as u32)
    }
}

pub(super) fn unreadable(error: StoreError) -> ReadError {
    ReadError(Box::new(error))
}
