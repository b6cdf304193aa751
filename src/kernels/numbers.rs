//! Which numbers the products of linear layers multiply.

use std::fmt;

use candle_core::{DType, Result, Tensor};
use serde::{Deserialize, Serialize};

use super::pairs::Pairs;

/// What both sides of a linear layer's product are rounded to. Sums of products, and everything between two linear layers,
/// are f32 always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Numbers {
    /// Nothing is rounded.
    #[default]
    F32,
    /// 8 bits of significand and the range of f32. Twice as fast on a CPU with AVX-512 BF16; on others the products are the
    /// same, and take as long as in f32.
    Bf16,
    /// 11 bits of significand, up to 65504. For accelerators: the CPU refuses them.
    F16,
}

impl Numbers {
    /// As statements, manifests and notes write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        }
    }

    /// Whether this CPU has instructions for them.
    #[must_use]
    pub fn is_native(self) -> bool {
        match self {
            Self::F32 => true,
            Self::Bf16 => Pairs::here().is_some(),
            Self::F16 => false,
        }
    }

    /// `x` as a product sees it: each number the nearest of these, ties to even, held in f32.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn round(self, x: &Tensor) -> Result<Tensor> {
        let kind = match self {
            Self::F32 => return Ok(x.clone()),
            Self::Bf16 => DType::BF16,
            Self::F16 => DType::F16,
        };
        x.to_dtype(kind)?.to_dtype(DType::F32)
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
