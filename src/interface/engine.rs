//! What the front ends ask of the engine: the one seam between the terminal and everything behind it.
//!
//! The command line and the prompt are written against these traits alone, so they can be tested with an engine of
//! twenty lines, and the engine can be used without a terminal.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

pub use super::assist::{Assist, Candidate, Role};
pub use super::name::{Name, NameKind};
pub use super::source::Source;
use crate::interface::answer::Sink;
use crate::interface::failure::Failure;
use crate::kernels::device::Choice;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// Runs statements against a store. An engine may be handed to the thread that works with it.
pub trait Engine: Send {
    /// The byte ranges of the statements of a script, in order, comments and blank statements left out. Never fails: a
    /// text that does not parse is still cut at `;` and blank lines, and the error comes when the piece is executed.
    fn statements(&self, text: &str) -> Vec<Range<usize>>;

    /// Executes the statement at `range` of `source`; answers and changed settings go to `sink`.
    ///
    /// # Errors
    /// A [`Failure`] whose labels point into the whole of `source`.
    fn execute(
        &mut self,
        source: &Source,
        range: Range<usize>,
        sink: &mut dyn Sink,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<(), Failure>;

    /// What the prompt needs to help with typing, with the names known now.
    fn assist(&self) -> Arc<dyn Assist>;

    /// Every model, image set, feature and result there is now, kind by kind.
    fn names(&self) -> Vec<Name>;

    /// The store's name as the prompt shows it.
    fn place(&self) -> String;

    /// What `doctor` should say about the store: what it is, its value, why.
    fn facts(&self) -> Vec<[String; 3]>;
}

/// Opens engines for the command line.
pub trait Launch {
    /// Opens the store, `None` for the default place; models will run on `device`, and `read_only` refuses statements that
    /// change the store.
    ///
    /// # Errors
    /// A [`Failure`] with [`crate::interface::failure::Exit::Missing`] when there is no store and none can be made.
    fn open(
        &mut self,
        store: Option<&Path>,
        device: Choice,
        read_only: bool,
    ) -> Result<Box<dyn Engine>, Failure>;

    /// Opens the demo's store and gives its guided tour.
    ///
    /// # Errors
    /// As [`Launch::open`].
    fn demo(&mut self, device: Choice) -> Result<(Box<dyn Engine>, Source), Failure>;
}
