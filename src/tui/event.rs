//! What happens to the interface, and what it wants done.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyEvent, MouseEvent};
use polars::prelude::DataFrame;

use super::table::Arrangement;
use crate::interface::answer::Answer;
use crate::interface::assist::Assist;
use crate::interface::failure::Failure;
use crate::interface::name::Name;

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// A key went down.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The window has this many columns and rows now.
    Resize(u16, u16),
    /// A working thread has something to say.
    Worker(Msg),
    /// Time since the start.
    Tick(Duration),
}

/// What working threads say.
pub enum Msg {
    /// A statement begins.
    Started(String),
    /// A stage of it: what is done, how many steps are complete of how many.
    Progress(String, u64, u64),
    /// The stage is over.
    StageOver,
    /// Something the user should read.
    Note(String),
    /// An answer.
    Answer(Arc<Answer>),
    /// An answer in words.
    Text(String),
    /// A statement went well.
    Done(String),
    /// A statement failed.
    Failed(Failure),
    /// A statement asked for the end of the session.
    Farewell,
    /// Nothing runs any more; the names may have changed.
    Idle(Knowledge),
    /// The rows of the table of this generation, as asked for.
    Arranged(u64, Vec<u32>),
    /// An effect was carried out, or not, in a sentence.
    Said(Result<String, String>),
}

/// What the front knows of the engine while it is at work elsewhere.
#[derive(Clone)]
pub struct Knowledge {
    /// Help with typing.
    pub assist: Arc<dyn Assist>,
    /// The catalog.
    pub names: Vec<Name>,
    /// The store's name.
    pub place: String,
}

impl std::fmt::Debug for Msg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Started(_) => "Started",
            Self::Progress(..) => "Progress",
            Self::StageOver => "StageOver",
            Self::Note(_) => "Note",
            Self::Answer(_) => "Answer",
            Self::Text(_) => "Text",
            Self::Done(_) => "Done",
            Self::Failed(_) => "Failed",
            Self::Farewell => "Farewell",
            Self::Idle(_) => "Idle",
            Self::Arranged(..) => "Arranged",
            Self::Said(_) => "Said",
        };
        f.write_str(name)
    }
}

/// Something to do outside of the state.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Run this text of statements.
    Run(String),
    /// Stop what runs.
    Cancel,
    /// Filter and sort a table; the generation comes back with the answer.
    Arrange(u64, DataFrame, Arrangement),
    /// Put this on the clipboard.
    Copy(String),
    /// Add a query to the history.
    Remember(String),
    /// Write a script.
    Save(PathBuf, String),
    /// Draw everything anew, whatever the terminal shows.
    Redraw,
    /// End.
    Quit,
}
