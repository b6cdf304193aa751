//! Token maps of a set's images, one by one, each along the text of what is in it where that is known.

use std::sync::Arc;

use image::RgbImage;

use super::labels::labels;
use super::rank::clip_of;
use super::retrieve::mean_row;
use super::scores::Split;
use super::token_maps::TokenMapper;
use super::{Desk, EngineError};
use crate::analysis::{Grid, Labels, TokenMap};
use crate::lang::query::{Concept, Question, Target};
use crate::store::{ImageSet, StoreError};

/// A set made ready to be mapped.
pub(super) struct MapSet {
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
pub(super) struct Mapped {
    /// What the model saw.
    pub seen: RgbImage,
    /// The map, pixel by pixel.
    pub pixels: Grid,
    /// The map for the text of another class, where the image has its own.
    pub other: Option<Grid>,
    /// The true mask, likewise; nothing where none is known.
    pub truth: Option<Vec<bool>>,
}

impl Desk<'_> {
    /// Makes the set of a question ready: its one concept, its chosen units.
    ///
    /// A feature that is named like a column of the set means for each image the texts of the class it is in, as published
    /// masks are made for an image's true class (arXiv 2406.01583), less the mean over all classes (arXiv 2310.05916): what
    /// they have in common says nothing about which of them is there. Any other feature means the mean over its texts.
    pub(super) fn map_set(
        &mut self,
        question: &Question,
        target: &Target,
        concept: &Concept,
    ) -> Result<MapSet, EngineError> {
        let clip = clip_of(target)?;
        let set = question.segmented.as_ref().unwrap_or(&target.set);
        let set = self.set(set)?;
        let (name, count) = (concept.label(), concept.texts().len());
        let embedded = self.embed(clip, concept, &question.template)?;
        let mean = mean_row(&embedded.rows, count);
        let (mut texts, mut directions) = (Vec::new(), Vec::new());
        let classes = own_classes(&set, concept);
        if let Some(labels) = &classes {
            let template = &question.template;
            let own = self.class_directions(clip, set.name(), &name, &labels.classes, template)?;
            texts.extend(own.texts.iter().map(|texts| texts.join(", ")));
            directions = less_their_mean(own.directions, mean.len());
        }
        texts.push(name.clone());
        directions.extend(mean);
        let (mapper, mut notes) = self.mapper(question, target, &directions)?;
        if set.name() != target.set {
            notes.push(format!(
                "with {} as aligned on {}",
                target.model, target.set
            ));
        }
        let last = texts.len() - 1;
        let meant = |row: usize| classes.as_ref().and_then(|labels| labels.of(row as u32));
        let meant: Vec<usize> = (0..set.len())
            .map(|row| meant(row).unwrap_or(last))
            .collect();
        if last > 0 {
            notes.push(format!(
                "each image for the text of its own {name}, less the mean over all {last}"
            ));
        } else if count > 1 {
            notes.push(format!("for the mean of {count} texts"));
        }
        Ok(MapSet {
            fitted_on: set.name() == target.set,
            each_its_own: last > 0,
            set,
            mapper,
            meant,
            texts,
            notes,
        })
    }
}

/// What a feature's column says about the images of a set, where it has one of classes.
pub(super) fn own_classes(set: &ImageSet, concept: &Concept) -> Option<Labels> {
    match concept {
        Concept::Feature { name, .. } => labels(set.frame(), name).ok(),
        Concept::Texts(_) => None,
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
    pub fn text(&self, row: usize) -> &str {
        &self.texts[self.meant[row]]
    }

    /// How many of `rows` the alignment may have been fitted on, where the set says so.
    pub fn fitted(&self, rows: &[usize]) -> usize {
        let split = Split::of(self.set.frame());
        match self.fitted_on && split.is_known() {
            true => rows.iter().filter(|&&row| split.fits(row as u32)).count(),
            false => 0,
        }
    }

    /// Maps image `row`, also for another class's text if that is `compared`; nothing if it can't be read.
    pub fn look(&self, row: usize, compared: bool) -> Result<Option<Mapped>, EngineError> {
        let picture = match self.set.decode(row) {
            Ok(picture) => picture,
            Err(StoreError::Image { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mask = self.set.mask(row)?;
        let (meant, last) = (self.meant[row], self.texts.len() - 1);
        let mut wanted = vec![meant as u32];
        if compared && meant < last && last > 1 {
            wanted.push(((meant + 1) % last) as u32);
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
