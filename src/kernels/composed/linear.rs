//! Linear layers, and two of them with a nonlinearity between.

use candle_core::{Result, Tensor};

use super::rows::activated;
use crate::kernels::activation::Activation;
use crate::kernels::numbers::Numbers;

/// A layer's weights W `[N, K]` in f32 where they lie, rounded to what its products multiply.
#[derive(Clone)]
pub(in super::super) struct Unpacked {
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

pub(in super::super) fn linear(
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

pub(in super::super) fn perceptron(
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
