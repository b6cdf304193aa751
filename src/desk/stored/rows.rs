//! [`Rows`]: the ticket to read stored rows. It says whose, of which images; reading others is refused.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::contributions::{Contributions, ReadError, Slab};
use crate::decompose::RowSpec;
use crate::desk::plan::{Reading, Work};
use crate::desk::stored::decomposition::Stored;
use crate::desk::tables::wording::how_many;
use crate::desk::{DeskError, Planner};
use crate::store::{Part, Precision};

/// The right to read rows of a stored decomposition.
#[derive(Clone)]
pub struct Rows {
    stored: Arc<Stored>,
    /// Whose rows; nothing where that is known only when units are chosen.
    components: Option<Vec<usize>>,
    /// Whether representations are read.
    representations: bool,
    /// Which images take part, by id.
    keep: Vec<bool>,
}

impl Planner<'_> {
    /// Plans to read the rows of these components, called so: `1 unit`.
    pub fn rows_of(
        &mut self,
        stored: &Arc<Stored>,
        components: &[usize],
        whose: &str,
        keep: Vec<bool>,
    ) -> Rows {
        let what = format!("rows of {whose}");
        self.read(stored, Some(components.to_vec()), false, what, keep)
    }

    /// Plans to read the rows of all components.
    pub fn all_rows(&mut self, stored: &Arc<Stored>, keep: Vec<bool>) -> Rows {
        let all: Vec<usize> = (0..stored.specs().len()).collect();
        self.rows_of(stored, &all, &format!("{} components", all.len()), keep)
    }

    /// Plans to read the representations alone.
    pub fn representations(&mut self, stored: &Arc<Stored>, keep: Vec<bool>) -> Rows {
        let what = "representations".to_owned();
        self.read(stored, Some(Vec::new()), true, what, keep)
    }

    /// Plans to read representations, and the rows of these components, called so: `2 components`.
    pub fn rows_and_representations(
        &mut self,
        stored: &Arc<Stored>,
        components: &[usize],
        whose: &str,
        keep: Vec<bool>,
    ) -> Rows {
        let what = format!("rows of {whose}, and representations");
        self.read(stored, Some(components.to_vec()), true, what, keep)
    }

    /// Plans to read the rows of components that are chosen only when the statement runs, called so: `the chosen
    /// components`.
    pub fn chosen_rows(&mut self, stored: &Arc<Stored>, whose: &str, keep: Vec<bool>) -> Rows {
        self.read(stored, None, false, format!("rows of {whose}"), keep)
    }

    /// As [`Self::chosen_rows`], and representations.
    pub fn chosen_rows_and_representations(
        &mut self,
        stored: &Arc<Stored>,
        whose: &str,
        keep: Vec<bool>,
    ) -> Rows {
        let what = format!("rows of {whose}, and representations");
        self.read(stored, None, true, what, keep)
    }

    /// Plans to read all rows and representations again and again, as a fit does.
    ///
    /// # Errors
    /// When there is no such set.
    pub fn rows_in_epochs(&mut self, stored: &Arc<Stored>) -> Result<Rows, DeskError> {
        let (images, set) = (stored.images(), stored.set());
        self.says(format!(
            "read: rows of {images} images of {set}, in every epoch anew if they take more than 256 MB"
        ));
        Ok(Rows {
            components: Some((0..stored.specs().len()).collect()),
            representations: true,
            keep: vec![true; self.set_info(set)?.rows],
            stored: stored.clone(),
        })
    }

    fn read(
        &mut self,
        stored: &Arc<Stored>,
        components: Option<Vec<usize>>,
        representations: bool,
        what: String,
        keep: Vec<bool>,
    ) -> Rows {
        let rows = Rows {
            stored: stored.clone(),
            components,
            representations,
            keep,
        };
        self.add(Work::Read(rows.reading(what)));
        rows
    }
}

