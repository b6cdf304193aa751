//! Bias, activation, residual and per-channel scale, in place.

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result, Tensor};
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use super::{ROWS_PER_TASK, math, values_mut, with_values};

/// A nonlinearity. MLPs of checkpoints differ in theirs, and a wrong one is off by up to 1.3 per feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// x·Φ(x) with the exact error function: timm, DINOv2, LAION's CLIP.
    Gelu,
    /// The tanh approximation of GELU: MaxViT (tf), SigLIP.
    GeluTanh,
    /// x·sigmoid(1.702 x): OpenAI's CLIP.
    QuickGelu,
    /// x·sigmoid(x): inside squeeze-and-excitation.
    Silu,
    /// sigmoid(x): the gate that squeeze-and-excitation ends in.
    Sigmoid,
}

impl Activation {
    #[inline(always)]
    fn apply(self, x: f32) -> f32 {
        match self {
            Self::Gelu => 0.5 * x * (1.0 + math::erf(x * std::f32::consts::FRAC_1_SQRT_2)),
            Self::GeluTanh => {
                // sqrt(2/π) (x + 0.044715 x³), Hendrycks & Gimpel 2016.
                let inner = 0.797_884_6 * 0.044_715f32.mul_add(x * x * x, x);
                0.5 * x * (1.0 + math::tanh(inner))
            }
            Self::QuickGelu => x * math::sigmoid(1.702 * x),
            Self::Silu => x * math::sigmoid(x),
            Self::Sigmoid => math::sigmoid(x),
        }
    }
}

impl Activation {
    /// Applies it to all numbers. The match stands outside the loops so that each loop vectorises on its own.
    #[inline(always)]
    pub(super) fn apply_all(self, numbers: &mut [f32]) {
        #[inline(always)]
        fn each(numbers: &mut [f32], apply: impl Fn(f32) -> f32) {
            for x in numbers {
                *x = apply(*x);
            }
        }
        match self {
            Self::Gelu => each(numbers, |x| Self::Gelu.apply(x)),
            Self::GeluTanh => each(numbers, |x| Self::GeluTanh.apply(x)),
            Self::QuickGelu => each(numbers, |x| Self::QuickGelu.apply(x)),
            Self::Silu => each(numbers, |x| Self::Silu.apply(x)),
            Self::Sigmoid => each(numbers, |x| Self::Sigmoid.apply(x)),
        }
    }
}

/// What happens to every row of a `[.., D]` tensor.
#[derive(Clone, Copy)]
enum RowOp {
    Bias,
    BiasThen(Activation),
    Scale,
}

/// A [`RowOp`] with one parameter vector `[D]` for each of some rows.
struct Rows<'a> {
    op: RowOp,
    rows: &'a mut [f32],
    parameter: &'a [f32],
}

impl NullaryFnOnce for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        // The match stands outside the loops so that each loop vectorises on its own.
        match self.op {
            RowOp::Bias => self.each(|x, b| x + b),
            RowOp::Scale => self.each(|x, s| x * s),
            RowOp::BiasThen(Activation::Gelu) => self.each(|x, b| Activation::Gelu.apply(x + b)),
            RowOp::BiasThen(Activation::GeluTanh) => {
                self.each(|x, b| Activation::GeluTanh.apply(x + b));
            }
            RowOp::BiasThen(Activation::QuickGelu) => {
                self.each(|x, b| Activation::QuickGelu.apply(x + b));
            }
            RowOp::BiasThen(Activation::Silu) => self.each(|x, b| Activation::Silu.apply(x + b)),
            RowOp::BiasThen(Activation::Sigmoid) => {
                self.each(|x, b| Activation::Sigmoid.apply(x + b));
            }
        }
    }
}

impl Rows<'_> {
    #[inline(always)]
    fn each(self, change: impl Fn(f32, f32) -> f32) {
        for row in self.rows.chunks_exact_mut(self.parameter.len()) {
            for (x, p) in row.iter_mut().zip(self.parameter) {
                *x = change(*x, *p);
            }
        }
    }
}

/// The in-place operation candle runs: [`Rows`] over chunks of a tensor.
struct Rowwise<'a> {
    op: RowOp,
    parameter: &'a [f32],
}

impl InplaceOp1 for Rowwise<'_> {
    fn name(&self) -> &'static str {
        "rowwise"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let width = self.parameter.len();
        values_mut(storage, layout)?
            .par_chunks_mut(width * ROWS_PER_TASK)
            .for_each(|rows| {
                Arch::new().dispatch(Rows {
                    op: self.op,
                    rows,
                    parameter: self.parameter,
                });
            });
        Ok(())
    }
}

fn rowwise(x: &Tensor, op: RowOp, parameter: &Tensor) -> Result<()> {
    with_values(parameter, |parameter| {
        x.inplace_op1(&Rowwise { op, parameter })
    })?
}

/// Adds `bias` `[D]` to every row of `x` `[.., D]`, in place.
pub fn add_bias(x: &Tensor, bias: &Tensor) -> Result<()> {
    rowwise(x, RowOp::Bias, bias)
}

