//! What is asked about vectors, whoever's they are, and the ticket to read them.

use std::path::PathBuf;
use std::sync::Arc;

use crate::analysis::Group;
use crate::desk::plan::count_of;
use crate::desk::stored::alignments::AlignmentTo;
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::rows::Rows;
use crate::desk::units::groups::{components_of, groups};
use crate::desk::{DeskError, Planner};
use crate::files::paths;
use crate::lang::ast::Clause;
use crate::lang::catalog::ModelInfo;
use crate::lang::filter::Filter;
use crate::lang::query::{Stage, Target, Unit};
use crate::lang::resolve::{Names, Resolved};
use crate::lang::span::Spanned;
use crate::store::ImageSet;

/// Which model's vectors, in which space, of which images.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorsAsked {
    /// The model, and the images.
    pub target: Target,
    /// The CLIP whose space they are carried into; `None` for that of the representation.
    pub clip: Option<String>,
    /// Which images count; `None` for all.
    pub images: Option<Filter>,
    /// The greatest number of images.
    pub limit: Option<usize>,
}

/// The right to read vectors.
pub struct VectorsOf {
    /// The rows that they are sums of, or the representations.
    pub(super) rows: Rows,
    /// Into CLIP's space, if that was asked for.
    pub(super) alignment: Option<AlignmentTo>,
    /// Whose contributions; nothing for the representation.
    pub(super) units: Option<Vec<Group>>,
    /// The images.
    pub(super) set: Arc<ImageSet>,
    /// The Parquet file that they are for, if nothing else is to be done with them: they may be written as they come.
    pub(super) file: Option<PathBuf>,
}

impl VectorsAsked {
    /// All but the images that count.
    pub(super) fn read(
        said: &Clause,
        model: Spanned<&ModelInfo>,
        names: &mut Names<'_>,
    ) -> Resolved<Self> {
        let set = names.set_decomposed_with(model, said.said("on"))?;
        let clip = match said.has("aligned") {
            true => Some(names.clip_for(model, &set)?),
            false => None,
        };
        Ok(Self {
            target: Target {
                model: model.value.name.clone(),
                set,
            },
            clip,
            images: None,
            limit: names.limit(said)?,
        })
    }

    /// Plans to read the contributions of units; the representations for `None`.
    pub(super) fn plan(
        &self,
        stored: &Arc<Stored>,
        units: Option<&[Unit]>,
        planner: &mut Planner<'_>,
    ) -> Result<VectorsOf, DeskError> {
        let set = planner.set(&self.target.set)?;
        let keep = self.images_wanted(&set, planner)?;
        let groups = units.map(|units| groups(stored.specs(), units));
        let groups = groups.transpose()?;
        let rows = match (units, &self.clip) {
            (Some(units), _) => {
                let components = components_of(stored.specs(), units)?.components;
                let whose = count_of(units.len(), "unit");
                planner.rows_of(stored, &components, &whose, keep)
            }
            // Aligned, it is the sum of all contributions.
            (None, Some(_)) => planner.all_rows(stored, keep),
            (None, None) => planner.representations(stored, keep),
        };
        let alignment = self.clip.as_ref();
        let alignment = alignment.map(|clip| planner.alignment(stored, clip));
        Ok(VectorsOf {
            rows,
            alignment: alignment.transpose()?,
            units: groups,
            set,
            file: file(planner),
        })
    }

    /// Which images' vectors are asked for.
    fn images_wanted(&self, set: &ImageSet, planner: &Planner<'_>) -> Result<Vec<bool>, DeskError> {
        let mut keep = planner.images_satisfying(set, self.images.as_ref())?;
        if let Some(most) = self.limit {
            let beyond = (0..keep.len()).filter(|id| keep[*id]).nth(most);
            keep[beyond.unwrap_or(set.len())..].fill(false);
        }
        Ok(keep)
    }
}

/// The Parquet file that an answer is for, if it is only to be saved there.
fn file(planner: &Planner<'_>) -> Option<PathBuf> {
    let ([Stage::Save(path)], false) = planner.afterwards() else {
        return None;
    };
    let path = paths::expand(path);
    let end = path.extension()?;
    end.eq_ignore_ascii_case("parquet").then_some(path)
}
