//! Token maps of a set's images, one by one, each along the text of what is in it where that is known.

use std::sync::Arc;

use image::RgbImage;

use super::one_image::TokenMapper;
use super::searched::SearchedFor;
use super::ticket::Mapper;
use crate::analysis::{Grid, TokenMap};
use crate::desk::DeskError;
use crate::desk::images::split::Split;
use crate::desk::texts::class_texts;
use crate::store::{ImageSet, StoreError};

/// A set made ready to be mapped.
pub struct MapSet {
    /// The set.
    pub set: Arc<ImageSet>,
    /// Whether it is the set that the alignment was fitted on.
    fitted_on: bool,
    mapper: TokenMapper,
    /// The texts of each class, where the images have classes of their own, and last the concept as a whole.
    texts: Vec<String>,
    /// Which of them is meant, by image.
    meant: Vec<usize>,
    /// Whether that differs from image to image.
    pub each_its_own: bool,
    /// What to say about it.
    pub notes: Vec<String>,
}

/// What was found in one image.
pub struct Mapped {
    /// What the model saw.
    pub seen: RgbImage,
    /// The map, pixel by pixel.
    pub pixels: Grid,
    /// The map for the text of another class, where the image has its own.
    pub other: Option<Grid>,
    /// The true mask, likewise; nothing where none is known.
    pub truth: Option<Vec<bool>>,
}

impl Mapper {
    /// Makes a set ready to be searched for something.
    ///
    /// A feature that is named like a column of the set means for each image the texts of the class it is in, as published
    /// masks are made for an image's true class (arXiv 2406.01583), less the mean over all classes (arXiv 2310.05916): what
    /// they have in common says nothing about which of them is there. Any other feature means the mean over its texts.
    ///
    /// # Errors
    /// As [`Mapper::along`].
    pub fn in_set(&self, set: &Arc<ImageSet>, searched: &SearchedFor) -> Result<MapSet, DeskError> {
        let (concept, own_classes) = (&searched.concept, searched.classes.as_ref());
        let (name, count) = (concept.label(), concept.texts().len());
        let mean = self.embeddings.mean_of(concept.texts());
        let (mut texts, mut directions) = (Vec::new(), Vec::new());
        if let Some(own) = own_classes {
            texts.extend(own.texts.iter().map(|texts| texts.join(", ")));
            let each = class_texts::directions(&own.texts, &self.embeddings);
            directions = less_their_mean(each, mean.len());
        }
        texts.push(name.clone());
        directions.extend(mean);
        let (mapper, mut notes) = self.along(&directions)?;
        notes.extend(self.aligned_elsewhere(set.name()));
        let classes = texts.len() - 1;
        let class = |row: usize| own_classes.and_then(|own| own.labels.of(row as u32));
        let meant = (0..set.len()).map(|row| class(row).unwrap_or(classes));
        if classes > 0 {
            notes.push(format!(
                "each image for the text of its own {name}, less the mean over all {classes}"
            ));
        } else if count > 1 {
            notes.push(format!("for the mean of {count} texts"));
        }
        Ok(MapSet {
            fitted_on: set.name() == self.aligned_on(),
            each_its_own: classes > 0,
            set: set.clone(),
            mapper,
            meant: meant.collect(),
            texts,
            notes,
        })
    }
}

/// Every row of `[n, width]` less the mean of all.
fn less_their_mean(mut rows: Vec<f64>, width: usize) -> Vec<f64> {
    let count = (rows.len() / width.max(1)) as f64;
    let mut mean = vec![0.0; width];
    for row in rows.chunks_exact(width) {
        mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / count);
    }
    for row in rows.chunks_exact_mut(width) {
        row.iter_mut().zip(&mean).for_each(|(v, m)| *v -= m);
    }
    rows
}

impl MapSet {
    /// The text that image `row` is searched for.
    #[must_use]
    pub fn text(&self, row: usize) -> &str {
        &self.texts[self.meant[row]]
    }

    /// Says so if some of the images `rows` helped to fit the alignment.
    #[must_use]
    pub fn fitted_note(&self, rows: &[usize]) -> Option<String> {
        let fitted = self.fitted(rows);
        (fitted > 0).then(|| {
            format!(
                "{fitted} of {} images are there to fit alignments on; a condition on `split` leaves them out",
                rows.len()
            )
        })
    }

    /// How many of `rows` the alignment may have been fitted on, where the set says so.
    fn fitted(&self, rows: &[usize]) -> usize {
        let split = Split::of(self.set.frame());
        match self.fitted_on && split.is_known() {
            true => rows.iter().filter(|&&row| split.fits(row as u32)).count(),
            false => 0,
        }
    }

    /// Maps image `row`, also for another class's text if that is `compared`; nothing if it can't be read.
    ///
    /// # Errors
    /// When its mask can't be read, or the model can't run.
    pub fn look(&self, row: usize, compared: bool) -> Result<Option<Mapped>, DeskError> {
        let picture = match self.set.decode(row) {
            Ok(picture) => picture,
            Err(StoreError::Image { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mask = self.set.mask(row)?;
        let (meant, classes) = (self.meant[row], self.texts.len() - 1);
        let mut wanted = vec![meant as u32];
        if compared && meant < classes && classes > 1 {
            wanted.push(((meant + 1) % classes) as u32);
        }
        let found = self.mapper.maps(&picture, &wanted)?;
        Ok(Some(Mapped {
            seen: found.seen,
            pixels: found.maps[0].pixels(),
            other: found.maps.get(1).map(TokenMap::pixels),
            truth: mask.map(|mask| self.mapper.mask(&mask)),
        }))
    }
}