/// Adds `bias` `[D]` to every row of `x` `[.., D]` and applies the activation, in place and in one pass.
pub fn bias_activation(x: &Tensor, bias: &Tensor, activation: Activation) -> Result<()> {
    rowwise(x, RowOp::BiasThen(activation), bias)
}

/// Multiplies every row of `x` `[.., D]` by `scale` `[D]`, in place (LayerScale).
pub fn scale_columns(x: &Tensor, scale: &Tensor) -> Result<()> {
    rowwise(x, RowOp::Scale, scale)
}

struct Sum<'a> {
    x: &'a mut [f32],
    y: &'a [f32],
}

impl NullaryFnOnce for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (x, y) in self.x.iter_mut().zip(self.y) {
            *x += y;
        }
    }
}

struct AddInPlace;

impl InplaceOp2 for AddInPlace {
    fn name(&self) -> &'static str {
        "add_in_place"
    }

    fn cpu_fwd(&self, x: &mut CpuStorage, xl: &Layout, y: &CpuStorage, yl: &Layout) -> Result<()> {
        let y = match y {
            CpuStorage::F32(values) => &values[super::span(yl)?],
            _ => candle_core::bail!("this kernel takes f32 tensors"),
        };
        let x = values_mut(x, xl)?;
        if x.len() == y.len() {
            let chunk = 1 << 16;
            x.par_chunks_mut(chunk)
                .zip(y.par_chunks(chunk))
                .for_each(|(x, y)| Arch::new().dispatch(Sum { x, y }));
        } else {
            x.par_chunks_mut(y.len())
                .for_each(|x| Arch::new().dispatch(Sum { x, y }));
        }
        Ok(())
    }
}

/// `x += y` for a `y` of x's shape but for a first axis that divides x's: it is added again and again.
pub fn add_repeated(x: &Tensor, y: &Tensor) -> Result<()> {
    if y.dims()[1..] != x.dims()[1..] || !x.dim(0)?.is_multiple_of(y.dim(0)?) {
        candle_core::bail!("cannot add {:?} repeatedly to {:?}", y.shape(), x.shape());
    }
    x.inplace_op2(&y.contiguous()?, &AddInPlace)
}

/// `x += y` for tensors of one shape; `x` is changed in place, so nothing else may rely on its values.
pub fn add_in_place(x: &Tensor, y: &Tensor) -> Result<()> {
    if x.shape() != y.shape() {
        candle_core::bail!("cannot add {:?} to {:?}", y.shape(), x.shape());
    }
    x.inplace_op2(&y.contiguous()?, &AddInPlace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn values(activation: Activation, xs: &[f32]) -> Vec<f32> {
        let x = Tensor::from_slice(xs, (1, xs.len()), &Device::Cpu).unwrap();
        let bias = Tensor::full(0.25f32, xs.len(), &Device::Cpu).unwrap();
        bias_activation(&x, &bias, activation).unwrap();
        x.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn activations_follow_their_definitions_in_double_precision() {
        let xs: Vec<f32> = (-2000..2000).map(|i| i as f32 * 0.005).collect();
        type Definition = fn(f64) -> f64;
        let exact: [(Activation, Definition); 5] = [
            (Activation::Gelu, |x| {
                0.5 * x * (1.0 + candle_core::cpu::erf::erf_f64(x / 2f64.sqrt()))
            }),
            (Activation::GeluTanh, |x| {
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
                0.5 * x * (1.0 + inner.tanh())
            }),
            (Activation::QuickGelu, |x| x / (1.0 + (-1.702 * x).exp())),
            (Activation::Silu, |x| x / (1.0 + (-x).exp())),
            (Activation::Sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
        ];
        for (activation, definition) in exact {
            for (x, y) in xs.iter().zip(values(activation, &xs)) {
                let truth = definition(f64::from(x + 0.25));
                assert!(
                    (f64::from(y) - truth).abs() < 2e-6,
                    "{activation:?}({x}) = {y}, not {truth}"
                );
            }
        }
    }

    #[test]
    fn rows_are_biased_scaled_and_added() {
        let x = Tensor::from_slice(&[1f32, 2., 3., 4.], (2, 2), &Device::Cpu).unwrap();
        let p = Tensor::from_slice(&[10f32, 20.], 2, &Device::Cpu).unwrap();
        add_bias(&x, &p).unwrap();
        scale_columns(&x, &p).unwrap();
        add_in_place(
            &x,
            &Tensor::ones((2, 2), candle_core::DType::F32, &Device::Cpu).unwrap(),
        )
        .unwrap();
        assert_eq!(x.to_vec2::<f32>().unwrap(), [[111., 441.], [131., 481.]]);
        add_repeated(&x, &p.unsqueeze(0).unwrap()).unwrap();
        assert_eq!(x.to_vec2::<f32>().unwrap(), [[121., 461.], [141., 501.]]);
        assert!(
            add_repeated(
                &x,
                &Tensor::zeros((2, 1), candle_core::DType::F32, &Device::Cpu).unwrap()
            )
            .is_err()
        );
    }
}
