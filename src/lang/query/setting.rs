//! The settings of a session.

use super::concept::Template;
use super::score::Score;

/// A setting and its new value; `None` takes it back.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// How tables are written: one of [`crate::lang::resolve::FORMATS`].
    Format(String),
    /// Whether and how pictures are shown: one of [`crate::lang::resolve::PICTURES`].
    Pictures(String),
    /// The images of statements without `on`.
    Images(Option<String>),
    /// The CLIP model of models aligned to several.
    Clip(Option<String>),
    /// The score.
    Score(Score),
    /// The limit.
    Limit(Option<usize>),
    /// The seed.
    Seed(Option<u64>),
    /// The template.
    Template(Template),
    /// Whether times are shown.
    Timer(bool),
    /// Whether output is coloured: `auto`, `always`, `never`.
    Color(String),
    /// The most rows of a table on the terminal; `None` for all.
    Rows(Option<usize>),
    /// The columns of the terminal that tables keep to; `None` for as many as it has.
    Width(Option<usize>),
    /// Whether long work shows a progress bar.
    Progress(bool),
    /// Whether answers taller than the screen go through `$PAGER`.
    Pager(bool),
}
