//! `retrieve`: the images along a text, or like another image, by what chosen units contribute.

mod among;
mod answer;
mod by_image;
mod by_text;
mod help;
mod specific_heads;

use std::sync::Arc;

use self::among::Among;
use self::by_image::ByImage;
use self::by_text::ByText;
pub use self::specific_heads::Property;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::ast::Clause;
use crate::lang::catalog::ModelInfo;
use crate::lang::expect::Role;
use crate::lang::filter::Filter;
use crate::lang::help::Topic;
use crate::lang::query::{Concept, Image, Prompt, Selection, Target};
use crate::lang::resolve::{Names, Resolved};
use crate::lang::span::Spanned;
use crate::store::ImageSet;

/// How many images, unless the user says otherwise.
const COUNT: usize = 8;

/// `retrieve N images for CONCEPT in MODEL`, `retrieve N images like IMAGE in MODEL`.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrieve {
    /// Which images are wanted.
    pub wanted: Wanted,
    /// The model, and the images among which they are looked for.
    pub target: Target,
    /// Which of those may be found; `None` for all.
    pub images: Option<Filter>,
    /// The components whose contributions are used, if not all.
    pub using: Option<Selection>,
    /// The components whose contributions are left out.
    pub without: Option<Selection>,
    /// How many images.
    pub count: usize,
}

/// Which images are wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// Those that reach furthest along a concept.
    Along {
        /// The concept.
        concept: Concept,
        /// How it is put.
        prompt: Prompt,
    },
    /// Those most like an image.
    Like {
        /// The image.
        image: Image,
        /// In what respect: by the heads most specific to it, unless components are named.
        property: Option<Property>,
    },
}

/// What retrieving takes.
pub struct Tickets {
    set: Arc<ImageSet>,
    search: Search,
}

enum Search {
    ByText(Box<ByText>),
    ByImage(Box<ByImage>),
}

impl Statement for Retrieve {
    const RULE: &'static str = "retrieve";
    const HELP: &'static Topic = &help::HELP;
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let wanted = match said.clause("like") {
            Some(like) => read_like(said, like, names)?,
            None => read_along(said, names)?,
        };
        let (model, set) = asked(said, names)?;
        let images = names.images_where(said, &set)?;
        let using = names.selection(said, "using", model, &set)?;
        let without = names.selection(said, "without", model, &set)?;
        let count = said.number().map(|count| names.count(count)).transpose()?;
        Ok(Self {
            wanted,
            target: Target {
                model: model.value.name.clone(),
                set,
            },
            images,
            using,
            without,
            count: count.unwrap_or(COUNT),
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let what = match &self.wanted {
            Wanted::Along { .. } => "keep the images that reach furthest along the text",
            Wanted::Like { .. } => "keep the images with the greatest cosine with the probe",
        };
        let words = "look for images by what components contribute in";
        let stored = planner.decomposed(&self.target)?;
        let set = planner.set(&self.target.set)?;
        let among = Among {
            target: &self.target,
            stored: &stored,
            keep: planner.images_satisfying(&set, self.images.as_ref())?,
            using: self.using.as_ref(),
            without: self.without.as_ref(),
        };
        let search = planner.step(what, |planner| {
            planner.step_on(words, &self.target, |planner| {
                self.plan_search(among, planner)
            })
        })?;
        Ok(Tickets { set, search })
    }

    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let retrieved = match tickets.search {
            Search::ByText(search) => search.run(self.count, desk)?,
            Search::ByImage(search) => search.run(self.count, desk)?,
        };
        Ok(retrieved.answer(&tickets.set)?.into())
    }
}

impl Retrieve {
    fn plan_search(
        &self,
        among: Among<'_>,
        planner: &mut Planner<'_>,
    ) -> Result<Search, DeskError> {
        Ok(match &self.wanted {
            Wanted::Along { concept, prompt } => {
                Search::ByText(Box::new(ByText::plan(concept, prompt, among, planner)?))
            }
            Wanted::Like { image, property } => {
                let search = ByImage::plan(image, property.as_ref(), among, planner)?;
                Search::ByImage(Box::new(search))
            }
        })
    }
}

/// The model and the set that are asked.
fn asked<'a>(said: &Clause, names: &Names<'a>) -> Resolved<(Spanned<&'a ModelInfo>, String)> {
    let model = names.model(said.the(Role::Model))?;
    Ok((model, names.set_decomposed_with(model, said.said("on"))?))
}

fn read_along(said: &Clause, names: &mut Names<'_>) -> Resolved<Wanted> {
    let refusal = "images are retrieved for one concept at a time";
    let concept = names.one_concept(said, refusal)?;
    let (model, set) = asked(said, names)?;
    Ok(Wanted::Along {
        concept,
        prompt: names.prompt(said, model, &set)?,
    })
}

/// `like` is the part of the statement that names the image.
fn read_like(said: &Clause, like: &Clause, names: &mut Names<'_>) -> Resolved<Wanted> {
    let concept = names.concepts(like)?.into_iter().next();
    let image = names.image(like.the_image())?;
    let (model, set) = asked(said, names)?;
    let property = match concept {
        Some(concept) => Some(Property {
            concept,
            prompt: names.prompt(said, model, &set)?,
            score: names.score(said)?,
        }),
        None => None,
    };
    Ok(Wanted::Like { image, property })
}
