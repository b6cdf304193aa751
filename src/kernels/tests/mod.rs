//! Layers against their definitions in double precision, on one thread and on several, and as composed for other devices.

mod attention;
pub(super) mod definitions;
mod devices;
mod layers;
mod rounded;

use candle_core::{Device, Tensor};
use rayon::ThreadPoolBuilder;

use super::placement::elsewhere;

/// Numbers between −1 and 1 that repeat late.
pub(super) fn numbers(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 37) % 101) as f32 * 0.02 - 1.0)
        .collect()
}

fn tensor(values: &[f32], shape: &[usize]) -> Tensor {
    Tensor::from_slice(values, shape, &Device::Cpu).unwrap()
}

fn close(found: &Tensor, truth: &[f64]) {
    let found: Vec<f32> = found.flatten_all().unwrap().to_vec1().unwrap();
    assert_eq!(found.len(), truth.len());
    let scale = truth.iter().fold(1.0, |most: f64, v| most.max(v.abs()));
    for (found, truth) in found.iter().zip(truth) {
        let error = (f64::from(*found) - truth).abs();
        assert!(
            error < 1e-5 * scale,
            "{found} for {truth}, of up to {scale}"
        );
    }
}

/// What the kernels give, and what the tensor library's operations do.
pub(super) fn here_and_elsewhere<T: Send>(work: impl Fn() -> T + Sync) -> [T; 2] {
    [work(), elsewhere(&work)]
}

/// Runs the same work in pools of one thread, which packs what it is about to use, and of three, which share it.
fn on_pools(work: impl Fn() + Sync) {
    for threads in [1, 3] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(&work);
    }
}

/// As [`on_pools`], and as on other devices.
fn everywhere(work: impl Fn() + Sync) {
    on_pools(&work);
    elsewhere(&work);
}
