//! What is known about the images of a set: the columns that have the names of features.

use crate::analysis::Labels;
use crate::desk::images::labels::{MOST_OF_FEATURE, labels};
use crate::desk::{DeskError, Planner};
use crate::lang::query::Concept;
use crate::store::ImageSet;

/// A concept and what is known about it.
pub struct Known {
    /// The concept.
    pub concept: Concept,
    /// The column of its name.
    pub labels: Labels,
}

impl Planner<'_> {
    /// The concepts asked about, or else all features, with the columns of the same name: those say what is true.
    ///
    /// # Errors
    /// When nothing is known about them.
    pub fn known(&mut self, concepts: &[Concept], set: &ImageSet) -> Result<Vec<Known>, DeskError> {
        let known = self.look_up(concepts, set)?;
        let names: Vec<String> = known.iter().map(|known| known.concept.label()).collect();
        self.says(format!("known about the images: {}", names.join(", ")));
        Ok(known)
    }

    fn look_up(&self, concepts: &[Concept], set: &ImageSet) -> Result<Vec<Known>, DeskError> {
        let mut known = Vec::new();
        for feature in self.features(set.name())? {
            if concepts.is_empty() && set.columns().contains(&feature.name.as_str()) {
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
        for concept in concepts {
            if !set.columns().contains(&concept.label().as_str()) {
                return Err(no_column(&concept.label(), set));
            }
            known.push(Known {
                labels: labels(set.frame(), &concept.label())?,
                concept: concept.clone(),
            });
        }
        if known.is_empty() {
            return Err(DeskError::refused(
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
}

fn no_column(name: &str, set: &ImageSet) -> DeskError {
    DeskError::refused(
        format!(
            "{} has no column `{name}`, so what is true of it is not known",
            set.name()
        ),
        format!("its columns: {}", set.columns().join(", ")),
    )
}
