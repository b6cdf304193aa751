//! `heatmap`: where in an image a concept is, by what chosen units take from each of its tokens.

use image::RgbImage;

use super::frames::{frame, numbers, whole};
use super::kept::Carried;
use super::rank::{clip_of, note_alignment};
use super::retrieve::mean_row;
use super::token_maps::TokenMapper;
use super::{Desk, EngineError};
use crate::analysis::{Grid, TokenMap};
use crate::files::paths;
use crate::interface::answer::{Answer, Captioned, Picture};
use crate::lang::query::{Image, Question, Target};
use crate::picture::heat::overlay;
use crate::store::read_image;

/// The most maps of one answer.
const MOST: usize = 64;

impl Desk<'_> {
    /// One map per concept: the aligned contribution of each source token of the chosen units, summed over these and
    /// projected on the concept's text, without the alignment's bias (arXiv 2406.01583); for a feature the
    /// mean over its texts, as retrieval takes it.
    pub(super) fn heatmap(&mut self, question: &Question) -> Result<Answer, EngineError> {
        refuse_conditions(question)?;
        let target = &question.targets[0];
        let clip = clip_of(target)?;
        let (name, picture) = self.image_to_explain(question)?;
        let mut directions = Vec::new();
        for concept in &question.concepts {
            let embedded = self.embed(clip, concept, &question.template)?;
            directions.extend(mean_row(&embedded.rows, concept.texts().len()));
        }
        let (mapper, mut notes) = self.mapper(question, target, &directions)?;
        if let Some(Image::InSet { set, .. }) = &question.image
            && *set != target.set
        {
            notes.push(format!(
                "with {} as aligned on {}",
                target.model, target.set
            ));
        }
        self.cancel.check()?;
        let concepts = labels(question);
        let (seen, maps) = labelled(&mapper, question, &picture, &concepts)?;
        let sizes = maps.iter().map(|(_, map)| map.finest());
        let finest = sizes.max_by_key(|(rows, cols)| rows * cols);
        let finest = finest.unwrap_or((1, 1));
        let grids: Vec<Grid> = maps.iter().map(|(_, map)| map.on_grid(finest)).collect();
        let labels: Vec<&str> = maps.iter().map(|(label, _)| label.as_str()).collect();
        let table = table(&grids, &labels)?;
        let mut captions = vec![name.clone()];
        for ((label, map), grid) in maps.iter().zip(&grids) {
            let (row, col, value) = grid.peak();
            let peak = short(value);
            captions.push(format!("{label}\npeak {peak} at {row}, {col}"));
            notes.push(format!(
                "{label}: peak {peak} at row {row}, column {col}; patches sum to {}, {}",
                short(map.on_patches()),
                match mapper.special_tokens() {
                    0 => "there are no other tokens".to_owned(),
                    _ => format!("class and register tokens to {}", short(map.elsewhere)),
                }
            ));
        }
        let overlays = grids.iter().map(|grid| on_image(&seen, grid));
        let images = std::iter::once(seen.clone()).chain(overlays);
        let pictures = images.zip(captions);
        Ok(Answer {
            title: Some(format!(
                "heat map of {name} for {} in {}",
                concepts.join(", "),
                target.model
            )),
            frame: match question.limit {
                Some(limit) => table.head(Some(limit)),
                None => table,
            },
            pictures: vec![Picture::Images(
                pictures
                    .map(|(image, caption)| Captioned { image, caption })
                    .collect(),
            )],
            notes,
            cached: false,
            ..Answer::default()
        })
    }

    /// A model ready to map along directions `[k, K]`, and what to say about it.
    pub(super) fn mapper(
        &mut self,
        question: &Question,
        target: &Target,
        directions: &[f64],
    ) -> Result<(TokenMapper, Vec<String>), EngineError> {
        let clip = clip_of(target)?;
        let stored = self.stored(&target.model, &target.set)?;
        let Carried {
            aligned,
            held_out_cosine,
        } = self.aligned(&stored, &target.model, clip)?;
        let chosen = self.chosen_places(question, target, &stored)?;
        let loaded = self.library.model(self.store, &target.model)?;
        let mapper = TokenMapper::new(loaded, &stored, &aligned, &chosen.components, directions)?;
        let mut notes = vec![format!("by {}", chosen.words)];
        if let Some(left_out) = mapper.left_out() {
            if mapper.components().len() == 0 {
                return Err(EngineError::refused(
                    left_out,
                    "name other units after `using`",
                ));
            }
            notes.push(format!("{left_out}, and no part in a map"));
        }
        note_alignment(target, held_out_cosine, "its maps say", &mut notes)?;
        Ok((mapper, notes))
    }

    fn image_to_explain(&self, question: &Question) -> Result<(String, RgbImage), EngineError> {
        match &question.image {
            Some(Image::InSet { set, row }) => {
                Ok((format!("{set}[{row}]"), self.set(set)?.decode(*row)?))
            }
            Some(Image::File(path)) => Ok((path.clone(), read_image(&paths::expand(path))?)),
            None => Err(EngineError::refused(
                "a heat map is of one image",
                "name it after `of`: a file (\"probe.jpg\") or a row of a set (scenes[17])",
            )),
        }
    }
}

