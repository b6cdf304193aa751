//! Token maps of a set's images, one by one, each along the text that is true of it where that is known.

use image::RgbImage;

use super::rank::clip_of;
use super::retrieve::mean_row;
use super::scores::Split;
use super::token_maps::TokenMapper;
use super::{Desk, EngineError};
use crate::analysis::{Grid, TokenMap};
use crate::lang::query::{Concept, Question, Target};
use crate::store::{ImageSet, StoreError};

/// A set made ready to be mapped.
pub(super) struct MapSet {
    /// The set.
    pub set: ImageSet,
    /// Whether it is the set that the alignment was fitted on.
    fitted_on: bool,
    mapper: TokenMapper,
    /// The concept's texts, where each image has its own, and after them what all of them mean together.
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
    /// The map for another text of the feature, where the image has its own.
    pub other: Option<Grid>,
    /// The true mask, likewise; nothing where none is known.
    pub truth: Option<Vec<bool>>,
}

impl Desk<'_> {
    /// Makes the set of a question ready: its one concept, its chosen units.
    ///
    /// A feature that is named like a column of the set means for each image the text that names the column's value, as
    /// published masks are made for an image's true class (arXiv 2406.01583), less the mean over all texts (arXiv
    /// 2310.05916): what they have in common says nothing about which of them is there. Any other feature means the mean
    /// over its texts.
    pub(super) fn map_set(
        &mut self,
        question: &Question,
        target: &Target,
        concept: &Concept,
    ) -> Result<MapSet, EngineError> {
        let set = question.segmented.as_ref().unwrap_or(&target.set);
        let set = self.store.set(set)?;
        let embedded = self.embed(clip_of(target)?, concept, &question.template)?;
        let own = own_texts(&set, concept);
        let each_its_own = own.iter().any(Option::is_some);
        let count = concept.texts().len();
        let mean = mean_row(&embedded.rows, count);
        let (mut texts, mut directions) = (Vec::new(), Vec::new());
        if each_its_own {
            texts.extend_from_slice(concept.texts());
            for row in embedded.rows.chunks_exact(mean.len()) {
                directions.extend(row.iter().zip(&mean).map(|(v, mean)| f64::from(*v) - mean));
            }
        }
        texts.push(concept.label());
        directions.extend(mean);
        let (mapper, mut notes) = self.mapper(question, target, &directions)?;
        if set.name() != target.set {
            notes.push(format!(
                "with {} as aligned on {}",
                target.model, target.set
            ));
        }
        notes.extend(words_of(concept, &own));
        let last = texts.len() - 1;
        Ok(MapSet {
            fitted_on: set.name() == target.set,
            set,
            mapper,
            meant: own.into_iter().map(|text| text.unwrap_or(last)).collect(),
            texts,
            each_its_own,
            notes,
        })
    }
}

/// What the images are searched for, where that isn't one text.
fn words_of(concept: &Concept, own: &[Option<usize>]) -> Option<String> {
    let (name, count) = (concept.label(), concept.texts().len());
    let without = own.iter().filter(|text| text.is_none()).count();
    if count == 1 {
        return None;
    }
    if without == own.len() {
        return Some(format!("for the mean of {count} texts"));
    }
    let rest = match without {
        0 => String::new(),
        some => format!(
            "; {some} images, whose {name} no text or several name, for the mean of all texts"
        ),
    };
    Some(format!(
        "each image for the text that names its {name}, less the mean of the {count} texts{rest}"
    ))
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

    /// Maps image `row`, also for another text of the feature if that is `compared`; nothing if it can't be read.
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

/// For each image the one text of a feature that names the value of the column of the feature's name.
fn own_texts(set: &ImageSet, concept: &Concept) -> Vec<Option<usize>> {
    let column = match concept {
        Concept::Feature { name, .. } => set.frame().column(name).ok(),
        Concept::Texts(_) => None,
    };
    match column.and_then(|column| column.str().ok()) {
        Some(values) => values
            .iter()
            .map(|value| naming(concept.texts(), value?))
            .collect(),
        None => vec![None; set.len()],
    }
}

/// The one text that has `value` among its words; nothing where none has it, or several.
fn naming(texts: &[String], value: &str) -> Option<usize> {
    let value: Vec<String> = words(value);
    let names = |text: &String| {
        let words = words(text);
        !value.is_empty() && words.windows(value.len()).any(|some| some == value)
    };
    let mut found = (0..texts.len()).filter(|&index| names(&texts[index]));
    match (found.next(), found.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::naming;

    #[test]
    fn a_value_is_named_by_the_one_text_that_has_its_words() {
        let texts = ["a dog", "an Arctic fox", "a hot dog stand", "small bird"].map(str::to_owned);
        assert_eq!(naming(&texts, "arctic fox"), Some(1));
        assert_eq!(naming(&texts, "bird"), Some(3));
        assert_eq!(naming(&texts, "dog"), None, "two name it");
        assert_eq!(naming(&texts, "do"), None, "words are whole");
        assert_eq!(naming(&texts, ""), None);
    }
}
