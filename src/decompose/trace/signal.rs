//! What travels through a model while it is traced.

use candle_core::{Result, Tensor};

/// A value travelling through a model, and the node that made it.
#[derive(Debug)]
pub struct Signal {
    pub(in crate::decompose) node: usize,
    pub(super) product: Tensor,
    /// What is still to be added to every token, `[D]`.
    pub(super) bias: Option<Tensor>,
    /// What every channel is still to be multiplied by after that, `[D]`.
    pub(super) scale: Option<Tensor>,
}

impl Signal {
    /// The value, `[B, T, D]`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn value(&self) -> Result<Tensor> {
        let mut value = self.product.clone();
        if let Some(bias) = &self.bias {
            value = value.broadcast_add(bias)?;
        }
        match &self.scale {
            Some(scale) => value.broadcast_mul(scale),
            None => Ok(value),
        }
    }
}
