//! Plans: what a statement will read and compute, as data, before it does.
//!
//! A statement plans with a [`Planner`](super::planner::Planner). Whatever it will read or compute it asks that for, and
//! gets a ticket: the right to read these rows, to embed these texts, to run this model. A ticket adds its step to the plan,
//! and a statement that runs has nothing but its tickets to work with: so the plan that `explain` prints is the one that is
//! carried out.
//!
//! These tickets add no step of their own:
//!
//! - a single image that is looked at ([`OneImage`](super::images::one_image::OneImage)): the step that runs the model on it
//!   or reads its rows names it;
//! - an alignment that is only listed (`listed_alignment`), or that of a CLIP to itself: a file's note is read, or nothing;
//! - a choice of units that a statement names ([`ChosenOf`](super::units::selection::ChosenOf)): nothing is computed for it.

mod draw;

pub use self::draw::count_of;

/// What a statement will do: steps, each resting on those below it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The steps at the top: one, unless a statement does several things.
    pub steps: Vec<Step>,
}

/// A step of a plan, and the steps it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is done.
    pub work: Work,
    /// What has to be done before.
    pub from: Vec<Step>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Something whose cost lies in the steps it rests on, in words.
    Says(String),
    /// Stored rows are read.
    Read(Reading),
    /// Texts become embeddings.
    Texts {
        /// The CLIP that reads them.
        clip: String,
        /// How many.
        texts: usize,
        /// Those that its text tower runs for; the others are stored.
        unknown: usize,
    },
    /// The maps of an alignment are taken.
    Alignment {
        /// The model that is aligned.
        model: String,
        /// The CLIP it is aligned to.
        clip: String,
        /// Whether there is one.
        stored: bool,
    },
    /// The second moments of all components are taken.
    Moments {
        /// How many components.
        components: usize,
        /// Whether they are there; else one pass over the rows gathers them, and they are kept.
        stored: bool,
    },
    /// Images go through a model, in words: `compute: one forward pass, of probe.jpg`.
    Passes(String),
}

/// What is read of stored contributions: whose rows, of which images, how much.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What: `rows of 12 components`.
    pub what: String,
    /// The set.
    pub set: String,
    /// Images that take part.
    pub images: usize,
    /// Images of the set.
    pub images_of_set: usize,
    /// Parts that hold any of them; their columns are read whole.
    pub parts: usize,
    /// Parts of the decomposition.
    pub parts_of_all: usize,
    /// How many bytes, where the components are known before units are chosen.
    pub bytes: Option<usize>,
}
