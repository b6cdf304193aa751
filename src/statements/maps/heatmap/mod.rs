//! `heatmap`: where in an image a concept is, by what chosen units take from each of its tokens.

mod help;
mod labelled;
mod shown;

use super::asked::model_and_set;
use crate::desk::images::one_image::OneImage;
use crate::desk::models::token_maps::ticket::Maps;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::error::ResolveError;
use crate::lang::help::Topic;
use crate::lang::query::{Concept, Image, Mapping};
use crate::lang::resolve::{Names, Resolved};

/// `heatmap of IMAGE for CONCEPTS in MODEL`.
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmap {
    /// The image.
    pub image: Image,
    /// The concepts.
    pub concepts: Vec<Concept>,
    /// How it is mapped.
    pub by: Mapping,
    /// Whether every component has a map of its own.
    pub per_head: bool,
    /// The greatest number of rows.
    pub limit: Option<usize>,
}

/// What a heat map takes.
pub struct Tickets {
    image: OneImage,
    maps: Maps,
}

impl Statement for Heatmap {
    const RULE: &'static str = "heatmap";
    const HELP: &'static Topic = &help::HELP;
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let concepts = names.concepts(said)?;
        let image = names.image(said.the_image())?;
        let mapped = match &image {
            Image::InSet { set, .. } => Some(set.as_str()),
            Image::File(_) => None,
        };
        let (model, set) = model_and_set(said, mapped, names)?;
        refuse_condition(said, &set, names)?;
        let by = names.mapping(said, model, set)?;
        Ok(Self {
            image,
            concepts,
            by,
            per_head: said.clause("per_head").is_some(),
            limit: names.limit(said)?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let image = planner.one_image(&self.image)?;
        let texts = self.concepts.iter().flat_map(Concept::texts);
        let texts: Vec<String> = texts.cloned().collect();
        let which = format!("one forward pass, of {}", image.name);
        let what = "one map per concept, patch by patch";
        Ok(Tickets {
            maps: planner.maps(what, &self.by, &which, &texts)?,
            image,
        })
    }

    /// One map per concept: the aligned contribution of each source token of the chosen units, summed over these and
    /// projected on the concept's text, without the alignment's bias (arXiv 2406.01583); for a feature the
    /// mean over its texts, as retrieval takes it.
    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let name = tickets.image.name.clone();
        let picture = tickets.image.decode()?;
        let ready = tickets.maps.ready(desk)?;
        let mean_of = |concept: &Concept| ready.embeddings.mean_of(concept.texts());
        let directions: Vec<f64> = self.concepts.iter().flat_map(mean_of).collect();
        let (mapper, mut notes) = ready.along(&directions)?;
        if let Image::InSet { set, .. } = &self.image {
            notes.extend(ready.aligned_elsewhere(set));
        }
        desk.cancel.check()?;
        let concepts = labelled::labels(&self.concepts);
        let found = labelled::labelled(&mapper, self.per_head, &picture, &concepts)?;
        let shown = shown::shown(&name, &found, mapper.special_tokens())?;
        notes.extend(shown.notes);
        let model = &self.by.target.model;
        let concepts = concepts.join(", ");
        Ok(Answer {
            title: Some(format!("heat map of {name} for {concepts} in {model}")),
            frame: match self.limit {
                Some(limit) => shown.table.head(Some(limit)),
                None => shown.table,
            },
            pictures: vec![shown.pictures],
            notes,
            cached: false,
            ..Answer::default()
        }
        .into())
    }
}

/// A heat map is of one image, and all of its patches: a condition has nothing to choose from.
fn refuse_condition(said: &Clause, set: &str, names: &mut Names<'_>) -> Resolved<()> {
    let condition = said.clause("filter").and_then(Clause::condition);
    let (Some(condition), Some(_)) = (condition, names.images_where(said, set)?) else {
        return Ok(());
    };
    Err(ResolveError::OutOfPlace {
        message: "a heat map is of one image, so `where` has nothing to choose from".to_owned(),
        help: "put a condition on its patches after a `|`".to_owned(),
        span: condition.span,
    })
}
