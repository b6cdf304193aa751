//! How a set is split: which images are there to fit on, and which scores are taken on.

use polars::prelude::DataFrame;

use crate::store::fingerprint;

/// Values of a `split` column that say: these images were there to fit on.
const FITTED: [&str; 3] = ["fit", "train", "training"];

/// Which images of a set may be fitted on, and which scores are taken on.
#[derive(Clone, Debug)]
pub struct Split {
    /// By image id: whether it is there to fit on.
    fitted: Option<Vec<bool>>,
}

impl Split {
    /// Reads the column `split` of a set's table, if there is one with both kinds of images.
    #[must_use]
    pub fn of(frame: &DataFrame) -> Self {
        let column = frame
            .column("split")
            .ok()
            .and_then(|column| column.str().ok());
        let fitted = column.map(|column| {
            let is_fitted = |name: Option<&str>| name.is_some_and(|name| FITTED.contains(&name));
            column.iter().map(is_fitted).collect::<Vec<bool>>()
        });
        let mixed = |fitted: &Vec<bool>| fitted.contains(&true) && fitted.contains(&false);
        Self {
            fitted: fitted.filter(mixed),
        }
    }

    /// Whether the set says which images are which.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.fitted.is_some()
    }

    /// A name for this very split, that another one has not.
    pub(in crate::desk) fn fingerprint(&self) -> Option<String> {
        let bits = self.fitted.as_ref()?.iter().map(|&fitted| u8::from(fitted));
        Some(fingerprint(&bits.collect::<Vec<u8>>()))
    }

    /// Whether an alignment may be fitted on this image.
    #[must_use]
    pub fn fits(&self, id: u32) -> bool {
        self.fitted
            .as_ref()
            .is_none_or(|fitted| fitted.get(id as usize) == Some(&true))
    }

    /// Whether scores are taken on this image: one that was not fitted on, where that is known.
    #[must_use]
    pub fn scores(&self, id: u32) -> bool {
        self.fitted
            .as_ref()
            .is_none_or(|fitted| fitted.get(id as usize) == Some(&false))
    }
}