/// A heat map is of one image, and all of its patches: a condition has nothing to choose from.
fn refuse_conditions(question: &Question) -> Result<(), EngineError> {
    if question.images.is_none() && question.after.is_none() {
        return Ok(());
    }
    Err(EngineError::refused(
        "a heat map is of one image, so `where` has nothing to choose from",
        "put a condition on its patches after a `|`",
    ))
}

/// A map laid over what the model saw.
pub(super) fn on_image(seen: &RgbImage, grid: &Grid) -> RgbImage {
    let values: Vec<f32> = grid.values.iter().map(|&value| value as f32).collect();
    overlay(seen, &values, grid.rows, grid.cols)
}

/// What the model saw, and the maps by name: one per concept, or one per concept and component.
fn labelled(
    mapper: &TokenMapper,
    question: &Question,
    picture: &RgbImage,
    concepts: &[String],
) -> Result<(RgbImage, Vec<(String, TokenMap)>), EngineError> {
    let all: Vec<u32> = (0..concepts.len() as u32).collect();
    if !question.per_head {
        let found = mapper.maps(picture, &all)?;
        let named = concepts.iter().cloned().zip(found.maps);
        return Ok((found.seen, named.collect()));
    }
    let count = mapper.components().len() * concepts.len();
    if count > MOST {
        return Err(EngineError::refused(
            format!("a map for every head of these would be {count} maps, and {MOST} are the most"),
            "name fewer units after `using`: `top 3 heads for FEATURE`",
        ));
    }
    let found = mapper.maps_apart(picture, &all)?;
    let names = mapper.components().flat_map(|component| {
        let name = move |concept: &String| match concepts.len() {
            1 => component.to_string(),
            _ => format!("{concept}, {component}"),
        };
        concepts.iter().map(name)
    });
    Ok((found.seen, names.zip(found.maps).collect()))
}

/// Four decimals, or four digits of what would have none of them.
fn short(value: f64) -> String {
    match value.abs() {
        size if size > 0.0 && size < 5e-4 => format!("{value:.3e}"),
        _ => format!("{value:.4}"),
    }
}

/// The concepts' names, each once.
fn labels(question: &Question) -> Vec<String> {
    let mut labels: Vec<String> = vec!["row".to_owned(), "column".to_owned()];
    for concept in &question.concepts {
        let label = concept.label();
        let mut name = label.clone();
        let mut count = 2;
        while labels.contains(&name) {
            name = format!("{label} ({count})");
            count += 1;
        }
        labels.push(name);
    }
    labels.split_off(2)
}

fn table(grids: &[Grid], labels: &[&str]) -> Result<polars::prelude::DataFrame, EngineError> {
    let cells = grids.first().map_or(0, |grid| grid.values.len());
    let cols = grids.first().map_or(1, |grid| grid.cols);
    let mut columns = vec![
        whole("row", (0..cells).map(|cell| Some((cell / cols) as u32))),
        whole("column", (0..cells).map(|cell| Some((cell % cols) as u32))),
    ];
    for (grid, label) in grids.iter().zip(labels) {
        columns.push(numbers(label, grid.values.iter().copied()));
    }
    Ok(frame(columns)?)
}