impl Rows {
    /// What is read: of the images that take part, in the parts that hold any of them.
    fn reading(&self, what: String) -> Reading {
        let done = self.stored.decomposition();
        let manifest = done.manifest();
        let kept = |part: &&Part| {
            let mut ids = part.first..part.end.min(self.keep.len());
            ids.any(|id| self.keep[id])
        };
        let parts: Vec<_> = manifest.parts.iter().filter(kept).collect();
        let bytes = self.components.as_ref().map(|components| {
            let bytes = match manifest.precision {
                Precision::F32 => 4,
                Precision::F16 => 2,
            };
            let widths = components.iter().map(|&i| bytes * done.specs()[i].width);
            let of_image =
                widths.sum::<usize>() + usize::from(self.representations) * 4 * done.dims();
            parts.iter().map(|part| part.rows).sum::<usize>() * of_image
        });
        Reading {
            what,
            set: manifest.set.clone(),
            images: how_many(&self.keep),
            images_of_set: self.keep.len(),
            parts: parts.len(),
            parts_of_all: manifest.parts.len(),
            bytes,
        }
    }

    /// Those of one image, of whatever components are chosen; the step that reads them says so in words of its own.
    pub(in crate::desk) fn of_image(stored: &Arc<Stored>, id: u32) -> Self {
        let mut keep = vec![false; id as usize];
        keep.push(true);
        Self {
            stored: stored.clone(),
            components: None,
            representations: false,
            keep,
        }
    }

    /// Whether representations are among what may be read.
    #[must_use]
    pub fn with_representations(&self) -> bool {
        self.representations
    }

    /// The decomposition whose rows they are.
    #[must_use]
    pub fn stored(&self) -> &Arc<Stored> {
        &self.stored
    }

    /// Which images take part, by id.
    #[must_use]
    pub fn images(&self) -> &[bool] {
        &self.keep
    }

    /// Whether an image takes part.
    pub fn keeps(&self) -> impl Fn(u32) -> bool + Sync + '_ {
        |id| self.keep.get(id as usize) == Some(&true)
    }

    /// The rows.
    ///
    /// # Errors
    /// When the maps that go with them are missing or damaged.
    pub fn open(&self) -> Result<PlannedRows<'_>, DeskError> {
        Ok(PlannedRows {
            rows: self,
            all: self.stored.contributions()?,
        })
    }
}

/// Rows that a plan names. Reading any others fails.
pub struct PlannedRows<'a> {
    rows: &'a Rows,
    all: &'a dyn Contributions,
}

/// A statement reads what its plan does not name.
#[derive(Debug, thiserror::Error)]
#[error("{what} of {model} on {set} were read, which the plan does not name")]
struct Unplanned {
    what: String,
    model: String,
    set: String,
}

impl PlannedRows<'_> {
    fn unplanned(&self, what: String) -> ReadError {
        let (model, set) = (self.rows.stored.model(), self.rows.stored.set());
        ReadError(Box::new(Unplanned {
            what,
            model: model.to_owned(),
            set: set.to_owned(),
        }))
    }
}

impl Contributions for PlannedRows<'_> {
    fn specs(&self) -> &[RowSpec] {
        self.all.specs()
    }

    fn map(&self, component: usize) -> &[f32] {
        self.all.map(component)
    }

    fn dim(&self) -> usize {
        self.all.dim()
    }

    fn parts(&self) -> usize {
        self.all.parts()
    }

    fn ids(&self, part: usize) -> Result<Cow<'_, [u32]>, ReadError> {
        self.all.ids(part)
    }

    fn z(&self, part: usize) -> Result<Cow<'_, [f32]>, ReadError> {
        match self.rows.representations {
            true => self.all.z(part),
            false => Err(self.unplanned("representations".to_owned())),
        }
    }

    fn slab(&self, part: usize, component: usize) -> Result<Slab<'_>, ReadError> {
        let planned = self.rows.components.as_ref();
        match planned.is_none_or(|planned| planned.contains(&component)) {
            true => self.all.slab(part, component),
            false => {
                let name = &self.specs()[component].component;
                Err(self.unplanned(format!("rows of {name}")))
            }
        }
    }

    fn covers(&self, part: usize) -> Option<Range<u32>> {
        self.all.covers(part)
    }
}
