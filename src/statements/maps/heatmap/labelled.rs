//! The maps of an image, by name.

use image::RgbImage;

use crate::analysis::TokenMap;
use crate::desk::DeskError;
use crate::desk::models::token_maps::one_image::TokenMapper;
use crate::lang::query::Concept;

/// The most maps of one answer.
const MOST: usize = 64;

/// What the model saw, and the maps by name.
pub(super) struct Labelled {
    /// The image as the model saw it.
    pub seen: RgbImage,
    /// The maps: one per concept, or one per concept and component.
    pub maps: Vec<(String, TokenMap)>,
}

/// Maps an image along all directions, of which `concepts` are the names.
pub(super) fn labelled(
    mapper: &TokenMapper,
    per_head: bool,
    picture: &RgbImage,
    concepts: &[String],
) -> Result<Labelled, DeskError> {
    let all: Vec<u32> = (0..concepts.len() as u32).collect();
    if !per_head {
        let found = mapper.maps(picture, &all)?;
        return Ok(Labelled {
            seen: found.seen,
            maps: concepts.iter().cloned().zip(found.maps).collect(),
        });
    }
    let count = mapper.components().len() * concepts.len();
    if count > MOST {
        return Err(DeskError::refused(
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
    Ok(Labelled {
        seen: found.seen,
        maps: names.zip(found.maps).collect(),
    })
}

/// The concepts' names, each once; none that another column of the table has.
pub(super) fn labels(concepts: &[Concept]) -> Vec<String> {
    let mut labels: Vec<String> = vec!["row".to_owned(), "column".to_owned()];
    for concept in concepts {
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
