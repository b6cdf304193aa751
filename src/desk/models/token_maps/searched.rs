//! What the images of a set are searched for: a concept, or for each image the class it is in.

use crate::analysis::Labels;
use crate::desk::images::labels::labels;
use crate::desk::texts::class_texts::class_texts;
use crate::desk::{DeskError, Planner};
use crate::lang::query::Concept;
use crate::store::ImageSet;

/// What a set's images are searched for.
pub struct SearchedFor {
    /// The concept.
    pub concept: Concept,
    /// The classes it stands for, where it is a feature that is named like a column of the set.
    pub classes: Option<OwnClasses>,
}

/// The classes that a column of a set has.
pub struct OwnClasses {
    /// Which image is in which.
    pub labels: Labels,
    /// The texts of each.
    pub texts: Vec<Vec<String>>,
}

impl Planner<'_> {
    /// What a concept means to a set's images.
    ///
    /// # Errors
    /// When a file of features can't be read.
    pub fn searched_for(
        &self,
        concept: &Concept,
        set: &ImageSet,
    ) -> Result<SearchedFor, DeskError> {
        let classes = match own_classes(set, concept) {
            Some(labels) => {
                let features = self.features(set.name())?;
                Some(OwnClasses {
                    texts: class_texts(&labels.classes, &concept.label(), &features),
                    labels,
                })
            }
            None => None,
        };
        Ok(SearchedFor {
            concept: concept.clone(),
            classes,
        })
    }
}

/// What a feature's column says about the images of a set, where it has one of classes.
fn own_classes(set: &ImageSet, concept: &Concept) -> Option<Labels> {
    match concept {
        Concept::Feature { name, .. } => labels(set.frame(), name).ok(),
        Concept::Texts(_) => None,
    }
}

/// The texts that images are mapped for, each once.
#[must_use]
pub fn texts_of(searched: &[SearchedFor]) -> Vec<String> {
    let mut texts = Vec::new();
    for one in searched {
        texts.extend_from_slice(one.concept.texts());
        texts.extend(one.classes.iter().flat_map(|own| own.texts.concat()));
    }
    texts.sort_unstable();
    texts.dedup();
    texts
}
