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

impl Answer {
    /// An answer that is one sentence.
    #[must_use]
    pub fn of_note(note: impl Into<String>) -> Self {
        Self {
            notes: vec![note.into()],
            ..Self::default()
        }
    }
}

/// `1 row`, `12 rows`.
#[must_use]
pub fn rows_in_words(rows: usize) -> String {
    match rows {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    }
}

/// Something to look at, as data.
#[derive(Clone, Debug)]
pub enum Picture {
    /// One value per unit, laid out layer by head.
    UnitGrid(UnitGrid),
    /// Images side by side.
    Images(Vec<Captioned>),
    /// Quantities that change along one axis: ablation curves.
    Curves(Curves),
    /// How often values fall where: scores.
    Histogram(Histogram),
    /// A value and the interval around it per row: how steady scores are.
    Intervals(Intervals),
}

/// Several quantities along one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// What is shown, in a few words.
    pub title: String,
    /// What the places of `x` are.
    pub x_label: String,
    /// What the values are.
    pub y_label: String,
    /// The places, in order; drawn at equal distances.
    pub x: Vec<String>,
    /// Name and values of each line, one value per place of `x`; a value that is not finite leaves a gap.
    pub lines: Vec<(String, Vec<f32>)>,
}

/// Counts of values by where they fall.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// What is counted, in a few words.
    pub title: String,
    /// Label and count of each bar, in order.
    pub bars: Vec<(String, u64)>,
}

impl Histogram {
    /// `values` counted in `bins` bins of equal width between the least and the greatest, each labelled with its lower
    /// edge and the last one closed. Values that are not finite are left out; without any there are no bars.
    #[must_use]
    pub fn of(title: impl Into<String>, values: &[f32], bins: usize) -> Self {
        let finite: Vec<f64> = (values.iter().filter(|v| v.is_finite()))
            .map(|v| f64::from(*v))
            .collect();
        let low = finite.iter().copied().fold(f64::INFINITY, f64::min);
        let high = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let bins = match finite.is_empty() {
            true => 0,
            false if low == high => 1,
            false => bins.max(1),
        };
        let step = (high - low) / bins.max(1) as f64;
        let mut counts = vec![0; bins];
        for value in &finite {
            let bin = if step > 0.0 {
                ((value - low) / step) as usize
            } else {
                0
            };
            counts[bin.min(bins - 1)] += 1;
        }
        let edge = |bin: usize| format!("{:.3}", low + step * bin as f64);
        Self {
            title: title.into(),
            bars: (0..bins).map(|bin| (edge(bin), counts[bin])).collect(),
        }
    }
}

/// Values with the intervals around them.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervals {
    /// What is shown, in a few words.
    pub title: String,
    /// The least value on the axis.
    pub low: f32,
    /// The greatest value on the axis.
    pub high: f32,
    /// The rows, in order.
    pub rows: Vec<Interval>,
}

/// One value with its interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// Whose value it is: `head 5.2`.
    pub label: String,
    /// The lower end.
    pub low: f32,
    /// The value itself, which may lie outside.
    pub mid: f32,
    /// The upper end.
    pub high: f32,
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
