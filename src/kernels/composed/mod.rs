//! The layers once more, composed of candle's own tensor operations: for tensors on another device than the CPU, where the
//! kernels beside cannot reach and candle has its own (cuBLAS and CUDA's, or Metal's).
//!
//! Each function has the contract of its namesake. Only operations that candle has on every device are used; what it would
//! do slowly there (a convolution in groups is one convolution for each of them) is put together from others.

mod attention;
mod maps;

use std::cell::Cell;

use candle_core::{D, Result, Tensor};
use candle_nn::ops::sigmoid;
use rayon::ThreadPoolBuilder;

use super::{Activation, LayerNorm, Normalized, Numbers};

pub(super) use attention::self_attention;
pub(crate) use maps::{average, join};
pub(super) use maps::{convolve, depthwise};

thread_local! {
    static ELSEWHERE: Cell<bool> = const { Cell::new(false) };
}

/// Whether the kernels beside work on this tensor: they do on the CPU.
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

/// A layer's weights W `[N, K]` in f32 where they lie, rounded to what its products multiply.
#[derive(Clone)]
pub(super) struct Unpacked {
    pub weight: Tensor,
    numbers: Numbers,
}

impl Unpacked {
    pub fn of(weight: &Tensor, numbers: Numbers) -> Result<Self> {
        Ok(Self {
            weight: numbers.round(weight)?.contiguous()?,
            numbers,
        })
    }

    /// x Wᵀ for rows x `[M, K]`. Products of rounded numbers are summed and given in f32, as on the CPU: components would not
    /// sum to the whole if each were rounded again.
    fn product(&self, rows: &Tensor) -> Result<Tensor> {
        let rows = self.numbers.round(rows)?;
        on_tensor_cores(self.numbers, || rows.matmul(&self.weight.t()?))
    }
}

/// Lets CUDA multiply rounded numbers on its tensor cores: TensorFloat-32 holds every bf16 and f16, so that nothing is lost.
#[cfg(feature = "cuda")]
fn on_tensor_cores<T>(numbers: Numbers, multiply: impl FnOnce() -> T) -> T {
    use candle_core::cuda::{gemm_reduced_precision_f32, set_gemm_reduced_precision_f32};
    let before = gemm_reduced_precision_f32();
    set_gemm_reduced_precision_f32(before || numbers != Numbers::F32);
    let product = multiply();
    set_gemm_reduced_precision_f32(before);
    product
}

#[cfg(not(feature = "cuda"))]
fn on_tensor_cores<T>(_: Numbers, multiply: impl FnOnce() -> T) -> T {
    multiply()
}

pub(super) fn linear(
    x: &Tensor,
    weights: &Unpacked,
    bias: Option<&Tensor>,
    activation: Option<Activation>,
) -> Result<Tensor> {
    let (batch, tokens, depth) = x.dims3()?;
    let rows = x.reshape((batch * tokens, depth))?;
    let mut out = weights.product(&rows)?;
    if let Some(bias) = bias {
        out = out.broadcast_add(bias)?;
    }
    if let Some(activation) = activation {
        out = activated(&out, activation)?;
    }
    out.reshape((batch, tokens, weights.weight.dim(0)?))
}

pub(super) fn perceptron(
    x: &Tensor,
    (up, bias): (&Unpacked, Option<&Tensor>),
    activation: Activation,
    down: &Unpacked,
    keep: Option<usize>,
) -> Result<(Tensor, Option<Tensor>)> {
    let hidden = linear(x, up, bias, Some(activation))?;
    let out = linear(&hidden, down, None, None)?;
    let kept = keep.map(|keep| hidden.narrow(1, 0, keep)?.contiguous());
    Ok((out, kept.transpose()?))
}

pub(super) fn activated(x: &Tensor, activation: Activation) -> Result<Tensor> {
    match activation {
        Activation::Gelu => x.gelu_erf(),
        Activation::GeluTanh => x.gelu(),
        Activation::QuickGelu => x * sigmoid(&(x * 1.702)?)?,
        Activation::Silu => x.silu(),
        Activation::Sigmoid => sigmoid(x),
    }
}

pub(super) fn normalize(norm: &LayerNorm, x: &Tensor) -> Result<Normalized> {
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    let inv_sigma = (variance + norm.eps)?.sqrt()?.recip()?;
    let value = centred
        .broadcast_mul(&inv_sigma)?
        .broadcast_mul(&norm.weight)?
        .broadcast_add(&norm.bias)?;
    let inv_sigma = inv_sigma.squeeze(D::Minus1)?;
    Ok(Normalized { value, inv_sigma })
}

pub(super) fn add_branch(
    x: &Tensor,
    y: &Tensor,
    bias: Option<&Tensor>,
    scale: Option<&Tensor>,
) -> Result<Tensor> {
    let mut branch = y.clone();
    if let Some(bias) = bias {
        branch = branch.broadcast_add(bias)?;
    }
    if let Some(scale) = scale {
        branch = branch.broadcast_mul(scale)?;
    }
    x + branch
}

pub(super) fn scale_columns(x: &Tensor, scale: &Tensor) -> Result<Tensor> {
    x.broadcast_mul(&scale.unsqueeze(1)?)
}
