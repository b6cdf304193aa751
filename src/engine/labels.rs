//! What a set's columns say about its images, as classes; the texts of those classes; and which images a classifier is
//! fitted on and which it is judged by.

use polars::prelude::{DataFrame, DataType};

use super::scores::Split;
use super::{Desk, EngineError};
use crate::align::Random;
use crate::analysis::Labels;
use crate::lang::query::{Concept, Question, Target, Template};
use crate::store::{Feature, ImageSet};

/// More classes than this are no classes, but names.
const MOST: usize = 1000;

/// A feature is tied to a column of no more values than this.
const MOST_OF_FEATURE: usize = 100;

/// Columns that say which class an image is of, the first there is.
const LABELS: [&str; 2] = ["label", "class"];

/// A concept and what is known about it.
pub(super) struct Known {
    /// The concept.
    pub concept: Concept,
    /// The column of its name.
    pub labels: Labels,
}

/// Which images are for what.
pub(super) struct Halves {
    /// By image id: whether classifiers and means are taken from it.
    pub fit: Vec<bool>,
    /// By image id: whether it is judged by.
    pub judged: Vec<bool>,
    /// What was done, for the reader.
    pub note: String,
}

impl Desk<'_> {
    /// The images to fit on and those to judge by, which are never the same: by the set's column `split`, or else a
    /// random half each.
    pub(super) fn halves(
        &self,
        question: &Question,
        target: &Target,
        set: &ImageSet,
    ) -> Result<Halves, EngineError> {
        let split = Split::of(set.frame());
        let mut judged = self.images(target, question.images.as_ref())?;
        let mut fit: Vec<bool> = (0..set.len() as u32).map(|id| split.fits(id)).collect();
        if !split.is_known() {
            let mut ids: Vec<usize> = (0..set.len()).collect();
            Random::new(question.seed.unwrap_or(0)).shuffle(&mut ids);
            for (place, id) in ids.into_iter().enumerate() {
                let to_fit = place < set.len() / 2;
                fit[id] = to_fit;
                judged[id] &= !to_fit;
            }
        }
        fit.iter_mut()
            .zip(&judged)
            .for_each(|(fit, judged)| *fit &= !judged);
        let count = |chosen: &[bool]| chosen.iter().filter(|chosen| **chosen).count();
        let (fitted, judges) = (count(&fit), count(&judged));
        if fitted == 0 || judges == 0 {
            return Err(EngineError::refused(
                format!(
                    "{fitted} images of {} are left to fit on and {judges} to judge by",
                    set.name()
                ),
                "let the condition leave some of both splits",
            ));
        }
        let how = match split.is_known() {
            true => "by its column `split`",
            false => "a random half each, as the set has no column `split`",
        };
        let note = format!(
            "judged by {judges} images of {}; classifiers and means come from {fitted} others ({how})",
            set.name()
        );
        Ok(Halves { fit, judged, note })
    }

    /// The concepts asked about, or else all features, with the columns of the same name: those say what is true.
    pub(super) fn known(
        &self,
        question: &Question,
        set: &ImageSet,
    ) -> Result<Vec<Known>, EngineError> {
        let mut known = Vec::new();
        for feature in self.store.features(Some(set.name()))? {
            if question.concepts.is_empty() && set.columns().contains(&feature.name.as_str()) {
                let concept = Concept::Feature {
                    name: feature.name,
                    texts: feature.texts,
                };
                known.push(Known {
                    labels: labels(set.frame(), &concept.label())?,
                    concept,
                });
            }
        }
        known.retain(|known| (2..=MOST_OF_FEATURE).contains(&known.labels.classes.len()));
        for concept in &question.concepts {
            if !set.columns().contains(&concept.label().as_str()) {
                return Err(no_column(&concept.label(), set));
            }
            known.push(Known {
                labels: labels(set.frame(), &concept.label())?,
                concept: concept.clone(),
            });
        }
        if known.is_empty() {
            return Err(EngineError::refused(
                format!(
                    "no feature has the name of a column of {}, so nothing is known to hold answers against",
                    set.name()
                ),
                format!(
                    "`define COLUMN as \"TEXT\", …` for one of its columns: {}",
                    set.columns().join(", ")
                ),
            ));
        }
        Ok(known)
    }

    /// A unit vector of CLIP's space for every class, `[classes, K]`: the mean of the embeddings of its texts. Also
    /// those texts, and whether all of them had been embedded before.
    pub(super) fn class_directions(
        &mut self,
        clip: &str,
        set: &str,
        column: &str,
        classes: &[String],
        template: &Template,
    ) -> Result<ClassTexts, EngineError> {
        let features = self.store.features(Some(set))?;
        let texts = class_texts(classes, column, &features);
        let all = Concept::Texts(texts.concat());
        let embedded = self.embed(clip, &all, template)?;
        let dim = embedded.rows.len() / all.texts().len().max(1);
        let mut directions = Vec::with_capacity(classes.len() * dim);
        let mut rows = embedded.rows.chunks_exact(dim);
        for texts in &texts {
            let mut mean = vec![0.0; dim];
            for row in rows.by_ref().take(texts.len()) {
                mean.iter_mut()
                    .zip(row)
                    .for_each(|(m, v)| *m += f64::from(*v));
            }
            let length = mean.iter().map(|v| v * v).sum::<f64>().sqrt();
            let length = if length > 0.0 { length } else { 1.0 };
            directions.extend(mean.into_iter().map(|v| v / length));
        }
        Ok(ClassTexts {
            texts,
            directions,
            cached: embedded.cached,
        })
    }
}

