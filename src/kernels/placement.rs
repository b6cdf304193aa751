//! Who works on a tensor: the kernels of this program on the CPU, candle's operations on other devices.

use std::cell::Cell;

use candle_core::Tensor;
use rayon::ThreadPoolBuilder;

thread_local! {
    static ELSEWHERE: Cell<bool> = const { Cell::new(false) };
}

/// Whether the kernels work on this tensor: they do on the CPU.
pub(crate) fn is_own(x: &Tensor) -> bool {
    x.device().is_cpu() && !ELSEWHERE.get()
}

/// Runs `work` as if its tensors, which are on the CPU, were on another device: layers made and run in it are composed of
/// the tensor library's operations, and the kernels of [`crate::kernels`] refuse every tensor. So what such a device computes
/// can be held against the CPU where there is none.
///
/// # Panics
/// When the system grants no thread.
pub fn elsewhere<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    // A forward pass runs on the pool it is called from: in a pool of one it stays on the thread that is marked.
    let pool = ThreadPoolBuilder::new().num_threads(1).build();
    pool.expect("the system grants a thread").install(|| {
        ELSEWHERE.set(true);
        work()
    })
}
