//! `retrieve`: the images along a text, or like another image, by what chosen units contribute.

use super::frames::{frame, numbers, texts, whole};
use super::rank::clip_of;
use super::{Desk, EngineError};
use crate::analysis::{Found, furthest_along, most_alike};
use crate::interface::answer::{Answer, Captioned, Picture};
use crate::lang::query::{Image, Question, Target};
use crate::store::ImageSet;

/// How many images, unless the user says otherwise.
const COUNT: usize = 8;

/// The images that were found and how.
struct Retrieved {
    title: String,
    found: Vec<Found>,
    /// What the number says, as its column is called.
    measure: &'static str,
    /// The image that others were to be like.
    probe: Option<Captioned>,
    notes: Vec<String>,
    cached: bool,
}

impl Desk<'_> {
    /// Retrieves images.
    pub(super) fn retrieve(&mut self, question: &Question) -> Result<Answer, EngineError> {
        let target = &question.targets[0];
        let set = self.set(&target.set)?;
        let keep = self.images_satisfying(&set, question)?;
        let mut retrieved = match &question.image {
            Some(image) => self.like_image(question, target, image, keep)?,
            None => self.along_text(question, target, &keep)?,
        };
        let found = &retrieved.found;
        let rows: Vec<u32> = found.iter().map(|found| found.id).collect();
        let mut columns = vec![
            whole("rank", (1..=rows.len() as u32).map(Some)),
            whole("id", rows.iter().map(|id| Some(*id))),
            texts("image", rows.iter().map(|id| set.short_name(*id as usize))),
            numbers(retrieved.measure, found.iter().map(|found| found.score)),
        ];
        columns.extend(metadata(&set, &rows)?);
        let mut pictures: Vec<Captioned> = retrieved.probe.take().into_iter().collect();
        pictures.extend(thumbnails(&set, found, &mut retrieved.notes));
        Ok(Answer {
            title: Some(retrieved.title),
            frame: frame(columns)?,
            pictures: vec![Picture::Images(pictures)],
            notes: retrieved.notes,
            cached: retrieved.cached,
            ..Answer::default()
        })
    }

    /// The images whose contributions reach furthest along a text: as published, the scalar product of the summed
    /// aligned contributions with the text's embedding (arXiv 2406.01583, section 5.2), for a feature the mean over its
    /// texts.
    fn along_text(
        &mut self,
        question: &Question,
        target: &Target,
        keep: &[bool],
    ) -> Result<Retrieved, EngineError> {
        let [concept] = question.concepts.as_slice() else {
            return Err(EngineError::refused(
                "images are retrieved for one concept at a time",
                "name one concept after `for`",
            ));
        };
        let clip = clip_of(target)?;
        let embedded = self.embed(clip, concept, &question.template)?;
        let direction = mean_row(&embedded.rows, concept.texts().len());
        let stored = self.stored(&target.model, &target.set)?;
        let aligned = self.aligned(&stored, &target.model, clip)?.aligned;
        let chosen = self.chosen(question, target, &stored)?;
        let found = furthest_along(
            &stored,
            &aligned,
            &chosen.components,
            &direction,
            question.count.unwrap_or(COUNT),
            &|id| keep[id as usize],
            self.cancel,
            self.progress,
        )?;
        Ok(Retrieved {
            title: format!("images for {} in {}", concept.label(), target.model),
            found,
            measure: "score",
            probe: None,
            notes: vec![format!("by {}", chosen.words)],
            cached: embedded.cached,
        })
    }

    /// The images whose contributions are most like the probe's: cosine of the summed contributions as they are in the
    /// representation, which no alignment touches.
    fn like_image(
        &mut self,
        question: &Question,
        target: &Target,
        image: &Image,
        mut keep: Vec<bool>,
    ) -> Result<Retrieved, EngineError> {
        let stored = self.stored(&target.model, &target.set)?;
        let (chosen, mut notes) = match question.concepts.first() {
            Some(property) if question.using.is_none() => {
                self.specific_to(question, target, property, &stored)?
            }
            _ => (self.chosen(question, target, &stored)?, Vec::new()),
        };
        notes.push(format!("by {}", chosen.words));
        let probe = self.probe(target, image, &stored, &chosen.components)?;
        if let Image::InSet { set, row } = image
            && *set == target.set
        {
            keep[*row] = false;
        }
        let found = most_alike(
            &stored,
            &chosen.components,
            &probe.contribution,
            question.count.unwrap_or(COUNT),
            &|id| keep[id as usize],
            self.cancel,
            self.progress,
        )?;
        let by = question
            .concepts
            .first()
            .map_or(String::new(), |c| format!(" by {}", c.label()));
        Ok(Retrieved {
            title: format!("images like {}{by} in {}", probe.name, target.model),
            found,
            measure: "similarity",
            probe: Some(Captioned {
                image: probe.image,
                caption: "the probe".to_owned(),
            }),
            notes,
            cached: probe.stored,
        })
    }

    /// Which images of a set satisfy the question's condition.
    pub(super) fn images_satisfying(
        &self,
        set: &ImageSet,
        question: &Question,
    ) -> Result<Vec<bool>, EngineError> {
        match &question.images {
            Some(filter) => super::stages::filter_frame(set.frame(), filter),
            None => Ok(vec![true; set.len()]),
        }
    }
}

/// The mean of the `count` rows.
pub(super) fn mean_row(rows: &[f32], count: usize) -> Vec<f64> {
    let dim = rows.len() / count.max(1);
    let column = |k: usize| rows.iter().skip(k).step_by(dim).map(|&v| f64::from(v));
    (0..dim)
        .map(|k| column(k).sum::<f64>() / count as f64)
        .collect()
}

fn thumbnails(set: &ImageSet, found: &[Found], notes: &mut Vec<String>) -> Vec<Captioned> {
    let mut pictures = Vec::new();
    for (place, found) in (1..).zip(found) {
        match set.decode(found.id as usize) {
            Ok(image) => pictures.push(Captioned {
                image,
                caption: format!("{place}. {:.2}", found.score),
            }),
            Err(error) => notes.push(error.to_string()),
        }
    }
    pictures
}

/// The user's columns of these rows.
pub(super) fn metadata(
    set: &ImageSet,
    rows: &[u32],
) -> Result<Vec<polars::prelude::Column>, EngineError> {
    let index = polars::prelude::IdxCa::from_vec("id".into(), rows.to_vec());
    let frame = set.frame().take(&index)?;
    let own = ["id", "path", "width", "height"];
    let columns = frame
        .columns()
        .iter()
        .filter(|column| !own.contains(&column.name().as_str()));
    Ok(columns.cloned().collect())
}
