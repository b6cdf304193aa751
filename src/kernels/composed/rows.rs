//! What goes row by row: nonlinearities, layer norms and residual sums.

use candle_core::{D, Result, Tensor};
use candle_nn::ops::sigmoid;

use crate::kernels::activation::Activation;

pub(in super::super) fn activated(x: &Tensor, activation: Activation) -> Result<Tensor> {
    match activation {
        Activation::Gelu => x.gelu_erf(),
        Activation::GeluTanh => x.gelu(),
        Activation::QuickGelu => x * sigmoid(&(x * 1.702)?)?,
        Activation::Silu => x.silu(),
        Activation::Sigmoid => sigmoid(x),
    }
}

/// Rows normalised, and 1/σ of each.
pub(in super::super) fn normalize(
    x: &Tensor,
    (weight, bias): (&Tensor, &Tensor),
    eps: f64,
) -> Result<(Tensor, Tensor)> {
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    let inv_sigma = (variance + eps)?.sqrt()?.recip()?;
    let value = centred
        .broadcast_mul(&inv_sigma)?
        .broadcast_mul(weight)?
        .broadcast_add(bias)?;
    Ok((value, inv_sigma.squeeze(D::Minus1)?))
}

pub(in super::super) fn add_branch(
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

pub(in super::super) fn scale_columns(x: &Tensor, scale: &Tensor) -> Result<Tensor> {
    x.broadcast_mul(&scale.unsqueeze(1)?)
}
