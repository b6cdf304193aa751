//! Heat maps, masks and second-order scores are what plain computations make of the same models.

mod masks;
mod places;
mod second;
mod small;

use candle_core::Tensor;
use polars::prelude::DataFrame;
use vitscope::decompose::Decomposer;
use vitscope::vision::checkpoint::Checkpoint;

use crate::support::demo_model;

fn floats(frame: &DataFrame, name: &str) -> Vec<f64> {
    let column = frame.column(name).expect("a column");
    let values = column.f64().expect("of numbers").iter();
    values
        .map(|value| value.expect("none is missing"))
        .collect()
}

fn whole(frame: &DataFrame, name: &str) -> Vec<u32> {
    let column = frame.column(name).expect("a column");
    let values = column.u32().expect("of whole numbers").iter();
    values
        .map(|value| value.expect("none is missing"))
        .collect()
}

fn model(name: &str) -> (Checkpoint, Decomposer) {
    let checkpoint = Checkpoint::open(&demo_model(name)).expect("a readable checkpoint");
    let decomposer = Decomposer::new(checkpoint.model().expect("weights that fit"));
    (checkpoint, decomposer.expect("a sound model"))
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.flatten_all().and_then(|flat| flat.to_vec1::<f32>());
    let flat = flat.expect("numbers");
    flat.into_iter().map(f64::from).collect()
}
