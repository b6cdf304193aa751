//! `evaluate heatmaps`: heat maps held against true masks, and beside them someone who always points at the middle.

mod judged;
mod table;

use std::ops::ControlFlow;
use std::sync::Arc;

use self::judged::Judged;
use super::help;
use crate::desk::models::token_maps::of_set::MapSet;
use crate::desk::models::token_maps::searched::{SearchedFor, texts_of};
use crate::desk::models::token_maps::ticket::Maps;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::tables::columns::frame;
use crate::desk::tables::wording::how_many;
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::filter::Filter;
use crate::lang::help::Topic;
use crate::lang::query::{Concept, Mapping};
use crate::lang::resolve::{Names, Resolved};
use crate::store::ImageSet;

/// What masks are usually of, and asked about unless the user says otherwise.
const USUAL: &str = "object";

/// `evaluate heatmaps for CONCEPTS in MODEL`.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluateHeatmaps {
    /// The concepts; if there are none, what masks are usually of.
    pub concepts: Vec<Concept>,
    /// How images are mapped.
    pub by: Mapping,
    /// Which images count; `None` for all.
    pub images: Option<Filter>,
    /// The greatest number of images.
    pub limit: Option<usize>,
}

/// What it takes.
pub struct Tickets {
    set: Arc<ImageSet>,
    rows: Vec<usize>,
    searched: Vec<SearchedFor>,
    maps: Maps,
}

impl Statement for EvaluateHeatmaps {
    const RULE: &'static str = "evaluate_heatmaps";
    const HELP: &'static Topic = &help::HELP;
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let concepts = names.concepts(said)?;
        let model = names.model(said.the(Role::Model))?;
        let set = names.set_decomposed_with(model, said.said("on"))?;
        let images = names.images_where(said, &set)?;
        let by = names.mapping(said, model, set)?;
        Ok(Self {
            concepts,
            by,
            images,
            limit: names.limit(said)?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let target = &self.by.target;
        refuse_without_masks(&target.set, planner)?;
        let concepts = match self.concepts.as_slice() {
            [] => vec![usual_concept(&target.set, planner)?],
            some => some.to_vec(),
        };
        let set = planner.set(&target.set)?;
        let searched = concepts
            .iter()
            .map(|concept| planner.searched_for(concept, &set));
        let searched: Vec<SearchedFor> = searched.collect::<Result<_, _>>()?;
        let keep = planner.scored_images(target, self.images.as_ref())?;
        let which = match self.limit {
            Some(limit) => format!("forward passes of at most {} images", limit.min(set.len())),
            None => format!(
                "forward passes of {} images for each concept",
                how_many(&keep)
            ),
        };
        let rows = (0..keep.len()).filter(|&row| keep[row]);
        let rows = rows.take(self.limit.unwrap_or(usize::MAX)).collect();
        let what = "heat maps and a centre prior against true masks";
        Ok(Tickets {
            maps: planner.maps(what, &self.by, &which, &texts_of(&searched))?,
            set,
            rows,
            searched,
        })
    }

    /// Measures the maps of each concept on the images that scores are taken on and that have a mask.
    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let ready = tickets.maps.ready(desk)?;
        let (mut names, mut judged, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for searched in &tickets.searched {
            let mapped = ready.in_set(&tickets.set, searched)?;
            judged.push(judge(&tickets.rows, &mapped, desk)?);
            names.push(searched.concept.label());
            let fitted = mapped.fitted_note(&tickets.rows);
            for note in mapped.notes.into_iter().chain(fitted) {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        let images = judged.first().map_or(0, Vec::len);
        if judged.iter().flatten().any(|one| one.other.is_some()) {
            notes.push(
                "other_text: the same images mapped for the text of another class, which tells what is in the map \
                 whatever is asked for"
                    .to_owned(),
            );
        }
        let (model, set) = (&self.by.target.model, &self.by.target.set);
        notes.push(format!(
            "{images} images of {set} with a mask; the centre prior is largest in the middle of the image and falls off evenly \
             to its corners; low and high hold 95 % of the mean difference between the two on the same image"
        ));
        Ok(Answer {
            title: Some(format!("heat maps of {model} against masks")),
            frame: frame(table::columns(&names, &judged))?,
            notes,
            cached: false,
            ..Answer::default()
        }
        .into())
    }
}

fn refuse_without_masks(set: &str, planner: &Planner<'_>) -> Result<(), DeskError> {
    if planner.set_info(set)?.masks {
        return Ok(());
    }
    Err(DeskError::refused(
        format!("{set} has no masks to hold heat maps against"),
        "add the images from a table with a column `mask`",
    ))
}

/// What maps are held against masks for where the statement names nothing.
fn usual_concept(set: &str, planner: &Planner<'_>) -> Result<Concept, DeskError> {
    let features = planner.features(set)?;
    let usual = features.into_iter().find(|feature| feature.name == USUAL);
    let feature = usual.ok_or_else(|| {
        DeskError::refused(
            format!("no feature is named {USUAL}, which masks are usually of"),
            "name after `for` what the masks are of",
        )
    })?;
    Ok(Concept::Feature {
        name: feature.name,
        texts: feature.texts,
    })
}

fn judge(rows: &[usize], mapped: &MapSet, desk: &Desk<'_>) -> Result<Vec<Judged>, DeskError> {
    let work = |row: usize| Ok(mapped.look(row, true)?.and_then(Judged::of));
    let mut judged = Vec::new();
    desk.each_image("heat maps", rows, &work, &mut |_, found| {
        judged.extend(found);
        Ok(ControlFlow::Continue(()))
    })?;
    if judged.len() < 2 {
        return Err(DeskError::refused(
            "fewer than two of these images have a mask that is not empty",
            "ask about more images",
        ));
    }
    Ok(judged)
}
