//! [`OneImage`]: the ticket to look at a single image, of a set or in a file.

use std::path::PathBuf;
use std::sync::Arc;

use image::RgbImage;

use crate::desk::{DeskError, Planner};
use crate::files::paths;
use crate::lang::query::Image;
use crate::store::{ImageSet, read_image};

/// The right to look at an image.
pub struct OneImage {
    /// What it is called: `scenes[17]`, `probe.jpg`.
    pub name: String,
    source: Source,
}

enum Source {
    File(PathBuf),
    InSet { set: Arc<ImageSet>, row: usize },
}

impl Planner<'_> {
    /// The right to look at an image. That is no step: what is done with it says which image it is done with.
    ///
    /// # Errors
    /// When there is no such set, or its table is not whole.
    pub fn one_image(&self, image: &Image) -> Result<OneImage, DeskError> {
        Ok(match image {
            Image::File(path) => OneImage {
                name: path.clone(),
                source: Source::File(paths::expand(path)),
            },
            Image::InSet { set, row } => OneImage {
                name: format!("{set}[{row}]"),
                source: Source::InSet {
                    set: self.set(set)?,
                    row: *row,
                },
            },
        })
    }
}

impl OneImage {
    /// Its pixels.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn decode(&self) -> Result<RgbImage, DeskError> {
        Ok(match &self.source {
            Source::File(path) => read_image(path)?,
            Source::InSet { set, row } => set.decode(*row)?,
        })
    }
}
