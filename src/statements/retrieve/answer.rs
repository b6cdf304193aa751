//! The images that were found, as an answer.

use crate::analysis::Found;
use crate::desk::DeskError;
use crate::desk::tables::columns::{frame, numbers, texts, whole};
use crate::desk::tables::image_columns::metadata;
use crate::interface::answer::{Answer, Captioned, Picture};
use crate::store::ImageSet;

/// The images that were found and how.
pub(super) struct Retrieved {
    /// What they are.
    pub title: String,
    /// The images, the best first.
    pub found: Vec<Found>,
    /// What the number says, as its column is called.
    pub measure: &'static str,
    /// The image that others were to be like.
    pub probe: Option<Captioned>,
    /// What the reader should know.
    pub notes: Vec<String>,
    /// Whether no model ran.
    pub cached: bool,
}

impl Retrieved {
    /// A table of images of `set`, and the images.
    pub fn answer(self, set: &ImageSet) -> Result<Answer, DeskError> {
        let Self {
            found, mut notes, ..
        } = self;
        let rows: Vec<u32> = found.iter().map(|found| found.id).collect();
        let mut columns = vec![
            whole("rank", (1..=rows.len() as u32).map(Some)),
            whole("id", rows.iter().map(|id| Some(*id))),
            texts("image", rows.iter().map(|id| set.short_name(*id as usize))),
            numbers(self.measure, found.iter().map(|found| found.score)),
        ];
        columns.extend(metadata(set, &rows)?);
        let mut pictures: Vec<Captioned> = self.probe.into_iter().collect();
        pictures.extend(thumbnails(set, &found, &mut notes));
        Ok(Answer {
            title: Some(self.title),
            frame: frame(columns)?,
            pictures: vec![Picture::Images(pictures)],
            notes,
            cached: self.cached,
            ..Answer::default()
        })
    }
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
