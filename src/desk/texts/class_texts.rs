//! Classes as texts: which of the known texts stand for a class, and where CLIP sees it.

use crate::desk::texts::embeddings::{Embeddings, Texts};
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::query::Prompt;
use crate::store::Feature;

/// The right to embed the texts of classes.
pub struct ClassTextsOf {
    texts: Vec<Vec<String>>,
    ticket: Texts,
}

/// What classes look like to CLIP.
pub struct ClassTexts {
    /// Every class's texts.
    pub texts: Vec<Vec<String>>,
    /// A unit vector of CLIP's space for every class, `[classes, K]`: the mean of the embeddings of its texts.
    pub directions: Vec<f64>,
    /// Whether all texts had been embedded before.
    pub cached: bool,
}

impl Planner<'_> {
    /// Plans to embed the texts of the classes that a column of a set has.
    ///
    /// # Errors
    /// When there is no such CLIP.
    pub fn class_texts(
        &mut self,
        prompt: &Prompt,
        set: &str,
        column: &str,
        classes: &[String],
    ) -> Result<ClassTextsOf, DeskError> {
        let texts = self.texts_of_classes(set, column, classes)?;
        let ticket = self.texts(prompt, &texts.concat())?;
        Ok(ClassTextsOf { texts, ticket })
    }

    /// The texts of the classes that a column of a set has, to be embedded together with others.
    ///
    /// # Errors
    /// When a file of features can't be read.
    pub fn texts_of_classes(
        &self,
        set: &str,
        column: &str,
        classes: &[String],
    ) -> Result<Vec<Vec<String>>, DeskError> {
        Ok(class_texts(classes, column, &self.features(set)?))
    }
}

impl ClassTextsOf {
    /// Where CLIP sees each class.
    ///
    /// # Errors
    /// When the text tower can't be read.
    pub fn embed(self, desk: &mut Desk<'_>) -> Result<ClassTexts, DeskError> {
        let embeddings = self.ticket.embed(desk)?;
        Ok(ClassTexts {
            directions: directions(&self.texts, &embeddings),
            texts: self.texts,
            cached: embeddings.cached,
        })
    }
}

/// A unit vector of CLIP's space for every class, `[classes, K]`: the mean of the embeddings of its texts.
#[must_use]
pub fn directions(classes: &[Vec<String>], embeddings: &Embeddings) -> Vec<f64> {
    let direction = |texts: &Vec<String>| {
        let mut mean = embeddings.mean_of(texts);
        let length = mean.iter().map(|v| v * v).sum::<f64>().sqrt();
        let length = if length > 0.0 { length } else { 1.0 };
        mean.iter_mut().for_each(|v| *v /= length);
        mean
    };
    classes.iter().flat_map(direction).collect()
}

/// Every class's texts: those of the feature with the column's name that hold the class's name as a word; or else those
/// of the feature with the class's name; or else the name itself.
#[must_use]
pub fn class_texts(classes: &[String], column: &str, features: &[Feature]) -> Vec<Vec<String>> {
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
