//! Nonlinearities.

use super::math;

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

#[cfg(test)]
mod tests {
    use super::super::composed::activated;
    use super::*;
    use candle_core::{Device, Tensor};

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
            let mut values = xs.clone();
            activation.apply_all(&mut values);
            let composed = Tensor::new(&xs[..], &Device::Cpu).unwrap();
            let composed = activated(&composed, activation).unwrap();
            for values in [values, composed.to_vec1().unwrap()] {
                for (x, y) in xs.iter().zip(values) {
                    let truth = definition(f64::from(*x));
                    assert!(
                        (f64::from(y) - truth).abs() < 2e-6,
                        "{activation:?}({x}) = {y}, not {truth}"
                    );
                }
            }
        }
    }
}
