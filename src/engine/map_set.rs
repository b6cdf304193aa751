//! Token maps of a set's images, one by one, each along the text that is true of it where that is known.

use image::RgbImage;

use super::rank::clip_of;
use super::retrieve::mean_row;
use super::scores::Split;
use super::token_maps::TokenMapper;
use super::{Desk, EngineError};
use crate::analysis::Grid;
use crate::lang::query::{Concept, Question, Target};
use crate::store::{ImageSet, StoreError};

/// A set made ready to be mapped.
pub(super) struct MapSet {
    /// The set.
    pub set: ImageSet,
    mapper: TokenMapper,
    /// The concept's texts, and after them all of them together where there are several.
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
    /// The true mask, likewise; nothing where none is known.
    pub truth: Option<Vec<bool>>,
}

impl Desk<'_> {
    /// Makes the set of a question ready: its one concept, its chosen units.
    ///
    /// A feature that is named like a column of the set means for each image the text that names the column's value, as
    /// published masks are made for an image's true class (arXiv 2406.01583); else the mean over its texts.
    pub(super) fn map_set(
        &mut self,
        question: &Question,
        target: &Target,
        concept: &Concept,
    ) -> Result<MapSet, EngineError> {
        let set = self.store.set(&target.set)?;
        let mut texts = concept.texts().to_vec();
        let embedded = self.embed(clip_of(target)?, concept, &question.template)?;
        let mut directions: Vec<f64> = embedded.rows.iter().map(|&v| f64::from(v)).collect();
        if texts.len() > 1 {
            directions.extend(mean_row(&embedded.rows, texts.len()));
            texts.push(concept.label());
        }
        let (mapper, mut notes) = self.mapper(question, target, &directions)?;
        let own = own_texts(&set, concept);
        let each_its_own = own.iter().any(Option::is_some);
        if each_its_own {
            let name = concept.label();
            let without = own.iter().filter(|text| text.is_none()).count();
            notes.push(match without {
                0 => format!("each image for the text that names its {name}"),
                some => format!(
                    "each image for the text that names its {name}; {some} images, whose {name} no text or several \
                     name, for the mean of all texts"
                ),
            });
        } else if concept.texts().len() > 1 {
            notes.push(format!("for the mean of {} texts", concept.texts().len()));
        }
        let last = texts.len() - 1;
        Ok(MapSet {
            set,
            mapper,
            meant: own.into_iter().map(|text| text.unwrap_or(last)).collect(),
            texts,
            each_its_own,
            notes,
        })
    }
}

impl MapSet {
    /// The text that image `row` is searched for.
    pub fn text(&self, row: usize) -> &str {
        &self.texts[self.meant[row]]
    }

    /// How many of `rows` the alignment may have been fitted on, where the set says so.
    pub fn fitted(&self, rows: &[usize]) -> usize {
        let split = Split::of(self.set.frame());
        match split.is_known() {
            true => rows.iter().filter(|&&row| split.fits(row as u32)).count(),
            false => 0,
        }
    }

    /// Maps image `row`; nothing if it can't be read.
    pub fn look(&self, row: usize) -> Result<Option<Mapped>, EngineError> {
        let picture = match self.set.decode(row) {
            Ok(picture) => picture,
            Err(StoreError::Image { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mask = self.set.mask(row)?;
        let found = self.mapper.maps(&picture)?;
        Ok(Some(Mapped {
            seen: found.seen,
            pixels: found.maps[self.meant[row]].pixels(),
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
