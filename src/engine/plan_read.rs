//! What a plan says is read of stored contributions: whose rows, of which images, how much.

use super::explain::Step;
use super::rank::how_many;
use super::scores::Stored;
use crate::contributions::Contributions;
use crate::store::Precision;

/// Columns that are read.
pub(super) struct Read {
    whose: String,
    /// The components, where they are known before units are chosen.
    components: Option<Vec<usize>>,
    representations: bool,
}

impl Read {
    /// The rows of these components, called so.
    pub fn of(components: &[usize], whose: &str) -> Self {
        Self {
            whose: format!("rows of {whose}"),
            components: Some(components.to_vec()),
            representations: false,
        }
    }

    /// The rows of all components.
    pub fn all(stored: &Stored) -> Self {
        let all: Vec<usize> = (0..stored.specs().len()).collect();
        Self::of(&all, &format!("{} components", all.len()))
    }

    /// The representations alone.
    pub fn representations() -> Self {
        Self {
            whose: "representations".to_owned(),
            components: Some(Vec::new()),
            representations: true,
        }
    }

    /// The rows of what is chosen only when the statement runs.
    pub fn some(whose: &str) -> Self {
        Self {
            whose: format!("rows of {whose}"),
            components: None,
            representations: false,
        }
    }

    /// The step: of the images that take part, in the parts that hold any of them. A column of such a part is read whole.
    pub fn step(&self, stored: &Stored, keep: &[bool]) -> Step {
        let done = stored.decomposition();
        let manifest = done.manifest();
        let kept = |part: &&crate::store::Part| {
            let ids = part.first..part.end.min(keep.len());
            ids.clone().any(|id| keep[id])
        };
        let parts: Vec<_> = manifest.parts.iter().filter(kept).collect();
        let images = how_many(keep);
        let size = self.components.as_ref().map(|components| {
            let bytes = match manifest.precision {
                Precision::F32 => 4,
                Precision::F16 => 2,
            };
            let widths = components.iter().map(|&i| bytes * done.specs()[i].width);
            let of_image =
                widths.sum::<usize>() + usize::from(self.representations) * 4 * done.dims();
            let rows: usize = parts.iter().map(|part| part.rows).sum();
            format!(", {:.1} MB", (rows * of_image) as f64 / 1e6)
        });
        Step::new(format!(
            "read: {}, {images} of {} images of {}, {} of {} parts{}",
            self.whose,
            keep.len(),
            manifest.set,
            parts.len(),
            manifest.parts.len(),
            size.unwrap_or_default()
        ))
    }
}
