//! `segment`: zero-shot masks of a concept, held against true masks where the set has them.

mod help;
mod mask;
mod measures;

use std::ops::ControlFlow;
use std::sync::Arc;

use self::mask::{Segmented, pictures};
use self::measures::{as_published, columns, summary};
use super::asked::model_and_set;
use crate::desk::models::token_maps::of_set::MapSet;
use crate::desk::models::token_maps::searched::{SearchedFor, texts_of};
use crate::desk::models::token_maps::ticket::Maps;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::tables::columns::frame;
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::{Answer, Picture};
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::filter::Filter;
use crate::lang::help::Topic;
use crate::lang::query::{Concept, Mapping};
use crate::lang::resolve::{Names, Resolved};
use crate::store::ImageSet;

/// How many images are shown.
const SHOWN: usize = 8;

/// `segment SET for CONCEPT in MODEL`.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// The images to segment; they need not be those on which the model is aligned.
    pub set: String,
    /// Which of them; `None` for all.
    pub images: Option<Filter>,
    /// The concept.
    pub concept: Concept,
    /// How they are mapped.
    pub by: Mapping,
    /// The greatest number of images.
    pub limit: Option<usize>,
}

/// What masks take.
pub struct Tickets {
    set: Arc<ImageSet>,
    rows: Vec<usize>,
    searched: SearchedFor,
    maps: Maps,
}

impl Statement for Segment {
    const RULE: &'static str = "segment";
    const HELP: &'static Topic = &help::HELP;
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let concept = names.one_concept(said, "a mask is of one concept at a time")?;
        let set = names.set(said.the(Role::Set))?.value.name.clone();
        let (model, aligned_on) = model_and_set(said, Some(&set), names)?;
        let images = names.images_where(said, &set)?;
        let by = names.mapping(said, model, aligned_on)?;
        Ok(Self {
            set,
            images,
            concept,
            by,
            limit: names.limit(said)?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let set = planner.set(&self.set)?;
        let rows = self.rows(&set, planner)?;
        let searched = planner.searched_for(&self.concept, &set)?;
        let texts = texts_of(std::slice::from_ref(&searched));
        let count = set.len();
        let which = match (self.limit, &self.images) {
            (Some(limit), _) => format!("forward passes of at most {} images", limit.min(count)),
            (None, Some(_)) => {
                format!("forward passes of those of {count} images that satisfy the condition")
            }
            (None, None) => format!("forward passes of {count} images"),
        };
        let what = "one mask per image, held against the true one if there is one";
        Ok(Tickets {
            maps: planner.maps(what, &self.by, &which, &texts)?,
            set,
            rows,
            searched,
        })
    }

    /// Masks as published (arXiv 2406.01583): what of the map lies above 0, in shares of its largest value,
    /// and above its mean.
    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let ready = tickets.maps.ready(desk)?;
        let mapped = ready.in_set(&tickets.set, &tickets.searched)?;
        let rows = &tickets.rows;
        let mut masks = masks(&mapped, rows, desk)?;
        let mut notes = mapped.notes.clone();
        notes.extend(mapped.fitted_note(rows));
        notes.extend(unread(rows.len() - masks.len()));
        notes.push(summary(&masks));
        notes.extend(as_published(&masks));
        let pictures = pictures(&mut masks, &mapped);
        if !pictures.is_empty() {
            notes.push(match masks.iter().any(|mask| mask.counts.is_some()) {
                true => "the masks are outlined in pink, the true ones in green".to_owned(),
                false => "the masks are outlined in pink".to_owned(),
            });
        }
        let (concept, set, model) = (self.concept.label(), &self.set, &self.by.target.model);
        Ok(Answer {
            title: Some(format!("masks of {concept} in images of {set} by {model}")),
            frame: frame(columns(&masks, &mapped)?)?,
            pictures: vec![Picture::Images(pictures)],
            notes,
            cached: false,
            ..Answer::default()
        }
        .into())
    }
}

impl Segment {
    /// The images that satisfy the condition, at most as many as the limit.
    fn rows(&self, set: &ImageSet, planner: &Planner<'_>) -> Result<Vec<usize>, DeskError> {
        let keep = planner.images_satisfying(set, self.images.as_ref())?;
        let rows = (0..keep.len()).filter(|&row| keep[row]);
        let rows: Vec<usize> = rows.take(self.limit.unwrap_or(usize::MAX)).collect();
        if rows.is_empty() {
            return Err(DeskError::refused(
                "no image satisfies the condition",
                "`show images` lists the columns there are, `describe` the values of a set's",
            ));
        }
        Ok(rows)
    }
}

/// The masks of the images that can be read, in order.
fn masks(mapped: &MapSet, rows: &[usize], desk: &Desk<'_>) -> Result<Vec<Segmented>, DeskError> {
    let shown = &rows[..rows.len().min(SHOWN)];
    let work = |row: usize| {
        let found = mapped.look(row, false)?;
        Ok(found.map(|found| Segmented::of(row, found, shown.contains(&row))))
    };
    let mut masks: Vec<Segmented> = Vec::new();
    let what = format!("segmenting {}", mapped.set.name());
    desk.each_image(&what, rows, &work, &mut |_, found| {
        masks.extend(found);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(masks)
}

/// Says how many images were left out.
fn unread(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 image can't be read and was left out".to_owned()),
        _ => Some(format!("{count} images can't be read and were left out")),
    }
}
