//! What every query answers with, and where answers go.
//!
//! An [`Answer`] is data: a table, pictures as numbers and pixels, notes as sentences. Nothing here knows a terminal; a
//! [`Sink`] decides how an answer looks, so that the prompt, scripts, the TUI and tests all run the same engine.

use std::io;
use std::time::Duration;

use image::RgbImage;
use polars::prelude::DataFrame;

/// The answer to one statement.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// What the table shows, in a few words.
    pub title: Option<String>,
    /// The table. Empty (no columns) for a statement that only does something.
    pub frame: DataFrame,
    /// What there is to look at, in order.
    pub pictures: Vec<Picture>,
    /// What the reader should know about the answer, one sentence each.
    pub notes: Vec<String>,
    /// Whether everything was read from the store and nothing had to be computed with a model.
    pub cached: bool,
    /// How long it took.
    pub elapsed: Duration,
}

/// Something to look at, as data.
#[derive(Clone, Debug)]
pub enum Picture {
    /// One value per unit, laid out layer by head.
    UnitGrid(UnitGrid),
    /// Images side by side.
    Images(Vec<Captioned>),
}

/// One value per unit of a model, laid out as the model is: a row per layer, a column per head.
#[derive(Clone, Debug)]
pub struct UnitGrid {
    /// The model whose units these are.
    pub model: String,
    /// Number of rows (layers).
    pub rows: usize,
    /// Number of columns (heads; the most any layer has).
    pub cols: usize,
    /// `[rows × cols]`, row by row; `None` where the layer has no such head or the unit was left out.
    pub values: Vec<Option<f32>>,
    /// The value at the low end of the colour scale; below 0 the scale is signed, with 0 in its middle.
    pub low: f32,
    /// The value at the high end of the colour scale.
    pub high: f32,
    /// One label per row: `0`, `1` … or `2.1` for stage and block.
    pub row_labels: Vec<String>,
    /// One label per column.
    pub col_labels: Vec<String>,
}

/// An image and the line under it.
#[derive(Clone, Debug)]
pub struct Captioned {
    /// The pixels.
    pub image: RgbImage,
    /// What it is: id, score, label. Longer captions than the image is wide are cut.
    pub caption: String,
}

/// Where answers go.
pub trait Sink {
    /// One statement's answer.
    ///
    /// # Errors
    /// When the answer cannot be written, a closed pipe included.
    fn answer(&mut self, answer: &Answer) -> io::Result<()>;

    /// Words that are an answer in themselves: help, a plan.
    ///
    /// # Errors
    /// As [`Sink::answer`].
    fn text(&mut self, text: &str) -> io::Result<()>;

    /// Changes how answers look from now on: `set format json`.
    ///
    /// # Errors
    /// One sentence that says which settings or values there are.
    fn set(&mut self, name: &str, value: &str) -> Result<(), String>;

    /// Every setting with its current value, in the order of listings.
    fn settings(&self) -> Vec<(&'static str, String)>;
}