/// What classes look like to CLIP.
pub(super) struct ClassTexts {
    /// Every class's texts.
    pub texts: Vec<Vec<String>>,
    /// `[classes, K]`, unit rows.
    pub directions: Vec<f64>,
    /// Whether all texts had been embedded before.
    pub cached: bool,
}

/// A column of a set as classes: its different values, sorted.
pub(super) fn labels(frame: &DataFrame, column: &str) -> Result<Labels, EngineError> {
    let values = frame.column(column)?.cast(&DataType::String)?;
    let values: Vec<Option<&str>> = values.str()?.iter().collect();
    let mut classes: Vec<String> = values.iter().flatten().map(|v| (*v).to_owned()).collect();
    classes.sort_unstable();
    classes.dedup();
    if !(2..=MOST).contains(&classes.len()) {
        return Err(EngineError::refused(
            format!(
                "`{column}` has {} different values, which are no classes",
                classes.len()
            ),
            format!("name a column of 2 to {MOST} values"),
        ));
    }
    let class = |value: &str| classes.binary_search_by(|class| class.as_str().cmp(value));
    let of_image = values
        .into_iter()
        .map(|value| {
            value
                .and_then(|value| class(value).ok())
                .map(|class| class as u32)
        })
        .collect();
    Ok(Labels { classes, of_image })
}

/// The column that says which class an image is of: `label`, `class`, or else the one with the name of a feature that
/// has the most values.
pub(super) fn label_column(set: &ImageSet, features: &[Feature]) -> Result<String, EngineError> {
    let columns = set.columns();
    if let Some(label) = LABELS.iter().find(|label| columns.contains(label)) {
        return Ok((*label).to_owned());
    }
    let mut best: Option<(usize, &str)> = None;
    for feature in features
        .iter()
        .filter(|f| columns.contains(&f.name.as_str()))
    {
        if let Ok(labels) = labels(set.frame(), &feature.name)
            && labels.classes.len() <= MOST_OF_FEATURE
            && best.is_none_or(|(most, _)| labels.classes.len() > most)
        {
            best = Some((labels.classes.len(), &feature.name));
        }
    }
    best.map(|(_, name)| name.to_owned()).ok_or_else(|| {
        EngineError::refused(
            format!(
                "{} has no column `label` or `class`, and none named as a feature",
                set.name()
            ),
            "name a column after `measuring`",
        )
    })
}

/// Every class's texts: those of the feature with the column's name that hold the class's name as a word; or else those
/// of the feature with the class's name; or else the name itself.
pub(super) fn class_texts(
    classes: &[String],
    column: &str,
    features: &[Feature],
) -> Vec<Vec<String>> {
    let words = |text: &str| {
        let spaced: String = text
            .to_lowercase()
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { ' ' })
            .collect();
        format!(
            " {} ",
            spaced.split_whitespace().collect::<Vec<_>>().join(" ")
        )
    };
    let named = |name: &str| {
        let found = features.iter().find(|feature| feature.name == name);
        found.map_or(&[][..], |feature| &feature.texts)
    };
    let of_class = |class: &String| {
        let holds = |text: &&String| words(text).contains(&words(class));
        let own: Vec<String> = named(column).iter().filter(holds).cloned().collect();
        if !own.is_empty() {
            return own;
        }
        match named(class) {
            [] => vec![class.replace('_', " ")],
            texts => texts.to_vec(),
        }
    };
    classes.iter().map(of_class).collect()
}

fn no_column(name: &str, set: &ImageSet) -> EngineError {
    EngineError::refused(
        format!(
            "{} has no column `{name}`, so what is true of it is not known",
            set.name()
        ),
        format!("its columns: {}", set.columns().join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Origin;

    #[test]
    fn classes_take_the_texts_that_name_them() {
        let feature = |name: &str, texts: &[&str]| Feature {
            name: name.to_owned(),
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            origin: Origin::User,
        };
        let features = [
            feature("object", &["a car", "a scar", "a red car", "a polar bear"]),
            feature("car", &["a limousine"]),
            feature("owl", &["a bird of the night", "a wise bird"]),
        ];
        let classes = ["car", "polar_bear", "owl", "sea_lion"].map(str::to_owned);
        let want = [
            &["a car", "a red car"][..],
            &["a polar bear"],
            &["a bird of the night", "a wise bird"],
            &["sea lion"],
        ];
        assert_eq!(class_texts(&classes, "object", &features), want);
        assert_eq!(
            class_texts(&classes, "animal", &features)[0],
            ["a limousine"]
        );
    }
}
